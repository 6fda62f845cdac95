"""`lrviz` and `python -m lrviz`: run the command line in this process."""

from __future__ import annotations

import gc
import os
import signal
import sys
from contextlib import suppress
from types import FrameType
from typing import NoReturn


def run() -> NoReturn:
    """Run the command line and end the process with its status."""
    gc.disable()  # start-up makes thousands of objects and hardly any garbage; `gc_paused` enables it again
    received: list[int] = []

    def interrupt(number: int, _: FrameType | None) -> None:
        received.append(number)
        raise KeyboardInterrupt  # files are cleaned up as after Ctrl-C

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:  # nohup ignores SIGHUP
            signal.signal(number, interrupt)
    if hasattr(signal, "SIGCHLD"):
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # if it is ignored, lrviz cannot wait for its processes
    _open_standard_streams()
    try:
        from lrviz.cli import main

        status = main()
    except KeyboardInterrupt:  # while the modules of the commands are imported
        status = 130
    except MemoryError:  # likewise
        with suppress(OSError):
            os.write(2, b"error: not enough memory\n")
        status = 2
    if received:
        status = 128 + received[0]
    simulation = sys.modules.get("lrviz.simulation")
    if simulation is not None and simulation.user_code_ran():
        sys.stdout = sys.stderr
        raise SystemExit(status)  # the user's code may have registered exit handlers
    matplotlib = sys.modules.get("lrviz.figure.backend")
    if matplotlib is not None and matplotlib.made_temporary_folder():
        raise SystemExit(status)  # matplotlib has
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(status)  # freeing every object would take longer than many commands


def _open_standard_streams() -> None:
    """Open the null device for standard streams that are closed, so that no file gets their descriptors."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest descriptor that is free, which is this one


if __name__ == "__main__":
    run()
