"""Draw curves into axes of the caller."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lrviz.errors import SpecError
from lrviz.figure.axes import Box, DrawContext, draw_cell, x_axis_label
from lrviz.figure.backend import Axes, load_style
from lrviz.figure.curves import one_cell
from lrviz.figure.style import FigureOptions
from lrviz.figure.ticks import rate_limits
from lrviz.trace import Trace


def draw_into(axes: Axes, traces: Sequence[Trace], options: FigureOptions) -> None:
    """Draw the rates of traces into axes: lines, limits, ticks, labels, and a legend of several curves.

    Text and lines have the current settings of matplotlib, as the rest of the caller's figure; the style gives the
    colours. Nothing else of the figure changes.

    Args:
        axes: Axes of a matplotlib figure.
        traces: At least one; each of their parameter groups is a line.
        options: The style, and what the axes show.

    Raises:
        SpecError: there is nothing to draw, or the style cannot be used.
    """
    if not traces:
        raise SpecError("there is nothing to draw: no traces")
    context = DrawContext(axes.get_figure(), load_style(options.style), options)  # type: ignore[arg-type] # or a part of one
    extent = axes.get_window_extent()
    width, height = float(extent.width) / context.figure.dpi, float(extent.height) / context.figure.dpi
    cell = one_cell(traces, options, context.style, max(int(extent.width), 1))
    cell = replace(cell, momentum=(), metric=())
    before = len(axes.get_lines())
    limits = rate_limits([cell], options, context.style)
    draw_cell(context, Box(0.0, 0.0, width, height), cell, limits, create=lambda _: axes)
    axes.set_xlabel(x_axis_label(context, [cell]))
    axes.set_ylabel("Learning rate")
    if options.title or cell.title:
        axes.set_title(options.title or cell.title)
    if len(cell.rates) > 1:
        names = {f"curve-{curve.key}-{curve.kind}": curve.label for curve in cell.rates}
        lines = [line for line in axes.get_lines()[before:] if line.get_gid() in names]
        axes.legend(lines, [names[str(line.get_gid())] for line in lines])
