"""The version of the installed torch, for tests of what differs between versions."""

from __future__ import annotations

import torch
from torch.optim.lr_scheduler import LRScheduler

TORCH = tuple(int(part) for part in torch.__version__.split(".")[:2])

# Older torch calls step(0) of the child that a SequentialLR comes to; that counts as a step, and composites refuse it.
CALLS_STEP_AT_MILESTONES = not hasattr(LRScheduler, "_update_lr")
