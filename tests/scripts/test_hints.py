"""What a script is asked for leads to its run when it is given as it is printed."""

from __future__ import annotations

import itertools
import re
import shlex
from typing import Any

import pytest

from lrviz.errors import NotationError
from lrviz.simulation import simulate
from lrviz.spec import Fields, read_all, read_lets

# A script, the values that its hint is to give, and the scheduler that these make.
ASKED: dict[str, tuple[str, list[str], str]] = {
    "batches that are computed from the size of the data": (
        "n = len(data) // 50\ns = LinearLR(opt, total_iters=n * 6)\n"
        "for epoch in range(6):\n    for _ in range(n):\n        opt.step()\n        s.step()",
        ["len(data)=1000"],
        "LinearLR(total_iters=120)",
    ),
    "batches that are computed from two values": (
        "n = math.ceil(len(data) / cfg['batch_size'])\ns = LinearLR(opt, total_iters=n * 2)\n"
        "for epoch in range(2):\n    for _ in range(n):\n        opt.step()\n        s.step()",
        ["len(data)=1000", "cfg['batch_size']=10"],
        "LinearLR(total_iters=200)",
    ),
    "the rate of an optimizer that is a parameter": (
        "def make(optimizer, n):\n    low = 1e-5 / optimizer.defaults['lr']\n"
        "    base = optimizer.param_groups[0]['lr']\n    return StepLR(optimizer, n, low + base)",
        ["n=10"],
        "StepLR(step_size=10, gamma=0.011)",
    ),
    "a function of numpy with a value that is not known": (
        "def f(step):\n    return np.interp([step], [0, cfg.n, 2 * cfg.n], [0, 1, 0])[0]\nLambdaLR(opt, f)",
        ["cfg.n=10"],
        "LambdaLR(lr_lambda=f)",
    ),
    "lines that begin at another branch": (
        "    elif cfg.kind == 'step':\n        s = StepLR(opt, 3)\n    elif cfg.kind == 'cos':\n"
        "        s = CosineAnnealingLR(opt, 9)\n",
        ["cfg.kind='step'"],
        "StepLR(step_size=3)",
    ),
    "lines that begin inside a block and end with the head of one": (
        "            s = StepLR(opt, 3)\n        # else the rate stays\n        else:\n            s = None\n"
        "    for epoch in range(4):",
        [],
        "StepLR(step_size=3)",
    ),
    "where a run begins": (
        "s = StepLR(opt, 3)\nfor epoch in range(args.done, args.total):\n    opt.step()\n    if epoch > 0:\n"
        "        s.step()",
        ["args.done=0", "args.total=10"],
        "StepLR(step_size=3)",
    ),
    "a condition before the loop": (
        "s = StepLR(opt, 3)\nif stage % 5 == 0:\n    opt.param_groups[0]['lr'] = 0.4\n"
        "for epoch in range(2):\n    opt.step()\n    if epoch > 0:\n        s.step()",
        ["stage=0"],
        "StepLR(step_size=3)",
    ),
    "what a loop counts, and names without underscores": (
        "for epoch in range(3):\n    opt.step()\n    done = done + 1\n"
        "    opt.param_groups[0]['lr'] = max(baseLearnRate * 0.5 ** done, minLearnRate)",
        ["baseLearnRate=0.1", "done=0", "minLearnRate=1e-06"],
        "rates set by hand (line 4)",
    ),
    "batches that nothing else follows from": (
        "s = StepLR(opt, 3)\nfor epoch in range(2):\n    for _ in range(len(data) // 50):\n        opt.step()\n"
        "    s.step()",
        [],
        "StepLR(step_size=3)",
    ),
}


def given(text: str, values: dict[str, Any]) -> tuple[list[str], str]:
    """What the hint gives that is printed for a script, and its scheduler with that."""
    try:
        return [], str(read_all(text, Fields(values))[0].scheduler)
    except NotationError as error:
        words = shlex.split(re.sub(r"^.*?add ", "", error.hint))
    lets = [word for before, word in itertools.pairwise(words) if before == "--let"]
    assert len(lets) * 2 == len(words), words
    return lets, str(read_all(text, Fields(values, lets=read_lets(lets)))[0].scheduler)


@pytest.mark.parametrize(("text", "lets", "scheduler"), ASKED.values(), ids=ASKED.keys())
def test_the_hint_leads_to_the_run(text: str, lets: list[str], scheduler: str) -> None:
    assert given(text, {}) == (lets, scheduler)


# A script, the values that are given, and the epochs of the run.
EPOCHS: dict[str, tuple[str, dict[str, Any], int]] = {
    "no loop is shown": ("s = StepLR(opt, cfg['train']['epochs'])\ntrain(m, s)", {"cfg['train']['epochs']": 7}, 7),
    "an attribute": ("x = 1\ns = StepLR(opt, self.epochs)", {"self.epochs": 6}, 6),
    "a configuration of training": ("x = 1\ns = StepLR(opt, train_cfg['epochs'])", {"train_cfg['epochs']": 6}, 6),
    "a name": ("n = num_epochs * 2\ns = StepLR(opt, n)", {"num_epochs": 6}, 6),
    "two numbers": ("s = StepLR(opt, args.epochs)", {"args.epochs": 7, "opt.epochs": 8}, 4),
    "of something else": ("s = StepLR(opt, args.warmup_epochs)", {"args.warmup_epochs": 3}, 4),
    "a loop": (
        "s = StepLR(opt, 3)\nfor epoch in range(3 * args.epochs):\n    opt.step()\n    s.step()",
        {"args.epochs": 5},
        15,
    ),
    "a loop of batches": (
        "s = StepLR(opt, args.epochs)\nfor i in range(20):\n    opt.step()\n    s.step()",
        {"args.epochs": 5},
        1,
    ),
}


@pytest.mark.parametrize(("text", "lets", "epochs"), EPOCHS.values(), ids=EPOCHS.keys())
def test_epochs_that_are_given_are_those_of_the_run(text: str, lets: dict[str, Any], epochs: int) -> None:
    assert read_all(text, Fields({}, lets=lets))[0].loop.epochs == epochs


def test_what_a_loop_counts_goes_on_from_the_value_that_is_given() -> None:
    text = (
        "for epoch in range(4):\n    for b in range(2):\n        opt.step()\n        done = done + 1\n"
        "        if done > 5:\n            opt.param_groups[0]['lr'] = 1 / done\n"
    )
    (run,) = read_all(text, Fields({"lr": 1.0}, lets={"done": 2}))
    assert simulate(run).lr[:, 0].tolist() == [1.0, 1.0, 1.0, 1.0, 1 / 6, 1 / 7, 1 / 8, 1 / 9]
