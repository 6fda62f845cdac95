"""Text that is too long for its place: wrapped to lines of a width, or shortened."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from math import ceil

Measure = Callable[[str, float], float]  # (text, size in points) to width in inches
_HEADS = (0.5, 0.7, 1.0, 0.3, 0.0)  # the share of the beginning in what remains of a text; the first are preferred
# Text is wrapped after these; a comma or slash between digits is part of a number, and `· ` of what follows it.
_PIECES = re.compile(r"· \S+\s*|(?:[^\s,(\[/]|[,/](?=\d))*(?:(?:[(\[]|[,/](?!\d))\s*|\s+)|.+")
_WHOLE = re.compile(r"\d[\w.]*(?:(?<=e)[+-]\d+)?|(?<!\w)\w{1,30}(?!\w)")  # numbers, and words that are not very long


def fit_text(text: str, width: float, size: float, measure: Measure) -> str:
    """`text` shortened to a width, with the middle left out: notation often differs only at its end."""
    return fit_texts([text], width, size, measure)[0]


def fit_texts(texts: Sequence[str], width: float, size: float, measure: Measure) -> list[str]:
    """`texts` shortened to a width so that different texts remain different and keep their beginning, if possible."""
    shares = _HEADS if any(measure(text, size) > width for text in texts) else _HEADS[:1]
    variants = [[_fit(text, width, size, measure, share) for text in texts] for share in shares]

    def cost(i: int, n: int) -> tuple[bool, bool, int]:
        short = variants[n][i]
        equal = any(text != texts[i] and short == other for text, other in zip(texts, variants[n], strict=True))
        return equal, short.startswith("…"), n

    return [variants[min(range(len(shares)), key=lambda n: cost(i, n))][i] for i in range(len(texts))]


def _fit(text: str, width: float, size: float, measure: Measure, head: float) -> str:
    """The text without its middle, with the most characters that fit in a width."""
    if measure(text, size) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        count = (low + high + 1) // 2
        low, high = (count, high) if measure(without_middle(text, count, head), size) <= width else (low, count - 1)
    return without_middle(text, low, head)


def wrap(text: str, width: float, size: float, measure: Measure, most: int) -> list[str]:
    """`text` wrapped to at most `most` lines of a width, after commas, brackets and spaces, never within a word.

    If it does not fit, the middle of the text after the first `most - 1` lines is left out, or of a line with a word
    that is wider.
    """
    lines = _lines(text, width, size, measure)
    if len(lines) > most:
        head = lines[: most - 1]
        lines = [*head, text[len("".join(head)) :].strip()]
    return [fit_text(line.rstrip(), width, size, measure) for line in lines]


def wrap_evenly(text: str, width: float, size: float, measure: Measure, most: int) -> list[str] | None:
    """`text` wrapped to at most `most` lines of similar widths; None if it does not fit into lines of `width`."""
    total = measure(text, size)
    for share in (1.0, 1.1, 1.2, 1.35, 1.5, 1.75, 2.0):
        lines = [line.rstrip() for line in _lines(text, min(share * total / most, width), size, measure)]
        if len(lines) <= most and max(measure(line, size) for line in lines) <= width:
            return lines
    return None


def _lines(text: str, width: float, size: float, measure: Measure) -> list[str]:
    """The text wrapped to a width greedily; a word that is wider has a line of its own."""
    if measure(text, size) <= width:
        return [text]
    lines, used = [""], 0.0
    for piece in _PIECES.findall(text):
        if lines[-1] and used + measure(piece.rstrip(), size) > width:
            lines.append("")
            used = 0.0
        lines[-1] += piece
        used += measure(piece, size)
    return lines


def without_middle(text: str, count: int, share: float = 0.5) -> str:
    """At most `count` characters of a text: its beginning and its end, without parts of words and numbers.

    `share` is that of the beginning.
    """
    head = ceil(count * share)
    tail = len(text) - (count - head)
    for whole in _WHOLE.finditer(text):
        if whole.start() < head < whole.end():
            head = whole.start()
        if whole.start() < tail < whole.end():
            tail = whole.end()
    return f"{text[:head].rstrip()}…{text[tail:].lstrip()}"
