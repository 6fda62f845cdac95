"""Whole processes, timed in turn so that what disturbs the machine disturbs all of them alike."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

YARDSTICKS = Path(__file__).parent / "yardsticks"
# ru_maxrss counts kibibytes on Linux and bytes on macOS.
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Command:
    """A command line and the status it should end with."""

    words: tuple[str, ...]
    status: int = 0


@dataclass(frozen=True)
class Finished:
    """What one process took: seconds of wall time, and bytes of memory at its peak."""

    seconds: float
    peak_bytes: int


def lrviz(*words: str, status: int = 0) -> Command:
    """The command that people type: the installed script of the interpreter that runs the benchmarks."""
    script = shutil.which("lrviz", path=str(Path(sys.executable).parent))
    if script is None:
        raise SystemExit("lrviz is not installed beside this Python; `make bench` sees to that")
    return Command((script, *words), status)


def python(*words: str) -> Command:
    """The same interpreter with other words."""
    return Command((sys.executable, *words))


def run(command: Command, folder: Path) -> Finished:
    """Run one process to its end in `folder`.

    Raises:
        SystemExit: it ended with another status than expected; what it wrote to stderr is in the message.
    """
    with TemporaryFile() as stderr:
        start = time.perf_counter()
        process = subprocess.Popen(
            command.words, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != command.status:
            stderr.seek(0)
            said = stderr.read().decode(errors="replace")
            raise SystemExit(f"`{' '.join(command.words)}` ended with {process.returncode}:\n{said}")
    return Finished(seconds, usage.ru_maxrss * MAXRSS_UNIT)


def in_turn(commands: Mapping[str, Command], runs: int, folder: Path) -> dict[str, list[Finished]]:
    """Run every command once to warm up, then `runs` times, in an order that turns round each time."""
    for command in commands.values():
        run(command, folder)
    finished: dict[str, list[Finished]] = {name: [] for name in commands}
    for turn in range(runs):
        for name in list(commands) if turn % 2 == 0 else reversed(list(commands)):
            finished[name].append(run(commands[name], folder))
    return finished


def median_seconds(finished: Sequence[Finished]) -> float:
    """The median wall time."""
    return statistics.median(each.seconds for each in finished)


def ratio(finished: Sequence[Finished], yardstick: Sequence[Finished]) -> float:
    """The median of the ratios, each of two runs made one after the other."""
    return statistics.median(a.seconds / b.seconds for a, b in zip(finished, yardstick, strict=True))
