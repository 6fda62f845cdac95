"""The torch room, first part: a cheap optimizer and the real scheduler over it."""

from __future__ import annotations

import inspect
from functools import cache
from importlib import import_module
from typing import Any

import torch
from torch.optim import Optimizer

from lrviz import catalogue
from lrviz.arithmetic import ExpressionError
from lrviz.errors import LrvizError, SimulationError, SpecError
from lrviz.notation import Lambda, SchedulerCall, print_value
from lrviz.spec import RunSpec

_MODULES = ("torch.optim.lr_scheduler", "torch.optim.swa_utils")


def build_optimizer(spec: RunSpec) -> Optimizer:
    """A fresh optimizer over one dummy `Linear` for each parameter group, whose `step()` costs next to nothing.

    Raises:
        SpecError: torch has no such optimizer, or it takes no such momentum.
    """
    choice = spec.optimizer
    cls = _cheap(_optimizer_class(choice.name))
    with torch.random.fork_rng(devices=[]):  # the layers draw their weights; the caller's generator stays as it was
        layers = [torch.nn.Linear(2, 1, bias=False) for _ in spec.groups]  # no bias: Muon takes matrices alone
    groups = [
        {"params": list(layer.parameters()), "lr": group.lr} for layer, group in zip(layers, spec.groups, strict=True)
    ]
    options: dict[str, Any] = {"lr": spec.groups[0].lr}
    if choice.momentum is not None:
        options |= _momentum(cls, choice.name, choice.momentum)
    try:
        return cls(groups, **options)
    except (TypeError, ValueError, RuntimeError) as error:
        raise SpecError(f"torch refuses the optimizer `{choice.name}`: {_reason(error)}") from error


def build_scheduler(call: SchedulerCall, optimizer: Optimizer) -> Any:
    """The real scheduler of torch, and the ones inside it, in the order a script would make them.

    Raises:
        SimulationError: torch refuses the values.
    """
    cls = _scheduler_class(call.name)
    info = catalogue.find(call.name)
    args = [_real(value, optimizer) for value in call.args]
    kwargs = {name: _real(value, optimizer) for name, value in call.kwargs}
    if info is None or info.takes_optimizer:
        args.insert(0, optimizer)
    try:
        return cls(*args, **kwargs)
    except LrvizError as error:
        raise SimulationError(f"`{short(call)}`: {error.message}", error.hint) from error
    except Exception as error:
        hint = "" if info else f"its parameters are {_parameters(cls)}"
        if "cycle_momentum" in str(error):
            hint = "cycle_momentum=False leaves the momentum alone; SGD and Adam have one"
        raise SimulationError(f"torch refuses `{short(call)}`: {_reason(error)}", hint) from error


def _parameters(cls: Any) -> str:
    """The parameters of a class that the catalogue does not know: "step_size, gamma=0.1"."""
    parameters = inspect.signature(cls).parameters.values()
    left_out = ("optimizer", "last_epoch", "verbose")  # torch 2.6 has `verbose`, deprecated
    own = [p.replace(annotation=p.empty) for p in parameters if p.name not in left_out]
    return ", ".join(str(p).replace(" = ", "=") for p in own)


def short(call: object) -> str:
    """A scheduler as notation, cut to what fits in a message."""
    text = str(call)
    return text if len(text) <= 100 else f"{text[:97]}..."


def failure(call: object, step: int, error: BaseException) -> SimulationError:
    """The error for a scheduler that fails while it runs, at the update whose rate it could not compute."""
    if isinstance(error, ExpressionError):
        return SimulationError(f"`{short(call)}` fails at step {step}: {error.message}", error.hint)
    hint = ""
    if isinstance(error, OverflowError) and "triangular2" in str(call):
        hint = "triangular2 overflows in torch after 1,024 cycles: make step_size_up longer, or use mode='exp_range'"
    elif isinstance(error, NotImplementedError) or "step() takes 1 positional argument" in str(error):  # older torch
        hint = "torch starts no SequentialLR or ChainedScheduler at a milestone: put its schedulers in the outer list"
    return SimulationError(f"torch fails on `{short(call)}` at step {step}: {_reason(error)}", hint)


def _reason(error: BaseException) -> str:
    """What an exception says, on one line, with its kind where that tells more."""
    text = " ".join(str(error).split()).rstrip(".")
    if isinstance(error, ZeroDivisionError):
        return "division by zero"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _real(value: Any, optimizer: Optimizer) -> Any:
    if isinstance(value, tuple):
        return [_real(item, optimizer) for item in value]
    if isinstance(value, SchedulerCall):
        return build_scheduler(value, optimizer)
    if isinstance(value, Lambda):
        return value.function
    return value


def _scheduler_class(name: str) -> Any:
    for module in _MODULES:
        cls = getattr(import_module(module), name, None)
        if isinstance(cls, type):
            return cls
    raise SpecError(f"this version of torch ({torch.__version__}) has no `{name}`", "a newer torch may have it")


@cache
def _optimizer_class(name: str) -> type[Optimizer]:
    classes = {
        found: cls
        for found, cls in vars(torch.optim).items()
        if isinstance(cls, type) and issubclass(cls, Optimizer) and cls is not Optimizer
    }
    folded = {found.lower(): cls for found, cls in classes.items()}
    cls = classes.get(name) or folded.get(name.lower())
    if cls is None:
        import difflib

        close = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.5)
        hint = f"did you mean `{folded[close[0]].__name__}`? " if close else ""
        raise SpecError(f"unknown optimizer `{name}`", f"{hint}torch.optim has {', '.join(sorted(classes))}")
    if "lr" not in inspect.signature(cls).parameters:
        raise SpecError(f"`{name}` takes no learning rate")
    return cls


def _momentum(cls: type[Optimizer], name: str, momentum: float) -> dict[str, Any]:
    parameters = inspect.signature(cls).parameters
    if "momentum" in parameters:
        return {"momentum": momentum}
    if "betas" in parameters and isinstance(betas := parameters["betas"].default, tuple):
        return {"betas": (momentum, *betas[1:])}
    raise SpecError(f"`{name}` has no momentum", f"leave out momentum {print_value(momentum)}")


def _cheap(cls: type[Optimizer]) -> type[Optimizer]:
    """A subclass of an optimizer that costs little to make and to step.

    torch wraps `add_param_group` so that its first call imports torch._dynamo, and `step` in its profiler; either
    takes longer than a whole curve. Without gradients the real `step` changes nothing, so one that returns at once
    gives the same rates.
    """

    def step(self: Optimizer, closure: Any = None) -> None:
        return None

    step.hooked = True  # type: ignore[attr-defined] # torch then leaves it unwrapped
    members = {"step": step, "add_param_group": inspect.unwrap(Optimizer.add_param_group)}
    return type(cls.__name__, (cls,), members)
