"""Import one module of a package without the `__init__` of the packages that it is in."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import PathFinder
from types import ModuleType
from typing import Any

Stubs = Mapping[str, Mapping[str, Any]]


def bare(stubs: Stubs | None = None) -> Callable[[str], ModuleType]:
    """A function that imports a module, but runs none of the packages that it is in.

    Args:
        stubs: Modules that the module imports names from and that are not to run either: the names and their values.
            They must have no part in the rates.
    """

    def load(module: str) -> ModuleType:
        with _bare_packages(module, stubs or {}):
            return import_module(module)

    return load


@contextmanager
def _bare_packages(module: str, stubs: Stubs) -> Iterator[None]:
    """Put empty modules in the place of the packages of a module, and of the stubs, if they are not imported yet.

    They are removed again, so that code which imports the package gets all of it.

    Raises:
        ModuleNotFoundError: one of the packages does not exist.
    """
    added: list[str] = []
    try:
        for name in (module, *stubs):
            path = None  # of the top-level packages: the import path
            for package in _packages(name):
                if package not in sys.modules:
                    _add(package, path)
                    added.append(package)
                path = list(sys.modules[package].__path__)
        for name, values in stubs.items():
            if name not in sys.modules:
                sys.modules[name] = ModuleType(name)
                added.append(name)
            if name in added:  # maybe as the package of another module
                vars(sys.modules[name]).update(values)
        yield
    finally:
        for name in added:
            del sys.modules[name]


def _packages(module: str) -> Iterator[str]:
    """The packages that a module is in, the outermost first."""
    for at, character in enumerate(module):
        if character == ".":
            yield module[:at]


def _add(name: str, path: list[str] | None) -> None:
    spec = PathFinder.find_spec(name, path)
    if spec is None or spec.submodule_search_locations is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    package = ModuleType(name)
    package.__path__ = list(spec.submodule_search_locations)
    package.__spec__ = spec
    sys.modules[name] = package
