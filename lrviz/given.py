"""What a pasted line takes from elsewhere, by the words it has for it: `num_epochs`, `args.epochs`, `len(loader)`."""

from __future__ import annotations

import ast
from collections.abc import Collection
from typing import Any, Final

from lrviz.arithmetic import ExpressionError
from lrviz.expressions import check_size

_MOST: Final = 200  # characters that one of them may have


def given_name(text: str) -> str | None:
    """The words as the notation has them, whatever their spaces and quotes; None where they name no value.

    A name, an attribute (`args.epochs`), a subscript (`cfg["gamma"]`) and a call (`len(loader)`) do.
    """
    text = text.strip()
    if text.isidentifier() or not 0 < len(text) <= _MOST:
        return text if text.isidentifier() else None
    try:
        node = ast.parse(text, mode="eval").body
        check_size(node)
    except (SyntaxError, ValueError, MemoryError, RecursionError, ExpressionError):
        return None
    return ast.unparse(node) if isinstance(node, ast.Attribute | ast.Subscript | ast.Call) else None


def with_given(tree: ast.Module, names: Collection[str]) -> ast.Module:
    """The tree with a plain name wherever the words of one of `names` stand; the given tree is changed."""
    words = {name for name in names if not name.isidentifier()}
    if words:
        _Given(words).visit(tree)
    return tree


class _Given(ast.NodeTransformer):
    def __init__(self, words: Collection[str]) -> None:
        self.words = words

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.Attribute | ast.Subscript | ast.Call) and (found := ast.unparse(node)) in self.words:
            return ast.copy_location(ast.Name(found, ast.Load()), node)
        return self.generic_visit(node)
