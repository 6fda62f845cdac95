"""The `param_scheduler` of a config of MMEngine, as the lines of the loop that its runner runs.

Source: `Runner.build_param_scheduler`, `ParamSchedulerHook` and `build_iter_from_epoch` of MMEngine 0.10.
"""

from __future__ import annotations

import ast
from typing import Final

from lrviz.notation.source import ExpressionError, unparse
from lrviz.schedulers import family
from lrviz.text import printable

NAME: Final = "param_scheduler"
# What counts epochs in a scheduler; with `convert_to_iter_based` it is multiplied by the batches of an epoch.
_LENGTHS: Final = ("begin", "end", "T_max", "step_size", "total_steps", "milestones", "periods")
_OWN: Final = ("type", "convert_to_iter_based", "_delete_", "_scope_")
_BATCHES: Final = "len(train_dataloader)"

Items = dict[str, ast.expr]


def with_register(tree: ast.Module) -> ast.Module:
    """The script, followed by the loop of MMEngine if it is a config with `param_scheduler`.

    Raises:
        ExpressionError: the config has what is not followed.
    """
    assigned = {
        target.id: statement.value
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }
    found = assigned.get(NAME)
    if found is None:
        return tree
    every = [_items(e, assigned) for e in (found.elts if isinstance(found, ast.List | ast.Tuple) else [found])]
    if not every or not all("type" in items for items in every):
        return tree
    lines = _loop(every, assigned, found)
    loop = ast.parse("\n".join(lines)).body
    for node in (node for statement in loop for node in ast.walk(statement)):
        if isinstance(node, ast.expr | ast.stmt):
            node.lineno = node.end_lineno = found.lineno
            node.col_offset = node.end_col_offset = found.col_offset
    return ast.Module([*tree.body, *loop], [])


def _loop(every: list[Items], assigned: Items, found: ast.expr) -> list[str]:
    wrapper, settings = _items(assigned.get("optim_wrapper"), assigned), _items(assigned.get("train_cfg"), assigned)
    if "accumulative_counts" in wrapper:
        raise ExpressionError(
            "`accumulative_counts` is not followed: MMEngine steps schedulers at each batch, also without an update",
            "remove it, and give the batches of an update as one: `--batch-size`",
            wrapper["accumulative_counts"],
        )
    lines = ["import mmengine, torch", *_optimizer(_items(wrapper.get("optimizer"), assigned))]
    calls: dict[bool, list[str]] = {True: [], False: []}  # by epoch, or by batch
    for number, items in enumerate(every):
        by_epoch = _switch(items, "by_epoch", default=True)
        converted = _switch(items, "convert_to_iter_based", default=False)
        if converted and not by_epoch:
            raise ExpressionError("`convert_to_iter_based` needs `by_epoch=True`", "leave it out", found)
        lines.append(f"{NAME}_{number} = {_call(items, converted=converted)}")
        calls[by_epoch and not converted].append(f"{NAME}_{number}.step()")
    if "max_iters" in settings:  # epochs do not end
        lines.append(f"for i in range({unparse(settings['max_iters'])}):")
        return [*lines, "    optimizer.step()", *(f"    {call}" for call in calls[False])]
    epochs = unparse(settings["max_epochs"]) if "max_epochs" in settings else "epochs"
    lines += [f"for epoch in range({epochs}):", "    for batch in train_dataloader:", "        optimizer.step()"]
    return [*lines, *(f"        {call}" for call in calls[False]), *(f"    {call}" for call in calls[True])]


def _optimizer(items: Items) -> list[str]:
    """The line that creates the optimizer; one of which the rate is asked for if the config does not have it."""
    if not isinstance(kind := items.get("type"), ast.Constant) or not isinstance(kind.value, str):
        return ["optimizer = torch.optim.SGD(model.parameters(), lr=lr)"]
    arguments = [f"{name}={unparse(value)}" for name, value in items.items() if name not in _OWN]
    return [f"optimizer = torch.optim.{kind.value}({', '.join(['model.parameters()', *arguments])})"]


def _call(items: Items, *, converted: bool) -> str:
    """The constructor of a scheduler."""
    kind = items["type"]
    if not isinstance(kind, ast.Constant) or not isinstance(kind.value, str):
        raise ExpressionError("the `type` of a scheduler is not known", "write its name in quotes", kind)
    written = {name: unparse(value) for name, value in items.items() if name not in _OWN}
    if converted:
        for name in _LENGTHS:
            if isinstance(value := items.get(name), ast.List | ast.Tuple):
                written[name] = f"[{', '.join(f'({unparse(e)}) * {_BATCHES}' for e in value.elts)}]"
            elif value is not None:
                written[name] = f"int(({unparse(value)}) * {_BATCHES})"
        written["by_epoch"] = "False"
    arguments = ", ".join(["optimizer", *(f"{name}={text}" for name, text in written.items())])
    return f"mmengine.optim.{_known(kind.value, kind)}({arguments})"


def _known(path: str, node: ast.expr) -> str:
    """The name of a scheduler of MMEngine, of one that is drawn or refused with a reason."""
    name, known = path.rpartition(".")[2], family("mmengine")
    if known is not None and known.find(name) is None and name not in known.refused:
        drawn = ", ".join(scheduler.attribute for scheduler in known.schedulers)
        raise ExpressionError(
            f"`{printable(name, 60)}` is not a scheduler of MMEngine's rates", f"those are {drawn}", node
        )
    return name


def _switch(items: Items, name: str, *, default: bool) -> bool:
    value = items.get(name)
    if value is None:
        return default
    if not isinstance(value, ast.Constant) or not isinstance(value.value, bool):
        raise ExpressionError(
            f"`{name}` decides when the scheduler steps, and is not known", "write True or False", value
        )
    return value.value


def _items(node: ast.expr | None, assigned: Items) -> Items:
    """The items of `dict(type="X", ...)` or `{"type": "X", ...}`, also by a name; empty for anything else."""
    if isinstance(node, ast.Name):
        node = assigned.get(node.id)
    match node:
        case ast.Call(func=ast.Name(id="dict"), args=[], keywords=keywords):
            return {keyword.arg: keyword.value for keyword in keywords if keyword.arg is not None}
        case ast.Dict(keys=keys, values=values):
            pairs = zip(keys, values, strict=True)
            return {k.value: v for k, v in pairs if isinstance(k, ast.Constant) and isinstance(k.value, str)}
    return {}
