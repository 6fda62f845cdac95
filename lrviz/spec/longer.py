"""The run that goes on after a stop: the same, or a longer one with a schedule of that length."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

from lrviz.notation import Lambda, SchedulerCall, parse
from lrviz.schedulers import find
from lrviz.spec.metric import default_metric
from lrviz.spec.resolve import resolve
from lrviz.spec.run import CodeCall, RunSpec


def resumed_run(spec: RunSpec, way: str) -> RunSpec:
    """The run that goes on after a stop: that of twice the epochs for the way "longer", else the same.

    Args:
        spec: The run that is stopped.
        way: One of `RESUME_WAYS`.

    Raises:
        SpecError: the longer run has too many updates, or does not fit the scheduler.
    """
    if way != "longer":
        return spec
    longer = longer_run(spec, 2)
    info = find(spec.scheduler.name) if isinstance(spec.scheduler, SchedulerCall) else None
    if info is not None and info.takes_metric and spec.metric is None:  # one metric, wherever the run ends
        longer = replace(longer, metric=default_metric(spec.loop.scheduler_calls))
    return longer


def longer_run(spec: RunSpec, times: int) -> RunSpec:
    """The run so many times as long, and a scheduler whose lengths are those of the longer run.

    Values that follow from the run do so again. A length that ends with the run, such as a `T_max` of `total_steps`, or
    of what a warm-up leaves of it, ends with the longer run; others stay.

    Raises:
        SpecError: the longer run has too many updates, or does not fit the scheduler.
    """
    most = spec.loop.max_steps
    loop = replace(spec.loop, epochs=times * spec.loop.epochs, max_steps=None if most is None else times * most)
    before, after = spec.loop.scheduler_steps, loop.scheduler_steps
    call = spec.scheduler
    if isinstance(call, CodeCall):
        code = replace(call, call=_longer(call.call, before, after - before, ()))
        return replace(spec, scheduler=code, loop=loop)
    if not isinstance(call, SchedulerCall):
        return replace(spec, loop=loop)
    if spec.composition is not None:
        written = _without_filled(spec.composition, spec.filled)
    else:
        written = _longer(_without_filled(call, spec.filled), before, after - before, spec.filled)
    resolved = resolve(written, loop, spec.groups)
    return replace(spec, scheduler=resolved.call, loop=loop, filled=tuple(resolved.filled), notes=tuple(resolved.notes))


def _without_filled(call: SchedulerCall, filled: tuple[str, ...]) -> SchedulerCall:
    """The call without the values that follow from the run, which `filled` names as `T_max=32`."""
    names = {text.partition("=")[0] for text in filled}
    return replace(call, kwargs=tuple((name, value) for name, value in call.kwargs if name not in names))


def _longer(call: SchedulerCall, length: int, more: int, filled: tuple[str, ...]) -> SchedulerCall:
    """The call whose lengths that are `length`, the steps that the run leaves to it, are `more`."""
    values = dict(call.kwargs)
    starts = [0, *values.get("milestones", ())] if call.name == "SequentialLR" else []
    info = find(call.name)

    # OneCycleLR has `epochs` and `steps_per_epoch` in place of `total_steps`.
    each = values.get("steps_per_epoch") if values.get("total_steps") is None else None
    by_epoch = each is not None and each * values.get("epochs", 0) == length

    def longer(name: str, value: Any) -> Any:
        if by_epoch and name == "epochs":
            return value * (length + more) // length
        parameter = info.parameter(name) if info else None
        if isinstance(value, Lambda):
            return _longer_function(value, length, more)
        if isinstance(value, tuple) and starts and name == "schedulers":  # the last of them ends with the run
            *others, last = value
            return (*others, _longer(last, length - starts[-1], more, filled))
        if isinstance(value, tuple):
            return tuple(
                _longer(v, length, more, filled)
                if isinstance(v, SchedulerCall)
                else longer(name, v)
                if isinstance(v, Lambda)
                else v
                for v in value
            )
        is_length = parameter.kind == "int" if parameter else type(value) is int
        return value + more if is_length and value == length else value

    return replace(
        call,
        args=tuple(longer("", value) for value in call.args),
        kwargs=tuple((name, longer(name, value)) for name, value in values.items()),
    )


def _longer_function(function: Lambda, length: int, more: int) -> Lambda:
    """The lambda with each number that is `length` raised by `more`; one that is given by its name stays."""
    if function.code or not function.source.startswith("lambda"):
        return function
    tree = ast.parse(function.source, mode="eval")
    lengths = [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and type(n.value) is int and n.value == length]
    for node in lengths:
        node.value = length + more
    made = parse(f"LambdaLR({ast.unparse(tree)})", {}).args[0] if lengths else function
    return made if isinstance(made, Lambda) else function
