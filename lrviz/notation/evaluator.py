"""A small, safe evaluator of Python expressions: numbers, arithmetic, comparisons and the functions of `math`.

Expressions become closures; nothing is passed to the interpreter. Everything that could take very long or use much
memory is bounded: trees and operations in `budget`, powers, factorials and other integers in `functions`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from lrviz.notation.functions import (
    BINARY,
    COMPARE,
    FUNCTIONS,
    MATH,
    UNARY,
    Function,
    Kind,
    SizeError,
    failure,
    function_of,
    length,
    most_bits,
)
from lrviz.notation.source import MAX_BITS, Budget, ExpressionError, UnsupportedError, check_call, source_of, unparse
from lrviz.text import brief

Closure = Callable[[Any], Any]
_MOST_NAMES = 20  # in a hint
_PYTHONS_ERRORS = (ArithmeticError, ValueError, TypeError)


def compile_function(
    body: ast.expr, names: Mapping[str, Any], argument: str, budget: Budget
) -> tuple[Callable[[Any], Any], int]:
    """Turn the body of a lambda into a function of one value, which becomes the value of the name `argument`.

    Args:
        body: The expression; it must give a number.
        names: The values of the other names: numbers, text, or tuples of numbers.
        argument: The name of the lambda's argument.
        budget: What the text of the lambda has used; its operations are added.

    Returns:
        The function, which raises ExpressionError where its arithmetic fails, and the operations of a call.

    Raises:
        ExpressionError: a name is unknown, a part of the expression is not supported by the notation, or a call takes
            too many operations.
    """
    compiler = _Compiler(names, argument, budget)
    closure = compiler.number(body)
    check_call(compiler.steps, body)
    _check_integers(body, names, argument)

    def function(x: Any) -> Any:
        try:
            return closure(x)
        except _PYTHONS_ERRORS:
            # Compiled again to find the part that fails: a check in each part would make every call slower.
            return _Compiler(names, argument, Budget(), exact=True).number(body)(x)

    return function, compiler.steps


def evaluate(node: ast.expr, names: Mapping[str, Any], budget: Budget) -> Any:
    """The value of an expression; lists become tuples.

    Raises:
        ExpressionError: it cannot be read, its arithmetic fails, such as a division by zero, or it takes too long.
    """
    closure = _Compiler(names, "", budget, exact=True).value(node)
    _check_integers(node, names)
    try:
        value = closure(None)
    except ExpressionError as error:
        error.node = error.node or node
        raise
    if isinstance(value, tuple) and any(isinstance(item, tuple) for item in value):
        raise ExpressionError(f"`{source_of(node)}` is a list inside a list", node=node)
    return value


def unknown_name(name: str, names: Mapping[str, Any], node: ast.AST) -> ExpressionError:
    """The error for a name without a value."""
    import difflib

    known = list(islice(names, _MOST_NAMES))
    close = difflib.get_close_matches(name, [*known, *FUNCTIONS], n=1, cutoff=0.6)
    hint = f"did you mean `{close[0]}`? " if close else ""
    shown = source_of(node)
    hint += f"give it a value with `--let {shown if shown == name else 'NAME'}=...`"
    if known:
        hint += f", or use one of {', '.join(f'`{n}`' for n in known)}"
    return UnsupportedError(f"unknown name `{shown}`", hint, node)


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
    return UnsupportedError(f"`{text}` is not part of the notation", hint, node)


def _is_lookup(node: ast.AST) -> bool:
    """Whether an expression only looks up a value: `args.step`, `cfg["step"]`, `self.steps[0]`."""
    match node:
        case ast.Attribute(value=inner) | ast.Subscript(value=inner, slice=ast.Constant()):
            return isinstance(inner, ast.Name) or _is_lookup(inner)
    return False


def _let(node: ast.AST) -> str:
    """The option that gives an expression its value, quoted for the shell where needed."""
    text = unparse(node)
    if len(text) > 60 or '"' in text:
        return "--let NAME=..."
    return f"--let {text}=..." if text.replace(".", "").isidentifier() else f'--let "{text}=..."'


class _Compiler:
    """Turns checked trees into closures of one value, which becomes the value of the name `argument`.

    `steps` is the number of operations of all closures together. With `exact` each closure reports its own failure.
    """

    def __init__(self, names: Mapping[str, Any], argument: str, budget: Budget, *, exact: bool = False) -> None:
        self.names, self.argument, self.budget, self.exact = names, argument, budget, exact
        self.steps = 0

    def value(self, node: ast.expr) -> Closure:
        """A closure that gives a number, text, None, or a tuple of them."""
        if self._is_number(node):
            return self.number(node)
        self._add(node)
        match node:
            case ast.Constant(value=value):
                return _constant(value)
            case ast.Name(id=name):
                return _constant(self.names[name])
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return _tuple_of([self.value(i) for i in items])
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return _conditional(self.value(test), self.value(body), self.value(orelse))
        raise AssertionError

    def _is_number(self, node: ast.expr) -> bool:
        """Whether an expression must give a number: everything but text, None, lists, and a choice of them."""
        match node:
            case ast.Constant(value=value):
                return not (value is None or isinstance(value, str))
            case ast.Name(id=name):
                return name == self.argument or name not in self.names
            case ast.List() | ast.Tuple() | ast.IfExp():
                return False
        return True

    def number(self, node: ast.expr) -> Closure:
        """A closure that gives a number.

        Text and lists are refused here, before anything runs: Python would repeat them on `*`.
        """
        self._add(node)
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
                return self._exact(_binary(type(op), self.number(left), self.number(right), left), node)
            case ast.UnaryOp(op=unary, operand=operand) if type(unary) in UNARY:
                function, inner = UNARY[type(unary)], self.number(operand)
                return lambda x: function(inner(x))
            case ast.BoolOp(op=boolean, values=values):
                return _boolean(boolean, [self.number(v) for v in values])
            case ast.Compare(left=left, ops=ops, comparators=others) if all(type(o) in COMPARE for o in ops):
                return self._comparison(node, [left, *others])
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return _conditional(self.value(test), self.number(body), self.number(orelse))
            case ast.Call(func=func, args=args, keywords=[]) if (called := function_of(func)) is not None:
                return self._call(called, args, node)
        raise refused(node)

    def _add(self, node: ast.expr, steps: int = 1) -> None:
        self.steps += steps
        self.budget.add_steps(steps, node)

    def _exact(self, closure: Closure, node: ast.expr) -> Closure:
        """The closure; if `exact`, with the node in its errors, which are in lrviz's words."""
        if not self.exact:
            return closure

        def call(x: Any) -> Any:
            try:
                return closure(x)
            except ExpressionError as error:
                error.node = error.node or node
                raise
            except _PYTHONS_ERRORS as error:
                raise _uncomputable(node, failure(error)) from error

        return call

    def _name(self, name: str, node: ast.Name) -> Closure:
        if name == self.argument:
            return _argument
        if name in self.names:
            value = self.names[name]
            if not isinstance(value, bool | int | float):
                raise ExpressionError(f"`{name}` is not a single number, it is {brief(value)}", node=node)
            return _constant(value)
        if name in ("inf", "nan"):
            return _constant(MATH[name])
        if name in MATH and function_of(node) is None:  # `e` may be an epoch: nothing but an import says what it is
            raise UnsupportedError(f"unknown name `{name}`", f"write `math.{name}`, or `--let {name}=...`", node)
        if function_of(node) is not None:
            raise ExpressionError(f"`{name}` is a function", f"call it: `lambda epoch: {name}(epoch)`", node)
        raise unknown_name(name, self.names, node)

    def _comparison(self, node: ast.Compare, operands: list[ast.expr]) -> Closure:
        terms = [self.value(operand) for operand in operands]
        functions = [COMPARE[type(op)] for op in node.ops]
        if not all(map(self._is_number, operands)):
            self._add(node, sum(length(operand, self.names) for operand in operands))
            functions = [_checked(function, node) for function in functions]
        return _comparison(functions, terms)

    def _call(self, function: Function, args: list[ast.expr], node: ast.Call) -> Closure:
        kinds = function.signature.of(len(args))
        if kinds is None:
            error = function.wrong_number(len(args))
            error.node = node
            raise error
        arguments = [self._of_kind(kind, arg, function) for kind, arg in zip(kinds, args, strict=True)]
        if not self.exact:
            return _call(function.call, arguments)

        def call(x: Any) -> Any:
            values = [argument(x) for argument in arguments]
            try:
                return function.call(*values)
            except _PYTHONS_ERRORS as error:
                raise _uncomputable(node, function.failure(values, error)) from error

        return self._exact(call, node)

    def _of_kind(self, kind: Kind, node: ast.expr, function: Function) -> Closure:
        if kind == "text":
            return self.value(node)
        if kind != "list":
            return self.number(node)
        self._add(node, length(node, self.names))
        match node:
            case ast.List(elts=[]) | ast.Tuple(elts=[]) if function.signature.alone:
                raise ExpressionError(f"`{function.name}` takes {function.signature.words}, got []", node=node)
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return _tuple_of([self.number(i) for i in items])
            case ast.Name(id=name) if name != self.argument and isinstance(value := self.names.get(name), tuple):
                if not all(isinstance(item, bool | int | float) for item in value):
                    raise ExpressionError(f"`{name}` is not a list of numbers, it is {brief(value)}", node=node)
                if value or not function.signature.alone:
                    return _constant(value)
            case _:
                self.number(node)  # its error comes first, such as that of an unknown name
        raise ExpressionError(f"`{function.name}` takes {function.signature.words}, got `{source_of(node)}`", node=node)


def _uncomputable(node: ast.AST, reason: str) -> ExpressionError:
    return ExpressionError(f"`{source_of(node)}` cannot be computed: {reason}", node=node, reason=reason)


def _check_integers(node: ast.expr, names: Mapping[str, Any], argument: str = "") -> None:
    try:
        most_bits(node, names, argument)
    except SizeError as error:
        raise ExpressionError(
            f"`{source_of(error.node)}` may give an integer of over {MAX_BITS:,} bits", node=error.node
        ) from error


def _argument(x: Any) -> Any:
    return x


def _constant(value: Any) -> Closure:
    return lambda _: value


def _tuple_of(items: list[Closure]) -> Closure:
    return lambda x: tuple([item(x) for item in items])


def _conditional(condition: Closure, yes: Closure, no: Closure) -> Closure:
    return lambda x: yes(x) if condition(x) else no(x)


def _binary(kind: type[ast.operator], left: Closure, right: Closure, base: ast.expr) -> Closure:
    if kind is ast.Pow and isinstance(base, ast.Constant) and isinstance(base.value, float) and base.value > 0:
        positive = base.value  # the result is a real float, so no check is needed
        if right is _argument:
            return lambda x: positive**x
        return lambda x: positive ** right(x)
    function = BINARY[kind]
    if left is _argument:
        return lambda x: function(x, right(x))
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


def _checked(function: Callable[[Any, Any], bool], node: ast.Compare) -> Callable[[Any, Any], bool]:
    """A comparison of values that need not be numbers."""

    def compare(left: Any, right: Any) -> bool:
        try:
            return function(left, right)
        except TypeError as error:
            raise _uncomputable(node, f"{brief(left)} and {brief(right)} have no order") from error

    return compare


def _comparison(functions: list[Callable[[Any, Any], bool]], terms: list[Closure]) -> Closure:
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
