"""The functions of Python that are always there, such as `range` and `zip`."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from lrviz.notation.functions import Function as KnownFunction
from lrviz.notation.script.names import is_scheduler_class
from lrviz.notation.script.operators import in_order, set_of
from lrviz.notation.script.reader import Reader
from lrviz.notation.script.trees import walk
from lrviz.notation.script.values import (
    NUMBERS,
    Builtin,
    Class,
    Dotted,
    Endless,
    Function,
    Generated,
    Group,
    Instance,
    Length,
    Method,
    Optimizer,
    Origin,
    Schedule,
    Scope,
    Super,
    Unknown,
    UnknownClass,
    flat,
    origins,
)
from lrviz.notation.source import Budget, unparse
from lrviz.schedulers import installed_optimizers

_BASES: Final = ("LRScheduler", "_LRScheduler", "object")  # of schedulers


def call_builtin(
    reader: Reader, name: str, args: list[Any], kwargs: dict[str, Any], node: ast.Call, scope: Scope
) -> Any:
    """What a function of Python returns."""
    if name not in ("next", "isinstance"):
        args = [reader.items(a) if isinstance(a, Generated) else a for a in args]
    first = args[0] if args else None
    match name:
        case "range":
            return _range(reader, args, node)
        case "len":
            if len(args) == 1:
                return reader.length(first, node.args[0])
        case "print":
            return None
        case "super":
            own, cls = scope.names.get("self"), scope.names.get("__class__")
            if isinstance(own, Instance) and isinstance(cls, Class):
                return Super(own, cls)
        case "type" if len(args) == 1 and isinstance(first, Schedule | None):
            return Dotted("NoneType" if first is None else f"torch.optim.lr_scheduler.{first.name}")
        case "isinstance" | "hasattr":
            if len(args) == 2 and (known := _question(reader, name, first, args[1], node)) is not None:
                return known
        case "getattr":
            if 2 <= len(args) <= 3 and isinstance(args[1], str):
                if isinstance(first, Instance) and len(args) == 3 and not _has(first, args[1]):
                    return args[2] if first.cls is None or not first.cls.foreign else reader.unknown(node)
                if isinstance(first, Class) and len(args) == 3 and not first.has(args[1]) and not first.foreign:
                    return args[2]
                return reader.attribute(first, args[1], node)
            if isinstance(first, Dotted) and first.last in ("lr_scheduler", "sched", "lrs") and len(args) == 2:
                reader.example(args[1], "StepLR")
                return UnknownClass(*origins(args[1]))
            return reader.unknown_in(args) or reader.unknown(node)
        case "setattr":
            if len(args) == 3 and isinstance(first, Schedule) and isinstance(args[1], str):
                reader.set_scheduler(first, args[1], args[2], node)
                return None
            if len(args) == 3 and isinstance(first, Instance | Class) and isinstance(args[1], str):
                first.names[args[1]] = args[2]
                return None
        case "vars" if isinstance(first, Instance):
            return first.names
        case "globals" if not args:
            return reader.top.names
        case (
            "iter" | "reversed" | "list" | "tuple" | "set" | "sorted" | "enumerate" | "zip" | "map" | "filter" | "dict"
        ):
            return _sequence(reader, name, args, kwargs, node)
        case "next" if isinstance(first, Generated) and isinstance(node.args[0], ast.Name | ast.Attribute):
            if reader.loops or reader.conditions:
                return reader.failed(node)
            return first.pop(0) if first else args[1] if len(args) > 1 else reader.failed(node)
        case "next":
            items = reader.items(first)
            if items and not isinstance(node.args[0], ast.Name):
                return items[0]
        case "sum" | "any" | "all":
            items = reader.items(first)
            if items is None:
                return first if isinstance(first, Unknown) else reader.unknown(node)
            if (unknown := reader.unknown_in(items)) is not None:
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
        case "eval" if len(args) == 1 and isinstance(first, str):
            return _named(reader, first, node, scope)
        case "divmod":
            if len(args) == 2 and all(isinstance(a, NUMBERS) for a in args) and args[1]:
                return divmod(args[0], args[1])
    return reader.unknown_in(args) or reader.unknown(node)


def _named(reader: Reader, text: str, node: ast.Call, scope: Scope) -> Any:
    """The value of a text that is a name, such as `optim.Adam`, or a list of numbers."""
    try:
        budget = Budget()
        budget.check_text(text)
        tree = ast.parse(text.strip(), mode="eval").body
        budget.check_tree(tree)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return reader.failed(node)
    if isinstance(tree, ast.Constant) or any(not isinstance(part, _NAMED) for part in walk(tree)):
        return reader.unknown(node)
    return reader.evaluate(tree, scope)


_NAMED: Final = (ast.Name, ast.Attribute, ast.Constant, ast.List, ast.Tuple, ast.UnaryOp, ast.USub)
_TYPES: Final = {"int": int, "float": float, "str": str, "list": list, "dict": dict, "tuple": tuple, "bool": bool}


def _question(reader: Reader, name: str, value: Any, asked: Any, node: ast.Call) -> Any:
    """What `isinstance` or `hasattr` returns; None if that is not read."""
    if name == "isinstance":
        if isinstance(value, Schedule | Optimizer | None):
            kinds = flat([asked])
            if all(isinstance(k, Dotted) and _tells_class(value, k.last) for k in kinds):
                return value is not None and any(k.last in (value.name, *_BASES) for k in kinds)
        types = [_TYPES.get(name) for name in _class_names(node.args[1])]
        plain = isinstance(value, (*NUMBERS, str, list, tuple, dict))
        return isinstance(value, tuple(filter(None, types))) if plain and None not in types else None
    if not isinstance(asked, str):
        return None
    match value:
        case Instance():
            if _has(value, asked):
                return True
            return reader.unknown(node) if value.cls is not None and value.cls.foreign else False
        case Unknown():
            text = f"{unparse(node.args[0])}.{asked}"
            return True if text in reader.values else Unknown(Origin(text, node.lineno))
        case Dotted() if value.path.endswith("lr_scheduler"):
            return is_scheduler_class(asked)
        case Dotted() if value.path.endswith("torch.optim"):
            return asked in installed_optimizers()
    return None


def _class_names(node: ast.expr) -> list[str]:
    """The names of the classes in `int`, `(int, float)` or `int | float`; "" for another expression."""
    match node:
        case ast.Name(id=name):
            return [name]
        case ast.Tuple(elts=[first, *rest]):
            return [*_class_names(first), *(name for each in rest for name in _class_names(each))]
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return [*_class_names(left), *_class_names(right)]
    return [""]


def _tells_class(value: Schedule | Optimizer | None, name: str) -> bool:
    """Whether it is known of a class if an optimizer, a scheduler or None is an instance of it."""
    if isinstance(value, Optimizer):  # AdamW is a subclass of Adam in some versions of torch
        return name in installed_optimizers() and name != "Adam"
    return name != "NoneType"


def _has(instance: Instance, name: str) -> bool:
    return name in instance.names or (instance.cls is not None and instance.cls.has(name))


def _range(reader: Reader, args: list[Any], node: ast.Call) -> Any:
    if None in args and len(args) == len(node.args):  # an argument of the command line without a default
        return Length(Unknown(Origin(node.args[args.index(None)])))
    if (unknown := reader.unknown_in(args)) is not None:
        if len(args) > 1 and isinstance(args[0], Unknown) and not args[0].computed:
            reader.example(args[0], 0)  # where a run begins
        return Length(_range_length(args, unknown), int if len(args) == 1 else None)
    if 1 <= len(args) <= 3 and all(isinstance(a, int) for a in args) and (len(args) < 3 or args[2] != 0):
        return range(*args)
    return reader.unknown(node)


def _range_length(args: list[Any], unknown: Unknown) -> Any:
    """The length of a `range` of which an end is not known."""
    if len(args) == 1:
        return args[0]
    if len(args) == 2 and args[0] == 0:
        return args[1]
    unknown.computed = True
    return unknown


def _numbered(start: Any, item: Callable[[int], Any], at: int) -> tuple[Any, Any]:
    """An item of `enumerate`."""
    return start + at if isinstance(start, int) else start, item(at)


def _together(items: Sequence[Callable[[int], Any]], at: int) -> tuple[Any, ...]:
    """An item of `zip`."""
    return tuple(item(at) for item in items)


def _is_function(value: Any) -> bool:
    """Whether a value is a function that is read, or a method of a list or a dictionary."""
    if isinstance(value, Method):
        return isinstance(value.owner, list | dict)
    return isinstance(value, Function | KnownFunction | Builtin | Dotted)


def _sequence(reader: Reader, name: str, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> Any:
    if name == "dict":
        items = reader.items(args[0]) if args and not isinstance(args[0], dict) else []
        start = dict(args[0]) if args and isinstance(args[0], dict) else {}
        if items is None or not all(isinstance(i, list | tuple) and len(i) == 2 for i in items):
            return reader.unknown(node)
        return {**start, **{k: v for k, v in items if isinstance(k, str | int | float)}, **kwargs}
    if name == "enumerate" and args and reader.items(args[0]) is None:
        start = args[1] if len(args) > 1 else kwargs.get("start", 0)
        item = partial(_numbered, start, reader.item(args[0]))
        if isinstance(args[0], Endless):
            return Endless(item, args[0])
        return Length(reader.length(args[0], node.args[0]), item, args[0])
    lists = [reader.items(a) for a in (args[1:] if name in ("map", "filter") else args[:1] if name != "zip" else args)]
    if any(items is None for items in lists):
        if name == "zip" and args:
            objects = [i for i in lists if i and all(isinstance(o, Group | Optimizer | Schedule) for o in i)]
            if objects:  # with values that are not known
                return [tuple(reader.item(a)(at) for a in args) for at in range(min(map(len, objects)))]
            item = partial(_together, [reader.item(a) for a in args])
            at = next((i for i, a in enumerate(args) if not isinstance(a, Endless)), 0)
            return Length(reader.length(args[at], node.args[at]), item, args[0])
        if name == "iter" and args:
            return args[0]
        return reader.unknown_in(args) or reader.unknown(node)
    known: list[list[Any]] = [items for items in lists if items is not None]
    first = known[0] if known else []
    match name:
        case "iter":
            return Generated(first)
        case "list":
            return first
        case "set":
            return set_of(reader, first, node)
        case "tuple":
            return tuple(first)
        case "reversed":
            return first[::-1]
        case "zip":
            return list(zip(*known, strict=False))
        case "enumerate":
            start = args[1] if len(args) > 1 else kwargs.get("start", 0)
            return list(enumerate(first, start)) if isinstance(start, int) else reader.unknown(node)
        case "filter" if args and args[0] is None and not origins(known[0]):
            return [item for item in known[0] if reader.truth(item)]
        case "map" | "filter" if args and _is_function(args[0]):
            fake = ast.Call(node.args[0], [], [], lineno=node.lineno, col_offset=node.col_offset)
            found = [reader.call(args[0], list(each), {}, fake, reader.top) for each in zip(*known, strict=False)]
            if name == "map":
                return found
            tests = list(map(reader.truth, found))
            if not any(isinstance(test, Unknown) for test in tests):
                return [item for item, test in zip(first, tests, strict=True) if test]
        case "sorted":
            if len(args) == 1 and (ordered := in_order(reader, first, kwargs, node)) is not None:
                return ordered
    return reader.unknown(node)
