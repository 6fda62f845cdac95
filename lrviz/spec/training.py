"""Arguments of a Trainer, and the fields that are given beside them, to the fields of its run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from lrviz.errors import UsageError
from lrviz.spec.reading import Fields, option_name
from lrviz.spec.trainer import TrainerArguments, TrainerRun, trainer_run
from lrviz.spec.values import read_choice, read_count, read_epochs, read_switch
from lrviz.text import print_value

# Fields that stand for an argument.
_STAND_FOR: Final = {
    "lr": "learning_rate",
    "epochs": "num_train_epochs",
    "steps": "max_steps",
    "max_steps": "max_steps",
    "batch_size": "per_device_train_batch_size",
    "grad_accum": "gradient_accumulation_steps",
    "drop_last": "dataloader_drop_last",
    "optimizer": "optim",
    "momentum": "adam_beta1",
}
# Fields that a Trainer cannot have, and what to write instead.
_REFUSED: Final = {
    "num_processes": "the Trainer steps its scheduler once an update; `{world_size}` gives the devices",
    "warmup": "give `warmup_steps` to the Trainer",
    "warmup_start": "the warm-up of transformers starts at 0",
}
# Fields that win over those of the run of the arguments as they are.
_KEPT: Final[tuple[str, ...]] = ("lr", "optimizer", "momentum", "metric", "accum_remainder")


def run_of_trainer(arguments: TrainerArguments, fields: Fields) -> tuple[TrainerRun, Fields]:
    """The run of a Trainer, and its fields with those that are given, which win.

    Raises:
        UsageError: a field is given that a Trainer does not have, or its value cannot be read.
        SpecError: the run needs a number that is missing, or makes no update.
    """
    given = {name: value for name, value in fields.values.items() if value is not None and value is not False}

    def option(name: str) -> str:
        return option_name(name, fields.prefix)

    for name, hint in _REFUSED.items():
        if name in given:
            raise UsageError(
                f"`{option(name)}` is not for `{arguments.name}`", hint.format(world_size=option("world_size"))
            )
    if "interval" in given and read_choice(option("interval"), given["interval"], ("step", "epoch")) == "epoch":
        raise UsageError(
            f"`{option('interval')}` is not for `{arguments.name}`", "the Trainer steps its scheduler after each update"
        )
    if "steps_per_epoch" in given and "dataset_size" in given:
        both = " and ".join(f"`{option(name)}`" for name in ("steps_per_epoch", "dataset_size"))
        raise UsageError(f"{both} both give the length of an epoch", "leave one of them out")

    def number(name: str) -> int | None:
        return read_count(option(name), given[name]) if name in given else None

    changes: dict[str, Any] = {}
    for name in ("epochs", "steps", "max_steps", "batch_size", "grad_accum"):
        if name in given:
            changes[_STAND_FOR[name]] = number(name) if name != "epochs" else read_epochs(option(name), given[name])
    if "epochs" in given and "max_steps" not in changes and arguments.max_steps > 0:
        changes["max_steps"] = -1
    for name, argument in (("drop_last", "dataloader_drop_last"), ("split_batches", "split_batches")):
        if name in given:
            changes[argument] = read_switch(option(name), given[name])
    run = trainer_run(
        replace(arguments, **changes),
        dataset_size=number("dataset_size"),
        world_size=number("world_size") or 1,
        version=None if "transformers" not in given else str(given["transformers"]),
        batches=number("steps_per_epoch"),
    )
    kept = {name: given[name] for name in _KEPT if name in given}
    return run, replace(fields, values={**run.fields, **kept}, prefix="" if not kept else fields.prefix)


def stands_for(given: Mapping[str, Any]) -> set[str]:
    """The arguments that fields replace."""
    return {argument for name, argument in _STAND_FOR.items() if given.get(name) not in (None, False)}


def replaced(values: Mapping[str, Any], given: Mapping[str, Any], prefix: str) -> Iterator[str]:
    """A note for each argument of `values` that a field replaces by another value."""
    for name, argument in _STAND_FOR.items():
        value = values.get(argument)
        if given.get(name) in (None, False) or value is None or str(value) == str(given[name]):
            continue
        option = f"{option_name(name, prefix)}{' ' if prefix else ' = '}{given[name]}"
        yield f"`{argument}` is {print_value(value)}; `{option}` is used"


def explained(
    values: Mapping[str, Any], lines: Mapping[str, int], run: TrainerRun, names: Sequence[str]
) -> Iterator[tuple[str, str, str]]:
    """Each argument that decides the rates, and where it is from; then what follows from them."""
    for name in names:
        if values.get(name) is not None:
            line = lines.get(name, 0)
            yield name, print_value(values[name]), f"line {line}" if line else "the script"
    yield "updates", f"{run.updates:,}", run.told[-1]
    yield "warm-up", f"{run.warmup:,g}", run.told[-1]
