"""Panels of a figure: their boxes in inches, limits, ticks, lines, and the size of the text around them.

Widths and heights are in inches, sizes of text in points.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import inf, log
from typing import Any, Final

import numpy as np

from lrviz.figure.backend import (
    TICKDOWN,
    TICKLEFT,
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
from lrviz.figure.curves import MAX_NAMED, Cell, Curve, clean, without_middle
from lrviz.figure.style import MAX_VALUE, MIN_VALUE, FigureOptions, Style
from lrviz.figure.ticks import Ticks, epoch_ticks, log_ticks, step_ticks, top_ticks, value_ticks
from lrviz.trace import Values

_MIN_LABEL_GAP = 0.38  # inches between the labels of a y axis
_MIN_LABEL_SIZE = 5.0  # points; of the label of an axis
_X_MARGIN = 0.015  # of the length of the run, at each end
_MIN_MARKER_GAP = 0.045  # inches per step; markers are drawn from this distance on
_CONSTANT_RANGE = 1e-6  # relative range below which a metric is drawn as constant
_TICK_UP: Final = 2  # matplotlib's marker
_PANEL_SHARE, _PANEL_GAP = 0.34, 0.07  # relative to the height of the panel of rates
_DOT = 1.3  # line widths; the length of a dot of the line at a cut
_TRIANGLE = 5.5  # points; the size of the mark of a cut
_CURVE_ZORDER = 2.6  # above the spines, which have 2.5
_MIN_BUSY = 6  # turns; curves with more are thinner, and below the others
_BUSY_WIDTH, _EDGE_WIDTH = 0.6, 0.4  # relative to the width of a line
_MIN_CYCLE = 0.05  # inches; shorter cycles cannot be told apart
_BAND_ALPHA = 0.3
_MAX_DECADES = 12  # of a logarithmic axis


@dataclass(frozen=True)
class Box:
    """A rectangle in the figure, in inches from its lower left corner."""

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
    """The limits of a y axis; `ticks_for` is the height in inches to choose ticks for, if not that of the axes."""

    low: float
    high: float
    log: bool = False
    ticks_for: float | None = None

    def share(self, value: float) -> float:
        """The position of a value on the axis, from 0 (low) to 1 (high), clipped to that range."""
        if self.log:
            value = max(value, self.low)
            return min(log(value / self.low) / log(self.high / self.low), 1.0)
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)

    def shares(self, values: Values) -> Values:
        """The positions of values on the axis, as of `share`."""
        with np.errstate(over="ignore", divide="ignore"):
            if self.log:
                shares = np.log(np.maximum(values, self.low) / self.low) / log(self.high / self.low)
            else:
                shares = (values - self.low) / (self.high - self.low)
        return np.asarray(np.clip(shares, 0.0, 1.0))

    def ticks(self, height: float) -> Ticks:
        """The ticks of an axis with this height in inches."""
        most = max(1, min(8, int((self.ticks_for or height) / _MIN_LABEL_GAP)))
        return (log_ticks if self.log else value_ticks)(self.low, self.high, most)


@dataclass
class DrawContext:
    """The figure being drawn, with its style and options, sizes of text in points, and `measure` for widths of text."""

    figure: Figure
    style: Style
    options: FigureOptions
    sizes: dict[str, float] = field(default_factory=dict)
    widths: dict[tuple[str, float], float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)  # what the figure cannot show, for the caller

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
        """The width and height of the figure in inches."""
        return float(self.figure.get_figwidth()), float(self.figure.get_figheight())

    def axes(self, box: Box) -> Axes:
        """Add axes to the figure."""
        width, height = self.size()
        return self.figure.add_axes((box.left / width, box.bottom / height, box.width / width, box.height / height))


def rate_limits(cells: Sequence[Cell], context: DrawContext) -> Limits:
    """The limits of the learning rate axis that these cells share.

    A linear axis starts at 0. A logarithmic axis starts below the lowest rate that more than a few steps have. If no
    rate is positive, the axis is linear.
    """
    highest = max(0.0, _clip(max(_maximum(curve) for cell in cells for curve in cell.rates)))
    if context.options.ylim is not None:
        low, high = context.options.ylim
        return Limits(_clip(low), _clip(high), log=context.options.log and highest > 0)
    if context.options.log and highest > 0:
        lows = [float(curve.y[curve.y > 0].min()) for cell in cells for curve in cell.rates if (curve.y > 0).any()]
        typical = min((cell.typical for cell in cells if cell.typical > 0), default=highest)
        low = min(max(min(lows), typical / 10, highest * 10.0**-_MAX_DECADES), highest)
        spare = max((highest / low) ** 0.04, 1.02)
        return Limits(low / spare, highest * spare, log=True)
    base = _clip(max(cell.base for cell in cells))
    if context.style.cheatsheet_axes:
        return Limits(0.0, 1.1 * (max(highest, base) or 1.0))
    top = highest or base or 1.0
    return Limits(-0.03 * top, 1.05 * top)


def value_limits(curves: Sequence[Curve]) -> Limits:
    """The limits of the axis of a momentum or a metric: the range of the values with a margin."""
    low, high = _clip(min(float(np.nanmin(curve.y)) for curve in curves)), _clip(max(map(_maximum, curves)))
    size = max(abs(low), abs(high))
    margin = 0.1 * (high - low if high - low > _CONSTANT_RANGE * size else size) or 0.5
    return Limits(low - margin, high + margin)


def _clip(value: float) -> float:
    """The value, or the nearest value that an axis can show."""
    return 0.0 if abs(value) < MIN_VALUE else max(-MAX_VALUE, min(value, MAX_VALUE))


def _maximum(curve: Curve) -> float:
    return float(np.nanmax(curve.y))


def x_ticks(context: DrawContext, cell: Cell, length: float) -> Ticks:
    """The ticks of a cell's x axis of `length` inches."""
    size = context.sizes["xtick.labelsize"]
    of_unit = epoch_ticks if context.options.x == "epoch" else step_ticks
    return of_unit(*cell.span, cell.per_epoch, length, size, by_epoch=context.style.cheatsheet_axes)


def top_axis(context: DrawContext, cell: Cell, length: float) -> Ticks | None:
    """The ticks of the second axis of a cell, with epochs at its top; None if it needs none."""
    if context.options.x == "epoch" or context.style.cheatsheet_axes:
        return None
    return top_ticks(*cell.span, cell.per_epoch, length, context.sizes["xtick.labelsize"])


def top_axis_height(context: DrawContext, cell: Cell) -> float:
    """The height of the second axis of a cell, 0 if it has none."""
    if top_axis(context, cell, 1.0) is None:
        return 0.0
    ticks = float(mpl.rcParams["xtick.major.size"]) + float(mpl.rcParams["xtick.major.pad"])
    return ticks / 72 + LINE * context.sizes["xtick.labelsize"]


def top_name_width(context: DrawContext) -> float:
    """The width of the name of a second axis, which is to its left."""
    return context.measure(context.style.epoch, context.sizes["xtick.labelsize"]) + 0.1


def draw_top_axis(context: DrawContext, axes: Axes, box: Box, cell: Cell, *, named: bool = True) -> None:
    """Draw epochs at the top of axes with steps in a box; `named` is whether to write what they are to their left.

    The axis is a line of markers and texts: a second matplotlib axes would take a third of the time of the figure.
    """
    ticks = top_axis(context, cell, box.width)
    if ticks is None or cell.per_epoch is None:
        return
    length, pad = float(mpl.rcParams["xtick.major.size"]), float(mpl.rcParams["xtick.major.pad"])
    size = context.sizes["xtick.labelsize"]
    x_transform = axes.get_xaxis_transform()
    part = f"top-{len(context.figure.axes)}"
    for positions, tick_length in ((ticks.major, length), (ticks.minor, 0.5 * length)):
        x = [position * cell.per_epoch for position in positions]
        context.figure.add_artist(
            Line2D(
                x, [1.0] * len(x), linestyle="none", marker=_TICK_UP, markersize=tick_length,
                markeredgewidth=mpl.rcParams["xtick.major.width"], color=mpl.rcParams["xtick.color"],
                transform=x_transform, gid=f"{part}-{len(context.figure.artists)}",
            )
        )  # fmt: skip
    colour = mpl.rcParams["xtick.labelcolor"]
    style: Any = {"fontsize": size, "color": mpl.rcParams["xtick.color"] if colour == "inherit" else colour}
    axes.spines["top"].set_visible(True)
    transform, *_ = axes.get_xaxis_text2_transform(length + pad)
    for position, label in zip(ticks.major, ticks.labels, strict=True):
        axes.text(
            position * cell.per_epoch, 1.0, label, transform=transform, ha="center", va="baseline",
            gid=f"{part}-text-{len(axes.texts)}", **style,
        )  # fmt: skip
    if named:
        first, last = x_limits(context, cell)
        start = (ticks.major[0] * cell.per_epoch - first) / (last - first) * box.width
        right = min(start - 0.5 * context.measure(ticks.labels[0], size), 0.0) - 0.06
        y = box.top + (length + pad) / 72
        axes.text(
            box.left + right, y, context.style.epoch, transform=context.figure.dpi_scale_trans, ha="right",
            va="baseline", gid=f"{part}-name", **style,
        )  # fmt: skip


def x_axis_label(context: DrawContext, cells: Sequence[Cell]) -> str:
    """The label of the x axis of these cells."""
    style = context.style
    if context.options.x == "epoch":
        return style.epoch
    per_epoch = {cell.per_epoch for cell in cells if cell.epochs > 1}
    if style.per_epoch and len(per_epoch) == 1 and (updates := per_epoch.pop()) and updates > 1:
        return f"{style.step} ({updates:,} per epoch)"
    return style.step


@dataclass(frozen=True)
class Panel:
    """The content of one matplotlib axes: the label of its y axis, its curves and its limits."""

    name: str
    curves: tuple[Curve, ...]
    limits: Limits


def panels_of(context: DrawContext, cell: Cell, limits: Limits) -> list[Panel]:
    """A cell's panels from top to bottom: the rates, then momentum and metric if the cell has them."""
    panels = [Panel(context.style.rate, cell.rates, limits)]
    if cell.momentum:
        panels.append(Panel(cell.momentum_name, cell.momentum, value_limits(cell.momentum)))
    if cell.metric:
        panels.append(Panel(cell.metric_name, cell.metric, value_limits(cell.metric)))
    return panels


def panel_boxes(box: Box, cell: Cell) -> list[Box]:
    """The boxes of a cell's panels from top to bottom: a tall one for the rates, low ones below it."""
    count = 1 + cell.panels
    main = box.height / (1 + (count - 1) * (_PANEL_SHARE + _PANEL_GAP))
    gap, thin = min(0.16, _PANEL_GAP * main), min(1.1, _PANEL_SHARE * main)
    boxes = [Box(box.left, box.bottom + (count - 1) * (thin + gap), box.width, 0.0)]
    boxes[0] = replace(boxes[0], height=box.top - boxes[0].bottom)
    for _ in range(count - 1):
        boxes.append(Box(box.left, boxes[-1].bottom - gap - thin, box.width, thin))
    return boxes


def draw_cell(
    context: DrawContext,
    box: Box,
    cell: Cell,
    limits: Limits,
    *,
    x_labels: bool = True,
    y_labels: bool = True,
    create: Callable[[Box], Axes] | None = None,
) -> list[Axes]:
    """Draw a cell into a box: the rates, with a low panel each for momentum and metric below them.

    `create` makes axes in a box; by default they are axes of the figure.
    """
    panels = panels_of(context, cell, limits)
    ticks = x_ticks(context, cell, box.width)
    lowest = inf  # label of a y axis so far
    steps = (cell.span[1] - cell.span[0]) * (cell.steps / cell.epochs if context.options.x == "epoch" else 1)
    marked = steps <= 1 or box.width / steps > _MIN_MARKER_GAP
    drawn = []
    for panel, panel_box in zip(panels, panel_boxes(box, cell), strict=True):
        axes = (create or context.axes)(panel_box)
        axes.set_xlim(x_limits(context, cell))
        _set_ticks(axes.xaxis, ticks, labelled=x_labels and panel is panels[-1])
        limits = panel.limits
        if limits.log:
            axes.set_yscale("log", nonpositive="clip")
        axes.set_ylim(limits.low, limits.high)
        y_ticks = limits.ticks(panel_box.height)
        if y_labels or panel is not panels[0]:
            y_ticks, lowest = _apart(y_ticks, limits, panel_box, lowest, context.sizes["ytick.labelsize"] / 72)
        _set_ticks(axes.yaxis, y_ticks, labelled=y_labels or panel is not panels[0])
        _mark_cuts(axes, cell, arrows=panel is panels[0])
        if limits.log:
            _mark_below(context, axes, panel_box, panel.curves, limits)
        for curve in _above(panel.curves, limits):
            if _is_dense(curve, cell, panel_box.width):
                _draw_band(axes, curve, panel_box.width * _share_of(curve, cell))
                context.notes.append(
                    f"`{curve.label}` has more cycles than can be told apart: a band shows their range"
                )
                continue
            line = axes.add_line(_line(curve, marked=marked, thin=len(panel.curves) > MAX_NAMED))
            line.set_gid(f"curve-{curve.key}-{curve.kind}")
            if line.get_marker() != "None" and limits.low <= curve.y.min() and curve.y.max() <= limits.high:
                line.set_clip_on(False)  # so that a marker at the edge of the axes is drawn in full
            if curve.isolated.size and not curve.marker:
                axes.add_line(_isolated_points(curve)).set_gid(f"points-{curve.key}-{curve.kind}")
        drawn.append(axes)
    return drawn


def _apart(ticks: Ticks, limits: Limits, box: Box, above: float, height: float) -> tuple[Ticks, float]:
    """The ticks of a y axis without labels that touch the label above them, and the lowest label, in inches.

    Args:
        ticks: The ticks.
        limits: The limits of the axis.
        box: The box of the axes.
        above: The lowest label of the panel above.
        height: The height of a label.
    """
    labels = []
    for value, label in sorted(zip(ticks.major, ticks.labels, strict=True), reverse=True):
        y = box.bottom + box.height * limits.share(value)
        apart = above - y >= height
        labels.append(label if apart else "")
        above = y if apart else above
    return replace(ticks, labels=tuple(reversed(labels))), above


def panel_labels(
    context: DrawContext, names: Sequence[str], boxes: Sequence[Box], size: float
) -> tuple[list[str], float]:
    """The labels of the y axes of panels and their size: `size`, or less if they would touch, and shortened then."""
    middles = [box.bottom + box.height / 2 for box in boxes]
    distances = [above - below for above, below in pairwise(middles)]
    for (name, other), distance in zip(pairwise(names), distances, strict=True):
        needed = (context.measure(name, size) + context.measure(other, size)) / 2 + 0.06
        size = max(size * min(1.0, distance / needed), min(size, _MIN_LABEL_SIZE))
    if size > _MIN_LABEL_SIZE or not distances:
        return list(names), size
    return [fit_text(name, min(distances) - 0.06, size, context.measure) for name in names], size


def _mark_cuts(axes: Axes, cell: Cell, *, arrows: bool) -> None:
    """Draw a dotted line in the curve's colour at each of its cuts, with `arrows` below a triangle.

    At an x with several cuts the dots alternate.
    """
    colours_at: dict[float, list[str]] = {}
    for colour, cuts in cell.cuts:
        for x in cuts.tolist():
            colours_at.setdefault(x, []).append(colour or str(mpl.rcParams["xtick.color"]))
    marks = [(x, i, len(colours), colour) for x, colours in colours_at.items() for i, colour in enumerate(colours)]
    # Of `count` curves with a cut at the same x, each has every `count`-th dot.
    dots: Any = [(-_DOT * 2 * i, (_DOT, _DOT * (2 * count - 1))) for _, i, count, _ in marks]
    if marks:
        axes.vlines(
            [x for x, *_ in marks], 0, 1, transform=axes.get_xaxis_transform(), colors=[mark[-1] for mark in marks],
            linestyles=dots, linewidths=0.9, zorder=1,
        )  # fmt: skip
    if marks and arrows:  # marker 11 hangs from its position
        axes.scatter(
            [x for x, *_ in marks], [1.0] * len(marks), s=_TRIANGLE**2, c=[mark[-1] for mark in marks],
            marker=11, transform=axes.get_xaxis_transform(), linewidths=0.0, clip_on=False,
        )  # fmt: skip


def _above(curves: Sequence[Curve], limits: Limits) -> Sequence[Curve]:
    """The curves with what is below a logarithmic axis just under it, so that a line to 0 is not upright."""
    if not limits.log:
        return curves
    floor = limits.low * (limits.low / limits.high) ** 0.05
    return [replace(curve, y=np.maximum(curve.y, floor)) for curve in curves]


def _mark_below(context: DrawContext, axes: Axes, box: Box, curves: Sequence[Curve], limits: Limits) -> None:
    """Mark the first rate of each curve that is below a logarithmic axis by an open triangle at the foot of the axis.

    Curves with a triangle at the same place have one together.
    """
    first, last = axes.get_xlim()
    marks: dict[int, list[tuple[float, Curve]]] = {}
    for curve in curves:
        below = np.flatnonzero(curve.y < limits.low)
        if below.size:
            x = float(curve.x[below[0]])
            place = round((x - first) / (last - first) * box.width * 72 / _TRIANGLE)
            marks.setdefault(place, []).append((x, curve))
            lowest = "of 0" if (curve.y[below] <= 0).all() else f"below {limits.low:.0e}"
            context.notes.append(
                f"`{curve.label}` has rates {lowest}, which are not on the logarithmic axis: an open triangle at its "
                "foot marks the first"
            )
    for same in marks.values():
        curve = same[0][1]
        colour = curve.colour if len(same) == 1 else mpl.rcParams["text.color"]
        axes.scatter(
            [same[0][0]], [0.5 * _TRIANGLE / 72 / box.height], s=_TRIANGLE**2, marker="v", facecolors="none",
            edgecolors=colour, linewidths=0.9, transform=axes.get_xaxis_transform(), clip_on=False,
            zorder=_CURVE_ZORDER + 0.1, gid=f"{'mark' if len(same) == 1 else 'marks'}-{curve.key}-{curve.kind}",
        )  # fmt: skip


def _line(curve: Curve, *, marked: bool, thin: bool) -> Line2D:
    busy = curve.turns >= _MIN_BUSY
    width = float(mpl.rcParams["lines.linewidth"]) * (0.5 if thin else _BUSY_WIDTH if busy else 1.0)
    zorder = _CURVE_ZORDER - 0.02 * busy
    line = Line2D(curve.x, curve.y, color=curve.colour, label=curve.label, linewidth=width, zorder=zorder)
    if curve.dash:
        line.set_linestyle((curve.shift, curve.dash))
        line.set_dash_capstyle("butt")
    if curve.marker and marked:
        line.set_marker(curve.marker)
        line.set_markeredgewidth(0.0)
        line.set_markevery(curve.updates.tolist())
    return line


def _share_of(curve: Curve, cell: Cell) -> float:
    """The part of the x axis that a curve takes."""
    return float(curve.x[-1] - curve.x[0]) / (cell.span[1] - cell.span[0])


def _is_dense(curve: Curve, cell: Cell, width: float) -> bool:
    """Whether a curve has more cycles than can be told apart in axes of a width."""
    return curve.turns * _MIN_CYCLE > 2 * width * _share_of(curve, cell)


def _draw_band(axes: Axes, curve: Curve, width: float) -> None:
    """Draw the range of a curve whose cycles cannot be told apart: each part of the band has a cycle or more."""
    parts = max(int(width / (2 * _MIN_CYCLE)), 1)
    edges = np.linspace(curve.x[0], curve.x[-1], parts + 1)
    starts = np.unique(np.searchsorted(curve.x, edges[:-1]))
    low, high = np.minimum.reduceat(curve.y, starts), np.maximum.reduceat(curve.y, starts)
    x = (curve.x[starts] + curve.x[np.append(starts[1:], curve.x.size) - 1]) / 2
    x, low, high = (
        np.concatenate([ends[:1], values, ends[1:]])
        for values, ends in ((x, curve.x[[0, -1]]), (low, low[[0, -1]]), (high, high[[0, -1]]))
    )
    part = f"{curve.key}-{curve.kind}"
    # A polygon rather than a collection: the page rewrites its path when it is zoomed.
    style: Any = {"zorder": _CURVE_ZORDER - 0.04, "label": curve.label, "linewidth": 0.0, "gid": f"band-{part}"}
    around = np.append(x, x[::-1]), np.append(low, high[::-1])
    axes.fill(*around, color=curve.colour, alpha=_BAND_ALPHA, **style)
    width_of_edge = _EDGE_WIDTH * float(mpl.rcParams["lines.linewidth"])
    for values, gid in ((low, f"band-{part}-low"), (high, f"curve-{part}")):
        axes.add_line(
            Line2D(x, values, color=curve.colour, label=curve.label, linewidth=width_of_edge, zorder=2.57, gid=gid)
        )


def _isolated_points(curve: Curve) -> Line2D:
    """The points with NaN on both sides, which no line passes through, as dots."""
    size = 2.2 * float(mpl.rcParams["lines.linewidth"])
    return Line2D(
        curve.x[curve.isolated], curve.y[curve.isolated], color=curve.colour, linestyle="none", marker="o",
        markersize=size, markeredgewidth=0.0, label=curve.label,
    )  # fmt: skip


def x_limits(context: DrawContext, cell: Cell) -> tuple[float, float]:
    """The limits of a cell's x axis: the run with a margin at each end."""
    first, last = cell.span
    return first - _X_MARGIN * (last - first), last + _X_MARGIN * (last - first)


def _set_ticks(axis: XAxis | YAxis, ticks: Ticks, *, labelled: bool) -> None:
    axis.set_major_locator(FixedLocator(ticks.major))
    axis.set_major_formatter(FixedFormatter(ticks.labels) if labelled else NullFormatter())
    axis.set_minor_formatter(NullFormatter())
    kind = "xtick" if isinstance(axis, XAxis) else "ytick"
    side, other = ("bottom", "top") if isinstance(axis, XAxis) else ("left", "right")
    get: Any = mpl.rcParams.get
    usual = get(f"{kind}.direction") == "out" and get(f"{kind}.{side}") and not get(f"{kind}.{other}")
    if ticks.minor and usual and not get("axes.grid"):
        _draw_minor_ticks(axis, ticks.minor, kind)
    else:
        axis.set_minor_locator(FixedLocator(ticks.minor) if ticks.minor else NullLocator())


def _draw_minor_ticks(axis: XAxis | YAxis, positions: Sequence[float], kind: str) -> None:
    """Draw minor ticks as one line of markers: as ticks of matplotlib they take half the time of the figure."""
    axes, zeros = axis.axes, [0.0] * len(positions)
    settings: Any = mpl.rcParams
    horizontal = kind == "xtick"
    marker: Any = TICKDOWN if horizontal else TICKLEFT
    figure: Any = axes.figure
    figure.add_artist(  # not to the axes, whose lines are curves
        Line2D(
            positions if horizontal else zeros, zeros if horizontal else positions, linestyle="none",
            marker=marker, markersize=settings[f"{kind}.minor.size"],
            markeredgewidth=settings[f"{kind}.minor.width"], color=settings[f"{kind}.color"], clip_on=False,
            transform=axes.get_xaxis_transform() if horizontal else axes.get_yaxis_transform(), zorder=0.0,
            gid=f"minor-{kind}s-{len(figure.artists)}",
        )
    )  # fmt: skip


MARGIN = 0.12  # inches around the content of a figure
_WIDE = 8.0  # inches; narrower figures have less margin at their sides
TITLE_PAD = 9.0  # points between axes and title
_MIN_AXES = 0.3  # inches; the least width and height of axes


def title_lines(context: DrawContext, text: str, width: float, most: int = 3) -> list[str]:
    """The lines of the figure's title: `options.title` if set, else `text`; no lines for an empty title."""
    if context.options.title is not None:
        text = clean(context.options.title) if context.options.title.strip() else ""
    return wrap(text, width, context.sizes["axes.titlesize"], context.measure, most) if text else []


def title_height(context: DrawContext, lines: int) -> float:
    """The height of a title with this number of lines, with the gap above its axes."""
    return lines * LINE * context.sizes["axes.titlesize"] + TITLE_PAD / 72 if lines else 0.05


def axis_label_height(context: DrawContext) -> float:
    """The height of the label of an axis."""
    return LINE * context.sizes["axes.labelsize"]


def x_labels_height(context: DrawContext) -> float:
    """The height of x ticks and their labels."""
    ticks = float(mpl.rcParams["xtick.major.size"]) + float(mpl.rcParams["xtick.major.pad"])
    return ticks / 72 + LINE * context.sizes["xtick.labelsize"] + 0.04


def y_labels_width(context: DrawContext, cell: Cell, limits: Limits, height: float) -> float:
    """The width of y ticks and their labels in the panels of a cell."""
    panels = panels_of(context, cell, limits)
    boxes = panel_boxes(Box(0.0, 0.0, 1.0, height), cell)
    labels = [label for p, box in zip(panels, boxes, strict=True) for label in p.limits.ticks(box.height).labels]
    ticks = float(mpl.rcParams["ytick.major.size"]) + float(mpl.rcParams["ytick.major.pad"])
    size = context.sizes["ytick.labelsize"]
    return ticks / 72 + max((context.measure(label, size) for label in labels), default=0.0) + 0.04


def axes_box(context: DrawContext, cell: Cell, limits: Limits, outer: Box, lines: int) -> Box:
    """The box of a cell's axes in an outer box, which also contains the ticks, labels and a title of `lines` lines."""
    bottom = MARGIN + x_labels_height(context) + axis_label_height(context)
    top = top_axis_height(context, cell)
    height = max(outer.height - bottom - top - MARGIN - title_height(context, lines), _MIN_AXES)
    margin = MARGIN * min(1.0, outer.width / _WIDE)
    left = margin + axis_label_height(context)
    left += max(y_labels_width(context, cell, limits, height), top_name_width(context) if top else 0.0)
    width = outer.width - left - margin
    width -= x_overhang(context, cell, max(width, _MIN_AXES))[1]
    return Box(outer.left + left, outer.bottom + bottom, max(width, _MIN_AXES), height)


def x_overhang(context: DrawContext, cell: Cell, length: float) -> tuple[float, float]:
    """How far the labels of an x axis of `length` inches extend beyond its left and its right end."""
    first, last = x_limits(context, cell)
    scale = length / (last - first)
    left = right = 0.0
    for ticks, unit in ((x_ticks(context, cell, length), 1), (top_axis(context, cell, length), cell.per_epoch or 1)):
        if ticks is not None and ticks.major:
            half_widths = [0.5 * context.measure(ticks.labels[i], context.sizes["xtick.labelsize"]) for i in (0, -1)]
            left = max(left, half_widths[0] - scale * (ticks.major[0] * unit - first))
            right = max(right, half_widths[1] - scale * (last - ticks.major[-1] * unit))
    return left, right


LINE = 1.2 / 72  # inches between lines of text, per point of text size
Measure = Callable[[str, float], float]  # (text, size in points) to width in inches
# Text is wrapped after these; a comma or slash between digits is part of a number.
_PIECES = re.compile(r"(?:[^\s,(\[/]|[,/](?=\d))*(?:(?:[(\[]|[,/](?!\d))\s*|\s+)|.+")


def fit_text(text: str, width: float, size: float, measure: Measure) -> str:
    """`text` shortened to a width, with the middle left out: notation often differs only at its end."""
    if measure(text, size) <= width:
        return text
    low, high = 0, len(text)
    while low < high:  # the most characters that fit
        count = (low + high + 1) // 2
        low, high = (count, high) if measure(without_middle(text, count), size) <= width else (low, count - 1)
    return without_middle(text, low)


def wrap(text: str, width: float, size: float, measure: Measure, most: int) -> list[str]:
    """`text` wrapped to at most `most` lines of a width, after commas, brackets and spaces, never within a word.

    If it does not fit, the middle of the text after the first `most - 1` lines is left out, or of a line with a word
    that is wider.
    """
    lines = _lines(text, width, size, measure)
    if len(lines) > most:
        head = lines[: most - 1]
        lines = [*head, text[len("".join(head)) :].strip()]
    return [fit_text(line.rstrip(), width, size, measure) for line in lines]


def wrap_evenly(text: str, width: float, size: float, measure: Measure, most: int) -> list[str] | None:
    """`text` wrapped to at most `most` lines of similar widths; None if it does not fit into lines of `width`."""
    total = measure(text, size)
    for share in (1.0, 1.1, 1.2, 1.35, 1.5, 1.75, 2.0):
        lines = [line.rstrip() for line in _lines(text, min(share * total / most, width), size, measure)]
        if len(lines) <= most and max(measure(line, size) for line in lines) <= width:
            return lines
    return None


def _lines(text: str, width: float, size: float, measure: Measure) -> list[str]:
    """The text wrapped to a width greedily; a word that is wider has a line of its own."""
    if measure(text, size) <= width:
        return [text]
    lines, used = [""], 0.0
    for piece in _PIECES.findall(text):
        if lines[-1] and used + measure(piece.rstrip(), size) > width:
            lines.append("")
            used = 0.0
        lines[-1] += piece
        used += measure(piece, size)
    return lines
