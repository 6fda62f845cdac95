"""What lrviz says to a person, on stderr: errors, hints, notes, the lines about a figure."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from lrviz.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lrviz.errors import LrvizError


def print_error(error: LrvizError) -> None:
    """The form of every error: the message, an empty line, what to type next."""
    _print("error:", error.message, "bold red")
    if error.hint:
        _print("\nhint:", error.hint, "bold cyan")


def print_note(text: str) -> None:
    """Something legal that was probably not meant, or that a reader must know."""
    _print("note:", text, "bold yellow")


def print_lines(lines: Iterable[str]) -> None:
    """Lines as they are."""
    for line in lines:
        _print("", line, "")


def _print(head: str, text: str, style: str) -> None:
    from rich.text import Text

    from lrviz.screen import Screen

    if sys.stderr is None:
        return
    safe = "\n".join(printable(line) for line in text.split("\n"))
    line = Text.assemble((head, style), " " if head else "", safe)
    try:
        Screen(stderr=True).print(line, soft_wrap=True)
    except OSError:
        return  # nobody is there to hear it
