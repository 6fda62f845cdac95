"""The errors lrviz raises for its users: a message, and a hint that says what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Final, Self


class LrvizError(Exception):
    """An error that the user can correct.

    Args:
        message: What went wrong, where, and the value got, in one line; no full stop.
        hint: What to type next; empty when there is nothing useful to add.
        details: Lines to show under the message, such as a line of source and a caret.
    """

    exit_code = 2

    def __init__(self, message: str, hint: str = "", details: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = tuple(details)

    def __str__(self) -> str:
        text = "\n    ".join([self.message, *self.details])
        return f"{text}\n\nhint: {self.hint}" if self.hint else text

    def at(self, place: str) -> Self:
        """The same error with a place before its message."""
        error = copy(self)
        error.message = f"{place}: {self.message}"
        error.args = (error.message,)
        return error


class UsageError(LrvizError):
    """The command line itself is wrong: an unknown option, a missing argument."""


class NotationError(LrvizError):
    """A scheduler's notation, or a value in it, cannot be read."""


class SpecError(LrvizError):
    """A run can be read but is not valid: an impossible value, or fields that contradict each other."""


class MisfitError(SpecError):
    """A schedule has parts for which the run is too short; `lrviz check` reports it as a finding."""


class SimulationError(LrvizError):
    """torch refused the parameters, or a rate came out NaN, infinite, complex or negative."""


class OutputError(LrvizError):
    """A file cannot be written."""


# In the messages of the dynamic linker, of Python about a thread, and of C++.
_NO_MEMORY: Final = ("failed to map segment", "cannot allocate memory", "can't start new thread", "bad_alloc")


def memory_error(error: BaseException) -> LrvizError | None:
    """The error for an exception that means that there is not enough memory; None for another exception."""
    text = str(error).lower()
    if not isinstance(error, MemoryError) and not any(sign in text for sign in _NO_MEMORY):
        return None
    return LrvizError("not enough memory", "raise the limit on memory, such as that of `ulimit -v`, or simulate less")
