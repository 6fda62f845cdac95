"""What the tests of rules share: notation to findings, and a fix applied to what it mends."""

from __future__ import annotations

from lrviz.errors import LrvizError
from lrviz.rules import Finding, Rule, check_run
from lrviz.simulation import simulate
from lrviz.spec import Fields, RunSpec, read_run
from lrviz.trace import Trace


def simulated(text: str) -> tuple[RunSpec, Trace | None, LrvizError | None]:
    """The run of notation with fields after `@`, and its rates or why it has none."""
    spec = read_run(text, Fields(any_length=True))
    try:
        return spec, simulate(spec), None
    except LrvizError as error:
        return spec, None, error


def findings(text: str) -> list[Finding]:
    """The findings about notation with fields after `@`."""
    spec, trace, failure = simulated(text)
    found = check_run(spec, trace, failure, simulate)
    if failure is not None and not found:
        raise failure
    return found


def codes(text: str, *severities: str) -> list[str]:
    """The codes of the findings, of some severities or of all."""
    return [f.code for f in findings(text) if not severities or f.severity in severities]


def with_fix(text: str, fix: str) -> str:
    """The notation after a fix: with another scheduler, or with other fields."""
    scheduler, _, fields = text.rpartition(" @ ")
    if not fix.startswith("--"):
        return f"{fix} @ {fields}"
    words = fix.split()
    given = dict(part.strip().split("=", 1) for part in fields.split(","))
    for option, value in zip(words[::2], words[1::2], strict=True):
        given[option.removeprefix("--").replace("-", "_")] = value
    return f"{scheduler} @ {', '.join(f'{name}={value}' for name, value in given.items())}"


def example(rule: Rule) -> tuple[list[float], str, str]:
    """The rates of a rule's example, empty if it does not run, the message of the finding and its fix."""
    spec, trace, failure = simulated(rule.example)
    found = next(f for f in check_run(spec, trace, failure, simulate) if f.code == rule.code)
    return ([] if trace is None else trace.lr[:, 0].tolist()), found.message, found.fix
