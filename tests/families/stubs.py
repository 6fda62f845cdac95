"""Packages that stand for those of families, in folders on the import path."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

from tests.conftest import ROOT

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


ACME = ROOT / "docs" / "examples" / "acme"


def write_package(folder: Path, name: str, **modules: str) -> Path:
    """Write a package into a folder: its `__init__`, which prints a line and has a version, and its modules."""
    package = folder / name
    package.mkdir(parents=True)
    first = modules.pop("init", f'print("{name} is imported")\n__version__ = "1.2.3"\n')
    (package / "__init__.py").write_text(first, encoding="utf-8")
    for module, text in modules.items():
        (package / f"{module}.py").write_text(text, encoding="utf-8")
    return package


def write_acme(folder: Path, entry_points: str = "") -> None:
    """Write the example of a package that brings a family, as `pip install` leaves it.

    Args:
        folder: What has the installed packages.
        entry_points: Its file of entry points, in place of the one that follows from its `pyproject.toml`.
    """
    shutil.copytree(ACME / "acme", folder / "acme", ignore=shutil.ignore_patterns("__pycache__"))
    project = tomllib.loads((ACME / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = {"console_scripts": {"acme": "acme.cli:main"}, **project["entry-points"]}
    written = "".join(
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in entries.items()) + "\n"
        for group, entries in groups.items()
    )
    name = project["name"].replace("-", "_")
    information = folder / f"{name}-{project['version']}.dist-info"
    information.mkdir()
    about = {"Metadata-Version": "2.1", "Name": project["name"], "Version": project["version"]}
    (information / "METADATA").write_text("".join(f"{name}: {value}\n" for name, value in about.items()))
    (information / "entry_points.txt").write_text(entry_points or written)
