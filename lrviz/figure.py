"""The matplotlib room's door: traces in, a figure out, and its bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from lrviz import captions, style
from lrviz.backend import Axes
from lrviz.curves import Cell, cells, overlay
from lrviz.errors import SpecError
from lrviz.grid import draw_grid
from lrviz.labels import LINE
from lrviz.layout import EDGE, TITLE_PAD, below_axes, beside_axes, room_for_axes, title_lines
from lrviz.look import DPI, FigureOptions, check_size
from lrviz.panels import Box, Limits, Sheet, draw_cell, panels_of, places, rate_limits, x_name
from lrviz.render import Chart, render
from lrviz.style import Look
from lrviz.trace import Trace

__all__ = ["Chart", "draw", "render"]

_OVERLAY = (10.0, 5.0)
_SMALL = (3.2, 2.4)  # a figure smaller than this has smaller text
_UNDER = 1.3  # inches that a panel of momentum or metric makes the figure taller
_LEGEND = 3.0  # inches of the tallest legend below, where the figure can grow


def draw(traces: Sequence[Trace], options: FigureOptions = FigureOptions()) -> Chart:
    """Draw traces: the rate of every update, and what else they hold.

    Args:
        traces: At least one; each of their parameter groups is a line.
        options: The look.

    Returns:
        A figure that belongs to no window and to no state of pyplot.

    Raises:
        SpecError: there is nothing to draw, or the style cannot be used.
    """
    if not traces:
        raise SpecError("there is nothing to draw: no traces")
    look = style.load(options.style)
    size = options.size or _size_of(look, options)
    if size is not None and (factor := min(size[0] / _SMALL[0], size[1] / _SMALL[1])) < 1:
        look = style.scaled(look, max(factor, 0.5))
    try:
        with style.applied(look):
            figure = Chart(look, figsize=size or _OVERLAY, dpi=options.dpi or DPI)
            sheet = Sheet(figure, look, options)
            if options.layout == "grid":
                draw_grid(sheet, cells(traces, options, look, int(4.0 * figure.dpi)), free=size is None)
            else:
                pixels = int(figure.get_figwidth() * figure.dpi)
                _draw_overlay(sheet, overlay(traces, options, look, pixels), free=size is None)
    except (ValueError, TypeError, RuntimeError, KeyError) as error:
        if options.style in style.OWN:
            raise
        raise SpecError(f"cannot use the style `{options.style}`: {error}") from error
    return figure


def _size_of(look: Look, options: FigureOptions) -> tuple[float, float] | None:
    """The size that a style asks for."""
    size: Any = look.settings.get("figure.figsize")
    if size is None:
        return None
    width, height = float(size[0]), float(size[1])
    check_size((width, height), options.dpi)
    return width, height


def _draw_overlay(sheet: Sheet, cell: Cell, *, free: bool) -> None:
    """All curves in one pair of axes; a figure of free size grows with what it holds."""
    width, height = sheet.size()
    limits = rate_limits([cell], sheet)
    title = title_lines(sheet, cell.title, max(width - 1.2, 0.5 * width))
    if free:
        height += cell.panels * _UNDER + max(len(title) - 1, 0) * LINE * sheet.sizes["axes.titlesize"]
    room = room_for_axes(sheet, cell, limits, Box(0.0, 0.0, width, height), len(title))
    ends, legend = None, None
    if 1 < len(cell.rates) <= captions.MOST_AT_ENDS:
        ends = captions.end_labels(sheet, cell, places(room, cell)[0], limits)
    if ends is not None:
        room = replace(room, width=ends[0].width)
    elif len(cell.rates) > 1:
        legend = captions.key(sheet, cell.rates, room, _LEGEND if free else 0.5 * room.height)
        if legend.right:
            room = replace(room, width=room.width - legend.width)
        else:
            below = legend.height + EDGE
            height += below if free else 0.0
            room = room_for_axes(sheet, cell, limits, Box(0.0, below, width, height - below), len(title))
    sheet.figure.set_size_inches(width, height)
    drawn = draw_cell(sheet, room, cell, limits)
    _name_axes(sheet, drawn, cell, room, limits)
    if title:
        drawn[0].set_title("\n".join(title), loc="left", y=1.0, pad=TITLE_PAD)
    for label in ends[1] if ends else ():
        label.put(sheet, drawn[0])
    if legend is not None:
        legend.put(sheet, *((room.right + 0.2, room.top) if legend.right else (room.left, legend.height + EDGE)))


def _name_axes(sheet: Sheet, drawn: Sequence[Axes], cell: Cell, room: Box, limits: Limits) -> None:
    """Write the names of the axes, those of the y axes in one line."""
    inches = sheet.figure.dpi_scale_trans
    left = room.left - beside_axes(sheet, cell, limits, room.height)
    panels = panels_of(sheet, cell, limits)
    for axes, panel, box in zip(drawn, panels, places(room, cell), strict=True):
        axes.set_ylabel(panel.name)
        axes.yaxis.set_label_coords(left, box.bottom + box.height / 2, transform=inches)
    drawn[-1].set_xlabel(x_name(sheet, [cell]))
    drawn[-1].xaxis.set_label_coords(room.left + room.width / 2, room.bottom - below_axes(sheet), transform=inches)
