"""What the rules ask of a run: its schedulers, where each acts, and the rates that were measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from lrviz.notation import Lambda, SchedulerCall
from lrviz.rules.curve import Curve
from lrviz.schedulers import find

if TYPE_CHECKING:
    from lrviz.errors import LrvizError
    from lrviz.spec import RunSpec, Stop
    from lrviz.trace import Trace

Simulate = Callable[["RunSpec"], "Trace"]
_MOST_OPERATIONS: Final = 2_000  # of a call of a function that is asked for some hundred steps past the run
COMPOSITES: Final = ("SequentialLR", "ChainedScheduler")


@dataclass(frozen=True)
class Part:
    """A scheduler that contains no other one, and the scheduler steps from `start` up to `end` in which it acts.

    `path` has the index in each list of schedulers around it. `end` is at most the end of the run.
    """

    call: SchedulerCall
    path: tuple[int, ...]
    start: int
    end: int

    @property
    def steps(self) -> int:
        """The scheduler steps that it has; 0 or less if it never starts."""
        return self.end - self.start

    @property
    def name(self) -> str:
        """Its class."""
        return self.call.name

    def value(self, name: str, default: Any = None) -> Any:
        """The value of a parameter, its default if it is left out."""
        value = self.call.get(name)
        return default if value is None else value


@dataclass(frozen=True, eq=False)
class Case:
    """A run that the rules judge: `trace` is None, and `failure` says why, if it could not be simulated.

    `kept` has what several rules ask for.
    """

    spec: RunSpec
    trace: Trace | None
    failure: LrvizError | None = None
    simulate: Simulate | None = None
    stop: Stop | None = None  # if it is asked what resuming makes of the run
    kept: dict[str, Any] = field(default_factory=dict)

    @property
    def call(self) -> SchedulerCall | None:
        """The scheduler of torch; None for code of the user."""
        return self.spec.scheduler if isinstance(self.spec.scheduler, SchedulerCall) else None

    @property
    def steps(self) -> int:
        """The scheduler steps of the run."""
        return self.spec.loop.scheduler_steps

    @property
    def epochs(self) -> int:
        """The epochs of the run."""
        return self.spec.loop.epochs

    @property
    def each(self) -> int:
        """The scheduler steps of a call of `scheduler.step()`: one for each process of Accelerate."""
        return self.spec.loop.steps_each

    @property
    def per_update(self) -> bool:
        """Whether the scheduler steps after each update, of which an epoch has several."""
        loop = self.spec.loop
        return loop.interval == "step" and loop.epochs > 1 and loop.updates_per_epoch > 1

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The schedulers that contain no other one, in order."""
        return () if self.call is None else tuple(_parts(self.call, (), 0, self.steps))

    @cached_property
    def last(self) -> Part | None:
        """The scheduler that acts at the end of the run; of those that ChainedScheduler steps, the one with a length.

        None for code of the user.
        """
        acting = [part for part in self.parts if part.end >= self.steps > part.start]
        return next((p for p in acting if own_length(p) is not None), acting[-1] if acting else None)

    @cached_property
    def curves(self) -> tuple[Curve, ...]:
        """The curve of the first parameter group, and of each other with a different shape."""
        if self.trace is None:
            return ()
        rates = self.trace.lr[self.read_at]
        curves: list[Curve] = []
        samples: list[Any] = []
        at = np.linspace(0, len(rates) - 1, 64).astype(int)
        for group in range(rates.shape[1]):
            peak = float(rates[:, group].max())
            if peak <= 0:
                continue
            sample = rates[at, group] / peak
            if any(np.allclose(sample, other, rtol=1e-3, atol=1e-6) for other in samples):
                continue
            samples.append(sample)
            curves.append(Curve(rates[:, group], group))
            if len(curves) == 8:
                break
        return tuple(curves)

    @cached_property
    def read_at(self) -> slice | NDArray[np.int64]:
        """The updates before each of which the scheduler may step, and the first: all, or the first of each epoch."""
        loop = self.spec.loop
        updates, epochs = loop.period
        if loop.interval == "step" or epochs == 1:
            return slice(None, None, 1 if loop.interval == "step" else updates)
        return np.minimum(np.arange(loop.epochs) * updates // epochs, loop.updates - 1)

    def index(self, step: float) -> int:
        """The number of the reading at a scheduler step."""
        return -int(-step // self.each)

    def curve_of(self, part: Part | None, curve: Curve) -> Curve:
        """The readings of a curve while a scheduler acts."""
        if part is None or (part.start == 0 and part.end >= self.steps):
            return curve
        return Curve(curve.rates[self.index(part.start) : max(self.index(part.end), 0)], curve.group)

    def function(self, part: Part | None, group: int = 0) -> Callable[[float], float] | None:
        """The factor of a LambdaLR at a step of its own, NaN where it fails; None for others, and for a slow one."""
        if part is None or part.name != "LambdaLR":
            return None
        value = part.value("lr_lambda")
        found = value[min(group, len(value) - 1)] if isinstance(value, tuple) else value
        if not isinstance(found, Lambda) or found.steps > _MOST_OPERATIONS:
            return None

        def factor(step: float) -> float:
            try:
                number = found(int(step))
                return float("nan") if isinstance(number, complex) else float(number)
            except Exception:  # noqa: BLE001 - a function of the user, past the end of its run
                return float("nan")

        return factor


def _parts(call: SchedulerCall, path: tuple[int, ...], start: int, end: int) -> Iterator[Part]:
    if call.name not in COMPOSITES:
        yield Part(call, path, start, end)
        return
    starts, ends = [start] * len(call.children), [end] * len(call.children)
    if call.name == "SequentialLR":
        milestones = [start + int(m) for m in call.get("milestones", ())]
        starts[1:] = milestones
        ends[:-1] = [min(m, end) for m in milestones]
    for i, child in enumerate(call.children):
        yield from _parts(child, (*path, i), starts[i], ends[i])


# The parameter with the length of each scheduler that falls, rises or turns for a number of steps.
LENGTHS: Final = {
    "CosineAnnealingLR": "T_max",
    "PolynomialLR": "total_iters",
    "LinearLR": "total_iters",
    "ConstantLR": "total_iters",
    "SWALR": "anneal_epochs",
    "StepLR": "step_size",
    "CosineAnnealingWarmRestarts": "T_0",
    "OneCycleLR": "total_steps",
}
DEFAULTS: Final = {"PolynomialLR": 5, "LinearLR": 5, "ConstantLR": 5, "SWALR": 10}


def own_length(part: Part) -> int | None:
    """The steps after which a schedule that falls to an end has reached it; None for a schedule without an end."""
    match part.name:
        case "CosineAnnealingLR" | "PolynomialLR":
            return int(part.value(LENGTHS[part.name], 5))
        case "LinearLR":
            falls = part.value("end_factor", 1.0) < part.value("start_factor", 1 / 3)
            return int(part.value("total_iters", 5)) if falls else None
        case "OneCycleLR":
            total = part.value("total_steps")
            return int(total if total is not None else part.value("epochs", 0) * part.value("steps_per_epoch", 0))
    info = find(part.name)
    if info is None or not info.length or (info.needed and info.length not in info.needed(dict(part.call.kwargs))):
        return None
    value = part.value(info.length)
    return None if value is None else int(value)


def length_parameter(name: str) -> str:
    """The parameter with the length of a scheduler that falls, rises or turns for a number of steps; "" if none has."""
    info = None if name in LENGTHS else find(name)
    return info.length if info else LENGTHS.get(name, "")


def warmup_length(part: Part) -> int | None:
    """The steps for which a scheduler raises the rate by a length that it is given."""
    if part.name == "LinearLR" and part.value("start_factor", 1 / 3) < part.value("end_factor", 1.0):
        return int(part.value("total_iters", 5))
    if part.name == "ConstantLR" and part.value("factor", 1 / 3) < 1:
        return int(part.value("total_iters", 5))
    return None
