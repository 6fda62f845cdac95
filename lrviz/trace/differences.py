"""Differences between curves: a summary of each compared with the first, and differences between two columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lrviz.trace.trace import Summary, Trace, Values


@dataclass(frozen=True)
class Row:
    """One curve of a comparison.

    `differs_at` is the first step whose rate differs from the first curve's, or at which one of the two has ended; None
    if they are equal.
    """

    label: str
    summary: Summary
    differs_at: int | None


def compare_traces(traces: Sequence[Trace]) -> list[Row]:
    """A row for each curve: each parameter group of each trace."""
    first = traces[0].lr[:, 0]
    rows = []
    for trace in traces:
        several = trace.lr.shape[1] > 1
        label = trace.spec.title
        for group, name in enumerate(trace.group_names):
            rows.append(
                Row(
                    f"{label} {name}" if several else label,
                    trace.summary(group),
                    first_difference(first, trace.lr[:, group]),
                )
            )
    return rows


def first_difference(one: Values, other: Values) -> int | None:
    """The first index at which two curves (N,) and (M,) differ, min(N, M) where only their lengths do, else None."""
    common = min(one.size, other.size)
    different = np.flatnonzero(one[:common] != other[:common])
    if different.size:
        return int(different[0])
    return None if one.size == other.size else common


@dataclass(frozen=True)
class ColumnDifference:
    """The difference between two versions of a column.

    `step` is the first at which the two differ, `rendered` and `now` the values there, None if a column has ended.
    `greatest` is the greatest relative difference, |a - b| / max(|a|, |b|), at `greatest_step`; both are None if only
    the lengths differ. `steps` are the lengths.
    """

    column: str
    step: int
    rendered: float | None
    now: float | None
    greatest: float | None
    greatest_step: int | None
    steps: tuple[int, int]


def column_difference(title: str, rendered: Values | None, now: Values, rtol: float) -> ColumnDifference | None:
    """The difference between two columns; None if they are equal within the relative tolerance `rtol`."""
    rendered = np.empty(0) if rendered is None else _trimmed(rendered)
    now = _trimmed(now)
    common = min(rendered.size, now.size)
    a, b = rendered[:common], now[:common]
    with np.errstate(invalid="ignore", over="ignore"):  # infinite values have a difference of NaN
        difference, scale = np.abs(a - b), np.maximum(np.abs(a), np.abs(b))
        close = (difference <= rtol * scale) & np.isfinite(scale)
    equal = (a == b) | (np.isnan(a) & np.isnan(b))
    different = np.flatnonzero(~(equal | close))
    lengths = (rendered.size, now.size)
    if not different.size:
        if rendered.size == now.size:
            return None
        rest = [float(values[common]) if values.size > common else None for values in (rendered, now)]
        return ColumnDifference(title, common, rest[0], rest[1], None, None, lengths)
    first = int(different[0])
    relative = np.zeros(common)
    with np.errstate(invalid="ignore"):
        np.divide(difference, scale, out=relative, where=~equal)
    relative[~np.isfinite(relative)] = 1.0  # of an infinite or a missing value
    greatest = int(relative.argmax())
    return ColumnDifference(
        title, first, float(a[first]), float(b[first]), float(relative[greatest]), greatest, lengths
    )


def _trimmed(values: Values) -> Values:
    """A column without the NaN after its last number."""
    numbers = np.flatnonzero(~np.isnan(values))
    return values[: numbers[-1] + 1] if numbers.size else values[:0]
