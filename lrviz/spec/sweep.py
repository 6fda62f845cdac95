"""Read several schedulers to `RunSpec`s, and sweeps: braces in a text give a curve for each value.

cosine(T_max={16,32})                       two curves
cosine(T_max={16,32}, eta_min={0,1e-4})     four
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any, Final

from lrviz.errors import UsageError
from lrviz.spec.reading import Fields, find_outside, read_run, split_commas
from lrviz.spec.run import RunSpec
from lrviz.text import count

MAX_CURVES: Final = 24
_DICT_KEY: Final = re.compile(r"""\s*(['"])\w+\1\s*:""")


def read_runs(
    texts: Sequence[str], fields: Fields, labels: Sequence[str] = (), max_curves: int = MAX_CURVES
) -> list[RunSpec]:
    """The RunSpecs of several schedulers; braces in one give a curve for every combination of their values.

    Args:
        texts: As for `read_run`, with sweeps.
        fields: The fields of every run, which the `@` of a text overrides.
        labels: Labels for the first texts; the curves of a sweep add the values that vary.
        max_curves: More curves than this are refused.

    Raises:
        UsageError: too many curves or labels; also the errors of `read_run`.
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
            f"`--max-curves {total}` raises it",
        )
    runs = []
    for sweep, label in zip(sweeps, [*labels, *[""] * len(sweeps)], strict=False):
        for text, varied in sweep:
            run = read_run(text, fields, name=label if not varied else "")
            if varied:
                prefix = label or ("" if len(texts) == 1 else getattr(run.scheduler, "name", str(run.scheduler)))
                run = replace(run, name=f"{prefix} {varied}".strip(), derived=not label)
            runs.append(run)
    return runs


@dataclass(frozen=True)
class Sweep:
    """A text with braces, split into plain text and lists of values, each with the name of its parameter."""

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
        while (opening := find_outside(rest, "{", any_depth=True)) is not None:
            if _DICT_KEY.match(rest, opening + 1):  # not a sweep, but a dictionary returned to Lightning
                pieces[-1] += rest[: opening + 1]
                rest = rest[opening + 1 :]
                continue
            closing = rest.find("}", opening)
            inside = rest[opening + 1 : closing]
            if closing < 0 or "{" in inside:
                raise UsageError(f"braces are {'nested' if '{' in inside else 'not closed'} in `{text:.80}`")
            values = tuple(part.strip() for part in split_commas(inside))
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
        """The number of texts."""
        return prod(len(values) for _, values in self.choices)

    def __iter__(self) -> Any:
        for combination in itertools.product(*(values for _, values in self.choices)):
            text = "".join(a + b for a, b in itertools.zip_longest(self.pieces, combination, fillvalue=""))
            varied = zip(self.choices, combination, strict=True)
            yield text, ", ".join(f"{name}={value}" if name else value for (name, _), value in varied)
