"""Executes a training script, and notes the rates that its updates use."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch.optim.optimizer import Optimizer, register_optimizer_step_pre_hook


def executed(text: str, names: dict[str, Any] | None = None) -> list[np.ndarray]:
    """The rates of each optimizer at each of its updates, as the script really uses them.

    Args:
        text: The script.
        names: The values of names that it does not define.
    """
    rates: dict[int, list[list[float]]] = {}

    def note(optimizer: Optimizer, *_: Any) -> None:
        rates.setdefault(id(optimizer), []).append([group["lr"] for group in optimizer.param_groups])

    hook = register_optimizer_step_pre_hook(note)
    try:
        exec(compile(text, "train.py", "exec"), {"__name__": "__main__", **(names or {})})  # noqa: S102 - of this repository
    finally:
        hook.remove()
    return [np.array(values) for values in rates.values()]
