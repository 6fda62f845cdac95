"""The schedulers as data: parameters, limits, checks and help texts.

In: a name. Out: a `Scheduler`. May import `errors` and `text`.
"""

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
    suggest,
)

__all__ = [
    "FORMULA_LEGEND", "REQUIRED", "Parameter", "Run", "Scheduler", "all_schedulers", "compositions", "find",
    "find_spelling", "fold", "installed_optimizers", "installed_schedulers", "names", "suggest",
]  # fmt: skip
