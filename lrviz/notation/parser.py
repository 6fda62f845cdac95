"""The notation: a line from a training script, `CosineAnnealingLR(T_max=32)`, parsed with `ast` and printed again.

CosineAnnealingLR(optimizer, T_max=32)      as in the script; the optimizer is skipped
cosine(T_max=total_steps)                   a short name, and names of the run
SequentialLR([LinearLR(), cosine()], [5])   schedulers inside a scheduler
LambdaLR(lr_lambda=lambda epoch: 0.95 ** epoch)
"""

from __future__ import annotations

import ast
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, cast

from lrviz.errors import NotationError
from lrviz.notation.source import SHORT_NAMES, Budget, ExpressionError, Source, source_of
from lrviz.schedulers import find
from lrviz.schedulers import names as scheduler_names
from lrviz.text import print_value

Value = Any  # None, bool, int, float, str, Lambda, SchedulerCall, or a tuple of values
_Position = tuple[int, int]  # line and column

_EXAMPLE: Final = "such as `cosine` or `CosineAnnealingLR(T_max=32)`"
_END: Final[_Position] = (1_000_000, 0)  # of a scheduler that is created in the last expression
_MAX_BITS: Final = 1023  # larger integers do not fit in a float


@dataclass(frozen=True)
class Lambda:
    """A function of one number, such as `lambda epoch: 0.95 ** epoch`, equal to any other with the same source.

    `steps` is the number of operations of a call.
    """

    source: str
    function: Callable[[Any], Any] = field(compare=False, repr=False)
    steps: int = field(default=1, compare=False, repr=False)

    def __call__(self, number: Any) -> Any:
        """The function's value at `number`."""
        return self.function(number)

    def __str__(self) -> str:
        return self.source


@dataclass(frozen=True)
class SchedulerCall:
    """A scheduler's name and arguments; `str()` gives notation that parses to an equal call."""

    name: str
    args: tuple[Value, ...] = ()
    kwargs: tuple[tuple[str, Value], ...] = ()
    module: str = ""

    @property
    def children(self) -> tuple[SchedulerCall, ...]:
        """The schedulers among its arguments."""
        values = (*self.args, *(value for _, value in self.kwargs))
        return tuple(v for value in values if isinstance(value, tuple) for v in value if isinstance(v, SchedulerCall))

    @property
    def steps(self) -> int:
        """The operations of a call of each of its functions, and of those of the schedulers among its arguments."""
        values = (*self.args, *(value for _, value in self.kwargs))
        items = (item for value in values for item in (value if isinstance(value, tuple) else (value,)))
        return sum(item.steps for item in items if isinstance(item, Lambda | SchedulerCall))

    def get(self, name: str, default: Value = None) -> Value:
        """The value of a keyword argument."""
        return dict(self.kwargs).get(name, default)

    def __str__(self) -> str:
        path = f"{self.module}.{self.name}" if self.module else self.name
        arguments = [print_value(a) for a in self.args] + [f"{k}={print_value(v)}" for k, v in self.kwargs]
        return f"{path}({', '.join(arguments)})"


def parse(text: str, names: Mapping[str, Any]) -> SchedulerCall:
    """Read one scheduler.

    Args:
        text: A name, a call, or lines pasted from a script: an assignment, lines that define what it uses, the
            prompts of a doctest.
        names: The values of names in it, such as `total_steps`.

    Raises:
        NotationError: it cannot be read; the message shows the position.
    """
    call: SchedulerCall = _read(text, names, _Reader.scheduler)
    return call


def parse_value(text: str, names: Mapping[str, Any]) -> Value:
    """Read one value, such as `total_steps - 5`, `8, 24, 28` or `lambda epoch: 0.95 ** epoch`; lists become tuples.

    Raises:
        NotationError: it cannot be read; the message shows the position.
    """
    return _read(text, names, _Reader.value)


def check_expression(text: str) -> None:
    """Refuse a text that is not one expression.

    Raises:
        NotationError: it is not; the message shows the position.
    """
    _read(text, {}, _Reader.check_expression)


def _read(text: str, names: Mapping[str, Any], read: Callable[[_Reader], Any]) -> Any:
    """Read a text, and print what is in it once, within a budget; add the line and a caret to errors."""
    source, budget = Source(text), Budget()
    try:
        tree = source.tree(budget)
        if source.lengths:
            from lrviz.notation.lengths import replace_lengths

            tree = replace_lengths(tree, source.lengths, names)
        value = read(_Reader(tree, names, budget))
        budget.check_printed(print_value(value))
        return value
    except ExpressionError as error:
        raise NotationError(error.message, error.hint, source.excerpt(error.node)) from error
    except RecursionError as error:
        raise NotationError("the notation is nested too deeply") from error
    except MemoryError as error:
        raise NotationError("there is not enough memory to read the notation") from error


class _Reader:
    def __init__(self, tree: ast.Module, names: Mapping[str, Any], budget: Budget) -> None:
        self.names, self.budget = names, budget
        if not all(map(str.isidentifier, names)):  # `args.epochs`, `len(loader)`
            from lrviz.notation.substitution import replace_expressions

            tree = replace_expressions(tree, names)
        self.body = tree.body
        self.assigned: dict[str, ast.expr] = {}  # by earlier lines of a pasted script
        self.values: dict[tuple[str, str], Value] = {}  # of assigned names, by what each was read as
        self.reading: set[str] = set()  # the assigned names that are being read
        self.used: set[str] = set()  # the assigned names of schedulers that were used
        self.positions: dict[int, _Position] = {}  # of the assignments, by id() of the scheduler

    def scheduler(self) -> SchedulerCall:
        """The scheduler that a line, or a pasted script, creates."""
        if not self.body:
            raise ExpressionError("empty notation", _EXAMPLE)
        return self._call(self._last())

    def value(self) -> Value:
        """The value of the only expression."""
        match self.body:
            case []:
                raise ExpressionError("empty value", "such as 8, 1e-3 or [8, 24]")
            case [ast.Expr(value=ast.Tuple(elts=[only]))]:  # a comma at the end
                return self._value(only)
            case [ast.Expr(value=node)]:
                return self._value(node)
        raise ExpressionError(
            f"`{source_of(self.body[-1])}` is not a value", "such as 8, 1e-3 or [8, 24]", self.body[-1]
        )

    def check_expression(self) -> None:
        """Refuse anything but one expression."""
        if [type(statement) for statement in self.body] != [ast.Expr]:
            raise ExpressionError("it is not one expression")

    def _last(self) -> ast.expr:
        """The last expression, assigned, returned or alone, that creates a scheduler; without one, the last of all."""
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
                    from lrviz.notation.evaluator import refused

                    raise refused(statement)
        if not values:
            raise ExpressionError("no scheduler here", _EXAMPLE)
        at = next((i for i in reversed(range(len(values))) if _makes_scheduler(values[i][1])), len(values) - 1)
        self.assigned = {name: value for name, value in values[:at] if name}
        last = values[at][1]
        match last:
            case ast.Tuple(elts=[only]):  # a line that ends with a comma
                return only
            case ast.Tuple(elts=[_, ast.List(elts=[only])]):  # Lightning: return [optimizer], [scheduler]
                return only
        return last

    def _call(self, node: ast.expr) -> SchedulerCall:
        match node:
            case ast.Name(id=name) if self._is_assigned(name):
                return cast("SchedulerCall", self._assigned_value(name, "scheduler", node))
            case ast.Name() | ast.Attribute():
                module, name = _dotted(node)
                return SchedulerCall(name, module=module)
            case ast.Call(func=func, args=args, keywords=keywords) if isinstance(func, ast.Name | ast.Attribute):
                module, name = _dotted(func)
                if args and _is_optimizer(args[0], self.names):
                    args = args[1:]
                elif len(args) == 2 and _takes_optimizer_last(name) and _is_optimizer(args[1], self.names):
                    args = args[:1]
                values = tuple(self._value(a) for a in args)
                pairs = tuple(self._pair(k) for k in keywords if not _is_ignored(k))
                given = set()
                for keyword in keywords:
                    if keyword.arg in given:
                        raise ExpressionError(f"`{source_of(ast.Name(str(keyword.arg)))}` is given twice", node=keyword)
                    given.add(keyword.arg)
                call = SchedulerCall(name, values, pairs, module)
                self._check_order(call, node)
                return call
            case ast.Dict(keys=keys, values=entries):  # Lightning: {"scheduler": ..., "interval": "step"}
                for key, entry in zip(keys, entries, strict=True):
                    if isinstance(key, ast.Constant) and key.value in ("scheduler", "lr_scheduler"):
                        return self._call(entry)
        raise ExpressionError(f"`{source_of(node)}` is not a scheduler", _EXAMPLE, node)

    def _check_order(self, call: SchedulerCall, node: ast.expr) -> None:
        """Refuse a composite whose children the script creates in another order than lrviz, if the order matters.

        A scheduler changes the rate when it is created. SequentialLR restores it, unless a child has overwritten it.
        """
        if not call.children:
            return
        info = find(call.name)
        children = (find(child.name) for child in call.children)
        if info and info.restores_rate and not any(child and child.overwrites_rate for child in children):
            return
        positions = [position for child in call.children for position in self._creation_order(child, _END)]
        if positions != sorted(positions):
            raise ExpressionError(
                f"the schedulers of `{call.name}` are not created in the order of the list, which changes the rates",
                "create them in the order of the list",
                node,
            )

    def _creation_order(self, call: SchedulerCall, default: _Position) -> Iterator[_Position]:
        """The positions of a scheduler and its children, in the order in which lrviz creates them."""
        position = self.positions.get(id(call), default)
        for child in call.children:
            yield from self._creation_order(child, position)
        yield position

    def _pair(self, keyword: ast.keyword) -> tuple[str, Value]:
        if keyword.arg is None:
            raise ExpressionError(f"`**{source_of(keyword.value)}` is not part of the notation", node=keyword.value)
        return keyword.arg, self._value(keyword.value)

    def _value(self, node: ast.expr, inside_list: bool = False) -> Value:
        match node:
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return tuple(self._item(i) for i in items)
            case ast.Lambda():
                return self._lambda(node)
            case ast.Name(id=name) if self._is_assigned(name) and name not in self.names:
                return self._assigned_value(name, "item" if inside_list else "value", node)
            case ast.Name(id=name) if inside_list and name not in self.names and _is_scheduler(name):
                return SchedulerCall(SHORT_NAMES.get(name, name))
            case ast.Call(func=func) if inside_list and _may_be_scheduler(func):
                return self._call(node)
        value = self._evaluate(node)
        if isinstance(value, int) and value.bit_length() > _MAX_BITS:
            raise ExpressionError(f"`{source_of(node)}` is too large a number", node=node)
        return value

    def _evaluate(self, node: ast.expr) -> Value:
        """The value of an expression; the evaluator is imported only if there is something to compute."""
        match node:
            case ast.Constant(value=value) if value is None or isinstance(value, str | float):
                return value
            case ast.Constant(value=int() as value) if value.bit_length() <= _MAX_BITS:
                return value
            case ast.Name(id=name) if name in self.names:
                return self.names[name]
        from lrviz.notation.evaluator import evaluate

        return evaluate(node, self._names_for(node), self.budget)

    def _item(self, node: ast.expr) -> Value:
        value = self._value(node, inside_list=True)
        if isinstance(value, tuple):  # never needed, and nested lists can grow without bound
            raise ExpressionError(f"`{source_of(node)}` is a list inside a list", node=node)
        return value

    def _is_assigned(self, name: str) -> bool:
        """Whether an earlier line gives a name its value; not while that is read, since it cannot refer to itself."""
        return name in self.assigned and name not in self.reading

    def _assigned_value(self, name: str, kind: Literal["scheduler", "value", "item"], node: ast.AST) -> Any:
        """The value of an assigned name, read once as each kind."""
        if (name, kind) not in self.values:
            assigned = self.assigned[name]
            self.reading.add(name)
            read = self._call(assigned) if kind == "scheduler" else self._value(assigned, inside_list=kind == "item")
            self.reading.remove(name)
            self.values[name, kind] = read
            if isinstance(read, SchedulerCall):
                self.positions.setdefault(id(read), (assigned.lineno, assigned.col_offset))
        value = self.values[name, kind]
        if any(isinstance(item, SchedulerCall) for item in (value if isinstance(value, tuple) else (value,))):
            if name in self.used:
                raise ExpressionError(
                    f"`{name}` is used twice: torch would step the same scheduler twice",
                    "create a separate scheduler for each use",
                    node,
                )
            self.used.add(name)
        return value

    def _names_for(self, node: ast.AST, argument: str = "") -> Mapping[str, Any]:
        """The values of the run's names, and of those assigned in the pasted script that the expression uses."""
        used = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and self._is_assigned(n.id)}
        used -= {argument, *self.names}
        values = {name: self._assigned_value(name, "value", node) for name in sorted(used)}
        return ChainMap(values, cast("dict[str, Any]", self.names)) if used else self.names

    def _lambda(self, node: ast.Lambda) -> Lambda:
        spec = node.args
        if spec.vararg or spec.kwarg or spec.kwonlyargs or spec.posonlyargs:
            raise ExpressionError("a lambda takes one plain argument here", node=node)
        if len(spec.args) - len(spec.defaults) not in (0, 1) or not spec.args:
            raise ExpressionError(f"a lambda takes one argument here, got `{source_of(node)}`", node=node)
        argument, *bound = [a.arg for a in spec.args]
        names = self._names_for(node.body, argument)
        if bound:
            defaults = [self._value(default) for default in spec.defaults[-len(bound) :]]
            names = ChainMap(dict(zip(bound, defaults, strict=True)), cast("dict[str, Any]", names))
        from lrviz.notation.evaluator import compile_function
        from lrviz.notation.substitution import bound_source

        function, steps = compile_function(node.body, names, argument, self.budget)
        return Lambda(f"lambda {argument}: {bound_source(node.body, names, argument, self.budget)}", function, steps)


def _is_scheduler(name: str) -> bool:
    return SHORT_NAMES.get(name, name) in scheduler_names()


def _makes_scheduler(node: ast.expr) -> bool:
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return _is_scheduler(name)
    return False


def _dotted(node: ast.expr) -> tuple[str, str]:
    """`torch.optim.lr_scheduler.StepLR` as its module path and its name."""
    parts: list[str] = []
    inner = node
    while isinstance(inner, ast.Attribute):
        parts.append(inner.attr)
        inner = inner.value
    if not isinstance(inner, ast.Name):
        raise ExpressionError(f"`{source_of(node)}` is not a scheduler's name", node=node)
    *path, name = [inner.id, *reversed(parts)]
    if any(p.startswith("__") for p in (*path, name)):
        raise ExpressionError(f"`{source_of(node)}` is not part of the notation", node=node)
    return ".".join(path), SHORT_NAMES.get(name, name)


def _takes_optimizer_last(name: str) -> bool:
    info = find(name)
    return info is not None and not info.takes_optimizer


def _may_be_scheduler(func: ast.expr) -> bool:
    from lrviz.notation.functions import function_of

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


def _is_ignored(keyword: ast.keyword) -> bool:
    """Whether it is `optimizer=...`, or `last_epoch=-1`, the default of every scheduler."""
    match keyword:
        case ast.keyword(arg="optimizer"):
            return True
        case ast.keyword(arg="last_epoch", value=ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=1))):
            return True
    return False
