"""`StepLR`: multiplies the rate by gamma every step_size scheduler steps."""

from __future__ import annotations

from lrviz.schedulers.catalogue import Parameter, Scheduler

SCHEDULER = Scheduler(
    short="step",
    name="StepLR",
    summary="multiplies the rate by gamma every step_size scheduler steps",
    parameters=(
        Parameter(
            "step_size",
            "int",
            "scheduler steps between two drops",
            least=1,
            fraction="the rate drops only at whole multiples of it",
            follows="steps_per_epoch if interval == 'step' else max(1, total_steps // 4)",
        ),
        Parameter("gamma", "float", "factor of each drop", default=0.1, least=0),
    ),
    formula="rate(t) = lr * gamma ** (t // step_size)",
    use="The staircase of image classification: train until the loss levels off, then divide the rate by ten. "
    "Stepped once an epoch, with a step_size of about a third of the run.",
    cautions=(
        "step_size counts scheduler steps: 30 meant as epochs drops every 30 batches when stepped every update.",
        "Every drop multiplies the current rate: after four drops by 0.1 a ten-thousandth of lr remains.",
    ),
    source="Huang et al., Densely Connected Convolutional Networks, 2016, arXiv:1608.06993",
    past_end="It has no end: the drops continue.",
    aliases=("stepdecay", "staircase"),
)
