"""Runs that stop inside an epoch, and epochs of unequal updates: the rates and epochs of plain loops, exactly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from torch import nn, optim
from torch.optim import lr_scheduler as torch_lr

from lrviz.rules import check_run
from lrviz.simulation import simulate
from lrviz.spec import Fields, TrainingLoop, read_run
from lrviz.trace import Trace

Make = Callable[[Any, int], Any]


def by_hand(
    make: Callable[[Any], Any], *, epochs: int | None, batches: int, every: int, left: str, by_epoch: bool, most: int
) -> tuple[list[float], list[int]]:
    """The rate and the epoch of each update of a loop as people write it, which stops after `most` updates."""
    optimizer = optim.SGD([nn.Parameter(nn.init.zeros_(nn.Linear(1, 1).weight))], lr=0.1)
    scheduler = make(optimizer)
    optimizer.step()
    rates: list[float] = []
    at: list[int] = []
    waiting = epoch = 0
    while epochs is None or epoch < epochs:
        if left == "drop":
            waiting = 0
        for i in range(batches):
            waiting += 1
            if waiting < every and not (left == "update" and i + 1 == batches):
                continue
            waiting = 0
            rates.append(optimizer.param_groups[0]["lr"])
            at.append(epoch)
            optimizer.step()
            if len(rates) == most:
                return rates, at
            if not by_epoch:
                scheduler.step()
        if by_epoch:
            scheduler.step()
        epoch += 1
    return rates, at


# Epochs, batches of an epoch, batches of an update.
SIZES = [(3, 8, 1), (4, 13, 4), (5, 7, 3), (3, 12, 4), (6, 5, 5), (7, 2, 3), (9, 2, 5), (1, 1, 1), (2, 100, 7)]
MAKERS: dict[str, Make] = {
    "CosineAnnealingLR(T_max=total_steps)": torch_lr.CosineAnnealingLR,
    "SequentialLR([LinearLR(0.1), ExponentialLR(0.9)], milestones=[3])": lambda o, _: torch_lr.SequentialLR(
        o, [torch_lr.LinearLR(o, 0.1), torch_lr.ExponentialLR(o, 0.9)], milestones=[3]
    ),
    "plateau(patience=1) @ metric=0.5": lambda o, _: _Constant(torch_lr.ReduceLROnPlateau(o, patience=1)),
}


class _Constant:
    def __init__(self, scheduler: Any) -> None:
        self.scheduler = scheduler

    def step(self) -> None:
        self.scheduler.step(0.5)


def run(text: str, **fields: Any) -> Trace:
    return simulate(read_run(text, Fields(fields, prefix="")))


@pytest.mark.parametrize("interval", ["step", "epoch"])
@pytest.mark.parametrize("left", ["update", "drop", "carry"])
def test_rates_and_epochs_are_those_of_a_plain_loop(left: str, interval: str) -> None:
    compared = 0
    for epochs, batches, every in SIZES:
        for most in (None, 1, 2, 5, 17, 40):
            if left == "drop" and batches < every:
                continue
            fields = {"epochs": epochs, "steps_per_epoch": batches, "grad_accum": every, "max_steps": most}
            for text, make in MAKERS.items():
                trace = run(text, **fields, interval=interval, accum_remainder=left, lr=0.1)
                total = trace.spec.loop.scheduler_steps
                rates, at = by_hand(
                    lambda o, make=make, total=total: make(o, total),  # type: ignore[misc]
                    epochs=epochs if most is None else None, batches=batches, every=every, left=left,
                    by_epoch=interval == "epoch", most=most or -1,
                )  # fmt: skip
                assert (trace.lr[:, 0].tolist(), trace.epoch.tolist()) == (rates, at), (text, fields)
                assert trace.spec.loop.epochs == (epochs if most is None else at[-1] + 1)
                compared += 1
    assert compared > 100


@pytest.mark.parametrize(
    ("fields", "updates", "epochs", "shown"),
    [
        ({"steps_per_epoch": 13, "grad_accum": 4}, 16, 4, "4 epochs of 4"),
        ({"steps_per_epoch": 13, "grad_accum": 4, "accum_remainder": "drop"}, 12, 4, "4 epochs of 3"),
        ({"steps_per_epoch": 13, "grad_accum": 4, "accum_remainder": "carry"}, 13, 4, "4 epochs of 3 or 4"),
        ({"steps_per_epoch": 2, "grad_accum": 5, "accum_remainder": "carry"}, 1, 4, "4 epochs of 0 or 1"),
        ({"max_steps": 20}, 20, 3, "2.5 epochs of 8"),
        ({"max_steps": 24}, 24, 3, "3 epochs of 8"),
        ({"max_steps": 100}, 100, 13, "12.5 epochs of 8"),
        ({"max_steps": 1}, 1, 1, "0.125 epochs of 8"),
        ({"max_steps": 10**8, "steps_per_epoch": 10**9}, 10**8, 1, "0.1 epochs of 1,000,000,000"),
        ({"max_steps": 10, "steps_per_epoch": 13, "grad_accum": 4, "accum_remainder": "carry"}, 10, 4,
         "3.08 epochs of 3 or 4"),
    ],
)  # fmt: skip
def test_the_length_of_a_run(fields: dict[str, Any], updates: int, epochs: int, shown: str) -> None:
    loop = TrainingLoop(**fields)
    assert (loop.updates, loop.epochs) == (updates, epochs)
    assert f"{loop.epochs_shown} of {loop.updates_per_epoch_shown}" == shown


def test_epochs_in_parts_are_those_of_the_trainer() -> None:
    for epochs, updates in ((2.5, 20), (0.1, 1), (1.01, 9), (0.7, 6), (3.0, 24), ("2.5", 20), ("1e1", 80)):
        assert read_run("cosine", Fields({"epochs": epochs})).loop.updates == updates, epochs
    assert read_run("cosine @ epochs=2.5, grad_accum=3, accum_remainder=carry").loop.updates == 5  # 2.5 x (8 // 3)


def test_one_length_replaces_another() -> None:
    fields = Fields({"max_steps": "20"})
    assert read_run("cosine @ epochs=2", fields).loop == TrainingLoop(epochs=2)
    assert read_run("cosine @ steps=9", fields).loop.updates == 9
    assert read_run("cosine @ max_steps=9", Fields({"steps": "20"})).loop == TrainingLoop(max_steps=9)
    assert read_run("cosine @ max_steps=9", Fields({"epochs": "20"})).loop == TrainingLoop(max_steps=9)
    assert read_run("cosine", fields).assumed == ("steps_per_epoch",)


def test_lengths_in_epochs() -> None:
    run = read_run("step(step_size=1ep) @ max_steps=20, warmup=2ep")
    assert str(run.scheduler).endswith("StepLR(step_size=8)], milestones=[16])")
    by_epoch = read_run("step(step_size=2ep) @ max_steps=20, interval=epoch")
    assert str(by_epoch.scheduler) == "StepLR(step_size=2)"


def test_rules_read_the_epochs_that_there_are() -> None:
    for text, code, words in (
        (
            "cosine(T_max=1000) @ steps_per_epoch=250, grad_accum=3, accum_remainder=carry",
            "LR203", "one for 3 of 999 batches",
        ),
        ("exponential(gamma=0.5) @ epochs=60, steps_per_epoch=9, grad_accum=4, accum_remainder=carry", "LR201", ""),
        ("cosine(T_max=21) @ max_steps=2050, steps_per_epoch=100", "LR201", "20.5 epochs of 100 updates"),
        ("cosine(T_max=250) @ steps_per_epoch=250, grad_accum=3, accum_remainder=carry, interval=epoch", "LR202",
         "4 epochs of 83 or 84 updates"),
        ("lambda(lr_lambda=lambda e: min(e / 3, 1)) @ grad_accum=3, accum_remainder=carry, interval=epoch", "LR303",
         "the first 2 updates, 1 whole epoch"),
    ):  # fmt: skip
        spec = read_run(text)
        found = {finding.code: finding.message for finding in check_run(spec, simulate(spec))}
        assert words in found.get(code, f"none, but {found}"), text
