"""Rates below 0, which a negative eta_min gives, are shown; rounding errors below 0 do not move an axis."""

from __future__ import annotations

import pytest

import lrviz
from lrviz.terminal.chart import draw_chart
from lrviz.terminal.messages import comparison_lines
from lrviz.trace import floor_of_axis

NEGATIVE = "CosineAnnealingLR(8, eta_min=-1e-3)"


@pytest.mark.parametrize("style", ["lrviz", "cheatsheet"])
@pytest.mark.parametrize(("text", "low"), [(NEGATIVE, -1.1e-3), ("cosine", None)])
def test_the_axis_of_a_figure_reaches_the_lowest_rate(text: str, low: float | None, style: str) -> None:
    axes = lrviz.draw(lrviz.simulate(text), style=style).axes[0]
    bottom, top = axes.get_ylim()
    assert top >= 1e-3
    assert bottom == pytest.approx(low) if low else -5e-5 <= bottom <= 0


def test_the_chart_of_a_terminal_has_ticks_below_0() -> None:
    text = draw_chart([lrviz.simulate(NEGATIVE)], 60, 16, colour=False)
    labels = [line.split("┤")[0].strip() for line in text.splitlines() if "┤" in line]
    assert labels == ["1e-3", "5e-4", "0", "-5e-4", "-1e-3"]


def test_the_range_of_a_comparison_is_that_of_the_rates() -> None:
    traces = [lrviz.simulate(NEGATIVE), lrviz.simulate("cosine")]
    assert comparison_lines(traces, None, 80)[1] == "rates from -1e-3 to 1e-3"


def test_rounding_errors_are_not_rates_below_0() -> None:
    assert floor_of_axis(-1e-21, 1e-3) == 0
    assert floor_of_axis(1e-4, 1e-3) == 0
    assert floor_of_axis(-1e-11, 1e-3) == -1e-11
