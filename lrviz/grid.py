"""Small panels in rows and columns, one for each trace. Part of the matplotlib room."""

from __future__ import annotations

from dataclasses import replace
from math import ceil, sqrt

from lrviz import captions
from lrviz.backend import mpl
from lrviz.curves import Cell, Curve
from lrviz.labels import LINE, wrap
from lrviz.layout import EDGE, below_axes, beside_axes, name_height, title_height, title_lines
from lrviz.panels import SPACE, THIN, Box, Limits, Sheet, draw_cell, panels_of, places, rate_limits, x_name

_WIDTHS = (6.5, 4.2, 3.2, 2.75, 2.5)  # inches of a cell, where there are so many columns
_HEIGHT = 1.5  # and of its panel of rates
_MOST_COLUMNS = 5
_CRAMPED = 0.5
_TITLE = 0.85  # of the size of a figure's title
_SMALLEST = 0.1
_GAP = 0.22  # between columns
_FOOT = 0.12  # between rows


def columns_for(count: int) -> int:
    """The root of the number of cells or a little more, with few places left empty."""
    if count <= 3:
        return count
    root = sqrt(count)
    most = max(_MOST_COLUMNS, round(root))
    choices = range(min(most, ceil(root)), min(most, ceil(root) + 1) + 1)

    def waste(columns: int) -> float:
        empty = -count % columns
        return empty + abs(columns - root) + (2 if empty == columns - 1 else 0)  # one alone in its row looks lost

    return min(choices, key=lambda columns: (round(waste(columns), 6), -count % columns))


def draw_grid(sheet: Sheet, cells: list[Cell], *, free: bool) -> None:
    """Draw each cell in a panel of its own; a figure of free size takes the size that suits them.

    Axes that are the same in all panels are labelled at the left and at the foot alone.
    """
    count = len(cells)
    columns = min(sheet.options.columns or columns_for(count), count)
    rows = [range(first, min(first + columns, count)) for first in range(0, count, columns)]
    under = [max(cells[i].panels for i in row) for row in rows]
    cells = [replace(cell, beside=under[i // columns]) for i, cell in enumerate(cells)]
    shares = [1 + most * (THIN + SPACE) for most in under]  # heights of the rows, in that of the rates
    shared = rate_limits(cells, sheet) if sheet.options.share_y else None
    limits = [shared or rate_limits([cell], sheet) for cell in cells]
    one_x = len({(cell.steps, cell.per_epoch) for cell in cells}) == 1

    width, height = sheet.size()
    inside = [(*pair, shares[i // columns] * _HEIGHT) for i, pair in enumerate(zip(cells, limits, strict=True))]
    beside = [beside_axes(sheet, *one) for one in inside]
    left = EDGE + 0.03 + name_height(sheet) + max(beside[i] for i in range(0, count, columns))
    gap = _GAP if shared else 0.1 + max(beside)
    if any(under):  # those panels have ticks and names of their own
        name = name_height(sheet)
        left += name
        gap = max(gap, 0.1 + name + max(beside_axes(sheet, *one, under=True) for one in inside))
    if free:
        width = left + columns * _WIDTHS[min(columns, len(_WIDTHS)) - 1] + (columns - 1) * gap + EDGE
    across = max((width - left - 2 * EDGE - (columns - 1) * gap) / columns, _SMALLEST)

    labelled = [not one_x or i + columns >= count for i in range(count)]
    feet = [_FOOT + (below_axes(sheet) if any(labelled[i] for i in row) else 0.06) for row in rows]
    feet[-1] -= _FOOT
    title = title_lines(sheet, "", width - left - EDGE)
    groups = _groups(cells)
    legend = captions.key(sheet, groups, Box(left, 0.0, width - left - EDGE, 0.0), 1.0) if groups else None
    top = EDGE + (title_height(sheet, len(title)) if title else 0.0)
    bottom = EDGE + name_height(sheet) + (legend.height + EDGE if legend else 0.0)

    size = _TITLE * sheet.sizes["axes.titlesize"]
    for most in (3, 2, 1):  # lines of a cell's title: fewer where they would leave no room for the cells
        titles = [wrap(cell.title, across + 0.5 * _GAP, size, sheet.measure, most) for cell in cells]
        headings = [max(len(titles[i]) for i in row) * LINE * size + 0.07 for row in rows]
        taken = top + bottom + sum(headings) + sum(feet)
        tall = _HEIGHT if free else max((height - taken) / sum(shares), _SMALLEST)
        if tall > _CRAMPED:
            break
    if free:
        height = taken + sum(shares) * tall
        sheet.figure.set_size_inches(width, height)
    if shared:  # one set of ticks for all
        limits = [replace(shared, ticks_for=tall)] * count

    at = height - top
    for row, heading, share, foot in zip(rows, headings, shares, feet, strict=True):
        at -= heading + share * tall
        for i in row:
            box = Box(left + (i - row[0]) * (across + gap), at, across, share * tall)
            y_labels = not shared or i == row[0]
            _draw_one(sheet, box, cells[i], limits[i], titles[i], x_labels=labelled[i], y_labels=y_labels)
        at -= foot
    _name(sheet, cells, title, legend, Box(left, bottom, columns * across + (columns - 1) * gap, height - top - bottom))


def _draw_one(
    sheet: Sheet, box: Box, cell: Cell, limits: Limits, title: list[str], *, x_labels: bool, y_labels: bool
) -> None:
    """Draw a cell, its title, and the names of the panels under its rates."""
    drawn = draw_cell(sheet, box, cell, limits, x_labels=x_labels, y_labels=y_labels)
    drawn[0].set_title("\n".join(title), loc="left", y=1.0, pad=4.0, fontsize=_TITLE * sheet.sizes["axes.titlesize"])
    panels = panels_of(sheet, cell, limits)
    x = box.left - beside_axes(sheet, cell, limits, box.height, under=True) if cell.panels else 0.0
    for axes, panel, place in list(zip(drawn, panels, places(box, cell), strict=True))[1:]:
        axes.set_ylabel(panel.name, fontsize=sheet.sizes["ytick.labelsize"])
        axes.yaxis.set_label_coords(x, place.bottom + place.height / 2, transform=sheet.figure.dpi_scale_trans)


def _name(sheet: Sheet, cells: list[Cell], title: list[str], legend: captions.Key | None, box: Box) -> None:
    """Write what stands once for all cells around the box that holds them: the names of the axes, title, legend."""
    width, height = sheet.size()
    how = {
        "fontsize": sheet.sizes["axes.labelsize"],
        "fontweight": mpl.rcParams["axes.labelweight"],
        "color": mpl.rcParams["axes.labelcolor"],
    }
    sheet.figure.supxlabel(
        x_name(sheet, cells), x=(box.left + box.width / 2) / width, y=box.bottom / height, va="top", **how
    )
    middle = (box.bottom + box.height / 2) / height
    sheet.figure.supylabel(sheet.look.rate, x=EDGE / width, y=middle, ha="left", **how)
    if title:
        how |= {"fontsize": sheet.sizes["axes.titlesize"], "color": mpl.rcParams["text.color"]}
        how["fontweight"] = mpl.rcParams["axes.titleweight"]
        sheet.figure.suptitle("\n".join(title), x=box.left / width, y=1 - EDGE / height, ha="left", va="top", **how)
    if legend is not None:
        legend.put(sheet, box.left, legend.height + EDGE)


def _groups(cells: list[Cell]) -> tuple[Curve, ...]:
    """One curve of each parameter group's name, where any trace has several."""
    found: dict[str, Curve] = {}
    for cell in cells:
        for curve in cell.rates if len(cell.rates) > 1 else ():
            found.setdefault(curve.label, replace(curve, dash=(), shift=0.0))
    return tuple(found.values())
