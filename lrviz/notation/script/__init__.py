"""Training scripts: read as Python would run them, without running them.

In: the text of a script. Out: its schedulers, and what it says of their runs. May import what `notation` may.
"""

from __future__ import annotations

from lrviz.notation.script.course import DoneError, Machine
from lrviz.notation.script.found import Fault, Found, MissingValue, MissingValuesError, missing_values
from lrviz.notation.script.program import Program
from lrviz.notation.script.reading import NO_SCHEDULER, read_script
from lrviz.notation.script.torch_objects import optimizer_defaults
from lrviz.notation.script.trainers import TrainerCall
from lrviz.notation.script.values import Origin

__all__ = [
    "NO_SCHEDULER",
    "DoneError",
    "Fault",
    "Found",
    "Machine",
    "MissingValue",
    "MissingValuesError",
    "Origin",
    "Program",
    "TrainerCall",
    "missing_values",
    "optimizer_defaults",
    "read_script",
]
