"""The numbers of a figure as data in the page, for the values under the pointer."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from lrviz.figure import Places
from lrviz.trace import Indices, Trace, Values, decimate

_MAX_VALUES: Final = 6_000  # of all curves of a figure, if their runs are long
_MIN_STEPS, _MAX_STEPS = 60, 1_200  # of a run


def figure_data(
    traces: Sequence[Trace], places: Places, labels: Sequence[Sequence[str]], x: str, *, sheet: bool
) -> str:
    """The data of a figure as JSON that may stand in a `script` element.

    Curves of long runs are reduced to some hundred steps; the values at these steps are exact.

    Args:
        traces: The curves.
        places: The panels of the figure.
        labels: The label of each parameter group of each trace.
        x: The unit of the x axis, "step" or "epoch".
        sheet: Whether each trace has panels of its own.
    """
    runs: dict[tuple[int, tuple[int, int]], list[Trace]] = {}
    for trace in traces:
        runs.setdefault((trace.updates, trace.spec.loop.period), []).append(trace)
    columns = sum(trace.lr.shape[1] for trace in traces)
    steps = min(max(_MAX_VALUES // columns, _MIN_STEPS), _MAX_STEPS)
    first = min((place.span[0] for place in places.panels), default=0)
    last = max((place.span[1] for place in places.panels), default=max(trace.updates for trace in traces))
    kept = {}
    for run, of_run in runs.items():
        per_unit = run[1][0] / run[1][1] if x == "epoch" else 1
        kept[run] = _kept_steps(of_run, round(first * per_unit), round(last * per_unit) + 1, steps)
    numbers = {run: i for i, run in enumerate(runs)}
    series = []
    for i, trace in enumerate(traces):
        run = (trace.updates, trace.spec.loop.period)
        at = kept[run]
        for group in range(trace.lr.shape[1]):
            one: dict[str, Any] = {"key": f"{i}.{group}", "name": labels[i][group], "run": numbers[run]}
            one["lr"] = _numbers(trace.lr[at, group])
            if trace.momentum is not None:
                one["momentum"] = _numbers(trace.momentum[at, group])
            if trace.metric is not None:
                one["metric"] = _numbers(trace.metric[at])
            series.append(one)
    data = {
        "x": x,
        "sheet": sheet,
        "runs": [
            {"updates": run[0], "per_epoch": run[1][0]}
            | ({} if run[1][1] == 1 else {"epochs": run[1][1]})  # that have `per_epoch` updates in all
            | ({} if kept[run].size == run[0] else {"steps": kept[run].tolist()})
            for run in runs
        ],
        "series": series,
        "panels": [
            {
                "box": [
                    round(side, 2) for side in (place.box.left, place.box.bottom, place.box.width, place.box.height)
                ],
                "x": place.x,
                "y": place.y,
                "span": place.span,
                "log": place.log,
                "labels": [not any(part.endswith(axis) for part, _, _ in place.borrowed) for axis in ("-x", "-y")],
                "curves": [[curve.key, curve.kind] for curve in place.curves],
            }
            for place in places.panels
        ],
    }
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))  # ASCII
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _kept_steps(traces: Sequence[Trace], first: int, stop: int, most: int) -> Indices:
    """The steps of the shown part of a run whose values are kept: all, or `most` with the extremes of every curve."""
    stop = min(stop, traces[0].updates)
    if stop - first <= most:
        return np.arange(first, max(stop, first), dtype=np.int64)
    columns = [column[first:stop] for trace in traces for column in trace.lr.T]
    buckets = most // (4 * len(columns))
    if buckets >= 2:
        return first + np.unique(
            np.concatenate([decimate(np.ascontiguousarray(column), buckets) for column in columns])
        )
    return np.unique(np.linspace(first, stop - 1, most).round().astype(np.int64))


def _numbers(values: Values) -> list[float | None]:
    """Values for JSON, which has neither NaN nor infinity: null for them."""
    return [value if math.isfinite(value) else None for value in values.tolist()]
