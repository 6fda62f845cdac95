"""`ConstantLR`: multiplies the rate by factor for the first total_iters steps."""

from __future__ import annotations

from lrviz.schedulers.catalogue import Parameter, Scheduler

SCHEDULER = Scheduler(
    short="constant",
    name="ConstantLR",
    summary="multiplies the rate by factor for the first total_iters steps",
    parameters=(
        Parameter(
            "factor",
            "float",
            "fraction of the base rate to hold",
            default=1.0 / 3,
            least=0,
            above_least=True,
            most=1,
        ),
        Parameter(
            "total_iters",
            "int",
            "scheduler steps to hold it for",
            default=5,
            least=0,
            fraction="the rate stays at lr * factor",
        ),
    ),
    formula="rate(t) = lr * factor if t < total_iters else lr",
    use="The constant warm-up: a few epochs at a low rate before the real schedule. Mostly a child of SequentialLR or "
    "ChainedScheduler.",
    cautions=(
        "It ends in a jump from lr * factor to lr, which can make the loss spike; LinearLR rises gradually.",
        "It is not a decay: after total_iters the rate is lr until the end of the run.",
    ),
    source="Goyal et al., Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour, 2017, arXiv:1706.02677",
    past_end="It stays at lr.",
    aliases=("const",),
)
