"""LR1xx: the length of the schedule against the length of the run."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from lrviz.rules.case import Case, Part, own_length, warmup_length
from lrviz.rules.ending import Ending, end_of_rise, endings
from lrviz.rules.fixes import at_path, lengths, scaled_functions, with_length, with_values, written
from lrviz.rules.model import Found, rule
from lrviz.rules.thresholds import limit
from lrviz.rules.wording import named, percent, steps_of
from lrviz.schedulers import find
from lrviz.text import format_rate, print_value

_ACCELERATE = "https://github.com/huggingface/accelerate/issues/2142"
_TMAX = "https://discuss.pytorch.org/t/how-to-use-cosineannealinglr/81162"


def fitted(case: Case, ending: Ending) -> str:
    """The notation in which the part that does not end with the run does."""
    if ending.part is None:
        return "make the schedule as long as the run: " + steps_of(case, case.steps)
    if ending.part.name == "StepLR" and not ending.part.value("gamma", 0.1):
        return with_values(case, ending.part, gamma=0.1, step_size=max(1, ending.part.steps // 3))
    if ending.part.name == "LambdaLR" or own_length(ending.part) is not None:
        return with_length(case, ending.part, ending.own, ending.part.steps)
    return "make the schedule as long as the run: " + steps_of(case, case.steps)


@rule(
    "LR101",
    "climbs-again",
    "warning",
    what="The rate comes down, and climbs again before the run ends.",
    why="CosineAnnealingLR is periodic: past T_max it rises as it fell. The last updates, which should settle the "
    "weights, then have rates as high as those in the middle of the run.",
    example="CosineAnnealingLR(T_max=40) @ epochs=50, interval=epoch",
    near_miss="CosineAnnealingLR(T_max=47) @ epochs=50, interval=epoch",
    sources=("https://github.com/pytorch/pytorch/issues/65342", _TMAX),
)
def climbs_again(case: Case) -> Iterator[Found]:
    for ending in endings(case):
        if ending.kind != "climbs":
            continue
        part, curve = ending.part, ending.curve
        steps = part.steps if part is not None else case.steps
        ratio = steps / ending.own
        cycles = part is not None and limit("sawtooth") <= ratio <= 1 / limit("zeros") and ending.own >= 2
        whole = abs(ratio - round(ratio)) <= 0.02 * ratio
        at = case.index(ending.at)
        yield Found(
            f"the rate falls to {format_rate(float(curve.rates[min(at, curve.size - 1)]))} after "
            f"{steps_of(case, ending.at)} and climbs again, by {percent(min(ending.share, 1))} of its fall: "
            f"{named(part)}, and the run has {steps_of(case, steps)} for it",
            fitted(case, ending),
            "note" if cycles and whole else None,
        )


@rule(
    "LR102",
    "still-falling",
    "warning",
    what="The run ends while the rate is still falling towards the end of its schedule.",
    why="The schedule is longer than the run, so its low rates, where the loss falls last, are never used.",
    example="CosineAnnealingLR(T_max=100) @ epochs=50, interval=epoch",
    near_miss="CosineAnnealingLR(T_max=54) @ epochs=50, interval=epoch",
    hides=("LR302", "LR306"),
    sources=("Hoffmann et al., Training Compute-Optimal Large Language Models, 2022, arXiv:2203.15556, figure A1",),
)
def still_falling(case: Case) -> Iterator[Found]:
    for ending in endings(case):
        if ending.kind != "unfinished":
            continue
        curve, part = ending.curve, ending.part
        steps = part.steps if part is not None else case.steps
        is_function = part is None or own_length(part) is None
        what = (
            named(part)
            if part is not None and own_length(part) is not None
            else (f"the function falls up to step {round(ending.own):,}")
        )
        rising = curve.size > 1 and curve.change[-1] > 0
        state = "still rising" if rising else f"{percent(curve.final / curve.peak)} of its peak, and is still falling"
        yield Found(
            f"the rate ends at {format_rate(curve.final)}, {state}: {what}, and the run has "
            f"{steps_of(case, steps)} for it",
            fitted(case, ending),
            "note"
            if ending.share < limit("unfinished") or (is_function and ending.own < limit("longer function") * steps)
            else None,
        )


@rule(
    "LR103",
    "idle-end",
    "warning",
    what="The rate is at 0, or at its lowest value, for more than the last tenth of the run.",
    why="At 0 these updates change nothing, and their time is lost. A floor above a hundredth of the peak is "
    "meant in some recipes, and is a note.",
    example="PolynomialLR(total_iters=30) @ epochs=50, interval=epoch",
    near_miss="PolynomialLR(total_iters=46) @ epochs=50, interval=epoch",
    hides=("LR301", "LR304"),
    sources=("Brown et al., Language Models are Few-Shot Learners, 2020, arXiv:2005.14165, appendix B (a floor)",),
)
def idle_end(case: Case) -> Iterator[Found]:
    for ending in endings(case):
        if ending.kind != "idle":
            continue
        curve = ending.curve
        low = curve.final < 0.0999 * curve.peak and ending.share > limit("idle at a floor")
        floor = curve.final >= limit("floor") * curve.peak and not low
        yield Found(
            f"the rate is {format_rate(curve.final)} from {_ordinal(case, ending.at)} on, for the last "
            f"{percent(ending.share)} of the run",
            fitted(case, ending),
            "note" if floor else None,
        )


def _ordinal(case: Case, step: float) -> str:
    loop = case.spec.loop
    if case.each > 1:
        return f"scheduler step {round(step):,}"
    return f"{'epoch' if loop.interval == 'epoch' else 'update'} {round(step):,}"


@rule(
    "LR104",
    "runs-out",
    "error",
    what="The run has more scheduler steps than OneCycleLR, or than its function can be asked for.",
    why="torch raises an error at the step after the last of OneCycleLR; Accelerate stops stepping it, and the rate "
    "stays at its least value. A function such as (1 - t / T) ** 0.9 has no real value past T.",
    example="OneCycleLR(max_lr=0.1, total_steps=900) @ epochs=10, steps_per_epoch=100",
    near_miss="OneCycleLR(max_lr=0.1, total_steps=1000) @ epochs=10, steps_per_epoch=100",
    hides=("LR103", "LR301", "LR108"),
    sources=(
        "https://discuss.pytorch.org/t/onecyclelr-valueerror-tried-to-step-x-times/127829",
        "https://github.com/pytorch/pytorch/issues/38170",
    ),
)
def runs_out(case: Case) -> Iterator[Found]:
    for ending in endings(case):
        if ending.kind == "runs out" and ending.part is not None and ending.part.name == "LambdaLR":
            yield Found(
                f"the function fails or is negative after step {round(ending.own):,}, and the run has "
                f"{steps_of(case, ending.part.steps)} for it",
                fitted(case, ending),
            )
            return
    for part in case.parts:
        length = own_length(part)
        if part.name == "OneCycleLR" and length is not None and length < part.steps:
            stops = "Accelerate stops it" if case.each > 1 else "torch raises an error"
            yield Found(
                f"OneCycleLR ends after {steps_of(case, length)}, and the run has {steps_of(case, part.steps)} for it: "
                f"{stops} at {percent(length / part.steps)} of the run",
                with_length(case, part, length, part.steps),
                "warning" if case.each > 1 else None,
            )


@rule(
    "LR105",
    "never-comes",
    "warning",
    what="A milestone, a drop or a restart lies past the end of the run.",
    why="The schedule was made for a longer run: the rate stays higher than it was meant to.",
    example="MultiStepLR(milestones=[30, 60]) @ epochs=50, interval=epoch",
    near_miss="MultiStepLR(milestones=[30, 50]) @ epochs=50, interval=epoch",
    hides=("LR302", "LR102", "LR306"),
    sources=("https://github.com/pytorch/vision/tree/main/references/classification",),
)
def never_comes(case: Case) -> Iterator[Found]:
    for part in case.parts:
        if part.steps <= 0:
            continue
        match part.name:
            case "MultiStepLR":
                milestones = part.value("milestones")
                # One at the end of the run, or just behind it, says that there is no more of them.
                late = [m for m in milestones if m > part.steps]
                if not late:
                    continue
                kept = tuple(m for m in milestones if m < part.steps)
                new = kept or (max(1, part.steps // 2), max(2, part.steps * 3 // 4))
                which = print_value(late[0]) if len(late) == 1 else f"{print_value(late[0])} and {len(late) - 1:,} more"
                yield Found(
                    f"MultiStepLR: milestone {which} never comes: the run has {steps_of(case, part.steps)} for it",
                    with_values(case, part, milestones=new),
                    "note" if len(milestones) >= limit("list") else None,
                )
            case "StepLR":
                size = part.value("step_size")
                if size >= part.steps > 1 and part.value("gamma", 0.1) != 1:
                    yield Found(
                        f"StepLR: the first drop, after {steps_of(case, size)}, never comes: the run has "
                        f"{steps_of(case, part.steps)} for it",
                        with_values(case, part, step_size=max(1, part.steps // 3)),
                        "note" if size == part.steps else None,
                    )
            case "CosineAnnealingWarmRestarts":
                first = part.value("T_0")
                if first >= limit("longer") * part.steps and part.steps > 1:
                    yield Found(
                        f"CosineAnnealingWarmRestarts: the first period is {steps_of(case, first)} long, and the "
                        f"run has {steps_of(case, part.steps)} for it: the rate falls by "
                        f"{percent(_fall(case, part))} only",
                        with_values(case, part, T_0=part.steps),
                    )
            case "CyclicLR":
                up = part.value("step_size_up", 2000)
                if up > part.steps:
                    yield Found(
                        f"CyclicLR: step_size_up is {up:,}, and the run has {steps_of(case, part.steps)} for it: the "
                        "rate never reaches max_lr",
                        with_values(case, part, step_size_up=max(1, part.steps // 4), step_size_down=None),
                    )
    yield from _unstarted(case)


def _fall(case: Case, part: Part) -> float:
    curve = case.curve_of(part, case.curves[0]) if case.curves else None
    return 0.0 if curve is None or curve.size == 0 or curve.peak == 0 else 1 - curve.least / curve.peak


def _unstarted(case: Case) -> Iterator[Found]:
    """The first scheduler of a SequentialLR that starts past the end, unless the one before is a warm-up."""
    call = case.call
    if call is None or call.name != "SequentialLR":
        return
    milestones = call.get("milestones", ())
    late = [i for i, m in enumerate(milestones) if m >= case.steps]
    if not late or (late[0] == 0 and warmup_length(Part(call.children[0], (0,), 0, case.steps)) is not None):
        return
    first = late[0]
    before = milestones[first - 1] if first else 0
    if before >= case.steps - 1:
        return
    new = list(milestones)
    for i in late:
        new[i] = before + max(1, (case.steps - before) * (i - first + 1) // (len(late) + 1))
    yield Found(
        f"SequentialLR: {call.children[first + 1].name} starts at milestone {milestones[first]:,}, which never comes: "
        f"the run has {steps_of(case, case.steps)}",
        str(at_path(call, (), {"milestones": tuple(new)})),
    )


@rule(
    "LR106",
    "cut-off-cycle",
    "warning",
    what="The run ends in the first half of a cycle.",
    why="The rate is high at the last update, as it was in the middle of a cycle, so the weights of the end are worse "
    "than those of the end of the cycle before.",
    example="CosineAnnealingWarmRestarts(T_0=40) @ epochs=50, interval=epoch",
    near_miss="CosineAnnealingWarmRestarts(T_0=25) @ epochs=50, interval=epoch",
    sources=("Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2016, arXiv:1608.03983",),
)
def cut_off_cycle(case: Case) -> Iterator[Found]:
    part = case.last
    if part is None or part.steps < 2:
        return
    if part.name == "CosineAnnealingWarmRestarts":
        length, factor, done, periods = part.value("T_0"), part.value("T_mult", 1), 0, 0
        if factor == 1:
            periods = (part.steps - 1) // length
            done = periods * length
        else:
            while done + length < part.steps:
                done, length, periods = done + length, length * factor, periods + 1
        over = part.steps - done
        least = 1 if case.spec.loop.interval == "epoch" else 2
        if not periods or over < least or over >= length / 2:
            return
        sums = sum(factor**i for i in range(periods))
        yield Found(
            f"the run ends {steps_of(case, over)} after restart {periods:,}, in the first half of a period of "
            f"{length:,}: the last rate is {_final(case)}",
            with_values(case, part, T_0=-(-part.steps // sums)),
            "note" if periods >= limit("many") or over < limit("zeros") * part.steps else None,
        )
    elif part.name == "CyclicLR":
        up = part.value("step_size_up", 2000)
        down = part.value("step_size_down") or up
        cycles, over = divmod(part.steps - 1, up + down)
        if up > part.steps or part.steps < 2 or over + 1 > up + 0.5 * down * (cycles == 0) or over < 2:
            return
        whole = max(1, cycles)
        half = max(1, round(part.steps / whole / 2))
        yield Found(
            f"the run ends {steps_of(case, over + 1)} into a cycle of {up + down:,}: the last rate is {_final(case)}",
            with_values(case, part, step_size_up=half, step_size_down=None),
            None if cycles == 0 else "note",
        )


def _final(case: Case) -> str:
    curve = case.curves[0] if case.curves else None
    return (
        "unknown" if curve is None else f"{format_rate(curve.final)}, {percent(curve.final / curve.peak)} of the peak"
    )


@rule(
    "LR107",
    "long-warm-up",
    "warning",
    what="The warm-up takes more than a third of the run, or does not end in it.",
    why="The rate that was chosen is used for a small part of the run, or never. Warm-ups are counted in updates, and "
    "a short run has few of them.",
    example="SequentialLR([LinearLR(start_factor=0.01, total_iters=1000), CosineAnnealingLR(T_max=500)], "
    "milestones=[1000]) @ epochs=5, steps_per_epoch=160",
    near_miss="SequentialLR([LinearLR(start_factor=0.01, total_iters=200), CosineAnnealingLR(T_max=600)], "
    "milestones=[200]) @ epochs=5, steps_per_epoch=160",
    hides=("LR302", "LR105"),
    sources=("Goyal et al., Accurate, Large Minibatch SGD, 2017, arXiv:1706.02677",),
)
def long_warmup(case: Case) -> Iterator[Found]:
    if not case.parts or case.steps < 3:
        return
    first = case.parts[0]
    followed = case.call is not None and case.call.name == "SequentialLR" and len(case.parts) > 1
    if (
        (length := warmup_length(first)) is not None
        and first.end >= case.steps
        and (length > case.steps or (followed and first.path == (0,)))
    ):
        length = max(length, case.parts[1].start if followed else 0)
        yield Found(
            f"the warm-up takes {steps_of(case, length)}, and the run has {steps_of(case, case.steps)}: the rate "
            f"reaches {_reached(case)}",
            _short_warmup(case, first),
        )
        return
    info = find(first.name)
    warmup = info.warmup if info else ""
    if warmup and first.value(warmup, 0) >= case.steps == first.end:
        fix = {warmup: max(1, case.steps // 20)}
        if info is not None and (own := own_length(first)) is not None and own > case.steps:
            fix[info.length] = case.steps
        yield Found(
            f"the warm-up takes {steps_of(case, first.value(warmup))}, and the run has {steps_of(case, case.steps)}: "
            f"the rate reaches {_reached(case)}",
            with_values(case, first, **fix),
        )
        return
    if first.name not in ("LinearLR", "ConstantLR", "LambdaLR"):
        return
    for curve in case.curves:
        at = curve.warmup_end
        if first.name == "LambdaLR" and at >= curve.size - 1 and (function := case.function(first, curve.group)):
            if curve.size < 3 or curve.change[-1] <= 0:
                continue
            top = end_of_rise(function, case.steps - 1)
            now, most = function(case.steps - 1), max(function(top), function(top - 1)) if top else 0.0
            if top and (top > limit("longer") * case.steps or function(2 * top) < 0.9 * most):
                yield Found(
                    f"the warm-up takes {steps_of(case, top)}, and the run has {steps_of(case, case.steps)}: the "
                    f"rate reaches {percent(now / most if most else 1.0)} of its peak",
                    with_length(case, first, top, max(1, case.steps // 20)),
                )
                return
        elif (share := at / curve.size) > limit("warm-up") and at < curve.size - 1 and curve.peak_at == at:
            # A constant rate after the warm-up is no schedule that is cut short.
            if curve.final >= 0.98 * curve.peak and share <= limit("long warm-up"):
                continue
            yield Found(
                f"the warm-up takes {steps_of(case, at * case.each)}, {percent(share)} of the run",
                _short_warmup(case, first),
                None if share > limit("long warm-up") else "note",
            )
            return


def _reached(case: Case) -> str:
    curve = case.curves[0] if case.curves else None
    if curve is None:
        return "less than its peak"
    base = case.spec.groups[curve.group].lr
    return f"{format_rate(curve.peak)} of {format_rate(base)}" if base else format_rate(curve.peak)


def _short_warmup(case: Case, first: Part) -> str:
    """The notation with a warm-up of a twentieth of the run, and a last scheduler that ends with it."""
    steps = max(1, case.steps // 20)
    if first.name == "LambdaLR":
        curve = case.curves[0]
        return scaled_functions(case, first, Fraction(steps, max(1, curve.warmup_end * case.each)))
    call = at_path(written(case), first.path, {"total_iters": steps})
    if call.name != "SequentialLR":
        return str(call)
    milestones = call.get("milestones")
    gaps = [steps, *(max(1, b - a) for a, b in pairwise(milestones))]
    new: list[int] = []
    for gap in gaps:
        new.append(min((new[-1] if new else 0) + gap, case.steps - 1))
    call = at_path(call, (), {"milestones": tuple(new)})
    last = Part(call.children[-1], (len(call.children) - 1,), new[-1], case.steps)
    if own_length(last) is not None:
        call = at_path(call, last.path, lengths(last, last.steps))
    return str(call)


@rule(
    "LR108",
    "contradicting-lengths",
    "warning",
    what="OneCycleLR has a total_steps that is not epochs * steps_per_epoch.",
    why="torch uses total_steps and ignores the other two without a word.",
    example="OneCycleLR(max_lr=0.1, total_steps=1200, epochs=10, steps_per_epoch=100) @ epochs=10, steps_per_epoch=120",
    near_miss="OneCycleLR(max_lr=0.1, total_steps=1000, epochs=10, steps_per_epoch=100) "
    "@ epochs=10, steps_per_epoch=100",
    sources=("https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html",),
)
def contradicting_lengths(case: Case) -> Iterator[Found]:
    for part in case.parts:
        total, epochs, steps = (part.call.get(name) for name in ("total_steps", "epochs", "steps_per_epoch"))
        if part.name == "OneCycleLR" and None not in (total, epochs, steps) and total != epochs * steps:
            yield Found(
                f"OneCycleLR: total_steps {total:,} overrides epochs {epochs:,} x steps_per_epoch {steps:,} = "
                f"{epochs * steps:,}",
                with_values(case, part, total_steps=max(1, part.steps), epochs=None, steps_per_epoch=None),
            )


@rule(
    "LR109",
    "no-length",
    "warning",
    what="A length is 0, is no whole number, or is below one step, so that this part of the schedule has no effect.",
    why="torch takes such a length without a word: the rate stays where the schedule starts, or misses its steps.",
    example="LinearLR(start_factor=0.1, total_iters=0) @ epochs=10, interval=epoch",
    near_miss="LinearLR(start_factor=0.1, total_iters=1) @ epochs=10, interval=epoch",
    hides=("LR302",),
    sources=("https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LinearLR.html",),
)
def no_length(case: Case) -> Iterator[Found]:
    effects = {
        "LinearLR": "the rate stays at lr * start_factor",
        "ConstantLR": "the rate stays at lr * factor",
        "PolynomialLR": "the rate stays at lr",
    }
    yield from _fractions(case)
    for part in case.parts:
        alone = not part.path
        if part.name in effects and alone and part.call.get("total_iters") == 0:
            yield Found(
                f"{part.name}: total_iters is 0, so {effects[part.name]}",
                with_values(case, part, total_iters=max(1, case.steps)),
            )
        if part.name == "OneCycleLR" and (length := own_length(part)):
            share = part.value("pct_start", 0.3)
            if 0 < share * length < 1:
                yield Found(
                    f"OneCycleLR: pct_start {print_value(share)} of {length:,} steps is below 1: there is no warm-up",
                    with_values(case, part, pct_start=0.3 if 0.3 * length > 1 else 0.0),
                )


def _fractions(case: Case) -> Iterator[Found]:
    """Whole numbers with a fraction, with what torch makes of them."""
    for part in case.parts:
        info = find(part.name)
        for parameter in info.parameters if info else ():
            value = part.call.get(parameter.name)
            items = value if isinstance(value, tuple) else (value,)
            odd = [v for v in items if parameter.fraction and isinstance(v, float) and not v.is_integer()]
            if odd:
                whole = tuple(max(1, round(v)) for v in items)
                yield Found(
                    f"{part.name}: {parameter.name} {print_value(odd[0])} is not a whole number, so "
                    f"{parameter.fraction}",
                    with_values(case, part, **{parameter.name: whole if isinstance(value, tuple) else whole[0]}),
                )


@rule(
    "LR110",
    "odd-milestones",
    "warning",
    what="MultiStepLR has no milestones, one at 0, or the same one twice.",
    why="Without milestones the rate never drops; one at 0 drops it before the first update; one that is listed twice "
    "drops it twice at once.",
    example="MultiStepLR(milestones=[30, 30]) @ epochs=50, interval=epoch",
    near_miss="MultiStepLR(milestones=[30, 40]) @ epochs=50, interval=epoch",
    hides=("LR302",),
    sources=("https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiStepLR.html",),
)
def odd_milestones(case: Case) -> Iterator[Found]:
    for part in case.parts:
        if part.name != "MultiStepLR":
            continue
        milestones = part.value("milestones", ())
        half = (max(1, case.steps // 2), max(2, case.steps * 3 // 4))
        plain = tuple(m for m in dict.fromkeys(milestones) if m > 0) or half
        if not milestones:
            message = "it has no milestones, so the rate stays at lr"
        elif len(set(milestones)) < len(milestones):
            message = "a milestone is listed twice, so gamma is applied twice there"
        elif 0 in milestones:
            message = "milestone 0 lowers the rate before the first update"
        else:
            continue
        yield Found(f"MultiStepLR: {message}", with_values(case, part, milestones=plain))
