"""What a pasted script says of the run: given with `--let` in its own words, or said not to be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import lrviz
from lrviz.cli import main
from lrviz.notation.source import value_name
from lrviz.spec import Fields, read_lets, read_run

NAMES: list[tuple[str, str | None]] = [
    ("epochs", "epochs"),
    (" args.epochs ", "args.epochs"),
    ('cfg["gamma"]', "cfg['gamma']"),
    ("cfg . sched[ 0 ]", "cfg.sched[0]"),
    ("len( train_loader )", "len(train_loader)"),
    ("1x", None),
    ("3", None),
    ("a + b", None),
    ("a; b", None),
    ("[a]", None),
    ("lambda: a.b", None),
    ("a.", None),
    ("a\0.b", None),
    ("(" * 90 + "a.b", None),
    ("-" * 150 + "a", None),
    ("a" + ".b" * 200, None),
    ("", None),
]


@pytest.mark.parametrize(("text", "name"), NAMES, ids=[repr(text[:30]) for text, _ in NAMES])
def test_given_name(text: str, name: str | None) -> None:
    assert value_name(text) == name


PASTED = {
    "an attribute": ("StepLR(opt, args.step)", ["args.step=3"], "StepLR(step_size=3)"),
    "a subscript": ("StepLR(opt, 3, gamma=cfg['gamma'])", ['cfg["gamma"]=0.2'], "StepLR(step_size=3, gamma=0.2)"),
    "a loader": ("cosine(T_max=len(loader) * args.epochs)", ["len(loader)=20", "args.epochs=10"], "T_max=200"),
    "inside another": ("StepLR(opt, int(args.a.b[0] / 2))", ["args.a.b[0]=8"], "StepLR(step_size=4)"),
    "in a lambda": ("LambdaLR(opt, lambda e: hyp['a'] ** e)", ["hyp['a']=0.5"], "lambda e: 0.5 ** e"),
    "in a line before": ("n = args.n * 2\nStepLR(opt, n)", ["args.n=3"], "StepLR(step_size=6)"),
    "a let before": ("StepLR(opt, args.n)", ["args.m=3", "args.n=args.m + 1"], "StepLR(step_size=4)"),
}


@pytest.mark.parametrize(("text", "lets", "printed"), PASTED.values(), ids=PASTED.keys())
def test_words_of_the_script_are_given_values(text: str, lets: list[str], printed: str) -> None:
    run = read_run(text, Fields(lets=read_lets(lets)))
    assert printed in str(run.scheduler)
    assert read_run(str(run.scheduler)).scheduler == run.scheduler


def test_they_are_given_in_python_and_in_presets_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    trace = lrviz.simulate("StepLR(optimizer, args.step)", lets={"args.step": 3})
    assert str(trace.spec.scheduler) == "StepLR(step_size=3)"
    curve = '[[figure]]\nname = "a"\nformats = ["svg"]\n[[figure.curve]]\nscheduler = "StepLR(opt, len(x))"\n'
    Path("a.toml").write_text(f'{curve}let = {{"len(x)" = 3}}\n', encoding="utf-8")
    assert main(["render", "a.toml", "-o", "out", "-q"]) == 0
    assert "StepLR(step_size=3)" in Path("out/manifest.json").read_text(encoding="utf-8")


OPTIMIZER = "optimizer = torch.optim.SGD(model.parameters(), lr=0.1)\nscheduler = StepLR(optimizer, 3)"
LIGHTNING = 'return {"optimizer": opt, "lr_scheduler": {"scheduler": StepLR(opt, 3), "interval": "epoch"}}'

RATE = "the pasted optimizer's `lr=0.1` is ignored, the run has lr 1e-3; `--lr 0.1` sets it"
INTERVAL = 'the pasted `"interval": "epoch"` is ignored, the run steps every update; `--interval epoch` sets it'

SAID: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "a rate": (OPTIMIZER, {}, [RATE]),
    "a rate inside": ("StepLR(SGD(params, lr=0.1), 3)", {}, [RATE]),
    "a rate that is the run's": (OPTIMIZER, {"lr": 0.1}, []),
    "a rate that is a group's": (OPTIMIZER, {"lr": [0.1, 0.2]}, []),
    "another group's": (OPTIMIZER, {"lr": [0.2, 0.3]}, [RATE.replace("1e-3", "0.2, 0.3")]),
    "a rate from elsewhere": (OPTIMIZER.replace("0.1", "args.lr"), {}, []),
    "no optimizer": ("optimizer = make(lr=0.1)\nStepLR(optimizer, 3)", {}, []),
    "an interval": (LIGHTNING, {}, [INTERVAL]),
    "an interval that is the run's": (LIGHTNING, {"interval": "epoch"}, []),
    "the other way round": (
        LIGHTNING.replace("epoch", "step"),
        {"interval": "epoch"},
        [INTERVAL.replace("epoch", "step").replace("update", "epoch")],
    ),
    "an interval of another kind": (LIGHTNING.replace('"epoch"', '"day"'), {}, []),
    "neither": ("StepLR(opt, 3)", {}, []),
}


@pytest.mark.parametrize(("text", "values", "notes"), SAID.values(), ids=SAID.keys())
def test_what_is_not_read_is_said(text: str, values: dict[str, Any], notes: list[str]) -> None:
    assert list(read_run(text, Fields(values)).notes) == notes


def test_in_a_preset_it_is_said_in_the_words_of_presets() -> None:
    rate, interval = (read_run(text, Fields(prefix="")).notes[0] for text in (OPTIMIZER, LIGHTNING))
    assert rate.endswith("`lr = 0.1` sets it")
    assert interval.endswith('`interval = "epoch"` sets it')
