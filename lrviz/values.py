"""Does a value suit a parameter: its kind, its limits, the number of parameter groups."""

from __future__ import annotations

from math import isfinite
from typing import Any

from lrviz.catalogue import Parameter
from lrviz.errors import SpecError
from lrviz.notation import Lambda, SchedulerCall, print_value
from lrviz.numbers import count


def check_value(owner: str, parameter: Parameter, value: Any, groups: int) -> None:
    """Refuse a value that torch would fail on, late or in silence.

    Args:
        owner: The scheduler's class name, for the message.
        parameter: What the value is for.
        value: A literal from the notation; lists are tuples.
        groups: G, the number of parameter groups.

    Raises:
        SpecError: it does not suit.
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
                raise _wrong(owner, parameter, value, "True or False")
        case "choice":
            _check_choice(owner, parameter, value)
        case "milestones":
            if not isinstance(value, tuple):
                raise _wrong(owner, parameter, value, "a list of whole numbers such as [8, 24]")
            if not value and owner != "SequentialLR":  # which takes none where it has one scheduler
                raise SpecError(f"`{owner}` needs at least one number in `{parameter.name}`, got []")
            for item in value:
                _check_int(owner, parameter, item)
        case "per_group":
            _check_each(owner, parameter, value, groups, _check_number)
        case "lr_lambda":
            _check_each(owner, parameter, value, groups, _check_function)
        case "function":
            _check_function(owner, parameter, value)
        case "schedulers":
            if not isinstance(value, tuple) or not value or not all(isinstance(v, SchedulerCall) for v in value):
                raise _wrong(owner, parameter, value, "a list of schedulers such as [LinearLR(), CosineAnnealingLR()]")


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
    if isinstance(value, float) and isfinite(value) and not value.is_integer():
        raise SpecError(
            f"`{owner}` needs a whole number for `{parameter.name}`, got {print_value(value)}",
            f"`int(...)` makes one: {parameter.name}={int(value) or 1}",
        )
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or (isinstance(value, float) and not isfinite(value))
    ):
        raise _wrong(owner, parameter, value, "a whole number")
    _check_limits(owner, parameter, value)


def _check_number(owner: str, parameter: Parameter, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(owner, parameter, value, "a number")
    if isinstance(value, float) and not isfinite(value):
        raise _wrong(owner, parameter, value, "a finite number")
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
        raise _wrong(owner, parameter, value, "a function such as `lambda epoch: 0.95 ** epoch`")


def _wrong(owner: str, parameter: Parameter, value: Any, wanted: str) -> SpecError:
    shown = print_value(value)
    return SpecError(
        f"`{owner}` needs {wanted} for `{parameter.name}`, got {shown if len(shown) < 60 else shown[:57] + '...'}"
    )
