"""See the learning rate of every update of a PyTorch training run, before the run.

    import lrviz

    trace = lrviz.simulate("CosineAnnealingLR(T_max=total_steps)", lr=1e-3, epochs=4, steps_per_epoch=8)
    trace.lr            # (32, 1), the rate of every update
    lrviz.draw([trace]).savefig("cosine.png")

Importing lrviz is quick: torch and matplotlib are imported by what needs them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lrviz.api import draw, simulate
    from lrviz.errors import LrvizError, NotationError, OutputError, SimulationError, SpecError, UsageError
    from lrviz.spec import ParamGroup, RunSpec, TrainingLoop
    from lrviz.trace import Summary, Trace

    __version__: str

_HOMES = {
    "draw": "api",
    "simulate": "api",
    "LrvizError": "errors",
    "NotationError": "errors",
    "OutputError": "errors",
    "SimulationError": "errors",
    "SpecError": "errors",
    "UsageError": "errors",
    "ParamGroup": "spec",
    "RunSpec": "spec",
    "TrainingLoop": "spec",
    "Summary": "trace",
    "Trace": "trace",
}

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
    if name in _HOMES:
        return getattr(import_module(f"lrviz.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'lrviz' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
