"""Whole scripts that are put together at random: several optimizers, parameter groups, and code in many forms."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from lrviz.notation import MissingValuesError
from lrviz.simulation import simulate
from lrviz.spec import Fields, read_all
from tests.scripts.running import executed
from tests.scripts.test_random_loops import block

HEAD = (
    "import torch", "import settings", "from torch.optim.lr_scheduler import *", "from settings import cfg, loader",
    "EPOCHS, count = cfg.epochs, 0", "one, two = torch.nn.Linear(2, 2), torch.nn.Linear(2, 1)",
)  # fmt: skip
BY_EPOCH = (
    "StepLR(OPT, 2, gamma=0.5)", "ExponentialLR(OPT, 0.9)", "CosineAnnealingLR(OPT, T_max=EPOCHS)",
    "LambdaLR(OPT, lambda e: 1 / (1 + e))",
)  # fmt: skip
BY_BATCH = (
    "CosineAnnealingLR(OPT, EPOCHS * len(loader))", "LinearLR(OPT, 0.1, total_iters=5)",
    "OneCycleLR(OPT, max_lr=0.3, epochs=EPOCHS, steps_per_epoch=len(loader))",
)  # fmt: skip
FLAGS = ("cfg.flag", "not cfg.flag", "cfg.kind == 'a'", "settings.LEVEL > 1", "cfg.flag and settings.LEVEL > 1")


def training(
    random: Random, update: Sequence[str], step: Sequence[str], *, by_batch: bool, flag: str = ""
) -> list[str]:
    """A loop over epochs and batches, in a function, a method, or neither."""
    end = [block(f"if {flag} and i == 1:", ["break"])] if flag and random.random() < 0.3 else []
    batches = block("for i, x in enumerate(loader):", [*update, *(step if by_batch else ()), "count += 1", *end])
    stepped = [block(f"if {flag}:", step)] if flag and random.random() < 0.5 else step
    epochs = block("for epoch in range(EPOCHS):", [batches, *(() if by_batch else stepped)])
    match random.choice(("plain", "function", "method")):
        case "function":
            return [block("def train():", ["global count", epochs]), "train()"]
        case "method":
            method = block("def fit(self):", ["global count", epochs])
            return [block("class Trainer:", [method]), "Trainer().fit()"]
    return [epochs]


def several(random: Random) -> list[str]:
    """Two optimizers, each with its scheduler."""
    by_batch = random.random() < 0.5
    made = random.choice(BY_BATCH if by_batch else BY_EPOCH)
    match random.choice(("names", "lists", "dictionaries", "counted")):
        case "names":
            lines = ["a = torch.optim.SGD(one.parameters(), lr=0.1)", "b = torch.optim.Adam(two.parameters(), lr=0.2)",
                     f"s, t = {made.replace('OPT', 'a')}, {random.choice(BY_EPOCH).replace('OPT', 'b')}"]  # fmt: skip
            rare = random.choice(("if count % 2 == 0:", "if i > 0:", "if True:"))
            return [*lines, *training(random, ["a.step()", block(rare, ["b.step()"])], ["s.step()", "t.step()"],
                                      by_batch=by_batch)]  # fmt: skip
        case "dictionaries":
            lines = ["opts = {k: torch.optim.SGD(m.parameters(), 0.1) for k, m in {'a': one, 'b': two}.items()}",
                     f"scheds = {{k: {made.replace('OPT', 'o')} for k, o in opts.items()}}"]  # fmt: skip
            update = random.choice(("for o in opts.values(): o.step()", "for k in ('b', 'a'): opts[k].step()"))
            step = random.choice(("for k, s in scheds.items(): s.step()", "for k in opts: scheds[k].step()"))
            return [*lines, *training(random, [update], [step], by_batch=by_batch)]
        case form:
            lines = ["opts = [torch.optim.SGD(m.parameters(), lr=lr) for m, lr in zip((one, two), (0.1, 0.2))]",
                     f"scheds = [{made.replace('OPT', 'o')} for o in opts]"]  # fmt: skip
            if form == "counted":
                update = block("for k in range(len(opts)):", ["opts[k].step()"])
                step = block("for k, (o, s) in enumerate(zip(opts, scheds)):", ["s.step()"])
            else:
                update, step = "[o.step() for o in opts]", "[s.step() for s in scheds]"
            return [*lines, *training(random, [update], [step], by_batch=by_batch)]


def groups(random: Random) -> list[str]:
    """Parameter groups, with a scheduler or with rates that are set by hand."""
    made = random.choice((
        "opt = torch.optim.SGD([{'params': one.parameters(), 'lr': 0.01}, {'params': two.parameters()}], lr=0.1)",
        "opt = torch.optim.AdamW([dict(params=m.parameters(), lr=0.1 * 0.5 ** k) for k, m in enumerate((one, two))])",
        "opt = torch.optim.SGD(one.parameters(), lr=0.1)\nopt.add_param_group({'params': two.parameters(), 'lr': 0.5})",
        "params = [{'params': one.parameters()}]\nparams.append({'params': two.parameters(), 'lr': cfg.lr})\n"
        "opt = torch.optim.SGD(params, lr=0.1)",
    ))  # fmt: skip
    by_hand = random.choice((
        "opt.param_groups[1]['lr'] *= 0.5", "for g in opt.param_groups: g['lr'] = max(g['lr'] / 2, 0.01)",
        "for g, lr in zip(opt.param_groups, base): g['lr'] = lr / (epoch + 1)",
        "for k, g in enumerate(opt.param_groups): g['lr'] = base[k] * 0.5 ** epoch",
    ))  # fmt: skip
    if random.random() < 0.5:
        return [made, "base = [g['lr'] for g in opt.param_groups]",
                *training(random, ["opt.step()"], [by_hand], by_batch=False)]  # fmt: skip
    by_batch = random.random() < 0.5
    scheduler = random.choice(BY_BATCH if by_batch else BY_EPOCH).replace("OPT", "opt")
    return [made, f"s = {scheduler}", *training(random, ["opt.step()"], ["s.step()"], by_batch=by_batch)]


def flags(random: Random) -> list[str]:
    """Values that are imported, and decide on the scheduler and its steps."""
    flag = random.choice(FLAGS)
    made, other = (random.choice(BY_EPOCH).replace("OPT", "opt") for _ in range(2))
    lines = ["opt = torch.optim.SGD(one.parameters(), lr=cfg.lr)", f"s = {made}"]
    match random.choice(("list", "other", "step", "group")):
        case "list":
            lines += ["every = [s]", block(f"if {flag}:", [f"every.append({other})"])]
            every = ["for each in every: each.step()"]
            return [*lines, *training(random, ["opt.step()"], every, by_batch=False)]
        case "other":
            lines[1] = f"s = {other} if {flag} else StepLR(opt, 1)"
        case "group":
            lines.insert(1, block(f"if {flag}:", ["opt.add_param_group({'params': two.parameters(), 'lr': 0.7})"]))
    return [*lines, *training(random, ["opt.step()"], ["s.step()"], by_batch=False, flag=flag)]


@pytest.mark.filterwarnings("ignore")  # torch warns of steps before the update
@pytest.mark.parametrize("kind", [several, groups, flags])
def test_the_rates_of_random_scripts(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(29)
    for _ in range(25):
        flag = random.random() < 0.5
        cfg = SimpleNamespace(epochs=random.randint(2, 4), lr=0.3, flag=flag, kind="a" if flag else "b")
        loader = [torch.ones(2)] * random.randint(2, 5)
        settings = SimpleNamespace(cfg=cfg, loader=loader, LEVEL=2 if flag else 1)
        monkeypatch.setitem(sys.modules, "settings", settings)
        text = "\n".join([*HEAD, *kind(random)])
        given = {f"cfg.{name}": value for name, value in vars(cfg).items()} | {"settings.LEVEL": settings.LEVEL}
        with pytest.raises(MissingValuesError) as caught:
            read_all(text, Fields({"steps_per_epoch": len(loader)}, lets={"len(loader)": len(loader)}))
        lets: dict[str, Any] = {each.text: given[each.text] for each in caught.value.missing}
        runs = read_all(text, Fields({"steps_per_epoch": len(loader)}, lets={"len(loader)": len(loader), **lets}))
        assert sorted(simulate(run).lr.tolist() for run in runs) == sorted(e.tolist() for e in executed(text)), text
