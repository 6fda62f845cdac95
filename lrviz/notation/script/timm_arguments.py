"""The functions of timm that take the arguments of a command line, as lines of a script.

Source: `scheduler_kwargs` and `create_scheduler` of timm 1.0.
"""

from __future__ import annotations

import ast
from typing import Final

NAMES: Final = ("create_scheduler", "scheduler_kwargs")
# The arguments of `create_scheduler_v2`, and the attribute and the default of each where they are read.
_READ: Final = {
    "num_epochs": ("epochs", 100), "decay_epochs": ("decay_epochs", 30),
    "decay_milestones": ("decay_milestones", [30, 60]),
    "warmup_epochs": ("warmup_epochs", 5), "cooldown_epochs": ("cooldown_epochs", 0),
    "patience_epochs": ("patience_epochs", 10), "decay_rate": ("decay_rate", 0.1), "min_lr": ("min_lr", 0.0),
    "warmup_lr": ("warmup_lr", 1e-5), "warmup_prefix": ("warmup_prefix", False), "noise": ("lr_noise", None),
    "noise_pct": ("lr_noise_pct", 0.67), "noise_std": ("lr_noise_std", 1.0), "noise_seed": ("seed", 42),
    "cycle_mul": ("lr_cycle_mul", 1.0), "cycle_decay": ("lr_cycle_decay", 0.1), "cycle_limit": ("lr_cycle_limit", 1),
    "k_decay": ("lr_k_decay", 1.0), "decay_fn": ("lr_decay_fn", None),
    "stable_timescale": ("lr_stable_timescale", None),
}  # fmt: skip
_KWARGS: Final = ", ".join(f'{name}=getattr(args, "{read}", {usual!r})' for name, (read, usual) in _READ.items())
_SOURCE: Final = f"""\
def {{scheduler_kwargs}}(args, decreasing_metric=None):
    if decreasing_metric is None:
        decreasing_metric = "loss" in getattr(args, "eval_metric", "top1")
    mode = "min" if decreasing_metric else "max"
    in_epochs = not getattr(args, "sched_on_updates", False)
    return dict(sched=args.sched, plateau_mode=mode, step_on_epochs=in_epochs, {_KWARGS})

def {{create_scheduler}}(args, optimizer, updates_per_epoch=0):
    values = {{scheduler_kwargs}}(args)
    return __timm.create_scheduler_v2(optimizer, updates_per_epoch=updates_per_epoch, **values)
"""


def with_functions(tree: ast.Module) -> ast.Module:
    """The script, with the functions after the line that imports them from timm."""
    body: list[ast.stmt] = []
    for statement in tree.body:
        body.append(statement)
        if isinstance(statement, ast.ImportFrom) and (statement.module or "").partition(".")[0] == "timm":
            given = {alias.name: alias.asname or alias.name for alias in statement.names}
            if given.keys() & {*NAMES}:
                body += _functions(statement, {name: given.get(name, f"__{name}") for name in NAMES})
    return ast.Module(body, []) if len(body) > len(tree.body) else tree


def _functions(statement: ast.stmt, names: dict[str, str]) -> list[ast.stmt]:
    lines = ast.parse("import timm.scheduler as __timm\n" + _SOURCE.format(**names)).body
    for node in (node for line in lines for node in ast.walk(line)):
        if isinstance(node, ast.expr | ast.stmt):
            node.lineno = node.end_lineno = statement.lineno
            node.col_offset = node.end_col_offset = 0
    return lines
