"""What every command does once it has its runs: simulate, write, and say what there is to say."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrviz import output, speech
from lrviz.errors import UsageError
from lrviz.notation import SchedulerCall
from lrviz.options import DATA, FIGURES
from lrviz.reading import read_choice

if TYPE_CHECKING:
    from lrviz.look import FigureOptions
    from lrviz.spec import RunSpec
    from lrviz.trace import Trace


def target(values: Mapping[str, Any], default_format: str, stem: str | None = None) -> tuple[str, str]:
    """Where to write and in which format, refused now if it cannot be written later.

    Args:
        values: The options `output` and `format`.
        default_format: What to write where neither says.
        stem: The file name to use without `-o`; None for stdout.

    Raises:
        UsageError: the format is none, the suffix says another, or stdout is a terminal and the format no text.
        OutputError: the path cannot be written, or its suffix says nothing.
    """
    asked = values.get("format")
    if asked is not None:
        allowed = (*FIGURES, *DATA, "table") if default_format == "png" else ("table", *DATA, *FIGURES)
        asked = read_choice("--format", asked, allowed)
    path = values["output"]
    if path is None:
        path = f"{stem or 'curve'}.{asked or default_format}" if (asked or default_format) in FIGURES else "-"
    output.check_target(path)
    chosen = asked or default_format if path == "-" else asked or output.kind_of(path)
    named = Path(path).suffix[1:].lower()
    if asked in (*FIGURES, *DATA) and named in (*FIGURES, *DATA) and asked != named:
        raise UsageError(f"`{path}` says {named}, and `--format` {asked}", "leave one of them out")
    if asked == "table" and path != "-":
        raise UsageError(
            f"a table is for the terminal, and `{path}` is a file",
            "leave out `--format table`, or use csv, tsv, json or md",
        )
    if path == "-" and chosen in ("png", "pdf") and sys.stdout is not None and sys.stdout.isatty():
        raise UsageError(f"stdout is a terminal, which shows no {chosen.upper()}", "name a file with `-o`")
    return path, chosen


def simulate_all(specs: Sequence[RunSpec], quiet: bool, figure: bool = False) -> list[Trace]:
    """Run every spec, with a progress bar over all of them where it takes long."""
    from lrviz.progress import progress_bar
    from lrviz.rooms import importing

    with importing():
        from lrviz import simulation

        if figure:
            import lrviz.figure  # noqa: F401 - while the collector is held back
    total = sum(spec.loop.scheduler_calls for spec in specs)
    traces, before = [], 0
    with progress_bar("simulating", quiet) as report:
        for spec in specs:
            shift = before

            def advance(done: int, _: int, shift: int = shift) -> None:
                if report is not None:
                    report(shift + done, total)

            traces.append(simulation.simulate(spec, None if report is None else advance))
            before += spec.loop.scheduler_calls
    return traces


def write(traces: Sequence[Trace], path: str, chosen: str, look: FigureOptions | None = None) -> None:
    """Write a figure or the numbers, and print the path of a file.

    Raises:
        OutputError: the path cannot be written, or the disk is full.
    """
    if chosen in FIGURES:
        from lrviz import figure
        from lrviz.look import FigureOptions

        look = look or FigureOptions()
        output.write_bytes(path, figure.render(figure.draw(traces, look), f".{chosen}", look.dpi))
    elif chosen == "table":
        from lrviz import terminal

        with output.guarding_stdout():
            terminal.print_table(traces)
    else:
        from lrviz import export

        output.write_text(path, export.chunks(traces, chosen))  # type: ignore[arg-type] # one of DATA
    if path != "-":
        output.write_stdout(f"{path}\n")


def print_chart(traces: Sequence[Trace], height: int | None = None, log: bool = False) -> None:
    """Draw the curves on stdout, as wide as it is.

    Raises:
        OutputError: stdout cannot be written to.
        BrokenPipeError: the reader of stdout has gone.
    """
    from lrviz import terminal

    with output.guarding_stdout():
        terminal.print_chart(traces, height, log=log)


def say_runs(specs: Sequence[RunSpec], quiet: bool, traces: Sequence[Trace] = ()) -> None:
    """What the reader must know of the runs: what was filled in, and what is legal but odd.

    `traces` show which schedulers of the user's own watch a metric.
    """
    if quiet:
        return
    several = len(specs) > 1
    for spec in specs:
        if spec.filled:
            whose = f" for {getattr(spec.scheduler, 'name', spec.label)}" if several else ""
            speech.print_lines([f"from the run{whose}: {', '.join(spec.filled)}"])
    notes = []
    stalling = [trace.spec for trace in traces if trace.metric is not None and trace.spec.metric is None]
    for spec in specs:
        scheduler = spec.scheduler
        plateau = isinstance(scheduler, SchedulerCall) and scheduler.name == "ReduceLROnPlateau"
        if (plateau and spec.metric is None) or spec in stalling:
            notes.append("no metric given: a built-in loss that falls for a quarter of the run and then stalls")
        notes += spec.notes
    notes += [f"`{t.spec.scheduler}` watches no metric" for t in traces if t.metric is None and t.spec.metric]
    for note in dict.fromkeys(notes):
        speech.print_note(note)


def summarise(trace: Trace, path: str | None, quiet: bool) -> None:
    """The two lines about a curve."""
    if not quiet and sys.stderr is not None:
        from lrviz import terminal

        speech.print_lines(terminal.summary_lines(trace, None if path == "-" else path))


def summarise_all(traces: Sequence[Trace], path: str | None, quiet: bool) -> None:
    """The two lines about several curves, and a table of how they differ."""
    if quiet or sys.stderr is None:
        return
    from lrviz import comparison
    from lrviz.screen import Screen

    screen = Screen(stderr=True)
    speech.print_lines(comparison.summary_lines(traces, None if path == "-" else path, screen.width))
    comparison.print_differences(comparison.compare(traces), screen)
