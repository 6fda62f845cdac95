"""A command line that cannot be parsed: what is said, and what it says to type in its place."""

from __future__ import annotations

import pytest

from lrviz.cli import main
from lrviz.cli.usage import closest

COMMANDS = "`lrviz --help` lists the commands"


def page(command: str) -> str:
    return f"`lrviz {command} --help` lists the options"


def mean(close: str, command: str) -> str:
    return f"did you mean `{close}`? {page(command)}"


# The command line after `lrviz`; the error; the hint.
ROWS: dict[str, tuple[str, str, str]] = {
    # Commands
    "letters swapped": ("polt cosine", "no such command `polt`", "did you mean `lrviz plot`?"),
    "a letter missing": ("tabe cosine", "no such command `tabe`", "did you mean `lrviz table`?"),
    "capitals": ("PLOT cosine", "no such command `PLOT`", "did you mean `lrviz plot`?"),
    "a singular": ("scheduler", "no such command `scheduler`", "did you mean `lrviz schedulers`?"),
    "a command like no other": ("quit", "no such command `quit`", COMMANDS),
    # Options before the command, or without one
    "an option alone": ("--verion", "no such option `--verion`", COMMANDS),
    "a short option alone": ("-o", "no such option `-o`", COMMANDS),
    "an option too early": (
        "-q plot cosine",
        "no such option `-q` before the command",
        "put options after the command: `lrviz plot ... -q`",
    ),
    "a parameter too early": (
        "--T_max=3 plot cosine",
        "no such option `--T_max` before the command",
        "put options after the command: `lrviz plot ... --T_max`",
    ),
    "a mistyped option too early": (
        "--vesion plot",
        "no such option `--vesion` before the command",
        "did you mean `--version`?",
    ),
    # Parameters of the scheduler that is named
    "--gama": ("plot StepLR --gama 3", "no such option `--gama`", mean("--gamma", "plot step")),
    "a parameter of notation": (
        "plot StepLR(4) --gamm 3",
        "no such option `--gamm`",
        mean("--gamma", "plot step"),
    ),
    "a parameter of another scheduler": (
        "plot cosine --step_siz 3",
        "no such option `--step_siz`",
        mean("--steps", "plot cosine"),
    ),
    "no scheduler to have parameters": ("plot --t-mix 3", "no such option `--t-mix`", page("plot")),
    # Options of lrviz's own
    "--epoch": ("plot cosine --epoch 3", "no such option `--epoch`", mean("--epochs", "plot cosine")),
    "--out": ("plot cosine --out x.png", "no such option `--out`", mean("--output", "plot cosine")),
    "--layot": ("compare cosine --layot grid", "no such option `--layot`", mean("--layout", "compare")),
    "--onlly": ("render x --onlly y", "no such option `--onlly`", mean("--only", "render")),
    "a short option there is not": (
        "plot cosine -z",
        "no such option `-z`",
        f"CosineAnnealingLR takes --T_max, --eta_min; {page('plot cosine')}",
    ),
    "an option of another command": ("schedulers --lr 1", "no such option `--lr`", page("schedulers")),
    # compare, where parameters go into the notation
    "compare --T_max": (
        "compare cosine --T_max 3",
        "no such option `--T_max`",
        'write parameters in the notation: `"cosine(T_max=...)"`',
    ),
    "compare --t-max": (
        "compare step cosine --stepsize 3",
        "no such option `--stepsize`",
        'write parameters in the notation: `"step(step_size=...)"`',
    ),
    "compare, of no scheduler there": ("compare cosine --gamma 3", "no such option `--gamma`", page("compare")),
    # Values
    "a parameter without a value": ("plot cosine --T_max", "`--T_max` needs a value", page("plot cosine")),
    "an option without a value": ("plot cosine --lr", "`--lr` needs a value", page("plot cosine")),
    "-o without a value": ("table cosine -o", "`-o` needs a value", page("table cosine")),
    "an option of compare without a value": ("compare cosine --label", "`--label` needs a value", page("compare")),
    "a switch with a value": ("plot cosine --quiet=3", "`--quiet` takes no value", page("plot cosine")),
    "a switch with no value": ("plot cosine --log=", "`--log` takes no value", page("plot cosine")),
    # Arguments
    "a name too many": (
        "schedulers cosine step",
        "`lrviz schedulers` takes one name, got `step` as well",
        page("schedulers"),
    ),
    "names too many": (
        "presets a b (c)",
        "`lrviz presets` takes one name, got `b (c)` as well",
        page("presets"),
    ),
    "a preset too many": ("render a b", "`lrviz render` takes one name, got `b` as well", page("render")),
}


@pytest.mark.parametrize(("line", "error", "hint"), ROWS.values(), ids=ROWS.keys())
def test_what_to_type(line: str, error: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(line.split(" ")) == 2
    assert capsys.readouterr() == ("", f"error: {error}\n\nhint: {hint}\n")


@pytest.mark.parametrize(
    ("word", "found"),
    [("--T-MAX", "--T_max"), ("tmax", "--T_max"), ("--eta", "--eta_min"), ("--x", None), ("", None), ("-", None)],
)
def test_closest(word: str, found: str | None) -> None:
    assert closest(word, ["--T_max", "--eta_min"]) == found


def test_closest_of_nothing() -> None:
    assert closest("--T_max", []) is None
