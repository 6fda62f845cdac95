"""The command line: arguments to a call of a command.

In: `sys.argv`. Out: the exit status. May import everything; heavy packages inside functions.
"""

from __future__ import annotations

from lrviz.cli.app import main

__all__ = ["main"]
