"""Where the arguments of a scheduler stand in its script."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from lrviz.notation.parser import SchedulerCall
from lrviz.notation.script.values import Schedule
from lrviz.notation.source import source_of
from lrviz.schedulers import find
from lrviz.text import brief

_MOST: Final = 200  # arguments of a scheduler and of those inside it


@dataclass(frozen=True)
class Argument:
    """An argument of a scheduler: its name, such as `StepLR.gamma`, its value as text, and where it stands."""

    name: str
    value: str
    line: int
    source: str  # "" if it is the value itself


def arguments_of(schedule: Schedule, call: SchedulerCall) -> list[Argument]:
    """The first arguments of a scheduler, and of those inside it, in the order of the script."""
    return list(islice(_arguments(schedule, call), _MOST))


def _arguments(schedule: Schedule, call: SchedulerCall) -> Iterator[Argument]:
    node, info = schedule.node, find(schedule.name)
    names = [parameter.name for parameter in info.parameters] if info else []
    skipped = len(node.args) - len(call.args)  # the optimizer
    plain = not any(isinstance(argument, ast.Starred) for argument in node.args)
    keywords = {keyword.arg: keyword.value for keyword in node.keywords}
    children = iter(schedule.children)
    positional = [(names[at] if at < len(names) else f"argument {at + 1}", v) for at, v in enumerate(call.args)]
    for at, (name, value) in enumerate([*positional, *call.kwargs]):
        if isinstance(value, tuple) and any(isinstance(item, SchedulerCall) for item in value):
            for item in value:
                child = next(children, None) if isinstance(item, SchedulerCall) else None
                if child is not None and child.name == item.name:
                    yield from _arguments(child, item)
            continue
        where: Any = keywords.get(name)
        if at < len(call.args):
            where = node.args[at + skipped] if plain and skipped >= 0 else None
        shown, source = brief(value), "" if where is None else source_of(where)
        yield Argument(
            f"{call.name}.{name}", shown, getattr(where or node, "lineno", 0), "" if source == shown else source
        )
