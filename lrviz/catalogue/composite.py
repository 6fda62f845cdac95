"""The schedulers made of schedulers."""

from __future__ import annotations

from lrviz.catalogue.model import Parameter, Scheduler

SEQUENTIAL = Scheduler(
    short="sequential",
    name="SequentialLR",
    summary="runs one scheduler after another, changing over at the milestones",
    parameters=(
        Parameter("schedulers", "schedulers", "the schedulers, in the order they run in"),
        Parameter(
            "milestones",
            "milestones",
            "scheduler steps at which the next one takes over, one fewer than schedulers",
            least=0,
        ),
    ),
    formula="rate(t) = schedulers[i](t - milestones[i - 1])\ni = sum(m <= t for m in milestones)",
    use="Warm-up and then something else, above all LinearLR and then CosineAnnealingLR. Also warm-up, a long stable "
    "stretch, and a decay.",
    cautions=(
        "Every child counts from its own milestone: a cosine after 5 steps of warm-up wants T_max=total_steps - 5.",
        "A milestone before the warm-up's total_iters cuts it short, and the rate jumps.",
        "MultiplicativeLR and SWALR, as later children, go on from the rate they find; all others start afresh.",
        "OneCycleLR in any place, and CyclicLR in the first, replace the lr that their siblings start from.",
        (
            "A SequentialLR or ChainedScheduler inside goes wrong in torch: as the first child it runs a step early "
            "(since torch 2.8), as a later one it raises an error at its milestone."
        ),
        "Milestones out of order skip children in silence.",
        "ReduceLROnPlateau is refused as a child.",
    ),
    source="https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.SequentialLR.html",
    past_end="The last child decides.",
    example="SequentialLR([LinearLR(start_factor=0.1, total_iters=4), CosineAnnealingLR(T_max=total_steps - 4)], "
    "milestones=[4])",
)

CHAINED = Scheduler(
    short="chained",
    name="ChainedScheduler",
    summary="steps several schedulers at once, so that their factors multiply",
    parameters=(Parameter("schedulers", "schedulers", "the schedulers, stepped one after another at every step"),),
    formula="rate(t) = lr * the factors of all schedulers at t",
    use="Two effects at once, such as a warm-up over a decay that runs from the first step.",
    cautions=(
        (
            "Only children that scale the rate combine. LambdaLR, CyclicLR, OneCycleLR and CosineAnnealingWarmRestarts "
            "set it outright and undo what the others did."
        ),
        "All children run from step 0; for one after another there is SequentialLR.",
        "ReduceLROnPlateau is refused as a child.",
    ),
    source="https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ChainedScheduler.html",
    past_end="Each child does what it does past its own end.",
    example="ChainedScheduler([LinearLR(start_factor=0.1, total_iters=4), "
    "ExponentialLR(gamma=0.01 ** (1 / total_steps))])",
    takes_optimizer=False,
)
