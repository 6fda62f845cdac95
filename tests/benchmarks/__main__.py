"""`python -m tests.benchmarks`: measure and print; the exit status says only whether it ran."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from tests.benchmarks.report import Finding, Plan, show, write_json

BENCHMARKS = ("startup", "wholerun", "loop", "scripts", "sheet", "memory")


def main(words: list[str] | None = None) -> None:
    """Read the options, run the benchmarks one after the other, report."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="How quick and how light lrviz is.")
    parser.add_argument("--runs", type=int, metavar="N", help="timed runs of each pair (7, or 3 when quick)")
    parser.add_argument("--quick", action="store_true", help="fewer runs, nothing that takes long")
    parser.add_argument("--only", action="append", choices=BENCHMARKS, help="one benchmark alone; repeatable")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the findings to FILE as well")
    options = parser.parse_args(words)
    runs = options.runs if options.runs is not None else (3 if options.quick else 7)
    if runs < 1:
        parser.error(f"--runs must be 1 or more, got {runs}")

    findings: list[Finding] = []
    with TemporaryDirectory() as folder, Console(stderr=True).status("") as status:
        plan = Plan(runs=runs, quick=options.quick, folder=Path(folder))
        for name in options.only or BENCHMARKS:
            status.update(f"{name} ...")
            # Imported when its turn comes: the loop's module brings torch.
            for finding in importlib.import_module(f"tests.benchmarks.{name}").measure(plan):
                findings.append(finding)
                status.update(f"{name}: {finding.what}")
    console = Console()
    show(findings, console if console.is_terminal else Console(width=120))
    if options.json:
        write_json(findings, plan, options.json)


if __name__ == "__main__":
    main()
