"""`lrviz table`: one curve as numbers."""

from __future__ import annotations

from typing import Any

import typer

from lrviz import figure, formats
from lrviz.cli import options
from lrviz.cli.options import SchedulerArgument, with_options


@with_options(
    options.RUN,
    options.SCRIPT,
    options.LABEL,
    options.SHOW_MOMENTUM,
    options.OUTPUT,
    options.format_option("table", *formats.DATA_FORMATS, default="table"),
    options.QUIET,
)
def command(ctx: typer.Context, scheduler: SchedulerArgument = None, **values: Any) -> None:
    """Print the rate of every update of one curve, or write it to a file."""
    from lrviz.cli import runs

    if values["list"]:
        runs.list_schedulers(scheduler or (), values)
        return
    spec = runs.read_spec("table", scheduler or (), ctx.obj, values)
    path, format = runs.read_output(values, "table", runs.stem(spec, scheduler or ()))
    (trace,) = runs.simulate_all([spec], values["quiet"], load_figure=format in figure.FIGURE_FORMATS)
    runs.print_run_notes([spec], values, [trace])
    runs.write([trace], path, format)
