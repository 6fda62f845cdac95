"""`MultiStepLR`: multiplies the rate by gamma at every milestone."""

from __future__ import annotations

from lrviz.schedulers.catalogue import Parameter, Scheduler

SCHEDULER = Scheduler(
    short="multistep",
    name="MultiStepLR",
    summary="multiplies the rate by gamma at every milestone",
    parameters=(
        Parameter(
            "milestones",
            "milestones",
            "scheduler steps at which the rate drops",
            least=0,
            fraction="it has no effect",
            follows="[max(1, total_steps // 2), max(2, total_steps * 3 // 4)]",
        ),
        Parameter("gamma", "float", "factor of each drop", default=0.1, least=0),
    ),
    formula="rate(t) = lr * gamma ** sum(m <= t for m in milestones)",
    use="A staircase with drops chosen by hand, such as at half and at three quarters of the run, as for ResNet on "
    "CIFAR-10.",
    cautions=(
        "Milestones count scheduler steps: stepped every update, [30, 80] can be over within the first epoch.",
        "A milestone past the end of the run has no effect, and torch does not warn.",
        "A milestone given twice multiplies by gamma twice, and a milestone of 0 applies before the first update.",
    ),
    source="He et al., Deep Residual Learning for Image Recognition, 2015, arXiv:1512.03385",
    past_end="It stays at the rate of the last milestone.",
    aliases=("piecewise", "piecewiseconstant", "multistepdecay"),
)
