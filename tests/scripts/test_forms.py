"""Schedulers in the forms that people write them: the rates are those of the same code in plain Python.

`forms.txt` has the forms, each written for these tests after one that is common in public code.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import math
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn, optim
from torch.optim import lr_scheduler

from lrviz.errors import LrvizError
from lrviz.simulation import simulate
from lrviz.spec import Fields, read_all
from tests.scripts.running import executed

FORMS = [
    tuple(form.split("\n", 1))
    for form in (Path(__file__).parent / "forms.txt").read_text(encoding="utf-8").split("### ")[1:]
]
# After a form that does not step its scheduler.
LOOP = "for _ in range(12):\n    optimizer.step()\n    scheduler.step()\n"
BATCHES = 7
LOADERS = ("train_loader", "stage2_loader", "dataloader")
MODULES = {"argparse": argparse, "math": math, "np": np, "torch": torch, "nn": nn, "optim": optim}


def difference(text: str) -> str:
    """What lrviz makes of a form, if it differs from what Python makes of it."""
    names = {**MODULES, "lr_scheduler": lr_scheduler, "model": nn.Linear(2, 1), "val_loss": 1.0}
    names |= dict.fromkeys(LOADERS, [None] * BATCHES)
    with contextlib.redirect_stdout(io.StringIO()):
        expected = sorted(map(np.ndarray.tolist, executed(text, names)))
    fields = {"metric": "1.0"} | ({"steps_per_epoch": BATCHES} if any(name in text for name in LOADERS) else {})
    try:
        runs = read_all(text, Fields(fields, shared=True))
        sent = pickle.loads(pickle.dumps(runs))  # noqa: S301 - to another process, as those of a file
        found = sorted(simulate(run).lr.tolist() for run in sent)
    except LrvizError as error:
        return str(error)
    return "" if found == expected else f"{[str(run.scheduler) for run in runs]}: {found} and not {expected}"


def test_there_are_many_forms() -> None:
    assert len(FORMS) >= 200
    assert len({name for name, _ in FORMS}) == len(FORMS)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("part", range(4))
def test_the_rates_are_those_of_plain_python(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["train.py"])
    wrong = {}
    for name, text in FORMS[part::4]:
        if why := difference(text if ".step(" in text else text + LOOP):
            wrong[name] = why
    assert wrong == {}
