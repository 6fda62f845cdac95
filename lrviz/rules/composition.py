"""LR4xx: schedulers inside SequentialLR and ChainedScheduler."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np

from lrviz.errors import LrvizError
from lrviz.notation import SchedulerCall
from lrviz.rules.case import COMPOSITES, Case, Part, own_length, warmup_length
from lrviz.rules.ending import endings
from lrviz.rules.fixes import at_path, changed, fitted_children, lengths, with_length, with_values, written
from lrviz.rules.model import Found, rule
from lrviz.rules.thresholds import limit
from lrviz.rules.wording import percent, steps_of
from lrviz.text import format_rate, print_value

# They set the rate at each step, whatever other schedulers have made of it.
_SETTERS: Final = ("LambdaLR", "CyclicLR", "OneCycleLR", "CosineAnnealingWarmRestarts")


def _composites(call: SchedulerCall, path: tuple[int, ...] = ()) -> Iterator[tuple[SchedulerCall, tuple[int, ...]]]:
    if call.name in COMPOSITES:
        yield call, path
    for i, child in enumerate(call.children):
        yield from _composites(child, (*path, i))


@rule(
    "LR401",
    "jump-at-milestone",
    "warning",
    what="The rate jumps by more than three times at a milestone of SequentialLR.",
    why="A milestone before the end of a warm-up cuts it short, and the next scheduler starts at the full rate. A "
    "scheduler that is started at a milestone starts from the base rate, not from the rate that was reached.",
    example="SequentialLR([LinearLR(start_factor=0.01, total_iters=1000), CosineAnnealingLR(T_max=900)], "
    "milestones=[100]) @ epochs=10, steps_per_epoch=100",
    near_miss="SequentialLR([LinearLR(start_factor=0.01, total_iters=100), CosineAnnealingLR(T_max=900)], "
    "milestones=[100]) @ epochs=10, steps_per_epoch=100",
    sources=("https://github.com/pytorch/pytorch/issues/65342",),
)
def jump_at_milestone(case: Case) -> Iterator[Found]:
    if case.call is None or case.call.name != "SequentialLR" or not case.curves:
        return
    curve = case.curves[0]
    for before, after in pairwise(p for p in case.parts if p.steps > 0 and len(p.path) == 1):
        at = case.index(after.start)
        constant = "ConstantLR" in (before.name, after.name) and before.name != "CosineAnnealingLR"
        if constant or not 1 < at < curve.size:
            continue
        was, now = float(curve.rates[at - 1]), float(curve.rates[at])
        low, high = sorted((was, now))
        if high < limit("jump") * (1 - 1e-6) * low or high <= 0 or (before.name == after.name and now > was):
            continue
        if now > was and before.name in ("StepLR", "MultiStepLR", "CyclicLR", "CosineAnnealingWarmRestarts"):
            continue
        ratio = f"{high / low:.3g} times" if low > 0 else "from 0"
        yield Found(
            f"the rate jumps {'up' if now > was else 'down'} at milestone {after.start:,}, from {format_rate(was)} to "
            f"{format_rate(now)}, {ratio}: {before.name} ends there and {after.name} starts",
            _without_jump(case, before, after, up=now > was),
        )


def _without_jump(case: Case, before: Part, after: Part, *, up: bool) -> str:
    if warmup_length(before) is not None and up:
        return with_length(case, before, 1, before.steps)
    if after.name == "LinearLR":
        return with_values(case, after, start_factor=1.0, end_factor=after.value("end_factor", 1.0) % 1.0)
    call = written(case)
    children = [child for child in call.children if child is not after.call]
    kept = tuple(m for m in call.get("milestones", ()) if m != after.start)
    last = Part(children[-1], (), kept[-1] if kept else 0, case.steps)
    if own_length(last) is not None:
        children[-1] = changed(last.call, lengths(last, max(1, last.steps)))
    return changed_children(children, kept)


@rule(
    "LR402",
    "restarted-clock",
    "warning",
    what="A scheduler inside SequentialLR is as long as the whole run, and starts at a milestone.",
    why="Every scheduler counts from its own milestone, so it has the run without the warm-up: the rate is still "
    "falling at the end.",
    example="SequentialLR([LinearLR(start_factor=0.1, total_iters=15), CosineAnnealingLR(T_max=50)], milestones=[15]) "
    "@ epochs=50, interval=epoch",
    near_miss="SequentialLR([LinearLR(start_factor=0.1, total_iters=15), CosineAnnealingLR(T_max=35)], "
    "milestones=[15]) @ epochs=50, interval=epoch",
    hides=("LR102", "LR302"),
    sources=("https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.SequentialLR.html",),
)
def restarted_clock(case: Case) -> Iterator[Found]:
    for ending in endings(case):
        part = ending.part
        if ending.kind != "unfinished" or part is None or part.start == 0:
            continue
        if abs(ending.own / case.steps - 1) <= limit("unit"):
            yield Found(
                f"{part.name} lasts for {steps_of(case, ending.own)}, the whole run, and has the "
                f"{steps_of(case, part.steps)} after milestone {part.start:,}: the rate ends at "
                f"{percent(ending.curve.final / ending.curve.peak)} of its peak",
                with_length(case, part, ending.own, part.steps),
            )


@rule(
    "LR403",
    "overwritten-rate",
    "warning",
    what="ChainedScheduler contains a scheduler that sets the rate, rather than scaling it.",
    why="LambdaLR, CyclicLR, OneCycleLR and CosineAnnealingWarmRestarts compute the rate from the base rate at each "
    "step, and overwrite what the schedulers before them in the list did.",
    example="ChainedScheduler([LinearLR(start_factor=0.1, total_iters=5), "
    "LambdaLR(lr_lambda=lambda epoch: 0.95 ** epoch)]) @ epochs=50, interval=epoch",
    near_miss="ChainedScheduler([LinearLR(start_factor=0.1, total_iters=5), ExponentialLR(gamma=0.95)]) "
    "@ epochs=50, interval=epoch",
    sources=("https://github.com/pytorch/pytorch/issues/129565",),
)
def overwritten_rate(case: Case) -> Iterator[Found]:
    for call, path in _composites(case.call) if case.call else ():
        setters = [child for child in call.children if child.name in _SETTERS]
        if call.name != "ChainedScheduler" or not setters or len(call.children) < 2:
            continue
        others = [c.name for c in call.children if c is not setters[0]]
        yield Found(
            f"ChainedScheduler: {setters[0].name} sets the rate at each step, so the effect of {others[0]} is lost",
            _sequence(case, call, path),
        )


def _sequence(case: Case, call: SchedulerCall, path: tuple[int, ...]) -> str:
    """The notation with a ChainedScheduler of a warm-up and another one as a sequence."""
    first, *rest = call.children
    length = warmup_length(Part(first, (), 0, case.steps))
    if length and len(rest) == 1 and not path and length < case.steps:
        return str(fitted_children((first, rest[0]), (length,), case.steps))
    if not path:  # the schedulers whose effect is lost are left out
        return str(next(child for child in reversed(call.children) if child.name in _SETTERS))
    return "leave out the schedulers whose effect is lost, or write all of them as one LambdaLR"


@rule(
    "LR404",
    "early-step",
    "warning",
    what="A SequentialLR or ChainedScheduler inside another one runs a step early, or fails at its milestone.",
    why="SequentialLR steps its first scheduler once more while it is made (since torch 2.8), and cannot start a "
    "composite at a milestone.",
    example="SequentialLR([SequentialLR([LinearLR(start_factor=0.1, total_iters=5), ConstantLR(factor=1.0)], "
    "milestones=[5]), CosineAnnealingLR(T_max=40)], milestones=[10]) @ epochs=50, interval=epoch",
    near_miss="SequentialLR([LinearLR(start_factor=0.1, total_iters=5), ConstantLR(factor=1.0), "
    "CosineAnnealingLR(T_max=40)], milestones=[5, 10]) @ epochs=50, interval=epoch",
    hides=("LR401",),
    sources=("https://github.com/pytorch/pytorch/issues/162591",),
)
def early_step(case: Case) -> Iterator[Found]:
    call = case.call
    if call is None or call.name != "SequentialLR":
        return
    milestones = call.get("milestones", ())
    for i, child in enumerate(call.children):
        if child.name not in COMPOSITES:
            continue
        if i and case.failure is not None and milestones[i - 1] < case.steps:
            yield Found(
                f"torch cannot start a {child.name} at milestone {milestones[i - 1]:,}",
                _flattened(call),
                "error",
            )
        elif not i and _differs(case, child, milestones[0] if milestones else case.steps):
            yield Found(f"{child.name} in a SequentialLR runs one step early", _flattened(call))


def _differs(case: Case, child: SchedulerCall, until: int) -> bool:
    """Whether a first child has other rates than it has alone."""
    if case.simulate is None or case.trace is None:
        return False
    try:
        alone = case.simulate(replace(case.spec, scheduler=child))
    except LrvizError:
        return False
    loop, readings = case.spec.loop, case.index(until)
    rows = slice(0, min(loop.updates_in(readings) if loop.interval == "epoch" else readings, loop.updates))
    return not np.allclose(alone.lr[rows], case.trace.lr[rows], rtol=1e-6, atol=0)


def _flattened(call: SchedulerCall) -> str:
    """The notation with the children of inner SequentialLRs in the outer one."""
    children: list[SchedulerCall] = []
    starts: list[int] = []
    milestones = (0, *call.get("milestones", ()))
    for start, child in zip(milestones, call.children, strict=True):
        if child.name == "ChainedScheduler":
            return "write the parts of the inner scheduler in the outer list"
        inner = (0, *child.get("milestones", ())) if child.name == "SequentialLR" else (0,)
        starts += [start + m for m in inner]
        children += child.children or (child,)
    return str(at_path(call, (), {"schedulers": tuple(children), "milestones": tuple(starts[1:])}))


@rule(
    "LR405",
    "replaced-base-rate",
    "warning",
    what="OneCycleLR, or CyclicLR as the first, replaces the base rate of the other schedulers of a SequentialLR.",
    why="The constructor of OneCycleLR writes max_lr / div_factor into the optimizer, so a warm-up before it ends at "
    "that rate, and a scheduler after it starts there. CyclicLR writes its base_lr.",
    example="SequentialLR([LinearLR(start_factor=0.1, total_iters=10), OneCycleLR(max_lr=0.01, total_steps=40)], "
    "milestones=[10]) @ epochs=50, interval=epoch, lr=0.01",
    near_miss="OneCycleLR(max_lr=0.01, total_steps=50) @ epochs=50, interval=epoch, lr=0.01",
    hides=("LR401", "LR107", "LR102", "LR105"),
    sources=("https://github.com/pytorch/pytorch/issues/65342",),
)
def replaced_base_rate(case: Case) -> Iterator[Found]:
    call = case.call
    if call is None or call.name != "SequentialLR":
        return
    for i, child in enumerate(call.children):
        if len(call.children) < 2 or not (child.name == "OneCycleLR" or (child.name == "CyclicLR" and i == 0)):
            continue
        top = child.get("max_lr" if child.name == "OneCycleLR" else "base_lr")
        first = top[0] if isinstance(top, tuple) else top
        first /= (child.get("div_factor") or 25.0) if child.name == "OneCycleLR" else 1.0
        base = case.spec.groups[0].lr
        if abs(first / base - 1) < 1e-6 if base else True:
            continue
        other = call.children[0 if i else 1]
        part = next(p for p in case.parts if p.call is child)
        alone = changed(child, {"total_steps": case.steps, "epochs": None, "steps_per_epoch": None})
        yield Found(
            f"{child.name} sets the base rate to {format_rate(first)}, from {format_rate(base)}: {other.name} starts "
            f"from that",
            str(alone) if part.start else f"--lr {print_value(first)}",
        )


@rule(
    "LR406",
    "never-runs",
    "warning",
    what="Two milestones of SequentialLR are equal, or the first is 0, so that a scheduler never runs.",
    why="torch switches to the last scheduler of a milestone; the ones before it are left out without a word.",
    example="SequentialLR([LinearLR(start_factor=0.1, total_iters=5), CosineAnnealingLR(T_max=50)], milestones=[0]) "
    "@ epochs=50, interval=epoch",
    near_miss="SequentialLR([LinearLR(start_factor=0.1, total_iters=5), CosineAnnealingLR(T_max=49)], milestones=[1]) "
    "@ epochs=50, interval=epoch",
    sources=("https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.SequentialLR.html",),
)
def never_runs(case: Case) -> Iterator[Found]:
    for call, path in _composites(case.call) if case.call else ():
        if call.name != "SequentialLR":
            continue
        milestones = call.get("milestones", ())
        for i, (start, end) in enumerate(pairwise((0, *milestones))):
            if start != end:
                continue
            left = [child for j, child in enumerate(call.children) if j != i]
            kept = tuple(m for j, m in enumerate(milestones) if j != i)
            which = (
                f"two milestones of {print_value(end)} leave out the scheduler between them"
                if i
                else "a milestone of 0 leaves out the scheduler before it"
            )
            fixed = changed_children(left, kept) if not path else "leave the scheduler out"
            yield Found(f"SequentialLR: {which}, {call.children[i].name}", fixed)


def changed_children(children: list[SchedulerCall], milestones: tuple[int, ...]) -> str:
    """The notation of a SequentialLR, or of its only scheduler."""
    if len(children) == 1:
        return str(children[0])
    return str(SchedulerCall("SequentialLR", kwargs=(("schedulers", tuple(children)), ("milestones", milestones))))
