"""The catalogue against the installed torch: the same classes, parameters, defaults and choices."""

from __future__ import annotations

import ast
import inspect
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler, swa_utils

from lrviz.schedulers import REQUIRED, Parameter, Scheduler, all_schedulers, find

# The run's names that `follows` may use, for runs that a formula for the usual one could trip over.
RUNS = [
    pytest.param((32, 4, 8, "step"), id="4 epochs of 8 steps, every step"),
    pytest.param((4, 4, 8, "epoch"), id="4 epochs of 8 steps, every epoch"),
    pytest.param((90, 90, 5005, "epoch"), id="90 epochs, every epoch"),
    pytest.param((1, 1, 1, "step"), id="a single step"),
    pytest.param((1, 1, 100, "epoch"), id="a single epoch"),
    pytest.param((3, 3, 1, "step"), id="a step an epoch"),
    pytest.param((2, 2, 7, "epoch"), id="two epochs"),
]

each_scheduler = pytest.mark.parametrize("scheduler", all_schedulers(), ids=lambda s: s.short)

FILLED = [(s, p) for s in all_schedulers() for p in s.parameters if p.follows]


def torch_class(scheduler: Scheduler) -> Any:
    module = swa_utils if scheduler.module == "torch.optim.swa_utils" else lr_scheduler
    return getattr(module, scheduler.name)


def torch_parameters(scheduler: Scheduler) -> list[inspect.Parameter]:
    """What torch's class takes, without what lrviz gives it itself."""
    parameters = inspect.signature(torch_class(scheduler)).parameters.values()
    return [p for p in parameters if p.name not in ("optimizer", "last_epoch", "verbose")]


def annotation(parameter: inspect.Parameter) -> str:
    """A parameter's annotation as text without modules: in torch 2.6 it is an object, with `List` for `list`."""
    if parameter.annotation is parameter.empty:
        return ""
    if isinstance(parameter.annotation, str):
        return parameter.annotation
    return (
        inspect.formatannotation(parameter.annotation)
        .replace("torch.optim.lr_scheduler.", "")
        .replace("List[", "list[")
    )


def literal_choices(annotation: str) -> tuple[str, ...]:
    """The arguments of the Literal in an annotation; () where there is none."""
    tree = ast.parse(annotation or "None", mode="eval").body
    if isinstance(tree, ast.Subscript) and isinstance(tree.value, ast.Name) and tree.value.id == "Literal":
        return tuple(ast.literal_eval(tree.slice))
    return ()


def test_every_class_of_torch_is_in_the_catalogue_and_nothing_else() -> None:
    base = lr_scheduler.LRScheduler
    public = {
        name
        for name in lr_scheduler.__all__
        if issubclass(getattr(lr_scheduler, name), base) and getattr(lr_scheduler, name) is not base
    }
    assert {s.name for s in all_schedulers()} == public | {"SWALR"}


def test_short_names_stand_in_the_order_they_are_listed_in() -> None:
    assert " ".join(s.short for s in all_schedulers()) == (
        "step multistep constant linear exponential polynomial cosine warm-restarts cyclic onecycle plateau lambda "
        "multiplicative sequential chained swa"
    )


@each_scheduler
def test_parameters_are_torchs_in_name_order_and_default(scheduler: Scheduler) -> None:
    ours = [(p.name, type(p.default), p.default) for p in scheduler.parameters]
    theirs = [
        (p.name, *((type(REQUIRED), REQUIRED) if p.default is p.empty else (type(p.default), p.default)))
        for p in torch_parameters(scheduler)
    ]
    assert ours == theirs


@each_scheduler
def test_choices_and_none_are_what_torch_annotates(scheduler: Scheduler) -> None:
    for ours, theirs in zip(scheduler.parameters, torch_parameters(scheduler), strict=True):
        assert ours.choices == literal_choices(annotation(theirs)), ours.name
        assert (ours.kind == "choice") == bool(ours.choices), ours.name
        assert ours.optional == any(word in annotation(theirs) for word in ("None", "Optional")), ours.name


@each_scheduler
def test_kinds_fit_what_torch_annotates(scheduler: Scheduler) -> None:
    word = {
        "int": "int",
        "float": "float",
        "bool": "bool",
        "choice": "Literal",
        "milestones": "int]",
        "per_group": "float",
        "lr_lambda": "list[Callable",
        "function": "Callable",
        "schedulers": "[LRScheduler]",
    }
    for ours, theirs in zip(scheduler.parameters, torch_parameters(scheduler), strict=True):
        if theirs.annotation is not theirs.empty:
            assert word[ours.kind] in annotation(theirs), ours.name


@each_scheduler
def test_how_it_is_called_is_how_torch_calls_it(scheduler: Scheduler) -> None:
    cls = torch_class(scheduler)
    assert cls.__module__ == scheduler.module
    assert (next(iter(inspect.signature(cls).parameters)) == "optimizer") == scheduler.takes_optimizer
    step = inspect.signature(cls.step).parameters
    assert [n for n, p in step.items() if n != "self" and p.default is p.empty] == (
        ["metrics"] if scheduler.takes_metric else []
    )


UNLIMITED = ("eta_min", "base_momentum", "max_momentum")  # torch takes any number, and lrviz notes it


@each_scheduler
def test_every_number_has_a_lower_limit_and_its_default_is_within(scheduler: Scheduler) -> None:
    for parameter in scheduler.parameters:
        if parameter.kind in ("int", "float", "per_group", "milestones"):
            assert (parameter.least is None) == (parameter.name in UNLIMITED), parameter.name
        if isinstance(parameter.default, int | float) and parameter.kind != "bool":
            assert within(parameter, parameter.default), parameter.name


def within(parameter: Parameter, value: Any) -> bool:
    """Whether a value, or every item of a list, keeps to the limits."""
    if isinstance(value, list):
        return all(within(parameter, item) for item in value)
    least = -float("inf") if parameter.least is None else parameter.least
    most = float("inf") if parameter.most is None else parameter.most
    if value in (least, most):
        return not (parameter.above_least and value == least) and not (parameter.below_most and value == most)
    return bool(least < value < most)


@pytest.mark.parametrize(
    ("short", "name", "text"),
    [
        ("step", "step_size", "at least 1"),
        ("step", "gamma", "at least 0"),
        ("multistep", "milestones", "at least 0"),
        ("constant", "factor", "above 0, at most 1"),
        ("linear", "start_factor", "above 0, at most 1"),
        ("linear", "end_factor", "at least 0, at most 1"),
        ("warm-restarts", "T_mult", "at least 1"),
        ("cyclic", "mode", "triangular, triangular2 or exp_range"),
        ("cyclic", "max_lr", "above 0"),
        ("cyclic", "base_momentum", ""),
        ("cyclic", "scale_fn", ""),
        ("onecycle", "anneal_strategy", "cos or linear"),
        ("onecycle", "pct_start", "at least 0, at most 1"),
        ("onecycle", "three_phase", ""),
        ("plateau", "factor", "at least 0, below 1"),
        ("plateau", "patience", "at least 0"),
        ("swa", "anneal_epochs", "at least 0"),
    ],
)
def test_limits_read_well(short: str, name: str, text: str) -> None:
    scheduler = find(short)
    assert scheduler is not None
    parameter = scheduler.parameter(name)
    assert parameter is not None
    assert parameter.limits == text


def test_a_parameter_that_torch_does_not_have_is_none() -> None:
    cosine = find("cosine")
    assert cosine is not None
    assert cosine.parameter("t_max") is None


def test_what_follows_from_the_run() -> None:
    assert {f"{s.short} {p.name}" for s, p in FILLED} == {
        "step step_size",
        "multistep milestones",
        "exponential gamma",
        "cosine T_max",
        "warm-restarts T_0",
        "cyclic base_lr",
        "cyclic max_lr",
        "cyclic step_size_up",
        "onecycle max_lr",
        "onecycle total_steps",
        "swa swa_lr",
    }


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize(("scheduler", "parameter"), FILLED, ids=[f"{s.short} {p.name}" for s, p in FILLED])
def test_what_follows_is_within_the_limits_and_of_its_kind(
    scheduler: Scheduler, parameter: Parameter, run: tuple[int, int, int, str]
) -> None:
    names = dict(zip(("total_steps", "epochs", "steps_per_epoch", "interval"), run, strict=True)) | {"lr": 1e-3}
    expression = ast.parse(parameter.follows or "", mode="eval")
    assert {n.id for n in ast.walk(expression) if isinstance(n, ast.Name)} <= names.keys() | {"max"}
    value = eval(compile(expression, "follows", "eval"), {"max": max}, names)  # noqa: S307 - the catalogue's own text
    assert within(parameter, value)
    kind = {"int": int, "float": float, "per_group": float, "milestones": list}[parameter.kind]
    assert type(value) is kind
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1e-3)
    needed = {"CyclicLR": {"base_lr": 1e-4, "max_lr": 1e-3}, "OneCycleLR": {"max_lr": 1e-3, "total_steps": 32}}
    kwargs = needed.get(scheduler.name, {}) | {parameter.name: value}
    assert torch_class(scheduler)(optimizer, **kwargs).get_last_lr()[0] > 0


@each_scheduler
def test_the_formula_speaks_of_every_parameter(scheduler: Scheduler) -> None:
    words = set(ast_words(scheduler.formula))
    assert {p.name for p in scheduler.parameters} - words == set()


def ast_words(text: str) -> list[str]:
    """The identifiers in a text."""
    return "".join(c if c.isalnum() or c == "_" else " " for c in text).split()


@each_scheduler
def test_the_text_keeps_its_form(scheduler: Scheduler) -> None:
    assert len(scheduler.summary) <= 75
    assert scheduler.summary[0].islower()
    for line in (scheduler.summary, *(p.help for p in scheduler.parameters)):
        assert not line.endswith(".")
        assert "\n" not in line
    for parameter in scheduler.parameters:
        assert len(parameter.help) <= 90, parameter.name
    for line in scheduler.formula.split("\n"):
        assert len(line) <= 100
    for sentence in (scheduler.use, scheduler.past_end, *scheduler.cautions):
        assert sentence.endswith(".")
        assert "  " not in sentence
    assert "arXiv:" in scheduler.source or scheduler.source.startswith("https://docs.pytorch.org/")
    assert scheduler.cautions


@pytest.mark.parametrize("scheduler", [s for s in all_schedulers() if s.example], ids=lambda s: s.short)
def test_an_example_calls_its_own_scheduler_with_known_names(scheduler: Scheduler) -> None:
    tree = ast.parse(scheduler.example, mode="eval")
    assert isinstance(tree.body, ast.Call)
    assert ast.unparse(tree.body.func) == scheduler.name
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        called = find(ast.unparse(call.func))
        assert called is not None
        for keyword in call.keywords:
            assert called.parameter(keyword.arg or "") is not None


def test_what_cannot_be_filled_has_an_example() -> None:
    without = {
        s.short for s in all_schedulers() for p in s.parameters if p.required and not p.follows and not s.example
    }
    assert without == set()
