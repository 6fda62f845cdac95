"""DeepSpeed's JSON: a scheduler with its parameters; the Trainer of transformers fills in those that are "auto".

Source: `trainer_config_process` and `trainer_config_finalize` in transformers/integrations/deepspeed.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from lrviz.errors import SpecError, UsageError
from lrviz.notation import SchedulerCall
from lrviz.spec.reading import LENGTH_FIELDS
from lrviz.spec.recipes import hf
from lrviz.spec.recipes.config import IN_UPDATES, Config, Recipe, listed, optimizer_of
from lrviz.text import print_value, printable

_NAMES: Final = ("WarmupLR", "WarmupDecayLR", "WarmupCosineLR", "OneCycle", "LRRangeTest")
_MODULE: Final = "deepspeed.runtime.lr_schedules"
_WITH_LENGTH: Final = "scheduler.params.total_num_steps"
_RATES: Final = ("scheduler.params.warmup_max_lr", "scheduler.params.cycle_max_lr")
# The parameters that the Trainer fills in; a value that differs from its own it refuses.
_FILLED: Final = (
    "optimizer.params.lr",
    "scheduler.params.warmup_max_lr",
    _WITH_LENGTH,
    "scheduler.params.warmup_num_steps",
)


def read(config: Config) -> Recipe:
    """The run of a file, with the arguments of the Trainer that are given beside it.

    Raises:
        UsageError: it has no scheduler, or what it needs is neither in it nor beside it.
        SpecError: its values and the arguments contradict each other.
    """
    params = config.table("scheduler.params")
    autos = [
        key for key in (*(f"scheduler.params.{name}" for name in params), "optimizer.params.lr") if _auto(config, key)
    ]
    if config.get("scheduler") is None:
        if config.beside is not None:  # then the schedule is that of the Trainer
            return hf.read(replace(config, values=config.beside, shown="the file of `--config`", beside=None))
        raise UsageError(
            f"`{config.shown}` has no `scheduler`: the schedule is that of the training script or of the Trainer",
            "draw the script, or the file with the arguments of the Trainer",
        )
    name = config.text("scheduler.type", "")
    if not name:
        raise config.wrong("scheduler.type", "the name of a schedule of DeepSpeed")
    if name not in _NAMES:
        raise SpecError(f"`{config.shown}`: DeepSpeed has no schedule `{printable(name, 60)}`", f"use {listed(_NAMES)}")
    if autos and config.beside is None:
        keys = listed([f"`{key}`" for key in autos], "and")
        samples = f" {config.option('dataset_size')} 52002" if config.prefix and not _has_length(config) else ""
        raise UsageError(
            f'`{config.shown}`: {keys} {"are" if len(autos) > 1 else "is"} "auto", which the Trainer fills in',
            f"add `--config FILE{samples}`, with the YAML or JSON of the arguments of the Trainer"
            + (", and the number of samples unless these have `max_steps`" if samples else ""),
        )
    if config.beside is not None:
        return _with_trainer(config, name, params)
    return _alone(config, name, params)


def _has_length(config: Config) -> bool:
    return any(config.given.get(name) is not None for name in ("dataset_size", "steps_per_epoch", "steps", "max_steps"))


def _auto(config: Config, key: str) -> bool:
    return bool(config.get(key) == "auto")


def _alone(config: Config, name: str, params: Mapping[str, Any]) -> Recipe:
    """The run of a file that says all of its schedule."""
    if needed := _missing(config):
        raise config.missing(needed)
    total = config.count(_WITH_LENGTH, least=1)
    steps = config.updates(_WITH_LENGTH)
    lr = config.rate("optimizer.params.lr")
    key = "optimizer.params.lr"
    if lr is None and config.given_rate() is None:
        key = next(iter(config.has(*_RATES)))
        lr = config.number(key)
    told = [name]
    if total == steps:
        told.append("as many updates as the schedule has")
    optimizer, notes = _optimizer(config)
    return Recipe(
        "DeepSpeed",
        SchedulerCall(name, kwargs=tuple((str(k), v) for k, v in params.items()), module=_MODULE),
        {"lr": lr, "steps": steps, "optimizer": optimizer},
        {"lr": key, "steps": _WITH_LENGTH, "optimizer": "optimizer.type"},
        told,
        notes,
        used=IN_UPDATES,
    )


def _missing(config: Config) -> list[tuple[str, str, str]]:
    """What neither the file nor the fields beside it say."""
    has_length = config.has(_WITH_LENGTH) or {*config.given} & {
        "steps",
        *LENGTH_FIELDS,
    }  # a length in epochs is refused
    has_rate = config.has("optimizer.params.lr", *_RATES) or config.given_rate() is not None
    needed = [] if has_length else [("steps", "1000", "the number of updates")]
    return needed if has_rate else [*needed, ("lr", "1e-3", "the learning rate")]


def _with_trainer(config: Config, name: str, params: Mapping[str, Any]) -> Recipe:
    """The run with the values that the Trainer fills in."""
    arguments = Config(config.beside or {}, "the file of `--config`", config.given, config.prefix)
    values = {k: v for k, v in hf.arguments_of(arguments).items() if k not in ("deepspeed", "packing")}
    run = hf.run_of(arguments, values)
    lr = config.given_rate() or run.fields["lr"]
    filled = dict(zip(_FILLED, (lr, lr, run.updates, max(1, int(run.warmup))), strict=True))
    for key, value in filled.items():
        written = config.get(key)
        if written not in (None, "auto") and written != value:
            raise SpecError(
                f"`{config.shown}`: `{key}` is {print_value(written)}, and the arguments of the Trainer say "
                f"{print_value(value)}: transformers refuses them",
                f'write "auto" for `{key}`',
            )
    filled["scheduler.params.warmup_min_lr"] = 0
    known = {str(k): filled.get(f"scheduler.params.{k}") if v == "auto" else v for k, v in params.items()}
    if unknown := [k for k, v in known.items() if v is None]:
        raise UsageError(
            f"`{config.shown}`: the Trainer does not fill in `scheduler.params.{unknown[0]}`", "write its value"
        )
    optimizer, notes = _optimizer(config)
    fields = {**run.fields, "lr": lr} | ({"optimizer": optimizer} if config.get("optimizer") is not None else {})
    return Recipe(
        "DeepSpeed / transformers",
        SchedulerCall(name, kwargs=tuple(known.items()), module=_MODULE),
        fields,
        {"lr": "learning_rate"},
        [name, *run.told[1:]],
        [*run.notes, *notes],
        hf.USED,
        tells_all=True,
    )


def _optimizer(config: Config) -> tuple[str, list[str]]:
    """The optimizer of torch for that of the file, and what to say where there is none."""
    name = config.text("optimizer.type", "AdamW")
    found = optimizer_of(name)
    return found or "AdamW", [] if found else [
        f"the optimizer `{name}` is not one of torch: its rate is used, with AdamW"
    ]
