"""The published recipes and the mistakes of public threads, each as the text that `lrviz check` takes."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

_FOLDER: Final = Path(__file__).parent


def rows_of(name: str) -> dict[str, dict[str, Any]]:
    """The tables of `NAME.toml` beside this file, by name."""
    return tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def text_of(row: dict[str, Any], folder: Path) -> str:
    """Notation with the fields of its run after `@`; a script is written into the folder.

    Options of a stop follow.
    """
    if "spec" in row:
        options = (f" --{name.replace('_', '-')} {row[name]}" for name in ("resume_at", "resume_by") if name in row)
        return "".join([row["spec"], *options])
    path = folder / "train.py"
    path.write_text(row["script"], encoding="utf-8")
    return f"{path} @ {row['run']}"
