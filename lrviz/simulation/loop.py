"""The training loop: run it and record the rate that every update uses."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain, count, repeat
from typing import Any, Final, NoReturn

import numpy as np
from numpy.typing import NDArray
from torch.optim.lr_scheduler import LRScheduler

from lrviz import schedulers
from lrviz.errors import SimulationError, SpecError
from lrviz.notation import SchedulerCall
from lrviz.schedulers import Scheduler
from lrviz.simulation.build import build_optimizer, build_scheduler, failure, short_call
from lrviz.spec import CodeCall, RunSpec, ScriptLoop, given_rates
from lrviz.trace import Trace

Progress = Callable[[int, int], None]

_NO_USER_CODE: Final = (SchedulerCall, ScriptLoop)
_user_code_ran = False
_CHUNK: Final = 50_000  # values read between two checks; few enough for a smooth progress bar


def simulate(spec: RunSpec, progress: Progress | None = None) -> Trace:
    """Run torch's scheduler and record the rate that each update uses.

    Args:
        spec: What to run; `spec.loop.updates` is N, the number of optimizer updates.
        progress: Called from time to time with the number of readings made and their total.

    Returns:
        Trace with `lr` (N, G) for G parameter groups. `lr[0]` is the rate of the first update, before any
        `scheduler.step()`; the step after the last update is not made.

    Raises:
        SimulationError: torch refused the parameters, or a rate came out NaN, infinite, complex or negative.
        SpecError: torch does not have such an optimizer.
    """
    with quiet_run(spec):
        if isinstance(spec.scheduler, ScriptLoop):
            from lrviz.simulation.script import ScriptRun

            return ScriptRun(spec, spec.scheduler).drive(progress)
        run = Run(spec)
        return run.trace(run.read(0, run.readings, progress))


def simulate_apart(
    spec: RunSpec, progress: Progress | None = None, simulate: Callable[[RunSpec, Progress | None], Trace] = simulate
) -> Trace:
    """As `simulate`, or the function that is given, with user code in a process of its own if the system can fork.

    For the command line.

    Raises:
        SimulationError: as for `simulate`, or the user code ends its process.
        SpecError: as for `simulate`.
    """
    if isinstance(spec.scheduler, _NO_USER_CODE):
        return simulate(spec, progress)
    from lrviz.simulation import process

    return process.simulate_forked(spec, progress, simulate) if process.CAN_FORK else simulate(spec, progress)


def user_code_ran() -> bool:
    """Whether user code has run in this process."""
    return _user_code_ran


@contextmanager
def quiet_run(spec: RunSpec) -> Iterator[None]:
    """Run a scheduler in this block without torch's warnings, and with the context of user code if it is that."""
    with warnings.catch_warnings(), _user_code(spec):
        warnings.simplefilter("ignore")  # torch warns about mistakes in training loops, which this loop does not have
        yield


@contextmanager
def _user_code(spec: RunSpec) -> Iterator[None]:
    if isinstance(spec.scheduler, _NO_USER_CODE):
        yield
        return
    from lrviz.simulation.user_code import other_user_code_errors, user_code_context

    with user_code_context(), other_user_code_errors(str(spec.scheduler)):
        yield


class Run:
    """One optimizer and one scheduler, and the values read from them.

    Args:
        spec: The run.
        optimizer: Its optimizer, in place of a new one.
    """

    def __init__(self, spec: RunSpec, optimizer: Any = None) -> None:
        self.spec, self.loop = spec, spec.loop
        self.optimizer = build_optimizer(spec) if optimizer is None else optimizer
        self.is_user_code = not isinstance(spec.scheduler, _NO_USER_CODE)
        self.scheduler = _make_scheduler(spec, self.optimizer)
        self.groups: list[dict[str, Any]] = self.optimizer.param_groups
        self._check_groups()
        # Schedule-free writes the rate that an update uses into its group.
        self.rate_name = "scheduled_lr" if "scheduled_lr" in self.groups[0] else "lr"
        self.momentum_name = "betas[0]" if "betas" in self.groups[0] else "momentum"
        # The rate can change only when the scheduler steps: after each update, or after each epoch; or the optimizer
        # changes it.
        self.by_step = self.loop.interval == "step" or isinstance(spec.scheduler, ScriptLoop)
        self.counts = self.is_user_code and callable(getattr(self.scheduler, "step_update", None))  # as those of timm
        self.by_update = self.by_step or self.counts or self.rate_name != "lr"
        self.calls = self.loop.updates if self.by_step else self.loop.epochs  # of `scheduler.step()`, and the last
        self.readings = self.loop.updates if self.by_update else self.loop.epochs
        self.metrics: NDArray[np.float64] | None = None
        self.max_rate = 0.0  # so far
        call = spec.scheduler
        calls = call.calls if isinstance(call, ScriptLoop) else (call,)
        self.may_be_negative = any(
            rate < 0 for call in calls if isinstance(call, SchedulerCall) for rate in given_rates(call)
        )

    def update_of(self, reading: int) -> int:
        """The first update that uses the values of a reading."""
        return reading if self.by_update else self.loop.updates_in(reading)

    def read(self, first: int, until: int, progress: Progress | None = None) -> NDArray[np.float64]:
        """The readings from `first` to `until`, a column for each value, with a step after each but the run's last."""
        columns = len(self.groups) * (2 if self._reads_momentum() else 1)
        values = np.empty((until - first, columns))
        read, step = self._reader(columns), self._stepper(first)
        if self.rate_name == "lr":
            self.optimizer.step()  # torch warns about a scheduler that steps before its optimizer
        done = first
        while done < until:
            size = min(max(_CHUNK // columns, 1), until - done)
            last = done + size == self.readings
            chunk = self._chunk(read, step, (size, columns), done, last)
            values[done - first : done - first + size] = chunk
            self._check_rates(chunk[:, : len(self.groups)], done)
            done += size
            if progress is not None:
                progress(done, self.readings)
        return values

    def _chunk(
        self,
        read: Callable[[list[Any]], None] | None,
        step: Callable[[], Any],
        shape: tuple[int, int],
        done: int,
        last: bool,
    ) -> NDArray[np.float64]:
        """Read `shape[0]` times, with a step after each reading except the last of the run."""
        values: list[Any] = []
        size, columns = shape
        steps = size - 1 if last else size
        try:
            if read is None:  # one group, rate only: the most common case
                group, append = self.groups[0], values.append
                for _ in repeat(None, steps):
                    append(group["lr"])
                    step()
                if last:
                    append(group["lr"])
            else:
                for _ in repeat(None, steps):
                    read(values)
                    step()
                if last:
                    read(values)
        except BaseException as error:
            if not isinstance(error, Exception) and (isinstance(error, KeyboardInterrupt) or not self.is_user_code):
                raise
            self._fail(self.update_of(done + len(values) // columns), error)
        if not self.is_user_code or all(isinstance(value, int | float) for value in values):
            try:
                return np.fromiter(values, np.float64, len(values)).reshape(shape)
            except (TypeError, ValueError, OverflowError):
                pass
        at, value = next((i, v) for i, v in enumerate(values) if not _is_real(v))
        update = self.update_of(done + at // columns)
        kind = "complex" if isinstance(value, complex) else f"not a number: {value!r:.60}"
        raise SimulationError(
            f"the rate of `{short_call(self.spec.scheduler)}` is {kind} at step {update}", self._interval_hint(update)
        )

    def _reader(self, columns: int) -> Callable[[list[Any]], None] | None:
        """A function that appends the values of all groups to a list; None for a single rate."""
        groups = self.groups
        if self.is_user_code or self.rate_name != "lr":
            return self._user_code_reader(columns)
        if columns == 1:
            return None
        if columns == len(groups):
            return lambda values: values.extend([group["lr"] for group in groups])
        if self.momentum_name == "momentum":
            return lambda values: values.extend(
                chain((g["lr"] for g in groups), (g.get("momentum", np.nan) for g in groups))
            )
        return lambda values: values.extend(chain((g["lr"] for g in groups), (g["betas"][0] for g in groups)))

    def _user_code_reader(self, columns: int) -> Callable[[list[Any]], None]:
        """A reader for user code, which may replace the groups, and use tensors for numbers."""
        rate = self.rate_name

        def read(values: list[Any]) -> None:
            if rate != "lr":
                self.optimizer.step()
            self._check_groups()
            groups = self.optimizer.param_groups
            values.extend([_number(group.get(rate)) for group in groups])
            if columns == len(groups):
                return
            if self.momentum_name == "momentum":
                values.extend([_number(group.get("momentum", np.nan)) for group in groups])
            else:
                values.extend([_number(group["betas"][0]) for group in groups])

        return read

    def _check_groups(self) -> None:
        expected, got = len(self.spec.groups), len(self.optimizer.param_groups)
        if got != expected:
            raise SimulationError(
                f"`{short_call(self.spec.scheduler)}` changes the number of parameter groups from {expected} to {got}",
                "give `lr` one rate for each group, and keep their number during the run",
            )

    def _reads_momentum(self) -> bool:
        has_momentum = bool({"momentum", "betas"} & self.groups[0].keys())
        if self.spec.show_momentum and not has_momentum:
            raise SpecError(f"`{self.spec.optimizer.name}` has no momentum to show", "use SGD or Adam")
        if isinstance(self.spec.scheduler, SchedulerCall) and not self.spec.show_momentum:
            return has_momentum and _moves_momentum(self.spec.scheduler)
        return has_momentum

    def _stepper(self, first: int) -> Callable[[], Any]:
        """The function to call between two readings, of which there were `first` before: it steps the scheduler."""
        if self.counts and self._step_argument()[0] == "count":
            return self._count_calls(first)
        if self.by_step or not self.by_update:
            return self._step_calls(first)
        epoch_of, updates = self.loop.epoch_of, count(1 + first)
        step = self._step_calls(epoch_of(first))

        def step_after_epochs() -> None:
            update = next(updates)
            for _ in range(epoch_of(update) - epoch_of(update - 1)):  # an epoch may have no update
                step()

        return step_after_epochs

    def _step_calls(self, first: int) -> Callable[[], Any]:
        """A function that calls `scheduler.step()` with its argument, once for each process.

        `first` is the number of its first call.
        """
        call, times = self.spec.scheduler, self.loop.steps_each
        info = schedulers.find(call.name) if isinstance(call, SchedulerCall) else None
        if info is not None and info.stepper is not None:
            return self._family_stepper(info, first)
        step: Callable[..., Any] = self.scheduler.step
        arguments: Iterator[tuple[Any, ...]] | None = None
        kind, metric_name = self._step_argument()
        if kind == "metric":
            arguments = zip(self._metric_values()[first:])
        elif kind == "count":
            arguments = zip(count(1 + first))
        if metric_name and self.spec.metric:
            arguments, function = zip(arguments or repeat(()), self._metric_values()[first:], strict=False), step

            def step(argument: tuple[Any, ...], value: float) -> Any:
                return function(*argument, **{metric_name: value})

        if times == 1:
            return step if arguments is None else lambda: step(*next(arguments))
        scheduler = self.scheduler
        if not isinstance(scheduler, LRScheduler):
            raise self._not_for_processes()
        total = getattr(scheduler, "total_steps", None)  # Accelerate does not step a OneCycleLR past its end

        def step_for_each_process() -> None:
            argument = () if arguments is None else next(arguments)
            for _ in range(times):
                if total is None or scheduler._step_count <= total:
                    step(*argument)

        return step_for_each_process

    def _count_calls(self, first: int) -> Callable[[], Any]:
        """As `_stepper`, for user code with a `step(epoch)` and a `step_update(updates)`."""
        if self.loop.steps_each > 1:
            raise self._not_for_processes()
        step = schedulers.count_calls(self.scheduler, replace(self.loop, interval="step"))
        numbers, values = count(1 + first), self._metric_values() if self.spec.metric else []

        def call() -> None:
            update = next(numbers)
            step(update, *values[call_of(update) - 1 :][:1])

        call_of: Callable[[int], int] = (lambda n: n) if self.by_step else (lambda n: self.loop.epoch_of(n - 1) + 1)
        return call

    def _family_stepper(self, info: Scheduler, first: int) -> Callable[[], Any]:
        """As `_step_calls`, for a scheduler whose family says what a training loop calls."""
        if self.loop.steps_each > 1:
            raise self._not_for_processes()
        step: Callable[..., None] = info.stepper(self.scheduler, self.loop)  # type: ignore[misc] # it has one
        numbers = count(1 + first)
        if not schedulers.takes_metric(self.spec.scheduler):
            return lambda: step(next(numbers))
        metrics = iter(self._metric_values()[first:])
        return lambda: step(next(numbers), next(metrics))

    def _not_for_processes(self) -> SpecError:
        times = self.loop.steps_each
        return SpecError(
            f"Accelerate wraps only torch's LRScheduler, and `{type(self.scheduler).__name__}` is not one: "
            f"it steps once for each call, not {times} times",
            "leave out the number of processes, and give the batches of one process",
        )

    def _metric_values(self) -> list[float]:
        """The metric of each call of `scheduler.step()`."""
        from lrviz.spec import default_metric, metric_values

        values = metric_values(self.spec.metric or default_metric(self.calls), self.calls)
        self.metrics = np.array(values)
        return values

    def _step_argument(self) -> tuple[str, str]:
        """The argument of `scheduler.step()`, and the name of an optional metric; see `step_argument`."""
        if isinstance(self.spec.scheduler, SchedulerCall):
            call = self.spec.scheduler
            if schedulers.find(call.name) is not None:
                return ("metric" if schedulers.takes_metric(call) else "nothing"), ""
        from lrviz.simulation.user_code import step_argument

        return step_argument(self.scheduler)

    def _check_rates(self, rates: NDArray[np.float64], done: int) -> None:
        """Refuse NaN, infinite and negative rates, except negative ones that are rounding errors or were asked for."""
        finite = np.isfinite(rates)
        self.max_rate = float(np.abs(rates).max(initial=self.max_rate, where=finite))
        invalid = ~finite
        if not self.may_be_negative:
            invalid |= rates < -1e-9 * self.max_rate
        if not invalid.any():
            return
        row, column = (int(i) for i in np.argwhere(invalid)[0])
        value = float(rates[row, column])
        kind = "NaN" if np.isnan(value) else "infinite" if np.isinf(value) else f"negative ({value:.3g})"
        group = f" of `{self.spec.groups[column].name}`" if self.spec.groups[column].name else ""
        step = self.update_of(done + row)
        raise SimulationError(
            f"the rate{group} of `{short_call(self.spec.scheduler)}` is {kind} at step {step}",
            self._interval_hint(step) or "training would fail there; check the size and sign of the parameters",
        )

    def _fail(self, step: int, error: BaseException) -> NoReturn:
        if not isinstance(self.spec.scheduler, SchedulerCall):
            from lrviz.simulation.user_code import user_code_errors

            with user_code_errors(str(self.spec.scheduler), step):
                raise error
        failed = failure(self.spec.scheduler, step, error)
        raise SimulationError(failed.message, failed.hint or self._interval_hint(step), failed.details) from error

    def _interval_hint(self, step: int) -> str:
        """The hint for a function of the epoch that is called at each update, and would not fail once an epoch."""
        call = self.spec.scheduler
        calls_function = isinstance(call, SchedulerCall) and call.steps > 0
        if not calls_function or self.loop.interval == "epoch" or step < self.loop.epochs:
            return ""
        return "the function counts scheduler steps: `--interval epoch` calls it once an epoch"

    def _of_each_update(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The values of each epoch, repeated for each of its updates."""
        updates, epochs = self.loop.period
        if epochs == 1:
            return np.repeat(values, updates, axis=0)[: self.loop.updates]
        epoch: NDArray[np.int64] = self.loop.epoch_of(np.arange(self.loop.updates))
        return values[epoch]

    def trace(self, values: NDArray[np.float64]) -> Trace:
        """The trace of all readings of the run."""
        groups = len(self.groups)
        metric = None
        if self.metrics is not None:
            metric = np.concatenate(([np.nan], self.metrics[: self.calls - 1]))
        if not self.by_step and self.loop.updates != self.calls:
            values = values if self.by_update else self._of_each_update(values)
            metric = None if metric is None else self._of_each_update(metric)
        lr, momentum = values[:, :groups], values[:, groups:]
        if self.is_user_code and not self.spec.show_momentum and momentum.size and (momentum == momentum[0]).all():
            momentum = momentum[:, :0]
        return Trace(self.spec, lr, momentum if momentum.size else None, self.momentum_name, metric)


def _make_scheduler(spec: RunSpec, optimizer: Any) -> Any:
    global _user_code_ran  # noqa: PLW0603 - read once, when the process ends
    if isinstance(spec.scheduler, SchedulerCall):
        return build_scheduler(spec.scheduler, optimizer)
    if isinstance(spec.scheduler, ScriptLoop):
        return None  # it creates them
    from lrviz.simulation.user_code import check_scheduler, make_scheduler, user_code_errors

    if isinstance(spec.scheduler, CodeCall):
        _user_code_ran = True
        return make_scheduler(spec.scheduler, optimizer)
    with user_code_errors(str(spec.scheduler)):
        scheduler = spec.scheduler.make(optimizer)
    return check_scheduler(scheduler, optimizer, str(spec.scheduler))


def _moves_momentum(call: SchedulerCall) -> bool:
    info = schedulers.find(call.name)
    if info is None or (info.momentum_switch and call.get(info.momentum_switch, True)):
        return True
    return any(_moves_momentum(child) for child in call.get("schedulers", ()))


def _is_real(value: object) -> bool:
    try:
        float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return False
    return isinstance(value, int | float)


def _number(value: Any) -> Any:
    """The number in a tensor, which the next step may change in place; any other value unchanged."""
    if type(value) is float or not hasattr(value, "tolist"):
        return value
    inside = value.tolist()
    return inside[0] if isinstance(inside, list) and len(inside) == 1 else inside
