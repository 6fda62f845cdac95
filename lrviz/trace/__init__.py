"""The rates of a run as numpy arrays, and values computed from them.

In: arrays and the `RunSpec` they came from. Out: `Trace`, summaries, reduced lines, differences. May import `spec`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrviz.lazy import lazy
from lrviz.trace.trace import Indices, Summary, Trace, Values, decimate, floor_of_axis, jumps, outline, turns

if TYPE_CHECKING:
    from lrviz.trace.differences import ColumnDifference, Row, column_difference, compare_traces
else:
    __getattr__ = lazy(__name__, differences=["ColumnDifference", "Row", "column_difference", "compare_traces"])

__all__ = [
    "ColumnDifference", "Indices", "Row", "Summary", "Trace", "Values", "column_difference", "compare_traces",
    "decimate", "floor_of_axis", "jumps", "outline", "turns",
]  # fmt: skip
