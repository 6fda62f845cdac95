"""The schedule of Megatron-core."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from lrviz.errors import SimulationError, SpecError
from lrviz.schedulers.bare import bare
from lrviz.schedulers.catalogue import Family, Parameter, Run, Scheduler, Values
from lrviz.text import print_value

_DOCS: Final = "https://docs.nvidia.com/megatron-core/developer-guide/latest/"
_STYLES: Final = ("constant", "linear", "cosine", "inverse-square-root", "WSD")


def _check(values: Values, run: Run) -> None:
    for low, high in (("min_lr", "max_lr"), ("init_lr", "max_lr"), ("start_wd", "end_wd")):
        if values[low] > values[high]:
            raise SpecError(
                f"`OptimizerParamScheduler` needs a `{low}` of at most `{high}`, got {print_value(values[low])} and "
                f"{print_value(values[high])}"
            )
    if values["lr_warmup_steps"] >= values["lr_decay_steps"]:
        raise SpecError(
            "`OptimizerParamScheduler` needs fewer `lr_warmup_steps` than `lr_decay_steps`, got "
            f"{print_value(values['lr_warmup_steps'])} and {print_value(values['lr_decay_steps'])}",
            "both count samples: updates times the global batch size",
        )
    if values["lr_decay_style"] == "WSD" and values.get("wsd_decay_steps") is None:
        raise SpecError("`OptimizerParamScheduler` needs `wsd_decay_steps` for the style WSD", "in samples")


def _build(factory: Callable[..., Any], optimizer: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """The scheduler, with the samples that each step counts as its attribute `increment`."""
    given = dict(kwargs)
    increment = given.pop("increment", None)
    scheduler = factory(optimizer, *args, **given)
    scheduler.increment = increment
    return scheduler


def _increment(increment: int | None, loop: Any) -> int:
    """The samples of an update.

    Raises:
        SimulationError: they are not known.
    """
    if increment is None and loop.batch_size is not None:
        increment = loop.batch_size * loop.grad_accum
    if increment is None:
        raise SimulationError(
            "`OptimizerParamScheduler.step` counts samples, and the samples of an update are not known",
            "give the global batch size: `--increment 256`; or 1 if the lengths are in updates",
        )
    return int(increment)


def _stepper(scheduler: Any, loop: Any) -> Callable[[int], None]:
    """`step(increment)` with the samples of an update, as Megatron's training loop calls it."""
    increment = _increment(scheduler.increment, loop)
    return lambda count: scheduler.step(increment=increment)


# The rate of every update of each example in the default run, in millionths; a test compares them with the package.
# fmt: off
_CURVES: Final[dict[str, tuple[int, ...]]] = {
    "megatron": (0, 250, 500, 750, 1000, 997, 989, 975, 955, 931, 902, 868, 831, 789, 745, 699, 650, 600, 550,
        500, 450, 401, 355, 311, 269, 232, 198, 169, 145, 125, 111, 103),
}
# fmt: on

FAMILY: Final = Family(
    package="megatron",
    install="megatron-core",
    help="The schedule of Megatron-LM, which sets the rate and the weight decay of each group. It counts samples: a "
    "training loop calls step(increment) with the global batch size.",
    source=_DOCS,
    load=bare({"megatron.core.utils": {"log_single_rank": lambda *args, **kwargs: None}}),
    curves=_CURVES,
    schedulers=(
        Scheduler(
            "megatron",
            "OptimizerParamScheduler",
            summary="linear warm-up, then a decay by lr_decay_style, counted in samples",
            parameters=(
                Parameter("init_lr", "float", "the rate at the start of the warm-up", least=0, follows="0.0"),
                Parameter("max_lr", "float", "the rate after the warm-up", least=0, follows="lr"),
                Parameter("min_lr", "float", "the rate at the end of the decay", least=0, follows="lr / 10"),
                Parameter("lr_warmup_steps", "int", "samples of the warm-up", least=0),
                Parameter("lr_decay_steps", "int", "samples of warm-up and decay", least=0, above_least=True),
                Parameter("lr_decay_style", "choice", "shape of the decay", choices=_STYLES, follows="'cosine'"),
                Parameter("start_wd", "float", "weight decay at the start", least=0, follows="0.01"),
                Parameter("end_wd", "float", "weight decay at the end", least=0, follows="0.01"),
                Parameter("wd_incr_steps", "int", "samples over which the weight decay grows", least=0, follows="1"),
                Parameter(
                    "wd_incr_style", "choice", "shape of its growth", choices=("constant", "linear", "cosine"),
                    follows="'constant'",
                ),
                Parameter("use_checkpoint_opt_param_scheduler", "bool", "use the values of a checkpoint", default=True),
                Parameter("override_opt_param_scheduler", "bool", "use these values, not its own", default=False),
                Parameter(
                    "wsd_decay_steps", "int", "samples of the decay of WSD", default=None, optional=True, least=0
                ),
                Parameter(
                    "lr_wsd_decay_style", "choice", "shape of the decay of WSD", default=None, optional=True,
                    choices=("linear", "cosine", "exponential", "minus_sqrt"),
                ),
                Parameter(
                    "increment", "int", "samples of an update, the global batch size; no argument of Megatron",
                    default=None, optional=True, least=1,
                ),
            ),
            formula="n = t * increment samples\n"
            "rate(t) = init_lr + (max_lr - init_lr) * n / lr_warmup_steps while n <= lr_warmup_steps\n"
            "then rate(t) = min_lr + (max_lr - min_lr) * c, and min_lr from n > lr_decay_steps on\n"
            "x = (n - lr_warmup_steps) / (lr_decay_steps - lr_warmup_steps)\n"
            "by lr_decay_style: linear: c = 1 - x; cosine: c = (1 + cos(pi * x)) / 2\n"
            "WSD: c = 1 until the last wsd_decay_steps, then by lr_wsd_decay_style\n"
            "weight decay: from start_wd to end_wd over wd_incr_steps, by wd_incr_style\n"
            "use_checkpoint_opt_param_scheduler and override_opt_param_scheduler matter only for a resumed run",
            use="Pre-training with Megatron-LM and NeMo.",
            cautions=(
                "All lengths are in samples: updates times the global batch size.",
                "The lr of the optimizer is not used: max_lr is the peak.",
                "With init_lr 0 the first update has a rate of 0.",
            ),
            source=_DOCS,
            past_end="It stays at min_lr.",
            module="megatron.core.optimizer_param_scheduler",
            package="megatron-core",
            example="OptimizerParamScheduler(init_lr=0.0, max_lr=1e-3, min_lr=1e-4, lr_warmup_steps=4 * 256, "
            "lr_decay_steps=total_steps * 256, lr_decay_style='cosine', start_wd=0.1, end_wd=0.1, wd_incr_steps=1, "
            "wd_incr_style='constant', increment=256)",
            aliases=("megatroncore", "megatronlm"),
            rates=("init_lr", "max_lr", "min_lr"),
            overwrites_rate=True,
            takes_last_epoch=False,
            standalone=True,
            of_loop=("increment",),
            check=_check,
            build=_build,
            decides=lambda values: {"interval": "step"},
            stepper=_stepper,
            step_code=lambda values, loop: f"scheduler.step(increment={_increment(values.get('increment'), loop)})",
        ),
    ),
)  # fmt: skip
