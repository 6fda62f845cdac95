"""Convert Typer's usage errors to lrviz's: a message, and a hint that says what to type next."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from lrviz.cli.options import named_scheduler
from lrviz.errors import UsageError
from lrviz.schedulers import Scheduler

_WITH_PARAMETERS: Final = ("plot", "table", "show", "check")  # commands that take a scheduler's parameters as options


def usage_error(problem: Any, words: Sequence[str], commands: Sequence[str]) -> UsageError:
    """The error for a command line that Typer could not parse.

    Args:
        problem: Typer's exception.
        words: The command line.
        commands: The names of all commands.
    """
    command = next((w for w in words if not w.startswith("-")), "")
    if command not in commands:
        return _no_such_command(command or words[0], commands)
    info = named_scheduler(list(words[words.index(command) + 1 :]))
    short = f" {info.short}" if info and command in _WITH_PARAMETERS else ""
    help_hint = f"`lrviz {command}{short} --help` lists the options"
    option = getattr(problem, "option_name", None)
    if option and words[0] != command:
        close = closest(option, ("--version", "--help"))
        hint = f"did you mean `{close}`?" if close else f"put options after the command: `lrviz {command} ... {option}`"
        return UsageError(f"no such option `{option}` before the command", hint)
    message = str(problem.format_message()).rstrip(".")
    kind = type(problem).__name__
    if option and kind == "NoSuchOption":
        context = getattr(problem, "ctx", None)
        flags = [flag for p in (context.command.params if context else ()) for flag in p.opts if flag.startswith("-")]
        return _no_such_option(option, flags, info, command, help_hint)
    if option and kind == "BadOptionUsage":
        return UsageError(f"`{option}` {'takes no' if 'not take' in message else 'needs a'} value", help_hint)
    if match := re.search(r"extra argument(?:\(s\)|s)? \((.*)\)$", message, re.DOTALL):
        return UsageError(f"`lrviz {command}` takes one name, got `{match[1]}` as well", help_hint)
    return UsageError(f"{message[:1].lower()}{message[1:]}", help_hint)


def _no_such_command(word: str, commands: Sequence[str]) -> UsageError:
    if word.startswith("-"):
        return UsageError(f"no such option `{word}`", "`lrviz --help` lists the commands")
    close = f"lrviz {found}" if (found := closest(word, commands)) else ""
    hint = f"did you mean `{close}`?" if close else "`lrviz --help` lists the commands"
    return UsageError(f"no such command `{word}`", hint)


def _no_such_option(option: str, flags: list[str], info: Scheduler | None, command: str, help_hint: str) -> UsageError:
    parameters = [f"--{p.name}" for p in info.parameters] if info else []
    if command not in _WITH_PARAMETERS:
        if info and command == "compare" and (parameter := closest(option, parameters)):
            call = f"{info.short}({parameter.lstrip('-')}=...)"
            return UsageError(f"no such option `{option}`", f'write parameters in the notation: `"{call}"`')
        parameters = []
    if close := closest(option, [*parameters, *flags]):
        return UsageError(f"no such option `{option}`", f"did you mean `{close}`? {help_hint}")
    listed = f"{info.name} takes {', '.join(parameters)}; " if info and parameters else ""
    return UsageError(f"no such option `{option}`", listed + help_hint)


def closest(word: str, candidates: Sequence[str]) -> str | None:
    """The most similar candidate, without regard to case, dashes and underscores."""
    import difflib

    folded = {c.lower().replace("-", "").replace("_", ""): c for c in candidates}
    close = difflib.get_close_matches(word.lower().replace("-", "").replace("_", ""), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None
