"""A small, safe evaluator of Python expressions: numbers, arithmetic, comparisons and the functions of `math`.

Expressions become closures; nothing is passed to the interpreter. Everything that could take very long or use much
memory is bounded: the depth of the tree in `source`, powers, factorials and other integers in `functions`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from lrviz.notation.functions import (
    BINARY,
    COMPARE,
    FUNCTIONS,
    MATH,
    MAX_BITS,
    UNARY,
    SizeError,
    function_of,
    most_bits,
    to_float,
)
from lrviz.notation.source import ExpressionError, brief, source_of

Closure = Callable[[Any], Any]


def compile_function(body: ast.expr, names: Mapping[str, Any], argument: str) -> Closure:
    """Turn the body of a lambda into a closure of one value, which becomes the value of the name `argument`.

    Args:
        body: The expression; it must give a number.
        names: The values of the other names: numbers, text, or tuples of numbers.
        argument: The name of the lambda's argument.

    Raises:
        ExpressionError: a name is unknown, or a part of the expression is not supported by the notation.
    """
    closure = _Compiler(names, argument).number(body)
    _check_integers(body, names, argument)
    return closure


def evaluate(node: ast.expr, names: Mapping[str, Any]) -> Any:
    """The value of an expression; lists become tuples.

    Raises:
        ExpressionError: it cannot be read, or its arithmetic fails, such as a division by zero.
    """
    closure = _Compiler(names).value(node)
    _check_integers(node, names)
    try:
        value = closure(None)
    except ExpressionError as error:
        error.node = error.node or node
        raise
    except (ArithmeticError, ValueError, TypeError) as error:
        reason = "division by zero" if isinstance(error, ZeroDivisionError) else str(error)
        raise ExpressionError(f"`{source_of(node)}` cannot be computed: {reason}", node=node) from error
    if isinstance(value, tuple) and any(isinstance(item, tuple) for item in value):
        raise ExpressionError(f"`{source_of(node)}` is a list inside a list", node=node)
    return value


def unknown_name(name: str, names: Mapping[str, Any], node: ast.AST) -> ExpressionError:
    """The error for a name without a value."""
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
    """The error for Python syntax that is not part of the notation, with a hint."""
    text = source_of(node)
    hint = "use numbers, lists, arithmetic, comparisons, `a if c else b`, min, max, abs, round, int, float, math"
    match node:
        case ast.FunctionDef(name=name):
            hint = f"write it as a lambda: `{name} = lambda epoch: ...`, or run it from a file: `FILE.py:NAME`"
        case ast.Call(func=ast.Name(id="len")):
            hint = f"put a number there, `steps_per_epoch` for the length of a loader, or `{_let(node)}`"
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np" | "numpy" | "torch"), attr=attr)) if attr in MATH:
            hint = f"use `math.{attr}`"
        case ast.Attribute(value=ast.Name(id="np" | "numpy" | "torch"), attr=attr) if attr in MATH:
            hint = f"use `math.{attr}`"
        case ast.Attribute() | ast.Subscript() if _is_lookup(node):
            hint = f"put its value there, or give it with `{_let(node)}`"
        case ast.ListComp() | ast.Call(func=ast.Name(id="list" | "range" | "tuple" | "sorted")):
            hint = "write the list out, such as `[30, 60, 90]`"
        case ast.Call() | ast.Subscript():
            hint = f"{hint}; other code runs from a file: `FILE.py:NAME`"
    return ExpressionError(f"`{text}` is not part of the notation", hint, node)


def _is_lookup(node: ast.AST) -> bool:
    """Whether an expression only looks up a value: `args.step`, `cfg["step"]`, `self.steps[0]`."""
    match node:
        case ast.Attribute(value=inner) | ast.Subscript(value=inner, slice=ast.Constant()):
            return isinstance(inner, ast.Name) or _is_lookup(inner)
    return False


def _let(node: ast.AST) -> str:
    """The option that gives an expression its value, quoted for the shell where needed."""
    text = ast.unparse(node)
    if len(text) > 60 or '"' in text:
        return "--let NAME=..."
    return f"--let {text}=..." if text.replace(".", "").isidentifier() else f'--let "{text}=..."'


class _Compiler:
    """Turns checked trees into closures of one value, which becomes the value of the name `argument`."""

    def __init__(self, names: Mapping[str, Any], argument: str = "") -> None:
        self.names, self.argument = names, argument

    def value(self, node: ast.expr) -> Closure:
        """A closure that gives a number, text, None, or a tuple of them."""
        match node:
            case ast.Constant(value=value) if value is None or isinstance(value, str):
                return _constant(value)
            case ast.Name(id=name) if name in self.names and name != self.argument:
                return _constant(self.names[name])
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return _tuple_of([self.value(i) for i in items])
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return _conditional(self.value(test), self.value(body), self.value(orelse))
        return self.number(node)

    def number(self, node: ast.expr) -> Closure:
        """A closure that gives a number.

        Text and lists are refused here, before anything runs: Python would repeat them on `*`.
        """
        match node:
            case ast.Constant(value=value) if isinstance(value, bool | int | float):
                return _constant(value)
            case ast.Constant(value=None | str()) | ast.List() | ast.Tuple():
                raise ExpressionError(f"`{source_of(node)}` is not a number", node=node)
            case ast.Name(id=name):
                return self._name(name, node)
            case ast.Attribute(value=ast.Name(id="math"), attr=name) if isinstance(MATH.get(name), float):
                return _constant(MATH[name])
            case ast.BinOp(left=left, op=op, right=right) if type(op) in BINARY:
                return _binary(type(op), self.number(left), self.number(right), left)
            case ast.UnaryOp(op=unary, operand=operand) if type(unary) in UNARY:
                function, inner = UNARY[type(unary)], self.number(operand)
                return lambda x: function(inner(x))
            case ast.BoolOp(op=boolean, values=values):
                return _boolean(boolean, [self.number(v) for v in values])
            case ast.Compare(left=left, ops=ops, comparators=others) if all(type(o) in COMPARE for o in ops):
                return _comparison([COMPARE[type(o)] for o in ops], [self.value(n) for n in (left, *others)])
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return _conditional(self.value(test), self.number(body), self.number(orelse))
            case ast.Call(func=func, args=args, keywords=[]) if (called := function_of(func)) is not None:
                if called is to_float:
                    return _call(called, [self.value(a) for a in args])
                if called in (min, max) and len(args) > 1:  # of several lists they return a list
                    return _call(called, [self.number(a) for a in args])
                return _call(called, [self._numbers(a) for a in args])
        raise refused(node)

    def _name(self, name: str, node: ast.Name) -> Closure:
        if name == self.argument:
            return lambda x: x
        if name in self.names:
            value = self.names[name]
            if not isinstance(value, bool | int | float):
                raise ExpressionError(f"`{name}` is not a single number, it is {brief(value)}", node=node)
            return _constant(value)
        if isinstance(MATH.get(name), float):
            return _constant(MATH[name])
        if function_of(node) is not None:
            raise ExpressionError(f"`{name}` is a function", f"call it: `lambda epoch: {name}(epoch)`", node)
        raise unknown_name(name, self.names, node)

    def _numbers(self, node: ast.expr) -> Closure:
        """A closure that gives a number, or a list of numbers, as arguments of `min` and `prod`."""
        match node:
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return _tuple_of([self.number(i) for i in items])
            case ast.Name(id=name) if name != self.argument and isinstance(value := self.names.get(name), tuple):
                if not all(isinstance(item, bool | int | float) for item in value):
                    raise ExpressionError(f"`{name}` is not a list of numbers, it is {brief(value)}", node=node)
                return _constant(value)
        return self.number(node)


def _check_integers(node: ast.expr, names: Mapping[str, Any], argument: str = "") -> None:
    try:
        most_bits(node, names, argument)
    except SizeError as error:
        raise ExpressionError(
            f"`{source_of(error.node)}` may give an integer of over {MAX_BITS:,} bits", node=error.node
        ) from error


def _constant(value: Any) -> Closure:
    return lambda _: value


def _tuple_of(items: list[Closure]) -> Closure:
    return lambda x: tuple([item(x) for item in items])


def _conditional(condition: Closure, yes: Closure, no: Closure) -> Closure:
    return lambda x: yes(x) if condition(x) else no(x)


def _binary(kind: type[ast.operator], left: Closure, right: Closure, base: ast.expr) -> Closure:
    if kind is ast.Pow and isinstance(base, ast.Constant) and isinstance(base.value, float) and base.value > 0:
        positive = base.value  # the result is a real float, so no check is needed
        return lambda x: positive ** right(x)
    function = BINARY[kind]
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
        left = terms[0](x)
        for function, term in zip(functions, terms[1:], strict=True):
            right = term(x)
            if not function(left, right):
                return False
            left = right
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
