"""Import schedulers of packages other than torch."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from typing import Any

from lrviz.errors import SimulationError, SpecError
from lrviz.schedulers import Family, Scheduler, installed_only, missing_package, package_environment


def import_from(family: Family, info: Scheduler) -> Any:
    """The class or function of a scheduler of another package.

    Raises:
        SimulationError: the package is not installed, or its import fails.
        SpecError: its version does not have the scheduler.
    """
    module = sys.modules.get(info.module)
    if module is None:
        # What a package prints must not get among the data on stdout.
        with installed_only(), redirect_stdout(sys.stderr), _environment(package_environment(family)):
            try:
                module = family.load(info.module)
            except ModuleNotFoundError as error:
                if error.name == family.package:
                    raise missing_package(family, info.attribute) from error
                raise _import_error(family, error) from error
            except Exception as error:
                raise _import_error(family, error) from error
    found = getattr(module, info.attribute, None)
    if callable(found):
        return found
    version = getattr(sys.modules.get(family.package), "__version__", "")
    of_version = f" ({version})" if version else ""
    raise SpecError(
        f"this version of {family.install}{of_version} has no `{info.attribute}`",
        f"`pip install --upgrade {family.install}` installs the newest",
    )


def _import_error(family: Family, error: Exception) -> SimulationError:
    reason = " ".join(f"{type(error).__name__}: {error}".split())
    return SimulationError(
        f"the package {family.install} cannot be imported: {reason:.300}", f"try `python -c 'import {family.package}'`"
    )


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables of the environment in this block, but for those that are set already."""
    added = {name: value for name, value in values.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
