"""Long expressions over several lines, as `ruff format` breaks them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from lrviz.code.layout import INDENT, WIDTH

# Operators from those that bind least: where an expression is broken first.
_OPERATORS: Final = (r" (?:<=|>=|==|!=|<|>) ", r" [+-] ", r" (?:\*|//?|%|@) ", r" \*\* ")
_RANKED: Final = tuple(map(re.compile, _OPERATORS))
# Parts of expressions that are broken in other ways.
_UNKNOWN: Final = re.compile(r"[\"'{]|\b(?:if|for|lambda|not|and|or|in|is)\b")


def wrapped(statement: str, text: str, indent: str) -> list[str] | None:
    """The lines of a statement that ends with an expression; None if it is not known how they are broken.

    Args:
        statement: What stands before the expression, such as `return `.
        text: The expression on one line.
        indent: The spaces before the statement.
    """
    if _UNKNOWN.search(text):
        return None
    if len(_splits(text)) < 2 and (text[0] in "([" or text[-1] in ")]"):  # in its last brackets, without others
        return _in_brackets(text, statement, "", indent) if text[-1] in ")]" else None
    inside = _inside(text, "", "", indent + INDENT)
    return None if inside is None else [f"{indent}{statement}(", *inside, f"{indent})"]


def _inside(text: str, before: str, after: str, indent: str) -> list[str] | None:
    """The lines of an expression in brackets: broken before its operators that bind least, else in its own brackets."""
    line = f"{indent}{before}{text}{after}"
    if len(line) <= WIDTH:
        return [line]
    splits = _splits(text)
    if not splits:
        return _in_brackets(text, before, after, indent)
    lines: list[str] = []
    for start, end in pairwise([0, *splits, len(text)]):
        operator, operand = text[start:end].split(" ", 1) if start else ("", text[start:end])
        first, last = (f"{operator} " if start else before), (after if end == len(text) else "")
        broken = _inside(operand.strip(), first, last, indent)
        if broken is None:
            return None
        lines += broken
    return lines


def _in_brackets(text: str, before: str, after: str, indent: str) -> list[str] | None:
    """The lines of an expression that ends with brackets, broken in these alone."""
    if text[-1] not in ")]":
        return None
    opened = next(start for start, end in _brackets(text) if end == len(text) - 1)
    head, inner = f"{indent}{before}{text[: opened + 1]}", text[opened + 1 : -1]
    if len(head) > WIDTH or not inner:
        return None
    is_call = text[opened] == "[" or (opened > 0 and (text[opened - 1].isalnum() or text[opened - 1] == "_"))
    lines = _items(inner, indent + INDENT) if is_call else _inside(inner, "", "", indent + INDENT)
    return None if lines is None else [head, *lines, f"{indent}{text[-1]}{after}"]


def _items(inner: str, indent: str) -> list[str] | None:
    """The lines of arguments, each on its own."""
    commas = [-1, *(at for at, depth in _depths(inner) if depth == 0 and inner[at] == ","), len(inner)]
    lines: list[str] = []
    for start, end in pairwise(commas):
        item = _inside(inner[start + 1 : end].strip(), "", ",", indent)
        if item is None:
            return None
        lines += item
    return lines


def _splits(text: str) -> list[int]:
    """Where the operators that bind least stand, outside of brackets."""
    outside = "".join("_" if depth else text[at] for at, depth in _depths(text))
    for operator in _RANKED:
        if found := [match.start() + 1 for match in operator.finditer(outside)]:
            return found
    return []


def _depths(text: str) -> Iterator[tuple[int, int]]:
    """The index of each character, and the number of brackets around it; a bracket counts for itself."""
    depth = 0
    for at, character in enumerate(text):
        depth += character in "(["
        yield at, depth
        depth -= character in ")]"


def _brackets(text: str) -> Iterator[tuple[int, int]]:
    """Where each pair of brackets opens and closes."""
    opened = []
    for at, character in enumerate(text):
        if character in "([":
            opened.append(at)
        elif character in ")]":
            yield opened.pop(), at
