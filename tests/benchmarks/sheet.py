"""A preset rendered: the cheat sheet as PNG, SVG, CSV and page, against one figure of one curve."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from tests.benchmarks.processes import in_turn, lrviz, ratio
from tests.benchmarks.report import Finding, Plan, duration

RENDER = 2.5
CHECK = 1.5


def measure(plan: Plan) -> Iterator[Finding]:
    """`render cheatsheet`, and `--check` of it, against `plot cosine`."""
    commands = {
        "plot": lrviz("plot", "cosine", "-o", "plot.png"),
        "render": lrviz("render", "cheatsheet", "-o", "sheet"),
        "check": lrviz("render", "cheatsheet", "-o", "sheet", "--check"),
    }
    seconds = in_turn(commands, plan.runs, plan.folder)
    plot = seconds["plot"]
    for name, target in (("render", RENDER), ("check", CHECK)):
        detail = f"{duration(median(seconds[name]))} against {duration(median(plot))} of one plot"
        yield Finding(f"{name} cheatsheet, 17 panels", ratio(seconds[name], plot), "x", target, detail)
