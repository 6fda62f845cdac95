"""The loop of a training script that is more than one scheduler: the length of its run, and its schedulers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from lrviz.errors import NotationError, SpecError, UsageError
from lrviz.notation import Program, check_run
from lrviz.spec.reading import LENGTH_FIELDS, Fields, option_name, read_groups, read_loop
from lrviz.spec.resolve import resolve
from lrviz.spec.run import MAX_UPDATES, ParamGroup, ScriptLoop, TrainingLoop
from lrviz.text import count


def _sized(program: Program, loop: TrainingLoop, typed: Mapping[str, Any]) -> Program:
    exact = "steps_per_epoch" in typed or "dataset_size" in typed
    epochs = MAX_UPDATES if "max_steps" in typed else loop.epochs if "epochs" in typed else None
    return program.with_length(loop.steps_per_epoch, epochs, exact, sets_rates="lr" not in typed)


def ends_early(program: Program, loop: TrainingLoop, typed: Mapping[str, Any]) -> bool:
    """Whether a `break` decides the length of a loop: it makes fewer updates than it could, or ends an endless one."""
    if "steps" in typed or "interval" in typed:
        return False
    try:
        return sum(_sized(program, loop, typed).count(MAX_UPDATES)[0]) != loop.updates
    except NotationError:  # it is too long to be counted, or depends on what is not known
        return False


def with_length(program: Program, fields: Fields, typed: Mapping[str, Any], notes: list[str]) -> tuple[Program, Fields]:
    """The loop of a script with the length that it really has, and the fields of its run.

    Args:
        program: The loop.
        fields: The fields that are known of the run.
        typed: Those of them that are options.
        notes: Notes are added to these.

    Raises:
        NotationError: the loop cannot be followed.
        SpecError: it makes no update.
        UsageError: an option cannot be combined with it.
    """
    prefix = fields.prefix
    for name in ("grad_accum", "accum_remainder", "warmup"):
        if name in typed and not (name == "grad_accum" and program.course.harness):
            raise UsageError(
                f"`{option_name(name, prefix)}` cannot be combined with the loop of the script, which says when "
                "updates are made and the rates change",
                "leave it out, or change the script",
            )
    given = {k: v for k, v in fields.values.items() if k != "grad_accum"}
    loop = read_loop(given, prefix)
    if loop.max_steps is not None and "max_steps" not in given:
        raise UsageError(
            f"`{option_name('epochs', prefix)}` must be a whole number with the loop of a script, got "
            f"`{given['epochs']}`",
            f"`{option_name('max_steps', prefix)}` stops it in the middle of an epoch",
        )
    endless = "max_steps" in given and "epochs" not in given
    program = _sized(program, loop, {**typed, "max_steps": loop.max_steps} if endless else typed)
    # One more than is allowed is refused below.
    most = loop.updates if "steps" in typed else loop.max_steps or MAX_UPDATES + 1
    counts, added = program.count(most) if program.course.added or "steps" not in typed else ([], [])
    counts = [loop.updates] if "steps" in typed else counts
    if not counts:
        raise SpecError(
            "the loop of the script makes no update",
            "check the values that are given for where it begins and ends",
        )
    kept = {k: v for k, v in given.items() if k not in (*LENGTH_FIELDS, "steps")}
    if len(set(counts)) == 1 and "steps" not in typed and (len(counts) > 1 or program.outer is not None):
        kept |= {"epochs": len(counts), "steps_per_epoch": counts[0]}
    elif loop.max_steps is not None and len(set(counts[:-1])) == 1 and counts[-1] < counts[0]:
        kept |= {"max_steps": sum(counts), "steps_per_epoch": counts[0]}
    else:
        kept["steps"] = sum(counts)
        if len(counts) > 1:
            notes.append(
                f"the epochs have from {min(counts):,} to {count(max(counts), 'update')}, so the run is counted in "
                "updates"
            )
    if added:
        groups = read_groups(given.get("lr"), prefix)
        names = [group.name or f"group {at + 1}" for at, group in enumerate(groups)]
        names += [f"group {len(groups) + at + 1}" for at in range(len(added))]
        kept["lr"] = dict(zip(names, [*(group.lr for group in groups), *added], strict=True))
        program = replace(program, added=len(added))
        notes.append(
            f"the loop adds {count(len(added), 'parameter group')}: before that, the rate that a group starts with is "
            "drawn"
        )
    if "lr" in typed and program.hand:
        notes.append(f"`{option_name('lr', prefix)}` is the rate of the optimizer; {program.hand} are the script's own")
    return program, replace(fields, values=kept)


def script_loop(
    program: Program, loop: TrainingLoop, groups: tuple[ParamGroup, ...], parameters: Mapping[str, str] | None
) -> tuple[ScriptLoop, list[str]]:
    """The scheduler of a run that is the loop of a script, and notes about it.

    Raises:
        SpecError: torch has no such scheduler, or a value makes no sense.
        UsageError: parameters of a scheduler are given.
    """
    if parameters:
        raise UsageError(
            f"`--{next(iter(parameters))}` cannot be combined with the loop of a script",
            "give the script's names with `--let`",
        )

    groups = groups[: len(groups) - program.added]
    resolve_one = partial(resolve, loop=loop, groups=groups, total_steps=loop.scheduler_steps)
    resolved = list(map(resolve_one, program.calls))
    check_run(sum(r.call.steps for r in resolved) * len(groups), loop.updates)
    steps = loop.epochs if program.takes_metric == "epoch" else loop.updates if program.takes_metric else 0
    made = ScriptLoop(
        tuple(r.call for r in resolved),
        program.hand,
        program.code,
        program,
        program.calls,
        resolve_one,
        steps,
    )
    return made, [note for r in resolved for note in r.notes]
