"""The `lrviz` command; `main()` is the one place that prints errors."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lrviz import catalogue, options, output, speech
from lrviz.command import Command, Group, SchedulerCommand, UsageProblem, complete_scheduler, named_scheduler
from lrviz.errors import LrvizError, UsageError
from lrviz.options import Option, scheduler_parameters, with_options
from lrviz.reading import (
    file_stem,
    read_choice,
    read_count,
    read_groups,
    read_lets,
    read_loop,
    read_run,
    read_size,
)

if TYPE_CHECKING:
    from lrviz.look import FigureOptions
    from lrviz.spec import RunSpec
    from lrviz.trace import Trace

app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Schedulers = Annotated[
    list[str] | None, typer.Argument(metavar="SCHEDULER", autocompletion=complete_scheduler, show_default=False)
]
FIGURE_FORMAT = options.table_format("png", "svg", "pdf", default="png")
DATA_FORMAT = options.table_format("table", "csv", "tsv", "json", "md", default="table")


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"lrviz {version('lrviz')}")
        raise typer.Exit


@app.callback(help="See the learning rate of every update of a PyTorch training run, before the run.")
def lrviz(
    version: Annotated[
        bool, typer.Option("--version", help="print the version", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """The group of commands."""


@app.command(cls=SchedulerCommand, help="Draw a schedule as a figure: PNG, SVG or PDF.")
@with_options(
    options.RUN,
    options.LABEL,
    options.FIGURE,
    Option("-o --output", "where to write; - is stdout", "FILE"),
    FIGURE_FORMAT,
    options.QUIET,
)
def plot(ctx: typer.Context, scheduler: Schedulers = None, **values: Any) -> None:
    """`lrviz plot`."""
    spec = _spec(ctx, scheduler, values)
    look = _look(values)
    file_format = _chosen(values, ("png", "svg", "pdf")) or "png"
    path = values["output"] or f"{file_stem(spec, scheduler[0] if scheduler else '')}.{file_format}"
    written = _file_format(path, values["format"], "png")
    _check_target(path, written)
    trace = _simulated(spec, values["quiet"], figure=written in _FIGURES)
    _write([trace], path, written, look)
    _say_all(spec, values["quiet"])
    _summarise(trace, values["quiet"])
    if path != "-":
        output.write_stdout(f"{path}\n")


@app.command(cls=SchedulerCommand, help="Print the rate of every update, or write it to a file.")
@with_options(
    options.RUN,
    options.LABEL,
    DATA_FORMAT,
    Option("-o --output", "where to write; - is stdout", "FILE", "-"),
    options.QUIET,
)
def table(ctx: typer.Context, scheduler: Schedulers = None, **values: Any) -> None:
    """`lrviz table`."""
    spec = _spec(ctx, scheduler, values)
    path = values["output"] or "-"
    written = _file_format(path, _chosen(values, ("table", "csv", "tsv", "json", "md")), "table")
    _check_target(path, written)
    trace = _simulated(spec, values["quiet"], figure=written in _FIGURES)
    _say_all(spec, values["quiet"])
    _write([trace], path, written)
    if path != "-":
        output.write_stdout(f"{path}\n")


@app.command(cls=SchedulerCommand, help="Draw a schedule in the terminal.")
@with_options(options.RUN, options.LABEL, options.QUIET)
def show(ctx: typer.Context, scheduler: Schedulers = None, **values: Any) -> None:
    """`lrviz show`."""
    spec = _spec(ctx, scheduler, values)
    trace = _simulated(spec, values["quiet"])
    _say_all(spec, values["quiet"])
    _print_chart([trace])
    _summarise(trace, values["quiet"])


@app.command(cls=Command, help="List the schedulers, or tell all about one.")
def schedulers(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", autocompletion=complete_scheduler, show_default=False)
    ] = None,
) -> None:
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
    trace = _simulated(read_run(info.example or info.short), quiet=True)
    _print_chart([trace], height=12)


_FIGURES = ("png", "svg", "pdf")


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
    return read_run(
        scheduler[0],
        parameters=ctx.obj,
        loop=read_loop(values),
        groups=read_groups(values["lr"]),
        lets=read_lets(values["let"] or ()),
        name=values["label"] or "",
    )


def _look(values: dict[str, Any]) -> FigureOptions:
    from lrviz.look import FigureOptions

    return FigureOptions(
        style=values["style"] or "lrviz",
        log=values["log"],
        size=None if values["size"] is None else read_size(values["size"]),
        dpi=None if values["dpi"] is None else read_count("--dpi", values["dpi"]),
        title=values["title"],
        x="epoch" if values["x"] and read_choice("--x", values["x"], ("step", "epoch")) == "epoch" else "step",
    )


def _chosen(values: dict[str, Any], formats: tuple[str, ...]) -> str | None:
    return None if values["format"] is None else read_choice("--format", values["format"], formats)


def _file_format(path: str, asked: str | None, default: str) -> str:
    """The format to write: the one asked for, else the one that the path's suffix names."""
    if path == "-":
        return asked or default
    return asked if asked and asked != "table" else output.kind_of(path)


def _check_target(path: str, file_format: str) -> None:
    output.check_target(path)
    if path == "-" and file_format in ("png", "pdf") and sys.stdout is not None and sys.stdout.isatty():
        raise UsageError(f"stdout is a terminal, which shows no {file_format.upper()}", "name a file with `-o`")


def _simulated(spec: RunSpec, quiet: bool, figure: bool = False) -> Trace:
    from lrviz.progress import progress_bar
    from lrviz.rooms import importing

    with importing():
        from lrviz import simulation

        if figure:
            import lrviz.figure  # noqa: F401 - while the collector is held back
    with progress_bar("simulating", quiet) as report:
        return simulation.simulate(spec, report)


def _write(traces: list[Trace], path: str, file_format: str, look: FigureOptions | None = None) -> None:
    if file_format in _FIGURES:
        from lrviz import figure
        from lrviz.look import FigureOptions

        look = look or FigureOptions()
        output.write_bytes(path, figure.render(figure.draw(traces, look), f".{file_format}", look.dpi))
    elif file_format == "table":
        from lrviz import terminal

        with output.guarding_stdout():
            terminal.print_table(traces)
    else:
        from lrviz import export

        output.write_text(path, export.chunks(traces, file_format))


def _print_chart(traces: list[Trace], height: int | None = None) -> None:
    from lrviz import terminal

    with output.guarding_stdout():
        terminal.print_chart(traces, height)


def _say_all(spec: RunSpec, quiet: bool) -> None:
    """What the reader must know of the run: what was filled in, and what is odd."""
    if quiet:
        return
    if spec.filled:
        speech.print_lines([f"from the run: {', '.join(spec.filled)}"])
    if getattr(spec.scheduler, "name", "") == "ReduceLROnPlateau":
        speech.print_note("no metric given: a built-in loss that falls for a quarter of the run and then stalls")
    for note in spec.notes:
        speech.print_note(note)


def _summarise(trace: Trace, quiet: bool) -> None:
    if not quiet:
        from lrviz import terminal

        speech.print_lines(terminal.summary_lines(trace))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status: 0 well, 1 a finding, 2 an error, 130 for Ctrl-C."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    command = typer.main.get_command(app)
    try:
        status = command.main(args=words, prog_name="lrviz", standalone_mode=False)
    except LrvizError as error:
        speech.print_error(error)
        return error.exit_code
    except UsageProblem as problem:
        error = _usage_error(problem, words)
        speech.print_error(error)
        return error.exit_code
    except BrokenPipeError:  # the reader has seen enough
        output.abandon_stdout()
        return 0
    return status if isinstance(status, int) else 0


def _usage_error(problem: Any, words: list[str]) -> UsageError:
    """Typer's usage errors in lrviz's form."""
    command = next((w for w in words if not w.startswith("-")), "")
    commands = [str(c.name or getattr(c.callback, "__name__", "")) for c in app.registered_commands]
    if command not in commands:
        close = _closest(command, commands)
        return UsageError(
            f"no such command `{command}`" if command else f"no such option `{words[0]}`",
            f"did you mean `lrviz {close}`?" if close else "`lrviz --help` lists the commands",
        )
    page = f"`lrviz {command} --help` lists the options"
    option = getattr(problem, "option_name", None)
    message = str(problem.format_message()).rstrip(".")
    if type(problem).__name__ == "NoSuchOption" and option:
        info = named_scheduler(words[1:])
        own = [f"--{p.name}" for p in info.parameters] if info else []
        others = {f"--{name}" for name in scheduler_parameters()} - set(own)
        possible = [p for p in getattr(problem, "possibilities", None) or () if p not in others]
        close = _closest(option, own) or next(iter(possible), None)
        if close:
            return UsageError(f"no such option `{option}`", f"did you mean `{close}`? {page}")
        listed = f"{info.name} takes {', '.join(own)}; " if info else ""
        return UsageError(f"no such option `{option}`", listed + page)
    if type(problem).__name__ == "BadOptionUsage" and option:
        return UsageError(f"`{option}` needs a value", page)
    return UsageError(f"{message[:1].lower()}{message[1:]}", page)


def _closest(word: str, candidates: Sequence[str]) -> str | None:
    """The candidate that differs least, whatever the case and the dashes."""
    import difflib

    folded = {c.lower().replace("-", "").replace("_", ""): c for c in candidates}
    close = difflib.get_close_matches(word.lower().replace("-", "").replace("_", ""), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None
