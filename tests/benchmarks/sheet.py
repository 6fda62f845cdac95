"""Presets rendered as PNG, SVG, CSV and page: the cheat sheet against one plot, seven figures against the imports."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from tests.benchmarks.processes import YARDSTICKS, in_turn, lrviz, python, ratio
from tests.benchmarks.report import Finding, Plan, duration

RENDER = 2.5
CHECK = 1.5
TOUR = 1.3


def measure(plan: Plan) -> Iterator[Finding]:
    """`render cheatsheet`, and `--check` of it, against `plot cosine`; `render scheduler-tour` against two imports."""
    commands = {
        "plot": lrviz("plot", "cosine", "-o", "plot.png"),
        "render": lrviz("render", "cheatsheet", "-o", "sheet"),
        "check": lrviz("render", "cheatsheet", "-o", "sheet", "--check"),
        "tour": lrviz("render", "scheduler-tour", "-o", "tour"),
        "imports": python(str(YARDSTICKS / "two_imports.py")),
    }
    seconds = in_turn(commands, plan.runs, plan.folder)
    plot = seconds["plot"]
    for name, target in (("render", RENDER), ("check", CHECK)):
        detail = f"{duration(median(seconds[name]))} against {duration(median(plot))} of one plot"
        yield Finding(f"{name} cheatsheet, 17 panels", ratio(seconds[name], plot), "x", target, detail)
    detail = f"{duration(median(seconds['tour']))} against {duration(median(seconds['imports']))} of two imports"
    yield Finding("render scheduler-tour, 7 figures", ratio(seconds["tour"], seconds["imports"]), "x", TOUR, detail)
