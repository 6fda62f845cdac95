"""Schedule-free, Prodigy and D-Adaptation: the rate of real training with gradients."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

import pytest
import torch

from lrviz.schedulers import OWN_RATES
from lrviz.simulation import simulate
from lrviz.spec import Fields, read_all, read_run

pytestmark = pytest.mark.families

SCHEDULED: list[tuple[str, dict[str, Any]]] = [
    ("AdamWScheduleFree", {}),
    ("AdamWScheduleFree", {"warmup_steps": 7}),
    ("AdamWScheduleFree", {"warmup_steps": 40}),
    ("SGDScheduleFree", {}),
    ("SGDScheduleFree", {"warmup_steps": 5}),
    ("SGDScheduleFree", {"warmup_steps": 1}),
    ("RAdamScheduleFree", {}),
    ("RAdamScheduleFree", {"silent_sgd_phase": False}),
    ("RAdamScheduleFree", {"betas": (0.9, 0.9)}),
]


def trained(name: str, options: dict[str, Any], lr: float, interval: str = "") -> list[float]:
    """The rates of 12 updates of a model, with a StepLR after each update or after each epoch of 4."""
    torch.manual_seed(0)
    model = torch.nn.Linear(4, 1)
    optimizer = getattr(import_module(OWN_RATES[name].package), name)(model.parameters(), lr=lr, **options)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.5)
    rates = []
    optimizer.train()
    for update in range(1, 13):
        optimizer.zero_grad()
        model(torch.rand(8, 4)).square().mean().backward()
        optimizer.step()
        rates.append(optimizer.param_groups[0]["scheduled_lr"])
        if interval == "step" or (interval == "epoch" and update % 4 == 0):
            scheduler.step()
    return rates


def test_the_rate_that_schedule_free_uses() -> None:
    pytest.importorskip("schedulefree")
    for name, options in SCHEDULED:
        arguments = ", ".join(f"{k}={v}" for k, v in options.items())
        for interval in ("step", "epoch"):
            run = read_run(
                "StepLR(2, 0.5)",
                Fields({
                    "lr": "0.3", "epochs": "3", "steps_per_epoch": "4", "interval": interval,
                    "optimizer": f"{name}({arguments})",
                }),
            )  # fmt: skip
            assert simulate(run).lr[:, 0].tolist() == trained(name, options, 0.3, interval), (name, options, interval)
        script = (
            f"optimizer = {name}(model.parameters(), lr=0.3, {arguments})\nfor i in range(12):\n    optimizer.step()"
        )
        (run,) = read_all(script)
        assert simulate(run).lr[:, 0].tolist() == trained(name, options, 0.3), (name, options)


def test_what_is_known_of_each_optimizer() -> None:
    seen = 0
    for own in OWN_RATES.values():
        try:
            package = import_module(own.package)
        except ImportError:
            continue
        seen += 1
        parameters = inspect.signature(getattr(package, own.name)).parameters
        assert (own.name, parameters["lr"].default) == (own.name, own.lr)
        assert tuple(parameters)[1 : 1 + len(own.order)] == own.order
        assert set(own.options) <= set(parameters)
        run = read_run("StepLR(2, 0.5)", Fields({"lr": "1", "steps": "4", "optimizer": own.name}))
        if not own.scheduled:
            assert simulate(run).lr[:, 0].tolist() == [1.0, 1.0, 0.5, 0.5]
            assert "`d`, which follows from the gradients" in run.notes[0]
    if not seen:
        pytest.skip("none of the packages is installed")


def test_the_estimate_is_no_part_of_the_rate() -> None:
    prodigy = pytest.importorskip("prodigyopt")
    torch.manual_seed(0)
    model = torch.nn.Linear(4, 1)
    optimizer = prodigy.Prodigy(model.parameters(), lr=1.0)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.5)
    rates, estimates = [], set()
    for _ in range(6):
        optimizer.zero_grad()
        model(torch.rand(8, 4)).square().mean().backward()
        rates.append(optimizer.param_groups[0]["lr"])
        estimates.add(optimizer.param_groups[0]["d"])
        optimizer.step()
        scheduler.step()
    run = read_run("StepLR(2, 0.5)", Fields({"lr": "1", "steps": "6", "optimizer": "Prodigy"}))
    assert simulate(run).lr[:, 0].tolist() == rates
    assert len(estimates) > 1  # which is why a note says that the curve is not the rate that it uses
