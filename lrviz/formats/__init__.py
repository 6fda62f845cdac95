"""`Trace` to text: CSV, TSV, JSON and Markdown, with a module for each format, registered by suffix.

In: `Trace`s. Out: chunks of text. May import `trace` and its dependencies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Final

from lrviz.lazy import lazy

if TYPE_CHECKING:
    from lrviz.formats.csv import read_columns
    from lrviz.formats.json import installed_version
    from lrviz.formats.markdown import code_span
    from lrviz.formats.table import Column, column_values, columns, rows
    from lrviz.trace import Trace
else:
    __getattr__ = lazy(
        __name__,
        csv=["read_columns"],
        json=["installed_version"],
        markdown=["code_span"],
        table=["Column", "columns", "column_values", "rows"],
    )

__all__ = [
    "DATA_FORMATS", "Column", "chunks", "code_span", "column_values", "columns", "installed_version", "read_columns",
    "rows", "to_text",
]  # fmt: skip

# The module of each format, imported when it is used; its `chunks` turns traces into chunks of text.
_MODULES: Final = {"csv": "csv", "tsv": "tsv", "json": "json", "md": "markdown"}
DATA_FORMATS: Final = tuple(_MODULES)


def chunks(traces: Sequence[Trace], format: str) -> Iterator[str]:
    """The runs as chunks of text, so that ten million rows are not in memory at once; lines end in LF.

    Args:
        traces: The runs.
        format: One of `DATA_FORMATS`.
    """
    result: Iterator[str] = import_module(f"lrviz.formats.{_MODULES[format]}").chunks(traces)
    return result


def to_text(traces: Sequence[Trace], format: str) -> str:
    """The runs as a single text; see `chunks`."""
    return "".join(chunks(traces, format))
