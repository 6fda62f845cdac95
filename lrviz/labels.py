"""Text on a figure: measured, wrapped, shortened, and spread so that none lies on another.

Widths and heights are in inches, sizes of text in points.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from lrviz.numbers import format_rate
from lrviz.printable import printable

LINE = 1.2 / 72  # inches from one line of text to the next, for each point of its size
Measure = Callable[[str, float], float]  # width of a line of text at a size

_LONGEST = 400  # characters
_MOST_DIGITS = 6  # of a float
_PIECES = re.compile(r"[^\s,(\[/]*(?:[,(\[/]\s*|\s+)|.+")
_SEAM = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[a-z][_-])(?=[a-z])")  # in CosineAnnealing|LR, num_|warmup_|steps
# Strings, which stay as they are, and numbers that are not part of a name.
_NUMBERS = re.compile(
    r"""'(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*" | (?<![\w.])(?P<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?![\w.])""",
    re.VERBOSE,
)


def clean(text: str) -> str:
    """Text of the user's own on one line, without control characters; never empty, and of a length one can read."""
    line = printable(" ".join(text[: 10 * _LONGEST].split()))
    return (_without_middle(line, _LONGEST) if len(line) > _LONGEST else line) or "(no name)"


def brief(notation: str) -> str:
    """Notation with its long floats shortened for the eye: "gamma=0.8659643233600653" is "gamma=0.866".

    One of more than six significant digits gets four, or as many as tell it from 0 and 1 as well as those would.
    """
    return _NUMBERS.sub(lambda match: _brief(match["number"]) if match["number"] else match[0], notation)


def _brief(number: str) -> str:
    mantissa = number.partition("e")[0]
    if number.isdigit() or len(mantissa.replace(".", "").strip("0")) <= _MOST_DIGITS:
        return number
    value = float(number)
    fine = 1e-3 * min(value, abs(1 - value))
    digits = next((n for n in range(4, 17) if abs(float(f"{value:.{n - 1}e}") - value) <= fine), 17)
    return format_rate(value, digits)


def shorten(text: str, width: float, size: float, measure: Measure) -> str:
    """`text` within a width, its middle left out: notation differs at its end as often as at its beginning."""
    if measure(text, size) <= width:
        return text
    low, high = 0, len(text)
    while low < high:  # the most characters that fit
        count = (low + high + 1) // 2
        low, high = (count, high) if measure(_without_middle(text, count), size) <= width else (low, count - 1)
    return _without_middle(text, low)


def _without_middle(text: str, count: int) -> str:
    head = (count + 1) // 2
    return f"{text[:head].rstrip()}…{text[len(text) - (count - head) :].lstrip()}"


def wrap(text: str, width: float, size: float, measure: Measure, most: int) -> list[str]:
    """`text` on at most `most` lines of a width, broken after commas, brackets and spaces.

    What does not fit on them is left out in the middle, before the last line.
    """
    lines = _lines(text, width, size, measure)
    if len(lines) <= most:
        return lines
    head = lines[: most - 1]
    rest = text[len("".join(head)) :] if head else text
    return [*(line.rstrip() for line in head), shorten(rest.strip(), width, size, measure)]


def _lines(text: str, width: float, size: float, measure: Measure) -> list[str]:
    """Greedy lines; together they are the text."""
    if measure(text, size) <= width:
        return [text]
    lines, used = [""], 0.0
    for piece in _PIECES.findall(text):
        for part in _parts(piece, width, size, measure):
            if lines[-1] and used + measure(part.rstrip(), size) > width:
                lines.append("")
                used = 0.0
            lines[-1] += part
            used += measure(part, size)
    return lines


def _parts(piece: str, width: float, size: float, measure: Measure) -> list[str]:
    """A piece that fits into a width as it is, or cut where it has to be: between the words of a name, if it can."""
    parts = []
    while measure(piece.rstrip(), size) > width and len(piece) > 1:
        low, high = 1, len(piece) - 1
        while low < high:  # the most characters that fit
            count = (low + high + 1) // 2
            low, high = (count, high) if measure(piece[:count], size) <= width else (low, count - 1)
        seams = [m.start() for m in _SEAM.finditer(piece, 0, low + 1) if 2 * m.start() >= low]
        cut = seams[-1] if seams else low
        parts.append(piece[:cut])
        piece = piece[cut:]
    return [*parts, piece]


def spread(centres: Sequence[float], heights: Sequence[float], low: float, high: float) -> list[float]:
    """Move labels up or down as little as it takes for none to overlap.

    Args:
        centres: Where each should be.
        heights: How tall each is.
        low: The lower end of the room for all of them.
        high: The upper end; when the room is too small for all, they start at `low` and go beyond.

    Returns:
        The centres, in the same order; labels whose centres are equal stand in the order given, from the top down.
    """
    order = sorted(range(len(centres)), key=lambda i: (centres[i], -i))
    # Blocks of labels that touch: the indices, and where the middle of the block should be.
    blocks: list[tuple[list[int], float]] = []
    for i in order:
        blocks.append(([i], centres[i]))
        while len(blocks) > 1 and _top(blocks[-2], heights, low, high) > _bottom(blocks[-1], heights, low, high):
            upper, lower = blocks.pop(), blocks.pop()
            indices = lower[0] + upper[0]
            blocks.append((indices, _middle(indices, centres, heights)))
    placed = list(centres)
    for block in blocks:
        at = _bottom(block, heights, low, high)
        for i in block[0]:
            placed[i] = at + heights[i] / 2
            at += heights[i]
    return placed


def _middle(indices: list[int], centres: Sequence[float], heights: Sequence[float]) -> float:
    """Where a block's middle is best: its labels are then as far above their places as below, in the mean."""
    total = sum(heights[i] for i in indices)
    below, wish = 0.0, 0.0
    for i in indices:
        wish += centres[i] - (below + heights[i] / 2)
        below += heights[i]
    return wish / len(indices) + total / 2


def _bottom(block: tuple[list[int], float], heights: Sequence[float], low: float, high: float) -> float:
    total = sum(heights[i] for i in block[0])
    return max(low, min(block[1] - total / 2, high - total))


def _top(block: tuple[list[int], float], heights: Sequence[float], low: float, high: float) -> float:
    return _bottom(block, heights, low, high) + sum(heights[i] for i in block[0])
