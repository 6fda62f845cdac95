"""Curves that look like one, and the dashes that show each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lrviz.figure.curves import Curve
from lrviz.trace import Values

_SAMPLES = 256
_OVERLAP_DISTANCE = 0.004  # relative to the height of the axes: curves closer than this look like one
_DASH = 4.0  # line widths; the length of an interleaved dash


def interleave_dashes(curves: tuple[Curve, ...], *, log: bool, from_zero: bool = True) -> tuple[Curve, ...]:
    """Make overlapping curves visible: the first is solid, the others are drawn over it with interleaved dashes.

    Each of m overlapping curves has every m-th dash. `from_zero` is whether the linear axis starts at 0 rather than at
    the lowest value.
    """
    result = list(curves)
    for overlap in (found for found in overlapping(curves, log=log, from_zero=from_zero) if len(found) > 1):
        period = _DASH * len(overlap)
        result[overlap[0]] = replace(result[overlap[0]], dash=())
        for n, i in enumerate(overlap[1:], 1):
            result[i] = replace(result[i], dash=(_DASH, period - _DASH), shift=period - n * _DASH, marker="")
    return tuple(result)


def overlapping(curves: Sequence[Curve], *, log: bool, from_zero: bool = True) -> list[list[int]]:
    """The numbers of the curves in groups of those that look like one."""
    overlaps: list[list[int]] = []
    samples = _sampled(curves, log=log, from_zero=from_zero and not log) if len(curves) > 1 else None
    for i in range(len(curves)):
        for overlap in overlaps:
            if samples is not None and _overlap(samples[overlap[0]], samples[i]):
                overlap.append(i)
                break
        else:
            overlaps.append([i])
    return overlaps


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
