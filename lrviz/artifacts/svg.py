"""Inline SVGs in an HTML page: with unique ids, and colours for the light and the dark theme of the page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from typing import Final

from lrviz.figure import STYLES, PanelCurve, PanelPlace, Style, readable

ADAPTED: Final = ("lrviz", "cheatsheet")  # styles on white whose colours have a counterpart in the dark style
_LIGHT, _DARK = STYLES["lrviz"], STYLES["dark"]
_SETTINGS: Final = ("figure.facecolor", "axes.facecolor", "text.color", "axes.edgecolor", "grid.color", "xtick.color")

# The classes of parts that the page changes, by the start of their names.
_CLASSES: Final = {
    "text_": "text",
    "heading-": "text heading",
    "title": "title",
    "notes": "note",
    "xtick_": "tick",
    "ytick_": "tick",
    "minor-xticks": "minor-x",
    "minor-yticks": "minor-y",
    "legend_": "key",
    "top-": "top",
    "inset": "inset",
    "marks-": "mark",
}
# The classes of parts of a curve, by their kind.
_OF_CURVES: Final = {"label": "text label", "leader": "label", "mark": "mark"}

_HEAD = re.compile(r"^.*?<svg [^>]*viewBox=\"(?P<box>[^\"]+)\"[^>]*>", re.DOTALL)
_UNUSED = re.compile(
    r"<title>.*?</title>|<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->|<defs>\s*</defs>", re.DOTALL
)
_ID = re.compile(r" id=\"([^\"]*)\"")
_COLOUR = re.compile(r"(?<=: )#[0-9a-f]{6}\b")
_VARIABLE = re.compile(r"var\(--i-([0-9a-f]{6})\)")


def inline_svg(svg: str, name: str, title: str, description: str, style: str, cut: tuple[float, float]) -> str:
    """Convert the SVG of a figure to an element of a page.

    Its parts keep the names that `figure.places` describes, as ids for panels and as `data-curve` for curves; other
    parts that the page changes have a class.

    Args:
        svg: The text of the file, as matplotlib writes it.
        name: The prefix of its ids, before a colon; unique in the page.
        title: The title for screen readers.
        description: The description for screen readers.
        style: The style of the figure.
        cut: The points to leave out at the top and at the foot: the title and the notes, which the page shows as text.
    """
    head = _HEAD.match(svg)
    if head is None:
        raise AssertionError("matplotlib's SVG has a view box")
    _, _, width, height = map(float, head["box"].split())
    top, foot = cut
    height -= top + foot
    body = _UNUSED.sub("", svg[head.end() :])
    used = set(re.findall(r"(?:href=\"|url\()#([^\")]+)", body))
    body = _ID.sub(lambda match: _attributes(match[1], name, used), body)
    body = re.sub(r"(?:xlink:)?href=\"#", f'href="#{name}:', body).replace("url(#", f"url(#{name}:")
    if style in ADAPTED:
        body = _COLOUR.sub(lambda m: f"var(--i-{m[0][1:]})", body)
    # elements without a colour are black in an SVG
    fill = ' fill="var(--i-000000)"' if style in ADAPTED else ""
    body = re.sub(r"\n\s*", "\n", body)
    ids = f"{name}:title {name}:text"
    shape = 1.25 if height < 0.56 * width else 1.0 if height < 0.75 * width else 0.8  # on a phone, width to height
    variables = f"--w:{width:g};--h:{height:g};--a:{shape};--r:{width / height / shape:.3f}"
    return (
        f'<svg class="chart whole" viewBox="0 {top:g} {width:g} {height:g}" preserveAspectRatio="none"{fill} '
        f'style="{variables}" role="img" aria-labelledby="{ids}">\n'
        f'<title id="{name}:title">{escape(title)}</title>\n<desc id="{name}:text">{escape(description)}</desc>'
        f"{body.rstrip()}"
    )


def _attributes(part: str, name: str, used: set[str]) -> str:
    """The attributes of a part of a figure in a page, for its id in the file."""
    kind, _, number = part.partition("-")
    if kind in ("curve", "points", "band", "label", "leader", "mark"):
        key = number.partition("-")[0]
        return f' data-curve="{key}"' + _class(_OF_CURVES.get(kind, ""))
    if kind == "panel":
        axis = part[-2:] if part[-2:] in ("-x", "-y") else ""
        return f' id="{name}:{part}"{_class("axis" + axis if axis else "axes")}'
    attributes = f' id="{name}:{part}"' if part in used else ""
    found = next((name for start, name in _CLASSES.items() if part.startswith(start)), "")
    return attributes + _class(found)


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""


def panel_svg(place: PanelPlace, number: int, name: str, title: str) -> str:
    """One panel of the figure `name` in the page, alone with its axes: it shows parts of the element of the figure."""
    view = place.view
    parts = "".join(
        f'<use href="#{name}:{part}" x="{dx:.2f}" y="{dy:.2f}"/>'
        for part, dx, dy in (*place.borrowed, (f"panel-{number}", 0.0, 0.0))
    )
    return (
        f'<svg class="chart panel" data-panel="{number}" role="img" aria-label="{escape(title)}" '
        f'viewBox="{view.left:.2f} {view.bottom:.2f} {view.width:.2f} {view.height:.2f}">{parts}</svg>\n'
    )


def swatch(curve: PanelCurve, style: str) -> str:
    """A short line that looks like a curve."""
    colour = curve.colour.lower()
    if style in ADAPTED and re.fullmatch("#[0-9a-f]{6}", colour):
        colour = f"var(--i-{colour[1:]})"
    dash = f";stroke-dasharray:{','.join(f'{2 * length:g}' for length in curve.dash)}" if curve.dash else ""
    return (
        f'<svg class="swatch" viewBox="0 0 24 8" data-of="{curve.key}" data-fill="fill:{escape(colour)}" '
        f'aria-hidden="true"><path d="M0 4H24" style="fill:none;stroke:{escape(colour)};stroke-width:3{dash}"/></svg>'
    )


def colour_variables(html: str) -> str:
    """The CSS variables of the colours in a page's inline SVGs, each for the light theme and for the dark theme."""
    used = sorted(set(_VARIABLE.findall(html)))
    return "".join(f"--i-{colour}:light-dark(#{colour},{_dark_colour(f'#{colour}')});" for colour in used)


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
