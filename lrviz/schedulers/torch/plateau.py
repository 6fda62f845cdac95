"""`ReduceLROnPlateau`: multiplies the rate by factor when a metric stops improving."""

from __future__ import annotations

from lrviz.schedulers.catalogue import Parameter, Scheduler

SCHEDULER = Scheduler(
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
        Parameter("factor", "float", "factor of each reduction", default=0.1, least=0, most=1, below_most=True),
        Parameter(
            "patience",
            "int",
            "scheduler steps without improvement to allow before a reduction",
            default=10,
            least=0,
            fraction="it is rounded down",
        ),
        Parameter("threshold", "float", "improvements smaller than this do not count", default=1e-4, least=0),
        Parameter(
            "threshold_mode",
            "choice",
            "threshold as a fraction of the best value, or as a difference from it",
            default="rel",
            choices=("rel", "abs"),
        ),
        Parameter(
            "cooldown",
            "int",
            "scheduler steps after a reduction that do not count",
            default=0,
            least=0,
            fraction="it is rounded up",
        ),
        Parameter(
            "min_lr",
            "per_group",
            "lower bound of the rate, or one for each group",
            default=0,
            least=0,
        ),
        Parameter("eps", "float", "a reduction by no more than this is skipped", default=1e-8, least=0),
    ),
    formula="a metric is better than the best one before it if:\n"
    'mode="min", threshold_mode="rel": metric < best * (1 - threshold)\n'
    'mode="min", threshold_mode="abs": metric < best - threshold\n'
    'mode="max", threshold_mode="rel": metric > best * (1 + threshold)\n'
    'mode="max", threshold_mode="abs": metric > best + threshold\n'
    "after more than patience steps in a row that are not better:\n"
    "new = max(rate * factor, min_lr), taken if rate - new > eps\n"
    "then the next cooldown steps do not count",
    use="For runs of unknown length or with an erratic loss: the rate falls when validation stalls. Stepped once an "
    "epoch, with the validation metric; `--metric val.csv:val_loss` shows the effect of a recorded metric.",
    cautions=(
        "step() needs the metric, and mode must match it: with min a rising accuracy reduces the rate.",
        "It reacts late, after patience + 1 steps without improvement, and it never raises the rate again.",
        "patience counts scheduler steps, and the metric of a single batch is mostly noise.",
        "threshold_mode rel expects a positive metric: near -1, mode min counts a slightly worse value as better.",
        "A NaN metric counts as no improvement.",
        "With the default eps a rate near 1e-8 is not reduced further.",
        "SequentialLR and ChainedScheduler refuse it as a child.",
    ),
    source="He et al., Deep Residual Learning for Image Recognition, 2015, arXiv:1512.03385",
    past_end="It has no end: the rate keeps following the metric.",
    takes_metric=True,
    takes_last_epoch=False,
    always_shown=("factor", "patience"),
    aliases=("reducelr", "reduceonplateau"),
)
