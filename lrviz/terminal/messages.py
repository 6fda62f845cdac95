"""Messages on stderr: errors, hints, notes, the summary of a run, progress."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NoReturn

from rich.console import Console

from lrviz.text import ascii_only, cells, count, draws_unicode, format_rate, printable, shorten

if TYPE_CHECKING:
    from lrviz.errors import LrvizError
    from lrviz.spec import TrainingLoop
    from lrviz.trace import Trace


class Screen(Console):
    """A console that does not interpret markup and emoji codes, and raises BrokenPipeError when a pipe is closed.

    Args:
        stderr: Whether to print to stderr rather than stdout.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        stream = sys.stderr if stderr else sys.stdout
        if isinstance(stream, io.TextIOWrapper):
            with suppress(OSError):  # it writes what is buffered, which may have failed before
                stream.reconfigure(errors="backslashreplace")
        super().__init__(stderr=stderr, markup=False, emoji=False, highlight=False)

    def on_broken_pipe(self) -> NoReturn:
        """Raise the error; rich would exit with status 1."""
        raise BrokenPipeError

    @property
    def at_terminal(self) -> bool:
        """Whether the output is a terminal; unlike `is_terminal`, this does not depend on FORCE_COLOR."""
        return self.file.isatty()

    @property
    def coloured(self) -> bool:
        """Whether the output may contain colour."""
        return self.color_system is not None and not self.no_color


def print_error(error: LrvizError) -> None:
    """Print an error: the message and the lines under it, an empty line, and the hint."""
    _print("error:", error.message, "bold red")
    print_lines(f"    {line}" for line in error.details)
    if error.hint:
        print_lines([""])
        _print("hint:", error.hint, "bold cyan")


def print_note(text: str) -> None:
    """Print a note about something that is valid but probably unintended, or important to know."""
    _print("note:", text, "bold yellow")


def print_finding(severity: str, text: str) -> None:
    """Print a finding about a schedule, which is no error of the command, whatever its severity is."""
    _print("finding:", f"{severity} {text}", "bold red" if severity == "error" else "bold yellow")


def print_lines(lines: Iterable[str]) -> None:
    """Print lines without a prefix, each of at most `_MOST` characters."""
    for line in lines:
        _print("", line, "")


def print_prompt(text: str) -> None:
    """Print a question on stderr, without an end of line."""
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            sys.stderr.write(printable(text, _MOST))
            sys.stderr.flush()


def _print(head: str, text: str, style: str) -> None:
    from rich.text import Text

    if sys.stderr is None:
        return
    line = Text.assemble((head, style), " " if head else "", printable(text, _MOST))
    try:
        Screen(stderr=True).print(line, soft_wrap=True)
    except (OSError, ValueError):
        return  # stderr is closed or full, so the error cannot be reported


_MOST: Final = 1_000  # characters of a line of a message
_PROGRESS_DELAY: Final = 1.0  # seconds before a progress bar is shown


@contextmanager
def progress_bar(description: str, quiet: bool = False) -> Iterator[Callable[[int, int], None] | None]:
    """A function of (done, total) that updates the bar; None if stderr is not a terminal, or with `quiet`."""
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(description), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task(description)
    started = time.monotonic()
    visible = False

    def report(done: int, total: int) -> None:
        nonlocal visible
        if not visible and (done == total or time.monotonic() - started < _PROGRESS_DELAY):
            return
        bar.update(task, completed=done, total=total)
        if not visible:
            visible = True  # before `start`, so that the cursor is restored if Ctrl-C interrupts it
            bar.start()

    try:
        yield report
    finally:
        if visible:
            bar.stop()


# Parts of lines, in Unicode and in ASCII.
_DOT: Final = (" · ", " - ")
_ELLIPSIS: Final = ("…", "...")
_BARS: Final = ("▁▂▃▄▅▆▇█", "_.:-=+*#")
_MIN_LABEL: Final = 12  # columns; shorter labels are not informative
_MAX_GROUPS: Final = 6  # with a line each
# Variants of a line, the most informative first: bars of the sparkline, whether with path, whether with warm-up end.
_VARIANTS: Final = (
    (16, True, True),
    (6, True, True),
    (0, True, True),
    (16, False, True),
    (6, False, True),
    (0, False, True),
    (6, False, False),
    (0, False, False),
)


def summary_lines(
    trace: Trace, path: str | None = None, width: int | None = None, *, ascii: bool | None = None
) -> list[str]:
    """A summary of a run in two lines; with several parameter groups, a first line and one for each group.

    The first line has the label and the length of the run, the second the peak, the end of warm-up, the final rate, a
    sparkline, and the path. What does not fit is left out.

    Args:
        trace: The run.
        path: The file that was written, if any.
        width: The maximum width of a line in columns; if None, that of stderr, unlimited if it is not a terminal.
        ascii: Whether to use ASCII characters only; if None, this depends on the encoding of stderr.
    """
    width = _stderr_width() if width is None else width
    ascii = not draws_unicode(sys.stderr) if ascii is None else ascii

    def clean(text: str) -> str:
        return ascii_only(printable(text)) if ascii else printable(text)

    target = clean(path or "")
    names = [clean(name) for name in trace.group_names]
    if len(names) == 1:
        lr = f"lr {format_rate(trace.spec.groups[0].lr)}"
        first = _run_line(clean(trace.label), trace.spec.loop, [lr], width, ascii=ascii)
        return [first, _group_line(trace, 0, target, width, ascii=ascii)]
    first = _run_line(clean(trace.label), trace.spec.loop, [f"{len(names)} groups", target], width, ascii=ascii)
    if len(names) > _MAX_GROUPS:
        ends = [f"peaks {_rate_range(trace.lr.max(axis=0).tolist())}", f"final {_rate_range(trace.lr[-1].tolist())}"]
        return [first, _first_fit([ends, ends[:1]], width, ascii=ascii)]
    names = [shorten(name, _MIN_LABEL, _ELLIPSIS[ascii]) for name in names]
    indent = max(map(cells, names)) + 2
    lines = [_group_line(trace, i, "", width - indent, ascii=ascii) for i in range(len(names))]
    return [first, *(name + " " * (indent - cells(name)) + line for name, line in zip(names, lines, strict=True))]


def _stderr_width() -> int:
    screen = Screen(stderr=True)
    return screen.width if screen.at_terminal else sys.maxsize


def _run_line(label: str, loop: TrainingLoop, facts: list[str], width: int, *, ascii: bool) -> str:
    """The label of a run and as many facts about it as fit."""
    dot, ellipsis = _DOT[ascii], _ELLIPSIS[ascii]
    counts = count(loop.updates, "step")
    if loop.scheduler_steps != loop.updates:
        counts = f"{count(loop.updates, 'update')}, {count(loop.scheduler_steps, 'scheduler step')}"
    each = loop.updates_per_epoch_shown
    if loop.grad_accum > 1:
        each += " update" if each == "1" else " updates"
    length = f"{counts}, {loop.epochs_shown} of {each}"
    variants = [dot.join(filter(None, [length, *facts[:n]])) for n in range(len(facts), -1, -1)]
    for tail, least in (*((tail, _MIN_LABEL) for tail in variants), (counts, 2)):
        if width - cells(dot + tail) >= min(cells(label), least):
            return shorten(label, width - cells(dot + tail), ellipsis) + dot + tail
    return shorten(label, width, ellipsis)


def _rate_range(rates: Sequence[float]) -> str:
    return f"{format_rate(min(rates), beside=max(rates))} to {format_rate(max(rates))}"


def _group_line(trace: Trace, group: int, path: str, width: int, *, ascii: bool) -> str:
    """As many facts about one parameter group as fit in `width` columns."""
    summary = trace.summary(group)
    peak = f"{format_rate(summary.peak)} at step {summary.peak_step:,}"
    facts, warmup = [f"peak {peak}", f"final {format_rate(summary.final, beside=summary.peak)}"], ""
    if summary.least == summary.peak:
        facts = [f"constant {format_rate(summary.peak)}"]
    elif summary.warmup_end == summary.peak_step:
        facts[0] = f"warm-up to {peak}"
    elif summary.warmup_end is not None:
        warmup = f"warm-up ends at step {summary.warmup_end:,}"
    variants = [
        [warmup * with_warmup, *facts, sparkline(trace, group, bars, ascii=ascii), path * with_path]
        for bars, with_path, with_warmup in _VARIANTS
    ]
    variants.append([fact.partition(" at step")[0] for fact in facts])
    return _first_fit(variants, width, ascii=ascii)


def _first_fit(variants: Sequence[Sequence[str]], width: int, *, ascii: bool) -> str:
    """The first variant that fits in a line, or the last one shortened; empty parts are left out."""
    for parts in variants:
        line = _DOT[ascii].join(filter(None, parts))
        if cells(line) <= width:
            return line
    return shorten(line, width, _ELLIPSIS[ascii])


def sparkline(trace: Trace, group: int, width: int, *, ascii: bool = False) -> str:
    """One group's curve as at most `width` bars from 0 to the mean rate of an interval of the run."""
    lr = trace.lr[:, group]
    width = min(width, lr.size)
    edges = [i * lr.size // width for i in range(width + 1)] if width else []
    top = float(lr.max()) or 1.0
    return _bars([float((lr[a:b] / top).mean()) for a, b in pairwise(edges)], ascii=ascii)


def bars(rates: Sequence[float], width: int, *, ascii: bool = False) -> str:
    """The sparkline of a few rates, in as many bars or fewer, without numpy."""
    width, top = min(width, len(rates)), max(rates, default=0) or 1.0
    edges = [i * len(rates) // width for i in range(width + 1)] if width else []
    return _bars([sum(rates[a:b]) / (b - a) / top for a, b in pairwise(edges)], ascii=ascii)


def _bars(heights: Sequence[float], *, ascii: bool) -> str:
    shapes = _BARS[ascii]
    return "".join(shapes[min(max(round(height * (len(shapes) - 1)), 0), len(shapes) - 1)] for height in heights)


def comparison_lines(traces: Sequence[Trace], path: str | None, width: int) -> list[str]:
    """A summary of compared runs in two lines of at most `width` columns."""
    loops = {trace.spec.loop for trace in traces}
    updates = [loop.updates for loop in loops]
    if updates == [loop.scheduler_steps for loop in loops]:
        steps = _count_range(updates, "step")
    else:
        scheduler_steps = [loop.scheduler_steps for loop in loops]
        steps = f"{_count_range(updates, 'update')}, {_count_range(scheduler_steps, 'scheduler step')}"
    if len(loops) == 1:
        loop = traces[0].spec.loop
        steps += f", {loop.epochs_shown} of {loop.updates_per_epoch_shown}"
    peaks = [float(trace.lr.max()) for trace in traces]
    least = min(float(trace.lr.min()) for trace in traces)
    from lrviz.trace import floor_of_axis

    least = max(least, floor_of_axis(least, max(peaks)))
    second = f"rates from {_rate_range([least, max(peaks)])}" + (f" · {path}" if path else "")
    return [shorten(printable(line), width) for line in (f"{count(len(traces), 'curve')} · {steps}", second)]


def _count_range(counts: Sequence[int], noun: str) -> str:
    least, most = min(counts), max(counts)
    return ("" if least == most else f"{least:,} to ") + count(most, noun)
