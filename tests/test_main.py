"""The entry of the process, run in this one: its status, and what ends it."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Iterator

import pytest

from lrviz import __main__, cli


class Ended(BaseException):
    """In place of the end of the process."""


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The status with which the process would have ended; signals and the garbage collector are restored."""
    found: list[int] = []

    def end(status: int) -> None:
        found.append(status)
        raise Ended

    monkeypatch.setattr(os, "_exit", end)
    monkeypatch.setattr(sys, "argv", ["lrviz", "--version"])
    for module in ("lrviz.simulation", "lrviz.figure.backend"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield found
    gc.enable()
    for number, handler in handlers.items():
        signal.signal(number, handler)


def run() -> None:
    with pytest.raises(Ended):
        __main__.run()


def test_the_status_is_that_of_the_command(ended: list[int], capsys: pytest.CaptureFixture[str]) -> None:
    run()
    assert ended == [0]
    assert capsys.readouterr().out.startswith("lrviz ")


@pytest.mark.parametrize(("error", "status"), [(KeyboardInterrupt, 130), (MemoryError, 2)])
def test_an_end_while_the_commands_are_imported(
    ended: list[int], monkeypatch: pytest.MonkeyPatch, error: type[BaseException], status: int
) -> None:
    def main() -> int:
        raise error

    monkeypatch.setattr(cli, "main", main)
    run()
    assert ended == [status]


def test_a_signal_gives_its_own_status(ended: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    def main() -> int:
        os.kill(os.getpid(), signal.SIGTERM)
        return 0

    monkeypatch.setattr(cli, "main", main)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    run()
    assert ended == [128 + signal.SIGTERM]
