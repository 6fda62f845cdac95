"""The `lrviz` command: the list of commands, how a command line is parsed, and `main()`, which prints the errors.

A command's module is imported when the command is called.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from functools import cache
from importlib import import_module
from itertools import zip_longest
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from lrviz.errors import LrvizError, UsageError, memory_error

# The commands in the order of the help page: each is the function `command` of its module in `lrviz.cli.commands`.
COMMANDS: Final = {
    "plot": "Draw a schedule as a figure: PNG, SVG, PDF, JPEG or WebP.",
    "table": "Print the rate of every update, or write it to a file.",
    "show": "Draw a schedule in the terminal.",
    "compare": "Compare schedules: a figure, the numbers, or a chart in the terminal.",
    "check": "Say what is wrong with a schedule, and the fix: notation, a script or a preset.",
    "schedulers": "List the schedulers, or describe one in detail.",
    "presets": "List the shipped presets, or print one to copy and change.",
    "render": "Render a preset, shipped or a .toml file, into a folder, or check the folder.",
}


class _TextType:
    """Replaces Typer's conversion of text, which imports pydantic and doubles the start-up time."""

    def coerce(self, value: Any, **_: Any) -> Any:
        return value


def _without_pydantic(parameters: list[Any]) -> list[Any]:
    for parameter in parameters:
        if getattr(parameter, "_runtime_param", ...) is None:  # only in versions of Typer that import pydantic
            parameter._runtime_param = _TextType()
    return parameters


@contextmanager
def _typer_prints() -> Iterator[None]:
    """Handle a stdout that is closed or full in a block in which Typer prints to it."""
    from lrviz import files

    try:
        yield
    except BrokenPipeError:
        files.discard_stdout()
        raise typer.Exit from None
    except OSError as error:
        with files.stdout_errors():
            raise error


class Command(TyperCommand):
    """A command of lrviz, with text values and the help page of lrviz."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, without Typer's conversion."""
        return _without_pydantic(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments, and keep them: help and options depend on the scheduler in them."""
        flags = self.flags(args)
        if any(word.startswith("--") and word.partition("=")[0] not in flags for word in args):
            from lrviz.cli.spelling import spelled_options

            args = spelled_options(args, flags)
        args = self.with_hidden_flags(args)
        ctx.meta["lrviz.words"] = list(args)
        with _typer_prints():  # the help page
            return list(super().parse_args(ctx, args))

    def flags(self, args: list[str]) -> set[str]:
        """The options that the command has with these arguments."""
        return {"--help", *(flag for parameter in self.params for flag in parameter.opts)}

    def with_hidden_flags(self, args: list[str]) -> list[str]:
        """The arguments, with `--chart` of `compare` for its former name, `--show` without a value."""
        if not any(parameter.name == "chart" for parameter in self.params):
            return list(args)
        pairs = zip_longest(args, args[1:])
        return ["--chart" if word == "--show" and following != "momentum" else word for word, following in pairs]

    def get_help(self, ctx: Any) -> str:
        """The help page."""
        from lrviz.cli.help import command_page
        from lrviz.cli.options import named_scheduler

        return _with_colour(ctx, command_page(self, ctx, named_scheduler(ctx.meta["lrviz.words"])))

    def invoke(self, ctx: Any) -> Any:
        """Call the command; a closed pipe on stdout is not an error."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # handled here, since Typer would exit with status 1
            from lrviz.files import discard_stdout

            discard_stdout()
            return 0


class SchedulerCommand(Command):
    """A command that takes one scheduler, with the parameters of all schedulers as options."""

    def flags(self, args: list[str]) -> set[str]:
        """The options of the command, and those of the scheduler in the arguments."""
        flags = super().flags(args)
        if all(word.partition("=")[0] in flags for word in args if word.startswith("--")):
            return flags
        from lrviz.cli.options import flags_of, named_scheduler

        return flags | flags_of(named_scheduler(args))

    def get_params(self, ctx: Any) -> list[Any]:
        """The command's parameters and those of the schedulers.

        Only the parameters of the scheduler on the command line are created if they include every option there.
        """
        from lrviz.cli.options import named_scheduler, scheduler_parameters

        params = super().get_params(ctx)
        if "lrviz.parameters" not in ctx.meta:
            words = ctx.meta.get("lrviz.words", [])
            info = named_scheduler(words)
            given = {word.partition("=")[0] for word in words if word.startswith("--")}
            known = {flag for p in params for flag in p.opts}
            known |= {f"--{p.name}" for p in (info.parameters if info else ())}
            ctx.meta["lrviz.parameters"] = scheduler_parameters(info.name if info and given <= known else "")
        return [*params, *_without_pydantic(list(ctx.meta["lrviz.parameters"].values()))]

    def invoke(self, ctx: Any) -> Any:
        """Call the command with the schedulers' parameters in `ctx.obj`."""
        names = ctx.meta["lrviz.parameters"]
        ctx.obj = {name: value for name in names if (value := ctx.params.pop(name, None)) is not None}
        return super().invoke(ctx)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Complete options, without the parameters of other schedulers than the one named."""
        from lrviz.cli.options import named_scheduler

        items = super().shell_complete(ctx, incomplete)
        info = named_scheduler(ctx.params.get("scheduler") or [])
        parameters = {f"--{p.name}" for p in info.parameters} if info else set()
        others = {f"--{name}" for name in ctx.meta["lrviz.parameters"]} - parameters
        return [item for item in items if item.value not in others]


class Group(TyperGroup):
    """The `lrviz` command itself."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, without Typer's conversion."""
        return _without_pydantic(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments; Typer prints the help page or the version while it does."""
        with _typer_prints():
            return list(super().parse_args(ctx, args))

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name; None if there is no such command."""
        return _load(cmd_name) if cmd_name in COMMANDS else None

    def get_help(self, ctx: Any) -> str:
        """The help page."""
        from lrviz.cli.help import group_page

        return _with_colour(ctx, group_page(self, ctx, COMMANDS))


def _with_colour(ctx: Any, page: str) -> str:
    """The page, with its colours kept in a pipe if FORCE_COLOR is set; Typer would remove them."""
    ctx.color = True if "\x1b" in page else None
    return page


UsageProblem: type[Exception] = typer.BadParameter.__mro__[1]  # Typer has no public name for its usage errors


def _print_version(enabled: bool) -> None:
    if enabled:
        from importlib.metadata import version

        typer.echo(f"lrviz {version('lrviz')}")
        raise typer.Exit


Version = Annotated[bool, typer.Option("--version", help="print the version", callback=_print_version, is_eager=True)]

app = typer.Typer(
    cls=Group,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(help="See the learning rate of every update of a PyTorch training run, before the run.")
def lrviz(version: Version = False) -> None:
    """The group of commands."""


@cache
def _load(name: str) -> Any:
    """The command of that name, created by Typer from the function in its module."""
    function = import_module(f"lrviz.cli.commands.{name}").command
    takes_scheduler = "scheduler" in inspect.signature(function).parameters
    command_app = typer.Typer(add_completion=False, rich_markup_mode=None)
    command_app.command(name, cls=SchedulerCommand if takes_scheduler else Command, help=COMMANDS[name])(function)
    return typer.main.get_command(command_app)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status: 0 success, 1 differences found, 2 error, 130 Ctrl-C."""
    words = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    if words[0] not in COMMANDS and not words[0].startswith("-"):
        from lrviz.cli.spelling import with_command

        words = with_command(words, COMMANDS)
    command: Any = typer.main.get_command(app)
    try:
        with _typer_prints() if _completes(os.environ) else nullcontext():
            status = command.main(args=words, prog_name="lrviz", standalone_mode=False)
    except LrvizError as error:
        return _print_error(error)
    except UsageProblem as problem:
        from lrviz.cli.usage import usage_error

        return _print_error(usage_error(problem, words, list(COMMANDS)))
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if (shortage := memory_error(error)) is None:
            raise
        with suppress(OSError, ValueError, AttributeError):
            sys.stderr.write(f"error: {shortage.message}\n\nhint: {shortage.hint}\n")  # without rich, which needs more
        return shortage.exit_code
    return status if isinstance(status, int) else 0


_SHELLS: Final = ("bash", "zsh", "fish", "powershell", "pwsh")


def _completes(environment: Mapping[str, str]) -> bool:
    """Whether a shell's completion script called lrviz.

    Raises:
        UsageError: its variables have values that Typer cannot read.
    """
    request = environment.get("_LRVIZ_COMPLETE", "")
    if not request:
        return False
    action, _, shell = request.partition("_")
    if action not in ("complete", "source") or shell not in _SHELLS:
        raise UsageError(
            f"`_LRVIZ_COMPLETE` must be complete_SHELL or source_SHELL, got `{request}`",
            f"SHELL is one of {', '.join(_SHELLS)}; `lrviz --install-completion` sets up completion",
        )
    at = environment.get("COMP_CWORD", "")
    if request == "complete_bash" and not ("COMP_WORDS" in environment and at.isascii() and at.isdecimal()):
        raise UsageError(
            f"completion for bash needs `COMP_WORDS`, and a number in `COMP_CWORD`, got `{at}`",
            "`lrviz --install-completion bash` sets them up",
        )
    return True


def _print_error(error: LrvizError) -> int:
    from lrviz import terminal

    terminal.print_error(error)
    return error.exit_code
