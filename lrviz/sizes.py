"""How large the integers of an expression can get, worked out before anything runs.

Floats end at 1.8e308, but Python's integers grow as long as there is memory, and a product of a few harmless names
can take minutes.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any, Final

MAX_BITS: Final = 8192
_STEP_BITS: Final = 64  # what a lambda is called with: a count of steps
_FLOAT_BITS: Final = 1024  # an int made of a float, or a power that was let through
_TABLE_BITS: Final = 4096  # factorial(500) has 3,768

_GROWING: Final[Mapping[type[ast.operator], Callable[[int, int], int]]] = {
    ast.Add: lambda a, b: max(a, b) + 1,
    ast.Sub: lambda a, b: max(a, b) + 1,
    ast.Mult: lambda a, b: a + b,
    ast.FloorDiv: lambda a, b: a,
    ast.Mod: lambda a, b: b,
    ast.Pow: lambda a, b: _FLOAT_BITS,
}


class SizeError(Exception):
    """A piece of an expression that may make an integer of over `MAX_BITS` bits."""

    def __init__(self, node: ast.expr) -> None:
        super().__init__()
        self.node = node


def bits(value: Any) -> int:
    """The bits of the largest integer in a value; 0 for anything else."""
    if isinstance(value, tuple):
        return max(map(bits, value), default=0)
    return max(value.bit_length(), 1) if isinstance(value, int) else 0


def most_bits(node: ast.AST, names: Mapping[str, Any], argument: str) -> int:
    """A bound on the bits of the integer that an expression gives; 0 where that is a float for certain.

    Raises:
        SizeError: an integer on the way to it may have over `MAX_BITS` bits.
    """
    inside = [most_bits(child, names, argument) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
    found = _bound(node, inside, names, argument)
    if found > MAX_BITS and isinstance(node, ast.expr):
        raise SizeError(node)
    return found


def _bound(node: ast.AST, inside: list[int], names: Mapping[str, Any], argument: str) -> int:
    match node:
        case ast.Constant(value=value):
            return bits(value)
        case ast.Name(id=name):
            return _STEP_BITS if name == argument else bits(names.get(name))
        case ast.BinOp(op=op):
            grows = _GROWING.get(type(op))
            return grows(*inside) if grows and all(inside) else 0
        case ast.Compare() | ast.UnaryOp(op=ast.Not()):
            return 1
        case ast.IfExp():
            return max(inside[1:])
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args):
            return _of_call(name, inside[-len(args) :] if args else [], args, names)
    return max(inside, default=0)


def _of_call(name: str, inside: list[int], args: list[ast.expr], names: Mapping[str, Any]) -> int:
    match name:
        case "int" | "round" | "floor" | "ceil" | "trunc":
            return 0 if name == "round" and len(args) > 1 and not inside[0] else max(_FLOAT_BITS, *inside, 0)
        case "abs" | "min" | "max" | "gcd" | "isqrt":
            return max(inside, default=0)
        case "lcm" | "prod":
            return sum(found * _items(arg, names) for found, arg in zip(inside, args, strict=True))
        case "factorial" | "comb" | "perm":
            return _TABLE_BITS
    return 0


def _items(node: ast.expr, names: Mapping[str, Any]) -> int:
    match node:
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return len(items)
        case ast.Name(id=name) if isinstance(names.get(name), tuple):
            return len(names[name])
    return 1
