"""The schedulers as data: parameters, limits, checks and help texts.

In: a name. Out: a `Scheduler`. May import `errors`, `text` and `lazy`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrviz.lazy import lazy
from lrviz.schedulers.catalogue import (
    FORMULA_LEGEND,
    REQUIRED,
    Family,
    Parameter,
    Run,
    Scheduler,
    all_families,
    all_schedulers,
    compositions,
    family,
    find,
    find_imported,
    find_spelling,
    fold,
    installed_optimizers,
    installed_schedulers,
    names,
    optimizer_source,
    refused,
    require,
    suggest,
    takes_metric,
)
from lrviz.schedulers.families import member_value

if TYPE_CHECKING:
    from lrviz.schedulers.counting import count_calls
    from lrviz.schedulers.curves import CURVES
    from lrviz.schedulers.optimizers import OWN_RATES
    from lrviz.schedulers.packages import (
        check_installed,
        installed_only,
        is_installed,
        missing_package,
        package_environment,
        quiet_packages,
    )
else:
    __getattr__ = lazy(
        __name__,
        counting=["count_calls"],
        curves=["CURVES"],
        optimizers=["OWN_RATES"],
        packages=[
            "check_installed",
            "installed_only",
            "is_installed",
            "missing_package",
            "package_environment",
            "quiet_packages",
        ],
    )

__all__ = [
    "CURVES", "FORMULA_LEGEND", "OWN_RATES", "REQUIRED", "Family", "Parameter", "Run", "Scheduler", "all_families",
    "all_schedulers", "check_installed", "compositions", "count_calls", "family", "find", "find_imported",
    "find_spelling", "fold", "installed_only", "installed_optimizers", "installed_schedulers", "is_installed",
    "member_value", "missing_package", "names", "optimizer_source", "package_environment", "quiet_packages", "refused",
    "require", "suggest", "takes_metric",
]  # fmt: skip
