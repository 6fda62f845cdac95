"""The lists of the schedulers of torch and of other packages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lrviz.schedulers import Family, Scheduler
from lrviz.terminal.messages import Screen, bars
from lrviz.text import draws_unicode

_MAX_WIDTH: Final = 100  # columns; longer lines are hard to read
_NARROW: Final = 72  # columns; narrower terminals get no table
_BARS: Final = 12  # of a curve
_NAME: Final = "cyan"


def print_catalogue(torch: Family, families: Sequence[tuple[Family, bool]] = (), screen: Screen | None = None) -> None:
    """Print the schedulers of torch and of packages that are installed, and how to install the others.

    Args:
        torch: The schedulers of torch.
        families: Each other family, and whether its package is installed.
        screen: Where to print; stdout if None.
    """
    screen = screen or Screen()
    for family in (torch, *(family for family, installed in families if installed)):
        if family is not torch:
            screen.print()
        screen.print(Text(family.title, "bold"))
        _print_schedulers(family, screen, summaries=family is torch or not screen.at_terminal)
    missing = [family for family, installed in families if not installed]
    if missing:
        screen.print()
        screen.print(Text("not installed", "bold"))
    width = max((len(family.title) for family in missing), default=0)
    for family in missing:
        shorts = [s.short for s in family.schedulers]
        shown = f"{', '.join(shorts[:2])} and {len(shorts) - 2} more" if len(shorts) > 3 else ", ".join(shorts)
        row = Text(f"`pip install {family.install}`: {shown}")
        if screen.at_terminal and screen.width >= _NARROW:
            table = Table.grid(padding=(0, 2, 0, 0))
            table.add_column(no_wrap=True, width=width)
            table.add_column(overflow="fold")  # of an address nothing may be left out
            table.add_row(Text(family.title, _NAME), row)
            screen.print(table, width=min(screen.width, _MAX_WIDTH))
        else:
            line = Text.assemble((f"{family.title:{width}}", _NAME), "  ", row)
            screen.print(line, soft_wrap=not screen.at_terminal)
    if screen.at_terminal:
        screen.print()
        screen.print(Text("`lrviz schedulers NAME` describes one scheduler, or the schedulers of a package"))


def print_family(family: Family, installed: bool, screen: Screen | None = None) -> None:
    """Print what is said of a package, and its schedulers with their summaries."""
    screen = screen or Screen()
    width = min(screen.width, _MAX_WIDTH)
    state = "installed" if installed else f"not installed: `pip install {family.install}`"
    screen.print(Text.assemble((family.title, "bold"), "  ", (state, "dim")), soft_wrap=True)
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
            parts = [Text(s.short, _NAME), Text(drawn.get(s.short, "")), Text(_made(s), "dim")]
            if width >= _NARROW:
                table = Table.grid(padding=(0, 2, 0, 0))
                table.add_column(no_wrap=True, width=max(len(s.short) for s in family.schedulers))
                table.add_column(no_wrap=True, width=_BARS)
                table.add_column(overflow="fold")
                table.add_row(*parts)
                screen.print(table, width=width)
            else:
                screen.print(Text("  ").join(parts), width=width)
            if summaries:
                screen.print(Padding(Text(s.summary), (0, 0, 0, 2)), width=width)
        return
    short = max(len(s.short) for s in family.schedulers)
    name = max(len(_made(s)) for s in family.schedulers)
    for s in family.schedulers:
        curve = f"{drawn.get(s.short, ''):{_BARS}}"
        line = Text.assemble((f"{s.short:{short}}", _NAME), f"  {curve}  {_made(s):{name}}  {s.summary}")
        screen.print(line, soft_wrap=True)


def _made(scheduler: Scheduler) -> str:
    """The class or function that makes a scheduler."""
    return scheduler.class_name if scheduler.notation else scheduler.attribute
