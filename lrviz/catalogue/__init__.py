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

__all__ = ["FORMULA_LEGEND", "REQUIRED", "SCHEDULERS", "Kind", "Parameter", "Scheduler", "find", "suggest"]

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

FORMULA_LEGEND: Final = "t counts scheduler steps from 0; lr is the rate the optimizer was made with"

_BY_NAME: Final = {name: scheduler for scheduler in SCHEDULERS for name in (scheduler.short, scheduler.name)}

# What people call a scheduler elsewhere, squeezed as `_squeeze` does it, and its short name here.
_ALIASES: Final = {
    "stepdecay": "step",
    "staircase": "step",
    "piecewise": "multistep",
    "piecewiseconstant": "multistep",
    "multistepdecay": "multistep",
    "const": "constant",
    "constantwithwarmup": "linear",
    "lineardecay": "linear",
    "linearwarmup": "linear",
    "warmup": "linear",
    "exp": "exponential",
    "expdecay": "exponential",
    "exponentialdecay": "exponential",
    "poly": "polynomial",
    "polydecay": "polynomial",
    "polynomialdecay": "polynomial",
    "annealing": "cosine",
    "cos": "cosine",
    "cosineannealing": "cosine",
    "cosinedecay": "cosine",
    "cosineannealingrestarts": "warm-restarts",
    "cosinerestarts": "warm-restarts",
    "cosinewarmrestarts": "warm-restarts",
    "cosinewithrestarts": "warm-restarts",
    "restarts": "warm-restarts",
    "sgdr": "warm-restarts",
    "clr": "cyclic",
    "cyclical": "cyclic",
    "triangular": "cyclic",
    "triangular2": "cyclic",
    "exprange": "cyclic",
    "1cycle": "onecycle",
    "superconvergence": "onecycle",
    "reducelr": "plateau",
    "reduceonplateau": "plateau",
    "function": "lambda",
    "invsqrt": "lambda",
    "inversesqrt": "lambda",
    "noam": "lambda",
    "product": "multiplicative",
    "cosinewithwarmup": "sequential",
    "linearwarmupcosineannealing": "sequential",
    "linearwithwarmup": "sequential",
    "sequence": "sequential",
    "warmupcosine": "sequential",
    "warmupstabledecay": "sequential",
    "wsd": "sequential",
    "chain": "chained",
    "stochasticweightaveraging": "swa",
    "weightaveraging": "swa",
}


def find(name: str) -> Scheduler | None:
    """The scheduler of that short name or class name, spelled exactly; None when there is none."""
    return _BY_NAME.get(name)


def suggest(name: str) -> str | None:
    """The short name or class name that `name` was probably meant to be; None when nothing is close.

    Case, `_`, `-` and a closing "LR" or "Scheduler" do not matter, and names from papers and other libraries count
    too. CamelCase is answered with the class name, anything else with the short name.
    """
    scheduler = _meant(_squeeze(name))
    if scheduler is None:
        return None
    camel_case = not name.islower() and not name.isupper() and name.casefold() != scheduler.short
    return scheduler.name if camel_case else scheduler.short


def _meant(wanted: str) -> Scheduler | None:
    """The scheduler that a squeezed name stands for: known, or the beginning of one alone, or close to one."""
    own = {_squeeze(spelling): scheduler for spelling, scheduler in _BY_NAME.items()}
    known = {alias: _BY_NAME[short] for alias, short in _ALIASES.items()} | own
    if wanted in known:
        return known[wanted]
    if len(wanted) < 3:
        return None
    begun = {scheduler.short for spelling, scheduler in own.items() if spelling.startswith(wanted)}
    if len(begun) == 1:
        return _BY_NAME[begun.pop()]
    import difflib

    # A short alias is close to too much: SGD is no slip for sgdr.
    spellings = [spelling for spelling in known if spelling in own or len(spelling) > 5]
    close = difflib.get_close_matches(wanted, spellings, n=1, cutoff=0.65)
    return known[close[0]] if close else None


def _squeeze(name: str) -> str:
    """`name` in small letters and digits only, without the endings that class names share."""
    plain = "".join(c for c in name.casefold() if c.isalnum())
    for ending in ("scheduler", "lr"):
        if len(plain) - len(ending) > 1:
            plain = plain.removesuffix(ending)
    return plain
