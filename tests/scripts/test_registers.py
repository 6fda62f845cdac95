"""What libraries make schedulers of: configs of MMEngine, handlers of Ignite and arguments of timm."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from lrviz.errors import LrvizError
from lrviz.notation.script.registers import with_register
from lrviz.spec import Fields, RunSpec, read_all, read_run

CONFIG = """
max_epochs = 12
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=max_epochs, val_interval=1)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=500),
    {'type': 'mmdet.MultiStepLR', 'begin': 0, 'end': max_epochs, 'by_epoch': True, 'milestones': [8, 11]},
]
optimizer = dict(type='SGD', lr=0.02, momentum=0.9, weight_decay=0.0001)
optim_wrapper = dict(type='OptimWrapper', optimizer=optimizer)
"""


def lines(text: str) -> str:
    """The lines that follow a config."""
    tree = ast.parse(text)
    return ast.unparse(with_register(tree).body[len(tree.body) :])  # type: ignore[arg-type]


def read(text: str, **fields: Any) -> RunSpec:
    (run,) = read_all(text, Fields(fields))
    return run


def test_a_config_of_mmengine() -> None:
    run = read(CONFIG, steps_per_epoch=100)
    assert (run.loop.updates, run.groups[0].lr, run.optimizer.momentum) == (1200, 0.02, 0.9)
    assert [told.partition(" stepped")[0] for told in run.read[-2:]] == [
        "mmengine.optim.LinearLR", "mmengine.optim.MultiStepLR",
    ]  # fmt: skip
    with pytest.raises(LrvizError, match=r"unknown value `len\(train_dataloader\)`") as caught:
        read(CONFIG)
    assert "--steps-per-epoch N" in caught.value.hint
    alone = "param_scheduler = dict(type='PolyLR', power=0.9, end=40, by_epoch=False)"
    assert str(read_run(alone).scheduler) == "PolyLR(power=0.9, end=40, by_epoch=False)"
    run = read(f"{alone}; train_cfg = dict(type='IterBasedTrainLoop', max_iters=40)", lr=0.1)
    assert (run.loop.updates, run.groups[0].lr) == (40, 0.1)
    for text in ("param_scheduler = None", "param_scheduler = [make(0)]", "param_scheduler = []"):
        assert lines(text) == ""
        with pytest.raises(LrvizError):
            read(text)


def test_epochs_that_are_converted_to_updates() -> None:
    cosine = "dict(type='CosineAnnealingLR', T_max=9, begin=1, end=10, by_epoch=True, convert_to_iter_based=True)"
    text = lines(f"param_scheduler = [{cosine}]\n").splitlines()
    n = "len(train_dataloader)"
    assert text == [
        "import mmengine, torch",
        "optimizer = torch.optim.SGD(model.parameters(), lr=lr)",
        f"param_scheduler_0 = mmengine.optim.CosineAnnealingLR(optimizer, T_max=int(9 * {n}), begin=int(1 * {n}), "
        f"end=int(10 * {n}), by_epoch=False)",
        "for epoch in range(epochs):",
        "    for batch in train_dataloader:",
        "        optimizer.step()",
        "        param_scheduler_0.step()",
    ]
    steps = lines("param_scheduler = dict(type='MultiStepLR', milestones=[8, 11], convert_to_iter_based=True)")
    assert f"milestones=[8 * {n}, 11 * {n}], by_epoch=False" in steps


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "param_scheduler = dict(type='StepLR', step_size=1, by_epoch=x)",
            "`by_epoch` decides when the scheduler steps",
        ),
        ("param_scheduler = dict(type=kind, step_size=1)", "the `type` of a scheduler is not known"),
        (
            "param_scheduler = dict(type='StepLR', step_size=1, by_epoch=False, convert_to_iter_based=True)",
            "`convert_to_iter_based` needs `by_epoch=True`",
        ),
        (
            "param_scheduler = dict(type='StepLR', step_size=1); optim_wrapper = dict(accumulative_counts=4)",
            "`accumulative_counts` is not followed",
        ),
        ("param_scheduler = dict(type='ReduceOnPlateauLR', monitor='loss')", "it takes the results of an evaluation"),
        (
            "param_scheduler = dict(type='LinearMomentum', end=4)",
            "`LinearMomentum` is not a scheduler of MMEngine's rates",
        ),
        ("param_scheduler = [dict(type='mmengine.Nope')]", "`Nope` is not a scheduler of MMEngine's rates"),
    ],
)
def test_what_of_mmengine_is_refused(text: str, message: str) -> None:
    with pytest.raises(LrvizError, match=message) as caught:
        read(text, steps_per_epoch=4, epochs=3, lr=0.1)
    assert caught.value.hint or "results" in message


IGNITE = """
from ignite.engine import Events
from ignite.handlers import LinearCyclicalScheduler, PiecewiseLinear, ConcatScheduler
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = LinearCyclicalScheduler(optimizer, "lr", 1e-3, 1e-1, 8)
trainer.add_event_handler(Events.ITERATION_STARTED, scheduler)
trainer.run(loader, max_epochs=5)
"""


def test_the_events_of_ignite() -> None:
    loop = read(IGNITE, steps_per_epoch=4).loop
    assert (loop.interval, loop.epochs) == ("step", 5)
    loop = read(IGNITE.replace("ITERATION", "EPOCH"), steps_per_epoch=4).loop
    assert (loop.interval, loop.epochs) == ("epoch", 5)
    for event in ("Events.ITERATION_COMPLETED", "Events.ITERATION_STARTED(every=2)", "event"):
        with pytest.raises(LrvizError, match="is not followed") as caught:
            read(IGNITE.replace("Events.ITERATION_STARTED", event))
        assert caught.value.hint == "attach it to Events.ITERATION_STARTED or Events.EPOCH_STARTED"
    start = IGNITE.partition("scheduler = ")[0]
    for call, message in (
        ("PiecewiseLinear(optimizer, 'lr', milestones_values=[(0, 0.1), (9, 0.0)])", "has no list inside a list"),
        ("ConcatScheduler([one, two], [9])", "draw each of them"),
    ):
        with pytest.raises(LrvizError, match=message):
            read(f"{start}scheduler = {call}\n")


def test_the_arguments_of_timm() -> None:
    text = (
        "import argparse\nfrom timm.scheduler import create_scheduler\nparser = argparse.ArgumentParser()\n"
        "parser.add_argument('--sched', default='cosine')\nparser.add_argument('--epochs', default=6)\n"
        "parser.add_argument('--eval-metric', default='loss')\nargs = parser.parse_args()\n"
        "optimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n"
        "scheduler, num_epochs = create_scheduler(args, optimizer)\n"
    )
    run = read(text)
    assert str(run.scheduler).startswith("create_scheduler_v2(sched='cosine', num_epochs=6, decay_epochs=30,")
    assert "plateau_mode='min'" in str(run.scheduler)
    assert (run.loop.epochs, run.loop.interval) == (6, "epoch")
    with pytest.raises(LrvizError, match="its arguments are those of timm's command line"):
        read(text.replace("from timm.scheduler import create_scheduler", "import timm").replace(
            "= create_sch", "= timm.scheduler.create_sch"))  # fmt: skip
