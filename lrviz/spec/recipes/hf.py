"""YAML and JSON with the arguments of transformers' Trainer: TRL, alignment-handbook, LLaMA-Factory, axolotl's targets.

Source: `lrviz.spec.trainer`, which has the arithmetic; here is only what a file adds to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from lrviz.errors import UsageError
from lrviz.spec.reading import Fields
from lrviz.spec.recipes.config import Config, Recipe, listed
from lrviz.spec.trainer import FOREIGN_NAMES, TrainerArguments, TrainerRun, missing, read_arguments
from lrviz.spec.training import replaced, run_of_trainer
from lrviz.text import printable

# The fields beside the file that the arguments take, and which the run that follows from them replaces.
USED: Final = (
    "epochs", "steps", "max_steps", "steps_per_epoch", "dataset_size", "batch_size", "grad_accum", "drop_last",
    "world_size", "transformers",
)  # fmt: skip
# Tables that hold the arguments, if they are not at the top.
TABLES: Final = ("training_arguments", "training_args", "trainer_args", "training")
# The fields beside the file that give arguments of the Trainer.
_FIELDS: Final = {
    "num_train_epochs": "epochs",
    "per_device_train_batch_size": "batch_size",
    "gradient_accumulation_steps": "grad_accum",
    "learning_rate": "lr",
}
_LLAMA_FACTORY: Final = ("finetuning_type", "cutoff_len", "template", "stage")
_EXAMPLES: Final = {"dataset_size": ("52002", "the number of samples")}


def read(config: Config) -> Recipe:
    """The run of a file.

    Raises:
        UsageError: what it needs is not in the file.
        SpecError: a value is not valid, or transformers has no such schedule.
    """
    values = arguments_of(config)
    _check_names(config, values)
    told = []
    llama_factory = len(config.has(*_LLAMA_FACTORY)) > 1
    title = f"{'LLaMA-Factory' if llama_factory else 'TRL'} / transformers"
    found = deepspeed_of(config, values)
    if found is not None:
        from lrviz.spec.recipes import deepspeed

        return deepspeed.read(replace(config, values=found, shown=str(values["deepspeed"]), beside=values))
    counted = config.given.get("dataset_size") is not None
    notes = [
        f"`{key}` is true: the number of samples is that after packing"
        for key in ("packing", "neat_packing")
        if values.get(key) is True and counted
    ]
    if (
        isinstance(values.get("deepspeed"), str)
        and config.open is not None
        and config.open(values["deepspeed"]) is None
    ):
        notes.append(
            f"`{printable(values['deepspeed'], 60)}` is not there to be read: if it has a `scheduler`, that one is used"
        )
    if llama_factory and counted and values.get("val_size"):
        notes.append("`val_size` takes samples from the dataset: the number of samples is that of the rest")
    if (
        llama_factory and "learning_rate" not in values and "lr" not in config.given
    ):  # its arguments have no other default
        values = {**values, "learning_rate": 5e-5}
        told.append("learning rate of transformers")
    values = {k: v for k, v in values.items() if k not in ("deepspeed", "packing")}
    kwargs = values.get("lr_scheduler_kwargs") or {}
    if llama_factory and schedule_name(values) == "warmup_stable_decay" and isinstance(kwargs, Mapping):
        # After a third of the updates after the warm-up, it decays.
        usual = run_of(config, {**values, "lr_scheduler_kwargs": {"num_decay_steps": 0}})
        rest = usual.updates - int(usual.warmup)
        values = {**values, "lr_scheduler_kwargs": {"num_decay_steps": rest - rest // 3, **kwargs}}
    run = run_of(config, values)
    fields = dict(run.fields)
    return Recipe(
        title,
        run.call,
        fields,
        {},
        [schedule_name(values), *run.told[1:], *told],
        [*notes, *run.notes],
        USED,
        tells_all=True,
    )


def _check_names(config: Config, values: Mapping[str, Any]) -> None:
    """Refuse names that the Trainer does not have, where its own are left out: their values would be its defaults.

    Raises:
        UsageError: there are such names.
    """
    steps = values.get("max_steps")
    by_steps = (isinstance(steps, int) and steps > 0) or {"steps", "max_steps"} & {*config.given}
    left_out = {own for own in FOREIGN_NAMES.values() if values.get(own) is None}
    left_out -= {own for own, field in _FIELDS.items() if config.given.get(field) is not None}
    left_out -= {"num_train_epochs"} if by_steps else set()
    found = {
        name: own
        for name, own in FOREIGN_NAMES.items()
        if own in left_out and isinstance(values.get(name), int | float if own in _FIELDS else str)
    }
    if found:
        options = {_FIELDS[own]: values[name] for name, own in found.items() if own in _FIELDS}
        script = f"its script reads them: add {config.options(options)}, or " if len(options) == len(found) else ""
        raise UsageError(
            f"`{config.shown}` has {listed([f'`{name}`' for name in found], 'and')}, which the Trainer does not have",
            f"{script}write {listed([f'`{own}`' for own in found.values()], 'and')}",
        )


def schedule_name(values: Mapping[str, Any]) -> str:
    """The schedule in words, as the file names it."""
    return str(values.get("lr_scheduler_type") or "linear")


def arguments_of(config: Config) -> dict[str, Any]:
    """The arguments by name, from the top of the file or a table of it."""
    found = next((config.get(name) for name in TABLES if isinstance(config.get(name), Mapping)), config.values)
    table = found if "learning_rate" not in config.values else config.values
    return {name: value for name, value in table.items() if isinstance(name, str)}


def deepspeed_of(config: Config, values: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The DeepSpeed configuration that the arguments name, if it has a scheduler, which then is used."""
    named = values.get("deepspeed")
    if isinstance(named, str) and named and config.open is not None:
        named = config.open(named)
    return named if isinstance(named, Mapping) and isinstance(named.get("scheduler"), Mapping) else None


def run_of(config: Config, values: Mapping[str, Any]) -> TrainerRun:
    """The Trainer's run of arguments, and of the fields that are given beside the file.

    Raises:
        UsageError: what it needs is not in the file.
        SpecError: a value is not valid.
    """
    arguments = read_arguments(values, where=config.shown)
    if config.beside is not None and "log_history" in config.beside:
        arguments = with_state(arguments, Config(config.beside, "--config"))
    needed = [] if values.get("learning_rate") or "lr" in config.given else [("lr", "2e-5", "the learning rate")]
    needed += [(name, *_EXAMPLES[name]) for name in missing(arguments, config.given)]
    if needed:
        raise config.missing(needed)
    if "num_generations" in values:  # of GRPO and others, which read a sample several times
        arguments = replace(arguments, name="GRPOConfig")
    run, _ = run_of_trainer(arguments, Fields(config.given, config.prefix))
    return replace(run, notes=(*replaced(values, config.given, config.prefix), *run.notes))


def with_state(arguments: TrainerArguments, state: Config) -> TrainerArguments:
    """The arguments with the number of updates that a `trainer_state.json` has.

    Raises:
        UsageError: it has none.
    """
    steps = state.count("max_steps", least=1)
    if steps is None:
        raise UsageError(f"`{state.shown}` has no `max_steps`")
    return replace(arguments, max_steps=steps)
