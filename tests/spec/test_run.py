"""The pieces of a run check themselves, count rightly, and are plain, frozen values."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from lrviz.errors import LrvizError, SpecError
from lrviz.notation import SchedulerCall, parse_value
from lrviz.spec import Factory, OptimizerChoice, ParamGroup, RunSpec, TrainingLoop
from lrviz.spec.run import MAX_UPDATES

STEP = SchedulerCall("StepLR", kwargs=(("step_size", 4),))


@pytest.mark.parametrize(
    ("fields", "updates", "steps"),
    [
        pytest.param({}, 32, 32, id="the defaults"),
        pytest.param({"epochs": 3, "steps_per_epoch": 5}, 15, 15, id="by step"),
        pytest.param({"epochs": 3, "steps_per_epoch": 5, "interval": "epoch"}, 15, 3, id="by epoch"),
        pytest.param(
            {"epochs": 3, "steps_per_epoch": 5, "grad_accum": 2}, 9, 9, id="accumulated, one update left over"
        ),
        pytest.param({"epochs": 3, "steps_per_epoch": 4, "grad_accum": 2}, 6, 6, id="accumulated, none left over"),
        pytest.param({"epochs": 3, "steps_per_epoch": 4, "grad_accum": 9}, 3, 3, id="accumulated over the epoch"),
        pytest.param({"epochs": 3, "steps_per_epoch": 5, "num_processes": 4}, 15, 60, id="processes"),
        pytest.param({"epochs": 3, "num_processes": 4, "interval": "epoch"}, 24, 12, id="processes, by epoch"),
        pytest.param({"epochs": 1, "steps_per_epoch": 1}, 1, 1, id="one update"),
        pytest.param({"epochs": MAX_UPDATES, "steps_per_epoch": 1}, MAX_UPDATES, MAX_UPDATES, id="the limit"),
    ],
)
def test_a_loop_counts_its_updates_and_its_scheduler_s_steps(fields: dict[str, Any], updates: int, steps: int) -> None:
    loop = TrainingLoop(**fields)
    assert (loop.updates, loop.scheduler_steps) == (updates, steps)


TOO_MANY = "a shorter run has the same shape: scale the steps and the scheduler's parameters down together"


@pytest.mark.parametrize(
    ("fields", "message", "hint"),
    [
        pytest.param({"epochs": 0}, "`epochs` must be 1 or more, got 0", "", id="no epochs"),
        pytest.param({"epochs": -4}, "`epochs` must be 1 or more, got -4", "", id="epochs below 0"),
        pytest.param({"epochs": 2.0}, "`epochs` must be a whole number, got 2.0", "", id="a float of epochs"),
        pytest.param({"epochs": True}, "`epochs` must be a whole number, got True", "", id="True epochs"),
        pytest.param({"epochs": "4"}, "`epochs` must be a whole number, got '4'", "", id="text for epochs"),
        pytest.param({"steps_per_epoch": 0}, "`steps_per_epoch` must be 1 or more, got 0", "", id="no steps"),
        pytest.param({"grad_accum": 0}, "`grad_accum` must be 1 or more, got 0", "", id="no batches for an update"),
        pytest.param({"num_processes": 0}, "`num_processes` must be 1 or more, got 0", "", id="no processes"),
        pytest.param(
            {"interval": "batch"}, "`interval` must be step or epoch, got 'batch'", "", id="an interval there is not"
        ),
        pytest.param({"interval": None}, "`interval` must be step or epoch, got None", "", id="no interval"),
        pytest.param(
            {"epochs": MAX_UPDATES + 1, "steps_per_epoch": 1},
            "100,000,001 epochs of 1 step make 100,000,001 updates; the limit is 100,000,000",
            TOO_MANY,
            id="one update too many",
        ),
        pytest.param(
            {"epochs": 10**6, "steps_per_epoch": 10**6},
            "1,000,000 epochs of 1,000,000 steps make 1,000,000,000,000 updates; the limit is 100,000,000",
            TOO_MANY,
            id="far too many updates",
        ),
        pytest.param(
            {"epochs": 10**4, "steps_per_epoch": 10**4, "num_processes": 2},
            "10,000 epochs of 10,000 steps make 200,000,000 scheduler steps; the limit is 100,000,000",
            TOO_MANY,
            id="too many scheduler steps",
        ),
    ],
)
def test_a_loop_that_makes_no_sense(fields: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(SpecError) as caught:
        TrainingLoop(**fields)
    assert (caught.value.message, caught.value.hint) == (message, hint)


@pytest.mark.parametrize(
    ("name", "lr", "message"),
    [
        pytest.param("", -1e-3, "`lr` must be a finite number above 0, got -0.001", id="below 0"),
        pytest.param("", float("nan"), "`lr` must be a finite number above 0, got nan", id="nan"),
        pytest.param("", float("inf"), "`lr` must be a finite number above 0, got inf", id="inf"),
        pytest.param("", True, "`lr` must be a number, got True", id="True"),
        pytest.param("", "1e-3", "`lr` must be a number, got '1e-3'", id="text"),
        pytest.param("", 1j, "`lr` must be a number, got 1j", id="complex"),
        pytest.param("head", None, "`lr` of `head` must be a number, got None", id="None, in a named group"),
        pytest.param(
            "head", -1, "`lr` of `head` must be a finite number above 0, got -1", id="below 0, in a named group"
        ),
    ],
)
def test_a_rate_that_makes_no_sense(name: str, lr: Any, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        ParamGroup(name, lr)
    assert caught.value.message == message


@pytest.mark.parametrize("momentum", [True, "0.9", -0.1, float("nan"), float("inf")], ids=repr)
def test_a_momentum_that_makes_no_sense(momentum: Any) -> None:
    with pytest.raises(SpecError, match=r"^`momentum` must be "):
        OptimizerChoice("SGD", momentum)


@pytest.mark.parametrize(
    ("groups", "message", "hint"),
    [
        pytest.param((), "a run needs a parameter group", "give a rate such as `--lr 1e-3`", id="none"),
        pytest.param(
            (ParamGroup("a"), ParamGroup("b"), ParamGroup("a")),
            "two parameter groups are called `a`",
            "give each group a different name",
            id="two of one name",
        ),
        pytest.param(
            (ParamGroup(lr=0.0), ParamGroup(lr=0)),
            "`lr` must be above 0, got 0",
            "schedulers scale this rate, so 0 stays 0",
            id="all at 0",
        ),
    ],
)
def test_groups_that_make_no_sense(groups: tuple[ParamGroup, ...], message: str, hint: str) -> None:
    with pytest.raises(SpecError) as caught:
        RunSpec(STEP, groups=groups)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_groups_without_names_and_groups_at_0_are_legal() -> None:
    groups = (ParamGroup(), ParamGroup(), ParamGroup("frozen", 0.0))
    assert RunSpec(STEP, groups=groups).groups == groups


def test_a_spec_is_a_value() -> None:
    one, other = RunSpec(STEP, TrainingLoop(epochs=2)), RunSpec(STEP, TrainingLoop(epochs=2))
    assert one == other
    assert len({one, other}) == 1
    assert one != dataclasses.replace(one, groups=(ParamGroup("", 0.1),))
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.name = "x"  # type: ignore[misc]


def test_a_spec_with_a_lambda_is_a_value_too() -> None:
    one, other = (SchedulerCall("LambdaLR", (parse_value("lambda e: 0.9 ** e", {}),)) for _ in range(2))
    assert RunSpec(one) == RunSpec(other)
    assert hash(RunSpec(one)) == hash(RunSpec(other))


def test_what_is_said_of_a_run_is_not_the_run() -> None:
    assert RunSpec(STEP, filled=("step_size=4",), notes=("odd",)) == RunSpec(STEP)


@pytest.mark.parametrize(
    ("spec", "label"),
    [
        pytest.param(RunSpec(STEP), "StepLR(step_size=4)", id="the notation"),
        pytest.param(RunSpec(STEP, name="mine"), "mine", id="a label"),
        pytest.param(RunSpec(Factory(dataclasses.replace)), "replace", id="a function"),
    ],
)
def test_a_spec_has_a_label(spec: RunSpec, label: str) -> None:
    assert spec.label == label


def test_an_error_prints_its_hint() -> None:
    assert str(LrvizError("no")) == "no"
    assert str(SpecError("no", "yes")) == "no\n\nhint: yes"
    assert SpecError("no").exit_code == 2
