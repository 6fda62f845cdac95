"""Curves drawn with the characters of a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil, floor, log10
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import plotext

from lrviz.decimate import outline
from lrviz.numbers import format_rate
from lrviz.printable import ascii_only, cells, printable, shorten

if TYPE_CHECKING:
    from lrviz.decimate import Values
    from lrviz.trace import Trace

# Colours of the 256 that stand out on black and on white, and from each other for the colour-blind.
_COLOURS: Final = (33, 208, 36, 169, 178, 75, 160, 102)
_MARKS: Final = "•+×o*#%@"
_ASCII_MARKS: Final = "*+xo#%@&"
_ASCII_FRAME: Final = str.maketrans("┤│└┬─", "+|++-")
_MOST_NAMES: Final = 12
_LEAST_WIDTH: Final = 24
_LEAST_HEIGHT: Final = 6
_MOST_DECADES: Final = 12
_TINIEST: Final = 1e-300  # what floats below it lose of their digits would upset the ticks


class _Curve(NamedTuple):
    name: str
    values: Values
    mark: str
    colour: int | None


def draw_chart(
    traces: Sequence[Trace], width: int, height: int, *, colour: bool, ascii: bool = False, log: bool = False
) -> str:
    """The curves as lines of text.

    Several curves are told apart by colour, or where there is none by the character they are drawn with, and are
    named underneath; equal ones share a name line. With `log` the axis of rates is logarithmic, and a rate of 0 has
    no place on it.

    Args:
        traces: What to draw; a curve for each parameter group.
        width: Columns of the terminal, all of which are used.
        height: Lines to fill.
        colour: Whether to use the 256 colours of a terminal.
        ascii: Whether to do without Braille, box lines and any other character outside of ASCII.
        log: Whether rates are drawn by their logarithm.
    """
    width = max(width, _LEAST_WIDTH)
    curves = _curves(traces, colour=colour, ascii=ascii)
    names = list(_names(curves, width, ascii=ascii)) if len(traces) > 1 or traces[0].lr.shape[1] > 1 else []
    canvas, axis = _canvas(curves, width, max(height - len(names) - 2, _LEAST_HEIGHT), log=log)
    text = canvas.string(colorless=not colour)
    lines = [line.rstrip() for line in (text.translate(_ASCII_FRAME) if ascii else text).splitlines()]
    return "\n".join(["lr".rjust(axis), *lines, "step".rjust(width), *names]) + "\n"


def _curves(traces: Sequence[Trace], *, colour: bool, ascii: bool) -> list[_Curve]:
    """What is drawn: equal curves once, under all of their names."""
    found: list[tuple[list[str], Values]] = []
    for trace in traces:
        groups = trace.group_names
        for i, group in enumerate(groups):
            label = group if len(traces) == 1 else trace.label if len(groups) == 1 else f"{trace.label}[{group}]"
            text = printable(label)
            for names, values in found:
                if np.array_equal(values, trace.lr[:, i]):
                    names.append(text)
                    break
            else:
                found.append(([text], trace.lr[:, i]))
    marks = _ASCII_MARKS if ascii else _MARKS
    curves = []
    for i, (names, values) in enumerate(found):
        name = ascii_only(" = ".join(names)) if ascii else " = ".join(names)
        mark = marks[i % len(marks)] if ascii or not (colour or len(found) == 1) else "braille"
        curves.append(_Curve(name, values, mark, _COLOURS[i % len(_COLOURS)] if colour else None))
    return curves


def _names(curves: Sequence[_Curve], width: int, *, ascii: bool) -> Iterator[str]:
    """Lines that say which curve is which, several on one where they fit."""
    line, used = "", 0
    for curve in curves[:_MOST_NAMES]:
        sample = ("━━" if curve.mark == "braille" else curve.mark * 2) + " "
        name = shorten(curve.name, width - 4, "..." if ascii else "…")
        if used and used + 3 + 3 + cells(name) > width:
            yield line
            line, used = "", 0
        line += "   " * bool(used) + (sample if curve.colour is None else f"\x1b[38;5;{curve.colour}m{sample}\x1b[0m")
        line += name
        used += 3 * bool(used) + 3 + cells(name)
    yield line
    if len(curves) > _MOST_NAMES:
        yield f"and {len(curves) - _MOST_NAMES} more"


def _canvas(curves: Sequence[_Curve], width: int, height: int, *, log: bool) -> tuple[Any, int]:
    """The axes and curves as plotext's matrix of characters, and the column of the upright axis."""
    figure = plotext.figure
    plotext.terminal.limit(False, False)  # else no chart is wider than the terminal that plotext sees
    figure.clear()
    figure.theme("colorless")
    figure.axes(False, side=1)
    figure.plot_size(width, height)
    for curve in reversed(curves):  # so that the first one lies on top
        x, y = outline(curve.values, 2 * width)
        marker = plotext.marker(curve.mark, pixel=plotext.pixel(curve.colour))
        for line in _above_zero(x, y) if log else [(x, y)]:
            figure.draw(figure.signal(*(values.tolist() for values in line), marker=marker).lines().density("full"))
    last = max(len(curve.values) for curve in curves) - 1
    steps = _multiples(last, max(_step(max(last, 1) / max(width // 10, 2), (1, 2, 5)), 1))
    figure.ruler("x").lim(0, max(last, 1)).ticks(steps, [_count(round(step)) for step in steps])
    low, high, ticks = (_decades if log else _rates)(curves, max(height // 3, 2))
    labels = [format_rate(tick) for tick in ticks]
    figure.ruler("y").lim(low, high).ticks([log10(tick) for tick in ticks] if log else ticks, labels)
    return figure.build(), max(map(len, labels))


def _above_zero(x: Values, y: Values) -> list[tuple[Values, Values]]:
    """The pieces of a line that have a place on a logarithmic axis, with y as its logarithm: none leads over a gap."""
    there = np.flatnonzero(y > 0)
    pieces = np.split(there, np.flatnonzero(np.diff(there) > 1) + 1)
    return [(x[piece], np.log10(y[piece])) for piece in pieces if piece.size]


def _rates(curves: Sequence[_Curve], most: int) -> tuple[float, float, list[float]]:
    """The ends of a linear axis of rates, and its ticks; the axis starts at 0, as on the cheat sheets."""
    high = max(float(curve.values.max()) for curve in curves)
    high = max(high, _TINIEST) if high > 0 else 1.0
    step = _step(high / most, (1, 2, 2.5, 5))
    top = ceil(high / step) * step
    if top - high < 0.3 * step:  # a little more room gives the axis a tick at its end
        high = top
    return 0.0, high, _multiples(high, step)


def _decades(curves: Sequence[_Curve], most: int) -> tuple[float, float, list[float]]:
    """The ends of a logarithmic axis of rates, as logarithms, and its ticks, as rates."""
    high = max(float(curve.values.max()) for curve in curves)
    if high <= 0:
        return -1.0, 0.0, [1.0]
    low = min(float(curve.values.min(where=curve.values > 0, initial=high)) for curve in curves)
    low = max(low, high / 10**_MOST_DECADES, _TINIEST)
    if high < low * 1.01:  # as good as constant
        low, high = low / 4, low
    first, last = floor(log10(low)), ceil(log10(high))
    for mantissas in ((1, 2, 5), (1,)):
        ticks = [m * 10.0**e for e in range(first, last + 1) for m in mantissas]
        ticks = [tick for tick in ticks if low * 0.999 <= tick <= high * 1.001]
        if 2 <= len(ticks) <= most:
            break
    if len(ticks) < 2:
        ticks = [low, high]
    return log10(low), log10(high), ticks[:: ceil(len(ticks) / most)]


def _step(at_least: float, mantissas: Sequence[float]) -> float:
    """The smallest round number of at least so much: one of the mantissas times a power of ten."""
    exponent = floor(log10(at_least))
    rounds = (mantissa * 10.0**e for e in (exponent, exponent + 1) for mantissa in mantissas)
    return next(number for number in rounds if number >= at_least * (1 - 1e-9))


def _multiples(high: float, step: float) -> list[float]:
    """The multiples of a step from 0 to `high`, which is one of them if it is one but for rounding."""
    return [i * step for i in range(floor(high / step * (1 + 1e-9)) + 1)]


def _count(steps: int) -> str:
    """Steps on an axis: 500, 20k, 1.5M."""
    if steps >= 1_000_000:
        return f"{steps / 1_000_000:g}M"
    return f"{steps / 1_000:g}k" if steps >= 10_000 else str(steps)
