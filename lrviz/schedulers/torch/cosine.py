"""`CosineAnnealingLR`: lowers the rate to eta_min along half a cosine."""

from __future__ import annotations

from lrviz.schedulers.catalogue import Parameter, Scheduler

SCHEDULER = Scheduler(
    short="cosine",
    name="CosineAnnealingLR",
    summary="lowers the rate to eta_min along half a cosine",
    parameters=(
        Parameter(
            "T_max",
            "int",
            "scheduler steps from lr to eta_min",
            least=1,
            follows="total_steps",
            fraction="the rate turns between two steps",
        ),
        Parameter("eta_min", "float", "the lowest rate", default=0.0),
    ),
    formula="rate(t) = eta_min + (lr - eta_min) * (1 + cos(pi * t / T_max)) / 2",
    use="The usual choice for image and language models, mostly after a linear warm-up in SequentialLR. It has no "
    "milestones to tune, and needs only the length of the run.",
    cautions=(
        "With a T_max shorter than the run the rate rises again, and reaches lr at 2 * T_max.",
        "With a T_max longer than the run the rate is still falling at the end of the run.",
        (
            "T_max counts scheduler steps: epochs when stepped once an epoch, epochs * steps_per_epoch when stepped "
            "every update."
        ),
        "With T_max equal to the length of the run, the last update is one step short of eta_min.",
        "An eta_min above lr makes the rate rise, and one below 0 makes it negative.",
    ),
    source="Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2016, arXiv:1608.03983",
    past_end="It rises and falls again, with a period of 2 * T_max.",
    aliases=("annealing", "cos", "cosineannealing", "cosinedecay"),
    rates=("eta_min",),
)
