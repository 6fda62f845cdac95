"""The lists of schedulers as a person reads them, and as a program does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lrviz.schedulers import CURVES, Family, all_families, all_schedulers, compositions
from lrviz.terminal import Screen, print_catalogue, print_family
from lrviz.text import cells
from tests.screens import plain, screen

LISTED = (*all_schedulers(), *compositions())
TORCH = Family("torch", "torch", "Those of torch.", LISTED, "https://pytorch.org", CURVES)
FAMILIES = [(family, at % 2 == 0) for at, family in enumerate(all_families())]


def squeezed(text: str) -> str:
    """A text without spaces, so that it does not matter where lines end."""
    return "".join(text.split())


def printed(to: Screen) -> None:
    """Print the whole list."""
    print_catalogue(TORCH, FAMILIES, to)


def test_a_line_each_in_a_pipe() -> None:
    with screen(40, tty=False) as (to, stream):
        printed(to)
        of_torch, *others, missing = stream.text.split("\n\n")
    heading, *lines = of_torch.splitlines()
    assert heading == "torch"
    assert [line.split(maxsplit=3) for line in lines] == [
        [s.short, line.split()[1], s.class_name, s.summary] for s, line in zip(LISTED, lines, strict=True)
    ]
    assert len({line.split()[1] for line in lines}) > 15  # curves
    assert len({line.index(s.summary) for line, s in zip(lines, LISTED, strict=True)}) == 1
    assert [part.split("\n")[0] for part in others] == [family.title for family, installed in FAMILIES if installed]
    rows = [line.split("  ")[0] for line in missing.splitlines()]
    assert rows == ["not installed", *(family.title for family, installed in FAMILIES if not installed)]


def test_forced_colour_in_a_pipe_keeps_the_lines() -> None:
    with screen(40, tty=False) as (to, stream):
        printed(to)
        expected = stream.text
    with screen(40, tty=False, environment={"FORCE_COLOR": "1"}) as (to, stream):
        printed(to)
        assert plain(stream.text) == expected
        assert "\n\x1b[36mstep" in stream.text


@pytest.mark.parametrize("columns", [40, 71, 72, 80, 200])
def test_all_is_there_on_a_terminal(columns: int) -> None:
    with screen(columns) as (to, stream):
        printed(to)
        text = plain(stream.text)
    assert max(map(cells, text.splitlines())) <= min(columns, 100)
    words = text.split()
    for s in LISTED:
        assert s.short in words
        assert s.class_name in words
        assert squeezed(s.summary) in squeezed(text)
    for family, installed in FAMILIES:
        expected = [s.attribute for s in family.schedulers] if installed else [family.install]
        assert all(squeezed(each) in squeezed(text) for each in expected)
    assert squeezed(text).endswith("`lrvizschedulersNAME`describesonescheduler,ortheschedulersofapackage")


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_one_package(columns: int) -> None:
    for family in (TORCH, *all_families()):
        with screen(columns) as (to, stream):
            print_family(family, False, to)
            text = plain(stream.text)
        assert text.startswith(f"{family.title}  not installed: `pip install {family.install}`\n")
        assert all(squeezed(part) in squeezed(text) for s in family.schedulers for part in (s.short, s.summary))
        assert squeezed(family.help) in squeezed(text)


def test_a_package_without_a_release_has_the_name_that_is_imported() -> None:
    family = replace(TORCH, package="warmups", install="git+https://example.org/warmups")
    assert (family.title, replace(family, install="warm-ups").title) == ("warmups", "warm-ups")


def test_stdout_is_where_it_goes(capsys: pytest.CaptureFixture[str]) -> None:
    print_catalogue(TORCH)
    assert capsys.readouterr().out.startswith("torch\nstep  ")
