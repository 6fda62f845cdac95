"""The schedulers of MMEngine that set the rate of a torch optimizer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lrviz.errors import SpecError
from lrviz.schedulers.bare import bare
from lrviz.schedulers.catalogue import Family, Parameter, Run, Scheduler, Values
from lrviz.text import print_value

_DOCS: Final = "https://mmengine.readthedocs.io/en/latest/tutorials/param_scheduler.html"
_END: Final = 1_000_000_000
_BETWEEN: Final = "the rate changes between two steps"
_BEGIN: Final = Parameter("begin", "int", "the step from which on it sets the rate", default=0, least=0)
_UNTIL: Final = Parameter("end", "int", "the step up to which it does", default=_END, least=1)
_LAST: Final = Parameter("last_step", "int", "-1: a run from its first update", default=-1, least=-1, most=-1)
_BY_EPOCH: Final = Parameter("by_epoch", "bool", "it steps once an epoch, rather than an update", default=True)
_WINDOW: Final = (_BEGIN, _UNTIL, _LAST, _BY_EPOCH)
_TO_END: Final = Parameter("end", "int", "the step at which it is done", default=_END, least=1)
_SPAN: Final = (_BEGIN, _TO_END, _LAST, _BY_EPOCH)
_GAMMA: Final = Parameter("gamma", "float", "factor of each drop", default=0.1, least=0)
_LOWEST: Final = (
    Parameter("eta_min", "float", "the lowest rate", default=None, optional=True, least=0),
    Parameter("eta_min_ratio", "float", "the lowest rate as a fraction of lr", default=None, optional=True, least=0),
)
_LINE: Final = "it sets the rate from begin to end; last_step is -1; by_epoch: t counts epochs, or updates without it"
_EPOCHS: Final = "It is stepped once an epoch; with by_epoch=False once an update, and its lengths are in updates."
_CHAIN: Final = "A config has a list of them, each for a window from begin to end; here one is drawn alone."
_OPEN: Final = "Without end it takes 1e9 steps, and the rate hardly moves."


def _interval(values: Values) -> Mapping[str, Any]:
    return {"interval": "epoch" if values.get("by_epoch", True) else "step"}


def _check(values: Values, run: Run) -> None:
    begin, end = values.get("begin", 0), values.get("end", _END)
    if begin >= end:
        raise SpecError(f"`end` must be larger than `begin`, got {print_value(end)} and {print_value(begin)}")


def _check_floor(values: Values, run: Run) -> None:
    _check(values, run)
    if values.get("eta_min") is not None and values.get("eta_min_ratio") is not None:
        raise SpecError("`eta_min` and `eta_min_ratio` are both given", "leave one of them out")


def _check_restarts(values: Values, run: Run) -> None:
    _check_floor(values, run)
    if values.get("eta_min") is None and values.get("eta_min_ratio") is None:
        raise SpecError("`CosineRestartLR` needs `eta_min` or `eta_min_ratio`", "such as `eta_min=0`")
    weights = values.get("restart_weights", (1,))
    weights = weights if isinstance(weights, tuple) else (weights,)
    if len(values["periods"]) != len(weights):
        raise SpecError(
            f"`CosineRestartLR` needs a weight for each period, got {len(values['periods'])} periods and "
            f"{len(weights)} weights",
            "such as `periods=[4, 8], restart_weights=[1, 0.5]`",
        )


def _scheduler(short: str, name: str, *parameters: Parameter, **fields: Any) -> Scheduler:
    return Scheduler(
        f"mmengine-{short}", name, parameters=parameters, module="mmengine.optim.scheduler.lr_scheduler",
        package="mmengine", standalone=True,
        **{"takes_last_epoch": False, "decides": _interval, "check": _check, "source": _DOCS, **fields},
    )  # fmt: skip


class _BaseOptimWrapper:
    """Stands for the class that MMEngine checks the optimizer for; it is not used here."""


# The rate of every update of each example in the default run, in millionths; a test compares them with the package.
# fmt: off
_CURVES: Final[dict[str, tuple[int, ...]]] = {
    "mmengine-constant": (100, 100, 100, 100, 100, 100, 100, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000,
        1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000),
    "mmengine-linear": (100, 229, 357, 486, 614, 743, 871, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000,
        1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000),
    "mmengine-step": (1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 100, 100, 100, 100, 100, 100, 100, 100, 10,
        10, 10, 10, 10, 10, 10, 10, 1, 1, 1, 1, 1, 1, 1, 1),
    "mmengine-multistep": (1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000,
        1000, 1000, 100, 100, 100, 100, 100, 100, 100, 100, 10, 10, 10, 10, 10, 10, 10, 10),
    "mmengine-exponential": (1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 316, 316, 316, 316, 316, 316, 316,
        316, 100, 100, 100, 100, 100, 100, 100, 100, 32, 32, 32, 32, 32, 32, 32, 32),
    "mmengine-cosine": (1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 854, 854, 854, 854, 854, 854, 854, 854,
        500, 500, 500, 500, 500, 500, 500, 500, 146, 146, 146, 146, 146, 146, 146, 146),
    "mmengine-poly": (1000, 971, 942, 913, 884, 855, 826, 796, 767, 737, 707, 677, 647, 617, 587, 556, 525, 494,
        463, 431, 400, 368, 335, 303, 269, 236, 202, 167, 131, 94, 55, 10),
    "mmengine-onecycle": (40, 72, 163, 301, 468, 641, 799, 920, 989, 999, 990, 972, 944, 908, 863, 812, 754, 691,
        625, 556, 486, 416, 348, 283, 222, 167, 118, 77, 44, 20, 5, 0),
    "mmengine-cosine-restart": (1000, 990, 962, 916, 854, 778, 691, 598, 500, 402, 309, 222, 146, 84, 38, 10, 500,
        495, 481, 458, 427, 389, 346, 299, 250, 201, 154, 111, 73, 42, 19, 5),
}
# fmt: on

FAMILY: Final = Family(
    package="mmengine",
    install="mmengine",
    help="The schedulers of MMEngine, which mmdetection, mmsegmentation and others configure as param_scheduler. Each "
    "sets the rate in a window of steps, from begin to end.",
    source=_DOCS,
    load=bare({"mmengine.optim": {"BaseOptimWrapper": _BaseOptimWrapper}}),
    refused={"ReduceOnPlateauLR": "it takes the results of an evaluation: draw ReduceLROnPlateau of torch"},
    curves=_CURVES,
    schedulers=(
        _scheduler(
            "constant",
            "mmengine.optim.ConstantLR",
            Parameter("factor", "float", "the rate as a fraction of lr", default=1.0 / 3, least=0, most=1),
            *_SPAN,
            summary="a fraction of lr up to end, then lr",
            formula=f"rate(t) = lr * factor while t < end - 1, then lr\n{_LINE}",
            use="A short warm-up at a constant rate.",
            cautions=(_EPOCHS, _CHAIN),
            past_end="It stays at lr.",
            example="mmengine.optim.ConstantLR(factor=0.1, end=8, by_epoch=False)",
        ),
        _scheduler(
            "linear",
            "mmengine.optim.LinearLR",
            Parameter("start_factor", "float", "the first rate as a fraction of lr", default=1.0 / 3, least=0, most=1),
            Parameter("end_factor", "float", "the last rate as a fraction of lr", default=1.0, least=0, most=1),
            *_SPAN,
            summary="a straight line from start_factor to end_factor of lr at end",
            formula=f"rate(t) = lr * (start_factor + (end_factor - start_factor) * t / (end - begin - 1))\n{_LINE}",
            use="The warm-up of most configs of OpenMMLab: 500 or 1000 updates with by_epoch=False.",
            cautions=(_EPOCHS, _CHAIN, _OPEN),
            past_end="It stays at end_factor of lr.",
            example="mmengine.optim.LinearLR(start_factor=0.1, end=8, by_epoch=False)",
        ),
        _scheduler(
            "step",
            "mmengine.optim.StepLR",
            Parameter("step_size", "int", "steps between two drops", least=1, follows="max(1, total_steps // 4)"),
            _GAMMA,
            *_WINDOW,
            summary="multiplies the rate by gamma every step_size steps",
            formula=f"rate(t) = lr * gamma ** (t // step_size)\n{_LINE}",
            use="Detection and segmentation with a staircase.",
            cautions=(_EPOCHS, _CHAIN),
            past_end="It has no end: the drops continue.",
        ),
        _scheduler(
            "multistep",
            "mmengine.optim.MultiStepLR",
            Parameter(
                "milestones", "milestones", "steps at which the rate drops", least=0,
                follows="[max(1, total_steps // 2), max(2, total_steps * 3 // 4)]",
            ),
            _GAMMA,
            _LAST,
            _BEGIN,
            _UNTIL,
            _BY_EPOCH,
            summary="multiplies the rate by gamma at each milestone",
            formula=f"rate(t) = lr * gamma ** sum(m <= t for m in milestones)\n{_LINE}",
            use="The 1x schedule of mmdetection: 12 epochs with drops at 8 and 11.",
            cautions=(_EPOCHS, _CHAIN),
            past_end="It stays at the rate of the last milestone.",
        ),
        _scheduler(
            "exponential",
            "mmengine.optim.ExponentialLR",
            Parameter("gamma", "float", "factor of each step", least=0, follows="0.01 ** (1 / total_steps)"),
            *_WINDOW,
            summary="multiplies the rate by gamma at each step",
            formula=f"rate(t) = lr * gamma ** t\n{_LINE}",
            use="A smooth decay without an end.",
            cautions=(_EPOCHS, _CHAIN),
            past_end="It has no end: the rate continues to fall.",
        ),
        _scheduler(
            "cosine",
            "mmengine.optim.CosineAnnealingLR",
            Parameter(
                "T_max", "int", "steps of the decay; end - begin if None", default=None, optional=True, least=1,
                follows="total_steps", fraction=_BETWEEN,
            ),
            _LOWEST[0],
            *_WINDOW,
            _LOWEST[1],
            summary="half a cosine to eta_min over T_max steps",
            formula="rate(t) = eta_min + (lr - eta_min) * (1 + cos(pi * t / T_max)) / 2, or with eta_min_ratio * lr\n"
            f"{_LINE}",
            use="Classification and self-supervised learning.",
            cautions=(_EPOCHS, _CHAIN, "Without T_max and end it takes 1e9 steps, and the rate hardly moves."),
            source="Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2016, "
            "arXiv:1608.03983",
            past_end="It rises again.",
            check=_check_floor,
            needed=lambda values: () if "end" in values else ("T_max",),
            rates=("eta_min",),
        ),
        _scheduler(
            "poly",
            "PolyLR",
            Parameter("eta_min", "float", "the rate at end", default=0, least=0),
            Parameter("power", "float", "1 is a straight line", default=1.0, least=0),
            *_SPAN,
            summary="a polynomial to eta_min at end",
            formula=f"rate(t) = (lr - eta_min) * (1 - t / (end - begin - 1)) ** power + eta_min\n{_LINE}",
            use="Semantic segmentation, with a power of 0.9 and by_epoch=False.",
            cautions=(_EPOCHS, _CHAIN, _OPEN),
            past_end="It stays at eta_min.",
            rates=("eta_min",),
            example="PolyLR(eta_min=1e-5, power=0.9, end=total_steps, by_epoch=False)",
        ),
        _scheduler(
            "onecycle",
            "mmengine.optim.OneCycleLR",
            Parameter("eta_max", "float", "the highest rate", default=0, least=0),
            Parameter(
                "total_steps", "int", "steps of the cycle; end - begin if None", default=None, optional=True, least=1,
                follows="total_steps",
            ),
            Parameter("pct_start", "float", "fraction of the rise", default=0.3, least=0, most=1),
            Parameter("anneal_strategy", "choice", "shape of both phases", default="cos", choices=("cos", "linear")),
            Parameter("div_factor", "float", "eta_max over the first rate", default=25.0, least=0, above_least=True),
            Parameter(
                "final_div_factor", "float", "the first rate over the last", default=1e4, least=0, above_least=True
            ),
            Parameter("three_phase", "bool", "a phase back to the first rate before the last one", default=False),
            *_WINDOW,
            summary="one cycle up to eta_max and down to almost 0",
            formula="a rise from eta_max / div_factor to eta_max over pct_start of total_steps, a fall to\n"
            "eta_max / (div_factor * final_div_factor) by anneal_strategy; with three_phase first back to the start\n"
            f"{_LINE}",
            use="As OneCycleLR of torch, without the cycle of the momentum.",
            cautions=(_EPOCHS, _CHAIN, "The lr of the optimizer is not used, and eta_max is 0 by default."),
            source="Smith and Topin, Super-Convergence: Very Fast Training of Neural Networks Using Large Learning "
            "Rates, 2017, arXiv:1708.07120",
            past_end="It fails after total_steps.",
            needed=lambda values: () if "end" in values else ("total_steps",),
            rates=("eta_max",),
            overwrites_rate=True,
            example="mmengine.optim.OneCycleLR(eta_max=1e-3, total_steps=total_steps, by_epoch=False)",
        ),
        _scheduler(
            "cosine-restart",
            "CosineRestartLR",
            Parameter(
                "periods", "milestones", "steps of each cycle", least=1,
                follows="[max(1, total_steps // 2), max(1, total_steps - total_steps // 2)]",
            ),
            Parameter("restart_weights", "numbers", "factor of lr in each cycle", default=(1,), least=0),
            *_LOWEST,
            *_WINDOW,
            summary="half a cosine to eta_min in each of several cycles",
            formula="rate(t) = eta_min + (w * lr - eta_min) * (1 + cos(pi * u / n)) / 2, or with eta_min_ratio * lr\n"
            f"u counts the steps of a cycle of n steps of periods, w is its weight of restart_weights\n{_LINE}",
            use="Image restoration with restarts.",
            cautions=(_EPOCHS, _CHAIN, "One of eta_min and eta_min_ratio has to be given."),
            source="Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2016, "
            "arXiv:1608.03983",
            past_end="It fails after the last cycle.",
            check=_check_restarts,
            rates=("eta_min",),
            example="CosineRestartLR(periods=[16, 16], restart_weights=[1, 0.5], eta_min=0, by_epoch=False)",
        ),
    ),
)  # fmt: skip
