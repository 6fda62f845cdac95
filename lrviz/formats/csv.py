"""Writing and reading comma-separated values."""

from __future__ import annotations

import csv
import math
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from lrviz.formats.table import Column, columns, rows
from lrviz.trace import Trace, Values


def chunks(traces: Sequence[Trace]) -> Iterator[str]:
    """The runs as CSV, quoted as in RFC 4180; cells are empty after the end of a shorter run and for a NaN metric."""
    return separated(columns(traces), ",")


def separated(table: list[Column], separator: str) -> Iterator[str]:
    """A table as lines of separated values, with names that are no formulas in a spreadsheet."""
    yield separator.join(_quoted(_escaped(column.name), separator) for column in table) + "\n"
    yield from rows(table, separator=separator)


# Spreadsheets take text that begins with one of these for a formula, and a single quote before it makes it text. A name
# that has such a quote gets another one, so that reading removes what writing added. The wide forms of East Asian
# keyboards do the same. So do tabs and line ends, which are no part of a printable name.
_FORMULA = re.compile("'*[=+@\\-\uff1d\uff0b\uff20\uff0d]")


def _escaped(name: str) -> str:
    return f"'{name}" if _FORMULA.match(name) else name


def _unescaped(name: str) -> str:
    return name[1:] if name.startswith("'") and _FORMULA.match(name) else name


def _quoted(text: str, separator: str) -> str:
    """A field, quoted if RFC 4180 requires it."""
    if not any(c in text for c in (separator, '"', "\n", "\r")):
        return text
    return '"' + text.replace('"', '""') + '"'


def read_columns(lines: Iterable[str]) -> dict[str, Values]:
    """The columns of a CSV of lrviz by name, NaN where a cell is empty.

    Raises:
        ValueError: a cell is not a number, rows differ in length, or a name is too long.
    """
    reader = csv.reader(lines)
    try:
        header = next(reader, [])
        cells = [array("d") for _ in header]
        for row in reader:
            for values, cell in zip(cells, row, strict=True):
                values.append(float(cell) if cell else math.nan)
    except csv.Error as error:
        raise ValueError(str(error)) from error
    return {_unescaped(name): np.array(values) for name, values in zip(header, cells, strict=True)}
