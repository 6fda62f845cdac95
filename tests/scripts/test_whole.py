"""Whole scripts are executed, and the rates that their updates use are those that lrviz reads."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from lrviz.simulation import simulate
from lrviz.spec import Fields, read_all
from tests.scripts import lightning_stub
from tests.scripts.loops import LOOPS
from tests.scripts.running import executed
from tests.scripts.whole import WHOLE

SCRIPTS = WHOLE | LOOPS


@pytest.fixture(autouse=True)
def lightning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lightning", lightning_stub)
    monkeypatch.setitem(sys.modules, "lightning.pytorch", lightning_stub)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("text", "values", "lets"), SCRIPTS.values(), ids=SCRIPTS.keys())
def test_the_rates_are_those_of_the_script(text: str, values: dict[str, Any], lets: dict[str, Any]) -> None:
    if "from accelerate import" in text:
        pytest.importorskip("accelerate")
        from accelerate.state import AcceleratorState, GradientState

        AcceleratorState._reset_state(reset_partial_state=True)
        GradientState._reset_state()
    expected = sorted(map(np.ndarray.tolist, executed(text)))
    runs = read_all(text, Fields(values, lets=lets))
    assert sorted(simulate(run).lr.tolist() for run in runs) == expected
