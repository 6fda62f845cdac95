"""`LinearLR`: changes the rate linearly between two fractions of the base rate."""

from __future__ import annotations

from lrviz.schedulers.catalogue import Parameter, Scheduler

SCHEDULER = Scheduler(
    short="linear",
    name="LinearLR",
    summary="changes the rate linearly between two fractions of the base rate",
    parameters=(
        Parameter(
            "start_factor",
            "float",
            "fraction of the base rate at the start",
            default=1.0 / 3,
            least=0,
            above_least=True,
            most=1,
        ),
        Parameter("end_factor", "float", "fraction of the base rate at the end", default=1.0, least=0, most=1),
        Parameter(
            "total_iters",
            "int",
            "scheduler steps from start to end",
            default=5,
            least=0,
            fraction="the rate stops short of end_factor",
        ),
    ),
    formula="rate(t) = lr * (start_factor + (end_factor - start_factor) * x)\nx = min(t, total_iters) / total_iters",
    use="Warm-up before another schedule in SequentialLR, or, from start_factor=1 down to end_factor=0 over the whole "
    "run, the linear decay of fine-tuning.",
    cautions=(
        "The defaults are a warm-up of five scheduler steps and no decay: after them the rate stays at lr.",
        "start_factor must be above 0, so a warm-up from zero needs a small value such as 1e-3.",
        "With a total_iters of 0 it stays at lr * start_factor, except in SequentialLR with a milestone of 0.",
        "With end_factor=0 rounding may make the last rate negative, by about 1e-16 of lr.",
    ),
    source="Goyal et al., Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour, 2017, arXiv:1706.02677",
    past_end="It stays at lr * end_factor.",
    aliases=("constantwithwarmup", "lineardecay", "linearwarmup", "warmup"),
)
