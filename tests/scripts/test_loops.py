"""Loops that change the rates in more ways than with one `scheduler.step()`: what is drawn, told, noted and refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import lrviz
from lrviz.cli import main
from lrviz.errors import LrvizError
from lrviz.simulation import simulate
from lrviz.spec import Fields, read_all, read_run

OPT = "opt = SGD(p, lr=1.0)\n"
STEP = "s = StepLR(opt, 1, 0.5)\n"
EPOCHS = "for epoch in range(4):\n"
BATCH = "    for b in loader:\n        opt.step()\n"
HAND = "def adjust(opt, epoch):\n    for g in opt.param_groups:\n        g['lr'] = 0.5 ** epoch\n"

# By name: the lines, the fields of the run, the rate of each update, and the notes.
DRAWN: dict[str, tuple[str, dict[str, Any], list[float], list[str]]] = {
    "before the loop": (
        f"{OPT}{STEP}s.step()\n{EPOCHS}{BATCH}    s.step()",
        {"steps_per_epoch": 1},
        [0.5, 0.25, 0.125, 0.0625],
        ["`s.step()` on line 3 comes before the training loop: no update has the first rate"],
    ),
    "before the update": (
        f"{OPT}{STEP}{EPOCHS}    s.step()\n{BATCH}",
        {"steps_per_epoch": 1},
        [0.5, 0.25, 0.125, 0.0625],
        ["`s.step()` on line 4 comes before `optimizer.step()` on line 6: no update has the first rate"],
    ),
    "in both loops": (
        f"{OPT}{STEP}{EPOCHS}{BATCH}        s.step()\n    s.step()",
        {"steps_per_epoch": 2, "epochs": 2},
        [1.0, 0.5, 0.125, 0.0625],
        [
            "`s` is stepped in two loops, on lines 6 and 7",
            "the script's epochs is 4 on line 3; `--epochs 2` is used",
        ],
    ),
    "created in each epoch": (
        f"{OPT}{EPOCHS}    s = LambdaLR(opt, lambda t: 0.5 ** t)\n{BATCH}    s.step()",
        {"steps_per_epoch": 2, "epochs": 2},
        [1.0, 1.0, 1.0, 1.0],
        [
            "`s` is created again in each iteration of the loop on line 2, and each is stepped once: it never gets "
            "further",
            "the script's epochs is 4 on line 2; `--epochs 2` is used",
        ],
    ),
    "every few epochs": (
        f"{OPT}{STEP}{EPOCHS}{BATCH}    if epoch % 3 == 0:\n        s.step()",
        {"steps_per_epoch": 1},
        [1.0, 0.5, 0.5, 0.5],
        [],
    ),
    "every few batches": (
        f"{OPT}{STEP}for epoch in range(2):\n    for i, b in enumerate(x):\n        opt.step()\n"
        "        if i % 2 == 1:\n            s.step()",
        {"steps_per_epoch": 3},
        [1.0, 1.0, 0.5, 0.5, 0.5, 0.25],
        [],
    ),
    "with the epoch": (
        f"{OPT}{STEP}{EPOCHS}    train(model)\n    s.step(epoch)",
        {"steps_per_epoch": 1},
        [1.0, 1.0, 0.5, 0.25],
        [],
    ),
    "without an update in sight": (
        f"{OPT}{STEP}{EPOCHS}    if epoch > 1:\n        s.step()",
        {"steps_per_epoch": 1},
        [1.0, 1.0, 1.0, 0.5],
        ["no `optimizer.step()` is shown: it is taken to come first in the loop on line 3"],
    ),
    "two schedulers of an optimizer from elsewhere": (
        f"{STEP}t = ExponentialLR(opt, 0.1)\nfor epoch in range(3):\n    train()\n    s.step()\n    t.step()",
        {"steps_per_epoch": 1, "lr": 1.0},
        [1.0, 0.05, 0.0025000000000000005],
        [],
    ),
    "by hand": (
        f"{HAND}{OPT}{EPOCHS}    adjust(opt, epoch)\n{BATCH}",
        {"steps_per_epoch": 1},
        [1.0, 0.5, 0.25, 0.125],
        [],
    ),
    "by hand, with a rate on the command line": (
        f"{HAND}{OPT}for epoch in range(2):\n{BATCH}    adjust(opt, epoch + 1)",
        {"steps_per_epoch": 1, "lr": "3"},
        [3.0, 0.5],
        [
            "the script's lr is 1.0 on line 4; `--lr 3` is used",
            "`--lr` is the rate of the optimizer; rates set in adjust (line 3) are the script's own",
        ],
    ),
    "by hand, for an optimizer from elsewhere": (
        f"{HAND}for epoch in range(2):\n    train(opt)\n    adjust(opt, epoch + 1)",
        {"steps_per_epoch": 1, "lr": 3},
        [3.0, 0.5],
        ["`--lr` is the rate of the optimizer; rates set in adjust (line 3) are the script's own"],
    ),
    "updates that are not the same in each epoch": (
        f"{OPT}{STEP}n = 0\nfor epoch in range(2):\n    for b in x:\n        n += 1\n        if n % 2 == 0:\n"
        "            opt.step()\n            s.step()",
        {"steps_per_epoch": 3},
        [1.0, 0.5, 0.25],
        ["the epochs have from 1 to 2 updates, so the run is counted in updates"],
    ),
    "a number of steps": (
        f"{HAND}{OPT}i = 0\nwhile True:\n    adjust(opt, i)\n    opt.step()\n    i += 1",
        {"steps": 3},
        [1.0, 0.5, 0.25],
        [],
    ),
    "more epochs than the script": (
        f"{HAND}{OPT}for epoch in range(1, 3):\n    adjust(opt, epoch)\n{BATCH}",
        {"steps_per_epoch": 1, "epochs": 4},
        [0.5, 0.25, 0.125, 0.0625],
        ["the script's epochs is 2 on line 5; `--epochs 4` is used"],
    ),
    "the same in both branches of a test": (
        f"{HAND}{OPT}{EPOCHS}    adjust(opt, epoch)\n    for b in x:\n        if args.amp:\n"
        "            scaler.step(opt)\n        else:\n            opt.step()",
        {"steps_per_epoch": 1},
        [1.0, 0.5, 0.25, 0.125],
        [],
    ),
    "an attribute of the scheduler": (
        f"{OPT}{STEP}s.gamma = 0.1\n{EPOCHS}{BATCH}    s.step()",
        {"steps_per_epoch": 1},
        [1.0, 0.1, 0.010000000000000002, 0.0010000000000000002],
        [],
    ),
    "two updates in an iteration": (
        f"{OPT}{STEP}{EPOCHS}    opt.step()\n    opt.step()\n    s.step()",
        {},
        [1.0, 1.0, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125],
        [],
    ),
    "rates that are read back": (
        f"{OPT}{STEP}{EPOCHS}{BATCH}    if s.get_last_lr()[0] > 0.3 and s.last_epoch < 5 and s.base_lrs[0] == 1:\n"
        "        s.step()",
        {"steps_per_epoch": 1},
        [1.0, 0.5, 0.25, 0.25],
        [],
    ),
    "a step that is skipped in some epochs": (
        f"{OPT}{STEP}{EPOCHS}{BATCH}    if epoch < 2:\n        continue\n    s.step()",
        {"steps_per_epoch": 1},
        [1.0, 1.0, 1.0, 0.5],
        [],
    ),
    "a function that returns early": (
        f"{OPT}{STEP}def after(epoch):\n    if epoch < 2:\n        return\n    s.step()\n"
        f"{EPOCHS}{BATCH}    after(epoch)",
        {"steps_per_epoch": 1},
        [1.0, 1.0, 1.0, 0.5],
        [],
    ),
    "a loop that ends early": (
        f"{OPT}{STEP}n = 0\n{EPOCHS}    for b in loader:\n        opt.step()\n        s.step()\n        n += 1\n"
        "        if n == 2:\n            break",
        {"steps_per_epoch": 1},
        [1.0, 0.5, 0.25, 0.125],
        [],
    ),
    "epochs that end early": (
        f"{OPT}{STEP}for epoch in range(9):\n    for i, b in enumerate(loader):\n        opt.step()\n"
        "        if i == 1:\n            break\n    s.step()\n    if epoch >= 1:\n        break",
        {"steps_per_epoch": 3},
        [1.0, 1.0, 0.5, 0.5],
        [],
    ),
    "two steps in one loop": (
        f"{OPT}{STEP}{EPOCHS}{BATCH}    s.step()\n    s.step()",
        {"steps_per_epoch": 1},
        [1.0, 0.25, 0.0625, 0.015625],
        [],
    ),
    "a scheduler that is not stepped": (
        f"{OPT}{STEP}for epoch in range(2):\n{BATCH}",
        {"steps_per_epoch": 1},
        [1.0, 1.0],
        ["`s` is created on line 2, and `s.step()` is never called: the rate stays as it is"],
    ),
    "a scheduler that Accelerate does not prepare": (
        f"acc = Accelerator()\n{OPT}{STEP}model, opt = acc.prepare(model, opt)\n{EPOCHS}{BATCH}    s.step()",
        {"steps_per_epoch": 1, "num_processes": 2},
        [1.0, 0.5, 0.25, 0.125],
        [],
    ),
    "a scheduler that Accelerate prepares, in both loops": (
        f"acc = Accelerator()\n{OPT}{STEP}opt, s = acc.prepare(opt, s)\nfor epoch in range(2):\n{BATCH}"
        "        s.step()\n    s.step()",
        {"steps_per_epoch": 1, "num_processes": 2},
        [1.0, 0.0625],
        ["`s` is stepped in two loops, on lines 8 and 9"],
    ),
    "something that is stepped, and is given no optimizer": (
        f"{OPT}{STEP}stopper = EarlyStopping(3)\n{EPOCHS}{BATCH}    s.step()\n    if stopper.step(loss):\n"
        "        break",
        {"steps_per_epoch": 1},
        [1.0, 0.5, 0.25, 0.125],
        [],
    ),
    "runs of folds": (
        "for fold in folds.split(x):\n    opt = SGD(p, lr=1.0)\n    for epoch in range(3):\n"
        "        opt.param_groups[0]['lr'] /= 2\n        opt.step()",
        {},
        [0.5, 0.25, 0.125],
        [],
    ),
    "several loops with calls that train": (
        f"{OPT}for a in range(2):\n    train(opt, x)\nfor g in opt.param_groups:\n    g['lr'] = 0.3\n"
        "for b in range(3):\n    train(opt, y)",
        {"steps_per_epoch": 1},
        [1.0, 1.0, 0.3, 0.3, 0.3],
        [],
    ),
    "a call that trains, and another one": (
        f"opt = make(p)\n{EPOCHS}    opt.param_groups[0]['lr'] = 0.5 ** epoch\n    run_epoch(x, opt)\n"
        "    run_epoch(y, None)",
        {"steps_per_epoch": 1, "lr": 1.0},
        [1.0, 0.5, 0.25, 0.125],
        ["`--lr` is the rate of the optimizer; rates set by hand (line 3) are the script's own"],
    ),
    "a loop of unknown length that changes nothing": (
        "class C:\n    def __init__(self, opt):\n        self.opt = opt\n    def __call__(self, x):\n"
        f"        if self.opt is not None:\n            self.opt.step()\n{OPT}def go(x, c):\n    for b in x:\n"
        "        c(b)\nfor epoch in range(2):\n    opt.param_groups[0]['lr'] = 0.5 ** epoch\n    go(loader, C(opt))\n"
        "    go(others, C(None))",
        {},
        [1.0] * 8 + [0.5] * 8,
        [],
    ),
    "several updates for each batch, without epochs": (
        f"{OPT}{STEP}for stage in range(2):\n    for b in loader:\n        for k in range(2):\n"
        "            opt.step()\n    s.step()",
        {"steps_per_epoch": 2},
        [1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5],
        [],
    ),
    "a program that ends in the loop": (
        f"import sys\n{OPT}{STEP}n = 0\nwhile True:\n    for b in loader:\n        opt.step()\n        n += 1\n"
        "        if n >= 3:\n            sys.exit('done')\n    s.step()",
        {"steps_per_epoch": 2},
        [1.0, 1.0, 0.5],
        ["the epochs have from 1 to 2 updates, so the run is counted in updates"],
    ),
    "a function that is passed on": (
        "def make(opt):\n    return StepLR(opt, 1, 0.5)\ndef main():\n    run(scheduler=make)\nmain()",
        {"steps_per_epoch": 1, "lr": 1.0},
        [1.0, 0.5, 0.25, 0.125],
        [],
    ),
    "a scaler from elsewhere": (
        f"{HAND}{OPT}{EPOCHS}    for i, b in enumerate(x):\n        adjust(opt, epoch)\n"
        "        loss_scaler(loss, opt, update_grad=(i + 1) % 2 == 0)",
        {"steps_per_epoch": 2},
        [1.0, 0.5, 0.25, 0.125],
        [],
    ),
}


@pytest.mark.parametrize(("text", "values", "rates", "notes"), DRAWN.values(), ids=DRAWN.keys())
def test_what_the_loop_does_is_drawn(text: str, values: dict[str, Any], rates: list[float], notes: list[str]) -> None:
    run = read_run(text, Fields(values))
    assert simulate(run).lr[:, 0].tolist() == rates
    assert [*(fault.text for fault in run.faults), *run.notes] == notes
    assert run == read_run(text, Fields(values))


PLATEAU = (
    "opt = torch.optim.SGD(p, lr=0.8, momentum=0.9)\n"
    "warmup = torch.optim.lr_scheduler.LinearLR(opt, start_factor=0.5, total_iters=2)\n"
    "plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, factor=0.5, patience=0)\n"
    "for epoch in range(4):\n"
    "    for b in loader:\n"
    "        opt.step()\n"
    "        if epoch < 1:\n"
    "            warmup.step()\n"
    "    plateau.step(val_loss)\n"
    "    if epoch == 2:\n"
    "        opt.param_groups[0]['momentum'] = 0.5\n"
)
ALL = "LinearLR(start_factor=0.5, total_iters=2), ReduceLROnPlateau(factor=0.5, patience=0)"


class TestOutputs:
    def test_all_that_a_trace_has(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        Path("train.py").write_text(PLATEAU)
        trace = lrviz.simulate("train.py", steps_per_epoch=2, metric="3, 2, 2, 2", show_momentum=True)
        assert trace.lr[:, 0].tolist() == pytest.approx([0.4, 0.6, 0.8, 0.8, 0.8, 0.8, 0.4, 0.4], rel=1e-15)
        assert trace.momentum is not None
        assert trace.momentum[:, 0].tolist() == [0.9] * 6 + [0.5] * 2
        assert trace.metric is not None
        assert trace.metric.tolist()[2:] == [3, 3, 2, 2, 2, 2]
        assert trace.label == ALL
        assert trace.spec.read == (
            "SGD lr 0.8 (line 1)", "momentum 0.9", "4 epochs (line 4)", "LinearLR stepped on line 8",
            "ReduceLROnPlateau stepped on line 9",
        )  # fmt: skip
        assert (trace.spec.loop.epochs, trace.spec.loop.interval) == (4, "epoch")

    def test_the_command_line(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.chdir(tmp_path)
        Path("train.py").write_text(f"{HAND}{OPT}{EPOCHS}    adjust(opt, epoch)\n{BATCH}")
        assert main(["plot", "train.py", "--steps-per-epoch", "2", "-o", "a.svg"]) == 0
        err = capsys.readouterr().err
        assert "from the script: SGD lr 1 (line 4), 4 epochs (line 5), rates set in adjust (line 3)\n" in err
        assert "rates set in adjust (line 3) · 8 updates, 4 scheduler steps, 4 epochs of 2 · lr 1\n" in err
        assert "rates set in adjust (line 3)" in Path("a.svg").read_text()
        assert main(["table", "train.py", "--steps-per-epoch", "1", "-o", "-", "--format", "json", "-q"]) == 0
        (curve,) = json.loads(capsys.readouterr().out)["traces"]
        assert curve["scheduler"] == "rates set in adjust (line 3)"
        assert main(["compare", "train.py", "cosine", "--steps-per-epoch", "1", "-o", "b.svg", "-q"]) == 0

    def test_several_optimizers_are_several_curves(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        text = "a, b = SGD(p, lr=1.0), SGD(q, lr=2.0)\nfor epoch in range(2):\n    for o in [a, b]:\n        o.step()\n"
        Path("train.py").write_text(f"{text}        o.param_groups[0]['lr'] /= 4\n    if epoch:\n        a.step()\n")
        runs = read_all("train.py")
        assert [run.label for run in runs] == ["a", "b"]
        assert [simulate(run).lr[:, 0].tolist() for run in runs] == [[1.0, 0.25, 0.0625], [2.0, 0.5]]
        assert simulate(read_run("train.py@b")).lr[:, 0].tolist() == [2.0, 0.5]

    def test_what_cannot_be_combined_with_the_loop(self) -> None:
        for values, parameters, message in (
            ({"warmup": 3}, {}, "`--warmup` cannot be combined with the loop of the script"),
            ({"grad_accum": 3}, {}, "`--grad-accum` cannot be combined with the loop of the script"),
            ({}, {"gamma": "3"}, "`--gamma` cannot be combined with the loop of a script"),
            ({"steps": 99}, {}, "the loop of the script ends after 4 updates, and the run has 99"),
            ({"metric": "3"}, {}, "`rates set in adjust .line 3.` does not use a metric"),
        ):
            with pytest.raises(LrvizError, match=message):
                simulate(
                    read_run(f"{HAND}{OPT}{EPOCHS}    adjust(opt, epoch)\n    opt.step()", Fields(values), parameters)
                )

    def test_an_interval_on_the_command_line_is_that_of_a_plain_loop(self) -> None:
        run = read_run(f"{OPT}{STEP}{EPOCHS}{BATCH}        s.step()\n    s.step()", Fields({"interval": "epoch"}))
        assert str(run.scheduler) == "StepLR(step_size=1, gamma=0.5)"


REFUSED = {
    "a condition that is not known": (
        f"{OPT}{STEP}{EPOCHS}{BATCH}    loss = validate(model)\n    if loss > best(epoch):\n        s.step()",
        "line 8 depends on `if loss > best(epoch)`, which is not known: it needs `validate(model)`, `best(epoch)`",
    ),
    "a condition with the same call twice": (
        f"{OPT}{STEP}{EPOCHS}{BATCH}    loss = validate(model)\n    if not loss or loss > 2:\n        s.step()",
        "line 8 depends on `if not loss or loss > 2`, which is not known: it needs `validate(model)`",
    ),
    "a rate that is not known": (
        f"{OPT}{EPOCHS}    opt.param_groups[0]['lr'] = find(epoch)\n{BATCH}",
        "the rate that line 3 sets is not known: it needs `find(epoch)`",
    ),
    "an epoch that is not known": (
        f"{OPT}{STEP}{EPOCHS}{BATCH}    s.step(find(epoch))",
        "the epoch that line 6 passes to `StepLR.step()` is not known",
    ),
    "an optimizer that the loop replaces": (
        f"{OPT}for epoch in range(4):\n    if epoch == 2:\n        opt = Adam(p, lr=0.1)\n    opt.step()\n"
        "    opt.param_groups[0]['lr'] *= 0.9",
        "the loop replaces the optimizer on line 1 by the one on line 4, which is not followed",
    ),
    "groups whose rates a loop adds": (
        "groups = []\nfor n, x in model.named_parameters():\n    groups += [{'params': [x], 'lr': rate(n)}]\n"
        f"opt = SGD(groups, momentum=0.9)\n{STEP}",
        "the rates of the parameter groups of `SGD` on line 4 cannot be computed",
    ),
    "an optimizer whose class is no name": (
        f"opt = eval('SGD(p')(p, lr=1)\n{EPOCHS}    opt.param_groups[0]['lr'] = eval('f(1)')\n    opt.step()",
        "the rate that line 3 sets is not known: it needs `eval('f(1)')`",
    ),
    "a rate that is text": (
        f"{OPT}{EPOCHS}    opt.param_groups[0]['lr'] = '0.1'\n{BATCH}",
        "line 3 sets `lr` to `'0.1'`, which is not a number",
    ),
    "a rate that is a list": (
        f"{OPT}{EPOCHS}    opt.param_groups[0]['lr'] = [0.1]\n{BATCH}",
        "line 3 sets `lr` to `[0.1]`, which is not a number",
    ),
    "a rate that is true": (
        f"{OPT}{EPOCHS}    opt.param_groups[0]['lr'] = True\n{BATCH}",
        "line 3 sets `lr` to `True`, which is not a number",
    ),
    "a rate that is too large": (
        f"{OPT}{EPOCHS}    opt.param_groups[0]['lr'] = 10 ** 99 * 10 ** 99 * 10 ** 99 * 10 ** 99\n{BATCH}",
        "line 3 sets `lr` to `1000000000000000000...000000000000000000`, which is not a number",
    ),
    "a rate that is infinite": (
        f"{OPT}{EPOCHS}    opt.param_groups[0]['lr'] = float('inf')\n{BATCH}",
        "the rate of `rates set by hand (line 3)` is infinite at step 0",
    ),
    "a rate that is NaN": (
        f"{OPT}{EPOCHS}    opt.param_groups[0]['lr'] = epoch * float('nan')\n{BATCH}",
        "the rate of `rates set by hand (line 3)` is NaN at step 0",
    ),
    "a loop whose end is not known": (
        f"{OPT}{STEP}while not converged(model):\n    opt.step()\n    opt.step()\n    s.step()",
        "how often the loop on line 3 runs is not known: it needs `not converged(model)`",
    ),
    "an optimizer in each epoch": (
        f"{EPOCHS}    opt = SGD(p, lr=1.0)\n    s = StepLR(opt, 1)\n    t = StepLR(opt, 1)\n"
        "    for b in loader:\n        opt.step()\n        s.step()\n        t.step()",
        "the optimizer on line 2 is created again in each epoch, which is not followed",
    ),
    "an optimizer in each epoch, with one scheduler": (
        f"{EPOCHS}    opt = SGD(p, lr=1.0)\n    s = StepLR(opt, 1)\n{BATCH}    s.step()",
        "the optimizer on line 2 is created again in each epoch, which is not followed",
    ),
    "no update": (
        f"{OPT}{STEP}t = StepLR(opt, 1)\nfor epoch in range(0):\n    opt.step()\n    s.step()\n    t.step()",
        "the loop of the script makes no update",
    ),
    "rates without an update in sight": (
        f"{HAND}{OPT}{EPOCHS}    adjust(opt, epoch)\n    trains(epoch)\n    fit(epoch)",
        "the script does not show where the optimizer is updated",
    ),
    "a group that an operator changes": (
        f"{OPT}{EPOCHS}{BATCH}    for g in opt.param_groups:\n        g |= {{'lr': 0.1}}",
        "a parameter group is changed by an operator, which is not followed",
    ),
    "another attribute": (
        f"{OPT}{STEP}s._get_lr_called_within_step = True\n{EPOCHS}{BATCH}    s.step()",
        "line 3 sets `_get_lr_called_within_step` of the scheduler, which is not followed",
    ),
    "batches that are not given": (
        f"{OPT}{STEP}{EPOCHS}{BATCH}        s.step()\n    s.step()",
        "unknown value `len(loader)` on line 4",
    ),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_known_is_refused_with_its_line(text: str, message: str) -> None:
    values = {} if "len(loader)" in message else {"steps_per_epoch": 2}
    with pytest.raises(LrvizError) as caught:
        simulate(read_run(text, Fields(values)))
    assert caught.value.message == message


GROWING = (
    "opt = SGD([{'params': p, 'lr': 1.0}], lr=0.3)\ns = StepLR(opt, 1, 0.5)\nfor epoch in range(5):\n"
    "    if epoch == 2:\n        opt.add_param_group({'params': q, 'lr': opt.param_groups[0]['lr'] * 2})\n"
    "    elif epoch == 3:\n        opt.add_param_group({'params': r})\n    opt.step()\n    s.step()\n"
)


def test_groups_that_the_loop_adds_have_the_rates_of_torch() -> None:
    run = read_run(GROWING, Fields({}))
    trace = simulate(run)
    assert trace.lr.T.tolist() == [
        [1.0, 0.5, 0.25, 0.125, 0.0625],
        [0.5, 0.5, 0.5, 0.25, 0.125],
        [0.3, 0.3, 0.3, 0.3, 0.15],  # the default of the optimizer, and not the rate of the first group
    ]
    assert run.notes == ("the loop adds 2 parameter groups: before that, the rate that a group starts with is drawn",)
    assert [group.name for group in run.groups] == ["group 1", "group 2", "group 3"]
    before = simulate(read_run(GROWING, Fields({"steps": 2, "lr": "body=4"})))
    assert before.lr.tolist() == [[4.0], [2.0]]
    momentum = lrviz.simulate(GROWING.replace("lr=0.3", "lr=0.3, momentum=0.9"), show_momentum=True)
    assert momentum.momentum is not None
    assert momentum.momentum.tolist() == [[0.9] * 3] * 5
    alone = f"{OPT}{STEP}opt.add_param_group({{'params': q, 'initial_lr': 2, 'lr': 2}})\n{EPOCHS}    opt.step()\n"
    assert simulate(read_run(f"{alone}    s.step()", Fields({}))).lr.tolist()[:2] == [[1.0, 2.0], [0.5, 1.0]]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("epoch == 2:", "[opt.add_param_group({'params': q}) for i in range(1001)]:", "the loop adds over 1,000"),
        ("* 2", "* loss", "the rate of the parameter group that line 5 adds is not known"),
        ("StepLR(opt, 1, 0.5)", "LambdaLR(opt, lambda t: 0.5)", "torch fails on `LambdaLR"),
        ("epoch == 2", "loss > 2", "line 5 depends on `if loss > 2`, which is not known: it needs `f(epoch)`"),
    ],
)
def test_a_group_that_cannot_be_added(old: str, new: str, message: str) -> None:
    with pytest.raises(LrvizError) as caught:
        simulate(read_run(GROWING.replace(old, new).replace("range(5):", "range(5):\n    loss = f(epoch)"), Fields({})))
    assert caught.value.message.startswith(message.replace("line 5", "line 6"))


def test_a_comment_at_any_scheduler_of_the_loop_turns_rules_off(tmp_path: Path) -> None:
    text = (
        f"{OPT}{STEP}# lrviz: ignore[LR102]\nt = CosineAnnealingLR(\n    opt,\n    T_max=3,  # lrviz: ignore[LR301]\n"
        f")\n{EPOCHS}{BATCH}    s.step()\n    t.step()\n"
    )
    path = tmp_path / "train.py"
    path.write_text(text, encoding="utf-8")
    run = read_run(str(path), Fields({"steps_per_epoch": 2}))
    assert run.ignored == ("LR102", "LR301")


def test_a_loop_that_ends_at_a_rate_says_how_long_it_is() -> None:
    for rate in ("opt.param_groups[0]['lr']", "s.get_last_lr()[0]"):
        text = f"{OPT}{STEP}{EPOCHS}{BATCH}    s.step()\n    if {rate} < 0.3:\n        break\n"
        with pytest.raises(LrvizError, match="ends after 6 updates, and the run has 12") as caught:
            simulate(read_run(text, Fields({"steps_per_epoch": 3})))
        assert caught.value.hint == "`--max-steps 6` is its length"
        fields = {"steps_per_epoch": 3, "max_steps": 6}
        assert simulate(read_run(text, Fields(fields))).lr[:, 0].tolist() == [1.0] * 3 + [0.5] * 3


def test_a_scaler_of_gradients_is_noted() -> None:
    text = f"{OPT}{STEP}{EPOCHS}{BATCH}    if scale <= scaler.get_scale():\n        s.step()\n".replace(
        "        opt.step()\n", "        opt.step()\n    scale = scaler.get_scale()\n"
    )
    run = read_run(text, Fields({"steps_per_epoch": 1}))
    assert run.notes == ("no step is taken to be skipped for infinite gradients",)
    assert simulate(run).lr[:, 0].tolist() == [1.0, 0.5, 0.25, 0.125]


def test_a_loop_that_does_not_say_how_long_it_runs(tmp_path: Path) -> None:
    text = """
optimizer = SGD(model.parameters(), lr=0.1)
scheduler = StepLR(optimizer, 3)
epoch = 0
while True:
    for x in loader:
        optimizer.step()
    scheduler.step()
    if LENGTH:
        break
    epoch += 1
"""
    note = "`train.py` does not say how long it trains: it is drawn over 4 epochs; `--epochs` gives another number"
    for length, notes, epochs in (("evaluate(model) < 0.1", (note,), 4), ("epoch >= 5", (), 6)):
        (tmp_path / "train.py").write_text(text.replace("LENGTH", length), encoding="utf-8")
        (spec,) = read_all("train.py", Fields({"steps_per_epoch": 2}, folder=tmp_path))
        assert (spec.notes, spec.loop.updates) == (notes, 2 * epochs)
    (tmp_path / "train.py").write_text(text.replace("LENGTH", "evaluate(model) < 0.1"), encoding="utf-8")
    (spec,) = read_all("train.py", Fields({"steps_per_epoch": 2, "epochs": 3}, folder=tmp_path))
    assert (spec.notes, spec.loop.updates) == ((), 6)
