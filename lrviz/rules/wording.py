"""Shares, steps and schedulers in the sentences of findings."""

from __future__ import annotations

from lrviz.rules.case import Case, Part, length_parameter, own_length
from lrviz.text import count


def percent(share: float) -> str:
    """A share in words: `12 %`."""
    return f"{share * 100:.3g} %" if share < 0.0995 else f"{share * 100:.0f} %"


def steps_of(case: Case, steps: float) -> str:
    """A number of scheduler steps: of updates or epochs, where these are the same."""
    loop = case.spec.loop
    noun = "scheduler step" if case.each > 1 else "epoch" if loop.interval == "epoch" else "update"
    return count(round(steps), noun)


def named(part: Part | None) -> str:
    """The class of a part with its length, for a sentence."""
    if part is None:
        return "the schedule"
    length, name = own_length(part), part.name
    if length is None:
        return name
    return f"{name} with {length_parameter(name)} {length:,}"
