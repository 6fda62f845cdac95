"""An SVG made part of a page: without what only a file needs, names of its own, colours that follow the page."""

from __future__ import annotations

import colorsys
import re
from collections.abc import Iterable
from html import escape
from typing import Final

from lrviz.style import OWN

ADAPTED: Final = ("lrviz", "cheatsheet")  # styles on white ground whose colours have a twin on dark ground
_LIGHT, _DARK = OWN["lrviz"], OWN["dark"]
_SETTINGS: Final = ("figure.facecolor", "axes.facecolor", "text.color", "axes.edgecolor", "grid.color", "xtick.color")
_CONTRAST: Final = 4.5

_HEAD = re.compile(r"^.*?<svg [^>]*viewBox=\"(?P<box>[^\"]+)\"[^>]*>", re.DOTALL)
_NOISE = re.compile(
    r"<title>.*?</title>|<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->|<defs>\s*</defs>", re.DOTALL
)
_COLOUR = re.compile(r"(?<=: )#[0-9a-f]{6}\b")
_USED = re.compile(r"var\(--i-([0-9a-f]{6})\)")


def inlined(svg: str, name: str, title: str, description: str, style: str, kind: str) -> str:
    """An SVG file's text as an element of a page.

    Args:
        svg: The file, as matplotlib writes it.
        name: What the ids in it begin with, before a colon; unlike that of any other in the page.
        title: What it shows, in few words.
        description: What there is to see in it.
        style: The style it was drawn in.
        kind: The element's class.
    """
    head = _HEAD.match(svg)
    if head is None:
        raise AssertionError("matplotlib's SVG has a view box")
    body = _NOISE.sub("", svg[head.end() :])
    used = set(re.findall(r"(?:href=\"|url\()#([^\")]+)", body))
    body = re.sub(r" id=\"([^\"]*)\"", lambda m: f' id="{name}:{m[1]}"' if m[1] in used else "", body)
    body = re.sub(r"(?:xlink:)?href=\"#", f'href="#{name}:', body).replace("url(#", f"url(#{name}:")
    if style in ADAPTED:
        body = _COLOUR.sub(lambda m: f"var(--i-{m[0][1:]})", body)
    # What has no colour of its own is black in an SVG.
    ink = ' fill="var(--i-000000)"' if style in ADAPTED else ""
    body = re.sub(r"\n\s*", "\n", body)
    ids = f"{name}:title {name}:text"
    return (
        f'<svg class="{kind}" viewBox="{head["box"]}"{ink} role="img" aria-labelledby="{ids}">\n'
        f'<title id="{name}:title">{escape(title)}</title>\n<desc id="{name}:text">{escape(description)}</desc>'
        f"{body.rstrip()}"
    )


def colours(html: str) -> tuple[str, str]:
    """The values of the colours that inlined SVGs in a page use, as CSS: on light ground, and on dark."""
    found = sorted(set(_USED.findall(html)))
    light = "".join(f"--i-{colour}:#{colour};" for colour in found)
    return light, "".join(f"--i-{colour}:{_twin(f'#{colour}')};" for colour in found)


def _twin(colour: str) -> str:
    """A colour of the light look as the dark look has it."""
    for name in _SETTINGS:
        if colour == _LIGHT.settings[name]:
            return str(_DARK.settings[name])
    for light, dark in ((_LIGHT.palette, _DARK.palette), (_LIGHT.ramp, _DARK.ramp)):
        if colour in light:
            return dark[light.index(colour)]
    hue, lightness, saturation = colorsys.rgb_to_hls(*_rgb(colour))
    if saturation < 0.1:  # a grey: black becomes the ink
        return _mixed(_rgb(str(_DARK.settings["text.color"])), _rgb(str(_DARK.settings["figure.facecolor"])), lightness)
    # A colour of the palette made darker for text on white: its twin, made lighter for text on black.
    near = min(_LIGHT.palette, key=lambda other: _apart(colorsys.rgb_to_hls(*_rgb(other))[0], hue))
    return _readable(_DARK.palette[_LIGHT.palette.index(near)], str(_DARK.settings["figure.facecolor"]))


def _apart(one: float, other: float) -> float:
    """How far two hues are from each other round the circle."""
    return min(abs(one - other), 1 - abs(one - other))


def _rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def _mixed(one: Iterable[float], other: Iterable[float], share: float) -> str:
    """A colour that has `share` of the other in it."""
    return "#" + "".join(f"{round(255 * (a + (b - a) * share)):02x}" for a, b in zip(one, other, strict=True))


def _readable(colour: str, ground: str) -> str:
    """The colour, made lighter until text in it can be read on dark ground."""
    for step in range(21):
        mixed = _mixed(_rgb(colour), (1.0, 1.0, 1.0), step / 20)
        if (_luminance(mixed) + 0.05) / (_luminance(ground) + 0.05) >= _CONTRAST:
            return mixed
    return "#ffffff"


def _luminance(colour: str) -> float:
    """WCAG's relative luminance, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    parts = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in _rgb(colour)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
