"""Makes the program of a loop from a script that was read."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from lrviz.notation.script.conversion import Conversion
from lrviz.notation.script.course import Course
from lrviz.notation.script.faults import lines
from lrviz.notation.script.flow import read_all
from lrviz.notation.script.interpreter import Interpreter
from lrviz.notation.script.loops import Loops, loops_around, main_loops, of_epochs
from lrviz.notation.script.prelude import NAME
from lrviz.notation.script.program import Program
from lrviz.notation.script.torch_objects import arguments
from lrviz.notation.script.values import (
    Choice,
    Event,
    Loader,
    Loop,
    Optimizer,
    Origin,
    Schedule,
    Unknown,
    is_constant,
    origins,
)
from lrviz.notation.source import ExpressionError, Source
from lrviz.schedulers import find, takes_metric


class Programs:
    """Makes the program of one optimizer; `notes` are about its loop.

    Args:
        reader: The reader that has read the script.
        source: The text of the script.
        loops: The reader of its loops.
        choices: What is not known of which schedulers are created.
    """

    def __init__(self, reader: Interpreter, source: Source, loops: Loops, choices: Sequence[Origin]) -> None:
        self.reader, self.source, self.loops, self.choices = reader, source, loops, choices
        self.notes: list[str] = []

    def make(self, optimizer: Optimizer, conversion: Conversion) -> Program:
        """The program; its length is told to the loops."""
        reader, found = self.reader, self.loops.found
        updates = [e for e in reader.events if e.kind == "update" and reader.optimizer_of(e.target) is optimizer]
        schedules = [s for s in reader.schedules if s.inside is None and reader.optimizer_of(s.optimizer) is optimizer]
        rates = [e for e in reader.events if e.kind == "rate" and any(e.target is g for g in optimizer.groups)]
        steps = [e for e in reader.events if any(map(e.may_step, schedules))]
        orders = self._check(optimizer, schedules)
        trainers = [] if updates else self._trainers(optimizer, schedules, [*rates, *steps])
        update = max(trainers or updates, key=lambda e: len(e.loops))
        hidden = bool(trainers) and (isinstance(update.node, ast.Call) or of_epochs(update.loops[-1]))
        outer, inner = self._read_length(update, optimizer, hidden=hidden)
        loops = [loop for e in (*updates, *steps, *rates) for loop in loops_around(e, optimizer) if loop is not outer]
        loaders = self._loaders(inner, loops)
        self._ask([*updates, *steps, *rates])
        if optimizer.node is None:  # its rate is that of the run, unless the script sets it
            known = [o for group in optimizer.groups for o in origins(dict.get(group, "lr")) if o.givable]
            found.missing += [o for o in known if not o.text.endswith(".lr")]
        if inner is not None and isinstance(inner.node, ast.While):
            found.loaders = ()  # the loop itself says how often it runs
        changes = [e for e in (*steps, *rates) if e.loops]
        by_batch = any(_is_in(e, inner) for e in changes)
        # A loop over a number of batches has as many in any case, unless they are those of an epoch.
        alone = (
            outer is None and inner is not None and isinstance(inner.count, int) and not isinstance(inner.over, Loader)
        )
        taking = [s for s in schedules if takes_metric(s)]
        plateau = [e for e in steps if any(map(e.may_step, taking))]
        metric = "" if not plateau else "step" if any(_is_in(e, inner) for e in plateau) else "epoch"
        by_epoch = changes and not by_batch and (hidden or (outer is not None and inner is not None))
        found.fields["interval"] = metric or ("epoch" if by_epoch else "step")
        calls = tuple(conversion.call(s) for s in schedules)
        hand = self._hand(rates)
        self.notes += [note for s in schedules for note in _not_counted(s, steps)]
        stepped = [(s, [e for e in steps if e.may_step(s)]) for s in schedules]
        ours = {node for part in reader.harness or () for node in ast.walk(part)}
        for schedule, events in stepped:
            if any(e.node in ours for e in events):
                found.told.append(f"{schedule.name} stepped by Lightning (line {schedule.line})")
            elif events:
                found.told.append(f"{schedule.name} stepped on line{lines(events)}")
        found.told += [hand] if hand else []
        course = Course(
            reader.tree, reader.values, reader.defaults, optimizer.node or optimizer.variable,
            {s.node: number for number, s in enumerate(schedules)}, frozenset(e.node for e in updates), read_all,
            {}, loaders, 1, frozenset(e.node for e in trainers), False, frozenset(),
            frozenset(reader.rest), reader.harness, reader.settings, reader.functions, reader.processes,
            frozenset(e.node for e in reader.events if e.kind == "group" and e.target is optimizer),
            frozenset(e.node for e in reader.events if e.kind == "attribute"),
            frozenset(loop.node for loop in optimizer.loops), outer.node if outer else None, reader.tested,
            frozenset(reader.called),
        )  # fmt: skip
        found.names = (*(s.variable for s in schedules), *found.names)
        return Program(
            course, self.source, calls, hand, outer.node if outer else None,
            inner.node if inner and not alone else None, by_batch,
            metric,
            frozenset(e.node for e in reader.events if e.kind == "step" and isinstance(e.target, Schedule | Choice)),
            orders,
        )  # fmt: skip

    def _trainers(self, optimizer: Optimizer, schedules: Sequence[Schedule], changes: Sequence[Event]) -> list[Event]:
        """Where the updates are made if the script does not show them: in a call, or first in an iteration."""
        calls = [e for e in self.reader.events if e.kind == "train"]
        reads = self.reader.optimizer_of
        calls = [e for e in calls if any(v is optimizer or reads(v) is optimizer for v in e.args)] or calls
        nodes = {e.node for e in calls}
        if nodes and len({e.loops for e in calls}) == len(nodes):  # one in each of several loops
            return list({e.node: e for e in reversed(calls)}.values())[::-1]
        looped = [e for e in changes if e.loops]
        if not looped or any(e.kind == "rate" for e in changes):
            raise ExpressionError(
                "the script does not show where the optimizer is updated",
                "paste the loop with its `optimizer.step()`",
                next(filter(None, [optimizer.node, *(e.node for e in changes), *(s.node for s in schedules)]), None),
            )
        loops = max((e.loops for e in looped), key=len)
        line = loops[-1].node.lineno
        self.notes.append(f"no `optimizer.step()` is shown: it is taken to come first in the loop on line {line}")
        return [Event("train", None, (), loops, (), loops[-1].node)]

    def _check(self, optimizer: Optimizer, schedules: Sequence[Schedule]) -> tuple[tuple[int, ...], ...]:
        """Refuse what is not followed of how the optimizer and its schedulers are created.

        Returns:
            The `orders` of the program.
        """
        if any(map(of_epochs, optimizer.loops)):
            raise ExpressionError(
                f"the optimizer on line {optimizer.line} is created again in each epoch, which is not followed",
                "",
                optimizer.node,
            )
        made = [s for s in self.reader.schedules if self.reader.optimizer_of(s.optimizer) is optimizer]
        orders = []
        for schedule in schedules:
            inside = _inside(schedule)
            before, made = made[: len(inside) + 1], made[len(inside) + 1 :]
            if set(before) != {*inside, schedule}:
                raise ExpressionError(
                    f"the schedulers inside `{schedule.name}` are not created just before it, which changes the rates",
                    "create each scheduler after those that are inside it, and before others",
                    schedule.node,
                )
            orders.append(tuple(map(before.index, inside)))
        return tuple(orders)

    def _read_length(self, update: Event, optimizer: Optimizer, *, hidden: bool) -> tuple[Loop | None, Loop | None]:
        """Tell the loops the length of the run; the loops over epochs and over batches."""
        loops = loops_around(update, optimizer)[-2:] if hidden else main_loops(loops_around(update, optimizer))
        self.loops.read_length(loops, None)
        if hidden:
            return (loops[-1] if loops else None), None
        if len(loops) > 1:
            return loops[0], loops[1]
        if not loops:
            return None, None
        return (loops[0], None) if of_epochs(loops[0]) else (None, loops[0])

    def _loaders(self, inner: Loop | None, loops: Sequence[Loop]) -> frozenset[tuple[str, int]]:
        """The sources of what the loop over batches runs over, and of its length; the lengths of others are asked for.

        Args:
            inner: The loop over batches.
            loops: The loops around what changes the rates.
        """
        found = _sources(inner)
        texts = {text for text, _ in found}
        for loop in loops:
            if loop is inner or not isinstance(loop.count, Unknown) or isinstance(loop.node, ast.While):
                continue
            if {o.text for o in origins(loop.count)} & texts:
                found |= _sources(loop)
            elif inner is not None:
                self.loops.found.missing += [o for o in origins(loop.count) if o.givable]
        return frozenset(found)

    def _ask(self, events: Sequence[Event]) -> None:
        """Ask for the values of conditions that do not change in a loop."""
        self.loops.ask_stops({loop.node for e in events for loop in e.loops})
        for event in events:
            several = [e for e in events if e.kind == event.kind and e.target is event.target and e is not event]
            for condition in event.conditions:
                both = any(
                    c.test is condition.test and c.taken != condition.taken for e in several for c in e.conditions
                )
                first = event.loops[0].node.lineno if event.loops else 0
                before = condition.test.lineno < first  # it is decided before the loop
                known = [o for o in condition.value.origins if is_constant(o) or (before and o.givable)]
                if not both or event.kind == "rate":
                    self.loops.found.missing += known
            for value in event.args if event.kind == "rate" else ():
                if isinstance(value, Unknown) and event.args[0] in ("lr", "initial_lr"):
                    self.loops.found.missing += [o for o in value.origins if is_constant(o)]

    def _hand(self, rates: Sequence[Event]) -> str:
        """Where rates are set by hand: "rates set in adjust_learning_rate (line 40)"."""
        rates = [e for e in rates if e.args[0] == "lr"]
        if not rates:
            return ""
        line = rates[0].line
        inside = [f for f in self.reader.functions.nodes if f.lineno <= line <= (f.end_lineno or 0)]
        name = max(inside, key=lambda node: node.lineno).name if inside else ""
        for node in self.reader.tree.body:
            if isinstance(node, ast.ClassDef) and node.lineno == line and node.name != NAME:
                return f"rates of {node.name} (line {line})"  # it inherits what sets the rates
        where = f"in {name}" if name else "by hand"
        return f"rates set {where} (line {line})"


def _sources(loop: Loop | None) -> set[tuple[str, int]]:
    """The text and the line of what a loop over batches runs over, and of its length."""
    if loop is None or not isinstance(loop.count, Unknown):
        return set()
    found = {(o.text, o.line) for o in origins(loop.count)}
    if isinstance(loop.over, Loader):
        found.add((loop.over.text, loop.over.line))
    elif isinstance(loop.over, Unknown):
        found |= {(o.text, o.line) for o in loop.over.origins[:1]}
    return found


def _inside(schedule: Schedule) -> list[Schedule]:
    return [s for child in schedule.children for s in (*_inside(child), child)]


def _is_in(event: Event, loop: Loop | None) -> bool:
    return loop is not None and any(each.node is loop.node for each in event.loops)


def _not_counted(schedule: Schedule, steps: Sequence[Event]) -> Iterator[str]:
    """A note if a scheduler changes the rate by the number of updates, and the script never passes that."""
    info = find(schedule.name)
    if info is None or not info.takes_count or info.decides is None:
        return
    by_update = info.decides(arguments(info, schedule))["interval"] == "step"
    called = {
        e.node.func.attr for e in steps if isinstance(e.node, ast.Call) and isinstance(e.node.func, ast.Attribute)
    }
    needed = "step_update" if by_update else "step"
    if called and needed not in called:
        yield (
            f"the rate of `{info.name}` changes with `{needed}()`, which the script never calls: it stays as it is at "
            "the start"
        )
