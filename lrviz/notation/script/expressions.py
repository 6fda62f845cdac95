"""The expressions of a script."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Final

from lrviz.notation.script import library
from lrviz.notation.script.arguments import REQUIRED
from lrviz.notation.script.methods import TEXT_METHODS
from lrviz.notation.script.names import imported, is_scheduler, is_setting, name_without_import
from lrviz.notation.script.operators import binary, relation, set_of, unary
from lrviz.notation.script.reader import Reader
from lrviz.notation.script.trees import parameter_defaults
from lrviz.notation.script.values import (
    CONSTANTS,
    Array,
    Choice,
    Class,
    Condition,
    Counter,
    Dotted,
    Function,
    Group,
    Instance,
    Loader,
    Method,
    Opaque,
    Optimizer,
    Origin,
    Schedule,
    Scope,
    Settings,
    SomeGroup,
    Super,
    Unknown,
    UnknownClass,
    UnknownGroups,
    is_computed,
    origins,
)
from lrviz.notation.source import unparse

_ABSENT: Final = object()
_GET_ITEM: Final = ast.Lambda(  # lambda at: values[at]
    ast.arguments([], [ast.arg("at")], None, [], [], None, []),
    ast.Subscript(ast.Name("values", ast.Load()), ast.Name("at", ast.Load()), ast.Load()),
)


def _is_accelerator(value: Unknown) -> bool:
    """Whether a value is an `Accelerator`, also one that is not created in the script."""
    if isinstance(value, Opaque):
        return value.name == "Accelerator"
    return len(value.origins) == 1 and value.origins[0].text.rpartition(".")[2] == "accelerator"


def _has_rates(node: ast.expr) -> bool:
    """Whether a comprehension makes parameter groups with rates of their own."""
    element = getattr(node, "elt", None)
    keys = element.keys if isinstance(element, ast.Dict) else []
    names = [k.arg for k in element.keywords] if isinstance(element, ast.Call) else []
    return "lr" in names or any(isinstance(key, ast.Constant) and key.value == "lr" for key in keys)


class Expressions(Reader):
    """A reader of expressions; statements, functions and classes are read by its subclasses."""

    def evaluate(self, node: ast.expr, scope: Scope) -> Any:
        """The value of an expression."""
        self.add(1, node)
        match node:
            case ast.Constant(value=value):
                return value if isinstance(value, CONSTANTS) else self.unknown(node)
            case ast.Name() | ast.Attribute():
                value = self._named(node, scope)
                return self.unknown(node) if is_setting(value) else value
            case ast.Call():
                return self._call(node, scope)
            case ast.BinOp(left=left, op=op, right=right):
                return binary(self, op, self.evaluate(left, scope), self.evaluate(right, scope), node)
            case ast.UnaryOp(op=sign, operand=operand):
                return unary(self, sign, self.evaluate(operand, scope), node)
            case ast.BoolOp(op=boolean, values=values):
                return self._boolean(boolean, values, scope)
            case ast.Compare():
                return self._compare(node, scope)
            case ast.IfExp(test=condition, body=body, orelse=orelse):
                test = self.truth(self.evaluate(condition, scope))
                if isinstance(test, Unknown):
                    first = self.guarded(body, Condition(condition, test), scope)
                    second = self.guarded(orelse, Condition(condition, test, taken=False), scope)
                    return self.merged(first, second, test)
                return self.evaluate(body if test else orelse, scope)
            case ast.List(elts=elements):
                return self.checked(self._elements(elements, scope), node)
            case ast.Tuple(elts=elements):
                return self.checked(tuple(self._elements(elements, scope)), node)
            case ast.Set(elts=elements):
                return set_of(self, self._elements(elements, scope), node)
            case ast.Dict():
                return self._dict(node, scope)
            case ast.Subscript(value=owner, slice=index):
                return self._item(self.evaluate(owner, scope), index, node, scope)
            case ast.Lambda():
                return self.function(node, scope)
            case (
                ast.ListComp(elt=element, generators=generators)
                | ast.GeneratorExp(elt=element, generators=generators)
                | ast.SetComp(elt=element, generators=generators)
            ):
                items = self._comprehension(node, generators, scope, lambda inner: self.evaluate(element, inner))
                return set_of(self, items, node) if isinstance(node, ast.SetComp) and isinstance(items, list) else items
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
            case ast.Yield() | ast.YieldFrom():
                self._yield(node, scope)
                return self.failed(node)
        return self.unknown(node)

    def _named(self, node: ast.expr, scope: Scope) -> Any:
        """What is called, or of which an attribute is read: what is imported stays the path of its module."""
        match node:
            case ast.Name(id=name):
                return self._name(name, node, scope)
            case ast.Attribute(value=owner, attr=name):
                self.add(1, node)
                value = self._named(owner, scope)
                if name in TEXT_METHODS and is_setting(value):
                    value = self.unknown(owner)
                return self.attribute(value, name, node)
        return self.evaluate(node, scope)

    def _name(self, name: str, node: ast.Name, scope: Scope) -> Any:
        if name in self.values:
            return self.values[name]
        found = scope.find(name)
        if found is not None:
            return found.names[name]
        if name in self.defaults:
            return self.defaults[name]
        known = name_without_import(name)
        return self.unknown(node) if known is None else known

    def function(self, node: Any, scope: Scope, owner: Class | None = None, body: Scope | None = None) -> Function:
        """A function or lambda, with the values of its defaults, which see the names of the body of a class."""
        defaults = {name: self.evaluate(default, body or scope) for name, default in parameter_defaults(node.args)}
        return Function(node, scope, defaults, owner)

    def attribute(self, owner: Any, name: str, node: ast.expr) -> Any:
        """An attribute of a value."""
        match owner:
            case Dotted() if name == "__name__":
                return owner.last
            case Class() | Function() if name == "__name__":
                return owner.name
            case Dotted():
                return imported(f"{owner.path}.{name}")
            case list() | tuple() | dict() | range() | Array() if name == "__getitem__" and self.taint(owner) is None:
                return Function(_GET_ITEM, Scope(names={"values": owner}))
            case Unknown() if name == "__getitem__":
                return Unknown(*owner.origins)
            case Settings() if name in owner:
                return owner[name]
            case Instance():
                if name in owner.names:
                    value = owner.names[name]
                    if name in self.changing and isinstance(value, CONSTANTS):
                        return Counter(self.changing[name], unparse(node))
                    return self.unknown(node) if value is REQUIRED else value
                found = owner.cls.find(name, _ABSENT) if owner.cls is not None else _ABSENT
                if isinstance(found, Function):
                    if "property" in found.decorators or "cached_property" in found.decorators:
                        return self.call_function(found.bind(owner), [], {})
                    if "classmethod" in found.decorators:
                        return found.bind(owner.cls)
                    return found if "staticmethod" in found.decorators else found.bind(owner)
                if found is not _ABSENT:
                    return found
                if name == "__dict__":
                    return owner.names
                value = None if self.settings is None else self.unknown(node)
                return Method(owner, name, node) if value is None or isinstance(value, Unknown) else value
            case Class():
                found = owner.find(name, _ABSENT)
                if isinstance(found, Function) and "classmethod" in found.decorators:
                    return found.bind(owner)
                return self.unknown(node) if found is _ABSENT else found
            case Super():
                bases = owner.cls.bases
                found = next((v for b in bases if isinstance(b, Class) and (v := b.find(name)) is not None), None)
                return found.bind(owner.instance) if isinstance(found, Function) else Method(owner, name, node)
            case Optimizer():
                if name == "param_groups":
                    return tuple(owner.groups)
                if name == "defaults":
                    return dict(owner.defaults)
                return Method(owner, name, node)
            case Schedule():
                if name == "optimizer":
                    return owner.optimizer
                return self.scheduler_attribute(owner, name, node)
            case int() | float() | str() if name == "value":  # of an enumeration, whose members are their values
                return owner
            case Unknown() if name == "num_processes" and _is_accelerator(owner):
                return self.processes
            case Unknown() | Loader() | None:
                value = self.unknown(node)
                known = ("step", "prepare", "get_scale", *(() if isinstance(owner, Opaque) else TEXT_METHODS))
                if isinstance(owner, Unknown) and isinstance(value, Unknown) and name in known:
                    return Method(owner, name, node)
                if isinstance(owner, Unknown) and owner.computed:
                    return Unknown(*owner.origins, computed=True)
                if name == "sync_gradients":
                    return self.synchronizes(node)
                if name in ("param_groups", "defaults") and (found := self.optimizer_of(owner)) is not None:
                    return tuple(found.groups) if name == "param_groups" else found.groups[0]
                return value
        return Method(owner, name, node)

    def _call(self, node: ast.Call, scope: Scope) -> Any:
        function = self._named(node.func, scope)
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
                return self.call_function(make.bind(function), args, kwargs)
        try:
            return library.call(self, function, args, kwargs, node, scope)
        except (ArithmeticError, LookupError, TypeError, ValueError):  # Python would raise it too
            return self.failed(node)

    def _boolean(self, op: ast.boolop, values: Sequence[ast.expr], scope: Scope) -> Any:
        stop_at = isinstance(op, ast.Or)
        unknown: list[Unknown] = []
        result: Any = None
        for at, value in enumerate(values):
            if unknown:
                before = Condition(values[at - 1], unknown[-1], taken=not stop_at)
                result = self.guarded(value, before, scope)
            else:
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

    def guarded(self, node: ast.expr, condition: Condition, scope: Scope) -> Any:
        """The value of an expression that is evaluated under a condition that is not known."""
        self.conditions.append(condition)
        try:
            return self.evaluate(node, scope)
        finally:
            self.conditions.pop()

    def _compare(self, node: ast.Compare, scope: Scope) -> Any:
        left = self.evaluate(node.left, scope)
        unknown: list[Unknown] = []
        for op, comparator in zip(node.ops, node.comparators, strict=True):
            if isinstance(comparator, ast.Set) and isinstance(op, ast.In | ast.NotIn):  # whose order does not matter
                right: Any = self._elements(comparator.elts, scope)
            else:
                right = self.evaluate(comparator, scope)
            result = relation(self, op, left, right, node)
            if isinstance(result, Array):
                return result if len(node.ops) == 1 else self.failed(node)
            if isinstance(result, Unknown):
                unknown.append(result)
            elif not result:
                return False
            left = right
        return Unknown(*(o for u in unknown for o in u.origins)) if unknown else True

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
        unknown: list[Unknown] = []
        for key, entry in zip(node.keys, node.values, strict=True):
            value = self.evaluate(entry, scope)
            if key is None:
                if not isinstance(value, Mapping):
                    unknown.append(value if isinstance(value, Unknown) else self.unknown(node))
                    continue
                self.add(len(value), node)
                result |= value
                continue
            name = self.evaluate(key, scope)
            if isinstance(name, CONSTANTS):
                result[name] = value
        return Unknown(*(o for u in unknown for o in u.origins)) if unknown else result

    def _pairs(self, pairs: list[Any], node: ast.AST) -> Any:
        if all(isinstance(key, CONSTANTS) for key, _ in pairs):
            return dict(pairs)
        return self.unknown(node)

    def _item(self, owner: Any, index: ast.expr, node: ast.Subscript, scope: Scope) -> Any:
        if (why := self.taint(owner)) is not None:
            return Unknown(*why.origins)
        if isinstance(index, ast.Slice):
            bounds = [None if b is None else self.evaluate(b, scope) for b in (index.lower, index.upper, index.step)]
            if isinstance(owner, list | tuple | str | range | Array) and all(isinstance(b, int | None) for b in bounds):
                self.add(len(owner), node)
                if bounds[2] == 0:
                    return self.unknown(node)
                return owner[slice(*bounds)]
            return Unknown(*found) if (found := (*origins(bounds), *origins(owner))) else self.unknown(node)
        key = self.evaluate(index, scope)
        if isinstance(owner, Group) and key == "initial_lr" and key not in owner:  # that schedulers set
            return self.initial_rate(owner)
        if isinstance(owner, Group) and key == "lr" and owner.changes is not None and owner.live is None:
            return owner.changes
        if isinstance(owner, list | tuple | str | range | dict | Array) and not isinstance(key, Unknown):
            try:
                return owner[key]
            except (KeyError, IndexError, TypeError) as error:
                return self.raises(error, node)
        if isinstance(owner, Dotted) and owner.last == "__dict__":
            if isinstance(key, str):
                return imported(f"{owner.module}.{key}")
            if isinstance(key, Unknown) and owner.module.endswith("lr_scheduler"):
                self.example(key, "StepLR")
                return UnknownClass(*key.origins)
        if isinstance(owner, Instance):  # a namespace that is used as a dict
            return owner.names.get(str(key), self.unknown(node))
        if isinstance(key, Unknown):
            if isinstance(owner, tuple) and owner and all(isinstance(item, Group) for item in owner):
                group = SomeGroup(*key.origins)
                group.groups = owner
                return group
            if isinstance(owner, list | tuple | dict) and (several := self._one_of(owner, key)) is not None:
                return several
            if isinstance(owner, dict):
                self.example(key, *owner)
                if any(self._makes(v) for v in owner.values()):
                    return UnknownClass(*key.origins)
                return Unknown(*key.origins)
            return Unknown(*origins(owner), *key.origins)
        if isinstance(owner, Unknown) and owner.origins and (owner.computed or is_computed(owner)):
            return Unknown(*owner.origins, computed=True)
        return self.unknown(node)

    def _one_of(self, owner: Any, key: Unknown) -> Unknown | None:
        """An item of a list or dictionary of optimizers or schedulers; None if it has others."""
        items = tuple(owner.values() if isinstance(owner, dict) else owner)
        if not items or not all(isinstance(item, Optimizer | Schedule) for item in items):
            return None
        if isinstance(owner, dict):
            self.example(key, *owner)
        found = (Choice if isinstance(items[0], Schedule) else Unknown)(*key.origins)
        found.options = items
        return found

    def _makes(self, value: Any) -> bool:
        """Whether a value is a class of schedulers, or a function that makes one."""
        if isinstance(value, Function):
            return self.makes_scheduler(value.node)
        return isinstance(value, Dotted) and is_scheduler(value.last)

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
            if items is None and isinstance(over, Unknown) and self.makes_scheduler(node):
                items = [Unknown(Origin(generator.target))]  # a scheduler for each of several optimizers
            if items is None:
                if isinstance(over, Unknown) and isinstance(generator.iter, ast.Name | ast.Attribute | ast.Subscript):
                    self.examples |= {o.text: ["[10, 20]"] for o in over.origins[:1] if o.text not in self.examples}
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
        if why is None:
            return self.checked(result, node)
        return UnknownGroups(*why.origins) if _has_rates(node) else Unknown(*why.origins)

    def _yield(self, node: ast.Yield | ast.YieldFrom, scope: Scope) -> None:
        """Note what a generator yields."""
        value = None if node.value is None else self.evaluate(node.value, scope)
        items = [value] if isinstance(node, ast.Yield) else self.items(value)
        if items is None or self.loops or self.conditions:
            self.yielded = None
        elif self.yielded is not None:
            self.yielded += items
            self.checked(self.yielded, node)

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
                    if not isinstance(found, CONSTANTS):
                        return self.unknown(node)
                    texts.append(str(found))
                case _:
                    return self.unknown(node)
        self.add(sum(map(len, texts)), node)
        return self.checked("".join(texts), node)

    # What subclasses add

    @abstractmethod
    def assign(self, target: ast.expr, value: Any, scope: Scope) -> None:
        """Assign a value to a target."""
