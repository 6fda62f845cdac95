"""Find and read preset files, and parse TOML with the place of an error in the message."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from lrviz.errors import UsageError
from lrviz.files import error_reason, read_text
from lrviz.text import excerpt, printable

MAX_BYTES: Final = 500_000  # which tomllib parses in a second
MAX_PARTS: Final = 16  # of a dotted key
# Quoted parts up to a length, so that a text of quotes takes linear time. A file has room for few longer ones.
_PART: Final = r"""(?:[\w-]++|"(?:\\.|[^"\\\n]){0,200}+"|'[^'\n]{0,200}+')"""
# Also in text and comments, where nobody writes this.
_LONG_KEY: Final = re.compile(rf"(?<![\w-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{MAX_PARTS}}}")
_TOO_LARGE: Final = "a whole number does not have 64 bits"


def read_preset(path: Path) -> str:
    """The text of a preset file of at most `MAX_BYTES`, or of a pipe.

    Raises:
        UsageError: it is missing, no regular file or pipe, too large, or not UTF-8.
    """
    shown = shown_path(path)
    try:
        return read_text(path, MAX_BYTES, pipe=True)
    except FileNotFoundError as error:
        raise UsageError(f"no preset file `{shown}`", "`lrviz presets` lists the shipped ones") from error
    except OSError as error:
        raise UsageError(f"cannot read the preset `{shown}`: {error_reason(error)}", "name a .toml file") from error


def parse_toml(text: str, shown: str, *, quote: bool = True) -> dict[str, Any]:
    """Parse TOML.

    Args:
        text: The text.
        shown: The file's name in errors.
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
            "text needs quotes; `lrviz presets cheatsheet` prints an example",
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


def shown_path(path: Path) -> str:
    """A path for an error message: on one line, and at most 100 columns."""
    return printable(str(path), 100)


_PACKAGE = Path(__file__).parent.parent


def preset_folder(package: Path = _PACKAGE) -> Path:
    """The folder of the shipped presets: in the package, or next to it in a source tree."""
    inside = package / "presets"
    return inside if any(inside.glob("*.toml")) else package.parent / "presets"


def preset_names() -> list[str]:
    """The names of the shipped presets."""
    return sorted(path.stem for path in preset_folder().glob("*.toml"))


def about(name: str) -> str:
    """The `about` line of a shipped preset."""
    path = preset_folder() / f"{name}.toml"
    return str(parse_toml(read_preset(path), path.name).get("about", ""))


def shipped_path(name: str) -> Path:
    """The file of a shipped preset.

    Raises:
        UsageError: there is no preset of that name.
    """
    names = preset_names()
    if name in names:
        return preset_folder() / f"{name}.toml"
    close = difflib.get_close_matches(name.lower(), names, n=1)
    raise UsageError(
        f"no preset `{name}`",
        f"did you mean `{close[0]}`? `lrviz presets` lists them all" if close else "`lrviz presets` lists them all",
    )


def find_preset(text: str) -> Path:
    """The file of a preset, given by name or by path; a path has the suffix `.toml` or a separator.

    Raises:
        UsageError: there is no shipped preset of that name.
    """
    if text.lower().endswith(".toml") or any(separator in text for separator in ("/", os.sep)):
        return Path(text)
    try:
        return shipped_path(text)
    except UsageError:
        for path in (Path(text), Path(f"{text}.toml")):
            with suppress(OSError, ValueError):  # a name that is too long, or that contains a NUL
                if path.exists():
                    return path
        raise
