"""The schedule of pytorch-cosine-annealing-with-warmup."""

from __future__ import annotations

from typing import Final

from lrviz.errors import SpecError
from lrviz.schedulers.catalogue import Family, Parameter, Run, Scheduler, Values
from lrviz.text import print_value

_DOCS: Final = "https://github.com/katsura-jp/pytorch-cosine-annealing-with-warmup"


def _check(values: Values, run: Run) -> None:
    warmup, cycle = values.get("warmup_steps", 0), values["first_cycle_steps"]
    if warmup >= cycle:
        raise SpecError(
            f"`CosineAnnealingWarmupRestarts` needs fewer `warmup_steps` than `first_cycle_steps`, got "
            f"{print_value(warmup)} and {print_value(cycle)}"
        )


# The rate of every update of each example in the default run, in millionths; a test compares them with the package.
# fmt: off
_CURVES: Final[dict[str, tuple[int, ...]]] = {
    "cosine-warmup-restarts": (10, 258, 505, 752, 1000, 983, 934, 855, 752, 633, 505, 377, 258, 155, 76, 27, 10,
        258, 505, 752, 1000, 983, 934, 855, 752, 633, 505, 377, 258, 155, 76, 27),
}
# fmt: on

FAMILY: Final = Family(
    package="cosine_annealing_warmup",
    install=f"git+{_DOCS}",
    help="Cosine annealing with restarts and a linear warm-up in each cycle. Where the class is copied into a project, "
    "it runs as FILE.py:CosineAnnealingWarmupRestarts(...).",
    source=_DOCS,
    curves=_CURVES,
    schedulers=(
        Scheduler(
            short="cosine-warmup-restarts",
            name="CosineAnnealingWarmupRestarts",
            summary="cycles of a linear warm-up to max_lr and half a cosine to min_lr",
            parameters=(
                Parameter("first_cycle_steps", "int", "scheduler steps of the first cycle", least=1,
                          follows="total_steps"),
                Parameter(
                    "cycle_mult", "float", "factor of the decay of each further cycle", default=1.0, least=0,
                    above_least=True,
                ),
                Parameter("max_lr", "float", "the highest rate of the first cycle", default=0.1, least=0),
                Parameter("min_lr", "float", "the rate at the start and at the end of a cycle", default=0.001, least=0),
                Parameter("warmup_steps", "int", "scheduler steps of the warm-up of each cycle", default=0, least=0),
                Parameter("gamma", "float", "factor of max_lr in each further cycle", default=1.0, least=0),
            ),
            formula="rate(t) = min_lr + (max_lr - min_lr) * u / warmup_steps while u < warmup_steps\n"
            "rate(t) = min_lr + (max_lr - min_lr) * (1 + cos(pi * (u - warmup_steps) / (n - warmup_steps))) / 2\n"
            "u counts the steps of a cycle of n steps, first_cycle_steps at first;\n"
            "n - warmup_steps grows by cycle_mult, and max_lr falls by gamma, in each further cycle",
            use="Long runs with restarts that each need a warm-up.",
            cautions=(
                "The lr of the optimizer is not used: the rates are min_lr and max_lr, and all groups have the same.",
                "The first update has min_lr, also without a warm-up.",
                "max_lr is 0.1 by default, which is too high for Adam.",
            ),
            source="Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2016, "
            "arXiv:1608.03983",
            past_end="The cycles go on.",
            module="cosine_annealing_warmup",
            package=f"git+{_DOCS}",
            example="CosineAnnealingWarmupRestarts(first_cycle_steps=16, max_lr=1e-3, min_lr=1e-5, warmup_steps=4)",
            rates=("max_lr", "min_lr"),
            overwrites_rate=True,
            check=_check,
        ),
    ),
)  # fmt: skip
