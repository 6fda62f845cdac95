"""The schedulers of timm, against the loop of its training script."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from lrviz.errors import SimulationError, SpecError, UsageError
from lrviz.schedulers import find
from lrviz.schedulers.bare import bare
from lrviz.schedulers.families.timm import FAMILY, create, total_epochs
from lrviz.simulation import simulate
from lrviz.spec import Fields, read_all, read_run

pytestmark = [pytest.mark.families, pytest.mark.filterwarnings("ignore::FutureWarning")]

BY_UPDATE = {"t_in_epochs": False}
WARMUP = {"warmup_t": 2, "warmup_lr_init": 0.01}
# Three sets of parameters or more for each scheduler.
CASES: list[tuple[str, dict[str, Any]]] = [
    ("CosineLRScheduler", {"t_initial": 6}),
    ("CosineLRScheduler", {"t_initial": 3, "lr_min": 0.05, "cycle_limit": 2, "cycle_decay": 0.5, **WARMUP}),
    ("CosineLRScheduler", {"t_initial": 18, "warmup_t": 5, "warmup_prefix": True, "k_decay": 1.5, **BY_UPDATE}),
    ("CosineLRScheduler", {"t_initial": 5, "cycle_mul": 2.0, "cycle_limit": 3, "noise_range_t": [4, 20], **BY_UPDATE}),
    ("CosineLRScheduler", {"t_initial": 6, "noise_range_t": 2, "noise_pct": 0.3, "noise_seed": 7}),
    ("StepLRScheduler", {"decay_t": 2, "decay_rate": 0.5}),
    ("StepLRScheduler", {"decay_t": 2.4, "decay_rate": 0.97, **WARMUP}),
    ("StepLRScheduler", {"decay_t": 7, "decay_rate": 0.1, "warmup_t": 3, "warmup_prefix": False, **BY_UPDATE}),
    ("MultiStepLRScheduler", {"decay_t": [2, 4], "decay_rate": 0.5}),
    ("MultiStepLRScheduler", {"decay_t": [1, 2, 3], "decay_rate": 0.3, **WARMUP}),
    ("MultiStepLRScheduler", {"decay_t": [5, 11], "decay_rate": 0.1, "noise_range_t": [0, 9], **BY_UPDATE}),
    ("PlateauLRScheduler", {"patience_t": 1, "mode": "min"}),
    ("PlateauLRScheduler", {"patience_t": 0, "decay_rate": 0.5, "lr_min": 0.05, "threshold": 0.1, **WARMUP}),
    ("PlateauLRScheduler", {"patience_t": 0, "mode": "min", "cooldown_t": 1, "noise_range_t": [1, 5]}),
    ("PolyLRScheduler", {"t_initial": 6}),
    ("PolyLRScheduler", {"t_initial": 4, "power": 0.9, "lr_min": 0.01, "cycle_limit": 2, **WARMUP}),
    ("PolyLRScheduler", {"t_initial": 20, "power": 2.0, "warmup_t": 4, "warmup_prefix": True, **BY_UPDATE}),
    ("TanhLRScheduler", {"t_initial": 6}),
    ("TanhLRScheduler", {"t_initial": 4, "lb": -6.0, "ub": 4.0, "lr_min": 0.01, **WARMUP}),
    ("TanhLRScheduler", {"t_initial": 21, "cycle_mul": 1.0, "cycle_decay": 0.5, "warmup_t": 4, **BY_UPDATE}),
    ("WSDLRScheduler", {"t_initial": 6, "decay_t": 2}),
    ("WSDLRScheduler", {"t_initial": 4, "decay_t": 3, "decay_fn": "cosine", "stable_fn": "rsqrt", **WARMUP}),
    ("WSDLRScheduler", {"t_initial": 20, "decay_t": 8, "decay_fn": "exp", "decay_ratio": 0.2, **BY_UPDATE}),
]
PER_UPDATE = {"step_on_epochs": False, "updates_per_epoch": 4}
# The arguments of `create_scheduler_v2`, and the epochs that it returns.
FACTORY: list[tuple[dict[str, Any], int]] = [
    ({"num_epochs": 6}, 6),
    ({"num_epochs": 6, "warmup_epochs": 2, "cooldown_epochs": 3, "min_lr": 0.01}, 9),
    ({"num_epochs": 4, "warmup_epochs": 2, "warmup_prefix": True, "cycle_limit": 2, "cycle_decay": 0.5}, 10),
    ({"num_epochs": 4, "cycle_mul": 2.0, "cycle_limit": 2, "noise": [0.2, 0.8], "noise_pct": 0.2}, 12),
    ({"num_epochs": 5, "warmup_epochs": 1, "cooldown_epochs": 1, **PER_UPDATE}, 6),
    ({"sched": "tanh", "num_epochs": 5, "warmup_epochs": 1, "warmup_prefix": True, **PER_UPDATE}, 6),
    ({"sched": "step", "num_epochs": 6, "decay_epochs": 2.5, "decay_rate": 0.5, "warmup_epochs": 1}, 6),
    ({"sched": "step", "num_epochs": 6, "decay_epochs": 2, "warmup_epochs": 2, "warmup_prefix": True}, 8),
    ({"sched": "multistep", "num_epochs": 6, "decay_milestones": [2, 4]}, 6),
    ({"sched": "multistep", "num_epochs": 4, "decay_milestones": [1, 2], "cooldown_epochs": 3, **PER_UPDATE}, 4),
    ({"sched": "plateau", "num_epochs": 6, "patience_epochs": 1, "warmup_epochs": 1, "plateau_mode": "min"}, 6),
    ({"sched": "poly", "num_epochs": 6, "decay_rate": 0.9, "k_decay": 2.0}, 6),
    ({"sched": "wsd", "num_epochs": 8, "warmup_epochs": 2, "warmup_prefix": True, "cooldown_epochs": 1}, 11),
    ({"sched": "wsd", "num_epochs": 8, "warmup_epochs": 2, "decay_epochs": 0.5, "decay_fn": "linear"}, 8),
    ({"sched": "rsqrt", "num_epochs": 8, "warmup_epochs": 2, "decay_epochs": 3, **PER_UPDATE}, 8),
    ({"sched": "constant", "num_epochs": 3, "warmup_epochs": 2}, 3),
]
METRICS = [5.0, 4.0, 4.2, 4.1, 4.0, 4.0, 3.0, 3.5, 3.5, 3.5, 3.5, 3.5]


def timm(module: str) -> Any:
    """A module of timm's schedulers; timm itself needs torchvision."""
    try:
        return bare()(f"timm.scheduler.{module}")
    except ModuleNotFoundError:
        pytest.skip("timm is not installed")


def maker(factory: Any, values: dict[str, Any]) -> Callable[[Any], Any]:
    """What makes a scheduler for an optimizer; of the pair of the factory, the first."""

    def make(optimizer: Any) -> Any:
        made = factory(optimizer, **values)
        return made[0] if isinstance(made, tuple) else made

    return make


def trained(make: Callable[[Any], Any], epochs: int, each: int = 4, groups: int = 1) -> list[list[float]]:
    """The rates of the loop of timm's training script."""
    layers = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": 0.5 / (i + 1)} for i in range(groups)]
    optimizer = torch.optim.SGD(layers, lr=0.5)
    scheduler = make(optimizer)
    rates = []
    for epoch in range(epochs):
        num_updates = epoch * each
        for _ in range(each):
            rates.append([group["lr"] for group in optimizer.param_groups])
            optimizer.step()
            num_updates += 1
            scheduler.step_update(num_updates=num_updates, metric=0.1)
        scheduler.step(epoch + 1, METRICS[epoch])
    return rates


def written(name: str, values: dict[str, Any]) -> str:
    """A call as it is pasted."""
    return f"{name}(optimizer, {', '.join(f'{k}={v!r}' for k, v in values.items())})"


def fields(name: str, values: dict[str, Any], **more: Any) -> Fields:
    """The fields of a run of these values."""
    info = find(name)
    assert info is not None
    takes = info.metric_if(values) if info.metric_if else info.takes_metric
    metric = {"metric": ",".join(map(str, METRICS))} if takes else {}
    return Fields({"lr": "0.5", "steps_per_epoch": "4", **metric, **more})


def test_each_scheduler_is_that_of_its_loop() -> None:
    seen = set()
    for name, values in CASES:
        info = find(name)
        assert info is not None
        module = timm(info.module.rpartition(".")[2])
        for groups, lr in ((1, "0.5"), (3, f"0.5,0.25,{0.5 / 3!r}")):
            expected = trained(maker(getattr(module, name), values), 6, groups=groups)
            run = read_run(written(name, values), fields(name, values, epochs="6", lr=lr))
            assert simulate(run).lr.tolist() == expected, (name, values)
        seen.add(name)
    assert seen == {s.name for s in FAMILY.schedulers if s.short != "timm-scheduler"}


def test_the_factory_and_the_epochs_that_it_returns() -> None:
    factory = timm("scheduler_factory").create_scheduler_v2
    for values, epochs in FACTORY:
        assert total_epochs(values) == epochs, values
        expected = trained(maker(factory, values), epochs)
        text = f"scheduler, num_epochs = {written('create_scheduler_v2', values)}"
        run = read_run(text, fields("create_scheduler_v2", values))
        assert (run.loop.epochs, run.loop.interval) == (epochs, "step" if "step_on_epochs" in values else "epoch")
        assert simulate(run).lr.tolist() == expected, values
    other = read_run("create_scheduler_v2(num_epochs=6)", Fields({"epochs": "4"}))
    assert other.notes == ("`create_scheduler_v2` returns 6 epochs for the run, which has 4",)


SCRIPT = """\
import torch
from timm.scheduler import create_scheduler_v2, {name}
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
{create}

def train_one_epoch(epoch, loader, optimizer, lr_scheduler):
    num_updates = epoch * 4
    for i in range(4):
        optimizer.step()
        num_updates += 1
        lr_scheduler.step_update(num_updates=num_updates, metric=losses.avg)

for epoch in range(num_epochs):
    train_one_epoch(epoch, loader, optimizer, scheduler)
    scheduler.step(epoch + 1, validate(model))
"""


def test_a_script_that_makes_both_calls() -> None:
    for name, values in CASES:
        info = find(name)
        assert info is not None
        module = timm(info.module.rpartition(".")[2])
        create = f"num_epochs = 6\nscheduler = {written(name, values)}"
        metric = {"metric": ",".join(map(str, METRICS))} if info.takes_metric else {}
        (run,) = read_all(SCRIPT.format(name=name, create=create), Fields(metric))
        expected = trained(maker(getattr(module, name), values), 6)
        assert simulate(run).lr.tolist() == expected, (name, values)
    factory = timm("scheduler_factory").create_scheduler_v2
    for values, epochs in FACTORY:
        create = f"scheduler, num_epochs = {written('create_scheduler_v2', values)}"
        metric = {"metric": ",".join(map(str, METRICS))} if values.get("sched") == "plateau" else {}
        (run,) = read_all(SCRIPT.format(name="CosineLRScheduler", create=create), Fields(metric))
        assert simulate(run).lr.tolist() == trained(maker(factory, values), epochs), values


def test_a_script_that_never_counts_updates() -> None:
    timm("cosine_lr")
    create = "num_epochs = 3\nscheduler = CosineLRScheduler(optimizer, t_initial=12, t_in_epochs=False)"
    script = SCRIPT.format(name="CosineLRScheduler", create=create)
    (run,) = read_all(
        script.replace("        lr_scheduler.step_update(num_updates=num_updates, metric=losses.avg)\n", "")
    )
    assert set(simulate(run).lr[:, 0].tolist()) == {0.5}
    assert run.notes == (
        "the rate of `CosineLRScheduler` changes with `step_update()`, which the script never calls: it stays as it is "
        "at the start",
    )


# What the tests of timm expect at a count, with lr = 0.1 and a relative tolerance of 1e-5.
MIDDLE = 0.001 + 0.5 * (0.1 - 0.001)
EXPECTED: list[tuple[str, dict[int, float]]] = [
    ("CosineLRScheduler(t_initial=100, lr_min=0.001)", {0: 0.1, 50: MIDDLE, 100: 0.001}),
    ("CosineLRScheduler(t_initial=50, lr_min=0.001, cycle_limit=2)", {100: 0.001, 109: 0.001}),
    ("StepLRScheduler(decay_t=10, decay_rate=0.5)", {9: 0.1, 10: 0.05, 20: 0.025}),
    ("MultiStepLRScheduler(decay_t=[10, 20, 30], decay_rate=0.5)", {8: 0.1, 11: 0.05, 21: 0.025, 31: 0.0125}),
    ("PolyLRScheduler(t_initial=100, lr_min=0.001, power=1.0)", {0: 0.1, 100: 0.001}),
]
# The schedulers that their tests run with a warm-up, with noise and per update.
PLAIN = (
    "CosineLRScheduler(t_initial=100",
    "StepLRScheduler(decay_t=10, decay_rate=0.5",
    "MultiStepLRScheduler(decay_t=[10, 20, 30], decay_rate=0.5",
    "PolyLRScheduler(t_initial=100",
    "TanhLRScheduler(t_initial=100",
)


def at_counts(text: str, *, by_update: bool) -> list[float]:
    """The rate at each count of a run of 110."""
    length = {"steps": "110"} if by_update else {"epochs": "110", "steps_per_epoch": "2"}
    notation = text.removesuffix(")") + ", t_in_epochs=False)" if by_update else text
    rates: list[float] = simulate(read_run(notation, Fields({"lr": "0.1", **length}))).lr[:, 0].tolist()
    return rates if by_update else rates[::2]


@pytest.mark.parametrize("by_update", [False, True])
def test_the_numbers_of_their_own_tests(by_update: bool) -> None:
    timm("cosine_lr")
    for text, expected in EXPECTED:
        rates = at_counts(text, by_update=by_update)
        assert {count: rates[count] for count in expected} == pytest.approx(expected, rel=1e-5), text
    assert at_counts("CosineLRScheduler(t_initial=50, lr_min=0.001)", by_update=by_update)[49] < 0.05
    for start in PLAIN:
        plain = at_counts(f"{start})", by_update=by_update)
        assert plain[50] < plain[0] == 0.1, start
        warmup = f"{start}, warmup_t=5, warmup_lr_init=0.001"
        rates = at_counts(f"{warmup})", by_update=by_update)
        assert rates[0] == pytest.approx(0.001, rel=1e-5), start
        assert rates[:5] == sorted(set(rates[:5])), start
        rates = at_counts(f"{warmup}, warmup_prefix=True)", by_update=by_update)
        assert rates[5] == pytest.approx(0.1, rel=1e-5), start
        noisy = f"{start}, noise_range_t=[10, 50], noise_pct=0.5, noise_seed=42)"
        assert at_counts(noisy, by_update=by_update) == at_counts(noisy, by_update=by_update) != plain, start
    for start in ("CosineLRScheduler(t_initial=100", "PolyLRScheduler(t_initial=100"):
        one, two = (at_counts(f"{start}, k_decay={k})", by_update=by_update) for k in ("1.0", "2.0"))
        assert one[50] != two[50], start


ARGUMENTS = """import argparse
import torch
from timm.scheduler import {name}
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.5)
{arguments}
args = parser.parse_args()
optimizer = torch.optim.SGD(model.parameters(), lr=args.lr)
scheduler, num_epochs = {call}
for epoch in range(num_epochs):
    for i in range(4):
        optimizer.step()
        scheduler.step_update(epoch * 4 + i + 1)
    scheduler.step(epoch + 1, validate(model))
"""


def test_the_arguments_of_a_command_line() -> None:
    module = timm("scheduler_factory")
    calls = {
        "create_scheduler": "create_scheduler(args, optimizer, updates_per_epoch=4)",
        "create_scheduler as make": "make(args, optimizer, 4)",
        "create_scheduler_v2, scheduler_kwargs": (
            "create_scheduler_v2(optimizer, **scheduler_kwargs(args), updates_per_epoch=4)"
        ),
    }
    for values in (
        {"sched": "cosine", "epochs": 6, "warmup_epochs": 2, "cooldown_epochs": 2, "min_lr": 0.01},
        {"sched": "step", "epochs": 6, "decay_epochs": 2, "decay_rate": 0.5, "warmup_epochs": 0},
        {"sched": "poly", "epochs": 5, "warmup_epochs": 1, "sched_on_updates": True, "lr_k_decay": 2.0},
        {"sched": "plateau", "epochs": 6, "patience_epochs": 1, "eval_metric": "loss"},
    ):

        def make(optimizer: Any, values: Any = values) -> Any:
            return module.create_scheduler(SimpleNamespace(**values), optimizer, updates_per_epoch=4)[0]

        epochs = module.create_scheduler(
            SimpleNamespace(**values), torch.optim.SGD([torch.zeros(1)]), updates_per_epoch=4
        )[1]
        expected = trained(make, epochs)
        metric = {"metric": ",".join(map(str, METRICS))} if values["sched"] == "plateau" else {}
        arguments = "\n".join(f'parser.add_argument("--{k}", default={v!r})' for k, v in values.items())
        for name, call in calls.items():
            (run,) = read_all(ARGUMENTS.format(name=name, arguments=arguments, call=call), Fields(metric))
            assert simulate(run).lr.tolist() == expected, (values, name)


def test_what_is_refused() -> None:
    for text, message in [
        (
            "CosineLRScheduler(t_initial=12, t_in_epochs=False) @ interval=epoch",
            "changes the rate after each update here",
        ),
        ("create_scheduler_v2(step_on_epochs=False)", "needs `updates_per_epoch`"),
        ("create_scheduler_v2(sched='none')", "makes no scheduler"),
        ("create_scheduler_v2(sched='cosin')", "has no `sched` 'cosin'"),
        ("timm.scheduler.create_scheduler(args, optimizer)", "write `create_scheduler_v2"),
        ("CosineLRScheduler(t_initial=4, noise_range_t='all')", "needs a number for `noise_range_t`"),
    ]:
        with pytest.raises((SpecError, UsageError), match=message):
            read_run(text)


def test_the_pair_is_checked() -> None:
    with pytest.raises(SimulationError, match="timm returns 9 epochs for the run, and lrviz expects 6"):
        create(lambda optimizer, **values: (optimizer, 9), None, (), {"num_epochs": 6})
