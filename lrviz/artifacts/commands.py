"""A curve as text to copy: the line of a training script, and the command that draws it."""

from __future__ import annotations

import re
import shlex
from dataclasses import fields
from typing import Any

from lrviz import schedulers
from lrviz.notation import SchedulerCall
from lrviz.spec import CodeCall, RunSpec, TrainingLoop
from lrviz.text import print_value

_DOCUMENTATION = "https://docs.pytorch.org/docs/stable/generated/"
_DOCUMENTATION_OF_AVERAGING = "https://docs.pytorch.org/docs/stable/optim.html#weight-averaging-swa-and-ema"
_NAME = re.compile(r"\b[A-Z]\w+(?=\()")


def command_line(spec: RunSpec) -> str | None:
    """The command that draws the curve alone; None if it cannot be written as a command."""
    if not isinstance(spec.scheduler, SchedulerCall | CodeCall) or any(
        set(group.name) & set(",=") for group in spec.groups
    ):
        return None
    rates = [f"{group.name}={print_value(group.lr)}" if group.name else print_value(group.lr) for group in spec.groups]
    values: dict[str, Any] = {"lr": ",".join(rates)}
    for field in fields(TrainingLoop):
        value = getattr(spec.loop, field.name)
        if value != field.default:
            values[field.name] = value
    if spec.loop.dataset_size is not None:
        values.pop("steps_per_epoch", None)  # follows from it
    if spec.loop.max_steps is not None:
        values.pop("epochs", None)
    if spec.optimizer.name != "SGD":
        values["optimizer"] = spec.optimizer.name
    if spec.optimizer.momentum is not None:
        values["momentum"] = print_value(spec.optimizer.momentum)
    if spec.metric is not None:
        values["metric"] = spec.metric.text
    if spec.show_momentum:
        values["show"] = "momentum"
    words = ["lrviz", "plot", str(spec.composition or spec.scheduler)]
    for name, value in values.items():
        words += [f"--{name.replace('_', '-')}", *([] if value is True else [str(value)])]
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    """The word for a shell: a text with single quotes in double quotes, where these change nothing else."""
    return f'"{word}"' if "'" in word and not set(word) & set('"$`\\!') else shlex.quote(word)


def documentation(notation: str) -> dict[str, str]:
    """The pages of torch's documentation for the classes in notation, by class name."""
    pages = {}
    for name in _NAME.findall(notation):
        info = schedulers.find(name)
        if info is not None and info.module == "torch.optim.lr_scheduler":
            pages[name] = f"{_DOCUMENTATION}{info.module}.{name}.html"
        elif info is not None and info.package == "torch":
            pages[name] = _DOCUMENTATION_OF_AVERAGING
    return pages
