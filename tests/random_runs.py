"""Random runs, each a line of Python that torch and lrviz can both read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

Arguments = tuple[dict[str, str], dict[str, str]]


@dataclass(frozen=True)
class RandomRun:
    """A scheduler as a line of a training script, and the loop and the groups around it."""

    line: str
    epochs: int
    steps_per_epoch: int
    interval: str
    lrs: tuple[float, ...]

    @property
    def calls(self) -> int:
        """How often the loop comes to `scheduler.step()`, the last time included."""
        return self.epochs * (self.steps_per_epoch if self.interval == "step" else 1)


class Maker:
    """Makes one random run; what it makes depends on the seed alone."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.epochs = self.random.randint(1, 12)
        self.steps_per_epoch = self.random.randint(1, 12)
        self.interval = self.random.choice(["step", "epoch"])
        self.groups = self.random.choice([1, 1, 1, 2, 3])
        self.lrs = tuple(self.rate() for _ in range(self.groups))
        self.calls = self.epochs * (self.steps_per_epoch if self.interval == "step" else 1)

    def run(self, scheduler: str) -> RandomRun:
        """A run of the scheduler of that class name."""
        return RandomRun(self.line(scheduler), self.epochs, self.steps_per_epoch, self.interval, self.lrs)

    def line(self, scheduler: str, depth: int = 0) -> str:
        """The scheduler's call, with its arguments in any order and style that Python takes."""
        if scheduler in COMPOSITES:
            required, optional = self.composite(scheduler, depth)
        else:
            required, optional = getattr(self, scheduler)()
        every = required | optional
        positional = self.random.randint(0, len(every)) if self.random.random() < 0.4 else 0
        words = list(every.values())[:positional]
        left = list(every)[positional:]
        named = [f"{name}={every[name]}" for name in left if name in required or self.random.random() < 0.6]
        self.random.shuffle(named)
        if scheduler != "ChainedScheduler":
            if words or self.random.random() < 0.7:
                words.insert(0, self.random.choice(["optimizer", "opt"]))
            else:
                named.append("optimizer=optimizer")
        return f"{self.path(scheduler)}{scheduler}({', '.join([*words, *named])})"

    def path(self, scheduler: str) -> str:
        """One of the ways in which scripts import it."""
        if scheduler == "SWALR":
            return self.random.choice(["", "torch.optim.swa_utils.", "swa_utils."])
        return self.random.choice(["", "", "torch.optim.lr_scheduler.", "optim.lr_scheduler.", "lr_scheduler."])

    # What a number can look like

    def whole(self, least: int, most: int) -> str:
        """A whole number, as a literal or as arithmetic in the run's names."""
        if self.random.random() < 0.15 and most >= self.calls >= least:
            return "total_steps"
        if self.random.random() < 0.1:
            return f"max({least}, {self.random.randint(least, most)} // 1)"
        return str(self.random.randint(least, most))

    def rate(self) -> float:
        """A rate as people choose them, or any."""
        return self.random.choice([1e-3, 0.1, 3e-4, 1.0, 5e-5, 10 ** self.random.uniform(-6, 0)])

    def fraction(self, least: float = 0.0, most: float = 1.0) -> str:
        """A number between two others, either of which it may be."""
        return repr(self.random.choice([least, most, *(self.random.uniform(least, most) for _ in range(6))]))

    def factor(self) -> str:
        """A fraction above 0."""
        return repr(self.random.choice([1.0, 0.5, 0.1, 1e-3, self.random.uniform(1e-3, 1)]))

    def per_group(self, value: Callable[[], object]) -> str:
        """One value for all groups, or a list with one for each."""
        if self.groups == 1 or self.random.random() < 0.5:
            return repr(value())
        return f"[{', '.join(repr(value()) for _ in range(self.groups))}]"

    def word(self, *words: str) -> str:
        """One of a few words, in either kind of quotes."""
        quote = self.random.choice("\"'")
        return f"{quote}{self.random.choice(words)}{quote}"

    # The schedulers' arguments in torch's order: those there must be, and those there may be

    def StepLR(self) -> Arguments:
        return {"step_size": self.whole(1, 12)}, {"gamma": self.fraction(0, 1.5)}

    def MultiStepLR(self) -> Arguments:
        milestones = [self.random.randint(0, 40) for _ in range(self.random.randint(1, 5))]
        return {"milestones": str(milestones)}, {"gamma": self.fraction(0, 1.5)}

    def ConstantLR(self) -> Arguments:
        return {}, {"factor": self.factor(), "total_iters": self.whole(1, 20)}

    def LinearLR(self) -> Arguments:
        ends = {"start_factor": self.factor(), "end_factor": self.fraction()}
        return {}, ends | {"total_iters": self.whole(1, 20)}

    def ExponentialLR(self) -> Arguments:
        return {"gamma": self.random.choice([self.fraction(0.5, 1.1), "0.01 ** (1 / total_steps)"])}, {}

    def PolynomialLR(self) -> Arguments:
        return {}, {"total_iters": self.whole(1, 40), "power": self.fraction(0, 3)}

    def CosineAnnealingLR(self) -> Arguments:
        return {"T_max": self.whole(1, 40)}, {"eta_min": self.fraction(0, min(self.lrs))}

    def CosineAnnealingWarmRestarts(self) -> Arguments:
        more = {"T_mult": self.whole(1, 3), "eta_min": self.fraction(0, min(self.lrs))}
        return {"T_0": self.whole(1, 12)}, more

    def CyclicLR(self) -> Arguments:
        bounds = {"base_lr": self.per_group(self.rate), "max_lr": self.per_group(self.rate)}
        scale = self.random.choice(["None", "lambda x: 0.9 ** x", "lambda x: 1 / (1 + x)"])
        return bounds, {
            "step_size_up": self.whole(1, 12),
            "step_size_down": self.random.choice(["None", self.whole(1, 12)]),
            "mode": self.word("triangular", "triangular2", "exp_range"),
            "gamma": self.fraction(0.9, 1.05),
            "scale_fn": scale,
            "scale_mode": self.word("cycle", "iterations"),
            "cycle_momentum": self.random.choice(["True", "False"]),
            "base_momentum": self.per_group(self.random.random),
            "max_momentum": self.per_group(self.random.random),
        }

    def OneCycleLR(self) -> Arguments:
        total = self.calls + self.random.choice([0, 0, 1, 7])
        length, other = {"total_steps": str(total)}, {"epochs": "None", "steps_per_epoch": "None"}
        if self.random.random() < 0.3:
            total, other = self.calls, {}
            length = {"total_steps": "None", "epochs": str(self.calls), "steps_per_epoch": "1"}
        pct_start = self.random.choice([0.3, 0.0, 1.0, self.random.random()])
        if pct_start * total == 1:
            pct_start = 0.0
        return {"max_lr": self.per_group(self.rate)} | length, other | {
            "pct_start": repr(pct_start),
            "anneal_strategy": self.word("cos", "linear"),
            "cycle_momentum": self.random.choice(["True", "False"]),
            "base_momentum": self.per_group(self.random.random),
            "max_momentum": self.per_group(self.random.random),
            "div_factor": self.fraction(1, 100),
            "final_div_factor": self.fraction(1, 1e5),
            "three_phase": self.random.choice(["True", "False"]),
        }

    def SWALR(self) -> Arguments:
        more = {"anneal_epochs": self.whole(0, 20), "anneal_strategy": self.word("cos", "linear")}
        return {"swa_lr": self.per_group(self.rate)}, more

    def ReduceLROnPlateau(self) -> Arguments:
        return {}, {
            "mode": self.word("min", "max"),
            "factor": self.fraction(0.01, 0.9),
            "patience": self.whole(0, 5),
            "threshold": self.fraction(0, 0.2),
            "threshold_mode": self.word("rel", "abs"),
            "cooldown": self.whole(0, 5),
            "min_lr": self.per_group(lambda: self.rate() / 100),
            "eps": self.random.choice(["1e-8", "0.0", "1e-4"]),
        }

    def LambdaLR(self) -> Arguments:
        return {"lr_lambda": self.functions()}, {}

    def MultiplicativeLR(self) -> Arguments:
        return {"lr_lambda": self.functions()}, {}

    def functions(self) -> str:
        """A lambda, or a list with one for each group."""
        if self.groups == 1 or self.random.random() < 0.4:
            return self.function() if self.groups > 1 or self.random.random() < 0.8 else f"[{self.function()}]"
        return f"[{', '.join(self.function() for _ in range(self.groups))}]"

    def function(self) -> str:
        """A lambda such as people write."""
        n, r = self.random.randint(1, 20), self.random.uniform(0.8, 1.0)
        return self.random.choice(
            [
                f"lambda epoch: {r!r} ** epoch",
                f"lambda step: min((step + 1) / {n}, 1.0)",
                f"lambda e: 1 / math.sqrt(max(e, {n}))",
                f"lambda t: 0.5 * (1 + math.cos(math.pi * min(t, {n}) / {n}))",
                f"lambda step: (step + 1) / {n} if step < {n} else max(0.0, 1 - (step - {n}) / (3 * {n}))",
                f"lambda epoch: epoch // {n}",
                f"lambda i: {r!r} if i % {n} == 0 else 1",
                f"lambda s: min(max(s, 1) ** -0.5, s * {n} ** -1.5)",
                f"lambda x, k={n}: 1 - x / (x + k)",
                f"lambda e: 0 < e <= {n}",
                f"lambda e: (e > {n} and {r!r}) or 1",
                "lambda e: 1 - e / total_steps",
                f"lambda e: round({r!r} ** e, 3) + abs(-e) * int({r!r}) + float(e % 2)",
            ]
        )

    def composite(self, scheduler: str, depth: int) -> Arguments:
        """The children of a composite; in SequentialLR only the first may be a composite itself."""
        chosen = [self.random.choice(SIMPLE) for _ in range(self.random.randint(1, 4))]
        nest = depth < 2 and self.random.random() < 0.35
        if nest:
            place = 0 if scheduler == "SequentialLR" else self.random.randrange(len(chosen))
            chosen[place] = self.random.choice(COMPOSITES)
        children = f"[{', '.join(self.line(child, depth + 1) for child in chosen)}]"
        if scheduler == "ChainedScheduler":
            return {"schedulers": children}, {"optimizer": "optimizer"}
        milestones = sorted(self.random.sample(range(1, 30), len(chosen) - 1))
        return {"schedulers": children, "milestones": str(milestones)}, {}


COMPOSITES = ("SequentialLR", "ChainedScheduler")
SIMPLE = (
    "StepLR",
    "MultiStepLR",
    "ConstantLR",
    "LinearLR",
    "ExponentialLR",
    "PolynomialLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "OneCycleLR",
    "SWALR",
    "LambdaLR",
    "MultiplicativeLR",
)
ALL = (*SIMPLE, "ReduceLROnPlateau", *COMPOSITES)


def random_run(seed: int) -> RandomRun:
    """The run of a seed: the schedulers take turns, and every other run is a composite."""
    scheduler = COMPOSITES[seed // 2 % 2] if seed % 2 else ALL[seed // 2 % len(ALL)]
    return Maker(seed).run(scheduler)
