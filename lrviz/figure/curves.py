"""Traces to the curves of a figure: the label, the colour and the line style of each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from lrviz.figure.style import Dash, FigureOptions, Style
from lrviz.text import format_rate, printable
from lrviz.trace import Trace, Values, outline, turns

if TYPE_CHECKING:
    from lrviz.spec import Part

MAX_NAMED = 24  # curves in one axes; more are distinguished only by their order on the ramp
_SEPARATE_STEPS = 2_000  # steps, with about a pixel each
_PLAIN_FROM, _LEAST_PLAIN = 0.01, 1e-5  # the highest rate of an axis of decimals, and the least of a text beside it
_MAX_MARKED = 8  # curves with markers in one axes
Kind = Literal["lr", "momentum", "metric"]


@dataclass(frozen=True)
class Curve:
    """One line: (M,) x in the unit of the axis and (M,) y, and its style.

    `shift` is the offset of the dashes in line widths, for curves that overlap. `key` are the number of the trace and
    of the parameter group, as in "0.1", and `kind` says what y is. `turns` is how often the curve changes its
    direction.
    """

    label: str
    x: Values
    y: Values
    colour: str
    dash: Dash = ()
    shift: float = 0.0
    marker: str = ""
    key: str = ""
    kind: Kind = "lr"
    turns: int = 0

    @property
    def updates(self) -> NDArray[np.intp]:
        """Indices of the points that are updates of the run, rather than a corner of a jump."""
        return np.flatnonzero(np.append(np.diff(self.x) > 0, True))

    @property
    def isolated(self) -> NDArray[np.intp]:
        """Indices of the points with NaN on both sides, so that no line passes through them."""
        valid = np.pad(~np.isnan(self.y), 1)
        return np.flatnonzero(valid[1:-1] & ~valid[:-2] & ~valid[2:])


@dataclass(frozen=True)
class Cell:
    """The content of one axes of learning rates, and of the panels under it.

    `steps` is the maximum number of steps, and `epochs` of epochs; `per_epoch` are the updates per epoch, None if the
    traces or their epochs differ in it. `base` is the highest base rate, and `typical` a low but not exceptional rate,
    for the lower limit of a logarithmic axis. `cuts` are the x at which ReduceLROnPlateau reduced the rate of a trace,
    with the colour of its curve, "" if it has several, and `cuts_note` explains them. `subtitle` are the parameters
    that a title of the user does not tell. `span` is the part of the run that is shown, in the unit of the axis.
    """

    title: str
    rates: tuple[Curve, ...]
    steps: int
    epochs: float
    per_epoch: int | None
    span: tuple[float, float]
    base: float
    typical: float
    momentum: tuple[Curve, ...] = ()
    momentum_name: str = ""
    metric: tuple[Curve, ...] = ()
    metric_name: str = ""
    cuts: tuple[tuple[str, Values], ...] = ()
    cuts_note: str = ""
    subtitle: str = ""

    @property
    def panels(self) -> int:
        """The number of panels under the rates."""
        return bool(self.momentum) + bool(self.metric)


@dataclass(frozen=True)
class Look:
    """The colour, the dashes and the marker of a curve."""

    colour: str
    dash: Dash = ()
    marker: str = ""


def one_cell(traces: Sequence[Trace], options: FigureOptions, style: Style, buckets: int) -> Cell:
    """One cell with every parameter group of every trace, each with a different look; titled with what they share."""
    captions = caption(traces)
    if captions.parts:
        from lrviz.figure.looks import looks_of

        looks = looks_of(traces, captions.parts, style)
    else:
        looks = cycle(style, sum(trace.lr.shape[1] for trace in traces))
    parts = []
    for i, (trace, title) in enumerate(zip(traces, captions.titles, strict=True)):
        own, looks = looks[: trace.lr.shape[1]], looks[trace.lr.shape[1] :]
        if options.span is not None and trace.updates <= options.span[0]:
            continue
        parts.append(_cell_of(i, trace, title, options, buckets, own, len(traces) > 1, style.max_markers))
    per_epoch = {part.per_epoch for part in parts}
    cell = Cell(
        title=parts[0].title if len(traces) == 1 else captions.common,
        rates=tuple(curve for part in parts for curve in part.rates),
        steps=max(part.steps for part in parts),
        epochs=max(part.epochs for part in parts),
        per_epoch=parts[0].per_epoch if len(per_epoch) == 1 else None,
        span=(min(part.span[0] for part in parts), max(part.span[1] for part in parts)),
        base=max(part.base for part in parts),
        typical=min((part.typical for part in parts if part.typical > 0), default=0.0),
        momentum=tuple(curve for part in parts for curve in part.momentum),
        momentum_name=_one_of([part.momentum_name for part in parts if part.momentum], "Momentum"),
        metric=tuple(curve for part in parts for curve in part.metric),
        metric_name=_one_of([part.metric_name for part in parts if part.metric], "Metric"),
        cuts=tuple(cuts for part in parts for cuts in part.cuts),
        cuts_note=_one_of([part.cuts_note for part in parts if part.cuts_note], _CUTS),
    )
    if len(cell.rates) > _MAX_MARKED:
        cell = replace(cell, rates=tuple(replace(curve, marker="") for curve in cell.rates))
    return _with_interleaved_dashes(cell, options)


def cells_of(traces: Sequence[Trace], options: FigureOptions, style: Style, buckets: int) -> tuple[str, list[Cell]]:
    """What traces share, and a cell for each; parameter groups with the same name have the same look."""
    groups: dict[str, int] = {}
    for trace in traces:
        for name in trace.group_names if trace.lr.shape[1] > 1 else ():
            groups.setdefault(name, len(groups))
    captions = caption(traces)
    looks = cycle(style, max(len(groups), 1))
    cells = []
    for i, (trace, title) in enumerate(zip(traces, captions.titles, strict=True)):
        if options.span is not None and trace.updates <= options.span[0]:
            continue
        own = [looks[groups.get(name, 0)] for name in trace.group_names]
        part = _cell_of(i, trace, title, options, buckets, own, False, style.max_markers)
        if _has_user_label(trace):
            part = replace(part, subtitle=_untold(title, trace.spec.arguments))
        cells.append(_with_interleaved_dashes(part, options))
    return captions.common, cells


def _untold(title: str, arguments: Sequence[str]) -> str:
    """The arguments whose names and values a title of the user does not contain."""
    told = title.replace(" ", "")
    return clean_or_empty(brief(", ".join(a for a in arguments if f"{a.partition('=')[0]}=" not in told)))


def _one_of(names: Sequence[str], otherwise: str) -> str:
    """The name, if all are the same."""
    return names[0] if len(set(names)) == 1 else otherwise if names else ""


@dataclass(frozen=True)
class Captions:
    """What traces share, a title for each, and the parts in which their runs differ, empty if some have a label."""

    common: str
    titles: tuple[str, ...]
    parts: tuple[Part, ...]


def caption(traces: Sequence[Trace]) -> Captions:
    """The labels of the user as they are; other traces say in what they differ, with numbers rounded if unambiguous."""
    common, parts = "", tuple["Part", ...]()
    if len(traces) == 1 or any(map(_has_user_label, traces)):
        exact = [trace.label if _has_user_label(trace) else trace.spec.notation for trace in traces]
    else:
        first, *others = (trace.spec for trace in traces)
        comparison = first.compare(others)
        common, parts, exact = comparison.common, comparison.parts, list(comparison.labels)
    peak = max(float(trace.lr.max()) for trace in traces)
    rates = [float(found[2]) for text in (common, *exact) for found in _RATES.finditer(text)]
    if peak >= _PLAIN_FROM and min(filter(None, rates), default=0.0) >= _LEAST_PLAIN:
        peak = np.inf  # all are decimals
    common = _with_rates_beside(common, peak)
    short = [
        label if _has_user_label(trace) else _with_rates_beside(brief(label), peak)
        for trace, label in zip(traces, exact, strict=True)
    ]
    labels: dict[str, set[str]] = {}
    for title, label in zip(short, exact, strict=True):
        labels.setdefault(title, set()).add(label)
    titles = (title if len(labels[title]) == 1 else label for title, label in zip(short, exact, strict=True))
    return Captions(clean(brief(common)) if common else "", tuple(map(clean, titles)), parts)


def _has_user_label(trace: Trace) -> bool:
    """Whether the label was set by the user, rather than made from the notation."""
    return bool(trace.spec.name) and not trace.spec.derived


def _cell_of(
    index: int,
    trace: Trace,
    title: str,
    options: FigureOptions,
    buckets: int,
    looks: Sequence[Look],
    several: bool,
    max_markers: int,
) -> Cell:
    """The cell of one trace, number `index` of the figure.

    `looks` are those of its groups. With `several` traces in one cell, the labels of groups start with the title of the
    trace. Runs of at most `max_markers` steps have markers.
    """
    per_epoch = trace.spec.loop.mean_updates_per_epoch
    scale = 1.0 / per_epoch if options.x == "epoch" else 1.0
    first, last = options.span or (0, trace.updates)
    shown = slice(first, last + 1)

    def curve(name: str, values: Values, group: int, kind: Kind, marked: bool = False, noisy: bool = False) -> Curve:
        x, y = outline(values[shown], buckets, noisy=noisy)
        look = looks[group]
        return Curve(
            name, (first + x) * scale, y, look.colour, look.dash, marker=look.marker if marked or x.size == 1 else "",
            key=f"{index}.{group}", kind=kind, turns=0 if noisy else turns(values[shown]),
        )  # fmt: skip

    def curves(columns: NDArray[np.float64], kind: Kind, marked: bool = False) -> tuple[Curve, ...]:
        return tuple(curve(names[i], columns[:, i], i, kind, marked) for i in range(len(looks)))

    names = [title]
    if len(looks) > 1:
        groups = [clean(name) for name in trace.group_names]
        names = [f"{title}: {group}" for group in groups] if several else groups
    marked = min(last, trace.updates) - first <= max_markers and len(looks) <= MAX_NAMED
    momentum = trace.momentum if options.momentum else None
    metric = trace.metric if trace.metric is not None and np.isfinite(trace.metric[shown]).any() else None
    rates = curves(trace.lr, "lr", marked)
    colour = rates[0].colour if len(rates) == 1 else ""
    cuts = _rate_cuts(trace.lr) if metric is not None else np.empty(0)
    cuts = cuts[(cuts >= first) & (cuts <= last)]
    metric_name = (trace.spec.metric and clean_or_empty(trace.spec.metric.column)) or "Metric"
    return Cell(
        title=title,
        rates=rates,
        steps=trace.updates,
        epochs=trace.updates / per_epoch,
        per_epoch=int(per_epoch) if per_epoch.is_integer() else None,
        span=(first * scale, last * scale),
        base=max(group.lr for group in trace.spec.groups),
        typical=_typical(trace.lr[shown]),
        momentum=curves(momentum, "momentum") if momentum is not None else (),
        momentum_name=_MOMENTUM.get(trace.momentum_name, clean(trace.momentum_name)),
        metric=(curve(title, metric, 0, "metric", noisy=True),) if metric is not None else (),
        metric_name=metric_name,
        cuts=((colour, cuts * scale),) if metric is not None else (),
        cuts_note=_cuts_note(trace, metric_name) if cuts.size else "",
    )


_MOMENTUM = {"momentum": "Momentum", "betas[0]": "beta1"}  # names of the axis by field of the optimizer
_CUTS = "Triangles: the rate is reduced"


def _cuts_note(trace: Trace, metric_name: str) -> str:
    """An explanation of the marks of a plateau's reductions."""
    arguments = dict(text.partition("=")[::2] for text in trace.spec.arguments)
    if not {"factor", "patience"} <= set(arguments):
        return _CUTS
    metric = "the metric" if metric_name == "Metric" else metric_name
    unit = "epochs" if trace.spec.loop.interval == "epoch" else "steps"
    return (
        f"Triangles: the rate is multiplied by {arguments['factor']} after more than {arguments['patience']} {unit} "
        f"without improvement of {metric}"
    )


def _rate_cuts(lr: NDArray[np.float64]) -> Values:
    """(C,) steps at which the rate of any group is lower than at the step before."""
    return np.flatnonzero((lr[1:] < lr[:-1]).any(axis=1)).astype(np.float64) + 1


def cycle(style: Style, total: int) -> list[Look]:
    """The looks of curves that differ in their names: those of the palette, or of the ramp if there are too many."""
    if total > MAX_NAMED:
        return [Look(on_ramp(style, number, total), marker="o") for number in range(total)]
    return [
        Look(
            style.palette[number % len(style.palette)],
            style.dashes[number // len(style.palette) % len(style.dashes)],
            style.markers[number % len(style.markers)],
        )
        for number in range(total)
    ]


def on_ramp(style: Style, number: int, total: int) -> str:
    """The colour of item `number` of `total` on the ramp."""
    return style.ramp[round(number / max(total - 1, 1) * (len(style.ramp) - 1))]


def _typical(lr: NDArray[np.float64]) -> float:
    """The lowest positive rate of a short run, or the 0.5 % quantile of a long one; 0 if no rate is positive.

    With the quantile, the last few steps of a long cosine do not take up half of a logarithmic axis.
    """
    if lr.shape[0] <= _SEPARATE_STEPS:
        return float(lr[lr > 0].min(initial=np.inf)) if (lr > 0).any() else 0.0
    samples = lr[np.linspace(0, lr.shape[0] - 1, min(lr.shape[0], 4096)).astype(np.int64)]
    lows = [float(np.quantile(column[column > 0], 0.005)) for column in samples.T if (column > 0).any()]
    return min(lows, default=0.0)


def _with_interleaved_dashes(cell: Cell, options: FigureOptions) -> Cell:
    """The cell with interleaved dashes in each of its panels."""
    if len(cell.rates) == 1:  # and so are those of the other panels
        return cell
    from lrviz.figure.overlaps import interleave_dashes

    return replace(
        cell,
        rates=interleave_dashes(cell.rates, log=options.log),
        momentum=interleave_dashes(cell.momentum, log=False, from_zero=False),
        metric=interleave_dashes(cell.metric, log=False, from_zero=False),
    )


_MAX_LENGTH = 400  # characters
_MAX_DIGITS = 6  # of a float
# Strings, which are not changed, and numbers that are not part of a name.
_NUMBERS = re.compile(
    r"""'(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*" | (?<![\w.])(?P<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?![\w.])""",
    re.VERBOSE,
)

_RATES = re.compile(r"\b(lr|\w+_lr|eta_min)=(\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?![\w.])")


def clean(text: str) -> str:
    """Text of the user on one line, without control characters; shortened if it is very long, and never empty."""
    line = printable(" ".join(text[: 10 * _MAX_LENGTH].split()))
    if len(line) > _MAX_LENGTH:
        from lrviz.figure.wrapping import without_middle

        line = without_middle(line, _MAX_LENGTH)
    return line or "(no name)"


def clean_or_empty(text: str) -> str:
    """`clean` text; empty text stays empty."""
    return clean(text) if text.strip() else ""


def brief(notation: str) -> str:
    """Notation with long floats rounded: "gamma=0.8659643233600653" becomes "gamma=0.866".

    A float of more than six significant digits is rounded to four, or to as many as keep its distance from 0 and 1 to
    three digits.
    """
    return _NUMBERS.sub(lambda match: _brief(match["number"]) if match["number"] else match[0], notation)


def _with_rates_beside(notation: str, peak: float) -> str:
    """Notation whose rates are written as on an axis up to `peak`: "eta_min=0.001" beside 0.1, "eta_min=1e-3" else.

    If `peak` is infinite, all rates are decimals.
    """

    def written(number: str) -> str:
        if peak == np.inf:
            return np.format_float_positional(float(number), trim="-")
        return format_rate(float(number), _digits(number), peak)

    return _RATES.sub(lambda match: f"{match[1]}={written(match[2])}", notation)


def _digits(number: str) -> int:
    """The significant digits of a number, at least 1."""
    return max(1, len(number.partition("e")[0].replace(".", "").strip("0")))


def _brief(number: str) -> str:
    if number.isdigit() or _digits(number) <= _MAX_DIGITS:
        return number
    value = float(number)
    tolerance = 1e-3 * min(value, abs(1 - value))
    digits = next((n for n in range(4, 17) if abs(float(f"{value:.{n - 1}e}") - value) <= tolerance), 17)
    return format_rate(value, digits)
