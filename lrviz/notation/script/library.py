"""What a script calls that is not in it: functions and methods of Python, argparse, numpy, and classes of torch."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from lrviz.notation.functions import FUNCTIONS, MATH
from lrviz.notation.functions import Function as KnownFunction
from lrviz.notation.script.values import (
    Class,
    Counter,
    Dotted,
    Function,
    Group,
    Instance,
    Loader,
    Opaque,
    Optimizer,
    Origin,
    Parser,
    Schedule,
    Unknown,
    origins,
)
from lrviz.notation.source import SHORT_NAMES, ExpressionError, unparse
from lrviz.schedulers import Scheduler, find, installed_optimizers, installed_schedulers, optimizer_source

if TYPE_CHECKING:
    from lrviz.notation.script.interpreter import Interpreter
    from lrviz.notation.script.values import Scope

REQUIRED: Final = object()  # the value of an argument of the command line that has no default
NUMBERS: Final = (bool, int, float)

_BUILTINS: Final = frozenset(
    [
        "range",
        "len",
        "sum",
        "any",
        "all",
        "zip",
        "enumerate",
        "sorted",
        "reversed",
        "list",
        "tuple",
        "dict",
        "set",
        "str",
        "bool",
        "isinstance",
        "hasattr",
        "getattr",
        "vars",
        "iter",
        "next",
        "map",
        "filter",
        "print",
        "super",
        "divmod",
        "type",
        "setattr",
    ]
)
# numpy's functions of numbers, by their names; each is numpy's own, since its rounding differs from that of `math`.
_NUMPY: Final = frozenset(
    [
        "cos",
        "sin",
        "tan",
        "exp",
        "log",
        "log2",
        "log10",
        "sqrt",
        "floor",
        "ceil",
        "clip",
        "minimum",
        "maximum",
        "power",
        "abs",
        "absolute",
        "linspace",
        "logspace",
        "arange",
        "interp",
        "round",
        "around",
        "float64",
        "float32",
        "int64",
        "int32",
        "array",
        "asarray",
        "prod",
        "sum",
        "mean",
        "cumsum",
        "cumprod",
        "sign",
        "tanh",
        "min",
        "max",
        "searchsorted",
        "digitize",
        "concatenate",
        "full",
        "ones",
        "zeros",
        "geomspace",
        "hypot",
        "square",
    ]
)
_NUMPY_CONSTANTS: Final = {
    "pi": math.pi,
    "e": math.e,
    "inf": math.inf,
    "nan": math.nan,
    "euler_gamma": 0.5772156649015329,
}
_NUMPY_NAMES: Final = ("np", "numpy", "onp")
_PURE_STR: Final = frozenset(
    [
        "lower",
        "upper",
        "strip",
        "lstrip",
        "rstrip",
        "startswith",
        "endswith",
        "isdigit",
        "title",
        "capitalize",
        "casefold",
        "partition",
        "rpartition",
    ]
)
_PASS: Final = (  # functions that give their first argument again
    "tqdm",
    "trange",
    "iter",
    "track",
    "deepcopy",
    "copy",
    "to",
    "cuda",
    "prefetch",
    "islice",
    "progress_bar",
)


class Length(Unknown):
    """Something that is iterated over, whose length is known or has a name."""

    def __init__(self, value: Any) -> None:
        super().__init__(*origins(value))
        self.value = value


class Builtin:
    """A function of Python."""

    def __init__(self, name: str) -> None:
        self.name = name


class Super:
    """`super()` of an instance."""

    def __init__(self, instance: Instance, cls: Class) -> None:
        self.instance, self.cls = instance, cls


def name_without_import(name: str) -> Any:
    """The value of a name that the script neither defines nor imports; None if there is none."""
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    if isinstance(MATH.get(name), KnownFunction):
        return MATH[name]
    if name in _BUILTINS:
        return Builtin(name)
    if name in ("object", "Exception", "int", "float"):
        return Dotted(name)
    if is_scheduler(name) or name in installed_optimizers() or name in ("torch", "math", "optim", "lr_scheduler"):
        return Dotted({"optim": "torch.optim", "lr_scheduler": "torch.optim.lr_scheduler"}.get(name, name))
    if name in _NUMPY_NAMES:
        return Dotted("numpy")
    return None


def is_scheduler(name: str) -> bool:
    """Whether a name is that of a scheduler of torch, or a short name of lrviz."""
    name = SHORT_NAMES.get(name, name)
    return find(name) is not None or (name[:1].isupper() and name in installed_schedulers())


def is_scheduler_class(name: str) -> bool:
    """Whether a name is that of a class of schedulers of torch."""
    return name[:1].isupper() and name in installed_schedulers()


def attribute(path: str) -> Any:
    """The value of an imported name, or of an attribute of one."""
    module, _, name = path.rpartition(".")
    if module == "math" and isinstance(MATH.get(name), float):
        return MATH[name]
    if module in ("numpy", *_NUMPY_NAMES) and name in _NUMPY_CONSTANTS:
        return _NUMPY_CONSTANTS[name]
    return Dotted(path)


@cache
def optimizer_defaults(name: str) -> Mapping[str, Any]:
    """The defaults of an optimizer's `lr`, `momentum` and `betas`, read from torch's source."""
    try:
        tree = ast.parse(optimizer_source(name))
    except (SyntaxError, ValueError):
        return {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name == name:
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and method.name == "__init__":
                    return _constants_of(method.args)
    return {}


def _constants_of(arguments: ast.arguments) -> dict[str, Any]:
    named = [*arguments.posonlyargs, *arguments.args]
    pairs = [
        *zip(named[len(named) - len(arguments.defaults) :], arguments.defaults, strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    found: dict[str, Any] = {"": tuple(a.arg for a in named[2:])}  # the order, after self and params
    for argument, default in pairs:
        if default is not None:
            try:
                found[argument.arg] = ast.literal_eval(default)
            except ValueError:
                continue
    return found


def option_default(value: Any) -> Any:
    """The default of a parameter; that of `typer.Option(0.1)` is its first argument."""
    if isinstance(value, Opaque) and value.name in ("Option", "Argument", "Field"):
        return value.kwargs.get("default", value.args[0] if value.args else Unknown(*value.origins))
    return value


def field_default(reader: Interpreter, value: Any) -> Any:
    """The default of a field of a dataclass; that of `field(default_factory=list)` is what it makes."""
    if isinstance(value, Opaque) and value.name in ("field", "Field"):
        if "default" in value.kwargs:
            return value.kwargs["default"]
        factory = value.kwargs.get("default_factory")
        if isinstance(factory, Function):
            return reader.call_function(factory, [], {})
        if isinstance(factory, Class):
            return reader.instantiate(factory, [], {})
        if isinstance(factory, Builtin) and factory.name in ("list", "dict"):
            return [] if factory.name == "list" else {}
        return value.args[0] if value.args else value
    return value


# Calls


def call(
    reader: Interpreter, function: Any, args: list[Any], kwargs: dict[str, Any], node: ast.Call, scope: Scope
) -> Any:
    """What a call of something that is not in the script returns."""
    from lrviz.notation.script.interpreter import Method

    match function:
        case KnownFunction():
            return _known(reader, function, args, kwargs, node)
        case Builtin(name=name):
            return _builtin(reader, name, args, kwargs, node, scope)
        case Dotted():
            return _dotted(reader, function, args, kwargs, node, scope)
        case Method():
            return _method(reader, function, args, kwargs, node, scope)
    return reader.not_read(node, args, kwargs)


def _unknown_in(reader: Interpreter, values: Sequence[Any]) -> Unknown | None:
    found = tuple(o for value in values for o in origins(reader.taint(value) or value))
    return Unknown(*found) if found or any(isinstance(v, Unknown) for v in values) else None


def _known(
    reader: Interpreter, function: KnownFunction, args: list[Any], kwargs: dict[str, Any], node: ast.Call
) -> Any:
    """A function of `math`, or Python's min, max, abs, round, int and float."""
    if kwargs and not (function.name == "round" and set(kwargs) == {"ndigits"}):
        return reader.unknown(node)
    args = [*args, *kwargs.values()]
    if (unknown := _unknown_in(reader, args)) is not None:
        counters = [a for a in args if isinstance(a, Counter)]
        return counters[0] if len(counters) == len(args) == 1 else unknown
    args = [list(a.values()) if isinstance(a, dict) else list(a) if isinstance(a, range) else a for a in args]
    if function.name == "int" and len(args) == 1 and isinstance(args[0], str) and len(args[0]) < 100:
        args = [_number_of(args[0])]
    kinds = function.signature.of(len(args))
    for kind, value in zip(kinds or (), args, strict=False):
        good = (
            isinstance(value, list | tuple) and all(isinstance(i, NUMBERS) for i in value)
            if kind == "list"
            else (isinstance(value, (*NUMBERS, str)) if kind == "text" else isinstance(value, NUMBERS))
        )
        if not good or (kind == "list" and not value):
            return reader.unknown(node)
        if kind == "list":
            reader.add(len(value), node)
    if kinds is None:
        return reader.unknown(node)
    try:
        return reader.checked(function.call(*args), node)
    except ExpressionError as error:
        error.node = error.node or node
        raise
    except (ArithmeticError, ValueError, TypeError):
        return reader.failed(node)


def _number_of(text: str) -> Any:
    try:
        return int(text)
    except ValueError:
        return text


def _builtin(
    reader: Interpreter, name: str, args: list[Any], kwargs: dict[str, Any], node: ast.Call, scope: Scope
) -> Any:
    first = args[0] if args else None
    match name:
        case "range":
            if (unknown := _unknown_in(reader, args)) is not None:
                return Length(_range_length(reader, args, unknown))
            if 1 <= len(args) <= 3 and all(isinstance(a, int) for a in args) and (len(args) < 3 or args[2] != 0):
                return range(*args)
        case "len":
            if len(args) == 1:
                return reader.length(first, node.args[0])
        case "print":
            return None
        case "super":
            own, cls = scope.names.get("self"), scope.names.get("__class__")
            if isinstance(own, Instance) and isinstance(cls, Class):
                return Super(own, cls)
        case "isinstance" | "hasattr" | "type":
            if name == "hasattr" and len(args) == 2 and isinstance(first, Instance) and isinstance(args[1], str):
                known = args[1] in first.names or (first.cls is not None and first.cls.find(args[1]) is not None)
                return (
                    True if known else (False if first.cls is None or not first.cls.foreign else reader.unknown(node))
                )
            if name == "isinstance" and len(args) == 2 and isinstance(node.args[1], ast.Name):
                types = {
                    "int": int,
                    "float": float,
                    "str": str,
                    "list": list,
                    "dict": dict,
                    "tuple": tuple,
                    "bool": bool,
                }
                if node.args[1].id in types and isinstance(first, (*NUMBERS, str, list, tuple, dict)):
                    return isinstance(first, types[node.args[1].id])
        case "getattr":
            if 2 <= len(args) <= 3 and isinstance(args[1], str):
                if isinstance(first, Instance) and len(args) == 3 and not _has(first, args[1]):
                    return args[2] if first.cls is None or not first.cls.foreign else reader.unknown(node)
                return reader.attribute(first, args[1], node)
            return _unknown_in(reader, args) or reader.unknown(node)
        case "setattr":
            if len(args) == 3 and isinstance(first, Instance) and isinstance(args[1], str):
                first.names[args[1]] = args[2]
                return None
        case "vars":
            if isinstance(first, Instance):
                return first.names
        case (
            "iter" | "reversed" | "list" | "tuple" | "set" | "sorted" | "enumerate" | "zip" | "map" | "filter" | "dict"
        ):
            return _sequence(reader, name, args, kwargs, node)
        case "next":
            items = reader.items(first)
            if items and not isinstance(node.args[0], ast.Name):
                return items[0]
        case "sum" | "any" | "all":
            items = reader.items(first)
            if items is None:
                return first if isinstance(first, Unknown) else reader.unknown(node)
            if (unknown := _unknown_in(reader, items)) is not None:
                return unknown
            if name == "sum" and all(isinstance(i, NUMBERS) for i in [*items, *args[1:]]):
                return reader.checked(sum(items, *args[1:]), node)
            if name != "sum":
                return any(map(reader.truth, items)) if name == "any" else all(map(reader.truth, items))
        case "str":
            if isinstance(first, (*NUMBERS, str)) and len(args) == 1:
                return str(first)
        case "bool":
            return reader.truth(first) if args else False
        case "divmod":
            if len(args) == 2 and all(isinstance(a, NUMBERS) for a in args) and args[1]:
                return divmod(args[0], args[1])
    return _unknown_in(reader, args) or reader.unknown(node)


def _has(instance: Instance, name: str) -> bool:
    return name in instance.names or (instance.cls is not None and instance.cls.find(name) is not None)


def _range_length(reader: Interpreter, args: list[Any], unknown: Unknown) -> Any:
    """The length of a `range` of which an end is not known."""
    if len(args) == 1:
        return args[0]
    if len(args) == 2 and args[0] == 0:
        return args[1]
    return unknown


def _sequence(reader: Interpreter, name: str, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> Any:
    if name == "dict":
        items = reader.items(args[0]) if args and not isinstance(args[0], dict) else []
        start = dict(args[0]) if args and isinstance(args[0], dict) else {}
        if items is None or not all(isinstance(i, list | tuple) and len(i) == 2 for i in items):
            return reader.unknown(node)
        return {**start, **{k: v for k, v in items if isinstance(k, str | int | float)}, **kwargs}
    if name == "enumerate" and args and reader.items(args[0]) is None:
        return Length(reader.length(args[0], node.args[0]))
    lists = [reader.items(a) for a in (args[1:] if name in ("map", "filter") else args[:1] if name != "zip" else args)]
    if any(items is None for items in lists):
        if name == "zip" and args:
            return Length(reader.length(args[0], node.args[0]))
        if name == "iter" and args:
            return args[0]
        return _unknown_in(reader, args) or reader.unknown(node)
    known: list[list[Any]] = [items for items in lists if items is not None]
    first = known[0] if known else []
    match name:
        case "list" | "iter" | "set":
            return first
        case "tuple":
            return tuple(first)
        case "reversed":
            return first[::-1]
        case "zip":
            return list(zip(*known, strict=False))
        case "enumerate":
            start = args[1] if len(args) > 1 else kwargs.get("start", 0)
            return list(enumerate(first, start)) if isinstance(start, int) else reader.unknown(node)
        case "map" if args and isinstance(args[0], Function | KnownFunction | Builtin | Dotted):
            fake = ast.Call(node.args[0], [], [], lineno=node.lineno, col_offset=node.col_offset)
            return [reader.call(args[0], list(each), {}, fake, reader.top) for each in zip(*known, strict=False)]
        case "sorted":
            if all(isinstance(i, NUMBERS) for i in first) and not set(kwargs) - {"reverse"}:
                return sorted(first, reverse=kwargs.get("reverse") is True)
    return reader.unknown(node)


def _dotted(
    reader: Interpreter, function: Dotted, args: list[Any], kwargs: dict[str, Any], node: ast.Call, scope: Scope
) -> Any:
    path, last = function.path, function.last
    if path in ("int", "float"):
        return _known(reader, FUNCTIONS[path], args, kwargs, node)
    if function.module in ("math", "cmath") and isinstance(found := MATH.get(last), KnownFunction):
        return _known(reader, found, args, kwargs, node)
    if function.module in ("numpy", *_NUMPY_NAMES) and last in _NUMPY:
        return _numpy(reader, last, args, kwargs, node)
    if last in ("ArgumentParser", "ConfigArgParser") or path == "argparse.ArgumentParser":
        return Parser()
    if last in ("Namespace", "SimpleNamespace", "EasyDict", "edict", "DotDict", "AttrDict", "Munch"):
        start = args[0] if args and isinstance(args[0], dict) else {}
        return Instance(None, {**{str(k): v for k, v in start.items()}, **kwargs})
    if last in ("OrderedDict", "defaultdict"):
        return {**(args[0] if args and isinstance(args[0], dict) else {}), **kwargs}
    if last in ("partial",) and args and isinstance(args[0], Function):
        return _partial(args[0], args[1:], kwargs)
    if _is_torch(function) and is_scheduler(last):
        return _schedule(reader, function, args, kwargs, node)
    if last in installed_optimizers() and (_is_torch(function) or not function.module):
        return _optimizer(reader, last, args, kwargs, node)
    if last == "DataLoader":
        return _loader(args, kwargs, node)
    if last in _PASS and args:
        inner = args[0]
        if last == "trange":
            return _builtin(reader, "range", args, {}, node, scope)
        if isinstance(inner, list | tuple | range | dict | Loader | Length | Optimizer | Group):
            return inner
        if last in ("tqdm", "track"):
            return Length(reader.length(inner, node.args[0]))
    if last == "Fire" and args and isinstance(args[0], Function):
        return reader.call_function(args[0], [], {})
    return reader.not_read(node, args, kwargs)


def _partial(function: Function, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """`functools.partial` of a function of the script."""
    spec = function.node.args
    names = [a.arg for a in (*spec.posonlyargs, *spec.args)]
    if args:  # leading arguments become defaults of a function with the others first: only by name
        from lrviz.notation.script.interpreter import bind

        bound = function
        for value in args[:1]:
            bound = bind(function, value)
        if len(args) > 1 or function.bound is not None:
            return Unknown(Origin(function.name, function.node.lineno))
        function, names = bound, names[1:]
    return Function(
        function.node,
        function.scope,
        {**function.defaults, **kwargs},
        function.owner,
        function.bound,
        function.decorators,
    )


def _is_torch(function: Dotted) -> bool:
    """Whether a name may be one of torch's schedulers or optimizers."""
    path = function.path.split(".")
    return len(path) == 1 or path[0] == "torch" or path[-2] in ("lr_scheduler", "optim", "swa_utils", "lrs", "sched")


def _numpy(reader: Interpreter, name: str, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> Any:
    """A function of numpy, of numbers and lists of them; arrays become lists of numpy's numbers."""
    values = [*args, *kwargs.values()]
    if (unknown := _unknown_in(reader, values)) is not None:
        return unknown
    flat = [i for v in values for i in (v if isinstance(v, list | tuple | range) else (v,))]
    if not all(isinstance(i, (*NUMBERS, type(None))) for i in flat) or set(kwargs) - {
        "num",
        "endpoint",
        "base",
        "decimals",
    }:
        return reader.unknown(node)
    sizes = {"linspace": 2, "logspace": 2, "geomspace": 2, "full": 0, "ones": 0, "zeros": 0}
    size = kwargs.get("num", args[sizes[name]] if name in sizes and len(args) > sizes[name] else 50)
    if name == "arange":
        start, stop, step = (0, *args, 1)[:3] if len(args) == 1 else (*args, 1)[:3]
        size = abs((stop - start) / step) if step else 0
    if (
        not isinstance(size, int | float)
        or not size <= 100_000
        or any(isinstance(i, int) and abs(i) >= 2**63 for i in flat)
    ):
        raise ExpressionError(f"`{unparse(node)[:60]}` is too large", node=node)
    reader.add(len(flat) + (int(size) if name in sizes or name == "arange" else 0), node)
    import warnings

    import numpy as np

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = getattr(np, name)(*[list(a) if isinstance(a, range) else a for a in args], **kwargs)
    except (TypeError, ValueError, ArithmeticError, IndexError):
        return reader.unknown(node)
    if isinstance(result, np.ndarray):
        return list(result) if result.ndim == 1 else result[()] if result.ndim == 0 else reader.unknown(node)
    return int(result) if isinstance(result, np.integer) else result


def _loader(args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> Loader:
    size = kwargs.get("batch_size", args[1] if len(args) > 1 else 1)
    return Loader(unparse(node), node.lineno, size, kwargs.get("drop_last", False))


def _optimizer(reader: Interpreter, name: str, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> Any:
    """An optimizer of torch with its parameter groups."""
    defaults = dict(optimizer_defaults(name))
    order = defaults.pop("", ())
    values = defaults | dict(zip(order, args[1:], strict=False)) | {k: v for k, v in kwargs.items() if k != "params"}
    spread = next((v for k, v in kwargs.items() if k.startswith("**")), None)
    if spread is not None and "lr" not in kwargs:
        values["lr"] = spread
    params = args[0] if args else kwargs.get("params")
    kept = {k: v for k, v in values.items() if k in ("lr", "momentum", "betas")}
    items = params if isinstance(params, list | tuple) else None
    if items and all(isinstance(i, dict) for i in items) and reader.taint(params) is None:
        groups = [Group({**kept, **i}) for i in items]
    else:
        groups = [Group(kept)]
        if (why := reader.taint(params)) is not None:
            groups[0]["lr"] = why
    made = Optimizer(name, groups, node.lineno)
    reader.optimizers.append(made)
    return made


def find_optimizer(value: Any) -> Optimizer | None:
    """The optimizer of a value, inside calls that wrap one."""
    if isinstance(value, Optimizer):
        return value
    if isinstance(value, Opaque):
        for inner in (*value.args, *value.kwargs.values()):
            if (found := find_optimizer(inner)) is not None:
                return found
    return None


def _schedule(reader: Interpreter, function: Dotted, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> Any:
    """A scheduler of torch."""
    name = SHORT_NAMES.get(function.last, function.last)
    info = find(name)
    optimizer = kwargs.pop("optimizer", None)
    nodes = list(node.args)
    starred = any(isinstance(n, ast.Starred) for n in nodes)
    if optimizer is None and args:
        if info is None or info.takes_optimizer:
            if _is_optimizer(args[0], None if starred else nodes[0], info, len(args), list(kwargs)):
                optimizer, args = args[0], args[1:]
        elif len(args) == 2 and _is_optimizer(args[1], None if starred else nodes[1], None, 2, []):
            optimizer, args = args[1], args[:1]
    inner = find_optimizer(optimizer)
    module = function.module
    module = "" if module.startswith("torch") else module
    made = Schedule(name, module, args, kwargs, optimizer, node, conditions=tuple(reader.conditions))
    for value in (*args, *kwargs.values()):
        for child in value if isinstance(value, list | tuple) else (value,):
            if isinstance(child, Schedule):
                if child.inside is not None:
                    raise ExpressionError(
                        f"`{child.variable or unparse(child.node)[:60]}` is used twice: torch would step the same "
                        "scheduler twice",
                        "create a separate scheduler for each use",
                        node,
                    )
                child.inside = made
                if made.optimizer is None:
                    made.optimizer, inner = child.optimizer, find_optimizer(child.optimizer)
    if inner is not None:
        made.optimizer = inner
        made.rates = [g.get("lr") for g in inner.groups]
        first = next((s for s in reader.schedules if s.optimizer is inner), None)
        if first is not None:
            made.rates = first.rates
        for group in inner.groups:
            group.changes = Unknown(Origin("the optimizer's rate", node.lineno, givable=False))
    reader.schedules.append(made)
    return made


def _is_optimizer(
    value: Any, node: ast.expr | None, info: Scheduler | None, arguments: int, kwargs: Sequence[str]
) -> bool:
    """Whether the first of a scheduler's positional arguments is the optimizer, rather than its first value."""
    if isinstance(value, Optimizer | Instance | Class) or find_optimizer(value) is not None:
        return True
    if not isinstance(value, Unknown):
        return False
    if node is None or re.search(r"opt|sgd|adam", unparse(node), re.IGNORECASE):
        return True
    # A name such as `solver`: with it as the optimizer, no value may be missing.
    names = [p.name for p in info.parameters] if info else []
    given = {*names[: arguments - 1], *kwargs}
    return arguments > 1 if info is None else all(p.name in given for p in info.parameters if p.required)


# Methods


def _method(
    reader: Interpreter, method: Any, args: list[Any], kwargs: dict[str, Any], node: ast.Call, scope: Scope
) -> Any:
    owner, name = method.owner, method.name
    match owner:
        case Optimizer():
            return _optimizer_method(reader, owner, name, args, kwargs, node)
        case Schedule():
            if name == "step":
                reader.event("step", owner, [*args, *kwargs.values()], node)
                return None
            return reader.unknown(node)
        case Parser():
            return _parser_method(reader, owner, name, args, kwargs, node)
        case Super():
            return None
        case Instance():
            return _instance_method(reader, owner, name, args, kwargs, node, scope)
        case Unknown() if name == "step":
            found = next((o for a in (*args, *kwargs.values()) if (o := find_optimizer(a)) is not None), None)
            if found is not None:  # a scaler of gradients
                reader.event("update", found, (), node)
            elif (inner := find_optimizer(owner)) is not None and not looks_like_scheduler(owner):
                reader.event("update", inner, (), node)
            else:
                reader.event("step", owner, [*args, *kwargs.values()], node)
            return reader.unknown(node)
        case str() if name in _PURE_STR or name in ("split", "replace", "format", "join"):
            return _text_method(reader, owner, name, args, kwargs, node)
        case list():
            return _list_method(reader, owner, name, args, kwargs, node)
        case dict():
            return _dict_method(reader, owner, name, args, kwargs, node)
        case tuple() if name in ("index", "count") and len(args) == 1:
            return getattr(owner, name)(args[0]) if args[0] in owner else reader.unknown(node)
        case float() | int() if name in ("item", "is_integer", "bit_length") and not args:
            return owner if name == "item" else getattr(owner, name)()
    return reader.not_read(node, args, kwargs)


def looks_like_scheduler(value: Any) -> bool:
    """Whether a call that is not read makes a scheduler, by its name."""
    if not isinstance(value, Opaque):
        return False
    return bool(re.search(r"sched|warm_?up|LR$|anneal|decay|plateau", value.name, re.IGNORECASE))


def _optimizer_method(
    reader: Interpreter, owner: Optimizer, name: str, args: list[Any], kwargs: dict[str, Any], node: ast.Call
) -> Any:
    if name == "step":
        reader.event("update", owner, (), node)
        return None
    if name == "add_param_group" and len([*args, *kwargs.values()]) == 1:
        (group,) = [*args, *kwargs.values()]
        if isinstance(group, dict):
            defaults = {k: v for k, v in owner.groups[0].items() if k in ("lr", "momentum", "betas")}
            owner.groups.append(Group({**defaults, **group}))
            return None
    return reader.unknown(node)


def _parser_method(
    reader: Interpreter, parser: Parser, name: str, args: list[Any], kwargs: dict[str, Any], node: ast.Call
) -> Any:
    match name:
        case "add_argument":
            flags = [a for a in args if isinstance(a, str)]
            long = next((f for f in flags if f.startswith("--")), flags[0] if flags else "")
            target = kwargs.get("dest", long.lstrip("-").replace("-", "_"))
            if isinstance(target, str):
                parser.defaults.setdefault(target, _argument_default(reader, long, kwargs, node))
            return None
        case "add_argument_group" | "add_mutually_exclusive_group":
            return parser
        case "set_defaults":
            parser.defaults |= kwargs
            return None
        case "parse_args" | "parse_known_args" | "parse_intermixed_args":
            namespace = Instance(None, dict(parser.defaults))
            return namespace if name != "parse_known_args" else (namespace, [])
        case "get_default" if args and isinstance(args[0], str):
            return parser.defaults.get(args[0])
    return reader.unknown(node)


def _argument_default(reader: Interpreter, flag: str, kwargs: dict[str, Any], node: ast.Call) -> Any:
    action = kwargs.get("action")
    if "default" in kwargs:
        value = kwargs["default"]
        kind = kwargs.get("type")
        if isinstance(value, str) and isinstance(kind, KnownFunction) and action is None:  # as argparse does
            return _known(reader, kind, [value], {}, node)
        return value
    if action == "store_true":
        return False
    if action == "store_false":
        return True
    if kwargs.get("required") is True or not flag.startswith("-"):
        return REQUIRED
    return None


def _instance_method(
    reader: Interpreter,
    owner: Instance,
    name: str,
    args: list[Any],
    kwargs: dict[str, Any],
    node: ast.Call,
    scope: Scope,
) -> Any:
    if name == "save_hyperparameters":
        known = {k: v for k, v in scope.names.items() if k != "self" and not k.startswith("__")}
        owner.names["hparams"] = Instance(None, {**known, **kwargs})
        if len(args) == 1 and isinstance(args[0], Instance | dict):
            owner.names["hparams"] = args[0] if isinstance(args[0], Instance) else Instance(None, dict(args[0]))
        return None
    if owner.cls is None and name == "get" and args and isinstance(args[0], str):
        return owner.names.get(args[0], args[1] if len(args) > 1 else None)
    return reader.not_read(node, args, kwargs)


def _text_method(
    reader: Interpreter, text: str, name: str, args: list[Any], kwargs: dict[str, Any], node: ast.Call
) -> Any:
    if (unknown := _unknown_in(reader, [*args, *kwargs.values()])) is not None:
        return unknown
    reader.add(len(text), node)
    plain = all(isinstance(a, (*NUMBERS, str, list, tuple)) for a in [*args, *kwargs.values()])
    if name == "format" and (":" in text or "[" in text or "." in text or "!" in text or not plain):
        return reader.unknown(node)
    if name == "replace" and len(args) == 2 and isinstance(args[1], str) and len(text) * (len(args[1]) + 1) > 100_000:
        return reader.unknown(node)
    if name == "join":
        items = reader.items(args[0]) if args else None
        if items is None or not all(isinstance(i, str) for i in items):
            return reader.unknown(node)
        if sum(map(len, items)) + len(text) * len(items) > 100_000:
            return reader.unknown(node)
        args = [items]
    try:
        return reader.checked(getattr(text, name)(*args, **kwargs), node)
    except (TypeError, ValueError, IndexError, KeyError, AttributeError):
        return reader.unknown(node)


def _list_method(
    reader: Interpreter, owner: list[Any], name: str, args: list[Any], kwargs: dict[str, Any], node: ast.Call
) -> Any:
    match name:
        case "append" | "extend" | "insert" | "remove" | "pop" | "reverse" | "sort" | "clear":
            reader._change(owner, node)
            if reader.loops or reader.taint(owner) is not None:
                # In a loop around training, which is read once; what it collects is for its own use.
                return reader.unknown(node)
            match name, args:
                case "append", [value]:
                    owner.append(value)
                    return None
                case "extend", [value] if (items := reader.items(value)) is not None:
                    owner.extend(items)
                    reader.checked(owner, node)
                    return None
                case "insert", [int() as at, value]:
                    owner.insert(at, value)
                    return None
                case "pop", [] | [int()] if owner and (not args or -len(owner) <= args[0] < len(owner)):
                    return owner.pop(*args)
                case "reverse", []:
                    owner.reverse()
                    return None
                case "sort", [] if not kwargs and all(isinstance(i, NUMBERS) for i in owner):
                    owner.sort()
                    return None
            reader._change(owner, node, reader.unknown(node))
            return reader.unknown(node)
        case "copy" if not args:
            return list(owner)
        case "index" | "count" if len(args) == 1 and all(isinstance(i, (*NUMBERS, str)) for i in [*owner, args[0]]):
            reader.add(len(owner), node)
            return getattr(owner, name)(args[0]) if name == "count" or args[0] in owner else reader.unknown(node)
    return reader.not_read(node, args, kwargs)


def _dict_method(
    reader: Interpreter, owner: dict[Any, Any], name: str, args: list[Any], kwargs: dict[str, Any], node: ast.Call
) -> Any:
    if (why := reader.taint(owner)) is not None:
        return Unknown(*why.origins)
    key = args[0] if args else None
    hashable = isinstance(key, (*NUMBERS, str, type(None)))
    match name:
        case "get" if args and hashable:
            return owner.get(key, args[1] if len(args) > 1 else kwargs.get("default"))
        case "pop" | "setdefault" if args and hashable:
            reader._change(owner, node)
            if name == "pop":
                return owner.pop(key, args[1] if len(args) > 1 else reader.unknown(node))
            return owner.setdefault(key, args[1] if len(args) > 1 else None)
        case "update":
            reader._change(owner, node)
            if args and not isinstance(args[0], dict):
                reader._change(owner, node, args[0] if isinstance(args[0], Unknown) else reader.unknown(node))
                return None
            owner |= {**(args[0] if args else {}), **kwargs}
            reader.checked(owner, node)
            return None
        case "items":
            return list(owner.items())
        case "keys":
            return list(owner)
        case "values":
            return list(owner.values())
        case "copy":
            return dict(owner)
    return reader.not_read(node, args, kwargs)
