"""From words to values: the loop, the groups, the optimizer, a scheduler's parameters from the command line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from lrviz.catalogue import Parameter
from lrviz.errors import NotationError, SpecError, UsageError
from lrviz.given import given_name
from lrviz.installed import optimizer_names
from lrviz.notation import SchedulerCall, parse_value
from lrviz.printable import shorten
from lrviz.resolve import KNOWN, RUN_NAMES, find, unknown_parameter
from lrviz.spec import OptimizerChoice, ParamGroup, TrainingLoop

_COUNTS = ("epochs", "steps_per_epoch", "grad_accum", "num_processes", "dataset_size", "batch_size")


def spelled(name: str, prefix: str) -> str:
    """A field as the user writes it: `--grad-accum` on the command line, `grad_accum` elsewhere."""
    return f"{prefix}{name.replace('_', '-')}" if prefix else name


def read_loop(values: Mapping[str, Any], prefix: str = "--") -> TrainingLoop:
    """The loop that values describe; what is missing or None keeps its default.

    Raises:
        UsageError: a value is no count, or the length of an epoch is given in both ways.
        SpecError: the values make no sense together.
    """
    if values.get("steps_per_epoch") is not None and values.get("dataset_size") is not None:
        both = " and ".join(f"`{spelled(n, prefix)}`" for n in ("steps_per_epoch", "dataset_size"))
        raise UsageError(f"{both} both give the length of an epoch", "leave one of them out")
    fields: dict[str, Any] = {
        name: read_count(spelled(name, prefix), values[name]) for name in _COUNTS if values.get(name) is not None
    }
    if values.get("interval") is not None:
        fields["interval"] = read_choice(spelled("interval", prefix), values["interval"], ("step", "epoch"))
    if values.get("drop_last"):
        fields["drop_last"] = read_switch(spelled("drop_last", prefix), values["drop_last"])
    return TrainingLoop(**fields)


def read_groups(value: Any, prefix: str = "--") -> tuple[ParamGroup, ...]:
    """The parameter groups of `--lr`: `1e-3`, `1e-4,1e-3`, `backbone=1e-4,head=1e-3`, or a number, list or table.

    Raises:
        SpecError: a rate is no number above 0, or two groups have one name.
    """
    option = spelled("lr", prefix)
    if value is None:
        return (ParamGroup(),)
    if isinstance(value, Mapping):
        return tuple(ParamGroup(str(name), read_number(option, rate)) for name, rate in value.items())
    if isinstance(value, list | tuple):
        return tuple(ParamGroup("", read_number(option, rate)) for rate in value)
    if not isinstance(value, str):
        return (ParamGroup("", read_number(option, value)),)
    text = value.strip()
    groups = []
    for part in split(text[1:-1] if text.startswith("[") and text.endswith("]") else text):
        name, equals, rate = part.rpartition("=")
        if not rate.strip():
            raise UsageError(f"`{option}` lacks a rate, got `{shorten(text, 60)}`", "such as backbone=1e-4,head=1e-3")
        if equals and not name.strip():
            raise UsageError(f"a group of `{option}` has no name, got `{text}`", "such as backbone=1e-4,head=1e-3")
        groups.append(ParamGroup(name.strip(), read_number(option, rate)))
    return tuple(groups)


def read_optimizer(values: Mapping[str, Any], prefix: str = "--") -> OptimizerChoice:
    """The optimizer and its momentum.

    Raises:
        UsageError: torch has no such optimizer, or the momentum is no number.
        SpecError: the momentum is out of range.
    """
    name, momentum = values.get("optimizer"), values.get("momentum")
    return OptimizerChoice(
        "SGD" if name is None else _optimizer_name(str(name)),
        None if momentum is None else read_number(spelled("momentum", prefix), momentum),
    )


def _optimizer_name(name: str) -> str:
    known = optimizer_names()
    folded = {found.lower(): found for found in known}
    plain = name.rpartition(".")[2]
    if plain in known or not known:  # without torch's source to look at, torch itself will say
        return plain
    if plain.lower() in folded:
        return folded[plain.lower()]
    import difflib

    close = difflib.get_close_matches(plain.lower(), folded, n=1, cutoff=0.5)
    hint = f"did you mean `{folded[close[0]]}`? " if close else ""
    raise UsageError(f"unknown optimizer `{name}`", f"{hint}torch.optim has {', '.join(sorted(known))}")


def read_lets(pairs: Sequence[str]) -> dict[str, Any]:
    """The values of `--let NAME=VALUE`; a later one may use an earlier one.

    Raises:
        UsageError: a pair has no `=`, or its name is none.
    """
    lets: dict[str, Any] = {}
    for pair in pairs:
        words, equals, value = pair.partition("=")
        name = given_name(words)
        if not equals or name is None:
            raise UsageError(f"`--let` wants NAME=VALUE, got `{pair}`", "such as `--let num_epochs=90`")
        if name in RUN_NAMES:
            raise UsageError(
                f"`{name}` is the run's own, and cannot be given with `--let`",
                "`--epochs`, `--steps-per-epoch` and `--lr` decide the run",
            )
        try:
            lets[name] = parse_value(value, lets)
        except NotationError as error:
            own = any(f"`--let {run_name}=...`" in error.hint for run_name in RUN_NAMES)
            hint = "the run's names stand in the notation; here goes a number" if own else error.hint
            raise NotationError(f"`--let {name}`: {error.message}", hint) from error
    return lets


def read_number(option: str, given: Any) -> float:
    """A number, or the text of one, or arithmetic such as `0.1 * 256 / 1024`.

    Raises:
        UsageError: it is none.
    """
    value = given
    if isinstance(given, str):
        try:
            value = parse_value(given, {})
        except NotationError:
            value = None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError(f"`{option}` must be a number, got `{shorten(str(given), 60)}`")
    try:
        return float(value)
    except OverflowError as error:
        raise UsageError(f"`{option}` is too large a number") from error


def read_count(option: str, given: Any) -> int:
    """A whole number, or the text of one: `1000`, `1_000`, `1e3`.

    Raises:
        UsageError: it is none, or it is below 1.
    """
    value = given if isinstance(given, int) and not isinstance(given, bool) else read_number(option, given)
    if isinstance(value, float) and not value.is_integer():
        raise UsageError(f"`{option}` must be a whole number, got `{given}`")
    if value < 1:
        raise UsageError(f"`{option}` must be 1 or more, got {int(value)}")
    return int(value)


def read_switch(option: str, given: Any) -> bool:
    """True or False, or the word for it.

    Raises:
        UsageError: it is neither.
    """
    words = {"true": True, "false": False}
    if isinstance(given, bool):
        return given
    if str(given).lower() not in words:
        raise UsageError(f"`{option}` must be true or false, got `{given}`")
    return words[str(given).lower()]


def read_choice(option: str, text: str, choices: tuple[str, ...]) -> str:
    """One of a few words.

    Raises:
        UsageError: it is another.
    """
    if text not in choices:
        listed = " or ".join(filter(None, (", ".join(choices[:-1]), choices[-1])))
        raise UsageError(f"`{option}` must be {listed}, got `{text}`")
    return text


def split(text: str) -> list[str]:
    """At the commas outside of brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def with_parameters(call: SchedulerCall, parameters: Mapping[str, str], names: Mapping[str, Any]) -> SchedulerCall:
    """The call with the command line's `--T_max 32` added.

    Raises:
        SpecError: the scheduler has no such parameter, or it is given twice.
        UsageError: a value cannot be read.
    """
    if not parameters:
        return call
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
    try:
        value = parse_value(text, names, KNOWN)
    except NotationError as error:
        message = error.message.replace("cannot read the notation", "cannot read it", 1)
        hint = "" if message != error.message else error.hint  # it speaks of a whole scheduler
        raise NotationError(f"`--{parameter.name}`: {message}", hint) from error
    if parameter.kind == "milestones" and not isinstance(value, tuple):
        return (value,)
    if parameter.kind == "schedulers" and isinstance(value, SchedulerCall):
        return (value,)
    if parameter.kind == "float" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


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
