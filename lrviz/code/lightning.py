"""A LightningModule with the scheduler of a run."""

from __future__ import annotations

from typing import Final

from lrviz import schedulers
from lrviz.code.functions import Functions
from lrviz.code.layout import INDENT, Node, call, dict_of, join_blocks, lay_out, literal
from lrviz.code.scheduler import NAMES, Constructor, check_loop
from lrviz.code.script import library_imports, optimizer_lines
from lrviz.errors import SpecError
from lrviz.notation import SchedulerCall
from lrviz.spec import RunSpec

_MODULE: Final = "Model(L.LightningModule)"
_METHOD: Final = 2 * INDENT


def lightning_module(spec: RunSpec) -> str:
    """A LightningModule with `configure_optimizers`, and the Trainer of the run.

    Raises:
        SpecError: the scheduler cannot be written as code, or Lightning would step it otherwise.
    """
    loop = spec.loop
    if loop.steps_each > 1:
        raise SpecError(
            f"Lightning steps the scheduler once an update, not {loop.steps_each} times as Accelerate does",
            "leave out the number of processes, and give the batches of one process",
        )
    check_loop(spec.scheduler)
    if loop.accum_remainder != "update" and loop.steps_per_epoch % loop.grad_accum:
        raise SpecError(
            f"Lightning makes an update of the last {loop.steps_per_epoch % loop.grad_accum} batches of an epoch",
            "leave out `accum_remainder`",
        )
    functions = Functions((*NAMES, "L", "Model", "trainer"))
    constructor = Constructor(spec, functions.written, len(_METHOD))
    parameters = ["self.parameters()"]
    if len(spec.groups) > 1:
        parameters = [f"self.layers[{i}].parameters()" for i in range(len(spec.groups))]
    optimizer = optimizer_lines(spec, parameters, constructor.imports, _METHOD)
    config: dict[str, Node] = {"scheduler": "scheduler", "interval": literal(loop.interval)}
    scheduler = spec.scheduler
    known = isinstance(scheduler, SchedulerCall) and schedulers.find(scheduler.name)
    if schedulers.takes_metric(scheduler) if known else spec.metric is not None:
        config["monitor"] = '"val_loss"'
    returned = dict_of({"optimizer": "optimizer", "lr_scheduler": dict_of(config)})
    method = [
        f"class {_MODULE}:",
        f"{INDENT}def configure_optimizers(self):",
        *optimizer,
        *constructor.lines,
        *lay_out(returned, _METHOD, before="return "),
    ]
    length: dict[str, Node] = {"max_epochs": str(loop.epochs)}
    if loop.max_steps is not None or (loop.epochs == 1 and loop.interval == "step"):
        length = {"max_steps": str(loop.updates)}
    if loop.grad_accum > 1:
        length["accumulate_grad_batches"] = str(loop.grad_accum)
    trainer = lay_out(call("L.Trainer", **length), before="trainer = ")
    imports = library_imports(constructor, functions, ["lightning as L"])
    return join_blocks([*imports, *functions.definitions, method, trainer])
