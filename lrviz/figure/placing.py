"""Free places for labels beside curves.

The space is a fine grid of square cells; a curve, a label or a mark covers some of them. Positions are in inches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

import numpy as np
from numpy.typing import NDArray

from lrviz.figure.axes import Box
from lrviz.trace import Values

_Grid = NDArray[np.int32]
_Crossings = tuple[NDArray[np.float64], NDArray[np.bool_]]
Shape = tuple[Values, Values]  # x and y of a curve

# Distances in ems: of a label from its curve at least and at most, and from everything else at least. The first are
# preferred.
_REACHES = ((0.3, 0.6, 1.0), (0.2, 0.4, 0.5))
_DISTANCES = (1.0, 1.4, 1.8, 2.3, 2.9, 3.6, 4.5)  # ems; further than the last is not better
_LINE_COST = 0.8  # ems of distance that a label on one line is worth, compared with two lines
_EDGE = 0.3  # ems between a label and the edges of the axes
_CELLS = 6  # cells in an em
_SAMPLES = 48  # points of a line between a text and its point


@dataclass(frozen=True)
class Place:
    """The box of a label, and the number of its variant."""

    box: Box
    variant: int


class Space:
    """The space of one axes with its curves.

    Args:
        box: The box of the axes.
        curves: The curves; where a label belongs to several curves that look like one, their points one after another.
        em: The size of the text.
        line: Half the width of lines or of their markers.
        marks: The x of upright marks.
    """

    def __init__(self, box: Box, curves: Sequence[Sequence[Shape]], em: float, line: float, marks: Sequence[float]):
        self.box, self.em, self.line = box, em, line
        self._cell = em / _CELLS
        self._shape = max(ceil(box.height / self._cell), 1), max(ceil(box.width / self._cell), 1)
        self._margin = self._cells(_DISTANCES[-1]) + self._cells(line / em) + 1
        covered = [np.any([self._covered(shape) for shape in shapes], axis=0) for shapes in curves]
        self._on_curves: NDArray[np.bool_] = np.any(covered, axis=0)
        self._curves = [self._sums(cells) for cells in covered]
        marked = np.zeros(self._shape, dtype=bool)
        columns = np.array([(mark - box.left) // self._cell for mark in marks], dtype=np.int64)
        marked[:, columns[(columns >= 0) & (columns < self._shape[1])]] = True
        self._marks = self._sums(marked)

    def place(self, labels: Sequence[Sequence[tuple[float, float]]]) -> list[Place] | None:
        """Places for labels beside their curves, as far from everything else as possible.

        Args:
            labels: For each curve the width and height of its label, in several variants: the first is preferred.

        Returns:
            A place for each curve; None if there are not enough.
        """
        scores = []
        for i, variants in enumerate(labels):
            found = self._best(i, variants, ())
            if found is None:
                return None
            scores.append(found[0])
        order = sorted(range(len(labels)), key=scores.__getitem__)
        for _ in range(len(labels)):
            places: dict[int, Place] = {}
            for i in order:
                found = self._best(i, labels[i], [place.box for place in places.values()])
                if found is None:
                    order = [i, *(other for other in order if other != i)]
                    break
                places[i] = found[1]
            else:
                return [places[i] for i in range(len(labels))]
        return None

    def free(
        self, size: tuple[float, float], distance: float, boxes: Sequence[Box]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The left and the lower edges of all boxes of a size that cover nothing.

        Args:
            size: Width and height.
            distance: The least distance from curves and marks in ems.
            boxes: What else is not to be covered.
        """
        width, height = size
        rows, columns = ceil(height / self._cell), ceil(width / self._cell)
        if rows > self._shape[0] or columns > self._shape[1]:
            return np.empty(0), np.empty(0)
        near = self._cells(distance + self.line / self.em)
        free = self._in_boxes(self._marks, rows, columns, 1) == 0
        for sums in self._curves:
            free &= self._in_boxes(sums, rows, columns, near) == 0
        if boxes:
            taken = np.any([self._inside(box) for box in boxes], axis=0)
            free &= self._in_boxes(self._sums(taken), rows, columns, 1) == 0
        self._leave_edges(free)
        row, column = np.nonzero(free)
        left, bottom = self.box.left + column * self._cell, self.box.bottom + row * self._cell
        return left.astype(np.float64), bottom.astype(np.float64)

    def crossings(self, at: tuple[float, float], ends: NDArray[np.float64], boxes: Sequence[Box]) -> _Crossings:
        """What straight lines from a point to (K, 2) ends pass: how much of each is on a curve, and whether on a box.

        Args:
            at: The point, which is on a curve.
            ends: The ends.
            boxes: What the lines are not to pass.
        """
        steps = np.linspace(0.0, 1.0, _SAMPLES)[:, None]
        x, y = (at[i] + steps * (ends[:, i] - at[i]) for i in (0, 1))
        rows = ((y - self.box.bottom) // self._cell).astype(np.int64).clip(0, self._shape[0] - 1)
        columns = ((x - self.box.left) // self._cell).astype(np.int64).clip(0, self._shape[1] - 1)
        far = np.hypot(x - at[0], y - at[1]) > 0.5 * self.em
        return (self._on_curves[rows, columns] & far).mean(axis=0), (
            (np.any([self._inside(box) for box in boxes], axis=0)[rows, columns] & far).any(axis=0)
            if boxes
            else np.zeros(len(ends), dtype=bool)
        )

    def _best(
        self, curve: int, variants: Sequence[tuple[float, float]], labels: Sequence[Box]
    ) -> tuple[float, Place] | None:
        """The best place for the label of a curve, with how good it is."""
        own = self._curves[curve]
        others = sum((sums for i, sums in enumerate(self._curves) if i != curve), np.zeros_like(own))
        for label in labels:
            others += self._sums(self._inside(label))
        best: tuple[float, Place] | None = None
        for reach in _REACHES:
            for n, size in enumerate(variants):
                found = self._best_of_size(own, others, size, reach)
                if found is not None and (best is None or found[0] - n * _LINE_COST > best[0]):
                    best = found[0] - n * _LINE_COST, Place(found[1], n)
            if best is not None:
                break
        return best

    def _best_of_size(
        self, own: _Grid, others: _Grid, size: tuple[float, float], reach: tuple[float, float, float]
    ) -> tuple[float, Box] | None:
        """The best box of a size, with how good it is."""
        width, height = size
        least, most, apart = reach
        rows, columns = ceil(height / self._cell), ceil(width / self._cell)
        if rows > self._shape[0] or columns > self._shape[1]:
            return None
        line = self.line / self.em

        def covered(grid: _Grid, distance: float) -> _Grid:
            """The number of covered cells within a distance of the box at each position."""
            return self._in_boxes(grid, rows, columns, self._cells(distance + line))

        near = covered(own, most)
        free = (near > 0) & (covered(own, least) == 0) & (covered(others, apart) == 0)
        free &= self._in_boxes(self._marks, rows, columns, 1) == 0
        self._leave_edges(free)
        row, column = np.nonzero(free)
        if not row.size:
            return None
        distances = (apart, *(distance for distance in _DISTANCES if distance > apart))
        score = np.full(row.size, apart)
        for lower, distance in pairwise(distances):
            score[covered(others, distance)[row, column] == 0] += distance - lower
        to_edge = np.minimum(np.minimum(row, free.shape[0] - 1 - row), np.minimum(column, free.shape[1] - 1 - column))
        score += 0.3 * np.minimum(to_edge / _CELLS, 3.0)
        score += 0.8 * np.minimum(near[row, column] / min(columns, 6 * _CELLS), 1.0)
        at = int(score.argmax())
        left, bottom = self.box.left + column[at] * self._cell, self.box.bottom + row[at] * self._cell
        spare = columns * self._cell - width, rows * self._cell - height
        return float(score[at]), Box(float(left + spare[0] / 2), float(bottom + spare[1] / 2), width, height)

    def _leave_edges(self, free: NDArray[np.bool_]) -> None:
        """Take out the positions of boxes at the edges of the axes."""
        edge = self._cells(_EDGE)
        free[:edge], free[:, :edge] = False, False
        free[max(free.shape[0] - edge, 0) :], free[:, max(free.shape[1] - edge, 0) :] = False, False

    def _cells(self, ems: float) -> int:
        return ceil(ems * _CELLS)

    def _covered(self, shape: Shape) -> NDArray[np.bool_]:
        """The cells that a curve passes through."""
        x, y = shape
        if x.size > 1:
            length = np.concatenate(([0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))))
            at = np.linspace(0.0, length[-1], 2 * ceil(length[-1] / self._cell) + 2)
            x, y = np.interp(at, length, x), np.interp(at, length, y)
        columns = np.floor((x - self.box.left) / self._cell).astype(np.int64)
        rows = np.floor((y - self.box.bottom) / self._cell).astype(np.int64).clip(0, self._shape[0] - 1)
        inside = (columns >= 0) & (columns < self._shape[1])
        covered = np.zeros(self._shape, dtype=bool)
        covered[rows[inside], columns[inside]] = True
        return covered

    def _inside(self, box: Box) -> NDArray[np.bool_]:
        """The cells that a box covers."""
        left, bottom = (box.left - self.box.left) / self._cell, (box.bottom - self.box.bottom) / self._cell
        right, top = left + box.width / self._cell, bottom + box.height / self._cell
        covered = np.zeros(self._shape, dtype=bool)
        covered[max(int(bottom), 0) : max(ceil(top), 0), max(int(left), 0) : max(ceil(right), 0)] = True
        return covered

    def _sums(self, covered: NDArray[np.bool_]) -> _Grid:
        """The number of covered cells below and to the left of each corner of a cell, with a margin around the grid."""
        rows, columns = self._shape
        sums = np.zeros((rows + 2 * self._margin + 1, columns + 2 * self._margin + 1), dtype=np.int32)
        inner = sums[self._margin + 1 :, self._margin + 1 :]
        inner[:rows, :columns] = covered
        np.cumsum(np.cumsum(sums, axis=0, out=sums), axis=1, out=sums)
        return sums

    def _in_boxes(self, sums: _Grid, rows: int, columns: int, more: int) -> _Grid:
        """The number of covered cells in a box of `rows` and `columns`, `more` on each side, at every position."""
        start = self._margin - more
        height, width = rows + 2 * more, columns + 2 * more
        count = self._shape[0] - rows + 1, self._shape[1] - columns + 1
        low, high = slice(start, start + count[0]), slice(start + height, start + height + count[0])
        left, right = slice(start, start + count[1]), slice(start + width, start + width + count[1])
        return sums[high, right] - sums[low, right] - sums[high, left] + sums[low, left]
