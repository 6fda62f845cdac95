from torch.optim.lr_scheduler import LambdaLR


def make_scheduler(optimizer, warmup=10):
    return LambdaLR(optimizer, lambda step: min((step + 1) / warmup, (warmup / (step + 1)) ** 0.5))
