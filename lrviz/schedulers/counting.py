"""Schedulers to which a training loop passes the number of epochs and that of updates, as those of timm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def count_calls(scheduler: Any, loop: Any) -> Callable[..., None]:
    """The calls of a training loop: `step_update(updates)` after an update, and `step(epoch + 1)` after an epoch."""

    def after_update(updates: int, *metric: float) -> None:
        scheduler.step_update(updates)
        epoch = loop.epoch_of(updates - 1)
        if loop.epoch_of(updates) > epoch:
            scheduler.step(epoch + 1, *metric)

    def after_epoch(epochs: int, *metric: float) -> None:
        for update in range(loop.updates_in(epochs - 1), loop.updates_in(epochs)):
            scheduler.step_update(update + 1)
        scheduler.step(epochs, *metric)

    return after_update if loop.interval == "step" else after_epoch
