"""A check's findings as people, programs and GitHub read them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lrviz.numbers import count
from lrviz.printable import printable, shorten

if TYPE_CHECKING:
    from lrviz.drift import Change, CurveDrift, Findings
    from lrviz.parting import Parting

_LONGEST = 200  # characters of a value that changed


def told(found: Findings, way: str, preset_file: str | None = None) -> str:
    """The findings as text, "json", or lines of "github".

    Args:
        found: What a check found.
        way: "text", "json" or "github".
        preset_file: The preset's file, for annotations; None for one that ships.
    """
    if way == "json":
        return json.dumps(_data(found), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    if way == "github":
        return "".join(f"{line}\n" for line in _annotations(found, preset_file))
    return "".join(f"{line}\n" for line in _lines(found))


def _lines(found: Findings) -> Iterator[str]:
    for _, first, *rest in _findings(found):
        yield first
        yield from (f"    {line}" for line in rest)
    yield _verdict(found)


def _annotations(found: Findings, preset_file: str | None) -> Iterator[str]:
    """Workflow commands, https://docs.github.com/actions/reference/workflow-commands-for-github-actions."""
    for kind, *lines in _findings(found):
        file = f"file={_escaped(preset_file, ':,')}," if preset_file else ""
        title = "schedule drift" if kind == "error" else "schedules"
        text = "\n".join(lines)
        yield f"::{kind} {file}title={title}::{_escaped(text)}"
    yield _verdict(found)


def _escaped(text: str, more: str = "") -> str:
    return "".join(f"%{ord(c):02X}" if c in f"%\r\n{more}" else c for c in text)


def _findings(found: Findings) -> Iterator[tuple[str, ...]]:
    """Each finding: "error" or "notice", and its lines."""
    for drift in found.drifts:
        yield "error", *_drift_lines(drift)
    for figure, key, change in found.looks:
        yield "error", f"`{figure}`: {key} {_change(change)}"
    for name in found.never_rendered:
        yield "error", f"`{name}` is in the preset, and was not rendered"
    for name in found.no_longer_there:
        yield "error", f"`{printable(name)}` was rendered, and is no longer in the preset"
    for name in found.missing:
        yield "error", f"`{printable(name)}` is missing"
    for name in found.altered:
        yield "error", f"`{printable(name)}` is not as it was rendered"
    for name in found.leftover:
        yield "notice", f"`{printable(name)}` is of an earlier render; `lrviz render --prune` removes it"
    for name in found.unknown:
        yield "notice", f"`{printable(name)}` is unknown: no render made it"
    for name, (rendered, now) in found.versions.items():
        yield "notice", f"rendered with {name} {rendered}, this is {now}"


def _drift_lines(drift: CurveDrift) -> Iterator[str]:
    whose = f"`{drift.figure}`, curve `{printable(drift.curve)}`"
    if drift.state != "differs":
        told = "is new, and was not rendered" if drift.state == "new" else "was rendered, and is gone"
        yield f"{whose} {told}"
        return
    if not drift.partings:
        yield f"{whose} has the numbers that were rendered, and another spec"
    for parting in drift.partings:
        what = "" if parting.column == "lr" else f", {printable(parting.column)}"
        yield f"{whose}{what} differs from step {parting.step:,} on: {_values(parting)}"
    for key, change in drift.changed.items():
        yield f"{key} {_change(change)}"


def _values(parting: Parting) -> str:
    words = [f"rendered {_value(parting.rendered)}, now {_value(parting.now)}"]
    if parting.greatest is not None:
        words.append(f"greatest relative difference {parting.greatest:.3g} at step {parting.greatest_step:,}")
    if parting.steps[0] != parting.steps[1]:
        words.append(f"{parting.steps[0]:,} steps rendered, {parting.steps[1]:,} now")
    return "; ".join(words)


def _value(value: float | None) -> str:
    return "nothing" if value is None or math.isnan(value) else repr(value)


def _change(change: Change) -> str:
    was, now = (_shown(value) for value in change)
    return f"was {was}, is {now}"


def _shown(value: Any) -> str:
    if value is None:
        return "not there"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"`{shorten(printable(text), _LONGEST)}`"


def _verdict(found: Findings) -> str:
    figures, curves = count(found.figures, "figure"), count(found.curves, "curve")
    if found.equal:
        return f"{curves} in {figures}: all as rendered in `{found.folder}`"
    if found.drifts:
        verb = "differs" if len(found.drifts) == 1 else "differ"
        return f"{len(found.drifts):,} of {curves} in {figures} {verb} from `{found.folder}`"
    return f"{curves} in {figures}: the numbers are as rendered, `{found.folder}` is not"


def _data(found: Findings) -> dict[str, Any]:
    """The findings for programs; version 1."""
    return {
        "version": 1,
        "preset": found.preset,
        "equal": found.equal,
        "rtol": found.rtol,
        "curves": found.curves,
        "differences": [
            {
                "figure": drift.figure,
                "curve": drift.curve,
                "state": drift.state,
                "values": [
                    {
                        "column": parting.column,
                        "step": parting.step,
                        "rendered": _number(parting.rendered),
                        "now": _number(parting.now),
                        "greatest_relative": parting.greatest,
                        "greatest_step": parting.greatest_step,
                        "steps": list(parting.steps),
                    }
                    for parting in drift.partings
                ],
                "changed": {key: list(change) for key, change in drift.changed.items()},
            }
            for drift in found.drifts
        ],
        "looks": [{"figure": figure, "key": key, "changed": list(change)} for figure, key, change in found.looks],
        "figures": {"missing": found.never_rendered, "gone": found.no_longer_there},
        "files": {
            "missing": found.missing,
            "altered": found.altered,
            "unknown": found.unknown,
            "leftover": found.leftover,
        },
        "versions": {name: list(change) for name, change in found.versions.items()},
    }


def _number(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value
