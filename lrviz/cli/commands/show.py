"""`lrviz show`: one curve in the terminal."""

from __future__ import annotations

from typing import Any

import typer

from lrviz.cli import options
from lrviz.cli.options import SchedulerArgument, with_options


@with_options(options.RUN, options.LABEL, options.LOG, options.QUIET)
def command(ctx: typer.Context, scheduler: SchedulerArgument = None, **values: Any) -> None:
    """Draw one curve with the characters of the terminal."""
    from lrviz.cli import runs

    spec = runs.read_spec("show", scheduler or (), ctx.obj, values)
    traces = runs.simulate_all([spec], values["quiet"])
    runs.print_run_notes([spec], values["quiet"], traces)
    runs.print_findings(traces, values["quiet"])
    runs.print_chart(traces, log=values["log"])
    runs.print_summary(traces[0], None, values["quiet"])
