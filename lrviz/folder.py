"""A folder of files that belong together: new ones are put in place all at once, and the manifest comes last.

Files are written under names of no meaning in a folder of their own first. Then, in this order: a journal of what is
lrviz's own is put down, the old manifest is taken away, every new file is renamed into its place, the new manifest
follows, and the journal goes. Whenever a process is killed, each file is whole, and a manifest that is there matches
what is there; one that was taken away has left its knowledge in the journal.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import stat
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from lrviz.errors import OutputError
from lrviz.printable import printable
from lrviz.reasons import hint, reason
from lrviz.stdout import encode, write_whole

if sys.platform != "win32":
    import fcntl

MANIFEST: Final = "manifest.json"
JOURNAL: Final = ".lrviz-unfinished"
_STAGING: Final = ".lrviz-new-"
_PIECE: Final = 1 << 20


@dataclass(frozen=True)
class Written:
    """A file's content: the SHA-256 of it in hexadecimal, and its size in bytes."""

    sha256: str
    size: int


@dataclass
class Folder:
    """A folder being written to; see `opened`.

    `manifest` is what the last render left, None where there is none that can be read. `own` maps the names of
    lrviz's own files to the contents that they may have.
    """

    path: Path
    shown: str
    manifest: dict[str, Any] | None
    own: dict[str, set[str]]
    staging: Path
    staged: dict[str, Written] = field(default_factory=dict)

    def claim(self, names: Iterable[str]) -> None:
        """Refuse to replace what lrviz did not write.

        Raises:
            OutputError: a file or folder of that name is there, and no render made it.
        """
        for name in names:
            place = self.path / name
            with _blaming(self._shown(name)):
                mode = _mode_of(place)
            if mode is not None and (name not in self.own or not (stat.S_ISREG(mode) or stat.S_ISLNK(mode))):
                raise OutputError(
                    f"`{self._shown(name)}` is there already, and lrviz did not write it",
                    "move it away, or choose another folder",
                )

    def stage(self, name: str, data: bytes | Iterable[str]) -> Written:
        """Write a file beside its place; it is put there by `commit`.

        Raises:
            OutputError: the disk is full, or the folder may not be written to.
        """
        digest, size = hashlib.sha256(), 0
        with _blaming(self._shown(name)), (self.staging / str(len(self.staged))).open("xb") as stream:
            for piece in (data,) if isinstance(data, bytes) else map(encode, data):
                digest.update(piece)
                size += len(piece)
                write_whole(stream, piece)
            stream.flush()
            os.fsync(stream.fileno())
        self.staged[name] = Written(digest.hexdigest(), size)
        return self.staged[name]

    def commit(self, manifest: bytes, remove: Iterable[str] = ()) -> None:
        """Put every staged file in its place, take the files of `remove` away, and let the manifest follow.

        Files that are there as they should be are left alone, and so is the folder where all of them are.

        Raises:
            OutputError: a file cannot be put in its place.
        """
        place = self.path / MANIFEST
        with _blaming(self.shown):
            moves = {
                name: self.staging / str(at)
                for at, (name, written) in enumerate(self.staged.items())
                if content(self.path / name) != written
            }
            gone = [name for name in remove if _mode_of(self.path / name) is not None]
            if not moves and not gone and place.is_file() and place.read_bytes() == manifest:
                return
        self.stage(MANIFEST, manifest)
        last = self.staging / str(len(self.staged) - 1)
        for name, written in self.staged.items():
            self.own.setdefault(name, set()).add(written.sha256)
        self.stage(JOURNAL, [json.dumps({name: sorted(known) for name, known in sorted(self.own.items())}) + "\n"])
        with _blaming(self.shown):
            (self.staging / str(len(self.staged) - 1)).replace(self.path / JOURNAL)
            place.unlink(missing_ok=True)
            for name, new in moves.items():
                new.replace(self.path / name)
            for name in gone:
                (self.path / name).unlink()
            last.replace(place)
            (self.path / JOURNAL).unlink()

    def _shown(self, name: str) -> str:
        return f"{self.shown.rstrip('/')}/{name}"


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Folder]:
    """A folder to write files to, made where there is none; without a `commit` it stays as it was.

    Raises:
        OutputError: it is a file, it may not be written to, or another render is writing to it.
    """
    shown = printable(str(path))
    made: list[Path] = []
    staging = path / f"{_STAGING}{os.urandom(6).hex()}"
    try:
        with _blaming(shown):
            _make(path, made)
        with _locked(path, shown):
            with _blaming(shown):
                for left in path.glob(f"{_STAGING}*"):  # of renders that were killed: this one holds the lock
                    shutil.rmtree(left)
                manifest = read_manifest(path)
                own = _own(path, manifest)
                staging.mkdir()
            yield Folder(path, shown, manifest, own, staging)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        for folder in reversed(made):
            with contextlib.suppress(OSError):  # it has files now, as it should
                folder.rmdir()


def read_manifest(path: Path) -> dict[str, Any] | None:
    """The manifest in a folder, None where there is none that lrviz could have written.

    Raises:
        OSError: it cannot be read.
    """
    try:
        found = json.loads((path / MANIFEST).read_bytes())
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, ValueError, RecursionError):
        return None
    return found if _is_manifest(found) else None


def _is_manifest(found: Any) -> bool:
    if not (isinstance(found, dict) and found.get("made_by") == "lrviz render" and found.get("version") == 1):
        return False
    files, figures, leftover = (found.get(key) for key in ("files", "figures", "leftover"))
    return (
        isinstance(files, dict)
        and isinstance(leftover, dict)
        and all(_is_plain(name) and isinstance(item, dict) for name, item in [*files.items(), *leftover.items()])
        and all(isinstance(item.get("figure", ""), str) for item in files.values())
        and all(isinstance(item.get("sha256"), str) for item in [*files.values(), *leftover.values()])
        and isinstance(figures, list)
        and all(isinstance(figure, dict) and isinstance(figure.get("name"), str) for figure in figures)
        and all(isinstance(figure.get("curves"), list) for figure in figures)
        and all(isinstance(figure.get("options"), dict) for figure in figures)
        and all(isinstance(figure.get("title", ""), str) for figure in figures)
        and all(isinstance(curve, dict) for figure in figures for curve in figure["curves"])
        and all(_are_texts(curve.get("columns")) for figure in figures for curve in figure["curves"])
        and isinstance(found.get("versions"), dict)
    )


def _are_texts(found: Any) -> bool:
    return isinstance(found, list) and all(isinstance(text, str) for text in found)


def _is_plain(name: Any) -> bool:
    """Whether a name stays in its folder."""
    return isinstance(name, str) and name not in ("", ".", "..") and not set(name) & set("/\\\0")


def _own(path: Path, manifest: dict[str, Any] | None) -> dict[str, set[str]]:
    """The files that renders have made here, as manifest and journal know them."""
    own: dict[str, set[str]] = {}
    if manifest is not None:
        own[MANIFEST] = set()
        for name, item in [*manifest["files"].items(), *manifest["leftover"].items()]:
            own.setdefault(name, set()).add(item["sha256"])
    try:
        journal = json.loads((path / JOURNAL).read_bytes())
    except (FileNotFoundError, ValueError):
        return own
    if isinstance(journal, dict):
        for name, known in journal.items():
            if _is_plain(name) and isinstance(known, list):
                own.setdefault(name, set()).update(map(str, known))
    return own


def content(path: Path) -> Written | None:
    """The content of a file; None where there is no such file.

    Raises:
        OSError: it cannot be read.
    """
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as stream:
            while piece := stream.read(_PIECE):
                digest.update(piece)
                size += len(piece)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None
    return Written(digest.hexdigest(), size)


def _make(folder: Path, made: list[Path]) -> None:
    """Make a folder and those it lies in; `made` gets what was not there before, outermost first."""
    if folder.is_dir():
        return
    if _mode_of(folder) is not None:
        raise NotADirectoryError(errno.ENOTDIR, "")
    _make(folder.parent, made)
    folder.mkdir()
    made.append(folder)


@contextlib.contextmanager
def _locked(folder: Path, shown: str) -> Iterator[None]:
    """Keep other renders out; the system lets go of the lock when the process ends, however it ends."""
    if sys.platform == "win32":  # has no such locks: two renders into one folder are left to chance
        yield
        return
    with _blaming(shown):
        descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OutputError(
                f"another render is writing to `{shown}`", "wait for it, or choose another folder"
            ) from error
        except OSError:
            pass  # a file system without locks
        yield
    finally:
        os.close(descriptor)


def _mode_of(path: Path) -> int | None:
    try:
        return path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None


@contextlib.contextmanager
def _blaming(shown: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"cannot write `{shown}`: {reason(error)}", hint(error)) from error
    except ValueError as error:  # a NUL in the path
        raise OutputError(f"cannot write `{shown}`: a path cannot hold a NUL character") from error
