"""Which kind a config file is, by its keys; and its run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any, Final

from lrviz import files
from lrviz.errors import LrvizError, UsageError
from lrviz.spec.lets import read_values
from lrviz.spec.reading import Fields, option_name
from lrviz.spec.recipes.config import Config, Recipe, listed
from lrviz.spec.script import ScriptRun
from lrviz.text import format_rate, printable

_PICKLES: Final = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt")
# Larger than a preset or a file of names: trainer_state.json has an entry for each time that the Trainer logs.
_MOST_BYTES: Final = {".json": 20_000_000}
_MOST_VALUES: Final = {".json": 1_000_000}


@dataclass(frozen=True)
class Kind:
    """A kind of files: its title, its module, and the keys by which it is recognised.

    `any_of` are keys of which one is enough; `all_of` are groups of keys of which each must have one, `at_last` too
    where no other kind is found. Files of this kind have keys of the kind `with_keys_of` as well.
    """

    title: str
    module: str
    any_of: tuple[str, ...] = ()
    all_of: tuple[tuple[str, ...], ...] = ()
    at_last: tuple[tuple[str, ...], ...] = ()
    with_keys_of: str = ""

    @property
    def tops(self) -> set[str]:
        """The keys at the top of the file that its keys are in."""
        return {key.partition(".")[0] for key in (*self.any_of, *chain(*self.all_of, *self.at_last))}

    def found(self, config: Config, *, at_last: bool = False) -> list[str]:
        """The keys of this kind that the file has; empty if it is not of this kind."""
        if found := config.has(*self.any_of):
            return found
        groups = [config.has(*keys) for keys in (self.at_last if at_last else self.all_of)]
        return [keys[0] for keys in groups] if groups and all(groups) else []


KINDS: Final = {
    "transformers": Kind(
        "transformers",
        "hf",
        (
            "lr_scheduler_type",
            "num_train_epochs",
            "per_device_train_batch_size",
            "training_arguments.learning_rate",
            "training_args.learning_rate",
            "training.num_train_epochs",
            "training.per_device_train_batch_size",
        ),
        at_last=(
            ("learning_rate",),
            ("max_steps", "warmup_steps", "warmup_ratio", "optim", "gradient_accumulation_steps"),
        ),
    ),
    "axolotl": Kind(
        "axolotl",
        "axolotl",
        ("micro_batch_size",),
        (
            ("num_epochs",),
            ("base_model", "datasets", "adapter", "sequence_len", "val_set_size", "lr_scheduler"),
        ),
    ),
    "trainer-state": Kind("the Trainer's state", "trainer_state", ("log_history",), with_keys_of="transformers"),
    "deepspeed": Kind(
        "DeepSpeed",
        "deepspeed",
        ("zero_optimization", "train_micro_batch_size_per_gpu", "scheduler.params.warmup_num_steps"),
        (("scheduler.type",), ("scheduler.params",)),
    ),
    "torchtitan": Kind("torchtitan", "torchtitan", all_of=(("training.steps",), ("optimizer.lr", "lr_scheduler"))),
    "torchtune": Kind(
        "torchtune",
        "torchtune",
        ("lr_scheduler._component_", "optimizer._component_", "model._component_"),
    ),
    "nanotron": Kind("nanotron", "nanotron", ("optimizer.learning_rate_scheduler", "tokens.train_steps")),
    "lightning": Kind(
        "LightningCLI",
        "lightning_cli",
        ("lr_scheduler.class_path", "optimizer.class_path", "model.class_path", "fit.model", "fit.trainer"),
        (("trainer.max_epochs", "trainer.max_steps"), ("model", "data")),
    ),
}


def read_recipe(path: str, fields: Fields) -> ScriptRun:
    """The run that a config file describes.

    Args:
        path: The file.
        fields: The fields that are given; they win over those of the file.

    Raises:
        UsageError: the file cannot be read, its kind cannot be told, or it does not say all of the run.
        SpecError: it names what lrviz cannot draw.
    """
    shown = printable(path, 60)
    kind, config = _recognised(path, fields)
    if "num_processes" in config.given and not fields.shared:
        raise UsageError(
            f"`{config.option('num_processes')}` is not for `{shown}`, whose scheduler steps once an update",
            f"`{config.option('world_size')}` gives the devices that share the samples",
        )
    recipe: Recipe = import_module(f"lrviz.spec.recipes.{kind.module}").read(config)
    given = {name: value for name, value in config.given.items() if name not in (*recipe.used, "num_processes")}
    merged = Fields(recipe.values, prefix="").over(given, fields.prefix)
    return ScriptRun(
        recipe.scheduler,
        replace(fields, values=merged.values),
        (recipe.title, *_told(recipe, config)),
        (*recipe.notes, *_differences(recipe, config)),
        Path(path).stem,
        tuple(_explained(recipe, config, merged.values)),
        place=shown,
        read_from=shown,
        origin=path,
    )


def is_recipe(path: str) -> bool:
    """Whether a file can be read, and is a config file of a kind that lrviz knows."""
    try:
        _recognised(path, Fields())
    except LrvizError:
        return False
    return True


def _recognised(path: str, fields: Fields) -> tuple[Kind, Config]:
    """The kind of a file, and its values.

    Raises:
        UsageError: the file cannot be read, or its kind cannot be told.
    """
    shown, suffix = printable(path, 60), Path(path).suffix.lower()
    if suffix in _PICKLES:
        raise UsageError(
            f"`{shown}` is a pickle, which can run code when it is loaded: lrviz does not read it",
            "use the YAML or JSON from which it was written, or notation such as `TrainingArguments(...)`",
        )
    target = fields.folder / path
    if not fields.outside:
        files.check_inside(target, fields.folder, f"the config file `{shown}`")
    limits = _MOST_BYTES.get(suffix), _MOST_VALUES.get(suffix)
    values = read_values(
        path, "--from", folder=fields.folder, most_bytes=limits[0], most_values=limits[1], pipe=fields.outside
    )
    given = {name: value for name, value in fields.values.items() if value is not None and value is not False}
    config = Config(
        values,
        shown,
        given,
        fields.prefix,
        fields.settings,
        lambda other: _named_in(other, target, fields),
        fields.shared,
    )
    if "dataset_size" in given and "steps_per_epoch" in given:
        both = " and ".join(f"`{config.option(name)}`" for name in ("steps_per_epoch", "dataset_size"))
        raise UsageError(f"{both} both give the length of an epoch", "leave one of them out")
    if fields.kind:
        if fields.kind not in KINDS:
            option = option_name("from_kind", fields.prefix)
            raise UsageError(f"`{option}` must be {listed(list(KINDS))}, got `{printable(fields.kind, 60)}`")
        kind = KINDS[fields.kind]
        if not kind.tops & {*values} and (other := next((k for k in KINDS.values() if k.found(config)), None)):
            raise UsageError(
                f"`{shown}` has no key of {kind.title}; it has `{other.found(config)[0]}` of {other.title}",
                f"leave out `{option_name('from_kind', fields.prefix)}`",
            )
        return kind, config
    if "figure" in values and suffix == ".toml":
        raise UsageError(f"`{shown}` is a preset", f"`lrviz render {shown}` draws its figures")
    matches = {name: found for name, kind in KINDS.items() if (found := kind.found(config))}
    if not matches:
        matches = {name: found for name, kind in KINDS.items() if (found := kind.found(config, at_last=True))}
    for name in list(matches):
        matches.pop(KINDS[name].with_keys_of, None)
    if len(matches) > 1:
        keys = listed([f"`{found[0]}` of {KINDS[name].title}" for name, found in matches.items()], "and")
        raise UsageError(
            f"`{shown}` has keys of {len(matches)} kinds: {keys}",
            f"say which it is: `{fields.prefix}from-kind {'|'.join(matches)}`"
            if fields.prefix
            else f'say which it is: `from_kind = "{next(iter(matches))}"`',
        )
    if not matches:
        keys = ", ".join(f"`{printable(str(key), 30)}`" for key in list(values)[:6])
        raise UsageError(
            f"`{shown}` has no schedule that lrviz knows: " + (f"its keys are {keys}" if keys else "it is empty"),
            f"the kinds are {', '.join(KINDS)}; `--from-kind KIND` names the one it is",
        )
    (name,) = matches
    return KINDS[name], config


def _named_in(path: str, recipe: Path, fields: Fields) -> Mapping[str, Any] | None:
    """The values of a JSON file that a config file names: in the current folder, as frameworks read it, or beside it.

    Raises:
        SpecError: a preset names the config file, and it leads out of the folder of the preset.
        UsageError: the file is not JSON.
    """
    for folder in (fields.folder, recipe.parent):
        target = folder / path
        if not fields.outside:
            files.check_inside(target, fields.folder, f"the config file `{printable(path, 60)}`")
        # `os.path.isfile` is also false for a path that no system can open.
        if target.suffix.lower() == ".json" and os.path.isfile(target):  # noqa: PTH113
            return read_values(path, "deepspeed", folder=folder, pipe=False)
    return None


def _told(recipe: Recipe, config: Config) -> list[str]:
    """What was read of the run, without the fields that are given beside the file."""
    told = []
    values = {name: value for name, value in recipe.values.items() if name not in config.given}
    rate = f"lr {format_rate(float(values['lr']))}" if isinstance(values.get("lr"), int | float) else ""
    if shown := f"{values.get('optimizer', '')} {rate}".strip():
        told.append(shown)
    for name, words in (
        ()
        if recipe.tells_all
        else (
            ("steps", "{:,} updates"),
            ("epochs", "{:g} epochs"),
            (
                "steps_per_epoch",
                "{:,} batches an epoch" if values.get("grad_accum", 1) > 1 else "{:,} updates an epoch",
            ),
            ("batch_size", "batches of {:,}"),
            ("grad_accum", "an update every {:,} batches"),
        )
    ):
        value = values.get(name)
        if isinstance(value, int | float) and not (name == "grad_accum" and value == 1):
            told.append(_singular(words.format(value)) if value == 1 else words.format(value))
    return [*told, *recipe.told]


def _singular(words: str) -> str:
    return words.replace("batches an", "batch an").replace("updates", "update").replace("epochs", "epoch")


def _differences(recipe: Recipe, config: Config) -> list[str]:
    """A note for each field that is given as something else than the file says."""
    notes = []
    for name, value in recipe.values.items():
        if name not in config.given or not config.has(recipe.keys.get(name, "")):
            continue
        if not isinstance(value, int | float | str):
            continue
        try:
            same = float(config.given[name]) == float(value)
        except (TypeError, ValueError):
            same = str(config.given[name]).lower() == str(value).lower()
        if not same:
            notes.append(
                f"`{recipe.keys[name]}` of `{config.shown}` is {value}; "
                f"`{config.option(name)}{' ' if config.prefix else ' = '}{config.given[name]}` is used"
            )
    return notes


def _explained(recipe: Recipe, config: Config, values: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Each value of the run, and where it is from."""
    rows = []
    for name, value in values.items():
        key = recipe.keys.get(name)
        of_file = f"`{key}`" if key else f"as {recipe.title} counts"
        where = f"`{config.option(name)}`" if name in config.given else of_file
        rows.append((option_name(name, ""), str(value), where))
    return rows
