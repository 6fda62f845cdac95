"""Where a schedule ends by itself, against where the run ends: what the rules of length and of units judge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import cos, inf, isnan, pi
from typing import Final, Literal

import numpy as np

from lrviz.rules.case import Case, Part, own_length
from lrviz.rules.curve import Curve
from lrviz.rules.thresholds import limit
from lrviz.schedulers import find

_NO_CURVE: Final = Curve(np.zeros(1))  # of a run that could not be simulated
# Past the end of the run a function is asked at steps that grow by this factor, up to this many times its length.
_GROWTH: Final = 1.04
_FARTHEST: Final = 20_000
_SAMPLES: Final = 32
_MOST_RISE: Final = 1e6
Kind = Literal["climbs", "cycles", "idle", "runs out", "unfinished", "vanishes"]


@dataclass(frozen=True)
class Ending:
    """A schedule that does not end with the run.

    `at` is the scheduler step at which it ends by itself, and `own` counts from the start of its last part. `share` is
    how much of its fall it has risen again ("climbs", and "cycles" of a function that does so more than once), the part
    of the run for which it stays ("idle", "vanishes"), or how much of the fall is left ("unfinished").
    """

    kind: Kind
    at: float
    own: float
    share: float
    part: Part | None
    curve: Curve


def endings(case: Case) -> tuple[Ending, ...]:
    """The endings of a run, of the first curve that has any."""
    if "endings" not in case.kept:
        case.kept["endings"] = tuple(_endings(case))
    return case.kept["endings"]  # type: ignore[no-any-return]


def _endings(case: Case) -> list[Ending]:
    part = case.last
    if part is not None and part.name == "OneCycleLR" and (length := own_length(part)) and length < part.steps:
        curve = case.curves[0] if case.curves else None
        if curve is None or case.each > 1:
            return [Ending("runs out", part.start + length, length, 1 - length / part.steps, part, curve or _NO_CURVE)]
    function = case.function(part) if case.failure is not None else None
    if part is not None and function is not None and not function(part.steps - 1) >= 0 and function(0) >= 0:
        end = _bisect(lambda t: not function(t) >= 0, 0, part.steps - 1) - 1
        return [Ending("runs out", part.start + end, end, 1 - end / part.steps, part, _NO_CURVE)]
    for curve in case.curves:
        if found := _of_curve(case, part, curve):
            return found
    return []


def _of_curve(case: Case, part: Part | None, whole: Curve) -> list[Ending]:
    if part is not None and part.name in ("ReduceLROnPlateau", "CosineAnnealingWarmRestarts", "CyclicLR"):
        return []
    curve = case.curve_of(part, whole)
    start = part.start if part is not None else 0
    if curve.size < 2:
        return []

    def ending(kind: Kind, own: float, share: float) -> list[Ending]:
        return [Ending(kind, start + own, own, share, part, whole)]

    length = own_length(part) if part is not None else None
    chained = part is not None and len(part.path) > 0 and start == 0 and part.end >= case.steps and len(case.parts) > 1
    if (tiny := whole.tiny_from) is not None and length is None:
        return ending("vanishes", tiny * case.each - start, 1 - tiny / whole.size)
    turns = part is not None and (part.name == "CosineAnnealingLR" or bool(_family_length(part)))
    if turns and part is not None and length is not None:
        if part.steps > length and (rebound := _rebound(curve, case.index(length))) >= limit("rebound"):
            return ending("climbs", length, rebound)
    elif part is None or part.name in ("LambdaLR", "MultiplicativeLR"):
        turn = curve.turn
        if turn is not None:
            again = curve.turns > 1 or _is_middle(curve, turn)
            rise = (float(curve.rates[turn:].max()) - float(curve.rates[turn])) / (
                curve.peak - float(curve.rates[turn])
            )
            return ending("cycles" if again else "climbs", turn * case.each, rise)
    if length is not None and part is not None:
        if length >= limit("longer") * part.steps and length - part.steps >= 2:
            left = _left(part, curve, length)
            if left >= limit("unfinished") or (part.name == "OneCycleLR" and left >= limit("unfinished") / 5):
                return ending("unfinished", length, left)
    elif part is not None and curve.change[-1] < 0 and (function := case.function(part, whole.group)) is not None:
        now = part.steps - 1
        end = _beyond(function, now)
        if end is not None and end >= limit("longer") * part.steps and end - part.steps >= 2:
            least, first = function(end), function(curve.peak_at * case.each)
            least = function(end - 1) if isnan(least) else least
            left = (function(now) - least) / (first - least) if first > least else 0.0
            if left >= limit("unfinished"):
                return ending("unfinished", end, left)
    idle = whole.size - whole.flat_from
    share = idle / whole.size
    inside = part is None or whole.flat_from > case.index(part.start) + 1
    low = whole.final < limit("floor") * whole.peak
    if share > limit("idle") and idle >= 2 and inside and not chained and whole.flat_from > 0:
        at_zero = whole.final <= 0
        own_end = part is None or part.name not in ("SWALR", "ConstantLR")
        if at_zero or (own_end and whole.final < 0.5 * whole.peak and (low or whole.fell_smoothly)):
            if not at_zero and not whole.fell_smoothly:
                return []
            return ending("idle", whole.flat_from * case.each - start, share)
    return []


def _is_middle(curve: Curve, turn: int) -> bool:
    """Whether the curve falls again after a turn by as much as it rose: a cycle that is meant."""
    after = curve.rates[turn:]
    top = float(after.max())
    return float(after[-1]) < top - 0.5 * (top - float(after[0])) and int(after.argmax()) < after.size - 1


def _rebound(curve: Curve, turn: int) -> float:
    """How much of its fall a cosine has risen again at most after its first half period."""
    turn = min(turn, curve.size - 1)
    low, top = float(curve.rates[turn]), float(curve.rates[: turn + 1].max())
    high = float(curve.rates[turn:].max())
    return (high - low) / (top - low) if top > low else 0.0


def _left(part: Part, curve: Curve, length: int) -> float:
    """How much of its fall a schedule of `length` steps has left at the end of the run."""
    done = min(1.0, (part.steps - 1) / length)
    match part.name:
        case "CosineAnnealingLR":
            return (1 + cos(pi * done)) / 2
        case "PolynomialLR":
            return float((1 - done) ** part.value("power", 1.0))
        case "OneCycleLR":
            return curve.final / curve.peak if curve.peak_at < curve.size - 1 else 1.0
    if _family_length(part):
        return curve.final / curve.peak
    return 1 - done


def _family_length(part: Part) -> str:
    """The parameter with the length of a scheduler of another package than torch, which has an end."""
    info = find(part.name)
    return info.length if info else ""


def _beyond(function: Callable[[float], float], now: int) -> float | None:
    """The step after `now` at which a function that falls there ends: rises, stays or fails; None if it does not."""
    before, at = now - 1, now
    low = function(now)
    if isnan(low):
        return None
    noise = 1e-9 * max(abs(function(0)), abs(function(now // 2)), abs(low))
    while at < _FARTHEST * max(now, 1):
        following = max(at + 1, int(at * _GROWTH))
        value = function(following)
        if isnan(value) or value < -noise:  # as (1 - t / T) ** 0.9 past T
            return float(_bisect(lambda t: not function(t) >= -noise, at, following))
        if value >= low - noise * (following - at) / max(at, 1) * 0.01:
            if value > low + noise:
                return float(_lowest(function, before, following))
            if all(abs(function(following * k) - value) <= noise for k in (2, 3, 7)):
                end = float(_bisect(lambda t, v=value: function(t) <= v + noise, before, following))  # type: ignore[misc]
                # A decay without an end reaches the least float, after ever smaller rates.
                return None if function(int(0.9 * end)) < 1e-6 * max(function(0), function(now // 2)) else end
        before, at, low = at, following, value
    return None


def ends_at(function: Callable[[float], float], end: float) -> bool:
    """Whether a function falls up to about a step, after its only peak, and there stays, rises or fails."""
    at = max(2, round(end))
    values = [function(t) for t in sorted({at * i // _SAMPLES for i in range(_SAMPLES)})]
    peak = max(values, default=0.0)
    after_peak = values[values.index(peak) :] if peak > 0 else []
    if not after_peak or any(b > a + 1e-9 * peak for a, b in pairwise(after_peak)):
        return False
    before, after = min(at - 1, int(0.9 * at)), max(at + 1, int(1.1 * at) + 1)
    high, low, following, later = (function(t) for t in (before, at, after, int(1.4 * at) + 1))
    # A decay without an end is as steep there as before, and far below its peak.
    if isnan(high) or high < 1e-4 * peak or (not isnan(low) and low >= high - 1e-9 * peak):
        return False
    if isnan(low) or isnan(following):
        return True
    least = low - 0.05 * (high - low)
    return following >= least and (isnan(later) or later >= least)


def end_of_rise(function: Callable[[float], float], now: int) -> int | None:
    """The step from `now` on at which a rising function stops to rise; None if it rises on and on."""
    earlier, before, low, at = now, now, function(now), now
    while at < 500 * max(now, 1):
        at = max(at + 1, int(at * _GROWTH))
        value = function(at)
        if not value < inf or value > _MOST_RISE * max(abs(low), abs(function(now))):
            return None  # a range test rises as an exponential, until it overflows
        if not value > low:
            top = _bisect(lambda t: not function(t) > function(t - 1), earlier, at)
            return top - 1 if function(top) >= function(top - 1) else top
        earlier, before, low = before, at, value
    return None


def _bisect(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The first step above `low` and up to `high` at which something holds from there on."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _lowest(function: Callable[[float], float], low: int, high: int) -> int:
    """The step between two at which a function has its only minimum."""
    while high - low > 2:
        third = (high - low) // 3
        left, right = low + third, high - third
        low, high = (low, right) if function(left) < function(right) else (left, high)
    return min(range(low, high + 1), key=function)
