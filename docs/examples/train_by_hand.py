"""A training script that sets its rates by hand, as an example of what `lrviz plot` reads."""

import torch
from my_project import loader, model


def adjust_learning_rate(optimizer, epoch):
    lr = 0.1 * 0.1 ** (epoch // 5)
    if epoch < 3:
        lr = 0.1 * (epoch + 1) / 3
    for group in optimizer.param_groups:
        group["lr"] = lr


optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

for epoch in range(12):
    adjust_learning_rate(optimizer, epoch)
    for x, y in loader:
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
