"""The formulas of the catalogue, worked out, give the curves of the installed torch."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from torch.optim.lr_scheduler import (
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    ReduceLROnPlateau,
    StepLR,
)
from torch.optim.swa_utils import SWALR

from lrviz.schedulers import find
from tests.plain_loop import made, rates, train

LR = 0.8
UPDATES = 24


def formula_lines(cls: type, *conditions: str) -> dict[str, str]:
    """Name -> expression for every line of the formula without a condition, or under one of these."""
    scheduler = find(cls.__name__)
    assert scheduler is not None
    found = {}
    for line in scheduler.formula.split("\n"):
        match = re.fullmatch(r"(?:(.+): )?(\w+)(?:\(t\))? = (.+)", line)
        if match and (match[1] is None or match[1] in conditions):
            found[match[2]] = match[3]
    return found


class Names(dict[str, Any]):
    """The names in a formula: the values given, and those that its other lines define."""

    def __init__(self, lines: dict[str, str], values: dict[str, Any]) -> None:
        super().__init__(values, cos=math.cos, pi=math.pi)
        self.lines = lines

    def __missing__(self, name: str) -> Any:
        if name not in self.lines:
            raise KeyError(name)  # a builtin, or a mistake in the formula
        return eval(self.lines[name], self)  # noqa: S307 - the catalogue's own text


def formula_values(name: str, lines: dict[str, str], **values: Any) -> list[float]:
    """What a formula gives for every scheduler step of the run."""
    return [eval(lines[name], Names(lines, values | {"t": t, "lr": LR})) for t in range(UPDATES)]  # noqa: S307


@pytest.mark.parametrize(
    ("cls", "arguments", "conditions"),
    [
        (StepLR, {"step_size": 5, "gamma": 0.5}, ()),
        (MultiStepLR, {"milestones": [4, 4, 9, 40], "gamma": 0.5}, ()),
        (ConstantLR, {"factor": 0.25, "total_iters": 6}, ()),
        (LinearLR, {"start_factor": 0.1, "end_factor": 0.75, "total_iters": 7}, ()),
        (ExponentialLR, {"gamma": 0.9}, ()),
        (PolynomialLR, {"total_iters": 9, "power": 2.5}, ()),
        (CosineAnnealingLR, {"T_max": 7, "eta_min": 0.05}, ()),
        (LambdaLR, {"lr_lambda": lambda step: 1 / (1 + step)}, ()),
        (SWALR, {"swa_lr": 0.1, "anneal_epochs": 6, "anneal_strategy": "cos"}, ('anneal_strategy="cos"',)),
        (SWALR, {"swa_lr": 0.1, "anneal_epochs": 6, "anneal_strategy": "linear"}, ('anneal_strategy="linear"',)),
        (SWALR, {"swa_lr": 0.1, "anneal_epochs": 0, "anneal_strategy": "cos"}, ('anneal_strategy="cos"',)),
    ],
)
def test_formula(cls: type, arguments: dict[str, Any], conditions: tuple[str, ...]) -> None:
    expected = rates(made(cls, **arguments), UPDATES, lr=LR)
    assert formula_values("rate", formula_lines(cls, *conditions), **arguments) == pytest.approx(expected, rel=1e-9)


def test_formula_of_warm_restarts() -> None:
    periods = [(cur, length) for length in (3, 6, 12, 24) for cur in range(length)]
    lines = formula_lines(CosineAnnealingWarmRestarts)
    found = [
        eval(lines["rate"], Names(lines, {"T_cur": cur, "T_i": length, "eta_min": 0.1, "lr": LR}))  # noqa: S307
        for cur, length in periods[:UPDATES]
    ]
    expected = rates(made(CosineAnnealingWarmRestarts, T_0=3, T_mult=2, eta_min=0.1), UPDATES, lr=LR)
    assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("arguments", "condition"),
    [
        ({"mode": "triangular"}, 'mode="triangular"'),
        ({"mode": "triangular2"}, 'mode="triangular2"'),
        ({"mode": "exp_range", "gamma": 0.9}, 'mode="exp_range"'),
        ({"scale_fn": lambda x: 1 / (5 * x), "scale_mode": "cycle"}, 'scale_fn, scale_mode="cycle"'),
        ({"scale_fn": lambda x: 1 / (5 + x), "scale_mode": "iterations"}, 'scale_fn, scale_mode="iterations"'),
    ],
    ids=["triangular", "triangular2", "exp_range", "scale_fn of the cycle", "scale_fn of the step"],
)
def test_formula_of_a_cycle(arguments: dict[str, Any], condition: str) -> None:
    arguments |= {"base_lr": 0.1, "max_lr": 0.9, "step_size_up": 3, "step_size_down": 5}
    arguments |= {"base_momentum": 0.7, "max_momentum": 0.95}
    run = train(made(CyclicLR, **arguments), UPDATES, lr=LR)
    lines = formula_lines(CyclicLR, condition, "cycle_momentum")
    assert formula_values("rate", lines, **arguments) == pytest.approx(run.first_group, rel=1e-9)
    momentum = [values[0] for values in run.momentum]
    assert formula_values("momentum", lines, **arguments) == pytest.approx(momentum, rel=1e-9)


@pytest.mark.parametrize("strategy", ["cos", "linear"])
@pytest.mark.parametrize("three_phase", [False, True], ids=["two phases", "three phases"])
@pytest.mark.parametrize(
    "length", [{"total_steps": 24}, {"total_steps": None, "epochs": 4, "steps_per_epoch": 6}], ids=["total", "epochs"]
)
def test_formula_of_one_cycle(strategy: str, three_phase: bool, length: dict[str, Any]) -> None:
    arguments: dict[str, Any] = {"max_lr": 0.9, "pct_start": 0.3, "div_factor": 9.0, "final_div_factor": 50.0}
    make = made(OneCycleLR, anneal_strategy=strategy, three_phase=three_phase, **arguments, **length)
    run = train(make, UPDATES, lr=LR)
    lines = formula_lines(OneCycleLR, f'anneal_strategy="{strategy}"')
    names = Names(lines, arguments | length)
    up, last = names["up"], names["total"] - 1
    first, peak, end = names["first"], names["max_lr"], names["last"]
    phases = [(0.0, up, first, peak, 0.95, 0.85), (up, last, peak, end, 0.85, 0.95)]
    if three_phase:
        phases[1:] = [(up, 2 * up, peak, first, 0.85, 0.95), (2 * up, last, first, end, 0.95, 0.95)]
    for t, (rate, momentum) in enumerate(zip(run.first_group, run.momentum, strict=True)):
        begin, until, a, b, m, n = next(phase for phase in phases if t <= phase[1])
        x = (t - begin) / (until - begin)
        for found, start, stop in ((rate, a, b), (momentum[0], m, n)):
            values = {"a": start, "b": stop, "x": x}
            assert eval(lines["rate"], Names(lines, values)) == pytest.approx(found, rel=1e-9)  # noqa: S307


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("threshold_mode", ["rel", "abs"])
def test_formula_of_a_better_metric(mode: str, threshold_mode: str) -> None:
    expression = formula_text(ReduceLROnPlateau, f'mode="{mode}", threshold_mode="{threshold_mode}": ')
    make = made(ReduceLROnPlateau, mode=mode, threshold_mode=threshold_mode, threshold=0.25, patience=0)
    outcomes = set()
    for metric in (0.5, 0.75, 0.8, 1.0, 1.2, 1.25, 1.5):
        better = eval(expression, {"metric": metric, "best": 1.0, "threshold": 0.25})  # noqa: S307
        cut = rates(make, 3, metrics=[1.0, metric])[-1] < 1
        assert better is not cut
        outcomes.add(better)
    assert outcomes == {True, False}


def test_formula_of_a_cut() -> None:
    expression = formula_text(ReduceLROnPlateau, "new = ").partition(", taken if ")
    arguments = {"factor": 0.5, "min_lr": 0.3, "eps": 0.15}
    expected = [LR]
    for _ in range(5):
        names = arguments | {"rate": expected[-1], "max": max}
        new = eval(expression[0], names)  # noqa: S307
        taken = eval(expression[2], names | {"new": new})  # noqa: S307
        expected.append(new if taken else expected[-1])
    assert len(set(expected)) == 2  # one cut to 0.4; the next, to 0.3, is too small
    found = rates(made(ReduceLROnPlateau, patience=0, **arguments), 7, lr=LR)
    assert found[1:] == expected  # the first metric is the best so far


def formula_text(cls: type, start: str) -> str:
    """The rest of the one line of the formula that starts so."""
    scheduler = find(cls.__name__)
    assert scheduler is not None
    (line,) = (line for line in scheduler.formula.split("\n") if line.startswith(start))
    return line.removeprefix(start)
