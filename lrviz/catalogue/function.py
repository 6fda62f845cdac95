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
    use="Any curve that can be written down: warm-up with inverse square root, a decay with a floor, a factor of its "
    "own for each parameter group.",
    cautions=(
        "The function gives a factor, not a rate: with lr=0.1, one that returns 0.01 makes the rate 0.001.",
        "Its argument counts scheduler steps from 0, even where it is called epoch.",
        "A lambda is not part of state_dict: after a resume the code decides, not the checkpoint.",
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
    formula="rate(t) = rate(t - 1) * lr_lambda(t), from rate(0) = lr",
    use="A decay whose pace changes as it goes, or one that must go on from a rate that something else has set.",
    cautions=(
        "The factors pile up: lambda step: 0.95 ** step, meant for LambdaLR, leaves 0.002 % of lr after 20 steps.",
        "A factor of 0 is for good: the rate never comes back.",
        "On its own it first calls the function for step 1, never for step 0.",
        "A lambda is not part of state_dict: after a resume the code decides, not the checkpoint.",
    ),
    source="https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiplicativeLR.html",
    past_end="It has no end: the function decides.",
    example="MultiplicativeLR(lr_lambda=lambda step: 0.95)",
)
