"""A terminal for tests: one that only says it is one, and a real one."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import sys
import termios
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from lrviz.terminal import Screen
from tests.forkserver import ForkServer


class Stream(io.TextIOWrapper):
    """A text stream that keeps what is written, and is a terminal if it is told so."""

    def __init__(self, *, tty: bool, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding, write_through=True)
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty

    @property
    def text(self) -> str:
        """What was written."""
        buffer = self.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue().decode(self.encoding)


@contextmanager
def screen(
    columns: int = 80,
    rows: int = 24,
    *,
    tty: bool = True,
    encoding: str = "utf-8",
    environment: Mapping[str, str] | None = None,
) -> Iterator[tuple[Screen, Stream]]:
    """A Screen on a terminal of that size, or on a pipe, and the stream that it prints to."""
    stream = Stream(tty=tty, encoding=encoding)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        settings = {"TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": str(rows)}
        settings.update(environment or {})
        for name, value in settings.items():
            patch.setenv(name, value)
        yield Screen(), stream


def real_terminal(forks: ForkServer, code: str, columns: int, rows: int) -> str:
    """What Python code in a separate process writes to a terminal of that size."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    environment = os.environ | {"TERM": "xterm-256color"}
    process = forks.start([], cwd=Path.cwd(), env=environment, streams=[theirs] * 3, code=code)
    os.close(theirs)
    written = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # Linux says so when the other end is closed
            break
        if not piece:
            break
        written += piece
    os.close(ours)
    assert process.wait() == 0, written.decode()
    return written.decode().replace("\r\n", "\n")


def plain(text: str) -> str:
    """A text without its colours and styles."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
