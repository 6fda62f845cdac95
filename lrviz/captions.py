"""What names the curves: labels at their ends where they are few, a legend where they are many.

Part of the matplotlib room. Places are in inches on the sheet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil
from typing import Any

import numpy as np

from lrviz.backend import Axes, HandlerTuple, Line2D, mpl, to_rgb
from lrviz.curves import MOST_NAMED, Cell, Curve
from lrviz.decimate import Values
from lrviz.labels import LINE, shorten, spread, wrap
from lrviz.panels import Box, Limits, Sheet, x_limits

MOST_AT_ENDS = 5
Shape = tuple[Values, Values]  # the x and y of a curve in inches
_GAP = 0.08  # between a curve's end and its label
_FAR = 0.1  # a label moved further than that from its curve's end gets a thin line back to it
_EARLY = 0.95  # a curve that ends before this share of the longest has its label inside the axes
_MOST_LINES = 4  # of a label
_SMALL = 6.0  # points of the smallest text in a legend
_HANDLE = 2.0  # ems of a line in a legend
_LEAD = (_HANDLE + 0.6) / 72  # inches before a label in a legend, for each point of its size,
_BETWEEN = 1.5 / 72  # between columns,
_ROW = 1.55 / 72  # and from row to row
_CONTRAST = 4.5  # of text on its ground, as WCAG asks


@dataclass(frozen=True)
class EndLabel:
    """A label beside the end of its curve: its left edge and middle, and the end of the curve."""

    curve: Curve
    lines: tuple[str, ...]
    left: float
    middle: float
    end: tuple[float, float]

    def put(self, sheet: Sheet, axes: Axes) -> None:
        """Draw it, with a thin line to the curve where it had to move away."""
        colour = readable(self.curve.colour, mpl.rcParams["figure.facecolor"])
        where = sheet.figure.dpi_scale_trans
        size = sheet.sizes["legend.fontsize"]
        axes.text(
            self.left, self.middle, "\n".join(self.lines), color=colour, fontsize=size, transform=where,
            va="center_baseline" if len(self.lines) == 1 else "center", ha="left", linespacing=1.2,
        )  # fmt: skip
        if abs(self.middle - self.end[1]) > _FAR and self.left > self.end[0] + 1.5 * _GAP:
            x, y = zip(self.end, (self.left - 0.03, self.middle), strict=True)
            sheet.figure.add_artist(Line2D(x, y, color=self.curve.colour, linewidth=0.6, alpha=0.7, transform=where))


def end_labels(sheet: Sheet, cell: Cell, room: Box, limits: Limits) -> tuple[Box, list[EndLabel]] | None:
    """Plan labels at the ends of curves.

    Args:
        sheet: The figure.
        cell: Its curves.
        room: Where axes and labels have to go.
        limits: Of the axis of rates.

    Returns:
        The box that is left for the axes, and the labels; None where a legend is better: labels too long for the
        room, or no free place beside the end of a short curve.
    """
    size = sheet.sizes["legend.fontsize"]
    widest = room.width * (0.3 if room.width > 6 else 0.38)
    wrapped = []
    for curve in cell.rates:
        lines = wrap(curve.label, widest, size, sheet.measure, _MOST_LINES + 1)
        if len(lines) > _MOST_LINES:
            return None
        wrapped.append(tuple(line.rstrip() for line in lines))
    widths = [max(sheet.measure(line, size) for line in lines) for lines in wrapped]
    heights = [len(lines) * LINE * size + 0.02 for lines in wrapped]
    first, last = x_limits(sheet, cell)
    latest = max(curve.x[-1] for curve in cell.rates)
    early = [bool(curve.x[-1] < _EARLY * latest) for curve in cell.rates]
    reserve = max((w for w, e in zip(widths, early, strict=True) if not e), default=0.0)
    box = Box(room.left, room.bottom, room.width - reserve - _GAP, room.height)
    if sum(heights) > box.height:
        return None
    shapes = [_shape(curve, box, (first, last), limits) for curve in cell.rates]
    ends = [(float(x[-1]), float(y[-1])) for x, y in shapes]
    late = [i for i, e in enumerate(early) if not e]
    middles = spread([ends[i][1] for i in late], [heights[i] for i in late], box.bottom - 0.05, box.top)
    placed = [
        EndLabel(cell.rates[i], wrapped[i], box.right + _GAP, middle, ends[i])
        for i, middle in zip(late, middles, strict=True)
    ]
    taken = [Box(label.left, label.middle - 0.1, 9.0, 0.2) for label in placed]
    marks = (box.left + box.width * (float(x) - first) / (last - first) for _, cuts in cell.cuts for x in cuts)
    taken.extend(Box(mark - 0.02, box.bottom, 0.04, box.height) for mark in marks)
    for i in (i for i, e in enumerate(early) if e):
        free = _beside(ends[i], widths[i], heights[i], box, shapes, taken)
        if free is None:
            return None
        taken.append(free)
        placed.append(EndLabel(cell.rates[i], wrapped[i], free.left, free.bottom + free.height / 2, ends[i]))
    return box, placed


def _shape(curve: Curve, box: Box, ends: tuple[float, float], limits: Limits) -> Shape:
    """A curve in inches, of at most some two thousand points."""
    some = np.unique(np.linspace(0, curve.x.size - 1, min(curve.x.size, 2000)).astype(np.int64))
    x = (curve.x[some] - ends[0]) / (ends[1] - ends[0])
    y = np.array([limits.share(float(value)) for value in curve.y[some]])
    return box.left + box.width * x, box.bottom + box.height * y


def _beside(
    end: tuple[float, float],
    width: float,
    height: float,
    box: Box,
    shapes: list[Shape],
    taken: list[Box],
) -> Box | None:
    """A free place to the right of a curve's end, level with it or a little above or below."""
    for off in (0.0, 0.6, -0.6, 1.0, -1.0):
        place = Box(end[0] + _GAP, end[1] + off * height - height / 2, width, height)
        inside = place.right <= box.right and box.bottom <= place.bottom and place.top <= box.top
        if not inside or any(_overlap(place, other) for other in taken):
            continue
        if not any(_crosses(x, y, place) for x, y in shapes):
            return place
    return None


def _overlap(one: Box, other: Box) -> bool:
    return one.left < other.right and other.left < one.right and one.bottom < other.top and other.bottom < one.top


def _crosses(x: Values, y: Values, place: Box) -> bool:
    """Whether a curve goes through a place."""
    at = np.linspace(place.left, place.right, 64)
    at = np.union1d(at[(at >= x[0]) & (at <= x[-1])], x[(x >= place.left) & (x <= place.right)])
    if not at.size:
        return False
    heights = np.interp(at, x, y)
    return bool((heights.max() > place.bottom - 0.03) and (heights.min() < place.top + 0.03))


@dataclass(frozen=True)
class Key:
    """A planned legend: its labels, its columns and the room it takes, which is below or to the right.

    A label may stand for several curves, whose colours it shows side by side.
    """

    curves: tuple[tuple[Curve, ...], ...]
    labels: tuple[str, ...]
    size: float
    columns: int
    width: float
    height: float
    right: bool

    def put(self, sheet: Sheet, left: float, top: float) -> None:
        """Draw it with its upper left corner there."""
        width, height = sheet.size()
        handles: Any = [_handle(some) for some in self.curves]
        legend = sheet.figure.legend(
            handles, [""] * len(handles), loc="upper left", bbox_to_anchor=(left / width, top / height),
            ncols=self.columns, frameon=False, borderpad=0.0, borderaxespad=0.0, fontsize=self.size,
            handlelength=_HANDLE, handletextpad=0.6, columnspacing=1.5, labelspacing=0.35,
            handler_map={tuple: HandlerTuple(ndivide=None, pad=0.0)},
        )  # fmt: skip
        for text, label in zip(legend.get_texts(), self.labels, strict=True):
            text.set_text(label)  # a label that begins with an underscore is one too


def _handle(curves: tuple[Curve, ...]) -> Line2D | tuple[Line2D, ...]:
    """The line in a legend that stands for some curves."""
    if len(curves) > 1:
        return tuple(Line2D([], [], color=curve.colour, solid_capstyle="butt") for curve in curves)
    (curve,) = curves
    dashes: Any = (0.0, curve.dash) if curve.dash else "-"
    if curve.shift:  # one that takes turns has short gaps, however many there are
        dashes = (0.0, (curve.dash[0], curve.dash[0] / 2))
    marker = curve.marker or "None"
    return Line2D([], [], color=curve.colour, linestyle=dashes, marker=marker, markeredgewidth=0.0)


def key(sheet: Sheet, curves: tuple[Curve, ...], room: Box, most: float) -> Key:
    """Plan a legend for a room that the axes will share with it.

    Args:
        sheet: The figure.
        curves: What to name; of very many the first and the last.
        room: Where axes and legend have to go.
        most: The greatest height of a legend below.
    """
    normal = sheet.sizes["legend.fontsize"]
    labels = [curve.label for curve in curves]
    shown: tuple[tuple[Curve, ...], ...] = tuple((curve,) for curve in curves)
    if len(curves) > MOST_NAMED:
        labels = [labels[0], f"{len(curves) - 2:,} more between", labels[-1]]
        first, last = (replace(curve, dash=(), shift=0.0) for curve in (curves[0], curves[-1]))
        shown = ((first,), curves[1 : -1 : len(curves) // 8], (last,))
    wide = max(sheet.measure(label, normal) for label in labels) + _LEAD * normal
    if wide <= 0.3 * room.width and len(labels) * _ROW * normal <= room.height:
        return Key(shown, tuple(labels), normal, 1, wide + 0.2, room.height, right=True)
    for size in (normal, max(_SMALL, normal - 1.5), _SMALL):
        columns, lines = _columns(sheet, labels, size, room.width)
        if _tall(lines, columns, size) <= most:
            break
    else:  # more columns, and no more of each label than they leave
        columns = max(columns, ceil(len(labels) / max(1, int(most / (_ROW * size)))))
        width = (room.width - (columns - 1) * _BETWEEN * size) / columns - _LEAD * size
        lines = [[shorten(label, width, size, sheet.measure)] for label in labels]
    text = tuple("\n".join(line.rstrip() for line in some) for some in lines)
    return Key(shown, text, size, columns, room.width, _tall(lines, columns, size), right=False)


def _columns(sheet: Sheet, labels: list[str], size: float, width: float) -> tuple[int, list[list[str]]]:
    """How many columns of whole labels fit into a width, and the lines of each label; one that is too long wraps."""
    widths = [sheet.measure(label, size) + (_LEAD + _BETWEEN) * size for label in labels]
    for columns in range(len(labels), 0, -1):
        if sum(max(column) for column in _split(widths, columns)) <= width + _BETWEEN * size:
            return columns, [[label] for label in labels]
    return 1, [wrap(label, width - _LEAD * size, size, sheet.measure, _MOST_LINES) for label in labels]


def _tall(labels: list[list[str]], columns: int, size: float) -> float:
    """The height of a legend."""
    heights = [(len(lines) - 1) * LINE * size + _ROW * size for lines in labels]
    return max(sum(column) for column in _split(heights, columns))


def _split(values: list[float], columns: int) -> list[list[float]]:
    """Values in columns as matplotlib fills them: the first ones are longer where it does not come out even."""
    each, more = divmod(len(values), columns)
    ends = [column * each + min(column, more) for column in range(columns + 1)]
    return [values[first:last] for first, last in pairwise(ends)]


def readable(colour: str, ground: str) -> tuple[float, float, float]:
    """The colour, or one so much darker or lighter that text in it can be read on its ground."""
    paper = _luminance(to_rgb(ground))
    far = 0.0 if paper > 0.18 else 1.0
    ink = to_rgb(colour)
    for share in range(1, 21):
        lighter, darker = max(_luminance(ink), paper), min(_luminance(ink), paper)
        if (lighter + 0.05) / (darker + 0.05) >= _CONTRAST:
            break
        red, green, blue = (value + (far - value) * share / 20 for value in to_rgb(colour))
        ink = red, green, blue
    return ink


def _luminance(rgb: tuple[float, float, float]) -> float:
    """The relative luminance of sRGB, as WCAG defines it."""
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
