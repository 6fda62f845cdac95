"""The limits of one text of notation, and what reading it has used of them.

A text may come from a stranger's preset, so reading it, printing it and calling its functions take bounded time and
memory. What an expression costs is known when it is compiled, since it has no loops: nothing is counted while a
function of it runs.
"""

from __future__ import annotations

import ast
from typing import Final

from lrviz.errors import NotationError
from lrviz.notation.source import ExpressionError, source_of

MAX_LENGTH: Final = 100_000  # characters of a text: a script of 2,000 lines
MAX_DEPTH: Final = 100  # levels of the syntax tree: its readers recurse, each level takes several of Python's calls
MAX_NODES: Final = 50_000  # of the syntax tree, which takes 30 MB then
MAX_BITS: Final = 8192  # of an integer: products of larger ones are slow, and Python prints no more than 4,300 digits
MAX_STEPS: Final = 250_000  # of reading a text: an operation, or an item of a list, each time one is used; 0.2 s
MAX_CALL_STEPS: Final = 10_000  # of one call of a lambda: 1 ms for each update
MAX_RUN_STEPS: Final = 10_000_000_000  # of all calls of a run's functions: 15 minutes, twice a run of `MAX_UPDATES`
MAX_PRINTED: Final = MAX_LENGTH  # characters of a scheduler as it is printed, which must read back


class Budget:
    """What one text has used of its limits; each method raises ExpressionError when a limit is passed."""

    def __init__(self) -> None:
        self.steps = 0
        self.printed = 0

    def check_text(self, text: str) -> None:
        """Refuse a text that is too long, or whose brackets are nested too deeply for Python's parser."""
        if len(text) > MAX_LENGTH:
            raise ExpressionError(f"the notation is {len(text):,} characters long; {MAX_LENGTH:,} is the limit")
        depth = deepest = 0
        for character in text:
            depth += (character in "([{") - (character in ")]}")
            deepest = max(deepest, depth)
        if deepest > MAX_DEPTH:
            raise ExpressionError(f"brackets are nested {deepest:,} deep; {MAX_DEPTH} is the limit")

    def check_tree(self, tree: ast.AST) -> None:
        """Refuse a syntax tree that is too deep or too large, before anything recurses into it."""
        level, nodes = [tree], 0
        for _ in range(MAX_DEPTH):
            level = [child for node in level for child in ast.iter_child_nodes(node) if not isinstance(child, _MARKS)]
            if not level:
                return
            nodes += len(level)
            if nodes > MAX_NODES:
                raise ExpressionError(f"the notation has over {MAX_NODES:,} parts", "leave out what is not used")
            for node in level:
                if isinstance(node, ast.Constant) and isinstance(node.value, int):
                    check_integer(node.value, node)
        raise ExpressionError(TOO_DEEP)

    def add_steps(self, steps: int, node: ast.AST) -> None:
        """Count operations."""
        self.steps += steps
        if self.steps > MAX_STEPS:
            raise ExpressionError(f"the notation takes over {MAX_STEPS:,} operations to read", _SHORTER, node)

    def add_printed(self, text: str, node: ast.AST) -> None:
        """Count characters that take the place of a name when a lambda is printed."""
        self.printed += len(text)
        if self.printed > MAX_PRINTED:
            raise ExpressionError(_LONG, _SHORTER, node)

    def check_printed(self, text: str) -> None:
        """Refuse notation that is too long when it is printed."""
        if len(text) > MAX_PRINTED:
            raise ExpressionError(_LONG, _SHORTER)


TOO_DEEP: Final = f"nested more than {MAX_DEPTH} levels deep"
_LONG: Final = f"the notation is over {MAX_PRINTED:,} characters long when its names have their values"
_SHORTER: Final = "lists that are used many times make it long: use shorter ones"
_MARKS: Final = (ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)  # no code of their own


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
