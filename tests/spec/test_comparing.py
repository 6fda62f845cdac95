"""What runs share, and in what they differ."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrviz.spec import Fields, compare_runs, read_run, read_runs

WARMUP = "SequentialLR([LinearLR(start_factor=0.1, total_iters={0}), {1}], milestones=[{0}])"


@pytest.mark.parametrize(
    ("texts", "common", "labels"),
    [
        pytest.param(
            ["StepLR(step_size=9, gamma=0.1)", "StepLR(step_size=9, gamma=0.5)"],
            "StepLR(step_size=9) · gamma",
            ["gamma=0.1", "gamma=0.5"],
            id="parameter",
        ),
        pytest.param(
            ["ConstantLR(factor=1)", "ConstantLR"], "ConstantLR · factor", ["factor=1", "factor=0.3333333333333333"],
            id="default of the catalogue",
        ),
        pytest.param(
            ["cosine @ epochs=4", "cosine @ epochs=8"], "CosineAnnealingLR · epochs", ["epochs=4", "epochs=8"],
            id="values filled in from the run",
        ),
        pytest.param(
            ["cosine(T_max=9) @ epochs=4, optimizer=Adam", "cosine(T_max=9) @ interval=epoch, optimizer=SGD"],
            "CosineAnnealingLR(T_max=9) · interval, optimizer",
            ["interval=step, optimizer=Adam", "interval=epoch, optimizer=SGD"],
            id="fields of the run",
        ),
        pytest.param(
            ["step(5) @ max_steps=20", "step(5)"],
            "StepLR(step_size=5) · max_steps",
            ["max_steps=20", "max_steps=32"],
            id="updates after which runs stop",
        ),
        pytest.param(
            ["cosine(T_max=9) @ dataset_size=90, batch_size=9", "cosine(T_max=9) @ dataset_size=90, batch_size=3"],
            "CosineAnnealingLR(T_max=9) · batch_size",
            ["batch_size=9", "batch_size=3"],
            id="steps that follow from the dataset",
        ),
        pytest.param(
            ["plateau(mode='min') @ metric=0.5", "plateau(mode='min') @ metric=0.25"],
            "ReduceLROnPlateau(mode='min', factor=0.1, patience=10) · metric",
            ["metric=0.5", "metric=0.25"],
            id="metric",
        ),
        pytest.param(
            [WARMUP.format(5, "cosine(T_max=9)"), WARMUP.format(5, "exponential(gamma=0.9)")],
            "SequentialLR(schedulers=[LinearLR(start_factor=0.1, total_iters=5), …], milestones=[5])",
            ["CosineAnnealingLR(T_max=9)", "ExponentialLR(gamma=0.9)"],
            id="scheduler in a list",
        ),
        pytest.param(
            ["cosine(eta_min={0,1e-4}) @ warmup=5"],
            "warm-up 5 -> CosineAnnealingLR(T_max=27) · eta_min",
            ["eta_min=0", "eta_min=1e-4"],
            id="scheduler after a warm-up",
        ),
        pytest.param(
            ["cosine @ warmup={5,8}"], "warm-up -> CosineAnnealingLR · warmup", ["warmup=5", "warmup=8"],
            id="length of a warm-up",
        ),
        pytest.param(
            ["cosine @ warmup=5, epochs=4", "step(8) @ warmup=5, epochs=5"],
            "",
            [
                "warm-up 5 -> CosineAnnealingLR(T_max=27) @ epochs=4",
                "warm-up 5 -> StepLR(step_size=8) @ epochs=5",
            ],
            id="other schedulers after a warm-up",
        ),
        pytest.param(
            [WARMUP.format(5, "linear(total_iters=9)"), WARMUP.format(6, "linear(total_iters=8)")],
            "SequentialLR(schedulers=[LinearLR(start_factor=0.1), LinearLR]) · "
            "LinearLR.total_iters, LinearLR.total_iters, milestones",
            [
                "LinearLR.total_iters=5, LinearLR.total_iters=9, milestones=[5]",
                "LinearLR.total_iters=6, LinearLR.total_iters=8, milestones=[6]",
            ],
            id="parameters of the same name",
        ),
        pytest.param(
            ["LambdaLR(lr_lambda=lambda e: 0.9 ** e)", "LambdaLR(lr_lambda=lambda e: 0.8 ** e)"],
            "LambdaLR · lr_lambda",
            ["lr_lambda=lambda e: 0.9 ** e", "lr_lambda=lambda e: 0.8 ** e"],
            id="lambda",
        ),
        pytest.param(
            ["train.py:make(warmup=1)", "train.py:make(warmup=2)"], "train.py:make · warmup", ["warmup=1", "warmup=2"],
            id="code of the user",
        ),
        pytest.param(
            ["cosine @ lr=0.1", "step @ lr=0.2"],
            "",
            ["CosineAnnealingLR(T_max=32) @ lr=0.1", "StepLR(step_size=8) @ lr=0.2"],
            id="different schedulers",
        ),
        pytest.param(["cosine"] * 2, "", ["CosineAnnealingLR(T_max=32)"] * 2, id="equal"),
    ],
)  # fmt: skip
def test_compare_runs(texts: list[str], common: str, labels: list[str]) -> None:
    comparison = compare_runs(read_runs(texts, Fields()))
    assert comparison.common == common
    assert list(comparison.labels) == labels


@pytest.mark.parametrize(
    ("text", "notation"),
    [
        pytest.param("cosine @ lr=0.1", "CosineAnnealingLR(T_max=32) @ lr=0.1", id="fields of the run"),
        pytest.param("ExponentialLR(gamma={0.9})", "ExponentialLR(gamma=0.9)", id="sweep of one value"),
        pytest.param("plateau", "ReduceLROnPlateau(factor=0.1, patience=10)", id="defaults that are shown"),
        pytest.param("plateau @ lr=0.1", "ReduceLROnPlateau(factor=0.1, patience=10) @ lr=0.1", id="both"),
    ],
)
def test_the_notation_of_a_title(text: str, notation: str) -> None:
    (spec,) = read_runs([text], Fields())
    assert spec.notation == notation


def test_values_that_are_numbers_are_known_as_such() -> None:
    (part,) = compare_runs(read_runs(["ExponentialLR(gamma={0.9,1})"], Fields())).parts
    assert (part.values, part.is_number) == ((0.9, 1), True)
    (part,) = compare_runs(read_runs(["multistep(milestones={[3],[4]})"], Fields())).parts
    assert not part.is_number


def test_the_arguments_of_a_scheduler() -> None:
    assert read_run("plateau(mode='max')").arguments == ("mode='max'", "factor=0.1", "patience=10")
    assert read_run("train.py:make(3, warmup=1)").arguments == ("3", "warmup=1")


@pytest.mark.parametrize(
    ("name", "content", "chosen", "column"),
    [
        pytest.param("a.csv", "epoch,val_loss\n0,0.5\n", ":val_loss", "val_loss", id="csv"),
        pytest.param("a.csv", "0.5\n0.4\n", "", "", id="numbers"),
        pytest.param("a.json", '{"val_loss": [0.5]}', "", "val_loss", id="json"),
        pytest.param("a.jsonl", '{"step": 1}\n{"acc": 0.5}\n', ":acc", "acc", id="jsonl"),
    ],
)
def test_a_metric_knows_the_name_of_its_column(
    name: str, content: str, chosen: str, column: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    spec = read_run("plateau", Fields({"metric": name + chosen}, folder=tmp_path))
    assert spec.metric is not None
    assert spec.metric.column == column
