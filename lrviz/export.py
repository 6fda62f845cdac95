"""The numbers of runs as CSV, TSV, JSON and Markdown: floats as `repr`, so that they read back exactly."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrviz.trace import Trace

Format = Literal["csv", "tsv", "json", "md"]

_BLOCK = 8192  # rows made at a time
_SEPARATORS = {"csv": ",", "tsv": "\t", "md": " | "}


@dataclass(frozen=True)
class Column:
    """One column of a table: a name, and (N,) values; `own` marks a name that holds text of the user's."""

    name: str
    values: NDArray[Any]
    own: bool = False

    @property
    def whole(self) -> bool:
        """Whether the values are whole numbers."""
        return self.values.dtype.kind == "i"


def columns(traces: Sequence[Trace]) -> list[Column]:
    """The columns of a table of runs side by side; they may differ in length.

    One run: `step`, `epoch`, and `lr` or `lr[NAME]` for each of several parameter groups, then `momentum` likewise
    and `metric` where the run has them. Several runs: a column each, named by label, then `momentum[LABEL]` and
    `metric[LABEL]`; where they do not agree on the epochs, `epoch[LABEL]` each. Names are made distinct by a number.
    """
    longest = max(traces, key=lambda trace: trace.updates)
    shared = all(np.array_equal(trace.epoch, longest.epoch[: trace.updates]) for trace in traces)
    table = [Column("step", longest.step)]
    if shared:
        table.append(Column("epoch", longest.epoch))
    for trace in traces:
        label = trace.label if len(traces) > 1 else None
        if not shared:
            table.append(Column(_name("epoch", label), trace.epoch, own=True))
        table += _by_group(trace, trace.lr, label or "lr", own=label is not None)
        if trace.momentum is not None:
            table += _by_group(trace, trace.momentum, _name("momentum", label), own=label is not None)
        if trace.metric is not None:
            table.append(Column(_name("metric", label), trace.metric, own=label is not None))
    return _distinct(table)


def _name(what: str, label: str | None) -> str:
    return what if label is None else f"{what}[{label}]"


def _by_group(trace: Trace, values: NDArray[np.float64], name: str, *, own: bool) -> Iterator[Column]:
    groups = trace.group_names
    for i, group in enumerate(groups):
        several = len(groups) > 1
        yield Column(f"{name}[{group}]" if several else name, values[:, i], own=own or several)


def _distinct(table: Iterable[Column]) -> list[Column]:
    taken: set[str] = set()
    distinct = []
    for column in table:
        name, count = column.name, 1
        while name in taken:
            count += 1
            name = f"{column.name} ({count})"
        taken.add(name)
        distinct.append(Column(name, column.values, column.own))
    return distinct


def to_text(traces: Sequence[Trace], format: Format) -> str:
    """The runs as one text; see `chunks`."""
    return "".join(chunks(traces, format))


def chunks(traces: Sequence[Trace], format: Format) -> Iterator[str]:
    """The runs as text in pieces, so that ten million rows need not be held at once; lines end in LF.

    CSV and TSV quote as RFC 4180 does, and leave empty what is not there: the rest of a shorter run, and a metric
    that is NaN. Markdown is a GitHub table. JSON is version 1: strict, with null for a NaN.
    """
    if format == "json":
        return _json(traces)
    table = columns(traces)
    if format == "md":
        return _markdown(table)
    return _separated(table, _SEPARATORS[format])


def _separated(table: list[Column], separator: str) -> Iterator[str]:
    yield separator.join(_quoted(column.name, separator) for column in table) + "\n"
    yield from rows(table, separator=separator)


def _quoted(text: str, separator: str) -> str:
    """A field as RFC 4180 has it: quoted where it must be."""
    if not any(c in text for c in (separator, '"', "\n", "\r")):
        return text
    return '"' + text.replace('"', '""') + '"'


def _markdown(table: list[Column]) -> Iterator[str]:
    names = [code(column.name) if column.own else column.name for column in table]
    yield "| " + " | ".join(names) + " |\n"
    yield "|" + " ---: |" * len(table) + "\n"
    yield from rows(table, start="| ", separator=" | ", end=" |")


def code(text: str) -> str:
    """Text of the user's own as code, in which nothing is Markdown, HTML or mathematics.

    A code span has no escapes and trims its ends, so a text with a pipe, a backtick, a backslash, a line end or a
    space at an end is written in entities.
    """
    if text == text.strip() and not set(text) & set("|`\\\n\r"):
        return f"`{text}`"
    return "<code>" + "".join(c if c.isalnum() or c == " " else f"&#{ord(c)};" for c in text) + "</code>"


def rows(
    table: list[Column],
    *,
    separator: str,
    start: str = "",
    end: str = "",
    missing: str = "",
    widths: Sequence[int] | None = None,
) -> Iterator[str]:
    """The rows of a table as text, many at a time.

    Args:
        table: The columns, which may differ in length.
        separator: What stands between two values; `start` and `end` stand around a row.
        start: See `separator`.
        end: See `separator`.
        missing: What stands for a value that is not there, or NaN.
        widths: Characters that the values of each column are aligned in, at the right; as many as they need if None.
    """
    height = max(len(column.values) for column in table)
    for top in range(0, height, _BLOCK):
        size = min(_BLOCK, height - top)
        codes: list[str] = []
        flat: list[object] = [missing] * (size * len(table))
        for i, column in enumerate(table):
            code, values = _cells(column, top, size, missing)
            codes.append(f"%{widths[i] if widths else ''}{code}")
            flat[i : i + len(values) * len(table) : len(table)] = values
        yield (start + separator.join(codes) + end + "\n") * size % tuple(flat)


def _cells(column: Column, top: int, size: int, missing: str) -> tuple[str, list[Any]]:
    """The format code that suits `size` values of a column from `top` on, and the values; fewer where it is shorter."""
    part = column.values[top : top + size]
    values = part.tolist()
    if column.whole:
        return ("d" if len(values) == size else "s"), values
    if len(values) == size and not np.isnan(part).any():
        return "r", values
    return "s", [repr(value) if value == value else missing for value in values]  # noqa: PLR0124 # NaN is not itself


def _json(traces: Sequence[Trace]) -> Iterator[str]:
    versions = {"version": 1, "lrviz": installed("lrviz"), "torch": installed("torch")}
    yield json.dumps(versions)[:-1] + ', "traces": ['
    for i, trace in enumerate(traces):
        yield ",\n" if i else "\n"
        yield from _json_trace(trace)
    yield "\n]}\n"


def installed(package: str) -> str | None:
    """The version of a package; None where it runs from a tree that was never installed."""
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
    """A member of a JSON object, on a line of its own."""
    yield f',\n"{name}": ['
    for top in range(0, len(values), _BLOCK):
        text = repr(values[top : top + _BLOCK].tolist())[1:-1]
        if "n" in text:  # nan and inf, which JSON does not have
            text = text.replace("-inf", "null").replace("inf", "null").replace("nan", "null")
        yield f", {text}" if top else text
    yield "]"
