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
_RISE: Final = (
    "g = log(t + 1) / log(warmup_num_steps) while t < warmup_num_steps, or t / warmup_num_steps by warmup_type;\n"
    "t is counted from last_batch_iteration"
)


def _schedule(short: str, name: str, *parameters: Parameter, **fields: Any) -> Scheduler:
    return Scheduler(
        short, name, parameters=(*parameters, _LAST), module="deepspeed.runtime.lr_schedules", package="deepspeed",
        takes_last_epoch=False, overwrites_rate=True, standalone=True, **{"source": _DOCS, **fields},
    )  # fmt: skip


# The rate of every update of each example in the default run, in millionths; a test compares them with the package.
# fmt: off
_CURVES: Final[dict[str, tuple[int, ...]]] = {
    "ds-warmup": (0, 0, 333, 528, 667, 774, 862, 936, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000,
        1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000),
    "ds-warmup-decay": (0, 0, 333, 528, 667, 774, 862, 936, 1000, 1000, 958, 917, 875, 833, 792, 750, 708, 667,
        625, 583, 542, 500, 458, 417, 375, 333, 292, 250, 208, 167, 125, 83),
    "ds-warmup-cosine": (0, 0, 333, 528, 667, 774, 862, 936, 1000, 996, 983, 962, 933, 897, 854, 804, 750, 691,
        629, 565, 500, 435, 371, 309, 250, 196, 147, 103, 67, 38, 17, 4),
    "ds-onecycle": (100, 175, 250, 325, 400, 475, 550, 625, 700, 775, 850, 925, 1000, 925, 850, 775, 700, 625,
        550, 475, 400, 325, 250, 175, 100, 100, 100, 100, 100, 100, 100, 100),
    "ds-range-test": (10, 12, 15, 18, 20, 22, 25, 28, 30, 33, 35, 38, 40, 42, 45, 48, 50, 52, 55, 58, 60, 62, 65,
        68, 70, 72, 75, 78, 80, 83, 85, 88),
}
# fmt: on

FAMILY: Final = Family(
    package="deepspeed",
    install="deepspeed",
    help="The schedules that DeepSpeed's configuration names in `scheduler.type`, or that a script makes. The engine "
    "steps them once an update.",
    source=_DOCS,
    # The schedules themselves need torch alone; deepspeed looks for a GPU when it is imported.
    load=bare({"deepspeed.utils": {"logger": logging.Logger("deepspeed", logging.ERROR)}}),
    curves=_CURVES,
    schedulers=(
        _schedule(
            "ds-warmup",
            "WarmupLR",
            _LOWEST,
            Parameter(
                "warmup_max_lr", "per_group", "the rate after the warm-up; lr if None, and 0.001 in older versions",
                default=None, optional=True, least=0,
            ),
            _STEPS,
            _TYPE,
            summary="a warm-up, then a constant rate",
            formula=f"rate(t) = warmup_min_lr + (warmup_max_lr - warmup_min_lr) * g\n{_RISE}",
            use="Runs of unknown length.",
            cautions=(_TWICE, _LOG, "warmup_num_steps is 1000 by default, which may be longer than the run."),
            past_end="It stays at warmup_max_lr.",
            rates=("warmup_min_lr", "warmup_max_lr"),
            warmup="warmup_num_steps",
            counts=("warmup_num_steps",),
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
            formula="rate(t) = warmup_min_lr + (warmup_max_lr - warmup_min_lr) * g\n"
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
            length="total_num_steps",
            warmup="warmup_num_steps",
            counts=("warmup_num_steps", "total_num_steps"),
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
            formula=f"rate(t) = lr * (warmup_min_ratio + (1 - warmup_min_ratio) * g)\n{_RISE}\n"
            "then rate(t) = lr * (cos_min_ratio + (1 - cos_min_ratio) * (1 + cos(pi * x)) / 2)\n"
            "x = (t - warmup_num_steps + 1) / (total_num_steps - warmup_num_steps)",
            use="Pre-training of language models with DeepSpeed.",
            cautions=(
                "The first update has a rate of 0, and the second one of warmup_min_ratio of lr.",
                _LOG,
                "warmup_num_steps is 1000 by default, which may be longer than the run.",
            ),
            past_end="It stays at cos_min_ratio of lr; in versions that do not limit x it rises again.",
            length="total_num_steps",
            warmup="warmup_num_steps",
            counts=("warmup_num_steps", "total_num_steps"),
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
            "x rises over cycle_first_step_size steps in cycle_first_stair_count stairs, and falls over\n"
            "cycle_second_step_size in cycle_second_stair_count\n"
            "then cycle_min_lr / (1 + decay_lr_rate * u / decay_step_size) after u more steps\n"
            "cycle_momentum: beta1 from cycle_max_mom to cycle_min_mom and back, then by decay_mom_rate\n"
            "t is counted from last_batch_iteration",
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
            formula="rate(t) = lr_range_test_min_lr * (1 + lr_range_test_step_rate * t / lr_range_test_step_size)\n"
            "with lr_range_test_staircase t // lr_range_test_step_size; t is counted from last_batch_iteration",
            use="To find the highest rate with which a run does not diverge.",
            cautions=("The lr of the optimizer is not used.", "With the default of 2000 steps a short run is flat."),
            source="Smith, A disciplined approach to neural network hyper-parameters: Part 1, 2018, arXiv:1803.09820",
            past_end="It has no end: the rate rises on.",
            rates=("lr_range_test_min_lr",),
            example="LRRangeTest(lr_range_test_min_lr=1e-5, lr_range_test_step_size=4)",
        ),
    ),
)  # fmt: skip
