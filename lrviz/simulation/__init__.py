"""`RunSpec` to `Trace`: torch's optimizer and scheduler in a training loop.

In: `RunSpec`. Out: `Trace`. The only package that imports torch; may import `spec`, `trace` and what they import.
"""

from __future__ import annotations

from lrviz.lazy import heavy_imports

with heavy_imports():
    from lrviz.simulation.loop import simulate, simulate_apart, user_code_ran

__all__ = ["simulate", "simulate_apart", "user_code_ran"]
