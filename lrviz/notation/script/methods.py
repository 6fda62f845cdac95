"""The methods of text, lists and dictionaries."""

from __future__ import annotations

import ast
from typing import Any, Final

from lrviz.notation.script.operators import in_order
from lrviz.notation.script.reader import Reader
from lrviz.notation.script.values import LIVE, NUMBERS, Group, Unknown

TEXT_METHODS: Final = frozenset((
    "lower", "upper", "strip", "lstrip", "rstrip", "startswith", "endswith", "isdigit", "title", "capitalize",
    "casefold", "partition", "rpartition", "split", "replace", "format", "join",
))  # fmt: skip


def text_method(reader: Reader, text: str, name: str, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> Any:
    """What a method of a text returns."""
    if (unknown := reader.unknown_in([*args, *kwargs.values()])) is not None:
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


def list_method(
    reader: Reader, owner: list[Any], name: str, args: list[Any], kwargs: dict[str, Any], node: ast.Call
) -> Any:
    """What a method of a list returns."""
    match name:
        case "append" | "extend" | "insert" | "remove" | "pop" | "reverse" | "sort" | "clear":
            reader.change(owner, added=args)
            if reader.loops or reader.taint(owner) is not None:
                # In a loop around training, which is read once; what it collects is for its own use.
                return reader.unknown(node)
            reader.check_length(len(owner) + 1, node)
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
                case "sort", [] if (ordered := in_order(reader, owner, kwargs, node)) is not None:
                    owner[:] = ordered
                    return None
            reader.change(owner, reader.unknown(node))
            return reader.unknown(node)
        case "copy" if not args:
            return list(owner)
        case "index" | "count" if len(args) == 1 and all(isinstance(i, (*NUMBERS, str)) for i in [*owner, args[0]]):
            reader.add(len(owner), node)
            return getattr(owner, name)(args[0]) if name == "count" or args[0] in owner else reader.unknown(node)
    return reader.not_read(node, args, kwargs)


def dict_method(
    reader: Reader, owner: dict[Any, Any], name: str, args: list[Any], kwargs: dict[str, Any], node: ast.Call
) -> Any:
    """What a method of a dictionary returns."""
    if (why := reader.taint(owner)) is not None:
        return Unknown(*why.origins)
    key = args[0] if args else None
    hashable = isinstance(key, (*NUMBERS, str, type(None)))
    match name:
        case "get" if args and hashable:
            return owner.get(key, args[1] if len(args) > 1 else kwargs.get("default"))
        case "pop" | "setdefault" if args and hashable:
            reader.change(owner)
            if name == "pop":
                return owner.pop(key, args[1] if len(args) > 1 else reader.unknown(node))
            return owner.setdefault(key, args[1] if len(args) > 1 else None)
        case "update" if isinstance(owner, Group) and (not args or isinstance(args[0], dict)):
            for name_of, value in {**(args[0] if args else {}), **kwargs}.items():
                if name_of not in LIVE or not reader.set_rate(owner, name_of, value, node):
                    owner[name_of] = value
            return None
        case "update":
            reader.change(owner)
            if args and not isinstance(args[0], dict):
                reader.change(owner, args[0] if isinstance(args[0], Unknown) else reader.unknown(node))
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
