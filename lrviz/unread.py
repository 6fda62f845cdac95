"""What a pasted script says of the run, where the run at hand is another: said, for it is not read from there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from lrviz.errors import NotationError
from lrviz.installed import optimizer_names
from lrviz.numbers import format_rate
from lrviz.source import Source
from lrviz.spec import ParamGroup, TrainingLoop

_INTERVALS: Final = ("step", "epoch")


def unread_notes(text: str, loop: TrainingLoop, groups: tuple[ParamGroup, ...], prefix: str = "--") -> list[str]:
    """A note for an optimizer's `lr=0.1`, or Lightning's `"interval": "epoch"`, that is not the run's.

    Args:
        text: The pasted lines, which have been read without an error.
        loop: The run's loop.
        groups: The run's parameter groups.
        prefix: How the user writes the options, `--` or nothing.
    """
    if "lr" not in text and "interval" not in text:
        return []
    try:
        tree = Source(text).tree()
    except NotationError:  # what comes of a sweep, say
        return []
    notes = []
    for node in ast.walk(tree):
        for rate in _rates(node):
            if rate not in [group.lr for group in groups]:
                option = f"`{prefix}lr {rate}`" if prefix else f"`lr = {rate}`"
                ours = ", ".join(dict.fromkeys(format_rate(group.lr) for group in groups))
                notes.append(f"the pasted optimizer's `lr={rate}` is not read, the run has lr {ours}; {option} sets it")
        for interval in _intervals(node):
            if interval != loop.interval:
                option = f"`{prefix}interval {interval}`" if prefix else f'`interval = "{interval}"`'
                notes.append(
                    f'the pasted `"interval": "{interval}"` is not read, this run steps every '
                    f"{'update' if loop.interval == 'step' else 'epoch'}; {option} sets it"
                )
    return notes


def _rates(node: ast.AST) -> Iterator[int | float]:
    """The rate that an optimizer is made with: `optim.SGD(model.parameters(), lr=0.1)`."""
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), keywords=keywords):
            for keyword in keywords:
                match keyword:
                    case ast.keyword(arg="lr", value=ast.Constant(value=int() | float() as rate)):
                        if name in optimizer_names():
                            yield rate


def _intervals(node: ast.AST) -> Iterator[str]:
    """When Lightning steps a scheduler: `{"scheduler": ..., "interval": "epoch"}`."""
    match node:
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                match key, value:
                    case ast.Constant(value="interval"), ast.Constant(value=str() as interval):
                        if interval in _INTERVALS:
                            yield interval
