"""Schedules that are right have no findings, and no schedule makes a rule fail."""

from __future__ import annotations

from lrviz.errors import LrvizError
from lrviz.rules import check_run
from lrviz.simulation import simulate
from lrviz.spec import Fields, read_run
from tests.random_runs import random_run
from tests.rules.checking import codes
from tests.rules.sensible import sensible

SEEDS = 60  # of 2,000 that were tried
MEANT = (  # what looks odd and is meant
    "LambdaLR(lambda s: 10 ** (s / 20)) @ lr=1e-7, steps=100",
    "ExponentialLR(1.1) @ lr=1e-6, steps=100",
    "LinearLR(1e-3, 1.0, total_iters=100) @ lr=1.0, steps=100",
    "LambdaLR(lambda s: 1.0) @ lr=1e-5, steps=400",
    "SequentialLR([ConstantLR(1.0, total_iters=72), CosineAnnealingLR(28)], [72]) @ epochs=100, interval=epoch",
    "MultiStepLR([30, 60, 90]) @ lr=0.1, epochs=90, interval=epoch",
    "LambdaLR(lambda s: 0.1 ** (s / 250000)) @ lr=5e-4, steps=2000",
    "LambdaLR(lambda s: min(1.0, s / 100)) @ lr=1e-4, steps=5000",
    "LambdaLR(lambda k: cos(7 * math.pi * k / (16 * 1000))) @ lr=0.03, steps=1000",
    "MultiStepLR(list(range(5, 1000, 1)), gamma=0.85) @ lr=1e-5, epochs=25, interval=epoch",
    "CosineAnnealingWarmRestarts(T_0=10, T_mult=2) @ lr=0.05, epochs=150, interval=epoch",
    "SWALR(0.05, anneal_epochs=10) @ lr=0.1, epochs=50, interval=epoch",
    "OneCycleLR(max_lr=3.0, total_steps=700, pct_start=0.45, three_phase=True) @ lr=0.1, steps=700",
)


def test_random_sensible_schedules_have_no_findings() -> None:
    found = {text: wrong for text in map(sensible, range(SEEDS)) if (wrong := codes(text, "error", "warning"))}
    assert found == {}


def test_schedules_that_are_meant_have_no_findings() -> None:
    assert {text: wrong for text in MEANT if (wrong := codes(text, "error", "warning"))} == {}


def test_rules_judge_any_schedule() -> None:
    judged = 0
    for seed in range(150):
        run = random_run(seed)
        values = {"lr": ",".join(map(repr, run.lrs)), "epochs": run.epochs, "interval": run.interval}
        values |= {"num_processes": seed % 3 + 1, "grad_accum": seed % 2 + 1}
        fields = Fields({**values, "steps_per_epoch": run.steps_per_epoch}, any_length=True)
        try:
            spec = read_run(run.line, fields)
        except LrvizError:  # a random value that is refused
            continue
        judged += 1
        try:
            trace = simulate(spec)
        except LrvizError:  # a random run that fails
            trace = None
        check_run(spec, trace)
        check_run(spec, None)
    assert judged > 100


def test_a_sequence_of_one_scheduler_is_judged() -> None:
    text = "SequentialLR([CosineAnnealingLR(T_max=10)], milestones=[])"
    assert codes(f"{text} @ epochs=9, steps_per_epoch=8, interval=epoch, num_processes=4") == ["LR204"]


def test_rules_judge_each_group() -> None:
    text = "LambdaLR([lambda e: 1.0, lambda e: 0.5 * (1 + math.cos(math.pi * e / 40))])"
    spec = read_run(text, Fields({"lr": "0.1,0.2", "epochs": 50, "interval": "epoch"}))
    assert [finding.code for finding in check_run(spec, simulate(spec))] == ["LR101"]
