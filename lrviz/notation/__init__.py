"""The notation of schedulers: text to `SchedulerCall` and back, parsed with `ast`, evaluated without running code.

In: text, and values for names in it. Out: `SchedulerCall` and values. May import `schedulers`, `errors`, `text`.
"""

from __future__ import annotations

from lrviz.notation.parser import Lambda, SchedulerCall, Value, check_expression, parse, parse_value
from lrviz.notation.source import Budget, ExpressionError, Source, check_run, one_budget, value_name

__all__ = [
    "Budget", "ExpressionError", "Lambda", "SchedulerCall", "Source", "Value", "check_expression", "check_run",
    "one_budget", "parse", "parse_value", "value_name",
]  # fmt: skip
