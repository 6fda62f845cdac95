"""Read a script as Python would run it, without running it: statements, expressions, functions and classes.

What a script imports is not there, so many values are not known. They are `Unknown`, and so is all that is computed
from them; both branches of a test that is not known are read. A loop around training is read once, with its variables
unknown; other loops are read as often as they run. All of it takes bounded time and memory.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any, Final

from lrviz.notation.functions import BINARY, COMPARE, UNARY
from lrviz.notation.functions import Function as KnownFunction
from lrviz.notation.script import library
from lrviz.notation.script.values import (
    Choice,
    Class,
    Condition,
    Counter,
    Dotted,
    Event,
    Function,
    Group,
    Instance,
    Loader,
    Loop,
    Opaque,
    Optimizer,
    Origin,
    Schedule,
    Scope,
    Unknown,
    origins,
)
from lrviz.notation.source import MAX_BITS, Budget, ExpressionError, unparse

MAX_STEPS: Final = 250_000  # of reading a script: expressions, statements, and items of lists; half a second
_CALL_STEPS: Final = 10  # of a call of a function of the script
MAX_ITEMS: Final = 100_000  # of one list, or characters of one text
MAX_CALLS: Final = 25  # of functions inside each other: each takes several of Python's calls
_CONSTANTS: Final = (type(None), bool, int, float, str)
_ENDS: Final = (ast.Raise, ast.Return, ast.Continue, ast.Break)


class Method(Unknown):
    """An attribute of a value that is not of a class of the script; called, it may be a method that is known."""

    def __init__(self, owner: Any, name: str, node: ast.AST) -> None:
        super().__init__(Origin(node, givable=isinstance(owner, Unknown | Instance)))
        self.owner, self.name = owner, name


class _Signal:
    """How a block ends before its last statement: "return" with a value, "break", "continue" or "raise"."""

    def __init__(self, kind: str, value: Any = None) -> None:
        self.kind, self.value = kind, value


class Interpreter:
    """Reads a script once.

    Args:
        tree: Its syntax tree.
        values: The values of names and expressions that are given; they win over those of the script.
        defaults: The values of names that the script does not define.
    """

    def __init__(
        self, tree: ast.Module, values: Mapping[str, Any], defaults: Mapping[str, Any], budget: Budget
    ) -> None:
        self.tree, self.values, self.defaults, self.budget = tree, values, defaults, budget
        self.steps = 0
        self.limit = MAX_STEPS
        self.calls = 0
        self.top = Scope(names={"__name__": "__main__", "__file__": Unknown(Origin("__file__", 0))})
        self.loops: list[Loop] = []
        self.conditions: list[Condition] = []
        self.events: list[Event] = []
        self.optimizers: list[Optimizer] = []
        self.schedules: list[Schedule] = []
        self.opaque: list[Opaque] = []  # calls that are given an optimizer or a scheduler, in order
        self.trainers: list[Opaque] = []  # calls of Lightning's Trainer and of Accelerator
        self.called: set[ast.AST] = set()  # functions that were called
        self.generators: dict[ast.AST, bool] = {}  # whether a function is a generator
        self.instances: list[Instance] = []
        self.ignored: dict[str, int] = {}  # names whose assignment has no effect, since their value is given
        self.trains = _training_functions(tree)
        self.tainted: dict[int, tuple[Any, Unknown]] = {}  # lists and dicts that may have been changed, by id

    # Limits

    def add(self, steps: int, node: ast.AST | None = None) -> None:
        """Count operations.

        Raises:
            ExpressionError: there are too many.
        """
        self.steps += steps
        if self.steps > self.limit:
            raise ExpressionError(
                f"the script takes over {self.limit:,} operations to read",
                "paste only the lines around the optimizer, the scheduler and the training loop",
                node,
            )

    def checked(self, value: Any, node: ast.AST) -> Any:
        """A value of the script, if it is not too large."""
        if isinstance(value, int) and value.bit_length() > MAX_BITS:
            raise ExpressionError(f"a number of {value.bit_length():,} bits is too large", node=node)
        if isinstance(value, str | list | tuple | dict | range) and len(value) > MAX_ITEMS:
            raise ExpressionError(
                f"a list or text of {len(value):,} items is too long; {MAX_ITEMS:,} is the limit", node=node
            )
        return value

    # Statements

    def run(self) -> None:
        """Read the whole script."""
        self.block(self.tree.body, self.top)

    def block(self, statements: Sequence[ast.stmt], scope: Scope) -> _Signal | None:
        """Read statements; the signal that ends them early."""
        for at, statement in enumerate(statements):
            self.add(1, statement)
            if isinstance(statement, ast.If):
                test = self.truth(self.evaluate(statement.test, scope))
                if isinstance(test, Unknown):
                    signal, done = self._either(statement, test, statements[at + 1 :], scope)
                    if done or signal is not None:
                        return signal
                    continue
                signal = self.block(statement.body if test else statement.orelse, scope)
            else:
                signal = self.statement(statement, scope)
            if signal is not None:
                return signal
        return None

    def _either(
        self, node: ast.If, test: Unknown, rest: Sequence[ast.stmt], scope: Scope
    ) -> tuple[_Signal | None, bool]:
        """Read both branches of an `if`, and what follows it if a branch returns; whether that was read."""
        every = self._every(node.test, scope)
        condition = Condition(node.test, test, every, isinstance(node.test, ast.BoolOp))
        if _ends(node.body):
            last = node.body[-1]
            if isinstance(last, ast.Return) and last.value is not None:
                returned = self._branch(node.body, scope, condition)
                signal = self.block([*node.orelse, *rest], scope)
                value = None if signal is None or signal.kind != "return" else signal.value
                first = returned.value if returned is not None else None
                return _Signal("return", self.merge(first, value, test)), True
            # A branch that stops is for other runs than the training that is read.
            return self.block(node.orelse, scope), False
        if node.orelse and _ends(node.orelse) and not isinstance(node.orelse[-1], ast.Return):
            return self.block(node.body, scope), False
        before = dict(scope.names)
        self._branch(node.body, scope, condition)
        one, scope.names = scope.names, before.copy()
        self._branch(node.orelse, scope, Condition(node.test, test, every, condition.partial, taken=False))
        other = scope.names
        for name in {**one, **other}:
            missing = name not in one or name not in other
            first, second = one.get(name, before.get(name)), other.get(name, before.get(name))
            # A name that only one branch defines has that value wherever it is used.
            scope.names[name] = (one if name in one else other)[name] if missing else self.merge(first, second, test)
        return None, False

    def _branch(self, body: Sequence[ast.stmt], scope: Scope, condition: Condition) -> _Signal | None:
        self.conditions.append(condition)
        try:
            return self.block(body, scope)
        finally:
            self.conditions.pop()

    def _every(self, test: ast.expr, scope: Scope) -> Any:
        """The number N of a test such as `(i + 1) % N == 0`, of which one operand is the variable of a loop."""
        match test:
            case ast.BoolOp(op=ast.Or(), values=[first, *_]):  # or at the end of the epoch
                return self._every(first, scope)
            case ast.UnaryOp(op=ast.Not(), operand=ast.BinOp(left=left, op=ast.Mod(), right=right)):
                pass
            case ast.Compare(left=ast.BinOp(left=left, op=ast.Mod(), right=right), ops=[ast.Eq()], comparators=[_]):
                pass
            case _:
                return None
        return self.evaluate(right, scope) if isinstance(self.evaluate(left, scope), Counter) else None

    def merge(self, one: Any, other: Any, test: Unknown) -> Any:
        """A value that is one of two."""
        if one is other or (type(one) is type(other) and isinstance(one, _CONSTANTS) and one == other):
            return one
        found = (o for v in (one, other) if isinstance(v, Unknown) for o in v.origins)
        options = [s for v in (one, other) for s in (v.options if isinstance(v, Choice) else [v])]
        if any(isinstance(option, Schedule) for option in options):
            return Choice(options, *test.origins, *found)
        return Unknown(*test.origins, *found)

    def statement(self, node: ast.stmt, scope: Scope) -> _Signal | None:
        """Read one statement that is no `if`."""
        match node:
            case ast.Expr(value=value):
                self.evaluate(value, scope)
            case ast.Assign(targets=targets, value=value):
                result = self._passed_through(node, self.evaluate(value, scope))
                for target in targets:
                    self.assign(target, result, scope)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self.assign(target, self.evaluate(value, scope), scope)
            case ast.AugAssign(target=target, op=op, value=value):
                old = self.evaluate(target, scope)
                new = self.binary(op, old, self.evaluate(value, scope), node)
                if isinstance(old, list) and isinstance(new, list) and isinstance(op, ast.Add):
                    self._change(old, node)
                    old[:] = new
                    new = old
                self.assign(target, new, scope)
            case ast.Return(value=value):
                return _Signal("return", None if value is None else self.evaluate(value, scope))
            case ast.For() | ast.AsyncFor():
                return self._for(node, scope)
            case ast.While():
                return self._while(node, scope)
            case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
                for item in items:
                    entered = self.evaluate(item.context_expr, scope)
                    if item.optional_vars is not None:
                        self.assign(item.optional_vars, entered, scope)
                return self.block(body, scope)
            case (
                ast.Try(body=body, orelse=orelse, finalbody=final)
                | ast.TryStar(body=body, orelse=orelse, finalbody=final)
            ):
                signal = self.block([*body, *orelse], scope)
                return self.block(final, scope) or signal
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._define(node, scope)
            case ast.ClassDef():
                self._class(node, scope)
            case ast.Import(names=aliases):
                for alias in aliases:
                    first = alias.name.partition(".")[0]
                    self._store(alias.asname or first, Dotted(alias.name if alias.asname else first), scope)
            case ast.ImportFrom(module=module, names=aliases, level=level):
                path = "." * level + (module or "")
                for alias in aliases:
                    if alias.name != "*":
                        self._store(alias.asname or alias.name, library.attribute(f"{path}.{alias.name}"), scope)
            case ast.Global(names=names):
                scope.elsewhere |= dict.fromkeys(names, scope.top)
            case ast.Nonlocal(names=names):
                for name in names:
                    if scope.outer is not None and (found := scope.outer.find(name)) is not None:
                        scope.elsewhere[name] = found
            case ast.Delete(targets=targets):
                for target in targets:
                    if isinstance(target, ast.Name):
                        scope.names.pop(target.id, None)
            case ast.Break():
                return _Signal("break")
            case ast.Continue():
                return _Signal("continue")
            case ast.Raise():
                return _Signal("raise")
            case ast.Match(subject=subject, cases=cases):
                return self._match(node, self.evaluate(subject, scope), cases, scope)
        return None

    def _match(self, node: ast.Match, subject: Any, cases: Sequence[ast.match_case], scope: Scope) -> _Signal | None:
        """Read the case of a `match` over constants."""
        if not isinstance(subject, _CONSTANTS):
            self._forget(node, scope, subject if isinstance(subject, Unknown) else self.unknown(node.subject))
            return None
        for case in cases:
            patterns = case.pattern.patterns if isinstance(case.pattern, ast.MatchOr) else [case.pattern]
            for pattern in patterns:
                match pattern:
                    case ast.MatchValue(value=value):
                        found = self.evaluate(value, scope) == subject
                    case ast.MatchSingleton(value=value):
                        found = value is subject
                    case ast.MatchAs(pattern=None):
                        found = True
                    case _:
                        self._forget(node, scope, self.unknown(node.subject))
                        return None
                if found and (case.guard is None or self.truth(self.evaluate(case.guard, scope)) is True):
                    return self.block(case.body, scope)
        return None

    # Names and other targets

    def _store(self, name: str, value: Any, scope: Scope) -> None:
        if name in self.values:
            self.ignored.setdefault(name, 0)
            return
        scope.elsewhere.get(name, scope).names[name] = value

    def assign(self, target: ast.expr, value: Any, scope: Scope) -> None:
        """Assign a value to a target."""
        match target:
            case ast.Name(id=name):
                if name in self.values:
                    self.ignored.setdefault(name, target.lineno)
                    return
                if isinstance(value, Schedule) and not value.variable:
                    value.variable = name
                self._store(name, value, scope)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                self._unpack(targets, value, scope)
            case ast.Starred(value=inner):
                self.assign(inner, value, scope)
            case ast.Attribute(value=owner, attr=name):
                instance = self.evaluate(owner, scope)
                if isinstance(instance, Instance | Class):
                    if isinstance(value, Schedule) and not value.variable:
                        value.variable = name
                    old = instance.names.get(name, value)
                    instance.names[name] = self._weak(old, value)
            case ast.Subscript(value=owner, slice=index):
                self._set_item(self.evaluate(owner, scope), self.evaluate(index, scope), value, target)

    def _weak(self, old: Any, new: Any) -> Any:
        """The value of an attribute or item that is set where it is not known whether it is."""
        for condition in self.conditions:
            new = self.merge(old, new, condition.value)
        return new

    def _set_item(self, owner: Any, index: Any, value: Any, node: ast.expr) -> None:
        if isinstance(owner, Group) and index == "lr":
            if self.loops or owner.changes is not None:
                self.event("rate", owner, (value,), node)
                return
            owner["lr"] = self._weak(owner.get("lr"), value)
            return
        if isinstance(owner, dict | list):
            items: Any = owner
            if isinstance(index, Unknown) or not isinstance(index, str | int | float | bool | None):
                self._change(owner, node, index if isinstance(index, Unknown) else self.unknown(node))
                return
            try:
                old = items[index]
            except (KeyError, IndexError, TypeError):
                old = value
            try:
                items[index] = self._weak(old, value)
            except (IndexError, TypeError):
                self._change(owner, node, self.unknown(node))
            self.checked(owner, node)

    def _change(self, value: Any, node: ast.AST, why: Unknown | None = None) -> None:
        """Note that a list or dict is changed where it is not known whether, or how, it is."""
        reason = why or next((c.value for c in self.conditions), None)
        if reason is not None:
            self.tainted[id(value)] = value, reason

    def taint(self, value: Any) -> Unknown | None:
        """Why the items of a list or dict are not known; None if they are."""
        found = self.tainted.get(id(value))
        return found[1] if found else None

    def _unpack(self, targets: Sequence[ast.expr], value: Any, scope: Scope) -> None:
        items = self.items(value)
        starred = next((i for i, t in enumerate(targets) if isinstance(t, ast.Starred)), None)
        if items is None or (starred is None and len(items) != len(targets)) or len(items) < len(targets) - 1:
            found = origins(value)
            for target in targets:
                text = unparse(target)
                name = Origin(text, target.lineno) if text.isidentifier() else None
                self.assign(target, Unknown(*([name] if name else found)), scope)
            return
        if starred is not None:
            rest = len(targets) - starred - 1
            end = len(items) - rest
            items = [*items[:starred], list(items[starred:end]), *items[end:]]
        for target, item in zip(targets, items, strict=True):
            self.assign(target, item, scope)

    def _passed_through(self, node: ast.Assign, value: Any) -> Any:
        """What `accelerator.prepare(model, optimizer)` returns: what it was given, where the names agree."""
        if not isinstance(value, Opaque):
            return value
        known = {
            argument.id: given
            for argument, given in zip(getattr(node.value, "args", []), value.args, strict=False)
            if isinstance(argument, ast.Name) and isinstance(given, Optimizer | Schedule | Loader)
        }
        match node.targets[0]:
            case ast.Tuple(elts=targets):
                names = [t.id if isinstance(t, ast.Name) else "" for t in targets]
                if known.keys() & set(names):
                    return [known.get(name, Unknown(*value.origins)) for name in names]
            case ast.Name(id=name) if value.name in ("prepare", "setup", "setup_optimizers"):
                return known.get(name, value)
        return value

    # Loops

    def _for(self, node: ast.For | ast.AsyncFor, scope: Scope) -> _Signal | None:
        over = self.evaluate(node.iter, scope)
        if self._trains(node):
            count = self.length(over, node.iter)
            return self._training(node, Loop(node, count, over, _stored(node.target)), scope)
        items = self.items(over)
        if items is None:
            why = over if isinstance(over, Unknown) else self.unknown(node.iter)
            self._forget(node, scope, why)
            return None
        for item in items:
            self.add(1, node)
            self.assign(node.target, item, scope)
            signal = self.block(node.body, scope)
            if signal is not None and signal.kind in ("return", "raise"):
                return signal
            if signal is not None and signal.kind == "break":
                return None
        return self.block(node.orelse, scope)

    def _while(self, node: ast.While, scope: Scope) -> _Signal | None:
        if self._trains(node):
            return self._training(node, Loop(node, self._while_count(node, scope)), scope)
        while True:
            self.add(1, node)
            test = self.truth(self.evaluate(node.test, scope))
            if isinstance(test, Unknown):
                self._forget(node, scope, test)
                return None
            if not test:
                return self.block(node.orelse, scope)
            signal = self.block(node.body, scope)
            if signal is not None and signal.kind in ("return", "raise"):
                return signal
            if signal is not None and signal.kind == "break":
                return None

    def _while_count(self, node: ast.While, scope: Scope) -> Any:
        """How often `while step < N` runs, if the loop adds 1 to `step`."""
        match node.test:
            case ast.Compare(left=ast.Name(id=name), ops=[ast.Lt() | ast.LtE() as op], comparators=[end]):
                increments = [
                    s
                    for s in ast.walk(node)
                    if isinstance(s, ast.AugAssign | ast.Assign) and name in _assigned_names(s)
                ]
                start, last = self.evaluate(node.test.left, scope), self.evaluate(end, scope)
                match increments:
                    case [ast.AugAssign(op=ast.Add(), value=ast.Constant(value=1))]:
                        if isinstance(start, int) and isinstance(last, int):
                            return max(last - start + isinstance(op, ast.LtE), 0)
                        return Unknown(*origins(start), *origins(last))
        return Unknown(Origin(node.test, givable=False))

    def _training(self, node: ast.For | ast.AsyncFor | ast.While, loop: Loop, scope: Scope) -> _Signal | None:
        """Read a loop around training once, with what it changes unknown."""
        changed = _assigned_in(node)
        for name in changed:
            if name in scope.names and not isinstance(scope.names[name], Optimizer | Schedule | Loader | Function):
                scope.names[name] = Counter(loop, name)
        for name in loop.names:
            self._store(name, Counter(loop, name), scope)
        if isinstance(node, ast.For | ast.AsyncFor) and not loop.names:
            self.assign(node.target, Counter(loop, unparse(node.target)), scope)
        self.loops.append(loop)
        try:
            signal = self.block(node.body, scope)
        finally:
            self.loops.pop()
        for name in changed:
            if isinstance(scope.names.get(name), int | float | str | Counter):
                scope.names[name] = Counter(loop, name)
        return signal if signal is not None and signal.kind == "return" and signal.value is None else None

    def _trains(self, node: ast.AST) -> bool:
        """Whether a loop contains a step of an optimizer or scheduler, or a call of a function that does."""
        return any(
            name == "step" or name in self.trains
            for call in ast.walk(node)
            if isinstance(call, ast.Call) and (name := _called_name(call))
        )

    def _forget(self, node: ast.stmt, scope: Scope, why: Unknown) -> None:
        """Make what a statement changes unknown, without reading it."""
        for name in _assigned_in(node):
            scope.elsewhere.get(name, scope).names[name] = Unknown(*why.origins)
        for child in ast.walk(node):
            match child:
                case ast.Call(func=ast.Attribute(value=owner, attr="append" | "extend" | "update" | "insert")):
                    pass
                case (
                    ast.Assign(targets=[ast.Subscript(value=owner)]) | ast.AugAssign(target=ast.Subscript(value=owner))
                ):
                    pass
                case ast.Assign(targets=[ast.Attribute(value=owner, attr=name)]):
                    instance = self.evaluate(owner, scope)
                    if isinstance(instance, Instance):
                        instance.names[name] = Unknown(*why.origins)
                    continue
                case _:
                    continue
            changed = self.evaluate(owner, scope)
            if isinstance(changed, list | dict):
                self._change(changed, child, why)

    # Functions and classes

    def _define(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope, owner: Class | None = None) -> None:
        function = self._function(node, scope, owner)
        function.decorators = tuple(unparse(d).partition("(")[0].rpartition(".")[2] for d in node.decorator_list)
        self._decorate(node, function)
        self._store(node.name, function, scope)

    def _decorate(self, node: ast.FunctionDef | ast.AsyncFunctionDef, function: Function) -> None:
        """The defaults of `@click.option("--lr", default=0.1)`."""
        for decorator in node.decorator_list:
            match decorator:
                case ast.Call(func=ast.Attribute(attr="option" | "argument"), args=args, keywords=keywords):
                    flags = [a.value for a in args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
                    name = next((f for f in flags if not f.startswith("-")), "")
                    long = next((f for f in flags if f.startswith("--")), "").partition("/")[0]
                    default = next((k.value for k in keywords if k.arg == "default"), None)
                    if default is not None:
                        name = name or long.strip("-").replace("-", "_")
                        function.defaults[name] = self.evaluate(default, function.scope)

    def _function(self, node: Any, scope: Scope, owner: Class | None = None) -> Function:
        arguments = node.args
        named = [*arguments.posonlyargs, *arguments.args]
        defaults = {
            a.arg: self.evaluate(d, scope)
            for a, d in zip(named[len(named) - len(arguments.defaults) :], arguments.defaults, strict=True)
        }
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            if default is not None:
                defaults[argument.arg] = self.evaluate(default, scope)
        return Function(node, scope, defaults, owner)

    def _class(self, node: ast.ClassDef, scope: Scope) -> None:
        bases = tuple(self.evaluate(base, scope) for base in node.bases)
        bases = tuple(base for base in bases if not (isinstance(base, KnownFunction) or _plain_base(base)))
        body = Scope(scope)
        made = Class(node.name, body.names, bases, node=node)
        fields = []
        for statement in node.body:
            self.add(1, statement)
            match statement:
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    # Methods do not see the names of the class.
                    function = self._function(statement, scope, made)
                    function.decorators = tuple(unparse(d).rpartition(".")[2] for d in statement.decorator_list)
                    body.names[statement.name] = function
                case ast.AnnAssign(target=ast.Name(id=name), value=value):
                    fields.append(name)
                    if value is not None:
                        body.names[name] = self.evaluate(value, body)
                case _:
                    self.block([statement], body)
        if any("dataclass" in unparse(d) for d in node.decorator_list) or any(
            isinstance(b, Dotted) and b.last in ("NamedTuple", "BaseModel") for b in bases
        ):
            inherited = [f for b in bases if isinstance(b, Class) for f in b.fields or ()]
            made.fields = tuple(dict.fromkeys([*inherited, *fields]))
        self._store(node.name, made, scope)

    def call_function(self, function: Function, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Read the body of a function with these arguments, and give what it returns."""
        node = function.node
        self.called.add(node)
        self.add(_CALL_STEPS, node)
        self.calls += 1
        if self.calls > MAX_CALLS:
            self.calls -= 1
            raise ExpressionError(f"functions of the script call each other over {MAX_CALLS} deep", node=node)
        try:
            scope = Scope(function.scope)
            if function.bound is not None:
                args = [function.bound, *args]
            scope.names["__class__"] = function.owner
            self._bind(function, args, dict(kwargs), scope)
            if isinstance(node, ast.Lambda):
                return self.evaluate(node.body, scope)
            if node not in self.generators:
                self.generators[node] = _is_generator(node)
            if self.generators[node]:
                return self.unknown(node)
            signal = self.block(node.body, scope)
            return signal.value if signal is not None and signal.kind == "return" else None
        finally:
            self.calls -= 1

    def _bind(self, function: Function, args: Sequence[Any], kwargs: dict[str, Any], scope: Scope) -> None:
        spec = function.node.args
        positional = [a.arg for a in (*spec.posonlyargs, *spec.args)]
        given = dict(zip(positional, args, strict=False))
        if spec.vararg:
            scope.names[spec.vararg.arg] = tuple(args[len(positional) :])
        for argument in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs):
            name = argument.arg
            if name in self.values:
                continue
            if name in given:
                value = given[name]
            elif name in kwargs:
                value = kwargs.pop(name)
            elif name in function.defaults:
                value = library.option_default(function.defaults[name])
            else:
                value = self.defaults.get(name, Unknown(Origin(name, argument.lineno)))
            scope.names[name] = value
        if spec.kwarg:
            scope.names[spec.kwarg.arg] = kwargs

    def instantiate(self, cls: Class, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """An instance of a class of the script."""
        instance = Instance(cls, name="self")
        self.instances.append(instance)
        make = cls.find("__init__")
        if isinstance(make, Function):
            self.call_function(bind(make, instance), args, kwargs)
        elif cls.fields is not None:
            values = dict(zip(cls.fields, args, strict=False)) | dict(kwargs)
            for name in cls.fields:
                value = values[name] if name in values else library.field_default(self, cls.find(name))
                if name in values or cls.find(name) is not None:
                    instance.names[name] = value
            after = cls.find("__post_init__")
            if isinstance(after, Function):
                self.call_function(bind(after, instance), [], {})
        return instance

    # Expressions

    def unknown(self, node: ast.AST) -> Unknown:
        """The value of an expression that is not read."""
        return Unknown(Origin(node))

    def failed(self, node: ast.AST) -> Unknown:
        """The value of an expression that Python could not compute either."""
        return Unknown(Origin(node, givable=False))

    def evaluate(self, node: ast.expr, scope: Scope) -> Any:
        """The value of an expression."""
        self.add(1, node)
        match node:
            case ast.Constant(value=value):
                return value if isinstance(value, _CONSTANTS) else self.unknown(node)
            case ast.Name(id=name):
                return self._name(name, node, scope)
            case ast.Attribute(value=owner, attr=name):
                return self.attribute(self.evaluate(owner, scope), name, node)
            case ast.Call():
                return self._call(node, scope)
            case ast.BinOp(left=left, op=op, right=right):
                return self.binary(op, self.evaluate(left, scope), self.evaluate(right, scope), node)
            case ast.UnaryOp(op=unary, operand=operand):
                return self._unary(unary, self.evaluate(operand, scope), node)
            case ast.BoolOp(op=boolean, values=values):
                return self._boolean(boolean, values, scope)
            case ast.Compare():
                return self._compare(node, scope)
            case ast.IfExp(test=condition, body=body, orelse=orelse):
                test = self.truth(self.evaluate(condition, scope))
                if isinstance(test, Unknown):
                    return self.merge(self.evaluate(body, scope), self.evaluate(orelse, scope), test)
                return self.evaluate(body if test else orelse, scope)
            case ast.List(elts=elements):
                return self.checked(self._elements(elements, scope), node)
            case ast.Tuple(elts=elements):
                return self.checked(tuple(self._elements(elements, scope)), node)
            case ast.Set(elts=elements):
                return self._elements(elements, scope)
            case ast.Dict():
                return self._dict(node, scope)
            case ast.Subscript(value=owner, slice=index):
                return self._item(self.evaluate(owner, scope), index, node, scope)
            case ast.Lambda():
                return self._function(node, scope)
            case (
                ast.ListComp(elt=element, generators=generators)
                | ast.GeneratorExp(elt=element, generators=generators)
                | ast.SetComp(elt=element, generators=generators)
            ):
                return self._comprehension(node, generators, scope, lambda inner: self.evaluate(element, inner))
            case ast.DictComp(key=key, value=entry, generators=generators):
                pairs = self._comprehension(
                    node, generators, scope, lambda inner: (self.evaluate(key, inner), self.evaluate(entry, inner))
                )
                return pairs if isinstance(pairs, Unknown) else self._pairs(pairs, node)
            case ast.NamedExpr(target=target, value=value):
                result = self.evaluate(value, scope)
                self.assign(target, result, scope)
                return result
            case ast.JoinedStr(values=parts):
                return self._joined(parts, scope, node)
            case ast.Await(value=value) | ast.Starred(value=value):
                return self.evaluate(value, scope)
        return self.unknown(node)

    def _name(self, name: str, node: ast.Name, scope: Scope) -> Any:
        if name in self.values:
            return self.values[name]
        found = scope.find(name)
        if found is not None:
            return found.names[name]
        if name in self.defaults:
            return self.defaults[name]
        known = library.name_without_import(name)
        return self.unknown(node) if known is None else known

    def attribute(self, owner: Any, name: str, node: ast.expr) -> Any:
        """An attribute of a value."""
        match owner:
            case Dotted():
                return library.attribute(f"{owner.path}.{name}")
            case Instance():
                if name in owner.names:
                    value = owner.names[name]
                    return self.unknown(node) if value is library.REQUIRED else value
                found = owner.cls.find(name) if owner.cls is not None else None
                if isinstance(found, Function):
                    if "property" in found.decorators or "cached_property" in found.decorators:
                        return self.call_function(bind(found, owner), [], {})
                    return found if "staticmethod" in found.decorators else bind(found, owner)
                if found is not None:
                    return found
                if name == "__dict__":
                    return owner.names
                return Method(owner, name, node)
            case Class():
                found = owner.find(name)
                return self.unknown(node) if found is None else found
            case library.Super():
                bases = owner.cls.bases
                found = next((v for b in bases if isinstance(b, Class) and (v := b.find(name)) is not None), None)
                return bind(found, owner.instance) if isinstance(found, Function) else Method(owner, name, node)
            case Optimizer():
                if name == "param_groups":
                    return owner.groups
                return Method(owner, name, node)
            case Schedule():
                if name == "optimizer":
                    return owner.optimizer
                return Method(owner, name, node)
            case Unknown() | Loader() | None:
                if isinstance(owner, Unknown) and name in ("step", "prepare"):
                    return Method(owner, name, node)
                return self.unknown(node)
        return Method(owner, name, node)

    def _call(self, node: ast.Call, scope: Scope) -> Any:
        function = self.evaluate(node.func, scope)
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        for argument in node.args:
            value = self.evaluate(argument, scope)
            if isinstance(argument, ast.Starred):
                items = self.items(value)
                args += [Unknown(*origins(value))] if items is None else items
            else:
                args.append(value)
        for keyword in node.keywords:
            value = self.evaluate(keyword.value, scope)
            if keyword.arg is not None:
                kwargs[keyword.arg] = value
            elif isinstance(value, Mapping) and self.taint(value) is None:
                kwargs |= {str(k): v for k, v in value.items()}
            else:
                kwargs[f"**{unparse(keyword.value)}"] = self.taint(value) or (
                    value if isinstance(value, Unknown) else self.unknown(keyword.value)
                )
        return self.call(function, args, kwargs, node, scope)

    def call(self, function: Any, args: list[Any], kwargs: dict[str, Any], node: ast.Call, scope: Scope) -> Any:
        """What a call returns."""
        match function:
            case Function():
                return self.call_function(function, args, kwargs)
            case Class():
                return self.instantiate(function, args, kwargs)
            case Instance(cls=Class() as cls) if isinstance(make := cls.find("__call__"), Function):
                return self.call_function(bind(make, function), args, kwargs)
        return library.call(self, function, args, kwargs, node, scope)

    def not_read(self, node: ast.Call, args: list[Any], kwargs: dict[str, Any]) -> Opaque:
        """What a call returns of a function that is not in the script."""
        # The keys of a text such as `cfg.lr` are the expression itself: it can be given with --let.
        opaque = Opaque(node, args, kwargs)
        given = [*args, *kwargs.values()]
        flat = [i for v in given for i in (v if isinstance(v, list | tuple) else [v])]
        if library.looks_like_scheduler(opaque) or any(isinstance(v, Optimizer | Schedule | Opaque) for v in flat):
            self.opaque.append(opaque)
        if opaque.name in ("Trainer", "Accelerator", "Fabric"):
            self.trainers.append(opaque)
        return opaque

    def event(self, kind: str, target: Any, args: Sequence[Any], node: ast.AST) -> None:
        """Note a step, or a rate that is set."""
        self.events.append(Event(kind, target, tuple(args), tuple(self.loops), tuple(self.conditions), node))

    def binary(self, op: ast.operator, left: Any, right: Any, node: ast.AST) -> Any:
        """The result of an operator."""
        unknown = [v for v in (left, right) if isinstance(v, Unknown)]
        if unknown:
            counters = [v for v in unknown if isinstance(v, Counter)]
            if counters and len(counters) == len(unknown) and isinstance(op, ast.Add | ast.Sub):
                return counters[0]
            return Unknown(*(o for v in unknown for o in v.origins))
        for value in (left, right):
            if (why := self.taint(value)) is not None:
                return Unknown(*why.origins)
        if isinstance(left, int | float) and isinstance(right, int | float):
            return self._arithmetic(op, left, right, node)
        sequences = (str, list, tuple)
        match op:
            case ast.Add() if type(left) is type(right) and isinstance(left, sequences):
                self.add(len(left) + len(right), node)
                return self.checked(left + right, node)
            case ast.Mult() if isinstance(left, sequences) and isinstance(right, int):
                return self._repeat(left, right, node)
            case ast.Mult() if isinstance(right, sequences) and isinstance(left, int):
                return self._repeat(right, left, node)
            case ast.BitOr() if isinstance(left, dict) and isinstance(right, dict):
                self.add(len(left) + len(right), node)
                return {**left, **right}
        return self.unknown(node)

    def _arithmetic(self, op: ast.operator, left: Any, right: Any, node: ast.AST) -> Any:
        if isinstance(op, ast.Mult) and isinstance(left, int) and isinstance(right, int):
            bits = left.bit_length() + right.bit_length()
            if bits > MAX_BITS:
                raise ExpressionError(f"a number of {bits:,} bits is too large", node=node)
        whole = isinstance(left, int) and isinstance(right, int)
        try:
            match op:
                case ast.LShift() if whole and 0 <= right <= MAX_BITS:
                    return self.checked(left << right, node)
                case ast.RShift() if whole and right >= 0:
                    return left >> right
                case ast.BitAnd() if whole:
                    return left & right
                case ast.BitOr() if whole:
                    return left | right
                case ast.BitXor() if whole:
                    return left ^ right
            function = BINARY.get(type(op))
            return self.unknown(node) if function is None else function(left, right)
        except ExpressionError as error:
            error.node = error.node or node
            raise
        except (ArithmeticError, ValueError, TypeError):
            return self.failed(node)

    def _repeat(self, value: Any, times: int, node: ast.AST) -> Any:
        size = len(value) * max(times, 0)
        if size > MAX_ITEMS:
            raise ExpressionError(
                f"a list or text of {size:,} items is too long; {MAX_ITEMS:,} is the limit", node=node
            )
        self.add(size, node)
        return value * times

    def _unary(self, op: ast.unaryop, value: Any, node: ast.expr) -> Any:
        if isinstance(op, ast.Not):
            test = self.truth(value)
            return test if isinstance(test, Unknown) else not test
        if isinstance(value, Unknown):
            return Unknown(*value.origins)
        if isinstance(value, int | float) and type(op) in UNARY:
            return UNARY[type(op)](value)
        if isinstance(op, ast.Invert) and isinstance(value, int):
            return ~value
        return self.unknown(node)

    def _boolean(self, op: ast.boolop, values: Sequence[ast.expr], scope: Scope) -> Any:
        stop_at = isinstance(op, ast.Or)
        unknown: list[Unknown] = []
        result: Any = None
        for value in values:
            result = self.evaluate(value, scope)
            test = self.truth(result)
            if isinstance(test, Unknown):
                unknown.append(test)
            elif test is stop_at:
                if unknown and stop_at:
                    break
                return result if not unknown else test
        if not unknown:
            return result
        return Unknown(*(o for u in unknown for o in u.origins))

    def truth(self, value: Any) -> Any:
        """Whether a value is true; Unknown if that is not known."""
        if isinstance(value, Unknown):
            return value
        if (why := self.taint(value)) is not None:
            return why
        if isinstance(value, Loader):
            return Unknown(Origin(value.text, value.line))
        if isinstance(value, Dotted):
            return True
        return bool(value)

    def _compare(self, node: ast.Compare, scope: Scope) -> Any:
        left = self.evaluate(node.left, scope)
        unknown: list[Unknown] = []
        for op, comparator in zip(node.ops, node.comparators, strict=True):
            right = self.evaluate(comparator, scope)
            result = self._relation(op, left, right, node)
            if isinstance(result, Unknown):
                unknown.append(result)
            elif not result:
                return False
            left = right
        return Unknown(*(o for u in unknown for o in u.origins)) if unknown else True

    def _relation(self, op: ast.cmpop, left: Any, right: Any, node: ast.Compare) -> Any:
        if isinstance(op, ast.Is | ast.IsNot):
            if isinstance(left, Unknown) or isinstance(right, Unknown):
                return (
                    Unknown(*origins(left), *origins(right)) if origins(left) or origins(right) else self.unknown(node)
                )
            same = left is right or (isinstance(left, _CONSTANTS) and type(left) is type(right) and left == right)
            return same is isinstance(op, ast.Is)
        unknown = [v for v in (left, right) if isinstance(v, Unknown)]
        if unknown or (isinstance(op, ast.In | ast.NotIn) and origins(right)):
            return Unknown(*origins(left), *origins(right)) if unknown or origins(right) else self.unknown(node)
        if (why := self.taint(left) or self.taint(right)) is not None:
            return why
        try:
            match op:
                case ast.In() | ast.NotIn():
                    if isinstance(right, str | list | tuple | dict | range):
                        self.add(len(right), node)
                        return (left in right) is isinstance(op, ast.In)
                case _ if type(op) in COMPARE:
                    plain = (*_CONSTANTS, list, tuple, dict, range)
                    if isinstance(left, plain) and isinstance(right, plain):
                        self.add(_size(left) + _size(right), node)
                        return bool(COMPARE[type(op)](left, right))
        except (TypeError, RecursionError):
            pass
        return self.unknown(node)

    def _elements(self, elements: Sequence[ast.expr], scope: Scope) -> list[Any]:
        result: list[Any] = []
        for element in elements:
            value = self.evaluate(element, scope)
            if isinstance(element, ast.Starred):
                items = self.items(value)
                result += [Unknown(*origins(value))] if items is None else items
            else:
                result.append(value)
        return result

    def _dict(self, node: ast.Dict, scope: Scope) -> Any:
        result: dict[Any, Any] = {}
        for key, entry in zip(node.keys, node.values, strict=True):
            value = self.evaluate(entry, scope)
            if key is None:
                if not isinstance(value, Mapping):
                    return value if isinstance(value, Unknown) else self.unknown(node)
                self.add(len(value), node)
                result |= value
                continue
            name = self.evaluate(key, scope)
            if isinstance(name, _CONSTANTS):
                result[name] = value
        return result

    def _pairs(self, pairs: list[Any], node: ast.AST) -> Any:
        if all(isinstance(key, _CONSTANTS) for key, _ in pairs):
            return dict(pairs)
        return self.unknown(node)

    def _item(self, owner: Any, index: ast.expr, node: ast.Subscript, scope: Scope) -> Any:
        if (why := self.taint(owner)) is not None:
            return Unknown(*why.origins)
        if isinstance(index, ast.Slice):
            bounds = [None if b is None else self.evaluate(b, scope) for b in (index.lower, index.upper, index.step)]
            if isinstance(owner, list | tuple | str | range) and all(isinstance(b, int | None) for b in bounds):
                self.add(len(owner), node)
                return owner[slice(*bounds)] if bounds[2] != 0 else self.unknown(node)
            return Unknown(*found) if (found := (*origins(bounds), *origins(owner))) else self.unknown(node)
        key = self.evaluate(index, scope)
        if isinstance(owner, Group) and key == "lr" and owner.changes is not None:
            return owner.changes
        if isinstance(owner, list | tuple | str | range | dict) and not isinstance(key, Unknown):
            try:
                return owner[key]
            except (KeyError, IndexError, TypeError):
                return self.failed(node)
        if isinstance(owner, Instance):  # a namespace that is used as a dict
            return owner.names.get(str(key), self.unknown(node))
        if isinstance(key, Unknown) and not isinstance(owner, Unknown):
            return Unknown(*key.origins)
        return self.unknown(node)

    def _comprehension(self, node: ast.expr, generators: Sequence[ast.comprehension], scope: Scope, make: Any) -> Any:
        result: list[Any] = []

        def run(at: int, inner: Scope) -> Unknown | None:
            if at == len(generators):
                self.add(1, node)
                result.append(make(inner))
                return None
            generator = generators[at]
            over = self.evaluate(generator.iter, inner)
            items = self.items(over)
            if items is None:
                return over if isinstance(over, Unknown) else self.unknown(generator.iter)
            for item in items:
                self.add(1, node)
                self.assign(generator.target, item, inner)
                for test in generator.ifs:
                    found = self.truth(self.evaluate(test, inner))
                    if isinstance(found, Unknown):
                        return found
                    if not found:
                        break
                else:
                    if (why := run(at + 1, inner)) is not None:
                        return why
            return None

        why = run(0, Scope(scope))
        return self.checked(result, node) if why is None else Unknown(*why.origins)

    def _joined(self, parts: Sequence[ast.expr], scope: Scope, node: ast.JoinedStr) -> Any:
        texts = []
        for part in parts:
            match part:
                case ast.Constant(value=str() as text):
                    texts.append(text)
                case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
                    found = self.evaluate(value, scope)
                    if isinstance(found, Unknown):
                        return found
                    if not isinstance(found, _CONSTANTS):
                        return self.unknown(node)
                    texts.append(str(found))
                case _:
                    return self.unknown(node)
        self.add(sum(map(len, texts)), node)
        return self.checked("".join(texts), node)

    def items(self, value: Any) -> list[Any] | None:
        """The items of what is iterated over; None if they are not known."""
        if self.taint(value) is not None:
            return None
        if isinstance(value, list | tuple | str | dict | range):
            if len(value) > MAX_ITEMS:
                self.add(len(value))
            self.add(len(value))
            return list(value)
        return None

    def length(self, value: Any, node: ast.expr) -> Any:
        """The number of items of what is iterated over."""
        if (why := self.taint(value)) is not None:
            return why
        if isinstance(value, list | tuple | str | dict | range):
            return len(value)
        if isinstance(value, library.Length):
            return value.value
        if isinstance(value, Loader):
            return self.values.get(f"len({value.text})", Unknown(Origin(f"len({value.text})", value.line)))
        match node:
            case ast.Call(
                func=ast.Name(id="enumerate" | "tqdm" | "trange" | "iter") | ast.Attribute(), args=[inner, *_]
            ):
                text = f"len({unparse(inner)})"
            case _:
                text = f"len({unparse(node)})"
        return self.values.get(text, Unknown(Origin(text, node.lineno)))


def bind(function: Function, value: Any) -> Function:
    """A method with the value of its first argument."""
    return Function(function.node, function.scope, function.defaults, function.owner, value, function.decorators)


def _training_functions(tree: ast.Module) -> set[str]:
    """The names of functions that contain a step of an optimizer or scheduler, or a call of one that does."""
    calls: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inside = {name for c in ast.walk(node) if isinstance(c, ast.Call) and (name := _called_name(c))}
            calls.setdefault(node.name, set()).update(inside)
    found = {name for name, inside in calls.items() if "step" in inside}
    while more := {name for name, inside in calls.items() if name not in found and inside & found}:
        found |= more
    return found


def _called_name(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _ends(body: Sequence[ast.stmt]) -> bool:
    """Whether a block never goes on to what follows it."""
    if not body:
        return False
    last = body[-1]
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        return unparse(last.value.func) in ("exit", "quit", "sys.exit", "os._exit")
    return isinstance(last, _ENDS)


def _assigned_names(node: ast.stmt) -> tuple[str, ...]:
    match node:
        case ast.Assign(targets=targets):
            return tuple(name for target in targets for name in _stored(target))
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
            return _stored(target)
    return ()


def _stored(target: ast.expr) -> tuple[str, ...]:
    match target:
        case ast.Name(id=name):
            return (name,)
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            return tuple(name for t in targets for name in _stored(t))
        case ast.Starred(value=inner):
            return _stored(inner)
    return ()


def _assigned_in(node: ast.AST) -> list[str]:
    """The names that the statements inside another assign, without those of functions."""
    found: dict[str, None] = {}
    todo = list(ast.iter_child_nodes(node))
    while todo:
        child = todo.pop()
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        if isinstance(child, ast.stmt):
            found |= dict.fromkeys(_assigned_names(child))
        if isinstance(child, ast.For | ast.AsyncFor):
            found |= dict.fromkeys(_stored(child.target))
        todo += ast.iter_child_nodes(child)
    return list(found)


def _is_generator(node: ast.AST) -> bool:
    todo: list[ast.AST] = list(ast.iter_child_nodes(node))
    while todo:
        child = todo.pop()
        if isinstance(child, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            todo += ast.iter_child_nodes(child)
    return False


def _plain_base(base: Any) -> bool:
    """Whether a base adds no attribute that a script reads: `object`, `ABC`."""
    return isinstance(base, Dotted) and base.last in ("object", "ABC", "Enum", "Protocol", "Generic")


def _size(value: Any) -> int:
    return len(value) if isinstance(value, str | list | tuple | dict | range) else 1
