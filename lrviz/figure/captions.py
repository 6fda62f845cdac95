"""Labels of several curves: at the ends of a few curves, in a legend for many.

Positions are in inches in the figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil
from typing import Any

import numpy as np

from lrviz.figure.axes import LINE, Box, DrawContext, Limits, fit_text, wrap, x_limits
from lrviz.figure.backend import Axes, HandlerTuple, Line2D, mpl, to_rgb
from lrviz.figure.curves import MAX_NAMED, Cell, Curve
from lrviz.figure.style import luminance
from lrviz.trace import Values

MAX_AT_ENDS = 5
Shape = tuple[Values, Values]  # x and y of a curve in inches
_GAP = 0.08  # between the end of a curve and its label
_LEADER_DISTANCE = 0.1  # a label moved further than this from the end of its curve gets a line to it
_EARLY_END = 0.95  # the label of a curve shorter than this share of the longest is inside the axes
_MAX_LINES = 4  # of a label
_MIN_TEXT = 6.0  # points; the smallest text in a legend
_HANDLE = 2.0  # ems; the length of a line in a legend
_HANDLE_WIDTH = (_HANDLE + 0.6) / 72  # inches per point of text size
_COLUMN_GAP = 1.5 / 72
_ROW_HEIGHT = 1.55 / 72
_CONTRAST = 4.5  # of text on its background, from WCAG


@dataclass(frozen=True)
class EndLabel:
    """A label beside the end of its curve: its left edge, its vertical middle, and the end of the curve."""

    curve: Curve
    lines: tuple[str, ...]
    left: float
    middle: float
    end: tuple[float, float]

    def draw(self, context: DrawContext, axes: Axes) -> None:
        """Draw the label, with a thin line to the end of the curve if it is not beside it."""
        colour = readable(self.curve.colour, mpl.rcParams["figure.facecolor"])
        inches = context.figure.dpi_scale_trans
        size = context.sizes["legend.fontsize"]
        axes.text(
            self.left, self.middle, "\n".join(self.lines), color=colour, fontsize=size, transform=inches,
            va="center_baseline" if len(self.lines) == 1 else "center", ha="left", linespacing=1.2,
            gid=f"label-{self.curve.key}",
        )  # fmt: skip
        if abs(self.middle - self.end[1]) > _LEADER_DISTANCE and self.left > self.end[0] + 1.5 * _GAP:
            x, y = zip(self.end, (self.left - 0.03, self.middle), strict=True)
            leader = Line2D(x, y, color=self.curve.colour, linewidth=0.6, alpha=0.7, transform=inches)
            context.figure.add_artist(leader).set_gid(f"leader-{self.curve.key}")


def end_labels(context: DrawContext, cell: Cell, area: Box, limits: Limits) -> tuple[Box, list[EndLabel]] | None:
    """Plan labels at the ends of curves.

    Args:
        context: The figure.
        cell: The curves.
        area: The box for axes and labels together.
        limits: The limits of the learning rate axis.

    Returns:
        The remaining box for the axes, and the labels; None if a legend is needed, because labels are too long or
        there is no free space beside the end of a short curve.
    """
    size = context.sizes["legend.fontsize"]
    max_width = area.width * (0.3 if area.width > 6 else 0.38)
    wrapped = []
    for curve in cell.rates:
        lines = wrap(curve.label, max_width, size, context.measure, _MAX_LINES + 1)
        if len(lines) > _MAX_LINES:
            return None
        wrapped.append(tuple(line.rstrip() for line in lines))
    widths = [max(context.measure(line, size) for line in lines) for lines in wrapped]
    heights = [len(lines) * LINE * size + 0.02 for lines in wrapped]
    first, last = x_limits(context, cell)
    latest = max(curve.x[-1] for curve in cell.rates)
    early = [bool(curve.x[-1] < _EARLY_END * latest) for curve in cell.rates]
    reserve = max((w for w, e in zip(widths, early, strict=True) if not e), default=0.0)
    box = Box(area.left, area.bottom, area.width - reserve - _GAP, area.height)
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
    occupied = [Box(label.left, label.middle - 0.1, 9.0, 0.2) for label in placed]
    marks = (box.left + box.width * (float(x) - first) / (last - first) for _, cuts in cell.cuts for x in cuts)
    occupied.extend(Box(mark - 0.02, box.bottom, 0.04, box.height) for mark in marks)
    for i, e in enumerate(early):
        if not e:
            continue
        free = _free_box(ends[i], widths[i], heights[i], box, shapes, occupied)
        if free is None:
            return None
        occupied.append(free)
        placed.append(EndLabel(cell.rates[i], wrapped[i], free.left, free.bottom + free.height / 2, ends[i]))
    return box, placed


def _shape(curve: Curve, box: Box, ends: tuple[float, float], limits: Limits) -> Shape:
    """A curve in inches, with at most 2000 points."""
    indices = np.unique(np.linspace(0, curve.x.size - 1, min(curve.x.size, 2000)).astype(np.int64))
    x = (curve.x[indices] - ends[0]) / (ends[1] - ends[0])
    y = np.array([limits.share(float(value)) for value in curve.y[indices]])
    return box.left + box.width * x, box.bottom + box.height * y


def _free_box(
    end: tuple[float, float],
    width: float,
    height: float,
    box: Box,
    shapes: list[Shape],
    occupied: list[Box],
) -> Box | None:
    """A free box to the right of the end of a curve, at its height or slightly above or below."""
    for offset in (0.0, 0.6, -0.6, 1.0, -1.0):
        free = Box(end[0] + _GAP, end[1] + offset * height - height / 2, width, height)
        inside = free.right <= box.right and box.bottom <= free.bottom and free.top <= box.top
        if not inside or any(_overlap(free, other) for other in occupied):
            continue
        if not any(_crosses(x, y, free) for x, y in shapes):
            return free
    return None


def _overlap(one: Box, other: Box) -> bool:
    return one.left < other.right and other.left < one.right and one.bottom < other.top and other.bottom < one.top


def _crosses(x: Values, y: Values, box: Box) -> bool:
    """Whether a curve passes through a box."""
    at = np.linspace(box.left, box.right, 64)
    at = np.union1d(at[(at >= x[0]) & (at <= x[-1])], x[(x >= box.left) & (x <= box.right)])
    if not at.size:
        return False
    heights = np.interp(at, x, y)
    return bool((heights.max() > box.bottom - 0.03) and (heights.min() < box.top + 0.03))


@dataclass(frozen=True)
class Legend:
    """A planned legend: its entries, its columns and its size; it is below the axes or to the right of them.

    An entry for several curves shows their colours side by side.
    """

    curves: tuple[tuple[Curve, ...], ...]
    labels: tuple[str, ...]
    size: float
    columns: int
    width: float
    height: float
    right: bool

    def draw(self, context: DrawContext, left: float, top: float) -> None:
        """Draw the legend with its upper left corner at (`left`, `top`)."""
        width, height = context.size()
        handles: Any = [_handle(curves) for curves in self.curves]
        legend = context.figure.legend(
            handles, [""] * len(handles), loc="upper left", bbox_to_anchor=(left / width, top / height),
            ncols=self.columns, frameon=False, borderpad=0.0, borderaxespad=0.0, fontsize=self.size,
            handlelength=_HANDLE, handletextpad=0.6, columnspacing=1.5, labelspacing=0.35,
            handler_map={tuple: HandlerTuple(ndivide=None, pad=0.0)},
        )  # fmt: skip
        for text, label, curves in zip(legend.get_texts(), self.labels, self.curves, strict=True):
            if len(curves) == 1:
                text.set_gid(f"label-{curves[0].key}")
            text.set_text(label)  # set here, because matplotlib ignores labels that start with an underscore


def _handle(curves: tuple[Curve, ...]) -> Line2D | tuple[Line2D, ...]:
    """The line in a legend for one curve or several."""
    if len(curves) > 1:
        return tuple(Line2D([], [], color=curve.colour, solid_capstyle="butt") for curve in curves)
    (curve,) = curves
    dashes: Any = (0.0, curve.dash) if curve.dash else "-"
    if curve.shift:  # its dashes are interleaved with those of others: draw short gaps
        dashes = (0.0, (curve.dash[0], curve.dash[0] / 2))
    marker = curve.marker or "None"
    return Line2D([], [], color=curve.colour, linestyle=dashes, marker=marker, markeredgewidth=0.0)


def plan_legend(context: DrawContext, curves: tuple[Curve, ...], area: Box, max_height: float) -> Legend:
    """Plan a legend.

    Args:
        context: The figure.
        curves: The curves to label; of more than `MAX_NAMED` only the first and the last are.
        area: The box for axes and legend together.
        max_height: The maximum height of a legend below the axes.
    """
    normal = context.sizes["legend.fontsize"]
    labels = [curve.label for curve in curves]
    curve_groups: tuple[tuple[Curve, ...], ...] = tuple((curve,) for curve in curves)
    if len(curves) > MAX_NAMED:
        labels = [labels[0], f"{len(curves) - 2:,} more between", labels[-1]]
        first, last = (replace(curve, dash=(), shift=0.0) for curve in (curves[0], curves[-1]))
        curve_groups = ((first,), curves[1 : -1 : len(curves) // 8], (last,))
    width = max(context.measure(label, normal) for label in labels) + _HANDLE_WIDTH * normal
    if width <= 0.3 * area.width and len(labels) * _ROW_HEIGHT * normal <= area.height:
        return Legend(curve_groups, tuple(labels), normal, 1, width + 0.2, area.height, right=True)
    for size in (normal, max(_MIN_TEXT, normal - 1.5), _MIN_TEXT):
        columns, lines = _columns(context, labels, size, area.width)
        if _legend_height(lines, columns, size) <= max_height:
            break
    else:  # use more columns and shorten the labels
        columns = max(columns, ceil(len(labels) / max(1, int(max_height / (_ROW_HEIGHT * size)))))
        width = (area.width - (columns - 1) * _COLUMN_GAP * size) / columns - _HANDLE_WIDTH * size
        lines = [[fit_text(label, width, size, context.measure)] for label in labels]
    text = tuple("\n".join(line.rstrip() for line in label) for label in lines)
    return Legend(curve_groups, text, size, columns, area.width, _legend_height(lines, columns, size), right=False)


def _columns(context: DrawContext, labels: list[str], size: float, width: float) -> tuple[int, list[list[str]]]:
    """The number of columns that fit into a width, and the lines of each label: wrapped in a single column."""
    widths = [context.measure(label, size) + (_HANDLE_WIDTH + _COLUMN_GAP) * size for label in labels]
    for columns in range(len(labels), 0, -1):
        if sum(max(column) for column in _split_columns(widths, columns)) <= width + _COLUMN_GAP * size:
            return columns, [[label] for label in labels]
    return 1, [wrap(label, width - _HANDLE_WIDTH * size, size, context.measure, _MAX_LINES) for label in labels]


def _legend_height(labels: list[list[str]], columns: int, size: float) -> float:
    """The height of a legend."""
    heights = [(len(lines) - 1) * LINE * size + _ROW_HEIGHT * size for lines in labels]
    return max(sum(column) for column in _split_columns(heights, columns))


def _split_columns(values: list[float], columns: int) -> list[list[float]]:
    """Values in columns as matplotlib distributes them: the first columns have one more if they cannot be equal."""
    each, more = divmod(len(values), columns)
    ends = [column * each + min(column, more) for column in range(columns + 1)]
    return [values[first:last] for first, last in pairwise(ends)]


def readable(colour: str, background: str) -> tuple[float, float, float]:
    """The colour, darkened or lightened until text has enough contrast with its background."""
    reference = luminance(to_rgb(background))
    target = 0.0 if reference > 0.18 else 1.0
    text = to_rgb(colour)
    for share in range(1, 21):
        lighter, darker = max(luminance(text), reference), min(luminance(text), reference)
        if (lighter + 0.05) / (darker + 0.05) >= _CONTRAST:
            break
        red, green, blue = (value + (target - value) * share / 20 for value in to_rgb(colour))
        text = red, green, blue
    return text


def spread(centres: Sequence[float], heights: Sequence[float], low: float, high: float) -> list[float]:
    """Move labels up or down as little as possible so that none overlap.

    Args:
        centres: The desired centre of each label.
        heights: The height of each label.
        low: The lower end of the range for all labels.
        high: The upper end; if the range is too small, labels start at `low` and exceed `high`.

    Returns:
        The new centres, in the same order; labels with equal desired centres are in the order given, from top to
        bottom.
    """
    order = sorted(range(len(centres)), key=lambda i: (centres[i], -i))
    # Blocks of touching labels: the indices, and the desired middle of the block.
    blocks: list[tuple[list[int], float]] = []
    for i in order:
        blocks.append(([i], centres[i]))
        while len(blocks) > 1 and _top(blocks[-2], heights, low, high) > _bottom(blocks[-1], heights, low, high):
            upper, lower = blocks.pop(), blocks.pop()
            indices = lower[0] + upper[0]
            blocks.append((indices, _middle(indices, centres, heights)))
    placed = list(centres)
    for block in blocks:
        at = _bottom(block, heights, low, high)
        for i in block[0]:
            placed[i] = at + heights[i] / 2
            at += heights[i]
    return placed


def _middle(indices: list[int], centres: Sequence[float], heights: Sequence[float]) -> float:
    """The middle of a block at which the mean distance of its labels from their desired centres is zero."""
    total = sum(heights[i] for i in indices)
    below, distance = 0.0, 0.0
    for i in indices:
        distance += centres[i] - (below + heights[i] / 2)
        below += heights[i]
    return distance / len(indices) + total / 2


def _bottom(block: tuple[list[int], float], heights: Sequence[float], low: float, high: float) -> float:
    total = sum(heights[i] for i in block[0])
    return max(low, min(block[1] - total / 2, high - total))


def _top(block: tuple[list[int], float], heights: Sequence[float], low: float, high: float) -> float:
    return _bottom(block, heights, low, high) + sum(heights[i] for i in block[0])
