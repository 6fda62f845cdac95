"""Schedulers as they are called, as plain values that print themselves in notation."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Value = Any  # None, bool, int, float, str, Lambda, SchedulerCall, or a tuple of values


@dataclass(frozen=True)
class Lambda:
    """A function of one number, such as `lambda epoch: 0.95 ** epoch`, equal to any other with the same source."""

    source: str
    function: Callable[[Any], Any] = field(compare=False, repr=False)

    def __call__(self, number: Any) -> Any:
        """The function's value at `number`."""
        return self.function(number)

    def __str__(self) -> str:
        return self.source


@dataclass(frozen=True)
class SchedulerCall:
    """A scheduler's name and the values it is called with; `str()` gives notation that reads back equal."""

    name: str
    args: tuple[Value, ...] = ()
    kwargs: tuple[tuple[str, Value], ...] = ()
    module: str = ""

    @property
    def children(self) -> tuple[SchedulerCall, ...]:
        """The schedulers it is made of."""
        values = (*self.args, *(value for _, value in self.kwargs))
        return tuple(v for value in values if isinstance(value, tuple) for v in value if isinstance(v, SchedulerCall))

    def get(self, name: str, default: Value = None) -> Value:
        """The value of a keyword argument."""
        return dict(self.kwargs).get(name, default)

    def __str__(self) -> str:
        path = f"{self.module}.{self.name}" if self.module else self.name
        arguments = [print_value(a) for a in self.args] + [f"{k}={print_value(v)}" for k, v in self.kwargs]
        return f"{path}({', '.join(arguments)})"


def print_value(value: Value) -> str:
    """A value as notation."""
    if isinstance(value, float):
        return _print_float(value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(print_value, value))}]"
    if isinstance(value, Lambda | SchedulerCall):
        return str(value)
    return repr(value)


def _print_float(value: float) -> str:
    if not math.isfinite(value):
        return f"float('{value}')"
    text = re.sub(r"e([+-])0+", r"e\1", repr(value)).replace("e+", "e")
    sign, _, fraction = text.partition("0.")
    digits = fraction.lstrip("0")
    if sign not in ("", "-") or not digits or len(digits) == len(fraction):
        return text
    # 0.00025 -> 2.5e-4: the field writes small rates so; 0.0025 stays as it is, for no spelling is shorter
    scientific = f"{sign}{digits[0]}{'.' if digits[1:] else ''}{digits[1:]}e-{len(fraction) - len(digits) + 1}"
    return scientific if len(scientific) < len(text) or abs(value) < 1e-3 else text
