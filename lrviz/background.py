"""Simulate in a forked process while this one reads a script and imports matplotlib, half as long as torch takes.

In: `RunSpec`s. Out: their `Trace`s, equal to those of `simulation.simulate_apart`, which is used wherever a second
process does not help: user code, long runs, one processor, systems without `fork`. May import `schedulers`, `spec`,
`trace` and `simulation`.
"""

from __future__ import annotations

import atexit
import gc
import mmap
import os
import pickle
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NoReturn, Self

from lrviz import schedulers
from lrviz.errors import LrvizError
from lrviz.spec import CodeCall, Factory

if TYPE_CHECKING:
    from lrviz.spec import RunSpec
    from lrviz.trace import Trace

Progress = Callable[[int, int], None]

_MOST_VALUES: Final = 1_000_000  # rates that are sent; in a longer run the imports take a small part of the time
_MOST_BYTES: Final = 1 << 24  # of runs that are sent
_SIGNALS: Final = {number for name in ("SIGINT", "SIGTERM", "SIGHUP") if (number := getattr(signal, name, None))}


class Background:
    """Simulations of some runs, which `trace` returns in their order; a context that ends their process.

    Args:
        report: Whether their progress will be asked for.
    """

    def __init__(self, *, report: bool = False) -> None:
        self._report = report
        self._pid = 0
        self._results: BinaryIO | None = None
        self._waiting: _Waiting | None = None  # the process, for the runs

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._waiting is not None:
            self._waiting.close()
        self._end()

    def prepare(self) -> None:
        """Start the process before the runs are known, which takes long: it imports torch meanwhile."""
        if _is_possible():
            with suppress(OSError):
                self._waiting = _Waiting()
                self._start(self._waiting.receive)

    def start(self, specs: Sequence[RunSpec]) -> None:
        """Start the process, or import torch in this one if that is as quick or safer.

        Args:
            specs: The runs; none if they are to be simulated in this process.
        """
        useful = bool(specs) and _is_useful(specs)
        if self._waiting is not None:
            sent = useful and self._results is not None and self._waiting.send(specs)
            self._waiting.close()
            self._waiting = None
            if sent:
                return
        self._end()
        if useful and _is_possible():
            with suppress(OSError):
                self._start(lambda: specs)
                return
        from lrviz import simulation  # noqa: F401 - `trace` uses it

    def _start(self, receive: Callable[[], Sequence[RunSpec]]) -> None:
        """Start the process.

        Args:
            receive: Returns the runs in it.

        Raises:
            OSError: no more processes are allowed.
        """
        # A signal that ends lrviz must not come between the fork and the assignment, which `_end` needs.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            self._pid, self._results = _start(receive, report=self._report)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def trace(self, spec: RunSpec, progress: Progress | None = None) -> Trace:
        """The trace of the next run.

        Raises:
            SimulationError: as for `simulation.simulate_apart`.
            SpecError: likewise.
        """
        content = self._receive(progress)
        if isinstance(content, LrvizError):
            raise content
        if content is not None:
            from lrviz.trace import Trace

            return Trace(spec, *content)
        from lrviz import simulation

        return simulation.simulate_apart(spec, progress)

    def _receive(self, progress: Progress | None) -> tuple[Any, ...] | LrvizError | None:
        """The values of the next trace, or an error; None if the process has ended or there is none."""
        while self._results is not None:
            try:
                kind, content = pickle.load(self._results)  # noqa: S301 - from a process that runs only lrviz and torch
            except (EOFError, OSError, pickle.UnpicklingError):
                self._end()
                return None
            if kind != "progress":
                return content  # type: ignore[no-any-return]
            if progress is not None:
                progress(*content)
        return None

    def _end(self) -> None:
        """End the process, which has nothing to clean up."""
        if self._results is None:
            return
        self._results.close()
        self._results = None
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)


class _Waiting:
    """Memory that both processes have, by which one sends runs to the other, and a pipe that says when."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _MOST_BYTES)
        self._theirs, self._ours = os.pipe()

    def send(self, specs: Sequence[RunSpec]) -> bool:
        """Send the runs; whether they can be."""
        try:
            pickle.dump(specs, self._memory, pickle.HIGHEST_PROTOCOL)
        except (pickle.PicklingError, AttributeError, TypeError, ValueError, RecursionError, MemoryError):
            return False  # too many bytes, or a value of a script that cannot be pickled
        os.write(self._ours, b"1")
        return True

    def receive(self) -> Sequence[RunSpec]:
        """The runs, in the other process; none if the first has ended."""
        os.close(self._ours)
        return pickle.load(self._memory) if os.read(self._theirs, 1) else ()  # noqa: S301 - from lrviz

    def close(self) -> None:
        """Free the memory and the pipe."""
        os.close(self._theirs)
        os.close(self._ours)
        self._memory.close()


def _is_useful(specs: Sequence[RunSpec]) -> bool:
    """Whether a second process helps with these runs, which are those of lrviz and torch alone."""
    return (
        not any(isinstance(spec.scheduler, CodeCall | Factory) for spec in specs)
        and sum(spec.loop.updates * len(spec.groups) for spec in specs) <= _MOST_VALUES
    )


def _is_possible() -> bool:
    """Whether there can be a second process, with a processor of its own."""
    return (
        "torch" not in sys.modules
        and hasattr(os, "fork")
        and os.uname().sysname != "Darwin"  # its libraries may crash in a forked process
        and threading.active_count() == 1
        and _processors() > 1
    )


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _start(receive: Callable[[], Sequence[RunSpec]], *, report: bool) -> tuple[int, BinaryIO]:
    """The process, and a file with its messages."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()  # otherwise both processes would write what is buffered
    ours, theirs = os.pipe()
    try:
        with warnings.catch_warnings(action="ignore"):
            pid = os.fork()
    except OSError:
        os.close(ours)
        os.close(theirs)
        raise
    if pid == 0:
        os.close(ours)
        _run(receive, theirs, report=report)
    os.close(theirs)
    return pid, os.fdopen(ours, "rb")


def _run(receive: Callable[[], Sequence[RunSpec]], descriptor: int, *, report: bool) -> NoReturn:
    """Simulate in the forked process, and send each trace. Without one, the other process simulates."""
    try:
        atexit._clear()  # the handlers of the other process
        for number in _SIGNALS - {signal.SIGINT}:
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        gc.disable()  # as in the other process, the imports create a million objects that are never freed
        schedulers.quiet_packages()  # of which this process runs nothing else
        from lrviz import simulation

        specs = receive()
        gc.freeze()
        gc.enable()
        with os.fdopen(descriptor, "wb") as results:
            send = partial(_send, results)
            for spec in specs:
                try:
                    trace = simulation.simulate(spec, (lambda *counts: send("progress", counts)) if report else None)
                except LrvizError as error:
                    send("trace", error)
                    break
                send("trace", (trace.lr, trace.momentum, trace.momentum_name, trace.metric))
    finally:
        os._exit(0)  # also after Ctrl-C, which the other process has received as well


def _send(results: BinaryIO, kind: str, content: object) -> None:
    pickle.dump((kind, content), results, pickle.HIGHEST_PROTOCOL)
    results.flush()
