"""The outcome of a run: the rate that every update used, and what it says in a few numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from math import isfinite
from typing import TYPE_CHECKING, Final

import numpy as np

_SAME: Final = 1e-12  # relative: what the rounding of a recurrence may add to a peak that comes again

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from lrviz.spec import RunSpec


@dataclass(frozen=True)
class Summary:
    """A curve in a few numbers; steps count from 0.

    `peak_step` is the first update at the greatest rate, but for rounding. `warmup_end` is the update at which an
    initial rise ends, None where the rate does not rise from the start. `mean` is the area under the curve over N.
    """

    first: float
    peak: float
    peak_step: int
    final: float
    least: float
    mean: float
    warmup_end: int | None


@dataclass(frozen=True, eq=False)
class Trace:
    """What each of the N updates of a run used, for each of G parameter groups.

    `lr` is (N, G). `momentum` is (N, G) where the scheduler moves it or it was asked for, and `momentum_name` says
    which field it is: "momentum", or "betas[0]" for Adam and its kin. `metric` is (N,): the value that the scheduler
    was last given when update t was made, NaN before the first.
    """

    spec: RunSpec
    lr: NDArray[np.float64] = field(repr=False)
    momentum: NDArray[np.float64] | None = field(default=None, repr=False)
    momentum_name: str = "momentum"
    metric: NDArray[np.float64] | None = field(default=None, repr=False)

    @property
    def label(self) -> str:
        """What the curve is called."""
        return self.spec.label

    @property
    def group_names(self) -> tuple[str, ...]:
        """A name for each column of `lr`; a lone group without a name is called "lr"."""
        names = [group.name for group in self.spec.groups]
        if len(names) == 1:
            return (names[0] or "lr",)
        return tuple(name or f"group{i}" for i, name in enumerate(names))

    @property
    def updates(self) -> int:
        """N, the number of optimizer updates."""
        return int(self.lr.shape[0])

    @cached_property
    def step(self) -> NDArray[np.int64]:
        """(N,) update numbers from 0."""
        return np.arange(self.updates, dtype=np.int64)

    @cached_property
    def epoch(self) -> NDArray[np.int64]:
        """(N,) the epoch each update belongs to, from 0."""
        return self.step // self.spec.loop.updates_per_epoch

    def summary(self, group: int = 0) -> Summary:
        """The curve of one parameter group in a few numbers."""
        lr = self.lr[:, group]
        peak = float(lr.max())
        peak_step = int((lr >= peak - abs(peak) * _SAME).argmax())
        return Summary(
            first=float(lr[0]),
            peak=peak,
            peak_step=peak_step,
            final=float(lr[-1]),
            least=float(lr.min()),
            mean=_mean(lr),
            warmup_end=_warmup_end(lr),
        )

    def to_csv(self, path: str | Path | None = None) -> str:
        """The trace as CSV (`step,epoch,lr`); written to `path` as well when one is given.

        Raises:
            OutputError: the file cannot be written.
        """
        from lrviz import export, output

        text = export.to_text([self], "csv")
        if path is not None:
            output.write_text(path, text)
        return text

    def to_json(self, path: str | Path | None = None) -> str:
        """The trace as JSON, version 1; written to `path` as well when one is given.

        Raises:
            OutputError: the file cannot be written.
        """
        from lrviz import export, output

        text = export.to_text([self], "json")
        if path is not None:
            output.write_text(path, text)
        return text


def _mean(lr: NDArray[np.float64]) -> float:
    """The mean; by way of shares of the greatest where the sum would be beyond the greatest float."""
    with np.errstate(over="ignore"):
        mean = float(lr.mean())
    return mean if isfinite(mean) else float((lr / lr.size).sum())


def _warmup_end(lr: NDArray[np.float64]) -> int | None:
    """The first update from which the rate no longer rises, where it rises from the start; else None.

    A flat start (a constant factor that ends in a jump) counts as warm-up too: the rate is held below what follows.
    """
    change = np.diff(lr)
    moving = np.flatnonzero(change)
    if moving.size == 0 or change[moving[0]] <= 0:
        return None
    falling = np.flatnonzero(change < 0)
    rising_until = int(falling[0]) if falling.size else lr.size - 1
    rises = np.flatnonzero(change[:rising_until] > 0)
    return int(rises[-1]) + 1
