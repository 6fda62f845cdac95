"""What Lightning makes of a scheduler: pasted dictionaries, and scripts that name the lengths of its run."""

from __future__ import annotations

from typing import Any

import pytest
from torch import nn, optim
from torch.optim import lr_scheduler as torch_lr

from lrviz.errors import LrvizError
from lrviz.simulation import simulate
from lrviz.spec import Fields, RunSpec, TrainingLoop, read_all, read_run

MODULE = """
import lightning as L, torch
from torch.optim.lr_scheduler import OneCycleLR, CosineAnnealingLR, StepLR

class Model(L.LightningModule):
    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        return {"optimizer": optimizer, "lr_scheduler": CONFIG}

trainer = L.Trainer(TRAINER)
trainer.fit(Model(), loader)
"""
CYCLE = '{"scheduler": OneCycleLR(optimizer, 0.1, self.trainer.estimated_stepping_batches), "interval": "step"}'
FREQUENT = '{"scheduler": StepLR(optimizer, 4), "interval": "step", "frequency": 3}'


def by_hand(
    *, epochs: int, batches: int, accumulate: int = 1, frequency: int = 1, interval: str = "step", metric: bool = False
) -> list[float]:
    """The loop of Lightning, with a StepLR or a ReduceLROnPlateau whose metric stays as it is."""
    optimizer = optim.SGD([nn.Parameter(nn.Linear(1, 1).weight)], lr=0.1)
    made: Any = torch_lr.ReduceLROnPlateau(optimizer, patience=1) if metric else torch_lr.StepLR(optimizer, 4)
    rates = []
    for epoch in range(epochs):
        for batch in range(1, batches + 1):
            if batch % accumulate and batch < batches:
                continue
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if interval == "step" and batch % frequency == 0:
                made.step(0.5) if metric else made.step()
        if interval == "epoch" and (epoch + 1) % frequency == 0:
            made.step(0.5) if metric else made.step()
    return rates


def read(text: str, **fields: Any) -> RunSpec:
    return read_run(text, Fields(fields, prefix="--"))


def test_a_dictionary_is_stepped_as_lightning_does() -> None:
    for interval in ("step", "epoch"):
        for metric in (False, True):
            for accumulate, frequency in ((1, 1), (1, 20), (4, 2), (2, 2), (2, 3), (3, 2), (1, 13)):
                made = "ReduceLROnPlateau(optimizer, patience=1)" if metric else "StepLR(optimizer, 4)"
                text = f'{{"scheduler": {made}, "interval": "{interval}", "frequency": {frequency}, "monitor": "loss"}}'
                fields: dict[str, Any] = {"epochs": 6, "steps_per_epoch": 13, "grad_accum": accumulate, "lr": 0.1}
                fields |= {"metric": "0.5"} if metric else {}
                wanted = by_hand(
                    epochs=6, batches=13, accumulate=accumulate, frequency=frequency, interval=interval, metric=metric
                )
                assert simulate(read(text, **fields)).lr[:, 0].tolist() == wanted, (text, accumulate)


def test_a_dictionary_creates_its_scheduler_once() -> None:
    spec = read('{"scheduler": LinearLR(optimizer, 0.5), "frequency": 2}', epochs=2, steps_per_epoch=2, lr=0.1)
    assert (str(spec.scheduler), simulate(spec).lr[:, 0].tolist()) == ("LinearLR(start_factor=0.5)", [0.05] * 4)


def test_a_dictionary_that_a_function_returns() -> None:
    text = f"def configure(self, optimizer):\n    return {FREQUENT}\n"
    wanted = by_hand(epochs=2, batches=13, frequency=3)
    assert simulate(read(text, epochs=2, steps_per_epoch=13, lr=0.1)).lr[:, 0].tolist() == wanted


@pytest.mark.parametrize(
    ("config", "trainer", "fields", "loop"),
    [
        (CYCLE, "max_epochs=3", {}, TrainingLoop(3, 13)),
        (CYCLE, "max_epochs=3, accumulate_grad_batches=4", {}, TrainingLoop(3, 13, grad_accum=4)),
        (CYCLE, "max_epochs=3, max_steps=20", {}, TrainingLoop(3, 13, max_steps=20)),
        (CYCLE, "max_epochs=3, max_steps=2000", {}, TrainingLoop(3, 13)),
        (CYCLE, "max_epochs=3, max_steps=20", {"epochs": 5}, TrainingLoop(5, 13)),
        (CYCLE, "max_epochs=3", {"max_steps": 50}, TrainingLoop(3, 13, max_steps=50)),
        (CYCLE, "max_steps=20", {}, TrainingLoop(3, 13, max_steps=20)),
        (FREQUENT, "max_steps=20", {}, TrainingLoop(3, 13, max_steps=20)),
        (FREQUENT, "max_epochs=3, max_steps=20", {}, TrainingLoop(3, 13, max_steps=20)),
        (FREQUENT, "max_epochs=1", {"max_steps": 50}, TrainingLoop(3, 13, max_steps=50)),
        ("CosineAnnealingLR(optimizer, self.trainer.max_epochs)", "max_epochs=3", {}, TrainingLoop(3, 13, "epoch")),
    ],
)
def test_the_lengths_of_a_run(config: str, trainer: str, fields: dict[str, Any], loop: TrainingLoop) -> None:
    text = MODULE.replace("CONFIG", config).replace("TRAINER", trainer)
    spec = read(text, **{"steps_per_epoch": 13, **fields})
    assert spec.loop == loop
    length = loop.updates if config == CYCLE else loop.epochs
    assert (
        f"total_steps={length}" in str(spec.scheduler) or f"T_max={length}" in str(spec.scheduler) or "Step" in config
    )


def test_a_limit_of_the_batches_of_an_epoch() -> None:
    for limit, fields, batches in (
        ("limit_train_batches=5", {}, 5),
        ("limit_train_batches=5", {"dataset_size": 26, "batch_size": 2}, 5),
        ("limit_train_batches=50", {"dataset_size": 26, "batch_size": 2}, 13),
        ("limit_train_batches=0.5", {"dataset_size": 26, "batch_size": 2}, 6),
        ("limit_train_batches=1.0", {"dataset_size": 26, "batch_size": 2}, 13),
        ("limit_train_batches=5", {"steps_per_epoch": 7}, 7),
        ("limit_train_batches=0.5", {"steps_per_epoch": 7}, 7),
        ("overfit_batches=3", {"dataset_size": 26, "batch_size": 2}, 3),
    ):
        spec = read(MODULE.replace("CONFIG", CYCLE).replace("TRAINER", f"max_epochs=3, {limit}"), **fields)
        assert (spec.loop.epochs, spec.loop.steps_per_epoch) == (3, batches), (limit, fields)
        assert f"total_steps={3 * batches}" in str(spec.scheduler), (limit, fields)
        differs = "steps_per_epoch" in fields
        assert len(spec.notes) == differs, (limit, fields)


def test_the_optimizer_of_the_trainer_is_that_of_the_module() -> None:
    text = MODULE.replace("CONFIG", "StepLR(optimizer, 9)").replace("TRAINER", "max_epochs=2").replace(
        "trainer = L", "    def on_train_batch_end(self, outputs, batch, batch_idx):\n"
        "        for group in self.trainer.optimizers[0].param_groups:\n"
        "            group['lr'] = 0.1 / self.trainer.global_step\n\ntrainer = L",
    )  # fmt: skip
    assert simulate(read(text, steps_per_epoch=2)).lr[:, 0].tolist() == [0.1, 0.1, 0.05, 0.1 / 3]


def test_max_steps_of_several_optimizers_that_the_module_updates() -> None:
    text = MODULE.partition("        optimizer =")[0] + (
        "        self.automatic_optimization = False\n"
        "        a, b = torch.optim.SGD(self.one, lr=0.1), torch.optim.SGD(self.two, lr=0.2)\n"
        "        return [a, b], [StepLR(a, 1, 0.5), StepLR(b, 1, 0.5)]\n"
        "    def training_step(self, batch, batch_idx):\n"
        "        for each in self.optimizers():\n            each.step()\n"
        "        for each in self.lr_schedulers():\n            each.step()\n"
        "L.Trainer(max_epochs=3, max_steps=4).fit(Model(), loader)\n"
    )
    with pytest.raises(LrvizError, match="`max_steps` on line 14 counts the updates of all optimizers"):
        read_all(text, Fields({"steps_per_epoch": 3}))
    runs = read_all(text, Fields({"steps_per_epoch": 3, "max_steps": 2}))
    assert [simulate(run).lr[:, 0].tolist() for run in runs] == [[0.1, 0.05], [0.2, 0.1]]


def test_max_steps_alone_is_a_run_that_is_not_counted_in_epochs() -> None:
    spec = read(
        MODULE.replace("CONFIG", '{"scheduler": StepLR(optimizer, 9), "interval": "step"}').replace(
            "TRAINER", "max_steps=70"
        )
    )
    assert (spec.loop, spec.assumed) == (TrainingLoop(1, 70), ())
    assert "70 updates (line 9)" in spec.read


def test_each_scheduler_of_two_optimizers_is_a_curve() -> None:
    text = MODULE.partition("        optimizer =")[0] + (
        "        a = torch.optim.Adam(self.one.parameters(), lr=0.1)\n"
        "        b = torch.optim.Adam(self.two.parameters(), lr=0.2)\n"
        "        first, second = StepLR(a, 1, 0.5), StepLR(b, 1, 0.25)\n        return [a, b], [first, second]\n"
    )
    runs = read_all(text, Fields({"epochs": 2, "steps_per_epoch": 1}))
    assert [simulate(run).lr.tolist() for run in runs] == [[[0.1], [0.05]], [[0.2], [0.05]]]


def test_what_is_not_known_is_asked_for_by_its_option() -> None:
    for config, trainer, fields, hint in (
        (CYCLE, "max_epochs=3", {}, "add --steps-per-epoch N"),
        (FREQUENT, "", {}, "add --epochs N --steps-per-epoch N"),
        (FREQUENT, "", {"epochs": 3}, "add --steps-per-epoch N"),
        (FREQUENT, "max_steps=30", {}, "add --steps-per-epoch N"),
        (FREQUENT, "max_epochs=3", {"epochs": 2.5, "steps_per_epoch": 13},
         "`--max-steps` stops it in the middle of an epoch"),
        (FREQUENT, "max_epochs=3", {"accum_remainder": "drop", "steps_per_epoch": 13},
         "leave it out, or change the script"),
        ("StepLR(optimizer, self.trainer.max_epochs)", "", {}, "add --epochs N"),
    ):  # fmt: skip
        with pytest.raises(LrvizError) as error:
            read(MODULE.replace("CONFIG", config).replace("TRAINER", trainer), **fields)
        assert error.value.hint == hint, (config, trainer)


# The batches of one process in an epoch, by samples, batch size, `drop_last` and processes: `DistributedSampler` gives
# each process as many samples, rounded up. So does `Trainer(devices=2, strategy="ddp_fork")`.
SHARED = [(33, 8, False, 2, 3), (31, 8, True, 2, 2), (47, 8, True, 2, 3), (48, 8, True, 2, 3), (100, 8, False, 4, 4)]
SCRIPTS = [
    MODULE.replace("CONFIG", '{"scheduler": StepLR(optimizer, 4), "interval": "step"}'),
    MODULE.replace("CONFIG", FREQUENT.replace("3", "1")),
    MODULE.replace("CONFIG", FREQUENT),  # whose loop is followed
    '{"scheduler": StepLR(optimizer, 4), "interval": "step"}',
]


@pytest.mark.parametrize("script", SCRIPTS, ids=["steps", "frequency 1", "frequency 3", "a dictionary"])
def test_each_process_of_lightning_steps_its_scheduler_once(script: str) -> None:
    frequency = 3 if '"frequency": 3' in script else 1
    for samples, batch, drop, processes, batches in SHARED:
        fields = {"lr": 0.1, "epochs": 3, "dataset_size": samples, "batch_size": batch, "drop_last": drop}
        wanted = by_hand(epochs=3, batches=batches, frequency=frequency)
        spec = read(script.replace("TRAINER", "max_epochs=3"), **fields, num_processes=processes)
        assert simulate(spec).lr[:, 0].tolist() == wanted, (samples, processes)
        assert f"{processes} processes share the samples, and each steps its own scheduler" in spec.notes
        if "TRAINER" in script:
            devices = f"max_epochs=3, devices={processes // 2}, num_nodes=2"
            spec = read(script.replace("TRAINER", devices), **fields)
            assert simulate(spec).lr[:, 0].tolist() == wanted, (samples, processes)
    spec = read(script.replace("TRAINER", "devices=8"), lr=0.1, epochs=3, steps_per_epoch=5, num_processes="4")
    assert simulate(spec).lr[:, 0].tolist() == by_hand(epochs=3, batches=5, frequency=frequency)
    with pytest.raises(LrvizError, match="`--num-processes` must be 1 or more, got 0"):
        read(script.replace("TRAINER", ""), epochs=3, steps_per_epoch=5, num_processes="0")


def test_the_length_of_a_run_of_several_processes() -> None:
    script = MODULE.replace("CONFIG", CYCLE).replace("TRAINER", "max_epochs=2, devices=[0, 1]")
    spec = read(script, dataset_size=47, batch_size=8, drop_last=True)
    assert "total_steps=6" in str(spec.scheduler)
    assert spec.loop == TrainingLoop(2, dataset_size=24, batch_size=8, drop_last=True)
