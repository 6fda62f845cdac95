"""`MultiplicativeLR`: multiplies the current rate by a function of the scheduler step."""

from __future__ import annotations

from lrviz.schedulers.catalogue import Parameter, Scheduler

SCHEDULER = Scheduler(
    short="multiplicative",
    name="MultiplicativeLR",
    summary="multiplies the current rate by a function of the scheduler step",
    parameters=(
        Parameter("lr_lambda", "lr_lambda", "function from step to factor of the last rate, or one for each group"),
    ),
    formula="rate(t) = rate(t - 1) * lr_lambda(t), from rate(0) = lr",
    use="A decay whose factor changes during the run, or one that continues from a rate set by other code.",
    cautions=(
        "The factors accumulate: lambda step: 0.95 ** step, meant for LambdaLR, leaves 0.002 % of lr after 20 steps.",
        "After a factor of 0 the rate stays at 0.",
        "Used alone, it first calls the function for step 1, never for step 0.",
        "A lambda is not saved in state_dict: after a resume the function in the code is used.",
    ),
    source="https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiplicativeLR.html",
    past_end="It has no end: the rate follows the function.",
    example="MultiplicativeLR(lr_lambda=lambda step: 0.95)",
    aliases=("product",),
)
