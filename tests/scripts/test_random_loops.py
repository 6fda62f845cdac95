"""Training loops that are put together at random: each update uses the rate that is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from textwrap import indent

import pytest
import torch
from torch.optim.optimizer import register_optimizer_step_pre_hook

from lrviz.simulation import simulate
from lrviz.spec import Fields, read_all

MOST_UPDATES = 500  # of a loop, in case that it does not end
SCHEDULERS = (
    "StepLR(optimizer, 2, gamma=0.5)",
    "MultiStepLR(optimizer, milestones=[int(0.5 * EPOCHS), EPOCHS])",
    "CosineAnnealingLR(optimizer, T_max=EPOCHS * len(loader) // ACCUM + 1)",
    "LambdaLR(optimizer, lr_lambda=warm)",
    "OneCycleLR(optimizer, max_lr=0.3, total_steps=EPOCHS * len(loader) + 1)",
)
ACCUMULATES = (
    "(i + 1) % ACCUM == 0",
    "i % ACCUM == ACCUM - 1",
    "i % ACCUM == 0",
    "not (i + 1) % ACCUM",
    "(i + 1) % ACCUM == 0 or i + 1 == len(loader)",
    "i > 0 and i % ACCUM == 0",
)
AT_SOME_EPOCHS = ("epoch >= 1", "epoch % 2 == 0", "(epoch + 1) % 2 == 0", "epoch < EPOCHS - 1")
BY_HAND = ("LR * 0.5 ** (VALUE // 2)", "LR * min(1, (VALUE + 1) / 5)", "LR if VALUE < 2 else LR / 10")


def block(head: str, body: Sequence[str]) -> str:
    """A statement with a block."""
    return f"{head}\n" + indent("\n".join(body), "    ")


def random_loop(random: Random, batches: int) -> str:
    """A script with a training loop, whose loader has some batches."""

    def any_of(*choices: str) -> str:
        return random.choice(choices)

    def often() -> bool:
        return random.random() < 0.5

    by_hand = random.random() < 0.2
    at = any_of("update", "batch", "epoch", "some epochs", "some steps", "before")
    alone = random.random() < 0.3  # without a loop over epochs
    step = "scheduler.step()"
    value = "count" if alone or often() else "epoch"
    rate = block("for group in optimizer.param_groups:", [f"group['lr'] = {any_of(*BY_HAND).replace('VALUE', value)}"])

    update = ["optimizer.step()", "optimizer.zero_grad()"]
    update += [step] if at == "update" and not by_hand else []
    batch = ["model(x).sum().backward()"]
    batch = ([rate] if by_hand and value == "count" else [step] if at == "before" and not by_hand else []) + batch
    batch += [block(f"if {any_of(*ACCUMULATES)}:", update)] if often() else update
    batch += ["count += 1"]
    if not by_hand and at in ("batch", "some steps"):
        batch += [step if at == "batch" else block(f"if count % {random.randint(2, 3)} == 0:", [step])]
    if random.random() < 0.2:
        batch += [block(f"if count >= {random.randint(2, 3 * batches)}:", ["break"])]
    loop = block(any_of("for i, x in enumerate(loader):", "for i, x in enumerate(tqdm(loader)):"), batch)

    if alone:
        of_steps = block(f"for i in range({random.randint(5, 20)}):", ["x = next(batches)", *batch])
        ends = "if count >= 11:"
        endless = block("while True:", [block("for i, x in enumerate(loader):", [*batch, block(ends, ["break"])]),
                                        block(ends, ["break"])])  # fmt: skip
        main = any_of(loop, of_steps, endless)
    else:
        epoch = ([rate] if by_hand and value == "epoch" else []) + [loop]
        if not by_hand and at in ("epoch", "some epochs"):
            epoch += [step if at == "epoch" else block(f"if {any_of(*AT_SOME_EPOCHS)}:", [step])]
        counted = "epoch = 0\n" + block("while epoch < EPOCHS:", [*epoch, "epoch += 1"])
        main = any_of(block("for epoch in range(EPOCHS):", epoch), block("for epoch in range(1, EPOCHS + 1):", epoch),
                      counted)  # fmt: skip
    lines = [
        "from torch.optim.lr_scheduler import *",
        f"EPOCHS, LR, ACCUM, count = {random.randint(1, 4)}, 0.1, {random.randint(1, 4)}, 0",
        block("def warm(step):", [block("if step < 3:", ["return (step + 1) / 3"]), "return 0.95 ** (step - 3)"]),
        "model = torch.nn.Linear(2, 1)",
        f"optimizer = torch.optim.{any_of('SGD', 'AdamW')}(model.parameters(), lr=LR)",
        *([] if by_hand else [f"scheduler = {any_of(*SCHEDULERS)}"]),
        main,
    ]
    return "\n".join(lines)


def rates_of(text: str, batches: int) -> list[float] | None:
    """The rates of the updates of a script that is executed; None if it fails, or does not end."""
    rates: list[float] = []

    def endless() -> Iterator[torch.Tensor]:
        while len(rates) <= MOST_UPDATES:
            yield torch.ones(2)

    class Loader(list[torch.Tensor]):
        starts = 0

        def __iter__(self) -> Iterator[torch.Tensor]:
            self.starts += 1
            if self.starts > MOST_UPDATES:
                raise RuntimeError("the loop does not end")
            return super().__iter__()

    loader = Loader([torch.ones(2)] * batches)
    names = {"torch": torch, "loader": loader, "batches": endless(), "tqdm": lambda items: items}
    hook = register_optimizer_step_pre_hook(lambda optimizer, *_: rates.append(optimizer.param_groups[0]["lr"]))
    try:
        exec(compile(text, "train.py", "exec"), names)  # noqa: S102 - a script of this test
    except (RuntimeError, ValueError, StopIteration):  # it does not end, or steps OneCycleLR too often
        return None
    finally:
        hook.remove()
    return rates


@pytest.mark.filterwarnings("ignore")  # torch warns of steps before the update
def test_the_rates_of_random_loops() -> None:
    random = Random(17)
    compared = 0
    for _ in range(60):
        batches = random.randint(2, 6)
        text = random_loop(random, batches)
        if rates := rates_of(text, batches):
            (spec,) = read_all(text, Fields({"steps_per_epoch": batches}, lets={"len(loader)": batches}))
            assert simulate(spec).lr[:, 0].tolist() == rates, text
            compared += 1
    assert compared > 40
