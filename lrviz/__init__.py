"""See the learning rate of every update of a PyTorch training run, before the run.

    import lrviz

    trace = lrviz.simulate("CosineAnnealingLR(T_max=total_steps)", lr=1e-3, epochs=4, steps_per_epoch=8)
    trace.lr            # (32, 1), the rate of every update
    lrviz.draw([trace]).savefig("cosine.png")

Importing lrviz is quick: torch and matplotlib are imported when they are first needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lrviz.lazy import lazy

if TYPE_CHECKING:
    from lrviz.api import Trace, draw, simulate
    from lrviz.errors import LrvizError, NotationError, OutputError, SimulationError, SpecError, UsageError
    from lrviz.spec import ParamGroup, RunSpec, TrainingLoop
    from lrviz.trace import Summary

    __version__: str

_get = lazy(
    __name__,
    api=["Trace", "draw", "simulate"],
    errors=["LrvizError", "NotationError", "OutputError", "SimulationError", "SpecError", "UsageError"],
    spec=["ParamGroup", "RunSpec", "TrainingLoop"],
    trace=["Summary"],
)

__all__ = [
    "LrvizError",
    "NotationError",
    "OutputError",
    "ParamGroup",
    "RunSpec",
    "SimulationError",
    "SpecError",
    "Summary",
    "Trace",
    "TrainingLoop",
    "UsageError",
    "draw",
    "simulate",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("lrviz")
    return _get(name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
