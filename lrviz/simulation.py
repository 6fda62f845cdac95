"""The torch room, second part: run the loop and record the rate that every update uses."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from itertools import chain, repeat
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lrviz import building, catalogue
from lrviz.errors import LrvizError, SimulationError
from lrviz.metric import stalling_loss
from lrviz.notation import SchedulerCall
from lrviz.spec import Factory, RunSpec
from lrviz.trace import Trace

Progress = Callable[[int, int], None]

_CHUNK: Final = 50_000  # readings between two looks at them: often enough for a smooth progress bar


def simulate(spec: RunSpec, progress: Progress | None = None) -> Trace:
    """Run the real torch scheduler and record the rate that each update uses.

    Args:
        spec: What to run; `spec.loop.updates` is N, the number of optimizer updates.
        progress: Called now and then with the readings made and their total.

    Returns:
        Trace with `lr` (N, G) for G parameter groups. `lr[0]` is the rate of the first update, before any
        `scheduler.step()`; the step after the last update is not made.

    Raises:
        SimulationError: torch refused the parameters, or a rate came out NaN, infinite, complex or negative.
        SpecError: torch does not have such an optimizer.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of a training loop's mistakes; this loop makes none of them
        return _Run(spec).trace(progress)


class _Run:
    """One optimizer, one scheduler, and what reading them gives."""

    def __init__(self, spec: RunSpec) -> None:
        self.spec, self.loop = spec, spec.loop
        self.optimizer = building.build_optimizer(spec)
        self.groups: list[dict[str, Any]] = self.optimizer.param_groups
        if isinstance(spec.scheduler, Factory):
            self.scheduler = _made(spec.scheduler, self.optimizer)
        else:
            self.scheduler = building.build_scheduler(spec.scheduler, self.optimizer)
        self.momentum_name = "betas[0]" if "betas" in self.groups[0] else "momentum"
        # The rate can change only where the scheduler steps: after each update, or after each epoch.
        by_step = self.loop.interval == "step"
        self.readings = self.loop.updates if by_step else self.loop.epochs
        self.updates_each = 1 if by_step else self.loop.updates_per_epoch
        self.metrics: NDArray[np.float64] | None = None

    def trace(self, progress: Progress | None) -> Trace:
        columns = len(self.groups) * (2 if self._reads_momentum() else 1)
        values = np.empty((self.readings, columns))
        read, advance = self._reader(columns), self._advancer()
        self.optimizer.step()  # torch warns of a scheduler that steps before its optimizer
        done = 0
        while done < self.readings:
            size = min(_CHUNK, self.readings - done)
            last = done + size == self.readings
            values[done : done + size] = self._chunk(read, advance, size, done, last).reshape(size, columns)
            self._check(values[done : done + size, : len(self.groups)], done)
            done += size
            if progress is not None:
                progress(done, self.readings)
        return self._finished(values)

    def _chunk(
        self, read: Callable[[list[Any]], None] | None, advance: Callable[[], Any], size: int, done: int, last: bool
    ) -> NDArray[np.float64]:
        """Read `size` times and step between; the step after the very last reading is superfluous, so not made."""
        found: list[Any] = []
        steps = size - 1 if last else size
        count = 0
        try:
            if read is None:  # one group, rate only: the loop that nearly every run takes
                group, append = self.groups[0], found.append
                for _ in repeat(None, steps):
                    append(group["lr"])
                    advance()
                if last:
                    append(group["lr"])
            else:
                for count in range(steps):  # noqa: B007 - an error below asks how far it came
                    read(found)
                    advance()
                if last:
                    read(found)
        except Exception as error:
            reached = done + (len(found) if read is None else count + 1)
            raise self._failure(reached * self.updates_each, error) from error
        try:
            return np.fromiter(found, np.float64, len(found))
        except (TypeError, ValueError, OverflowError) as error:
            at, value = next((i, v) for i, v in enumerate(found) if not _is_real(v))
            step = (done + at * size // len(found)) * self.updates_each
            shown = "is complex" if isinstance(value, complex) else f"is no number: {value!r:.60}"
            raise SimulationError(
                f"the rate of `{building.short(self.spec.scheduler)}` {shown} at step {step}"
            ) from error

    def _reader(self, columns: int) -> Callable[[list[Any]], None] | None:
        groups = self.groups
        if columns == 1:
            return None
        if columns == len(groups):
            return lambda found: found.extend([group["lr"] for group in groups])
        if self.momentum_name == "momentum":
            return lambda found: found.extend(
                chain((g["lr"] for g in groups), (g.get("momentum", np.nan) for g in groups))
            )
        return lambda found: found.extend(chain((g["lr"] for g in groups), (g["betas"][0] for g in groups)))

    def _reads_momentum(self) -> bool:
        if not {"momentum", "betas"} & self.groups[0].keys():
            return False
        return isinstance(self.spec.scheduler, Factory) or _moves_momentum(self.spec.scheduler)

    def _advancer(self) -> Callable[[], Any]:
        """What to call between two readings: `scheduler.step()`, with what it wants, as often as the loop does."""
        step: Callable[[], Any] = self.scheduler.step
        if self._wants_metric():
            self.metrics = stalling_loss(self.readings)
            following = iter(self.metrics.tolist())
            scheduler_step = self.scheduler.step
            if self.loop.num_processes == 1:
                return lambda: scheduler_step(next(following))
            step = lambda: scheduler_step(current)  # noqa: E731
            current = 0.0
        times = self.loop.num_processes
        if times == 1:
            return step

        def several() -> None:
            nonlocal current
            if self.metrics is not None:
                current = next(following)
            for _ in range(times):
                step()

        return several

    def _wants_metric(self) -> bool:
        if not isinstance(self.spec.scheduler, Factory):
            info = catalogue.find(self.spec.scheduler.name)
            if info is not None:
                return info.takes_metric
        return any(
            p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
            for p in inspect.signature(self.scheduler.step).parameters.values()
        )

    def _check(self, rates: NDArray[np.float64], done: int) -> None:
        """Refuse a rate that no training could use. A last digit below zero is rounding, and stays as torch gives it."""
        wrong = ~np.isfinite(rates) | (rates < -1e-9 * np.abs(rates).max(initial=0.0, where=np.isfinite(rates)))
        if not wrong.any():
            return
        row, column = (int(i) for i in np.argwhere(wrong)[0])
        value = float(rates[row, column])
        kind = "NaN" if np.isnan(value) else "infinite" if np.isinf(value) else f"negative ({value:.3g})"
        group = f" of `{self.spec.groups[column].name}`" if self.spec.groups[column].name else ""
        step = (done + row) * self.updates_each
        raise SimulationError(
            f"the rate{group} of `{building.short(self.spec.scheduler)}` is {kind} at step {step}",
            "training would break there; look at the parameters' sizes and signs",
        )

    def _failure(self, step: int, error: Exception) -> LrvizError:
        return building.failure(self.spec.scheduler, step, error)

    def _finished(self, values: NDArray[np.float64]) -> Trace:
        each, groups = self.updates_each, len(self.groups)
        if each > 1:
            values = np.repeat(values, each, axis=0)
        lr, momentum = values[:, :groups], values[:, groups:]
        metric = None
        if self.metrics is not None:
            given = np.concatenate(([np.nan], self.metrics[: self.readings - 1]))
            metric = np.repeat(given, each)
        if isinstance(self.spec.scheduler, Factory) and momentum.size and (momentum == momentum[0]).all():
            momentum = momentum[:, :0]
        return Trace(self.spec, lr, momentum if momentum.size else None, self.momentum_name, metric)


def _made(factory: Factory, optimizer: Any) -> Any:
    try:
        scheduler = factory.make(optimizer)
    except Exception as error:
        raise SimulationError(f"`{factory}` raised {type(error).__name__}: {error}") from error
    if not callable(getattr(scheduler, "step", None)):
        raise SimulationError(
            f"`{factory}` must return a scheduler, got {type(scheduler).__name__}",
            "take the optimizer, return something with a `step()`",
        )
    return scheduler


def _moves_momentum(call: SchedulerCall) -> bool:
    info = catalogue.find(call.name)
    if info is None or (info.moves_momentum and call.get("cycle_momentum", True)):
        return True
    children = call.get("schedulers", ())
    return any(_moves_momentum(child) for child in children)


def _is_real(value: object) -> bool:
    try:
        float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return False
    return True
