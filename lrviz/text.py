"""Format rates, counts, values and text for messages."""

from __future__ import annotations

import math
import re
from typing import IO, Any
from unicodedata import category, combining, east_asian_width

_SYMBOLS = "▁█…·─┤⣿"  # the characters of charts and tables
# Commands that GitHub Actions, Azure Pipelines and TeamCity run in a log: at the start of a line, or anywhere in it.
_LOG_COMMAND = re.compile(r"^(\s*):(?=:)|#(?=#(?:\[|vso\[|teamcity\[))")
_LARGE = 10**18
_CUT = "..."  # in place of the middle of a long text


def printable(text: str, most: int | None = None) -> str:
    """`text` of the user on one line, as it is shown in messages, tables, pages and logs.

    Control characters, bidirectional overrides and lone surrogates are replaced by escapes, and so is one character of
    what a CI service would run as a command.

    Args:
        text: The text.
        most: The greatest number of characters; what is longer loses its middle.
    """
    if most is not None and len(text) > 2 * most:
        text = text[:most] + text[-most:]  # so that the work does not depend on the length
    if not text.isprintable():
        text = "".join(c if c.isprintable() or category(c) == "Zs" else _escape(c) for c in text)
    if "##" in text or "::" in text:
        text = _LOG_COMMAND.sub(_escape_command, text)
    if most is not None and len(text) > most:
        start = (most - len(_CUT) + 1) // 2
        text = text[:start] + _CUT + text[len(text) - (most - len(_CUT) - start) :]
    return text


def _escape_command(match: re.Match[str]) -> str:
    return r"\x23" if match[1] is None else rf"{match[1]}\x3a"


def excerpt(line: str, column: int) -> tuple[str, str]:
    """A line of source, or the part around `column` if it is long, and a caret under the character at `column`."""
    start = max(0, min(column - 50, len(line) - 76))
    piece = line[start : start + 76]
    return printable(piece), " " * cells(printable(piece[: column - start])) + "^"


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def ascii_only(text: str) -> str:
    """`text` with an escape in place of each character that is not ASCII."""
    return text.encode("ascii", "backslashreplace").decode("ascii")


def cells(text: str) -> int:
    """The number of terminal columns that `text` takes."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def shorten(text: str, width: int, ellipsis: str = "…") -> str:
    """`text` in at most `width` columns, cut at the end; empty if the ellipsis does not fit."""
    if cells(text) <= width:
        return text
    if cells(ellipsis) > width:
        return ""
    text = text[:width]
    while cells(text) + cells(ellipsis) > width:
        text = text[:-1]
    return text.rstrip() + ellipsis


def draws_unicode(stream: IO[str]) -> bool:
    """Whether the stream's encoding has block, Braille and box-drawing characters."""
    try:
        _SYMBOLS.encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def format_rate(value: float, digits: int = 3, beside: float = 0.0, *, decimal: bool = True) -> str:
    """A rate in `digits` significant figures, without padding: "0", "0.05", "1e-3", "7.5e-4".

    Rates that round to 0.01 up to 9,999 are decimals with all digits of the integer part; others are in scientific
    notation. Beside a rate that is a decimal, such as the peak of the run, rates from 0.001 on are decimals too: these
    are written as on the axis of the figure. Without `decimal` all are in scientific notation.
    """
    if value == 0:
        return "0"
    if value - value != 0:  # NaN or infinite
        return str(float(value))
    mantissa, power = f"{value:.{digits - 1}e}".split("e")
    exponent = int(power)
    if decimal and (-3 if beside >= 0.01 else -2) <= exponent < 4:
        plain = f"{value:.{max(digits - 1 - exponent, 0)}f}"
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{exponent}"


def count(number: int, noun: str) -> str:
    """A number and its noun: "1 step", "3 steps", "1,000 steps"; of a number that no run has, only its size."""
    shown = f"over {_LARGE:,}" if number > _LARGE else f"{number:,}"
    return f"{shown} {noun}{'' if number == 1 else 's'}"


def brief(value: Any) -> str:
    """A value as notation for a message: at most 60 characters, and no digits of an integer of over 128 bits."""
    if isinstance(value, int) and value.bit_length() > 128:
        return f"a number of {value.bit_length():,} bits"
    if isinstance(value, tuple):
        text = f"[{', '.join(map(brief, value[:30]))}{', ...' * (len(value) > 30)}]"  # more do not fit
    else:
        text = print_value(value[:60] if isinstance(value, str) else value)
    return printable(text, 60)


def print_value(value: Any) -> str:
    """A value as notation: None, a bool, a number, text, a tuple of values, or an object whose `str` is notation."""
    if isinstance(value, float):
        return _print_float(value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(print_value, value))}]"
    return repr(value) if value is None or isinstance(value, int | str) else str(value)


def _print_float(value: float) -> str:
    if not math.isfinite(value):
        return f"float('{value}')"
    text = re.sub(r"e([+-])0+", r"e\1", repr(value)).replace("e+", "e")
    sign, _, fraction = text.partition("0.")
    digits = fraction.lstrip("0")
    if sign not in ("", "-") or not digits or len(digits) == len(fraction):
        return text
    # 0.00025 -> 2.5e-4, the usual form of a small rate; 0.0025 is unchanged, since 2.5e-3 is not shorter
    scientific = f"{sign}{digits[0]}{'.' if digits[1:] else ''}{digits[1:]}e-{len(fraction) - len(digits) + 1}"
    return scientific if len(scientific) < len(text) or abs(value) < 1e-3 else text
