"""Fonts of the user, and fonts for text that the font of a style lacks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from matplotlib.font_manager import fontManager
from matplotlib.ft2font import FT2Font

from lrviz.errors import SpecError
from lrviz.figure import FigureOptions, backend, draw, fonts
from lrviz.figure.drawing import Chart
from tests.traces import trace

CIRCLED = "\u24b6"  # not in DejaVu Sans, in STIXGeneral, which matplotlib brings


def chart(label: str, **options: Any) -> Chart:
    return draw([trace([1e-3, 5e-4], label=label)], FigureOptions(**options))


def families(figure: Chart) -> list[str]:
    found: Any = figure.style.rc_params["font.family"]
    return list(found)


def test_a_glyph_that_the_font_lacks_comes_from_another_font(monkeypatch: pytest.MonkeyPatch) -> None:
    own = [entry for entry in fontManager.ttflist if "mpl-data" in Path(entry.fname).parts]
    monkeypatch.setattr(fontManager, "ttflist", own)
    plain, circled = chart("plain"), chart(f"run {CIRCLED}")
    assert families(circled) == [*families(plain), "STIXGeneral"]
    assert not circled.notes
    with backend.style_applied(circled.style):
        paths = fontManager._find_fonts_by_props(backend.FontProperties())
    assert any(CIRCLED in map(chr, FT2Font(path).get_charmap()) for path in paths)


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("\u5b66\u7fd2\u7387", "Chinese or Japanese"),
        ("\ud559\uc2b5", "Korean"),
        ("\u0905", "Devanagari"),
        ("\U0001f680", "emoji and symbol"),
    ],
)
def test_a_script_that_no_font_has_is_named(text: str, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    own = [entry for entry in fontManager.ttflist if "mpl-data" in Path(entry.fname).parts]
    monkeypatch.setattr(fontManager, "ttflist", own)
    (note,) = chart(f"run {text}").notes
    assert note.startswith(f"no installed font has the {script} characters of a text, which are drawn as boxes")
    (note,) = chart("", title=f"a {text}").notes
    assert f"the {script} characters" in note


def test_text_that_the_font_has_needs_no_other_font(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_entries", lambda: pytest.fail("all fonts were read"))
    assert not chart("\u03b7 \u2192 0 \u00d7 \u20ac, \u0395\u03bb\u03bb").notes
    assert not chart("\u202e\ufe0f\x1b").notes  # shown as escapes, or not at all


def test_a_font_of_the_user_comes_first() -> None:
    figure = chart("plain", font="dejavu serif")
    assert families(figure)[0] == "DejaVu Serif"
    with backend.style_applied(figure.style):
        assert figure.axes[0].title.get_fontproperties().get_name() == "DejaVu Serif"


@pytest.mark.parametrize("name", ["No Such Font", "", "cmr10", "Last Resort High-Efficiency"])
def test_a_font_that_is_not_installed_is_refused(name: str) -> None:
    with pytest.raises(SpecError, match=f"the font `{name}` is not installed"):
        chart("plain", font=name)
