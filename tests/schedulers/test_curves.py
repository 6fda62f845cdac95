"""The curves that are kept as data, compared with torch."""

from __future__ import annotations

import pytest

from lrviz.schedulers import CURVES, Scheduler, all_schedulers, compositions
from lrviz.simulation import simulate
from lrviz.spec import read_run

LISTED = (*all_schedulers(), *compositions())


@pytest.mark.filterwarnings("ignore")  # torch warns of its own composites
@pytest.mark.parametrize("info", [pytest.param(info, id=info.short) for info in LISTED])
def test_the_curve_of_a_scheduler_is_that_of_torch(info: Scheduler) -> None:
    rates = simulate(read_run(info.example or info.short)).lr[:, 0]
    assert CURVES.get(info.short) == tuple(round(rate * 1e6) for rate in rates.tolist())


def test_no_curve_is_left_over() -> None:
    assert list(CURVES) == [info.short for info in LISTED]
