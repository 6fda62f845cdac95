"""axolotl's YAML: arguments of transformers' Trainer by other names, and schedules of its own.

Source: axolotl 0.19: `calculate_total_num_steps`, `_configure_warmup_and_logging` and `SchedulerMixin`.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import Any, Final

from lrviz.errors import SpecError
from lrviz.notation import SchedulerCall
from lrviz.spec.recipes import hf
from lrviz.spec.recipes.config import Config, Recipe, lambda_lr
from lrviz.spec.trainer import SCHEDULES
from lrviz.spec.values import read_epochs
from lrviz.text import printable

_NOT_DRAWN: Final = ("jagged_restart_steps", "relora_steps", "cosine_constant_lr_ratio")
_NOTE: Final = "the schedule is one of axolotl, written after axolotl 0.19"


def read(config: Config) -> Recipe:
    """The run of a file.

    Raises:
        UsageError: what it needs is not in the file.
        SpecError: a value is not valid, or the schedule is one that lrviz does not draw.
    """
    for key in _NOT_DRAWN:
        if config.get(key):
            raise SpecError(
                f"`{config.shown}`: `{key}` is a schedule of axolotl that lrviz does not draw",
                f"without `{key}` the schedule of `lr_scheduler` is drawn",
            )
    schedule = config.text("lr_scheduler", "cosine")
    if schedule == "rex":
        raise SpecError(
            f"`{config.shown}`: `lr_scheduler: rex` is a schedule of axolotl that lrviz does not draw",
            'where axolotl is installed, draw its class: `lrviz plot "axolotl.utils.schedulers:RexLR(max_lr=2e-4, '
            'min_lr=0, total_steps=1000)"`',
        )
    if schedule not in (*SCHEDULES, "one_cycle"):
        raise SpecError(
            f"`{config.shown}`: unknown `lr_scheduler` `{printable(schedule, 60)}`",
            f"use {', '.join([*SCHEDULES, 'one_cycle'])}",
        )
    if config.get("warmup_steps") and config.get("warmup_ratio"):
        raise SpecError(
            f"`{config.shown}`: `warmup_steps` and `warmup_ratio` both give the warm-up", "leave one of them out"
        )
    micro = config.given_count("batch_size") or config.count("micro_batch_size", 1, least=1) or 1
    every = config.given_count("grad_accum") or config.count("gradient_accumulation_steps", least=1)
    if every is None:
        every = max((config.count("batch_size", micro) or micro) // micro, 1)
    epochs = config.number("num_epochs", 1.0, most=1e6) or 1.0
    if config.given.get("epochs") is not None:
        epochs = read_epochs(config.option("epochs"), config.given["epochs"])
    lr = config.rate("learning_rate")
    updates = config.given_count("max_steps") or config.given_count("steps")
    if updates is None and config.given.get("epochs") is None:
        updates = config.count("max_steps")
    samples = config.given_count("dataset_size")
    needed = [("lr", "2e-4", "the learning rate")] if lr is None and "lr" not in config.given else []
    if not updates and config.get("sample_packing"):
        needed.append(("steps", "1000", "the number of updates, which depends on how samples are packed"))
    elif not updates and samples is None:
        needed.append(("dataset_size", "52002", "the number of samples"))
    if needed:
        raise config.missing(needed)
    world = config.given_count("world_size") or 1
    length, notes = [], []
    if not updates:
        updates = ceil((samples or 0) * epochs / (micro * every * world))
        length = [f"{epochs:g} epoch{'s' * (epochs != 1)} of {samples:,} samples"]
        if config.get("val_set_size"):
            notes.append("`val_set_size` takes samples from the dataset: the number of samples is that of the rest")
    warmup = config.count("warmup_steps")
    if warmup is None:
        ratio = config.number("warmup_ratio", most=1.0)
        warmup = min(int(0.03 * updates), 100) if ratio is None else int(ratio * updates)
    warmup = 2 if warmup == 1 else warmup
    values: dict[str, Any] = {
        "learning_rate": lr,
        "lr_scheduler_type": "cosine" if schedule == "one_cycle" else schedule,
        "lr_scheduler_kwargs": config.table("lr_scheduler_kwargs") or None,
        "warmup_steps": warmup,
        "max_steps": updates,
        "per_device_train_batch_size": micro,
        "gradient_accumulation_steps": every,
        "dataloader_drop_last": config.get("dataloader_drop_last"),
        "optim": config.text("optimizer", "adamw_torch_fused"),
    }
    kept = {
        k: v for k, v in config.given.items() if k not in ("epochs", "steps", "max_steps", "batch_size", "grad_accum")
    }
    run = hf.run_of(replace(config, given=kept), values)
    own = _own_schedule(config, schedule, updates, warmup)
    told = [schedule, *length, f"warm-up {warmup:,} of {updates:,} updates"]
    return Recipe(
        "axolotl / transformers",
        own or run.call,
        dict(run.fields),
        {"lr": "learning_rate", "optimizer": "optimizer"},
        told,
        [*notes, *run.notes, *([_NOTE] if own and own.name == "LambdaLR" else [])],
        hf.USED,
        tells_all=True,
    )


def _own_schedule(config: Config, schedule: str, updates: int, warmup: int) -> SchedulerCall | None:
    """The schedule that axolotl creates in place of that of transformers; None if it does not."""
    if schedule == "one_cycle":
        own = {"pct_start": warmup / updates, "anneal_strategy": "cos"} | dict(config.table("lr_scheduler_kwargs"))
        lr = config.given_rate() or config.rate("learning_rate")
        return SchedulerCall("OneCycleLR", kwargs=tuple({"max_lr": lr, "total_steps": updates, **own}.items()))
    least = config.number("cosine_min_lr_ratio")
    if schedule != "cosine" or not (config.get("lr_quadratic_warmup") is True or least):
        return None
    rise = f"float(step) / float(max(1, {warmup}))"
    progress = f"(float(step - {warmup}) / float(max(1, {updates} - {warmup})))"
    if config.get("lr_quadratic_warmup") is True:
        rise, fall = f"({rise}) ** 2", f"max(0.0, 0.5 * (1.0 + math.cos(math.pi * float(0.5) * 2.0 * {progress})))"
    else:
        fall = f"(1 - {least!r}) * (0.5 * (1.0 + math.cos(math.pi * {progress}))) + {least!r}"
    return lambda_lr("cosine_with_warmup", [(f"step < {warmup}", rise)], fall)
