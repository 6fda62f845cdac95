"""Which files in a folder lrviz wrote.

A folder may come from anyone, with its manifest and its journal. So a file is lrviz's only if all of this is true:

- it is a regular file, not a link;
- its name is one that a render gives: that of the page or of the summary, or a figure's with the suffix of a format;
- the manifest or the journal lists its SHA-256 under that name;
- its content has the form that a render writes under such a name.

The manifest itself and the journal need only the form. What a forged manifest can have replaced or removed is therefore
limited to files in the folder that look as if lrviz had written them: an SVG, a PDF, a page or a summary that says so,
an image without metadata and with the compression of lrviz, or a table of numbers that counts the steps from 0.
"""

from __future__ import annotations

import csv
import errno
import hashlib
import io
import re
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from lrviz.artifacts.manifest import MANIFEST, PAGE, SUMMARY, is_rendered_name, read_json, read_manifest
from lrviz.files import read_chunks

JOURNAL: Final = ".lrviz-unfinished"
Digests = Mapping[str, set[str]]  # the SHA-256 that a file of lrviz may have, in hexadecimal, by name

_MAX_FILE: Final = 4_000_000_000  # bytes; the table of the longest run takes about as many
_ROWS: Final = 1_000  # of a table that are checked for its form
_NO_FILE: Final = (errno.ENOENT, errno.ENOTDIR)
_OTHER_KIND: Final = (None, errno.EISDIR, errno.ELOOP)  # None: `read_chunks` refuses the kind or the size


@dataclass(frozen=True)
class FileDigest:
    """The SHA-256 of a file in hexadecimal, and its size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True)
class _File:
    """A file's digest, and its first and its last bytes."""

    digest: FileDigest
    head: bytes
    tail: bytes


def file_digest(path: Path) -> FileDigest | None:
    """The digest of a file; None if it does not exist, and equal to no digest of a file if it is not a regular one.

    Raises:
        OSError: it cannot be read.
    """
    file = _read(path)
    return None if file is None else file.digest


def own_digest(path: Path, known: Digests) -> FileDigest | None:
    """The digest of a file; None if lrviz did not write it, as the beginning of this module describes.

    Args:
        path: The file.
        known: The digests in the manifest and the journal.

    Raises:
        OSError: it cannot be read.
    """
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return None
    except (FileNotFoundError, NotADirectoryError):
        return None
    file = _read(path)
    if file is None:
        return None
    if path.name == MANIFEST:
        own = read_manifest(path.parent) is not None
    elif path.name == JOURNAL:
        own = read_journal(path.parent) is not None
    else:
        own = file.digest.sha256 in known.get(path.name, ()) and _has_form(path.name, file)
    return file.digest if own else None


def known_digests(folder: Path) -> dict[str, set[str]]:
    """The digests in the manifest and the journal of a folder.

    Raises:
        OSError: one of them cannot be read.
    """
    known = {name: set(digests) for name, digests in (read_journal(folder) or {}).items()}
    if (manifest := read_manifest(folder)) is not None:
        for name, item in [*manifest["files"].items(), *manifest["leftover"].items()]:
            known.setdefault(name, set()).add(item["sha256"])
    return known


def read_journal(folder: Path) -> dict[str, list[str]] | None:
    """The journal of a render that was not finished; None if there is no journal of lrviz.

    Raises:
        OSError: it cannot be read.
    """
    journal = read_json(folder / JOURNAL)
    if not isinstance(journal, dict):
        return None
    own = all(
        (name == MANIFEST or is_rendered_name(name))
        and isinstance(digests, list)
        and all(isinstance(digest, str) for digest in digests)
        for name, digests in journal.items()
    )
    return journal if own else None


def _read(path: Path) -> _File | None:
    digest, size = hashlib.sha256(), 0
    head = before = last = b""
    try:
        for chunk in read_chunks(path, _MAX_FILE):
            head = head or chunk
            before, last = last, chunk
            digest.update(chunk)
            size += len(chunk)
    except OSError as error:
        if error.errno in _NO_FILE:
            return None
        if error.errno in _OTHER_KIND:
            return _File(FileDigest("", 0), b"", b"")
        raise
    return _File(FileDigest(digest.hexdigest(), size), head, before + last)


def _has_form(name: str, file: _File) -> bool:
    return _FORMS[name if name in _FORMS else name.rpartition(".")[2]](file)


def _is_page(file: _File) -> bool:
    return (
        file.head.startswith(b'<!doctype html>\n<html lang="en">\n')
        and b"\n<footer>made with " in file.tail
        and file.tail.endswith(b"\n</body>\n</html>\n")
    )


def _is_summary(file: _File) -> bool:
    return file.head.startswith(b"# ") and re.search(rb"\nmade with [^\n]*\n\Z", file.tail) is not None


def _is_svg(file: _File) -> bool:
    return re.search(rb"<dc:creator>\s*<cc:Agent>\s*<dc:title>lrviz</dc:title>", file.head) is not None


def _is_pdf(file: _File) -> bool:
    return file.head.startswith(b"%PDF-") and b"\n<< /Creator (lrviz) /Producer (Matplotlib " in file.tail


def _is_png(file: _File) -> bool:
    """Whether it is a PNG with 8 bits for each of four channels, of the fastest compression, and without metadata."""
    return re.match(
        rb"\x89PNG\r\n\x1a\n\0\0\0\rIHDR.{8}\x08\x06\0\0\0.{4}\0\0\0\x09pHYs.{13}.{4}IDAT\x78\x01",
        file.head,
        re.DOTALL,
    ) is not None and file.tail.endswith(b"\0\0\0\0IEND\xaeB`\x82")


def _is_jpeg(file: _File) -> bool:
    """Whether it is a JPEG of quality 95 with the colours of every pixel, and without metadata."""
    return re.match(
        rb"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x01.{4}\x00\x00"  # the resolution in dots per inch, no thumbnail
        rb"\xff\xdb\x00\x43\x00\x02\x01\x01.{61}\xff\xdb\x00\x43\x01\x02\x02\x02.{61}"
        rb"\xff\xc0\x00\x11\x08.{4}\x03\x01\x11\x00\x02\x11\x01\x03\x11\x01",
        file.head,
        re.DOTALL,
    ) is not None and file.tail.endswith(b"\xff\xd9")


def _is_webp(file: _File) -> bool:
    """Whether it is a lossless WebP without metadata."""
    size, chunk = (int.from_bytes(file.head[at : at + 4], "little") for at in (4, 16))
    return (
        file.head.startswith(b"RIFF")
        and file.head[8:16] == b"WEBPVP8L"
        and size == file.digest.size - 8
        and size - chunk in (12, 13)  # one chunk, of an even size
    )


def _is_table(file: _File) -> bool:
    """Whether it is a table of `step`, `epoch` and numbers, with a row for each step, and floats as Python prints them.

    Only its beginning is checked.
    """
    text = file.head[: file.head.rfind(b"\n") + 1]
    try:
        reader = csv.reader(io.StringIO(text.decode("utf-8"), newline=""), strict=True)
        header, *rows = islice(reader, _ROWS)
        whole = [name == "epoch" or name.startswith("epoch[") for name in header]
        return (
            header[0] == "step"
            and whole[1]
            and bool(rows)
            and all(
                row[0] == str(step)
                and all(
                    not cell or cell == (str(int(cell)) if is_whole else repr(float(cell)))
                    for cell, is_whole in zip(row[1:], whole[1:], strict=True)
                )
                for step, row in enumerate(rows)
            )
        )
    except (ValueError, IndexError, csv.Error):
        return False


_FORMS: Final[Mapping[str, Callable[[_File], bool]]] = {
    PAGE: _is_page,
    SUMMARY: _is_summary,
    "svg": _is_svg,
    "pdf": _is_pdf,
    "png": _is_png,
    "jpg": _is_jpeg,
    "webp": _is_webp,
    "csv": _is_table,
}
