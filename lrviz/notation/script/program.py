"""What the loop of a script does to the rates of one optimizer, to be run with any length."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from lrviz.errors import NotationError
from lrviz.notation.parser import SchedulerCall
from lrviz.notation.script.course import Course, DoneError, Machine
from lrviz.notation.script.driving import COUNTED, DRIVEN, Driver
from lrviz.notation.script.slicing import slice_script
from lrviz.notation.script.trees import sets_rate
from lrviz.notation.source import ExpressionError, Source, unparse

_ENVIRONMENT: Final = re.compile(r"(?:\w*_)?(?:v|vec|gym)?(?:envs?|environments?)(?:_\w*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Program:
    """The loop of a script, as far as it concerns one optimizer.

    `calls` are its schedulers as the script has them, in the order in which they are created. `hand` says where rates
    are set by hand, "" if they are not. `outer` and `inner` are the nodes of the loops over epochs and over batches
    that are around the updates. `by_batch` is whether the rates change within an epoch. `takes_metric` is "step" or
    "epoch" if a scheduler takes a metric once an update or once an epoch, else "". `orders` says for each of `calls`
    when the schedulers inside it are created: a number for each, those inside of it before it. `added` is the number of
    parameter groups that the loop adds, once its length is known.
    """

    course: Course
    source: Source
    calls: tuple[SchedulerCall, ...]
    hand: str
    outer: ast.AST | None
    inner: ast.AST | None
    by_batch: bool
    takes_metric: str
    steps: frozenset[ast.AST] = field(default=frozenset(), repr=False)  # calls that are a step of a scheduler
    orders: tuple[tuple[int, ...], ...] = ()
    added: int = 0

    def __getstate__(self) -> dict[str, Any]:
        """With the statements that matter, which are found here while the process that it is sent to is still busy."""
        return {**vars(self), "_kept_for_rates": self._kept_for_rates}

    @property
    def line(self) -> int:
        """The line of the loop over batches."""
        return getattr(self.inner, "lineno", 0)

    @property
    def schedulers(self) -> list[int]:
        """The lines where schedulers are created."""
        return [getattr(node, "lineno", 0) for node in self.course.made]

    @property
    def code(self) -> str:
        """What tells it from another program."""
        values = sorted((name, repr(value)) for name, value in self.course.values.items())
        settings = "" if self.course.settings is None else repr(self.course.settings)
        optimizer = self.course.optimizer
        where = optimizer if isinstance(optimizer, str) else ast.dump(optimizer, include_attributes=True)
        return f"{self.source.text}\n{values} {settings} {where}"

    def with_length(self, batches: int, epochs: int | None, exact: bool, *, sets_rates: bool) -> Program:
        """The program with a number of batches for its loaders.

        Args:
            batches: The batches of an epoch.
            epochs: The number of epochs, if the script's own does not count.
            exact: Whether the number of batches counts even if the script has its own.
            sets_rates: Whether the script gives the rates that the optimizer starts with.
        """
        counts = dict(self.course.counts)
        if epochs is not None and self.outer is not None:
            counts[self.outer] = epochs
        if exact and self.inner is not None:
            counts[self.inner] = batches
        return replace(self, course=replace(self.course, counts=counts, batches=batches, sets_rates=sets_rates))

    def count(self, most: int) -> tuple[list[int], list[float]]:
        """The updates of each epoch, up to `most` in all, and the rates of parameter groups that are added, or 0.

        Raises:
            NotationError: the loop cannot be followed.
        """
        counting = _Counting(most)
        course = replace(self.course, kept=self._kept_for_updates)
        with self._errors():
            Driver(course, counting, COUNTED).drive()
        return counting.counts, counting.added

    def drive(self, machine: Machine) -> None:
        """Run the loop.

        Raises:
            NotationError: the loop cannot be followed.
        """
        course = replace(self.course, kept=self._kept_for_rates)
        with self._errors():
            Driver(course, machine, DRIVEN).drive()

    @cached_property
    def _kept_for_updates(self) -> frozenset[ast.stmt]:
        updates = self.course.updates

        def wanted(node: ast.AST) -> bool:
            return node in updates or node in self.course.trainers or (_is_step(node) and node not in self.steps)

        return slice_script(self._whole, wanted, self.course.tested, self.course.called)

    @cached_property
    def _whole(self) -> ast.Module:
        """The script, and the loop of Lightning around it."""
        return ast.Module([*self.course.tree.body, *(self.course.harness or ())], [])

    @cached_property
    def _kept_for_rates(self) -> frozenset[ast.stmt]:
        updates, made = self.course.updates, self.course.made

        def wanted(node: ast.AST) -> bool:
            return (
                _is_step(node)
                or node in updates
                or node in made
                or node in self.course.trainers
                or node is self.course.optimizer
                or node in self.course.added
                or node in self.course.attributes
                or sets_rate(node)
            )

        return slice_script(self._whole, wanted, self.course.tested, self.course.called)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except ExpressionError as error:
            raise NotationError(error.message, error.hint, self.source.excerpt(error.node)) from error
        except RecursionError as error:
            raise NotationError("the script is nested too deeply") from error


def _is_step(node: ast.AST) -> bool:
    """Whether a node may be a step of an optimizer or a scheduler, by its names: `env.step(action)` is not."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("step", "step_update", "dampening")
        and not _ENVIRONMENT.fullmatch(unparse(node.func.value).rpartition(".")[2])
    )


class _Counting:
    """A machine that counts updates."""

    groups: Sequence[Any] = ()

    def __init__(self, most: int) -> None:
        self.most, self.total = most, 0
        self.counts: list[int] = []
        self.added: list[float] = []
        self.last: tuple[int, ...] | None = None

    def create(self, number: int, call: SchedulerCall) -> Any:
        """Schedulers do not make updates."""

    def step(self, scheduler: Any, args: Sequence[Any], node: ast.AST, *, once: bool = False) -> None:
        """Steps are not counted."""

    def get(self, scheduler: Any, name: str) -> Any:
        """What a scheduler is like is not known here."""

    def set(self, scheduler: Any, name: str, value: Any) -> None:
        """It does not matter."""

    def add_group(self, rate: float) -> dict[str, Any]:
        """Note the rate of a parameter group that is added."""
        self.added.append(rate)
        return {}

    def lose_momentum(self) -> bool:
        """The momentum is not needed."""
        return True

    def update(self, times: int, epoch: tuple[int, ...]) -> None:
        """Count updates."""
        times = min(times, self.most - self.total)
        self.total += times
        if epoch != self.last:
            self.counts.append(0)
            self.last = epoch
        self.counts[-1] += times
        if self.total >= self.most:
            raise DoneError
