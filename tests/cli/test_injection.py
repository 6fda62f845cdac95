"""Text of users, wherever it comes from, is printed on one line, and a CI service runs no part of it as a command."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from lrviz.cli import main

# Lines that GitHub Actions runs, commands that a part of a line may be, a section of GitLab, the title of a terminal.
HOSTILE = "\n::error title=x::y\r\n  ::warning::z##[error]w##vso[task]v\r\x1b[0Ksection_start:1:a\x1b]0;t\x07\x85u"
RUN_BY_CI = re.compile(r"^\s*::|##\[|##vso\[|##teamcity\[", re.MULTILINE)
OWN = re.compile(r"^::(error|notice) (file=[^,:\n]+,)?title=(schedules|schedule drift)::", re.MULTILINE)
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command line in an empty folder; its status, and stdout and stderr after a check of every line."""
    monkeypatch.chdir(tmp_path)

    def call(*words: str, annotations: bool = False) -> tuple[int, str]:
        status = main(words)
        output = "".join(capsys.readouterr())
        if annotations:  # lrviz's own commands
            output = OWN.sub("", output)
        lines = output.split("\n")
        assert [line for line in lines if RUN_BY_CI.search(line)] == []
        assert [line for line in lines if any(not c.isprintable() and c not in "\t\u00a0" for c in line)] == []
        return status, output

    return call


def preset(text: str = "", *, name: str = "p.toml", curve: str = 'scheduler = "cosine"', figure: str = "") -> str:
    Path(name).write_text(
        f'{text}\n[[figure]]\nname = "a"\nformats = ["svg"]\n{figure}\n[[figure.curve]]\n{curve}\n', encoding="utf-8"
    )
    return name


def toml(text: str) -> str:
    """A string of TOML; JSON has the same escapes."""
    return json.dumps(text).replace("\x7f", "\\u007f")


def test_the_text_is_hostile() -> None:
    assert RUN_BY_CI.search(HOSTILE) is not None


ARGUMENTS = {
    "command": [HOSTILE],
    "option": ["plot", f"--{HOSTILE}"],
    "scheduler": ["plot", f"cosine{HOSTILE}"],
    "name of a scheduler": ["schedulers", HOSTILE],
    "several schedulers": ["plot", "cosine", HOSTILE],
    "argument": ["plot", f"cosine(T_max='{HOSTILE}')"],
    "field": ["compare", f"cosine @ {HOSTILE}=3"],
    "value of a field": ["compare", f"cosine @ lr={HOSTILE}"],
    "text after @": ["compare", f"cosine @ {HOSTILE}"],
    "optimizer": ["plot", "cosine", "--optimizer", HOSTILE],
    "optimizer after @": ["compare", f"cosine @ optimizer={HOSTILE}"],
    "style": ["plot", "cosine", "--style", HOSTILE],
    "style file": ["plot", "cosine", "--style", f"{HOSTILE}.mplstyle"],
    "braces": ["compare", "cosine(T_max={" + HOSTILE],
    "empty braces": ["compare", f"{HOSTILE}{{}}"],
    "many braces": ["plot", f"cosine(T_max={{1,2}}){HOSTILE}"],
    "name of a rate": ["plot", "cosine", "--lr", f"{HOSTILE}=1e-3,{HOSTILE}=1e-2"],
    "rate": ["plot", "cosine", "--lr", f"a={HOSTILE}"],
    "metric": ["plot", "plateau", "--metric", HOSTILE],
    "metric file": ["plot", "plateau", "--metric", f"{HOSTILE}.csv:{HOSTILE}"],
    "let": ["plot", "cosine", "--let", HOSTILE],
    "name of let": ["plot", "cosine", "--let", f"f('{HOSTILE}')=a b"],
    "count": ["plot", "cosine", "--epochs", HOSTILE],
    "size": ["plot", "cosine", "--size", HOSTILE],
    "format": ["plot", "cosine", "--format", HOSTILE],
    "output": ["plot", "cosine", "-o", f"{HOSTILE}.gif"],
    "folder of the output": ["plot", "cosine", "-o", f"/dev/null/{HOSTILE}/a.png"],
    "code": ["plot", f"{HOSTILE.strip()}.py:make"],
    "preset": ["render", HOSTILE, "-o", "out"],
    "preset file": ["render", f"{HOSTILE}.toml", "-o", "out"],
    "folder of a check": ["render", "cheatsheet", "-o", HOSTILE, "--check"],
    "figure": ["render", "cheatsheet", "-o", "out", "--only", HOSTILE],
    "formats": ["render", "cheatsheet", "-o", "out", "--formats", HOSTILE],
    "rtol": ["render", "cheatsheet", "-o", "out", "--check", "--rtol", HOSTILE],
}


@pytest.mark.parametrize("words", ARGUMENTS.values(), ids=ARGUMENTS.keys())
def test_errors_about_arguments(words: list[str], run: Run) -> None:
    status, output = run(*words)
    assert status == 2
    assert len(re.findall(r"^error: ", output, re.MULTILINE)) == 1


IN_PRESETS = {
    "key": (f"{toml(HOSTILE)} = 1", "", ""),
    "about": (f"about = [{toml(HOSTILE)}]", "", ""),
    "figure": ("", f"title = [{toml(HOSTILE)}]\n{toml(HOSTILE)} = 1", ""),
    "style": ("", f"style = {toml(HOSTILE)}", ""),
    "layout": ("", f"layout = {toml(HOSTILE)}", ""),
    "let": ("", f"[figure.let]\n{toml(HOSTILE)} = 1", ""),
    "value of let": ("", f"[figure.let]\na = {toml(HOSTILE)}", ""),
    "optimizer": ("", f"optimizer = {toml(HOSTILE)}", ""),
    "size": ("", f"size = {toml(HOSTILE)}", ""),
    "label": ("", "", f'label = {toml(HOSTILE)}\nscheduler = "oops"'),
    "scheduler": ("", "", f"scheduler = {toml(HOSTILE)}"),
    "metric": ("", "", f'scheduler = "plateau"\nmetric = {toml(HOSTILE)}'),
    "rates": ("", "", f'scheduler = "cosine"\nlr = {{{toml(HOSTILE)} = -1}}'),
    "code": ("", "", f"scheduler = {toml('train.py:make(' + repr(HOSTILE) + ')')}"),
    "broken": ("a = [\n::error title=x::y", "", ""),
    "broken, with spaces": ("a = [\n   ::error title=x::y ##[error]", "", ""),
    "broken at a key": ("::error title=x::y", "", ""),
}


@pytest.mark.parametrize(("top", "figure", "curve"), IN_PRESETS.values(), ids=IN_PRESETS.keys())
def test_errors_about_presets(top: str, figure: str, curve: str, run: Run) -> None:
    name = preset(top, figure=figure, curve=curve or 'scheduler = "cosine"')
    status, output = run("render", name, "-o", "out")
    assert status == 2
    assert len(re.findall(r"^error: ", output, re.MULTILINE)) == 1


@pytest.mark.parametrize("line", ["::error title=x::y", "   ::error::y", "##[error]y", "x ##[error]y"])
def test_a_line_of_source_under_an_error_is_no_command(line: str, run: Run) -> None:
    assert run("plot", f"a = 3\n{line}")[0] == 2
    assert run("plot", f"StepLR(\n{line}\n")[0] == 2
    Path("train.py").write_text(f"def make(optimizer):\n    '''\n{line}'''; raise ValueError({HOSTILE!r})\n")
    assert run("plot", "train.py:make")[0] == 2


@pytest.mark.parametrize("label", [HOSTILE, "::error title=x::y", "x" * 24 + "::error::" + "y" * 47 + "::error::y"])
def test_labels_and_notes(label: str, run: Run) -> None:
    words = ["plateau", "--label", label, "--lr", f"{label}=1,b=2", "--metric", "0.5,0.4"]
    assert run("show", *words)[0] == 0
    assert run("plot", *words)[0] == 0
    for format in ("table", "csv", "tsv", "md"):
        assert run("table", *words, "--format", format)[0] == 0
        assert run("compare", "cosine", "step", *words[1:5], "--format", format)[0] == 0
    assert run("compare", "cosine", "step", "--label", label, "--show")[0] == 0


@pytest.mark.parametrize("format", ["text", "github", "json"])
def test_a_check_against_a_hostile_manifest(format: str, run: Run) -> None:
    name = preset(
        f"about = {toml(HOSTILE)}", figure=f"title = {toml(HOSTILE)}", curve='scheduler = "cosine"\nlabel="c"'
    )
    assert run("render", name, "-o", "out")[0] == 0
    path = Path("out/manifest.json")
    manifest = json.loads(path.read_text(encoding="utf-8"))
    (figure,) = manifest["figures"]
    figure[HOSTILE] = figure["layout"] = HOSTILE
    figure["curves"][0] |= {HOSTILE: HOSTILE, "scheduler": HOSTILE, "optimizer": [HOSTILE]}
    figure["curves"].append({"label": HOSTILE, "columns": []})
    manifest["figures"].append({"name": "gone", "curves": [], "options": {HOSTILE: HOSTILE}})
    manifest["versions"]["torch"] = HOSTILE
    path.write_text(json.dumps(manifest), encoding="utf-8")
    Path("out", f"unknown{HOSTILE}".replace("/", "")).touch()
    status, output = run("render", name, "-o", "out", "--check", "--format", format, annotations=True)
    assert status == 1, output
    assert "was rendered" in output or format == "json"


def test_the_path_of_a_preset_in_an_annotation(run: Run) -> None:
    name = preset(name=f"{HOSTILE}.toml".replace("/", ""))
    assert run("render", name, "-o", "out")[0] == 0
    preset(name=name, curve='scheduler = "step"')
    assert run("render", name, "-o", "out", "--check", "--format", "github", annotations=True)[0] == 1


def test_a_summary_of_hostile_text(run: Run) -> None:
    curve = f"scheduler = 'cosine'\nlabel = {toml(HOSTILE)}\nlr = {{{toml(HOSTILE)} = 1, b = 2}}"
    name = preset(f"about = {toml(HOSTILE)}", figure=f"title = {toml(HOSTILE)}", curve=curve)
    assert run("render", name, "-o", "out")[0] == 0
    for file in ("summary.md", "a.csv"):
        text = Path("out", file).read_text(encoding="utf-8")
        assert RUN_BY_CI.search(text) is None
        assert "\x1b" not in text


def test_paths_that_are_printed(run: Run) -> None:
    assert run("plot", "cosine", "-o", f"a{HOSTILE}.svg".replace("/", ""))[0] == 0
    assert run("plot", "cosine", "-o", "::error::a.svg")[0] == 0
    assert run("presets", "cheatsheet", "-o", "::error::a.toml")[0] == 0


def test_a_long_text_is_shown_by_its_start_and_its_end(run: Run) -> None:
    long = "START" + "x" * 1_000_000 + "END"
    for words in (["schedulers", long], ["plot", "cosine", "--optimizer", long], ["plot", "cosine", "--style", long]):
        _, output = run(*words)
        assert len(output) < 3_000
        assert "START" in output
        assert "END`" in output
