"""The `lrviz` command; `main()` is the one place that prints errors."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lrviz import catalogue, delivery, options, output, speech
from lrviz.command import Command, Group, SchedulerCommand, UsageProblem, complete_scheduler
from lrviz.errors import LrvizError, UsageError
from lrviz.notation import SchedulerCall
from lrviz.options import with_options
from lrviz.reading import read_choice, read_count, read_lets, read_size
from lrviz.runs import FIELDS, MAX_CURVES, Fields, Sweep, read_run, read_runs
from lrviz.spec import CodeCall
from lrviz.usage import usage_error

if TYPE_CHECKING:
    from lrviz.look import FigureOptions
    from lrviz.spec import RunSpec

app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Scheduler = Annotated[
    list[str] | None, typer.Argument(metavar="SCHEDULER", autocompletion=complete_scheduler, show_default=False)
]
Specs = Annotated[
    list[str] | None, typer.Argument(metavar="SPEC ...", autocompletion=complete_scheduler, show_default=False)
]
Name = Annotated[str | None, typer.Argument(metavar="[NAME]", autocompletion=complete_scheduler, show_default=False)]


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"lrviz {version('lrviz')}")
        raise typer.Exit


Version = Annotated[bool, typer.Option("--version", help="print the version", callback=_version, is_eager=True)]


@app.callback(help="See the learning rate of every update of a PyTorch training run, before the run.")
def lrviz(version: Version = False) -> None:
    """The group of commands."""


@app.command(cls=SchedulerCommand, help="Draw a schedule as a figure: PNG, SVG or PDF.")
@with_options(
    options.RUN,
    options.LABEL,
    options.FIGURE,
    options.SHOW_MOMENTUM,
    options.OUTPUT,
    options.format_option(*delivery.FIGURES, default="png"),
    options.QUIET,
)
def plot(ctx: typer.Context, scheduler: Scheduler = None, **values: Any) -> None:
    """`lrviz plot`."""
    spec, look = _spec(ctx, scheduler, values), _look(values)
    path, chosen = delivery.target(values, "png", _stem(spec))
    (trace,) = delivery.simulate_all([spec], values["quiet"], figure=chosen in delivery.FIGURES)
    delivery.write([trace], path, chosen, look)
    delivery.say_runs([spec], values["quiet"])
    delivery.summarise(trace, path, values["quiet"])


@app.command(cls=SchedulerCommand, help="Print the rate of every update, or write it to a file.")
@with_options(
    options.RUN,
    options.LABEL,
    options.SHOW_MOMENTUM,
    options.OUTPUT,
    options.format_option("table", *delivery.DATA, default="table"),
    options.QUIET,
)
def table(ctx: typer.Context, scheduler: Scheduler = None, **values: Any) -> None:
    """`lrviz table`."""
    spec = _spec(ctx, scheduler, values)
    path, chosen = delivery.target(values, "table")
    (trace,) = delivery.simulate_all([spec], values["quiet"], figure=chosen in delivery.FIGURES)
    delivery.say_runs([spec], values["quiet"])
    delivery.write([trace], path, chosen)


@app.command(cls=SchedulerCommand, help="Draw a schedule in the terminal.")
@with_options(options.RUN, options.LABEL, options.LOG, options.QUIET)
def show(ctx: typer.Context, scheduler: Scheduler = None, **values: Any) -> None:
    """`lrviz show`."""
    spec = _spec(ctx, scheduler, values)
    traces = delivery.simulate_all([spec], values["quiet"])
    delivery.say_runs([spec], values["quiet"])
    delivery.print_chart(traces, log=values["log"])
    delivery.summarise(traces[0], None, values["quiet"])


@app.command(cls=Command, help="Put schedules side by side: a figure, the numbers, or a chart in the terminal.")
@with_options(
    options.RUN,
    options.LABELS,
    options.MAX_CURVES,
    options.FIGURE,
    options.LAYOUT,
    options.SHOW_CHART,
    options.OUTPUT,
    options.format_option(*delivery.FIGURES, "table", *delivery.DATA, default="png"),
    options.QUIET,
)
def compare(ctx: typer.Context, specs: Specs = None, **values: Any) -> None:
    """`lrviz compare`."""
    if not specs:
        raise UsageError("`lrviz compare` needs schedulers", "such as `lrviz compare cosine onecycle`")
    look, quiet = _look(values), values["quiet"]
    most = MAX_CURVES if values["max_curves"] is None else read_count("--max-curves", values["max_curves"])
    runs = read_runs(specs, _fields(values), values["label"] or (), most)
    if values["show_chart"]:
        traces = delivery.simulate_all(runs, quiet)
        delivery.say_runs(runs, quiet)
        delivery.print_chart(traces, log=values["log"])
        delivery.summarise_all(traces, None, quiet)
        return
    path, chosen = delivery.target(values, "png", "compare")
    traces = delivery.simulate_all(runs, quiet, figure=chosen in delivery.FIGURES)
    delivery.write(traces, path, chosen, look)
    delivery.say_runs(runs, quiet)
    delivery.summarise_all(traces, path, quiet)


@app.command(cls=Command, help="List the schedulers, or tell all about one.")
def schedulers(name: Name = None) -> None:
    """`lrviz schedulers`."""
    from lrviz import pages

    if name is None:
        with output.guarding_stdout():
            pages.print_catalogue(catalogue.SCHEDULERS)
        return
    info = catalogue.find(name)
    if info is None:
        close = catalogue.suggest(name)
        hint = f"did you mean `{close}`? " if close else ""
        raise UsageError(f"unknown scheduler `{name}`", f"{hint}`lrviz schedulers` lists them all")
    with output.guarding_stdout():
        pages.print_page(info)
    spec = read_run(info.example or info.short)
    delivery.print_chart(delivery.simulate_all([spec], quiet=True), height=12)


def _fields(values: dict[str, Any]) -> Fields:
    given = {name: values[name] for name in FIELDS if values.get(name)}
    shown = values.get("show")
    if shown is not None:
        read_choice("--show", shown, ("momentum",))
    return Fields(given, lets=read_lets(values["let"] or ()), show_momentum=shown == "momentum")


def _spec(ctx: typer.Context, scheduler: Sequence[str] | None, values: dict[str, Any]) -> RunSpec:
    name = f"lrviz {ctx.info_name}"
    if not scheduler:
        raise UsageError(f"`{name}` needs a scheduler", f"such as `{name} cosine`; `lrviz schedulers` lists them all")
    if len(scheduler) > 1:
        listed = " ".join(s if s.isidentifier() else f'"{s}"' for s in scheduler)
        raise UsageError(
            f"`{name}` takes one scheduler, got {len(scheduler)}: {', '.join(f'`{s}`' for s in scheduler)}",
            f"`lrviz compare {listed}` puts them side by side; notation needs quotes",
        )
    if (size := Sweep.of(scheduler[0]).size) != 1:
        raise UsageError(
            f"`{name}` takes one curve, and the braces make {size:,}", f'use `lrviz compare "{scheduler[0]}"`'
        )
    return read_run(scheduler[0], _fields(values), ctx.obj, values["label"] or "")


def _look(values: dict[str, Any]) -> FigureOptions:
    from lrviz.look import FigureOptions

    given: dict[str, Any] = {
        "style": values["style"] or "lrviz",
        "log": values["log"],
        "title": values["title"],
        "momentum": values.get("show") == "momentum",
    }
    if values["size"] is not None:
        given["size"] = read_size(values["size"])
    if values["dpi"] is not None:
        given["dpi"] = read_count("--dpi", values["dpi"])
    if values["x"] is not None:
        given["x"] = read_choice("--x", values["x"], ("step", "epoch"))
    if values.get("layout") is not None:
        given["layout"] = read_choice("--layout", values["layout"], ("overlay", "grid"))
    if values.get("columns") is not None:
        given["columns"] = read_count("--columns", values["columns"])
    if values.get("axes") is not None:
        given["share_y"] = read_choice("--axes", values["axes"], ("shared", "free")) == "shared"
    return FigureOptions(**given)


def _stem(spec: RunSpec) -> str:
    """A plain file name for a figure: the scheduler's short name, or the function's own."""
    match spec.scheduler:
        case SchedulerCall(name=name):
            info = catalogue.find(name)
            return info.short if info else name.lower()
        case CodeCall(call=call):
            return re.sub(r"\W+", "_", call.name).strip("_").lower() or "curve"
    return "curve"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status: 0 well, 1 a finding, 2 an error, 130 for Ctrl-C."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    command: Any = typer.main.get_command(app)
    try:
        status = command.main(args=words, prog_name="lrviz", standalone_mode=False)
    except LrvizError as error:
        speech.print_error(error)
        return error.exit_code
    except UsageProblem as problem:
        translated = usage_error(problem, words, list(command.commands))
        speech.print_error(translated)
        return translated.exit_code
    except KeyboardInterrupt:
        return 130
    return status if isinstance(status, int) else 0
