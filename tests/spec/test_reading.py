"""From words to runs: fields after `@`, sweeps in braces, and what of them is refused."""

from __future__ import annotations

import re
import tracemalloc
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrviz.errors import LrvizError, SpecError, UsageError
from lrviz.spec import FIELDS, CodeCall, Fields, OptimizerChoice, ParamGroup, Sweep, TrainingLoop, read_run, read_runs
from lrviz.spec.reading import split_fields

SPLIT: list[tuple[str, str, dict[str, str]]] = [
    ("cosine", "cosine", {}),
    ("cosine @ lr=3e-4", "cosine", {"lr": "3e-4"}),
    ("cosine@lr=3e-4", "cosine", {"lr": "3e-4"}),
    ("cosine(T_max=32) @ lr=3e-4, epochs=8", "cosine(T_max=32)", {"lr": "3e-4", "epochs": "8"}),
    ("cosine @ steps-per-epoch = 8", "cosine", {"steps_per_epoch": "8"}),
    ("cosine @ lr=[1e-4, 1e-3], epochs=8", "cosine", {"lr": "[1e-4, 1e-3]", "epochs": "8"}),
    ("cosine @ lr=[a=1e-4, b=1e-3]", "cosine", {"lr": "[a=1e-4, b=1e-3]"}),
    ("plateau @ metric=exp(-epoch / 10)", "plateau", {"metric": "exp(-epoch / 10)"}),
    ("plateau @ metric=min(1, epoch)", "plateau", {"metric": "min(1, epoch)"}),
    ("plateau @ metric=val.csv:loss", "plateau", {"metric": "val.csv:loss"}),
    ("train.py:make(x='@') @ lr=1", "train.py:make(x='@')", {"lr": "1"}),
    ("train.py:make(x='@')", "train.py:make(x='@')", {}),
]


@pytest.mark.parametrize(("text", "scheduler", "fields"), SPLIT, ids=[text for text, _, _ in SPLIT])
def test_fields_after_at(text: str, scheduler: str, fields: dict[str, str]) -> None:
    assert split_fields(text) == (scheduler, fields)


WRONG_FIELDS = [
    ("cosine @ foo=1", "a run has no field `foo`", f"the fields are {', '.join(field.name for field in FIELDS)}"),
    ("cosine @", "`@` needs NAME=VALUE, got ``", "such as `cosine @ lr=3e-4, epochs=8`"),
    ("cosine @ lr", "`@` needs NAME=VALUE, got `lr`", "such as `cosine @ lr=3e-4, epochs=8`"),
    ("cosine @ lr=", "`@` needs NAME=VALUE, got `lr=`", "such as `cosine @ lr=3e-4, epochs=8`"),
    ("cosine @ lr=1,", "`@` needs NAME=VALUE, got ``", "such as `cosine @ lr=3e-4, epochs=8`"),
    ("cosine @ lr=1, lr=2", "`lr` is given twice after `@`", ""),
    ("cosine @ lr=1 epochs=2", "a comma is missing before `epochs` after `@`", "write `@ lr=1, epochs=2`"),
    ("cosine @ grad-accum=1, grad_accum=2", "`grad_accum` is given twice after `@`", ""),
    ("cosine @ lr=x", "`lr` must be a number, got `x`", ""),
    ("cosine @ epochs=0", "`epochs` must be 1 or more, got 0", "such as `epochs=10`"),
    ("cosine @ interval=day", "`interval` must be step or epoch, got `day`", ""),
    ("cosine @ drop_last=maybe", "`drop_last` must be true or false, got `maybe`", ""),
    (
        "cosine @ steps_per_epoch=8, dataset_size=9, batch_size=3",
        "`steps_per_epoch` and `dataset_size` both give the length of an epoch",
        "leave one of them out",
    ),
    ("cosine @ metric=0.5", "`CosineAnnealingLR` does not use a metric", "leave out the metric, or use `plateau`"),
]


@pytest.mark.parametrize(("text", "message", "hint"), WRONG_FIELDS, ids=[text for text, _, _ in WRONG_FIELDS])
def test_fields_that_are_refused(text: str, message: str, hint: str) -> None:
    with pytest.raises((UsageError, SpecError)) as caught:
        read_run(text)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_every_field_reaches_the_run() -> None:
    run = read_run(
        "plateau @ lr=[a=0.1, b=0.2], epochs=3, dataset_size=100, batch_size=8, drop_last=true, grad_accum=2, "
        "num_processes=2, interval=epoch, optimizer=adam, momentum=0.8, metric=0.5"
    )
    assert run.loop == TrainingLoop(
        epochs=3,
        interval="epoch",
        dataset_size=100,
        batch_size=8,
        drop_last=True,
        grad_accum=2,
        num_processes=2,
    )
    assert run.groups == (ParamGroup("a", 0.1), ParamGroup("b", 0.2))
    assert run.optimizer == OptimizerChoice("Adam", 0.8)
    assert run.metric is not None
    assert run.metric.values == (0.5,)
    assert run.label.startswith("ReduceLROnPlateau() @ lr=[a=0.1, b=0.2], epochs=3, ")


OVER: list[tuple[dict[str, Any], str, dict[str, Any]]] = [
    ({"epochs": "2", "lr": "1"}, "epochs=3", {"epochs": "3", "lr": "1"}),
    ({"steps_per_epoch": "5"}, "dataset_size=9, batch_size=3", {"dataset_size": "9", "batch_size": "3"}),
    ({"dataset_size": "9", "batch_size": "3", "drop_last": True}, "steps_per_epoch=5", {"steps_per_epoch": "5"}),
    ({"dataset_size": "9", "batch_size": "3"}, "batch_size=9", {"dataset_size": "9", "batch_size": "9"}),
]


@pytest.mark.parametrize(("given_fields", "own", "together"), OVER, ids=[own for _, own, _ in OVER])
def test_own_fields_win_over_those_of_every_run(
    given_fields: dict[str, Any], own: str, together: dict[str, Any]
) -> None:
    assert read_run(f"cosine @ {own}", Fields(given_fields)).loop == read_run("cosine", Fields(together)).loop


def test_what_follows_from_the_run_follows_from_its_own_fields() -> None:
    long, short = read_runs(["cosine @ epochs=8", "cosine"], Fields({"epochs": "2"}))
    assert str(long.scheduler) == "CosineAnnealingLR(T_max=64)"
    assert str(short.scheduler) == "CosineAnnealingLR(T_max=16)"


CODE = [
    ("train.py:make", "train.py", "make"),
    ("./a b/train.py:make", "./a b/train.py", "make"),
    ("/abs/train.py:make()", "/abs/train.py", "make"),
    ("C:\\code\\train.py:make", "C:\\code\\train.py", "make"),
    ("package.module:Class(warmup=10)", "package.module", "Class(warmup=10)"),
    ("package:outer.Inner", "package", "outer.Inner"),
    ("train.py:make (warmup=total_steps // 4)", "train.py", "make(warmup=8)"),
]


@pytest.mark.parametrize(("text", "where", "call"), CODE, ids=[text for text, _, _ in CODE])
def test_code_of_the_users_own(text: str, where: str, call: str) -> None:
    run = read_run(text)
    assert isinstance(run.scheduler, CodeCall)
    assert run.scheduler.where == where
    assert str(run.scheduler) == f"{where}:{call}"


def test_a_lambda_is_no_code_of_the_users_own() -> None:
    assert not isinstance(read_run("LambdaLR(lr_lambda=lambda e: 0.9 ** e)").scheduler, CodeCall)


SWEEPS: list[tuple[str, list[str], list[str]]] = [
    ("cosine", ["cosine"], [""]),
    (
        "cosine(T_max={16,32})",
        ["cosine(T_max=16)", "cosine(T_max=32)"],
        ["T_max=16", "T_max=32"],
    ),
    (
        "cosine(T_max={16, 32}, eta_min={0,1e-5})",
        [f"cosine(T_max={t}, eta_min={e})" for t in (16, 32) for e in ("0", "1e-5")],
        [f"T_max={t}, eta_min={e}" for t in (16, 32) for e in ("0", "1e-5")],
    ),
    ("{cosine,step}", ["cosine", "step"], ["cosine", "step"]),
    ("cosine @ lr={1e-3,3e-4}", ["cosine @ lr=1e-3", "cosine @ lr=3e-4"], ["lr=1e-3", "lr=3e-4"]),
    (
        "multistep(milestones={[1,2],[3]})",
        ["multistep(milestones=[1,2])", "multistep(milestones=[3])"],
        ["milestones=[1,2]", "milestones=[3]"],
    ),
    ("{linear(total_iters=3),cosine}", ["linear(total_iters=3)", "cosine"], ["linear(total_iters=3)", "cosine"]),
    ("f.py:make(x='{1,2}')", ["f.py:make(x='{1,2}')"], [""]),
    ('{"scheduler": cosine(), "interval": "step"}', ['{"scheduler": cosine(), "interval": "step"}'], [""]),
    (
        '{"scheduler": cosine(T_max={16,32})}',
        ['{"scheduler": cosine(T_max=16)}', '{"scheduler": cosine(T_max=32)}'],
        ["T_max=16", "T_max=32"],
    ),
]


@pytest.mark.parametrize(("text", "texts", "labels"), SWEEPS, ids=[text for text, _, _ in SWEEPS])
def test_braces_make_every_combination(text: str, texts: list[str], labels: list[str]) -> None:
    sweep = Sweep.of(text)
    assert list(sweep) == list(zip(texts, labels, strict=True))
    assert sweep.size == len(texts)


def test_each_curve_of_a_sweep_is_labelled_by_what_varies() -> None:
    runs = read_runs(["cosine(T_max={16,32}, eta_min=0)"], Fields())
    assert [run.label for run in runs] == ["T_max=16", "T_max=32"]
    assert [str(run.scheduler) for run in runs] == [f"CosineAnnealingLR(T_max={t}, eta_min=0)" for t in (16, 32)]


def test_among_others_a_sweep_says_of_what() -> None:
    runs = read_runs(["step", "cosine(T_max={16,32})", "linear @ epochs=2"], Fields())
    assert [run.label for run in runs] == [
        "StepLR(step_size=8)",
        "CosineAnnealingLR T_max=16",
        "CosineAnnealingLR T_max=32",
        "LinearLR() @ epochs=2",
    ]


def test_labels_of_the_users_own() -> None:
    runs = read_runs(["step", "cosine(T_max={16,32})", "linear @ epochs=2", "constant"], Fields(), ["a", "b", "c"])
    assert [run.label for run in runs] == ["a", "b T_max=16", "b T_max=32", "c", "ConstantLR()"]


BRACES = [
    ("cosine(T_max={})", "empty braces in `cosine(T_max={})`"),
    ("cosine(T_max={16,})", "empty braces in `cosine(T_max={16,})`"),
    ("cosine(T_max={,})", "empty braces in `cosine(T_max={,})`"),
    ("cosine(T_max={ })", "empty braces in `cosine(T_max={ })`"),
    ("cosine(T_max={16,32)", "braces are not closed in `cosine(T_max={16,32)`"),
    ("cosine(T_max={", "braces are not closed in `cosine(T_max={`"),
    ("cosine(T_max={16,{32}})", "braces are nested in `cosine(T_max={16,{32}})`"),
    ("cosine(T_max={{16,32}})", "braces are nested in `cosine(T_max={{16,32}})`"),
]


@pytest.mark.parametrize(("text", "message"), BRACES, ids=[text for text, _ in BRACES])
def test_braces_that_are_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        read_runs([text], Fields())


@pytest.mark.parametrize(
    "text",
    ["cosine(T_max=1" + "{1,2,3,4,5,6,7,8,9,0}" * 9 + ")", "step(step_size={" + ",".join(["8"] * 100_000) + "})"],
    ids=["a billion", "a long list"],
)
def test_far_too_many_curves_are_refused_at_once(text: str) -> None:
    count = Sweep.of(text).size
    tracemalloc.start()
    with pytest.raises(UsageError) as caught:
        read_runs([text], Fields())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert caught.value.message == f"{count:,} curves are too many to tell apart; the limit is 24"
    assert caught.value.hint == "`--max-curves N` raises it up to 1,000"
    assert peak < 50_000_000


def test_the_limit_counts_all_curves_and_can_be_lifted() -> None:
    texts = ["step(step_size={1,2,3,4,5,6,7,8,9,10,11,12})", "cosine(T_max={1,2,3,4,5,6,7,8,9,10,11,12})", "linear"]
    with pytest.raises(UsageError, match="25 curves are too many to tell apart; the limit is 24"):
        read_runs(texts, Fields())
    assert len(read_runs(texts, Fields(), max_curves=25)) == 25
    assert len(read_runs(texts[:2], Fields())) == 24


def test_more_labels_than_schedulers() -> None:
    with pytest.raises(UsageError, match="3 labels for 2 schedulers"):
        read_runs(["cosine", "step"], Fields(), ["a", "b", "c"])


def test_a_metric_for_several_is_for_those_that_watch_one(tmp_path: Path) -> None:
    (tmp_path / "val.csv").write_text("loss\n1\n2\n", encoding="utf-8")
    cosine, plateau = read_runs(["cosine", "plateau"], Fields({"metric": "val.csv"}, folder=tmp_path))
    assert cosine.metric is None
    assert not any("metric" in note for note in cosine.notes)
    assert plateau.metric is not None
    assert plateau.metric.values == (1.0, 2.0)
    with pytest.raises(SpecError, match="`CosineAnnealingLR` does not use a metric"):
        read_run("cosine", Fields({"metric": "val.csv"}, folder=tmp_path))


LOOPS: list[tuple[dict[str, Any], str]] = [
    ({"batch_size": 8}, "`batch_size` needs `dataset_size` too"),
    ({"dataset_size": 8}, "`dataset_size` needs `batch_size` too"),
    ({"drop_last": True}, "`drop_last` needs `dataset_size` and `batch_size`"),
    ({"dataset_size": 8, "batch_size": 9, "drop_last": True}, "8 samples in batches of 9 make no full batch"),
    (
        {"dataset_size": 30, "batch_size": 8, "drop_last": True, "num_processes": 4},
        "30 samples in batches of 8 for 4 processes make no full batch",
    ),
    ({"epochs": 10**6, "steps_per_epoch": 10**6}, "make 1,000,000,000,000 updates; the limit is 100,000,000"),
    ({"epochs": 10**7, "num_processes": 100}, "scheduler steps; the limit is 100,000,000"),
    ({"epochs": 10**7, "lr": [1e-3] * 100}, "80,000,000 updates of 100 groups make 8,000,000,000 rates"),
    ({"grad_accum": 0}, "`--grad-accum` must be 1 or more, got 0"),
    ({"momentum": -2}, "`momentum` must be a finite number of 0 or more, got -2"),
    ({"optimizer": "adm"}, "unknown optimizer `adm`"),
    ({"lr": "a=1,a=2"}, "two parameter groups are called `a`"),
    ({"lr": "a=1,=2"}, "a group of `--lr` has no name, got `a=1,=2`"),
    ({"lr": "0,0"}, "`lr` must be above 0, got 0"),
    ({"lr": []}, "a run needs a parameter group"),
]


@pytest.mark.parametrize(("fields", "message"), LOOPS, ids=[message[:60] for _, message in LOOPS])
def test_fields_that_make_no_sense(fields: dict[str, Any], message: str) -> None:
    with pytest.raises((SpecError, UsageError), match=re.escape(message)):
        read_run("cosine", Fields(fields))


@given(st.text(alphabet="cosine(T_max=,1{}[]@ lr'\"\\:.py#\n"))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(LrvizError):
        assert read_runs([text], Fields())


OPTIONS = "get_scheduler('linear', opt, 2, 9, scheduler_specific_kwargs=%s)"


@pytest.mark.parametrize("value", ["{}", "c.kw", "c.kw or {}", "dict(c.kw)"])
def test_a_dict_of_options_is_read_or_asked_for(value: str) -> None:
    """Braces after the name of options are a dict, not an empty sweep."""
    fields = Fields(lets={"c.kw": {}, "c": {"kw": {}}})
    assert "scheduler_specific_kwargs={}" in str(read_runs([OPTIONS % value], fields)[0].scheduler)


def test_a_table_that_is_given_is_a_dict_of_options() -> None:
    given = read_run(OPTIONS % "c.kw", Fields(lets={"c.kw": {"a": [1, 2], "b": "x"}}))
    assert given.scheduler == read_run(OPTIONS % "{'a': [1, 2], 'b': 'x'}").scheduler


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (OPTIONS % "c.kw", "--let 'c.kw={}'"),
        ("get_scheduler(str(c.kind), opt, 2, 9)", "--let \"c.kind='linear'\""),
        ("CosineLRScheduler(opt, t_initial=c.n, t_in_epochs=c.t_in_epochs)", "--let c.n=10 --let c.t_in_epochs=True"),
        ("CosineAnnealingLR(opt, c.n, eta_min=c.min_lr)", "--let c.n=10 --let c.min_lr=1e-06"),
        ("get_constant_schedule_with_warmup(opt, c.warm_up_proportion * c.n)", "c.warm_up_proportion=0.1"),
    ],
)
def test_an_example_is_of_the_kind_that_a_parameter_takes(text: str, asked: str) -> None:
    with pytest.raises(LrvizError) as raised:
        read_run(text)
    assert asked in raised.value.hint


def test_a_parameter_of_the_function_of_that_name_in_another_package() -> None:
    with pytest.raises(LrvizError, match="`get_scheduler` of transformers has no parameter `num_cycles`") as raised:
        read_run("get_scheduler('cosine', opt, 2, 9, num_cycles=3)")
    assert "write `diffusers.optimization.get_scheduler(...)`" in raised.value.hint
