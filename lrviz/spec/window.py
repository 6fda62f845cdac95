"""Parts of a run that a figure shows: from one step to another, each a number, a percentage or epochs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from lrviz.errors import UsageError
from lrviz.spec.lengths import read_length
from lrviz.spec.run import RunSpec, TrainingLoop

Inset = tuple[int, int] | Literal["warmup"]
_INSET_HINT = "such as warmup, 0:5% or 50%:60%"


def read_span(start: Any, stop: Any, runs: Sequence[RunSpec], *, prefix: str = "") -> tuple[int, int] | None:
    """The first and the last step of a figure; None if neither is given.

    Args:
        start: A length as of `read_length`, or None for the start of the run.
        stop: A length, or None for the end of the run.
        runs: The runs of the figure; percentages and epochs are those of the longest.
        prefix: What precedes the names of the options in errors, such as `--`.

    Raises:
        UsageError: one is not a length, `start` is not before `stop`, or is not before the end of the run.
    """
    if start is None and stop is None:
        return None
    loop = _longest(runs)
    first = 0 if start is None else _length(f"{prefix}from", start, loop)
    last = loop.updates if stop is None else _length(f"{prefix}to", stop, loop)
    if first >= loop.updates:
        raise UsageError(f"`{prefix}from` is step {first:,}, and the run ends at step {loop.updates:,}")
    if first >= last:
        raise UsageError(
            f"`{prefix}from` must be before `{prefix}to`, got step {first:,} and step {last:,}",
            "both are steps, percentages such as 5%, or epochs such as 3ep",
        )
    return first, min(last, loop.updates)


def read_inset(name: str, text: str, runs: Sequence[RunSpec]) -> Inset:
    """The part of the run in an inset: `warmup`, or `FROM:TO` with two lengths.

    Raises:
        UsageError: it is neither, `FROM` is not before `TO`, or `TO` is after the end of the run.
    """
    if text.strip().lower() == "warmup":
        return "warmup"
    start, colon, stop = text.partition(":")
    if not colon or not start.strip() or not stop.strip():
        raise UsageError(f"`{name}` must be warmup or FROM:TO, got `{text}`", _INSET_HINT)
    loop = _longest(runs)
    first, last = (_length(name, part.strip(), loop) for part in (start, stop))
    if last > loop.updates:
        raise UsageError(
            f"`{name}` is outside the run: `{text}` ends at step {last:,}, and the run at step {loop.updates:,}",
            _INSET_HINT,
        )
    if first >= last:
        raise UsageError(f"`{name}` must start before it ends, got step {first:,} to step {last:,}", _INSET_HINT)
    return first, last


def _longest(runs: Sequence[RunSpec]) -> TrainingLoop:
    return max((run.loop for run in runs), key=lambda loop: loop.updates)


def _length(name: str, given: Any, loop: TrainingLoop) -> int:
    return read_length(name, given, loop.updates, loop.exact_epochs)
