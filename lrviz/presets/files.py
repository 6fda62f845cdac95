"""Find and read preset files."""

from __future__ import annotations

import difflib
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from lrviz.errors import UsageError
from lrviz.files import error_reason, parse_toml, read_text
from lrviz.text import printable

MAX_BYTES: Final = 500_000  # which tomllib parses in a second


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
    return str(parse_toml(read_preset(path), path.name, "").get("about", ""))


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
