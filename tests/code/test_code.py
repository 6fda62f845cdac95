"""`lrviz code`: every output runs, and its optimizer uses the rates that lrviz shows."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler, swa_utils
from torch.optim.optimizer import register_optimizer_step_pre_hook

from lrviz import code
from lrviz.errors import LrvizError, SpecError
from lrviz.schedulers import all_schedulers, compositions
from lrviz.simulation import simulate
from lrviz.spec import Fields, RunSpec, read_run
from lrviz.trace import Trace
from tests.random_runs import random_run

Rates = list[list[float]]
Runs = list[tuple[str, RunSpec, Trace]]

RUNS = {
    **{info.short: info.example or info.short for info in (*all_schedulers(), *compositions())},
    "one epoch": "cosine @ steps=25",
    "few steps": "cosine @ steps=3",
    "epoch": "step @ interval=epoch, epochs=6, steps_per_epoch=3",
    "accumulation": "cosine @ grad_accum=3, epochs=3, steps_per_epoch=7",
    "accumulation by steps": "cosine @ grad_accum=3, steps=20",
    "accumulation by epoch": "exponential @ grad_accum=2, interval=epoch, epochs=3, steps_per_epoch=5",
    "dropped": "cosine @ grad_accum=4, steps_per_epoch=13, accum_remainder=drop",
    "carried": "cosine @ grad_accum=4, steps_per_epoch=13, accum_remainder=carry",
    "carried by epoch": "exponential @ grad_accum=4, steps_per_epoch=13, accum_remainder=carry, interval=epoch",
    "max_steps": "cosine @ max_steps=20",
    "max_steps, accumulated": "onecycle @ max_steps=11, grad_accum=3",
    "max_steps, dropped": "step @ max_steps=11, grad_accum=3, accum_remainder=drop",
    "max_steps, carried": "cosine @ max_steps=11, grad_accum=3, accum_remainder=carry",
    "max_steps by epoch": "exponential @ max_steps=20, interval=epoch",
    "metric, carried": "ReduceLROnPlateau(patience=0) @ metric=epoch + step / 9, grad_accum=3, accum_remainder=carry, "
    "interval=epoch, epochs=6",
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
    "metric of the epoch": "ReduceLROnPlateau(patience=1) @ metric=exp(-epoch / 10) + lr, interval=epoch, epochs=9",
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
    "long sum": "LambdaLR(lambda step: (1 - step / 100000) ** 0.9 * (1 - 0.01) + 0.01 + (0.5 ** (step // 30000)) * "
    "math.exp(-step / 20000) / 2)",
    "long product": "LambdaLR(lambda step: math.exp(-step / 20000) * math.cos(step / 100) * abs(math.sin(step / 5)) * "
    "(1 + step) ** -0.5 * math.log(step + 2))",
    "long in its last brackets": "LambdaLR(lambda step: 0.1 + (1 - 0.1) * 0.5 * (1 + math.cos(math.pi * (step - 1000) "
    "/ max(1, 10000 - 1000))))",
    "long in many brackets": "LambdaLR(lambda s: max(0.0, 0.5 * (1.0 + math.cos(math.pi * ((float(2) * float(s - 500) "
    "/ float(max(1, 10000 - 500))) % 1.0)))))",
    "long test": "LambdaLR(lambda e: 0.5 if 30 <= e < 60 and e != 45 or (e > 1000000 and e < 2000000) or (e > 3000000 "
    "and e < 4000000) else 1)",
    "lambdas of groups": "LambdaLR([lambda e: 0.9 ** e, lambda e: 0.8 ** e, lambda e: 0.9 ** e]) @ lr=[1,2,3]",
    "nested": "SequentialLR([SequentialLR([LinearLR(), LambdaLR(lambda step: 0.5 * (1 + math.cos(math.pi * step / 20)) "
    "/ 2)], [4]), ConstantLR()], [9])",
    "many milestones": f"MultiStepLR(milestones={list(range(1, 40))})",
    "a class without a description": "SWALR(swa_lr=0.1, anneal_epochs=3)",
}


class StoppedError(Exception):
    """Stops a training loop."""


@contextmanager
def recorded(stop: int | None = None) -> Iterator[Rates]:
    """The rates of each update of the optimizers in this block; the loop is stopped after `stop` updates."""
    rates: Rates = []

    def record(optimizer: torch.optim.Optimizer, *_: Any) -> None:
        if len(rates) == stop:
            raise StoppedError
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
    with pytest.raises(StoppedError), recorded(stop):
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
            yield str(seed), spec, simulate(spec)
        except LrvizError:  # it breaks in training
            continue


@pytest.fixture(scope="module")
def runs() -> Runs:
    return list(all_specs())


@pytest.fixture(scope="module")
def some_runs(runs: Runs) -> Runs:
    """The runs of the table, and some of those made at random."""
    return [run for run in runs if run[0] in RUNS or not int(run[0]) % 5]


@pytest.mark.filterwarnings("ignore")  # torch warns of its own composites
@pytest.mark.usefixtures("stubs")
def test_every_script_uses_the_rates_of_lrviz(runs: Runs) -> None:
    assert len(runs) > 250
    differ = []
    for name, spec, trace in runs:
        text, rates = code.training_script(spec), trace.lr.tolist()
        if trained(text) != rates:
            differ.append(name)
        by_update = spec.loop.epochs == 1 and spec.loop.interval == "step"
        first = 1 if by_update else spec.loop.updates_per_epoch  # a checkpoint follows it
        if len(rates) > first and (name in RUNS or not int(name) % 3):
            later = resumed(text, max(len(rates) * 2 // 3, first))
            if not (0 < len(later) < len(rates) and later == rates[-len(later) :]):
                differ.append(f"{name}, resumed")
    assert not differ, differ


def test_a_script_runs_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("accumulation", "groups", "betas", "Muon", "metric of the epoch", "one epoch"):
        spec = read_run(RUNS[name])
        text, rates = code.training_script(spec), simulate(spec).lr.tolist()
        assert trained(text) == rates, name
        later = resumed(text, len(rates) * 2 // 3)
        assert later == rates[-len(later) :], name


@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("stubs")
def test_the_lines_of_the_scheduler_alone_make_its_rates(some_runs: Runs) -> None:
    for name, spec, trace in some_runs:
        if spec.metric or "plateau" in name or spec.loop.num_processes > 1 or spec.optimizer.name != "SGD":
            continue
        momentum = spec.optimizer.momentum or 0.0
        optimizer = torch.optim.SGD(
            [{"params": [nn.Parameter(torch.zeros(1))], "lr": g.lr} for g in spec.groups], momentum=momentum
        )
        names = {**vars(lr_scheduler), **vars(swa_utils), "math": math, "optimizer": optimizer}
        try:
            scheduler = execute(code.scheduler_lines(spec), **names)["scheduler"]
        except NameError:
            raise AssertionError(name) from None
        if isinstance(scheduler, lr_scheduler.ReduceLROnPlateau):
            continue
        rates = []
        for t in range(trace.updates):
            rates.append([group["lr"] for group in optimizer.param_groups])
            ends = t + 1 < trace.updates and trace.epoch[t] < trace.epoch[t + 1]
            if t + 1 < trace.updates and (spec.loop.interval == "step" or ends):
                optimizer.step()
                scheduler.step()
        assert rates == trace.lr.tolist(), name


class Lightning(SimpleNamespace):
    """What a LightningModule needs of `lightning`."""

    class LightningModule:
        def __init__(self) -> None:
            self.layers = [nn.Linear(2, 2, bias=False) for _ in range(6)]

        def parameters(self) -> Iterator[nn.Parameter]:
            return self.layers[0].parameters()

    Trainer = SimpleNamespace


@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("stubs")
def test_every_module_of_lightning_uses_the_rates_of_lrviz(some_runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lightning", Lightning())
    for name, spec, trace in some_runs:
        if not is_of_lightning(spec):
            with pytest.raises(SpecError, match=r"Lightning (steps the scheduler once|makes) an update"):
                code.lightning_module(spec)
            continue
        found = execute(code.lightning_module(spec))
        optimizer, config = found["Model"]().configure_optimizers().values()
        assert config["interval"] == spec.loop.interval, name
        plateau = isinstance(config["scheduler"], lr_scheduler.ReduceLROnPlateau)
        assert ("monitor" in config) == plateau, name
        trainer = found["trainer"]
        assert getattr(trainer, "accumulate_grad_batches", 1) == spec.loop.grad_accum
        updates = getattr(trainer, "max_steps", None) or trainer.max_epochs * spec.loop.updates_per_epoch
        assert updates == trace.updates
        rates = []
        for t in range(updates):
            rates.append([group["lr"] for group in optimizer.param_groups])
            ends = t + 1 < updates and trace.epoch[t] < trace.epoch[t + 1]
            if not plateau and t + 1 < updates and (config["interval"] == "step" or ends):
                optimizer.step()
                config["scheduler"].step()
        assert plateau or rates == trace.lr.tolist(), name


def is_of_lightning(spec: RunSpec) -> bool:
    loop = spec.loop
    return loop.num_processes == 1 and (loop.accum_remainder == "update" or not loop.steps_per_epoch % loop.grad_accum)


def is_read_back(spec: RunSpec) -> bool:
    """Whether lrviz follows the script: not steps over processes, the last step under a test, or a given metric."""
    return spec.loop.num_processes == 1 and spec.metric is None and "past the end" not in code.training_script(spec)


@pytest.mark.filterwarnings("ignore")
def test_lrviz_reads_its_scripts(some_runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    failed = []
    for name, spec, trace in some_runs:
        if not is_read_back(spec):
            continue
        Path("out.py").write_text(code.training_script(spec), encoding="utf-8")
        try:
            read = simulate(read_run("out.py"))
        except LrvizError as error:
            failed.append((name, str(error)))
            continue
        if read.lr.tolist() != trace.lr.tolist():
            failed.append((name, "differs"))
    assert failed == []


def test_lrviz_reads_scripts_of_long_epochs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for text in ("cosine @ steps_per_epoch=200_000", "cosine @ steps_per_epoch=200_000, grad_accum=8"):
        spec = read_run(text)
        Path("out.py").write_text(code.training_script(spec), encoding="utf-8")
        read = read_run("out.py")
        assert (read.scheduler, read.loop) == (spec.scheduler, spec.loop)


def test_every_output_is_laid_out_as_ruff_does(runs: Runs, tmp_path: Path) -> None:
    for i, (_, spec, _) in enumerate(runs):
        (tmp_path / f"{i}.py").write_text(code.training_script(spec), encoding="utf-8")
        (tmp_path / f"{i}_scheduler.py").write_text(code.scheduler_lines(spec), encoding="utf-8")
        if is_of_lightning(spec):
            (tmp_path / f"{i}_lightning.py").write_text(code.lightning_module(spec), encoding="utf-8")
    for words in (["format", "--check", "--diff"], ["check", "--select", "E9,F,I", "--ignore", "F821"]):
        command = [str(Path(sys.executable).parent / "ruff"), *words, "--isolated", "--no-cache", "."]
        finished = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert finished.returncode == 0, finished.stdout[:5000] + finished.stderr[:2000]
