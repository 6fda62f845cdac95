"""A script to the schedulers that it steps, each with what the script says of its run."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from math import isfinite
from typing import Any, Final

from lrviz.errors import NotationError
from lrviz.notation.lengths import replace_lengths
from lrviz.notation.parser import SchedulerCall
from lrviz.notation.script.conversion import Conversion
from lrviz.notation.script.explained import arguments_of
from lrviz.notation.script.faults import created_again, exclusive, faults_of
from lrviz.notation.script.flow import read_all
from lrviz.notation.script.found import Fault, Found
from lrviz.notation.script.interpreter import Interpreter
from lrviz.notation.script.isolated import parse_linked
from lrviz.notation.script.lightning import configs, processes_of, read_trainers
from lrviz.notation.script.loops import Loops, NotPlainError
from lrviz.notation.script.prelude import NAME as PRELUDE
from lrviz.notation.script.prelude import with_prelude
from lrviz.notation.script.programs import Programs
from lrviz.notation.script.registers import NAME as REGISTER
from lrviz.notation.script.registers import with_register
from lrviz.notation.script.timm_arguments import NAMES as OF_TIMM
from lrviz.notation.script.timm_arguments import with_functions
from lrviz.notation.script.torch_objects import dampens, optimizer_defaults
from lrviz.notation.script.trainers import Trained, samples_of, trainer_call, trainer_class
from lrviz.notation.script.trees import Position, assigned_lines, computes, counted, only_tested, sets_rate, walk
from lrviz.notation.script.values import (
    Choice,
    Class,
    Event,
    Opaque,
    Optimizer,
    Origin,
    Schedule,
    Settings,
    Unknown,
    UnknownGroups,
    alternatives,
    flat,
    is_scheduler_name,
    looks_like_scheduler,
    origins,
    wraps_scheduler,
)
from lrviz.notation.source import Budget, ExpressionError, Source, source_of
from lrviz.notation.substitution import replace_expressions
from lrviz.notation.trainers import TRAINER_ARGUMENTS
from lrviz.schedulers import OWN_RATES, find
from lrviz.text import print_value, printable

_MOST_CHARACTERS: Final = 1_000_000  # of a file: 20,000 lines
_MOST_NODES: Final = 300_000
# Names of the run that scripts also give to other lengths, such as that of an epoch in updates.
_LENGTHS: Final = ("steps_per_epoch", "total_steps")
_OF_RUN: Final = (*_LENGTHS, "lr", "epochs")
_DEFINED: Final = re.compile(r"^(?:class|def)\s+(\w+)", re.MULTILINE)
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
        given: Fields of the run whose values the script need not give, with their values if it is a mapping.
        whole: Whether it is a file, which may be larger than lines that are pasted.
        settings: The configuration that it reads from elsewhere.

    Raises:
        NotationError: it cannot be read, or creates no scheduler that can be drawn; the message shows the line.
    """
    source = text if isinstance(text, Source) else Source(text)
    budget = Budget(_MOST_CHARACTERS, _MOST_NODES) if whole else Budget()
    try:
        tree = parsed = source.tree(budget, parse_linked)
        if REGISTER in source.text:
            tree = with_register(tree)
        if any(name in source.text for name in OF_TIMM):
            tree = with_functions(tree)
        if tree is not parsed:
            source.functions = None
        if source.lengths:
            tree = replace_lengths(tree, source.lengths, {**defaults, **values})
        values = {
            name: Settings.of(v) if isinstance(v, Mapping) else v
            for name, v in values.items()
            if name not in _LENGTHS or name not in source.text or not computes(tree, name)
        }
        names = [name for name in values if name.isidentifier() and name not in _OF_RUN]
        starts = {name: values.pop(name) for name in counted(tree, names)}  # the script goes on from there
        if not all(map(str.isidentifier, values)):
            tree = replace_expressions(tree, values, source.text)
        if "LRScheduler" in source.text:
            tree, source.functions = with_prelude(tree), None
        configuration = None if settings is None else Settings.of(settings)
        reader = Interpreter(
            tree, values, {**defaults, **starts}, budget, configuration, functions=source.functions, starts=starts
        )
        source.functions = reader.functions
        reading = _Reading(source, reader, given)
        reading.reader.processes = _processes(given)
        found = reading.found()
        budget.add_together(reading.reader.steps)
        for each in found:
            for call in each.program.calls if each.program else (each.call,):
                budget.check_printed(str(call))
            if each.missing:
                each.excerpt = source.excerpt(Position(each.missing[0].line, each.missing[0].column))
        return found
    except ExpressionError as error:
        raise NotationError(error.message, error.hint, source.excerpt(error.node)) from error
    except RecursionError as error:
        raise NotationError("the script is nested too deeply") from error
    except MemoryError as error:
        raise NotationError("there is not enough memory to read the script") from error


def _processes(given: Collection[str]) -> int:
    """The processes of Accelerate, if their number is given; a number that is not one is refused later."""
    text = str(given.get("num_processes") or 1) if isinstance(given, Mapping) else "1"
    return int(text) if text.isdecimal() and len(text) < 10 else 1


class _Reading:
    def __init__(self, source: Source, reader: Interpreter, given: Collection[str]) -> None:
        self.source, self.reader, self.given = source, reader, given
        self.intervals: dict[int, tuple[str, int]] = {}  # of Lightning and Ignite
        self.by_lightning = False
        self.choices: list[Origin] = []  # that decide which scheduler is used
        self.undecided: Origin | None = None  # likewise, if it cannot be given
        self.others: list[Schedule] = []  # that may be used as well

    def found(self) -> list[Found]:
        reader = self.reader
        self.returned = read_all(reader)
        for value in self.returned:
            for config in configs(value)[1]:
                self.by_lightning = True
                if config.interval:
                    self.intervals[id(config.schedule)] = config.interval, config.schedule.line
                if config.frequency != 1 and reader.harness is None:
                    shown = config.frequency if isinstance(config.frequency, int) else "unknown value"
                    raise ExpressionError(
                        f"Lightning's `frequency` of {shown} is not followed without the module around it",
                        "paste the class, or leave it out and multiply the scheduler's lengths by it",
                        config.schedule.node,
                    )
        self.intervals |= reader.attached
        if (trained := self._trained()) is not None:
            return trained
        if not reader.schedules and reader.unknown_classes:
            made = reader.unknown_classes[-1]
            needs = list(made.origins)
            return [Found(SchedulerCall("-"), "", made.node.lineno, missing=needs, examples=reader.examples)]
        units = self._units()
        found = [self._found(optimizer, schedules) for optimizer, schedules in units]
        found[0].faults += self._others(units)
        names = [each.name for each in found]
        for each in found:  # schedulers of one variable are told from each other by their optimizers
            if names.count(each.name) > 1 and each.names:
                each.name = each.names[-1] or each.name
        return found

    # Trainers of transformers

    def _trained(self) -> list[Found] | None:
        """The runs of trainers of transformers; None if the script steps schedulers itself."""
        reader = self.reader
        created = [v for v in (*reader.arguments, *reader.instances) if trainer_class(v)]
        if not created or any(e.kind in ("step", "rate") for e in reader.events):
            return None
        own = [s for s in reader.schedules if s.inside is None]
        if own and not reader.trained:
            return None
        # Of several that no trainer is given, those without any argument of one are of other programs.
        meant = [v for v in created if not {*TRAINER_ARGUMENTS}.isdisjoint(v.names)] or created
        every = {id(t.arguments): t for t in reader.trained} or {id(v): Trained(v, {}, 0) for v in meant}
        return [self._of_trainer(trained, own) for trained in every.values()]

    def _of_trainer(self, trained: Trained, own: Sequence[Schedule]) -> Found:
        """The run of a trainer, which makes its optimizer and its scheduler unless it is given them."""
        reader, arguments = self.reader, trained.arguments
        node = getattr(arguments, "node", None)
        found = Found(None, getattr(arguments, "variable", ""), getattr(node, "lineno", 0))
        found.names, found.examples = (found.name,), reader.examples
        found.trainer, found.missing = trainer_call(arguments, reader.taint, reader.examples)
        if any(arguments is made for made in reader.of_command_line) and reader.settings is None:
            found.notes.append(
                f"the command line of the script is not known: `{found.trainer.name}` has its defaults; "
                "`--config FILE` gives other values"
            )
        samples = samples_of(trained.kwargs.get("train_dataset"))
        if samples is not None:
            found.fields["dataset_size"], found.lines["dataset_size"] = samples, trained.line
        optimizer, schedule = trained.optimizers
        if trained.creates_scheduler:
            if not own:
                raise ExpressionError(
                    "the trainer has a method for its scheduler, and it is not known what that creates",
                    "paste the lines that create the scheduler",
                    self._definition(trained.cls),
                )
            schedule = own[-1]
        elif own and schedule is None:
            found.notes.append(f"the scheduler on line {own[-1].line} is not given to the trainer, and is not drawn")
        if trained.creates_optimizer and schedule is None:
            found.notes.append("`create_optimizer` of the trainer is not read: the rate is that of its arguments")
        if schedule is not None:
            conversion = Conversion(reader)
            found.call, found.line = conversion.call(schedule), schedule.line
            found.arguments = arguments_of(schedule, found.call)
            found.missing += conversion.missing
            self._read_optimizer(schedule.optimizer, schedule.rates, found)
        elif optimizer is not None:
            known = isinstance(optimizer, Optimizer)
            self._read_optimizer(optimizer, [g.get("lr") for g in optimizer.groups] if known else [], found)
            if "lr" not in found.fields and not found.missing:
                found.notes.append("the optimizer of the trainer is not known: the rate is that of its arguments")
        found.missing = list({o.text: o for o in reversed(found.missing) if o.givable}.values())[::-1]
        found.assigned, found.assigned_lines = reader.top.names, assigned_lines(reader.tree)
        return found

    def _definition(self, cls: Class | None) -> ast.stmt | None:
        body = self.reader.tree.body
        return next((s for s in body if isinstance(s, ast.ClassDef) and cls is not None and s.name == cls.name), None)

    # Which schedulers

    def _units(self) -> list[tuple[Optimizer | None, list[Schedule]]]:
        """The curves to draw: each optimizer with its schedulers, if it has any."""
        reader = self.reader
        rated = [o for o in reader.optimizers if self._rates(o) or self._owns_rate(o)]
        chosen = self._chosen(rated)
        units: list[tuple[Optimizer | None, list[Schedule]]] = []
        for schedule in chosen:
            optimizer = None if schedule.optimizer is None else reader.optimizer_of(schedule.optimizer)
            same = next((u for u in units if optimizer is not None and u[0] is optimizer), None)
            if same is None:
                units.append((optimizer, [schedule]))
            else:
                same[1].append(schedule)
        return units + [(o, []) for o in rated if not any(o is u[0] for u in units)]

    def _others(self, units: Sequence[tuple[Optimizer | None, list[Schedule]]]) -> Iterator[Fault]:
        """The faults of schedulers that are not drawn, of other optimizers than those that are."""
        for schedule in self.reader.schedules:
            optimizer = self.reader.optimizer_of(schedule.optimizer)
            if schedule.inside is None and not schedule.conditions and not any(optimizer is o for o, _ in units):
                yield from faults_of(self.reader, optimizer, [schedule], self.intervals)

    def _rates(self, optimizer: Optimizer | None) -> list[Event]:
        """Where the rates of an optimizer are set by hand."""
        groups = [] if optimizer is None else optimizer.groups
        return [e for e in self.reader.events if e.kind == "rate" and any(e.target is g for g in groups)]

    def _owns_rate(self, optimizer: Optimizer) -> bool:
        """Whether an optimizer changes its rate by itself, and is used without a scheduler."""
        updates = [e for e in self.reader.events if e.kind == "update"]
        return optimizer.name in OWN_RATES and any(self.reader.optimizer_of(e.target) is optimizer for e in updates)

    def _chosen(self, rated: Sequence[Optimizer]) -> list[Schedule]:
        """The schedulers to draw: those that are stepped, else the last that is not inside another."""
        reader = self.reader
        stepped = {id(s): e for e in reader.events if e.kind == "step" for s in (e.target, *_by_loop(e))}
        for event in reader.events:
            if any(event.target is made for made in reader.unknown_classes):
                continue
            if event.kind == "step" and isinstance(event.target, Opaque) and _may_schedule(event.target, event.node):
                _refuse_opaque(event.target)
        updates = [e for e in reader.events if e.kind == "update"]
        for event in updates:  # what is stepped beside the optimizer that it was given
            beside = [e for e in updates if e.target is event.target and not e.args and not exclusive([e, event])]
            if event.args and isinstance(event.args[0], Opaque) and beside:
                _refuse_opaque(event.args[0])
        wrappers = [o for o in reader.opaque if looks_like_scheduler(o)]
        for opaque in reader.opaque:
            if wraps_scheduler(opaque) or (looks_like_scheduler(opaque) and not reader.schedules):
                _refuse_opaque(opaque)
        roots = [s for s in reader.schedules if s.inside is None]
        chosen = [s for s in roots if id(s) in stepped or id(s) in self.intervals]
        after = max((e.line for e in reader.events if e.kind == "step"), default=0)
        unused = bool(roots) and id(roots[-1]) not in {*stepped, *self.intervals} and roots[-1].line > after
        if roots and ((not chosen and not rated) or unused):
            chosen = roots[-1:]  # lines that end before its loop
            self._dampened(chosen[0], roots)
            last = max((o.origins[0].line for o in wrappers), default=0)
            if last > chosen[0].line:
                _refuse_opaque(wrappers[-1])
        if not chosen and not rated:
            self._refuse_all()
        self._check_choice(chosen, roots)
        return chosen

    def _dampened(self, schedule: Schedule, roots: Sequence[Schedule]) -> None:
        """Put the scheduler that a warm-up dampens inside it: the last one before it of its optimizer."""
        before = [s for s in roots[:-1] if s.optimizer is schedule.optimizer and not dampens(s)]
        if dampens(schedule) and before and "lr_scheduler" not in schedule.kwargs:
            schedule.kwargs["lr_scheduler"] = before[-1]
            before[-1].inside = schedule

    def _check_choice(self, chosen: Sequence[Schedule], roots: Sequence[Schedule]) -> None:
        """Ask for the value of a test that decides which scheduler is used."""
        reader = self.reader
        found: list[Origin] = []
        for event in reader.events:
            if event.kind == "step" and any(event.target is made for made in reader.unknown_classes):
                found += event.target.origins
            if event.kind == "step" and isinstance(event.target, Choice):
                found += event.target.origins
                self.others += [o for o in alternatives(event.target) if isinstance(o, Schedule)]
        names = [reader.top.names, *(instance.names for instance in reader.instances)]
        for value in flat([*self.returned, *(v for each in names for v in each.values())]):
            if isinstance(value, Choice) and any(o is one for o in alternatives(value) for one in chosen):
                found += value.origins
                self.others += [o for o in alternatives(value) if isinstance(o, Schedule)]
        for value, reason, _ in reader.conditional:
            if any(isinstance(item, Optimizer | Schedule) for item in reader.held(value)):
                found += reason.origins
        for one in chosen:
            for other in roots:
                tests = {id(c.test): c for c in other.conditions}
                for condition in one.conditions:
                    if (against := tests.get(id(condition.test))) and against.taken != condition.taken:
                        found += condition.value.origins
                        self.others.append(other)
        missing = list({o.text: o for o in found if o.givable}.values())
        self.undecided = found[0] if found and not missing else None
        self.choices = missing

    def _refuse_all(self) -> None:
        body = self.reader.tree.body
        if "HfArgumentParser" in self.source.text:
            raise ExpressionError(
                "the arguments of the Trainer are those of the script's command line",
                "paste them: `TrainingArguments(learning_rate=2e-5, ...)`",
                body[-1],
            )
        for event in self.reader.events:
            function = getattr(event.node, "func", None)
            if event.kind == "step" and isinstance(function, ast.Attribute) and is_scheduler_name(source_of(function)):
                raise ExpressionError(
                    f"line {event.line} steps `{source_of(function.value)}`, and it is not shown what that is",
                    "paste the lines that create it too",
                    event.node,
                )
        own_statements = [s for s in body if getattr(s, "name", "") != PRELUDE]
        if (rate := next((n for s in own_statements for n in walk(s) if _sets_group(n)), None)) is not None:
            raise self._refuse_rate(rate)
        own = _DEFINED.findall(self.source.text)
        own.sort(key=is_scheduler_name)  # the last of them is meant
        hint = f"code of your own runs as `FILE.py:{own[-1]}`" if own else "such as `CosineAnnealingLR(T_max=32)`"
        raise ExpressionError(NO_SCHEDULER, hint, body[-1] if body else None)

    def _refuse_rate(self, node: ast.AST) -> ExpressionError:
        """The error for a rate that is set outside of a loop."""
        line = getattr(node, "lineno", 0)
        around = [n for n in walk(self.reader.tree) if isinstance(n, ast.ClassDef | ast.FunctionDef)]
        around = [n for n in around if n.lineno <= line <= (n.end_lineno or 0)]
        match around:
            case [*_, ast.ClassDef(name=name), ast.FunctionDef()]:
                message = f"the class `{name}` sets the rate, and it is not shown how it is used"
                hint = (
                    f"paste the line that creates it, and the loop that uses it: `scheduler = {name}(...)`; "
                    f"a scheduler of your own runs as `FILE.py:{name}(...)`"
                )
            case [*_, ast.FunctionDef(name=name, args=spec)]:
                message = f"`{name}` sets the rate, and it is not shown where it is called"
                call = f"{name}({', '.join(a.arg for a in spec.args if a.arg != 'self')})"
                hint = (
                    f"paste the loop that calls it too: `for epoch in range(90):`, with `{call}` and `optimizer.step()`"
                )
            case _:
                message = f"line {line} sets the rate, and the loop around it is not shown"
                hint = "paste the loop with its first line"
        return ExpressionError(message, hint, node)

    # One optimizer, and what the script says of its run

    def _found(self, optimizer: Optimizer | None, schedules: list[Schedule]) -> Found:
        reader, conversion = self.reader, Conversion(self.reader)
        one = schedules[0] if schedules else None
        first = one or optimizer
        found = Found(None, first.variable if first else "", first.line if first else 0)
        found.examples = reader.examples
        found.names = (found.name, optimizer.variable if optimizer else "")
        if one is not None:
            found.call = conversion.call(one)
            found.arguments = arguments_of(one, found.call)
            for other in self.others if self.choices else ():
                with suppress(ExpressionError):
                    conversion.call(other)
            found.missing += [*self.choices, *conversion.missing]
            self._read_optimizer(one.optimizer, one.rates, found)
        elif optimizer is not None:
            own = [g.get("lr") for g in optimizer.groups]  # if the script does not change them
            self._read_optimizer(optimizer, reader.rates.get(optimizer, own), found)
        self._note_default(one.optimizer if one is not None else optimizer, found)
        if one is not None and id(one) in self.intervals:
            found.fields["interval"], found.lines["interval"] = self.intervals[id(one)]
        loops = Loops(reader, self.given, found)
        needs = self._needs_program(loops, optimizer, schedules)
        if needs or loops.ends_early:
            if optimizer is None:
                raise ExpressionError(
                    "the loop needs the optimizer of the scheduler", "write it as its first argument", schedules[0].node
                )
            asked = len(conversion.missing)
            if needs:
                program = Programs(reader, self.source, loops, self.choices)
                found.program = program.make(optimizer, conversion)
                found.missing += conversion.missing[asked:]
                found.notes += program.notes
            else:
                self._make_in_case(optimizer, conversion, found)
        if not needs and one is not None and (composite := _out_of_order(one, reader.schedules)) is not None:
            raise ExpressionError(
                f"the schedulers of `{composite.name}` are not created in the order of the list, which changes the "
                "rates",
                "create them in the order of the list, or paste the training loop with them",
                composite.node,
            )
        if not needs and self.undecided is not None:
            raise ExpressionError(
                f"it is not known which scheduler is used: `{printable(self.undecided.text, 60)}` cannot be computed",
                "paste the lines of that scheduler alone",
                Position(self.undecided.line, self.undecided.column),
            )
        found.notes += dict.fromkeys([*conversion.notes, *reader.notes])
        found.faults += faults_of(reader, optimizer, schedules, self.intervals)
        if reader.accelerate is not None and reader.accelerate.split and "num_processes" in self.given:
            found.fields["split_batches"] = True
        found.processes = processes_of(reader.trainers) if self.by_lightning else int(self._shows_loop())
        read_trainers(reader.trainers, found, shown=any(e.kind == "update" for e in reader.events))
        if reader.counter and len(reader.optimizers) > 1 and "max_steps" in found.fields.keys() - {*self.given}:
            raise ExpressionError(
                f"`max_steps` on line {found.lines['max_steps']} counts the updates of all optimizers, which is not "
                "followed",
                "give the updates of this optimizer with `--max-steps`",
                Position(found.lines["max_steps"]),
            )
        found.assigned, found.assigned_lines = reader.top.names, assigned_lines(reader.tree)
        found.missing = list({o.text: o for o in reversed(found.missing) if o.givable}.values())[::-1]
        texts = [o.text for o in found.missing]
        for text in only_tested(reader.tree, texts):
            reader.examples.setdefault(text, ["True"])
        for text in counted(reader.tree, texts):
            reader.examples.setdefault(text, ["0"])
        return found

    def _shows_loop(self) -> bool:
        """Whether the loop of the script steps its schedulers itself, without Accelerate."""
        steps = any(e.kind in ("step", "rate") and e.loops for e in self.reader.events)
        return steps and "accelerat" not in self.source.text.lower()

    def _make_in_case(self, optimizer: Optimizer, conversion: Conversion, found: Found) -> None:
        """Make the program of a loop that may end early, which is known when its length is; all else stays."""
        other = replace(found, fields=dict(found.fields), lines=dict(found.lines), told=[], missing=[])
        with suppress(ExpressionError):
            program = Programs(self.reader, self.source, Loops(self.reader, self.given, other), self.choices)
            found.program, found.ends_early = program.make(optimizer, conversion), True
            found.told, found.names = other.told, other.names

    def _is_never_stepped(self, schedule: Schedule) -> bool:
        """Whether the training loop is shown, with all that it does to a scheduler, and does not step it."""
        reader = self.reader
        if id(schedule) in self.intervals or reader.harness:
            return False
        optimizer = reader.optimizer_of(schedule.optimizer)
        updates = [e for e in reader.events if e.kind == "update" and e.loops]
        passed = [v for o in reader.opaque for v in flat([*o.args, *o.kwargs.values()])]
        hidden = any(e.kind == "step" and isinstance(e.target, Unknown) for e in reader.events)
        return (
            any(reader.optimizer_of(e.target) is optimizer for e in updates)
            and not hidden
            and not any(v is schedule for v in passed)
            and not any(e.may_step(schedule) for e in reader.events)
        )

    def _steps_otherwise(self, schedule: Schedule) -> bool:
        """Whether Accelerate does not step a scheduler once for each process, and there are several."""
        accelerate = self.reader.accelerate
        if accelerate is None or "num_processes" not in self.given:
            return False
        return not accelerate.wraps(schedule)

    def _needs_program(self, loops: Loops, optimizer: Optimizer | None, schedules: Sequence[Schedule]) -> bool:
        """Whether the loop does more than to step one scheduler regularly; if not, it is read."""
        events = self.reader.events
        if not schedules:
            return True
        one, *more = schedules
        roots = [s for s in self.reader.schedules if s.inside is None and s.optimizer is one.optimizer]
        missing = len(loops.found.missing)
        sets = any(e.kind == "attribute" and e.target is one for e in events)
        grows = any(e.kind == "group" and e.target is optimizer for e in events)
        stepped = any(e.kind == "step" and e.target is one for e in events)
        again = stepped and optimizer is not None and created_again(one, optimizer)
        try:
            if self._is_never_stepped(one):
                raise NotPlainError
            by_loop = any(e.kind == "step" and any(s is one for s in _by_loop(e)) for e in events)
            if more or sets or grows or again or by_loop or self._steps_otherwise(one):
                raise NotPlainError
            if self._rates(optimizer) or (stepped and len(roots) > 1):
                raise NotPlainError
            if stepped and _out_of_order(one, self.reader.schedules) is not None:
                raise NotPlainError
            loops.read(one)
        except NotPlainError:
            if "interval" not in self.given or more:
                del loops.found.missing[missing:]
                loops.found.drops_partial = False
                return True
        return False

    def _note_default(self, optimizer: Any, found: Found) -> None:
        """Note that the rate is lrviz's default, since the optimizer comes from a function that is not read."""
        called = optimizer.variable if isinstance(optimizer, Optimizer) and optimizer.node is None else ""
        if isinstance(optimizer, Opaque) and "lr" not in optimizer.kwargs:
            called = source_of(optimizer.node)
        info = find(found.call.name) if found.call else None
        if called.endswith(")") and "lr" not in self.given and not (info and info.overwrites_rate):
            found.notes.append(
                f"`{printable(called, 60)}` is not read: its rate is taken to be lrviz's default, of one parameter "
                "group; `--lr` gives others"
            )

    def _read_optimizer(self, optimizer: Any, rates: Sequence[Any], found: Found) -> None:
        """The class, rates and momentum of the optimizer."""
        if isinstance(optimizer, Opaque) and "lr" in optimizer.kwargs:
            rate = optimizer.kwargs["lr"]
            if isinstance(rate, Unknown):
                found.missing += () if "lr" in self.given else rate.origins
            elif isinstance(rate, int | float):
                found.fields["lr"], found.lines["lr"] = rate, optimizer.origins[0].line
                name = printable(optimizer.name, 60) or source_of(optimizer.node.func)
                found.notes.append(f"`{name}` is not an optimizer of torch: its rate is used, with SGD")
            return
        if isinstance(optimizer, Unknown) and (several := [o for o in optimizer.options if isinstance(o, Optimizer)]):
            elsewhere = origins(
                [o for o in optimizer.options if isinstance(o, Unknown)]
            )  # of no value that can be given
            found.missing += [o for o in optimizer.origins if o not in elsewhere]
            found.missing += origins([g.get("lr") for o in several for g in o.groups])
        if not isinstance(optimizer, Optimizer):
            return
        if optimizer.node is None:
            return
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
        if unknown and "lr" not in self.given and not any(o.givable for o in origins(unknown)):
            raise ExpressionError(
                f"the rate of `{optimizer.name}` on line {optimizer.line} cannot be computed", "give it with `--lr`",
                optimizer.node,
            )  # fmt: skip
        if not unknown and all(isinstance(r, int | float) and not isinstance(r, bool) for r in rates):
            found.fields["lr"] = rates[0] if len(rates) == 1 else list(rates)
            names = [g.get("name") for g in optimizer.groups]
            if len(rates) > 1 and all(isinstance(n, str) for n in names) and len(set(names)) == len(names):
                found.fields["lr"] = dict(zip(names, rates, strict=False))
            found.lines["lr"] = optimizer.line
        found.missing += origins(list(optimizer.options.values()))
        known = ", ".join(f"{k}={print_value(v)}" for k, v in optimizer.options.items() if not isinstance(v, Unknown))
        found.fields["optimizer"] = f"{optimizer.name}({known})" if known else optimizer.name
        found.lines["optimizer"] = optimizer.line
        group = optimizer.groups[0]
        momentum = group.get("momentum")
        betas = group.get("betas")
        if momentum is None and isinstance(betas, list | tuple) and betas:
            usual = optimizer_defaults(optimizer.name).get("betas")
            momentum = None if betas == usual else betas[0]
        if isinstance(momentum, int | float) and momentum and isfinite(momentum):
            found.fields["momentum"], found.lines["momentum"] = momentum, optimizer.line


def _by_loop(event: Event) -> list[Any]:
    """The schedulers of which a loop decides which one steps."""
    target = event.target
    decided = isinstance(target, Choice) and event.loops and not any(o.givable or o.node for o in target.origins)
    return alternatives(target) if decided else []


def _out_of_order(schedule: Schedule, made: Sequence[Schedule]) -> Schedule | None:
    """A composite whose children are created in another order than that of its list, if that matters."""
    children = schedule.children
    if not children:
        return None
    if (inner := next(filter(None, (_out_of_order(child, made) for child in children)), None)) is not None:
        return inner
    info = find(schedule.name)
    infos = [find(child.name) for child in children]
    if info and info.restores_rate and not any(i and i.overwrites_rate for i in infos):
        return None
    order = [made.index(s) for child in children for s in (*_descendants(child), child)]
    return schedule if order != sorted(order) else None


def _descendants(schedule: Schedule) -> list[Schedule]:
    return [s for child in schedule.children for s in (*_descendants(child), child)]


def _sets_group(node: ast.AST) -> bool:
    """Whether a node is the rate of a parameter group that is set: `group["lr"] = ...`."""
    named = isinstance(node, ast.Subscript) and sets_rate(node) and re.search(r"group|pg\b", source_of(node.value))
    return bool(named)


def _may_schedule(value: Opaque, step: ast.AST) -> bool:
    """Whether what a script steps may be a scheduler: by a name, or since it is given an optimizer."""
    given = flat([*value.args, *value.kwargs.values()])
    named = looks_like_scheduler(value) or is_scheduler_name(source_of(getattr(step, "func", step)))
    return named or any(isinstance(v, Optimizer | Schedule | Opaque) for v in given)


def _refuse_opaque(value: Opaque) -> None:
    name = printable(value.name, 60) or source_of(value.node.func)
    raise ExpressionError(
        f"`{name}` on line {value.node.lineno} is not a scheduler of torch",
        "code of your own runs as `FILE.py:NAME`, with a function that takes the optimizer",
        value.node,
    )
