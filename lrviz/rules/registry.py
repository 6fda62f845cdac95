"""The rules of all groups, and how they are applied to a run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

from lrviz.rules.case import Case, Simulate
from lrviz.rules.model import SEVERITIES, Finding, Rule
from lrviz.text import count, printable

if TYPE_CHECKING:
    from lrviz.errors import LrvizError
    from lrviz.spec import RunSpec, Stop
    from lrviz.trace import Trace

# A module for each group, in the order of their codes. A rule is a `Rule` at the level of the module.
GROUPS: Final = {
    "length": "the length of the schedule and of the run",
    "units": "a length in the wrong unit",
    "size": "the size of the rate",
    "composition": "schedulers inside others",
    "momentum": "side effects on the optimizer",
    "metric": "ReduceLROnPlateau and its metric",
    "script": "the loop of a training script",
    "resume": "a run that is stopped and resumed",
}


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, by code."""
    modules = (import_module(f"lrviz.rules.{group}") for group in GROUPS)
    return tuple(sorted((r for m in modules for r in vars(m).values() if isinstance(r, Rule)), key=lambda r: r.code))


def find_rule(text: str) -> Rule | None:
    """The rule of a code or a name, else None."""
    return next((r for r in all_rules() if text.strip().lower() in (r.code.lower(), r.name)), None)


def is_code(text: str) -> bool:
    """Whether the text is the code of a rule or the start of one, such as `LR1`."""
    return text.startswith("LR") and any(r.code.startswith(text) for r in all_rules())


def matches(code: str, chosen: Sequence[str]) -> bool:
    """Whether a code begins with one of those chosen."""
    return any(code.startswith(prefix) for prefix in chosen)


def check_run(
    spec: RunSpec,
    trace: Trace | None,
    failure: LrvizError | None = None,
    simulate: Simulate | None = None,
    stop: Stop | None = None,
) -> list[Finding]:
    """The findings about a run, the gravest first; a finding hides those of more general rules.

    Args:
        spec: The run.
        trace: Its rates; None if the simulation failed.
        failure: The error of the simulation.
        simulate: Simulates another run, for rules that compare with one; without it these find nothing.
        stop: What each way of resuming makes of the run, for rules about these.
    """
    case = Case(spec, trace, failure, simulate, stop)
    found = [(rule, each) for rule in all_rules() for each in rule.check(case)]
    hidden = [code for rule, _ in found for code in rule.hides]
    findings = [
        Finding(
            rule.code,
            rule.name,
            each.severity or rule.severity,
            printable(each.message, 1_000),
            printable(each.fix, 5_000) if _can_be_pasted(each.fix) else "",
            printable(_place(spec, each.line), 200),
            printable(spec.label, 200),
            "" if _can_be_pasted(each.fix) else printable(each.fix, 1_000),
        )
        for rule, each in found
        if not matches(rule.code, hidden) and not matches(rule.code, spec.ignored)
    ]
    return sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), f.code))


def misfit(text: str, error: LrvizError) -> Finding:
    """The finding about a schedule that has no room in its run, so that it has no rates."""
    rule = next(rule for rule in all_rules() if rule.name == "long-warm-up")
    return Finding(
        rule.code,
        rule.name,
        "error",
        printable(error.message, 1_000),
        "",
        curve=printable(text, 200),
        advice=printable(error.hint, 1_000),
    )


def _can_be_pasted(fix: str) -> bool:
    """Whether a fix is an option or notation, rather than a sentence."""
    return re.match(r"--[a-z]|\w+\(", fix) is not None


def _place(spec: RunSpec, line: int) -> str:
    """Where the run is written, at a line of its script if there is one."""
    file, colon, _ = spec.place.rpartition(":")
    return f"{file}:{line}" if line and colon else spec.place


def first_finding(checked: Sequence[tuple[RunSpec, Sequence[Finding]]]) -> tuple[str, str] | None:
    """The severity and the text of the gravest finding that is more than a note, and how to see the rest, else None."""
    found = [finding for _, findings in checked for finding in findings if finding.severity != "note"]
    if not found:
        return None
    first = min(found, key=lambda finding: SEVERITIES.index(finding.severity))
    of_curve = f"`{printable(first.curve, 60)}`: " if len(checked) > 1 else ""
    more = len(found) - 1
    rest = f"the fix and {count(more, 'more finding')}" if more else "the fix"
    return first.severity, f"{first.code} {of_curve}{first.message}; `lrviz check` shows {rest}"
