"""What several runs share and in what they differ, for the labels and the title of a figure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from lrviz.notation import SchedulerCall
from lrviz.schedulers import REQUIRED, find
from lrviz.spec.run import CodeCall, RunSpec, TrainingLoop
from lrviz.text import print_value

_LEFT_OUT: Final = object()  # the value of a parameter that is left out, if its default is not known
_DATASET: Final = {"dataset_size", "batch_size", "drop_last"}  # the fields from which the steps of an epoch follow


@dataclass(frozen=True)
class Part:
    """One part in which runs differ: its name, "" for an item of a list, and its value in each run.

    `owner` is the scheduler that it is a parameter of, "" for a field of the run and for the whole scheduler.
    """

    name: str
    values: tuple[Any, ...]
    owner: str = ""

    @property
    def texts(self) -> tuple[str, ...]:
        """The part of each run as text, such as `gamma=0.9`."""
        return tuple(self._text(value) for value in self.values)

    @property
    def is_number(self) -> bool:
        """Whether the value is a number in every run."""
        return all(isinstance(value, int | float) and not isinstance(value, bool) for value in self.values)

    def _text(self, value: Any) -> str:
        if value is _LEFT_OUT:
            return f"default {self.name}"
        text = value if isinstance(value, str) and not self.owner else print_value(value)
        return f"{self.name}={text}" if self.name else text


@dataclass(frozen=True)
class Comparison:
    """What runs share and in what they differ.

    `common` is the scheduler that they share and the names of what differs, such as `StepLR(step_size=10) · gamma`;
    empty if they share no scheduler, or do not differ. `labels` are the differences, or the whole notation where
    `common` is empty. `parts` are the differences one by one; empty if they share no scheduler.
    """

    common: str
    labels: tuple[str, ...]
    parts: tuple[Part, ...] = ()


def compare_runs(specs: Sequence[RunSpec]) -> Comparison:
    """Compare the schedulers, their parameters, and the fields of runs, such as the base rate.

    Values that were filled in from the run are not compared if fields of the run differ. Labels of the user are not
    considered.
    """
    in_fields = list(_different_fields(specs))
    if all(spec.has_warmup for spec in specs):
        common, in_calls, in_warmups = _merge_warmups([spec.scheduler for spec in specs])
        in_fields += in_warmups
    else:
        common, in_calls = _merge([spec.shown_scheduler for spec in specs])
    if in_fields:
        in_calls = [part for part in in_calls if not _is_filled(part, specs)]
    parts = _with_unique_names([*in_calls, *in_fields])
    if not parts or common is None:
        suffixes = [f" @ {text}" for text in _joined(in_fields)] if in_fields else [""] * len(specs)
        return Comparison("", tuple(f"{spec.shown}{end}" for spec, end in zip(specs, suffixes, strict=True)))
    names = ", ".join(part.name for part in parts if part.name)
    return Comparison(f"{common} · {names}" if names else common, tuple(_joined(parts)), tuple(parts))


def _joined(parts: Sequence[Part]) -> list[str]:
    """The texts of all parts for each run."""
    return [", ".join(texts) for texts in zip(*(part.texts for part in parts), strict=True)]


def _merge(values: Sequence[Any], name: str = "", owner: str = "") -> tuple[str | None, list[Part]]:
    """What values share as text, with `…` for items of a list that differ, and their differences.

    Parameters that differ are left out of the text. It is None if the values share nothing.
    """
    first = values[0]
    if all(value == first for value in values):
        return print_value(first), []
    if all(isinstance(value, CodeCall) and value.where == first.where for value in values):
        text, parts = _merge([value.call for value in values])
        return (f"{first.where}:{text}" if text else None), parts
    if all(isinstance(value, SchedulerCall) and _shape(value) == _shape(first) for value in values):
        return _merge_calls(values)
    if all(isinstance(value, tuple) and len(value) == len(first) for value in values) and any(
        isinstance(item, SchedulerCall) for item in first
    ):
        items = [_merge(column, "", owner) for column in zip(*values, strict=True)]
        return f"[{', '.join(text or '…' for text, _ in items)}]", [part for _, parts in items for part in parts]
    return None, [Part(name, tuple(values), owner)]


def _merge_warmups(calls: Sequence[Any]) -> tuple[str | None, list[Part], list[Part]]:
    """What schedulers after warm-ups share as text, and the differences of the schedulers and of the warm-ups."""
    warmups, chains = [call.children[0] for call in calls], [call.children[1:] for call in calls]
    columns = {"warmup": [one.get("total_iters") for one in warmups]}
    columns["warmup_start"] = [one.get("start_factor") for one in warmups]
    different = [Part(name, tuple(values)) for name, values in columns.items() if len(set(values)) > 1]
    if len({len(chain) for chain in chains}) > 1:
        return None, [], different
    merged = [_merge(column) for column in zip(*chains, strict=True)]
    parts = [part for _, parts in merged for part in parts]
    if len(chains[0]) > 1 and not parts and not different:  # such as the milestones
        parts = _merge([call.get("milestones") for call in calls], "milestones", "SequentialLR")[1]
    lengths = columns["warmup"]
    head = f"warm-up {lengths[0]}" if len(set(lengths)) == 1 else "warm-up"
    texts = [text for text, _ in merged]
    return None if None in texts else " -> ".join([head, *filter(None, texts)]), parts, different


def _shape(call: SchedulerCall) -> tuple[str, str, int]:
    return call.module, call.name, len(call.args)


def _merge_calls(calls: Sequence[SchedulerCall]) -> tuple[str, list[Part]]:
    """What calls of one scheduler share, and their differences."""
    first = calls[0]
    pieces, parts = [], []
    for column in zip(*(call.args for call in calls), strict=True):
        text, differences = _merge(column, "", first.name)
        pieces.append(text or "…")
        parts += differences
    for key in dict.fromkeys(key for call in calls for key, _ in call.kwargs):
        default = _default(first.name, key)
        text, differences = _merge([call.get(key, default) for call in calls], key, first.name)
        pieces += [f"{key}={text}"] if text is not None else []
        parts += differences
    path = f"{first.module}.{first.name}" if first.module else first.name
    return f"{path}({', '.join(pieces)})" if pieces else path, parts


def _default(scheduler: str, name: str) -> Any:
    info = find(scheduler)
    parameter = info.parameter(name) if info else None
    return _LEFT_OUT if parameter is None or parameter.default in (REQUIRED, None) else parameter.default


def _different_fields(specs: Sequence[RunSpec]) -> Iterator[Part]:
    """The fields of the run in which runs differ."""
    single = all(len(spec.groups) == 1 for spec in specs)
    rates = [spec.groups[0].lr if single else tuple(group.lr for group in spec.groups) for spec in specs]
    columns: dict[str, list[Any]] = {"lr": rates}
    columns |= {field.name: [getattr(spec.loop, field.name) for spec in specs] for field in fields(TrainingLoop)}
    columns["optimizer"] = [str(spec.optimizer) for spec in specs]
    columns["momentum"] = [spec.optimizer.momentum for spec in specs]
    if all(spec.metric for spec in specs):
        columns["metric"] = [spec.metric.text for spec in specs if spec.metric]
    different = {name: values for name, values in columns.items() if any(value != values[0] for value in values)}
    if _DATASET & set(different):
        different.pop("steps_per_epoch", None)
    if "max_steps" in different:
        different.pop("epochs", None)
        different["max_steps"] = [spec.loop.updates for spec in specs]
    for name, values in different.items():
        yield Part(name, tuple(_LEFT_OUT if value is None else value for value in values))


def _is_filled(part: Part, specs: Sequence[RunSpec]) -> bool:
    """Whether the part was filled in from the run in every run."""
    return bool(part.name) and all(
        text in spec.filled or f"{part.owner}.{text}" in spec.filled
        for text, spec in zip(part.texts, specs, strict=True)
    )


def _with_unique_names(parts: Sequence[Part]) -> list[Part]:
    """The parts with the scheduler before a name that several of them have."""
    counts = Counter(part.name for part in parts)
    return [
        replace(part, name=f"{part.owner}.{part.name}") if counts[part.name] > 1 and part.name and part.owner else part
        for part in parts
    ]
