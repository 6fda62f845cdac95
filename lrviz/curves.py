"""From traces to the curves of a figure: what each is called, its colour, its line. Only numpy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lrviz.decimate import Values, outline
from lrviz.labels import brief, clean
from lrviz.look import FigureOptions
from lrviz.style import Dash, Look
from lrviz.trace import Trace

MOST_NAMED = 24  # curves in one pair of axes; more are told apart by their order alone
_TOLD_APART = 2_000  # steps, each of which has about a pixel
_MOST_MARKED = 8  # curves with markers in one pair of axes
_SAMPLES = 256
_SAME = 0.004  # of the height of the axes: curves nearer than that are one to the eye
_STROKE = 4.0  # line widths of one colour where curves that coincide take turns


@dataclass(frozen=True)
class Curve:
    """One line: (M,) x in the unit of the axis and (M,) y, and how it is drawn.

    A dashed curve that shares its place with others begins its dashes `shift` line widths late.
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
        """Which of the points are updates of the run, rather than the upper or lower corner of a jump."""
        return np.flatnonzero(np.append(np.diff(self.x) > 0, True))

    @property
    def alone(self) -> NDArray[np.intp]:
        """Which of the points have no number on either side, so that no line goes through them."""
        there = np.pad(~np.isnan(self.y), 1)
        return np.flatnonzero(there[1:-1] & ~there[:-2] & ~there[2:])


@dataclass(frozen=True)
class Cell:
    """What one pair of axes shows, and the panels under it.

    `steps` is the greatest number of steps; `per_epoch` the updates in an epoch, None when the traces disagree, and
    `epochs` the most of them. `base` is the greatest base rate, and `typical` a low rate that is not the very lowest,
    for the foot of a logarithmic axis. `cuts` are the x at which a trace's ReduceLROnPlateau cut the rate, with the
    colour of its curve, "" where it has several. `beside` is how many panels the cells of its row have under the
    rates, at the most.
    """

    title: str
    rates: tuple[Curve, ...]
    steps: int
    epochs: float
    per_epoch: int | None
    base: float
    typical: float
    momentum: tuple[Curve, ...] = ()
    momentum_name: str = "momentum"
    metric: tuple[Curve, ...] = ()
    cuts: tuple[tuple[str, Values], ...] = ()
    beside: int = 0

    @property
    def panels(self) -> int:
        """How many panels stand under the rates."""
        return bool(self.momentum) + bool(self.metric)


def overlay(traces: Sequence[Trace], options: FigureOptions, look: Look, buckets: int) -> Cell:
    """One cell with every parameter group of every trace, each in a colour of its own."""
    parts = []
    first, total = 0, sum(trace.lr.shape[1] for trace in traces)
    for trace, title in zip(traces, _titles(traces), strict=True):
        numbers = range(first, first + trace.lr.shape[1])
        parts.append(_part(trace, title, options, look, buckets, numbers, total, len(traces) > 1))
        first += trace.lr.shape[1]
    per_epoch = {part.per_epoch for part in parts}
    momentum_names = {part.momentum_name for part in parts if part.momentum}
    cell = Cell(
        title=parts[0].title if len(parts) == 1 else "",
        rates=tuple(curve for part in parts for curve in part.rates),
        steps=max(part.steps for part in parts),
        epochs=max(part.epochs for part in parts),
        per_epoch=parts[0].per_epoch if len(per_epoch) == 1 else None,
        base=max(part.base for part in parts),
        typical=min((part.typical for part in parts if part.typical > 0), default=0.0),
        momentum=tuple(curve for part in parts for curve in part.momentum),
        momentum_name=momentum_names.pop() if len(momentum_names) == 1 else "momentum",
        metric=tuple(curve for part in parts for curve in part.metric),
        cuts=tuple(cuts for part in parts for cuts in part.cuts),
    )
    if first > _MOST_MARKED:
        cell = replace(cell, rates=tuple(replace(curve, marker="") for curve in cell.rates))
    return _taking_turns(cell, options)


def cells(traces: Sequence[Trace], options: FigureOptions, look: Look, buckets: int) -> list[Cell]:
    """A cell for each trace; parameter groups of one name have one colour throughout."""
    groups: dict[str, int] = {}
    for trace in traces:
        for name in trace.group_names if trace.lr.shape[1] > 1 else ():
            groups.setdefault(name, len(groups))
    found = []
    for trace, title in zip(traces, _titles(traces), strict=True):
        numbers = [groups.get(name, 0) for name in trace.group_names]
        part = _part(trace, title, options, look, buckets, numbers, len(groups), False)
        found.append(_taking_turns(part, options))
    return found


def _titles(traces: Sequence[Trace]) -> list[str]:
    """What each trace is called: notation in brief where that tells it from others, the user's own label as it is."""
    exact = [trace.label for trace in traces]
    short = [label if _own(trace) else brief(label) for trace, label in zip(traces, exact, strict=True)]
    meant: dict[str, set[str]] = {}
    for title, label in zip(short, exact, strict=True):
        meant.setdefault(title, set()).add(label)
    return [clean(title if len(meant[title]) == 1 else label) for title, label in zip(short, exact, strict=True)]


def _own(trace: Trace) -> bool:
    """Whether the label is the user's own, rather than notation with or without fields of the run."""
    return bool(trace.spec.name) and not trace.spec.name.startswith(f"{trace.spec.scheduler} @ ")


def _part(
    trace: Trace,
    title: str,
    options: FigureOptions,
    look: Look,
    buckets: int,
    numbers: Sequence[int],
    total: int,
    together: bool,
) -> Cell:
    """The cell of one trace; `numbers` pick the colours of its groups, of `total` that are needed."""
    per_epoch = trace.spec.loop.updates_per_epoch
    scale = 1.0 / per_epoch if options.x == "epoch" else 1.0

    def curve(name: str, values: Values, number: int, marked: bool = False) -> Curve:
        x, y = outline(values, buckets)
        return _drawn(Curve(name, x * scale, y, ""), look, number, total, marked)

    def curves(columns: NDArray[np.float64], marked: bool = False) -> tuple[Curve, ...]:
        return tuple(curve(names[i], columns[:, i], number, marked) for i, number in enumerate(numbers))

    names = [title]
    if len(numbers) > 1:
        groups = [clean(name) for name in trace.group_names]
        names = [f"{title}: {group}" for group in groups] if together else groups
    few = trace.updates <= look.most_markers
    momentum = trace.momentum if options.momentum else None
    metric = trace.metric if trace.metric is not None and np.isfinite(trace.metric).any() else None
    rates = curves(trace.lr, few)
    return Cell(
        title=title,
        rates=rates,
        steps=trace.updates,
        epochs=trace.updates / per_epoch,
        per_epoch=per_epoch,
        base=max(group.lr for group in trace.spec.groups),
        typical=_typical(trace.lr),
        momentum=curves(momentum) if momentum is not None else (),
        momentum_name=clean(trace.momentum_name),
        metric=(curve(title, metric, numbers[0]),) if metric is not None else (),
        cuts=((rates[0].colour if len(rates) == 1 else "", _falls(trace.lr) * scale),) if metric is not None else (),
    )


def _falls(lr: NDArray[np.float64]) -> Values:
    """(C,) steps that are the first at a lower rate, in any group."""
    return np.flatnonzero((lr[1:] < lr[:-1]).any(axis=1)).astype(np.float64) + 1


def _drawn(curve: Curve, look: Look, number: int, total: int, marked: bool) -> Curve:
    """The curve with the colour, dashes and markers that its number of `total` gives it."""
    if total > MOST_NAMED:
        colour = look.ramp[round(number / (total - 1) * (len(look.ramp) - 1))]
        return replace(curve, colour=colour, marker="o" if curve.x.size == 1 else "")
    lap = number // len(look.palette)
    return replace(
        curve,
        colour=look.palette[number % len(look.palette)],
        dash=look.dashes[lap % len(look.dashes)],
        marker=look.markers[number % len(look.markers)] if marked or curve.x.size == 1 else "",
    )


def _typical(lr: NDArray[np.float64]) -> float:
    """The least positive rate of a run whose steps can be told apart; in a longer one, 1 step in 200 is below it.

    So a long cosine does not spend half of a logarithmic axis on its last few steps. 0 where no rate is positive.
    """
    if lr.shape[0] <= _TOLD_APART:
        return float(lr[lr > 0].min(initial=np.inf)) if (lr > 0).any() else 0.0
    some = lr[np.linspace(0, lr.shape[0] - 1, min(lr.shape[0], 4096)).astype(np.int64)]
    lows = [float(np.quantile(column[column > 0], 0.005)) for column in some.T if (column > 0).any()]
    return min(lows, default=0.0)


def _taking_turns(cell: Cell, options: FigureOptions) -> Cell:
    """The cell with turns in each of its panels."""
    return replace(
        cell,
        rates=taking_turns(cell.rates, log=options.log),
        momentum=taking_turns(cell.momentum, log=False, from_zero=False),
        metric=taking_turns(cell.metric, log=False, from_zero=False),
    )


def taking_turns(curves: tuple[Curve, ...], *, log: bool, from_zero: bool = True) -> tuple[Curve, ...]:
    """Curves that lie on one another take turns: the first is solid, the others dash over it.

    Of m curves in one place each has the line for one stroke in m. A linear axis begins at 0 or, where it does not,
    at the least value.
    """
    if len(curves) < 2:
        return curves
    places: list[list[int]] = []
    samples = _sampled(curves, log=log, from_zero=from_zero and not log)
    for i in range(len(curves)):
        together = next((place for place in places if _coincide(samples[place[0]], samples[i])), None)
        if together is None:
            places.append([i])
        else:
            together.append(i)
    turned = list(curves)
    for place in places:
        strokes = _STROKE * len(place)
        for turn, i in enumerate(place):
            if turn:
                dash = (_STROKE, strokes - _STROKE)
                turned[i] = replace(turned[i], dash=dash, shift=strokes - turn * _STROKE, marker="")
            elif len(place) > 1:
                turned[i] = replace(turned[i], dash=())
    return tuple(turned)


def _sampled(curves: Sequence[Curve], *, log: bool, from_zero: bool) -> NDArray[np.float64]:
    """(K, S) heights of the curves at S places, as shares of the height of the axes; NaN beyond a curve's end."""
    at = np.linspace(0.0, max(curve.x[-1] for curve in curves), _SAMPLES)
    rows = np.stack([np.interp(at, curve.x, curve.y, right=np.nan) for curve in curves])
    for row, curve in zip(rows, curves, strict=True):
        if at[-1] == 0:  # runs of one step
            row[:] = curve.y[0]
    if log:
        rows = np.log10(np.where(rows > 0, rows, np.nan))
    low, high = (np.nanmin(rows), np.nanmax(rows)) if np.isfinite(rows).any() else (0.0, 1.0)
    with np.errstate(over="ignore"):  # from the least number there is to the greatest
        return rows / ((high - (min(low, 0.0) if from_zero else low)) or 1.0)


def _coincide(one: Values, other: Values) -> bool:
    """Whether two curves are one to the eye wherever both are, which is most of the way."""
    both = np.isfinite(one) & np.isfinite(other)
    shorter = min(int(np.isfinite(one).sum()), int(np.isfinite(other).sum()))
    return bool(shorter and both.sum() >= 0.9 * shorter and (np.abs(one - other)[both] < _SAME).mean() > 0.95)
