"""Run the loop of a script over an optimizer: the script is read again, each loop as often as it runs.

Still nothing of the script is executed. The optimizer and its schedulers are those of a `Machine`, which is told what
the loop does to them, in order.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import count
from math import isfinite
from typing import Any, Final

from lrviz.notation.script.conversion import Conversion
from lrviz.notation.script.course import Course, DoneError, Machine
from lrviz.notation.script.interpreter import Interpreter
from lrviz.notation.script.loops import of_epochs
from lrviz.notation.script.reader import Signal
from lrviz.notation.script.trees import assigned_in
from lrviz.notation.script.values import (
    CONSTANTS,
    Condition,
    Endless,
    Function,
    Group,
    Loop,
    Method,
    Opaque,
    Optimizer,
    Origin,
    Schedule,
    Scope,
    SomeGroup,
    Unknown,
    flat,
    is_scalar,
    origins,
)
from lrviz.notation.source import Budget, ExpressionError, unparse
from lrviz.text import printable

COUNTED: Final = 3_000_000  # operations of counting the updates of a run
DRIVEN: Final = 500_000_000  # of running its loop: as long as the calls of a run's functions may take
_STEPS_EACH: Final = 2_000  # of reading an iteration of a loop whose number of iterations is known
_LOOK: Final = 20_000  # operations between two looks at the memory
_BLOCKS: Final = 1_000_000  # of memory that the values of a script may take: 100 MB
_MOST_GROUPS: Final = 1_000  # of an optimizer
# Attributes of a scheduler that a loop may read, and those that it may set.
_READ: Final = {
    "get_last_lr": "_last_lr",
    "last_epoch": "last_epoch",
    "last_step": "last_step",
    "base_lrs": "base_lrs",
    "min_lrs": "min_lrs",
}
_SET: Final = (
    "last_epoch",
    "base_lrs",
    "T_max",
    "T_0",
    "eta_min",
    "gamma",
    "step_size",
    "factor",
    "patience",
    "min_lrs",
)


class Driver(Interpreter):
    """A reader that runs the loops around training."""

    def __init__(self, course: Course, machine: Machine, most: int) -> None:
        super().__init__(
            course.tree, course.values, course.defaults, Budget(), course.settings, functions=course.functions
        )
        self.course, self.machine, self.most = course, machine, most
        self.harness, self.processes = course.harness, course.processes
        self.sync, self.batches = True, 0  # whether Accelerate makes an update, and the batches since the last one
        self.target: Optimizer | None = None
        self.handles: dict[Schedule, Any] = {}
        self.position: list[tuple[Loop, int]] = []  # the loops that run, and the number of the iteration
        self.endless = 0  # loops that run of which it is not known how often they do
        self.times = 1  # how often the statement that is read is repeated
        self.branch: list[tuple[str, Any, tuple[Any, ...], ast.AST]] | None = None
        self.branches: list[list[tuple[str, Any, tuple[Any, ...], ast.AST]]] = []
        self.next_look = 0
        self.most_blocks = sys.getallocatedblocks() + _BLOCKS
        self.blocks: dict[tuple[ast.stmt, int], list[ast.stmt]] = {}

    def drive(self) -> None:
        """Run the script up to its end, or until the machine raises `DoneError`."""
        with suppress(DoneError):
            self.course.read(self)

    @property
    def in_loop(self) -> bool:
        """Whether a loop around training runs."""
        return bool(self.position)

    # The optimizer and its schedulers

    def made_optimizer(self, optimizer: Optimizer) -> None:
        """Take the groups of the machine for those of the optimizer that is drawn."""
        if optimizer.node is not self.course.optimizer and (
            optimizer.node is not None or optimizer.variable != self.course.optimizer
        ):
            return
        if self.target is not None and self.target is not optimizer:
            raise DoneError  # another run
        self.target = optimizer
        live = self.machine.groups
        if optimizer.node is None:
            optimizer.groups += [Group(optimizer.groups[0]) for _ in live[len(optimizer.groups) :]]
        for group, real in zip(optimizer.groups, live, strict=False):
            if group.live is None:
                group.live = real
                rate = dict.get(group, "lr")
                if self.course.sets_rates and isinstance(rate, int | float):
                    real["lr"] = rate

    def add_group(self, optimizer: Optimizer, group: Group, node: ast.AST) -> None:
        """Add a parameter group, to the optimizer of the machine too."""
        if node not in self.course.added:
            super().add_group(optimizer, group, node)
        elif optimizer is self.target:
            self.event("group", optimizer, (group,), node)

    def made_schedule(self, schedule: Schedule) -> None:
        """Create a scheduler of the optimizer that is drawn."""
        number = self.course.made.get(schedule.node)
        optimizer = self.optimizer_of(schedule.optimizer)
        if number is None or optimizer is None or optimizer is not self.target:
            return
        conversion = Conversion(self)
        call = conversion.call(schedule)
        if conversion.missing:
            names = _shown(conversion.missing)
            raise ExpressionError(
                f"`{schedule.name}` on line {schedule.line} needs {names}", "give its value with `--let`", schedule.node
            )
        self.handles[schedule] = self.machine.create(number, call)

    def keep_rates(self, optimizer: Optimizer) -> None:
        """Rates are kept for the start of a run, which is known by now."""
        self.rates.setdefault(optimizer, [])

    def scheduler_attribute(self, schedule: Schedule, name: str, node: ast.expr) -> Any:
        """An attribute of a scheduler."""
        if name in _READ and schedule in self.handles and self.branch is None:
            value = self.machine.get(self.handles[schedule], _READ[name])
            if name == "get_last_lr":
                return Method(schedule, name, node)
            return value if isinstance(value, int | float | list) else self.unknown(node)
        return Method(schedule, name, node)

    def scheduler_method(self, schedule: Schedule, name: str, node: ast.Call) -> Any:
        """What a method of a scheduler returns."""
        if name == "get_lr" and schedule in self.handles and self.branch is None:
            method = self.machine.get(self.handles[schedule], name)
            return [float(rate) for rate in method()] if callable(method) else self.unknown(node)
        if name == "get_last_lr" and schedule in self.handles and self.branch is None:
            value = self.machine.get(self.handles[schedule], _READ[name])
            return list(value) if isinstance(value, list | tuple) else self.unknown(node)
        return self.unknown(node)

    def set_scheduler(self, schedule: Schedule, name: str, value: Any, node: ast.AST) -> None:
        """Set an attribute of a scheduler."""
        if schedule in self.handles:
            self.event("attribute", schedule, (name, value), node)

    def set_rate(self, group: Group, key: str, value: Any, node: ast.AST) -> bool:
        """Set a rate or momentum by hand."""
        if self.target is None or not any(g is group for g in self.target.groups):
            return False
        self.event("rate", group, (key, value), node)
        return True

    def set_some_rate(self, some: SomeGroup, key: str, value: Any, node: ast.AST) -> None:
        """Refuse to set the rate of a group that is not known."""
        names = _shown(some.origins)
        raise ExpressionError(
            f"the group whose rate line {getattr(node, 'lineno', 0)} sets is not known: it needs {names}", "", node
        )

    def is_of_rest(self, function: Function) -> bool:
        """Whether a function was read because it is called from elsewhere."""
        return function.node in self.course.rest

    def synchronizes(self, node: ast.expr) -> Any:
        """Whether an update is made in the block of `accumulate` that is read."""
        return self.sync

    def begin_accumulation(self, node: ast.expr) -> None:
        """Count a batch."""
        if self.accelerate is None or self.accelerate.every == 1:
            return
        every = self.accelerate.every
        if not isinstance(every, int) or every < 1:
            raise ExpressionError("the number of batches that Accelerate accumulates is not known", "", node)
        loop, at = self.position[-1] if self.position else (None, 0)
        ends = loop is not None and isinstance(loop.count, int) and at == loop.count - 1
        if ends and loop is not None and self.accelerate.feeds(loop.over):
            self.batches, self.sync = 0, True
        else:
            self.batches += 1
            self.sync = self.batches % every == 0

    def end_accumulation(self) -> None:
        """After the block all is as it was in it."""

    # What the loop does

    def event(self, kind: str, target: Any, args: Sequence[Any], node: ast.AST) -> None:
        """Do what the loop does, if it is about the optimizer that is drawn."""
        if kind == "step" and target not in self.handles:
            return
        if kind == "update":
            for counter in self.counter:
                counter.names["global_step"] += self.times
        if kind == "update" and ((optimizer := self.optimizer_of(target)) is None or optimizer is not self.target):
            return
        if kind == "train" and node not in self.course.trainers:
            return
        if not self.sync and self.accelerate is not None and self.accelerate.wraps(target):
            return
        if self.branch is not None and not self.machine.groups and kind in ("rate", "step", "attribute"):
            return  # which changes no number of updates, as far as that is known
        if self.branch is not None:
            self.branch.append((kind, target, tuple(args), node))
            return
        match kind:
            case "update":
                self._update(self.times)
            case "train":
                self._update(self.course.batches, whole=True)
            case "step":
                once = self.accelerate is not None and not self.accelerate.wraps(target)
                self.machine.step(self.handles[target], args, node, once=once)
            case "rate":
                self._set(target, args[0], args[1], node)
            case "group":
                self._add(target, args[0], node)
            case "attribute" if self.machine.groups:
                self._set_attribute(target, args[0], args[1], node)

    def _update(self, times: int, *, whole: bool = False) -> None:
        """Make updates: those of an iteration of the loop over batches, or all of an epoch."""
        numbers = [at for _, at in self.position]
        nodes = [loop.node for loop, _ in self.position]
        if self.course.outer in nodes:
            numbers = numbers[: nodes.index(self.course.outer) + 1]
        elif not whole and numbers and (len(numbers) > 1 or not of_epochs(self.position[0][0])):
            numbers.pop()
        self.machine.update(times, tuple(numbers))

    def _begin(self, loop: Loop, at: int) -> None:
        """Begin an iteration of a loop."""
        self.position[-1] = loop, at
        if loop.node in self.course.trainers:  # the updates are not shown
            if of_epochs(loop):
                self._update(self.course.batches, whole=True)
            else:
                self._update(1)

    def _set(self, group: Group, key: str, value: Any, node: ast.AST) -> None:
        line = getattr(node, "lineno", 0)
        if isinstance(value, Unknown) and group.live is None:  # updates are counted: rates are not known then
            dict.__setitem__(group, key, value)
            return
        if isinstance(value, Unknown) and key in ("momentum", "betas") and self.machine.lose_momentum():
            return
        if isinstance(value, Unknown):
            names = _shown(value.origins)
            raise ExpressionError(
                f"the rate that line {line} sets is not known{f': it needs {names}' if names else ''}",
                "give a value that does not change with `--let`",
                node,
            )
        value = value.item() if is_scalar(value) else value  # a tensor as a rate
        if key == "betas" and isinstance(value, list | tuple):
            value = tuple(value)
        numbers = value if isinstance(value, tuple) else (value,)
        if not all(isinstance(n, int | float) and not isinstance(n, bool) for n in numbers) or any(
            isinstance(n, int) and n.bit_length() > 1023 for n in numbers
        ):
            raise ExpressionError(
                f"line {line} sets `{key}` to `{printable(repr(value), 40)}`, which is not a number", "", node
            )
        if group.live is None:
            dict.__setitem__(group, key, value)
        else:
            group.live[key] = value

    def _add(self, optimizer: Optimizer, group: Group, node: ast.AST) -> None:
        """Add a parameter group; while updates are counted, its rate may not be known."""
        if len(optimizer.groups) >= _MOST_GROUPS:
            raise ExpressionError(f"the loop adds over {_MOST_GROUPS:,} parameter groups", "", node)
        rate = dict.get(group, "lr")
        if isinstance(rate, Unknown) and not self.machine.groups:
            rate = 0.0
        if not isinstance(rate, int | float):
            raise ExpressionError(
                f"the rate of the parameter group that line {getattr(node, 'lineno', 0)} adds is not known",
                "give a value that does not change with `--let`",
                node,
            )
        live = self.machine.add_group(rate)
        optimizer.groups.append(group)
        if self.machine.groups:
            group.live = live

    def _set_attribute(self, schedule: Schedule, name: str, value: Any, node: ast.AST) -> None:
        numbers = value if isinstance(value, list | tuple) else (value,)
        known = all(isinstance(n, int | float) and isfinite(n) for n in numbers)
        if name not in _SET or not known:
            raise ExpressionError(
                f"line {getattr(node, 'lineno', 0)} sets `{name}` of the scheduler, which is not followed", "", node
            )
        self.machine.set(self.handles[schedule], name, list(value) if isinstance(value, tuple) else value)

    def not_read(self, node: ast.Call, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """What a call returns of a function that is not in the script."""
        if not self.position:
            return super().not_read(node, args, kwargs)
        if node in self.course.trainers:
            self.event("train", None, (), node)
        self.scaled(Opaque(node, args, kwargs))
        known = [v for v in flat([*args, *kwargs.values()]) if isinstance(v, Optimizer | Schedule)]
        return Opaque(node, list(known), {})

    # Branches of a test that is not known

    def _branch(self, body: Sequence[ast.stmt], scope: Scope, condition: Condition) -> Signal | None:
        outer, self.branch = self.branch, []
        try:
            return super()._branch(body, scope, condition)
        finally:
            self.branches.append(self.branch)
            self.branch = outer

    def guarded(self, node: ast.expr, condition: Condition, scope: Scope) -> Any:
        """The value of an expression that is evaluated under a condition that is not known."""
        outer, self.branch = self.branch, []
        try:
            value = super().guarded(node, condition, scope)
            if self.branch:
                self._refuse_branch(self.branch[0][3], condition.test, condition.value)
            return value
        finally:
            self.branch = outer

    def _refuse_branch(self, place: ast.AST, node: ast.expr, test: Unknown) -> None:
        names = _shown(test.origins)
        raise ExpressionError(
            f"line {getattr(place, 'lineno', 0)} depends on `if {printable(unparse(node), 60)}`, which is not "
            f"known{f': it needs {names}' if names else ''}",
            "give a value that does not change with `--let`",
            place,
        )

    def _either(
        self, node: ast.If, test: Unknown, rest: Sequence[ast.stmt], scope: Scope
    ) -> tuple[Signal | None, bool]:
        outer, self.branches = self.branches, []
        result = super()._either(node, test, rest, scope)
        done, self.branches = self.branches, outer
        first = done[0] if done else []
        if not any(done):
            return result
        if len(done) == 2 and _equal(*done):
            for kind, target, args, place in first:
                self.event(kind, target, args, place)
            return result
        self._refuse_branch(next(events for events in done if events)[0][3], node.test, test)
        return result

    # Loops

    def block(self, statements: Sequence[ast.stmt], scope: Scope) -> Signal | None:
        """Read statements; inside loops only those that matter."""
        if not self.position or not statements:
            return super().block(statements, scope)
        key = statements[0], len(statements)
        if key not in self.blocks:
            self.blocks[key] = [s for s in statements if s in self.course.kept]
        return super().block(self.blocks[key], scope)

    def add(self, steps: int, node: ast.AST | None = None) -> None:
        """Count operations."""
        self.steps += steps
        if self.steps > self.next_look:
            self.next_look = self.steps + _LOOK
            if sys.getallocatedblocks() > self.most_blocks:
                raise ExpressionError("what the loops of the script collect takes too much memory", node=node)
        if self.steps > self.limit:
            raise ExpressionError(
                f"the loops of the script take over {self.limit:,} operations",
                "a shorter run has the same shape: give fewer epochs or batches",
                node,
            )

    def length(self, value: Any, node: ast.expr) -> Any:
        """The number of items of what is iterated over."""
        origin = value.origins[0] if isinstance(value, Unknown) and value.origins else None
        if origin is not None and (origin.text, origin.line) in self.course.loaders:
            return self.course.batches
        found = super().length(value, node)
        if isinstance(found, Unknown) and any((o.text, o.line) in self.course.loaders for o in found.origins):
            return self.course.batches
        return found

    def _training(self, node: ast.For | ast.AsyncFor | ast.While, loop: Loop, scope: Scope) -> Signal | None:
        """Run a loop around training."""
        loop.count = self.course.counts.get(node, loop.count)
        if node in self.course.around and isinstance(loop.count, Unknown) and not isinstance(node, ast.While):
            loop.count = 1  # the next iteration is another run
        known = isinstance(loop.count, int)
        if not known and not isinstance(node, ast.While | ast.AsyncFor) and not isinstance(loop.over, Endless):
            if self._does_nothing(node, loop, scope):
                return None
            name = loop.count.origins[0].text if isinstance(loop.count, Unknown) and loop.count.origins else "..."
            raise ExpressionError(
                f"how often the loop on line {node.lineno} runs is not known: it needs `{printable(name, 60)}`",
                "give its value with `--let`",
                node,
            )
        known = known and not isinstance(loop.over, Endless)
        if known and not self.endless:
            self.limit = min(self.limit + _STEPS_EACH * max(loop.count, 0), self.most)
        self.endless += not known
        outer, self.repeats = self.repeats, False
        try:
            return (
                self._while_training(node, loop, scope)
                if isinstance(node, ast.While)
                else self._iterate(node, loop, scope)
            )
        finally:
            self.endless -= not known
            self.repeats = outer

    def _does_nothing(self, node: ast.For, loop: Loop, scope: Scope) -> bool:
        """Whether a loop of unknown length changes no rate and makes no update; what it assigns is not known then."""
        outer, self.branch = self.branch, []
        loop.count, count = 1, loop.count
        try:
            self._iterate(node, loop, scope)
            for name in assigned_in(node):
                scope.names[name] = Unknown(*origins(count))
            return not self.branch
        finally:
            loop.count, self.branch = count, outer

    def _iterate(self, node: ast.For | ast.AsyncFor, loop: Loop, scope: Scope) -> Signal | None:
        item = self._past_end(loop.over) if isinstance(loop.over, range) and loop.over else self.item(loop.over)
        self.position.append((loop, 0))
        try:
            body = [s for s in node.body if s in self.course.kept]
            if len(body) == 1 and isinstance(body[0], ast.Expr) and self._is_update(body[0].value):
                self._repeat(body[0], node, loop, item, scope)
                return None
            for at in count() if isinstance(loop.over, Endless) else range(loop.count):
                self.add(1, node)
                self._begin(loop, at)
                self.assign(node.target, item(at), scope)
                signal = self.block(node.body, scope)
                if signal is not None and signal.kind in ("return", "raise", "break"):
                    return None if signal.kind == "break" else signal
        finally:
            self.position.pop()
        return self.block(node.orelse, scope)

    def _counted(self, node: ast.While, scope: Scope) -> int | None:
        """The updates of `while True:` with one update, `step += 1` and `if step > end: break` in this order.

        None if anything else matters in the loop.
        """
        match node.test, [s for s in node.body if s in self.course.kept]:
            case (
                ast.Constant(value=True | 1),
                [
                    ast.Expr(value=ast.Call() as update),
                    ast.AugAssign(target=ast.Name(id=name), op=ast.Add(), value=ast.Constant(value=1)),
                    ast.If(
                        test=ast.Compare(left=ast.Name(id=same), ops=[ast.Gt() | ast.GtE() as op], comparators=[limit]),
                        body=[*_, ast.Break()],
                        orelse=[],
                    ),
                ],
            ) if update in self.course.updates and name == same:
                start, end = self.evaluate(ast.Name(name, ast.Load()), scope), self.evaluate(limit, scope)
                if isinstance(start, int) and isinstance(end, int):
                    return max(end - start + isinstance(op, ast.Gt), 1)
        return None

    def _past_end(self, over: range) -> Callable[[int], Any]:
        """The items of a range, which goes on if the run is longer than the script's."""
        return lambda at: over[0] + at * over.step

    def _is_update(self, node: ast.expr) -> bool:
        """Whether an expression is `optimizer.step()`."""
        return node in self.course.updates and isinstance(node, ast.Call) and not node.args and not node.keywords

    def _repeat(
        self, body: ast.Expr, node: ast.For | ast.AsyncFor, loop: Loop, item: Callable[[int], Any], scope: Scope
    ) -> None:
        """Run a loop that makes one update in each iteration, and nothing else that matters."""
        if loop.count > 0:
            self.assign(node.target, item(loop.count - 1), scope)
            outer, self.times = self.times, loop.count
            self.evaluate(body.value, scope)
            self.times = outer

    def _while_training(self, node: ast.While, loop: Loop, scope: Scope) -> Signal | None:
        self.position.append((loop, 0))
        at = 0
        try:
            if (times := self._counted(node, scope)) is not None:
                self._update(times)
                return None
            while True:
                self.add(1, node)
                test = self.truth(self.evaluate(node.test, scope))
                if isinstance(test, Unknown):
                    raise ExpressionError(
                        f"how often the loop on line {node.lineno} runs is not known: it needs "
                        f"`{printable(unparse(node.test), 60)}`",
                        "",
                        node,
                    )
                if not test:
                    break
                self._begin(loop, at)
                at += 1
                signal = self.block(node.body, scope)
                if signal is not None and signal.kind in ("return", "raise", "break"):
                    return None if signal.kind == "break" else signal
        finally:
            self.position.pop()
        return self.block(node.orelse, scope)


def _shown(missing: Iterable[Origin]) -> str:
    """The first three of the expressions whose values are needed, each once."""
    texts = list(dict.fromkeys(origin.text for origin in missing))
    return ", ".join(f"`{printable(text, 60)}`" for text in texts[:3])


def _equal(one: Sequence[Any], other: Sequence[Any]) -> bool:
    """Whether two branches do the same."""
    return len(one) == len(other) and all(
        a[0] == b[0]
        and a[1] is b[1]
        and len(a[2]) == len(b[2])
        and all(isinstance(x, CONSTANTS) and type(x) is type(y) and x == y for x, y in zip(a[2], b[2], strict=True))
        for a, b in zip(one, other, strict=True)
    )
