"""`lrviz table`: one curve as numbers."""

from __future__ import annotations

from typing import Any

import typer

from lrviz import figure, formats
from lrviz.cli import options
from lrviz.cli.options import SchedulerArgument, with_options
from lrviz.figure import FigureOptions


@with_options(
    options.RUN,
    options.FROM,
    options.SCRIPT,
    options.LABEL,
    options.RESUME,
    options.SHOW_MOMENTUM,
    options.OUTPUT,
    options.format_option("table", *formats.DATA_FORMATS, default="table"),
    options.QUIET,
)
def command(ctx: typer.Context, scheduler: SchedulerArgument = None, **values: Any) -> None:
    """Print the rate of every update of one curve, or write it to a file."""
    from lrviz.cli import runs

    scheduler, values = runs.with_config_files(scheduler, values)
    if values["list"]:
        runs.list_schedulers(scheduler, values)
        return
    specs = runs.read_specs("table", scheduler, ctx.obj, values)
    resume = runs.read_resume(values, specs[0])
    path, format = runs.read_output(values, "table", runs.stem(specs, scheduler))
    traces = runs.simulate_all(specs, values["quiet"], format in figure.FIGURE_FORMATS, resume)
    runs.print_run_notes(specs, values, traces)
    runs.write(traces, path, format, resume.titled(FigureOptions()) if resume else None)
    if resume:
        runs.print_resumed(traces, values["quiet"], resume)
