"""A script from its first line to its last, with the functions in it that are called from elsewhere."""

from __future__ import annotations

import ast
from typing import Any

from lrviz.notation.script.interpreter import Interpreter
from lrviz.notation.script.lightning import configs, run_module
from lrviz.notation.script.names import names_scheduler
from lrviz.notation.script.reader import SCALER
from lrviz.notation.script.trees import RATE
from lrviz.notation.script.values import Class, Function


def read_all(reader: Interpreter) -> list[Any]:
    """Read a script.

    Returns:
        What it returns to those who call it: the values of `return` in lines that are pasted, the value of a dictionary
        in its last line, and what functions return that are called from elsewhere.
    """
    returned: list[Any] = []
    body = reader.tree.body
    last = body[-1].value if body and isinstance(body[-1], ast.Expr) else None
    for_lightning = isinstance(last, ast.Dict)
    signal = reader.block(body[:-1] if for_lightning else body, reader.top)
    if signal is not None and signal.kind == "return":
        returned.append(signal.value)
    elif last is not None and for_lightning:
        returned.append(reader.evaluate(last, reader.top))
    of_modules = _call_modules(reader)
    returned += _call_the_rest(reader)
    for value in () if of_modules else returned:
        found = configs(value)[1]
        if any(config.frequency != 1 for config in found):
            reader.block(run_module(reader, None, found[0].schedule.line, value), reader.top)
    return [*returned, *of_modules]


def _call_modules(reader: Interpreter) -> list[Any]:
    """Read what Lightning calls of modules, and its loop around them."""
    returned: list[Any] = []
    for cls in [v for v in reader.top.names.values() if isinstance(v, Class)]:
        method = cls.names.get("configure_optimizers")
        if isinstance(method, Function) and reader.is_of_rest(method):
            module = _instance(reader, cls)
            returned.append(reader.call_function(method.bind(module), [], {}))
            reader.block(run_module(reader, module, method.node.lineno, returned[-1]), reader.top)
    return returned


def _call_the_rest(reader: Interpreter) -> list[Any]:
    """Read the functions and methods that create or step a scheduler and are called from elsewhere."""
    returned: list[Any] = []
    classes = [v for v in reader.top.names.values() if isinstance(v, Class)]
    functions: list[tuple[Class | None, Function]] = [
        (None, v) for v in reader.top.names.values() if isinstance(v, Function)
    ]
    methods = [(cls, v) for cls in classes for v in cls.names.values() if isinstance(v, Function)]
    makes = reader.makers or reader.sets
    wanted = [(cls, f) for cls, f in (*functions, *methods) if f.name in makes]
    inside = {name for _, f in wanted for name in reader.functions.names_in(f.node).mentioned if name != f.name}
    outside = [each for each in wanted if each[1].name not in inside]
    passed_on = [each for each in wanted if each[1].name in inside]  # to what is not in the script
    for owner, function in (*outside, *passed_on):
        if function.name in inside and (reader.schedules or reader.sets):
            break
        if _only_repeats(reader, function) or not reader.is_of_rest(function):
            continue
        if owner is None or "staticmethod" in function.decorators:
            returned.append(reader.call_function(function, [], {}))
        elif function.name == "__init__":
            reader.instantiate(owner, [], {})
        else:
            returned.append(_call_method(reader, owner, function))
    return returned


def _only_repeats(reader: Interpreter, function: Function) -> bool:
    """Whether a function only calls what the script has called by itself, as a second way to start it does."""
    names = reader.functions.names_in(function.node)
    own = names.mentioned | names.called
    if any(name in ("step", RATE) or names_scheduler(name) or SCALER.search(name) for name in own):
        return False
    called = {getattr(node, "name", "") for node in reader.called}
    return bool(called) and own & (reader.makers | reader.trains | reader.sets) <= called


def _call_method(reader: Interpreter, cls: Class, method: Function) -> Any:
    return reader.call_function(method.bind(_instance(reader, cls)), [], {})


def _instance(reader: Interpreter, cls: Class) -> Any:
    own = [i for i in reader.instances if i.cls is cls]
    return own[-1] if own else reader.instantiate(cls, [], {})
