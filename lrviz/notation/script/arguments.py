"""Arguments of the command line and fields of dataclasses, and their defaults: argparse, click, typer."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Any, Final

from lrviz.notation.functions import Function as KnownFunction
from lrviz.notation.script.numeric import call_known
from lrviz.notation.script.reader import Reader
from lrviz.notation.script.trainers import Arguments
from lrviz.notation.script.values import Builtin, Class, Dotted, Function, Instance, Opaque, Parser, Unknown
from lrviz.notation.trainers import TRAINER_ARGUMENTS, is_trainer_class

REQUIRED: Final = object()  # the value of an argument of the command line that has no default


def parameter_default(value: Any) -> Any:
    """The default of a parameter; that of `typer.Option(0.1)` is its first argument."""
    if isinstance(value, Opaque) and value.name in ("Option", "Argument", "Field"):
        return value.kwargs.get("default", value.args[0] if value.args else Unknown(*value.origins))
    return value


def field_default(reader: Reader, value: Any) -> Any:
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


def parser_method(
    reader: Reader, parser: Parser, name: str, args: list[Any], kwargs: dict[str, Any], node: ast.Call
) -> Any:
    """What a method of an `argparse.ArgumentParser` returns."""
    match name:
        case _ if parser.dataclasses and name.startswith("parse_"):
            parser.made = parser.made or tuple(_of_command_line(reader, cls, node) for cls in parser.dataclasses)
            return (*parser.made, []) if kwargs.get("return_remaining_strings") is True else parser.made
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
            given = {k: v for k, v in (reader.settings or {}).items() if k in parser.defaults}
            namespace = Instance(None, {**parser.defaults, **given})
            return namespace if name != "parse_known_args" else (namespace, [])
        case "get_default" if args and isinstance(args[0], str):
            return parser.defaults.get(args[0])
    return reader.unknown(node)


def _of_command_line(reader: Reader, cls: Any, node: ast.Call) -> Any:
    """An instance of a dataclass with the values of the configuration, and its defaults for all others."""
    trainer = isinstance(cls, Dotted) and is_trainer_class(cls.last)
    if not trainer and not isinstance(cls, Class):
        return reader.unknown(node)
    names = {*(TRAINER_ARGUMENTS if trainer or cls.foreign else ()), *(() if trainer else cls.fields or ())}
    given = {name: value for name, value in (reader.settings or {}).items() if name in names}
    if trainer:
        made = Arguments(cls.last, ast.Call(node.func, [], [], lineno=node.lineno), [], given)
        reader.arguments.append(made)
    else:
        made = reader.instantiate(cls, [], given)
    reader.of_command_line.append(made)
    return made


def _argument_default(reader: Reader, flag: str, kwargs: dict[str, Any], node: ast.Call) -> Any:
    action = kwargs.get("action")
    if "default" in kwargs:
        value = kwargs["default"]
        kind = kwargs.get("type")
        if isinstance(value, str) and isinstance(kind, KnownFunction) and action is None:  # as argparse does
            return call_known(reader, kind, [value], {}, node)
        if isinstance(value, str) and isinstance(kind, Function) and action is None:
            return reader.call_function(kind, [value], {})
        return value
    if action == "store_true":
        return False
    if action == "store_false":
        return True
    if kwargs.get("required") is True or not flag.startswith("-"):
        return REQUIRED
    return None


def option_defaults(decorators: Sequence[ast.expr]) -> Iterator[tuple[str, ast.expr]]:
    """The parameters that `@click.option("--lr", default=0.1)` gives a default, and the default."""
    for decorator in decorators:
        match decorator:
            case ast.Call(func=ast.Attribute(attr="option" | "argument"), args=args, keywords=keywords):
                flags = [a.value for a in args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
                name = next((f for f in flags if not f.startswith("-")), "")
                long = next((f for f in flags if f.startswith("--")), "").partition("/")[0]
                default = next((k.value for k in keywords if k.arg == "default"), None)
                if default is not None:
                    yield name or long.strip("-").replace("-", "_"), default
