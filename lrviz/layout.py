"""The room that ticks, names and titles take around axes, in inches. Part of the matplotlib room."""

from __future__ import annotations

from collections.abc import Sequence

from lrviz.backend import mpl
from lrviz.curves import Cell
from lrviz.labels import LINE, clean, wrap
from lrviz.panels import Box, Limits, Sheet, panels_of, places, x_ticks

EDGE = 0.12  # of ground around everything
TITLE_PAD = 9.0  # points between axes and title
_SMALLEST = 0.3  # of axes each way, however little room there is


def title_lines(sheet: Sheet, text: str, width: float, most: int = 3) -> list[str]:
    """The lines of the figure's title: the one asked for, or the text given; none for no text."""
    if sheet.options.title is not None:
        text = clean(sheet.options.title) if sheet.options.title.strip() else ""
    return wrap(text, width, sheet.sizes["axes.titlesize"], sheet.measure, most) if text else []


def title_height(sheet: Sheet, lines: int) -> float:
    """The room of a title of so many lines above its axes."""
    return lines * LINE * sheet.sizes["axes.titlesize"] + TITLE_PAD / 72 if lines else 0.05


def name_height(sheet: Sheet) -> float:
    """The room of the name of an axis."""
    return LINE * sheet.sizes["axes.labelsize"]


def below_axes(sheet: Sheet) -> float:
    """The room that x ticks and their labels take."""
    ticks = float(mpl.rcParams["xtick.major.size"]) + float(mpl.rcParams["xtick.major.pad"])
    return ticks / 72 + LINE * sheet.sizes["xtick.labelsize"] + 0.04


def beside_axes(sheet: Sheet, cell: Cell, limits: Limits, height: float, *, under: bool = False) -> float:
    """The room that y ticks and their labels take in the widest panel, or in the widest of those `under` the rates."""
    panels = panels_of(sheet, cell, limits)
    boxes = places(Box(0.0, 0.0, 1.0, height), cell)
    chosen = list(zip(panels, boxes, strict=True))[under:]
    labels = [label for panel, box in chosen for label in panel.limits.ticks(box.height).labels]
    ticks = float(mpl.rcParams["ytick.major.size"]) + float(mpl.rcParams["ytick.major.pad"])
    return ticks / 72 + widest(sheet, labels, sheet.sizes["ytick.labelsize"]) + 0.06


def widest(sheet: Sheet, lines: Sequence[str], size: float) -> float:
    """The width of the widest line."""
    return max((sheet.measure(line, size) for line in lines), default=0.0)


def room_for_axes(sheet: Sheet, cell: Cell, limits: Limits, outer: Box, lines: int) -> Box:
    """The box of a cell's axes within an outer box that holds their ticks, names and title of some lines as well."""
    bottom = EDGE + below_axes(sheet) + name_height(sheet)
    height = max(outer.height - bottom - EDGE - title_height(sheet, lines), _SMALLEST)
    left = EDGE + 0.03 + name_height(sheet) + beside_axes(sheet, cell, limits, height)
    width = outer.width - left - EDGE
    last = x_ticks(sheet, cell, max(width, _SMALLEST)).labels[-1]
    width -= 0.5 * sheet.measure(last, sheet.sizes["xtick.labelsize"])
    return Box(outer.left + left, outer.bottom + bottom, max(width, _SMALLEST), height)
