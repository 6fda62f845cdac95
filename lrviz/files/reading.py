"""Reading files of users: regular files, or pipes where the caller says so, of a limited size.

A preset, and the folder it lies in, may come from anyone: a name in it can be a link to a device without an end, a pipe
that nobody writes to, or a file larger than the memory.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from lrviz.text import printable

_CHUNK: Final = 1 << 20
# A pipe without a writer must not block, and a terminal must not become the controlling one. Windows has neither.
_FLAGS: Final = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)


def read_bytes(path: str | Path, most: int, *, pipe: bool = False) -> bytes:
    """The content of a regular file, following symbolic links.

    Args:
        path: The file.
        most: The largest size in bytes.
        pipe: Read a pipe too, as in `<(command)` or /dev/stdin, and wait for its writer. Only for a path that the user
            has typed: a pipe may never end.

    Raises:
        OSError: there is no such file, it cannot be read, is not a regular file, or is larger than `most`. Its
            `errno` is None if lrviz refuses the file. `error_reason` gives the words for all of them.
    """
    return b"".join(read_chunks(path, most, pipe=pipe))


def read_chunks(path: str | Path, most: int, *, pipe: bool = False) -> Iterator[bytes]:
    """The content of a regular file in chunks; the arguments and errors are those of `read_bytes`."""
    try:
        _check_type(os.stat(path), pipe)  # before opening, which can have effects on a device
        with open(path, "rb", buffering=0, opener=_open_pipe if pipe else _open) as stream:
            status = os.fstat(stream.fileno())
            _check_type(status, pipe)  # the path may lead elsewhere by now
            if status.st_size > most:
                raise OSError(f"it has {status.st_size:,} bytes; the maximum is {most:,}")
            yield from _chunks(stream.read, most)
    except UnicodeEncodeError as error:
        raise OSError(f"a path cannot hold {printable(error.object[error.start])}") from error
    except ValueError as error:
        raise OSError("a path cannot hold a NUL character") from error


def read_text(path: str | Path, most: int, *, pipe: bool = False) -> str:
    """The content of a text file in UTF-8, without a byte order mark; line endings are not converted.

    The arguments and errors are those of `read_bytes`.

    Raises:
        OSError: also if it is not UTF-8, with the line in the message.
    """
    return _decoded(read_bytes(path, most, pipe=pipe))


def read_stdin(most: int) -> str:
    """The text of standard input, in UTF-8.

    Raises:
        OSError: it is closed, cannot be read, is not UTF-8, or is larger than `most` bytes.
    """
    if sys.stdin is None:
        raise OSError("it is closed")
    try:
        return _decoded(b"".join(_chunks(sys.stdin.buffer.read, most)))
    except ValueError as error:
        raise OSError("it is closed") from error


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise OSError(f"it is not text in UTF-8 at line {line:,}") from error


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | _FLAGS)


def _open_pipe(path: str, flags: int) -> int:
    return os.open(path, flags)


def _check_type(status: os.stat_result, pipe: bool) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, "")
    if not (stat.S_ISREG(status.st_mode) or (pipe and stat.S_ISFIFO(status.st_mode))):
        raise OSError("it is not a regular file")


def _chunks(read: Callable[[int], bytes | None], most: int) -> Iterator[bytes]:
    """The content in chunks; the size of a pipe, and of a file of the kernel, is only known from reading it."""
    remaining = most
    while chunk := read(min(_CHUNK, remaining + 1)):
        remaining -= len(chunk)
        if remaining < 0:
            raise OSError(f"it has more than {most:,} bytes, the maximum")
        yield chunk
