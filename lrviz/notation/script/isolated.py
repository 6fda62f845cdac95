"""Leave out the parts of a script that share no name with the rest of it, and make nothing that changes rates."""

from __future__ import annotations

import ast
import builtins
import re
import string
from collections import defaultdict
from collections.abc import Iterator
from keyword import kwlist
from typing import Final

from lrviz.notation.script.trees import all_statements, names_in, walk
from lrviz.notation.trainers import TRAINER_CONFIGS
from lrviz.schedulers import OWN_RATES, installed_optimizers, installed_schedulers, names

SHORTEST: Final = 500  # lines of a script in which statements that do not matter are looked for
LEAST: Final = 0.25  # of its lines in which they may be
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


def linked(tree: ast.Module, text: str) -> list[int] | None:
    """The statements of a script that matter, by their number: no others share a name with them.

    What is left out are definitions and assignments at the top of the script. Values reach other statements by names
    alone, so nothing of these can change what the rest does. None if all matter, or too few lines do not.

    Args:
        tree: The script.
        text: Its text, on the same lines.
    """
    lines = text.split("\n")
    if len(lines) < SHORTEST:
        return None
    parts = ["\n".join(lines[_first(s) - 1 : s.end_lineno]) for s in tree.body]
    words = [set(_WORD.findall(part)) for part in parts]
    matters, sets = _special(set().union(*words), text)
    modules: set[str] = set()
    bound: list[set[str]] = []
    found: set[int] = set()
    for statement in tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            for alias in statement.names:
                modules.add(alias.asname or alias.name.partition(".")[0])
                if not matters.isdisjoint(_WORD.findall(alias.name)):
                    matters.add(alias.asname or alias.name)
    for at, statement in enumerate(tree.body):
        binds, is_found = _bound(statement)
        bound.append(binds)
        if is_found or at == len(parts) - 1 or not words[at].isdisjoint(matters) or ":=" in parts[at]:
            found.add(at)
        elif isinstance(statement, ast.Assign):
            if any(map(_OF_RUN.search, binds)):
                found.add(at)
        elif not words[at].isdisjoint(sets):
            found.add(at)
    if sum(parts[at].count("\n") + 1 for at in range(len(parts)) if at not in found) < LEAST * len(lines):
        return None
    every = set().union(*bound)
    names = [one | (each & every) for one, each in zip(bound, words, strict=True)]
    todo = found
    while todo:  # names that are nowhere bound link statements too, if one of those that matter has them
        free = {name for at in todo for name in _free(tree.body[at])} - every - modules
        every |= free
        names = [one | (each & free) for one, each in zip(names, words, strict=True)]
        todo = _reached(found, names) - found
        found |= todo
    return sorted(found)


def _free(statement: ast.stmt) -> set[str]:
    """The names in a statement but those of modules and of Python."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return set()
    return {node.id for node in walk(statement) if isinstance(node, ast.Name)} - _BUILTINS


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


def _first(node: ast.stmt) -> int:
    """The first line of a statement."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _bound(node: ast.stmt) -> tuple[set[str], bool]:
    """The names that a statement binds for others, with those of its functions; whether it matters in any case."""
    if isinstance(node, ast.Assign) and all(isinstance(target, ast.Name) for target in node.targets):
        return {target.id for target in node.targets if isinstance(target, ast.Name)}, False
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        inside = (getattr(statement, "name", None) for statement in all_statements(node))
        return {node.name, *(name for name in inside if name and not name.startswith("__"))}, False
    if isinstance(node, ast.Import | ast.ImportFrom) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    ):
        return set(), True
    return names_in(node).bound, True
