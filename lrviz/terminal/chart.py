"""Curves drawn with the characters of a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil, floor, log10
from typing import Any, Final, NamedTuple

import numpy as np
import plotext

from lrviz.terminal.messages import Screen
from lrviz.text import ascii_only, cells, draws_unicode, format_rate, printable, shorten
from lrviz.trace import Trace, Values, floor_of_axis, outline

# Colours of the 256 that are visible on black and on white, and distinguishable with colour vision deficiency.
_COLOURS: Final = (33, 208, 36, 169, 178, 75, 160, 102)
_MARKERS: Final = "•+×o*#%@"
_ASCII_MARKERS: Final = "*+xo#%@&"
_ASCII_FRAME: Final = str.maketrans("┤│└┬─", "+|++-")
_MAX_NAMES: Final = 12
_MIN_WIDTH: Final = 24
_MIN_HEIGHT: Final = 6
_MAX_DECADES: Final = 12
_MIN_RATE: Final = 1e-300  # smaller floats lose digits, which makes the ticks wrong


class _Curve(NamedTuple):
    name: str
    values: Values
    marker: str
    colour: int | None


def draw_chart(
    traces: Sequence[Trace], width: int, height: int, *, colour: bool, ascii: bool = False, log: bool = False
) -> str:
    """Draw the curves as lines of text.

    Several curves are distinguished by colour, or without colour by the character they are drawn with, and are listed
    in a legend below; equal curves share an entry.

    Args:
        traces: The runs; a curve for each parameter group.
        width: The width of the chart in columns.
        height: The height of the chart in lines.
        colour: Whether to use the 256 colours of a terminal.
        ascii: Whether to use ASCII characters only, without Braille and box lines.
        log: Whether the learning rate axis is logarithmic; rates of 0 are left out.
    """
    width = max(width, _MIN_WIDTH)
    curves = _curves(traces, colour=colour, ascii=ascii)
    legend = list(_legend_lines(curves, width, ascii=ascii)) if len(traces) > 1 or traces[0].lr.shape[1] > 1 else []
    canvas, label_width = _draw(curves, width, max(height - len(legend) - 2, _MIN_HEIGHT), log=log)
    text = canvas.string(colorless=not colour)
    lines = [line.rstrip() for line in (text.translate(_ASCII_FRAME) if ascii else text).splitlines()]
    return "\n".join(["lr".rjust(label_width), *lines, "step".rjust(width), *legend]) + "\n"


def _curves(traces: Sequence[Trace], *, colour: bool, ascii: bool) -> list[_Curve]:
    """The curves to draw: equal curves once, with all of their names."""
    distinct: list[tuple[list[str], Values]] = []
    for trace in traces:
        groups = trace.group_names
        for i, group in enumerate(groups):
            label = group if len(traces) == 1 else trace.label if len(groups) == 1 else f"{trace.label}[{group}]"
            text = printable(label)
            for names, values in distinct:
                if np.array_equal(values, trace.lr[:, i]):
                    names.append(text)
                    break
            else:
                distinct.append(([text], trace.lr[:, i]))
    markers = _ASCII_MARKERS if ascii else _MARKERS
    curves = []
    for i, (names, values) in enumerate(distinct):
        name = ascii_only(" = ".join(names)) if ascii else " = ".join(names)
        marker = markers[i % len(markers)] if ascii or not (colour or len(distinct) == 1) else "braille"
        curves.append(_Curve(name, values, marker, _COLOURS[i % len(_COLOURS)] if colour else None))
    return curves


def _legend_lines(curves: Sequence[_Curve], width: int, *, ascii: bool) -> Iterator[str]:
    """The legend: a line for several curves if they fit."""
    line, used = "", 0
    for curve in curves[:_MAX_NAMES]:
        sample = ("━━" if curve.marker == "braille" else curve.marker * 2) + " "
        name = shorten(curve.name, width - 4, "..." if ascii else "…")
        if used and used + 3 + 3 + cells(name) > width:
            yield line
            line, used = "", 0
        line += "   " * bool(used) + (sample if curve.colour is None else f"\x1b[38;5;{curve.colour}m{sample}\x1b[0m")
        line += name
        used += 3 * bool(used) + 3 + cells(name)
    yield line
    if len(curves) > _MAX_NAMES:
        yield f"and {len(curves) - _MAX_NAMES} more"


def _draw(curves: Sequence[_Curve], width: int, height: int, *, log: bool) -> tuple[Any, int]:
    """The axes and curves as plotext's matrix of characters, and the width of the labels of the y axis."""
    figure = plotext.figure
    plotext.terminal.limit(False, False)  # allow charts wider than the terminal that plotext detects
    figure.clear()
    figure.theme("colorless")
    figure.axes(False, side=1)
    figure.plot_size(width, height)
    for curve in reversed(curves):  # so that the first curve is on top
        x, y = outline(curve.values, 2 * width)
        marker = plotext.marker(curve.marker, pixel=plotext.pixel(curve.colour))
        for line in _log_pieces(x, y) if log else [(x, y)]:
            figure.draw(figure.signal(*(values.tolist() for values in line), marker=marker).lines().density("full"))
    last = max(len(curve.values) for curve in curves) - 1
    steps = _multiples(last, max(_round_step(max(last, 1) / max(width // 10, 2), (1, 2, 5)), 1))
    figure.ruler("x").lim(0, max(last, 1)).ticks(steps, [_step_label(round(step)) for step in steps])
    low, high, ticks = (_log_axis if log else _linear_axis)(curves, max(height // 3, 2))
    labels = [format_rate(tick) for tick in ticks]
    figure.ruler("y").lim(low, high).ticks([log10(tick) for tick in ticks] if log else ticks, labels)
    return figure.build(), max(map(len, labels))


def _log_pieces(x: Values, y: Values) -> list[tuple[Values, Values]]:
    """The pieces of a line with positive y, with y as its logarithm."""
    positive = np.flatnonzero(y > 0)
    pieces = np.split(positive, np.flatnonzero(np.diff(positive) > 1) + 1)
    return [(x[piece], np.log10(y[piece])) for piece in pieces if piece.size]


def _linear_axis(curves: Sequence[_Curve], max_ticks: int) -> tuple[float, float, list[float]]:
    """The limits and the ticks of a linear axis of rates, which starts at 0 or at a negative rate."""
    high = max(float(curve.values.max()) for curve in curves)
    low = floor_of_axis(min(float(curve.values.min()) for curve in curves), high)
    high = max(high, _MIN_RATE) if high > 0 else 0.0 if low < 0 else 1.0
    step = _round_step((high - low) / max_ticks, (1, 2, 2.5, 5))
    top = ceil(high / step) * step
    if top - high < 0.3 * step:  # extend the axis slightly to a tick at its end
        high = top
    below = [-multiple for multiple in _multiples(-low, step)[:0:-1]]
    return low, high, below + _multiples(high, step)


def _log_axis(curves: Sequence[_Curve], max_ticks: int) -> tuple[float, float, list[float]]:
    """The limits of a logarithmic axis of rates, as logarithms, and its ticks, as rates."""
    high = max(float(curve.values.max()) for curve in curves)
    if high <= 0:
        return -1.0, 0.0, [1.0]
    low = min(float(curve.values.min(where=curve.values > 0, initial=high)) for curve in curves)
    low = max(low, high / 10**_MAX_DECADES, _MIN_RATE)
    if high < low * 1.01:  # nearly constant
        low, high = low / 4, low
    first, last = floor(log10(low)), ceil(log10(high))
    for mantissas in ((1, 2, 5), (1,)):
        ticks = [m * 10.0**e for e in range(first, last + 1) for m in mantissas]
        ticks = [tick for tick in ticks if low * 0.999 <= tick <= high * 1.001]
        if 2 <= len(ticks) <= max_ticks:
            break
    if len(ticks) < 2:
        ticks = [low, high]
    return log10(low), log10(high), ticks[:: ceil(len(ticks) / max_ticks)]


def _round_step(at_least: float, mantissas: Sequence[float]) -> float:
    """The smallest round number that is at least `at_least`: a mantissa times a power of ten."""
    exponent = floor(log10(at_least))
    numbers = (mantissa * 10.0**e for e in (exponent, exponent + 1) for mantissa in mantissas)
    return next(number for number in numbers if number >= at_least * (1 - 1e-9))


def _multiples(high: float, step: float) -> list[float]:
    """The multiples of a step from 0 to `high`, including `high` if it is a multiple up to rounding errors."""
    return [i * step for i in range(floor(high / step * (1 + 1e-9)) + 1)]


def _step_label(steps: int) -> str:
    """A number of steps as a tick label: 500, 20k, 1.5M."""
    if steps >= 1_000_000:
        return f"{steps / 1_000_000:g}M"
    return f"{steps / 1_000:g}k" if steps >= 10_000 else str(steps)


def print_chart(
    traces: Sequence[Trace], height: int | None = None, screen: Screen | None = None, *, log: bool = False
) -> None:
    """Print the curves as a chart as wide as the terminal; see `chart.draw_chart`.

    Args:
        traces: The runs.
        height: The height in lines; if None, the chart fits on the screen with the command, three lines and the prompt.
        screen: Where to print; stdout if None.
        log: Whether the learning rate axis is logarithmic.
    """
    screen = screen or Screen()
    height = min(screen.height - 5, screen.width * 2 // 5) if height is None else height
    ascii = not draws_unicode(screen.file)
    screen.file.write(draw_chart(traces, screen.width, height, colour=screen.coloured, ascii=ascii, log=log))
