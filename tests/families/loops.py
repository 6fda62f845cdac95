"""Plain loops over schedulers of installed packages, with nothing of lrviz in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch


def rates(
    make: Callable[[Any], Any], updates: int, lr: float | Sequence[float] = 1e-3, metrics: Sequence[float] = ()
) -> list[list[float]]:
    """The rates of every group at every update, with a `scheduler.step()` after each but the last."""
    values = [lr] if isinstance(lr, int | float) else list(lr)
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": value} for value in values]
    optimizer = torch.optim.SGD(groups, lr=values[0])
    scheduler = make(optimizer)
    found = []
    for update in range(updates):
        found.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        if update < updates - 1:
            scheduler.step(*([metrics[update]] if metrics else []))
    return found
