"""`lrviz check --resume-at`: what is said of each way of saving and loading."""

from __future__ import annotations

import pytest

from lrviz.cli import main
from tests.rules.checking import findings
from tests.rules.sensible import sensible

SCHEDULE = "CosineAnnealingLR(T_max=32)"


def test_load_is_never_warned_of_and_a_way_that_jumps_is() -> None:
    for seed in range(0, 40, 4):
        text = f"{sensible(seed)} --resume-at 3"
        assert [f for f in findings(text) if f.severity != "note" and f.code.startswith("LR8")] == [], text
    (found,) = findings(f"{SCHEDULE} @ epochs=4 --resume-at 16 --resume-by nothing")
    assert (found.code, found.severity, found.fix) == ("LR801", "warning", "--resume-by load")
    assert found.message == (
        "resumed by `nothing` (create both, and load nothing): step 16 has the rate 1e-3 in place of 5e-4, and step 24 "
        "has 8.54e-4 in place of 1.46e-4"
    )


def test_the_command_says_which_ways_jump(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", SCHEDULE, "--resume-at", "50%"]) == 0
    output = capsys.readouterr().out
    assert "note LR802 (lossy-ways): stopped after 16 updates, every rate is kept by load, last-epoch, " in output
    assert "note LR803 (longer-run): resumed for 64 updates in place of 32: " in output
    assert main(["check", SCHEDULE, "--resume-at", "2ep", "--resume-by", "scheduler-only"]) == 1
    assert "warning LR801 (resume-jumps): resumed by `scheduler-only`" in capsys.readouterr().out
    assert main(["check", SCHEDULE, "--resume-at", "2ep", "--resume-by", "load"]) == 0
    assert main(["check", SCHEDULE]) == 0
    assert main(["check", "--explain", "LR801"]) == 0
    assert "--resume-at 400 --resume-by optimizer-only" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--resume-at", "32"], "`--resume-at` must be inside the run of 32 updates, got step 32"),
        (["--resume-by", "load"], "`--resume-by` needs `--resume-at` too"),
        (["--resume-at", "5", "--resume-by", "magic"], "`--resume-by` must be load, "),
    ],
)
def test_a_stop_outside_of_the_run_is_refused(
    options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", SCHEDULE, *options]) == 2
    assert capsys.readouterr().err.startswith(f"error: {message}")


def test_the_loop_of_a_script_cannot_be_resumed(capsys: pytest.CaptureFixture[str]) -> None:
    script = "opt = SGD(p, lr=1.0)\ns = StepLR(opt, 1, 0.5)\nfor epoch in range(4):\n    train()\n    s.step(epoch)"
    assert main(["check", script, "--steps-per-epoch", "1", "--resume-at", "2"]) == 2
    assert capsys.readouterr().err.startswith("error: a run that is the loop of a script cannot be stopped")
