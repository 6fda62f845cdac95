"""Whether code takes time in proportion to the length of what it reads, on a machine of any speed and load."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from lrviz.errors import LrvizError

FACTOR = 4  # between the two lengths
MOST = 2.0 * FACTOR  # of the ratio of the times: linear time gives `FACTOR`, quadratic time its square
SMALL = 0.02  # seconds of CPU, in which nothing can be told; at the lengths of these tests quadratic time is longer
TRIES = 5

Input = TypeVar("Input")


def assert_linear(read: Callable[[Input], object], of_length: Callable[[int], Input], length: int) -> None:
    """Assert that reading an input of `FACTOR * length` takes at most `MOST` times the CPU time of one of `length`.

    An error of lrviz is a way to end. Of each length the best of some tries counts.
    """
    short, long = of_length(length), of_length(FACTOR * length)
    of_long = _seconds(read, long)
    of_short = of_long if of_long < SMALL else _seconds(read, short)
    for _ in range(TRIES):
        if of_long < max(SMALL, MOST * of_short):
            return
        of_short, of_long = min(of_short, _seconds(read, short)), min(of_long, _seconds(read, long))
    raise AssertionError(f"{of_short:.3f} s of CPU at a length of {length:,}, {of_long:.3f} s at {FACTOR * length:,}")


def repeated(piece: str, before: str = "", after: str = "") -> Callable[[int], str]:
    """A text of about a length: a piece many times, with what is before and after it."""
    return lambda length: before + piece * (length // len(piece)) + after


def _seconds(read: Callable[[Input], object], given: Input) -> float:
    gc.disable()  # the time of a collection depends on what other tests have left
    try:
        started = time.process_time()
        with suppress(LrvizError):
            read(given)
        return time.process_time() - started
    finally:
        gc.enable()
