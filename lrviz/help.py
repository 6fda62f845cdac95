"""Help pages: what a command is for, a scheduler's own parameters in one panel, lrviz's options in others."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any, Final

from lrviz.options import FIGURE_PANEL, OUTPUT_PANEL, RUN_PANEL, own_options
from lrviz.printable import draws_unicode

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from lrviz.catalogue import Scheduler

_MAX_WIDTH: Final = 100
_NARROW: Final = 72  # columns under which an option and its help do not stand side by side
_LONG: Final = 30  # columns of an option and its values, beyond which the values go below
_PARAMETERS: Final = "Parameters of "
_TYPERS_OWN: Final = {
    "install_completion": "set up completion in this shell",
    "show_completion": "print the completion script of this shell",
    "help": "show this page",
}
Row = tuple[str, str, str, str]  # flags, metavar, help, default


def group_page(command: Any, ctx: Any) -> str:
    """The page of `lrviz --help`."""
    rows: list[Row] = [
        (name, "", found.get_short_help_str(200), "")
        for name in command.list_commands(ctx)
        if (found := command.get_command(ctx, name)) and not found.hidden
    ]
    return _render(
        _usage(ctx, "COMMAND ..."),
        command.help or "",
        [("Commands", rows), ("Options", [_row(p, ctx) for p in command.get_params(ctx)])],
        "`lrviz COMMAND --help` tells more; `lrviz plot SCHEDULER --help` lists a scheduler's parameters",
    )


def command_page(command: Any, ctx: Any, info: Scheduler | None) -> str:
    """The page of one command; with a scheduler, that scheduler's parameters come first."""
    takes_scheduler = any(p.name == "scheduler" for p in command.params)
    panels: dict[str, list[Row]] = {}
    positional = []
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            positional.append(parameter)
        else:
            panel = getattr(parameter, "rich_help_panel", None) or OUTPUT_PANEL
            panels.setdefault(panel, []).append(_row(parameter, ctx))
    panels.setdefault(OUTPUT_PANEL, []).append(("--help", "", "show this page", ""))
    sections: list[tuple[str, list[Row]]] = []
    usage = " ".join(str(p.metavar or p.name).upper() for p in positional)
    closing = ""
    if info is not None and takes_scheduler:
        usage = info.short
        rows = [(o.flags, o.metavar, o.help, o.default) for o in own_options(info)]
        sections.append((f"{_PARAMETERS}{info.name}", rows))
        closing = f"`lrviz schedulers {info.short}` tells when to use it and what to watch out for"
    elif takes_scheduler:
        from lrviz import catalogue

        closing = (
            f"schedulers: {' '.join(s.short for s in catalogue.SCHEDULERS)}\n"
            f"`lrviz {ctx.info_name} SCHEDULER --help` lists a scheduler's own parameters"
        )
    order = [RUN_PANEL, FIGURE_PANEL, OUTPUT_PANEL]
    sections += sorted(panels.items(), key=lambda item: order.index(item[0]) if item[0] in order else len(order))
    return _render(_usage(ctx, f"{usage} [OPTIONS]".strip()), command.help or "", sections, closing)


def _usage(ctx: Any, rest: str) -> str:
    return f"{ctx.command_path} {rest}"


def _row(parameter: Any, ctx: Any) -> Row:
    flags = ", ".join(sorted(parameter.opts, key=len))
    metavar = parameter.metavar or ""
    default = parameter.show_default if isinstance(parameter.show_default, str) else ""
    return flags, metavar, _TYPERS_OWN.get(str(parameter.name), parameter.help or ""), default


def _render(usage: str, text: str, sections: list[tuple[str, list[Row]]], closing: str) -> str:
    from rich.console import Console
    from rich.text import Text

    buffer = io.StringIO()
    real = Console()
    console = Console(
        file=buffer,
        width=min(real.width, _MAX_WIDTH),
        force_terminal=real.is_terminal,
        color_system=real.color_system,  # type: ignore[arg-type] # rich's own value, which it types more narrowly
        highlight=False,
        emoji=False,
    )
    console.print(Text.assemble(("usage: ", "bold"), usage))
    for paragraph in (text,) if text else ():
        console.print()
        console.print(Text(paragraph))
    for title, rows in sections:
        if rows:
            console.print()
            console.print(_panel(title, rows, console.width))
    if closing:
        console.print()
        console.print(Text(closing))
    return "\n".join(line.rstrip() for line in buffer.getvalue().rstrip("\n").split("\n"))


def _panel(title: str, rows: list[Row], width: int) -> RenderableType:
    from rich import box
    from rich.panel import Panel
    from rich.table import Table

    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    if width < _NARROW:
        for row in rows:
            flags, words = _texts(row, beside=False)
            table.add_row(flags)
            table.add_row(_indented(words))
    else:
        table.add_column(no_wrap=True)
        table.add_column(ratio=1)
        for row in rows:
            table.add_row(*_texts(row, beside=True))
    if len(title) + 6 > width:
        title = title.removeprefix(_PARAMETERS)
    ascii_only = not draws_unicode(sys.stdout)
    frame = box.ASCII if ascii_only else box.ROUNDED
    return Panel(table, title=title, title_align="left", border_style="dim", box=frame)


def _texts(row: Row, *, beside: bool) -> tuple[Text, Text]:
    """The option and what it does; a long list of values goes on a line of its own beside the help."""
    from rich.text import Text

    flags, metavar, words, default = row
    first = Text(flags, style="cyan")
    if metavar:
        apart = "\n  " if beside and len(flags) + len(metavar) >= _LONG else " "
        first.append(f"{apart}{metavar}", style="dim")
    second = Text(words)
    if default:
        second.append(f"  [{default}]", style="dim")
    return first, second


def _indented(text: Text) -> RenderableType:
    from rich.padding import Padding

    return Padding(text, (0, 0, 0, 2))
