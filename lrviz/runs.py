"""From words to RunSpecs: a scheduler as text, the fields of its run, and both in one line.

cosine(T_max=32)                       one of torch's, in notation
train.py:make_scheduler(warmup=10)     the user's own code
cosine @ lr=3e-4, epochs=8             fields of the run for this curve alone
cosine(T_max={16,32})                  a sweep: a curve for each value
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from pathlib import Path
from typing import Any, Final

from lrviz.errors import SpecError, UsageError
from lrviz.notation import SchedulerCall, parse
from lrviz.numbers import count
from lrviz.reading import read_groups, read_loop, read_optimizer, split, with_parameters
from lrviz.resolve import KNOWN, resolve, run_names
from lrviz.spec import CodeCall, Metric, RunSpec
from lrviz.unread import unread_notes

FIELDS: Final = (
    "lr",
    "epochs",
    "steps_per_epoch",
    "interval",
    "grad_accum",
    "num_processes",
    "dataset_size",
    "batch_size",
    "drop_last",
    "optimizer",
    "momentum",
    "metric",
)
MAX_CURVES: Final = 24

_DICT_KEY: Final = re.compile(r"""\s*(['"])\w+\1\s*:""")

_CODE: Final = r"""^\s*(?P<where>(?:[A-Za-z]:[\\/])?[^:()@\n"']+\.py|[A-Za-z_]\w*(?:\.\w+)*)
    :(?P<call>[A-Za-z_][\w.]*\s*(?:\(.*\))?)\s*$"""


@dataclass(frozen=True)
class Fields:
    """Values for the fields of a run, as text or as what they are; `prefix` is how the user writes their names."""

    values: Mapping[str, Any] = field(default_factory=dict)
    prefix: str = "--"
    lets: Mapping[str, Any] = field(default_factory=dict)
    folder: Path = Path()  # what the metric's path is relative to
    show_momentum: bool = False
    shared: bool = False  # by several runs, of which some may watch no metric

    def over(self, values: Mapping[str, Any], prefix: str = "") -> Fields:
        """These fields with others in their place; one way to give an epoch's length replaces the other."""
        kept = dict(self.values)
        if values.get("steps_per_epoch") is not None:
            kept = {k: v for k, v in kept.items() if k not in ("dataset_size", "batch_size", "drop_last")}
        elif values.get("dataset_size") is not None:
            kept.pop("steps_per_epoch", None)
        kept |= {name: value for name, value in values.items() if value is not None}
        return replace(self, values=kept, prefix=prefix)


def read_run(
    text: str, fields: Fields | None = None, parameters: Mapping[str, str] | None = None, name: str = ""
) -> RunSpec:
    """The RunSpec of one scheduler.

    Args:
        text: A short name, notation, or `FILE.py:NAME` and `package.module:NAME` for the user's own code; `@` and
            fields of the run may follow.
        fields: The fields of the run.
        parameters: Values by parameter name as typed on the command line, still text.
        name: A label in place of the notation.

    Raises:
        NotationError: the notation or a value cannot be read.
        SpecError: the scheduler or a parameter is unknown, or a value makes no sense.
        UsageError: a field is unknown, or its value is none.
    """
    fields = fields or Fields()
    scheduler, own = split_fields(text)
    if own:
        fields = fields.over(own)
    loop, groups = read_loop(fields.values, fields.prefix), read_groups(fields.values.get("lr"), fields.prefix)
    optimizer = read_optimizer(fields.values, fields.prefix)
    names = run_names(loop, groups) | dict(fields.lets)
    if (file := scheduler.strip().rstrip(":")).endswith(".py"):
        raise UsageError(f"`{file}` names no scheduler in the file", f"name the function or class: `{file}:NAME`")
    if ":" in scheduler and (match := re.match(_CODE, scheduler, re.VERBOSE | re.DOTALL)):
        call: SchedulerCall | CodeCall = CodeCall(match["where"].strip(), parse(match["call"], names, KNOWN))
        if parameters:
            raise UsageError(
                f"`{match['where']}` takes its values in brackets, got `--{next(iter(parameters))}`",
                f"write `{match['where']}:{match['call'].partition('(')[0]}(NAME=VALUE)`",
            )
        filled, notes = [], []
    else:
        written = with_parameters(parse(scheduler, names, KNOWN), parameters or {}, names)
        resolved = resolve(written, loop, groups)
        call, filled = resolved.call, resolved.filled
        notes = [*unread_notes(scheduler, loop, groups, fields.prefix), *resolved.notes]
    metric: Metric | None = None
    text_of_metric = fields.values.get("metric")
    if text_of_metric is not None and isinstance(call, SchedulerCall) and call.name != "ReduceLROnPlateau":
        if not fields.shared or "metric" in own:
            raise SpecError(f"`{call.name}` watches no metric", "leave out the metric, or use `plateau`")
        text_of_metric = None
    if text_of_metric is not None:
        from lrviz.metric import metric_notes, read_metric

        metric = read_metric(text_of_metric, loop, names, fields.folder)
        notes = [*notes, *metric_notes(metric, loop.scheduler_calls)]
    if own and not name:
        name = f"{call} @ {', '.join(f'{k}={v}' for k, v in own.items())}"
    return RunSpec(
        call,
        loop,
        groups,
        optimizer,
        metric,
        fields.show_momentum,
        name,
        tuple(filled),
        tuple(dict.fromkeys(notes)),
    )


def read_runs(
    texts: Sequence[str], fields: Fields, labels: Sequence[str] = (), max_curves: int = MAX_CURVES
) -> list[RunSpec]:
    """The RunSpecs of several schedulers; braces in one make a curve for every combination of their values.

    Args:
        texts: As for `read_run`, with sweeps.
        fields: The fields of every run, which a text's own `@` overrides.
        labels: Labels for the first texts; a sweep's curves add what varies.
        max_curves: More curves than this are refused.

    Raises:
        UsageError: too many curves or labels; and all that `read_run` raises.
    """
    if len(labels) > len(texts):
        raise UsageError(
            f"{len(labels)} labels for {count(len(texts), 'scheduler')}", "give `--label` once for each, in order"
        )
    fields = replace(fields, shared=True)
    sweeps = [Sweep.of(text) for text in texts]
    total = sum(sweep.size for sweep in sweeps)
    if total > max_curves:
        raise UsageError(
            f"{total:,} curves are too many to tell apart; the limit is {max_curves}",
            f"`--max-curves {total}` lifts it",
        )
    runs = []
    for sweep, label in zip(sweeps, [*labels, *[""] * len(sweeps)], strict=False):
        for text, varied in sweep:
            run = read_run(text, fields, name=label if not varied else "")
            if varied:
                head = label or ("" if len(texts) == 1 else getattr(run.scheduler, "name", str(run.scheduler)))
                run = replace(run, name=f"{head} {varied}".strip())
            runs.append(run)
    return runs


def split_fields(text: str) -> tuple[str, dict[str, str]]:
    """A scheduler's text and the fields after its `@`.

    Raises:
        UsageError: a field is unknown, has no value, or is given twice.
    """
    at = _outside(text, "@")
    if at is None:
        return text, {}
    own: dict[str, str] = {}
    for part in split(text[at + 1 :]):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        key = name.replace("-", "_")
        if not equals or not value:
            raise UsageError(f"`@` wants NAME=VALUE, got `{part.strip()}`", "such as `cosine @ lr=3e-4, epochs=8`")
        if key not in FIELDS:
            raise UsageError(f"a run has no field `{name}`", f"after `@` may stand {', '.join(FIELDS)}")
        if key in own:
            raise UsageError(f"`{name}` is given twice after `@`")
        own[key] = value
    return text[:at].strip(), own


@dataclass(frozen=True)
class Sweep:
    """A text with braces, as its pieces: plain text, and lists of alternatives with what they are called."""

    pieces: tuple[str, ...]
    choices: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @classmethod
    def of(cls, text: str) -> Sweep:
        """Find the braces of a text.

        Raises:
            UsageError: braces are empty, nested, or not closed.
        """
        pieces, choices = [""], []
        rest = text
        while (opening := _outside(rest, "{", any_depth=True)) is not None:
            if _DICT_KEY.match(rest, opening + 1):  # not a sweep, but what Lightning wants returned
                pieces[-1] += rest[: opening + 1]
                rest = rest[opening + 1 :]
                continue
            closing = rest.find("}", opening)
            inside = rest[opening + 1 : closing]
            if closing < 0 or "{" in inside:
                raise UsageError(f"braces are {'nested' if '{' in inside else 'not closed'} in `{text:.80}`")
            values = tuple(part.strip() for part in split(inside))
            if not all(values):
                raise UsageError(f"empty braces in `{text:.80}`", "such as `cosine(T_max={16,32})`")
            pieces[-1] += rest[:opening]
            named = re.search(r"([\w.]+)\s*=\s*$", pieces[-1])
            choices.append((named[1] if named else "", values))
            pieces.append("")
            rest = rest[closing + 1 :]
        pieces[-1] += rest
        return cls(tuple(pieces), tuple(choices))

    @property
    def size(self) -> int:
        """How many texts there are."""
        return prod(len(values) for _, values in self.choices)

    def __iter__(self) -> Any:
        for combination in itertools.product(*(values for _, values in self.choices)):
            text = "".join(a + b for a, b in itertools.zip_longest(self.pieces, combination, fillvalue=""))
            named = zip(self.choices, combination, strict=True)
            yield text, ", ".join(f"{name}={value}" if name else value for (name, _), value in named)


def _outside(text: str, wanted: str, any_depth: bool = False) -> int | None:
    """Where a character stands outside of quotes, and of brackets too unless `any_depth`."""
    depth, quote = 0, ""
    for at, character in enumerate(text):
        if quote:  # a comment is quoted by its `#` and the end of its line
            quote = "" if character == ("\n" if quote == "#" else quote) else quote
        elif character in "'\"#":
            quote = character
        elif character == wanted and (any_depth or depth == 0):
            return at
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
    return None
