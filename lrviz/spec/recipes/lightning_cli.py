"""LightningCLI's YAML: classes of optimizer and scheduler with their arguments, and the trainer's limits.

The automatic `configure_optimizers` of LightningCLI steps the scheduler once an epoch; where a model takes the
scheduler as an argument, its own code says when it steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lrviz.errors import UsageError
from lrviz.notation import SchedulerCall
from lrviz.spec.recipes.config import Config, Recipe, optimizer_of

_SUBCOMMANDS = ("fit", "validate", "test")
_OWN = ("lightning.pytorch.cli.", "pytorch_lightning.cli.")


def read(config: Config) -> Recipe:
    """The run of a file.

    Raises:
        UsageError: it has no scheduler, or a value is missing or not valid.
    """
    if config.get("fit") is not None:
        config = replace(config, values=config.table("fit"))
    key = _scheduler_key(config)
    optimizer_key = next(
        (k for k in ("optimizer", *_inside(config, "optimizer")) if config.get(f"{k}.class_path") is not None), ""
    )
    lr = config.rate(f"{optimizer_key}.init_args.lr", config.given_rate())
    call = _call(config, key)
    values: dict[str, Any] = {}
    keys = {"lr": f"{optimizer_key}.init_args.lr", "optimizer": f"{optimizer_key}.class_path"}
    notes, told = [], []
    name = config.text(f"{optimizer_key}.class_path", "SGD") if optimizer_key else "SGD"
    if (optimizer := optimizer_of(name)) is not None:
        values["optimizer"] = optimizer
    else:
        notes.append(f"the optimizer `{name}` is not one of torch: the rates are drawn with SGD")
    if lr is None and optimizer in ("Adam", "AdamW"):
        lr = 1e-3  # torch's default
    needed = [("lr", "1e-3", "the learning rate")] if lr is None else []
    values["lr"] = lr
    if key == "lr_scheduler":
        values["interval"] = "epoch"
        if "interval" not in config.given:
            told.append("stepped once an epoch")
    elif config.given.get("interval") is None:
        needed.append(("interval", "epoch", "when the model steps the scheduler"))
    needed += _length(config, values, keys, told)
    if needed:
        raise config.missing(needed)
    return Recipe(
        "LightningCLI", call, values, keys, told, notes, used=("world_size", "dataset_size", "batch_size", "drop_last")
    )


def _length(
    config: Config, values: dict[str, Any], keys: dict[str, str], told: list[str]
) -> list[tuple[str, str, str]]:
    """Add the fields of the length of the run; return those that must be given."""
    needed = []
    epochs = config.given_count("epochs") or config.count("trainer.max_epochs", least=-1)
    steps = config.count("trainer.max_steps", -1, least=-1)
    every = config.count("trainer.accumulate_grad_batches", 1, least=1)
    if steps is not None and steps > 0:
        values["max_steps"] = steps
        keys["max_steps"] = "trainer.max_steps"
    if epochs is not None and epochs > 0:
        values["epochs"] = epochs
    elif "max_steps" not in values:
        needed.append(("epochs", "10", "the number of epochs"))
    keys |= {"epochs": "trainer.max_epochs", "grad_accum": "trainer.accumulate_grad_batches"}
    values["grad_accum"] = every
    if any(config.given.get(name) is not None for name in ("steps_per_epoch", "steps")):
        return needed
    limit = config.get("trainer.limit_train_batches")
    samples = config.given_count("dataset_size")
    if isinstance(limit, int) and not isinstance(limit, bool) and limit > 0 and samples is None:
        values["steps_per_epoch"] = limit
        keys["steps_per_epoch"] = "trainer.limit_train_batches"
        return needed
    batch_key = next(iter(config.has("data.init_args.batch_size", "data.batch_size", "model.init_args.batch_size")), "")
    batch = config.given_count("batch_size") or (config.count(batch_key, least=1) if batch_key else None)
    if samples is None and (steps := values.get("max_steps")) and epochs is None and values.get("interval") != "epoch":
        values |= {"steps": steps}  # the length of an epoch does not matter
        del values["max_steps"]
        return needed
    if samples is None or batch is None:
        needed += [("dataset_size", "50000", "the number of samples")] if samples is None else []
        return needed + ([("batch_size", "32", "the batch size")] if batch is None else [])
    devices, nodes = config.get("trainer.devices"), config.count("trainer.num_nodes", 1, least=1) or 1
    world = config.given_count("world_size") or (devices if isinstance(devices, int) and devices > 0 else 1) * nodes
    of_each = -(-samples // world)  # rounded up
    batches = -(-of_each // batch)
    if isinstance(limit, float) and 0 < limit < 1:
        batches = int(batches * limit)
        told.append(f"{batches:,} batches an epoch, by `trainer.limit_train_batches`")
    elif isinstance(limit, int) and limit > 0:
        batches = min(batches, limit)
    if config.given.get("drop_last") and not limit:
        batches = of_each // batch
    if batches < 1:
        raise UsageError(f"`{config.shown}`: {samples:,} samples make no batch in an epoch")
    values["steps_per_epoch"] = batches
    return needed


def _scheduler_key(config: Config) -> str:
    """The key of the scheduler: `lr_scheduler`, or an argument of the model.

    Raises:
        UsageError: there is none.
    """
    if config.get("lr_scheduler") is not None:
        return "lr_scheduler"
    if inside := _inside(config, "scheduler"):
        return inside[0]
    raise UsageError(
        f"`{config.shown}` has no `lr_scheduler`: the schedule is in the code of the model",
        "draw that: `lrviz plot model.py` reads `configure_optimizers`",
    )


def _inside(config: Config, word: str) -> list[str]:
    """The keys of the model's arguments that hold a class and whose name has a word in it."""
    of_model = "model" if config.get("model.class_path") is None else "model.init_args"  # of the class of the CLI
    arguments = config.get(of_model)
    if not isinstance(arguments, Mapping):
        return []
    return [
        f"{of_model}.{name}"
        for name, value in arguments.items()
        if isinstance(name, str) and word in name and isinstance(value, Mapping) and "class_path" in value
    ]


def _call(config: Config, key: str) -> SchedulerCall:
    """The scheduler of a class path and its arguments.

    Raises:
        UsageError: it is not named, or an argument is no plain value.
    """
    if isinstance(config.get(key), str):  # the class alone
        module, _, name = str(config.get(key)).rpartition(".")
        return SchedulerCall(name, module=module)
    config.table(key)
    path = config.text(f"{key}.class_path", "")
    if not path:
        raise UsageError(
            f"`{config.shown}`: `{key}` has arguments and no `class_path`: the class is in the code of the CLI",
            f"add `class_path: torch.optim.lr_scheduler.NAME` to `{key}`, with the arguments under `init_args`",
        )
    arguments = config.table(f"{key}.init_args")
    kwargs = []
    for name, value in arguments.items():
        if path.startswith(_OWN) and name == "monitor":
            continue
        if isinstance(value, Mapping):
            raise config.wrong(f"{key}.init_args.{name}", "a number, text or a list")
        kwargs.append((str(name), tuple(value) if isinstance(value, list) else value))
    module, _, name = path.rpartition(".")
    return SchedulerCall(name, kwargs=tuple(kwargs), module="" if path.startswith(_OWN) else module)
