"""Training scripts to runs: what a script says wins over defaults, and options win over the script."""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from math import inf
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
from lrviz.spec.reading import LENGTH_FIELDS, Fields, option_name, read_groups, read_loop
from lrviz.spec.run import MAX_UPDATES, RUN_NAMES, RunSpec, TrainingLoop, run_names
from lrviz.spec.values import read_count
from lrviz.text import count, format_rate, printable

SUFFIXES: Final = (".py", ".ipynb")
_MOST_BYTES: Final = 5_000_000
_IGNORE: Final = re.compile(r"#\s*lrviz:\s*ignore\b(?:\[([\w\s,]*)\])?")
_MOST_LINES: Final = 100  # of a scheduler's statement
_ESTIMATED: Final = re.compile(r"\btrainer\.estimated_stepping_batches$")  # the updates of a run of Lightning
_LOADER: Final = re.compile(r"len\(\S*(?:loader|dl|batches)\w*\)", re.IGNORECASE)
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
    explained: tuple[tuple[str, str, str], ...]
    place: str = ""  # `train.py:12`
    ignored: tuple[str, ...] = ()  # the rules named by `# lrviz: ignore[...]` at its lines
    program: Program | None = None
    faults: tuple[Fault, ...] = ()  # what is probably not intended in its loop
    read_from: str = "the script"  # what says so
    origin: str = ""  # the config file that it is from


def script_path(text: str) -> tuple[str, str] | None:
    """The path of a script, and the name of a scheduler in it, of `train.py@scheduler`; None for other text."""
    path, _, name = text.strip().partition("@")
    if path.strip() != "-" and (not path.strip().lower().endswith(SUFFIXES) or "\n" in path or "(" in path):
        return None
    return path.strip(), name.strip()


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
        joined = "\n".join(s if isinstance(s, str) else "".join(s) for s in sources)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise SpecError(f"cannot read `{printable(path, 60)}`: it is not a notebook") from error
    # Commands of the shell and of IPython are not Python.
    return re.sub(r"^(\s*)[%!].*$", r"\1pass", joined, flags=re.MULTILINE)


def _read(text: str, fields: Fields, path: str, name: str, *, alone: bool = False) -> list[ScriptRun]:
    """The runs of a script; `alone` if the fields are those of one process of several."""
    typed = {name: value for name, value in fields.values.items() if value is not None}
    values = dict(fields.lets) | _typed_names(typed)
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
    if "steps" not in first.fields:  # whose length is not that of an epoch
        first.loaders = first.loaders or _loaders(first)
    known = _with_spellings(first, typed)
    merged = _merged(first, known, typed, fields)
    loop, groups = read_loop(merged.values, fields.prefix), read_groups(merged.values.get("lr"), fields.prefix)
    lengths = _lengths(first, merged.values, loop)
    found = first
    if first.missing or (first.program is not None and any(_uses(text, length) for length in lengths)):
        found = again(lengths, run_names(loop, groups))
    program = found.program
    if program is not None and found.ends_early and not ends_early(program, loop, typed):
        program = None
    if program is not None and program.by_batch and not found.ends_early and not _has_batches(merged.values):
        # The rates change within an epoch.
        asked = {origin.text for origin in found.missing}
        found.missing += [Origin(text, program.line) for text in first.loaders[:1] if text not in asked]
    if found.missing:
        found.loaders = first.loaders
        return found
    notes = [*found.notes, *_differences(first, typed, fields.prefix)]
    if program is not None:
        program, merged = with_length(program, merged, typed, notes)
        known = _known_length(found.fields, merged.values)
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
        (*_told(known, found, typed), *(found.told if program else ())), tuple(notes),
        found.name, tuple(_explained(merged, known, found, typed, fields.prefix)),
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
    told = (*_told(own, found, typed), *run.told[1:]) if own else run.told
    return ScriptRun(
        found.call or run.call, replace(fields, values={**fields.values, **own}), told,
        (*found.notes, *replaced(trainer.values, typed, fields.prefix), *run.notes), found.name,
        tuple(explained(trainer.values, trainer.lines, run, TRAINER_ARGUMENTS)),
        f"{path}:{found.line}" if path else "", _ignored_rules(text, found.line), read_from=trainer.name,
    )  # fmt: skip


def _known_length(known: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that a script gives, with the length that its loop really has."""
    length = (*LENGTH_FIELDS, "steps")
    kept = {
        k: v for k, v in known.items() if k not in ("interval", "steps", *(LENGTH_FIELDS if "steps" in values else ()))
    }
    return kept | {k: v for k, v in values.items() if k == "steps" or (k in kept and k in length)}


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


def _loaders(found: Found) -> tuple[str, ...]:
    """The expression for the number of batches in an epoch, by its name, where no loop shows it."""
    texts = [o.text for o in found.missing if _LOADER.fullmatch(o.text)]
    return tuple(texts) if len(texts) == 1 else ()


def _typed_names(typed: Mapping[str, Any]) -> dict[str, Any]:
    """The values of options by the names of the run; they win over assignments of the script."""
    if "batch_size" not in typed:  # that of a trainer is in its arguments
        typed = {name: value for name, value in typed.items() if name not in ("dataset_size", "drop_last")}
    loop, groups = read_loop(typed), read_groups(typed.get("lr"))
    names = run_names(loop, groups)
    given = {name for name in RUN_NAMES if name in typed}
    if "dataset_size" in typed:
        given.add("steps_per_epoch")
    return {name: names[name] for name in given}


def _lengths(found: Found, values: Mapping[str, Any], loop: TrainingLoop) -> dict[str, int]:
    """The values of the expressions for lengths of the run, as far as the fields of the run give them."""
    missing = [origin.text for origin in found.missing]
    lengths = {text: loop.epochs for text in missing if found.field_of(text) == "epochs" and "epochs" in values}
    updates = [text for text in missing if _ESTIMATED.search(text)]
    if _has_batches(values):
        return lengths | dict.fromkeys(found.loaders, loop.steps_per_epoch) | dict.fromkeys(updates, loop.updates)
    found.loaders = (*found.loaders, *updates)  # these follow from the batches of an epoch
    return lengths


def _uses(text: str, length: str) -> bool:
    """Whether a script may use a length such as `len(loader)`."""
    name = re.match(r"len\((\w+)", length)
    return name is None or re.search(rf"\blen\s*\(\s*(?:[#(]|\\|{name[1]}\b)", text) is not None


def _merged(found: Found, known: Mapping[str, Any], typed: Mapping[str, Any], fields: Fields) -> Fields:
    """The fields of a run: those that are typed, and those that are known from its script; notes may be added."""
    merged = Fields(dict(known), prefix="").over(typed, fields.prefix)
    values = _with_max_steps(found, _consistent(merged.values, typed), typed)
    loop = read_loop(values, fields.prefix)
    rest, every = loop.steps_per_epoch % loop.grad_accum, loop.grad_accum
    if found.drops_partial and rest and _has_batches(values) and "accum_remainder" not in typed:
        values["accum_remainder"] = "drop"
        found.notes.append(
            f"the last {count(rest, 'batch').replace('batchs', 'batches')} of an epoch make no update: the script "
            f"makes one every {every}"
        )
    return replace(fields, values=values)


def _with_max_steps(found: Found, values: dict[str, Any], typed: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a run that a Trainer of Lightning ends at the first of its `max_epochs` and its `max_steps`."""
    if "max_steps" not in values or "max_steps" in typed:
        return values
    if not _has_batches(values) and found.program is None:  # a run that is not counted in epochs
        return {k: v for k, v in values.items() if k not in ("max_steps", "epochs")} | {"steps": values["max_steps"]}
    shorter = {k: v for k, v in values.items() if k != "max_steps"}
    return shorter if "epochs" in values and read_loop(shorter).updates <= values["max_steps"] else values


def _has_batches(values: Mapping[str, Any]) -> bool:
    return any(values.get(name) is not None for name in ("steps_per_epoch", "dataset_size", "steps"))


def _with_spellings(found: Found, typed: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a run as its script gives them, also by assignments to names such as `num_epochs`."""
    known = dict(found.fields)
    for name, spellings in _SPELLINGS.items():
        if name in known or name in typed or ("steps" in found.fields and name != "lr"):
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
    for name, what in (("epochs", "epoch"), ("steps", "update"), ("max_steps", "update"), ("steps_per_epoch", "batch")):
        if name in known and name not in typed:
            text = count(known[name], what).replace("batchs", "batches")
            told.append(at(name, f"{text}{' an epoch' if what == 'batch' else ''}"))
    if "grad_accum" in known and "grad_accum" not in typed:
        told.append(at("grad_accum", f"an update every {known['grad_accum']} batches"))
    if "interval" in known and "interval" not in typed:
        told.append(at("interval", f"stepped once {'an epoch' if known['interval'] == 'epoch' else 'an update'}"))
    return told


def _explained(
    fields: Fields, known: Mapping[str, Any], found: Found, typed: Mapping[str, Any], prefix: str
) -> Iterator[tuple[str, str, str]]:
    """Each value of the run and of the scheduler's arguments, and where it is from."""
    loop, groups = read_loop(fields.values, fields.prefix), read_groups(fields.values.get("lr"), fields.prefix)
    values: dict[str, Any] = {"optimizer": fields.values.get("optimizer", "SGD")}
    values["lr"] = ", ".join(format_rate(group.lr) for group in groups[:4]) + ", ..." * (len(groups) > 4)
    values |= {name: fields.values[name] for name in ("momentum",) if name in fields.values}
    names = ("epochs" if loop.max_steps is None else "max_steps", "steps_per_epoch", "grad_accum", "accum_remainder")
    values |= {name: getattr(loop, name) for name in (*names, "interval")}
    for name, value in values.items():
        if name in ("grad_accum", "accum_remainder") and value == getattr(TrainingLoop, name):
            continue
        by_steps = "steps" in fields.values and name in ("epochs", "steps_per_epoch")
        key = "steps" if by_steps else "dataset_size" if name == "steps_per_epoch" and "dataset_size" in typed else name
        line = found.lines.get(key, 0)
        where = f"`{option_name(key, prefix)}`" if key in typed else f"line {line}" if line else "the default of lrviz"
        if (key in known or key in fields.values) and key not in typed and not line:
            where = "the script"
        yield option_name(name, ""), str(value), where
    for argument in found.arguments:
        where = f"line {argument.line}"
        yield argument.name, argument.value, f"{where}: {argument.source}" if argument.source else where


def several_error(text: str, runs: Sequence[RunSpec]) -> UsageError:
    """The error for a script with several schedulers where one is wanted."""
    listed = ", ".join(f"`{run.label}`" for run in runs)
    one = "" if text.strip() == "-" else f"`{printable(text, 60)}@{runs[0].name or 'NAME'}` is one of them, and "
    return UsageError(
        f"`{printable(text, 60)}` steps {len(runs)} schedulers: {listed}",
        f"{one}`lrviz plot {printable(text, 60)}` draws all",
    )
