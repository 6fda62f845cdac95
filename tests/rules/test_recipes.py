"""Published recipes: the rules find nothing wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tests.rules.checking import findings
from tests.rules.rows import rows_of, text_of

RECIPES: Final = rows_of("recipes")
_PARTS: Final = 8  # tests that run beside each other


@pytest.mark.parametrize("part", range(_PARTS))
def test_a_published_recipe_has_no_finding(part: int, tmp_path: Path) -> None:
    found = [
        f"{name}: {finding.code} {finding.message}"
        for name, row in list(RECIPES.items())[part::_PARTS]
        for finding in findings(text_of(row, tmp_path))
        if finding.severity != "note"
    ]
    assert not found, "\n".join(found)


def test_each_recipe_names_its_source() -> None:
    assert len(RECIPES) >= 120
    assert [name for name, row in RECIPES.items() if len(row["source"]) < 20] == []
