"""The limits of the catalogue are where torch's sense ends: at a limit it works, past it lies nonsense or an error."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import Any

import pytest
from torch.optim import lr_scheduler, swa_utils

from lrviz.schedulers import Parameter, Scheduler, all_schedulers, find
from tests.plain_loop import Run, train
from tests.versions import TORCH

# What each class needs to run at all, and to come by the end of its schedule within 12 updates.
BASE: dict[str, dict[str, Any]] = {
    "step": {"step_size": 3},
    "multistep": {"milestones": [4, 8]},
    "constant": {},
    "linear": {},
    "exponential": {"gamma": 0.5},
    "polynomial": {},
    "cosine": {"T_max": 8},
    "warm-restarts": {"T_0": 4},
    "cyclic": {"base_lr": 0.1, "max_lr": 1.0, "step_size_up": 3, "mode": "exp_range"},
    "onecycle": {"max_lr": 1.0, "total_steps": 12},
    "plateau": {"patience": 1},
    "sequential": {},
    "swa": {"swa_lr": 0.1, "anneal_epochs": 4},
}

BOUNDS = [
    (s, p, side)
    for s in all_schedulers()
    for p in s.parameters
    for side, bound in (("least", p.least), ("most", p.most))
    if bound is not None
]


def run(scheduler: Scheduler, **kwargs: Any) -> Run:
    """12 updates with the base's arguments and these; an argument of ... takes the base's away."""
    given = {name: value for name, value in (BASE[scheduler.short] | kwargs).items() if value is not ...}
    if scheduler.name == "SequentialLR":
        return train(
            lambda optimizer: lr_scheduler.SequentialLR(
                optimizer,
                [lr_scheduler.StepLR(optimizer, 100), lr_scheduler.ExponentialLR(optimizer, 0.5)],
                **given,
            )
        )
    module = swa_utils if scheduler.name == "SWALR" else lr_scheduler
    return train(lambda optimizer: getattr(module, scheduler.name)(optimizer, **given))


def with_value(parameter: Parameter, value: float) -> dict[str, Any]:
    """The arguments that give a parameter a value, and whatever must step aside for it."""
    if parameter.kind == "milestones":
        return {parameter.name: [value]}
    if parameter.name in ("epochs", "steps_per_epoch"):
        return {"epochs": 12, "steps_per_epoch": 12, "total_steps": ...} | {parameter.name: value}
    return {parameter.name: value}


@pytest.mark.parametrize(
    ("scheduler", "parameter", "side"), BOUNDS, ids=[f"{s.short} {p.name} {e}" for s, p, e in BOUNDS]
)
def test_torch_works_at_the_limit(scheduler: Scheduler, parameter: Parameter, side: str) -> None:
    bound, out = (parameter.least, parameter.above_least) if side == "least" else (parameter.most, parameter.below_most)
    assert bound is not None
    value = bound + (1e-3 if side == "least" else -1e-3) if out else bound
    whole = parameter.kind in ("int", "milestones")
    arguments = with_value(parameter, int(value) if whole else float(value))
    if parameter.name == "total_steps":
        arguments |= {"pct_start": 0.0}  # a cycle of one step has no room to rise
    found = run(scheduler, **arguments) if parameter.name != "total_steps" else one_update(scheduler, arguments)
    assert all(isfinite(rate) and rate >= -1e-15 for rate in found.first_group)
    assert all(0 <= momentum[0] <= 1 for momentum in found.momentum)


def one_update(scheduler: Scheduler, arguments: dict[str, Any]) -> Run:
    """A run of a single update, for a cycle of a single step."""
    return train(lambda optimizer: getattr(lr_scheduler, scheduler.name)(optimizer, **BASE["onecycle"] | arguments), 1)


Nonsense = Callable[[Scheduler, dict[str, Any]], bool]


def raises(scheduler: Scheduler, arguments: dict[str, Any]) -> bool:
    """Torch fails, early or late, and seldom with a word on why."""
    with pytest.raises((ValueError, ZeroDivisionError)):
        run(scheduler, **arguments)
    return True


def negative(scheduler: Scheduler, arguments: dict[str, Any]) -> bool:
    """A rate below zero."""
    return min(run(scheduler, **arguments).first_group) < -1e-9


def flat(scheduler: Scheduler, arguments: dict[str, Any]) -> bool:
    """The rate never moves."""
    return len(set(run(scheduler, **arguments).first_group)) == 1


def same_as(**arguments: Any) -> Nonsense:
    """The value does what another one does: it is not meant to be there."""
    return lambda scheduler, given: run(scheduler, **given).lr == run(scheduler, **arguments).lr


def upside_down(scheduler: Scheduler, arguments: dict[str, Any]) -> bool:
    """The cycle begins at its top."""
    rates = run(scheduler, **arguments).first_group
    return bool(rates[0] == max(rates) > rates[3])


def falls_short(scheduler: Scheduler, arguments: dict[str, Any]) -> bool:
    """The cycle never comes to its top."""
    return max(run(scheduler, **arguments).first_group) < 0.99


def all_zero(scheduler: Scheduler, arguments: dict[str, Any]) -> bool:
    """Nothing is learned at all."""
    return set(run(scheduler, **arguments).first_group) == {0.0}


def first_child_skipped(scheduler: Scheduler, arguments: dict[str, Any]) -> bool:
    """The second child runs from the start and is not set back to the base rate."""
    start = [1.0, 0.5, 0.25] if TORCH >= (2, 8) else [1.0, 1.0, 0.5]
    return run(scheduler, **arguments).first_group[:3] == start


def cuts_at_once(scheduler: Scheduler, arguments: dict[str, Any]) -> bool:
    """The rate is cut after the first step, though the metric was never better."""
    return bool(run(scheduler, **arguments).first_group[1] < 1)


def rises(scheduler: Scheduler, arguments: dict[str, Any]) -> bool:
    """A cut makes the rate greater."""
    return max(run(scheduler, **arguments).first_group) > 1


PAST: dict[tuple[str, str, str], tuple[float, Nonsense]] = {
    ("step", "step_size", "least"): (0, raises),
    ("step", "gamma", "least"): (-0.5, negative),
    ("multistep", "milestones", "least"): (-1, same_as(milestones=[])),
    ("multistep", "gamma", "least"): (-0.5, negative),
    ("constant", "factor", "least"): (0, raises),
    ("constant", "factor", "most"): (1.5, raises),
    ("constant", "total_iters", "least"): (-1, flat),
    ("linear", "start_factor", "least"): (0, raises),
    ("linear", "start_factor", "most"): (1.5, raises),
    ("linear", "end_factor", "least"): (-0.5, raises),
    ("linear", "end_factor", "most"): (1.5, raises),
    ("linear", "total_iters", "least"): (-1, flat),
    ("exponential", "gamma", "least"): (-0.5, negative),
    ("polynomial", "total_iters", "least"): (-1, flat),
    ("polynomial", "power", "least"): (-1, raises),
    ("cosine", "T_max", "least"): (0, raises),
    ("warm-restarts", "T_0", "least"): (0, raises),
    ("warm-restarts", "T_mult", "least"): (0, raises),
    ("cyclic", "base_lr", "least"): (-0.5, negative),
    ("cyclic", "max_lr", "least"): (0, upside_down),
    ("cyclic", "step_size_up", "least"): (0, raises),
    ("cyclic", "step_size_down", "least"): (0, falls_short),
    ("cyclic", "gamma", "least"): (-1, negative),
    ("onecycle", "max_lr", "least"): (0, all_zero),
    ("onecycle", "total_steps", "least"): (0, raises),
    ("onecycle", "epochs", "least"): (0, raises),
    ("onecycle", "steps_per_epoch", "least"): (0, raises),
    ("onecycle", "pct_start", "least"): (-0.1, raises),
    ("onecycle", "pct_start", "most"): (1.1, raises),
    ("onecycle", "div_factor", "least"): (0, raises),
    ("onecycle", "final_div_factor", "least"): (0, raises),
    ("plateau", "factor", "least"): (-0.5, same_as(factor=0)),
    ("plateau", "factor", "most"): (1, raises),
    ("plateau", "patience", "least"): (-1, cuts_at_once),
    ("plateau", "threshold", "least"): (-0.5, flat),
    ("plateau", "cooldown", "least"): (-1, same_as(cooldown=0)),
    ("plateau", "min_lr", "least"): (-1, same_as(min_lr=0)),
    ("plateau", "eps", "least"): (-10, rises),
    ("sequential", "milestones", "least"): (-1, first_child_skipped),
    ("swa", "swa_lr", "least"): (-0.5, negative),
    ("swa", "anneal_epochs", "least"): (-1, raises),
}


def test_every_limit_has_a_row() -> None:
    assert PAST.keys() == {(s.short, p.name, side) for s, p, side in BOUNDS}


@pytest.mark.parametrize(("key", "past"), PAST.items(), ids=[" ".join(key) for key in PAST])
def test_past_the_limit_lies_nonsense(key: tuple[str, str, str], past: tuple[float, Nonsense]) -> None:
    short, name, side = key
    value, is_nonsense = past
    scheduler = find(short)
    assert scheduler is not None
    parameter = scheduler.parameter(name)
    assert parameter is not None
    if side == "least":
        assert parameter.least is not None
        beyond, out = parameter.least - value, parameter.above_least
    else:
        assert parameter.most is not None
        beyond, out = value - parameter.most, parameter.below_most
    if out:  # the bound itself is the nearest value past it
        assert beyond == 0
    elif parameter.kind in ("int", "milestones"):
        assert beyond == 1
    else:
        assert beyond > 0
    arguments = with_value(parameter, value)
    if (short, name) == ("plateau", "eps"):
        arguments |= {"min_lr": 5.0}  # above the rate, so that a "cut" would raise it
    assert is_nonsense(scheduler, arguments)


LISTS = [
    pytest.param(s, p, id=f"{s.short} {p.name}")
    for s in all_schedulers()
    for p in s.parameters
    if p.kind in ("float", "per_group")
]


@pytest.mark.parametrize(("scheduler", "parameter"), LISTS)
def test_torch_takes_a_value_for_each_group_where_the_catalogue_says_so(
    scheduler: Scheduler, parameter: Parameter
) -> None:
    cls = getattr(swa_utils if scheduler.name == "SWALR" else lr_scheduler, scheduler.name)
    given = BASE[scheduler.short] | {parameter.name: [0.25, 0.75]}

    def two_groups() -> Run:
        return train(lambda optimizer: cls(optimizer, **given), groups=2)

    if parameter.kind == "per_group":
        found = two_groups()
        own = found.momentum if "momentum" in parameter.name else found.lr
        assert any(values[0] != values[1] for values in own)
        with pytest.raises(ValueError, match=r"same length|expected 2 min_lrs"):
            train(lambda optimizer: cls(optimizer, **given | {parameter.name: [0.25] * 3}), groups=2)
    else:
        with pytest.raises((TypeError, ValueError)):
            two_groups()


@pytest.mark.parametrize("scheduler", [s for s in all_schedulers() if s.short in BASE], ids=lambda s: s.short)
def test_momentum_moves_where_the_catalogue_says_so(scheduler: Scheduler) -> None:
    found = run(scheduler, **({"milestones": [3]} if scheduler.short == "sequential" else {}))
    assert (len({momentum[0] for momentum in found.momentum}) > 1) == bool(scheduler.momentum_switch)
