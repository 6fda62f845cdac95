"""The operators of Python, on values of a script."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from lrviz.notation.functions import BINARY, COMPARE, UNARY
from lrviz.notation.functions import Function as KnownFunction
from lrviz.notation.script.arrays import array_operation
from lrviz.notation.script.reader import MAX_ITEMS, Reader
from lrviz.notation.script.values import (
    CONSTANTS,
    NUMBERS,
    Array,
    Builtin,
    Class,
    Counter,
    Dotted,
    Length,
    Origin,
    Unknown,
    flat,
    origins,
)
from lrviz.notation.source import MAX_BITS, ExpressionError

_CLASSES: Final = (Builtin, Class, Dotted, KnownFunction, type(None))  # what `int | float` has
_LONGEST_KEY: Final = 1_000  # characters of a text that is compared
_WIDEST_KEY: Final = 16  # items of a tuple that is compared
_DEEPEST_KEY: Final = 3  # tuples inside each other


def in_order(reader: Reader, items: Sequence[Any], kwargs: Mapping[str, Any], node: ast.Call) -> list[Any] | None:
    """The items as `sorted(items, key=..., reverse=...)` orders them; None if they cannot be compared."""
    if set(kwargs) - {"key", "reverse"} or not isinstance(kwargs.get("reverse", False), bool):
        return None
    keys, key = items, kwargs.get("key")
    if key is not None:
        keys = [reader.call(key, [item], {}, node, reader.top) for item in items]
    if not all(map(_comparable, keys)):
        return None
    reader.add(len(items), node)
    return [items[at] for at in sorted(range(len(items)), key=keys.__getitem__, reverse=kwargs.get("reverse", False))]


def _comparable(value: Any, depth: int = 0) -> bool:
    if isinstance(value, list | tuple):
        return depth < _DEEPEST_KEY and len(value) <= _WIDEST_KEY and all(_comparable(v, depth + 1) for v in value)
    return isinstance(value, NUMBERS) or (isinstance(value, str) and len(value) <= _LONGEST_KEY)


def binary(reader: Reader, op: ast.operator, left: Any, right: Any, node: ast.AST) -> Any:
    """The result of an operator of two operands."""
    unknown = [v for v in (left, right) if isinstance(v, Unknown)]
    if unknown:
        counters = [v for v in unknown if isinstance(v, Counter)]
        if counters and len(counters) == len(unknown) and isinstance(op, ast.Add | ast.Sub):
            return counters[0]
        return Unknown(*(o for v in unknown for o in v.origins), *_left_out(left, right, node), computed=True)
    for value in (left, right):
        if (why := reader.taint(value)) is not None:
            return Unknown(*why.origins)
    if isinstance(left, Array) or isinstance(right, Array):
        return array_operation(reader, op, [left, right], node)
    if isinstance(left, int | float) and isinstance(right, int | float):
        return _arithmetic(reader, op, left, right, node)
    sequences = (str, list, tuple)
    match op:
        case ast.Add() if type(left) is type(right) and isinstance(left, sequences):
            reader.add(len(left) + len(right), node)
            return reader.checked(left + right, node)
        case ast.Mult() if isinstance(left, sequences) and isinstance(right, int):
            return _repeat(reader, left, right, node)
        case ast.Mult() if isinstance(right, sequences) and isinstance(left, int):
            return _repeat(reader, right, left, node)
        case ast.BitOr() if isinstance(left, dict) and isinstance(right, dict):
            reader.add(len(left) + len(right), node)
            return {**left, **right}
        case ast.BitOr() if all(isinstance(each, _CLASSES) for each in flat([left, right])):
            return (*flat([left]), *flat([right]))
    missing = _left_out(left, right, node)
    return Unknown(*missing) if missing else reader.unknown(node)


def _left_out(left: Any, right: Any, node: ast.AST) -> list[Origin]:
    """The operands that are None, as parameters with that default are."""
    operands = ((left, getattr(node, "left", None)), (right, getattr(node, "right", None)))
    return [Origin(part) for value, part in operands if value is None and isinstance(part, ast.Name | ast.Attribute)]


def _arithmetic(reader: Reader, op: ast.operator, left: Any, right: Any, node: ast.AST) -> Any:
    if isinstance(op, ast.Mult) and isinstance(left, int) and isinstance(right, int):
        bits = left.bit_length() + right.bit_length()
        if bits > MAX_BITS:
            raise ExpressionError(f"a number of {bits:,} bits is too large", node=node)
    whole = isinstance(left, int) and isinstance(right, int)
    try:
        match op:
            case ast.LShift() if whole and 0 <= right <= MAX_BITS:
                return reader.checked(left << right, node)
            case ast.RShift() if whole and right >= 0:
                return left >> right
            case ast.BitAnd() if whole:
                return left & right
            case ast.BitOr() if whole:
                return left | right
            case ast.BitXor() if whole:
                return left ^ right
        function = BINARY.get(type(op))
        return reader.unknown(node) if function is None else function(left, right)
    except ExpressionError as error:
        error.node = error.node or node
        raise
    except (ArithmeticError, ValueError, TypeError) as error:
        return reader.raises(error, node)


def _repeat(reader: Reader, value: Any, times: int, node: ast.AST) -> Any:
    size = len(value) * max(times, 0)
    if size > MAX_ITEMS and isinstance(value, list) and origins(value):  # batches, of which only the number matters
        return Length(size)
    reader.check_length(size, node)
    reader.add(size, node)
    return value * times


def unary(reader: Reader, op: ast.unaryop, value: Any, node: ast.expr) -> Any:
    """The result of an operator of one operand."""
    if isinstance(op, ast.Not):
        test = reader.truth(value)
        return test if isinstance(test, Unknown) else not test
    if isinstance(value, Unknown):
        return Unknown(*value.origins)
    if isinstance(value, int | float) and type(op) in UNARY:
        return UNARY[type(op)](value)
    if isinstance(value, Array):
        return array_operation(reader, op, [value], node)
    if isinstance(op, ast.Invert) and isinstance(value, int):
        return ~value
    return reader.unknown(node)


def relation(reader: Reader, op: ast.cmpop, left: Any, right: Any, node: ast.Compare) -> Any:
    """Whether a comparison of two values is true."""
    if isinstance(op, ast.Is | ast.IsNot):
        if isinstance(left, Unknown) or isinstance(right, Unknown):
            return Unknown(*origins(left), *origins(right)) if origins(left) or origins(right) else reader.unknown(node)
        if isinstance(left, Dotted) and isinstance(right, Dotted):
            return (left.last == right.last) is isinstance(op, ast.Is)
        same = left is right or (isinstance(left, CONSTANTS) and type(left) is type(right) and left == right)
        return same is isinstance(op, ast.Is)
    unknown = [v for v in (left, right) if isinstance(v, Unknown)]
    if isinstance(right, str) or (type(right) is int and isinstance(op, ast.Eq)):
        reader.example(left, right)
    elif isinstance(right, list | tuple | dict):
        reader.example(left, *right)
    elif isinstance(left, str) and isinstance(op, ast.In | ast.NotIn):
        reader.example(right, left)
    if unknown or (isinstance(op, ast.In | ast.NotIn) and not isinstance(right, dict) and origins(right)):
        return Unknown(*origins(left), *origins(right)) if unknown or origins(right) else reader.unknown(node)
    if (why := reader.taint(left) or reader.taint(right)) is not None:
        return why
    if (isinstance(left, Array) or isinstance(right, Array)) and type(op) in COMPARE:
        return array_operation(reader, op, [left, right], node)
    if isinstance(op, ast.In | ast.NotIn) and isinstance(right, Array):
        right = reader.items(right)
    if isinstance(left, Dotted) and isinstance(right, Dotted) and isinstance(op, ast.Eq | ast.NotEq):
        return (left.last == right.last) is isinstance(op, ast.Eq)
    try:
        match op:
            case ast.In() | ast.NotIn():
                if isinstance(right, str | list | tuple | dict | range):
                    reader.add(size(right), node)
                    return (left in right) is isinstance(op, ast.In)
            case _ if type(op) in COMPARE:
                plain = (*CONSTANTS, list, tuple, dict, range)
                if isinstance(left, plain) and isinstance(right, plain):
                    reader.add(size(left) + size(right), node)
                    return bool(COMPARE[type(op)](left, right))
    except (TypeError, RecursionError):
        pass
    return reader.unknown(node)


def size(value: Any, known: dict[int, int] | None = None) -> int:
    """The number of items in a value, with those of each list as often as it is in there.

    Comparing or printing the value takes that many operations. `known` has the numbers that are computed, by id().
    """
    if isinstance(value, str | range):
        return len(value)
    if not isinstance(value, list | tuple | dict):
        return 1
    known = {} if known is None else known
    if id(value) not in known:
        known[id(value)] = sys.maxsize  # for a list in itself
        known[id(value)] = 1 + sum(size(i, known) for i in (value.values() if isinstance(value, dict) else value))
    return known[id(value)]


def set_of(reader: Reader, items: list[Any], node: ast.AST) -> Any:
    """The items of a set of numbers, in Python's order; that of other sets is not the same in each process."""
    if all(isinstance(item, NUMBERS) for item in items):
        return list(set(items))
    return next((item for item in items if isinstance(item, Unknown)), None) or reader.unknown(node)
