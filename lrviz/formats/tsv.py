"""Tab-separated values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lrviz.formats.csv import separated
from lrviz.formats.table import columns
from lrviz.trace import Trace


def chunks(traces: Sequence[Trace]) -> Iterator[str]:
    """The runs as TSV, quoted as in CSV."""
    return separated(columns(traces), "\t")
