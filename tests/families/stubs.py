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


def write_package(folder: Path, name: str, **modules: str) -> Path:
    """Write a package into a folder: its `__init__`, which prints a line and has a version, and its modules."""
    package = folder / name
    package.mkdir(parents=True)
    first = modules.pop("init", f'print("{name} is imported")\n__version__ = "1.2.3"\n')
    (package / "__init__.py").write_text(first, encoding="utf-8")
    for module, text in modules.items():
        (package / f"{module}.py").write_text(text, encoding="utf-8")
    return package
