"""Packages that stand for those of families, in folders on the import path."""

from __future__ import annotations

from pathlib import Path

TRANSFORMERS = """
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau


def get_constant_schedule_with_warmup(optimizer, num_warmup_steps, last_epoch=-1):
    return LambdaLR(optimizer, lambda step: min(1.0, step / max(1, num_warmup_steps)), last_epoch=last_epoch)


def get_linear_schedule_with_warmup(optimizer, num_warmup_steps, num_training_steps, last_epoch=-1):
    def factor(step):
        if step < num_warmup_steps:
            return step / max(1, num_warmup_steps)
        return max(0.0, (num_training_steps - step) / max(1, num_training_steps - num_warmup_steps))

    return LambdaLR(optimizer, factor, last_epoch)


def get_scheduler(name, optimizer, num_warmup_steps=None, num_training_steps=None, scheduler_specific_kwargs=None):
    if name == "reduce_lr_on_plateau":
        return ReduceLROnPlateau(optimizer, **(scheduler_specific_kwargs or {}))
    if name == "constant_with_warmup":
        return get_constant_schedule_with_warmup(optimizer, num_warmup_steps)
    return get_linear_schedule_with_warmup(optimizer, num_warmup_steps, num_training_steps)
"""


ACME = """
from torch.optim.lr_scheduler import LambdaLR


def get_rsqrt_schedule(optimizer, timescale=1):
    return LambdaLR(optimizer, lambda step: (timescale / max(step, timescale)) ** 0.5)


class Halving:
    # Halves the rate at every second update, and doubles it at the end of an epoch.
    def __init__(self, factor, optimizer, after=None):
        self.factor, self.optimizer, self.after = factor, optimizer, after

    def step_update(self, updates):
        if updates % 2 == 0:
            self.scale(self.factor)

    def step_epoch(self, epochs):
        self.scale(2)

    def scale(self, factor):
        for group in self.optimizer.param_groups:
            group["lr"] *= factor
"""
ACME_FAMILY = """
from lrviz.schedulers import Family, Parameter, Scheduler


def stepper(scheduler, loop):
    def step(updates):
        scheduler.step_update(updates)
        if updates % loop.updates_per_epoch == 0:
            scheduler.step_epoch(updates // loop.updates_per_epoch)

    return step


texts = {
    "use": "Tests.",
    "cautions": ("It is not a schedule for training.",),
    "source": "https://example.org/acme",
    "past_end": "It goes on.",
    "module": "acme.schedules",
    "package": "acme-schedules",
    "takes_last_epoch": False,
}
FAMILY = Family(
    package="acme",
    install="acme-schedules",
    help="The schedules of acme.",
    refused={"Adaptive": "its step() takes the gradients"},
    schedulers=(
        Scheduler(
            short="acme-rsqrt",
            name="get_rsqrt_schedule",
            summary="divides the rate by the square root of the step",
            parameters=(Parameter("timescale", "int", "steps after which the rate falls", default=1, least=1),),
            formula="rate(t) = lr * sqrt(timescale / max(t, timescale))",
            **texts,
        ),
        Scheduler(
            short="acme-halving",
            name="Halving",
            summary="halves the rate",
            parameters=(
                Parameter("factor", "float", "the factor", default=0.5, least=0),
                Parameter("after", "scheduler", "another scheduler", default=None, optional=True),
            ),
            formula="rate(t) = lr * factor ** (t // 2), doubled each epoch; after is not used",
            optimizer_at=1,
            build=lambda factory, optimizer, args, kwargs: factory(kwargs.pop("factor", 0.5), optimizer, **kwargs),
            stepper=stepper,
            **texts,
        ),
    ),
)
"""
ENTRY_POINTS = """
[console_scripts]
acme = acme.cli:main

[lrviz.families]
acme = acme.lrviz_family:FAMILY
"""


def write_package(folder: Path, name: str, **modules: str) -> Path:
    """Write a package into a folder: its `__init__`, which prints a line and has a version, and its modules."""
    package = folder / name
    package.mkdir(parents=True)
    first = modules.pop("init", f'print("{name} is imported")\n__version__ = "1.2.3"\n')
    (package / "__init__.py").write_text(first, encoding="utf-8")
    for module, text in modules.items():
        (package / f"{module}.py").write_text(text, encoding="utf-8")
    return package


def write_acme(folder: Path, entry_points: str = ENTRY_POINTS) -> None:
    """Write the package that brings a family by an entry point, as `pip install` leaves it."""
    write_package(folder, "acme", init="", schedules=ACME, lrviz_family=ACME_FAMILY)
    information = folder / "acme_schedules-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-schedules\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(entry_points)
