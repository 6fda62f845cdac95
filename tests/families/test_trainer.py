"""The arithmetic and the rates of a Trainer, compared with those of the installed transformers."""

from __future__ import annotations

import sys
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from lrviz.simulation import simulate
from lrviz.spec import Fields, RunSpec, read_run
from lrviz.spec.trainer import SCHEDULES, read_arguments, trainer_run

torch = pytest.importorskip("torch")
try:
    import_module("torchvision")
except (ImportError, RuntimeError):  # one for another torch: without it transformers does not import it
    sys.modules["torchvision"] = None  # type: ignore[assignment]
transformers = pytest.importorskip("transformers")
pytest.importorskip("accelerate")

pytestmark = [
    pytest.mark.families,
    pytest.mark.filterwarnings("ignore"),  # of the packages
]
# Whether transformers has warmup_ratio; in later versions warmup_steps below 1 means the same.
_HAS_RATIO = "warmup_ratio" in transformers.TrainingArguments.__dataclass_fields__


class _Samples(torch.utils.data.Dataset):  # type: ignore[misc, name-defined]
    def __init__(self, number: int) -> None:
        self.number = number

    def __len__(self) -> int:
        return self.number

    def __getitem__(self, at: int) -> dict[str, Any]:
        return {"x": torch.full((2,), at / 100), "labels": torch.zeros(1)}


class _Model(torch.nn.Module):  # type: ignore[misc, name-defined]
    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)

    def forward(self, x: Any, labels: Any) -> dict[str, Any]:
        return {"loss": (self.layer(x) - labels).pow(2).mean()}


def _arguments(folder: Path, **values: Any) -> Any:
    if not _HAS_RATIO and "warmup_ratio" in values:
        values["warmup_steps"] = values.pop("warmup_ratio")
    quiet = {"report_to": "none", "save_strategy": "no", "logging_strategy": "no", "disable_tqdm": True}
    return transformers.TrainingArguments(str(folder), use_cpu=True, remove_unused_columns=False, **quiet, **values)


def _notation(values: dict[str, Any]) -> str:
    return f"TrainingArguments('out', {', '.join(f'{k}={v!r}' for k, v in values.items())})"


def test_no_argument_is_taken_for_another() -> None:
    for cls in (transformers.TrainingArguments, transformers.Seq2SeqTrainingArguments):
        read_arguments(dict.fromkeys(cls.__dataclass_fields__), where=cls.__name__)


def test_the_defaults_are_those_of_the_class(tmp_path: Path) -> None:
    own, read = _arguments(tmp_path), read_arguments({}, where="TrainingArguments")
    same = (
        "learning_rate", "num_train_epochs", "max_steps", "per_device_train_batch_size", "gradient_accumulation_steps",
        "dataloader_drop_last", "adam_beta1",
    )  # fmt: skip
    assert [getattr(read, name) for name in same] == [getattr(own, name) for name in same]
    assert own.lr_scheduler_type == read.lr_scheduler_type
    assert own.optim.startswith(read.optim)
    assert set(SCHEDULES) >= {str(kind.value) for kind in transformers.SchedulerType}


LENGTHS: tuple[dict[str, Any], ...] = (
    {"max_steps": 7}, {"num_train_epochs": 2}, {"num_train_epochs": 2.5}, {"num_train_epochs": 0.4},
)  # fmt: skip
CONFIGURATIONS = [
    {
        "per_device_train_batch_size": 3,
        "gradient_accumulation_steps": accumulation,
        "dataloader_drop_last": drop_last,
        **length,
        **warmup,
    }
    for accumulation, drop_last, length, warmup in product(
        (1, 3, 4), (False, True), LENGTHS, ({"warmup_steps": 2}, {"warmup_ratio": 0.1})
    )
]


@pytest.mark.parametrize("world_size", [1, 4])
def test_the_counts_are_those_of_the_trainer(world_size: int, tmp_path: Path) -> None:
    for values in CONFIGURATIONS:
        own = transformers.Trainer(model=_Model(), args=_arguments(tmp_path, **values), train_dataset=_Samples(52))
        own.accelerator.state.num_processes = world_size
        try:
            loader = own.get_train_dataloader()
            epochs, in_epoch, *_, batches, updates = own.set_initial_training_values(own.args, loader)
        finally:
            own.accelerator.state.num_processes = 1
        run = trainer_run(read_arguments(values, where="TrainingArguments"), dataset_size=52, world_size=world_size)
        loop = read_run(_notation(values), Fields({"dataset_size": 52, "world_size": world_size})).loop
        found = (run.updates, run.warmup, loop.updates, loop.steps_per_epoch, loop.updates_per_epoch, loop.epochs)
        expected = (updates, own.args.get_warmup_steps(updates), updates, batches, in_epoch, epochs)
        assert found == expected, (values, world_size)
    assert len(CONFIGURATIONS) * 2 == 96


@pytest.mark.parametrize("split", [False, True])
def test_split_batches_are_those_of_the_trainer(split: bool, tmp_path: Path) -> None:
    values = {"per_device_train_batch_size": 8, "accelerator_config": {"split_batches": split}}
    own = transformers.Trainer(model=_Model(), args=_arguments(tmp_path, **values), train_dataset=_Samples(100))
    own.accelerator.state.num_processes = 4
    try:
        batches = len(own.get_train_dataloader())
    finally:
        own.accelerator.state.num_processes = 1
    run = read_run(_notation(values), Fields({"dataset_size": 100, "world_size": 4}))
    assert run.loop.steps_per_epoch == batches


class _Recorder(transformers.TrainerCallback):  # type: ignore[misc, name-defined]
    def __init__(self) -> None:
        self.rates: list[float] = []
        self.epochs: list[int] = []
        self.epoch = -1

    def on_epoch_begin(self, *_: Any, **__: Any) -> None:
        self.epoch += 1

    def on_pre_optimizer_step(self, *_: Any, optimizer: Any, **__: Any) -> None:
        self.rates.append(optimizer.param_groups[0]["lr"])
        self.epochs.append(self.epoch)


def _train(folder: Path, samples: int, values: dict[str, Any]) -> tuple[_Recorder, list[float]]:
    """The rates of a real run, and the losses of its evaluations."""
    recorder = _Recorder()
    own = transformers.Trainer(
        model=_Model(),
        args=_arguments(folder, **values),
        train_dataset=_Samples(samples),
        eval_dataset=_Samples(4),
        callbacks=[recorder],
    )
    own.train()
    return recorder, [entry["eval_loss"] for entry in own.state.log_history if "eval_loss" in entry]


RUNS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "cosine, part of an epoch": {
        "lr_scheduler_type": "cosine", "learning_rate": 2e-5, "warmup_ratio": 0.1, "num_train_epochs": 2.5,
        "per_device_train_batch_size": 3, "gradient_accumulation_steps": 4,
    },
    "max_steps in an epoch": {
        "lr_scheduler_type": "linear", "warmup_steps": 3, "max_steps": 10, "per_device_train_batch_size": 4,
        "gradient_accumulation_steps": 2,
    },
    "floor": {
        "lr_scheduler_type": "cosine_with_min_lr", "lr_scheduler_kwargs": {"min_lr_rate": 0.1}, "warmup_ratio": 0.05,
        "per_device_train_batch_size": 4, "dataloader_drop_last": True,
    },
    "restarts": {
        "lr_scheduler_type": "cosine_with_restarts", "lr_scheduler_kwargs": {"num_cycles": 3}, "optim": "sgd",
        "per_device_train_batch_size": 4,
    },
    "warmup_stable_decay": {
        "lr_scheduler_type": "warmup_stable_decay", "lr_scheduler_kwargs": {"num_decay_steps": 4}, "warmup_steps": 4,
        "per_device_train_batch_size": 5, "num_train_epochs": 2,
    },
    "polynomial": {"lr_scheduler_type": "polynomial", "lr_scheduler_kwargs": {"power": 2.0}, "optim": "adafactor"},
    "inverse_sqrt": {"lr_scheduler_type": "inverse_sqrt", "warmup_steps": 5, "adam_beta1": 0.8},
    "constant": {"lr_scheduler_type": "constant"},
    "constant_with_warmup": {"lr_scheduler_type": "constant_with_warmup", "warmup_steps": 4},
    "plateau": {
        "lr_scheduler_type": "reduce_lr_on_plateau", "eval_strategy": "epoch", "num_train_epochs": 6,
        "lr_scheduler_kwargs": {"patience": 0, "threshold": 0.5}, "learning_rate": 1e-2,
    },
}  # fmt: skip


@pytest.mark.parametrize("name", RUNS)
def test_the_rates_are_those_of_a_run(name: str, tmp_path: Path) -> None:
    values = RUNS[name]
    if "lr_scheduler_type" in values and values["lr_scheduler_type"] not in list(transformers.SchedulerType):
        pytest.skip("of a later version")
    recorder, losses = _train(tmp_path, 38, values)
    fields: dict[str, Any] = {"dataset_size": 38}
    if name == "plateau":
        fields["metric"] = ",".join(map(repr, losses))
    spec: RunSpec = read_run(_notation(values), Fields(fields))
    trace = simulate(spec)
    assert trace.lr[:, 0].tolist() == recorder.rates
    assert [int(spec.loop.epoch_of(at)) for at in range(spec.loop.updates)] == recorder.epochs
    assert len(set(recorder.rates)) > 1 or name == "constant"
