"""The arguments of the Python API, checked: what the annotations promise is what there is, or an error names it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lrviz.errors import SpecError
from lrviz.given import given_name
from lrviz.resolve import RUN_NAMES
from lrviz.spec import ParamGroup

_TEXT: Final = 60  # characters of a wrong value worth repeating


def plain(value: Any) -> Any:
    """What numpy and torch hold, also inside a list or mapping, as Python's own numbers and lists."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Mapping):
        return {name: plain(inside) for name, inside in value.items()}
    return [plain(inside) for inside in value] if isinstance(value, list | tuple) else value


def shown(value: object) -> str:
    """A wrong value in few words."""
    text = repr(value)
    return text if len(text) <= _TEXT and "\n" not in text else f"a {type(value).__name__}"


def check_type(name: str, value: object, wanted: Any, words: str) -> None:
    """Refuse a value of another type.

    Raises:
        SpecError: it is of another; the message names it.
    """
    if not isinstance(value, wanted):
        raise SpecError(f"`{name}` must be {words}, got {shown(value)}")


def read_rates(lr: Any) -> tuple[ParamGroup, ...]:
    """The parameter groups of one rate, of several, or of several by name; what `plain` gave.

    Raises:
        SpecError: a rate is no number above 0, or a name is no text.
    """
    if isinstance(lr, Mapping):
        if odd := [name for name in lr if not isinstance(name, str)]:
            raise SpecError(f"the names in `lr` must be text, got {shown(odd[0])}")
        return tuple(ParamGroup(name, rate) for name, rate in lr.items())
    return tuple(ParamGroup("", rate) for rate in lr) if isinstance(lr, list) else (ParamGroup("", lr),)


def read_lets(lets: Any) -> dict[str, Any]:
    """Values for names in notation, lists as tuples.

    Raises:
        SpecError: a name cannot stand in notation, is the run's own, or its value is no number, text or list of them.
    """
    check_type("lets", lets, Mapping, "a mapping of names to values")
    return {_name(name): _let(name, value) for name, value in plain(lets).items()}


def _name(name: object) -> str:
    known = given_name(name) if isinstance(name, str) else None
    if known is None:
        raise SpecError(f"`lets` has {shown(name)}, which is no name", 'such as `lets={"num_epochs": 90}`')
    if known in RUN_NAMES:
        raise SpecError(f"`{name}` is the run's own, and cannot be given in `lets`")
    return known


def _let(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_let(name, item) for item in value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise SpecError(f"`lets` must give a number, text or a list of them for `{name}`, got {shown(value)}")


def read_values(name: str, values: Any) -> str:
    """A list of numbers as text, `0.9,0.8`, the way it is given on the command line.

    Raises:
        SpecError: it is none, or empty.
    """
    check_type(name, values, list, "text or a list of numbers")
    for value in values:
        check_type(name, None if isinstance(value, bool) else value, int | float, "a list of numbers")
    if not values:
        raise SpecError(f"`{name}` must have a value at least, got []")
    return ",".join(repr(float(value)) for value in values)


def check_look(
    texts: Mapping[str, object], switches: Mapping[str, object], counts: Mapping[str, object], size: object
) -> None:
    """Refuse what describes no figure.

    Args:
        texts: What must be text, by name.
        switches: What must be True or False, by name.
        counts: What must be a whole number or None, by name.
        size: Two numbers, or None.

    Raises:
        SpecError: one of them is of another type.
    """
    for name, value in texts.items():
        check_type(name, value, str, "text")
    for name, value in switches.items():
        check_type(name, value, bool, "True or False")
    for name, value in counts.items():
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise SpecError(f"`{name}` must be a whole number, got {shown(value)}")
    if size is not None and not _is_pair(size):
        raise SpecError(f"`size` must be width and height in inches, got {shown(size)}", "such as `size=(10, 5)`")


def _is_pair(size: object) -> bool:
    return (
        isinstance(size, tuple | list)
        and len(size) == 2
        and all(isinstance(side, int | float) and not isinstance(side, bool) for side in size)
    )
