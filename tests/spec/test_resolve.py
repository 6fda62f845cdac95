"""From a scheduler as written to one that is ready to run: names, fills, limits, checks, notes."""

from __future__ import annotations

from typing import Any

import pytest

import lrviz
from lrviz.errors import SimulationError, SpecError
from lrviz.notation import SchedulerCall, parse, parse_value
from lrviz.rules import check_run
from lrviz.schedulers import Parameter, Scheduler, all_schedulers, catalogue
from lrviz.spec import ParamGroup, RunSpec, TrainingLoop, resolve, run_names
from lrviz.spec.resolve import Resolved

LOOP = TrainingLoop()
BY_EPOCH = TrainingLoop(interval="epoch")
ONE = (ParamGroup(),)
TWO = (ParamGroup("a", 0.1), ParamGroup("b", 0.2))


def resolved(text: str, loop: TrainingLoop = LOOP, groups: tuple[ParamGroup, ...] = ONE) -> Resolved:
    return resolve.resolve(parse(text, run_names(loop, groups)), loop, groups)


def refusal(text: str, loop: TrainingLoop = LOOP, groups: tuple[ParamGroup, ...] = ONE) -> SpecError:
    with pytest.raises(SpecError) as caught:
        resolved(text, loop, groups)
    return caught.value


def test_the_names_of_the_run() -> None:
    loop = TrainingLoop(epochs=3, steps_per_epoch=7, num_processes=2)
    assert run_names(loop, ONE) == {"total_steps": 42, "epochs": 3, "steps_per_epoch": 7, "lr": 1e-3}
    assert run_names(BY_EPOCH, TWO) == {"total_steps": 4, "epochs": 4, "steps_per_epoch": 8, "lr": (0.1, 0.2)}


# What follows from the run

FILLED: dict[str, tuple[str, TrainingLoop, tuple[ParamGroup, ...], str]] = {
    "cosine": ("cosine", LOOP, ONE, "T_max=32"),
    "cosine by epoch": ("cosine", BY_EPOCH, ONE, "T_max=4"),
    "cosine in processes": ("cosine", TrainingLoop(num_processes=3), ONE, "T_max=96"),
    "warm-restarts": ("warm-restarts", LOOP, ONE, "T_0=8"),
    "warm-restarts by epoch": ("warm-restarts", TrainingLoop(epochs=40, interval="epoch"), ONE, "T_0=10"),
    "warm-restarts of few epochs": ("warm-restarts", TrainingLoop(epochs=3, interval="epoch"), ONE, "T_0=1"),
    "step": ("step", LOOP, ONE, "step_size=8"),
    "step by epoch": ("step", TrainingLoop(epochs=90, interval="epoch"), ONE, "step_size=22"),
    "multistep": ("multistep", LOOP, ONE, "milestones=[16, 24]"),
    "multistep of one step": ("multistep", TrainingLoop(1, 1), ONE, "milestones=[1, 2]"),
    "exponential": ("exponential", LOOP, ONE, f"gamma={0.01 ** (1 / 32)!r}"),
    "cyclic": ("cyclic", LOOP, ONE, "base_lr=1e-4, max_lr=1e-3, step_size_up=4"),
    "cyclic by epoch": (
        "cyclic",
        TrainingLoop(epochs=80, interval="epoch"),
        ONE,
        "base_lr=1e-4, max_lr=1e-3, step_size_up=10",
    ),
    "cyclic of one step": ("cyclic", TrainingLoop(1, 1), ONE, "base_lr=1e-4, max_lr=1e-3, step_size_up=1"),
    "cyclic, half given": ("cyclic(base_lr=0.5)", LOOP, ONE, "max_lr=1e-3, step_size_up=4"),
    "cyclic in two groups": ("cyclic", LOOP, TWO, "base_lr=[0.01, 0.02], max_lr=[0.1, 0.2], step_size_up=4"),
    "cyclic as torch would take it": ("CyclicLR(1e-4, 1e-3)", LOOP, ONE, ""),
    "onecycle": ("onecycle", LOOP, ONE, "max_lr=1e-3, total_steps=32"),
    "onecycle in two groups": ("onecycle", LOOP, TWO, "max_lr=[0.1, 0.2], total_steps=32"),
    "onecycle, max_lr given": ("onecycle(max_lr=0.5)", LOOP, ONE, "total_steps=32"),
    "onecycle, total_steps given": ("onecycle(total_steps=40)", LOOP, ONE, "max_lr=1e-3"),
    "onecycle, epochs given": ("onecycle(epochs=4, steps_per_epoch=8)", LOOP, ONE, "max_lr=1e-3"),
    "onecycle, epochs alone given": ("onecycle(epochs=4)", LOOP, ONE, "max_lr=1e-3, total_steps=32"),
    "onecycle, total_steps given as None": ("onecycle(total_steps=None)", LOOP, ONE, "max_lr=1e-3, total_steps=32"),
    "swa": ("swa", LOOP, ONE, "swa_lr=1e-4"),
    "swa in two groups": ("swa", LOOP, TWO, "swa_lr=[0.01, 0.02]"),
    "inside a composite": ("chained([cosine, step])", LOOP, ONE, "CosineAnnealingLR.T_max=32, StepLR.step_size=8"),
    "nothing": ("cosine(8)", LOOP, ONE, ""),
    "nothing where torch has a default": ("linear", LOOP, ONE, ""),
}


@pytest.mark.parametrize(("text", "loop", "groups", "filled"), FILLED.values(), ids=FILLED.keys())
def test_filled_from_the_run(text: str, loop: TrainingLoop, groups: tuple[ParamGroup, ...], filled: str) -> None:
    found = resolved(text, loop, groups)
    assert ", ".join(found.filled) == filled
    for name, value in found.call.kwargs:
        if f"{name}=" in found.filled:
            assert f"{name}={value}" in filled


WRITTEN: dict[str, tuple[str, str]] = {
    "a short name": ("cosine", "CosineAnnealingLR(T_max=32)"),
    "torch's module": ("torch.optim.lr_scheduler.StepLR(4)", "StepLR(step_size=4)"),
    "an alias": ("lr_s.StepLR(4)", "StepLR(step_size=4)"),
    "by position": ("StepLR(4, 0.5)", "StepLR(step_size=4, gamma=0.5)"),
    "in torch's order": ("StepLR(gamma=0.5, step_size=4)", "StepLR(step_size=4, gamma=0.5)"),
    "filled": ("onecycle(pct_start=0.5)", "OneCycleLR(max_lr=1e-3, total_steps=32, pct_start=0.5)"),
    "last_epoch by position": ("StepLR(opt, 4, 0.5, -1)", "StepLR(step_size=4, gamma=0.5)"),
    "children": (
        "sequential([linear, cosine], [4])",
        "SequentialLR(schedulers=[LinearLR(), CosineAnnealingLR(T_max=28)], milestones=[4])",
    ),
    "one child": ("SequentialLR([StepLR(4)], [])", "SequentialLR(schedulers=[StepLR(step_size=4)], milestones=[])"),
}


@pytest.mark.parametrize(("text", "written"), WRITTEN.values(), ids=WRITTEN.keys())
def test_written_out(text: str, written: str) -> None:
    call = resolved(text).call
    assert str(call) == written
    assert resolved(written).call == call
    assert resolved(written).filled == []


# What cannot be meant

REFUSED: dict[str, tuple[str, str, str]] = {
    "an unknown scheduler": (
        "cosin",
        "unknown scheduler `cosin`",
        "did you mean `cosine`? `lrviz schedulers` lists them all",
    ),
    "an unknown class": (
        "StepRL(4)",
        "unknown scheduler `StepRL`",
        "did you mean `StepLR`? `lrviz schedulers` lists them all; your code runs as `FILE.py:StepRL(...)`",
    ),
    "nothing close": ("quantum", "unknown scheduler `quantum`", "`lrviz schedulers` lists them all"),
    "another library": (
        "mylib.scheduler.CosineAnnealingScheduler()",
        "unknown scheduler `mylib.scheduler.CosineAnnealingScheduler`",
        "did you mean `CosineAnnealingLR`? `lrviz schedulers` lists them all; "
        "code that is installed or in this folder runs as `mylib.scheduler:CosineAnnealingScheduler(...)`",
    ),
    "another library's class of the same name": (
        "my.own.StepLR(4)",
        "unknown scheduler `my.own.StepLR`",
        "did you mean `StepLR`? `lrviz schedulers` lists them all; "
        "code that is installed or in this folder runs as `my.own:StepLR(...)`",
    ),
    "torch's base class": ("LRScheduler()", "unknown scheduler `LRScheduler`", "`lrviz schedulers` lists them all"),
    "a class of torch that is no scheduler": (
        "AveragedModel()",
        "unknown scheduler `AveragedModel`",
        "`lrviz schedulers` lists them all",
    ),
    "an unknown parameter": (
        "StepLR(4, gama=1)",
        "`StepLR` has no parameter `gama`",
        "did you mean `gamma`? its parameters are step_size, gamma",
    ),
    "a parameter in another spelling": (
        "cosine(t-max=1)".replace("-", "_"),
        "`CosineAnnealingLR` has no parameter `t_max`",
        "did you mean `T_max`? its parameters are T_max, eta_min",
    ),
    "a parameter like no other": (
        "cosine(warmup=1)",
        "`CosineAnnealingLR` has no parameter `warmup`",
        "it takes T_max, eta_min",
    ),
    "a run that goes on": (
        "StepLR(4, last_epoch=9)",
        "`StepLR` cannot resume here: `last_epoch` is always -1",
        "a run is shown from its first update; leave it out",
    ),
    "a value too many": (
        "StepLR(4, 0.5, 0.1)",
        "`StepLR` takes 2 values at most, got 3",
        "its parameters are step_size, gamma",
    ),
    "a value too many for one": (
        "LambdaLR(lambda e: e, 4)",
        "`LambdaLR` takes 1 value at most, got 2",
        "its parameters are lr_lambda",
    ),
    "a value by position and by name": (
        "StepLR(4, step_size=5)",
        "`StepLR` got `step_size` twice, by position and by name",
        "",
    ),
    "a function that is missing": (
        "lambda",
        "`LambdaLR` needs `lr_lambda`",
        "such as `LambdaLR(lr_lambda=lambda step: 0.95 ** step)`",
    ),
    "children that are missing": (
        "chained",
        "`ChainedScheduler` needs `schedulers`",
        "such as `ChainedScheduler([LinearLR(start_factor=0.1, total_iters=4), "
        "ExponentialLR(gamma=0.01 ** (1 / total_steps))])`",
    ),
    "milestones that are missing": (
        "sequential([linear, cosine])",
        "`SequentialLR` needs `milestones`",
        "such as `SequentialLR([LinearLR(start_factor=0.1, total_iters=4), CosineAnnealingLR(T_max=total_steps - 4)], "
        "milestones=[4])`",
    ),
    "no children": (
        "chained([])",
        "`ChainedScheduler` needs a list of schedulers such as [LinearLR(), CosineAnnealingLR()] for `schedulers`, "
        "got []",
        "",
    ),
    "children that are numbers": (
        "chained([1, 2])",
        "`ChainedScheduler` needs a list of schedulers such as [LinearLR(), CosineAnnealingLR()] for `schedulers`, "
        "got [1, 2]",
        "",
    ),
    "an error in a child": (
        "chained([cosine, StepLR(0)])",
        "`StepLR` needs a `step_size` of 1 or more, got 0",
        "",
    ),
    "milestones that do not match": (
        "sequential([linear, cosine, step], [4])",
        "`SequentialLR` with 3 schedulers needs 2 milestones, got 1",
        "a milestone is the scheduler step at which the next scheduler starts",
    ),
    "milestones that fall": (
        "sequential([linear, cosine, step], [8, 4])",
        "`SequentialLR` needs `milestones` that do not decrease, got [8, 4]",
        "torch would skip a scheduler",
    ),
    "a plateau inside": (
        "sequential([linear, plateau], [4])",
        "`SequentialLR` cannot contain `ReduceLROnPlateau`: it calls `step()` without a metric",
        "plot it on its own, or use `lrviz compare`",
    ),
    "a plateau inside, at once": (
        "chained([plateau])",
        "`ChainedScheduler` cannot contain `ReduceLROnPlateau`: it calls `step()` without a metric",
        "plot it on its own, or use `lrviz compare`",
    ),
    "a onecycle that ends": (
        "onecycle(total_steps=10)",
        "`OneCycleLR` ends after 10 steps, and the run has 32; torch raises an error past the end",
        "give the run its length with `--epochs` and `--steps-per-epoch`, or leave out `total_steps`",
    ),
    "a onecycle of one step of warm-up": (
        "onecycle(pct_start=1 / 32)",
        "`OneCycleLR` cannot warm up in 1 step: `pct_start` 0.03125 of 32 steps; torch divides by zero",
        "choose a greater `pct_start`, or 0.0 for no warm-up",
    ),
    "a onecycle with a whole pct_start": (
        "onecycle(pct_start=1)",
        "`OneCycleLR` needs a float for `pct_start`, got 1",
        "write pct_start=1.0",
    ),
    "a list for too few groups": (
        "swa([1e-4, 1e-5])",
        "`SWALR` got 2 values for `swa_lr`, and the run has 1 parameter group",
        "give one for each group, or groups with `--lr 1e-3,1e-3`",
    ),
    "lambdas for too few groups": (
        "LambdaLR([lambda e: 1, lambda e: 2, lambda e: 3])",
        "`LambdaLR` got 3 values for `lr_lambda`, and the run has 1 parameter group",
        "give one for each group, or groups with `--lr 1e-3,1e-3,1e-3`",
    ),
}


@pytest.mark.parametrize(("text", "message", "hint"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(text: str, message: str, hint: str) -> None:
    error = refusal(text)
    assert (error.message, error.hint) == (message, hint)


def test_a_list_for_too_many_groups() -> None:
    error = refusal("onecycle(max_lr=[0.1])", groups=TWO)
    assert error.message == "`OneCycleLR` got 1 value for `max_lr`, and the run has 2 parameter groups"


# Limits and kinds, for every parameter of every scheduler

# What each scheduler needs besides the parameter that is tried.
BESIDES = {
    "SequentialLR": "[LinearLR(), StepLR(4)]",
    "ChainedScheduler": "[LinearLR()]",
    "LambdaLR": "lambda e: 1",
    "MultiplicativeLR": "lambda e: 1",
}
PARAMETERS = [(s, p) for s in all_schedulers() for p in s.parameters]
IDS = [f"{s.short} {p.name}" for s, p in PARAMETERS]


def with_value(scheduler: Scheduler, parameter: Parameter, value: str) -> str:
    """A call with that value, and with what else must be there."""
    given = {parameter.name: value}
    if scheduler.name in BESIDES:
        given = {scheduler.parameters[0].name: BESIDES[scheduler.name]} | given
    if scheduler.name == "SequentialLR":
        given = {"milestones": "[4]"} | given
    return f"{scheduler.name}({', '.join(f'{k}={v}' for k, v in given.items())})"


def wrong_values(parameter: Parameter) -> list[str]:
    """Values that no parameter of this kind and with these limits takes."""
    nothing = [] if parameter.optional else ["None"]
    match parameter.kind:
        case "int":
            wrong = ["nan", "inf", "-inf", "'4'", "True", "[4]", "lambda e: 4"]
        case "float" | "per_group":
            wrong = ["nan", "inf", "-inf", "'4'", "True", "lambda e: 4"]
        case "bool":
            wrong = ["1", "0", "'True'", "[True]"]
        case "choice":
            wrong = ["'nonsense'", "1", "True", "['min']"]
        case "milestones":
            wrong = ["4", "'48'", "['4']", "[nan]", "[None]", "[True]", "[-1]"]
        case "lr_lambda" | "function":
            wrong = ["0.5", "'lambda e: e'", "True", "[0.5]"]
        case "schedulers":
            wrong = ["4", "'cosine'", "[4]", "[]", "True"]
    low, high = parameter.least, parameter.most
    if parameter.kind in ("int", "float", "per_group"):
        wrong += [f"{low - 1 if not parameter.above_least else low}"] if low is not None else []
        wrong += [f"{high + 1 if not parameter.below_most else high}"] if high is not None else []
    if parameter.kind in ("int", "milestones") and not parameter.fraction:
        wrong += ["2.5"]
    return [*wrong, *nothing]


@pytest.mark.parametrize(("scheduler", "parameter"), PARAMETERS, ids=IDS)
def test_no_parameter_takes_a_value_that_makes_no_sense(scheduler: Scheduler, parameter: Parameter) -> None:
    for value in wrong_values(parameter):
        error = refusal(with_value(scheduler, parameter, value))
        assert error.message.startswith(f"`{scheduler.name}` ")
        assert f"`{parameter.name}`" in error.message


@pytest.mark.parametrize(("scheduler", "parameter"), PARAMETERS, ids=IDS)
def test_every_parameter_takes_its_default(scheduler: Scheduler, parameter: Parameter) -> None:
    if parameter.required:
        return
    name = f"{scheduler.name}.{parameter.name}"
    value = parameter.default if name != "CyclicLR.step_size_up" else 4
    call = resolved(with_value(scheduler, parameter, repr(value))).call
    if name != "OneCycleLR.total_steps":  # where None means the run's
        assert call.get(parameter.name) == value


def test_a_whole_number_may_be_written_as_a_float() -> None:
    assert resolved("StepLR(step_size=4.0)").call.get("step_size") == 4


def test_a_fraction_where_a_whole_number_goes_says_how_to_make_one() -> None:
    assert refusal("swa(anneal_epochs=total_steps / 5)").hint == "`int(...)` makes one: anneal_epochs=6"
    assert refusal("warm-restarts(T_0=0.3)").hint == "`int(...)` makes one: T_0=1"


# What is legal and odd

ODD: dict[str, tuple[str, tuple[ParamGroup, ...], list[str]]] = {
    "nothing odd": ("cosine(8, 1e-4)", ONE, []),
    "a floor above the rate": (
        "cosine(8, 0.1)",
        ONE,
        ["CosineAnnealingLR: eta_min 0.1 is above the base rate 1e-3, so the rate rises to it"],
    ),
    "a floor above the rate, with restarts": (
        "warm-restarts(8, eta_min=0.1)",
        ONE,
        ["CosineAnnealingWarmRestarts: eta_min 0.1 is above the base rate 1e-3, so the rate rises to it"],
    ),
    "a floor above one group's rate": (
        "cosine(8, 0.15)",
        TWO,
        ["CosineAnnealingLR: eta_min 0.15 is above the base rate of a 0.1, so the rate rises to it"],
    ),
    "a least rate above the rate": (
        "plateau(min_lr=0.1)",
        ONE,
        ["ReduceLROnPlateau: min_lr 0.1 is above the base rate 1e-3, so the rate is never reduced"],
    ),
    "least rates, one above": (
        "plateau(min_lr=[0.01, 0.3])",
        TWO,
        ["ReduceLROnPlateau: min_lr 0.3 is above the base rate of b 0.2, so the rate is never reduced"],
    ),
    "milestones out of order": ("multistep([24, 8])", ONE, []),
    "a milestone twice": (
        "multistep([8, 8])",
        ONE,
        ["MultiStepLR: a milestone is listed twice, so gamma is applied twice there"],
    ),
    "a milestone at the start": (
        "multistep([0])",
        ONE,
        ["MultiStepLR: milestone 0 lowers the rate before the first update"],
    ),
    "a cycle upside down": (
        "cyclic(0.1, 0.01)",
        ONE,
        ["CyclicLR: base_lr 0.1 is above max_lr 0.01, so the cycle is inverted"],
    ),
    "total_steps and another length": (
        "onecycle(total_steps=40, epochs=4, steps_per_epoch=8)",
        ONE,
        ["OneCycleLR: total_steps 40 overrides epochs 4 x steps_per_epoch 8 = 32"],
    ),
    "odd children": (
        "chained([multistep([0]), cosine(8, 1)])",
        ONE,
        [
            "MultiStepLR: milestone 0 lowers the rate before the first update",
            "CosineAnnealingLR: eta_min 1 is above the base rate 1e-3, so the rate rises to it",
        ],
    ),
}


@pytest.mark.parametrize(("text", "groups", "found"), ODD.values(), ids=ODD.keys())
def test_odd_values_are_read_and_found_by_rules(text: str, groups: tuple[ParamGroup, ...], found: list[str]) -> None:
    read = resolved(text, groups=groups)
    assert read.notes == []
    findings = check_run(RunSpec(read.call, groups=groups), None)
    assert [message for message in found if message not in [f.message for f in findings]] == []
    assert found or not findings


def test_a_onecycle_inside_need_not_fill_the_run() -> None:
    assert resolved("sequential([onecycle(total_steps=10), cosine], [9])").call.get("milestones") == (9,)


# A class that only the installed torch knows


@pytest.fixture
def without_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """A catalogue that has never heard of StepLR."""
    forgotten = {name: file for name, file in catalogue._MODULES.items() if not file.endswith(".step")}
    monkeypatch.setattr(catalogue, "_MODULES", forgotten)


@pytest.mark.usefixtures("without_step")
@pytest.mark.parametrize(
    "text",
    [
        "StepLR(4, gamma=0.5)",
        "torch.optim.lr_scheduler.StepLR(optimizer, step_size=4, gamma=0.5)",
        "ChainedScheduler([StepLR(optimizer, 4, 0.5)])",
        "SequentialLR([StepLR(4, 0.5), LinearLR()], [32])",
    ],
)
def test_a_class_that_the_catalogue_does_not_know_works_all_the_same(text: str) -> None:
    assert catalogue.find("StepLR") is None
    rates = lrviz.simulate(text).lr[:, 0].tolist()
    assert rates == [1e-3 * 0.5 ** (step // 4) for step in range(32)]


@pytest.mark.usefixtures("without_step")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("StepLR()", "missing 1 required positional argument: 'step_size'", id="missing"),
        pytest.param("StepLR(4, gama=0.5)", "got an unexpected keyword argument 'gama'", id="unknown"),
    ],
)
def test_its_parameters_are_asked_of_torch(text: str, message: str) -> None:
    with pytest.raises(SimulationError) as caught:
        lrviz.simulate(text)
    assert caught.value.message.startswith("torch refuses `StepLR(")
    assert message in caught.value.message
    assert caught.value.hint == "its parameters are step_size, gamma=0.1"


@pytest.mark.usefixtures("without_step")
def test_values_that_break_it_are_errors_too() -> None:
    with pytest.raises(SimulationError, match=r"^torch fails on `StepLR\(0\)` at step 1: division by zero"):
        lrviz.simulate("StepLR(0)")


def test_torch_s_schedulers_are_found_without_importing_torch() -> None:
    names = catalogue.installed_schedulers()
    assert {scheduler.name for scheduler in all_schedulers()} <= names
    assert not names & {"LRScheduler", "AveragedModel", "Counter"}


def test_without_torch_s_source_only_the_catalogue_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "installed_schedulers", frozenset)
    assert resolved("StepLR(4)").call == SchedulerCall("StepLR", kwargs=(("step_size", 4),))
    assert refusal("OtherLR()").message == "unknown scheduler `OtherLR`"


def test_values_from_python_may_be_huge() -> None:
    call = SchedulerCall("StepLR", kwargs=(("step_size", 10**400),))
    assert resolve.resolve(call, LOOP, ONE).call.get("step_size") == 10**400


def test_every_example_of_the_catalogue_resolves() -> None:
    for scheduler in all_schedulers():
        found: Any = resolved(scheduler.example or scheduler.short)
        assert found.call.name == scheduler.name
        assert found.notes == []


def test_what_follows_is_an_expression_that_reads() -> None:
    for _, parameter in PARAMETERS:
        if parameter.follows is not None:
            parse_value(parameter.follows, run_names(LOOP, ONE) | {"interval": "step"})
