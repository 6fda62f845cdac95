"""`lrviz compare` and the options of the whole loop, from the command line to what is written and said."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from torch import optim

from lrviz import figure
from lrviz.cli import main
from lrviz.figure import FigureOptions, drawing
from lrviz.simulation import simulate
from lrviz.spec import Fields, read_runs
from lrviz.trace import Trace

Capture = pytest.CaptureFixture[str]

WARMUP = "SequentialLR([LinearLR(start_factor=0.01, total_iters=4), CosineAnnealingLR(T_max=28)], milestones=[4])"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, empty but for the metric files that are wrong."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.csv").touch()
    (tmp_path / "ab.csv").write_text("a,b\n1,x\n", encoding="utf-8")
    return tmp_path


def simulated(texts: Sequence[str], **fields: Any) -> list[Trace]:
    """What should be shown."""
    return [simulate(run) for run in read_runs(texts, Fields(fields))]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[Trace], FigureOptions]]:
    """The figures that are drawn, which are drawn all the same."""
    calls: list[tuple[list[Trace], FigureOptions]] = []
    draw = drawing.draw

    def noted(traces: Sequence[Trace], look: FigureOptions, *arguments: Any) -> Any:
        calls.append((list(traces), look))
        return draw(traces, look, *arguments)

    monkeypatch.setattr(figure, "draw", noted, raising=False)
    return calls


def test_three_named_curves(drawn: list[tuple[list[Trace], FigureOptions]], capsys: Capture) -> None:
    assert main(["compare", "cosine", "onecycle", WARMUP, "-o", "cmp.svg"]) == 0
    out, err = capsys.readouterr()
    assert out == "cmp.svg\n"
    assert Path("cmp.svg").read_text(encoding="utf-8").count("<svg") == 1
    ((traces, look),) = drawn
    assert look.layout == "overlay"
    assert [trace.label for trace in traces] == [
        "CosineAnnealingLR(T_max=32)",
        "OneCycleLR(max_lr=1e-3, total_steps=32)",
        f"SequentialLR(schedulers={WARMUP[13:-17]}, milestones=[4])",
    ]
    for ours, theirs in zip(traces, simulated(["cosine", "onecycle", WARMUP]), strict=True):
        assert ours.lr.tolist() == theirs.lr.tolist()
    assert err.splitlines()[:4] == [
        "from the run for CosineAnnealingLR: T_max=32",
        "from the run for OneCycleLR: max_lr=1e-3, total_steps=32",
        "3 curves · 32 steps, 4 epochs of 8",
        "rates from 4e-9 to 1e-3 · cmp.svg",
    ]
    assert "differs" in err


LAYOUTS: list[tuple[list[str], dict[str, Any]]] = [
    ([], {"layout": "overlay", "share_y": True, "columns": None, "log": False}),
    (["--layout", "grid"], {"layout": "grid", "share_y": True}),
    (["--layout", "grid", "--columns", "2", "--axes", "free", "--log"], {"columns": 2, "share_y": False, "log": True}),
    (["--style", "dark", "--size", "6x4", "--dpi", "50", "--x", "epoch"], {"style": "dark", "dpi": 50, "x": "epoch"}),
]


@pytest.mark.parametrize(("options", "expected"), LAYOUTS, ids=[" ".join(o) or "none" for o, _ in LAYOUTS])
def test_layouts(
    options: list[str], expected: dict[str, Any], drawn: list[tuple[list[Trace], FigureOptions]], capsys: Capture
) -> None:
    assert main(["compare", "cosine", "step", "linear", *options, "-q"]) == 0
    assert capsys.readouterr() == ("compare.png\n", "")
    ((_, look),) = drawn
    assert {name: getattr(look, name) for name in expected} == expected
    assert Path("compare.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_command_writes_the_same_bytes() -> None:
    for name in ("one.png", "two.png"):
        assert main(["compare", "cosine(T_max={8,16,32})", "step", "--layout", "grid", "-o", name, "-q"]) == 0
    assert Path("one.png").read_bytes() == Path("two.png").read_bytes()


def test_csv_pads_shorter_curves_with_nothing(capsys: Capture) -> None:
    texts = ["cosine", "step @ epochs=2", "linear @ epochs=1"]
    assert main(["compare", *texts, "--epochs", "3", "--steps-per-epoch", "2", "-o", "x.csv", "-q"]) == 0
    rows = list(csv.reader(io.StringIO(Path("x.csv").read_text(encoding="utf-8"))))
    traces = simulated(texts, epochs=3, steps_per_epoch=2)
    assert rows[0] == ["step", "epoch", *(trace.label for trace in traces)]
    assert [row[:2] for row in rows[1:]] == [[str(i), str(i // 2)] for i in range(6)]
    for column, trace in enumerate(traces, start=2):
        rates = trace.lr[:, 0].tolist()
        assert [row[column] for row in rows[1:]] == [repr(rate) for rate in rates] + [""] * (6 - len(rates))
    assert capsys.readouterr().out == "x.csv\n"


def test_json_holds_each_run_whole() -> None:
    texts = ["cosine", "step @ epochs=2, num_processes=2", "plateau @ lr=[a=1, b=2], metric=0.5"]
    assert main(["compare", *texts, "-o", "x.json", "-q"]) == 0
    written = json.loads(Path("x.json").read_text(encoding="utf-8"))
    assert written["version"] == 1
    for found, trace in zip(written["traces"], simulated(texts), strict=True):
        assert found["label"] == trace.label
        assert found["loop"]["epochs"] == trace.spec.loop.epochs
        assert found["loop"]["num_processes"] == trace.spec.loop.num_processes
        assert [group["name"] for group in found["groups"]] == list(trace.group_names)
        assert [group["lr"] for group in found["groups"]] == trace.lr.T.tolist()
    assert written["traces"][2]["metric"][:2] == [None, 0.5]


@pytest.mark.parametrize("form", ["table", "csv", "tsv", "json", "md"])
def test_the_numbers_go_to_stdout(form: str, capsys: Capture) -> None:
    assert main(["compare", "cosine", "step @ epochs=2", "--epochs", "3", "--format", form]) == 0
    out, err = capsys.readouterr()
    for rate in simulated(["cosine"], epochs=3)[0].lr[:, 0].tolist():
        assert repr(rate) in out
    assert "2 curves · 16 to 24 steps\n" in err
    assert len(list(Path().iterdir())) == 2


def test_a_chart_in_the_terminal(capsys: Capture) -> None:
    assert main(["compare", "cosine", "step", "--show"]) == 0
    out, err = capsys.readouterr()
    assert "CosineAnnealingLR(T_max=32)" in out
    assert "StepLR(step_size=8)" in out
    assert "┤" in out
    assert "differs" in err
    assert len(list(Path().iterdir())) == 2


def test_labels_and_sweeps(drawn: list[tuple[list[Trace], FigureOptions]]) -> None:
    words = ["compare", "cosine(T_max={16,32}, eta_min={0,1e-5})", "step", "--label", "cos", "--label", "stairs", "-q"]
    assert main(words) == 0
    ((traces, _),) = drawn
    sweep = [f"cos T_max={t}, eta_min={e}" for t in (16, 32) for e in ("0", "1e-5")]
    assert [trace.label for trace in traces] == [*sweep, "stairs"]


def test_more_curves_than_the_limit_when_it_is_lifted(drawn: list[tuple[list[Trace], FigureOptions]]) -> None:
    text = "step(step_size={" + ",".join(map(str, range(1, 26))) + "})"
    assert main(["compare", text, "-q"]) == 2
    assert drawn == []
    assert main(["compare", text, "--max-curves", "25", "-q"]) == 0
    assert len(drawn[0][0]) == 25


def test_quiet(capsys: Capture) -> None:
    assert main(["compare", "cosine", "plateau", "-q"]) == 0
    assert capsys.readouterr() == ("compare.png\n", "")


def test_notes_are_said_once(capsys: Capture) -> None:
    assert main(["compare", "plateau", "plateau(patience=2)", "--format", "csv"]) == 0
    assert capsys.readouterr().err.count("note: no metric given") == 1


def test_the_issue_of_the_loop_by_hand(capsys: Capture) -> None:
    Path("val.csv").write_text("val_loss\n" + "".join(f"{max(1 - i / 9, 0.5)}\n" for i in range(30)), encoding="utf-8")
    loop = ["--interval", "epoch", "--epochs", "30"]
    assert main(["plot", "plateau", "--metric", "val.csv:val_loss", "--patience", "2", *loop]) == 0
    assert "note" not in capsys.readouterr().err
    words = ["plot", "cosine", "--T_max", "1000", "--num-processes", "4", "--epochs", "1", "--steps-per-epoch", "1000"]
    assert main(words) == 0
    assert " · 1,000 updates, 4,000 scheduler steps, 1 epoch of 1,000" in capsys.readouterr().err
    lambdas = "LambdaLR(lr_lambda=[lambda e: 0.1 * 0.95 ** e, lambda e: 0.5 * 0.9 ** e])"
    assert main(["plot", lambdas, "--lr", "conv_layers=0.01,fc_layers=0.1", *loop]) == 0
    err = capsys.readouterr().err
    assert "conv_layers  peak 1e-3 at step 0" in err
    assert "fc_layers    peak 0.05 at step 0" in err
    assert main(["table", "onecycle", "--show", "momentum", "--optimizer", "adamw", "--format", "csv"]) == 0
    assert capsys.readouterr().out.splitlines()[:2] == ["step,epoch,lr,momentum", "0,0,3.9999999999999996e-05,0.95"]


OPTIMIZERS = (
    "torch.optim has ASGD, Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, LBFGS, "
    f"{'Muon, ' if hasattr(optim, 'Muon') else ''}NAdam, RAdam, RMSprop, Rprop, SGD, SparseAdam"
)
FIELDS_LISTED = (
    "lr, epochs, steps_per_epoch, steps, max_steps, dataset_size, batch_size, drop_last, grad_accum, "
    "accum_remainder, num_processes, split_batches, world_size, transformers, interval, warmup, warmup_start, "
    "optimizer, momentum, metric"
)
FIELD = "such as `cosine @ lr=3e-4, epochs=8`"
BILLION = "cosine(T_max=1" + "{1,2,3,4,5,6,7,8,9,0}" * 9 + ")"

ERRORS: list[tuple[str, list[str], str, str]] = [
    (
        "metric missing",
        ["plot", "plateau", "--metric", "none.csv"],
        "no metric file `none.csv`",
        "the path is relative to the current folder",
    ),
    ("metric empty", ["plot", "plateau", "--metric", "empty.csv"], "the metric file `empty.csv` is empty", ""),
    (
        "metric without the column",
        ["plot", "plateau", "--metric", "ab.csv:c"],
        "the metric file `ab.csv` has no column `c`",
        "its columns of numbers are a",
    ),
    (
        "metric with text",
        ["plot", "plateau", "--metric", "ab.csv:b"],
        "line 2 of the metric file `ab.csv` has no number in `b`",
        "",
    ),
    (
        "metric for nothing",
        ["plot", "cosine", "--metric", "0.5"],
        "`CosineAnnealingLR` does not use a metric",
        "leave out the metric, or use `plateau`",
    ),
    (
        "unknown optimizer",
        ["plot", "cosine", "--optimizer", "adm"],
        "unknown optimizer `adm`",
        f"did you mean `Adam`? {OPTIMIZERS}",
    ),
    (
        "two groups of a name",
        ["plot", "cosine", "--lr", "a=1,a=2"],
        "two parameter groups are called `a`",
        "give each group a different name",
    ),
    ("a group without a rate", ["plot", "cosine", "--lr", "a=1,b"], "`--lr` must be a number, got `b`", ""),
    ("no rate", ["plot", "cosine", "--lr", ""], "`--lr` has no rate, got ``", "such as backbone=1e-4,head=1e-3"),
    (
        "momentum -2",
        ["plot", "cosine", "--momentum", "-2"],
        "`momentum` must be a finite number of 0 or more, got -2",
        "",
    ),
    (
        "momentum of none",
        ["plot", "cosine", "--momentum", "0.9", "--optimizer", "adagrad"],
        "`Adagrad` has no momentum",
        "leave out momentum 0.9",
    ),
    (
        "no momentum to show",
        ["plot", "cosine", "--show", "momentum", "--optimizer", "adagrad"],
        "`Adagrad` has no momentum to show",
        "use SGD or Adam",
    ),
    ("show another thing", ["plot", "cosine", "--show", "rate"], "`--show` must be momentum, got `rate`", ""),
    (
        "grad-accum 0",
        ["plot", "cosine", "--grad-accum", "0"],
        "`--grad-accum` must be 1 or more, got 0",
        "such as `--grad-accum 10`",
    ),
    (
        "num-processes half",
        ["plot", "cosine", "--num-processes", "1.5"],
        "`--num-processes` must be a whole number, got `1.5`",
        "",
    ),
    (
        "batch-size alone",
        ["plot", "cosine", "--batch-size", "8"],
        "`batch_size` needs `dataset_size` too",
        "together they give the steps of an epoch",
    ),
    (
        "drop-last alone",
        ["plot", "cosine", "--drop-last"],
        "`drop_last` needs `dataset_size` and `batch_size`",
        "without them no batch is partial",
    ),
    (
        "both lengths",
        ["plot", "cosine", "--dataset-size", "8", "--batch-size", "2", "--steps-per-epoch", "4"],
        "`--steps-per-epoch` and `--dataset-size` both give the length of an epoch",
        "leave one of them out",
    ),
    (
        "groups that do not count",
        ["plot", "onecycle(max_lr=[1, 2])", "--lr", "1,2,3"],
        "`OneCycleLR` got 2 values for `max_lr`, and the run has 3 parameter groups",
        "give one for each group, or groups with `--lr 1e-3,1e-3`",
    ),
    (
        "@ foo",
        ["compare", "cosine @ foo=1"],
        "a run has no field `foo`",
        f"the fields are {FIELDS_LISTED}",
    ),
    ("@ nothing", ["compare", "cosine @ lr"], "`@` needs NAME=VALUE, got `lr`", FIELD),
    (
        "empty braces",
        ["compare", "cosine(T_max={})"],
        "empty braces in `cosine(T_max={})`",
        "such as `cosine(T_max={16,32})`",
    ),
    ("open braces", ["compare", "cosine(T_max={16"], "braces are not closed in `cosine(T_max={16`", ""),
    ("nested braces", ["compare", "cosine(T_max={1,{2}})"], "braces are nested in `cosine(T_max={1,{2}})`", ""),
    (
        "a billion curves",
        ["compare", BILLION],
        "1,000,000,000 curves are too many to tell apart; the limit is 24",
        "`--max-curves N` raises it up to 1,000",
    ),
    (
        "braces for one",
        ["plot", "cosine(T_max={16,32})"],
        "`lrviz plot` takes one curve, and the braces make 2",
        'use `lrviz compare "cosine(T_max={16,32})"`',
    ),
    ("nothing to compare", ["compare"], "`lrviz compare` needs schedulers", "such as `lrviz compare cosine onecycle`"),
    (
        "an unknown one",
        ["compare", "cosine", "cosin"],
        "unknown scheduler `cosin`",
        "did you mean `cosine`? `lrviz schedulers` lists them all",
    ),
    (
        "too many labels",
        ["compare", "cosine", "--label", "a", "--label", "b"],
        "2 labels for 1 scheduler",
        "give `--label` once for each, in order",
    ),
    ("layout", ["compare", "cosine", "--layout", "pile"], "`--layout` must be overlay or grid, got `pile`", ""),
    (
        "columns",
        ["compare", "cosine", "--columns", "0"],
        "`--columns` must be 1 or more, got 0",
        "such as `--columns 10`",
    ),
    ("axes", ["compare", "cosine", "--axes", "tied"], "`--axes` must be shared or free, got `tied`", ""),
    (
        "max-curves",
        ["compare", "cosine", "--max-curves", "0"],
        "`--max-curves` must be 1 or more, got 0",
        "such as `--max-curves 10`",
    ),
    (
        "format",
        ["compare", "cosine", "--format", "gif"],
        "`--format` must be png, svg, pdf, jpg, webp, csv, tsv, json, md or table, got `gif`",
        "",
    ),
    (
        "suffix",
        ["compare", "cosine", "-o", "x.gif"],
        "cannot write `x.gif`: unknown format `.gif`",
        "use .png, .svg, .pdf, .jpg, .webp, .csv, .tsv, .json or .md",
    ),
    (
        "a chart in a file",
        ["compare", "cosine", "--chart", "-o", "x.png"],
        "`--chart` draws in the terminal and writes no file",
        "leave out `--chart`, or `-o`",
    ),
    (
        "a parameter as an option",
        ["compare", "cosine", "--T_max", "3"],
        "no such option `--T_max`",
        'write parameters in the notation: `"cosine(T_max=...)"`',
    ),
    ("the user's file", ["plot", "train.py:make"], "no file `train.py`", "the path is relative to the current folder"),
    (
        "a file and no name",
        ["plot", "train.py"],
        "cannot read `train.py`: no such file or directory",
        "the path is relative to the current folder",
    ),
]


@pytest.mark.parametrize(("words", "message", "hint"), [row[1:] for row in ERRORS], ids=[row[0] for row in ERRORS])
def test_bad_input_is_one_error_and_nothing_written(words: list[str], message: str, hint: str, capsys: Capture) -> None:
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"error: {message}\n" + (f"\nhint: {hint}\n" if hint else "")
    assert sorted(path.name for path in Path().iterdir()) == ["ab.csv", "empty.csv"]
