"""The helper that tells linear time from more does so."""

from __future__ import annotations

import pytest

from tests.linear import assert_linear, repeated


def test_linear_time_passes() -> None:
    assert_linear(lambda text: [character for character in text for _ in range(100)], repeated("a"), 1_000)


def test_quadratic_time_fails() -> None:
    with pytest.raises(AssertionError, match=r"s of CPU at a length of 400, .* at 1,600"):
        assert_linear(lambda text: [character for character in text for _ in text], repeated("a"), 400)
