"""The functions and operators of an expression, bounded where Python could run for long or build something huge."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from lrviz.errors import NotationError

MAX_INT_BITS: Final = 1024  # the range of a float: an exact integer beyond it is of no use for a rate


class ExpressionError(NotationError):
    """A piece of an expression that cannot be used; `node` is where."""

    def __init__(self, message: str, hint: str = "", node: ast.AST | None = None) -> None:
        super().__init__(message, hint)
        self.node = node


def _power(base: Any, exponent: Any) -> Any:
    if (
        isinstance(base, int)
        and isinstance(exponent, int)
        and exponent > 1
        and abs(base).bit_length() * exponent > MAX_INT_BITS
        and abs(base) > 1
    ):
        raise ExpressionError(f"the power {brief(base)} ** {brief(exponent)} is too large")
    result = base**exponent
    if isinstance(result, complex):
        raise ExpressionError(f"({brief(base)}) ** {brief(exponent)} is a complex number")
    return result


def _bounded(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        if any(abs(a) > 500 for a in arguments):
            raise ExpressionError(f"`{name}` takes numbers up to 500 here, got {', '.join(map(brief, arguments))}")
        return function(*arguments)

    return call


def _round(number: Any, digits: Any = None) -> Any:
    if digits is not None and (not isinstance(digits, int) or abs(digits) > 400):
        raise ExpressionError(f"`round` takes up to 400 digits here, got {brief(digits)}")
    return round(number, digits)


def to_float(value: Any) -> float:
    """`float`, of a number or of short text such as "inf"."""
    if isinstance(value, str) and len(value) > 100:
        raise ExpressionError("`float` takes a short text here")
    return float(value)


def _int(value: Any) -> int:
    if isinstance(value, str):
        raise ExpressionError(f"`int` takes a number here, got {brief(value)}")
    return int(value)


_UNBOUNDED = ("factorial", "comb", "perm")
_TUPLES = ("frexp", "modf")  # they return a pair, which no arithmetic takes
_LATER = ("sumprod", "fma")  # of Python 3.12 and 3.13: notation is one on every Python

MATH: Final[Mapping[str, Any]] = {
    name: value for name, value in vars(math).items() if not name.startswith("_") and name not in (*_TUPLES, *_LATER)
} | {name: _bounded(getattr(math, name), name) for name in _UNBOUNDED}

FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "min": min,
    "max": max,
    "abs": abs,
    "round": _round,
    "int": _int,
    "float": to_float,
}

BINARY: Final[Mapping[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
}
UNARY: Final[Mapping[type[ast.unaryop], Callable[[Any], Any]]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Not: operator.not_,
}
COMPARE: Final[Mapping[type[ast.cmpop], Callable[[Any, Any], Any]]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def function_of(func: ast.expr) -> Callable[..., Any] | None:
    """The whitelisted function that `min`, `cos` or `math.cos` names; None for any other."""
    match func:
        case ast.Name(id=name):
            found = FUNCTIONS.get(name) or MATH.get(name)
        case ast.Attribute(value=ast.Name(id="math"), attr=name):
            found = MATH.get(name)
        case _:
            return None
    return found if callable(found) else None


def brief(value: Any, text: bool = False) -> str:
    """A value, or text as it is, in at most 60 characters."""
    if isinstance(value, int) and value.bit_length() > 128:
        return f"a number of {value.bit_length()} bits"
    shown = value if text else repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
