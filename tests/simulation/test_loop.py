"""Whole training loops, written out by hand over real optimizers and loaders, give the same rates: exactly."""

from __future__ import annotations

import inspect
import json
import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn, optim
from torch.optim import lr_scheduler as torch_lr
from torch.optim.swa_utils import SWALR
from torch.utils.data import DataLoader

from lrviz.errors import SimulationError, SpecError
from lrviz.rules import check_run
from lrviz.simulation import simulate
from lrviz.simulation.build import build_optimizer
from lrviz.spec import Factory, Fields, OptimizerChoice, ParamGroup, RunSpec, TrainingLoop, read_run
from lrviz.trace import Trace

Make = Callable[[Any], Any]


def run(text: str, **fields: Any) -> Trace:
    """The trace of a scheduler over a loop with these fields."""
    return simulate(read_run(text, Fields(fields, show_momentum=fields.pop("show_momentum", False))))


def by_hand(
    make: Make,
    *,
    epochs: int = 4,
    batches: int = 8,
    accumulate: int = 1,
    by_epoch: bool = False,
    lrs: Sequence[float] = (1e-3,),
    optimizer: type[optim.Optimizer] = optim.SGD,
    metrics: Sequence[float] = (),
    count: bool = False,
    **settings: Any,
) -> tuple[list[list[float]], list[list[Any]]]:
    """A loop as people write it; what every update used, for each group: rates, and momenta or first betas."""
    opt: Any = optimizer([{"params": [torch.nn.Parameter(torch.ones(2, 2))], "lr": lr} for lr in lrs], **settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own, about its own
        scheduler = make(opt)
    rates, momenta = [], []
    calls = 0

    def step() -> None:
        nonlocal calls
        calls += 1
        if metrics:
            scheduler.step(metrics[min(calls, len(metrics)) - 1])
        elif count:
            scheduler.step(calls)
        else:
            scheduler.step()

    for epoch in range(epochs):
        for i in range(batches):
            if (i + 1) % accumulate and i + 1 < batches:
                continue
            rates.append([float(group["lr"]) for group in opt.param_groups])
            momenta.append(
                [group["betas"][0] if "betas" in group else group.get("momentum") for group in opt.param_groups]
            )
            opt.step(lambda: torch.tensor(0.0))
            last = (epoch, i) == (epochs - 1, batches - 1)
            if not by_epoch and not last:
                step()
        if by_epoch and epoch < epochs - 1:
            step()
    return rates, momenta


COSINE = ("CosineAnnealingLR(T_max=total_steps)", lambda o, t: torch_lr.CosineAnnealingLR(o, T_max=t))
ONECYCLE = ("OneCycleLR(max_lr=0.1)", lambda o, t: torch_lr.OneCycleLR(o, max_lr=0.1, total_steps=t))
STEP = ("StepLR(step_size=3, gamma=0.7)", lambda o, t: torch_lr.StepLR(o, step_size=3, gamma=0.7))
WARMUP = (
    "SequentialLR([LinearLR(start_factor=0.1, total_iters=3), ExponentialLR(gamma=0.9)], milestones=[3])",
    lambda o, t: torch_lr.SequentialLR(
        o, [torch_lr.LinearLR(o, 0.1, total_iters=3), torch_lr.ExponentialLR(o, 0.9)], milestones=[3]
    ),
)
SCHEDULERS = [
    pytest.param(*COSINE, id="cosine"),
    pytest.param(*ONECYCLE, id="onecycle"),
    pytest.param(*STEP, id="step"),
    pytest.param(*WARMUP, id="warm-up"),
]


@pytest.mark.parametrize("by_epoch", [False, True], ids=["by step", "by epoch"])
@pytest.mark.parametrize("accumulate", [1, 2, 3, 8, 50])
@pytest.mark.parametrize(("text", "make"), SCHEDULERS)
def test_accumulated_gradients(text: str, make: Any, accumulate: int, by_epoch: bool) -> None:
    trace = run(text, epochs=5, steps_per_epoch=7, grad_accum=accumulate, interval="epoch" if by_epoch else "step")
    total = trace.spec.loop.scheduler_steps
    rates, _ = by_hand(lambda o: make(o, total), epochs=5, batches=7, accumulate=accumulate, by_epoch=by_epoch)
    assert trace.lr.tolist() == rates


@pytest.mark.parametrize("drop_last", [False, True], ids=["kept", "dropped"])
@pytest.mark.parametrize("accumulate", [1, 4])
@pytest.mark.parametrize(("size", "batch"), [(64, 8), (65, 8), (71, 8), (9, 9), (10, 9), (100, 1)])
def test_the_dataset_gives_the_steps(size: int, batch: int, accumulate: int, drop_last: bool) -> None:
    trace = run(COSINE[0], epochs=3, dataset_size=size, batch_size=batch, drop_last=drop_last, grad_accum=accumulate)
    batches = len(DataLoader(range(size), batch_size=batch, drop_last=drop_last))  # type: ignore[arg-type] # a sequence
    assert trace.spec.loop.steps_per_epoch == batches
    rates, _ = by_hand(
        lambda o: torch_lr.CosineAnnealingLR(o, trace.spec.loop.scheduler_steps),
        epochs=3,
        batches=batches,
        accumulate=accumulate,
    )
    assert trace.lr.tolist() == rates
    assert trace.epoch.tolist() == [e for e in range(3) for _ in range(0, batches, accumulate)]


def accelerated(
    make: Make,
    monkeypatch: pytest.MonkeyPatch,
    *,
    processes: int,
    size: int,
    drop_last: bool = False,
    accumulate: int = 1,
    by_epoch: bool = False,
    epochs: int = 3,
    metric: Callable[[int], float] | None = None,
    split: bool = False,
) -> list[float]:
    """What the first of several processes uses in the loop of Accelerate's documentation, batches of 8."""
    accelerate = pytest.importorskip("accelerate", reason="the loop of Accelerate needs the package `accelerate`")
    from accelerate.state import AcceleratorState, GradientState, PartialState

    AcceleratorState._reset_state(True)
    GradientState._reset_state()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # accelerate's and torch's own
        accelerator = accelerate.Accelerator(
            cpu=True,
            gradient_accumulation_steps=accumulate,
            dataloader_config=accelerate.DataLoaderConfiguration(split_batches=split),
        )
        for state in (PartialState, AcceleratorState):
            monkeypatch.setitem(state._shared_state, "num_processes", processes)
        model = nn.Linear(2, 1)
        opt: Any = optim.SGD(model.parameters(), lr=1e-3)
        plain = make(opt)
        loader: Any = DataLoader(range(size), batch_size=8, drop_last=drop_last)  # type: ignore[arg-type] # a sequence
        loader, opt, scheduler = accelerator.prepare(loader, opt, plain)
        rates: list[float] = []
        for epoch in range(epochs):
            for _ in loader:
                with accelerator.accumulate(model):
                    if accelerator.sync_gradients:
                        rates.append(opt.param_groups[0]["lr"])
                    opt.step()
                    if not by_epoch and metric is None:
                        scheduler.step()
            if by_epoch:
                scheduler.step(*(() if metric is None else (metric(epoch),)))
    AcceleratorState._reset_state(True)
    GradientState._reset_state()
    return rates


@pytest.mark.parametrize("accumulate", [1, 2, 3])
@pytest.mark.parametrize(
    ("size", "drop_last"),
    [(64, False), (100, False), (100, True), (150, True), (5, False)],
    ids=["even", "partial", "dropped", "dropped by a process", "one batch"],
)
@pytest.mark.parametrize("processes", [2, 3])
@pytest.mark.parametrize(("text", "make"), SCHEDULERS)
def test_accelerate(
    text: str, make: Any, processes: int, size: int, drop_last: bool, accumulate: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = {"epochs": 3, "dataset_size": size, "batch_size": 8, "grad_accum": accumulate, "num_processes": processes}
    trace = run(text, **fields, drop_last=drop_last)
    total = trace.spec.loop.scheduler_steps
    theirs = accelerated(
        lambda o: make(o, total),
        monkeypatch,
        processes=processes,
        size=size,
        drop_last=drop_last,
        accumulate=accumulate,
    )
    assert trace.lr[:, 0].tolist() == theirs


@pytest.mark.parametrize(("size", "drop_last"), [(64, False), (100, False), (100, True), (5, False)])
@pytest.mark.parametrize(("processes", "accumulate"), [(2, 1), (4, 3)])
def test_accelerate_splits_batches(
    processes: int, accumulate: int, size: int, drop_last: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = {"epochs": 3, "dataset_size": size, "batch_size": 8, "grad_accum": accumulate, "num_processes": processes}
    for text, make in (COSINE, ONECYCLE):
        trace = run(text, **fields, drop_last=drop_last, split_batches=True)
        theirs = accelerated(
            partial(make, t=trace.spec.loop.scheduler_steps),
            monkeypatch,
            processes=processes,
            size=size,
            drop_last=drop_last,
            accumulate=accumulate,
            split=True,
        )
        assert trace.lr[:, 0].tolist() == theirs, text
    with pytest.raises(SpecError, match="batches of 8 cannot be split among 3 processes"):
        run("cosine", **{**fields, "num_processes": 3}, split_batches=True)


@pytest.mark.parametrize("processes", [2, 4])
def test_accelerate_stops_a_onecycle_that_is_over(processes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    total = 3 * 13  # epochs x the batches that the loader had before it was prepared
    trace = run(
        f"OneCycleLR(max_lr=0.1, total_steps={total})",
        epochs=3,
        dataset_size=100,
        batch_size=8,
        num_processes=processes,
    )
    assert trace.spec.loop.scheduler_steps > total
    assert [finding.code for finding in check_run(trace.spec, trace)] == ["LR104"]
    make = lambda o: torch_lr.OneCycleLR(o, max_lr=0.1, total_steps=total)  # noqa: E731
    theirs = accelerated(make, monkeypatch, processes=processes, size=100)
    assert trace.lr[:, 0].tolist() == theirs


def test_accelerate_by_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = run(STEP[0], epochs=7, dataset_size=64, batch_size=8, num_processes=2, interval="epoch")
    theirs = accelerated(
        lambda o: torch_lr.StepLR(o, 3, 0.7), monkeypatch, processes=2, size=64, by_epoch=True, epochs=7
    )
    assert trace.lr[:, 0].tolist() == theirs


def test_accelerate_gives_a_plateau_each_metric_once_for_each_process(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = run(
        "ReduceLROnPlateau(patience=2)",
        epochs=9,
        dataset_size=64,
        batch_size=8,
        num_processes=2,
        interval="epoch",
        metric="max(1 - epoch / 4, 0.5)",
    )
    theirs = accelerated(
        lambda o: torch_lr.ReduceLROnPlateau(o, patience=2),
        monkeypatch,
        processes=2,
        size=64,
        by_epoch=True,
        epochs=9,
        metric=lambda epoch: max(1 - epoch / 4, 0.5),
    )
    assert trace.lr[:, 0].tolist() == theirs
    assert len(set(theirs)) > 2


def test_a_plain_loop_does_not_go_past_the_end_of_a_onecycle() -> None:
    with pytest.raises(SpecError, match="`OneCycleLR` ends after 39 steps, and the run has 40"):
        run("OneCycleLR(max_lr=0.1, total_steps=39)", epochs=4, steps_per_epoch=10)


TWO: Any = [[0.7, 0.6], [0.8, 0.95], [0.05, 0.02]]  # torch takes a list here, but its types say a number
GROUPS = [
    pytest.param(
        "LambdaLR(lr_lambda=[lambda e: 0.1 * 0.95 ** e, lambda e: 0.5 * 0.9 ** e])",
        lambda o: torch_lr.LambdaLR(o, [lambda e: 0.1 * 0.95**e, lambda e: 0.5 * 0.9**e]),
        id="lr_lambda",
    ),
    pytest.param(
        "MultiplicativeLR(lr_lambda=[lambda e: 0.95, lambda e: 1 / (1 + e)])",
        lambda o: torch_lr.MultiplicativeLR(o, [lambda e: 0.95, lambda e: 1 / (1 + e)]),
        id="multiplicative",
    ),
    pytest.param(
        "OneCycleLR(max_lr=[0.1, 0.2], total_steps=32)",
        lambda o: torch_lr.OneCycleLR(o, [0.1, 0.2], total_steps=32),
        id="onecycle max_lr",
    ),
    pytest.param(
        "OneCycleLR(max_lr=0.1, total_steps=32, base_momentum=[0.8, 0.7], max_momentum=[0.9, 0.85])",
        lambda o: torch_lr.OneCycleLR(o, 0.1, total_steps=32, base_momentum=[0.8, 0.7], max_momentum=[0.9, 0.85]),
        id="onecycle momenta",
    ),
    pytest.param(
        "CyclicLR(base_lr=[1e-4, 1e-3], max_lr=[1e-2, 1e-1], step_size_up=5, base_momentum=[0.7, 0.6], "
        "max_momentum=[0.8, 0.95])",
        lambda o: torch_lr.CyclicLR(
            o, [1e-4, 1e-3], [1e-2, 1e-1], step_size_up=5, base_momentum=TWO[0], max_momentum=TWO[1]
        ),
        id="cyclic",
    ),
    pytest.param(
        "SWALR(swa_lr=[0.05, 0.02], anneal_epochs=6)",
        lambda o: SWALR(o, TWO[2], anneal_epochs=6),
        id="swa_lr",
    ),
    pytest.param(
        "ReduceLROnPlateau(patience=1, factor=0.3, min_lr=[1e-4, 1e-5])",
        lambda o: torch_lr.ReduceLROnPlateau(o, patience=1, factor=0.3, min_lr=[1e-4, 1e-5]),
        id="min_lr",
    ),
    pytest.param(
        "CosineAnnealingLR(T_max=32, eta_min=1e-5)",
        lambda o: torch_lr.CosineAnnealingLR(o, 32, 1e-5),
        id="one value for both",
    ),
    pytest.param(
        "SequentialLR([LambdaLR(lr_lambda=[lambda e: 0.1 + e, lambda e: 1 / (e + 1)]), ConstantLR()], milestones=[5])",
        lambda o: torch_lr.SequentialLR(
            o,
            [torch_lr.LambdaLR(o, [lambda e: 0.1 + e, lambda e: 1 / (e + 1)]), torch_lr.ConstantLR(o)],
            milestones=[5],
        ),
        id="inside another",
    ),
]


@pytest.mark.parametrize(("text", "make"), GROUPS)
def test_each_group_has_its_own(text: str, make: Make) -> None:
    metrics = [0.7] * 32 if "Plateau" in text else []
    trace = run(text, lr="body=0.01,head=0.1", momentum=0.9, **({"metric": "0.7"} if metrics else {}))
    rates, momenta = by_hand(make, lrs=(0.01, 0.1), momentum=0.9, metrics=metrics)
    assert trace.lr.tolist() == rates
    assert trace.group_names == ("body", "head")
    assert (trace.momentum is not None) == ("Cycl" in text)
    if trace.momentum is not None:
        assert trace.momentum.tolist() == momenta


WRONG_COUNTS = [
    ("LambdaLR(lr_lambda=[lambda e: 1])", "lr_lambda"),
    ("MultiplicativeLR(lr_lambda=[lambda e: 1, lambda e: 1, lambda e: 1])", "lr_lambda"),
    ("OneCycleLR(max_lr=[0.1])", "max_lr"),
    ("OneCycleLR(max_lr=0.1, base_momentum=[0.8, 0.7, 0.6])", "base_momentum"),
    ("CyclicLR(base_lr=[1e-4], max_lr=1e-2)", "base_lr"),
    ("CyclicLR(base_lr=1e-4, max_lr=1e-2, max_momentum=[0.8])", "max_momentum"),
    ("SWALR(swa_lr=[0.05])", "swa_lr"),
    ("ReduceLROnPlateau(min_lr=[0, 0, 0])", "min_lr"),
]


@pytest.mark.parametrize(("text", "parameter"), WRONG_COUNTS, ids=[f"{p} of {t[:8]}" for t, p in WRONG_COUNTS])
def test_a_list_of_the_wrong_length_says_how_many_groups_there_are(text: str, parameter: str) -> None:
    with pytest.raises(SpecError, match=rf"`{parameter}`.*2 parameter groups|2 parameter groups.*`{parameter}`"):
        run(text, lr="0.01,0.1")


OPTIMIZERS = sorted(
    name
    for name, cls in vars(optim).items()
    if isinstance(cls, type) and issubclass(cls, optim.Optimizer) and "lr" in inspect.signature(cls).parameters
)


@pytest.mark.parametrize("spelled", [str, str.lower], ids=["as torch", "small"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_that_takes_a_rate(name: str, spelled: Callable[[str], str]) -> None:
    groups = "0.01" if name == "LBFGS" else "0.01,0.02"  # LBFGS takes one group
    trace = run(COSINE[0], optimizer=spelled(name), lr=groups)
    lrs = [float(rate) for rate in groups.split(",")]
    rates, _ = by_hand(lambda o: torch_lr.CosineAnnealingLR(o, 32), lrs=lrs, optimizer=getattr(optim, name))
    assert trace.lr.tolist() == rates
    assert trace.spec.optimizer.name == name


MOMENTA = [("SGD", 0.0), ("SGD", 0.9), ("RMSprop", 0.5), ("Adam", 0.8), ("AdamW", None), ("NAdam", 0.85), ("Muon", 0.9)]
MOMENTA = [(name, momentum) for name, momentum in MOMENTA if hasattr(optim, name)]  # older torch has no Muon


@pytest.mark.parametrize(
    ("text", "make"),
    [
        pytest.param(ONECYCLE[0], lambda o: ONECYCLE[1](o, 32), id="onecycle"),
        pytest.param(
            "CyclicLR(base_lr=1e-4, max_lr=1e-2, step_size_up=4)",
            lambda o: torch_lr.CyclicLR(o, 1e-4, 1e-2, step_size_up=4),
            id="cyclic",
        ),
        pytest.param(COSINE[0], lambda o: torch_lr.CosineAnnealingLR(o, 32), id="cosine"),
    ],
)
@pytest.mark.parametrize(("name", "momentum"), MOMENTA, ids=[f"{n} {m}" for n, m in MOMENTA])
def test_momentum(text: str, make: Make, name: str, momentum: float | None) -> None:
    fields = {} if momentum is None else {"momentum": momentum}
    trace = run(text, optimizer=name, show_momentum=True, **fields)
    has_betas = name in ("Adam", "AdamW", "NAdam")
    settings = {} if momentum is None else {"betas": (momentum, 0.999)} if has_betas else {"momentum": momentum}
    rates, momenta = by_hand(make, optimizer=getattr(optim, name), **settings)
    assert trace.lr.tolist() == rates
    assert trace.momentum is not None
    assert trace.momentum.tolist() == momenta
    assert trace.momentum_name == ("betas[0]" if has_betas else "momentum")


def test_momentum_that_nothing_moves_is_left_out_unless_asked_for() -> None:
    assert run("cosine", momentum=0.9).momentum is None
    assert run("onecycle(cycle_momentum=False)", momentum=0.9).momentum is None
    assert run("onecycle").momentum is not None


@pytest.mark.parametrize("name", ["Adagrad", "Rprop", "Adafactor"])
def test_an_optimizer_without_momentum_says_so(name: str) -> None:
    with pytest.raises(SpecError, match=f"`{name}` has no momentum"):
        run("cosine", optimizer=name, momentum=0.9)
    with pytest.raises(SpecError, match=f"`{name}` has no momentum to show"):
        run("cosine", optimizer=name, show_momentum=True)


LOSSES = [1.0, 0.5, 0.5, 0.6, 0.5, 0.5, 0.4, 0.7, 0.8, 0.9, 0.9]


def files(folder: Path) -> None:
    """The losses in every form of file."""
    text = [repr(loss) for loss in LOSSES]
    rows = list(enumerate(text))
    records = [{"epoch": i, "val_loss": loss} for i, loss in enumerate(LOSSES)]
    contents = {
        "val.csv": "epoch,val_loss\n" + "".join(f"{i},{loss}\n" for i, loss in rows),
        "val.tsv": "epoch\tval_loss\n" + "".join(f"{i}\t{loss}\n" for i, loss in rows),
        "bare.csv": "\n".join(text) + "\n",
        "one.txt": "val_loss\r\n" + "\r\n".join(text) + "\r\n",
        "list.json": json.dumps(LOSSES),
        "records.json": json.dumps(records),
        "table.json": json.dumps({"epoch": list(range(11)), "val_loss": LOSSES}),
        "log.jsonl": "".join(json.dumps(record) + "\n" for record in records),
    }
    for name, content in contents.items():
        (folder / name).write_text(content, encoding="utf-8", newline="")


FORMS = [
    "val.csv:val_loss",
    "val.tsv:val_loss",
    "bare.csv",
    "one.txt",
    "list.json",
    "records.json:val_loss",
    "table.json:val_loss",
    "log.jsonl:val_loss",
    ",".join(map(repr, LOSSES)),
    repr(LOSSES),
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("by_epoch", [True, False], ids=["by epoch", "by step"])
def test_a_plateau_watches_every_form_of_metric(
    form: str, by_epoch: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files(tmp_path)
    monkeypatch.chdir(tmp_path)
    trace = run(
        "ReduceLROnPlateau(patience=1)",
        metric=form,
        interval="epoch" if by_epoch else "step",
        epochs=14 if by_epoch else 2,  # longer than the list
        steps_per_epoch=7,
    )
    rates, _ = by_hand(
        lambda o: torch_lr.ReduceLROnPlateau(o, patience=1),
        epochs=14 if by_epoch else 2,
        batches=7,
        by_epoch=by_epoch,
        metrics=LOSSES,
    )
    assert trace.lr.tolist() == rates
    assert len({rate for (rate,) in rates}) >= 3
    assert trace.spec.notes == ("the metric has 11 values for 14 scheduler steps: the last one is repeated",)


def test_what_the_trace_says_of_the_metric_is_what_the_scheduler_was_given() -> None:
    trace = run("plateau", metric="0.9,0.8,0.7", interval="epoch", epochs=4, steps_per_epoch=2)
    assert trace.metric is not None
    assert repr(trace.metric.tolist()) == repr([float("nan")] * 2 + [0.9] * 2 + [0.8] * 2 + [0.7] * 2)


@pytest.mark.parametrize("by_epoch", [True, False], ids=["by epoch", "by step"])
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("exp(-epoch / 10) + 0.1", lambda epoch, step: math.exp(-epoch / 10) + 0.1),
        ("max(1 - step / 9, 0.5)", lambda epoch, step: max(1 - step / 9, 0.5)),
        ("1 if epoch < 2 else step % 3", lambda epoch, step: 1 if epoch < 2 else step % 3),
        ("0.5", lambda epoch, step: 0.5),
        ("epoch * lr + step / total_steps", None),
    ],
    ids=["exp", "step", "both", "constant", "names of the run"],
)
def test_a_metric_may_be_an_expression(text: str, value: Any, by_epoch: bool) -> None:
    trace = run(
        "ReduceLROnPlateau(patience=1, factor=0.5)",
        metric=text,
        interval="epoch" if by_epoch else "step",
        epochs=9,
        steps_per_epoch=5,
    )
    if value is None:
        value = lambda epoch, step: epoch * 1e-3 + step / (9 if by_epoch else 45)  # noqa: E731
    # At the end of epoch e the last step was number 5 e + 4; after update t the epoch is t // 5.
    metrics = [value(e, 5 * e + 4) for e in range(9)] if by_epoch else [value(t // 5, t) for t in range(45)]
    rates, _ = by_hand(
        lambda o: torch_lr.ReduceLROnPlateau(o, patience=1, factor=0.5),
        epochs=9,
        batches=5,
        by_epoch=by_epoch,
        metrics=metrics,
    )
    assert trace.lr.tolist() == rates


def test_a_metric_with_nan_in_it() -> None:
    losses = [1.0, float("nan"), 0.5, float("nan"), float("nan"), float("nan"), 0.4, 0.4]
    trace = run("ReduceLROnPlateau(patience=1)", metric=",".join(map(str, losses)), epochs=1)
    rates, _ = by_hand(lambda o: torch_lr.ReduceLROnPlateau(o, patience=1), epochs=1, metrics=losses)
    assert trace.lr.tolist() == rates
    assert trace.spec.notes == ("the metric contains NaN, which torch counts as no improvement",)


def test_a_plateau_without_a_metric_stalls() -> None:
    trace = run("ReduceLROnPlateau(patience=3)")
    assert trace.metric is not None
    rates, _ = by_hand(lambda o: torch_lr.ReduceLROnPlateau(o, patience=3), metrics=trace.metric[1:].tolist())
    assert trace.lr.tolist() == rates
    assert rates[-1] < rates[0]


OWN = """
import torch
from torch.optim import lr_scheduler
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau


class Warmup(LRScheduler):
    def __init__(self, optimizer, warmup=5, last_epoch=-1):
        self.warmup = warmup
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        return [base * min(1, (self.last_epoch + 1) / self.warmup) for base in self.base_lrs]


class Plain:
    def __init__(self, optimizer):
        self.optimizer = optimizer

    def step(self):
        for group in self.optimizer.param_groups:
            group["lr"] *= 0.9


class ByMetric(Plain):
    def step(self, val_loss):
        for group in self.optimizer.param_groups:
            group["lr"] = val_loss / 10


class ByCount(Plain):
    def step(self, num_updates):
        for group in self.optimizer.param_groups:
            group["lr"] = 1 / (1 + num_updates)


class Forwards(ReduceLROnPlateau):
    def step(self, *arguments, **named):
        super().step(*arguments, **named)


def factory(optimizer, gamma, *, every=1):
    return lr_scheduler.StepLR(optimizer, every, gamma)


def tensors(optimizer):
    for group in optimizer.param_groups:
        group["lr"] = torch.tensor(group["lr"])
    return lr_scheduler.CosineAnnealingLR(optimizer, 32)


def replaces(optimizer):
    optimizer.load_state_dict(optimizer.state_dict())
    return Replaces(optimizer)


class Replaces(Plain):
    def step(self):
        super().step()
        self.optimizer.load_state_dict(self.optimizer.state_dict())


class Momentum(Plain):
    def step(self):
        super().step()
        for group in self.optimizer.param_groups:
            group["momentum"] += 0.01
"""


@pytest.mark.parametrize(
    ("call", "asked"),
    [
        ("Warmup", {}),
        ("Warmup(warmup=10)", {}),
        ("Warmup(3)", {}),
        ("Plain", {}),
        ("ByMetric", {"metric": LOSSES}),
        ("ByCount", {"count": True}),
        ("Forwards(patience=1)", {"metric": LOSSES}),
        ("factory(0.5)", {}),
        ("factory(0.5, every=3)", {}),
        ("tensors", {}),
        ("replaces", {}),
        ("Momentum", {}),
    ],
)
@pytest.mark.parametrize("by_epoch", [False, True], ids=["by step", "by epoch"])
def test_the_users_own_code(
    call: str, asked: dict[str, Any], by_epoch: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    metrics = asked.get("metric", [])
    fields = {"metric": ",".join(map(repr, metrics))} if metrics else {}
    trace = run(f"own.py:{call}", lr="0.01,0.02", interval="epoch" if by_epoch else "step", **fields)
    names: dict[str, Any] = {}
    exec(OWN, names)  # noqa: S102 - the code above
    target, _, arguments = call.rstrip(")").partition("(")
    rates, momenta = by_hand(
        lambda o: eval(f"{target}(o, {arguments})", names | {"o": o}),  # noqa: S307 - the calls above
        lrs=(0.01, 0.02),
        by_epoch=by_epoch,
        metrics=metrics,
        count=asked.get("count", False),
    )
    assert trace.lr.tolist() == rates
    if call == "Momentum":
        assert trace.momentum is not None
        assert trace.momentum.tolist() == momenta
    else:
        assert trace.momentum is None


TORCHS_OWN = [
    ("torch.optim.lr_scheduler:StepLR(step_size=3, gamma=0.7)", lambda o: torch_lr.StepLR(o, 3, 0.7)),
    ("torch.optim.lr_scheduler:CosineAnnealingLR(32, eta_min=1e-5)", lambda o: torch_lr.CosineAnnealingLR(o, 32, 1e-5)),
    ("torch.optim.lr_scheduler:LambdaLR(lambda e: 0.9 ** e)", lambda o: torch_lr.LambdaLR(o, lambda e: 0.9**e)),
    ("torch.optim.lr_scheduler:MultiStepLR([4, 9])", lambda o: torch_lr.MultiStepLR(o, [4, 9])),
    ("torch.optim.swa_utils:SWALR(swa_lr=0.05)", lambda o: SWALR(o, 0.05)),
    ("torch.optim:lr_scheduler.ConstantLR(0.5)", lambda o: torch_lr.ConstantLR(o, 0.5)),
]


@pytest.mark.parametrize(("text", "make"), TORCHS_OWN, ids=[text for text, _ in TORCHS_OWN])
def test_torchs_schedulers_by_module_path(text: str, make: Make) -> None:
    assert run(text).lr.tolist() == by_hand(make)[0]


def test_a_hundred_groups() -> None:
    lrs = [1e-4 * (i + 1) for i in range(100)]
    trace = run(WARMUP[0], lr=",".join(map(repr, lrs)), epochs=60, steps_per_epoch=10)
    assert trace.lr.tolist() == by_hand(lambda o: WARMUP[1](o, 0), lrs=lrs, epochs=60, batches=10)[0]


def test_a_rate_that_breaks_names_its_group() -> None:
    with pytest.raises(SimulationError, match=r"the rate of `head` of `LambdaLR\(.*\)` is infinite at step 2"):
        run("LambdaLR(lr_lambda=[lambda e: 1, lambda e: 1e308 * e])", lr="body=1,head=1")


def test_the_last_digit_below_zero_passes_however_long_it_lasts() -> None:
    lr = run("LinearLR(end_factor=0.0, total_iters=4)", epochs=1, steps_per_epoch=100_001).lr
    assert -1e-15 < lr[-1, 0] < 0
    assert set(lr[4:, 0].tolist()) == {lr[-1, 0]}


def test_a_rate_below_zero_late_in_a_long_run_is_refused() -> None:
    with pytest.raises(SimulationError, match=r"is negative \(-1e-06\) at step 60000"):
        run("LambdaLR(lr_lambda=lambda e: -1e-3 if e >= 60_000 else 1)", lr=1e-3, epochs=1, steps_per_epoch=70_000)


def test_accelerate_wraps_no_scheduler_of_another_kind() -> None:
    class Halving:
        def __init__(self, optimizer: torch.optim.Optimizer) -> None:
            self.optimizer = optimizer

        def step(self) -> None:
            self.optimizer.param_groups[0]["lr"] /= 2

    accelerate = pytest.importorskip("accelerate", reason="accelerate is not installed")
    from accelerate.state import AcceleratorState, GradientState

    AcceleratorState._reset_state(True)
    GradientState._reset_state()
    halving = Halving(optim.SGD(nn.Linear(2, 1).parameters(), lr=0.1))
    assert accelerate.Accelerator(cpu=True).prepare(halving) is halving
    spec = RunSpec(Factory(Halving), TrainingLoop(num_processes=2))
    with pytest.raises(SpecError, match="`Halving` is not one: it steps once for each call, not 2 times"):
        simulate(spec)


def test_the_optimizer_keeps_what_the_run_does_not_set() -> None:
    groups = (ParamGroup("a", 0.1), ParamGroup("b", 0.2))
    spec = replace(read_run("StepLR(4)"), groups=groups, optimizer=OptimizerChoice("Adam", 0.8))
    optimizer = build_optimizer(spec)
    assert [group["betas"] for group in optimizer.param_groups] == [(0.8, 0.999), (0.8, 0.999)]
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 0.2]
    assert optimizer.defaults["lr"] == 0.1
