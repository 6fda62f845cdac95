"""`lrviz` and `python -m lrviz`: the command as a process of its own, quick to start and quick to end."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from typing import NoReturn


def run() -> NoReturn:
    """Run the command line and end the process with its status."""
    gc.disable()  # start-up makes thousands of objects and hardly any garbage; `rooms` turns it on again
    try:
        from lrviz.cli import main

        status = main()
    except KeyboardInterrupt:  # while the commands themselves are imported
        status = 130
    usercode = sys.modules.get("lrviz.usercode")
    if usercode is not None and usercode.loaded:
        raise SystemExit(status)  # the user's code may have left something to do at exit
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(status)  # freeing every object one by one would take longer than many a command


if __name__ == "__main__":
    run()
