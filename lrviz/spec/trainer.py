"""The arguments of transformers' Trainer to a run: how many updates it makes, and how many of them warm up.

L = batches of one device in an epoch, U = updates of an epoch, N = updates of the run, W = updates of the warm-up. The
arithmetic changed between versions; it was compared with that of 4.44, 4.50 and 5.23.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from math import ceil, isfinite
from typing import Any, Final

from lrviz.errors import SpecError, UsageError
from lrviz.notation import TRAINER_ARGUMENTS, TRAINER_ENUMERATIONS, SchedulerCall
from lrviz.schedulers import installed_optimizers
from lrviz.spec.run import MAX_UPDATES
from lrviz.text import brief, count, format_rate, print_value, printable

Version = tuple[int, int]

NEWEST: Final[Version] = (5, 23)  # whose arithmetic was compared
_EPOCH_ENDS: Final[Version] = (4, 47)  # the last batches of an epoch make an update
_ROUNDED_UP: Final[Version] = (4, 52)  # U, which was rounded down before
_FRACTIONS: Final[Version] = (5, 0)  # `warmup_steps` below 1 is a part of the run, and `warmup_ratio` another name
_NO_RATIO: Final[Version] = (5, 15)

# The function of transformers for each `lr_scheduler_type`, and the arguments that it is given.
_BOTH: Final = ("num_warmup_steps", "num_training_steps")
SCHEDULES: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "linear": ("get_linear_schedule_with_warmup", _BOTH),
    "cosine": ("get_cosine_schedule_with_warmup", _BOTH),
    "cosine_with_restarts": ("get_cosine_with_hard_restarts_schedule_with_warmup", _BOTH),
    "polynomial": ("get_polynomial_decay_schedule_with_warmup", _BOTH),
    "constant": ("get_constant_schedule", ()),
    "constant_with_warmup": ("get_constant_schedule_with_warmup", _BOTH[:1]),
    "inverse_sqrt": ("get_inverse_sqrt_schedule", _BOTH[:1]),
    "reduce_lr_on_plateau": ("get_reduce_on_plateau_schedule", ()),
    "cosine_with_min_lr": ("get_cosine_with_min_lr_schedule_with_warmup", _BOTH),
    "cosine_warmup_with_min_lr": ("get_cosine_with_min_lr_schedule_with_warmup_lr_rate", _BOTH),
    "warmup_stable_decay": ("get_wsd_schedule", _BOTH),
    "greedy": ("get_greedy_schedule", ()),
}
# What schedules take from `lr_scheduler_kwargs` and do not work without, with an example of each.
_NEEDED: Final[dict[str, dict[str, float]]] = {
    "cosine_with_min_lr": {"min_lr_rate": 0.1, "min_lr": 1e-6},
    "cosine_warmup_with_min_lr": {"min_lr_rate": 0.1, "min_lr": 1e-6},
    "warmup_stable_decay": {"num_decay_steps": 100},
}
_NO_KWARGS: Final = ("constant", "constant_with_warmup")  # whose `lr_scheduler_kwargs` transformers ignores
_BY_METRIC: Final = ("reduce_lr_on_plateau", "greedy")

# The learning rates that classes of TRL have by default, of which the newest version was read.
_TRL: Final = "1.16"
_RATES: Final = {
    "SFTConfig": 2e-5, "DPOConfig": 1e-6, "KTOConfig": 1e-6, "RewardConfig": 1e-4, "ORPOConfig": 1e-6,
    "CPOConfig": 1e-6, "GKDConfig": 2e-5, "GRPOConfig": 1e-6, "RLOOConfig": 1e-6, "DistillationConfig": 1e-6,
    "OnlineDPOConfig": 5e-7,
}  # fmt: skip
_PLAIN_CONFIGS: Final = ("SFTConfig", "DPOConfig", "KTOConfig", "RewardConfig", "ORPOConfig", "CPOConfig", "GKDConfig")

# The optimizer of torch for each `optim`. Those of other packages are not created: their rate is used.
_OPTIMIZERS: Final = {
    **dict.fromkeys(
        ("adamw_torch", "adamw_torch_fused", "adamw_torch_xla", "adamw_torch_npu_fused", "adamw_apex_fused", "adamw_hf",
         "adamw_anyprecision", "adamw_torch_4bit", "adamw_torch_8bit", "adamw_bnb_8bit", "adamw_8bit",
         "paged_adamw_32bit", "paged_adamw_8bit", "paged_adamw"), "AdamW"),
    "sgd": "SGD",
    "adagrad": "Adagrad",
    "adafactor": "Adafactor",
    **dict.fromkeys(("rmsprop", "rmsprop_bnb", "rmsprop_bnb_8bit", "rmsprop_bnb_32bit"), "RMSprop"),
}  # fmt: skip
_OTHER_OPTIMIZERS: Final = (
    "ademamix", "ademamix_8bit", "paged_ademamix_32bit", "paged_ademamix_8bit", "lion_8bit", "lion_32bit",
    "paged_lion_32bit", "paged_lion_8bit", "galore_adamw", "galore_adamw_8bit", "galore_adafactor",
    "galore_adamw_layerwise", "galore_adamw_8bit_layerwise", "galore_adafactor_layerwise", "lomo", "adalomo",
    "grokadamw", "apollo_adamw", "apollo_adamw_layerwise", "stable_adamw",
)  # fmt: skip

# What arguments may be, for hints.
_EXAMPLES: Final = {
    "learning_rate": "2e-5", "num_train_epochs": "3", "max_steps": "1000", "warmup_steps": "100",
    "warmup_ratio": "0.03", "per_device_train_batch_size": "8", "gradient_accumulation_steps": "4", "adam_beta1": "0.9",
    "dataloader_drop_last": "True", "split_batches": "True", "lr_scheduler_type": "'cosine'", "optim": "'adamw_torch'",
    "eval_strategy": "'epoch'",
}  # fmt: skip
# Names that arguments had.
_RENAMED: Final = {
    "per_gpu_train_batch_size": "per_device_train_batch_size",
    "evaluation_strategy": "eval_strategy",
}
# Names that the Trainer does not have, by which scripts and other frameworks call those that it has.
FOREIGN_NAMES: Final = {
    "epochs": "num_train_epochs", "num_epochs": "num_train_epochs", "batch_size": "per_device_train_batch_size",
    "train_batch_size": "per_device_train_batch_size", "grad_accum": "gradient_accumulation_steps",
    "grad_accum_steps": "gradient_accumulation_steps", "gradient_accumulation": "gradient_accumulation_steps",
    "lr": "learning_rate", "lr_scheduler": "lr_scheduler_type", "scheduler": "lr_scheduler_type",
}  # fmt: skip
# Classes that have none of them; a subclass in a script may.
_EXACT: Final = (
    "TrainingArguments", "Seq2SeqTrainingArguments", "SFTConfig", "DPOConfig", "KTOConfig", "RewardConfig",
    "ORPOConfig", "CPOConfig",
)  # fmt: skip
# Arguments that have no effect on the rates, but are called much like one that has.
_ALIKE: Final = frozenset((
    "eval_steps", "save_steps", "logging_steps", "max_length", "per_device_eval_batch_size",
    "per_gpu_eval_batch_size", "eval_accumulation_steps", "adam_beta2", "save_strategy", "logging_strategy",
    "optim_args", "fsdp_config", "max_seq_length", "eval_packing", "parallelism_config", "hub_strategy",
))  # fmt: skip


@dataclass(frozen=True)
class TrainerArguments:
    """What arguments of a Trainer say of the rates: the fields of `TrainingArguments` that matter.

    `name` is the class or the file that they are from. None is the default of the class.
    """

    name: str = "TrainingArguments"
    learning_rate: float = 5e-5
    lr_scheduler_type: str = "linear"
    lr_scheduler_kwargs: Mapping[str, Any] = field(default_factory=dict)
    warmup_steps: float | None = None
    warmup_ratio: float | None = None
    num_train_epochs: float = 3.0
    max_steps: int = -1
    per_device_train_batch_size: int = 8
    gradient_accumulation_steps: int = 1
    dataloader_drop_last: bool = False
    split_batches: bool = False
    optim: str = "adamw_torch"
    adam_beta1: float = 0.9
    eval_strategy: str = "no"
    notes: tuple[str, ...] = ()

    @property
    def counts_plainly(self) -> bool:
        """Whether the Trainer reads each sample of the dataset once in an epoch."""
        return not self.name.endswith("Config") or self.name in _PLAIN_CONFIGS


@dataclass(frozen=True)
class TrainerRun:
    """A run of the Trainer: its schedule, the fields of a run as `Fields` has them, and what to say about it.

    `updates` is N and `warmup` is W. `told` is what decides them, in words.
    """

    call: SchedulerCall
    fields: Mapping[str, Any]
    updates: int
    warmup: float
    told: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def installed_version() -> str | None:
    """The version of transformers that is installed, of which nothing is imported; None if there is none."""
    try:
        return version_of("transformers")
    except PackageNotFoundError:
        return None


def read_version(text: str, option: str = "--transformers") -> Version:
    """The first two numbers of a version such as `4.44.2`.

    Raises:
        UsageError: it is not a version, or one before 4.
    """
    match = re.fullmatch(r"(\d{1,3})(?:\.(\d{1,3})(?:[.a-z+-][\w.+-]*)?)?", text.strip())
    if match is None:
        raise UsageError(f"`{option}` must be a version, got `{printable(text, 60)}`", f"such as `{option} 4.44`")
    version = int(match[1]), int(match[2] or 0)
    if version < (4, 0):
        raise UsageError(f"`{option}` must be 4.0 or newer, got `{printable(text, 60)}`")
    return version


def read_arguments(values: Mapping[str, Any], *, where: str) -> TrainerArguments:
    """The arguments that matter, of all that are given.

    Args:
        values: Arguments by name: numbers, text, True or False, None, and dictionaries of them.
        where: The class or the file that they are from, such as `SFTConfig`.

    Raises:
        SpecError: a value is not of its type, a name is probably misspelt, or two arguments contradict each other.
    """
    given = {name: value for name, value in values.items() if value is not None}
    notes: list[str] = []
    for old, new in _RENAMED.items():
        if old in given:
            given.setdefault(new, given[old])
    for name in values:
        _check_name(name, where)
    read: dict[str, Any] = {}
    for name, value in given.items():
        match name:
            case "learning_rate" | "num_train_epochs" | "warmup_steps" | "warmup_ratio" | "adam_beta1":
                read[name] = _number(name, value, where)
            case "per_device_train_batch_size" | "gradient_accumulation_steps":
                read[name] = _whole(name, value, where, least=1)
            case "max_steps":
                read[name] = _whole(name, value, where, least=-1)
            case "dataloader_drop_last":
                read[name] = _switch(name, value, where)
            case "lr_scheduler_type" | "optim" | "eval_strategy":
                read[name] = _word(name, value, where)
            case "lr_scheduler_kwargs":
                read[name] = _dictionary(name, value, where)
            case "accelerator_config" if isinstance(value, Mapping):
                read["split_batches"] = _switch("split_batches", value.get("split_batches") or False, where)
    if read.get("num_train_epochs", 1) <= 0 and read.get("max_steps", -1) <= 0:
        raise SpecError(
            f"`{where}`: `num_train_epochs` must be above 0, got {read['num_train_epochs']:g}",
            "such as num_train_epochs=3, or `max_steps`",
        )
    if read.get("learning_rate", 1) <= 0:
        raise SpecError(
            f"`{where}`: `learning_rate` must be above 0, got {print_value(read['learning_rate'])}",
            "such as learning_rate=2e-5",
        )
    if (schedule := read.get("lr_scheduler_type", "linear")) not in SCHEDULES:
        close = difflib.get_close_matches(schedule, SCHEDULES, n=1)
        hint = f"did you mean `{close[0]}`? " if close else ""
        raise SpecError(
            f"`{where}`: unknown `lr_scheduler_type` `{printable(schedule, 60)}`", f"{hint}use {', '.join(SCHEDULES)}"
        )
    if "learning_rate" not in read and where in _RATES:
        read["learning_rate"] = _RATES[where]
        notes.append(f"the learning rate of {format_rate(_RATES[where])} is the default of `{where}` in TRL {_TRL}")
    if schedule == "constant" and (read.get("warmup_steps") or read.get("warmup_ratio")):
        notes.append("`lr_scheduler_type='constant'` has no warm-up: with `constant_with_warmup` it has one")
    if schedule in _NO_KWARGS and read.get("lr_scheduler_kwargs"):
        notes.append(f"transformers ignores `lr_scheduler_kwargs` for `{schedule}`")
    if given.get("deepspeed"):
        notes.append("the DeepSpeed configuration is not read: if it has a scheduler, that one is used")
    if given.get("auto_find_batch_size") is True:
        notes.append("`auto_find_batch_size` may make the batches smaller, and the run longer, than shown")
    if given.get("packing") is True:
        notes.append("with `packing` the dataset has fewer samples: give `--dataset-size` as it is after packing")
    return TrainerArguments(where, **read, notes=tuple(notes))


def missing(arguments: TrainerArguments, given: Mapping[str, Any] | None = None) -> tuple[str, ...]:
    """The fields of the run that the arguments need and `given` does not have; their options are asked for at once."""
    known = {name for name, value in (given or {}).items() if value is not None}
    if arguments.max_steps > 0 or known & {"dataset_size", "steps_per_epoch", "steps", "max_steps"}:
        return ()
    return ("dataset_size",)


def trainer_run(
    arguments: TrainerArguments,
    *,
    dataset_size: int | None = None,
    world_size: int = 1,
    version: str | None = None,
    batches: int | None = None,
) -> TrainerRun:
    """The run that a Trainer makes with these arguments.

    Args:
        arguments: What is given to it.
        dataset_size: The samples of the dataset.
        world_size: The devices that share the batches of an epoch.
        version: The version of transformers whose arithmetic is used; by default the installed one.
        batches: The batches of one device in an epoch, in place of `dataset_size`.

    Raises:
        SpecError: a number that it needs is missing, or it makes no update.
        UsageError: it is not a version.
    """
    installed = installed_version()
    used = read_version(version or installed or ".".join(map(str, NEWEST)))
    if used[0] > NEWEST[0]:
        used = NEWEST
    made = _count(arguments, dataset_size, world_size, batches, used)
    notes = [*arguments.notes, *_version_notes(arguments, used), *made.notes]
    if version is not None and installed is not None and read_version(installed) != used:
        other = _count(arguments, dataset_size, world_size, batches, read_version(installed))
        if (made.updates, made.warmup) != (other.updates, other.warmup):
            notes.append(
                f"transformers {_shown(used)} makes {_counted(made)}; {installed}, which is installed, makes "
                f"{_counted(other)}"
            )
    call = _schedule(arguments, made.updates, made.warmup)
    fields: dict[str, Any] = {"lr": arguments.learning_rate, **made.fields}
    fields |= _optimizer(arguments, notes)
    if arguments.lr_scheduler_type in _BY_METRIC:
        if arguments.eval_strategy != "epoch":
            raise SpecError(
                f"`{arguments.lr_scheduler_type}` steps after each evaluation, which is drawn for "
                f"`eval_strategy='epoch'`, got {print_value(arguments.eval_strategy)}",
                "write eval_strategy='epoch', or draw `plateau` with `--interval`",
            )
        fields["interval"] = "epoch"
    told = (
        f"{fields['optimizer']} lr {format_rate(arguments.learning_rate)}",
        *made.told,
        f"transformers {_shown(used)}",
    )
    return TrainerRun(call, fields, made.updates, made.warmup, told, tuple(dict.fromkeys(notes)))


@dataclass(frozen=True)
class _Counts:
    updates: int
    warmup: float
    fields: Mapping[str, Any]
    told: tuple[str, ...]
    notes: tuple[str, ...] = ()


def _count(
    arguments: TrainerArguments, dataset_size: int | None, world_size: int, batches: int | None, version: Version
) -> _Counts:
    """The updates of the run, and the loop that makes them, as a version counts them."""
    accumulation = arguments.gradient_accumulation_steps
    if batches is None and dataset_size is not None:
        batches = _batches(arguments, dataset_size, world_size)
    if batches is None:
        if arguments.max_steps <= 0:
            raise SpecError(
                f"the number of updates of `{arguments.name}` follows from the size of the dataset",
                "add `--dataset-size N`, or `max_steps`",
            )
        updates = arguments.max_steps
        warmup = _warmup(arguments, updates, version)
        every = {"grad_accum": accumulation} if accumulation > 1 else {}
        return _Counts(updates, warmup, {"steps": updates, **every}, (_warmup_told(warmup, updates),))
    if version < _ROUNDED_UP:
        in_epoch = max(batches // accumulation, 1)
    else:
        in_epoch = -(-batches // accumulation)
    if arguments.max_steps > 0:
        updates = arguments.max_steps
        length = ""
    else:
        if arguments.max_steps == 0 and version >= _EPOCH_ENDS:
            raise SpecError(
                f"transformers {_shown(version)} ends a run with `max_steps=0` after its first update",
                "leave out `max_steps`, or write max_steps=-1 for a run by epochs",
            )
        if arguments.num_train_epochs * in_epoch > MAX_UPDATES:
            raise SpecError(
                f"{arguments.num_train_epochs:g} epochs of {in_epoch:,} updates are over {MAX_UPDATES:,} of them",
                "a shorter run has the same shape: make the dataset smaller",
            )
        updates = ceil(arguments.num_train_epochs * in_epoch)
        length = f"{arguments.num_train_epochs:g} {'epoch' if arguments.num_train_epochs == 1 else 'epochs'}"
    remainder, notes = _remainder(batches, accumulation, dataset_size, version)
    fields: dict[str, Any] = {"steps_per_epoch": batches, "grad_accum": accumulation, "max_steps": updates}
    if remainder != "update":
        fields["accum_remainder"] = remainder
    per_epoch = batches // accumulation if remainder == "drop" else -(-batches // accumulation)
    if remainder == "update" and updates % per_epoch == 0:
        del fields["max_steps"]
        fields["epochs"] = updates // per_epoch
    warmup = _warmup(arguments, updates, version)
    devices = f" on each of {world_size} devices" if world_size > 1 else ""
    told = (
        *([length] if length else []),
        f"{count(batches, 'batch').replace('batchs', 'batches')} an epoch{devices}",
        *([f"an update every {accumulation} batches"] if accumulation > 1 else []),
        _warmup_told(warmup, updates),
    )
    return _Counts(updates, warmup, fields, told, notes)


def _batches(arguments: TrainerArguments, dataset_size: int, world_size: int) -> int:
    """L, the batches of one device in an epoch."""
    if not arguments.counts_plainly:
        raise SpecError(
            f"the trainer of `{arguments.name}` repeats samples, so its epochs are not counted",
            "give its updates with `max_steps`, or the batches of an epoch with `--steps-per-epoch`",
        )
    together = arguments.per_device_train_batch_size * (1 if arguments.split_batches else world_size)
    batches = dataset_size // together if arguments.dataloader_drop_last else -(-dataset_size // together)
    if batches < 1:
        raise SpecError(
            f"{count(dataset_size, 'sample')} make no full batch of {together}, and `dataloader_drop_last` leaves out "
            "the rest",
            "leave out `dataloader_drop_last`, or make the batches smaller",
        )
    return batches


def _remainder(
    batches: int, accumulation: int, dataset_size: int | None, version: Version
) -> tuple[str, tuple[str, ...]]:
    """What the last batches of an epoch make, if they are too few for an update, and what to say about it."""
    rest = batches % accumulation
    if version < _EPOCH_ENDS:
        if batches > accumulation or not rest:
            return ("carry" if rest else "update"), ()
        if accumulation % batches:
            return "update", (
                f"transformers {_shown(version)} makes one update more in some epochs, for they have "
                f"{count(batches, 'batch').replace('batchs', 'batches')} and an update takes {accumulation}: the run "
                "ends in an earlier epoch than shown",
            )
        return "update", ()
    if version < _ROUNDED_UP and rest and dataset_size is not None:
        # The batches that are read for the last update are counted from the samples.
        read = dataset_size % accumulation or accumulation
        if read < rest:
            if batches < accumulation:
                raise SpecError(
                    f"transformers {_shown(version)} makes no update in this run: an epoch has {batches} batches, of "
                    f"which it reads {read}, and an update takes {accumulation}",
                    "make `gradient_accumulation_steps` smaller, or use transformers 4.52 or newer",
                )
            return "drop", ()
    return "update", ()


def _warmup(arguments: TrainerArguments, updates: int, version: Version) -> float:
    """W, the updates of the warm-up.

    Raises:
        SpecError: the version refuses the arguments, or both of them give it.
    """
    steps, ratio = arguments.warmup_steps, arguments.warmup_ratio
    for name, value in (("warmup_steps", steps), ("warmup_ratio", ratio)):
        if value is not None and value < 0:
            raise SpecError(f"`{arguments.name}`: `{name}` must be 0 or more, got {value:g}")
    if ratio is not None and ratio > 1 and version < _FRACTIONS:
        raise SpecError(
            f"`{arguments.name}`: `warmup_ratio` must be at most 1, got {ratio:g}", f"write warmup_steps={ratio:g}"
        )
    if version < _FRACTIONS:
        if steps is not None and steps != int(steps):
            raise SpecError(
                f"`{arguments.name}`: `warmup_steps` must be a whole number in transformers {_shown(version)}, got "
                f"{steps:g}",
                f"write warmup_ratio={steps:g}" if steps < 1 else f"write warmup_steps={int(steps)}",
            )
        return (int(steps) if steps < MAX_UPDATES else steps) if steps else ceil(updates * (ratio or 0.0))
    if version >= _NO_RATIO and steps and ratio:
        raise SpecError(
            f"`{arguments.name}`: `warmup_steps` and `warmup_ratio` both give the warm-up",
            f"leave one of them out; transformers 4 uses `warmup_steps`, which is {steps:g}",
        )
    given = steps if ratio is None or (version >= _NO_RATIO and not ratio) else ratio
    if given and given >= 1:
        return int(given) if given < MAX_UPDATES else given
    return ceil(updates * (given or 0.0))


def _version_notes(arguments: TrainerArguments, version: Version) -> list[str]:
    """What the version makes of arguments that others understand in another way."""
    steps, ratio, shown = arguments.warmup_steps, arguments.warmup_ratio, _shown(version)
    if ratio is None:
        return []
    if version >= _NO_RATIO:
        return [f"transformers {shown} has no `warmup_ratio`: it is drawn as warmup_steps={ratio:g}"] if ratio else []
    if not steps:
        return []
    if version >= _FRACTIONS:
        return [f"transformers {shown} uses `warmup_ratio`, not `warmup_steps`, if both are given"]
    return [f"transformers {shown} uses `warmup_steps`, not `warmup_ratio`, if both are given"] if ratio else []


def _warmup_told(warmup: float, updates: int) -> str:
    return f"warm-up {warmup:,g} of {count(updates, 'update')}" if warmup else f"{count(updates, 'update')}, no warm-up"


def _counted(counts: _Counts) -> str:
    return f"{count(counts.updates, 'update')}{f' with a warm-up of {counts.warmup:,g}' if counts.warmup else ''}"


def _schedule(arguments: TrainerArguments, updates: int, warmup: float) -> SchedulerCall:
    """The schedule that `get_scheduler` of transformers makes."""
    function, takes = SCHEDULES[arguments.lr_scheduler_type]
    values: dict[str, Any] = {"num_warmup_steps": warmup, "num_training_steps": updates}
    values = {name: values[name] for name in takes}
    if arguments.lr_scheduler_type not in _NO_KWARGS:
        if twice := next((name for name in values if name in arguments.lr_scheduler_kwargs), None):
            raise SpecError(
                f"`{arguments.name}`: `{twice}` in `lr_scheduler_kwargs` is given by the Trainer too",
                "leave it out of `lr_scheduler_kwargs`",
            )
        values |= arguments.lr_scheduler_kwargs
    needed = _NEEDED.get(arguments.lr_scheduler_type, {})
    if needed and all(values.get(name) is None for name in needed):
        name, example = next(iter(needed.items()))
        raise SpecError(
            f"`{arguments.name}`: `{arguments.lr_scheduler_type}` needs {' or '.join(f'`{n}`' for n in needed)} in "
            "`lr_scheduler_kwargs`",
            f"such as lr_scheduler_kwargs={{'{name}': {example}}}",
        )
    return SchedulerCall(function, kwargs=tuple(values.items()), module="transformers")


def _optimizer(arguments: TrainerArguments, notes: list[str]) -> dict[str, Any]:
    """The optimizer of torch for `optim`, and its momentum where it is not the default."""
    word = arguments.optim
    name = _OPTIMIZERS.get(word, "")
    if name and name in installed_optimizers():
        momentum = {"momentum": arguments.adam_beta1} if name == "AdamW" and arguments.adam_beta1 != 0.9 else {}
        return {"optimizer": name, **momentum}
    if word.startswith("schedule_free_"):
        notes.append(
            f"`optim='{word}'` averages the weights and warms up by itself: the rate that it uses is not the one drawn"
        )
    elif name or word in _OTHER_OPTIMIZERS:
        notes.append(f"`optim='{word}'` is not an optimizer of the installed torch: its rate is used, with AdamW")
    else:
        close = difflib.get_close_matches(word, [*_OPTIMIZERS, *_OTHER_OPTIMIZERS], n=1)
        guess = f" (did you mean `{close[0]}`?)" if close else ""
        notes.append(f"`optim='{printable(word, 60)}'` is not known{guess}: its rate is used, with AdamW")
    return {"optimizer": "AdamW"}


def _shown(version: Version) -> str:
    return ".".join(map(str, version))


# Values


def _check_name(name: str, where: str) -> None:
    """Refuse a name that is probably one of those that matter, misspelt."""
    if name in TRAINER_ARGUMENTS or name in _ALIKE:
        return
    close = difflib.get_close_matches(name, TRAINER_ARGUMENTS, n=1, cutoff=0.85)
    if where in _EXACT and name in FOREIGN_NAMES:
        close = [FOREIGN_NAMES[name]]
    if close:
        raise SpecError(f"`{where}` has no `{printable(name, 60)}`", f"did you mean `{close[0]}`?")


def _wrong(name: str, value: Any, where: str, expected: str) -> SpecError:
    hint = f"such as {name}={_EXAMPLES[name]}" if name in _EXAMPLES else ""
    return SpecError(f"`{where}`: `{name}` must be {expected}, got {printable(print_value(value), 60)}", hint)


def _number(name: str, value: Any, where: str) -> float:
    with suppress(OverflowError):  # a whole number that is too large for a float
        if not isinstance(value, bool) and isinstance(value, int | float) and isfinite(value):
            return value
    raise _wrong(name, value, where, "a number")


def _whole(name: str, value: Any, where: str, least: int) -> int:
    number = _number(name, value, where)
    if number != int(number):
        raise _wrong(name, value, where, "a whole number")
    if number < least:
        raise SpecError(f"`{where}`: `{name}` must be {least} or more, got {brief(int(number))}")
    return int(number)


def _switch(name: str, value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong(name, value, where, "True or False")
    return value


def _word(name: str, value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise _wrong(name, value, where, "text")
    owner, dot, member = value.rpartition(".")  # `SchedulerType.COSINE`
    if not dot or not owner.endswith(TRAINER_ENUMERATIONS):
        return value
    return {"REDUCE_ON_PLATEAU": "reduce_lr_on_plateau"}.get(member, member.lower())


def _dictionary(name: str, value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise _wrong(name, value, where, "a dictionary such as {'num_cycles': 2}")
    return dict(value)
