"""What only some axes have: marks of reduced rates and of rates below a logarithmic axis, bands, lone points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from lrviz.figure.axes import CURVE_ZORDER, MIN_CYCLE, Box
from lrviz.figure.backend import Axes, Line2D, mpl
from lrviz.figure.curves import Cell, Curve
from lrviz.figure.ticks import Limits

_DOT = 1.3  # line widths; the length of a dot of the line at a cut
_TRIANGLE = 5.5  # points; the size of the mark of a cut
_MIN_MARK_GAP = 0.06  # inches between marks of cuts
_FIRST_AND_LAST = "; of reductions close together, the first and the last are marked"
_EDGE_WIDTH = 0.4  # relative to the width of a line
_BAND_ALPHA = 0.3


def marks_apart(cell: Cell, width: float) -> Cell:
    """The cell with marks of cuts that can be told apart in axes of a width.

    Of cuts that are too close to each other the first and the last are marked.
    """
    apart = _MIN_MARK_GAP / width * (cell.span[1] - cell.span[0])
    kept = []
    for colour, cuts in cell.cuts:
        far = np.diff(cuts) > apart
        kept.append((colour, cuts[np.append(True, far) | np.append(far, True)] if cuts.size else cuts))
    if all(a.size == b.size for (_, a), (_, b) in zip(kept, cell.cuts, strict=True)):
        return cell
    return replace(cell, cuts=tuple(kept), cuts_note=f"{cell.cuts_note}{_FIRST_AND_LAST}")


def mark_cuts(axes: Axes, cell: Cell, *, arrows: bool) -> None:
    """Draw a dotted line in the curve's colour at each of its cuts, with `arrows` below a triangle.

    At an x with several cuts the dots alternate.
    """
    colours_at: dict[float, list[str]] = {}
    for colour, cuts in cell.cuts:
        for x in cuts.tolist():
            colours_at.setdefault(x, []).append(colour or str(mpl.rcParams["xtick.color"]))
    marks = [(x, i, len(colours), colour) for x, colours in colours_at.items() for i, colour in enumerate(colours)]
    # Of `count` curves with a cut at the same x, each has every `count`-th dot.
    dots: Any = [(-_DOT * 2 * i, (_DOT, _DOT * (2 * count - 1))) for _, i, count, _ in marks]
    if marks:
        axes.vlines(
            [x for x, *_ in marks], 0, 1, transform=axes.get_xaxis_transform(), colors=[mark[-1] for mark in marks],
            linestyles=dots, linewidths=0.9, zorder=1,
        )  # fmt: skip
    if marks and arrows:  # marker 11 hangs from its position
        axes.scatter(
            [x for x, *_ in marks], [1.0] * len(marks), s=_TRIANGLE**2, c=[mark[-1] for mark in marks],
            marker=11, transform=axes.get_xaxis_transform(), linewidths=0.0, clip_on=False,
        )  # fmt: skip


def mark_below(axes: Axes, box: Box, curves: Sequence[Curve], limits: Limits) -> None:
    """Mark the first rate of each curve that is below a logarithmic axis by an open triangle at the foot of the axis.

    Curves with a triangle at the same place have one together.
    """
    first, last = axes.get_xlim()
    marks: dict[int, list[tuple[float, Curve]]] = {}
    for curve in curves:
        below = np.flatnonzero(curve.y < limits.low)
        if below.size:
            x = float(curve.x[below[0]])
            place = round((x - first) / (last - first) * box.width * 72 / _TRIANGLE)
            marks.setdefault(place, []).append((x, curve))
    for same in marks.values():
        curve = same[0][1]
        colour = curve.colour if len(same) == 1 else mpl.rcParams["text.color"]
        axes.scatter(
            [same[0][0]], [0.5 * _TRIANGLE / 72 / box.height], s=_TRIANGLE**2, marker="v", facecolors="none",
            edgecolors=colour, linewidths=0.9, transform=axes.get_xaxis_transform(), clip_on=False,
            zorder=CURVE_ZORDER + 0.1, gid=f"{'mark' if len(same) == 1 else 'marks'}-{curve.key}-{curve.kind}",
        )  # fmt: skip


def above(curves: Sequence[Curve], limits: Limits) -> tuple[Curve, ...]:
    """The curves with what is below a logarithmic axis just under it, so that a line to 0 is not upright."""
    floor = limits.low * (limits.low / limits.high) ** 0.05
    return tuple(replace(curve, y=np.maximum(curve.y, floor)) for curve in curves)


def draw_band(axes: Axes, curve: Curve, width: float) -> None:
    """Draw the range of a curve whose cycles cannot be told apart: each part of the band has a cycle or more."""
    parts = max(int(width / (2 * MIN_CYCLE)), 1)
    edges = np.linspace(curve.x[0], curve.x[-1], parts + 1)
    starts = np.unique(np.searchsorted(curve.x, edges[:-1]))
    low, high = np.minimum.reduceat(curve.y, starts), np.maximum.reduceat(curve.y, starts)
    x = (curve.x[starts] + curve.x[np.append(starts[1:], curve.x.size) - 1]) / 2
    x, low, high = (
        np.concatenate([ends[:1], values, ends[1:]])
        for values, ends in ((x, curve.x[[0, -1]]), (low, low[[0, -1]]), (high, high[[0, -1]]))
    )
    part = f"{curve.key}-{curve.kind}"
    # A polygon rather than a collection: the page rewrites its path when it is zoomed.
    style: Any = {"zorder": CURVE_ZORDER - 0.04, "label": curve.label, "linewidth": 0.0, "gid": f"band-{part}"}
    around = np.append(x, x[::-1]), np.append(low, high[::-1])
    axes.fill(*around, color=curve.colour, alpha=_BAND_ALPHA, **style)
    width_of_edge = _EDGE_WIDTH * float(mpl.rcParams["lines.linewidth"])
    for values, gid in ((low, f"band-{part}-low"), (high, f"curve-{part}")):
        axes.add_line(
            Line2D(x, values, color=curve.colour, label=curve.label, linewidth=width_of_edge, zorder=2.57, gid=gid)
        )


def isolated_points(curve: Curve) -> Line2D:
    """The points with NaN on both sides, which no line passes through, as dots."""
    size = 2.2 * float(mpl.rcParams["lines.linewidth"])
    return Line2D(
        curve.x[curve.isolated], curve.y[curve.isolated], color=curve.colour, linestyle="none", marker="o",
        markersize=size, markeredgewidth=0.0, label=curve.label,
    )  # fmt: skip
