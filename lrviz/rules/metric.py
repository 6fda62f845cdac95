"""LR6xx: ReduceLROnPlateau and its metric."""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan

import numpy as np
from numpy.typing import NDArray

from lrviz.rules.case import Case, Part
from lrviz.rules.fixes import with_values
from lrviz.rules.model import Found, rule
from lrviz.rules.thresholds import limit
from lrviz.rules.wording import percent
from lrviz.text import count, format_rate, print_value

_SOURCE = "https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html"


def _plateau(case: Case) -> Part | None:
    return next((part for part in case.parts if part.name == "ReduceLROnPlateau"), None)


def _calls(case: Case) -> int:
    """The calls of `step()` that can change a rate: all but the last."""
    return case.spec.loop.scheduler_calls - 1


def _reductions(case: Case) -> int:
    return int(np.count_nonzero(case.curves[0].change < 0)) if case.curves else 0


def _values(case: Case) -> NDArray[np.float64]:
    """The metric of each call but the last, if the user gave one."""
    if case.trace is None or case.trace.metric is None or case.spec.metric is None:
        return np.empty(0)
    return case.trace.metric[case.read_at][1:]


@rule(
    "LR601",
    "plateau-never-triggers",
    "warning",
    what="ReduceLROnPlateau cannot reduce the rate in this run.",
    why="It waits for more than `patience` calls without an improvement, and the run has no more of them; or a "
    "reduction is smaller than `eps`, which torch leaves out.",
    example="ReduceLROnPlateau(patience=10) @ epochs=8, interval=epoch",
    near_miss="ReduceLROnPlateau(patience=3) @ epochs=8, interval=epoch",
    sources=(_SOURCE,),
)
def never_triggers(case: Case) -> Iterator[Found]:
    part = _plateau(case)
    if part is None:
        return
    patience, steps = part.value("patience", 10), _calls(case) * case.each
    if steps < patience + 2:
        yield Found(
            f"patience {patience:,} needs {patience + 2:,} calls of step(), and the run has {max(steps, 0):,} that "
            "change a rate",
            with_values(case, part, patience=max(0, min(steps - 2, steps // 4))),
        )
        return
    rate, factor = max(group.lr for group in case.spec.groups), part.value("factor", 0.1)
    if rate * (1 - factor) <= part.value("eps", 1e-8):
        yield Found(
            f"a reduction by {format_rate(rate * (1 - factor))} is not above eps "
            f"{format_rate(part.value('eps', 1e-8))}, so torch leaves it out",
            with_values(case, part, eps=0.0),
        )
        return
    values = _values(case)
    better = _improvements(_signed(part, values)) if values.size else 0
    if values.size > patience + 1 and not _reductions(case) and better >= 0.9 * values.size:
        yield Found(
            f"the metric improves at {percent(better / values.size)} of the calls, so the rate is never reduced",
            "add a decay that does not depend on the metric, such as CosineAnnealingLR",
            "note",
        )


def _signed(part: Part, values: NDArray[np.float64]) -> NDArray[np.float64]:
    return -values if part.value("mode", "min") == "max" else values


@rule(
    "LR602",
    "plateau-always-triggers",
    "warning",
    what="ReduceLROnPlateau reduces the rate at nearly every chance.",
    why="It is then a decay by `patience`, whatever the metric does: the threshold is larger than the improvements, or "
    "patience is smaller than the noise of the metric.",
    example="ReduceLROnPlateau(patience=1, factor=0.5) @ epochs=20, interval=epoch, metric=1 + epoch % 2 / 100",
    near_miss="ReduceLROnPlateau(patience=10, factor=0.5) @ epochs=20, interval=epoch, metric=1 + epoch % 2 / 100",
    sources=(_SOURCE,),
)
def always_triggers(case: Case) -> Iterator[Found]:
    part = _plateau(case)
    if part is None or not _values(case).size:
        return
    patience, cooldown = part.value("patience", 10), part.value("cooldown", 0)
    chances = max(1, (_calls(case) * case.each - 1) // (patience + 1 + cooldown))
    reductions = _reductions(case)
    curve = case.curves[0]
    if reductions >= 3 and (
        reductions >= limit("triggers") * chances or (patience == 0 and reductions >= limit("many"))
    ):
        yield Found(
            f"the rate is reduced {reductions:,} times, to {format_rate(curve.final)}, and there are "
            f"{count(chances, 'chance')}",
            with_values(case, part, patience=max(10, _calls(case) // 3)),
        )


@rule(
    "LR603",
    "wrong-mode",
    "error",
    what="ReduceLROnPlateau reduces the rate while the metric improves: its mode is the wrong way round.",
    why="The default mode='min' is for a loss. An accuracy rises, which counts as no improvement.",
    example="ReduceLROnPlateau(patience=2) @ epochs=20, interval=epoch, metric=1 - exp(-epoch / 10)",
    near_miss="ReduceLROnPlateau(patience=2, mode='max') @ epochs=20, interval=epoch, metric=1 - exp(-epoch / 10)",
    hides=("LR602", "LR604"),
    sources=("https://discuss.pytorch.org/t/reducelronplateau-usage/81163", _SOURCE),
)
def wrong_mode(case: Case) -> Iterator[Found]:
    part, values = _plateau(case), _values(case)
    values = values[~np.isnan(values)]
    if part is None or values.size < 4 or not _reductions(case):
        return
    falls, rises = _improvements(values), _improvements(-values)
    mode = part.value("mode", "min")
    this, other = (falls, rises) if mode == "min" else (rises, falls)
    if this <= 1 and other >= max(3, limit("improves") * values.size):
        opposite = "max" if mode == "min" else "min"
        yield Found(
            f"the metric goes from {float(values[0]):.3g} to {float(values[-1]):.3g}, with a new "
            f"{'greatest' if mode == 'min' else 'least'} value at {percent(other / values.size)} of the calls, and "
            f"mode='{mode}' counts this as no improvement: {count(_reductions(case), 'reduction')}",
            with_values(case, part, mode=opposite),
        )


def _improvements(values: NDArray[np.float64]) -> int:
    """How often a value is below all before it."""
    return int(np.count_nonzero(values[1:] < np.minimum.accumulate(values)[:-1]))


@rule(
    "LR604",
    "short-patience",
    "warning",
    what="The patience is used up by several calls of step() for one value of the metric.",
    why="patience counts calls of step(). Accelerate makes one for each process, and all but the first of them are "
    "without an improvement; a call after every update counts updates.",
    example="ReduceLROnPlateau(patience=10) @ epochs=20, steps_per_epoch=100",
    near_miss="ReduceLROnPlateau(patience=10) @ epochs=20, steps_per_epoch=100, interval=epoch",
    hides=("LR602",),
    sources=("https://github.com/huggingface/accelerate/issues/2142", _SOURCE),
)
def short_patience(case: Case) -> Iterator[Found]:
    part = _plateau(case)
    if part is None:
        return
    patience, loop = part.value("patience", 10), case.spec.loop
    if case.per_update and patience < loop.updates_per_epoch and "steps_per_epoch" not in case.spec.assumed:
        yield Found(
            f"patience {patience:,} counts updates, as the scheduler steps after each, and an epoch has "
            f"{loop.updates_per_epoch_shown}",
            "--interval epoch",
        )
    elif case.each > 1 and patience + 1 < 2 * case.each:
        yield Found(
            f"patience {patience:,} is over after {count(-(-(patience + 1) // case.each), 'call')}: Accelerate steps "
            f"{case.each:,} times at each",
            with_values(case, part, patience=max((patience + 1) * case.each, 2 * case.each)),
        )


@rule(
    "LR605",
    "floor-above-plateau",
    "warning",
    what="min_lr is not below the base rate, so the rate is never reduced.",
    why="torch reduces a rate to min_lr at most.",
    example="ReduceLROnPlateau(patience=2, min_lr=0.01) @ epochs=20, interval=epoch, lr=1e-3",
    near_miss="ReduceLROnPlateau(patience=2, min_lr=1e-5) @ epochs=20, interval=epoch, lr=1e-3",
    sources=(_SOURCE,),
)
def floor_above_plateau(case: Case) -> Iterator[Found]:
    part = _plateau(case)
    if part is None:
        return
    floor = part.value("min_lr", 0)
    floors = floor if isinstance(floor, tuple) else (floor,) * len(case.spec.groups)
    for group, least in zip(case.spec.groups, floors, strict=True):
        if least >= group.lr > 0:
            of_group = f" of {group.name}" if group.name else ""
            relation = "above" if least > group.lr else "equal to"
            yield Found(
                f"ReduceLROnPlateau: min_lr {format_rate(least)} is {relation} the base rate{of_group} "
                f"{format_rate(group.lr)}, so the rate is never reduced",
                with_values(case, part, min_lr=0),
            )
            return


@rule(
    "LR606",
    "first-value-nan",
    "warning",
    what="The first value of the metric is NaN.",
    why="torch counts NaN as no improvement, so the patience runs before the metric exists.",
    example="ReduceLROnPlateau(patience=2) @ epochs=20, interval=epoch, metric=nan if epoch < 3 else exp(-epoch)",
    near_miss="ReduceLROnPlateau(patience=2) @ epochs=20, interval=epoch, metric=1 if epoch < 3 else exp(-epoch)",
    sources=(_SOURCE,),
)
def first_value_nan(case: Case) -> Iterator[Found]:
    part, values = _plateau(case), _values(case)
    if part is None or not values.size or not isnan(values[0]):
        return
    missing = int(np.isnan(values).cumprod().sum())
    yield Found(
        f"the first {count(missing, 'value')} of the metric {'is' if missing == 1 else 'are'} NaN, which torch counts "
        f"as no improvement: patience {print_value(part.value('patience', 10))} runs from the first call",
        "call step() from the first value that is a number on",
    )
