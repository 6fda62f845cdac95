"""Other spellings of a command line run as the usual ones do."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lrviz.cli import main
from tests.forkserver import ForkServer

# A command line after `lrviz`, and one that does the same.
SAME = {
    "--T-max": ("table cosine --T-max 9", "table cosine --T_max 9"),
    "--t_max": ("table cosine --t_max=9", "table cosine --T_max 9"),
    "--tmax before the scheduler": ("table --tmax 9 cosine", "table cosine --T_max 9"),
    "--stepsize": ("table step --stepsize 3", "table step --step_size 3"),
    "--div-factor": ("table onecycle --div-factor 3", "table onecycle --div_factor 3"),
    "--steps_per_epoch": ("table cosine --steps_per_epoch 3", "table cosine --steps-per-epoch 3"),
    "--LR": ("table cosine --LR 1", "table cosine --lr 1"),
    "a capital": ("table Cosine", "table cosine"),
    "capitals": ("table STEPLR", "table step"),
    "no capitals": ("table steplr(3)", "table StepLR(3)"),
    "underscores": ("table warm_restarts", "table warm-restarts"),
    "inside another": (
        "table sequential([Linear(0.1),Cosine(5)],[4])",
        "table sequential([linear(0.1),cosine(5)],[4])",
    ),
    "a parameter": ("table cosine T_max=9", "table cosine --T_max 9"),
    "parameters and fields": (
        "table Cosine tmax=9 lr=0.2 steps_per_epoch=5",
        "table cosine --T_max 9 --lr 0.2 --steps-per-epoch 5",
    ),
    "a field of the run over an option": ("table cosine epochs=2 --epochs 9", "table cosine --epochs 2"),
    "a chart of compare": ("compare cosine step --show", "compare cosine step --chart"),
}


@pytest.mark.parametrize(("line", "other"), SAME.values(), ids=SAME)
def test_it_does_the_same(line: str, other: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(line.split()) == 0
    first = capsys.readouterr()
    assert main(other.split()) == 0
    assert capsys.readouterr() == first
    assert first.out


@pytest.mark.parametrize("words", [["cosine"], ["StepLR(4)"], ["steplr"], ["wsd", "--steps", "50"], ["cosine @ lr=1"]])
def test_a_scheduler_in_place_of_a_command_is_plotted(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*words, "-o", "a.svg"]) == 0
    assert main(["plot", *words, "-o", "b.svg"]) == 0
    assert Path("a.svg").read_bytes() == Path("b.svg").read_bytes()
    assert capsys.readouterr().out == "a.svg\nb.svg\n"


REFUSED = {
    "an unknown parameter": (
        ["plot", "cosine", "T_mx=9"],
        "`CosineAnnealingLR` has no parameter `--T_mx`",
        "did you mean `--T_max`? its parameters are --T_max, --eta_min",
    ),
    "a parameter twice": (
        ["plot", "cosine", "T_max=9", "--T_max", "9"],
        "`T_max` is given twice, as `T_max=...` and as `--T_max`",
        "",
    ),
    "a custom class with a similar name": (
        ["plot", "StepScheduler(optimizer, 5)"],
        "unknown scheduler `StepScheduler`",
        "did you mean `StepLR`? `lrviz schedulers` lists them all; your code runs as `FILE.py:StepScheduler(...)`",
    ),
}


@pytest.mark.parametrize(("words", "error", "hint"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_a_spelling(words: list[str], error: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == (f"error: {error}\n\nhint: {hint}\n" if hint else f"error: {error}\n")


def run(line: str, folder: Path, forks: ForkServer) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", f'"$0" {line}', forks.programs / "lrviz"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )


def test_a_redirected_figure_says_where_it_is(tmp_path: Path, forks: ForkServer) -> None:
    done = run("plot cosine > a.png", tmp_path, forks)
    assert done.stderr.splitlines()[-1] == "note: the figure is in `cosine.png`; with `-o -` it goes to stdout"
    assert (tmp_path / "cosine.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "a.png").read_text() == "cosine.png\n"


@pytest.mark.parametrize("line", ["plot cosine -o - > a.png", "plot cosine -o b.png > a", "plot cosine > log 2>&1"])
def test_no_note_where_the_path_is_named_or_everything_goes_to_one_file(
    line: str, tmp_path: Path, forks: ForkServer
) -> None:
    done = run(line, tmp_path, forks)
    log = tmp_path / "log"
    assert "-o -" not in done.stderr + (log.read_text() if log.exists() else "")


def test_a_misspelt_package_is_suggested(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schedulers", "tranformers"]) == 2
    assert "did you mean `transformers`?" in capsys.readouterr().err
