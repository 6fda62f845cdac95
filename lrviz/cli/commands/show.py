"""`lrviz show`: one curve in the terminal."""

from __future__ import annotations

from typing import Any

import typer

from lrviz.cli import options
from lrviz.cli.options import SchedulerArgument, with_options


@with_options(options.RUN, options.FROM, options.SCRIPT, options.LABEL, options.RESUME, options.LOG, options.QUIET)
def command(ctx: typer.Context, scheduler: SchedulerArgument = None, **values: Any) -> None:
    """Draw one curve with the characters of the terminal."""
    from lrviz.cli import runs

    scheduler, values = runs.with_config_files(scheduler, values)
    if values["list"]:
        runs.list_schedulers(scheduler, values)
        return
    specs = runs.read_specs("show", scheduler, ctx.obj, values)
    resume = runs.read_resume(values, specs[0])
    traces = runs.simulate_all(specs, values["quiet"], resume=resume)
    runs.print_run_notes(specs, values, traces)
    runs.print_findings(traces[: len(specs)], values["quiet"])
    runs.print_chart(traces, log=values["log"])
    runs.print_results(traces, None, values["quiet"], resume)
