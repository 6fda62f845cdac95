"""Writing files atomically and to stdout, and reading files with limits, with errors of the system as messages.

In: bytes or text and a path. Out: files; for reading, the reverse. May import `errors` and `text`.
"""

from lrviz.files.opening import open_file
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

__all__ = [
    "check_target", "discard_stdout", "encode", "error_reason", "make_folder", "open_file", "output_errors",
    "read_bytes", "read_text", "stdout_errors", "write_all", "write_bytes", "write_stdout", "write_text",
]  # fmt: skip
