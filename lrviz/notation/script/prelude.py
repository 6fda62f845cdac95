"""The base class of torch's schedulers as lines of a script, for the classes of scripts that inherit from it."""

from __future__ import annotations

import ast
from typing import Final

BASES: Final = ("LRScheduler", "_LRScheduler")
NAME: Final = "torch.LRScheduler"  # of the class, as no script writes it
_SOURCE: Final = """\
class LRScheduler:
    def __init__(self, optimizer, last_epoch=-1, verbose=False):
        self.optimizer = optimizer
        for group in optimizer.param_groups:
            if "initial_lr" not in group:
                group["initial_lr"] = group["lr"]
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._step_count = 0
        self.step()

    def step(self, epoch=None):
        self._step_count += 1
        if epoch is None:
            self.last_epoch += 1
            values = self.get_lr()
        else:
            self.last_epoch = epoch
            if hasattr(self, "_get_closed_form_lr"):
                values = self._get_closed_form_lr()
            else:
                values = self.get_lr()
        for group, lr in zip(self.optimizer.param_groups, values):
            group["lr"] = lr
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]

    def get_last_lr(self):
        return self._last_lr
"""


def with_prelude(tree: ast.Module) -> ast.Module:
    """The script, after the base class if a class of it inherits from that."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(_last(base) in BASES for base in node.bases):
            prelude = ast.parse(_SOURCE)
            for part in ast.walk(prelude):
                if isinstance(part, ast.expr | ast.stmt):
                    part.lineno, part.col_offset = node.lineno, 0
                    part.end_lineno = node.lineno
                if isinstance(part, ast.ClassDef):
                    part.name = NAME
            return ast.Module([*prelude.body, *tree.body], [])
    return tree


def _last(base: ast.expr) -> str:
    match base:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""
