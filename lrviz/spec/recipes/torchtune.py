"""torchtune's YAML: a schedule over whole epochs, each of a whole number of updates.

Source: torchtune/training/lr_schedulers.py and the recipes of torchtune 0.6.1. The sampler shares the samples between
the processes, the loader leaves out the partial last batch, and the batches that do not make a full accumulation make
no update.
"""

from __future__ import annotations

from lrviz.errors import SpecError, UsageError
from lrviz.spec.recipes.config import Config, Recipe, lambda_lr, optimizer_of
from lrviz.text import count

_SCHEDULE = "get_cosine_schedule_with_warmup"
_NOTE = "torchtune's schedule is written after torchtune 0.6.1"


def read(config: Config) -> Recipe:
    """The run of a file.

    Raises:
        UsageError: a value is missing or not valid.
        SpecError: the schedule is none of torchtune's.
    """
    component = config.text("lr_scheduler._component_", "")
    if component and component.rpartition(".")[2] != _SCHEDULE:
        raise SpecError(
            f"`{config.shown}`: the schedule `{component}` is none of torchtune",
            "draw it as code: `lrviz plot MODULE:NAME`",
        )
    if config.given.get("steps") is not None:
        raise UsageError(
            f"`{config.option('steps')}` cannot be combined with `{config.shown}`, whose run is counted in epochs",
            f"use `{config.option('epochs')}` and `{config.option('dataset_size')}`",
        )
    if config.get("optimizer_in_bwd") and (config.count("gradient_accumulation_steps", 1) or 1) > 1:
        raise UsageError(f"`{config.shown}`: `optimizer_in_bwd` needs `gradient_accumulation_steps: 1`")
    lr = config.rate("optimizer.lr", config.given_rate())
    epochs = config.given_count("epochs") or config.count("epochs", least=1)
    batch = config.given_count("batch_size") or config.count("batch_size", least=1)
    every = config.given_count("grad_accum") or config.count("gradient_accumulation_steps", 1, least=1) or 1
    warmup = config.count("lr_scheduler.num_warmup_steps")
    cycles = config.number("lr_scheduler.num_cycles", 0.5)
    samples, batches = config.given_count("dataset_size"), config.given_count("steps_per_epoch")
    most = config.count("max_steps_per_epoch", least=1)
    needed = [("lr", "3e-4", "the learning rate")] if lr is None else []
    needed += [("epochs", "1", "the number of epochs")] if epochs is None else []
    if samples is None and batches is None:
        needed += [("dataset_size", "52002", "the number of samples")]
        needed += [("batch_size", "2", "the batch size")] if batch is None else []
    if component and warmup is None:
        raise config.wrong("lr_scheduler.num_warmup_steps", "a whole number of 0 or more")
    if needed or epochs is None:
        raise config.missing(needed)
    if batches is None:
        world = config.given_count("world_size") or 1
        batches = -(-(samples or 0) // world) // (batch or 1)
    updates = batches // every
    if most is not None:
        updates = min(updates, most)
    if updates < 1:
        raise UsageError(
            f"`{config.shown}`: {count(batches, 'full batch').replace('batchs', 'batches')} make no update of {every}",
            f"the run needs a larger `{config.option('dataset_size')}`",
        )
    total = epochs * updates
    scheduler = lambda_lr("constant", [], "1.0")
    told = ["no lr_scheduler: a constant rate"]
    if component:
        progress = f"((step - {warmup}) / max(1, {total} - {warmup}))"
        scheduler = lambda_lr(
            "cosine_with_warmup",
            [(f"step < {warmup}", f"step / max(1, {warmup})")],
            f"max(0.0, 0.5 * (1.0 + math.cos(math.pi * {cycles!r} * 2.0 * {progress})))",
        )
        told = [f"warm-up of {count(warmup or 0, 'update')}", "cosine decay"]
    notes = [_NOTE]
    if config.get("dataset.packed"):
        notes.append("`dataset.packed` is true: the number of samples is that of the packed ones")
    if most is not None and updates == most:
        told.append(f"`max_steps_per_epoch` cuts an epoch to {most:,} updates")
    name = config.text("optimizer._component_", "AdamW")
    optimizer = optimizer_of(name)
    if optimizer is None:
        notes.append(f"the optimizer `{name}` is not one of torch: the rates are drawn with SGD")
    values = {"lr": lr, "epochs": epochs, "steps_per_epoch": updates}
    return Recipe(
        "torchtune",
        scheduler,
        values | ({"optimizer": optimizer} if optimizer else {}),
        {"lr": "optimizer.lr", "epochs": "epochs", "optimizer": "optimizer._component_"},
        told,
        notes,
        used=("dataset_size", "batch_size", "grad_accum", "world_size", "steps_per_epoch", "drop_last"),
    )
