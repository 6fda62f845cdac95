"""Pasted source code: cleaned, parsed to a syntax tree, and quoted in errors with the position."""

from __future__ import annotations

import ast
import re
import string
import textwrap
import warnings
from keyword import iskeyword
from typing import Any, Final

from lrviz.errors import NotationError
from lrviz.schedulers import names

MAX_LENGTH: Final = 100_000
MAX_DEPTH: Final = 100
_TOO_DEEP: Final = f"nested more than {MAX_DEPTH} levels deep"
_LONGEST_NAME: Final = 200  # characters of an expression that names a value, such as `args.epochs`

# Short names that are not Python identifiers, by the identifier that replaces each before the code is parsed. Both have
# the same length, so that positions stay valid. So are lengths such as `10%` and `3ep`.
SHORT_NAMES: Final = {
    short.replace("-", "_").capitalize() if iskeyword(short) else short.replace("-", "_"): short
    for short in sorted(names())
    if iskeyword(short) or "-" in short
}
_IDENTIFIERS: Final = {short: name for name, short in SHORT_NAMES.items()}
_REPLACED: Final = re.compile(
    r"""(?P<text>\'\'\'.*?\'\'\'|\"\"\".*?\"\"\"|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|\#[^\n]*)
    |(?<![\w.])(?:(?P<length>\d+(?:\.\d+)?(?:%(?=\s*(?:[,)\]}]|\Z))|ep(?!\w)))|"""
    + "|".join(
        rf"{re.escape(s)}(?=\s*(?:[,(\])@]|$))" if iskeyword(s) else rf"{re.escape(s)}(?!\w)" for s in _IDENTIFIERS
    )
    + ")",
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
_NAME_STARTS: Final = string.ascii_letters
_INVALID: Final = re.compile("[\\0\ud800-\udfff]")


class ExpressionError(NotationError):
    """An expression cannot be read or evaluated; `node` is the part at fault."""

    def __init__(self, message: str, hint: str = "", node: ast.AST | None = None) -> None:
        super().__init__(message, hint)
        self.node = node


class _Position(ast.AST):
    """The position of a syntax error; its column counts characters, while that of other nodes counts bytes."""

    def __init__(self, line: int, column: int) -> None:
        self.lineno, self.col_offset = line, column


class Source:
    """Pasted text, and the code in it."""

    def __init__(self, text: str) -> None:
        self.text = _clean(text)
        self.lengths: dict[str, str] = {}  # such as `10%` and `3ep`, by the name that stands for each in the tree

    def tree(self) -> ast.Module:
        """The code's syntax tree.

        Raises:
            ExpressionError: it is not Python, too long, or nested too deeply.
        """
        _check_text(self.text)
        try:
            tree = self._parse()
        except IndentationError:
            self.text = _dedent_rest(self.text)
            tree = self._parse()
        check_size(tree)
        return tree

    def _parse(self) -> ast.Module:
        return _parse(_REPLACED.sub(self._replacement, self.text))

    def _replacement(self, match: re.Match[str]) -> str:
        """An identifier of the same length for what is not Python."""
        found = match[0]
        if match["text"]:
            return found
        if match["length"] is None:
            return _IDENTIFIERS[found]
        tail = re.sub(r"\W", "_", found[:-1])
        names = (start + tail for start in _NAME_STARTS)
        name = next((n for n in names if n not in self.text and self.lengths.get(n, found) == found), None)
        if name is None:
            raise ExpressionError(f"too many lengths such as `{found}`")
        self.lengths[name] = found
        return name

    def with_position(self, message: str, node: ast.AST | None) -> str:
        """The message, the line of the node, and a caret under its position."""
        lines = self.text.splitlines()
        row, offset = getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
        if not 1 <= row <= len(lines):
            return message
        line = lines[row - 1]
        if not isinstance(node, _Position):
            offset = len(line.encode(errors="replace")[:offset].decode(errors="ignore"))
        start = max(0, min(offset - 50, len(line) - 76))
        piece = "".join(c if c.isprintable() else " " for c in line[start : start + 76])
        return f"{message}\n    {piece}\n    {' ' * (offset - start)}^"


def _clean(text: str) -> str:
    """The text without indentation, the prompts of a doctest, and the key of a dictionary before it."""
    lines = textwrap.dedent(text).strip().splitlines()
    if lines and lines[0].startswith(">>>"):
        lines = [re.sub(r"^(>>>|\.\.\.) ?", "", line) for line in lines]
    return re.sub(r"""^(['"])\w+\1\s*:\s*""", "", "\n".join(lines))


def _dedent_rest(text: str) -> str:
    """Dedent all lines but the first, whose indentation was not copied with it."""
    first, _, rest = text.partition("\n")
    return f"{first}\n{textwrap.dedent(rest)}"


def _check_text(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"the notation is {len(text):,} characters long; {MAX_LENGTH:,} is the limit")
    depth = deepest = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
    if deepest > MAX_DEPTH:
        raise ExpressionError(f"brackets are nested {deepest:,} deep; {MAX_DEPTH} is the limit")
    if invalid := _INVALID.search(text):
        before = text[: invalid.start()]
        kind = "a null byte" if invalid[0] == "\0" else "a byte that is not UTF-8"
        raise ExpressionError(
            f"cannot read the notation: it contains {kind}",
            node=_Position(before.count("\n") + 1, len(before.rpartition("\n")[2])),
        )


def _parse(text: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # SyntaxWarning; errors are reported later
            return ast.parse(text)
    except IndentationError as error:
        if error.msg == "unexpected indent" and _dedent_rest(text) != text:
            raise
        raise _syntax_error(error, text) from error
    except SyntaxError as error:
        raise _syntax_error(error, text) from error
    except (MemoryError, RecursionError) as error:  # the limit of Python's parser depends on its version
        raise ExpressionError(_TOO_DEEP) from error
    except ValueError as error:
        raise ExpressionError(f"cannot read the notation: {error}") from error


def _syntax_error(error: SyntaxError, text: str) -> ExpressionError:
    if error.msg.startswith("Exceeds the limit"):  # Python's advice is to raise the interpreter's limit
        return ExpressionError("cannot read the notation: a number in it has thousands of digits")
    position = _Position(error.lineno or 1, max((error.offset or 1) - 1, 0))
    return ExpressionError(f"cannot read the notation: {error.msg}", _hint(text), position)


def _hint(text: str) -> str:
    missing = text.count("(") - text.count(")")
    if missing > 0:
        return f"{missing} closing bracket{'s' if missing > 1 else ''} missing" + (
            "; quote the whole notation in the shell" if " " not in text else ""
        )
    return "write it as in Python: `StepLR(step_size=4, gamma=0.5)`"


def brief(value: Any) -> str:
    """The `repr` of a value in at most 60 characters."""
    if isinstance(value, int) and value.bit_length() > 128:
        return f"a number of {value.bit_length()} bits"
    return _cut(repr(value))


def _cut(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


def source_of(node: ast.AST) -> str:
    """The source of a node, in one short line."""
    first, _, more = ast.unparse(node).partition("\n")
    return _cut(f"{first} ..." if more else first)


def check_size(tree: ast.AST) -> None:
    """Refuse a tree that is nested deeper than `MAX_DEPTH`, before anything recurses into it.

    Raises:
        ExpressionError: it is nested deeper.
    """
    level: list[ast.AST] = [tree]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return
    raise ExpressionError(_TOO_DEEP)


def value_name(text: str) -> str | None:
    """A name for a value, with normalized spaces and quotes; None if the text cannot be one.

    Accepted are a name, an attribute (`args.epochs`), a subscript (`cfg["gamma"]`) and a call (`len(loader)`).
    """
    text = text.strip()
    if text.isidentifier() or not 0 < len(text) <= _LONGEST_NAME:
        return text if text.isidentifier() else None
    try:
        node = ast.parse(text, mode="eval").body
        check_size(node)
    except (SyntaxError, ValueError, MemoryError, RecursionError, ExpressionError):
        return None
    return ast.unparse(node) if isinstance(node, ast.Attribute | ast.Subscript | ast.Call) else None
