"""A script to the schedulers that it steps, each with what the script says of its run."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from math import isfinite
from typing import Any, Final

from lrviz.errors import NotationError
from lrviz.notation.lengths import replace_lengths
from lrviz.notation.parser import SchedulerCall
from lrviz.notation.script.conversion import Conversion
from lrviz.notation.script.explained import arguments_of
from lrviz.notation.script.found import Found
from lrviz.notation.script.interpreter import Interpreter
from lrviz.notation.script.lightning import intervals, read_trainers
from lrviz.notation.script.loops import Loops
from lrviz.notation.script.torch_objects import optimizer_defaults
from lrviz.notation.script.trees import Position, assigned_lines, computes, names_in
from lrviz.notation.script.values import (
    Choice,
    Class,
    Function,
    Opaque,
    Optimizer,
    Origin,
    Schedule,
    Settings,
    Unknown,
    UnknownGroups,
    alternatives,
    flat,
    looks_like_scheduler,
    origins,
)
from lrviz.notation.source import Budget, ExpressionError, Source, source_of
from lrviz.notation.substitution import replace_expressions
from lrviz.schedulers import find
from lrviz.text import printable

_MOST_CHARACTERS: Final = 1_000_000  # of a file: 20,000 lines
_MOST_NODES: Final = 300_000
# Names of the run that scripts also give to other lengths, such as that of an epoch in updates.
_LENGTHS: Final = ("steps_per_epoch", "total_steps")
NO_SCHEDULER: Final = "no scheduler here"


def read_script(
    text: str | Source,
    values: Mapping[str, Any],
    defaults: Mapping[str, Any],
    given: Collection[str] = (),
    *,
    whole: bool = False,
    settings: Mapping[str, Any] | None = None,
) -> list[Found]:
    """The schedulers of a script, or of lines pasted from one, in the order in which they are created.

    Args:
        text: The script, or one that has been parsed.
        values: The values of names and expressions in it, such as `args.epochs`; they win over the script's own.
        defaults: The values of names that it does not define.
        given: Fields of the run whose values the script need not give.
        whole: Whether it is a file, which may be larger than lines that are pasted.
        settings: The configuration that it reads from elsewhere.

    Raises:
        NotationError: it cannot be read, or creates no scheduler that can be drawn; the message shows the line.
    """
    source = text if isinstance(text, Source) else Source(text)
    budget = Budget(_MOST_CHARACTERS, _MOST_NODES) if whole else Budget()
    try:
        tree = source.tree(budget)
        if source.lengths:
            tree = replace_lengths(tree, source.lengths, {**defaults, **values})
        values = {name: v for name, v in values.items() if name not in _LENGTHS or not computes(tree, name)}
        if not all(map(str.isidentifier, values)):
            tree = replace_expressions(tree, values)
        configuration = None if settings is None else Settings.of(settings)
        reading = _Reading(Interpreter(tree, values, defaults, budget, configuration), given)
        found = reading.found()
        budget.add_together(reading.reader.steps)
        for each in found:
            budget.check_printed(str(each.call))
            if each.missing:
                each.excerpt = source.excerpt(Position(each.missing[0].line, each.missing[0].column))
        return found
    except ExpressionError as error:
        raise NotationError(error.message, error.hint, source.excerpt(error.node)) from error
    except RecursionError as error:
        raise NotationError("the script is nested too deeply") from error
    except MemoryError as error:
        raise NotationError("there is not enough memory to read the script") from error


class _Reading:
    def __init__(self, reader: Interpreter, given: Collection[str]) -> None:
        self.reader, self.given = reader, given
        self.intervals: dict[int, tuple[str, int]] = {}  # of Lightning
        self.returned: list[Any] = []
        self.choices: list[Origin] = []  # that decide which scheduler is used
        self.others: list[Schedule] = []  # that may be used as well

    def found(self) -> list[Found]:
        reader = self.reader
        signal = reader.block(reader.tree.body, reader.top)
        if signal is not None and signal.kind == "return":
            self.returned.append(signal.value)
        else:
            self.returned += self._last_values()
        self._call_the_rest()
        for value in self.returned:
            self.intervals |= intervals(value)
        if not reader.schedules and reader.unknown_classes:
            made = reader.unknown_classes[-1]
            needs = list(made.origins)
            return [Found(SchedulerCall("-"), "", made.node.lineno, missing=needs, examples=reader.examples)]
        return [self._found(schedule) for schedule in self._chosen()]

    def _last_values(self) -> list[Any]:
        """The value of a last line that is a dictionary for Lightning."""
        match self.reader.tree.body:
            case [*_, ast.Expr(value=ast.Dict() as node)]:
                return [self.reader.evaluate(node, self.reader.top)]
        return []

    def _call_the_rest(self) -> None:
        """Read the functions and methods that create or step a scheduler and are called from elsewhere."""
        reader = self.reader
        classes = [v for v in reader.top.names.values() if isinstance(v, Class)]
        for cls in classes:
            if (
                isinstance(method := cls.names.get("configure_optimizers"), Function)
                and method.node not in reader.called
            ):
                self.returned.append(self._call_method(cls, method))
        functions: list[tuple[Class | None, Function]] = [
            (None, v) for v in reader.top.names.values() if isinstance(v, Function)
        ]
        methods = [(cls, v) for cls in classes for v in cls.names.values() if isinstance(v, Function)]
        wanted = [(cls, f) for cls, f in (*functions, *methods) if f.name in reader.makers]
        inside = {name for _, f in wanted for name in names_in(f.node).mentioned if name != f.name}
        for owner, function in wanted:
            if function.node in reader.called or function.name in inside:
                continue
            if owner is None or "staticmethod" in function.decorators:
                self.returned.append(reader.call_function(function, [], {}))
            elif function.name == "__init__":
                reader.instantiate(owner, [], {})
            else:
                self.returned.append(self._call_method(owner, function))

    def _call_method(self, cls: Class, method: Function) -> Any:
        reader = self.reader
        own = [i for i in reader.instances if i.cls is cls]
        return reader.call_function(method.bind(own[-1] if own else reader.instantiate(cls, [], {})), [], {})

    # Which schedulers

    def _chosen(self) -> list[Schedule]:
        """The schedulers to draw: those that are stepped, else the last that is not inside another."""
        reader = self.reader
        stepped = {id(e.target): e for e in reader.events if e.kind == "step"}
        for event in reader.events:
            if event.kind == "step" and isinstance(event.target, Opaque):
                _refuse_opaque(event.target)
        wrappers = [o for o in reader.opaque if looks_like_scheduler(o)]
        for opaque in wrappers:
            given = flat([*opaque.args, *opaque.kwargs.values()])
            if any(isinstance(v, Schedule) for v in given) or not reader.schedules:
                _refuse_opaque(opaque)
        roots = [s for s in reader.schedules if s.inside is None]
        chosen = [s for s in roots if id(s) in stepped or id(s) in self.intervals]
        after = max((e.line for e in reader.events if e.kind == "step"), default=0)
        if roots and (not chosen or (id(roots[-1]) not in stepped and roots[-1].line > after)):
            chosen = roots[-1:]  # lines that end before its loop
            last = max((o.origins[0].line for o in wrappers), default=0)
            if last > chosen[0].line:
                _refuse_opaque(wrappers[-1])
        if not chosen:
            self._refuse_all()
        self._check_choice(chosen, roots)
        self._check_shared(chosen)
        return chosen

    def _check_shared(self, chosen: Sequence[Schedule]) -> None:
        """Refuse two schedulers that change the rates of one optimizer."""
        seen: dict[Any, Schedule] = {}
        for schedule in chosen:
            optimizer = schedule.optimizer
            texts = tuple(o.text for o in optimizer.origins) if isinstance(optimizer, Unknown) else ()
            key = texts if texts else id(optimizer)
            if optimizer is not None and (other := seen.setdefault(key, schedule)) is not schedule:
                raise ExpressionError(
                    f"two schedulers change the rates of one optimizer, on lines {other.line} and {schedule.line}, "
                    "which is not followed",
                    "combine them with SequentialLR or ChainedScheduler, or paste the lines of one of them",
                    schedule.node,
                )

    def _check_choice(self, chosen: Sequence[Schedule], roots: Sequence[Schedule]) -> None:
        """Ask for the value of a test that decides which scheduler is used."""
        reader = self.reader
        found: list[Origin] = []
        for event in reader.events:
            if event.kind == "step" and isinstance(event.target, Choice):
                found += event.target.origins
        names = [reader.top.names, *(instance.names for instance in reader.instances)]
        for value in flat([*self.returned, *(v for each in names for v in each.values())]):
            if isinstance(value, Choice) and any(o is one for o in alternatives(value) for one in chosen):
                found += value.origins
                self.others += [o for o in alternatives(value) if isinstance(o, Schedule)]
        for one in chosen:
            for other in roots:
                tests = {id(c.test): c for c in other.conditions}
                for condition in one.conditions:
                    if (against := tests.get(id(condition.test))) and against.taken != condition.taken:
                        found += condition.value.origins
                        self.others.append(other)
        missing = list({o.text: o for o in found if o.givable}.values())
        if found and not missing:
            raise ExpressionError(
                f"it is not known which scheduler is used: `{printable(found[0].text, 60)}` cannot be computed",
                "paste the lines of that scheduler alone",
                Position(found[0].line, found[0].column),
            )
        self.choices = missing

    def _refuse_all(self) -> None:
        rate = next((e for e in self.reader.events if e.kind == "rate"), None)
        if rate is not None:
            raise ExpressionError(
                "the rate is set by hand here, which is not followed",
                "write it as a function, `LambdaLR(optimizer, lambda epoch: ...)`",
                rate.node,
            )
        body = self.reader.tree.body
        own = [s.name for s in body if isinstance(s, ast.ClassDef | ast.FunctionDef)]
        hint = f"code of your own runs as `FILE.py:{own[-1]}`" if own else "such as `CosineAnnealingLR(T_max=32)`"
        raise ExpressionError(NO_SCHEDULER, hint, body[-1] if body else None)

    # One scheduler, and what the script says of its run

    def _found(self, schedule: Schedule) -> Found:
        reader, conversion = self.reader, Conversion(self.reader)
        call = conversion.call(schedule)
        _check_order(schedule, reader.schedules)
        for other in self.others if self.choices else ():
            with suppress(ExpressionError):
                conversion.call(other)
        missing = [*self.choices, *conversion.missing]
        found = Found(call, schedule.variable, schedule.line, missing=missing, examples=reader.examples)
        found.arguments = arguments_of(schedule, call)
        self._read_optimizer(schedule, found)
        if id(schedule) in self.intervals:
            found.fields["interval"], found.lines["interval"] = self.intervals[id(schedule)]
        Loops(reader, self.given, found).read(schedule)
        read_trainers(reader.trainers, found)
        found.assigned, found.assigned_lines = reader.top.names, assigned_lines(reader.tree)
        found.missing = list({o.text: o for o in reversed(found.missing) if o.givable}.values())[::-1]
        return found

    def _read_optimizer(self, schedule: Schedule, found: Found) -> None:
        """The class, rates and momentum of the optimizer."""
        optimizer = schedule.optimizer
        if isinstance(optimizer, Opaque) and "lr" in optimizer.kwargs:
            rate = optimizer.kwargs["lr"]
            if isinstance(rate, Unknown):
                found.missing += () if "lr" in self.given else rate.origins
            elif isinstance(rate, int | float):
                found.fields["lr"], found.lines["lr"] = rate, optimizer.origins[0].line
                found.notes.append(
                    f"`{printable(optimizer.name, 60)}` is not an optimizer of torch: its rate is used, with SGD"
                )
            return
        if isinstance(optimizer, Unknown) and (several := [o for o in optimizer.options if isinstance(o, Optimizer)]):
            found.missing += [*optimizer.origins, *origins([g.get("lr") for o in several for g in o.groups])]
        if not isinstance(optimizer, Optimizer):
            return
        rates = schedule.rates
        unknown = [r for r in rates if isinstance(r, Unknown)]
        for rate in unknown:
            if isinstance(rate, UnknownGroups) and "lr" not in self.given:
                raise ExpressionError(
                    f"the rates of the parameter groups of `{optimizer.name}` on line {optimizer.line} cannot be "
                    "computed",
                    "give them with `--lr`, such as `--lr 1e-4,1e-3`",
                    Position(optimizer.line),
                )
            found.missing += () if "lr" in self.given else rate.origins
        if not unknown and all(isinstance(r, int | float) and not isinstance(r, bool) for r in rates):
            found.fields["lr"] = rates[0] if len(rates) == 1 else list(rates)
            names = [g.get("name") for g in optimizer.groups]
            if len(rates) > 1 and all(isinstance(n, str) for n in names) and len(set(names)) == len(names):
                found.fields["lr"] = dict(zip(names, rates, strict=False))
            found.lines["lr"] = optimizer.line
        found.fields["optimizer"], found.lines["optimizer"] = optimizer.name, optimizer.line
        group = optimizer.groups[0]
        momentum = group.get("momentum")
        betas = group.get("betas")
        if momentum is None and isinstance(betas, list | tuple) and betas:
            usual = optimizer_defaults(optimizer.name).get("betas")
            momentum = None if betas == usual else betas[0]
        if isinstance(momentum, int | float) and momentum and isfinite(momentum):
            found.fields["momentum"], found.lines["momentum"] = momentum, optimizer.line


def _check_order(schedule: Schedule, made: Sequence[Schedule]) -> None:
    """Refuse a composite whose children are created in another order than that of its list, if that matters."""
    children = schedule.children
    if not children:
        return
    for child in children:
        _check_order(child, made)
    info = find(schedule.name)
    infos = [find(child.name) for child in children]
    if info and info.restores_rate and not any(i and i.overwrites_rate for i in infos):
        return
    order = [made.index(s) for child in children for s in (*_descendants(child), child)]
    if order != sorted(order):
        raise ExpressionError(
            f"the schedulers of `{schedule.name}` are not created in the order of the list, which changes the rates",
            "create them in the order of the list",
            schedule.node,
        )


def _descendants(schedule: Schedule) -> list[Schedule]:
    return [s for child in schedule.children for s in (*_descendants(child), child)]


def _refuse_opaque(value: Opaque) -> None:
    name = printable(value.name, 60) or source_of(value.node.func)
    raise ExpressionError(
        f"`{name}` on line {value.node.lineno} is not a scheduler of torch",
        "code of your own runs as `FILE.py:NAME`, with a function that takes the optimizer",
        value.node,
    )
