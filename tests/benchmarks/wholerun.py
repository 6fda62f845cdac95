"""Whole runs: `lrviz plot cosine` to PNG against the script people write, and against the two imports alone."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from tests.benchmarks.processes import YARDSTICKS, in_turn, lrviz, python, ratio
from tests.benchmarks.report import Finding, Plan, duration

EPOCHS = 4
EIGHT = ("cosine", "step", "multistep", "linear", "exponential", "polynomial", "warm-restarts", "onecycle")
# Steps in the run, and the share of the hand-written script's time that is aimed at.
SIZES = {32: 0.60, 100_000: None, 1_000_000: 0.35}


def measure(plan: Plan) -> Iterator[Finding]:
    """One cosine over the whole run, at each size; then eight schedulers in one figure."""
    for steps, target in SIZES.items():
        if plan.quick and steps > 100_000:
            continue
        per_epoch = str(steps // EPOCHS)
        length = () if steps == 32 else ("--epochs", str(EPOCHS), "--steps-per-epoch", per_epoch)
        commands = {
            "lrviz": lrviz("plot", "cosine", "--T_max", str(steps), *length, "-o", "lrviz.png"),
            "by hand": python(str(YARDSTICKS / "by_hand.py"), per_epoch, "by_hand.png"),
        }
        if steps == 32:
            commands["imports"] = python(str(YARDSTICKS / "two_imports.py"))
        # Long runs vary less, in proportion.
        runs = plan.runs if steps < 1_000_000 else max(1, plan.runs // 3)
        seconds = in_turn(commands, runs, plan.folder)
        ours, by_hand = seconds["lrviz"], seconds["by hand"]
        what = f"plot cosine, {steps:,} steps"
        took = duration(median(ours))
        detail = f"{took} against {duration(median(by_hand))} by hand"
        yield Finding(f"{what}, by hand", ratio(ours, by_hand), "x", target, detail)
        if imports := seconds.get("imports"):
            detail = f"{took} against {duration(median(imports))} of two imports"
            yield Finding(f"{what}, imports", ratio(ours, imports), "x", 1.05, detail)

    commands = {
        "eight": lrviz("compare", *EIGHT, "-o", "eight.png"),
        "one": lrviz("plot", "cosine", "-o", "one.png"),
    }
    seconds = in_turn(commands, plan.runs, plan.folder)
    eight, one = seconds["eight"], seconds["one"]
    detail = f"{duration(median(eight))} against {duration(median(one))} of one `plot`"
    yield Finding("compare, eight schedulers", ratio(eight, one), "x", 1.25, detail)
