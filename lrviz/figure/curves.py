"""Traces to the curves of a figure: the label, the colour and the line style of each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lrviz.figure.style import Dash, FigureOptions, Style
from lrviz.text import format_rate, printable
from lrviz.trace import Trace, Values, outline

MAX_NAMED = 24  # curves in one axes; more are distinguished only by their order on the ramp
_SEPARATE_STEPS = 2_000  # steps, with about a pixel each
_MAX_MARKED = 8  # curves with markers in one axes
_SAMPLES = 256
_OVERLAP_DISTANCE = 0.004  # relative to the height of the axes: curves closer than this look like one
_DASH = 4.0  # line widths; the length of an interleaved dash


@dataclass(frozen=True)
class Curve:
    """One line: (M,) x in the unit of the axis and (M,) y, and its style.

    `shift` is the offset of the dashes in line widths, for curves that overlap.
    """

    label: str
    x: Values
    y: Values
    colour: str
    dash: Dash = ()
    shift: float = 0.0
    marker: str = ""

    @property
    def updates(self) -> NDArray[np.intp]:
        """Indices of the points that are updates of the run, rather than a corner of a jump."""
        return np.flatnonzero(np.append(np.diff(self.x) > 0, True))

    @property
    def isolated(self) -> NDArray[np.intp]:
        """Indices of the points with NaN on both sides, so that no line passes through them."""
        valid = np.pad(~np.isnan(self.y), 1)
        return np.flatnonzero(valid[1:-1] & ~valid[:-2] & ~valid[2:])


@dataclass(frozen=True)
class Cell:
    """The content of one axes of learning rates, and of the panels under it.

    `steps` is the maximum number of steps, and `epochs` of epochs; `per_epoch` are the updates per epoch, None if the
    traces differ in it. `base` is the highest base rate, and `typical` a low but not exceptional rate, for the lower
    limit of a logarithmic axis. `cuts` are the x at which ReduceLROnPlateau reduced the rate of a trace, with the
    colour of its curve, "" if it has several. `row_panels` is the maximum number of panels under the rates in its row
    of a grid. `span` is the part of the run that is shown, in the unit of the axis.
    """

    title: str
    rates: tuple[Curve, ...]
    steps: int
    epochs: float
    per_epoch: int | None
    span: tuple[float, float]
    base: float
    typical: float
    momentum: tuple[Curve, ...] = ()
    momentum_name: str = "momentum"
    metric: tuple[Curve, ...] = ()
    cuts: tuple[tuple[str, Values], ...] = ()
    row_panels: int = 0

    @property
    def panels(self) -> int:
        """The number of panels under the rates."""
        return bool(self.momentum) + bool(self.metric)


def one_cell(traces: Sequence[Trace], options: FigureOptions, style: Style, buckets: int) -> Cell:
    """One cell with every parameter group of every trace, each in a different colour."""
    parts = []
    first, total = 0, sum(trace.lr.shape[1] for trace in traces)
    for trace, title in zip(traces, _titles(traces), strict=True):
        numbers = range(first, first + trace.lr.shape[1])
        parts.append(_cell_of(trace, title, options, style, buckets, numbers, total, len(traces) > 1))
        first += trace.lr.shape[1]
    per_epoch = {part.per_epoch for part in parts}
    momentum_names = {part.momentum_name for part in parts if part.momentum}
    cell = Cell(
        title=parts[0].title if len(parts) == 1 else "",
        rates=tuple(curve for part in parts for curve in part.rates),
        steps=max(part.steps for part in parts),
        epochs=max(part.epochs for part in parts),
        per_epoch=parts[0].per_epoch if len(per_epoch) == 1 else None,
        span=(min(part.span[0] for part in parts), max(part.span[1] for part in parts)),
        base=max(part.base for part in parts),
        typical=min((part.typical for part in parts if part.typical > 0), default=0.0),
        momentum=tuple(curve for part in parts for curve in part.momentum),
        momentum_name=momentum_names.pop() if len(momentum_names) == 1 else "momentum",
        metric=tuple(curve for part in parts for curve in part.metric),
        cuts=tuple(cuts for part in parts for cuts in part.cuts),
    )
    if first > _MAX_MARKED:
        cell = replace(cell, rates=tuple(replace(curve, marker="") for curve in cell.rates))
    return _with_interleaved_dashes(cell, options)


def cells_of(traces: Sequence[Trace], options: FigureOptions, style: Style, buckets: int) -> list[Cell]:
    """A cell for each trace; parameter groups with the same name have the same colour."""
    groups: dict[str, int] = {}
    for trace in traces:
        for name in trace.group_names if trace.lr.shape[1] > 1 else ():
            groups.setdefault(name, len(groups))
    cells = []
    for trace, title in zip(traces, _titles(traces), strict=True):
        numbers = [groups.get(name, 0) for name in trace.group_names]
        part = _cell_of(trace, title, options, style, buckets, numbers, len(groups), False)
        cells.append(_with_interleaved_dashes(part, options))
    return cells


def _titles(traces: Sequence[Trace]) -> list[str]:
    """The title of each trace: its label; notation is abbreviated if the result is unambiguous."""
    peak = max(float(trace.lr.max()) for trace in traces)
    exact = [trace.label for trace in traces]
    short = [
        label if _has_user_label(trace) else _with_rates_beside(brief(label), peak)
        for trace, label in zip(traces, exact, strict=True)
    ]
    pairs = list(zip(short, exact, strict=True))
    labels: dict[str, set[str]] = {}
    for title, label in pairs:
        labels.setdefault(title, set()).add(label)
    return [clean(title if len(labels[title]) == 1 else label) for title, label in pairs]


def _has_user_label(trace: Trace) -> bool:
    """Whether the label was set by the user, rather than notation with or without fields of the run."""
    return bool(trace.spec.name) and not trace.spec.name.startswith(f"{trace.spec.scheduler} @ ")


def _cell_of(
    trace: Trace,
    title: str,
    options: FigureOptions,
    style: Style,
    buckets: int,
    numbers: Sequence[int],
    total: int,
    several: bool,
) -> Cell:
    """The cell of one trace.

    `numbers` are the numbers of its groups among the `total` curves to be distinguished. With `several` traces in one
    cell, the labels of groups start with the title of the trace.
    """
    per_epoch = trace.spec.loop.updates_per_epoch
    scale = 1.0 / per_epoch if options.x == "epoch" else 1.0

    def curve(name: str, values: Values, number: int, marked: bool = False) -> Curve:
        x, y = outline(values, buckets)
        return _styled(Curve(name, x * scale, y, ""), style, number, total, marked)

    def curves(columns: NDArray[np.float64], marked: bool = False) -> tuple[Curve, ...]:
        return tuple(curve(names[i], columns[:, i], number, marked) for i, number in enumerate(numbers))

    names = [title]
    if len(numbers) > 1:
        groups = [clean(name) for name in trace.group_names]
        names = [f"{title}: {group}" for group in groups] if several else groups
    marked = trace.updates <= style.max_markers
    momentum = trace.momentum if options.momentum else None
    metric = trace.metric if trace.metric is not None and np.isfinite(trace.metric).any() else None
    rates = curves(trace.lr, marked)
    colour = rates[0].colour if len(rates) == 1 else ""
    return Cell(
        title=title,
        rates=rates,
        steps=trace.updates,
        epochs=trace.updates / per_epoch,
        per_epoch=per_epoch,
        span=(0.0, trace.updates * scale),
        base=max(group.lr for group in trace.spec.groups),
        typical=_typical(trace.lr),
        momentum=curves(momentum) if momentum is not None else (),
        momentum_name=clean(trace.momentum_name),
        metric=(curve(title, metric, numbers[0]),) if metric is not None else (),
        cuts=((colour, _rate_cuts(trace.lr) * scale),) if metric is not None else (),
    )


def _rate_cuts(lr: NDArray[np.float64]) -> Values:
    """(C,) steps at which the rate of any group is lower than at the step before."""
    return np.flatnonzero((lr[1:] < lr[:-1]).any(axis=1)).astype(np.float64) + 1


def _styled(curve: Curve, style: Style, number: int, total: int, marked: bool) -> Curve:
    """The curve with the colour, dashes and markers of curve `number` of `total`."""
    if total > MAX_NAMED:
        colour = style.ramp[round(number / (total - 1) * (len(style.ramp) - 1))]
        return replace(curve, colour=colour, marker="o" if curve.x.size == 1 else "")
    cycle = number // len(style.palette)
    return replace(
        curve,
        colour=style.palette[number % len(style.palette)],
        dash=style.dashes[cycle % len(style.dashes)],
        marker=style.markers[number % len(style.markers)] if marked or curve.x.size == 1 else "",
    )


def _typical(lr: NDArray[np.float64]) -> float:
    """The lowest positive rate of a short run, or the 0.5 % quantile of a long one; 0 if no rate is positive.

    With the quantile, the last few steps of a long cosine do not take up half of a logarithmic axis.
    """
    if lr.shape[0] <= _SEPARATE_STEPS:
        return float(lr[lr > 0].min(initial=np.inf)) if (lr > 0).any() else 0.0
    samples = lr[np.linspace(0, lr.shape[0] - 1, min(lr.shape[0], 4096)).astype(np.int64)]
    lows = [float(np.quantile(column[column > 0], 0.005)) for column in samples.T if (column > 0).any()]
    return min(lows, default=0.0)


def _with_interleaved_dashes(cell: Cell, options: FigureOptions) -> Cell:
    """The cell with interleaved dashes in each of its panels."""
    return replace(
        cell,
        rates=interleave_dashes(cell.rates, log=options.log),
        momentum=interleave_dashes(cell.momentum, log=False, from_zero=False),
        metric=interleave_dashes(cell.metric, log=False, from_zero=False),
    )


def interleave_dashes(curves: tuple[Curve, ...], *, log: bool, from_zero: bool = True) -> tuple[Curve, ...]:
    """Make overlapping curves visible: the first is solid, the others are drawn over it with interleaved dashes.

    Each of m overlapping curves has every m-th dash. `from_zero` is whether the linear axis starts at 0 rather than at
    the lowest value.
    """
    if len(curves) < 2:
        return curves
    overlaps: list[list[int]] = []
    samples = _sampled(curves, log=log, from_zero=from_zero and not log)
    for i in range(len(curves)):
        for overlap in overlaps:
            if _overlap(samples[overlap[0]], samples[i]):
                overlap.append(i)
                break
        else:
            overlaps.append([i])
    result = list(curves)
    for overlap in (overlap for overlap in overlaps if len(overlap) > 1):
        period = _DASH * len(overlap)
        result[overlap[0]] = replace(result[overlap[0]], dash=())
        for n, i in enumerate(overlap[1:], 1):
            result[i] = replace(result[i], dash=(_DASH, period - _DASH), shift=period - n * _DASH, marker="")
    return tuple(result)


def _sampled(curves: Sequence[Curve], *, log: bool, from_zero: bool) -> NDArray[np.float64]:
    """(K, S) values of the curves at S positions, relative to the height of the axes; NaN after the end of a curve."""
    at = np.linspace(0.0, max(curve.x[-1] for curve in curves), _SAMPLES)
    rows = np.stack([np.interp(at, curve.x, curve.y, right=np.nan) for curve in curves])
    for row, curve in zip(rows, curves, strict=True):
        if at[-1] == 0:  # runs of one step
            row[:] = curve.y[0]
    if log:
        rows = np.log10(np.where(rows > 0, rows, np.nan))
    low, high = (np.nanmin(rows), np.nanmax(rows)) if np.isfinite(rows).any() else (0.0, 1.0)
    with np.errstate(over="ignore"):  # the range of float64
        return rows / ((high - (min(low, 0.0) if from_zero else low)) or 1.0)


def _overlap(one: Values, other: Values) -> bool:
    """Whether two curves look like one: they are close to each other, and most of the shorter one is."""
    both = np.isfinite(one) & np.isfinite(other)
    shorter = min(int(np.isfinite(one).sum()), int(np.isfinite(other).sum()))
    close = np.abs(one - other)[both] < _OVERLAP_DISTANCE
    return bool(shorter and both.sum() >= 0.9 * shorter and close.mean() > 0.95)


_MAX_LENGTH = 400  # characters
_MAX_DIGITS = 6  # of a float
# Strings, which are not changed, and numbers that are not part of a name.
_NUMBERS = re.compile(
    r"""'(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*" | (?<![\w.])(?P<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?![\w.])""",
    re.VERBOSE,
)

_RATES = re.compile(r"\b(lr|\w+_lr|eta_min)=(\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?![\w.])")


def clean(text: str) -> str:
    """Text of the user on one line, without control characters; shortened if it is very long, and never empty."""
    line = printable(" ".join(text[: 10 * _MAX_LENGTH].split()))
    return (without_middle(line, _MAX_LENGTH) if len(line) > _MAX_LENGTH else line) or "(no name)"


def brief(notation: str) -> str:
    """Notation with long floats rounded: "gamma=0.8659643233600653" becomes "gamma=0.866".

    A float of more than six significant digits is rounded to four, or to as many as keep its distance from 0 and 1 to
    three digits.
    """
    return _NUMBERS.sub(lambda match: _brief(match["number"]) if match["number"] else match[0], notation)


def _with_rates_beside(notation: str, peak: float) -> str:
    """Notation whose rates are written as on an axis up to `peak`: "eta_min=0.001" beside 0.1, "eta_min=1e-3" else."""
    return _RATES.sub(lambda match: f"{match[1]}={format_rate(float(match[2]), _digits(match[2]), peak)}", notation)


def _digits(number: str) -> int:
    """The significant digits of a number, at least 1."""
    return max(1, len(number.partition("e")[0].replace(".", "").strip("0")))


def _brief(number: str) -> str:
    if number.isdigit() or _digits(number) <= _MAX_DIGITS:
        return number
    value = float(number)
    tolerance = 1e-3 * min(value, abs(1 - value))
    digits = next((n for n in range(4, 17) if abs(float(f"{value:.{n - 1}e}") - value) <= tolerance), 17)
    return format_rate(value, digits)


def without_middle(text: str, count: int) -> str:
    """`count` characters of a text: its beginning and its end."""
    head = (count + 1) // 2
    return f"{text[:head].rstrip()}…{text[len(text) - (count - head) :].lstrip()}"
