"""`RunSpec` to `Trace`: torch's optimizer and scheduler in a training loop.

In: `RunSpec`. Out: `Trace`. The only package that imports torch; may import `spec`, `trace` and what they import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrviz.lazy import heavy_imports, lazy

with heavy_imports():
    from lrviz.simulation.loop import simulate, simulate_apart, user_code_ran

if TYPE_CHECKING:
    from lrviz.simulation.resuming import compare_resumed, resume, resume_apart, resume_outcomes
else:
    __getattr__ = lazy(
        __name__,
        resuming=["compare_resumed", "resume", "resume_apart", "resume_outcomes"],
    )

__all__ = [
    "compare_resumed", "resume", "resume_apart", "resume_outcomes", "simulate", "simulate_apart",
    "user_code_ran",
]  # fmt: skip
