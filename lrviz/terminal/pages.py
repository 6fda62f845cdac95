"""The list of schedulers, and the page of each scheduler."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lrviz.schedulers import FORMULA_LEGEND, Parameter, Scheduler
from lrviz.terminal.messages import Screen
from lrviz.text import format_rate

_MAX_WIDTH: Final = 100  # columns; longer lines are hard to read
_NARROW: Final = 72  # columns; narrower terminals get lists instead of tables
_NAME: Final = "cyan"


def print_page(info: Scheduler, screen: Screen | None = None) -> None:
    """Print the page of a scheduler: formula, parameters, uses and common mistakes."""
    screen = screen or Screen()
    with screen.capture() as page:
        _print_sections(info, screen, min(screen.width, _MAX_WIDTH))
    # rich pads lines with spaces to the width of the terminal.
    screen.file.write("".join(f"{line.rstrip()}\n" for line in page.get().splitlines()))


def _print_sections(info: Scheduler, screen: Screen, width: int) -> None:
    made_by = f"a {info.class_name} of {info.module}" if info.notation else info.module
    screen.print(Text.assemble((info.attribute, "bold"), "  ", (made_by, "dim")), width=width)
    screen.print(Text.assemble((info.short, _NAME), f": {info.summary}"), width=width)
    for title, body in _sections(info, width):
        screen.print()
        screen.print(Text(title, "bold"), width=width)
        if isinstance(body, Text) and body.plain.startswith("https://"):
            screen.print(Text(f"  {body.plain}"), soft_wrap=True)  # a URL must not be wrapped
        else:
            screen.print(Padding(body, (0, 0, 0, 2)), width=width)


def _sections(info: Scheduler, width: int) -> Iterator[tuple[str, RenderableType]]:
    yield "Formula", Text.assemble(info.formula, "\n", (FORMULA_LEGEND, "dim"))
    yield "Parameters", (_parameter_list if width < _NARROW else _parameter_table)(info.parameters)
    follows = [f"{p.name} = {p.follows}" for p in info.parameters if p.follows]
    if follows:
        yield "From the run, when left out", Text("\n".join(follows))
    yield "When to use it", Text(info.use)
    yield "What to watch out for", _list(info.cautions)
    yield "Past its end", Text(info.past_end)
    if info.notation:
        yield "Stands for", Text(info.notation)
    if info.example:
        yield "Example", Text(info.example)
    if info.family != "torch":
        yield "Package", Text(f"{info.package}: `pip install {info.package}`")
    yield "Source", Text(info.source)


def _parameter_table(parameters: Sequence[Parameter]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    for p in parameters:
        table.add_row(Text(p.name, _NAME), _default(p), _help(p))
    return table


def _parameter_list(parameters: Sequence[Parameter]) -> Table:
    table = Table.grid()
    for p in parameters:
        table.add_row(Text.assemble((p.name, _NAME), "  ", _default(p)))
        table.add_row(Padding(_help(p), (0, 0, 0, 2)))
    return table


def _default(parameter: Parameter) -> Text:
    """The default of a parameter."""
    if parameter.follows:
        return Text("from the run", "italic")
    if parameter.required:
        return Text("required", "bold")
    default = parameter.default
    if isinstance(default, float) and float(short := format_rate(default, 6)) == default:
        return Text(short)
    return Text(default if isinstance(default, str) else repr(default))


def _help(parameter: Parameter) -> Text:
    """The help line of a parameter, and its limits."""
    limits = f"  [{parameter.limits}]" if parameter.limits else ""
    return Text.assemble(parameter.help, (limits, "dim"))


def _list(sentences: Sequence[str]) -> Table:
    table = Table.grid(padding=(0, 1, 0, 0))
    for sentence in sentences:
        table.add_row("-", Text(sentence))
    return table
