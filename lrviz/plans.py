"""The figures of a preset as a render and a check take them: with the command line's words, and simulated."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lrviz.errors import LrvizError
from lrviz.spec import CodeCall

if TYPE_CHECKING:
    from lrviz.preset import FigurePlan
    from lrviz.trace import Trace


@dataclass(frozen=True)
class Overrides:
    """What the command line says in place of the preset: formats, and a style relative to the working folder."""

    formats: tuple[str, ...] | None = None
    style: str | None = None

    def record(self) -> dict[str, Any]:
        """For the manifest, so that a check later can take them as they were."""
        style = None if self.style is None else Path(self.style).name
        return {"formats": None if self.formats is None else list(self.formats), "style": style}


AS_IT_IS: Final = Overrides()


def overridden(plan: FigurePlan, overrides: Overrides) -> FigurePlan:
    """A figure with the command line's formats and style."""
    if overrides.formats is not None:
        plan = replace(plan, formats=overrides.formats)
    if overrides.style is not None:
        plan = replace(plan, style=overrides.style, look=replace(plan.look, style=overrides.style))
    return plan


def simulate_plan(plan: FigurePlan, folder: Path, report: Callable[[int], None] | None = None) -> list[Trace]:
    """The traces of a figure; the user's own code runs with the preset's folder as its working folder.

    Raises:
        SimulationError: torch or the user's code failed.
        SpecError: a run makes no sense; as for `simulate`, with the figure named.
    """
    from lrviz import simulation

    traces, before = [], 0
    for run in plan.runs:
        shift = before

        def advance(done: int, _: int, shift: int = shift) -> None:
            if report is not None:
                report(shift + done)

        own = isinstance(run.scheduler, CodeCall)
        try:
            with contextlib.chdir(folder) if own else contextlib.nullcontext():
                traces.append(simulation.simulate(run, advance if report else None))
        except LrvizError as error:
            raise type(error)(f"figure `{plan.name}`: {error.message}", error.hint) from error
        before += run.loop.scheduler_calls
    return traces


def shifted(report: Callable[[int, int], None] | None, base: int, total: int) -> Callable[[int], None] | None:
    """A report of a figure's own progress, as that of all figures: `base` steps are done before it."""
    return None if report is None else lambda done: report(base + done, total)
