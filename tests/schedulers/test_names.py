"""Looking a scheduler up by its name, and guessing what a name was meant to be."""

from __future__ import annotations

import pytest

from lrviz.schedulers import Scheduler, all_schedulers, find, suggest
from tests.conftest import Python

each_scheduler = pytest.mark.parametrize("scheduler", all_schedulers(), ids=lambda s: s.short)


@each_scheduler
def test_find_knows_short_names_and_class_names_exactly(scheduler: Scheduler) -> None:
    assert find(scheduler.short) is scheduler
    assert find(scheduler.name) is scheduler
    assert find(scheduler.name.lower()) is None
    assert find(scheduler.short + " ") is None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("cosin", "cosine"),
        ("Cosine", "cosine"),
        ("COSINE", "cosine"),
        ("cos", "cosine"),
        ("cosine_annealing", "cosine"),
        ("CosineAnnealing", "CosineAnnealingLR"),
        ("CosineAnealingLR", "CosineAnnealingLR"),
        ("cosineannealinglr", "cosine"),
        ("sgdr", "warm-restarts"),
        ("SGDR", "warm-restarts"),
        ("warmrestarts", "warm-restarts"),
        ("warm_restarts", "warm-restarts"),
        ("cosine_warm_restarts", "warm-restarts"),
        ("cosine_with_restarts", "warm-restarts"),
        ("CosineAnnealingWarmRestart", "CosineAnnealingWarmRestarts"),
        ("steplr", "step"),
        ("StepLr", "StepLR"),
        ("stp", "step"),
        ("multi_step", "multistep"),
        ("MultiStep", "multistep"),
        ("mulitstep", "multistep"),
        ("const", "constant"),
        ("linaer", "linear"),
        ("warmup", "linear"),
        ("exp", "exponential"),
        ("Exp", "ExponentialLR"),
        ("poly", "polynomial"),
        ("PolyLR", "PolynomialLR"),
        ("clr", "cyclic"),
        ("triangular", "cyclic"),
        ("one", "onecycle"),
        ("one-cycle", "onecycle"),
        ("OneCycle", "onecycle"),
        ("one_cycle_lr", "onecycle"),
        ("OneCylceLR", "OneCycleLR"),
        ("1cycle", "onecycle"),
        ("reduceonplateau", "plateau"),
        ("reduce_lr_on_plateau", "plateau"),
        ("ReduceLrOnPlateau", "ReduceLROnPlateau"),
        ("plateua", "plateau"),
        ("lambda_", "lambda"),
        ("lamda", "lambda"),
        ("inverse_sqrt", "inverse-sqrt"),
        ("WSD", "wsd"),
        ("SequentailLR", "SequentialLR"),
        ("ChainedLR", "ChainedScheduler"),
        ("swalr", "swa"),
    ],
)
def test_suggest_finds_what_was_meant(typed: str, meant: str) -> None:
    assert suggest(typed) == meant


@pytest.mark.parametrize(
    "typed", ["", " ", "x", "lr", "LR", "SGD", "adam", "AdamW", "relu", "mul", "foobar", "é", "__"]
)
def test_suggest_leaves_alone_what_is_close_to_nothing(typed: str) -> None:
    assert suggest(typed) is None


@each_scheduler
def test_suggest_gives_a_name_that_find_knows(scheduler: Scheduler) -> None:
    for typed in (scheduler.short, scheduler.name, scheduler.name.lower(), scheduler.short.replace("-", "_")):
        assert find(suggest(typed) or "") is scheduler


def test_only_the_file_of_the_scheduler_that_is_found_is_imported(python: Python) -> None:
    script = """
import sys
from lrviz.schedulers import find
find("StepLR")
print(*(name for name in sys.modules if name.startswith("lrviz.schedulers.torch.")))
"""
    finished = python("-c", script)
    assert finished.returncode == 0
    assert finished.stdout.split() == ["lrviz.schedulers.torch.step"]
