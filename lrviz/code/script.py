"""A whole training script around the scheduler of a run."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import Any, Final

from lrviz import schedulers
from lrviz.code.functions import Functions
from lrviz.code.layout import INDENT, Node, call, dict_of, import_lines, join_blocks, lay_out, list_of, literal
from lrviz.code.scheduler import NAMES, Constructor, check_loop
from lrviz.errors import SpecError
from lrviz.notation import SchedulerCall, optimizer_defaults
from lrviz.spec import RunSpec, default_metric
from lrviz.text import print_value

_TAKEN: Final = (
    *NAMES, "torch", "nn", "model", "loader", "get_batch", "loss_function", "validate", "resume", "start", "epoch",
    "step", "i", "inputs", "targets", "loss", "checkpoint", "trainer", "update", "batch", "Engine", "Events",
)  # fmt: skip
# Optimizers that the loop of the script does not fit.
_REFUSED: Final = {"LBFGS": "calls a closure several times an update", "SparseAdam": "takes only sparse gradients"}
_MODES: Final = "needs its `train()` and `eval()` around training and validation"
_SAVES: Final = 10  # checkpoints of a run that is not counted in epochs
_LISTED: Final = 4  # layers that are written one by one


def optimizer_lines(
    spec: RunSpec, parameters: Sequence[str], imports: dict[str, set[str]], indent: str = ""
) -> list[str]:
    """The lines that create the optimizer.

    Args:
        spec: The run.
        parameters: What gives the parameters of each group.
        imports: The names taken from each module; that of the optimizer is added.
        indent: The spaces before each line.

    Raises:
        SpecError: the optimizer has no momentum, and one is given.
    """
    name, momentum = spec.optimizer.name, spec.optimizer.momentum
    own = schedulers.OWN_RATES.get(name)
    imports.setdefault(own.package if own else "torch.optim", set()).add(name)
    named: dict[str, Node] = {}
    rates = [literal(group.lr) for group in spec.groups]
    if len(rates) == 1 and not spec.groups[0].name:
        optimized: Node = parameters[0]
        named["lr"] = rates[0]
    else:
        names: list[dict[str, Node]] = [{"name": literal(g.name)} if g.name else {} for g in spec.groups]
        every = zip(parameters, rates, names, strict=True)
        optimized = list_of(dict_of({"params": source, "lr": rate} | name) for source, rate, name in every)
    if momentum is not None:
        defaults = optimizer_defaults(name)
        if "momentum" in defaults:
            named["momentum"] = literal(momentum)
        elif isinstance(defaults.get("betas"), tuple):
            named["betas"] = f"({', '.join(map(literal, (momentum, *defaults['betas'][1:])))})"
        else:
            raise SpecError(f"`{name}` has no momentum", f"leave out momentum {print_value(momentum)}")
    return lay_out(call(name, optimized, **named), indent, before="optimizer = ")


def library_imports(constructor: Constructor, functions: Functions, libraries: Sequence[str]) -> list[list[str]]:
    """The blocks of lines that import what a file uses.

    Args:
        constructor: The scheduler, whose imports may have got those of the optimizer too.
        functions: Its functions.
        libraries: Other modules, such as `torch`.
    """
    imports, folder = constructor.imports, constructor.folder
    standard = [name for name in ("math", "sys") if name in functions.modules or (name == "sys" and folder)]
    of_torch = {module: names for module, names in imports.items() if module.partition(".")[0] == "torch"}
    others = {module: names for module, names in imports.items() if module not in of_torch}
    whole = [*libraries, "numpy as np"] if "numpy" in functions.modules else libraries
    path = [f"sys.path.insert(0, {literal(folder)})"] if folder else []
    return [import_lines({}, standard), import_lines(of_torch, whole), path, import_lines(others)]


def training_script(spec: RunSpec) -> str:
    """A training script with the scheduler in its place, ready to run with a model and data that a reader replaces.

    Raises:
        SpecError: the scheduler cannot be written as code, or the loop does not fit the optimizer.
    """
    call, loop = spec.scheduler, spec.loop
    info = schedulers.find(call.name) if isinstance(call, SchedulerCall) else None
    if info is not None and not _has_loop(info, spec):
        check_loop(call)
    if info is not None and info.standalone and loop.steps_each > 1:
        raise SpecError(
            f"Accelerate wraps only torch's LRScheduler, and `{info.attribute}` is not one",
            "leave out the number of processes, and give the batches of one process",
        )
    own = schedulers.OWN_RATES.get(spec.optimizer.name)
    if reason := _REFUSED.get(spec.optimizer.name) or (own and own.scheduled and _MODES):
        raise SpecError(
            f"`lrviz code` has no training loop for `{spec.optimizer.name}`, which {reason}",
            "`--only scheduler` writes the scheduler without a loop",
        )
    return _Script(spec).text()


def _has_loop(info: schedulers.Scheduler, spec: RunSpec) -> bool:
    """Whether the script has the loop of a scheduler."""
    if info.is_handler:
        return spec.loop.grad_accum == 1
    if info.takes_count:  # with a metric it takes one at the end of an epoch
        return spec.loop.interval == "epoch" or not schedulers.takes_metric(spec.scheduler)
    return info.stepper is None or info.step_code is not None


class _Script:
    def __init__(self, spec: RunSpec) -> None:
        self.spec, self.loop = spec, spec.loop
        self.functions = Functions(_TAKEN)
        self.constructor = Constructor(spec, self.functions.written)
        self.imports = self.constructor.imports
        self.imports |= {"torch": {"nn"}}
        # A run of one epoch is counted in updates.
        self.by_update = self.loop.epochs == 1 and self.loop.interval == "step"
        call = spec.scheduler
        self.info = schedulers.find(call.name) if isinstance(call, SchedulerCall) else None
        self.takes_metric = schedulers.takes_metric(call) if self.info else spec.metric is not None
        self.counts = self.info is not None and self.info.takes_count
        self.handler = self.info is not None and self.info.is_handler
        self.by_update = self.by_update and not self.handler
        names = [name.partition(",")[0] for name, _ in self.constructor.nodes]
        self.saved = ("model", "optimizer", *names)
        self.fails_past_end = isinstance(call, SchedulerCall) and _fails_past_end(call)

    def text(self) -> str:
        """The script."""
        groups = len(self.spec.groups)
        parameters = ["model.parameters()"] if groups == 1 else [f"model[{i}].parameters()" for i in range(groups)]
        optimizer = optimizer_lines(self.spec, parameters, self.imports)
        stubs = [
            "# Replace the model, the loss and the data with your own.",
            *self._model(),
            "loss_function = nn.MSELoss()",
        ]
        batch = "torch.randn(16, 8), torch.randn(16, 8)"
        if self.by_update:
            data = ["def get_batch():", f"    return {batch}"]
        else:
            data = []
            stubs.append(f"loader = [({batch})] * {self.loop.steps_per_epoch}  # your DataLoader")
        validate = [self._validate()] if self.takes_metric else []
        if self.handler:
            loop = self._of_ignite()
        else:
            loop = self._by_update() if self.by_update else self._by_epoch()
        blocks = [stubs, data, *validate, *self.functions.definitions, [*optimizer, *self.constructor.lines]]
        imports = library_imports(self.constructor, self.functions, ["torch"])
        return join_blocks([*imports, *blocks, [] if self.handler else self._resume(), loop])

    def _model(self) -> list[str]:
        layer = "nn.Linear(8, 8, bias=False)" if self.spec.optimizer.name == "Muon" else "nn.Linear(8, 8)"
        groups = len(self.spec.groups)  # a layer for each
        if groups == 1:
            return [f"model = {layer}"]
        if groups > _LISTED:
            return [f"model = nn.Sequential(*({layer} for _ in range({groups})))"]
        return lay_out(call("nn.Sequential", *[layer] * groups), before="model = ")

    def _validate(self) -> list[str]:
        """The lines that define `validate`, which gives the metric of each call of `scheduler.step()`."""
        metric = self.spec.metric or default_metric(self.loop.scheduler_calls)
        counter = "step" if self.loop.interval == "step" else "epoch"
        note = ["    # Replace this by the metric of your validation set."]
        if metric.function is None:
            values = list_of(map(literal, metric.values[: self.loop.scheduler_calls]))
            listed = lay_out(values, "    ", before="values = ")
            return [f"def validate({counter}):", *note, *listed, f"    return values[min({counter}, len(values) - 1)]"]
        source = re.sub(r"\bcall\b", counter, metric.source) if self.spec.metric is None else metric.source
        function: Any = ast.parse(source, mode="eval").body
        if counter == "epoch":
            updates, epochs = self.loop.period
            body = _ByEpoch(self.loop.epoch_source).visit(function.body)
            if any(isinstance(node, ast.Name) and node.id == "step" for node in ast.walk(body)):
                last = f"(epoch + 1) * {updates} - 1"
                note.append(f"    step = {last if epochs == 1 else f'max((epoch + 1) * {updates} // {epochs} - 1, 0)'}")
        else:
            body = function.body
        return self.functions.definition("validate", counter, body, note)

    def _step(self, counter: str) -> list[str]:
        """The lines that step the scheduler; `counter` is the number of the call, from 0."""
        metric = f"validate({counter})" if self.takes_metric else ""
        processes, call = self.loop.steps_each, self.spec.scheduler
        if self.counts:
            return [f"scheduler.step_update({counter} + 1)"]
        if self.info is not None and self.info.step_code is not None and isinstance(call, SchedulerCall):
            return [self.info.step_code(dict(call.kwargs), self.loop)]
        lines = [f"scheduler.step({'metric' if metric and processes > 1 else metric})"]
        if self.info is not None and self.info.dampens:
            lines = _under("with warmup.dampening():", lines if "scheduler" in self.saved else ["pass"])
        if processes > 1:
            if isinstance(call, SchedulerCall) and call.name == "OneCycleLR":  # Accelerate stops it at its end
                lines = _under("if scheduler.last_epoch < scheduler.total_steps:", lines)
            lines = _under(f"for _ in range({processes}):  # as Accelerate's wrapper for {processes} processes", lines)
            lines = [*([f"metric = {metric}"] if metric else []), *lines]
        if self.fails_past_end:
            lines = _under(f"if {counter} + 1 < {self.loop.scheduler_calls}:  # torch divides by 0 past the end", lines)
        return lines

    # The loop

    def _resume(self) -> list[str]:
        counter = "step" if self.by_update else "epoch"
        # Rates that numpy's functions have computed are not among what torch loads by default.
        unsafe = ", weights_only=False" if "numpy" in self.functions.modules else ""
        return [
            "resume = False  # True to continue from the checkpoint",
            "start = 0",
            "if resume:",
            f'    checkpoint = torch.load("checkpoint.pt"{unsafe})',
            *(f'    {name}.load_state_dict(checkpoint["{name}"])' for name in self.saved),
            f'    start = checkpoint["{counter}"] + 1',
        ]

    def _save(self, counter: str, indent: str) -> list[str]:
        states = {name: f"{name}.state_dict()" for name in self.saved}
        state = dict_of({**states, counter: counter})
        return lay_out(call("torch.save", state, '"checkpoint.pt"'), indent)

    def _by_update(self) -> list[str]:
        """The loop of a run that is counted in updates."""
        accumulated, each = self.loop.grad_accum, "    "
        lines = [f"for step in range(start, {self.loop.updates}):"]
        if accumulated > 1:
            lines.append(f"{each}for _ in range({accumulated}):  # gradient accumulation")
            each += INDENT
        lines += [f"{each}inputs, targets = get_batch()", *self._backward(each)]
        lines += [f"    {line}" for line in ("optimizer.step()", *self._step("step"), "optimizer.zero_grad()")]
        period = max(self.loop.updates // _SAVES, 1)
        if period > 1:
            return [*lines, f"    if (step + 1) % {period} == 0:", *self._save("step", "        ")]
        return [*lines, *self._save("step", "    ")]

    def _by_epoch(self) -> list[str]:
        """The loop over epochs and batches."""
        accumulated, by_step, left = self.loop.grad_accum, self.loop.interval == "step", self.loop.accum_remainder
        stops = self.loop.updates < self.loop.epochs * self.loop.period[0] // self.loop.period[1]
        counted = accumulated > 1 or stops or self.counts or (by_step and (self.takes_metric or self.fails_past_end))
        head = "for i, (inputs, targets) in enumerate(loader):" if counted else "for inputs, targets in loader:"
        epochs = "num_epochs" if self._returns_epochs() else str(self.loop.epochs)
        lines, indent = [f"for epoch in range(start, {epochs}):", f"    {head}"], "        "
        update = f"epoch * {self.loop.updates_per_epoch} + i" + f" // {accumulated}" * (accumulated > 1)
        ends = f"(i + 1) % {accumulated} == 0" + " or i + 1 == len(loader)" * (left == "update")
        if left == "carry" and accumulated > 1:
            update = f"(epoch * len(loader) + i) // {accumulated}"
            ends = f"(epoch * len(loader) + i + 1) % {accumulated} == 0"
        if stops:
            lines += [f"{indent}if {update} == {self.loop.updates}:", f"{indent}    break"]
        lines += self._backward(indent)
        if accumulated > 1:
            lines.append(f"{indent}if {ends}:")
            indent += INDENT
        each = by_step or self.counts
        step = self._step(update if each else "epoch")
        lines += [f"{indent}{line}" for line in ("optimizer.step()", *(step if each else ()), "optimizer.zero_grad()")]
        if left == "drop" and self.loop.steps_per_epoch % accumulated:
            lines.append("    optimizer.zero_grad()  # the last batches of an epoch make no update")
        if self.counts:
            step = [f"scheduler.step(epoch + 1{', validate(epoch)' if self.takes_metric else ''})"]
        if not by_step or self.counts:
            lines += [f"    {line}" for line in step]
        return [*lines, *self._save("epoch", "    ")]

    def _returns_epochs(self) -> bool:
        """Whether what creates the scheduler returns the epochs of the run too."""
        call = self.spec.scheduler
        if self.info is None or not self.info.returns_pair or self.info.decides is None:
            return False
        return (
            isinstance(call, SchedulerCall) and self.info.decides(dict(call.kwargs)).get("epochs") == self.loop.epochs
        )

    def _of_ignite(self) -> list[str]:
        """The trainer of Ignite, which calls the scheduler."""
        self.imports.setdefault("ignite.engine", set()).update(("Engine", "Events"))
        event = "ITERATION_STARTED" if self.loop.interval == "step" else "EPOCH_STARTED"
        length = f"max_epochs={self.loop.epochs}"
        if self.loop.max_steps is not None:
            length = f"max_iters={self.loop.updates}"
        return [
            "def update(trainer, batch):",
            "    inputs, targets = batch",
            *self._backward("    "),
            "    optimizer.step()",
            "    optimizer.zero_grad()",
            "    return loss.item()",
            "",
            "",
            "trainer = Engine(update)",
            f"trainer.add_event_handler(Events.{event}, scheduler)",
            f"trainer.run(loader, {length})",
        ]

    def _backward(self, indent: str) -> list[str]:
        share = f" / {self.loop.grad_accum}" if self.loop.grad_accum > 1 else ""
        return [f"{indent}loss = loss_function(model(inputs), targets){share}", f"{indent}loss.backward()"]


def _under(head: str, lines: Sequence[str]) -> list[str]:
    """A block of lines under its head."""
    return [head, *(f"{INDENT}{line}" for line in lines)]


def _fails_past_end(call: SchedulerCall) -> bool:
    """Whether the step after the last update, which has no effect, raises an error."""
    without_fall = call.name == "OneCycleLR" and call.get("pct_start") == 1
    return without_fall or any(map(_fails_past_end, call.children))


class _ByEpoch(ast.NodeTransformer):
    """Writes the epoch of an update, an expression in `step`, as `epoch`."""

    def __init__(self, source: str) -> None:
        self.written = ast.dump(ast.parse(source, mode="eval").body)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        if ast.dump(node) == self.written:
            return ast.Name("epoch", ast.Load())
        self.generic_visit(node)
        return node
