"""Lengths in steps: `500`, `5%` of the run, or `3ep` for three epochs."""

from __future__ import annotations

from typing import Any

from lrviz.errors import NotationError, UsageError
from lrviz.notation import parse_value
from lrviz.text import printable


def read_length(option: str, given: Any, total: int, epochs: float) -> int:
    """A number of steps of 0 or more.

    Args:
        option: What the user calls it, for errors.
        given: A number, or its text; as text also a percentage of the run, `5%`, or epochs, `3ep`.
        total: The steps of the run.
        epochs: The epochs of the run.

    Raises:
        UsageError: it is not such a length, not a whole number, or negative.
    """
    value = given
    if isinstance(given, str):
        try:
            value = parse_value(given, {"total_steps": total, "epochs": epochs})
        except NotationError:
            value = None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    shown = printable(str(given), 60)
    if isinstance(value, bool) or not isinstance(value, int):
        raise UsageError(
            f"`{option}` must be a number of steps, a percentage or epochs, got `{shown}`", "such as 500, 5% or 2ep"
        )
    if value < 0:
        raise UsageError(f"`{option}` must be 0 or more, got `{shown}`", "such as 500, 5% or 2ep")
    return value
