"""The schedulers of PyTorch-Ignite that set the rate of a torch optimizer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from lrviz.schedulers.bare import bare
from lrviz.schedulers.catalogue import Family, Parameter, Scheduler, refuse_plateau

_DOCS: Final = "https://pytorch.org/ignite/handlers.html#module-ignite.handlers.param_scheduler"
_NAME: Final = Parameter("param_name", "choice", "what it sets; here always lr", choices=("lr",), follows="'lr'")
_HISTORY: Final = Parameter("save_history", "bool", "keep the values", default=False)
_START: Final = Parameter("start_value", "float", "the rate at the start of a cycle", least=0, follows="lr")
_SIZE: Final = Parameter("cycle_size", "int", "events of a cycle", least=2, follows="max(2, total_steps)")
_CYCLE: Final = (
    Parameter("cycle_mult", "float", "factor of the length of each further cycle", default=1.0, least=0),
    Parameter("start_value_mult", "float", "factor of start_value in each further cycle", default=1.0),
    Parameter("end_value_mult", "float", "factor of end_value in each further cycle", default=1.0),
    Parameter("warmup_duration", "int", "events of a warm-up before each further cycle", default=0, least=0),
    _HISTORY,
    Parameter("param_group_index", "int", "the group that it sets; all if None", default=None, optional=True, least=0),
)
_EVENTS: Final = (
    "It is attached to Events.ITERATION_STARTED, and sets the rate before each update; attached to EPOCH_STARTED "
    "it counts epochs: `--interval epoch`."
)
_OWN: Final = "The lr of the optimizer is not used: the values are rates."


def _build(factory: Callable[..., Any], optimizer: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """The handler, called for the first event, which comes before the first update."""
    return _started(factory(optimizer, *args, **kwargs))


def _build_around(factory: Callable[..., Any], optimizer: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    return _started(factory(*args, **kwargs))


def _started(handler: Any) -> Any:
    handler(None)
    return handler


def _stepper(handler: Any, loop: Any) -> Callable[[int], None]:
    """The call of the handler at each further event."""
    return lambda count: handler(None)


def _handler(short: str, name: str, *parameters: Parameter, **fields: Any) -> Scheduler:
    return Scheduler(
        short, name, parameters=parameters, module="ignite.handlers.param_scheduler", package="pytorch-ignite",
        **{
            "takes_last_epoch": False, "standalone": True, "overwrites_rate": True, "build": _build,
            "stepper": _stepper, "source": _DOCS, "is_handler": True,
            "rates": ("start_value", "end_value"), **fields,
        },
    )  # fmt: skip


# The rate of every update of each example in the default run, in millionths; a test compares them with the package.
# fmt: off
_CURVES: Final[dict[str, tuple[int, ...]]] = {
    "ignite-linear-cyclic": (1000, 938, 875, 813, 750, 688, 625, 563, 500, 438, 375, 312, 250, 188, 125, 62, 0,
        62, 125, 188, 250, 312, 375, 438, 500, 563, 625, 688, 750, 813, 875, 938),
    "ignite-cosine": (1000, 998, 990, 978, 962, 941, 916, 887, 854, 817, 778, 736, 691, 645, 598, 549, 500, 451,
        402, 355, 309, 264, 222, 183, 146, 113, 84, 59, 38, 22, 10, 2),
    "ignite-warmup": (0, 200, 400, 600, 800, 1000, 900, 810, 729, 656, 590, 531, 478, 430, 387, 349, 314, 282,
        254, 229, 206, 185, 167, 150, 135, 122, 109, 98, 89, 80, 72, 65),
}
# fmt: on

FAMILY: Final = Family(
    package="ignite",
    install="pytorch-ignite",
    help="Handlers that set the rate at each event of a trainer. They are drawn as if attached to "
    "Events.ITERATION_STARTED, as their documentation does: one event an update.",
    source=_DOCS,
    load=bare(),
    refused={
        "PiecewiseLinear": "its milestones_values are pairs, and the notation has no list inside a list",
        "LRScheduler": "it passes the steps of a scheduler of torch on: draw that one",
        "ConcatScheduler": "it takes handlers that share an optimizer: draw each of them",
        "ParamGroupScheduler": "it takes handlers of groups: draw each of them",
        "ReduceLROnPlateauScheduler": "it follows a metric of an evaluator: draw ReduceLROnPlateau of torch",
    },
    curves=_CURVES,
    schedulers=(
        _handler(
            "ignite-linear-cyclic",
            "LinearCyclicalScheduler",
            _NAME,
            _START,
            Parameter("end_value", "float", "the rate in the middle of a cycle", least=0, follows="0.0"),
            _SIZE,
            *_CYCLE,
            Parameter("monotonic", "bool", "only the first half of the cycle, over all of it", default=False),
            summary="a straight line to end_value and back in each cycle",
            formula="param_name is start_value + (end_value - start_value) * (1 - abs(1 - 2 * t / cycle_size))\n"
            "monotonic: start_value + (end_value - start_value) * t / cycle_size\n"
            "each further cycle: cycle_size * cycle_mult, start_value * start_value_mult, end_value * end_value_mult\n"
            "after warmup_duration events; param_group_index is the group it is set for, save_history keeps the values",
            use="Cycles, or a straight decay with monotonic.",
            cautions=(_OWN, _EVENTS),
            past_end="The cycles go on.",
        ),
        _handler(
            "ignite-cosine",
            "CosineAnnealingScheduler",
            _NAME,
            _START,
            Parameter("end_value", "float", "the rate at the end of a cycle", least=0, follows="0.0"),
            _SIZE,
            *_CYCLE,
            summary="half a cosine from start_value to end_value in each cycle",
            formula="param_name is start_value + (end_value - start_value) * (1 - cos(pi * t / cycle_size)) / 2\n"
            "each further cycle: cycle_size * cycle_mult, start_value * start_value_mult, end_value * end_value_mult\n"
            "after warmup_duration events; param_group_index is the group it is set for, save_history keeps the values",
            use="Cosine annealing with restarts.",
            cautions=(_OWN, _EVENTS),
            source="Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2016, "
            "arXiv:1608.03983",
            past_end="It starts again at start_value.",
        ),
        _handler(
            "ignite-warmup",
            "create_lr_scheduler_with_warmup",
            Parameter("lr_scheduler", "scheduler", "the scheduler after the warm-up", follows="CosineAnnealingLR()"),
            Parameter("warmup_start_value", "float", "the first rate", least=0, follows="0.0"),
            Parameter(
                "warmup_duration", "int", "events of the warm-up", least=2, follows="max(2, total_steps // 10)"
            ),
            Parameter(
                "warmup_end_value", "float", "the rate after the warm-up; that of the optimizer if None", default=None,
                optional=True, least=0,
            ),
            _HISTORY,
            summary="a linear warm-up before a scheduler of torch",
            formula="rate(t) = warmup_start_value + (warmup_end_value - warmup_start_value) * x\n"
            "x = t / (warmup_duration - 1), then that of lr_scheduler; save_history keeps the values",
            use="A warm-up before a scheduler of torch in Ignite.",
            cautions=(_EVENTS, "If the first rate of lr_scheduler is not warmup_end_value, it follows an event later."),
            past_end="That of lr_scheduler.",
            example="create_lr_scheduler_with_warmup(ExponentialLR(gamma=0.9), warmup_start_value=0.0, "
            "warmup_duration=6)",
            takes_optimizer=False,
            overwrites_rate=False,
            build=_build_around,
            rates=("warmup_start_value", "warmup_end_value"),
            check=lambda values, run: refuse_plateau(
                "create_lr_scheduler_with_warmup", (values["lr_scheduler"],)
            ),
        ),
    ),
)  # fmt: skip
