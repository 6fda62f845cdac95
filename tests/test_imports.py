"""Which package may import which, and what a quick answer never imports."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import ROOT, Python

CODE = ROOT / "lrviz"
HEAVY = {"accelerate", "matplotlib", "numpy", "pandas", "plotext", "pydantic", "rich", "torch", "typer"}


@dataclass(frozen=True)
class Package:
    """What a package may import: other packages of lrviz, and heavy packages at module level."""

    of_lrviz: str = ""
    heavy: str = ""


BASE = "errors text lazy"
# From the lowest to the highest: each may import packages above it in this table only.
PACKAGES = {
    "errors": Package(),
    "text": Package(),
    "lazy": Package(),
    "schedulers": Package(BASE),
    "files": Package(BASE),
    "notation": Package("schedulers errors text lazy"),
    "spec": Package(f"schedulers notation files {BASE}"),
    "code": Package(f"schedulers notation spec {BASE}"),
    "trace": Package(f"spec {BASE}", "numpy"),
    "formats": Package(f"trace {BASE}", "numpy"),
    "rules": Package(f"schedulers notation spec trace {BASE}", "numpy"),
    "simulation": Package(f"schedulers notation spec trace {BASE}", "torch numpy"),
    "background": Package(f"schedulers spec trace simulation {BASE}"),
    "figure": Package(f"spec trace files {BASE}", "matplotlib numpy"),
    "terminal": Package(f"schedulers spec trace formats {BASE}", "rich plotext numpy"),
    "presets": Package(f"notation spec figure files {BASE}"),
    "artifacts": Package(
        f"schedulers notation spec code trace formats rules simulation figure files presets {BASE}", "numpy"
    ),
    "api": Package(f"notation spec trace formats simulation figure terminal files {BASE}"),
    "cli": Package(
        "schedulers notation spec code trace formats rules simulation background figure terminal files presets "
        f"artifacts {BASE}",
        "typer",
    ),
    "__init__": Package(f"api spec trace {BASE}"),
    "__main__": Package("cli simulation"),
}
MOST_FLOORS = 8
MOST_MODULES = 25


class Import(NamedTuple):
    """One name that a module imports, of lrviz or of a heavy package."""

    module: str  # dotted, without `lrviz.`
    name: str  # "" for `import module`
    line: int
    when: str  # "at once", when the module itself is imported; "later", in a function; "types", for type checkers alone


def name_of(path: Path) -> str:
    """A module of lrviz by its dotted name, without `lrviz.`."""
    return ".".join(path.relative_to(CODE).with_suffix("").parts).removesuffix(".__init__")


def package_of(module: str) -> str:
    """The row of the table for a module."""
    return module.partition(".")[0]


MODULES = {name_of(path): path for path in sorted(CODE.rglob("*.py"))}
SUBPACKAGES = {package_of(name) for name, path in MODULES.items() if path.name == "__init__.py"}


@cache
def imports(module: str) -> tuple[Import, ...]:
    """Everything of lrviz, and every heavy package, that a module imports."""
    return tuple(_imports(ast.parse(MODULES[module].read_text(encoding="utf-8")), "at once"))


def _imports(node: ast.AST, when: str) -> Iterator[Import]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and when == "at once":
        when = "later"
    if isinstance(node, ast.If) and any(getattr(part, "id", "") == "TYPE_CHECKING" for part in ast.walk(node.test)):
        for statement in node.body:
            yield from _imports(statement, "types")
        for statement in node.orelse:
            yield from _imports(statement, when)
        return
    found: list[tuple[str, str]] = []
    if isinstance(node, ast.Import):
        found = [(alias.name, "") for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        found = [(str(node.module), alias.name) for alias in node.names]
    for module, name in found:
        first, _, rest = module.partition(".")
        if first == "lrviz":
            yield Import(rest or name, name if rest else "", getattr(node, "lineno", 0), when)
        elif first in HEAVY:
            yield Import(first, "", getattr(node, "lineno", 0), when)
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.expr):
            yield from _imports(child, when)


def test_every_package_is_in_the_table() -> None:
    assert {package_of(module) for module in MODULES} - set(PACKAGES) == set()


def test_the_table_points_one_way() -> None:
    above: set[str] = set()
    for name, package in PACKAGES.items():
        assert set(package.of_lrviz.split()) <= above, name
        above.add(name)


def test_there_are_few_floors() -> None:
    needs: dict[str, set[str]] = {name: set() for name in PACKAGES}
    for module in MODULES:
        own = package_of(module)
        needs[own] |= {package_of(i.module) for i in imports(module) if i.when != "types"} - HEAVY - {own}
    floors: dict[str, int] = {}
    for name in TopologicalSorter(needs).static_order():
        floors[name] = 1 + max((floors[other] for other in needs[name]), default=0)
    assert max(floors.values()) <= MOST_FLOORS, floors


def test_a_module_imports_what_its_package_may() -> None:
    refused = []
    for module in MODULES:
        own = package_of(module)
        allowed = {own, *PACKAGES[own].of_lrviz.split()}
        for found in imports(module):
            if found.module not in HEAVY:
                is_allowed = package_of(found.module) in allowed
            else:
                is_allowed = found.when != "at once" or found.module in PACKAGES[own].heavy.split()
            if not is_allowed:
                refused.append((module, found))
    assert refused == []


def test_other_packages_are_imported_by_their_public_names() -> None:
    for module in MODULES:
        for found in imports(module):
            if found.module in HEAVY or package_of(found.module) == package_of(module):
                continue
            where = f"{module}, line {found.line}"
            assert "." not in found.module, f"{where} imports from inside a package"
            if found.name and found.module in SUBPACKAGES:
                assert found.name in import_module(f"lrviz.{found.module}").__all__, where
            assert not found.name.startswith("_"), where


@pytest.mark.parametrize("package", sorted(SUBPACKAGES - {"__init__", ""}))
def test_a_package_offers_what_it_says(package: str) -> None:
    offered = import_module(f"lrviz.{package}")
    text = str(offered.__doc__)
    assert all(word in text for word in ("In:", "Out:")), text
    assert [name for name in getattr(offered, "__all__", []) if not hasattr(offered, name)] == []


def test_modules_do_not_import_each_other_in_circles() -> None:
    graph: dict[str, set[str]] = {}
    for module in MODULES:
        graph[module] = set()
        for found in imports(module):
            if found.when == "at once" and found.module not in HEAVY:
                inside = f"{found.module}.{found.name}"
                graph[module].add(inside if inside in MODULES else found.module)
        graph[module].discard(module)
    assert len(list(TopologicalSorter(graph).static_order())) >= len(graph)  # a circle raises CycleError


def test_the_reader_of_imports_sees_each_kind() -> None:
    source = """
import torch.nn
from lrviz import errors, spec
from lrviz.schedulers.catalogue import Parameter
import subprocess
if TYPE_CHECKING:
    import numpy
class Later:
    def method(self):
        from rich.table import Table
"""
    assert list(_imports(ast.parse(source), "at once")) == [
        ("torch", "", 2, "at once"),
        ("errors", "", 3, "at once"),
        ("spec", "", 3, "at once"),
        ("schedulers.catalogue", "Parameter", 4, "at once"),
        ("numpy", "", 7, "types"),
        ("rich", "", 10, "later"),
    ]


def loaded(finished: subprocess.CompletedProcess[str]) -> set[str]:
    """The modules that a process run with `-X importtime` imported."""
    lines = [line for line in finished.stderr.splitlines() if line.startswith("import time:")]
    names = {line.rpartition("|")[2].strip() for line in lines}
    assert "encodings" in names  # the report is there
    return names


def top_level(names: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


def test_importing_lrviz_loads_nothing_heavy(python: Python) -> None:
    finished = python("-X", "importtime", "-c", "import lrviz")
    assert finished.returncode == 0
    assert top_level(loaded(finished)) & HEAVY == set()


QUICK = {  # command lines with their status
    "--help": 0,
    "plot --help": 0,
    "plot cosine --help": 0,
    "schedulers": 0,
    "schedulers cosine": 0,
    "plot cosin": 2,
    "plot cosine --T_mx 3": 2,
    "plot cosine --T_max 0": 2,
    "plot cosine --lr nan": 2,
    "plot cosine --epochs 0": 2,
    "plot cosine(T_max=": 2,
    "plot cosine -o curve.gif": 2,
    "plto cosine": 2,
    "code cosine": 0,
    "schedulers transformers": 0,
    "schedulers hf-cosine": 0,
    "code hf-cosine": 0,
    "plot hf-cosin": 2,
    **({} if find_spec("transformers") else {"plot hf-cosine": 2}),
}
TABLE = "table cosine --T_max 32 --format csv"
# A process that runs command lines one after the other, with their status and the modules that are loaded then.
IN_TURN = """
import contextlib, io, json, sys
from lrviz.cli import main
found = []
for words in json.loads(sys.argv[1]):
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(words)
    found.append((status, list(sys.modules)))
print(json.dumps(found))
"""


def test_a_quick_answer_loads_no_heavy_package_and_a_table_no_matplotlib(python: Python) -> None:
    commands = QUICK | {TABLE: 0}
    finished = python("-c", IN_TURN, json.dumps([words.split(" ") for words in commands]))
    assert finished.returncode == 0, finished.stderr
    loaded_after = json.loads(finished.stdout)
    assert {words: status for words, (status, _) in zip(commands, loaded_after, strict=True)} == commands
    names = [top_level(set(modules)) for _, modules in loaded_after]
    assert [words for words, loaded in zip(QUICK, names, strict=False) if loaded & (HEAVY - {"rich", "typer"})] == []
    assert "torch" in names[-1]
    assert names[-1] & {"matplotlib", "plotext", "pydantic"} == set()


@pytest.mark.parametrize("processes", [1, 2])
def test_a_figure_loads_no_more_than_it_needs(python: Python, processes: int) -> None:
    """In one process, and in the one that draws while another simulates."""
    counted = (
        "import os, sys; from lrviz import background; from lrviz.cli import main;"
        f"background._processors = lambda: {processes}; main(['plot', 'cosine', '--T_max', '32', '-q']);"
        "print(*(name for name in sys.modules))"
    )
    finished = python("-c", counted)
    assert finished.returncode == 0
    names = set(finished.stdout.split())
    assert {"matplotlib.figure", "numpy"} <= names
    assert ("torch" in names) == (processes == 1 or not hasattr(os, "fork") or sys.platform == "darwin")
    # Each of these takes as long as lrviz gains elsewhere: see simulation/build.py on the first two.
    assert names & {"torch._dynamo", "sympy", "matplotlib.pyplot", "pydantic", "plotext", "pandas"} == set()
    # An `__init__.py` is not counted: it offers the names of the package's modules. Nor is the module that decides
    # whether there are two processes.
    own = {
        name
        for name in names
        if top_level({name}) == {"lrviz"} and MODULES[name[6:] or "__init__"].name != "__init__.py"
    }
    assert len(own - {"lrviz.background"}) <= MOST_MODULES, sorted(own)
