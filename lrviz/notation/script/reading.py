"""A script to the schedulers that it steps, each with what the script says of its run."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Final

from lrviz.errors import NotationError
from lrviz.notation.parser import Lambda, SchedulerCall
from lrviz.notation.script import library
from lrviz.notation.script.interpreter import Interpreter, bind
from lrviz.notation.script.values import (
    Choice,
    Class,
    Condition,
    Counter,
    Dotted,
    Event,
    Function,
    Instance,
    Loader,
    Loop,
    Opaque,
    Optimizer,
    Origin,
    Schedule,
    Unknown,
    origins,
)
from lrviz.notation.source import (
    MAX_CALL_STEPS,
    SHORT_NAMES,
    Budget,
    ExpressionError,
    Source,
    UnsupportedError,
    unparse,
)
from lrviz.schedulers import find
from lrviz.text import printable

_MOST_CHARACTERS: Final = 1_000_000  # of a file: 20,000 lines
_MOST_NODES: Final = 300_000
_MOST_MISSING: Final = 20  # values that are asked for
NO_SCHEDULER: Final = "no scheduler here"
_COST: Final = 20  # operations of a compiled lambda in the time of one of a function that is read


@dataclass
class Found:
    """A scheduler of a script, and what the script says of its run.

    `fields` has values for the fields of the run, and `lines` the line of each. `missing` are the expressions whose
    values the scheduler or the run need.
    """

    call: SchedulerCall
    name: str
    line: int
    fields: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    missing: list[Origin] = field(default_factory=list)
    loaders: tuple[str, ...] = ()  # expressions for the number of batches in an epoch
    drops_partial: bool = False  # whether the last batches of an epoch, too few for an update, make none
    stepped: int = 0  # the line of `scheduler.step()`
    excerpt: tuple[str, ...] = ()  # the line of the first of `missing`, and a caret
    assigned: Mapping[str, Any] = field(default_factory=dict)  # the values of the script's names
    assigned_lines: Mapping[str, int] = field(default_factory=dict)


def read_script(
    text: str,
    values: Mapping[str, Any],
    defaults: Mapping[str, Any],
    given: Collection[str] = (),
    *,
    whole: bool = False,
) -> list[Found]:
    """The schedulers of a script, or of lines pasted from one, in the order in which they are created.

    Args:
        text: The script.
        values: The values of names and expressions in it, such as `args.epochs`; they win over the script's own.
        defaults: The values of names that it does not define.
        given: Fields of the run whose values the script need not give.
        whole: Whether it is a file, which may be larger than lines that are pasted.

    Raises:
        NotationError: it cannot be read, or creates no scheduler that can be drawn; the message shows the line.
    """
    source, budget = Source(text), Budget(_MOST_CHARACTERS, _MOST_NODES) if whole else Budget()
    try:
        tree = source.tree(budget)
        if source.lengths:
            from lrviz.notation.lengths import replace_lengths

            tree = replace_lengths(tree, source.lengths, {**defaults, **values})
        if not all(map(str.isidentifier, values)):
            from lrviz.notation.substitution import replace_expressions

            tree = replace_expressions(tree, values)
        found = _Reading(tree, values, defaults, budget, given).found()
        for each in found:
            budget.check_printed(str(each.call))
            each.excerpt = source.excerpt(_At(each.missing[0].line, each.missing[0].column)) if each.missing else ()
        return found
    except ExpressionError as error:
        raise NotationError(error.message, error.hint, source.excerpt(error.node)) from error
    except RecursionError as error:
        raise NotationError("the script is nested too deeply") from error
    except MemoryError as error:
        raise NotationError("there is not enough memory to read the script") from error


class _Reading:
    def __init__(
        self,
        tree: ast.Module,
        values: Mapping[str, Any],
        defaults: Mapping[str, Any],
        budget: Budget,
        given: Collection[str],
    ) -> None:
        self.reader, self.budget, self.given = Interpreter(tree, values, defaults, budget), budget, given
        self.lightning: dict[int, tuple[str, int]] = {}  # interval and line, by id() of the scheduler
        self.returned: list[Any] = []
        self.choices: list[Origin] = []  # that decide which scheduler is used

    def found(self) -> list[Found]:
        reader = self.reader
        signal = reader.block(reader.tree.body, reader.top)
        if signal is not None and signal.kind == "return":
            self.returned.append(signal.value)
        else:
            self.returned += self._last_values()
        self._call_the_rest()
        for value in self.returned:
            self._lightning(value)
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
        makes = _functions_that_make(reader.tree)
        wanted = [(cls, f) for cls, f in (*functions, *methods) if f.name in makes]
        inside = {name for _, f in wanted for name in _called_names(f.node) if name != f.name}
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
        return reader.call_function(bind(method, own[-1] if own else reader.instantiate(cls, [], {})), [], {})

    # Which schedulers

    def _chosen(self) -> list[Schedule]:
        """The schedulers to draw: those that are stepped, else the last that is not inside another."""
        reader = self.reader
        stepped = {id(e.target): e for e in reader.events if e.kind == "step"}
        for event in reader.events:
            if event.kind == "step" and isinstance(event.target, Opaque):
                self._refuse_opaque(event.target, event.node)
        wrappers = [o for o in reader.opaque if library.looks_like_scheduler(o)]
        for opaque in wrappers:
            given = [
                i for v in (*opaque.args, *opaque.kwargs.values()) for i in (v if isinstance(v, list | tuple) else [v])
            ]
            if any(isinstance(v, Schedule) for v in given) or not reader.schedules:
                self._refuse_opaque(opaque, None)
        roots = [s for s in reader.schedules if s.inside is None]
        chosen = [s for s in roots if id(s) in stepped or id(s) in self.lightning]
        after = max((e.line for e in reader.events if e.kind == "step"), default=0)
        if roots and (not chosen or (id(roots[-1]) not in stepped and roots[-1].line > after)):
            chosen = roots[-1:]  # lines that end before its loop
            last = max((o.origins[0].line for o in wrappers), default=0)
            if last > chosen[0].line:
                self._refuse_opaque(wrappers[-1], None)
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
        for one in chosen:
            for other in roots:
                tests = {id(c.test): c for c in other.conditions}
                for condition in one.conditions:
                    if (against := tests.get(id(condition.test))) and against.taken != condition.taken:
                        found += condition.value.origins
        missing = list({o.text: o for o in found if o.givable}.values())
        if missing:
            self.choices = missing

    def _refuse_opaque(self, value: Opaque, node: ast.AST | None) -> None:
        line = value.origins[0].line
        raise ExpressionError(
            f"`{printable(value.name, 60)}` on line {line} is not a scheduler of torch",
            "code of your own runs as `FILE.py:NAME`, with a function that takes the optimizer",
            node or _At(line),
        )

    def _refuse_all(self) -> None:
        rate = next((e for e in self.reader.events if e.kind == "rate"), None)
        if rate is not None:
            raise ExpressionError(
                "the rate is set by hand here, which is not followed",
                "write it as a function, `LambdaLR(optimizer, lambda epoch: ...)`",
                rate.node,
            )
        raise ExpressionError(
            NO_SCHEDULER,
            "such as `cosine` or `CosineAnnealingLR(T_max=32)`",
            self.reader.tree.body[-1] if self.reader.tree.body else None,
        )

    # What of one

    def _found(self, schedule: Schedule) -> Found:
        missing: list[Origin] = []
        call = self._call(schedule, missing)
        self._check_order(schedule)
        found = Found(call, schedule.variable, schedule.line, missing=[*self.choices, *missing])
        self._read_optimizer(schedule, found)
        self._read_loops(schedule, found)
        found.assigned, found.assigned_lines = self.reader.top.names, _lines(self.reader.tree)
        found.missing = list({o.text: o for o in reversed(found.missing) if o.givable}.values())[::-1]
        return found

    def _call(self, schedule: Schedule, missing: list[Origin]) -> SchedulerCall:
        """The scheduler as notation."""
        info = find(schedule.name)
        kwargs = dict(schedule.kwargs)
        if kwargs.get("last_epoch") == -1:
            kwargs.pop("last_epoch")
        verbose = kwargs.get("verbose")
        if isinstance(verbose, bool | str):
            kwargs.pop("verbose")
        args = list(schedule.args)
        values = tuple(self._value(v, schedule.node, missing) for v in args)
        pairs = tuple((k, self._value(v, schedule.node, missing)) for k, v in kwargs.items())
        spread = [k for k in kwargs if k.startswith("**")]
        if spread:
            pairs = tuple((k, v) for k, v in pairs if k not in spread)
        del info
        return SchedulerCall(schedule.name, values, pairs, schedule.module)

    def _value(self, value: Any, node: ast.AST, missing: list[Origin], inside: bool = False) -> Any:
        if (why := self.reader.taint(value)) is not None:
            missing += why.origins
            return 0
        match value:
            case Unknown():
                if not any(o.givable for o in value.origins):
                    first = value.origins[0] if value.origins else Origin(node)
                    raise ExpressionError(
                        f"`{printable(first.text, 60)}` has no value here: it cannot be computed, or changes in a loop",
                        "write its value out",
                        _At(first.line, first.column),
                    )
                missing += value.origins[: max(_MOST_MISSING - len(missing), 0)]
                return 0
            case None | bool() | int() | str():
                return value
            case float():
                return float(value)  # of numpy
            case list() | tuple() | range():
                items = list(value)
                if inside:
                    shown = printable(unparse(node), 60)
                    raise ExpressionError(f"`{shown}` has a list inside a list", node=node)
                return tuple(self._value(item, node, missing, inside=True) for item in items)
            case Schedule() if inside:
                return self._call(value, missing)
            case Schedule():
                raise ExpressionError(f"`{printable(unparse(value.node), 60)}` is not a value", node=value.node)
            case Function():
                return self._lambda(value, missing)
            case Dotted() if library.is_scheduler(value.last):
                return SchedulerCall(SHORT_NAMES.get(value.last, value.last))
            case Dotted():
                missing.append(Origin(value.path, getattr(node, "lineno", 0)))
                return 0
            case Instance(cls=Class() as cls) if isinstance(cls.find("__call__"), Function):
                return self._lambda(self.reader.attribute(value, "__call__", ast.Name("f")), missing)
        raise ExpressionError(f"a value of `{unparse(node)[:60]}` is not one that a scheduler takes", node=node)

    def _lambda(self, function: Function, missing: list[Origin]) -> Lambda:
        """A function of the script as one of the notation."""
        reader = self.reader
        node = function.node
        if isinstance(node, ast.Lambda) and (plain := self._plain_lambda(function)) is not None:
            return plain
        first = self._try_call(function, missing)

        def call(x: Any) -> Any:
            reader.steps, reader.limit, reader.calls = 0, MAX_CALL_STEPS, 0
            result = reader.call_function(function, [x], {})
            if isinstance(result, bool | int | float):
                return result
            names = ", ".join(f"`{o.text}`" for o in origins(result)) or "a value that is no number"
            raise ExpressionError(f"`{function.name}` gives {names} for {x}", "give its value with `--let`", node)

        source = unparse(node) if isinstance(node, ast.Lambda) else function.name
        return Lambda(source, call, max(first, 1) * _COST, code=self._code(function))

    def _try_call(self, function: Function, missing: list[Origin]) -> int:
        """Call a function for the first numbers, to find what it needs; the operations of a call."""
        reader = self.reader
        before, limit = reader.steps, reader.limit
        most = 0
        for x in (0, 1, 1000):
            reader.steps, reader.limit = 0, MAX_CALL_STEPS
            try:
                result = reader.call_function(function, [x], {})
            finally:
                most = max(most, reader.steps)
                reader.steps, reader.limit = before + most, limit
            missing += [o for o in origins(result) if o.givable]
        return most

    def _code(self, function: Function) -> str:
        """What tells a function from another of the same name."""
        known = {
            name: value
            for scope in (function.scope,)
            for name, value in scope.names.items()
            if isinstance(value, bool | int | float | str)
        }
        used = {n.id for n in ast.walk(function.node) if isinstance(n, ast.Name)}
        own = function.bound.names if isinstance(function.bound, Instance) else {}
        values = {k: v for k, v in {**known, **function.defaults}.items() if k in used or k in function.defaults}
        return f"{unparse(function.node)} {values!r} { {k: v for k, v in own.items() if isinstance(v, int | float)}!r}"

    def _plain_lambda(self, function: Function) -> Lambda | None:
        """A lambda of arithmetic alone, which is compiled and printed with its values; None if it is another."""
        from lrviz.notation.evaluator import compile_function
        from lrviz.notation.substitution import bound_source

        node: Any = function.node
        spec = node.args
        if (
            function.bound is not None
            or spec.vararg
            or spec.kwarg
            or spec.kwonlyargs
            or spec.posonlyargs
            or not spec.args
        ):
            return None
        argument, *bound = [a.arg for a in spec.args]
        names: dict[str, Any] = {}
        for name in sorted({n.id for n in ast.walk(node.body) if isinstance(n, ast.Name)} - {argument}):
            if name in bound:
                value = function.defaults.get(name)
            else:
                scope = function.scope.find(name)
                value = self.reader.values.get(name, scope.names[name] if scope else self.reader.defaults.get(name))
                if scope is None and value is None:
                    if library.name_without_import(name) is None:
                        return None
                    continue
                if isinstance(value, Dotted) and value.path in ("math", f"math.{name}"):
                    continue
            value = tuple(value) if isinstance(value, list | range) else value
            items = value if isinstance(value, tuple) else (value,)
            if not all(type(i) in (bool, int, float) for i in items):
                return None
            names[name] = value

        try:
            made, steps = compile_function(node.body, names, argument, self.budget)
        except UnsupportedError:
            return None
        source = bound_source(copy.deepcopy(node.body), names, argument, self.budget)
        return Lambda(f"lambda {argument}: {source}", made, steps)

    def _check_order(self, schedule: Schedule) -> None:
        """Refuse a composite whose children are created in another order than that of its list, if that matters."""
        children = _children(schedule)
        if not children:
            return
        for child in children:
            self._check_order(child)
        info = find(schedule.name)
        infos = [find(child.name) for child in children]
        if info and info.restores_rate and not any(i and i.overwrites_rate for i in infos):
            return
        made = self.reader.schedules
        order = [made.index(s) for child in children for s in (*_descendants(child), child)]
        if order != sorted(order):
            raise ExpressionError(
                f"the schedulers of `{schedule.name}` are not created in the order of the list, which changes the "
                "rates",
                "create them in the order of the list",
                schedule.node,
            )

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
        if not isinstance(optimizer, Optimizer):
            return
        rates = schedule.rates
        unknown = [r for r in rates if isinstance(r, Unknown)]
        for rate in unknown:
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
            usual = library.optimizer_defaults(optimizer.name).get("betas")
            momentum = None if betas == usual else betas[0]
        if isinstance(momentum, int | float) and momentum and isfinite(momentum):
            found.fields["momentum"], found.lines["momentum"] = momentum, optimizer.line

    def _read_loops(self, schedule: Schedule, found: Found) -> None:
        """When the scheduler steps, and how long the run is."""
        reader = self.reader
        steps = [e for e in reader.events if e.kind == "step" and e.target is schedule]
        updates = [e for e in reader.events if e.kind == "update" and e.target is schedule.optimizer]
        if not updates and not isinstance(schedule.optimizer, Optimizer):
            updates = [e for e in reader.events if e.kind == "update"]
        update = max(updates, key=lambda e: len(e.loops), default=None)
        if id(schedule) in self.lightning:
            found.fields["interval"], found.lines["interval"] = self.lightning[id(schedule)]
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
            self._read_step(schedule, steps, update, found)
        elif update is not None:
            self._read_length(update.loops, None, found)
        self._read_trainer(found)

    def _read_step(self, schedule: Schedule, steps: Sequence[Event], update: Event | None, found: Found) -> None:
        step = steps[0]
        found.stepped = step.line
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
        every = self._conditions(step, found, len(steps) > 1)
        update_every = None if update is None else self._conditions(update, None, True)
        if update is not None and update_every is not None:
            found.drops_partial = not any(c.partial for c in update.conditions)
        if update is not None and step.loops == update.loops:
            interval = "step" if len(inner) > 1 or not _of_epochs(inner[-1]) else "epoch"
            if self.reader.events.index(step) < self.reader.events.index(update):
                self._refuse_order(step, update)
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
                self._refuse_order(step, update)
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
        found.fields["interval"], found.lines["interval"] = interval, step.line
        self._read_length(
            inner if update is not None else loops,
            update_every,
            found,
            one=interval == "epoch" and len(inner) == 1 and update is not None,
        )

    def _refuse_order(self, step: Event, update: Event) -> None:
        raise ExpressionError(
            f"`scheduler.step()` on line {step.line} comes before `optimizer.step()` on line {update.line}: torch then "
            "skips the first rate",
            "call `scheduler.step()` after `optimizer.step()`",
            step.node,
        )

    def _conditions(self, event: Event, found: Found | None, several: bool) -> int | None:
        """The number of batches between two steps; None without a condition."""
        every = None
        for condition in event.conditions:
            if condition.every is not None and not isinstance(condition.every, Unknown):
                every = condition.every if isinstance(condition.every, int) else None
                if found is not None:
                    found.drops_partial = not condition.partial
                continue
            if found is None:
                continue
            if isinstance(condition.every, Unknown):
                found.missing += condition.every.origins
                continue
            known = [o for o in condition.value.origins if o.givable]
            if known and not isinstance(condition.value, Counter):
                if several and not any(isinstance(c.value, Counter) for c in event.conditions):
                    continue  # both branches step
                found.missing += known
                continue
            raise ExpressionError(
                f"the scheduler steps under `if {printable(unparse(condition.test), 60)}`, which is not followed",
                "give `--interval step` or `--interval epoch`, and paste the lines without the loop",
                event.node,
            )
        return every

    def _read_length(self, loops: Sequence[Loop], every: int | None, found: Found, *, one: bool = False) -> None:
        """The epochs and the batches of an epoch."""
        if not loops:
            return
        outer, inner = (loops[-2], loops[-1]) if len(loops) > 1 else (loops[-1], None)
        if inner is None and not _of_epochs(outer):
            self._count("steps", outer, found)
            found.loaders = _loader_texts(outer)
            if isinstance(outer.over, Loader) or (found.loaders and not isinstance(outer.count, int)):
                found.fields.pop("steps", None)
                self._count("steps_per_epoch", outer, found)
                found.fields["epochs"] = 1
            return
        self._count("epochs", outer, found)
        if inner is not None:
            self._count("steps_per_epoch", inner, found)
            found.loaders = _loader_texts(inner)
        elif one:
            found.fields["steps_per_epoch"] = 1
        if every:
            found.fields["grad_accum"], found.lines["grad_accum"] = every, found.stepped

    def _count(self, name: str, loop: Loop, found: Found) -> None:
        line = loop.node.lineno
        if isinstance(loop.count, int) and not isinstance(loop.count, bool):
            if loop.count > 0:
                found.fields[name], found.lines[name] = loop.count, line
        elif isinstance(loop.count, Unknown) and name != "steps_per_epoch" and not {name, "steps"} & {*self.given}:
            found.missing += [o for o in loop.count.origins if o.givable]
        elif isinstance(loop.over, Loader) and isinstance(loop.over.batch_size, int):
            found.fields["batch_size"], found.lines["batch_size"] = loop.over.batch_size, loop.over.line

    def _read_trainer(self, found: Found) -> None:
        """The length of the run of Lightning's Trainer, and Accelerate's accumulation."""
        names = {
            "max_epochs": "epochs",
            "accumulate_grad_batches": "grad_accum",
            "max_steps": "steps",
            "gradient_accumulation_steps": "grad_accum",
        }
        for opaque in self.reader.trainers:
            for key, name in names.items():
                value = opaque.kwargs.get(key)
                if isinstance(value, int) and not isinstance(value, bool) and value > 0 and name not in found.fields:
                    found.fields[name], found.lines[name] = value, opaque.origins[0].line
        if "steps" in found.fields:
            found.fields.pop("epochs", None)

    # Lightning

    def _lightning(self, value: Any) -> None:
        """What `configure_optimizers` returns."""
        if isinstance(value, tuple) and len(value) == 2 and all(isinstance(v, list) for v in value):
            for each in value[1]:
                self._lightning_scheduler(each)
            return
        for each in value if isinstance(value, list | tuple) else [value]:
            if isinstance(each, dict):
                if "lr_scheduler" in each:
                    self._lightning_scheduler(each["lr_scheduler"])
                elif "scheduler" in each:
                    self._lightning_scheduler(each)

    def _lightning_scheduler(self, value: Any) -> None:
        if isinstance(value, Schedule):
            self.lightning[id(value)] = "epoch", value.line
        elif isinstance(value, dict) and isinstance(schedule := value.get("scheduler"), Schedule):
            interval, frequency = value.get("interval", "epoch"), value.get("frequency", 1)
            if frequency != 1:
                raise ExpressionError(
                    f"Lightning's `frequency` of {frequency if isinstance(frequency, int) else 'unknown value'} is not "
                    "followed",
                    "leave it out, or 1, and multiply the scheduler's lengths by it",
                    schedule.node,
                )
            if interval in ("step", "epoch"):
                self.lightning[id(schedule)] = interval, schedule.line


def _children(schedule: Schedule) -> list[Schedule]:
    values = [*schedule.args, *schedule.kwargs.values()]
    return [s for v in values for s in (v if isinstance(v, list | tuple) else [v]) if isinstance(s, Schedule)]


def _descendants(schedule: Schedule) -> list[Schedule]:
    return [s for child in _children(schedule) for s in (*_descendants(child), child)]


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


def _lines(tree: ast.Module) -> dict[str, int]:
    """The lines of assignments to names, outside of functions."""
    return {
        target.id: statement.lineno
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }


def missing_values(found: Found, prefix: str = "--") -> NotationError:
    """The error for a script that needs values: all of them at once, and how to give them."""
    shown = [f"`{printable(o.text, 60)}` (line {o.line}{_guess(o.text)})" for o in found.missing]
    options = []
    for origin in found.missing:
        if origin.text in found.loaders:
            options.append(f"{prefix}steps-per-epoch N" if prefix else "steps_per_epoch = N")
        else:
            text = f"{origin.text}={_example(origin.text)}"
            plain = text.replace(".", "").replace("=", "").replace("_", "").isalnum()
            options.append(f"--let {text}" if plain else f"--let '{text}'" if "'" not in text else f'--let "{text}"')
    if len(shown) == 1:
        (origin,) = found.missing
        kind = "name" if origin.text.isidentifier() else "value"
        message = f"unknown {kind} `{printable(origin.text, 60)}`{f' on line {origin.line}' if origin.line > 1 else ''}"
        return NotationError(message, f"add {options[0]}", found.excerpt)
    return NotationError(
        f"the script needs {len(shown)} values: {', '.join(shown)}", f"add {' '.join(dict.fromkeys(options))}"
    )


_GUESSES: Final = (
    (("lr", "rate"), ", a rate", "0.1"),
    (("gamma", "factor", "decay", "ratio", "momentum", "power", "alpha"), ", a factor", "0.1"),
    (("epoch", "step", "iter", "len(", "size", "num", "n_", "batch", "t_", "warm", "max", "total"), ", a count", "10"),
)


def _guess(text: str) -> str:
    """What a value probably is, by its name."""
    last = text.lower() if "(" in text else text.lower().rpartition(".")[2]
    return next((what for words, what, _ in _GUESSES if any(word in last for word in words)), "")


def _example(text: str) -> str:
    last = text.lower() if "(" in text else text.lower().rpartition(".")[2]
    return next((example for words, _, example in _GUESSES if any(word in last for word in words)), "1")


def _called_names(node: ast.AST) -> set[str]:
    """The names of the functions and methods that are called in a node, or passed on."""
    return {
        child.id if isinstance(child, ast.Name) else child.attr
        for child in ast.walk(node)
        if isinstance(child, ast.Name | ast.Attribute)
    }


def _functions_that_make(tree: ast.Module) -> set[str]:
    """The names of functions and methods that create a scheduler, or call one that does."""
    calls: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            calls.setdefault(node.name, set()).update(_called_names(node))
    found = {name for name, inside in calls.items() if any(map(library.is_scheduler_class, inside))}
    while more := {name for name, inside in calls.items() if name not in found and inside & found}:
        found |= more
    return found


class _At(ast.AST):
    """A line."""

    def __init__(self, line: int, column: int = 0) -> None:
        self.lineno, self.col_offset = line, column


Check = Callable[[Condition], bool]
