"""`RunSpec` to `Trace`: torch's optimizer and scheduler in a training loop.

In: `RunSpec`. Out: `Trace`. The only package that imports torch; may import `spec`, `trace` and what they import.
"""

from __future__ import annotations

from lrviz.simulation.loop import simulate, user_code_ran

__all__ = ["simulate", "user_code_ran"]
