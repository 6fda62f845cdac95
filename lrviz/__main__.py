"""`python -m lrviz` is the `lrviz` command."""

from __future__ import annotations

from lrviz.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
