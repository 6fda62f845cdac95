"""Scripts with Accelerate, executed with its wrappers for several processes: each update uses the rate that is read."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch
from torch.optim.optimizer import register_optimizer_step_pre_hook
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

from lrviz.simulation import simulate
from lrviz.spec import Fields, read_run

SCRIPT = """
import torch
from accelerate import Accelerator, DataLoaderConfiguration
from torch.utils.data import DataLoader, TensorDataset

accelerator = Accelerator(ARGUMENTS)
# processes
dataloader = DataLoader(TensorDataset(torch.zeros(100, 2), torch.zeros(100, 1)), batch_size=8)
model = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
optimizer, dataloader, scheduler = accelerator.prepare(optimizer, dataloader, scheduler)
for epoch in range(3):
    for inputs, targets in dataloader:
        with accelerator.accumulate(model):
            accelerator.backward(torch.nn.functional.mse_loss(model(inputs), targets))
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
"""
SPLIT = "dataloader_config=DataLoaderConfiguration(split_batches=True)"
ALONE = "step_scheduler_with_optimizer=False"


def test_the_rates_of_scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("accelerate", reason="the scripts use the package `accelerate`")
    from accelerate.state import AcceleratorState, GradientState, PartialState

    for processes in (1, 4):
        for arguments in (
            "cpu=True", f"cpu=True, {SPLIT}", f"cpu=True, {ALONE}", f"cpu=True, {ALONE}, {SPLIT}",
            "cpu=True, gradient_accumulation_steps=3", f"cpu=True, gradient_accumulation_steps=3, {SPLIT}",
            f"cpu=True, gradient_accumulation_steps=3, {ALONE}",
            f"cpu=True, gradient_accumulation_steps=3, {ALONE}, {SPLIT}",
        ):  # fmt: skip
            text = SCRIPT.replace("ARGUMENTS", arguments)
            rates: list[float] = []

            def patch(processes: int = processes) -> None:
                for state in (PartialState, AcceleratorState):
                    monkeypatch.setitem(state._shared_state, "num_processes", processes)

            def record(optimizer: Any, *_: Any, rates: list[float] = rates) -> None:
                rates.append(optimizer.param_groups[0]["lr"])

            AcceleratorState._reset_state(True)
            GradientState._reset_state()
            hook = register_optimizer_step_pre_hook(record)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # accelerate's and torch's own
                    exec(text.replace("# processes", "patch()"), {"patch": patch})  # noqa: S102 - of this file
            finally:
                hook.remove()
                AcceleratorState._reset_state(True)
                GradientState._reset_state()
            spec = read_run(text, Fields({"dataset_size": 100, "batch_size": 8, "num_processes": processes}))
            assert simulate(spec).lr[:, 0].tolist() == rates, (processes, arguments)
            # As it is often pasted, without the loader and the model; a process has its share of the batches.
            part = "\n".join(line for line in text.splitlines() if not line.startswith(("dataloader =", "model =")))
            size = {"dataset_size": 100, "batch_size": 8, "num_processes": processes}
            assert simulate(read_run(part, Fields(size))).lr[:, 0].tolist() == rates, (processes, arguments)


def test_the_processes_of_an_accelerator_that_is_created_elsewhere() -> None:
    lines = (
        "model, optimizer = accelerator.prepare(model, torch.optim.SGD(model.parameters(), lr=0.1))\n"
        "scheduler = StepLR(optimizer, step_size=5 * self.accelerator.num_processes)"
    )
    assert str(read_run(lines, Fields({})).scheduler) == "StepLR(step_size=5)"
    assert str(read_run(lines, Fields({"num_processes": 4})).scheduler) == "StepLR(step_size=20)"


def test_what_is_prepared_may_get_another_name() -> None:
    lines = "opt = SGD(p, lr=0.1)\ns = StepLR(opt, 2)\n"
    loop = "for epoch in range(3):\n    mine.step()\n    scheduler.step()"
    for prepare in (
        "mine, scheduler = accelerator.prepare(opt, s)",
        "mine, scheduler = accelerator.prepare_optimizer(opt), accelerator.prepare_scheduler(s)",
        "mine = accelerator.prepare(opt)\nscheduler = accelerator.prepare(s)",
        "net, mine = fabric.setup(net, opt)\nscheduler = s",
    ):
        assert read_run(f"{lines}{prepare}\n{loop}").read[-1].startswith("stepped once an epoch"), prepare


DISTRIBUTED = """
sampler = DistributedSampler(dataset, num_replicas=4, rank=0)
train_loader = DataLoader(dataset, batch_size=8, sampler=sampler)
model = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
rates = []
for epoch in range(3):
    sampler.set_epoch(epoch)
    for inputs, targets in train_loader:
        optimizer.zero_grad()
        rates.append(optimizer.param_groups[0]["lr"])
        torch.nn.functional.mse_loss(model(inputs), targets).backward()
        optimizer.step()
        scheduler.step()
"""


def test_processes_without_accelerate_step_their_own_schedulers() -> None:
    names: dict[str, Any] = {"torch": torch, "DistributedSampler": DistributedSampler, "DataLoader": DataLoader}
    names["dataset"] = TensorDataset(torch.zeros(100, 2), torch.zeros(100, 1))
    exec(DISTRIBUTED, names)  # noqa: S102 - a script of this test
    size = {"dataset_size": 100, "batch_size": 8, "num_processes": 4}
    spec = read_run(DISTRIBUTED, Fields(size))
    assert simulate(spec).lr[:, 0].tolist() == names["rates"]
    assert "4 processes share the samples, and each steps its own scheduler" in spec.notes
    by_hand = DISTRIBUTED.replace("scheduler.step()", 'optimizer.param_groups[0]["lr"] *= 0.9')
    assert simulate(read_run(by_hand, Fields(size))).lr[:, 0].tolist() == pytest.approx(names["rates"])
    # Lines without a loop may be those of Accelerate.
    lines = "scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)"
    assert read_run(lines, Fields({**size, "epochs": 3})).loop.num_processes == 4
