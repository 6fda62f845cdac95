"""Positions and labels of ticks: at the starts of epochs where there are epochs, rates as 1e-3.

Positions are in the unit of the axis, lengths in inches, sizes of text in points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

_DIGIT_WIDTH = 0.64 / 72  # inches per point of text size, in DejaVu Sans, which is wider than most fonts
_MAX_LABELS = 10  # labels on an x axis
_MIN_MINOR_GAP = 0.055  # inches between minor ticks
_NICE_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_NICE_EPOCHS = (1, 2, 5, 10, 20, 25, 50)


@dataclass(frozen=True)
class Ticks:
    """The ticks of one axis; `labels` are those of `major`."""

    major: tuple[float, ...]
    labels: tuple[str, ...]
    minor: tuple[float, ...] = ()


def step_ticks(steps: int, per_epoch: int | None, length: float, size: float, *, each: bool = False) -> Ticks:
    """Ticks for N steps: at the starts of epochs, and at the end of the last epoch.

    Args:
        steps: N; the axis ranges from 0 to N.
        per_epoch: Updates per epoch; None if the curves differ in it.
        length: The length of the axis in inches.
        size: The size of the labels in points.
        each: Whether to set a minor tick at each step, if they fit, rather than at each epoch.
    """
    epochs = steps / per_epoch if per_epoch else 1.0
    if per_epoch is None or epochs < 2:
        return _even_ticks(float(steps), length, size, whole=True, units=(1.0,) if each else ())
    stride = _stride(epochs, per_epoch, length, size)
    major = _multiples(stride * per_epoch, float(steps))
    units = (1.0, float(per_epoch)) if each else (float(per_epoch),)
    return Ticks(major, count_labels(major), _without(_minor(float(steps), units, length), major))


def epoch_ticks(epochs: float, per_epoch: int | None, length: float, size: float, *, each: bool = False) -> Ticks:
    """Ticks for an axis of epochs, from 0 to `epochs`."""
    if epochs < 2:
        return _even_ticks(epochs, length, size, whole=False, units=(1 / per_epoch,) if per_epoch and each else ())
    major = _multiples(_stride(epochs, 1, length, size), epochs)
    units = (1 / per_epoch, 1.0) if per_epoch and each else (1.0,)
    return Ticks(major, count_labels(major), _without(_minor(epochs, units, length), major))


def _stride(epochs: float, per_epoch: int, length: float, size: float) -> int:
    """The number of epochs from one label to the next."""
    longest = max(len(label) for label in count_labels((per_epoch, floor(epochs) * per_epoch)))
    fit = max(1, min(_MAX_LABELS, int(length / ((longest + 1.5) * size * _DIGIT_WIDTH))))
    scale = 1
    while True:
        for nice in _NICE_EPOCHS:
            if epochs / (nice * scale) <= fit:
                return nice * scale
        scale *= 100


def _even_ticks(end: float, length: float, size: float, *, whole: bool, units: Sequence[float]) -> Ticks:
    """Ticks at round numbers from 0 to `end`, for an axis without epochs."""
    fit = max(1, min(_MAX_LABELS, int(length / (max(len(count_label(end)), 3) + 1.5) / (size * _DIGIT_WIDTH))))
    step = nice_step(end, fit)
    if whole:
        step = max(1.0, step if step == int(step) else nice_step(end, max(fit // 2, 1)))
        step = float(ceil(step))
    major = _multiples(step, end)
    return Ticks(major, count_labels(major), _without(_minor(end, units, length), major))


def _minor(end: float, units: Sequence[float], length: float) -> tuple[float, ...]:
    """Multiples of the first unit whose ticks fit on the axis; empty if none fits."""
    for unit in units:
        if end / unit * _MIN_MINOR_GAP <= length:
            return _multiples(unit, end)
    return ()


def _multiples(step: float, end: float) -> tuple[float, ...]:
    return tuple(i * step for i in range(floor(end / step + 1e-9) + 1))


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
    """A step or an epoch: "32", "0.5"."""
    return f"{value:.10g}" if value < 1e10 else f"{value:.0f}"


def count_labels(values: Sequence[float]) -> tuple[str, ...]:
    """Steps for an axis: "0", "40", "80", or "0", "500k", "1M" if these are shorter."""
    plain = tuple(count_label(value) for value in values)
    if max(values) < 10_000:
        return plain
    short = tuple(_short_count(value) for value in values)
    return short if max(map(len, short)) <= 5 else plain


def _short_count(value: float) -> str:
    for unit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:.10g}{letter}"
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
    """Rates for an axis, all in the same format: "0", "0.05", "0.1", or "0", "2e-4", "1e-3"."""
    sizes = [abs(value) for value in values if value]
    plain = not sizes or (max(sizes) >= 0.05 and max(sizes) < 1e5 and min(sizes) >= 0.01)
    return tuple(_rate_label(value, plain) for value in values)


def _rate_label(value: float, plain: bool) -> str:
    if plain or value == 0:
        return f"{value:.6g}"
    mantissa, power = f"{value:.5e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".")
    return mantissa if int(power) == 0 else f"{mantissa}e{int(power)}"
