"""What is known of the loop of a script before it runs, and what it acts on."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from lrviz.notation.parser import SchedulerCall
from lrviz.notation.script.interpreter import Interpreter
from lrviz.notation.script.trees import Functions
from lrviz.notation.script.values import Settings


class Machine(Protocol):
    """An optimizer and its schedulers, on which the loop of a script acts."""

    groups: Sequence[MutableMapping[str, Any]]  # none if updates are only counted

    def create(self, number: int, call: SchedulerCall) -> Any:
        """Create scheduler `number` of the script; what identifies it afterwards."""

    def step(self, scheduler: Any, args: Sequence[Any], node: ast.AST, *, once: bool = False) -> None:
        """Step a scheduler, for each process or only once; an argument may be Unknown."""

    def get(self, scheduler: Any, name: str) -> Any:
        """An attribute of a scheduler."""

    def set(self, scheduler: Any, name: str, value: Any) -> None:
        """Set an attribute of a scheduler."""

    def add_group(self, rate: float) -> MutableMapping[str, Any]:
        """Add a parameter group with this rate to the optimizer; the group."""

    def lose_momentum(self) -> bool:
        """Note that the momentum is not known from now on; whether it is not needed."""

    def update(self, times: int, epoch: tuple[int, ...]) -> None:
        """Make updates, all in the epoch of this number."""


class DoneError(Exception):
    """Ends the reading of a loop: the updates that are wanted are made."""


@dataclass(frozen=True)
class Course:
    """What is known of a loop before it runs.

    `optimizer` is the node that creates the optimizer, or its name. `made` has the number of each of its schedulers by
    the node that creates it, and `counts` how often a loop runs by its node. `loaders` are the sources of what has
    `batches` items. `trainers` are calls in which the updates of an epoch are made out of sight. `kept` are the
    statements that matter inside loops, `added` the calls that add a parameter group, `attributes` where attributes of
    schedulers are set, and `updates` the calls that make an update. `around` are the loops in which the optimizer is
    created, and `outer` is the loop over epochs.
    `tested` is what a test always gave when the script was read, and `called` are the functions that were called then.
    """

    tree: ast.Module
    values: Mapping[str, Any]
    defaults: Mapping[str, Any]
    optimizer: ast.AST | str
    made: Mapping[ast.AST, int]
    updates: frozenset[ast.AST]
    read: Callable[[Interpreter], Any]
    counts: Mapping[ast.AST, int]
    loaders: frozenset[tuple[str, int]]
    batches: int
    trainers: frozenset[ast.AST]
    sets_rates: bool  # whether the script gives the rates that the optimizer starts with
    kept: frozenset[ast.stmt]
    rest: frozenset[ast.AST]  # functions that are called from elsewhere
    harness: list[ast.stmt] | None  # the loop of Lightning
    settings: Settings | None  # the configuration that the script reads from elsewhere
    functions: Functions
    processes: int = 1  # of Accelerate
    added: frozenset[ast.AST] = frozenset()
    attributes: frozenset[ast.AST] = frozenset()
    around: frozenset[ast.AST] = frozenset()
    outer: ast.AST | None = None
    tested: Mapping[ast.If, bool | None] = field(default_factory=dict)
    called: frozenset[ast.AST] = frozenset()
