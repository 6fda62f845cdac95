"""The benchmarks run, measure what they say, and mark it right; how quick lrviz is, is not judged here."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from rich.console import Console

from lrviz.schedulers import catalogue
from tests.benchmarks import __main__ as benchmarks
from tests.benchmarks import loop, startup
from tests.benchmarks.processes import Command, in_turn, peak_bytes, ratio, run
from tests.benchmarks.report import Finding, duration, show

pytestmark = pytest.mark.slow


def test_the_loop_covers_the_catalogue() -> None:
    assert set(loop.rows(100)) == {scheduler.name for scheduler in catalogue.all_schedulers()}


def test_the_loop_and_start_up_report_each_of_their_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def once(commands: Mapping[str, Command], runs: int, folder: Path) -> dict[str, list[float]]:
        """The imports and the help for real, and the time of the help for the other commands."""
        (floor, imports), (name, shown) = list(commands.items())[:2]
        seconds = in_turn({floor: imports, name: shown}, runs, folder)
        return {**dict.fromkeys(commands, seconds[name]), **seconds}

    monkeypatch.setattr(startup, "in_turn", once)
    report = tmp_path / "report.json"
    benchmarks.main(["--quick", "--runs", "1", "--only", "loop", "--only", "startup", "--json", str(report)])
    findings = json.loads(report.read_text(encoding="utf-8"))["findings"]
    measured = {finding["what"]: finding for finding in findings}
    assert {f"loop, {scheduler.name}" for scheduler in catalogue.all_schedulers()} <= measured.keys()
    assert {"loop, median", "loop, 100 groups", "lrviz --help", "lrviz schedulers"} <= measured.keys()
    assert all(finding["value"] > 0 and finding["unit"] == "x" for finding in findings)
    assert all(finding["met"] == (finding["value"] <= finding["target"]) for finding in findings)
    assert "loop, 100 groups" in capsys.readouterr().out


def test_a_rate_that_differs_stops_the_loop() -> None:
    row = loop.Row("StepLR(step_size=10, gamma=0.5)", loop.rows(100)["StepLR"].make)
    with pytest.raises(SystemExit, match="StepLR: the rates are not those of the plain loop"):
        loop.compare("StepLR", row, 100, 1)


def test_no_runs_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        benchmarks.main(["--runs", "0"])
    assert "--runs must be 1 or more, got 0" in capsys.readouterr().err


def test_processes_run_in_turn_after_one_to_warm_up(tmp_path: Path) -> None:
    def note(letter: str) -> Command:
        return Command((sys.executable, "-c", f"open('order', 'a').write({letter!r})"))

    finished = in_turn({"a": note("a"), "b": note("b")}, 2, tmp_path)
    assert (tmp_path / "order").read_text(encoding="utf-8") == "ab" + "ab" + "ba"
    assert [len(each) for each in finished.values()] == [2, 2]


def test_a_process_that_ends_badly_stops_the_benchmark(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"ended with 3:\nno such luck"):
        run(
            Command((sys.executable, "-c", "import sys; print('no such luck', file=sys.stderr); sys.exit(3)")), tmp_path
        )


def test_memory_is_that_of_the_process_alone(tmp_path: Path) -> None:
    held = b"x" * 300_000_000  # by this process, which must not count
    small = peak_bytes(Command((sys.executable, "-c", "")), tmp_path)
    large = peak_bytes(Command((sys.executable, "-c", "bytearray(b'x') * 200_000_000")), tmp_path)
    assert small < 100_000_000 < len(held)
    assert 190_000_000 < large - small < 230_000_000


def test_the_ratio_is_the_median_of_pairs() -> None:
    assert ratio([1.0, 2.0, 9.0], [2.0, 2.0, 10.0]) == 0.9


@pytest.mark.parametrize(
    ("value", "target", "mark"),
    [(0.5, 0.6, "met"), (0.6, 0.6, "met"), (0.61, 0.6, "missed"), (0.61, None, "")],
    ids=["below", "at", "above", "no target"],
)
def test_a_finding_is_marked_by_its_target(value: float, target: float | None, mark: str) -> None:
    text = io.StringIO()
    show([Finding("a thing", value, "x", target, "so and so")], Console(file=text, width=120))
    (line,) = [line for line in text.getvalue().splitlines() if "a thing" in line]
    assert [word for word in ("met", "missed") if word in line] == [mark][: bool(mark)]


@pytest.mark.parametrize(("seconds", "text"), [(2.5e-6, "2.50 us"), (0.0421, "42 ms"), (1.234, "1.23 s")])
def test_durations_are_short(seconds: float, text: str) -> None:
    assert duration(seconds) == text
