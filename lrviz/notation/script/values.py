"""The values of a script that is read: Python's own, and what stands for the values that are not known."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from lrviz.notation.source import unparse

CONSTANTS: Final = (type(None), bool, int, float, str)
NUMBERS: Final = (bool, int, float)
LIVE: Final = frozenset(("lr", "initial_lr", "momentum", "betas"))  # of a parameter group, that a loop may change
_SCHEDULER: Final = re.compile(r"sched|warm_?up|LR$|anneal|decay|plateau", re.IGNORECASE)  # in the name of one
_GIVES_RATE: Final = re.compile(r"(?:get|log|print|read|current|last)_(?:\w+_)?lr", re.IGNORECASE)
# In names of other objects with a method `step`, which may be given the optimizer too.
STEPPED_TOO: Final = re.compile(r"checkpoint|profil|logger|meter|saver|writer|stopp|timer|progress", re.IGNORECASE)
PREPARES: Final = re.compile(  # methods of Accelerate and Fabric, which give what they are given
    "prepare(?:_model|_optimizer|_scheduler|_data_loader)?|setup(?:_module|_optimizers|_dataloaders)?"
)
_VARIABLE: Final = re.compile(r"sched(?:uler)?s?$", re.IGNORECASE)  # the end of the name of a variable of one
_MOST_ITEMS: Final = 10  # of a tuple of which each item is one of two
_MOST_ORIGINS: Final = 100  # of one value: more than are asked for


class Origin:
    """An expression of the script whose value is not known.

    With `givable` its value can be given with `--let`; else it cannot be computed, or changes while the script runs.
    """

    __slots__ = ("_text", "column", "givable", "line", "node")

    def __init__(self, text: str | ast.AST, line: int = 0, *, givable: bool = True) -> None:
        self._text, self.givable = text, givable
        self.node = None if isinstance(text, str) else text
        self.line = line or getattr(text, "lineno", 0)
        self.column = getattr(text, "col_offset", 0)

    @property
    def text(self) -> str:
        """Its source; that of each part of an expression takes quadratic time, so it is made when it is needed."""
        if not isinstance(self._text, str):
            self._text = unparse(self._text)
        return self._text


class Unknown:
    """A value that is not known, because those of its origins are not; the first of them are kept.

    `options` are the values that it may have, if it is one of two. `computed` is whether it is another value than that
    of its only origin, such as `len(data) // 32`.
    """

    options: tuple[Any, ...] = ()
    computed = False

    def __init__(self, *origins: Origin, computed: bool = False) -> None:
        self.origins = origins if len(origins) < 2 else tuple(dict.fromkeys(origins))[:_MOST_ORIGINS]
        if computed:
            self.computed = True


class Opaque(Unknown):
    """What a call of a function that is not in the script returns."""

    variable = ""  # that it was first assigned to

    def __init__(self, node: ast.Call, args: list[Any], kwargs: dict[str, Any]) -> None:
        super().__init__(Origin(node))
        self.node, self.args, self.kwargs = node, args, kwargs

    @property
    def name(self) -> str:
        """The last part of the function's name."""
        function = self.node.func
        return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


class Length(Unknown):
    """Something that is iterated over, whose length is known or has a name.

    `item` gives what is known of an item, and `source` is what the items come from.
    """

    def __init__(self, value: Any, item: Callable[[int], Any] | None = None, source: Any = None) -> None:
        super().__init__(*origins(value))
        self.value, self.item, self.source = value, item, source


class Endless(Length):
    """Something without an end that is iterated over, such as `itertools.count()`."""

    def __init__(self, item: Callable[[int], Any], source: Any = None) -> None:
        super().__init__(Unknown(Origin("a loop without an end", givable=False)), item, source)


class Array:
    """An array of numpy, with one axis of numbers or truth values."""

    def __init__(self, data: Any) -> None:
        self.data = data

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, at: Any) -> Any:
        if not isinstance(at, int | slice | Array) or isinstance(at, bool):
            raise TypeError
        found = self.data[at.data if isinstance(at, Array) else at]
        if getattr(found, "ndim", 0):
            return Array(found)
        return found if found.dtype.kind == "f" else found.item()

    @property
    def items(self) -> list[Any]:
        """Its items: integers and truth values of Python, or floats of numpy."""
        return list(self.data if self.data.dtype.kind == "f" else self.data.tolist())


def is_scalar(value: Any) -> bool:
    """Whether a value is an item of a tensor of 32 bits."""
    return getattr(getattr(value, "dtype", None), "name", "") == "float32" and not isinstance(value, Array)


class Generated(list[Any]):
    """What a generator of the script yields, as far as `next` has not taken it."""


class Choice(Unknown):
    """One of several schedulers, or none."""


class UnknownGroups(Unknown):
    """A list of parameter groups with rates, whose number is not known."""


class UnknownClass(Unknown):
    """A class of schedulers, whose name is not known."""


@dataclass(eq=False)
class Dotted:
    """A name that the script imports, such as `torch.optim`, or one of its attributes."""

    path: str

    @property
    def last(self) -> str:
        """The last part."""
        return self.path.rpartition(".")[2]

    @property
    def module(self) -> str:
        """All parts but the last."""
        return self.path.rpartition(".")[0]


class Scope:
    """The names of a module, class or function, and the scope around it; the names of a class are not seen inside."""

    def __init__(self, outer: Scope | None = None, names: dict[str, Any] | None = None) -> None:
        self.outer = outer
        self.names: dict[str, Any] = {} if names is None else names
        self.elsewhere: dict[str, Scope] = {}  # names that are declared global or nonlocal

    def find(self, name: str) -> Scope | None:
        """The scope that has a name."""
        if name in self.elsewhere:
            return self.elsewhere[name]
        scope: Scope | None = self
        while scope is not None and name not in scope.names:
            scope = scope.outer
        return scope

    @property
    def top(self) -> Scope:
        """The scope of the module."""
        return self if self.outer is None else self.outer.top


@dataclass(eq=False)
class Function:
    """A function or a lambda of the script, with the values of its defaults."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    scope: Scope
    defaults: dict[str, Any] = field(default_factory=dict)
    owner: Any = None  # the class of a method
    bound: Any = None  # the value of its first argument
    given: tuple[Any, ...] = ()  # the values of its next arguments, of `functools.partial`
    decorators: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its name, "lambda" for a lambda."""
        return "lambda" if isinstance(self.node, ast.Lambda) else self.node.name

    def bind(self, value: Any) -> Function:
        """A method with the value of its first argument."""
        return replace(self, bound=value)


@dataclass(eq=False)
class Class:
    """A class of the script."""

    name: str
    names: dict[str, Any]
    bases: tuple[Any, ...] = ()
    fields: tuple[str, ...] | None = None  # of a dataclass, in order
    is_enum: bool = False

    def find(self, name: str, absent: Any = None) -> Any:
        """An attribute of the class or of its bases; `absent` if there is none."""
        return next((cls.names[name] for cls in self.order if name in cls.names), absent)

    @cached_property
    def order(self) -> list[Class]:
        """The class and its bases, in the order in which attributes are looked up."""
        bases = [cls for base in self.bases if isinstance(base, Class) for cls in base.order]
        return [self, *list(dict.fromkeys(reversed(bases)))[::-1]]

    def has(self, name: str) -> bool:
        """Whether the class or one of its bases has an attribute."""
        return self.find(name, self) is not self

    @property
    def foreign(self) -> bool:
        """Whether it has a base that is not of the script, whose attributes are not known."""
        return any(not isinstance(base, Class) for cls in self.order for base in cls.bases)


@dataclass(eq=False)
class Instance:
    """An instance of a class of the script, or a namespace such as that of argparse."""

    cls: Class | None
    names: dict[str, Any] = field(default_factory=dict)
    scheduler: Any = None  # that it is, if its class is a subclass of one of torch's


class Settings(dict[str, Any]):
    """A configuration, whose values are items and attributes, as in `cfg["train"].lr`."""

    @classmethod
    def of(cls, values: Mapping[Any, Any]) -> Settings:
        """The tables of a file, inside each other."""
        return cls({key: _settings(value) for key, value in values.items()})


def _settings(value: Any) -> Any:
    if isinstance(value, Mapping):
        return Settings.of(value)
    return [_settings(item) for item in value] if isinstance(value, list | tuple) else value


class Method(Unknown):
    """An attribute of a value that is not of a class of the script; called, it may be a method that is known."""

    def __init__(self, owner: Any, name: str, node: ast.AST) -> None:
        super().__init__(Origin(node, givable=isinstance(owner, Unknown | Instance | Settings)))
        self.owner, self.name = owner, name


class Partial:
    """`functools.partial` of what is not a function of the script, such as a scheduler."""

    def __init__(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        self.function, self.args, self.kwargs = function, tuple(args), dict(kwargs)


class Builtin:
    """A function of Python."""

    def __init__(self, name: str) -> None:
        self.name = name


class Super:
    """`super()` of an instance."""

    def __init__(self, instance: Instance, cls: Class) -> None:
        self.instance, self.cls = instance, cls


@dataclass(eq=False)
class Parser:
    """An `argparse.ArgumentParser`: the defaults of its arguments by attribute.

    `HfArgumentParser` takes the arguments from dataclasses; `made` are the instances of these once they are asked for.
    """

    defaults: dict[str, Any] = field(default_factory=dict)
    dataclasses: tuple[Any, ...] = ()
    made: tuple[Any, ...] = ()


class Group(dict[str, Any]):
    """A parameter group of an optimizer.

    `changes` is set once a scheduler or a loop changes its rate. `live` is the group of the optimizer that runs, if one
    does: its rates are read and written there.
    """

    changes: Unknown | None = None
    live: MutableMapping[str, Any] | None = None

    def __getitem__(self, key: str) -> Any:
        return self.live[key] if self._is_live(key) and self.live is not None else super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key) or self._is_live(key)

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key."""
        try:
            return self[key]
        except KeyError:
            return default

    def _is_live(self, key: object) -> bool:
        return self.live is not None and key in LIVE and key in self.live


class SomeGroup(Unknown):
    """One of the parameter groups of an optimizer."""

    groups: tuple[Group, ...] = ()


@dataclass(eq=False)
class Optimizer:
    """An optimizer that the script creates, or only uses."""

    name: str
    groups: list[Group]
    line: int
    defaults: dict[str, Any] = field(default_factory=dict)
    node: ast.AST | None = None
    variable: str = ""  # the name that it is assigned to
    loops: tuple[Loop, ...] = ()  # in which it is created
    options: dict[str, Any] = field(default_factory=dict)  # of one that changes its rate by itself


@dataclass(eq=False)
class Schedule:
    """A scheduler that the script creates."""

    name: str
    module: str
    args: list[Any]
    kwargs: dict[str, Any]
    optimizer: Any
    node: ast.Call
    rates: list[Any] = field(default_factory=list)  # of the groups when it is created
    inside: Any = None  # the scheduler or object that it was passed to
    variable: str = ""  # the name that it is assigned to
    conditions: tuple[Condition, ...] = ()  # in which it is created
    loops: tuple[Loop, ...] = ()  # likewise

    @property
    def line(self) -> int:
        """The line where it is created."""
        return self.node.lineno

    @property
    def children(self) -> list[Schedule]:
        """The schedulers that it is given."""
        return [v for v in flat([*self.args, *self.kwargs.values()]) if isinstance(v, Schedule)]


@dataclass(frozen=True)
class Dampening:
    """What `warmup.dampening()` gives to a `with` statement: the warm-up dampens the rate at the end of the block."""

    schedule: Schedule
    node: ast.Call


@dataclass(eq=False)
class Loader:
    """A DataLoader; its length is not known."""

    text: str
    line: int
    batch_size: Any = 1


@dataclass(eq=False)
class Loop:
    """A loop around a step of an optimizer or scheduler; `count` is how often it runs, as far as that is known."""

    node: ast.For | ast.AsyncFor | ast.While
    count: Any
    over: Any = None
    names: tuple[str, ...] = ()  # of its variables


class Counter(Unknown):
    """The variable of a loop around training, or a name that such a loop changes."""

    def __init__(self, loop: Loop, name: str) -> None:
        super().__init__(Origin(name, loop.node.lineno, givable=False))


@dataclass(frozen=True, eq=False)
class Condition:
    """An `if` whose test is not known, around a statement."""

    test: ast.expr
    value: Unknown
    every: Any = None  # the number of batches between two updates, of `(i + 1) % every == 0`
    partial: bool = False  # whether it is true for the last batch of an epoch too
    regular: bool = False  # whether it is true for the last of each `every` batches of an epoch, and no others
    taken: bool = True  # the branch


@dataclass(frozen=True, eq=False)
class Event:
    """A step of an optimizer or scheduler, or a rate that is set, in its loops and conditions from the outermost in."""

    kind: str  # "update", "step", "rate"
    target: Any
    args: tuple[Any, ...]
    loops: tuple[Loop, ...]
    conditions: tuple[Condition, ...]
    node: ast.AST

    def may_step(self, schedule: Schedule) -> bool:
        """Whether it is, or may be, a step of a scheduler."""
        return self.kind == "step" and any(schedule is value for value in alternatives(self.target))

    @property
    def line(self) -> int:
        """Its line."""
        return int(getattr(self.node, "lineno", 0))


RATE_CHANGES: Final = "the optimizer's rate"  # the text of the origin of a rate that a scheduler or a loop changes


def origins(value: Any) -> tuple[Origin, ...]:
    """The expressions that make a value, or an item of it, unknown."""
    found: dict[Origin, None] = {}
    seen: set[int] = set()  # one list may be in others many times
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, Unknown):
            found |= dict.fromkeys(item.origins)
        elif isinstance(item, list | tuple | Mapping) and id(item) not in seen:
            seen.add(id(item))
            todo += reversed(list(item.values() if isinstance(item, Mapping) else item))
    return tuple(found)


def is_constant(origin: Origin) -> bool:
    """Whether a value that is not known can be given: it is a name or an attribute, and not the result of a call."""
    return origin.givable and ("(" not in origin.text or origin.text.startswith("len(") or _is_get(origin.node))


def _is_get(node: ast.AST | None) -> bool:
    """Whether an expression is a value of a configuration with a default: `cfg.get("lr", 0.1)`."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name() | ast.Attribute(), attr="get"), args=[ast.Constant(), *rest]):
            return all(isinstance(each, ast.Constant | ast.List | ast.Tuple) for each in rest)
        case ast.Call(func=ast.Name(id="getattr"), args=[ast.Name() | ast.Attribute(), ast.Constant(), *_]):
            return True
    return False


def flat(values: Iterable[Any]) -> list[Any]:
    """The values, with the items of those that are lists or tuples in their place."""
    return [item for value in values for item in (value if isinstance(value, list | tuple) else [value])]


def is_computed(value: Unknown) -> bool:
    """Whether a value is computed from others that are not known, such as the length of data: its items too."""
    return not any(o.givable for o in value.origins) or any(o.text.startswith("len(") for o in value.origins)


def merge(one: Any, other: Any, test: Unknown) -> Any:
    """A value that is one of two, as a test decides."""
    if one is other or (type(one) is type(other) and isinstance(one, CONSTANTS) and one == other):
        return one
    if isinstance(one, tuple) and isinstance(other, tuple) and _merge_items(one, other):
        return tuple(merge(a, b, test) for a, b in zip(one, other, strict=True))
    found = (o for v in (one, other) if isinstance(v, Unknown) for o in v.origins)
    merged = (Choice if any(isinstance(v, Schedule | Choice) for v in (one, other)) else Unknown)(*test.origins, *found)
    merged.options = one, other
    merged.options = tuple(alternatives(merged))
    return merged


def _merge_items(one: Sequence[Any], other: Sequence[Any]) -> bool:
    """Whether each item of a tuple is one of two: not of long or nested ones, of which that takes long."""
    return len(one) == len(other) <= _MOST_ITEMS and not any(isinstance(item, tuple) for item in (*one, *other))


def alternatives(value: Any) -> list[Any]:
    """The values that a value may have, each once: itself, if it is known."""
    found: list[Any] = []
    seen: set[int] = set()  # one value may be in others many times
    todo = [value]
    while todo and len(found) < _MOST_ORIGINS:
        item = todo.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, Unknown) and item.options:
            todo += reversed(item.options)
        else:
            found.append(item)
    return found


def _same_optimizer(values: Sequence[Any]) -> Optimizer | None:
    """One of several optimizers that have the same rates; None if they have not."""
    optimizers = [value for value in values if isinstance(value, Optimizer)]
    rates = [[g.get("lr") for g in value.groups] for value in optimizers]
    shown = [[[o.text for o in r.origins] if isinstance(r, Unknown) else r for r in each] for each in rates]
    same = len(optimizers) == len(values) and all(each == shown[0] for each in shown)
    return optimizers[0] if optimizers and same else None


PREPARED: Final = (Optimizer, Schedule, Loader)  # what `PREPARES` give again


def looks_like_scheduler(value: Any) -> bool:
    """Whether a call that is not read makes a scheduler, by its name."""
    return isinstance(value, Opaque) and is_scheduler_name(value.name) and not PREPARES.fullmatch(value.name)


def wraps_scheduler(value: Any) -> bool:
    """Whether a call that is not read and is given a scheduler makes another one of it, by a name."""
    if not isinstance(value, Opaque) or PREPARES.fullmatch(value.name):
        return False
    given = flat([*value.args, *value.kwargs.values()])
    named = looks_like_scheduler(value) or _VARIABLE.search(value.variable) is not None
    return named and any(isinstance(v, Schedule) for v in given)


def is_scheduler_name(name: str) -> bool:
    """Whether a name may be that of a scheduler, and not of a function that gives the rate."""
    return _SCHEDULER.search(name) is not None and not _GIVES_RATE.fullmatch(name)


def find_optimizer(value: Any) -> Optimizer | None:
    """The optimizer of a value, inside calls that wrap one."""
    seen: set[int] = set()  # one call may be in others many times
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, Optimizer):
            return item
        if isinstance(item, Unknown) and item.options and (same := _same_optimizer(alternatives(item))) is not None:
            return same
        if isinstance(item, Opaque) and id(item) not in seen:
            seen.add(id(item))
            todo += reversed([*item.args, *item.kwargs.values()])
    return None
