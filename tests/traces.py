"""Traces made by hand, for tests of what is done with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrviz.notation import SchedulerCall
from lrviz.spec import ParamGroup, RunSpec, TrainingLoop
from lrviz.trace import Trace

Values = Sequence[float] | NDArray[np.float64]


def trace(
    *curves: Values,
    label: str = "",
    names: Sequence[str] = (),
    loop: TrainingLoop | None = None,
    momentum: Sequence[Values] | None = None,
    metric: Values | None = None,
    **fields: Any,
) -> Trace:
    """A run with a parameter group for each of the curves; the notation it carries is that of a cosine."""
    lr = np.array(curves, dtype=np.float64).T
    base = lr.max(axis=0)
    groups = tuple(ParamGroup(name, float(base[i]) or 1.0) for i, name in enumerate(names or [""] * len(curves)))
    spec = RunSpec(
        SchedulerCall("CosineAnnealingLR", kwargs=(("T_max", len(lr)),)),
        loop or TrainingLoop(epochs=1, steps_per_epoch=len(lr)),
        groups,
        name=label,
    )
    return Trace(
        spec,
        lr,
        momentum=None if momentum is None else np.array(momentum, dtype=np.float64).T,
        metric=None if metric is None else np.array(metric, dtype=np.float64),
        **fields,
    )


def two_curves() -> list[Trace]:
    """A curve of steps, and the same backwards."""
    loop = TrainingLoop(epochs=4, steps_per_epoch=8)
    lr = np.repeat(1e-3 * 0.5 ** np.arange(8.0), 4)
    return [trace(lr, label="step(step_size=4)", loop=loop), trace(lr[::-1], label="up", loop=loop)]
