"""How curves differ, in numbers and as the table that a terminal shows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrviz.simulation import simulate
from lrviz.spec import Fields, TrainingLoop, read_runs
from lrviz.terminal import comparison_lines, print_differences
from lrviz.text import cells
from lrviz.trace import Trace, compare_traces
from lrviz.trace.differences import first_difference
from tests.screens import plain, screen
from tests.traces import trace

RISE = [0.1, 0.2, 0.4, 0.2]
FALL = [0.4, 0.3, 0.2, 0.1]


def test_a_row_for_each_curve_says_where_it_peaks_ends_and_parts() -> None:
    first, second = compare_traces([trace(FALL, label="fall"), trace(RISE, label="rise")])
    assert (first.label, first.differs_at) == ("fall", None)
    assert (second.label, second.differs_at) == ("rise", 0)
    assert (second.summary.peak, second.summary.peak_step, second.summary.final) == (0.4, 2, 0.2)
    assert second.summary.warmup_end == 2
    assert second.summary.mean == (0.1 + 0.2 + 0.4 + 0.2) / 4  # sum() rounds less since Python 3.12
    assert first.summary.warmup_end is None


def test_each_group_has_a_row_and_parts_from_the_first_curves_first_group() -> None:
    rows = compare_traces([trace(FALL, RISE, label="a", names=["body", "head"]), trace(FALL, label="b")])
    assert [(row.label, row.differs_at) for row in rows] == [("a body", None), ("a head", 0), ("b", None)]


PARTINGS = [
    ([1, 2, 3], [1, 2, 3], None),
    ([1, 2, 3], [1, 2, 4], 2),
    ([1, 2, 3], [0, 2, 3], 0),
    ([1, 2, 3], [1, 2], 2),
    ([1, 2], [1, 2, 3], 2),
    ([1, 2], [1, 3, 3], 1),
    ([1.0], [np.nextafter(1.0, 2)], 0),
]


@pytest.mark.parametrize(("one", "other", "at"), PARTINGS)
def test_where_two_curves_part(one: list[float], other: list[float], at: int | None) -> None:
    assert first_difference(np.array(one, dtype=float), np.array(other, dtype=float)) == at


@given(st.lists(st.sampled_from([1.0, 2.0]), max_size=6), st.lists(st.sampled_from([1.0, 2.0]), max_size=6))
def test_before_they_part_curves_are_equal(one: list[float], other: list[float]) -> None:
    at = first_difference(np.array(one), np.array(other))
    assert one[:at] == other[:at]
    assert (at is None) == (one == other)
    if at is not None:
        assert one[at : at + 1] != other[at : at + 1]


def told(traces: list[Trace], columns: int) -> list[str]:
    """The lines of the table of differences."""
    with screen(columns) as (terminal, stream):
        print_differences(compare_traces(traces), terminal)
    return [line.rstrip() for line in plain(stream.text).splitlines()]


def test_the_table() -> None:
    assert told([trace(FALL, label="fall"), trace(RISE, label="rise"), trace(FALL, label="again")], 80) == [
        "       peak  at step  final  warm-up ends   mean  differs",
        "fall    0.4        0    0.1             -   0.25",
        "rise    0.4        2    0.2             2  0.225        0",
        "again   0.4        0    0.1             -   0.25    never",
    ]


def test_a_narrow_terminal_gets_a_list() -> None:
    assert told([trace(FALL, label="fall"), trace(RISE, label="rise"), trace(FALL, label="again")], 40) == [
        "fall",
        "  peak 0.4 at step 0",
        "  final 0.1, mean 0.25",
        "rise",
        "  peak 0.4 at step 2",
        "  final 0.2, mean 0.225",
        "  warm-up ends at step 2",
        "  differs from the first at step 0",
        "again",
        "  peak 0.4 at step 0",
        "  final 0.1, mean 0.25",
        "  equal to the first",
    ]


@pytest.mark.parametrize("columns", [40, 76, 80, 120, 300])
@pytest.mark.parametrize("label", ["x" * 200, "a b " * 40, "学習率 " * 12, "\x1b[31mred\n", "[bold]$x$"])
def test_labels_are_told_in_full_and_no_line_is_too_long(label: str, columns: int) -> None:
    lines = told([trace(FALL, label="plain"), trace(RISE, label=f"{label} end")], columns)
    assert all(cells(line) <= columns for line in lines)
    text = "".join(lines).replace(" ", "")
    escaped = label.replace("\x1b", "\\x1b").replace("\n", "\\n").replace(" ", "")
    assert escaped + "end" in text


@pytest.mark.parametrize("columns", [40, 80])
def test_the_middle_of_a_very_long_label_is_left_out(columns: int) -> None:
    lines = told([trace(FALL, label="plain"), trace(RISE, label="start" + "x" * 30_000 + "end")], columns)
    text = "".join(lines)
    assert len(text) < 1_500
    assert "start" in text
    assert "xend" in text


@pytest.mark.parametrize("columns", [40, 80])
def test_the_table_of_many_parameter_groups_is_cut(columns: int) -> None:
    groups = ",".join(f"g{i}=1" for i in range(90))
    lines = told(runs("cosine", "step", lr=groups), columns)
    assert " ".join(lines[-2:]).endswith("and 80 more; `--format csv` has all rates")
    assert [line for line in lines if "StepLR" in line and "g9" in line]
    assert not [line for line in lines if "StepLR" in line and "g10" in line]


def runs(*texts: str, **fields: str) -> list[Trace]:
    """The traces of several schedulers."""
    return [simulate(run) for run in read_runs(texts, Fields(fields))]


LINES = [
    (("cosine", "step"), {}, "2 curves · 32 steps, 4 epochs of 8"),
    (("cosine",), {"epochs": "1", "steps_per_epoch": "1"}, "1 curve · 1 step, 1 epoch of 1"),
    (("cosine", "step @ epochs=2"), {}, "2 curves · 16 to 32 steps"),
    (("cosine", "step"), {"num_processes": "2"}, "2 curves · 32 updates, 64 scheduler steps, 4 epochs of 8"),
    (("cosine", "step"), {"interval": "epoch"}, "2 curves · 32 updates, 4 scheduler steps, 4 epochs of 8"),
    (("cosine", "step @ interval=epoch"), {}, "2 curves · 32 updates, 4 to 32 scheduler steps"),
    (("cosine", "step"), {"grad_accum": "4"}, "2 curves · 8 steps, 4 epochs of 2"),
]


@pytest.mark.parametrize(("texts", "fields", "first"), LINES, ids=[first for _, _, first in LINES])
def test_the_first_line_tells_the_run(texts: tuple[str, ...], fields: dict[str, str], first: str) -> None:
    assert comparison_lines(runs(*texts, **fields), None, 80)[0] == first


def test_the_second_line_tells_the_range_and_the_path() -> None:
    traces = [trace([1e-3, 5e-4]), trace([2e-3, 1e-8], loop=TrainingLoop(1, 2))]
    assert comparison_lines(traces, "out.png", 80)[1] == "rates from 1e-8 to 2e-3 · out.png"
    assert comparison_lines(traces, None, 80)[1] == "rates from 1e-8 to 2e-3"
    assert comparison_lines([trace([1e-3, -1e-20])], None, 80)[1] == "rates from 0 to 1e-3"
    assert all(cells(line) <= 30 for line in comparison_lines(traces, "x" * 50, 30))
