"""Functions of numbers: those of `math`, of numpy, and Python's min, max, abs, round, int and float."""

from __future__ import annotations

import ast
import warnings
from typing import Any, Final

from lrviz.notation.functions import MATH
from lrviz.notation.functions import Function as KnownFunction
from lrviz.notation.script.arrays import MOST_ITEMS, add_items, array_of, as_data
from lrviz.notation.script.names import NUMPY_CONSTANTS
from lrviz.notation.script.operators import in_order
from lrviz.notation.script.reader import Reader
from lrviz.notation.script.values import NUMBERS, Array, Counter, Unknown, is_scalar
from lrviz.notation.source import ExpressionError, unparse

# numpy's functions of numbers, by their names; each is numpy's own, since its rounding differs from that of `math`.
NUMPY: Final = frozenset((
    "cos", "sin", "tan", "exp", "log", "log2", "log10", "sqrt", "floor", "ceil", "clip", "minimum", "maximum",
    "power", "abs", "absolute", "linspace", "logspace", "arange", "interp", "round", "around", "float64", "float32",
    "int64", "int32", "array", "asarray", "prod", "sum", "mean", "cumsum", "cumprod", "sign", "tanh", "min", "max",
    "searchsorted", "digitize", "concatenate", "hstack", "append", "where", "full", "ones", "zeros", "geomspace",
    "hypot", "square",
))  # fmt: skip
# Functions of Python that numpy has another of, with other arguments.
_OF_PYTHON: Final = frozenset(("abs", "max", "min", "round", "sum"))


def starred(module: str) -> list[str]:
    """The numbers and the functions of numbers that `from module import *` defines."""
    if module == "math":
        return list(MATH)
    return sorted({*NUMPY_CONSTANTS, *NUMPY} - _OF_PYTHON) if module == "numpy" else []


def call_known(reader: Reader, function: KnownFunction, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> Any:
    """A function of `math`, or Python's min, max, abs, round, int and float."""
    if function.name in ("max", "min") and (set(kwargs) == {"key"} or (not kwargs and _are_compared(args))):
        items = reader.items(args[0]) if len(args) == 1 else args
        ordered = in_order(reader, items, {**kwargs, "reverse": function.name == "max"}, node) if items else None
        return reader.unknown(node) if ordered is None else ordered[0]
    if kwargs and not (function.name == "round" and set(kwargs) == {"ndigits"}):
        return reader.unknown(node)
    args = [*args, *kwargs.values()]
    if function.name == "float":
        args = [a.item() if is_scalar(a) else a for a in args]
    if (unknown := reader.unknown_in(args)) is not None:
        counters = [a for a in args if isinstance(a, Counter)]
        converts = len(args) == 1 and isinstance(args[0], Unknown) and function.name in ("int", "float")
        unknown.computed = not converts or args[0].computed
        return counters[0] if len(counters) == len(args) == 1 else unknown
    args = [
        list(a.values())
        if isinstance(a, dict)
        else list(a)
        if isinstance(a, range)
        else reader.items(a)
        if isinstance(a, Array)
        else a
        for a in args
    ]
    if function.name == "int" and len(args) == 1 and isinstance(args[0], str) and len(args[0]) < 100:
        args = [_number_of(args[0])]
    kinds = function.signature.of(len(args))
    for kind, value in zip(kinds or (), args, strict=False):
        good = (
            isinstance(value, list | tuple) and all(isinstance(i, NUMBERS) for i in value)
            if kind == "list"
            else (isinstance(value, (*NUMBERS, str)) if kind == "text" else isinstance(value, NUMBERS))
        )
        if not good:
            return reader.unknown(node)
        if kind == "list":
            reader.add(len(value), node)
    if kinds is None:
        return reader.unknown(node)
    try:
        return reader.checked(function.call(*args), node)
    except ExpressionError as error:
        if function.name in ("int", "float"):  # of a text that is no number
            reader.raises(ValueError(error.message), node)
        error.node = error.node or node
        raise
    except (ArithmeticError, ValueError, TypeError) as error:
        return reader.raises(error, node)


def _are_compared(args: list[Any]) -> bool:
    """Whether the only argument is a list of tuples or texts."""
    return len(args) == 1 and isinstance(args[0], list | tuple) and all(isinstance(i, tuple | str) for i in args[0])


def _number_of(text: str) -> Any:
    try:
        return int(text)
    except ValueError:
        return text


def call_numpy(reader: Reader, name: str, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> Any:
    """A function of numpy, of numbers and lists of them; and arrays."""
    values = [*args, *kwargs.values()]
    if (unknown := reader.unknown_in(values)) is not None:
        unknown.computed = True
        return unknown
    if name in ("concatenate", "hstack", "append"):
        values = args[0] if len(args) == 1 else args
        if not isinstance(values, list | tuple):
            return reader.unknown(node)
        name, args = "hstack", [[as_data(v) for v in values]]
    side = kwargs.get("side", "left")
    values = [v for v in values if v is not side] if side in ("left", "right") else values
    arrays = [v for v in values if isinstance(v, Array)]
    flat = [i for v in values for i in (v if isinstance(v, list | tuple | range) else (v,)) if not isinstance(v, Array)]
    if not all(isinstance(i, (*NUMBERS, type(None))) for i in flat) or set(kwargs) - {
        "num",
        "endpoint",
        "base",
        "decimals",
        "side",
    }:
        return reader.unknown(node)
    sizes = {"linspace": 2, "logspace": 2, "geomspace": 2, "full": 0, "ones": 0, "zeros": 0}
    size = kwargs.get("num", args[sizes[name]] if name in sizes and len(args) > sizes[name] else 50)
    if name == "arange":
        start, stop, step = (0, *args, 1)[:3] if len(args) == 1 else (*args, 1)[:3]
        size = abs((stop - start) / step) if step else 0
    if (
        not isinstance(size, int | float)
        or not size <= MOST_ITEMS
        or any(isinstance(i, int) and abs(i) >= 2**63 for i in flat)
    ):
        raise ExpressionError(f"`{unparse(node)[:60]}` is too large", node=node)
    reader.add(len(flat), node)
    add_items(reader, sum(map(len, arrays)) + (int(size) if name in sizes or name == "arange" else 0), node)
    import numpy as np

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = getattr(np, name)(*map(as_data, args), **kwargs)
    except (TypeError, ValueError, ArithmeticError, IndexError):
        return reader.unknown(node)
    return array_of(reader, result, node)
