"""Inline SVGs in an HTML page: with unique ids, and colours for the light and the dark theme of the page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from typing import Final

from lrviz.figure import STYLES, Style, readable

ADAPTED: Final = ("lrviz", "cheatsheet")  # styles on white whose colours have a counterpart in the dark style
_LIGHT, _DARK = STYLES["lrviz"], STYLES["dark"]
_SETTINGS: Final = ("figure.facecolor", "axes.facecolor", "text.color", "axes.edgecolor", "grid.color", "xtick.color")

_HEAD = re.compile(r"^.*?<svg [^>]*viewBox=\"(?P<box>[^\"]+)\"[^>]*>", re.DOTALL)
_UNUSED = re.compile(
    r"<title>.*?</title>|<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->|<defs>\s*</defs>", re.DOTALL
)
_COLOUR = re.compile(r"(?<=: )#[0-9a-f]{6}\b")
_VARIABLE = re.compile(r"var\(--i-([0-9a-f]{6})\)")


def inline_svg(svg: str, name: str, title: str, description: str, style: str, kind: str) -> str:
    """Convert an SVG file to an element of a page.

    Args:
        svg: The text of the file, as matplotlib writes it.
        name: The prefix of its ids, before a colon; unique in the page.
        title: The title for screen readers.
        description: The description for screen readers.
        style: The style of the figure.
        kind: The class of the element.
    """
    head = _HEAD.match(svg)
    if head is None:
        raise AssertionError("matplotlib's SVG has a view box")
    body = _UNUSED.sub("", svg[head.end() :])
    used = set(re.findall(r"(?:href=\"|url\()#([^\")]+)", body))
    body = re.sub(r" id=\"([^\"]*)\"", lambda m: f' id="{name}:{m[1]}"' if m[1] in used else "", body)
    body = re.sub(r"(?:xlink:)?href=\"#", f'href="#{name}:', body).replace("url(#", f"url(#{name}:")
    if style in ADAPTED:
        body = _COLOUR.sub(lambda m: f"var(--i-{m[0][1:]})", body)
    # elements without a colour are black in an SVG
    fill = ' fill="var(--i-000000)"' if style in ADAPTED else ""
    body = re.sub(r"\n\s*", "\n", body)
    ids = f"{name}:title {name}:text"
    return (
        f'<svg class="{kind}" viewBox="{head["box"]}"{fill} role="img" aria-labelledby="{ids}">\n'
        f'<title id="{name}:title">{escape(title)}</title>\n<desc id="{name}:text">{escape(description)}</desc>'
        f"{body.rstrip()}"
    )


def colour_variables(html: str) -> tuple[str, str]:
    """The CSS variables of the colours in a page's inline SVGs: for the light theme, and for the dark theme."""
    used = sorted(set(_VARIABLE.findall(html)))
    light = "".join(f"--i-{colour}:#{colour};" for colour in used)
    return light, "".join(f"--i-{colour}:{_dark_colour(f'#{colour}')};" for colour in used)


def _dark_colour(colour: str) -> str:
    """The colour of the dark style that corresponds to a colour of the light style."""
    for name in _SETTINGS:
        if colour == _LIGHT.settings[name]:
            return str(_DARK.settings[name])
    for light, dark in ((_LIGHT.palette, _DARK.palette), (_LIGHT.ramp, _DARK.ramp)):
        if colour in light:
            return dark[light.index(colour)]
        if colour in (texts := [_text_colour(own, _LIGHT) for own in light]):
            return _text_colour(dark[texts.index(colour)], _DARK)
    text, ground = (_rgb(str(_DARK.settings[name])) for name in ("text.color", "figure.facecolor"))
    return _mix(text, ground, sum(_rgb(colour)) / 3)  # a grey: black becomes the text colour


def _text_colour(colour: str, style: Style) -> str:
    """The colour of the label of a curve."""
    return _hex(readable(_rgb(colour), _rgb(str(style.settings["axes.facecolor"]))))


def _rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def _mix(one: Iterable[float], other: Iterable[float], share: float) -> str:
    """A mix of two colours, with `share` of the second."""
    return _hex(a + (b - a) * share for a, b in zip(one, other, strict=True))


def _hex(rgb: Iterable[float]) -> str:
    return "#" + "".join(f"{round(255 * value):02x}" for value in rgb)
