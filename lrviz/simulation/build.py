"""Create an optimizer that is cheap to step, and torch's scheduler for it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from typing import Any, Final, cast

import torch
from torch.optim import Optimizer

from lrviz import schedulers
from lrviz.errors import LrvizError, SimulationError, SpecError
from lrviz.notation import ExpressionError, Lambda, SchedulerCall, Table
from lrviz.spec import RunSpec
from lrviz.text import print_value, printable

_TORCH_MODULES: Final = ("torch.optim.lr_scheduler", "torch.optim.swa_utils")


def build_optimizer(spec: RunSpec) -> Optimizer:
    """A new optimizer of one dummy `Linear` for each parameter group, whose `step()` does nothing.

    Raises:
        SpecError: torch has no such optimizer, or it does not accept the momentum.
    """
    choice = spec.optimizer
    cls = _cheap(optimizer_class(choice.name))
    with torch.random.fork_rng(devices=[]):  # the random weights of the layers must not change the caller's generator
        layers = [torch.nn.Linear(2, 1, bias=False) for _ in spec.groups]  # no bias: Muon takes only matrices
    groups = [
        {"params": list(layer.parameters()), "lr": group.lr} for layer, group in zip(layers, spec.groups, strict=True)
    ]
    options: dict[str, Any] = {"lr": spec.groups[0].lr}
    if cls.__name__ == choice.name:  # not a stand-in
        options |= dict(choice.options)
    if choice.momentum is not None:
        betas = options.get("betas")
        given = {"betas": (choice.momentum, *betas[1:])} if betas else None
        options |= given or _momentum_option(cls, choice.name, choice.momentum)
    try:
        optimizer = cls(groups, **options)
    except (TypeError, ValueError, RuntimeError) as error:
        raise SpecError(
            f"{cls.__base__.__module__.partition('.')[0]} refuses the optimizer `{choice}`: {_reason(error)}"
        ) from error
    if hasattr(optimizer, "train"):  # schedule-free steps only in this mode
        optimizer.train()
    return optimizer


def build_scheduler(call: SchedulerCall, optimizer: Optimizer, order: Sequence[int] = ()) -> Any:
    """Torch's scheduler, and the ones inside it, created in the order of a script.

    Args:
        call: The scheduler.
        optimizer: The optimizer.
        order: When each of the schedulers inside it is created, in the order of the lists, those inside of one before
            it; by default, one after the other.

    Raises:
        SimulationError: torch refuses the values.
    """
    parts = _parts(call)
    times = [*(order or range(len(parts) - 1)), len(parts)]
    made: dict[int, Any] = {}
    for number in sorted(range(len(parts)), key=times.__getitem__):
        each, children = parts[number]
        made[number] = _create(each, optimizer, iter([made[child] for child in children]))
    return made[len(parts) - 1]


def _parts(call: SchedulerCall) -> list[tuple[SchedulerCall, list[int]]]:
    """A scheduler after those inside it, each with the numbers of those that it is given."""
    parts: list[tuple[SchedulerCall, list[int]]] = []

    def add(each: SchedulerCall) -> int:
        values = (v for value in (*each.args, *dict(each.kwargs).values()) for v in _items(value))
        children = [add(value) for value in values if isinstance(value, SchedulerCall)]
        parts.append((each, children))
        return len(parts) - 1

    add(call)
    return parts


def _items(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _create(call: SchedulerCall, optimizer: Optimizer, children: Iterator[Any]) -> Any:
    """Torch's scheduler with the ones inside it."""
    info = schedulers.find(call.name)
    cls = _scheduler_class(call.name)
    args = [_argument(value, children) for value in call.args]
    kwargs = {name: _argument(value, children) for name, value in call.kwargs}
    try:
        if info is not None and info.build is not None:
            return info.build(cls, optimizer, args, kwargs)
        if info is None or info.takes_optimizer:
            args.insert(0, optimizer)
        return cls(*args, **kwargs)
    except LrvizError as error:
        raise SimulationError(error.message, error.hint, error.details).at(f"`{short_call(call)}`") from error
    except Exception as error:
        hint = _failure_hint(call, error) if info else f"its parameters are {_parameters(cls)}"
        raise SimulationError(f"{_package(call)} refuses `{short_call(call)}`: {_reason(error)}", hint) from error


def _parameters(cls: Any) -> str:
    """The parameters of a class that the catalogue does not describe: "step_size, gamma=0.1"."""
    parameters = inspect.signature(cls).parameters.values()
    omitted = ("optimizer", "last_epoch", "verbose")  # torch 2.6 has `verbose`, deprecated
    shown = [p.replace(annotation=p.empty) for p in parameters if p.name not in omitted]
    return ", ".join(str(p).replace(" = ", "=") for p in shown)


def _package(call: SchedulerCall) -> str:
    """The name of the package whose code a scheduler is."""
    info = schedulers.find(call.name)
    return info.package if info else "torch"


def short_call(call: object) -> str:
    """A scheduler as notation, shortened for a message."""
    return printable(str(call), 100)


def failure(call: SchedulerCall, step: int, error: BaseException) -> SimulationError:
    """The error for a scheduler that fails during the run, at the update whose rate it could not compute."""
    if isinstance(error, ExpressionError):
        return SimulationError(f"`{short_call(call)}` fails at step {step}: {error.message}", error.hint)
    return SimulationError(
        f"{_package(call)} fails on `{short_call(call)}` at step {step}: {_reason(error)}", _failure_hint(call, error)
    )


def _failure_hint(call: SchedulerCall, error: BaseException) -> str:
    """The hint of the scheduler, or of one inside it, for an exception."""
    info = schedulers.find(call.name)
    hint = info.failure_hint(error, dict(call.kwargs)) if info else ""
    return hint or next(filter(None, (_failure_hint(child, error) for child in call.children)), "")


def _reason(error: BaseException) -> str:
    """The type and message of an exception, on one line."""
    text = " ".join(str(error).split()).rstrip(".")
    if isinstance(error, ZeroDivisionError):
        return "division by zero"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _argument(value: Any, children: Iterator[Any]) -> Any:
    if isinstance(value, tuple):
        return [_argument(item, children) for item in value]
    if isinstance(value, SchedulerCall):
        return next(children)
    if isinstance(value, Lambda):
        return value.function
    return value.mapping if isinstance(value, Table) else value


def _scheduler_class(name: str) -> Any:
    info = schedulers.find(name)
    family = schedulers.family(info.family) if info else None
    if info is not None and family is not None:
        from lrviz.simulation.packages import import_from

        return import_from(family, info)
    for module in (info.module,) if info else _TORCH_MODULES:
        cls = getattr(import_module(module), name, None)
        if callable(cls):
            return cls
    raise SpecError(f"this version of torch ({torch.__version__}) has no `{name}`", "a newer torch may have it")


@cache
def optimizer_class(name: str) -> type[Optimizer]:
    """The class of an optimizer; where its package is not installed, the one of torch that stands for it.

    Raises:
        SpecError: there is no such optimizer, or it has no rate.
    """
    classes = {
        class_name: cls
        for class_name, cls in vars(torch.optim).items()
        if isinstance(cls, type) and issubclass(cls, Optimizer) and cls is not Optimizer
    }
    folded = {class_name.lower(): cls for class_name, cls in classes.items()}
    cls = classes.get(name) or folded.get(name.lower())
    if cls is None and (own := schedulers.OWN_RATES.get(name)) is not None:
        try:
            with schedulers.installed_only():
                cls = cast("type[Optimizer]", getattr(import_module(own.package), name))
        except (ImportError, AttributeError):  # a note says that the curve is not the rate that it uses
            cls = classes[own.like]
    if cls is None:
        import difflib

        close = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.5)
        hint = f"did you mean `{folded[close[0]].__name__}`? " if close else ""
        raise SpecError(f"unknown optimizer `{name}`", f"{hint}torch.optim has {', '.join(sorted(classes))}")
    if "lr" not in inspect.signature(cls).parameters:
        raise SpecError(f"`{name}` has no parameter `lr`")
    return cls


def _momentum_option(cls: type[Optimizer], name: str, momentum: float) -> dict[str, Any]:
    parameters = inspect.signature(cls).parameters
    if "momentum" in parameters:
        return {"momentum": momentum}
    if "betas" in parameters and isinstance(betas := parameters["betas"].default, tuple):
        return {"betas": (momentum, *betas[1:])}
    raise SpecError(f"`{name}` has no momentum", f"leave out momentum {print_value(momentum)}")


def _cheap(cls: type[Optimizer]) -> type[Optimizer]:
    """A subclass of an optimizer that is cheap to create, and whose `step` does nothing if it changes no rate.

    torch wraps `add_param_group` and others so that their first call imports torch._dynamo, and `step` in its profiler;
    either takes longer than a whole curve. Without gradients the original `step` changes nothing, so the rates are the
    same; but that of schedule-free computes the rate it uses.
    """
    original = inspect.unwrap(cls.step) if cls.__module__.partition(".")[0] == "schedulefree" else None

    def step(self: Optimizer, closure: Any = None) -> None:
        if original is not None:
            original(self)

    step.hooked = True  # type: ignore[attr-defined] # torch then does not wrap it
    wrapped = (Optimizer.add_param_group, Optimizer.state_dict, Optimizer.load_state_dict)
    members = {function.__name__: inspect.unwrap(function) for function in wrapped}
    return type(cls.__name__, (cls,), {"step": step, **members})
