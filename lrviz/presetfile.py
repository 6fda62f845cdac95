"""A preset file as a tree of TOML values, or an error that points at the place."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Final

from lrviz.errors import UsageError
from lrviz.printable import printable, shorten
from lrviz.reasons import reason

MOST_BYTES: Final = 1_000_000


def read_text(path: Path) -> str:
    """The text of a preset file, which has a size that people write.

    Raises:
        UsageError: it is missing, a folder, too large, or not UTF-8.
    """
    shown = shown_path(path)
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise UsageError(f"no preset file `{shown}`", "`lrviz presets` lists those that ship") from error
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else "a path cannot hold a NUL character"
        raise UsageError(f"cannot read the preset `{shown}`: {why}", "name a .toml file") from error
    if len(data) > MOST_BYTES:
        raise UsageError(f"the preset `{shown}` is over {MOST_BYTES // 1_000_000} MB", "split it into several")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"`{shown}`, line {line}: not text in UTF-8", "save the file as UTF-8") from error


def parse_toml(text: str, shown: str) -> dict[str, Any]:
    """TOML as Python's own; `shown` is the file's name in errors.

    Raises:
        UsageError: it is no TOML; the message points at the place.
    """
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        why = str(error)
        if not isinstance(error, tomllib.TOMLDecodeError):  # Python's own limits, of depth and of digits
            why = "nested too deeply" if isinstance(error, RecursionError) else "a number with too many digits"
        message, _, place = why.partition(" (at ")
        lines = text.splitlines() or [""]
        if found := re.match(r"line (\d+), column (\d+)", place):
            line, column = int(found[1]), int(found[2])
        elif place:
            line, column = len(lines), len(lines[-1]) + 1
        else:
            raise UsageError(f"cannot read `{shown}`: {message}", "write it in a simpler way") from error
        source = lines[line - 1] if line <= len(lines) else ""
        first = max(column - 60, 1)
        pointed = f"\n    {printable(source[first - 1 : first + 79])}\n    {' ' * (column - first)}^"
        raise UsageError(
            f"`{shown}`, line {line}, column {column}: {message[:1].lower()}{message[1:]}{pointed}",
            "text goes in quotes; `lrviz presets cheatsheet` prints a preset to go by",
        ) from error


def shown_path(path: Path) -> str:
    """A path in an error: on one line, and no longer than that."""
    return shorten(printable(str(path)), 100)
