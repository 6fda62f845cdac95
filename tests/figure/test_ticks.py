"""Where ticks go and what they say."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrviz.figure import ticks

ROOM, SIZE = 9.0, 9.0


def step_ticks(steps: int, per_epoch: int | None, room: float = ROOM, size: float = SIZE, **how: bool) -> ticks.Ticks:
    return ticks.step_ticks(0.0, float(steps), per_epoch, room, size, **how)


@pytest.mark.parametrize(
    ("steps", "per_epoch", "labels", "epochs"),
    [
        pytest.param(32, 8, "0 5 10 15 20 25 30", "0 1 2 3 4", id="four-epochs"),
        pytest.param(240, 8, "0 25 50 75 100 125 150 175 200 225", "0 5 10 15 20 25 30", id="thirty-epochs"),
        pytest.param(1_000_000, 250_000, "0 250k 500k 750k 1M", None, id="a-million"),
        pytest.param(35_190, 391, "0 5k 10k 15k 20k 25k 30k 35k", "0 10 20 30 40 50 60 70 80 90", id="odd-epochs"),
        pytest.param(6_256, 782, "0 1,000 2,000 3,000 4,000 5,000 6,000", "0 1 2 3 4 5 6 7 8", id="thousands"),
        pytest.param(1000, 1000, "0 100 200 300 400 500 600 700 800 900 1,000", None, id="one-epoch"),
        pytest.param(300, 20, "0 100 200 300", None, id="ticks-at-epochs"),
        pytest.param(50, None, "0 5 10 15 20 25 30 35 40 45 50", None, id="epochs-that-differ"),
        pytest.param(1, 1, "0 1", None, id="one-step"),
        pytest.param(2, 2, "0 1 2", None, id="two-steps"),
        pytest.param(20, 10, "0 2 4 6 8 10 12 14 16 18 20", None, id="two-epochs"),
        pytest.param(123_456_789, 7, "0 20M 40M 60M 80M 100M 120M", "0 2M 4M 6M 8M 10M 12M 14M 16M", id="millions"),
    ],
)
def test_steps_are_at_round_numbers(steps: int, per_epoch: int | None, labels: str, epochs: str | None) -> None:
    found = step_ticks(steps, per_epoch)
    assert " ".join(found.labels) == labels
    above = ticks.top_ticks(0.0, float(steps), per_epoch, ROOM, SIZE)
    assert (above and " ".join(above.labels)) == epochs


@pytest.mark.parametrize(
    ("epochs", "labels"),
    [
        pytest.param(4.0, ["0", "1", "2", "3", "4"], id="four"),
        pytest.param(90.0, ["0", "10", "20", "30", "40", "50", "60", "70", "80", "90"], id="ninety"),
        pytest.param(1.0, ["0", "0.1", "0.2"], id="one"),
    ],
)
def test_an_axis_of_epochs(epochs: float, labels: list[str]) -> None:
    assert list(ticks.epoch_ticks(0.0, epochs, 8, ROOM, SIZE).labels[: len(labels)]) == labels


def test_a_part_of_the_run() -> None:
    assert ticks.step_ticks(1234, 1300, 8, ROOM, SIZE).labels[:2] == ("1,240", "1,250")
    above = ticks.top_ticks(1234, 1300, 8, ROOM, SIZE)
    assert above is not None
    assert above.labels[:2] == ("155", "156")


def test_minor_ticks() -> None:
    assert step_ticks(32, 8).minor == ()
    assert step_ticks(300, 20).minor == tuple(i for i in range(0, 301, 20) if i % 100)
    above = ticks.top_ticks(0.0, 240.0, 8, ROOM, SIZE)
    assert above is not None
    assert above.minor == tuple(i for i in range(31) if i % 5)
    each = step_ticks(32, 8, by_epoch=True)
    assert each.labels == ("0", "8", "16", "24", "32")
    assert sorted(each.minor + each.major) == list(range(33))
    assert step_ticks(100_000, 10).minor == ()


@given(st.integers(1, 10**8), st.integers(1, 10**6), st.floats(0.3, 20), st.floats(5, 14))
def test_labels_of_steps_never_touch(steps: int, per_epoch: int, room: float, size: float) -> None:
    found = step_ticks(steps, min(per_epoch, steps), room, size)
    assert 1 <= len(found.major) <= 11
    assert found.major[0] == 0
    stride = found.major[1] if len(found.major) > 1 else steps
    assert 0 <= steps - found.major[-1] <= stride
    if len(found.major) > 1:
        assert float(f"{stride:.1e}".split("e")[0]) in (1, 2, 2.5, 5)
    for one, other in itertools.pairwise(found.labels):
        assert stride / steps * room > (len(one) + len(other)) / 2 * 0.64 * size / 72
    assert len(found.minor) < room / 0.05 + 2


@pytest.mark.parametrize(
    ("low", "high", "most", "labels"),
    [
        pytest.param(-3e-5, 1.05e-3, 8, ["0", "2e-4", "4e-4", "6e-4", "8e-4", "1e-3"], id="thousandths"),
        pytest.param(-0.003, 0.105, 8, ["0", "0.02", "0.04", "0.06", "0.08", "0.1"], id="tenths"),
        pytest.param(0, 0.0105, 8, ["0", "0.002", "0.004", "0.006", "0.008", "0.01"], id="hundredths"),
        pytest.param(0, 3.2e-8, 8, ["0", "5e-9", "1e-8", "1.5e-8", "2e-8", "2.5e-8", "3e-8"], id="tiny"),
        pytest.param(0.84, 0.96, 2, ["0.85", "0.9", "0.95"], id="momentum"),
        pytest.param(0, 1.05, 8, ["0", "0.2", "0.4", "0.6", "0.8", "1"], id="one"),
        pytest.param(-400, 400, 4, ["-400", "-200", "0", "200", "400"], id="a-metric"),
    ],
)
def test_rates_on_a_linear_axis(low: float, high: float, most: int, labels: list[str]) -> None:
    assert list(ticks.value_ticks(low, high, most).labels) == labels


@given(st.floats(-1e6, 1e6), st.floats(1e-9, 1e6), st.integers(1, 8))
def test_a_linear_axis_has_two_ticks_at_least(low: float, span: float, most: int) -> None:
    high = low + span
    if high - low < 1e-6 * abs(low):
        return
    found = ticks.value_ticks(low, high, most)
    assert len(found.major) >= 2
    slack = 1e-6 * span
    assert all(low - slack <= tick <= high + slack for tick in found.major)


@pytest.mark.parametrize(
    ("low", "high", "most", "labels"),
    [
        pytest.param(1e-9, 0.12, 8, ["1e-9", "1e-8", "1e-7"], id="eight-decades"),
        pytest.param(1e-9, 0.12, 4, ["1e-9", "1e-7", "1e-5", "1e-3", "1e-1"], id="eight-decades-low"),
        pytest.param(1e-3, 1.1, 8, ["0.001", "0.01", "0.1", "1"], id="three-decades"),
        pytest.param(1e-4, 1.1, 8, ["1e-4", "1e-3", "1e-2", "1e-1", "1e0"], id="four-decades"),
        pytest.param(0.9e-4, 1.1e-3, 8, ["1e-4", "2e-4", "5e-4", "1e-3"], id="one-decade"),
        pytest.param(0.072, 0.102, 8, ["0.08", "0.09", "0.1"], id="less-than-a-decade"),
    ],
)
def test_rates_on_a_logarithmic_axis(low: float, high: float, most: int, labels: list[str]) -> None:
    assert list(ticks.log_ticks(low, high, most).labels[: len(labels)]) == labels


@given(st.floats(1e-12, 1.0), st.floats(1.01, 1e12), st.integers(1, 8))
def test_a_logarithmic_axis_has_ticks_within_its_ends(low: float, ratio: float, most: int) -> None:
    high = low * ratio
    found = ticks.log_ticks(low, high, most)
    assert len(found.major) >= 2
    assert len(found.major) <= max(most, 6) + 1
    assert all(low * 0.999999 <= tick <= high * 1.000001 for tick in (*found.major, *found.minor))
    assert not {f"{tick:.5e}" for tick in found.major} & {f"{tick:.5e}" for tick in found.minor}
    assert len(set(found.labels)) == len(found.labels)


@given(st.lists(st.floats(1e-300, 1e300), min_size=1, max_size=8))
def test_labels_of_rates_read_back(values: list[float]) -> None:
    for value, label in zip(values, ticks.rate_labels(values), strict=True):
        assert math.isclose(float(label), value, rel_tol=1e-4)
