"""Where the parts of a drawn figure are, for a page that shows its SVG.

`draw` names the parts. In the SVG `panel-0` is the first axes, with its ticks `panel-0-x` and `panel-0-y`; `title` is
the title of the figure; `curve-0.1-lr` is the line of the second parameter group of the first trace, or the upper edge
of its band, `band-0.1-lr`; `label-0.1` is its label, and `mark-0.1-lr` its mark at the foot of a logarithmic axis.
`top-1-...` are the ticks of the second axis, and `inset` is the inset.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from lrviz.figure.axes import Box
from lrviz.figure.backend import Axes, Figure, Line2D, agg, muted
from lrviz.figure.style import Dash

_PAD = 3.0  # points around a panel that is shown alone


@dataclass(frozen=True)
class PanelCurve:
    """A line in a panel: the number of its trace and group, as in "0.1"; "lr", "momentum" or "metric"; its look."""

    key: str
    kind: str
    colour: str
    dash: Dash


@dataclass(frozen=True)
class PanelPlace:
    """One axes of a figure, in points from the upper left corner of the figure.

    In boxes `bottom` is the upper edge. `box` is the plot area; `view` is the area to show of the panel alone, with its
    title and ticks. `span` is the part of the x axis that has curves. `borrowed` are the ticks of other panels that it
    has in common with them: the name of the part, and how far to move it.
    """

    box: Box
    view: Box
    x: tuple[float, float]
    y: tuple[float, float]
    span: tuple[float, float]
    log: bool
    curves: tuple[PanelCurve, ...]
    borrowed: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True)
class Places:
    """The size of a figure in points, the lower edge of its title, its panels, the notes at its foot, their height."""

    width: float
    height: float
    title: float
    panels: tuple[PanelPlace, ...]
    notes: tuple[str, ...] = ()
    foot: float = 0.0


@muted()  # measuring text warns of missing glyphs as drawing does
def places(figure: Figure, *, views: bool = True) -> Places:
    """The places of the parts of a figure that was rendered; without `views`, those are the plot areas alone.

    To measure the ticks for the views takes a tenth of the time of drawing them.
    """
    inches_width, inches_height = figure.get_size_inches()
    width, height = 72.0 * float(inches_width), 72.0 * float(inches_height)
    renderer = agg.RendererAgg(8, 8, figure.dpi)  # measures text

    def extent(artist: Any) -> Box | None:
        """The box of an artist; its bottom is its upper edge, counted from the top of the figure."""
        found = artist.get_tightbbox(renderer)
        if found is None or not found.width:
            return None
        x0, y0, x1, y1 = (72.0 / figure.dpi * float(value) for value in found.extents)
        return Box(x0, height - y1, x1 - x0, y1 - y0)

    def box(axes: Axes) -> Box:
        x0, y0, x1, y1 = (float(value) for value in axes.get_position().extents)
        return Box(x0 * width, (1 - y1) * height, (x1 - x0) * width, (y1 - y0) * height)

    boxes = [box(axes) for axes in figure.axes]
    titles = figure.findobj(lambda artist: artist.get_gid() == "title")
    title = max((found.top for text in titles if (found := extent(text))), default=0.0)
    ticks: list[tuple[Box | None, Box | None]] = [
        (extent(axes.xaxis) if _labelled(axes.xaxis) else None, extent(axes.yaxis) if _labelled(axes.yaxis) else None)
        for axes in (figure.axes if views else ())
    ]
    panels = []
    for i, (axes, own) in enumerate(zip(figure.axes, boxes, strict=True)):
        borrowed, view = [], own
        for which, axis in enumerate("xy" if ticks else ""):
            donor = i if ticks[i][which] else _donor(figure.axes, boxes, ticks, i, which)
            if donor is None:
                continue
            dx, dy = own.left - boxes[donor].left, own.bottom - boxes[donor].bottom
            if axis == "x":  # at the lower edge
                dy = own.top - boxes[donor].top
            if donor != i:
                borrowed.append((f"panel-{donor}-{axis}", dx, dy))
            if (label := ticks[donor][which]) is not None:
                view = _around(view, Box(label.left + dx, label.bottom + dy, label.width, label.height))
        headings = [axes._left_title, *axes.texts] if views else []  # type: ignore[attr-defined]
        for text in headings:
            if (text.get_gid() or "").startswith("heading-") and (heading := extent(text)) is not None:
                view = _around(view, heading)
        view = Box(view.left - _PAD, view.bottom - _PAD, view.width + 2 * _PAD, view.height + 2 * _PAD)
        x, y = axes.get_xlim(), axes.get_ylim()
        panels.append(
            PanelPlace(
                own, view, (float(x[0]), float(x[1])), (float(y[0]), float(y[1])), _span(axes),
                axes.get_yscale() == "log", tuple(_curves(axes)), tuple(borrowed),
            )
        )  # fmt: skip
    drawn = [text for text in figure.texts if (text.get_gid() or "").startswith("notes")]
    notes = tuple(" ".join(text.get_text().split()) for text in drawn)
    foot = max((height - found.bottom for text in drawn if (found := extent(text))), default=0.0)
    return Places(width, height, title, tuple(panels), notes, foot)


def _span(axes: Axes) -> tuple[float, float]:
    """The first and the last x of the curves in axes."""
    ends = [np.asarray(line.get_xdata(), dtype=np.float64)[[0, -1]] for line in _lines(axes)]
    return (float(min(first for first, _ in ends)), float(max(last for _, last in ends))) if ends else (0.0, 0.0)


def _lines(axes: Axes) -> list[Line2D]:
    return [line for line in axes.get_lines() if (line.get_gid() or "").startswith("curve-")]


def _labelled(axis: Any) -> bool:
    """Whether an axis has labels at its ticks."""
    return any(axis.get_major_formatter().format_ticks(axis.get_majorticklocs()))


def _donor(
    axes: list[Axes], boxes: list[Box], ticks: list[tuple[Box | None, Box | None]], i: int, which: int
) -> int | None:
    """A panel with labels whose axis is that of panel `i`: the same limits and the same length."""

    def same(j: int) -> bool:
        limits = [one.get_xlim() if which == 0 else one.get_ylim() for one in (axes[i], axes[j])]
        lengths = [one.width if which == 0 else one.height for one in (boxes[i], boxes[j])]
        return limits[0] == limits[1] and abs(lengths[0] - lengths[1]) < 0.01

    return next((j for j in range(len(axes)) if ticks[j][which] and same(j)), None)


def _around(one: Box, other: Box) -> Box:
    """The least box around two."""
    left, bottom = min(one.left, other.left), min(one.bottom, other.bottom)
    return Box(left, bottom, max(one.right, other.right) - left, max(one.top, other.top) - bottom)


def _curves(axes: Axes) -> Iterator[PanelCurve]:
    for line in _lines(axes):
        _, key, kind = (line.get_gid() or "").split("-")
        dash: Any = getattr(line, "_unscaled_dash_pattern", (0, None))[1]
        yield PanelCurve(key, kind, str(line.get_color()), tuple(float(length) for length in dash or ()))
