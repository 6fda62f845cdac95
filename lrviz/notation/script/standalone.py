"""The source of a function of a script with the definitions that it needs, to run without the script."""

from __future__ import annotations

import ast
import copy
import math
from collections.abc import Mapping
from typing import Any, Final

from lrviz.notation.functions import Function as KnownFunction
from lrviz.notation.script.names import NUMPY_NAMES, name_without_import
from lrviz.notation.script.operators import size
from lrviz.notation.script.reader import Reader
from lrviz.notation.script.values import Builtin, Class, Dotted, Function, Instance
from lrviz.notation.source import unparse

_CONSTANTS: Final = (type(None), bool, int, float, str)
_MODULES: Final = {"math": "math", "torch": "torch", **dict.fromkeys(NUMPY_NAMES, "np")}
_MOST_ITEMS: Final = 1_000  # of a list that is written out


class Standalone:
    """Collects the statements that a function needs.

    `statements` are assignments and definitions by name, each after those it needs; with `whole` they are all.

    Args:
        reader: The reader that has read the script.
    """

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.statements: dict[str, str] = {}
        self.whole = True

    @property
    def code(self) -> str:
        """The statements."""
        return "\n".join(self.statements.values())

    def define(self, function: Function) -> None:
        """Add the definition of a `def`, and of all that it uses."""
        name = function.name
        if name not in self.statements:
            self.statements[name] = ""  # for a function that calls itself
            text = self.written(function)
            self.statements.pop(name)
            self._add(name, text)
        elif self.statements[name] and self.statements[name] != self.written(function):
            self.whole = False

    def written(self, function: Function) -> str:
        """The source of a function, with values in place of what belongs to the script, after adding what it uses."""
        self.reader.add(size(function.defaults) + sum(1 for _ in ast.walk(function.node)), function.node)
        node: Any = copy.deepcopy(function.node)
        if isinstance(node, ast.AsyncFunctionDef):
            self.whole = False
        values = self._bound(node.args, function)
        if isinstance(node, ast.FunctionDef):
            node.decorator_list, node.returns = [], None
        for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
            argument.annotation = None
        return unparse(ast.fix_missing_locations(_Inlined(self, function, values).visit(node)))

    def _bound(self, arguments: ast.arguments, function: Function) -> dict[str, Any]:
        """Write the defaults of parameters as values; those of parameters that are left out, by name."""
        names = [*arguments.posonlyargs, *arguments.args]
        first = () if function.bound is None else (function.bound,)
        left_out = {name.arg: value for name, value in zip(names, (*first, *function.given), strict=False)}
        kept = names[len(left_out) :]
        arguments.posonlyargs, arguments.args, arguments.defaults = [], kept[:1], []
        arguments.kwonlyargs, keyword_only = [], arguments.kwonlyargs
        arguments.kw_defaults = []
        for argument in (*kept[1:], *keyword_only):
            value = function.defaults.get(argument.arg)
            if argument.arg not in function.defaults:
                self.whole = False
            elif self.is_plain(value):
                arguments.args.append(argument)
                arguments.defaults.append(self.literal(value))
            else:
                left_out[argument.arg] = value
        if kept and not arguments.defaults and kept[0].arg in function.defaults:
            self.whole = False
        return left_out

    def _add(self, name: str, text: str) -> None:
        if self.statements.setdefault(name, text) != text:
            self.whole = False

    def is_plain(self, value: Any) -> bool:
        """Whether a value is a number or text, or a list or dictionary of them, that can be written."""
        if self.reader.taint(value) is not None:
            return False
        if isinstance(value, list | tuple | dict | range):
            inside = [*value, *value.values()] if isinstance(value, dict) else value
            return size(value) <= _MOST_ITEMS and all(map(self.is_plain, inside))
        return type(value) in _CONSTANTS and not (isinstance(value, float) and not math.isfinite(value))

    def literal(self, value: Any) -> ast.expr:
        """A plain value as an expression."""
        return ast.parse(repr(value), mode="eval").body

    def name(self, name: str, function: Function) -> ast.expr | None:
        """What stands for a name of the script; None if it stays as it is."""
        scope = function.scope.find(name)
        values: Mapping[str, Any] = self.reader.values if name in self.reader.values else self.reader.defaults
        if name in self.reader.values or scope is None:
            value = values.get(name, name_without_import(name))
        else:
            value = scope.names[name]
        match value:
            case KnownFunction():
                return ast.Name(f"math.{value.name}" if hasattr(math, value.name) else value.name, ast.Load())
            case Builtin():
                return None
            case Dotted(path="int" | "float"):
                return None
            case Dotted():
                first, _, rest = value.path.partition(".")
                if first in _MODULES:
                    return ast.Name(f"{_MODULES[first]}.{rest}" if rest else _MODULES[first], ast.Load())
            case Function() if isinstance(value.node, ast.FunctionDef) and value.bound is None and value.name == name:
                self.define(value)
                return None
            case Function(node=ast.Lambda()):
                self._add(name, f"{name} = {self.written(value)}")
                return None
            case float() if vars(math).get(name) == value:
                return ast.Name(f"math.{name}", ast.Load())
        if not self.is_plain(value) or (value is None and scope is None and name not in values):
            self.whole = False
            return None
        if not name.isidentifier():  # `cfg.warmup`, whose value was given
            return self.literal(value)
        self._add(name, f"{name} = {value!r}")
        return None

    def attribute(self, owner: Any, name: str) -> ast.expr | None:
        """The value of an attribute of an object of the script; None if it cannot be written."""
        value = owner.names.get(name)
        if name not in owner.names and (cls := owner if isinstance(owner, Class) else owner.cls) is not None:
            value = cls.find(name)
        return self.literal(value) if value is not None and self.is_plain(value) else None


class _Inlined(ast.NodeTransformer):
    """Replaces what a function takes from its script.

    Args:
        standalone: Collects the statements that it needs.
        function: The function.
        values: The values of parameters that are left out.
    """

    def __init__(self, standalone: Standalone, function: Function, values: Mapping[str, Any]) -> None:
        self.standalone, self.function, self.values = standalone, function, values
        own = (n.id for n in ast.walk(function.node) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load))
        self.own = {*own, *(n.arg for n in ast.walk(function.node) if isinstance(n, ast.arg))} - set(values)
        self.own |= {n.name for n in ast.walk(function.node) if isinstance(n, ast.FunctionDef)} - {function.name}

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.own:
            return node
        if node.id in self.values:
            value = self.values[node.id]
            if self.standalone.is_plain(value) and isinstance(node.ctx, ast.Load):
                return self.standalone.literal(value)
            self.standalone.whole = False
            return node
        return self.standalone.name(node.id, self.function) or node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        owner = self._owner(node.value)
        if isinstance(owner, Instance | Class):
            value = self.standalone.attribute(owner, node.attr)
            if value is None or not isinstance(node.ctx, ast.Load):
                self.standalone.whole = False
                return node
            return value
        self.generic_visit(node)
        return node

    def _owner(self, node: ast.expr) -> Any:
        """The object of the script that an expression names."""
        match node:
            case ast.Name(id=name) if name in self.values:
                return self.values[name]
            case ast.Name(id=name) if name not in self.own and (scope := self.function.scope.find(name)):
                return scope.names[name]
            case ast.Attribute(value=inner, attr=name) if isinstance(owner := self._owner(inner), Instance | Class):
                return owner.names.get(name)
        return None

    def visit_Global(self, node: ast.Global) -> ast.Global:
        self.standalone.whole = False
        return node

    def visit_Nonlocal(self, node: ast.Nonlocal) -> ast.Nonlocal:
        self.standalone.whole = False
        return node
