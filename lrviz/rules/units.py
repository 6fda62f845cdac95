"""LR2xx: a length in the wrong unit, told by the factor between the schedule's own end and the end of the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from lrviz.rules.case import Case, Part, own_length, warmup_length
from lrviz.rules.ending import Ending, end_of_rise, endings, ends_at
from lrviz.rules.fixes import scaled, with_values
from lrviz.rules.model import Found, rule
from lrviz.rules.thresholds import limit
from lrviz.rules.wording import named, percent, steps_of
from lrviz.text import format_rate

# What these explain: the general findings of length and size.
_HIDES = (
    "LR101", "LR102", "LR103", "LR104", "LR105", "LR106", "LR107", "LR108", "LR301", "LR302", "LR304", "LR306",
    "LR307", "LR402",
)  # fmt: skip
_EPOCHS = "https://github.com/Lightning-AI/pytorch-lightning/issues/1476"


@dataclass(frozen=True, eq=False)
class Misfit:
    """A length that does not fit: `lengths` in scheduler steps, any of which may be the one that was meant.

    `least` is given for a milestone or a cycle, which fits if it comes after that share of the run, and within it.
    `happens` says what the curve does.
    """

    lengths: tuple[float, ...]
    what: str
    happens: str
    part: Part | None
    ending: Ending | None = None
    least: float = 0.0
    function: Callable[[float], float] | None = None  # of the last part, whose length is not known

    def named(self, case: Case, factor: float) -> str:
        """What does not fit, with its length if it is off by a factor."""
        if self.function is None:
            return self.what
        return f"the function, which ends after {steps_of(case, case.steps * factor)},"

    def is_off_by(self, factor: float, steps: float) -> bool:
        """Whether a length, divided by the factor, fits a run of so many scheduler steps."""
        if self.function is not None:
            start = self.part.start if self.part else 0
            ends = (steps * factor, steps * factor - start)
            return not 0.7 < factor < 1.4 and any(end >= 2 and ends_at(self.function, end) for end in ends)
        if self.least:
            return self.least * steps <= max(self.lengths) / factor <= steps * 1.001
        near = max(abs(factor), 1 / factor) >= 4
        tolerances = [limit("unit")] * len(self.lengths)
        tolerances[0] = limit("warm-up in it") if near else limit("unit")
        return any(
            abs(length / factor / steps - 1) <= max(tolerance, 1.01 / steps)
            for length, tolerance in zip(self.lengths, tolerances, strict=True)
        )


def misfits(case: Case) -> tuple[Misfit, ...]:
    """The lengths of a run that do not fit it."""
    if "misfits" not in case.kept:
        case.kept["misfits"] = tuple(_misfits(case))
    return case.kept["misfits"]  # type: ignore[no-any-return]


def _misfits(case: Case) -> Iterator[Misfit]:
    for ending in endings(case):
        curve = ending.curve
        match ending.kind:
            case "climbs" | "cycles":
                happens = f"the rate climbs again after {steps_of(case, ending.at)}"
            case "idle":
                happens = f"the rate is {format_rate(curve.final)} for the last {percent(ending.share)} of the run"
            case "unfinished":
                happens = f"the rate ends at {percent(curve.final / curve.peak)} of its peak"
            case "runs out":
                happens = f"it ends after {percent(ending.at / case.steps)} of the run"
            case _:
                continue
        lengths = (ending.at, ending.own) if ending.part is not None and ending.part.start else (ending.own,)
        what = named(ending.part)
        if ending.part is not None and own_length(ending.part) is None:
            what = f"the function, which ends after {steps_of(case, ending.own)},"
        yield Misfit(lengths, what, happens, ending.part, ending)
    call = case.call
    if call is not None and call.name == "SequentialLR" and len(call.children) > 1:
        start, child = int(call.get("milestones")[-1]), call.children[-1]
        last = Part(child, (len(call.children) - 1,), start, case.steps)
        length = own_length(last)
        if length is not None and start + length >= limit("longer function") * case.steps:
            what = f"SequentialLR, which ends after {steps_of(case, start + length)},"
            yield Misfit((start + length, length), what, _ends_high(case), last)
    part = case.last
    function = case.function(part) if case.steps > 2 else None
    if part is not None and function is not None and not any(ends_at(function, part.steps - i) for i in (0, 1)):
        yield Misfit((), "the function", _ends_high(case), part, function=function)
    for part in case.parts:
        if part.name == "MultiStepLR" and part.value("milestones", ()) and part.steps > 0:
            last = max(part.value("milestones"))
            if last > part.steps:
                yield Misfit((last,), f"milestone {last:,}", "a milestone never comes", part, least=0.5)
        if part.name == "StepLR" and part.value("step_size") >= max(part.steps, 2) and part.value("gamma", 0.1) != 1:
            size = part.value("step_size")
            yield Misfit((size,), f"StepLR with step_size {size:,}", "the rate never drops", part, least=0.2)
        if part.name == "CosineAnnealingWarmRestarts" and part.value("T_0") >= limit("longer") * part.steps > 0:
            size = part.value("T_0")
            yield Misfit((size,), f"CosineAnnealingWarmRestarts with T_0 {size:,}", "no restart comes", part, least=0.2)
        if part.name == "CyclicLR" and (up := part.value("step_size_up", 2000)) > part.steps > 0:
            yield Misfit((up,), f"CyclicLR with step_size_up {up:,}", "the rate never reaches max_lr", part, least=0.2)


def _ends_high(case: Case) -> str:
    curve = case.curves[0] if case.curves else None
    return "the run fails" if curve is None else f"the run ends at {percent(curve.final / curve.peak)} of its peak"


def _per(case: Case) -> str:
    return f"{case.spec.loop.epochs_shown} of {case.spec.loop.updates_per_epoch_shown} updates"


@rule(
    "LR201",
    "epochs-per-update",
    "error",
    what="A length is counted in epochs, and the scheduler steps after every update.",
    why="The schedule is over within the first epochs, or after a small part of the first one. The rest of the run has "
    "a rate of 0, a constant rate, or a cosine that goes up and down.",
    example="CosineAnnealingLR(T_max=90) @ epochs=90, steps_per_epoch=100",
    near_miss="CosineAnnealingLR(T_max=90) @ epochs=90, steps_per_epoch=100, interval=epoch",
    hides=_HIDES,
    sources=(_EPOCHS, "https://discuss.pytorch.org/t/scheduler-step-after-each-epoch-or-after-each-minibatch/111249"),
)
def epochs_per_update(case: Case) -> Iterator[Found]:
    if not case.per_update or "epochs" in case.spec.assumed:
        return
    # With processes a length in epochs may be multiplied by their number or not.
    factors = {1 / case.spec.loop.updates_per_epoch, 1 / (case.spec.loop.updates_per_epoch * case.each)}
    for misfit in misfits(case):
        lengths = {round(length) for length in misfit.lengths}
        off = [factor for factor in factors if misfit.is_off_by(factor, case.steps)]
        if off or case.epochs in lengths:
            if (misfit.lengths and max(misfit.lengths) >= 0.7 * case.steps) or (
                misfit.ending and misfit.ending.kind == "unfinished"
            ):
                continue
            yield Found(
                f"{misfit.named(case, off[0] if off else 1.0)} counts epochs, and the scheduler steps after each of "
                f"{case.steps // case.each:,} updates ({_per(case)}): {misfit.happens}",
                "--interval epoch",
            )
            return
    yield from _over_at_once(case)


def _over_at_once(case: Case) -> Iterator[Found]:
    """Decays without an end, drops and cycles that fit the epochs of the run, and not its updates."""
    updates = case.steps // case.each
    for ending in endings(case):
        curve = ending.curve
        if ending.kind != "vanishes" or case.epochs >= curve.size // 2:
            continue
        then = float(curve.rates[min(case.epochs, curve.size - 1)])
        if ending.at > 0 and then >= 1e-7 * curve.peak:
            yield Found(
                f"the rate is below {format_rate(curve.peak * limit('decades'))} for the last {percent(ending.share)} "
                f"of {updates:,} updates, since the scheduler steps after each; stepped once an epoch, it falls to "
                f"{format_rate(then)} in {case.epochs:,} epochs",
                "--interval epoch",
            )
            return
    part = case.last
    if part is None:
        return
    each = case.spec.loop.updates_per_epoch * case.each
    if part.name == "CosineAnnealingWarmRestarts" and part.value("T_0") <= min(case.epochs, each - 1):
        first, factor = part.value("T_0"), part.value("T_mult", 1)
        restarts = part.steps // first if factor == 1 else 0
        total, length = 0, first
        while total < case.epochs:
            total, length = total + length, length * factor
        if restarts > max(20, case.epochs) or (factor > 1 and total == case.epochs and total > first):
            yield Found(
                f"CosineAnnealingWarmRestarts with T_0 {first:,} restarts every {first:,} updates, and an epoch has "
                f"{each:,}",
                "--interval epoch",
            )
        return
    if part.name == "CyclicLR":
        up = part.value("step_size_up", 2000)
        cycle = up + (part.value("step_size_down") or up)
        if max(up, cycle - up) <= case.epochs and 4 * cycle <= each and part.steps > max(20, case.epochs) * cycle:
            yield Found(
                f"a cycle of CyclicLR takes {cycle:,} updates, and an epoch has {each:,}: step_size_up {up:,} counts "
                "epochs",
                "--interval epoch",
            )
        return
    for curve in case.curves[:1]:
        at = curve.flat_from
        drops = part.name in ("MultiStepLR", "LambdaLR", "MultiplicativeLR") and case.steps >= 8 * case.epochs
        if drops and 0 < at <= case.epochs and curve.final < 0.5 * curve.peak and curve.peak_at < at:
            yield Found(
                f"the rate changes last at update {at * case.each:,} of {updates:,}, and the run has {_per(case)}: the "
                "lengths of the schedule count epochs",
                "--interval epoch",
            )
            return


@rule(
    "LR202",
    "updates-per-epoch",
    "error",
    what="A length is counted in updates, and the scheduler steps once an epoch.",
    why="The run ends after a small part of the schedule: the rate hardly moves, or is still in the warm-up.",
    example="CosineAnnealingLR(T_max=9000) @ epochs=90, steps_per_epoch=100, interval=epoch",
    near_miss="CosineAnnealingLR(T_max=9000) @ epochs=90, steps_per_epoch=100",
    hides=_HIDES,
    sources=("https://github.com/Lightning-AI/pytorch-lightning/issues/5631",),
)
def updates_per_epoch(case: Case) -> Iterator[Found]:
    loop = case.spec.loop
    if loop.interval != "epoch" or loop.steps_per_epoch < 2 or "steps_per_epoch" in case.spec.assumed:
        return
    factors = {float(loop.updates_per_epoch), float(loop.steps_per_epoch)} - {1.0}
    for misfit in misfits(case):
        # A cycle or a step of a length in updates may be as short as an epoch.
        longest = max(misfit.lengths, default=float("inf"))
        inside = misfit.least and misfit.part and misfit.part.name != "MultiStepLR" and _is_in_updates(case, longest)
        off = [factor for factor in factors if misfit.is_off_by(factor, case.steps)]
        if longest > case.steps and (off or (inside and longest <= case.epochs * max(factors))):
            yield Found(
                f"{misfit.named(case, off[0] if off else 1.0)} counts updates, and the scheduler steps once in each of "
                f"{_per(case)}: {misfit.happens}",
                "--interval step",
            )
            return
    updates = max(factors, default=1.0)
    warm = _warmup(case)
    if warm and case.steps < warm <= case.epochs * updates / 2:
        yield Found(
            f"a warm-up of {warm:,} counts updates, and the scheduler steps once in each of {_per(case)}: the rate "
            "never reaches its peak",
            "--interval step",
        )
        return
    yield from _hardly_moved(case, updates)


def _is_in_updates(case: Case, length: float) -> bool:
    """Whether a step or a period, which need not fill the run, seems to count updates: in whole epochs, or many."""
    loop = case.spec.loop
    sizes = {loop.updates_per_epoch, loop.steps_per_epoch} - {1}
    return length >= min(sizes) and (length >= 4 * case.steps or any(length % size == 0 for size in sizes))


def _warmup(case: Case) -> int | None:
    """The length of a warm-up that does not end in the run, by its parameter or by its function."""
    if not case.parts or not case.curves:
        return None
    first, curve = case.parts[0], case.curves[0]
    if curve.warmup_end < curve.size - 1:
        return None
    if (function := case.function(first, curve.group)) and curve.size > 1 and curve.change[-1] > 0:
        return end_of_rise(function, case.steps - 1)
    return warmup_length(first)


def _hardly_moved(case: Case, updates: float) -> Iterator[Found]:
    """A decay without an end that moves as one per update would."""
    part = case.last
    for curve in case.curves[:1]:
        if part is None or case.steps < 2 or curve.least < 0.97 * curve.peak:
            continue
        steps, moved = case.epochs * updates, 1.0
        if part.name == "ExponentialLR":
            moved = float(part.value("gamma") ** steps)
        elif (function := case.function(part, curve.group)) and (first := function(0)):
            moved = function(steps) / first
        if 1e-7 < moved < 0.7:
            yield Found(
                f"the rate falls by {percent(1 - curve.least / curve.peak)} in {case.epochs:,} epochs, stepped once in "
                f"each; stepped after each of {round(steps):,} updates, it falls to {percent(moved)}",
                "--interval step",
            )
            return


@rule(
    "LR203",
    "accumulation",
    "error",
    what="A length is off by the number of batches that are accumulated for an update.",
    why="The scheduler steps once an update, so a length in batches is several times too long: the run ends in the "
    "first part of the schedule. A length that is divided twice is as many times too short.",
    example="CosineAnnealingLR(T_max=1000) @ epochs=10, steps_per_epoch=100, grad_accum=4",
    near_miss="CosineAnnealingLR(T_max=250) @ epochs=10, steps_per_epoch=100, grad_accum=4",
    hides=_HIDES,
    sources=(
        "https://github.com/huggingface/accelerate/issues/963",
        "https://github.com/huggingface/diffusers/issues/4387",
    ),
)
def accumulation(case: Case) -> Iterator[Found]:
    loop = case.spec.loop
    if loop.interval != "step" or loop.grad_accum < 2:
        return
    exact = loop.steps_per_epoch / loop.mean_updates_per_epoch
    for misfit in misfits(case):
        for factor in (exact, 1 / exact, loop.grad_accum, 1 / loop.grad_accum):
            if _wrong_way(misfit, case, factor) or not misfit.is_off_by(factor, case.steps):
                continue
            batches = min(loop.epochs * loop.steps_per_epoch, round(loop.updates * exact))
            counts = "counts batches" if factor > 1 else f"is {loop.grad_accum:,} times too short"
            yield Found(
                f"{misfit.named(case, factor)} {counts}: the run makes {case.steps:,} scheduler steps, "
                f"one for {loop.grad_accum:,} of "
                f"{batches:,} batches; {misfit.happens}",
                _scaled(case, factor),
            )
            return


def _wrong_way(misfit: Misfit, case: Case, factor: float) -> bool:
    """Whether a length that is too long is explained by a factor that makes it longer."""
    if misfit.function is not None:
        return False
    longer = max(misfit.lengths) > case.steps - (misfit.part.start if misfit.part else 0)
    return longer != (factor > 1)


def _scaled(case: Case, factor: float) -> str:
    if case.call is None:
        return f"make the schedule as long as the run: {steps_of(case, case.steps)}"
    return scaled(case, 1 / Fraction(factor).limit_denominator(100_000))


@rule(
    "LR204",
    "processes",
    "error",
    what="A length is off by the number of processes.",
    why="Accelerate's wrapper calls scheduler.step() once for each process at every update, so that a schedule may be "
    "given in the batches of all processes. A length in updates is over after a part of the run: the rate is 0 from "
    "there, or a cosine climbs back.",
    example="CosineAnnealingLR(T_max=1000) @ epochs=10, steps_per_epoch=100, num_processes=8",
    near_miss="CosineAnnealingLR(T_max=8000) @ epochs=10, steps_per_epoch=100, num_processes=8",
    hides=_HIDES,
    sources=(
        "https://github.com/huggingface/accelerate/issues/2926",
        "https://github.com/huggingface/accelerate/issues/2142",
        "https://github.com/huggingface/diffusers/issues/3954",
    ),
)
def processes(case: Case) -> Iterator[Found]:
    loop = case.spec.loop
    if case.each < 2:
        return
    accumulated = loop.steps_per_epoch / loop.mean_updates_per_epoch if loop.interval == "step" else 1.0
    for misfit in misfits(case):
        for factor in (1 / case.each, case.each, accumulated / case.each, case.each * accumulated):
            if factor == 1 or _wrong_way(misfit, case, factor) or not misfit.is_off_by(factor, case.steps):
                continue
            yield Found(
                f"{misfit.named(case, factor).removesuffix(',')}, and the run makes {case.steps:,} scheduler "
                f"steps, {case.each:,} at each of "
                f"{case.steps // case.each:,} updates: {misfit.happens}",
                _scaled(case, factor),
            )
            return
    for ending in endings(case):
        curve = ending.curve
        at = curve.size // case.each
        if ending.kind == "vanishes" and ending.at > 0 and curve.rates[at] >= 1e-7 * curve.peak:
            yield Found(
                f"the rate is below {format_rate(curve.peak * limit('decades'))} for the last {percent(ending.share)} "
                f"of the run, which makes {case.each:,} scheduler steps at each update; with one it ends at "
                f"{format_rate(float(curve.rates[at]))}",
                _scaled(case, 1 / case.each),
            )
            return
    part = case.last
    if part is not None and part.name == "MultiStepLR" and part.start == 0:
        last = max(part.value("milestones", ()), default=0)
        if last * case.each <= case.steps * 1.001 and last * case.each >= 0.5 * case.steps:
            yield Found(
                f"the last milestone, {last:,}, comes at {percent(last / case.steps)} of the run, which makes "
                f"{case.steps:,} scheduler steps, {case.each:,} at each update",
                with_values(case, part, milestones=tuple(m * case.each for m in part.value("milestones"))),
            )
