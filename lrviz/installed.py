"""Which scheduler classes the installed torch has, read from its source: importing torch takes a second."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_FILES = ("optim/lr_scheduler.py", "optim/swa_utils.py")


@cache
def scheduler_names() -> frozenset[str]:
    """The class names in torch's scheduler modules; empty when their source cannot be found."""
    spec = find_spec("torch")
    names: set[str] = set()
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for file in _FILES:
            try:
                source = (Path(folder) / file).read_text(encoding="utf-8")
            except OSError:
                continue
            names.update(re.findall(r"^class (\w+)\(", source, re.MULTILINE))
    return frozenset(name for name in names if not name.startswith("_"))
