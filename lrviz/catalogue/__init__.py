"""The schedulers that lrviz knows, as plain data, in the order they are listed in."""

from __future__ import annotations

from typing import Final

from lrviz.catalogue.annealing import COSINE, SWA, WARM_RESTARTS
from lrviz.catalogue.composite import CHAINED, SEQUENTIAL
from lrviz.catalogue.cyclic import CYCLIC, ONECYCLE
from lrviz.catalogue.decay import CONSTANT, EXPONENTIAL, LINEAR, MULTISTEP, POLYNOMIAL, STEP
from lrviz.catalogue.function import LAMBDA, MULTIPLICATIVE
from lrviz.catalogue.model import REQUIRED, Kind, Parameter, Scheduler
from lrviz.catalogue.reactive import PLATEAU

__all__ = ["FORMULA_NAMES", "REQUIRED", "SCHEDULERS", "Kind", "Parameter", "Scheduler", "find", "suggest"]

SCHEDULERS: Final[tuple[Scheduler, ...]] = (
    STEP,
    MULTISTEP,
    CONSTANT,
    LINEAR,
    EXPONENTIAL,
    POLYNOMIAL,
    COSINE,
    WARM_RESTARTS,
    CYCLIC,
    ONECYCLE,
    PLATEAU,
    LAMBDA,
    MULTIPLICATIVE,
    SEQUENTIAL,
    CHAINED,
    SWA,
)

FORMULA_NAMES: Final = "t counts scheduler steps from 0; lr is the rate the optimizer was made with"

_BY_NAME: Final = {name: scheduler for scheduler in SCHEDULERS for name in (scheduler.short, scheduler.name)}

# What people type for a scheduler, squeezed as `_squeeze` does it, and its short name.
_ALIASES: Final = {
    "steplr": "step",
    "stepdecay": "step",
    "staircase": "step",
    "multistepdecay": "multistep",
    "const": "constant",
    "warmup": "linear",
    "linearwarmup": "linear",
    "lineardecay": "linear",
    "exp": "exponential",
    "expdecay": "exponential",
    "exponentialdecay": "exponential",
    "poly": "polynomial",
    "polynomialdecay": "polynomial",
    "cos": "cosine",
    "cosineannealing": "cosine",
    "cosinedecay": "cosine",
    "annealing": "cosine",
    "sgdr": "warm-restarts",
    "restarts": "warm-restarts",
    "cosinewarmrestarts": "warm-restarts",
    "cosineannealingrestarts": "warm-restarts",
    "cosinewithrestarts": "warm-restarts",
    "cosinerestarts": "warm-restarts",
    "clr": "cyclic",
    "cyclical": "cyclic",
    "triangular": "cyclic",
    "1cycle": "onecycle",
    "superconvergence": "onecycle",
    "reduceonplateau": "plateau",
    "reducelr": "plateau",
    "lambdafunction": "lambda",
    "mul": "multiplicative",
    "sequence": "sequential",
    "chain": "chained",
    "averaging": "swa",
    "stochasticweightaveraging": "swa",
}


def find(name: str) -> Scheduler | None:
    """The scheduler of that short name or class name, spelled exactly; None when there is none."""
    return _BY_NAME.get(name)


def suggest(name: str) -> str | None:
    """The short name or class name that `name` was probably meant to be; None when nothing is close.

    Case, `_`, `-` and a closing "LR" or "Scheduler" do not matter. Something that looks like a class name is answered
    with a class name.
    """
    wanted = _squeeze(name)
    if not wanted:
        return None
    known = {_squeeze(spelling): scheduler for spelling, scheduler in _BY_NAME.items()}
    known |= {alias: _BY_NAME[short] for alias, short in _ALIASES.items()}
    scheduler = known.get(wanted)
    if scheduler is None:
        import difflib

        close = difflib.get_close_matches(wanted, known, n=1, cutoff=0.6)
        if not close:
            return None
        scheduler = known[close[0]]
    return scheduler.name if name.endswith(("LR", "Scheduler")) else scheduler.short


def _squeeze(name: str) -> str:
    """`name` in small letters and digits only, without the endings that class names share."""
    letters = "".join(c for c in name.casefold() if c.isalnum())
    return letters.removesuffix("scheduler").removesuffix("lr") or letters
