"""Packages of schedulers other than torch: whether one is installed, and imports of what is installed alone."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec

from lrviz.errors import SimulationError
from lrviz.schedulers.catalogue import Family, Scheduler
from lrviz.schedulers.catalogue import family as find_family
from lrviz.schedulers.optimizers import OwnRate

_quiet = False  # whether packages are imported with the environment of their family


def quiet_packages() -> None:
    """Import packages with the environment of their family from now on, in a process that runs nothing else.

    Many packages read it once, and keep what it says for the rest of the process.
    """
    global _quiet  # noqa: PLW0603 - a property of the process
    _quiet = True


def package_environment(family: Family) -> Mapping[str, str]:
    """The variables of the environment with which the package of a family is imported."""
    return family.environment if _quiet else {}


@contextmanager
def installed_only() -> Iterator[None]:
    """Import in this block what is installed, and nothing from the current folder, which may be a stranger's."""
    before = list(sys.path)
    sys.path[:] = [entry for entry in before if not _is_current(entry)]
    try:
        yield
    finally:
        added = [entry for entry in sys.path if entry not in before]
        sys.path[:] = [*before, *added]


def _is_current(entry: str) -> bool:
    """Whether an entry of the import path is the current folder, and no folder of installed packages."""
    with suppress(OSError):
        folder = os.path.realpath(entry or ".")
        installed = (os.path.realpath(sysconfig.get_path(name)) for name in ("purelib", "platlib"))
        return folder == os.path.realpath(".") and folder not in installed
    return not entry  # the current folder does not exist


def is_installed(family: Family | OwnRate) -> bool:
    """Whether the package of a family, or of an optimizer, is installed; it is not imported."""
    if family.package in sys.modules:
        return sys.modules[family.package] is not None
    with installed_only(), suppress(ImportError, ValueError):
        return find_spec(family.package) is not None
    return False


def check_installed(info: Scheduler) -> None:
    """Refuse a scheduler whose package is not installed.

    Raises:
        SimulationError: it is not.
    """
    family = find_family(info.family)
    if family is not None and not is_installed(family):
        raise missing_package(family, info.attribute)


def missing_package(family: Family, name: str) -> SimulationError:
    """The error for a scheduler whose package is not installed."""
    shown = family.package if "://" in family.install else family.install
    own = f"; a class of your own runs as `FILE.py:{name}(...)`" if name[:1].isupper() else ""
    return SimulationError(
        f"`{name}` needs the package {shown}, which is not installed", f"`pip install {family.install}`{own}"
    )
