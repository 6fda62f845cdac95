"""`lrviz compare`: several curves and their differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lrviz import figure, formats
from lrviz.cli import options
from lrviz.cli.options import SpecsArgument, with_options
from lrviz.errors import UsageError

if TYPE_CHECKING:
    from lrviz.spec import RunSpec


@with_options(
    options.RUN,
    options.FROM_KIND,
    options.SCRIPT,
    options.LABELS,
    options.MAX_CURVES,
    options.FIGURE,
    options.LAYOUT,
    options.SHOW_MOMENTUM,
    options.CHART,
    options.OUTPUT,
    options.OPEN,
    options.format_option(*figure.FIGURE_FORMATS, "table", *formats.DATA_FORMATS, default="png"),
    options.QUIET,
)
def command(specs: SpecsArgument = None, **values: Any) -> None:
    """Draw several curves, or write their numbers, and print their differences."""
    from lrviz.cli import runs
    from lrviz.spec import MAX_CURVES, read_count, read_runs

    specs, values = runs.with_config_files(specs, values, zooms=True)
    if not specs:
        raise UsageError("`lrviz compare` needs schedulers", "such as `lrviz compare cosine onecycle`")
    if values["list"]:
        runs.list_schedulers(specs, values)
        return
    figure_options, quiet = runs.read_figure_options(values), values["quiet"]
    limit = MAX_CURVES if values["max_curves"] is None else read_count("--max-curves", values["max_curves"])
    with runs.prepare(() if values["chart"] else specs, values) as prepared:
        run_specs = runs.read_asking(
            specs,
            runs.read_fields(values),
            values,
            lambda texts, fields: read_runs(texts, fields, values["label"] or (), limit),
        )
        figure_options = runs.read_window(figure_options, values, run_specs)
        if values["chart"]:
            _print_chart(run_specs, values)
            return
        path, format = runs.read_output(values, "png", "compare")
        load_figure = format in figure.FIGURE_FORMATS
        traces = runs.simulate_all(run_specs, quiet, load_figure, prepared=prepared)
    notes = runs.write(traces, path, format, figure_options)
    runs.print_run_notes(run_specs, values, traces, notes)
    runs.print_findings(traces, quiet)
    runs.print_comparison(traces, path, quiet)
    runs.print_target_note(values, path)
    runs.open_output(path, values)


def _print_chart(run_specs: Sequence[RunSpec], values: dict[str, Any]) -> None:
    from lrviz.cli import runs

    if values["output"] is not None or values["format"] is not None or values["open"]:
        raise UsageError("`--chart` draws in the terminal and writes no file", "leave out `--chart`, or `-o`")
    quiet = values["quiet"]
    traces = runs.simulate_all(run_specs, quiet)
    runs.print_run_notes(run_specs, values, traces)
    runs.print_findings(traces, quiet)
    runs.print_chart(traces, log=values["log"])
    runs.print_comparison(traces, None, quiet)
