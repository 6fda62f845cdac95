"""How a command line becomes a call: Typer's commands, with the schedulers' own parameters and quick start-up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

from lrviz.options import scheduler_parameters

if TYPE_CHECKING:
    from lrviz.catalogue import Scheduler


class _Text:
    """Typer's own conversion imports pydantic to turn text into text, which doubles the start-up."""

    def coerce(self, value: Any, **_: Any) -> Any:
        return value


def _plain(parameters: list[Any]) -> list[Any]:
    for parameter in parameters:
        if getattr(parameter, "_runtime_param", ...) is None:  # not there in versions that do not load pydantic
            parameter._runtime_param = _Text()
    return parameters


class Command(TyperCommand):
    """A command of lrviz: text values, lrviz's own help page."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, ready to take text."""
        return _plain(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse, and keep the words: help and errors look for a scheduler's name in them."""
        ctx.meta["lrviz.words"] = list(args)
        return list(super().parse_args(ctx, args))

    def get_help(self, ctx: Any) -> str:
        """The help page."""
        from lrviz.help import command_page

        return _coloured(ctx, command_page(self, ctx, named_scheduler(ctx.meta["lrviz.words"])))

    def invoke(self, ctx: Any) -> Any:
        """Call the command; a reader of stdout that has gone is no error."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # here, for Typer would exit with status 1
            from lrviz.stdout import abandon_stdout

            abandon_stdout()
            return 0


class SchedulerCommand(Command):
    """A command that takes one scheduler, and so the parameters of every scheduler as options."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The command's own parameters and the schedulers'."""
        return [*super().get_params(ctx), *_plain(list(scheduler_parameters().values()))]

    def invoke(self, ctx: Any) -> Any:
        """Call the command with the schedulers' parameters set aside in `ctx.obj`."""
        ctx.obj = {name: value for name in scheduler_parameters() if (value := ctx.params.pop(name, None)) is not None}
        return super().invoke(ctx)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Complete the options of the scheduler that is named, and none of the others'."""
        found = super().shell_complete(ctx, incomplete)
        info = named_scheduler(ctx.params.get("scheduler") or [])
        own = {f"--{p.name}" for p in info.parameters} if info else set()
        others = {f"--{name}" for name in scheduler_parameters()} - own
        return [item for item in found if item.value not in others]


class Group(TyperGroup):
    """The `lrviz` command itself."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, ready to take text."""
        return _plain(super().get_params(ctx))

    def get_help(self, ctx: Any) -> str:
        """The help page."""
        from lrviz.help import group_page

        return _coloured(ctx, group_page(self, ctx))


def _coloured(ctx: Any, page: str) -> str:
    """The page, whose colours follow FORCE_COLOR too; Typer would take them off again in a pipe."""
    ctx.color = True if "\x1b" in page else None
    return page


def named_scheduler(words: list[str]) -> Scheduler | None:
    """The scheduler that a command line names, if it names one of the catalogue."""
    from lrviz import catalogue

    return next((info for word in words if (info := catalogue.find(word.partition("(")[0]))), None)


def complete_scheduler(incomplete: str) -> list[tuple[str, str]]:
    """Short names that begin so, with what they do, for the shell."""
    from lrviz import catalogue

    return [(s.short, s.summary) for s in catalogue.SCHEDULERS if s.short.startswith(incomplete)]


def complete_preset(incomplete: str) -> list[tuple[str, str]]:
    """Presets that begin so, with what they show, for the shell."""
    from lrviz import shipped

    return [(name, shipped.about(name)) for name in shipped.preset_names() if name.startswith(incomplete)]


UsageProblem: type[Exception] = typer.BadParameter.__mro__[1]  # Typer gives its usage errors no public name
