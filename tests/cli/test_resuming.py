"""`--resume-at` and `--resume-by`: the numbers, the figure and what is said of them."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from lrviz import simulation
from lrviz.cli import main
from lrviz.spec import read_run

Capture = pytest.CaptureFixture[str]

# The command line after `lrviz table`, and what stderr says last.
SENTENCES = {
    "cosine --resume-at 16": "load: every rate from step 16 on is that of the uninterrupted run",
    "cosine --resume-at 50% --resume-by nothing": (
        "nothing: at step 16 the rate is 1e-3, in place of 5e-4, 2 times as high"
    ),
    "cosine --resume-at 2ep --resume-by longer": (
        "longer: at step 16 the rate is 5e-4, in place of 8.54e-4, 0.586 times as high"
    ),
    "exponential --gamma 0.5 --resume-at 4 --resume-by nothing --lr a=1,b=2": (
        "nothing: at step 4 the rate of a is 1, in place of 0.0625, 16 times as high"
    ),
    "polynomial --resume-at 16 --resume-by nothing": "nothing: at step 16 the rate is 1e-3, in place of 0",
}


@pytest.mark.parametrize("words", SENTENCES)
def test_where_the_rates_differ(words: str, capsys: Capture) -> None:
    assert main(["table", *shlex.split(words), "--format", "csv"]) == 0
    out, err = capsys.readouterr()
    assert err.splitlines()[-1] == SENTENCES[words]
    assert main(["table", *shlex.split(words), "--format", "csv", "-q"]) == 0
    assert capsys.readouterr() == (out, "")


def test_the_numbers_are_those_of_both_runs(capsys: Capture) -> None:
    assert main(["table", "cosine", "--resume-at", "16", "--resume-by", "optimizer-only", "--format", "csv"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head == "step,epoch,uninterrupted,resumed: optimizer-only"
    spec = read_run("cosine")
    whole, resumed = simulation.simulate(spec), simulation.resume(spec, 16, "optimizer-only")
    assert [tuple(map(float, row.split(",")[2:])) for row in rows] == list(
        zip(whole.lr[:, 0].tolist(), resumed.lr[:, 0].tolist(), strict=True)
    )


def test_a_figure_shows_both_runs(capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = "plot StepLR(10) --resume-at 16 --resume-by nothing --log -o step.svg"
    assert main(words.split()) == 0
    out, err = capsys.readouterr()
    assert out == "step.svg\n"
    assert "nothing: at step 16 the rate is 1e-3, in place of 1e-4, 10 times as high\n" in err
    assert main([*words.split(), "--title", "a stop", "--to", "20"]) == 0
    assert main(["show", "StepLR(10)", "--resume-at", "16", "--resume-by", "nothing"]) == 0
    assert "resumed: nothing" in capsys.readouterr().out


def test_the_longer_run_is_all_in_the_figure(capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = "plot cosine --resume-at 16 --resume-by longer -o longer.svg --from 40 --to 60"
    assert main(words.split()) == 0
    err = capsys.readouterr().err
    assert "longer from the start" in err
    assert "64 steps" in err
