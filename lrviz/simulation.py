"""The torch room, second part: run the loop and record the rate that every update uses."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from itertools import chain, count, repeat
from typing import Any, Final, NoReturn

import numpy as np
from numpy.typing import NDArray
from torch.optim.lr_scheduler import LRScheduler

from lrviz import building, catalogue, usercode
from lrviz.errors import SimulationError, SpecError
from lrviz.metric import metric_values, stalling_loss
from lrviz.notation import SchedulerCall
from lrviz.spec import CodeCall, Factory, RunSpec
from lrviz.trace import Trace
from lrviz.usercode import step_argument

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
    with warnings.catch_warnings(), usercode.guest():
        warnings.simplefilter("ignore")  # torch warns of a training loop's mistakes; this loop makes none of them
        return _Run(spec).trace(progress)


class _Run:
    """One optimizer, one scheduler, and what reading them gives."""

    def __init__(self, spec: RunSpec) -> None:
        self.spec, self.loop = spec, spec.loop
        self.optimizer = building.build_optimizer(spec)
        self.own = not isinstance(spec.scheduler, SchedulerCall)  # the user's code, not torch's
        self.scheduler = _made(spec, self.optimizer)
        self.groups: list[dict[str, Any]] = self.optimizer.param_groups
        self._same_groups()
        self.momentum_name = "betas[0]" if "betas" in self.groups[0] else "momentum"
        # The rate can change only where the scheduler steps: after each update, or after each epoch.
        by_step = self.loop.interval == "step"
        self.readings = self.loop.updates if by_step else self.loop.epochs
        self.updates_each = 1 if by_step else self.loop.updates_per_epoch
        self.metrics: NDArray[np.float64] | None = None
        self.greatest = 0.0  # of the rates so far

    def trace(self, progress: Progress | None) -> Trace:
        columns = len(self.groups) * (2 if self._reads_momentum() else 1)
        values = np.empty((self.readings, columns))
        read, advance = self._reader(columns), self._advancer()
        self.optimizer.step()  # torch warns of a scheduler that steps before its optimizer
        done = 0
        while done < self.readings:
            size = min(max(_CHUNK // columns, 1), self.readings - done)
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
        at = -1
        try:
            if read is None:  # one group, rate only: the loop that nearly every run takes
                group, append = self.groups[0], found.append
                for _ in repeat(None, steps):
                    append(group["lr"])
                    advance()
                if last:
                    append(group["lr"])
            else:
                for at in range(steps):  # noqa: B007 - an error below asks how far it came
                    read(found)
                    advance()
                if last:
                    read(found)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - torch and the user's code raise what they like
            reached = done + (len(found) if read is None else at + 1)
            self._fail(reached * self.updates_each, error)
        if not self.own or all(isinstance(value, int | float) for value in found):
            try:
                return np.fromiter(found, np.float64, len(found))
            except (TypeError, ValueError, OverflowError):
                pass
        at, value = next((i, v) for i, v in enumerate(found) if not _is_real(v))
        step = (done + at * size // len(found)) * self.updates_each
        shown = "is complex" if isinstance(value, complex) else f"is no number: {value!r:.60}"
        raise SimulationError(f"the rate of `{building.short(self.spec.scheduler)}` {shown} at step {step}")

    def _reader(self, columns: int) -> Callable[[list[Any]], None] | None:
        groups = self.groups
        if self.own:
            return self._own_reader(columns)
        if columns == 1:
            return None
        if columns == len(groups):
            return lambda found: found.extend([group["lr"] for group in groups])
        if self.momentum_name == "momentum":
            return lambda found: found.extend(
                chain((g["lr"] for g in groups), (g.get("momentum", np.nan) for g in groups))
            )
        return lambda found: found.extend(chain((g["lr"] for g in groups), (g["betas"][0] for g in groups)))

    def _own_reader(self, columns: int) -> Callable[[list[Any]], None]:
        """The user's code may put other groups in place of these, and tensors in place of numbers."""

        def read(found: list[Any]) -> None:
            self._same_groups()
            groups = self.optimizer.param_groups
            found.extend([_number(group.get("lr")) for group in groups])
            if columns == len(groups):
                return
            if self.momentum_name == "momentum":
                found.extend([_number(group.get("momentum", np.nan)) for group in groups])
            else:
                found.extend([_number(group["betas"][0]) for group in groups])

        return read

    def _same_groups(self) -> None:
        wanted, got = len(self.spec.groups), len(self.optimizer.param_groups)
        if got != wanted:
            raise SimulationError(
                f"`{building.short(self.spec.scheduler)}` makes {got} parameter groups of {wanted}",
                "lrviz shows as many groups as `lr` has rates, from the first step to the last",
            )

    def _reads_momentum(self) -> bool:
        has_momentum = bool({"momentum", "betas"} & self.groups[0].keys())
        if self.spec.show_momentum and not has_momentum:
            raise SpecError(f"`{self.spec.optimizer.name}` has no momentum to show", "SGD and Adam have one")
        if isinstance(self.spec.scheduler, SchedulerCall) and not self.spec.show_momentum:
            return has_momentum and _moves_momentum(self.spec.scheduler)
        return has_momentum

    def _advancer(self) -> Callable[[], Any]:
        """What to call between two readings: `scheduler.step()`, with what it wants, as often as the loop does."""
        step: Callable[..., Any] = self.scheduler.step
        following: Iterator[Any] | None = None
        wanted = self._wanted()
        if wanted == "metric":
            metric = self.spec.metric or stalling_loss(self.readings)
            values = metric_values(metric, self.readings)
            self.metrics = np.array(values)
            following = iter(values)
        elif wanted == "count":
            following = count(1)
        times = self.loop.num_processes
        if times == 1:
            return step if following is None else lambda: step(next(following))
        scheduler = self.scheduler
        if not isinstance(scheduler, LRScheduler):
            raise SpecError(
                f"Accelerate wraps torch's LRScheduler alone, and `{type(scheduler).__name__}` is none: "
                f"it steps once where the loop says so, and not {times} times",
                "leave the number of processes out, and give the batches of one process",
            )
        total = getattr(scheduler, "total_steps", None)  # Accelerate stops a OneCycleLR that is over

        def several() -> None:
            argument = () if following is None else (next(following),)
            for _ in range(times):
                if total is None or scheduler._step_count <= total:
                    step(*argument)

        return several

    def _wanted(self) -> str:
        """What `scheduler.step()` is called with: nothing, a metric, or a count."""
        if isinstance(self.spec.scheduler, SchedulerCall):
            info = catalogue.find(self.spec.scheduler.name)
            if info is not None:
                return "metric" if info.takes_metric else "nothing"
        return step_argument(self.scheduler)

    def _check(self, rates: NDArray[np.float64], done: int) -> None:
        """Refuse a rate that no training could use; a last digit below zero is rounding, and stays as it is."""
        finite = np.isfinite(rates)
        self.greatest = float(np.abs(rates).max(initial=self.greatest, where=finite))
        wrong = ~finite | (rates < -1e-9 * self.greatest)
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

    def _fail(self, step: int, error: BaseException) -> NoReturn:
        if self.own:
            with usercode.blaming(str(self.spec.scheduler), lambda: step):
                raise error
        raise building.failure(self.spec.scheduler, step, error) from error

    def _finished(self, values: NDArray[np.float64]) -> Trace:
        each, groups = self.updates_each, len(self.groups)
        if each > 1:
            values = np.repeat(values, each, axis=0)
        lr, momentum = values[:, :groups], values[:, groups:]
        metric = None
        if self.metrics is not None:
            given = np.concatenate(([np.nan], self.metrics[: self.readings - 1]))
            metric = np.repeat(given, each)
        if self.own and not self.spec.show_momentum and momentum.size and (momentum == momentum[0]).all():
            momentum = momentum[:, :0]
        return Trace(self.spec, lr, momentum if momentum.size else None, self.momentum_name, metric)


def _made(spec: RunSpec, optimizer: Any) -> Any:
    match spec.scheduler:
        case SchedulerCall():
            return building.build_scheduler(spec.scheduler, optimizer)
        case CodeCall():
            return usercode.make(spec.scheduler, optimizer)
        case Factory(make=make):
            with usercode.blaming(str(spec.scheduler)):
                scheduler = make(optimizer)
            return usercode.checked(scheduler, str(spec.scheduler))


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
    return isinstance(value, int | float)


def _number(value: Any) -> Any:
    """The number in a tensor, which may have another one in it at the next step; anything else as it is."""
    if type(value) is float or not hasattr(value, "tolist"):
        return value
    inside = value.tolist()
    return inside[0] if isinstance(inside, list) and len(inside) == 1 else inside
