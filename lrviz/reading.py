"""From words to a RunSpec: option values, a scheduler's notation, the two together."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from lrviz import catalogue
from lrviz.catalogue import Parameter
from lrviz.errors import NotationError, SpecError, UsageError
from lrviz.notation import SchedulerCall, parse, parse_value
from lrviz.resolve import KNOWN, find, resolve, run_names, unknown_parameter
from lrviz.spec import OptimizerChoice, ParamGroup, RunSpec, TrainingLoop


def read_run(
    scheduler: str,
    *,
    parameters: Mapping[str, str] | None = None,
    loop: TrainingLoop = TrainingLoop(),
    groups: tuple[ParamGroup, ...] = (ParamGroup(),),
    optimizer: OptimizerChoice = OptimizerChoice(),
    lets: Mapping[str, Any] | None = None,
    name: str = "",
) -> RunSpec:
    """The RunSpec of one scheduler.

    Args:
        scheduler: A short name, a class name, or notation.
        parameters: Values by parameter name as typed on the command line, still text.
        loop: The loop around it.
        groups: The parameter groups, with their base rates.
        optimizer: The optimizer to drive.
        lets: Values for names that the notation uses, over those of the run.
        name: A label in place of the notation.

    Raises:
        NotationError: the notation or a value cannot be read.
        SpecError: the scheduler or a parameter is unknown, or a value makes no sense.
    """
    names = run_names(loop, groups) | dict(lets or {})
    call = parse(scheduler, names, KNOWN)
    if parameters:
        call = _with_parameters(call, parameters, names)
    resolved = resolve(call, loop, groups)
    return RunSpec(
        resolved.call, loop, groups, optimizer, name, tuple(resolved.filled), tuple(dict.fromkeys(resolved.notes))
    )


def read_loop(values: Mapping[str, Any]) -> TrainingLoop:
    """The loop that option values describe; what is None keeps its default.

    Raises:
        SpecError: a value makes no sense.
    """
    fields: dict[str, Any] = {
        name: read_count(f"--{name.replace('_', '-')}", values[name])
        for name in ("epochs", "steps_per_epoch", "grad_accum", "num_processes")
        if values.get(name) is not None
    }
    if values.get("interval") is not None:
        fields["interval"] = read_choice("--interval", values["interval"], ("step", "epoch"))
    return TrainingLoop(**fields)


def read_groups(text: str | None) -> tuple[ParamGroup, ...]:
    """The parameter groups of `--lr`: `1e-3`, `1e-4,1e-3` or `backbone=1e-4,head=1e-3`.

    Raises:
        SpecError: a rate is no number above 0, or two groups have one name.
    """
    if text is None:
        return (ParamGroup(),)
    groups = []
    for part in _split(text):
        name, equals, rate = part.rpartition("=")
        if equals and not name.strip():
            raise UsageError(f"a group of `--lr` has no name, got `{text}`", "name it: `--lr backbone=1e-4,head=1e-3`")
        groups.append(ParamGroup(name.strip(), read_number("--lr", rate)))
    return tuple(groups)


def read_lets(pairs: Sequence[str]) -> dict[str, Any]:
    """The values of `--let NAME=VALUE`; a later one may use an earlier one.

    Raises:
        UsageError: a pair has no `=`, or its name is none.
    """
    lets: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip().isidentifier():
            raise UsageError(f"`--let` wants NAME=VALUE, got `{pair}`", "such as `--let num_epochs=90`")
        lets[name.strip()] = parse_value(value, lets)
    return lets


def read_number(option: str, text: str) -> float:
    """A number, or arithmetic such as `0.1 * 256 / 1024`.

    Raises:
        UsageError: it is none.
    """
    try:
        value = parse_value(text, {})
    except NotationError:
        value = None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError(f"`{option}` must be a number, got `{text}`")
    return float(value)


def read_count(option: str, text: str) -> int:
    """A whole number, `1000`, `1_000` or `1e3`.

    Raises:
        UsageError: it is none, or it is below 1.
    """
    value = read_number(option, text) if not re.fullmatch(r"\s*[+-]?\d[\d_]*\s*", text) else int(text)
    if value != value or value in (float("inf"), -float("inf")) or value != int(value):
        raise UsageError(f"`{option}` must be a whole number, got `{text}`")
    if value < 1:
        raise UsageError(f"`{option}` must be 1 or more, got {int(value)}")
    return int(value)


def read_choice(option: str, text: str, choices: tuple[str, ...]) -> str:
    """One of a few words.

    Raises:
        UsageError: it is another.
    """
    if text not in choices:
        raise UsageError(f"`{option}` must be {', '.join(choices[:-1])} or {choices[-1]}, got `{text}`")
    return text


def _split(text: str) -> list[str]:
    """At the commas outside of brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _with_parameters(call: SchedulerCall, parameters: Mapping[str, str], names: Mapping[str, Any]) -> SchedulerCall:
    """The call with the command line's `--T_max 32` added."""
    info = find(call)
    if info is None:
        raise SpecError(
            f"lrviz knows no parameters of `{call.name}`", f"write them in the notation: `{call.name}(...)`"
        )
    given = dict(call.kwargs)
    for name, text in parameters.items():
        parameter = info.parameter(name)
        if parameter is None:
            raise unknown_parameter(info, name, "--")
        if name in given:
            raise SpecError(f"`{name}` is given twice, in the notation and as `--{name}`")
        given[name] = _read_parameter(parameter, text, names)
    return SchedulerCall(call.name, call.args, tuple(given.items()), call.module)


def _read_parameter(parameter: Parameter, text: str, names: Mapping[str, Any]) -> Any:
    """A value from the command line: words need no quotes there, lists no brackets, whole numbers no `.0`."""
    word = text.strip()
    if parameter.optional and word.lower() == "none":
        return None
    match parameter.kind:
        case "choice":
            return word.strip("'\"")
        case "bool":
            words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
            if word.lower() not in words:
                raise UsageError(f"`--{parameter.name}` must be True or False, got `{text}`")
            return words[word.lower()]
    value = parse_value(text, names, KNOWN)
    if parameter.kind == "milestones" and not isinstance(value, tuple):
        return (value,)
    if parameter.kind == "schedulers" and isinstance(value, SchedulerCall):
        return (value,)
    if parameter.kind == "float" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


def file_stem(spec: RunSpec, scheduler: str) -> str:
    """A plain file name for a figure: the short name, or the class name or the function's in small letters."""
    info = catalogue.find(spec.scheduler.name) if isinstance(spec.scheduler, SchedulerCall) else None
    if info is not None:
        return info.short
    words = re.findall(r"\w+", str(spec.scheduler) if isinstance(spec.scheduler, SchedulerCall) else scheduler)
    return words[0].lower() if words else "curve"


def read_size(text: str) -> tuple[float, float]:
    """A figure's width and height in inches: `10x5`.

    Raises:
        UsageError: it is no pair of numbers.
    """
    match = re.fullmatch(r"\s*([\d.]+)\s*[x×,]\s*([\d.]+)\s*", text)
    try:
        if match:
            return float(match[1]), float(match[2])
    except ValueError:
        pass
    raise UsageError(f"`--size` must be WIDTHxHEIGHT in inches, got `{text}`", "such as `--size 10x5`")
