"""Inputs of training frameworks: config files that are broken, arguments of Trainers, schedulers of other packages."""

from __future__ import annotations

import json
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from lrviz.notation import TRAINER_ARGUMENTS
from lrviz.schedulers import all_families
from tests.fuzz.pieces import COUNTS, NUMBERS, WORDS, Pieces

RECIPES = Path(__file__).parent.parent / "recipes"
_SUFFIXES = (".yaml", ".yml", ".json", ".toml")

# The keys that each kind of config files has, and values that fit.
_RATE = ("1e-3", "0.1", "2.0e-5", "3")
_STEPS = ("1", "2", "8", "32", "100")
_KEYS: dict[str, dict[str, tuple[str, ...]]] = {
    "transformers": {
        "learning_rate": _RATE,
        "lr_scheduler_type": ('"cosine"', '"linear"', '"constant"', '"warmup_stable_decay"', '"reduce_lr_on_plateau"'),
        "lr_scheduler_kwargs.num_cycles": _STEPS,
        "lr_scheduler_kwargs.num_decay_steps": _STEPS,
        "warmup_steps": ("0", "2", "0.1"),
        "warmup_ratio": ("0.1", "0", "1"),
        "num_train_epochs": ("1", "3.0", "0.5"),
        "max_steps": (*_STEPS, "-1"),
        "per_device_train_batch_size": _STEPS,
        "gradient_accumulation_steps": _STEPS,
        "dataloader_drop_last": ("true", "false"),
        "optim": ('"adamw_torch"', '"sgd"', '"lomo"'),
        "eval_strategy": ('"epoch"', '"no"'),
        "packing": ("true",),
        "deepspeed": (
            '"ds.json"',
            '"no.json"',
            '"../ds.json"',
            '"/dev/zero"',
            f'"{"x" * 5000}.json"',
            '"a\\u0000.json"',
            '{"scheduler": {}}',
        ),
        "training_arguments.learning_rate": _RATE,
        "accelerator_config.split_batches": ("true",),
        **dict.fromkeys(("finetuning_type", "cutoff_len", "template", "val_size"), ('"lora"', "2048", "0.1")),
    },
    "axolotl": {
        "learning_rate": _RATE,
        "micro_batch_size": _STEPS,
        "num_epochs": ("1", "3", "0.5"),
        "max_steps": _STEPS,
        "batch_size": _STEPS,
        "gradient_accumulation_steps": _STEPS,
        "lr_scheduler": ('"cosine"', '"one_cycle"', '"rex"', '"linear"'),
        "lr_scheduler_kwargs.pct_start": ("0.3",),
        "warmup_steps": ("0", "1", "8"),
        "warmup_ratio": ("0.1", "1"),
        "cosine_min_lr_ratio": ("0.1", "0", "2"),
        "lr_quadratic_warmup": ("true",),
        "sample_packing": ("true",),
        "optimizer": ('"adamw_torch"', '"adamw_bnb_8bit"'),
        "relora_steps": ("8",),
    },
    "trainer-state": {
        "max_steps": _STEPS,
        "global_step": _STEPS,
        "num_train_epochs": ("3",),
        "log_history": (
            '[{"step": 1, "learning_rate": 0.1}, {"step": 4, "learning_rate": 0.0}]',
            '[{"step": 5, "learning_rate": 1e-320}, {"step": 5, "learning_rate": 1e308}, {"loss": 1}]',
            '[{"step": 2, "learning_rate": 0.1}, {"step": -1, "learning_rate": 0.1}]',
            '[{"step": 1000000000000000, "learning_rate": 5e-324}, {"step": 1, "learning_rate": 0.3}]',
            '[{"step": 1, "learning_rate": "0.1"}]',
            "[[], 1, {}]",
        ),
    },
    "deepspeed": {
        "scheduler.type": ('"WarmupLR"', '"WarmupDecayLR"', '"WarmupCosineLR"', '"OneCycle"', '"LRRangeTest"'),
        "scheduler.params.total_num_steps": (*_STEPS, '"auto"'),
        "scheduler.params.warmup_min_lr": ("0", '"auto"'),
        "scheduler.params.warmup_max_lr": (*_RATE, '"auto"'),
        "scheduler.params.warmup_num_steps": (*_STEPS, '"auto"'),
        "scheduler.params.warmup_type": ('"log"', '"linear"'),
        "scheduler.params.cycle_max_lr": _RATE,
        "optimizer.type": ('"AdamW"', '"Adam"', '"Lamb"'),
        "optimizer.params.lr": (*_RATE, '"auto"'),
        "zero_optimization.stage": ("3",),
        "train_micro_batch_size_per_gpu": ('"auto"', "4"),
    },
    "torchtitan": {
        "training.steps": _STEPS,
        "optimizer.name": ('"AdamW"', '"Adam"', '"Muon"'),
        "optimizer.lr": _RATE,
        "lr_scheduler.warmup_steps": ("0", "2", "200"),
        "lr_scheduler.total_steps": _STEPS,
        "lr_scheduler.decay_ratio": ("0.1", "0", "1"),
        "lr_scheduler.decay_type": ('"linear"', '"sqrt"', '"cosine"'),
        "lr_scheduler.min_lr_factor": ("0.1", "0"),
        "lr_scheduler.lr_min": ("0.1", "0", "1e308"),
    },
    "torchtune": {
        "optimizer._component_": ('"torch.optim.AdamW"', '"bitsandbytes.optim.PagedAdamW8bit"'),
        "optimizer.lr": _RATE,
        "lr_scheduler._component_": ('"torchtune.training.lr_schedulers.get_cosine_schedule_with_warmup"', '"x"'),
        "lr_scheduler.num_warmup_steps": ("0", "2", "100"),
        "lr_scheduler.num_cycles": ("0.5", "2", "1e308"),
        "epochs": ("1", "3"),
        "batch_size": _STEPS,
        "gradient_accumulation_steps": _STEPS,
        "max_steps_per_epoch": (*_STEPS, "null"),
        "dataset.packed": ("true",),
        "optimizer_in_bwd": ("true", "false"),
    },
    "nanotron": {
        "optimizer.learning_rate_scheduler.learning_rate": _RATE,
        "optimizer.learning_rate_scheduler.lr_warmup_steps": ("0", "2"),
        "optimizer.learning_rate_scheduler.lr_warmup_style": ('"linear"', '"constant"'),
        "optimizer.learning_rate_scheduler.lr_decay_style": ('"cosine"', '"linear"', '"1-sqrt"'),
        "optimizer.learning_rate_scheduler.lr_decay_steps": ("0", "2", "13"),
        "optimizer.learning_rate_scheduler.lr_decay_starting_step": ("null", "4", "0"),
        "optimizer.learning_rate_scheduler.min_decay_lr": ("0", "1e-5", "1e308"),
        "optimizer.optimizer_factory.name": ('"adamW"', '"sgd"'),
        "model.init_method.use_mup": ("true", "false"),
        "tokens.train_steps": _STEPS,
    },
    "lightning": {
        "trainer.max_epochs": ("3", "-1"),
        "trainer.max_steps": (*_STEPS, "-1"),
        "trainer.accumulate_grad_batches": ("1", "4"),
        "trainer.limit_train_batches": ("4", "0.5", "1.0", "0"),
        "trainer.devices": ("1", "2", '"auto"', "[0, 1]"),
        "trainer.num_nodes": ("1", "2"),
        "optimizer.class_path": ('"torch.optim.SGD"', '"torch.optim.Adam"', '"my.Opt"'),
        "optimizer.init_args.lr": _RATE,
        "lr_scheduler.class_path": (
            '"torch.optim.lr_scheduler.StepLR"',
            '"torch.optim.lr_scheduler.OneCycleLR"',
            '"lightning.pytorch.cli.ReduceLROnPlateau"',
            '"os.system"',
            '"StepLR"',
        ),
        "lr_scheduler.init_args.step_size": _STEPS,
        "lr_scheduler.init_args.max_lr": _RATE,
        "lr_scheduler.init_args.total_steps": _STEPS,
        "lr_scheduler.init_args.lr_lambda": ('"lambda e: e"', '"__import__"'),
        "lr_scheduler.init_args.monitor": ('"val_loss"',),
        "model.class_path": ('"a.B"',),
        "model.init_args.scheduler.class_path": ('"torch.optim.lr_scheduler.StepLR"',),
        "model.init_args.scheduler.init_args.step_size": _STEPS,
        "data.batch_size": _STEPS,
        "fit.trainer.max_epochs": ("3",),
    },
}
# JSON, which is YAML and, but for null, TOML as well.
_HOSTILE = (
    *("null", "true", "false", "0", "-1", "-0.0", "1", "2.5", "1e308", "-1e308", "1e-320", "1e400", "NaN", "Infinity"),
    *("-Infinity", ".nan", ".inf", "nan", "inf", "9" * 25, "1" + "0" * 307, "9" * 400, "9" * 5000, "0x10", "1_000"),
    *("[]", "{}", "[1, 2]", '{"a": 1}', "[[[[1]]]]", "[" * 40 + "]" * 40, '""', '"auto"', '"cosine"', '"1e-3"', '"1"'),
    *(
        '"nan"',
        '"${training.steps}"',
        '"lambda e: e"',
        "\"__import__('os')\"",
        '"../x"',
        '"/etc/passwd"',
        '"a\\u0000b"',
    ),
    *(
        '"\\u001b[31m"',
        '"\\u202e"',
        '"\\n::error::x"',
        '"\\ud800"',
        '"学習率"',
        '"$\\\\frac{$"',
        '"=1+1"',
        '"error: no"',
    ),
    *('"<script>"', '"' + "x" * 5000 + '"', '"Step_LR"', '"adamw"', '"a.b.c"', '"."', '"{1,2}"', '"3 @ lr=1"'),
)
_YAML = (
    *("!!python/object/apply:os.system ['x']", "!!python/name:os.system", "!!binary aGk=", "!!set {a, b}", "!x 1"),
    *("!!int x", "!!float x", "!!timestamp x", "2024-01-01", "2024-99-99", "!!omap [a: 1]", "!!null x", "!!bool x"),
    *("&a [*a]", "*nosuch", "&a 1", "<<: {a: 1}", "? [a]", "? {a: 1}\n: 2", "|\n  x", ">-\n  x", "'", '"', "\t", "@"),
    *("1e3", "1e-3", "1:30", "190:20:30.15", "0b11", "0o17", "yes", "~", ".NaN", "-.inf", "%", "- 1", "--- ", "...\n"),
)


@cache
def _files() -> dict[str, str]:
    return {
        path.name: path.read_text(encoding="utf-8") for path in sorted(RECIPES.iterdir()) if path.suffix in _SUFFIXES
    }


def _value(pieces: Pieces, fits: tuple[str, ...], suffix: str) -> str:
    """A value that fits in most cases."""
    if not pieces.one_in(6):
        return pieces.any(*fits)
    if suffix != ".json" and pieces.one_in(3):
        return pieces.any(*_YAML)
    if pieces.one_in(6):
        return json.dumps(pieces.value(), ensure_ascii=pieces.one_in(2))
    return pieces.any(*_HOSTILE)


def _bomb(pieces: Pieces) -> str:
    """Lines that are large, deep, or that aliases make so."""
    names = [f"z{i}" for i in range(pieces.random.choice([3, 9, 30]))]
    match pieces.random.randrange(6):
        case 0:
            lines = [f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in pairwise(names)]
            return "\n".join([f"{names[0]}: &{names[0]} [1, 1]", *lines]) + "\n"
        case 1:
            lines = [f"{b}: &{b} {{<<: [*{a}, *{a}], k: 1}}" for a, b in pairwise(names)]
            return "\n".join([f"{names[0]}: &{names[0]} {{x: 1}}", *lines]) + "\n"
        case 2:
            return "z: " + "[" * pieces.random.choice([20, 200, 5_000, 90_000]) + "\n"
        case 3:
            return f"z: {pieces.any(*'[{&*!|>?-')}{pieces.long()}\n"
        case 4:
            return "".join(f"z{i}: 1\n" for i in range(pieces.random.choice([100, 9_000, 25_000])))
        case _:
            return "z: " + " ".join(["[1],"] * pieces.random.choice([100, 40_000])) + "\n"


def _nested(lines: dict[str, str]) -> str:
    """Dotted keys as JSON; a key that is also a table is left out."""

    def shown(value: Any) -> str:
        if isinstance(value, str):
            return value
        return "{" + ", ".join(f"{json.dumps(key)}: {shown(inner)}" for key, inner in value.items()) + "}"

    root: dict[str, Any] = {}
    for key, value in lines.items():
        *path, last = key.split(".")
        table: Any = root
        for part in path:
            table = table.setdefault(part, {}) if isinstance(table, dict) else table
        if isinstance(table, dict):
            table[last] = value
    return shown(root)


def _by_grammar(pieces: Pieces, kind: str, suffix: str) -> str:
    """A file of known keys, with values that fit in most cases."""
    keys = dict(_KEYS[kind])
    chosen = [key for key in keys if not pieces.one_in(4)]
    if pieces.one_in(8):
        other = _KEYS[pieces.any(*_KEYS)]
        keys |= other
        chosen += pieces.random.sample(list(other), min(3, len(other)))
    lines = {key: _value(pieces, keys[key], suffix) for key in chosen}
    if pieces.one_in(8):  # a table that is none
        lines = {pieces.any(key, key.rpartition(".")[0] or key): value for key, value in lines.items()}
    if pieces.one_in(20):
        lines[json.dumps(pieces.noise())[1:-1]] = _value(pieces, ("1",), suffix)
    if suffix == ".toml":
        return "\n".join(f"{key} = {value}" for key, value in lines.items()) + "\n"
    if suffix == ".json" or pieces.one_in(4):
        text = _nested(lines)
        return text.replace("{", '{"learning_rate": 1, ', 1) if pieces.one_in(30) else text
    top: dict[str, dict[str, str]] = {}
    for key, value in lines.items():
        first, _, rest = key.partition(".")
        top.setdefault(first, {})[rest] = value
    shown = [f"{key}: {inner[''] if '' in inner else _nested(inner)}" for key, inner in top.items()]
    if pieces.one_in(20):
        shown.append(pieces.random.choice(shown) if shown else "")
    return "\n".join(shown) + "\n"


def recipe(pieces: Pieces) -> tuple[list[str], dict[str, str]]:
    """The words that draw a config file, and the files: a known one that is broken, or one made of known keys."""
    if pieces.one_in(3):
        name = pieces.any(*_files())
        text, suffix, kind = _files()[name], Path(name).suffix, ""
        lines = text.splitlines(keepends=True)
        at = pieces.random.randrange(len(lines))
        mark = "=" if suffix == ".toml" else ":"
        if mark in lines[at] and not pieces.one_in(3):
            end = "," if lines[at].rstrip().endswith(",") else ""
            lines[at] = f"{lines[at].partition(mark)[0]}{mark} {_value(pieces, _HOSTILE, suffix)}{end}\n"
            text = "".join(lines)
        else:
            text = pieces.broken(text)
    else:
        kind = pieces.any(*_KEYS)
        suffix = pieces.any(".yaml", ".yaml", ".json", ".toml" if kind == "torchtitan" else ".json", *_SUFFIXES)
        text = _by_grammar(pieces, kind, suffix)
        text = pieces.broken(text) if pieces.one_in(10) else text
    if pieces.one_in(30):
        text += _bomb(pieces)
    file = f"a{suffix}"
    words = ["--from", file] if pieces.one_in(4) else [file]
    if pieces.one_in(6):
        words += ["--from-kind", pieces.any(*_KEYS, pieces.noise())]
    files = {file: text, "ds.json": _by_grammar(pieces, "deepspeed", ".json")}
    if not pieces.one_in(3):
        words += ["--dataset-size", pieces.any("100", "32", *COUNTS) if pieces.one_in(4) else "64"]
    if pieces.one_in(3):
        words += ["--config", "b.yaml"]
        files["b.yaml"] = _by_grammar(pieces, pieces.any("transformers", "transformers", "trainer-state"), ".yaml")
    if pieces.one_in(6):
        words += [pieces.any("--world-size", "--batch-size", "--epochs", "--steps"), pieces.any("2", *COUNTS)]
    if pieces.one_in(8):
        words += ["--interval", pieces.any("step", "epoch")]
    return words, files


_ARGUMENTS: dict[str, tuple[str, ...]] = {
    "learning_rate": ("1e-3", "5e-5", "lr"),
    "lr_scheduler_type": (
        *("'cosine'", "'linear'", "'constant'", "'polynomial'", "'inverse_sqrt'", "'cosine_with_restarts'"),
        *(
            "SchedulerType.COSINE",
            "'warmup_stable_decay'",
            "'reduce_lr_on_plateau'",
            "'cosine_with_min_lr'",
            "'greedy'",
        ),
    ),
    "lr_scheduler_kwargs": ("{'num_cycles': 2}", "{'num_decay_steps': 8}", "dict(min_lr=0.1)", "{}", "{1: 2}"),
    "warmup_steps": ("2", "0", "0.1", "10"),
    "warmup_ratio": ("0.1", "0", "1"),
    "num_train_epochs": ("3", "0.5", "1e308", "1e-320"),
    "max_steps": ("32", "-1", "0", "1"),
    "per_device_train_batch_size": ("8", "1", "0", "10**15"),
    "gradient_accumulation_steps": ("2", "1", "64", "10**15"),
    "dataloader_drop_last": ("True", "False"),
    "optim": ("'adamw_torch'", "OptimizerNames.ADAMW_TORCH", "'sgd'", "'schedule_free_adamw'"),
    "adam_beta1": ("0.9", "0.5"),
    "eval_strategy": ("'epoch'", "IntervalStrategy.EPOCH", "'no'"),
    "accelerator_config": ("{'split_batches': True}", "AcceleratorConfig(split_batches=True)"),
    "deepspeed": ("'ds.json'", "{'scheduler': {}}"),
    "output_dir": ("'out'",),
}
_CLASSES = (
    *("TrainingArguments", "SFTConfig", "DPOConfig", "GRPOConfig", "Seq2SeqTrainingArguments", "transformers.Trainer"),
    *("transformers.TrainingArguments", "trl.SFTConfig", "MyTrainingArguments", "TrainingArgument"),
)


def _given(pieces: Pieces, fits: tuple[str, ...]) -> str:
    return pieces.any(*fits) if not pieces.one_in(6) else pieces.any(*NUMBERS, *WORDS, pieces.noise())


def _arguments(pieces: Pieces) -> str:
    chosen = [name for name in _ARGUMENTS if pieces.one_in(3)]
    if pieces.one_in(10):
        chosen += [pieces.any(*TRAINER_ARGUMENTS, "learning_rat", "weight_decay", "logging_steps")]
    written = [f"{name}={_given(pieces, _ARGUMENTS.get(name, ('1',)))}" for name in chosen]
    if pieces.one_in(12):
        written.append(pieces.any("**config", "*args", "'out'", pieces.noise()))
    return f"{pieces.any(*_CLASSES[:3], *_CLASSES)}({', '.join(written)})"


def _family_call(pieces: Pieces) -> str:
    family = pieces.random.choice(all_families())
    info = pieces.random.choice(family.schedulers)
    parameters = [p for p in info.parameters if p.required or pieces.one_in(3)]
    written = []
    for parameter in parameters:
        given = pieces.any(*NUMBERS, *WORDS) if pieces.one_in(8) else pieces.suitable(parameter)
        written.append(f"{parameter.name}={given}")
    prefix = pieces.any("", "", f"{info.module}.", f"{family.package}.", "nosuch.")
    name = pieces.any(info.short, info.name, prefix + info.attribute)
    return f"{name}({', '.join([*(['optimizer'] if pieces.one_in(2) else []), *written])})"


def trainer(pieces: Pieces) -> tuple[str, list[str]]:
    """Arguments of a Trainer, alone or in a script, or a scheduler of another package; and options."""
    options: list[str] = []
    if pieces.one_in(3):
        text = _family_call(pieces)
    else:
        text = _arguments(pieces)
        if pieces.one_in(4):
            text = pieces.any("args = ", "n = 4\nargs = ", "from trl import SFTConfig\ntraining_args = ") + text
            text += pieces.any("", "\ntrainer = Trainer(model, args, train_dataset=data)", "\ntrainer.train()")
        if not pieces.one_in(3):
            options += ["--dataset-size", pieces.any("100", "1", "32") if not pieces.one_in(6) else pieces.any(*COUNTS)]
        if pieces.one_in(4):
            versions = ("4.44", "4.50.1", "5.0", "5.23", "9", "4", "3.9", "999.999", "0", "-1", "5.x", "٤.٤", "4.44\n5")
            options += ["--transformers", pieces.any(*versions, "1" * 5000, pieces.noise())]
        if pieces.one_in(6):
            options += ["--world-size", pieces.any("2", *COUNTS)]
    if pieces.one_in(8):
        text = pieces.broken(text)
    return text, options
