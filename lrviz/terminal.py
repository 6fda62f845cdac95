"""What a run looks like on a terminal: two lines about it, a table of it, a chart of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from lrviz.numbers import count, format_rate
from lrviz.printable import ascii_only, cells, draws_unicode, printable, shorten

if TYPE_CHECKING:
    from rich.table import Table

    from lrviz.export import Column
    from lrviz.screen import Screen
    from lrviz.spec import TrainingLoop
    from lrviz.trace import Trace

# What lines are made of, where all of Unicode can be shown and where ASCII alone can.
_DOT: Final = (" · ", " - ")
_ELLIPSIS: Final = ("…", "...")
_BARS: Final = ("▁▂▃▄▅▆▇█", "_.:-=+*#")
_LEAST_LABEL: Final = 12  # columns below which a label says nothing
_MOST_GROUPS: Final = 6  # that get a line each
# What to try for size, the most telling first: bars of the sparkline, the path, the end of warm-up.
_FITS: Final = (
    (16, True, True),
    (6, True, True),
    (0, True, True),
    (16, False, True),
    (6, False, True),
    (0, False, True),
    (6, False, False),
    (0, False, False),
)
_MOST_ROWS: Final = 400  # that a terminal is shown in full
_ENDS: Final = 20  # rows shown of each end of a longer table
_LABEL_WIDTH: Final = 24  # columns beyond which a label folds in the head of a table
_MEASURED: Final = 100_000  # rows that are looked through for the widest number
_WIDEST: Final = 23  # columns of 2.2250738585072014e-308: no rate takes more


def summary_lines(
    trace: Trace, path: str | None = None, width: int | None = None, *, ascii: bool | None = None
) -> list[str]:
    """What was drawn, in two lines; with several parameter groups, the first and one for each.

    The first names the curve and the run, the second tells peak, end of warm-up, final rate, a sparkline, and the
    path where one is given. What does not fit is left out.

    Args:
        trace: The run.
        path: Where it was written.
        width: Columns that a line may take up; as many as stderr has if None, and any number where it is no terminal.
        ascii: Whether to do without any character outside of ASCII; what stderr can show decides if None.
    """
    width = _stderr_width() if width is None else width
    ascii = not draws_unicode(sys.stderr) if ascii is None else ascii

    def clean(text: str) -> str:
        return ascii_only(printable(text)) if ascii else printable(text)

    target = clean(path or "")
    names = [clean(name) for name in trace.group_names]
    if len(names) == 1:
        lr = f"lr {format_rate(trace.spec.groups[0].lr)}"
        told = _told(trace, 0, target, width, ascii=ascii)
        return [_run(clean(trace.label), trace.spec.loop, [lr], width, ascii=ascii), told]
    first = _run(clean(trace.label), trace.spec.loop, [f"{len(names)} groups", target], width, ascii=ascii)
    if len(names) > _MOST_GROUPS:
        ends = [f"peaks {_range(trace.lr.max(axis=0).tolist())}", f"final {_range(trace.lr[-1].tolist())}"]
        return [first, _first_fit([ends, ends[:1]], width, ascii=ascii)]
    names = [shorten(name, _LEAST_LABEL, _ELLIPSIS[ascii]) for name in names]
    indent = max(map(cells, names)) + 2
    told_of_each = [_told(trace, i, "", width - indent, ascii=ascii) for i in range(len(names))]
    return [first, *(n + " " * (indent - cells(n)) + told for n, told in zip(names, told_of_each, strict=True))]


def _stderr_width() -> int:
    from lrviz.screen import Screen

    screen = Screen(stderr=True)
    return screen.width if screen.at_terminal else sys.maxsize


def _run(label: str, loop: TrainingLoop, facts: list[str], width: int, *, ascii: bool) -> str:
    """The curve's label and as many facts about the run as leave room for it."""
    dot, ellipsis = _DOT[ascii], _ELLIPSIS[ascii]
    counts = count(loop.updates, "step")
    if loop.scheduler_steps != loop.updates:
        counts = f"{count(loop.updates, 'update')}, {count(loop.scheduler_steps, 'scheduler step')}"
    each = f"{loop.updates_per_epoch:,}" if loop.grad_accum == 1 else count(loop.updates_per_epoch, "update")
    length = f"{counts}, {count(loop.epochs, 'epoch')} of {each}"
    tries = [dot.join(filter(None, [length, *facts[:n]])) for n in range(len(facts), -1, -1)]
    for tail, least in (*((tail, _LEAST_LABEL) for tail in tries), (counts, 2)):
        if width - cells(dot + tail) >= min(cells(label), least):
            return shorten(label, width - cells(dot + tail), ellipsis) + dot + tail
    return shorten(label, width, ellipsis)


def _range(rates: Sequence[float]) -> str:
    return f"{format_rate(min(rates))} to {format_rate(max(rates))}"


def _told(trace: Trace, group: int, path: str, width: int, *, ascii: bool) -> str:
    """One group's curve, by as much as can be told of it in `width` columns."""
    summary = trace.summary(group)
    peak = f"{format_rate(summary.peak)} at step {summary.peak_step:,}"
    facts, warmup = [f"peak {peak}", f"final {format_rate(summary.final)}"], ""
    if summary.least == summary.peak:
        facts = [f"constant {format_rate(summary.peak)}"]
    elif summary.warmup_end == summary.peak_step:
        facts[0] = f"warm-up to {peak}"
    elif summary.warmup_end is not None:
        warmup = f"warm-up ends at step {summary.warmup_end:,}"
    tries = [
        [warmup * with_warmup, *facts, sparkline(trace, group, bars, ascii=ascii), path * with_path]
        for bars, with_path, with_warmup in _FITS
    ]
    tries.append([fact.partition(" at step")[0] for fact in facts])
    return _first_fit(tries, width, ascii=ascii)


def _first_fit(tries: Sequence[Sequence[str]], width: int, *, ascii: bool) -> str:
    """The first of the tries that fits in a line, or as much as fits of the last; empty parts are left out."""
    for parts in tries:
        line = _DOT[ascii].join(filter(None, parts))
        if cells(line) <= width:
            return line
    return shorten(line, width, _ELLIPSIS[ascii])


def sparkline(trace: Trace, group: int, width: int, *, ascii: bool = False) -> str:
    """One group's curve in at most `width` bars, each as high as the mean rate of its stretch of the run, from 0."""
    lr = trace.lr[:, group]
    width = min(width, lr.size)
    edges = [i * lr.size // width for i in range(width + 1)] if width else []
    bars, top = _BARS[ascii], float(lr.max()) or 1.0
    heights = [float((lr[a:b] / top).mean()) for a, b in pairwise(edges)]
    return "".join(bars[min(max(round(height * (len(bars) - 1)), 0), len(bars) - 1)] for height in heights)


def print_chart(
    traces: Sequence[Trace], height: int | None = None, screen: Screen | None = None, *, log: bool = False
) -> None:
    """Print the curves as a chart as wide as the terminal; see `chart.draw_chart`.

    Args:
        traces: The runs.
        height: Lines to fill; if None, as many as leave room for the command, three lines about it and the prompt.
        screen: Where to print; stdout if None.
        log: Whether rates are drawn by their logarithm.
    """
    from lrviz.chart import draw_chart
    from lrviz.screen import Screen

    screen = screen or Screen()
    height = min(screen.height - 5, screen.width * 2 // 5) if height is None else height
    ascii = not draws_unicode(screen.file)
    screen.file.write(draw_chart(traces, screen.width, height, colour=screen.coloured, ascii=ascii, log=log))


def print_table(traces: Sequence[Trace], screen: Screen | None = None) -> None:
    """Print the numbers, every one in full: a table for a person at a terminal, aligned columns for a program.

    A terminal is shown the two ends of a long run, and columns it is too narrow for one part after another. A pipe or
    a file gets every row, on a line of its own, with `-` for what is not there.
    """
    from lrviz.export import columns
    from lrviz.screen import Screen

    screen = screen or Screen()
    table = columns(traces)
    if not screen.at_terminal:
        for text in _plain(table):
            screen.file.write(text)
        return
    for i, part in enumerate(_parts(table, screen.width)):
        if i:
            screen.print()
        screen.print(_drawn(part, ascii=not draws_unicode(screen.file)))
    height = max(len(column.values) for column in table)
    if height > _MOST_ROWS:
        screen.print(f"{height - 2 * _ENDS:,} of {height:,} rows left out; `--format csv` prints all", style="dim")


def _plain(table: list[Column]) -> Iterator[str]:
    """The table as aligned text in pieces, a line for each row."""
    from lrviz.export import rows

    names = [printable(column.name) for column in table]
    widths = [max(cells(name), _width(column)) for name, column in zip(names, table, strict=True)]
    yield "  ".join(" " * (width - cells(name)) + name for name, width in zip(names, widths, strict=True)) + "\n"
    yield from rows(table, separator="  ", missing="-", widths=widths)


def _width(column: Column) -> int:
    """Columns of a terminal that the widest of the values takes up."""
    if column.whole:
        return len(str(column.values[-1]))
    if len(column.values) > _MEASURED:
        return _WIDEST
    return max(len(repr(value)) for value in column.values.tolist())


def _parts(table: list[Column], width: int) -> Iterator[list[Column]]:
    """The table in parts that fit the terminal, each with the step."""
    part, used = table[:1], _room(table[0])
    for column in table[1:]:
        if len(part) > 1 and used + _room(column) > width:
            yield part
            part, used = table[:1], _room(table[0])
        part.append(column)
        used += _room(column)
    yield part


def _room(column: Column) -> int:
    return max(_width(column), min(cells(printable(column.name)), _LABEL_WIDTH)) + 2


def _drawn(table: list[Column], *, ascii: bool) -> Table:
    """A part of the table as rich draws it, the middle left out where it is long."""
    from rich.box import Box
    from rich.table import Table
    from rich.text import Text

    height = max(len(column.values) for column in table)
    rule = "--" if ascii else "──"
    only_head = Box("    \n" * 2 + f" {rule} \n" + "    \n" * 5, ascii=ascii)
    drawn = Table(box=only_head, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for column in table:
        head = Text(printable(column.name), overflow="fold")
        drawn.add_column(head, justify="right", vertical="bottom", width=_room(column) - 2)
    for i in range(height):
        if height <= _MOST_ROWS or i < _ENDS or i >= height - _ENDS:
            drawn.add_row(*(Text(_cell(column, i)) for column in table))
        elif i == _ENDS:
            drawn.add_row(*("..." for _ in table), style="dim")
    return drawn


def _cell(column: Column, row: int) -> str:
    """A value in full; empty where there is none."""
    value = column.values[row].item() if row < len(column.values) else None
    return "" if value is None or value != value else repr(value)  # noqa: PLR0124 # NaN is not itself
