"""The grid layout: small axes in rows and columns, one for each trace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, sqrt

from lrviz.figure.axes import (
    LINE,
    MARGIN,
    Box,
    DrawContext,
    axis_label_height,
    cell_notes,
    draw_cell,
    draw_top_axis,
    panels_of,
    title_height,
    title_lines,
    top_axis_height,
    top_name_width,
    x_axis_label,
    x_labels_height,
    x_overhang,
    y_labels_width,
)
from lrviz.figure.backend import Axes, mpl
from lrviz.figure.captions import plan_legend
from lrviz.figure.curves import Cell, Curve, cells_of
from lrviz.figure.marks import marks_apart
from lrviz.figure.notes import Notes, plan_notes
from lrviz.figure.ticks import Limits, rate_limits
from lrviz.figure.wrapping import wrap
from lrviz.trace import Trace

_CELL_WIDTHS = (6.5, 4.2, 3.2, 2.75, 2.5)  # inches of a cell, by number of columns
_CURVE_WIDTH = 4.0  # inches; the width whose pixels the points of a curve are reduced to
_RATES_HEIGHT = 1.5  # inches of the panel of rates
_MAX_COLUMNS = 5
_MIN_READABLE_HEIGHT = 0.5
_TITLE_SCALE = 0.85  # relative to the size of the title of a figure
_SUBTITLE_SCALE = 0.75
_MIN_TITLE = 5.5  # points; of a title that is made smaller to show all of it
_TITLE_GAP = 4.0  # points between axes and title
_DESCENT = 0.25  # ems; the depth of letters under the line of a title
_MIN_SIDE = 0.1
_GAP = 0.22  # between columns
_LABEL_GAP = 0.1  # between the labels of neighbouring x axes
_ROW_GAP = 0.12  # between rows


@dataclass(frozen=True)
class _Slot:
    """One panel of the grid: a cell without further panels, and its limits; `rates` is whether it shows rates."""

    cell: Cell
    limits: Limits
    rates: bool = True


def columns_for(sizes: Sequence[int]) -> int:
    """The number of columns for traces with these numbers of panels: about the square root, with few empty places."""
    count = sum(sizes)
    if count <= 3:
        return count
    root = sqrt(count)
    most = max(_MAX_COLUMNS, round(root))
    choices = range(min(most, ceil(root)), min(most, ceil(root) + 1) + 1)

    def waste(columns: int) -> tuple[float, int]:
        rows = rows_of(sizes, columns)
        empty = len(rows) * columns - count
        alone = len(rows[-1]) == 1 < columns  # a single panel in the last row
        return round(empty + abs(columns - root) + 2 * alone, 6), empty

    return min(choices, key=waste)


def rows_of(sizes: Sequence[int], columns: int) -> list[list[tuple[int, int]]]:
    """Traces with these numbers of panels in rows: for each panel the number of its trace, and its own number.

    The panels of a trace are side by side. If they do not fit in the rest of a row, a later trace that does comes
    first; if there is none, they continue in the next row.
    """
    pending = list(range(len(sizes)))
    panels: list[tuple[int, int]] = []
    while pending:
        rest = columns - len(panels) % columns
        trace = next((trace for trace in pending if sizes[trace] <= rest), pending[0])
        pending.remove(trace)
        panels += ((trace, panel) for panel in range(sizes[trace]))
    return [panels[first : first + columns] for first in range(0, len(panels), columns)]


def draw(context: DrawContext, traces: Sequence[Trace], *, auto_size: bool) -> None:
    """Draw each trace in its own axes; with `auto_size` the size of the figure depends on their number.

    Momentum and metric are in axes of their own beside the rates. Ticks that are the same in all axes are labelled only
    in the left column and in the lowest row.
    """
    common, cells = cells_of(traces, context.options, context.style, int(_CURVE_WIDTH * context.figure.dpi))
    shared = rate_limits(cells, context.options, context.style) if context.options.share_y else None
    by_trace = [_slots(context, cell, shared or rate_limits([cell], context.options, context.style)) for cell in cells]
    sizes = [len(slots) for slots in by_trace]
    columns = min(context.options.columns or columns_for(sizes), sum(sizes))
    rows = [[by_trace[trace][panel] for trace, panel in row] for row in rows_of(sizes, columns)]
    # Ticks that all rates share are labelled in the first panel of a row.
    y_labelled = [
        [not (shared and slot.rates and any(other.rates for other in row[:n])) for n, slot in enumerate(row)]
        for row in rows
    ]
    width, height = context.size()
    label_widths = _label_widths(context, rows, y_labelled)
    same_x = len({(cell.span, cell.per_epoch) for cell in cells}) == 1
    # A second axis is shown on every panel, or in the first row if all have the same.
    tops = [
        max(top_axis_height(context, slot.cell) * (not (same_x and r)) for slot in row) for r, row in enumerate(rows)
    ]
    label_widths[0] = max(label_widths[0], top_name_width(context) if any(tops) else 0.0)
    left = MARGIN + 0.03 + axis_label_height(context) + label_widths[0]
    gaps = [0.0, *(max(_x_gap(context, cells), 0.1 + label_width) for label_width in label_widths[1:])]
    if auto_size:
        width = left + columns * _CELL_WIDTHS[min(columns, len(_CELL_WIDTHS)) - 1] + sum(gaps) + MARGIN
    cell_width = max((width - left - 2 * MARGIN - sum(gaps)) / columns, _MIN_SIDE)

    # Ticks that all panels share are labelled in the last panel of a column.
    x_labelled = [
        [not same_x or n >= max(map(len, [[], *rows[r + 1 :]])) for n in range(len(row))] for r, row in enumerate(rows)
    ]
    bottom_gaps = _bottom_gaps(context, list(map(any, x_labelled)))
    inner = width - left - MARGIN
    title = title_lines(context, common, inner)
    groups = _groups(cells)
    legend = plan_legend(context, groups, Box(left, 0.0, inner, 0.0), 1.0) if groups else None
    rows, notes = _with_notes(context, rows, cell_width, inner)
    top = MARGIN + (title_height(context, len(title)) if title else 0.0)
    bottom = MARGIN + axis_label_height(context) + (legend.height + MARGIN if legend else 0.0) + notes.height

    for max_lines in (3, 2, 1):  # of the title of a panel: fewer if the axes would be too small
        headings = _headings(context, rows, cell_width + 0.5 * _GAP, max_lines)
        heights = [max(heading.height for heading in row) + 0.07 + top for row, top in zip(headings, tops, strict=True)]
        rest = top + bottom + sum(heights) + sum(bottom_gaps)
        rates_height = _RATES_HEIGHT if auto_size else max((height - rest) / len(rows), _MIN_SIDE)
        if rates_height > _MIN_READABLE_HEIGHT:
            break
    if auto_size:
        height = rest + len(rows) * rates_height
        context.figure.set_size_inches(width, height)

    y = height - top
    for r, row in enumerate(rows):
        y -= heights[r] + rates_height
        for n, slot in enumerate(row):
            box = Box(left + n * cell_width + sum(gaps[: n + 1]), y, cell_width, rates_height)
            limits = replace(slot.limits, ticks_for=rates_height) if shared and slot.rates else slot.limits
            (axes,) = draw_cell(context, box, slot.cell, limits, x_labels=x_labelled[r][n], y_labels=y_labelled[r][n])
            if tops[r]:
                draw_top_axis(context, axes, box, slot.cell, named=n == 0)
            headings[r][n].draw(context, axes, replace(box, height=rates_height + tops[r]), above=tops[r])
        y -= bottom_gaps[r]
    box = Box(left, bottom, columns * cell_width + sum(gaps), height - top - bottom)
    _draw_labels(context, cells, title, box)
    if legend is not None:
        legend.draw(context, box.left, legend.height + MARGIN + notes.height)
    notes.draw(context, box.left)


def _with_notes(
    context: DrawContext, rows: Sequence[Sequence[_Slot]], width: float, inner: float
) -> tuple[list[list[_Slot]], Notes]:
    """The panels with the marks that a width has place for, and the notes about them."""
    marked = [[replace(slot, cell=marks_apart(slot.cell, width)) for slot in row] for row in rows]
    slots = [slot for row in marked for slot in row]
    cuts = [slot.cell.cuts_note for slot in slots if slot.cell.cuts_note]
    noted = [note for slot in slots for note in cell_notes(context, slot.cell, slot.limits, width)]
    context.notes += noted
    return marked, plan_notes(context, [*cuts, *noted], inner)


def _headings(
    context: DrawContext, rows: Sequence[Sequence[_Slot]], width: float, max_lines: int
) -> list[list[_Heading]]:
    """The headings of all panels, with smaller text if one of them is shortened otherwise."""
    size = _TITLE_SCALE * context.sizes["axes.titlesize"]
    for scale in (1.0, 0.9, 0.8, 0.7):
        readable = max(scale, min(1.0, _MIN_TITLE / size))
        headings = [[_Heading.of(context, slot.cell, width, max_lines, readable) for slot in row] for row in rows]
        if not any("…" in line for row in headings for heading in row for line in heading.title):
            break
    return headings


def _label_widths(
    context: DrawContext, rows: Sequence[Sequence[_Slot]], y_labelled: Sequence[Sequence[bool]]
) -> list[float]:
    """The width of the labels of the y axes in each column."""
    widths = [0.0] * max(map(len, rows))
    for row, labelled in zip(rows, y_labelled, strict=True):
        for n, slot in enumerate(row):
            if labelled[n]:
                widths[n] = max(widths[n], y_labels_width(context, slot.cell, slot.limits, _RATES_HEIGHT))
    return widths


def _x_gap(context: DrawContext, cells: Sequence[Cell]) -> float:
    """The gap between columns in which the labels of neighbouring x axes do not touch."""
    overhangs = [x_overhang(context, cell, _CELL_WIDTHS[-1]) for cell in cells]
    return max(_GAP, max(left for left, _ in overhangs) + max(right for _, right in overhangs) + _LABEL_GAP)


def _bottom_gaps(context: DrawContext, x_labelled: Sequence[bool]) -> list[float]:
    """The gaps below rows; `x_labelled` is whether the x axes of each have labels."""
    gaps = [_ROW_GAP + (x_labels_height(context) if labelled else 0.06) for labelled in x_labelled]
    return [*gaps[:-1], gaps[-1] - _ROW_GAP]


def _slots(context: DrawContext, cell: Cell, limits: Limits) -> list[_Slot]:
    """The panels of a cell, each as a cell of its own: the rates, then momentum and metric if the cell has them."""
    rates, *others = panels_of(context, cell, limits)
    alone = replace(cell, momentum=(), metric=())
    slots = [_Slot(alone, rates.limits)]
    for panel in others:
        of_panel = replace(alone, title=f"{panel.name}: {cell.title}", subtitle="", rates=panel.curves)
        slots.append(_Slot(of_panel, panel.limits, rates=False))
    return slots


@dataclass(frozen=True)
class _Heading:
    """The name of a panel's title in the figure, the lines of title and subtitle, and the sizes of their text."""

    part: str
    title: list[str]
    subtitle: list[str]
    sizes: tuple[float, float]

    @classmethod
    def of(cls, context: DrawContext, cell: Cell, width: float, most: int, scale: float) -> _Heading:
        """The heading of a cell in a width, of at most `most` lines for each of both, and text smaller by `scale`."""
        size = scale * context.sizes["axes.titlesize"]
        sizes = (_TITLE_SCALE * size, _SUBTITLE_SCALE * size)
        texts = (cell.title, cell.subtitle)
        title, subtitle = (
            wrap(text, width, size, context.measure, most) if text else []
            for text, size in zip(texts, sizes, strict=True)
        )
        return cls(f"heading-{cell.rates[0].key}-{cell.rates[0].kind}", title, subtitle, sizes)

    @property
    def height(self) -> float:
        """The height in inches."""
        return LINE * (len(self.title) * self.sizes[0] + len(self.subtitle) * self.sizes[1]) + (
            _DESCENT * self.sizes[0] / 72 if self.subtitle else 0.0
        )

    def draw(self, context: DrawContext, axes: Axes, box: Box, *, above: float) -> None:
        """Draw the heading above a box, which ends `above` inches higher than the axes."""
        pad = 72 * above + _TITLE_GAP + 72 * LINE * len(self.subtitle) * self.sizes[1]
        pad += _DESCENT * self.sizes[0] if self.subtitle else 0.0
        axes.set_title("\n".join(self.title), loc="left", y=1.0, pad=pad, fontsize=self.sizes[0], gid=self.part)
        if self.subtitle:
            axes.text(
                box.left, box.top + _TITLE_GAP / 72, "\n".join(self.subtitle), fontsize=self.sizes[1], ha="left",
                va="bottom", linespacing=1.2, color=mpl.rcParams["xtick.color"],
                transform=context.figure.dpi_scale_trans, gid=f"{self.part}-parameters",
            )  # fmt: skip


def _draw_labels(context: DrawContext, cells: list[Cell], title: list[str], box: Box) -> None:
    """Draw what all cells share around their box: the labels of the axes, the title."""
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
        context.figure.suptitle("\n".join(title), x=x, y=y, ha="left", va="top", gid="title", **text_style)


def _groups(cells: list[Cell]) -> tuple[Curve, ...]:
    """One curve for each name of a parameter group, of the traces that have several."""
    groups: dict[str, Curve] = {}
    for cell in cells:
        for curve in cell.rates if len(cell.rates) > 1 else ():
            groups.setdefault(curve.label, replace(curve, dash=(), shift=0.0))
    return tuple(groups.values())
