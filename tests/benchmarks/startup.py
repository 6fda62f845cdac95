"""Start-up: what answers without torch, matplotlib and numpy, against the imports of a command line alone."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.processes import in_turn, lrviz, median_seconds, python, ratio
from tests.benchmarks.report import Finding, Plan, duration

TARGET = 1.6


def measure(plan: Plan) -> Iterator[Finding]:
    """`--help`, `schedulers` and three wrong command lines, each against `import typer, rich.console`."""
    floor = "import typer, rich.console"
    commands = {
        floor: python("-c", floor),
        "--help": lrviz("--help"),
        "schedulers": lrviz("schedulers"),
        "plot cosine --T_mx 3": lrviz("plot", "cosine", "--T_mx", "3", status=2),
        "plot step --step_size 0": lrviz("plot", "step", "--step_size", "0", status=2),
        "plot cosin": lrviz("plot", "cosin", status=2),
    }
    finished = in_turn(commands, plan.runs, plan.folder)
    base = finished.pop(floor)
    for name, each in finished.items():
        detail = f"{duration(median_seconds(each))} against {duration(median_seconds(base))} of `{floor}`"
        yield Finding(f"lrviz {name}", ratio(each, base), "x", TARGET, detail)
