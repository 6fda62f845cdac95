"""The notation of schedulers: text to `SchedulerCall` and back, parsed with `ast`, evaluated without running code.

In: text, and values for names in it. Out: `SchedulerCall` and values. May import `schedulers`, `errors`,
`text`, `lazy`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrviz.lazy import lazy
from lrviz.notation.parser import Lambda, SchedulerCall, Table, Value, check_expression, parse, parse_value
from lrviz.notation.source import Budget, ExpressionError, Source, check_run, one_budget, value_name

if TYPE_CHECKING:
    from lrviz.notation.script import (
        NO_SCHEDULER,
        DoneError,
        Fault,
        Found,
        Machine,
        MissingValue,
        MissingValuesError,
        Origin,
        Program,
        TrainerCall,
        missing_values,
        optimizer_defaults,
        read_script,
    )
    from lrviz.notation.trainers import TRAINER_ARGUMENTS, TRAINER_CONFIGS, TRAINER_ENUMERATIONS, is_trainer_class
else:
    __getattr__ = lazy(
        __name__,
        script=[
            "NO_SCHEDULER", "DoneError", "Fault", "Found", "Machine", "MissingValue", "MissingValuesError", "Origin",
            "Program", "TrainerCall", "missing_values", "optimizer_defaults", "read_script",
        ],
        trainers=["TRAINER_ARGUMENTS", "TRAINER_CONFIGS", "TRAINER_ENUMERATIONS", "is_trainer_class"],
    )  # fmt: skip

__all__ = [
    "NO_SCHEDULER", "TRAINER_ARGUMENTS", "TRAINER_CONFIGS", "TRAINER_ENUMERATIONS",
    "Budget", "DoneError", "ExpressionError", "Fault", "Found",
    "Lambda", "Machine", "MissingValue", "MissingValuesError", "Origin", "Program", "SchedulerCall", "Source", "Table",
    "TrainerCall", "Value", "check_expression", "check_run", "is_trainer_class", "missing_values", "one_budget",
    "optimizer_defaults", "parse", "parse_value", "read_script", "value_name",
]  # fmt: skip
