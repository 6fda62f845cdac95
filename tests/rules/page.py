"""`python -m tests.rules.page` writes docs/rules.md and the snapshot of all texts."""

from __future__ import annotations

from lrviz.rules import rules_page
from tests.conftest import ROOT
from tests.rules.checking import example

PAGE = ROOT / "docs" / "rules.md"


def main() -> None:
    """Write the page."""
    PAGE.write_text(rules_page(example), encoding="utf-8")


if __name__ == "__main__":
    main()
