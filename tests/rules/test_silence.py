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


def test_random_sensible_schedules_have_no_findings() -> None:
    found = {text: wrong for text in map(sensible, range(SEEDS)) if (wrong := codes(text, "error", "warning"))}
    assert found == {}


def test_rules_judge_any_schedule() -> None:
    judged = 0
    for seed in range(150):
        run = random_run(seed)
        values = {"lr": ",".join(map(repr, run.lrs)), "epochs": run.epochs, "interval": run.interval}
        fields = Fields({**values, "steps_per_epoch": run.steps_per_epoch}, any_length=True)
        try:
            spec = read_run(run.line, fields)
        except LrvizError:  # a random value that is refused
            continue
        judged += 1
        check_run(spec, simulate(spec))
        check_run(spec, None)
    assert judged > 100


def test_rules_judge_each_group() -> None:
    text = "LambdaLR([lambda e: 1.0, lambda e: 0.5 * (1 + math.cos(math.pi * e / 40))])"
    spec = read_run(text, Fields({"lr": "0.1,0.2", "epochs": 50, "interval": "epoch"}))
    assert [finding.code for finding in check_run(spec, simulate(spec))] == ["LR101"]
