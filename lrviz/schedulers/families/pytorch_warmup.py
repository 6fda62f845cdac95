"""The warm-ups of pytorch-warmup."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from lrviz.schedulers.catalogue import Family, Parameter, Scheduler, Values

_DOCS: Final = "https://tony-y.github.io/pytorch_warmup/"
_PERIOD: Final = Parameter(
    "warmup_period", "int", "scheduler steps of the warm-up", least=1, follows="max(1, total_steps // 10)"
)
_INNER: Final = Parameter(
    "lr_scheduler",
    "scheduler",
    "the scheduler that is stepped inside `with dampening():`; no argument of the package",
    default=None,
    optional=True,
)
_LAST: Final = Parameter("last_step", "int", "-1: a run from its first update", default=-1, least=-1, most=-1)
_BLOCK: Final = "It has no step(): `with warmup.dampening(): lr_scheduler.step()` is called after each update."
_ORDER: Final = "It has to be created after the scheduler that it dampens."
_BETAS: Final = "It needs an optimizer with betas, such as Adam."


class Dampened:
    """A warm-up and the scheduler inside it, or None, with the `step()` of a training loop for both."""

    def __init__(self, warmup: Any, inner: Any) -> None:
        self.optimizer, self.warmup, self.inner = warmup.optimizer, warmup, inner

    def __getattr__(self, name: str) -> Any:
        """An attribute of the warm-up, such as `last_step`."""
        return getattr(self.warmup, name)

    def state_dict(self) -> dict[str, Any]:
        """The states of both."""
        return {"warmup": self.warmup.state_dict(), "inner": self.inner.state_dict() if self.inner else None}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Load the states of both."""
        self.warmup.load_state_dict(state["warmup"])
        if self.inner:
            self.inner.load_state_dict(state["inner"])

    def begin(self) -> None:
        """Begin a block of `with warmup.dampening():`."""
        self.block = self.warmup.dampening()
        self.block.__enter__()

    def end(self) -> None:
        """End the block."""
        self.block.__exit__(None, None, None)

    def step(self, *metric: float) -> None:
        """Step the scheduler inside a block."""
        self.begin()
        if self.inner is not None:
            self.inner.step(*metric)
        self.end()


def _build(factory: Callable[..., Any], optimizer: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Dampened:
    given = dict(kwargs)
    inner = given.pop("lr_scheduler", None)
    return Dampened(factory(optimizer, *args, **given), inner)


def _takes_metric(values: Values) -> bool:
    return getattr(values.get("lr_scheduler"), "name", "") == "ReduceLROnPlateau"


def _adam(values: Values) -> Mapping[str, Any]:
    """What a warm-up that follows from betas decides of the run."""
    return {"optimizer": "Adam"}


def _hint(error: BaseException, values: Values) -> str:
    return "give an optimizer with betas: `--optimizer Adam`" if isinstance(error, KeyError) else ""


def _warmup(short: str, name: str, *parameters: Parameter, **fields: Any) -> Scheduler:
    return Scheduler(
        short, name, parameters=(*parameters, _LAST, _INNER), positional=len(parameters) + 1, module="pytorch_warmup",
        package="pytorch-warmup", takes_last_epoch=False, failure_hint=_hint, build=_build, metric_if=_takes_metric,
        of_loop=("lr_scheduler",), dampens=True, standalone=True, past_end="The scheduler sets the rate.",
        **{"source": _DOCS, **fields},
    )  # fmt: skip


# The rate of every update of each example in the default run, in millionths; a test compares them with the package.
# fmt: off
_CURVES: Final[dict[str, tuple[int, ...]]] = {
    "linear-warmup": (333, 667, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000,
        1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000),
    "exponential-warmup": (283, 487, 632, 736, 811, 865, 903, 931, 950, 964, 974, 982, 987, 991, 993, 995, 997,
        998, 998, 999, 999, 999, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000),
    "untuned-linear-warmup": (1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13,
        13, 14, 14, 15, 15, 16, 16),
    "untuned-exponential-warmup": (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22,
        23, 24, 25, 26, 27, 28, 29, 30, 31, 32),
    "radam-warmup": (17, 26, 33, 39, 44, 49, 54, 58, 62, 65, 69, 72, 76, 79, 82, 85, 88, 90, 93, 96, 98, 101, 103,
        105, 108, 110, 112, 114, 117, 119, 121, 123),
}
# fmt: on

FAMILY: Final = Family(
    package="pytorch_warmup",
    install="pytorch-warmup",
    help="Warm-ups that dampen the rate which another scheduler sets: `with warmup.dampening(): lr_scheduler.step()`. "
    "In notation the scheduler is an argument: LinearWarmup(warmup_period=100, lr_scheduler=CosineAnnealingLR(900)).",
    source=_DOCS,
    curves=_CURVES,
    schedulers=(
        _warmup(
            "linear-warmup",
            "LinearWarmup",
            _PERIOD,
            summary="multiplies the rate of a scheduler by a linear warm-up",
            formula="rate(t) = lr(t) * min(1, (t + 1) / warmup_period)\n"
            "lr(t) that of lr_scheduler, t from last_step + 1",
            use="Transformers and large batches, before any schedule.",
            cautions=(_BLOCK, _ORDER),
        ),
        _warmup(
            "exponential-warmup",
            "ExponentialWarmup",
            _PERIOD,
            summary="multiplies the rate of a scheduler by an exponential warm-up",
            formula="rate(t) = lr(t) * (1 - exp(-(t + 1) / warmup_period))\n"
            "lr(t) that of lr_scheduler, t from last_step + 1",
            use="As LinearWarmup, with a rate that nears its peak smoothly.",
            cautions=(_BLOCK, _ORDER, "After warmup_period steps the rate is 63 % of the scheduler's."),
        ),
        _warmup(
            "untuned-linear-warmup",
            "UntunedLinearWarmup",
            decides=_adam,
            summary="a linear warm-up over 2 / (1 - beta2) steps",
            formula="rate(t) = lr(t) * min(1, (t + 1) * (1 - beta2) / 2)\n"
            "lr(t) that of lr_scheduler, t from last_step + 1",
            use="Adam, with a warm-up that follows from beta2: 2000 steps for 0.999.",
            cautions=(_BLOCK, _ORDER, _BETAS),
            source="Ma and Yarats, On the adequacy of untuned warmup for adaptive optimization, 2019, arXiv:1910.04209",
        ),
        _warmup(
            "untuned-exponential-warmup",
            "UntunedExponentialWarmup",
            decides=_adam,
            summary="an exponential warm-up with the constant 1 / (1 - beta2)",
            formula="rate(t) = lr(t) * (1 - exp(-(t + 1) * (1 - beta2)))\n"
            "lr(t) that of lr_scheduler, t from last_step + 1",
            use="Adam, with a warm-up that follows from beta2.",
            cautions=(_BLOCK, _ORDER, _BETAS),
            source="Ma and Yarats, On the adequacy of untuned warmup for adaptive optimization, 2019, arXiv:1910.04209",
        ),
        _warmup(
            "radam-warmup",
            "RAdamWarmup",
            decides=_adam,
            summary="the warm-up of RAdam's rectification",
            formula="rate(t) = lr(t) * r(t), lr(t) that of lr_scheduler, t from last_step + 1\n"
            "r(t) is the rectification of RAdam from its first defined step on",
            use="Adam with the warm-up of RAdam.",
            cautions=(_BLOCK, _ORDER, _BETAS),
            source="Liu et al., On the Variance of the Adaptive Learning Rate and Beyond, 2019, arXiv:1908.03265",
        ),
    ),
)
