"""`LambdaLR`: multiplies the base rate by a function of the scheduler step."""

from __future__ import annotations

from lrviz.schedulers.catalogue import Parameter, Scheduler

SCHEDULER = Scheduler(
    short="lambda",
    name="LambdaLR",
    summary="multiplies the base rate by a function of the scheduler step",
    parameters=(
        Parameter("lr_lambda", "lr_lambda", "function from step to factor of the base rate, or one for each group"),
    ),
    formula="rate(t) = lr * lr_lambda(t)",
    use="Any curve with a formula: warm-up with inverse square root, a decay with a minimum rate, a different factor "
    "for each parameter group.",
    cautions=(
        "The function gives a factor, not a rate: with lr=0.1, one that returns 0.01 makes the rate 0.001.",
        "Its argument counts scheduler steps from 0, even if it is called epoch.",
        "A lambda is not saved in state_dict: after a resume the function in the code is used.",
    ),
    source="https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html",
    past_end="It has no end: the rate follows the function.",
    example="LambdaLR(lr_lambda=lambda step: 0.95 ** step)",
    aliases=("function",),
)
