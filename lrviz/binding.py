"""A lambda's body with values in the place of names, so that what is printed stands on its own."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from lrviz.calls import print_value


def bound_source(body: ast.expr, names: Mapping[str, Any]) -> str:
    """The source of an expression in which `names` are replaced by what they stand for; the tree is changed."""
    bound: ast.expr = _Bind(names).visit(body)
    return ast.unparse(bound)


class _Bind(ast.NodeTransformer):
    def __init__(self, names: Mapping[str, Any]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self.names:
            return node
        return ast.parse(print_value(self.names[node.id]), mode="eval").body

    def visit_Call(self, node: ast.Call) -> ast.expr:
        node.args = [self.visit(argument) for argument in node.args]  # the function stays: a name may be called `min`
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        return node  # math.pi
