"""Where the path of a file leads."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from lrviz.errors import SpecError

_LONGEST: Final = 32_767  # characters of a path that some system can open


def is_inside(path: Path, folder: Path) -> bool:
    """Whether a path leads to a place under a folder when all symbolic links and `..` are resolved.

    True also for a path that no system can open.
    """
    if len(str(path)) > _LONGEST:  # the time of realpath grows with the square of the length
        return True
    try:
        return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))
    except ValueError:  # a NUL character or a lone surrogate
        return True


def check_inside(path: Path, folder: Path, shown: str) -> None:
    """Refuse a file that a preset names and that is not in its folder.

    Args:
        path: The file.
        folder: The folder of the preset.
        shown: What the file is, and its path in the preset, for the message.

    Raises:
        SpecError: the path leads out of the folder.
    """
    if not is_inside(path, folder):
        raise SpecError(
            f"{shown} is outside the folder of the preset",
            "move it there, or add `--allow-outside` if you trust the preset",
        )
