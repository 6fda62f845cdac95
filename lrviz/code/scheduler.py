"""The constructor of a scheduler as code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from keyword import iskeyword
from pathlib import PurePath
from typing import Any, Final

from lrviz import schedulers
from lrviz.code.layout import INDENT, WIDTH, Brackets, Node, dict_of, join_blocks, lay_out, list_of, literal
from lrviz.errors import SpecError
from lrviz.notation import Lambda, SchedulerCall, Table
from lrviz.spec import CodeCall, RunSpec, ScriptLoop
from lrviz.text import printable

Written = Callable[[Lambda, str, int], str]
NAMES: Final = ("optimizer", "scheduler", "warmup", "num_epochs")


class Constructor:
    """The scheduler of a run as code: `lines` create it.

    `imports` has the names taken from each module. `folder` is that of a user's file, which has to be on the import
    path, "" if there is none.

    Args:
        spec: The run.
        written: Gives what stands for a function: see `Functions.written`.
        indent: The columns before its lines.

    Raises:
        SpecError: it cannot be written as code.
    """

    def __init__(self, spec: RunSpec, written: Written, indent: int = 0) -> None:
        self.written = written
        self.imports: dict[str, set[str]] = {}
        self.folder = ""
        call = spec.scheduler
        info = schedulers.find(call.name) if isinstance(call, SchedulerCall) else None
        self.nodes: list[tuple[str, Brackets]] = []  # the names that are assigned, and what creates their values
        if isinstance(call, SchedulerCall):
            inner = call.get("lr_scheduler") if info is not None and info.dampens else None
            if isinstance(inner, SchedulerCall):
                self.nodes.append(("scheduler", self._call(inner, indent)))
            name = "scheduler, num_epochs" if info and info.returns_pair else "scheduler"
            self.nodes.append(("warmup" if info and info.dampens else name, self._call(call, indent)))
        elif isinstance(call, CodeCall):
            self.nodes.append(("scheduler", self._user_code(call, indent)))
        elif isinstance(call, ScriptLoop):
            raise SpecError(
                "the loop of a script changes the rates in more ways than with one scheduler, and cannot be written "
                "as code",
                "paste the lines of one scheduler without the loop",
            )
        else:
            raise SpecError(
                f"`{printable(spec.label, 60)}` cannot be written as code",
                "give the scheduler in notation, or name code of your own as `FILE.py:NAME`",
            )
        self.lines = [line for name, node in self.nodes for line in lay_out(node, " " * indent, before=f"{name} = ")]

    def _call(self, call: SchedulerCall, indent: int) -> Brackets:
        info = schedulers.find(call.name)
        if info is not None:
            call = _without_loop(info, call)
        name = info.attribute if info else call.name
        self._import(info.module if info else _module(name), name)
        takes_optimizer = info is None or info.takes_optimizer
        at = info.optimizer_at if info else 0
        return self._arguments(name, call, indent, takes_optimizer=takes_optimizer, at=at)

    def _user_code(self, code: CodeCall, indent: int) -> Brackets:
        path = PurePath(code.where)
        module = path.stem if code.where.endswith(".py") else code.where
        if not all(part.isidentifier() and not iskeyword(part) for part in module.split(".")):
            raise SpecError(
                f"`{printable(code.where, 60)}` cannot be imported: `{printable(module, 60)}` is not the name of a "
                "module",
                "name the file in letters, digits and underscores",
            )
        if code.where.endswith(".py") and path.parent != PurePath():
            self.folder = str(path.parent)
        function = f"{code.call.module}.{code.call.name}".lstrip(".")
        self._import(module, function.partition(".")[0])
        return self._arguments(function, code.call, indent, takes_optimizer=True)

    def _import(self, module: str, name: str) -> None:
        self.imports.setdefault(module, set()).add(name)

    def _arguments(
        self, function: str, call: SchedulerCall, indent: int, *, takes_optimizer: bool, at: int = 0
    ) -> Brackets:
        """A call with the optimizer as argument number `at`."""
        inside = indent + len(INDENT)
        items: list[tuple[str, Node]] = [("", self._value(value, "", inside)) for value in call.args]
        items += [
            (f"{name}=" if i >= at else "", self._value(value, name, inside))
            for i, (name, value) in enumerate(call.kwargs, len(items))
        ]
        if takes_optimizer:
            items.insert(at, ("", "optimizer"))
        return Brackets(f"{function}(", tuple(items), ")")

    def _value(self, value: Any, name: str, indent: int) -> Node:
        """A value that is given to the parameter `name`, on a line of its own that begins at the column `indent`."""
        if isinstance(value, tuple):
            return list_of(self._value(item, name, indent + len(INDENT)) for item in value)
        if isinstance(value, SchedulerCall):
            return self._call(value, indent)
        if isinstance(value, Table):
            return dict_of({key: self._value(item, "", indent + len(INDENT)) for key, item in value.items})
        if isinstance(value, Lambda):
            return self.written(value, name or "function", WIDTH - indent - len(f"{name}=,"))
        return literal(value)


def _module(name: str) -> str:
    """The module of torch with a class that the catalogue does not describe."""
    averaging = "torch.optim.swa_utils"
    return averaging if name in schedulers.installed_schedulers(averaging) else "torch.optim.lr_scheduler"


def scheduler_lines(spec: RunSpec) -> str:
    """The lines that create the scheduler, after the functions that it uses; without imports.

    Raises:
        SpecError: it cannot be written as code.
    """
    from lrviz.code.functions import Functions

    functions = Functions(NAMES)
    lines = Constructor(spec, functions.written).lines
    return join_blocks([*functions.definitions, lines])


def scheduler_line(spec: RunSpec) -> str | None:
    """The scheduler's constructor in one line, with its functions as in the notation; None for code of the user."""
    if not isinstance(spec.scheduler, SchedulerCall):
        return None
    nodes = Constructor(spec, lambda function, *_: str(function)).nodes
    return "; ".join(f"{name} = {node}" for name, node in nodes)


def check_loop(scheduler: object) -> None:
    """Refuse a scheduler that a plain loop does not step as its package asks for.

    Raises:
        SpecError: it takes more than `scheduler.step()`.
    """
    info = schedulers.find(scheduler.name) if isinstance(scheduler, SchedulerCall) else None
    if info is not None and (info.stepper is not None or info.dampens):
        raise SpecError(
            f"`lrviz code` has no training loop for `{info.name}`, which a loop steps in a way of its own",
            "`--only scheduler` writes the scheduler without a loop, and "
            f"`lrviz schedulers {info.short}` says how it is stepped",
        )


def _without_loop(info: schedulers.Scheduler, call: SchedulerCall) -> SchedulerCall:
    """The call without what is of the loop around it."""
    return replace(call, kwargs=tuple((name, value) for name, value in call.kwargs if name not in info.of_loop))
