"""The chart of a terminal: its size, its ticks, its curves in their places."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrviz.terminal.chart import draw_chart
from lrviz.text import cells
from lrviz.trace import Trace
from tests.screens import plain
from tests.traces import trace

COSINE = [1e-3 * (1 + math.cos(math.pi * t / 32)) / 2 for t in range(32)]
STEPS = [1e-3 * 0.5 ** (t // 8) for t in range(32)]


def test_the_whole_picture() -> None:
    assert draw_chart([trace(STEPS)], 40, 12, colour=False) == (
        "  lr\n"
        "1e-3┤⠠⠤⠤⠤⠤⠤⠤⠤⠤⡄\n"
        "    │         ⡇\n"
        "    │         ⡇\n"
        "    │         ⡇\n"
        "5e-4┤         ⠉⠉⠉⠉⠉⠉⠉⠉⠉⡇\n"
        "    │                  ⠧⠤⠤⠤⠤⠤⠤⠤⢤\n"
        "    │                          ⠸⠤⠤⠤⠤⠤⠤⠤⠄\n"
        "   0┤\n"
        "    └┬──────────┬──────────┬──────────┬─\n"
        "     0          10         20         30\n"
        "                                    step\n"
    )


@pytest.mark.parametrize("ascii", [False, True], ids=["unicode", "ascii"])
@pytest.mark.parametrize("colour", [False, True], ids=["plain", "colour"])
@pytest.mark.parametrize(("width", "height"), [(80, 20), (40, 16), (200, 46), (24, 8)], ids=str)
@pytest.mark.parametrize("log", [False, True], ids=["linear", "log"])
def test_it_fills_its_room(width: int, height: int, colour: bool, ascii: bool, log: bool) -> None:
    lines = draw_chart([trace(COSINE)], width, height, colour=colour, ascii=ascii, log=log).splitlines()
    assert len(lines) == height
    assert max(cells(plain(line)) for line in lines) == width
    assert all(plain(line).isascii() for line in lines) or not ascii
    assert any("\x1b" in line for line in lines) is colour


def test_ticks() -> None:
    text = draw_chart([trace(COSINE)], 80, 20, colour=False)
    labels = [line.split("┤")[0].strip() for line in text.splitlines() if "┤" in line]
    assert labels == ["1e-3", "8e-4", "6e-4", "4e-4", "2e-4", "0"]
    assert text.splitlines()[-2].split() == ["0", "5", "10", "15", "20", "25", "30"]


@pytest.mark.parametrize(
    ("peak", "ticks"),
    [
        (9.992e-4, ["1e-3", "8e-4", "6e-4", "4e-4", "2e-4", "0"]),
        (1.05e-3, ["1e-3", "8e-4", "6e-4", "4e-4", "2e-4", "0"]),
        (0.3, ["0.3", "0.25", "0.2", "0.15", "0.1", "0.05", "0"]),
        (7.0, ["6", "4", "2", "0"]),
    ],
    ids=str,
)
def test_ticks_near_the_peak(peak: float, ticks: list[str]) -> None:
    text = draw_chart([trace([peak, 0.0])], 80, 20, colour=False)
    assert [line.split("┤")[0].strip() for line in text.splitlines() if "┤" in line] == ticks


def test_ticks_of_a_long_run() -> None:
    text = draw_chart([trace(np.linspace(0.3, 0, 2_500_000).tolist())], 80, 20, colour=False)
    assert text.splitlines()[-2].split() == ["0", "500k", "1M", "1.5M", "2M"]
    assert text.splitlines()[1].startswith(" 0.3┤")


def test_decades() -> None:
    text = draw_chart([trace(np.geomspace(1, 1e-8, 100).tolist())], 80, 20, colour=False, log=True)
    labels = [line.split("┤")[0].strip() for line in text.splitlines() if "┤" in line]
    assert labels == ["1", "0.01", "1e-4", "1e-6", "1e-8"]


@pytest.mark.parametrize(
    ("curve", "ticks"),
    [([0.6, 0.3], ["0.6", "0.3"]), ([0.9, 0.1], ["0.5", "0.2", "0.1"]), ([1e-3, 1e-3], ["1e-3", "5e-4"])],
    ids=["half", "nearly-all", "constant"],
)
def test_within_a_decade(curve: list[float], ticks: list[str]) -> None:
    text = draw_chart([trace(curve)], 80, 20, colour=False, log=True)
    assert [line.split("┤")[0].strip() for line in text.splitlines() if "┤" in line] == ticks


def column_of(text: str, line: int) -> int:
    """Where the first mark of the curve stands in a line of the canvas."""
    drawn = text.splitlines()[line]
    return next(i for i, c in enumerate(drawn) if i > drawn.index("│") and c != " ")


@pytest.mark.parametrize("length", [100, 1_000_000])
def test_a_jump_is_upright_and_where_it_belongs(length: int) -> None:
    curve = np.where(np.arange(length) < length // 2, 1.0, 0.1)
    text = draw_chart([trace(curve.tolist())], 81, 20, colour=False)
    columns = {column_of(text, line) for line in range(2, 15) if "│" in text.splitlines()[line]}
    axis = text.splitlines()[1].index("┤")
    assert columns == {axis + 1 + (80 - axis) // 2}


def test_a_spike_of_one_step_in_a_million_is_seen() -> None:
    curve = np.full(1_000_000, 0.1)
    curve[700_000] = 1.0
    text = draw_chart([trace(curve.tolist())], 80, 20, colour=False)
    assert "⡇" in text or "⢸" in text


class TestSeveral:
    def test_without_colour_each_has_a_character(self) -> None:
        text = draw_chart([trace(COSINE, label="cos"), trace(STEPS, label="steps")], 60, 16, colour=False)
        assert text.splitlines()[-1] == "•• cos   ++ steps"
        canvas = "\n".join(text.splitlines()[:-1])
        assert canvas.count("•") > 20
        assert canvas.count("+") > 20
        assert len(text.splitlines()) == 16

    def test_ascii(self) -> None:
        text = draw_chart([trace(COSINE, label="cös"), trace(STEPS, label="b")], 60, 16, colour=False, ascii=True)
        assert text.isascii()
        assert text.splitlines()[-1] == r"** c\xf6s   ++ b"

    def test_with_colour_each_has_one(self) -> None:
        text = draw_chart([trace(COSINE, label="cos"), trace(STEPS, label="steps")], 60, 16, colour=True)
        assert text.splitlines()[-1] == "\x1b[38;5;33m━━ \x1b[0mcos   \x1b[38;5;208m━━ \x1b[0msteps"
        assert text.count("\x1b[38;5;33m") > 5
        assert text.count("\x1b[38;5;208m") > 5

    def test_parameter_groups(self) -> None:
        text = draw_chart([trace(COSINE, STEPS, names=["backbone", ""])], 60, 16, colour=False)
        assert text.splitlines()[-1] == "•• backbone   ++ group1"

    def test_groups_of_several_runs(self) -> None:
        runs = [trace(COSINE, STEPS, names=["x", "y"], label="a"), trace([0.5] * 32, label="b")]
        assert draw_chart(runs, 60, 16, colour=False).splitlines()[-1] == "•• a[x]   ++ a[y]   ×× b"

    def test_equal_curves_share_a_line(self) -> None:
        runs = [trace(COSINE, label="one"), trace(STEPS, label="two"), trace(COSINE, label="three")]
        assert draw_chart(runs, 60, 16, colour=False).splitlines()[-1] == "•• one = three   ++ two"

    def test_long_names_take_a_line_each_and_are_cut(self) -> None:
        runs = [trace(COSINE, label="a" * 70), trace(STEPS, label="b" * 30), trace([0.5] * 32, label="c")]
        lines = draw_chart(runs, 40, 20, colour=False).splitlines()
        assert lines[-2:] == ["•• " + "a" * 35 + "…", "++ " + "b" * 30 + "   ×× c"] or lines[-3:] == [
            "•• " + "a" * 35 + "…",
            "++ " + "b" * 30,
            "×× c",
        ]
        assert max(map(cells, lines)) <= 40
        assert len(lines) == 20

    def test_a_hundred_curves(self) -> None:
        curves = [[1.0 / (g + 1), 0.5 / (g + 1)] for g in range(100)]
        lines = draw_chart([trace(*curves)], 80, 24, colour=False).splitlines()
        assert lines[-1] == "and 88 more"
        assert len(lines) == 24

    def test_names_are_text(self) -> None:
        text = draw_chart([trace(COSINE, label="\x1b[31m"), trace(STEPS, label="[bold]\n")], 60, 16, colour=False)
        assert text.splitlines()[-1] == r"•• \x1b[31m   ++ [bold]\n"

    def test_different_lengths(self) -> None:
        text = draw_chart([trace([1.0] * 10, label="short"), trace([0.5] * 100, label="long")], 80, 16, colour=False)
        assert text.splitlines()[1].count("•") < 12
        assert "80" in text.splitlines()[-3]


def test_rates_of_zero_leave_a_gap_on_a_logarithmic_axis() -> None:
    curve = [1e-3] * 10 + [0.0] * 20 + [1e-3] * 10 + [0.0]
    line = draw_chart([trace(curve)], 88, 20, colour=False, ascii=True, log=True).splitlines()[1]
    drawn = line.partition("+")[2].ljust(84)
    assert drawn[:18].count("*") >= 17
    assert set(drawn[23:58]) == {" "}
    assert drawn[62:78].count("*") == 16


@pytest.mark.parametrize(
    "run",
    [
        trace([1.0]),
        trace([0.0]),
        trace([0.0] * 10),
        trace([1e-3] * 10),
        trace([5e-324, 0.0]),
        trace([1e308, 1e-308]),
        trace([1.0, -1e-21]),
        trace([1.0, 1.0 - 1e-16]),
        trace([0.0, 1.0], [0.0, 0.0]),
        trace([0.1, 1e-300, 0.0]),
    ],
    ids=["one", "one-zero", "zeros", "constant", "subnormal", "far", "below-zero", "close", "zero-group", "decades"],
)
@pytest.mark.parametrize("log", [False, True], ids=["linear", "log"])
def test_odd_runs(run: Trace, log: bool, capfd: pytest.CaptureFixture[str]) -> None:
    lines = draw_chart([run], 60, 14, colour=False, log=log).splitlines()
    assert len(lines) == 14
    assert max(map(cells, lines)) == 60
    assert capfd.readouterr() == ("", "")


@given(
    st.lists(st.lists(st.floats(0, 1e300), min_size=1, max_size=30), min_size=1, max_size=3),
    st.text(max_size=20),
    st.integers(10, 120),
    st.integers(1, 40),
    st.booleans(),
    st.booleans(),
)
def test_any_run(curves: list[list[float]], label: str, width: int, height: int, ascii: bool, log: bool) -> None:
    runs = [trace(curve, label=f"{label}{i}") for i, curve in enumerate(curves)]
    lines = draw_chart(runs, width, height, colour=False, ascii=ascii, log=log).splitlines()
    assert max(map(cells, lines)) <= max(width, 24)
    assert len(lines) <= max(height, 8 + len(runs))
