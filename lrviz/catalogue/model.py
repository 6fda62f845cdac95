"""What the catalogue says of a scheduler, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal[
    "int",  # a whole number
    "float",  # a finite number
    "bool",
    "choice",  # one of `choices`, a string
    "milestones",  # a list of whole numbers
    "per_group",  # a finite number, or a list with one for each parameter group
    "lr_lambda",  # a function of the step, or a list with one for each parameter group
    "function",  # one function of a number
    "schedulers",  # a list of schedulers
]


class Required:
    """The default of a parameter that torch gives none."""

    def __repr__(self) -> str:
        return "required"


REQUIRED: Final = Required()


@dataclass(frozen=True)
class Parameter:
    """One parameter of a scheduler, with torch's spelling and default, and lrviz's limits.

    `least` and `most` bound the value; with `above_least` or `below_most` the bound itself is out. For lists they
    bound each item. `follows` is an expression in the run's names (`total_steps`, `epochs`, `steps_per_epoch`,
    `lr`, `interval`) that fills the parameter when it is left out; for a `per_group` parameter it is evaluated once
    for each group, with that group's `lr`.
    """

    name: str
    kind: Kind
    help: str
    default: object = REQUIRED
    least: float | None = None
    most: float | None = None
    above_least: bool = False
    below_most: bool = False
    choices: tuple[str, ...] = ()
    optional: bool = False  # None is a legal value
    follows: str | None = None

    @property
    def required(self) -> bool:
        """Whether torch has no default for it."""
        return self.default is REQUIRED

    @property
    def limits(self) -> str:
        """The limits in words, such as "at least 1" or "above 0, at most 1"; empty when there are none."""
        if self.choices:
            return " or ".join((", ".join(self.choices[:-1]), self.choices[-1]))
        words = []
        if self.least is not None:
            words.append(f"{'above' if self.above_least else 'at least'} {self.least:g}")
        if self.most is not None:
            words.append(f"{'below' if self.below_most else 'at most'} {self.most:g}")
        return ", ".join(words)


@dataclass(frozen=True)
class Scheduler:
    """One scheduler class of torch: how to call it and what to know about it.

    `formula` is plain text in the parameters' names. `past_end` says what the rate does when the run goes on after
    the schedule is over. `source` is the paper, or torch's page where there is none.
    """

    short: str
    name: str  # the class name
    summary: str
    parameters: tuple[Parameter, ...]
    formula: str
    use: str
    cautions: tuple[str, ...]
    source: str
    past_end: str
    module: str = "torch.optim.lr_scheduler"
    example: str = ""  # notation to show where the defaults need help, such as a composite's children
    moves_momentum: bool = False
    takes_optimizer: bool = True  # the first positional argument is the optimizer
    takes_metric: bool = False  # step() wants a metric

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of that name, or None."""
        return next((p for p in self.parameters if p.name == name), None)
