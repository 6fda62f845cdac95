"""The schedules of transformers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any, Final

from lrviz.errors import SpecError
from lrviz.schedulers.catalogue import Family, Parameter, Run, Scheduler, Values
from lrviz.schedulers.torch.plateau import SCHEDULER as PLATEAU

_DOCS: Final = "https://huggingface.co/docs/transformers/main_classes/optimizer_schedules"
_BETWEEN: Final = "the rate changes between two steps"
_WARMUP: Final = Parameter(
    "num_warmup_steps",
    "int",
    "scheduler steps of the warm-up, which starts at 0",
    least=0,
    follows="max(1, total_steps // 20)",
    fraction=_BETWEEN,
)
_LENGTH: Final = Parameter(
    "num_training_steps",
    "int",
    "scheduler steps of the run, with the warm-up",
    least=1,
    follows="total_steps",
    fraction=_BETWEEN,
)
_WAVES: Final = Parameter("num_cycles", "float", "periods of the cosine after the warm-up", default=0.5, least=0)
_FLOOR: Final = (
    Parameter("min_lr", "float", "the lowest rate", default=None, optional=True, least=0),
    Parameter(
        "min_lr_rate",
        "float",
        "the lowest rate as a fraction of lr, in place of min_lr",
        default=None,
        optional=True,
        least=0,
        follows="0.1",
        instead=("min_lr",),
    ),
)
_BOTH: Final = ("num_warmup_steps", "num_training_steps")
# The types of `get_scheduler`, and the arguments that each needs.
TYPES: Final = {
    "linear": _BOTH,
    "cosine": _BOTH,
    "cosine_with_restarts": _BOTH,
    "polynomial": _BOTH,
    "constant": (),
    "constant_with_warmup": _BOTH[:1],
    "inverse_sqrt": _BOTH[:1],
    "reduce_lr_on_plateau": (),
    "cosine_with_min_lr": _BOTH,
    "cosine_warmup_with_min_lr": _BOTH,
    "warmup_stable_decay": _BOTH,
    "greedy": (),
}
_WITH_METRIC: Final = ("reduce_lr_on_plateau", "greedy")
_SHAPES: Final = ("linear", "cosine", "1-sqrt")
_RISE: Final = "rate(t) = lr * t / max(1, num_warmup_steps) while t < num_warmup_steps, then\n"
_X: Final = "x = (t - num_warmup_steps) / max(1, num_training_steps - num_warmup_steps)"
_AT_0: Final = "With a warm-up the first update has a rate of 0, and changes nothing."
_COUNTS: Final = (
    "num_training_steps counts scheduler steps: one for each update in the Trainer, one for each process and update "
    "under Accelerate."
)
_ONE_FLOOR: Final = "One of min_lr and min_lr_rate has to be given, and not both."


def _check_floor(values: Values, run: Run) -> None:
    if values.get("min_lr") is not None and values.get("min_lr_rate") is not None:
        raise SpecError("`min_lr` and `min_lr_rate` are both given, and one sets the other", "leave one of them out")


def _polynomial_hint(error: BaseException, values: Values) -> str:
    if "lr_end" in str(error):
        return "such as `--lr_end 0`"
    return "make the warm-up shorter than num_training_steps" if isinstance(error, ZeroDivisionError) else ""


def _needed(values: Values) -> Collection[str]:
    """The arguments that `get_scheduler` needs for a type."""
    return TYPES.get(str(values.get("name")), ())


def _schedule(short: str, name: str, *parameters: Parameter, **fields: Any) -> Scheduler:
    counts = tuple(p.name for p in parameters if p.name.startswith("num_") and p.name.endswith("_steps"))
    defaults = {
        "source": _DOCS,
        "length": _LENGTH.name if _LENGTH.name in counts else "",
        "warmup": _WARMUP.name if _WARMUP.name in counts else "",
        "counts": counts,
        "past_end": "It rises again.",
    }
    return Scheduler(short, name, parameters=parameters, module="transformers.optimization", package="transformers",
                     **{**defaults, **fields})  # fmt: skip


_LINEAR: Final = _schedule(
    "hf-linear",
    "get_linear_schedule_with_warmup",
    _WARMUP,
    _LENGTH,
    summary="linear warm-up, then a straight line to 0 at the end of the run",
    formula=f"{_RISE}rate(t) = lr * max(0, 1 - x)\n{_X}",
    use="The default of the Trainer, and of many recipes for fine-tuning.",
    cautions=(_AT_0, _COUNTS),
    example="get_linear_schedule_with_warmup(num_warmup_steps=4)",
    past_end="It stays at 0.",
)
_COSINE: Final = _schedule(
    "hf-cosine",
    "get_cosine_schedule_with_warmup",
    _WARMUP,
    _LENGTH,
    _WAVES,
    summary="linear warm-up, then half a cosine to 0 at the end of the run",
    formula=f"{_RISE}rate(t) = lr * max(0, (1 + cos(2 * pi * num_cycles * x)) / 2)\n{_X}",
    use="Pre-training and fine-tuning of language models.",
    cautions=(_AT_0, _COUNTS, "A num_cycles of 1 rises back to lr at the end of the run: 0.5 is half a cosine."),
    example="get_cosine_schedule_with_warmup(num_warmup_steps=4)",
)
_RESTARTS: Final = _schedule(
    "hf-cosine-restarts",
    "get_cosine_with_hard_restarts_schedule_with_warmup",
    _WARMUP,
    _LENGTH,
    Parameter("num_cycles", "int", "decays, each from lr", default=1, least=1, fraction="the last decay is cut"),
    summary="linear warm-up, then num_cycles times half a cosine from lr to 0",
    formula=f"{_RISE}rate(t) = lr * (1 + cos(pi * (num_cycles * x % 1))) / 2, and 0 from x = 1\n{_X}",
    use="Runs that save a model at the end of each cycle.",
    cautions=(_AT_0, _COUNTS, "With the default num_cycles of 1 there is no restart."),
    example="get_cosine_with_hard_restarts_schedule_with_warmup(num_warmup_steps=4, num_cycles=3)",
    past_end="It stays at 0.",
)
_POLYNOMIAL: Final = _schedule(
    "hf-polynomial",
    "get_polynomial_decay_schedule_with_warmup",
    _WARMUP,
    _LENGTH,
    Parameter("lr_end", "float", "the rate at the end of the run", default=1e-7, least=0),
    Parameter("power", "float", "1 is a straight line, above 1 falls faster at first", default=1.0, least=0),
    summary="linear warm-up, then a polynomial decay to lr_end at the end of the run",
    formula=f"{_RISE}rate(t) = (lr - lr_end) * (1 - x) ** power + lr_end\n{_X}",
    use="Recipes of BERT and fairseq.",
    cautions=(
        _AT_0,
        _COUNTS,
        "With several parameter groups lr_end is scaled by the rate of each group, from the default rate of the "
        "optimizer.",
    ),
    example="get_polynomial_decay_schedule_with_warmup(num_warmup_steps=4, power=2.0)",
    past_end="It stays at lr_end.",
    failure_hint=_polynomial_hint,
)
_CONSTANT: Final = _schedule(
    "hf-constant",
    "get_constant_schedule",
    summary="a constant rate",
    formula="rate(t) = lr",
    use="Short fine-tuning runs, and a baseline for schedules.",
    cautions=("The rate does not fall: the last updates are as large as the first.",),
    past_end="It stays at lr.",
)
_CONSTANT_WARMUP: Final = _schedule(
    "hf-constant-warmup",
    "get_constant_schedule_with_warmup",
    _WARMUP,
    summary="linear warm-up, then a constant rate",
    formula=f"{_RISE}rate(t) = lr",
    use="Fine-tuning, and runs of unknown length.",
    cautions=(_AT_0, "The rate does not fall: the last updates are as large as those after the warm-up."),
    example="get_constant_schedule_with_warmup(num_warmup_steps=4)",
    past_end="It stays at lr.",
)

# fmt: off
_CURVES: Final = {
    "hf-linear": (0, 250, 500, 750, 1000, 964, 929, 893, 857, 821, 786, 750, 714, 679, 643, 607, 571, 536, 500, 464,
        429, 393, 357, 321, 286, 250, 214, 179, 143, 107, 71, 36),
    "hf-cosine": (0, 250, 500, 750, 1000, 997, 987, 972, 950, 923, 891, 854, 812, 766, 717, 665, 611, 556, 500, 444,
        389, 335, 283, 234, 188, 146, 109, 77, 50, 28, 13, 3),
    "hf-cosine-restarts": (0, 250, 500, 750, 1000, 972, 891, 766, 611, 444, 283, 146, 50, 3, 987, 923, 812, 665, 500,
        335, 188, 77, 13, 997, 950, 854, 717, 556, 389, 234, 109, 28),
    "hf-polynomial": (0, 250, 500, 750, 1000, 930, 862, 797, 735, 675, 617, 563, 510, 461, 413, 369, 327, 287, 250,
        216, 184, 154, 128, 103, 82, 63, 46, 32, 21, 12, 5, 1),
    "hf-constant": (1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000,
        1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000),
    "hf-constant-warmup": (0, 250, 500, 750, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000,
        1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000),
    "hf-inverse-sqrt": (0, 250, 500, 750, 1000, 894, 816, 756, 707, 667, 632, 603, 577, 555, 535, 516, 500, 485, 471,
        459, 447, 436, 426, 417, 408, 400, 392, 385, 378, 371, 365, 359),
    "hf-plateau": (1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000,
        1000, 1000, 1000, 1000, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 10),
    "hf-cosine-min-lr": (0, 250, 500, 750, 1000, 997, 989, 975, 955, 931, 902, 868, 831, 789, 745, 699, 650, 600, 550,
        500, 450, 401, 355, 311, 269, 232, 198, 169, 145, 125, 111, 103),
    "hf-cosine-warmup-min-lr": (250, 500, 750, 1000, 997, 989, 975, 955, 931, 902, 868, 831, 789, 745, 699, 650, 600,
        550, 500, 450, 401, 355, 311, 269, 232, 198, 169, 145, 125, 111, 103, 100),
    "hf-wsd": (0, 250, 500, 750, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000,
        1000, 1000, 1000, 1000, 1000, 1000, 1000, 962, 854, 691, 500, 309, 146, 38),
    "hf-greedy": (1000, 1000, 1250, 1250, 1562, 1562, 1953, 1953, 2441, 2441, 2441, 1953, 1953, 1562, 1562, 1250,
        1250, 1000, 1000, 800, 800, 640, 640, 512, 512, 410, 410, 328, 328, 262, 262, 210),
    "hf-scheduler": (0, 250, 500, 750, 1000, 997, 987, 972, 950, 923, 891, 854, 812, 766, 717, 665, 611, 556, 500,
        444, 389, 335, 283, 234, 188, 146, 109, 77, 50, 28, 13, 3),
}
# fmt: on

FAMILY: Final = Family(
    package="transformers",
    install="transformers",
    help="The schedules of the Trainer and of training loops for its models. They are stepped once an update, and "
    "most start at a rate of 0.",
    source=_DOCS,
    environment={
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "TRANSFORMERS_VERBOSITY": "error",
        "PYTORCH_NVML_BASED_CUDA_CHECK": "1",
        "USE_TF": "0",
        "USE_FLAX": "0",
    },
    refused={
        "get_adafactor_schedule": "it repeats the rate that Adafactor computes from the gradients, which a run without "
        "a model does not have",
        "AdafactorSchedule": "it repeats the rate that Adafactor computes from the gradients, which a run without a "
        "model does not have",
    },
    curves=_CURVES,
    schedulers=(
        _LINEAR,
        _COSINE,
        _RESTARTS,
        _POLYNOMIAL,
        _CONSTANT,
        _CONSTANT_WARMUP,
        _schedule(
            "hf-inverse-sqrt",
            "get_inverse_sqrt_schedule",
            _WARMUP,
            Parameter(
                "timescale",
                "int",
                "the time scale of the decay; if None, num_warmup_steps, or 10000 if that is 0",
                default=None,
                optional=True,
                least=1,
                fraction=_BETWEEN,
            ),
            summary="linear warm-up, then the inverse square root of the step",
            formula=f"{_RISE}rate(t) = lr * (timescale / (t - num_warmup_steps + timescale)) ** 0.5",
            use="Pre-training of unknown length, as of vision transformers.",
            cautions=(_AT_0, "The rate falls slowly: four times the steps halve it."),
            source="Zhai et al., Scaling Vision Transformers, 2021, arXiv:2106.04560",
            example="get_inverse_sqrt_schedule(num_warmup_steps=4)",
            past_end="It has no end: the rate continues to fall.",
        ),
        replace(
            PLATEAU,
            short="hf-plateau",
            name="get_reduce_on_plateau_schedule",
            module="transformers.optimization",
            package="transformers",
            positional=0,
            cautions=(*PLATEAU.cautions[:-1], "The Trainer steps it after each evaluation, with eval_loss by default."),
            aliases=(),
        ),
        _schedule(
            "hf-cosine-min-lr",
            "get_cosine_with_min_lr_schedule_with_warmup",
            _WARMUP,
            _LENGTH,
            _WAVES,
            *_FLOOR,
            summary="linear warm-up, then half a cosine to min_lr at the end of the run",
            formula=f"{_RISE}rate(t) = lr * (c * (1 - m) + m)\nc = (1 + cos(2 * pi * num_cycles * x)) / 2\n{_X}\n"
            "m = min_lr / lr, or min_lr_rate",
            use="Pre-training of language models, which often ends at a tenth of the peak.",
            cautions=(_AT_0, _COUNTS, _ONE_FLOOR),
            example="get_cosine_with_min_lr_schedule_with_warmup(num_warmup_steps=4, min_lr_rate=0.1)",
            check=_check_floor,
            positional=3,
            rates=("min_lr",),
        ),
        _schedule(
            "hf-cosine-warmup-min-lr",
            "get_cosine_with_min_lr_schedule_with_warmup_lr_rate",
            _WARMUP,
            _LENGTH,
            _WAVES,
            *_FLOOR,
            Parameter(
                "warmup_lr_rate",
                "float",
                "the first rate as a fraction of lr; 1 / num_warmup_steps if None",
                default=None,
                optional=True,
                least=0,
            ),
            summary="linear warm-up from above 0, then half a cosine to min_lr",
            formula="rate(t) = lr * (t + 1) / max(1, num_warmup_steps) while t < num_warmup_steps, or with "
            "warmup_lr_rate\n"
            "rate(t) = lr * (warmup_lr_rate + (1 - warmup_lr_rate) * t / max(1, num_warmup_steps - 1)), then\n"
            "rate(t) = lr * (c * (1 - m) + m)\nc = (1 + cos(2 * pi * num_cycles * x)) / 2\n"
            "x = (t + 1 - num_warmup_steps) / max(1, num_training_steps - num_warmup_steps)\n"
            "m = min_lr / lr, or min_lr_rate",
            use="Pre-training whose first update is to count, and whose last one is to have the lowest rate.",
            cautions=(_COUNTS, _ONE_FLOOR),
            example="get_cosine_with_min_lr_schedule_with_warmup_lr_rate(num_warmup_steps=4, min_lr_rate=0.1)",
            check=_check_floor,
            positional=3,
            rates=("min_lr",),
        ),
        _schedule(
            "hf-wsd",
            "get_wsd_schedule",
            _WARMUP,
            Parameter(
                "num_decay_steps",
                "int",
                "scheduler steps of the decay",
                least=0,
                follows="max(1, total_steps // 5)",
                fraction=_BETWEEN,
            ),
            replace(_LENGTH, default=None, optional=True, instead=("num_stable_steps",)),
            Parameter(
                "num_stable_steps",
                "int",
                "scheduler steps at lr, in place of num_training_steps",
                default=None,
                optional=True,
                least=0,
                fraction=_BETWEEN,
            ),
            Parameter("warmup_type", "choice", "shape of the warm-up", default="linear", choices=_SHAPES),
            Parameter("decay_type", "choice", "shape of the decay", default="cosine", choices=_SHAPES),
            Parameter("min_lr_ratio", "float", "the first and the last rate as a fraction of lr", default=0, least=0),
            replace(_WAVES, help="periods of the cosine in the decay"),
            summary="warm-up, a constant rate, then a decay to min_lr_ratio of it",
            formula="rate(t) = lr * (w * (1 - min_lr_ratio) + min_lr_ratio) while t < num_warmup_steps\n"
            "rate(t) = lr while t < num_warmup_steps + num_stable_steps\n"
            "rate(t) = lr * (d * (1 - min_lr_ratio) + min_lr_ratio) for num_decay_steps steps\n"
            "rate(t) = lr * min_lr_ratio after them; w and d, by warmup_type and decay_type, at the fraction x of each:"
            "\n"
            'linear: w = x, d = 1 - x; "1-sqrt": w = 1 - sqrt(1 - x), d = 1 - sqrt(x)\n'
            "cosine: w = (1 - cos(pi * x)) / 2, d = (1 + cos(2 * pi * num_cycles * x)) / 2\n"
            "num_stable_steps is num_training_steps less the others if it is not given",
            use="Pre-training that may be extended: the constant phase goes on, and any point of it can be decayed.",
            cautions=(
                _AT_0,
                "With num_stable_steps, num_training_steps is not used, and the rate is at its lowest after the decay.",
            ),
            source="Hu et al., MiniCPM: Unveiling the Potential of Small Language Models, 2024, arXiv:2404.06395",
            example="get_wsd_schedule(num_warmup_steps=4, num_decay_steps=8)",
            past_end="It stays at min_lr_ratio of lr.",
        ),
        _schedule(
            "hf-greedy",
            "get_greedy_schedule",
            Parameter(
                "mode",
                "choice",
                "whether the metric improves by falling (min) or by rising (max)",
                default="min",
                choices=("min", "max"),
            ),
            Parameter(
                "factor",
                "float",
                "factor of each reduction; a raise divides by it",
                default=0.95,
                least=0,
                above_least=True,
                most=1,
                below_most=True,
            ),
            Parameter("patience", "int", "steps in a row before a change", default=10, least=0, fraction=_BETWEEN),
            Parameter("threshold", "float", "improvements smaller than this do not count", default=1e-6, least=0),
            Parameter(
                "threshold_mode",
                "choice",
                "threshold as a difference from the best value, or as a fraction of it",
                default="abs",
                choices=("rel", "abs"),
            ),
            Parameter("cooldown", "int", "steps after a reduction that do not count", default=0, least=0),
            Parameter("warmup", "int", "steps after a raise that do not count", default=0, least=0),
            Parameter("min_lr", "per_group", "lower bound of a reduced rate", default=1e-3, least=0),
            Parameter("max_lr", "per_group", "upper bound of a raised rate", default=1.0, least=0),
            Parameter("eps", "float", "a change by no more than this is left out", default=1e-8, least=0),
            Parameter("smooth", "bool", "average the metric over window_size steps", default=False),
            Parameter("window_size", "int", "steps of that average", default=50, least=1),
            Parameter("reset_start", "int", "reductions at min_lr before it starts anew", default=500, least=0),
            summary="lowers the rate while a metric stalls, raises it while it improves",
            formula="after more than patience steps in a row that are better than the best metric before:\n"
            "new = min(rate / factor, max_lr), taken if new - rate > eps; then warmup steps do not count\n"
            "after more than patience steps in a row that are not:\n"
            "new = max(rate * factor, min_lr), taken if rate - new > eps; then cooldown steps do not count\n"
            "better, by mode, threshold and threshold_mode, is as in ReduceLROnPlateau\n"
            "with smooth the metric is its average over window_size steps\n"
            "reset_start reductions at min_lr set the rate back to lr",
            use="For runs of unknown length: the rate follows the loss in both directions.",
            cautions=(
                "step() needs the metric, and mode must match it.",
                "With the default min_lr of 1e-3 a smaller rate is never reduced.",
            ),
            source="GreedyLR: A Novel Adaptive Learning Rate Scheduler, 2025, arXiv:2512.14527",
            example="get_greedy_schedule(patience=1, factor=0.8, min_lr=1e-5)",
            past_end="It has no end: the rate keeps following the metric.",
            takes_metric=True,
            takes_last_epoch=False,
            positional=0,
            always_shown=("factor", "patience"),
        ),
        _schedule(
            "hf-scheduler",
            "get_scheduler",
            Parameter("name", "choice", "the type of the schedule", choices=tuple(TYPES)),
            replace(_WARMUP, default=None, optional=True),
            replace(_LENGTH, default=None, optional=True),
            Parameter(
                "scheduler_specific_kwargs",
                "options",
                "other parameters of the schedule",
                default=None,
                optional=True,
            ),
            summary="the schedule of a type such as cosine, as the Trainer makes it",
            formula="that of the schedule of the type name, with num_warmup_steps, num_training_steps and\n"
            "scheduler_specific_kwargs",
            use="Training loops that choose the schedule by name, and the Trainer itself.",
            cautions=(
                "The types constant, reduce_lr_on_plateau and greedy do not use num_warmup_steps.",
                _COUNTS,
                "The name is first, and the optimizer second.",
            ),
            past_end="That of the schedule.",
            example='get_scheduler("cosine", num_warmup_steps=4, num_training_steps=total_steps)',
            takes_last_epoch=False,
            optimizer_at=1,
            needed=_needed,
            metric_if=lambda values: values.get("name") in _WITH_METRIC,
            build=lambda factory, optimizer, args, kwargs: factory(*args, optimizer=optimizer, **kwargs),
        ),
    ),
)
