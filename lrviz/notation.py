"""The notation: the line from a training script, `CosineAnnealingLR(T_max=32)`, read by `ast` and printed again.

CosineAnnealingLR(optimizer, T_max=32)      as it stands in the script; the optimizer is skipped
cosine(T_max=total_steps)                   a short name, and names of the run
SequentialLR([LinearLR(), cosine()], [5])   schedulers inside a scheduler
LambdaLR(lr_lambda=lambda epoch: 0.95 ** epoch)
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final, cast

from lrviz.arithmetic import ExpressionError, function_of
from lrviz.binding import bound_source
from lrviz.calls import Lambda, SchedulerCall, Value, print_value
from lrviz.errors import NotationError
from lrviz.expressions import compile_function, evaluate, refused, shown
from lrviz.given import with_given
from lrviz.source import SPELLED, Source

Place = tuple[int, int]  # line and column

__all__ = ["Lambda", "SchedulerCall", "Value", "parse", "parse_value", "print_value"]

_EXAMPLE: Final = "write one like `cosine` or `CosineAnnealingLR(T_max=32)`"
_LAST: Final = (1_000_000, 0)  # where a scheduler is made that no line before has made
_MAX_BITS: Final = 1023  # a whole number beyond is no float
# Those that overwrite the rate when they are made.
_SETS_RATES: Final = ("CyclicLR", "OneCycleLR", "cyclic", "onecycle")


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
    call: SchedulerCall = _guarded(text, lambda tree: _Reader(tree, names, known).scheduler())
    return call


def parse_value(text: str, names: Mapping[str, Any], known: Collection[str] = ()) -> Value:
    """Read one value, such as `total_steps - 5`, `8, 24, 28` or `lambda epoch: 0.95 ** epoch`; lists become tuples.

    Raises:
        NotationError: it cannot be read; the message points at the place.
    """
    return _guarded(text, lambda tree: _Reader(tree, names, known).value())


def _guarded(text: str, read: Callable[[ast.Module], Any]) -> Any:
    """Run a reader of the text's tree; give its errors the line and a caret."""
    source = Source(text)
    try:
        return read(source.tree())
    except ExpressionError as error:
        raise NotationError(source.pointed(error.message, error.node), error.hint) from error
    except RecursionError as error:
        raise NotationError("the notation is nested too deeply") from error


class _Reader:
    def __init__(self, tree: ast.Module, names: Mapping[str, Any], known: Collection[str]) -> None:
        self.names, self.known = names, known
        self.body = with_given(tree, names).body
        self.defined: dict[str, ast.expr] = {}  # what earlier lines of a pasted script assign
        self.used: set[str] = set()  # those of them that are schedulers, and have their place
        self.made: dict[int, Place] = {}  # where: by the scheduler's id

    def scheduler(self) -> SchedulerCall:
        """The scheduler that a line, or a pasted script, makes."""
        if not self.body:
            raise ExpressionError("empty notation", _EXAMPLE)
        return self._call(self._last())

    def value(self) -> Value:
        """The value of the one expression there is."""
        match self.body:
            case []:
                raise ExpressionError("empty value", "such as 8, 1e-3 or [8, 24]")
            case [ast.Expr(value=ast.Tuple(elts=[only]))]:  # a comma at the end
                return self._value(only)
            case [ast.Expr(value=node)]:
                return self._value(node)
        raise ExpressionError(f"`{shown(self.body[-1])}` is not a value", "such as 8, 1e-3 or [8, 24]", self.body[-1])

    def _last(self) -> ast.expr:
        """The expression that counts: of those assigned, returned or standing alone the last that is a scheduler."""
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
            raise ExpressionError("no scheduler here", _EXAMPLE)
        at = next((i for i in reversed(range(len(values))) if self._is_known(values[i][1])), len(values) - 1)
        self.defined = {name: value for name, value in values[:at] if name}
        last = values[at][1]
        match last:
            case ast.Tuple(elts=[only]):  # a line that ends with a comma
                return only
            case ast.Tuple(elts=[_, ast.List(elts=[only])]):  # Lightning: return [optimizer], [scheduler]
                return only
        return last

    def _is_known(self, node: ast.expr) -> bool:
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                return SPELLED.get(name, name) in self.known
        return False

    def _call(self, node: ast.expr) -> SchedulerCall:
        match node:
            case ast.Name(id=name) if name in self.defined:
                return cast("SchedulerCall", self._defined(name, self._call, node))
            case ast.Name() | ast.Attribute():
                module, name = _dotted(node)
                return SchedulerCall(name, module=module)
            case ast.Call(func=func, args=args, keywords=keywords) if isinstance(func, ast.Name | ast.Attribute):
                module, name = _dotted(func)
                if args and _is_optimizer(args[0], self.names):
                    args = args[1:]
                elif len(args) == 2 and name in ("ChainedScheduler", "chained") and _is_optimizer(args[1], self.names):
                    args = args[:1]
                values = tuple(self._value(a) for a in args)
                pairs = tuple(self._pair(k) for k in keywords if not _skipped(k))
                for at, keyword in enumerate(keywords):
                    if keyword.arg in [k.arg for k in keywords[:at]]:
                        raise ExpressionError(f"`{keyword.arg}` is given twice", node=keyword)
                call = SchedulerCall(name, values, pairs, module)
                self._check_order(call, node)
                return call
            case ast.Dict(keys=keys, values=entries):  # Lightning: {"scheduler": ..., "interval": "step"}
                for key, entry in zip(keys, entries, strict=True):
                    if isinstance(key, ast.Constant) and key.value in ("scheduler", "lr_scheduler"):
                        return self._call(entry)
        raise ExpressionError(f"`{shown(node)}` is not a scheduler", _EXAMPLE, node)

    def _check_order(self, call: SchedulerCall, node: ast.expr) -> None:
        """Refuse a composite whose parts were made in another order than lrviz makes them, where that counts.

        A scheduler changes the rate when it is made. SequentialLR puts it back, unless one has overwritten it.
        """
        if call.name in ("SequentialLR", "sequential") and not any(c.name in _SETS_RATES for c in call.children):
            return
        places = [place for child in call.children for place in self._places(child, _LAST)]
        if places != sorted(places):
            raise ExpressionError(
                f"the schedulers of `{call.name}` are made in another order than they are listed in, "
                "which changes torch's rates",
                "make them in the order of the list",
                node,
            )

    def _places(self, call: SchedulerCall, around: Place) -> Iterator[Place]:
        """Where a scheduler and its parts are made, in the order in which lrviz makes them."""
        place = self.made.get(id(call), around)
        for child in call.children:
            yield from self._places(child, place)
        yield place

    def _pair(self, keyword: ast.keyword) -> tuple[str, Value]:
        if keyword.arg is None:
            raise ExpressionError(f"`**{shown(keyword.value)}` is not part of the notation", node=keyword.value)
        return keyword.arg, self._value(keyword.value)

    def _value(self, node: ast.expr, inside_list: bool = False) -> Value:
        match node:
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return tuple(self._item(i) for i in items)
            case ast.Lambda():
                return self._lambda(node)
            case ast.Name(id=name) if name in self.defined and name not in self.names:
                return self._defined(name, lambda found: self._value(found, inside_list), node)
            case ast.Name(id=name) if inside_list and name not in self.names and self._names_scheduler(name):
                return SchedulerCall(SPELLED.get(name, name))
            case ast.Call(func=func) if inside_list and _may_be_scheduler(func):
                return self._call(node)
        value = evaluate(node, self._names_for(node))
        if isinstance(value, int) and value.bit_length() > _MAX_BITS:
            raise ExpressionError(f"`{shown(node)}` is too large a number", node=node)
        return value

    def _names_scheduler(self, name: str) -> bool:
        return SPELLED.get(name, name) in self.known

    def _item(self, node: ast.expr) -> Value:
        value = self._value(node, inside_list=True)
        if isinstance(value, tuple):  # of no use, and lists of lists of lists grow without bound
            raise ExpressionError(f"`{shown(node)}` is a list inside a list", node=node)
        return value

    def _defined(self, name: str, read: Callable[[ast.expr], Any], node: ast.AST) -> Any:
        """Read the expression a name was assigned; the name is forgotten meanwhile, so that none can mean itself."""
        assigned = self.defined.pop(name)
        try:
            value = read(assigned)
        finally:
            self.defined[name] = assigned
        if isinstance(value, SchedulerCall):
            if name in self.used:
                raise ExpressionError(
                    f"`{name}` stands here twice: torch would step the same scheduler twice",
                    "make a scheduler of its own for each place",
                    node,
                )
            self.used.add(name)
            self.made[id(value)] = (assigned.lineno, assigned.col_offset)
        return value

    def _names_for(self, node: ast.AST) -> Mapping[str, Any]:
        """The run's names, and the values of the pasted script's own names that the expression uses."""
        own = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} & self.defined.keys() - self.names.keys()
        values = {name: self._defined(name, self._value, node) for name in sorted(own)}
        return {**self.names, **values} if own else self.names

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
        function = compile_function(node.body, names, argument)
        return Lambda(f"lambda {argument}: {bound_source(node.body, names)}", function)


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
    return ".".join(path), SPELLED.get(name, name)


def _may_be_scheduler(func: ast.expr) -> bool:
    return isinstance(func, ast.Name | ast.Attribute) and function_of(func) is None


def _is_optimizer(node: ast.expr, names: Mapping[str, Any]) -> bool:
    """Whether an argument is the optimizer: `opt`, `self.optimizer`, `optimizers[0]`, `optim.SGD(...)`."""
    match node:
        case ast.Subscript(value=value):
            return _is_optimizer(value, names)
        case ast.Name(id=name):
            return name not in names and ("opt" in name.lower() or name.lower() in ("sgd", "adam", "adamw"))
        case ast.Attribute(attr=name):
            return "opt" in name.lower()
        case ast.Call(func=ast.Attribute(value=ast.Name(id="optim") | ast.Attribute(attr="optim"))):
            return True
        case ast.Call(func=ast.Name() | ast.Attribute() as func):
            return _is_optimizer(func, {})
    return False


def _skipped(keyword: ast.keyword) -> bool:
    """`optimizer=...` says nothing here, and `last_epoch=-1` is the default of every scheduler."""
    if keyword.arg == "optimizer":
        return True
    return keyword.arg == "last_epoch" and ast.unparse(keyword.value) == "-1"
