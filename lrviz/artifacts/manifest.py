"""The manifest: the specs and the summary numbers of each figure, as data for JSON."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, Final

from lrviz import formats
from lrviz.figure import short_style
from lrviz.presets import FigurePlan
from lrviz.spec import RunSpec, TrainingLoop
from lrviz.trace import Trace

MANIFEST_VERSION: Final = 1
Record = dict[str, Any]


def versions() -> dict[str, str | None]:
    """The versions that bytes and numbers depend on."""
    return {
        "lrviz": formats.installed_version("lrviz"),
        "torch": formats.installed_version("torch"),
        "matplotlib": formats.installed_version("matplotlib"),
        "python": platform.python_version(),
    }


def figure_record(plan: FigurePlan, traces: Sequence[Trace]) -> Record:
    """A figure: its options, and each curve with its columns in the CSV and the summary of each parameter group."""
    names = curve_columns(traces)
    return options_record(plan) | {
        "curves": [
            spec_record(trace.spec)
            | {
                "columns": columns,
                "summary": [{"group": group} | asdict(trace.summary(i)) for i, group in enumerate(trace.group_names)],
            }
            for trace, columns in zip(traces, names, strict=True)
        ]
    }


def options_record(plan: FigurePlan) -> Record:
    """The options of a figure."""
    options = plan.options
    record = {
        "name": plan.name,
        "title": options.title,
        "formats": list(plan.formats),
        "style": short_style(plan.style),
        "font": options.font,
        "log": options.log,
        "x": options.x,
        "layout": options.layout,
        "columns": options.columns,
        "axes": "shared" if options.share_y else "free",
        "show": "momentum" if options.momentum else None,
        "size": None if options.size is None else list(options.size),
        "dpi": options.dpi,
        "from": None if options.span is None else options.span[0],
        "to": None if options.span is None else options.span[1],
        "ylim": None if options.ylim is None else list(options.ylim),
        "inset": list(options.inset) if isinstance(options.inset, tuple) else options.inset,
        "annotate": options.annotate,
    }
    return {key: value for key, value in record.items() if value is not None and value is not False}


def spec_record(spec: RunSpec) -> Record:
    """Everything that determines a curve; options of the loop are left out at their defaults."""
    defaults = {field.name: field.default for field in fields(TrainingLoop)}
    record: Record = {"label": spec.label, "scheduler": str(spec.scheduler)}
    for name, value in asdict(spec.loop).items():
        if name in ("epochs", "steps_per_epoch", "interval") or value != defaults[name]:
            record[name] = value
    record["lr"] = [{"group": group.name, "lr": group.lr} for group in spec.groups]
    record["optimizer"] = spec.optimizer.name
    if spec.optimizer.momentum is not None:
        record["momentum"] = spec.optimizer.momentum
    if spec.metric is not None:
        record["metric"] = spec.metric.text
    return record


def curve_columns(traces: Sequence[Trace]) -> list[list[str]]:
    """The names of each trace's columns in the CSV: rates, then momentum and metric if it has them."""
    names = [column.name for column in formats.columns(traces)]
    shared = names[1] == "epoch"  # one epoch column for all traces
    start = 2 if shared else 1
    result = []
    for trace in traces:
        start += not shared
        groups = trace.lr.shape[1]
        count = groups + groups * (trace.momentum is not None) + (trace.metric is not None)
        result.append(names[start : start + count])
        start += count
    return result


def manifest_bytes(manifest: Mapping[str, Any]) -> bytes:
    """A manifest as indented strict JSON."""
    return (json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode(
        "utf-8", "backslashreplace"
    )
