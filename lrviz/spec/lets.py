"""Values that scripts use: of names, typed or in a file, and of the configuration that a script reads."""

from __future__ import annotations

import ast
import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from lrviz import files
from lrviz.errors import NotationError, UsageError
from lrviz.notation import parse_value, value_name
from lrviz.schedulers import installed_only
from lrviz.spec.run import RUN_NAMES
from lrviz.text import printable

_MOST_BYTES: Final = 200_000  # of a file of values, which PyYAML reads in two seconds
_MOST_CHARACTERS: Final = 10_000  # of a table that is typed
_MOST_VALUES: Final = 10_000  # with those that aliases of YAML repeat
_TOO_MANY: Final = f"it has over {_MOST_VALUES:,} values with those that aliases repeat"
_LEFT_OUT: Final = "leave it out, or give single values with `--let NAME=VALUE`"
_MOST_LEVELS: Final = 30
_MOST_BITS: Final = 1023  # of a whole number: larger ones do not fit in a float
_FORMATS: Final = (".toml", ".json", ".yaml", ".yml")
_FLOAT: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?[eE][+-]?[0-9]+")  # which YAML 1.1 takes for text, as in `1e-3`


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
            lets[name] = _table(name, value) if value.lstrip().startswith("{") else parse_value(value, lets)
        except NotationError as error:
            uses_run_name = any(f"`--let {run_name}=...`" in error.hint for run_name in RUN_NAMES)
            hint = "names of the run work only in the notation; write a number" if uses_run_name else error.hint
            raise NotationError(error.message, hint, error.details).at(f"`--let {name}`") from error
    return lets


def _table(name: str, text: str) -> dict[str, Any]:
    """The value of `{"lr": 0.1}`, in Python or JSON.

    Raises:
        UsageError: it is neither, has values that are not numbers, text, lists or tables of them, or is too large.
    """
    if len(text) > _MOST_CHARACTERS:
        raise UsageError(
            f"`--let {name}` is longer than {_MOST_CHARACTERS:,} characters", "give a file with `--let-file`"
        )
    data: Any = None
    with suppress(ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        data = json.loads(text)
    if data is None:
        with suppress(ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            data = ast.literal_eval(text.strip())
    if not isinstance(data, dict):
        raise UsageError(
            f"`--let {name}`: `{printable(text, 60)}` is not a table", 'such as `{"lr": 0.1, "n": [3, 6]}`'
        )
    if problem := _problem(data, _MOST_VALUES):
        raise UsageError(f"`--let {name}`: {problem}", "leave it out")
    return data


def read_let_file(path: str) -> dict[str, Any]:
    """The values of names in a TOML, JSON or YAML file; `lr` in a table `args` is the value of `args.lr`.

    Raises:
        UsageError: the file cannot be read, or a name in it is invalid.
    """
    lets: dict[str, Any] = {}
    for parts, value in _leaves(read_values(path, "--let-file"), ()):
        if not parts:
            continue
        text = parts[0] + "".join(f".{p}" if p.isidentifier() else f"[{p!r}]" for p in parts[1:])
        name = value_name(text)
        if name is None:
            raise UsageError(f"`{printable(path, 60)}` gives a value to `{printable(text, 60)}`, which is not a name")
        if name in RUN_NAMES:
            raise UsageError(
                f"`{name}` is a name of the run and cannot be given in `{printable(path, 60)}`",
                "use `--epochs`, `--steps-per-epoch` or `--lr`",
            )
        lets[name] = value
    return lets


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The values that are no tables, each with the keys that lead to it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, str(key)))
    else:
        yield path, tuple(value) if isinstance(value, list) else value


# What a file that cannot be read may lack, by its format and by what the message says.
_SYNTAX: Final = {
    "JSON": "JSON has double quotes, no comments, and no comma after the last value",
    "YAML": "YAML is indented by spaces, and text with `: `, `{` or `%` in it needs quotes",
}
_ADVICE: Final = {
    "char 0)": "it is empty, or not JSON at all",
    _TOO_MANY: "write fewer values, or files for the parts",
    "alias": "write the values in place of the alias",
    "single document": "give a file with one document, without a line `---` between two",
}
_TAG: Final = re.compile(r"constructor for the tag '([^']+)'")
_OF_YAML: Final = "tag:yaml.org,2002:"


def read_values(
    path: str,
    option: str,
    *,
    folder: Path = Path(),
    most_bytes: int | None = None,
    most_values: int | None = None,
    pipe: bool = True,
) -> dict[str, Any]:
    """The values of a configuration file: numbers, text, lists, and tables of them.

    Args:
        path: A TOML, JSON or YAML file.
        option: The option that names it, for errors.
        folder: What the path is relative to.
        most_bytes: The largest size, in place of that for all formats.
        most_values: The most values, in place of that for all formats.
        pipe: Whether it may be a pipe, which the user has opened.

    Raises:
        UsageError: it cannot be read, is not of its format, or has values of other kinds.
    """
    shown = printable(path, 60)
    suffix = Path(path).suffix.lower()
    if suffix not in _FORMATS:
        raise UsageError(f"`{option}` needs a .toml, .json or .yaml file, got `{shown}`")
    try:
        text = files.read_text(folder / path, most_bytes or _MOST_BYTES, pipe=pipe)
    except OSError as error:
        raise UsageError(
            f"cannot read `{shown}`: {files.error_reason(error)}",
            "the path is relative to the current folder" if error.errno is not None else "",
        ) from error
    most = most_values or _MOST_VALUES
    left_out = _LEFT_OUT if option.startswith(("--let", "--config")) else "leave it out of the file"
    if suffix == ".json" and text.count(",") > 2 * most:  # of empty lists, 20 MB would become 400 MB
        raise UsageError(f"`{shown}`: it has over {most:,} values", left_out)
    if suffix == ".toml":
        data = files.parse_toml(text, shown, 'text needs quotes, such as `sched = "cos"`')
    else:
        try:
            data = json.loads(text) if suffix == ".json" else _yaml(text)
        except RecursionError as error:
            raise UsageError(f"`{shown}`: nested too deeply", "write it in a simpler way") from error
        except ValueError as error:
            kind = "JSON" if suffix == ".json" else "YAML"
            reason, hint = _explained(str(error), kind)
            raise UsageError(f"`{shown}` is not {kind}: {printable(reason, 200)}", hint) from error
    if not isinstance(data, dict):
        raise UsageError(f"`{shown}` must have names and values", "such as `lr: 0.1` in YAML, `lr = 0.1` in TOML")
    if problem := _problem(data, most):
        raise UsageError(f"`{shown}`: {problem}", left_out)
    return data


def _explained(reason: str, kind: str) -> tuple[str, str]:
    """Why a text is not of a format, in other words where Python's are about Python, and a hint."""
    if match := _TAG.search(reason):
        return f"the tag `{match[1].replace(_OF_YAML, '!!')}` names a type", "write the value itself, without the tag"
    if "int_max_str_digits" in reason:
        return "a number has thousands of digits", "a large number is written as 1e9"
    return reason, next((hint for part, hint in _ADVICE.items() if part in reason), _SYNTAX[kind])


def _yaml(text: str) -> Any:
    """The values of a YAML text, with `1e-3` as a number.

    Raises:
        UsageError: PyYAML is not installed.
        ValueError: it is not YAML, has tags that name types, or its aliases make it too large.
        RecursionError: it is nested too deeply.
    """
    try:
        with installed_only():
            import yaml
    except ImportError as error:
        raise UsageError(
            "reading YAML needs the package PyYAML", "`pip install pyyaml`, or write the file as TOML or JSON"
        ) from error
    try:
        loader = yaml.SafeLoader(text)  # makes no objects but Python's own
        compose, nodes = loader.compose_node, itertools.count()

        def limited(parent: Any, index: Any) -> Any:
            """A node; the text is not read to its end after the last one that is allowed."""
            if next(nodes) > 2 * _MOST_VALUES:
                raise ValueError(_TOO_MANY)
            return compose(parent, index)

        loader.compose_node = limited
        root = loader.get_single_node()
        if root is None:
            return {}
        _check_nodes(root, yaml)
        return _with_floats(loader.construct_document(root))
    except yaml.YAMLError as error:
        raise ValueError(re.sub(r"\s+", " ", str(error))) from error
    except (AttributeError, TypeError, LookupError, ArithmeticError) as error:  # of PyYAML: `!!int ""`, `!!bool x`
        raise ValueError("a value is not what its tag says") from error


def _check_nodes(root: Any, yaml: Any) -> None:
    """Refuse aliases that repeat too much: PyYAML copies what `<<` merges."""
    sizes: dict[int, int] = {}

    def size(node: Any, level: int) -> int:
        if level > _MOST_LEVELS:
            raise RecursionError
        if (known := sizes.get(id(node))) is not None:
            if not known:
                raise ValueError("an alias is inside of what it stands for")
            return known
        sizes[id(node)] = 0
        if isinstance(node, yaml.MappingNode):
            inner = [part for pair in node.value for part in pair]
        else:
            inner = node.value if isinstance(node, yaml.SequenceNode) else []
        total = 1 + sum(size(part, level + 1) for part in inner)
        if total > 2 * _MOST_VALUES:
            raise ValueError(_TOO_MANY)
        sizes[id(node)] = total
        return total

    size(root, 0)


def _with_floats(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_floats(item) for item in value]
    return float(value) if isinstance(value, str) and _FLOAT.fullmatch(value) else value


def _problem(data: Any, most_values: int) -> str:
    """What a script could not have as a value; empty if there is nothing."""
    level, values = [data], 0
    for _ in range(_MOST_LEVELS):
        inner: list[Any] = []
        for value in level:
            if isinstance(value, Mapping):
                inner += [*value.keys(), *value.values()]
            elif isinstance(value, list):
                inner += value
            elif value is not None and not isinstance(value, bool | int | float | str):
                return f"a value is of the type {type(value).__name__}, which is not followed"
            elif isinstance(value, int) and value.bit_length() > _MOST_BITS:
                return f"a number of {value.bit_length():,} bits is too large"
        values += len(inner)
        if values > 2 * most_values:
            return f"it has over {most_values:,} values"
        if not inner:
            return ""
        level = inner
    return f"it is nested more than {_MOST_LEVELS} levels deep"
