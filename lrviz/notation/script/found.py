"""The schedulers that are found in a script, and the error that asks for the values they need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lrviz.errors import NotationError
from lrviz.notation.parser import SchedulerCall
from lrviz.notation.script.explained import Argument
from lrviz.notation.script.values import Origin
from lrviz.text import printable

if TYPE_CHECKING:
    from lrviz.notation.script.program import Program

# Characters that no shell changes in a word.
_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.=-")
_GUESSES: Final = (
    (("lr", "rate"), "a rate", "0.1"),
    (("gamma", "factor", "decay", "ratio", "momentum", "power", "alpha"), "a factor", "0.1"),
    (("epoch", "step", "iter", "len(", "size", "num", "n_", "batch", "t_", "warm", "max", "total"), "a count", "10"),
)


@dataclass(frozen=True)
class Fault:
    """What is legal in a loop, but probably not intended: its kind, its line, a sentence, and how to mend it.

    `ignored` are the codes of the rules that a comment at its line says not to apply.
    """

    kind: str
    line: int
    text: str
    advice: str
    ignored: tuple[str, ...] = ()


@dataclass
class Found:
    """A scheduler of a script, and what the script says of its run.

    `fields` has values for the fields of the run, and `lines` the line of each. `missing` are the expressions whose
    values the scheduler or the run need.
    """

    call: SchedulerCall | None  # None if all rates are set by hand
    name: str
    line: int
    fields: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    missing: list[Origin] = field(default_factory=list)
    loaders: tuple[str, ...] = ()  # expressions for the number of batches in an epoch
    drops_partial: bool = False  # whether the last batches of an epoch, too few for an update, make none
    stepped: int = 0  # the line of `scheduler.step()`
    excerpt: tuple[str, ...] = ()  # the line of the first of `missing`, and a caret
    arguments: list[Argument] = field(default_factory=list)
    assigned: Mapping[str, Any] = field(default_factory=dict)  # the values of the script's names
    assigned_lines: Mapping[str, int] = field(default_factory=dict)
    program: Program | None = None  # if the loop changes the rates in other ways than with `call`
    names: tuple[str, ...] = ()  # of its schedulers and its optimizer
    told: list[str] = field(default_factory=list)  # what the loop does, with the lines


@dataclass(frozen=True)
class MissingValue:
    """An expression whose value a script needs: what it probably is, and an example."""

    text: str
    line: int
    what: str
    example: str
    counts_batches: bool  # whether it is the number of batches in an epoch, which is a field of the run

    def option(self, value: str, prefix: str = "--") -> str:
        """How to give it a value, for a shell."""
        if self.counts_batches:
            return f"{prefix}steps-per-epoch {value}" if prefix else f"steps_per_epoch = {value}"
        text = f"{self.text}={value}"
        plain = not set(text) - _PLAIN
        return f"--let {text}" if plain else f"--let '{text}'" if "'" not in text else f'--let "{text}"'


class MissingValuesError(NotationError):
    """A script needs values that are not in it: `missing`."""

    missing: tuple[MissingValue, ...] = ()


def missing_values(found: Found, prefix: str = "--") -> MissingValuesError:
    """The error for a script that needs values: all of them at once, and how to give them."""
    missing = tuple(
        MissingValue(o.text, o.line, *_guess(o.text), counts_batches=o.text in found.loaders) for o in found.missing
    )
    error = _missing_error(found, missing, prefix)
    error.missing = missing
    return error


def _missing_error(found: Found, missing: Sequence[MissingValue], prefix: str) -> MissingValuesError:
    options = [each.option("N" if each.counts_batches else each.example, prefix) for each in missing]
    if len(missing) == 1:
        (one,) = missing
        kind = "name" if one.text.isidentifier() else "value"
        message = f"unknown {kind} `{printable(one.text, 60)}`{f' on line {one.line}' if one.line > 1 else ''}"
        return MissingValuesError(message, f"add {options[0]}", found.excerpt)
    shown = [f"`{printable(m.text, 60)}` (line {m.line}{', ' if m.what else ''}{m.what})" for m in missing]
    return MissingValuesError(
        f"the script needs {len(shown)} values: {', '.join(shown)}", f"add {' '.join(dict.fromkeys(options))}"
    )


def _guess(text: str) -> tuple[str, str]:
    """What a value probably is, and an example of it, by its name."""
    last = text.lower() if "(" in text else text.lower().rpartition(".")[2]
    for words, what, example in _GUESSES:
        if any(word in last for word in words):
            return what, example
    return "", "1"
