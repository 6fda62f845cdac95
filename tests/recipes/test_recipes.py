"""Config files are schedules: what their frameworks run with them, and what is said of it; and files that are none."""

from __future__ import annotations

import json
import math
import os
import sys
from pathlib import Path
from typing import Any

import pytest

import lrviz
from lrviz import simulation
from lrviz.cli import main
from lrviz.errors import LrvizError
from lrviz.presets import load_preset
from lrviz.spec import Fields, is_recipe, read_run, read_runs, read_values
from lrviz.spec.recipes import deepspeed
from lrviz.spec.recipes.config import Config
from tests.recipes.expected import AXOLOTL, FOLDER, HF, NANO, PLAIN, TITAN, TRAINER, TUNE, Expected

Capture = pytest.CaptureFixture[str]


def fields_of(row: Expected) -> Fields:
    settings = read_values(str(FOLDER / row.config), "--config") if row.config else None
    return Fields(row.fields, settings=settings)


@pytest.mark.parametrize("row", PLAIN, ids=[row.file for row in PLAIN])
def test_the_run_of_a_file_is_that_of_its_framework(row: Expected) -> None:
    run = read_run(row.path, fields_of(row))
    rates = simulation.simulate(run).lr[:, 0].tolist()
    assert (len(rates), rates.index(max(rates)), max(rates)) == (row.updates, row.peak_at, row.peak)
    assert {step: rates[step] for step in row.rates} == row.rates
    assert str(run.scheduler) == row.schedule
    assert run.label == Path(row.file).stem


@pytest.mark.parametrize("row", TRAINER, ids=[row.file for row in TRAINER])
def test_the_arguments_of_a_trainer_are_counted(row: Expected, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lrviz.spec.trainer.installed_version", lambda: "5.23.0")
    run = read_run(row.path, fields_of(row))
    assert (run.loop.updates, run.groups[0].lr, run.optimizer.name) == (row.updates, row.peak, "AdamW")
    assert str(run.scheduler) == row.schedule


def run_of(folder: Path, text: str, name: str = "a.yaml", **fields: Any) -> Any:
    """The run of a file with this text."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    kind, settings = fields.pop("kind", ""), fields.pop("settings", None)
    return read_run(str(path), Fields(fields, kind=kind, settings=settings))


def rates_of(run: Any) -> list[float]:
    return list(simulation.simulate(run).lr[:, 0].tolist())


WARMUP = [2.5e-4, 5e-4, 7.5e-4, 1e-3]
# The whole run by the framework's own code.
WHOLE: dict[str, tuple[str, str, dict[str, Any], list[float]]] = {
    "torchtitan, the decay cut to what the warm-up leaves": (
        TITAN.format(more="decay_ratio = 0.9"), "a.toml", {},
        [*WARMUP, 1e-3, 0.0008333333333333334, 0.0006666666666666668, 0.0005, 0.0003333333333333334,
         0.00016666666666666663],
    ),
    "torchtitan, a square root at the end": (
        TITAN.format(more='decay_ratio = 0.2\ndecay_type = "sqrt"'), "a.toml", {},
        [*WARMUP, *[1e-3] * 5, 0.00029289321881345245],
    ),
    "torchtitan, no decay": (TITAN.format(more="decay_ratio = 0.0"), "a.toml", {}, [*WARMUP, *[1e-3] * 6]),
    "torchtitan, fewer updates than the warm-up": (TITAN.format(more=""), "a.toml", {"steps": 2}, [5e-4, 1e-3]),
    "torchtitan, the schedule of a longer run": (
        TITAN.format(more="total_steps = 14"), "a.toml", {"lr": "2e-3"},
        [5e-4, 1e-3, 1.5e-3, 2e-3, 2e-3, 0.0018000000000000002, 0.0016, 0.0014, 0.0012, 0.001],
    ),
    "nanotron, a constant start": (
        NANO.format(style="constant", more="lr_decay_style: linear, min_decay_lr: 1e-4, lr_decay_starting_step: 4"),
        "a.yaml", {}, [*[1e-3] * 5, 0.0007750000000000001, 0.00055, 0.000325, 1e-4, 1e-4],
    ),
    "nanotron, 1-sqrt": (
        NANO.format(style="linear", more="lr_decay_style: 1-sqrt, min_decay_lr: 0, lr_decay_steps: 4"), "a.yaml", {},
        [0.0, 5e-4, 1e-3, 5e-4, 0.00029289321881345245, 0.0001339745962155614, 0.0, 0.0, 0.0, 0.0],
    ),
    "torchtune, no schedule": (TUNE.format(more="", optimizer="AdamW"), "a.yaml", {"dataset_size": 17}, [1e-3] * 4),
    "torchtune, two devices": (
        TUNE.format(more="", optimizer="x.Lion"), "a.yaml", {"dataset_size": 31, "world_size": 2}, [1e-3] * 4,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "name", "fields", "rates"), WHOLE.values(), ids=WHOLE.keys())
def test_a_whole_run(text: str, name: str, fields: dict[str, Any], rates: list[float], tmp_path: Path) -> None:
    assert rates_of(run_of(tmp_path, text, name, **fields)) == rates


def printed(capsys: Capture, *words: str) -> tuple[str, str]:
    """What a command line prints on stdout and on stderr."""
    capsys.readouterr()
    assert main(list(words)) == 0
    return capsys.readouterr()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a config file and a log, which commands run in."""
    (tmp_path / "run.toml").write_text(TITAN.format(more=""), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


SAID = "from run.toml: torchtitan, AdamW lr 1e-3, 10 updates, warm-up of 4 updates, linear decay over the last 6\n"
NOTE = "note: torchtitan's schedule is written after torchtitan 0.3.0, which is the same since 0.1.0\n"


def test_a_file_stands_where_a_scheduler_stands(folder: Path, capsys: Capture) -> None:
    first, err = printed(capsys, "table", "run.toml", "--format", "csv")
    assert (first.splitlines()[:3], err) == (["step,epoch,lr", "0,0,0.00025", "1,0,0.0005"], SAID + NOTE)
    for words in (
        ["table", "--from", "run.toml"],
        ["table", "--from", "./run.toml", "--from-kind", "torchtitan"],
        ["compare", "--from", "run.toml"],
    ):
        out, _ = printed(capsys, *words, "--format", "csv", "-o", "-")
        assert out == first, words
    _, err = printed(capsys, "show", "run.toml")
    assert SAID in err
    assert printed(capsys, "check", "run.toml")[0].endswith("1 schedule: no findings\n")
    assert printed(capsys, "code", "run.toml", "--only", "scheduler")[0].startswith("def warmup_stable_decay(step):\n")
    out, _ = printed(capsys, "plot", "--from", "run.toml", "--from", "20%", "--to", "8")
    assert out == "run.png\n"
    assert (folder / "run.png").stat().st_size > 1000


def test_a_file_is_simulated_from_python(folder: Path) -> None:
    assert lrviz.simulate("run.toml", steps=5, label="mine").lr[:, 0].tolist() == [*WARMUP, 1e-3]
    trace = lrviz.simulate(str(FOLDER / "torchtune_llama3_lora.yaml"), dataset_size=51760)
    assert (trace.updates, trace.label) == (3235, "torchtune_llama3_lora")
    with pytest.raises(LrvizError, match=r"does not say the number of samples\n\nhint: add dataset_size = 52002$"):
        lrviz.simulate(str(FOLDER / "torchtune_llama3_lora.yaml"))


def test_the_curves_of_files_are_labelled_by_them(folder: Path, capsys: Capture) -> None:
    out, err = printed(capsys, "compare", "run.toml @ lr={1e-3,2e-3}", "cosine", "--format", "csv", "-o", "-")
    assert out.splitlines()[0].split(",")[1::2] == [
        "epoch[run lr=1e-3]",
        "epoch[run lr=2e-3]",
        "epoch[CosineAnnealingLR(T_max=32)]",
    ]
    assert err.count(NOTE) == 1
    assert "note: `optimizer.lr` of `run.toml` is 0.001; `lr = 2e-3` is used\n" in err


def test_a_length_in_epochs_is_for_the_files_that_have_use_for_it(folder: Path, capsys: Capture) -> None:
    (folder / "tune.yaml").write_text(TUNE.format(more="", optimizer="torch.optim.AdamW"), encoding="utf-8")
    out, _ = printed(capsys, "compare", "run.toml", "tune.yaml", "--dataset-size", "17", "--format", "csv", "-o", "-")
    assert [len([row for row in out.splitlines() if row.split(",")[at]]) for at in (2, 4)] == [11, 5]


def test_what_is_given_wins_over_the_file(folder: Path, capsys: Capture) -> None:
    out, err = printed(
        capsys,
        "table",
        "run.toml",
        "--lr",
        "2e-3",
        "--steps",
        "5",
        "--optimizer",
        "sgd",
        "--explain",
        "--format",
        "csv",
    )
    assert out.splitlines()[1:] == ["0,0,0.0005", "1,0,0.001", "2,0,0.0015", "3,0,0.002", "4,0,0.002"]
    assert err == (
        "from run.toml:\n  lr         2e-3  `--lr`\n  steps      5     `--steps`\n  optimizer  sgd   `--optimizer`\n"
        f"{NOTE}"
        "note: `optimizer.lr` of `run.toml` is 0.001; `--lr 2e-3` is used\n"
    )


def test_a_preset_reads_files_of_its_folder_alone(folder: Path, capsys: Capture) -> None:
    preset = '[[figure]]\nname = "a"\n[[figure.curve]]\nscheduler = "{}"\n'
    inside = folder / "inside"
    inside.mkdir()
    (inside / "run.toml").write_text(TITAN.format(more=""), encoding="utf-8")
    (inside / "p.toml").write_text(preset.format("run.toml"), encoding="utf-8")
    assert printed(capsys, "check", "inside/p.toml")[0].endswith("1 schedule: no findings\n")
    (inside / "p.toml").write_text(preset.format("../run.toml"), encoding="utf-8")
    assert main(["check", "inside/p.toml"]) == 2
    assert "the config file `../run.toml` is outside the folder of the preset" in capsys.readouterr().err
    os.mkfifo(inside / "pipe.toml")
    (inside / "p.toml").write_text(preset.format("pipe.toml"), encoding="utf-8")
    assert main(["check", "inside/p.toml"]) == 2  # and does not wait for the pipe
    assert "cannot read `pipe.toml`: it is not a regular file" in capsys.readouterr().err
    assert is_recipe("run.toml")
    assert not is_recipe("inside/p.toml")
    assert not is_recipe("nothing.toml")


def test_a_named_file_that_cannot_be_opened_is_none(folder: Path) -> None:
    text = "learning_rate: 1e-3\nmax_steps: 10\ndeepspeed: "
    os.mkfifo(folder / "pipe.json")
    for path in ("a" * 5000 + ".json", '"a\\0.json"', "pipe.json", "/dev/zero"):
        assert any("is not there to be read" in note for note in run_of(folder, text + path).notes), path


def test_yaml_is_installed_and_not_of_the_current_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "yaml.py").write_text("raise SystemExit('code of the folder')")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "yaml")
    (folder / "a.yaml").write_text("lr: 1")
    assert read_values("a.yaml", "--config") == {"lr": 1}


def test_a_long_list_of_yaml_is_not_read_to_its_end(folder: Path) -> None:
    import yaml

    read = 0
    (folder / "a.yaml").write_text("a: [" + "1," * 90_000 + "1]", encoding="utf-8")
    compose = yaml.SafeLoader.compose_scalar_node

    def counted(*given: Any) -> Any:
        nonlocal read
        read += 1
        return compose(*given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml.SafeLoader, "compose_scalar_node", counted)
        with pytest.raises(LrvizError, match="over 10,000 values"):
            read_values("a.yaml", "--config")
    assert 0 < read < 30_000


def test_json_of_too_many_values_is_not_parsed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "a.json").write_text('{"log_history": [' + "{}," * 3_000_000 + "{}]}", encoding="utf-8")
    monkeypatch.setattr(json, "loads", lambda text: pytest.fail("it is parsed"))
    with pytest.raises(LrvizError, match="over 1,000,000 values"):
        read_run("a.json")


def test_a_file_that_names_deepspeed(folder: Path) -> None:
    text = "learning_rate: 1e-3\nmax_steps: 10\nwarmup_steps: 3\ndeepspeed: {}\n"
    named = json.loads((FOLDER / "deepspeed_auto.json").read_text(encoding="utf-8"))
    (folder / "ds.json").write_text(json.dumps(named), encoding="utf-8")
    with pytest.raises(LrvizError, match=r"unknown scheduler .*WarmupDecayLR|needs the package"):
        simulation.simulate(run_of(folder, text.format("ds.json")))
    (folder / "ds.json").write_text('{"zero_optimization": {}}', encoding="utf-8")
    run = run_of(folder, text.format("ds.json"))
    assert (str(run.scheduler)[:34], run.notes) == ("get_linear_schedule_with_warmup(nu", ())
    run = run_of(folder, text.format("other.json"))
    assert run.notes == ("`other.json` is not there to be read: if it has a `scheduler`, that one is used",)
    mismatch = json.dumps({"scheduler": {"type": "WarmupLR", "params": {"warmup_num_steps": 4}}})
    with pytest.raises(LrvizError, match=r"`scheduler.params.warmup_num_steps` is 4, .* say 1: transformers refuses"):
        run_of(folder, mismatch, "ds.json", settings={"learning_rate": 1e-3, "max_steps": 10})
    with pytest.raises(LrvizError, match=r"does not fill in `scheduler.params.warmup_type`"):
        run_of(
            folder,
            mismatch.replace("4", '"auto", "warmup_type": "auto"'),
            "ds.json",
            settings={"learning_rate": 1e-3, "max_steps": 10},
        )


def test_a_file_of_deepspeed_without_a_trainer() -> None:
    """What it says of the run, whether DeepSpeed is installed or not."""
    scheduler = {"type": "WarmupLR", "params": {"warmup_max_lr": 0.1, "warmup_num_steps": 5}}
    alone = deepspeed.read(Config({"scheduler": scheduler}, "ds.json", {"steps": "20"}))
    assert (alone.values, alone.notes) == ({"lr": 0.1, "steps": 20, "optimizer": "AdamW"}, [])
    optimizer = {"type": "OneBitAdam", "params": {"lr": 0.2}}
    long = {"type": "WarmupDecayLR", "params": {"total_num_steps": 30}}
    alone = deepspeed.read(Config({"scheduler": long, "optimizer": optimizer}, "ds.json"))
    assert alone.values == {"lr": 0.2, "steps": 30, "optimizer": "AdamW"}
    assert alone.told == ["WarmupDecayLR", "as many updates as the schedule has"]
    assert alone.notes == ["the optimizer `OneBitAdam` is not one of torch: its rate is used, with AdamW"]
    beside = {"learning_rate": 1e-3, "max_steps": 10}
    of_trainer = deepspeed.read(Config({"zero_optimization": {}}, "ds.json", beside=beside))
    assert of_trainer.scheduler.name == "get_linear_schedule_with_warmup"


NOTES: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "packing": (
        f"{HF}packing: true\n", "a.yaml", {"dataset_size": 100},
        "`packing` is true: the number of samples is that after packing",
    ),
    "a split": (
        f"{HF}stage: sft\ntemplate: llama3\nval_size: 0.1\n", "a.yaml", {"dataset_size": 100},
        "`val_size` takes samples from the dataset: the number of samples is that of the rest",
    ),
    "a split, axolotl": (
        f"{AXOLOTL}num_epochs: 1\nval_set_size: 0.05\n", "a.yaml", {"dataset_size": 100},
        "`val_set_size` takes samples from the dataset: the number of samples is that of the rest",
    ),
    "packed samples": (
        TUNE.format(more="dataset: {packed: true}", optimizer="torch.optim.AdamW"), "a.yaml", {"dataset_size": 100},
        "`dataset.packed` is true: the number of samples is that of the packed ones",
    ),
    "another optimizer": (
        TUNE.format(more="", optimizer="bitsandbytes.optim.PagedAdamW8bit"), "a.yaml", {"dataset_size": 100},
        "the optimizer `bitsandbytes.optim.PagedAdamW8bit` is not one of torch: the rates are drawn with SGD",
    ),
    "another optimizer of torchtitan": (
        TITAN.format(more="").replace("lr = 1e-3", 'lr = 1e-3\nname = "Muon2"'), "a.toml", {},
        "the optimizer `Muon2` is not one of torch: the rates are drawn with SGD",
    ),
    "a warm-up that is cut": (
        TITAN.format(more=""), "a.toml", {"steps": 3},
        "the warm-up of 4 updates is cut to the 3 of the run, as torchtitan does",
    ),
    "axolotl's own schedule": (
        f"{AXOLOTL}cosine_min_lr_ratio: 0.1\n", "a.yaml", {"dataset_size": 100},
        "the schedule is one of axolotl, written after axolotl 0.19",
    ),
    "a rate of the next update": (
        '{"max_steps": 2, "log_history": [{"learning_rate": 0.1, "step": 1}, {"learning_rate": 0.0, "step": 2}]}',
        "a.json", {},
        "its last rate is 0: the Trainer logged the rate of the next update, as before transformers 4.51",
    ),
    "a run that was stopped": (
        '{"max_steps": 9, "global_step": 4, "log_history": [{"learning_rate": 0.1, "step": 4}]}', "a.json", {},
        "the run was stopped after 4 of 9 updates; after it the last rate is drawn",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "name", "fields", "note"), NOTES.values(), ids=NOTES.keys())
def test_what_is_said_of_a_file(text: str, name: str, fields: dict[str, Any], note: str, tmp_path: Path) -> None:
    assert note in run_of(tmp_path, text, name, **fields).notes


def test_the_places_of_arguments_in_a_file(tmp_path: Path) -> None:
    text = "[training]\nlearning_rate = 2e-5\nnum_train_epochs = 3\nper_device_train_batch_size = 8\n"
    run = run_of(tmp_path, text, "a.toml", dataset_size=80)
    assert str(run.scheduler) == "get_linear_schedule_with_warmup(num_warmup_steps=0, num_training_steps=30)"
    # The class of the model is that of the CLI, so that its arguments are directly under it.
    text = (
        "fit:\n  trainer: {max_epochs: 3}\n  model:\n    width: 2\n"
        "    scheduler: {class_path: torch.optim.lr_scheduler.StepLR, init_args: {step_size: 1}}\n"
        "    optimizer: {class_path: torch.optim.AdamW, init_args: {lr: 0.25}}\n"
    )
    run = run_of(tmp_path, text, "a.yaml", interval="epoch", steps_per_epoch=4)
    assert (str(run.scheduler), run.groups[0].lr, run.loop.epochs) == ("StepLR(step_size=1)", 0.25, 3)


def test_names_of_a_script_whose_values_do_not_matter(tmp_path: Path) -> None:
    text = "learning_rate: 1e-4\nlr_scheduler_type: linear\nepochs: 3\nmax_steps: 9\nbatch_size: 4\n"
    run = run_of(tmp_path, text, "a.yaml", batch_size=2)
    assert (run.loop.updates, run.notes) == (9, ())


def test_one_update_is_told_in_the_singular(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"max_steps": 1, "num_train_epochs": 1, "log_history": [{"learning_rate": 0.1, "step": 1}]}')
    assert " 1 update, 1 epoch\n" in printed(capsys, "table", str(path), "--format", "csv")[1]


def test_a_log_is_drawn_as_what_was_logged(tmp_path: Path) -> None:
    path = FOLDER / "trainer_state.json"
    logged = {
        e["step"] - 1: e["learning_rate"] for e in json.loads(path.read_text())["log_history"] if "learning_rate" in e
    }
    run = read_run(str(path))
    rates = rates_of(run)
    assert {step: rates[step] for step in logged} == logged == {4: rates[0], 9: rates[9], 14: rates[14], 19: rates[-1]}
    assert (len(rates), rates[7]) == (20, rates[4] + 0.6 * (rates[9] - rates[4]))
    assert run.notes[0].endswith("is a log: it has 4 rates of 20, and no schedule; between them the line is straight")
    arguments = {"learning_rate": 1e-3, "lr_scheduler_type": "cosine", "warmup_steps": 3}
    schedule = "get_cosine_schedule_with_warmup(num_warmup_steps=3, num_training_steps=20)"
    assert str(read_run(str(path), Fields(settings=arguments)).scheduler) == schedule
    state = json.loads(path.read_text())
    with pytest.raises(LrvizError, match=r"`--config` has no `max_steps`"):
        run_of(tmp_path, json.dumps(arguments), "a.json", settings={"log_history": []})
    assert str(run_of(tmp_path, json.dumps(arguments), "a.json", settings=state).scheduler) == schedule


def test_axolotls_own_schedules(tmp_path: Path) -> None:
    fields: dict[str, Any] = {"dataset_size": 100, "epochs": "2.5"}  # 32 updates
    least = rates_of(run_of(tmp_path, f"{AXOLOTL}cosine_min_lr_ratio: 0.1\nwarmup_ratio: 0.1\n", **fields))
    assert (len(least), least[:4]) == (32, [0.0, 3.3333333333333335e-05, 6.666666666666667e-05, 1e-4])
    assert least[-1] == 1e-4 * ((1 - 0.1) * (0.5 * (1.0 + math.cos(math.pi * (28 / 29)))) + 0.1)
    square = rates_of(run_of(tmp_path, f"{AXOLOTL}lr_quadratic_warmup: true\nwarmup_steps: 1\n", **fields))
    assert square[:3] == [0.0, 2.5e-05, 1e-4]  # axolotl makes two updates of a warm-up of one
    cycle = run_of(tmp_path, f"{AXOLOTL}lr_scheduler: one_cycle\nwarmup_steps: 8\n", **fields)
    assert str(cycle.scheduler) == ("OneCycleLR(max_lr=1e-4, total_steps=32, pct_start=0.25, anneal_strategy='cos')")
    given = run_of(tmp_path, f"{AXOLOTL}max_steps: 7\nsample_packing: true\n")
    assert (given.loop.updates, str(given.scheduler)) == (
        7, "get_cosine_schedule_with_warmup(num_warmup_steps=0, num_training_steps=7)",
    )  # fmt: skip


LIGHT = "optimizer: {class_path: torch.optim.AdamW}\nlr_scheduler: {class_path: %s, init_args: {%s}}\ntrainer: {%s}\n"
STEP = "lr_scheduler: {class_path: torch.optim.lr_scheduler.StepLR, init_args: {step_size: 3}}\n"
EXPONENTIAL = ("torch.optim.lr_scheduler.ExponentialLR", "gamma: 0.5")
# The updates, the epochs and the batches of an epoch.
LIGHTNING: dict[str, tuple[str, dict[str, Any], tuple[int, int, int]]] = {
    "batches in the file": (LIGHT % (*EXPONENTIAL, "max_epochs: 3, limit_train_batches: 7"), {}, (21, 3, 7)),
    "a part of the batches": (
        LIGHT % (*EXPONENTIAL, "max_epochs: 3, limit_train_batches: 0.5"), {"dataset_size": 100, "batch_size": 9},
        (18, 3, 6),
    ),
    "fewer batches than there are": (
        LIGHT % (*EXPONENTIAL, "max_epochs: 3, limit_train_batches: 4"), {"dataset_size": 100, "batch_size": 9},
        (12, 3, 4),
    ),
    "devices": (
        LIGHT % (*EXPONENTIAL, "max_epochs: 2, devices: 4, num_nodes: 2"), {"dataset_size": 100, "batch_size": 2},
        (14, 2, 7),
    ),
    "no partial batch": (
        LIGHT % (*EXPONENTIAL, "max_epochs: 2"), {"dataset_size": 100, "batch_size": 9, "drop_last": True}, (22, 2, 11),
    ),
    "a limit of updates": (
        LIGHT % (*EXPONENTIAL, "max_steps: 17"), {"dataset_size": 100, "batch_size": 9}, (17, 2, 12),
    ),
    "a length that is given": (LIGHT % (*EXPONENTIAL, "max_epochs: 3"), {"steps_per_epoch": 5}, (15, 3, 5)),
    "a plateau": (
        LIGHT % ("lightning.pytorch.cli.ReduceLROnPlateau", "monitor: val_loss, patience: 2", "max_epochs: 3"),
        {"steps_per_epoch": 5}, (15, 3, 5),
    ),
    "the rate that torch has by default": (
        f"{STEP}optimizer: {{class_path: torch.optim.Adam}}\ntrainer: {{max_epochs: 2}}\n", {"steps_per_epoch": 5},
        (10, 2, 5),
    ),
    "the class alone": (
        "optimizer: {class_path: torch.optim.AdamW}\ntrainer: {max_epochs: 3}\nlr_scheduler: ConstantLR\n",
        {"steps_per_epoch": 5}, (15, 3, 5),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "fields", "length"), LIGHTNING.values(), ids=LIGHTNING.keys())
def test_the_length_of_a_run_of_lightning(
    text: str, fields: dict[str, Any], length: tuple[int, int, int], tmp_path: Path
) -> None:
    loop = run_of(tmp_path, text, **fields).loop
    assert (loop.updates, loop.epochs, loop.steps_per_epoch, loop.interval) == (*length, "epoch")


def test_a_run_of_lightning_counted_in_updates(tmp_path: Path) -> None:
    text = (
        "trainer: {max_steps: 30, accumulate_grad_batches: 2}\nmodel: {class_path: a.B, init_args: {scheduler: "
        "{class_path: torch.optim.lr_scheduler.ConstantLR}, optimizer: {class_path: x.Muon2, init_args: {lr: 1}}}}\n"
    )
    run = run_of(tmp_path, text, interval="step")
    assert (run.loop.updates, run.loop.grad_accum, run.optimizer.name) == (30, 2, "SGD")
    assert run.notes == ("the optimizer `x.Muon2` is not one of torch: the rates are drawn with SGD",)
    with pytest.raises(LrvizError, match=r"3 samples make no batch in an epoch"):
        run_of(tmp_path, f"{LIGHT % (*EXPONENTIAL, 'max_epochs: 3')}", dataset_size=3, batch_size=9, drop_last=True)


def test_the_rate_of_a_file_of_llama_factory_is_that_of_the_trainer(tmp_path: Path) -> None:
    text = "stage: sft\ntemplate: llama3\nlr_scheduler_type: cosine\n"
    assert run_of(tmp_path, text, dataset_size=100).groups[0].lr == 5e-5


def test_the_decay_of_llama_factory_is_two_thirds_after_the_warm_up(tmp_path: Path) -> None:
    text = (
        "stage: sft\nfinetuning_type: lora\nlr_scheduler_type: warmup_stable_decay\nlearning_rate: 1e-4\n"
        "max_steps: 100\nwarmup_steps: 10\n"
    )
    assert dict(run_of(tmp_path, text).scheduler.kwargs)["num_decay_steps"] == 60
    own = run_of(tmp_path, f"{text}lr_scheduler_kwargs: {{num_decay_steps: 7}}\n")
    assert dict(own.scheduler.kwargs)["num_decay_steps"] == 7


def test_the_length_of_one_epoch_of_axolotl(tmp_path: Path, capsys: Capture) -> None:
    text = "base_model: m\nmicro_batch_size: 2\nnum_epochs: 1\nlr_scheduler: one_cycle\nlearning_rate: 1e-4\n"
    text += "gradient_accumulation_steps: 1\n"
    (tmp_path / "a.yaml").write_text(text)
    assert main(["table", "--from", str(tmp_path / "a.yaml"), "--dataset-size", "90"]) == 0
    assert "1 epoch of 90 samples" in capsys.readouterr().err


def test_processes_of_other_runs_are_not_those_of_a_file(tmp_path: Path) -> None:
    alone = run_of(tmp_path, TITAN.format(more=""), "a.toml")
    titan, step = read_runs([str(tmp_path / "a.toml"), "StepLR(3)"], Fields({"num_processes": "2", "steps": "10"}))
    assert (titan.loop.num_processes, step.loop.num_processes) == (1, 2)
    assert rates_of(titan) == rates_of(alone)


PRESET = """
[[figure]]
name = "a"
dataset_size = 100
config = "{config}"

[[figure.curve]]
scheduler = "ds.json"

[[figure.curve]]
scheduler = "two.yaml"
from_kind = "{kind}"
"""


def test_the_files_of_a_preset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "presets"
    folder.mkdir()
    auto = '{"scheduler": {"type": "WarmupLR", "params": {"warmup_max_lr": "auto", "warmup_num_steps": "auto"}}}'
    texts = {"ds.json": auto, "sft.yaml": HF, "two.yaml": f"{HF}micro_batch_size: 2\n", "x.toml": "", "y.toml": ""}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")

    def read(config: str, kind: str) -> list[str]:
        (folder / "x.toml").write_text(PRESET.format(config=config, kind=kind), encoding="utf-8")
        return [str(run.scheduler).partition("(")[0] for run in load_preset(folder / "x.toml").figures[0].runs]

    assert read("sft.yaml", "transformers") == ["WarmupLR", "get_cosine_schedule_with_warmup"]
    (tmp_path / "out.yaml").write_text(HF, encoding="utf-8")
    for config, kind, message in (
        ("../out.yaml", "transformers", "`../out.yaml` is outside"),
        ("none.yaml", "transformers", "cannot read `none.yaml`"),
        ("sft.yaml", "hugging", "`from_kind` must be transformers"),
        ("sft.yaml", "", r"has keys of 2 kinds"),
    ):
        with pytest.raises(LrvizError, match=message) as caught:
            read(config, kind)
    assert caught.value.hint == 'say which it is: `from_kind = "transformers"`'
