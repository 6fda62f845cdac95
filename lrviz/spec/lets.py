"""The values of names that pasted code uses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lrviz.errors import NotationError, UsageError
from lrviz.notation import parse_value, value_name
from lrviz.spec.run import RUN_NAMES


def read_lets(pairs: Sequence[str]) -> dict[str, Any]:
    """The values of `--let NAME=VALUE`; a later one may use an earlier one.

    Raises:
        UsageError: a pair has no `=`, or its name is invalid.
    """
    lets: dict[str, Any] = {}
    for pair in pairs:
        text, equals, value = pair.partition("=")
        name = value_name(text)
        if not equals or name is None:
            raise UsageError(f"`--let` needs NAME=VALUE, got `{pair}`", "such as `--let num_epochs=90`")
        if name in RUN_NAMES:
            raise UsageError(
                f"`{name}` is a name of the run and cannot be given with `--let`",
                "use `--epochs`, `--steps-per-epoch` or `--lr`",
            )
        try:
            lets[name] = parse_value(value, lets)
        except NotationError as error:
            uses_run_name = any(f"`--let {run_name}=...`" in error.hint for run_name in RUN_NAMES)
            hint = "names of the run work only in the notation; write a number" if uses_run_name else error.hint
            raise NotationError(error.message, hint, error.details).at(f"`--let {name}`") from error
    return lets
