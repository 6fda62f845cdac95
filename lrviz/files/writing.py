"""Writing files atomically and writing to stdout, with errors of the operating system as messages.

A full disk is an error; a closed pipe is not.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import takewhile
from pathlib import Path
from typing import BinaryIO, Final

from lrviz.errors import OutputError
from lrviz.text import printable

if sys.platform != "win32":
    import fcntl

_REASONS: Final = {
    errno.EISDIR: "it is a folder",
    errno.ENOTDIR: "a file where a folder should be",
    errno.ELOOP: "symbolic links form a loop",
    errno.ENAMETOOLONG: "the name is too long",
    errno.EROFS: "the file system is read-only",
    errno.EBUSY: "it is in use",
    errno.ENXIO: "no process is reading from it",
}
_FREE_SPACE: Final = "free some space, or write to another disk"
_OTHER_FOLDER: Final = "choose a folder you may write to"
_HINTS: Final = {
    errno.ENOSPC: _FREE_SPACE,
    errno.EDQUOT: _FREE_SPACE,
    errno.EACCES: _OTHER_FOLDER,
    errno.EPERM: _OTHER_FOLDER,
    errno.EROFS: _OTHER_FOLDER,
    errno.EISDIR: "add a file name, such as `curve.png`",
}


def error_reason(error: OSError | ValueError) -> str:
    """The reason for an error, such as "no space left on device"; a ValueError is a NUL character in the path."""
    if isinstance(error, ValueError):
        return "a path cannot hold a NUL character"
    if error.errno is None:
        return str(error)
    reason = os.strerror(error.errno)
    return _REASONS.get(error.errno, reason[:1].lower() + reason[1:])


def _hint(error: OSError) -> str:
    """The hint for an error; empty if there is none."""
    return _HINTS.get(error.errno or 0, "")


@contextmanager
def output_errors(path: str) -> Iterator[None]:
    """Turn an OSError into an OutputError with the path and the reason.

    Raises:
        OutputError: the path cannot be written.
        BrokenPipeError: the reader of a pipe has closed it.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _write_error(path, error_reason(error), _hint(error)) from error
    except ValueError as error:
        if "null" not in str(error):  # as in "embedded null byte"
            raise
        raise _write_error(path, error_reason(error)) from error


def _write_error(path: str | Path, reason: str, hint: str = "") -> OutputError:
    return OutputError(f"cannot write `{printable(str(path))}`: {reason}", hint)


@contextmanager
def stdout_errors() -> Iterator[None]:
    """Run a block that prints to stdout, then flush, so that a full disk raises here, not when Python exits.

    Raises:
        OutputError: stdout is closed, or the disk is full.
        BrokenPipeError: the reader has closed the pipe. For a command this is not an error: call `discard_stdout`
            and exit with status 0.
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
        discard_stdout()
        raise OutputError(f"cannot write to stdout: {error_reason(error)}", _hint(error)) from error


def discard_stdout() -> None:
    """Redirect stdout to the null device, so that flushing its buffer does not fail again when Python exits."""
    with suppress(AttributeError, OSError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)


def write_stdout(data: bytes | str | Iterable[bytes | str]) -> None:
    """Write bytes, or text as UTF-8, at once or in chunks, to stdout, and flush it.

    Raises:
        OutputError: stdout is closed, or the disk is full.
        BrokenPipeError: the reader has closed the pipe.
    """
    with stdout_errors():
        for chunk in (data,) if isinstance(data, (bytes, str)) else data:
            write_all(sys.stdout.buffer, encode(chunk) if isinstance(chunk, str) else chunk)


def encode(text: str) -> bytes:
    """Encode as UTF-8; a lone surrogate, from an argument that was not UTF-8, becomes an escape valid in JSON."""
    return text.encode("utf-8", "backslashreplace")


def write_all(stream: BinaryIO, data: bytes) -> None:
    """Write all of `data`: an unbuffered stdout may write only a part at a time."""
    remaining = memoryview(data)
    while remaining:
        remaining = remaining[stream.write(remaining) :]


_TEMPORARY_NAME = re.compile(r"\.lrviz-[0-9a-f]{16}")
_PERMISSIONS: Final = 0o777  # without setuid and setgid, which a file with new content must not have
_DESCRIPTOR_DIGITS: Final = 9  # of the number of an open file
_DESCRIPTORS: Final = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}


def check_target(path: str | Path) -> None:
    """Check that a path can be written, before any slow work; creates and changes nothing.

    Raises:
        OutputError: the path is empty, is a folder, has a file as a parent, is too long, or is not writable.
    """
    if not isinstance(path, str | Path):
        raise OutputError(f"cannot write to {path!r}: it is not a path")
    text = str(path)
    if text == "-":
        return
    if not text:
        raise OutputError("cannot write to an empty path", "name a file, such as `curve.png`")
    if "\0" in text:
        raise _write_error(text, "a path cannot hold a NUL character")
    try:
        os.fsencode(text)
    except UnicodeEncodeError as error:
        raise _write_error(text, f"a path cannot hold {printable(error.object[error.start])}") from error
    with output_errors(text):
        if (descriptor := _descriptor(text)) is not None:
            os.fstat(descriptor)  # fails if it is not open
            return
        mode = _mode_of(Path(text))
        if text.endswith(os.sep) or Path(text).name in ("", "..") or (mode is not None and stat.S_ISDIR(mode)):
            raise IsADirectoryError(errno.EISDIR, "")
        if mode is not None and not os.access(text, os.W_OK):
            raise _write_error(
                text, "it is write-protected", "make it writable with `chmod u+w`, or choose another name"
            )
        if mode is None or stat.S_ISREG(mode):
            _check_folder(text)


def _check_folder(text: str) -> None:
    """Check that a file can be created in its folder, which may not exist yet."""
    target = Path(text).resolve()
    folder = next(parent for parent in target.parents if _mode_of(parent) is not None)
    if not folder.is_dir():
        raise _write_error(text, f"`{_relative_path(folder)}` is {_REASONS[errno.ENOTDIR]}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _write_error(text, f"no permission to write in `{_relative_path(folder)}`", _OTHER_FOLDER)
    if hasattr(os, "pathconf"):
        longest = max(len(os.fsencode(name)) for name in target.parts)
        length = len(os.fsencode(target))
        if longest > os.pathconf(folder, "PC_NAME_MAX") or length >= os.pathconf(folder, "PC_PATH_MAX"):
            raise OSError(errno.ENAMETOOLONG, "")


def _mode_of(path: Path) -> int | None:
    """The type and mode of a file, following symbolic links; None if it does not exist, or a parent is a file."""
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None


def _relative_path(folder: Path) -> str:
    """A folder relative to the current folder if it is inside it, else the full path."""
    current = Path.cwd()
    return printable(str(folder.relative_to(current) if folder.is_relative_to(current) else folder))


@contextmanager
def writing(path: str | Path) -> Iterator[BinaryIO]:
    """Open a binary file that replaces `path` when the block ends without an exception; `-` is stdout.

    Until then the bytes are in a temporary file in the same folder. If the block raises an exception, also for Ctrl-C,
    the existing file is unchanged, and the temporary file and new folders are removed. A symbolic link is kept; a
    device, a pipe or an open descriptor is written to directly.

    Raises:
        OutputError: the path cannot be written, or the disk is full.
        BrokenPipeError: the reader of a pipe has closed it.
    """
    text = str(path)
    if text == "-":
        with stdout_errors():
            yield sys.stdout.buffer
        return
    check_target(path)
    with output_errors(text):
        descriptor = _descriptor(text)
        mode = _mode_of(Path(text))
        if descriptor is not None:
            if sys.stdout is not None:
                sys.stdout.flush()
            with os.fdopen(os.dup(descriptor), "wb") as stream:
                yield stream
        elif mode is not None and not stat.S_ISREG(mode):
            with Path(text).open("wb") as stream:
                yield stream
        else:
            with _replacing(Path(text).resolve()) as stream:
                yield stream


def _descriptor(path: str) -> int | None:
    """The open file descriptor of a path such as /dev/stdout, which may be a regular file that must not be replaced."""
    folder, _, name = path.rpartition("/")
    if folder in ("/dev/fd", "/proc/self/fd") and name.isdecimal():
        if len(name) > _DESCRIPTOR_DIGITS:
            raise OSError(errno.EBADF, "")
        return int(name)
    return _DESCRIPTORS.get(path)


@contextmanager
def _replacing(target: Path) -> Iterator[BinaryIO]:
    temporary = target.with_name(f".lrviz-{os.urandom(8).hex()}")
    created: list[Path] = []
    try:
        make_folder(target.parent, created)
        remove_stale(target.parent)
        with _create_locked(temporary) as stream:
            yield stream
            _keep_owner_and_mode(target, temporary)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        for folder in reversed(created):
            with suppress(OSError):
                folder.rmdir()
        raise


def _create_locked(temporary: Path) -> BinaryIO:
    """Create a temporary file, and lock it until it is closed: `remove_stale` removes those without a lock."""
    while True:
        stream = temporary.open("xb")
        if sys.platform != "win32":
            with suppress(OSError):  # a file system without locks
                fcntl.flock(stream, fcntl.LOCK_EX)
        if temporary.exists():
            return stream
        stream.close()  # another process removed it before it was locked


def is_temporary(path: Path) -> bool:
    """Whether it is a file, not a link, with the name of a temporary file of lrviz."""
    return _TEMPORARY_NAME.fullmatch(path.name) is not None and stat.S_ISREG(path.lstat().st_mode)


def remove_stale(folder: Path) -> None:
    """Remove the temporary files in a folder that killed processes left; those of running processes are locked."""
    if sys.platform == "win32":  # no such locks
        return
    for name in os.listdir(folder):
        with suppress(OSError):  # locked, gone, or of another user
            if is_temporary(folder / name):
                with open(folder / name, "r+b", opener=_open_no_link) as stream:
                    fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    os.unlink(folder / name)


def _open_no_link(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0))


def make_folder(folder: Path, created: list[Path]) -> None:
    """Create `folder` and its parents, and append the new ones to `created`, outermost first."""
    missing = list(takewhile(lambda parent: not parent.is_dir(), (folder, *folder.parents)))
    for new in reversed(missing):
        created.append(new)  # before `mkdir`, since Ctrl-C may interrupt between the two
        try:
            new.mkdir()
        except FileExistsError:
            created.pop()
            if not new.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, "") from None


def _keep_owner_and_mode(target: Path, temporary: Path) -> None:
    try:
        old = target.stat()
    except FileNotFoundError:
        return
    if hasattr(os, "chown"):
        with suppress(PermissionError):
            os.chown(temporary, old.st_uid, old.st_gid)
    temporary.chmod(old.st_mode & _PERMISSIONS)


def write_bytes(path: str | Path, data: bytes | Iterable[bytes]) -> None:
    """Write `data`, at once or in chunks, to `path`, or to stdout for `-`; see `writing`.

    Raises:
        OutputError: the path cannot be written, or the disk is full.
    """
    with writing(path) as stream:
        for chunk in (data,) if isinstance(data, bytes) else data:
            write_all(stream, chunk)


def write_text(path: str | Path, text: str | Iterable[str]) -> None:
    """Write `text`, at once or in chunks, as UTF-8; line endings are not converted.

    Raises:
        OutputError: the path cannot be written, or the disk is full.
    """
    write_bytes(path, (encode(chunk) for chunk in ((text,) if isinstance(text, str) else text)))
