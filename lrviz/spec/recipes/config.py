"""What the kinds of config files share: values by key with checks, and what a file says of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any, Final

from lrviz.errors import UsageError
from lrviz.notation import SchedulerCall, parse
from lrviz.spec.reading import LENGTH_FIELDS, option_name
from lrviz.spec.values import read_count, read_number
from lrviz.text import print_value, printable

# What keys may be, by what is expected of them, for hints.
_EXAMPLES: Final = {
    "a whole number": "100",
    "a number of": "1e-3",
    "at most 1,": "100",
    "at most": "0.1",
}
_MOST: Final = 10**15  # of a count: far more than any run has


@dataclass
class Recipe:
    """What a file says of a run.

    `title` is the framework, for people. `values` are fields of the run, and `keys` the key of the file that gives
    each. `told` are facts beside them; with `tells_all` the length is among them. `used` names the fields given beside
    the file that `values` replace.
    """

    title: str
    scheduler: SchedulerCall
    values: dict[str, Any]
    keys: dict[str, str] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    used: tuple[str, ...] = ()
    tells_all: bool = False


@dataclass(frozen=True)
class Config:
    """The values of a file, and the fields of the run that are given beside it, which win.

    `shown` is the file's name in errors; `prefix` is what the user writes before the names of fields. `beside` are the
    values of a second file. `open` reads a file that the file names; None if it cannot be read. `shared` fields are
    those of several runs, some of which may have no use for them.
    """

    values: Mapping[str, Any]
    shown: str
    given: Mapping[str, Any] = field(default_factory=dict)
    prefix: str = "--"
    beside: Mapping[str, Any] | None = None
    open: Callable[[str], Mapping[str, Any] | None] | None = None
    shared: bool = False

    def get(self, key: str) -> Any:
        """The value of a key such as `optimizer.lr`; None if the file does not have it."""
        value: Any = self.values
        for part in key.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        return value

    def has(self, *keys: str) -> list[str]:
        """Those of the keys that have a value."""
        return [key for key in keys if self.get(key) is not None]

    def table(self, key: str) -> Mapping[str, Any]:
        """A table, empty if the file does not have it.

        Raises:
            UsageError: it is not a table.
        """
        value = self.get(key)
        if value is not None and not isinstance(value, Mapping):
            raise self.wrong(key, "a table of names and values")
        return value or {}

    def rate(self, key: str, default: float | None = None) -> float | None:
        """A learning rate, above 0.

        Raises:
            UsageError: it is not one.
        """
        value = self.get(key)
        if isinstance(value, int | float) and value <= 0:
            raise self.wrong(key, "a number above 0")
        return self.number(key, default)

    def number(self, key: str, default: float | None = None, *, most: float | None = None) -> float | None:
        """A finite number of 0 or more.

        Raises:
            UsageError: it is not one, or it is above `most`.
        """
        value = self.get(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value < 0:
            raise self.wrong(key, "a number of 0 or more")
        if most is not None and value > most:
            raise self.wrong(key, f"at most {most:g}")
        return float(value)

    def count(self, key: str, default: int | None = None, *, least: int = 0) -> int | None:
        """A whole number.

        Raises:
            UsageError: it is not one, or it is below `least`.
        """
        value = self.get(key)
        if value is None:
            return default
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not isfinite(value)
            or value != int(value)
            or value < least
        ):
            raise self.wrong(key, f"a whole number of {least} or more")
        if value > _MOST:
            raise self.wrong(key, f"at most {_MOST:,}")
        return int(value)

    def text(self, key: str, default: str, choices: Sequence[str] = ()) -> str:
        """Text, one of `choices` if there are any.

        Raises:
            UsageError: it is not.
        """
        value = self.get(key)
        if value is None:
            return default
        if not isinstance(value, str) or (choices and value not in choices):
            raise self.wrong(key, listed(choices) if choices else "text")
        return value

    def wrong(self, key: str, expected: str) -> UsageError:
        """The error for a value that a key cannot have."""
        value = self.get(key)
        if value is None:
            return UsageError(f"`{self.shown}` has no `{key}`", f"it must be {expected}")
        shown = "a table" if isinstance(value, Mapping) else printable(print_value(value), 60)
        example = next((text for start, text in _EXAMPLES.items() if expected.startswith(start)), "")
        name, equals = key.rpartition(".")[2], " =" if self.shown.endswith(".toml") else ":"
        hint = f"such as `{name}{equals} {example}`" if example else ""
        if isinstance(value, str) and "${" in value:
            hint = "references to other keys are not followed: write the value, or give it as an option"
        return UsageError(f"`{self.shown}`: `{key}` must be {expected}, got {shown}", hint)

    def given_count(self, name: str) -> int | None:
        """A field of the run that is given, as a whole number.

        Raises:
            UsageError: it is not one.
        """
        value = self.given.get(name)
        return None if value is None else read_count(self.option(name), value)

    def given_rate(self) -> float | None:
        """The base rate that is given; None also if there is one for each of several groups."""
        value = self.given.get("lr")
        text = value.strip() if isinstance(value, str) else value
        if isinstance(text, str) and any(character in text for character in ",="):
            return None
        return None if not isinstance(text, str | int | float) else read_number(self.option("lr"), text)

    def option(self, name: str) -> str:
        """A field as the user writes it."""
        return option_name(name, self.prefix)

    def updates(self, key: str, default: int | None = None) -> int:
        """The updates of a run that is counted in them: those that are given, those of the key, or `default`.

        Raises:
            UsageError: neither is a count of 1 or more, or a length in epochs is given.
        """
        given = [name for name in LENGTH_FIELDS if self.given.get(name) is not None and name != "max_steps"]
        if given and not self.shared:
            raise UsageError(
                f"`{self.option(given[0])}` gives a length in epochs, and `{self.shown}` is counted in updates",
                f"use `{self.option('steps')}`",
            )
        steps = self.given_count("steps") or self.given_count("max_steps") or self.count(key, default, least=1)
        if steps is None:
            raise self.missing([("steps", "1000", "the number of updates")])
        return steps

    def missing(self, needed: Sequence[tuple[str, str, str]]) -> UsageError:
        """The error for fields that the file does not say: the name of each, an example, and what it is."""
        what = listed([text for _, _, text in needed], "and")
        return UsageError(
            f"`{self.shown}` does not say {what}",
            f"add {self.options({name: example for name, example, _ in needed})}",
        )

    def options(self, values: Mapping[str, Any]) -> str:
        """Fields with values, as the user writes them."""
        equals = " " if self.prefix else " = "
        return (" " if self.prefix else ", ").join(f"{self.option(n)}{equals}{v}" for n, v in values.items())


# The fields beside a file that a run counted in updates has no further use for.
IN_UPDATES: Final = ("steps", *LENGTH_FIELDS)


def lambda_lr(name: str, parts: Sequence[tuple[str, str]], last: str) -> SchedulerCall:
    """`LambdaLR` with a function of `step`.

    Args:
        name: The name of the function.
        parts: Conditions and the value under each, the first that holds.
        last: The value if none holds.
    """
    body = last
    for condition, value in reversed(parts):
        body = f"{value} if {condition} else {body}"
    (function,) = (value for _, value in parse(f"LambdaLR(lr_lambda=lambda step: {body})", {}).kwargs)
    lines = [line for condition, value in parts for line in (f"    if {condition}:", f"        return {value}")]
    code = "\n".join([f"def {name}(step):", *lines, f"    return {last}"])
    return SchedulerCall("LambdaLR", kwargs=(("lr_lambda", replace(function, source=name, code=code)),))


def listed(words: Sequence[str], before_last: str = "or") -> str:
    """The words with commas, and a word before the last."""
    return f" {before_last} ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def optimizer_of(name: str) -> str | None:
    """The class of torch for the name that a file gives an optimizer; None if torch has none."""
    from lrviz.schedulers import installed_optimizers

    known = {each.lower(): each for each in installed_optimizers()}
    return known.get(name.rpartition(".")[2].lower())
