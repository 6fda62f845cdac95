"""Where two columns of numbers part, and by how much."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lrviz import export

if TYPE_CHECKING:
    from lrviz.trace import Trace

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Parting:
    """How one column of numbers differs.

    `step` is the first at which the two differ, `rendered` and `now` the values there, None where a column has ended.
    `greatest` is the greatest relative difference, |a - b| / max(|a|, |b|), and `greatest_step` where it is; None where
    only the lengths differ.
    """

    column: str
    step: int
    rendered: float | None
    now: float | None
    greatest: float | None
    greatest_step: int | None
    steps: tuple[int, int]


def find_parting(title: str, rendered: Values | None, now: Values, rtol: float) -> Parting | None:
    """Where and how much two columns differ; None where they are equal."""
    rendered = np.empty(0) if rendered is None else _without_end(rendered)
    now = _without_end(now)
    common = min(rendered.size, now.size)
    a, b = rendered[:common], now[:common]
    apart, scale = np.abs(a - b), np.maximum(np.abs(a), np.abs(b))
    one_missing = np.isnan(a) != np.isnan(b)
    different = np.flatnonzero((apart > rtol * scale) | one_missing)
    lengths = (rendered.size, now.size)
    if not different.size:
        if rendered.size == now.size:
            return None
        rest = [float(values[common]) if values.size > common else None for values in (rendered, now)]
        return Parting(title, common, rest[0], rest[1], None, None, lengths)
    first = int(different[0])
    relative = np.zeros(common)
    np.divide(apart, scale, out=relative, where=scale > 0)
    relative = np.where(one_missing, 1.0, np.nan_to_num(relative))
    most = int(relative.argmax())
    return Parting(title, first, float(a[first]), float(b[first]), float(relative[most]), most, lengths)


def columns_of(traces: Sequence[Trace]) -> dict[str, Values]:
    """The columns of the CSV of these traces, by name."""
    return {column.name: np.asarray(column.values, dtype=np.float64) for column in export.columns(traces)}


def read_columns(path: Path) -> dict[str, Values]:
    """The columns of a CSV by name, NaN where a cell is empty.

    Raises:
        ValueError: it holds something that is no number, or its rows differ in length.
    """
    with path.open(encoding="utf-8", newline="") as stream:
        rows = csv.reader(stream)
        header = next(rows, [])
        columns: list[list[float]] = [[] for _ in header]
        try:
            for row in rows:
                for values, cell in zip(columns, row, strict=True):
                    values.append(float(cell) if cell else np.nan)
        except csv.Error as error:
            raise ValueError(str(error)) from error
    return {name: np.array(values) for name, values in zip(header, columns, strict=True)}


def _without_end(values: Values) -> Values:
    """A column without the empty cells after its end."""
    there = np.flatnonzero(~np.isnan(values))
    return values[: there[-1] + 1] if there.size else values[:0]
