"""The cheat sheet's curves, recorded once from a plain loop: lrviz gives them to the last bit."""

from __future__ import annotations

import json
from typing import Any

import pytest

import lrviz
from tests.conftest import ROOT

SHEET: dict[str, Any] = json.loads((ROOT / "tests" / "data" / "cheatsheet.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("curve", SHEET["curves"], ids=[curve["name"] for curve in SHEET["curves"]])
def test_a_curve_of_the_cheat_sheet(curve: dict[str, Any]) -> None:
    trace = lrviz.simulate(
        curve["scheduler"], lr=SHEET["lr"], epochs=SHEET["epochs"], steps_per_epoch=SHEET["steps_per_epoch"]
    )
    assert trace.lr[:, 0].tolist() == curve["lr"]


def test_the_sheet_is_whole() -> None:
    assert len(SHEET["curves"]) == len({curve["name"] for curve in SHEET["curves"]}) == 14
    assert all(len(curve["lr"]) == 32 for curve in SHEET["curves"])
