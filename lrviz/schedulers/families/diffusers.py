"""The schedules of diffusers: those of transformers under its own names, and a piecewise constant one."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from typing import Any, Final

from lrviz.errors import SpecError
from lrviz.schedulers.catalogue import Family, Parameter, Run, Scheduler, Values
from lrviz.schedulers.families.transformers import FAMILY as TRANSFORMERS
from lrviz.schedulers.families.transformers import TYPES

_MODULE: Final = "diffusers.optimization"
_SOURCE: Final = "https://github.com/huggingface/diffusers/blob/main/src/diffusers/optimization.py"
# The types of `get_scheduler`, and the arguments that each needs.
_TYPES: Final = {
    name: TYPES[name]
    for name in ("linear", "cosine", "cosine_with_restarts", "polynomial", "constant", "constant_with_warmup")
} | {"piecewise_constant": ("step_rules",)}
_COUNTS: Final = (
    "num_training_steps counts scheduler steps: under Accelerate, as in its examples, one for each process and update."
)
_RULES: Final = Parameter(
    "step_rules",
    "text",
    'pairs of a factor and the step it ends at, and the last factor, such as "1:10,0.1:20,0.01"',
)
_MOST_RULES: Final = 100  # that end at a step
_RULE: Final = r"[^:,]+:\s*\d+\s*"


def _check_rules(values: Values, run: Run) -> None:
    rules = values.get("step_rules")
    if rules is not None and rules.count(",") > _MOST_RULES:  # diffusers sorts them at every step
        raise SpecError(f"`step_rules` has {rules.count(',') + 1:,} parts; {_MOST_RULES + 1} is the limit")
    if rules is not None and not re.fullmatch(rf"(?:{_RULE},)*[^:,]+", rules):
        raise SpecError(f"`step_rules` cannot be read: {rules!r:.60}", 'such as "1:10,0.1:20,0.01"')


def _needed(values: Values) -> Collection[str]:
    return _TYPES.get(str(values.get("name")), ())


def _same(short: str, **fields: Any) -> Scheduler:
    """A schedule of transformers that diffusers has too."""
    found = TRANSFORMERS.find(f"hf-{short}")
    if found is None:
        raise AssertionError(short)
    cautions = tuple(_COUNTS if "num_training_steps counts" in text else text for text in found.cautions)
    return replace(
        found, short=f"diffusers-{short}", name=f"{_MODULE}.{found.name}", module=_MODULE, package="diffusers",
        cautions=cautions, source=_SOURCE, example=found.example and f"{_MODULE}.{found.example}", **fields,
    )  # fmt: skip


_SAME: Final = ("linear", "cosine", "cosine-restarts", "polynomial", "constant", "constant-warmup")
_LINEAR: Final = _same("linear")
_GET: Final = _same("scheduler")

FAMILY: Final = Family(
    package="diffusers",
    install="diffusers",
    help="The schedules of the training scripts of diffusers. They are stepped once an update, and most start at a "
    "rate of 0.",
    source=_SOURCE,
    environment={**TRANSFORMERS.environment, "DIFFUSERS_VERBOSITY": "error"},
    curves={
        **{f"diffusers-{short}": TRANSFORMERS.curves[f"hf-{short}"] for short in _SAME},
        "diffusers-piecewise": (*[1000] * 10, *[100] * 10, *[10] * 12),
        "diffusers-scheduler": TRANSFORMERS.curves["hf-scheduler"],
    },
    schedulers=(
        replace(
            _LINEAR,
            parameters=(
                *_LINEAR.parameters,
                Parameter("f_min", "float", "the last rate as a fraction of lr", default=0.0, least=0),
                Parameter("f_max", "float", "the rate after the warm-up as a fraction of lr", default=1.0, least=0),
            ),
            formula="rate(t) = lr * f_max * t / max(1, num_warmup_steps) while t < num_warmup_steps, then\n"
            "rate(t) = lr * (f_min + (f_max - f_min) * max(0, 1 - x))\n"
            "x = (t - num_warmup_steps) / max(1, num_training_steps - num_warmup_steps)",
            positional=2,
        ),
        *map(_same, _SAME[1:]),
        Scheduler(
            short="diffusers-piecewise",
            name="get_piecewise_constant_schedule",
            summary="the rate times a factor, which changes at given steps",
            parameters=(_RULES,),
            formula="rate(t) = lr * factor, the first of step_rules whose step is above t, or the last factor",
            use="Training in phases.",
            cautions=("The steps count from the start of the run, not from the phase before.",),
            source=_SOURCE,
            past_end="It keeps the last factor.",
            example='get_piecewise_constant_schedule("1:10,0.1:20,0.01")',
            module=_MODULE,
            package="diffusers",
            check=_check_rules,
        ),
        replace(
            _GET,
            parameters=(
                replace(_GET.parameters[0], choices=tuple(_TYPES)),
                replace(_RULES, default=None, optional=True),
                *_GET.parameters[1:3],
                Parameter("num_cycles", "int", "cycles of cosine_with_restarts", default=1, least=1),
                Parameter("power", "float", "power of polynomial", default=1.0, least=0),
            ),
            formula="that of the schedule of the type name, with num_warmup_steps, num_training_steps and\n"
            "step_rules, num_cycles or power",
            use="Training loops that choose the schedule by name, such as the examples of diffusers.",
            cautions=(
                "num_cycles is used by cosine_with_restarts, power by polynomial, step_rules by piecewise_constant.",
                "Its third argument is step_rules, not num_warmup_steps.",
                _COUNTS,
            ),
            example=f'{_MODULE}.get_scheduler("cosine", num_warmup_steps=4, num_training_steps=total_steps)',
            takes_last_epoch=True,
            needed=_needed,
            metric_if=None,
            check=_check_rules,
        ),
    ),
)
