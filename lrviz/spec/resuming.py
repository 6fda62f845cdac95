"""What stopping a run and going on makes of its rates, as data."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class ResumeOutcome:
    """What one way of resuming makes of the rates.

    `exact` is whether every rate after the stop equals, `==`, that of the uninterrupted run, which for the way "longer"
    is the longer run from the start. If not, `step` is the first update with another rate, in parameter group `group`,
    `expected` its rate in the uninterrupted run and `actual` that of the resumed one. `failure` says why the way cannot
    be gone, or where the resumed run ends in an error; empty if it does not. `worst` is the update with the greatest
    difference, its rate in the uninterrupted run and that in the resumed one. `planned` and `used` are the rates of the
    first update after the stop, in the run that was stopped and in the resumed one.
    """

    way: str
    exact: bool
    step: int | None = None
    group: int = 0
    expected: float = 0.0
    actual: float = 0.0
    failure: str = ""
    worst: tuple[int, float, float] | None = field(default=None, compare=False)
    planned: float = field(default=0.0, compare=False)
    used: float = field(default=0.0, compare=False)


@dataclass(frozen=True)
class Stop:
    """A run that is stopped after `at` updates: what each way of resuming makes of it.

    `way` is the one that the user goes, empty if that is not said.
    """

    at: int
    outcomes: tuple[ResumeOutcome, ...]
    way: str = ""
