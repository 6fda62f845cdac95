"""When a scheduler steps, and how long the run is, by the loops of a script."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from typing import Any, Final

from lrviz.notation.script.found import Found
from lrviz.notation.script.interpreter import Interpreter
from lrviz.notation.script.values import (
    Counter,
    Event,
    Loader,
    Loop,
    Optimizer,
    Schedule,
    Unknown,
    is_constant,
    origins,
)
from lrviz.notation.source import unparse
from lrviz.schedulers import takes_metric

_LENGTHS: Final = ("steps_per_epoch", "dataset_size")


class NotPlainError(Exception):
    """The loop changes the rates in more ways than with one scheduler that it steps regularly."""


class Loops:
    """Reads the loops around the steps of one scheduler into the fields of the run.

    Args:
        reader: The reader that has read the script.
        given: Fields of the run whose values the script need not give.
        found: The scheduler; its fields are set.
    """

    def __init__(self, reader: Interpreter, given: Collection[str], found: Found) -> None:
        self.reader, self.given, self.found = reader, given, found
        self.ends_early = False  # whether the loop may end before its last iteration

    def read(self, schedule: Schedule) -> None:
        """When the scheduler steps, and how long the run is.

        Raises:
            NotPlainError: that cannot be said in the fields of a run.
        """
        events = self.reader.events
        steps = [e for e in events if e.kind == "step" and e.target is schedule]
        updates = [e for e in events if e.kind == "update" and e.target is schedule.optimizer]
        if not updates and not isinstance(schedule.optimizer, Optimizer):
            updates = [e for e in events if e.kind == "update"]
        update = max(updates, key=lambda e: len(e.loops), default=None)
        if not _one_at_a_time(updates) or not _exclusive([e for e in steps if e.loops]):
            raise NotPlainError
        around = {loop.node for e in (*steps, *updates) for loop in e.loops}
        if any(map(_ends_inside, updates[0].loops if updates else ())):
            raise NotPlainError
        stops = self.ask_stops(around)
        if "skip" in stops:
            raise NotPlainError
        self.ends_early = "break" in stops
        looped = [e for e in steps if e.loops]
        if looped:
            if not steps[0].loops:
                raise NotPlainError
            steps = looped
        if steps:
            self._read_step(schedule, steps, update)
        elif update is not None:
            self.read_length(loops_around(update, schedule.optimizer), None)
        else:  # in code that is called, as by `train(model, loader, optimizer)` or `engine.step()`
            calls = [e for e in events if e.kind in ("train", "step") and isinstance(e.target, Unknown)]
            around_calls = (loops_around(e, schedule.optimizer) for e in calls)
            if (
                epochs := next((loops[0] for loops in around_calls if loops and of_epochs(loops[0])), None)
            ) is not None:
                self._count("epochs", epochs)

    def ask_stops(self, around: Collection[ast.AST]) -> list[str]:
        """Ask for the values that decide whether these loops, or iterations of them, end early.

        Returns:
            The kinds of the ends that the loops alone decide.
        """
        stops = [e for e in self.reader.events if e.kind in ("break", "skip") and e.loops[0].node in around]
        self.found.missing += [o for e in stops for o in e.args]
        return [e.kind for e in stops if not e.args]

    def _read_step(self, schedule: Schedule, steps: Sequence[Event], update: Event | None) -> None:
        step = steps[0]
        self.found.stepped = step.line
        if len({e.loops for e in steps}) > 1:
            raise NotPlainError
        if not step.loops:
            return
        if step.args and not takes_metric(schedule) and not (len(step.args) == 1 and step.args[0] is None):
            raise NotPlainError
        if step.args and takes_metric(schedule) and "metric" not in self.given and _is_computed_in(step):
            raise NotPlainError
        if update is not None and len([loop for loop in update.loops if loop not in schedule.loops]) > 2:
            raise NotPlainError
        loops = loops_around(step, schedule.optimizer)[-2:]
        inner = loops_around(update, schedule.optimizer)[-2:] if update is not None else loops
        if not loops:
            raise NotPlainError
        tests = {id(c.test) for c in update.conditions} if update is not None else set()
        if not all(c.regular or id(c.test) in tests for c in step.conditions if isinstance(c.every, int)):
            raise NotPlainError
        every = self._conditions(step, len(steps) > 1)
        update_every = None if update is None else every_of(update)
        if update is not None and not {*_LENGTHS}.isdisjoint(self.given):  # they say how many batches an epoch has
            self.found.missing += [
                o for c in update.conditions if isinstance(c.every, Unknown) for o in origins(c.every)
            ]
        if update is not None and update_every is not None:
            self.found.drops_partial = not any(c.partial for c in update.conditions)
            if not all(c.regular for c in update.conditions if c.every is not None):
                raise NotPlainError
            own = [c for c in step.conditions if isinstance(c.every, int) and id(c.test) not in tests]
            if any(c.partial is self.found.drops_partial for c in own):  # they differ in the last batches of an epoch
                raise NotPlainError
        if update is not None and step.loops == update.loops:
            interval = "step" if len(inner) > 1 or not of_epochs(inner[-1]) else "epoch"
            if (update_every is None) != (every is None) or (every is not None and every != update_every):
                raise NotPlainError
        elif update is not None and step.loops == update.loops[:-1]:
            interval = "epoch"
            if every is not None:
                raise NotPlainError
        elif update is None:
            interval = "epoch" if of_epochs(loops[-1]) else "step"
            if every is not None:
                update_every = every
        else:
            raise NotPlainError
        if update is not None and self.reader.events.index(step) < self.reader.events.index(update):
            raise NotPlainError
        self.found.fields["interval"], self.found.lines["interval"] = interval, step.line
        self.read_length(
            inner if update is not None else loops,
            update_every,
            one=interval == "epoch" and len(inner) == 1 and update is not None,
        )

    def _conditions(self, step: Event, several: bool) -> int | None:
        """The number of batches between two steps of the scheduler; None without a condition."""
        for condition in step.conditions:
            if isinstance(condition.every, Unknown):
                self.found.missing += condition.every.origins
                continue
            if condition.every is not None:
                self.found.drops_partial = not condition.partial
                continue
            known = [o for o in condition.value.origins if is_constant(o)]
            if known and not isinstance(condition.value, Counter):
                if several and not any(isinstance(c.value, Counter) for c in step.conditions):
                    continue  # both branches step
                self.found.missing += known
                continue
            raise NotPlainError
        return every_of(step)

    def read_length(self, loops: Sequence[Loop], every: int | None, *, one: bool = False) -> None:
        """The epochs and the batches of an epoch."""
        if not loops:
            return
        outer, inner = (loops[-2], loops[-1]) if len(loops) > 1 else (loops[-1], None)
        if inner is None and not of_epochs(outer):
            self._count("steps", outer)
            self.found.loaders = tuple(text for text in _loader_texts(outer) if text.startswith("len("))
            self.found.computed = _is_computed(outer)
            if isinstance(outer.over, Loader) or (self.found.loaders and not isinstance(outer.count, int)):
                self.found.fields.pop("steps", None)
                self._count("steps_per_epoch", outer)
                self.found.fields["epochs"] = 1
            elif every:  # a run of so many batches, and of fewer updates
                raise NotPlainError
        else:
            self._count("epochs", outer)
        if inner is not None:
            self._count("steps_per_epoch", inner)
            self.found.loaders, self.found.computed = _loader_texts(inner), _is_computed(inner)
        elif one:
            self.found.fields["steps_per_epoch"] = 1
        if every:
            self.found.fields["grad_accum"], self.found.lines["grad_accum"] = every, self.found.stepped

    def _count(self, name: str, loop: Loop) -> None:
        line = loop.node.lineno
        if isinstance(loop.count, int) and not isinstance(loop.count, bool):
            if loop.count > 0:
                self.found.fields[name], self.found.lines[name] = loop.count, line
        elif (
            isinstance(loop.count, Unknown)
            and name != "steps_per_epoch"
            and not {name, "steps", "max_steps"} & {*self.given}
        ):
            self.found.missing += [o for o in loop.count.origins if o.givable]
        elif isinstance(loop.over, Loader) and isinstance(loop.over.batch_size, int):
            self.found.fields["batch_size"], self.found.lines["batch_size"] = loop.over.batch_size, loop.over.line


def loops_around(event: Event, optimizer: Any) -> tuple[Loop, ...]:
    """The loops around an event, without those in which the optimizer is created: each of their iterations is a run."""
    outside = optimizer.loops if isinstance(optimizer, Optimizer) else ()
    return tuple(loop for loop in event.loops if loop not in outside)


def main_loops(loops: Sequence[Loop]) -> Sequence[Loop]:
    """Of the loops around an update, those over epochs and over batches."""
    epochs = [at for at, loop in enumerate(loops) if of_epochs(loop)]
    if epochs and epochs[-1] < len(loops) - 1:
        return loops[epochs[-1] : epochs[-1] + 2]
    while len(loops) > 2 and isinstance(loops[-1].count, int) and isinstance(loops[-2].count, Unknown):
        loops = loops[:-1]  # several updates for each batch
    return loops[-2:]


def every_of(event: Event) -> int | None:
    """The number of batches between two events, by the innermost condition that has one; None without a condition."""
    known = [c.every for c in event.conditions if c.every is not None and not isinstance(c.every, Unknown)]
    return known[-1] if known and isinstance(known[-1], int) else None


def _ends_inside(loop: Loop) -> bool:
    """Whether the body of a loop alone says how often it runs."""
    head = loop.node.test if isinstance(loop.node, ast.While) else None
    fixed = isinstance(loop.count, int) or any(o.givable for o in origins(loop.count))
    return head is not None and not isinstance(head, ast.Constant) and not fixed


def _one_at_a_time(updates: Sequence[Event]) -> bool:
    """Whether an iteration makes one update: there is one, or each pair of them stands in two branches of an `if`."""
    for one in updates:
        if any(
            c.every is None and c.value.origins and not any(o.givable for o in c.value.origins) for c in one.conditions
        ):
            return False
    return _exclusive(updates)


def _exclusive(events: Sequence[Event]) -> bool:
    """Whether each pair of events stands in two branches of an `if`."""
    for number, one in enumerate(events):
        tests = {id(c.test): c.taken for c in one.conditions}
        for other in events[number + 1 :]:
            if not any(tests.get(id(c.test), c.taken) != c.taken for c in other.conditions):
                return False
    return True


def of_epochs(loop: Loop) -> bool:
    """Whether a loop runs once an epoch, by the names in it."""
    if isinstance(loop.over, Loader):
        return False
    named = any("epoch" in name.lower() for name in loop.names)
    if isinstance(loop.count, Unknown) and isinstance(loop.node, ast.For | ast.AsyncFor) and not named:
        counted = loop.count.origins  # by a loop around it, as with `range(epoch + 1)`
        if counted and not any(o.givable or o.node for o in counted):
            return False
    head = loop.node.test if isinstance(loop.node, ast.While) else loop.node.iter
    words = " ".join([*loop.names, unparse(head)]).lower()
    return "epoch" in words and "loader" not in words and not (loop.names and "step" in loop.names[0].lower())


def _loader_texts(loop: Loop) -> tuple[str, ...]:
    """The expressions that give the number of times a loop over batches runs."""
    return tuple(o.text for o in origins(loop.count)) if isinstance(loop.count, Unknown) else ()


def _is_computed(loop: Loop) -> bool:
    """Whether the number of times a loop over batches runs is another than the values that it follows from."""
    return isinstance(loop.count, Unknown) and (loop.count.computed or len(loop.count.origins) > 1)


def _is_computed_in(step: Event) -> bool:
    """Whether the metric of a step is a number, or follows from the variables of the loops around it alone."""
    value = step.args[0]
    variables = {(name, loop.node.lineno) for loop in step.loops for name in loop.names}
    if not isinstance(value, Unknown):
        return isinstance(value, int | float)
    found = {(origin.text, origin.line) for origin in value.origins if not origin.givable}
    return len(found) == len(value.origins) > 0 and found <= variables
