"""Help pages: the use of a command, the parameters of a scheduler, and the options in panels."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from lrviz.cli.options import FIGURE_PANEL, OUTPUT_PANEL, RUN_PANEL, SCRIPT_PANEL, scheduler_options
from lrviz.text import draws_unicode

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from lrviz.schedulers import Scheduler

_MAX_WIDTH: Final = 100
_NARROW: Final = 72  # columns below which the help of an option is printed under it
_LONG: Final = 30  # columns of an option and its values, above which the values are printed under it
_PARAMETERS: Final = "Parameters of "
_TYPER_HELP: Final = {
    "install_completion": "set up completion in this shell",
    "show_completion": "print the completion script of this shell",
    "help": "show this page",
}
Row = tuple[str, str, str, str]  # flags, metavar, help, default


def group_page(command: Any, ctx: Any, commands: Mapping[str, str]) -> str:
    """The page of `lrviz --help`; `commands` maps names to descriptions."""
    rows: list[Row] = [(name, "", text, "") for name, text in commands.items()]
    return _render(
        f"{ctx.command_path} COMMAND ...",
        command.help or "",
        [("Commands", rows), ("Options", [_row(p, ctx) for p in command.get_params(ctx)])],
        "`lrviz COMMAND --help` describes a command; `lrviz plot SCHEDULER --help` lists a scheduler's parameters",
    )


def command_page(command: Any, ctx: Any, info: Scheduler | None) -> str:
    """The page of one command; the parameters of a scheduler come first."""
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
        rows = [(o.flags, o.metavar, o.help, o.default) for o in scheduler_options(info)]
        sections.append((f"{_PARAMETERS}{info.name}", rows))
        panels.pop(SCRIPT_PANEL, None)
        closing = f"`lrviz schedulers {info.short}` describes its uses and pitfalls"
    elif takes_scheduler:
        from lrviz import schedulers

        closing = (
            f"schedulers: {' '.join(s.short for s in (*schedulers.all_schedulers(), *schedulers.compositions()))}\n"
            f"`lrviz {ctx.info_name} SCHEDULER --help` lists a scheduler's parameters"
        )
    order = [RUN_PANEL, SCRIPT_PANEL, FIGURE_PANEL, OUTPUT_PANEL]
    sections += sorted(panels.items(), key=lambda item: order.index(item[0]) if item[0] in order else len(order))
    return _render(
        " ".join(filter(None, (ctx.command_path, usage, "[OPTIONS]"))), command.help or "", sections, closing
    )


def _row(parameter: Any, ctx: Any) -> Row:
    flags = ", ".join(sorted(parameter.opts, key=len))
    metavar = parameter.metavar or ""
    default = parameter.show_default if isinstance(parameter.show_default, str) else ""
    return flags, metavar, _TYPER_HELP.get(str(parameter.name), parameter.help or ""), default


def _render(usage: str, text: str, sections: list[tuple[str, list[Row]]], closing: str) -> str:
    from rich.console import Console
    from rich.text import Text

    buffer = io.StringIO()
    terminal = Console()
    console = Console(
        file=buffer,
        width=min(terminal.width, _MAX_WIDTH),
        force_terminal=terminal.is_terminal,
        color_system=terminal.color_system,  # type: ignore[arg-type] # rich types the argument more narrowly
        highlight=False,
        emoji=False,
    )
    console.print(Text.assemble(("usage: ", "bold"), usage))
    if text:
        console.print()
        console.print(Text(text))
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
    from rich.padding import Padding
    from rich.panel import Panel
    from rich.table import Table

    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    if width < _NARROW:
        for row in rows:
            flags, text = _cells(row, narrow=True)
            table.add_row(flags)
            table.add_row(Padding(text, (0, 0, 0, 2)))
    else:
        table.add_column(no_wrap=True)
        table.add_column(ratio=1)
        for row in rows:
            table.add_row(*_cells(row, narrow=False))
    if len(title) + 6 > width:
        title = title.removeprefix(_PARAMETERS)
    frame = box.ROUNDED if draws_unicode(sys.stdout) else box.ASCII
    return Panel(table, title=title, title_align="left", border_style="dim", box=frame)


def _cells(row: Row, *, narrow: bool) -> tuple[Text, Text]:
    """The option, and its help; a long list of values is on a second line unless the page is narrow."""
    from rich.text import Text

    flags, metavar, text, default = row
    first = Text(flags, style="cyan")
    if metavar:
        separator = "\n  " if not narrow and len(flags) + len(metavar) >= _LONG else " "
        first.append(f"{separator}{metavar}", style="dim")
    second = Text(text)
    if default:
        second.append(f"  [{default}]", style="dim")
    return first, second
