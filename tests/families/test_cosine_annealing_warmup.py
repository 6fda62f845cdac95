"""CosineAnnealingWarmupRestarts, with a package after its formula that stands for its own, which is in no index."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import pytest

from lrviz.cli import main
from lrviz.errors import SpecError
from lrviz.schedulers.families.cosine_annealing_warmup import FAMILY
from lrviz.simulation import simulate
from lrviz.spec import Fields, read_all, read_run
from tests.families.stubs import write_package

# As the class does: a `step()` of its own, which the constructor of torch calls once; then all groups are set to
# min_lr, whatever their rate was. The part of a cycle after its warm-up is multiplied, and cut to a whole number.
SCHEDULER = """
from math import cos, pi

from torch.optim.lr_scheduler import LRScheduler


class CosineAnnealingWarmupRestarts(LRScheduler):
    def __init__(self, optimizer, first_cycle_steps, cycle_mult=1.0, max_lr=0.1, min_lr=0.001, warmup_steps=0,
                 gamma=1.0, last_epoch=-1):
        assert warmup_steps < first_cycle_steps
        self.length, self.times, self.top, self.low = first_cycle_steps, cycle_mult, max_lr, min_lr
        self.rise, self.gamma, self.cycle, self.at = warmup_steps, gamma, 0, last_epoch
        super().__init__(optimizer, last_epoch)
        self.write(min_lr)

    def write(self, rate):
        for group in self.optimizer.param_groups:
            group["lr"] = rate

    def step(self):
        self.last_epoch += 1
        self.at += 1
        if self.at >= self.length:
            self.at -= self.length
            self.cycle += 1
            self.length = int((self.length - self.rise) * self.times) + self.rise
        height = self.top * self.gamma**self.cycle - self.low
        if self.at < self.rise:
            self.write(height * self.at / self.rise + self.low)
        else:
            self.write(self.low + height * (1 + cos(pi * (self.at - self.rise) / (self.length - self.rise))) / 2)
"""
SCRIPT = """\
from cosine_annealing_warmup import CosineAnnealingWarmupRestarts
optimizer = SGD(model.parameters(), lr=0.1)
scheduler = CosineAnnealingWarmupRestarts(optimizer, first_cycle_steps=4, max_lr=1.0, min_lr=0.0, warmup_steps=2)
for epoch in range(5):
    for batch in range(2):
        optimizer.step()
    scheduler.step()
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the import path that has the package."""
    init = "from cosine_annealing_warmup.scheduler import CosineAnnealingWarmupRestarts\n"
    write_package(tmp_path, "cosine_annealing_warmup", init=init, scheduler=SCHEDULER)
    for name in ("cosine_annealing_warmup", "cosine_annealing_warmup.scheduler"):
        monkeypatch.setitem(sys.modules, name, sys)  # so that what is imported here is removed again
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def cycle(steps: int, warmup: int, top: float, low: float) -> list[float]:
    """The rates of one cycle."""
    rise = [(top - low) * step / warmup + low for step in range(warmup)]
    fall = steps - warmup
    return rise + [low + (top - low) * (1 + math.cos(math.pi * step / fall)) / 2 for step in range(fall)]


@pytest.mark.usefixtures("site")
def test_the_rates_of_each_cycle() -> None:
    text = "CosineAnnealingWarmupRestarts(optimizer, first_cycle_steps=10, {})"
    for values, expected in [
        ("max_lr=0.5, min_lr=0.01, warmup_steps=4", [*cycle(10, 4, 0.5, 0.01)] * 3),
        (
            "cycle_mult=1.5, max_lr=0.5, min_lr=0.01, warmup_steps=4, gamma=0.5",
            [*cycle(10, 4, 0.5, 0.01), *cycle(13, 4, 0.25, 0.01), *cycle(17, 4, 0.125, 0.01)],
        ),
        ("max_lr=0.5, min_lr=0.0", [0.0, *(2 * cycle(10, 0, 0.5, 0.0))[1:]]),  # the first update has min_lr
        ("cycle_mult=0.5", [0.001, *cycle(10, 0, 0.1, 0.001)[1:], *cycle(5, 0, 0.1, 0.001), *cycle(2, 0, 0.1, 0.001)]),
    ]:
        fields = Fields({"lr": "0.3,0.02", "steps": str(len(expected))})
        rates = simulate(read_run(text.format(values), fields)).lr
        assert rates[:, 0].tolist() == rates[:, 1].tolist() == expected, values


@pytest.mark.usefixtures("site")
def test_a_script_that_steps_it_once_an_epoch() -> None:
    (run,) = read_all(SCRIPT)
    assert simulate(run).lr[:, 0].tolist() == [0.0, 0.0, 0.5, 0.5, 1.0, 1.0, 0.5, 0.5, 0.0, 0.0]


@pytest.mark.usefixtures("site")
def test_the_example_and_its_curve(capsys: pytest.CaptureFixture[str]) -> None:
    (info,) = FAMILY.schedulers
    rates = simulate(read_run(info.example)).lr[:, 0].tolist()
    assert FAMILY.curves[info.short] == tuple(round(rate * 1e6) for rate in rates)
    with pytest.raises(SpecError, match="needs fewer `warmup_steps` than `first_cycle_steps`, got 4 and 4"):
        read_run("cosine-warmup-restarts(first_cycle_steps=4, warmup_steps=4)")
    assert main(["code", info.example]) == 0
    assert "from cosine_annealing_warmup import CosineAnnealingWarmupRestarts" in capsys.readouterr().out
