"""Schedulers that are stepped otherwise than by `scheduler.step()`, with packages that stand for the real ones."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lrviz.cli import main
from lrviz.code import scheduler_line, training_script
from lrviz.errors import LrvizError, SimulationError, SpecError, UsageError
from lrviz.schedulers.bare import bare
from lrviz.schedulers.families.timm import create, total_epochs
from lrviz.simulation import resume, simulate
from lrviz.spec import Fields, read_all, read_run
from tests.families.stubs import write_package
from tests.scripts.running import executed

# A rate that is the base rate less a tenth for each count, and what counts.
COUNTING = """
class {name}:
    def __init__(self, optimizer, t_initial=0, t_in_epochs=True, **options):
        self.optimizer, self.t_in_epochs = optimizer, t_in_epochs
        self.base = [group["lr"] for group in optimizer.param_groups]

    def _set(self, count):
        for group, base in zip(self.optimizer.param_groups, self.base):
            group["lr"] = base * (1 - count / 16)

    def step(self, epoch, metric=None):
        if self.t_in_epochs:
            self._set(epoch if metric is None else metric)

    def step_update(self, num_updates, metric=None):
        if not self.t_in_epochs:
            self._set(num_updates)

    def state_dict(self):
        return dict()
"""
FACTORY = (
    COUNTING.format(name="Any")
    + """
def create_scheduler_v2(optimizer, sched="cosine", num_epochs=300, cooldown_epochs=0, step_on_epochs=True, **options):
    return Any(optimizer, num_epochs, t_in_epochs=step_on_epochs), num_epochs + cooldown_epochs
"""
)
WARMUP = """
from contextlib import contextmanager

class LinearWarmup:
    def __init__(self, optimizer, warmup_period, last_step=-1):
        self.optimizer, self.period, self.last_step = optimizer, warmup_period, last_step
        self.lrs = [group["lr"] for group in optimizer.param_groups]
        self.dampen()

    def state_dict(self):
        return {"last_step": self.last_step, "lrs": self.lrs}

    def load_state_dict(self, state):
        self.__dict__.update(state)

    def dampen(self):
        self.last_step += 1
        for group in self.optimizer.param_groups:
            group["lr"] *= min(1.0, (self.last_step + 1) / self.period)

    @contextmanager
    def dampening(self):
        for group, lr in zip(self.optimizer.param_groups, self.lrs):
            group["lr"] = lr
        yield
        self.lrs = [group["lr"] for group in self.optimizer.param_groups]
        self.dampen()
"""
GRADUAL = """
from torch.optim.lr_scheduler import LRScheduler

class GradualWarmupScheduler(LRScheduler):
    def __init__(self, optimizer, multiplier, total_epoch, after_scheduler=None):
        self.total_epoch, self.after_scheduler = total_epoch, after_scheduler
        super().__init__(optimizer)

    def get_lr(self):
        return [base * min(1.0, self.last_epoch / self.total_epoch) for base in self.base_lrs]
"""
MEGATRON = """
from megatron.core.utils import log_single_rank

class OptimizerParamScheduler:
    def __init__(self, optimizer, **values):
        self.optimizer, self.samples = optimizer, 0
        log_single_rank("made")

    def step(self, increment):
        self.samples += increment
        for group in self.optimizer.param_groups:
            group["lr"] = 1.0 - self.samples / 1024

    def state_dict(self):
        return dict()
"""
BROKEN = 'raise RuntimeError("it needs torchvision")\n'


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the import path with packages; those of timm and megatron cannot be imported themselves."""
    folder = tmp_path / "site"
    write_package(folder, "timm", init=BROKEN)
    write_package(
        folder / "timm", "scheduler", init=BROKEN, cosine_lr=COUNTING.format(name="CosineLRScheduler"),
        plateau_lr=COUNTING.format(name="PlateauLRScheduler"), scheduler_factory=FACTORY,
    )  # fmt: skip
    write_package(folder, "pytorch_warmup", init=WARMUP)
    write_package(folder, "warmup_scheduler", init=GRADUAL)
    write_package(folder, "megatron", init=BROKEN)
    write_package(folder / "megatron", "core", init=BROKEN, optimizer_param_scheduler=MEGATRON)
    roots = ("timm", "pytorch_warmup", "warmup_scheduler", "megatron")

    def forget() -> None:
        for name in [name for name in sys.modules if name.partition(".")[0] in roots]:
            monkeypatch.delitem(sys.modules, name)

    forget()
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.chdir(tmp_path)
    yield folder
    forget()


def rates(text: str, **fields: Any) -> list[float]:
    """The rates of the first group."""
    found: list[float] = simulate(read_run(text, Fields({"lr": "1", **fields}))).lr[:, 0].tolist()
    return found


def counted(*counts: float) -> list[float]:
    """The rates of `COUNTING` at these counts."""
    return [1 - count / 16 for count in counts]


@pytest.mark.usefixtures("site")
def test_epochs_and_updates_are_counted() -> None:
    length = {"epochs": "3", "steps_per_epoch": "2"}
    assert rates("timm-cosine", **length) == counted(0, 0, 1, 1, 2, 2)
    assert rates("timm-cosine", interval="step", **length) == counted(0, 0, 1, 1, 2, 2)
    by_update = "CosineLRScheduler(optimizer, t_initial=total_steps, t_in_epochs=False)"
    assert rates(by_update, **length) == counted(0, 1, 2, 3, 4, 5)
    run = read_run(by_update, Fields(length))
    assert (str(run.scheduler), run.loop.interval) == (
        "CosineLRScheduler(t_initial=6, t_in_epochs=False)", "step",
    )  # fmt: skip
    with pytest.raises(UsageError, match="changes the rate after each update here, and `--interval` is epoch"):
        rates(by_update, interval="epoch", **length)
    assert rates("PlateauLRScheduler()", metric="8,4,2", **length) == counted(0, 0, 8, 8, 4, 4)
    assert rates(by_update, grad_accum="2", accum_remainder="carry", epochs="4", steps_per_epoch="3") == counted(
        *range(6)
    )
    with pytest.raises(SpecError, match="Accelerate wraps only torch's LRScheduler"):
        rates("timm-cosine", num_processes="2", **length)


@pytest.mark.usefixtures("site")
def test_the_epochs_that_are_returned_are_those_of_the_run() -> None:
    text = "scheduler, num_epochs = create_scheduler_v2(optimizer, num_epochs=3, cooldown_epochs=1)"
    assert rates(text, steps_per_epoch="2") == counted(0, 0, 1, 1, 2, 2, 3, 3)
    assert rates(text, steps="4") == counted(0, 0, 0, 0)
    by_update = "create_scheduler_v2(num_epochs=2, step_on_epochs=False, updates_per_epoch=3)"
    assert rates(by_update) == counted(*range(6))
    assert rates(by_update, steps_per_epoch="2") == counted(*range(4))
    run = read_run(text, Fields({"epochs": "2"}))
    assert (run.loop.epochs, run.notes) == (2, ("`create_scheduler_v2` returns 4 epochs for the run, which has 2",))
    with pytest.raises(SpecError, match="needs `updates_per_epoch`"):
        rates("create_scheduler_v2(step_on_epochs=False)")
    with pytest.raises(SpecError, match='makes no scheduler for `sched="none"`'):
        rates("create_scheduler_v2(sched='none')")
    with pytest.raises(SimulationError, match="timm returns 9 epochs for the run, and lrviz expects 6"):
        create(lambda optimizer, **values: (optimizer, 9), None, (), {"num_epochs": 6})
    assert total_epochs({"cycle_mul": 1, "num_epochs": "4"}) is None


EPOCHS: list[tuple[dict[str, Any], int]] = [
    ({}, 300),
    ({"num_epochs": 5, "cycle_limit": 3}, 15),
    ({"num_epochs": 5, "cycle_limit": 3, "cycle_mul": 2}, 35),
    ({"num_epochs": 5, "warmup_epochs": 2}, 5),
    ({"num_epochs": 5, "warmup_epochs": 2, "warmup_prefix": True, "cooldown_epochs": 4}, 11),
    ({"num_epochs": 5, "warmup_epochs": 2, "step_on_epochs": False, "updates_per_epoch": 7, "cooldown_epochs": 1}, 6),
    ({"sched": "step", "num_epochs": 5, "warmup_epochs": 2, "warmup_prefix": True, "cooldown_epochs": 4}, 7),
    ({"sched": "wsd", "num_epochs": 5, "warmup_epochs": 2, "cooldown_epochs": 4}, 9),
    ({"sched": "rsqrt", "num_epochs": 5, "warmup_epochs": 2, "warmup_prefix": True}, 7),
]


def test_the_epochs_of_a_factory() -> None:
    assert [total_epochs(values) for values, _ in EPOCHS] == [epochs for _, epochs in EPOCHS]


SCRIPT = """\
from timm.scheduler import create_scheduler_v2
optimizer = SGD(model.parameters(), lr=1.0)
lr_scheduler, num_epochs = create_scheduler_v2(optimizer, num_epochs={epochs}, cooldown_epochs=1{more})
for epoch in range(num_epochs):
    num_updates = epoch * 2
    for i in range(2):
        optimizer.step()
        num_updates += 1
        lr_scheduler.step_update(num_updates=num_updates, metric=losses.avg)
    lr_scheduler.step(epoch + 1, metric)
"""


@pytest.mark.usefixtures("site")
def test_a_script_that_counts() -> None:
    (run,) = read_all(SCRIPT.format(epochs=2, more=""))
    assert simulate(run).lr[:, 0].tolist() == counted(0, 0, 1, 1, 2, 2)
    assert run.faults == ()  # both calls are meant
    more = ", step_on_epochs=False, updates_per_epoch=2"
    (run,) = read_all(SCRIPT.format(epochs=2, more=more))
    assert simulate(run).lr[:, 0].tolist() == counted(*range(6))
    without = SCRIPT.replace("        lr_scheduler.step_update(num_updates=num_updates, metric=losses.avg)\n", "")
    (run,) = read_all(without.format(epochs=2, more=more))
    assert simulate(run).lr[:, 0].tolist() == counted(*[0] * 6)
    assert run.notes == (
        "the rate of `create_scheduler_v2` changes with `step_update()`, which the script never calls: it stays as it "
        "is at the start",
    )
    plateau = SCRIPT.replace(", cooldown_epochs=1", "").format(epochs=3, more=", sched='plateau'")
    (run,) = read_all(plateau, Fields({"metric": "8,4,2"}))
    assert simulate(run).lr[:, 0].tolist() == counted(0, 0, 8, 8, 4, 4)
    with pytest.raises(LrvizError, match=r"args\.epochs"):
        read_all(SCRIPT.format(epochs="args.epochs", more=""))
    with pytest.raises(SimulationError, match=r"passes to `create_scheduler_v2.step\(\)` is not known"):
        simulate(read_all(SCRIPT.format(epochs=2, more="").replace("epoch + 1", "validate()"))[0])
    (run,) = read_all(SCRIPT.format(epochs=2, more=""), Fields({"num_processes": "2"}))
    assert simulate(run).lr[:, 0].tolist() == counted(0, 0, 1, 1, 2, 2)  # of each process
    with pytest.raises(SpecError, match="Accelerate wraps only"):
        simulate(read_all("create_scheduler_v2(optimizer, num_epochs=2)", Fields({"num_processes": "2"}))[0])


USER_CODE = (
    COUNTING.format(name="Counting")
    + """

class Fair(Counting):
    def step_update(self, num_updates):
        super().step_update(num_updates)
"""
)


@pytest.mark.parametrize("name", ["Counting", "Fair"])
def test_user_code_that_counts(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text(USER_CODE, encoding="utf-8")
    length = {"epochs": "3", "steps_per_epoch": "2"}
    for interval in ("step", "epoch"):
        assert rates(f"own.py:{name}(8)", interval=interval, **length) == counted(0, 0, 1, 1, 2, 2)
        assert rates(f"own.py:{name}(8, t_in_epochs=False)", interval=interval, **length) == counted(*range(6))
    assert rates(f"own.py:{name}(8)", interval="epoch", metric="8,4,2", **length) == counted(0, 0, 8, 8, 4, 4)
    with pytest.raises(SpecError, match="Accelerate wraps only"):
        rates(f"own.py:{name}(8)", num_processes="2", **length)


DAMPENED = """\
import pytorch_warmup as warmup
optimizer = SGD(params, lr=1.0)
lr_scheduler = StepLR(optimizer, 2, 0.5)
warmup_scheduler = warmup.LinearWarmup(optimizer, warmup_period=4)
for i in range(6):
    optimizer.step()
    with warmup_scheduler.dampening():
        lr_scheduler.step()
"""
DELAYED = """\
    iteration = warmup_scheduler.last_step + 1
    with warmup_scheduler.dampening():
        if iteration >= 4:
            lr_scheduler.step()
"""


@pytest.mark.usefixtures("site")
def test_the_blocks_of_a_warmup() -> None:
    alone, both = [0.25, 0.5, 0.75, 1.0, 1.0, 1.0], [0.25, 0.5, 0.375, 0.5, 0.25, 0.25]
    assert rates("LinearWarmup(optimizer, 4)", steps="6") == alone
    assert rates("LinearWarmup(optimizer, 4, lr_scheduler=StepLR(optimizer, 2, 0.5))", steps="6") == both
    text = "LinearWarmup(4, lr_scheduler=ReduceLROnPlateau(factor=0.5, patience=0))"
    assert rates(text, steps="6", metric="1,1,1,1,1,1") == [0.25, 0.5, 0.375, 0.25, 0.125, 0.0625]
    (run,) = read_all(DAMPENED)
    assert simulate(run).lr[:, 0].tolist() == both
    (run,) = read_all(DAMPENED.partition("for i")[0], Fields({"steps": "6"}))
    assert simulate(run).lr[:, 0].tolist() == both
    (run,) = read_all(DAMPENED.replace("lr_scheduler.step()", "pass"))
    assert simulate(run).lr[:, 0].tolist() == alone
    (run,) = read_all(DAMPENED.partition("    with")[0] + DELAYED)
    assert simulate(run).lr[:, 0].tolist() == [0.25, 0.5, 0.75, 1.0, 1.0, 0.5]


@pytest.mark.usefixtures("site")
def test_a_warmup_that_is_resumed() -> None:
    run = read_run("LinearWarmup(4, lr_scheduler=StepLR(3, 0.5))", Fields({"lr": "1", "steps": "12"}))
    assert resume(run, 4, "load").lr.tolist() == simulate(run).lr.tolist()


@pytest.mark.usefixtures("site")
def test_a_scheduler_inside_another_one() -> None:
    text = "GradualWarmupScheduler(optimizer, multiplier=1, total_epoch=4, after_scheduler={})"
    assert rates(text.format("StepLR(optimizer, 2)"), steps="6") == [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]
    run = read_run(text.format("CosineAnnealingLR()"), Fields({"steps": "6"}))
    assert run.filled == ("CosineAnnealingLR.T_max=2",)
    lines = f"optimizer = SGD(params, lr=1.0)\nafter = StepLR(optimizer, 2)\nscheduler = {text.format('after')}\n"
    (run,) = read_all(lines, Fields({"steps": "6"}))
    assert simulate(run).lr[:, 0].tolist() == [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]
    for outer in ("SequentialLR([LinearLR(), {}], [2])", "ChainedScheduler([StepLR(2), {}])", "{} @ warmup=2"):
        for inside in ("timm-cosine(t_initial=3)", "LinearWarmup(4)", "megatron(lr_warmup_steps=0, lr_decay_steps=9)"):
            with pytest.raises(LrvizError, match=r"no LRScheduler of torch|cannot be used with `Optimizer"):
                rates(outer.format(inside))
    for inside, message in [("ReduceLROnPlateau()", "cannot contain"), ("4", "needs a scheduler such as")]:
        with pytest.raises(SpecError, match=message):
            rates(text.format(inside))


@pytest.mark.usefixtures("site")
def test_samples_are_counted() -> None:
    text = "megatron(lr_warmup_steps=0, lr_decay_steps=1024{})"
    expected = [1.0, 0.75, 0.5, 0.25]
    assert rates(text.format(", increment=256"), steps="4")[1:] == expected[1:]
    of_run = {"dataset_size": "1024", "batch_size": "128", "grad_accum": "2", "epochs": "1"}
    assert rates(text.format(""), **of_run)[1:] == expected[1:]
    with pytest.raises(SimulationError, match="counts samples") as caught:
        rates(text.format(""), steps="4")
    assert "--increment 256" in caught.value.hint


MEGATRON_REFUSED = [
    ("lr_warmup_steps=64, lr_decay_steps=64", "fewer `lr_warmup_steps` than `lr_decay_steps`, got 64 and 64"),
    ("lr_warmup_steps=0, lr_decay_steps=9, min_lr=2.0", "needs a `min_lr` of at most `max_lr`, got 2.0 and 1.0"),
    ("lr_warmup_steps=0, lr_decay_steps=9, start_wd=1.0", "needs a `start_wd` of at most `end_wd`, got 1.0 and 0.01"),
    ("lr_warmup_steps=0, lr_decay_steps=9, lr_decay_style='WSD'", "needs `wsd_decay_steps` for the style WSD"),
    ("lr_warmup_steps=0, lr_decay_steps=9, increment=0", "needs an `increment` of 1 or more"),
    ("lr_warmup_steps=0, lr_decay_steps=9) @ (interval=epoch", "changes the rate after each update here"),
]


@pytest.mark.parametrize(("values", "message"), MEGATRON_REFUSED, ids=[row[0] for row in MEGATRON_REFUSED])
def test_what_megatron_would_refuse(values: str, message: str) -> None:
    with pytest.raises(LrvizError, match=message):
        read_run(
            f"megatron({values})".replace(") @ (", ") @ ").removesuffix(")" * values.count("@")), Fields({"lr": 1})
        )


def test_a_bare_import_leaves_nothing_behind(site: Path) -> None:
    module = bare()("timm.scheduler.cosine_lr")
    assert module.CosineLRScheduler.__module__ == "timm.scheduler.cosine_lr"
    assert {name for name in sys.modules if name.startswith("timm")} == {"timm.scheduler.cosine_lr"}
    with pytest.raises(ModuleNotFoundError) as caught:
        bare()("lrviz_has_no_such.package.module")
    assert caught.value.name == "lrviz_has_no_such"
    with pytest.raises(RuntimeError, match="torchvision"):
        __import__("timm.scheduler")


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["timm-cosine", "--lightning"], "no training loop for `CosineLRScheduler`"),
        (["LinearWarmup(4)", "--lightning"], "no training loop for `LinearWarmup`"),
        (["timm-plateau", "--interval", "step"], "no training loop for `PlateauLRScheduler`"),
        (["ignite-cosine", "--grad-accum", "2"], "no training loop for `CosineAnnealingScheduler`"),
        (["timm-cosine", "--num-processes", "2"], "Accelerate wraps only torch's LRScheduler"),
        (["megatron(lr_warmup_steps=0, lr_decay_steps=9)"], "counts samples, and the samples of an update are not"),
    ],
)
def test_code_has_no_loop_for_them(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["code", *arguments]) == 2
    assert message in capsys.readouterr().err


WRITTEN = [
    "timm-cosine(t_initial=16) @ epochs=3",
    "timm-cosine(t_initial=16) @ epochs=4, steps_per_epoch=5, grad_accum=2, accum_remainder=carry",
    "CosineLRScheduler(t_initial=16, t_in_epochs=False) @ epochs=2, steps_per_epoch=3",
    "CosineLRScheduler(t_initial=16, t_in_epochs=False) @ steps=7",
    "CosineLRScheduler(t_initial=16, t_in_epochs=False) @ max_steps=7, steps_per_epoch=3",
    "timm-plateau @ epochs=3, metric=[8, 4, 2]",
    "create_scheduler_v2(num_epochs=3, cooldown_epochs=1)",
    "create_scheduler_v2(num_epochs=3, step_on_epochs=False, updates_per_epoch=2) @ epochs=2",
    "LinearWarmup(4)",
    "LinearWarmup(4, lr_scheduler=StepLR(3, 0.5)) @ steps=20",
    "LinearWarmup(4, lr_scheduler=ReduceLROnPlateau(patience=0)) @ epochs=3, interval=epoch",
    "GradualWarmupScheduler(multiplier=1, total_epoch=4, after_scheduler=StepLR(2)) @ steps=6",
    "megatron(lr_warmup_steps=0, lr_decay_steps=1024, increment=16)",
    "megatron(lr_warmup_steps=0, lr_decay_steps=1024) @ dataset_size=64, batch_size=4, grad_accum=2",
]


@pytest.mark.usefixtures("site")
def test_the_loops_that_are_written_use_the_rates_of_lrviz() -> None:
    for line in WRITTEN:
        spec = read_run(line)
        expected = simulate(spec).lr.tolist()  # which imports the modules without their packages
        text = training_script(spec)
        assert [rates.tolist() for rates in executed(text)] == [expected], text
    assert scheduler_line(read_run("LinearWarmup(4, lr_scheduler=StepLR(3))")) == (
        "scheduler = StepLR(optimizer, step_size=3); warmup = LinearWarmup(optimizer, warmup_period=4)"
    )


def test_the_trainer_of_ignite() -> None:
    text = training_script(read_run("ignite-cosine @ epochs=3, steps_per_epoch=2"))
    lines = text.splitlines()
    assert lines[-2:] == [
        "trainer.add_event_handler(Events.ITERATION_STARTED, scheduler)", "trainer.run(loader, max_epochs=3)",
    ]  # fmt: skip
    assert "from ignite.engine import Engine, Events" in lines
    text = training_script(read_run("ignite-cosine @ max_steps=5, steps_per_epoch=2, interval=epoch"))
    assert text.splitlines()[-2:] == [
        "trainer.add_event_handler(Events.EPOCH_STARTED, scheduler)", "trainer.run(loader, max_iters=5)",
    ]  # fmt: skip


def test_code_of_the_scheduler_alone(capsys: pytest.CaptureFixture[str]) -> None:
    text = "megatron(lr_warmup_steps=0, lr_decay_steps=1024, increment=256)"
    assert main(["code", text, "--only", "scheduler"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("scheduler = OptimizerParamScheduler(\n    optimizer,\n    init_lr=0.0,\n")
    assert "increment" not in out
