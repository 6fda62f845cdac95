"""What Accelerate's wrappers change: which calls of `step()` are real, and how often a scheduler steps."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from lrviz.notation.script.values import Condition, Length, Loader, Opaque, Optimizer, Origin, Schedule, Unknown


@dataclass
class Accelerate:
    """An `Accelerator` of a script.

    `every` is the number of batches between two updates in a block of `accumulate`, `prepared` are the objects that
    went through `prepare`.
    """

    every: Any = 1
    alone: bool = False  # whether schedulers step at each call
    split: bool = False  # whether they step once for all processes
    prepared: list[Any] = field(default_factory=list)
    condition: Condition | None = None  # in a block of `accumulate`

    def prepare(self, values: Sequence[Any]) -> None:
        """Note what is prepared."""
        self.prepared += [v for v in values if isinstance(v, Optimizer | Schedule | Loader | Unknown)]

    def wraps(self, value: Any) -> bool:
        """Whether steps of an optimizer or scheduler are left out while gradients accumulate."""
        if isinstance(value, Schedule) and self.alone:
            return False
        return any(value is v for v in self.prepared)

    def feeds(self, over: Any) -> bool:
        """Whether the end of a loop over this is the end of accumulation."""
        while isinstance(over, Length) and over.source is not None:
            over = over.source
        texts = {(o.text, o.line) for v in self.prepared if isinstance(v, Unknown) for o in v.origins[:1]}
        loaders = [v for v in self.prepared if isinstance(v, Loader)]
        texts |= {(text, v.line) for v in loaders for text in (v.text, f"len({v.text})")}
        found = {(o.text, o.line) for o in over.origins} if isinstance(over, Unknown) else set()
        return any(over is v for v in self.prepared) or bool(found & texts)

    def begin(self, node: ast.expr, over: Any) -> None:
        """Begin a block of `accumulate`, in a loop over batches."""
        if self.every == 1:
            return
        value = Unknown(Origin(node, givable=False))
        self.condition = Condition(node, value, self.every, partial=True, regular=self.feeds(over))


def accelerate_of(opaque: Opaque) -> Accelerate:
    """What a call of `Accelerator` says."""
    plugin = opaque.kwargs.get("gradient_accumulation_plugin")
    every = opaque.kwargs.get("gradient_accumulation_steps", 1)
    if isinstance(plugin, Opaque):
        every = plugin.kwargs.get("num_steps", plugin.args[0] if plugin.args else 1)
    config = opaque.kwargs.get("dataloader_config")
    split = config.kwargs if isinstance(config, Opaque) else opaque.kwargs
    return Accelerate(
        every,
        alone=opaque.kwargs.get("step_scheduler_with_optimizer", True) is False,
        split=split.get("split_batches", False) is True,
    )


def is_accumulate(node: ast.expr) -> bool:
    """Whether an expression is `accelerator.accumulate(model)`."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "accumulate"
