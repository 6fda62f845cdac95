"""Options and notation to `RunSpec`, the frozen description of one run.

In: text and values of fields. Out: `RunSpec`. May import `schedulers`, `notation`, `files`, `errors`, `text`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrviz.lazy import lazy
from lrviz.spec.run import (
    FIELDS,
    RUN_NAMES,
    CodeCall,
    Factory,
    Field,
    Interval,
    Metric,
    OptimizerChoice,
    ParamGroup,
    RunSpec,
    ScriptLoop,
    TrainingLoop,
    given_rates,
    run_names,
)

if TYPE_CHECKING:
    from lrviz.spec.comparing import Comparison, Part, compare_runs
    from lrviz.spec.lengths import read_length
    from lrviz.spec.metric import default_metric, metric_values, read_metric
    from lrviz.spec.reading import (
        Fields,
        read_all,
        read_choice,
        read_count,
        read_lets,
        read_limits,
        read_loop,
        read_number,
        read_optimizer,
        read_run,
        read_size,
        split_commas,
    )
    from lrviz.spec.sweep import MAX_CURVES, Sweep, read_runs
    from lrviz.spec.window import Inset, read_inset, read_span
else:
    __getattr__ = lazy(
        __name__,
        comparing=["Comparison", "Part", "compare_runs"],
        lengths=["read_length"],
        window=["Inset", "read_inset", "read_span"],
        metric=["metric_values", "read_metric", "default_metric"],
        reading=[
            "Fields", "read_all", "read_choice", "read_count", "read_lets", "read_limits", "read_loop", "read_number",
            "read_optimizer",
            "read_run", "read_size", "split_commas",
        ],
        sweep=["MAX_CURVES", "Sweep", "read_runs"],
    )  # fmt: skip

__all__ = [
    "FIELDS", "MAX_CURVES", "RUN_NAMES", "CodeCall", "Comparison", "Factory", "Field", "Fields", "Inset", "Interval",
    "Metric", "OptimizerChoice", "ParamGroup", "Part", "RunSpec", "ScriptLoop", "Sweep", "TrainingLoop",
    "compare_runs", "default_metric", "given_rates", "metric_values", "read_all", "read_choice", "read_count",
    "read_inset", "read_length", "read_lets", "read_limits", "read_loop", "read_metric", "read_number",
    "read_optimizer", "read_run", "read_runs", "read_size", "read_span", "run_names", "split_commas",
]  # fmt: skip
