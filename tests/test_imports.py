"""Who may import whom, and what a quick answer never loads."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter

import pytest

from tests.conftest import ROOT, Python

PACKAGE = ROOT / "lrviz"

HEAVY = {"accelerate", "matplotlib", "numpy", "pandas", "plotext", "pydantic", "rich", "torch", "typer"}


@dataclass(frozen=True)
class Room:
    """Modules that belong together, the rooms they may import, and the heavy packages they may know.

    What is imported `later`, inside a function when there is need of it, comes on top.
    """

    modules: str
    rooms: str = ""
    heavy: str = ""
    later: str = ""
    heavy_later: str = ""


ROOMS = {
    "words": Room(
        "arithmetic binding calls catalogue checks errors expressions given installed keys metric notation numbers "
        "printable reading resolve runs sizes source spec unread values",
    ),
    "torch": Room("building simulation usercode", "words numbers", "torch numpy"),
    "numbers": Room("decimate export trace", "words", "numpy", later="files"),
    "looks": Room("look style", "words", later="figure"),
    "figure": Room(
        "backend captions curves figure grid labels layout panels render ticks",
        "words numbers looks",
        "matplotlib numpy",
    ),
    "terminal": Room("chart comparison pages screen terminal", "words numbers", "rich plotext numpy"),
    "files": Room("output reasons stdout", "words"),
    "api": Room("__init__ api arguments", "words", later="torch numbers looks figure"),
    "presets": Room("keycheck preset presetfile schema shipped", "words looks files"),
    "sheets": Room(
        "drift driftreport folder inline page parting plans record sheet",
        "words torch numbers looks figure files presets",
        "numpy",
    ),
    "entrance": Room(
        "__main__ cli command delivery help options progress rooms speech usage",
        "words files",
        "typer",
        later="torch numbers looks figure terminal presets commands",
        heavy_later="rich",
    ),
    # What a command does once it is called; the entrance imports it then.
    "commands": Room(
        "commands listing preset_commands",
        "words files terminal entrance",
        later="torch numbers looks figure presets sheets",
    ),
}
ROOM_OF = {module: name for name, room in ROOMS.items() for module in room.modules.split()}


def modules() -> list[str]:
    """The modules of lrviz by name; a package counts as one."""
    return sorted({path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in PACKAGE.rglob("*.py")})


def imports(module: str) -> Iterator[tuple[str, bool]]:
    """What a module imports, of lrviz or heavy, and whether at once; imports for types alone are left out."""
    folder = PACKAGE / module
    for path in sorted(folder.rglob("*.py")) if folder.is_dir() else [PACKAGE / f"{module}.py"]:
        yield from _imports(ast.parse(path.read_text(encoding="utf-8")), at_once=True)


def _imports(node: ast.AST, *, at_once: bool) -> Iterator[tuple[str, bool]]:
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        return
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        at_once = False
    dotted: list[str] = []
    if isinstance(node, ast.Import):
        dotted = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        dotted = [f"{node.module}.{alias.name}" for alias in node.names]
    for name in dotted:
        first, _, rest = name.partition(".")
        if first == "lrviz":
            yield rest.partition(".")[0] or "__init__", at_once
        elif first in HEAVY:
            yield first, at_once
    for child in ast.iter_child_nodes(node):
        yield from _imports(child, at_once=at_once)


def test_every_module_is_in_a_room() -> None:
    assert set(modules()) - set(ROOM_OF) == set()


@pytest.mark.parametrize("module", modules())
def test_a_module_imports_only_what_its_room_allows(module: str) -> None:
    room = ROOMS[ROOM_OF[module]]
    at_once = {ROOM_OF[module], *room.rooms.split(), *room.heavy.split()}
    later = at_once | {*room.later.split(), *room.heavy_later.split()}
    refused = {
        f"{name}, {'at once' if now else 'later'}"
        for name, now in imports(module)
        if ROOM_OF.get(name, name) not in (at_once if now else later)
    }
    assert refused == set()


def test_modules_do_not_import_each_other_in_circles() -> None:
    graph = {module: {name for name, now in imports(module) if now and name != module} - HEAVY for module in modules()}
    assert len(list(TopologicalSorter(graph).static_order())) == len(graph)  # a circle raises CycleError


def test_nothing_imports_the_command_line() -> None:
    importers = {module for module in modules() for name, _ in imports(module) if name == "cli"}
    assert importers == {"__main__"}


def test_the_reader_of_imports_sees_each_kind() -> None:
    source = """
import torch.nn
from lrviz import errors, spec
from lrviz.catalogue.model import Parameter
import subprocess
if TYPE_CHECKING:
    import numpy
class Later:
    def method(self):
        from rich.table import Table
"""
    assert list(_imports(ast.parse(source), at_once=True)) == [
        ("torch", True),
        ("errors", True),
        ("spec", True),
        ("catalogue", True),
        ("rich", False),
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


@pytest.mark.parametrize(
    ("words", "status"),
    [
        pytest.param("--help", 0, id="help"),
        pytest.param("plot --help", 0, id="help of a command"),
        pytest.param("plot cosine --help", 0, id="help of a scheduler"),
        pytest.param("schedulers", 0, id="schedulers"),
        pytest.param("plot cosin", 2, id="unknown scheduler"),
        pytest.param("plot cosine --T_mx 3", 2, id="unknown parameter"),
        pytest.param("plot cosine --T_max 0", 2, id="out of its limits"),
        pytest.param("plot cosine --lr nan", 2, id="lr of nan"),
        pytest.param("plot cosine --epochs 0", 2, id="no epochs"),
        pytest.param("plot cosine(T_max=", 2, id="broken notation"),
        pytest.param("plot cosine -o curve.gif", 2, id="no writer for the suffix"),
        pytest.param("plto cosine", 2, id="unknown command"),
    ],
)
def test_a_quick_answer_loads_neither_torch_nor_matplotlib_nor_numpy(python: Python, words: str, status: int) -> None:
    finished = python("-X", "importtime", "-m", "lrviz", *words.split(" "))
    assert finished.returncode == status
    assert top_level(loaded(finished)) & (HEAVY - {"rich", "typer"}) == set()


def test_a_figure_loads_no_more_than_it_needs(python: Python) -> None:
    finished = python("-X", "importtime", "-m", "lrviz", "plot", "cosine", "--T_max", "32")
    assert finished.returncode == 0
    names = loaded(finished)
    assert {"torch", "matplotlib.figure", "numpy"} <= names
    # Each of these costs as much as lrviz gains elsewhere: see simulate.py on the first two.
    assert names & {"torch._dynamo", "sympy", "matplotlib.pyplot", "pydantic", "plotext", "pandas"} == set()


def test_a_table_loads_no_matplotlib(python: Python) -> None:
    finished = python("-X", "importtime", "-m", "lrviz", "table", "cosine", "--T_max", "32", "--format", "csv")
    assert finished.returncode == 0
    names = top_level(loaded(finished))
    assert "torch" in names
    assert names & {"matplotlib", "plotext", "pydantic"} == set()
