"""Names of a package that are imported on first use (PEP 562)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any


def lazy(package: str, **names: Sequence[str]) -> Callable[[str], Any]:
    """Return a `__getattr__` for a package.

    Args:
        package: The `__name__` of the package.
        names: For each module of the package, the names to import from it.
    """
    modules = {name: module for module, exported in names.items() for name in exported}

    def get(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{modules[name]}"), name)

    return get
