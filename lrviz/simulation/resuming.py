"""Stop a run, and go on with it from a checkpoint in one of the ways of training scripts."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np

from lrviz.errors import LrvizError, SimulationError, SpecError
from lrviz.notation import SchedulerCall
from lrviz.schedulers import find
from lrviz.simulation.build import build_optimizer
from lrviz.simulation.loop import Progress, Run, quiet_run, simulate_apart
from lrviz.spec import RESUME_WAYS, CodeCall, ResumeOutcome, RunSpec, ScriptLoop, resumed_run
from lrviz.text import count
from lrviz.trace import Trace


def resume_outcomes(spec: RunSpec, at: int) -> tuple[ResumeOutcome, ...]:
    """What each way of resuming makes of the rates, in the order of `RESUME_WAYS`.

    User code runs in processes of its own where the system can fork.

    Args:
        spec: The run.
        at: The updates made before the run is stopped and saved, from 1 to `spec.loop.updates - 1`.

    Raises:
        SimulationError: the uninterrupted run fails, or torch refuses the parameters.
        SpecError: the stop is not inside the run, or torch does not have such an optimizer.
    """
    _check(spec, at, "load")
    outcomes = []
    whole = simulate_apart(spec)
    for way in RESUME_WAYS:
        try:
            uninterrupted = simulate_apart(resumed_run(spec, way)) if way == "longer" else whole
            resumed = resume_apart(spec, at, way)
            found = compare_resumed(uninterrupted, resumed, at, way)
            planned, used = (float(trace.lr[at, found.group]) for trace in (whole, resumed))
            outcomes.append(replace(found, planned=planned, used=used))
        except LrvizError as error:
            outcomes.append(ResumeOutcome(way, exact=False, failure=error.message))
    return tuple(outcomes)


def compare_resumed(uninterrupted: Trace, resumed: Trace, at: int, way: str) -> ResumeOutcome:
    """The first update from `at` on for which a resumed run has another rate than the uninterrupted one."""
    different = np.argwhere(uninterrupted.lr[at:] != resumed.lr[at:])
    if not different.size:
        return ResumeOutcome(way, exact=True)
    step, group = at + int(different[0][0]), int(different[0][1])
    greatest = at + int(np.abs(uninterrupted.lr[at:, group] - resumed.lr[at:, group]).argmax())
    (expected, actual), (planned, used) = (
        [float(trace.lr[number, group]) for trace in (uninterrupted, resumed)] for number in (step, greatest)
    )
    return ResumeOutcome(
        way, exact=False, step=step, group=group, expected=expected, actual=actual, worst=(greatest, planned, used)
    )


def resume_apart(spec: RunSpec, at: int, way: str, progress: Progress | None = None) -> Trace:
    """As `resume`, with user code in a process of its own if the system can fork."""
    return simulate_apart(resumed_run(spec, way), progress, lambda _, report: resume(spec, at, way, report))


def resume(spec: RunSpec, at: int, way: str, progress: Progress | None = None) -> Trace:
    """Run torch's scheduler, stop it, and go on from its states in new objects.

    Args:
        spec: What to run.
        at: The updates made before the stop, from 1 to `spec.loop.updates - 1`. The states are those after them, and
            after the step of the scheduler that follows, if one does.
        way: One of `RESUME_WAYS`.
        progress: As for `simulate`.

    Returns:
        Trace of the whole run: the rates before the stop, and those that the resumed run uses.

    Raises:
        SimulationError: the scheduler cannot be resumed this way, or fails during the run.
        SpecError: the run is the loop of a script, the stop is not inside the run, the way is unknown, torch does not
            have such an optimizer, or the longer run does not fit the scheduler.
    """
    _check(spec, at, way)
    with quiet_run(spec):
        stopped = Run(spec)
        done = at if stopped.by_step else int(spec.loop.epoch_of(at))  # readings, with a step after each
        before = stopped.read(0, done)
        resumed = _resumed(stopped, done, way)
        resumed.groups = resumed.optimizer.param_groups  # others since a state was loaded
        try:
            later = resumed.read(done, resumed.readings, progress)
        except SimulationError as error:
            if way != "longer":
                raise
            hint = "the state that is loaded has the lengths of the shorter run"
            raise SimulationError(error.message, hint) from error
        trace = resumed.trace(np.concatenate([before, later]))
        if at > (start := stopped.update_of(done)):  # up to the stop, its epoch has the rate of the stopped run
            values = stopped.read(done, done + 1)[0]
            trace.lr[start:at] = values[: len(spec.groups)]
            if trace.momentum is not None:
                trace.momentum[start:at] = values[len(spec.groups) :]
    return replace(trace, spec=resumed_run(spec, way))


def _check(spec: RunSpec, at: int, way: str) -> None:
    if isinstance(spec.scheduler, ScriptLoop):
        raise SpecError(
            "a run that is the loop of a script cannot be stopped and resumed: its schedulers and rates follow the "
            "lines of the loop",
            "paste the lines of one scheduler without the loop",
        )
    if not 0 < at < spec.loop.updates:
        raise SpecError(f"a run of {count(spec.loop.updates, 'update')} cannot be stopped after {at:,}")
    if way not in RESUME_WAYS:
        raise SpecError(f"no way to resume is called `{way}`", f"use {', '.join(RESUME_WAYS)}")


def _resumed(stopped: Run, done: int, way: str) -> Run:
    """The run that goes on from the states of another."""
    spec = resumed_run(stopped.spec, way)
    # One state dict cannot be loaded twice: CyclicLR takes what it loads out of it.
    saved = _state(stopped.optimizer, spec)
    if way in ("last-epoch", "optimizer-first"):
        optimizer = build_optimizer(spec)
        _load(optimizer, saved, spec)
        if way == "optimizer-first":
            resumed = Run(spec, optimizer)
            _load(resumed.scheduler, _state(stopped.scheduler, spec), spec)
            return resumed
        steps = getattr(stopped.scheduler, "last_epoch", done * spec.loop.steps_each)
        return Run(_with_last_epoch(spec, int(steps) - 1), optimizer)
    resumed = Run(spec)
    if way in ("load", "optimizer-only", "longer"):
        _load(resumed.optimizer, saved, spec)
    if way in ("load", "scheduler-only", "longer"):
        _load(resumed.scheduler, _state(stopped.scheduler, spec), spec)
    return resumed


def _state(owner: Any, spec: RunSpec) -> Any:
    """A copy of the state of an optimizer or scheduler, as a checkpoint has it."""
    try:
        return deepcopy(owner.state_dict())
    except Exception as error:
        raise _state_error("save", owner, spec, error) from error


def _load(owner: Any, state: Any, spec: RunSpec) -> None:
    try:
        owner.load_state_dict(state)
    except Exception as error:
        raise _state_error("load", owner, spec, error) from error


def _state_error(what: str, owner: Any, spec: RunSpec, error: Exception) -> SimulationError:
    reason = " ".join(f"{type(error).__name__}: {error}".split())
    return SimulationError(f"cannot {what} the state of `{type(owner).__name__}`: {reason:.200}")


def _with_last_epoch(spec: RunSpec, last_epoch: int) -> RunSpec:
    """The run whose schedulers are created with `last_epoch`, where they take it."""
    call = spec.scheduler
    if last_epoch < 0:  # no step was made
        return spec
    if isinstance(call, CodeCall):
        return replace(spec, scheduler=replace(call, call=_add_last_epoch(call.call, last_epoch)))
    if isinstance(call, SchedulerCall):
        return replace(spec, scheduler=_add_last_epoch(call, last_epoch))
    raise SimulationError(f"`{call}` takes only the optimizer, and no `last_epoch`")


def _add_last_epoch(call: SchedulerCall, last_epoch: int) -> SchedulerCall:
    def added(value: Any) -> Any:
        if isinstance(value, SchedulerCall):
            return _add_last_epoch(value, last_epoch)
        return tuple(map(added, value)) if isinstance(value, tuple) else value

    info = find(call.name)
    own = (("last_epoch", last_epoch),) if info is None or info.takes_last_epoch else ()
    kwargs = (*((name, added(value)) for name, value in call.kwargs), *own)
    return replace(call, args=tuple(map(added, call.args)), kwargs=kwargs)
