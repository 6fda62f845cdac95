"""A run that is stopped and goes on has the rates of a script that does so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.optim import SGD, lr_scheduler, swa_utils

from lrviz.errors import LrvizError, SimulationError, SpecError
from lrviz.simulation import resume, resume_outcomes, simulate
from lrviz.spec import (
    RESUME_WAYS,
    Factory,
    Fields,
    ResumeOutcome,
    RunSpec,
    TrainingLoop,
    read_run,
    resumed_run,
)
from tests.random_runs import random_run

Make = Callable[[SGD, Any], Any]  # with the keyword arguments of `last_epoch`, if it is given
Rates = list[list[float]]

EPOCHS, STEPS = 5, 8
S = lr_scheduler
CLASSES: dict[str, Make] = {
    "StepLR(7, 0.5)": lambda o, k: S.StepLR(o, 7, 0.5, **k),
    "MultiStepLR([3, 20, 30], 0.5)": lambda o, k: S.MultiStepLR(o, [3, 20, 30], 0.5, **k),
    "ConstantLR(0.5, 25)": lambda o, k: S.ConstantLR(o, 0.5, 25, **k),
    "LinearLR(0.1, 1.0, 25)": lambda o, k: S.LinearLR(o, 0.1, 1.0, 25, **k),
    "ExponentialLR(0.9)": lambda o, k: S.ExponentialLR(o, 0.9, **k),
    "PolynomialLR(40)": lambda o, k: S.PolynomialLR(o, 40, **k),
    "CosineAnnealingLR(40, 0.01)": lambda o, k: S.CosineAnnealingLR(o, 40, 0.01, **k),
    "CosineAnnealingWarmRestarts(9, 2)": lambda o, k: S.CosineAnnealingWarmRestarts(o, 9, 2, **k),
    "CyclicLR(0.1, 1.0, 5)": lambda o, k: S.CyclicLR(o, 0.1, 1.0, 5, **k),
    "OneCycleLR(1.0, 40)": lambda o, k: S.OneCycleLR(o, 1.0, 40, **k),
    "SWALR(0.01, 30)": lambda o, k: swa_utils.SWALR(o, 0.01, 30, **k),
    "LambdaLR(lambda t: 1 / (t + 1))": lambda o, k: S.LambdaLR(o, lambda t: 1 / (t + 1), **k),
    "MultiplicativeLR(lambda t: 0.9)": lambda o, k: S.MultiplicativeLR(o, lambda t: 0.9, **k),
    "ReduceLROnPlateau(patience=3)": lambda o, _: S.ReduceLROnPlateau(o, patience=3),
    "SequentialLR([LinearLR(0.1, 1.0, 6), CosineAnnealingLR(34)], [6])": lambda o, k: S.SequentialLR(
        o, [S.LinearLR(o, 0.1, 1.0, 6, **k), S.CosineAnnealingLR(o, 34, **k)], [6], **k
    ),
    "ChainedScheduler([ConstantLR(0.1, 25), ExponentialLR(0.9)])": lambda o, k: S.ChainedScheduler(
        [S.ConstantLR(o, 0.1, 25, **k), S.ExponentialLR(o, 0.9, **k)]
    ),
}


# The updates before the stop, when the scheduler steps, and the rate of each group.
STOPS: list[tuple[int, str, *tuple[float, ...]]] = [
    (13, "step", 0.5),
    (21, "step", 0.5, 0.1),
    (17, "epoch", 0.5),
    (7, "epoch", 0.5),
]


def optimizer_of(rates: Sequence[float]) -> SGD:
    return SGD([{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": rate} for rate in rates], momentum=0.5)


def plain(make: Make, at: int, way: str, interval: str, rates: Sequence[float]) -> Rates:
    """What a script does: a loop whose objects are saved after `at` updates, and replaced."""
    each = 1 if interval == "step" else STEPS
    calls = EPOCHS * STEPS // each
    optimizer = optimizer_of(rates)
    scheduler = make(optimizer, {})
    used = []
    for t in range(EPOCHS * STEPS):
        if t == at:
            saved, state = optimizer.state_dict(), scheduler.state_dict()
            optimizer = optimizer_of(rates)
            if way == "last-epoch":
                optimizer.load_state_dict(saved)
                scheduler = make(optimizer, {"last_epoch": at // each - 1} if at // each else {})
            elif way == "optimizer-first":
                optimizer.load_state_dict(saved)
                scheduler = make(optimizer, {})
            else:
                scheduler = make(optimizer, {})
            if way in ("load", "optimizer-only"):
                optimizer.load_state_dict(saved)
            if way in ("load", "optimizer-first", "scheduler-only"):
                scheduler.load_state_dict(state)
        used.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        call = t // each
        if (t + 1) % each == 0 and t + 1 < EPOCHS * STEPS:
            metric = (1 / (1 + min(call, calls // 4)),) if isinstance(scheduler, S.ReduceLROnPlateau) else ()
            scheduler.step(*metric)
    return used


def spec_of(text: str, interval: str = "step", rates: Sequence[float] = (0.5,)) -> RunSpec:
    loop = {"epochs": EPOCHS, "steps_per_epoch": STEPS, "interval": interval}
    return read_run(text, Fields({**loop, "lr": list(rates), "momentum": 0.5}))


@pytest.mark.filterwarnings("ignore")  # torch warns of schedulers that are created with last_epoch, and of composites
@pytest.mark.parametrize("way", [way for way in RESUME_WAYS if way != "longer"])
def test_a_resumed_run_has_the_rates_of_a_script(way: str) -> None:
    for text, make in CLASSES.items():
        for at, interval, *rates in STOPS:
            trace = resume(spec_of(text, interval, rates), at, way)
            assert trace.lr.tolist() == plain(make, at, way, interval, rates), (text, at, interval)


EXACT = {
    "last-epoch": {text for text in CLASSES if not text.startswith(("SequentialLR", "ReduceLROnPlateau", "SWALR"))},
    "optimizer-only": {"ExponentialLR(0.9)", "MultiplicativeLR(lambda t: 0.9)"},
    "scheduler-only": {"ConstantLR(0.5, 25)", "ReduceLROnPlateau(patience=3)"},  # neither has changed the rate yet
    "nothing": set(),
}


def test_which_ways_are_exact() -> None:
    exact: dict[str, set[str]] = {way: set() for way in RESUME_WAYS}
    for text in CLASSES:
        if text.startswith("CosineAnnealingWarmRestarts"):  # torch 2.6 and 2.13 differ
            continue
        spec = spec_of(text)
        whole = simulate(spec)
        outcomes = resume_outcomes(spec, 13)
        assert [o.way for o in outcomes] == list(RESUME_WAYS)
        for outcome in outcomes:
            if outcome.exact:
                exact[outcome.way].add(text)
                assert outcome == ResumeOutcome(outcome.way, exact=True)
            elif not outcome.failure and outcome.way != "longer":
                resumed = resume(spec, 13, outcome.way).lr[:, 0]
                t = next(t for t in range(13, 40) if resumed[t] != whole.lr[t, 0])
                assert (outcome.step, outcome.group) == (t, 0), (text, outcome)
                assert (outcome.expected, outcome.actual) == (whole.lr[t, 0], resumed[t])
    known = set(CLASSES) - {"CosineAnnealingWarmRestarts(9, 2)"}
    assert exact["load"] == known
    assert {way: exact[way] for way in EXACT} == {way: names & known for way, names in EXACT.items()}


@pytest.mark.filterwarnings("ignore")
def test_loading_both_states_is_exact_for_any_run() -> None:
    tried = 0
    for seed in range(120):
        run = random_run(seed)
        values = {"epochs": run.epochs, "steps_per_epoch": run.steps_per_epoch, "interval": run.interval}
        try:
            spec = read_run(run.line, Fields({**values, "lr": list(run.lrs)}))
            whole = simulate(spec)
        except LrvizError:  # it breaks in training
            continue
        if spec.loop.updates > 1:
            tried += 1
            trace = resume(spec, max(spec.loop.updates // 2, 1), "load")
            assert trace.lr.tolist() == whole.lr.tolist(), seed
            if whole.momentum is not None:
                assert trace.momentum is not None
                assert trace.momentum.tolist() == whole.momentum.tolist(), seed
    assert tried > 100


def test_processes_accumulation_and_metrics_go_on_where_they_were() -> None:
    for text in (
        "cosine @ num_processes=3, epochs=4",
        "OneCycleLR(max_lr=0.1, total_steps=20) @ num_processes=2",
        "ReduceLROnPlateau(patience=1) @ metric=[5, 4, 3, 3, 3, 3, 2, 2, 2], steps=12",
        "ReduceLROnPlateau(patience=1) @ metric=max(3, 20 - step), interval=epoch, epochs=9",
        "step @ grad_accum=3, interval=epoch",
        "step @ grad_accum=3, interval=epoch, accum_remainder=carry",
        "exponential @ grad_accum=9, interval=epoch, accum_remainder=carry, epochs=20",
        "cosine @ max_steps=20",
        "step @ epochs=2.5, interval=epoch",
    ):
        spec = read_run(text)
        for at in (1, spec.loop.updates // 2, spec.loop.updates - 1):
            assert resume(spec, at, "load").lr.tolist() == simulate(spec).lr.tolist(), (text, at)


def test_the_state_of_a_longer_run_has_the_lengths_of_the_shorter_one() -> None:
    spec = read_run("cosine @ epochs=4")
    trace = resume(spec, 16, "longer")
    assert (trace.updates, trace.spec.loop.epochs) == (64, 8)
    assert trace.lr[:32].tolist() == simulate(spec).lr.tolist()
    assert trace.lr[63, 0] > 0.99e-3  # it has climbed back
    found = resume_outcomes(spec, 16)[-1]
    assert (found.way, found.exact, found.step) == ("longer", False, 16)
    assert found.expected == simulate(resumed_run(spec, "longer")).lr[16, 0]
    with pytest.raises(SimulationError, match="number of total steps is 32") as error:
        resume(read_run("onecycle @ epochs=4"), 16, "longer")
    assert error.value.hint == "the state that is loaded has the lengths of the shorter run"
    assert resume_outcomes(read_run("onecycle @ epochs=4"), 16)[-1].failure == error.value.message


# A run of 4 epochs of 8 steps, and its scheduler for 8 epochs.
LONGER = {
    "cosine": "CosineAnnealingLR(T_max=64)",
    "CosineAnnealingLR(T_max=32, eta_min=1e-5)": "CosineAnnealingLR(T_max=64, eta_min=1e-5)",
    "CosineAnnealingLR(T_max=30)": "CosineAnnealingLR(T_max=30)",
    "exponential": f"ExponentialLR(gamma={0.01 ** (1 / 64)!r})",
    "onecycle": "OneCycleLR(max_lr=1e-3, total_steps=64)",
    "OneCycleLR(max_lr=0.1, epochs=4, steps_per_epoch=8)": "OneCycleLR(max_lr=0.1, epochs=8, steps_per_epoch=8)",
    "multistep": "MultiStepLR(milestones=[32, 48])",
    "LambdaLR(lambda t: 1 - t / total_steps)": "LambdaLR(lr_lambda=lambda t: 1 - t / 64)",
    "LambdaLR(lambda t: 1 - t / 30)": "LambdaLR(lr_lambda=lambda t: 1 - t / 30)",
    "MultiStepLR([8, 32])": "MultiStepLR(milestones=[8, 32])",
    "SequentialLR([LinearLR(0.1, total_iters=4), cosine(T_max=total_steps - 4)], [4])": "SequentialLR(schedulers=["
    "LinearLR(start_factor=0.1, total_iters=4), CosineAnnealingLR(T_max=60)], milestones=[4])",
    "SequentialLR([LinearLR(0.1, total_iters=4), cosine], [4])": "SequentialLR(schedulers=["
    "LinearLR(start_factor=0.1, total_iters=4), CosineAnnealingLR(T_max=60)], milestones=[4])",
    "cosine @ warmup=4": "SequentialLR(schedulers=[LinearLR(start_factor=0.01, total_iters=4), "
    "CosineAnnealingLR(T_max=60)], milestones=[4])",
    "wsd(warmup=4, decay=8)": "SequentialLR(schedulers=[LinearLR(start_factor=0.01, total_iters=4), "
    "ConstantLR(factor=1.0, total_iters=52), LinearLR(start_factor=1.0, end_factor=0.0, total_iters=8)], "
    "milestones=[4, 56])",
    "ChainedScheduler([LinearLR(total_iters=4), PolynomialLR(32)])": "ChainedScheduler(schedulers=["
    "LinearLR(total_iters=4), PolynomialLR(total_iters=64)])",
    "train.py:make(32, total=32, warmup=3)": "train.py:make(64, total=64, warmup=3)",
}


@pytest.mark.parametrize("text", LONGER)
def test_the_lengths_of_a_longer_run(text: str) -> None:
    longer = resumed_run(read_run(text), "longer")
    assert str(longer.scheduler) == LONGER[text]
    assert longer.loop == TrainingLoop(epochs=8)


def test_a_longer_run_stops_after_twice_the_updates() -> None:
    longer = resumed_run(read_run("cosine @ max_steps=20"), "longer")
    assert (str(longer.scheduler), longer.loop) == ("CosineAnnealingLR(T_max=40)", TrainingLoop(max_steps=40))


CODE = '''
from torch.optim.lr_scheduler import CosineAnnealingLR, StepLR

def with_last_epoch(optimizer, last_epoch=-1):
    return CosineAnnealingLR(optimizer, 32, last_epoch=last_epoch)

def without(optimizer):
    return StepLR(optimizer, 5)

class Own:
    """Has no state to save."""
    def __init__(self, optimizer):
        self.optimizer = optimizer
    def step(self):
        self.optimizer.param_groups[0]["lr"] *= 0.9
'''


def test_code_of_the_user_is_resumed_where_that_is_possible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("resumed_code.py").write_text(CODE, encoding="utf-8")
    outcomes = {o.way: o for o in resume_outcomes(read_run("resumed_code.py:with_last_epoch"), 13)}
    assert [way for way, o in outcomes.items() if o.exact] == ["load", "last-epoch", "optimizer-first", "longer"]
    assert (outcomes["nothing"].step, outcomes["nothing"].actual) == (13, 1e-3)
    outcomes = {o.way: o for o in resume_outcomes(read_run("resumed_code.py:without"), 13)}
    assert [way for way, o in outcomes.items() if o.exact] == ["load", "optimizer-first", "longer"]
    assert outcomes["last-epoch"].failure.startswith("`resumed_code.py:without(last_epoch=12)` cannot be called")
    outcomes = {o.way: o for o in resume_outcomes(read_run("resumed_code.py:Own"), 13)}
    assert [way for way, o in outcomes.items() if o.exact] == ["optimizer-only"]
    assert outcomes["load"].failure.startswith("cannot save the state of `Own`: AttributeError: ")


def test_a_function_of_the_api_is_resumed() -> None:
    spec = RunSpec(Factory(lambda optimizer: S.ExponentialLR(optimizer, 0.9)))
    assert resume(spec, 5, "load").lr.tolist() == simulate(spec).lr.tolist()
    with pytest.raises(SimulationError, match="takes only the optimizer, and no `last_epoch`"):
        resume(spec, 5, "last-epoch")


def test_a_stop_outside_the_run_and_an_unknown_way_are_refused() -> None:
    spec = read_run("cosine")
    for at in (0, 32, -1):
        with pytest.raises(SpecError, match=f"a run of 32 updates cannot be stopped after {at}"):
            resume(spec, at, "load")
        with pytest.raises(SpecError, match=f"a run of 32 updates cannot be stopped after {at}"):
            resume_outcomes(spec, at)
    with pytest.raises(SpecError, match="no way to resume is called `magic`"):
        resume(spec, 4, "magic")
