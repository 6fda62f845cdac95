"""Random schedules as people write them, each made for its run: the rules must be silent about them."""

from __future__ import annotations

from random import Random


def sensible(seed: int) -> str:
    """Notation with the fields of its run, that depends on the seed alone."""
    random = Random(seed)
    interval = random.choice(["step", "epoch"])
    epochs = random.choice([10, 12, 30, 50, 90, 100, 120, 200, 300])
    batches = random.choice([20, 47, 64, 100, 157, 391])
    accum = random.choice([1, 1, 1, 2, 4]) if interval == "step" else 1
    processes = random.choice([1, 1, 1, 2, 8])
    if epochs * batches > 6_000:
        batches = 20
    calls = epochs * -(-batches // accum) if interval == "step" else epochs
    steps = calls * processes
    lr = random.choice([1e-3, 0.1, 3e-4, 5e-5, 0.02, 10 ** random.uniform(-5, -0.5)])
    scheduler = _scheduler(random, steps, processes, epochs, lr)
    fields = {"lr": f"{lr:.3g}", "epochs": epochs, "steps_per_epoch": batches, "interval": interval}
    if accum > 1:
        fields["grad_accum"] = accum
    if processes > 1:
        fields["num_processes"] = processes
    return f"{scheduler} @ {', '.join(f'{name}={value}' for name, value in fields.items())}"


def _scheduler(random: Random, steps: int, processes: int, epochs: int, lr: float) -> str:
    kind = random.choice(KINDS)
    warm = max(1, round(steps * random.choice([0.01, 0.03, 0.05, 0.1])))
    rest = steps - warm
    floor = random.choice([0.0, lr * 0.01, lr * 0.1])
    start = random.choice([0.001, 0.01, 0.1, 1 / 3])
    warmup = f"LinearLR(start_factor={start!r}, total_iters={warm})"
    third = max(1, steps // 3)
    match kind:
        case "cosine":
            return f"CosineAnnealingLR(T_max={steps}, eta_min={floor!r})"
        case "polynomial":
            return f"PolynomialLR(total_iters={steps}, power={random.choice([0.9, 1.0, 2.0])})"
        case "linear":
            return f"LinearLR(start_factor=1.0, end_factor={random.choice([0.0, 0.01, 0.1])}, total_iters={steps})"
        case "step":
            return f"StepLR(step_size={random.choice([third, third, max(1, steps // 2)])}, gamma=0.1)"
        case "multistep":
            shares = random.choice([(0.5, 0.75), (0.3, 0.6, 0.9), (0.6, 0.85), (2 / 3, 8 / 9)])
            return f"MultiStepLR(milestones={[round(steps * share) for share in shares]}, gamma=0.1)"
        case "exponential":
            return f"ExponentialLR(gamma={random.choice([0.01, 0.1, 1e-3]) ** (1 / steps)!r})"
        case "onecycle":
            share = random.choice([0.1, 0.3, 0.4])
            return f"OneCycleLR(max_lr={lr * 10:.3g}, total_steps={steps}, pct_start={share})"
        case "restarts":
            return f"CosineAnnealingWarmRestarts(T_0={max(-(-steps // random.choice([1, 2, 5])), 4 * processes)})"
        case "doubling":
            return f"CosineAnnealingWarmRestarts(T_0={-(-steps // random.choice([3, 7]))}, T_mult=2)"
        case "cyclic":
            half = max(2 * processes, steps // (2 * random.choice([2, 4])))
            return f"CyclicLR(base_lr={lr / 10:.3g}, max_lr={lr:.3g}, step_size_up={half})"
        case "warm cosine":
            then = f"CosineAnnealingLR(T_max={rest}, eta_min={floor!r})"
            return f"SequentialLR([{warmup}, {then}], milestones=[{warm}])"
        case "warm linear":
            return f"SequentialLR([{warmup}, LinearLR(1.0, 0.0, {rest})], milestones=[{warm}])"
        case "warm step":
            then = f"MultiStepLR([{round(rest * 0.6)}, {round(rest * 0.8)}])"
            return f"SequentialLR([{warmup}, {then}], milestones=[{warm}])"
        case "stable":
            last = max(1, steps // 10)
            middle = f"ConstantLR(factor=1.0, total_iters={steps})"
            return (
                f"SequentialLR([{warmup}, {middle}, LinearLR(1.0, 0.0, {last})], milestones=[{warm}, {steps - last}])"
            )
        case "constant":
            return "LambdaLR(lr_lambda=lambda step: 1.0)"
        case "warm constant":
            return f"LambdaLR(lr_lambda=lambda step: min(1.0, (step + 1) / {warm}))"
        case "lambda linear":
            return (
                f"LambdaLR(lr_lambda=lambda step: (step + 1) / {warm} if step < {warm} else "
                f"max(0.0, ({steps} - step) / {rest}))"
            )
        case "lambda cosine":
            return (
                f"LambdaLR(lr_lambda=lambda step: (step + 1) / {warm} if step < {warm} else "
                f"0.5 * (1 + math.cos(math.pi * (step - {warm}) / {rest})))"
            )
        case "lambda exponential":
            return f"LambdaLR(lr_lambda=lambda step: {0.1 ** (1 / steps)!r} ** step)"
        case "poly":
            return f"LambdaLR(lr_lambda=lambda step: (1 - step / {steps}) ** 0.9)"
        case "inverse sqrt":
            return f"LambdaLR(lr_lambda=lambda step: min((step + 1) / {warm}, ({warm} / (step + 1)) ** 0.5))"
        case "chained":
            return f"ChainedScheduler([{warmup}, ExponentialLR(gamma={0.05 ** (1 / steps)!r})])"
        case "averaging":
            start = round(steps * 0.75)
            return (
                f"SequentialLR([CosineAnnealingLR(T_max={steps}), SWALR(swa_lr={lr / 2:.3g}, "
                f"anneal_epochs={max(1, steps // 20)})], milestones=[{start}])"
            )
        case "plateau":
            return f"ReduceLROnPlateau(patience={random.choice([5, 10, 20])})"
    raise AssertionError(kind)


KINDS = (
    "cosine", "polynomial", "linear", "step", "multistep", "exponential", "onecycle", "restarts", "doubling", "cyclic",
    "warm cosine", "warm linear", "warm step", "stable", "constant", "warm constant", "lambda linear", "lambda cosine",
    "lambda exponential", "poly", "inverse sqrt", "chained", "averaging",
)  # fmt: skip
