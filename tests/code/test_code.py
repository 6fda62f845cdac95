"""`lrviz code`: every output runs, and its optimizer uses the rates that lrviz shows."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

from lrviz import code
from lrviz.errors import LrvizError
from lrviz.schedulers import all_schedulers, compositions
from lrviz.simulation import simulate
from lrviz.spec import Fields, RunSpec, read_run
from lrviz.trace import Trace
from tests.conftest import ROOT
from tests.random_runs import random_run

Rates = list[list[float]]

RUNS = {
    **{info.short: info.example or info.short for info in (*all_schedulers(), *compositions())},
    "one epoch": "cosine @ steps=25",
    "few steps": "cosine @ steps=3",
    "epoch": "step @ interval=epoch, epochs=6, steps_per_epoch=3",
    "accumulation": "cosine @ grad_accum=3, epochs=3, steps_per_epoch=7",
    "accumulation by steps": "cosine @ grad_accum=3, steps=20",
    "accumulation by epoch": "exponential @ grad_accum=2, interval=epoch, epochs=3, steps_per_epoch=5",
    "processes": "cosine @ num_processes=3, epochs=2",
    "processes by epoch": "step @ num_processes=2, interval=epoch",
    "processes beyond the end of a cycle": "OneCycleLR(max_lr=0.1, total_steps=20) @ num_processes=2",
    "groups": "onecycle @ lr=[backbone=1e-4,head layers=1e-3]",
    "groups without names": "cosine @ lr=[1e-4,1e-3,0.1]",
    "six groups": "exponential @ lr=[1,2,3,4,5,6]",
    "one group with a name": "cosine @ lr=[head=1e-3]",
    "momentum": "cosine @ momentum=0.9",
    "betas": "onecycle @ optimizer=AdamW, momentum=0.8",
    "Muon": "cosine @ optimizer=Muon",
    "warm-up": "cosine @ warmup=10%, warmup_start=0.1",
    "dataset": "cosine @ dataset_size=100, batch_size=16, drop_last=true",
    "metric values": "ReduceLROnPlateau(patience=0) @ metric=[0.5, 0.25, 0.25, 0.3], interval=epoch, epochs=6",
    "metric with NaN": "ReduceLROnPlateau(patience=0) @ metric=[nan, 0.25, inf], interval=epoch, epochs=6",
    "metric of the epoch": "ReduceLROnPlateau(patience=1) @ metric=exp(-epoch / 10) + abs(lr), interval=epoch, epochs=9",
    "metric of the step": "ReduceLROnPlateau(patience=1) @ metric=max(5, step - 2 * epoch), interval=epoch, epochs=9",
    "metric at each step": "ReduceLROnPlateau(patience=3) @ metric=max(5, step - 2 * epoch), grad_accum=2",
    "metric of a run in steps": "ReduceLROnPlateau(patience=3) @ metric=1 / (1 + step // 4), steps=40",
    "metric of processes": "ReduceLROnPlateau(patience=3) @ num_processes=2",
    "text": "CyclicLR(1e-4, 1e-3, 5, mode='exp_range', gamma=0.9, scale_fn=lambda x: 1 / x ** 0.5)",
    "bare functions": "LambdaLR(lambda e: (cos(e / 10) + pow(2, -e)) * math.pi ** -e)",
    "signs of powers": "LambdaLR(lambda e: 1 - -2 ** 2 * (-3) ** 2 / (2 ** 3) ** 2 * e ** -1.5 if e else 1.0)",
    "long lambda": "LambdaLR(lambda step: (step + 1) / 20 if step < 20 else max(0.0, 0.5 * (1.0 + math.cos(math.pi "
    "* 2.0 * 0.5 * ((step - 20) / (500 - 20))))) if step < 1000000 else 0.25)",
    "very long lambda": f"LambdaLR(lambda e: 1 + {' + '.join(f'e * {i}.5 ** 2' for i in range(30))})",
    "lambdas of groups": "LambdaLR([lambda e: 0.9 ** e, lambda e: 0.8 ** e, lambda e: 0.9 ** e]) @ lr=[1,2,3]",
    "nested": "SequentialLR([SequentialLR([LinearLR(), LambdaLR(lambda step: 0.5 * (1 + math.cos(math.pi * step / 20)) "
    "/ 2)], [4]), ConstantLR()], [9])",
    "many milestones": f"MultiStepLR(milestones={list(range(1, 40))})",
    "a class without a description": "SWALR(swa_lr=0.1, anneal_epochs=3)",
}
FORMS = ("script", "scheduler", "lightning")


class Stopped(Exception):
    """Stops a training loop."""


@contextmanager
def recorded(stop: int | None = None) -> Iterator[Rates]:
    """The rates of each update of the optimizers in this block; the loop is stopped after `stop` updates."""
    rates: Rates = []

    def record(optimizer: torch.optim.Optimizer, *_: Any) -> None:
        if len(rates) == stop:
            raise Stopped
        rates.append([float(group["lr"]) for group in optimizer.param_groups])

    handle = register_optimizer_step_pre_hook(record)
    try:
        yield rates
    finally:
        handle.remove()


def execute(text: str, **names: Any) -> dict[str, Any]:
    names["__name__"] = "__main__"
    exec(compile(text, "train.py", "exec"), names)  # noqa: S102 - what lrviz has written
    return names


def trained(text: str) -> Rates:
    """The rates of a script that runs to its end."""
    with recorded() as rates:
        execute(text)
    return rates


def resumed(text: str, stop: int) -> Rates:
    """The rates after the last checkpoint of a script that is stopped, and is started again."""
    with pytest.raises(Stopped), recorded(stop):
        execute(text)
    assert text.count("resume = False") == 1
    return trained(text.replace("resume = False", "resume = True"))


def all_specs() -> Iterator[tuple[str, RunSpec, Trace]]:
    """Every run of the table, and 200 that are made at random, with its rates."""
    for name, text in RUNS.items():
        spec = read_run(text)
        yield name, spec, simulate(spec)
    for seed in range(210):
        run = random_run(seed)
        values = {"epochs": run.epochs, "steps_per_epoch": run.steps_per_epoch, "interval": run.interval}
        try:
            spec = read_run(run.line, Fields({**values, "lr": list(run.lrs)}))
            yield f"seed {seed}", spec, simulate(spec)
        except LrvizError:  # it breaks in training
            continue


@pytest.fixture(scope="module")
def runs() -> list[tuple[str, RunSpec, Trace]]:
    return list(all_specs())


@pytest.mark.filterwarnings("ignore")  # torch warns of its own composites
def test_every_script_uses_the_rates_of_lrviz(
    runs: list[tuple[str, RunSpec, Trace]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(runs) > 250
    differ = []
    for name, spec, trace in runs:
        text = code.training_script(spec)
        rates = trace.lr.tolist()
        if trained(text) != rates:
            differ.append(name)
        if len(rates) > 1 and (spec.loop.epochs > 1 or spec.loop.interval == "step"):
            later = resumed(text, max(len(rates) * 2 // 3, spec.loop.updates_per_epoch if spec.loop.epochs > 1 else 1))
            if not (0 < len(later) < len(rates) and later == rates[-len(later) :]):
                differ.append(f"{name}, resumed")
    assert differ == []
