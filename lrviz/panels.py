"""One pair of axes: limits, ticks, lines, the marks of cuts. Part of the matplotlib room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import log
from typing import Any

import numpy as np

from lrviz import ticks
from lrviz.backend import (
    Axes,
    Figure,
    FixedFormatter,
    FixedLocator,
    FontProperties,
    Line2D,
    NullFormatter,
    NullLocator,
    XAxis,
    YAxis,
    agg,
    mpl,
)
from lrviz.curves import MOST_NAMED, Cell, Curve
from lrviz.look import FigureOptions
from lrviz.style import Look
from lrviz.ticks import Ticks

_ROW = 0.38  # inches from one label of a y axis to the next, at the least
_BEYOND = 0.015  # of a run's length
_MARKER = 0.045  # inches of a step, for it to have a marker
_HUGE, _TINY = 1e300, 1e-280  # what is greater or less is beyond the arithmetic of axes
_CONSTANT = 1e-6  # a metric that moves by less than this share of itself is drawn as if it did not
THIN, SPACE = 0.34, 0.07  # of the height of the rates: of a panel under them, and between panels
_DOT = 1.3  # line widths of a dot of the line at a cut
_OVER = 2.6  # the order of curves: over the lines of the axes
_DECADES = 12  # a logarithmic axis goes no further down from its top


@dataclass(frozen=True)
class Box:
    """A rectangle on the sheet, in inches from its lower left corner."""

    left: float
    bottom: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.left + self.width

    @property
    def top(self) -> float:
        """The upper edge."""
        return self.bottom + self.height


@dataclass(frozen=True)
class Limits:
    """The ends of a y axis, and whether it is logarithmic; `ticks_for` is the height that decides on its ticks."""

    low: float
    high: float
    log: bool = False
    ticks_for: float | None = None

    def share(self, value: float) -> float:
        """How far up the axis a value lies, from 0 to 1; what is beyond the ends counts as at them."""
        if self.log:
            value = max(value, self.low)
            return min(log(value / self.low) / log(self.high / self.low), 1.0)
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)

    def ticks(self, height: float) -> Ticks:
        """The ticks for an axis of a height in inches."""
        most = max(1, min(8, int((self.ticks_for or height) / _ROW)))
        return (ticks.log_ticks if self.log else ticks.value_ticks)(self.low, self.high, most)


@dataclass
class Sheet:
    """The figure being drawn, with what all its parts need: sizes of text in points, a ruler for text."""

    figure: Figure
    look: Look
    options: FigureOptions
    sizes: dict[str, float] = field(default_factory=dict)
    widths: dict[tuple[str, float], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("axes.labelsize", "axes.titlesize", "legend.fontsize", "xtick.labelsize", "ytick.labelsize"):
            self.sizes[name] = FontProperties(size=mpl.rcParams[name]).get_size_in_points()
        self.renderer = agg.RendererAgg(8, 8, self.figure.dpi)  # measures text, draws nothing

    def measure(self, text: str, size: float) -> float:
        """The width in inches of one line of text."""
        if (text, size) not in self.widths:
            width, _, _ = self.renderer.get_text_width_height_descent(text, FontProperties(size=size), False)
            self.widths[text, size] = width / self.figure.dpi
        return self.widths[text, size]

    def size(self) -> tuple[float, float]:
        """Width and height of the figure."""
        return float(self.figure.get_figwidth()), float(self.figure.get_figheight())

    def axes(self, box: Box) -> Axes:
        """New axes in a box."""
        width, height = self.size()
        return self.figure.add_axes((box.left / width, box.bottom / height, box.width / width, box.height / height))


def rate_limits(cells: Sequence[Cell], sheet: Sheet) -> Limits:
    """The ends of the axis of rates that these cells share.

    A linear axis begins at 0. A logarithmic one ends below the least rate that more than a few steps have; with
    nothing positive to show the axis is linear all the same.
    """
    highest = max(0.0, _tame(max(_most(curve) for cell in cells for curve in cell.rates)))
    if sheet.options.log and highest > 0:
        lows = [float(curve.y[curve.y > 0].min()) for cell in cells for curve in cell.rates if (curve.y > 0).any()]
        typical = min((cell.typical for cell in cells if cell.typical > 0), default=highest)
        low = min(max(min(lows), typical / 10, highest * 10.0**-_DECADES), highest)
        spare = max((highest / low) ** 0.04, 1.02)
        return Limits(low / spare, highest * spare, log=True)
    base = _tame(max(cell.base for cell in cells))
    if sheet.look.guide:
        return Limits(0.0, 1.1 * (max(highest, base) or 1.0))
    top = highest or base or 1.0
    return Limits(-0.03 * top, 1.05 * top)


def value_limits(curves: Sequence[Curve]) -> Limits:
    """The ends of an axis of a momentum or a metric: what there is, with a margin."""
    low, high = _tame(min(float(np.nanmin(curve.y)) for curve in curves)), _tame(max(map(_most, curves)))
    size = max(abs(low), abs(high))
    margin = 0.1 * (high - low if high - low > _CONSTANT * size else size) or 0.5
    return Limits(low - margin, high + margin)


def _tame(value: float) -> float:
    """The value, or the nearest that an axis can show."""
    return 0.0 if abs(value) < _TINY else max(-_HUGE, min(value, _HUGE))


def _most(curve: Curve) -> float:
    return float(np.nanmax(curve.y))


def x_ticks(sheet: Sheet, cell: Cell, room: float) -> Ticks:
    """The ticks of a cell's x axis."""
    size = sheet.sizes["xtick.labelsize"]
    if sheet.options.x == "epoch":
        return ticks.epoch_ticks(cell.epochs, cell.per_epoch, room, size, each=sheet.look.guide)
    return ticks.step_ticks(cell.steps, cell.per_epoch, room, size, each=sheet.look.guide)


def x_name(sheet: Sheet, cells: Sequence[Cell]) -> str:
    """What the x axis of these cells is called."""
    look = sheet.look
    if sheet.options.x == "epoch":
        return look.epoch
    per_epoch = {cell.per_epoch for cell in cells if cell.epochs > 1}
    if look.per_epoch and len(per_epoch) == 1 and (one := per_epoch.pop()) and one > 1:
        return f"{look.step} ({one:,} per epoch)"
    return look.step


@dataclass(frozen=True)
class Panel:
    """What one pair of axes holds."""

    name: str
    curves: tuple[Curve, ...]
    limits: Limits


def panels_of(sheet: Sheet, cell: Cell, limits: Limits) -> list[Panel]:
    """A cell's panels from the top down: the rates, then momentum and metric where it has them."""
    panels = [Panel(sheet.look.rate, cell.rates, limits)]
    if cell.momentum:
        panels.append(Panel(cell.momentum_name, cell.momentum, value_limits(cell.momentum)))
    if cell.metric:
        panels.append(Panel("metric", cell.metric, value_limits(cell.metric)))
    return panels


def stack(box: Box, count: int) -> list[Box]:
    """Boxes for a cell's panels from the top down: all but the first are thin."""
    main = box.height / (1 + (count - 1) * (THIN + SPACE))
    gap, thin = min(0.16, SPACE * main), min(1.1, THIN * main)
    boxes = [Box(box.left, box.bottom + (count - 1) * (thin + gap), box.width, 0.0)]
    boxes[0] = replace(boxes[0], height=box.top - boxes[0].bottom)
    for _ in range(count - 1):
        boxes.append(Box(box.left, boxes[-1].bottom - gap - thin, box.width, thin))
    return boxes


def places(box: Box, cell: Cell) -> list[Box]:
    """The boxes of a cell's panels, with the room under them left empty that its neighbours need for theirs."""
    return stack(box, 1 + max(cell.panels, cell.beside))[: 1 + cell.panels]


def draw_cell(
    sheet: Sheet, box: Box, cell: Cell, limits: Limits, *, x_labels: bool = True, y_labels: bool = True
) -> list[Axes]:
    """Draw a cell into a box: the rates, and a thin panel under them for momentum and metric each."""
    panels = panels_of(sheet, cell, limits)
    along = x_ticks(sheet, cell, box.width)
    marked = cell.steps == 1 or box.width / cell.steps > _MARKER
    drawn = []
    for panel, place in zip(panels, places(box, cell), strict=True):
        axes = sheet.axes(place)
        _set_x(sheet, axes, cell, along, labelled=x_labels and panel is panels[-1])
        _set_y(axes, panel.limits, place.height, labelled=y_labels or panel is not panels[0])
        _mark_cuts(axes, cell)
        for curve in panel.curves:
            line = axes.add_line(_line(curve, marked=marked, thin=len(panel.curves) > MOST_NAMED))
            if line.get_marker() != "None" and panel.limits.low <= curve.y.min() and curve.y.max() <= panel.limits.high:
                line.set_clip_on(False)  # a marker at the edge is whole
            if curve.alone.size and not curve.marker:
                axes.add_line(_dots(curve))
        drawn.append(axes)
    return drawn


def _mark_cuts(axes: Axes, cell: Cell) -> None:
    """Draw a dotted line in the curve's colour at each of its cuts; curves with a cut in one place share its dots."""
    owners: dict[float, list[str]] = {}
    for colour, cuts in cell.cuts:
        for x in cuts.tolist():
            owners.setdefault(x, []).append(colour or str(mpl.rcParams["xtick.color"]))
    marks = [(x, turn, len(all_of), colour) for x, all_of in owners.items() for turn, colour in enumerate(all_of)]
    # Where `count` curves have a cut, each has one dot in `count`.
    dots: Any = [(-_DOT * 2 * turn, (_DOT, _DOT * (2 * count - 1))) for _, turn, count, _ in marks]
    if marks:
        axes.vlines(
            [x for x, *_ in marks], 0, 1, transform=axes.get_xaxis_transform(), colors=[mark[-1] for mark in marks],
            linestyles=dots, linewidths=0.9, zorder=1,
        )  # fmt: skip


def _line(curve: Curve, *, marked: bool, thin: bool) -> Line2D:
    width = float(mpl.rcParams["lines.linewidth"]) * (0.5 if thin else 1.0)
    line = Line2D(curve.x, curve.y, color=curve.colour, label=curve.label, linewidth=width, zorder=_OVER)
    if curve.dash:
        line.set_linestyle((curve.shift, curve.dash))
        line.set_dash_capstyle("butt")
    if curve.marker and marked:
        line.set_marker(curve.marker)
        line.set_markeredgewidth(0.0)
        line.set_markevery(curve.updates.tolist())
    return line


def _dots(curve: Curve) -> Line2D:
    """What is drawn of a value between two that are not numbers."""
    size = 2.2 * float(mpl.rcParams["lines.linewidth"])
    return Line2D(
        curve.x[curve.alone], curve.y[curve.alone], color=curve.colour, linestyle="none", marker="o", markersize=size,
        markeredgewidth=0.0, label=curve.label,
    )  # fmt: skip


def x_limits(sheet: Sheet, cell: Cell) -> tuple[float, float]:
    """The ends of a cell's x axis, a little beyond the run at both sides."""
    end = cell.epochs if sheet.options.x == "epoch" else float(cell.steps)
    return -_BEYOND * end, (1 + _BEYOND) * end


def _set_x(sheet: Sheet, axes: Axes, cell: Cell, along: Ticks, *, labelled: bool) -> None:
    axes.set_xlim(x_limits(sheet, cell))
    _set_ticks(axes.xaxis, along, labelled)


def _set_y(axes: Axes, limits: Limits, height: float, *, labelled: bool) -> None:
    if limits.log:
        axes.set_yscale("log", nonpositive="clip")
    axes.set_ylim(limits.low, limits.high)
    _set_ticks(axes.yaxis, limits.ticks(height), labelled)


def _set_ticks(axis: XAxis | YAxis, marks: Ticks, labelled: bool) -> None:
    axis.set_major_locator(FixedLocator(marks.major))
    axis.set_major_formatter(FixedFormatter(marks.labels) if labelled else NullFormatter())
    axis.set_minor_locator(FixedLocator(marks.minor) if marks.minor else NullLocator())
    axis.set_minor_formatter(NullFormatter())
