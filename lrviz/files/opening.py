"""Open a file with the viewer of the system."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from lrviz.errors import OutputError

_viewers: list[Any] = []  # kept, because Python warns of a process that runs when its object is deleted


def open_file(path: str | Path) -> None:
    """Open a file with the program that the system has for its kind; does not wait for it.

    Raises:
        OutputError: the system has no such program, or it cannot be started.
    """
    import shutil
    import subprocess

    absolute = str(Path(path).absolute())
    program = "open" if sys.platform == "darwin" else "xdg-open"
    try:
        if sys.platform == "win32":
            os.startfile(absolute)  # noqa: S606 # a file that this run wrote
            return
        found = shutil.which(program)
        if found is None:
            raise OutputError(f"cannot open `{path}`: there is no `{program}`", "leave out `--open`")
        quiet = subprocess.DEVNULL
        # A session of its own, so that Ctrl-C in the terminal does not end the viewer.
        viewer = subprocess.Popen(  # noqa: S603 # without a shell
            [found, absolute], stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
        )
    except OSError as error:
        raise OutputError(f"cannot open `{path}`: {error.strerror or error}", "leave out `--open`") from error
    _viewers.append(viewer)
