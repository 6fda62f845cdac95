"""Replace expressions by names in the code that is read, and names by values in the source of a lambda."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from typing import Any

from lrviz.text import print_value


def replace_expressions(tree: ast.Module, names: Collection[str]) -> ast.Module:
    """Replace expressions whose source is one of `names`, such as `args.epochs`, by a name; the tree is changed."""
    _ReplaceExpressions(names).visit(tree)
    return tree


class _ReplaceExpressions(ast.NodeTransformer):
    def __init__(self, names: Collection[str]) -> None:
        self.names = names

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.Attribute | ast.Subscript | ast.Call) and (source := ast.unparse(node)) in self.names:
            return ast.copy_location(ast.Name(source, ast.Load()), node)
        return self.generic_visit(node)


def bound_source(body: ast.expr, names: Mapping[str, Any]) -> str:
    """The source of an expression with `names` replaced by their values; the tree is changed."""
    bound: ast.expr = _BindNames(names).visit(body)
    return ast.unparse(bound)


class _BindNames(ast.NodeTransformer):
    def __init__(self, names: Mapping[str, Any]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self.names:
            return node
        return ast.parse(print_value(self.names[node.id]), mode="eval").body

    def visit_Call(self, node: ast.Call) -> ast.expr:
        node.args = [self.visit(argument) for argument in node.args]  # not the function: a name may be called `min`
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        return node  # math.pi
