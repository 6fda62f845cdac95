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
    formula="rate(t) = schedulers[i](t - milestones[i - 1]), where i = sum(m <= t for m in milestones)",
    use="Warm-up and then something else, above all LinearLR followed by CosineAnnealingLR. Also warm-up, a long stable "
    "stretch, and a decay.",
    cautions=(
        "Each child counts from its own milestone: the cosine after 5 steps of warm-up needs T_max=total_steps - 5.",
        "A milestone before the warm-up's total_iters cuts it short, and the rate jumps.",
        "A later MultiplicativeLR or SWALR goes on from the rate that it finds instead of the base rate.",
        "OneCycleLR as any child overwrites the base rate of all the others.",
        "A SequentialLR or ChainedScheduler as a child is broken in torch: as the first child it runs one step early, "
        "as a later one it raises NotImplementedError.",
        "ReduceLROnPlateau cannot be a child.",
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
    formula="rate(t) = lr * product of every child's factor at t",
    use="Two effects at the same time, such as a warm-up over a decay that runs from the first step.",
    cautions=(
        "Only children that scale the current rate combine; CosineAnnealingWarmRestarts, OneCycleLR, CyclicLR and "
        "LambdaLR set it outright and undo what the children before them did.",
        "All children start at step 0 and run together; for one after another use SequentialLR.",
        "ReduceLROnPlateau cannot be a child.",
    ),
    source="https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ChainedScheduler.html",
    past_end="Each child does what it does past its own end.",
    example="ChainedScheduler([LinearLR(start_factor=0.1, total_iters=4), ExponentialLR(gamma=0.01 ** (1 / total_steps))])",
    takes_optimizer=False,
)
