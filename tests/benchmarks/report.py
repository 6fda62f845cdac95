"""What was measured, beside what should be reached: a table for people, JSON for programs."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Plan:
    """How much to measure, and the folder to do it in; `quick` leaves out what takes long."""

    runs: int
    quick: bool
    folder: Path


@dataclass(frozen=True)
class Finding:
    """One measured number; less is better. `detail` says what it was made of."""

    what: str
    value: float
    unit: str  # "x" for a ratio, "s", "MiB", "kB"
    target: float | None
    detail: str

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None where there is none."""
        return None if self.target is None else self.value <= self.target


def machine() -> dict[str, str | int | None]:
    """The versions and the machine behind the numbers."""
    packages = {name: version(name) for name in ("lrviz", "torch", "matplotlib", "typer")}
    return {"python": platform.python_version(), **packages, "machine": platform.machine(), "cpus": os.cpu_count()}


def show(findings: Sequence[Finding], console: Console) -> None:
    """Print the findings as one table."""
    table = Table(title="lrviz benchmarks", caption=", ".join(f"{key} {value}" for key, value in machine().items()))
    table.add_column("what")
    table.add_column("measured", justify="right")
    table.add_column("target", justify="right")
    table.add_column("")
    table.add_column("detail")
    marks = {True: "[green]met[/]", False: "[red]missed[/]", None: ""}
    for finding in findings:
        target = "" if finding.target is None else f"{finding.target:.2f} {finding.unit}"
        table.add_row(finding.what, f"{finding.value:.2f} {finding.unit}", target, marks[finding.met], finding.detail)
    console.print(table)


def write_json(findings: Sequence[Finding], plan: Plan, path: Path) -> None:
    """Write the findings, and what they were measured on, to `path`."""
    rows = [asdict(finding) | {"met": finding.met} for finding in findings]
    report = {"version": 1, "runs": plan.runs, "quick": plan.quick, **machine(), "findings": rows}
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def duration(seconds: float) -> str:
    """Seconds as people read them."""
    if seconds < 1e-3:
        return f"{seconds * 1e6:.2f} us"
    return f"{seconds * 1e3:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"
