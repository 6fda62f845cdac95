"""Find and read preset files, and parse TOML with the place of an error in the message."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from pathlib import Path
from typing import Any, Final

from lrviz.errors import UsageError
from lrviz.files import error_reason
from lrviz.text import excerpt, printable

MAX_BYTES: Final = 1_000_000


def read_preset(path: Path) -> str:
    """The text of a preset file of at most `MAX_BYTES`.

    Raises:
        UsageError: it is missing, a folder, too large, or not UTF-8.
    """
    shown = shown_path(path)
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise UsageError(f"no preset file `{shown}`", "`lrviz presets` lists the shipped ones") from error
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read the preset `{shown}`: {error_reason(error)}", "name a .toml file") from error
    if len(data) > MAX_BYTES:
        raise UsageError(f"the preset `{shown}` is over {MAX_BYTES // 1_000_000} MB", "split it into several")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"`{shown}`, line {line}: not text in UTF-8", "save the file as UTF-8") from error


def parse_toml(text: str, shown: str) -> dict[str, Any]:
    """Parse TOML; `shown` is the file's name in errors.

    Raises:
        UsageError: it is not valid TOML; the message has the line and the column.
    """
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        reason = str(error)
        if not isinstance(error, tomllib.TOMLDecodeError):  # Python's limits on depth and digits
            reason = "nested too deeply" if isinstance(error, RecursionError) else "a number with too many digits"
        message, _, place = reason.partition(" (at ")
        lines = text.splitlines() or [""]
        if match := re.match(r"line (\d+), column (\d+)", place):
            line, column = int(match[1]), int(match[2])
        elif place:
            line, column = len(lines), len(lines[-1]) + 1
        else:
            raise UsageError(f"cannot read `{shown}`: {message}", "write it in a simpler way") from error
        source = lines[line - 1] if line <= len(lines) else ""
        raise UsageError(
            f"`{shown}`, line {line}, column {column}: {message[:1].lower()}{message[1:]}",
            "text needs quotes; `lrviz presets cheatsheet` prints an example",
            excerpt(source, column - 1),
        ) from error


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
            if path.exists():
                return path
        raise
