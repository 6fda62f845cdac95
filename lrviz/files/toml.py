"""Parse TOML, with the place of an error in the message."""

from __future__ import annotations

import re
import tomllib
from typing import Any, Final

from lrviz.errors import UsageError
from lrviz.text import excerpt

MAX_PARTS: Final = 16  # of a dotted key
# Quoted parts up to a length, so that a text of quotes takes linear time. A file has room for few longer ones.
_PART: Final = r"""(?:[\w-]++|"(?:\\.|[^"\\\n]){0,200}+"|'[^'\n]{0,200}+')"""
# Also in text and comments, where nobody writes this.
_LONG_KEY: Final = re.compile(rf"(?<![\w-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{MAX_PARTS}}}")
_TOO_LARGE: Final = "a whole number does not have 64 bits"


def parse_toml(text: str, shown: str, hint: str, *, quote: bool = True) -> dict[str, Any]:
    """Parse TOML.

    Args:
        text: The text.
        shown: The file's name in errors.
        hint: What to do about a mistake in the syntax.
        quote: Whether an error may quote a line of the text.

    Raises:
        UsageError: it is not valid TOML, a key has over `MAX_PARTS` parts, or a whole number is not of 64 bits.
    """
    if long := _LONG_KEY.search(text):  # the time and memory of tomllib grow with the square of the parts
        line = text.count("\n", 0, long.start()) + 1
        raise UsageError(f"`{shown}`, line {line}: a key has over {MAX_PARTS} parts", "write it in a simpler way")
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        reason = str(error)
        if not isinstance(error, tomllib.TOMLDecodeError):  # Python's limits on depth and digits
            reason = "nested too deeply" if isinstance(error, RecursionError) else _TOO_LARGE
        message, _, place = reason.partition(" (at ")
        lines = text.splitlines() or [""]
        if match := re.match(r"line (\d+), column (\d+)", place):
            line, column = int(match[1]), int(match[2])
        elif place:
            line, column = len(lines), len(lines[-1]) + 1
        else:
            raise UsageError(f"`{shown}`: {message}", "write it in a simpler way") from error
        source = lines[line - 1] if line <= len(lines) else ""
        raise UsageError(
            f"`{shown}`, line {line}, column {column}: {message[:1].lower()}{message[1:]}",
            hint,
            excerpt(source, column - 1) if quote else (),
        ) from error
    if _has_large_integer(data):  # in hexadecimal, where Python has no limit
        raise UsageError(f"`{shown}`: {_TOO_LARGE}", "write it in a simpler way")
    return data


def _has_large_integer(data: Any) -> bool:
    pending = [data]
    while pending:
        value = pending.pop()
        if isinstance(value, int) and value.bit_length() > 63:
            return True
        if isinstance(value, dict | list):
            pending.extend(value.values() if isinstance(value, dict) else value)
    return False
