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
    formula="a metric is better when it beats the best one before it:\n"
    'mode="min", threshold_mode="rel": metric < best * (1 - threshold)\n'
    'mode="min", threshold_mode="abs": metric < best - threshold\n'
    'mode="max", threshold_mode="rel": metric > best * (1 + threshold)\n'
    'mode="max", threshold_mode="abs": metric > best + threshold\n'
    "after more than patience steps in a row that are not better:\n"
    "new = max(rate * factor, min_lr), taken if rate - new > eps\n"
    "then cooldown steps go by uncounted",
    use="For runs of open length or with an erratic loss: the rate falls when validation stalls. Stepped once an "
    "epoch, with the validation metric; `--metric val.csv:val_loss` shows what a recorded one does.",
    cautions=(
        "step() wants the metric, and mode must fit it: with min on an accuracy the rate is cut while all goes well.",
        "It reacts late, after patience + 1 steps without improvement, and it never raises the rate again.",
        "patience counts scheduler steps, and the metric of a single batch is mostly noise.",
        "threshold_mode rel expects a positive metric: around -1, mode min takes a slightly worse value for better.",
        "A NaN metric counts as no improvement.",
        "The default eps ends all cuts once the rate is near 1e-8.",
        "SequentialLR and ChainedScheduler refuse it as a child.",
    ),
    source="He et al., Deep Residual Learning for Image Recognition, 2015, arXiv:1512.03385",
    past_end="It has no end: it goes on following the metric.",
    takes_metric=True,
)
