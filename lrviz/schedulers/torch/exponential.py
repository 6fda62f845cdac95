"""`ExponentialLR`: multiplies the rate by gamma at every scheduler step."""

from __future__ import annotations

from lrviz.schedulers.catalogue import Parameter, Scheduler

SCHEDULER = Scheduler(
    short="exponential",
    name="ExponentialLR",
    summary="multiplies the rate by gamma at every scheduler step",
    parameters=(
        Parameter("gamma", "float", "factor of every scheduler step", least=0, follows="0.01 ** (1 / total_steps)"),
    ),
    formula="rate(t) = lr * gamma ** t",
    use="A smooth decay by the same factor at every step. Stepped once an epoch, with a gamma from 0.9 to 0.99.",
    cautions=(
        (
            "Small changes of gamma have a large effect: after 50 steps 0.8 leaves 0.001 % of the rate, 0.9 leaves "
            "0.5 % and 0.99 leaves 61 %."
        ),
        "A gamma meant for epochs is far too small when stepped every update: 0.95 leaves 0.001 % after 225 batches.",
        "With a gamma above 1 the rate grows without bound.",
    ),
    source="https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ExponentialLR.html",
    past_end="It has no end: the rate keeps falling.",
    aliases=("exp", "expdecay", "exponentialdecay"),
)
