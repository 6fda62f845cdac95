"""A small, safe reader of Python expressions: numbers, arithmetic, comparisons and the functions of `math`.

Expressions become closures; nothing is handed to the interpreter. Everything that could run for long or build
something huge is bounded here: powers of integers, factorials, the depth and the size of the tree.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from lrviz.errors import NotationError

Closure = Callable[[Any], Any]

MAX_LENGTH: Final = 100_000
MAX_DEPTH: Final = 100
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
        raise ExpressionError(f"the power {_brief(base)} ** {_brief(exponent)} is too large")
    result = base**exponent
    if isinstance(result, complex):
        raise ExpressionError(f"{_brief(base)} ** {_brief(exponent)} is a complex number")
    return result


def _bounded(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        if any(abs(a) > 500 for a in arguments):
            raise ExpressionError(f"`{name}` takes numbers up to 500 here, got {', '.join(map(_brief, arguments))}")
        return function(*arguments)

    return call


def _round(number: Any, digits: Any = None) -> Any:
    if digits is not None and (not isinstance(digits, int) or abs(digits) > 400):
        raise ExpressionError(f"`round` takes up to 400 digits here, got {_brief(digits)}")
    return round(number, digits)


def _float(value: Any) -> float:
    if isinstance(value, str) and len(value) > 100:
        raise ExpressionError("`float` takes a short text here")
    return float(value)


def _int(value: Any) -> int:
    if isinstance(value, str):
        raise ExpressionError(f"`int` takes a number here, got {_brief(value)}")
    return int(value)


_UNBOUNDED = ("factorial", "comb", "perm")
_TUPLES = ("frexp", "modf")  # they return a pair, which no arithmetic takes

MATH: Final[Mapping[str, Any]] = {
    name: value for name, value in vars(math).items() if not name.startswith("_") and name not in _TUPLES
} | {name: _bounded(getattr(math, name), name) for name in _UNBOUNDED}

FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "min": min,
    "max": max,
    "abs": abs,
    "round": _round,
    "int": _int,
    "float": _float,
}

_BINARY: Final[Mapping[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
}
_UNARY: Final[Mapping[type[ast.unaryop], Callable[[Any], Any]]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Not: operator.not_,
}
_COMPARE: Final[Mapping[type[ast.cmpop], Callable[[Any, Any], Any]]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def compile_expression(node: ast.expr, names: Mapping[str, Any], argument: str = "") -> Closure:
    """Turn a checked tree into a closure of one value, which stands for the name `argument`.

    Args:
        node: The expression.
        names: What the other names stand for: numbers, text, or tuples of numbers.
        argument: The name of a lambda's argument; empty for an expression without one.

    Raises:
        ExpressionError: a name is unknown, or a piece of Python is not part of the notation.
    """
    match node:
        case ast.Constant(value=value) if value is None or isinstance(value, bool | int | float | str):
            return lambda _: value
        case ast.Name(id=name) if name == argument:
            return lambda x: x
        case ast.Name(id=name) if name in names:
            found = names[name]
            return lambda _: found
        case ast.Name(id=name) if isinstance(MATH.get(name), float):
            constant = MATH[name]
            return lambda _: constant
        case ast.Name(id=name):
            raise unknown_name(name, names, node)
        case ast.Attribute(value=ast.Name(id="math"), attr=name) if isinstance(MATH.get(name), float):
            constant = MATH[name]
            return lambda _: constant
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _binary(type(op), _number(left, names, argument), _number(right, names, argument), left)
        case ast.UnaryOp(op=unary, operand=operand) if type(unary) in _UNARY:
            function, inner = _UNARY[type(unary)], _number(operand, names, argument)
            return lambda x: function(inner(x))
        case ast.BoolOp(op=boolean, values=values):
            return _boolean(boolean, [_number(v, names, argument) for v in values])
        case ast.Compare(left=left, ops=ops, comparators=others) if all(type(o) in _COMPARE for o in ops):
            terms = [compile_expression(n, names, argument) for n in (left, *others)]
            return _comparison([_COMPARE[type(o)] for o in ops], terms)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            condition = compile_expression(test, names, argument)
            yes, no = compile_expression(body, names, argument), compile_expression(orelse, names, argument)
            return lambda x: yes(x) if condition(x) else no(x)
        case ast.Call(func=func, args=args, keywords=[]) if (called := function_of(func)) is not None:
            return _call(called, [compile_expression(a, names, argument) for a in args])
        case ast.List(elts=items) | ast.Tuple(elts=items):
            closures = [compile_expression(i, names, argument) for i in items]
            return lambda x: tuple(c(x) for c in closures)
    raise refused(node)


def evaluate(node: ast.expr, names: Mapping[str, Any]) -> Any:
    """The value of an expression; lists become tuples.

    Raises:
        ExpressionError: it cannot be read, or its arithmetic fails (a division by zero, say).
    """
    closure = compile_expression(node, names)
    try:
        return closure(None)
    except ExpressionError as error:
        error.node = error.node or node
        raise
    except (ArithmeticError, ValueError, TypeError) as error:
        reason = "division by zero" if isinstance(error, ZeroDivisionError) else str(error)
        raise ExpressionError(f"`{shown(node)}` cannot be computed: {reason}", node=node) from error


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


def unknown_name(name: str, names: Mapping[str, Any], node: ast.AST) -> ExpressionError:
    """The error for a name that stands for nothing here."""
    import difflib

    close = difflib.get_close_matches(name, [*names, *FUNCTIONS], n=1, cutoff=0.6)
    hint = f"did you mean `{close[0]}`? " if close else ""
    return ExpressionError(
        f"unknown name `{name}`",
        f"{hint}give it a value with `--let {name}=...`, or use one of {', '.join(f'`{n}`' for n in names)}"
        if names
        else f"{hint}give it a value with `--let {name}=...`",
        node,
    )


def refused(node: ast.AST) -> ExpressionError:
    """The error for a piece of Python that is not part of the notation, with a hint where one is known."""
    text = shown(node)
    hint = "numbers, lists, arithmetic, comparisons, `a if c else b`, min, max, abs, round, int, float and math are"
    match node:
        case ast.Call(func=ast.Name(id="len")):
            hint = "put a number there, or `steps_per_epoch` for the length of a loader"
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np" | "numpy" | "torch"), attr=attr)) if attr in MATH:
            hint = f"use `math.{attr}`"
        case ast.Attribute(value=ast.Name(id="np" | "numpy" | "torch"), attr=attr) if attr in MATH:
            hint = f"use `math.{attr}`"
        case ast.Attribute() | ast.Subscript():
            hint = "put its value there, or a name with `--let NAME=...`"
    return ExpressionError(f"`{text}` is not part of the notation", hint, node)


def shown(node: ast.AST) -> str:
    """The source of a node, in one short line."""
    return _brief(ast.unparse(node), text=True)


def check_size(tree: ast.AST) -> None:
    """Refuse a tree that is nested deeper than `MAX_DEPTH`, before anything recurses into it.

    Raises:
        ExpressionError: it is.
    """
    level: list[ast.AST] = [tree]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return
    raise ExpressionError(f"nested more than {MAX_DEPTH} levels deep")


def _number(node: ast.expr, names: Mapping[str, Any], argument: str) -> Closure:
    """As `compile_expression`, for a place where only a number makes sense.

    Text and lists are refused here, before anything runs: Python would repeat them on `*`.
    """
    match node:
        case ast.Constant(value=value) if not isinstance(value, bool | int | float):
            raise ExpressionError(f"`{shown(node)}` is not a number", node=node)
        case ast.List() | ast.Tuple() | ast.Set() | ast.Dict() | ast.Lambda():
            raise ExpressionError(f"`{shown(node)}` is not a number", node=node)
        case ast.Name(id=name) if name != argument and not isinstance(names.get(name, 0), bool | int | float):
            raise ExpressionError(f"`{name}` is not one number here, it is {names[name]!r}", node=node)
        case ast.IfExp(body=body, orelse=orelse):
            _number(body, names, argument)
            _number(orelse, names, argument)
    return compile_expression(node, names, argument)


def _binary(kind: type[ast.operator], left: Closure, right: Closure, base: ast.expr) -> Closure:
    if kind is ast.Pow and isinstance(base, ast.Constant) and isinstance(base.value, float) and base.value > 0:
        positive = base.value  # neither huge integers nor complex numbers can come of it, so the checks are spared
        return lambda x: positive ** right(x)
    function = _BINARY[kind]
    return lambda x: function(left(x), right(x))


def _boolean(kind: ast.boolop, terms: list[Closure]) -> Closure:
    stop_at = isinstance(kind, ast.Or)

    def call(x: Any) -> Any:
        value: Any = None
        for term in terms:
            value = term(x)
            if bool(value) is stop_at:
                break
        return value

    return call


def _comparison(functions: list[Callable[[Any, Any], Any]], terms: list[Closure]) -> Closure:
    if len(functions) == 1:
        function, (left, right) = functions[0], terms
        return lambda x: function(left(x), right(x))

    def call(x: Any) -> Any:
        before = terms[0](x)
        for function, term in zip(functions, terms[1:], strict=True):
            after = term(x)
            if not function(before, after):
                return False
            before = after
        return True

    return call


def _call(function: Callable[..., Any], arguments: list[Closure]) -> Closure:
    if len(arguments) == 1:
        only = arguments[0]
        return lambda x: function(only(x))
    if len(arguments) == 2:
        first, second = arguments
        return lambda x: function(first(x), second(x))
    return lambda x: function(*[a(x) for a in arguments])


def _brief(value: Any, text: bool = False) -> str:
    if isinstance(value, int) and value.bit_length() > 128:
        return f"a number of {value.bit_length()} bits"
    shown = value if text else repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
