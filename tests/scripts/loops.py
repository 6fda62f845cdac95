"""Whole training scripts whose loop changes the rates in more ways than with one `scheduler.step()`."""

from __future__ import annotations

from typing import Any

from tests.scripts.whole import BATCHES, DATA, HEAD

TRAIN = """
    for x, y in train_loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
"""
SGD = "optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)\n"

# By name: the script, the fields of the run, and values for `--let`.
LOOPS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "a warm-up by batch and a decay by epoch": (
        DATA
        + SGD
        + """
warmup_scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.01, total_iters=len(train_loader))
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
for epoch in range(6):
    model.train()
    running_loss = 0.0
    for i, (x, y) in enumerate(train_loader):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
        if epoch < 1:
            warmup_scheduler.step()
    scheduler.step()
    print(f"epoch {epoch}: {running_loss / len(train_loader):.3f}")
""",
        BATCHES,
        {},
    ),
    "torchvision's detection": (
        HEAD
        + """
def train_one_epoch(model, optimizer, data_loader, epoch, print_freq):
    lr_scheduler = None
    if epoch == 0:
        warmup_factor = 1.0 / 1000
        warmup_iters = min(1000, len(data_loader) - 1)
        lr_scheduler = torch.optim.lr_scheduler.LinearLR(
            optimizer, start_factor=warmup_factor, total_iters=warmup_iters
        )
    for images, targets in data_loader:
        loss = model(images).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if lr_scheduler is not None:
            lr_scheduler.step()

def main():
    data_loader = DataLoader(TensorDataset(torch.zeros(25, 2), torch.zeros(25, 1)), batch_size=4)
    model = nn.Linear(2, 1)
    params = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(params, lr=0.005, momentum=0.9, weight_decay=0.0005)
    lr_scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=3, gamma=0.1)
    num_epochs = 5
    for epoch in range(num_epochs):
        train_one_epoch(model, optimizer, data_loader, epoch, print_freq=10)
        lr_scheduler.step()

main()
""",
        BATCHES,
        {},
    ),
    "a plateau beside a warm-up": (
        DATA
        + """
optimizer = optim.Adam(model.parameters(), lr=1e-3)
warmup = optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / 10))
plateau = optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
losses = [1.0, 0.9, 0.9, 0.9, 0.9, 0.8, 0.8, 0.8, 0.8, 0.8]
global_step = 0
for epoch in range(10):
    for x, y in train_loader:
        optimizer.step()
        if global_step < 10:
            warmup.step()
        global_step += 1
    val_loss = losses[epoch]
    if epoch >= 2:
        plateau.step(val_loss)
""",
        BATCHES,
        {},
    ),
    "a plateau beside a cosine, with a metric that is given": (
        DATA
        + SGD
        + """
cosine = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
plateau = optim.lr_scheduler.ReduceLROnPlateau(optimizer, "min", factor=0.5, patience=1)
for epoch in range(10):"""
        + TRAIN
        + """
    val_loss = [1.0, 0.9, 0.9, 0.9, 0.9, 0.8, 0.8, 0.8, 0.8, 0.8][epoch]
    cosine.step()
    plateau.step(val_loss)
""",
        {**BATCHES, "metric": "1.0, 0.9, 0.9, 0.9, 0.9, 0.8, 0.8, 0.8, 0.8, 0.8"},
        {},
    ),
    "stochastic weight averaging": (
        DATA
        + """
from torch.optim.swa_utils import SWALR, AveragedModel

optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
swa_model = AveragedModel(model)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=100)
swa_start = 5
swa_scheduler = SWALR(optimizer, anneal_strategy="linear", anneal_epochs=5, swa_lr=0.05)

for epoch in range(12):
    for x, y in train_loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
    if epoch > swa_start:
        swa_model.update_parameters(model)
        swa_scheduler.step()
    else:
        scheduler.step()

torch.optim.swa_utils.update_bn(train_loader, swa_model)
""",
        BATCHES,
        {},
    ),
    "nanoGPT": (
        DATA
        + """
import math
import time

gradient_accumulation_steps = 2
learning_rate = 6e-4
max_iters = 60
weight_decay = 1e-1
beta1 = 0.9
beta2 = 0.95
grad_clip = 1.0
decay_lr = True
warmup_iters = 10
lr_decay_iters = 50
min_lr = 6e-5
eval_interval = 20
log_interval = 1
master_process = True
iter_num = 0
best_val_loss = 1e9

def get_batch(split):
    return torch.zeros(4, 2), torch.zeros(4, 1)

@torch.no_grad()
def estimate_loss():
    out = {}
    model.eval()
    for split in ["train", "val"]:
        losses = torch.zeros(3)
        for k in range(3):
            X, Y = get_batch(split)
            losses[k] = criterion(model(X), Y).item()
        out[split] = losses.mean()
    model.train()
    return out

def get_lr(it):
    # 1) linear warmup for warmup_iters steps
    if it < warmup_iters:
        return learning_rate * (it + 1) / (warmup_iters + 1)
    # 2) if it > lr_decay_iters, return min learning rate
    if it > lr_decay_iters:
        return min_lr
    # 3) in between, use cosine decay down to min learning rate
    decay_ratio = (it - warmup_iters) / (lr_decay_iters - warmup_iters)
    assert 0 <= decay_ratio <= 1
    coeff = 0.5 * (1.0 + math.cos(math.pi * decay_ratio))
    return min_lr + coeff * (learning_rate - min_lr)

scaler = torch.amp.GradScaler("cpu", enabled=False)
optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, betas=(beta1, beta2))
X, Y = get_batch("train")
t0 = time.time()
local_iter_num = 0
while True:
    lr = get_lr(iter_num) if decay_lr else learning_rate
    for param_group in optimizer.param_groups:
        param_group["lr"] = lr
    if iter_num % eval_interval == 0 and master_process:
        losses = estimate_loss()
        if losses["val"] < best_val_loss:
            best_val_loss = losses["val"]
    for micro_step in range(gradient_accumulation_steps):
        loss = criterion(model(X), Y) / gradient_accumulation_steps
        X, Y = get_batch("train")
        scaler.scale(loss).backward()
    if grad_clip != 0.0:
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), grad_clip)
    scaler.step(optimizer)
    scaler.update()
    optimizer.zero_grad(set_to_none=True)
    t1 = time.time()
    dt = t1 - t0
    t0 = t1
    if iter_num % log_interval == 0 and master_process:
        lossf = loss.item() * gradient_accumulation_steps
    iter_num += 1
    local_iter_num += 1
    if iter_num > max_iters:
        break
""",
        {},
        {},
    ),
    "the rate of each epoch by hand": (
        HEAD
        + """
import argparse

parser = argparse.ArgumentParser(description="PyTorch ImageNet Training")
parser.add_argument("--epochs", default=9, type=int, metavar="N")
parser.add_argument("--start-epoch", default=0, type=int)
parser.add_argument("-b", "--batch-size", default=4, type=int)
parser.add_argument("--lr", "--learning-rate", default=0.1, type=float, dest="lr")
parser.add_argument("--momentum", default=0.9, type=float)

def main():
    args = parser.parse_args([])
    model = nn.Linear(2, 1)
    criterion = nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), args.lr, momentum=args.momentum, weight_decay=1e-4)
    train_loader = DataLoader(TensorDataset(torch.zeros(25, 2), torch.zeros(25, 1)), batch_size=args.batch_size)
    for epoch in range(args.start_epoch, args.epochs):
        adjust_learning_rate(optimizer, epoch, args)
        train(train_loader, model, criterion, optimizer, epoch, args)

def train(train_loader, model, criterion, optimizer, epoch, args):
    model.train()
    for i, (images, target) in enumerate(train_loader):
        loss = criterion(model(images), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

def adjust_learning_rate(optimizer, epoch, args):
    \"\"\"Sets the learning rate to the initial LR decayed by 10 every 3 epochs\"\"\"
    lr = args.lr * (0.1 ** (epoch // 3))
    for param_group in optimizer.param_groups:
        param_group["lr"] = lr

if __name__ == "__main__":
    main()
""",
        BATCHES,
        {},
    ),
    "a warm-up of the rate and the momentum": (
        DATA
        + """
import math
import numpy as np

hyp = {"lr0": 0.01, "lrf": 0.1, "momentum": 0.937, "warmup_epochs": 2.0, "warmup_momentum": 0.8, "warmup_bias_lr": 0.1}
epochs, start_epoch = 6, 0
nb = len(train_loader)
optimizer = optim.SGD([{"params": [model.bias]}], lr=hyp["lr0"], momentum=hyp["momentum"], nesterov=True)
optimizer.add_param_group({"params": [model.weight], "weight_decay": 5e-4})
lf = lambda x: (1 - x / epochs) * (1.0 - hyp["lrf"]) + hyp["lrf"]  # linear
scheduler = optim.lr_scheduler.LambdaLR(optimizer, lr_lambda=lf)
nw = max(round(hyp["warmup_epochs"] * nb), 10)
last_opt_step = -1
scheduler.last_epoch = start_epoch - 1  # do not move
scaler = torch.amp.GradScaler("cpu", enabled=False)
accumulate = 1
for epoch in range(start_epoch, epochs):
    pbar = enumerate(train_loader)
    optimizer.zero_grad()
    for i, (imgs, targets) in pbar:
        ni = i + nb * epoch
        if ni <= nw:
            xi = [0, nw]
            accumulate = max(1, np.interp(ni, xi, [1, 2]).round())
            for j, x in enumerate(optimizer.param_groups):
                x["lr"] = np.interp(ni, xi, [hyp["warmup_bias_lr"] if j == 0 else 0.0, x["initial_lr"] * lf(epoch)])
                if "momentum" in x:
                    x["momentum"] = np.interp(ni, xi, [hyp["warmup_momentum"], hyp["momentum"]])
        loss = criterion(model(imgs), targets)
        scaler.scale(loss).backward()
        if ni - last_opt_step >= accumulate:
            scaler.step(optimizer)
            scaler.update()
            optimizer.zero_grad()
            last_opt_step = ni
    lr = [x["lr"] for x in optimizer.param_groups]
    scheduler.step()
""",
        BATCHES,
        {},
    ),
    "the rates of all iterations in an array": (
        HEAD
        + """
import numpy as np

def cosine_scheduler(base_value, final_value, epochs, niter_per_ep, warmup_epochs=0, start_warmup_value=0):
    warmup_schedule = np.array([])
    warmup_iters = warmup_epochs * niter_per_ep
    if warmup_epochs > 0:
        warmup_schedule = np.linspace(start_warmup_value, base_value, warmup_iters)

    iters = np.arange(epochs * niter_per_ep - warmup_iters)
    schedule = final_value + 0.5 * (base_value - final_value) * (1 + np.cos(np.pi * iters / len(iters)))

    schedule = np.concatenate((warmup_schedule, schedule))
    assert len(schedule) == epochs * niter_per_ep
    return schedule

def get_params_groups(model):
    return [{"params": [model.weight]}, {"params": [model.bias], "weight_decay": 0.0}]

def train_one_epoch(student, data_loader, optimizer, lr_schedule, wd_schedule, epoch):
    for it, (images, _) in enumerate(data_loader):
        it = len(data_loader) * epoch + it  # global training iteration
        for i, param_group in enumerate(optimizer.param_groups):
            param_group["lr"] = lr_schedule[it]
            if i == 0:
                param_group["weight_decay"] = wd_schedule[it]
        loss = student(images).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

def train_dino():
    epochs, warmup_epochs, batch_size_per_gpu, world_size = 5, 2, 64, 1
    student = nn.Linear(2, 1)
    data_loader = DataLoader(TensorDataset(torch.zeros(25, 2), torch.zeros(25, 1)), batch_size=4)
    optimizer = torch.optim.AdamW(get_params_groups(student))
    lr_schedule = cosine_scheduler(
        0.0005 * (batch_size_per_gpu * world_size) / 256.0, 1e-6, epochs, len(data_loader), warmup_epochs=warmup_epochs
    )
    wd_schedule = cosine_scheduler(0.04, 0.4, epochs, len(data_loader))
    for epoch in range(0, epochs):
        train_one_epoch(student, data_loader, optimizer, lr_schedule, wd_schedule, epoch)

train_dino()
""",
        BATCHES,
        {},
    ),
    "a fraction of the epoch": (
        HEAD
        + """
import argparse
import math

def get_args_parser():
    parser = argparse.ArgumentParser("MAE pre-training", add_help=False)
    parser.add_argument("--epochs", default=4, type=int)
    parser.add_argument("--accum_iter", default=2, type=int)
    parser.add_argument("--lr", type=float, default=None)
    parser.add_argument("--blr", type=float, default=1e-3)
    parser.add_argument("--min_lr", type=float, default=1e-6)
    parser.add_argument("--warmup_epochs", type=int, default=1)
    return parser

def adjust_learning_rate(optimizer, epoch, args):
    if epoch < args.warmup_epochs:
        lr = args.lr * epoch / args.warmup_epochs
    else:
        lr = args.min_lr + (args.lr - args.min_lr) * 0.5 * \\
            (1. + math.cos(math.pi * (epoch - args.warmup_epochs) / (args.epochs - args.warmup_epochs)))
    for param_group in optimizer.param_groups:
        if "lr_scale" in param_group:
            param_group["lr"] = lr * param_group["lr_scale"]
        else:
            param_group["lr"] = lr
    return lr

class NativeScaler:
    def __init__(self):
        self._scaler = torch.amp.GradScaler("cpu", enabled=False)
    def __call__(self, loss, optimizer, clip_grad=None, parameters=None, create_graph=False, update_grad=True):
        self._scaler.scale(loss).backward(create_graph=create_graph)
        if update_grad:
            self._scaler.step(optimizer)
            self._scaler.update()

class MetricLogger:
    def log_every(self, iterable, print_freq, header=None):
        for obj in iterable:
            yield obj

def train_one_epoch(model, data_loader, optimizer, epoch, loss_scaler, args=None):
    metric_logger = MetricLogger()
    accum_iter = args.accum_iter
    optimizer.zero_grad()
    for data_iter_step, (samples, _) in enumerate(metric_logger.log_every(data_loader, 20, "Epoch")):
        # we use a per iteration (instead of per epoch) lr scheduler
        if data_iter_step % accum_iter == 0:
            adjust_learning_rate(optimizer, data_iter_step / len(data_loader) + epoch, args)
        loss = model(samples).sum()
        loss /= accum_iter
        loss_scaler(loss, optimizer, parameters=model.parameters(), update_grad=(data_iter_step + 1) % accum_iter == 0)
        if (data_iter_step + 1) % accum_iter == 0:
            optimizer.zero_grad()

def main(args):
    data_loader_train = DataLoader(TensorDataset(torch.zeros(25, 2), torch.zeros(25, 1)), batch_size=4)
    model = nn.Linear(2, 1)
    eff_batch_size = 4 * args.accum_iter
    if args.lr is None:  # only base_lr is specified
        args.lr = args.blr * eff_batch_size / 256
    param_groups = [{"params": [model.weight], "lr_scale": 0.65}, {"params": [model.bias]}]
    optimizer = torch.optim.AdamW(param_groups, lr=args.lr, betas=(0.9, 0.95))
    loss_scaler = NativeScaler()
    for epoch in range(0, args.epochs):
        train_one_epoch(model, data_loader_train, optimizer, epoch, loss_scaler, args=args)

if __name__ == "__main__":
    main(get_args_parser().parse_args([]))
""",
        BATCHES,
        {},
    ),
    "warm restarts by the fraction of the epoch": (
        DATA
        + SGD
        + """
scheduler = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=2, T_mult=2, eta_min=1e-4)
iters = len(train_loader)
for epoch in range(6):
    for i, sample in enumerate(train_loader):
        inputs, labels = sample
        optimizer.zero_grad()
        outputs = model(inputs)
        criterion(outputs, labels).backward()
        optimizer.step()
        scheduler.step(epoch + i / iters)
""",
        BATCHES,
        {},
    ),
    "a step before the update": (
        DATA
        + SGD
        + """
scheduler = optim.lr_scheduler.MultiStepLR(optimizer, milestones=[2, 4], gamma=0.1)
for epoch in range(6):
    scheduler.step()
"""
        + TRAIN,
        BATCHES,
        {},
    ),
    "a step of the epoch before the update": (
        DATA
        + SGD
        + """
scheduler = optim.lr_scheduler.StepLR(optimizer, 2, gamma=0.5)
for epoch in range(1, 7):
    scheduler.step(epoch)
"""
        + TRAIN,
        BATCHES,
        {},
    ),
    "a step in both loops": (
        DATA
        + SGD
        + """
scheduler = optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.95)
for epoch in range(4):
    for x, y in train_loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
        scheduler.step()
    scheduler.step()
""",
        BATCHES,
        {},
    ),
    "a step before the loop": (
        DATA
        + SGD
        + """
scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=8, eta_min=1e-3)
optimizer.zero_grad()
scheduler.step()
for epoch in range(6):"""
        + TRAIN
        + "    scheduler.step()\n",
        BATCHES,
        {},
    ),
    "a generator that is updated less often": (
        HEAD
        + """
class Opt:
    n_epochs, n_critic, lr, b1, b2 = 4, 5, 2e-4, 0.5, 0.999

opt = Opt()
generator, discriminator = nn.Linear(2, 1), nn.Linear(2, 1)
dataloader = DataLoader(TensorDataset(torch.zeros(25, 2), torch.zeros(25, 1)), batch_size=4)
optimizer_G = torch.optim.Adam(generator.parameters(), lr=opt.lr, betas=(opt.b1, opt.b2))
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=opt.lr, betas=(opt.b1, opt.b2))
scheduler_G = torch.optim.lr_scheduler.ExponentialLR(optimizer_G, 0.9)
scheduler_D = torch.optim.lr_scheduler.ExponentialLR(optimizer_D, 0.95)
batches_done = 0
for epoch in range(opt.n_epochs):
    for i, (imgs, _) in enumerate(dataloader):
        optimizer_D.zero_grad()
        discriminator(imgs).mean().backward()
        optimizer_D.step()
        optimizer_G.zero_grad()
        # Train the generator every n_critic steps
        if i % opt.n_critic == 0:
            generator(imgs).mean().backward()
            optimizer_G.step()
            batches_done += opt.n_critic
    scheduler_G.step()
    scheduler_D.step()
""",
        BATCHES,
        {},
    ),
    "CycleGAN": (
        HEAD
        + """
import itertools
from torch.optim import lr_scheduler

class Opt:
    lr, beta1, lr_policy, epoch_count, n_epochs, n_epochs_decay, lr_decay_iters = 2e-4, 0.5, "linear", 1, 3, 3, 50

def get_scheduler(optimizer, opt):
    if opt.lr_policy == "linear":
        def lambda_rule(epoch):
            lr_l = 1.0 - max(0, epoch + opt.epoch_count - opt.n_epochs) / float(opt.n_epochs_decay + 1)
            return lr_l
        scheduler = lr_scheduler.LambdaLR(optimizer, lr_lambda=lambda_rule)
    elif opt.lr_policy == "step":
        scheduler = lr_scheduler.StepLR(optimizer, step_size=opt.lr_decay_iters, gamma=0.1)
    elif opt.lr_policy == "plateau":
        scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, mode="min", factor=0.2, threshold=0.01, patience=5)
    else:
        return NotImplementedError("learning rate policy [%s] is not implemented", opt.lr_policy)
    return scheduler

class CycleGANModel:
    def __init__(self, opt):
        self.opt = opt
        self.metric = 0
        self.netG, self.netD = nn.Linear(2, 1), nn.Linear(2, 1)
        self.optimizers = []
        self.optimizer_G = torch.optim.Adam(self.netG.parameters(), lr=opt.lr, betas=(opt.beta1, 0.999))
        self.optimizer_D = torch.optim.Adam(itertools.chain(self.netD.parameters()), lr=opt.lr * 2)
        self.optimizers.append(self.optimizer_G)
        self.optimizers.append(self.optimizer_D)

    def setup(self, opt):
        self.schedulers = [get_scheduler(optimizer, opt) for optimizer in self.optimizers]

    def update_learning_rate(self):
        old_lr = self.optimizers[0].param_groups[0]["lr"]
        for scheduler in self.schedulers:
            if self.opt.lr_policy == "plateau":
                scheduler.step(self.metric)
            else:
                scheduler.step()
        lr = self.optimizers[0].param_groups[0]["lr"]
        print("learning rate %.7f -> %.7f" % (old_lr, lr))

    def optimize_parameters(self):
        self.optimizer_G.zero_grad()
        self.optimizer_G.step()
        self.optimizer_D.zero_grad()
        self.optimizer_D.step()

opt = Opt()
dataset = DataLoader(TensorDataset(torch.zeros(25, 2), torch.zeros(25, 1)), batch_size=4)
model = CycleGANModel(opt)
model.setup(opt)
total_iters = 0
for epoch in range(opt.epoch_count, opt.n_epochs + opt.n_epochs_decay + 1):
    model.update_learning_rate()  # update learning rates in the beginning of every epoch.
    for i, data in enumerate(dataset):
        total_iters += 1
        model.optimize_parameters()
""",
        BATCHES,
        {},
    ),
    "two rates by hand": (
        DATA
        + """
netG, netD = nn.Linear(2, 1), nn.Linear(2, 1)
optim_G = optim.Adam(netG.parameters(), lr=1e-3)
optim_D = optim.Adam(netD.parameters(), lr=4e-3)
for epoch in range(1, 6):
    for x, y in train_loader:
        optim_D.step()
        optim_G.step()
    if epoch % 2 == 0:
        optim_G.param_groups[0]["lr"] /= 2
        optim_D.param_groups[0]["lr"] /= 10
""",
        BATCHES,
        {},
    ),
    "accumulation over the ends of epochs": (
        DATA
        + SGD
        + """
accumulation_steps = 3
scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=9)
global_step = 0
for epoch in range(4):
    for x, y in train_loader:
        (criterion(model(x), y) / accumulation_steps).backward()
        global_step += 1
        if global_step % accumulation_steps == 0:
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
""",
        BATCHES,
        {},
    ),
    "accumulation from the first batch": (
        DATA
        + SGD
        + """
scheduler = optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
for epoch in range(4):
    for i, (x, y) in enumerate(train_loader):
        criterion(model(x), y).backward()
        if i % 3 == 0:
            optimizer.step()
            optimizer.zero_grad()
    scheduler.step()
""",
        BATCHES,
        {},
    ),
    "a warm-up in the first epochs": (
        DATA
        + SGD
        + """
warmup_epochs, epochs = 3, 10
warmup = optim.lr_scheduler.LambdaLR(optimizer, lambda e: (e + 1) / warmup_epochs)
main = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs - warmup_epochs)
for epoch in range(epochs):"""
        + TRAIN
        + """
    if epoch < warmup_epochs - 1:
        warmup.step()
    else:
        main.step()
    current_lr = optimizer.param_groups[0]["lr"]
    print(f"{epoch}: {current_lr:.6f}")
""",
        BATCHES,
        {},
    ),
    "a step every few batches": (
        DATA
        + SGD
        + """
scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.8)
step = 0
for epoch in range(5):
    for x, y in train_loader:
        optimizer.step()
        step += 1
        if step % 10 == 0:
            scheduler.step()
""",
        BATCHES,
        {},
    ),
    "a rate that is divided in some epochs": (
        DATA
        + SGD
        + """
def set_lr(optimizer, lr):
    for g in optimizer.param_groups:
        g["lr"] = lr

lr = 0.1
for epoch in range(12):
    if epoch in [4, 8]:
        lr /= 10
        set_lr(optimizer, lr)
"""
        + TRAIN,
        BATCHES,
        {},
    ),
    "a rate by hand beside a scheduler": (
        DATA
        + SGD
        + """
scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=8)
for epoch in range(8):"""
        + TRAIN
        + """
    scheduler.step()
    if epoch == 4:
        for param_group in optimizer.param_groups:
            param_group["lr"] *= 0.1
""",
        BATCHES,
        {},
    ),
    "a scheduler that stops at a rate": (
        DATA
        + SGD
        + """
scheduler = optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.8)
for epoch in range(10):"""
        + TRAIN
        + """
    if optimizer.param_groups[0]["lr"] > 0.04:
        scheduler.step()
""",
        BATCHES,
        {},
    ),
    "a class around the optimizer": (
        DATA
        + """
class NoamOpt:
    "Optim wrapper that implements rate."
    def __init__(self, model_size, factor, warmup, optimizer):
        self.optimizer = optimizer
        self._step = 0
        self.warmup = warmup
        self.factor = factor
        self.model_size = model_size
        self._rate = 0

    def step(self):
        "Update parameters and rate"
        self._step += 1
        rate = self.rate()
        for p in self.optimizer.param_groups:
            p['lr'] = rate
        self._rate = rate
        self.optimizer.step()

    def rate(self, step=None):
        "Implement `lrate` above"
        if step is None:
            step = self._step
        return self.factor * (self.model_size ** (-0.5) * min(step ** (-0.5), step * self.warmup ** (-1.5)))

def run_epoch(data_iter, model, opt):
    for x, y in data_iter:
        loss = criterion(model(x), y)
        loss.backward()
        opt.step()
        opt.optimizer.zero_grad()

model_opt = NoamOpt(512, 1, 12, torch.optim.Adam(model.parameters(), lr=0, betas=(0.9, 0.98), eps=1e-9))
for epoch in range(5):
    model.train()
    run_epoch(train_loader, model, model_opt)
""",
        BATCHES,
        {},
    ),
    "a trainer with a warm-up by hand": (
        DATA
        + """
from types import SimpleNamespace

class Trainer:
    def __init__(self, model, config):
        self.model, self.config = model, config
        self.optimizer = optim.AdamW(model.parameters(), lr=config.lr)
        self.lr_scheduler = optim.lr_scheduler.StepLR(self.optimizer, 2, 0.5)
        self.global_step = 0
        self.history = []

    def warmup(self):
        if self.global_step < self.config.warmup_steps:
            scale = (self.global_step + 1) / self.config.warmup_steps
            for group in self.optimizer.param_groups:
                group["lr"] = self.config.lr * scale

    def train_step(self, batch):
        x, y = batch
        self.warmup()
        self.optimizer.zero_grad()
        loss = criterion(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        self.global_step += 1
        return loss.item()

    def fit(self, loader):
        for epoch in range(1, self.config.epochs + 1):
            total = 0.0
            for batch in loader:
                total += self.train_step(batch)
            self.history.append(total / len(loader))
            if self.global_step >= self.config.warmup_steps:
                self.lr_scheduler.step()

Trainer(model, SimpleNamespace(lr=2e-3, warmup_steps=10, epochs=6)).fit(train_loader)
""",
        BATCHES,
        {},
    ),
    "a run that ends at a number of steps": (
        DATA
        + SGD
        + """
max_steps, warmup_steps = 30, 8
scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=max_steps)
global_step, epoch, done = 0, 0, False
while not done:
    for x, y in train_loader:
        optimizer.step()
        global_step += 1
        if global_step <= warmup_steps:
            for g in optimizer.param_groups:
                g["lr"] = 0.1 * global_step / warmup_steps
        else:
            scheduler.step()
        if global_step >= max_steps:
            done = True
            break
    epoch += 1
""",
        BATCHES,
        {},
    ),
    "an own scheduler": (
        DATA
        + SGD
        + """
import math

class CosineWarmupScheduler:
    def __init__(self, optimizer, warmup, total, min_lr=0.0):
        self.optimizer = optimizer
        self.base_lrs = [group["lr"] for group in optimizer.param_groups]
        self.warmup, self.total, self.min_lr, self.it = warmup, total, min_lr, 0
        self._set()

    def get_lr(self):
        if self.it < self.warmup:
            return [lr * (self.it + 1) / self.warmup for lr in self.base_lrs]
        progress = (self.it - self.warmup) / (self.total - self.warmup)
        return [self.min_lr + (lr - self.min_lr) * 0.5 * (1 + math.cos(math.pi * progress)) for lr in self.base_lrs]

    def _set(self):
        for group, lr in zip(self.optimizer.param_groups, self.get_lr()):
            group["lr"] = lr

    def step(self):
        self.it += 1
        self._set()

scheduler = CosineWarmupScheduler(optimizer, warmup=5, total=28)
for epoch in range(4):
    for x, y in train_loader:
        optimizer.zero_grad()
        optimizer.step()
        scheduler.step()
""",
        BATCHES,
        {},
    ),
}

LOOPS |= {
    "a class of schedulers of its own": (
        DATA
        + """
from torch.optim.lr_scheduler import _LRScheduler

class PolynomialLR(_LRScheduler):
    def __init__(self, optimizer, step_size, iter_warmup, iter_max, power, min_lr=0, last_epoch=-1):
        self.step_size = step_size
        self.iter_warmup = int(iter_warmup)
        self.iter_max = int(iter_max)
        self.power = power
        self.min_lr = min_lr
        super(PolynomialLR, self).__init__(optimizer, last_epoch)

    def polynomial_decay(self, lr):
        iter_cur = float(self.last_epoch)
        if iter_cur < self.iter_warmup:
            coef = iter_cur / self.iter_warmup
            coef *= (1 - self.iter_warmup / self.iter_max) ** self.power
        else:
            coef = (1 - iter_cur / self.iter_max) ** self.power
        return (lr - self.min_lr) * coef + self.min_lr

    def get_lr(self):
        if (
            (self.last_epoch == 0)
            or (self.last_epoch % self.step_size != 0)
            or (self.last_epoch > self.iter_max)
        ):
            return [group["lr"] for group in self.optimizer.param_groups]
        return [self.polynomial_decay(lr) for lr in self.base_lrs]

optimizer = optim.SGD(model.parameters(), lr=0.1)
scheduler = PolynomialLR(optimizer, step_size=2, iter_warmup=6.0, iter_max=28, power=0.9, min_lr=1e-5)
for epoch in range(4):
    for x, y in train_loader:
        criterion(model(x), y).backward()
        optimizer.step()
        scheduler.step()
""",
        BATCHES,
        {},
    ),
    "a gradual warm-up": (
        DATA
        + """
from torch.optim.lr_scheduler import CosineAnnealingLR, ReduceLROnPlateau, _LRScheduler

class GradualWarmupScheduler(_LRScheduler):
    def __init__(self, optimizer, multiplier, total_epoch, after_scheduler=None):
        self.multiplier = multiplier
        if self.multiplier < 1.:
            raise ValueError('multiplier should be greater thant or equal to 1.')
        self.total_epoch = total_epoch
        self.after_scheduler = after_scheduler
        self.finished = False
        super(GradualWarmupScheduler, self).__init__(optimizer)

    def get_lr(self):
        if self.last_epoch > self.total_epoch:
            if self.after_scheduler:
                if not self.finished:
                    self.after_scheduler.base_lrs = [base_lr * self.multiplier for base_lr in self.base_lrs]
                    self.finished = True
                return self.after_scheduler.get_last_lr()
            return [base_lr * self.multiplier for base_lr in self.base_lrs]

        if self.multiplier == 1.0:
            return [base_lr * (float(self.last_epoch) / self.total_epoch) for base_lr in self.base_lrs]
        else:
            return [base_lr * ((self.multiplier - 1.) * self.last_epoch / self.total_epoch + 1.)
                    for base_lr in self.base_lrs]

    def step_ReduceLROnPlateau(self, metrics, epoch=None):
        if epoch is None:
            epoch = self.last_epoch + 1
        self.last_epoch = epoch if epoch != 0 else 1
        if self.last_epoch <= self.total_epoch:
            for param_group, lr in zip(self.optimizer.param_groups, self.get_lr()):
                param_group['lr'] = lr
        else:
            self.after_scheduler.step(metrics)

    def step(self, epoch=None, metrics=None):
        if type(self.after_scheduler) != ReduceLROnPlateau:
            if self.finished and self.after_scheduler:
                if epoch is None:
                    self.after_scheduler.step(None)
                else:
                    self.after_scheduler.step(epoch - self.total_epoch)
                self._last_lr = self.after_scheduler.get_last_lr()
            else:
                return super(GradualWarmupScheduler, self).step(epoch)
        else:
            self.step_ReduceLROnPlateau(metrics, epoch)

optimizer = optim.SGD(model.parameters(), lr=0.1)
scheduler_cosine = CosineAnnealingLR(optimizer, 8)
scheduler = GradualWarmupScheduler(optimizer, multiplier=2, total_epoch=4, after_scheduler=scheduler_cosine)
optimizer.zero_grad()
optimizer.step()
for epoch in range(1, 13):
    for x, y in train_loader:
        optimizer.step()
    scheduler.step()
""",
        BATCHES,
        {},
    ),
}

LIGHTNING = """
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from lightning.pytorch import LightningModule, Trainer

train_loader = DataLoader(TensorDataset(torch.zeros(25, 2), torch.zeros(25, 1)), batch_size=4)

class Model(LightningModule):
    def __init__(self, lr=0.1, warmup=10):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Linear(2, 1)
        MANUAL

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = nn.functional.mse_loss(self.net(x), y)
        self.log("train_loss", loss)
        STEP
        return loss

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=self.hparams.lr)
        RETURN

    HOOK

trainer = Trainer(max_epochs=5, accumulate_grad_batches=ACCUMULATE)
trainer.fit(Model(), train_loader)
"""


def _lightning(returned: str, *, hook: str = "", manual: str = "", step: str = "", accumulate: int = 1) -> str:
    text = LIGHTNING.replace("RETURN", returned).replace("HOOK", hook).replace("ACCUMULATE", str(accumulate))
    return text.replace("MANUAL", manual).replace("STEP", step)


_FREQUENCY = '{"scheduler": scheduler, "interval": "step", "frequency": 3}'
LOOPS |= {
    "Lightning's frequency": (
        _lightning(
            "scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)\n"
            f'        return {{"optimizer": optimizer, "lr_scheduler": {_FREQUENCY}}}',
            accumulate=2,
        ),
        BATCHES,
        {},
    ),
    "Lightning's schedulers of steps and epochs": (
        _lightning(
            "warmup = torch.optim.lr_scheduler.LinearLR(optimizer, 0.1, total_iters=10)\n"
            "        decay = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)\n"
            '        return [optimizer], [{"scheduler": warmup, "interval": "step"}, '
            '{"scheduler": decay, "frequency": 2}]'
        ),
        BATCHES,
        {},
    ),
    "Lightning's warm-up by hand": (
        _lightning(
            "return [optimizer], [torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=5)]",
            hook="""def optimizer_step(self, epoch, batch_idx, optimizer, optimizer_closure):
        optimizer.step(closure=optimizer_closure)
        # manually warm up lr without a scheduler
        if self.trainer.global_step < self.hparams.warmup:
            lr_scale = min(1.0, float(self.trainer.global_step + 1) / self.hparams.warmup)
            for pg in optimizer.param_groups:
                pg["lr"] = lr_scale * self.hparams.lr""",
        ),
        BATCHES,
        {},
    ),
    "Lightning's own step of the scheduler": (
        _lightning(
            "return [optimizer], [torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 2)]",
            hook="""def lr_scheduler_step(self, scheduler, metric):
        scheduler.step(epoch=self.current_epoch)""",
        ),
        BATCHES,
        {},
    ),
    "Lightning's manual optimization": (
        _lightning(
            "scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2, gamma=0.5)\n"
            "        return [optimizer], [scheduler]",
            manual="self.automatic_optimization = False",
            step="""opt = self.optimizers()
        opt.zero_grad()
        self.manual_backward(loss)
        if (batch_idx + 1) % 2 == 0:
            opt.step()
        sch = self.lr_schedulers()
        if self.trainer.is_last_batch and (self.trainer.current_epoch + 1) % 2 == 0:
            sch.step()""",
            hook="""def on_train_epoch_end(self):
        self.lr_schedulers().step()""",
        ),
        BATCHES,
        {},
    ),
    "Lightning's rates by hand": (
        _lightning(
            "return [optimizer], []",
            hook="""def on_train_batch_start(self, batch, batch_idx):
        for group in self.optimizers().param_groups:
            group["lr"] = self.hparams.lr * 0.99 ** self.global_step""",
        ),
        BATCHES,
        {},
    ),
}

ACCELERATE = """
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from accelerate import Accelerator

accelerator = Accelerator(ARGUMENTS)
train_dataloader = DataLoader(TensorDataset(torch.zeros(25, 2), torch.zeros(25, 1)), batch_size=4)
model = nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
lr_scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
PREPARE
for epoch in range(4):
    model.train()
    for step, (x, y) in enumerate(train_dataloader):
        with accelerator.accumulate(model):
            loss = nn.functional.mse_loss(model(x), y)
            accelerator.backward(loss)
            optimizer.step()
            STEP
            optimizer.zero_grad()
"""
_ALL = """model, optimizer, train_dataloader, lr_scheduler = accelerator.prepare(
    model, optimizer, train_dataloader, lr_scheduler
)"""
_BUT_SCHEDULER = "model, optimizer, train_dataloader = accelerator.prepare(model, optimizer, train_dataloader)"
_BUT_LOADER = "model, optimizer, lr_scheduler = accelerator.prepare(model, optimizer, lr_scheduler)"


def _accelerate(arguments: str, prepare: str, step: str = "lr_scheduler.step()") -> str:
    return ACCELERATE.replace("ARGUMENTS", arguments).replace("PREPARE", prepare).replace("STEP", step)


_TWO = "gradient_accumulation_steps=2"
LOOPS |= {
    "Accelerate's accumulation": (_accelerate(_TWO, _ALL), BATCHES, {}),
    "Accelerate's accumulation without a context": (
        _accelerate(_TWO, _ALL).replace("with accelerator.accumulate(model):", "if True:"),
        BATCHES,
        {},
    ),
    "Accelerate with a scheduler that is not prepared": (_accelerate(_TWO, _BUT_SCHEDULER), BATCHES, {}),
    "Accelerate with a loader that is not prepared": (_accelerate(_TWO, _BUT_LOADER), BATCHES, {}),
    "Accelerate with a scheduler that is stepped apart": (
        _accelerate(f"{_TWO}, step_scheduler_with_optimizer=False", _ALL),
        BATCHES,
        {},
    ),
    "Accelerate with a step where gradients are synchronized": (
        _accelerate(
            "gradient_accumulation_steps=3",
            _BUT_SCHEDULER,
            "if accelerator.sync_gradients:\n                lr_scheduler.step()",
        ),
        BATCHES,
        {},
    ),
}

_SEVERAL = (
    DATA
    + """
other = nn.Linear(2, 1)
optimizers = [optim.SGD(m.parameters(), lr=lr) for m, lr in zip([model, other], [0.1, 0.2])]
schedulers = [optim.lr_scheduler.ExponentialLR(o, 0.9) for o in optimizers]
"""
)
_COUNTED = (
    DATA
    + SGD
    + """
scheduler = optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
count = 0
"""
)
LOOPS |= {
    "optimizers and schedulers by their numbers": (
        _SEVERAL
        + """
for epoch in range(4):
    for x, y in train_loader:
        for i in range(len(optimizers)):
            optimizers[i].step()
    for i in range(len(schedulers)):
        schedulers[i].step()
""",
        BATCHES,
        {},
    ),
    "models with their optimizers and schedulers, counted": (
        _SEVERAL
        + """
for epoch in range(4):
    for k, (m, optimizer, scheduler) in enumerate(zip([model, other], optimizers, schedulers)):
        for x, y in train_loader:
            optimizer.step()
        scheduler.step()
""",
        BATCHES,
        {},
    ),
    "a global counter in the function with the loop": (
        _COUNTED
        + """
def train():
    global count
    for epoch in range(4):
        for x, y in train_loader:
            if count % 3 == 0:
                optimizer.step()
                scheduler.step()
            count += 1

train()
""",
        BATCHES,
        {},
    ),
    "a counter of the function around": (
        _COUNTED.replace("count = 0\n", "")
        + """
def main():
    count = 0

    def update():
        nonlocal count
        optimizer.step()
        if count % 3 == 0:
            scheduler.step()
        count += 1

    for epoch in range(4):
        for x, y in train_loader:
            update()

main()
""",
        BATCHES,
        {},
    ),
    "a scheduler by the number of the epoch": (
        DATA
        + SGD
        + """
first = optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
second = optim.lr_scheduler.StepLR(optimizer, 1, 0.5)
for epoch in range(6):
    for x, y in train_loader:
        optimizer.step()
    (first if epoch < 2 else second).step()
    [first, second][epoch % 2].step()
""",
        BATCHES,
        {},
    ),
    "phases of an epoch": (
        DATA
        + SGD
        + """
scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
loaders = {"train": train_loader, "val": DataLoader(train_set, batch_size=5)}
for epoch in range(6):
    for phase in ["train", "val"]:
        for x, y in loaders[phase]:
            with torch.set_grad_enabled(phase == "train"):
                loss = criterion(model(x), y)
                if phase == "train":
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
        if phase == "train":
            scheduler.step()
""",
        BATCHES,
        {},
    ),
    "some batches of an epoch": (
        DATA
        + SGD
        + """
import itertools

scheduler = optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
for epoch in itertools.count(start=1):
    for x, y in itertools.islice(train_loader, 3):
        optimizer.step()
    scheduler.step()
    if epoch == 5:
        break
""",
        {},
        {},
    ),
    "steps that the head of the loop counts": (
        DATA
        + SGD
        + """
scheduler = optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
step = 0
while (step := step + 1) <= 5:
    optimizer.step()
    scheduler.step()
""",
        {},
        {},
    ),
    "a number of steps, with the length of an epoch": (
        DATA
        + SGD
        + """
scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, 2 * len(train_loader))
for step in range(10):
    optimizer.step()
    scheduler.step()
""",
        BATCHES,
        {"len(train_loader)": 7},
    ),
    "the scale of a scaler of gradients": (
        DATA
        + SGD
        + """
scheduler = optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
scaler = torch.amp.GradScaler("cpu", enabled=False)
for epoch in range(2):
    for x, y in train_loader:
        scaler.scale(criterion(model(x), y)).backward()
        scaler.step(optimizer)
        scale = scaler.get_scale()
        scaler.update()
        if scale <= scaler.get_scale():
            scheduler.step()
""",
        BATCHES,
        {},
    ),
    "steps in conditional expressions": (
        DATA
        + SGD
        + """
first = optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
second = optim.lr_scheduler.StepLR(optimizer, 1, 0.5)
for epoch in range(5):
    for x, y in train_loader:
        optimizer.step()
    epoch > 1 and first.step()
    second.step() if epoch % 2 else None
    [each.step() for each in filter(None, [first, None]) if epoch == 3]
""",
        BATCHES,
        {},
    ),
    "rates that a method of the group sets": (
        DATA
        + SGD
        + """
for epoch in range(4):
    for x, y in train_loader:
        optimizer.step()
    for group in optimizer.param_groups:
        group.update(lr=0.1 / (epoch + 2)) if epoch < 2 else group.update({"lr": group["lr"] * 0.5})
""",
        BATCHES,
        {},
    ),
    "a counter in a list": (
        _COUNTED.replace("count = 0\n", "count = [0]\n")
        + """
for epoch in range(3):
    for x, y in train_loader:
        optimizer.step()
        if count[0] % 3 == 0:
            scheduler.step()
        count[0] += 1
""",
        BATCHES,
        {},
    ),
    "updates at the end of a block": (
        _COUNTED
        + """
class Update:
    def __init__(self, optimizer):
        self.optimizer = optimizer

    def __enter__(self):
        self.optimizer.zero_grad()
        return self

    def __exit__(self, *args):
        self.optimizer.step()
        scheduler.step()

for epoch in range(2):
    for x, y in train_loader:
        with Update(optimizer):
            criterion(model(x), y).backward()
    scheduler.step()
""",
        BATCHES,
        {},
    ),
    "more updates for each batch in later epochs": (
        _COUNTED
        + """
for epoch in range(3):
    for x, y in train_loader:
        for repeat in range(epoch + 1):
            optimizer.step()
    scheduler.step()
    if epoch == 0:
        setattr(scheduler, "gamma", 0.5)
""",
        BATCHES,
        {},
    ),
    "stages of several epochs": (
        DATA
        + SGD
        + """
for epochs, lr in [(2, 0.1), (1, 0.01), (3, 0.001)]:
    for group in optimizer.param_groups:
        group["lr"] = lr
    for epoch in range(epochs):
        for x, y in train_loader:
            optimizer.step()
""",
        BATCHES,
        {},
    ),
}
_PPO = """
class Env:
    def reset(self):
        obs = [0.0]
        return obs

    def step(self, action):
        obs, reward, done, info = [0.0], 1.0, False, {}
        return obs, reward, done, info


env, minibatches, num_steps, num_updates, target_kl = Env(), 2, 500, 600, None
agent = nn.Linear(2, 1)
optimizer = optim.Adam(agent.parameters(), lr=2.5e-4, eps=1e-5)
obs, next_obs = [None] * num_steps, env.reset()
for update in range(1, num_updates + 1):
    frac = 1.0 - (update - 1.0) / num_updates
    optimizer.param_groups[0]["lr"] = frac * 2.5e-4
    for step in range(0, num_steps):
        obs[step] = next_obs
        next_obs, reward, done, info = env.step(0)
        for name in info:
            print(name)
            break
    for epoch in range(2):
        for start in range(0, minibatches):
            approx_kl = len(obs)
            optimizer.step()
        if target_kl is not None and approx_kl > target_kl:
            break
"""
# What one function changes and another uses, under names that others have too.
_NAMES = """
def note(rates, rate):
    rates.append(rate)


def set_rate(step):
    rates = history[-1:]
    for group in optimizer.param_groups:
        group["lr"] = rates[0] * scale["by"] / (step + 1)


class Counter:
    rate = 0.25

    def __init__(self):
        self.step = 0

    def count(self):
        self.step += 1
        scale["by"] = 2.0 if self.step % 2 else 1.0


optimizer = optim.SGD(nn.Linear(2, 1).parameters(), lr=0.5)
history, scale, counter, rates = [0.5], {"by": 1.0}, Counter(), []
for step in range(6):
    counter.count()
    note(rates, step)
    set_rate(step)
    optimizer.step()
    if step == 3:
        optimizer.param_groups[0]["lr"] = counter.rate
        optimizer.step()
"""
LOOPS |= {
    "reinforcement learning with an environment": (HEAD + _PPO, {}, {}),
    "names of several functions": (HEAD + _NAMES, {}, {}),
}

_PLATEAU = """
optimizer = optim.SGD(nn.Linear(2, 1).parameters(), lr=0.5)
scheduler = optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
history = [3.0, 2.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0]
for epoch in range(8):
    optimizer.step()
    scheduler.step(METRIC)
"""
LOOPS |= {
    "a metric from a list": (HEAD + _PLATEAU.replace("METRIC", "history[epoch]"), {}, {}),
    "a metric of the epoch": (HEAD + _PLATEAU.replace("METRIC", "max(5 - epoch, 2)"), {}, {}),
    "a metric that is a number": (HEAD + _PLATEAU.replace("METRIC", "1.5"), {}, {}),
}

_TENSORS = """
optimizer = optim.SGD(nn.Linear(2, 1).parameters(), lr=0.5)
rates = torch.cat([torch.linspace(0.0, 0.3, 5), torch.linspace(0.3, 1e-5, steps=9)])
parts = torch.tensor([0.1, 0.7, 1 / 3]) * 0.9
for step in range(len(rates)):
    for group in optimizer.param_groups:
        group["lr"] = rates[step].item() * float(parts[step % 3]) + parts.tolist()[-1]
    optimizer.step()
"""
LOOPS |= {"rates in tensors": (HEAD + _TENSORS, {}, {})}

_CHANGED = (
    HEAD
    + """
optimizer = optim.SGD(nn.Linear(2, 1).parameters(), lr=0.5)
scheduler = optim.lr_scheduler.StepLR(optimizer, 2, 0.5)
warmup = optim.lr_scheduler.LinearLR(optimizer, 0.5, total_iters=2)
for epoch in range(8):
    optimizer.step()
    warmup.step()
    if epoch == 3:
        LINE
    scheduler.step()
"""
)
LOOPS |= {
    "an attribute of a scheduler that the loop sets, beside another": (
        _CHANGED.replace("LINE", "scheduler.gamma = 0.1"), {}, {},
    ),
    "an attribute of a scheduler that the loop sets by its name": (
        _CHANGED.replace("LINE", "setattr(scheduler, 'gamma', 0.1)"), {}, {},
    ),
}  # fmt: skip

_COUNTING = (
    DATA
    + SGD
    + """
def make_counter():
    count = 0
    def inc():
        nonlocal count
        count += 1
        return count
    return inc

def batches(loader):
    for x, y in loader:
        yield x

tick, k, history = make_counter(), 0, []
scheduler = optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
for epoch in range(4):
    for i, x in enumerate(batches(train_loader)):
        optimizer.step()
        if TEST:
            scheduler.step()
        history.append(i)
"""
)
LOOPS |= {
    f"a test in a loop, {test}": (_COUNTING.replace("TEST", test), BATCHES, {})
    for test in ("tick() % 3 == 0", "(k := k + 1) % 2 == 0", "history", "i % 2 == 1")
}
