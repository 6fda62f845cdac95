"""Warm-ups, lengths in percent and epochs, runs counted in steps, and short names of compositions."""

from __future__ import annotations

import math
from typing import Any

import pytest

from lrviz.errors import LrvizError
from lrviz.rules import check_run
from lrviz.schedulers import Scheduler, compositions, find
from lrviz.simulation import simulate
from lrviz.spec import Fields, RunSpec, read_run, read_runs
from lrviz.trace import compare_traces

TEN = {"epochs": 10, "steps_per_epoch": 100}
FIRST = "LinearLR(start_factor=0.01, total_iters=50)"


def read(text: str, **fields: Any) -> RunSpec:
    return read_run(text, Fields(TEN | fields))


# Notation, fields of the run, and the scheduler in full.
WRITTEN: dict[str, tuple[str, dict[str, Any], str]] = {
    "percent": ("cosine", {"warmup": "5%"}, f"[{FIRST}, CosineAnnealingLR(T_max=950)], milestones=[50]"),
    "steps": ("cosine", {"warmup": 50}, f"[{FIRST}, CosineAnnealingLR(T_max=950)], milestones=[50]"),
    "epochs": ("cosine", {"warmup": "0.5ep"}, f"[{FIRST}, CosineAnnealingLR(T_max=950)], milestones=[50]"),
    "after @": ("cosine @ warmup=50", {}, f"[{FIRST}, CosineAnnealingLR(T_max=950)], milestones=[50]"),
    "another start": (
        "cosine",
        {"warmup": 50, "warmup_start": 0.1},
        "[LinearLR(start_factor=0.1, total_iters=50), CosineAnnealingLR(T_max=950)], milestones=[50]",
    ),
    "a length that is given": (
        "StepLR(100)",
        {"warmup": 50},
        f"[{FIRST}, StepLR(step_size=100)], milestones=[50]",
    ),
    "before a sequence": (
        "sequential([cosine, step(5)], [200])",
        {"warmup": 50},
        f"[{FIRST}, CosineAnnealingLR(T_max=200), StepLR(step_size=5)], milestones=[50, 250]",
    ),
    "what is left of the run": (
        "sequential([linear(0.01, total_iters=5%), cosine], [50])",
        {},
        f"[{FIRST}, CosineAnnealingLR(T_max=950)], milestones=[50]",
    ),
    "what is left until the next": (
        "sequential([constant, cosine, exponential], [10%, 3ep])",
        {},
        "[ConstantLR(), CosineAnnealingLR(T_max=200), "
        f"ExponentialLR(gamma={0.01 ** (1 / 700)!r})], milestones=[100, 300]",
    ),
    "a milestone past the end": (
        "sequential([cosine, cosine], [2000])",
        {},
        "[CosineAnnealingLR(T_max=1000), CosineAnnealingLR(T_max=1)], milestones=[2000]",
    ),
    "stepped once an epoch": (
        "cosine",
        {"warmup": "20%", "interval": "epoch"},
        "[LinearLR(start_factor=0.01, total_iters=2), CosineAnnealingLR(T_max=8)], milestones=[2]",
    ),
    "of two processes": (
        "cosine",
        {"warmup": "1ep", "num_processes": 2},
        "[LinearLR(start_factor=0.01, total_iters=200), CosineAnnealingLR(T_max=1800)], milestones=[200]",
    ),
}


@pytest.mark.parametrize(("text", "fields", "written"), WRITTEN.values(), ids=WRITTEN)
def test_it_is_a_sequence_of_torch(text: str, fields: dict[str, Any], written: str) -> None:
    assert str(read(text, **fields).scheduler) == f"SequentialLR(schedulers={written})"


def test_a_warm_up_of_no_steps_is_none() -> None:
    assert read("cosine", warmup=0).scheduler == read("cosine").scheduler


@pytest.mark.parametrize(
    ("text", "fields", "label"),
    [
        ("cosine", {"warmup": "5%"}, "warm-up 50 -> CosineAnnealingLR(T_max=950)"),
        ("cosine @ warmup=50", {}, "warm-up 50 -> CosineAnnealingLR(T_max=950)"),
        ("cosine @ warmup=50, lr=0.1", {}, "warm-up 50 -> CosineAnnealingLR(T_max=950) @ lr=0.1"),
        (
            "sequential([step(5), constant], [9])",
            {"warmup": 5},
            "warm-up 5 -> StepLR(step_size=5) -> ConstantLR()",
        ),
    ],
)
def test_the_label_says_the_warm_up(text: str, fields: dict[str, Any], label: str) -> None:
    assert read(text, **fields).label == label


def test_the_rate_rises_to_the_base_rate_and_then_follows_the_schedule() -> None:
    rates = simulate(read("cosine", warmup=50, lr=0.1)).lr[:, 0]
    assert rates[0] == 0.1 * 0.01
    assert rates[50] == 0.1
    alone = simulate(read_run("cosine", Fields({"steps": 950, "lr": 0.1}))).lr[:, 0]
    assert rates[50:].tolist() == pytest.approx(alone.tolist(), rel=1e-12)


LENGTHS = {
    "a parameter": ("cosine(T_max=10%)", "CosineAnnealingLR(T_max=100)"),
    "a fraction": ("cosine(T_max=2.5%)", "CosineAnnealingLR(T_max=25)"),
    "epochs": ("step(3ep)", "StepLR(step_size=300)"),
    "half an epoch": ("step(step_size=0.5ep)", "StepLR(step_size=50)"),
    "a list": ("multistep([30%, 60%, 8ep])", "MultiStepLR(milestones=[300, 600, 800])"),
    "less than a step": ("step(0.01%)", "StepLR(step_size=1)"),
    "no step": ("cosine(T_max=max(7, 0%))", "CosineAnnealingLR(T_max=7)"),
    "a remainder is none": ("step(7 % 4)", "StepLR(step_size=3)"),
    "in arithmetic": ("cosine(T_max=total_steps - 5%)", "CosineAnnealingLR(T_max=950)"),
    "in a function": ("lambda(lambda t: min(1, t / 5ep))", "LambdaLR(lr_lambda=lambda t: min(1, t / 500))"),
}


@pytest.mark.parametrize(("text", "written"), LENGTHS.values(), ids=LENGTHS)
def test_lengths_are_printed_as_numbers(text: str, written: str) -> None:
    assert str(read(text).scheduler) == written


def test_steps_are_the_updates_of_one_epoch() -> None:
    loop = read_run("cosine", Fields({"steps": 700})).loop
    assert (loop.epochs, loop.updates, loop.updates_per_epoch) == (1, 700, 700)
    assert read_run("cosine", Fields({"steps": 700, "grad_accum": 4})).loop.updates == 700
    assert read_run("cosine", Fields({"steps": "1e3", "epochs": 1})).loop.updates == 1000
    assert read("cosine @ steps=70").loop.updates == 70
    assert read_run("cosine @ epochs=3", Fields({"steps": 70})).loop.updates == 24


REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "longer than the run": (
        "cosine",
        {"warmup": "200%"},
        "`--warmup` of 2,000 scheduler steps leaves nothing of the run, which has 1,000 scheduler steps",
    ),
    "as long as the run": (
        "cosine",
        {"warmup": 1000},
        "`--warmup` of 1,000 scheduler steps leaves nothing of the run, which has 1,000 scheduler steps",
    ),
    "negative": ("cosine", {"warmup": "-1"}, "`--warmup` must be 0 or more, got `-1`"),
    "no number": (
        "cosine",
        {"warmup": "long"},
        "`--warmup` must be a number of steps, a percentage or epochs, got `long`",
    ),
    "half a step": (
        "cosine",
        {"warmup": "0.5"},
        "`--warmup` must be a number of steps, a percentage or epochs, got `0.5`",
    ),
    "a start without a warm-up": ("cosine", {"warmup_start": 0.1}, "`--warmup-start` needs `--warmup` too"),
    "a start of 0": (
        "cosine",
        {"warmup": 5, "warmup_start": "0"},
        "`--warmup-start` must be above 0 and at most 1, got 0",
    ),
    "a metric": (
        "plateau",
        {"warmup": 5},
        "`--warmup` cannot be used with `ReduceLROnPlateau`: `SequentialLR` calls `step()` without a metric",
    ),
    "one cycle": (
        "onecycle",
        {"warmup": 5},
        "`--warmup` cannot be used with `OneCycleLR`: it replaces the base rate",
    ),
    "a chain": (
        "chained([cosine])",
        {"warmup": 5},
        "`--warmup` cannot be used with `ChainedScheduler`: torch cannot start it at a milestone",
    ),
    "user code": (
        "train.py:make",
        {"warmup": 5},
        "`--warmup` works with the schedulers of torch, got `train.py:make`",
    ),
    "twice": ("wsd(warmup=5)", {"warmup": 5}, "`warmup` is given twice, in the notation and as `--warmup`"),
    "steps and epochs": ("cosine", {"steps": 5}, "`--steps` and `--epochs` both give the length of the run"),
    "a length of thousands of digits": (f"step({'9' * 400}%)", {}, f"`{'9' * 14}...{'9' * 12}%` is too large"),
    "a large length": ("step(1" + "0" * 20 + "ep)", {}, "`100000000000000000000ep` is too large"),
    "digits that are not ASCII": ("step(٣%)", {}, "cannot read the notation: invalid character '٣' (U+0663)"),
    "a composition without steps": (
        "wsd(warmup=90%, decay=10%)",
        {},
        "`wsd` has no steps left after `warmup` 900 and `decay` 100: the run has 1,000 scheduler steps",
    ),
}


@pytest.mark.parametrize(("text", "fields", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(text: str, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(LrvizError) as caught:
        read(text, **fields)
    assert caught.value.message == message


# The rate of each composition at an update, by its formula in Python, for a warm-up of 50 of 1,000 steps.
FORMULAS: dict[str, Any] = {
    "warmup-cosine": lambda t: (1 + math.cos(math.pi * (t - 50) / 950)) / 2,
    "warmup-linear": lambda t: 1 - (t - 50) / 950,
    "wsd": lambda t: min(1.0, 1 - (t - 900) / 100),
    "inverse-sqrt": lambda t: min((t + 1) / 50, math.sqrt(50 / (t + 1))),
    "noam": lambda t: 512**-0.5 * min((t + 1) ** -0.5, (t + 1) * 50**-1.5),
}


@pytest.mark.parametrize("composition", compositions(), ids=lambda c: c.short)
def test_a_composition_follows_its_formula(composition: Scheduler) -> None:
    spec = read(composition.short, warmup=50, lr=0.5)
    rates = simulate(spec).lr[:, 0]
    formula = FORMULAS[composition.short]
    for t in (50, 51, 400, 899, 900, 950, 999):
        assert rates[t] == pytest.approx(0.5 * formula(t), rel=1e-9)
    if composition.parameter("start_factor"):
        assert rates[0] == 0.5 * 0.01
        assert rates[25] == pytest.approx(0.5 * (0.01 + 0.99 * 0.5))


@pytest.mark.parametrize("composition", compositions(), ids=lambda c: c.short)
def test_a_composition_is_printed_as_the_code_of_torch(composition: Scheduler) -> None:
    spec = read(composition.short)
    assert str(spec.scheduler).startswith(f"{composition.class_name}(")
    assert read(str(spec.scheduler)).scheduler == spec.scheduler
    assert find(composition.short) is composition


def test_the_paper_of_noam_has_a_base_rate_of_one() -> None:
    assert check_run(read("noam", lr=1), None) == []
    (found,) = check_run(read("noam", lr=0.001), None)
    assert found.message == "noam: the formula of the paper is for a base rate of 1, and the run has 1e-3"


@pytest.mark.parametrize(
    ("text", "fields", "title", "label"),
    [
        ("wsd(decay=10%)", {}, "wsd(warmup=50, decay=100)", None),
        ("warmup-cosine @ lr=0.1", {}, "warmup-cosine(warmup=50) @ lr=0.1", "warmup-cosine(warmup=50) @ lr=0.1"),
        ("inverse-sqrt", {"warmup": 20}, "inverse-sqrt(warmup=20)", None),
        ("noam", {"lr": 1}, "noam(d_model=512, warmup=4000)", None),
    ],
)
def test_titles_show_the_short_name_of_a_composition(
    text: str, fields: dict[str, Any], title: str, label: str | None
) -> None:
    spec = read(text, **fields)
    assert spec.notation == title
    assert spec.label == (label or str(spec.scheduler))
    assert [row.label for row in compare_traces([simulate(spec)])] == [title]


def test_labels_of_sweeps_of_several_texts_start_with_the_names_of_the_schedulers() -> None:
    specs = read_runs(["wsd(decay={50,100})", "cosine @ warmup={5,10}"], Fields({"steps": 1000}))
    names = ["wsd decay=50", "wsd decay=100", "warm-up -> CosineAnnealingLR warmup=5"]
    assert [spec.label for spec in specs][:3] == names
    comparison = specs[0].compare(specs[1:2])
    assert (comparison.common, comparison.labels) == ("wsd(warmup=50) · decay", ("decay=50", "decay=100"))
