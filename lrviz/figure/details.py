"""An inset with a part of the run, and short texts at its peak, cuts and end, in the free places of axes.

Positions are in inches.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import ceil
from typing import Any

import numpy as np

from lrviz.figure.axes import Box, DrawContext, draw_cell, x_labels_height, x_limits, x_overhang, y_labels_width
from lrviz.figure.backend import Axes, Line2D, agg, mpl, to_rgb
from lrviz.figure.curves import Cell, one_cell
from lrviz.figure.placing import Space
from lrviz.figure.style import readable
from lrviz.figure.ticks import Limits, plain_rates, rate_limits, value_limits
from lrviz.text import format_rate
from lrviz.trace import Trace, jumps

_SCALE = 0.85  # of text, relative to that of the figure
_INSET_SHARES = (0.5, 0.44, 0.38, 0.33, 0.28)  # of the axes that an inset takes in each direction
_MIN_INSET = (0.5, 0.3)  # inches; the least width and height of its axes
_WARMUP_SHARE = 1.3  # of the warm-up in an inset of it
_MAX_ANNOTATED = 5  # curves
_MAX_CUTS = 6  # with a text each
_LEADER = 0.12  # inches; a text further from its point has a line to it
_REACH = 1.5  # inches; the furthest
_CROSSING = 4.0  # inches of distance that a line is worth that is on a curve all along
_LINK = 0.02  # inches between the boxes on a line


def draw_details(
    context: DrawContext, axes: Axes, box: Box, cell: Cell, limits: Limits, traces: Sequence[Trace]
) -> None:
    """Draw the inset and the annotations of a figure in axes with these traces."""
    space = _space(context, box, cell, limits)
    taken = _texts(context, axes)
    if context.options.inset is not None:
        inset = _draw_inset(context, axes, space, taken, traces)
        taken += [inset] if inset else []
    if context.options.annotate:
        annotate(context, axes, space, taken, cell, limits, traces)


def _space(context: DrawContext, box: Box, cell: Cell, limits: Limits) -> Space:
    first, last = x_limits(context, cell)
    scale = box.width / (last - first)
    shapes = [
        [(box.left + scale * (curve.x - first), box.bottom + box.height * limits.shares(curve.y))]
        for curve in cell.rates
    ]
    marks = [box.left + scale * (float(x) - first) for _, cuts in cell.cuts for x in cuts]
    thickness = float(mpl.rcParams["lines.markersize" if cell.rates[0].marker else "lines.linewidth"])
    return Space(box, shapes, context.sizes["legend.fontsize"] / 72, thickness / 144, marks)


def _texts(context: DrawContext, axes: Axes) -> list[Box]:
    """The boxes of the texts in axes."""
    boxes = []
    for text in axes.texts:
        extent = text.get_window_extent(agg.RendererAgg(8, 8, context.figure.dpi))
        x, y, width, height = (value / context.figure.dpi for value in extent.bounds)
        boxes.append(Box(x, y, width, height))
    return boxes


def _draw_inset(
    context: DrawContext, axes: Axes, space: Space, taken: Sequence[Box], traces: Sequence[Trace]
) -> Box | None:
    """Draw the inset in the largest free place of the axes; its box, None if there is no such place."""
    span = context.options.inset
    if span == "warmup":
        ends = [trace.summary(i).warmup_end for trace in traces for i in range(trace.lr.shape[1])]
        longest = max((end for end in ends if end is not None), default=None)
        if longest is None:
            context.notes.append("no curve has a warm-up, so there is no inset")
            return None
        span = 0, min(ceil(_WARMUP_SHARE * longest), max(trace.updates for trace in traces))
    options = replace(context.options, span=span, ylim=None, momentum=False)
    small = DrawContext(context.figure, context.style, options)
    small.sizes = {name: _SCALE * size for name, size in context.sizes.items()}
    buckets = int(space.box.width * context.figure.dpi)
    cell = replace(one_cell(traces, options, context.style, buckets), metric=(), cuts=())
    limits = rate_limits([cell], small.options, small.style)
    if not limits.log:
        limits = value_limits(cell.rates)
    first, last = axes.get_xlim()
    scale = space.box.width / (last - first)
    left, right = (space.box.left + scale * (x - first) for x in cell.span)
    part = Box(left, space.box.bottom, right - left, space.box.height)
    place = _inset_place(small, space, [*taken, part], cell, limits) or _inset_place(small, space, taken, cell, limits)
    if place is None:
        context.notes.append("the curves leave no place for the inset: a larger figure may have one")
        return None
    outer, inner = place
    whole = space.box

    def create(box: Box) -> Axes:
        bounds = (box.left - whole.left) / whole.width, (box.bottom - whole.bottom) / whole.height
        return axes.inset_axes((*bounds, box.width / whole.width, box.height / whole.height))

    artists = len(context.figure.artists)
    (panel,) = draw_cell(small, inner, cell, limits, create=create)
    panel.set_gid("inset")
    for artist in panel.get_children():
        if artist.get_gid():
            artist.set_gid(f"{artist.get_gid()}-inset")
    for artist in context.figure.artists[artists:]:
        artist.set_gid(f"inset-{artist.get_gid()}")
    panel.tick_params(labelsize=small.sizes["xtick.labelsize"])
    context.notes += small.notes
    axes.axvspan(*cell.span, color=mpl.rcParams["grid.color"], alpha=0.6, linewidth=0.0, zorder=0.5, gid="inset-part")
    return outer


def _inset_place(
    context: DrawContext, space: Space, taken: Sequence[Box], cell: Cell, limits: Limits
) -> tuple[Box, Box] | None:
    """The largest free box for an inset with its labels, and the box of its axes."""
    for across, up in sorted(product(_INSET_SHARES, repeat=2), key=lambda shares: -shares[0] * shares[1]):
        size = across * space.box.width, up * space.box.height
        left = y_labels_width(context, cell, limits, size[1])
        right = x_overhang(context, cell, size[0])[1] + 0.04
        below = x_labels_height(context)
        width, height = size[0] - left - right, size[1] - below - 0.06
        if width < _MIN_INSET[0] or height < _MIN_INSET[1]:
            continue
        lefts, bottoms = space.free(size, 0.5, taken)
        if lefts.size:
            best = int(np.argmax(lefts + bottoms))
            outer = Box(float(lefts[best]), float(bottoms[best]), *size)
            return outer, Box(outer.left + left, outer.bottom + below, width, height)
    return None


@dataclass(frozen=True)
class _Point:
    """A point of a curve, in steps, and its text."""

    step: int
    rate: float
    text: str


def annotate(
    context: DrawContext,
    axes: Axes,
    space: Space,
    taken: Sequence[Box],
    cell: Cell,
    limits: Limits,
    traces: Sequence[Trace],
) -> None:
    """Write the peak, the end of warm-up, the cuts and the final rate of each curve beside it.

    `taken` are the boxes of other texts.
    """
    if len(cell.rates) > _MAX_ANNOTATED:
        context.notes.append(f"of more than {_MAX_ANNOTATED} curves none is annotated")
        return
    plain = plain_rates(limits.ticks(space.box.height).major)
    size = _SCALE * context.sizes["legend.fontsize"]
    ground = to_rgb(mpl.rcParams["axes.facecolor"])
    first, last = x_limits(context, cell)
    taken = list(taken)
    seen: set[tuple[str, int, int]] = set()
    curves = iter(cell.rates)
    for trace in traces:
        if context.options.span is not None and trace.updates <= context.options.span[0]:
            continue
        scale = 1.0 / trace.spec.loop.mean_updates_per_epoch if context.options.x == "epoch" else 1.0
        for group in range(trace.lr.shape[1]):
            curve = next(curves)
            colour = to_rgb(curve.colour)
            text_colour = readable(colour, ground) if len(cell.rates) > 1 else mpl.rcParams["xtick.color"]
            for point in _points(trace, group, plain=plain):
                if not cell.span[0] <= point.step * scale <= cell.span[1]:
                    continue
                x = space.box.left + space.box.width * (point.step * scale - first) / (last - first)
                y = space.box.bottom + space.box.height * limits.share(point.rate)
                key = point.text, round(10 * x), round(10 * y)
                if key in seen:
                    continue
                seen.add(key)
                extent = context.measure(point.text, size), 1.1 * size / 72
                box = _nearest(space, extent, taken, (x, y))
                if box is None:
                    context.notes.append(f"there is no free place for the text `{point.text}`")
                    continue
                taken += [box, *_along(_leader(box, (x, y)))]
                part = f"{curve.key}-{len(taken)}"
                _draw_text(context, axes, box, (x, y), point.text, text_colour, size, part)


def _nearest(space: Space, size: tuple[float, float], taken: Sequence[Box], at: tuple[float, float]) -> Box | None:
    """The free box of a size that is nearest to a point, with a line to it on no text and on few curves."""
    left, bottom = space.free(size, 0.3, taken)
    ends = np.column_stack([np.clip(at[0], left, left + size[0]), np.clip(at[1], bottom, bottom + size[1])])
    distance = np.hypot(*(ends - at).T)
    centred = np.abs(left + size[0] / 2 - at[0]) + np.abs(bottom + size[1] / 2 - at[1])
    near = np.flatnonzero(distance <= _REACH)
    on_curves, on_boxes = space.crossings(at, ends[near], taken)
    cost = distance[near] + 0.05 * centred[near] + np.where(distance[near] > _LEADER, _CROSSING * on_curves, 0.0)
    cost[on_boxes & (distance[near] > _LEADER)] = np.inf
    if not near.size or not np.isfinite(cost.min()):
        return None
    best = near[int(np.argmin(cost))]
    return Box(float(left[best]), float(bottom[best]), *size)


def _leader(box: Box, at: tuple[float, float]) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """The line from a point to its text, None if they are close to each other."""
    end = min(max(at[0], box.left), box.right), min(max(at[1], box.bottom), box.top)
    return (at, end) if np.hypot(end[0] - at[0], end[1] - at[1]) > _LEADER else None


def _along(line: tuple[tuple[float, float], tuple[float, float]] | None) -> list[Box]:
    """Small boxes on a line, which other texts avoid."""
    if line is None:
        return []
    (x0, y0), (x1, y1) = line
    count = ceil(np.hypot(x1 - x0, y1 - y0) / _LINK)
    return [Box(x0 + (x1 - x0) * i / count, y0 + (y1 - y0) * i / count, 0.01, 0.01) for i in range(1, count + 1)]


def _draw_text(
    context: DrawContext, axes: Axes, box: Box, at: tuple[float, float], text: str, colour: Any, size: float, part: str
) -> None:
    """Draw a text in its box, with a dot at its point and a thin line between them if they are apart.

    `part` follows the kinds of the parts in their names.
    """
    inches = context.figure.dpi_scale_trans
    style: Any = {"color": colour, "transform": inches}
    dot = Line2D([at[0]], [at[1]], marker="o", markersize=3.0, zorder=3.0, gid=f"leader-{part}-dot", **style)
    context.figure.add_artist(dot)
    if (line := _leader(box, at)) is not None:
        x, y = zip(*line, strict=True)
        context.figure.add_artist(Line2D(x, y, linewidth=0.5, alpha=0.7, gid=f"leader-{part}", **style))
    axes.text(
        box.left, box.bottom + box.height / 2, text, fontsize=size, ha="left", va="center_baseline", color=colour,
        transform=inches, gid=f"label-{part}",
    )  # fmt: skip


def _points(trace: Trace, group: int, *, plain: bool) -> Iterator[_Point]:
    """The points of a curve that are annotated, with rates as decimals if `plain`."""
    lr = trace.lr[:, group]
    summary = trace.summary(group)

    def rate(value: float) -> str:
        return format_rate(value, beside=summary.peak, decimal=plain)

    if summary.least == summary.peak:
        yield _Point(0, summary.peak, f"constant {rate(summary.peak)}")
        return
    if summary.warmup_end == summary.peak_step:
        yield _Point(summary.peak_step, summary.peak, f"end of warm-up, peak {rate(summary.peak)}")
    else:
        yield _Point(summary.peak_step, summary.peak, f"peak {rate(summary.peak)}")
        if summary.warmup_end is not None:
            yield _Point(summary.warmup_end, float(lr[summary.warmup_end]), "end of warm-up")
    falls = np.flatnonzero(lr[1:] < lr[:-1]) + 1
    cuts = falls[jumps(lr, falls)]
    factors = [f"×{lr[cut] / lr[cut - 1]:.3g}" for cut in cuts[:_MAX_CUTS]]
    if cuts.size > _MAX_CUTS:
        factors = [f"{factors[0]}, the first of {cuts.size:,} cuts"]
    yield from (_Point(int(cut), float(lr[cut]), text) for cut, text in zip(cuts, factors, strict=False))
    yield _Point(lr.size - 1, summary.final, f"final {rate(summary.final)}")
