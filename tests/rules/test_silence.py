"""Schedules that are right have no findings."""

from __future__ import annotations

from tests.rules.checking import codes
from tests.rules.sensible import sensible

SEEDS = 60  # of 2,000 that were tried


def test_random_sensible_schedules_have_no_findings() -> None:
    found = {text: wrong for text in map(sensible, range(SEEDS)) if (wrong := codes(text, "error", "warning"))}
    assert found == {}
