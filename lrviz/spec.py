"""What to run, as frozen data: the training loop, the parameter groups, the optimizer, the scheduler."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil, isfinite
from typing import Any, Final, Literal

from lrviz.errors import SpecError
from lrviz.notation import SchedulerCall

Interval = Literal["step", "epoch"]

MAX_UPDATES: Final = 100_000_000  # eight bytes each: what a run keeps in memory


@dataclass(frozen=True)
class TrainingLoop:
    """The loop around the scheduler.

    An update is one `optimizer.step()`. `steps_per_epoch` counts batches of one process; with `grad_accum` K an
    update is made every K batches and at the end of the epoch. Accelerate's wrapper calls `scheduler.step()`
    `num_processes` times wherever a plain loop calls it once.

    Raises:
        SpecError: a count is not a whole number of 1 or more, or there are over `MAX_UPDATES` updates.
    """

    epochs: int = 4
    steps_per_epoch: int = 8
    interval: Interval = "step"
    grad_accum: int = 1
    num_processes: int = 1

    def __post_init__(self) -> None:
        for name in ("epochs", "steps_per_epoch", "grad_accum", "num_processes"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int):
                raise SpecError(f"`{name}` must be a whole number, got {value!r}")
            if value < 1:
                raise SpecError(f"`{name}` must be 1 or more, got {value}")
        if self.interval not in ("step", "epoch"):
            raise SpecError(f"`interval` must be step or epoch, got {self.interval!r}")
        for what, count in (("updates", self.updates), ("scheduler steps", self.scheduler_steps)):
            if count > MAX_UPDATES:
                raise SpecError(
                    f"{self.epochs} epochs of {self.steps_per_epoch} steps make {count:,} {what}; "
                    f"the limit is {MAX_UPDATES:,}",
                    "a shorter run has the same shape: scale the steps and the scheduler's parameters down together",
                )

    @property
    def updates_per_epoch(self) -> int:
        """Optimizer updates in one epoch."""
        return ceil(self.steps_per_epoch / self.grad_accum)

    @property
    def updates(self) -> int:
        """N, the optimizer updates of the run."""
        return self.epochs * self.updates_per_epoch

    @property
    def scheduler_steps(self) -> int:
        """Calls of `scheduler.step()` in the run, the superfluous last one included: `total_steps` in notation."""
        calls = self.updates if self.interval == "step" else self.epochs
        return calls * self.num_processes


@dataclass(frozen=True)
class ParamGroup:
    """One parameter group of the optimizer: its name (empty for a lone group) and its base rate.

    Raises:
        SpecError: the rate is not a finite number of 0 or more.
    """

    name: str = ""
    lr: float = 1e-3

    def __post_init__(self) -> None:
        where = f"`lr` of `{self.name}`" if self.name else "`lr`"
        if isinstance(self.lr, bool) or not isinstance(self.lr, int | float):
            raise SpecError(f"{where} must be a number, got {self.lr!r}")
        if not isfinite(self.lr) or self.lr < 0:
            raise SpecError(f"{where} must be a finite number above 0, got {self.lr}")


@dataclass(frozen=True)
class OptimizerChoice:
    """The optimizer by torch's class name, and its momentum where one is given."""

    name: str = "SGD"
    momentum: float | None = None


@dataclass(frozen=True)
class Factory:
    """A scheduler made by the caller's own function, from the Python API."""

    make: Callable[[Any], Any]

    def __str__(self) -> str:
        return getattr(self.make, "__qualname__", type(self.make).__qualname__)


@dataclass(frozen=True)
class RunSpec:
    """One curve: everything that decides the rate of every update.

    `scheduler` is resolved: class names, keyword arguments, every value a literal. `filled` names the parameters
    that followed from the run, as `T_max=32`; `notes` says what is legal but probably not meant.

    Raises:
        SpecError: there is no parameter group, two have one name, or every rate is 0.
    """

    scheduler: SchedulerCall | Factory
    loop: TrainingLoop = TrainingLoop()
    groups: tuple[ParamGroup, ...] = (ParamGroup(),)
    optimizer: OptimizerChoice = OptimizerChoice()
    name: str = ""  # a label of the user's own
    filled: tuple[str, ...] = field(default=(), compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        check_groups(self.groups)

    @property
    def label(self) -> str:
        """What the curve is called: the user's own label, or the notation."""
        return self.name or str(self.scheduler)


def check_groups(groups: tuple[ParamGroup, ...]) -> None:
    """Refuse groups that no optimizer could have, or that would show nothing.

    Raises:
        SpecError: there is none, two have one name, or every rate is 0.
    """
    if not groups:
        raise SpecError("a run needs a parameter group", "give a rate such as `--lr 1e-3`")
    names = [group.name for group in groups if group.name]
    for name in names:
        if names.count(name) > 1:
            raise SpecError(f"two parameter groups are called `{name}`", "give each group a name of its own")
    if not any(group.lr for group in groups):
        raise SpecError("`lr` must be above 0, got 0", "schedulers scale this rate, so 0 stays 0")
