"""When a scheduler steps, and how long the run is, by the loops of a script."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence

from lrviz.notation.script.found import Found
from lrviz.notation.script.interpreter import Interpreter
from lrviz.notation.script.values import Counter, Event, Loader, Loop, Optimizer, Schedule, Unknown, origins
from lrviz.notation.source import ExpressionError, unparse
from lrviz.schedulers import find
from lrviz.text import printable


class Loops:
    """Reads the loops around the steps of one scheduler into the fields of the run.

    Args:
        reader: The reader that has read the script.
        given: Fields of the run whose values the script need not give.
        found: The scheduler; its fields are set.
    """

    def __init__(self, reader: Interpreter, given: Collection[str], found: Found) -> None:
        self.reader, self.given, self.found = reader, given, found

    def read(self, schedule: Schedule) -> None:
        """When the scheduler steps, and how long the run is."""
        reader = self.reader
        steps = [e for e in reader.events if e.kind == "step" and e.target is schedule]
        updates = [e for e in reader.events if e.kind == "update" and e.target is schedule.optimizer]
        if not updates and not isinstance(schedule.optimizer, Optimizer):
            updates = [e for e in reader.events if e.kind == "update"]
        update = max(updates, key=lambda e: len(e.loops), default=None)
        rate = next(
            (
                e
                for e in reader.events
                if e.kind == "rate"
                and isinstance(schedule.optimizer, Optimizer)
                and any(e.target is g for g in schedule.optimizer.groups)
            ),
            None,
        )
        if rate is not None:
            raise ExpressionError(
                f"line {rate.line} sets the rate by hand beside the scheduler, which is not followed",
                "paste the scheduler's lines alone to draw it without",
                rate.node,
            )
        looped = [e for e in steps if e.loops]
        if looped:
            first = steps[0]
            if not first.loops:
                raise ExpressionError(
                    f"the scheduler is stepped before the training loop, on line {first.line}, which is not followed",
                    "leave that line out",
                    first.node,
                )
            steps = looped
        if steps:
            self._read_step(schedule, steps, update)
        elif update is not None:
            self._read_length(update.loops, None)

    def _read_step(self, schedule: Schedule, steps: Sequence[Event], update: Event | None) -> None:
        step = steps[0]
        self.found.stepped = step.line
        depths = {e.loops for e in steps}
        if len(depths) > 1:
            lines = " and ".join(str(e.line) for e in steps[:2])
            raise ExpressionError(
                f"the scheduler is stepped in two loops, on lines {lines}, which is not followed",
                "leave one of the two out",
                steps[-1].node,
            )
        if not step.loops:
            return
        takes_metric = (info := find(schedule.name)) is not None and info.takes_metric
        if step.args and not takes_metric and not (len(step.args) == 1 and step.args[0] is None):
            argument = unparse(step.node.args[0]) if isinstance(step.node, ast.Call) and step.node.args else "..."
            raise ExpressionError(
                f"`step({printable(argument, 40)})` on line {step.line} sets the scheduler's epoch, which is not "
                "followed",
                "call `step()` without an argument",
                step.node,
            )
        loops = step.loops[-2:]
        inner = update.loops[-2:] if update is not None else loops
        every = self._conditions(step, len(steps) > 1)
        update_every = None if update is None else _every(update)
        if update is not None and update_every is not None:
            self.found.drops_partial = not any(c.partial for c in update.conditions)
        if update is not None and step.loops == update.loops:
            interval = "step" if len(inner) > 1 or not _of_epochs(inner[-1]) else "epoch"
            if self.reader.events.index(step) < self.reader.events.index(update):
                _refuse_order(step, update)
            if (update_every is None) != (every is None) or (every is not None and every != update_every):
                raise ExpressionError(
                    f"the scheduler steps on line {step.line} under another condition than the optimizer on line "
                    f"{update.line}, which is not followed",
                    "",
                    step.node,
                )
        elif update is not None and step.loops == update.loops[:-1]:
            interval = "epoch"
            if every is not None:
                raise ExpressionError(
                    f"the scheduler steps every {every} epochs on line {step.line}, which is not followed",
                    "multiply its lengths by that number, and leave out the condition",
                    step.node,
                )
            if self.reader.events.index(step) < self.reader.events.index(update):
                _refuse_order(step, update)
        elif update is None:
            interval = "epoch" if _of_epochs(loops[-1]) else "step"
            if every is not None:
                update_every = every
        else:
            raise ExpressionError(
                f"the scheduler steps on line {step.line} in another loop than the optimizer on line {update.line}",
                "give `--interval step` or `--interval epoch`, and paste the lines without the loops",
                step.node,
            )
        self.found.fields["interval"], self.found.lines["interval"] = interval, step.line
        self._read_length(
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
            known = [o for o in condition.value.origins if o.givable]
            if known and not isinstance(condition.value, Counter):
                if several and not any(isinstance(c.value, Counter) for c in step.conditions):
                    continue  # both branches step
                self.found.missing += known
                continue
            raise ExpressionError(
                f"the scheduler steps under `if {printable(unparse(condition.test), 60)}`, which is not followed",
                "give `--interval step` or `--interval epoch`, and paste the lines without the loop",
                step.node,
            )
        return _every(step)

    def _read_length(self, loops: Sequence[Loop], every: int | None, *, one: bool = False) -> None:
        """The epochs and the batches of an epoch."""
        if not loops:
            return
        outer, inner = (loops[-2], loops[-1]) if len(loops) > 1 else (loops[-1], None)
        if inner is None and not _of_epochs(outer):
            self._count("steps", outer)
            self.found.loaders = _loader_texts(outer)
            if isinstance(outer.over, Loader) or (self.found.loaders and not isinstance(outer.count, int)):
                self.found.fields.pop("steps", None)
                self._count("steps_per_epoch", outer)
                self.found.fields["epochs"] = 1
            return
        self._count("epochs", outer)
        if inner is not None:
            self._count("steps_per_epoch", inner)
            self.found.loaders = _loader_texts(inner)
        elif one:
            self.found.fields["steps_per_epoch"] = 1
        if every:
            self.found.fields["grad_accum"], self.found.lines["grad_accum"] = every, self.found.stepped

    def _count(self, name: str, loop: Loop) -> None:
        line = loop.node.lineno
        if isinstance(loop.count, int) and not isinstance(loop.count, bool):
            if loop.count > 0:
                self.found.fields[name], self.found.lines[name] = loop.count, line
        elif isinstance(loop.count, Unknown) and name != "steps_per_epoch" and not {name, "steps"} & {*self.given}:
            self.found.missing += [o for o in loop.count.origins if o.givable]
        elif isinstance(loop.over, Loader) and isinstance(loop.over.batch_size, int):
            self.found.fields["batch_size"], self.found.lines["batch_size"] = loop.over.batch_size, loop.over.line


def _every(event: Event) -> int | None:
    """The number of batches between two events, by the innermost condition that has one; None without a condition."""
    known = [c.every for c in event.conditions if c.every is not None and not isinstance(c.every, Unknown)]
    return known[-1] if known and isinstance(known[-1], int) else None


def _refuse_order(step: Event, update: Event) -> None:
    raise ExpressionError(
        f"`scheduler.step()` on line {step.line} comes before `optimizer.step()` on line {update.line}: torch then "
        "skips the first rate",
        "call `scheduler.step()` after `optimizer.step()`",
        step.node,
    )


def _of_epochs(loop: Loop) -> bool:
    """Whether a loop runs once an epoch, by the names in it."""
    if isinstance(loop.over, Loader):
        return False
    head = loop.node.test if isinstance(loop.node, ast.While) else loop.node.iter
    words = " ".join([*loop.names, unparse(head)]).lower()
    return "epoch" in words and "loader" not in words and not (loop.names and "step" in loop.names[0].lower())


def _loader_texts(loop: Loop) -> tuple[str, ...]:
    """The expressions that give the number of times a loop over batches runs."""
    return tuple(o.text for o in origins(loop.count)) if isinstance(loop.count, Unknown) else ()
