"""What every test shares: a clean environment, and a way to run Python afresh."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import settings

from lrviz.errors import LrvizError
from tests.forkserver import ForkServer, fork_server

ROOT = Path(__file__).parent.parent
SERVER = "LRVIZ_TESTS_FORK_SERVER"  # the variable with the path of its socket

# Variables of the person at the keyboard, or of a CI job, that change what programs print or draw.
OUTSIDE = (
    "CI",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "COLUMNS",
    "FORCE_COLOR",
    "GITHUB_ACTIONS",
    "LINES",
    "MATPLOTLIBRC",
    "MPLBACKEND",
    "NO_COLOR",
    "PY_COLORS",
    "TERMINAL_WIDTH",
    "TTY_COMPATIBLE",
    "TTY_INTERACTIVE",
)

# Imports and the first figure take long and only once, so there is no deadline. In CI every run tries the same
# examples.
settings.register_profile("lrviz", deadline=None)
settings.register_profile("lrviz-ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("lrviz-ci" if os.environ.get("CI") else "lrviz")

Python = Callable[..., "subprocess.CompletedProcess[str]"]


def shown(error: LrvizError) -> str:
    """The message of an error and the lines under it, without the hint."""
    return str(error).removesuffix(f"\n\nhint: {error.hint}")


def pytest_configure(config: pytest.Config) -> None:
    """Handle signals as in a terminal, and start one server of forks for all workers of pytest-xdist."""
    gc.disable()  # until the tests are collected
    # A shell script ignores SIGINT in what runs in the background, and nohup SIGHUP.
    for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)
    if hasattr(config, "workerinput") or not config.getoption("numprocesses", None):
        return
    stack = ExitStack()
    os.environ[SERVER] = str(stack.enter_context(fork_server()).path)
    config.add_cleanup(stack.close)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take long, so that no worker is left with one of them at the end."""
    folders = ("figure", "artifacts", "cli", "code", "rules", "scripts", "simulation")

    def rank(item: pytest.Item) -> int:
        _, folder, *rest = item.nodeid.split("::")[0].split("/")
        return 0 if not rest else folders.index(folder) + 1 if folder in folders else len(folders) + 1

    items.sort(key=rank)


def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """In a worker of pytest-xdist, report each test once: six messages a test take as long as many a test itself."""
    option = item.config.option
    if not hasattr(item.config, "workerinput") or option.verbose > 0 or option.maxfail:
        return None
    if option.durations is not None or option.xmlpath:  # which are about the setup and the teardown too
        return None
    for report in runtestprotocol(item, log=False, nextitem=nextitem):
        if report.when == "call" or not report.passed:
            item.ihook.pytest_runtest_logreport(report=report)
    return True


def pytest_collection_finish() -> None:
    """Keep the objects of the imports out of garbage collections, which take a tenth of the time of the suite."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def clean_environment() -> Iterator[None]:
    """Every test and every fixture sees the same environment, whoever runs it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in OUTSIDE:
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session")
def forks() -> Iterator[ForkServer]:
    """Starts `lrviz` in new processes that need not import torch and matplotlib."""
    if path := os.environ.get(SERVER):
        yield ForkServer(Path(path))
        return
    with fork_server() as server:
        yield server


@pytest.fixture
def python(tmp_path: Path) -> Python:
    """Runs `python ARGS` in a fresh process and an empty folder, with this tree's lrviz; gives the finished process."""

    def run(*args: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        return subprocess.run(
            [sys.executable, *args],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run
