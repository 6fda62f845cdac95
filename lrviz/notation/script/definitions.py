"""The functions and classes of a script: their definitions, and calls of them."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from lrviz.notation.functions import Function as KnownFunction
from lrviz.notation.script.arguments import field_default, option_defaults, parameter_default
from lrviz.notation.script.expressions import Expressions
from lrviz.notation.script.prelude import BASES, NAME
from lrviz.notation.script.reader import Signal
from lrviz.notation.script.trainers import is_trainer
from lrviz.notation.script.trees import all_statements, is_generator
from lrviz.notation.script.values import (
    Builtin,
    Class,
    Dotted,
    Function,
    Generated,
    Instance,
    Length,
    Loader,
    Origin,
    Scope,
    Unknown,
    merge,
)
from lrviz.notation.source import ExpressionError, unparse

_GENERATOR_STEPS: Final = 20_000  # of reading all that a generator yields
_CALL_STEPS: Final = 10  # of a call of a function of the script
MAX_CALLS: Final = 25  # of functions inside each other: each takes several of Python's calls


class Definitions(Expressions):
    """A reader of expressions, functions and classes; their statements are read by its subclass."""

    def define(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> None:
        """Read the definition of a function."""
        function = self.function(node, scope)
        function.decorators = tuple(unparse(d).partition("(")[0].rpartition(".")[2] for d in node.decorator_list)
        for name, default in option_defaults(node.decorator_list):
            function.defaults[name] = self.evaluate(default, scope)
        self.store(node.name, self._decorated(node, function, scope), scope)

    def define_class(self, node: ast.ClassDef, scope: Scope) -> None:
        """Read the definition of a class."""
        bases = tuple(self._base(self.evaluate(base, scope)) for base in node.bases)
        is_enum = any(isinstance(base, Dotted) and base.last in ("Enum", "IntEnum", "StrEnum") for base in bases)
        bases = tuple(b for b in bases if not (isinstance(b, KnownFunction | Builtin) or _plain_base(b)))
        body = Scope(scope)
        made = Class(node.name, body.names, bases, is_enum=is_enum)
        fields = []
        for statement in node.body:
            self.add(1, statement)
            match statement:
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    # Methods do not see the names of the class.
                    function = self.function(statement, scope, made, body)
                    function.decorators = tuple(unparse(d).rpartition(".")[2] for d in statement.decorator_list)
                    setter = "setter" in function.decorators
                    body.names[f"{statement.name}.setter" if setter else statement.name] = self._decorated(
                        statement, function, scope
                    )
                case ast.AnnAssign(target=ast.Name(id=name), value=value):
                    fields.append(name)
                    if value is not None:
                        body.names[name] = self.evaluate(value, body)
                case _:
                    self.block([statement], body)
        inherited = [f for b in bases if isinstance(b, Class) for f in b.fields or ()]
        if any("dataclass" in unparse(d) for d in node.decorator_list) or any(
            isinstance(b, Dotted) and b.last in ("NamedTuple", "BaseModel") for b in bases
        ):
            made.fields = tuple(dict.fromkeys([*inherited, *fields]))
        elif inherited:
            made.fields = tuple(dict.fromkeys(inherited))
        self.store(node.name, self._decorated(node, made, scope), scope)

    def _decorated(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, made: Function | Class, scope: Scope
    ) -> Any:
        """A function or class as the decorators of the script change it; those of other packages change nothing here.

        A function that makes a scheduler or trains is read as it stands; its decorators may register it.
        """
        result: Any = made
        for decorator in reversed(node.decorator_list):
            name = decorator.func if isinstance(decorator, ast.Call) else decorator
            if not isinstance(name, ast.Name):
                continue
            where = scope.find(name.id)
            if where is not None and isinstance(where.names.get(name.id), Function):
                fake = ast.copy_location(ast.Call(decorator, [], []), decorator)
                result = self.call(self.evaluate(decorator, scope), [result], {}, fake, scope)
        return made if node.name in self.makers or node.name in self.trains else result

    def _base(self, base: Any) -> Any:
        """A base of a class; that of torch's schedulers is read."""
        if isinstance(base, Dotted) and base.last in BASES:
            return self.top.names.get(NAME, base)
        return base

    def call_function(self, function: Function, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Read the body of a function with these arguments, and give what it returns."""
        node = function.node
        self.called.add(node)
        self.add(_CALL_STEPS, node)
        self.calls += 1
        if self.calls > MAX_CALLS:
            self.calls -= 1
            raise ExpressionError(f"functions of the script call each other over {MAX_CALLS} deep", node=node)
        repeats, self.repeats = self.repeats, False
        try:
            scope = Scope(function.scope)
            if function.bound is not None:
                args = [function.bound, *function.given, *args]
            elif function.given:
                args = [*function.given, *args]
            scope.names["__class__"] = function.owner
            self._bind(function, args, dict(kwargs), scope)
            if isinstance(node, ast.Lambda):
                return self.evaluate(node.body, scope)
            if node not in self.generators:
                inside = self.functions.inside.get(node.name)
                self.generators[node] = (inside is None or bool(inside.yields)) and is_generator(node)
            if self.generators[node]:
                return self._generator(function, [*args, *kwargs.values()], scope)
            signal = self.block(node.body, scope)
            if signal is None or signal.kind == "return":
                return None if signal is None else signal.value
            if signal.kind == "maybe":
                return merge(signal.value, None, signal.test or Unknown())
            return signal.before.value if signal.before is not None else None
        finally:
            self.calls -= 1
            self.repeats = repeats

    def _generator(self, function: Function, given: Sequence[Any], scope: Scope) -> Any:
        """What a call of a generator returns: its items; if they are not known, those of a loader have its length."""
        inside = [v for v in given if isinstance(v, Loader | Length)]
        if len(inside) == 1 and any(
            isinstance(loop, ast.For) and is_generator(loop) for loop in ast.walk(function.node)
        ):
            return Length(self.length(inside[0], ast.Name("loader", lineno=0)), self.item(inside[0]), inside[0])
        items = self._items_of(function, scope)
        return Unknown(Origin(f"{function.name}()", function.node.lineno)) if items is None else items

    def _items_of(self, function: Function, scope: Scope) -> Generated | None:
        """The items of a generator with an end, that neither trains nor sets rates; None if they are not known."""
        node = function.node
        if isinstance(node, ast.Lambda) or {node.name} & (self.trains | self.sets) or self.loops or self.conditions:
            return None
        if any(isinstance(s, ast.While) and isinstance(s.test, ast.Constant) for s in all_statements(node)):
            return None
        outer, self.yielded = self.yielded, Generated()
        limit, self.limit = self.limit, min(self.limit, self.steps + _GENERATOR_STEPS)
        try:
            signal = self.block(node.body, scope)
        except ExpressionError:
            return None
        else:
            return None if signal is not None and signal.kind != "return" else self.yielded
        finally:
            self.yielded, self.limit = outer, limit

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
                value = self._left_out(kwargs, partial(parameter_default, function.defaults[name]))
            else:
                value = self.defaults.get(name, Unknown(Origin(name, argument.lineno)))
            scope.names[name] = value
        if spec.kwarg:
            scope.names[spec.kwarg.arg] = kwargs

    def _left_out(self, kwargs: Mapping[str, Any], default: Callable[[], Any]) -> Any:
        """The value of a parameter that is left out: its default, unless keywords that are not known may give it."""
        spread = next((v for k, v in kwargs.items() if k.startswith("**")), None)
        if spread is None:
            return default()
        if len(spread.origins) == 1:
            self.examples.setdefault(spread.origins[0].text, ["{}"])
        return Unknown(*spread.origins)

    def instantiate(self, cls: Class, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """An instance of a class of the script."""
        if cls.is_enum:
            return args[0] if len(args) == 1 and not kwargs else Unknown(Origin(cls.name, givable=False))
        instance = Instance(cls)
        self.instances.append(instance)
        if is_trainer(cls):
            self.made_trainer(args, kwargs, 0, cls)
        make = cls.find("__init__")
        if isinstance(make, Function):
            self.call_function(make.bind(instance), args, kwargs)
            if instance.scheduler is not None:
                return instance.scheduler
        elif cls.fields is not None:
            values = dict(zip(cls.fields, args, strict=False)) | dict(kwargs)
            for name in cls.fields:
                default = partial(field_default, self, cls.find(name))
                value = values[name] if name in values else self._left_out(values, default)
                if name in values or cls.has(name):
                    instance.names[name] = value
            if cls.foreign:  # fields of a base that is not in the script
                instance.names |= {k: v for k, v in kwargs.items() if k not in cls.fields}
            after = cls.find("__post_init__")
            if isinstance(after, Function):
                self.call_function(after.bind(instance), [], {})
        return instance

    # What the subclass adds

    @abstractmethod
    def block(self, statements: Sequence[ast.stmt], scope: Scope) -> Signal | None:
        """Read statements; the signal that ends them early."""

    @abstractmethod
    def store(self, name: str, value: Any, scope: Scope) -> None:
        """Give a name a value, unless its value is given from outside the script."""


def _plain_base(base: Any) -> bool:
    """Whether a base adds no attribute that a script reads: `object`, `ABC`."""
    return isinstance(base, Dotted) and base.last in ("object", "ABC", "Enum", "Protocol", "Generic")
