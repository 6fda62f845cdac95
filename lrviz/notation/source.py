"""Pasted source code: cleaned, parsed to a syntax tree within limits, and quoted in errors with the position.

A text may come from a stranger's preset, so reading it, printing it and calling its functions take bounded time and
memory. What an expression costs is known when it is compiled, since it has no loops: nothing is counted while a
function of it runs.
"""

from __future__ import annotations

import ast
import re
import string
import textwrap
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from keyword import iskeyword
from typing import Any, Final

from lrviz.errors import NotationError
from lrviz.schedulers import find, names
from lrviz.text import excerpt, printable

MAX_LENGTH: Final = 100_000  # characters of a text: a script of 2,000 lines
MAX_DEPTH: Final = 100  # levels of the syntax tree: its readers recurse, each level takes several of Python's calls
MAX_NODES: Final = 50_000  # of the syntax tree, which takes 30 MB then
MAX_BITS: Final = 8192  # of an integer: products of larger ones are slow, and Python prints no more than 4,300 digits
MAX_STEPS: Final = 250_000  # of reading a text: an operation, or an item of a list, each time one is used; 0.2 s
MAX_ALL_STEPS: Final = 10 * MAX_STEPS  # of all texts of a preset or of a command
MAX_ALL_NODES: Final = 500_000  # likewise
MAX_CALL_STEPS: Final = 10_000  # of one call of a lambda: 1 ms for each update
MAX_RUN_STEPS: Final = 10_000_000_000  # of all calls of a run's functions: 15 minutes, twice a run of `MAX_UPDATES`
MAX_PRINTED: Final = MAX_LENGTH  # characters of a scheduler as it is printed, which must read back
TOO_DEEP: Final = f"nested more than {MAX_DEPTH} levels deep"
_LONG: Final = f"the notation is over {MAX_PRINTED:,} characters long when its names have their values"
_SHORTER: Final = "lists that are used many times make it long: use shorter ones"
_FEWER: Final = "draw fewer curves, or use shorter lists"
_MARKS: Final = ast.expr_context | ast.operator | ast.unaryop | ast.boolop | ast.cmpop  # no code of their own

Parse = Callable[[str, Callable[[str], ast.Module]], ast.Module]
_LONGEST_NAME: Final = 200  # characters of an expression that names a value, such as `args.epochs`

# Short names that are not Python identifiers, by the identifier that replaces each before the code is parsed. Both have
# the same length, so that positions stay valid. So are lengths such as `10%` and `3ep`.
SHORT_NAMES: Final = {
    short.replace("-", "_").capitalize() if iskeyword(short) else short.replace("-", "_"): short
    for short in sorted(names(), key=lambda name: (-len(name), name))  # `hf-cosine-min-lr` before `hf-cosine`
    if iskeyword(short) or "-" in short
}
_IDENTIFIERS: Final = {short: name for name, short in SHORT_NAMES.items()}
# Quoted text that is not closed goes on to the end of all text: to look for its end at each quote takes quadratic time.
_REPLACED: Final = re.compile(
    r"""(?P<text>\'\'\'.*?(?:\'\'\'|\Z)|\"\"\".*?(?:\"\"\"|\Z)
    |'(?:\\.|[^'\\])*+(?:'|\\?\Z)|"(?:\\.|[^"\\])*+(?:"|\\?\Z)|\#[^\n]*)
    |(?<![\w.])(?:(?P<length>[0-9]+(?:\.[0-9]+)?(?:%(?=\s*(?:[,)\]}]|\Z))|ep(?!\w)))|"""
    + "|".join(
        rf"{re.escape(s)}(?=\s*(?:[,(\])@]|$))" if iskeyword(s) else rf"{re.escape(s)}(?!\w)" for s in _IDENTIFIERS
    )
    + ")",
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
# What a text has if anything of it is replaced. Each part begins with characters that `re` finds fast.
_MAY_REPLACE: Final = (
    re.compile(r"%\s*(?:[,)\]}]|\Z)"),
    re.compile(r"ep(?<=[0-9]ep)(?!\w)"),
    re.compile(rf"-(?:{'|'.join(sorted({s.partition('-')[2] for s in _IDENTIFIERS if '-' in s}))})(?!\w)"),
    *(re.compile(rf"{s}\s*(?:[,(\])@]|$)", re.MULTILINE) for s in _IDENTIFIERS if iskeyword(s)),
)
_SHORT_NAME: Final = re.compile(r"\s*([a-z]\w*(?:-[a-z]\w*)+)(?=\s*(?:\(|\Z))")
_NO_BRACKETS: Final = re.compile(r"[^()\[\]{}]+")
_INVALID: Final = re.compile("[\\0\ud800-\udfff]")


class _Fields(dict[type[ast.AST], tuple[str, ...]]):
    """The fields of each kind of node that have other nodes in them, without marks such as `ast.Load`."""

    def __missing__(self, kind: type[ast.AST]) -> tuple[str, ...]:
        if kind is ast.Constant or issubclass(kind, ast.Global | ast.Nonlocal | _MARKS):
            found: tuple[str, ...] = ()
        else:
            found = tuple(name for name in kind._fields if name not in _NO_NODES)
        self[kind] = found
        return found


# Of names, numbers, marks, and comments about types.
_NO_NODES: Final = frozenset((
    "id", "attr", "arg", "asname", "level", "module", "kind", "conversion", "is_async", "simple", "type_comment",
    "ctx", "op", "ops", "kwd_attrs", "rest", "type_ignores",
))  # fmt: skip
_FIELDS: Final = _Fields()


def children(nodes: Sequence[ast.AST]) -> list[ast.AST]:
    """The nodes directly inside others, without marks such as `ast.Load`."""
    found: list[ast.AST] = []
    for node in nodes:
        for name in _FIELDS[type(node)]:
            value = getattr(node, name, None)
            if type(value) is list:
                found += filter(None, value)
            elif isinstance(value, ast.AST):
                found.append(value)
    return found


class ExpressionError(NotationError):
    """An expression cannot be read or evaluated.

    `node` is the part at fault, and `reason` a message that does not quote it.
    """

    def __init__(self, message: str, hint: str = "", node: ast.AST | None = None, reason: str = "") -> None:
        super().__init__(message, hint)
        self.node, self.reason = node, reason or message


class UnsupportedError(ExpressionError):
    """Python that is not part of the notation."""


@dataclass
class _Used:
    """What all texts in a block of `one_budget` have used."""

    steps: int = 0
    nodes: int = 0


_all_texts: Final[ContextVar[_Used | None]] = ContextVar("all_texts", default=None)


@contextmanager
def one_budget() -> Iterator[None]:
    """Limit also what the texts that are read in this block take together; an outer block counts for those inside."""
    if _all_texts.get() is not None:
        yield
        return
    token = _all_texts.set(_Used())
    try:
        yield
    finally:
        _all_texts.reset(token)


class Budget:
    """What one text has used of its limits; each method raises ExpressionError when a limit is passed."""

    def __init__(self, length: int = MAX_LENGTH, nodes: int = MAX_NODES) -> None:
        self.length, self.nodes = length, nodes
        self.steps = 0
        self.printed = 0
        self._together = _all_texts.get() or _Used()

    def check_text(self, text: str) -> None:
        """Refuse a text that is too long, or whose brackets are nested too deeply for Python's parser."""
        if len(text) > self.length:
            raise ExpressionError(f"the notation is {len(text):,} characters long; {self.length:,} is the limit")
        depth = deepest = 0
        for character in _NO_BRACKETS.sub("", text):
            if character in "([{":
                depth += 1
                deepest = max(deepest, depth)
            else:
                depth -= 1
        if deepest > MAX_DEPTH:
            raise ExpressionError(f"brackets are nested {deepest:,} deep; {MAX_DEPTH} is the limit")

    def check_tree(self, tree: ast.AST) -> None:
        """Refuse a syntax tree that is too deep or too large, before anything recurses into it."""
        level, nodes = [tree], 0
        for _ in range(MAX_DEPTH):
            level = children(level)
            if not level:
                self._together.nodes += nodes
                if self._together.nodes > MAX_ALL_NODES:
                    raise ExpressionError(f"the notation of all curves has over {MAX_ALL_NODES:,} parts", _FEWER)
                return
            nodes += len(level)
            if nodes > self.nodes:
                raise ExpressionError(f"the notation has over {self.nodes:,} parts", "leave out what is not used")
            for node in level:
                if type(node) is ast.Constant and type(node.value) is int:
                    check_integer(node.value, node)
        raise ExpressionError(TOO_DEEP)

    def add_steps(self, steps: int, node: ast.AST) -> None:
        """Count operations."""
        self.steps += steps
        self.add_together(steps)
        if self.steps > MAX_STEPS:
            raise ExpressionError(f"the notation takes over {MAX_STEPS:,} operations to read", _SHORTER, node)

    def add_together(self, steps: int) -> None:
        """Count operations against the limit of all texts alone."""
        self._together.steps += steps
        if self._together.steps > MAX_ALL_STEPS:
            raise ExpressionError(f"the notation of all curves takes over {MAX_ALL_STEPS:,} operations to read", _FEWER)

    def add_printed(self, text: str, node: ast.AST) -> None:
        """Count characters that take the place of a name when a lambda is printed."""
        self.printed += len(text)
        if self.printed > MAX_PRINTED:
            raise ExpressionError(_LONG, _SHORTER, node)

    def check_printed(self, text: str) -> None:
        """Refuse notation that is too long when it is printed."""
        if len(text) > MAX_PRINTED:
            raise ExpressionError(_LONG, _SHORTER)


def check_integer(value: int, node: ast.AST) -> None:
    """Refuse an integer of over `MAX_BITS` bits; it is not printed, since that may be impossible.

    Raises:
        ExpressionError: it has more.
    """
    if value.bit_length() > MAX_BITS:
        raise ExpressionError(f"a number of {value.bit_length():,} bits is too large", node=node)


def check_call(steps: int, node: ast.AST) -> None:
    """Refuse a lambda whose call takes over `MAX_CALL_STEPS`.

    Raises:
        ExpressionError: it takes more.
    """
    if steps > MAX_CALL_STEPS:
        raise ExpressionError(
            f"a call of `{source_of(node)}` takes {steps:,} operations; {MAX_CALL_STEPS:,} is the limit", _SHORTER, node
        )


def check_run(steps: int, calls: int) -> None:
    """Refuse a run in which `calls` calls of functions of `steps` operations take too long.

    Raises:
        NotationError: they take over `MAX_RUN_STEPS`.
    """
    if steps * calls > MAX_RUN_STEPS:
        raise NotationError(
            f"{calls:,} calls of a function of {steps:,} operations take too long; "
            f"the limit is {MAX_RUN_STEPS:,} operations in all",
            "a shorter run has the same shape, or write a shorter function",
        )


class _Position(ast.AST):
    """The position of a syntax error; its column counts characters, while that of other nodes counts bytes."""

    def __init__(self, line: int, column: int) -> None:
        self.lineno, self.col_offset = line, column


class Source:
    """Pasted text, and the code in it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lengths: dict[str, str] = {}  # such as `10%` and `3ep`, by the name that stands for each in the tree
        self.functions: Any = None  # what stands in the functions of the tree, for readers of scripts
        self._tree: ast.Module | None = None

    def tree(self, budget: Budget, parse: Parse | None = None) -> ast.Module:
        """The code's syntax tree, which is parsed once.

        Args:
            budget: The limits of the text and of the tree.
            parse: Leaves out what does not matter to the reader, by a function that parses text; all is parsed without.

        Raises:
            ExpressionError: it is not Python, too long, too large, or nested too deeply.
        """
        if self._tree is not None:
            return self._tree
        budget.check_text(self.text)
        written, self.text = self.text, _clean(self.text)
        _check_characters(self.text)
        try:
            try:
                tree = self._parse(parse)
            except IndentationError:
                self.text = _dedent_rest(self.text)
                tree = self._parse(parse)
        except ExpressionError:
            if (repaired := _with_blocks(written)) is None:
                raise
            tree = self._parse_part(*repaired, parse)
        budget.check_tree(tree)
        self._tree = tree
        return tree

    def _parse_part(self, lines: list[str], heads: list[str], parse: Parse | None) -> ast.Module:
        """The tree of lines that are cut out of blocks; errors are those of the lines as they are."""
        text = self.text
        self.text = "\n".join([*heads, *lines])
        try:
            tree = self._parse(parse)
        except (ExpressionError, IndentationError):
            self.text = text
            return self._parse(parse)
        ast.increment_lineno(tree, -len(heads))
        self.text = "\n".join(lines)
        return tree

    def _parse(self, parse: Parse | None) -> ast.Module:
        text = _with_identifier(self.text)
        if not any(pattern.search(text) for pattern in _MAY_REPLACE):
            return parse(text, _parse) if parse else _parse(text)
        words = set(re.findall(r"\w+", text))
        names: dict[str, str] = {}  # by length

        def replacement(match: re.Match[str]) -> str:
            """An identifier of the same length for what is not Python."""
            found = match[0]
            if match["text"]:
                return found
            if match["length"] is None:
                return _IDENTIFIERS[found]
            if found not in names:
                tail = re.sub(r"\W", "_", found[:-1])
                free = (name for start in string.ascii_letters if (name := start + tail) not in words)
                names[found] = next(free, found)  # with more lengths than letters it is a syntax error
                words.add(names[found])
            return names[found]

        tree = _parse(_REPLACED.sub(replacement, text))
        self.lengths = {name: length for length, name in names.items()}
        return tree

    def excerpt(self, node: ast.AST | None) -> tuple[str, ...]:
        """The line of the node, and a caret under its position; empty without a position."""
        lines = self.text.splitlines()
        row, offset = getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
        if not 1 <= row <= len(lines):
            return ()
        line = lines[row - 1]
        if not isinstance(node, _Position):
            offset = len(line.encode(errors="replace")[:offset].decode(errors="ignore"))
        return excerpt(line, offset)


def _with_identifier(text: str) -> str:
    """The text with an identifier for the short name at its start, if it is one that a package brings."""
    first = _SHORT_NAME.match(text)
    if first is None or first[1] in _IDENTIFIERS or find(first[1]) is None:
        return text
    name = first[1].replace("-", "_")
    SHORT_NAMES[name] = first[1]
    return text[: first.start(1)] + name + text[first.end(1) :]


_STEPS: Final = re.compile(r"\bstep\(|param_group")  # what changes rates


def _clean(text: str) -> str:
    """The text without indentation, the prompts of a doctest, and the key of a dictionary before it."""
    lines = textwrap.dedent(text).strip().splitlines()
    if lines and lines[0].startswith(">>>"):
        lines = [re.sub(r"^(>>>|\.\.\.) ?", "", line) for line in lines]
    return re.sub(r"""^(['"])\w+\1\s*:\s*""", "", "\n".join(lines))


def _with_blocks(text: str) -> tuple[list[str], list[str]] | None:
    """Lines that begin inside a block, or end with the head of one, so that Python can read them.

    Returns:
        The lines, and heads of blocks to put before them; None if there is nothing to do. What a block that is cut off
        steps is in a loop that is not shown, so that it is left as it is.
    """
    lines = textwrap.dedent(text).rstrip().split("\n")
    while lines and not lines[0].strip():
        lines.pop(0)
    if len(lines) < 2:
        return None
    before = list(lines)
    start = len(lines[0]) - len(lines[0].lstrip())
    if found := re.match(r"\s*(elif|else)\b", lines[0]):
        lines[0] = f"{lines[0][: found.start(1)]}{'if  ' if found[1] == 'elif' else 'if 1'}{lines[0][found.end(1) :]}"
    levels: list[int] = []
    for number, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if line.strip() and not line.lstrip().startswith("#") and indent < min([start, *levels]):
            if not levels and _STEPS.search("\n".join(lines[:number])):
                return None
            levels.append(indent)
    last = next((line for line in reversed(lines) if line.strip() and not line.lstrip().startswith("#")), "")
    if last.rstrip().endswith(":"):
        lines.append(f"{' ' * (len(last) - len(last.lstrip()) + 1)}pass")
    if lines == before and not levels:
        return None
    return lines, [f"{' ' * level}if 1:" for level in reversed(levels)]


def _dedent_rest(text: str) -> str:
    """Dedent all lines but the first, whose indentation was not copied with it."""
    first, _, rest = text.partition("\n")
    return f"{first}\n{textwrap.dedent(rest)}"


def _check_characters(text: str) -> None:
    if invalid := _INVALID.search(text):
        before = text[: invalid.start()]
        kind = "a null byte" if invalid[0] == "\0" else "a byte that is not UTF-8"
        raise ExpressionError(
            f"cannot read the notation: it contains {kind}",
            node=_Position(before.count("\n") + 1, len(before.rpartition("\n")[2])),
        )


def _parse(text: str) -> ast.Module:
    try:
        return parse_python(text)
    except IndentationError as error:
        if error.msg == "unexpected indent" and _dedent_rest(text) != text:
            raise
        raise _syntax_error(error, text) from error
    except SyntaxError as error:
        raise _syntax_error(error, text) from error
    except (MemoryError, RecursionError) as error:  # the limit of Python's parser depends on its version
        raise ExpressionError(TOO_DEEP) from error
    except ValueError as error:
        raise ExpressionError("cannot read the notation: it is not text that Python can read") from error


def parse_python(text: str) -> ast.Module:
    """The tree of Python's parser; it warns about `0.5if`, which is read or refused later."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _syntax_error(error: SyntaxError, text: str) -> ExpressionError:
    if error.msg.startswith("Exceeds the limit"):  # Python's advice is to raise the interpreter's limit
        return ExpressionError("cannot read the notation: a number in it has thousands of digits")
    position = _Position(error.lineno or 1, max((error.offset or 1) - 1, 0))
    hint = _hint(text)
    if isinstance(error, IndentationError) and "\n" in text:
        hint = "paste whole statements and blocks, with the indentation that they have in the file"
    return ExpressionError(f"cannot read the notation: {printable(error.msg, 100)}", hint, position)


def _hint(text: str) -> str:
    missing = text.count("(") - text.count(")")
    if missing > 0:
        return f"{missing} closing bracket{'s' if missing > 1 else ''} missing" + (
            "; quote the whole notation in the shell" if " " not in text else ""
        )
    return "write it as in Python: `StepLR(step_size=4, gamma=0.5)`"


def source_of(node: ast.AST) -> str:
    """The source of a node, in one short line."""
    first, _, more = unparse(node).partition("\n")
    return printable(f"{first} ..." if more else first, 60)


def unparse(node: ast.AST) -> str:
    """The source of a node; "..." for an f-string that Python cannot print."""
    try:
        return ast.unparse(node)
    except ValueError:
        return "..."


def value_name(text: str) -> str | None:
    """A name for a value, with normalized spaces and quotes; None if the text cannot be one.

    Accepted are a name, an attribute (`args.epochs`), a subscript (`cfg["gamma"]`) and a call (`len(loader)`).
    """
    text = text.strip()
    if text.isidentifier() or not 0 < len(text) <= _LONGEST_NAME:
        return text if text.isidentifier() and len(text) <= _LONGEST_NAME else None
    try:
        tree = parse_python(text)
        Budget().check_tree(tree)
    except (SyntaxError, ValueError, MemoryError, RecursionError, ExpressionError):
        return None
    match tree.body:
        case [ast.Expr(value=ast.Attribute() | ast.Subscript() | ast.Call() as node)]:
            return unparse(node)
    return None
