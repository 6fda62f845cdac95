"""Configurations that a script has as text: the part of YAML that they use, tables and lists of plain values."""

from __future__ import annotations

import ast
import re
from typing import Any, Final

from lrviz.notation.script.operators import size
from lrviz.notation.script.reader import Reader

_MOST_CHARACTERS: Final = 20_000
_KEY: Final = re.compile(r"([A-Za-z_][\w.-]*|'[^']*'|\"[^\"]*\"|-?\d+)\s*:(?:\s+(.*))?$")
_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT: Final = re.compile(r"(?:[-+]?[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+][0-9]+)?")  # of YAML 1.1: `1e-3` is text
_WORDS: Final = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"), False),
}  # fmt: skip
# What text without quotes cannot have here: other kinds of YAML begin with these.
_SPECIAL: Final = re.compile(r"[&*!|>%@`{}\[\]\"'#]|: |:$|- |\?|,")


class _OtherError(Exception):
    """The text has what is not read here."""


def from_yaml(reader: Reader, text: str, node: ast.Call) -> Any:
    """The value of a text in YAML; unknown if it has more than tables, lists and plain values."""
    try:
        if len(text) > _MOST_CHARACTERS or not text.replace("\n", "").isprintable():
            raise _OtherError
        rows = [(len(line) - len(line.lstrip()), _without_comment(line).strip()) for line in text.split("\n")]
        lines = [(indent, row) for indent, row in rows if row]
        value, rest = _block(lines, lines[0][0]) if lines else (None, [])
        if rest:
            raise _OtherError
    except (_OtherError, RecursionError):
        return reader.unknown(node)
    reader.add(size(value), node)
    return value


def _without_comment(line: str) -> str:
    at = re.search(r"(?:^|\s)#", line)
    if at is None:
        return line
    if "'" in line or '"' in line:  # which may have it inside
        raise _OtherError
    return line[: at.start()]


def _block(lines: list[tuple[int, str]], indent: int) -> tuple[Any, list[tuple[int, str]]]:
    """The table or list of lines with an indentation, and the lines after it."""
    if lines[0][1].startswith("- ") or lines[0][1] == "-":
        items = []
        while lines and lines[0][0] == indent and lines[0][1].startswith("- "):
            row = lines[0][1][2:].strip()
            if _KEY.match(row):
                raise _OtherError
            items.append(_scalar(row))
            lines = lines[1:]
        return items, _after(lines, indent)
    if not _KEY.match(lines[0][1]):
        if len(lines) > 1:
            raise _OtherError
        return _scalar(lines[0][1]), []
    table: dict[Any, Any] = {}
    while lines and lines[0][0] == indent:
        found = _KEY.match(lines[0][1])
        if found is None:
            raise _OtherError
        key, row = _scalar(found[1]), (found[2] or "").strip()
        lines = lines[1:]
        if key in table:
            raise _OtherError
        inside = lines and (lines[0][0] > indent or (lines[0][0] == indent and lines[0][1].startswith("- ")))
        if inside and row:
            raise _OtherError
        if inside:
            table[key], lines = _block(lines, lines[0][0])
        else:
            table[key] = _scalar(row)
    return table, _after(lines, indent)


def _after(lines: list[tuple[int, str]], indent: int) -> list[tuple[int, str]]:
    """The lines after a block, which are indented less, or are keys after the list of one."""
    if lines and (lines[0][0] > indent or lines[0][1].startswith("-")):
        raise _OtherError
    return lines


def _scalar(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text) and len(text) < 100:
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if text[:1] == "[" and text[-1:] == "]" and not re.search(r"[\[\]{}\"']", text[1:-1]):
        items = [item.strip() for item in text[1:-1].split(",")]
        if items == [""]:
            return []
        if len(items) > 1 and not items[-1]:
            items.pop()
        if not all(items):
            raise _OtherError
        return [_scalar(item) for item in items]
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" and not {text[0], "\\"} & {*text[1:-1]}:
        return text[1:-1]
    if _SPECIAL.search(text) or (
        re.match(r"[-+.\d=<]", text) and not re.fullmatch(r"\d+[eE]-?\d+|\d+(?:\.\d+){2,}", text)
    ):
        raise _OtherError
    return text
