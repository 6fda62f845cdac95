"""What a manifest says of figures: the specs behind them, and their summary numbers, as data for JSON."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lrviz import export
from lrviz.spec import TrainingLoop

if TYPE_CHECKING:
    from lrviz.preset import FigurePlan
    from lrviz.spec import RunSpec
    from lrviz.trace import Trace

VERSION: Final = 1
Record = dict[str, Any]


def versions() -> dict[str, str | None]:
    """The versions that bytes and numbers depend on."""
    return {
        "lrviz": export.installed("lrviz"),
        "torch": export.installed("torch"),
        "matplotlib": export.installed("matplotlib"),
        "python": platform.python_version(),
    }


def figure_record(plan: FigurePlan, traces: Sequence[Trace]) -> Record:
    """A figure: its look, and each curve with its columns in the CSV and the numbers of each parameter group."""
    names = curve_columns(traces)
    return look_record(plan) | {
        "curves": [
            spec_record(trace.spec)
            | {
                "columns": own,
                "summary": [{"group": group} | asdict(trace.summary(i)) for i, group in enumerate(trace.group_names)],
            }
            for trace, own in zip(traces, names, strict=True)
        ]
    }


def look_record(plan: FigurePlan) -> Record:
    """What decides how a figure looks, beside its runs."""
    look = plan.look
    record = {
        "name": plan.name,
        "title": look.title,
        "formats": list(plan.formats),
        "style": Path(plan.style).name,  # of a style file the name alone: where it lies is the machine's own affair
        "log": look.log,
        "x": look.x,
        "layout": look.layout,
        "columns": look.columns,
        "axes": "shared" if look.share_y else "free",
        "show": "momentum" if look.momentum else None,
        "size": None if look.size is None else list(look.size),
        "dpi": look.dpi,
    }
    return {key: value for key, value in record.items() if value is not None and value is not False}


def spec_record(spec: RunSpec) -> Record:
    """Everything that decides a curve, in words and numbers; what the loop leaves at its default is left out."""
    loop = asdict(spec.loop)
    usual = {field.name: field.default for field in fields(TrainingLoop)}
    kept = {
        name: value
        for name, value in loop.items()
        if name in ("epochs", "steps_per_epoch", "interval") or value != usual[name]
    }
    record: Record = {"label": spec.label, "scheduler": str(spec.scheduler)} | kept
    record["lr"] = [{"group": group.name, "lr": group.lr} for group in spec.groups]
    record["optimizer"] = spec.optimizer.name
    if spec.optimizer.momentum is not None:
        record["momentum"] = spec.optimizer.momentum
    if spec.metric is not None:
        record["metric"] = spec.metric.text
    return record


def curve_columns(traces: Sequence[Trace]) -> list[list[str]]:
    """The names of each trace's own columns in the CSV: rates, then momentum and metric where there are some."""
    names = [column.name for column in export.columns(traces)]
    shared = names[1] == "epoch"
    at = 2 if shared else 1
    found = []
    for trace in traces:
        at += not shared
        groups = trace.lr.shape[1]
        count = groups + groups * (trace.momentum is not None) + (trace.metric is not None)
        found.append(names[at : at + count])
        at += count
    return found


def manifest_bytes(manifest: Mapping[str, Any]) -> bytes:
    """A manifest as strict JSON, for people and for diffs."""
    return (json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode(
        "utf-8", "backslashreplace"
    )
