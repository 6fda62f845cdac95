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
from pathlib import Path
from typing import Any, Final

from lrviz.errors import SpecError, UsageError
from lrviz.notation import one_budget
from lrviz.spec.reading import Fields, find_outside, read_all
from lrviz.spec.run import MAX_UPDATES, RunSpec
from lrviz.spec.values import split_commas
from lrviz.text import count, printable

MAX_CURVES: Final = 24  # by default
MOST_CURVES: Final = 1_000  # at all
MOST_CHARACTERS: Final = 300_000  # of all curves' notation, which takes a second to read
_MOST_GROUPS: Final = 10_000  # each has a line in a figure
_MOST_COMBINATIONS: Final = 10**12  # far more than anyone means; a larger number would take long to print
# The start of a dictionary or a comprehension, rather than of values that may be lambdas.
_DICT: Final = re.compile(r"\s*(?:\*\*|(?!lambda\b)[^,:{}]{1,100}:|[^,:{}]{1,100}\bfor\b)")
_EMPTY: Final = re.compile(r"(?:args|options|config) ?= ?$|\bor $")  # before an empty dictionary
_SEVERAL: Final = re.compile(r"[;\n]\s*\S")  # statements


@one_budget()
def read_runs(
    texts: Sequence[str], fields: Fields, labels: Sequence[str] = (), max_curves: int = MAX_CURVES
) -> list[RunSpec]:
    """The RunSpecs of several schedulers; braces in one give a curve for every combination of their values.

    Args:
        texts: As for `read_run`, with sweeps.
        fields: The fields of every run, which the `@` of a text overrides.
        labels: Labels for the first texts; the curves of a sweep add the values that vary.
        max_curves: More curves than this, or than `MOST_CURVES`, are refused.

    Raises:
        UsageError: too many curves or labels, or too much notation; also the errors of `read_run`.
        SpecError: the curves have over `MAX_UPDATES` rates, or too many parameter groups, together.
    """
    if len(labels) > len(texts):
        raise UsageError(
            f"{len(labels)} labels for {count(len(texts), 'scheduler')}", "give `--label` once for each, in order"
        )
    fields = replace(fields, shared=True)
    sweeps = [Sweep.of(text) for text in texts]
    total = sum(sweep.size for sweep in sweeps)
    limit = min(max_curves, MOST_CURVES)
    if total > limit:
        raises = f"{total}` raises it" if total <= MOST_CURVES else f"N` raises it up to {MOST_CURVES:,}"
        raise UsageError(
            f"{total:,} curves are too many to tell apart; the limit is {limit:,}", f"`--max-curves {raises}"
        )
    runs: list[RunSpec] = []
    characters = rates = groups = 0
    for sweep, label in zip(sweeps, [*labels, *[""] * len(sweeps)], strict=False):
        for text, varied in sweep:
            characters += len(text)
            if characters > MOST_CHARACTERS and total > 1:
                raise UsageError(
                    f"the notation of {total:,} curves is over {MOST_CHARACTERS:,} characters long",
                    "draw fewer curves, or leave out lines that they do not use",
                )
            for run in read_all(text, fields, name=label if not varied else ""):
                rates += run.loop.updates * len(run.groups)
                groups += len(run.groups)
                _check_size(total, rates, groups)
                prefix = label or ("" if len(texts) == 1 else Path(run.origin).stem if run.origin else run.names)
                name = f"{prefix} {varied}".strip()
                runs.append(replace(run, name=name, derived=not label) if varied else run)
    return runs


def _check_size(curves: int, rates: int, groups: int) -> None:
    """Refuse curves with too many rates or parameter groups together."""
    if rates > MAX_UPDATES:
        raise SpecError(
            f"the {curves:,} curves have over {MAX_UPDATES:,} rates together",
            "shorter runs have the same shape: scale the steps and the schedulers' parameters down together",
        )
    if groups > _MOST_GROUPS:
        raise SpecError(
            f"the {curves:,} curves have over {_MOST_GROUPS:,} parameter groups together", "draw fewer curves"
        )


@dataclass(frozen=True)
class Sweep:
    """A text with braces, split into plain text and lists of values, each with the name of its parameter."""

    pieces: tuple[str, ...]
    choices: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @classmethod
    def of(cls, text: str) -> Sweep:
        """Find the braces of a text.

        Raises:
            UsageError: braces are empty, nested, or not closed, or make far too many texts.
        """
        pieces: list[str] = []
        choices: list[tuple[str, tuple[str, ...]]] = []
        start = searched = 0  # of the piece, and of the search for the next brace
        size = 1
        while (opening := find_outside(text, "{", any_depth=True, start=searched)) is not None:
            closing = text.find("}", opening)
            inside = text[opening + 1 : closing]
            empty = closing >= 0 and not inside.strip()
            if _DICT.match(text, opening + 1) or (
                empty and (_SEVERAL.search(text) or _EMPTY.search(text[max(opening - 10, 0) : opening]))
            ):
                searched = opening + 1  # not a sweep, but a dictionary of a script
                continue
            if closing < 0 or "{" in inside:
                raise UsageError(f"braces are {'nested' if '{' in inside else 'not closed'} in `{printable(text, 80)}`")
            values = tuple(part.strip() for part in split_commas(inside))
            if not all(values):
                raise UsageError(f"empty braces in `{printable(text, 80)}`", "such as `cosine(T_max={16,32})`")
            size *= len(values)
            if size > _MOST_COMBINATIONS:
                raise UsageError(f"the braces in `{text:.80}` make over {_MOST_COMBINATIONS:,} curves")
            pieces.append(text[start:opening])
            choices.append((_assigned_name(pieces[-1]), values))
            start = searched = closing + 1
        return cls((*pieces, text[start:]), tuple(choices))

    @property
    def size(self) -> int:
        """The number of texts."""
        return prod(len(values) for _, values in self.choices)

    def __iter__(self) -> Any:
        for combination in itertools.product(*(values for _, values in self.choices)):
            text = "".join(a + b for a, b in itertools.zip_longest(self.pieces, combination, fillvalue=""))
            varied = zip(self.choices, combination, strict=True)
            yield text, ", ".join(f"{name}={value}" if name else value for (name, _), value in varied)


def _assigned_name(text: str) -> str:
    """The name before an `=` at the end of a text, `lr` of `cosine @ lr=`; empty if there is none."""
    left, equals, right = text.rpartition("=")
    if not equals or right.strip():
        return ""
    found = re.match(r"[\w.]*", left.rstrip()[::-1])  # from the end, as a search for the start takes quadratic time
    return found[0][::-1] if found else ""
