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
    from lrviz.schedulers.optimizers import OWN_RATES, own_rate_note
else:
    __getattr__ = lazy(__name__, curves=["CURVES"], optimizers=["OWN_RATES", "own_rate_note"])

__all__ = [
    "CURVES", "FORMULA_LEGEND", "OWN_RATES", "REQUIRED", "Parameter", "Run", "Scheduler", "all_schedulers",
    "compositions", "find", "find_spelling", "fold", "installed_optimizers", "installed_schedulers", "names",
    "optimizer_source", "own_rate_note", "require", "suggest",
]  # fmt: skip
