"""`lrviz` and `python -m lrviz`: run the command line in this process."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from typing import NoReturn


def run() -> NoReturn:
    """Run the command line and end the process with its status."""
    gc.disable()  # start-up makes thousands of objects and hardly any garbage; `gc_paused` enables it again
    try:
        from lrviz.cli import main

        status = main()
    except KeyboardInterrupt:  # while the modules of the commands are imported
        status = 130
    simulation = sys.modules.get("lrviz.simulation")
    if simulation is not None and simulation.user_code_ran():
        raise SystemExit(status)  # the user's code may have registered exit handlers
    importing = sys.modules.get("lrviz.figure.importing")
    if importing is not None and importing.made_temporary_folder():
        raise SystemExit(status)  # matplotlib has
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(status)  # freeing every object would take longer than many commands


if __name__ == "__main__":
    run()
