"""Labels of several curves: beside a few curves, in a legend for many.

Positions are in inches in the figure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil
from typing import Any

import numpy as np

from lrviz.figure.axes import LINE, Box, DrawContext, x_limits
from lrviz.figure.backend import Axes, HandlerTuple, Line2D, mpl, to_rgb
from lrviz.figure.curves import MAX_NAMED, Cell, Curve
from lrviz.figure.overlaps import overlapping
from lrviz.figure.placing import Shape, Space
from lrviz.figure.style import readable
from lrviz.figure.ticks import Limits
from lrviz.figure.wrapping import fit_texts, wrap, wrap_evenly

MAX_ON_CURVES = 5
_MAX_LABEL_WIDTH = 0.45  # of a line of a label, relative to the width of the axes
_MAX_LABEL_LINES = 3
_PLOT_WIDTH = 0.8  # of the figure that remains for the axes beside a legend
_MAX_LINES = 4  # of a label in a legend
_MIN_TEXT = 6.0  # points; the smallest text in a legend
_HANDLE = 2.0  # ems; the length of a line in a legend
_HANDLE_WIDTH = (_HANDLE + 0.6) / 72  # inches per point of text size
_COLUMN_GAP = 1.5 / 72
_ROW_HEIGHT = 1.38 / 72


# For each of the curves that share a label: its key, its colour and the lines of its text.
_Texts = tuple[tuple[str, str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class CurveLabel:
    """A label beside its curve, or the labels of curves that look like one, from its upper left corner down."""

    texts: _Texts
    left: float
    top: float

    def draw(self, context: DrawContext, axes: Axes) -> None:
        """Draw the label."""
        ground = to_rgb(mpl.rcParams["axes.facecolor"])
        size = context.sizes["legend.fontsize"]
        top = self.top
        for key, colour, lines in self.texts:
            height = _label_height(len(lines), size)
            axes.text(
                self.left, top - height / 2, "\n".join(lines), color=readable(to_rgb(colour), ground), fontsize=size,
                transform=context.figure.dpi_scale_trans, ha="left", linespacing=1.2,
                va="center_baseline" if len(lines) == 1 else "center", gid=f"label-{key}",
            )  # fmt: skip
            top -= len(lines) * LINE * size


def _label_height(lines: int, size: float) -> float:
    return size / 72 + (lines - 1) * LINE * size


def curve_labels(context: DrawContext, cell: Cell, box: Box, limits: Limits) -> list[CurveLabel] | None:
    """Labels inside the axes, each beside its curve; curves that look like one share a label.

    Args:
        context: The figure.
        cell: The curves.
        box: The box of the axes of the rates.
        limits: The limits of the learning rate axis.

    Returns:
        The labels; None if there is no free place for one of them, so that a legend is needed.
    """
    size = context.sizes["legend.fontsize"]
    groups = [[cell.rates[i] for i in group] for group in overlapping(cell.rates, log=limits.log)]
    first, last = x_limits(context, cell)
    scale = box.width / (last - first)

    def shape(curve: Curve) -> Shape:
        return box.left + scale * (curve.x - first), box.bottom + box.height * limits.shares(curve.y)

    marked = any(curve.marker for curve in cell.rates)
    thickness = float(mpl.rcParams["lines.markersize" if marked else "lines.linewidth"])
    marks = [box.left + scale * (float(x) - first) for _, cuts in cell.cuts for x in cuts]
    shapes = [[shape(curve) for curve in group] for group in groups]
    space = Space(box, shapes, size / 72, thickness / 144, marks)
    variants = [_variants(context, group, _MAX_LABEL_WIDTH * box.width) for group in groups]
    sizes = [[_label_size(context, texts) for texts in of_group] for of_group in variants]
    places = space.place(sizes)
    if places is None:
        return None
    return [
        CurveLabel(of_group[place.variant], place.box.left, place.box.top)
        for of_group, place in zip(variants, places, strict=True)
    ]


def _label_size(context: DrawContext, texts: _Texts) -> tuple[float, float]:
    size = context.sizes["legend.fontsize"]
    lines = [line for *_, lines in texts for line in lines]
    return max(context.measure(line, size) for line in lines), _label_height(len(lines), size)


def _variants(context: DrawContext, curves: list[Curve], width: float) -> list[_Texts]:
    """The label of curves that look like one, on few lines and on more.

    The label of a curve that is equal to the first starts with `=`.
    """
    size = context.sizes["legend.fontsize"]
    prefixes = ["= " if n and _equal(curves[0], curve) else "" for n, curve in enumerate(curves)]
    variants: dict[_Texts, None] = {}
    for most in range(1, _MAX_LABEL_LINES + 1):
        texts = []
        for prefix, curve in zip(prefixes, curves, strict=True):
            rest = width - context.measure(prefix, size)
            if (lines := wrap_evenly(curve.label, rest, size, context.measure, most)) is not None:
                texts.append((curve.key, curve.colour, (prefix + lines[0], *lines[1:])))
        if len(texts) == len(curves):
            variants[tuple(texts)] = None
    return list(variants)


def _equal(one: Curve, other: Curve) -> bool:
    """Whether two curves are the same but for rounding."""
    return one.x.size == other.x.size and np.allclose(one.x, other.x) and np.allclose(one.y, other.y, 1e-6, 0.0)


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
    beside = area.width - width - 0.2 >= _PLOT_WIDTH * context.size()[0]
    if beside and len(labels) * _ROW_HEIGHT * normal <= area.height:
        return Legend(curve_groups, tuple(labels), normal, 1, width + 0.2, area.height, right=True)
    for size in (normal, max(_MIN_TEXT, normal - 1.5), _MIN_TEXT):
        columns, lines = _columns(context, labels, size, area.width)
        if _legend_height(lines, columns, size) <= max_height:
            break
    else:  # use more columns and shorten the labels
        columns = max(columns, ceil(len(labels) / max(1, int(max_height / (_ROW_HEIGHT * size)))))
        width = (area.width - (columns - 1) * _COLUMN_GAP * size) / columns - _HANDLE_WIDTH * size
        lines = [[label] for label in fit_texts(labels, width, size, context.measure)]
    text = tuple("\n".join(line.rstrip() for line in label) for label in lines)
    return Legend(curve_groups, text, size, columns, area.width, _legend_height(lines, columns, size), right=False)


def _columns(context: DrawContext, labels: list[str], size: float, width: float) -> tuple[int, list[list[str]]]:
    """The number of columns that fit into a width, and the lines of each label: wrapped in a single column."""
    widths = [context.measure(label, size) + (_HANDLE_WIDTH + _COLUMN_GAP) * size for label in labels]
    for rows in range(1, len(labels) + 1):
        columns = ceil(len(labels) / rows)
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
