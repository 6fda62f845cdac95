"""A table of a preset held against its keys: each known, of the right type, within its limits."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lrviz.errors import NotationError, SpecError, UsageError
from lrviz.keys import LISTS, TABLES, Key, Table, fits, heading, keys_of, wanted
from lrviz.printable import printable, shorten


@dataclass(frozen=True)
class Place:
    """Where in a file: the table, and what an error there begins with."""

    table: Table
    text: str

    def error(self, message: str, hint: str = "") -> UsageError:
        """An error at this place."""
        return UsageError(f"{self.text}: {message}", hint)


def check_table(place: Place, table: Mapping[str, Any]) -> None:
    """Hold a table against its keys.

    Raises:
        UsageError: a key is unknown, missing, or its value of a wrong type or out of its limits.
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
            raise place.error(f"`{key.name}` is missing", _meaning(key))


def _check_limits(place: Place, key: Key, value: Any) -> None:
    size = len(value) if isinstance(value, str | list) else value
    if key.pattern and (not re.fullmatch(key.pattern[1:-1], value) or size > (key.most or size)):
        raise place.error(
            f"`{key.name}` must be a plain file name, got {_told(value)}",
            f"up to {key.most} letters, digits, - and _, such as `warm-up`",
        )
    if key.kind == "text" or isinstance(size, bool | dict) or key.kind == "metric":
        return
    what = f"`{key.name}`" if key.kind != "tables" else f"`{heading(key)}`"
    if key.least is not None and size < key.least:
        if key.kind in ("tables", "formats"):
            raise place.error(f"no {what} in it" if key.kind == "tables" else f"{what} is empty", _meaning(key))
        raise place.error(f"{what} must be {key.least} or more, got {size}", _meaning(key))
    if key.most is not None and size > key.most:
        if key.kind == "tables":
            raise place.error(f"{size:,} times {what} is too much; the limit is {key.most:,}", "split it into several")
        raise place.error(f"{what} must be {key.most:,} or less, got {size:,}", _meaning(key))


def _meaning(key: Key) -> str:
    return f"`{key.name}` is {key.help}" if key.kind != "switch" else f"`{key.name} = true` to {key.help}"


def wrong_value(place: Place, key: Key, value: Any) -> UsageError:
    """The error for a value that is not what its key wants."""
    hint = _meaning(key)
    if key.kind == "choice" and isinstance(value, str):
        close = difflib.get_close_matches(value.lower(), key.choices, n=1)
        hint = f'did you mean "{close[0]}"?' if close else hint
    elif isinstance(value, str) and key.kind in ("count", "number", "switch", "rates"):
        hint = "numbers, true and false go without quotes"
    elif key.inside in LISTS:
        hint = "two brackets on each side make a list of tables"
    return place.error(f"`{key.name}` must be {wanted(key)}, got {_told(value)}", hint)


def _unknown_hint(table: Table, name: str) -> str:
    """The key that was meant, or the table that has it."""
    plain = name.lower().replace("-", "_")
    own = keys_of(table)
    if close := difflib.get_close_matches(plain, own, n=1, cutoff=0.7):
        return f"did you mean `{close[0]}`?"
    homes = [other for other, keys in TABLES.items() if plain in {key.name for key in keys}]
    headings = {"defaults": "[defaults]", "figure": "[[figure]]", "curve": "[[figure.curve]]", "top": "the top"}
    if homes:
        return f"`{plain}` belongs under {' or '.join(headings[home] for home in homes)}"
    if table == "curve":
        return f"the scheduler's own parameters go into its notation; a curve has {', '.join(own)}"
    return f"there are {', '.join(own)}"


class blaming:  # noqa: N801 - a context manager, named as one
    """Say in which table of the file an error arose."""

    def __init__(self, place: Place) -> None:
        self.place = place

    def __enter__(self) -> None: ...

    def __exit__(self, _: Any, error: BaseException | None, __: Any) -> None:
        if isinstance(error, UsageError | NotationError | SpecError) and not error.message.startswith(self.place.text):
            raise type(error)(f"{self.place.text}: {error.message}", error.hint) from error


def short(value: Any) -> str:
    """Text of the user's own in an error."""
    return shorten(printable(str(value)), 60)


def _told(value: Any) -> str:
    """A value as TOML has it, or what it is."""
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
