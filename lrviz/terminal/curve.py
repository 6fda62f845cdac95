"""One short curve drawn with the characters of a terminal, without numpy and plotext, whose imports take long."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import ceil
from typing import Final

from rich.text import Text

from lrviz.terminal.messages import Screen
from lrviz.text import draws_unicode, format_rate

_ROWS: Final = 9  # of characters
_MAX_WIDTH: Final = 80  # columns
_JUMP_RATIO: Final = 3.0  # a jump changes the rate this many times more than the steps before and after it
_COLOUR: Final = "color(33)"  # visible on black and on white
_BRAILLE: Final = 0x2800
# The bits of a Braille character, by the column and the row of the dot.
_BITS: Final = {
    (0, 0): 0x01, (0, 1): 0x02, (0, 2): 0x04, (1, 0): 0x08, (1, 1): 0x10, (1, 2): 0x20, (0, 3): 0x40, (1, 3): 0x80,
}  # fmt: skip


def print_curve(rates: Sequence[float], screen: Screen | None = None) -> None:
    """Print the curve of a short run, with 0, its peak and half of the peak on the y axis.

    Args:
        rates: The rate of every update; finite, 0 or more.
        screen: Where to print; stdout if None.
    """
    screen = screen or Screen()
    parts = _parts(rates, min(screen.width, _MAX_WIDTH), ascii=not draws_unicode(screen.file))
    screen.print(Text("\n").join(Text.assemble(frame, (curve, _COLOUR)) for frame, curve in parts), soft_wrap=True)


def _parts(rates: Sequence[float], width: int, *, ascii: bool) -> Iterator[tuple[str, str]]:
    """The frame and the curve of each line."""
    peak = max(rates) or 1.0
    labels = {0: format_rate(peak), _ROWS // 2: format_rate(peak / 2), _ROWS - 1: "0"}
    margin = max(map(len, labels.values()))
    columns = width - margin - 1
    across, down = (1, 1) if ascii else (2, 4)  # dots of a character
    dots = _dots(rates, peak, columns * across - 1, _ROWS * down - 1)
    side, tick, corner, line, mark = "|++-+" if ascii else "│┤└─┬"
    yield "lr".rjust(margin), ""
    for row in range(_ROWS):
        cells = ((column * across, row * down) for column in range(columns))
        curve = "".join("*" if cell in dots else " " for cell in cells) if ascii else _braille(dots, cells)
        yield labels.get(row, "").rjust(margin) + (tick if row in labels else side), curve.rstrip()
    axis, numbers = [line] * columns, [" "] * columns
    for step in range(0, len(rates), 5 * ceil(len(rates) / max(columns // 2, 1))):
        at = round(step / max(len(rates) - 1, 1) * (columns - 1))
        axis[at] = mark
        numbers[at : at + len(str(step))] = str(step)
    yield f"{' ' * margin}{corner}{''.join(axis)}", ""
    yield " " * (margin + 1) + "".join(numbers).rstrip(), ""
    yield "step".rjust(width), ""


def _dots(rates: Sequence[float], peak: float, right: int, bottom: int) -> set[tuple[int, int]]:
    """The dots of the curve, from (0, 0) at the upper left to (right, bottom): lines that are vertical at jumps."""
    x = [round(t / max(len(rates) - 1, 1) * right) for t in range(len(rates))]
    y = [round((1 - rate / peak) * bottom) for rate in rates]
    points = [(x[0], y[0])]
    for t in range(1, len(rates)):
        if _jumps(rates, t):
            points.append((x[t], y[t - 1]))
        points.append((x[t], y[t]))
    dots = {points[0]}
    for (x0, y0), (x1, y1) in pairwise(points):
        length = max(abs(x1 - x0), abs(y1 - y0), 1)
        dots |= {(x0 + round((x1 - x0) * i / length), y0 + round((y1 - y0) * i / length)) for i in range(length + 1)}
    return dots


def _jumps(rates: Sequence[float], t: int) -> bool:
    """Whether the rate jumps just before step t."""
    beside = [abs(rates[i] - rates[i - 1]) for i in (t - 1, t + 1) if 0 < i < len(rates)]
    return abs(rates[t] - rates[t - 1]) > _JUMP_RATIO * max(beside, default=0.0)


def _braille(dots: set[tuple[int, int]], cells: Iterable[tuple[int, int]]) -> str:
    """A line of Braille characters, of the cells with these upper left corners; a space where there are no dots."""
    bits = (sum(bit for (i, j), bit in _BITS.items() if (x + i, y + j) in dots) for x, y in cells)
    return "".join(chr(_BRAILLE + value) if value else " " for value in bits)
