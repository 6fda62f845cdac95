"""Findings as text, JSON, GitHub annotations or SARIF."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from lrviz.rules.model import SEVERITIES, Finding
from lrviz.text import count, printable

REPORT_FORMATS: Final = ("text", "json", "github", "sarif")
_HELP: Final = "`lrviz check --explain {}` describes the rule"
_GITHUB: Final = {"error": "error", "warning": "warning", "note": "notice"}


def report(findings: Sequence[Finding], runs: int, format: str) -> str:
    """The findings about some runs in one of `REPORT_FORMATS`, with a newline at the end."""
    if format == "json":
        return _as_json({"version": 1, "schedules": runs, "findings": [_data(f) for f in findings]})
    if format == "sarif":
        return _as_json(_sarif(findings))
    lines = _annotations(findings) if format == "github" else _lines(findings)
    return "".join(f"{line}\n" for line in (*lines, verdict(findings, runs)))


def verdict(findings: Sequence[Finding], runs: int) -> str:
    """How many findings there are, in a line."""
    of = count(runs, "schedule")
    if not findings:
        return f"{of}: no findings"
    counts = Counter(f.severity for f in findings)
    parts = ", ".join(count(counts[severity], severity) for severity in SEVERITIES if counts[severity])
    return f"{of}: {parts}"


def _where(finding: Finding) -> str:
    return finding.place or finding.curve


def _remedy(finding: Finding) -> str:
    return f"fix: {finding.fix}" if finding.fix else f"hint: {finding.advice}" if finding.advice else ""


def _lines(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings:
        yield printable(
            f"{_where(finding)}: {finding.severity} {finding.code} ({finding.name}): {finding.message}", 2_000
        )
        if remedy := _remedy(finding):
            yield printable(f"    {remedy}", 5_000)


def _as_json(data: dict[str, Any]) -> str:
    text = json.dumps(data, indent=1, allow_nan=False, ensure_ascii=True) + "\n"
    return text.replace("##", r"#\u0023")  # no `##[` of a command to a CI service


def file_and_line(place: str) -> tuple[str, int | None]:
    """The file of a place, and the line in it if there is one."""
    match = re.fullmatch(r"(.*):(\d+)", place)
    if match:
        return match[1], int(match[2])
    file = place.partition(", [[")[0]
    return (file, None) if file != place else ("", None)


def _data(finding: Finding) -> dict[str, Any]:
    file, line = file_and_line(finding.place)
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity,
        "file": file or None,
        "line": line,
        "curve": finding.curve,
        "message": finding.message,
        "fix": finding.fix or None,
        "advice": finding.advice or None,
    }


def _annotations(findings: Sequence[Finding]) -> Iterator[str]:
    """Workflow commands, https://docs.github.com/actions/reference/workflow-commands-for-github-actions."""
    for finding in findings:
        file, line = file_and_line(finding.place)
        properties = f"file={_escaped(file, ':,')}," if file else ""
        properties += f"line={line}," if line else ""
        shown = "" if file else f"{finding.curve}: "
        remedy = f"{shown}{finding.message}\n{_remedy(finding)}".rstrip()
        title = f"{finding.code} {finding.name}"
        yield f"::{_GITHUB[finding.severity]} {properties}title={title}::{_escaped(remedy)}"


def _escaped(text: str, more: str = "") -> str:
    return "".join(f"%{ord(c):02X}" if c in f"%\r\n{more}" else c for c in text)


def _sarif(findings: Sequence[Finding]) -> dict[str, Any]:
    """SARIF 2.1.0, https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html."""
    from importlib.metadata import version

    from lrviz.rules.registry import all_rules

    used = [rule for rule in all_rules() if any(f.code == rule.code for f in findings)]
    indices = {rule.code: i for i, rule in enumerate(used)}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "lrviz",
                        "version": version("lrviz"),
                        "rules": [
                            {
                                "id": rule.code,
                                "name": rule.name,
                                "shortDescription": {"text": rule.what},
                                "fullDescription": {"text": rule.why},
                                "help": {"text": _HELP.format(rule.code)},
                                "defaultConfiguration": {"level": rule.severity},
                            }
                            for rule in used
                        ],
                    }
                },
                "results": [
                    {
                        "ruleId": finding.code,
                        "ruleIndex": indices[finding.code],
                        "level": finding.severity,
                        "message": {"text": f"{finding.message}\n{_remedy(finding)}".rstrip()},
                        **_location(finding),
                    }
                    for finding in findings
                ],
            }
        ],
    }


def _location(finding: Finding) -> dict[str, Any]:
    from urllib.parse import quote

    file, line = file_and_line(finding.place)
    if not file:
        return {"locations": [{"logicalLocations": [{"name": finding.curve}]}]}
    physical: dict[str, Any] = {"artifactLocation": {"uri": quote(file.replace("\\", "/"))}}
    if line:
        physical["region"] = {"startLine": line}
    return {"locations": [{"physicalLocation": physical}]}
