"""Families that other packages bring, by entry points of the group `lrviz.families`.

The value of an entry point is a `Family`, in the package of the schedulers or in one that the entry point names. Short
names begin with the name of the entry point and a dash. The files of the installed packages are read here, since
`importlib.metadata` takes longer than the rest of a quick answer.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Final

from lrviz.errors import SpecError
from lrviz.schedulers.catalogue import Family
from lrviz.schedulers.packages import installed_only
from lrviz.text import printable

GROUP: Final = "lrviz.families"
_MOST_BYTES: Final = 1_000_000  # of a file of entry points
_HINT: Final = "the package that brings it is at fault: update it, or uninstall it"


@cache
def entry_points() -> dict[str, str]:
    """The names and values of the entry points of all installed packages."""
    with installed_only():
        folders = list(sys.path)
    return dict(pair for folder in folders for text in _files(folder) for pair in _entries(text))


def _files(folder: str) -> Iterator[str]:
    """The files of entry points in a folder of the import path."""
    with suppress(OSError), os.scandir(folder or ".") as entries:
        names = sorted(e.name for e in entries if e.name.endswith((".dist-info", ".egg-info")))
        for name in names:
            with suppress(OSError, UnicodeDecodeError):
                with (Path(folder or ".") / name / "entry_points.txt").open("rb") as file:
                    content = file.read(_MOST_BYTES)
                if GROUP.encode() in content:
                    yield content.decode()


def _entries(text: str) -> Iterator[tuple[str, str]]:
    """The names and values of the group in a file."""
    group = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            group = line.strip("[]")
        elif group == GROUP and "=" in line and not line.startswith(("#", ";")):
            name, _, value = line.partition("=")
            yield name.strip(), value.partition("[")[0].strip()


@cache
def load(package: str) -> Family | None:
    """The family of an entry point that has the name of a package or is in it; None if there is none.

    Raises:
        SpecError: it cannot be imported, or is not a family.
    """
    found = ((name, value) for name, value in entry_points().items() if package in (name, re.split("[.:]", value)[0]))
    name, value = next(found, ("", ""))
    if not name:
        return None
    where = f"the entry point `{printable(name, 60)}` of the group {GROUP}"
    module, _, attribute = value.partition(":")
    try:
        with installed_only():
            family = getattr(import_module(module), attribute or "FAMILY")
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise SpecError(f"{where} cannot be loaded: {printable(reason, 200)}", _HINT) from error
    if not isinstance(family, Family):
        raise SpecError(f"{where} is a {type(family).__name__}, not an `lrviz.schedulers.Family`", _HINT)
    return family
