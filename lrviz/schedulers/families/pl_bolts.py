"""The schedule of lightning-bolts."""

from __future__ import annotations

from typing import Any, Final

from lrviz.schedulers.bare import bare
from lrviz.schedulers.catalogue import Family, Parameter, Scheduler, Values

_DOCS: Final = "https://lightning-bolts.readthedocs.io/en/latest/schedulers/warmup_cosine_annealing.html"


def _hint(error: BaseException, values: Values) -> str:
    return "a warm-up has 2 steps or more, and max_epochs is longer" if isinstance(error, ZeroDivisionError) else ""


def _same(cls: Any) -> Any:
    return cls


# The rate of every update of each example in the default run, in millionths; a test compares them with the package.
# fmt: off
_CURVES: Final[dict[str, tuple[int, ...]]] = {
    "bolts-warmup-cosine": (0, 500, 1000, 1000, 997, 988, 974, 954, 928, 898, 863, 824, 781, 734, 685, 634, 581,
        527, 473, 419, 366, 315, 266, 219, 176, 137, 102, 72, 46, 26, 12, 3),
}
# fmt: on

FAMILY: Final = Family(
    package="pl_bolts",
    install="lightning-bolts",
    help="Linear warm-up and cosine annealing, as many projects copied it. It may be stepped once an update or once an "
    "epoch; warmup_epochs and max_epochs count its steps.",
    source=_DOCS,
    # `under_review` only warns that the class may change; its module needs an old version of Lightning.
    load=bare({"pl_bolts.utils.stability": {"under_review": lambda: _same}}),
    curves=_CURVES,
    schedulers=(
        Scheduler(
            short="bolts-warmup-cosine",
            name="LinearWarmupCosineAnnealingLR",
            summary="linear warm-up, then half a cosine to eta_min",
            parameters=(
                Parameter(
                    "warmup_epochs",
                    "int",
                    "scheduler steps of the warm-up",
                    least=2,
                    follows="max(2, total_steps // 10)",
                ),
                Parameter("max_epochs", "int", "scheduler steps of the run", least=1, follows="total_steps"),
                Parameter("warmup_start_lr", "float", "the first rate", default=0.0, least=0),
                Parameter("eta_min", "float", "the rate at max_epochs", default=0.0, least=0),
            ),
            formula="rate(t) = warmup_start_lr + t * (lr - warmup_start_lr) / (warmup_epochs - 1) "
            "while t < warmup_epochs\nrate(t) = eta_min + (lr - eta_min) * (1 + cos(pi * x)) / 2\n"
            "x = (t - warmup_epochs) / (max_epochs - warmup_epochs)",
            use="Self-supervised learning: SimCLR, BYOL and others in lightning-bolts.",
            cautions=(
                "With the default warmup_start_lr the first scheduler step has a rate of 0: a whole epoch if it is "
                "stepped once an epoch.",
                "Lightning steps it once an epoch unless `interval` is step.",
                "The peak is used for two steps, the last one of the warm-up and the first one of the cosine.",
            ),
            source="Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2016, "
            "arXiv:1608.03983",
            past_end="It rises again.",
            module="pl_bolts.optimizers.lr_scheduler",
            package="lightning-bolts",
            length="max_epochs",
            warmup="warmup_epochs",
            counts=("warmup_epochs", "max_epochs"),
            failure_hint=_hint,
        ),
    ),
)
