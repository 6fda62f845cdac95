"""Long runs: memory at its peak, and the size of the SVG."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.processes import lrviz, peak_bytes, run
from tests.benchmarks.report import Finding, Plan

MIB = 2**20
EPOCHS = 4
# The scheduler and the number of steps; the last has 500 cycles, each to be seen in the picture.
DRAWINGS = (
    ("cosine", 32),
    ("cosine", 1_000_000),
    ("cosine", 10_000_000),
    ("cyclic(step_size_up=1000)", 1_000_000),
)


def measure(plan: Plan) -> Iterator[Finding]:
    """The peak of 10 million steps to PNG (of 1 million when quick), then the SVG at each length."""
    steps = 1_000_000 if plan.quick else 10_000_000
    peak = peak_bytes(lrviz("plot", "cosine", *_length(steps), "-o", "long.png"), plan.folder)
    yield Finding(f"plot cosine, {steps:,} steps, peak memory", peak / MIB, "MiB", 1024, "to PNG, the whole process")

    for scheduler, steps in DRAWINGS:
        if plan.quick and steps > 1_000_000:
            continue
        run(lrviz("plot", scheduler, *_length(steps), "-o", "long.svg"), plan.folder)
        size = (plan.folder / "long.svg").stat().st_size
        yield Finding(f"plot {scheduler}, {steps:,} steps, SVG", size / 1000, "kB", 100, f"{size:,} bytes")


def _length(steps: int) -> tuple[str, ...]:
    return ("--epochs", str(EPOCHS), "--steps-per-epoch", str(steps // EPOCHS))
