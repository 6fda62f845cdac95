"""`--resume-at` and `--resume-by`: a run that is stopped and goes on, beside the uninterrupted one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from lrviz.errors import UsageError
from lrviz.figure import FigureOptions
from lrviz.spec import RESUME_WAYS, RunSpec, Stop, read_choice, read_length, resumed_run
from lrviz.text import count, format_rate, printable
from lrviz.trace import Trace


@dataclass(frozen=True)
class Resume:
    """A stop after `at` updates of a run, and the way it goes on.

    `specs` are the uninterrupted run and the resumed one, with their labels.
    """

    spec: RunSpec
    at: int
    way: str

    @property
    def specs(self) -> list[RunSpec]:
        """The two runs."""
        run = resumed_run(self.spec, self.way)
        planned = "longer from the start" if self.way == "longer" else "uninterrupted"
        labels = (planned, f"resumed: {self.way}")
        return [replace(run, name=label, derived=False) for label in labels]

    def titled(self, options: FigureOptions) -> FigureOptions:
        """The options of the figure, with a title that tells the run and where it is stopped."""
        title = f"{self.spec.title}, resumed at step {self.at:,}"
        return options if options.title is not None else replace(options, title=title)

    def simulate(self, progress: Any) -> Trace:
        """The trace of the resumed run."""
        from lrviz import simulation

        return replace(simulation.resume_apart(self.spec, self.at, self.way, progress), spec=self.specs[1])

    def outcomes(self, way: str | None) -> Stop:
        """What each way of resuming makes of the run, for the rules; `way` is the one that the user names."""
        from lrviz import simulation

        return Stop(self.at, simulation.resume_outcomes(self.spec, self.at), way or "")

    def sentence(self, uninterrupted: Trace, resumed: Trace) -> str:
        """Where the rates first differ, in words."""
        from lrviz.simulation import compare_resumed

        found = compare_resumed(uninterrupted, resumed, self.at, self.way)
        if found.step is None:
            return f"{self.way}: every rate from step {self.at:,} on is that of the uninterrupted run"
        group = f" of {printable(resumed.group_names[found.group], 60)}" if resumed.lr.shape[1] > 1 else ""
        times = f", {format_rate(found.actual / found.expected)} times as high" if found.expected > 0 else ""
        return (
            f"{self.way}: at step {found.step:,} the rate{group} is {format_rate(found.actual)}, in place of "
            f"{format_rate(found.expected)}{times}"
        )


def read_resume(at: Any, way: Any, spec: RunSpec) -> Resume:
    """The values of `--resume-at` and `--resume-by`.

    Raises:
        UsageError: the stop is missing or not inside the run, or the way is unknown.
    """
    way = "load" if way is None else read_choice("--resume-by", way, tuple(RESUME_WAYS))
    if at is None:
        raise UsageError("`--resume-by` needs `--resume-at` too", "such as `--resume-at 50%`")
    updates = spec.loop.updates
    stop = read_length("--resume-at", at, updates, spec.loop.exact_epochs)
    if not 0 < stop < updates:
        raise UsageError(
            f"`--resume-at` must be inside the run of {count(updates, 'update')}, got step {stop:,}",
            f"from 1 to {updates - 1:,}, or such as 50%" if updates > 1 else "a run of one update has no inside",
        )
    return Resume(spec, stop, way)
