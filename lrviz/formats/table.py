"""The table that every format writes: columns of values, and their rows as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrviz.text import printable
from lrviz.trace import Trace, Values

BLOCK = 8192  # rows formatted at a time


@dataclass(frozen=True)
class Column:
    """One column of a table: a printable name, and (N,) values; `user_text` is whether it contains text of the user."""

    name: str
    values: NDArray[Any]
    user_text: bool = False

    @property
    def whole(self) -> bool:
        """Whether the values are integers."""
        return self.values.dtype.kind == "i"


def columns(traces: Sequence[Trace]) -> list[Column]:
    """The columns of a table of runs side by side; they may differ in length.

    One run: `step`, `epoch`, and `lr` or `lr[NAME]` for each of several parameter groups, then `momentum` likewise
    and `metric` if the run has them. Several runs: a column for each, named by label, then `momentum[LABEL]` and
    `metric[LABEL]`; if their epochs differ, `epoch[LABEL]` for each. Duplicate names get a number.
    """
    longest = max(traces, key=lambda trace: trace.updates)
    shared = all(np.array_equal(trace.epoch, longest.epoch[: trace.updates]) for trace in traces)
    table = [Column("step", longest.step)]
    if shared:
        table.append(Column("epoch", longest.epoch))
    for trace in traces:
        label = trace.label if len(traces) > 1 else None
        if not shared:
            table.append(Column(_name("epoch", label), trace.epoch, user_text=True))
        table += _by_group(trace, trace.lr, label or "lr", user_text=label is not None)
        if trace.momentum is not None:
            table += _by_group(trace, trace.momentum, _name("momentum", label), user_text=label is not None)
        if trace.metric is not None:
            table.append(Column(_name("metric", label), trace.metric, user_text=label is not None))
    return _with_unique_names(table)


def _name(quantity: str, label: str | None) -> str:
    return quantity if label is None else f"{quantity}[{label}]"


def _by_group(trace: Trace, values: NDArray[np.float64], name: str, *, user_text: bool) -> Iterator[Column]:
    groups = trace.group_names
    for i, group in enumerate(groups):
        several = len(groups) > 1
        yield Column(f"{name}[{group}]" if several else name, values[:, i], user_text=user_text or several)


def _with_unique_names(table: Iterable[Column]) -> list[Column]:
    names: set[str] = set()
    unique = []
    for column in table:
        name, count = printable(column.name), 1
        while name in names:
            count += 1
            name = f"{printable(column.name)} ({count})"
        names.add(name)
        unique.append(Column(name, column.values, column.user_text))
    return unique


def rows(
    table: list[Column],
    *,
    separator: str,
    start: str = "",
    end: str = "",
    missing: str = "",
    widths: Sequence[int] | None = None,
) -> Iterator[str]:
    """The rows of a table as chunks of text.

    Args:
        table: The columns, which may differ in length.
        separator: Text between two values.
        start: Text before each row.
        end: Text after each row.
        missing: Text for a missing value or NaN.
        widths: The width in characters to which the values of each column are right-aligned; not aligned if None.
    """
    height = max(len(column.values) for column in table)
    for first in range(0, height, BLOCK):
        size = min(BLOCK, height - first)
        codes: list[str] = []
        flat: list[object] = [missing] * (size * len(table))
        for i, column in enumerate(table):
            code, values = _format_values(column, first, size, missing)
            codes.append(f"%{widths[i] if widths else ''}{code}")
            flat[i : i + len(values) * len(table) : len(table)] = values
        yield (start + separator.join(codes) + end + "\n") * size % tuple(flat)


def _format_values(column: Column, first: int, size: int, missing: str) -> tuple[str, list[Any]]:
    """The printf-style format code for up to `size` values of a column from `first` on, and these values."""
    part = column.values[first : first + size]
    values = part.tolist()
    if column.whole:
        return ("d" if len(values) == size else "s"), values
    if len(values) == size and not np.isnan(part).any():
        return "r", values
    return "s", [repr(value) if value == value else missing for value in values]  # noqa: PLR0124 # NaN is not equal to itself


def column_values(traces: Sequence[Trace]) -> dict[str, Values]:
    """The columns of the CSV of these traces, by name."""
    return {column.name: np.asarray(column.values, dtype=np.float64) for column in columns(traces)}
