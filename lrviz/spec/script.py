"""Notes about settings in a pasted script that are ignored and differ from those of the run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from lrviz.errors import NotationError
from lrviz.notation import Budget, Source
from lrviz.schedulers import installed_optimizers
from lrviz.spec.run import ParamGroup, TrainingLoop
from lrviz.text import format_rate

_INTERVALS: Final = ("step", "epoch")


def script_notes(text: str, loop: TrainingLoop, groups: tuple[ParamGroup, ...], prefix: str = "--") -> list[str]:
    """A note for each optimizer's `lr=0.1`, or Lightning's `"interval": "epoch"`, that differs from the run's.

    Args:
        text: The pasted lines, already read without an error.
        loop: The run's loop.
        groups: The run's parameter groups.
        prefix: How the user writes the options, `--` or nothing.
    """
    try:
        tree = Source(text).tree(Budget())
    except NotationError:  # such as a combination of a sweep
        return []
    notes = []
    for node in ast.walk(tree):
        for rate in _rates(node):
            if rate not in [group.lr for group in groups]:
                option = f"`{prefix}lr {rate}`" if prefix else f"`lr = {rate}`"
                rates = ", ".join(dict.fromkeys(format_rate(group.lr) for group in groups))
                notes.append(f"the pasted optimizer's `lr={rate}` is ignored, the run has lr {rates}; {option} sets it")
        for interval in _intervals(node):
            if interval != loop.interval:
                option = f"`{prefix}interval {interval}`" if prefix else f'`interval = "{interval}"`'
                notes.append(
                    f'the pasted `"interval": "{interval}"` is ignored, the run steps every '
                    f"{'update' if loop.interval == 'step' else 'epoch'}; {option} sets it"
                )
    return notes


def _rates(node: ast.AST) -> Iterator[int | float]:
    """The rate given to an optimizer: `optim.SGD(model.parameters(), lr=0.1)`."""
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), keywords=keywords):
            for keyword in keywords:
                match keyword:
                    case ast.keyword(arg="lr", value=ast.Constant(value=int() | float() as rate)):
                        if name in installed_optimizers():
                            yield rate


def _intervals(node: ast.AST) -> Iterator[str]:
    """The interval at which Lightning steps a scheduler: `{"scheduler": ..., "interval": "epoch"}`."""
    match node:
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                match key, value:
                    case ast.Constant(value="interval"), ast.Constant(value=str() as interval):
                        if interval in _INTERVALS:
                            yield interval
