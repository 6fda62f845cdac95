"""What ReduceLROnPlateau watches."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def stalling_loss(calls: int) -> NDArray[np.float64]:
    """A loss (calls,) that falls for a quarter of the run, as 1 / (1 + t), and then stalls."""
    t = np.arange(calls, dtype=np.float64)
    return 1 / (1 + np.minimum(t, calls // 4))
