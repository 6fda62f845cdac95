"""The notation: a line from a training script, `CosineAnnealingLR(T_max=32)`, parsed with `ast` and printed again.

CosineAnnealingLR(optimizer, T_max=32)      as in the script; the optimizer is skipped
cosine(T_max=total_steps)                   a short name, and names of the run
SequentialLR([LinearLR(), cosine()], [5])   schedulers inside a scheduler
LambdaLR(lr_lambda=lambda epoch: 0.95 ** epoch)
"""

from __future__ import annotations

import ast
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, Final, cast

from lrviz.errors import NotationError
from lrviz.notation.source import SHORT_NAMES, Budget, ExpressionError, Source, UnsupportedError, source_of, value_name
from lrviz.schedulers import Scheduler, member_value, require
from lrviz.schedulers import names as scheduler_names
from lrviz.text import print_value

Value = Any  # None, bool, int, float, str, Lambda, SchedulerCall, or a tuple of values
_EXAMPLE: Final = "such as `cosine` or `CosineAnnealingLR(T_max=32)`"
MAX_NUMBER_BITS: Final = 1023  # larger integers do not fit in a float


@dataclass(frozen=True)
class Lambda:
    """A function of one number, such as `lambda epoch: 0.95 ** epoch`, equal to any other with the same source.

    `steps` is the number of operations of a call. `code` are the statements that define the names in the source, such
    as that of a function whose source is only its name; with `whole` they and the source are all that it needs to run.
    With `plain` it is arithmetic alone, which is compiled again from its source in another process.
    """

    source: str
    function: Callable[[Any], Any] = field(compare=False, repr=False)
    steps: int = field(default=1, compare=False, repr=False)
    code: str = field(default="", repr=False)
    whole: bool = field(default=True, compare=False, repr=False)
    plain: bool = field(default=False, compare=False, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        """Without the function if it can be compiled again, since it cannot be pickled."""
        return {name: value for name, value in vars(self).items() if name != "function" or not self.plain}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Compile the function again."""
        vars(self).update(state)
        if self.plain:
            from lrviz.notation.evaluator import compile_function

            node = cast("ast.Lambda", ast.parse(self.source, mode="eval").body)
            vars(self)["function"], _ = compile_function(node.body, {}, node.args.args[0].arg, Budget())

    def __call__(self, number: Any) -> Any:
        """The function's value at `number`."""
        return self.function(number)

    def __str__(self) -> str:
        return self.source


@dataclass(frozen=True)
class Table:
    """A dict of names and plain values, such as that of `scheduler_specific_kwargs`; `str()` is notation."""

    items: tuple[tuple[str, Value], ...] = ()

    @property
    def mapping(self) -> dict[str, Value]:
        """It as a dict, with lists for tuples."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in self.items}

    def __str__(self) -> str:
        return f"{{{', '.join(f'{name!r}: {print_value(value)}' for name, value in self.items)}}}"


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
        return tuple(item for item in self._items() if isinstance(item, SchedulerCall))

    @property
    def steps(self) -> int:
        """The operations of a call of each of its functions, and of those of the schedulers among its arguments."""
        return sum(item.steps for item in self._items() if isinstance(item, Lambda | SchedulerCall))

    def _items(self) -> Iterator[Value]:
        """Its values, and the items of lists among them."""
        for value in (*self.args, *(value for _, value in self.kwargs)):
            yield from value if isinstance(value, tuple) else (value,)

    def get(self, name: str, default: Value = None) -> Value:
        """The value of a keyword argument."""
        return dict(self.kwargs).get(name, default)

    def __str__(self) -> str:
        path = f"{self.module}.{self.name}" if self.module else self.name
        arguments = [print_value(a) for a in self.args] + [f"{k}={print_value(v)}" for k, v in self.kwargs]
        return f"{path}({', '.join(arguments)})"


def parse(text: str, names: Mapping[str, Any], *, own: bool = False) -> SchedulerCall:
    """Read one scheduler.

    Args:
        text: A name, a call, or lines pasted from a script: an assignment, lines that define what it uses, the
            prompts of a doctest.
        names: The values of names in it, such as `total_steps`.
        own: Whether it calls code of the user rather than a scheduler of torch.

    Raises:
        NotationError: it cannot be read; the message shows the position.
        SpecError: it calls a scheduler that torch does not have.
    """
    try:
        call: SchedulerCall = _read(text, names, _Reader.own_call if own else _Reader.scheduler)
    except _ScriptError as error:
        call = _read_as_script(error.source or text, names, error.reason)
    return call


def _read_as_script(text: str | Source, names: Mapping[str, Any], reason: NotationError | None) -> SchedulerCall:
    """The scheduler of a text with more Python than the notation has.

    Raises:
        NotationError: it cannot be read; `reason` if a single call does not become clearer as a script.
    """
    from lrviz.notation.script import missing_values, read_script

    expressions = {name: value for name, value in names.items() if not name.isidentifier()}
    try:
        found = read_script(text, expressions, names)[-1]
    except NotationError as error:
        raise reason or error from None
    if found.missing:
        texts = [origin.text for origin in found.missing]
        # One name alone may be misspelt, which `reason` says, unless it stands for a function or for keywords.
        alone = len(texts) == 1 and texts[0].isidentifier()
        special = alone and next(iter(found.examples.get(texts[0], ())), "").startswith(("lambda", "{"))
        clear = all(map(value_name, texts)) and (special or not alone)
        raise (missing_values(found) if clear or reason is None else reason) from None
    if found.call is None or found.program is not None:
        raise reason or NotationError("the loop of a script is no notation of a scheduler")
    return found.call


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
        shown = NotationError(error.message, error.hint, source.excerpt(error.node))
        if isinstance(error, UnsupportedError) and read is _Reader.scheduler:
            raise _ScriptError(shown, source) from error
        raise shown from error
    except _ScriptError as error:
        error.source = source
        raise
    except RecursionError as error:
        raise NotationError("the notation is nested too deeply") from error
    except MemoryError as error:
        raise NotationError("there is not enough memory to read the notation") from error


class _ScriptError(Exception):
    """The text is a script, or one expression with more Python than the notation has, for a reason."""

    def __init__(self, reason: NotationError | None = None, source: Source | None = None) -> None:
        super().__init__()
        self.reason = reason
        self.source = source  # which has been parsed


class _Reader:
    def __init__(self, tree: ast.Module, names: Mapping[str, Any], budget: Budget) -> None:
        self.names, self.budget = names, budget
        if not all(map(str.isidentifier, names)):  # `args.epochs`, `len(loader)`
            from lrviz.notation.substitution import replace_expressions

            tree = replace_expressions(tree, names)
        self.body = tree.body
        self.own = False

    def scheduler(self) -> SchedulerCall:
        """The scheduler that a line, or a pasted script, creates."""
        if not self.body:
            raise ExpressionError("empty notation", _EXAMPLE)
        return self._call(self._last())

    def own_call(self) -> SchedulerCall:
        """The call of code of the user."""
        self.own = True
        return self.scheduler()

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
        """The only expression, alone, assigned or returned."""
        match self.body:
            case [ast.Assign(targets=[_], value=value) | ast.AnnAssign(value=ast.expr() as value)]:
                last = value
            case [ast.Expr(value=value) | ast.Return(value=ast.expr() as value)]:
                last = value
            case _:
                raise _ScriptError(None)
        match last:
            case ast.Tuple(elts=[only]):  # a line that ends with a comma
                return only
            case ast.Tuple(elts=[_, ast.List(elts=[only])]):  # Lightning: return [optimizer], [scheduler]
                return only
        return last

    def _call(self, node: ast.expr) -> SchedulerCall:
        match node:
            case ast.Name() | ast.Attribute():
                module, name = _dotted(node)
                return SchedulerCall(name, module=module)
            case ast.Call(func=func, args=args, keywords=keywords) if isinstance(func, ast.Name | ast.Attribute):
                module, name = _dotted(func)
                info = None
                if not self.own:  # before its arguments, whose names may have no value
                    info = require(name, module, has_arguments=bool(args or keywords))
                    if info is not None and info.family != "torch":
                        name, module = info.name, ""
                args = self._without_optimizer(args, info)
                takes = [p.kind for p in info.parameters] if info else []
                values = tuple(self._argument(a, kind) for a, kind in zip_longest(args, takes[: len(args)]))
                pairs = tuple(self._pair(k, info) for k in keywords if not _is_ignored(k))
                given = set()
                for keyword in keywords:
                    if keyword.arg in given:
                        raise ExpressionError(f"`{source_of(ast.Name(str(keyword.arg)))}` is given twice", node=keyword)
                    given.add(keyword.arg)
                return SchedulerCall(name, values, pairs, module)
            case ast.Dict(keys=keys, values=entries):  # Lightning: {"scheduler": ..., "interval": "step"}
                for key, entry in zip(keys, entries, strict=True):
                    if isinstance(key, ast.Constant) and key.value in ("scheduler", "lr_scheduler"):
                        return self._call(entry)
        if name := _dashed(node):
            require(name)
        kind = UnsupportedError if isinstance(node, ast.Call | ast.IfExp | ast.ListComp) else ExpressionError
        raise kind(f"`{source_of(node)}` is not a scheduler", _EXAMPLE, node)

    def _without_optimizer(self, args: list[ast.expr], info: Scheduler | None) -> list[ast.expr]:
        """The positional arguments of a scheduler without the optimizer."""
        at = info.optimizer_at if info else 0
        if info is not None and not info.takes_optimizer:
            return args[:1] if len(args) == 2 and _is_optimizer(args[1], self.names) else args
        if info is not None and at and args and _is_optimizer(args[0], self.names):
            raise misplaced_optimizer(info, args[0])
        if len(args) > at and _is_optimizer(args[at], self.names):
            return [*args[:at], *args[at + 1 :]]
        return args

    def _pair(self, keyword: ast.keyword, info: Scheduler | None = None) -> tuple[str, Value]:
        if keyword.arg is None:
            raise UnsupportedError(f"`**{source_of(keyword.value)}` is not part of the notation", node=keyword.value)
        parameter = info.parameter(keyword.arg) if info else None
        return keyword.arg, self._argument(keyword.value, parameter.kind if parameter else None)

    def _argument(self, node: ast.expr, kind: str | None) -> Value:
        """The value that is given to a parameter of this kind."""
        match node:
            case ast.Attribute() if kind == "choice" and (text := member_value(ast.unparse(node))) is not None:
                return text
        return self._value(node, inside_list=kind == "scheduler")

    def _value(self, node: ast.expr, inside_list: bool = False) -> Value:
        match node:
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return tuple(self._item(i) for i in items)
            case ast.Lambda():
                return self._lambda(node)
            case ast.Dict(keys=keys, values=values):
                return self._table(node, keys, values)
            case ast.BoolOp(values=[*_, ast.Dict()]):  # `cfg.options or {}`
                raise UnsupportedError(f"`{source_of(node)}` is not part of the notation", node=node)
            case ast.Name(id=name) if inside_list and name not in self.names and _is_scheduler(name):
                return SchedulerCall(SHORT_NAMES.get(name, name))
            case ast.Call(func=func) if inside_list and _may_be_scheduler(func):
                return self._call(node)
        value = self._evaluate(node)
        if isinstance(value, int) and value.bit_length() > MAX_NUMBER_BITS:
            raise ExpressionError(f"`{source_of(node)}` is too large a number", node=node)
        if isinstance(value, dict):  # that a name is given
            return _given_table(value, node)
        return value

    def _table(self, node: ast.expr, keys: Sequence[ast.expr | None], values: Sequence[ast.expr]) -> Table:
        items: dict[str, Value] = {}
        for key, value in zip(keys, values, strict=True):
            if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
                raise UnsupportedError(f"`{source_of(node)}` is not part of the notation", node=node)
            items[key.value] = self._value(value)
            if isinstance(items[key.value], Table | SchedulerCall):
                raise UnsupportedError(f"`{source_of(value)}` is not a plain value", node=value)
        return Table(tuple(items.items()))

    def _evaluate(self, node: ast.expr) -> Value:
        """The value of an expression; the evaluator is imported only if there is something to compute."""
        match node:
            case ast.Constant(value=value) if value is None or isinstance(value, str | float):
                return value
            case ast.Constant(value=int() as value) if value.bit_length() <= MAX_NUMBER_BITS:
                return value
            case ast.Name(id=name) if name in self.names:
                return self.names[name]
        from lrviz.notation.evaluator import evaluate

        return evaluate(node, self.names, self.budget)

    def _item(self, node: ast.expr) -> Value:
        value = self._value(node, inside_list=True)
        if isinstance(value, tuple | Table):  # never needed, and nested lists can grow without bound
            raise ExpressionError(f"`{source_of(node)}` is a list inside a list", node=node)
        return value

    def _lambda(self, node: ast.Lambda) -> Lambda:
        spec = node.args
        if spec.vararg or spec.kwarg or spec.kwonlyargs or spec.posonlyargs:
            raise ExpressionError("a lambda takes one plain argument here", node=node)
        if len(spec.args) - len(spec.defaults) not in (0, 1) or not spec.args:
            raise ExpressionError(f"a lambda takes one argument here, got `{source_of(node)}`", node=node)
        argument, *bound = [a.arg for a in spec.args]
        names = self.names
        if bound:
            defaults = [self._value(default) for default in spec.defaults[-len(bound) :]]
            names = ChainMap(dict(zip(bound, defaults, strict=True)), cast("dict[str, Any]", names))
        from lrviz.notation.evaluator import compile_function
        from lrviz.notation.substitution import bound_source

        function, steps = compile_function(node.body, names, argument, self.budget)
        source = bound_source(node.body, names, argument, self.budget)
        return Lambda(f"lambda {argument}: {source}", function, steps, plain=True)


def _given_table(value: Mapping[Any, Any], node: ast.expr) -> Table:
    plain = {k: tuple(v) if isinstance(v, list) else v for k, v in value.items()}
    if not all(isinstance(k, str) and isinstance(v, tuple | str | float | int | None) for k, v in plain.items()):
        raise UnsupportedError(f"`{source_of(node)}` is not a table of names and plain values", node=node)
    return Table(tuple(plain.items()))


def misplaced_optimizer(info: Scheduler, node: ast.expr) -> ExpressionError:
    """The error for a function that takes the optimizer first, and has the name of another one, which does not."""
    return ExpressionError(
        f"`{info.attribute}` of {info.package} takes the optimizer as argument {info.optimizer_at + 1}, and here "
        "it is the first",
        f"a function of your own runs as `FILE.py:{info.attribute}(...)`",
        node,
    )


def _dashed(node: ast.expr) -> str:
    """A name with dashes, such as `hf-cosin`, which Python reads as a difference; "" for anything else."""
    match node:
        case ast.Name(id=name) | ast.Call(func=ast.Name(id=name)):
            return name
        case ast.BinOp(left=left, op=ast.Sub(), right=right) if (first := _dashed(left)) and (last := _dashed(right)):
            return f"{first}-{last}"
    return ""


def _is_scheduler(name: str) -> bool:
    return SHORT_NAMES.get(name, name) in scheduler_names()


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
