"""Fixes: a scheduler with other values, as notation."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any, Final

from lrviz.notation import Lambda, SchedulerCall
from lrviz.rules.case import DEFAULTS, LENGTHS, Case, Part, length_parameter, own_length
from lrviz.schedulers import find
from lrviz.text import print_value

# Parameters that count scheduler steps, of each scheduler.
_COUNTS: Final = {
    **{name: (parameter,) for name, parameter in LENGTHS.items()},
    "MultiStepLR": ("milestones",),
    "SequentialLR": ("milestones",),
    "CyclicLR": ("step_size_up", "step_size_down"),
}


def changed(call: SchedulerCall, values: Mapping[str, Any]) -> SchedulerCall:
    """The call with other values; those that are None are left out."""
    kept = {**dict(call.kwargs), **values}
    return replace(call, kwargs=tuple((name, value) for name, value in kept.items() if value is not None))


def at_path(call: SchedulerCall, path: tuple[int, ...], values: Mapping[str, Any]) -> SchedulerCall:
    """The call, with other values in the scheduler at a path in it."""
    if not path:
        return changed(call, values)
    children = list(call.children)
    children[path[0]] = at_path(children[path[0]], path[1:], values)
    return changed(call, {"schedulers": tuple(children)})


def written(case: Case) -> SchedulerCall:
    """The scheduler of a run that has parts."""
    if case.call is None:
        raise AssertionError
    return case.call


def with_values(case: Case, part: Part, **values: Any) -> str:
    """The notation of the run's scheduler, with other values in one of its parts."""
    return str(at_path(written(case), part.path, values))


def lengths(part: Part, steps: int) -> dict[str, Any]:
    """The values of a part that lasts for a number of steps."""
    if part.name == "OneCycleLR":
        return {"total_steps": steps, "epochs": None, "steps_per_epoch": None}
    return {length_parameter(part.name): steps}


def with_length(case: Case, part: Part, was: float, steps: int) -> str:
    """The notation with a part that lasts for `steps`, which was `was`."""
    if part.name in LENGTHS or own_length(part) is not None:
        return with_values(case, part, **lengths(part, max(steps, 1)))
    return scaled_functions(case, part, Fraction(steps) / Fraction(was).limit_denominator(10**6))


def scaled_functions(case: Case, part: Part, factor: Fraction) -> str:
    """The notation with the functions of a LambdaLR stretched by a factor."""
    over = _scaled("{}", factor.limit_denominator(10_000))
    return rewritten_functions(case, part, over) or (
        f"call the function with its step divided by {print_value(float(factor))}, so that it lasts for the run"
    )


def rewritten_functions(case: Case, part: Part, argument: str, body: str = "{}") -> str:
    """The notation with functions of a LambdaLR that are written otherwise; empty if one is given by its name."""
    functions = part.value("lr_lambda")
    new = tuple(rewritten(f, argument, body) for f in (functions if isinstance(functions, tuple) else (functions,)))
    if any(f is None for f in new):
        return ""
    return with_values(case, part, lr_lambda=new if isinstance(functions, tuple) else new[0])


class Text(str):
    """A function as notation."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def stretched(function: object, factor: Fraction) -> Text | None:
    """A lambda whose argument is divided by a factor; None for a function that is given by its name."""
    return rewritten(function, _scaled("{}", factor.limit_denominator(10_000)))


def rewritten(function: object, argument: str, body: str = "{}") -> Text | None:
    """A lambda with an expression in place of its argument, and of its value; None for a function by its name."""
    if not isinstance(function, Lambda):
        return None
    try:
        tree = ast.parse(function.source, mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        return None
    if not isinstance(tree, ast.Lambda) or not tree.args.args:
        return None
    name = tree.args.args[0].arg
    value = ast.parse(f"({argument.format(name)})", mode="eval").body

    class Rename(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return value if node.id == name else node

    changed_body = ast.parse(body.format(ast.unparse(Rename().visit(tree.body))), mode="eval").body
    return Text(ast.unparse(ast.fix_missing_locations(ast.Expression(ast.Lambda(tree.args, changed_body)))))


def _scaled(name: str, factor: Fraction) -> str:
    over, under = factor.numerator, factor.denominator
    if over == 1:
        return f"{name} * {under}"
    return f"{name} / {over}" if under == 1 else f"{name} * {under} / {over}"


def scaled(case: Case, factor: Fraction) -> str:
    """The notation with every length multiplied by a factor, and with a last part that ends with the run."""
    call = _scaled_call(written(case), factor)
    last = case.last
    if call.name == "SequentialLR" and len(call.children) > 1:  # the last one may not have started
        last = Part(call.children[-1], (len(call.children) - 1,), int(written(case).get("milestones")[-1]), case.steps)
    kept = ("StepLR", "CosineAnnealingWarmRestarts")
    if last is not None and last.name not in kept and (last.name in LENGTHS or own_length(last) is not None):
        start = round(last.start * factor)
        if start < case.steps:
            call = at_path(call, last.path, lengths(last, case.steps - start))
    return str(call)


def _scaled_call(call: SchedulerCall, factor: Fraction) -> SchedulerCall:
    values: dict[str, Any] = {}
    info = None if call.name in _COUNTS else find(call.name)
    for name in info.counts if info else _COUNTS.get(call.name, ()):
        value = call.get(name, DEFAULTS.get(call.name))
        if call.name == "OneCycleLR":
            values |= {"epochs": None, "steps_per_epoch": None}
            value = value or call.get("epochs", 0) * call.get("steps_per_epoch", 0)
        if isinstance(value, tuple):
            values[name] = tuple(max(1, round(v * factor)) for v in value)
        elif value is not None:
            values[name] = max(1, round(value * factor))
    if call.name == "ExponentialLR":
        values["gamma"] = float(f"{float(call.get('gamma')) ** float(1 / factor):.8g}")
    if call.name == "LambdaLR":
        functions = call.get("lr_lambda")
        several = functions if isinstance(functions, tuple) else (functions,)
        new = [stretched(f, factor) or f for f in several]
        values["lr_lambda"] = tuple(new) if isinstance(functions, tuple) else new[0]
    if call.children:
        values["schedulers"] = tuple(_scaled_call(child, factor) for child in call.children)
    return changed(call, values)


def fitted_children(children: tuple[SchedulerCall, ...], milestones: tuple[int, ...], steps: int) -> SchedulerCall:
    """A SequentialLR whose last scheduler ends with a run of so many steps, if it has a length."""
    *others, last = children
    if last.name in LENGTHS:
        last = changed(last, lengths(Part(last, (), milestones[-1], steps), steps - milestones[-1]))
    return SchedulerCall("SequentialLR", kwargs=(("schedulers", (*others, last)), ("milestones", milestones)))
