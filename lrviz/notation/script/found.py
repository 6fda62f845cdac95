"""The schedulers that are found in a script, and the error that asks for the values they need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lrviz.errors import NotationError
from lrviz.notation.parser import SchedulerCall
from lrviz.notation.script.values import Origin
from lrviz.text import printable

if TYPE_CHECKING:
    from lrviz.notation.script.program import Program

_GUESSES: Final = (
    (("lr", "rate"), ", a rate", "0.1"),
    (("gamma", "factor", "decay", "ratio", "momentum", "power", "alpha"), ", a factor", "0.1"),
    (("epoch", "step", "iter", "len(", "size", "num", "n_", "batch", "t_", "warm", "max", "total"), ", a count", "10"),
)


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
    missing: list[Origin] = field(default_factory=list)
    loaders: tuple[str, ...] = ()  # expressions for the number of batches in an epoch
    drops_partial: bool = False  # whether the last batches of an epoch, too few for an update, make none
    stepped: int = 0  # the line of `scheduler.step()`
    excerpt: tuple[str, ...] = ()  # the line of the first of `missing`, and a caret
    assigned: Mapping[str, Any] = field(default_factory=dict)  # the values of the script's names
    assigned_lines: Mapping[str, int] = field(default_factory=dict)
    program: Program | None = None  # if the loop changes the rates in other ways than with `call`
    ends_early: bool = False  # whether `program` is needed only if the loop makes fewer updates than its head says
    names: tuple[str, ...] = ()  # of its schedulers and its optimizer
    told: list[str] = field(default_factory=list)  # what the loop does, with the lines


def missing_values(found: Found, prefix: str = "--") -> NotationError:
    """The error for a script that needs values: all of them at once, and how to give them."""
    shown = [f"`{printable(o.text, 60)}` (line {o.line}{_guess(o.text)[0]})" for o in found.missing]
    options = []
    for origin in found.missing:
        if origin.text in found.loaders:
            options.append(f"{prefix}steps-per-epoch N" if prefix else "steps_per_epoch = N")
        else:
            text = f"{origin.text}={_guess(origin.text)[1]}"
            plain = text.replace(".", "").replace("=", "").replace("_", "").isalnum()
            options.append(f"--let {text}" if plain else f"--let '{text}'" if "'" not in text else f'--let "{text}"')
    if len(shown) == 1:
        (origin,) = found.missing
        kind = "name" if origin.text.isidentifier() else "value"
        message = f"unknown {kind} `{printable(origin.text, 60)}`{f' on line {origin.line}' if origin.line > 1 else ''}"
        return NotationError(message, f"add {options[0]}", found.excerpt)
    return NotationError(
        f"the script needs {len(shown)} values: {', '.join(shown)}", f"add {' '.join(dict.fromkeys(options))}"
    )


def _guess(text: str) -> tuple[str, str]:
    """What a value probably is, and an example of it, by its name."""
    last = text.lower() if "(" in text else text.lower().rpartition(".")[2]
    for words, what, example in _GUESSES:
        if any(word in last for word in words):
            return what, example
    return "", "1"
