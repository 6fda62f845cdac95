"""The page of a scheduler as a person reads it."""

from __future__ import annotations

import re
import sys

import pytest

from lrviz.schedulers import FORMULA_LEGEND, Parameter, Scheduler, all_schedulers
from lrviz.terminal import Screen, pages
from lrviz.text import cells
from tests.conftest import Python
from tests.screens import plain, screen

BY_SHORT = [pytest.param(info, id=info.short) for info in all_schedulers()]


def squeezed(text: str) -> str:
    """A text without spaces, so that it does not matter where lines end."""
    return "".join(text.split())


class TestPage:
    @pytest.mark.parametrize("tty", [True, False], ids=["terminal", "pipe"])
    @pytest.mark.parametrize("columns", [40, 80, 200])
    @pytest.mark.parametrize("info", BY_SHORT)
    def test_all_is_there(self, info: Scheduler, columns: int, tty: bool) -> None:
        with screen(columns, tty=tty) as (to, stream):
            pages.print_page(info, to)
            text = plain(stream.text)
        lines = text.splitlines()
        address = f"  {info.source}" if info.source.startswith("https://") else ""
        assert max(cells(line) for line in lines if line.rstrip() != address) <= min(columns, 100)
        assert not address or address in [line.rstrip() for line in lines]  # whole, to be opened by a click
        assert tty or lines == [line.rstrip() for line in lines]
        for said in (
            f"{info.name}  {info.module}",
            f"{info.short}: {info.summary}",
            info.formula,
            FORMULA_LEGEND,
            info.use,
            *info.cautions,
            info.past_end,
            info.source,
            info.example,
            *(f"{p.name} = {p.follows}" for p in info.parameters if p.follows),
            *(p.name for p in info.parameters),
        ):
            assert squeezed(said.replace("-", "")) in squeezed(text.replace("-", ""))

    def test_parameters_side_by_side(self) -> None:
        info = next(s for s in all_schedulers() if s.short == "step")
        with screen(100) as (to, stream):
            pages.print_page(info, to)
            text = plain(stream.text)
        table = re.split(r"\n\n", text.split("Parameters\n")[1])[0].splitlines()
        assert [re.split(r" {2,}", line.strip())[:2] for line in table] == [
            ["step_size", "from the run"],
            ["gamma", "0.1"],
        ]
        assert table[0].endswith("[at least 1]")

    @pytest.mark.parametrize(
        ("parameter", "shown"),
        [
            (Parameter("p", "int", "h"), "required"),
            (Parameter("p", "int", "h", follows="lr"), "from the run"),
            (Parameter("p", "int", "h", default=5), "5"),
            (Parameter("p", "float", "h", default=1e-8), "1e-8"),
            (Parameter("p", "float", "h", default=1e4), "1e4"),
            (Parameter("p", "float", "h", default=0.85), "0.85"),
            (Parameter("p", "float", "h", default=1 / 3), "0.3333333333333333"),
            (Parameter("p", "bool", "h", default=True), "True"),
            (Parameter("p", "int", "h", default=None), "None"),
            (Parameter("p", "choice", "h", default="cos", choices=("cos", "linear")), "cos"),
        ],
        ids=str,
    )
    def test_defaults(self, parameter: Parameter, shown: str) -> None:
        info = Scheduler("s", "SLR", "does", (parameter,), "f", "u", ("c",), "s", "p")
        for columns in (40, 80):
            with screen(columns) as (to, stream):
                pages.print_page(info, to)
                line = plain(stream.text).split("Parameters\n")[1].splitlines()[0]
            assert re.match(rf"  p  {re.escape(shown)}(  |$)", line)

    def test_brackets_are_no_markup(self) -> None:
        info = Scheduler("s", "SLR", "[bold]does", (), "f = x[0]", "[red]u", ("[/]c :smile:",), "[link=x]s", "p")
        with screen(80) as (to, stream):
            pages.print_page(info, to)
            text = plain(stream.text)
        for said in ("s: [bold]does", "f = x[0]", "[red]u", "- [/]c :smile:", "[link=x]s"):
            assert said in text


def test_stdout_is_where_it_goes(capsys: pytest.CaptureFixture[str]) -> None:
    pages.print_page(all_schedulers()[0])
    assert capsys.readouterr().out.startswith("StepLR  ")


def test_no_heavy_package_is_imported(python: Python) -> None:
    code = """
import sys
import rich.console
before = set(sys.modules)  # rich.console imports rich.panel before rich 15
from lrviz import schedulers, terminal
torch = schedulers.Family("torch", "torch", "", schedulers.all_schedulers(), "", schedulers.CURVES)
terminal.print_catalogue(torch)
terminal.print_page(schedulers.find("step"))
heavy = {"numpy", "torch", "matplotlib", "plotext", "rich.markdown", "rich.panel"}
print(sorted(heavy & (set(sys.modules) - before)))
"""
    assert python("-c", code).stdout.splitlines()[-1] == "[]"


class TestScreen:
    def test_a_reader_that_has_gone_is_no_exit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with screen(tty=False) as (to, stream):

            def gone(text: str) -> int:
                raise BrokenPipeError

            monkeypatch.setattr(stream, "write", gone)
            with pytest.raises(BrokenPipeError):
                to.print("x")

    def test_stderr(self, capsys: pytest.CaptureFixture[str]) -> None:
        Screen(stderr=True).print("[bold]as it is[/bold] :smile:")
        assert capsys.readouterr() == ("", "[bold]as it is[/bold] :smile:\n")

    def test_without_stdout(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdout", None)
        to = Screen()
        to.print("x")
        assert not to.at_terminal
