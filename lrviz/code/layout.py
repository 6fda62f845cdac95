"""The layout of calls and lists as `ruff format` writes them, within its default of 88 columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lrviz.text import print_value

WIDTH: Final = 88
INDENT: Final = "    "


@dataclass(frozen=True)
class Brackets:
    """A call, a list or a dictionary: what opens it, its items, each with the text before it, and what closes it."""

    start: str
    items: tuple[tuple[str, Node], ...]
    end: str

    def __str__(self) -> str:
        return f"{self.start}{', '.join(f'{before}{item}' for before, item in self.items)}{self.end}"


Node = str | Brackets


def call(function: str, *arguments: Node, **named: Node) -> Brackets:
    """The call of a function."""
    return Brackets(f"{function}(", (*(("", a) for a in arguments), *((f"{k}=", v) for k, v in named.items())), ")")


def list_of(items: Iterable[Node]) -> Brackets:
    """A list."""
    return Brackets("[", tuple(("", item) for item in items), "]")


def dict_of(items: Mapping[str, Node]) -> Brackets:
    """A dictionary with keys of text."""
    return Brackets("{", tuple((f"{literal(key)}: ", value) for key, value in items.items()), "}")


def literal(value: Any) -> str:
    """A number, text, None or a bool as Python; text in double quotes where it needs no escape for them."""
    text = print_value(value)
    if isinstance(value, float) and text.startswith("float("):
        return text.replace("'", '"')
    if isinstance(value, str) and text.startswith("'") and '"' not in text:
        return f'"{text[1:-1]}"'
    return text


def lay_out(node: Node, indent: str = "", before: str = "", after: str = "") -> list[str]:
    """The lines of a node: one if it fits, else one for each of its items.

    Args:
        node: The node.
        indent: The spaces before each line.
        before: The text before the node, such as `scheduler = `.
        after: The text after the node, such as a comma.
    """
    line = f"{indent}{before}{node}{after}"
    if len(line) <= WIDTH or isinstance(node, str) or not node.items:
        return [line]
    inside = (lay_out(item, indent + INDENT, prefix, ",") for prefix, item in node.items)
    return [
        f"{indent}{before}{node.start}",
        *(line for lines in inside for line in lines),
        f"{indent}{node.end}{after}",
    ]


def import_lines(names: Mapping[str, Iterable[str]], whole: Iterable[str] = ()) -> list[str]:
    """The import statements of one section.

    Args:
        names: The names that are taken from each module.
        whole: The modules that are imported by their own names; `numpy as np` is one of them.
    """
    lines = [f"import {module}" for module in sorted(whole)]
    for module in sorted(names):
        found = sorted(names[module], key=lambda name: (not name.isupper(), name.lower()))
        flat = f"from {module} import {', '.join(found)}"
        block = Brackets(f"from {module} import (", tuple(("", name) for name in found), ")")
        lines += [flat] if len(flat) <= WIDTH else lay_out(block)
    return lines


def join_blocks(blocks: Iterable[Sequence[str]]) -> str:
    """The text of blocks of lines; two empty lines stand around the definition of a function or class, else one."""
    text, after = "", ""
    for block in blocks:
        if not block:
            continue
        defines = block[0].startswith(("def ", "class ", "# fmt: off"))
        between = "" if not text else "\n\n" if defines or after == "defines" else "\n"
        text += between + "\n".join(block) + "\n"
        after = "defines" if defines else "other"
    return text
