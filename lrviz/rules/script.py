"""LR7xx: the loop of a training script. What is told of it comes from the reader of scripts."""

from __future__ import annotations

from collections.abc import Iterator

from lrviz.rules.case import Case
from lrviz.rules.model import Found, rule

_STEP = "https://docs.pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"
_HEAD = """\
optimizer = SGD(model.parameters(), lr=0.1)
"""
_COSINE = f"""{_HEAD}\
scheduler = CosineAnnealingLR(optimizer, T_max=30)
"""
_LOOP = """\
for epoch in range(30):
    for batch in range(100):
        optimizer.step()
    scheduler.step()
"""


def _faults(case: Case, code: str, *kinds: str) -> Iterator[Found]:
    for fault in case.spec.faults:
        if fault.kind in kinds and not any(code.startswith(ignored) for ignored in fault.ignored):
            yield Found(fault.text, fault.advice, None if fault.kind == kinds[0] else "note", fault.line)


@rule(
    "LR701",
    "step-before-update",
    "warning",
    what="`scheduler.step()` comes before `optimizer.step()`.",
    why="The first rate of the schedule is then used by no update, and each later one comes an epoch or an update too "
    "early; torch warns of it at run time. Before PyTorch 1.1 this was the order.",
    example=f"""{_COSINE}\
for epoch in range(30):
    scheduler.step()
    for batch in range(100):
        optimizer.step()
""",
    near_miss=_COSINE + _LOOP,
    sources=(_STEP,),
)
def step_before_update(case: Case) -> Iterator[Found]:
    yield from _faults(case, "LR701", "order", "early")


@rule(
    "LR702",
    "two-loops",
    "warning",
    what="`scheduler.step()` is called in the loop over batches and in the loop over epochs.",
    why="The schedule then counts updates and epochs in one number, and is longer or shorter than it was meant to be.",
    example=f"""{_HEAD}\
scheduler = CosineAnnealingLR(optimizer, T_max=3000)
for epoch in range(30):
    for batch in range(100):
        optimizer.step()
        scheduler.step()
    scheduler.step()
""",
    near_miss=_COSINE + _LOOP,
    sources=("https://github.com/aimagelab/meshed-memory-transformer/issues/71", _STEP),
)
def two_loops(case: Case) -> Iterator[Found]:
    yield from _faults(case, "LR702", "loops", "some loops")


@rule(
    "LR703",
    "never-stepped",
    "error",
    what="A scheduler is created, and its `step()` is never called.",
    why="The rate stays at that of the first step. The curve that is drawn is that of a scheduler which is stepped "
    "after each update.",
    example=f"""{_HEAD}\
scheduler = CosineAnnealingLR(optimizer, T_max=3000)
for epoch in range(30):
    for batch in range(100):
        optimizer.step()
""",
    near_miss=_COSINE + _LOOP,
    hides=("LR1", "LR2", "LR3"),
    sources=("https://github.com/minar09/cp-vton-plus/issues/69", _STEP),
)
def never_stepped(case: Case) -> Iterator[Found]:
    yield from _faults(case, "LR703", "never")


@rule(
    "LR704",
    "rate-set-late",
    "warning",
    what="The rate of the optimizer is set after the scheduler was created, which ignores it.",
    why="A scheduler keeps the rates of the optimizer when it is created, and LambdaLR, OneCycleLR, CyclicLR and warm "
    "restarts compute every rate from them: what is set later holds until the first step.",
    example=f"""{_HEAD}\
scheduler = LambdaLR(optimizer, lambda epoch: 1 - epoch / 30)
for group in optimizer.param_groups:
    group["lr"] = 0.02
{_LOOP}""",
    near_miss=f"""{_HEAD}\
for group in optimizer.param_groups:
    group["lr"] = 0.02
scheduler = LambdaLR(optimizer, lambda epoch: 1 - epoch / 30)
{_LOOP}""",
    sources=("https://github.com/AnswerDotAI/ModernBERT/issues/124",),
)
def rate_set_late(case: Case) -> Iterator[Found]:
    yield from _faults(case, "LR704", "late")


@rule(
    "LR705",
    "steps-between-updates",
    "warning",
    what="`scheduler.step()` is called after each batch, and `optimizer.step()` after several.",
    why="With accumulated gradients an update takes several batches. A scheduler that steps after each batch is over "
    "at a fraction of the updates that its length was computed for.",
    example=f"""{_HEAD}\
scheduler = CosineAnnealingLR(optimizer, T_max=750)
for epoch in range(30):
    for i in range(100):
        if (i + 1) % 4 == 0:
            optimizer.step()
        scheduler.step()
""",
    near_miss=f"""{_HEAD}\
scheduler = CosineAnnealingLR(optimizer, T_max=750)
for epoch in range(30):
    for i in range(100):
        if (i + 1) % 4 == 0:
            optimizer.step()
            scheduler.step()
""",
    sources=("https://github.com/huggingface/accelerate/issues/963", _STEP),
)
def steps_between_updates(case: Case) -> Iterator[Found]:
    yield from _faults(case, "LR705", "uneven")


@rule(
    "LR706",
    "created-in-loop",
    "warning",
    what="The scheduler is created again in each epoch.",
    why="A new scheduler starts at step 0, from the rate that the last one left or that the optimizer began with: its "
    "schedule never gets further than one epoch.",
    example=f"""{_HEAD}\
for epoch in range(30):
    scheduler = LambdaLR(optimizer, lambda epoch: 1 - epoch / 30)
    for batch in range(100):
        optimizer.step()
    scheduler.step()
""",
    near_miss=f"""{_HEAD}\
scheduler = LambdaLR(optimizer, lambda epoch: 1 - epoch / 30)
{_LOOP}""",
    sources=(_STEP,),
)
def created_in_loop(case: Case) -> Iterator[Found]:
    yield from _faults(case, "LR706", "again", "restarts")
