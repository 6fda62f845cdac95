"""The looks of curves whose runs differ in parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lrviz.figure.curves import MAX_NAMED, Look, cycle, on_ramp
from lrviz.figure.style import Style
from lrviz.trace import Trace

if TYPE_CHECKING:
    from lrviz.spec import Part

_MIN_SWEEP = 4  # curves of a sweep that is coloured as one


def looks_of(traces: Sequence[Trace], parts: Sequence[Part], style: Style) -> list[Look]:
    """A look for each parameter group of each trace.

    A sweep of a number with at least `_MIN_SWEEP` curves has colours in the order of its values. If the curves differ
    in two things, such as two parameters, one has colours and the other dashes. Other curves differ in both.
    """
    total = sum(trace.lr.shape[1] for trace in traces)
    groups = {trace.group_names for trace in traces}
    factors = _factors(parts)
    if len(groups) == 1 and len(names := groups.pop()) > 1:  # the groups vary faster than the traces
        factors = [([rank for rank in ranks for _ in names], number) for ranks, number in factors]
        factors.append(([*range(len(names))] * len(traces), False))
    elif groups:
        factors = factors if total == len(traces) else []
    if len(factors) != 2 and not any(number for _, number in factors):
        return cycle(style, total)
    if not _MIN_SWEEP <= total <= MAX_NAMED or len(factors) > 2:
        return cycle(style, total)
    (ranks, number), *others = sorted(factors, key=lambda factor: (factor[1], max(factor[0])), reverse=True)
    dashes = others[0][0] if others else [0] * total
    if max(dashes) >= len(style.dashes) or (not number and max(ranks) >= len(style.palette)):
        return cycle(style, total)
    colours = [on_ramp(style, rank, max(ranks) + 1) if number else style.palette[rank] for rank in ranks]
    return [
        Look(colour, style.dashes[dash], style.markers[rank % len(style.markers)])
        for colour, dash, rank in zip(colours, dashes, ranks, strict=True)
    ]


def _factors(parts: Sequence[Part]) -> list[tuple[list[int], bool]]:
    """The parts that vary independently: the rank of the value in each run, and whether the values are numbers.

    Parts that vary together, such as the length of a warm-up and of what follows it, are one factor.
    """
    factors: dict[tuple[int, ...], tuple[list[int], bool]] = {}
    for part in parts:
        values = list(dict.fromkeys(part.texts))
        pattern = tuple(values.index(text) for text in part.texts)
        ranks, number = list(pattern), part.is_number
        if number:
            order = sorted(set(part.values))
            ranks = [order.index(value) for value in part.values]
        if pattern not in factors or (number and not factors[pattern][1]):
            factors[pattern] = ranks, number
    return list(factors.values())
