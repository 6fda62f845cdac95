"""What scripts say of their runs in other words: frameworks, files, and forms that are refused with their line."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any, ClassVar

import pytest

from lrviz.errors import LrvizError, NotationError
from lrviz.simulation import simulate
from lrviz.spec import Fields, RunSpec, read_all, read_lets, read_run

LIGHTNING = """
class Model(LightningModule):
    def __init__(self, lr=0.02, steps=4):
        super().__init__()
        self.save_hyperparameters()
    def configure_optimizers(self):
        opt = torch.optim.SGD(self.parameters(), lr=self.hparams.lr)
        return RETURN
"""
STEP = "s = StepLR(opt, 3)\n"
RUNS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "Lightning": (
        LIGHTNING.replace("RETURN", "[opt], [StepLR(opt, self.hparams.steps)]") + "Trainer(max_epochs=6).fit(Model())",
        {},
        {"interval": "epoch", "epochs": 6, "lr": [0.02], "scheduler": "StepLR(step_size=4)"},
    ),
    "Lightning's dictionary": (
        LIGHTNING.replace("RETURN", "{'optimizer': opt, 'lr_scheduler': {'scheduler': StepLR(opt, 2)}}"),
        {},
        {"interval": "epoch", "scheduler": "StepLR(step_size=2)"},
    ),
    "Lightning's steps": (
        LIGHTNING.replace("RETURN", "[opt], [{'scheduler': StepLR(opt, 2), 'interval': 'step'}]")
        + "t = Trainer(max_steps=50, accumulate_grad_batches=2)",
        {},
        {"interval": "step", "updates": 50},
    ),
    "click": (
        "import click\n@click.command()\n@click.option('--lr', default=0.3)\n"
        "@click.option('--n-steps', 'n', default=5)\ndef main(lr, n):\n"
        "    opt = SGD(p, lr=lr)\n    StepLR(opt, n)\nmain()",
        {},
        {"lr": [0.3], "scheduler": "StepLR(step_size=5)"},
    ),
    "typer": (
        "def main(lr: float = typer.Option(0.4, help='x'), n: int = typer.Option(default=6)):\n"
        "    opt = SGD(p, lr=lr)\n    StepLR(opt, n)\ntyper.run(main)",
        {},
        {"lr": [0.4], "scheduler": "StepLR(step_size=6)"},
    ),
    "tyro": (
        "@dataclass\nclass Args:\n    lr: float = 0.4\n    n: int = 6\n\nargs = tyro.cli(Args)\n"
        "opt = SGD(p, lr=args.lr)\nStepLR(opt, args.n)",
        {},
        {"lr": [0.4], "scheduler": "StepLR(step_size=6)"},
    ),
    "fire": ("def main(n=7):\n    StepLR(opt, n)\nfire.Fire(main)", {}, {"scheduler": "StepLR(step_size=7)"}),
    "a function that is called from elsewhere": (
        "def make(optimizer, n=8):\n    return StepLR(optimizer, n)\ndef other():\n    pass",
        {},
        {"scheduler": "StepLR(step_size=8)"},
    ),
    "a static method": (
        "class A:\n    @staticmethod\n    def make(o):\n        return StepLR(o, 9)",
        {},
        {"scheduler": "StepLR(step_size=9)"},
    ),
    "a method": (
        "class A:\n    def __init__(self, n=4):\n        self.n = n\n    def make(self, o):\n"
        "        return StepLR(o, self.n)",
        {},
        {"scheduler": "StepLR(step_size=4)"},
    ),
    "a progress bar": (
        f"{STEP}for epoch in tqdm(range(5)):\n    for b in tqdm(enumerate(loader)):\n        opt.step()\n    s.step()",
        {},
        {"epochs": 5, "interval": "epoch"},
    ),
    "trange": (f"{STEP}for epoch in trange(5):\n    train()\n    s.step()", {}, {"epochs": 5, "interval": "epoch"}),
    "a range with a start": (
        f"{STEP}for epoch in range(1, 6):\n    train()\n    s.step()",
        {},
        {"epochs": 5, "interval": "epoch"},
    ),
    "a loader alone": (
        f"{STEP}for x in loader:\n    opt.step()\n    s.step()",
        {"steps_per_epoch": 9},
        {"epochs": 1, "updates": 9, "interval": "step"},
    ),
    "a dataset": (
        "opt = SGD(p, 0.1)\nloader = DataLoader(data, batch_size=4)\n"
        "s = OneCycleLR(opt, 1, total_steps=len(loader) * 2)\nfor epoch in range(2):\n    for x in loader:\n"
        "        opt.step()\n        s.step()",
        {"dataset_size": 25, "batch_size": 4},
        {"updates": 14, "scheduler": "OneCycleLR(max_lr=1, total_steps=14)"},
    ),
    "runs inside a loop": (
        f"for seed in range(3):\n    {STEP}    for epoch in range(4):\n        for b in loader:\n"
        "            opt.step()\n        s.step()",
        {},
        {"epochs": 4, "interval": "epoch"},
    ),
    "a step outside of loops": (f"{STEP}opt.step()\ns.step()", {}, {"interval": "step"}),
    "a wrapped optimizer": (
        "opt = SGD(p, lr=0.7)\nopt = hvd.DistributedOptimizer(opt)\ns = StepLR(opt, 3)",
        {},
        {"lr": [0.7]},
    ),
    "groups that are added": (
        "opt = SGD(p, lr=0.7)\nopt.add_param_group({'params': q, 'lr': 0.1})\ns = StepLR(opt, 3)",
        {},
        {"lr": [0.7, 0.1]},
    ),
    "names of groups": (
        "opt = SGD([{'params': p, 'name': 'a'}, {'params': q, 'name': 'b', 'lr': 0.1}], lr=0.7)\ns = StepLR(opt, 3)",
        {},
        {"lr": [0.7, 0.1], "names": ["a", "b"]},
    ),
    "a rate that is set before": (
        "opt = SGD(p, lr=0.7)\nfor g in opt.param_groups:\n    g['lr'] = 0.2\ns = StepLR(opt, 3)",
        {},
        {"lr": [0.2]},
    ),
    "options of the optimizer in a dictionary": (
        "opt = SGD(p, **dict(lr=0.6, momentum=0.8))\ns = StepLR(opt, 3)",
        {},
        {"lr": [0.6]},
    ),
    "a namespace": ("args = argparse.Namespace(n=5)\nStepLR(opt, args.n)", {}, {"scheduler": "StepLR(step_size=5)"}),
    "two at the same place": (
        f"{STEP}for epoch in range(4):\n    if args.x:\n        train()\n        s.step()\n    else:\n        s.step()",
        {},
        {"epochs": 4, "interval": "epoch"},
    ),
    "a scheduler in a list by its name": (
        "n = 2\nSequentialLR(opt, [linear, cosine(T_max=9)], [n])",
        {},
        {"scheduler": "SequentialLR(schedulers=[LinearLR(), CosineAnnealingLR(T_max=9)], milestones=[2])"},
    ),
    "arguments that are left out": ("n = 2\nStepLR(opt, n, last_epoch=-1)", {}, {"scheduler": "StepLR(step_size=2)"}),
    "an instance that is called": (
        "class F:\n    def __call__(self, e):\n        return 0.5\nLambdaLR(opt, F())",
        {},
        {"updates": 32},
    ),
    "a scheduler for each of several optimizers": (
        "self.schedulers = [StepLR(o, 7) for o in self.optimizers]",
        {},
        {"scheduler": "StepLR(step_size=7)"},
    ),
    "a scheduler for each in a loop": (
        "def make(o, n):\n    return StepLR(o, n)\nfor o in self.optimizers:\n    self.s.append(make(o, 7))",
        {},
        {"scheduler": "StepLR(step_size=7)"},
    ),
    "a length of its own": (
        "steps_per_epoch = len(loader) // 2\nStepLR(opt, steps_per_epoch)",
        {"steps_per_epoch": 9},
        {"scheduler": "StepLR(step_size=4)"},
    ),
    "a length in a function": (
        "def fit(batches):\n    s = StepLR(opt, len(train_loader))\n    for e in range(2):\n"
        "        for b in batches:\n            opt.step()\n        s.step()\nfit(train_loader)",
        {"steps_per_epoch": 9},
        {"scheduler": "StepLR(step_size=9)"},
    ),
    "rates of groups that are given": (
        "groups = [{'params': p, 'lr': f(n)} for n, p in model.named_parameters()]\nStepLR(SGD(groups, lr=0.5), 3)",
        {"lr": [0.1, 0.2]},
        {"lr": [0.1, 0.2]},
    ),
    "a loop over the number of steps, beside a number of epochs": (
        "epochs = 50\ns = StepLR(opt, 3)\nfor _ in range(9):\n    opt.step()\n    s.step()",
        {},
        {"updates": 9, "interval": "step"},
    ),
    "a lambda of a function": (
        "def f(e, k):\n    return k ** e\nLambdaLR(opt, lr_lambda=lambda e: f(e, 0.5))",
        {},
        {"updates": 32},
    ),
    "a rate in one branch": (
        "opt = SGD(p, lr=0.7)\nif 1:\n    opt.param_groups[0]['lr'] = 0.3\ns = StepLR(opt, 3)",
        {},
        {"lr": [0.3]},
    ),
    "a setup that gives its arguments back": (
        f"opt = SGD(p, lr=0.7)\nopt = fabric.setup_optimizers(opt)\n{STEP}s = fabric.prepare(s)\n"
        "for epoch in range(3):\n    opt.step()\n    s.step()",
        {},
        {"lr": [0.7], "epochs": 3},
    ),
    "an exit in a branch": (
        "if args.eval:\n    evaluate()\n    sys.exit()\nif args.x:\n    n = 3\nelse:\n    raise ValueError(args.x)\n"
        "StepLR(opt, n)",
        {},
        {"scheduler": "StepLR(step_size=3)"},
    ),
    "a loop that returns": (
        "def f():\n    for i in range(5):\n        if i == 3:\n            return i\nStepLR(opt, f())",
        {},
        {"scheduler": "StepLR(step_size=3)"},
    ),
    "a while loop that returns": (
        "def f():\n    i = 0\n    while True:\n        i += 1\n        if i == 4:\n            return i\n"
        "StepLR(opt, f())",
        {},
        {"scheduler": "StepLR(step_size=4)"},
    ),
    "a limit of the steps": (
        f"{STEP}i = 0\nwhile i <= 10:\n    opt.step()\n    s.step()\n    i += 1",
        {},
        {"updates": 11, "interval": "step"},
    ),
}


def said(run: RunSpec) -> dict[str, Any]:
    return {
        "interval": run.loop.interval,
        "epochs": run.loop.epochs,
        "updates": run.loop.updates,
        "lr": [group.lr for group in run.groups],
        "names": [group.name for group in run.groups],
        "scheduler": str(run.scheduler),
    }


@pytest.mark.parametrize(("text", "values", "expected"), RUNS.values(), ids=RUNS.keys())
def test_what_a_script_says(text: str, values: dict[str, Any], expected: dict[str, Any]) -> None:
    found = said(read_run(text, Fields(values)))
    assert {name: found[name] for name in expected} == expected


REFUSED = {
    "a number of accumulations that is not known": (
        f"{STEP}for epoch in range(2):\n    for i, b in enumerate(x):\n        if i % args.k == 0:\n"
        "            opt.step()\n            s.step()",
        "unknown value `args.k` on line 4",
    ),
    "a condition of the script": (
        f"{STEP}for epoch in range(2):\n    train()\n    if args.k:\n        s.step()",
        "unknown value `args.k` on line 4",
    ),
    "epochs that are not known": (
        f"{STEP}for epoch in range(args.epochs):\n    train()\n    s.step()",
        "unknown value `args.epochs` on line 2",
    ),
    "parameter groups that are changed": (
        "opt = SGD(p, 0.1)\nopt.param_groups.append({'lr': 1})\nStepLR(opt, 3)",
        "the list of parameter groups is changed, which is not followed",
    ),
    "a function that changes something": (
        "calls = []\ndef f(e):\n    calls.append(e)\n    return 1 / len(calls)\nLambdaLR(opt, f)",
        "`f` gives 1.0 and then 0.25 for 0: it changes something, which is not followed",
    ),
    "a function that calls another": (
        "def f(e):\n    return helper(e, 3)\nLambdaLR(opt, f)",
        "`helper` is not read, and `f` calls it",
    ),
    "an expression of the step that is not read": (
        "def f(e):\n    x = e / 3\n    return (1 - torch.cos(torch.tensor(x))).item()\nLambdaLR(opt, f)",
        "`torch.cos(torch.tensor(x))` in `f` is not read, and its value changes with the step",
    ),
    "a function without its loop": (
        "def adjust(optimizer, epoch):\n    for group in optimizer.param_groups:\n        group['lr'] = 0.5 ** epoch",
        "`adjust` sets the rate, and it is not shown where it is called",
    ),
    "a class without its use": (
        "class Warm:\n    def step(self):\n        for group in self.opt.param_groups:\n            group['lr'] = 0.5",
        "the class `Warm` sets the rate, and it is not shown how it is used",
    ),
    "a rate without its loop": (
        "opt.zero_grad()\nopt.param_groups[0]['lr'] = 0.5",
        "line 2 sets the rate, and the loop around it is not shown",
    ),
    "a step without a scheduler": (
        "for epoch in range(3):\n    opt.step()\n    self.scheduler.step()",
        "line 3 steps `self.scheduler`, and it is not shown what that is",
    ),
    "a step of a variable that is called as the module": (
        "for epoch in range(3):\n    for batch in loader:\n        optim.step()\n    lr_scheduler.step()",
        "line 4 steps `lr_scheduler`, and it is not shown what that is",
    ),
    "lines that are cut out of a loop": (
        "        sched.step()\n    x = 1\nsched = StepLR(opt, 3)",
        "cannot read the notation: unexpected indent",
    ),
    "a scheduler whose step is used as a function": (
        "opt = SGD(p, 0.1)\ns = torch.optim.lr_scheduler.LambdaLR(opt, lr_lambda=LambdaLR(cfg.n, cfg.start).step)",
        "`LambdaLR` on line 2 is not a scheduler of torch: its `step` is used as a function",
    ),
    "rates of groups that are not known": (
        "groups = [{'params': p, 'lr': 0.1 * len(n)} for n, p in model.named_parameters()]\n"
        "o = SGD(groups, lr=0.5)\nStepLR(o, 3)",
        "the rates of the parameter groups of `SGD` on line 2 cannot be computed",
    ),
    "an attribute of a scheduler": (
        "s = StepLR(opt, 3)\ns.gamma = 0.5\ns.step()",
        "the script does not show where the optimizer is updated",
    ),
    "an attribute of a scheduler that is not stepped": (
        "s = StepLR(opt, 3)\ns.gamma = 0.5",
        "the script does not show where the optimizer is updated",
    ),
    "rates of groups that are added": (
        "groups = []\nfor n, p in model.named_parameters():\n    groups.append({'params': p, 'lr': 0.1})\n"
        "o = SGD(groups, lr=0.5)\nStepLR(o, 3)",
        "the rates of the parameter groups of `SGD` on line 4 cannot be computed",
    ),
    "a choice that cannot be computed": (
        "s = StepLR(opt, 3) if [].x else StepLR(opt, 4)\ns.step()",
        "it is not known which scheduler is used: `[].x` cannot be computed",
    ),
    "an unknown scheduler that is stepped": (
        f"{STEP}w = Warmup(opt)\nfor epoch in range(3):\n    train()\n    w.step()",
        "`Warmup` on line 2 is not a scheduler of torch",
    ),
    "a value of another kind": (
        "class A: pass\nStepLR(opt, A)",
        "a value of `StepLR(opt, A)` is not one that a scheduler takes",
    ),
    "a scheduler inside another": (
        "w = get_warmup(opt)\nSequentialLR(opt, [w, StepLR(opt, 3)], [4])",
        "`get_warmup` on line 1, inside `SequentialLR`, is not a scheduler of torch",
    ),
    "a generator without end": (
        "def f():\n    n = 1\n    while True:\n        yield n\n        n += 1\nStepLR(opt, next(f()))",
        "unknown value `f()`",
    ),
    "calls without end": (
        "def f(x):\n    return f(x)\nStepLR(opt, f(1))",
        "functions of the script call each other over 25 deep",
    ),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(LrvizError) as caught:
        read_run(text)
    assert caught.value.message == message


TWO = (
    "a, b = SGD(p, 0.1), SGD(q, 0.2)\nfirst = StepLR(a, 3)\nsecond = StepLR(b, 4)\nfor epoch in range(5):\n"
    "    first.step()\n    second.step()\n"
)


class TestFiles:
    def test_several_schedulers_are_several_runs(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        Path("train.py").write_text(TWO)
        assert [run.label for run in read_all("train.py")] == ["first", "second"]
        assert str(read_run("train.py@second").scheduler) == "StepLR(step_size=4)"
        run = read_run("train.py@first @ lr=0.5")
        assert [group.lr for group in run.groups] == [0.5]
        with pytest.raises(LrvizError, match=r"`train\.py` steps 2 schedulers: `first`, `second`"):
            read_run("train.py")
        with pytest.raises(LrvizError, match=r"`train\.py` has no scheduler `third`"):
            read_run("train.py@third")

    def test_a_notebook(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        code = ["%matplotlib inline\n", "opt = SGD(p, 0.3)\n", "!ls\n"]
        cells = [
            {"cell_type": "code", "source": code},
            {"cell_type": "markdown", "source": "text ("},
            {"cell_type": "code", "source": "%%bash\nls -la | grep 'x"},
            {"cell_type": "code", "source": "\n%%writefile other.py\ns = StepLR(opt, 9)\n"},
            {
                "cell_type": "code",
                "source": "%%time\n!pip install a \\\n  b\nfiles = !ls -la \\\n  x\n?opt\nopt.step??\n",
            },
            {"cell_type": "code", "source": "here = %pwd\nif files:\n    %time fit()"},
            {"cell_type": "code", "source": "s = StepLR(opt, 5)"},
        ]
        Path("a.ipynb").write_text(json.dumps({"cells": cells}))
        (run,) = read_all("a.ipynb")
        assert str(run.scheduler) == "StepLR(step_size=5)"
        assert [group.lr for group in run.groups] == [0.3]
        assert run.notes == (
            "`a.ipynb` does not show where the scheduler steps: it is drawn with a step after each update, over 4 "
            "epochs",
        )
        Path("a.ipynb").write_text(
            json.dumps({"cells": [*cells[:-1], {"cell_type": "code", "source": "StepLR(opt, n)"}]})
        )
        with pytest.raises(LrvizError, match=r"a\.ipynb: unknown name `n` on line 22"):
            read_all("a.ipynb")
        Path("b.ipynb").write_text("{}")
        with pytest.raises(LrvizError, match="it is not a notebook"):
            read_all("b.ipynb")

    def test_errors_name_the_file_and_the_line(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        Path("train.py").write_text("import torch\nStepLR(opt, args.n)\n")
        with pytest.raises(LrvizError) as caught:
            read_all("train.py")
        assert caught.value.message == "train.py: unknown value `args.n` on line 2"
        with pytest.raises(LrvizError, match=r"cannot read `none\.py`: no such file"):
            read_all("none.py")

    def test_a_file_outside_the_folder_of_a_preset_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "train.py").write_text("StepLR(opt, 3)\n")
        (tmp_path / "inside").mkdir()
        with pytest.raises(LrvizError, match=r"the script `\.\./train\.py` is outside the folder of the preset"):
            read_all("../train.py", Fields(folder=tmp_path / "inside", outside=False))


class TestAll:
    """All that is missing is asked for at once, with examples that can be used."""

    ASKED: ClassVar[dict[str, tuple[str, str]]] = {
        "a choice of schedulers": (
            "if args.sched == 'cos':\n    s = CosineAnnealingLR(opt, args.epochs)\n"
            "else:\n    s = StepLR(opt, args.n, cfg.decay)",
            "--let \"args.sched='cos'\" --let args.n=10 --let cfg.decay=0.1 --let args.epochs=10",
        ),
        "a choice in a function": (
            "def make(opt, a):\n    if a.kind in ('none', 'cos'):\n        return CosineAnnealingLR(opt, a.t_max)\n"
            "    return StepLR(opt, a.step_size)",
            "--let \"a.kind='cos'\" --let a.t_max=10 --let a.step_size=10",
        ),
        "a choice of functions": (
            "def f(e):\n    return e / a.warmup\ndef g(e):\n    return e / a.total_steps\n"
            "LambdaLR(opt, f if a.kind == 'f' else g)",
            "--let \"a.kind='f'\" --let a.warmup=3 --let a.total_steps=10",
        ),
        "a choice of optimizers": (
            "if a.opt == 'sgd':\n    o = SGD(p, lr=a.lr)\nelse:\n    o = Adam(p, lr=a.adam_lr)\nStepLR(o, 3)",
            "--let \"a.opt='sgd'\" --let a.lr=0.1 --let a.adam_lr=0.1",
        ),
        "a number that is compared": (
            "n = cfg.n if cfg.start == 0 else 3\nStepLR(opt, n)",
            "--let cfg.start=0 --let cfg.n=10",
        ),
        "the same rate of two optimizers": (
            "if a.opt == 'sgd':\n    o = SGD(p, lr=a.lr)\nelse:\n    o = Adam(p, lr=a.lr)\nStepLR(o, 3)",
            "--let a.lr=0.1",
        ),
        "the name of a class": (
            "getattr(torch.optim.lr_scheduler, cfg.kind)(optimizer, gamma=cfg.gamma)",
            "--let \"cfg.kind='StepLR'\" --let cfg.gamma=0.1",
        ),
        "a key of a dictionary": (
            "D = {'step': StepLR, 'exp': ExponentialLR}\nD[cfg.kind](optimizer, cfg.n)",
            "--let \"cfg.kind='step'\" --let cfg.n=10",
        ),
        "a list": ("s = MultiStepLR(opt, args.steps)\ns.step()", "--let 'args.steps=[10, 20]'"),
        "text that is split": (
            "m = [int(x) for x in args.steps.split(',')]\nMultiStepLR(opt, m)",
            "--let \"args.steps='10,20'\"",
        ),
        "a default": (
            "n = cfg.get('epochs', 90)\nStepLR(opt, n, getattr(cfg, 'gamma', 0.3))",
            "--let \"cfg.get('epochs', 90)=90\" --let \"getattr(cfg, 'gamma', 0.3)=0.3\"",
        ),
        "an attribute that may be there": (
            "n = cfg.n if hasattr(cfg, 'n') else 3\nStepLR(opt, n)",
            "--let cfg.n=10",
        ),
        "a default of the scheduler": (
            "x = 1\nOneCycleLR(opt, cfg.top, 100, pct_start=cfg.share, three_phase=cfg.three)",
            "--let cfg.top=1 --let cfg.share=0.3 --let cfg.three=False",
        ),
        "words of names": (
            "x = 1\nCyclicLR(opt, lr_start, max_lr, lr_decay_steps, n_batches, gamma=lr_gamma)",
            "--let lr_start=0.1 --let max_lr=0.1 --let lr_decay_steps=2000 --let n_batches=10 --let lr_gamma=1.0",
        ),
        "a return inside a branch": (
            "def f(e):\n    if cfg.x:\n        if e < 5:\n            return 0.1\n        else:\n"
            "            return 0.5\n    return 1.0\nLambdaLR(opt, f)",
            "--let cfg.x=True",
        ),
        "a return that may be in a branch": (
            "def f(e):\n    if cfg.x:\n        if e < cfg.n:\n            return 0.1\n    elif cfg.y:\n"
            "        return 0.2\n    if e > cfg.z:\n        return cfg.end\n    return 1.0\nLambdaLR(opt, f)",
            "--let cfg.x=True --let cfg.n=10 --let cfg.y=True --let cfg.z=1 --let cfg.end=1",
        ),
        "a return in a loop in a branch": (
            "def f(e):\n    if cfg.x:\n        for i in range(3):\n            if e < i:\n                return 0.1\n"
            "    return 1.0\nLambdaLR(opt, f)",
            "--let cfg.x=True",
        ),
        "the end of a loop": (
            "def f(e):\n    x = 1.0\n    for m in [2, 4]:\n        if cfg.once:\n            break\n"
            "        if e >= m:\n            x *= 0.1\n    return x\nLambdaLR(opt, f)",
            "--let cfg.once=True",
        ),
        "the next iteration of a while loop": (
            "n = 1\nwhile n < 9:\n    n += 3\n    if cfg.skip:\n        continue\n    n += 1\nStepLR(opt, n)",
            "--let cfg.skip=True",
        ),
        "names of functions of math": (
            "x = 1\nStepLR(opt, step_size=step_size, gamma=gamma)",
            "--let step_size=10 --let gamma=0.1",
        ),
        "keywords": (
            "kwargs = get()\nMultiStepLR(opt, **cfg.sched)",
            "--let \"cfg.sched={'milestones': [10, 20]}\"",
        ),
        "keywords with a default": (
            "kw = options.pop('kw', {'gamma': 0.98})\nExponentialLR(opt, **kw)",
            "--let \"options.pop('kw', {'gamma': 0.98})={'gamma': 0.98}\"",
        ),
        "an optimizer that is not of torch, or one that is": (
            "if a.opt == 'lars':\n    o = LARS(p, lr=a.lr)\nelse:\n    o = Adam(p, lr=a.lr)\nStepLR(o, 3)",
            "--let \"a.opt='lars'\" --let a.lr=0.1",
        ),
        "lengths by their names": (
            "n = min(cfg.num_warmup_steps, cfg.n_epochs_decay)\nStepLR(opt, n, cfg.warmup_factor)",
            "--let cfg.num_warmup_steps=3 --let cfg.n_epochs_decay=10 --let cfg.warmup_factor=0.1",
        ),
        "a variable of the environment": (
            "n = int(os.getenv('STEP', 2))\nStepLR(opt, n, float(os.environ.get('GAMMA', '0.3')))",
            "--let \"os.getenv('STEP', 2)=2\" --let \"os.environ.get('GAMMA', '0.3')='0.3'\"",
        ),
        "a variable of the environment without a default": (
            "StepLR(opt, int(os.environ['STEPS']))",
            "--let \"os.environ['STEPS']=10\"",
        ),
        "whether a run is resumed": (
            "n = 3\nif args.resume is not None:\n    n = load(args.resume)\nStepLR(opt, n)",
            "--let args.resume=None --let 'load(args.resume)=1'",
        ),
        "one of a set of names": (
            "if a.kind in {'cos', 'cosine'}:\n    s = CosineAnnealingLR(opt, a.n)\nelse:\n    s = StepLR(opt, a.n)",
            "--let \"a.kind='cos'\" --let a.n=10",
        ),
        "a part of a name": (
            "n = a.n if 'long' in a.name else 3\nStepLR(opt, n + a.start_epoch)",
            "--let \"a.name='long'\" --let a.n=10 --let a.start_epoch=0",
        ),
        "an attribute that is set": (
            "self.opt = SGD(p, lr=self.lr)\nself.sched = StepLR(self.opt, self.n)",
            "--let self.n=10 --let self.lr=0.1",
        ),
        "a match": (
            "def make(kind, n):\n    match kind:\n        case 'step' | 'steps':\n            return StepLR(opt, n)\n"
            "        case 'exp' if n:\n            return ExponentialLR(opt, 0.9)\n        case None:\n"
            "            return None\n        case other:\n            raise ValueError(other)",
            "--let \"kind='step'\" --let n=10",
        ),
        "a condition that returns another scheduler": (
            "def make():\n    o = SGD(p, a.lr)\n    s = StepLR(o, a.n)\n    if a.constant:\n"
            "        s = ConstantLR(o, a.factor, 3)\n        return o, s\n    return o, s\no, s = make()\n"
            "for i in range(a.steps):\n    o.step()\n    s.step()",
            "--let a.constant=True --let a.factor=0.3333333333333333 --let a.n=10 --let a.lr=0.1 --let a.steps=10",
        ),
        "a condition around the loop": (
            "o = SGD(p, 0.1)\nif exists(path):\n    load(path)\nelse:\n    for epoch in range(3):\n"
            "        o.param_groups[0]['lr'] /= 2\n        o.step()",
            "--let 'exists(path)=None'",
        ),
        "a default in the loop": (
            "o = SGD(p, 0.1)\nfor epoch in range(3):\n    if epoch in cfg.get('drops', [1]):\n"
            "        o.param_groups[0]['lr'] *= cfg.get('gamma', 0.1)\n    o.step()",
            "--let \"cfg.get('drops', [1])=[1]\" --let \"cfg.get('gamma', 0.1)=0.1\"",
        ),
        "parameters whose default is None": (
            "def train(n_steps=None, peak=None):\n    o = SGD(p, lr=0.1)\n    StepLR(o, (n_steps + 1) * peak)",
            "--let n_steps=10 --let peak=1",
        ),
        "the length of data in a run of steps": (
            "o = SGD(p, 0.1)\ns = StepLR(o, len(train_loader))\nfor step in range(30):\n    o.step()\n    s.step()",
            "--let 'len(train_loader)=10'",
        ),
        "a kind that returns an error": (
            "def make(kind):\n    if kind == 'step':\n        s = StepLR(opt, a.n_ep)\n    else:\n"
            "        return NotImplementedError(kind)\n    return s",
            "--let a.n_ep=10",
        ),
        "the length of what is chosen from a list": (
            "x = 1\nLambdaLR(opt, lambda e: cfg.decay ** len([m for m in cfg.drops if m <= e]))",
            "--let cfg.decay=0.1 --let 'cfg.drops=[10, 20]'",
        ),
        "a class in the names of a module": (
            "from torch.optim import lr_scheduler as kinds, lr_scheduler\nlr_scheduler.__dict__[cfg.kind](opt, cfg.n)",
            "--let \"cfg.kind='StepLR'\" --let cfg.n=10",
        ),
        "the name of a class, and its keywords": (
            "getattr(torch.optim.lr_scheduler, c['name'])(opt, **c['more'])",
            "--let \"c['name']='StepLR'\" --let \"c['more']={'step_size': 10}\"",
        ),
        "one of several functions": (
            "M = {'a': lambda o: StepLR(o, 3), 'b': lambda o: ExponentialLR(o, 0.5)}\nM[cfg.kind](opt)",
            "--let \"cfg.kind='a'\"",
        ),
        "a flag, and a run that is resumed": (
            "if args.linear_lr and not args.resume:\n    n = args.n if args.lrf else args.lr0\nelse:\n    n = 3\n"
            "StepLR(opt, n, args.lrf)",
            "--let args.linear_lr=True --let args.resume=None --let args.n=10 --let args.lr0=0.1 --let args.lrf=0.1",
        ),
    }

    @pytest.mark.parametrize(("text", "options"), ASKED.values(), ids=ASKED.keys())
    def test_it_is_asked_for(self, text: str, options: str) -> None:
        with pytest.raises(NotationError) as caught:
            read_all(f"{text}\n", Fields())
        assert caught.value.hint == f"add {options}"
        lets = read_lets(shlex.split(options)[1::2])
        assert read_all(f"{text}\n", Fields(lets=lets))

    @pytest.mark.parametrize("function", ["one_cycle(1, n)", "self.factor", "f if cfg.x else one_cycle(1, n)"])
    def test_a_function_is_given_or_pasted(self, function: str) -> None:
        text = f"f = lambda step: 0.5\noptimizer = SGD(p, 0.1)\nLambdaLR(optimizer, {function})\n"
        with pytest.raises(NotationError) as caught:
            read_all(text, Fields())
        assert caught.value.hint.startswith("paste the lines that define `")
        options = caught.value.hint.partition(", or add ")[2].replace("cfg.x=True", "cfg.x=False")
        (run,) = read_all(text, Fields(lets=read_lets(shlex.split(options)[1::2])))
        assert str(run.scheduler) == "LambdaLR(lr_lambda=lambda step: 0.95 ** step)"


FIRST_UPDATE = {
    "by name": "StepLR(optimizer, 3, last_epoch=last_epoch)",
    "by position": "StepLR(optimizer, 3, 0.1, last_epoch)",
    "with a number": "StepLR(optimizer, 3, 0.1, start_epoch - 1)",
    "of a resumed run": "StepLR(optimizer, 3, 0.1, ckpt['epoch'] if args.resume else -1, args.verbose)",
}


@pytest.mark.parametrize("line", FIRST_UPDATE.values(), ids=FIRST_UPDATE.keys())
def test_a_last_epoch_that_is_not_known_is_that_of_a_new_run(line: str) -> None:
    run = read_run(f"optimizer = SGD(p, 0.1)\n{line}\n")
    assert str(run.scheduler).startswith("StepLR(step_size=3")
    assert "StepLR: last_epoch is not known: the run is drawn from its first update" in run.notes


ATTRIBUTES = {
    "of self": ("self.opt = SGD(p, lr=0.3)\nself.s = StepLR(self.opt, 3)", [0.3]),
    "of a configuration": ("cfg.optim.lr = 0.4\no = SGD(p, lr=cfg.optim.lr)\nStepLR(o, 3)", [0.4]),
    "an item": ("cfg['lr'] = 0.5\no = SGD(p, lr=cfg['lr'])\nStepLR(o, 3)", [0.5]),
    "of what a call returns": ("c = get()\nc.lr = 0.6\no = SGD(p, lr=c.lr)\nStepLR(o, 3)", [0.6]),
}


@pytest.mark.parametrize(("text", "rates"), ATTRIBUTES.values(), ids=ATTRIBUTES.keys())
def test_an_attribute_of_what_is_not_known_is_kept(text: str, rates: list[float]) -> None:
    assert [group.lr for group in read_run(f"{text}\n").groups] == rates


TWO_STARTS = """
from argparse import Namespace
def train(opt, n):
    scheduler = StepLR(opt, n)
    for epoch in range(6):
        opt.step()
        scheduler.step()
def main(args):
    train(SGD(p, lr=args.lr), 2)
def run(**kwargs):
    args = Namespace(lr=0.1)
    for k, v in kwargs.items():
        setattr(args, k, v)
    main(args)
if __name__ == "__main__":
    main(Namespace(lr=0.2))
"""


def test_a_second_way_to_start_a_script_is_not_read() -> None:
    (run,) = read_all(TWO_STARTS)
    assert (str(run.scheduler), run.loop.updates, [g.lr for g in run.groups]) == ("StepLR(step_size=2)", 6, [0.2])


class TestOptimizersThatAreNotRead:
    LOOP = "for epoch in range(5):\n    opt.step()\n    LINE\n"

    @pytest.mark.parametrize("line", ["s.step()", "for g in opt.param_groups: g['lr'] *= 0.5"])
    def test_a_note_says_where_the_rate_is_from(self, line: str) -> None:
        text = "opt = make(cfg)\ns = StepLR(opt, 2)\n" + self.LOOP.replace("LINE", line)
        (note,) = [note for note in read_run(text).notes if "is not read" in note]
        assert note.startswith("`make(cfg)` is not read: its rate is taken to be lrviz's default")
        assert not [note for note in read_run(text, Fields({"lr": "0.1"})).notes if "is not read" in note]

    def test_no_note_where_the_scheduler_sets_the_rate(self) -> None:
        text = "opt = make(cfg)\ns = OneCycleLR(opt, 0.1, 5)\n" + self.LOOP.replace("LINE", "s.step()")
        assert read_run(text).notes == ()


def test_a_momentum_that_is_not_known_is_needed_only_to_show_it() -> None:
    text = "opt = SGD(p, lr=0.1)\nfor epoch in range(4):\n    for g in opt.param_groups:\n"
    text += "        g['lr'] = 0.1 / (epoch + 1)\n        g['momentum'] = hyp['momentum']\n    opt.step()\n"
    trace = simulate(read_run(text))
    assert (trace.momentum, trace.lr[:, 0].tolist()) == (None, [0.1 / (epoch + 1) for epoch in range(4)])
    with pytest.raises(LrvizError, match=r"it needs `hyp\['momentum'\]`"):
        simulate(read_run(text, Fields(show_momentum=True)))


class TestOtherObjects:
    """What has a step or a name like that of a scheduler, and is none."""

    LOOP = "opt = SGD(p, lr=0.1)\ns = StepLR(opt, 2)\nBEFOREfor epoch in range(5):\n    opt.step()\n    s.step()\n"

    @pytest.mark.parametrize(
        ("before", "inside"),
        [
            ("", "    log(get_lr(opt), get_last_lr(opt))\n"),
            (
                "c = Checkpointer(model, optimizer=opt)\nperiodic = PeriodicCheckpointer(c, 5)\n",
                "    periodic.step(3)\n",
            ),
            ("", "    tqdm.write(int([loss]))\n"),
        ],
    )
    def test_they_do_not_matter(self, before: str, inside: str) -> None:
        text = self.LOOP.replace("BEFORE", before) + inside
        assert read_run(text).loop.updates == 5, text

    def test_classes_of_a_union(self) -> None:
        text = self.LOOP.replace(
            "BEFORE", "n = (3, 4)\nif isinstance(n, list | tuple) and not isinstance(n, (int, str)):\n"
        )
        assert read_run(text.replace("for epoch", "    n = n[0]\nfor epoch").replace("5", "n")).loop.updates == 3


def test_the_length_of_a_loader_beside_a_loop_of_steps() -> None:
    text = (
        "opt = SGD(p, lr=0.1)\nper_epoch = len(loader) // 10\n"
        "s = CosineAnnealingLR(opt, min(args.epochs * per_epoch, 90))\n"
        "step = 0\nwhile step < args.steps:\n    opt.step()\n    s.step()\n    step += 1\n"
    )
    with pytest.raises(NotationError) as raised:
        read_run(text, Fields(prefix="--"))
    assert raised.value.hint == "add --let args.epochs=10 --steps-per-epoch N --let args.steps=10"
    run = read_run(text, Fields({"steps_per_epoch": "20"}, lets={"args.epochs": 10, "args.steps": 40}))
    assert (str(run.scheduler), run.loop.updates) == ("CosineAnnealingLR(T_max=20)", 40)


def test_a_note_on_the_last_batches_stays_where_the_length_of_an_epoch_is_asked_for() -> None:
    text = (
        "opt = SGD(p, lr=0.1)\ns = CosineAnnealingLR(opt, 4 * len(loader) // 3)\nfor epoch in range(4):\n"
        "    for i, x in enumerate(loader):\n        if (i + 1) % 3 == 0:\n"
        "            opt.step()\n            s.step()\n"
    )
    run = read_run(text, Fields({"steps_per_epoch": 7}))
    assert run.notes == ("the last batch of an epoch makes no update: the script makes one every 3",)


def test_what_ends_training_by_a_loss_is_not_asked_for() -> None:
    run = read_run("""
def evaluate(loader):
    total = 0.0
    for x, y in loader:
        total += criterion(model(x), y).item()
    return total
def train(args):
    opt = SGD(p, lr=0.1)
    s, warmup = StepLR(opt, 2), LinearLR(opt)
    best, worse = 1e9, 0
    for epoch in range(4):
        opt.step()
        warmup.step()
        s.step()
        if (epoch + 1) % args.every == 0:
            loss = evaluate(data)
            if loss < best:
                best = loss
            else:
                worse += 1
                if worse > args.patience:
                    return
train(args)
""")
    assert run.loop.updates == 4
