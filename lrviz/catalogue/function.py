"""The schedules of one's own, given as a function of the step."""

from __future__ import annotations

from lrviz.catalogue.model import Parameter, Scheduler

LAMBDA = Scheduler(
    short="lambda",
    name="LambdaLR",
    summary="multiplies the base rate by a function of the scheduler step",
    parameters=(
        Parameter("lr_lambda", "lr_lambda", "factor of the base rate by scheduler step, one or one for each group"),
    ),
    formula="rate(t) = lr * lr_lambda(t)",
    use="Any curve that can be written down: warm-up with inverse square root, linear decay with a floor, layered "
    "factors for parameter groups. The whole curve is visible in one expression.",
    cautions=(
        "The function gives a factor, not a rate: with lr=0.1 a function that returns 0.01 makes the rate 0.001.",
        "Its argument counts scheduler steps from 0, whatever it is called.",
        "A lambda is not saved with the scheduler's state_dict; after a resume the code decides, not the checkpoint.",
    ),
    source="https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html",
    past_end="It has no end: the function decides.",
    example="LambdaLR(lr_lambda=lambda step: 0.95 ** step)",
)

MULTIPLICATIVE = Scheduler(
    short="multiplicative",
    name="MultiplicativeLR",
    summary="multiplies the current rate by a function of the scheduler step",
    parameters=(
        Parameter("lr_lambda", "lr_lambda", "factor of the last rate by scheduler step, one or one for each group"),
    ),
    formula="rate(0) = lr\nrate(t) = rate(t - 1) * lr_lambda(t)",
    use="A decay whose pace changes with the step, or one that must go on from a rate that something else has set.",
    cautions=(
        "The factors pile up: a function meant for LambdaLR, such as 0.95 ** step, falls to nothing within a few "
        "dozen steps.",
        "A factor of 0 is final: the rate never comes back.",
        "The function is called from step 1 on; its value at 0 is never used.",
    ),
    source="https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiplicativeLR.html",
    past_end="It has no end: the function decides.",
    example="MultiplicativeLR(lr_lambda=lambda step: 0.95)",
)
