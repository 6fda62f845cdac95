"""The schedulers as data: parameters, limits, checks and help texts.

In: a name. Out: a `Scheduler`. May import `errors`, `text` and `lazy`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrviz.lazy import lazy
from lrviz.schedulers.catalogue import (
    FORMULA_LEGEND,
    REQUIRED,
    Parameter,
    Run,
    Scheduler,
    all_schedulers,
    compositions,
    find,
    find_spelling,
    fold,
    installed_optimizers,
    installed_schedulers,
    names,
    optimizer_source,
    require,
    suggest,
)

if TYPE_CHECKING:
    from lrviz.schedulers.curves import CURVES
else:
    __getattr__ = lazy(__name__, curves=["CURVES"])

__all__ = [
    "CURVES", "FORMULA_LEGEND", "REQUIRED", "Parameter", "Run", "Scheduler", "all_schedulers", "compositions", "find",
    "find_spelling", "fold", "installed_optimizers", "installed_schedulers", "names", "optimizer_source", "require",
    "suggest",
]  # fmt: skip
