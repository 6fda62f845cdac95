"""The runs of config files, compared with those that the installed packages make of the same files."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib import import_module
from math import ceil
from pathlib import Path
from typing import Any

import pytest

from lrviz import simulation
from lrviz.spec import Fields, read_run, read_values
from tests.recipes.expected import DEEPSPEED, FOLDER, TRAINER, Expected

torch = pytest.importorskip("torch")
yaml = pytest.importorskip("yaml")
try:
    import_module("torchvision")
except (ImportError, RuntimeError):  # one for another torch: without it transformers does not import it
    sys.modules["torchvision"] = None  # type: ignore[assignment]
transformers = pytest.importorskip("transformers")

pytestmark = [
    pytest.mark.families,
    pytest.mark.filterwarnings("ignore"),  # of the packages
]
_LEFT_OUT = ("deepspeed", "bf16", "report_to", "eval_strategy", "save_strategy", "gradient_checkpointing")


class _Samples(torch.utils.data.Dataset):  # type: ignore[misc, name-defined]
    def __init__(self, number: int) -> None:
        self.number = number

    def __len__(self) -> int:
        return self.number

    def __getitem__(self, at: int) -> dict[str, Any]:
        return {"x": torch.zeros(1)}


class _Model(torch.nn.Module):  # type: ignore[misc, name-defined]
    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)

    def forward(self, x: Any) -> dict[str, Any]:
        return {"loss": self.layer(x).sum()}


def _drawn(row: Expected) -> list[float]:
    settings = read_values(str(FOLDER / row.config), "--config") if row.config else None
    run = read_run(row.path, Fields(row.fields, settings=settings))
    assert str(run.scheduler) == row.schedule
    return list(simulation.simulate(run).lr[:, 0].tolist())


def _check(row: Expected, rates: list[float]) -> None:
    """Compare rates with those that were taken down."""
    assert (len(rates), rates.index(max(rates)), max(rates)) == (row.updates, row.peak_at, row.peak)
    assert {step: rates[step] for step in row.rates} == row.rates


def _rates_of(optimizer: Any, scheduler: Any, updates: int) -> Iterator[float]:
    for _ in range(updates):
        yield optimizer.param_groups[0]["lr"]
        optimizer.step()
        scheduler.step()


def _trainer(file: str, samples: int, folder: Path) -> Any:
    """A Trainer with the arguments of a file."""
    text = (FOLDER / file).read_text(encoding="utf-8")
    values: dict[str, Any] = yaml.safe_load(text) if file.endswith("yaml") else json.loads(text)
    known = transformers.TrainingArguments.__dataclass_fields__
    if "warmup_ratio" not in known and "warmup_ratio" in values:
        values["warmup_steps"] = values.pop("warmup_ratio")
    values = {name: value for name, value in values.items() if name in known and name not in _LEFT_OUT}
    values |= {"output_dir": str(folder), "use_cpu": True, "report_to": "none", "disable_tqdm": True}
    arguments = transformers.TrainingArguments(**values)
    return transformers.Trainer(model=_Model(), args=arguments, train_dataset=_Samples(samples))


@pytest.mark.parametrize("row", TRAINER, ids=[row.file for row in TRAINER])
def test_arguments_of_a_trainer(row: Expected, tmp_path: Path) -> None:
    pytest.importorskip("accelerate")
    rates = _drawn(row)
    _check(row, rates)
    if row.file.startswith("axolotl"):  # which counts its updates before it makes the arguments
        assert len(rates) == ceil(2000 * 4 / (2 * 4))
        return
    trainer = _trainer(row.file, row.fields.get("dataset_size", 100_000), tmp_path)
    updates = trainer.set_initial_training_values(trainer.args, trainer.get_train_dataloader())[-1]
    trainer.create_optimizer_and_scheduler(updates)
    assert list(_rates_of(trainer.optimizer, trainer.lr_scheduler, updates)) == rates


@pytest.mark.parametrize("row", DEEPSPEED, ids=[row.file for row in DEEPSPEED])
def test_schedules_of_deepspeed(row: Expected) -> None:
    pytest.importorskip("deepspeed")
    _check(row, _drawn(row))


def test_a_file_that_names_a_schedule_of_deepspeed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("deepspeed")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ds.json").write_text((FOLDER / "deepspeed_auto.json").read_text(encoding="utf-8"), encoding="utf-8")
    text = (FOLDER / "zephyr_dpo.yaml").read_text(encoding="utf-8")
    (tmp_path / "dpo.yaml").write_text(f"{text}deepspeed: ds.json\n", encoding="utf-8")
    run = read_run("dpo.yaml", Fields({"dataset_size": 61134}))
    _check(DEEPSPEED[1], list(simulation.simulate(run).lr[:, 0].tolist()))


def test_the_log_of_a_trainer(tmp_path: Path) -> None:
    """A run that logs each rate, and one that logs some: what is logged is drawn as it is."""
    used: list[float] = []

    class Record(transformers.TrainerCallback):  # type: ignore[misc, name-defined]
        def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **parts: Any) -> None:
            used.append(parts["optimizer"].param_groups[0]["lr"])

    for every in (1, 4):
        used.clear()
        arguments = transformers.TrainingArguments(
            str(tmp_path), learning_rate=1e-3, lr_scheduler_type="cosine", warmup_steps=3, num_train_epochs=2,
            per_device_train_batch_size=4, logging_steps=every, use_cpu=True, report_to="none", save_strategy="no",
            disable_tqdm=True,
        )  # fmt: skip
        trainer = transformers.Trainer(model=_Model(), args=arguments, train_dataset=_Samples(40), callbacks=[Record()])
        trainer.train()
        path = tmp_path / f"trainer_state{every}.json"
        trainer.state.save_to_json(str(path))
        rates = simulation.simulate(read_run(str(path))).lr[:, 0].tolist()
        assert len(rates) == len(used) == 20
        assert rates[every - 1 :: every] == used[every - 1 :: every]
        settings = {"learning_rate": 1e-3, "lr_scheduler_type": "cosine", "warmup_steps": 3}
        run = read_run(str(path), Fields(settings=settings))
        assert simulation.simulate(run).lr[:, 0].tolist() == used


def test_the_run_of_lightning_cli(tmp_path: Path) -> None:
    """The Trainer of Lightning, with what the automatic `configure_optimizers` of LightningCLI returns."""
    lightning = pytest.importorskip("lightning.pytorch")
    cli = import_module("lightning.pytorch.cli")
    used: list[float] = []

    class Module(lightning.LightningModule):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(1, 1)

        def training_step(self, batch: Any, _: int) -> Any:
            return self.layer(batch["x"]).sum()

        def configure_optimizers(self) -> Any:
            optimizer = torch.optim.AdamW(self.parameters(), lr=2e-3, weight_decay=0.05)
            scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=30, eta_min=1e-5)
            return cli.LightningCLI.configure_optimizers(self, optimizer, scheduler)

        def on_before_optimizer_step(self, optimizer: Any) -> None:
            used.append(optimizer.param_groups[0]["lr"])

    values = yaml.safe_load((FOLDER / "lightning_cli.yaml").read_text(encoding="utf-8"))["trainer"]
    quiet = {
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }
    trainer = lightning.Trainer(**{**values, "accelerator": "cpu"}, **quiet, default_root_dir=str(tmp_path))
    trainer.fit(Module(), torch.utils.data.DataLoader(_Samples(20), batch_size=4))
    run = read_run(str(FOLDER / "lightning_cli.yaml"), Fields({"dataset_size": 20, "batch_size": 4}))
    assert simulation.simulate(run).lr[:, 0].tolist() == used
    assert len(used) == 30 * 3
