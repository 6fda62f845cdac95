"""Arrays of numpy: what operators and methods do with them, and how large they may be."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Final

from lrviz.notation.script.reader import Reader
from lrviz.notation.script.values import NUMBERS, Array
from lrviz.notation.source import ExpressionError

MOST_ITEMS: Final = 1_000_000  # of an array: 8 MB
_ITEMS_EACH: Final = 40  # of an array, that count as one operation
_OPERATORS: Final[dict[type[ast.AST], str]] = {
    ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "true_divide", ast.FloorDiv: "floor_divide",
    ast.Mod: "remainder", ast.Pow: "power", ast.USub: "negative", ast.Lt: "less", ast.LtE: "less_equal",
    ast.Gt: "greater", ast.GtE: "greater_equal", ast.Eq: "equal", ast.NotEq: "not_equal",
}  # fmt: skip
_METHODS: Final = ("copy", "sum", "min", "max", "mean", "prod", "cumsum", "cumprod", "any", "all", "round", "item")
_KINDS: Final = {
    "int": "int64", "float": "float64", "numpy.int64": "int64", "numpy.int32": "int64", "numpy.float64": "float64",
    "int64": "int64", "float64": "float64",
}  # fmt: skip


_SAME: Final = ("cpu", "detach", "clone", "float", "contiguous", "numpy")  # methods of a tensor of 32 bits


def is_tensor(value: Any) -> bool:
    """Whether a value is what stands for a tensor of torch with numbers of 32 bits."""
    return isinstance(value, Array) and value.data.dtype.name == "float32"


def tensor_of(reader: Reader, name: str, args: Sequence[Any], kwargs: dict[str, Any], node: ast.Call) -> Any:
    """A tensor of torch with one axis: of a list of numbers, of `linspace`, or of tensors that are joined."""
    if (unknown := reader.unknown_in([*args, *kwargs.values()])) is not None:
        unknown.computed = True
        return unknown
    import numpy as np

    match name, args:
        case "tensor" | "FloatTensor", [list() | tuple() as items] if items and not kwargs:
            floats = any(isinstance(i, float) for i in items) or name != "tensor"
            if floats and all(isinstance(i, float) or _is_small(i) for i in items):
                add_items(reader, len(items), node)
                return Array(np.array(items, np.float64).astype(np.float32))
        case "linspace", [start, end, *rest] if len(rest) + len(kwargs) == 1 and kwargs.keys() <= {"steps"}:
            steps = rest[0] if rest else kwargs["steps"]
            if _is_small(start) and _is_small(end) and isinstance(steps, int) and 1 < steps <= MOST_ITEMS:
                add_items(reader, steps, node)
                return Array(_linspace(start, end, steps))
        case "cat" | "concat", [list() | tuple() as parts] if parts and all(map(is_tensor, parts)) and not kwargs:
            add_items(reader, sum(map(len, parts)), node)
            return Array(np.concatenate([part.data for part in parts]))
    return reader.unknown(node)


def _linspace(start: float, end: float, steps: int) -> Any:
    """Torch's `linspace`: from both ends, each number with one rounding to 32 bits."""
    import numpy as np

    first, last = np.float32(start), np.float32(end)
    each, at = np.float64((last - first) / np.float32(steps - 1)), np.arange(steps)
    up = np.float64(first) + each * at
    down = np.float64(last) - each * (steps - 1 - at)
    return np.where(at < steps // 2, up, down).astype(np.float32)


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
    kind = getattr(getattr(result, "dtype", None), "kind", "")
    if not kind:
        return result if isinstance(result, NUMBERS) else reader.unknown(node)
    if kind not in "ifb" or result.ndim > 1:
        return reader.unknown(node)
    if result.ndim == 1:
        return Array(result)
    return result[()] if kind == "f" else result.item()


def array_operation(reader: Reader, op: ast.AST, values: Sequence[Any], node: ast.AST) -> Any:
    """The result of an operator with one or two operands, at least one of which is an array."""
    others = [v for v in values if not isinstance(v, Array)]
    items = [i for v in others for i in (v if isinstance(v, list | tuple) else (v,))]
    if (unknown := reader.unknown_in(items)) is not None:
        return unknown
    if type(op) not in _OPERATORS or not all(map(_is_small, items)):
        return reader.unknown(node)
    if isinstance(op, ast.Pow) and any(is_tensor(v) for v in values):  # torch rounds it otherwise than numpy
        return reader.unknown(node)
    add_items(reader, sum(len(v) for v in values if isinstance(v, Array)) + len(items), node)
    import numpy as np

    return _computed(reader, getattr(np, _OPERATORS[type(op)]), map(as_data, values), node)


def array_method(
    reader: Reader, owner: Array, name: str, args: list[Any], kwargs: dict[str, Any], node: ast.Call
) -> Any:
    """What a method of an array returns; another than those that are known may change it."""
    if (why := reader.taint(owner)) is not None:
        return why
    if name == "tolist" and not args:
        add_items(reader, len(owner), node)
        return owner.data.tolist()
    if is_tensor(owner):
        return owner if name in _SAME and not args else reader.unknown(node)
    if name in ("astype", *_METHODS) and not kwargs and len(args) == (name == "astype"):
        kinds = [_KINDS.get(getattr(a, "path", getattr(a, "name", a))) for a in args]
        if None not in kinds:
            add_items(reader, len(owner), node)
            return _computed(reader, getattr(owner.data, name), kinds, node)
    reader.change(owner, reader.unknown(node))
    return reader.unknown(node)


def _is_small(value: Any) -> bool:
    return isinstance(value, NUMBERS) and not (isinstance(value, int) and abs(value) >= 2**63)


def _computed(reader: Reader, function: Callable[..., Any], args: Any, node: ast.AST) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return array_of(reader, function(*args), node)
    except (TypeError, ValueError, ArithmeticError):
        return reader.failed(node)
