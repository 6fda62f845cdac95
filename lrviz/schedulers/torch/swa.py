"""`SWALR`: anneals the rate to swa_lr and holds it there, to average weights."""

from __future__ import annotations

from lrviz.schedulers.catalogue import Parameter, Scheduler

SCHEDULER = Scheduler(
    short="swa",
    name="SWALR",
    module="torch.optim.swa_utils",
    summary="anneals the rate to swa_lr and holds it there, to average weights",
    parameters=(
        Parameter(
            "swa_lr",
            "per_group",
            "the final rate, or one for each group",
            least=0,
            follows="lr / 10",
        ),
        Parameter("anneal_epochs", "int", "scheduler steps to reach swa_lr; 0 sets it at once", default=10, least=0),
        Parameter(
            "anneal_strategy",
            "choice",
            "shape of the change: half a cosine, or a straight line",
            default="cos",
            choices=("cos", "linear"),
        ),
    ),
    formula="rate(t) = swa_lr * a + lr * (1 - a)\n"
    "x = min(t / anneal_epochs, 1) if anneal_epochs else 1\n"
    'anneal_strategy="cos": a = (1 - cos(pi * x)) / 2\n'
    'anneal_strategy="linear": a = x',
    use="The last part of a run with stochastic weight averaging: a fairly high constant rate while the weights are "
    "averaged. Starts after the main schedule at about three quarters of the run, stepped once an epoch.",
    cautions=(
        "anneal_epochs counts scheduler steps: stepped every update, 10 is ten updates.",
        "The constant rate helps only with averaged weights (AveragedModel); do not evaluate the last weights alone.",
        "It starts from the current rate, also as a later child of SequentialLR.",
    ),
    source="Izmailov et al., Averaging Weights Leads to Wider Optima and Better Generalization, 2018, arXiv:1803.05407",
    past_end="It stays at swa_lr.",
    rates=("swa_lr",),
    aliases=("stochasticweightaveraging", "weightaveraging"),
)
