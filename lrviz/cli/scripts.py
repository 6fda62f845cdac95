"""What the commands do with scripts besides drawing them: read stdin, ask for values, list, explain."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from lrviz import files, terminal
from lrviz.errors import LrvizError, UsageError
from lrviz.notation import MissingValue, MissingValuesError
from lrviz.spec import Fields, RunSpec, read_count, read_lets, script_rows
from lrviz.text import cells, printable

Read = TypeVar("Read")
_MOST_BYTES: Final = 5_000_000  # of stdin, as of a script


def with_stdin(texts: Sequence[str], fields: Fields) -> tuple[list[str], Fields]:
    """The texts and the fields, with what stdin has in place of `-`: notation as a text, a script in the fields.

    Raises:
        UsageError: stdin cannot be read or is empty, or `-` is given twice.
    """
    places = [at for at, text in enumerate(texts) if text.partition("@")[0].strip() == "-"]
    if not places:
        return list(texts), fields
    if len(places) > 1:
        raise UsageError("`-` is given twice, and stdin is read once", "give the other scheduler as text")
    try:
        found = files.read_stdin(_MOST_BYTES)
    except OSError as error:
        raise UsageError(f"cannot read stdin: {files.error_reason(error)}") from error
    if not found.strip():
        raise UsageError("stdin is empty, and `-` reads the scheduler from it", "such as `lrviz plot - < train.py`")
    if "\n" in found.strip():
        return list(texts), replace(fields, stdin=found)
    (at,) = places
    return [*texts[:at], texts[at].replace("-", found.strip(), 1), *texts[at + 1 :]], fields


def ask(texts: Sequence[str], fields: Fields, read: Callable[[Sequence[str], Fields], Read]) -> Read:
    """What `read` returns, with the values that it needs asked for on the terminal, and printed as options at the end.

    Raises:
        UsageError: stdin is no terminal, or it ends before all values are given; also the errors of `read`.
    """
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError(
            "`--ask` needs a terminal, and stdin is not one",
            "give the values with `--let NAME=VALUE` or `--let-file`; without `--ask` the error lists them",
        )
    options: list[str] = []
    while True:
        try:
            result = read(texts, fields)
            break
        except MissingValuesError as error:
            for missing in error.missing:
                fields, option = _ask_for(missing, fields)
                options.append(option)
    if options:
        terminal.print_lines([f"without questions: {' '.join(options)}"])
    return result


def _ask_for(missing: MissingValue, fields: Fields) -> tuple[Fields, str]:
    """The fields with the value that is typed, and the option for it; asked again until it can be read."""
    what = f"{missing.what}, " if missing.what else ""
    while True:
        terminal.print_prompt(f"{printable(missing.text, 60)} ({what}line {missing.line}): ")
        answer = sys.stdin.readline()
        if not answer:
            raise UsageError(f"no value for `{printable(missing.text, 60)}`", f"add {missing.option(missing.example)}")
        text = answer.strip()
        try:
            if missing.field:
                number = read_count(f"--{missing.field.replace('_', '-')}", text)
                return fields.over({missing.field: number}, fields.prefix), missing.option(text)
            lets = read_lets([f"{missing.text}={text}"])
            return replace(fields, lets={**fields.lets, **lets}), missing.option(text)
        except LrvizError as error:
            terminal.print_error(error)


def list_schedulers(texts: Sequence[str], fields: Fields) -> None:
    """Print the name, line, class and interval of each scheduler of scripts.

    Raises:
        UsageError: no script is given; also the errors of reading one.
    """
    if not texts:
        raise UsageError("`--list` needs a script", "such as `lrviz plot train.py --list`")
    rows = [("name", "line", "scheduler", "interval")]
    for text in texts:
        rows += script_rows(text, fields)
    files.write_stdout("".join(f"{line}\n" for line in _aligned(rows)))


def explain(specs: Sequence[RunSpec]) -> None:
    """Print on stderr each value of runs that scripts describe, and where it is from."""
    for spec in specs:
        if not spec.explained:
            terminal.print_note(
                f"`--explain` is for scripts and config files, and `{printable(spec.label, 60)}` is not one"
            )
            continue
        rows = [*spec.explained, *((*text.partition("=")[::2], "the run") for text in spec.filled)]
        of_curve = f" `{printable(spec.label, 60)}`" if len(specs) > 1 and not spec.origin else ""
        start = f"from {printable(spec.read_from, 60)}{of_curve}:"
        terminal.print_lines([start, *(f"  {line}" for line in _aligned(rows))])


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows as lines, with their columns aligned."""
    shown = [[printable(text, 60) for text in row] for row in rows]
    widths = [max(map(cells, column)) for column in zip(*shown, strict=True)]
    return [
        "  ".join(text + " " * (width - cells(text)) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in shown
    ]
