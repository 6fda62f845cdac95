"""The functions and operators of expressions, and bounds on the integers that they return.

Python's integers have no upper limit, and a product of a few names can take minutes: powers and factorials are bounded
when they are computed, other integers before anything is evaluated.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from lrviz.notation.source import ExpressionError, brief

MAX_INT_BITS: Final = 1024  # the range of a float: larger integers are useless for a rate


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
_TUPLES = ("frexp", "modf")  # they return a pair, not a number
_NEWER = ("sumprod", "fma")  # added in Python 3.12 and 3.13; the notation is the same on every version

MATH: Final[Mapping[str, Any]] = {
    name: value for name, value in vars(math).items() if not name.startswith("_") and name not in (*_TUPLES, *_NEWER)
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
    """The allowed function that `min`, `cos` or `math.cos` names; None for any other."""
    match func:
        case ast.Name(id=name):
            function = FUNCTIONS.get(name) or MATH.get(name)
        case ast.Attribute(value=ast.Name(id="math"), attr=name):
            function = MATH.get(name)
        case _:
            return None
    return function if callable(function) else None


MAX_BITS: Final = 8192
_STEP_BITS: Final = 64  # the argument of a lambda, a step count
_FLOAT_BITS: Final = 1024  # an int converted from a float, or a power
_FACTORIAL_BITS: Final = 4096  # factorial(500) has 3,768

_RESULT_BITS: Final[Mapping[type[ast.operator], Callable[[int, int], int]]] = {
    ast.Add: lambda a, b: max(a, b) + 1,
    ast.Sub: lambda a, b: max(a, b) + 1,
    ast.Mult: lambda a, b: a + b,
    ast.FloorDiv: lambda a, b: a,
    ast.Mod: lambda a, b: b,
    ast.Pow: lambda a, b: _FLOAT_BITS,
}


class SizeError(Exception):
    """An expression may give an integer of over `MAX_BITS` bits; `node` is the part that may."""

    def __init__(self, node: ast.expr) -> None:
        super().__init__()
        self.node = node


def bits(value: Any) -> int:
    """The bits of the largest integer in a value; 0 for anything else."""
    if isinstance(value, tuple):
        return max(map(bits, value), default=0)
    return max(value.bit_length(), 1) if isinstance(value, int) else 0


def most_bits(node: ast.AST, names: Mapping[str, Any], argument: str) -> int:
    """A bound on the bits of the integer that an expression gives; 0 if it is certainly a float.

    Raises:
        SizeError: the result, or an intermediate one, may have over `MAX_BITS` bits.
    """
    operands = [
        most_bits(child, names, argument) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)
    ]
    result = _result_bits(node, operands, names, argument)
    if result > MAX_BITS and isinstance(node, ast.expr):
        raise SizeError(node)
    return result


def _result_bits(node: ast.AST, operands: list[int], names: Mapping[str, Any], argument: str) -> int:
    match node:
        case ast.Constant(value=value):
            return bits(value)
        case ast.Name(id=name):
            return _STEP_BITS if name == argument else bits(names.get(name))
        case ast.BinOp(op=op):
            bound = _RESULT_BITS.get(type(op))
            return bound(*operands) if bound and all(operands) else 0
        case ast.Compare() | ast.UnaryOp(op=ast.Not()):
            return 1
        case ast.IfExp():
            return max(operands[1:])
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args):
            return _call_bits(name, operands[-len(args) :] if args else [], args, names)
    return max(operands, default=0)


def _call_bits(name: str, operands: list[int], args: list[ast.expr], names: Mapping[str, Any]) -> int:
    match name:
        case "int" | "round" | "floor" | "ceil" | "trunc":
            return 0 if name == "round" and len(args) > 1 and not operands[0] else max(_FLOAT_BITS, *operands, 0)
        case "abs" | "min" | "max" | "gcd" | "isqrt":
            return max(operands, default=0)
        case "lcm" | "prod":
            return sum(size * _length(arg, names) for size, arg in zip(operands, args, strict=True))
        case "factorial" | "comb" | "perm":
            return _FACTORIAL_BITS
    return 0


def _length(node: ast.expr, names: Mapping[str, Any]) -> int:
    match node:
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return len(items)
        case ast.Name(id=name) if isinstance(names.get(name), tuple):
            return len(names[name])
    return 1
