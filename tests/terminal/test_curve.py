"""The small chart on the page of a scheduler."""

from __future__ import annotations

import pytest

from lrviz.schedulers import CURVES
from lrviz.terminal import print_curve
from lrviz.text import cells
from tests.screens import plain, screen


def drawn(rates: list[float], columns: int = 40, encoding: str = "utf-8", *, colour: bool = False) -> str:
    environment = {"FORCE_COLOR": "1"} if colour else {}
    with screen(columns, tty=False, encoding=encoding, environment=environment) as (to, stream):
        print_curve(rates, to)
        return stream.text


def test_the_whole_picture() -> None:
    assert drawn([1e-3 * 0.5 ** (t // 8) for t in range(32)]) == (
        "  lr\n"
        "1e-3┤⠉⠉⠉⠉⠉⠉⠉⠉⠉⡇\n"
        "    │         ⡇\n"
        "    │         ⡇\n"
        "    │         ⡇\n"
        "5e-4┤         ⠧⠤⠤⠤⠤⠤⠤⠤⠤⡄\n"
        "    │                  ⡇\n"
        "    │                  ⠧⠤⠤⠤⠤⠤⠤⠤⢤\n"
        "    │                          ⢸⣀⣀⣀⣀⣀⣀⣀⣀\n"
        "   0┤\n"
        "    └┬──────────┬──────────┬──────────┬─\n"
        "     0          10         20         30\n"
        "                                    step\n"
    )


def test_in_ascii() -> None:
    text = drawn([0.5, 0.25, 0.0], 24, encoding="ascii")
    assert text.isascii()
    assert [line.partition("+")[2] for line in text.splitlines() if "+" in line] == [
        "**",
        "        ***",
        "                 **",
        "+------------------",
    ]


@pytest.mark.parametrize("columns", [24, 40, 80, 200])
@pytest.mark.parametrize("short", CURVES)
def test_it_fits_and_each_update_is_in_its_place(short: str, columns: int) -> None:
    rates = [rate / 1e6 for rate in CURVES[short]]
    lines = drawn(rates, columns).splitlines()
    assert max(map(cells, lines)) <= min(columns, 80)
    rows = [line[line.index("┤" if "┤" in line else "│") + 1 :] for line in lines[1:10]]
    width = min(columns, 80) - lines[1].index("┤") - 1
    for t, rate in enumerate(rates):
        x, y = round(t / 31 * (2 * width - 1)), round((1 - rate / max(rates)) * 35)
        bit = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))[y % 4][x % 2]
        assert ord(rows[y // 4].ljust(width)[x // 2]) & bit, f"step {t}"


@pytest.mark.parametrize(
    "rates", [[0.0], [1.0], [0.0, 0.0], [1e-300] * 3, [0.1] * 2000], ids=lambda r: f"{len(r)} {r[0]}"
)
def test_odd_runs(rates: list[float]) -> None:
    assert len(drawn(rates).splitlines()) == 13


def test_only_the_curve_is_coloured() -> None:
    text = drawn([1.0, 0.0], colour=True)
    assert plain(text) == drawn([1.0, 0.0])
    assert text.splitlines()[1].startswith("  1┤\x1b[38;5;33m")
    assert "\x1b" not in text.splitlines()[-1]
