"""Published recipes: the rules find nothing wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from lrviz.rules import check_run
from tests.rules.checking import simulated
from tests.rules.rows import rows_of, text_of

RECIPES: Final = rows_of("recipes")
_PARTS: Final = 8  # tests that run beside each other


def _complaints(text: str) -> list[str]:
    """What is wrong with a run: that it has no rates, or the findings from warnings on."""
    run = simulated(text)
    if run[2] is not None:
        return [run[2].message]
    found = check_run(*run)
    return [f"{f.code} {f.message}" for f in found if f.severity != "note"]


@pytest.mark.parametrize("part", range(_PARTS))
def test_a_published_recipe_has_no_finding(part: int, tmp_path: Path) -> None:
    found = [
        f"{name}: {complaint}"
        for name, row in list(RECIPES.items())[part::_PARTS]
        for complaint in _complaints(text_of(row, tmp_path))
    ]
    assert not found, "\n".join(found)


def test_each_recipe_names_its_source() -> None:
    assert len(RECIPES) >= 120
    assert [name for name, row in RECIPES.items() if len(row["source"]) < 20] == []
