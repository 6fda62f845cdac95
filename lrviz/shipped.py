"""The presets that come with lrviz: beside the code in an installed package, at the top of a source tree."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

from lrviz.errors import UsageError
from lrviz.presetfile import parse_toml, read_text

_PACKAGE = Path(__file__).parent


def preset_folder(package: Path = _PACKAGE) -> Path:
    """Where the presets lie: `presets` in the package, or beside it where the package is a source tree."""
    inside = package / "presets"
    return inside if inside.is_dir() else package.parent / "presets"


def preset_names() -> list[str]:
    """The names of the presets that ship."""
    return sorted(path.stem for path in preset_folder().glob("*.toml"))


def about(name: str) -> str:
    """The line that a preset says about itself."""
    path = preset_folder() / f"{name}.toml"
    return str(parse_toml(read_text(path), path.name).get("about", ""))


def shipped_path(name: str) -> Path:
    """The file of a preset that ships.

    Raises:
        UsageError: there is none of that name.
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
    """The file that a name or a path stands for; a path has a suffix or a folder.

    Raises:
        UsageError: no preset of that name ships.
    """
    if text.lower().endswith(".toml") or any(mark in text for mark in ("/", os.sep)):
        return Path(text)
    try:
        return shipped_path(text)
    except UsageError:
        if Path(text).exists() or Path(f"{text}.toml").exists():
            return Path(text) if Path(text).exists() else Path(f"{text}.toml")
        raise
