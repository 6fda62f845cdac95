"""The expected tables of the scheduler tests of PyTorch (`test/optim/test_lrscheduler.py`), of which lrviz draws each.

The tables are numbers that its authors wrote down, or closed formulas: they come from no scheduler. Not here are:

- what is compared with another scheduler rather than with numbers (`closed_form`, `constant_for_constant_epoch`,
  `state_dict`, `checkpoint`, `constant_initial`), and single values (`cosine_then_cyclic`, `sequentiallr4`);
- tests of errors and warnings.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, repeat
from math import cos, pi
from typing import Any

import pytest

import lrviz

GROUPS = [0.05, 0.5]  # the base rates there
Table = Sequence[float]


def constant(*runs: tuple[float, int]) -> list[float]:
    """A staircase: each rate and how many updates use it."""
    return list(chain.from_iterable(repeat(rate, times) for rate, times in runs))


def times_ten(rates: Table) -> list[list[float]]:
    """The tables of both groups."""
    return [list(rates), [10 * rate for rate in rates]]


def cosine(lr: float, step: float, length: float, floor: float = 1e-10) -> float:
    return floor + (lr - floor) * (1 + cos(pi * step / length)) / 2


def between(start: float, end: float, share: float) -> float:
    """The cosine annealing of OneCycleLR."""
    return end + (start - end) / 2 * (cos(pi * share) + 1)


def times(rates: Table, factors: Sequence[float]) -> list[float]:
    return [rate * factor for rate, factor in zip(rates, factors, strict=True)]


def warmup(start: float, end: float, iters: int, length: int) -> list[float]:
    """The factors of LinearLR."""
    return [start + min(i, iters) / iters * (end - start) for i in range(length)]


def restarts(lr: float, period: int, factor: int, length: int) -> list[float]:
    rates, at = [], 0
    for _ in range(length):
        rates.append(cosine(lr, at, period))
        at += 1
        if at == period:
            at, period = 0, period * factor
    return rates


STEP3 = constant((0.05, 3), (0.005, 3), (0.0005, 3), (0.00005, 1))
MULTI259 = [1.0] * 2 + [0.1] * 3 + [0.01] * 4 + [0.001]
FALLING = [0.9**i for i in range(10)]
COSINE10 = [cosine(0.05, i, 10) for i in range(10)]
TENTHS = [0.1**i for i in range(10)]
STEPS = [0.1 ** (i // 3) for i in range(10)]

TABLES: dict[str, tuple[str, list[list[float]]]] = {
    "step": ("StepLR(gamma=0.1, step_size=3)", times_ten(STEP3)),
    "multi_step": ("MultiStepLR(gamma=0.1, milestones=[2, 5, 9])", times_ten(times([0.05] * 10, MULTI259))),
    "constant": ("ConstantLR(factor=1.0 / 2, total_iters=5)", times_ten([0.025] * 5 + [0.05] * 5)),
    "linear": ("LinearLR(start_factor=1.0 / 2, total_iters=4)", times_ten(times([0.05] * 10, warmup(0.5, 1, 4, 10)))),
    "linear with an end": (
        "LinearLR(start_factor=1.0 / 4, end_factor=3.0 / 5, total_iters=4)",
        times_ten(times([0.05] * 10, warmup(0.25, 0.6, 4, 10))),
    ),
    "exp": ("ExponentialLR(gamma=0.9)", times_ten(times([0.05] * 10, FALLING))),
    "poly": (
        "PolynomialLR(power=0.9, total_iters=5)",
        times_ten([0.05 * (1 - x / 5) ** 0.9 for x in range(5)] + [0.0] * 5),
    ),
    "cos_anneal": (
        "CosineAnnealingLR(T_max=10, eta_min=1e-10)",
        [COSINE10, [cosine(0.5, i, 10) for i in range(10)]],
    ),
    **{
        f"cosine_annealing_warm_restarts, T_mult {factor}": (
            f"CosineAnnealingWarmRestarts(T_0=10, T_mult={factor}, eta_min=1e-10)",
            [restarts(lr, 10, factor, 100) for lr in GROUPS],
        )
        for factor in (1, 2, 4)
    },
    "sequential 1": (
        "SequentialLR([ExponentialLR(gamma=0.8), StepLR(gamma=0.1, step_size=4)], milestones=[3])",
        times_ten([0.05, 0.04, 0.032, *constant((0.05, 4), (0.005, 4), (0.0005, 4), (0.00005, 4))]),
    ),
    "sequential 2": (
        "SequentialLR([ConstantLR(factor=0.1, total_iters=3), ExponentialLR(gamma=0.9)], milestones=[3])",
        times_ten([0.005] * 3 + [0.05 * 0.9**x for x in range(10)]),
    ),
    "sequential 3": (
        "SequentialLR([ConstantLR(factor=0.1, total_iters=3), ExponentialLR(gamma=0.8), "
        "StepLR(gamma=0.1, step_size=2)], milestones=[3, 6])",
        times_ten([0.005] * 3 + [0.05, 0.04, 0.032] + constant((0.05, 2), (0.005, 2), (0.0005, 2))),
    ),
    "chained 1": ("ChainedScheduler([StepLR(gamma=0.1, step_size=3)])", times_ten(STEP3)),
    "chained 2": (
        "ChainedScheduler([LinearLR(start_factor=0.4, total_iters=3)])",
        times_ten([0.02, 0.03, 0.04] + [0.05] * 9),
    ),
    "chained 3": (
        "ChainedScheduler([LinearLR(start_factor=0.4, total_iters=3), MultiStepLR(milestones=[4, 8, 10], gamma=0.1)])",
        times_ten([0.02, 0.03, 0.04, 0.05, *constant((0.005, 4), (0.0005, 2), (0.00005, 2))]),
    ),
    "chained 4": (
        "ChainedScheduler([ExponentialLR(gamma=0.9), ConstantLR(factor=0.2, total_iters=4), "
        "StepLR(gamma=0.1, step_size=3)])",
        times_ten(
            [0.05 * 0.2 * 0.9**x for x in range(3)]
            + [0.05 * 0.2 * 0.9**3 * 0.1]
            + [0.05 * 0.9**x * 0.1 for x in range(4, 6)]
            + [0.05 * 0.9**x * 0.01 for x in range(6, 9)]
        ),
    ),
    "chained 5": (
        "ChainedScheduler([PolynomialLR(power=0.9, total_iters=5), ConstantLR(factor=0.1)])",
        times_ten([0.05 * (1 - x / 5) ** 0.9 * 0.1 for x in range(5)] + [0.0] * 5),
    ),
    # Two schedulers that step side by side are a chain.
    "compound_step_and_multistep": (
        "ChainedScheduler([StepLR(gamma=0.1, step_size=3), MultiStepLR(gamma=0.1, milestones=[2, 5, 9])])",
        times_ten(constant((0.05, 2), (0.005, 1), (5e-4, 2), (5e-5, 1), (5e-6, 3), (5e-8, 1))),
    ),
    "compound_step_and_exp": (
        "ChainedScheduler([StepLR(gamma=0.1, step_size=3), ExponentialLR(gamma=0.9)])",
        times_ten(times(STEP3, FALLING)),
    ),
    "compound_exp_and_multistep": (
        "ChainedScheduler([MultiStepLR(gamma=0.1, milestones=[2, 5, 9]), ExponentialLR(gamma=0.9)])",
        times_ten(times(times([0.05] * 10, MULTI259), FALLING)),
    ),
    "compound_exp_and_linear": (
        "ChainedScheduler([LinearLR(start_factor=0.4, end_factor=0.9, total_iters=4), ExponentialLR(gamma=0.9)])",
        times_ten(times(times([0.05] * 10, FALLING), warmup(0.4, 0.9, 4, 10))),
    ),
    "compound_step_and_constant": (
        "ChainedScheduler([StepLR(gamma=0.1, step_size=3), ConstantLR(factor=0.4, total_iters=4)])",
        times_ten(constant((0.05 * 0.4, 3), (0.005 * 0.4, 1), (0.005, 2), (0.0005, 3), (0.00005, 1))),
    ),
    "compound_linear_and_multistep": (
        "ChainedScheduler([MultiStepLR(gamma=0.1, milestones=[2, 5, 9]), LinearLR(start_factor=0.4, total_iters=4)])",
        times_ten(
            times(constant((0.05, 2), (0.005, 3), (0.0005, 4), (0.00005, 1)), warmup(0.4, 1, 4, 10)),
        ),
    ),
    "compound_cosanneal_and_step": (
        "ChainedScheduler([CosineAnnealingLR(T_max=10, eta_min=1e-10), StepLR(gamma=0.1, step_size=3)])",
        times_ten(times(COSINE10, STEPS)),
    ),
    "compound_cosanneal_and_multistep": (
        "ChainedScheduler([CosineAnnealingLR(T_max=10, eta_min=1e-10), MultiStepLR(gamma=0.1, milestones=[2, 5, 9])])",
        times_ten(times(COSINE10, MULTI259)),
    ),
    "compound_cosanneal_and_linear": (
        "ChainedScheduler([LinearLR(start_factor=0.4, total_iters=4), CosineAnnealingLR(T_max=10, eta_min=1e-10)])",
        times_ten(times(COSINE10, warmup(0.4, 1, 4, 10))),
    ),
    "compound_cosanneal_and_exp": (
        "ChainedScheduler([CosineAnnealingLR(T_max=10, eta_min=1e-10), ExponentialLR(gamma=0.1)])",
        times_ten(times(COSINE10, TENTHS)),
    ),
}


@pytest.mark.parametrize(("text", "table"), TABLES.values(), ids=TABLES.keys())
def test_rates(text: str, table: list[list[float]]) -> None:
    trace = lrviz.simulate(text, epochs=1, steps_per_epoch=len(table[0]), lr=GROUPS)
    for group, rates in enumerate(table):
        assert trace.lr[:, group].tolist() == pytest.approx(rates, rel=1e-5, abs=1e-9)


# Rates and momenta. The tables of the momentum of CyclicLR go the other way between the same bounds.

TRIANGLE = [0, 0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25, 0, 0.25, 0.5]
SHARP = [0, 0.5, 1, 5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6]
EXP = [0, 0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25, 0, 0.25, 0.5, 0.75, 1]
EXP_SHARP = [*SHARP, *SHARP[:5]]

TRIANGULAR = [1.0, 2, 3, 4, 5, 4, 3, 2, 1, 2, 3]
TRIANGULAR_MOMENTUM = [5.0, 4, 3, 2, 1, 2, 3, 4, 5, 4, 3]
TRIANGULAR2 = [1, 2, 3, 4, 5, 4, 3, 2, 1, 1.5, 2, 2.5, 3, 2.5, 2, 1.5, 1, 1.25, 1.5, 1.75, 2, 1.75]
TRIANGULAR2_MOMENTUM = [5, 4, 3, 2, 1, 2, 3, 4, 5, 4.5, 4, 3.5, 3, 3.5, 4, 4.5, 5, 4.75, 4.5, 4.25, 4, 4.25]
UP_DOWN = [1, 2, 3, 4, 5, 13 / 3, 11 / 3, 9 / 3, 7 / 3, 5 / 3, 1]
UP_DOWN_MOMENTUM = [5, 4, 3, 2, 1, 5 / 3, 7 / 3, 3, 11 / 3, 13 / 3, 5]
UP_DOWN2 = [
    1, 3, 5, 13 / 3, 11 / 3, 9 / 3, 7 / 3, 5 / 3, 1, 2, 3, 8 / 3, 7 / 3, 6 / 3, 5 / 3, 4 / 3,
    1, 3 / 2, 2, 11 / 6, 10 / 6, 9 / 6, 8 / 6, 7 / 6,
]  # fmt: skip
UP_DOWN2_MOMENTUM = [
    5, 3, 1, 5 / 3, 7 / 3, 3, 11 / 3, 13 / 3, 5, 4, 3, 10 / 3, 11 / 3, 4, 13 / 3, 14 / 3,
    5, 9 / 2, 4, 25 / 6, 13 / 3, 9 / 2, 14 / 3, 29 / 6,
]  # fmt: skip
ONE_CYCLE_COS = [1, 13, 25, *(between(25, 0.5, i / 7) for i in range(1, 7)), 0.5]
ONE_CYCLE_COS_MOMENTUM = [22, 11.5, 1, *(between(1, 22, i / 7) for i in range(1, 7)), 22]


def both(rates: Table, more: float = 0) -> list[list[float]]:
    """The tables of both groups, the second of which is so much greater."""
    return [list(rates), [rate + more for rate in rates]]


def decaying(shape: Table, low: float, high: float) -> tuple[list[float], list[float]]:
    """The tables of exp_range with a gamma of 0.9: the rates, and the momenta."""
    heights = [x * (high - low) * 0.9**i for i, x in enumerate(shape)]
    return [low + height for height in heights], [high - height for height in heights]


EXP_1, EXP_MOMENTUM_1 = decaying(EXP, 1, 5)
EXP_2, EXP_MOMENTUM_2 = decaying(EXP, 5, 12)
EXP_UP_DOWN, EXP_UP_DOWN_MOMENTUM = decaying(EXP_SHARP, 1, 5)

CYCLES: dict[str, tuple[str, list[list[float]], list[list[float]]]] = {
    "triangular_one_lr": (
        "CyclicLR(1, 5, step_size_up=4, base_momentum=1, max_momentum=5, mode='triangular')",
        both(TRIANGULAR),
        both(TRIANGULAR_MOMENTUM),
    ),
    "triangular_one_lr_no_momentum": (
        "CyclicLR(1, 5, step_size_up=4, cycle_momentum=False, mode='triangular')",
        both(TRIANGULAR),
        both([0.0] * 11),
    ),
    "triangular2_one_lr": (
        "CyclicLR(1, 5, step_size_up=4, base_momentum=1, max_momentum=5, mode='triangular2')",
        both(TRIANGULAR2),
        both(TRIANGULAR2_MOMENTUM),
    ),
    "exp_range_one_lr": (
        "CyclicLR(1, 5, step_size_up=4, base_momentum=1, max_momentum=5, mode='exp_range', gamma=0.9)",
        both(EXP_1),
        both(EXP_MOMENTUM_1),
    ),
    "triangular": (
        "CyclicLR([1, 2], [5, 6], step_size_up=4, base_momentum=[1, 2], max_momentum=[5, 6], mode='triangular')",
        both(TRIANGULAR, 1),
        both(TRIANGULAR_MOMENTUM, 1),
    ),
    "triangular2": (
        "CyclicLR([1, 3], [5, 7], step_size_up=4, base_momentum=[1, 3], max_momentum=[5, 7], mode='triangular2')",
        both(TRIANGULAR2, 2),
        both(TRIANGULAR2_MOMENTUM, 2),
    ),
    "exp_range": (
        "CyclicLR([1, 5], [5, 12], step_size_up=4, base_momentum=[1, 5], max_momentum=[5, 12], mode='exp_range', "
        "gamma=0.9)",
        [EXP_1, EXP_2],
        [EXP_MOMENTUM_1, EXP_MOMENTUM_2],
    ),
    "triangular_step_size_up_down": (
        "CyclicLR(1, 5, step_size_up=4, step_size_down=6, base_momentum=1, max_momentum=5, mode='triangular')",
        both(UP_DOWN),
        both(UP_DOWN_MOMENTUM),
    ),
    "triangular2_step_size_up_down": (
        "CyclicLR([1, 3], [5, 7], step_size_up=2, step_size_down=6, base_momentum=[1, 3], max_momentum=[5, 7], "
        "mode='triangular2')",
        both(UP_DOWN2, 2),
        both(UP_DOWN2_MOMENTUM, 2),
    ),
    "exp_range_step_size_up_down": (
        "CyclicLR(1, 5, step_size_up=2, step_size_down=6, base_momentum=1, max_momentum=5, mode='exp_range', "
        "gamma=0.9)",
        both(EXP_UP_DOWN),
        both(EXP_UP_DOWN_MOMENTUM),
    ),
    "onecycle_linear": (
        "OneCycleLR(25, final_div_factor=2, base_momentum=1, max_momentum=22, total_steps=10, "
        "anneal_strategy='linear')",
        both([1, 13, 25, 21.5, 18, 14.5, 11, 7.5, 4, 0.5]),
        both([22, 11.5, 1, 4, 7, 10, 13, 16, 19, 22]),
    ),
    "onecycle_linear_three_phases": (
        "OneCycleLR(25, div_factor=25, base_momentum=1, max_momentum=22, total_steps=10, anneal_strategy='linear', "
        "pct_start=0.4, final_div_factor=4, three_phase=True)",
        both([1, 9, 17, 25, 17, 9, 1, 0.75, 0.5, 0.25]),
        both([22, 15, 8, 1, 8, 15, 22, 22, 22, 22]),
    ),
    "onecycle_cosine": (
        "OneCycleLR(25, final_div_factor=2, base_momentum=1, max_momentum=22, total_steps=10)",
        both(ONE_CYCLE_COS),
        both(ONE_CYCLE_COS_MOMENTUM),
    ),
}


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
@pytest.mark.parametrize(("text", "table", "momenta"), CYCLES.values(), ids=CYCLES.keys())
def test_rates_and_momenta(text: str, table: list[list[float]], momenta: list[list[float]], optimizer: str) -> None:
    trace = lrviz.simulate(
        text, epochs=1, steps_per_epoch=len(table[0]), lr=GROUPS, optimizer=optimizer, show_momentum=True
    )
    assert trace.momentum is not None
    if "cycle_momentum=False" in text and optimizer == "Adam":
        momenta = both([0.9] * len(table[0]))
    for group in range(2):
        assert trace.lr[:, group].tolist() == pytest.approx(table[group], rel=1e-9)
        assert trace.momentum[:, group].tolist() == pytest.approx(momenta[group], rel=1e-9)


# ReduceLROnPlateau: the tables begin after the first step of the scheduler


def rising(factor: float) -> list[float]:
    return [1.5 * factor**i for i in range(20)]


PLATEAUS: dict[str, tuple[str, list[float], list[list[float]]]] = {
    "1": (
        "threshold_mode='abs', mode='min', threshold=0.01, patience=5, cooldown=5",
        [10 - i * 0.0167 for i in range(20)],
        [[0.5] * 20],
    ),
    "2": (
        "patience=5, cooldown=0, threshold_mode='abs', mode='min', threshold=0.1",
        [10 - i * 0.0165 for i in range(22)],
        [constant((0.5, 6), (0.05, 7), (0.005, 7), (0.0005, 2))],
    ),
    "3": (
        "mode='max', patience=5, cooldown=5, threshold_mode='abs'",
        [-0.8] * 2 + [-0.234] * 20,
        [constant((0.5, 8), (0.05, 11), (0.005, 3))],
    ),
    "4": ("mode='max', patience=3, threshold_mode='rel', threshold=0.1", rising(1.025), [[0.5] * 20]),
    "5": (
        "mode='max', threshold_mode='rel', threshold=0.1, patience=5, cooldown=5",
        rising(1.005),
        [constant((0.5, 6), (0.05, 11), (0.005, 3))],
    ),
    "6": ("mode='min', threshold_mode='rel', threshold=0.1", rising(0.85), [[0.5] * 20]),
    "7": (
        "mode='min', threshold_mode='rel', threshold=0.1, patience=5, cooldown=5",
        [1.0] * 7 + [0.6] + [0.5] * 12,
        [constant((0.5, 6), (0.05, 11), (0.005, 3))],
    ),
    "8": (
        "mode='max', threshold_mode='rel', min_lr=[0.4, 0.3], threshold=0.1, patience=5, cooldown=5",
        rising(1.005),
        [[0.5] * 6 + [0.4] * 14, [0.5] * 6 + [0.3] * 14],
    ),
}


@pytest.mark.parametrize(("arguments", "metrics", "table"), PLATEAUS.values(), ids=PLATEAUS.keys())
def test_a_plateau(arguments: str, metrics: list[float], table: list[list[float]]) -> None:
    options: dict[str, Any] = {"epochs": len(metrics) + 1, "steps_per_epoch": 1, "metric": [*metrics, metrics[-1]]}
    trace = lrviz.simulate(f"ReduceLROnPlateau({arguments})", lr=[0.5, 0.5], **options)
    for group, rates in enumerate(table):
        assert trace.lr[:, group].tolist() == pytest.approx([0.5, *rates], rel=1e-9)


# Loops that do more than step one scheduler, as scripts, with the number of updates before the table begins: those of
# ReduceLROnPlateau and of `step(epoch)` begin after the first step.

OPTIMIZER = "optimizer = SGD([{'params': p}, {'params': q, 'lr': 0.5}], lr=0.05)\n"
EQUAL = "optimizer = SGD([{'params': p}, {'params': q}], lr=0.5)\n"
RESET = "optimizer.param_groups[0]['lr'] = 0.05\noptimizer.param_groups[1]['lr'] = 0.4\n"
STEPPED = "for epoch in range(10):\n    optimizer.step()\n    s.step()\n"
STEPPED_WITH_EPOCH = "for epoch in range(11):\n    optimizer.step()\n    s.step(epoch)\n"
TWO_POWERS = [times([0.05] * 10, FALLING), [0.4 * 0.8**x for x in range(10)]]
PLATEAU = "ReduceLROnPlateau(optimizer, patience=5, cooldown=0, threshold_mode='abs', mode='min', threshold=0.1)"
PLATEAU_RATES = constant((0.5, 6), (0.05, 7), (0.005, 7), (0.0005, 2))
WARM_RESTARTS = "s = CosineAnnealingWarmRestarts(optimizer, T_0=10, T_mult={}, eta_min=1e-10)\n"


def beside(plateau: str, other: str, metrics: str, epochs: int) -> str:
    """A plateau and another scheduler of one optimizer."""
    return (
        f"metrics = {metrics}\nschedulers = [{plateau}, {other}]\nfor epoch in range({epochs}):\n"
        "    optimizer.step()\n    for s in schedulers:\n        if isinstance(s, ReduceLROnPlateau):\n"
        "            s.step(metrics[epoch])\n        else:\n            s.step()\n"
    )


def swa(arguments: str, before: str, epochs: int) -> str:
    """An average of the weights that begins after epoch 5."""
    other = f"    elif epoch < 5:\n        {before}.step()\n" if before else ""
    first = f"{before} = MultiplicativeLR(optimizer, lr_lambda=lambda epoch: 0.9)\n" if before else ""
    return (
        f"{OPTIMIZER}{first}swa = SWALR(optimizer, {arguments})\nfor epoch in range({epochs}):\n    optimizer.step()\n"
        f"    if epoch >= 5:\n        swa.step()\n{other}"
    )


def annealed(ends: Sequence[float], shares: Sequence[float]) -> list[list[float]]:
    """Six epochs of a falling rate, and then shares of it and of the rate of the average."""
    falling = [[lr * 0.9**i for i in range(6)] for lr in GROUPS]
    return [
        [*rates, *(rates[-1] * share + end * (1 - share) for share in shares)]
        for rates, end in zip(falling, ends, strict=True)
    ]


def restarted(current: Sequence[float], periods: Sequence[float]) -> list[list[float]]:
    return [[lr, *(cosine(lr, at, period) for at, period in zip(current, periods, strict=True))] for lr in GROUPS]


def tenths(factor: int) -> list[list[float]]:
    """Restarts in steps of a tenth of an epoch."""
    current, periods, at, period = [], [], 0.0, 10
    for _ in range(299):
        at = round(at + 0.1, 1)
        if at >= period:
            at, period = at - period, factor * period
        current.append(at)
        periods.append(period)
    return restarted(current, periods)


LOOPS: dict[str, tuple[str, int, list[list[float]]]] = {
    "get_last_lr_step": (
        f"optimizer = SGD(p, 0.1)\ns = torch.optim.lr_scheduler.StepLR(optimizer, 3, gamma=0.1)\n{STEPPED}",
        0,
        [constant((0.1, 3), (0.01, 3), (0.001, 3), (0.0001, 1))],
    ),
    "lambda": (
        f"{OPTIMIZER}{RESET}s = LambdaLR(optimizer, lr_lambda=[lambda x1: 0.9**x1, lambda x2: 0.8**x2])\n{STEPPED}",
        0,
        TWO_POWERS,
    ),
    "multiplicative": (
        f"{OPTIMIZER}{RESET}s = MultiplicativeLR(optimizer, lr_lambda=[lambda x1: 0.9, lambda x2: 0.8])\n{STEPPED}",
        0,
        TWO_POWERS,
    ),
    "sequential 5": (
        f"{OPTIMIZER}schedulers = []\nmilestones = []\n"
        "const_sched = ConstantLR(optimizer=optimizer, factor=0.1, total_iters=5)\n"
        "lin_sched = LinearLR(optimizer=optimizer, start_factor=0.1, total_iters=5)\n"
        "milestones.append(5)\nschedulers.append(ChainedScheduler([lin_sched, const_sched]))\n"
        "schedulers.append(ConstantLR(optimizer=optimizer, factor=0.5, total_iters=5))\n"
        f"s = SequentialLR(optimizer, schedulers=schedulers, milestones=milestones)\n{STEPPED}",
        0,
        times_ten([0.0005, 0.0014, 0.0023, 0.0032, 0.0041] + [0.025] * 5),
    ),
    "sequential_does_not_alias": (
        "optimizer = SGD(p, lr=2.0)\nmilestone, epochs, start, end = 4, 8, 0.1, 0.8\n"
        "schedulers = [LinearLR(optimizer, start, end, total_iters=milestone),\n"
        "              LinearLR(optimizer, end, start, total_iters=epochs - milestone)]\n"
        "s = SequentialLR(optimizer, schedulers, milestones=[milestone])\nfor epoch in range(epochs):\n"
        "    optimizer.step()\n    s.step()\n",
        0,
        [[0.2, 0.55, 0.9, 1.25, 1.6, 1.25, 0.9, 0.55]],
    ),
    "multi_step_with_epoch": (
        f"{OPTIMIZER}s = MultiStepLR(optimizer, gamma=0.1, milestones=[2, 5, 9])\n{STEPPED_WITH_EPOCH}",
        1,
        times_ten(times([0.05] * 10, MULTI259)),
    ),
    "constant_with_epoch": (
        f"{OPTIMIZER}s = ConstantLR(optimizer, factor=1.0 / 2, total_iters=5)\n{STEPPED_WITH_EPOCH}",
        1,
        times_ten([0.025] * 5 + [0.05] * 5),
    ),
    "linear_with_epoch": (
        f"{OPTIMIZER}s = LinearLR(optimizer, start_factor=1.0 / 2, total_iters=4)\n{STEPPED_WITH_EPOCH}",
        1,
        times_ten(times([0.05] * 10, warmup(0.5, 1, 4, 10))),
    ),
    # Of these PyTorch's test compares nothing, since it takes the first table from a list of one. The tables are
    # shifted by a step, as a comment there says.
    "compound_reduce_on_plateau 1": (
        EQUAL
        + beside(
            PLATEAU.replace("cooldown=0", "cooldown=5").replace("0.1)", "0.01)"),
            "StepLR(optimizer, gamma=0.1, step_size=3)",
            "[10 - i * 0.0167 for i in range(20)]",
            10,
        ),
        0,
        [[0.5 * step for step in STEPS]] * 2,
    ),
    "compound_reduce_on_plateau 2": (
        EQUAL
        + beside(
            PLATEAU,
            "MultiStepLR(optimizer, gamma=0.1, milestones=[3, 8, 12])",
            "[10 - i * 0.0165 for i in range(22)]",
            22,
        ),
        1,
        [times(PLATEAU_RATES, [1] * 2 + [0.1] * 5 + [0.01] * 4 + [0.001] * 11)[:-1]] * 2,
    ),
    "compound_reduce_on_plateau 3": (
        EQUAL
        + beside(
            "ReduceLROnPlateau(optimizer, mode='max', patience=5, cooldown=5, threshold_mode='abs')",
            "ExponentialLR(optimizer, gamma=0.1)",
            "[-0.8] * 2 + [-0.234] * 20",
            22,
        ),
        1,
        [times(constant((0.5, 8), (0.05, 11), (0.005, 2)), [0.1**i for i in range(1, 22)])] * 2,
    ),
    "compound_reduce_on_plateau 4": (
        EQUAL.replace("0.5", "0.05")
        + beside(
            "ReduceLROnPlateau(optimizer, mode='max', patience=3, threshold_mode='rel', threshold=0.1)",
            "CosineAnnealingLR(optimizer, 10, 1e-10)",
            "[1.5 * (1.025**i) for i in range(20)]",
            10,
        ),
        0,
        [COSINE10] * 2,
    ),
    "compound_reduce_on_plateau 5": (
        EQUAL
        + beside(
            PLATEAU,
            "LinearLR(optimizer, start_factor=0.4, total_iters=4)",
            "[10 - i * 0.0165 for i in range(22)]",
            22,
        ),
        1,
        [times(PLATEAU_RATES, [*warmup(0.4, 1, 4, 4)[1:], *[1.0] * 19])[:-1]] * 2,
    ),
    **{
        f"warm restarts 2, T_mult {factor}": (
            f"{OPTIMIZER}{WARM_RESTARTS.format(factor)}for index, epoch in enumerate(np.arange(0, 30, 0.1)):\n"
            "    optimizer.step()\n    epoch = round(epoch.item(), 1)\n    s.step(epoch)\n",
            1,
            [rates[:-1] for rates in tenths(factor)],
        )
        for factor in (1, 2, 4)
    },
    **{
        f"warm restarts 3, T_mult {factor}": (
            f"{OPTIMIZER}{WARM_RESTARTS.format(factor)}for epoch in {[*epochs, 0]}:\n    optimizer.step()\n"
            "    s.step(epoch)\n",
            1,
            restarted(current, periods),
        )
        for factor, epochs, current, periods in (
            (1, [0, 1, 2, 3, 4, 5, 12, 27, 3, 4, 5, 6, 13], [1, 2, 3, 4, 5, 2, 7, 3, 4, 5, 6, 3], [10] * 12),
            (
                2,
                [0, 1, 2, 3, 4, 5, 25, 32, 33, 34, 80, 81, 3],
                [1, 2, 3, 4, 5, 15, 2, 3, 4, 10, 11, 3],
                [10] * 5 + [20] + [40] * 3 + [80] * 2 + [10],
            ),
            (
                3,
                [0, 0.1, 0.2, 0.3, 1.3, 2.3, 17.5, 18.5, 19.5, 29.5, 30.5, 31.5, 50],
                [0.1, 0.2, 0.3, 1.3, 2.3, 7.5, 8.5, 9.5, 19.5, 20.5, 21.5, 10],
                [10] * 5 + [30] * 6 + [90],
            ),
        )
    },
    **{
        f"add_param_group_does_not_break_reduce_lr_on_plateau, {kind}": (
            f"{EQUAL}s = ReduceLROnPlateau(optimizer, mode='min', threshold_mode='rel', threshold=0.1, patience=5, "
            f"cooldown=5, min_lr={least})\nmetrics = [1] * 7 + [0.6] + [0.5] * 12\nfor epoch in range(20):\n"
            "    if epoch == 8:\n        param = torch.nn.Parameter(torch.rand(2, 3))\n"
            f"        optimizer.add_param_group({{'params': [param], 'lr': 0.05}})\n{more}"
            "    optimizer.step()\n    s.step(metrics[epoch])\n",
            1,
            [constant((0.5, 6), (0.05, 11), (0.005, 2))] * 2,
        )
        for kind, least, more in (
            ("scalar", "0", ""),
            ("list", "[1e-5, 1e-4]", "        s.min_lrs.append(1e-6)\n"),
        )
    },
    "swalr_no_anneal": (
        swa("anneal_epochs=1, swa_lr=0.01", "", 10),
        0,
        [[lr] * 6 + [0.01] * 4 for lr in GROUPS],
    ),
    "swalr_cosine_anneal_after_multiplicative": (
        swa("anneal_epochs=5, swa_lr=0.01", "scheduler", 15),
        0,
        annealed([0.01, 0.01], [(1 + cos(pi * t / 5)) / 2 for t in range(1, 5)] + [0.0] * 5),
    ),
    "swalr_linear_anneal_after_multiplicative": (
        swa("anneal_epochs=4, anneal_strategy='linear', swa_lr=[0.01, 0.02]", "scheduler", 15),
        0,
        annealed([0.01, 0.02], [1 - t / 4 for t in range(1, 4)] + [0.0] * 6),
    ),
}


@pytest.mark.parametrize(("text", "skipped", "table"), LOOPS.values(), ids=LOOPS.keys())
def test_a_loop(text: str, skipped: int, table: list[list[float]]) -> None:
    trace = lrviz.simulate(text)
    for group, rates in enumerate(table):
        assert trace.lr[skipped:, group].tolist() == pytest.approx(rates, rel=1e-6, abs=1e-9)
