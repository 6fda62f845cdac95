"""The lists of the schedulers of other packages than torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lrviz.schedulers import Family
from lrviz.terminal.messages import Screen, bars
from lrviz.text import draws_unicode

_MAX_WIDTH: Final = 100  # columns; longer lines are hard to read
_NARROW: Final = 72  # columns; narrower terminals get no table
_BARS: Final = 12  # of a curve
_NAME: Final = "cyan"


def print_families(families: Sequence[tuple[Family, bool]], screen: Screen | None = None) -> None:
    """Print the schedulers of the packages that are installed, and how to install the others.

    Args:
        families: Each family, and whether its package is installed.
        screen: Where to print; stdout if None.
    """
    screen = screen or Screen()
    for family, installed in families:
        if installed:
            screen.print()
            screen.print(Text(family.install, "bold"))
            _print_schedulers(family, screen, summaries=not screen.at_terminal)
    missing = [family for family, installed in families if not installed]
    if missing:
        screen.print()
        screen.print(Text("not installed", "bold"))
    width = max((len(family.install) for family in missing), default=0)
    for family in missing:
        shorts = [s.short for s in family.schedulers]
        shown = f"{', '.join(shorts[:2])} and {len(shorts) - 2} more" if len(shorts) > 3 else ", ".join(shorts)
        line = Text.assemble((f"{family.install:{width}}", _NAME), f"  `pip install {family.install}`: {shown}")
        screen.print(line, soft_wrap=not screen.at_terminal)


def print_family(family: Family, installed: bool, screen: Screen | None = None) -> None:
    """Print what is said of a package, and its schedulers with their summaries."""
    screen = screen or Screen()
    width = min(screen.width, _MAX_WIDTH)
    state = "installed" if installed else f"not installed: `pip install {family.install}`"
    screen.print(Text.assemble((family.install, "bold"), "  ", (state, "dim")), soft_wrap=True)
    screen.print(Text(family.help), width=width)
    screen.print()
    _print_schedulers(family, screen, summaries=True)
    if family.source:
        screen.print()
        screen.print(Text(family.source), soft_wrap=True)


def _print_schedulers(family: Family, screen: Screen, *, summaries: bool) -> None:
    """Print short name, curve, name and summary of each: a line each, with the summary below it on a terminal."""
    ascii = not draws_unicode(screen.file)
    drawn = {short: bars(curve, _BARS, ascii=ascii) for short, curve in family.curves.items()}
    if screen.at_terminal:
        width = min(screen.width, _MAX_WIDTH)
        for s in family.schedulers:
            table = Table.grid(padding=(0, 2, 0, 0))
            if width >= _NARROW:
                table.add_column(no_wrap=True, width=max(len(s.short) for s in family.schedulers))
                table.add_column(no_wrap=True, width=_BARS)
            table.add_row(Text(s.short, _NAME), Text(drawn.get(s.short, "")), Text(s.attribute, "dim"))
            screen.print(table, width=width)
            if summaries:
                screen.print(Padding(Text(s.summary), (0, 0, 0, 2)), width=width)
        return
    short, name = (max(len(getattr(s, field)) for s in family.schedulers) for field in ("short", "attribute"))
    for s in family.schedulers:
        curve = f"{drawn.get(s.short, ''):{_BARS}}"
        line = Text.assemble((f"{s.short:{short}}", _NAME), f"  {curve}  {s.attribute:{name}}  {s.summary}")
        screen.print(line, soft_wrap=True)
