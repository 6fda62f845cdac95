"""Writing files atomically and to stdout, reading files and stdin with limits, errors of the system as messages.

In: bytes or text and a path. Out: files; for reading, the reverse. May import `errors` and `text`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrviz.files.writing import (
    check_target,
    discard_stdout,
    encode,
    error_reason,
    is_temporary,
    make_folder,
    output_errors,
    remove_stale,
    stdout_errors,
    write_all,
    write_bytes,
    write_stdout,
    write_text,
)
from lrviz.lazy import lazy

if TYPE_CHECKING:
    from lrviz.files.opening import open_file
    from lrviz.files.paths import check_inside, is_inside
    from lrviz.files.reading import read_bytes, read_chunks, read_stdin, read_text
    from lrviz.files.toml import parse_toml
else:
    __getattr__ = lazy(
        __name__,
        opening=["open_file"],
        paths=["check_inside", "is_inside"],
        reading=["read_bytes", "read_chunks", "read_stdin", "read_text"],
        toml=["parse_toml"],
    )

__all__ = [
    "check_inside", "check_target", "discard_stdout", "encode", "error_reason", "is_inside", "is_temporary",
    "make_folder", "open_file", "output_errors", "parse_toml", "read_bytes", "read_chunks", "read_stdin", "read_text",
    "remove_stale", "stdout_errors", "write_all", "write_bytes", "write_stdout", "write_text",
]  # fmt: skip
