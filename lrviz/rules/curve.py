"""The shape of a series of rates, one for each call of `scheduler.step()`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lrviz.rules.thresholds import limit

_NOISE: Final = 1e-9  # of the peak: smaller changes are rounding


@dataclass(frozen=True, eq=False)
class Curve:
    """The rates (N,) of one parameter group, at least one."""

    rates: NDArray[np.float64]
    group: int = 0

    @property
    def size(self) -> int:
        """N."""
        return int(self.rates.size)

    @cached_property
    def peak(self) -> float:
        """The greatest rate."""
        return float(self.rates.max())

    @cached_property
    def least(self) -> float:
        """The least rate."""
        return float(self.rates.min())

    @property
    def final(self) -> float:
        """The last rate."""
        return float(self.rates[-1])

    @cached_property
    def peak_at(self) -> int:
        """The first reading at the peak."""
        return int((self.rates >= self.peak * (1 - 1e-6)).argmax())

    @cached_property
    def change(self) -> NDArray[np.float64]:
        """(N - 1,) changes, 0 where they are rounding."""
        change = np.diff(self.rates)
        change[np.abs(change) <= _NOISE * self.peak] = 0.0
        return change

    @cached_property
    def flat_from(self) -> int:
        """The reading from which the rate is constant up to the end; N - 1 if it changes last."""
        moving = np.flatnonzero(self.change)
        return int(moving[-1]) + 1 if moving.size else 0

    @cached_property
    def turn(self) -> int | None:
        """The first reading after the peak from which the rate rises gradually, by more than a twentieth of its fall.

        None if there is none: a restart is a jump.
        """
        after = self.rates[self.peak_at :]
        change = self.change[self.peak_at :]
        rising = np.flatnonzero(change > 0)
        if rising.size == 0:
            return None
        at = int(rising[0])
        fall = float(after[0] - after[at])
        falls = np.flatnonzero(change[at:] < 0)
        until = at + int(falls[0]) if falls.size else after.size - 1
        rise = float(after[until] - after[at])
        if fall <= 0 or rise < limit("rebound") * fall or float(change[at:until].max()) > 0.7 * rise:
            return None
        return self.peak_at + at

    @property
    def turns(self) -> int:
        """How often the rate begins to rise gradually after a fall."""
        signs = np.sign(self.change[self.change != 0])
        return int(np.count_nonzero((signs[1:] > 0) & (signs[:-1] < 0)))

    @property
    def fell_smoothly(self) -> bool:
        """Whether the rate came to its last value by several changes in a row, all down, rather than by a drop."""
        at = self.flat_from
        steps = max(3, min(at // 20, 1000))
        return at >= steps and bool((self.change[at - steps : at] < 0).all())

    @cached_property
    def warmup_end(self) -> int:
        """The reading at which a rise from the start ends; 0 if the rate does not rise from the start.

        A start at a constant rate counts as well.
        """
        moving = np.flatnonzero(self.change)
        if moving.size == 0 or self.change[moving[0]] < 0:
            return 0
        falling = np.flatnonzero(self.change < 0)
        until = int(falling[0]) if falling.size else self.size - 1
        rises = np.flatnonzero(self.change[:until] > 0)
        return int(rises[-1]) + 1 if rises.size else 0

    @cached_property
    def tiny_from(self) -> int | None:
        """The reading from which the rate is too small to matter, if it decays further and further from there.

        None if it ends above that, or reaches 0 by a schedule that ends there.
        """
        threshold = max(limit("decades") * self.peak, limit("float32"))
        above = np.flatnonzero(self.rates >= threshold)
        if above.size == 0:
            return 0 if self.peak > 0 else None
        start = int(above[-1]) + 1
        left = self.size - start
        below = int(np.count_nonzero(self.rates[start:] > 0))
        if left < max(2, limit("tiny") * self.size) or below < max(1, 0.1 * min(left, start)):
            return None
        return start
