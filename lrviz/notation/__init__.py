"""The notation of schedulers: text to `SchedulerCall` and back, parsed with `ast`, evaluated without running code.

In: text, and values for names in it. Out: `SchedulerCall` and values. May import `schedulers`, `errors`, `text`.
"""

from __future__ import annotations

from lrviz.notation.parser import Lambda, SchedulerCall, Value, parse, parse_value
from lrviz.notation.source import ExpressionError, Source, value_name

__all__ = ["ExpressionError", "Lambda", "SchedulerCall", "Source", "Value", "parse", "parse_value", "value_name"]
