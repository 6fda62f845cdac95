"""Other spellings of a command line: `--T-max`, `cosine T_max=32`, and a scheduler in place of a command."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from lrviz import schedulers
from lrviz.cli.options import scheduler_of
from lrviz.spec import FIELDS

_ASSIGNMENT = re.compile(r"(?P<name>[A-Za-z]\w*)=(?P<value>.+)", re.DOTALL)


def spelled_options(words: Sequence[str], flags: Collection[str]) -> list[str]:
    """The words, with options that differ from one of `flags` only in case, `-` and `_` spelled as that flag."""
    by_fold: dict[str, set[str]] = {}
    for flag in flags:
        if flag.startswith("--"):
            by_fold.setdefault(schedulers.fold(flag), set()).add(flag)
    spelled = list(words)
    for at, word in enumerate(words):
        if word == "--":
            break
        flag, equals, value = word.partition("=")
        if not flag.startswith("--") or flag in flags:
            continue
        meant = by_fold.get(schedulers.fold(flag), set())
        if len(meant) == 1:
            spelled[at] = f"{next(iter(meant))}{equals}{value}"
    return spelled


def split_assignments(words: Sequence[str]) -> tuple[list[str], dict[str, str], dict[str, str]]:
    """The words without assignments to parameters of the scheduler that comes first: `cosine T_max=32 lr=0.1`.

    Returns:
        The other words, values by parameter name, and values by field of the run.
    """
    info = scheduler_of(words[0]) if words else None
    if info is None:
        return list(words), {}, {}
    parameters = {schedulers.fold(p.name): p.name for p in info.parameters}
    fields = {schedulers.fold(f.name): f.name for f in FIELDS}
    rest, values, run = [words[0]], dict[str, str](), dict[str, str]()
    for word in words[1:]:
        match = _ASSIGNMENT.fullmatch(word)
        name = schedulers.fold(match["name"]) if match else ""
        if match is None:
            rest.append(word)
        elif name in fields and name not in parameters:
            run[fields[name]] = match["value"]
        else:  # an unknown name is refused with those of the parameters
            values[parameters.get(name, match["name"])] = match["value"]
    return rest, values, run


def with_command(words: Sequence[str], commands: Mapping[str, str]) -> list[str]:
    """The words, with `plot` before a scheduler that stands in place of a command."""
    if words and words[0] not in commands and not words[0].startswith("-") and scheduler_of(words[0]):
        return ["plot", *words]
    return list(words)
