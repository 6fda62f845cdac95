"""Optimizers that change their rate by themselves, with packages that stand for the real ones."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrviz.cli import main
from lrviz.errors import SpecError, UsageError
from lrviz.notation.script import MissingValuesError
from lrviz.schedulers import OWN_RATES
from lrviz.simulation import build, simulate
from lrviz.spec import Fields, RunSpec, read_all, read_run

# What schedule-free does without gradients: a warm-up of its own, and the rate of each update in `scheduled_lr`.
PACKAGE = """\
import torch

class AdamWScheduleFree(torch.optim.Optimizer):
    def __init__(self, params, lr=0.0025, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, warmup_steps=0):
        if warmup_steps < 0:
            raise ValueError("warmup_steps is negative")
        super().__init__(params, dict(lr=lr, betas=betas, warmup_steps=warmup_steps, k=0, scheduled_lr=0.0, mode=False))

    def train(self):
        for group in self.param_groups:
            group["mode"] = True

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            assert group["mode"]
            group["k"] += 1
            group["scheduled_lr"] = group["lr"] * min(1.0, group["k"] / max(1, group["warmup_steps"]))
"""
SCHEDULED = "the curve is the rate that `AdamWScheduleFree` uses, its `scheduled_lr`"
MISSING = (
    "`AdamWScheduleFree` changes the rate by itself, which is not drawn: the curve is not the rate that it uses; "
    "`pip install schedulefree` draws that"
)
ESTIMATED = (
    "`Prodigy` multiplies the rate by its own estimate `d`, which follows from the gradients: the curve is the rate "
    "before that, not the one it uses"
)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package `schedulefree`."""
    (tmp_path / "schedulefree.py").write_text(PACKAGE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "schedulefree", raising=False)
    build.optimizer_class.cache_clear()
    yield
    monkeypatch.delitem(sys.modules, "schedulefree", raising=False)
    build.optimizer_class.cache_clear()


def spec(text: str, **fields: str) -> RunSpec:
    """The run of a scheduler and of fields."""
    return read_run(text, Fields({"lr": "1", "steps": "8", **fields}))


def rates(text: str, **fields: str) -> list[float]:
    """The rates of the first group."""
    return list(map(float, simulate(spec(text, **fields)).lr[:, 0]))


@pytest.mark.usefixtures("package")
def test_the_rate_that_schedule_free_uses() -> None:
    optimizer = "AdamWScheduleFree(warmup_steps=4)"
    assert rates("constant(factor=1)", optimizer=optimizer) == [0.25, 0.5, 0.75, 1, 1, 1, 1, 1]
    run = spec("constant(factor=1)", optimizer=optimizer)
    assert (str(run.optimizer), run.notes) == (optimizer, (SCHEDULED,))
    groups = simulate(spec("constant(factor=1)", optimizer=optimizer, lr="1,2")).lr
    assert groups[1].tolist() == [0.5, 1.0]


@pytest.mark.usefixtures("package")
def test_a_scheduler_that_steps_once_an_epoch() -> None:
    epochs = {"epochs": "3", "steps_per_epoch": "3", "interval": "epoch", "optimizer": "adamwschedulefree"}
    each = Fields({"lr": "1", **epochs})
    assert simulate(read_run("StepLR(1, 0.5)", each)).lr[:, 0].tolist() == [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25]
    warmed = each.over({"optimizer": "AdamWScheduleFree(warmup_steps=6)"})
    expected = [(k + 1) / 6 * 0.5 ** (k // 3) for k in range(6)] + [0.25] * 3
    assert simulate(read_run("StepLR(1, 0.5)", warmed)).lr[:, 0].tolist() == expected
    plateau = simulate(read_run("plateau(patience=0, factor=0.5)", each.over({"metric": "3,3,3"})))
    assert plateau.lr[:, 0].tolist() == [1] * 6 + [0.5] * 3
    assert plateau.metric is not None
    assert plateau.metric[3:].tolist() == [3.0] * 6


SCRIPT = """\
from schedulefree import AdamWScheduleFree
optimizer = AdamWScheduleFree(model.parameters(), lr=0.5, warmup_steps=warmup)
for epoch in range(2):
    optimizer.train()
    for i in range(4):
        loss.backward()
        optimizer.step()
"""


@pytest.mark.usefixtures("package")
def test_a_script_without_a_scheduler() -> None:
    (run,) = read_all("warmup = 2\n" + SCRIPT)
    assert (str(run.optimizer), str(run.scheduler), run.notes) == (
        "AdamWScheduleFree(warmup_steps=2)", "no scheduler", (SCHEDULED,),
    )  # fmt: skip
    assert simulate(run).lr[:, 0].tolist() == [0.25, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
    with pytest.raises(MissingValuesError, match="warmup"):
        read_all(SCRIPT)
    by_hand = SCRIPT.replace("        loss", "        optimizer.param_groups[0]['lr'] = 0.1 * (i + 1)\n        loss")
    (run,) = read_all("warmup = 0\n" + by_hand)
    assert simulate(run).lr[:, 0].tolist() == [0.1 * (i + 1) for i in range(4)] * 2


@pytest.mark.usefixtures("package")
def test_the_package_refuses_a_value() -> None:
    with pytest.raises(SpecError, match=r"schedulefree refuses the optimizer .*: ValueError: warmup_steps is negative"):
        rates("constant", optimizer="AdamWScheduleFree(warmup_steps=-1)")


def test_a_package_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    for own in OWN_RATES.values():  # None makes the import fail
        monkeypatch.setitem(sys.modules, own.package, None)
    build.optimizer_class.cache_clear()
    run = spec("constant(factor=1)", optimizer="AdamWScheduleFree(warmup_steps=4)", momentum="0.8")
    assert run.notes == (MISSING,)
    assert simulate(run).lr[:, 0].tolist() == [1.0] * 8
    for name in OWN_RATES:
        assert rates("constant(factor=1)", optimizer=name) == [1.0] * 8
    build.optimizer_class.cache_clear()


@pytest.mark.usefixtures("package")
def test_a_package_in_the_current_folder_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if not (Path(path) / "schedulefree").exists()])
    run = spec("constant(factor=1)", optimizer="AdamWScheduleFree(warmup_steps=4)")
    assert run.notes == (MISSING,)
    assert simulate(run).lr[:, 0].tolist() == [1.0] * 8
    assert "schedulefree" not in sys.modules


def test_an_estimate_that_follows_from_gradients() -> None:
    assert spec("cosine", optimizer="prodigyopt.Prodigy").notes == (ESTIMATED,)
    script = "opt = Prodigy(model.parameters())\nscheduler = StepLR(opt, 2, 0.5)\n"
    (run,) = read_all("from prodigyopt import Prodigy\n" + script, Fields({"steps": "4"}))
    assert (run.groups[0].lr, run.notes) == (1.0, (ESTIMATED,))
    (run,) = read_all("from elsewhere import Prodigy\n" + script.replace("rs()", "rs(), lr=1"), Fields({"steps": "4"}))
    assert ESTIMATED not in run.notes


REFUSED = [
    ("AdamW(warmup_steps=4)", "`AdamW` takes no `warmup_steps=4` here", "write `AdamW` alone"),
    ("AdamWScheduleFree(warmup=4)", "`AdamWScheduleFree` takes no `warmup=4` here", "it takes warmup_steps=..."),
    ("AdamWScheduleFree(warmup_steps='a')", "`warmup_steps` of `AdamWScheduleFree` must be a number, got `'a'`", ""),
    ("AdamWScheduleFree(4)", "`AdamWScheduleFree` takes no `4` here", "it takes warmup_steps=..."),
    ("AdamWSchedulFree", "unknown optimizer `AdamWSchedulFree`", "did you mean `AdamWScheduleFree`? torch.optim has"),
]


@pytest.mark.parametrize(("text", "message", "hint"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_refused(text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        spec("cosine", optimizer=text)
    assert caught.value.message == message
    assert caught.value.hint.startswith(hint)


def test_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["code", "cosine", "--optimizer", "Prodigy"]) == 0
    assert "from prodigyopt import Prodigy\n" in capsys.readouterr().out
    assert main(["code", "cosine", "--optimizer", "SGDScheduleFree"]) == 2
    assert "needs its `train()` and `eval()`" in capsys.readouterr().err
