"""What the catalogue warns of, and what it says of a schedule's end, is so in the installed torch."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import pytest
import torch
from torch.optim import Adagrad, RMSprop
from torch.optim.lr_scheduler import (
    ChainedScheduler,
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiplicativeLR,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)
from torch.optim.swa_utils import SWALR

from lrviz.schedulers import all_schedulers
from tests.plain_loop import Make, made, rates, sgd
from tests.versions import CALLS_STEP_AT_MILESTONES, TORCH

WARMUP = made(LinearLR, start_factor=0.1, total_iters=4)
HALVES = made(ExponentialLR, gamma=0.5)
FLAT = made(StepLR, step_size=100)


def sequence(milestones: list[int], *children: Make) -> Make:
    return lambda optimizer: SequentialLR(optimizer, [child(optimizer) for child in children], milestones)


def chain(*children: Make) -> Make:
    return lambda optimizer: ChainedScheduler([child(optimizer) for child in children])


def cuts(metrics: list[float], *, lr: float = 1.0, **arguments: object) -> list[int]:
    """After which metrics, counted from 0, the rate was cut."""
    found = rates(made(ReduceLROnPlateau, **arguments), len(metrics) + 1, lr=lr, metrics=metrics)
    return [i for i, (before, after) in enumerate(pairwise(found)) if after < before]


def percent_left(make: Make, steps: int) -> float:
    return 100 * rates(make, steps + 1)[-1]


@pytest.mark.parametrize(
    ("make", "final"),
    [
        pytest.param(made(MultiStepLR, milestones=[2, 5], gamma=0.5), 0.25, id="multistep"),
        pytest.param(made(ConstantLR), 1.0, id="constant"),
        pytest.param(made(LinearLR, end_factor=0.5), 0.5, id="linear"),
        pytest.param(made(PolynomialLR), 0.0, id="polynomial"),
        pytest.param(made(SWALR, swa_lr=0.1), 0.1, id="swa"),
    ],
)
def test_it_stays_past_its_end(make: Make, final: float) -> None:
    assert rates(make, 60)[20:] == pytest.approx([final] * 40)


def test_multistep_milestones_of_zero_and_twins() -> None:
    assert rates(made(MultiStepLR, milestones=[0, 2, 2], gamma=0.5), 3) == [0.5, 0.5, 0.125]


def test_linear_ends_a_hair_below_zero() -> None:
    final = rates(made(LinearLR, start_factor=0.9, end_factor=0.0, total_iters=144), 145)[-1]
    assert -1e-15 < final < 0


@pytest.mark.parametrize(("gamma", "steps", "left"), [(0.8, 50, "0.001"), (0.9, 50, "0.5"), (0.95, 225, "0.001")])
def test_exponential_leaves_little(gamma: float, steps: int, left: str) -> None:
    assert f"{percent_left(made(ExponentialLR, gamma=gamma), steps):.1g}" == left


def test_exponential_leaves_much() -> None:
    assert round(percent_left(made(ExponentialLR, gamma=0.99), 50)) == 61


def test_polynomial_is_over_after_five_steps() -> None:
    assert [rate > 0 for rate in rates(made(PolynomialLR), 8)] == [True] * 5 + [False] * 3


def test_cosine_climbs_back_to_lr() -> None:
    found = rates(made(CosineAnnealingLR, T_max=6, eta_min=0.1), 25)
    assert [found[i] for i in (0, 6, 12, 18, 24)] == pytest.approx([1, 0.1, 1, 0.1, 1])


def test_cosine_ends_one_step_short_of_eta_min() -> None:
    found = rates(made(CosineAnnealingLR, T_max=12, eta_min=0.1), 13)
    assert found[11] > 0.11
    assert found[12] == pytest.approx(0.1)


def test_cosine_rises_to_an_eta_min_above_lr() -> None:
    assert rates(made(CosineAnnealingLR, T_max=4, eta_min=2.0))[4] == pytest.approx(2)


def test_warm_restarts_double_their_periods() -> None:
    found = rates(made(CosineAnnealingWarmRestarts, T_0=2, T_mult=2), 31)
    assert [i for i, rate in enumerate(found) if rate == 1] == [0, 2, 6, 14, 30]


def test_warm_restarts_never_reach_eta_min() -> None:
    assert min(rates(made(CosineAnnealingWarmRestarts, T_0=4, eta_min=0.1), 30)) > 0.2


@pytest.mark.parametrize(
    "make",
    [made(CyclicLR, base_lr=0.1, max_lr=1.0), made(OneCycleLR, max_lr=1.0, total_steps=12)],
    ids=["cyclic", "onecycle"],
)
def test_the_optimizers_own_rate_and_momentum_play_no_part(make: Make) -> None:
    assert rates(make, lr=0.3) == rates(make, lr=7.0)
    without = sgd(momentum=0.0)
    make(without)
    assert without.param_groups[0]["momentum"] >= 0.9
    parameters = [torch.nn.Parameter(torch.zeros(1))]
    other = RMSprop(parameters)
    make(other)  # type: ignore[arg-type] # any optimizer will do
    assert other.param_groups[0]["momentum"] >= 0.9
    with pytest.raises(ValueError, match="must support momentum or beta1"):
        make(Adagrad(parameters))  # type: ignore[arg-type]


def test_cyclic_exp_range_is_triangular_by_default() -> None:
    triangles = made(CyclicLR, base_lr=0.1, max_lr=1.0, step_size_up=3)
    assert rates(made(CyclicLR, base_lr=0.1, max_lr=1.0, step_size_up=3, mode="exp_range")) == rates(triangles)
    assert rates(made(CyclicLR, base_lr=0.1, max_lr=1.0, step_size_up=3, gamma=0.5)) == rates(triangles)


def test_cyclic_turns_upside_down() -> None:
    assert rates(made(CyclicLR, base_lr=1.0, max_lr=0.5, step_size_up=2), 5) == [1.0, 0.75, 0.5, 0.75, 1.0]


def test_cyclic_triangular2_fails_in_cycle_1025() -> None:
    make = made(CyclicLR, base_lr=0.1, max_lr=1.0, step_size_up=1, mode="triangular2")
    assert len(rates(make, 2 * 1024)) == 2048
    with pytest.raises(OverflowError):
        rates(make, 2 * 1024 + 1)


def test_onecycle_needs_the_true_number_of_steps() -> None:
    assert min(rates(made(OneCycleLR, max_lr=1.0, total_steps=30))[-3:]) > 0.9
    with pytest.raises(ValueError, match="Tried to step 11 times"):
        rates(made(OneCycleLR, max_lr=1.0, total_steps=10))


@pytest.mark.parametrize("strategy", ["cos", "linear"])
def test_onecycle_leaves_the_curve_one_step_past_its_end(strategy: str) -> None:
    *_, last, past = rates(made(OneCycleLR, max_lr=1.0, total_steps=11, anneal_strategy=strategy), 12)
    assert 0 < last < 1e-5
    assert past > 0.01 if strategy == "cos" else past < -0.01


@pytest.mark.parametrize(("total_steps", "met"), [(20, True), (21, False), (32, False), (100, True)])
def test_onecycle_meets_its_peak_where_the_rise_ends_on_a_step(total_steps: int, met: bool) -> None:
    assert (max(rates(made(OneCycleLR, max_lr=1.0, total_steps=total_steps), total_steps)) == 1) is met


def test_onecycle_total_steps_wins() -> None:
    both = made(OneCycleLR, max_lr=1.0, total_steps=12, epochs=7, steps_per_epoch=7)
    assert rates(both) == rates(made(OneCycleLR, max_lr=1.0, total_steps=12))


def test_onecycle_with_a_rise_of_a_step_or_less() -> None:
    with pytest.raises(ZeroDivisionError):
        rates(made(OneCycleLR, max_lr=1.0, total_steps=10, pct_start=0.1))
    assert rates(made(OneCycleLR, max_lr=1.0, total_steps=10, pct_start=0.05), 10)[0] > 0.99


def test_onecycle_third_phase_needs_room() -> None:
    finals = [
        rates(made(OneCycleLR, max_lr=1.0, total_steps=12, pct_start=share, three_phase=True))[-1]
        for share in (0.5, 0.6)
    ]
    assert finals[0] < 1e-5
    assert finals[1] > 1 / 25


def test_onecycle_replaces_the_rate_that_others_start_from() -> None:
    one_cycle = made(OneCycleLR, max_lr=2.0, total_steps=12)
    assert rates(sequence([4], WARMUP, one_cycle))[0] == pytest.approx(0.1 * 2 / 25)
    assert rates(sequence([4], one_cycle, FLAT))[4] == pytest.approx(2 / 25)


def test_cyclic_replaces_it_when_it_comes_first() -> None:
    cyclic = made(CyclicLR, base_lr=0.2, max_lr=0.5)
    assert rates(sequence([4], cyclic, FLAT))[4] == 0.2
    assert rates(sequence([4], FLAT, cyclic))[0] == 1


def test_plateau_is_late() -> None:
    assert cuts([1.0] * 8, patience=2) == [3, 6]
    assert cuts([1.0] * 12, patience=2, cooldown=2) == [3, 8]


def test_plateau_wants_the_mode_that_fits() -> None:
    assert cuts([0.1, 0.2, 0.3, 0.4, 0.5], patience=0) == [1, 2, 3, 4]
    assert cuts([0.1, 0.2, 0.3, 0.4, 0.5], patience=0, mode="max") == []


def test_plateau_takes_a_worse_negative_metric_for_better() -> None:
    worse = [-1.0, -0.99995, -0.9999, -0.99985]
    assert cuts(worse, patience=0) == []
    assert cuts(worse, patience=0, threshold_mode="abs") == [1, 2, 3]


def test_plateau_counts_nan_as_no_improvement() -> None:
    assert cuts([1.0, math.nan, math.nan], patience=0) == [1, 2]


def test_plateau_stops_cutting_near_eps() -> None:
    assert cuts([1.0] * 6, lr=1e-7, patience=0) == [1]


@pytest.mark.parametrize("compose", [chain, lambda child: sequence([], child)], ids=["chained", "sequential"])
def test_plateau_is_no_child(compose: Callable[[Make], Make]) -> None:
    with pytest.raises(ValueError, match="does not support `ReduceLROnPlateau`"):
        rates(compose(made(ReduceLROnPlateau)))


def test_lambdas_count_from_zero_and_factors_pile_up() -> None:
    assert rates(made(LambdaLR, lr_lambda=lambda epoch: 1 + epoch), 4) == [1, 2, 3, 4]
    assert rates(made(MultiplicativeLR, lr_lambda=lambda step: 1 / step), 4) == pytest.approx([1, 1, 1 / 2, 1 / 6])
    assert f"{percent_left(made(MultiplicativeLR, lr_lambda=lambda step: 0.95**step), 20):.1g}" == "0.002"


@pytest.mark.parametrize("cls", [LambdaLR, MultiplicativeLR])
def test_a_lambda_is_not_saved(cls: type[LambdaLR] | type[MultiplicativeLR]) -> None:
    assert cls(sgd(), lr_lambda=lambda step: 1).state_dict()["lr_lambdas"] == [None]


def test_children_count_from_their_milestone() -> None:
    assert rates(sequence([4], FLAT, HALVES))[4:8] == [1, 0.5, 0.25, 0.125]


def test_a_milestone_inside_the_warmup_is_a_jump() -> None:
    assert rates(sequence([2], WARMUP, FLAT))[:3] == pytest.approx([0.1, 0.325, 1])


@pytest.mark.parametrize("child", [made(MultiplicativeLR, lr_lambda=lambda step: 1), made(SWALR, swa_lr=0.01)])
def test_some_later_children_go_on_from_what_they_find(child: Make) -> None:
    found = rates(sequence([3], HALVES, child))
    assert found[2] == 0.25
    if CALLS_STEP_AT_MILESTONES:  # SWALR anneals one of its 10 steps at once
        assert 0.24 < found[3] <= 0.25
    else:
        assert found[3] == 0.25


@pytest.mark.parametrize(
    "child",
    [
        pytest.param(FLAT, id="step"),
        pytest.param(made(MultiStepLR, milestones=[9]), id="multistep"),
        pytest.param(made(ConstantLR, factor=1.0), id="constant"),
        pytest.param(made(LinearLR, start_factor=1.0, end_factor=0.5), id="linear"),
        pytest.param(HALVES, id="exponential"),
        pytest.param(made(PolynomialLR), id="polynomial"),
        pytest.param(made(CosineAnnealingLR, T_max=9), id="cosine"),
        pytest.param(made(CosineAnnealingWarmRestarts, T_0=9), id="warm-restarts"),
        pytest.param(made(CyclicLR, base_lr=1.0, max_lr=2.0), id="cyclic"),
        pytest.param(made(OneCycleLR, max_lr=25.0, total_steps=9), id="onecycle"),
        pytest.param(made(LambdaLR, lr_lambda=lambda step: 1 / (1 + step)), id="lambda"),
    ],
)
def test_all_others_start_afresh(child: Make) -> None:
    assert rates(sequence([3], HALVES, child))[2:4] == pytest.approx([0.25, 1])


def test_milestones_out_of_order_skip_a_child() -> None:
    found = rates(sequence([6, 3], FLAT, HALVES, made(ConstantLR, factor=0.7, total_iters=99)))
    assert 0.5 not in found


def test_a_composite_goes_wrong_in_a_sequence() -> None:
    with pytest.warns(UserWarning, match="before `optimizer.step|The epoch parameter"):
        assert rates(sequence([6], chain(HALVES), FLAT))[:2] == ([0.5, 0.25] if TORCH >= (2, 8) else [1.0, 0.5])
    for child in (chain(HALVES), sequence([2], FLAT, HALVES)):
        refused = TypeError if CALLS_STEP_AT_MILESTONES else NotImplementedError
        with pytest.raises(refused, match=r"^$|step\(\) takes 1 positional argument"):
            rates(sequence([4], FLAT, child))


def test_factors_multiply_in_a_chain() -> None:
    together = rates(chain(made(ConstantLR, factor=0.5, total_iters=3), HALVES), 5)
    assert together == [0.5, 0.25, 0.125, 0.125, 0.0625]


@pytest.mark.parametrize(
    "child",
    [
        pytest.param(made(LambdaLR, lr_lambda=lambda step: 0.9**step), id="lambda"),
        pytest.param(made(CyclicLR, base_lr=0.1, max_lr=1.0, step_size_up=3), id="cyclic"),
        pytest.param(made(OneCycleLR, max_lr=1.0, total_steps=12), id="onecycle"),
        pytest.param(made(CosineAnnealingWarmRestarts, T_0=4), id="warm-restarts"),
    ],
)
def test_some_children_undo_what_the_others_did(child: Make) -> None:
    assert rates(chain(HALVES, child))[1:] == rates(child)[1:]
    after = rates(chain(child, HALVES))[1:]
    assert after != pytest.approx([a * b for a, b in zip(rates(child), rates(HALVES), strict=True)][1:])


def test_the_cautions_name_only_schedulers_there_are() -> None:
    known = {s.name for s in all_schedulers()}
    words = " ".join(" ".join((s.use, s.past_end, *s.cautions)) for s in all_schedulers()).replace(".", " ").split()
    named = {word.strip(",:;()") for word in words if word.strip(",:;()").endswith(("LR", "Scheduler", "Restarts"))}
    assert named <= known
    assert "SequentialLR" in named
