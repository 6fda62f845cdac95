"""A small, safe reader of Python expressions: numbers, arithmetic, comparisons and the functions of `math`.

Expressions become closures; nothing is handed to the interpreter. Everything that could run for long or build
something huge is bounded: the depth of the tree here, powers and factorials in `arithmetic`, other integers in `sizes`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any, Final

from lrviz.arithmetic import BINARY, COMPARE, FUNCTIONS, MATH, UNARY, ExpressionError, brief, function_of, to_float
from lrviz.sizes import MAX_BITS, SizeError, most_bits

Closure = Callable[[Any], Any]

MAX_LENGTH: Final = 100_000
MAX_DEPTH: Final = 100
TOO_DEEP: Final = f"nested more than {MAX_DEPTH} levels deep"


def compile_function(body: ast.expr, names: Mapping[str, Any], argument: str) -> Closure:
    """Turn the body of a lambda into a closure of one value, which stands for the name `argument`.

    Args:
        body: The expression; it must give a number.
        names: What the other names stand for: numbers, text, or tuples of numbers.
        argument: The name of the lambda's argument.

    Raises:
        ExpressionError: a name is unknown, or a piece of Python is not part of the notation.
    """
    closure = _Compiler(names, argument).number(body)
    _check_integers(body, names, argument)
    return closure


def evaluate(node: ast.expr, names: Mapping[str, Any]) -> Any:
    """The value of an expression; lists become tuples.

    Raises:
        ExpressionError: it cannot be read, or its arithmetic fails (a division by zero, say).
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
        raise ExpressionError(f"`{shown(node)}` cannot be computed: {reason}", node=node) from error
    if isinstance(value, tuple) and any(isinstance(item, tuple) for item in value):
        raise ExpressionError(f"`{shown(node)}` is a list inside a list", node=node)
    return value


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
        case ast.FunctionDef(name=name):
            hint = f"write it as a lambda: `{name} = lambda epoch: ...`; code as it is runs from a file: `FILE.py:NAME`"
        case ast.Call(func=ast.Name(id="len")):
            hint = f"put a number there, `steps_per_epoch` for the length of a loader, or `{_let(node)}`"
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np" | "numpy" | "torch"), attr=attr)) if attr in MATH:
            hint = f"use `math.{attr}`"
        case ast.Attribute(value=ast.Name(id="np" | "numpy" | "torch"), attr=attr) if attr in MATH:
            hint = f"use `math.{attr}`"
        case ast.Attribute() | ast.Subscript() if _is_setting(node):
            hint = f"put its value there, or give it with `{_let(node)}`"
        case ast.ListComp() | ast.Call(func=ast.Name(id="list" | "range" | "tuple" | "sorted")):
            hint = "write the list out, such as `[30, 60, 90]`"
        case ast.Call() | ast.Subscript():
            hint = f"{hint}; other code runs from a file: `FILE.py:NAME`"
    return ExpressionError(f"`{text}` is not part of the notation", hint, node)


def _is_setting(node: ast.AST) -> bool:
    """Whether an expression is a value from elsewhere: `args.step`, `cfg["step"]`, `self.steps[0]`."""
    match node:
        case ast.Attribute(value=inner) | ast.Subscript(value=inner, slice=ast.Constant()):
            return isinstance(inner, ast.Name) or _is_setting(inner)
    return False


def _let(node: ast.AST) -> str:
    """The option that gives an expression its value, quoted where the shell would take it apart."""
    words = ast.unparse(node)
    if len(words) > 60 or '"' in words:
        return "--let NAME=..."
    return f"--let {words}=..." if words.replace(".", "").isidentifier() else f'--let "{words}=..."'


def shown(node: ast.AST) -> str:
    """The source of a node, in one short line."""
    first, _, more = ast.unparse(node).partition("\n")
    return brief(f"{first} ..." if more else first, text=True)


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
    raise ExpressionError(TOO_DEEP)


class _Compiler:
    """Turns checked trees into closures of one value, which stands for the name `argument`."""

    def __init__(self, names: Mapping[str, Any], argument: str = "") -> None:
        self.names, self.argument = names, argument

    def value(self, node: ast.expr) -> Closure:
        """A closure that gives a number, text, None, or a tuple of them."""
        match node:
            case ast.Constant(value=value) if value is None or isinstance(value, str):
                return lambda _: value
            case ast.Name(id=name) if name in self.names and name != self.argument:
                found = self.names[name]
                return lambda _: found
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return _several([self.value(i) for i in items])
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return _choice(self.value(test), self.value(body), self.value(orelse))
        return self.number(node)

    def number(self, node: ast.expr) -> Closure:
        """A closure that gives a number.

        Text and lists are refused here, before anything runs: Python would repeat them on `*`.
        """
        match node:
            case ast.Constant(value=value) if isinstance(value, bool | int | float):
                return lambda _: value
            case ast.Constant(value=None | str()) | ast.List() | ast.Tuple():
                raise ExpressionError(f"`{shown(node)}` is not a number", node=node)
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
                return _choice(self.value(test), self.number(body), self.number(orelse))
            case ast.Call(func=func, args=args, keywords=[]) if (called := function_of(func)) is not None:
                if called is to_float:
                    return _call(called, [self.value(a) for a in args])
                if called in (min, max) and len(args) > 1:  # of several lists they would give one
                    return _call(called, [self.number(a) for a in args])
                return _call(called, [self._numbers(a) for a in args])
        raise refused(node)

    def _name(self, name: str, node: ast.Name) -> Closure:
        if name == self.argument:
            return lambda x: x
        if name in self.names:
            found = self.names[name]
            if not isinstance(found, bool | int | float):
                raise ExpressionError(f"`{name}` is not one number here, it is {brief(found)}", node=node)
            return _constant(found)
        if isinstance(MATH.get(name), float):
            return _constant(MATH[name])
        if function_of(node) is not None:
            raise ExpressionError(f"`{name}` is a function", f"call it: `lambda epoch: {name}(epoch)`", node)
        raise unknown_name(name, self.names, node)

    def _numbers(self, node: ast.expr) -> Closure:
        """A number, or a list of them, which `min` and `prod` take."""
        match node:
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return _several([self.number(i) for i in items])
            case ast.Name(id=name) if name != self.argument and isinstance(found := self.names.get(name), tuple):
                if not all(isinstance(item, bool | int | float) for item in found):
                    raise ExpressionError(f"`{name}` is not a list of numbers, it is {brief(found)}", node=node)
                return _constant(found)
        return self.number(node)


def _check_integers(node: ast.expr, names: Mapping[str, Any], argument: str = "") -> None:
    try:
        most_bits(node, names, argument)
    except SizeError as error:
        raise ExpressionError(
            f"`{shown(error.node)}` may be a whole number of over {MAX_BITS:,} bits", node=error.node
        ) from error


def _constant(value: Any) -> Closure:
    return lambda _: value


def _several(items: list[Closure]) -> Closure:
    return lambda x: tuple([item(x) for item in items])


def _choice(condition: Closure, yes: Closure, no: Closure) -> Closure:
    return lambda x: yes(x) if condition(x) else no(x)


def _binary(kind: type[ast.operator], left: Closure, right: Closure, base: ast.expr) -> Closure:
    if kind is ast.Pow and isinstance(base, ast.Constant) and isinstance(base.value, float) and base.value > 0:
        positive = base.value  # neither huge integers nor complex numbers can come of it, so the checks are spared
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
