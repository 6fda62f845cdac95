"""The commands, as a shell calls them: what they make of the words, what they print where, and how they end."""

from __future__ import annotations

import contextlib
import csv
import errno
import io
import json
import os
import pty
import re
import select
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

import lrviz
from lrviz import schedulers
from lrviz.cli import main, runs
from lrviz.figure import FIGURE_FORMATS, FigureOptions
from lrviz.files import opening
from lrviz.formats import DATA_FORMATS
from lrviz.notation import parse
from lrviz.schedulers import REQUIRED, Parameter, Scheduler, catalogue, is_installed
from lrviz.spec import CodeCall, Metric, OptimizerChoice, ParamGroup, RunSpec, TrainingLoop
from lrviz.terminal import chart, messages
from lrviz.text import cells, format_rate
from lrviz.trace import Trace
from tests.conftest import ROOT, Python
from tests.forkserver import ForkServer
from tests.screens import Stream, plain

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to run in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def spec(notation: str, **fields: Any) -> RunSpec:
    """The RunSpec of a scheduler whose values are all written out."""
    return RunSpec(parse(notation, {}), **fields)


def loop(epochs: int = 4, steps_per_epoch: int = 8, **fields: Any) -> dict[str, Any]:
    return {"loop": TrainingLoop(epochs, steps_per_epoch, **fields)}


def rates(**groups: float) -> dict[str, Any]:
    return {"groups": tuple(ParamGroup(name, rate) for name, rate in groups.items())}


COSINE = "CosineAnnealingLR(T_max=32)"

SPECS: dict[str, tuple[str, RunSpec]] = {
    # A scheduler and its parameters
    "a short name": ("cosine", spec(COSINE)),
    "a class": ("CosineAnnealingLR", spec(COSINE)),
    "with its module": ("torch.optim.lr_scheduler.CosineAnnealingLR", spec(COSINE)),
    "a parameter": ("cosine --T_max 16", spec("CosineAnnealingLR(T_max=16)")),
    "a parameter after =": ("cosine --T_max=16", spec("CosineAnnealingLR(T_max=16)")),
    "a parameter first": ("--T_max 16 cosine", spec("CosineAnnealingLR(T_max=16)")),
    "two parameters": ("cosine --eta_min 1e-5 --T_max 8", spec("CosineAnnealingLR(T_max=8, eta_min=1e-5)")),
    "a parameter in the run's names": ("cosine --T_max 'total_steps // 2'", spec("CosineAnnealingLR(T_max=16)")),
    "the last of two wins": ("step --step_size 2 --step_size 3", spec("StepLR(step_size=3)")),
    "a whole float": ("exponential --gamma 1", spec("ExponentialLR(gamma=1.0)")),
    "a negative number": ("lambda --lr_lambda 'lambda e: -e + 99'", spec("LambdaLR(lr_lambda=lambda e: -e + 99)")),
    "milestones": ("multistep --milestones 8,24", spec("MultiStepLR(milestones=[8, 24])")),
    "one milestone": ("multistep --milestones 8", spec("MultiStepLR(milestones=[8])")),
    "milestones in brackets": ("multistep --milestones '[8, 24]'", spec("MultiStepLR(milestones=[8, 24])")),
    "a word": (
        "cyclic --mode exp_range --base_lr 0.1 --max_lr 1 --step_size_up 4",
        spec("CyclicLR(base_lr=0.1, max_lr=1, step_size_up=4, mode='exp_range')"),
    ),
    "a switch of torch's": (
        "onecycle --max_lr 1 --three_phase true --cycle_momentum False",
        spec("OneCycleLR(max_lr=1, total_steps=32, cycle_momentum=False, three_phase=True)"),
    ),
    "the run's length for onecycle": (
        "onecycle --max_lr 1 --epochs 2 --steps-per-epoch 3",
        spec("OneCycleLR(max_lr=1, total_steps=6)", **loop(2, 3)),
    ),
    "a value for each group": (
        "swa --swa_lr 0.1,0.2 --lr 1,2",
        spec("SWALR(swa_lr=[0.1, 0.2])", groups=(ParamGroup("", 1.0), ParamGroup("", 2.0))),
    ),
    "None": (
        "cyclic --base_lr 0.1 --max_lr 1 --step_size_down None",
        spec("CyclicLR(base_lr=0.1, max_lr=1, step_size_down=None)"),
    ),
    "schedulers": (
        "sequential --schedulers linear,cosine --milestones 4",
        spec("SequentialLR(schedulers=[LinearLR(), CosineAnnealingLR(T_max=28)], milestones=[4])"),
    ),
    # Notation
    "notation": ("'StepLR(4, gamma=0.5)'", spec("StepLR(step_size=4, gamma=0.5)")),
    "a pasted line": ("'scheduler = StepLR(optimizer, 4)'", spec("StepLR(step_size=4)")),
    "notation and a parameter": ("'StepLR(4)' --gamma 0.5", spec("StepLR(step_size=4, gamma=0.5)")),
    "a let": ("'StepLR(n // 2)' --let n=8", spec("StepLR(step_size=4)")),
    "lets in turn": ("'StepLR(m)' --let n=8 --let m=n//4", spec("StepLR(step_size=2)")),
    "fields after @": (
        "'StepLR(4) @ epochs=2, lr=0.1'",
        spec("StepLR(step_size=4)", **loop(2), **rates(**{"": 0.1}), name="StepLR(step_size=4) @ epochs=2, lr=0.1"),
    ),
    "a lambda": ("'LambdaLR(lambda e: 1 / (1 + e))'", spec("LambdaLR(lr_lambda=lambda e: 1 / (1 + e))")),
    # The run
    "epochs": ("cosine --epochs 2", spec("CosineAnnealingLR(T_max=16)", **loop(2))),
    "a count with an exponent": ("step --step_size 3 --epochs 1e2", spec("StepLR(step_size=3)", **loop(100))),
    "steps of an epoch": ("cosine --steps-per-epoch 3", spec("CosineAnnealingLR(T_max=12)", **loop(4, 3))),
    "a dataset": (
        "cosine --dataset-size 100 --batch-size 32",
        spec("CosineAnnealingLR(T_max=16)", **loop(4, 4, dataset_size=100, batch_size=32)),
    ),
    "a dataset without its last batch": (
        "cosine --dataset-size 100 --batch-size 32 --drop-last",
        spec("CosineAnnealingLR(T_max=12)", **loop(4, 3, dataset_size=100, batch_size=32, drop_last=True)),
    ),
    "by epoch": ("cosine --interval epoch", spec("CosineAnnealingLR(T_max=4)", **loop(interval="epoch"))),
    "accumulation": ("cosine --grad-accum 3", spec("CosineAnnealingLR(T_max=12)", **loop(grad_accum=3))),
    "processes": ("cosine --num-processes 2", spec("CosineAnnealingLR(T_max=64)", **loop(num_processes=2))),
    "a rate": ("cosine --lr 3e-4", spec(COSINE, **rates(**{"": 3e-4}))),
    "a rate from arithmetic": ("cosine --lr '0.1 * 256 / 1024'", spec(COSINE, **rates(**{"": 0.025}))),
    "rates": ("cosine --lr 1e-4,1e-3", spec(COSINE, groups=(ParamGroup("", 1e-4), ParamGroup("", 1e-3)))),
    "rates by name": ("cosine --lr backbone=1e-4,head=1e-3", spec(COSINE, **rates(backbone=1e-4, head=1e-3))),
    "an optimizer": ("cosine --optimizer adamw", spec(COSINE, optimizer=OptimizerChoice("AdamW"))),
    "a momentum": (
        "cosine --optimizer RMSprop --momentum 0.9",
        spec(COSINE, optimizer=OptimizerChoice("RMSprop", 0.9)),
    ),
    "momentum shown": ("cosine --show momentum", spec(COSINE, show_momentum=True)),
    "a metric": (
        "plateau --metric 1,0.5,0.5",
        spec("ReduceLROnPlateau()", metric=Metric("1,0.5,0.5", (1.0, 0.5, 0.5))),
    ),
    "a label": ("cosine --label 'mine $x$'", spec(COSINE, name="mine $x$")),
}


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[Trace], str, str, FigureOptions | None]]:
    """What commands give to be written, which is then not written."""
    calls: list[Any] = []

    def write(traces: Sequence[Trace], path: str, chosen: str, look: FigureOptions | None = None) -> tuple[()]:
        calls.append((list(traces), path, chosen, look))
        return ()

    monkeypatch.setattr(runs, "write", write)
    return calls


@pytest.mark.parametrize("command", ["plot", "table"])
@pytest.mark.parametrize(("line", "expected"), SPECS.values(), ids=SPECS.keys())
def test_words_become_a_run(command: str, line: str, expected: RunSpec, written: list[Any], here: Path) -> None:
    assert main([command, *shlex.split(line)]) == 0
    (((trace,), _, _, _),) = written
    assert trace.spec == expected
    assert trace.updates == expected.loop.updates
    assert list(here.iterdir()) == []


def test_code_of_the_users_own(written: list[Any], here: Path) -> None:
    (here / "train.py").write_text("from torch.optim.lr_scheduler import StepLR as make\n")
    assert main(["plot", "train.py:make(4)"]) == 0
    (((trace,), path, _, _),) = written
    assert trace.spec == RunSpec(CodeCall("train.py", parse("make(4)", {}, own=True)))
    assert path == "make.png"


COMPARED: dict[str, tuple[str, list[RunSpec]]] = {
    "two": ("cosine step", [spec(COSINE), spec("StepLR(step_size=8)")]),
    "a sweep": (
        "'cosine(T_max={8,16})'",
        [
            spec("CosineAnnealingLR(T_max=8)", name="T_max=8"),
            spec("CosineAnnealingLR(T_max=16)", name="T_max=16"),
        ],
    ),
    "labels": (
        "'StepLR(2)' 'StepLR(3)' --label two",
        [spec("StepLR(step_size=2)", name="two"), spec("StepLR(step_size=3)")],
    ),
    "fields for all and for one": (
        "'StepLR(2) @ lr=1' 'StepLR(2)' --lr 2 --epochs 1",
        [
            spec("StepLR(step_size=2)", **loop(1), **rates(**{"": 1.0}), name="StepLR(step_size=2) @ lr=1"),
            spec("StepLR(step_size=2)", **loop(1), **rates(**{"": 2.0})),
        ],
    ),
    "one": ("cosine", [spec(COSINE)]),
    "more than usual": (
        "'StepLR({1,2,3})' --max-curves 3",
        [spec(f"StepLR(step_size={n})", name=str(n)) for n in (1, 2, 3)],
    ),
}


@pytest.mark.parametrize(("line", "expected"), COMPARED.values(), ids=COMPARED.keys())
def test_words_become_runs(line: str, expected: list[RunSpec], written: list[Any]) -> None:
    assert main(["compare", *shlex.split(line)]) == 0
    ((traces, path, chosen, _),) = written
    assert [trace.spec for trace in traces] == expected
    assert (path, chosen) == ("compare.png", "png")


LOOKS: dict[str, tuple[str, FigureOptions]] = {
    "none": ("plot cosine", FigureOptions()),
    "a style": ("plot cosine --style dark", FigureOptions(style="dark")),
    "a logarithmic scale": ("plot cosine --log", FigureOptions(log=True)),
    "a size": ("plot cosine --size 6x3.5", FigureOptions(size=(6, 3.5))),
    "a size with a comma": ("plot cosine --size '6, 4'", FigureOptions(size=(6, 4))),
    "dots": ("plot cosine --dpi 300", FigureOptions(dpi=300)),
    "a title": ("plot cosine --title 'My $x$'", FigureOptions(title="My $x$")),
    "no title": ("plot cosine --title ''", FigureOptions(title="")),
    "epochs": ("plot cosine --x epoch", FigureOptions(x="epoch")),
    "momentum": ("plot onecycle --show momentum", FigureOptions(momentum=True)),
    "a grid": (
        "compare cosine step --layout grid --columns 1 --axes free",
        FigureOptions(layout="grid", columns=1, share_y=False),
    ),
    "shared axes": ("compare cosine --axes shared", FigureOptions()),
}


@pytest.mark.parametrize(("line", "expected"), LOOKS.values(), ids=LOOKS.keys())
def test_words_become_a_look(line: str, expected: FigureOptions, written: list[Any]) -> None:
    assert main(shlex.split(line)) == 0
    assert written[0][3] == expected


TARGETS: dict[str, tuple[str, tuple[str, str]]] = {
    **{f"plot {info.short}": (f"plot '{info.example or info.short}'", (f"{info.short}.png", "png"))
       for info in catalogue.all_schedulers()},
    "plot as SVG": ("plot cosine --format svg", ("cosine.svg", "svg")),
    "plot to stdout": ("plot cosine -o -", ("-", "png")),
    "plot to stdout as PDF": ("plot cosine -o - --format pdf", ("-", "pdf")),
    "plot numbers": ("plot cosine --format csv", ("-", "csv")),
    "plot numbers into a file": ("plot cosine -o x.json", ("x.json", "json")),
    "plot --output": ("plot cosine --output a/b.pdf", ("a/b.pdf", "pdf")),
    "table": ("table cosine", ("-", "table")),
    "table of a kind": ("table cosine --format tsv", ("-", "tsv")),
    "table into a file": ("table cosine -o x.md", ("x.md", "md")),
    "table as a figure": ("table cosine --format svg", ("cosine.svg", "svg")),
    "table into a figure": ("table cosine -o x.png", ("x.png", "png")),
    "compare": ("compare cosine", ("compare.png", "png")),
    "compare as SVG": ("compare cosine --format svg", ("compare.svg", "svg")),
    "compare numbers": ("compare cosine --format table", ("-", "table")),
    "a suffix in capitals": ("plot cosine -o X.SVG", ("X.SVG", "svg")),
    "a format beats the suffix": ("table cosine -o log.txt --format csv", ("log.txt", "csv")),
    "a format that the suffix says too": ("plot cosine -o X.SVG --format svg", ("X.SVG", "svg")),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")  # torch warns of its own composites
@pytest.mark.parametrize(("line", "expected"), TARGETS.values(), ids=TARGETS.keys())
def test_where_it_goes(line: str, expected: tuple[str, str], written: list[Any]) -> None:
    assert main(shlex.split(line)) == 0
    ((_, path, chosen, _),) = written
    assert (path, chosen) == expected


# What is printed where. `{}` stands for nothing at all.

SMALL = "--epochs 1 --steps-per-epoch 4"
FILLED = "from the run: step_size=2\n"
LINES = "StepLR(step_size=2) · 4 steps, 1 epoch of 4 · lr 1\npeak 1 at step 0 · final 0.1 · ██▂▂"
TABLE = "step  epoch   lr\n   0      0  1.0\n   1      0  1.0\n   2      0  0.1\n   3      0  0.1\n"
CSV = "step,epoch,lr\n0,0,1.0\n1,0,1.0\n2,0,0.1\n3,0,0.1\n"
STEP = f"'StepLR(2)' --lr 1 {SMALL}"

PRINTED: dict[str, tuple[str, str, str]] = {
    "plot": (f"plot {STEP}", "step.png\n", f"{LINES} · step.png\n"),
    "plot into a folder": (f"plot {STEP} -o a/b/c.svg", "a/b/c.svg\n", f"{LINES} · a/b/c.svg\n"),
    "plot quietly": (f"plot {STEP} -q", "step.png\n", ""),
    "plot what is filled": (
        "plot cosine --lr 1 --epochs 1 --steps-per-epoch 1",
        "cosine.png\n",
        "from the run: T_max=1\nCosineAnnealingLR(T_max=1) · 1 step, 1 epoch of 1 · lr 1\n"
        "constant 1 · █ · cosine.png\n",
    ),
    "plot numbers": (f"plot {STEP} --format csv -q", CSV, ""),
    "table": (f"table {STEP}", TABLE, ""),
    "table of what is filled": (f"table step --step_size epochs+1 --lr 1 {SMALL}", TABLE, ""),
    "table as CSV": (f"table {STEP} --format csv", CSV, ""),
    "table as TSV": (f"table {STEP} --format tsv", CSV.replace(",", "\t"), ""),
    "table as Markdown": (
        f"table {STEP} --format md",
        "| step | epoch | lr |\n| ---: | ---: | ---: |\n"
        "| 0 | 0 | 1.0 |\n| 1 | 0 | 1.0 |\n| 2 | 0 | 0.1 |\n| 3 | 0 | 0.1 |\n",
        "",
    ),
    "table to stdout": (f"table {STEP} --format csv -o -", CSV, ""),
    "table into a file": (f"table {STEP} -o x.csv", "x.csv\n", ""),
    "table with a note": (
        "table 'MultiStepLR([1, 1], 0.5, verbose=True)' --lr 1 --epochs 1 --steps-per-epoch 2",
        "step  epoch    lr\n   0      0   1.0\n   1      0  0.25\n",
        "note: MultiStepLR: verbose is left out: torch 2.7 and newer do not take it\n",
    ),
    "table without its note": (
        "table 'MultiStepLR([1, 1], 0.5, verbose=True)' --lr 1 --epochs 1 --steps-per-epoch 2 --quiet",
        "step  epoch    lr\n   0      0   1.0\n   1      0  0.25\n",
        "",
    ),
    "table of groups": (
        f"table 'StepLR(2)' --lr a=1,b=10 {SMALL} --format csv",
        "step,epoch,lr[a],lr[b]\n0,0,1.0,10.0\n1,0,1.0,10.0\n2,0,0.1,1.0\n3,0,0.1,1.0\n",
        "",
    ),
    "compare numbers quietly": (
        f"compare 'StepLR(2)' constant --lr 1 {SMALL} --format csv -q",
        "step,epoch,StepLR(step_size=2),ConstantLR()\n0,0,1.0,0.3333333333333333\n1,0,1.0,0.3333333333333333\n"
        "2,0,0.1,0.3333333333333333\n3,0,0.1,0.3333333333333333\n",
        "",
    ),
    "compare": (
        f"compare 'StepLR(2)' 'StepLR(3)' --label a --label b --lr 1 {SMALL}",
        "compare.png\n",
        "2 curves · 4 steps, 1 epoch of 4\nrates from 0.1 to 1 · compare.png\n"
        "   peak  at step  final  warm-up ends   mean  differs\n"
        "a     1        0    0.1             -   0.55\n"
        "b     1        0    0.1             -  0.775        2\n",
    ),
    "compare quietly": (f"compare 'StepLR(2)' step {SMALL} -q", "compare.png\n", ""),
    "a version": ("--version", f"lrviz {lrviz.__version__}\n", ""),
}


@pytest.mark.parametrize(("line", "out", "err"), PRINTED.values(), ids=PRINTED.keys())
def test_what_is_printed_where(line: str, out: str, err: str, capsys: Capture, here: Path) -> None:
    assert main(shlex.split(line)) == 0
    printed = capsys.readouterr()
    assert printed.out == out
    assert "\n".join(line.rstrip() for line in printed.err.split("\n")) == err
    named = out.strip() if "\n" not in out.strip() and not line.startswith("--") else ""
    files = [str(path.relative_to(here)) for path in here.rglob("*") if path.is_file()]
    assert files == ([named] if named else [])


def test_json_on_stdout(capsys: Capture) -> None:
    assert main(shlex.split(f"table {STEP} --format json -o -")) == 0
    (found,) = json.loads(capsys.readouterr().out)["traces"]
    assert found["groups"][0]["lr"] == [1, 1, 0.1, 0.1]


@pytest.mark.parametrize("quiet", [True, False], ids=["quiet", "aloud"])
def test_show(quiet: bool, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert main([*shlex.split(f"show {STEP} --log"), *["-q"] * quiet]) == 0
    shown = capsys.readouterr()
    chart.print_chart([lrviz.simulate("StepLR(2)", lr=1, epochs=1, steps_per_epoch=4)], log=True)
    assert shown.out == capsys.readouterr().out
    assert max(map(cells, shown.out.splitlines())) <= 60
    assert shown.err == ("" if quiet else f"{LINES}\n")


def test_compare_in_the_terminal(capsys: Capture, monkeypatch: pytest.MonkeyPatch, here: Path) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert main(shlex.split(f"compare 'StepLR(2)' 'StepLR(3)' --show --lr 1 {SMALL}")) == 0
    shown = capsys.readouterr()
    chart.print_chart([lrviz.simulate(f"StepLR({n})", lr=1, epochs=1, steps_per_epoch=4) for n in (2, 3)])
    assert shown.out == capsys.readouterr().out
    assert shown.err.startswith("2 curves · 4 steps, 1 epoch of 4\nrates from 0.1 to 1\n")
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("option", [["-o", "x.png"], ["--format", "csv"]], ids=" ".join)
def test_a_chart_goes_into_no_file(option: list[str], capsys: Capture, here: Path) -> None:
    assert main(["compare", "cosine", "--chart", *option]) == 2
    assert capsys.readouterr() == (
        "",
        "error: `--chart` draws in the terminal and writes no file\n\nhint: leave out `--chart`, or `-o`\n",
    )
    assert list(here.iterdir()) == []


def test_compare_needs_schedulers(capsys: Capture) -> None:
    assert main(["compare"]) == 2
    assert capsys.readouterr().err == (
        "error: `lrviz compare` needs schedulers\n\nhint: such as `lrviz compare cosine onecycle`\n"
    )


MAGIC = {"png": b"\x89PNG\r\n\x1a\n", "pdf": b"%PDF-", "jpg": b"\xff\xd8\xff", "webp": b"RIFF", "svg": b"<?xml",
         "csv": b"step,", "tsv": b"step\t", "json": b"{", "md": b"| step |"}  # fmt: skip


@pytest.mark.parametrize(
    ("command", "suffix"),
    [("plot", suffix) for suffix in (*FIGURE_FORMATS, *DATA_FORMATS)]
    + [(command, suffix) for command in ("table", "compare") for suffix in ("svg", *DATA_FORMATS)],
)
def test_every_suffix(command: str, suffix: str, here: Path, capsys: Capture) -> None:
    assert main([command, "StepLR(2)", "-o", f"x.{suffix}", "-q"]) == 0
    assert capsys.readouterr() == (f"x.{suffix}\n", "")
    assert (here / f"x.{suffix}").read_bytes().startswith(MAGIC[suffix])
    assert [path.name for path in here.iterdir()] == [f"x.{suffix}"]


@pytest.mark.parametrize("suffix", [*FIGURE_FORMATS, *DATA_FORMATS])
def test_every_format_on_stdout(suffix: str, here: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["plot", "StepLR(2)", "-o", f"x.{suffix}", "-q"]) == 0
    capfdbinary.readouterr()
    assert main(["plot", "StepLR(2)", "-o", "-", "--format", suffix, "-q"]) == 0
    assert capfdbinary.readouterr() == ((here / f"x.{suffix}").read_bytes(), b"")


@pytest.mark.parametrize("kind", ["png", "pdf", "jpg", "webp"])
def test_no_bytes_on_a_terminal(kind: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Stream(tty=True))
    assert main(["plot", "cosine", "-o", "-", "--format", kind]) == 2
    assert capsys.readouterr().err == (
        f"error: stdout is a terminal, which cannot show {kind.upper()}\n\nhint: name a file with `-o`\n"
    )


@pytest.fixture
def viewer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """The argument that the system's viewer got; a script takes its place."""
    program = tmp_path / "bin" / ("open" if sys.platform == "darwin" else "xdg-open")
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nprintf "%s" "$1" > "{tmp_path}/opened"\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)

    def opened() -> str:
        opening._viewers.pop().wait(10)
        return (tmp_path / "opened").read_text(encoding="utf-8")

    return opened


@pytest.mark.skipif(sys.platform == "win32", reason="Windows opens files without a program")
@pytest.mark.parametrize("command", ["plot StepLR(2) -o a.jpg", "compare StepLR(2) StepLR(3) -o a.webp"])
def test_the_file_is_opened(command: str, here: Path, viewer: Callable[[], str], capsys: Capture) -> None:
    assert main([*command.split(), "--open", "-q"]) == 0
    name = command.rsplit(maxsplit=1)[-1]
    assert viewer() == str(here / name)
    assert capsys.readouterr() == (f"{name}\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows opens files without a program")
def test_a_file_that_nothing_can_open(here: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("PATH", "")
    assert main(["plot", "StepLR(2)", "-o", "a.svg", "--open", "-q"]) == 2
    captured = capsys.readouterr()
    assert captured.out == "a.svg\n"
    assert captured.err.startswith("error: cannot open `a.svg`: there is no `")
    assert (here / "a.svg").is_file()


def test_momentum_is_shown_where_asked(capsys: Capture) -> None:
    assert main(shlex.split(f"table {STEP} --momentum 0.9 --show momentum --format csv")) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["momentum"] for row in rows] == ["0.9"] * 4
    assert main(["table", "cosine", "--show", "rates"]) == 2
    assert capsys.readouterr().err.startswith("error: `--show` must be momentum, got `rates`\n")


def test_the_catalogue(capsys: Capture) -> None:
    assert main(["schedulers"]) == 0
    of_torch, *others = capsys.readouterr().out.split("\n\n")
    rows = [line.split(maxsplit=3) for line in of_torch.splitlines()[1:]]
    assert [(row[0], *row[2:]) for row in rows] == [
        (s.short, s.class_name, s.summary) for s in (*catalogue.all_schedulers(), *catalogue.compositions())
    ]
    for family in catalogue.all_families():
        shown = [part for part in others if part.startswith(f"{family.title}\n")]
        if schedulers.is_installed(family):
            rows = [line.split(maxsplit=3) for line in shown[0].splitlines()[1:]]
            assert [(row[0], *row[2:]) for row in rows] == [
                (s.short, s.attribute, s.summary) for s in family.schedulers
            ]
        else:
            assert f"\n{family.title} " in others[-1].removeprefix("not installed")
            assert f"`pip install {family.install}`: {family.schedulers[0].short}" in others[-1]


@pytest.mark.filterwarnings("ignore")  # torch warns of its own composites
@pytest.mark.parametrize("info", [pytest.param(info, id=info.short) for info in catalogue.all_schedulers()])
def test_one_scheduler_in_full(info: Scheduler, capsys: Capture) -> None:
    for name in (info.short, info.name):
        assert main(["schedulers", name]) == 0
        printed = capsys.readouterr()
        assert printed.out.startswith(f"{info.name}  {info.module}\n")
        assert re.search(r"\n\n +lr\n", printed.out)  # the chart
        assert printed.err == ""


# Help


def squeezed(text: str) -> str:
    """A text without spaces and frames, so that it does not matter where lines end."""
    return re.sub(r"[\s│╭─╮╰╯]", "", text)


def default(parameter: Parameter) -> str:
    """What help says a parameter is without being given."""
    if parameter.follows and parameter.default in (REQUIRED, None):
        return f"[from the run: {parameter.follows}]"
    value = parameter.default
    return f"[{format_rate(value) if isinstance(value, float) else value}]"


@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize("info", [pytest.param(info, id=info.short) for info in catalogue.all_schedulers()])
def test_help_of_a_scheduler(info: Scheduler, columns: int, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert main(["plot", info.short, "--help"]) == 0
    text, err = capsys.readouterr()
    assert err == ""
    assert max(map(cells, text.splitlines())) <= columns
    assert text.split()[:5] == ["usage:", "lrviz", "plot", info.short, "[OPTIONS]"]
    titles = re.findall(r"╭─ (.*?) ─*╮", text)
    assert titles[0].removeprefix("Parameters of ") == info.name
    assert titles[1:] == ["The run", "The figure", "Output"]
    panel = text.partition(titles[0])[2].partition("╰")[0]
    own = [p for p in info.parameters if p.name not in ("epochs", "steps_per_epoch")]
    assert re.findall(r"^│ --(\w+)", panel, re.MULTILINE) == [p.name for p in own]
    for parameter in own:
        limits = f" ({parameter.limits})" if parameter.limits and not parameter.choices else ""
        said = f"{parameter.help}{limits}  {default(parameter)}"
        values = "|".join(parameter.choices)
        # A long list of values goes on a line of its own, between two lines of the help.
        assert squeezed(said) in squeezed(panel).replace(squeezed(values) or " ", "")
        assert values in panel
    closing = f"`lrviz schedulers {info.short}` describes its uses and pitfalls"
    assert squeezed(closing) in squeezed(text)


COMMANDS = ["plot", "table", "show", "compare", "check", "code", "schedulers", "presets", "render"]


@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(command: str, columns: int, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert main([command, "-h"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"usage: lrviz {command} ")
    assert max(map(cells, text.splitlines())) <= columns
    assert not re.search(r"--T_max|--gamma", text)
    assert squeezed("show this page") in squeezed(text)


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"], ["-h", "plot"]], ids=str)
@pytest.mark.parametrize("columns", [40, 80, 200])
def test_lrviz_alone_shows_help(
    words: list[str], columns: int, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert main(words) == 0
    text, err = capsys.readouterr()
    assert err == ""
    assert text.startswith("usage: lrviz COMMAND ...\n\nSee the learning rate")
    assert max(map(cells, text.splitlines())) <= columns
    panel = text.partition("Commands")[2].partition("╰")[0]
    assert [c for c in re.findall(r"^│ ([a-z]+)(?: |$)", panel, re.MULTILINE) if c in COMMANDS] == COMMANDS


def test_help_without_unicode(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Stream(tty=False, encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    assert main(["plot", "cosine", "--help"]) == 0
    stream.flush()
    assert stream.text.isascii()
    assert "+- Parameters of CosineAnnealingLR -" in stream.text


# Completion, by the protocol that the shells' scripts speak


def completed(line: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> list[str]:
    """What bash is offered for the last word of a line, which is empty where the line ends with a blank."""
    words = shlex.split(line)
    monkeypatch.setenv("_LRVIZ_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(words) if line.endswith(" ") else len(words) - 1))
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out.split()


SHORT = [info.short for info in (*catalogue.all_schedulers(), *catalogue.compositions())]
SHORT += [info.short for family in catalogue.all_families() if is_installed(family) for info in family.schedulers]

COMPLETED: dict[str, tuple[str, list[str]]] = {
    "commands": ("lrviz ", COMMANDS),
    "a command": ("lrviz pl", ["plot"]),
    "schedulers": ("lrviz plot ", SHORT),
    "a scheduler": ("lrviz table co", ["constant", "cosine"]),
    "a scheduler to tell about": ("lrviz schedulers warm", ["warm-restarts", "warmup-cosine", "warmup-linear"]),
    "another scheduler": ("lrviz compare cosine on", ["onecycle"]),
    "no scheduler": ("lrviz plot xyz", []),
    "a preset": ("lrviz presets cheat", ["cheatsheet"]),
    "a parameter": ("lrviz plot cosine --T", ["--T_max"]),
    "a parameter of the other": ("lrviz plot step --T", []),
    "a parameter of a class": ("lrviz plot CosineAnnealingLR --eta", ["--eta_min"]),
    "a parameter of notation": ("lrviz plot 'StepLR(4)' --gam", ["--gamma"]),
    "no parameter without a scheduler": ("lrviz plot --T", []),
    "an option": ("lrviz plot cosine --ep", ["--epochs"]),
    "options before the scheduler": ("lrviz plot --lr 1 cosine --eta", ["--eta_min"]),
    "the values of an option": ("lrviz plot cosine --interval ", ["step", "epoch"]),
    "a value of an option": ("lrviz plot cosine --interval e", ["epoch"]),
    "formats": ("lrviz table cosine --format ", ["table", "csv", "tsv", "json", "md"]),
    "styles": ("lrviz compare cosine --style c", ["cheatsheet"]),
    "the values of a parameter": ("lrviz plot onecycle --anneal_strategy ", ["cos", "linear"]),
    "of two that are called alike": ("lrviz plot plateau --mode ", ["min", "max"]),
    "the other of the two": ("lrviz plot cyclic --mode tri", ["triangular", "triangular2"]),
    "True and False": ("lrviz plot onecycle --three_phase ", ["True", "False"]),
    "a parameter with any value": ("lrviz plot cosine --T_max ", []),
    "a parameter that the scheduler has not": ("lrviz plot cosine --mode ", []),
    "a value before the scheduler is named": ("lrviz plot --mode ", []),
}


@pytest.mark.parametrize(("line", "offered"), COMPLETED.values(), ids=COMPLETED.keys())
def test_completion(line: str, offered: list[str], monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    assert completed(line, monkeypatch, capsys) == offered


@pytest.mark.parametrize("command", ["plot", "table", "show"])
@pytest.mark.parametrize("info", [pytest.param(info, id=info.short) for info in catalogue.all_schedulers()])
def test_completion_offers_the_schedulers_own_parameters(
    info: Scheduler, command: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    offered = completed(f"lrviz {command} {info.short} --", monkeypatch, capsys)
    parameters = {f"--{p.name}" for s in catalogue.all_schedulers() for p in s.parameters} - {"--epochs"}
    own = {f"--{p.name}" for p in info.parameters} - {"--epochs", "--steps_per_epoch"}
    assert set(offered) & parameters == own
    assert {"--lr", "--epochs", "--steps-per-epoch", "--quiet", "--help"} <= set(offered)
    assert len(offered) == len(set(offered))


def test_completion_in_a_process(python: Python, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_LRVIZ_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "lrviz plot cosine --T")
    monkeypatch.setenv("COMP_CWORD", "3")
    finished = python("-X", "importtime", "-m", "lrviz")
    assert (finished.returncode, finished.stdout) == (0, "--T_max\n")
    assert not re.search(r"\| +(torch|matplotlib|numpy|rich)$", finished.stderr, re.MULTILINE)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"_LRVIZ_COMPLETE": "x"}, "`_LRVIZ_COMPLETE` must be complete_SHELL or source_SHELL, got `x`"),
        ({"_LRVIZ_COMPLETE": "complete_"}, "`_LRVIZ_COMPLETE` must be complete_SHELL or source_SHELL, got `complete_`"),
        (
            {"_LRVIZ_COMPLETE": "bash_complete"},
            "`_LRVIZ_COMPLETE` must be complete_SHELL or source_SHELL, got `bash_complete`",
        ),
        (
            {"_LRVIZ_COMPLETE": "complete_bash"},
            "completion for bash needs `COMP_WORDS`, and a number in `COMP_CWORD`, got ``",
        ),
        (
            {"_LRVIZ_COMPLETE": "complete_bash", "COMP_CWORD": "1"},
            "completion for bash needs `COMP_WORDS`, and a number in `COMP_CWORD`, got `1`",
        ),
        *(
            (
                {"_LRVIZ_COMPLETE": "complete_bash", "COMP_WORDS": "lrviz plot", "COMP_CWORD": at},
                f"completion for bash needs `COMP_WORDS`, and a number in `COMP_CWORD`, got `{at}`",
            )
            for at in ("x", "-1", "1e3", " 1", "\u0661")
        ),
    ],
    ids=str,
)
def test_completion_with_other_variables_than_those_of_a_shell(
    variables: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert main([]) == 2
    out, err = capsys.readouterr()
    assert (out, err.splitlines()[0]) == ("", f"error: {message}")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell", "pwsh"])
@pytest.mark.parametrize(
    "words", ["lrviz plot '", 'lrviz plot "cosine(" --', "lrviz \\", "", "'", "lrviz plot 'a{b' --l"]
)
def test_completion_of_words_that_are_not_complete(
    words: str, shell: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("_LRVIZ_COMPLETE", f"complete_{shell}")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", "99")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", words)
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 0
    assert capsys.readouterr().err == ""


# Colour, and the bar that shows how far it is


@pytest.mark.parametrize(
    ("tty", "environment", "coloured"),
    [
        (True, {}, True),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"TERM": "dumb"}, False),
        (False, {}, False),
        (False, {"FORCE_COLOR": "1"}, True),
        (False, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
    ids=str,
)
def test_colour(tty: bool, environment: dict[str, str], coloured: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"TERM": "xterm-256color", **environment}.items():
        monkeypatch.setenv(name, value)
    err, out = Stream(tty=tty), Stream(tty=tty)
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setattr(sys, "stdout", out)
    assert main(["plot", "cosin"]) == 2
    assert main(["table", "MultiStepLR([1], verbose=True)", "-o", "x.csv"]) == 0
    assert main(["plot", "--help"]) == 0
    out.flush()
    for text, styled in (
        (err.text, "\x1b[1;31merror:\x1b[0m unknown scheduler `cosin`\n\n\x1b[1;36mhint:\x1b[0m did you mean"),
        (err.text, "\x1b[1;33mnote:\x1b[0m MultiStepLR: verbose"),
        (out.text, "\x1b[36m--lr\x1b[0m"),
    ):
        assert (styled in text) is coloured
        assert plain(styled) in plain(text)
        assert coloured or not re.search(r"\x1b\[[0-9;]*3[0-9]m", text)


@pytest.mark.parametrize(
    ("tty", "options", "patience", "shown"),
    [(True, [], -1, True), (True, ["-q"], -1, False), (False, [], -1, False), (True, [], 60, False)],
    ids=["terminal", "quiet", "pipe", "soon done"],
)
def test_the_bar(tty: bool, options: list[str], patience: float, shown: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "_PROGRESS_DELAY", patience)
    monkeypatch.setenv("TERM", "xterm-256color")
    err = Stream(tty=tty)
    monkeypatch.setattr(sys, "stderr", err)
    many = ["--epochs", "1", "--steps-per-epoch", "30_000", "-o", "x.csv"]
    assert main(["compare", "StepLR(9)", "StepLR(8)", *many, *options]) == 0
    assert ("simulating" in err.text) is shown
    assert not shown or "/60000" in err.text
    assert err.text.count("\x1b[?25l") == err.text.count("\x1b[?25h") == int(shown)  # the cursor comes back


# In processes of their own


def test_a_process_and_its_status(python: Python, here: Path) -> None:
    finished = python("-m", "lrviz", *shlex.split(f"plot {STEP} -o curve.svg"))
    assert (finished.returncode, finished.stdout) == (0, "curve.svg\n")
    assert finished.stderr == f"{LINES} · curve.svg\n"
    assert [path.name for path in here.iterdir()] == ["curve.svg"]
    assert python("-m", "lrviz", "--version").stdout == f"lrviz {lrviz.__version__}\n"


@pytest.mark.parametrize("command", ["table cosine --format csv", "table cosine", "plot cosine --format json -o -"])
def test_a_reader_that_has_gone(command: str, forks: ForkServer) -> None:
    line = f'set -o pipefail; "$0" {command} --epochs 100 --steps-per-epoch 1000 -q | head -c 4'
    finished = subprocess.run(
        ["bash", "-c", line, forks.programs / "lrviz"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    assert len(finished.stdout) == 4


def shell(forks: ForkServer, line: str) -> tuple[int, str, str]:
    """The status, stdout and stderr of a line of bash, in which `lrviz` is the program."""
    finished = subprocess.run(
        ["bash", "-c", f'PATH="{forks.programs}:$PATH"; {line}'],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return finished.returncode, finished.stdout, finished.stderr


@pytest.mark.parametrize(
    "command",
    [
        "lrviz --help",
        "lrviz --version",
        "lrviz plot cosine --help",
        "lrviz -h plot",
        "_LRVIZ_COMPLETE=complete_bash COMP_WORDS=lrviz COMP_CWORD=1 lrviz",
    ],
)
def test_what_typer_prints_to_a_full_device(command: str, forks: ForkServer) -> None:
    assert shell(forks, f"{command} > /dev/full") == (
        2,
        "",
        "error: cannot write to stdout: no space left on device\n\nhint: free some space, or write to another disk\n",
    )


def test_help_for_a_reader_that_has_gone(forks: ForkServer) -> None:
    assert shell(forks, "set -o pipefail; (sleep 0.2; lrviz --help) | true") == (0, "", "")


@pytest.mark.parametrize("command", ["plot", "compare"])
def test_messages_to_a_full_device_do_not_change_the_status(command: str, forks: ForkServer, here: Path) -> None:
    assert shell(forks, f"lrviz {command} 'StepLR(2)' -o x.png 2>/dev/full") == (0, "x.png\n", "")
    assert (here / "x.png").read_bytes().startswith(MAGIC["png"])
    assert shell(forks, f"lrviz {command} cosin 2>/dev/full") == (2, "", "")


@pytest.mark.parametrize(
    ("redirect", "expected"),
    [
        ("<&-", (0, "x.toml\n", "")),
        ("<&- 2>&-", (0, "x.toml\n", "")),
        (">&-", (2, "", "error: cannot write to stdout: bad file descriptor\n")),
        ("<&- >&- 2>&-", (2, "", "")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_closed_streams(redirect: str, expected: tuple[int, str, str], here: Path) -> None:
    finished = subprocess.run(
        ["bash", "-c", f'"{sys.executable}" -m lrviz presets cheatsheet -o x.toml {redirect}'],
        env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (finished.returncode, finished.stdout, finished.stderr) == expected
    assert (here / "x.toml").read_bytes() == (ROOT / "presets" / "cheatsheet.toml").read_bytes()


def test_a_closed_stream_is_not_given_to_a_file(here: Path) -> None:
    """Otherwise a child process of the user's code could write into the file."""
    code = "import os; from lrviz import __main__; __main__._open_standard_streams(); print(os.dup(0))"
    finished = subprocess.run(
        ["bash", "-c", f'"{sys.executable}" -c "{code}" <&- 2>&-'],
        env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert int(finished.stdout) > 2


@pytest.mark.parametrize("kilobytes", [40_000, 100_000, 400_000, 700_000])
def test_too_little_memory(kilobytes: int, python: Python, here: Path) -> None:
    limited = (
        "import os, resource, sys;"
        f"resource.setrlimit(resource.RLIMIT_AS, ({kilobytes} << 10,) * 2);"
        "os.execv(sys.executable, [sys.executable, '-m', 'lrviz', 'plot', 'cosine', '-o', 'x.png'])"
    )
    finished = python("-c", limited)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert finished.stderr.startswith("error: not enough memory\n")
    assert "Traceback" not in finished.stderr
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    "raised",
    [
        MemoryError(),
        ImportError("libtorch_cpu.so: failed to map segment from shared object"),
        OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)),
        RuntimeError("can't start new thread"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_exception_for_a_lack_of_memory(raised: Exception, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(runs, "simulate_all", fail)
    assert main(["plot", "cosine"]) == 2
    assert capsys.readouterr() == (
        "",
        "error: not enough memory\n\nhint: raise the limit on memory, such as that of `ulimit -v`, or simulate less\n",
    )
    monkeypatch.setattr(runs, "simulate_all", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main(["plot", "cosine"])


def watched(forks: ForkServer, command: Sequence[str], act: Callable[[int, str], bool]) -> tuple[int, str]:
    """Run lrviz with stderr on a terminal.

    `act` gets its process and sees all that was written so far, until it says it has acted.
    """
    ours, theirs = pty.openpty()
    with Path(os.devnull).open("r+b") as null:
        streams = [null.fileno(), null.fileno(), theirs]
        process = forks.start(command, cwd=Path.cwd(), env=os.environ | {"TERM": "xterm-256color"}, streams=streams)
    os.close(theirs)
    written, acted, give_up = b"", False, time.monotonic() + 60
    while time.monotonic() < give_up:
        if not select.select([ours], [], [], 1)[0]:
            continue
        piece = b""
        with contextlib.suppress(OSError):  # Linux says so when the other end is closed
            piece = os.read(ours, 65536)
        if not piece:
            break
        written += piece
        acted = acted or act(process.pid, written.decode(errors="replace"))
    else:
        os.kill(process.pid, signal.SIGKILL)
    os.close(ours)
    return process.wait(), written.decode()


def test_ctrl_c_while_it_simulates(here: Path, forks: ForkServer) -> None:
    (here / "curve.csv").write_text("mine")

    def interrupt(pid: int, text: str) -> bool:
        if "/5000000" in text:
            os.kill(pid, signal.SIGINT)
            return True
        return False

    long = shlex.split("table cosine --epochs 5 --steps-per-epoch 1_000_000 -o curve.csv")
    status, text = watched(forks, long, interrupt)
    assert status == 130
    assert "Traceback" not in text
    assert "KeyboardInterrupt" not in text
    assert "\x1b[?25h" in text  # the cursor is back
    assert "simulating" in text
    assert [path.name for path in here.iterdir()] == ["curve.csv"]
    assert (here / "curve.csv").read_text() == "mine"


def test_ctrl_c_in_any_command(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(runs, "read_specs", interrupted)
    assert main(["plot", "cosine"]) == 130
    assert capsys.readouterr() == ("", "")


def test_ctrl_c_while_it_starts(python: Python) -> None:
    code = """
import sys

class Interrupted:
    def find_spec(self, name, path=None, target=None):
        if name == "lrviz.cli":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupted())
from lrviz.__main__ import run
run()
"""
    finished = python("-c", code)
    assert (finished.returncode, finished.stdout, finished.stderr) == (130, "", "")


def test_ctrl_c_while_torch_is_imported(python: Python) -> None:
    """Torch aborts the process if KeyboardInterrupt is raised in the initialization of its C++ library."""
    code = """
import os, signal, sys

class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == "torch.utils":
            os.kill(os.getpid(), signal.SIGINT)
            for _ in range(1000): pass
            print("imported on", file=sys.stderr)

sys.meta_path.insert(0, Interrupts())
sys.argv = ["lrviz", "table", "cosine"]
from lrviz.__main__ import run
run()
"""
    finished = python("-c", code)
    assert (finished.returncode, finished.stdout, finished.stderr) == (130, "", "imported on\n")
