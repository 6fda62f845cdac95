"""A schedule that a training loop steps as torch's, and one that it steps in its own way."""

from torch.optim.lr_scheduler import LambdaLR


def get_rsqrt_schedule(optimizer, timescale=1):
    return LambdaLR(optimizer, lambda step: (timescale / max(step, timescale)) ** 0.5)


class Halving:
    """Halves the rate at every second update, and doubles it at the end of an epoch."""

    def __init__(self, factor, optimizer, after=None):
        self.factor, self.optimizer, self.after = factor, optimizer, after

    def step_update(self, updates):
        if updates % 2 == 0:
            self.scale(self.factor)

    def step_epoch(self, epochs):
        self.scale(2)

    def scale(self, factor):
        for group in self.optimizer.param_groups:
            group["lr"] *= factor
