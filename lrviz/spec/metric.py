"""The metric of ReduceLROnPlateau: a column of a file, a list of numbers, or an expression in `epoch` and `step`."""

from __future__ import annotations

import ast
import csv
import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from lrviz.errors import NotationError, SpecError
from lrviz.notation import Lambda, parse_value
from lrviz.spec.run import Metric, TrainingLoop

_SUFFIXES: Final = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson")
MAX_BYTES: Final = 100_000_000


def read_metric(text: str, loop: TrainingLoop, names: Mapping[str, Any], folder: Path = Path()) -> Metric:
    """The metric of `--metric`.

    Args:
        text: `val.csv:val_loss`, `0.9,0.8,0.8`, or `exp(-epoch / 10) + 0.1`.
        loop: The loop, which gives `epoch` and `step` at each call of the scheduler.
        names: Values of the other names in an expression.
        folder: The folder that a file's path is relative to.

    Raises:
        SpecError: the file is missing, empty, has no such column, or a value is not a number.
        NotationError: the expression cannot be read.
    """
    if not text.strip():
        raise SpecError("the metric is empty", "such as `val.csv:val_loss`, `0.9,0.8,0.8` or `exp(-epoch / 10)`")
    drive = text[:2] if re.match(r"[A-Za-z]:[\\/]", text) else ""
    path, _, column = text[len(drive) :].partition(":")
    path = drive + path
    if Path(path).suffix.lower() in _SUFFIXES or _is_file(folder / path):
        values, column = _from_file(folder / path, path, column)
        return Metric(text, values, column=column)
    if numbers := _as_numbers(text):
        return Metric(text, numbers)
    return Metric(text, function=_as_function(text, loop, names))


def default_metric(calls: int) -> Metric:
    """The default metric: a loss that falls as 1 / (1 + t) for a quarter of the calls, and then stalls."""
    quarter = calls // 4
    return Metric("a loss that stalls", function=lambda t: 1 / (1 + min(t, quarter)))


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
        except (ArithmeticError, ValueError, TypeError, NotationError) as error:
            reason = error.message if isinstance(error, NotationError) else str(error)
            raise SpecError(f"the metric `{metric.text}` fails at call {call}: {reason}") from error
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
    except OSError:  # a long list of numbers is too long for a file name
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
        raise SpecError(f"value {at + 1} of the metric is not a number: `{parts[at].strip():.40}`")
    return ()


def _as_function(text: str, loop: TrainingLoop, names: Mapping[str, Any]) -> Any:
    """The expression as a function of the scheduler call's number; `step` is the update just made."""
    try:
        ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        reason = getattr(error, "msg", None) or str(error) or "nested too deeply"
        raise SpecError(
            f"cannot read the metric `{text:.80}`: {reason}", "such as `val.csv:val_loss` or `exp(-epoch / 10) + 0.1`"
        ) from error
    each = loop.updates_per_epoch
    names = {k: v for k, v in names.items() if k not in ("epoch", "step")}
    body = re.sub(r"(?<![\w.])epoch(?!\w)", f"(step // {each})", text.strip())  # a function here takes one argument
    try:
        parse_value(f"lambda epoch: ({text.strip()})", {**names, "step": 0})  # its errors quote the user's text
        parsed = parse_value(f"lambda step: ({body})", names)
    except NotationError as error:
        raise SpecError(f"cannot read the metric `{text:.80}`: {error.message.splitlines()[0]}", error.hint) from error
    if not isinstance(parsed, Lambda):
        raise SpecError(f"cannot read the metric `{text:.80}`")
    function = parsed.function
    return function if loop.interval == "step" else lambda call: function((call + 1) * each - 1)


def _from_file(path: Path, name: str, column: str) -> tuple[tuple[float, ...], str]:
    """The values of a file, and the name of their column, "" if it has none."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SpecError(f"the metric file `{name}` is over {MAX_BYTES // 1_000_000} MB")
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        base = "the current folder" if path == Path(name) else "the folder of the preset"
        raise SpecError(f"no metric file `{name}`", f"the path is relative to {base}") from error
    except UnicodeDecodeError as error:
        raise SpecError(f"the metric file `{name}` is not text in UTF-8") from error
    except ValueError as error:  # a null byte, which no file name can contain
        raise SpecError(f"no metric file `{name}`") from error
    except OSError as error:
        raise SpecError(f"cannot read the metric file `{name}`: {error.strerror}") from error
    if not text.strip():
        raise SpecError(f"the metric file `{name}` is empty")
    suffix = path.suffix.lower()
    if suffix in (".json", ".jsonl", ".ndjson"):
        values, column = _from_json(text, name, column, lines=suffix != ".json")
    else:
        values, column = _from_table(text, name, column)
    if not values:
        raise SpecError(f"the metric file `{name}` has no values")
    return tuple(values), column


def _from_table(text: str, name: str, column: str) -> tuple[list[float], str]:
    first = text.lstrip().splitlines()[0]
    delimiter = next((d for d in ",\t;" if d in first), ",")
    try:
        rows = list(csv.reader(io.StringIO(text.lstrip(), newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise SpecError(f"the metric file `{name}` is not a table: {error}") from error
    header = [cell.strip() for cell in rows[0]]
    start = 1
    if all(_number(cell) is not None for cell in header):  # numbers without a header
        header, start = [str(i) for i in range(len(header))], 0
    index = header.index(_choose_column(header, column, name))
    values = []
    for line, row in enumerate(rows[start:], start=start + 1):
        cell = row[index].strip() if index < len(row) else ""
        if not cell:  # a row without the metric, such as a training step between two validations
            continue
        number = _number(cell)
        if number is None:
            raise SpecError(f"line {line} of the metric file `{name}` has no number in `{header[index]}`: {cell!r}")
        values.append(number)
    return values, header[index] if start else ""


def _from_json(text: str, name: str, column: str, lines: bool) -> tuple[list[float], str]:
    try:
        data = [json.loads(line) for line in text.splitlines() if line.strip()] if lines else json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SpecError(f"the metric file `{name}` is not JSON: {error}") from error
    if isinstance(data, dict):
        column = _choose_column(list(data), column, name)
        data = data[column]
    if not isinstance(data, list):
        raise SpecError(f"the metric file `{name}` must contain a list of numbers, got {type(data).__name__}")
    values = []
    keys = list(dict.fromkeys(key for item in data if isinstance(item, dict) for key in item))
    if keys:
        column = _choose_column(keys, column, name)
    for at, item in enumerate(data):
        if isinstance(item, dict):
            if item.get(column) is None:  # a record without the metric
                continue
            item = item[column]  # noqa: PLW2901 - the value in the record
        number = _number(item)
        if number is None:
            raise SpecError(f"item {at} of the metric file `{name}` is not a number: {item!r:.60}")
        values.append(number)
    return values, column


def _choose_column(columns: list[str], column: str, name: str) -> str:
    """The given column of the file called `name`, or its only column if none is given."""
    if column in columns:
        return column
    if not columns:
        raise SpecError(f"the metric file `{name}` has no values")
    listed = ", ".join(columns[:20])
    if column:
        raise SpecError(f"the metric file `{name}` has no column `{column}`", f"its columns are {listed}")
    if len(columns) != 1:
        raise SpecError(
            f"the metric file `{name}` has {len(columns)} columns",
            f"name one: `{name}:{columns[-1]}`; its columns are {listed}",
        )
    return columns[0]


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None
