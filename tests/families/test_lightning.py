"""Runs of the installed Lightning on the CPU: their updates use the rates that lrviz reads from their scripts."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import pytest
from torch.optim.optimizer import register_optimizer_step_pre_hook

from lrviz.code import lightning_module
from lrviz.simulation import simulate
from lrviz.spec import Fields, RunSpec, read_run

pytestmark = pytest.mark.families
pytest.importorskip("lightning")

Rates = list[float]

SCRIPT = """
import torch
import lightning as L
from torch.optim import lr_scheduler as S
from torch.utils.data import DataLoader, TensorDataset

loader = DataLoader(TensorDataset(torch.zeros(26, 2), torch.zeros(26, 1)), batch_size=2)

class Model(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)

    def training_step(self, batch, batch_idx):
        self.log("loss", 0.5)
        return self.layer(batch[0]).mean()

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        RETURN

trainer = L.Trainer(TRAINER, **quiet)
trainer.fit(Model(), loader)
"""
QUIET = {
    "accelerator": "cpu", "logger": False, "enable_checkpointing": False, "enable_progress_bar": False,
    "enable_model_summary": False,
}  # fmt: skip
DECAY = "S.ExponentialLR(optimizer, 0.9)"
PLATEAU = "S.ReduceLROnPlateau(optimizer, patience=1)"
# What `configure_optimizers` returns, the arguments of the Trainer, the updates of the run.
RUNS: dict[str, tuple[str, str, int]] = {
    "by default": (DECAY, "max_epochs=3", 39),
    "of steps": (f'{{"scheduler": {DECAY}, "interval": "step"}}', "max_epochs=3, accumulate_grad_batches=4", 12),
    "frequency over an epoch": (f'{{"scheduler": {DECAY}, "interval": "step", "frequency": 20}}', "max_epochs=3", 39),
    "frequency under accumulation": (
        f'{{"scheduler": {DECAY}, "interval": "step", "frequency": 2}}', "max_epochs=3, accumulate_grad_batches=4", 12,
    ),
    "frequency and accumulation": (
        f'{{"scheduler": {DECAY}, "interval": "step", "frequency": 3}}', "max_epochs=4, accumulate_grad_batches=2", 28,
    ),
    "frequency of epochs": (f'{{"scheduler": {DECAY}, "frequency": 2}}', "max_epochs=5", 65),
    "metric": (f'{{"scheduler": {PLATEAU}, "monitor": "loss"}}', "max_epochs=6", 78),
    "metric and frequency": (f'{{"scheduler": {PLATEAU}, "monitor": "loss", "frequency": 2}}', "max_epochs=9", 117),
    "metric of steps": (
        f'{{"scheduler": {PLATEAU}, "monitor": "loss", "interval": "step", "frequency": 2}}',
        "max_epochs=4, accumulate_grad_batches=2", 28,
    ),
    "max_steps inside an epoch": (f'{{"scheduler": {DECAY}, "interval": "step"}}', "max_epochs=5, max_steps=30", 30),
    "max_steps by epoch": (DECAY, "max_epochs=5, max_steps=10, accumulate_grad_batches=4", 10),
    "max_steps alone": (DECAY, "max_steps=30", 30),
    "max_steps after the last epoch": (DECAY, "max_epochs=2, max_steps=1000", 26),
    "max_steps and frequency": (
        f'{{"scheduler": {DECAY}, "interval": "step", "frequency": 3}}',
        "max_epochs=4, max_steps=17, accumulate_grad_batches=2", 17,
    ),
    "max_steps alone and frequency": (
        f'{{"scheduler": {DECAY}, "interval": "step", "frequency": 3}}', "max_steps=17, accumulate_grad_batches=2", 17,
    ),
    "estimated_stepping_batches": (
        '{"scheduler": S.OneCycleLR(optimizer, 0.1, self.trainer.estimated_stepping_batches), "interval": "step"}',
        "max_epochs=3, accumulate_grad_batches=4", 12,
    ),
    "estimated_stepping_batches of max_steps": (
        '{"scheduler": S.OneCycleLR(optimizer, 0.1, self.trainer.estimated_stepping_batches), "interval": "step"}',
        "max_epochs=3, max_steps=10, accumulate_grad_batches=4", 10,
    ),
    "max_epochs of the Trainer": ("S.CosineAnnealingLR(optimizer, self.trainer.max_epochs)", "max_epochs=4", 52),
}  # fmt: skip


@contextmanager
def recorded() -> Iterator[Rates]:
    """The rate of each update of any optimizer."""
    rates: Rates = []
    hook = register_optimizer_step_pre_hook(lambda optimizer, *_: rates.append(optimizer.param_groups[0]["lr"]))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Lightning, about workers
            yield rates
    finally:
        hook.remove()


def trained(text: str, folder: Any) -> Rates:
    names = {"__name__": "__main__", "quiet": {**QUIET, "default_root_dir": folder}}
    with recorded() as rates:
        exec(compile(text, "train.py", "exec"), names)  # noqa: S102 - of this file
    return rates


def read(text: str, **fields: Any) -> RunSpec:
    return read_run(text, Fields({"steps_per_epoch": 13, **fields}, prefix=""))


@pytest.mark.parametrize("name", RUNS)
def test_the_rates_of_a_run(name: str, tmp_path: Any) -> None:
    configured, trainer, updates = RUNS[name]
    returned = f'return {{"optimizer": optimizer, "lr_scheduler": {configured}}}'
    text = SCRIPT.replace("RETURN", returned).replace("TRAINER", trainer)
    rates = trained(text, tmp_path)
    assert len(rates) == updates
    fields = {"metric": "0.5"} if "monitor" in configured else {}
    assert simulate(read(text, **fields)).lr[:, 0].tolist() == rates


def test_a_dictionary_alone_is_stepped_as_by_lightning(tmp_path: Any) -> None:
    for name in ("frequency over an epoch", "frequency and accumulation", "frequency of epochs", "metric of steps"):
        configured, trainer, _ = RUNS[name]
        given = dict(pair.split("=") for pair in trainer.split(", "))
        fields = {"epochs": given["max_epochs"], "grad_accum": given.get("accumulate_grad_batches", "1"), "lr": "0.1"}
        fields |= {"metric": "0.5"} if "monitor" in configured else {}
        returned = f'return {{"optimizer": optimizer, "lr_scheduler": {configured}}}'
        rates = trained(SCRIPT.replace("RETURN", returned).replace("TRAINER", trainer), tmp_path)
        spec = read(configured.replace("S.", ""), **fields)
        assert simulate(spec).lr[:, 0].tolist() == rates, name


def test_modules_that_lrviz_writes_run_as_drawn(tmp_path: Any) -> None:
    start, _, _ = SCRIPT.partition("    def configure_optimizers")
    for line in (
        "cosine @ max_steps=30, steps_per_epoch=13",
        "cosine @ max_steps=10, steps_per_epoch=13, grad_accum=4",
        "exponential @ epochs=2.5, steps_per_epoch=13, interval=epoch",
        "step(3) @ epochs=3, steps_per_epoch=13, grad_accum=4",
    ):
        spec = read_run(line)
        imports, _, rest = lightning_module(spec).partition("class Model(L.LightningModule):\n")
        text = f"{imports}{start}{rest}".rstrip().removesuffix(")") + ", **quiet)\ntrainer.fit(Model(), loader)\n"
        assert simulate(spec).lr[:, 0].tolist() == trained(text, tmp_path), line


# What the first of two processes used is printed.
PRINTED = """
from torch.optim.optimizer import register_optimizer_step_pre_hook
rates = []
register_optimizer_step_pre_hook(lambda optimizer, args, kwargs: rates.append(optimizer.param_groups[0]["lr"]))

class Printed(L.Callback):
    def on_fit_end(self, trainer, module):
        if trainer.global_rank == 0:
            print(rates, flush=True)

"""


def test_the_rates_of_two_processes(python: Any, tmp_path: Any) -> None:
    configured = f'{{"scheduler": {DECAY}, "interval": "step"}}'
    text = SCRIPT.replace("RETURN", f'return {{"optimizer": optimizer, "lr_scheduler": {configured}}}')
    text = text.replace("batch_size=2", "batch_size=4, drop_last=True").replace("26", "47")
    text = text.replace("TRAINER", "max_epochs=2, devices=2, strategy='ddp_fork'")
    started = text.replace("trainer = ", PRINTED + "trainer = ").replace("**quiet", f"callbacks=[Printed()], **{QUIET}")
    (tmp_path / "two.py").write_text(started, encoding="utf-8")
    done = python("two.py")
    assert done.returncode == 0, done.stderr
    spec = read_run(text, Fields({"dataset_size": "47", "batch_size": "4", "drop_last": True}))
    assert len(spec.notes) == 1
    assert done.stdout.splitlines()[-1] == str(simulate(spec).lr[:, 0].tolist())


def test_the_rates_of_random_runs(tmp_path: Any) -> None:
    random = Random(3)
    schedulers = (DECAY, "S.StepLR(optimizer, 2, 0.5)", "S.CosineAnnealingLR(optimizer, self.trainer.max_epochs)",
                  "S.LinearLR(optimizer, 0.1, total_iters=5)")  # fmt: skip
    shapes = (
        "return [optimizer], [scheduler]", 'return {"optimizer": optimizer, "lr_scheduler": scheduler}',
        'return [optimizer], [{"scheduler": scheduler, "interval": "step"}]',
        'return ({"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "epoch"}},)',
        'config = {"scheduler": scheduler, "interval": "step", "frequency": 2}\n        '
        'return {"optimizer": optimizer, "lr_scheduler": config}',
    )  # fmt: skip
    for _ in range(15):
        arguments = [f"max_epochs={random.randint(2, 4)}"]
        for argument in ("accumulate_grad_batches=2", "accumulate_grad_batches=3", "max_steps=7", "overfit_batches=3",
                         "limit_train_batches=4", "limit_train_batches=0.5", "limit_train_batches=1.0"):  # fmt: skip
            name = argument.partition("=")[0]
            if random.random() < 0.3 and not any(a.startswith(name) for a in arguments):
                arguments.append(argument)
        body = f"scheduler = {random.choice(schedulers)}\n        {random.choice(shapes)}"
        text = SCRIPT.replace("RETURN", body).replace("TRAINER", ", ".join(arguments))
        if "limit" in text:
            text = text.replace("overfit_batches=3, ", "").replace(", overfit_batches=3", "")
        spec = read_run(text, Fields({"dataset_size": 26, "batch_size": 2}))
        assert simulate(spec).lr[:, 0].tolist() == trained(text, tmp_path), text
