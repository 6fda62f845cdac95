"""Values that a script does not have are asked for, where they decide what is drawn; with them its rates are read."""

from __future__ import annotations

import sys
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from lrviz.errors import LrvizError
from lrviz.notation import MissingValuesError
from lrviz.simulation import simulate
from lrviz.spec import Fields, read_all
from tests.scripts.running import executed

HEAD = """
import torch
import settings
from torch.optim.lr_scheduler import *
from settings import RATE, Model, cfg, loader
model = Model(2, 1)
"""
SGD = "opt = torch.optim.SGD(model.parameters(), lr=0.1)\n"
SCHEDULER = "scheduler = ExponentialLR(opt, 0.9)\n"
BATCHES = "    for i, x in enumerate(loader):\n        opt.step()\n"
EPOCHS = f"for epoch in range(4):\n{BATCHES}"
STEP = "    scheduler.step()\n"
EACH = "    for each in schedulers:\n        each.step()\n"
PART = "torch.nn.Parameter(torch.zeros(1))"
SETTINGS = {
    "RATE": 0.3, "EPOCHS": 3, "Model": torch.nn.Linear, "loader": [torch.zeros(2)] * 4,
    "cfg": SimpleNamespace(lr=0.2, warm=True, kind="step", every=2, last=2, name="StepLR"),
}  # fmt: skip

# By name: the script, and the values that are asked for.
ASKED: dict[str, tuple[str, list[str]]] = {
    "a rate": (f"opt = torch.optim.SGD(model.parameters(), lr=cfg.lr)\n{SCHEDULER}{EPOCHS}{STEP}", ["cfg.lr"]),
    "a rate that is imported": (
        f"opt = torch.optim.SGD(model.parameters(), lr=RATE / 2)\n{SCHEDULER}{EPOCHS}{STEP}",
        ["RATE"],
    ),
    "a number of epochs of a module": (
        f"{SGD}{SCHEDULER}for epoch in range(settings.EPOCHS):\n{BATCHES}{STEP}",
        ["settings.EPOCHS"],
    ),
    "a choice": (
        f"{SGD}{SCHEDULER}if not cfg.warm:\n    scheduler = StepLR(opt, 1)\n{EPOCHS}{STEP}",
        ["cfg.warm"],
    ),
    "a choice by a text": (
        f"{SGD}scheduler = StepLR(opt, 1) if cfg.kind.lower() == 'step' else ExponentialLR(opt, 0.9)\n{EPOCHS}{STEP}",
        ["cfg.kind"],
    ),
    "whether the scheduler steps": (f"{SGD}{SCHEDULER}{EPOCHS}    if cfg.warm:\n    {STEP}", ["cfg.warm"]),
    "the first epoch in which it steps": (
        f"{SGD}{SCHEDULER}{EPOCHS}    if epoch >= cfg.every:\n    {STEP}",
        ["cfg.every"],
    ),
    "the batches of an update": (
        f"{SGD}{SCHEDULER}for epoch in range(4):\n    for i, x in enumerate(loader):\n"
        f"        if (i + 1) % cfg.every == 0:\n            opt.step()\n{STEP}",
        ["cfg.every"],
    ),
    "a scheduler that a list may have": (
        f"{SGD}schedulers = []\nif cfg.warm:\n    schedulers.append(StepLR(opt, 1))\n"
        f"schedulers.append(ExponentialLR(opt, 0.9))\n{EPOCHS}{EACH}",
        ["cfg.warm"],
    ),
    "a scheduler that a list may have too": (
        f"{SGD}schedulers = [ExponentialLR(opt, 0.9)]\nif cfg.warm:\n    schedulers += [StepLR(opt, 1)]\n"
        f"{EPOCHS}{EACH}",
        ["cfg.warm"],
    ),
    "a scheduler that a dictionary may have": (
        f"{SGD}named = {{'a': ExponentialLR(opt, 0.9)}}\nif cfg.warm:\n    named['b'] = StepLR(opt, 1)\n"
        f"{EPOCHS}{EACH}".replace("in schedulers", "in named.values()"),
        ["cfg.warm"],
    ),
    "which scheduler of a list steps": (
        f"{SGD}schedulers = {{'step': StepLR(opt, 1), 'exp': ExponentialLR(opt, 0.9)}}\n{EPOCHS}"
        "    schedulers[cfg.kind].step()\n",
        ["cfg.kind"],
    ),
    "the class of the scheduler that steps, beside another": (
        f"{SGD}{SCHEDULER}other = getattr(torch.optim.lr_scheduler, cfg.name)(opt, 1)\n{EPOCHS}    other.step()\n",
        ["cfg.name"],
    ),
    "a group that a list may have": (
        f"groups = [{{'params': model.parameters()}}]\nif cfg.warm:\n"
        f"    groups.append({{'params': [{PART}], 'lr': 0.7}})\nopt = torch.optim.SGD(groups, lr=0.1)\n"
        f"{SCHEDULER}{EPOCHS}{STEP}",
        ["cfg.warm"],
    ),
    "a group that the optimizer may have": (
        f"{SGD}if cfg.warm:\n    opt.add_param_group({{'params': [{PART}], 'lr': 0.7}})\n{SCHEDULER}{EPOCHS}{STEP}",
        ["cfg.warm"],
    ),
    "the end of the run": (f"{SGD}{SCHEDULER}{EPOCHS}{STEP}    if epoch == cfg.last:\n        break\n", ["cfg.last"]),
    "the end of each epoch": (
        f"{SGD}{SCHEDULER}{EPOCHS}        if cfg.warm and i == 1:\n            break\n{STEP}",
        ["cfg.warm"],
    ),
    "epochs without a step": (
        f"{SGD}{SCHEDULER}{EPOCHS}    if cfg.warm:\n        if epoch < 2:\n            continue\n{STEP}",
        ["cfg.warm"],
    ),
    "a function that returns early": (
        f"{SGD}{SCHEDULER}def step():\n    if not cfg.warm:\n        return\n    scheduler.step()\n"
        f"{EPOCHS}    step()\n",
        ["cfg.warm"],
    ),
}


@pytest.mark.filterwarnings("ignore")
def test_what_is_imported_and_decides_the_rates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "settings", SimpleNamespace(**SETTINGS))
    for name, (part, asked) in ASKED.items():
        text = HEAD + part
        fields: dict[str, Any] = {"steps_per_epoch": 4}
        with pytest.raises(MissingValuesError) as caught:
            read_all(text, Fields(fields))
        assert [each.text for each in caught.value.missing] == asked, name
        for warm in (True, False):
            cfg = SimpleNamespace(**{**vars(SETTINGS["cfg"]), "warm": warm})
            monkeypatch.setattr(sys.modules["settings"], "cfg", cfg)
            module = sys.modules["settings"]
            lets = {each: attrgetter(each.removeprefix("settings."))(module) for each in asked}
            run = read_all(text, Fields(fields, lets=lets))
            assert [simulate(each).lr.tolist() for each in run] == [e.tolist() for e in executed(text)], name


REFUSED = {
    "groups of unknown rates that a loop adds": (
        f"{SGD}for i, x in enumerate(model.layers):\n"
        f"    opt.add_param_group({{'params': x, 'lr': 0.1 * i}})\n{SCHEDULER}{EPOCHS}{STEP}",
        "the rates of the parameter groups of `SGD` on line 6 cannot be computed",
    ),
    "a rate that each run has of its own": (
        "for fold in range(3):\n    lr = 0.1 * (fold + 1)\n    opt = torch.optim.SGD(model.parameters(), lr=lr)\n"
        "    scheduler = ExponentialLR(opt, 0.9)\n    for epoch in range(4):\n        for x in loader:\n"
        "            opt.step()\n        scheduler.step()\n",
        "the rate of `SGD` on line 8 cannot be computed",
    ),
}


def test_what_cannot_be_known_is_refused() -> None:
    for name, (part, message) in REFUSED.items():
        with pytest.raises(LrvizError) as caught:
            read_all(HEAD + part, Fields({"steps_per_epoch": 4}))
        assert caught.value.message == message, name
