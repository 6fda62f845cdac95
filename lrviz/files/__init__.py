"""Writing files atomically and writing to stdout, with errors of the operating system as messages.

In: bytes or text and a path. Out: files. May import `errors` and `text`.
"""

from lrviz.files.opening import open_file
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
    "stdout_errors", "write_all", "write_bytes", "write_stdout", "write_text",
]  # fmt: skip
