"""Read style files as plain values.

A style file may come with a preset of somebody else, and matplotlib before 3.11 evaluates a cycle of colours as code.
Here a cycle is read as a call of `cycler` with literals, and each other value by its validator in matplotlib, which
reads text or a literal. Only settings that affect a figure are converted.
"""

from __future__ import annotations

import ast
import math
import warnings
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from matplotlib import rcsetup

from lrviz.errors import SpecError
from lrviz.figure.backend import mpl, muted
from lrviz.figure.style import read_style, setting_lines
from lrviz.text import printable, shorten

# Settings that a style can change; others (backends, key bindings, files) do not affect a figure.
_STYLE_PREFIXES: Final = (
    "axes.", "figure.edgecolor", "figure.facecolor", "figure.figsize", "font.", "grid.", "legend.", "lines.",
    "path.sketch", "text.antialiased", "text.color", "text.hinting", "xtick.", "ytick.", "_internal.",
)  # fmt: skip
# Settings of the figure and of its file that lrviz checks, and sets itself.
_CHECKED_PREFIXES: Final = (*_STYLE_PREFIXES, "figure.", "savefig.")
_CYCLE: Final = "axes.prop_cycle"
_NOT_A_CYCLE: Final = f"`{_CYCLE}` is not written as in `cycler(color=['k', 'r'])`"
_MAX_SIZE: Final = 200.0  # points; larger fonts and lines are mistakes, and need too much memory
_MIN_WIDTH: Final = 0.05  # points; dashes are relative to the width, and millions of them need too much time and memory
_MIN_DASHES: Final = 0.5  # widths of a line; a pattern of dashes and gaps
_MAX_DPI: Final = 1200.0
_MAX_LENGTH: Final = 1_000  # of a cycle
_MAX_ITEMS: Final = 100  # of another list; matplotlib searches for each font in a list


def read_style_file(name: str, path: Path) -> tuple[dict[str, object], Any]:
    """The settings of a style file that affect a figure, and its cycle; None if it has no cycle.

    Args:
        name: The style in errors.
        path: The file.

    Raises:
        SpecError: the file cannot be read, a line is not a setting, or a value is invalid or out of range.
    """
    settings: Any = mpl.RcParams()  # in matplotlib's stubs it takes its own keys only
    cycle, seen = None, set[str]()
    with muted(), warnings.catch_warnings(action="ignore"):
        for number, line in enumerate(setting_lines(read_style(name, path)), 1):
            if line == "":
                continue
            try:
                key, value = _setting(line)
                if key in seen:
                    raise _StyleError(f"`{key}` is set a second time")
                seen.add(key)
                if key == _CYCLE:
                    cycle = _read_cycle(value)
                elif key.startswith(_CHECKED_PREFIXES):
                    _convert(settings, key, value)
            except _StyleError as error:
                reason = shorten(printable(str(error)), 300)
                hint = "matplotlib's documentation lists the settings"
                raise SpecError(f"cannot use the style `{name}`: line {number}: {reason}", hint) from error
    return {key: value for key, value in dict.items(settings) if key.startswith(_STYLE_PREFIXES)}, cycle


class _StyleError(Exception):
    """A line that is not a setting, or whose value cannot be used."""


def _setting(line: str | None) -> tuple[str, str]:
    """The key and the value of a line.

    Text that is not a setting of matplotlib is not quoted in the error: the file may not be a style at all.
    """
    if line is None:
        raise _StyleError("quotes are not closed")
    key, colon, value = (part.strip() for part in line.partition(":"))
    if not colon:
        raise _StyleError("no colon between a setting and its value")
    if key not in mpl.RcParams.validate:
        close = get_close_matches(key[:100], mpl.RcParams.validate, n=1, cutoff=0.8)
        raise _StyleError("not a setting of matplotlib" + (f"; did you mean `{close[0]}`?" if close else ""))
    return key, value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value


@contextmanager
def _problems_of(key: str) -> Iterator[None]:
    """Turn what the validators of matplotlib raise into errors of the line."""
    try:
        yield
    except (RecursionError, MemoryError) as error:
        raise _StyleError(f"`{key}` is nested too deeply") from error
    except (ValueError, TypeError, ArithmeticError, LookupError, RuntimeError, SyntaxError) as error:
        reason = str(error).removeprefix(f"Key {key}: ").strip()
        raise _StyleError(f"`{key}`: {reason[:1].lower()}{reason[1:].rstrip('.')}") from error


def _convert(settings: MutableMapping[str, Any], key: str, value: str) -> None:
    with _problems_of(key):
        settings[key] = value
        _check_range(key, settings[key])


def _check_range(key: str, value: Any) -> None:
    """Check sizes in points, resolutions, the dashes of lines, and the length of lists."""
    if isinstance(value, list | tuple) and key != "figure.figsize":  # which has limits of its own
        if len(value) > _MAX_ITEMS:
            raise _StyleError(f"`{key}` has {len(value):,} values; the maximum is {_MAX_ITEMS}")
        if key.endswith("linestyle"):
            value = value[1]  # without the offset
        if key.endswith(("linestyle", "_pattern")) and sum(value) < _MIN_DASHES:
            raise _StyleError(f"`{key}` has a pattern of {sum(value):g} line widths, below {_MIN_DASHES:g}")
        for item in value:
            _check_range(key, item)
        return
    if not isinstance(value, float | int):
        return
    most = _MAX_DPI if key.endswith("dpi") else _MAX_SIZE
    if not (math.isfinite(value) and abs(value) <= most):
        raise _StyleError(f"`{key}` is {value:g}, beyond {most:g}")
    if 0 < value < _MIN_WIDTH and key.endswith("linewidth"):
        raise _StyleError(f"`{key}` is {value:g}, below {_MIN_WIDTH:g}")
    if value < 1 and key.endswith(("font.size", "fontsize", "labelsize", "titlesize")):
        raise _StyleError(f"`{key}` is {value:g}, below 1")


def _read_cycle(text: str) -> Any:
    """A cycle, as in `cycler(color=["k", "r"])`; cycles can be added and multiplied."""
    with _problems_of(_CYCLE):
        try:
            tree = ast.parse(text, mode="eval")
        except SyntaxError as error:
            raise _StyleError(f"{_NOT_A_CYCLE}; write colours without `#`, which begins a comment") from error
        return _cycle(tree.body)


def _cycle(node: ast.expr) -> Any:
    match node:
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _cycle(left) + _cycle(right)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            one, other = _cycle(left), _cycle(right)
            if len(one) * len(other) > _MAX_LENGTH:
                raise _StyleError(f"the cycle has {len(one) * len(other):,} elements; the maximum is {_MAX_LENGTH:,}")
            return one * other
        case ast.Call(func=ast.Name(id="cycler"), args=args, keywords=keywords):
            named = {str(keyword.arg): _literal(keyword.value) for keyword in keywords}
            cycle = rcsetup.cycler(*map(_literal, args), **named)
            if len(cycle) > _MAX_LENGTH:
                raise _StyleError(f"the cycle has {len(cycle):,} elements; the maximum is {_MAX_LENGTH:,}")
            return cycle
    raise _StyleError(_NOT_A_CYCLE)


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError as error:
        raise _StyleError(f"`{_CYCLE}` has a value that is not text, a number, or a list of those") from error
