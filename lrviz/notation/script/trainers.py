"""The arguments that a script gives to a Trainer of transformers, which makes its scheduler and steps it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lrviz.notation.script.trees import Position
from lrviz.notation.script.values import CONSTANTS, Class, Dotted, Instance, Opaque, Origin, Schedule, Unknown
from lrviz.notation.source import ExpressionError
from lrviz.notation.trainers import TRAINER_ARGUMENTS, is_trainer_class

# What arguments may be whose kind their names do not show, as notation.
_EXAMPLES: Final = {
    "lr_scheduler_type": "'cosine'", "lr_scheduler_kwargs": "{}", "optim": "'adamw_torch'", "eval_strategy": "'epoch'",
    "evaluation_strategy": "'epoch'", "dataloader_drop_last": "False", "packing": "False",
}  # fmt: skip
_BY_METRIC: Final = ("reduce_lr_on_plateau", "greedy")  # schedules that step after each evaluation
_EVALUATES: Final = ("eval_strategy", "evaluation_strategy")
_CHANGES: Final = ("set_training", "set_optimizer", "set_lr_scheduler", "set_dataloader")


@dataclass(frozen=True)
class TrainerCall:
    """What a script gives to a Trainer: the class of its arguments, those that it gives by name, and their lines.

    `unknown` has the expressions whose values an argument needs.
    """

    name: str
    values: Mapping[str, Any]
    lines: Mapping[str, int] = field(default_factory=dict)
    unknown: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Arguments(Instance):
    """Arguments of a Trainer that a script creates."""

    def __init__(self, name: str, node: ast.Call, args: list[Any], kwargs: dict[str, Any]) -> None:
        if len(args) > 1:
            raise ExpressionError(
                f"`{name}` takes its arguments by name, after the folder of its output, got {len(args)} without one",
                "such as `TrainingArguments('out', learning_rate=2e-5)`",
                node,
            )
        given = {"output_dir": args[0]} if args else {}
        super().__init__(None, {**given, **kwargs})
        self.name, self.node, self.variable = name, node, ""
        self.lines = {k.arg: k.value.lineno for k in node.keywords if k.arg is not None}

    def change(self, method: str, node: ast.AST) -> None:
        """Refuse a method that sets several arguments at once."""
        if method in _CHANGES:
            raise ExpressionError(f"`{method}` is not followed", f"give its values to `{self.name}`", node)


def trainer_class(value: Any) -> str:
    """The class of arguments of a Trainer that an instance is of, or is of a subclass of; empty for anything else."""
    if isinstance(value, Arguments):
        return value.name
    return _base(value.cls) if isinstance(value, Instance) and value.cls is not None else ""


def _base(cls: Class) -> str:
    names = (base.last for each in cls.order for base in each.bases if isinstance(base, Dotted))
    return next((name for name in names if is_trainer_class(name)), "")


def trainer_call(
    value: Instance, taint: Callable[[Any], Unknown | None], examples: dict[str, list[str]]
) -> tuple[TrainerCall, list[Origin]]:
    """What the arguments say of the run, and the expressions whose values they need.

    `taint` gives the reason why the items of a dictionary are not known, if they are not. Values that an expression may
    have are added to `examples`.
    """
    values: dict[str, Any] = {}
    missing: list[Origin] = []
    unknown: dict[str, tuple[str, ...]] = {}
    node = getattr(value, "node", None)
    for name, item in value.names.items():
        if name.startswith("**"):
            if isinstance(item, Unknown) and len(item.origins) == 1:
                missing += item.origins
                unknown[name] = tuple(o.text for o in item.origins)
                examples[item.origins[0].text] = ["{}"]
                continue
            raise ExpressionError(f"`{name}` may have arguments that decide the rates", "write them out", node)
        values[name] = None  # of others it is only checked whether the name is misspelt
        if name not in TRAINER_ARGUMENTS:
            continue
        plain = _plain(name, taint(item) or item)
        if isinstance(plain, Unknown):
            if name in _not_needed(value.names):
                continue
            missing += plain.origins
            unknown[name] = tuple(o.text for o in plain.origins)
            if name in _EXAMPLES and len(plain.origins) == 1 and not isinstance(item, Mapping):
                examples.setdefault(plain.origins[0].text, [_EXAMPLES[name]])
        elif isinstance(plain, CONSTANTS) or (
            isinstance(plain, dict) and all(isinstance(v, CONSTANTS) for v in plain.values())
        ):
            values[name] = plain
        else:
            raise ExpressionError(f"the value of `{name}` is not one that a Trainer takes", node=node)
    return TrainerCall(trainer_class(value), values, getattr(value, "lines", {}), unknown), missing


def _not_needed(names: Mapping[str, Any]) -> tuple[str, ...]:
    """The arguments that decide nothing beside the others, so that their values are not asked for."""
    steps, schedule = names.get("max_steps"), names.get("lr_scheduler_type", "linear")
    by_steps = isinstance(steps, int) and not isinstance(steps, bool) and steps > 0
    never_evaluates = isinstance(schedule, str) and schedule not in _BY_METRIC
    return (*(("num_train_epochs",) if by_steps else ()), *(_EVALUATES if never_evaluates else ()))


def _plain(name: str, value: Any) -> Any:
    """A value of Python for a value of a script; the path of an imported name such as `SchedulerType.COSINE`."""
    if isinstance(value, Opaque) and value.name == "AcceleratorConfig":
        value = value.kwargs
    if name == "deepspeed":  # which is not read
        return True if isinstance(value, Unknown | dict) else value
    if name == "accelerator_config":
        return {"split_batches": value.get("split_batches")} if isinstance(value, Mapping) else None
    if isinstance(value, Mapping):
        items = {key: item.path if isinstance(item, Dotted) else item for key, item in value.items()}
        unknown = [o for item in items.values() if isinstance(item, Unknown) for o in item.origins]
        return Unknown(*unknown) if unknown else items
    return value.path if isinstance(value, Dotted) else value


_CREATES: Final = ("create_scheduler", "create_optimizer_and_scheduler")  # methods of a Trainer


@dataclass(frozen=True, eq=False)
class Trained:
    """A trainer: its arguments, all that it is given by name, its line, and its class if that is of the script."""

    arguments: Instance
    kwargs: Mapping[str, Any]
    line: int
    cls: Class | None = None

    @property
    def creates_scheduler(self) -> bool:
        """Whether its class has a method of its own for it."""
        return self.cls is not None and any(map(self.cls.has, _CREATES))

    @property
    def creates_optimizer(self) -> bool:
        """Whether its class has a method of its own for it."""
        return self.cls is not None and self.cls.has("create_optimizer")

    @property
    def optimizers(self) -> tuple[Any, Any]:
        """The optimizer and the scheduler that it is given; None for one that it makes.

        Raises:
            ExpressionError: it is not known which scheduler it is given.
        """
        given = self.kwargs.get("optimizers")
        if given is None:
            return None, None
        if not isinstance(given, list | tuple) or len(given) != 2 or not isinstance(given[1], Schedule | None):
            raise ExpressionError(
                "the scheduler that the trainer is given is not known",
                "paste the lines that create it",
                Position(self.line),
            )
        return given[0], given[1]


def is_trainer(cls: Class) -> bool:
    """Whether a class of the script is a subclass of a trainer."""
    bases = (base for each in cls.order for base in each.bases)
    return any(isinstance(base, Dotted) and base.last.endswith("Trainer") for base in bases)


def samples_of(value: Any) -> int | None:
    """The samples of a dataset such as `data.select(range(1000))`; None if they are not known."""
    if isinstance(value, list | tuple | range):
        return len(value)
    if isinstance(value, Opaque) and value.name == "select" and len(value.args) == 1 and not value.kwargs:
        return samples_of(value.args[0])
    return None
