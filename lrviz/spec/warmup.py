"""Add a linear warm-up before a scheduler, as the `SequentialLR` of torch."""

from __future__ import annotations

from typing import Final

from lrviz.errors import MisfitError, SpecError
from lrviz.notation import SchedulerCall
from lrviz.spec.resolve import bind_arguments, find_scheduler
from lrviz.text import count

DEFAULT_START: Final = 0.01


def add_warmup(call: SchedulerCall, warmup: int, start: float, total_steps: int, option: str) -> SchedulerCall:
    """The scheduler after a linear warm-up to the base rate.

    The schedulers of a SequentialLR keep their lengths and start after the warm-up: torch cannot nest it.

    Args:
        call: The scheduler, not yet resolved.
        warmup: Scheduler steps of the warm-up; 0 for none.
        start: The fraction of the base rate at which the warm-up starts.
        total_steps: The scheduler steps of the run.
        option: What the user calls the warm-up, for errors.

    Raises:
        SpecError: the warm-up leaves no steps, or the scheduler cannot run after it.
    """
    info = find_scheduler(call)
    if info is not None and info.parameter("warmup") is not None:
        if "warmup" in bind_arguments(info, call):
            raise SpecError(f"`warmup` is given twice, in the notation and as `{option}`")
        return SchedulerCall(call.name, call.args, (*call.kwargs, ("warmup", warmup)), call.module)
    if warmup == 0:
        return call
    if warmup >= total_steps:
        raise MisfitError(
            f"`{option}` of {count(warmup, 'scheduler step')} leaves nothing of the run, "
            f"which has {count(total_steps, 'scheduler step')}",
            f"such as `{option} 5%`" if option.startswith("--") else 'such as `warmup = "5%"`',
        )
    name = info.name if info else call.name
    if info is not None and info.takes_metric:
        raise SpecError(
            f"`{option}` cannot be used with `{name}`: `SequentialLR` calls `step()` without a metric",
            "leave the warm-up out",
        )
    if info is not None and (info.overwrites_rate or info.name == "ChainedScheduler"):
        reason = "it replaces the base rate" if info.overwrites_rate else "torch cannot start it at a milestone"
        hint = "its own warm-up is `pct_start`" if info.parameter("pct_start") else "leave the warm-up out"
        raise SpecError(f"`{option}` cannot be used with `{name}`: {reason}", hint)
    children, milestones = (call,), (warmup,)
    if name == "SequentialLR" and info is not None:
        values = bind_arguments(info, call)
        if isinstance(values.get("schedulers"), tuple) and isinstance(values.get("milestones"), tuple):
            children = values["schedulers"]
            milestones = (warmup, *(warmup + milestone for milestone in values["milestones"]))
    linear = SchedulerCall("LinearLR", kwargs=(("start_factor", start), ("total_iters", warmup)))
    return SchedulerCall("SequentialLR", kwargs=(("schedulers", (linear, *children)), ("milestones", milestones)))
