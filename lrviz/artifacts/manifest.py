"""The manifest of a render: the specs and the summary numbers of each figure, and a list of the files, as JSON."""

from __future__ import annotations

import errno
import json
import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Final

from lrviz import formats
from lrviz.figure import FIGURE_FORMATS, short_style
from lrviz.files import read_bytes
from lrviz.presets import MAX_CURVES, MAX_FIGURES, FigurePlan, is_figure_name
from lrviz.spec import RunSpec, TrainingLoop
from lrviz.trace import Trace

MANIFEST: Final = "manifest.json"
PAGE: Final = "index.html"
SUMMARY: Final = "summary.md"
MANIFEST_VERSION: Final = 1
MAX_MANIFEST: Final = 16_000_000  # bytes; its data may take twenty times as many in memory
_MAX_DEPTH: Final = 12  # of nested lists and objects
_SUFFIXES: Final = (*FIGURE_FORMATS, "csv")
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
    record: Record = {"label": spec.title, "scheduler": str(spec.scheduler)}
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


def read_manifest(folder: Path) -> Record | None:
    """The manifest in a folder; None if there is no manifest of lrviz.

    Raises:
        OSError: it cannot be read.
    """
    manifest = read_json(folder / MANIFEST)
    return manifest if _is_manifest(manifest) else None


def read_json(path: Path) -> Any:
    """The data in a file of strict JSON; None if there is no such file, or not one that lrviz could have written.

    Raises:
        OSError: it cannot be read.
    """
    try:
        data = json.loads(read_bytes(path, MAX_MANIFEST), parse_constant=_finite, parse_float=_finite)
    except OSError as error:
        # None: `read_bytes` refuses the kind or the size.
        if error.errno in (None, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP):
            return None
        raise
    except (ValueError, RecursionError):
        return None
    return data if _is_shallow(data) else None


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _is_shallow(data: Any) -> bool:
    """Whether nesting is at most `_MAX_DEPTH` levels deep: writing it again fails at some thousand."""
    level = [data]
    for _ in range(_MAX_DEPTH):
        level = [
            child
            for value in level
            if isinstance(value, list | dict)
            for child in (value.values() if isinstance(value, dict) else value)
        ]
    return not level


def is_rendered_name(name: str) -> bool:
    """Whether a render may give a file this name; not that of the manifest."""
    figure, _, suffix = name.rpartition(".")
    return name in (PAGE, SUMMARY) or (suffix in _SUFFIXES and is_figure_name(figure))


def _is_manifest(data: Any) -> bool:
    if not (isinstance(data, dict) and data.get("made_by") == "lrviz render" and data.get("version") == 1):
        return False
    files, figures, leftover = (data.get(key) for key in ("files", "figures", "leftover"))
    if not (isinstance(figures, list) and all(isinstance(figure, dict) and _is_figure(figure) for figure in figures)):
        return False
    if len(figures) > MAX_FIGURES:
        return False
    names = {figure["name"] for figure in figures}
    return (
        isinstance(files, dict)
        and isinstance(leftover, dict)
        and all(isinstance(item, dict) for item in [*files.values(), *leftover.values()])
        and all(isinstance(item.get("sha256"), str) for item in [*files.values(), *leftover.values()])
        and all(_is_file_of(item.get("figure"), name, names) for name, item in files.items())
        and all(is_rendered_name(name) for name in leftover)
        and isinstance(data.get("versions"), dict)
    )


def _is_figure(figure: Record) -> bool:
    return (
        isinstance(figure.get("name"), str)
        and isinstance(figure.get("curves"), list)
        and len(figure["curves"]) <= MAX_CURVES
        and isinstance(figure.get("options"), dict)
        and isinstance(figure.get("title", ""), str)
        and all(isinstance(curve, dict) and isinstance(curve.get("columns"), list) for curve in figure["curves"])
        and all(isinstance(name, str) for curve in figure["curves"] for name in curve["columns"])
    )


def _is_file_of(figure: Any, name: str, figures: set[str]) -> bool:
    """Whether it is a file of this figure, or the page or the summary, which belong to none."""
    if figure is None:
        return name in (PAGE, SUMMARY)
    return is_rendered_name(name) and name.rpartition(".")[0] == figure and figure in figures
