"""`lrviz plot`: one curve as a figure."""

from __future__ import annotations

from typing import Any

import typer

from lrviz import figure
from lrviz.cli import options
from lrviz.cli.options import SchedulerArgument, with_options


@with_options(
    options.RUN,
    options.FROM_KIND,
    options.SCRIPT,
    options.LABEL,
    options.RESUME,
    options.FIGURE,
    options.SHOW_MOMENTUM,
    options.OUTPUT,
    options.OPEN,
    options.format_option(*figure.FIGURE_FORMATS, default="png"),
    options.QUIET,
)
def command(ctx: typer.Context, scheduler: SchedulerArgument = None, **values: Any) -> None:
    """Draw one curve, or those of a script, and write the figure."""
    from lrviz.cli import runs

    scheduler, values = runs.with_config_files(scheduler, values, zooms=True)
    if values["list"]:
        runs.list_schedulers(scheduler, values)
        return
    with runs.prepare(scheduler, values) as prepared:
        specs, figure_options = runs.read_specs("plot", scheduler, ctx.obj, values), runs.read_figure_options(values)
        resume = runs.read_resume(values, specs[0])
        figure_options = runs.read_window(figure_options, values, resume.specs if resume else specs)
        path, format = runs.read_output(values, "png", runs.stem(specs, scheduler))
        traces = runs.simulate_all(specs, values["quiet"], format in figure.FIGURE_FORMATS, resume, prepared)
    notes = runs.write(traces, path, format, resume.titled(figure_options) if resume else figure_options)
    runs.print_run_notes(specs, values, traces, notes)
    runs.print_findings(traces[: len(specs)], values["quiet"])
    runs.print_results(traces, path, values["quiet"], resume)
    runs.print_target_note(values, path)
    runs.open_output(path, values)
