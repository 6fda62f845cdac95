"""Text of the user's own, made safe and narrow enough to print."""

from __future__ import annotations

from typing import IO
from unicodedata import category, combining, east_asian_width

_DRAWN = "▁█…·─┤⣿"  # what lrviz itself draws with


def printable(text: str) -> str:
    """`text` on one line, with escapes for control characters, bidirectional overrides and lone surrogates."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or category(c) == "Zs" else _escape(c) for c in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def ascii_only(text: str) -> str:
    """`text` with every character outside of ASCII as an escape."""
    return text.encode("ascii", "backslashreplace").decode("ascii")


def cells(text: str) -> int:
    """The columns of a terminal that `text` takes up."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def shorten(text: str, width: int, ellipsis: str = "…") -> str:
    """`text` in at most `width` columns, cut at the end; empty where not even the ellipsis fits."""
    if cells(text) <= width:
        return text
    if cells(ellipsis) > width:
        return ""
    text = text[:width]
    while cells(text) + cells(ellipsis) > width:
        text = text[:-1]
    return text.rstrip() + ellipsis


def draws_unicode(stream: IO[str]) -> bool:
    """Whether the stream's encoding has blocks, Braille and box lines."""
    try:
        _DRAWN.encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
