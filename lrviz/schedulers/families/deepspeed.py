"""The schedules of DeepSpeed."""

from __future__ import annotations

import logging
from typing import Any, Final

from lrviz.schedulers.bare import bare
from lrviz.schedulers.catalogue import Family, Parameter, Scheduler, cycle_momentum_hint

_DOCS: Final = "https://deepspeed.readthedocs.io/en/latest/schedulers.html"
_BETWEEN: Final = "the rate changes between two steps"
_TWICE: Final = "The first two updates have the lowest rate: the count of the schedule starts at -1."
_LOG: Final = "The warm-up is logarithmic by default: half of the rate is reached after the square root of its steps."
_LENGTH: Final = Parameter(
    "total_num_steps", "int", "scheduler steps of the run, with the warm-up", least=1, follows="total_steps",
    fraction=_BETWEEN,
)  # fmt: skip
_STEPS: Final = Parameter("warmup_num_steps", "int", "scheduler steps of the warm-up", default=1000, least=1)
_TYPE: Final = Parameter("warmup_type", "choice", "shape of the warm-up", default="log", choices=("log", "linear"))
_LOWEST: Final = Parameter("warmup_min_lr", "per_group", "the rate at the start", default=0.0, least=0)
_HIGHEST: Final = Parameter("warmup_max_lr", "per_group", "the rate after the warm-up", default=0.001, least=0)
_LAST: Final = Parameter(
    "last_batch_iteration", "int", "-1: a run from its first update", default=-1, least=-1, most=-1
)
_RISE: Final = "g = log(t + 1) / log(warmup_num_steps) while t < warmup_num_steps, or t / warmup_num_steps if linear"


def _schedule(short: str, name: str, *parameters: Parameter, **fields: Any) -> Scheduler:
    return Scheduler(
        short, name, parameters=(*parameters, _LAST), module="deepspeed.runtime.lr_schedules", package="deepspeed",
        takes_last_epoch=False, overwrites_rate=True, **{"source": _DOCS, **fields},
    )  # fmt: skip


FAMILY: Final = Family(
    package="deepspeed",
    install="deepspeed",
    help="The schedules that DeepSpeed's configuration names in `scheduler.type`, or that a script makes. The engine "
    "steps them once an update.",
    source=_DOCS,
    # The schedules themselves need torch alone; deepspeed looks for a GPU when it is imported.
    load=bare({"deepspeed.utils": {"logger": logging.Logger("deepspeed", logging.ERROR)}}),
    schedulers=(
        _schedule(
            "ds-warmup",
            "WarmupLR",
            _LOWEST,
            Parameter(
                "warmup_max_lr", "per_group", "the rate after the warm-up; lr if None, 0.001 in versions before that",
                default=None, optional=True, least=0,
            ),
            _STEPS,
            _TYPE,
            summary="a warm-up, then a constant rate",
            formula=f"rate(t) = warmup_min_lr + (warmup_max_lr - warmup_min_lr) * g, t counted from -1\n{_RISE}",
            use="Runs of unknown length.",
            cautions=(_TWICE, _LOG, "warmup_num_steps is 1000 by default, which may be longer than the run."),
            past_end="It stays at warmup_max_lr.",
            rates=("warmup_min_lr", "warmup_max_lr"),
            example="WarmupLR(warmup_max_lr=1e-3, warmup_num_steps=8)",
        ),
        _schedule(
            "ds-warmup-decay",
            "WarmupDecayLR",
            _LENGTH,
            _LOWEST,
            _HIGHEST,
            _STEPS,
            _TYPE,
            summary="a warm-up, then a straight line to 0 at total_num_steps",
            formula="rate(t) = warmup_min_lr + (warmup_max_lr - warmup_min_lr) * g, t counted from -1\n"
            f"{_RISE}\nthen g = (total_num_steps - t) / (total_num_steps - warmup_num_steps)",
            use="The counterpart of a linear schedule with warm-up in DeepSpeed's configuration.",
            cautions=(
                _TWICE,
                _LOG,
                "warmup_max_lr is the peak; the lr of the optimizer is not used.",
                "warmup_num_steps is 1000 by default, which may be longer than the run.",
            ),
            past_end="It stays at warmup_min_lr.",
            rates=("warmup_min_lr", "warmup_max_lr"),
            example="WarmupDecayLR(total_num_steps=total_steps, warmup_max_lr=1e-3, warmup_num_steps=8)",
        ),
        _schedule(
            "ds-warmup-cosine",
            "WarmupCosineLR",
            _LENGTH,
            Parameter("warmup_min_ratio", "float", "the first rate as a fraction of lr", default=0.0, least=0),
            _STEPS,
            Parameter("cos_min_ratio", "float", "the last rate as a fraction of lr", default=0.0001, least=0),
            _TYPE,
            summary="a warm-up to lr, then half a cosine to cos_min_ratio of it",
            formula=f"rate(t) = lr * (warmup_min_ratio + (1 - warmup_min_ratio) * g), t counted from -1\n{_RISE}\n"
            "then rate(t) = lr * (cos_min_ratio + (1 - cos_min_ratio) * (1 + cos(pi * x)) / 2)\n"
            "x = (t - warmup_num_steps + 1) / (total_num_steps - warmup_num_steps)",
            use="Pre-training of language models with DeepSpeed.",
            cautions=(
                "The first update has a rate of 0, and the second one of warmup_min_ratio of lr.",
                _LOG,
                "warmup_num_steps is 1000 by default, which may be longer than the run.",
            ),
            past_end="It stays at cos_min_ratio of lr; in versions that do not limit x it rises again.",
            example="WarmupCosineLR(total_num_steps=total_steps, warmup_num_steps=8)",
        ),
        _schedule(
            "ds-onecycle",
            "OneCycle",
            Parameter("cycle_min_lr", "per_group", "the lowest rate of the cycle", least=0, follows="lr / 10"),
            Parameter("cycle_max_lr", "per_group", "the highest rate of the cycle", least=0, follows="lr"),
            Parameter("decay_lr_rate", "float", "how fast the rate decays after the cycle", default=0.0),
            Parameter(
                "cycle_first_step_size", "int", "scheduler steps of the rise", default=2000, least=0, above_least=True
            ),
            Parameter(
                "cycle_second_step_size", "int", "scheduler steps of the fall; those of the rise if None", default=None,
                optional=True, least=0,
            ),
            Parameter("cycle_first_stair_count", "int", "stairs of the rise; 0 for none", default=0, least=0),
            Parameter(
                "cycle_second_stair_count", "int", "stairs of the fall; those of the rise if None", default=None,
                optional=True, least=0,
            ),
            Parameter("decay_step_size", "int", "scheduler steps for each unit of the decay; 0 for none", default=0),
            Parameter("cycle_momentum", "bool", "cycle betas against the rate", default=True),
            Parameter("cycle_min_mom", "per_group", "the lowest beta1", default=0.8),
            Parameter("cycle_max_mom", "per_group", "the highest beta1", default=0.9),
            Parameter("decay_mom_rate", "float", "how fast beta1 grows after the cycle", default=0.0),
            summary="one cycle up and down between two rates, then an optional decay",
            formula="rate(t) = cycle_min_lr + (cycle_max_lr - cycle_min_lr) * x, x up to 1 and down to 0\n"
            "then cycle_min_lr / (1 + decay_lr_rate * u / decay_step_size) after u more steps",
            use="The one-cycle policy in DeepSpeed's configuration.",
            cautions=(
                "The lr of the optimizer is not used.",
                "cycle_momentum sets betas[1] of Adam to 0.99, and needs an optimizer with betas.",
                "The cycle has 2 * 2000 steps by default.",
            ),
            source="Smith, A disciplined approach to neural network hyper-parameters: Part 1, 2018, arXiv:1803.09820",
            past_end="It stays at cycle_min_lr, or decays on.",
            rates=("cycle_min_lr", "cycle_max_lr"),
            momentum_switch="cycle_momentum",
            failure_hint=cycle_momentum_hint,
            example="OneCycle(cycle_min_lr=1e-4, cycle_max_lr=1e-3, cycle_first_step_size=12)",
        ),
        _schedule(
            "ds-range-test",
            "LRRangeTest",
            Parameter("lr_range_test_min_lr", "per_group", "the first rate", default=0.001, least=0),
            Parameter(
                "lr_range_test_step_size", "int", "scheduler steps of one increase", default=2000, least=0,
                above_least=True,
            ),
            Parameter("lr_range_test_step_rate", "float", "increase in each, in units of the first rate", default=1.0),
            Parameter("lr_range_test_staircase", "bool", "increase in stairs", default=False),
            summary="a rate that rises in a straight line or in stairs",
            formula="rate(t) = lr_range_test_min_lr * (1 + lr_range_test_step_rate * t / lr_range_test_step_size)",
            use="To find the highest rate with which a run does not diverge.",
            cautions=("The lr of the optimizer is not used.", "With the default of 2000 steps a short run is flat."),
            source="Smith, A disciplined approach to neural network hyper-parameters: Part 1, 2018, arXiv:1803.09820",
            past_end="It has no end: the rate rises on.",
            rates=("lr_range_test_min_lr",),
            example="LRRangeTest(lr_range_test_min_lr=1e-5, lr_range_test_step_size=4)",
        ),
    ),
)  # fmt: skip
