"""What the tests of rules share: notation to findings, and a fix applied to what it mends."""

from __future__ import annotations

from lrviz.errors import LrvizError
from lrviz.rules import Finding, Rule, check_run, split_example
from lrviz.rules.case import Simulate
from lrviz.simulation import resume_outcomes, simulate
from lrviz.spec import Fields, RunSpec, Stop, read_run
from lrviz.trace import Trace


def simulated(text: str) -> tuple[RunSpec, Trace | None, LrvizError | None, Simulate, Stop | None]:
    """The run of notation with fields after `@` and options after these, as `check_run` takes it."""
    notation, options = split_example(text)
    spec = read_run(notation, Fields(any_length=True))
    try:
        trace, stop = simulate(spec), None
        if "resume_at" in options:
            at = int(options["resume_at"])
            stop = Stop(at, resume_outcomes(spec, at), options.get("resume_by", ""))
        return spec, trace, None, simulate, stop
    except LrvizError as error:
        return spec, None, error, simulate, None


def findings(text: str) -> list[Finding]:
    """The findings about notation with fields after `@`."""
    run = simulated(text)
    found = check_run(*run)
    if run[2] is not None and not found:
        raise run[2]
    return found


def codes(text: str, *severities: str) -> list[str]:
    """The codes of the findings, of some severities or of all."""
    return [f.code for f in findings(text) if not severities or f.severity in severities]


def with_fix(text: str, fix: str) -> str:
    """The notation after a fix: with another scheduler, or with other fields."""
    notation, options = split_example(text)
    if fix.startswith("--resume"):
        options |= split_example(f" {fix}")[1]
        return notation + "".join(f" --{name.replace('_', '-')} {value}" for name, value in options.items())
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
    _, trace, *_ = run = simulated(rule.example)
    found = next(f for f in check_run(*run) if f.code == rule.code)
    return ([] if trace is None else trace.lr[:, 0].tolist()), found.message, found.fix
