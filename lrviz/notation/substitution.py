"""Replace expressions by names in the code that is read, and names by values in the source of a lambda."""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from lrviz.notation.source import Budget, unparse
from lrviz.text import print_value

_WORD: Final = re.compile(r"[^\W\d]\w*")


def replace_expressions(tree: ast.Module, names: Collection[str], text: str = "") -> ast.Module:
    """Replace expressions whose source is one of `names`, such as `args.epochs`, by a name; the tree is changed.

    With the `text` of the tree only the statements are looked at that have a word of one of them.
    """
    replacer = _numbered(tuple(name for name in names if not name.isidentifier())).copy()
    if text:
        words = {max(_WORD.findall(name), key=len, default="") for name in names if not name.isidentifier()}
        replacer.lines = [number for number, line in enumerate(text.split("\n"), 1) if any(w in line for w in words)]
    replacer.visit(tree)
    return tree


@lru_cache(maxsize=4)  # the same names for all curves of a figure
def _numbered(names: tuple[str, ...]) -> _ReplaceExpressions:
    replacer = _ReplaceExpressions({}, {})
    for name in names:
        replacer.names[replacer.number(ast.parse(name, mode="eval").body)] = name
    return replacer


class _ReplaceExpressions(ast.NodeTransformer):
    """Gives equal expressions equal numbers, each part once: the source of each part would take quadratic time."""

    def __init__(self, names: dict[int, str], numbers: dict[Any, int]) -> None:
        self.names = names  # by the number of the expression
        self._numbers = numbers
        self._known: dict[ast.AST, int] = {}
        self.lines: Sequence[int] | None = None  # in which statements are looked at, in order

    def copy(self) -> _ReplaceExpressions:
        """Another one with the same names, to which the numbers of a tree can be added."""
        return _ReplaceExpressions(self.names, dict(self._numbers))

    def number(self, node: Any) -> int:
        """The number of an expression, or of a value or a list in it."""
        if isinstance(node, ast.AST) and node in self._known:
            return self._known[node]
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and _is_name(node.slice.value):
            # `cfg["lr"]` and `cfg.lr` are the same value.
            key: Any = (ast.Attribute, self.number(node.value), self.number(node.slice.value), self.number(node.ctx))
        elif isinstance(node, ast.AST):
            key = (type(node), *(self.number(value) for _, value in ast.iter_fields(node)))
        elif isinstance(node, list):
            key = (list, *map(self.number, node))
        else:
            key = (type(node), repr(node))
        found = self._numbers.setdefault(key, len(self._numbers))
        if isinstance(node, ast.AST):
            self._known[node] = found
        return found

    def visit(self, node: ast.AST) -> Any:
        if self.lines is not None and isinstance(node, ast.stmt):
            at = bisect_left(self.lines, min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))]))
            if at == len(self.lines) or self.lines[at] > (node.end_lineno or node.lineno):
                return node
        if isinstance(node, ast.Attribute | ast.Subscript | ast.Call) and (name := self.names.get(self.number(node))):
            return ast.copy_location(ast.Name(name, ast.Load()), node)
        return self.generic_visit(node)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value.isidentifier()


def bound_source(body: ast.expr, names: Mapping[str, Any], argument: str, budget: Budget) -> str:
    """The source of a lambda's body with `names` replaced by their values; the tree is changed.

    Raises:
        ExpressionError: it is too long.
    """
    bound: ast.expr = _BindNames(names, argument, budget).visit(body)
    return unparse(bound)


class _BindNames(ast.NodeTransformer):
    def __init__(self, names: Mapping[str, Any], argument: str, budget: Budget) -> None:
        self.names, self.argument, self.budget = names, argument, budget
        self.printed: dict[str, tuple[str, ast.expr]] = {}

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self.names or node.id == self.argument:
            return node
        if node.id not in self.printed:
            text = print_value(self.names[node.id])
            self.printed[node.id] = text, ast.parse(text, mode="eval").body
        text, value = self.printed[node.id]
        self.budget.add_printed(text, node)
        return value

    def visit_Call(self, node: ast.Call) -> ast.expr:
        node.args = [self.visit(argument) for argument in node.args]  # not the function: a name may be called `min`
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        return node  # math.pi
