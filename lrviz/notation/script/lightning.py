"""What a script gives to Lightning and to Accelerate, and the loop that Lightning runs around a module."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Final

from lrviz.notation.script.found import Found
from lrviz.notation.script.reader import Reader
from lrviz.notation.script.values import (
    Function,
    Instance,
    Loader,
    Opaque,
    Optimizer,
    Origin,
    Schedule,
    Scope,
    Unknown,
)
from lrviz.schedulers import takes_metric

# Arguments of a Trainer or Accelerator, and the fields of the run that they give.
_FIELDS: Final = {
    "max_epochs": "epochs",
    "accumulate_grad_batches": "grad_accum",
    "max_steps": "max_steps",
    "gradient_accumulation_steps": "grad_accum",
}
# Arguments that limit the batches of an epoch: to a number, or to a part of them.
_LIMITS: Final = ("limit_train_batches", "overfit_batches")
_EPOCHS: Final = "trainer.max_epochs"
# Methods of a module that Lightning calls, in which rates may change.
_HOOKS: Final = (
    "training_step", "optimizer_step", "lr_scheduler_step", "on_train_epoch_start", "on_train_epoch_end",
    "on_train_batch_start", "on_train_batch_end",
)  # fmt: skip
# The loop of Lightning 2: `manual` is whether the module makes the updates itself.
_LOOP: Final = """\
for epoch in range(max_epochs):
    trainer.current_epoch = module.current_epoch = epoch
    module.on_train_epoch_start()
    for batch_idx, batch in enumerate(train_dataloader):
        trainer.is_last_batch = batch_idx + 1 == len(train_dataloader)
        module.on_train_batch_start(batch, batch_idx)
        module.training_step(batch, batch_idx)
        trainer.global_step = module.global_step = trainer.global_step
        if not manual:
            if (batch_idx + 1) % accumulate == 0 or batch_idx + 1 == len(train_dataloader):
                for optimizer in optimizers:
                    {update}
                trainer.global_step = module.global_step = trainer.global_step + 1
                for scheduler, frequency, metric in each_update:
                    if (batch_idx + 1) % frequency == 0:
                        {step}
            if batch_idx + 1 == len(train_dataloader):
                for scheduler, frequency, metric in each_epoch:
                    if (epoch + 1) % frequency == 0:
                        {step}
        module.on_train_batch_end(None, batch, batch_idx)
    module.on_train_epoch_end()
    if not manual:
        for scheduler, frequency, metric in plateaus:
            if (epoch + 1) % frequency == 0:
                {step}
"""


@dataclass(frozen=True)
class Config:
    """A scheduler that `configure_optimizers` returns; `interval` is "" if that is not known."""

    schedule: Schedule
    interval: str
    frequency: Any = 1

    @property
    def takes_metric(self) -> bool:
        """Whether it takes a metric."""
        return takes_metric(self.schedule)


def configs(returned: Any) -> tuple[list[Optimizer], list[Config]]:
    """The optimizers and the schedulers that `configure_optimizers` returns."""
    if isinstance(returned, tuple) and len(returned) == 2 and all(isinstance(v, list) for v in returned):
        optimizers, found = returned
    else:
        every = returned if isinstance(returned, list | tuple) else [returned]
        dicts = [v for v in every if isinstance(v, dict)]
        optimizers = [v.get("optimizer") if isinstance(v, dict) else v for v in every]
        found = [v.get("lr_scheduler", v) for v in dicts if "lr_scheduler" in v or "scheduler" in v]
    read = [config for value in found if (config := _config(value)) is not None]
    return [o for o in optimizers if isinstance(o, Optimizer)], read


def _config(value: Any) -> Config | None:
    if isinstance(value, Schedule):
        return Config(value, "epoch")
    if not (isinstance(value, dict) and isinstance(schedule := value.get("scheduler"), Schedule)):
        return None
    interval = value.get("interval", "epoch")
    return Config(schedule, interval if interval in ("step", "epoch") else "", value.get("frequency", 1))


def run_module(reader: Reader, module: Instance | None, line: int, returned: Any) -> list[ast.stmt]:
    """Bind the names of Lightning's loop around a module, if it does more than step schedulers regularly.

    Args:
        reader: The reader of the script.
        module: The module; None for what a function or lines outside of one give to Lightning.
        line: The line of the loop, for messages.
        returned: What its `configure_optimizers` returns.

    Returns:
        The statements of the loop; none if it is not needed.
    """
    optimizers, found = configs(returned)
    if module is None:
        module = Instance(None, {})
        made = [reader.optimizer_of(c.schedule.optimizer) for c in found]
        optimizers = list({id(o): o for o in made if o is not None}.values())
    hooks = [n for n in _HOOKS if module.cls is not None and isinstance(module.cls.find(n), Function)]
    changes = any(name in reader.trains or name in reader.sets for name in hooks)
    same = len({id(c.schedule.optimizer) for c in found}) < len(found)
    if not optimizers or not (changes or same or any(c.frequency != 1 for c in found)):
        return []
    manual = _attribute(module, "automatic_optimization") is False
    trainer = Instance(None, {"global_step": 0, "current_epoch": 0, "is_last_batch": False, "optimizers": optimizers})
    metric = Unknown(Origin("the metric", line, givable=False))
    rows = [(c.schedule, c.frequency, metric if c.takes_metric else None) for c in found]
    pairs = list(zip(found, rows, strict=True))
    given = {k: v for opaque in reader.trainers for k, v in opaque.kwargs.items()}
    unknown = Unknown(Origin(_EPOCHS, line, givable="max_steps" not in given))
    epochs = given.get("max_epochs", reader.values.get(_EPOCHS, unknown))
    batches = Loader("train_dataloader", line)
    # An option of the run wins.
    accumulate = reader.values.get("accumulate_grad_batches", given.get("accumulate_grad_batches", 1))
    reader.top.names |= {
        _name(name): value
        for name, value in {
            "module": module, "trainer": trainer, "manual": manual, "optimizers": optimizers, "accumulate": accumulate,
            "max_epochs": epochs, "train_dataloader": batches,
            "each_update": [row for c, row in pairs if c.interval == "step"],
            "each_epoch": [row for c, row in pairs if c.interval != "step" and not c.takes_metric],
            "plateaus": [row for c, row in pairs if c.interval != "step" and c.takes_metric],
        }.items()
    }  # fmt: skip
    schedules = [c.schedule for c in found]
    module.names |= {
        "trainer": trainer,
        "global_step": 0,
        "current_epoch": 0,
        "optimizers": _gives(optimizers[0] if len(optimizers) == 1 else optimizers),
        "lr_schedulers": _gives(schedules[0] if len(schedules) == 1 else schedules),
    }
    if manual:
        reader.counter = (trainer, module)
    if reader.harness is None:
        reader.harness = _loop(hooks, line)
    return reader.harness


def _attribute(module: Instance, name: str) -> Any:
    return module.names.get(name, module.cls.find(name) if module.cls is not None else None)


def _gives(value: Any) -> Function:
    """A function that returns a value."""
    node = ast.parse("lambda *args, **kwargs: value", mode="eval").body
    assert isinstance(node, ast.Lambda)  # noqa: S101 - for mypy
    return Function(node, Scope(names={"value": value}))


def _name(name: str) -> str:
    """A name of the loop as no script writes it."""
    return f"lightning.{name}"


def _loop(hooks: Sequence[str], line: int) -> list[ast.stmt]:
    update, step = "optimizer.step()", "scheduler.step(metric)"
    if "optimizer_step" in hooks:
        update = "module.optimizer_step(epoch, batch_idx, optimizer, None)"
    if "lr_scheduler_step" in hooks:
        step = "module.lr_scheduler_step(scheduler, metric)"
    tree = ast.parse(_LOOP.format(update=update, step=step))
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id not in ("range", "enumerate", "len"):
            node.id = _name(node.id)
        if isinstance(node, ast.expr | ast.stmt):
            node.lineno, node.col_offset = line, 0
    return tree.body


def processes_of(trainers: Sequence[Opaque]) -> int:
    """The processes of Lightning's Trainer, one for each device of each node; 1 if they are not known."""
    given = {key: value for opaque in trainers for key, value in opaque.kwargs.items()}
    devices, nodes = given.get("devices"), given.get("num_nodes")
    counts = len(devices) if isinstance(devices, list) else devices, nodes
    known = [n for n in counts if isinstance(n, int) and not isinstance(n, bool) and n > 0]
    return prod(known)


def read_trainers(trainers: Sequence[Opaque], found: Found, *, shown: bool) -> None:
    """The length of the run that Lightning's Trainer gives, and Accelerate's accumulation.

    Accumulation is that of the loop if the script has `shown` its updates.
    """
    for opaque in trainers:
        for key, name in _FIELDS.items():
            if shown and key == "gradient_accumulation_steps":
                continue
            value = opaque.kwargs.get(key)
            if isinstance(value, int) and not isinstance(value, bool) and value > 0 and name not in found.fields:
                found.fields[name], found.lines[name] = value, opaque.origins[0].line
        for key in _LIMITS:
            limit = opaque.kwargs.get(key)
            whole = type(limit) is int and limit > 0
            if whole or (isinstance(limit, float) and 0 < limit < 1):
                found.limit, found.lines["steps_per_epoch"] = limit, opaque.origins[0].line
                found.fields |= {"steps_per_epoch": limit} if whole else {}
