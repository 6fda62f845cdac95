"""Mistakes of public threads: a rule finds each of them, with its cause."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from lrviz.rules import all_rules
from tests.rules.checking import findings
from tests.rules.rows import rows_of, text_of

MISTAKES: Final = rows_of("mistakes")
_PARTS: Final = 4  # tests that run beside each other


@pytest.mark.parametrize("part", range(_PARTS))
def test_a_mistake_is_found(part: int, tmp_path: Path) -> None:
    missed = []
    for name, row in list(MISTAKES.items())[part::_PARTS]:
        found = {f.code for f in findings(text_of(row, tmp_path)) if f.severity != "note" or row.get("note")}
        if found.isdisjoint(row["codes"]):
            missed.append(f"{name}: {row['codes']} expected, {sorted(found)} found: {row['wrong']}")
    assert not missed, "\n".join(missed)


def test_the_codes_of_the_mistakes_are_those_of_rules() -> None:
    rules = {rule.code for rule in all_rules()}
    assert {code for row in MISTAKES.values() for code in row["codes"]} <= rules
