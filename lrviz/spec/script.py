"""Training scripts to runs: what a script says wins over defaults, and options win over the script."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any, Final

from lrviz import files
from lrviz.errors import LrvizError, NotationError, SpecError, UsageError
from lrviz.notation import (
    NO_SCHEDULER,
    Found,
    Origin,
    Program,
    SchedulerCall,
    check_run,
    missing_values,
    read_script,
)
from lrviz.spec.reading import LENGTH_FIELDS, Fields, option_name, read_groups, read_loop
from lrviz.spec.resolve import Resolved, resolve
from lrviz.spec.run import MAX_UPDATES, RUN_NAMES, ParamGroup, RunSpec, ScriptLoop, TrainingLoop, run_names
from lrviz.text import count, format_rate, printable

SUFFIXES: Final = (".py", ".ipynb")
_MOST_BYTES: Final = 5_000_000
# Names that scripts give to the fields of a run, where no loop or optimizer shows them.
_SPELLINGS: Final = {
    "epochs": ("epochs", "num_epochs", "n_epochs", "max_epochs", "EPOCHS", "NUM_EPOCHS", "N_EPOCHS", "nb_epochs"),
    "lr": ("lr", "learning_rate", "base_lr", "LR", "LEARNING_RATE"),
    "steps": ("total_steps", "max_steps", "num_training_steps", "num_steps", "total_iters"),
    "steps_per_epoch": ("steps_per_epoch", "iters_per_epoch", "num_batches", "batches_per_epoch"),
}


@dataclass(frozen=True)
class ScriptRun:
    """A scheduler of a script, with the fields of its run, and what to say about them.

    With a `program` the loop of the script changes the rates in other ways than with `call` alone.
    """

    call: SchedulerCall | None
    fields: Fields
    read: tuple[str, ...]
    notes: tuple[str, ...]
    name: str
    names: tuple[str, ...]
    program: Program | None = None


def script_path(text: str) -> tuple[str, str] | None:
    """The path of a script, and the name of a scheduler in it, of `train.py@scheduler`; None for other text."""
    path, _, name = text.strip().partition("@")
    if not path.strip().lower().endswith(SUFFIXES) or "\n" in path or "(" in path:
        return None
    return path.strip(), name.strip()


def read_scripts(text: str, fields: Fields) -> list[ScriptRun]:
    """The runs of lines pasted from a script, or of a script's file.

    Args:
        text: The lines, or `FILE.py`, or `FILE.py@NAME` for one of several schedulers.
        fields: The fields that are given; they win over those of the script.

    Raises:
        NotationError: the script cannot be read, or a value that it needs is missing.
        SpecError: the file cannot be read.
        UsageError: it has no scheduler of that name.
    """
    where = script_path(text)
    if where is None:
        return _read(text, fields, "")
    path, name = where
    text = _source(path, fields)
    try:
        runs = _read(text, fields, path)
    except LrvizError as error:
        if error.message == NO_SCHEDULER:
            raise SpecError(
                f"`{printable(path, 60)}` creates no scheduler of torch",
                f"a function in it that creates one from an optimizer runs as `{printable(path, 60)}:NAME`",
            ) from error
        raise error.at(printable(path, 60)) from error
    if not name:
        return runs
    chosen = [run for run in runs if run.name == name]
    chosen = chosen or [run for run in runs if name in run.names]
    if not chosen:
        listed = ", ".join(f"`{run.name}`" for run in runs)
        raise UsageError(f"`{path}` has no scheduler `{printable(name, 60)}`", f"it has {listed}")
    return chosen


def _source(path: str, fields: Fields) -> str:
    """The text of a script, or of the cells of a notebook."""
    target = fields.folder / path
    if not fields.outside:
        files.check_inside(target, fields.folder, f"the script `{path}`")
    try:
        text = files.read_text(target, _MOST_BYTES)
    except OSError as error:
        raise SpecError(
            f"cannot read `{printable(path, 60)}`: {files.error_reason(error)}",
            "the path is relative to the current folder",
        ) from error
    if not path.lower().endswith(".ipynb"):
        return text
    try:
        cells = json.loads(text)["cells"]
        sources = [c["source"] for c in cells if c["cell_type"] == "code"]
        joined = "\n".join(s if isinstance(s, str) else "".join(s) for s in sources)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise SpecError(f"cannot read `{printable(path, 60)}`: it is not a notebook") from error
    # Commands of the shell and of IPython are not Python.
    return re.sub(r"^(\s*)[%!].*$", r"\1pass", joined, flags=re.MULTILINE)


def _read(text: str, fields: Fields, path: str) -> list[ScriptRun]:
    typed = {name: value for name, value in fields.values.items() if value is not None}
    values = dict(fields.lets) | _typed_names(typed)
    runs = []
    for at, first in enumerate(read_script(text, values, {}, typed, whole=bool(path))):
        known = _with_spellings(first, typed)
        merged = Fields(known, prefix="").over(typed, fields.prefix)
        merged = replace(fields, values=_consistent(merged.values, typed))
        every, whole = read_loop(merged.values, fields.prefix).grad_accum, read_loop(merged.values, fields.prefix)
        if (
            first.drops_partial
            and every > 1
            and (rest := whole.steps_per_epoch % every)
            and _has_batches(merged.values)
        ):
            kept = {k: v for k, v in merged.values.items() if k not in ("dataset_size", "batch_size", "drop_last")}
            merged = replace(merged, values={**kept, "steps_per_epoch": whole.steps_per_epoch - rest})
            first.notes.append(
                f"the last {count(rest, 'batch').replace('batchs', 'batches')} of an epoch make no update: the script "
                f"makes one every {every}"
            )
        loop, groups = read_loop(merged.values, fields.prefix), read_groups(merged.values.get("lr"), fields.prefix)
        names = run_names(loop, groups)
        batches = dict.fromkeys(first.loaders, loop.steps_per_epoch) if _has_batches(merged.values) else {}
        found = first
        if first.missing or (first.program is not None and batches):
            found = read_script(text, {**values, **batches}, names, typed, whole=bool(path))[at]
        program = found.program
        if program is not None and found.ends_early and not _ends_early(program, loop, typed):
            program = None
        if program is not None and program.by_batch and not found.ends_early and not _has_batches(merged.values):
            # The rates change within an epoch.
            asked = {origin.text for origin in found.missing}
            found.missing += [Origin(text, program.line) for text in first.loaders[:1] if text not in asked]
        if found.missing:
            raise missing_values(found, fields.prefix)
        notes = [*found.notes, *_differences(first, typed, fields.prefix)]
        if program is not None:
            runs.append(_with_program(program, found, merged, typed, notes))
            continue
        if path and "interval" not in known and "interval" not in typed:
            notes.append(
                f"`{path}` does not show where the scheduler steps: it is drawn with a step after each "
                f"{'update' if loop.interval == 'step' else 'epoch'}, over {count(loop.epochs, 'epoch')}"
            )
        runs.append(
            ScriptRun(found.call, merged, tuple(_told(known, found, typed)), tuple(notes), found.name, found.names)
        )
    return runs


def _with_length(program: Program, loop: TrainingLoop, typed: Mapping[str, Any]) -> Program:
    exact = "steps_per_epoch" in typed or "dataset_size" in typed
    epochs = loop.epochs if "epochs" in typed else None
    return program.with_length(loop.steps_per_epoch, epochs, exact, sets_rates="lr" not in typed)


def _ends_early(program: Program, loop: TrainingLoop, typed: Mapping[str, Any]) -> bool:
    """Whether a loop with a `break` makes fewer updates than it could."""
    if "steps" in typed or "interval" in typed:
        return False
    try:
        return sum(_with_length(program, loop, typed).count(MAX_UPDATES)) < loop.updates
    except NotationError:  # it is too long to be counted, or depends on what is not known
        return False


def _with_program(
    program: Program, found: Found, merged: Fields, typed: Mapping[str, Any], notes: list[str]
) -> ScriptRun:
    """The run of a loop that is more than one scheduler, with the length that the loop really has."""
    prefix = merged.prefix
    for name in ("grad_accum", "warmup"):
        if name in typed:
            raise UsageError(
                f"`{option_name(name, prefix)}` cannot be combined with the loop of the script, which says when "
                "updates are made and the rates change",
                "leave it out, or change the script",
            )
    given = {k: v for k, v in merged.values.items() if k != "grad_accum"}
    loop = read_loop(given, prefix)
    # One more than is allowed is refused below.
    program = _with_length(program, loop, typed)
    counts = [loop.updates] if "steps" in typed else program.count(MAX_UPDATES + 1)
    if not counts:
        raise SpecError("the loop of the script makes no update")
    kept = {k: v for k, v in given.items() if k not in (*LENGTH_FIELDS, "steps")}
    if len(set(counts)) == 1 and "steps" not in typed and (len(counts) > 1 or program.outer is not None):
        kept |= {"epochs": len(counts), "steps_per_epoch": counts[0]}
    else:
        kept["steps"] = sum(counts)
        if len(counts) > 1:
            notes.append(
                f"the epochs have from {min(counts):,} to {count(max(counts), 'update')}, so the run is counted in "
                "updates"
            )
    if "lr" in typed and program.hand:
        notes.append(f"`{option_name('lr', prefix)}` is the rate of the optimizer; {program.hand} are the script's own")
    known = {k: v for k, v in found.fields.items() if k not in ("interval", "steps")}
    if "steps" in kept:
        known = {k: v for k, v in known.items() if k not in LENGTH_FIELDS}
    known |= {k: v for k, v in kept.items() if k == "steps" or (k in known and k in LENGTH_FIELDS)}
    told = [*_told(known, found, typed), *found.told]
    return ScriptRun(None, replace(merged, values=kept), tuple(told), tuple(notes), found.name, found.names, program)


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

    def resolved_one(call: SchedulerCall) -> Resolved:
        return resolve(call, loop, groups, total_steps=loop.scheduler_steps)

    resolved = list(map(resolved_one, program.calls))
    check_run(sum(r.call.steps for r in resolved) * len(groups), loop.updates)
    steps = loop.epochs if program.takes_metric == "epoch" else loop.updates if program.takes_metric else 0
    made = ScriptLoop(
        tuple(r.call for r in resolved),
        program.hand,
        program.code,
        program,
        program.calls,
        lambda call: resolved_one(call).call,
        steps,
    )
    return made, [note for r in resolved for note in r.notes]


def _typed_names(typed: Mapping[str, Any]) -> dict[str, Any]:
    """The values of options by the names of the run; they win over assignments of the script."""
    loop, groups = read_loop(typed), read_groups(typed.get("lr"))
    names = run_names(loop, groups)
    given = {name for name in RUN_NAMES if name in typed}
    if "dataset_size" in typed:
        given.add("steps_per_epoch")
    return {name: names[name] for name in given}


def _has_batches(values: Mapping[str, Any]) -> bool:
    return any(values.get(name) is not None for name in ("steps_per_epoch", "dataset_size", "steps"))


def _with_spellings(found: Found, typed: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a run as its script gives them, also by assignments to names such as `num_epochs`."""
    known = dict(found.fields)
    for name, spellings in _SPELLINGS.items():
        if name in known or name in typed:
            continue
        for spelling in spellings:
            value = found.assigned.get(spelling)
            if isinstance(value, bool) or not isinstance(value, int | float):
                continue
            if name != "lr" and not (1 <= value <= MAX_UPDATES and value == int(value)):
                continue
            if name == "lr" and not 0 <= value < inf:
                continue
            if name == "steps" and (
                {"epochs", "steps_per_epoch"} & {*known, *typed} or known.get("interval") == "epoch"
            ):
                continue
            known[name] = value if name == "lr" else int(value)
            found.lines.setdefault(name, found.assigned_lines.get(spelling, 0))
            break
    if "steps" in known and {"epochs", "steps_per_epoch"} & known.keys():
        known.pop("steps" if known.get("epochs", 1) != 1 else "epochs", None)
    return known


def _consistent(values: Mapping[str, Any], typed: Mapping[str, Any]) -> dict[str, Any]:
    """The fields without a batch size that has no use."""
    kept = dict(values)
    if kept.get("dataset_size") is None and "batch_size" not in typed:
        kept.pop("batch_size", None)
    return kept


def _differences(found: Found, typed: Mapping[str, Any], prefix: str) -> list[str]:
    """A note for each field that an option sets to something else than the script."""
    notes = []
    for name, value in found.fields.items():
        if name in typed and str(typed[name]) != str(value) and name != "batch_size":
            try:
                same = float(typed[name]) == float(value)
            except (TypeError, ValueError):
                same = str(typed[name]).lower() == str(value).lower()
            if not same:
                line = found.lines.get(name)
                where = f" on line {line}" if line else ""
                shown = ", ".join(map(format_rate, value)) if isinstance(value, list) else value
                notes.append(
                    f"the script's {name.replace('_', ' ')} is {shown}{where}; "
                    f"`{option_name(name, prefix)}{' ' if prefix else ' = '}{typed[name]}` is used"
                )
    return notes


def _told(known: Mapping[str, Any], found: Found, typed: Mapping[str, Any]) -> list[str]:
    """What was read of the run, each with its line."""

    def at(name: str, text: str) -> str:
        line = found.lines.get(name)
        return f"{text} (line {line})" if line else text

    told = []
    if "lr" in known and "lr" not in typed:
        rates = known["lr"]
        shown = (
            [rates] if isinstance(rates, int | float) else list(rates.values() if isinstance(rates, dict) else rates)
        )
        text = ", ".join(format_rate(float(r)) for r in shown[:4]) + (", ..." if len(shown) > 4 else "")
        told.append(at("lr", f"{known.get('optimizer', '')} lr {text}".strip()))
    if "momentum" in known and "momentum" not in typed:
        told.append(f"momentum {known['momentum']}")
    for name, what in (("epochs", "epoch"), ("steps", "update"), ("steps_per_epoch", "batch")):
        if name in known and name not in typed:
            text = count(known[name], what).replace("batchs", "batches")
            told.append(at(name, f"{text}{' an epoch' if what == 'batch' else ''}"))
    if "grad_accum" in known and "grad_accum" not in typed:
        told.append(at("grad_accum", f"an update every {known['grad_accum']} batches"))
    if "interval" in known and "interval" not in typed:
        told.append(at("interval", f"stepped once {'an epoch' if known['interval'] == 'epoch' else 'an update'}"))
    return told


def several_error(text: str, runs: Sequence[RunSpec]) -> UsageError:
    """The error for a script with several schedulers where one is wanted."""
    listed = ", ".join(f"`{run.label}`" for run in runs)
    return UsageError(
        f"`{printable(text, 60)}` steps {len(runs)} schedulers: {listed}",
        f"`{printable(text, 60)}@{runs[0].name or 'NAME'}` is one of them, and `lrviz compare {printable(text, 60)}` "
        "draws all",
    )
