"""The loop: time per step for each scheduler, against a plain loop over a real SGD in the same process."""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from torch import nn, optim
from torch.optim import lr_scheduler as torch_lr
from torch.optim.swa_utils import SWALR

import lrviz
from lrviz.trace import Trace
from tests.benchmarks.report import Finding, Plan, duration

EACH_TARGET = 0.35
MEDIAN_TARGET = 0.22
GROUPS, GROUPS_TARGET = 100, 0.30
LR = 1e-3


@dataclass(frozen=True)
class Row:
    """One schedule, as notation and as the torch object it stands for."""

    notation: str
    make: Callable[[optim.Optimizer], torch_lr.LRScheduler]


def rows(n: int) -> dict[str, Row]:
    """A schedule of n steps for each scheduler of the catalogue, by class name."""
    tenth = n // 10
    return {
        "StepLR": Row("StepLR(step_size=10, gamma=0.999)", lambda o: torch_lr.StepLR(o, step_size=10, gamma=0.999)),
        "MultiStepLR": Row(
            f"MultiStepLR(milestones=[{tenth}, {5 * tenth}])",
            lambda o: torch_lr.MultiStepLR(o, milestones=[tenth, 5 * tenth]),
        ),
        "ConstantLR": Row(f"ConstantLR(total_iters={tenth})", lambda o: torch_lr.ConstantLR(o, total_iters=tenth)),
        "LinearLR": Row(f"LinearLR(total_iters={n})", lambda o: torch_lr.LinearLR(o, total_iters=n)),
        "ExponentialLR": Row("ExponentialLR(gamma=0.9999)", lambda o: torch_lr.ExponentialLR(o, gamma=0.9999)),
        "PolynomialLR": Row(
            f"PolynomialLR(total_iters={n}, power=2.0)", lambda o: torch_lr.PolynomialLR(o, total_iters=n, power=2.0)
        ),
        "CosineAnnealingLR": Row(f"CosineAnnealingLR(T_max={n})", lambda o: torch_lr.CosineAnnealingLR(o, T_max=n)),
        "CosineAnnealingWarmRestarts": Row(
            f"CosineAnnealingWarmRestarts(T_0={tenth})",
            lambda o: torch_lr.CosineAnnealingWarmRestarts(o, T_0=tenth),
        ),
        "CyclicLR": Row(
            f"CyclicLR(base_lr=1e-4, max_lr=1e-3, step_size_up={tenth})",
            lambda o: torch_lr.CyclicLR(o, base_lr=1e-4, max_lr=1e-3, step_size_up=tenth),
        ),
        "OneCycleLR": Row(
            f"OneCycleLR(max_lr=1e-3, total_steps={n})", lambda o: torch_lr.OneCycleLR(o, max_lr=1e-3, total_steps=n)
        ),
        "SWALR": Row("SWALR(swa_lr=1e-4)", lambda o: SWALR(o, swa_lr=1e-4)),
        "ReduceLROnPlateau": Row("ReduceLROnPlateau()", torch_lr.ReduceLROnPlateau),
        "LambdaLR": Row(
            "LambdaLR(lr_lambda=lambda epoch: 0.9999 ** epoch)",
            lambda o: torch_lr.LambdaLR(o, lr_lambda=lambda epoch: 0.9999**epoch),
        ),
        "MultiplicativeLR": Row(
            "MultiplicativeLR(lr_lambda=lambda epoch: 0.9999)",
            lambda o: torch_lr.MultiplicativeLR(o, lr_lambda=lambda _: 0.9999),
        ),
        "SequentialLR": Row(
            f"SequentialLR([LinearLR(start_factor=0.1, total_iters={tenth}), CosineAnnealingLR(T_max={n - tenth})], "
            f"milestones=[{tenth}])",
            lambda o: torch_lr.SequentialLR(
                o,
                [
                    torch_lr.LinearLR(o, start_factor=0.1, total_iters=tenth),
                    torch_lr.CosineAnnealingLR(o, T_max=n - tenth),
                ],
                milestones=[tenth],
            ),
        ),
        "ChainedScheduler": Row(
            f"ChainedScheduler([LinearLR(total_iters={tenth}), ExponentialLR(gamma=0.9999)])",
            lambda o: torch_lr.ChainedScheduler(
                [torch_lr.LinearLR(o, total_iters=tenth), torch_lr.ExponentialLR(o, gamma=0.9999)]
            ),
        ),
    }


def plain_loop(make: Callable[[optim.Optimizer], torch_lr.LRScheduler], n: int, metrics: list[float]) -> list[float]:
    """The n rates of a training loop as it is written by hand; `metrics` are what a plateau's `step` is given."""
    optimizer = optim.SGD(nn.Linear(2, 1).parameters(), lr=LR)
    scheduler = make(optimizer)
    group = optimizer.param_groups[0]
    rates = []
    if isinstance(scheduler, torch_lr.ReduceLROnPlateau):
        for metric in metrics:
            rates.append(group["lr"])
            optimizer.step()
            scheduler.step(metric)
    else:
        for _ in range(n - 1):
            rates.append(group["lr"])
            optimizer.step()
            scheduler.step()
    rates.append(group["lr"])
    return rates


def plain_loop_of_groups(make: Callable[[optim.Optimizer], torch_lr.LRScheduler], n: int) -> list[list[float]]:
    """The n rates of each of many parameter groups, by hand."""
    optimizer = optim.SGD([{"params": nn.Linear(2, 1).parameters()} for _ in range(GROUPS)], lr=LR)
    scheduler = make(optimizer)
    rates = []
    for _ in range(n - 1):
        rates.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        scheduler.step()
    rates.append([group["lr"] for group in optimizer.param_groups])
    return rates


def measure(plan: Plan) -> Iterator[Finding]:
    """Each scheduler's time per step as a share of the plain loop's, the median over all, and many groups.

    Raises:
        SystemExit: a rate differs from the plain loop's.
    """
    n = 2_000 if plan.quick else 20_000
    shares = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own, such as the deprecated argument inside SequentialLR
        for name, row in rows(n).items():
            share, detail = compare(name, row, n, plan.runs)
            shares.append(share)
            yield Finding(f"loop, {name}", share, "x", EACH_TARGET, detail)
        detail = f"{len(shares)} schedulers, {n:,} steps"
        yield Finding("loop, median", statistics.median(shares), "x", MEDIAN_TARGET, detail)
        share, detail = compare_groups(n // 10, plan.runs)
        yield Finding(f"loop, {GROUPS} groups", share, "x", GROUPS_TARGET, detail)


def compare(name: str, row: Row, n: int, runs: int) -> tuple[float, str]:
    """The share of the plain loop's time that lrviz takes for one scheduler, and what it is made of.

    Raises:
        SystemExit: a rate differs from the plain loop's.
    """

    def ours() -> Trace:
        return lrviz.simulate(row.notation, lr=LR, epochs=1, steps_per_epoch=n)

    trace = ours()  # the first run imports, so it is not timed
    metrics = [] if trace.metric is None else trace.metric[1:].tolist()
    if trace.lr[:, 0].tolist() != plain_loop(row.make, n, metrics):
        raise SystemExit(f"{name}: the rates are not those of the plain loop")
    return _share(ours, lambda: plain_loop(row.make, n, metrics), n, runs)


def compare_groups(n: int, runs: int) -> tuple[float, str]:
    """As `compare`, for one cosine over many parameter groups.

    Raises:
        SystemExit: a rate differs from the plain loop's.
    """
    row = rows(n)["CosineAnnealingLR"]

    def ours() -> Trace:
        return lrviz.simulate(row.notation, lr=[LR] * GROUPS, epochs=1, steps_per_epoch=n)

    if ours().lr.tolist() != plain_loop_of_groups(row.make, n):
        raise SystemExit(f"{GROUPS} groups: the rates are not those of the plain loop")
    return _share(ours, lambda: plain_loop_of_groups(row.make, n), n, runs)


def _share(ours: Callable[[], object], plain: Callable[[], object], n: int, runs: int) -> tuple[float, str]:
    """The median share over runs in turn, and the median time of a step of each."""
    pairs = []
    for turn in range(runs):
        if turn % 2 == 0:
            mine = _seconds(ours)
            pairs.append((mine, _seconds(plain)))
        else:
            theirs = _seconds(plain)
            pairs.append((_seconds(ours), theirs))
    share = statistics.median(mine / theirs for mine, theirs in pairs)
    mine, theirs = (statistics.median(times) / n for times in zip(*pairs, strict=True))
    return share, f"{duration(mine)} against {duration(theirs)} a step"


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
