"""What lrviz shows is what a training loop over torch would use, to the last bit.

The other side of every comparison is written out here: a line of Python run as it stands, a real SGD, a plain loop.
"""

from __future__ import annotations

import ast
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch.optim import SGD, lr_scheduler, swa_utils
from torch.optim.lr_scheduler import (
    ChainedScheduler,
    ConstantLR,
    CosineAnnealingLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiStepLR,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)
from torch.optim.swa_utils import SWALR

import lrviz
from lrviz.errors import LrvizError
from lrviz.schedulers import all_schedulers, find
from lrviz.trace import Trace
from tests.random_runs import RandomRun, random_run
from tests.versions import TORCH

RUNS = [random_run(seed) for seed in range(303)]  # three of them break in training
CLASSES = {name: value for name, value in vars(lr_scheduler).items() if isinstance(value, type)} | {"SWALR": SWALR}


@dataclass(frozen=True)
class Loop:
    """A training loop as people write it."""

    epochs: int
    steps_per_epoch: int
    interval: str = "step"
    lrs: tuple[float, ...] = (1e-3,)

    @property
    def calls(self) -> int:
        return self.epochs * (self.steps_per_epoch if self.interval == "step" else 1)

    def loss(self, call: int) -> float:
        """The loss that stalls after a quarter of the run, for ReduceLROnPlateau."""
        return 1 / (1 + min(call, self.calls // 4))

    def train(self, make: Callable[[SGD], Any]) -> tuple[list[list[float]], list[list[float]]]:
        """The rates and the momenta that every update uses, a list for each with a value for each group."""
        groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": lr} for lr in self.lrs]
        optimizer = SGD(groups, lr=self.lrs[0])
        scheduler = make(optimizer)
        rates, momenta = [], []
        call = 0
        for _ in range(self.epochs):
            for _ in range(self.steps_per_epoch):
                rates.append([group["lr"] for group in optimizer.param_groups])
                momenta.append([group["momentum"] for group in optimizer.param_groups])
                optimizer.step()
                if self.interval == "step":
                    self.step(scheduler, call)
                    call += 1
            if self.interval == "epoch":
                self.step(scheduler, call)
                call += 1
        return rates, momenta

    def step(self, scheduler: Any, call: int) -> None:
        if call == self.calls - 1:
            return  # nothing is trained after the last step
        if isinstance(scheduler, ReduceLROnPlateau):
            scheduler.step(self.loss(call))
        else:
            scheduler.step()

    def simulate(self, notation: str, **lets: Any) -> Trace:
        lrs: Any = self.lrs if len(self.lrs) > 1 else self.lrs[0]
        return lrviz.simulate(
            notation,
            lr=lrs,
            epochs=self.epochs,
            steps_per_epoch=self.steps_per_epoch,
            interval="step" if self.interval == "step" else "epoch",
            lets=lets,
        )


def pasted(line: str, loop: Loop) -> Callable[[SGD], Any]:
    """What makes the scheduler of a line of Python, by running it."""

    def make(optimizer: SGD) -> Any:
        names = CLASSES | {
            "optimizer": optimizer,
            "opt": optimizer,
            "torch": torch,
            "optim": torch.optim,
            "lr_scheduler": lr_scheduler,
            "swa_utils": swa_utils,
            "math": math,
            "total_steps": loop.calls,
        }
        return eval(line, names)  # noqa: S307 - a line made by this test, run as a training script would run it

    return make


def assert_equal(trace: Trace, trained: tuple[list[list[float]], list[list[float]]]) -> None:
    rates, momenta = trained
    assert trace.lr.tolist() == rates
    if trace.momentum is None:
        assert momenta == [[0] * len(rates[0])] * len(rates)
    else:
        assert trace.momentum.tolist() == momenta


@pytest.mark.filterwarnings("ignore")  # torch warns of its own composites
@pytest.mark.parametrize("run", RUNS, ids=[f"{seed}" for seed in range(len(RUNS))])
def test_a_random_run_equals_a_plain_loop(run: RandomRun) -> None:
    loop = Loop(run.epochs, run.steps_per_epoch, run.interval, run.lrs)
    try:
        trained = loop.train(pasted(run.line, loop))
        usable = all(math.isfinite(rate) and rate > -1e-9 for rates in trained[0] for rate in rates)
    except (ArithmeticError, ValueError):
        usable = False
    if usable:
        assert_equal(loop.simulate(run.line), trained)
    else:  # what breaks in training is an error here
        with pytest.raises(LrvizError):
            loop.simulate(run.line)


def test_the_random_runs_try_everything() -> None:
    calls = [node for run in RUNS for node in ast.walk(ast.parse(run.line)) if isinstance(node, ast.Call)]
    seen = Counter(ast.unparse(call.func).rpartition(".")[2] for call in calls)
    assert all(seen[scheduler.name] >= 9 for scheduler in all_schedulers())
    assert Counter(run.interval for run in RUNS)["epoch"] > 50
    assert Counter(len(run.lrs) for run in RUNS)[3] > 25
    assert sum("lr_lambda=[" in run.line for run in RUNS) > 10


@dataclass(frozen=True)
class Example:
    """An example from torch's documentation: the text as it stands there, and the code in it that makes a scheduler."""

    scheduler: str
    text: str
    code: str


def documented() -> list[Example]:
    """The examples in the docstrings of the installed torch's schedulers, one for each scheduler made there."""
    found = []
    for name, cls in CLASSES.items():
        lines = [line.strip() for line in (cls.__doc__ or "").splitlines()]
        lines = [line for line in lines if line.startswith((">>>", "..."))]
        plain = [line[4:] for line in lines]
        if find(name) is None or not lines:
            continue
        statements = [s for s in ast.parse("\n".join(plain)).body if isinstance(s, ast.Assign)]
        for at, statement in enumerate(statements):
            if isinstance(statement.value, ast.Call) and ast.unparse(statement.value.func).rpartition(".")[2] == name:
                text = "\n".join(lines[: statement.end_lineno]).replace("len(data_loader)", "steps_per_epoch")
                needed = [s for s in statements[:at] if not made_elsewhere(s)] + [statement]
                code = "\n".join(map(ast.unparse, needed))
                found.append(Example(name, text, code.replace("len(data_loader)", "steps_per_epoch")))
    return found


def made_elsewhere(statement: ast.Assign) -> bool:
    """Whether a line of an example makes what is there already, the optimizer or the data, or another scheduler."""
    made = ast.unparse(statement.targets[0])
    return "optimizer" in made or made in ("data_loader", "scheduler")


DOCUMENTED = documented()


def test_every_scheduler_has_its_documented_example() -> None:
    without = {"ExponentialLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts"} if TORCH < (2, 8) else set()
    assert {example.scheduler for example in DOCUMENTED} == {s.name for s in all_schedulers()} - without


@pytest.mark.parametrize("interval", ["step", "epoch"])
@pytest.mark.parametrize("example", DOCUMENTED, ids=[e.scheduler for e in DOCUMENTED])
def test_an_example_from_torch_s_documentation(example: Example, interval: str) -> None:
    lrs = (0.05, 0.1) if "two groups" in example.text else (0.05,)
    loop = Loop(40 if interval == "epoch" else 10, 7, interval, lrs)

    def make(optimizer: SGD) -> Any:
        names: dict[str, Any] = {"optimizer": optimizer, "opt": optimizer, "torch": torch, "steps_per_epoch": 7}
        exec(example.code, CLASSES | names, names)  # noqa: S102 - torch's own documentation
        return names["swa_scheduler" if example.scheduler == "SWALR" else "scheduler"]

    assert_equal(loop.simulate(example.text), loop.train(make))


@dataclass(frozen=True)
class Snippet:
    """Code as it stands in a project, and the scheduler that it makes there."""

    text: str
    make: Callable[[SGD], Any]
    loop: Loop = Loop(epochs=10, steps_per_epoch=6)
    lets: Callable[[], dict[str, Any]] = dict


def warmup_cosine(optimizer: SGD, warmup: int, total: int) -> SequentialLR:
    first = LinearLR(optimizer, start_factor=0.01, total_iters=warmup)
    then = CosineAnnealingLR(optimizer, T_max=total - warmup, eta_min=1e-6)
    return SequentialLR(optimizer, [first, then], milestones=[warmup])


SNIPPETS = {
    "lightning's dict entry": Snippet(
        """            "scheduler": CosineAnnealingLR(self.optimizer, T_max=num_epochs, eta_min=1e-6),  # per epoch""",
        lambda o: CosineAnnealingLR(o, T_max=10, eta_min=1e-6),
        Loop(10, 4, "epoch"),
        lambda: {"num_epochs": 10},
    ),
    "lightning's dict": Snippet(
        """
        scheduler = OneCycleLR(optimizer, max_lr=0.1, total_steps=self_total)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": scheduler, "interval": "step", "frequency": 1},
        }
        """,
        lambda o: OneCycleLR(o, max_lr=0.1, total_steps=60),
        lets=lambda: {"self_total": 60},
    ),
    "lightning's two lists": Snippet(
        """
        optimizer = torch.optim.SGD(self.parameters(), lr=1e-3)
        scheduler = MultiStepLR(optimizer, milestones=[20, 40], gamma=0.5)
        return [optimizer], [scheduler]
        """,
        lambda o: MultiStepLR(o, milestones=[20, 40], gamma=0.5),
    ),
    "warm-up and cosine, with variables, made in another order": Snippet(
        """warmup_steps = int(0.1 * total_steps)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimizer, T_max=total_steps - warmup_steps, eta_min=1e-6
    )
    warmup = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.01, total_iters=warmup_steps)
    lr_scheduler = torch.optim.lr_scheduler.SequentialLR(
        optimizer,
        schedulers=[warmup, cosine],
        milestones=[warmup_steps],  # then the cosine takes over
    )""",
        lambda o: warmup_cosine(o, 6, 60),
    ),
    "an attribute of self": Snippet(
        "        self.scheduler = optim.lr_scheduler.StepLR(self.optimizer_G, step_size=args_step, gamma=0.1)",
        lambda o: StepLR(o, step_size=7, gamma=0.1),
        lets=lambda: {"args_step": 7},
    ),
    "an alias, a comma at the end, a comment": Snippet(
        "lr_sched.ExponentialLR(opt, 0.97),  # decays slowly",
        lambda o: ExponentialLR(o, 0.97),
    ),
    "ImageNet's reference": Snippet(
        """
        main_lr_scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=lr_step_size, gamma=0.1)
        warmup_lr_scheduler = torch.optim.lr_scheduler.ConstantLR(
            optimizer, factor=lr_warmup_decay, total_iters=lr_warmup_epochs
        )
        lr_scheduler = torch.optim.lr_scheduler.SequentialLR(
            optimizer, schedulers=[warmup_lr_scheduler, main_lr_scheduler], milestones=[lr_warmup_epochs]
        )
        """,
        lambda o: SequentialLR(o, [ConstantLR(o, 0.01, 5), StepLR(o, 9)], [5]),
        Loop(30, 2, "epoch", (0.1,)),
        lambda: {"lr_step_size": 9, "lr_warmup_decay": 0.01, "lr_warmup_epochs": 5},
    ),
    "a loop after it": Snippet(
        """
        from torch.optim.lr_scheduler import LambdaLR
        warmup = 8
        scheduler = LambdaLR(optimizer, lr_lambda=lambda step: min((step + 1) ** -0.5, (step + 1) * warmup ** -1.5))
        for epoch in range(num_epochs):
            train(model, optimizer)
            scheduler.step()
        """,
        lambda o: LambdaLR(o, lambda step: min((step + 1) ** -0.5, (step + 1) * 8**-1.5)),
    ),
    "a lambda for each group, named before": Snippet(
        """
        decay = lambda epoch: 0.95 ** epoch
        freeze = lambda epoch: 0.0 if epoch < 3 else 1.0
        scheduler = LambdaLR(optimizer, [freeze, decay], last_epoch=-1)
        """,
        lambda o: LambdaLR(o, [lambda epoch: 0.0 if epoch < 3 else 1.0, lambda epoch: 0.95**epoch]),
        Loop(8, 3, "epoch", (1e-4, 1e-3)),
    ),
    "reduce on plateau": Snippet(
        "scheduler = ReduceLROnPlateau(optimizer, 'min', factor=0.5, patience=2, threshold=1e-4, min_lr=1e-6)",
        lambda o: ReduceLROnPlateau(o, "min", factor=0.5, patience=2, threshold=1e-4, min_lr=1e-6),
    ),
    "chained, the optimizer by position": Snippet(
        "scheduler: LRScheduler = ChainedScheduler([LinearLR(opt, 0.1, total_iters=4), ExponentialLR(opt, 0.9)], opt)",
        lambda o: ChainedScheduler([LinearLR(o, 0.1, total_iters=4), ExponentialLR(o, 0.9)], o),
    ),
    "weights averaged at the end": Snippet(
        "swa_scheduler = optim.swa_utils.SWALR(optimizer, anneal_strategy='linear', anneal_epochs=5, swa_lr=0.05)",
        lambda o: SWALR(o, anneal_strategy="linear", anneal_epochs=5, swa_lr=0.05),
        Loop(12, 2, "epoch", (0.1,)),
    ),
    "last_epoch by position": Snippet("StepLR(optimizer, 5, 0.3, -1)", lambda o: StepLR(o, 5, 0.3)),
    "an optimizer made on the spot": Snippet(
        "StepLR(torch.optim.Adam(model.parameters(), lr=1e-3), step_size=5)", lambda o: StepLR(o, step_size=5)
    ),
}


@pytest.mark.parametrize("snippet", SNIPPETS.values(), ids=SNIPPETS.keys())
def test_code_as_projects_have_it(snippet: Snippet) -> None:
    assert_equal(snippet.loop.simulate(snippet.text, **snippet.lets()), snippet.loop.train(snippet.make))
