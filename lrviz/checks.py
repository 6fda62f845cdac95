"""What a scheduler's values say together: refused where torch would break, noted where it is legal but odd."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrviz.catalogue import Scheduler
from lrviz.errors import SpecError
from lrviz.notation import SchedulerCall, print_value
from lrviz.numbers import count, format_rate
from lrviz.spec import ParamGroup, TrainingLoop


def check_call(
    info: Scheduler, values: Mapping[str, Any], groups: tuple[ParamGroup, ...], loop: TrainingLoop | None
) -> list[str]:
    """Check what no single value shows; `loop` is None for a part of another scheduler, which need not fill the run.

    Returns:
        Notes: what is legal, runs as it would in training, and is probably not meant.

    Raises:
        SpecError: torch would fail, or give a schedule that nobody can mean.
    """
    match info.name:
        case "CosineAnnealingLR" | "CosineAnnealingWarmRestarts":
            return _floor(info.name, "eta_min", values.get("eta_min", 0), groups, "the rate rises to it")
        case "ReduceLROnPlateau":
            return _floor(info.name, "min_lr", values.get("min_lr", 0), groups, "the rate is never reduced")
        case "MultiStepLR":
            return _milestones(values["milestones"])
        case "CyclicLR":
            return _cyclic(values, groups)
        case "OneCycleLR":
            return _onecycle(values, loop)
        case "SequentialLR":
            return _sequential(values)
        case "ChainedScheduler":
            _no_plateau(info.name, values["schedulers"])
    return []


def _each(value: Any, groups: tuple[ParamGroup, ...]) -> tuple[float, ...]:
    return value if isinstance(value, tuple) else (value,) * len(groups)


def _floor(name: str, parameter: str, value: Any, groups: tuple[ParamGroup, ...], effect: str) -> list[str]:
    for group, floor in zip(groups, _each(value, groups), strict=True):
        if floor > group.lr:
            where = f" of {group.name}" if group.name else ""
            return [
                f"{name}: {parameter} {format_rate(floor)} is above the base rate{where} {format_rate(group.lr)}, "
                f"so {effect}"
            ]
    return []


def _milestones(milestones: tuple[int, ...]) -> list[str]:
    notes = []
    if len(set(milestones)) < len(milestones):
        notes.append("MultiStepLR: a milestone is listed twice, so gamma acts twice there")
    if 0 in milestones:
        notes.append("MultiStepLR: milestone 0 lowers the rate before the first update")
    return notes


def _cyclic(values: Mapping[str, Any], groups: tuple[ParamGroup, ...]) -> list[str]:
    bounds = zip(_each(values["base_lr"], groups), _each(values["max_lr"], groups), strict=True)
    for base, top in bounds:
        if base > top:
            return [
                f"CyclicLR: base_lr {format_rate(base)} is above max_lr {format_rate(top)}, so the cycle is inverted"
            ]
    return []


def _onecycle(values: Mapping[str, Any], loop: TrainingLoop | None) -> list[str]:
    total, epochs, steps = values.get("total_steps"), values.get("epochs"), values.get("steps_per_epoch")
    notes = []
    if total is not None and epochs is not None and steps is not None and total != epochs * steps:
        notes.append(
            f"OneCycleLR: total_steps {total} wins over epochs {epochs} x steps_per_epoch {steps} = {epochs * steps}"
        )
    length = total if total is not None else (epochs or 0) * (steps or 0)
    share = values.get("pct_start", 0.3)
    if not isinstance(share, float):
        raise SpecError(
            f"`OneCycleLR` needs a float for `pct_start`, got {print_value(share)}", f"write pct_start={float(share)}"
        )
    if share * length == 1:
        raise SpecError(
            f"`OneCycleLR` cannot warm up in {count(1, 'step')}: `pct_start` {print_value(share)} of {length} steps; "
            "torch divides by zero",
            "choose a greater `pct_start`, or 0.0 for no warm-up",
        )
    if share * length < 1:
        notes.append(f"OneCycleLR: pct_start {print_value(share)} of {length} steps is under one: nothing warms up")
    if loop is not None and loop.scheduler_steps > length:
        if loop.num_processes > 1:
            return [*notes, f"OneCycleLR: Accelerate stops it after {count(length, 'step')}, and the rate stays"]
        raise SpecError(
            f"`OneCycleLR` ends after {count(length, 'step')}, and the run has {loop.scheduler_steps}; "
            "torch raises an error past the end",
            "leave out `total_steps`, or make it the length of the run",
        )
    return notes


def _sequential(values: Mapping[str, Any]) -> list[str]:
    children, milestones = values["schedulers"], values["milestones"]
    _no_plateau("SequentialLR", children)
    if len(milestones) != len(children) - 1:
        wanted = count(len(children) - 1, "milestone")
        raise SpecError(
            f"`SequentialLR` with {count(len(children), 'scheduler')} needs {wanted}, got {len(milestones)}",
            "a milestone is the scheduler step at which the next one takes over",
        )
    if any(later <= earlier for earlier, later in zip((0, *milestones), milestones, strict=False)):
        raise SpecError(
            f"`SequentialLR` needs `milestones` of 1 or more that rise, got {print_value(milestones)}",
            "torch would skip a scheduler",
        )
    if children[0].name in ("SequentialLR", "ChainedScheduler"):
        return [f"SequentialLR: torch 2.8 and newer run a {children[0].name} that comes first one step early"]
    return []


def _no_plateau(owner: str, children: tuple[SchedulerCall, ...]) -> None:
    if any(child.name == "ReduceLROnPlateau" for child in children):
        raise SpecError(
            f"`{owner}` cannot hold `ReduceLROnPlateau`: it is stepped without a metric",
            "plot it on its own, or use `lrviz compare`",
        )
