"""The schedules of transformers and diffusers against the installed packages."""

from __future__ import annotations

import inspect
import math
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lrviz import schedulers
from lrviz.schedulers import REQUIRED, Scheduler
from lrviz.simulation import simulate
from lrviz.spec import Fields, read_run
from lrviz.text import print_value
from tests.conftest import Python
from tests.families.loops import rates

pytestmark = [
    pytest.mark.families,
    # torch deprecates a module that packages import.
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning"),
]

LR = 2e-3
BASIC = {"num_warmup_steps": 3, "num_training_steps": 40}
# For each short name three sets of parameters.
SETS: dict[str, list[dict[str, Any]]] = {
    "linear": [BASIC, {"num_warmup_steps": 0, "num_training_steps": 25}, {**BASIC, "num_warmup_steps": 7.5}],
    "cosine": [BASIC, {**BASIC, "num_cycles": 1.3}, {"num_warmup_steps": 0, "num_training_steps": 20}],
    "cosine-restarts": [{**BASIC, "num_cycles": 3}, BASIC, {**BASIC, "num_training_steps": 30, "num_cycles": 2}],
    "polynomial": [BASIC, {**BASIC, "lr_end": 1e-4, "power": 2.0}, {**BASIC, "num_training_steps": 30, "power": 0.5}],
    "constant": [{}, {}, {}],
    "constant-warmup": [{"num_warmup_steps": n} for n in (0, 5, 60)],
    "inverse-sqrt": [{"num_warmup_steps": 0}, {"num_warmup_steps": 6}, {"num_warmup_steps": 6, "timescale": 100}],
    "plateau": [{}, {"patience": 1, "factor": 0.5}, {"mode": "max", "patience": 3, "cooldown": 2, "min_lr": 1e-4}],
    "cosine-min-lr": [
        {**BASIC, "min_lr": 1e-5},
        {**BASIC, "min_lr_rate": 0.1},
        {**BASIC, "min_lr": 0, "num_cycles": 1},
    ],
    "cosine-warmup-min-lr": [
        {**BASIC, "min_lr": 1e-5},
        {**BASIC, "min_lr_rate": 0.2, "warmup_lr_rate": 0.05},
        {**BASIC, "num_warmup_steps": 0, "min_lr_rate": 0.1, "num_cycles": 0.7},
    ],
    "wsd": [
        {**BASIC, "num_decay_steps": 10},
        {"num_warmup_steps": 4, "num_decay_steps": 8, "num_stable_steps": 12, "decay_type": "1-sqrt"},
        {**BASIC, "num_decay_steps": 9, "warmup_type": "1-sqrt", "decay_type": "linear", "min_lr_ratio": 0.1},
    ],
    "greedy": [
        {"patience": 1, "min_lr": 1e-5},
        {"mode": "max", "patience": 0, "factor": 0.5, "max_lr": 0.01, "min_lr": 1e-4},
        {"patience": 2, "smooth": True, "window_size": 5, "min_lr": 1e-5, "warmup": 2, "cooldown": 1},
    ],
}
# The names of the types of `get_scheduler`.
TYPES = {
    "linear": "linear",
    "cosine": "cosine",
    "cosine-restarts": "cosine_with_restarts",
    "polynomial": "polynomial",
    "constant": "constant",
    "constant-warmup": "constant_with_warmup",
    "inverse-sqrt": "inverse_sqrt",
    "plateau": "reduce_lr_on_plateau",
    "cosine-min-lr": "cosine_with_min_lr",
    "cosine-warmup-min-lr": "cosine_warmup_with_min_lr",
    "wsd": "warmup_stable_decay",
    "greedy": "greedy",
}
UPDATES = 50
METRICS = [math.exp(-step / 10) + 0.2 * (step % 7 == 0) for step in range(UPDATES)]
WITH_METRIC = ("plateau", "greedy")


def shown(text: str, groups: str = str(LR), *, metric: bool = False) -> list[list[float]]:
    """The rates of every group at every update that lrviz shows for a text."""
    fields: dict[str, Any] = {"steps": UPDATES, "lr": groups}
    if metric:
        fields["metric"] = ",".join(map(repr, METRICS))
    found: list[list[float]] = simulate(read_run(text, Fields(fields))).lr.tolist()
    return found


def called(function: str, values: dict[str, Any]) -> str:
    return f"{function}({', '.join(f'{name}={print_value(value)}' for name, value in values.items())})"


@pytest.mark.parametrize("kind", SETS)
def test_each_schedule_is_that_of_transformers(kind: str) -> None:
    optimization = pytest.importorskip("transformers.optimization")
    info = schedulers.find(f"hf-{kind}")
    assert info is not None
    metric = kind in WITH_METRIC
    metrics = METRICS if metric else []
    for values in SETS[kind]:
        function = getattr(optimization, info.name)
        expected = rates(partial(function, **values), UPDATES, LR, metrics)
        assert shown(called(info.name, values), metric=metric) == expected, values
        common = {name: value for name, value in values.items() if name in BASIC}
        more = {name: value for name, value in values.items() if name not in BASIC}
        if kind not in ("constant", "constant-warmup"):
            common |= {"scheduler_specific_kwargs": more}
        expected = rates(partial(optimization.get_scheduler, TYPES[kind], **common), UPDATES, LR, metrics)
        written = {name: value for name, value in common.items() if name in BASIC}
        options = f", scheduler_specific_kwargs={more!r}" if "scheduler_specific_kwargs" in common else ""
        text = called("get_scheduler", {"name": TYPES[kind], **written}).removesuffix(")") + f"{options})"
        assert shown(text, metric=metric) == expected, text
    several = rates(partial(getattr(optimization, info.name), **SETS[kind][0]), UPDATES,
                    (LR, 1e-2), metrics)  # fmt: skip
    assert shown(called(info.name, SETS[kind][0]), f"{LR},0.01", metric=metric) == several


def test_each_type_of_the_installed_version_is_described() -> None:
    optimization = pytest.importorskip("transformers.optimization")
    installed = {member.value: f.__name__ for member, f in optimization.TYPE_TO_SCHEDULER_FUNCTION.items()}
    ours = {TYPES[s.short.removeprefix("hf-")]: s.name for s in _family("transformers") if s.short != "hf-scheduler"}
    assert ours == installed
    functions = {name for name in vars(optimization) if name.startswith("get_") and name != "get_adafactor_schedule"}
    assert {s.name for s in _family("transformers")} == functions


def _family(package: str) -> tuple[Scheduler, ...]:
    found = schedulers.family(package)
    assert found is not None
    return found.schedulers


@pytest.mark.parametrize("package", ["transformers", "diffusers"])
def test_parameters_are_those_of_the_package(package: str) -> None:
    module = pytest.importorskip(f"{package}.optimization")
    for info in _family(package):
        function = getattr(module, info.attribute)
        if info.positional == 0:  # it takes anything by name
            function = {"hf-plateau": "ReduceLROnPlateau", "hf-greedy": "GreedyLR"}[info.short]
            function = getattr(module, function)
        theirs = [p for p in inspect.signature(function).parameters.values() if p.name != "verbose"]
        assert theirs[info.optimizer_at].name == "optimizer", info.name
        plain = [p for p in theirs if p.name not in ("optimizer", "last_epoch")]
        ours = [(p.name, None if p.default is REQUIRED else p.default) for p in info.parameters]
        assert ours == [(p.name, None if p.default is p.empty else p.default) for p in plain], info.name
        required = [p.name for p in info.parameters if p.required]
        assert required == [p.name for p in plain if p.default is p.empty], info.name
        names = [p.name for p in theirs]
        assert info.takes_last_epoch == ("last_epoch" in names), info.name
        if info.positional:  # last_epoch is among the parameters, and not after them
            assert names.index("last_epoch") == info.positional + 1, info.name


PASTED = {
    'get_scheduler("cosine", optimizer, 3, 40)': ("cosine", BASIC),
    'get_scheduler(name="cosine", optimizer=optimizer, num_warmup_steps=3, num_training_steps=total_steps - 10)': (
        "cosine", BASIC,
    ),
    "get_scheduler(SchedulerType.COSINE, optimizer, 3, 40)": ("cosine", BASIC),
    "transformers.get_scheduler(transformers.SchedulerType.COSINE_WITH_RESTARTS, self.optimizer, 3, 40, "
    'scheduler_specific_kwargs={"num_cycles": 3})': ("cosine_with_restarts", {**BASIC, "num_cycles": 3}),
    "lr_scheduler = transformers.optimization.get_linear_schedule_with_warmup(optimizer, 3, 40)": ("linear", BASIC),
    "get_cosine_schedule_with_warmup(optimizer, 3, 40, 0.5, -1)": ("cosine", BASIC),
    "get_cosine_with_min_lr_schedule_with_warmup(optimizer, 3, 40, 0.5, -1, min_lr=0)": (
        "cosine_with_min_lr", {**BASIC, "min_lr": 0},
    ),
    "from transformers import get_scheduler as get\nwarm = int(0.1 * 30)\ns = get('linear', opt, warm, 4 * 10)": (
        "linear", BASIC,
    ),
}  # fmt: skip


@pytest.mark.parametrize("text", PASTED)
def test_pasted_lines(text: str) -> None:
    optimization = pytest.importorskip("transformers.optimization")
    kind, values = PASTED[text]
    more = {name: value for name, value in values.items() if name not in BASIC}
    expected = rates(lambda optimizer: optimization.get_scheduler(kind, optimizer, 3, 40, more), UPDATES, LR)
    assert shown(text) == expected


# The table of the tests of transformers: ten rates from one of 10, to a hundredth.
COMMON = "num_warmup_steps=2, num_training_steps=10"
TABLE = {
    "get_constant_schedule()": "10 10 10 10 10 10 10 10 10 10",
    "get_constant_schedule_with_warmup(num_warmup_steps=4)": "0 2.5 5 7.5 10 10 10 10 10 10",
    f"get_linear_schedule_with_warmup({COMMON})": "0 5 10 8.75 7.5 6.25 5 3.75 2.5 1.25",
    f"get_cosine_schedule_with_warmup({COMMON})": "0 5 10 9.61 8.53 6.91 5 3.08 1.46 0.38",
    f"get_cosine_with_hard_restarts_schedule_with_warmup({COMMON}, num_cycles=2)": (
        "0 5 10 8.53 5 1.46 10 8.53 5 1.46"
    ),
    f"get_polynomial_decay_schedule_with_warmup({COMMON}, power=2.0, lr_end=1e-7)": (
        "0 5 10 7.656 5.625 3.906 2.5 1.406 0.625 0.156"
    ),
    "get_inverse_sqrt_schedule(num_warmup_steps=2)": "0 5 10 8.165 7.071 6.325 5.774 5.345 5 4.714",
    f"get_wsd_schedule({COMMON}, num_decay_steps=2, min_lr_ratio=0.0)": "0 5 10 10 10 10 10 10 10 5",
}
# What the tests of GreedyLR expect from a rate of 0.1: the metrics, and the rate after them, to seven places.
FALLING = [8.0, 6.4, 5.12, 4.096]
GREEDY = "factor=0.9, min_lr=1e-6, max_lr=1.0"
GREEDY_TABLE: list[tuple[str, str, list[float], list[float]]] = [
    (f"{GREEDY}, patience=3", "0.1", [5.0, *[10.0] * 4], [0.1 * 0.9]),
    (f"{GREEDY}, patience=3", "0.1", FALLING, [0.1 / 0.9]),
    (f"{GREEDY}, patience=2, cooldown=3", "0.1", [5.0, *[10.0] * 6], [0.1 * 0.9]),
    (f"{GREEDY}, patience=2, warmup=3", "0.1", [*FALLING, 3.2768, 2.62144], [0.1 / 0.9]),
    ("factor=0.5, min_lr=0.01, max_lr=1.0, patience=1, reset_start=2", "0.1", [1.0, *[10.0] * 100], [0.1]),
    ("factor=0.9, min_lr=1e-6, patience=2", "0.1,0.01", [5.0, 10.0, 10.0, 10.0], [0.1 * 0.9, 0.01 * 0.9]),
]


def test_the_table_of_their_own_tests() -> None:
    pytest.importorskip("transformers.optimization")
    for text, expected in TABLE.items():
        found = simulate(read_run(text, Fields({"steps": 10, "lr": 10.0, "optimizer": "AdamW"}))).lr[:, 0]
        assert found.tolist() == pytest.approx(list(map(float, expected.split())), abs=1e-2), text
    for values, lr, metrics, rates_after in GREEDY_TABLE:
        fields = {"steps": len(metrics) + 1, "lr": lr, "metric": ",".join(map(str, [*metrics, 0.0]))}
        last = simulate(read_run(f"get_greedy_schedule({values})", Fields(fields))).lr[-1]
        assert last.tolist() == pytest.approx(rates_after, abs=5e-8), (values, metrics)


DIFFUSERS: dict[str, list[dict[str, Any]]] = {
    **{kind: SETS[kind] for kind in ("linear", "cosine", "cosine-restarts", "polynomial", "constant-warmup")},
    "linear": [{**BASIC, "f_min": 0.1, "f_max": 2.0}, *SETS["linear"]],
    "constant": [{}],
    "piecewise": [{"step_rules": "1:10,0.1:20,0.01:30,0.005"}, {"step_rules": "0.5"}, {"step_rules": "2:3,1"}],
}


@pytest.mark.parametrize("kind", DIFFUSERS)
def test_each_schedule_is_that_of_diffusers(kind: str) -> None:
    optimization = pytest.importorskip("diffusers.optimization")
    info = schedulers.find(f"diffusers-{kind}")
    assert info is not None
    name = "piecewise_constant" if kind == "piecewise" else TYPES[kind]
    for values in DIFFUSERS[kind]:
        function = getattr(optimization, info.attribute)
        expected = rates(partial(function, **values), UPDATES, LR)
        assert shown(called(info.name, values)) == expected, values
        common = {key: value for key, value in values.items() if key not in ("lr_end", "f_min", "f_max")}
        if kind == "cosine":
            common.pop("num_cycles", None)
        expected = rates(partial(optimization.get_scheduler, name, **common), UPDATES, LR)
        assert shown(called("diffusers.optimization.get_scheduler", {"name": name, **common})) == expected, values


@pytest.mark.parametrize("package", ["transformers", "diffusers"])
def test_the_curves_are_those_of_the_package(package: str) -> None:
    pytest.importorskip(f"{package}.optimization")
    found = schedulers.family(package)
    assert found is not None
    for info in found.schedulers:
        rates_of = simulate(read_run(info.example or info.short)).lr[:, 0].tolist()
        assert found.curves.get(info.short) == tuple(round(rate * 1e6) for rate in rates_of), info.short
    assert list(found.curves) == [info.short for info in found.schedulers]


QUIET = """
import os, socket, sys

def refuse(*_, **__):
    raise RuntimeError("a connection is opened")

socket.socket.connect = socket.getaddrinfo = refuse
sys.path[:0] = [""]
from lrviz.cli import main

status = main(["table", sys.argv[1], "--steps", "3", "-q"])
import torch

print(status, torch.cuda.is_initialized(), sorted(set(os.environ) & {"HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"}))
hub = sys.modules.get("huggingface_hub.constants")
print(hub is None or hub.HF_HUB_OFFLINE, "hostile" in sys.modules)
"""


@pytest.mark.parametrize("short", ["hf-cosine", "diffusers-cosine"])
def test_neither_network_nor_gpu_is_used(short: str, python: Python, tmp_path: Path) -> None:
    pytest.importorskip(f"{'transformers' if short.startswith('hf') else 'diffusers'}.optimization")
    for name in ("transformers", "diffusers", "huggingface_hub", "yaml", "requests"):
        (tmp_path / f"{name}.py").write_text("import sys\nsys.modules['hostile'] = sys\nraise SystemExit('hostile')\n")
    done = python("-c", QUIET, short)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == ["0 False []", "True False"]


def test_a_plot_takes_little_longer_than_the_import(python: Python) -> None:
    pytest.importorskip("transformers.optimization")
    more = []
    for _ in range(6):  # of a busy machine, one quiet moment is enough
        seconds = []
        for words in (("-c", "import transformers.optimization"), ("-P", "-m", "lrviz", "plot", "hf-cosine", "-q")):
            start = time.perf_counter()
            assert python(*words).returncode == 0
            seconds.append(time.perf_counter() - start)
        more.append(seconds[1] - seconds[0])
        if more[-1] <= 0.3:
            return
    pytest.fail(f"a plot takes {min(more):.2f} s longer at least")
