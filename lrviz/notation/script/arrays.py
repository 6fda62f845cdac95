"""Arrays of numpy: what operators do with them, and how large they may be."""

from __future__ import annotations

import ast
import warnings
from typing import Any, Final

from lrviz.notation.script.reader import Reader
from lrviz.notation.script.values import NUMBERS, Array
from lrviz.notation.source import ExpressionError

MOST_ITEMS: Final = 1_000_000  # of an array: 8 MB
_ITEMS_EACH: Final = 40  # of an array, that count as one operation
_OPERATORS: Final[dict[type[ast.operator], str]] = {
    ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "true_divide", ast.FloorDiv: "floor_divide",
    ast.Mod: "remainder", ast.Pow: "power",
}  # fmt: skip


def add_items(reader: Reader, items: int, node: ast.AST) -> None:
    """Count the items of arrays."""
    if items > MOST_ITEMS:
        raise ExpressionError(f"an array of {items:,} items is too long; {MOST_ITEMS:,} is the limit", node=node)
    reader.add(items // _ITEMS_EACH, node)
    reader.keep(items)


def as_data(value: Any) -> Any:
    """A value as numpy takes it."""
    return value.data if isinstance(value, Array) else list(value) if isinstance(value, range) else value


def array_of(reader: Reader, result: Any, node: ast.AST) -> Any:
    """The result of a function of numpy: an array of one dimension, or a number."""
    if result.dtype.kind not in "if":
        return reader.unknown(node)
    if result.ndim == 0:
        return result.item() if result.dtype.kind == "i" else result[()]
    return Array(result) if result.ndim == 1 else reader.unknown(node)


def array_operation(reader: Reader, op: ast.operator, left: Any, right: Any, node: ast.AST) -> Any:
    """The result of an operator with an array."""
    import numpy as np

    sizes = [len(v) for v in (left, right) if isinstance(v, Array)]
    others = [v for v in (left, right) if not isinstance(v, Array)]
    if type(op) not in _OPERATORS or not all(isinstance(v, NUMBERS) and abs(v) < 2**63 for v in others):
        return reader.unknown(node)
    add_items(reader, sum(sizes), node)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return array_of(reader, getattr(np, _OPERATORS[type(op)])(as_data(left), as_data(right)), node)
    except (TypeError, ValueError, ArithmeticError):
        return reader.failed(node)
