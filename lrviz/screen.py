"""Rich's console, made for lrviz: words are words, and colour follows NO_COLOR, FORCE_COLOR and the terminal."""

from __future__ import annotations

import io
import sys
from typing import NoReturn

from rich.console import Console


class Screen(Console):
    """A console that reads no markup or emoji codes in what it prints, and lets a reader that has gone be known.

    Args:
        stderr: Whether to print to stderr rather than stdout.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        stream = sys.stderr if stderr else sys.stdout
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
        super().__init__(stderr=stderr, markup=False, emoji=False, highlight=False)

    def on_broken_pipe(self) -> NoReturn:
        """Let the error through; rich would exit with status 1."""
        raise BrokenPipeError

    @property
    def at_terminal(self) -> bool:
        """Whether a person reads along: FORCE_COLOR asks for colour and not for a layout that leaves things out."""
        return self.file.isatty()

    @property
    def coloured(self) -> bool:
        """Whether what is printed may have colour."""
        return self.color_system is not None and not self.no_color
