"""A rule and a finding as data."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from lrviz.rules.case import Case

Severity = Literal["error", "warning", "note"]
SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "note")  # the gravest first


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a schedule.

    `message` is a sentence with the measured numbers. `fix` can be pasted in place of the scheduler, or is an option
    of the run if it begins with `--`; where neither can mend it, it is empty, and `advice` is a sentence. `place` is
    a file with its line, a figure of a preset, or empty for notation. `severity` may be below that of its rule.
    """

    code: str
    name: str
    severity: Severity
    message: str
    fix: str
    place: str = ""
    curve: str = ""  # the label of the curve
    advice: str = ""


@dataclass(frozen=True)
class Found:
    """What a rule yields: the message, the fix or advice, and the severity if it is not that of the rule."""

    message: str
    fix: str = ""
    severity: Severity | None = None
    line: int = 0  # of the script, if it is not that of the scheduler


@dataclass(frozen=True)
class Rule:
    """A rule: what it finds, how it is explained, and an example.

    `hides` are codes of more general rules, or the starts of them; their findings are left out where this rule has one.
    `example` is notation with the fields of its run that has the finding, `near_miss` notation that nearly does;
    options may follow. Both may be lines of a script. `sources` are papers and threads.
    """

    code: str
    name: str
    severity: Severity
    what: str
    why: str
    example: str
    near_miss: str
    check: Callable[[Case], Iterable[Found]]
    hides: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


def split_example(text: str) -> tuple[str, dict[str, str]]:
    """The notation of an example, and the options after it by name: `cosine @ steps=9 --resume-at 4`."""
    notation, *options = text.split(" --")
    pairs = (option.split(" ", 1) for option in options)
    return notation, {name.replace("-", "_"): value for name, value in pairs}


Check = Callable[["Case"], Iterable[Found]]


def rule(
    code: str,
    name: str,
    severity: Severity,
    *,
    what: str,
    why: str,
    example: str,
    near_miss: str,
    hides: tuple[str, ...] = (),
    sources: tuple[str, ...] = (),
) -> Callable[[Check], Rule]:
    """Make a rule of the function that it decorates, which takes a `Case` and yields `Found`s."""

    def decorate(check: Check) -> Rule:
        return Rule(code, name, severity, what, why, example, near_miss, check, hides, sources)

    return decorate
