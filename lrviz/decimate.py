"""Millions of steps reduced to what can be seen of them, and jumps drawn as jumps. Only numpy.

A series is one value for each update, so its x is its index.
"""

from __future__ import annotations

from math import ceil

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]
Values = NDArray[np.float64]

_SHARP = 3.0  # a jump changes the rate this many times more than the steps before and after it do
_SHARP_AT_END = 32.0  # at either end, where only one neighbour can tell
_NOISE = 1e-6  # changes below this share of the value are rounding
_CHUNK = 1 << 18  # values looked at in one go, which bounds the memory and stays in the cache


def keep(values: Values, buckets: int) -> Indices:
    """The first, last, least and greatest of each bucket of neighbours, and its first NaN where there is one.

    Args:
        values: (N,) series.
        buckets: At most this many; four a bucket are kept, so a series of up to four times as many stays whole.

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
    """The kept indices of equal buckets, in no order, the first of which begins at `start`."""
    count, width = rows.shape
    begins = np.arange(count, dtype=np.int64) * width + start
    least, greatest = rows.argmin(axis=1), rows.argmax(axis=1)
    kept = [begins, begins + width - 1, begins + least, begins + greatest]
    # argmin and argmax both stop at a bucket's first NaN: that one is kept, and the extremes are sought again.
    holes = np.flatnonzero(np.isnan(rows[np.arange(count), least]))
    if holes.size:
        holed = rows[holes]
        missing = np.isnan(holed)
        kept.append(begins[holes] + np.where(missing, np.inf, holed).argmin(axis=1))
        kept.append(begins[holes] + np.where(missing, -np.inf, holed).argmax(axis=1))
    return np.concatenate(kept)


def jumps(values: Values, at: Indices) -> NDArray[np.bool_]:
    """Whether the series jumps on its way to each of the indices `at`, rather than moves.

    A jump is a change far greater than both changes beside it: a drop of StepLR, a restart, a level of a schedule
    that is stepped once an epoch. The steep part of a cosine is none.

    Args:
        values: (N,) series.
        at: Indices from 1 to N - 1.
    """
    last = values.size - 1
    if last < 2:  # two values alone are a line
        return np.zeros(at.size, dtype=np.bool_)
    here, there = values[at], values[at - 1]
    inside = (at > 1) & (at < last)
    with np.errstate(invalid="ignore", over="ignore"):  # of NaN, and of the greatest numbers there are
        change = np.abs(here - there)
        before = np.abs(there - values[np.maximum(at - 2, 0)])
        after = np.abs(values[np.minimum(at + 1, last)] - here)
        sharp = np.where(inside, _SHARP, _SHARP_AT_END) * np.maximum(before, after)
        noise = _NOISE * np.maximum(np.abs(here), np.abs(there))
        return (change > sharp) & (change > noise)


def outline(values: Values, buckets: int) -> tuple[Values, Values]:
    """The line to draw for a series: reduced, and upright where it jumps.

    Args:
        values: (N,) series.
        buckets: As many as the line has pixels to lie on.

    Returns:
        x (M,) and y (M,) with x in steps. Where the series jumps on its way to t, the line goes through
        (t, values[t - 1]) and (t, values[t]).
    """
    kept = keep(values, buckets)
    if kept.size == values.size:
        fallen = np.arange(1, values.size, dtype=np.int64)
        fallen = fallen[jumps(values, fallen)]
    else:
        fallen = _jumps_within(values, ceil(values.size / buckets))
        kept = np.union1d(kept, np.concatenate([fallen - 1, fallen]))
    corners = np.searchsorted(kept, fallen)
    x = np.insert(kept, corners, fallen).astype(np.float64)
    y = np.insert(values[kept], corners, values[fallen - 1])
    return x, y


def _jumps_within(values: Values, width: int) -> Indices:
    """The sharpest jump of each bucket of `width` neighbours."""
    found: list[Indices] = []
    for first in range(0, values.size, max(_CHUNK // width, 1) * width):
        last = min(first + max(_CHUNK // width, 1) * width, values.size)
        begins = np.arange(first, last, width, dtype=np.int64)
        change = np.zeros(begins.size * width)
        start = max(first, 1)
        with np.errstate(over="ignore"):
            np.subtract(values[start:last], values[start - 1 : last - 1], out=change[start - first : last - first])
        np.abs(change, out=change)
        if np.isnan(change.max()):
            change[np.isnan(change)] = 0.0
        at = begins + change.reshape(-1, width).argmax(axis=1)
        at = at[(at > 0) & (at < values.size)]
        found.append(at[jumps(values, at)])
    return np.concatenate(found)
