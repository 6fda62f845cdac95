"""Writing files atomically and to stdout, and reading files with limits, with errors of the system as messages.

In: bytes or text and a path. Out: files; for reading, the reverse. May import `errors` and `text`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrviz.files.reading import read_bytes, read_text
from lrviz.files.writing import (
    check_target,
    discard_stdout,
    encode,
    error_reason,
    make_folder,
    output_errors,
    stdout_errors,
    write_all,
    write_bytes,
    write_stdout,
    write_text,
)
from lrviz.lazy import lazy

if TYPE_CHECKING:
    from lrviz.files.opening import open_file
else:
    __getattr__ = lazy(__name__, opening=["open_file"])

__all__ = [
    "check_target", "discard_stdout", "encode", "error_reason", "make_folder", "open_file", "output_errors",
    "read_bytes", "read_text", "stdout_errors", "write_all", "write_bytes", "write_stdout", "write_text",
]  # fmt: skip
