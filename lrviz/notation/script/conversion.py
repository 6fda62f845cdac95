"""Schedulers, functions and other values of a script, as those of the notation."""

from __future__ import annotations

import ast
import copy
from functools import partial
from itertools import zip_longest
from typing import Any, Final

from lrviz.notation.evaluator import compile_function
from lrviz.notation.functions import Function as KnownFunction
from lrviz.notation.parser import MAX_NUMBER_BITS, Lambda, SchedulerCall, Table
from lrviz.notation.script.interpreter import Interpreter
from lrviz.notation.script.names import is_scheduler, name_without_import
from lrviz.notation.script.operators import size
from lrviz.notation.script.standalone import Standalone
from lrviz.notation.script.trees import Position, following, returned_expression
from lrviz.notation.script.values import (
    CONSTANTS,
    Array,
    Class,
    Counter,
    Dotted,
    Function,
    Instance,
    Method,
    Opaque,
    Origin,
    Schedule,
    Unknown,
    alternatives,
    flat,
    origins,
)
from lrviz.notation.source import MAX_CALL_STEPS, SHORT_NAMES, ExpressionError, UnsupportedError, unparse
from lrviz.notation.substitution import bound_source
from lrviz.schedulers import find
from lrviz.text import printable

_MOST_MISSING: Final = 20  # values that are asked for
_MOST_CHARACTERS: Final = 80  # of a `def` that is printed as a lambda, rather than by its name
_FUNCTION: Final = "lambda step: 0.95 ** step"  # an example
_LATER: Final = 1000  # for which a function is called too, to find what it needs after a warm-up
_COST: Final = 20  # operations of a compiled lambda in the time of one of a function that is read


def _is_named(node: ast.expr) -> bool:
    """Whether an argument has the value of a name as it is: `cfg.lr`, `str(cfg.lr)`, `cfg.lr or 0.1`."""
    match node:
        case (
            ast.BoolOp(op=ast.Or(), values=[inner, *_])
            | ast.Call(func=ast.Name(id="str" | "int" | "float" | "bool" | "dict"), args=[inner])
        ):
            return _is_named(inner)
    return isinstance(node, ast.Name | ast.Attribute | ast.Subscript)


def _check_children(schedule: Schedule, value: Any) -> None:
    """Refuse a scheduler inside another that is not known, whose value cannot be given."""
    for item in value if isinstance(value, list | tuple) else (value,):
        if isinstance(item, Unknown) and not item.options and item.origins:
            text = item.node.func if isinstance(item, Opaque) else item.origins[0].text
            shown = printable(text if isinstance(text, str) else unparse(text), 60)
            raise ExpressionError(
                f"`{shown}` on line {item.origins[0].line}, inside `{schedule.name}`, is not a scheduler of torch",
                "paste the lines that create it",
                schedule.node,
            )


def _is_plain(value: Any) -> bool:
    """Whether `repr` prints a value without the place of an object in memory."""
    items = value if isinstance(value, list | tuple) else (value,)
    return all(isinstance(item, CONSTANTS) for item in items)


class Conversion:
    """Converts schedulers of a script to the notation.

    `missing` are the expressions whose values they need, so far, and `notes` say what was assumed.

    Args:
        reader: The reader that has read the script.
    """

    def __init__(self, reader: Interpreter) -> None:
        self.reader = reader
        self.missing: list[Origin] = []
        self.notes: list[str] = []

    def call(self, schedule: Schedule) -> SchedulerCall:
        """The scheduler as notation."""
        args, kwargs = list(schedule.args), dict(schedule.kwargs)
        info = find(schedule.name)
        if info is not None and info.takes_optimizer and info.takes_last_epoch:
            extra = args[len(info.parameters) :]
            if len(extra) <= 2:
                kwargs |= dict(zip(("last_epoch", "verbose"), extra, strict=False))
                del args[len(info.parameters) :]
        last = kwargs.get("last_epoch")
        if isinstance(last, Unknown) and not isinstance(last, Counter) and schedule.optimizer is not None:
            self.notes.append(f"{schedule.name}: last_epoch is not known: the run is drawn from its first update")
            last = -1
        if last == -1:
            kwargs.pop("last_epoch")
        if kwargs.get("verbose"):  # its value does not matter: a note says that it is left out
            kwargs["verbose"] = True
        self._note_examples(schedule, kwargs)
        kinds = {p.name: p.kind for p in info.parameters} if info else {}
        values = tuple(
            self.call(v) if kind == "scheduler" and isinstance(v, Schedule) else self._value(v, schedule.node)
            for v, kind in zip_longest(args, list(kinds.values())[: len(args)])
        )
        pairs = [
            (
                k,
                self.call(v)
                if kinds.get(k) == "scheduler" and isinstance(v, Schedule)
                else self._value(v, schedule.node),
            )
            for k, v in kwargs.items()
        ]
        named = tuple((k, v) for k, v in pairs if not k.startswith("**"))  # `**options` is among those missing
        return SchedulerCall(schedule.name, values, named, schedule.module)

    def _note_examples(self, schedule: Schedule, kwargs: dict[str, Any]) -> None:
        """Note what values the arguments that are not known may have."""
        info = find(schedule.name)
        parameters = info.parameters if info else ()
        positional = dict(zip((p.name for p in parameters), schedule.args, strict=False))
        computed = {k.arg for k in schedule.node.keywords if not _is_named(k.value)}
        for parameter in parameters:
            value = kwargs.get(parameter.name, positional.get(parameter.name))
            if parameter.kind in ("lr_lambda", "function"):
                for item in flat([option for v in flat([value]) for option in alternatives(v)]):
                    if isinstance(item, Unknown) and len(item.origins) == 1 and "len(" not in item.origins[0].text:
                        self.reader.examples[item.origins[0].text] = [_FUNCTION]
                continue
            if parameter.kind == "schedulers":
                _check_children(schedule, value)
            if not isinstance(value, Unknown) or len(value.origins) != 1 or value.options or parameter.name in computed:
                continue
            usual = parameter.default
            if parameter.kind == "milestones":
                example = "[10, 20]"
            elif parameter.kind == "options":
                example = "{}"
            elif parameter.choices:
                example = repr(parameter.choices[0])
            elif isinstance(usual, int | float) and (usual or parameter.kind == "bool"):
                example = str(usual)
            else:
                continue
            self.reader.examples.setdefault(value.origins[0].text, [example])
        given = {*positional, *kwargs}
        needed = [p for p in parameters if p.required and p.name not in given and not p.instead]
        table = {p.name: [10, 20] if p.kind == "milestones" else 10 if p.kind == "int" else 0.1 for p in needed}
        for name, value in kwargs.items():
            if name.startswith("**") and isinstance(value, Unknown) and len(value.origins) == 1:
                self.reader.examples[value.origins[0].text] = [repr(table)]

    def _value(self, value: Any, node: ast.AST, inside: bool = False) -> Any:
        if (why := self.reader.taint(value)) is not None:
            value = why
        match value:
            case int() if value.bit_length() > MAX_NUMBER_BITS:
                raise ExpressionError(f"`{printable(unparse(node), 60)}` has too large a number", node=node)
            case Method(owner=Schedule() as owner):
                raise ExpressionError(
                    f"`{printable(unparse(owner.node.func), 60)}` on line {owner.line} is not a scheduler of torch: "
                    f"its `{value.name}` is used as a function",
                    f"paste the lines of the class `{printable(unparse(owner.node.func), 60)}` too",
                    owner.node,
                )
            case Unknown():
                if not any(o.givable for o in value.origins):
                    first = value.origins[0] if value.origins else Origin(node)
                    raise ExpressionError(
                        f"`{printable(first.text, 60)}` has no value here: it cannot be computed, or changes in a loop",
                        "write its value out",
                        Position(first.line, first.column),
                    )
                self.missing += value.origins[: max(_MOST_MISSING - len(self.missing), 0)]
                for option in alternatives(value) if value.options else ():
                    if isinstance(option, Function):
                        self._try_call(option)
                return 0
            case None | bool() | int() | str():
                return value
            case float():
                return float(value)  # of numpy
            case list() | tuple() | range() | Array():
                items = value.items if isinstance(value, Array) else list(value)
                if inside:
                    shown = printable(unparse(node), 60)
                    raise ExpressionError(f"`{shown}` has a list inside a list", node=node)
                return tuple(self._value(item, node, inside=True) for item in items)
            case dict() if not inside and all(isinstance(key, str) for key in value):
                self.reader.add(size(value), node)  # a table may be in others many times
                return Table(tuple((key, self._value(item, node)) for key, item in value.items()))
            case Schedule() if inside:
                return self.call(value)
            case Schedule():
                raise ExpressionError(f"`{printable(unparse(value.node), 60)}` is not a value", node=value.node)
            case Function():
                return self._lambda(value)
            case Lambda():  # that is given
                return value
            case KnownFunction():  # of math, without an import: a name such as `gamma`
                self.missing.append(Origin(value.name, getattr(node, "lineno", 0)))
                return 0
            case Dotted() if is_scheduler(value.last):
                return SchedulerCall(SHORT_NAMES.get(value.last, value.last))
            case Dotted():
                self.missing.append(Origin(value.path, getattr(node, "lineno", 0)))
                return 0
            case Instance(cls=Class() as cls) if isinstance(cls.find("__call__"), Function):
                return self._lambda(self.reader.attribute(value, "__call__", ast.Name("f")))
        raise ExpressionError(f"a value of `{unparse(node)[:60]}` is not one that a scheduler takes", node=node)

    def _lambda(self, function: Function) -> Lambda:
        """A function of the script as one of the notation."""
        reader = self.reader
        node = function.node
        body = node.body if isinstance(node, ast.Lambda) else returned_expression(node.body)
        plain = None if body is None else self._plain_lambda(function, body)
        if plain is not None and (isinstance(node, ast.Lambda) or len(plain.source) <= _MOST_CHARACTERS):
            return plain
        first = self._try_call(function)
        needed = Standalone(reader)
        if isinstance(node, ast.Lambda):
            source = needed.written(function)
        else:
            source = function.name
            needed.define(function)
        code = needed.code if needed.whole else self._code(function)
        return Lambda(source, partial(_call, reader, function), max(first, 1) * _COST, code=code, whole=needed.whole)

    def _try_call(self, function: Function) -> int:
        """Call a function for the first numbers, to find what it needs; the operations of a call."""
        reader = self.reader
        before, limit = reader.steps, reader.limit
        most = 0
        results = []
        for x in (0, 1, _LATER, 0):
            reader.steps, reader.limit = 0, MAX_CALL_STEPS
            try:
                result = reader.call_function(function, [x], {})
            except ExpressionError:
                if x != _LATER:  # the run may end before that
                    raise
                continue
            finally:
                most = max(most, reader.steps)
                reader.steps, reader.limit = before + most, limit
            results.append(result)
            self._check_needs(function, result)
            self.missing += [o for o in origins(result) if o.givable]
        if isinstance(results[0], int | float) and repr(results[0]) != repr(results[-1]):
            raise ExpressionError(
                f"`{function.name}` gives {results[0]} and then {results[-1]} for 0: it changes something, which is "
                "not followed",
                "write it so that its value depends on its argument alone",
                function.node,
            )
        return most

    def _check_needs(self, function: Function, result: Any) -> None:
        """Refuse a function with an expression that is not read, and whose value differs from step to step."""
        own = {a.arg for a in function.node.args.args if a.arg not in function.defaults} - {"self"}
        if isinstance(function.node, ast.FunctionDef):
            own = following(function.node, own)
        for origin in origins(result):
            node = origin.node if origin.givable else None
            if node is None or not own & {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}:
                continue
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                raise ExpressionError(
                    f"`{printable(node.func.id, 60)}` is not read, and `{function.name}` calls it",
                    "paste the lines that define it too, or write its value",
                    node,
                )
            shown = printable(origin.text, 60)
            hint = "tensors are not read: use the functions of `math`" if "torch." in origin.text else ""
            raise ExpressionError(
                f"`{shown}` in `{function.name}` is not read, and its value changes with the step",
                hint or "write it with the operators and functions of Python, `math` or numpy",
                node,
            )

    def _code(self, function: Function) -> str:
        """What tells a function from another of the same name."""
        used = sorted({n.id for n in ast.walk(function.node) if isinstance(n, ast.Name)})
        scopes = {name: scope for name in used if (scope := function.scope.find(name)) is not None}
        own = function.bound.names if isinstance(function.bound, Instance) else {}
        values = {**{name: scope.names.get(name) for name, scope in scopes.items()}, **function.defaults, **own}
        self.reader.add(size(values), function.node)
        shown = [{name: v for name, v in values.items() if _is_plain(v)}, [v for v in function.given if _is_plain(v)]]
        return f"{unparse(function.node)} {shown!r}"

    def _plain_lambda(self, function: Function, body: ast.expr) -> Lambda | None:
        """A function of arithmetic alone, which is compiled and printed with its values; None if it is another."""
        spec = function.node.args
        if (
            function.bound is not None
            or function.given
            or spec.vararg
            or spec.kwarg
            or spec.kwonlyargs
            or spec.posonlyargs
            or not spec.args
        ):
            return None
        argument, *bound = [a.arg for a in spec.args]
        names: dict[str, Any] = {}
        if any(isinstance(n, ast.Attribute) for n in ast.walk(body)):
            body = _Attributes(self.reader, function, names).visit(copy.deepcopy(body))
        for name in sorted({n.id for n in ast.walk(body) if isinstance(n, ast.Name)} - {argument, *names}):
            if name in bound:
                value = function.defaults.get(name)
            else:
                scope = function.scope.find(name)
                value = self.reader.values.get(name, scope.names[name] if scope else self.reader.defaults.get(name))
                if scope is None and value is None:
                    if name_without_import(name) is None:
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
            made, steps = compile_function(body, names, argument, self.reader.budget)
        except UnsupportedError:
            return None
        source = bound_source(copy.deepcopy(body), names, argument, self.reader.budget)
        return Lambda(f"lambda {argument}: {source}", made, steps, plain=True)


class _Attributes(ast.NodeTransformer):
    """Replaces attributes that are numbers, such as `args.epochs`, by names, whose values are added to `names`."""

    def __init__(self, reader: Interpreter, function: Function, names: dict[str, Any]) -> None:
        self.reader, self.function, self.names = reader, function, names

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        first: ast.expr = node
        while isinstance(first, ast.Attribute):
            first = first.value
        if not isinstance(first, ast.Name) or first.id in {a.arg for a in self.function.node.args.args}:
            return node
        scope = self.function.scope.find(first.id)
        if scope is None or not isinstance(scope.names[first.id], Instance | Class):
            return node
        value = self.reader.evaluate(node, self.function.scope)
        if type(value) not in (bool, int, float):
            return node
        text = unparse(node)
        self.names[text] = value
        return ast.copy_location(ast.Name(text, ast.Load()), node)


def _call(reader: Interpreter, function: Function, x: Any) -> Any:
    """The number that a function of the script gives for another."""
    node = function.node
    before = reader.steps, reader.limit, reader.calls
    reader.steps, reader.limit, reader.calls = 0, MAX_CALL_STEPS, 0
    try:
        result = reader.call_function(function, [x], {})
    finally:
        reader.steps, reader.limit, reader.calls = before[0] + reader.steps, *before[1:]
    if isinstance(result, bool | int | float):
        return result
    found = origins(result)
    if found and not any(o.givable for o in found):
        raise ExpressionError(f"`{function.name}` cannot compute `{found[0].text}` for {x}", "", node)
    names = ", ".join(f"`{o.text}`" for o in found) or "a value that is no number"
    raise ExpressionError(f"`{function.name}` gives {names} for {x}", "give its value with `--let`", node)
