"""The `lrviz` command; `main()` is the one place that prints errors.

What a command does is in `commands`, which is imported when one runs: help pages do without.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from lrviz import options
from lrviz.command import Command, Group, SchedulerCommand, UsageProblem, complete_preset, complete_scheduler
from lrviz.errors import LrvizError
from lrviz.options import with_options

app = typer.Typer(
    cls=Group,
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

Preset = Annotated[str | None, typer.Argument(metavar="[NAME]", autocompletion=complete_preset, show_default=False)]
PresetFile = Annotated[str | None, typer.Argument(metavar="PRESET", autocompletion=complete_preset, show_default=False)]


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
    options.format_option(*options.FIGURES, default="png"),
    options.QUIET,
)
def plot(ctx: typer.Context, scheduler: Scheduler = None, **values: Any) -> None:
    """`lrviz plot`."""
    from lrviz import commands

    commands.plot(scheduler or (), ctx.obj, values)


@app.command(cls=SchedulerCommand, help="Print the rate of every update, or write it to a file.")
@with_options(
    options.RUN,
    options.LABEL,
    options.SHOW_MOMENTUM,
    options.OUTPUT,
    options.format_option("table", *options.DATA, default="table"),
    options.QUIET,
)
def table(ctx: typer.Context, scheduler: Scheduler = None, **values: Any) -> None:
    """`lrviz table`."""
    from lrviz import commands

    commands.table(scheduler or (), ctx.obj, values)


@app.command(cls=SchedulerCommand, help="Draw a schedule in the terminal.")
@with_options(options.RUN, options.LABEL, options.LOG, options.QUIET)
def show(ctx: typer.Context, scheduler: Scheduler = None, **values: Any) -> None:
    """`lrviz show`."""
    from lrviz import commands

    commands.show(scheduler or (), ctx.obj, values)


@app.command(cls=Command, help="Put schedules side by side: a figure, the numbers, or a chart in the terminal.")
@with_options(
    options.RUN,
    options.LABELS,
    options.MAX_CURVES,
    options.FIGURE,
    options.LAYOUT,
    options.SHOW_CHART,
    options.OUTPUT,
    options.format_option(*options.FIGURES, "table", *options.DATA, default="png"),
    options.QUIET,
)
def compare(ctx: typer.Context, specs: Specs = None, **values: Any) -> None:
    """`lrviz compare`."""
    from lrviz import commands

    commands.compare(specs or (), values)


@app.command(cls=Command, help="List the schedulers, or tell all about one.")
def schedulers(name: Name = None) -> None:
    """`lrviz schedulers`."""
    from lrviz import listing

    if name is None:
        listing.list_schedulers()
    else:
        listing.describe_scheduler(name)


@app.command(cls=Command, help="List the presets that ship, or print one to copy and change.")
@with_options(options.PRESETS)
def presets(name: Preset = None, **values: Any) -> None:
    """`lrviz presets`."""
    from lrviz import preset_commands

    preset_commands.presets(name, values)


@app.command(cls=Command, help="Render a preset, shipped or a .toml file, into a folder; or check what is there.")
@with_options(options.RENDER, options.QUIET)
def render(preset: PresetFile = None, **values: Any) -> int:
    """`lrviz render`; the exit status."""
    from lrviz import preset_commands

    return preset_commands.render(preset, values)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status: 0 well, 1 a finding, 2 an error, 130 for Ctrl-C."""
    words = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    command: Any = typer.main.get_command(app)
    try:
        status = command.main(args=words, prog_name="lrviz", standalone_mode=False)
    except LrvizError as error:
        return _printed(error)
    except UsageProblem as problem:
        from lrviz.usage import usage_error

        return _printed(usage_error(problem, words, list(command.commands)))
    except KeyboardInterrupt:
        return 130
    return status if isinstance(status, int) else 0


def _printed(error: LrvizError) -> int:
    from lrviz import speech

    speech.print_error(error)
    return error.exit_code
