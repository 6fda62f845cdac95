"""Optimizers, schedulers and loaders of torch that a script creates."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import Any, Final

from lrviz.notation.parser import misplaced_optimizer
from lrviz.notation.script.reader import Reader
from lrviz.notation.script.trees import parameter_defaults
from lrviz.notation.script.values import (
    RATE_CHANGES,
    Class,
    Dotted,
    Group,
    Instance,
    Loader,
    Optimizer,
    Origin,
    Schedule,
    Unknown,
    UnknownGroups,
    find_optimizer,
    origins,
)
from lrviz.notation.source import SHORT_NAMES, ExpressionError, unparse
from lrviz.schedulers import OWN_RATES, Scheduler, find, installed_optimizers, optimizer_source

_KEPT: Final = ("lr", "momentum", "betas")  # of the arguments of an optimizer


@cache
def optimizer_defaults(name: str) -> Mapping[str, Any]:
    """The defaults of an optimizer's `lr`, `momentum` and `betas`, read from torch's source."""
    if (own := OWN_RATES.get(name)) is not None:
        return {"": own.order, "lr": own.lr}
    try:
        tree = ast.parse(optimizer_source(name))
    except (SyntaxError, ValueError):
        return {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name == name:
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and method.name == "__init__":
                    return _constants_of(method.args)
    return {}


def _constants_of(arguments: ast.arguments) -> dict[str, Any]:
    named = [*arguments.posonlyargs, *arguments.args]
    found: dict[str, Any] = {"": tuple(a.arg for a in named[2:])}  # the order, after self and params
    for name, default in parameter_defaults(arguments):
        with suppress(ValueError):
            found[name] = ast.literal_eval(default)
    return found


def make_loader(args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> Loader:
    """A DataLoader."""
    size = kwargs.get("batch_size", args[1] if len(args) > 1 else 1)
    return Loader(unparse(node), node.lineno, size)


def make_optimizer(reader: Reader, name: str, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> Optimizer:
    """An optimizer of torch with its parameter groups."""
    defaults = dict(optimizer_defaults(name))
    order = defaults.pop("", ())
    values = defaults | dict(zip(order, args[1:], strict=False)) | {k: v for k, v in kwargs.items() if k != "params"}
    spread = next((v for k, v in kwargs.items() if k.startswith("**")), None)
    if spread is not None and "lr" not in kwargs:
        values["lr"] = spread
    params = args[0] if args else kwargs.get("params")
    kept = {k: v for k, v in values.items() if k in _KEPT}
    own = OWN_RATES.get(name)
    options = {k: v for k, v in values.items() if own is not None and k in own.options}
    items = params if isinstance(params, list | tuple) else None
    if items and all(isinstance(i, dict) for i in items) and reader.taint(params) is None:
        groups = [Group({**kept, **i}) for i in items]
    else:
        groups = [Group(kept)]
        if isinstance(params, UnknownGroups):
            groups[0]["lr"] = params
        why = reader.taint(params)
        rated = why is not None and any(isinstance(i, dict) and "lr" in i for i in reader.held(params))
        if isinstance(why, UnknownGroups) or rated:  # groups that a loop or a condition adds
            groups[0]["lr"] = why
    made = Optimizer(name, groups, node.lineno, kept, node, loops=tuple(reader.loops), options=options)
    reader.made_optimizer(made)
    return made


def make_schedule(
    reader: Reader,
    function: Dotted,
    args: list[Any],
    kwargs: dict[str, Any],
    node: ast.Call,
    info: Scheduler | None = None,
) -> Any:
    """A scheduler of torch, or `info` of another package."""
    name = info.name if info else SHORT_NAMES.get(function.last, function.last)
    info = info or find(name)
    optimizer = kwargs.pop("optimizer", None)
    nodes = list(node.args)
    starred = any(isinstance(n, ast.Starred) for n in nodes)
    if optimizer is None and args:
        if info is None or info.takes_optimizer:
            at = info.optimizer_at if info else 0
            if info is not None and at and find_optimizer(args[0]) is not None:
                raise misplaced_optimizer(info, node)
            if len(args) > at and _is_optimizer(
                args[at], None if starred else nodes[at], info, len(args), list(kwargs)
            ):
                optimizer, args = args[at], [*args[:at], *args[at + 1 :]]
        elif len(args) == 2 and _is_optimizer(args[1], None if starred else nodes[1], None, 2, []):
            optimizer, args = args[1], args[:1]
    inner = find_optimizer(optimizer)
    module = function.module
    module = "" if module.startswith("torch") or (info is not None and info.family != "torch") else module
    made = Schedule(
        name, module, args, kwargs, optimizer, node, conditions=tuple(reader.conditions), loops=tuple(reader.loops)
    )
    for child in made.children:
        if child.inside is not None:
            raise ExpressionError(
                f"`{child.variable or unparse(child.node)[:60]}` is used twice: torch would step the same scheduler "
                "twice",
                "create a separate scheduler for each use",
                node,
            )
        child.inside = made
        if made.optimizer is None:
            made.optimizer, inner = child.optimizer, find_optimizer(child.optimizer)
    if inner is not None:
        made.optimizer = inner
        reader.keep_rates(inner)
        made.rates = reader.rates[inner]
        for group in inner.groups:
            group.changes = Unknown(Origin(RATE_CHANGES, node.lineno, givable=False))
    reader.made_schedule(made)
    return (made, _run_epochs(info, made)) if info is not None and info.returns_pair else made


def arguments(info: Scheduler, made: Schedule) -> dict[str, Any]:
    """The values of a scheduler by parameter name, positional ones included."""
    return dict(zip((p.name for p in info.parameters), made.args, strict=False)) | made.kwargs


def has_other_arguments(made: Schedule) -> bool:
    """Whether a scheduler of torch is given an argument that it does not have."""
    info = find(made.name)
    if info is None or info.family != "torch":
        return False
    known = {*(p.name for p in info.parameters), "optimizer", "last_epoch", "verbose"}
    return not {k for k in made.kwargs if not k.startswith("**")} <= known


def _run_epochs(info: Scheduler, made: Schedule) -> Any:
    """The epochs of the run that are returned with a scheduler."""
    values = arguments(info, made)
    epochs = None if origins(list(values.values())) or info.decides is None else info.decides(values).get("epochs")
    return (
        Unknown(*(origins(list(values.values())) or (Origin(made.node, givable=False),))) if epochs is None else epochs
    )


def counts(schedule: Schedule) -> bool:
    """Whether a training loop passes the number of updates to a scheduler, and the number of epochs."""
    info = find(schedule.name)
    return info is not None and info.takes_count


def _is_optimizer(
    value: Any, node: ast.expr | None, info: Scheduler | None, arguments: int, kwargs: Sequence[str]
) -> bool:
    """Whether the first of a scheduler's positional arguments is the optimizer, rather than its first value."""
    if isinstance(value, Optimizer | Instance | Class) or find_optimizer(value) is not None:
        return True
    if isinstance(value, Dotted) and value.path == "torch.optim":  # a variable that is called `optim`
        return True
    if not isinstance(value, Unknown):
        return False
    if node is None or re.search(r"opt|sgd|adam", unparse(node), re.IGNORECASE):
        return True
    # A name such as `solver`: with it as the optimizer, no value may be missing.
    names = [p.name for p in info.parameters] if info else []
    given = {*names[: arguments - 1], *kwargs}
    return arguments > 1 if info is None else all(p.name in given for p in info.parameters if p.required)


def dampens(schedule: Schedule) -> bool:
    """Whether a scheduler dampens what another one does inside `with scheduler.dampening():`."""
    info = find(schedule.name)
    return info is not None and info.dampens


def is_optimizer(function: Dotted) -> bool:
    """Whether a name is that of an optimizer of torch, or of one that changes its rate by itself."""
    if function.last in installed_optimizers():
        return is_torch(function) or not function.module
    own = OWN_RATES.get(function.last)
    return own is not None and function.module.partition(".")[0] in ("", own.package)


def is_torch(function: Dotted) -> bool:
    """Whether a name may be one of torch's schedulers or optimizers."""
    path = function.path.split(".")
    return len(path) == 1 or path[0] == "torch" or path[-2] in ("lr_scheduler", "optim", "swa_utils", "lrs", "sched")


def optimizer_method(
    reader: Reader, owner: Optimizer, name: str, args: list[Any], kwargs: dict[str, Any], node: ast.Call
) -> Any:
    """What a method of an optimizer returns."""
    if name == "step":
        reader.event("update", owner, (), node)
        return None
    if name == "add_param_group" and len([*args, *kwargs.values()]) == 1:
        (group,) = [*args, *kwargs.values()]
        if isinstance(group, dict):
            reader.add_group(owner, Group({**owner.defaults, **group}), node)
            return None
    return reader.unknown(node)
