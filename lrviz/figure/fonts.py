"""Fonts for text that the font of a style lacks: others that are installed, glyph by glyph."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from typing import Any

from lrviz.errors import SpecError
from lrviz.figure.backend import FontProperties, style_applied
from lrviz.figure.style import Style

# Fonts of matplotlib for formulas, whose characters are not those of Unicode, and fonts that draw boxes.
_UNUSABLE = re.compile(r"cm[a-z]+10|STIX(NonUnicode|Size\w+)|Last ?Resort.*|\..*")
_PREFERRED = re.compile(r"Noto Sans|Source Han Sans|Arial Unicode|DejaVu|STIX")  # others come after them
_SCRIPTS = {
    "CJK": "Chinese or Japanese",
    "HIRAGANA": "Japanese",
    "KATAKANA": "Japanese",
    "HANGUL": "Korean",
}  # by the first word of names
_INSTALL = "install a font that has them, such as one of Noto"


def with_fonts(style: Style, font: str | None, texts: Iterable[str]) -> tuple[Style, list[str]]:
    """A loaded style with a font of the user, and with other fonts for what it lacks.

    Args:
        style: The style.
        font: The name of an installed font that comes before those of the style.
        texts: The texts of the figure.

    Returns:
        The style, and notes on scripts that no installed font has.

    Raises:
        SpecError: the font is not installed.
    """
    families: Any = style.rc_params["font.family"]
    families = [families] if isinstance(families, str) else list(families)
    if font is not None:
        families.insert(0, _installed_name(font))
    missing = {character for text in texts for character in text if _is_visible(character)}
    notes: list[str] = []
    if missing and (missing := missing - _in_families(families, style)):
        more, missing = _fonts_with(missing)
        families += more
        notes = [
            f"no installed font has the {script} characters of a text, which are drawn as boxes: {_INSTALL}"
            for script in sorted(set(map(_script, missing)))
        ]
    return replace(style, rc_params={**style.rc_params, "font.family": families}), notes


def _is_visible(character: str) -> bool:
    """Whether a font needs a glyph for a character."""
    return character.isprintable() and unicodedata.category(character) not in ("Cf", "Mn", "Zs")


def _installed_name(font: str) -> str:
    """The name of an installed font, in any case.

    Raises:
        SpecError: there is no such font.
    """
    names: dict[str, str] = {entry.name.lower(): entry.name for entry in _entries()}
    if font.strip().lower() in names:
        return names[font.strip().lower()]
    close = get_close_matches(font.strip().lower(), names, n=1)
    guess = f"did you mean `{names[close[0]]}`?" if close else "such as `DejaVu Sans`;"
    raise SpecError(
        f"the font `{font}` is not installed",
        f"{guess} matplotlib finds fonts in the folders of the system and the user",
    )


def _entries() -> Sequence[Any]:
    from matplotlib.font_manager import fontManager

    return [entry for entry in fontManager.ttflist if not _UNUSABLE.fullmatch(entry.name)]


def _in_families(families: Sequence[str], style: Style) -> set[str]:
    """The characters of the fonts of these families, as matplotlib finds them."""
    from matplotlib.font_manager import fontManager

    found: set[str] = set()
    with style_applied(style):
        for family in families:
            try:
                found |= _characters(fontManager.findfont(FontProperties(family=[family]), fallback_to_default=False))
            except ValueError:  # it is not installed; the others are used
                continue
    return found


def _fonts_with(missing: set[str]) -> tuple[list[str], set[str]]:
    """Names of fonts that have these characters, and the characters that none has."""
    files = {entry.name: entry.fname for entry in _entries() if entry.style == "normal" and 300 <= entry.weight <= 500}
    names = []
    for name in sorted(files, key=lambda name: (not _PREFERRED.match(name), name)):
        if not missing:
            break
        if has := missing & _characters(files[name]):
            names.append(name)
            missing = missing - has
    return names, missing


@cache
def _characters(path: str) -> frozenset[str]:
    """The characters of a font file; none if matplotlib cannot draw them, such as colour images of emoji."""
    from matplotlib.ft2font import FT2Font

    try:
        font = FT2Font(path)
        return frozenset(map(chr, font.get_charmap())) if font.scalable else frozenset()
    except (OSError, RuntimeError, ValueError):
        return frozenset()


def _script(character: str) -> str:
    """The script of a character, as of the words of its Unicode name."""
    if unicodedata.category(character).startswith("L"):
        word = unicodedata.name(character, "unknown").partition(" ")[0]
        return _SCRIPTS.get(word, word.capitalize())
    return "emoji and symbol"
