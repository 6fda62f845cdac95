"""Whole training scripts as people write them, and the options that lrviz needs beside them."""

from __future__ import annotations

from typing import Any

HEAD = """
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

"""
DATA = (
    HEAD
    + """
train_set = TensorDataset(torch.zeros(25, 2), torch.zeros(25, 1))
train_loader = DataLoader(train_set, batch_size=4)
model = nn.Linear(2, 1)
criterion = nn.MSELoss()
"""
)
BATCHES: dict[str, Any] = {"steps_per_epoch": 7}

# By name: the script, the fields of the run, and values for `--let`.
WHOLE: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "a loop over epochs": (
        DATA
        + """
optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=3, gamma=0.5)

for epoch in range(10):
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    scheduler.step()
""",
        BATCHES,
        {},
    ),
    "a loop over batches": (
        DATA
        + """
EPOCHS = 6
optimizer = optim.AdamW(model.parameters(), lr=3e-4, betas=(0.85, 0.99))
total_steps = EPOCHS * len(train_loader)
scheduler = optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.01, total_steps=total_steps)

for epoch in range(EPOCHS):
    for i, (x, y) in enumerate(train_loader):
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
        scheduler.step()
        if i % 10 == 0:
            print(epoch, i)
""",
        BATCHES,
        {},
    ),
    "accumulation": (
        DATA
        + """
accumulation_steps = 2
optimizer = optim.SGD(model.parameters(), lr=0.1)
scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=12)
for epoch in range(4):
    for step, (x, y) in enumerate(train_loader):
        loss = criterion(model(x), y) / accumulation_steps
        loss.backward()
        if (step + 1) % accumulation_steps == 0:
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
""",
        BATCHES,
        {},
    ),
    "accumulation with the last batch": (
        DATA
        + """
accum = 3
optimizer = optim.SGD(model.parameters(), lr=0.1)
scheduler = optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
for epoch in range(4):
    for step, (x, y) in enumerate(train_loader):
        criterion(model(x), y).backward()
        if (step + 1) % accum == 0 or step + 1 == len(train_loader):
            optimizer.step()
            scheduler.step()
""",
        BATCHES,
        {},
    ),
    "functions and a main": (
        HEAD
        + """
def get_loader(batch_size):
    data = TensorDataset(torch.zeros(25, 2), torch.zeros(25, 1))
    return DataLoader(data, batch_size=batch_size)

def train_one_epoch(model, loader, criterion, optimizer):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    return loss.item()

def main():
    epochs = 9
    model = nn.Linear(2, 1)
    loader = get_loader(4)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[3, 6], gamma=0.1)
    best = float("inf")
    for epoch in range(1, epochs + 1):
        loss = train_one_epoch(model, loader, nn.MSELoss(), optimizer)
        if loss < best:
            best = loss
        scheduler.step()

if __name__ == "__main__":
    main()
""",
        BATCHES,
        {},
    ),
    "argparse": (
        HEAD
        + """
import argparse

def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--lr", type=float, default="0.2")
    parser.add_argument("--lr-steps", nargs="+", type=int, default=[2, 5])
    parser.add_argument("--gamma", type=float, default=0.3)
    parser.add_argument("--amp", action="store_true")
    return parser.parse_args([])

def main(args):
    model = nn.Linear(2, 1)
    loader = DataLoader(TensorDataset(torch.zeros(25, 2), torch.zeros(25, 1)), batch_size=4)
    scaler = torch.amp.GradScaler("cpu", enabled=args.amp)
    optimizer = optim.SGD(model.parameters(), args.lr, momentum=0.9, nesterov=True)
    scheduler = optim.lr_scheduler.MultiStepLR(optimizer, milestones=args.lr_steps, gamma=args.gamma)
    for epoch in range(args.epochs):
        for x, y in loader:
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(x), y)
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
        scheduler.step()

main(parse_args())
""",
        BATCHES,
        {},
    ),
    "a config dict": (
        DATA
        + """
config = {
    "optimizer": {"lr": 0.02, "weight_decay": 1e-4},
    "scheduler": {"name": "cosine", "T_max": 20, "eta_min": 1e-5},
    "epochs": 5,
}
config["scheduler"]["T_max"] = config["epochs"] * len(train_loader)
optimizer = torch.optim.AdamW(model.parameters(), **config["optimizer"])
if config["scheduler"]["name"] == "cosine":
    kwargs = {k: v for k, v in config["scheduler"].items() if k != "name"}
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, **kwargs)
elif config["scheduler"]["name"] == "step":
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 10)
else:
    raise ValueError(config["scheduler"]["name"])
for epoch in range(config["epochs"]):
    for x, y in train_loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
        scheduler.step()
""",
        BATCHES,
        {},
    ),
    "a dataclass": (
        DATA
        + """
from dataclasses import dataclass, field

@dataclass
class Config:
    lr: float = 4e-3
    epochs: int = 6
    milestones: list[int] = field(default_factory=lambda: [2, 4])
    gamma: float = 0.2

class Trainer:
    def __init__(self, model, cfg: Config):
        self.model, self.cfg = model, cfg
        self.optimizer = optim.SGD(self.model.parameters(), lr=cfg.lr)
        self.scheduler = optim.lr_scheduler.MultiStepLR(self.optimizer, self.cfg.milestones, gamma=self.cfg.gamma)
        self.epoch = 0

    def train_epoch(self):
        for x, y in train_loader:
            self.optimizer.zero_grad()
            criterion(self.model(x), y).backward()
            self.optimizer.step()

    def fit(self):
        for self.epoch in range(self.cfg.epochs):
            self.train_epoch()
            self.scheduler.step()

cfg = Config(gamma=0.5)
Trainer(model, cfg).fit()
""",
        BATCHES,
        {},
    ),
    "warm-up and cosine in variables": (
        DATA
        + """
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR
num_epochs, warmup_epochs = 6, 1
steps_per_epoch = len(train_loader)
optimizer = optim.SGD(model.parameters(), lr=0.5)
warmup_steps = warmup_epochs * steps_per_epoch
warmup = LinearLR(optimizer, start_factor=0.01, end_factor=1.0, total_iters=warmup_steps)
cosine = CosineAnnealingLR(optimizer, T_max=num_epochs * steps_per_epoch - warmup_steps, eta_min=1e-6)
scheduler = SequentialLR(optimizer, schedulers=[warmup, cosine], milestones=[warmup_steps])
for epoch in range(num_epochs):
    for x, y in train_loader:
        criterion(model(x), y).backward()
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad(set_to_none=True)
""",
        BATCHES,
        {},
    ),
    "a function for LambdaLR": (
        DATA
        + """
import math

warmup = 5
total = 42

def lr_lambda(step):
    if step < warmup:
        return float(step) / float(max(1, warmup))
    progress = float(step - warmup) / float(max(1, total - warmup))
    return max(0.0, 0.5 * (1.0 + math.cos(math.pi * 0.5 * 2.0 * progress)))

optimizer = optim.AdamW(model.parameters(), lr=5e-4)
scheduler = optim.lr_scheduler.LambdaLR(optimizer, lr_lambda)
for epoch in range(6):
    for x, y in train_loader:
        criterion(model(x), y).backward()
        optimizer.step()
        scheduler.step()
""",
        BATCHES,
        {},
    ),
    "a function that makes a function": (
        DATA
        + """
import numpy as np

def cosine_schedule(warmup_epochs, epochs, floor=0.1):
    def schedule(epoch):
        if epoch < warmup_epochs:
            return (epoch + 1) / warmup_epochs
        t = (epoch - warmup_epochs) / (epochs - warmup_epochs)
        return floor + (1 - floor) * 0.5 * (1 + np.cos(np.pi * t))
    return schedule

optimizer = optim.SGD(model.parameters(), lr=0.1)
scheduler = optim.lr_scheduler.LambdaLR(optimizer, lr_lambda=cosine_schedule(3, 12))
for epoch in range(12):
    for x, y in train_loader:
        criterion(model(x), y).backward()
        optimizer.step()
    scheduler.step()
""",
        BATCHES,
        {},
    ),
    "a class with a step method": (
        DATA
        + """
class LinearDecay:
    def __init__(self, n_epochs, offset, decay_start_epoch):
        assert (n_epochs - decay_start_epoch) > 0
        self.n_epochs = n_epochs
        self.offset = offset
        self.decay_start_epoch = decay_start_epoch

    def step(self, epoch):
        return 1.0 - max(0, epoch + self.offset - self.decay_start_epoch) / (self.n_epochs - self.decay_start_epoch)

optimizer = optim.Adam(model.parameters(), lr=2e-4, betas=(0.5, 0.999))
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lr_lambda=LinearDecay(10, 0, 5).step)
for epoch in range(0, 10):
    for i, batch in enumerate(train_loader):
        criterion(model(batch[0]), batch[1]).backward()
        optimizer.step()
    scheduler.step()
""",
        BATCHES,
        {},
    ),
    "a plateau": (
        DATA
        + """
optimizer = optim.SGD(model.parameters(), lr=0.1)
scheduler = optim.lr_scheduler.ReduceLROnPlateau(optimizer, "min", factor=0.5, patience=1)
losses = [1.0, 0.9, 0.9, 0.9, 0.9, 0.8, 0.8, 0.8, 0.8, 0.8]
for epoch in range(10):
    for x, y in train_loader:
        criterion(model(x), y).backward()
        optimizer.step()
    val_loss = losses[epoch]
    scheduler.step(val_loss)
""",
        {**BATCHES, "metric": "1.0, 0.9, 0.9, 0.9, 0.9, 0.8, 0.8, 0.8, 0.8, 0.8"},
        {},
    ),
    "groups of parameters": (
        DATA
        + """
base_lr = 0.01
params = [
    {"params": [model.weight], "lr": base_lr * 0.1},
    {"params": [model.bias]},
]
optimizer = optim.SGD(params, lr=base_lr, momentum=0.9)
scheduler = optim.lr_scheduler.PolynomialLR(optimizer, total_iters=20, power=0.9)
for epoch in range(20):
    for x, y in train_loader:
        criterion(model(x), y).backward()
        optimizer.step()
    scheduler.step()
""",
        BATCHES,
        {},
    ),
    "a run in steps": (
        DATA
        + """
max_iters = 60
optimizer = optim.AdamW(model.parameters(), lr=1e-3)
scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=max_iters, eta_min=1e-5)
x, y = torch.zeros(4, 2), torch.zeros(4, 1)
for step in range(max_iters):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    optimizer.step()
    scheduler.step()
""",
        {},
        {},
    ),
    "a while loop": (
        DATA
        + """
iteration = 0
total_iterations = 50
optimizer = optim.SGD(model.parameters(), lr=0.1)
scheduler = optim.lr_scheduler.MultiStepLR(optimizer, [20, 40])
while iteration < total_iterations:
    optimizer.zero_grad()
    optimizer.step()
    scheduler.step()
    iteration += 1
""",
        {},
        {},
    ),
    "Accelerate": (
        HEAD
        + """
class Accelerator:
    def prepare(self, *args):
        return args
    def backward(self, loss):
        loss.backward()

accelerator = Accelerator()
train_loader = DataLoader(TensorDataset(torch.zeros(25, 2), torch.zeros(25, 1)), batch_size=4)
model = nn.Linear(2, 1)
optimizer = optim.AdamW(model.parameters(), lr=2e-5)
lr_scheduler = optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=21)
model, optimizer, train_loader, lr_scheduler = accelerator.prepare(model, optimizer, train_loader, lr_scheduler)
for epoch in range(3):
    model.train()
    for step, (x, y) in enumerate(train_loader):
        loss = nn.functional.mse_loss(model(x), y)
        accelerator.backward(loss)
        optimizer.step()
        lr_scheduler.step()
        optimizer.zero_grad()
""",
        BATCHES,
        {},
    ),
    "a name chosen from a table": (
        DATA
        + """
name, options = "StepLR", dict(step_size=2, gamma=0.7)
optimizer = getattr(torch.optim, "SGD")(model.parameters(), lr=0.3)
scheduler = getattr(torch.optim.lr_scheduler, name)(optimizer, **options)
n_epochs = 7
for epoch in range(n_epochs):
    for batch in train_loader:
        optimizer.step()
    scheduler.step()
""",
        BATCHES,
        {},
    ),
    "a list of schedulers": (
        DATA
        + """
from torch.optim import lr_scheduler
optimizer = optim.SGD(model.parameters(), lr=0.3)
schedulers = []
schedulers.append(lr_scheduler.ConstantLR(optimizer, factor=0.1, total_iters=2))
schedulers.append(lr_scheduler.ExponentialLR(optimizer, gamma=0.9))
milestones = []
milestones.append(2)
scheduler = lr_scheduler.SequentialLR(optimizer, schedulers, milestones)
for epoch in range(10):
    for batch in train_loader:
        optimizer.step()
    scheduler.step()
""",
        BATCHES,
        {},
    ),
    "two optimizers": (
        DATA
        + """
generator, discriminator = nn.Linear(2, 1), nn.Linear(2, 1)
optimizer_G = optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
optimizer_D = optim.Adam(discriminator.parameters(), lr=1e-4, betas=(0.5, 0.999))
scheduler_G = optim.lr_scheduler.LambdaLR(optimizer_G, lambda epoch: 1.0 - max(0, epoch - 5) / 6)
scheduler_D = optim.lr_scheduler.LambdaLR(optimizer_D, lambda epoch: 0.9**epoch)
for epoch in range(10):
    for real, _ in train_loader:
        optimizer_D.zero_grad()
        optimizer_D.step()
        optimizer_G.zero_grad()
        optimizer_G.step()
    scheduler_G.step()
    scheduler_D.step()
""",
        BATCHES,
        {},
    ),
}
