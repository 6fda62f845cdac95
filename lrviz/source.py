"""Pasted source: what surrounds the code is taken off, the rest becomes a syntax tree, errors get a caret."""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from typing import Final

from lrviz.arithmetic import ExpressionError
from lrviz.expressions import MAX_DEPTH, MAX_LENGTH, TOO_DEEP, check_size

# Short names that are no names in Python, how they are told apart from code, and what stands in for them meanwhile:
# something as long, so that every place stays where it is.
SPELLED: Final = {"warm_restarts": "warm-restarts", "Lambda": "lambda"}
_STAND_INS: Final = {spelled: name for name, spelled in SPELLED.items()}
_SPELLINGS: Final = re.compile(
    r"""(?P<text>\'\'\'.*?\'\'\'|\"\"\".*?\"\"\"|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|\#[^\n]*)
    |(?<![\w.])(?:warm-restarts(?!\w)|lambda(?=\s*(?:[,(\])@]|$)))""",
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
_NO_TEXT: Final = re.compile("[\\0\ud800-\udfff]")


class _Place(ast.AST):
    """Where Python's own parser stopped; its column counts characters, where a tree's counts bytes."""

    def __init__(self, line: int, column: int) -> None:
        self.lineno, self.col_offset = line, column


class Source:
    """Text as it was pasted, and the code in it."""

    def __init__(self, text: str) -> None:
        self.text = _cleaned(text)

    def tree(self) -> ast.Module:
        """The code's syntax tree.

        Raises:
            ExpressionError: it is no Python, or longer or nested deeper than makes sense.
        """
        _check_text(self.text)
        try:
            tree = _parsed(self.text)
        except IndentationError:
            self.text = _outdented(self.text)
            tree = _parsed(self.text)
        check_size(tree)
        return tree

    def pointed(self, message: str, node: ast.AST | None) -> str:
        """The message, the line it speaks of, and a caret under the place."""
        lines = self.text.splitlines()
        row, offset = getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
        if not 1 <= row <= len(lines):
            return message
        line = lines[row - 1]
        if not isinstance(node, _Place):
            offset = len(line.encode(errors="replace")[:offset].decode(errors="ignore"))
        start = max(0, min(offset - 50, len(line) - 76))
        piece = "".join(c if c.isprintable() else " " for c in line[start : start + 76])
        return f"{message}\n    {piece}\n    {' ' * (offset - start)}^"


def _cleaned(text: str) -> str:
    """Without what surrounds code where it is pasted from: indentation, a doctest's prompts, a dict's key."""
    lines = textwrap.dedent(text).strip().splitlines()
    if lines and lines[0].startswith(">>>"):
        lines = [re.sub(r"^(>>>|\.\.\.) ?", "", line) for line in lines]
    return re.sub(r"""^(['"])\w+\1\s*:\s*""", "", "\n".join(lines))


def _outdented(text: str) -> str:
    """Lines copied from the middle of the first one: that one has lost its indentation, the others have theirs."""
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
    if wrong := _NO_TEXT.search(text):
        before = text[: wrong.start()]
        found = "a null byte" if wrong[0] == "\0" else "a byte that is not UTF-8"
        raise ExpressionError(
            f"cannot read the notation: there is {found} in it",
            node=_Place(before.count("\n") + 1, len(before.rpartition("\n")[2])),
        )


def _parsed(text: str) -> ast.Module:
    text = _SPELLINGS.sub(lambda found: found[0] if found["text"] else _STAND_INS[found[0]], text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python warns of odd spellings; what is wrong is refused later
            return ast.parse(text)
    except IndentationError as error:
        if error.msg == "unexpected indent" and _outdented(text) != text:
            raise
        raise _unreadable(error, text) from error
    except SyntaxError as error:
        raise _unreadable(error, text) from error
    except (MemoryError, RecursionError) as error:  # how deep Python's parser goes depends on its version
        raise ExpressionError(TOO_DEEP) from error
    except ValueError as error:
        raise ExpressionError(f"cannot read the notation: {error}") from error


def _unreadable(error: SyntaxError, text: str) -> ExpressionError:
    if error.msg.startswith("Exceeds the limit"):  # Python's advice is to raise the interpreter's limit
        return ExpressionError("cannot read the notation: a number in it has thousands of digits")
    place = _Place(error.lineno or 1, max((error.offset or 1) - 1, 0))
    return ExpressionError(f"cannot read the notation: {error.msg}", _hint(text), place)


def _hint(text: str) -> str:
    short = text.count("(") - text.count(")")
    if short > 0:
        return f"{short} closing bracket{'s' if short > 1 else ''} missing" + (
            "; quote the whole notation in the shell" if " " not in text else ""
        )
    return "write it as in Python: `StepLR(step_size=4, gamma=0.5)`"
