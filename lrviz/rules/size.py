"""LR3xx: the size of the rate."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from lrviz.rules.case import Case, Part
from lrviz.rules.curve import Curve
from lrviz.rules.ending import endings
from lrviz.rules.fixes import rewritten_functions, scaled_functions, with_values
from lrviz.rules.model import Found, Severity, rule
from lrviz.rules.thresholds import limit
from lrviz.rules.wording import percent, steps_of
from lrviz.schedulers import find
from lrviz.spec import calls_of
from lrviz.text import count, format_rate, print_value

_COSINES = ("CosineAnnealingLR", "CosineAnnealingWarmRestarts")


def _gamma(part: Part) -> float:
    """The factor with which an ExponentialLR falls to a hundredth."""
    return float(f"{0.01 ** (1 / max(part.steps, 1)):.6g}")


@rule(
    "LR301",
    "vanishing-rate",
    "warning",
    what="The rate is below 1e-8 of its peak, or too small to move a float32 weight, for a tenth of the run or more.",
    why="A weight w of float32 changes only if the update is above about 6e-8 of w. These updates cost time and change "
    "nothing: gamma is too small for the number of scheduler steps.",
    example="ExponentialLR(gamma=0.5) @ epochs=100, interval=epoch",
    near_miss="ExponentialLR(gamma=0.9) @ epochs=100, interval=epoch",
    hides=("LR304",),
    sources=("https://discuss.pytorch.org/t/exponentiallr-learning-rate-becomes-zero/27085",),
)
def vanishing_rate(case: Case) -> Iterator[Found]:
    for ending in endings(case):
        if ending.kind != "vanishes":
            continue
        part, curve = ending.part, ending.curve
        threshold = max(limit("decades") * curve.peak, limit("float32"))
        yield Found(
            f"the rate is below {format_rate(threshold)} from {steps_of(case, ending.at)} on, for the last "
            f"{percent(ending.share)} of the run, and ends at {format_rate(curve.final)}",
            _slower(case, part, curve),
        )


def _slower(case: Case, part: Part | None, curve: Curve) -> str:
    if part is not None:
        if curve.peak < limit("float32"):
            return "--lr 1e-3"
        match part.name:
            case "ExponentialLR":
                return with_values(case, part, gamma=_gamma(part))
            case "StepLR":
                return with_values(case, part, step_size=max(1, part.steps // 3))
            case "LambdaLR":
                below = int((curve.rates[curve.peak_at :] < 0.01 * curve.peak).argmax()) + curve.peak_at
                return scaled_functions(case, part, Fraction(case.steps, max(1, below * case.each)))
            case "MultiStepLR":
                third = max(1, part.steps // 3)
                return with_values(case, part, milestones=(third, 2 * third))
    return "make the factor of each step nearer to 1"


@rule(
    "LR302",
    "hardly-moves",
    "warning",
    what="The rate changes by less than a hundredth over the run, although the schedule is not a constant.",
    why="A gamma too near to 1, an eta_min at the rate itself, or a function that divides the step away: the run has a "
    "constant rate without anybody having chosen that.",
    example="ExponentialLR(gamma=0.9999) @ epochs=50, interval=epoch",
    near_miss="ExponentialLR(gamma=0.95) @ epochs=50, interval=epoch",
    sources=("https://discuss.pytorch.org/t/lr-scheduler-does-not-change-the-learning-rate/76229",),
)
def hardly_moves(case: Case) -> Iterator[Found]:
    part = case.last
    if part is None or case.steps < 2 or len(case.parts) > 1:
        return
    for curve in case.curves:
        if curve.peak - curve.least >= limit("moves") * curve.peak:
            continue
        cause, fix = _still(case, part, curve)
        if cause:
            yield Found(
                f"the rate changes by {percent((curve.peak - curve.least) / curve.peak)} over the run: {cause}", fix
            )
            return


def _still(case: Case, part: Part, curve: Curve) -> tuple[str, str]:
    """Why the rate hardly moves, and the fix; empty for a schedule that is meant to be constant."""
    rate = case.spec.groups[curve.group].lr
    if part.name == "ExponentialLR" and (gamma := part.value("gamma")) != 1:
        return f"gamma {print_value(gamma)} is too near to 1", with_values(case, part, gamma=_gamma(part))
    if part.name in _COSINES and 0.99 * rate <= (floor := part.value("eta_min", 0.0)) <= rate:
        return f"eta_min {format_rate(floor)} is the rate itself", with_values(case, part, eta_min=0.0)
    if part.name == "CyclicLR" and part.value("base_lr") == (top := part.value("max_lr")):
        lower = tuple(r / 10 for r in top) if isinstance(top, tuple) else top / 10
        return "base_lr is max_lr", with_values(case, part, base_lr=lower)
    function = case.function(part, curve.group)
    if function is None or not (first := function(0)):
        return "", ""
    at = max(2, round(limit("longer") * case.steps) + 1)
    while at < 1_000_000 * case.steps:
        if abs(function(at) / first - 1) > 0.3:
            text = f"the function changes by {percent(abs(function(at) / first - 1))} at step {at:,} only"
            return text, scaled_functions(case, part, Fraction(case.steps, 2 * at))
        at = int(at * 1.5)
    return "", ""


@rule(
    "LR303",
    "zero-at-the-start",
    "warning",
    what="The rate is 0 for updates at the start of the run.",
    why="They change nothing. One update of a warm-up is harmless, and a note; a warm-up that is stepped once an epoch "
    "loses the whole first epoch, which is an error.",
    example="LambdaLR(lr_lambda=lambda epoch: min(epoch / 5, 1)) @ epochs=50, steps_per_epoch=100, interval=epoch",
    near_miss="LambdaLR(lr_lambda=lambda epoch: min((epoch + 1) / 5, 1)) "
    "@ epochs=50, steps_per_epoch=100, interval=epoch",
    sources=(
        "https://github.com/ildoonet/pytorch-gradual-warmup-lr/issues/21",
        "https://github.com/huggingface/transformers/issues/34754",
    ),
)
def zero_at_the_start(case: Case) -> Iterator[Found]:
    if case.trace is None:
        return
    loop = case.spec.loop
    rates = case.trace.lr[:, [g for g, group in enumerate(case.spec.groups) if group.lr > 0 or case.trace.lr[-1, g]]]
    moving = np.flatnonzero((rates != 0).any(axis=1))
    zeros = int(moving[0]) if moving.size else 0
    if not zeros:
        return
    severity: Severity = "note"
    if loop.epochs > 1 and zeros >= loop.updates_in(1) and zeros > 1:
        severity = "error"
    elif zeros > 1 and zeros >= limit("zeros") * loop.updates:
        severity = "warning"
    part = case.parts[0] if case.parts else None
    fix = "start the warm-up above 0"
    if any((info := find(call.name)) and info.family != "torch" for call in calls_of(case.spec.scheduler)):
        if zeros == 1:  # as the warm-ups of these packages do
            return
        fix = "step the scheduler after each update" if loop.interval == "epoch" else fix
    if part is not None and part.name == "LambdaLR":
        fix = rewritten_functions(case, part, "{} + 1" if zeros <= loop.updates_per_epoch else f"{{}} + {zeros}") or fix
    elif part is not None and part.name == "CyclicLR":
        top = part.value("max_lr")
        fix = with_values(case, part, base_lr=tuple(r / 10 for r in top) if isinstance(top, tuple) else top / 10)
    epochs = f", {count(loop.epoch_of(zeros), 'whole epoch')}" if severity == "error" else ""
    yield Found(f"the rate is 0 for the first {count(zeros, 'update')}{epochs}", fix, severity)


@rule(
    "LR304",
    "zero-in-the-middle",
    "warning",
    what="The rate is 0 for a hundredth of the run or more, before it rises again.",
    why="These updates change nothing.",
    example="LambdaLR(lr_lambda=lambda epoch: max(0, 1 - epoch % 25 / 15)) @ epochs=100, interval=epoch",
    near_miss="LambdaLR(lr_lambda=lambda epoch: max(0, 1 - epoch % 25 / 25)) @ epochs=100, interval=epoch",
    sources=("Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2016, arXiv:1608.03983",),
)
def zero_in_the_middle(case: Case) -> Iterator[Found]:
    for curve in case.curves:
        moving = np.flatnonzero(curve.rates)
        inside = curve.rates[moving[0] : moving[-1] + 1]
        zero = inside == 0
        zero[1:-1] &= zero[2:] | zero[:-2]  # a cosine may touch 0 where it turns
        zeros = int(np.count_nonzero(zero))
        if zeros < 2 or zeros < limit("zeros") * curve.size:
            continue
        part, first = case.last, int(moving[0]) + int(zero.argmax())
        fix = "restart the schedule before the rate is 0"
        if part is not None and part.name == "LambdaLR":
            fix = rewritten_functions(case, part, "{}", "max(0.01, {})") or fix
        elif part is not None and part.name in _COSINES:
            fix = with_values(case, part, eta_min=curve.peak / 100)
        yield Found(
            f"the rate is 0 at {steps_of(case, zeros * case.each)} before it rises again, first at "
            f"step {first * case.each:,}",
            fix,
        )
        return


@rule(
    "LR305",
    "floor-above-rate",
    "warning",
    what="eta_min is above the base rate, or base_lr above max_lr.",
    why="The schedule is upside down: the rate rises where it was meant to fall.",
    example="CosineAnnealingLR(T_max=50, eta_min=0.01) @ epochs=50, interval=epoch, lr=1e-3",
    near_miss="CosineAnnealingLR(T_max=50, eta_min=1e-4) @ epochs=50, interval=epoch, lr=1e-3",
    hides=("LR107", "LR101", "LR306", "LR302"),
    sources=("https://github.com/pytorch/pytorch/issues/47560",),
)
def floor_above_rate(case: Case) -> Iterator[Found]:
    for part in case.parts:
        if part.name in _COSINES:
            floor = part.value("eta_min", 0.0)
            for group in case.spec.groups:
                if floor > group.lr > 0:
                    of_group = f" of {group.name}" if group.name else ""
                    yield Found(
                        f"{part.name}: eta_min {format_rate(floor)} is above the base rate{of_group} "
                        f"{format_rate(group.lr)}, so the rate rises to it",
                        with_values(case, part, eta_min=min(g.lr for g in case.spec.groups if g.lr > 0) / 100),
                    )
                    break
        if part.name == "CyclicLR":
            bounds = [_each(part.value(name), len(case.spec.groups)) for name in ("base_lr", "max_lr")]
            for base, top in zip(*bounds, strict=True):
                if base > top:
                    yield Found(
                        f"CyclicLR: base_lr {format_rate(base)} is above max_lr {format_rate(top)}, so the cycle is "
                        "inverted",
                        with_values(case, part, base_lr=part.value("max_lr"), max_lr=part.value("base_lr")),
                    )
                    break


def _each(value: object, groups: int) -> tuple[float, ...]:
    return value if isinstance(value, tuple) else (value,) * groups  # type: ignore[return-value]


@rule(
    "LR306",
    "floor-not-reached",
    "warning",
    what="The periods of a schedule are so short that the rate never comes near eta_min.",
    why="A period of T scheduler steps has T rates, the last of them one step before eta_min: with one or two, or "
    "where processes step past them, the rate stays high.",
    example="CosineAnnealingWarmRestarts(T_0=2, eta_min=1e-5) @ epochs=50, interval=epoch",
    near_miss="CosineAnnealingWarmRestarts(T_0=10, eta_min=1e-5) @ epochs=50, interval=epoch",
    hides=("LR302",),
    sources=(
        "https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingWarmRestarts.html",
    ),
)
def floor_not_reached(case: Case) -> Iterator[Found]:
    for part in case.parts:
        length = part.value("T_0" if part.name == "CosineAnnealingWarmRestarts" else "T_max", 0)
        if part.name not in _COSINES or not 0 < length <= part.steps or not case.curves:
            continue
        curve, floor = case.curve_of(part, case.curves[0]), part.value("eta_min", 0.0)
        high = curve.least > floor + (limit("reached") + 0.01) * (curve.peak - floor)
        far = part.name == "CosineAnnealingWarmRestarts" and 0 < floor * limit("far") < curve.least
        if curve.size < 2 or not (high or far):
            continue
        yield Found(
            f"{part.name}: the lowest rate is {format_rate(curve.least)}, and eta_min is {format_rate(floor)}: a "
            f"period has {steps_of(case, length)}",
            with_values(case, part, **{("T_0" if "T_0" in dict(part.call.kwargs) else "T_max"): part.steps}),
            None if high else "note",
        )


@rule(
    "LR307",
    "flattened-cycles",
    "warning",
    what="The cycles of CyclicLR are flat for the second half of the run: they shrink faster than the run is long.",
    why="The rate stays at base_lr, the lowest, where the cycles were meant to be. gamma counts scheduler steps, not "
    "cycles.",
    example="CyclicLR(base_lr=1e-4, max_lr=1e-2, step_size_up=50, mode='exp_range', gamma=0.98) "
    "@ epochs=10, steps_per_epoch=100",
    near_miss="CyclicLR(base_lr=1e-4, max_lr=1e-2, step_size_up=50, mode='exp_range', gamma=0.999) "
    "@ epochs=10, steps_per_epoch=100",
    sources=("Smith, Cyclical Learning Rates for Training Neural Networks, 2015, arXiv:1506.01186",),
)
def flattened_cycles(case: Case) -> Iterator[Found]:
    part = case.last
    if part is None or part.name != "CyclicLR" or not case.curves:
        return
    curve = case.curve_of(part, case.curves[0])
    base = _each(part.value("base_lr"), len(case.spec.groups))[curve.group]
    top = _each(part.value("max_lr"), len(case.spec.groups))[curve.group]
    half = curve.rates[curve.size // 2 :]
    if curve.size < 8 or top <= base or part.value("step_size_up", 2000) > part.steps:
        return
    height = float(half.max()) - base
    if height < limit("swallowed") * (top - base):
        yield Found(
            f"the cycles of CyclicLR rise by {percent(max(height, 0) / (top - base))} of max_lr - base_lr at most in "
            "the second half of the run",
            with_values(case, part, mode="triangular", gamma=None, scale_fn=None, scale_mode=None),
        )


@rule(
    "LR308",
    "negative-floor",
    "warning",
    what="eta_min is below 0, so that the rate can be too.",
    why="With a negative rate the optimizer climbs the loss.",
    example="CosineAnnealingLR(T_max=50, eta_min=-1e-5) @ epochs=50, interval=epoch",
    near_miss="CosineAnnealingLR(T_max=50, eta_min=0.0) @ epochs=50, interval=epoch",
    sources=("https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html",),
)
def negative_floor(case: Case) -> Iterator[Found]:
    for part in case.parts:
        if part.name in _COSINES and (floor := part.value("eta_min", 0.0)) < 0:
            yield Found(
                f"{part.name}: eta_min {print_value(floor)} is below 0, so the rate can be too",
                with_values(case, part, eta_min=0.0),
            )


@rule(
    "LR309",
    "noam-rate",
    "warning",
    what="The schedule is Noam's, and the base rate is small.",
    why="The formula of the paper gives the rate itself: the optimizer's lr is a factor of it, 1 in the paper and 2 in "
    "tensor2tensor. With 1e-3 every rate is a thousandth of what was meant.",
    example="noam(d_model=512, warmup=400) @ epochs=100, steps_per_epoch=100, lr=1e-3",
    near_miss="noam(d_model=512, warmup=400) @ epochs=100, steps_per_epoch=100, lr=2",
    sources=("Vaswani et al., Attention Is All You Need, 2017, arXiv:1706.03762",),
)
def noam_rate(case: Case) -> Iterator[Found]:
    composition, rates = case.spec.composition, [g.lr for g in case.spec.groups]
    if composition is not None and composition.name == "noam" and max(rates) < 0.1:
        yield Found(
            f"noam: the formula of the paper is for a base rate of 1, and the run has {format_rate(rates[0])}", "--lr 1"
        )


@rule(
    "LR310",
    "rate-for-factor",
    "warning",
    what="The function of LambdaLR returns the rate itself, and LambdaLR multiplies it by the base rate.",
    why="The base rate then counts twice: 4e-4 becomes 1.6e-7. The function must return a factor, 1 at the base rate.",
    example="LambdaLR(lr_lambda=lambda epoch: 4e-4 * 0.97 ** epoch) @ epochs=50, interval=epoch, lr=4e-4",
    near_miss="LambdaLR(lr_lambda=lambda epoch: 0.97 ** epoch) @ epochs=50, interval=epoch, lr=4e-4",
    hides=("LR301",),
    sources=(
        "https://github.com/pytorch/pytorch/issues/110480",
        "https://github.com/pytorch/pytorch/issues/78917",
    ),
)
def rate_for_factor(case: Case) -> Iterator[Found]:
    for part in case.parts:
        for curve in case.curves[:1] if part.name == "LambdaLR" and len(case.parts) == 1 else ():
            base = case.spec.groups[curve.group].lr
            most = curve.peak / base if base else 0.0
            # A rise to the factor may come to the same number by chance.
            if not 0 < base < 0.5 or abs(most / base - 1) > 1e-6 or curve.peak_at > 0:
                continue
            yield Found(
                f"the factor of LambdaLR is {format_rate(most)} at most, the base rate itself, so the rate is "
                f"{format_rate(curve.peak)} at most",
                rewritten_functions(case, part, "{}", f"({{}}) / {print_value(base)}")
                or f"divide the value of the function by {print_value(base)}",
                "note" if case.spec.read else None,  # parameter groups of a script may have rates of their own
            )
