"""Resolve a scheduler as written: full names, keywords, values filled in from the run, and checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from math import isfinite
from typing import Any, Final

from lrviz import schedulers
from lrviz.errors import NotationError, SpecError, UsageError
from lrviz.notation import Lambda, SchedulerCall, Table, parse, parse_value
from lrviz.schedulers import Parameter, Run, Scheduler
from lrviz.spec.run import ParamGroup, TrainingLoop, run_names
from lrviz.text import count, print_value, printable

_NO_VERBOSE: Final = "torch 2.7 and newer do not take it"


@dataclass
class Resolved:
    """A scheduler ready to run, the values filled in, notes about it, and the short name that stands for it, if any."""

    call: SchedulerCall
    filled: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    composition: SchedulerCall | None = None


def resolve(
    call: SchedulerCall,
    loop: TrainingLoop,
    groups: tuple[ParamGroup, ...],
    *,
    total_steps: int | None = None,
    any_length: bool = False,
) -> Resolved:
    """Name every argument, fill in values that follow from the run, and check all values.

    `total_steps` is given for a scheduler inside another one: the scheduler steps that the other leaves to it. With
    `any_length` the run may be longer than its scheduler can go on for.

    A call that torch accepts is not changed; values from the run are filled in only if torch requires one that is
    missing.

    Raises:
        SpecError: the scheduler or a parameter is unknown, or a value makes no sense.
    """
    info = find_scheduler(call)
    resolved = Resolved(call)
    call = _without_defaults(info, call, resolved)
    if info is None:  # a class of the installed torch that lrviz does not describe: checked when it runs
        resolved.call = SchedulerCall(
            call.name,
            tuple(_resolve_value(v, loop, groups, resolved, []) for v in call.args),
            tuple((k, _resolve_value(v, loop, groups, resolved, [])) for k, v in call.kwargs),
        )
        return resolved
    arguments = bind_arguments(info, call)
    nested = total_steps is not None
    steps = loop.scheduler_steps if total_steps is None else total_steps
    shares = info.shares(arguments, steps)
    arguments = {name: _resolve_value(value, loop, groups, resolved, shares) for name, value in arguments.items()}
    for parameter in info.parameters:
        if parameter.name in arguments:
            check_value(info.name, parameter, arguments[parameter.name], len(groups))
    values = arguments | _fill(
        info, arguments, run_names(loop, groups) | {"interval": loop.interval, "total_steps": steps}, groups, resolved
    )
    for parameter in info.parameters:
        if parameter.required and parameter.name not in values:
            example = info.example or f"{info.name}({parameter.name}=...)"
            raise SpecError(f"`{info.name}` needs `{parameter.name}`", f"such as `{example}`")
    if info.notation:
        return _resolve_composition(info, values, loop, groups, resolved, total_steps)
    ordered = tuple((p.name, values[p.name]) for p in info.parameters if p.name in values)
    resolved.call = SchedulerCall(info.name, kwargs=ordered)
    rates = tuple((group.name, group.lr) for group in groups)
    run = Run(rates, None if nested or any_length else loop.scheduler_steps, loop.steps_each)
    info.check(values, run)
    return resolved


def _resolve_composition(
    info: Scheduler,
    given: Mapping[str, Any],
    loop: TrainingLoop,
    groups: tuple[ParamGroup, ...],
    resolved: Resolved,
    total_steps: int | None,
) -> Resolved:
    """Resolve the schedulers that a short name stands for."""
    steps = loop.scheduler_steps if total_steps is None else total_steps
    values = {p.name: given.get(p.name, p.default) for p in info.parameters}
    rates = tuple((group.name, group.lr) for group in groups)
    info.check(values, Run(rates, steps, loop.steps_each))
    call = parse(info.notation, run_names(loop, groups) | {"total_steps": steps} | values)
    inner = resolve(call, loop, groups, total_steps=total_steps)
    resolved.call = inner.call
    resolved.notes += inner.notes
    resolved.composition = SchedulerCall(
        info.short, kwargs=tuple((p.name, given[p.name]) for p in info.parameters if p.name in given)
    )
    return resolved


def find_scheduler(call: SchedulerCall) -> Scheduler | None:
    """The description of the scheduler of a call; None for a class of the installed torch that has none.

    Raises:
        SpecError: the scheduler is unknown.
    """
    return schedulers.require(call.name, call.module, has_arguments=bool(call.args or call.kwargs))


def _without_defaults(info: Scheduler | None, call: SchedulerCall, resolved: Resolved | None = None) -> SchedulerCall:
    """The call without `verbose`, of which a note is added, and without a `last_epoch` of -1, the default."""
    args, has_verbose = call.args, any(name == "verbose" for name, _ in call.kwargs)
    has_last_epoch = info is None or info.takes_last_epoch
    if info is not None and info.takes_optimizer:
        positional = len(info.parameters) if info.positional is None else info.positional
        last = positional + has_last_epoch  # of the parameters, without `verbose`
        if len(args) == last + 1 and isinstance(args[-1], bool | str):
            args, has_verbose = args[:-1], True
        if has_last_epoch and len(args) == last and args[-1] == -1:
            args = args[:-1]
    if has_verbose and resolved is not None:
        reason = _NO_VERBOSE if info is None or info.family == "torch" else "it changes no rate"
        resolved.notes.append(f"{info.name if info else call.name}: verbose is left out: {reason}")
    kwargs = tuple(
        (name, value)
        for name, value in call.kwargs
        if name != "verbose" and not (name == "last_epoch" and value == -1 and has_last_epoch)
    )
    return replace(call, args=args, kwargs=kwargs)


def bind_arguments(info: Scheduler, call: SchedulerCall) -> dict[str, Any]:
    """The call's values by parameter name, positional ones included.

    Raises:
        SpecError: too many values, an unknown parameter, or one given twice.
    """
    names = [p.name for p in info.parameters]
    call = _without_defaults(info, call)
    args, most = call.args, len(names) if info.positional is None else info.positional
    if len(args) > most:
        by_position = "" if most == len(names) else " by position"
        raise SpecError(
            f"`{info.name}` takes {count(most, 'value')} at most{by_position}, got {len(args)}",
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
    if name == "last_epoch" and info.takes_last_epoch:
        return SpecError(
            f"`{info.name}` cannot resume here: `{prefix}last_epoch` is always -1",
            "a run is shown from its first update; leave it out",
        )
    import difflib

    names = [p.name for p in info.parameters]
    folded = {n.lower().replace("_", ""): n for n in names}
    close = difflib.get_close_matches(name.lower().replace("_", "").replace("-", ""), folded, n=1, cutoff=0.6)
    listed = ", ".join(f"{prefix}{n}" for n in names)
    for family in schedulers.all_families() if info.family != "torch" else ():
        same = next((s for s in family.schedulers if s.attribute == info.attribute and s.parameter(name)), None)
        if same is not None:
            return SpecError(
                f"`{info.name}` of {info.family} has no parameter `{prefix}{name}`",
                f"that of {same.family} has it: write `{same.name}(...)`, or paste the import too",
            )
    hint = f"did you mean `{prefix}{folded[close[0]]}`? its parameters are {listed}" if close else f"it takes {listed}"
    return SpecError(f"`{info.name}` has no parameter `{prefix}{name}`", hint)


def _resolve_value(
    value: Any, loop: TrainingLoop, groups: tuple[ParamGroup, ...], outer: Resolved, shares: Sequence[int]
) -> Any:
    """Resolve the schedulers in a value; their filled values and notes are added to those of `outer`.

    `shares` are the scheduler steps of each scheduler in a list, those of the run if there are too few.
    """
    if isinstance(value, tuple):
        pairs = zip_longest(value, shares[: len(value)])
        return tuple(
            _resolve_value(item, loop, groups, outer, [share or loop.scheduler_steps]) for item, share in pairs
        )
    if not isinstance(value, SchedulerCall):
        return value
    inner = resolve(value, loop, groups, total_steps=shares[0] if shares else loop.scheduler_steps)
    outer.filled += [f"{inner.call.name}.{text}" for text in inner.filled]
    outer.notes += inner.notes
    return inner.call


def _fill(
    info: Scheduler,
    arguments: Mapping[str, Any],
    names: Mapping[str, Any],
    groups: tuple[ParamGroup, ...],
    resolved: Resolved,
) -> dict[str, Any]:
    """Values for parameters left out, from the names of the run, if torch cannot run the call without them."""
    missing = [p for p in info.parameters if p.follows is not None and arguments.get(p.name) is None]
    missing = [p for p in missing if not p.instead or any(arguments.get(name) is None for name in p.instead)]
    if info.needed is not None:
        needed = info.needed(arguments)
        missing = [p for p in missing if p.name in needed]
    elif not any(p.required or p.instead for p in missing):
        return {}
    values = {}
    for parameter in missing:
        values[parameter.name] = _value_from_run(parameter, names, groups)
        resolved.filled.append(f"{parameter.name}={print_value(values[parameter.name])}")
    return values


def _value_from_run(parameter: Parameter, names: Mapping[str, Any], groups: tuple[ParamGroup, ...]) -> Any:
    if parameter.kind != "per_group" or len(groups) == 1:
        return parse_value(str(parameter.follows), names)
    return tuple(parse_value(str(parameter.follows), {**names, "lr": group.lr}) for group in groups)


def check_value(owner: str, parameter: Parameter, value: Any, groups: int) -> None:
    """Refuse a value on which torch would fail late or silently.

    Args:
        owner: The scheduler's class name, for the message.
        parameter: The parameter of the value.
        value: A literal from the notation; lists are tuples.
        groups: G, the number of parameter groups.

    Raises:
        SpecError: the value is not allowed.
    """
    if value is None and parameter.optional:
        return
    match parameter.kind:
        case "int":
            _check_int(owner, parameter, value)
        case "float":
            _check_number(owner, parameter, value)
        case "bool":
            if not isinstance(value, bool):
                raise _invalid(owner, parameter, value, "True or False")
        case "choice":
            _check_choice(owner, parameter, value)
        case "milestones":
            if not isinstance(value, tuple):
                raise _invalid(owner, parameter, value, "a list of whole numbers such as [8, 24]")
            for item in value:
                _check_int(owner, parameter, item)
        case "per_group":
            _check_each(owner, parameter, value, groups, _check_number)
        case "lr_lambda":
            _check_each(owner, parameter, value, groups, _check_function)
        case "function":
            _check_function(owner, parameter, value)
        case "numbers":
            for item in value if isinstance(value, tuple) else (value,):
                _check_number(owner, parameter, item)
        case "text":
            if not isinstance(value, str):
                raise _invalid(owner, parameter, value, "text")
        case "scheduler":
            if not isinstance(value, SchedulerCall):
                raise _invalid(owner, parameter, value, "a scheduler such as CosineAnnealingLR()")
        case "options":
            if not isinstance(value, Table):
                raise _invalid(owner, parameter, value, "a dict such as {'num_cycles': 2}")
        case "schedulers":
            if not isinstance(value, tuple) or not value or not all(isinstance(v, SchedulerCall) for v in value):
                raise _invalid(
                    owner, parameter, value, "a list of schedulers such as [LinearLR(), CosineAnnealingLR()]"
                )


def _check_each(owner: str, parameter: Parameter, value: Any, groups: int, check: Any) -> None:
    if not isinstance(value, tuple):
        check(owner, parameter, value)
        return
    if len(value) != groups:
        raise SpecError(
            f"`{owner}` got {count(len(value), 'value')} for `{parameter.name}`, "
            f"and the run has {count(groups, 'parameter group')}",
            f"give one for each group, or groups with `--lr {','.join(['1e-3'] * max(len(value), 2))}`",
        )
    for item in value:
        check(owner, parameter, item)


def _check_int(owner: str, parameter: Parameter, value: Any) -> None:
    if isinstance(value, float) and isfinite(value) and not value.is_integer() and not parameter.fraction:
        raise SpecError(
            f"`{owner}` needs a whole number for `{parameter.name}`, got {print_value(value)}",
            f"`int(...)` makes one: {parameter.name}={int(value) or 1}",
        )
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or (isinstance(value, float) and not isfinite(value))
    ):
        raise _invalid(owner, parameter, value, "a whole number")
    _check_limits(owner, parameter, value)


def _check_number(owner: str, parameter: Parameter, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _invalid(owner, parameter, value, "a number")
    if isinstance(value, float) and not isfinite(value):
        raise _invalid(owner, parameter, value, "a finite number")
    _check_limits(owner, parameter, value)


def _check_limits(owner: str, parameter: Parameter, value: float) -> None:
    least, most = parameter.least, parameter.most
    below = least is not None and (value <= least if parameter.above_least else value < least)
    above = most is not None and (value >= most if parameter.below_most else value > most)
    if not below and not above:
        return
    if least is not None and most is None:
        limits = f"above {least:g}" if parameter.above_least else f"of {least:g} or more"
    elif least is not None and most is not None and not (parameter.above_least or parameter.below_most):
        limits = f"from {least:g} to {most:g}"
    else:
        limits = parameter.limits if parameter.above_least else f"of {parameter.limits}"
    article = "" if parameter.kind == "milestones" else "an " if parameter.name[0] in "aeiou" else "a "
    raise SpecError(f"`{owner}` needs {article}`{parameter.name}` {limits}, got {print_value(value)}")


def _check_choice(owner: str, parameter: Parameter, value: Any) -> None:
    if value in parameter.choices and isinstance(value, str):
        return
    raise SpecError(
        f"`{owner}` has no `{parameter.name}` {print_value(value)}",
        f"use {', '.join(parameter.choices[:-1])} or {parameter.choices[-1]}",
    )


def _check_function(owner: str, parameter: Parameter, value: Any) -> None:
    if not isinstance(value, Lambda):
        raise _invalid(owner, parameter, value, "a function such as `lambda epoch: 0.95 ** epoch`")


def _invalid(owner: str, parameter: Parameter, value: Any, expected: str) -> SpecError:
    return SpecError(f"`{owner}` needs {expected} for `{parameter.name}`, got {printable(print_value(value), 60)}")


def with_parameters(call: SchedulerCall, parameters: Mapping[str, str], names: Mapping[str, Any]) -> SchedulerCall:
    """The call with the command line's `--T_max 32` added.

    Raises:
        SpecError: the scheduler has no such parameter, or it is given twice.
        UsageError: a value cannot be read.
    """
    if not parameters:
        return call
    info = find_scheduler(call)
    if info is None:
        raise SpecError(
            f"lrviz does not know the parameters of `{call.name}`", f"write them in the notation: `{call.name}(...)`"
        )
    arguments = dict(call.kwargs)
    for name, text in parameters.items():
        parameter = info.parameter(name)
        if parameter is None:
            raise unknown_parameter(info, name, "--")
        if name in arguments:
            raise SpecError(f"`{name}` is given twice, in the notation and as `--{name}`")
        arguments[name] = _read_parameter(parameter, text, names)
    return SchedulerCall(call.name, call.args, tuple(arguments.items()), call.module)


def _read_parameter(parameter: Parameter, text: str, names: Mapping[str, Any]) -> Any:
    """A value from the command line, where strings need no quotes, lists no brackets, and floats no `.0`."""
    word = text.strip()
    if parameter.optional and word.lower() == "none":
        return None
    match parameter.kind:
        case "choice" | "text":
            return word.strip("'\"")
        case "bool":
            words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
            if word.lower() not in words:
                raise UsageError(f"`--{parameter.name}` must be True or False, got `{text}`")
            return words[word.lower()]
    try:
        value = parse_value(text, names)
    except NotationError as error:
        message = error.message.replace("cannot read the notation", "cannot read it", 1)
        hint = "" if message != error.message else error.hint  # it is about a whole scheduler
        raise NotationError(message, hint, error.details).at(f"`--{parameter.name}`") from error
    if parameter.kind == "milestones" and not isinstance(value, tuple):
        return (value,)
    if parameter.kind == "schedulers" and isinstance(value, SchedulerCall):
        return (value,)
    if parameter.kind == "float" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value
