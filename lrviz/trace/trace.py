"""The rates of a run: the rate of every update, its summary, and the reduction of long series for drawing.

A series is one value for each update, so its x is its index.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from math import ceil, isfinite
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from lrviz.spec import RunSpec

Indices = NDArray[np.int64]
Values = NDArray[np.float64]

_JUMP_RATIO: Final = 3.0  # a jump changes the rate this many times more than the steps before and after it
_JUMP_RATIO_AT_END: Final = 32.0  # at either end, with only one neighbour
_RESTART_RATIO: Final = 1.5  # a restart is this many times greater than one of the opposite changes beside it
_TURN_SHARE: Final = 0.01  # of the range of a series, that a turn must change
_TURN_BUCKETS: Final = 4096
_NOISE: Final = 1e-6  # changes below this fraction of the value are rounding
_CHUNK: Final = 1 << 18  # values processed at once, to limit memory and stay in the cache
_PEAK_RTOL: Final = 1e-12  # rounding may make a later peak of a periodic schedule this much higher
_BELOW_ZERO: Final = 1e-9  # of the greatest rate; a rate that is less than this below 0 is a rounding error


def floor_of_axis(least: float, greatest: float) -> float:
    """Where the axis of rates between these two starts: at 0, or below it at a rate that is really negative."""
    return least if least < -_BELOW_ZERO * abs(greatest) else 0.0


@dataclass(frozen=True)
class Summary:
    """A curve in a few numbers; steps count from 0.

    `peak_step` is the first update at the greatest rate, within rounding. `warmup_end` is the update at which an
    initial rise ends, None if the rate does not rise from the start. `mean` is the area under the curve divided by N.
    """

    first: float
    peak: float
    peak_step: int
    final: float
    least: float
    mean: float
    warmup_end: int | None


@dataclass(frozen=True, eq=False)
class Trace:
    """The values used by each of the N updates of a run, for each of G parameter groups.

    `lr` is (N, G). `momentum` is (N, G) if the scheduler changes it or it was requested, and `momentum_name` is its
    field: "momentum", or "betas[0]" for Adam and its variants. `metric` is (N,): the last value passed to the
    scheduler before update t, NaN before the first.
    """

    spec: RunSpec
    lr: NDArray[np.float64] = field(repr=False)
    momentum: NDArray[np.float64] | None = field(default=None, repr=False)
    momentum_name: str = "momentum"
    metric: NDArray[np.float64] | None = field(default=None, repr=False)

    @property
    def label(self) -> str:
        """The label of the curve."""
        return self.spec.label

    @property
    def group_names(self) -> tuple[str, ...]:
        """A name for each column of `lr`; a single group without a name is called "lr"."""
        names = [group.name for group in self.spec.groups]
        if len(names) == 1:
            return (names[0] or "lr",)
        return tuple(name or f"group{i}" for i, name in enumerate(names))

    @property
    def updates(self) -> int:
        """N, the number of optimizer updates."""
        return int(self.lr.shape[0])

    @cached_property
    def step(self) -> NDArray[np.int64]:
        """(N,) update numbers from 0."""
        return np.arange(self.updates, dtype=np.int64)

    @cached_property
    def epoch(self) -> NDArray[np.int64]:
        """(N,) the epoch each update belongs to, from 0."""
        epoch: NDArray[np.int64] = self.spec.loop.epoch_of(self.step)
        return epoch

    def summary(self, group: int = 0) -> Summary:
        """The curve of one parameter group in a few numbers."""
        lr = self.lr[:, group]
        peak = float(lr.max())
        peak_step = int((lr >= peak - abs(peak) * _PEAK_RTOL).argmax())
        return Summary(
            first=float(lr[0]),
            peak=peak,
            peak_step=peak_step,
            final=float(lr[-1]),
            least=float(lr.min()),
            mean=_mean(lr),
            warmup_end=_warmup_end(lr),
        )


def _mean(lr: NDArray[np.float64]) -> float:
    """The mean, also if the sum exceeds the greatest float."""
    with np.errstate(over="ignore"):
        mean = float(lr.mean())
    return mean if isfinite(mean) else float((lr / lr.size).sum())


def _warmup_end(lr: NDArray[np.float64]) -> int | None:
    """The first update from which the rate no longer rises, if it rises from the start; else None.

    A flat start (a constant factor that ends in a jump) counts as warm-up too: the rate is below the later ones.
    """
    change = np.diff(lr)
    moving = np.flatnonzero(change)
    if moving.size == 0 or change[moving[0]] <= 0:
        return None
    falling = np.flatnonzero(change < 0)
    rising_until = int(falling[0]) if falling.size else lr.size - 1
    rises = np.flatnonzero(change[:rising_until] > 0)
    return int(rises[-1]) + 1


def decimate(values: Values, buckets: int) -> Indices:
    """Keep the first, last, least and greatest value of each bucket of neighbours, and its first NaN.

    Args:
        values: (N,) series.
        buckets: The maximum number of buckets; a series of up to 4 * buckets values is kept whole.

    Returns:
        Indices in increasing order without repeats; 0 and N - 1 are among them.
    """
    n = values.size
    if n <= 4 * buckets:
        return np.arange(n, dtype=np.int64)
    width = ceil(n / buckets)
    whole = n - n % width
    picked = [_extremes(values[:whole].reshape(-1, width), 0)]
    if whole < n:
        picked.append(_extremes(values[whole:].reshape(1, -1), whole))
    kept = np.concatenate(picked)
    kept.sort()
    return kept[np.diff(kept, prepend=-1) > 0]


def _extremes(rows: Values, start: int) -> Indices:
    """The indices to keep of equal buckets, unsorted; the first bucket begins at `start`."""
    count, width = rows.shape
    starts = np.arange(count, dtype=np.int64) * width + start
    least, greatest = rows.argmin(axis=1), rows.argmax(axis=1)
    kept = [starts, starts + width - 1, starts + least, starts + greatest]
    # argmin and argmax both stop at a bucket's first NaN: it is kept, and the extremes are computed again without NaN.
    with_nan = np.flatnonzero(np.isnan(rows[np.arange(count), least]))
    if with_nan.size:
        numbers = rows[with_nan]
        is_nan = np.isnan(numbers)
        kept.append(starts[with_nan] + np.where(is_nan, np.inf, numbers).argmin(axis=1))
        kept.append(starts[with_nan] + np.where(is_nan, -np.inf, numbers).argmax(axis=1))
    return np.concatenate(kept)


def jumps(values: Values, at: Indices, *, noisy: bool = False) -> NDArray[np.bool_]:
    """Whether the series jumps just before each of the indices `at`.

    A jump is a change far greater than the changes before and after it: a drop of StepLR, a restart, a level of a
    schedule that is stepped once an epoch. The steep part of a cosine is not a jump. A restart after a few steps of a
    steep decay is one, and so are both of two drops on consecutive steps; in a `noisy` series these are noise.

    Args:
        values: (N,) series.
        at: Indices from 1 to N - 1.
        noisy: Whether the series is a measurement, such as a loss.
    """
    last = values.size - 1
    if last < 2:  # two values are a line
        return np.zeros(at.size, dtype=np.bool_)
    with np.errstate(invalid="ignore", over="ignore"):  # NaN and huge values

        def change_at(offset: int) -> Values:
            """The change just before the index `offset` after each of `at`; 0 beyond the ends."""
            index = at + offset
            return np.asarray(values[np.clip(index, 0, last)] - values[np.clip(index - 1, 0, last)])

        change, before, after = change_at(0), change_at(-1), change_at(1)
        size, least, greatest = np.abs(change), *np.sort([np.abs(before), np.abs(after)], axis=0)
        inside = (at > 1) & (at < last)
        noise = _NOISE * np.maximum(np.abs(values[at]), np.abs(values[at - 1]))
        found = size > np.where(inside, _JUMP_RATIO, _JUMP_RATIO_AT_END) * greatest
        if not noisy:
            reversal = inside & (change * before < 0) & (change * after < 0)
            restart = (size >= greatest * (1 - _NOISE)) & (size > _RESTART_RATIO * least)
            found |= reversal & np.where(change > 0, restart, size > _RESTART_RATIO * greatest)
            first = (np.abs(before) <= noise) & (np.abs(change_at(2)) <= noise) & (at > 1) & (at < last - 1)
            second = (np.abs(after) <= noise) & (np.abs(change_at(-2)) <= noise) & (at > 2) & (at < last)
            found |= first | second
        return np.asarray(found & (size > noise))


def outline(values: Values, buckets: int, *, noisy: bool = False) -> tuple[Values, Values]:
    """The line to draw for a series: reduced, and vertical at jumps.

    Args:
        values: (N,) series.
        buckets: The width of the line in pixels.
        noisy: Whether the series is a measurement, as for `jumps`.

    Returns:
        x (M,) and y (M,) with x in steps. If the series jumps just before t, the line passes through
        (t, values[t - 1]) and (t, values[t]).
    """
    kept = decimate(values, buckets)
    if kept.size == values.size:
        at = np.arange(1, values.size, dtype=np.int64)
        at = at[jumps(values, at, noisy=noisy)]
    else:
        at = _sharpest_jumps(values, ceil(values.size / buckets), noisy=noisy)
        kept = np.union1d(kept, np.concatenate([at - 1, at]))
    corners = np.searchsorted(kept, at)
    x = np.insert(kept, corners, at).astype(np.float64)
    y = np.insert(values[kept], corners, values[at - 1])
    return x, y


def turns(values: Values) -> int:
    """How often a series changes its direction, by more than a hundredth of its range.

    A cycle has two turns. At most some thousand turns are counted.
    """
    reduced = values[decimate(values, _TURN_BUCKETS)]
    moving = np.flatnonzero(np.diff(reduced, prepend=reduced[0]))
    rising = reduced[moving] > reduced[moving - 1]
    corners = moving[:-1][rising[1:] != rising[:-1]]
    heights = np.abs(np.diff(reduced[np.concatenate([[0], corners, [reduced.size - 1]])]))
    return max(int(np.count_nonzero(heights > _TURN_SHARE * np.ptp(reduced))) - 1, 0)


def _sharpest_jumps(values: Values, width: int, *, noisy: bool) -> Indices:
    """The index of the sharpest jump of each bucket of `width` neighbours that has one."""
    indices: list[Indices] = []
    chunk = max(_CHUNK // width, 1) * width
    for first in range(0, values.size, chunk):
        last = min(first + chunk, values.size)
        starts = np.arange(first, last, width, dtype=np.int64)
        change = np.zeros(starts.size * width)
        start = max(first, 1)
        with np.errstate(over="ignore"):
            np.subtract(values[start:last], values[start - 1 : last - 1], out=change[start - first : last - first])
        np.abs(change, out=change)
        if np.isnan(change.max()):
            change[np.isnan(change)] = 0.0
        at = starts + change.reshape(-1, width).argmax(axis=1)
        at = at[(at > 0) & (at < values.size)]
        indices.append(at[jumps(values, at, noisy=noisy)])
    return np.concatenate(indices)
