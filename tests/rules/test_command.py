"""`lrviz check`: what it reads, what it prints in each format, what it leaves out, and how it ends."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from lrviz.cli import main, runs
from lrviz.presets import preset_names
from lrviz.rules import check_run
from lrviz.simulation import simulate
from lrviz.spec import Fields, read_run
from tests.conftest import ROOT
from tests.readme import BLOCK, TEXTS

Capture = pytest.CaptureFixture[str]
WRONG = "CosineAnnealingLR(T_max=90)"
RUN = ["--epochs", "90", "--steps-per-epoch", "100"]
MESSAGE = (
    "CosineAnnealingLR with T_max 90 counts epochs, and the scheduler steps after each of 9,000 updates (90 epochs of "
    "100 updates): the rate climbs again after 90 updates"
)
SCRIPT = """\
from torch.optim import SGD
from torch.optim.lr_scheduler import CosineAnnealingLR

optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = CosineAnnealingLR(optimizer, T_max=90)
for epoch in range(90):
    for i in range(100):
        optimizer.step()
        scheduler.step()
"""
PRESET = """\
[[figure]]
name = "a"
epochs = 50
interval = "epoch"

[[figure.curve]]
scheduler = "CosineAnnealingLR(T_max=40)"

[[figure.curve]]
scheduler = "CosineAnnealingLR(T_max=100)"
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to run in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check(capsys: Capture, *words: str) -> tuple[int, str, str]:
    status = main(["check", *words])
    printed = capsys.readouterr()
    return status, printed.out, printed.err


def codes(capsys: Capture, *words: str) -> tuple[int, list[str]]:
    """The status and the codes that are reported."""
    status, out, _ = check(capsys, *words, "--format", "json")
    return status, [finding["code"] for finding in json.loads(out)["findings"]]


def test_text(capsys: Capture) -> None:
    said = f"{WRONG}: error LR201 (epochs-per-update): {MESSAGE}\n    fix: --interval epoch\n1 schedule: 1 error\n"
    assert check(capsys, WRONG, *RUN) == (1, said, "")
    assert check(capsys, "cosine", "--T_max", "90", *RUN) == (1, said, "")
    assert check(capsys, WRONG, *RUN, "--interval", "epoch") == (0, "1 schedule: no findings\n", "")


def test_several_and_the_default_run(capsys: Capture) -> None:
    status, out, err = check(capsys, "cosine", "StepLR(99)", "cosine(T_max={20,32})")
    assert status == 1
    assert [line.partition(" (")[0] for line in out.splitlines()] == [
        "StepLR(step_size=99): warning LR105",
        "    fix: StepLR(step_size=10)",
        "T_max=20: warning LR101",
        "    fix: CosineAnnealingLR(T_max=32)",
        "4 schedules: 2 warnings",
    ]
    assert "the run is lrviz's default of 4 epochs of 8 updates" in err


def test_what_plot_refuses_is_a_finding(capsys: Capture) -> None:
    line = ["OneCycleLR(max_lr=0.1, total_steps=900)", "--epochs", "10", "--steps-per-epoch", "100"]
    assert main(["plot", *line]) == 2
    capsys.readouterr()
    assert codes(capsys, *line) == (1, ["LR104"])
    assert codes(capsys, "lambda(lambda e: (1 - e / 90) ** 0.9)", "--steps", "100") == (1, ["LR104"])
    assert codes(capsys, "warmup-cosine(warmup=50)", "cosine", "--steps", "40") == (1, ["LR107"])
    assert codes(capsys, "cosine", "--warmup", "50", "--steps", "40") == (1, ["LR107"])
    assert codes(capsys, "onecycle", "--optimizer", "Adagrad", "--steps", "100") == (1, ["LR502"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["cosin"], "unknown scheduler `cosin`"),
        (["StepLR(2, gamma=1e308)"], "infinite"),
        (["missing.py"], "cannot read `missing.py`"),
        (["missing.toml"], "no preset file"),
        ([], "`lrviz check` needs schedules"),
        (["cosine", "--select", "E501"], "`--select` takes codes of rules, got `E501`"),
        (["cosine", "--format", "xml"], "--format"),
        (["cosine", "--explain", "LR999"], "no rule `LR999`"),
        (["cheatsheet", "--epochs", "3"], "`--epochs` is for notation and scripts"),
        (["step", "--label", "a", "--label", "b"], "2 labels for 1 scheduler"),
        (["step", "cosine", "--T_max", "3"], "`--T_max` is for one scheduler"),
    ],
)
def test_what_cannot_be_read(words: list[str], message: str, capsys: Capture) -> None:
    status, out, err = check(capsys, *words)
    assert (status, out) == (2, "")
    assert message in err
    assert err.startswith("error: ")


def test_choosing_findings(capsys: Capture) -> None:
    noted = ["LambdaLR(lambda s: s / 10 if s < 10 else 1.0)", *RUN]
    assert codes(capsys, *noted) == (0, ["LR303"])
    assert codes(capsys, *noted, "--severity", "warning") == (0, [])
    assert codes(capsys, WRONG, *RUN, "--ignore", "LR2") == (0, [])
    assert codes(capsys, WRONG, *RUN, "--ignore", "LR101,LR3") == (1, ["LR201"])
    assert codes(capsys, WRONG, *RUN, "--select", "LR1") == (0, [])
    assert codes(capsys, WRONG, "StepLR(99999)", *RUN, "--select", "LR1", "--select", "LR201") == (
        1,
        ["LR201", "LR105"],
    )


def test_a_script_and_its_comments(here: Path, capsys: Capture) -> None:
    path = here / "train.py"
    path.write_text(SCRIPT)
    status, out, _ = check(capsys, "train.py")
    assert (status, out.splitlines()[0]) == (1, f"train.py:5: error LR201 (epochs-per-update): {MESSAGE}")
    line = "scheduler = CosineAnnealingLR(optimizer, T_max=90)"
    for written, found in {
        f"{line}  # lrviz: ignore[LR201]": [],
        f"{line}  # lrviz: ignore": [],
        f"{line}  # lrviz: ignore[LR102, LR2]": [],
        f"# lrviz: ignore[LR201]\n{line}": [],
        "scheduler = CosineAnnealingLR(\n    optimizer,\n    T_max=90,  # lrviz: ignore[LR201]\n)": [],
        f"{line}  # lrviz: ignore[LR102]": ["LR201"],
        f"{line}\n# lrviz: ignore[LR201]": ["LR201"],
        f"{line}  # ignore[LR201]": ["LR201"],
    }.items():
        path.write_text(SCRIPT.replace(line, written))
        assert codes(capsys, "train.py")[1] == found, written


def test_a_preset_and_its_ignored_rules(here: Path, capsys: Capture) -> None:
    path = here / "a.toml"
    path.write_text(PRESET)
    _, out, _ = check(capsys, "a.toml")
    assert [line.partition(" (")[0] for line in out.splitlines() if "fix" not in line] == [
        "a.toml:6: warning LR101",
        "a.toml:9: warning LR102",
        "2 schedules: 2 warnings",
    ]
    path.write_text(PRESET.replace("[[figure.curve]]\n", '[[figure.curve]]\nignore = ["LR101"]\n'))
    assert codes(capsys, "a.toml")[1] == ["LR102"]
    path.write_text(PRESET.replace("epochs = 50", 'epochs = 50\nignore = ["LR1"]'))
    assert codes(capsys, "a.toml") == (0, [])
    path.write_text('[defaults]\nignore = ["LR102"]\n' + PRESET)
    assert codes(capsys, "a.toml")[1] == ["LR101"]
    path.write_text(PRESET.replace("epochs = 50", "epochs = 50\nignore = 'LR1'"))
    status, _, err = check(capsys, "a.toml")
    assert (status, "`ignore` must be a list of codes of rules" in err) == (2, True)


def test_shipped_presets_have_no_findings_above_a_note(capsys: Capture) -> None:
    status, out, _ = check(capsys, *preset_names(), "--severity", "warning")
    assert (status, out) == (0, "50 schedules: no findings\n")


# Examples of the documents that have findings on purpose.
ON_PURPOSE = {
    ("docs/compare.md", "LR101"): "a sweep of lengths, of which one is the run's",
    ("docs/loop.md", "LR204"): "what several processes do to a schedule",
}


def test_examples_of_the_documents_have_no_findings_but_those_on_purpose(capsys: Capture) -> None:
    found = {
        (page, code)
        for page in TEXTS
        for block in BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))
        for code in re.findall(r"^finding: \w+ (LR\d+)", block, re.MULTILINE)
    }
    assert found == set(ON_PURPOSE)
    examples = ROOT / "docs" / "examples"
    for path in (*examples.glob("*.toml"), *examples.glob("train_*.py")):
        status, out, _ = check(capsys, str(path))
        assert (status, out.endswith(": no findings\n")) == (0, True), path.name


def test_json(capsys: Capture) -> None:
    status, out, _ = check(capsys, WRONG, *RUN, "--format", "json")
    assert (status, json.loads(out)) == (
        1,
        {
            "version": 1,
            "schedules": 1,
            "findings": [
                {
                    "code": "LR201",
                    "name": "epochs-per-update",
                    "severity": "error",
                    "file": None,
                    "line": None,
                    "curve": WRONG,
                    "message": MESSAGE,
                    "fix": "--interval epoch",
                    "advice": None,
                }
            ],
        },
    )


def test_github(here: Path, capsys: Capture) -> None:
    (here / "a,b:c%.toml").write_text(PRESET)
    _, out, _ = check(capsys, "a,b:c%.toml", "--format", "github")
    first, _, verdict = out.splitlines()
    assert first == (
        "::warning file=a%2Cb%3Ac%25.toml,line=6,title=LR101 climbs-again::the rate falls to 0 after 40 epochs and "
        "climbs again, by 12 %25 of its fall: CosineAnnealingLR with T_max 40, and the run has 50 epochs for it%0A"
        "fix: CosineAnnealingLR(T_max=50)"
    )
    assert verdict == "2 schedules: 2 warnings"


def test_sarif(here: Path, capsys: Capture) -> None:
    (here / "train.py").write_text(SCRIPT)
    _, out, _ = check(capsys, "train.py", WRONG, *RUN, "--format", "sarif")
    data: dict[str, Any] = json.loads(out)
    assert data["version"] == "2.1.0"
    (run,) = data["runs"]
    (rule,) = run["tool"]["driver"]["rules"]
    assert (rule["id"], rule["name"]) == ("LR201", "epochs-per-update")
    first, second = run["results"]
    assert first["ruleId"] == run["tool"]["driver"]["rules"][first["ruleIndex"]]["id"] == "LR201"
    assert first["level"] == "error"
    assert first["locations"] == [
        {"physicalLocation": {"artifactLocation": {"uri": "train.py"}, "region": {"startLine": 5}}}
    ]
    assert second["locations"] == [{"logicalLocations": [{"name": WRONG}]}]


@pytest.mark.parametrize("format", ["text", "json", "github", "sarif"])
def test_text_of_the_user_is_no_command(format: str, capsys: Capture) -> None:
    label = "x\n::error::y\r##[group]z\x1b[31m\u202e%0A::set-env"
    check_status, out, _ = check(capsys, WRONG, *RUN, "--label", label, "--format", format)
    assert check_status == 1
    assert not {"\x1b", "\r", "\u202e"} & set(out)
    assert "##[" not in out
    lines = [line for line in out.splitlines() if line.lstrip().startswith("::")]
    assert len(lines) == (format == "github")


def test_explain(capsys: Capture) -> None:
    for word in ("LR201", "lr201", "epochs-per-update"):
        status, out, _ = check(capsys, "--explain", word)
        assert status == 0
        assert out.startswith("LR201 epochs-per-update · error\n\nA length is counted in epochs")
        assert "fix:     --interval epoch\n" in out
        assert "┤" in out
    assert check(capsys, "--explain", "LR104")[1].splitlines()[0] == "LR104 runs-out · error"


def test_a_figure_says_that_there_are_findings(capsys: Capture) -> None:
    rest = "; `lrviz check` shows the fix\n"
    for command in (["plot", "-o", "a.svg"], ["show"]):
        assert main([*command, WRONG, *RUN]) == 0
        assert f"finding: error LR201 {MESSAGE}{rest}" in capsys.readouterr().err
        assert main([*command, WRONG, *RUN, "-q"]) == 0
        assert capsys.readouterr().err == ""
        assert main([*command, "cosine", *RUN]) == 0
        assert "lrviz check" not in capsys.readouterr().err
    assert main(["compare", WRONG, "StepLR(99999)", *RUN, "-o", "a.svg"]) == 0
    assert f"finding: error LR201 `{WRONG}`: {MESSAGE}; `lrviz check` shows the fix and 1 more finding\n" in (
        capsys.readouterr().err
    )


def test_a_render_says_that_there_are_findings(here: Path, capsys: Capture) -> None:
    (here / "a.toml").write_text(PRESET)
    assert main(["render", "a.toml", "-o", "out", "--formats", "svg"]) == 0
    assert "finding: warning LR101 `CosineAnnealingLR(T_max=40)`: the rate falls to 0" in capsys.readouterr().err


def test_runs_that_need_no_rules_have_no_findings() -> None:
    skipped = 0
    for interval in ("step", "epoch"):
        for processes in (1, 2):
            for text in ("cosine", "cosine(eta_min=1e-4)", "polynomial(total_iters=total_steps, power=2)"):
                for epochs in (2, 8, 50):
                    fields = {"epochs": epochs, "interval": interval, "num_processes": processes, "steps_per_epoch": 5}
                    spec = read_run(text, Fields(fields))
                    if runs._fits(spec):
                        skipped += 1
                        assert check_run(spec, simulate(spec)) == []
    assert skipped > 20
    for text in ("cosine(T_max=9)", "StepLR(2)", "cosine(eta_min=9e-4)", "sequential([cosine], [])"):
        assert not runs._fits(read_run(text))
