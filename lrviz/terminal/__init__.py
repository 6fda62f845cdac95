"""`Trace` to text on a terminal, and everything else that is printed for people.

In: `Trace`s, schedulers, messages. Out: lines on stdout and stderr. Imports rich and plotext; may import `formats` and
its dependencies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrviz.lazy import lazy

if TYPE_CHECKING:
    from lrviz.terminal.chart import print_chart
    from lrviz.terminal.curve import print_curve
    from lrviz.terminal.lists import print_catalogue, print_family
    from lrviz.terminal.messages import (
        Screen,
        comparison_lines,
        print_error,
        print_finding,
        print_lines,
        print_note,
        print_prompt,
        progress_bar,
        summary_lines,
    )
    from lrviz.terminal.pages import print_page
    from lrviz.terminal.table import print_differences, print_table
else:
    __getattr__ = lazy(
        __name__,
        chart=["print_chart"],
        curve=["print_curve"],
        lists=["print_catalogue", "print_family"],
        messages=[
            "Screen",
            "comparison_lines",
            "print_error",
            "print_finding",
            "print_lines",
            "print_note",
            "print_prompt",
            "progress_bar",
            "summary_lines",
        ],
        pages=["print_page"],
        table=["print_differences", "print_table"],
    )

__all__ = [
    "Screen", "comparison_lines", "print_catalogue", "print_chart", "print_curve", "print_differences", "print_error",
    "print_family", "print_finding", "print_lines", "print_note", "print_page", "print_prompt",
    "print_table", "progress_bar", "summary_lines",
]  # fmt: skip
