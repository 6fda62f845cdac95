"""`ChainedScheduler`: steps several schedulers at once, so that their factors multiply."""

from __future__ import annotations

from lrviz.schedulers.catalogue import Parameter, Run, Scheduler, Values, refuse_plateau


def _check(values: Values, run: Run) -> None:
    refuse_plateau("ChainedScheduler", values["schedulers"])


SCHEDULER = Scheduler(
    short="chained",
    name="ChainedScheduler",
    summary="steps several schedulers at once, so that their factors multiply",
    parameters=(Parameter("schedulers", "schedulers", "the schedulers, stepped one after another at every step"),),
    formula="rate(t) = lr * the factors of all schedulers at t",
    use="Two effects at once, such as a warm-up and a decay that both run from the first step.",
    cautions=(
        (
            "Only children that multiply the current rate combine. LambdaLR, CyclicLR, OneCycleLR and "
            "CosineAnnealingWarmRestarts set it directly and overwrite the effect of the others."
        ),
        "All children run from step 0; use SequentialLR to run one after another.",
        "ReduceLROnPlateau is refused as a child.",
    ),
    source="https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ChainedScheduler.html",
    past_end="Each child continues as it would alone.",
    example="ChainedScheduler([LinearLR(start_factor=0.1, total_iters=4), "
    "ExponentialLR(gamma=0.01 ** (1 / total_steps))])",
    takes_optimizer=False,
    takes_last_epoch=False,
    aliases=("chain",),
    check=_check,
)
