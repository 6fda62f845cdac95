"""Text that is measured, wrapped, shortened and spread."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrviz.figure.axes import fit_text, wrap
from lrviz.figure.captions import spread
from lrviz.figure.curves import brief, clean


def measure(text: str, size: float) -> float:
    """Every character is a tenth of its size wide."""
    return 0.1 * size * len(text)


LONG = "SequentialLR(schedulers=[LinearLR(start_factor=0.1), CosineAnnealingLR(T_max=27)], milestones=[5])"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("cosine(T_max=32)", "cosine(T_max=32)", id="plain"),
        pytest.param("  a \n\t b\r\nc ", "a b c", id="white-space"),
        pytest.param("$\\frac{1}{2}$ <script>", "$\\frac{1}{2}$ <script>", id="data"),
        pytest.param("a\x1b[31mb", "a\\x1b[31mb", id="escape"),
        pytest.param("", "(no name)", id="empty"),
        pytest.param("\n", "(no name)", id="newline"),
        pytest.param("\ud800", "\\ud800", id="surrogate"),
    ],
)
def test_clean(text: str, shown: str) -> None:
    assert clean(text) == shown


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        pytest.param("CosineAnnealingLR(T_max=32)", 16, ["CosineAnnealing", "LR(T_max=32)"], id="words of a class"),
        pytest.param("num_training_steps", 14, ["num_training_", "steps"], id="words of a name"),
        pytest.param("gamma=-0.99999e-33", 16, ["gamma=-0.99999e-", "33"], id="no words"),
        pytest.param("longlonglongWord", 15, ["longlonglong", "Word"], id="near the end"),
        pytest.param("aLonglonglonglong", 15, ["aLonglonglonglo", "ng"], id="a seam too early"),
    ],
)
def test_a_long_piece_is_cut_between_words(text: str, width: float, lines: list[str]) -> None:
    assert wrap(text, width, 10.0, measure, 5) == lines


@pytest.mark.parametrize(
    ("notation", "shown"),
    [
        pytest.param("ExponentialLR(gamma=0.8659643233600653)", "ExponentialLR(gamma=0.866)", id="long"),
        pytest.param(
            "StepLR(gamma=0.123456, step_size=12345678)", "StepLR(gamma=0.123456, step_size=12345678)", id="six"
        ),
        pytest.param("f(0.1234567, [-1.2345678e-05, 1e-3])", "f(0.1235, [-1.235e-5, 1e-3])", id="each"),
        pytest.param("f(0.999995394, 1.0000001)", "f(0.99999539, 1.0000001)", id="near-one"),
        pytest.param("f(0.9999953948409)", "f(0.999995395)", id="nearly-one"),
        pytest.param("f(name='0.123456789', other=\"it's 0.123456789\")", None, id="strings"),
        pytest.param("train_0.123456789.py:v1.23456789(x1.2345678)", None, id="names"),
        pytest.param("lambda epoch: 0.8659643233600653 ** epoch", "lambda epoch: 0.866 ** epoch", id="lambda"),
        pytest.param("f(1234567.25, 0.1000000)", "f(1.235e6, 0.1000000)", id="great-and-padded"),
    ],
)
def test_long_floats_of_notation_in_brief(notation: str, shown: str | None) -> None:
    assert brief(notation) == (shown or notation)


def test_clean_bounds_the_length() -> None:
    shown = clean("a" * 10**6 + "z")
    assert len(shown) < 500
    assert "…" in shown


def test_lines_break_where_notation_has_room() -> None:
    assert wrap(LONG, 50.0, 10.0, measure, 5) == [
        "SequentialLR(schedulers=[LinearLR(",
        "start_factor=0.1), CosineAnnealingLR(T_max=27)], ",
        "milestones=[5])",
    ]


def test_what_does_not_fit_is_left_out_before_the_end() -> None:
    lines = wrap(LONG, 30.0, 10.0, measure, 2)
    assert len(lines) == 2
    assert lines[0].startswith("SequentialLR(")
    assert lines[1].endswith("ilestones=[5])")
    assert "…" in lines[1]


@given(st.text(min_size=1, max_size=200), st.floats(3.0, 60.0), st.integers(1, 4))
def test_wrapped_lines_fit(text: str, width: float, most: int) -> None:
    text = clean(text)
    lines = wrap(text, width, 10.0, measure, most)
    assert 1 <= len(lines) <= most
    assert all(measure(line.rstrip(), 10.0) <= width for line in lines)
    if not any("…" in line for line in lines):
        assert "".join("".join(lines).split()) == "".join(text.split())


@given(st.text(min_size=1, max_size=80), st.floats(1.0, 60.0))
def test_shortened_text_fits_and_keeps_both_ends(text: str, width: float) -> None:
    shown = fit_text(text, width, 10.0, measure)
    assert measure(shown, 10.0) <= max(width, 1.0)
    if shown != text and len(shown) >= 5:
        assert shown[0] == text[0] or shown[0] == "…"


places = st.lists(st.tuples(st.floats(0, 10), st.floats(0.1, 1.0)), min_size=1, max_size=8)


@given(places)
def test_spread_labels_neither_overlap_nor_leave_the_room(wishes: list[tuple[float, float]]) -> None:
    centres, heights = [c for c, _ in wishes], [h for _, h in wishes]
    placed = spread(centres, heights, 0.0, 10.0)
    spans = sorted((at - h / 2, at + h / 2) for at, h in zip(placed, heights, strict=True))
    assert all(upper[0] >= lower[1] - 1e-9 for lower, upper in itertools.pairwise(spans))
    assert spans[0][0] >= -1e-9
    assert spans[-1][1] <= 10 + 1e-9


def test_labels_with_room_stay_where_they_are() -> None:
    assert spread([1.0, 5.0, 9.0], [0.5] * 3, 0.0, 10.0) == [1.0, 5.0, 9.0]


def test_labels_at_one_place_make_room_for_each_other_in_their_order() -> None:
    assert spread([5.0, 5.0, 5.0], [1.0] * 3, 0.0, 10.0) == pytest.approx([6.0, 5.0, 4.0])
