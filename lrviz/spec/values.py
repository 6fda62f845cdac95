"""Text to single values: numbers, counts, choices, pairs, the rates of parameter groups."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from math import isfinite
from typing import Any, Final

from lrviz.errors import NotationError, UsageError
from lrviz.notation import parse_value
from lrviz.schedulers import OWN_RATES, installed_optimizers
from lrviz.text import brief, printable

_MAX_GROUPS: Final = 1_000  # parameter groups; the time that torch needs for them grows with the square of their number


def read_number(option: str, given: Any) -> float:
    """A number, or the text of one, or arithmetic such as `0.1 * 256 / 1024`.

    Raises:
        UsageError: it is not a number.
    """
    value = given
    if isinstance(given, str):
        try:
            value = parse_value(given, {})
        except NotationError:
            value = None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError(f"`{option}` must be a number, got `{printable(str(given), 60)}`")
    try:
        return float(value)
    except OverflowError as error:
        raise UsageError(f"`{option}` is too large a number") from error


def read_count(option: str, given: Any) -> int:
    """A whole number, or the text of one: `1000`, `1_000`, `1e3`.

    Raises:
        UsageError: it is not a whole number, or it is below 1.
    """
    value = given if isinstance(given, int) and not isinstance(given, bool) else read_number(option, given)
    if isinstance(value, float) and not value.is_integer():
        raise UsageError(f"`{option}` must be a whole number, got `{given}`")
    if value < 1:
        raise UsageError(f"`{option}` must be 1 or more, got {brief(int(value))}", _example(option, "10"))
    return int(value)


def read_epochs(option: str, given: Any) -> float:
    """A number of epochs, or the text of one: a whole number, or a fraction such as `2.5`.

    Raises:
        UsageError: it is not a number, or not above 0.
    """
    value = given if isinstance(given, int) and not isinstance(given, bool) else read_number(option, given)
    if isinstance(value, int) or value.is_integer() or not isfinite(value):
        return read_count(option, value)
    if value < 0:
        raise UsageError(f"`{option}` must be above 0, got `{given}`")
    return value


def read_switch(option: str, given: Any) -> bool:
    """A bool, or the text of one.

    Raises:
        UsageError: it is neither true nor false.
    """
    words = {"true": True, "false": False}
    if isinstance(given, bool):
        return given
    if str(given).lower() not in words:
        raise UsageError(f"`{option}` must be true or false, got `{given}`")
    return words[str(given).lower()]


def read_choice(option: str, text: str, choices: tuple[str, ...]) -> str:
    """One of `choices`.

    Raises:
        UsageError: it is not one of them.
    """
    if text not in choices:
        import difflib

        listed = " or ".join(filter(None, (", ".join(choices[:-1]), choices[-1])))
        close = difflib.get_close_matches(text, choices, n=1)
        raise UsageError(
            f"`{option}` must be {listed}, got `{text}`",
            f"did you mean `{close[0]}`?" if close else "",
        )
    return text


def _example(option: str, value: str) -> str:
    """The hint that shows a value that an option, or the name of a field, may have."""
    return f"such as `{option}{' ' if option.startswith('-') else '='}{value}`"


def split_commas(text: str) -> list[str]:
    """Split a text at the commas outside of brackets."""
    cuts, depth = [-1], 0
    for at, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if character == "," and depth == 0:
            cuts.append(at)
    return [text[start + 1 : end] for start, end in pairwise([*cuts, len(text)])]


def read_size(text: str) -> tuple[float, float]:
    """A figure's width and height in inches: `10x5`.

    Raises:
        UsageError: it is not a pair of numbers.
    """
    match = re.fullmatch(r"\s*([\d.]+)\s*[x×,]\s*([\d.]+)\s*", text)
    try:
        if match:
            return float(match[1]), float(match[2])
    except ValueError:
        pass
    raise UsageError(f"`--size` must be WIDTHxHEIGHT in inches, got `{text}`", "such as `--size 10x5`")


def read_limits(option: str, text: str) -> tuple[float, float]:
    """The limits of an axis: `0,1e-3`.

    Raises:
        UsageError: it is not a pair of numbers.
    """
    parts = split_commas(text)
    if len(parts) != 2:
        raise UsageError(f"`{option}` must be LOW,HIGH, got `{text}`", f"such as `{option} 0,1e-3`")
    return read_number(option, parts[0]), read_number(option, parts[1])


def read_field(kind: str, option: str, given: Any, choices: tuple[str, ...]) -> Any:
    """A value of the loop: a switch, one of `choices`, a number of epochs, or a count, as `kind` says.

    Raises:
        UsageError: it is not one.
    """
    match kind:
        case "choice":
            return read_choice(option, given, choices)
        case "switch":
            return read_switch(option, given)
        case "epochs":
            return read_epochs(option, given)
    return read_count(option, given)


def read_rates(option: str, given: Any) -> list[tuple[str, float]]:
    """Names and rates of parameter groups: `1e-3`, `1e-4,1e-3`, `backbone=1e-4,head=1e-3`, a number, list or table.

    Raises:
        UsageError: a rate is missing or not a number, a group has no name, or there are over `_MAX_GROUPS`.
    """
    text = given.strip() if isinstance(given, str) else ""
    parts = split_commas(text[1:-1] if text.startswith("[") and text.endswith("]") else text)
    number = len(given) if isinstance(given, Mapping | list | tuple) else len(parts)
    if number > _MAX_GROUPS:
        raise UsageError(f"`{option}` has {number:,} rates; the limit is {_MAX_GROUPS:,}")
    if isinstance(given, Mapping):
        return [(str(name), read_number(option, rate)) for name, rate in given.items()]
    if isinstance(given, list | tuple):
        return [("", read_number(option, rate)) for rate in given]
    if not isinstance(given, str):
        return [("", read_number(option, given))]
    rates = []
    for part in parts:
        name, equals, rate = part.rpartition("=")
        if not rate.strip():
            raise UsageError(f"`{option}` has no rate, got `{printable(text, 60)}`", "such as backbone=1e-4,head=1e-3")
        if equals and not name.strip():
            raise UsageError(f"a group of `{option}` has no name, got `{text}`", "such as backbone=1e-4,head=1e-3")
        rates.append((name.strip(), read_number(option, rate)))
    return rates


def read_optimizer_text(text: str) -> tuple[str, tuple[tuple[str, Any], ...]]:
    """The class name of an optimizer, and its arguments in brackets: `AdamWScheduleFree(warmup_steps=100)`.

    Raises:
        UsageError: the optimizer is unknown, or does not have such an argument.
    """
    written, bracket, rest = text.strip().partition("(")
    name = read_optimizer_name(written.strip())
    if not bracket:
        return name, ()
    known = OWN_RATES[name].options if name in OWN_RATES else ()
    options: dict[str, Any] = {}
    for part in split_commas(rest.strip().removesuffix(")")):
        argument, equals, value = (piece.strip() for piece in part.partition("="))
        if not part.strip():
            continue
        if argument not in known or not equals or argument in options:
            listed = f"it takes {', '.join(f'{n}=...' for n in known)}" if known else f"write `{name}` alone"
            raise UsageError(f"`{name}` takes no `{printable(part.strip(), 60)}` here", listed)
        try:
            options[argument] = parse_value(value, {})
        except NotationError as error:
            raise error.at(f"`{argument}` of `{name}`") from error
        items = options[argument] if isinstance(options[argument], tuple) else (options[argument],)
        if not all(isinstance(item, int | float) for item in items):
            raise UsageError(f"`{argument}` of `{name}` must be a number, got `{printable(value, 60)}`")
    return name, tuple(options.items())


def read_optimizer_name(name: str) -> str:
    """The name of an optimizer of torch, or of one that changes its rate by itself, in any case, also with its module.

    Raises:
        UsageError: there is no such optimizer.
    """
    plain = name.rpartition(".")[2]
    installed = installed_optimizers()
    if plain in installed or plain in OWN_RATES or not installed:  # without torch's source the simulation checks it
        return plain
    folded = {class_name.lower(): class_name for class_name in (*installed, *OWN_RATES)}
    if plain.lower() in folded:
        return folded[plain.lower()]
    import difflib

    close = difflib.get_close_matches(plain.lower(), folded, n=1, cutoff=0.5)
    hint = f"did you mean `{folded[close[0]]}`? " if close else ""
    raise UsageError(f"unknown optimizer `{name}`", f"{hint}torch.optim has {', '.join(sorted(installed))}")
