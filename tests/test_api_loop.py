"""The whole training loop in Python: the same words as on the command line, and the same rates."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau

import lrviz
from lrviz.simulation import simulate
from lrviz.spec import Fields, read_run


@pytest.mark.parametrize(
    ("scheduler", "given"),
    [
        ("cosine", {"grad_accum": 3, "epochs": 2}),
        ("cosine", {"num_processes": 2, "interval": "epoch"}),
        ("step", {"dataset_size": 100, "batch_size": 8, "drop_last": True}),
        ("onecycle", {"optimizer": "AdamW", "momentum": 0.8}),
        ("plateau(patience=1)", {"metric": "exp(-epoch / 10)"}),
        ("plateau(patience=1)", {"metric": "0.9,0.8,0.7,0.8"}),
    ],
)
def test_the_words_of_the_command_line(scheduler: str, given: dict[str, Any]) -> None:
    trace = lrviz.simulate(scheduler, **given)
    expected = simulate(read_run(scheduler, Fields(given, prefix="")))
    assert trace.spec == expected.spec
    assert trace.lr.tolist() == expected.lr.tolist()


def test_a_metric_as_numbers() -> None:
    values = [0.9, 0.8, 0.8, 0.8, math.nan, 0.7]
    trace = lrviz.simulate("ReduceLROnPlateau(patience=1)", metric=values, interval="epoch", epochs=7)
    optimizer = torch.optim.SGD(torch.nn.Linear(2, 1).parameters(), lr=1e-3)
    scheduler = ReduceLROnPlateau(optimizer, patience=1)
    rates = []
    for value in [*values, None]:
        rates += [optimizer.param_groups[0]["lr"]] * 8
        if value is not None:
            scheduler.step(value)
    assert trace.lr[:, 0].tolist() == rates
    assert len(set(rates)) > 1


def test_a_function_watches_a_metric_too() -> None:
    trace = lrviz.simulate(lambda o: ReduceLROnPlateau(o, patience=1), metric="1 + epoch", interval="epoch", epochs=5)
    assert (
        trace.lr[:, 0].tolist()
        == lrviz.simulate("plateau(patience=1) @ metric=1 + epoch, interval=epoch, epochs=5").lr[:, 0].tolist()
    )


def test_momentum_on_demand() -> None:
    trace = lrviz.simulate("step", optimizer="adam", momentum=0.7, show_momentum=True)
    assert trace.momentum_name == "betas[0]"
    assert trace.momentum is not None
    assert set(trace.momentum[:, 0].tolist()) == {0.7}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"grad_accum": 0}, "`grad_accum` must be 1 or more, got 0"),
        ({"num_processes": 1.5}, "`num_processes` must be a whole number, got 1.5"),
        ({"dataset_size": 10}, "`dataset_size` needs `batch_size` too"),
        ({"drop_last": 1}, "`drop_last` must be True or False, got 1"),
        ({"optimizer": 3}, "`optimizer` must be text, got 3"),
        ({"optimizer": "adamm"}, "unknown optimizer `adamm`"),
        ({"momentum": "high"}, "`momentum` must be a number, got 'high'"),
        ({"metric": ["a"]}, "`metric` must be a list of numbers, got 'a'"),
        ({"metric": []}, "`metric` must have at least one value, got []"),
        ({"metric": 3}, "`metric` must be text or a list of numbers, got 3"),
    ],
)
def test_what_makes_no_sense(given: dict[str, Any], message: str) -> None:
    with pytest.raises(lrviz.LrvizError) as caught:
        lrviz.simulate("plateau", **given)
    assert caught.value.message == message


def test_a_ready_spec_takes_no_other_arguments() -> None:
    spec = lrviz.simulate("step").spec
    others: list[dict[str, Any]] = [{"grad_accum": 2}, {"optimizer": "adam"}, {"metric": "1"}, {"show_momentum": True}]
    for given in others:
        with pytest.raises(lrviz.SpecError, match="a RunSpec describes the whole run"):
            lrviz.simulate(spec, **given)
