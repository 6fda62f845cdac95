"""A progress bar on stderr, for what takes longer than a second, where a person watches."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

_PATIENCE: Final = 1.0  # seconds before a bar is worth showing


@contextmanager
def progress_bar(what: str, quiet: bool = False) -> Iterator[Callable[[int, int], None] | None]:
    """A function of (done, total) that draws the bar; None where there is nobody to see it."""
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task(what)
    started = time.monotonic()
    shown = False

    def report(done: int, total: int) -> None:
        nonlocal shown
        if not shown and (done == total or time.monotonic() - started < _PATIENCE):
            return
        bar.update(task, completed=done, total=total)
        if not shown:
            shown = True  # first, for Ctrl-C may come while it starts, and the cursor must come back
            bar.start()

    try:
        yield report
    finally:
        if shown:
            bar.stop()
