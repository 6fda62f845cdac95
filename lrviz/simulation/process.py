"""User code in a process of its own, so that what it changes and prints has no effect on other curves and the data."""

from __future__ import annotations

import atexit
import io
import os
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from typing import Any, Final, NoReturn

from lrviz import errors
from lrviz.errors import LrvizError, SimulationError, memory_error
from lrviz.simulation.loop import Progress
from lrviz.spec import RunSpec
from lrviz.trace import Trace

Simulate = Callable[[RunSpec, Progress | None], Trace]

# Libraries of macOS may crash in a forked process. There, and on Windows, user code runs in the process of lrviz.
CAN_FORK: Final = hasattr(os, "fork") and os.uname().sysname != "Darwin"
_PATIENCE: Final = 0.1  # seconds without a message until lrviz looks whether the process has ended
_GRACE: Final = 0.5  # seconds until a process that Ctrl-C has not ended is killed


def simulate_forked(spec: RunSpec, progress: Progress | None, simulate: Simulate) -> Trace:
    """As `simulate`, such as that of `loop`, in a forked process.

    Its stdout is stderr, also for its child processes and exit handlers.

    Raises:
        SimulationError: as for `simulate`, or the user code ends its process.
        SpecError: as for `simulate`.
    """
    ours, theirs = Pipe()
    with ours:
        pid = _fork()
        if pid == 0:
            ours.close()
            _run(spec, theirs, simulate, report=progress is not None)
        theirs.close()
        status = None
        try:
            kind, content, status = _receive(ours, pid, progress)
            if kind == "garbled":
                raise SimulationError(f"`{spec.scheduler}` writes to a file descriptor that it has not opened")
            if kind == "ended":
                ours.close()  # a process that goes on ends, see `_end_with_parent`
            if status is None:
                _, status = os.waitpid(pid, 0)
        finally:
            if status is None:
                _end(pid)
    if kind == "trace":
        return Trace(spec, *content)
    if kind == "error":
        name, *content = content
        raise getattr(errors, name)(*content)
    raise SimulationError(f"`{spec.scheduler}` ended its process {_ending(status)} before the end of the run")


def _ending(status: int) -> str:
    """How a process ended, from the status of `waitpid`."""
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return f"with status {code}"
    try:
        return f"by signal {signal.Signals(-code).name}"
    except ValueError:  # most real-time signals have no name
        return f"by signal {-code}"


def _fork() -> int:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()  # otherwise both processes would write what is buffered
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python warns of threads; those of numpy and torch wait for work
        return os.fork()


def _receive(connection: Connection[Any, Any], pid: int, progress: Progress | None) -> tuple[str, Any, int | None]:
    """The last message of the process, after those with its progress; and its status if it has ended without one.

    The end of the process counts, not that of the connection, which a process that user code forked may keep open.
    """
    status = None
    while True:
        if not connection.poll(0 if status is not None else _PATIENCE):
            if status is not None:
                return "ended", None, status
            ended, found = os.waitpid(pid, os.WNOHANG)
            status = found if ended else None
            continue
        try:
            kind, content = connection.recv()
        except (EOFError, ConnectionResetError):
            return "ended", None, status
        except Exception as error:
            if memory_error(error) is not None:
                raise
            return "garbled", None, status  # not a message: user code wrote to the descriptor
        if kind != "progress":
            return kind, content, status
        if progress is not None:
            progress(*content)


def _end(pid: int) -> None:
    """Wait for the end of a process that has probably received the same signal, and kill it if it does not end."""
    give_up = time.monotonic() + _GRACE
    while time.monotonic() < give_up:
        if os.waitpid(pid, os.WNOHANG)[0]:
            return
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


class _Stderr(io.TextIOWrapper):
    """A stream for messages: a full device loses them, and does not end the user's code."""

    def write(self, text: str) -> int:
        """Write a message."""
        with suppress(OSError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        """Write what is buffered."""
        with suppress(OSError):
            super().flush()


def _run(spec: RunSpec, connection: Connection[Any, Any], simulate: Simulate, *, report: bool) -> NoReturn:
    """Simulate in the forked process, send the result, and end the process as Python does."""
    status, own = 1, os.getpid()
    try:
        atexit._clear()  # the handlers of lrviz's process
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        os.dup2(2, 1)
        # A new stream, since another thread may have held the lock of the old one.
        sys.stdout = sys.stderr = _Stderr(
            os.fdopen(2, "wb", closefd=False), "utf-8", "backslashreplace", line_buffering=True
        )
        threading.Thread(target=_end_with_parent, args=(connection,), daemon=True).start()

        def send(*message: Any) -> None:
            if os.getpid() != own:  # user code forked, and both processes came back
                os._exit(0)
            try:
                connection.send(message)
            except OSError:  # user code closed the descriptor
                os._exit(status)

        send(*_outcome(spec, (lambda *counts: send("progress", counts)) if report else None, simulate))
        status = 0
        for thread in threading.enumerate():
            if thread is not threading.current_thread() and not thread.daemon:
                thread.join()
        atexit._run_exitfuncs()
    except KeyboardInterrupt:
        pass  # the process of lrviz has received it as well
    except BaseException:  # noqa: BLE001 - a bug in lrviz
        with suppress(BaseException):
            traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr, sys.__stdout__):
            with suppress(BaseException):
                stream.flush()  # type: ignore[union-attr] # suppressed as well
        os._exit(status)


def _outcome(spec: RunSpec, progress: Progress | None, simulate: Simulate) -> tuple[str, Any]:
    """The message with the values of the trace, or with an error."""
    from lrviz.simulation.user_code import user_code_context, user_code_error

    try:
        with user_code_context():
            try:
                trace = simulate(spec, progress)
            except KeyboardInterrupt as error:  # raised by the user code: after Ctrl-C, nothing reads this message
                raise user_code_error(str(spec.scheduler), error) from error
    except LrvizError as error:
        kind = next(cls for cls in type(error).__mro__ if cls.__module__ == errors.__name__)
        return "error", (kind.__name__, str(error.message), str(error.hint), tuple(map(str, error.details)))
    return "trace", (trace.lr, trace.momentum, trace.momentum_name, trace.metric)


def _end_with_parent(connection: Connection[Any, Any]) -> None:
    """End this process when the one that waits for it has ended; nothing is ever received."""
    with suppress(EOFError, OSError):
        connection.recv()
    os._exit(1)
