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
import re
import shutil
import stat
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from lrviz.artifacts.manifest import MANIFEST, MAX_MANIFEST, read_manifest
from lrviz.artifacts.ownership import JOURNAL, FileDigest, known_digests, own_digest
from lrviz.errors import OutputError
from lrviz.files import encode, make_folder, output_errors, remove_stale, write_all
from lrviz.text import printable

if sys.platform != "win32":
    import fcntl

_STAGING: Final = ".lrviz-new-"
_STAGING_NAME = re.compile(rf"{re.escape(_STAGING)}[0-9a-f]{{12}}")
_MAX_NAMED: Final = 5  # files that an error names


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

    def check_replaceable(self, names: Iterable[str]) -> dict[str, FileDigest | None]:
        """Refuse to replace a file that lrviz did not write, or that was changed since.

        Returns:
            The digest of each file, None if it does not exist.

        Raises:
            OutputError: there are files, folders or links with some of these names that are not files of lrviz.
        """
        digests = {name: self.own_digest(name) for name in names}
        modes = {name: self._mode_of(name) for name, digest in digests.items() if digest is None}
        foreign = [name for name, mode in modes.items() if mode is not None]
        changed = [name for name in foreign if name in self.known and stat.S_ISREG(modes[name] or 0)]
        if changed:
            shown = ", ".join(f"`{self._shown_path(name)}`" for name in changed[:_MAX_NAMED])
            shown += f" and {len(changed) - _MAX_NAMED} more" if len(changed) > _MAX_NAMED else ""
            one = len(changed) == 1
            raise OutputError(
                f"{shown} {'was' if one else 'were'} changed after lrviz wrote {'it' if one else 'them'}",
                f"move {'it' if one else 'them'} away, and render again",
            )
        if foreign:
            raise OutputError(
                f"`{self._shown_path(foreign[0])}` already exists, and lrviz did not write it",
                "move it away, or choose another folder",
            )
        return digests

    def own_digest(self, name: str) -> FileDigest | None:
        """The digest of a file that lrviz wrote; None if there is no such file.

        Raises:
            OutputError: it cannot be read.
        """
        with output_errors(self._shown_path(name)):
            return own_digest(self.path / name, self.known)

    def _mode_of(self, name: str) -> int | None:
        with output_errors(self._shown_path(name)):
            try:
                return (self.path / name).lstat().st_mode
            except (FileNotFoundError, NotADirectoryError):
                return None

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
        self.staged[name] = FileDigest(sha256.hexdigest(), size)
        return self.staged[name]

    def commit(self, manifest: bytes, remove: Iterable[str] = ()) -> None:
        """Move every staged file to its place, remove the files in `remove`, and write the manifest.

        Files that would not change are not written, and nothing is written if no file would change.

        Raises:
            OutputError: a file cannot be moved to its place, or is not lrviz's.
        """
        if len(manifest) > MAX_MANIFEST:
            raise OutputError(
                f"the manifest would have {len(manifest):,} bytes; the maximum is {MAX_MANIFEST:,}",
                "split the preset into several",
            )
        place, journal = self.path / MANIFEST, self.path / JOURNAL
        # Again, since the simulation may have taken long.
        there = self.check_replaceable([*self.staged, *remove, MANIFEST, JOURNAL])
        moves = {
            name: self.staging / str(i) for i, (name, digest) in enumerate(self.staged.items()) if there[name] != digest
        }
        removed = [name for name in remove if there[name] is not None]
        with output_errors(self.shown):
            if not moves and not removed and self.manifest is not None and place.read_bytes() == manifest:
                journal.unlink(missing_ok=True)  # of a render that was stopped after everything else
                return
        self.stage(MANIFEST, manifest)
        new_manifest = self.staging / str(len(self.staged) - 1)
        for name, digest in self.staged.items():
            self.known.setdefault(name, set()).add(digest.sha256)
        self.stage(
            JOURNAL, [json.dumps({name: sorted(digests) for name, digests in sorted(self.known.items())}) + "\n"]
        )
        new_journal = self.staging / str(len(self.staged) - 1)
        with output_errors(self.shown):
            for new in (*moves.values(), new_manifest, new_journal):
                _sync(new)  # all at once, when most are on the disk already
            new_journal.replace(journal)
            place.unlink(missing_ok=True)
            for name, new in moves.items():
                new.replace(self.path / name)
            for name in removed:
                (self.path / name).unlink()
            new_manifest.replace(place)
            journal.unlink()

    def _shown_path(self, name: str) -> str:
        return f"{self.shown.rstrip('/')}/{name}"


def _sync(path: Path) -> None:
    """Wait until a file is on the disk."""
    descriptor = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
                for stale in path.iterdir():  # of killed renders, since this one holds the lock
                    if is_staging(stale):
                        _remove_staging(stale)
                remove_stale(path)
                folder = Folder(path, shown, read_manifest(path), known_digests(path), staging)
                staging.mkdir()
            yield folder
    finally:
        with contextlib.suppress(ValueError):  # Python 3.13 raises it for a NUL in the path, which was refused above
            shutil.rmtree(staging, ignore_errors=True)
        for made in reversed(created):
            with contextlib.suppress(OSError, ValueError):  # not empty after a commit, or a NUL in the path
                made.rmdir()


def is_staging(path: Path) -> bool:
    """Whether it is a folder, not a link, with the name of those for the new files of a render."""
    return _STAGING_NAME.fullmatch(path.name) is not None and stat.S_ISDIR(path.lstat().st_mode)


def _remove_staging(folder: Path) -> None:
    """Remove the folder with the new files of a killed render, and nothing that a render does not write there."""
    with contextlib.suppress(OSError):
        for file in folder.iterdir():
            if file.name.isdecimal() and stat.S_ISREG(file.lstat().st_mode):
                file.unlink()
        folder.rmdir()


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
