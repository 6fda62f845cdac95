"""Several curves: `compare` of eight to PNG against one `plot`, and a hundred parameter groups against a plain loop."""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Iterator

from torch import nn, optim
from torch.optim.lr_scheduler import CosineAnnealingLR

import lrviz as package
from tests.benchmarks.processes import in_turn, lrviz, ratio
from tests.benchmarks.report import Finding, Plan, duration

COMPARE_TARGET = 1.25
GROUPS_TARGET = 0.30
EIGHT = ("cosine", "step", "linear", "exponential", "polynomial", "cyclic", "onecycle", "warm-restarts")
GROUPS = 100


def measure(plan: Plan) -> Iterator[Finding]:
    """Whole processes first, then the loop of many groups.

    Raises:
        SystemExit: a rate differs from the plain loop's.
    """
    commands = {
        "compare": lrviz("compare", *EIGHT, "-o", "eight.png"),
        "plot": lrviz("plot", "cosine", "--T_max", "32", "-o", "one.png"),
    }
    seconds = in_turn(commands, plan.runs, plan.folder)
    detail = f"{duration(statistics.median(seconds['compare']))} against {duration(statistics.median(seconds['plot']))}"
    share = ratio(seconds["compare"], seconds["plot"])
    yield Finding(f"compare {len(EIGHT)} schedulers, one plot", share, "x", COMPARE_TARGET, detail)

    n = 5_000 if plan.quick else 100_000
    ours, plain = many_groups(n)
    detail = f"{duration(ours)} against {duration(plain)}, {n:,} steps"
    yield Finding(f"loop, {GROUPS} parameter groups", ours / plain, "x", GROUPS_TARGET, detail)


def many_groups(n: int) -> tuple[float, float]:
    """The seconds of one run of lrviz, and of the plain loop; once each, for the plain loop takes minutes."""
    rates = [1e-4 * (i + 1) for i in range(GROUPS)]
    package.simulate("cosine", lr=rates, epochs=1, steps_per_epoch=2)  # the first runs import, so they are not timed
    _plain_loop(rates, 2)
    start = time.perf_counter()
    trace = package.simulate("cosine", lr=rates, epochs=1, steps_per_epoch=n)
    middle = time.perf_counter()
    recorded = _plain_loop(rates, n)
    end = time.perf_counter()
    if trace.lr.tolist() != recorded:
        raise SystemExit(f"{GROUPS} groups: the rates are not those of the plain loop")
    return middle - start, end - middle


def _plain_loop(rates: list[float], n: int) -> list[list[float]]:
    """The rates (N, G) of a training loop as it is written by hand."""
    optimizer = optim.SGD([{"params": nn.Linear(2, 1).parameters(), "lr": lr} for lr in rates])
    recorded = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler = CosineAnnealingLR(optimizer, T_max=n)
        for _ in range(n - 1):
            recorded.append([group["lr"] for group in optimizer.param_groups])
            optimizer.step()
            scheduler.step()
    recorded.append([group["lr"] for group in optimizer.param_groups])
    return recorded
