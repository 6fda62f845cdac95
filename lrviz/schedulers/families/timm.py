"""The schedulers of timm."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from lrviz.errors import SimulationError, SpecError
from lrviz.schedulers.bare import bare
from lrviz.schedulers.catalogue import Family, Parameter, Run, Scheduler, Values
from lrviz.schedulers.counting import count_calls

_BETWEEN: Final = "the rate changes between two counts"
_DOCS: Final = "https://huggingface.co/docs/timm/reference/schedulers"
_COUNTS: Final = (
    "It counts epochs, and the rate changes once an epoch; with t_in_epochs=False it counts updates, and all lengths "
    "are in updates."
)
_BOTH: Final = (
    "A loop has to call step(epoch + 1) after each epoch and step_update(updates) after each update: by t_in_epochs "
    "one of them does nothing."
)
_PREFIX: Final = (
    "With warmup_prefix the warm-up comes before t_initial; without, it covers the first part of the decay."
)
_CUT: Final = "Unless warmup_prefix is given, the rate jumps from lr to the curve at the end of the warm-up."
_WARMUP: Final = (
    Parameter("warmup_t", "int", "length of the warm-up", default=0, least=0, fraction=_BETWEEN),
    Parameter("warmup_lr_init", "float", "the rate at the start of the warm-up", default=0.0, least=0),
)
_IN_EPOCHS: Final = Parameter("t_in_epochs", "bool", "lengths are in epochs, rather than in updates", default=True)
_RANGE: Final = Parameter(
    "noise_range_t",
    "numbers",
    "where noise is added to the rate: from that count on, or between two",
    default=None,
    optional=True,
    least=0,
)
_NOISE: Final = (
    _RANGE,
    Parameter("noise_pct", "float", "the largest noise, as a fraction of the rate", default=0.67, least=0),
    Parameter("noise_std", "float", "standard deviation of the noise, as a fraction of the rate", default=1.0, least=0),
    Parameter("noise_seed", "int", "seed of the noise", default=42),
)
_DECAY: Final = Parameter(
    "k_decay", "float", "exponent of the elapsed fraction", default=1.0, least=0, above_least=True
)
_INITIALIZE: Final = Parameter("initialize", "bool", "take the rates of the optimizer as the base rates", default=True)
_WARMUP_LINE: Final = "warm-up: rate(t) = warmup_lr_init + t * (lr - warmup_lr_init) / warmup_t while t < warmup_t"
_NOISE_LINE: Final = "in noise_range_t: rate * (1 + n), n normal with noise_std and noise_seed, below noise_pct"
_BASE_LINE: Final = "lr is the rate of the optimizer; with initialize=False its initial_lr"
_LINES: Final = f"t counts epochs, or updates with t_in_epochs=False\n{_WARMUP_LINE}\n{_NOISE_LINE}\n{_BASE_LINE}"
_PREFIXED_LINE: Final = "with warmup_prefix t is counted from the end of the warm-up after it"
_CYCLE_LINES: Final = (
    "cycle i of cycle_limit: t_initial * cycle_mul ** i long, from lr * cycle_decay ** i; lr_min after them"
)
_LENGTH: Final = Parameter(
    "t_initial",
    "int",
    "length of the decay, or of the first cycle",
    least=0,
    above_least=True,
    follows="total_steps",
    fraction=_BETWEEN,
)
_LOWEST: Final = Parameter("lr_min", "float", "the rate at the end of the decay, and after it", default=0.0, least=0)
_CYCLES: Final = (
    Parameter("cycle_mul", "float", "factor of the length of each further cycle", default=1.0, least=0),
    Parameter("cycle_decay", "float", "factor of the highest rate of each further cycle", default=1.0, least=0),
    Parameter("cycle_limit", "int", "number of cycles; lr_min after them", default=1, least=0),
)


def _prefix(default: bool) -> Parameter:
    return Parameter("warmup_prefix", "bool", "the warm-up comes before the schedule", default=default)


def _interval(values: Values) -> Mapping[str, Any]:
    """What a scheduler decides of the run: whether its rate changes once an epoch or once an update."""
    return {"interval": "epoch" if values.get("t_in_epochs", True) else "step"}


def _scheduler(short: str, name: str, module: str, *parameters: Parameter, **fields: Any) -> Scheduler:
    fields.setdefault("source", _DOCS)
    return Scheduler(
        short, name, parameters=parameters, module=f"timm.scheduler.{module}", package="timm", takes_last_epoch=False,
        stepper=count_calls, takes_count=True, standalone=True, **{"decides": _interval, **fields},
    )  # fmt: skip


# create_scheduler_v2

_SCHEDULES: Final = ("cosine", "tanh", "step", "multistep", "plateau", "poly", "wsd", "rsqrt", "constant")
_CYCLIC: Final = ("cosine", "tanh", "poly")
_PREFIXED: Final = ("wsd", "rsqrt")  # their warm-up and decay are within num_epochs


def total_epochs(values: Values) -> int | None:
    """The epochs that `create_scheduler_v2` returns for these values, None if they are not numbers.

    `create` checks it against what the package returns.
    """
    sched, epochs, warmup = values.get("sched", "cosine"), values.get("num_epochs", 300), values.get("warmup_epochs", 0)
    each = 1 if values.get("step_on_epochs", True) else values.get("updates_per_epoch", 0)
    multiple, limit = values.get("cycle_mul", 1.0), max(1, values.get("cycle_limit", 1) or 1)
    prefix, cooldown = values.get("warmup_prefix", False), values.get("cooldown_epochs", 0)
    try:
        if sched in _CYCLIC:
            length = epochs * each
            if multiple == 1:
                length *= limit
            else:
                length = math.floor(-length * (multiple**limit - 1) / (1 - multiple))
            length += warmup * each if prefix else 0
        elif sched in _PREFIXED:
            length = (epochs + warmup if prefix else epochs) * each
        else:
            return int(epochs + warmup if prefix else epochs)
        return int((length + cooldown * each) // each)
    except (TypeError, ZeroDivisionError, OverflowError):
        return None


def _decides(values: Values) -> Mapping[str, Any]:
    in_epochs = values.get("step_on_epochs", True)
    fields = {"interval": "epoch" if in_epochs else "step", "epochs": total_epochs(values)}
    if not in_epochs and values.get("updates_per_epoch"):
        fields["steps_per_epoch"] = values["updates_per_epoch"]
    return fields


def _check_factory(values: Values, run: Run) -> None:
    if values.get("sched") == "none":
        raise SpecError(
            '`create_scheduler_v2` makes no scheduler for `sched="none"`', f"use one of {_SCHEDULES[0]}, ..."
        )
    if not values.get("step_on_epochs", True) and not values.get("updates_per_epoch"):
        raise SpecError(
            "`step_on_epochs=False` needs `updates_per_epoch`", "such as `updates_per_epoch=steps_per_epoch`"
        )


def create(factory: Callable[..., Any], optimizer: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """The scheduler of the pair that `create_scheduler_v2` returns."""
    scheduler, epochs = factory(optimizer, *args, **kwargs)
    expected = total_epochs(kwargs)
    if epochs != expected:
        raise SimulationError(f"timm returns {epochs} epochs for the run, and lrviz expects {expected}")
    return scheduler


# The rate of every update of each example in the default run, in millionths; a test compares them with the package.
# fmt: off
_CURVES: Final[dict[str, tuple[int, ...]]] = {
    "timm-cosine": (1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 854, 854, 854, 854, 854, 854, 854, 854, 500,
        500, 500, 500, 500, 500, 500, 500, 146, 146, 146, 146, 146, 146, 146, 146),
    "timm-step": (1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 600, 600, 600, 600, 600, 600, 600, 600, 360,
        360, 360, 360, 360, 360, 360, 360, 216, 216, 216, 216, 216, 216, 216, 216),
    "timm-multistep": (1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 100, 100, 100, 100, 100, 100, 100, 100, 10,
        10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10),
    "timm-plateau": (1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000,
        1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 100, 100, 100, 100, 100, 100, 100, 100),
    "timm-poly": (1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 866, 866, 866, 866, 866, 866, 866, 866, 707,
        707, 707, 707, 707, 707, 707, 707, 500, 500, 500, 500, 500, 500, 500, 500),
    "timm-tanh": (1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000,
        982, 982, 982, 982, 982, 982, 982, 982, 269, 269, 269, 269, 269, 269, 269, 269),
    "timm-wsd": (0, 250, 500, 750, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000,
        1000, 1000, 1000, 1000, 1000, 1000, 684, 553, 452, 368, 293, 225, 163, 106, 51),
    "timm-scheduler": (10, 10, 10, 10, 10, 10, 10, 10, 854, 854, 854, 854, 854, 854, 854, 854, 500, 500, 500, 500,
        500, 500, 500, 500, 146, 146, 146, 146, 146, 146, 146, 146),
}
# fmt: on

FAMILY: Final = Family(
    package="timm",
    install="timm",
    help="The schedulers of timm's training script, and of many recipes for image models. They are functions of the "
    "number of epochs, or of updates, which a training loop passes to them: step(epoch + 1) after each epoch and "
    "step_update(updates) after each update.",
    source=_DOCS,
    load=bare(),  # timm itself needs torchvision
    refused={
        "create_scheduler": "its arguments are those of timm's command line: write `create_scheduler_v2(...)`",
        "Scheduler": "it is the base class of the others",
    },
    curves=_CURVES,
    schedulers=(
        _scheduler(
            "timm-cosine",
            "CosineLRScheduler",
            "cosine_lr",
            _LENGTH,
            _LOWEST,
            *_CYCLES,
            *_WARMUP,
            _prefix(False),
            _IN_EPOCHS,
            *_NOISE,
            _DECAY,
            _INITIALIZE,
            summary="half a cosine to lr_min, with warm-up, cycles, noise and k-decay",
            formula="rate(t) = lr_min + (lr - lr_min) * (1 + cos(pi * (t / t_initial) ** k_decay)) / 2\n"
            f"{_CYCLE_LINES}\n{_LINES}\n{_PREFIXED_LINE}",
            use="The default of timm's training script: image classification with AdamW or LAMB.",
            cautions=(_COUNTS, _BOTH, _PREFIX, _CUT),
            source="Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2016, "
            "arXiv:1608.03983",
            past_end="It stays at lr_min.",
        ),
        _scheduler(
            "timm-step",
            "StepLRScheduler",
            "step_lr",
            Parameter(
                "decay_t",
                "float",
                "length between two drops",
                least=0,
                above_least=True,
                follows="max(1, total_steps // 3)",
            ),
            Parameter("decay_rate", "float", "factor of each drop", default=1.0, least=0),
            *_WARMUP,
            _prefix(True),
            _IN_EPOCHS,
            *_NOISE,
            _INITIALIZE,
            summary="multiplies the rate by decay_rate every decay_t, with warm-up and noise",
            formula=f"rate(t) = lr * decay_rate ** (t // decay_t)\n{_LINES}\n{_PREFIXED_LINE}",
            use="EfficientNet and MobileNet recipes, whose rate falls by a few percent every few epochs.",
            cautions=(_COUNTS, _BOTH, "With the default decay_rate of 1 the rate does not fall."),
            past_end="It has no end: the drops continue.",
            example="StepLRScheduler(decay_t=1, decay_rate=0.6)",
        ),
        _scheduler(
            "timm-multistep",
            "MultiStepLRScheduler",
            "multistep_lr",
            Parameter(
                "decay_t",
                "milestones",
                "where the rate drops",
                least=0,
                follows="[max(1, total_steps // 2), max(2, total_steps * 3 // 4)]",
                fraction="it counts as the next whole one",
            ),
            Parameter("decay_rate", "float", "factor of each drop", default=1.0, least=0),
            *_WARMUP,
            _prefix(True),
            _IN_EPOCHS,
            *_NOISE,
            _INITIALIZE,
            summary="multiplies the rate by decay_rate at each of decay_t, with warm-up",
            formula=f"rate(t) = lr * decay_rate ** sum(m <= t + 1 for m in decay_t)\n{_LINES}\n{_PREFIXED_LINE}",
            use="A staircase with drops chosen by hand.",
            cautions=(
                _COUNTS,
                _BOTH,
                "A drop comes one count earlier than in torch's MultiStepLR.",
                "With the default decay_rate of 1 the rate does not fall.",
            ),
            past_end="It stays at the rate of the last drop.",
            example="MultiStepLRScheduler(decay_t=[2, 3], decay_rate=0.1)",
        ),
        _scheduler(
            "timm-plateau",
            "PlateauLRScheduler",
            "plateau_lr",
            Parameter("decay_rate", "float", "factor of each reduction", default=0.1, least=0, most=1, below_most=True),
            Parameter("patience_t", "int", "epochs without improvement before a reduction", default=10, least=0),
            Parameter("threshold", "float", "improvements smaller than this do not count", default=1e-4, least=0),
            Parameter("cooldown_t", "int", "epochs after a reduction that do not count", default=0, least=0),
            *_WARMUP,
            Parameter("lr_min", "float", "lower bound of the rate", default=0.0, least=0),
            Parameter(
                "mode",
                "choice",
                "whether the metric improves by falling (min) or by rising (max)",
                default="max",
                choices=("min", "max"),
            ),
            _RANGE,
            Parameter(
                "noise_type", "choice", "distribution of the noise", default="normal", choices=("normal", "uniform")
            ),
            *_NOISE[1:3],
            Parameter("noise_seed", "int", "seed of the noise", default=None, optional=True),
            _INITIALIZE,
            summary="multiplies the rate by decay_rate when a metric stalls, with warm-up",
            formula="rate * decay_rate, but lr_min at least, after more than patience_t epochs without a metric\n"
            "that is better by threshold, by mode; then cooldown_t epochs do not count\n"
            f"{_WARMUP_LINE}\n{_NOISE_LINE}, drawn by noise_type\n{_BASE_LINE}",
            use="Runs of unknown length. It is deprecated by timm.",
            cautions=(
                "step(epoch + 1, metric) needs the metric once an epoch; mode is max by default, as for an accuracy.",
                "Its counters are not part of a checkpoint, so a resumed run starts to wait anew.",
            ),
            past_end="It has no end: the rate keeps following the metric.",
            example="PlateauLRScheduler(patience_t=0, mode='min')",
            decides=lambda values: {"interval": "epoch"},
            takes_metric=True,
            always_shown=("decay_rate", "patience_t"),
        ),
        _scheduler(
            "timm-poly",
            "PolyLRScheduler",
            "poly_lr",
            _LENGTH,
            Parameter("power", "float", "exponent of the decay", default=0.5, least=0),
            _LOWEST,
            *_CYCLES,
            *_WARMUP,
            _prefix(False),
            _IN_EPOCHS,
            *_NOISE,
            _DECAY,
            _INITIALIZE,
            summary="a polynomial to lr_min, with warm-up, cycles, noise and k-decay",
            formula="rate(t) = lr_min + (lr - lr_min) * (1 - (t / t_initial) ** k_decay) ** power\n"
            f"{_CYCLE_LINES}\n{_LINES}\n{_PREFIXED_LINE}",
            use="Semantic segmentation, with a power of 0.9.",
            cautions=(_COUNTS, _BOTH, _PREFIX, _CUT),
            past_end="It stays at lr_min.",
        ),
        _scheduler(
            "timm-tanh",
            "TanhLRScheduler",
            "tanh_lr",
            _LENGTH,
            Parameter("lb", "float", "where the hyperbolic tangent starts", default=-7.0),
            Parameter("ub", "float", "where it ends", default=3.0),
            _LOWEST,
            *_CYCLES,
            *_WARMUP,
            _prefix(False),
            _IN_EPOCHS,
            *_NOISE,
            _INITIALIZE,
            summary="a hyperbolic tangent to lr_min, with warm-up, cycles and noise",
            formula="rate(t) = lr_min + (lr - lr_min) * (1 - tanh(lb + (ub - lb) * t / t_initial)) / 2\n"
            f"{_CYCLE_LINES}\n{_LINES}\n{_PREFIXED_LINE}",
            use="Long runs at a high rate before a steep decay.",
            cautions=(_COUNTS, _BOTH, _PREFIX, _CUT, "With the default ub the rate does not reach lr_min at the end."),
            source="Hsueh et al., Stochastic Gradient Descent with Hyperbolic-Tangent Decay on Classification, 2018, "
            "arXiv:1806.01593",
            past_end="It stays at lr_min.",
        ),
        _scheduler(
            "timm-wsd",
            "WSDLRScheduler",
            "wsd_lr",
            _LENGTH,
            Parameter(
                "decay_t",
                "int",
                "length of the decay at the end of t_initial",
                least=0,
                above_least=True,
                follows="max(1, total_steps // 5)",
                fraction=_BETWEEN,
            ),
            _LOWEST,
            Parameter(
                "stable_fn",
                "choice",
                "the phase before the decay",
                default="constant",
                choices=("constant", "rsqrt", "power"),
            ),
            Parameter(
                "stable_timescale",
                "float",
                "timescale of rsqrt and power; warmup_t if None",
                default=None,
                optional=True,
                least=0,
                above_least=True,
            ),
            Parameter("stable_power", "float", "exponent of power", default=0.5, least=0, above_least=True),
            Parameter(
                "decay_fn",
                "choice",
                "shape of the decay",
                default="1-sqrt",
                choices=("linear", "1-sqrt", "cosine", "power", "exp"),
            ),
            Parameter("decay_power", "float", "exponent of the decay power", default=0.5, least=0, above_least=True),
            Parameter(
                "decay_ratio",
                "float",
                "last fraction of the decay exp",
                default=0.1,
                least=0,
                above_least=True,
                most=1,
                below_most=True,
            ),
            *_WARMUP,
            _IN_EPOCHS,
            *_NOISE,
            _INITIALIZE,
            summary="warm-up, a stable phase, then a decay to lr_min",
            formula="rate(t) = lr_min + (lr * s - lr_min) * d, at u = t - warmup_t\n"
            "s = 1, or by stable_fn (1 + u / stable_timescale) ** -p, p = 0.5 for rsqrt and stable_power for power\n"
            "d = 1 before the last decay_t of t_initial; then by decay_fn, at the fraction x of the decay:\n"
            "1 - sqrt(x); 1 - x; (1 + cos(pi * x)) / 2; power: 1 - x ** decay_power; exp: decay_ratio ** x, to 0\n"
            f"{_LINES}",
            use="Runs that may be extended: any point of the stable phase can be decayed.",
            cautions=(_COUNTS, _BOTH, "The warm-up comes before t_initial."),
            example="WSDLRScheduler(t_initial=total_steps - 4, decay_t=10, warmup_t=4, t_in_epochs=False)",
            source="Hu et al., MiniCPM: Unveiling the Potential of Small Language Models, 2024, arXiv:2404.06395",
            past_end="It stays at lr_min.",
        ),
        _scheduler(
            "timm-scheduler",
            "create_scheduler_v2",
            "scheduler_factory",
            Parameter("sched", "choice", "the schedule", default="cosine", choices=(*_SCHEDULES, "none")),
            Parameter("num_epochs", "int", "epochs of the schedule", default=300, least=1, fraction=_BETWEEN),
            Parameter(
                "decay_epochs",
                "float",
                "epochs between two drops, or of the decay of wsd; 90, or a fifth of the run, if None",
                default=None,
                optional=True,
                least=0,
                above_least=True,
            ),
            Parameter(
                "decay_milestones",
                "milestones",
                "epochs at which multistep drops",
                default=(90, 180, 270),
                least=0,
                fraction="it counts as the next whole one",
            ),
            Parameter("cooldown_epochs", "int", "epochs at min_lr after the schedule", default=0, least=0),
            Parameter("patience_epochs", "int", "epochs without improvement before plateau drops", default=10, least=0),
            Parameter("decay_rate", "float", "factor of each drop, and the power of poly", default=0.1, least=0),
            Parameter("min_lr", "float", "the lowest rate", default=0.0, least=0),
            Parameter("warmup_lr", "float", "the rate at the start of the warm-up", default=1e-5, least=0),
            Parameter("warmup_epochs", "int", "epochs of the warm-up", default=0, least=0, fraction=_BETWEEN),
            Parameter("warmup_prefix", "bool", "the warm-up comes before num_epochs", default=False),
            Parameter(
                "noise",
                "numbers",
                "where noise is added to the rate, as fractions of the schedule",
                default=None,
                optional=True,
                least=0,
            ),
            *_NOISE[1:],
            Parameter("cycle_mul", "float", "factor of the length of each further cycle", default=1.0, least=0),
            Parameter("cycle_decay", "float", "factor of the highest rate of each further cycle", default=0.1, least=0),
            Parameter("cycle_limit", "int", "number of cycles", default=1, least=0),
            _DECAY,
            Parameter(
                "decay_fn",
                "choice",
                "shape of the decay of wsd and rsqrt",
                default=None,
                optional=True,
                choices=("linear", "1-sqrt", "cosine", "power", "exp"),
            ),
            Parameter(
                "stable_timescale",
                "float",
                "timescale of rsqrt in epochs; warmup_epochs if None",
                default=None,
                optional=True,
                least=0,
            ),
            Parameter(
                "plateau_mode",
                "choice",
                "whether the metric of plateau improves by falling (min) or by rising (max)",
                default="max",
                choices=("min", "max"),
            ),
            Parameter("step_on_epochs", "bool", "the rate changes once an epoch, rather than an update", default=True),
            Parameter(
                "updates_per_epoch", "int", "updates of an epoch; needed with step_on_epochs=False", default=0, least=0
            ),
            summary="the schedule of a name, and the number of epochs to train for",
            formula="that of the scheduler of the name sched:\n"
            "cosine, tanh, poly: t_initial = num_epochs, lr_min = min_lr, with cycle_mul, cycle_decay, cycle_limit\n"
            "and k_decay; the power of poly is decay_rate\n"
            "step, multistep: decay_t = decay_epochs or decay_milestones, and decay_rate\n"
            "plateau: decay_rate, patience_t = patience_epochs, mode = plateau_mode\n"
            "wsd, rsqrt: a decay of decay_epochs by decay_fn, after a phase with stable_timescale\n"
            "warm-up: warmup_t = warmup_epochs, warmup_lr_init = warmup_lr, and warmup_prefix\n"
            "cooldown_epochs at min_lr at the end; noise, noise_pct, noise_std and noise_seed as there\n"
            "with step_on_epochs=False all lengths are times updates_per_epoch",
            use="timm's training script, and scripts that take its arguments.",
            cautions=(
                "It returns a pair: the scheduler, and the epochs of the run with cycles, cooldown and warm-up prefix.",
                "The default of num_epochs is 300, and that of warmup_lr is 1e-5, above some peaks.",
                "With step_on_epochs=False the rate changes after each update, and updates_per_epoch is needed.",
            ),
            past_end="That of the schedule.",
            example='create_scheduler_v2(sched="cosine", num_epochs=4, warmup_epochs=1)',
            decides=_decides,
            check=_check_factory,
            metric_if=lambda values: values.get("sched") == "plateau",
            build=create,
            returns_pair=True,
        ),
    ),
)
