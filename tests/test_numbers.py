"""Rates as people write them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrviz.text import format_rate


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1e-3, "1e-3"),
        (7.5e-4, "7.5e-4"),
        (2.4076366639015913e-06, "2.41e-6"),
        (1e-10, "1e-10"),
        (5e-324, "4.94e-324"),
        (-1e-21, "-1e-21"),
        (0.01, "0.01"),
        (0.05, "0.05"),
        (0.1, "0.1"),
        (1 / 3, "0.333"),
        (0.0999999, "0.1"),
        (0.0099999, "0.01"),
        (0.00999, "9.99e-3"),
        (1.0, "1"),
        (10.0, "10"),
        (100.0, "100"),
        (1234.0, "1234"),
        (9999.9, "1e4"),
        (12345.0, "1.23e4"),
        (1e5, "1e5"),
        (1.7976931348623157e308, "1.8e308"),
        (math.nan, "nan"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
    ],
)
def test_table(value: float, text: str) -> None:
    assert format_rate(value) == text


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (1 / 3, 1, "0.3"),
        (1 / 3, 6, "0.333333"),
        (1.6e-4, 1, "2e-4"),
        (0.096, 1, "0.1"),
        (95.0, 1, "95"),
        (0.1 + 0.2, 17, "0.30000000000000004"),
    ],
)
def test_digits(value: float, digits: int, text: str) -> None:
    assert format_rate(value, digits) == text


@given(st.floats(min_value=1e-300, max_value=1e300), st.integers(1, 17))
def test_it_reads_back_to_that_many_digits(value: float, digits: int) -> None:
    text = format_rate(value, digits)
    assert math.isclose(float(text), value, rel_tol=0.5001 * 10 ** (1 - digits))
    assert len(text) <= digits + 6
    assert format_rate(-value, digits) == f"-{text}"
