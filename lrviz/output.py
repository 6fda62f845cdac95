"""Where lrviz writes: a suffix says the format, a file is written whole or not at all, `-` is stdout."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, Literal

from lrviz.errors import OutputError
from lrviz.printable import printable
from lrviz.reasons import hint, reason
from lrviz.stdout import abandon_stdout, encode, guarding_stdout, write_stdout, write_whole

__all__ = [
    "FORMATS",
    "Format",
    "abandon_stdout",
    "check_target",
    "guarding_stdout",
    "kind_of",
    "write_bytes",
    "write_stdout",
    "write_text",
    "writing",
]

Format = Literal["png", "svg", "pdf", "csv", "tsv", "json", "md"]

FORMATS: Final[dict[Format, Literal["figure", "data"]]] = {
    "png": "figure",
    "svg": "figure",
    "pdf": "figure",
    "csv": "data",
    "tsv": "data",
    "json": "data",
    "md": "data",
}

_DESCRIPTORS: Final = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}


def kind_of(path: str | Path) -> Format:
    """The format that the suffix of `path` asks for, in either case of letters; FORMATS says figure or data.

    Raises:
        OutputError: no suffix, or one that has no writer.
    """
    suffix = Path(path).suffix
    for name in FORMATS:
        if suffix.lower() == f".{name}":
            return name
    *most, last = (f".{name}" for name in FORMATS)
    use = f"use {', '.join(most)} or {last}"
    if len(suffix) < 2:
        raise _refusal(path, "no suffix says which format", use)
    raise _refusal(path, f"no writer for `{printable(suffix)}`", use)


def check_target(path: str | Path) -> None:
    """Refuse a target that cannot be written, before any slow work; makes and changes nothing.

    Raises:
        OutputError: the path is empty, names a folder, runs through a file, is too long, or may not be written.
    """
    if not isinstance(path, str | Path):
        raise OutputError(f"cannot write to {path!r}: it is no path")
    text = str(path)
    if text == "-":
        return
    if not text:
        raise OutputError("cannot write to an empty path", "name a file, such as `curve.png`")
    if "\0" in text:
        raise _refusal(text, "a path cannot hold a NUL character")
    try:
        os.fsencode(text)
    except UnicodeEncodeError as error:
        raise _refusal(text, f"a path cannot hold {printable(error.object[error.start])}") from error
    with _blaming(text):
        found = _mode_of(Path(text))
        if text.endswith(os.sep) or Path(text).name in ("", "..") or (found is not None and stat.S_ISDIR(found)):
            raise IsADirectoryError(errno.EISDIR, "")
        if found is not None and not os.access(text, os.W_OK):
            raise _refusal(text, "it is write-protected", "`chmod u+w` it, or choose another name")
        if found is None or stat.S_ISREG(found):
            _check_folder(text)


def _check_folder(text: str) -> None:
    """Refuse a file that cannot be made in the folders that are there and those still to be made."""
    target = Path(text).resolve()
    folder = next(parent for parent in target.parents if _mode_of(parent) is not None)
    if not folder.is_dir():
        raise _refusal(text, f"`{_from_here(folder)}` is {reason(NotADirectoryError(errno.ENOTDIR, ''))}")
    if not os.access(folder, os.W_OK | os.X_OK):
        denied = PermissionError(errno.EACCES, "")
        raise _refusal(text, f"no permission to write in `{_from_here(folder)}`", hint(denied))
    if hasattr(os, "pathconf"):
        longest = max(len(os.fsencode(name)) for name in target.parts)
        whole = len(os.fsencode(target))
        if longest > os.pathconf(folder, "PC_NAME_MAX") or whole >= os.pathconf(folder, "PC_PATH_MAX"):
            raise OSError(errno.ENAMETOOLONG, "")


def _mode_of(path: Path) -> int | None:
    """The type and mode of what `path` leads to; None where there is nothing, or a file stands in the way."""
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None


def _from_here(folder: Path) -> str:
    """A folder from the working folder where it lies inside, else whole."""
    here = Path.cwd()
    return printable(str(folder.relative_to(here) if folder.is_relative_to(here) else folder))


@contextmanager
def writing(path: str | Path) -> Iterator[BinaryIO]:
    """A file open for bytes, which takes the place of `path` when the block ends well; `-` is stdout.

    Until then the bytes go to a temporary file beside it. An exception in the block, Ctrl-C included, leaves
    what was there, no temporary file, and none of the folders made for it. A symbolic link stays one; a device,
    a pipe or an open descriptor is written to as it stands.

    Raises:
        OutputError: the path cannot be written, or the disk is full.
        BrokenPipeError: the reader of a pipe has gone.
    """
    text = str(path)
    if text == "-":
        with guarding_stdout():
            yield sys.stdout.buffer
        return
    check_target(path)
    with _blaming(text):
        descriptor = _descriptor(text)
        found = _mode_of(Path(text))
        if descriptor is not None:
            if sys.stdout is not None:
                sys.stdout.flush()
            with os.fdopen(os.dup(descriptor), "wb") as stream:
                yield stream
        elif found is not None and not stat.S_ISREG(found):
            with Path(text).open("wb") as stream:
                yield stream
        else:
            with _replacing(Path(text).resolve()) as stream:
                yield stream


def _descriptor(path: str) -> int | None:
    """The open descriptor that `path` stands for: /dev/stdout may be a regular file, and must not be replaced."""
    folder, _, name = path.rpartition("/")
    if folder in ("/dev/fd", "/proc/self/fd") and name.isdecimal():
        return int(name)
    return _DESCRIPTORS.get(path)


@contextmanager
def _replacing(target: Path) -> Iterator[BinaryIO]:
    temporary = target.with_name(f".lrviz-{os.urandom(8).hex()}")
    made: list[Path] = []
    try:
        _make_folder(target.parent, made)
        with temporary.open("xb") as stream:
            yield stream
            _keep_owner_and_mode(target, temporary)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        for folder in reversed(made):
            with suppress(OSError):
                folder.rmdir()
        raise


def _make_folder(folder: Path, made: list[Path]) -> None:
    """Make `folder` and what it lies in, and note in `made`, outermost first, what was not there before."""
    if folder.is_dir():
        return
    _make_folder(folder.parent, made)
    made.append(folder)  # before it is made: Ctrl-C may come in between
    try:
        folder.mkdir()
    except FileExistsError:
        made.pop()
        if not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "") from None


def _keep_owner_and_mode(target: Path, temporary: Path) -> None:
    try:
        old = target.stat()
    except FileNotFoundError:
        return
    if hasattr(os, "chown"):
        with suppress(PermissionError):
            os.chown(temporary, old.st_uid, old.st_gid)
    temporary.chmod(stat.S_IMODE(old.st_mode))


def write_bytes(path: str | Path, data: bytes | Iterable[bytes]) -> None:
    """Write `data`, whole or in pieces, to `path`, or to stdout for `-`, as `writing` does.

    Raises:
        OutputError: the path cannot be written, or the disk is full.
    """
    with writing(path) as stream:
        for chunk in (data,) if isinstance(data, bytes) else data:
            write_whole(stream, chunk)


def write_text(path: str | Path, text: str | Iterable[str]) -> None:
    """Write `text`, whole or in pieces, as UTF-8 with the line ends it has.

    Raises:
        OutputError: the path cannot be written, or the disk is full.
    """
    write_bytes(path, (encode(chunk) for chunk in ((text,) if isinstance(text, str) else text)))


@contextmanager
def _blaming(path: str) -> Iterator[None]:
    """Turn an OSError into an OutputError that names the path and the system's reason."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _refusal(path, reason(error), hint(error)) from error


def _refusal(path: str | Path, why: str, use: str = "") -> OutputError:
    return OutputError(f"cannot write `{printable(str(path))}`: {why}", use)
