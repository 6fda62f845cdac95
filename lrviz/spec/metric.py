"""The metric of ReduceLROnPlateau: a column of a file, a list of numbers, or an expression in `epoch` and `step`."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from lrviz.errors import NotationError, SpecError
from lrviz.files import check_inside, error_reason, read_text
from lrviz.notation import ExpressionError, Lambda, check_expression, check_run, parse_value
from lrviz.spec.run import Metric, TrainingLoop
from lrviz.text import printable

_SUFFIXES: Final = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson")
MAX_BYTES: Final = 10_000_000  # half a million lines of a log
_PLAIN_NAME: Final = re.compile(r"[^\W\d][\w ./%()\[\]-]{,59}|\d+")  # of a column


def read_metric(
    text: str, loop: TrainingLoop, names: Mapping[str, Any], folder: Path = Path(), *, outside: bool = True
) -> Metric:
    """The metric of `--metric`.

    Args:
        text: `val.csv:val_loss`, `0.9,0.8,0.8`, or `exp(-epoch / 10) + 0.1`.
        loop: The loop, which gives `epoch` and `step` at each call of the scheduler.
        names: Values of the other names in an expression.
        folder: The folder that a file's path is relative to.
        outside: Whether the path may lead out of the folder.

    Raises:
        SpecError: the file is missing, outside the folder, too large, empty, or has no such column, or a value is not
            a number.
        NotationError: the expression cannot be read.
    """
    if not text.strip():
        raise SpecError("the metric is empty", "such as `val.csv:val_loss`, `0.9,0.8,0.8` or `exp(-epoch / 10)`")
    drive = text[:2] if re.match(r"[A-Za-z]:[\\/]", text) else ""
    path, _, column = text[len(drive) :].partition(":")
    path = drive + path
    if not outside:
        check_inside(folder / path, folder, f"the metric file `{path}`")
    if Path(path).suffix.lower() in _SUFFIXES or _is_file(folder / path):
        values, column, size = _from_file(folder / path, path, column)
        return Metric(text, values, size=size // 8, column=column)
    if numbers := _as_numbers(text):
        return Metric(text, numbers, size=len(numbers))
    function, source = _as_function(text, loop, names)
    return Metric(text, function=function, source=source)


def default_metric(calls: int) -> Metric:
    """The default metric: a loss that falls as 1 / (1 + t) for a quarter of the calls, and then stalls."""
    quarter = calls // 4
    source = f"lambda call: 1 / (1 + min(call, {quarter}))"
    return Metric("a loss that stalls", function=lambda t: 1 / (1 + min(t, quarter)), source=source)


def metric_values(metric: Metric, calls: int) -> list[float]:
    """A value for each of `calls` calls of `scheduler.step()`; the last value of a shorter list is repeated.

    Raises:
        SpecError: an expression fails, or does not give a number.
    """
    if metric.function is None:
        return [*metric.values[:calls], *[metric.values[-1]] * (calls - len(metric.values))]
    values = []
    for call in range(calls):
        try:
            values.append(float(metric.function(call)))
        except (OverflowError, ExpressionError) as error:
            reason = error.reason if isinstance(error, ExpressionError) else "the value is too large for a float"
            raise SpecError(f"the metric `{metric.text:.80}` fails at call {call}: {reason}") from error
    return values


def metric_notes(metric: Metric, calls: int) -> list[str]:
    """Notes about a metric with too few values, or with NaN."""
    notes = []
    count = len(metric.values)
    if metric.function is None and 1 < count < calls - 1:  # the last step is not made; one value is a constant
        notes.append(f"the metric has {count} values for {calls} scheduler steps: the last one is repeated")
    if any(value != value for value in metric.values):  # noqa: PLR0124 - NaN alone differs from itself
        notes.append("the metric contains NaN, which torch counts as no improvement")
    return notes


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a long list of numbers is too long for a file name; a NUL character
        return False


def _as_numbers(text: str) -> tuple[float, ...]:
    """The values of a list; empty if the text is something else."""
    parts = [part for part in text.strip().strip("[]").split(",") if part.strip()]
    values = [_number(part) for part in parts]
    numbers = tuple(value for value in values if value is not None)
    if len(numbers) == len(parts):
        return numbers
    if len(parts) > 1 and values[0] is not None:
        at = values.index(None)
        raise SpecError(f"value {at + 1} of the metric is not a number: `{printable(parts[at].strip(), 40)}`")
    return ()


def _as_function(text: str, loop: TrainingLoop, names: Mapping[str, Any]) -> tuple[Any, str]:
    """The expression as a function of the scheduler call's number, and its source, in which `step` is the update."""
    shown = printable(text, 80)
    try:
        check_expression(text)
    except NotationError as error:
        reason = error.message.splitlines()[0].removeprefix("cannot read the notation: ")
        raise SpecError(
            f"cannot read the metric `{shown}`: {reason}", "such as `val.csv:val_loss` or `exp(-epoch / 10) + 0.1`"
        ) from error
    names = {k: v for k, v in names.items() if k not in ("epoch", "step")}
    # A function here takes one argument.
    body = re.sub(r"(?<![\w.])epoch(?!\w)", f"({loop.epoch_source})", text.strip())
    try:
        parse_value(f"lambda epoch: ({text.strip()})", {**names, "step": 0})  # its errors quote the user's text
        parsed = parse_value(f"lambda step: ({body})", names)
    except NotationError as error:
        raise SpecError(f"cannot read the metric `{shown}`: {error.message}", error.hint) from error
    if not isinstance(parsed, Lambda):
        raise SpecError(f"cannot read the metric `{shown}`")
    check_run(parsed.steps, loop.scheduler_calls)
    function = parsed.function
    if loop.interval == "step":
        return function, str(parsed)
    return (lambda call: function(max(loop.updates_in(call + 1) - 1, 0))), str(parsed)


def _from_file(path: Path, name: str, column: str) -> tuple[tuple[float, ...], str, int]:
    """The values of a file, the name of their column, "" if it has none, and the characters of the file.

    Errors do not quote the file: it may be a secret that a preset names.
    """
    try:
        text = read_text(path, MAX_BYTES)
    except FileNotFoundError as error:
        base = "the current folder" if path == Path(name) else "the folder of the preset"
        raise SpecError(f"no metric file `{name}`", f"the path is relative to {base}") from error
    except OSError as error:
        raise SpecError(f"cannot read the metric file `{name}`: {error_reason(error)}") from error
    if not text.strip():
        raise SpecError(f"the metric file `{name}` is empty")
    suffix = path.suffix.lower()
    if suffix in (".json", ".jsonl", ".ndjson"):
        values, column = _from_json(text, name, column, lines=suffix != ".json")
    else:
        values, column = _from_table(text.lstrip(), name, column)
    if not values:
        raise SpecError(f"the metric file `{name}` has no values")
    return tuple(values), column, len(text)


def _from_table(text: str, name: str, column: str) -> tuple[list[float], str]:
    rows = _rows(text, name)
    header = [cell.strip() for cell in next(rows)]
    start = 2
    if all(_number(cell) is not None for cell in header):  # numbers without a header
        header, start, rows = [str(i) for i in range(len(header))], 1, _rows(text, name)
    index = header.index(_choose_column(header, column, name, lambda: _number_columns(header, rows)))
    values = []
    for line, row in enumerate(rows, start):
        cell = row[index].strip() if index < len(row) else ""
        if not cell:  # a row without the metric, such as a training step between two validations
            continue
        number = _number(cell)
        if number is None:
            where = f" in `{column}`" if column else ""
            raise SpecError(f"line {line} of the metric file `{name}` has no number{where}")
        values.append(number)
    return values, header[index] if start == 2 else ""


def _rows(text: str, name: str) -> Iterator[list[str]]:
    first = text.partition("\n")[0]
    delimiter = next((d for d in ",\t;" if d in first), ",")
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error as error:
        most = csv.field_size_limit()
        reason = f"a cell has over {most:,} characters" if "field larger" in str(error) else str(error)
        raise SpecError(f"the metric file `{name}` is not a table: {reason}") from error


def _number_columns(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The columns of a table in which there are only numbers."""
    numbers: set[str] = set()
    others: set[str] = set()
    for row in rows:
        for title, cell in zip(header, row, strict=False):
            if cell.strip():
                (others if _number(cell) is None else numbers).add(title)
    return [title for title in header if title in numbers - others]


def _from_json(text: str, name: str, column: str, lines: bool) -> tuple[list[float], str]:
    try:
        data = [json.loads(line) for line in text.splitlines() if line.strip()] if lines else json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else "a number with thousands of digits"
        if isinstance(error, json.JSONDecodeError):
            reason = f"{error.msg[:1].lower()}{error.msg[1:]} at character {error.pos + 1:,}"
        raise SpecError(f"the metric file `{name}` is not JSON: {reason}") from error
    if isinstance(data, dict):
        table = {key: values for key, values in data.items() if isinstance(values, list) and values}
        column = _choose_column(list(data), column, name, lambda: _number_keys([table]))
        data = data[column]
    if not isinstance(data, list):
        raise SpecError(f"the metric file `{name}` must contain a list of numbers, got {type(data).__name__}")
    records = [item for item in data if isinstance(item, dict)]
    keys = list(dict.fromkeys(key for record in records for key in record))
    if keys:
        column = _choose_column(keys, column, name, lambda: _number_keys(records))
    values = []
    for at, item in enumerate(data):
        if isinstance(item, dict):
            if item.get(column) is None:  # a record without the metric
                continue
            item = item[column]  # noqa: PLW2901 - the value in the record
        number = _number(item)
        if number is None:
            raise SpecError(f"item {at} of the metric file `{name}` is not a number")
        values.append(number)
    return values, column


def _number_keys(records: Iterable[Mapping[str, Any]]) -> list[str]:
    """The keys of records whose values are only numbers, or lists of them."""
    numbers: dict[str, bool] = {}
    for record in records:
        for key, value in record.items():
            if value is not None:
                values = value if isinstance(value, list) else [value]
                numbers[key] = numbers.get(key, True) and all(_number(v) is not None for v in values)
    return [key for key, only_numbers in numbers.items() if only_numbers]


def _choose_column(columns: list[str], column: str, name: str, with_numbers: Callable[[], list[str]]) -> str:
    """The given column of the file called `name`, or its only column if none is given.

    Errors list only columns that have numbers and a plain name, from `with_numbers`: any other file may be a secret.
    """
    if column in columns:
        return column
    if not columns:
        raise SpecError(f"the metric file `{name}` has no values")
    if not column and len(columns) == 1:
        return columns[0]
    listed = [title for title in with_numbers() if _PLAIN_NAME.fullmatch(title)]
    hint = "none of its columns has only numbers"
    if listed:
        hint = f"its columns of numbers are {', '.join(listed[:20])}"
    if column:
        raise SpecError(f"the metric file `{name}` has no column `{column}`", hint)
    if listed:
        hint = f"name one: `{name}:{listed[-1]}`; {hint}"
    raise SpecError(f"the metric file `{name}` has {len(columns)} columns", hint)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None
