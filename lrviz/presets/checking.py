"""Check a table of a preset: each key is known, and its value has the right type and is within its limits."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from lrviz.errors import NotationError, SpecError, UsageError
from lrviz.presets.keys import LISTS, TABLES, Key, Table, expected, fits, heading, keys_of
from lrviz.text import printable


@dataclass(frozen=True)
class Place:
    """A place in a file: the table, and the prefix of errors about it."""

    table: Table
    text: str

    def error(self, message: str, hint: str = "") -> UsageError:
        """An error at this place."""
        return UsageError(f"{self.text}: {message}", hint)


def check_table(place: Place, table: Mapping[str, Any]) -> None:
    """Check the keys and values of a table.

    Raises:
        UsageError: a key is unknown or missing, or its value has a wrong type or is out of its limits.
    """
    keys = keys_of(place.table)
    for name, value in table.items():
        key = keys.get(name)
        if key is None:
            raise place.error(f"unknown key `{short(name)}`", _unknown_hint(place.table, name))
        if not fits(key, value):
            raise wrong_value(place, key, value)
        _check_limits(place, key, value)
    for key in keys.values():
        if key.required and key.name not in table:
            if key.kind == "tables":
                raise place.error(f"no `{heading(key)}` in it", f"{key.help} begins with `{heading(key)}`")
            raise place.error(f"`{key.name}` is missing", _describe(key))


def _check_limits(place: Place, key: Key, value: Any) -> None:
    size = len(value) if isinstance(value, str | list) else value
    if key.pattern and (not re.fullmatch(key.pattern[1:-1], value) or size > (key.most or size)):
        raise place.error(
            f"`{key.name}` must be a plain file name, got {_show(value)}",
            f"up to {key.most} letters, digits, - and _, such as `warm-up`",
        )
    if key.kind == "text" or isinstance(size, bool | dict) or key.kind == "metric":
        return
    subject = f"`{key.name}`" if key.kind != "tables" else f"`{heading(key)}`"
    if key.least is not None and size < key.least:
        if key.kind in ("tables", "formats"):
            raise place.error(f"no {subject} in it" if key.kind == "tables" else f"{subject} is empty", _describe(key))
        raise place.error(f"{subject} must be {key.least} or more, got {size}", _describe(key))
    if key.most is not None and size > key.most:
        if key.kind == "tables":
            raise place.error(
                f"{size:,} tables {subject} are too many; the limit is {key.most:,}", "split it into several"
            )
        raise place.error(f"{subject} must be {key.most:,} or less, got {size:,}", _describe(key))


def _describe(key: Key) -> str:
    return f"`{key.name}` is {key.help}" if key.kind != "switch" else f"`{key.name} = true` to {key.help}"


def wrong_value(place: Place, key: Key, value: Any) -> UsageError:
    """The error for a value that its key does not accept."""
    hint = _describe(key)
    if key.kind == "choice" and isinstance(value, str):
        close = difflib.get_close_matches(value.lower(), key.choices, n=1)
        hint = f'did you mean "{close[0]}"?' if close else hint
    elif isinstance(value, str) and key.kind in ("count", "epochs", "number", "switch", "rates"):
        hint = "write numbers, true and false without quotes"
    elif key.inside in LISTS:
        hint = "two brackets on each side make a list of tables"
    return place.error(f"`{key.name}` must be {expected(key)}, got {_show(value)}", hint)


def _unknown_hint(table: Table, name: str) -> str:
    """A hint with a similar key, the tables that have this key, or the keys of the table."""
    key = name.lower().replace("-", "_")
    keys = keys_of(table)
    if close := difflib.get_close_matches(key, keys, n=1, cutoff=0.7):
        return f"did you mean `{close[0]}`?"
    headings = {"defaults": "[defaults]", "figure": "[[figure]]", "curve": "[[figure.curve]]", "top": "the top"}
    if tables := [headings[other] for other in TABLES if key in keys_of(other)]:
        return f"`{key}` belongs under {' or '.join(tables)}"
    if table == "curve":
        return f"write the scheduler's parameters in its notation; a curve has {', '.join(keys)}"
    return f"the keys are {', '.join(keys)}"


@contextmanager
def errors_at(place: Place) -> Iterator[None]:
    """Add the place to errors that are raised inside the block."""
    try:
        yield
    except (UsageError, NotationError, SpecError) as error:
        if error.message.startswith(place.text):
            raise
        raise error.at(place.text) from error


def short(value: Any) -> str:
    """Text of the user for an error message."""
    return printable(str(value), 60)


def _show(value: Any) -> str:
    """A value in TOML's notation, or its type, for an error message."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{short(value)}"'
        case int() | float():
            return short(
                f"{value!r}" if abs(value) < 1e15 else f"{float(value):g}" if abs(value) < 1e300 else "a huge number"
            )
        case list():
            return f"a list of {len(value)}"
        case dict():
            return "a table"
    return f"a {type(value).__name__}"
