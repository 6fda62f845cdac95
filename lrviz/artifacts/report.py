"""The findings of a check as text, JSON or GitHub annotations."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from itertools import islice
from typing import Any

from lrviz.artifacts.drift import Change, CurveDrift, Findings
from lrviz.text import count, printable
from lrviz.trace import ColumnDifference

_MAX_SHOWN = 200  # characters of a changed value
_MAX_LINE = 1_000  # characters
_MAX_FINDINGS = 1_000  # of a report in lines


def report_text(findings: Findings, format: str, preset_file: str | None = None) -> str:
    """The findings in one of three formats.

    Args:
        findings: The result of a check.
        format: "text", "json" or "github".
        preset_file: The preset's file, for annotations; None for a shipped preset.
    """
    if format == "json":
        text = json.dumps(_data(findings), indent=1, allow_nan=False) + "\n"
        return text.replace("##", r"#\u0023")  # no `##[` of a command to a CI service
    if format == "github":
        return "".join(f"{line}\n" for line in _annotations(findings, preset_file))
    return "".join(f"{line}\n" for line in _lines(findings))


def _lines(findings: Findings) -> Iterator[str]:
    for _, first, *rest in _findings(findings):
        yield first
        yield from (f"    {line}" for line in rest)
    yield printable(_verdict(findings), _MAX_LINE)


def _annotations(findings: Findings, preset_file: str | None) -> Iterator[str]:
    """Workflow commands, https://docs.github.com/actions/reference/workflow-commands-for-github-actions."""
    for kind, *lines in _findings(findings):
        file = f"file={_escaped(printable(preset_file), ':,')}," if preset_file else ""
        title = "schedule drift" if kind == "error" else "schedules"
        text = "\n".join(lines)
        yield f"::{kind} {file}title={title}::{_escaped(text)}"
    yield printable(_verdict(findings), _MAX_LINE)


def _escaped(text: str, more: str = "") -> str:
    return "".join(f"%{ord(c):02X}" if c in f"%\r\n{more}" else c for c in text)


def _findings(findings: Findings) -> Iterator[tuple[str, ...]]:
    """Each finding, up to `_MAX_FINDINGS`: "error" or "notice", and its lines, which are printable."""
    every = _raw_findings(findings)
    for kind, *lines in islice(every, _MAX_FINDINGS):
        yield kind, *(printable(line, _MAX_LINE) for line in lines)
    if more := sum(1 for _ in every):
        yield "notice", f"and {more:,} more; `--format json` has them all"


def _raw_findings(findings: Findings) -> Iterator[tuple[str, ...]]:
    for drift in findings.drifts:
        yield "error", *_drift_lines(drift)
    for figure, key, change in findings.options:
        yield "error", f"`{figure}`: {key} {_change(change)}"
    for name in findings.never_rendered:
        yield "error", f"`{name}` is in the preset, and was not rendered"
    for name in findings.no_longer_in_preset:
        yield "error", f"`{name}` was rendered, and is no longer in the preset"
    for name in findings.missing:
        yield "error", f"`{name}` is missing"
    for name in findings.altered:
        yield "error", f"`{name}` changed after the render"
    for name in findings.leftover:
        yield "notice", f"`{name}` is from an earlier render; `lrviz render --prune` removes it"
    for name in findings.unfinished:
        yield "notice", f"`{name}` is from a render that was not finished; the next one removes it"
    for name in findings.unknown:
        yield "notice", f"`{name}` is unknown: no render made it"
    for name, (rendered, now) in findings.versions.items():
        yield "notice", f"rendered with {name} {rendered}, this is {now}"


def _drift_lines(drift: CurveDrift) -> Iterator[str]:
    curve = f"`{drift.figure}`, curve `{drift.curve}`"
    if drift.state != "differs":
        yield f"{curve} {'is new, and was not rendered' if drift.state == 'new' else 'was rendered, and is gone'}"
        return
    if not drift.differences:
        yield f"{curve} has the rendered numbers, but a different spec"
    for difference in drift.differences:
        column = "" if difference.column == "lr" else f", {difference.column}"
        yield f"{curve}{column} differs from step {difference.step:,} on: {_values(difference)}"
    for key, change in drift.changed.items():
        yield f"{key} {_change(change)}"


def _values(difference: ColumnDifference) -> str:
    parts = [f"rendered {_value(difference.rendered)}, now {_value(difference.now)}"]
    if difference.greatest is not None:
        parts.append(f"greatest relative difference {difference.greatest:.3g} at step {difference.greatest_step:,}")
    if difference.steps[0] != difference.steps[1]:
        parts.append(f"{difference.steps[0]:,} steps rendered, {difference.steps[1]:,} now")
    return "; ".join(parts)


def _value(value: float | None) -> str:
    return "no value" if value is None or math.isnan(value) else repr(value)


def _change(change: Change) -> str:
    was, now = (_show(value) for value in change)
    return f"was {was}, is {now}"


def _show(value: Any) -> str:
    if value is None:
        return "not set"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"`{printable(text, _MAX_SHOWN)}`"


def _verdict(findings: Findings) -> str:
    figures, curves = count(findings.figures, "figure"), count(findings.curves, "curve")
    if findings.equal:
        return f"{curves} in {figures}: all as rendered in `{findings.folder}`"
    if findings.drifts:
        verb = "differs" if len(findings.drifts) == 1 else "differ"
        return f"{len(findings.drifts):,} of {curves} in {figures} {verb} from `{findings.folder}`"
    return f"{curves} in {figures}: the numbers are as rendered, but `{findings.folder}` differs"


def _data(findings: Findings) -> dict[str, Any]:
    """The findings as data for JSON, version 1."""
    return {
        "version": 1,
        "preset": findings.preset,
        "equal": findings.equal,
        "rtol": findings.rtol,
        "curves": findings.curves,
        "differences": [
            {
                "figure": drift.figure,
                "curve": drift.curve,
                "state": drift.state,
                "values": [
                    {
                        "column": difference.column,
                        "step": difference.step,
                        "rendered": _number(difference.rendered),
                        "now": _number(difference.now),
                        "greatest_relative": difference.greatest,
                        "greatest_step": difference.greatest_step,
                        "steps": list(difference.steps),
                    }
                    for difference in drift.differences
                ],
                "changed": {key: list(change) for key, change in drift.changed.items()},
            }
            for drift in findings.drifts
        ],
        "looks": [{"figure": figure, "key": key, "changed": list(change)} for figure, key, change in findings.options],
        "figures": {"missing": findings.never_rendered, "gone": findings.no_longer_in_preset},
        "files": {
            "missing": findings.missing,
            "altered": findings.altered,
            "unknown": findings.unknown,
            "leftover": findings.leftover,
            "unfinished": findings.unfinished,
        },
        "versions": {name: list(change) for name, change in findings.versions.items()},
    }


def _number(value: float | None) -> float | None:
    """A value in JSON, which has no infinity either."""
    return None if value is None or not math.isfinite(value) else value
