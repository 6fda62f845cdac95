"""The list of schedulers, and the page about each: the catalogue as a person or a program reads it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lrviz.catalogue import FORMULA_LEGEND
from lrviz.numbers import format_rate
from lrviz.screen import Screen

if TYPE_CHECKING:
    from rich.console import RenderableType

    from lrviz.catalogue import Parameter, Scheduler

_WIDEST: Final = 100  # columns that are pleasant to read
_NARROW: Final = 72  # columns below which what stands side by side is stacked
_NAME: Final = "cyan"


def print_catalogue(schedulers: Sequence[Scheduler], screen: Screen | None = None) -> None:
    """Print short name, class and summary of each: folded to the terminal, or a line each for a program."""
    screen = screen or Screen()
    if not screen.at_terminal:
        short, name = (max(len(getattr(s, field)) for s in schedulers) for field in ("short", "name"))
        for s in schedulers:
            screen.print(
                Text.assemble((f"{s.short:{short}}", _NAME), f"  {s.name:{name}}  {s.summary}"), soft_wrap=True
            )
        return
    width = min(screen.width, _WIDEST)
    if width < _NARROW:
        for s in schedulers:
            screen.print(Text.assemble((s.short, _NAME), "  ", (s.name, "dim")))
            screen.print(Padding(Text(s.summary), (0, 0, 0, 2)), width=width)
    else:
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True)
        for s in schedulers:
            table.add_row(Text(s.short, _NAME), Text(s.name, "dim"), Text(s.summary))
        screen.print(table, width=width)
    screen.print()
    screen.print(Text("`lrviz schedulers NAME` tells all about one"), width=width)


def print_page(info: Scheduler, screen: Screen | None = None) -> None:
    """Print all there is to know about a scheduler: what it does and how, its parameters, its uses and traps."""
    screen = screen or Screen()
    with screen.capture() as page:
        _page(info, screen, min(screen.width, _WIDEST))
    # What rich fills up to the width of the terminal is of no use to anyone.
    screen.file.write("".join(f"{line.rstrip()}\n" for line in page.get().splitlines()))


def _page(info: Scheduler, screen: Screen, width: int) -> None:
    screen.print(Text.assemble((info.name, "bold"), "  ", (info.module, "dim")), width=width)
    screen.print(Text.assemble((info.short, _NAME), f": {info.summary}"), width=width)
    for title, body in _sections(info, width):
        screen.print()
        screen.print(Text(title, "bold"), width=width)
        if isinstance(body, Text) and body.plain.startswith("https://"):
            screen.print(Text(f"  {body.plain}"), soft_wrap=True)  # broken in two, an address is none
        else:
            screen.print(Padding(body, (0, 0, 0, 2)), width=width)


def _sections(info: Scheduler, width: int) -> Iterator[tuple[str, RenderableType]]:
    yield "Formula", Text.assemble(info.formula, "\n", (FORMULA_LEGEND, "dim"))
    yield "Parameters", (_stacked if width < _NARROW else _side_by_side)(info.parameters)
    follows = [f"{p.name} = {p.follows}" for p in info.parameters if p.follows]
    if follows:
        yield "From the run, when left out", Text("\n".join(follows))
    yield "When to use it", Text(info.use)
    yield "What to watch out for", _list(info.cautions)
    yield "Past its end", Text(info.past_end)
    if info.example:
        yield "Example", Text(info.example)
    yield "Source", Text(info.source)


def _side_by_side(parameters: Sequence[Parameter]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    for p in parameters:
        table.add_row(Text(p.name, _NAME), _default(p), _help(p))
    return table


def _stacked(parameters: Sequence[Parameter]) -> Table:
    table = Table.grid()
    for p in parameters:
        table.add_row(Text.assemble((p.name, _NAME), "  ", _default(p)))
        table.add_row(Padding(_help(p), (0, 0, 0, 2)))
    return table


def _default(parameter: Parameter) -> Text:
    """What holds when the parameter is left out."""
    if parameter.follows:
        return Text("from the run", "italic")
    if parameter.required:
        return Text("required", "bold")
    default = parameter.default
    if isinstance(default, float) and float(short := format_rate(default, 6)) == default:
        return Text(short)
    return Text(default if isinstance(default, str) else repr(default))


def _help(parameter: Parameter) -> Text:
    """The one line of help, and the limits."""
    limits = f"  [{parameter.limits}]" if parameter.limits else ""
    return Text.assemble(parameter.help, (limits, "dim"))


def _list(sentences: Sequence[str]) -> Table:
    table = Table.grid(padding=(0, 1, 0, 0))
    for sentence in sentences:
        table.add_row("-", Text(sentence))
    return table
