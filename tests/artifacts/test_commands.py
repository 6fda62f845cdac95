"""The lines of a page to copy: they give the curve that stands beside them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from torch import nn, optim
from torch.optim import lr_scheduler, swa_utils

from lrviz.artifacts.commands import command_line, documentation
from lrviz.cli import main, runs
from lrviz.code import scheduler_line
from lrviz.errors import UsageError
from lrviz.presets import find_preset, load_preset, preset_names
from lrviz.schedulers import all_schedulers
from lrviz.simulation import simulate
from lrviz.spec import RunSpec, read_run

SHIPPED = [
    pytest.param(run, id=f"{name}-{plan.name}-{i}")
    for name in preset_names()
    for plan in load_preset(find_preset(name)).figures
    for i, run in enumerate(plan.runs)
]
ODD = [
    "LambdaLR(lr_lambda=lambda epoch: 0.5 if epoch < 3 else 0.25)",
    "CyclicLR(base_lr=1e-4, max_lr=1e-3, mode='triangular2') @ lr=0.30000000000000004, momentum=0.8",
    "ChainedScheduler([ConstantLR(), SequentialLR([LinearLR(), StepLR(4)], milestones=[3])]) @ grad_accum=2",
    "ReduceLROnPlateau(mode='max') @ metric=[0.5, 0.25], interval=epoch, optimizer=Adam",
    "cosine @ dataset_size=1000, batch_size=32, drop_last=true, num_processes=2",
    "wsd(decay=20%)",
    "cosine @ max_steps=20, grad_accum=3, accum_remainder=carry",
    "step @ epochs=2.5",
]


def read_again(line: str, monkeypatch: pytest.MonkeyPatch) -> RunSpec:
    """The run of a command line, which is not executed."""
    found: list[RunSpec] = []

    def stop(specs: Sequence[RunSpec], *_: Any, **__: Any) -> None:
        found.extend(specs)
        raise UsageError("stopped")

    with monkeypatch.context() as patch:
        patch.setattr(runs, "simulate_all", stop)
        words = shlex.split(line)
        assert words[0] == "lrviz"
        assert main(words[1:]) == 2
    (spec,) = found
    return replace(spec, name="", filled=(), notes=())


@pytest.mark.parametrize("run", SHIPPED)
def test_the_command_of_a_shipped_curve_is_its_run(run: RunSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    line = command_line(run)
    assert line is not None
    assert read_again(line, monkeypatch) == replace(run, name="", filled=(), notes=())


@pytest.mark.parametrize("text", ODD, ids=lambda text: text.partition("(")[0])
def test_the_command_of_any_curve_is_its_run(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = read_run(text)
    line = command_line(run)
    assert line is not None
    assert read_again(line, monkeypatch) == replace(run, name="", filled=(), notes=())


@pytest.mark.filterwarnings("ignore")  # torch warns of its own composites
@pytest.mark.parametrize(
    "text", [*(info.example or info.short for info in all_schedulers() if not info.takes_metric), *ODD[:1]]
)
def test_the_line_of_a_script_makes_the_curve(text: str) -> None:
    run = read_run(text)
    optimizer = optim.SGD(nn.Linear(1, 1).parameters(), lr=1e-3, momentum=0.9)
    names: dict[str, Any] = {**vars(lr_scheduler), **vars(swa_utils), "optimizer": optimizer}
    exec(str(scheduler_line(run)), names)  # noqa: S102 - a line of our own
    rates = []
    for _ in range(run.loop.updates):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        names["scheduler"].step()
    assert rates == simulate(run).lr[:, 0].tolist()


def test_quotes_are_those_that_a_person_writes() -> None:
    assert command_line(read_run("CyclicLR(base_lr=0.1, max_lr=1, step_size_up=5, mode='triangular2')")) == (
        "lrviz plot \"CyclicLR(base_lr=0.1, max_lr=1, step_size_up=5, mode='triangular2')\" --lr 1e-3"
    )


def test_code_of_users_and_names_that_cannot_be_written() -> None:
    code = read_run("train.py:make(3)")
    assert (scheduler_line(code), command_line(code)) == (None, "lrviz plot 'train.py:make(3)' --lr 1e-3")
    run = read_run("cosine")
    groups = (replace(run.groups[0], name="a,b"), replace(run.groups[0], name="c"))
    assert command_line(replace(run, groups=groups)) is None


def test_every_class_of_torch_has_its_page() -> None:
    for info in all_schedulers():
        (url,) = documentation(f"{info.name}()").values()
        assert url.startswith("https://docs.pytorch.org/docs/stable/")
        assert info.name == "SWALR" or url.endswith(f"{info.module}.{info.name}.html")
    assert list(documentation("SequentialLR([LinearLR(), MyLR(), CosineAnnealingLR(T_max=2)], [3])")) == [
        "SequentialLR", "LinearLR", "CosineAnnealingLR",
    ]  # fmt: skip


def test_the_command_of_a_composition_is_short() -> None:
    line = command_line(read_run("wsd(decay=20%) @ steps=100"))
    assert line == "lrviz plot 'wsd(warmup=5, decay=20)' --lr 1e-3 --epochs 1 --steps-per-epoch 100"
