"""Tables for a terminal: the values of runs, and the differences between curves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.box import Box
from rich.table import Table
from rich.text import Text

from lrviz.formats import Column, columns, rows
from lrviz.terminal.messages import Screen
from lrviz.text import cells, draws_unicode, format_rate, printable
from lrviz.trace import Row, Trace

_MAX_ROWS: Final = 400  # of a table printed in full on a terminal
_END_ROWS: Final = 20  # printed at the start and at the end of a longer table
_MAX_DIFFERENCES: Final = 100  # rows of the differences between curves; each parameter group has one
_MAX_LABEL: Final = 500  # characters of the label of a curve
_MAX_LABEL_WIDTH: Final = 24  # columns; longer labels are wrapped in the header of a table
_MAX_MEASURED_ROWS: Final = 100_000  # rows; in longer columns the widest value is not searched for
_RATE_WIDTH: Final = 23  # columns of 2.2250738585072014e-308, one of the longest floats


def print_table(traces: Sequence[Trace], screen: Screen | None = None) -> None:
    """Print the values in full precision.

    On a terminal, only the first and the last rows of a long run are printed, and a table that is too wide is split by
    columns. In a pipe or a file, every row is a line of aligned columns, with `-` for missing values.
    """
    screen = screen or Screen()
    table = columns(traces)
    if not screen.at_terminal:
        for text in _aligned_text(table):
            screen.file.write(text)
        return
    for i, part in enumerate(_split_to_width(table, screen.width)):
        if i:
            screen.print()
        screen.print(_rich_table(part, ascii=not draws_unicode(screen.file)))
    height = max(len(column.values) for column in table)
    if height > _MAX_ROWS:
        screen.print(f"{height - 2 * _END_ROWS:,} of {height:,} rows left out; `--format csv` prints all", style="dim")


def _aligned_text(table: list[Column]) -> Iterator[str]:
    """The table as aligned text in chunks, a line for each row."""
    names = [column.name for column in table]
    widths = [max(cells(name), _value_width(column)) for name, column in zip(names, table, strict=True)]
    yield "  ".join(" " * (width - cells(name)) + name for name, width in zip(names, widths, strict=True)) + "\n"
    yield from rows(table, separator="  ", missing="-", widths=widths)


def _value_width(column: Column) -> int:
    """The width of the widest value in columns of a terminal."""
    if column.whole:
        return len(str(column.values[-1]))
    if len(column.values) > _MAX_MEASURED_ROWS:
        return _RATE_WIDTH
    return max(len(repr(value)) for value in column.values.tolist())


def _split_to_width(table: list[Column], width: int) -> Iterator[list[Column]]:
    """The table split into parts that fit in the terminal, each with the step column."""
    part, used = table[:1], _column_width(table[0])
    for column in table[1:]:
        if len(part) > 1 and used + _column_width(column) > width:
            yield part
            part, used = table[:1], _column_width(table[0])
        part.append(column)
        used += _column_width(column)
    yield part


def _column_width(column: Column) -> int:
    return max(_value_width(column), min(cells(column.name), _MAX_LABEL_WIDTH)) + 2


def _rich_table(table: list[Column], *, ascii: bool) -> Table:
    """A part of the table for rich; of many rows, the middle is left out."""
    height = max(len(column.values) for column in table)
    rule = "--" if ascii else "──"
    header_rule = Box("    \n" * 2 + f" {rule} \n" + "    \n" * 5, ascii=ascii)
    result = Table(box=header_rule, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for column in table:
        result.add_column(_folded(column.name), justify="right", vertical="bottom", width=_column_width(column) - 2)
    for i in range(height):
        if height <= _MAX_ROWS or i < _END_ROWS or i >= height - _END_ROWS:
            result.add_row(*(Text(_format_cell(column, i)) for column in table))
        elif i == _END_ROWS:
            result.add_row(*("..." for _ in table), style="dim")
    return result


def _folded(text: str) -> Text:
    """Text of the user that may be wrapped, so that no line starts with the `::` of a command to GitHub Actions."""
    return Text(printable(text, _MAX_LABEL).replace("::", r":\x3a"), overflow="fold")


def _format_cell(column: Column, row: int) -> str:
    """A value in full precision; empty if it is missing."""
    value = column.values[row].item() if row < len(column.values) else None
    return "" if value is None or value != value else repr(value)  # noqa: PLR0124 # NaN is not itself


_HEADINGS: Final = ("peak", "at step", "final", "warm-up ends", "mean", "differs")
_MIN_TABLE_WIDTH: Final = 76  # columns; narrower terminals get lists instead of a table


def print_differences(rows: Sequence[Row], screen: Screen) -> None:
    """Print peak, final rate, end of warm-up, mean, and the first step at which each curve differs from the first."""
    more, rows = len(rows) - _MAX_DIFFERENCES, rows[:_MAX_DIFFERENCES]
    _print_rows(rows, screen)
    if more > 0:
        screen.print(Text(f"and {more:,} more; `--format csv` has all rates", "dim"))


def _print_rows(rows: Sequence[Row], screen: Screen) -> None:
    if screen.width < _MIN_TABLE_WIDTH:
        for number, row in enumerate(rows):
            screen.print(_folded(row.label))
            screen.print("\n".join(f"  {fact}" for fact in _facts(row, number)))
        return
    table = [_HEADINGS, *(_format_row(row, number) for number, row in enumerate(rows))]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    head, *lines = ["".join(f"  {cell:>{width}}" for cell, width in zip(r, widths, strict=True)) for r in table]
    labels = [printable(row.label, _MAX_LABEL) for row in rows]
    label_width = min(max(map(cells, labels)), screen.width - len(head))
    screen.print(Text(" " * label_width + head, "dim"))
    for label, line in zip(labels, lines, strict=True):
        if cells(label) > label_width:  # print the label in full on a separate line: labels often differ at the end
            screen.print(_folded(label))
            label = ""  # noqa: PLW2901 - it is printed
        screen.print(Text(label + " " * (label_width - cells(label)) + line))


def _format_row(row: Row, number: int) -> tuple[str, ...]:
    summary = row.summary
    return (
        format_rate(summary.peak),
        f"{summary.peak_step:,}",
        format_rate(summary.final),
        "-" if summary.warmup_end is None else f"{summary.warmup_end:,}",
        format_rate(summary.mean),
        "" if number == 0 else "never" if row.differs_at is None else f"{row.differs_at:,}",
    )


def _facts(row: Row, number: int) -> list[str]:
    peak, at, final, warmup, mean, difference = _format_row(row, number)
    facts = [f"peak {peak} at step {at}", f"final {final}, mean {mean}"]
    if row.summary.warmup_end is not None:
        facts.append(f"warm-up ends at step {warmup}")
    if difference:
        facts.append("equal to the first" if row.differs_at is None else f"differs from the first at step {difference}")
    return facts
