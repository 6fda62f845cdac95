"""Start-up: what answers without torch, matplotlib and numpy, against the imports of a command line alone."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from tests.benchmarks.processes import in_turn, lrviz, python, ratio
from tests.benchmarks.report import Finding, Plan, duration

TARGET = 1.6


def measure(plan: Plan) -> Iterator[Finding]:
    """`--help`, `schedulers`, a page and three wrong command lines, each against `import typer, rich.console`."""
    floor = "import typer, rich.console"
    commands = {
        floor: python("-c", floor),
        "--help": lrviz("--help"),
        "schedulers": lrviz("schedulers"),
        "schedulers cosine": lrviz("schedulers", "cosine"),
        "plot cosine --T_mx 3": lrviz("plot", "cosine", "--T_mx", "3", status=2),
        "plot step --step_size 0": lrviz("plot", "step", "--step_size", "0", status=2),
        "plot cosin": lrviz("plot", "cosin", status=2),
    }
    seconds = in_turn(commands, plan.runs, plan.folder)
    base = seconds.pop(floor)
    for name, each in seconds.items():
        detail = f"{duration(median(each))} against {duration(median(base))} of imports alone"
        yield Finding(f"lrviz {name}", ratio(each, base), "x", TARGET, detail)
