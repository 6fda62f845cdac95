"""Typer's usage errors in lrviz's form: what was wrong, and what to type in its place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from lrviz.catalogue import Scheduler
from lrviz.command import named_scheduler
from lrviz.errors import UsageError

_WITH_PARAMETERS: Final = ("plot", "table", "show")  # commands that take a scheduler's parameters as options


def usage_error(problem: Any, words: Sequence[str], commands: Sequence[str]) -> UsageError:
    """The error for a command line that Typer could not parse.

    Args:
        problem: Typer's exception.
        words: The command line.
        commands: The names of the commands there are.
    """
    command = next((w for w in words if not w.startswith("-")), "")
    if command not in commands:
        return _no_such_command(command or words[0], commands)
    info = named_scheduler(list(words[words.index(command) + 1 :]))
    short = f" {info.short}" if info and command in _WITH_PARAMETERS else ""
    page = f"`lrviz {command}{short} --help` lists the options"
    option = getattr(problem, "option_name", None)
    if option and words[0] != command:
        close = closest(option, ("--version", "--help"))
        hint = f"did you mean `{close}`?" if close else f"options come after it: `lrviz {command} ... {option}`"
        return UsageError(f"no such option `{option}` before the command", hint)
    message = str(problem.format_message()).rstrip(".")
    kind = type(problem).__name__
    if option and kind == "NoSuchOption":
        context = getattr(problem, "ctx", None)
        flags = [flag for p in (context.command.params if context else ()) for flag in p.opts if flag.startswith("-")]
        return _no_such_option(option, flags, info, command, page)
    if option and kind == "BadOptionUsage":
        return UsageError(f"`{option}` {'takes no' if 'not take' in message else 'needs a'} value", page)
    if extra := re.search(r"extra argument(?:\(s\)|s)? \((.*)\)$", message, re.DOTALL):
        return UsageError(f"`lrviz {command}` takes one name, got `{extra[1]}` beside it", page)
    return UsageError(f"{message[:1].lower()}{message[1:]}", page)


def _no_such_command(word: str, commands: Sequence[str]) -> UsageError:
    if word.startswith("-"):
        return UsageError(f"no such option `{word}`", "`lrviz --help` lists the commands")
    close = f"lrviz {found}" if (found := closest(word, commands)) else ""
    if named_scheduler([word]):
        close = f"lrviz plot {word}" if "(" not in word else f'lrviz plot "{word}"'
    hint = f"did you mean `{close}`?" if close else "`lrviz --help` lists the commands"
    return UsageError(f"no such command `{word}`", hint)


def _no_such_option(option: str, flags: list[str], info: Scheduler | None, command: str, page: str) -> UsageError:
    own = [f"--{p.name}" for p in info.parameters] if info else []
    if command not in _WITH_PARAMETERS:
        if info and command == "compare" and (parameter := closest(option, own)):
            call = f"{info.short}({parameter.lstrip('-')}=...)"
            return UsageError(f"no such option `{option}`", f'parameters go into the notation: `"{call}"`')
        own = []
    if close := closest(option, [*own, *flags]):
        return UsageError(f"no such option `{option}`", f"did you mean `{close}`? {page}")
    listed = f"{info.name} takes {', '.join(own)}; " if info and own else ""
    return UsageError(f"no such option `{option}`", listed + page)


def closest(word: str, candidates: Sequence[str]) -> str | None:
    """The candidate that differs least, whatever the case and the dashes."""
    import difflib

    folded = {c.lower().replace("-", "").replace("_", ""): c for c in candidates}
    close = difflib.get_close_matches(word.lower().replace("-", "").replace("_", ""), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None
