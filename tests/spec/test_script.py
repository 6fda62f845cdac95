"""What a pasted script says of the run: given with `--let` in its own words, or said not to be read."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import lrviz
from lrviz.cli import main
from lrviz.errors import LrvizError, NotationError
from lrviz.notation import source
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


def test_a_table_is_a_value() -> None:
    text = "optimizer = SGD(p, cfg.lr)\ns = StepLR(optimizer, cfg.sched['n'], **cfg.more)"
    for value in (
        "{'lr': 0.3, 'sched': {'n': 4}, 'more': {'gamma': 0.5}}",
        '{"lr": 0.3, "sched": {"n": 4}, "more": {"gamma": 5e-1}}',
    ):
        run = read_run(text, Fields(lets=read_lets([f"cfg={value}"])))
        assert (str(run.scheduler), run.groups[0].lr) == ("StepLR(step_size=4, gamma=0.5)", 0.3)
    trace = lrviz.simulate(text, lets={"cfg": {"lr": 0.3, "sched": {"n": 4}, "more": {}}})
    assert str(trace.spec.scheduler) == "StepLR(step_size=4)"


WRONG_TABLES = {
    "{'lr': 0.1": "`--let cfg`: `{'lr': 0.1` is not a table",
    "{1, 2}": "`--let cfg`: `{1, 2}` is not a table",
    "{'lr': f(1)}": "`--let cfg`: `{'lr': f(1)}` is not a table",
    "{'lr': 1j}": "`--let cfg`: a value is of the type complex, which is not followed",
    "{" * 5000: "is not a table",
    "{" + " " * 20000 + "}": "`--let cfg` is longer than 10,000 characters",
}


def test_what_is_not_a_table_is_refused() -> None:
    for text, message in WRONG_TABLES.items():
        with pytest.raises(LrvizError) as caught:
            read_lets([f"cfg={text}"])
        assert message in caught.value.message, text[:40]


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

# What pasted lines say of the run: the lines, the fields that are given, and those of the run, with its notes.
SAID: dict[str, tuple[str, dict[str, Any], dict[str, Any], list[str]]] = {
    "a rate": (OPTIMIZER, {}, {"lr": [0.1]}, []),
    "a rate inside": ("StepLR(SGD(params, lr=0.1), 3)", {}, {"lr": [0.1]}, []),
    "a rate that is given too": (OPTIMIZER, {"lr": 0.1}, {"lr": [0.1]}, []),
    "another rate": (
        OPTIMIZER,
        {"lr": "0.2"},
        {"lr": [0.2]},
        ["the script's lr is 0.1 on line 1; `--lr 0.2` is used"],
    ),
    "a rate from elsewhere, which is given": (OPTIMIZER.replace("0.1", "args.lr"), {"lr": 0.3}, {"lr": [0.3]}, []),
    "a rate in a variable": (f"base = 0.4\n{OPTIMIZER.replace('0.1', 'base / 2')}", {}, {"lr": [0.2]}, []),
    "the default rate of a class": (
        OPTIMIZER.replace(", lr=0.1", "").replace("SGD", "Adadelta"),
        {},
        {"lr": [1.0]},
        [],
    ),
    "groups": (
        "opt = AdamW([{'params': a, 'lr': 1e-4}, {'params': b}], 1e-3, betas=(0.8, 0.9))\nStepLR(opt, 3)",
        {},
        {"lr": [1e-4, 1e-3], "optimizer": "AdamW", "momentum": 0.8},
        [],
    ),
    "an optimizer of another package": (
        "optimizer = Ranger(model.parameters(), lr=0.1)\nStepLR(optimizer, 3)",
        {},
        {"lr": [0.1], "optimizer": "SGD"},
        ["`Ranger` is not an optimizer of torch: its rate is used, with SGD"],
    ),
    "names of the run": ("lr = 0.1\nepochs = 50\nStepLR(opt, 3)", {}, {"lr": [0.1], "epochs": 50}, []),
    "a name of the run that is given": (
        "epochs = 50\ncosine(opt, epochs)",
        {"epochs": 6},
        {"epochs": 6, "scheduler": "CosineAnnealingLR(T_max=6)"},
        [],
    ),
    "a length in steps": ("total_steps = 70\ncosine(opt, total_steps)", {}, {"updates": 70}, []),
    "a length in steps and one in epochs": (
        "epochs = 5\ntotal_steps = 70\ncosine(opt, total_steps)",
        {},
        {"updates": 70, "epochs": 5, "steps_per_epoch": 14},
        [],
    ),
    "a length in steps that is no number of epochs": (
        "epochs = 5\ntotal_steps = 72\ncosine(opt, total_steps)",
        {},
        {"epochs": 5, "steps_per_epoch": 8},
        [],
    ),
    "a length in steps, and epochs that are given": (
        "epochs = 5\ntotal_steps = 70\ncosine(opt, total_steps)",
        {"epochs": 3},
        {"epochs": 3, "steps_per_epoch": 8},
        [],
    ),
    "lines in a text": (
        "n = 3\nexec('n = 5')\nStepLR(opt, n)",
        {},
        {},
        ["`exec` on line 2 is not read: what it changes is not known"],
    ),
    "an interval": (LIGHTNING, {}, {"interval": "epoch"}, []),
    "an interval that is given": (
        LIGHTNING,
        {"interval": "step"},
        {"interval": "step"},
        ["the script's interval is epoch on line 1; `--interval step` is used"],
    ),
    "Lightning's own interval": ("return [opt], [StepLR(opt, 3)]\n", {}, {"interval": "step"}, []),
    "the loop": (
        "s = StepLR(opt, 3)\nfor epoch in range(7):\n    train()\n    s.step()",
        {},
        {"interval": "epoch", "epochs": 7},
        [],
    ),
    "a loop around a function that trains elsewhere": (
        "opt = SGD(p, 0.1)\ns = StepLR(opt, 3)\nfor epoch in range(7):\n    train_one_epoch(model, loader, opt, s)",
        {},
        {"interval": "step", "epochs": 7},
        [],
    ),
    "a loop around an engine": (
        "opt = SGD(p, 0.1)\ns = StepLR(opt, 3)\nengine = Engine(net)\nfor epoch in range(7):\n    for b in loader:\n"
        "        engine.step()",
        {},
        {"interval": "step", "epochs": 7},
        [],
    ),
    "neither": ("StepLR(opt, 3)", {}, {"lr": [1e-3], "epochs": 4, "interval": "step"}, []),
}


@pytest.mark.parametrize(("text", "values", "said", "notes"), SAID.values(), ids=SAID.keys())
def test_what_a_script_says_of_the_run(
    text: str, values: dict[str, Any], said: dict[str, Any], notes: list[str]
) -> None:
    run = read_run(text, Fields(values))
    found = {
        "lr": [group.lr for group in run.groups],
        "optimizer": run.optimizer.name,
        "momentum": run.optimizer.momentum,
        "epochs": run.loop.epochs,
        "interval": run.loop.interval,
        "updates": run.loop.updates,
        "steps_per_epoch": run.loop.steps_per_epoch,
        "scheduler": str(run.scheduler),
    }
    assert {name: found[name] for name in said} == said
    assert list(run.notes) == notes


def test_what_was_read_is_told_with_its_line() -> None:
    run = read_run("optimizer = SGD(params, 0.1)\ns = StepLR(optimizer, 3)\nfor epoch in range(90):\n    s.step()")
    assert run.read == ("SGD lr 0.1 (line 1)", "90 epochs (line 3)", "stepped once an epoch (line 4)")


def test_in_a_preset_it_is_said_in_the_words_of_presets() -> None:
    (note,) = read_run(OPTIMIZER, Fields({"lr": 0.2}, prefix="")).notes
    assert note == "the script's lr is 0.1 on line 1; `lr = 0.2` is used"


# Lines of which one part could be drawn as if it were all, and what is said.
WARMUP = "cosine = CosineAnnealingLR(optimizer, 10)\n"
REFUSED = {
    "a scheduler around it that is not of torch": (
        f"{WARMUP}scheduler = OwnWarmupScheduler(optimizer, multiplier=8, total_epoch=10, after_scheduler=cosine)",
        "`OwnWarmupScheduler` on line 2 is not a scheduler of torch",
    ),
    "a scheduler after it that is not of torch": (
        f"{WARMUP}scheduler = get_own_schedule_with_warmup(optimizer, 10, 100)",
        "`get_own_schedule_with_warmup` on line 2 is not a scheduler of torch",
    ),
    "a scheduler around it whose name says nothing": (
        f"{WARMUP}scheduler = make(optimizer, 10, after=cosine)",
        "`make` on line 2 is not a scheduler of torch",
    ),
    "a scheduler around it that is stepped": (
        f"{WARMUP}w = make(optimizer, 10, after=cosine)\nfor epoch in range(3):\n    optimizer.step()\n    w.step()",
        "`make` on line 2 is not a scheduler of torch",
    ),
    "a scheduler that is stepped, by its variable": (
        f"optimizer = SGD(p, 0.1)\n{WARMUP}scheduler = make(optimizer, 10)\nfor epoch in range(3):\n"
        "    optimizer.step()\n    scheduler.step()",
        "`make` on line 3 is not a scheduler of torch",
    ),
    "a scheduler that is stepped beside another": (
        f"optimizer = SGD(p, 0.1)\n{WARMUP}other = make(optimizer)\nfor epoch in range(3):\n"
        "    optimizer.step()\n    cosine.step()\n    other.step()",
        "`make` on line 3 is not a scheduler of torch",
    ),
    "keywords that may give the value of a parameter": (
        "def make(opt, n=10, **kw):\n    return StepLR(opt, n)\nmake(optimizer, **cfg.sched)",
        "unknown value `cfg.sched` on line 3",
    ),
    "keywords that may give the value of a field": (
        "@dataclass\nclass Config:\n    n: int = 10\nc = Config(**load(path))\nStepLR(optimizer, c.n)",
        "unknown value `load(path)` on line 4",
    ),
    "a list that a function changes": (
        "import heapq\nmilestones = [9, 3]\nheapq.heapify(milestones)\nMultiStepLR(optimizer, milestones)",
        "`heapq.heapify(milestones)` has no value here: it cannot be computed, or changes in a loop",
    ),
    "a product of many numbers": (
        "import math\nStepLR(optimizer, math.prod(range(1, 10 ** 5)))",
        "the result of `prod` is too large",
    ),
    "a multiple of many numbers": (
        "import math\nStepLR(optimizer, math.lcm(*range(1, 10 ** 5)))",
        "the result of `lcm` is too large",
    ),
    "a number that a loop changes": (
        "n = 1\nfor x in loader:\n    n += 1\nStepLR(optimizer, n)",
        "unknown name `loader` on line 2",
    ),
    "a number that a training loop changes": (
        "n = 1\nfor x in range(3):\n    optimizer.step()\n    n += 1\nStepLR(optimizer, n)",
        "`n` has no value here: it cannot be computed, or changes in a loop",
    ),
    "a choice that is not known": (
        "if args.cosine:\n    s = CosineAnnealingLR(optimizer, 10)\nelse:\n    s = StepLR(optimizer, 10)\ns.step()",
        "unknown value `args.cosine`",
    ),
    "the constant e": ("StepLR(optimizer, e)", "unknown name `e`"),
    "the constant pi": ("x = 1\nLambdaLR(optimizer, lambda t: cos(pi * t))", "unknown name `pi` on line 2"),
    "the constant tau": ("LambdaLR(optimizer, lambda t: t / tau)", "unknown name `tau`"),
    "Lightning's frequency": (
        'return {"optimizer": opt, "lr_scheduler": {"scheduler": StepLR(opt, 3), "frequency": 2}}',
        "the script needs 2 values: `trainer.max_epochs` (line 1, a count), `len(train_dataloader)` (line 1, a count)",
    ),
    "many values": (
        "opt = SGD(p, args.lr)\nStepLR(opt, args.step, cfg['gamma'])",
        "the script needs 3 values: `args.step` (line 2, a count), `cfg['gamma']` (line 2, a factor), "
        "`args.lr` (line 1, a rate)",
    ),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_followed_is_refused(text: str, message: str) -> None:
    with pytest.raises(NotationError) as caught:
        read_run(text)
    assert caught.value.message == message
    assert caught.value.hint


# Errors that say what to do next.
HINTS = {
    "keywords": ("StepLR(optimizer, **kwargs)", "unknown name `kwargs`", """add --let "kwargs={'step_size': 10}\""""),
    "a function": (
        "LambdaLR(optimizer, lr_lambda=factor)",
        "unknown name `factor`",
        "paste the lines that define `factor`, or add --let 'factor=lambda step: 0.95 ** step'",
    ),
    "a class pasted whole": (
        "class Own(LRScheduler):\n    def __init__(self, optimizer, n):\n        self.n = n\n"
        "        super().__init__(optimizer)\n    def get_lr(self):\n        return [r / 2 for r in self.base_lrs]",
        "no scheduler here",
        "code of your own runs as `FILE.py:Own`",
    ),
    "a class pasted with a function below it": (
        "class OwnSchedule:\n    def step(self):\n        pass\ndef show(x):\n    return x",
        "no scheduler here",
        "code of your own runs as `FILE.py:OwnSchedule`",
    ),
}


def test_the_hint_says_what_to_do_next() -> None:
    for name, (text, message, hint) in HINTS.items():
        with pytest.raises(NotationError) as caught:
            read_run(text)
        assert (caught.value.message, caught.value.hint) == (message, hint), name


# Lines that were not read before, and the scheduler that they make.
READ = {
    "a list that grows": (
        "milestones = [10]\nmilestones.append(20)\nMultiStepLR(optimizer, milestones)",
        "MultiStepLR(milestones=[10, 20])",
    ),
    "schedulers in a list that grows": (
        "s = []\ns.append(LinearLR(opt))\ns.append(StepLR(opt, 3))\nSequentialLR(opt, s, [4])",
        "SequentialLR(schedulers=[LinearLR(), StepLR(step_size=3)], milestones=[4])",
    ),
    "a with block": (
        "a, b = LinearLR(opt), StepLR(opt, 3)\nwith warnings.catch_warnings():\n    s = SequentialLR(opt, [a, b], [4])",
        "SequentialLR(schedulers=[LinearLR(), StepLR(step_size=3)], milestones=[4])",
    ),
    "a try block": ("try:\n    n = 7\nexcept ValueError:\n    n = 8\nStepLR(opt, n)", "StepLR(step_size=7)"),
    "a loop that changes a number": (
        "n = 1\nfor i in range(4):\n    n *= 2\nStepLR(opt, n)",
        "StepLR(step_size=16)",
    ),
    "a while loop": ("n = 1\nwhile n < 50:\n    n += 9\nStepLR(opt, n)", "StepLR(step_size=55)"),
    "a choice that is known": (
        "name = 'step'\nif name == 'cos':\n    s = CosineAnnealingLR(opt, 9)\nelif name == 'step':\n"
        "    s = StepLR(opt, 9)",
        "StepLR(step_size=9)",
    ),
    "pi that is imported": (
        "from math import pi, cos\nLambdaLR(opt, lambda t: cos(pi * t / 8))",
        "LambdaLR(lr_lambda=lambda t: cos(3.141592653589793 * t / 8))",
    ),
}


@pytest.mark.parametrize(("text", "scheduler"), READ.values(), ids=READ.keys())
def test_statements_are_read_in_order(text: str, scheduler: str) -> None:
    assert str(read_run(text).scheduler) == scheduler


DEFS = {
    "a return": ("def f(epoch):\n    return k ** epoch", "lambda epoch: 0.9 ** epoch"),
    "branches": (
        "def f(e):\n    'A warm-up.'\n    if e < 3:\n        return (e + 1) / 3\n    else:\n        return 1",
        "lambda e: (e + 1) / 3 if e < 3 else 1",
    ),
}


@pytest.mark.parametrize(("text", "printed"), DEFS.values(), ids=DEFS.keys())
def test_a_short_function_is_printed_as_a_lambda(text: str, printed: str) -> None:
    run = read_run(f"k = 0.9\n{text}\nLambdaLR(opt, f)")
    assert str(run.scheduler) == f"LambdaLR(lr_lambda={printed})"
    assert read_run(str(run.scheduler)).scheduler == run.scheduler


@pytest.mark.parametrize(
    "text",
    [
        "def f(e):\n    if e < 3:\n        return 1",  # no value at the end
        "def f(e):\n    x = e\n    return x",
        "def f(e):\n    yield e",
        "def f(e):\n    return 1 + 0 * (" + " + ".join(["e"] * 40) + ")",
    ],
)
def test_another_function_is_printed_by_its_name(text: str) -> None:
    with suppress(LrvizError):
        assert str(read_run(f"{text}\nLambdaLR(opt, f)").scheduler) == "LambdaLR(lr_lambda=f)"


LONG = "def {name}(e{default}):\n    x = e * n\n    return 1 / (1 + x)\n"


def test_functions_are_equal_if_their_code_and_values_are() -> None:
    def read(n: int, default: str = "") -> Any:
        text = LONG.format(name="f", default=default)
        inside = "".join(f"    {line}\n" for line in ["def inner():", *(f"    {row}" for row in text.splitlines())])
        lines = f"class A: pass\ndef outer(n):\n{inside}        return f\n    return inner()\nLambdaLR(opt, outer({n}))"
        return read_run(lines).scheduler

    assert read(2) == read(2) != read(3)
    assert read(2, ", k=A()") == read(2, ", k=A()")


def test_verbose_is_not_asked_for() -> None:
    run = read_run("x = 1\nStepLR(opt, 3, verbose=args.verbose)")
    assert str(run.scheduler) == "StepLR(step_size=3)"
    assert run.notes == ("StepLR: verbose is left out: torch 2.7 and newer do not take it",)


def test_a_refused_text_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    parse = source.parse_python

    def noted(text: str) -> Any:
        parsed.append(text)
        return parse(text)

    monkeypatch.setattr(source, "parse_python", noted)
    with pytest.raises(NotationError, match="is not part of the notation"):
        read_run("StepLR(opt, **b'3')")
    assert parsed.count("StepLR(opt, **b'3')") == 1
