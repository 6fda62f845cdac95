"""The scheduler that answers to a metric."""

from __future__ import annotations

from lrviz.catalogue.model import Parameter, Scheduler

PLATEAU = Scheduler(
    short="plateau",
    name="ReduceLROnPlateau",
    summary="multiplies the rate by factor when a metric stops improving",
    parameters=(
        Parameter(
            "mode",
            "choice",
            "whether the metric improves by falling (min) or by rising (max)",
            default="min",
            choices=("min", "max"),
        ),
        Parameter("factor", "float", "factor of each cut", default=0.1, least=0, most=1, below_most=True),
        Parameter(
            "patience",
            "int",
            "scheduler steps without improvement to put up with before a cut",
            default=10,
            least=0,
        ),
        Parameter("threshold", "float", "improvements smaller than this do not count", default=1e-4, least=0),
        Parameter(
            "threshold_mode",
            "choice",
            "threshold as a fraction of the best value, or as a difference to it",
            default="rel",
            choices=("rel", "abs"),
        ),
        Parameter(
            "cooldown",
            "int",
            "scheduler steps after a cut in which nothing is counted",
            default=0,
            least=0,
        ),
        Parameter(
            "min_lr",
            "per_group",
            "the rate is never cut below this, one or one for each group",
            default=0,
            least=0,
        ),
        Parameter("eps", "float", "a cut by no more than this is not made", default=1e-8, least=0),
    ),
    formula="better: metric < best * (1 - threshold)    mode min, threshold_mode rel\n"
    "        metric < best - threshold          mode min, threshold_mode abs\n"
    "        metric > best * (1 + threshold)    mode max, threshold_mode rel\n"
    "        metric > best + threshold          mode max, threshold_mode abs\n"
    "after more than patience steps in a row that are not better:\n"
    "new = max(rate * factor, min_lr), made only if rate - new > eps\n"
    "then the next cooldown steps are not counted",
    use="When the length of the run is open or the loss is erratic: the rate falls when validation stalls. Stepped once "
    "an epoch with the validation metric.",
    cautions=(
        "It must be given its metric, scheduler.step(val_loss), and mode must fit it: with min on an accuracy it cuts "
        "while the model gets better.",
        "It reacts late: the cut comes after patience + 1 steps without improvement, and it never raises the rate "
        "again.",
        "patience counts scheduler steps; a metric of every batch is mostly noise.",
        "A NaN metric counts as no improvement.",
        "Below a rate of about 1e-8 the default eps stops all cuts.",
        "It cannot be a child of SequentialLR or ChainedScheduler.",
    ),
    source="He et al., Deep Residual Learning for Image Recognition, 2015, arXiv:1512.03385",
    past_end="It has no end: it goes on answering to the metric.",
    takes_metric=True,
)
