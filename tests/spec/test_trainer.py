"""The arguments of transformers' Trainer: how many updates and what warm-up they make, in which version."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import lrviz
from lrviz.errors import LrvizError, SpecError, UsageError
from lrviz.notation import TRAINER_ARGUMENTS, TRAINER_CONFIGS, MissingValuesError
from lrviz.presets import load_preset
from lrviz.spec import Fields, RunSpec, read_all, read_run, read_runs, trainer
from lrviz.spec.trainer import TrainerArguments, missing, read_arguments, read_version, trainer_run

# Samples, batch size, accumulation, whether the last batch is kept, length, warm-up | and for real runs of 4.44.2,
# 4.50.3 and 5.23.0: their updates, warm-up, and the updates of each epoch. From 5.15 a ratio is given as warmup_steps.
MEASURED = """
21 3 4 keep epochs=3 steps=2 | 3 2 1+2 | 3 2 1+1+1 | 6 2 2+2+2
21 3 4 keep epochs=2.5 ratio=0.3 | 3 1 1+2 | 3 1 1+1+1 | 5 2 2+2+1
21 3 4 keep max_steps=7 steps=2 | 7 2 1+2+2+2 | 7 2 1+1+1+1+1+1+1 | 7 2 2+2+2+1
20 2 4 keep epochs=3 ratio=0.3 | 6 2 2+3+1 | 6 2 3+3 | 9 3 3+3+3
20 2 4 keep epochs=2.5 steps=2 | 5 2 2+3 | 5 2 3+2 | 8 2 3+3+2
20 2 4 keep max_steps=7 ratio=0.3 | 7 3 2+3+2 | 7 3 3+3+1 | 7 3 3+3+1
10 2 4 keep epochs=3 steps=2 | 3 2 1+1+1 | 3 2 2+1 | 6 2 2+2+2
10 2 4 keep epochs=2.5 ratio=0.3 | 3 1 1+1+1 | 3 1 2+1 | 5 2 2+2+1
10 2 4 keep max_steps=7 steps=2 | 7 2 1+1+1+2+1+1 | 7 2 2+2+2+1 | 7 2 2+2+2+1
22 3 3 keep epochs=3 ratio=0.3 | 6 2 2+3+1 | 6 2 2+2+2 | 9 3 3+3+3
22 3 3 keep epochs=2.5 steps=2 | 5 2 2+3 | 5 2 2+2+1 | 8 2 3+3+2
22 3 3 keep max_steps=7 ratio=0.3 | 7 3 2+3+2 | 7 3 2+2+2+1 | 7 3 3+3+1
22 3 3 drop epochs=3 steps=2 | 6 2 2+2+2 | 6 2 3+3 | 9 2 3+3+3
22 3 3 drop epochs=2.5 ratio=0.3 | 5 2 2+2+1 | 5 2 3+2 | 8 3 3+3+2
22 3 3 drop max_steps=7 steps=2 | 7 2 2+2+3 | 7 2 3+3+1 | 7 2 3+3+1
100 4 8 keep epochs=3 ratio=0.3 | 9 3 3+3+3 | 9 3 4+4+1 | 12 4 4+4+4
100 4 8 keep epochs=2.5 steps=2 | 8 2 3+3+2 | 8 2 4+4 | 10 2 4+4+2
100 4 8 keep max_steps=7 ratio=0.3 | 7 3 3+3+1 | 7 3 4+3 | 7 3 4+3
24 3 4 keep epochs=3 steps=2 | 6 2 2+2+2 | 6 2 2+2+2 | 6 2 2+2+2
24 3 4 keep epochs=2.5 ratio=0.3 | 5 2 2+2+1 | 5 2 2+2+1 | 5 2 2+2+1
24 3 4 keep max_steps=7 steps=2 | 7 2 2+2+2+1 | 7 2 2+2+2+1 | 7 2 2+2+2+1
7 1 1 keep epochs=3 ratio=0.3 | 21 7 7+7+7 | 21 7 7+7+7 | 21 7 7+7+7
7 1 1 keep epochs=2.5 steps=2 | 18 2 7+7+4 | 18 2 7+7+4 | 18 2 7+7+4
7 1 1 keep max_steps=7 ratio=0.3 | 7 3 7 | 7 3 7 | 7 3 7
38 3 5 drop epochs=3 steps=2 | 6 2 2+2+2 | 6 2 3+3 | 9 2 3+3+3
38 3 5 drop epochs=2.5 ratio=0.3 | 5 2 2+2+1 | 5 2 3+2 | 8 3 3+3+2
38 3 5 drop max_steps=7 steps=2 | 7 2 2+2+3 | 7 2 3+3+1 | 7 2 3+3+1
"""


def read(text: str, **fields: Any) -> RunSpec:
    return read_run(text, Fields(fields))


@pytest.mark.parametrize(("version", "column"), [("4.44.2", 1), ("4.50", 2), ("5.23.0", 3)])
def test_counts_of_real_runs(version: str, column: int) -> None:
    rows = MEASURED.strip().splitlines()
    for row in rows:
        cells = [cell.split() for cell in row.split("|")]
        samples, batch, accumulation, last, length, warmup = cells[0]
        arguments = (
            f"per_device_train_batch_size={batch}, gradient_accumulation_steps={accumulation}, "
            f"dataloader_drop_last={last == 'drop'}, warmup_{warmup}, {length.replace('epochs', 'num_train_epochs')}"
        )
        spec = read(f"TrainingArguments({arguments})", dataset_size=samples, transformers=version)
        loop, call = spec.loop, spec.scheduler
        in_epoch = Counter(int(loop.epoch_of(update)) for update in range(loop.updates))
        shown = "+".join(str(in_epoch[epoch]) for epoch in range(max(in_epoch) + 1))
        found = [str(loop.updates), str(call.get("num_warmup_steps")), shown]  # type: ignore[union-attr]
        assert found == cells[column], row
        assert call.get("num_training_steps") == loop.updates  # type: ignore[union-attr]
    assert len(rows) == 27


@pytest.mark.parametrize(
    ("arguments", "version", "expected"),
    [
        ("warmup_steps=10", "4.44", 10),
        ("warmup_ratio=0.03", "4.44", 3),
        ("warmup_steps=10, warmup_ratio=0.03", "4.44", 10),
        ("warmup_steps=0, warmup_ratio=0.031", "4.44", 4),
        ("warmup_steps=0.031", "5.0", 4),
        ("warmup_steps=12.9", "5.0", 12),
        ("warmup_steps=10, warmup_ratio=0.03", "5.0", 3),
        ("warmup_steps=10, warmup_ratio=0.0", "5.14", 0),
        ("warmup_steps=10, warmup_ratio=0.0", "5.15", 10),
        ("warmup_ratio=0.031", "5.23", 4),
        ("warmup_ratio=0", "5.23", 0),
        ("", "5.23", 0),
        ("warmup_steps=0.07", "6.1", 8),  # 7.000000000000001 rounded up, as transformers rounds it
    ],
)
def test_warmup(arguments: str, version: str, expected: int) -> None:
    spec = read(f"TrainingArguments(max_steps=100, {arguments})", transformers=version)
    assert spec.scheduler.get("num_warmup_steps") == expected  # type: ignore[union-attr]
    assert spec.loop.updates == 100


def test_world_size() -> None:
    cosine = "lr_scheduler_type='cosine', warmup_ratio=0.03, per_device_train_batch_size=8"
    spec = read(
        f"TrainingArguments(learning_rate=2e-5, {cosine}, gradient_accumulation_steps=4)",
        dataset_size="52002",
        world_size="8",
    )
    assert str(spec.scheduler) == "get_cosine_schedule_with_warmup(num_warmup_steps=19, num_training_steps=612)"
    assert (spec.loop.updates, spec.loop.steps_per_epoch, spec.loop.scheduler_steps) == (612, 813, 612)
    assert spec.read == (
        "AdamW lr 2e-5", "3 epochs", "813 batches an epoch on each of 8 devices", "an update every 4 batches",
        "warm-up 19 of 612 updates", "transformers 5.23",
    )  # fmt: skip
    assert spec.read_from == "TrainingArguments"
    assert spec.assumed == ()
    split = "accelerator_config={'split_batches': True}"
    assert read(f"TrainingArguments({cosine}, {split})", dataset_size=100, world_size=4).loop.steps_per_epoch == 13
    split = "accelerator_config=AcceleratorConfig(split_batches=True)"
    assert read(f"TrainingArguments({cosine}, {split})", dataset_size=100, world_size=4).loop.steps_per_epoch == 13
    spec = read("TrainingArguments()", dataset_size=100, world_size=4, split_batches="true")
    assert (spec.loop.steps_per_epoch, spec.loop.scheduler_steps) == (13, 39)


def test_defaults() -> None:
    spec = read("TrainingArguments('out')", dataset_size=100)
    assert (spec.groups[0].lr, spec.loop.epochs, spec.loop.steps_per_epoch) == (5e-5, 3, 13)
    assert str(spec.scheduler) == "get_linear_schedule_with_warmup(num_warmup_steps=0, num_training_steps=39)"
    assert spec.optimizer.name == "AdamW"
    assert read("SFTConfig(max_steps=9)").groups[0].lr == 2e-5
    assert read("trl.DPOConfig(max_steps=9)").notes == (
        "the learning rate of 1e-6 is the default of `DPOConfig` in TRL 1.16",
    )
    assert read("transformers.Seq2SeqTrainingArguments(max_steps=9)").groups[0].lr == 5e-5
    assert set(trainer._RATES) == set(TRAINER_CONFIGS)


@pytest.mark.parametrize(
    ("optim", "expected", "note"),
    [
        ("adamw_torch_fused", "AdamW", ""),
        ("sgd", "SGD", ""),
        ("rmsprop", "RMSprop", ""),
        ("lion_32bit", "AdamW", "`optim='lion_32bit'` is not an optimizer of the installed torch"),
        ("adamw_torc", "AdamW", "`optim='adamw_torc'` is not known (did you mean `adamw_torch`?): its rate is used"),
        ("schedule_free_adamw", "AdamW", "the rate that it uses is not the one drawn"),
    ],
)
def test_optimizers(optim: str, expected: str, note: str) -> None:
    spec = read(f"TrainingArguments(max_steps=9, optim={optim!r})")
    assert spec.optimizer.name == expected
    assert note in "".join(spec.notes)
    assert bool(note) == bool(spec.notes)


def test_schedules() -> None:
    kinds = {
        "linear": "get_linear_schedule_with_warmup(num_warmup_steps=2, num_training_steps=9)",
        "constant": "get_constant_schedule()",
        "constant_with_warmup": "get_constant_schedule_with_warmup(num_warmup_steps=2)",
        "inverse_sqrt": "get_inverse_sqrt_schedule(num_warmup_steps=2)",
    }
    for kind, expected in kinds.items():
        assert str(read(f"TrainingArguments(max_steps=9, warmup_steps=2, lr_scheduler_type='{kind}')").scheduler) == (
            expected
        )
    floor = "lr_scheduler_type='cosine_with_min_lr', lr_scheduler_kwargs={'min_lr': 1e-6}"
    assert "min_lr=1e-6" in str(read(f"TrainingArguments(max_steps=9, {floor})").scheduler)
    plateau = "lr_scheduler_type='reduce_lr_on_plateau', eval_strategy='epoch'"
    spec = read(f"TrainingArguments({plateau})", dataset_size=80, metric="0.9,0.8,0.8")
    assert (spec.loop.interval, spec.loop.scheduler_calls) == ("epoch", 3)
    ignored = read("TrainingArguments(max_steps=9, lr_scheduler_type='constant', lr_scheduler_kwargs={'a': 1})")
    assert ignored.notes == ("transformers ignores `lr_scheduler_kwargs` for `constant`",)
    assert read("TrainingArguments(max_steps=9, lr_scheduler_type='constant', warmup_steps=2)").notes == (
        "`lr_scheduler_type='constant'` has no warm-up: with `constant_with_warmup` it has one",
    )


NOTES = {
    "max_steps=9, optim=transformers.OptimizerNames.LION_8BIT": "`optim='lion_8bit'` is not an optimizer of",
    "per_gpu_train_batch_size=4, max_steps=9, deepspeed='ds.json'": "the DeepSpeed configuration is not read",
    "max_steps=9, auto_find_batch_size=True": "`auto_find_batch_size` may make the batches smaller",
    "max_steps=9, packing=True": "with `packing` the dataset has fewer samples",
}


def test_notes() -> None:
    for arguments, note in NOTES.items():
        assert note in "".join(read(f"SFTConfig(learning_rate=1e-4, {arguments})").notes)


def test_more_updates_than_shown_in_an_epoch() -> None:
    text = "TrainingArguments(per_device_train_batch_size=3, gradient_accumulation_steps=4)"
    spec = read(text, dataset_size=9, transformers="4.44")
    assert spec.loop.updates == 3
    assert spec.notes == (
        "transformers 4.44 makes one update more in some epochs, for they have 3 batches and an update takes 4: the "
        "run ends in an earlier epoch than shown",
    )


def test_difference_between_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "installed_version", lambda: "5.23.0")
    text = "TrainingArguments(gradient_accumulation_steps=4, warmup_ratio=0.1)"
    spec = read(text, dataset_size=1000, transformers="4.44")
    assert spec.notes == (
        "transformers 4.44 makes 93 updates with a warm-up of 10; 5.23.0, which is installed, makes 96 updates with a "
        "warm-up of 10",
    )
    assert spec.loop.accum_remainder == "carry"
    assert read(text, dataset_size=1000).notes == (
        "transformers 5.23 has no `warmup_ratio`: it is drawn as warmup_steps=0.1",
    )
    monkeypatch.setattr(trainer, "installed_version", lambda: "4.50.3")
    assert read(text, dataset_size=1000).read[-1] == "transformers 4.50"
    monkeypatch.setattr(trainer, "installed_version", lambda: "7.0.0")  # newer than any that was compared
    assert read(text, dataset_size=1000).read[-1] == "transformers 5.23"


def test_fields_win_over_arguments() -> None:
    text = "TrainingArguments(learning_rate=2e-5, num_train_epochs=3, max_steps=50, optim='sgd')"
    spec = read(text, epochs="2.5", dataset_size="100", batch_size="10", grad_accum="3", lr="a=1e-4,b=1e-3")
    assert (spec.loop.updates, spec.loop.steps_per_epoch, spec.loop.grad_accum) == (10, 10, 3)
    assert [(group.name, group.lr) for group in spec.groups] == [("a", 1e-4), ("b", 1e-3)]
    assert spec.notes == (
        "`learning_rate` is 2e-5; `--lr a=1e-4,b=1e-3` is used",
        "`num_train_epochs` is 3; `--epochs 2.5` is used",
    )
    assert read(text, max_steps=20).loop.updates == 20
    assert read(text, steps=30).loop.updates == 30
    spec = read(text, steps_per_epoch=7, epochs=2, optimizer="Adam", drop_last="true")
    assert (spec.loop.updates, spec.optimizer.name) == (14, "Adam")
    (spec,) = read_runs([f"{text} @ dataset_size=33, max_steps=4, world_size=2"], Fields({"transformers": "5.0"}))
    assert spec.loop.updates == 4


WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    (
        "TrainingArguments()",
        {},
        "`TrainingArguments` does not say how many samples the dataset has, and the updates follow from it",
        "add --dataset-size N, and --world-size N if several devices share them",
    ),
    (
        "TrainingArguments(learning_rte=1)", {},
        "`TrainingArguments` has no `learning_rte`", "did you mean `learning_rate`?",
    ),
    (
        "TrainingArguments(lr_scheduler_type='cosin')", {},
        "`TrainingArguments`: unknown `lr_scheduler_type` `cosin`", "did you mean `cosine`? use linear, cosine,",
    ),
    (
        "TrainingArguments(max_steps=9, warmup_steps=5, warmup_ratio=0.1)", {"transformers": "5.23"},
        "`TrainingArguments`: `warmup_steps` and `warmup_ratio` both give the warm-up",
        "leave one of them out; transformers 4 uses `warmup_steps`, which is 5",
    ),
    (
        "TrainingArguments(max_steps=9, warmup_ratio=5)", {"transformers": "4.50"},
        "`TrainingArguments`: `warmup_ratio` must be at most 1, got 5", "write warmup_steps=5",
    ),
    (
        "TrainingArguments(max_steps=9, warmup_steps=0.1)", {"transformers": "4.50"},
        "`TrainingArguments`: `warmup_steps` must be a whole number in transformers 4.50, got 0.1",
        "write warmup_ratio=0.1",
    ),
    (
        "TrainingArguments(max_steps=9, warmup_steps=-1)", {},
        "`TrainingArguments`: `warmup_steps` must be 0 or more, got -1", "",
    ),
    (
        "TrainingArguments(max_steps=9, learning_rate='fast')", {},
        "`TrainingArguments`: `learning_rate` must be a number, got 'fast'", "",
    ),
    (
        f"TrainingArguments(max_steps=9, learning_rate={'9' * 400})", {},
        f"`TrainingArguments`: `learning_rate` must be a number, got {'9' * 29}...{'9' * 28}", "",
    ),
    (
        "TrainingArguments(max_steps=9.5)", {}, "`TrainingArguments`: `max_steps` must be a whole number, got 9.5", "",
    ),
    (
        "TrainingArguments(per_device_train_batch_size=0)", {},
        "`TrainingArguments`: `per_device_train_batch_size` must be 1 or more, got 0", "",
    ),
    (
        "TrainingArguments(dataloader_drop_last='yes')", {},
        "`TrainingArguments`: `dataloader_drop_last` must be True or False, got 'yes'", "",
    ),
    (
        "n = []\nfor i in range(60):\n    n = [n, n]\nTrainingArguments(learning_rate=n)", {},
        "the value of `learning_rate` is not one that a Trainer takes", "",
    ),
    (
        "n = {}\nfor i in range(60):\n    n = {'a': n, 'b': n}\nTrainingArguments(lr_scheduler_kwargs=n)", {},
        "the value of `lr_scheduler_kwargs` is not one that a Trainer takes", "",
    ),
    ("TrainingArguments(optim=3)", {}, "`TrainingArguments`: `optim` must be text, got 3", ""),
    (
        "TrainingArguments(lr_scheduler_kwargs=3)", {},
        "`TrainingArguments`: `lr_scheduler_kwargs` must be a dictionary such as {'num_cycles': 2}, got 3", "",
    ),
    (
        "TrainingArguments(max_steps=9, lr_scheduler_kwargs={'num_training_steps': 3})", {},
        "`TrainingArguments`: `num_training_steps` in `lr_scheduler_kwargs` is given by the Trainer too",
        "leave it out of `lr_scheduler_kwargs`",
    ),
    (
        "TrainingArguments(num_train_epochs=0)", {},
        "`TrainingArguments`: `num_train_epochs` must be above 0, got 0", "such as num_train_epochs=3, or `max_steps`",
    ),
    (
        "TrainingArguments(max_steps=9, learning_rate=-2e-5)", {},
        "`TrainingArguments`: `learning_rate` must be above 0, got -2e-5", "such as learning_rate=2e-5",
    ),
    (
        "TrainingArguments(num_train_epochs=1e308)", {"dataset_size": 100},
        "1e+308 epochs of 13 updates are over 100,000,000 of them",
        "a shorter run has the same shape: make the dataset smaller",
    ),
    (
        "TrainingArguments(max_steps=0)", {"dataset_size": 9},
        "transformers 5.23 ends a run with `max_steps=0` after its first update",
        "leave out `max_steps`, or write max_steps=-1 for a run by epochs",
    ),
    (
        "TrainingArguments(dataloader_drop_last=True)", {"dataset_size": 9, "world_size": 2},
        "9 samples make no full batch of 16, and `dataloader_drop_last` leaves out the rest",
        "leave out `dataloader_drop_last`, or make the batches smaller",
    ),
    (
        "TrainingArguments(per_device_train_batch_size=3, gradient_accumulation_steps=4)",
        {"dataset_size": 9, "transformers": "4.50"},
        "transformers 4.50 makes no update in this run: an epoch has 3 batches, of which it reads 1, and an update "
        "takes 4",
        "make `gradient_accumulation_steps` smaller, or use transformers 4.52 or newer",
    ),
    (
        "GRPOConfig(num_generations=8)", {"dataset_size": 9},
        "the trainer of `GRPOConfig` repeats samples, so its epochs are not counted",
        "give its updates with `max_steps`, or the batches of an epoch with `--steps-per-epoch`",
    ),
    (
        "TrainingArguments(max_steps=9, lr_scheduler_type='greedy', eval_strategy='steps')", {},
        "`greedy` steps after each evaluation, which is drawn for `eval_strategy='epoch'`, got 'steps'",
        "write eval_strategy='epoch', or draw `plateau` with `--interval`",
    ),
    (
        "TrainingArguments('out', 8)", {},
        "`TrainingArguments` takes its arguments by name, after the folder of its output, got 2 without one",
        "such as `TrainingArguments('out', learning_rate=2e-5)`",
    ),
    (
        "TrainingArguments(**config)", {},
        "the script needs 2 values: `config` (line 1, keywords), `the size of the dataset` (line 1, a count)",
        "add --let 'config={}' --dataset-size N",
    ),
    (
        "TrainingArguments(learning_rate=lr)", {},
        "the script needs 2 values: `lr` (line 1, a rate), `the size of the dataset` (line 1, a count)",
        "add --lr 0.1 --dataset-size N",
    ),
    (
        "args: SFTConfig = SFTConfig(num_train_epochs=epochs, lr_scheduler_type=c.lr_type, lr_scheduler_kwargs=c.lr)",
        {}, "the script needs 4 values: `epochs` (line 1, a count), `c.lr_type` (line 1, such as 'cosine'), `c.lr` "
        "(line 1, keywords), `the size of the dataset` (line 1, a count)",
        "add --epochs N --let \"c.lr_type='cosine'\" --let 'c.lr={}' --dataset-size N",
    ),
    (
        "TrainingArguments(num_train_epochs=c.n, learning_rate=c.n, optim=c.optim)", {"epochs": 3, "dataset_size": 9},
        "the script needs 2 values: `c.n` (line 1, a count), `c.optim` (line 1, such as 'adamw_torch')",
        "add --let c.n=10 --let \"c.optim='adamw_torch'\"",
    ),
    (
        "TrainingArguments(max_steps=9, lr_scheduler_type='cosine_with_min_lr')", {},
        "`TrainingArguments`: `cosine_with_min_lr` needs `min_lr_rate` or `min_lr` in `lr_scheduler_kwargs`",
        "such as lr_scheduler_kwargs={'min_lr_rate': 0.1}",
    ),
    (
        "TrainingArguments(max_steps=9, lr_scheduler_type='warmup_stable_decay')", {},
        "`TrainingArguments`: `warmup_stable_decay` needs `num_decay_steps` in `lr_scheduler_kwargs`",
        "such as lr_scheduler_kwargs={'num_decay_steps': 100}",
    ),
    ("TrainingArguments(max_steps=total_steps)", {}, "unknown name `total_steps`", "add --max-steps N"),
    (
        "TrainingArguments(max_steps=9)", {"num_processes": 2},
        "`--num-processes` is not for `TrainingArguments`",
        "the Trainer steps its scheduler once an update; `--world-size` gives the devices",
    ),
    (
        "TrainingArguments(max_steps=9)", {"warmup": "5%"},
        "`--warmup` is not for `TrainingArguments`", "give `warmup_steps` to the Trainer",
    ),
    (
        "TrainingArguments(max_steps=9)", {"interval": "epoch"},
        "`--interval` is not for `TrainingArguments`", "the Trainer steps its scheduler after each update",
    ),
    (
        "TrainingArguments()", {"steps_per_epoch": 9, "dataset_size": 9},
        "`--steps-per-epoch` and `--dataset-size` both give the length of an epoch", "leave one of them out",
    ),
    (
        "TrainingArguments(max_steps=9)", {"transformers": "new"},
        "`--transformers` must be a version, got `new`", "such as `--transformers 4.44`",
    ),
    (
        "TrainingArguments(max_steps=9)", {"transformers": "3.5"},
        "`--transformers` must be 4.0 or newer, got `3.5`", "",
    ),
    (
        "cosine", {"world_size": 2},
        "`--world-size` is for the arguments of a Trainer, got `cosine`",
        "`--num-processes` is for schedulers under Accelerate",
    ),
    ("cosine", {"transformers": "4.44"}, "`--transformers` is for the arguments of a Trainer, got `cosine`", ""),
    ("cosine", {"dataset_size": 9}, "`dataset_size` needs `batch_size` too", ""),
]  # fmt: skip


def test_wrong_input() -> None:
    for text, fields, message, hint in WRONG:
        with pytest.raises(LrvizError) as raised:
            read(text, **fields)
        assert raised.value.message == message, text
        assert raised.value.hint.startswith(hint), text


@pytest.mark.parametrize(
    ("text", "fields", "same"),
    [
        (
            "learning_rate=lr, num_train_epochs=epochs",
            {"lr": 0.1, "epochs": 2},
            "learning_rate=0.1, num_train_epochs=2",
        ),
        ("max_steps=total_steps", {"max_steps": 9, "dataset_size": None}, "max_steps=9"),
        ("num_train_epochs=c.epochs", {"epochs": 2}, "num_train_epochs=2"),
    ],
)
def test_options_answer_for_arguments(text: str, fields: dict[str, Any], same: str) -> None:
    given = {"dataset_size": 90} | fields
    kept = {"dataset_size": given["dataset_size"]}
    assert read(f"TrainingArguments({text})", **given) == read(f"TrainingArguments({same})", **kept)


def test_missing_numbers_are_named() -> None:
    with pytest.raises(MissingValuesError) as raised:
        read("TrainingArguments(learning_rate=lr)")
    assert [(m.text, m.field, m.option("5")) for m in raised.value.missing] == [
        ("lr", "lr", "--lr 5"),
        ("the size of the dataset", "dataset_size", "--dataset-size 5"),
    ]
    arguments = read_arguments({"warmup_steps": 3}, where="recipe.yaml")
    assert missing(arguments) == ("dataset_size",)
    assert missing(arguments, {"steps_per_epoch": 9}) == ()
    assert missing(read_arguments({"max_steps": 9}, where="recipe.yaml")) == ()
    with pytest.raises(SpecError, match="follows from the size of the dataset"):
        trainer_run(arguments)


def test_reading_of_arguments() -> None:
    """Values that have no effect are left out, and None is the default."""
    values = {"output_dir": "out", "evaluation_strategy": "epoch", "learning_rate": None, "eval_steps": 3, "seed": [1]}
    assert read_arguments(values, where="recipe.yaml") == TrainerArguments("recipe.yaml", eval_strategy="epoch")
    assert read_arguments(dict.fromkeys(TRAINER_ARGUMENTS), where="recipe.yaml") == TrainerArguments("recipe.yaml")
    assert read_version("4.44.2") == (4, 44)
    assert read_version("5.23.0.dev0") == (5, 23)
    assert read_version("5") == (5, 0)
    for text in ("", "4,44", "x4", "4.12345", "-1"):
        with pytest.raises(UsageError, match="must be a version"):
            read_version(text)


SCRIPT = """
from transformers import Trainer, SchedulerType
from trl import SFTConfig, SFTTrainer
import torch

def main():
    batch = 4
    arguments = SFTConfig(
        "out",
        per_device_train_batch_size=batch * 2,
        learning_rate=2e-4,
        lr_scheduler_type=SchedulerType.COSINE,
        warmup_steps=3,
        bf16=torch.cuda.is_bf16_supported(),
    )
    arguments.warmup_steps = 5
    trainer = SFTTrainer("model", train_dataset=data.select(range(1000)), args=arguments)
    trainer.train()

if __name__ == "__main__":
    main()
"""


def test_script(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SCRIPT, encoding="utf-8")
    spec = read_run("train.py", Fields({}, folder=tmp_path))
    assert str(spec.scheduler) == "get_cosine_schedule_with_warmup(num_warmup_steps=5, num_training_steps=375)"
    assert (spec.place, spec.read_from, spec.loop.steps_per_epoch) == ("train.py:7", "SFTConfig", 125)
    assert ("learning_rate", "2e-4", "line 10") in spec.explained
    assert ("updates", "375", "transformers 5.23") in spec.explained
    spec = read_run("train.py", Fields({"dataset_size": 80, "world_size": 2}, folder=tmp_path))
    assert spec.loop.updates == 15
    from lrviz.spec import script_rows

    assert script_rows("train.py", Fields({}, folder=tmp_path)) == [("arguments", "7", "SFTConfig", "-")]


def test_scheduler_of_a_script_in_a_trainer() -> None:
    text = """
optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=10)
args = TrainingArguments("out", num_train_epochs=2, lr_scheduler_type="cosine")
trainer = Trainer(model, args, train_dataset=data, optimizers=(optimizer, scheduler))
"""
    spec = read(text, dataset_size=100)
    assert str(spec.scheduler) == "StepLR(step_size=10)"
    assert (spec.loop.updates, spec.groups[0].lr, spec.optimizer.name) == (26, 0.5, "SGD")


def test_optimizers_of_a_trainer() -> None:
    start = "from transformers import Trainer, TrainingArguments\n"
    args = "args = TrainingArguments('out', max_steps=9, learning_rate=1e-4)\n"
    optimizer = "optimizer = torch.optim.SGD(model.parameters(), lr=0.5)\n"
    text = f"{start}{args}{optimizer}Trainer(model, args, optimizers=(optimizer, None))"
    spec = read(text)
    assert (spec.groups[0].lr, spec.optimizer.name, spec.loop.updates) == (0.5, "SGD", 9)
    assert read(text, lr=0.25).groups[0].lr == 0.25
    spec = read(f"{start}{args}Trainer(model, args, optimizers=(make(model), None))")
    assert spec.notes == ("the optimizer of the trainer is not known: the rate is that of its arguments",)
    with pytest.raises(LrvizError, match="the scheduler that the trainer is given is not known"):
        read(f"{start}{args}Trainer(model, args, optimizers=make(model))")
    with pytest.raises(LrvizError, match="the scheduler that the trainer is given is not known"):
        read(f"{start}{args}{optimizer}Trainer(model, args, optimizers=(optimizer, make(optimizer)))")
    method = "class Mine(Trainer):\n    def create_scheduler(self, num_training_steps, optimizer=None):\n        "
    with pytest.raises(LrvizError, match="the trainer has a method for its scheduler, and it is not known"):
        read(f"{start}{args}{method}self.lr_scheduler = make(self.optimizer)\nMine(model, args)")
    step = "from torch.optim.lr_scheduler import StepLR\n"
    spec = read(f"{start}{step}{args}{method}self.lr_scheduler = StepLR(self.optimizer, 4)\nMine(model, args)")
    assert (str(spec.scheduler), spec.groups[0].lr) == ("StepLR(step_size=4)", 1e-4)
    method = method.replace("create_scheduler", "create_optimizer")
    spec = read(f"{start}{args}{method}self.optimizer = make(self.model)\nMine(model, args)")
    assert spec.notes == ("`create_optimizer` of the trainer is not read: the rate is that of its arguments",)
    spec = read(f"{start}{step}{args}{optimizer}scheduler = StepLR(optimizer, 4)\nTrainer(model, args)")
    assert "get_linear_schedule_with_warmup" in str(spec.scheduler)
    assert spec.notes == ("the scheduler on line 5 is not given to the trainer, and is not drawn",)


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        ("max_steps=9, num_train_epochs=args.epochs, learning_rate=1e-4", ""),
        ("max_steps=9, eval_strategy='epoch' if data else 'no'", ""),
        ("max_steps=9, lr_scheduler_type='greedy', eval_strategy='epoch' if data else 'no'", "--let \"data='epoch'\""),
        ("max_steps=9, optim=OptimizerNames.ADAMW_TORCH_FUSED", ""),
        (
            "max_steps=9, lr_scheduler_type='cosine_with_min_lr', lr_scheduler_kwargs={'min_lr': cfg.lr / 10}",
            "--let cfg.lr=0.1",
        ),
        ("lr_scheduler_kwargs=extra, max_steps=9", "--let 'extra={}'"),
        ("max_steps=total_steps", "--max-steps N"),
        ("warmup_steps=total_steps // 10", "--max-steps N --dataset-size N"),
    ],
)
def test_no_more_is_asked_for_than_decides_the_rates(arguments: str, asked: str) -> None:
    text = f"model = build()\nargs = TrainingArguments('out', {arguments})"
    if not asked:
        assert read(text).loop.updates == 9
        return
    with pytest.raises(LrvizError) as raised:
        read(text)
    assert raised.value.hint == f"add {asked}"


def test_names_that_the_trainer_does_not_have() -> None:
    with pytest.raises(LrvizError) as raised:
        read("TrainingArguments('out', lr_scheduler='cosine', max_steps=9)")
    assert raised.value.message == "`TrainingArguments` has no `lr_scheduler`"
    assert raised.value.hint == "did you mean `lr_scheduler_type`?"
    assert read("MyTrainingArguments('out', batch_size=4, max_steps=9)").loop.updates == 9  # may be of the subclass


def test_the_number_of_updates_of_a_script() -> None:
    text = "model = build()\nargs = TrainingArguments('out', warmup_steps=total_steps // 10)"
    spec = read(text, max_steps=40)
    assert str(spec.scheduler) == "get_linear_schedule_with_warmup(num_warmup_steps=4, num_training_steps=40)"


def test_arguments_of_other_programs() -> None:
    data = "data = DataTrainingArguments(task='mnli', max_length=128)\n"
    assert read(f"{data}args = TrainingArguments('out', max_steps=9)").loop.updates == 9
    with pytest.raises(LrvizError, match="`DataTrainingArguments` does not say how many samples"):
        read(f"task = 1\n{data}")


def test_subclass_and_methods() -> None:
    text = """
from dataclasses import dataclass, field
@dataclass
class Arguments(transformers.TrainingArguments):
    optim: str = field(default="sgd")
    length: int = 512

args = Arguments(output_dir="out", learning_rate=1e-4, max_steps=20)
args.learning_rate *= 2

class Mine(transformers.Trainer):
    pass

Mine(model=model, args=args).train()
"""
    spec = read(text)
    assert (spec.groups[0].lr, spec.optimizer.name, spec.loop.updates) == (2e-4, "SGD", 20)
    changed = "k = {'num_cycles': 2}\nif lora:\n    k.pop('num_cycles')\n"
    with pytest.raises(MissingValuesError, match="unknown name `lora`"):
        read(f"{changed}TrainingArguments(max_steps=9, lr_scheduler_kwargs=k)")
    with pytest.raises(LrvizError, match="`set_lr_scheduler` is not followed"):
        read("args = TrainingArguments('out', max_steps=9)\nargs = args.set_lr_scheduler('cosine')")
    with pytest.raises(LrvizError, match="the arguments of the Trainer are those of the script's command line"):
        read("from own import Args\nargs, = HfArgumentParser(Args).parse_args_into_dataclasses()\nTrainer(model, args)")


PARSED = """
import os, sys
from dataclasses import dataclass, field
from transformers import HfArgumentParser, Trainer, TrainingArguments
from trl import ModelConfig, SFTConfig, SFTTrainer, TrlParser

@dataclass
class ModelArguments:
    name: str
    cache: str = field(default=None)

@dataclass
class Own(TrainingArguments):
    optim: str = field(default="sgd")
    learning_rate: float = 1e-4

def main():
    parser = PARSER
    if len(sys.argv) == 2 and sys.argv[1].endswith(".json"):
        model_args, args = parser.parse_json_file(json_file=os.path.abspath(sys.argv[1]))
    else:
        model_args, args = PARSE
    args.remove_unused_columns = False
    Trainer(model=build(model_args.name), args=args, train_dataset=load(model_args)).train()

main()
"""


def test_the_command_line_of_a_script() -> None:
    settings = {"learning_rate": 3e-5, "num_train_epochs": 1, "cache": "there", "seed": 3}
    plain = "parser.parse_args_into_dataclasses()"
    for parser, parse, name, optimizer, lr in (
        ("HfArgumentParser((ModelArguments, Own))", plain, "TrainingArguments", "SGD", 1e-4),
        ("HfArgumentParser((ModelArguments, TrainingArguments))", plain, "TrainingArguments", "AdamW", 5e-5),
        ("HfArgumentParser(dataclass_types=[ModelArguments, Own])", plain, "TrainingArguments", "SGD", 1e-4),
        (
            "HfArgumentParser((ModelArguments, Own))",
            "parser.parse_args_into_dataclasses(return_remaining_strings=True)[:2]", "TrainingArguments", "SGD", 1e-4,
        ),
        ("TrlParser((ModelConfig, SFTConfig))", "parser.parse_args_and_config()", "SFTConfig", "AdamW", 2e-5),
    ):  # fmt: skip
        text = PARSED.replace("PARSER", parser).replace("PARSE", parse)
        spec = read(text, dataset_size=100)
        assert (spec.read_from, spec.optimizer.name, spec.groups[0].lr, spec.loop.updates) == (name, optimizer, lr, 39)
        assert spec.notes[0] == (
            f"the command line of the script is not known: `{name}` has its defaults; "
            "`--config FILE` gives other values"
        )
        assert read(text, dataset_size=100, lr=0.5).groups[0].lr == 0.5
        (spec,) = read_all(text, Fields({"dataset_size": 100}, settings=settings))
        assert (spec.optimizer.name, spec.groups[0].lr, spec.loop.updates, spec.notes) == (optimizer, 3e-5, 13, ())
    with pytest.raises(LrvizError, match="does not say how many samples the dataset has"):
        read(PARSED.replace("PARSER", "HfArgumentParser((ModelArguments, Own))").replace("PARSE", plain))


def test_several_trainers() -> None:
    text = "a = TrainingArguments('a', max_steps=9)\nb = TrainingArguments('b', max_steps=8)\n"
    runs = read_all(text, Fields({}))
    assert [(run.label, run.loop.updates) for run in runs] == [("a", 9), ("b", 8)]
    assert read(f"{text}Trainer(model, b)").loop.updates == 8
    assert read("Trainer(model, args=TrainingArguments('a', max_steps=7)).train()").loop.updates == 7


def test_presets_and_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "sft.toml"
    path.write_text(
        '[[figure]]\nname = "a"\ndataset_size = 100\nworld_size = 2\ntransformers = "4.44"\n'
        "[[figure.curve]]\nscheduler = \"TrainingArguments(lr_scheduler_type={'linear','cosine'})\"\n",
        encoding="utf-8",
    )
    (figure,) = load_preset(path).figures
    assert [run.loop.updates for run in figure.runs] == [21, 21]
    monkeypatch.setattr("lrviz.api._simulate", lambda spec: spec)
    spec: Any = lrviz.simulate("TrainingArguments(warmup_steps=2)", dataset_size=100, world_size=2, transformers="4.44")
    assert (spec.loop.updates, spec.read[-1]) == (21, "transformers 4.44")
    given: dict[str, Any] = {"world_size": 2, "transformers": "4.44"}
    for name, value in given.items():
        with pytest.raises(SpecError, match=f"`{name}` is for the arguments of a Trainer"):
            lrviz.simulate(lambda optimizer: optimizer, **{name: value})


def test_a_warm_up_without_end_is_written_as_it_was_given() -> None:
    for version in ("4.50", "5.23"):
        run = trainer_run(read_arguments({"max_steps": 9, "warmup_steps": 1e308}, where="x"), version=version)
        assert str(run.call).endswith("(num_warmup_steps=1e308, num_training_steps=9)")
