"""JSON, version 1: strictly valid, with null for NaN, and 1e999, which reads back as infinite, for infinity."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import cache
from importlib import metadata
from typing import Any

from numpy.typing import NDArray

from lrviz.formats.table import BLOCK
from lrviz.trace import Trace


def chunks(traces: Sequence[Trace]) -> Iterator[str]:
    """The runs as one JSON object."""
    versions = {"version": 1, "lrviz": installed_version("lrviz"), "torch": installed_version("torch")}
    yield json.dumps(versions)[:-1] + ', "traces": ['
    for i, trace in enumerate(traces):
        yield ",\n" if i else "\n"
        yield from _json_trace(trace)
    yield "\n]}\n"


@cache
def installed_version(package: str) -> str | None:
    """The version of a package; None if it is not installed, such as in a source checkout."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _json_trace(trace: Trace) -> Iterator[str]:
    spec = trace.spec
    head = {"label": trace.label, "scheduler": str(spec.scheduler), "loop": asdict(spec.loop)}
    yield json.dumps(head, ensure_ascii=False)[:-1]
    yield from _json_list("step", trace.step)
    yield from _json_list("epoch", trace.epoch)
    if trace.metric is not None:
        yield from _json_list("metric", trace.metric)
    yield ',\n"groups": ['
    for i, name in enumerate(trace.group_names):
        yield (",\n" if i else "\n") + '{"name": ' + json.dumps(name, ensure_ascii=False)
        yield from _json_list("lr", trace.lr[:, i])
        if trace.momentum is not None:
            yield from _json_list("momentum", trace.momentum[:, i])
        yield "}"
    yield "]}"


def _json_list(name: str, values: NDArray[Any]) -> Iterator[str]:
    """A member of a JSON object, on a new line."""
    yield f',\n"{name}": ['
    for start in range(0, len(values), BLOCK):
        text = repr(values[start : start + BLOCK].tolist())[1:-1]
        if "n" in text:  # nan and inf, which are not valid JSON
            text = text.replace("inf", "1e999").replace("nan", "null")
        yield f", {text}" if start else text
    yield "]"
