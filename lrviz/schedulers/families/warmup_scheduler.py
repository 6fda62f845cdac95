"""The warm-up of pytorch-gradual-warmup-lr."""

from __future__ import annotations

from typing import Final

from lrviz.schedulers.catalogue import Family, Parameter, Run, Scheduler, Values, refuse_plateau

_DOCS: Final = "https://github.com/ildoonet/pytorch-gradual-warmup-lr"


def _check(values: Values, run: Run) -> None:
    after = values.get("after_scheduler")
    refuse_plateau("GradualWarmupScheduler", () if after is None else (after,))


def _shares(values: Values, steps: int) -> list[int]:
    warmup = values.get("total_epoch")
    return [max(1, steps - int(warmup))] if isinstance(warmup, int | float) and warmup >= 0 else []


# The rate of every update of each example in the default run, in millionths; a test compares them with the package.
# fmt: off
_CURVES: Final[dict[str, tuple[int, ...]]] = {
    "gradual-warmup": (0, 250, 500, 750, 1000, 1003, 1000, 991, 975, 953, 926, 894, 856, 814, 768, 719, 667, 613,
        558, 502, 445, 390, 336, 284, 235, 189, 147, 109, 77, 50, 28, 13),
}
# fmt: on

FAMILY: Final = Family(
    package="warmup_scheduler",
    install="warmup-scheduler",
    help="A linear warm-up around another scheduler, in the package warmup_scheduler. It is stepped once an epoch.",
    source=_DOCS,
    curves=_CURVES,
    schedulers=(
        Scheduler(
            short="gradual-warmup",
            name="GradualWarmupScheduler",
            summary="linear warm-up to multiplier times lr, then another scheduler",
            parameters=(
                Parameter(
                    "multiplier", "float", "the peak as a multiple of lr; 1 starts from 0", least=1, follows="1.0"
                ),
                Parameter(
                    "total_epoch",
                    "int",
                    "scheduler steps of the warm-up",
                    least=0,
                    above_least=True,
                    follows="max(1, total_steps // 10)",
                ),
                Parameter(
                    "after_scheduler", "scheduler", "the scheduler after the warm-up", default=None, optional=True
                ),
            ),
            formula="rate(t) = lr * t / total_epoch while t <= total_epoch, if multiplier is 1\n"
            "rate(t) = lr * ((multiplier - 1) * t / total_epoch + 1) while t <= total_epoch, if it is more\n"
            "then that of after_scheduler, with multiplier times its base rate",
            use="Large batches: Goyal et al. warm up to the rate of the batch size over 5 epochs.",
            cautions=(
                "With a multiplier of 1 the first scheduler step has a rate of 0: a whole epoch if it is stepped once "
                "an epoch.",
                "The first two steps after the warm-up have the rate of the peak, and a cosine then starts above it.",
                "Its page calls step(epoch) at the start of each epoch, from 1 on; here step() is called at the end. "
                "A script is followed as it is.",
                "ReduceLROnPlateau after it needs step(epoch, metric), and is not drawn.",
            ),
            source="Goyal et al., Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour, 2017, arXiv:1706.02677",
            past_end="The scheduler after it sets the rate.",
            module="warmup_scheduler",
            package="warmup-scheduler",
            example="GradualWarmupScheduler(multiplier=1, total_epoch=4, "
            "after_scheduler=CosineAnnealingLR(T_max=total_steps - 4))",
            check=_check,
            shares=_shares,
            takes_last_epoch=False,
        ),
    ),
)
