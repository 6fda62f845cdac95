"""Text that is measured, wrapped and shortened."""

from __future__ import annotations

import re

import matplotlib as mpl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from lrviz.figure.axes import DrawContext
from lrviz.figure.backend import load_style
from lrviz.figure.curves import brief, clean
from lrviz.figure.style import FigureOptions
from lrviz.figure.wrapping import fit_text, fit_texts, wrap, wrap_evenly


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
        pytest.param("CosineAnnealingLR(T_max=32)", 18, ["CosineAnnealingLR(", "T_max=32)"], id="bracket"),
        pytest.param("f(gamma=0.99540001, b=1)", 18, ["f(", "gamma=0.99540001, ", "b=1)"], id="number"),
        pytest.param("1,000 of 2,500 steps", 8, ["1,000 of ", "2,500 ", "steps"], id="thousands"),
        pytest.param("run 1/250 of all", 8, ["run ", "1/250 of ", "all"], id="fraction"),
        pytest.param("StepLR(gamma=0.5) · lr, epochs", 20, ["StepLR(gamma=0.5)", "· lr, epochs"], id="dot"),
        pytest.param("CosineAnnealingLR(T_max=32)", 9, ["…(", "T_max=32)"], id="a word that is too wide"),
    ],
)
def test_neither_words_nor_numbers_are_broken(text: str, width: float, lines: list[str]) -> None:
    assert wrap(text, width, 10.0, measure, 5) == [line.rstrip() for line in lines]


def test_what_fits_on_several_lines_is_wrapped_evenly() -> None:
    assert wrap_evenly("one two three four", 20.0, 10.0, measure, 2) == ["one two", "three four"]
    assert wrap_evenly("one two three four", 8.0, 10.0, measure, 2) is None
    assert wrap_evenly("CosineAnnealingLR", 8.0, 10.0, measure, 3) is None


@pytest.mark.parametrize("width", range(10, 40))
def test_text_is_shortened_between_words_and_numbers(width: int) -> None:
    shown = fit_text("StepLR(step_size=12500, gamma=0.9954321, last_epoch=-1)", width, 10.0, measure)
    left, _, right = shown.partition("…")
    whole = {"StepLR", "step_size", "12500", "gamma", "0.9954321", "last_epoch", "1"}
    assert set(re.findall(r"\w[\w.]*", left + " " + right)) <= whole


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
        "start_factor=0.1), CosineAnnealingLR(T_max=27)],",
        "milestones=[5])",
    ]


def test_what_does_not_fit_is_left_out_before_the_end() -> None:
    lines = wrap(LONG, 30.0, 10.0, measure, 2)
    assert len(lines) == 2
    assert lines[0].startswith("SequentialLR(")
    assert lines[1].endswith("milestones=[5])")
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


@pytest.mark.parametrize(
    ("texts", "width", "shown"),
    [
        (
            ["total_iters=2500, power=1", "total_iters=5000, power=1"],
            20,
            ["total_iters=2500,…=1", "total_iters=5000,…=1"],
        ),
        (["CosineAnnealingLR(T_max=5000)", "StepLR(step_size=5)"], 19, ["CosineAnnealingLR(…", "StepLR(step_size=5)"]),
        (["PolynomialLR(power=2)", "PolynomialLR(power=4)"], 17, ["PolynomialLR(…=2)", "PolynomialLR(…=4)"]),
        (["equal, equal, equal", "equal, equal, equal"], 13, ["equal,…equal", "equal,…equal"]),
    ],
)
def test_shortened_labels_differ_and_keep_their_beginning(texts: list[str], width: float, shown: list[str]) -> None:
    assert fit_texts(texts, width, 1.0, lambda text, _: len(text)) == shown


def test_widths_of_text_follow_the_fonts_of_the_style_and_the_dpi() -> None:
    def width(settings: dict[str, object], dpi: int) -> float:
        with mpl.rc_context(settings):  # type: ignore[arg-type] # names as text
            return DrawContext(Figure(dpi=dpi), load_style("lrviz"), FigureOptions()).measure("Learning rate", 10.0)

    sans = width({"font.family": ["DejaVu Sans"]}, 100)
    assert width({"font.family": ["DejaVu Sans Mono"]}, 100) > 1.05 * sans
    assert width({"font.family": ["DejaVu Sans"]}, 200) == pytest.approx(sans, rel=0.02)
    assert width({"font.family": ["DejaVu Sans"], "font.weight": "bold"}, 100) > sans
    assert width({"font.family": ["DejaVu Sans"]}, 100) == sans
