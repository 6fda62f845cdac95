"""What torch takes is taken, with the rates of a plain loop; what it makes of odd values is noted."""

from __future__ import annotations

from typing import Any

import pytest
from torch.optim import SGD, lr_scheduler, swa_utils

import lrviz
from lrviz.errors import LrvizError, SimulationError, SpecError
from lrviz.rules import check_run
from lrviz.schedulers import catalogue
from lrviz.simulation import simulate
from lrviz.spec import Fields, RunSpec, read_run
from tests.plain_loop import train

UPDATES = 32
_TORCH: dict[str, Any] = vars(lr_scheduler) | vars(swa_utils)


def read(text: str, lets: dict[str, Any] | None = None, **fields: Any) -> RunSpec:
    return read_run(text, Fields(fields, lets=lets or {}))


def rates_of_torch(line: str, lr: float = 1e-3) -> list[float]:
    """The rates of the same line of Python, `optimizer` in it included, in a plain loop."""

    def make(optimizer: SGD) -> Any:
        return eval(line, {**_TORCH, "optimizer": optimizer})  # noqa: S307 - a line of this file

    return train(make, UPDATES, lr=lr).first_group


# Lines that Python and lrviz read, and findings about them
TAKEN: dict[str, tuple[str, list[str]]] = {
    "a computed last_epoch": ("StepLR(optimizer, 4, last_epoch=0 - 1)", []),
    "a computed last_epoch by position": ("StepLR(optimizer, 4, 0.5, 0 - 1)", []),
    "a last_epoch of a sequence": (
        "SequentialLR(optimizer, [LinearLR(optimizer), StepLR(optimizer, 9)], [4], last_epoch=3 - 4)",
        [],
    ),
    "no milestones": (
        "MultiStepLR(optimizer, milestones=[])",
        ["MultiStepLR: it has no milestones, so the rate stays at lr"],
    ),
    "a linear warm-up of 0": (
        "LinearLR(optimizer, total_iters=0)",
        ["LinearLR: total_iters is 0, so the rate stays at lr * start_factor"],
    ),
    "a constant warm-up of 0": (
        "ConstantLR(optimizer, 0.5, total_iters=0)",
        ["ConstantLR: total_iters is 0, so the rate stays at lr * factor"],
    ),
    "a decay of 0": (
        "PolynomialLR(optimizer, total_iters=0)",
        ["PolynomialLR: total_iters is 0, so the rate stays at lr"],
    ),
    "a sequence without its warm-up": (
        "SequentialLR(optimizer, [LinearLR(optimizer, total_iters=0), CosineAnnealingLR(optimizer, 32)], [0])",
        ["SequentialLR: a milestone of 0 leaves out the scheduler before it, LinearLR"],
    ),
    "a milestone of 0 that leaves out a warm-up": (
        "SequentialLR(optimizer, [LinearLR(optimizer, total_iters=9), ExponentialLR(optimizer, 0.9)], milestones=[0])",
        ["SequentialLR: a milestone of 0 leaves out the scheduler before it, LinearLR"],
    ),
    "milestones of 0": (
        "SequentialLR(optimizer, [LinearLR(optimizer), StepLR(optimizer, 2), StepLR(optimizer, 5)], [0, 0])",
        [
            "SequentialLR: a milestone of 0 leaves out the scheduler before it, LinearLR",
            "SequentialLR: two milestones of 0 leave out the scheduler between them, StepLR",
        ],
    ),
    "equal milestones": (
        "SequentialLR(optimizer, [LinearLR(optimizer), StepLR(optimizer, 2), ExponentialLR(optimizer, 0.5)], [4, 4])",
        ["SequentialLR: two milestones of 4 leave out the scheduler between them, StepLR"],
    ),
    "a milestone of 0 before a cycle": (
        "SequentialLR(optimizer, [StepLR(optimizer, 4), OneCycleLR(optimizer, 0.1, 40)], [0])",
        ["SequentialLR: a milestone of 0 leaves out the scheduler before it, StepLR"],
    ),
    "a whole float of a sequence's milestone": (
        "SequentialLR(optimizer, [LinearLR(optimizer), ExponentialLR(optimizer, 0.9)], [4.0])",
        [],
    ),
    "a negative eta_min": (
        "CosineAnnealingLR(optimizer, T_max=8, eta_min=-1e-3)",
        ["CosineAnnealingLR: eta_min -1e-3 is below 0, so the rate can be too"],
    ),
    "a negative eta_min that is not reached": (
        "CosineAnnealingLR(optimizer, T_max=100, eta_min=-1e-5)",
        ["CosineAnnealingLR: eta_min -1e-5 is below 0, so the rate can be too"],
    ),
    "a negative eta_min with restarts": (
        "CosineAnnealingWarmRestarts(optimizer, 8, eta_min=-0.5)",
        ["CosineAnnealingWarmRestarts: eta_min -0.5 is below 0, so the rate can be too"],
    ),
    "a negative eta_min inside": (
        "SequentialLR(optimizer, [LinearLR(optimizer), CosineAnnealingLR(optimizer, 9, -1.0)], [4])",
        ["CosineAnnealingLR: eta_min -1.0 is below 0, so the rate can be too"],
    ),
    "a whole float": ("StepLR(optimizer, 30.0)", []),
    "a whole float of a cosine": ("CosineAnnealingLR(optimizer, T_max=90 / 3)", []),
    "a fraction of a cosine": (
        "CosineAnnealingLR(optimizer, T_max=100 / 8)",
        ["CosineAnnealingLR: T_max 12.5 is not a whole number, so the rate turns between two steps"],
    ),
    "a fraction of a staircase": (
        "StepLR(optimizer, step_size=2.5)",
        ["StepLR: step_size 2.5 is not a whole number, so the rate drops only at whole multiples of it"],
    ),
    "a fraction of a line": (
        "LinearLR(optimizer, total_iters=2.5)",
        ["LinearLR: total_iters 2.5 is not a whole number, so the rate stops short of end_factor"],
    ),
    "a fraction of a constant": (
        "ConstantLR(optimizer, total_iters=2.5)",
        ["ConstantLR: total_iters 2.5 is not a whole number, so the rate stays at lr * factor"],
    ),
    "a fraction of a polynomial": (
        "PolynomialLR(optimizer, total_iters=4.5, power=2)",
        ["PolynomialLR: total_iters 4.5 is not a whole number, so the rate stops short of 0"],
    ),
    "fractions of a cycle": (
        "CyclicLR(optimizer, 0.1, 1.0, step_size_up=2.5, step_size_down=3.25)",
        [
            "CyclicLR: step_size_up 2.5 is not a whole number, so the rate turns between two steps",
            "CyclicLR: step_size_down 3.25 is not a whole number, so the rate turns between two steps",
        ],
    ),
    "fractions of a plateau": (
        "ReduceLROnPlateau(optimizer, patience=1.5, cooldown=2.5)",
        [
            "ReduceLROnPlateau: patience 1.5 is not a whole number, so it is rounded down",
            "ReduceLROnPlateau: cooldown 2.5 is not a whole number, so it is rounded up",
        ],
    ),
    "a fraction among milestones": (
        "MultiStepLR(optimizer, [32 * 0.25, 25 * 0.5])",
        ["MultiStepLR: milestones 12.5 is not a whole number, so it has no effect"],
    ),
    "a momentum above 1": (
        "CyclicLR(optimizer, 0.1, 1.0, 4, base_momentum=1, max_momentum=5)",
        ["CyclicLR: max_momentum 5 is outside of the range from 0 to 1"],
    ),
    "a momentum below 0": (
        "OneCycleLR(optimizer, 1.0, total_steps=32, base_momentum=-1.0)",
        ["OneCycleLR: base_momentum -1.0 is outside of the range from 0 to 1"],
    ),
    "a momentum that is not used": (
        "OneCycleLR(optimizer, 1.0, total_steps=32, cycle_momentum=False, base_momentum=2)",
        [],
    ),
}


@pytest.mark.parametrize(("line", "notes"), TAKEN.values(), ids=TAKEN.keys())
def test_taken(line: str, notes: list[str]) -> None:
    metric: dict[str, Any] = {"metric": "1"} if "Plateau" in line else {}
    spec = read(line, **metric)
    trace = simulate(spec)
    assert trace.lr[:, 0].tolist() == rates_of_torch(line)
    assert set(notes) <= {finding.message for finding in check_run(spec, trace)}
    again = read(str(spec.scheduler), **metric)
    assert (again.scheduler, again.notes) == (spec.scheduler, spec.notes)


def test_a_last_epoch_from_a_name() -> None:
    assert read("StepLR(optimizer, 4, last_epoch=start - 1)", {"start": 0}) == read("StepLR(4)")
    with pytest.raises(SpecError, match=r"^`StepLR` cannot resume here: `last_epoch` is always -1"):
        read("StepLR(optimizer, 4, last_epoch=start - 1)", {"start": 3})


VERBOSE: dict[str, tuple[str, str]] = {
    "by name": ("StepLR(optimizer, 30, verbose=True)", "StepLR(30)"),
    "False": ("CosineAnnealingLR(optimizer, 8, verbose=False)", "CosineAnnealingLR(8)"),
    "by position": ("StepLR(optimizer, 30, 0.5, -1, True)", "StepLR(30, 0.5)"),
    "of a plateau by position": (
        "ReduceLROnPlateau(optimizer, 'min', 0.1, 10, 1e-4, 'rel', 0, 0, 1e-8, True)",
        "ReduceLROnPlateau('min', 0.1, 10, 1e-4, 'rel', 0, 0, 1e-8)",
    ),
    "inside": ("ChainedScheduler([StepLR(optimizer, 4, verbose=True)])", "ChainedScheduler([StepLR(4)])"),
    "the word of 2.6": ("StepLR(optimizer, 30, verbose='deprecated')", "StepLR(30)"),
}


@pytest.mark.parametrize(("line", "same"), VERBOSE.values(), ids=VERBOSE.keys())
def test_verbose_is_left_out_with_a_note(line: str, same: str) -> None:
    spec, plain = read(line), read(same)
    assert spec.scheduler == plain.scheduler
    (note,) = spec.notes
    assert note.endswith("LR: verbose is left out: torch 2.7 and newer do not take it") or "Plateau: verbose" in note


def test_verbose_of_a_class_that_only_torch_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    forgotten = {name: file for name, file in catalogue._MODULES.items() if not file.endswith(".step")}
    monkeypatch.setattr(catalogue, "_MODULES", forgotten)
    assert read("StepLR(optimizer, 4, verbose=True)").scheduler == read("StepLR(4)").scheduler


REFUSED: dict[str, tuple[str, str]] = {
    "a last_epoch that a plateau lacks": (
        "ReduceLROnPlateau(optimizer, last_epoch=0 - 1)",
        "`ReduceLROnPlateau` has no parameter `last_epoch`",
    ),
    "a last_epoch that a chain lacks": (
        "ChainedScheduler([StepLR(4)], last_epoch=0 - 1)",
        "`ChainedScheduler` has no parameter `last_epoch`",
    ),
    "a whole float that torch checks": (
        "OneCycleLR(optimizer, 1.0, total_steps=32.0)",
        "torch refuses `OneCycleLR(max_lr=1.0, total_steps=32.0)`: ValueError: "
        "Expected positive integer total_steps, but got 32.0",
    ),
    "a fraction that torch checks": (
        "CosineAnnealingWarmRestarts(optimizer, 2.5)",
        "`CosineAnnealingWarmRestarts` needs a whole number for `T_0`, got 2.5",
    ),
    "a decay of 0 at a milestone": (
        "SequentialLR(optimizer, [StepLR(optimizer, 9), LinearLR(optimizer, total_iters=0)], [3])",
        "torch fails on `SequentialLR(schedulers=[StepLR(step_size=9), LinearLR(total_iters=0)], milestones=[3])` "
        "at step 3: division by zero",
    ),
    "a negative count": ("StepLR(optimizer, -1)", "`StepLR` needs a `step_size` of 1 or more, got -1"),
    "milestones that fall": (
        "SequentialLR(optimizer, [LinearLR(), StepLR(4), StepLR(9)], [8, 4])",
        "`SequentialLR` needs `milestones` that do not decrease, got [8, 4]",
    ),
    "a rate below 0 without a negative eta_min": (
        "ChainedScheduler([LambdaLR(optimizer, lambda e: -1.0), CosineAnnealingLR(optimizer, 8, 0.0)])",
        "the rate of `ChainedScheduler(schedulers=[LambdaLR(lr_lambda=l...-1.0), "
        "CosineAnnealingLR(T_max=8, eta_min=0.0)])` is negative (-0.001) at step 0",
    ),
}


@pytest.mark.parametrize(("line", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_torch_refuses_or_cannot_be_meant_is_refused(line: str, message: str) -> None:
    with pytest.raises(LrvizError) as caught:
        simulate(read(line))
    assert caught.value.message == message


@pytest.mark.parametrize("line", ["warmup-cosine(warmup=0)", "warmup-linear(0)", "wsd(warmup=0, decay=8)"])
def test_a_sweep_of_the_warmup_may_start_at_0(line: str) -> None:
    after = {
        "warmup-cosine(warmup=0)": "CosineAnnealingLR(optimizer, 32)",
        "warmup-linear(0)": "LinearLR(optimizer, 1.0, 0.0, 32)",
        "wsd(warmup=0, decay=8)": "SequentialLR(optimizer, [ConstantLR(optimizer, 1.0), "
        "LinearLR(optimizer, 1.0, 0.0, 8)], [24])",
    }[line]
    assert simulate(read(line)).lr[:, 0].tolist() == rates_of_torch(after)


@pytest.mark.parametrize("line", ["inverse-sqrt(warmup=0)", "noam(warmup=0)"])
def test_a_formula_that_divides_by_the_warmup_needs_one(line: str) -> None:
    with pytest.raises(SpecError, match="needs a `warmup` of 1 or more, got 0"):
        read(line)


# A base rate of 0

SETS_THE_RATE = [
    "OneCycleLR(optimizer, 1.0, 32)",
    "CyclicLR(optimizer, 0.1, 1.0, 4)",
    "SWALR(optimizer, 0.1)",
    "CosineAnnealingLR(optimizer, 8, eta_min=0.1)",
    "CosineAnnealingWarmRestarts(optimizer, 8, eta_min=0.1)",
    "SequentialLR(optimizer, [StepLR(optimizer, 2), SWALR(optimizer, 0.1)], [4])",
]


@pytest.mark.parametrize("line", SETS_THE_RATE)
def test_a_base_rate_of_0_where_the_scheduler_sets_the_rate(line: str) -> None:
    found = simulate(read(line, lr=0)).lr[:, 0].tolist()
    assert found == rates_of_torch(line, lr=0)
    assert max(found) > 0


@pytest.mark.parametrize(
    "line", ["StepLR(4)", "cosine", "onecycle", "swa", "ReduceLROnPlateau(min_lr=0.1)", "chained([linear, cosine])"]
)
def test_a_base_rate_of_0_that_stays_0_is_refused(line: str) -> None:
    with pytest.raises(SpecError) as caught:
        read(line, lr="0,0")
    assert (caught.value.message, caught.value.hint) == (
        "`lr` must be above 0, got 0",
        "schedulers scale this rate, so 0 stays 0",
    )


# The optimizer's momentum


def test_a_momentum_of_1_or_more_is_found() -> None:
    for momentum in (1, 1.5):
        findings = check_run(read("StepLR(4)", momentum=momentum), None)
        assert [(f.code, f.message) for f in findings] == [
            ("LR503", f"momentum {momentum:g} is not below 1, so old gradients do not fade")
        ]
    trace = lrviz.simulate("StepLR(4)", momentum=1.5, show_momentum=True)
    assert trace.momentum is not None
    assert set(trace.momentum[:, 0]) == {1.5}


def test_a_momentum_that_torch_refuses() -> None:
    with pytest.raises(SpecError, match=r"^torch refuses the optimizer `Adam`: ValueError: Invalid beta parameter"):
        simulate(read("StepLR(4)", optimizer="adam", momentum=1.5))
    with pytest.raises(SpecError, match=r"^`momentum` must be a finite number of 0 or more, got -0.1$"):
        read("StepLR(4)", momentum=-0.1)


# Errors


def test_a_onecycle_that_ends_names_the_options() -> None:
    for line, hint in (
        (
            "OneCycleLR(optimizer, 0.1, total_steps=10)",
            "give the run its length with `--epochs` and `--steps-per-epoch`, or leave out `total_steps`",
        ),
        (
            "OneCycleLR(optimizer, 0.1, epochs=2, steps_per_epoch=5)",
            "give the run its length with `--epochs` and `--steps-per-epoch`: `--epochs 2 --steps-per-epoch 5`",
        ),
    ):
        with pytest.raises(SpecError, match=r"^`OneCycleLR` ends after 10 steps, and the run has 32;") as caught:
            read(line)
        assert caught.value.hint == hint


BY_EPOCH = "the function counts scheduler steps: `--interval epoch` calls it once an epoch"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "LambdaLR(optimizer, lambda epoch: 1 - epoch / 10)",
            "the rate of `LambdaLR(lr_lambda=lambda epoch: 1 - epoch / 10)` is negative (-0.0001) at step 11",
        ),
        (
            "LambdaLR(optimizer, lambda epoch: (1 - epoch / 10) ** 0.9)",
            "`LambdaLR(lr_lambda=lambda epoch: (1 - epoch / 10) ** 0.9)` fails at step 11: "
            "(-0.10000000000000009) ** 0.9 is a complex number",
        ),
        (
            "LambdaLR(optimizer, lambda epoch: 1 / (10 - epoch))",
            "`LambdaLR(lr_lambda=lambda epoch: 1 / (10 - epoch))` fails at step 10: "
            "`1 / (10 - epoch)` cannot be computed: division by zero",
        ),
    ],
)
def test_a_function_of_the_epoch_that_fails_later_names_the_interval(line: str, message: str) -> None:
    with pytest.raises(SimulationError) as caught:
        simulate(read(line))
    assert caught.value.message == message
    assert caught.value.hint == BY_EPOCH
    simulate(read(line, interval="epoch"))


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("LambdaLR(optimizer, lambda epoch: 1 - epoch / 2)", {}),  # fails in the first epochs too
        ("LambdaLR(optimizer, lambda epoch: 1 - epoch / 2)", {"interval": "epoch"}),
        ("LambdaLR(optimizer, lambda epoch: 1 - epoch / 10)", {"epochs": 32, "steps_per_epoch": 1}),
    ],
)
def test_the_interval_is_not_named_where_it_does_not_help(line: str, fields: dict[str, Any]) -> None:
    with pytest.raises(SimulationError) as caught:
        simulate(read(line, **fields))
    assert "--interval" not in caught.value.hint


@pytest.mark.parametrize(
    ("name", "module", "message"),
    [
        ("Foo", "", "unknown scheduler `Foo`"),
        ("Foo", "my.own", "unknown scheduler `my.own.Foo`"),
        ("StepLR", "my.own", "unknown scheduler `my.own.StepLR`"),
    ],
)
def test_an_unknown_scheduler_is_known_without_its_arguments(name: str, module: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        catalogue.require(name, module, has_arguments=True)
    assert caught.value.message == message
    assert "(...)`" in caught.value.hint
