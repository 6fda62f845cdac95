"""LR5xx: what a schedule does to the optimizer's momentum."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from lrviz.rules.case import Case, Part
from lrviz.rules.fixes import with_values
from lrviz.rules.model import Found, rule
from lrviz.text import print_value

_RANGES: Final = {"CyclicLR": (0.8, 0.9), "OneCycleLR": (0.85, 0.95)}
_WITHOUT: Final = ("SGD", "RMSprop")  # whose momentum is 0 unless it is given
_NEAR: Final = 0.051  # a momentum of 0.9 in a cycle from 0.85 to 0.95, or of 0.95 in one up to 0.9


def _cycles(part: Part) -> bool:
    return part.name in _RANGES and bool(part.value("cycle_momentum", True))


def _bounds(part: Part) -> tuple[float, float]:
    low, high = _RANGES[part.name]
    values: list[Any] = [part.value("base_momentum", low), part.value("max_momentum", high)]
    first, last = (min(v) if isinstance(v, tuple) else v for v in values)
    return first, last


@rule(
    "LR501",
    "unexpected-momentum",
    "warning",
    what="The schedule gives momentum to an optimizer without, or replaces the one that it was given.",
    why="CyclicLR and OneCycleLR cycle the momentum unless they are told not to: an SGD without momentum trains with "
    "up to 0.95, which makes its updates up to twenty times longer.",
    example="OneCycleLR(max_lr=0.1, total_steps=1000) @ epochs=10, steps_per_epoch=100, optimizer=SGD",
    near_miss="OneCycleLR(max_lr=0.1, total_steps=1000) @ epochs=10, steps_per_epoch=100, optimizer=SGD, momentum=0.9",
    sources=("https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html",),
)
def unexpected_momentum(case: Case) -> Iterator[Found]:
    optimizer = case.spec.optimizer
    for part in case.parts:
        if not _cycles(part) or not optimizer.given:
            continue
        low, high = _bounds(part)
        fix = with_values(case, part, cycle_momentum=False)
        if optimizer.name in _WITHOUT and not optimizer.momentum:
            yield Found(
                f"{part.name} gives {optimizer.name}, which has no momentum, one from {print_value(low)} to "
                f"{print_value(high)}",
                fix,
            )
        elif optimizer.momentum is not None and not low - _NEAR <= optimizer.momentum <= high + _NEAR:
            yield Found(
                f"{part.name} replaces the momentum {print_value(optimizer.momentum)} by one from {print_value(low)} "
                f"to {print_value(high)}",
                fix,
            )


@rule(
    "LR502",
    "no-momentum",
    "error",
    what="The schedule cycles the momentum of an optimizer that has none.",
    why="torch refuses to make the scheduler.",
    example="OneCycleLR(max_lr=0.1, total_steps=1000) @ epochs=10, steps_per_epoch=100, optimizer=Adagrad",
    near_miss="OneCycleLR(max_lr=0.1, total_steps=1000, cycle_momentum=False) "
    "@ epochs=10, steps_per_epoch=100, optimizer=Adagrad",
    sources=("https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CyclicLR.html",),
)
def no_momentum(case: Case) -> Iterator[Found]:
    failure = case.failure
    if failure is None or "momentum" not in failure.message:
        return
    for part in case.parts:
        if _cycles(part):
            yield Found(
                f"{part.name} cycles the momentum, and {case.spec.optimizer.name} has none: torch refuses it",
                with_values(case, part, cycle_momentum=False),
            )
            return


@rule(
    "LR503",
    "momentum-out-of-range",
    "warning",
    what="A momentum is not from 0 up to 1.",
    why="At 1 or above old gradients do not fade, and the weights grow without bound.",
    example="CosineAnnealingLR(T_max=50) @ epochs=50, interval=epoch, optimizer=SGD, momentum=9",
    near_miss="CosineAnnealingLR(T_max=50) @ epochs=50, interval=epoch, optimizer=SGD, momentum=0.9",
    hides=("LR501",),
    sources=("https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html",),
)
def momentum_out_of_range(case: Case) -> Iterator[Found]:
    given = case.spec.optimizer.momentum
    if given is not None and given >= 1:
        yield Found(f"momentum {given:g} is not below 1, so old gradients do not fade", "--momentum 0.9")
    for part in case.parts:
        if not _cycles(part):
            continue
        for name in ("base_momentum", "max_momentum"):
            value = part.value(name, 0)
            wrong = [v for v in (value if isinstance(value, tuple) else (value,)) if not 0 <= v <= 1]
            if wrong:
                yield Found(
                    f"{part.name}: {name} {print_value(wrong[0])} is outside of the range from 0 to 1",
                    with_values(case, part, base_momentum=None, max_momentum=None),
                )
                return
