"""The functions and operators of expressions, and bounds on the integers that they return.

Python's integers have no upper limit, and a product of a few names can take minutes: powers and factorials are bounded
when they are computed, other integers before anything is evaluated.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from lrviz.notation.source import MAX_BITS, ExpressionError
from lrviz.text import brief, count

MAX_INT_BITS: Final = 1024  # the range of a float: larger integers are useless for a rate

Kind = Literal["number", "whole", "list", "text"]  # "text" is a number or text


@dataclass(frozen=True)
class Signature:
    """The arguments of a function: their kinds, and the same in words, to follow `takes`.

    The last `optional` arguments may be left out; with `more` there may be any number of the last one. `alone` is the
    kind of an argument that is the only one.
    """

    words: str
    kinds: tuple[Kind, ...]
    optional: int = 0
    more: bool = False
    alone: Kind | None = None

    def of(self, arguments: int) -> Sequence[Kind] | None:
        """The kinds of that many arguments; None if the function does not take so many."""
        if arguments == 1 and self.alone:
            return (self.alone,)
        if arguments < len(self.kinds) - self.optional or (arguments > len(self.kinds) and not self.more):
            return None
        return (*self.kinds[:arguments], *self.kinds[-1:] * (arguments - len(self.kinds)))


@dataclass(frozen=True)
class Function:
    """A function of the notation."""

    name: str
    call: Callable[..., Any]
    signature: Signature

    def wrong_number(self, arguments: int) -> ExpressionError:
        """The error for that many arguments."""
        got = count(arguments, "argument") if arguments else "no arguments"
        return ExpressionError(f"`{self.name}` takes {self.signature.words}, got {got}")

    def failure(self, values: Sequence[Any], error: Exception) -> str:
        """Why a call with these values fails, where Python says it in its own words."""
        for kind, value in zip(self.signature.of(len(values)) or (), values, strict=False):
            if kind == "whole" and not isinstance(value, int):
                return f"`{self.name}` takes {self.signature.words}, got {brief(value)}"
        finite = all(isinstance(v, int | tuple) or math.isfinite(v) for v in values)
        if isinstance(error, ZeroDivisionError) or (isinstance(error, OverflowError) and finite):
            return failure(error)
        return f"`{self.name}` is not defined for {', '.join(map(brief, values))}"


def failure(error: Exception) -> str:
    """Why arithmetic fails, where Python says it in its own words."""
    if isinstance(error, ZeroDivisionError):
        return "division by zero"
    return "the result is too large" if isinstance(error, OverflowError) else "a value is not a number"


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


def _product(values: Sequence[Any]) -> Any:
    """`math.prod`, up to the largest integer that is allowed."""
    result: Any = 1
    for value in values:
        if isinstance(result, int) and isinstance(value, int):
            _check_bits("prod", result.bit_length() + value.bit_length())
        result *= value
    return result


def _multiple(*values: int) -> int:
    """`math.lcm`, likewise."""
    result = 1
    for value in values:
        result = math.lcm(result, value)
        _check_bits("lcm", result.bit_length())
    return result


def _check_bits(name: str, bits: int) -> None:
    if bits > MAX_INT_BITS:
        raise ExpressionError(f"the result of `{name}` is too large", "use smaller numbers, or write its value")


def _bounded(name: str) -> Callable[..., Any]:
    function = getattr(math, name)

    def call(*arguments: Any) -> Any:
        if any(abs(a) > 500 for a in arguments):
            raise ExpressionError(f"`{name}` takes numbers up to 500 here, got {', '.join(map(brief, arguments))}")
        return function(*arguments)

    return call


def _round(number: Any, digits: Any = None) -> Any:
    if digits is not None and (not isinstance(digits, int) or abs(digits) > 400):
        raise ExpressionError(f"`round` takes up to 400 digits here, got {brief(digits)}")
    return round(number, digits)


def _to_float(value: Any) -> float:
    """`float`, of a number or of short text such as "inf"."""
    if isinstance(value, bool | int | float):
        return float(value)
    try:
        return float(value if isinstance(value, str) and len(value) <= 100 else "")
    except ValueError:
        raise ExpressionError(f"`float` takes a number or the text of one, got {brief(value)}") from None


_NUMBER: Final = Signature("a number", ("number",))
_TWO: Final = Signature("two numbers", ("number", "number"))
_LIST: Final = Signature("a list of numbers", ("list",))
_WHOLES: Final = Signature("whole numbers", ("whole",), more=True)
_EXTREME: Final = Signature("a list of numbers, or two numbers or more", ("number",), more=True, alone="list")

_OF_ONE_NUMBER: Final = """
    acos acosh asin asinh atan atanh cbrt ceil cos cosh degrees erf erfc exp exp2 expm1 fabs floor gamma isfinite isinf
    isnan lgamma log10 log1p log2 radians sin sinh sqrt tan tanh trunc ulp
"""
# The functions of `math` that may be called: those of all versions of Python that return one number.
_SIGNATURES: Final[Mapping[str, Signature]] = {
    **dict.fromkeys(_OF_ONE_NUMBER.split(), _NUMBER),
    **dict.fromkeys(["atan2", "copysign", "fmod", "isclose", "nextafter", "pow", "remainder"], _TWO),
    **dict.fromkeys(["fsum", "prod"], _LIST),
    **dict.fromkeys(["gcd", "lcm"], _WHOLES),
    **dict.fromkeys(["factorial", "isqrt"], Signature("a whole number", ("whole",))),
    "comb": Signature("two whole numbers", ("whole", "whole")),
    "dist": Signature("two lists of numbers", ("list", "list")),
    "hypot": Signature("numbers", ("number",), more=True),
    "ldexp": Signature("a number and a whole number", ("number", "whole")),
    "log": Signature("a number and an optional base", ("number", "number"), optional=1),
    "perm": Signature("a whole number and an optional second one", ("whole", "whole"), optional=1),
}
_OWN: Final[Mapping[str, Callable[..., Any]]] = {"prod": _product, "lcm": _multiple}
_UNBOUNDED: Final = ("factorial", "comb", "perm")

MATH: Final[Mapping[str, float | Function]] = {
    **{name: getattr(math, name) for name in ("e", "inf", "nan", "pi", "tau")},
    **{
        name: Function(name, _bounded(name) if name in _UNBOUNDED else _OWN.get(name, getattr(math, name)), signature)
        for name, signature in _SIGNATURES.items()
    },
}

FUNCTIONS: Final[Mapping[str, Function]] = {
    "min": Function("min", min, _EXTREME),
    "max": Function("max", max, _EXTREME),
    "abs": Function("abs", abs, _NUMBER),
    "round": Function("round", _round, Signature("a number and optional digits", ("number", "whole"), optional=1)),
    "int": Function("int", int, _NUMBER),
    "float": Function("float", _to_float, Signature("a number, or text such as 'inf'", ("text",))),
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
COMPARE: Final[Mapping[type[ast.cmpop], Callable[[Any, Any], bool]]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def function_of(func: ast.expr) -> Function | None:
    """The function that `min`, `cos` or `math.cos` names; None for any other."""
    match func:
        case ast.Name(id=name):
            function = FUNCTIONS.get(name) or MATH.get(name)
        case ast.Attribute(value=ast.Name(id="math"), attr=name):
            function = MATH.get(name)
        case _:
            return None
    return function if isinstance(function, Function) else None


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
            return sum(size * length(arg, names) for size, arg in zip(operands, args, strict=True))
        case "factorial" | "comb" | "perm":
            return _FACTORIAL_BITS
    return 0


def length(node: ast.expr, names: Mapping[str, Any]) -> int:
    """The items of a list; 1 for a number."""
    match node:
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return len(items)
        case ast.Name(id=name) if isinstance(names.get(name), tuple):
            return len(names[name])
    return 1
