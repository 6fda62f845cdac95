"""`lrviz plot`: one curve as a figure."""

from __future__ import annotations

from typing import Any

import typer

from lrviz import figure
from lrviz.cli import options
from lrviz.cli.options import SchedulerArgument, with_options


@with_options(
    options.RUN,
    options.LABEL,
    options.FIGURE,
    options.SHOW_MOMENTUM,
    options.OUTPUT,
    options.OPEN,
    options.format_option(*figure.FIGURE_FORMATS, default="png"),
    options.QUIET,
)
def command(ctx: typer.Context, scheduler: SchedulerArgument = None, **values: Any) -> None:
    """Draw one curve and write the figure."""
    from lrviz.cli import runs

    spec, figure_options = runs.read_spec("plot", scheduler or (), ctx.obj, values), runs.read_figure_options(values)
    figure_options = runs.read_window(figure_options, values, [spec])
    path, format = runs.read_output(values, "png", runs.stem(spec, scheduler or ()))
    (trace,) = runs.simulate_all([spec], values["quiet"], load_figure=format in figure.FIGURE_FORMATS)
    notes = runs.write([trace], path, format, figure_options)
    runs.print_run_notes([spec], values["quiet"], [trace], notes)
    runs.print_findings([trace], values["quiet"])
    runs.print_summary(trace, path, values["quiet"])
    runs.print_target_note(values, path)
    runs.open_output(path, values)
