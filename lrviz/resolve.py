"""From a scheduler as written to one that is ready to run: full names, keywords, filled and checked values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lrviz import catalogue
from lrviz.catalogue import Parameter, Scheduler
from lrviz.checks import check_call
from lrviz.errors import SpecError
from lrviz.installed import scheduler_names
from lrviz.notation import SchedulerCall, parse_value, print_value
from lrviz.numbers import count
from lrviz.spec import ParamGroup, TrainingLoop
from lrviz.values import check_value

# Module paths under which torch's schedulers are known; an alias of one word, as in `lr_s.StepLR`, is one as well.
_TORCH_PATHS: Final = ("lr_scheduler", "swa_utils", "optim")

KNOWN: Final = frozenset(name for s in catalogue.SCHEDULERS for name in (s.short, s.name))


@dataclass
class Resolved:
    """A scheduler ready to run, and what there is to say of it."""

    call: SchedulerCall
    filled: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


RUN_NAMES: Final = ("total_steps", "epochs", "steps_per_epoch", "lr")


def run_names(loop: TrainingLoop, groups: tuple[ParamGroup, ...]) -> dict[str, Any]:
    """The names of the run that notation may use; `lr` is a tuple when there are several groups."""
    rates = tuple(group.lr for group in groups)
    values = (loop.scheduler_steps, loop.epochs, loop.steps_per_epoch, rates[0] if len(rates) == 1 else rates)
    return dict(zip(RUN_NAMES, values, strict=True))


def resolve(
    call: SchedulerCall, loop: TrainingLoop, groups: tuple[ParamGroup, ...], *, nested: bool = False
) -> Resolved:
    """Name every argument, fill what follows from the run, and refuse what cannot be meant.

    `nested` says that the scheduler is a part of another, which may use it for a part of the run only.

    A call that torch would take as it stands is left as it stands; only where torch would miss something is the
    call filled from the run.

    Raises:
        SpecError: the scheduler or a parameter is unknown, or a value makes no sense.
    """
    info = find(call)
    if info is None:  # a class that only the installed torch knows: its signature is asked when it runs
        resolved = Resolved(call)
        resolved.call = SchedulerCall(
            call.name,
            tuple(_resolve_inside(v, loop, groups, resolved) for v in call.args),
            tuple((k, _resolve_inside(v, loop, groups, resolved)) for k, v in call.kwargs),
        )
        return resolved
    given = bind_arguments(info, call)
    resolved = Resolved(call)
    given = {name: _resolve_inside(value, loop, groups, resolved) for name, value in given.items()}
    for parameter in info.parameters:
        if parameter.name in given:
            check_value(info.name, parameter, given[parameter.name], len(groups))
    values = given | _fill(info, given, loop, groups, resolved)
    for parameter in info.parameters:
        if parameter.required and parameter.name not in values:
            example = info.example or f"{info.name}({parameter.name}=...)"
            raise SpecError(f"`{info.name}` needs `{parameter.name}`", f"such as `{example}`")
    ordered = tuple((p.name, values[p.name]) for p in info.parameters if p.name in values)
    resolved.call = SchedulerCall(info.name, kwargs=ordered)
    resolved.notes += check_call(info, values, groups, None if nested else loop)
    return resolved


def find(call: SchedulerCall) -> Scheduler | None:
    """The catalogue's entry for a call; None for a class that only the installed torch knows.

    Raises:
        SpecError: nobody knows it.
    """
    path = call.module.split(".") if call.module else []
    from_torch = len(path) <= 1 or path[-1] in _TORCH_PATHS
    info = catalogue.find(call.name)
    if info is not None and from_torch:
        return info
    if from_torch and call.name[:1].isupper() and call.name in scheduler_names():
        return None
    full = f"{call.module}.{call.name}" if call.module else call.name
    close = catalogue.suggest(call.name)
    hint = f"did you mean `{close}`? " if close else ""
    hint += "`lrviz schedulers` lists them all"
    if path and path[-1] not in _TORCH_PATHS:
        hint += f"; code that is installed or in this folder runs as `{call.module}:{call.name}(...)`"
    elif call.args or call.kwargs:
        hint += f"; code of your own runs as `FILE.py:{call.name}(...)`"
    raise SpecError(f"unknown scheduler `{full}`", hint)


def bind_arguments(info: Scheduler, call: SchedulerCall) -> dict[str, Any]:
    """The call's values by parameter name, positional ones included.

    Raises:
        SpecError: too many values, an unknown parameter, or one given twice.
    """
    names = [p.name for p in info.parameters]
    args = call.args
    if len(args) == len(names) + 1 and args[-1] == -1:  # last_epoch, which stands after all others
        args = args[:-1]
    if len(args) > len(names):
        raise SpecError(
            f"`{info.name}` takes {count(len(names), 'value')} at most, got {len(args)}",
            f"its parameters are {', '.join(names)}",
        )
    values = dict(zip(names, args, strict=False))
    for name, value in call.kwargs:
        if name in values:
            raise SpecError(f"`{info.name}` got `{name}` twice, by position and by name")
        if name not in names:
            raise unknown_parameter(info, name)
        values[name] = value
    return values


def unknown_parameter(info: Scheduler, name: str, prefix: str = "") -> SpecError:
    """The error for a parameter that the scheduler does not have; `prefix` is `--` on the command line."""
    if name == "verbose":
        return SpecError(f"`{info.name}` has no `{prefix}verbose`", "torch 2.7 removed it; leave it out")
    if name == "last_epoch":
        return SpecError(
            f"`{info.name}` cannot resume here: `{prefix}last_epoch` is always -1",
            "a run is shown from its first update; leave it out",
        )
    import difflib

    names = [p.name for p in info.parameters]
    folded = {n.lower().replace("_", ""): n for n in names}
    close = difflib.get_close_matches(name.lower().replace("_", "").replace("-", ""), folded, n=1, cutoff=0.6)
    listed = ", ".join(f"{prefix}{n}" for n in names)
    hint = f"did you mean `{prefix}{folded[close[0]]}`? its parameters are {listed}" if close else f"it takes {listed}"
    return SpecError(f"`{info.name}` has no parameter `{prefix}{name}`", hint)


def _resolve_inside(value: Any, loop: TrainingLoop, groups: tuple[ParamGroup, ...], outer: Resolved) -> Any:
    """The same for schedulers inside a value; what is said of them is said of the outer one."""
    if isinstance(value, tuple):
        return tuple(_resolve_inside(item, loop, groups, outer) for item in value)
    if not isinstance(value, SchedulerCall):
        return value
    inner = resolve(value, loop, groups, nested=True)
    outer.filled += [f"{inner.call.name}.{text}" for text in inner.filled]
    outer.notes += inner.notes
    return inner.call


def _fill(
    info: Scheduler,
    given: Mapping[str, Any],
    loop: TrainingLoop,
    groups: tuple[ParamGroup, ...],
    resolved: Resolved,
) -> dict[str, Any]:
    """Values for what was left out, where torch alone could not run the call."""
    missing = [p for p in info.parameters if p.follows is not None and given.get(p.name) is None]
    if info.name == "OneCycleLR" and (
        given.get("total_steps") is not None
        or (given.get("epochs") is not None and given.get("steps_per_epoch") is not None)
    ):
        missing = [p for p in missing if p.name != "total_steps"]
    elif not any(p.required for p in missing) and info.name != "OneCycleLR":
        return {}
    names = run_names(loop, groups) | {"interval": loop.interval}
    values = {}
    for parameter in missing:
        values[parameter.name] = _followed(parameter, names, groups)
        resolved.filled.append(f"{parameter.name}={print_value(values[parameter.name])}")
    return values


def _followed(parameter: Parameter, names: Mapping[str, Any], groups: tuple[ParamGroup, ...]) -> Any:
    if parameter.kind != "per_group" or len(groups) == 1:
        return parse_value(str(parameter.follows), names)
    return tuple(parse_value(str(parameter.follows), {**names, "lr": group.lr}) for group in groups)
