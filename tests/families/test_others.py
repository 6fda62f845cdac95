"""The families without a file of their own here, against the loops of their documentation."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, ExponentialLR, ReduceLROnPlateau, StepLR

from lrviz.code import training_script
from lrviz.errors import LrvizError
from lrviz.schedulers import Family, family, find, is_installed
from lrviz.simulation import simulate
from lrviz.spec import Fields, read_all, read_run
from tests.scripts.running import executed

pytestmark = [pytest.mark.families, pytest.mark.filterwarnings("ignore")]

OURS = (
    "timm", "pytorch_warmup", "warmup_scheduler", "pl_bolts", "deepspeed", "megatron", "ignite", "mmengine",
)  # fmt: skip
UPDATES = 24
METRICS = [5.0, 4.0, 4.0, 4.0, 3.9, 4.0, 4.0, 4.0] * 3


def package(name: str) -> Family:
    """The family of a package that is installed."""
    found = family(name)
    assert found is not None
    try:
        found.load(found.schedulers[0].module)
    except ModuleNotFoundError:
        pytest.skip(f"{found.install} is not installed")
    return found


def factory(name: str) -> Any:
    """The class of a scheduler."""
    info = find(name)
    assert info is not None
    return getattr(package(info.family).load(info.module), name)


def adam(groups: int = 1) -> torch.optim.Optimizer:
    """An optimizer with betas."""
    layers = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": 0.5 / (i + 1)} for i in range(groups)]
    return torch.optim.Adam(layers, lr=0.5)


def trained(
    make: Callable[[Any], Any], after: Callable[[Any, int], None], groups: int = 1
) -> tuple[list[list[float]], list[float]]:
    """The rates of a loop, and beta1; `after` is what it calls after update number n, from 1."""
    optimizer = adam(groups)
    scheduler = make(optimizer)
    rates, betas = [], []
    for update in range(1, UPDATES + 1):
        rates.append([group["lr"] for group in optimizer.param_groups])
        betas.append(optimizer.param_groups[0]["betas"][0])
        optimizer.step()
        after(scheduler, update)
    return rates, betas


def step(scheduler: Any, update: int) -> None:
    """As most loops do."""
    scheduler.step()


def drawn(text: str, **fields: Any) -> list[list[float]]:
    """The rates of a run of `UPDATES`."""
    run = read_run(text, Fields({"lr": "0.5", "steps": str(UPDATES), "optimizer": "Adam", **fields}))
    rates: list[list[float]] = simulate(run).lr.tolist()
    return rates


GROUPS = ((1, "0.5"), (2, "0.5,0.25"))


def notation(name: str, values: dict[str, Any]) -> str:
    """A call as it is pasted."""
    return f"{name}(optimizer, {', '.join(f'{k}={v!r}' for k, v in values.items())})"


DEEPSPEED: list[tuple[str, dict[str, Any]]] = [
    ("WarmupLR", {"warmup_max_lr": 0.3, "warmup_num_steps": 8}),
    ("WarmupLR", {"warmup_min_lr": 0.01, "warmup_max_lr": 0.3, "warmup_num_steps": 5, "warmup_type": "linear"}),
    ("WarmupLR", {"warmup_num_steps": 1, "last_batch_iteration": -1}),
    ("WarmupDecayLR", {"total_num_steps": 24, "warmup_max_lr": 0.3, "warmup_num_steps": 6}),
    ("WarmupDecayLR", {"total_num_steps": 12, "warmup_min_lr": 0.1, "warmup_num_steps": 6, "warmup_type": "linear"}),
    ("WarmupDecayLR", {"total_num_steps": 40, "warmup_num_steps": 30}),
    ("WarmupCosineLR", {"total_num_steps": 24, "warmup_num_steps": 6}),
    ("WarmupCosineLR", {"total_num_steps": 16, "warmup_min_ratio": 0.1, "warmup_num_steps": 4, "cos_min_ratio": 0.2}),
    ("WarmupCosineLR", {"total_num_steps": 24, "warmup_num_steps": 6, "warmup_type": "linear"}),
    ("OneCycle", {"cycle_min_lr": 0.01, "cycle_max_lr": 0.2, "cycle_first_step_size": 6}),
    ("OneCycle", {"cycle_min_lr": 0.01, "cycle_max_lr": 0.2, "cycle_first_step_size": 8, "cycle_momentum": False}),
    (
        "OneCycle",
        {
            "cycle_min_lr": 0.01, "cycle_max_lr": 0.2, "cycle_first_step_size": 4, "cycle_second_step_size": 8,
            "cycle_first_stair_count": 2, "decay_step_size": 3, "decay_lr_rate": 0.5, "decay_mom_rate": 0.1,
        },
    ),
    ("LRRangeTest", {"lr_range_test_step_size": 6}),
    ("LRRangeTest", {"lr_range_test_min_lr": 1e-5, "lr_range_test_step_size": 4, "lr_range_test_staircase": True}),
    ("LRRangeTest", {"lr_range_test_min_lr": 1e-4, "lr_range_test_step_size": 5, "lr_range_test_step_rate": 2.5}),
]  # fmt: skip


def test_deepspeed() -> None:
    for name, values in DEEPSPEED:
        make = factory(name)
        for groups, lr in GROUPS:
            rates, betas = trained(partial(make, **values), step, groups)
            assert drawn(notation(name, values), lr=lr) == rates, (name, values)
        run = read_run(notation(name, values), Fields({"lr": "0.5", "steps": str(UPDATES), "optimizer": "Adam"}))
        momentum = simulate(run).momentum
        assert (momentum is None) == (len(set(betas)) == 1), (name, values)
        assert momentum is None or momentum[:, 0].tolist() == betas
    first = drawn("WarmupLR(warmup_max_lr=0.3, warmup_num_steps=8)")[:3]
    assert first[0] == first[1] == [0.0]
    assert first[2] > [0.0]


MEGATRON: list[dict[str, Any]] = [
    {"lr_decay_style": "cosine"},
    {"lr_decay_style": "linear", "init_lr": 0.01, "min_lr": 0.02},
    {"lr_decay_style": "inverse-square-root", "start_wd": 0.0, "end_wd": 0.1, "wd_incr_style": "linear"},
    {"lr_decay_style": "constant", "lr_warmup_steps": 0},
    {"lr_decay_style": "WSD", "wsd_decay_steps": 512, "lr_wsd_decay_style": "minus_sqrt"},
]


def test_megatron_counts_samples() -> None:
    make = factory("OptimizerParamScheduler")
    for changed in MEGATRON:
        values = {
            "init_lr": 0.0, "max_lr": 0.3, "min_lr": 0.03, "lr_warmup_steps": 4 * 64, "lr_decay_steps": 20 * 64,
            "start_wd": 0.1, "end_wd": 0.1, "wd_incr_steps": 20 * 64, "wd_incr_style": "constant", **changed,
        }  # fmt: skip
        for groups, lr in GROUPS:
            expected, _ = trained(partial(make, **values), lambda s, _: s.step(increment=64), groups)
            text = notation("OptimizerParamScheduler", values)
            assert drawn(f"{text[:-1]}, increment=64)", lr=lr) == expected, changed
            of_run = {"dataset_size": str(UPDATES * 64), "batch_size": "32", "grad_accum": "2", "epochs": "1"}
            assert drawn(text, lr=lr, steps=None, **of_run) == expected, changed
    with pytest.raises(LrvizError, match="counts samples, and the samples of an update are not known") as caught:
        drawn(text)
    assert "--increment 256" in caught.value.hint


PERIODS: list[tuple[str, dict[str, Any]]] = [
    ("LinearWarmup", {"warmup_period": 6}),
    ("LinearWarmup", {"warmup_period": 1}),
    ("LinearWarmup", {"warmup_period": 40, "last_step": -1}),
    ("ExponentialWarmup", {"warmup_period": 3}),
    ("ExponentialWarmup", {"warmup_period": 6}),
    ("ExponentialWarmup", {"warmup_period": 20}),
    ("UntunedLinearWarmup", {}),
    ("UntunedExponentialWarmup", {}),
    ("RAdamWarmup", {}),
]
INNER: list[tuple[str, Callable[[Any], Any]]] = [
    ("None", lambda optimizer: None),
    ("CosineAnnealingLR(optimizer, T_max=24)", lambda optimizer: CosineAnnealingLR(optimizer, T_max=24)),
    ("StepLR(optimizer, 5, 0.5)", lambda optimizer: StepLR(optimizer, 5, 0.5)),
    ("ExponentialLR(optimizer, 0.9)", lambda optimizer: ExponentialLR(optimizer, 0.9)),
]
WARMED = """\
import pytorch_warmup as warmup
optimizer = torch.optim.Adam(params, lr=0.5)
lr_scheduler = {inner}
warmup_scheduler = warmup.{outer}
for epoch in range(3):
    for i in range(8):
        optimizer.step()
        with warmup_scheduler.dampening():
            {body}
"""


def test_pytorch_warmup() -> None:
    for name, values in PERIODS:
        make = factory(name)
        for inner, made in INNER:
            for groups, lr in GROUPS:

                def both(optimizer: Any, made: Any = made, make: Any = make, values: Any = values) -> Any:
                    scheduler = made(optimizer)
                    return scheduler, make(optimizer, **values)

                def dampened(pair: Any, update: int) -> None:
                    with pair[1].dampening():
                        if pair[0] is not None:
                            pair[0].step()

                expected, _ = trained(both, dampened, groups)
                text = notation(name, {**values}).removesuffix(")").removesuffix(", ")
                assert drawn(f"{text}, lr_scheduler={inner})", lr=lr) == expected, (name, inner)
            body = "lr_scheduler.step()" if inner != "None" else "pass"
            outer = notation(name, values)
            (run,) = read_all(WARMED.format(inner=inner, outer=outer, body=body))
            expected, _ = trained(both, dampened)
            assert simulate(run).lr.tolist() == expected, (name, inner)
            lines = WARMED.format(inner=inner, outer=outer, body=body).partition("for epoch")[0]
            (run,) = read_all(lines, Fields({"steps": str(UPDATES)}))
            assert simulate(run).lr.tolist() == expected, (name, inner)


def test_a_warmup_that_delays_its_scheduler() -> None:
    make = factory("LinearWarmup")

    def delayed(pair: Any, update: int) -> None:
        iteration = pair[1].last_step + 1
        with pair[1].dampening():
            if iteration >= 6:
                pair[0].step()

    def both(optimizer: Any) -> Any:
        return CosineAnnealingLR(optimizer, T_max=18), make(optimizer, warmup_period=6)

    body = "if warmup_scheduler.last_step + 1 >= 6:\n                lr_scheduler.step()"
    outer = "LinearWarmup(optimizer, warmup_period=6)"
    script = WARMED.format(inner="CosineAnnealingLR(optimizer, T_max=18)", outer=outer, body=body)
    script = script.replace("        with", "        iteration = warmup_scheduler.last_step + 1\n        with")
    (run,) = read_all(script.replace("warmup_scheduler.last_step + 1 >=", "iteration >="))
    assert simulate(run).lr.tolist() == trained(both, delayed)[0]


def test_a_warmup_of_a_plateau() -> None:
    make = factory("LinearWarmup")

    def dampened(pair: Any, update: int) -> None:
        with pair[1].dampening():
            pair[0].step(METRICS[update - 1])

    def both(optimizer: Any) -> Any:
        return ReduceLROnPlateau(optimizer, patience=1), make(optimizer, warmup_period=6)

    text = "LinearWarmup(warmup_period=6, lr_scheduler=ReduceLROnPlateau(patience=1))"
    assert drawn(text, metric=",".join(map(str, METRICS))) == trained(both, dampened)[0]


GRADUAL: list[tuple[dict[str, Any], str, Callable[[Any], Any]]] = [
    ({"multiplier": multiplier, "total_epoch": total}, inner, made)
    for multiplier, total in ((1, 5), (1.0, 8), (8, 5))
    for inner, made in INNER
]


def test_gradual_warmup() -> None:
    make = factory("GradualWarmupScheduler")
    for values, inner, made in GRADUAL:

        def both(optimizer: Any, made: Any = made, values: Any = values) -> Any:
            return make(optimizer, after_scheduler=made(optimizer), **values)

        text = f"{notation('GradualWarmupScheduler', values)[:-1]}, after_scheduler={inner})"
        for groups, lr in GROUPS:
            assert drawn(text, lr=lr) == trained(both, step, groups)[0], (values, inner)
        # As its page steps it: at the start of each epoch, with the number of the epoch from 1.
        script = (
            "from warmup_scheduler import GradualWarmupScheduler\n"
            f"optimizer = torch.optim.Adam(params, lr=0.5)\nafter = {inner}\n"
            f"scheduler_warmup = {text.replace(f'after_scheduler={inner}', 'after_scheduler=after')}\n"
            "for epoch in range(1, 13):\n    scheduler_warmup.step(epoch)\n"
            "    for i in range(2):\n        optimizer.step()\n"
        )
        (run,) = read_all(script)
        optimizer = adam()
        scheduler, rates = both(optimizer), []
        for epoch in range(1, 13):
            scheduler.step(epoch)
            rates += [[optimizer.param_groups[0]["lr"]]] * 2
            optimizer.step()
        assert simulate(run).lr.tolist() == rates, (values, inner)
    with pytest.raises(LrvizError, match="cannot contain `ReduceLROnPlateau`"):
        drawn("GradualWarmupScheduler(multiplier=1, total_epoch=5, after_scheduler=ReduceLROnPlateau())")


def test_lightning_bolts() -> None:
    make = factory("LinearWarmupCosineAnnealingLR")
    for values in (
        {"warmup_epochs": 4, "max_epochs": 24},
        {"warmup_epochs": 2, "max_epochs": 12, "warmup_start_lr": 0.01, "eta_min": 0.001},
        {"warmup_epochs": 10, "max_epochs": 40, "eta_min": 0.1},
    ):
        for groups, lr in GROUPS:
            expected, _ = trained(partial(make, **values), step, groups)
            assert drawn(notation("LinearWarmupCosineAnnealingLR", values), lr=lr) == expected, values


IGNITE: list[tuple[str, dict[str, Any]]] = [
    ("LinearCyclicalScheduler", {"start_value": 0.1, "end_value": 0.5, "cycle_size": 8}),
    ("LinearCyclicalScheduler", {"start_value": 0.5, "end_value": 0.0, "cycle_size": 24, "monotonic": True}),
    (
        "LinearCyclicalScheduler",
        {"start_value": 0.5, "end_value": 0.1, "cycle_size": 6, "cycle_mult": 1.5, "start_value_mult": 0.5},
    ),
    ("CosineAnnealingScheduler", {"start_value": 0.5, "end_value": 0.0, "cycle_size": 24}),
    ("CosineAnnealingScheduler", {"start_value": 0.5, "end_value": 0.1, "cycle_size": 6, "end_value_mult": 0.5}),
    ("CosineAnnealingScheduler", {"start_value": 0.5, "end_value": 0.1, "cycle_size": 6, "warmup_duration": 3}),
]
IGNITE_WARMUP: list[dict[str, Any]] = [
    {"warmup_start_value": 0.0, "warmup_duration": 5},
    {"warmup_start_value": 0.1, "warmup_duration": 2, "warmup_end_value": 0.4},
    {"warmup_start_value": 0.0, "warmup_duration": 10, "warmup_end_value": 0.5, "save_history": False},
]


def ignited(make: Callable[[Any], Any]) -> list[list[float]]:
    """The rates of a trainer of Ignite, with the handler attached to the start of each iteration."""
    engine = pytest.importorskip("ignite.engine")
    optimizer = adam()
    rates = []

    def update(trainer: Any, batch: Any) -> None:
        rates.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()

    trainer = engine.Engine(update)
    trainer.add_event_handler(engine.Events.ITERATION_STARTED, make(optimizer))
    trainer.run([0] * 8, max_epochs=UPDATES // 8)
    return rates


def test_ignite() -> None:
    for name, values in IGNITE:
        make = factory(name)
        expected = ignited(partial(make, param_name="lr", **values))
        assert drawn(notation(name, {"param_name": "lr", **values})) == expected, (name, values)
    around = factory("create_lr_scheduler_with_warmup")
    for values in IGNITE_WARMUP:
        for inner, made in INNER[1:]:

            def both(optimizer: Any, made: Any = made, values: Any = values) -> Any:
                return around(made(optimizer), **values)

            text = ", ".join(f"{k}={v!r}" for k, v in values.items())
            found = drawn(f"scheduler = create_lr_scheduler_with_warmup({inner}, {text})")
            assert found == ignited(both), (values, inner)


IGNITE_SCRIPT = """
from ignite.engine import Engine, Events
from ignite.handlers import LinearCyclicalScheduler, create_lr_scheduler_with_warmup
optimizer = torch.optim.Adam(model.parameters(), lr=0.5)
trainer = Engine(update)
scheduler = {scheduler}
trainer.add_event_handler(Events.{event}, scheduler)
trainer.run(loader, max_epochs={epochs})
"""


def test_scripts_of_ignite() -> None:
    engine = pytest.importorskip("ignite.engine")
    around = factory("create_lr_scheduler_with_warmup")
    cyclic = partial(factory("LinearCyclicalScheduler"), param_name="lr", start_value=0.1, end_value=0.5, cycle_size=6)
    cases: list[tuple[str, Callable[[Any], Any]]]
    for event in ("ITERATION_STARTED", "EPOCH_STARTED"):
        cases = [
            ("LinearCyclicalScheduler(optimizer, 'lr', 0.1, 0.5, 6)", cyclic),
            (
                "create_lr_scheduler_with_warmup(ExponentialLR(optimizer, 0.9), 0.0, 3)",
                lambda optimizer: around(ExponentialLR(optimizer, 0.9), 0.0, 3),
            ),
        ]
        for text, make in cases:
            optimizer, found = adam(), []
            trainer = engine.Engine(lambda *_: found.append([g["lr"] for g in optimizer.param_groups]))  # noqa: B023
            trainer.add_event_handler(engine.Events[event], make(optimizer))
            trainer.run([0] * 4, max_epochs=8)
            script = IGNITE_SCRIPT.format(scheduler=text, event=event, epochs=8)
            (run,) = read_all(script, Fields({"steps_per_epoch": "4"}))
            assert simulate(run).lr.tolist() == found, (event, text)


STEPS = {"by_epoch": False}
MMENGINE: list[tuple[str, dict[str, Any]]] = [
    ("ConstantLR", {"factor": 0.1, "end": 8, **STEPS}),
    ("ConstantLR", {"begin": 4, "end": 12, **STEPS}),
    ("ConstantLR", {"factor": 0.5, "end": 2}),
    ("LinearLR", {"start_factor": 0.001, "begin": 0, "end": 10, **STEPS}),
    ("LinearLR", {"start_factor": 0.5, "end_factor": 0.1, "end": 3}),
    ("LinearLR", {"begin": 5, "end": 20, **STEPS}),
    ("StepLR", {"step_size": 5, **STEPS}),
    ("StepLR", {"step_size": 1, "gamma": 0.5}),
    ("StepLR", {"step_size": 3, "begin": 4, "end": 20, **STEPS}),
    ("MultiStepLR", {"milestones": [1, 2]}),
    ("MultiStepLR", {"milestones": [8, 11], "gamma": 0.3, **STEPS}),
    ("MultiStepLR", {"milestones": [8, 11], "begin": 2, "end": 12, **STEPS}),
    ("ExponentialLR", {"gamma": 0.9, **STEPS}),
    ("ExponentialLR", {"gamma": 0.5}),
    ("ExponentialLR", {"gamma": 0.9, "begin": 3, "end": 9, **STEPS}),
    ("CosineAnnealingLR", {"T_max": 24, **STEPS}),
    ("CosineAnnealingLR", {"T_max": 3, "eta_min": 0.1}),
    ("CosineAnnealingLR", {"eta_min_ratio": 0.1, "begin": 4, "end": 24, **STEPS}),
    ("PolyLR", {"power": 0.9, "eta_min": 1e-4, "end": 24, **STEPS}),
    ("PolyLR", {"power": 2.0, "begin": 5, "end": 20, **STEPS}),
    ("PolyLR", {"end": 3}),
    ("OneCycleLR", {"eta_max": 0.5, "total_steps": 24, **STEPS}),
    ("OneCycleLR", {"eta_max": 0.5, "total_steps": 30, "anneal_strategy": "linear", "pct_start": 0.5, **STEPS}),
    ("OneCycleLR", {"eta_max": 0.5, "total_steps": 30, "three_phase": True, "div_factor": 10.0, **STEPS}),
    ("CosineRestartLR", {"periods": [8, 16], "restart_weights": [1, 0.5], "eta_min": 0.01, **STEPS}),
    ("CosineRestartLR", {"periods": [24], "eta_min_ratio": 0.1, **STEPS}),
    ("CosineRestartLR", {"periods": [1, 2], "restart_weights": [1, 1], "eta_min": 0}),
]


def test_mmengine() -> None:
    found = package("mmengine")
    for name, values in MMENGINE:
        info = found.find(name)
        assert info is not None
        make = getattr(found.load(info.module), name)
        by_epoch = values.get("by_epoch", True)

        def after(scheduler: Any, update: int, by_epoch: bool = by_epoch) -> None:
            if (not by_epoch or update % 8 == 0) and update < UPDATES:
                scheduler.step()

        for groups, lr in GROUPS:
            expected, _ = trained(partial(make, **values), after, groups)
            text = f"mmengine.optim.{notation(name, values)}"
            assert drawn(text, lr=lr, steps=None, epochs="3", steps_per_epoch="8") == expected, (name, values)
    for text, message in [
        ("mmengine.optim.LinearLR(begin=4, end=4)", "`end` must be larger than `begin`, got 4 and 4"),
        ("mmengine.optim.CosineAnnealingLR(T_max=4, eta_min=0, eta_min_ratio=0.1)", "are both given"),
        ("CosineRestartLR(periods=[4])", "needs `eta_min` or `eta_min_ratio`"),
        ("CosineRestartLR(periods=[4, 4], eta_min=0)", "needs a weight for each period, got 2 periods and 1 weights"),
        ("mmengine.optim.ReduceOnPlateauLR()", "it takes the results of an evaluation"),
        ("ignite.handlers.PiecewiseLinear('lr')", "the notation has no list inside a list"),
    ]:
        with pytest.raises(LrvizError, match=message):
            drawn(text)


# The items of `param_scheduler`, of which each is one for MMEngine; epochs of 8 batches.
REGISTERS: list[list[dict[str, Any]]] = [
    [
        {"type": "LinearLR", "start_factor": 0.001, "by_epoch": False, "begin": 0, "end": 5},
        {"type": "MultiStepLR", "begin": 0, "end": 3, "by_epoch": True, "milestones": [1, 2], "gamma": 0.1},
    ],
    [
        {"type": "LinearLR", "start_factor": 1e-2, "by_epoch": True, "end": 1, "convert_to_iter_based": True},
        {
            "type": "CosineAnnealingLR", "T_max": 2, "eta_min": 0.01, "by_epoch": True, "begin": 1, "end": 3,
            "convert_to_iter_based": True,
        },
    ],
    [{"type": "MultiStepLR", "milestones": [1, 2], "convert_to_iter_based": True}],
    [{"type": "PolyLR", "power": 0.9, "eta_min": 1e-4, "begin": 2, "end": 20, "by_epoch": False}],
]  # fmt: skip
CONFIG = """
_base_ = ["base.py"]
train_cfg = dict({cfg})
param_scheduler = {schedulers}
optim_wrapper = dict(type="OptimWrapper", optimizer=dict(type="Adam", lr=0.5), clip_grad=None)
"""


def test_configs_of_mmengine() -> None:
    found = package("mmengine")
    module = found.load(found.schedulers[0].module)
    for items in REGISTERS:
        optimizer, rates = adam(), []
        schedulers = []
        for item in items:
            values = {k: v for k, v in item.items() if k not in ("type", "convert_to_iter_based")}
            cls = getattr(module, item["type"])
            if item.get("convert_to_iter_based"):
                schedulers.append(cls.build_iter_from_epoch(optimizer, **{"by_epoch": True, **values}, epoch_length=8))
            else:
                schedulers.append(cls(optimizer, **values))
        for _ in range(3):
            for _ in range(8):
                rates.append([group["lr"] for group in optimizer.param_groups])
                for scheduler in schedulers:
                    if not scheduler.by_epoch:
                        scheduler.step()
            for scheduler in schedulers:
                if scheduler.by_epoch:
                    scheduler.step()
        called = ", ".join(f"dict({', '.join(f'{k}={v!r}' for k, v in item.items())})" for item in items)
        for written in (repr(items), f"[{called}]"):
            text = CONFIG.format(cfg="type='EpochBasedTrainLoop', max_epochs=3", schedulers=written)
            (run,) = read_all(text, Fields({"steps_per_epoch": "8"}))
            assert simulate(run).lr.tolist() == rates, written
            (run,) = read_all(
                f"param_scheduler = {written}", Fields({"steps_per_epoch": "8", "epochs": "3", "lr": "0.5"})
            )
            assert simulate(run).lr.tolist() == rates, written
        if not any(item.get("by_epoch", True) for item in items):
            text = CONFIG.format(cfg="type='IterBasedTrainLoop', max_iters=24", schedulers=repr(items))
            (run,) = read_all(text)
            assert simulate(run).lr.tolist() == rates


def test_the_parameters_are_those_of_the_package() -> None:
    for name in OURS:
        found = family(name)
        assert found is not None
        for info in found.schedulers if is_installed(found) else ():
            function = getattr(found.load(info.module), info.attribute)
            if name == "mmengine":  # the classes pass all to those that they are made of
                function = function.__mro__[2].__init__
            if info.name == "LinearCyclicalScheduler":  # likewise, but for `monotonic`
                function = function.__mro__[1]
            known = {k: p.default for k, p in inspect.signature(function).parameters.items()}
            for other in ("self", "optimizer", "last_epoch", "verbose", "output_simulated_values"):
                known.pop(other, None)
            if name == "mmengine":
                known.pop("param_name")
            ours = {p.name: p for p in info.parameters if p.name not in info.of_loop}
            ours.pop("monotonic", None)
            assert list(ours) == list(known), info.name
            for parameter, default in known.items():
                assert ours[parameter].required == (default is inspect.Parameter.empty), (info.name, parameter)
                if not ours[parameter].required:
                    assert ours[parameter].default == default, (info.name, parameter)


def test_the_curves_are_those_of_the_packages() -> None:
    for name in OURS:
        found = family(name)
        assert found is not None
        for info in found.schedulers if is_installed(found) else ():
            rates = simulate(read_run(info.example or info.short)).lr[:, 0].tolist()
            assert found.curves[info.short] == tuple(round(rate * 1e6) for rate in rates), info.short


# Runs of which `lrviz code` writes the loop, with the packages whose loop it is.
WRITTEN = {
    "timm": [
        "timm-cosine(t_initial=3, warmup_t=1, lr_min=1e-4) @ epochs=5, steps_per_epoch=3",
        "timm-step(decay_t=4, decay_rate=0.5, t_in_epochs=False) @ epochs=3, steps_per_epoch=5, grad_accum=2",
        "timm-plateau(patience_t=0, mode='min') @ epochs=6, steps_per_epoch=2",
        "create_scheduler_v2(num_epochs=4, warmup_epochs=2, cooldown_epochs=1) @ steps_per_epoch=3",
        "create_scheduler_v2(sched='poly', num_epochs=4, step_on_epochs=False, updates_per_epoch=3)",
    ],
    "pytorch_warmup": [
        "LinearWarmup(warmup_period=6, lr_scheduler=CosineAnnealingLR())",
        "UntunedLinearWarmup(lr_scheduler=StepLR(4, 0.5)) @ steps=20",
        "ExponentialWarmup(warmup_period=3) @ epochs=4, interval=epoch",
    ],
    "megatron": [
        "megatron(lr_warmup_steps=64, lr_decay_steps=1024, increment=32)",
        "megatron(lr_warmup_steps=64, lr_decay_steps=512) @ dataset_size=256, batch_size=8, grad_accum=4",
    ],
    "ignite": [
        "LinearCyclicalScheduler(start_value=0.1, end_value=0.5, cycle_size=6) @ epochs=3, steps_per_epoch=5",
        "CosineAnnealingScheduler(cycle_size=4) @ epochs=6, steps_per_epoch=3, interval=epoch",
        "ignite-cosine @ max_steps=7, steps_per_epoch=3",
        "ignite-warmup(ExponentialLR(gamma=0.9), warmup_start_value=0.0, warmup_duration=6) @ steps=9",
    ],
    "deepspeed": ["WarmupLR(warmup_num_steps=4) @ steps=9"],
    "mmengine": ["mmengine.optim.LinearLR(end=5, by_epoch=False)", "mmengine.optim.StepLR(step_size=2)"],
}


@pytest.mark.parametrize("name", WRITTEN)
def test_the_loops_that_are_written_use_the_rates_of_lrviz(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(name)
    monkeypatch.chdir(tmp_path)
    for line in WRITTEN[name]:
        spec = read_run(line)
        expected = simulate(spec).lr.tolist()
        assert [rates.tolist() for rates in executed(training_script(spec))] == [expected], line
