"""What a script gives to Lightning and to Accelerate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from lrviz.notation.script.found import Found
from lrviz.notation.script.values import Opaque, Schedule
from lrviz.notation.source import ExpressionError

# Arguments of a Trainer or Accelerator, and the fields of the run that they give.
_FIELDS: Final = {
    "max_epochs": "epochs",
    "accumulate_grad_batches": "grad_accum",
    "max_steps": "steps",
    "gradient_accumulation_steps": "grad_accum",
}


def intervals(returned: Any) -> dict[int, tuple[str, int]]:
    """The interval and line of each scheduler that `configure_optimizers` returns, by id() of the scheduler."""
    if isinstance(returned, tuple) and len(returned) == 2 and all(isinstance(v, list) for v in returned):
        configs = returned[1]
    else:
        every = [v for v in (returned if isinstance(returned, list | tuple) else [returned]) if isinstance(v, dict)]
        configs = [v.get("lr_scheduler", v) for v in every if "lr_scheduler" in v or "scheduler" in v]
    return {id(schedule): (interval, schedule.line) for schedule, interval in map(_config, configs) if interval}


def _config(value: Any) -> tuple[Any, str]:
    """The scheduler of an `lr_scheduler` and its interval; "" if that is not known."""
    if isinstance(value, Schedule):
        return value, "epoch"
    if not (isinstance(value, dict) and isinstance(schedule := value.get("scheduler"), Schedule)):
        return value, ""
    interval, frequency = value.get("interval", "epoch"), value.get("frequency", 1)
    if frequency != 1:
        raise ExpressionError(
            f"Lightning's `frequency` of {frequency if isinstance(frequency, int) else 'unknown value'} is not "
            "followed",
            "leave it out, or 1, and multiply the scheduler's lengths by it",
            schedule.node,
        )
    return schedule, interval if interval in ("step", "epoch") else ""


def read_trainers(trainers: Sequence[Opaque], found: Found) -> None:
    """The length of the run that Lightning's Trainer gives, and Accelerate's accumulation."""
    for opaque in trainers:
        for key, name in _FIELDS.items():
            value = opaque.kwargs.get(key)
            if isinstance(value, int) and not isinstance(value, bool) and value > 0 and name not in found.fields:
                found.fields[name], found.lines[name] = value, opaque.origins[0].line
    if "steps" in found.fields:
        found.fields.pop("epochs", None)
