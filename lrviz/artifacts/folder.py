"""Write a set of files into a folder: all or none, and the manifest last.

Files are first written to a staging folder. Then, in this order: a journal of the files that lrviz wrote is written,
the old manifest is removed, every new file is renamed to its place, the new manifest is renamed to its place, and the
journal is removed. If the process is killed at any point, each file is complete, and a manifest, if it exists, matches
the files; the journal has the contents of a removed manifest.
"""

from __future__ import annotations

import contextlib
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
from lrviz.files import encode, make_folder, output_errors, write_all
from lrviz.text import printable

if sys.platform != "win32":
    import fcntl

MANIFEST: Final = "manifest.json"
JOURNAL: Final = ".lrviz-unfinished"
_STAGING: Final = ".lrviz-new-"
_CHUNK: Final = 1 << 20


@dataclass(frozen=True)
class FileDigest:
    """The SHA-256 of a file in hexadecimal, and its size in bytes."""

    sha256: str
    size: int


@dataclass
class Folder:
    """A folder that is open for writing; see `open_folder`.

    `manifest` is the manifest of the last render, None if there is none that can be read. `known` maps the name of
    each file that lrviz wrote to the SHA-256 digests that it may have.
    """

    path: Path
    shown: str
    manifest: dict[str, Any] | None
    known: dict[str, set[str]]
    staging: Path
    staged: dict[str, FileDigest] = field(default_factory=dict)

    def check_replaceable(self, names: Iterable[str]) -> None:
        """Refuse to replace a file that lrviz did not write.

        Raises:
            OutputError: a file or folder with one of the names exists, and no render made it.
        """
        for name in names:
            place = self.path / name
            with output_errors(self._shown_path(name)):
                mode = _mode_of(place)
            if mode is not None and (name not in self.known or not (stat.S_ISREG(mode) or stat.S_ISLNK(mode))):
                raise OutputError(
                    f"`{self._shown_path(name)}` already exists, and lrviz did not write it",
                    "move it away, or choose another folder",
                )

    def stage(self, name: str, data: bytes | Iterable[str]) -> FileDigest:
        """Write a file to the staging folder; `commit` moves it to its place.

        Raises:
            OutputError: the disk is full, or the folder may not be written to.
        """
        sha256, size = hashlib.sha256(), 0
        with output_errors(self._shown_path(name)), (self.staging / str(len(self.staged))).open("xb") as stream:
            for piece in (data,) if isinstance(data, bytes) else map(encode, data):
                sha256.update(piece)
                size += len(piece)
                write_all(stream, piece)
            stream.flush()
            os.fsync(stream.fileno())
        self.staged[name] = FileDigest(sha256.hexdigest(), size)
        return self.staged[name]

    def commit(self, manifest: bytes, remove: Iterable[str] = ()) -> None:
        """Move every staged file to its place, remove the files in `remove`, and write the manifest.

        Files that would not change are not written, and nothing is written if no file would change.

        Raises:
            OutputError: a file cannot be moved to its place.
        """
        place = self.path / MANIFEST
        with output_errors(self.shown):
            moves = {
                name: self.staging / str(i)
                for i, (name, digest) in enumerate(self.staged.items())
                if file_digest(self.path / name) != digest
            }
            removed = [name for name in remove if _mode_of(self.path / name) is not None]
            if not moves and not removed and place.is_file() and place.read_bytes() == manifest:
                return
        self.stage(MANIFEST, manifest)
        new_manifest = self.staging / str(len(self.staged) - 1)
        for name, digest in self.staged.items():
            self.known.setdefault(name, set()).add(digest.sha256)
        self.stage(
            JOURNAL, [json.dumps({name: sorted(digests) for name, digests in sorted(self.known.items())}) + "\n"]
        )
        with output_errors(self.shown):
            (self.staging / str(len(self.staged) - 1)).replace(self.path / JOURNAL)
            place.unlink(missing_ok=True)
            for name, new in moves.items():
                new.replace(self.path / name)
            for name in removed:
                (self.path / name).unlink()
            new_manifest.replace(place)
            (self.path / JOURNAL).unlink()

    def _shown_path(self, name: str) -> str:
        return f"{self.shown.rstrip('/')}/{name}"


@contextlib.contextmanager
def open_folder(path: Path) -> Iterator[Folder]:
    """Open a folder for writing, and create it if needed; without a `commit` nothing changes.

    Raises:
        OutputError: it is a file, it cannot be written to, or another render is writing to it.
    """
    shown = printable(str(path))
    created: list[Path] = []
    staging = path / f"{_STAGING}{os.urandom(6).hex()}"
    try:
        with output_errors(shown):
            make_folder(path, created)
        with _locked(path, shown):
            with output_errors(shown):
                for stale in path.glob(f"{_STAGING}*"):  # of killed renders, since this one holds the lock
                    shutil.rmtree(stale)
                manifest = read_manifest(path)
                known = _known_files(path, manifest)
                staging.mkdir()
            yield Folder(path, shown, manifest, known, staging)
    finally:
        with contextlib.suppress(ValueError):  # Python 3.13 raises it for a NUL in the path, which was refused above
            shutil.rmtree(staging, ignore_errors=True)
        for folder in reversed(created):
            with contextlib.suppress(OSError, ValueError):  # not empty after a commit, or a NUL in the path
                folder.rmdir()


def read_manifest(path: Path) -> dict[str, Any] | None:
    """The manifest in a folder, None if there is no manifest of lrviz.

    Raises:
        OSError: it cannot be read.
    """
    try:
        manifest = json.loads((path / MANIFEST).read_bytes())
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, ValueError, RecursionError):
        return None
    return manifest if _is_manifest(manifest) else None


def _is_manifest(data: Any) -> bool:
    if not (isinstance(data, dict) and data.get("made_by") == "lrviz render" and data.get("version") == 1):
        return False
    files, figures, leftover = (data.get(key) for key in ("files", "figures", "leftover"))
    return (
        isinstance(files, dict)
        and isinstance(leftover, dict)
        and all(_is_file_name(name) and isinstance(item, dict) for name, item in [*files.items(), *leftover.items()])
        and all(isinstance(item.get("figure", ""), str) for item in files.values())
        and all(isinstance(item.get("sha256"), str) for item in [*files.values(), *leftover.values()])
        and isinstance(figures, list)
        and all(isinstance(figure, dict) and isinstance(figure.get("name"), str) for figure in figures)
        and all(isinstance(figure.get("curves"), list) for figure in figures)
        and all(isinstance(figure.get("options"), dict) for figure in figures)
        and all(isinstance(figure.get("title", ""), str) for figure in figures)
        and all(isinstance(curve, dict) for figure in figures for curve in figure["curves"])
        and all(isinstance(curve.get("columns"), list) for figure in figures for curve in figure["curves"])
        and all(isinstance(name, str) for figure in figures for curve in figure["curves"] for name in curve["columns"])
        and isinstance(data.get("versions"), dict)
    )


def _is_file_name(name: Any) -> bool:
    """Whether a name is a file name without a folder."""
    return isinstance(name, str) and name not in ("", ".", "..") and not set(name) & set("/\\\0")


def _known_files(path: Path, manifest: dict[str, Any] | None) -> dict[str, set[str]]:
    """The digests of files that renders wrote here, by name, from the manifest and the journal."""
    known: dict[str, set[str]] = {}
    if manifest is not None:
        known[MANIFEST] = set()
        for name, item in [*manifest["files"].items(), *manifest["leftover"].items()]:
            known.setdefault(name, set()).add(item["sha256"])
    try:
        journal = json.loads((path / JOURNAL).read_bytes())
    except (FileNotFoundError, ValueError):
        return known
    if isinstance(journal, dict):
        for name, digests in journal.items():
            if _is_file_name(name) and isinstance(digests, list):
                known.setdefault(name, set()).update(map(str, digests))
    return known


def file_digest(path: Path) -> FileDigest | None:
    """The digest and the size of a file; None if it does not exist.

    Raises:
        OSError: it cannot be read.
    """
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as stream:
            while piece := stream.read(_CHUNK):
                digest.update(piece)
                size += len(piece)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None
    return FileDigest(digest.hexdigest(), size)


@contextlib.contextmanager
def _locked(folder: Path, shown: str) -> Iterator[None]:
    """Lock the folder against other renders; the system releases the lock when the process ends."""
    if sys.platform == "win32":  # no such locks: two renders into one folder at a time are not detected
        yield
        return
    with output_errors(shown):
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
