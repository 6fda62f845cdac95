"""The names that a script imports, or uses without importing them."""

from __future__ import annotations

import math
import sys
from typing import Any, Final

from lrviz.notation.functions import FUNCTIONS, MATH
from lrviz.notation.functions import Function as KnownFunction
from lrviz.notation.script.prelude import BASES
from lrviz.notation.script.values import Builtin, Dotted
from lrviz.notation.source import SHORT_NAMES
from lrviz.notation.trainers import TRAINER_ENUMERATIONS, is_trainer_class
from lrviz.schedulers import (
    OWN_RATES,
    Scheduler,
    find,
    find_imported,
    installed_optimizers,
    installed_schedulers,
    member_value,
    names,
)  # fmt: skip

_BUILTINS: Final = frozenset((
    "range", "len", "sum", "any", "all", "zip", "enumerate", "sorted", "reversed", "list", "tuple", "dict", "set",
    "str", "bool", "isinstance", "hasattr", "getattr", "vars", "iter", "next", "map", "filter", "print", "super",
    "divmod", "type", "setattr", "eval", "globals",
))  # fmt: skip
NUMPY_CONSTANTS: Final = {
    "pi": math.pi,
    "e": math.e,
    "inf": math.inf,
    "nan": math.nan,
    "euler_gamma": 0.5772156649015329,
}
NUMPY_NAMES: Final = ("np", "numpy", "onp")


# Modules and functions that lines are often pasted without the import of.
_COMMON: Final = frozenset((
    *BASES, "argparse", "ast", "bisect", "click", "collections", "copy", "fire", "functools", "json", "partial", "tqdm",
    "trange", "transformers", "trl", "typer", "types", "tyro",
))  # fmt: skip


# Modules whose functions and constants are not taken for values of a configuration, with those of Python.
_LIBRARIES: Final = frozenset(("numpy", "np", "onp", "torch", *sys.stdlib_module_names))
_OF_TORCH: Final = ("torch", "nn", "optim", "lr_scheduler", "sched", "lrs", "swa_utils", "functional")


def name_without_import(name: str) -> Any:
    """The value of a name that the script neither defines nor imports; None if there is none."""
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    if isinstance(MATH.get(name), KnownFunction):
        return MATH[name]
    if name in _BUILTINS:
        return Builtin(name)
    if name in ("object", "Exception", "int", "float", "SchedulerType", "OptimizerNames", "IntervalStrategy"):
        return Dotted(name)
    optimizer = name in installed_optimizers() or name in OWN_RATES
    if optimizer or is_scheduler(name) or name in ("torch", "math", "optim", "lr_scheduler"):
        return Dotted({"optim": "torch.optim", "lr_scheduler": "torch.optim.lr_scheduler"}.get(name, name))
    if name in NUMPY_NAMES:
        return Dotted("numpy")
    if name == "literal_eval":
        return Dotted("ast.literal_eval")
    if name in ("bisect_left", "bisect_right"):
        return Dotted(f"bisect.{name}")
    if is_trainer_class(name) or name in ("HfArgumentParser", "TrlParser"):
        return Dotted(f"transformers.{name}")
    return Dotted(name) if name in _COMMON else None


def is_scheduler(name: str) -> bool:
    """Whether a name is that of a scheduler of torch, or a short name of lrviz."""
    name = SHORT_NAMES.get(name, name)
    return find(name) is not None or (name[:1].isupper() and name in installed_schedulers())


def scheduler_at(path: str) -> Scheduler | None:
    """The scheduler of another package than torch that an imported name is, or a name that is not imported."""
    module, _, name = path.rpartition(".")
    if module:
        return find_imported(name, module)
    info = find(SHORT_NAMES.get(name, name))
    return info if info is not None and info.family != "torch" else None


def is_scheduler_class(name: str) -> bool:
    """Whether a name is that of a class of schedulers of torch."""
    return name[:1].isupper() and name in installed_schedulers()


def names_scheduler(name: str) -> bool:
    """Whether a name is that of a class of schedulers, or of a function of another package that creates one."""
    return is_scheduler_class(name) or (("_" in name or name[:1].isupper()) and name in names())  # no short names


def is_setting(value: Any) -> bool:
    """Whether what is imported may be a value of a configuration, or have some: not a class, or of a known library."""
    if not isinstance(value, Dotted) or not value.module or value.path.partition(".")[0] in _LIBRARIES:
        return False
    if value.module.endswith(TRAINER_ENUMERATIONS):
        return False
    name = value.last
    is_class = name[:1].isupper() and not name.isupper()
    known = name in _OF_TORCH or name in installed_optimizers() or name in OWN_RATES or is_trainer_class(name)
    return not (is_class or known or names_scheduler(name) or scheduler_at(value.path) is not None)


def imported(path: str) -> Any:
    """The value of an imported name, or of an attribute of one."""
    module, _, name = path.rpartition(".")
    if module == "math" and isinstance(MATH.get(name), float):
        return MATH[name]
    if (text := member_value(path)) is not None:
        return text
    if module in ("numpy", "torch", *NUMPY_NAMES) and name in NUMPY_CONSTANTS:
        return NUMPY_CONSTANTS[name]
    return Dotted(path)
