"""Several curves side by side, in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from lrviz.numbers import count, format_rate
from lrviz.printable import cells, printable, shorten
from lrviz.trace import Summary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrviz.screen import Screen
    from lrviz.trace import Trace

_HEADINGS: Final = ("peak", "at step", "final", "warm-up ends", "mean", "parts at")
_TABLE: Final = 76  # columns under which a table has no room for the labels


@dataclass(frozen=True)
class Row:
    """One curve among others.

    `parts_at` is the first step whose rate differs from the first curve's, or where one of the two has ended; None
    where they are equal throughout.
    """

    label: str
    summary: Summary
    parts_at: int | None


def compare(traces: Sequence[Trace]) -> list[Row]:
    """A row for each curve: each parameter group of each trace."""
    first = traces[0].lr[:, 0]
    rows = []
    for trace in traces:
        several = trace.lr.shape[1] > 1
        for group, name in enumerate(trace.group_names):
            label = f"{trace.label} {name}" if several else trace.label
            rows.append(Row(label, trace.summary(group), parting(first, trace.lr[:, group])))
    return rows


def parting(one: NDArray[np.float64], other: NDArray[np.float64]) -> int | None:
    """The first index at which two curves (N,) and (M,) differ, min(N, M) where only their lengths do, else None."""
    common = min(one.size, other.size)
    different = np.flatnonzero(one[:common] != other[:common])
    if different.size:
        return int(different[0])
    return None if one.size == other.size else common


def summary_lines(traces: Sequence[Trace], path: str | None, width: int) -> list[str]:
    """What was put side by side, in two lines of at most `width` columns."""
    loops = {trace.spec.loop for trace in traces}
    updates = [loop.updates for loop in loops]
    if updates == [loop.scheduler_steps for loop in loops]:
        steps = _range(updates, "step")
    else:
        steps = f"{_range(updates, 'update')}, {_range([loop.scheduler_steps for loop in loops], 'scheduler step')}"
    if len(loops) == 1:
        loop = traces[0].spec.loop
        steps += f", {count(loop.epochs, 'epoch')} of {loop.updates_per_epoch:,}"
    peak = max(float(trace.lr.max()) for trace in traces)
    least = min(float(trace.lr.min()) for trace in traces)
    second = f"rates from {format_rate(max(least, 0.0))} to {format_rate(peak)}" + (f" · {path}" if path else "")
    return [shorten(printable(line), width) for line in (f"{count(len(traces), 'curve')} · {steps}", second)]


def _range(counts: Sequence[int], what: str) -> str:
    least, most = min(counts), max(counts)
    return ("" if least == most else f"{least:,} to ") + count(most, what)


def print_differences(rows: Sequence[Row], screen: Screen) -> None:
    """A table of how the curves differ: peak and where, final rate, end of warm-up, mean, where they part."""
    from rich.text import Text

    if screen.width < _TABLE:
        for number, row in enumerate(rows):
            screen.print(Text(printable(row.label), overflow="fold"))
            screen.print("\n".join(f"  {fact}" for fact in _facts(row, number)))
        return
    table = [_HEADINGS, *(_cells(row, number) for number, row in enumerate(rows))]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    head, *lines = ["".join(f"  {cell:>{width}}" for cell, width in zip(r, widths, strict=True)) for r in table]
    labels = [printable(row.label) for row in rows]
    room = min(max(map(cells, labels)), screen.width - len(head))
    screen.print(Text(" " * room + head, "dim"))
    for label, line in zip(labels, lines, strict=True):
        if cells(label) > room:  # on a line of its own: curves of one scheduler differ at the end of their labels
            screen.print(Text(label, overflow="fold"))
            label = ""  # noqa: PLW2901 - it is printed
        screen.print(Text(label + " " * (room - cells(label)) + line))


def _cells(row: Row, number: int) -> tuple[str, ...]:
    summary = row.summary
    return (
        format_rate(summary.peak),
        f"{summary.peak_step:,}",
        format_rate(summary.final),
        "-" if summary.warmup_end is None else f"{summary.warmup_end:,}",
        format_rate(summary.mean),
        "" if number == 0 else "never" if row.parts_at is None else f"{row.parts_at:,}",
    )


def _facts(row: Row, number: int) -> list[str]:
    peak, at, final, warmup, mean, parting_step = _cells(row, number)
    facts = [f"peak {peak} at step {at}", f"final {final}, mean {mean}"]
    if row.summary.warmup_end is not None:
        facts.append(f"warm-up ends at step {warmup}")
    if parting_step:
        facts.append("equal to the first" if row.parts_at is None else f"parts from the first at step {parting_step}")
    return facts
