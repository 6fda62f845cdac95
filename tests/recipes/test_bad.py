"""Config files that are no schedule, or say too little: one clear error, nothing on stdout, status 2."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lrviz.cli import main
from tests.recipes.expected import AXOLOTL, HF, TITAN, TUNE

Capture = pytest.CaptureFixture[str]

STATE = '{"max_steps": 10, "log_history": [%s]}'
DS = '{"scheduler": {"type": "WarmupLR", "params": {%s}}, "optimizer": {"type": "AdamW", "params": {"lr": %s}}}'
LIGHT = (
    "trainer: {max_epochs: 3}\nmodel: {class_path: a.B}\n"
    "optimizer: {class_path: torch.optim.Adam, init_args: {lr: 1}}\n"
)
STEP = "lr_scheduler: {class_path: torch.optim.lr_scheduler.StepLR, init_args: {step_size: 3}}\n"
BOMB = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
KINDS = "transformers, axolotl, trainer-state, deepspeed, torchtitan, torchtune, nanotron"
# The file's text, the command line after `table`, the error and the hint.
BAD: dict[str, tuple[str, str, str, str]] = {
    "no schedule": (
        "name: x\nimages: [1, 2]\n", "a.yaml",
        "`a.yaml` has no schedule that lrviz knows: its keys are `name`, `images`",
        f"the kinds are {KINDS}, lightning; `--from-kind KIND` names the one it is",
    ),
    "empty": (
        "", "a.yaml", "`a.yaml` has no schedule that lrviz knows: it is empty",
        f"the kinds are {KINDS}, lightning; `--from-kind KIND` names the one it is",
    ),
    "two kinds of keys": (
        f"{HF}micro_batch_size: 2\n", "a.yaml",
        "`a.yaml` has keys of 2 kinds: `lr_scheduler_type` of transformers and `micro_batch_size` of axolotl",
        "say which it is: `--from-kind transformers|axolotl`",
    ),
    "two kinds of keys, forced": (
        f"{HF}micro_batch_size: 2\n", "a.yaml --from-kind transformers", "`a.yaml` does not say the number of samples",
        "add --dataset-size 52002",
    ),
    "forced, and of another kind": (
        HF, "a.yaml --from-kind torchtitan",
        "`a.yaml` has no key of torchtitan; it has `lr_scheduler_type` of transformers", "leave out `--from-kind`",
    ),
    "an unknown schedule of axolotl": (
        "micro_batch_size: 2\nnum_epochs: 3\nlearning_rate: 1e-4\nlr_scheduler: cosinus\n", "a.yaml",
        "`a.yaml`: unknown `lr_scheduler` `cosinus`",
        "use linear, cosine, cosine_with_restarts, polynomial, constant, constant_with_warmup, inverse_sqrt, "
        "reduce_lr_on_plateau, cosine_with_min_lr, cosine_warmup_with_min_lr, warmup_stable_decay, greedy, one_cycle",
    ),
    "an unknown schedule of DeepSpeed": (
        '{"scheduler": {"type": "Nope", "params": {}}}', "a.json",
        "`a.json`: DeepSpeed has no schedule `Nope`",
        "use WarmupLR, WarmupDecayLR, WarmupCosineLR, OneCycle or LRRangeTest",
    ),
    "an unknown kind": (
        HF, "a.yaml --from-kind keras", f"`--from-kind` must be {KINDS} or lightning, got `keras`", "",
    ),
    "warmup_ratio and warmup_steps": (
        f"{HF}warmup_ratio: 0.1\nwarmup_steps: 10\n", "a.yaml --dataset-size 100 --transformers 5.23",
        "`a.yaml`: `warmup_steps` and `warmup_ratio` both give the warm-up",
        "leave one of them out; transformers 4 uses `warmup_steps`, which is 10",
    ),
    "axolotl with both": (
        f"{AXOLOTL}warmup_ratio: 0.1\nwarmup_steps: 10\n", "a.yaml --dataset-size 100",
        "`a.yaml`: `warmup_steps` and `warmup_ratio` both give the warm-up", "leave one of them out",
    ),
    "names of a script in place of those of the Trainer": (
        "learning_rate: 2e-5\nlr_scheduler_type: cosine\nbatch_size: 12\nepochs: 5\ngrad_accum: 4\n", "a.yaml",
        "`a.yaml` has `epochs`, `batch_size` and `grad_accum`, which the Trainer does not have",
        "its script reads them: add --epochs 5 --batch-size 12 --grad-accum 4, or write `num_train_epochs`, "
        "`per_device_train_batch_size` and `gradient_accumulation_steps`",
    ),
    "names of a script, of which one is given": (
        "learning_rate: 2e-5\nlr_scheduler_type: cosine\nbatch_size: 12\nepochs: 5\n", "a.yaml --epochs 2",
        "`a.yaml` has `batch_size`, which the Trainer does not have",
        "its script reads them: add --batch-size 12, or write `per_device_train_batch_size`",
    ),
    "the schedule by another name": (
        "learning_rate: 2e-5\nlr_scheduler: cosine\nnum_train_epochs: 5\n", "a.yaml --batch-size 4",
        "`a.yaml` has `lr_scheduler`, which the Trainer does not have", "write `lr_scheduler_type`",
    ),
    "a training script's own file": (
        "num_epochs: 20\nlearning_rate: 1e-3\nbatch_size: 64\noptimizer: adam\n", "a.yaml",
        "`a.yaml` has no schedule that lrviz knows: its keys are `num_epochs`, `learning_rate`, `batch_size`, "
        "`optimizer`",
        f"the kinds are {KINDS}, lightning; `--from-kind KIND` names the one it is",
    ),
    "the length and the rate of a DeepSpeed file": (
        '{"scheduler": {"type": "LRRangeTest", "params": {"lr_range_test_step_size": 200}}}', "a.json",
        "`a.json` does not say the number of updates and the learning rate", "add --steps 1000 --lr 1e-3",
    ),
    "the rate of a DeepSpeed file": (
        '{"scheduler": {"type": "LRRangeTest", "params": {"lr_range_test_step_size": 200}}}', "a.json --steps 9",
        "`a.json` does not say the learning rate", "add --lr 1e-3",
    ),
    "all that is missing": (
        "lr_scheduler_type: cosine\n", "a.yaml", "`a.yaml` does not say the learning rate and the number of samples",
        "add --lr 2e-5 --dataset-size 52002",
    ),
    "auto without the arguments": (
        DS % ('"warmup_max_lr": "auto"', '"auto"'), "a.json",
        '`a.json`: `scheduler.params.warmup_max_lr` and `optimizer.params.lr` are "auto", which the Trainer fills in',
        "add `--config FILE --dataset-size 52002`, with the YAML or JSON of the arguments of the Trainer, and the "
        "number of samples unless these have `max_steps`",
    ),
    "auto without the arguments, of a known length": (
        DS % ('"warmup_max_lr": "auto"', "1e-3"), "a.json --dataset-size 9",
        '`a.json`: `scheduler.params.warmup_max_lr` is "auto", which the Trainer fills in',
        "add `--config FILE`, with the YAML or JSON of the arguments of the Trainer",
    ),
    "DeepSpeed without a schedule": (
        '{"zero_optimization": {}}', "a.json",
        "`a.json` has no `scheduler`: the schedule is that of the training script or of the Trainer",
        "draw the script, or the file with the arguments of the Trainer",
    ),
    "DeepSpeed without a length": (
        DS % ('"warmup_num_steps": 3', "1e-3"), "a.json", "`a.json` does not say the number of updates",
        "add --steps 1000",
    ),
    "DeepSpeed without a rate": (
        '{"zero_optimization": {}, "scheduler": {"type": "WarmupLR", "params": {}}}', "a.json --steps 3",
        "`a.json` does not say the learning rate", "add --lr 1e-3",
    ),
    "DeepSpeed without a type": (
        '{"zero_optimization": {}, "scheduler": {"params": {}}}', "a.json", "`a.json` has no `scheduler.type`",
        "it must be the name of a schedule of DeepSpeed",
    ),
    "a tag": (
        "lr_scheduler_type: !!python/object/apply:os.system [touch here]\n", "a.yaml",
        "`a.yaml` is not YAML: the tag `!!python/object/apply:os.system` names a type",
        "write the value itself, without the tag",
    ),
    "a number of thousands of digits": (
        f'{{"num_train_epochs": {"9" * 5000}}}', "a.json", "`a.json` is not JSON: a number has thousands of digits",
        "a large number is written as 1e9",
    ),
    "a comment in JSON": (
        '{"num_train_epochs": 1, // once\n "max_steps": -1}', "a.json",
        "`a.json` is not JSON: Expecting property name enclosed in double quotes: line 1 column 25 (char 24)",
        "JSON has double quotes, no comments, and no comma after the last value",
    ),
    "an empty file of JSON": (
        "", "a.json", "`a.json` is not JSON: Expecting value: line 1 column 1 (char 0)",
        "it is empty, or not JSON at all",
    ),
    "an alias inside of itself": (
        "a: &a [*a]\n", "a.yaml", "`a.yaml` is not YAML: an alias is inside of what it stands for",
        "write the values in place of the alias",
    ),
    "a template": (
        "lr: {{ lr }}\n", "a.yaml",
        '`a.yaml` is not YAML: while constructing a mapping in "<unicode string>", line 1, column 5: lr: {{ lr }} ^ '
        'found unhashable key in "<unicode string>", line 1, column 6: lr: {{ lr }} ^',
        "YAML is indented by spaces, and text with `: `, `{` or `%` in it needs quotes",
    ),
    "a date": (
        "learning_rate: 2020-01-01\n", "a.yaml", "`a.yaml`: a value is of the type date, which is not followed",
        "leave it out of the file",
    ),
    "text for a number": (
        "learning_rate: high\nnum_train_epochs: 1\n", "a.yaml",
        "`a.yaml`: `learning_rate` must be a number, got 'high'",
        "such as learning_rate=2e-5",
    ),
    "aliases that explode": (
        BOMB, "a.yaml", "`a.yaml` is not YAML: it has over 10,000 values with those that aliases repeat",
        "write fewer values, or files for the parts",
    ),
    "a list": (
        "- 1\n", "a.yaml", "`a.yaml` must have names and values", "such as `lr: 0.1` in YAML, `lr = 0.1` in TOML",
    ),
    "nested too deeply": ("[" * 100_000, "a.json", "`a.json`: nested too deeply", "write it in a simpler way"),
    "no file": (
        "", "b.yaml", "cannot read `b.yaml`: no such file or directory", "the path is relative to the current folder",
    ),
    "a folder by its name": (
        "", "folder.yaml", "cannot read `folder.yaml`: it is a folder", "the path is relative to the current folder",
    ),
    "a folder": (
        "", "--from folder.yaml/..",
        "`--from` needs a .yaml, .json or .toml file, and `folder.yaml/..` is a directory", "",
    ),
    "no config file": (
        "", "--from a.txt", "`--from` needs a .yaml, .json or .toml file, and `a.txt` is none", "",
    ),
    "a step": ("", "cosine --from 3", "`--from` needs a .yaml, .json or .toml file, got `3`", ""),
    "a pickle": (
        "", "a.bin", "`a.bin` is a pickle, which can run code when it is loaded: lrviz does not read it",
        "use the YAML or JSON from which it was written, or notation such as `TrainingArguments(...)`",
    ),
    "a preset": (
        "[[figure]]\n", "a.toml", "`a.toml` is a preset", "`lrviz render a.toml` draws its figures",
    ),
    "two lengths of an epoch": (
        HF, "a.yaml --dataset-size 100 --steps-per-epoch 3",
        "`--steps-per-epoch` and `--dataset-size` both give the length of an epoch", "leave one of them out",
    ),
    "a warm-up beside that of the Trainer": (
        HF, "a.yaml --dataset-size 100 --warmup 3", "`--warmup` is not for `a.yaml`",
        "give `warmup_steps` to the Trainer",
    ),
    "a trainer that repeats samples": (
        f"{HF}num_generations: 8\n", "a.yaml --dataset-size 100",
        "the trainer of `GRPOConfig` repeats samples, so its epochs are not counted",
        "give its updates with `max_steps`, or the batches of an epoch with `--steps-per-epoch`",
    ),
    "a key that is misspelt": (
        f"{HF}warmup_rato: 0.1\n", "a.yaml --dataset-size 100", "`a.yaml` has no `warmup_rato`",
        "did you mean `warmup_ratio`?",
    ),
    "axolotl, packed": (
        f"{AXOLOTL}sample_packing: true\n", "a.yaml --dataset-size 100",
        "`a.yaml` does not say the number of updates, which depends on how samples are packed", "add --steps 1000",
    ),
    "axolotl, REX": (
        f"{AXOLOTL}lr_scheduler: rex\n", "a.yaml",
        "`a.yaml`: `lr_scheduler: rex` is a schedule of axolotl that lrviz does not draw",
        "where axolotl is installed, draw its class: `lrviz plot \"axolotl.utils.schedulers:RexLR(max_lr=2e-4, "
        "min_lr=0, total_steps=1000)\"`",
    ),
    "axolotl, restarts": (
        f"{AXOLOTL}jagged_restart_steps: 10\n", "a.yaml",
        "`a.yaml`: `jagged_restart_steps` is a schedule of axolotl that lrviz does not draw",
        "without `jagged_restart_steps` the schedule of `lr_scheduler` is drawn",
    ),
    "processes of Accelerate": (
        TITAN.format(more=""), "a.toml --num-processes 4",
        "`--num-processes` is not for `a.toml`, whose scheduler steps once an update",
        "`--world-size` gives the devices that share the samples",
    ),
    "a rate below 0": (
        HF.replace("2e-5", "-2e-5"), "a.yaml --dataset-size 9",
        "`a.yaml`: `learning_rate` must be above 0, got -2e-5", "such as learning_rate=2e-5",
    ),
    "a rate below 0, axolotl": (
        AXOLOTL.replace("1e-4", "-1.0e-4"), "a.yaml --dataset-size 9",
        "`a.yaml`: `learning_rate` must be a number above 0, got -1e-4", "",
    ),
    "a rate of 0, torchtitan": (
        TITAN.replace("1e-3", "0.0").format(more=""), "a.toml",
        "`a.toml`: `optimizer.lr` must be a number above 0, got 0.0", "",
    ),
    "axolotl, all that is missing": (
        "micro_batch_size: 2\n", "a.yaml", "`a.yaml` does not say the learning rate and the number of samples",
        "add --lr 2e-4 --dataset-size 52002",
    ),
    "torchtune, all that is missing": (
        "optimizer: {_component_: torch.optim.AdamW}\n", "a.yaml",
        "`a.yaml` does not say the learning rate, the number of epochs, the number of samples and the batch size",
        "add --lr 3e-4 --epochs 1 --dataset-size 52002 --batch-size 2",
    ),
    "torchtune, another schedule": (
        "lr_scheduler: {_component_: my.schedule}\n", "a.yaml",
        "`a.yaml`: the schedule `my.schedule` is none of torchtune", "draw it as code: `lrviz plot MODULE:NAME`",
    ),
    "torchtune, no warm-up": (
        "lr_scheduler: {_component_: torchtune.training.get_cosine_schedule_with_warmup}\n", "a.yaml",
        "`a.yaml` has no `lr_scheduler.num_warmup_steps`", "it must be a whole number of 0 or more",
    ),
    "torchtune, a reference": (
        "optimizer: {_component_: torch.optim.AdamW, lr: '${lr}'}\n", "a.yaml",
        "`a.yaml`: `optimizer.lr` must be a number of 0 or more, got '${lr}'",
        "references to other keys are not followed: write the value, or give it as an option",
    ),
    "torchtune, no update": (
        TUNE.format(more="", optimizer="torch.optim.AdamW"), "a.yaml --dataset-size 5",
        "`a.yaml`: 2 full batches make no update of 3", "the run needs a larger `--dataset-size`",
    ),
    "torchtune, the updates": (
        TUNE.format(more="", optimizer="torch.optim.AdamW"), "a.yaml --steps 5",
        "`--steps` cannot be combined with `a.yaml`, whose run is counted in epochs",
        "use `--epochs` and `--dataset-size`",
    ),
    "torchtune, in the backward pass": (
        TUNE.format(more="optimizer_in_bwd: true", optimizer="torch.optim.AdamW"), "a.yaml",
        "`a.yaml`: `optimizer_in_bwd` needs `gradient_accumulation_steps: 1`", "",
    ),
    "torchtitan before 0.1": (
        "[training]\nsteps = 10\nwarmup_steps = 3\n[optimizer]\nlr = 1e-3\n", "a.toml",
        "`a.toml`: `training.warmup_steps` is of torchtitan before 0.1, whose schedule is another",
        "move it to `[lr_scheduler]`, as newer versions read it",
    ),
    "torchtitan, another decay": (
        TITAN.format(more="decay_type = 'exp'"), "a.toml",
        "`a.toml`: `lr_scheduler.decay_type` must be linear, sqrt or cosine, got 'exp'", "",
    ),
    "torchtitan, a table that is none": (
        "lr_scheduler = 3\n[training]\nsteps = 10\n", "a.toml --from-kind lightning",
        "`a.toml`: `lr_scheduler` must be a table of names and values, got 3", "",
    ),
    "torchtitan, too much of the run": (
        TITAN.format(more="decay_ratio = 1.5"), "a.toml",
        "`a.toml`: `lr_scheduler.decay_ratio` must be at most 1, got 1.5", "such as `decay_ratio = 0.1`",
    ),
    "torchtitan, too many updates": (
        "[training]\nsteps = 9_000_000_000_000_000_000\n[lr_scheduler]\n", "a.toml",
        "`a.toml`: `training.steps` must be at most 1,000,000,000,000,000, got 9000000000000000000",
        "such as `steps = 100`",
    ),
    "torchtitan, no update": (
        "[training]\nsteps = 0\n[lr_scheduler]\n", "a.toml",
        "`a.toml`: `training.steps` must be a whole number of 1 or more, got 0", "such as `steps = 100`",
    ),
    "torchtitan, epochs": (
        TITAN.format(more=""), "a.toml --epochs 3",
        "`--epochs` gives a length in epochs, and `a.toml` is counted in updates", "use `--steps`",
    ),
    "nanotron, rates by the model": (
        "tokens: {train_steps: 3}\nmodel: {init_method: {use_mup: true}}\n", "a.yaml",
        "`a.yaml`: with `use_mup` nanotron gives each parameter a rate that depends on the model's sizes",
        "write the schedule in notation, with a rate for each group in `--lr`",
    ),
    "nanotron, no rate": (
        "tokens: {train_steps: 3}\n", "a.yaml", "`a.yaml` does not say the learning rate", "add --lr 3e-4",
    ),
    "nanotron, no style": (
        "tokens: {train_steps: 3}\noptimizer: {learning_rate_scheduler: {learning_rate: 1e-3}}\n", "a.yaml",
        "`a.yaml` has no `optimizer.learning_rate_scheduler.lr_warmup_style`", "it must be linear or constant",
    ),
    "nanotron, no updates": (
        "optimizer: {learning_rate_scheduler: {learning_rate: 1e-3}}\n", "a.yaml",
        "`a.yaml` does not say the number of updates", "add --steps 1000",
    ),
    "Lightning, a schedule in code": (
        LIGHT, "a.yaml", "`a.yaml` has no `lr_scheduler`: the schedule is in the code of the model",
        "draw that: `lrviz plot model.py` reads `configure_optimizers`",
    ),
    "Lightning, no class": (
        f"{LIGHT}lr_scheduler: {{step_size: 3}}\n", "a.yaml",
        "`a.yaml`: `lr_scheduler` has arguments and no `class_path`: the class is in the code of the CLI",
        "add `class_path: torch.optim.lr_scheduler.NAME` to `lr_scheduler`, with the arguments under `init_args`",
    ),
    "Lightning, all that is missing": (
        STEP, "a.yaml",
        "`a.yaml` does not say the learning rate, the number of epochs, the number of samples and the batch size",
        "add --lr 1e-3 --epochs 10 --dataset-size 50000 --batch-size 32",
    ),
    "Lightning, a class of the project": (
        f"{LIGHT}lr_scheduler: {{class_path: a.b.C}}\n", "a.yaml --steps-per-epoch 3", "unknown scheduler `a.b.C`",
        "`lrviz schedulers` lists them all; code that is installed or in this folder runs as `a.b:C(...)`",
    ),
    "Lightning, a class among the arguments": (
        LIGHT + STEP.replace("3}}", "{class_path: x}}}"), "a.yaml",
        "`a.yaml`: `lr_scheduler.init_args.step_size` must be a number, text or a list, got a table", "",
    ),
    "Lightning, when the model steps": (
        LIGHT.replace("a.B}", "a.B, init_args: {scheduler: {class_path: torch.optim.lr_scheduler.StepLR}}}"),
        "a.yaml --steps-per-epoch 3", "`a.yaml` does not say when the model steps the scheduler",
        "add --interval epoch",
    ),
    "a log without rates": (
        STATE % "", "a.json", "`a.json` has no `learning_rate` in its `log_history`", "",
    ),
    "a log without a length": (
        '{"log_history": []}', "a.json", "`a.json` has no `max_steps`, the number of updates", "",
    ),
    "a log that is none": (
        '{"log_history": 3, "max_steps": 3}', "a.json", "`a.json`: `log_history` must be a list, got 3", "",
    ),
    "a log without a step": (
        STATE % '{"learning_rate": 0.1}', "a.json", "`a.json`: an entry of `log_history` has no `step`", "",
    ),
    "a log with a rate that is none": (
        STATE % '{"learning_rate": NaN, "step": 1}', "a.json",
        "`a.json`: the rate of step 1 in `log_history` is not a number", "",
    ),
    "a log of zeros": (
        STATE % '{"learning_rate": 0, "step": 1}', "a.json", "`a.json` has no rate above 0 in its log", "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", BAD)
def test_a_file_that_is_no_schedule(row: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    text, line, error, hint = BAD[row]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.yaml").mkdir()
    for name in ("a.yaml", "a.json", "a.toml", "a.txt", "a.bin"):
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert main(["table", *line.split(" ")]) == 2
    assert capsys.readouterr() == ("", f"error: {error}\n" + (f"\nhint: {hint}\n" if hint else ""))
    assert not (tmp_path / "here").exists()


def test_a_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").touch()
    os.truncate("a.yaml", 50_000_000)
    assert main(["table", "a.yaml"]) == 2
    said = "error: cannot read `a.yaml`: it has 50,000,000 bytes; the maximum is 200,000\n"
    assert capsys.readouterr().err == said


def test_two_first_steps_of_a_figure(capsys: Capture) -> None:
    assert main(["plot", "cosine", "--from", "3", "--from", "4"]) == 2
    assert capsys.readouterr().err == "error: `--from` has two steps, `3` and `4`\n\nhint: leave one of them out\n"
