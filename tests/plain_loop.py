"""A training loop as people write it, over a real SGD: what the installed torch does, with nothing of lrviz in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.optim import SGD
from torch.optim.lr_scheduler import ReduceLROnPlateau

Make = Callable[[SGD], Any]


@dataclass(frozen=True)
class Run:
    """What every update used, for each parameter group: (N, G) rates and momenta."""

    lr: list[list[float]]
    momentum: list[list[float]]

    @property
    def first_group(self) -> list[float]:
        """(N,) the rates of the first group."""
        return [rates[0] for rates in self.lr]


def sgd(lr: float = 1.0, groups: int = 1, momentum: float = 0.5) -> SGD:
    """An SGD over as many parameter groups."""
    parameters = [{"params": [torch.nn.Parameter(torch.zeros(1))]} for _ in range(groups)]
    return SGD(parameters, lr=lr, momentum=momentum)


def train(make: Make, updates: int = 12, *, lr: float = 1.0, groups: int = 1, metrics: Sequence[float] = ()) -> Run:
    """The rates of so many updates, each read before `scheduler.step()`; without `metrics` the metric stays at 1."""
    optimizer = sgd(lr, groups)
    scheduler = make(optimizer)
    run = Run([], [])
    for i in range(updates):
        run.lr.append([group["lr"] for group in optimizer.param_groups])
        run.momentum.append([group["momentum"] for group in optimizer.param_groups])
        optimizer.step()
        if i == updates - 1:
            break
        if isinstance(scheduler, ReduceLROnPlateau):
            scheduler.step(metrics[i] if metrics else 1.0)
        else:
            scheduler.step()
    return run


def rates(make: Make, updates: int = 12, **settings: Any) -> list[float]:
    """The rates of the first parameter group, one for each update."""
    return train(make, updates, **settings).first_group


def made(cls: Callable[..., Any], **arguments: Any) -> Make:
    """What makes a scheduler of that class for an optimizer."""
    return lambda optimizer: cls(optimizer, **arguments)
