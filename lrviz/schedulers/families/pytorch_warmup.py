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


def _hint(error: BaseException, values: Values) -> str:
    return "give an optimizer with betas: `--optimizer Adam`" if isinstance(error, KeyError) else ""


def _warmup(short: str, name: str, *parameters: Parameter, **fields: Any) -> Scheduler:
    return Scheduler(
        short, name, parameters=(*parameters, _LAST, _INNER), positional=len(parameters) + 1, module="pytorch_warmup",
        package="pytorch-warmup", takes_last_epoch=False, failure_hint=_hint, build=_build, metric_if=_takes_metric,
        of_loop=("lr_scheduler",), dampens=True, past_end="The scheduler sets the rate.",
        **{"source": _DOCS, **fields},
    )  # fmt: skip


FAMILY: Final = Family(
    package="pytorch_warmup",
    install="pytorch-warmup",
    help="Warm-ups that dampen the rate which another scheduler sets: `with warmup.dampening(): lr_scheduler.step()`. "
    "In notation the scheduler is an argument: LinearWarmup(warmup_period=100, lr_scheduler=CosineAnnealingLR(900)).",
    source=_DOCS,
    schedulers=(
        _warmup(
            "linear-warmup",
            "LinearWarmup",
            _PERIOD,
            summary="multiplies the rate of a scheduler by a linear warm-up",
            formula="rate(t) = lr(t) * min(1, (t + 1) / warmup_period), lr(t) that of the scheduler",
            use="Transformers and large batches, before any schedule.",
            cautions=(_BLOCK, _ORDER),
        ),
        _warmup(
            "exponential-warmup",
            "ExponentialWarmup",
            _PERIOD,
            summary="multiplies the rate of a scheduler by an exponential warm-up",
            formula="rate(t) = lr(t) * (1 - exp(-(t + 1) / warmup_period)), lr(t) that of the scheduler",
            use="As LinearWarmup, with a rate that nears its peak smoothly.",
            cautions=(_BLOCK, _ORDER, "After warmup_period steps the rate is 63 % of the scheduler's."),
        ),
        _warmup(
            "untuned-linear-warmup",
            "UntunedLinearWarmup",
            summary="a linear warm-up over 2 / (1 - beta2) steps",
            formula="rate(t) = lr(t) * min(1, (t + 1) * (1 - beta2) / 2), lr(t) that of the scheduler",
            use="Adam, with a warm-up that follows from beta2: 2000 steps for 0.999.",
            cautions=(_BLOCK, _ORDER, _BETAS),
            source="Ma and Yarats, On the adequacy of untuned warmup for adaptive optimization, 2019, arXiv:1910.04209",
        ),
        _warmup(
            "untuned-exponential-warmup",
            "UntunedExponentialWarmup",
            summary="an exponential warm-up with the constant 1 / (1 - beta2)",
            formula="rate(t) = lr(t) * (1 - exp(-(t + 1) * (1 - beta2))), lr(t) that of the scheduler",
            use="Adam, with a warm-up that follows from beta2.",
            cautions=(_BLOCK, _ORDER, _BETAS),
            source="Ma and Yarats, On the adequacy of untuned warmup for adaptive optimization, 2019, arXiv:1910.04209",
        ),
        _warmup(
            "radam-warmup",
            "RAdamWarmup",
            summary="the warm-up of RAdam's rectification",
            formula="rate(t) = lr(t) * r(t), r(t) the rectification of RAdam from its first defined step on",
            use="Adam with the warm-up of RAdam.",
            cautions=(_BLOCK, _ORDER, _BETAS),
            source="Liu et al., On the Variance of the Adaptive Learning Rate and Beyond, 2019, arXiv:1908.03265",
        ),
    ),
)
