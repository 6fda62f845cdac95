"""`SequentialLR`: runs one scheduler after another, switching at the milestones."""

from __future__ import annotations

from itertools import pairwise
from math import isfinite

from lrviz.errors import SpecError
from lrviz.schedulers.catalogue import Parameter, Run, Scheduler, Values, refuse_plateau
from lrviz.text import count, print_value


def _check(values: Values, run: Run) -> None:
    children, milestones = values["schedulers"], values["milestones"]
    refuse_plateau("SequentialLR", children)
    if len(milestones) != len(children) - 1:
        expected = count(len(children) - 1, "milestone")
        raise SpecError(
            f"`SequentialLR` with {count(len(children), 'scheduler')} needs {expected}, got {len(milestones)}",
            "a milestone is the scheduler step at which the next scheduler starts",
        )
    if any(later < earlier for earlier, later in pairwise(milestones)):
        raise SpecError(
            f"`SequentialLR` needs `milestones` that do not decrease, got {print_value(milestones)}",
            "torch would skip a scheduler",
        )


def _shares(values: Values, steps: int) -> list[int]:
    milestones = values.get("milestones")
    if not isinstance(milestones, tuple) or not all(isinstance(m, int | float) and isfinite(m) for m in milestones):
        return []  # refused later
    return [max(1, int(min(end, steps) - start)) for start, end in pairwise((0, *milestones, steps))]


def _failure_hint(error: BaseException, values: Values) -> str:
    # torch before 2.8 raises a TypeError that names step().
    if isinstance(error, NotImplementedError) or "step() takes 1 positional argument" in str(error):
        return "torch cannot start a SequentialLR or ChainedScheduler at a milestone: put its parts in the outer list"
    return ""


SCHEDULER = Scheduler(
    short="sequential",
    name="SequentialLR",
    summary="runs one scheduler after another, switching at the milestones",
    parameters=(
        Parameter("schedulers", "schedulers", "the schedulers, in the order they run in"),
        Parameter(
            "milestones",
            "milestones",
            "scheduler steps at which the next one starts, one fewer than schedulers",
            least=0,
            fraction="torch does not set the rate back to lr there",
        ),
    ),
    formula="rate(t) = schedulers[i](t - milestones[i - 1])\ni = sum(m <= t for m in milestones)",
    use="Warm-up before another schedule, typically LinearLR and then CosineAnnealingLR. Also warm-up, a long constant "
    "phase, and a decay.",
    cautions=(
        "Every child counts from its own milestone: a cosine after 5 steps of warm-up needs T_max=total_steps - 5.",
        "A milestone before the warm-up's total_iters cuts it short, and the rate jumps.",
        "MultiplicativeLR and SWALR, as later children, continue from the current rate; all others reset it.",
        "OneCycleLR in any position, and CyclicLR in the first, replace the lr that the other children start from.",
        (
            "A nested SequentialLR or ChainedScheduler fails in torch: as the first child it runs a step early "
            "(since torch 2.8), as a later one it raises an error at its milestone."
        ),
        "Of two equal milestones only the second counts, and a milestone of 0 leaves out the first child.",
        "Milestones out of order silently skip children.",
        "ReduceLROnPlateau is refused as a child.",
    ),
    source="https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.SequentialLR.html",
    past_end="The last child sets the rate.",
    example="SequentialLR([LinearLR(start_factor=0.1, total_iters=4), CosineAnnealingLR(T_max=total_steps - 4)], "
    "milestones=[4])",
    aliases=("sequence",),
    restores_rate=True,
    check=_check,
    failure_hint=_failure_hint,
    shares=_shares,
)
