"""Reduction keeps what can be seen, and jumps are found and drawn as jumps."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lrviz.trace import Values, outline
from lrviz.trace.trace import decimate, jumps

finite = st.floats(-1e6, 1e6, allow_nan=False)
series = hnp.arrays(np.float64, st.integers(1, 400), elements=finite)
holed = hnp.arrays(np.float64, st.integers(1, 400), elements=finite | st.just(math.nan))


def buckets_of(n: int, buckets: int) -> list[slice]:
    width = math.ceil(n / buckets)
    return [slice(first, min(first + width, n)) for first in range(0, n, width)]


@given(series, st.integers(1, 60))
def test_keeps_first_last_least_and_greatest_of_each_bucket_in_order(values: Values, buckets: int) -> None:
    kept = decimate(values, buckets)
    assert (np.diff(kept) > 0).all()
    assert kept[0] == 0
    assert kept[-1] == values.size - 1
    if values.size <= 4 * buckets:
        assert kept.size == values.size
        return
    assert kept.size <= 4 * buckets
    for bucket in buckets_of(values.size, buckets):
        inside = kept[(kept >= bucket.start) & (kept < bucket.stop)]
        assert {bucket.start, bucket.stop - 1} <= set(inside.tolist())
        assert values[inside].min() == values[bucket].min()
        assert values[inside].max() == values[bucket].max()


@given(holed, st.integers(1, 60))
def test_holes_are_kept_and_hide_no_extreme(values: Values, buckets: int) -> None:
    kept = decimate(values, buckets)
    assert (np.diff(kept) > 0).all()
    assert np.isnan(values[kept]).any() == np.isnan(values).any()
    if np.isfinite(values).any():
        assert np.nanmin(values[kept]) == np.nanmin(values)
        assert np.nanmax(values[kept]) == np.nanmax(values)


def test_a_column_of_several_is_reduced_like_an_array_of_its_own() -> None:
    both = np.random.default_rng(3).random((5000, 2))
    assert (decimate(both[:, 1], 40) == decimate(both[:, 1].copy(), 40)).all()


@given(holed, st.integers(1, 60))
@example(np.array([1.0, 1.0, 0.5, 0.5]), 1)
def test_the_outline_goes_through_true_points_and_upright_corners_alone(values: Values, buckets: int) -> None:
    x, y = outline(values, buckets)
    assert x.shape == y.shape
    assert (np.diff(x) >= 0).all()
    assert (x[0], x[-1]) == (0, values.size - 1)
    at = x.astype(int)
    corner = np.append(np.diff(x) == 0, False)
    np.testing.assert_array_equal(y[~corner], values[at[~corner]])
    np.testing.assert_array_equal(y[corner], values[at[corner] - 1])


def every(values: list[float]) -> list[int]:
    at = np.arange(1, len(values))
    return [int(t) for t in at[jumps(np.array(values), at)]]


def cosine(n: int) -> Values:
    return (1 + np.cos(np.pi * np.arange(n) / n)) / 2


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25], [4, 8], id="step"),
        pytest.param([1, 1, 0.8, 0.8, 0.5, 0.5], [2, 4], id="two-updates-an-epoch"),
        pytest.param(np.tile(cosine(8), 3).tolist(), [8, 16], id="restarts"),
        pytest.param([0.5] * 5 + [1.0] * 5, [5], id="constant-factor"),
        pytest.param([0.5, 1, 1, 1, 1], [1], id="at-the-start"),
        pytest.param([1, 1, 1, 1, 0.1], [4], id="at-the-end"),
        pytest.param([1.0] * 9, [], id="constant"),
        pytest.param([1.0, 1.0, 1.0 + 2e-16, 1.0, 1.0], [], id="rounding"),
        pytest.param(cosine(32).tolist(), [], id="cosine"),
        pytest.param([0.5**t for t in range(20)], [], id="exponential"),
        pytest.param([0.1**t for t in range(20)], [], id="steep-exponential"),
        pytest.param([0, 1, 2, 3, 2, 1, 0, 1, 2, 3], [], id="triangles"),
        pytest.param([0, 1, 0, 1, 0, 1], [], id="zigzag"),
        pytest.param([1 - t / 8 for t in range(8)] + [0.0] * 8, [], id="polynomial"),
        pytest.param([1, 0.5], [], id="two-steps"),
        pytest.param([math.nan, math.nan, 2, 2, 2, 1, 1, 1], [5], id="after-a-hole"),
    ],
)
def test_jumps(values: list[float], expected: list[int]) -> None:
    assert every(values) == expected


@pytest.mark.parametrize("n", [100, 9_999, 1_000_003])
@pytest.mark.parametrize("levels", [2, 7, 40])
def test_a_staircase_is_upright_at_any_length(n: int, levels: int) -> None:
    at = np.linspace(0, n, levels + 1).astype(int)[:-1]
    values = np.repeat(0.7 ** np.arange(levels), np.diff(np.append(at, n)))
    x, y = outline(values, 500)
    assert np.unique(y).size == levels
    moved = np.diff(y) != 0
    assert (np.diff(x)[moved] == 0).all()
    assert x[1:][moved].tolist() == at[1:].tolist()


def test_a_smooth_curve_gets_no_corners() -> None:
    x, _ = outline(cosine(1_000_000), 500)
    assert (np.diff(x) > 0).all()
    assert x.size <= 4 * 500


def test_a_jump_between_two_buckets_is_seen() -> None:
    values = np.repeat([1.0, 0.5], 5000)
    x, y = outline(values, 100)  # the jump at 5000 is where a bucket begins
    assert [pair for pair in zip(x, y, strict=True) if pair[0] == 5000] == [(5000.0, 1.0), (5000.0, 0.5)]


def test_takes_little_memory_beside_the_series() -> None:
    values = np.random.default_rng(5).random(4_000_000)
    tracemalloc.start()
    try:
        outline(values, 1500)
        assert tracemalloc.get_traced_memory()[1] < 1.1 * values.nbytes
    finally:
        tracemalloc.stop()
