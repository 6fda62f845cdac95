"""Leave out the parts of a script that share no name with the rest of it, and make nothing that changes rates."""

from __future__ import annotations

import ast
import builtins
import re
import string
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from keyword import kwlist
from typing import Final

from lrviz.notation.script.trees import names_in, walk
from lrviz.notation.source import parse_python
from lrviz.notation.trainers import TRAINER_CONFIGS
from lrviz.schedulers import OWN_RATES, installed_optimizers, installed_schedulers, names

SHORTEST: Final = 500  # lines of a script in which statements that do not matter are looked for
LEAST: Final = 0.25  # of its lines in which they may be
_MOST_ROUNDS: Final = 10  # of looking for what else matters
_MOST_NESTED: Final = 10  # brackets in a value that is left out
_BUILTINS: Final = frozenset(dir(builtins))
_WORD: Final = re.compile(r"[^\W\d]\w*")
_LOWER: Final = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
# Parts of words where optimizers, schedulers or trainers are created or used, or where names are not looked up plainly.
_MATTERS: Final = (
    "optim", "sched", "warm", "anneal", "decay", "plateau", "step", "train", "fit", "scaler", "accel", "accum",
    "prepare", "fabric", "arguments", "damp", "swa", "global", "nonlocal", "exec", "eval", "hparams", "configure",
    "lr_", "yield", "await",
)  # fmt: skip
_SETS: Final = ("lr", "group", "momentum", "betas")  # of keys by which functions set rates
_OF_RUN: Final = re.compile(r"lr|rate|epoch|step|iter|batch", re.IGNORECASE)  # in names whose values runs may take

# Quoted text and comments, a group for `re.split`. What has no end does not match the group: it must match, since to
# look for its end at each quote would take quadratic time.
_QUOTED: Final = re.compile(
    r"""("{3}(?:[^"\\]|\\.|"(?!""))*+"{3}|'{3}(?:[^'\\]|\\.|'(?!''))*+'{3}"""
    r"""|"(?!"")(?:[^"\\\n]|\\.)*+"|'(?!'')(?:[^'\\\n]|\\.)*+'|\#[^\n]*+)"""
    r"""|"{3}(?:[^"\\]|\\.|"(?!""))*+|'{3}(?:[^'\\]|\\.|'(?!''))*+|"(?:[^"\\\n]|\\.)*+|'(?:[^'\\\n]|\\.)*+""",
    re.DOTALL,
)
_UNUSUAL: Final = re.compile("[\r\f\v]")  # other ends of lines
_CONTINUES: Final = re.compile(r"(?:else|elif|except|finally)\b|[\s)\]}]")  # a line that begins no statement
_DEFINES: Final = re.compile(r"@|(?:async\s+)?(?:def|class)\b")
_DEFINED: Final = re.compile(r"^[ \t]*+(?:async\s+)?(?:def|class)\s+(\w+)", re.MULTILINE)
_IMPORTS: Final = re.compile(r"(?:import|from)\b")
_TARGETS: Final = re.compile(r"(?:[^\W\d]\w*\s*=(?!=)\s*)+")
_IN_BRACKETS: Final = re.compile(r"[(\[{][^()\[\]{}]*+[)\]}]")
_ASSIGNS: Final = re.compile(r"(?<![=!<>])=(?!=)|;")


@dataclass(frozen=True)
class _Block:
    """Lines at the top of a script with a statement: from `first` on, before `after`.

    `text` has no comments, and `code` no quoted text either.
    """

    first: int
    after: int
    text: str
    code: str


def parse_linked(text: str, parse: Callable[[str], ast.Module]) -> ast.Module:
    """The syntax tree of a script, of a long one without the statements at its top that do not matter.

    What is left out are definitions and assignments that share no name with the others. Values reach other statements
    by names alone, so nothing of these can change what the rest does. They are not parsed either.

    Args:
        text: The script.
        parse: Returns the tree of a text, or raises what `text` as a whole is refused with.
    """
    lines = text.split("\n")
    blocks = _blocks(text) if len(lines) >= SHORTEST else []
    longest = max(blocks, key=lambda block: block.after - block.first, default=None)
    if longest is None or (_is_most(longest.after - longest.first, len(lines)) and _matters(longest.text)):
        return parse(text)
    body: list[ast.stmt] = []
    firsts = [block.first for block in blocks]

    def read(numbers: Collection[int]) -> list[tuple[int, ast.stmt]]:
        """Parse some blocks on their lines; each statement with the number of its block."""
        kept = [""] * len(lines)
        for at in numbers:
            block = blocks[at]
            kept[block.first : block.after] = lines[block.first : block.after]
        statements = parse_python("\n".join(kept)).body
        body.extend(statements)
        return [(bisect_right(firsts, statement.lineno - 1) - 1, statement) for statement in statements]

    try:
        found = _linked(blocks, text, read)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        found = None
    if found is None:
        return parse(text)
    return ast.Module(sorted(body, key=lambda statement: (statement.lineno, statement.col_offset)), [])


def _is_most(some: int, lines: int) -> bool:
    """Whether too few of the lines can be left out if some of them matter."""
    return some > (1 - LEAST) * lines


def _matters(text: str) -> bool:
    """Whether a text has words that make a statement matter."""
    lower = text.translate(_LOWER)
    return any(part in lower for part in _MATTERS)


def _linked(
    blocks: list[_Block], text: str, read: Callable[[Collection[int]], Iterable[tuple[int, ast.stmt]]]
) -> set[int] | None:
    """The blocks that matter, which are all read; None if too few lines do not, or to find them takes too long."""
    words = [set(_WORD.findall(block.text)) for block in blocks]
    matters, sets = _special(set().union(*words), text)
    found = {at for at, block in enumerate(blocks) if _IMPORTS.match(block.code)}
    modules: set[str] = set()
    for _, statement in read(found):
        for alias in getattr(statement, "names", ()):
            modules.add(alias.asname or alias.name.partition(".")[0])
            if not matters.isdisjoint(_WORD.findall(alias.name)):
                matters.add(alias.asname or alias.name)
    bound = [_bound(block) for block in blocks]
    others = {at for at, binds in enumerate(bound) if not binds}
    more = others | {len(blocks) - 1}
    for at, (block, binds) in enumerate(zip(blocks, bound, strict=True)):
        defines = _DEFINES.match(block.code) is not None
        sets_rates = defines and not words[at].isdisjoint(sets)
        of_run = not defines and any(map(_OF_RUN.search, binds))
        if sets_rates or of_run or ":=" in block.text or not words[at].isdisjoint(matters):
            more.add(at)
    linked = False
    for _ in range(_MOST_ROUNDS):
        more -= found
        if not more:
            return found
        found |= more
        if _is_most(sum(blocks[at].after - blocks[at].first for at in found), text.count("\n") + 1):
            return None
        free: set[str] = set()
        for at, statement in read(more):
            if isinstance(statement, ast.Import | ast.ImportFrom):
                continue
            if at in others:
                bound[at] |= names_in(statement).bound
            free |= {node.id for node in walk(statement) if isinstance(node, ast.Name)} - _BUILTINS - modules
        if not linked:
            every = set().union(*bound)
            links = [one | (each & every) for one, each in zip(bound, words, strict=True)]
            linked = True
        # Names that are nowhere bound link statements too, if one of those that matter has them.
        links = [one | (each & free) for one, each in zip(links, words, strict=True)]
        more = _reached(found, links)
    return None


def _blocks(text: str) -> list[_Block]:
    """The statements at the top of a script in order; none if only Python's parser can tell where they begin."""
    if _UNUSUAL.search(text):
        return []
    parts = _QUOTED.split(text)
    if None in parts:
        return []
    texts, codes = parts, parts[:]
    for at in range(1, len(parts), 2):
        part = parts[at]
        ends = part.count("\n")
        texts[at] = "" if part[0] == "#" else part
        codes[at] = "" if part[0] == "#" else '""' + "\n" * ends + " " * (ends > 0)  # what follows begins no line
    text_lines, code_lines = "".join(texts).split("\n"), "".join(codes).split("\n")
    starts: list[int] = []
    depth, before = 0, ""
    decorated = False
    for number, line in enumerate(code_lines):
        if depth == 0 and line and not before.endswith("\\") and not _CONTINUES.match(line):
            if not decorated:
                starts.append(number)
            decorated = line[0] == "@"
        for opening, closing in ("()", "[]", "{}"):
            depth += line.count(opening) - line.count(closing)
        if depth < 0:
            return []
        before = line
    if depth != 0 or not starts:
        return []
    pairs = zip(starts, [*starts[1:], len(code_lines)], strict=True)
    return [_Block(a, b, "\n".join(text_lines[a:b]), "\n".join(code_lines[a:b])) for a, b in pairs]


def _bound(block: _Block) -> set[str]:
    """The names that a definition binds, with those of its methods, or an assignment to names; none for others."""
    if _DEFINES.match(block.code):
        first, *inside = _DEFINED.findall(block.code)
        return {first, *(name for name in inside if not name.startswith("__"))}
    targets = _TARGETS.match(block.code)
    if targets is None:
        return set()
    value, removed = block.code[targets.end() :], 1
    for _ in range(_MOST_NESTED):
        if removed:
            value, removed = _IN_BRACKETS.subn("", value)
    return set() if _ASSIGNS.search(value) else {*_WORD.findall(targets[0])}


def _reached(start: set[int], names: list[set[str]]) -> set[int]:
    """The numbers of the statements that share a name with those at the start, or with others that do."""
    having: defaultdict[str, list[int]] = defaultdict(list)
    for at, each in enumerate(names):
        for name in each:
            having[name].append(at)
    found, todo = set(start), list(start)
    while todo:
        for name in names[todo.pop()]:
            more = [at for at in having.pop(name, ()) if at not in found]
            found.update(more)
            todo += more
    return found


def _special(words: set[str], text: str) -> tuple[set[str], set[str]]:
    """The words that make a statement matter, and those that make a function or class matter."""
    short = words & {*names()} - {*kwlist}
    matters = words & {*installed_optimizers(), *installed_schedulers(), *OWN_RATES, *TRAINER_CONFIGS}
    matters |= {word for word in short if re.search(rf"(?<!['\"\w-]){word}(?!\w)", text)}
    listed = "\n".join(["", *words, ""])
    lower = listed.translate(_LOWER)
    matters |= {word for part in _MATTERS for word in _with_part(part, lower, listed)}
    matters.update(_with_part("LR\n", listed, listed))
    return matters, {word for part in _SETS for word in _with_part(part, lower, listed)}


def _with_part(part: str, text: str, listed: str) -> Iterator[str]:
    """The words of a list that have some characters, which are looked for in a text with the same words."""
    at = text.find(part)
    while at >= 0:
        end = listed.index("\n", at)
        yield listed[listed.rindex("\n", 0, at) + 1 : end]
        at = text.find(part, end)
