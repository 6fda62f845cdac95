"""Which schedulers and optimizers the installed torch has, read from its source: importing torch takes a second."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_FILES = ("optim/lr_scheduler.py", "optim/swa_utils.py")


@cache
def scheduler_names() -> frozenset[str]:
    """The class names in torch's scheduler modules; empty when their source cannot be found."""
    found = re.findall(r"^class ([A-Za-z]\w*)\([^)]*LR[^)]*\)", "\n".join(map(_source, _FILES)), re.MULTILINE)
    return frozenset(found)


@cache
def optimizer_names() -> frozenset[str]:
    """The optimizers that torch.optim exports; empty when its source cannot be found."""
    source = _source("optim/__init__.py")
    found = re.findall(r"^from torch\.optim\.\w+ import ([A-Z]\w*)", source, re.MULTILINE)
    return frozenset(found) - {"Optimizer"}


def _source(file: str) -> str:
    from importlib.util import find_spec

    spec = find_spec("torch")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        try:
            return (Path(folder) / file).read_text(encoding="utf-8")
        except OSError:
            continue
    return ""
