"""Limits and ticks of axes: steps at round numbers, epochs on a second axis, rates all written in one way.

Positions are in the unit of the axis, lengths in inches, sizes of text in points.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, pairwise
from math import ceil, floor, log, log10
from typing import Any

import numpy as np

from lrviz.figure.backend import (
    TICKDOWN,
    TICKLEFT,
    FixedFormatter,
    FixedLocator,
    Line2D,
    NullFormatter,
    NullLocator,
    XAxis,
    YAxis,
    mpl,
)
from lrviz.figure.curves import Cell, Curve
from lrviz.figure.style import MAX_VALUE, MIN_VALUE, FigureOptions, Style
from lrviz.trace import Values, floor_of_axis

_MIN_LABEL_GAP = 0.38  # inches between the labels of a y axis
_CONSTANT_RANGE = 1e-6  # relative range below which a metric is drawn as constant
_MAX_DECADES = 12  # of a logarithmic axis
_DIGIT_WIDTH = 0.64 / 72  # inches per point of text size, in DejaVu Sans, which is wider than most fonts
_MAX_LABELS = 10  # labels on an x axis
_LABEL_SPACE = 1.5  # digits between labels of an x axis
_MIN_MINOR_GAP = 0.055  # inches between minor ticks
_NICE_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_NICE_EPOCHS = (1, 2, 5, 10, 20, 25, 50)
_PLAIN_FROM, _PLAIN_TO = 0.01, 1e5  # the largest rate of an axis that is written as a decimal
_LEAST_PLAIN = 1e-3  # and its least


@dataclass(frozen=True)
class Ticks:
    """The ticks of one axis; `labels` are those of `major`."""

    major: tuple[float, ...]
    labels: tuple[str, ...]
    minor: tuple[float, ...] = ()


@dataclass(frozen=True)
class Limits:
    """The limits of a y axis; `ticks_for` is the height in inches to choose ticks for, if not that of the axes."""

    low: float
    high: float
    log: bool = False
    ticks_for: float | None = None

    def share(self, value: float) -> float:
        """The position of a value on the axis, from 0 (low) to 1 (high), clipped to that range."""
        if self.log:
            value = max(value, self.low)
            return min(log(value / self.low) / log(self.high / self.low), 1.0)
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)

    def shares(self, values: Values) -> Values:
        """The positions of values on the axis, as of `share`."""
        with np.errstate(over="ignore", divide="ignore"):
            if self.log:
                shares = np.log(np.maximum(values, self.low) / self.low) / log(self.high / self.low)
            else:
                shares = (values - self.low) / (self.high - self.low)
        return np.asarray(np.clip(shares, 0.0, 1.0))

    def ticks(self, height: float) -> Ticks:
        """The ticks of an axis with this height in inches."""
        most = max(1, min(8, int((self.ticks_for or height) / _MIN_LABEL_GAP)))
        return (log_ticks if self.log else value_ticks)(self.low, self.high, most)


def rate_limits(cells: Sequence[Cell], options: FigureOptions, style: Style) -> Limits:
    """The limits of the learning rate axis that these cells share.

    A linear axis starts at 0, or below the lowest rate if that is negative. A logarithmic axis starts below the lowest
    rate that more than a few steps have. If no rate is positive, the axis is linear.
    """
    highest = max(0.0, _clip(max(_maximum(curve) for cell in cells for curve in cell.rates)))
    if options.ylim is not None:
        low, high = options.ylim
        return Limits(_clip(low), _clip(high), log=options.log and highest > 0)
    if options.log and highest > 0:
        lows = [float(curve.y[curve.y > 0].min()) for cell in cells for curve in cell.rates if (curve.y > 0).any()]
        typical = min((cell.typical for cell in cells if cell.typical > 0), default=highest)
        low = min(max(min(lows), typical / 10, highest * 10.0**-_MAX_DECADES), highest)
        spare = max((highest / low) ** 0.04, 1.02)
        return Limits(low / spare, highest * spare, log=True)
    lowest = floor_of_axis(_clip(min(float(np.nanmin(curve.y)) for cell in cells for curve in cell.rates)), highest)
    if lowest < 0:
        margin = 0.05 * (highest - lowest)
        return Limits(lowest - margin, highest + margin)
    base = _clip(max(cell.base for cell in cells))
    if style.cheatsheet_axes:
        return Limits(0.0, 1.1 * (max(highest, base) or 1.0))
    top = highest or base or 1.0
    return Limits(-0.03 * top, 1.05 * top)


def value_limits(curves: Sequence[Curve]) -> Limits:
    """The limits of the axis of a momentum or a metric: the range of the values with a margin."""
    low, high = _clip(min(float(np.nanmin(curve.y)) for curve in curves)), _clip(max(map(_maximum, curves)))
    size = max(abs(low), abs(high))
    margin = 0.1 * (high - low if high - low > _CONSTANT_RANGE * size else size) or 0.5
    return Limits(low - margin, high + margin)


def _clip(value: float) -> float:
    """The value, or the nearest value that an axis can show."""
    return 0.0 if abs(value) < MIN_VALUE else max(-MAX_VALUE, min(value, MAX_VALUE))


def _maximum(curve: Curve) -> float:
    return float(np.nanmax(curve.y))


def step_ticks(
    low: float, high: float, per_epoch: int | None, length: float, size: float, *, by_epoch: bool = False
) -> Ticks:
    """Ticks of an axis of steps: at round numbers, which are starts of epochs if an epoch is a round number of steps.

    Args:
        low: The first step on the axis.
        high: The end of the last step on the axis.
        per_epoch: Updates per epoch; None if the curves differ in it.
        length: The length of the axis in inches.
        size: The size of the labels in points.
        by_epoch: Whether to set the ticks at starts of epochs in any case, with a minor tick at each step that fits.
    """
    several = bool(per_epoch) and high - low >= 2 * (per_epoch or 1)
    unit = float(per_epoch) if per_epoch and several and (by_epoch or is_round(per_epoch)) else 0.0

    def allowed(step: float) -> bool:
        return step == int(step) and not (unit and step % unit and unit % step)

    steps: Iterator[float] = filter(allowed, _round_numbers((high - low) / _MAX_LABELS))
    if by_epoch and unit:
        steps = (unit * epochs for epochs in _epoch_counts())
    major = _fitting(steps, low, high, length, size)
    units = [1.0] * by_epoch + [unit] * bool(unit)
    return Ticks(major, count_labels(major), _without(_minor(low, high, units, length), major))


def epoch_ticks(
    low: float, high: float, per_epoch: int | None, length: float, size: float, *, by_epoch: bool = False
) -> Ticks:
    """Ticks of an axis of epochs; `per_epoch` and `by_epoch` are as for `step_ticks`."""
    units = [1 / per_epoch] if per_epoch and by_epoch else []
    steps = _round_numbers((high - low) / _MAX_LABELS)
    if high - low >= 2:
        steps = map(float, _epoch_counts())
        units.append(1.0)
    major = _fitting(steps, low, high, length, size)
    return Ticks(major, count_labels(major), _without(_minor(low, high, units, length), major))


def top_ticks(low: float, high: float, per_epoch: int | None, length: float, size: float) -> Ticks | None:
    """The ticks of a second axis with epochs at the top of an axis of steps.

    Returns:
        Positions in epochs; None if the axis needs no second one: there are less than two epochs, or the starts of
        epochs are round numbers of steps, where the axis of steps has ticks.
    """
    if not per_epoch or is_round(per_epoch) or high - low < 2 * per_epoch:
        return None
    return epoch_ticks(low / per_epoch, high / per_epoch, per_epoch, length, size)


def is_round(number: float) -> bool:
    """Whether a number is 1, 2, 2.5 or 5 times a power of ten."""
    scale = 10.0 ** floor(log10(number) + 1e-9)
    return any(abs(number - nice * scale) < 1e-9 * scale for nice in _NICE_STEPS)


def _round_numbers(least: float) -> Iterator[float]:
    """The round numbers from `least` on."""
    power = floor(log10(least))
    for exponent in count(power):
        for nice in _NICE_STEPS[:-1]:
            if (number := nice * 10.0**exponent) >= least * (1 - 1e-9):
                yield number


def _epoch_counts() -> Iterator[int]:
    """The numbers of epochs from one label to the next."""
    return (nice * 100**power for power in count() for nice in _NICE_EPOCHS)


def _fitting(steps: Iterator[float], low: float, high: float, length: float, size: float) -> tuple[float, ...]:
    """Multiples of the first of the steps whose labels do not touch."""
    while True:
        step = next(steps)
        if (high - low) / step > _MAX_LABELS * (1 + 1e-9):
            continue
        major = _multiples(step, low, high)
        widest = max((len(a) + len(b) for a, b in pairwise(count_labels(major))), default=0) / 2
        if (widest + _LABEL_SPACE) * size * _DIGIT_WIDTH <= step / (high - low) * length:
            return major


def _minor(low: float, high: float, units: Sequence[float], length: float) -> tuple[float, ...]:
    """Multiples of the first unit whose ticks fit on the axis; empty if none fits."""
    for unit in units:
        if (high - low) / unit * _MIN_MINOR_GAP <= length:
            return _multiples(unit, low, high)
    return ()


def _multiples(step: float, low: float, high: float) -> tuple[float, ...]:
    return tuple(i * step for i in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1))


def _without(positions: tuple[float, ...], excluded: tuple[float, ...]) -> tuple[float, ...]:
    rounded = {round(position, 9) for position in excluded}
    return tuple(position for position in positions if round(position, 9) not in rounded)


def nice_step(span: float, most: int) -> float:
    """The smallest of 1, 2, 2.5, 5 times a power of ten that divides `span` into at most `most` intervals."""
    if span <= 0:
        return 1.0
    scale = 10.0 ** floor(log10(span / most))
    return next(nice * scale for nice in _NICE_STEPS if span / (nice * scale) <= most * (1 + 1e-9))


def count_label(value: float) -> str:
    """A step or an epoch: "32", "2,000", "0.5"."""
    return f"{value:,.0f}" if value >= 1e10 or value == int(value) else f"{value:,.10g}"


def count_labels(values: Sequence[float]) -> tuple[str, ...]:
    """Steps for an axis: "0", "500", "1,000", or "0", "500k", "1M" if the numbers are long."""
    plain = tuple(count_label(value) for value in values)
    if max(values, default=0) < 10_000:
        return plain
    short = tuple(_short_count(value) for value in values)
    return short if max(map(len, short)) <= 5 else plain


def _short_count(value: float) -> str:
    for unit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:,.10g}{letter}"
    return count_label(value)


def value_ticks(low: float, high: float, most: int) -> Ticks:
    """Ticks at round values of a linear axis: at most `most` intervals, or more for at least two ticks."""
    major: tuple[float, ...] = ()
    while len(major) < 2:
        step = nice_step(high - low, most)
        major = tuple(i * step for i in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1))
        most += 1
    return Ticks(major, rate_labels(major))


def log_ticks(low: float, high: float, most: int) -> Ticks:
    """Ticks of a logarithmic axis at powers of ten; if these are few, also at 2 and 5 times them, or round values."""
    first, last = ceil(log10(low) - 1e-9), floor(log10(high) + 1e-9)
    decades = last - first + 1
    if decades >= 3 or (decades == 2 and most < 4):
        stride = ceil((decades - 1) / most) if decades > 1 else 1
        major = tuple(10.0**power for power in range(first, last + 1) if (power - last) % stride == 0)
    else:
        powers = range(first - 1, last + 1)
        major = tuple(
            digit * 10.0**power
            for power in powers
            for digit in (1.0, 2.0, 5.0)
            if low * (1 - 1e-9) <= digit * 10.0**power <= high * (1 + 1e-9)
        )
        if len(major) < 3:
            return value_ticks(low, high, min(most, 5))
    minor: tuple[float, ...] = ()
    if decades <= 2 * most:
        each = [digit * 10.0**power for power in range(first - 1, last + 1) for digit in range(1, 10)]
        excluded = {f"{value:.6e}" for value in major}
        minor = tuple(value for value in each if low <= value <= high and f"{value:.6e}" not in excluded)
    return Ticks(major, rate_labels(major), minor)


def rate_labels(values: Sequence[float]) -> tuple[str, ...]:
    """Rates for an axis, all written in the same way: "0", "0.05", "0.1", or "0", "2e-4", "1e-3"."""
    plain = plain_rates(values)
    return tuple(_rate_label(value, plain) for value in values)


def plain_rates(values: Sequence[float]) -> bool:
    """Whether these ticks are written as decimals rather than in scientific notation."""
    sizes = [abs(value) for value in values if value]
    return not sizes or (_PLAIN_FROM <= max(sizes) < _PLAIN_TO and min(sizes) >= _LEAST_PLAIN)


def _rate_label(value: float, plain: bool) -> str:
    if plain or value == 0:
        return f"{value:.6g}"
    mantissa, power = f"{value:.5e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(power)}"


def set_ticks(axis: XAxis | YAxis, ticks: Ticks, *, labelled: bool) -> None:
    """Set the ticks of an axis, with their labels or without."""
    axis.set_major_locator(FixedLocator(ticks.major))
    axis.set_major_formatter(FixedFormatter(ticks.labels) if labelled else NullFormatter())
    axis.set_minor_formatter(NullFormatter())
    kind = "xtick" if isinstance(axis, XAxis) else "ytick"
    side, other = ("bottom", "top") if isinstance(axis, XAxis) else ("left", "right")
    get: Any = mpl.rcParams.get
    usual = get(f"{kind}.direction") == "out" and get(f"{kind}.{side}") and not get(f"{kind}.{other}")
    if ticks.minor and usual and not get("axes.grid"):
        _draw_minor_ticks(axis, ticks.minor, kind)
    else:
        axis.set_minor_locator(FixedLocator(ticks.minor) if ticks.minor else NullLocator())


def _draw_minor_ticks(axis: XAxis | YAxis, positions: Sequence[float], kind: str) -> None:
    """Draw minor ticks as one line of markers: as ticks of matplotlib they take half the time of the figure."""
    axes, zeros = axis.axes, [0.0] * len(positions)
    settings: Any = mpl.rcParams
    horizontal = kind == "xtick"
    marker: Any = TICKDOWN if horizontal else TICKLEFT
    figure: Any = axes.figure
    figure.add_artist(  # not to the axes, whose lines are curves
        Line2D(
            positions if horizontal else zeros, zeros if horizontal else positions, linestyle="none",
            marker=marker, markersize=settings[f"{kind}.minor.size"],
            markeredgewidth=settings[f"{kind}.minor.width"], color=settings[f"{kind}.color"], clip_on=False,
            transform=axes.get_xaxis_transform() if horizontal else axes.get_yaxis_transform(), zorder=0.0,
            gid=f"minor-{kind}s-{len(figure.artists)}",
        )
    )  # fmt: skip
