"""The notation: the line from a training script, `CosineAnnealingLR(T_max=32)`, read by `ast` and printed again.

CosineAnnealingLR(optimizer, T_max=32)      as it stands in the script; the optimizer is skipped
cosine(T_max=total_steps)                   a short name, and names of the run
SequentialLR([LinearLR(), cosine()], [5])   schedulers inside a scheduler
LambdaLR(lr_lambda=lambda epoch: 0.95 ** epoch)
"""

from __future__ import annotations

import ast
import math
import re
import textwrap
import warnings
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from lrviz.errors import NotationError
from lrviz.expressions import (
    MAX_DEPTH,
    MAX_LENGTH,
    ExpressionError,
    check_size,
    compile_expression,
    evaluate,
    function_of,
    refused,
    shown,
)

# Short names that are no names in Python, how they are told apart from code, and what stands in for them meanwhile.
_SPELLINGS = (
    (re.compile(r"(?<![\w.])warm-restarts(?!\w)"), "warm_restarts"),
    (re.compile(r"(?<![\w.])lambda(?=\s*(?:[,(\])@]|$))"), "lambda_"),
)
_SPELLED = {"warm_restarts": "warm-restarts", "lambda_": "lambda"}

Value = Any  # None, bool, int, float, str, Lambda, SchedulerCall, or a tuple of values


@dataclass(frozen=True)
class Lambda:
    """A function of one number, such as `lambda epoch: 0.95 ** epoch`, equal to any other with the same source."""

    source: str
    function: Callable[[Any], Any] = field(compare=False, repr=False)

    def __call__(self, number: Any) -> Any:
        return self.function(number)

    def __str__(self) -> str:
        return self.source


@dataclass(frozen=True)
class SchedulerCall:
    """A scheduler's name and the values it is called with; `str()` gives notation that reads back equal."""

    name: str
    args: tuple[Value, ...] = ()
    kwargs: tuple[tuple[str, Value], ...] = ()
    module: str = ""

    def get(self, name: str, default: Value = None) -> Value:
        """The value of a keyword argument."""
        return dict(self.kwargs).get(name, default)

    def __str__(self) -> str:
        path = f"{self.module}.{self.name}" if self.module else self.name
        arguments = [print_value(a) for a in self.args] + [f"{k}={print_value(v)}" for k, v in self.kwargs]
        return f"{path}({', '.join(arguments)})"


def parse(text: str, names: Mapping[str, Any], known: Collection[str] = ()) -> SchedulerCall:
    """Read one scheduler.

    Args:
        text: A name, a call, or lines pasted from a script: an assignment, lines that define what it uses, the
            prompts of a doctest.
        names: What names in it stand for, such as `total_steps`.
        known: Scheduler names that may stand in a list without brackets, as in `SequentialLR([linear, cosine], [4])`.

    Raises:
        NotationError: it cannot be read; the message points at the place.
    """
    return _guarded(text, lambda: _Reader(text, names, known).scheduler())


def parse_value(text: str, names: Mapping[str, Any], known: Collection[str] = ()) -> Value:
    """Read one value, such as `total_steps - 5`, `8, 24, 28` or `lambda epoch: 0.95 ** epoch`; lists become tuples.

    Raises:
        NotationError: it cannot be read; the message points at the place.
    """
    return _guarded(text, lambda: _Reader(text, names, known).value())


def print_value(value: Value) -> str:
    """A value as notation."""
    if isinstance(value, float):
        return _print_float(value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(print_value, value))}]"
    if isinstance(value, Lambda | SchedulerCall):
        return str(value)
    return repr(value)


def _print_float(value: float) -> str:
    if not math.isfinite(value):
        return f"float('{value}')"
    text = re.sub(r"e([+-])0+", r"e\1", repr(value)).replace("e+", "e")
    sign, _, fraction = text.partition("0.")
    digits = fraction.lstrip("0")
    if sign not in ("", "-") or not digits or len(digits) == len(fraction):
        return text
    # 0.00025 -> 2.5e-4: the field writes small rates so; 0.0025 stays as it is, for no spelling is shorter
    scientific = f"{sign}{digits[0]}{'.' if digits[1:] else ''}{digits[1:]}e-{len(fraction) - len(digits) + 1}"
    return scientific if len(scientific) < len(text) or abs(value) < 1e-3 else text


def _guarded(text: str, read: Callable[[], Any]) -> Any:
    """Run a reader; give its errors the line and a caret."""
    try:
        return read()
    except ExpressionError as error:
        raise NotationError(_pointed(error.message, text, error.node), error.hint) from error
    except RecursionError as error:
        raise NotationError("the notation is nested too deeply") from error


class _Reader:
    def __init__(self, text: str, names: Mapping[str, Any], known: Collection[str]) -> None:
        self.names, self.known = names, known
        self.body = _tree(_cleaned(text)).body
        self.defined: dict[str, ast.expr] = {}  # what earlier lines of a pasted script assign

    def scheduler(self) -> SchedulerCall:
        node = self._last()
        return self._call(node)

    def value(self) -> Value:
        return self._value(self._last())

    def _last(self) -> ast.expr:
        """The expression that counts: the last one assigned, returned or standing alone."""
        values: list[tuple[str, ast.expr]] = []
        for statement in self.body:
            match statement:
                case (
                    ast.Assign(targets=[target], value=value) | ast.AnnAssign(target=target, value=ast.expr() as value)
                ):
                    values.append((target.id if isinstance(target, ast.Name) else "", value))
                case ast.Expr(value=ast.Call(func=ast.Attribute(attr="step" | "zero_grad" | "backward"))):
                    pass  # the rest of a pasted training loop
                case ast.Expr(value=value) | ast.Return(value=ast.expr() as value):
                    values.append(("", value))
                case ast.Import() | ast.ImportFrom() | ast.For() | ast.While() | ast.With():
                    pass
                case _:
                    raise refused(statement)
        if not values:
            raise ExpressionError("no scheduler here", "write one like `CosineAnnealingLR(T_max=32)`")
        for name, value in values[:-1]:
            if name:
                self.defined[name] = value
        last = values[-1][1]
        if isinstance(last, ast.Tuple) and len(last.elts) == 1:  # a line that ends with a comma
            last = last.elts[0]
        return last

    def _call(self, node: ast.expr) -> SchedulerCall:
        match node:
            case ast.Name(id=name) if name in self.defined:
                return self._defined(name, self._call)
            case ast.Name() | ast.Attribute():
                module, name = _dotted(node)
                return SchedulerCall(name, module=module)
            case ast.Call(func=func, args=args, keywords=keywords) if isinstance(func, ast.Name | ast.Attribute):
                module, name = _dotted(func)
                if args and _is_optimizer(args[0], self.names, self.defined):
                    args = args[1:]
                values = tuple(self._value(a) for a in args)
                pairs = tuple(self._pair(k) for k in keywords if not _skipped(k))
                seen = [k for k, _ in pairs]
                if repeated := next((k for k in seen if seen.count(k) > 1), None):
                    raise ExpressionError(f"`{repeated}` is given twice", node=node)
                return SchedulerCall(name, values, pairs, module)
        raise ExpressionError(
            f"`{shown(node)}` is not a scheduler", "write one like `CosineAnnealingLR(T_max=32)`", node
        )

    def _pair(self, keyword: ast.keyword) -> tuple[str, Value]:
        if keyword.arg is None:
            raise ExpressionError(f"`**{shown(keyword.value)}` is not part of the notation", node=keyword.value)
        return keyword.arg, self._value(keyword.value)

    def _value(self, node: ast.expr, inside_list: bool = False) -> Value:
        match node:
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return tuple(self._value(i, inside_list=True) for i in items)
            case ast.Lambda():
                return self._lambda(node)
            case ast.Name(id=name) if name in self.defined and name not in self.names:
                return self._defined(name, lambda found: self._value(found, inside_list))
            case ast.Name(id=name) if inside_list and name in self.known and name not in self.names:
                return SchedulerCall(_SPELLED.get(name, name))
            case ast.Call(func=func) if inside_list and _may_be_scheduler(func):
                return self._call(node)
        return evaluate(node, self._names_for(node))

    def _defined(self, name: str, read: Callable[[ast.expr], Any]) -> Any:
        """Read the expression a name was assigned; the name is forgotten meanwhile, so that none can mean itself."""
        node = self.defined.pop(name)
        try:
            return read(node)
        finally:
            self.defined[name] = node

    def _names_for(self, node: ast.AST) -> Mapping[str, Any]:
        """The run's names, and the values of the pasted script's own names that the expression uses."""
        own = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} & self.defined.keys() - self.names.keys()
        return {**self.names, **{name: self._defined(name, self._value) for name in sorted(own)}} if own else self.names

    def _lambda(self, node: ast.Lambda) -> Lambda:
        spec = node.args
        if spec.vararg or spec.kwarg or spec.kwonlyargs or spec.posonlyargs:
            raise ExpressionError("a lambda takes one plain argument here", node=node)
        if len(spec.args) - len(spec.defaults) not in (0, 1) or not spec.args:
            raise ExpressionError(f"a lambda takes one argument here, got `{shown(node)}`", node=node)
        argument, *bound = [a.arg for a in spec.args]
        names = dict(self._names_for(node.body))
        for name, default in zip(bound, spec.defaults[-len(bound) :] if bound else [], strict=True):
            names[name] = self._value(default)
        names.pop(argument, None)
        function = compile_expression(node.body, names, argument)
        body = ast.unparse(_Bind(names).visit(node.body))
        return Lambda(f"lambda {argument}: {body}", function)


class _Bind(ast.NodeTransformer):
    """Put values in the place of names, so that a printed lambda stands on its own."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self.names:
            return node
        return ast.parse(print_value(self.names[node.id]), mode="eval").body


def _tree(text: str) -> ast.Module:
    if not text.strip():
        raise ExpressionError("empty notation", "write a scheduler like `cosine` or `CosineAnnealingLR(T_max=32)`")
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"the notation is {len(text)} characters long; {MAX_LENGTH} is the limit")
    depth = deepest = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
    if deepest > MAX_DEPTH:
        raise ExpressionError(f"brackets are nested {deepest} deep; {MAX_DEPTH} is the limit")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python warns of odd spellings; what is wrong is refused below
            tree = ast.parse(text)
    except SyntaxError as error:
        place = ast.Constant(value=None, lineno=error.lineno or 1, col_offset=max((error.offset or 1) - 1, 0))
        raise ExpressionError(f"cannot read the notation: {error.msg}", _syntax_hint(text), place) from error
    except (ValueError, MemoryError, RecursionError) as error:
        raise ExpressionError(f"cannot read the notation: {str(error) or 'it is nested too deeply'}") from error
    check_size(tree)
    return tree


def _cleaned(text: str) -> str:
    """Without what surrounds code where it is pasted from: indentation, a doctest's prompts, a dict's key."""
    lines = textwrap.dedent(text).strip().splitlines()
    if lines and lines[0].startswith(">>>"):
        lines = [re.sub(r"^(>>>|\.\.\.) ?", "", line) for line in lines]
    line = re.sub(r"""^(['"])\w+\1\s*:\s*""", "", "\n".join(lines))
    for pattern, name in _SPELLINGS:
        line = pattern.sub(name, line)
    return line


def _syntax_hint(text: str) -> str:
    short = text.count("(") - text.count(")")
    if short > 0:
        return f"{short} closing bracket{'s' if short > 1 else ''} missing" + (
            "; quote the whole notation in the shell" if " " not in text else ""
        )
    return "write it as in Python: `StepLR(step_size=4, gamma=0.5)`"


def _pointed(message: str, text: str, node: ast.AST | None) -> str:
    """The message, the line it speaks of, and a caret under the place."""
    lines = _cleaned(text).splitlines()
    row, offset = getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
    if not 1 <= row <= len(lines):
        return message
    line = lines[row - 1]
    if not isinstance(node, ast.Constant) or node.value is not None:
        offset = len(line.encode()[:offset].decode(errors="ignore"))  # ast counts bytes, a SyntaxError characters
    start = max(0, min(offset - 50, len(line) - 76))
    piece = "".join(c if c.isprintable() else " " for c in line[start : start + 76])
    return f"{message}\n    {piece}\n    {' ' * (offset - start)}^"


def _dotted(node: ast.expr) -> tuple[str, str]:
    """`torch.optim.lr_scheduler.StepLR` as its module path and its name."""
    parts: list[str] = []
    inner = node
    while isinstance(inner, ast.Attribute):
        parts.append(inner.attr)
        inner = inner.value
    if not isinstance(inner, ast.Name):
        raise ExpressionError(f"`{shown(node)}` is not a scheduler's name", node=node)
    *path, name = [inner.id, *reversed(parts)]
    if any(p.startswith("__") for p in (*path, name)):
        raise ExpressionError(f"`{shown(node)}` is not part of the notation", node=node)
    return ".".join(path), _SPELLED.get(name, name)


def _may_be_scheduler(func: ast.expr) -> bool:
    return isinstance(func, ast.Name | ast.Attribute) and function_of(func) is None


def _is_optimizer(node: ast.expr, names: Mapping[str, Any], defined: Mapping[str, Any]) -> bool:
    """Whether a first argument is the optimizer: `optimizer`, `opt`, `self.optimizer`, `optim_d`, `optimizers[0]`."""
    while isinstance(node, ast.Subscript):
        node = node.value
    match node:
        case ast.Name(id=name):
            return name not in names and ("opt" in name.lower() or name.lower() in ("sgd", "adam", "adamw"))
        case ast.Attribute(attr=name):
            return "opt" in name.lower()
    return False


def _skipped(keyword: ast.keyword) -> bool:
    """`optimizer=...` says nothing here, and `last_epoch=-1` is the default of every scheduler."""
    if keyword.arg == "optimizer":
        return True
    return keyword.arg == "last_epoch" and ast.unparse(keyword.value) == "-1"
