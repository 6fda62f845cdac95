"""Lengths that follow the run: `10%` of its scheduler steps, and `3ep` for three epochs, replaced by numbers."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any, Final

from lrviz.notation.source import ExpressionError
from lrviz.text import printable

_MAX_STEPS: Final = 1e15  # far more than any run has


def replace_lengths(tree: ast.Module, lengths: Mapping[str, str], names: Mapping[str, Any]) -> ast.Module:
    """Replace the names that stand for lengths by numbers of scheduler steps; the tree is changed.

    Args:
        tree: The syntax tree of a text.
        lengths: The lengths in the text, such as `10%` and `3ep`, by the name that stands for each.
        names: The values of `total_steps`, the scheduler steps of the run, of `epochs`, and of `exact_epochs`, if the
            run stops in the middle of an epoch.

    Raises:
        ExpressionError: the run is unknown here.
    """
    _ReplaceLengths(lengths, names).visit(tree)
    return tree


class _ReplaceLengths(ast.NodeTransformer):
    def __init__(self, lengths: Mapping[str, str], names: Mapping[str, Any]) -> None:
        self.lengths, self.names = lengths, names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self.lengths:
            return node
        return ast.copy_location(ast.Constant(steps_of(self.lengths[node.id], self.names, node)), node)


def steps_of(length: str, names: Mapping[str, Any], node: ast.AST | None = None) -> int:
    """A length such as `10%` or `3ep` in scheduler steps, rounded to the nearest, and at least 1 if it is above 0.

    Raises:
        ExpressionError: `names` has no `total_steps` or `epochs`, or the length is too large.
    """
    shown = printable(length, 30)
    if "total_steps" not in names or "epochs" not in names:
        raise ExpressionError(f"`{shown}` is a part of a run, and there is no run here", "write a number", node)
    total: int = names["total_steps"]
    epochs: float = names.get("exact_epochs", names["epochs"])
    number, parts = (length[:-1], 100) if length.endswith("%") else (length.removesuffix("ep"), epochs)
    steps = float(number) * total / parts
    if steps > _MAX_STEPS:
        raise ExpressionError(f"`{shown}` is too large", "a run is 100% of its steps", node)
    return max(round(steps), 1 if steps else 0)
