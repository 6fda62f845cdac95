"""What people write by hand to see a schedule: python by_hand.py STEPS_PER_EPOCH PICTURE."""

from __future__ import annotations

import sys

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
from torch import nn, optim


def main(steps_per_epoch: int, picture: str, epochs: int = 4) -> None:
    """Draw one cosine over the whole run."""
    total = epochs * steps_per_epoch
    optimizer = optim.SGD(nn.Linear(2, 1).parameters(), lr=1e-3)
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=total)
    rates = []
    for _ in range(total):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    _, ax = plt.subplots(figsize=(10, 5))
    ax.plot(rates)
    ax.set_xlabel("Step")
    ax.set_ylabel("Learning rate")
    plt.savefig(picture)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
