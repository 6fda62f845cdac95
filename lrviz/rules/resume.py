"""LR8xx: a run that is stopped, saved and resumed."""

from __future__ import annotations

from collections.abc import Iterator

from lrviz.rules.case import Case
from lrviz.rules.model import Found, rule
from lrviz.rules.thresholds import limit
from lrviz.spec import RESUME_WAYS, ResumeOutcome
from lrviz.text import format_rate

_SOURCES = (
    "https://docs.pytorch.org/tutorials/beginner/saving_loading_models.html",
    "https://github.com/pytorch/pytorch/issues/65342",
)


def _jumps(outcome: ResumeOutcome) -> bool:
    """Whether a resumed run has other rates, by more than rounding, or cannot go on."""
    if outcome.failure:
        return True
    pairs = [outcome.worst[1:]] if outcome.worst is not None else []
    if outcome.way == "longer":
        pairs.append((outcome.planned, outcome.used))
    return any(abs(one - other) > limit("resumed") * max(one, other) for one, other in pairs)


def _told(outcome: ResumeOutcome, at: int) -> str:
    """How the rates of a resumed run differ."""
    if outcome.failure:
        return outcome.failure
    if outcome.worst is None or outcome.step is None:  # as planned for the longer run, which is not the one so far
        return (
            f"the rate goes from {format_rate(outcome.planned)} to {format_rate(outcome.used)} at step {at:,}, where "
            "the longer run would be"
        )
    step, expected, actual = outcome.worst
    text = (
        f"step {outcome.step:,} has the rate {format_rate(outcome.actual)} in place of {format_rate(outcome.expected)}"
    )
    if step != outcome.step:
        text += f", and step {step:,} has {format_rate(actual)} in place of {format_rate(expected)}"
    return text


def _worst(outcome: ResumeOutcome) -> str:
    """By how much the rates of a resumed run differ at most."""
    if outcome.worst is None:
        return outcome.failure
    step, expected, actual = outcome.worst
    return f"{format_rate(actual)} in place of {format_rate(expected)} at step {step:,}"


@rule(
    "LR801",
    "resume-jumps",
    "warning",
    what="The run does not have the rates that it would have had without the stop.",
    why="Optimizer and scheduler each keep a part of the schedule: the optimizer the rates, the scheduler its step. "
    "If one of them starts anew, or is created after the other was loaded, the rate jumps, or the schedule starts "
    "again. `--resume-by` says what the script does; without it both are created and then loaded.",
    example="CosineAnnealingLR(T_max=1000) @ steps=1000 --resume-at 400 --resume-by optimizer-only",
    near_miss="CosineAnnealingLR(T_max=1000) @ steps=1000 --resume-at 400 --resume-by last-epoch",
    sources=_SOURCES,
)
def resume_jumps(case: Case) -> Iterator[Found]:
    if case.stop is None:
        return
    way = case.stop.way or "load"
    outcome = next((o for o in case.stop.outcomes if o.way == way), None)
    if outcome is None or not _jumps(outcome):
        return
    exact = [o.way for o in case.stop.outcomes if o.way != "longer" and not _jumps(o)]
    fix = f"--resume-by {exact[0]}" if exact else "do not stop this run: no way of loading keeps its rates"
    yield Found(f"resumed by `{way}` ({RESUME_WAYS[way]}): {_told(outcome, case.stop.at)}", fix)


@rule(
    "LR802",
    "lossy-ways",
    "note",
    what="Some ways of saving and loading keep the rates, and others do not.",
    why="Which states a script saves, and whether it loads them before or after it creates the scheduler, shows only "
    "in the rates after the stop. Create both, and then load the states of both.",
    example="CosineAnnealingLR(T_max=1000) @ steps=1000 --resume-at 400",
    near_miss="LambdaLR(lr_lambda=lambda step: 1.0) @ steps=1000 --resume-at 400",
    sources=_SOURCES,
)
def lossy_ways(case: Case) -> Iterator[Found]:
    if case.stop is None or case.stop.way:
        return
    ways = [o for o in case.stop.outcomes if o.way != "longer"]
    exact = [o.way for o in ways if not _jumps(o)]
    lossy = [o for o in ways if _jumps(o) and o.way != "load"]
    if lossy and exact:
        told = ", ".join(f"{o.way} ({_worst(o)})" for o in lossy)
        yield Found(
            f"stopped after {case.stop.at:,} updates, every rate is kept by {', '.join(exact)}, and not by {told}",
            f"--resume-by {exact[0]}",
        )


@rule(
    "LR803",
    "longer-run",
    "note",
    what="The rate jumps if the run is resumed with more epochs.",
    why="A schedule that ends with the run has another rate at the same step of a longer run, and the states that are "
    "loaded bring the old lengths back: a cosine climbs again, and OneCycleLR ends in an error.",
    example="CosineAnnealingLR(T_max=1000) @ epochs=10, steps_per_epoch=100 --resume-at 400",
    near_miss="StepLR(step_size=300) @ epochs=10, steps_per_epoch=100 --resume-at 400",
    sources=("https://github.com/mlfoundations/open_clip/issues/413", _SOURCES[0]),
)
def longer_run(case: Case) -> Iterator[Found]:
    if case.stop is None or case.stop.way:
        return
    outcome = next((o for o in case.stop.outcomes if o.way == "longer"), None)
    if outcome is not None and _jumps(outcome):
        updates = case.spec.loop.updates
        yield Found(
            f"resumed for {2 * updates:,} updates in place of {updates:,}: {_told(outcome, case.stop.at)}",
            "choose the length of the run before it starts, or a schedule without an end, such as inverse-sqrt or wsd",
        )
