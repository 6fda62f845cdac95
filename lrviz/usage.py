"""Typer's usage errors in lrviz's form: what was wrong, and what to type in its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lrviz.command import named_scheduler
from lrviz.errors import UsageError
from lrviz.options import scheduler_parameters


def usage_error(problem: Any, words: Sequence[str], commands: Sequence[str]) -> UsageError:
    """The error for a command line that Typer could not parse.

    Args:
        problem: Typer's exception.
        words: The command line.
        commands: The names of the commands there are.
    """
    command = next((w for w in words if not w.startswith("-")), "")
    if command not in commands:
        close = closest(command, commands)
        return UsageError(
            f"no such command `{command}`" if command else f"no such option `{words[0]}`",
            f"did you mean `lrviz {close}`?" if close else "`lrviz --help` lists the commands",
        )
    page = f"`lrviz {command} --help` lists the options"
    option = getattr(problem, "option_name", None)
    kind = type(problem).__name__
    if kind == "NoSuchOption" and option:
        return _no_such_option(option, list(getattr(problem, "possibilities", None) or ()), words, command, page)
    if kind == "BadOptionUsage" and option:
        return UsageError(f"`{option}` needs a value", page)
    message = str(problem.format_message()).rstrip(".")
    return UsageError(f"{message[:1].lower()}{message[1:]}", page)


def _no_such_option(option: str, possible: list[str], words: Sequence[str], command: str, page: str) -> UsageError:
    info = named_scheduler(list(words[1:]))
    own = [f"--{p.name}" for p in info.parameters] if info else []
    if command == "compare":
        if info and (parameter := closest(option, own)):
            call = f"{info.short}({parameter.lstrip('-')}=...)"
            return UsageError(f"no such option `{option}`", f'parameters go into the notation: `"{call}"`')
        own = []
    others = {f"--{name}" for name in scheduler_parameters()} - set(own)
    close = closest(option, [*own, *(p for p in possible if p not in others)])
    if close:
        return UsageError(f"no such option `{option}`", f"did you mean `{close}`? {page}")
    listed = f"{info.name} takes {', '.join(own)}; " if info and own else ""
    return UsageError(f"no such option `{option}`", listed + page)


def closest(word: str, candidates: Sequence[str]) -> str | None:
    """The candidate that differs least, whatever the case and the dashes."""
    import difflib

    folded = {c.lower().replace("-", "").replace("_", ""): c for c in candidates}
    close = difflib.get_close_matches(word.lower().replace("-", "").replace("_", ""), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None
