"""What is legal in the loop of a script, but probably not intended: each with its line, and how to mend it."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from lrviz.notation.script.found import Fault
from lrviz.notation.script.interpreter import Interpreter
from lrviz.notation.script.loops import every_of, of_epochs
from lrviz.notation.script.values import Choice, Event, Optimizer, Schedule, Unknown, flat
from lrviz.notation.source import unparse
from lrviz.schedulers import find
from lrviz.text import format_rate, printable

# Schedulers that compute each rate from the rate at their creation, not from that before the step.
_FROM_BASE: Final = ("LambdaLR", "OneCycleLR", "CyclicLR", "CosineAnnealingWarmRestarts")
_SCHEDULER: Final = re.compile(r"sched|warm|\blr|_lr", re.IGNORECASE)


def faults_of(
    reader: Interpreter, optimizer: Optimizer | None, schedules: Sequence[Schedule], by_trainer: Collection[int]
) -> Iterator[Fault]:
    """The faults of the loop around one optimizer.

    Args:
        reader: The reader that has read the script.
        optimizer: The optimizer.
        schedules: Its schedulers.
        by_trainer: The `id` of schedulers that a trainer steps.
    """
    updates = [e for e in reader.events if e.kind == "update" and reader.optimizer_of(e.target) is optimizer]
    for schedule in schedules:
        steps = [e for e in reader.events if e.may_step(schedule)]
        if steps:
            if optimizer is not None:
                yield from _again(optimizer, schedule, steps)
            yield from _order(reader, schedule, steps, updates)
            info = find(schedule.name)
            if info is None or not info.takes_count:  # such as timm's: the loop says how far the run is
                yield from _two_loops(schedule, steps)
                yield from _uneven(schedule, steps, updates)
        elif id(schedule) not in by_trainer and updates:
            yield from _never(reader, schedule, updates)
        if optimizer is not None:
            yield from _late(reader, optimizer, schedule, steps)


def _name(schedule: Schedule) -> str:
    return printable(schedule.variable or schedule.name, 60)


def _end(event: Event) -> int:
    """The last line of the innermost loop around an event."""
    return getattr(event.loops[-1].node, "end_lineno", 0) or event.line


def created_again(schedule: Schedule, optimizer: Optimizer) -> bool:
    """Whether a scheduler is created in each epoch or update; an outer loop over runs does not count."""
    if schedule.conditions:
        return False
    inside = len(schedule.loops) > len(optimizer.loops) and optimizer.node is not None
    return inside or any(map(of_epochs, schedule.loops))


def _again(optimizer: Optimizer, schedule: Schedule, steps: Sequence[Event]) -> Iterator[Fault]:
    """A scheduler that is created again in each iteration."""
    if not created_again(schedule, optimizer) or len(schedule.loops) <= len(optimizer.loops):
        return
    once = all(e.loops == schedule.loops for e in steps)
    first = schedule.loops[len(optimizer.loops)].node.lineno
    yield Fault(
        "again" if once else "restarts",
        schedule.line,
        f"`{_name(schedule)}` is created again in each iteration of the loop on line {schedule.loops[-1].node.lineno}, "
        + ("and each is stepped once: it never gets further" if once else "so that its schedule starts again"),
        f"move line {schedule.line} above line {first}, before the loop",
    )


def _order(
    reader: Interpreter, schedule: Schedule, steps: Sequence[Event], updates: Sequence[Event]
) -> Iterator[Fault]:
    """Steps before the first update."""
    name = _name(schedule)
    looped = [e for e in steps if e.loops]
    if looped and not steps[0].loops:
        yield Fault(
            "early",
            steps[0].line,
            f"`{name}.step()` on line {steps[0].line} comes before the training loop: no update has the first rate",
            f"delete line {steps[0].line}",
        )
    first = next((e for e in looped if not e.args), None)
    update = next((e for e in updates if first and e.loops[: len(first.loops)] == first.loops), None)
    if first and update and reader.events.index(first) < reader.events.index(update):
        loop = first.loops[-1].node
        moved = f"move line {first.line} below line {_end(first)}"
        if not loop.lineno < first.line <= _end(first):
            moved = f"call `{name}.step()` below line {_end(first)}"
        yield Fault(
            "order",
            first.line,
            f"`{name}.step()` on line {first.line} comes before `optimizer.step()` on line {update.line}: no update "
            "has the first rate",
            f"{moved}, to the end of the loop on line {loop.lineno}",
        )


def _two_loops(schedule: Schedule, steps: Sequence[Event]) -> Iterator[Fault]:
    """Steps in the loop over batches and in that over epochs."""
    looped = [e for e in steps if e.loops]
    if len({e.loops for e in looped}) < 2 or exclusive(looped):
        return
    inner, outer = max(looped, key=lambda e: len(e.loops)), min(looped, key=lambda e: len(e.loops))
    yield Fault(
        "loops" if not any(e.conditions for e in looped) else "some loops",
        outer.line,
        f"`{_name(schedule)}` is stepped in two loops, on lines {lines(looped).strip('s ')}",
        f"delete line {outer.line} if its lengths count updates, or line {inner.line} if they count epochs",
    )


def exclusive(events: Sequence[Event]) -> bool:
    """Whether of several events only one can happen."""
    one, *others = events
    tests = {id(c.test): c.taken for c in one.conditions}
    return all(any(tests.get(id(c.test), c.taken) != c.taken for c in e.conditions) for e in others)


def lines(events: Sequence[Event]) -> str:
    """The lines of events: "s 4 and 7"."""
    numbers = list(dict.fromkeys(e.line for e in events))
    text = " and ".join(filter(None, [", ".join(map(str, numbers[:-1])), str(numbers[-1])]))
    return f"{'s' if len(numbers) > 1 else ''} {text}"


def _uneven(schedule: Schedule, steps: Sequence[Event], updates: Sequence[Event]) -> Iterator[Fault]:
    """Steps after each batch, where an update is made after several."""
    for step in steps:
        every = [every_of(e) for e in updates if e.loops == step.loops]
        if step.loops and not step.conditions and every and None not in every:
            update = next(e for e in updates if e.loops == step.loops)
            yield Fault(
                "uneven",
                step.line,
                f"`{_name(schedule)}.step()` on line {step.line} is called after each batch, and `optimizer.step()` on "
                f"line {update.line} after every {every[0]}: the schedule is over after 1/{every[0]} of its updates",
                f"move line {step.line} below line {update.line}, into the same `if`",
            )
            return


def _never(reader: Interpreter, schedule: Schedule, updates: Sequence[Event]) -> Iterator[Fault]:
    """No step at all, where all of the loop is in sight."""
    looped = [e for e in updates if e.loops]
    others = {e.node for e in reader.events if e.kind == "step" and isinstance(e.target, Schedule | Choice)}
    given = flat([v for opaque in reader.opaque for v in (*opaque.args, *opaque.kwargs.values())])
    if not looped or reader.harness is not None or any(v is schedule for v in given):
        return
    steps = (node for node in reader.functions.names_in(reader.tree).steps if node not in others)
    if any(_SCHEDULER.search(unparse(node.func.value)) for node in steps):
        return
    update = max(looped, key=lambda e: len(e.loops))
    yield Fault(
        "never",
        schedule.line,
        f"`{_name(schedule)}` is created on line {schedule.line}, and `{_name(schedule)}.step()` is never called: "
        "the rate stays as it is",
        f"add `{_name(schedule)}.step()` below line {update.line}, after `{unparse(update.node)}`, or at the end of "
        "the epoch if its lengths count epochs",
    )


def _late(reader: Interpreter, optimizer: Optimizer, schedule: Schedule, steps: Sequence[Event]) -> Iterator[Fault]:
    """Rates that are set by hand between the creation of a scheduler that ignores them and the loop."""
    names = [schedule.name, *(child.name for child in schedule.children)]
    if not any(name in _FROM_BASE or ((info := find(name)) and info.restores_rate) for name in names):
        return
    events = reader.events
    until = events.index(steps[0]) if steps else len(events)
    late = [
        e
        for e in events[:until]
        if e.kind == "rate"
        and not e.loops
        and e.args[0] == "lr"
        and any(e.target is g for g in optimizer.groups)
        and not any(isinstance(c.value, Unknown) for c in e.conditions)
        and e.args[1] not in schedule.rates
    ]
    if not late:
        return
    numbers = [r for r in schedule.rates if isinstance(r, int | float)]
    rate = f", {format_rate(numbers[0])}" if len(set(numbers)) == 1 else ""
    first, last = _statement(reader.tree, late[0].line, schedule.line)
    yield Fault(
        "late",
        late[0].line,
        f"line {late[0].line} sets the rate after {schedule.name} was created on line {schedule.line}, which goes on "
        f"from the rate before{rate}",
        f"move line{f' {first}' if first == last else f's {first} to {last}'} above line {schedule.line}, before the "
        "scheduler is created",
    )


def _statement(tree: ast.AST, line: int, after: int) -> tuple[int, int]:
    """The first and the last line of the largest statement with a line in it that begins after another one."""
    around = [
        (node.lineno, node.end_lineno or node.lineno)
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and after < node.lineno <= line <= (node.end_lineno or 0)
    ]
    return min(around, default=(line, line))
