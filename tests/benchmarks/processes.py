"""Whole processes, timed in turn so that what disturbs the machine disturbs all of them alike."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryFile

YARDSTICKS = Path(__file__).parent / "yardsticks"
# ru_maxrss counts kibibytes on Linux and bytes on macOS.
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024
_PARENT = """
import resource, subprocess, sys
status = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(status)
"""


@dataclass(frozen=True)
class Command:
    """A command line and the status it should end with."""

    words: tuple[str, ...]
    status: int = 0


def lrviz(*words: str, status: int = 0) -> Command:
    """The command that people type: the installed script of the interpreter that runs the benchmarks."""
    script = shutil.which("lrviz", path=str(Path(sys.executable).parent))
    if script is None:
        raise SystemExit("lrviz is not installed beside this Python; `make bench` sees to that")
    return Command((script, *words), status)


def python(*words: str) -> Command:
    """The same interpreter with other words."""
    return Command((sys.executable, *words))


def run(command: Command, folder: Path) -> float:
    """Run one process to its end in `folder`; the seconds of wall time it took.

    Raises:
        SystemExit: it ended with another status than expected; what it wrote to stderr is in the message.
    """
    return _run(command, folder)[0]


def peak_bytes(command: Command, folder: Path) -> int:
    """Run one process to its end in `folder`; the most memory it held.

    A process counts what its parent held when it was started, so a small parent is put between.

    Raises:
        SystemExit: as `run`.
    """
    between = Command((sys.executable, "-c", _PARENT, *command.words), command.status)
    return int(_run(between, folder)[1]) * MAXRSS_UNIT


def _run(command: Command, folder: Path) -> tuple[float, str]:
    """The seconds, and what was written to stdout."""
    with TemporaryFile("w+", encoding="utf-8") as stdout, TemporaryFile("w+", encoding="utf-8") as stderr:
        start = time.perf_counter()
        done = subprocess.run(
            command.words, cwd=folder, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, check=False
        )
        seconds = time.perf_counter() - start
        for file in (stdout, stderr):
            file.seek(0)
        if done.returncode != command.status:
            raise SystemExit(f"`{' '.join(command.words)}` ended with {done.returncode}:\n{stderr.read()}")
        return seconds, stdout.read()


def in_turn(commands: Mapping[str, Command], runs: int, folder: Path) -> dict[str, list[float]]:
    """Run every command once to warm up, then `runs` times, in an order that turns round each time.

    Returns:
        The seconds of each run, by the command's name.
    """
    for command in commands.values():
        run(command, folder)
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(runs):
        for name in list(commands) if turn % 2 == 0 else reversed(list(commands)):
            seconds[name].append(run(commands[name], folder))
    return seconds


def ratio(ours: Sequence[float], yardstick: Sequence[float]) -> float:
    """The median of the ratios, each of two runs made in the same turn."""
    return median(a / b for a, b in zip(ours, yardstick, strict=True))
