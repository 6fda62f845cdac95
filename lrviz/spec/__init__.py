"""Options and notation to `RunSpec`, the frozen description of one run.

In: text and values of fields. Out: `RunSpec`. May import `schedulers`, `notation`, `files`, `errors`, `text`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrviz.lazy import lazy
from lrviz.spec.run import (
    FIELDS,
    RESUME_WAYS,
    RUN_NAMES,
    CodeCall,
    Factory,
    Field,
    Interval,
    Metric,
    OptimizerChoice,
    ParamGroup,
    Remainder,
    RunSpec,
    ScriptLoop,
    TrainingLoop,
    calls_of,
    given_rates,
    run_names,
)

if TYPE_CHECKING:
    from lrviz.spec.comparing import Comparison, Part, compare_runs
    from lrviz.spec.lengths import read_length
    from lrviz.spec.lets import read_let_file, read_lets, read_values
    from lrviz.spec.longer import resumed_run
    from lrviz.spec.metric import default_metric, metric_values, read_metric
    from lrviz.spec.reading import Fields, names_recipe, read_all, read_loop, read_optimizer, read_run, script_path
    from lrviz.spec.recipes import is_recipe
    from lrviz.spec.resuming import ResumeOutcome, Stop
    from lrviz.spec.script import script_rows
    from lrviz.spec.sweep import MAX_CURVES, Sweep, read_runs
    from lrviz.spec.values import read_choice, read_count, read_limits, read_number, read_size, split_commas
    from lrviz.spec.window import Inset, read_inset, read_span
else:
    __getattr__ = lazy(
        __name__,
        comparing=["Comparison", "Part", "compare_runs"],
        lengths=["read_length"],
        window=["Inset", "read_inset", "read_span"],
        longer=["resumed_run"],
        recipes=["is_recipe"],
        resuming=["ResumeOutcome", "Stop"],
        metric=["metric_values", "read_metric", "default_metric"],
        lets=["read_let_file", "read_lets", "read_values"],
        reading=["Fields", "names_recipe", "read_all", "read_loop", "read_optimizer", "read_run", "script_path"],
        script=["script_rows"],
        sweep=["MAX_CURVES", "Sweep", "read_runs"],
        values=["read_choice", "read_count", "read_limits", "read_number", "read_size", "split_commas"],
    )  # fmt: skip

__all__ = [
    "FIELDS", "MAX_CURVES", "RESUME_WAYS", "RUN_NAMES", "CodeCall", "Comparison", "Factory", "Field", "Fields", "Inset",
    "Interval", "Metric", "OptimizerChoice", "ParamGroup", "Part", "Remainder", "ResumeOutcome", "RunSpec",
    "ScriptLoop", "Stop", "Sweep", "TrainingLoop",
    "calls_of", "compare_runs", "default_metric", "given_rates", "is_recipe", "metric_values", "names_recipe",
    "read_all", "read_choice", "read_count", "read_inset", "read_length", "read_let_file", "read_lets", "read_limits",
    "read_loop", "read_metric", "read_number", "read_optimizer", "read_run", "read_runs", "read_size", "read_span",
    "read_values", "resumed_run", "run_names", "script_path", "script_rows", "split_commas",
]  # fmt: skip
