"""Tables in GitHub Flavored Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lrviz.formats.table import columns, rows
from lrviz.trace import Trace


def chunks(traces: Sequence[Trace]) -> Iterator[str]:
    """The runs as a Markdown table."""
    table = columns(traces)
    names = [code_span(column.name) if column.user_text else column.name for column in table]
    yield "| " + " | ".join(names) + " |\n"
    yield "|" + " ---: |" * len(table) + "\n"
    yield from rows(table, start="| ", separator=" | ", end=" |")


def code_span(text: str) -> str:
    """Text of the user as a code span, so that it is not interpreted as Markdown, HTML or mathematics.

    A code span has no escapes and strips spaces, so text with a pipe, a backtick, a backslash, a line break, or a space
    at an end is written with HTML entities.
    """
    if text == text.strip() and not set(text) & set("|`\\\n\r"):
        return f"`{text}`"
    return "<code>" + "".join(c if c.isalnum() or c == " " else f"&#{ord(c)};" for c in text) + "</code>"
