"""Data on stdout: bytes as they are, a full disk as an error, a reader that has gone as no error at all."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from lrviz.errors import OutputError
from lrviz.reasons import hint, reason


@contextmanager
def guarding_stdout() -> Iterator[None]:
    """Run a block that prints to stdout, then flush: a full disk shows here, not when Python exits.

    Raises:
        OutputError: stdout is closed, or goes to a disk that is full.
        BrokenPipeError: the reader has gone, which is no error for a command: `abandon_stdout` and end well.
    """
    try:
        if sys.stdout is None:  # started with descriptor 1 closed
            raise OSError(errno.EBADF, "")
        sys.stdout.flush()
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        abandon_stdout()
        raise OutputError(f"cannot write to stdout: {reason(error)}", hint(error)) from error


def abandon_stdout() -> None:
    """Point stdout at nothing, so that what is still buffered cannot fail once more when Python exits."""
    with suppress(AttributeError, OSError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
        os.close(nothing)


def write_stdout(data: bytes | str | Iterable[bytes | str]) -> None:
    """Write bytes, or text as UTF-8, whole or in pieces, to stdout, and flush it.

    Raises:
        OutputError: stdout is closed, or goes to a disk that is full.
        BrokenPipeError: the reader has gone.
    """
    with guarding_stdout():
        for chunk in (data,) if isinstance(data, (bytes, str)) else data:
            write_whole(sys.stdout.buffer, encode(chunk) if isinstance(chunk, str) else chunk)


def encode(text: str) -> bytes:
    """UTF-8; a lone surrogate, from an argument that was not UTF-8, becomes an escape that JSON reads back."""
    return text.encode("utf-8", "backslashreplace")


def write_whole(stream: BinaryIO, data: bytes) -> None:
    """Write all of `data`: an unbuffered stdout may take only a part at a time."""
    left = memoryview(data)
    while left:
        left = left[stream.write(left) :]
