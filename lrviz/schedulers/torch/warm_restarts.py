"""`CosineAnnealingWarmRestarts`: anneals along half a cosine and restarts at lr, repeatedly."""

from __future__ import annotations

from lrviz.schedulers.catalogue import Parameter, Scheduler

SCHEDULER = Scheduler(
    short="warm-restarts",
    name="CosineAnnealingWarmRestarts",
    summary="anneals along half a cosine and restarts at lr, repeatedly",
    parameters=(
        Parameter(
            "T_0",
            "int",
            "scheduler steps until the first restart",
            least=1,
            follows="steps_per_epoch if interval == 'step' else max(1, total_steps // 4)",
        ),
        Parameter("T_mult", "int", "factor between the lengths of successive periods", default=1, least=1),
        Parameter("eta_min", "float", "the rate that each period falls towards", default=0.0),
    ),
    formula="rate(t) = eta_min + (lr - eta_min) * (1 + cos(pi * T_cur / T_i)) / 2\n"
    "T_cur: scheduler steps since the last restart\n"
    "T_i: T_0 in the first period, then T_mult times longer in each",
    use="SGDR: a restart can move the weights out of a poor minimum, and the models at the ends of the periods can "
    "form an ensemble. With T_mult=2 a few restarts cover a long run.",
    cautions=(
        "A run that stops inside a period stops at a high rate; with T_mult=2 periods end after 1, 3, 7, 15 times T_0.",
        "The rate never reaches eta_min: the step that would is the restart.",
        "T_0 counts scheduler steps: 10 meant as epochs restarts every 10 batches when stepped every update.",
        "It sets the rate directly instead of scaling it, so it does not combine with others in ChainedScheduler.",
    ),
    source="Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2016, arXiv:1608.03983",
    past_end="It has no end: the restarts continue.",
    aliases=(
        "cosineannealingrestarts",
        "cosinerestarts",
        "cosinewarmrestarts",
        "cosinewithrestarts",
        "restarts",
        "sgdr",
    ),
    rates=("eta_min",),
)
