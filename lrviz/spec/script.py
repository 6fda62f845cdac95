"""Training scripts to runs: what a script says wins over defaults, and options win over the script."""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from lrviz import files
from lrviz.errors import NotationError, SpecError, UsageError
from lrviz.notation import (
    NO_SCHEDULER,
    Fault,
    Found,
    Origin,
    Program,
    SchedulerCall,
    Source,
    TrainerCall,
    missing_values,
    read_script,
)
from lrviz.schedulers import find
from lrviz.spec.looping import ends_early, with_length
from lrviz.spec.reading import Fields, option_name, read_groups, read_loop, script_path
from lrviz.spec.run import RunSpec, TrainingLoop, run_names
from lrviz.spec.script_fields import (
    differences,
    explained_of,
    has_batches,
    known_length,
    lengths_of,
    loaders_of,
    merged_fields,
    told_of,
    typed_names,
    uses_length,
    with_spellings,
)
from lrviz.spec.values import read_count
from lrviz.text import count, printable

_MOST_BYTES: Final = 5_000_000
_IGNORE: Final = re.compile(r"#\s*lrviz:\s*ignore\b(?:\[([\w\s,]*)\])?")
_MOST_LINES: Final = 100  # of a scheduler's statement
# Cells and lines of notebooks that are not Python: `%%bash`, `!pip install x \`, `?name`, `name?`, `files = !ls`.
_CELL: Final = re.compile(r"\s*%%(\w+)")
_OF_PYTHON: Final = ("capture", "prun", "py", "python", "python3", "time", "timeit")  # magics of cells in Python
_COMMAND: Final = re.compile(r"^([ \t]*)(?:[%!?](?:.*\\\n)*.*|[\w.]+\?\??[ \t]*)$", re.MULTILINE)
_ASSIGNED: Final = re.compile(r"^([ \t]*[\w.]+[ \t]*=[ \t]*)[%!](?:.*\\\n)*.*$", re.MULTILINE)


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
    explained: tuple[tuple[str, str, str], ...]
    place: str = ""  # `train.py:12`
    ignored: tuple[str, ...] = ()  # the rules named by `# lrviz: ignore[...]` at its lines
    program: Program | None = None
    faults: tuple[Fault, ...] = ()  # what is probably not intended in its loop
    read_from: str = "the script"  # what says so
    origin: str = ""  # the config file that it is from


def read_scripts(text: str, fields: Fields) -> list[ScriptRun]:
    """The runs of lines pasted from a script, or of a script's file.

    Args:
        text: The lines, `FILE.py` or `-`, or `FILE.py@NAME` for one of several schedulers.
        fields: The fields that are given; they win over those of the script.

    Raises:
        NotationError: the script cannot be read, or a value that it needs is missing.
        SpecError: the file cannot be read.
        UsageError: it has no scheduler of that name.
    """
    path, name = script_path(text) or ("", "")
    try:
        with _without_collection():
            return _read(_source(path, fields) if path else text, fields, path, name)
    except NotationError as error:
        if not path:
            raise
        if error.message == NO_SCHEDULER:
            raise SpecError(
                f"`{_shown(path)}` creates no scheduler of torch",
                "a function in it that creates one from an optimizer runs as "
                + (f"`{_shown(path)}:NAME`" if path != "-" else "`FILE.py:NAME`"),
            ) from error
        raise error.at(_shown(path)) from error


@contextmanager
def _without_collection() -> Iterator[None]:
    """Pause garbage collection while many objects are made, most of which stay in use; a tenth of the time of it."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def script_rows(text: str, fields: Fields) -> list[tuple[str, str, str, str]]:
    """The name, line, class and interval of each scheduler of a script; the arguments and errors of `read_scripts`."""
    path, _ = script_path(text) or ("", "")
    typed = {name: value for name, value in fields.values.items() if value is not None}
    source = _source(path, fields) if path else text
    try:
        found = read_script(source, dict(fields.lets), {}, typed, whole=bool(path), settings=fields.settings)
    except NotationError as error:
        raise (error.at(_shown(path)) if path else error) from error
    return [(f.name or "-", str(f.line), _classes(f), str(f.fields.get("interval", "-"))) for f in found]


def _classes(found: Found) -> str:
    """The classes of the schedulers, or that of the arguments of a trainer, and whether rates are set by hand."""
    if found.trainer is not None and found.call is None:
        return found.trainer.name
    calls = found.program.calls if found.program is not None else () if found.call is None else (found.call,)
    by_hand = found.program is not None and found.program.hand
    return ", ".join([*(call.name for call in calls), *(["rates set by hand"] if by_hand else [])])


def _shown(path: str) -> str:
    return "stdin" if path == "-" else printable(path, 60)


def _source(path: str, fields: Fields) -> str:
    """The text of a script, or of the cells of a notebook."""
    if path == "-":
        return fields.stdin or ""
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
        joined = "\n".join(_plain_python(s if isinstance(s, str) else "".join(s)) for s in sources)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise SpecError(f"cannot read `{printable(path, 60)}`: it is not a notebook") from error
    return joined


def _plain_python(cell: str) -> str:
    """The Python of a notebook's cell: without commands of the shell and of IPython, and with as many lines."""
    magic = _CELL.match(cell)
    if magic is not None and magic[1] not in _OF_PYTHON:  # `%%bash`, `%%html`
        return "\n" * cell.count("\n")
    cell = _COMMAND.sub(lambda found: f"{found[1]}pass" + "\n" * found[0].count("\n"), cell)
    return _ASSIGNED.sub(lambda found: f"{found[1]}..." + "\n" * found[0].count("\n"), cell)


def _read(text: str, fields: Fields, path: str, name: str, *, alone: bool = False) -> list[ScriptRun]:
    """The runs of a script; `alone` if the fields are those of one process of several."""
    typed = {name: value for name, value in fields.values.items() if value is not None}
    values = dict(fields.lets) | typed_names(typed)
    if "grad_accum" in typed:
        values["accumulate_grad_batches"] = read_count(option_name("grad_accum", fields.prefix), typed["grad_accum"])
    whole, settings = bool(path), fields.settings
    runs: list[ScriptRun] = []
    without: list[Found] = []
    source = Source(text)
    every_found = read_script(source, values, {}, typed, whole=whole, settings=settings)
    if not alone and (shared := _shared(every_found, fields)) is not None:
        fields, note = shared
        return [replace(run, notes=(*run.notes, note)) for run in _read(text, fields, path, name, alone=True)]
    wanted = _wanted(every_found, name, path)
    if given := _names_of_trainers(every_found, typed, fields):
        return _read(text, replace(fields, lets={**fields.lets, **given}), path, name, alone=alone)

    def again(at: int, lengths: Mapping[str, int], names: Mapping[str, Any]) -> Found:
        """A scheduler of the script, with values of lengths and of the names of the run."""
        read = text if source.lengths else source  # lengths such as `10%` in it have another value now
        return read_script(read, {**values, **lengths}, names, typed, whole=whole, settings=settings)[at]

    for at, first in enumerate(every_found):
        if not any(first is each for each in wanted):
            continue
        if first.trainer is not None:
            made = _trained(first, first.trainer, fields, text, path) or first
        else:
            made = _run(first, partial(again, at), typed, fields, text, path)
        if isinstance(made, Found):
            without.append(made)
        else:
            runs.append(made)
    if without:
        raise _missing(without, fields.prefix)
    return runs


def _run(
    first: Found, again: Callable[..., Found], typed: Mapping[str, Any], fields: Fields, text: str, path: str
) -> ScriptRun | Found:
    """The run of a scheduler; what is found if values are missing."""
    if "steps" not in first.fields or "steps_per_epoch" in typed:  # else the length is not that of an epoch
        first.loaders = first.loaders or loaders_of(first)
    if first.computed:  # one number is asked for, unless more than the length of the loop follows from these
        first.computed = not {origin.text for origin in first.missing}.isdisjoint(first.loaders)
    known = with_spellings(first, typed, fields.lets)
    noted = len(first.notes)
    merged = merged_fields(first, known, typed, fields)
    loop, groups = read_loop(merged.values, fields.prefix), read_groups(merged.values.get("lr"), fields.prefix)
    lengths = lengths_of(first, merged.values, loop)
    found = first
    if first.missing or (first.program is not None and any(uses_length(text, length) for length in lengths)):
        found = again(lengths, run_names(loop, groups))
        found.notes += first.notes[noted:]
    program = found.program
    if program is not None and found.ends_early and not ends_early(program, loop, typed):
        program = None
    if program is not None and program.by_batch and not found.ends_early and not has_batches(merged.values):
        # The rates change within an epoch.
        asked = {origin.text for origin in found.missing}
        loaders = first.loaders if first.computed else first.loaders[:1]
        found.missing += [Origin(text, program.line) for text in loaders if text not in asked]
    if found.missing:
        found.loaders, found.computed = first.loaders, first.computed
        return found
    notes = [*found.notes, *differences(first, typed, fields.prefix)]
    if program is not None:
        program, merged = with_length(program, merged, typed, notes)
        known = known_length(found.fields, merged.values)
    elif path and "interval" not in known and "interval" not in typed and not found.faults:
        notes.append(_not_shown(path, found, loop))
    elif path and not {"epochs", "steps", "max_steps"} & {*known, *typed}:
        notes.append(
            f"`{_shown(path)}` does not say how long it trains: it is drawn over {count(loop.epochs, 'epoch')}; "
            f"`{option_name('epochs', fields.prefix)}` gives another number"
        )
    lines = [found.line, *(program.schedulers if program else ())]
    return ScriptRun(
        None if program else found.call, merged,
        (*told_of(known, found, typed), *(found.told if program else ())), tuple(notes),
        found.name, tuple(explained_of(merged, known, found, typed, fields.prefix)),
        f"{path}:{found.line}" if path else "", _ignored_rules(text, *lines), program,
        tuple(replace(fault, ignored=_ignored_rules(text, fault.line)) for fault in found.faults),
    )  # fmt: skip


def _shared(every_found: Sequence[Found], fields: Fields) -> tuple[Fields, str] | None:
    """The fields of one of several processes, and a note; None if there is one, or Accelerate steps for all of them.

    The sampler gives each process as many samples, and each process steps its own scheduler.
    """
    values, option = dict(fields.values), option_name("num_processes", fields.prefix)
    given, samples = values.pop("num_processes", None), values.get("dataset_size")
    processes = max((found.processes for found in every_found), default=0)
    if processes and given is not None:
        processes = read_count(option, given)
    if processes < 2 or (given is None and samples is None):
        return None
    if samples is not None:
        samples = read_count(option_name("dataset_size", fields.prefix), samples)
        values["dataset_size"] = -(-samples // processes)
    note = f"{processes:,} processes share the samples, and each steps its own scheduler"
    return replace(fields, values=values), note


def _wanted(every_found: Sequence[Found], name: str, path: str) -> Sequence[Found]:
    """The schedulers of a name, or all of them if it is empty."""
    if not name:
        return every_found
    wanted = [found for found in every_found if found.name == name] or [f for f in every_found if name in f.names]
    if not wanted:
        listed = ", ".join(f"`{found.name}`" for found in every_found if found.name)
        raise UsageError(
            f"`{_shown(path)}` has no scheduler `{printable(name, 60)}`", f"it has {listed}" if listed else ""
        )
    return wanted


def _missing(without: Sequence[Found], prefix: str) -> NotationError:
    """The error that asks for the values that schedulers need, each once."""
    missing = {origin.text: origin for found in without for origin in found.missing}
    loaders = tuple(text for found in without for text in found.loaders)
    needs = tuple(dict.fromkeys(name for found in without for name in found.needs))
    return missing_values(replace(without[0], missing=list(missing.values()), loaders=loaders, needs=needs), prefix)


def _not_shown(path: str, found: Found, loop: TrainingLoop) -> str:
    """The note that says how a scheduler is stepped whose loop is not shown."""
    info = find(found.call.name) if found.call is not None else None
    step = f"a step after each {'update' if loop.interval == 'step' else 'epoch'}"
    if info is not None and info.stepper is not None:
        step = f"the calls that the documentation of {info.family} asks for"
    shown = f"`{_shown(path)}` does not show where the scheduler steps: it is drawn with {step}"
    return f"{shown}, over {count(loop.epochs, 'epoch')}"


def _names_of_trainers(every_found: Sequence[Found], typed: Mapping[str, Any], fields: Fields) -> dict[str, int]:
    """The number of updates by the name of the run, if the arguments of a trainer need it and it is typed."""
    missing = {origin.text for found in every_found if found.trainer is not None for origin in found.missing}
    name = next((name for name in ("max_steps", "steps") if name in typed), "")
    if not name or "total_steps" not in missing or "total_steps" in fields.lets:
        return {}
    return {"total_steps": read_count(option_name(name, fields.prefix), typed[name])}


def _trained(found: Found, trainer: TrainerCall, fields: Fields, text: str, path: str) -> ScriptRun | None:
    """The run of a Trainer with the arguments of a script; None if values are missing, which `found` then has."""
    from lrviz.notation import TRAINER_ARGUMENTS
    from lrviz.spec.trainer import missing, read_arguments
    from lrviz.spec.training import explained, replaced, run_of_trainer, stands_for

    typed = {name: value for name, value in fields.values.items() if value is not None}
    arguments = read_arguments(trainer.values, where=trainer.name)
    samples = {} if "steps_per_epoch" in typed else {k: v for k, v in found.fields.items() if k == "dataset_size"}
    fields = replace(fields, values={**samples, **typed})
    by_option = stands_for(typed)
    asked = {text for name, texts in trainer.unknown.items() if name not in by_option for text in texts}
    answered = {text for name in by_option for text in trainer.unknown.get(name, ())} - asked
    found.missing = [origin for origin in found.missing if origin.text not in answered]
    found.needs = () if "max_steps" in trainer.unknown else missing(arguments, fields.values)
    if found.missing or found.needs:
        return None
    run, fields = run_of_trainer(arguments, fields)
    own = {k: v for k, v in found.fields.items() if k not in (*typed, "dataset_size")}
    told = (*told_of(own, found, typed), *run.told[1:]) if own else run.told
    return ScriptRun(
        found.call or run.call, replace(fields, values={**fields.values, **own}), told,
        (*found.notes, *replaced(trainer.values, typed, fields.prefix), *run.notes), found.name,
        tuple(explained(trainer.values, trainer.lines, run, TRAINER_ARGUMENTS)),
        f"{path}:{found.line}" if path else "", _ignored_rules(text, found.line), read_from=trainer.name,
    )  # fmt: skip


def _ignored_rules(text: str, *places: int) -> tuple[str, ...]:
    """The codes in comments `# lrviz: ignore[LR102]` on the lines of the statements at some lines, or just above them.

    A comment without codes gives the start of all of them.
    """
    if "lrviz:" not in text:
        return ()
    lines = text.splitlines()
    found: dict[str, None] = {}
    for line in places:
        first = last = line
        while first > 1 and lines[first - 2].strip().startswith("#"):
            first -= 1
        depth = 0
        for last in range(line, min(line + _MOST_LINES, len(lines)) + 1):
            code = lines[last - 1].partition("#")[0]
            depth += sum(map(code.count, "([{")) - sum(map(code.count, ")]}"))
            if depth <= 0:
                break
        comments = filter(None, map(_IGNORE.search, lines[first - 1 : last]))
        found |= dict.fromkeys(code.strip() for match in comments for code in (match[1] or "LR").split(","))
    return tuple(filter(None, found))


def several_error(text: str, runs: Sequence[RunSpec]) -> UsageError:
    """The error for a script with several schedulers where one is wanted."""
    listed = ", ".join(f"`{run.label}`" for run in runs)
    one = "" if text.strip() == "-" else f"`{printable(text, 60)}@{runs[0].name or 'NAME'}` is one of them, and "
    return UsageError(
        f"`{printable(text, 60)}` steps {len(runs)} schedulers: {listed}",
        f"{one}`lrviz plot {printable(text, 60)}` draws all",
    )
