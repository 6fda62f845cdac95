"""Steps that the commands share: read options, simulate, write the output and print messages."""

from __future__ import annotations

import gc
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from lrviz import figure, files, formats, schedulers, terminal
from lrviz.background import Background
from lrviz.cli.options import named_scheduler
from lrviz.errors import OutputError, UsageError
from lrviz.figure import FigureOptions
from lrviz.lazy import heavy_imports
from lrviz.notation import SchedulerCall
from lrviz.spec import FIELDS, CodeCall, Fields, RunSpec, calls_of, read_all, read_run, script_path
from lrviz.text import printable

if TYPE_CHECKING:
    from lrviz.cli.resuming import Resume
    from lrviz.trace import Trace

Values = Mapping[str, Any]
Read = TypeVar("Read")
_NUMBER: Final = re.compile(r"\s*[-+]?\.?\d")  # the start of a step, of a percentage or of epochs
_BINARY: Final = ("png", "pdf", "jpg", "webp")
_FIGURE_VALUES: Final = ("ylim", "size", "dpi", "x", "layout", "columns", "axes")  # options that are read
_FORMATS: Final = (*figure.FIGURE_FORMATS, *formats.DATA_FORMATS)


def read_fields(values: Values) -> Fields:
    """The fields of a run on the command line."""
    fields = {f.name: values[f.name] for f in FIELDS if values.get(f.name) not in (None, False)}
    show = values.get("show")
    if show is not None:
        from lrviz.spec import read_choice

        read_choice("--show", show, ("momentum",))
    lets: dict[str, Any] = {}
    settings = None
    if values["let"] or values.get("let_file") or values.get("config"):
        from lrviz.spec import read_let_file, read_lets, read_values

        if values.get("let_file") is not None:
            lets = read_let_file(values["let_file"])
        lets |= read_lets(values["let"] or ())
        settings = None if values.get("config") is None else read_values(values["config"], "--config")
    kind = values.get("from_kind") or ""
    return Fields(fields, lets=lets, settings=settings, show_momentum=show == "momentum", kind=kind)


def with_config_files(
    words: Sequence[str] | None, values: Values, *, zooms: bool = False
) -> tuple[list[str], dict[str, Any]]:
    """The schedulers with the config files of `--from`, and the values with the first step of a figure in it alone.

    Args:
        words: The schedulers on the command line.
        values: The values of the options.
        zooms: Whether the command draws a figure, of which `--from` may be the first step.

    Raises:
        UsageError: a value of `--from` is no file, or a second step.
    """
    given = values.get("from_step")
    if not given:
        return list(words or ()), dict(values)
    from lrviz.spec import names_recipe

    paths = [text for text in given if names_recipe(text) or (not _NUMBER.match(text) and Path(text).exists())]
    steps = [text for text in given if text not in paths]
    if steps and not zooms:
        raise UsageError(f"`--from` needs a .yaml, .json or .toml file, got `{printable(steps[0], 60)}`")
    if len(steps) > 1:
        raise UsageError(f"`--from` has two steps, `{steps[0]}` and `{steps[1]}`", "leave one of them out")
    if wrong := next((path for path in paths if not names_recipe(path)), None):
        reason = "is a directory" if Path(wrong).is_dir() else "is none"
        raise UsageError(f"`--from` needs a .yaml, .json or .toml file, and `{printable(wrong, 60)}` {reason}")
    return [*(words or ()), *paths], {**values, "from_step": steps[0] if steps else None}


def read_spec(command: str, scheduler: Sequence[str], parameters: Mapping[str, str], values: Values) -> RunSpec:
    """The run of a command that takes one scheduler.

    Raises:
        UsageError: there is not exactly one scheduler, or it is a sweep.
    """
    return read_specs(command, scheduler, parameters, values, several=False)[0]


def read_specs(
    command: str, scheduler: Sequence[str], parameters: Mapping[str, str], values: Values, *, several: bool = True
) -> list[RunSpec]:
    """The run of a command that takes one scheduler, or the runs of a script that has several.

    Args:
        command: The name of the command.
        scheduler: The words that name the scheduler.
        parameters: Its parameters as typed.
        values: The values of the options.
        several: Whether a script may have several schedulers; with `--resume-at` it may not.

    Raises:
        UsageError: there is not exactly one scheduler or script, or it is a sweep.
    """
    name = f"lrviz {command}"
    fields = read_fields(values)
    if len(scheduler) > 1:
        from lrviz.cli.spelling import split_assignments

        scheduler, assigned, run = split_assignments(scheduler)
        if twice := next((n for n in assigned if n in parameters), None):
            raise UsageError(f"`{twice}` is given twice, as `{twice}=...` and as `--{twice}`")
        parameters, fields = {**parameters, **assigned}, fields.over(run, fields.prefix)
    if not scheduler:
        raise UsageError(f"`{name}` needs a scheduler", f"such as `{name} cosine`; `lrviz schedulers` lists them all")
    if len(scheduler) > 1:
        listed = " ".join(s if s.isidentifier() else f'"{s}"' for s in scheduler)
        raise UsageError(
            f"`{name}` takes one scheduler, got {len(scheduler)}: {', '.join(f'`{s}`' for s in scheduler)}",
            f"`lrviz compare {listed}` compares them; notation needs quotes",
        )

    def read(texts: Sequence[str], fields: Fields) -> list[RunSpec]:
        (text,) = texts
        if "{" in text:
            from lrviz.spec import Sweep

            if (size := Sweep.of(text).size) != 1:
                raise UsageError(
                    f"`{name}` takes one curve, and the braces make {size:,}", f'use `lrviz compare "{text}"`'
                )
        label = values["label"] or ""
        if not several or values["resume_at"] is not None:
            return [read_run(text, fields, parameters, label)]
        found = read_all(text, fields, parameters, label)
        if len(found) == 1:
            return found
        from lrviz.spec import MAX_CURVES, read_runs

        if parameters:
            raise UsageError(
                f"`--{next(iter(parameters))}` is for one scheduler, and `{printable(text, 60)}` has {len(found)}",
                f"`{printable(text, 60)}@{found[0].name or 'NAME'}` is one of them",
            )
        return read_runs(texts, fields, [label] if label else (), MAX_CURVES)

    return read_asking(scheduler, fields, values, read)


def read_asking(
    texts: Sequence[str], fields: Fields, values: Values, read: Callable[[Sequence[str], Fields], Read]
) -> Read:
    """What `read` returns for the texts, with the lines of stdin for `-`, and with `--ask` the values that are typed.

    Raises:
        UsageError: stdin cannot be read, or is no terminal and `--ask` is given; also the errors of `read`.
    """
    if values.get("ask") or any(text.lstrip().startswith("-") for text in texts):
        from lrviz.cli import scripts

        texts, fields = scripts.with_stdin(texts, fields)
        if values.get("ask"):
            return scripts.ask(texts, fields, read)
    return read(texts, fields)


def list_schedulers(texts: Sequence[str], values: Values) -> None:
    """Print the schedulers of scripts, a line for each."""
    from lrviz.cli import scripts

    scripts.list_schedulers(*scripts.with_stdin(texts, read_fields(values)))


def read_figure_options(values: Values) -> FigureOptions:
    """The options of a figure on the command line."""
    options: dict[str, Any] = {
        "style": "lrviz" if values["style"] is None else values["style"],
        "log": values["log"],
        "title": values["title"],
        "font": values["font"],
        "momentum": values.get("show") == "momentum",
        "annotate": values["annotate"],
    }
    if any(values.get(name) is not None for name in _FIGURE_VALUES):
        options |= _read_figure_values(values)
    return FigureOptions(**options)


def _read_figure_values(values: Values) -> dict[str, Any]:
    from lrviz.spec import read_choice, read_count, read_limits, read_size

    options: dict[str, Any] = {}
    if values["ylim"] is not None:
        options["ylim"] = read_limits("--ylim", values["ylim"])
    if values["size"] is not None:
        options["size"] = read_size(values["size"])
    if values["dpi"] is not None:
        options["dpi"] = read_count("--dpi", values["dpi"])
    if values["x"] is not None:
        options["x"] = read_choice("--x", values["x"], ("step", "epoch"))
    if values.get("layout") is not None:
        options["layout"] = read_choice("--layout", values["layout"], tuple(figure.LAYOUTS))
    if values.get("columns") is not None:
        options["columns"] = read_count("--columns", values["columns"])
    if values.get("axes") is not None:
        options["share_y"] = read_choice("--axes", values["axes"], ("shared", "free")) == "shared"
    return options


def read_window(options: FigureOptions, values: Values, specs: Sequence[RunSpec]) -> FigureOptions:
    """The options with the part of the runs that the figure and its inset show."""
    if all(values[name] is None for name in ("from_step", "to_step", "inset")):
        return options
    from lrviz.spec import read_inset, read_span

    span = read_span(values["from_step"], values["to_step"], specs, prefix="--")
    inset = None if values["inset"] is None else read_inset("--inset", values["inset"], specs)
    return replace(options, span=span, inset=inset)


def stem(specs: Sequence[RunSpec], words: Sequence[str]) -> str:
    """The default file name of a figure, without a suffix: that of a config file, of the scheduler or the function."""
    if len(specs) == 1 and specs[0].origin:
        return Path(specs[0].origin).stem or "curve"
    match [spec.scheduler for spec in specs]:
        case [SchedulerCall(name=name)]:
            info = named_scheduler(list(words[:1])) or schedulers.find(name)
            return info.short if info else name.lower()
        case [CodeCall(call=call)]:
            return re.sub(r"\W+", "_", call.name).strip("_").lower() or "curve"
    return "curve"


def read_output(values: Values, default_format: str, stem: str) -> tuple[str, str]:
    """The path and the format of the output, checked before the simulation.

    Args:
        values: The values of the options; `output` and `format` are used.
        default_format: The format if neither option sets it.
        stem: The file name of a figure, without a suffix, if there is no `-o`.

    Raises:
        UsageError: the format is unknown, differs from the suffix, or is binary and stdout is a terminal.
        OutputError: the path cannot be written, or its suffix is not that of a format.
    """
    requested = values.get("format")
    if requested is not None:
        from lrviz.spec import read_choice

        allowed = (*_FORMATS, "table")
        if default_format == "table":
            allowed = ("table", *formats.DATA_FORMATS, *figure.FIGURE_FORMATS)
        requested = read_choice("--format", requested, allowed)
    path = values["output"]
    if path is None:
        path = (
            f"{stem}.{requested or default_format}" if (requested or default_format) in figure.FIGURE_FORMATS else "-"
        )
    if path == "-" and values.get("open"):
        raise UsageError("`--open` needs a file, and the output goes to stdout", "name a file with `-o`")
    files.check_target(path)
    format = requested or default_format if path == "-" else requested or format_of(path)
    suffix = Path(path).suffix[1:].lower()
    if requested in _FORMATS and suffix in _FORMATS and requested != suffix:
        raise UsageError(f"`{path}` ends in .{suffix}, but `--format` is {requested}", "leave one of them out")
    if requested == "table" and path != "-":
        raise UsageError(
            f"a table is for the terminal, and `{path}` is a file",
            "leave out `--format table`, or use csv, tsv, json or md",
        )
    if path == "-" and format in _BINARY and sys.stdout is not None and sys.stdout.isatty():
        raise UsageError(f"stdout is a terminal, which cannot show {format.upper()}", "name a file with `-o`")
    return path, format


def format_of(path: str | Path) -> str:
    """The format for the suffix of `path`, in lower or upper case.

    Raises:
        OutputError: the path has no suffix, or that of an unknown format.
    """
    suffix = Path(path).suffix
    for name in _FORMATS:
        if suffix.lower() == f".{name}":
            return name
    *most, last = (f".{name}" for name in _FORMATS)
    use = f"use {', '.join(most)} or {last}"
    if len(suffix) < 2:
        raise OutputError(f"cannot write `{path}`: it has no suffix", use)
    raise OutputError(f"cannot write `{path}`: unknown format `{suffix}`", use)


@contextmanager
def gc_paused() -> Iterator[None]:
    """Pause garbage collection, and hold back Ctrl-C, while modules are imported in this block.

    The imports create a million objects that are never freed. Not collecting them, now and later (`gc.freeze`), saves
    a tenth of the time of a command.

    Raises:
        MemoryError: there is too little memory for the imports.
    """
    gc.disable()
    try:
        with heavy_imports():
            yield
    finally:
        gc.freeze()
        gc.enable()


def read_resume(values: Values, spec: RunSpec) -> Resume | None:
    """The stop of `--resume-at` and the way of `--resume-by`; None if neither is given.

    Raises:
        UsageError: the stop is not inside the run, the way is unknown, or there is no stop.
    """
    if values["resume_at"] is None and values["resume_by"] is None:
        return None
    from lrviz.cli.resuming import read_resume

    return read_resume(values["resume_at"], values["resume_by"], spec)


def prepare(texts: Sequence[str], values: Values) -> Background:
    """What simulates the runs; its process starts now if they are those of a script, which takes time to read."""
    background = Background(report=not values["quiet"])
    if not values["ask"] and any(map(script_path, texts)):
        background.prepare()
    return background


def check_packages(specs: Sequence[RunSpec]) -> None:
    """Refuse schedulers whose packages are not installed, before torch is imported, which takes a second.

    Raises:
        SimulationError: a package is not installed.
    """
    calls = (call for spec in specs for call in calls_of(spec.scheduler))
    infos = [info for call in calls if (info := schedulers.find(call.name)) and info.family != "torch"]
    for info in infos:
        schedulers.check_installed(info)
    if infos and not any(isinstance(spec.scheduler, CodeCall) for spec in specs):
        schedulers.quiet_packages()


def simulate_all(
    specs: Sequence[RunSpec],
    quiet: bool,
    load_figure: bool = False,
    resume: Resume | None = None,
    prepared: Background | None = None,
) -> list[Trace]:
    """Simulate every spec, with a progress bar for all if it takes long.

    With `resume` there is one spec, and two traces: the uninterrupted run, and the one that is stopped and goes on.
    `prepared` may have a process that waits for the specs.
    """
    if resume is not None:
        specs = resume.specs
    check_packages(specs)
    total = sum(spec.loop.scheduler_calls for spec in specs)
    traces, done_before = [], 0
    with prepared or Background(report=not quiet) as background:
        with gc_paused():
            background.start(specs if load_figure and resume is None else ())
            if load_figure:
                figure.import_matplotlib(user_settings=False)
        with terminal.progress_bar("simulating", quiet) as report:
            for i, spec in enumerate(specs):

                def advance(done: int, _: int, offset: int = done_before) -> None:
                    if report is not None:
                        report(offset + done, total)

                progress = None if report is None else advance
                traces.append(resume.simulate(progress) if resume and i else background.trace(spec, progress))
                done_before += spec.loop.scheduler_calls
    return traces


def write(traces: Sequence[Trace], path: str, format: str, options: FigureOptions | None = None) -> tuple[str, ...]:
    """Write a figure or the numbers, and print the path of a file.

    Returns:
        Notes on what the figure does not show as it is.

    Raises:
        OutputError: the path cannot be written, or the disk is full.
    """
    notes: tuple[str, ...] = ()
    if format in figure.FIGURE_FORMATS:
        options = options or FigureOptions()
        drawn = figure.draw(traces, options)
        notes = drawn.notes
        files.write_bytes(path, figure.render(drawn, f".{format}", options.dpi))
    elif format == "table":
        with files.stdout_errors():
            terminal.print_table(traces)
    else:
        files.write_text(path, formats.chunks(traces, format))
    if path != "-":
        files.write_stdout(f"{printable(path)}\n")
    return notes


def open_output(path: str, values: Values) -> None:
    """Open the file that was written, if `--open` is given.

    Raises:
        OutputError: the system has no viewer for it.
    """
    if values["open"]:
        files.open_file(path)


def print_target_note(values: Values, path: str) -> None:
    """Print where a figure is, if stdout was redirected as if it were to contain the figure."""
    if values["output"] is None and path != "-" and not values["quiet"] and _stdout_redirected():
        terminal.print_note(f"the figure is in `{path}`; with `-o -` it goes to stdout")


def _stdout_redirected() -> bool:
    """Whether stdout is neither a terminal nor the same file as stderr, as in a log."""
    try:
        stdout, stderr = (os.fstat(stream.fileno()) for stream in (sys.stdout, sys.stderr))
    except (AttributeError, OSError, ValueError):  # a stream is closed, or not a file
        return False
    return not sys.stdout.isatty() and (stdout.st_dev, stdout.st_ino) != (stderr.st_dev, stderr.st_ino)


def print_chart(traces: Sequence[Trace], height: int | None = None, log: bool = False) -> None:
    """Draw the curves on stdout, in the width of the terminal.

    Raises:
        OutputError: stdout cannot be written to.
        BrokenPipeError: the pipe on stdout is closed.
    """
    with files.stdout_errors():
        terminal.print_chart(traces, height, log=log)


def print_run_notes(
    specs: Sequence[RunSpec], values: Values, traces: Sequence[Trace] = (), of_figure: Sequence[str] = ()
) -> None:
    """Print the parameters that follow from the run, notes about unusual values, and those of the figure.

    `traces` show which schedulers in the user's code use a metric.
    """
    if values["quiet"]:
        return
    several = len(specs) > 1
    if values.get("explain"):
        from lrviz.cli import scripts

        scripts.explain(specs)
    for spec in specs:
        if spec.read and not values.get("explain"):
            of_curve = f" `{printable(spec.label, 60)}`" if several and not spec.origin else ""
            terminal.print_lines([f"from {printable(spec.read_from, 60)}{of_curve}: {', '.join(spec.read)}"])
        if spec.filled:
            for_scheduler = f" for {getattr(spec.composition or spec.scheduler, 'name', spec.label)}" if several else ""
            terminal.print_lines([f"from the run{for_scheduler}: {', '.join(spec.filled)}"])
    notes = []
    without_metric = [trace.spec for trace in traces if trace.metric is not None and trace.spec.metric is None]
    for spec in specs:
        scheduler = spec.scheduler
        takes_metric = isinstance(scheduler, SchedulerCall) and schedulers.takes_metric(scheduler)
        if (takes_metric and spec.metric is None) or spec in without_metric:
            notes.append("no metric given: a built-in loss that falls for a quarter of the run and then stalls")
        notes += spec.notes
    notes += [f"`{t.spec.scheduler}` does not use a metric" for t in traces if t.metric is None and t.spec.metric]
    for note in dict.fromkeys([*notes, *of_figure]):
        terminal.print_note(note)


def print_findings(traces: Sequence[Trace], quiet: bool) -> None:
    """Print the first finding about the runs that is more than a note, and how many there are, in one line."""
    if quiet or sys.stderr is None or all(_fits(trace.spec) for trace in traces):
        return
    from lrviz import rules

    checked = [(trace.spec, rules.check_run(trace.spec, trace)) for trace in traces]
    line = rules.first_finding(checked)
    if line:
        terminal.print_finding(*line)


def _fits(spec: RunSpec) -> bool:
    """Whether a run is a plain decay that ends with it, about which there are no findings: it needs no rules."""
    call = spec.scheduler
    if (
        not isinstance(call, SchedulerCall)
        or spec.faults
        or spec.loop.scheduler_steps < 8
        or spec.optimizer.momentum is not None
    ):
        return False
    rate = min(group.lr for group in spec.groups)
    length = {"CosineAnnealingLR": "T_max", "PolynomialLR": "total_iters"}.get(call.name, "")
    return (
        rate >= 1e-6
        and call.get(length) == spec.loop.scheduler_steps
        and 0 <= call.get("eta_min", 0.0) <= rate / 2
        and call.get("power", 1.0) >= 0.5
    )


def print_results(traces: Sequence[Trace], path: str | None, quiet: bool, resume: Resume | None) -> None:
    """Print the summary of one curve, of several, or of a run and what it is when it is stopped and goes on."""
    if len(traces) == 1:
        print_summary(traces[0], path, quiet)
        return
    print_comparison(traces, path, quiet)
    if resume is not None:
        print_resumed(traces, quiet, resume)


def print_resumed(traces: Sequence[Trace], quiet: bool, resume: Resume) -> None:
    """Print where the rates of a run that goes on first differ from those of the uninterrupted one."""
    if not quiet:
        terminal.print_lines([resume.sentence(*traces)])


def print_summary(trace: Trace, path: str | None, quiet: bool) -> None:
    """Print the two summary lines of a curve."""
    if not quiet and sys.stderr is not None:
        terminal.print_lines(terminal.summary_lines(trace, None if path == "-" else path))


def print_comparison(traces: Sequence[Trace], path: str | None, quiet: bool) -> None:
    """Print the two summary lines of several curves, and a table of their differences."""
    if quiet or sys.stderr is None:
        return
    from lrviz import trace

    screen = terminal.Screen(stderr=True)
    terminal.print_lines(terminal.comparison_lines(traces, None if path == "-" else path, screen.width))
    with suppress(OSError, ValueError):  # as other messages: a stderr that is closed or full does not change the status
        terminal.print_differences(trace.compare_traces(traces), screen)
