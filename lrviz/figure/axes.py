"""Axes of a figure: their boxes in inches, panels, ticks and lines, and the space that titles and labels take.

Widths and heights are in inches, sizes of text in points.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise
from math import inf
from typing import Any, Final

from lrviz.figure.backend import Axes, Figure, FontProperties, Line2D, agg, mpl
from lrviz.figure.curves import MAX_NAMED, Cell, Curve, clean
from lrviz.figure.style import FigureOptions, Style
from lrviz.figure.ticks import Limits, Ticks, epoch_ticks, set_ticks, step_ticks, top_ticks, value_limits
from lrviz.text import format_rate

_FONT_SETTINGS: Final = [name for name in mpl.rcParams if name.startswith(("font.", "mathtext.", "text."))]
LINE = 1.2 / 72  # inches between lines of text, per point of text size
MARGIN = 0.12  # inches around the content of a figure
_WIDE = 8.0  # inches; narrower figures have less margin at their sides
TITLE_PAD = 9.0  # points between axes and title
_MIN_AXES = 0.3  # inches; the least width and height of axes
_MIN_LABEL_SIZE = 5.0  # points; of the label of an axis
_X_MARGIN = 0.015  # of the length of the run, at each end
_MIN_MARKER_GAP = 0.045  # inches per step; markers are drawn from this distance on
_PANEL_SHARE, _PANEL_GAP = 0.34, 0.07  # relative to the height of the panel of rates
CURVE_ZORDER = 2.6  # above the spines, which have 2.5
_MIN_BUSY = 6  # turns; curves with more are thinner, and below the others
_BUSY_WIDTH = 0.6  # relative to the width of a line
_TICK_UP: Final = 2  # matplotlib's marker
MIN_CYCLE = 0.05  # inches; shorter cycles cannot be told apart


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


@dataclass
class DrawContext:
    """The figure being drawn, with its style and options, sizes of text in points, and `measure` for widths of text."""

    figure: Figure
    style: Style
    options: FigureOptions
    sizes: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)  # what the figure cannot show, for the caller

    def __post_init__(self) -> None:
        for name in ("axes.labelsize", "axes.titlesize", "legend.fontsize", "xtick.labelsize", "ytick.labelsize"):
            self.sizes[name] = FontProperties(size=mpl.rcParams[name]).get_size_in_points()
        self.fonts = str([mpl.rcParams[name] for name in _FONT_SETTINGS])

    def measure(self, text: str, size: float) -> float:
        """The width in inches of one line of text."""
        return _text_width(text, size, self.figure.dpi, self.fonts) / self.figure.dpi

    def size(self) -> tuple[float, float]:
        """The width and height of the figure in inches."""
        return float(self.figure.get_figwidth()), float(self.figure.get_figheight())

    def axes(self, box: Box) -> Axes:
        """Add axes to the figure."""
        width, height = self.size()
        return self.figure.add_axes((box.left / width, box.bottom / height, box.width / width, box.height / height))


@lru_cache(10_000)  # figures of one program have many texts in common
def _text_width(text: str, size: float, dpi: float, fonts: str) -> float:
    """The width in pixels of one line of text, with the settings of fonts that `fonts` names."""
    renderer = agg.RendererAgg(8, 8, dpi)  # draws nothing
    width, _, _ = renderer.get_text_width_height_descent(text, FontProperties(size=size), False)
    return float(width)


def x_limits(context: DrawContext, cell: Cell) -> tuple[float, float]:
    """The limits of a cell's x axis: the run with a margin at each end."""
    first, last = cell.span
    return first - _X_MARGIN * (last - first), last + _X_MARGIN * (last - first)


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
    axes.spines["top"].set(visible=True, gid=f"{part}-line")
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
    gap, thin = min(0.16, max(_PANEL_GAP * main, min(0.11, 0.15 * main))), min(1.1, _PANEL_SHARE * main)
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
        set_ticks(axes.xaxis, ticks, labelled=x_labels and panel is panels[-1])
        limits, curves = panel.limits, panel.curves
        if limits.log:
            axes.set_yscale("log", nonpositive="clip")
        axes.set_ylim(limits.low, limits.high)
        y_ticks = limits.ticks(panel_box.height)
        if y_labels or panel is not panels[0]:
            y_ticks, lowest = _apart(y_ticks, limits, panel_box, lowest, context.sizes["ytick.labelsize"] / 72)
        set_ticks(axes.yaxis, y_ticks, labelled=y_labels or panel is not panels[0])
        if cell.cuts:
            from lrviz.figure.marks import mark_cuts

            mark_cuts(axes, cell, arrows=panel is panels[0])
        if limits.log:
            from lrviz.figure.marks import above, mark_below

            mark_below(axes, panel_box, curves, limits)
            curves = above(curves, limits)
        for curve in curves:
            if _is_dense(curve, cell, panel_box.width):
                from lrviz.figure.marks import draw_band

                draw_band(axes, curve, panel_box.width * _share_of(curve, cell))
                continue
            line = axes.add_line(_line(curve, marked=marked, thin=len(panel.curves) > MAX_NAMED))
            line.set_gid(f"curve-{curve.key}-{curve.kind}")
            if line.get_marker() != "None" and limits.low <= curve.y.min() and curve.y.max() <= limits.high:
                line.set_clip_on(False)  # so that a marker at the edge of the axes is drawn in full
            if curve.isolated.size and not curve.marker:
                from lrviz.figure.marks import isolated_points

                axes.add_line(isolated_points(curve)).set_gid(f"points-{curve.key}-{curve.kind}")
        drawn.append(axes)
    return drawn


def cell_notes(context: DrawContext, cell: Cell, limits: Limits, width: float) -> list[str]:
    """What the panels of a cell do not show as it is, in axes of a width."""
    notes = []
    panels = panels_of(context, cell, limits)
    if any(_is_dense(curve, cell, width) for panel in panels for curve in panel.curves):
        notes.append("Band: the range of cycles too close to be told apart")
    low = [curve.y[curve.y < limits.low] for curve in cell.rates] if limits.log else []
    if any(values.size for values in low):
        lowest = "of 0" if all((values <= 0).all() for values in low) else f"under {format_rate(limits.low, 1)}"
        notes.append(f"Open triangle: the first rate {lowest}, below the logarithmic axis")
    return notes


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


def _line(curve: Curve, *, marked: bool, thin: bool) -> Line2D:
    busy = curve.turns >= _MIN_BUSY
    width = float(mpl.rcParams["lines.linewidth"]) * (0.5 if thin else _BUSY_WIDTH if busy else 1.0)
    zorder = CURVE_ZORDER - 0.02 * busy
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
    return curve.turns * MIN_CYCLE > 2 * width * _share_of(curve, cell)


def title_lines(context: DrawContext, text: str, width: float, most: int = 3) -> list[str]:
    """The lines of the figure's title: `options.title` if set, else `text`; no lines for an empty title."""
    if context.options.title is not None:
        text = clean(context.options.title) if context.options.title.strip() else ""
    size = context.sizes["axes.titlesize"]
    if not text or context.measure(text, size) <= width:
        return [text.rstrip()] if text else []
    from lrviz.figure.wrapping import wrap

    return wrap(text, width, size, context.measure, most)


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
    from lrviz.figure.wrapping import fit_text

    return [fit_text(name, min(distances) - 0.06, size, context.measure) for name in names], size
