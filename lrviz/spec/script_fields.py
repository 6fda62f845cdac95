"""The fields of a run that a training script gives: merged with options, told, and explained."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import inf
from typing import Any, Final

from lrviz.notation import Found
from lrviz.spec.reading import LENGTH_FIELDS, Fields, option_name, read_groups, read_loop
from lrviz.spec.run import MAX_UPDATES, RUN_NAMES, TrainingLoop, run_names
from lrviz.text import count, format_rate

_ESTIMATED: Final = re.compile(r"\btrainer\.estimated_stepping_batches$")  # the updates of a run of Lightning
_LOADER: Final = re.compile(r"len\(\S*(?:loader|dl|batches)\w*\)", re.IGNORECASE)
# Names that scripts give to the fields of a run, where no loop or optimizer shows them.
_SPELLINGS: Final = {
    "epochs": ("epochs", "num_epochs", "n_epochs", "max_epochs", "EPOCHS", "NUM_EPOCHS", "N_EPOCHS", "nb_epochs"),
    "lr": ("lr", "learning_rate", "base_lr", "LR", "LEARNING_RATE"),
    "steps": ("total_steps", "max_steps", "num_training_steps", "num_steps", "total_iters"),
    "steps_per_epoch": ("steps_per_epoch", "iters_per_epoch", "num_batches", "batches_per_epoch"),
}
# Those that mean all updates of the run also beside its epochs.
_UPDATES: Final = ("total_steps", "num_training_steps")
_LENGTHS: Final = frozenset(("steps", "epochs", "max_steps"))  # of the run
# A value of the configuration of a run: `args.epochs`, `cfg['train']['epochs']`, `num_epochs`.
_OF_RUN: Final = re.compile(
    r"(?:self|(?:self\.)?(?:train_|training_)?(?:args|cfg|conf|config|hparams|hp|opts?|params|hypers|flags|FLAGS|CONFIG|CFG|C)"
    r"(?:(?:\.|\[')(?:train|training|trainer|run|TRAIN|SOLVER)(?:'\])?)?)(?:\.|\[')(\w+)(?:'\])?|(\w+)"
)


def typed_names(typed: Mapping[str, Any]) -> dict[str, Any]:
    """The values of options by the names of the run; they win over assignments of the script."""
    if "batch_size" not in typed:  # that of a trainer is in its arguments
        typed = {name: value for name, value in typed.items() if name not in ("dataset_size", "drop_last")}
    loop, groups = read_loop(typed), read_groups(typed.get("lr"))
    names = run_names(loop, groups)
    given = {name for name in RUN_NAMES if name in typed}
    if "dataset_size" in typed:
        given.add("steps_per_epoch")
    return {name: names[name] for name in given}


def with_spellings(found: Found, typed: Mapping[str, Any], lets: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a run as its script gives them, also by names such as `num_epochs`.

    Args:
        found: A scheduler of the script.
        typed: The fields that are given as options.
        lets: The values that are given to names, such as `args.epochs`.
    """
    known = dict(found.fields)
    shown = found.stepped or found.program is not None or "interval" in known
    if not shown and not {"epochs", "steps", "max_steps"} & {*known, *typed}:
        given = [v for k, v in lets.items() if (m := _OF_RUN.fullmatch(k)) and (m[1] or m[2]) in _SPELLINGS["epochs"]]
        if len({*given}) == 1 and type(given[0]) is int and 1 <= given[0] <= MAX_UPDATES:
            known["epochs"] = given[0]
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
            key = name
            if name == "steps":
                if known.get("interval") == "epoch":
                    continue
                if {"epochs", "steps_per_epoch"} & {*known, *typed}:
                    if spelling not in _UPDATES or not _splits(value, known, typed):
                        continue
                    key, value = "steps_per_epoch", value // known["epochs"]
            known[key] = value if name == "lr" else int(value)
            found.lines.setdefault(key, found.assigned_lines.get(spelling, 0))
            break
    if "steps" in known and {"epochs", "steps_per_epoch"} & known.keys():
        known.pop("steps" if known.get("epochs", 1) != 1 else "epochs", None)
    return known


def _splits(updates: float, known: Mapping[str, Any], typed: Mapping[str, Any]) -> bool:
    """Whether the batches of an epoch, which nothing else gives, follow from the updates of the run and its epochs."""
    given = {*typed} - {"lr", "optimizer", "momentum", "metric"} or {"steps_per_epoch", "grad_accum"} & known.keys()
    return not given and "epochs" in known and updates % known["epochs"] == 0


def merged_fields(found: Found, known: Mapping[str, Any], typed: Mapping[str, Any], fields: Fields) -> Fields:
    """The fields of a run: those that are typed, and those that are known from its script; notes may be added."""
    merged = Fields(dict(known), prefix="").over(typed, fields.prefix)
    if "steps" in known and {"steps_per_epoch", "dataset_size"} & typed.keys() and not _LENGTHS & typed.keys():
        batches = read_loop(merged.values, fields.prefix).steps_per_epoch
        more = {"epochs": -(-known["steps"] // batches), "max_steps": known["steps"]}
        merged = replace(merged, values={**merged.values, **more})
    values = _with_max_steps(found, _consistent(merged.values, typed), typed)
    values = _limited(found, values, typed, fields.prefix)
    loop = read_loop(values, fields.prefix)
    rest, every = loop.steps_per_epoch % loop.grad_accum, loop.grad_accum
    if found.drops_partial and rest and has_batches(values) and "accum_remainder" not in typed:
        values["accum_remainder"] = "drop"
        found.notes.append(
            f"the last {'batch of an epoch makes' if rest == 1 else f'{rest:,} batches of an epoch make'} no update: "
            f"the script makes one every {every}"
        )
    return replace(fields, values=values)


def _limited(found: Found, values: dict[str, Any], typed: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """The fields of a run whose Trainer of Lightning limits the batches of an epoch."""
    limit = found.limit
    if limit is None or values.get("dataset_size") is None:
        if isinstance(limit, float) and "steps_per_epoch" in typed:
            found.notes.append(
                f"`{limit}` of the batches on line {found.lines['steps_per_epoch']} is not applied to "
                f"`{option_name('steps_per_epoch', prefix)}`"
            )
        return values
    batches = read_loop(values, prefix).steps_per_epoch
    batches = min(batches, int(limit)) if limit >= 1 else max(int(batches * limit), 1)
    kept = {k: v for k, v in values.items() if k not in ("dataset_size", "batch_size", "drop_last")}
    return kept | {"steps_per_epoch": batches}


def _with_max_steps(found: Found, values: dict[str, Any], typed: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a run that a Trainer of Lightning ends at the first of its `max_epochs` and its `max_steps`."""
    if "max_steps" not in values or "max_steps" in typed:
        return values
    if not has_batches(values) and found.program is None:  # a run that is not counted in epochs
        return {k: v for k, v in values.items() if k not in ("max_steps", "epochs")} | {"steps": values["max_steps"]}
    shorter = {k: v for k, v in values.items() if k != "max_steps"}
    return shorter if "epochs" in values and read_loop(shorter).updates <= values["max_steps"] else values


def _consistent(values: Mapping[str, Any], typed: Mapping[str, Any]) -> dict[str, Any]:
    """The fields without a batch size that has no use."""
    kept = dict(values)
    if kept.get("dataset_size") is None and "batch_size" not in typed:
        kept.pop("batch_size", None)
    return kept


def known_length(known: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that a script gives, with the length that its loop really has."""
    length = (*LENGTH_FIELDS, "steps")
    kept = {
        k: v for k, v in known.items() if k not in ("interval", "steps", *(LENGTH_FIELDS if "steps" in values else ()))
    }
    return kept | {k: v for k, v in values.items() if k == "steps" or (k in kept and k in length)}


def has_batches(values: Mapping[str, Any]) -> bool:
    """Whether fields give the batches of an epoch, or the updates of the run."""
    return any(values.get(name) is not None for name in ("steps_per_epoch", "dataset_size", "steps"))


def loaders_of(found: Found) -> tuple[str, ...]:
    """The expression for the number of batches in an epoch, by its name, where no loop shows it."""
    texts = [o.text for o in found.missing if _LOADER.fullmatch(o.text)]
    return tuple(texts) if len(texts) == 1 else ()


def lengths_of(found: Found, values: Mapping[str, Any], loop: TrainingLoop) -> dict[str, int]:
    """The values of the expressions for lengths of the run, as far as the fields of the run give them."""
    missing = [origin.text for origin in found.missing]
    lengths = {text: loop.epochs for text in missing if found.field_of(text) == "epochs" and "epochs" in values}
    updates = [text for text in missing if _ESTIMATED.search(text)]
    if has_batches(values):
        loaders = () if found.computed else found.loaders
        return lengths | dict.fromkeys(loaders, loop.steps_per_epoch) | dict.fromkeys(updates, loop.updates)
    found.loaders = (*found.loaders, *updates)  # these follow from the batches of an epoch
    return lengths


def uses_length(text: str, length: str) -> bool:
    """Whether a script may use a length such as `len(loader)`."""
    name = re.match(r"len\((\w+)", length)
    return name is None or re.search(rf"\blen\s*\(\s*(?:[#(]|\\|{name[1]}\b)", text) is not None


def differences(found: Found, typed: Mapping[str, Any], prefix: str) -> list[str]:
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


def told_of(known: Mapping[str, Any], found: Found, typed: Mapping[str, Any]) -> list[str]:
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


def explained_of(
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
