"""Run the loop of a training script over torch's optimizer and schedulers."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lrviz.errors import SimulationError
from lrviz.notation import DoneError, SchedulerCall
from lrviz.schedulers import find, takes_metric
from lrviz.simulation.build import build_scheduler, failure
from lrviz.simulation.loop import Progress, Run
from lrviz.spec import RunSpec, ScriptLoop, default_metric, metric_values
from lrviz.trace import Trace

_MOST_CREATED: Final = 1_000  # schedulers
_LOOK: Final = 2_000  # updates between two looks at the rates, each of which takes 0.1 ms


class ScriptRun(Run):
    """The machine of a script's loop: one optimizer, its schedulers, and the values read from them at each update."""

    def __init__(self, spec: RunSpec, script: ScriptLoop) -> None:
        super().__init__(spec)
        self.script = script
        # Those that the loop adds are the last: they are kept until then.
        self.later = self.groups[len(self.groups) - script.program.added :]
        del self.groups[len(self.groups) - script.program.added :]
        self.created = 0  # schedulers
        self.done = 0  # updates
        self.checked = 0  # updates whose rates are checked
        self.values = np.empty((0, 0))
        self.progress: Progress | None = None
        self.metric = np.full(0, np.nan)
        self.last_metric = np.nan
        self.knows_momentum = True
        self.given: list[float] = []  # metrics that the scheduler is still to take

    def drive(self, progress: Progress | None) -> Trace:
        """Run the loop."""
        self.progress = progress
        columns = len(self.spec.groups) * (2 if self._reads_momentum() else 1)
        self.values = np.empty((self.readings, columns))
        if self.script.metric_steps:
            self.metric = np.full(self.readings, np.nan)
            steps = self.script.metric_steps
            self.given = metric_values(self.spec.metric or default_metric(steps), steps)[::-1]
        if self.rate_name == "lr":
            self.optimizer.step()  # torch warns about a scheduler that steps before its optimizer
        self.script.program.drive(self)
        if self.done < self.readings:
            raise SimulationError(
                f"the loop of the script ends after {self.done:,} updates, and the run has {self.readings:,}",
                f"`--max-steps {self.done}` is its length" if self.done else "",
            )
        self._check()
        return self.trace(self.values)

    # What the script's loop does

    def create(self, number: int, call: SchedulerCall) -> Any:
        """Create scheduler `number` of the script."""
        call = self.script.created(number, call)
        self.created += 1
        if self.created > _MOST_CREATED:
            raise SimulationError(f"the loop of the script creates over {_MOST_CREATED:,} schedulers")
        return build_scheduler(call, self.optimizer, self.script.program.orders[number]), call

    def step(self, scheduler: Any, args: Sequence[Any], node: ast.AST, *, once: bool = False) -> None:
        """Step a scheduler, for each process or only once."""
        made, call = scheduler
        info = find(call.name)
        if info is not None and info.takes_count:
            self._step_count(made, call, args, node)
            return
        if info is not None and info.dampens:
            made.begin() if args == ["begin"] else made.end()
            return
        if takes_metric(call):
            args = [self._metric_of(args)]
        elif args == [None]:
            args = []
        elif args and not isinstance(args[0], int | float):
            raise SimulationError(
                f"the epoch that line {getattr(node, 'lineno', 0)} passes to `{call.name}.step()` is not known"
            )
        try:
            times = 1 if once else self.loop.steps_each
            total = getattr(made, "total_steps", None) if times > 1 else None
            for _ in range(times):
                if total is None or made._step_count <= total:  # as Accelerate does
                    made.step(*args)
        except Exception as error:
            failed = failure(call, self.done, error)
            raise SimulationError(failed.message, failed.hint, failed.details) from error

    def _step_count(self, made: Any, call: SchedulerCall, args: Sequence[Any], node: ast.AST) -> None:
        """Call `step()` of a scheduler with the number of epochs, or its `step_update()` with that of updates."""
        name = getattr(getattr(node, "func", None), "attr", "step")
        if self.loop.steps_each > 1:
            raise self._not_for_processes()
        if not args or not isinstance(args[0], int | float):
            raise SimulationError(
                f"the number that line {getattr(node, 'lineno', 0)} passes to `{call.name}.{name}()` is not known"
            )
        metric = [self._metric_of(args[1:])] if name == "step" and takes_metric(call) else []
        try:
            getattr(made, name)(args[0], *metric)
        except Exception as error:
            failed = failure(call, self.done, error)
            raise SimulationError(failed.message, failed.hint, failed.details) from error

    def get(self, scheduler: Any, name: str) -> Any:
        """An attribute of a scheduler."""
        return getattr(scheduler[0], name, None)

    def set(self, scheduler: Any, name: str, value: Any) -> None:
        """Set an attribute of a scheduler."""
        if hasattr(scheduler[0], name):
            setattr(scheduler[0], name, value)

    def add_group(self, rate: float) -> Any:
        """Add a parameter group with this rate; the updates before have it too."""
        if not self.later:
            raise DoneError  # the run ends before it
        group = self.later.pop(0)
        self.values[: self.done, len(self.groups)] = rate
        self.optimizer.add_param_group({**group, "lr": rate})
        return self.groups[-1]

    def lose_momentum(self) -> bool:
        """Leave the momentum out of the trace, unless it is asked for."""
        self.knows_momentum = self.spec.show_momentum
        return not self.spec.show_momentum

    def update(self, times: int, epoch: tuple[int, ...]) -> None:
        """Record the rates that updates use."""
        end = min(self.done + times, self.readings)
        if self.rate_name != "lr" and end - self.done > 1:  # each update has a rate of its own
            for _ in range(end - self.done):
                self.update(1, epoch)
            return
        if self.rate_name != "lr":
            self.optimizer.step()
        groups = [*self.groups, *self.later]
        row: list[Any] = [group[self.rate_name] for group in groups]
        if self.values.shape[1] > len(row):
            if self.momentum_name == "momentum":
                row += [group.get("momentum", np.nan) for group in groups]
            else:
                row += [group["betas"][0] for group in groups]
        try:
            self.values[self.done : end] = row
        except (TypeError, ValueError, OverflowError) as error:
            raise SimulationError(f"the rate is not a number at step {self.done}: {row!r:.60}") from error
        if self.metric.size:
            self.metric[self.done : end] = self.last_metric
        self.done = end
        if end - self.checked >= _LOOK or end == self.readings:
            self._check()
            if self.progress is not None:
                total = self.loop.scheduler_calls
                self.progress(end * total // self.readings, total)
        if end == self.readings:
            raise DoneError

    def _check(self) -> None:
        if self.checked < self.done:
            self._check_rates(self.values[self.checked : self.done, : len(self.spec.groups)], self.checked)
            self.checked = self.done

    def _metric_of(self, args: Sequence[Any]) -> float:
        """The metric of a step: the one that is given, else what the script's loop computes."""
        known = args[0] if args and isinstance(args[0], int | float) else None
        if known is None or self.spec.metric is not None:
            known = self.given.pop() if len(self.given) > 1 else self.given[0]
        self.last_metric = float(known)
        return self.last_metric

    def trace(self, values: NDArray[np.float64]) -> Trace:
        """The trace of all updates of the run."""
        groups = len(self.spec.groups)
        momentum = values[:, groups:]
        same = momentum.size and (momentum == momentum[0]).all()
        if not self.knows_momentum or (same and not self.spec.show_momentum):
            momentum = momentum[:, :0]
        return Trace(
            self.spec, values[:, :groups], momentum if momentum.size else None, self.momentum_name,
            self.metric if self.metric.size else None,
        )  # fmt: skip
