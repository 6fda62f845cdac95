"""Training scripts: the time that a plot takes longer for 5,000 lines than for few, by what the lines are."""

from __future__ import annotations

import ast
import time
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median

from lrviz.spec import Fields, read_all
from tests.benchmarks.processes import in_turn, lrviz
from tests.benchmarks.report import Finding, Plan, duration

TARGET = 0.2  # seconds
LINES = 5_000

_HEAD = """\
import argparse
import math
import torch
from torch import nn, optim
from torch.utils.data import DataLoader

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--epochs", type=int, default=30)
args = parser.parse_args()

"""
_MAIN = """
def main():
    train_loader = DataLoader(dataset, batch_size=32)
    optimizer = optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
    scheduler = optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.5 + 0.5 * math.cos(epoch / args.epochs))
    for epoch in range(args.epochs):
        for i, (images, target) in enumerate(train_loader):
            output = model(images)
            loss = criterion(output, target)
            loss.backward()
            optimizer.step()
{more}        {step}

main()
"""
_FUNCTION = """
def transform_{0}(image, size={0}, scale=0.5):
    height, width = image.shape[:2]
    if height > size and width > size:
        top, left = (height - size) // 2, (width - size) // 2
        image = image[top:top + size, left:left + size]
    else:
        image = pad(image, [size - height, size - width], mode="constant")
    values = []
    for row in range(size):
        values.append(sum(image[row]) * scale + {0})
    return {{"image": image, "values": values, "name": f"item_{{size}}", "flags": [True, False, {0}]}}
"""
_CLASS = """
class Block{0}(nn.Module):
    expansion = 4

    def __init__(self, channels={0}, stride=1, downsample=None):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels * self.expansion, kernel_size=3, stride=stride, padding=1)
        self.norm, self.relu = nn.BatchNorm2d(channels), nn.ReLU(inplace=True)
        self.downsample = downsample

    def forward(self, x):
        out = self.relu(self.norm(self.conv(x)))
        if self.downsample is not None:
            x = self.downsample(x)
        return self.relu(out + x)
"""
_ASSIGNMENT = """\
CONFIG_{0} = {{"name": "run_{0}", "lr": {0} * 1e-4, "sizes": [{0}, {0} + 1], "path": "data/" + str({0})}}
SIZE_{0} = max(CONFIG_{0}["sizes"]) * 2 + len(CONFIG_{0}["name"])
MODEL_{0} = build_model(size=SIZE_{0}, depth=12)
FLAG_{0} = SIZE_{0} > 100
"""
_IN_LOOP = """\
        if epoch % 5 == 0 and args.verbose:
            meters["loss_{0}"].update(loss.item(), images.size(0))
            print("loss", {0}, meters["loss_{0}"].avg)
        accuracy_{0} = (output.argmax(dim=1) == target).float().mean().item() * 100
        history["accuracy_{0}"].append(accuracy_{0})
"""
_BY_HAND = 'for group in optimizer.param_groups: group["lr"] = args.lr * 0.1 ** (epoch // 10)'


def _many(part: str, lines: int) -> str:
    """As many copies of some lines as have that many lines, each with its number."""
    return "".join(part.format(number) for number in range(lines // part.count("\n")))


def shapes(lines: int = LINES) -> dict[str, str]:
    """Scripts of so many lines, by what most of them are."""
    step, quarter = "scheduler.step()", lines // 4
    mixed = _HEAD + _many(_FUNCTION, quarter) + _many(_CLASS, quarter) + _many(_ASSIGNMENT, quarter)
    return {
        "functions": _HEAD + _many(_FUNCTION, lines) + _MAIN.format(more="", step=step),
        "classes": _HEAD + _many(_CLASS, lines) + _MAIN.format(more="", step=step),
        "assignments": _HEAD + _many(_ASSIGNMENT, lines) + _MAIN.format(more="", step=step),
        "a training loop": _HEAD + _MAIN.format(more=_many(_IN_LOOP, lines), step=step),
        "all of them": mixed + _MAIN.format(more=_many(_IN_LOOP, quarter), step=step),
        "rates set by hand": mixed + _MAIN.format(more=_many(_IN_LOOP, quarter), step=_BY_HAND),
    }


def measure(plan: Plan) -> Iterator[Finding]:
    """A plot of each script beyond that of a short one; also the time of the processor, and that of Python's parser."""
    texts = {"short": _HEAD + _MAIN.format(more="", step="scheduler.step()"), **shapes()}
    commands = {}
    for name, text in texts.items():
        path = plan.folder / f"{name.replace(' ', '_')}.py"
        path.write_text(text, encoding="utf-8")
        commands[name] = lrviz("plot", str(path), "--steps-per-epoch", "4", "-o", "a.png", "-q")
    seconds = in_turn(commands, plan.runs, plan.folder)
    base = seconds.pop("short")
    fields = Fields({"steps_per_epoch": "4"})
    for name, each in seconds.items():
        script = commands[name].words[2]
        reading, parsing = (
            _least(call, plan.runs) for call in (partial(read_all, script, fields), partial(ast.parse, texts[name]))
        )
        detail = (
            f"{duration(median(each))} against {duration(median(base))} for {len(texts['short'].splitlines())} lines; "
            f"reading takes the processor {duration(reading)}, Python's parser {duration(parsing)}"
        )
        beyond = median(one - other for one, other in zip(each, base, strict=True))
        yield Finding(f"plot of a script, {name}", beyond, "s", TARGET, detail)


def _least(call: Callable[[], object], runs: int) -> float:
    """The least time of the processor that a call takes."""
    times = []
    for _ in range(runs):
        begin = time.process_time()
        call()
        times.append(time.process_time() - begin)
    return min(times)
