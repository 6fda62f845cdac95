"""The grid layout: small axes in rows and columns, one for each trace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import ceil, sqrt

from lrviz.figure.axes import (
    LINE,
    MARGIN,
    PANEL_GAP,
    PANEL_SHARE,
    Box,
    DrawContext,
    Limits,
    axis_label_height,
    draw_cell,
    draw_top_axis,
    panel_boxes,
    panel_labels,
    panels_of,
    rate_limits,
    title_height,
    title_lines,
    top_axis_height,
    top_name_width,
    wrap,
    x_axis_label,
    x_labels_height,
    x_overhang,
    y_labels_width,
)
from lrviz.figure.backend import mpl
from lrviz.figure.captions import Legend, plan_legend
from lrviz.figure.curves import Cell, Curve, cells_of
from lrviz.trace import Trace

_CELL_WIDTHS = (6.5, 4.2, 3.2, 2.75, 2.5)  # inches of a cell, by number of columns
_CURVE_WIDTH = 4.0  # inches; the width whose pixels the points of a curve are reduced to
_RATES_HEIGHT = 1.5  # inches of the panel of rates
_MAX_COLUMNS = 5
_MIN_READABLE_HEIGHT = 0.5
_TITLE_SCALE = 0.85  # relative to the size of the title of a figure
_MIN_SIDE = 0.1
_GAP = 0.22  # between columns
_LABEL_GAP = 0.1  # between the labels of neighbouring x axes
_ROW_GAP = 0.12  # between rows


def columns_for(count: int) -> int:
    """The number of columns: the square root of the number of cells or slightly more, with few empty cells."""
    if count <= 3:
        return count
    root = sqrt(count)
    most = max(_MAX_COLUMNS, round(root))
    choices = range(min(most, ceil(root)), min(most, ceil(root) + 1) + 1)

    def waste(columns: int) -> float:
        empty = -count % columns
        return empty + abs(columns - root) + (2 if empty == columns - 1 else 0)  # avoid a single cell in the last row

    return min(choices, key=lambda columns: (round(waste(columns), 6), -count % columns))


def draw(context: DrawContext, traces: Sequence[Trace], *, auto_size: bool) -> None:
    """Draw each trace in its own axes; with `auto_size` the size of the figure depends on their number.

    Ticks that are the same in all axes are labelled only in the left column and in the lowest row.
    """
    cells = cells_of(traces, context.options, context.style, int(_CURVE_WIDTH * context.figure.dpi))
    count = len(cells)
    columns = min(context.options.columns or columns_for(count), count)
    rows = [range(first, min(first + columns, count)) for first in range(0, count, columns)]
    row_panels = [max(cells[i].panels for i in row) for row in rows]
    cells = [replace(cell, row_panels=row_panels[i // columns]) for i, cell in enumerate(cells)]
    shares = [1 + panels * (PANEL_SHARE + PANEL_GAP) for panels in row_panels]  # row heights relative to the rates
    shared = rate_limits(cells, context) if context.options.share_y else None
    limits = [shared or rate_limits([cell], context) for cell in cells]
    width, height = context.size()
    sized_cells = [(cells[i], limits[i], shares[i // columns] * _RATES_HEIGHT) for i in range(count)]
    widths = [y_labels_width(context, *sized) for sized in sized_cells]
    left = MARGIN + 0.03 + axis_label_height(context)
    left += max(*widths[::columns], top_name_width(context) if top_axis_height(context, cells[0]) else 0.0)
    gap = max(_GAP, _x_gap(context, cells)) if shared else 0.1 + max(widths)
    if any(row_panels):  # panels under the rates always have labels
        label = axis_label_height(context)
        left += label
        gap = max(gap, 0.1 + label + max(y_labels_width(context, *sized, under=True) for sized in sized_cells))
    if auto_size:
        width = left + columns * _CELL_WIDTHS[min(columns, len(_CELL_WIDTHS)) - 1] + (columns - 1) * gap + MARGIN
    cell_width = max((width - left - 2 * MARGIN - (columns - 1) * gap) / columns, _MIN_SIDE)

    same_x = len({(cell.span, cell.per_epoch) for cell in cells}) == 1
    x_labelled = [not same_x or i + columns >= count for i in range(count)]
    on_top = [top_axis_height(context, cell) if not same_x or i < columns else 0.0 for i, cell in enumerate(cells)]
    bottom_gaps = _bottom_gaps(context, [any(x_labelled[i] for i in row) for row in rows])
    title = title_lines(context, "", width - left - MARGIN)
    groups = _groups(cells)
    legend = plan_legend(context, groups, Box(left, 0.0, width - left - MARGIN, 0.0), 1.0) if groups else None
    top = MARGIN + (title_height(context, len(title)) if title else 0.0)
    bottom = MARGIN + axis_label_height(context) + (legend.height + MARGIN if legend else 0.0)

    size = _TITLE_SCALE * context.sizes["axes.titlesize"]
    for max_lines in (3, 2, 1):  # of the title of a cell: fewer if the axes would be too small
        titles = [wrap(cell.title, cell_width + 0.5 * _GAP, size, context.measure, max_lines) for cell in cells]
        headings = [max(len(titles[i]) * LINE * size + on_top[i] for i in row) + 0.07 for row in rows]
        rest = top + bottom + sum(headings) + sum(bottom_gaps)
        rates_height = _RATES_HEIGHT if auto_size else max((height - rest) / sum(shares), _MIN_SIDE)
        if rates_height > _MIN_READABLE_HEIGHT:
            break
    if auto_size:
        height = rest + sum(shares) * rates_height
        context.figure.set_size_inches(width, height)
    if shared:  # the same ticks for all
        limits = [replace(shared, ticks_for=rates_height)] * count

    y = height - top
    for row, heading, share, bottom_gap in zip(rows, headings, shares, bottom_gaps, strict=True):
        y -= heading + share * rates_height
        for i in row:
            _draw_trace(
                context,
                Box(left + (i - row[0]) * (cell_width + gap), y, cell_width, share * rates_height),
                cells[i],
                limits[i],
                titles[i],
                x_labels=x_labelled[i],
                y_labels=not shared or i == row[0],
                top=on_top[i],
            )
        y -= bottom_gap
    box = Box(left, bottom, columns * cell_width + (columns - 1) * gap, height - top - bottom)
    _draw_labels(context, cells, title, legend, box)


def _draw_trace(
    context: DrawContext,
    box: Box,
    cell: Cell,
    limits: Limits,
    title: list[str],
    *,
    x_labels: bool,
    y_labels: bool,
    top: float,
) -> None:
    """Draw a cell, its title above a second axis of height `top`, and the labels of the panels under its rates."""
    drawn = draw_cell(context, box, cell, limits, x_labels=x_labels, y_labels=y_labels)
    if top:
        draw_top_axis(context, drawn[0], panel_boxes(box, cell)[0], cell, named=y_labels)
    size = _TITLE_SCALE * context.sizes["axes.titlesize"]
    drawn[0].set_title("\n".join(title), loc="left", y=1.0, pad=4.0 + 72 * top, fontsize=size)
    panels = panels_of(context, cell, limits)
    x = box.left - y_labels_width(context, cell, limits, box.height, under=True) if cell.panels else 0.0
    boxes = panel_boxes(box, cell)[1:]
    names, size = panel_labels(context, [panel.name for panel in panels[1:]], boxes, context.sizes["ytick.labelsize"])
    for axes, name, panel_box in zip(drawn[1:], names, boxes, strict=True):
        axes.set_ylabel(name, fontsize=size)
        middle = panel_box.bottom + panel_box.height / 2
        axes.yaxis.set_label_coords(x, middle, transform=context.figure.dpi_scale_trans)


def _bottom_gaps(context: DrawContext, x_labelled: Sequence[bool]) -> list[float]:
    """The gaps below rows; `x_labelled` is whether the x axes of each have labels."""
    gaps = [_ROW_GAP + (x_labels_height(context) if labelled else 0.06) for labelled in x_labelled]
    return [*gaps[:-1], gaps[-1] - _ROW_GAP]


def _x_gap(context: DrawContext, cells: Sequence[Cell]) -> float:
    """The gap between columns in which the labels of neighbouring x axes do not touch."""
    overhangs = [x_overhang(context, cell, _CELL_WIDTHS[-1]) for cell in cells]
    return max(left for left, _ in overhangs) + max(right for _, right in overhangs) + _LABEL_GAP


def _draw_labels(context: DrawContext, cells: list[Cell], title: list[str], legend: Legend | None, box: Box) -> None:
    """Draw what all cells share around their box: the labels of the axes, the title, the legend."""
    width, height = context.size()
    text_style = {
        "fontsize": context.sizes["axes.labelsize"],
        "fontweight": mpl.rcParams["axes.labelweight"],
        "color": mpl.rcParams["axes.labelcolor"],
    }
    x, y = (box.left + box.width / 2) / width, (box.bottom + box.height / 2) / height
    context.figure.supxlabel(x_axis_label(context, cells), x=x, y=box.bottom / height, va="top", **text_style)
    context.figure.supylabel(context.style.rate, x=MARGIN / width, y=y, ha="left", **text_style)
    if title:
        text_style |= {"fontsize": context.sizes["axes.titlesize"], "color": mpl.rcParams["text.color"]}
        text_style["fontweight"] = mpl.rcParams["axes.titleweight"]
        x, y = box.left / width, 1 - MARGIN / height
        context.figure.suptitle("\n".join(title), x=x, y=y, ha="left", va="top", **text_style)
    if legend is not None:
        legend.draw(context, box.left, legend.height + MARGIN)


def _groups(cells: list[Cell]) -> tuple[Curve, ...]:
    """One curve for each name of a parameter group, of the traces that have several."""
    groups: dict[str, Curve] = {}
    for cell in cells:
        for curve in cell.rates if len(cell.rates) > 1 else ():
            groups.setdefault(curve.label, replace(curve, dash=(), shift=0.0))
    return tuple(groups.values())
