"""A training script, as an example of what `lrviz plot train_mnist.py` reads."""

import argparse
import math

import torch
from torch.utils.data import DataLoader

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--epochs", type=int, default=30)
parser.add_argument("--warmup-epochs", type=int, default=3)


def make_schedule(warmup, total):
    def factor(epoch):
        if epoch < warmup:
            return (epoch + 1) / warmup
        return 0.5 * (1 + math.cos(math.pi * (epoch - warmup) / (total - warmup)))

    return factor


def train_one_epoch(model, loader, optimizer):
    for images, labels in loader:
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(images), labels).backward()
        optimizer.step()


def main(args, model, dataset):
    loader = DataLoader(dataset, batch_size=256, shuffle=True)
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
    schedule = make_schedule(args.warmup_epochs, args.epochs)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, schedule)
    for _epoch in range(args.epochs):
        train_one_epoch(model, loader, optimizer)
        scheduler.step()


if __name__ == "__main__":
    main(parser.parse_args(), torch.nn.Linear(784, 10), torch.load("train.pt"))
