"""What a script calls that is not in it: which part of this package knows it."""

from __future__ import annotations

import ast
import bisect
import itertools
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final, cast

from lrviz.notation.functions import FUNCTIONS, MATH
from lrviz.notation.functions import Function as KnownFunction
from lrviz.notation.script.arguments import parser_method
from lrviz.notation.script.arrays import array_method, tensor_of
from lrviz.notation.script.builtin_functions import call_builtin
from lrviz.notation.script.methods import TEXT_METHODS, dict_method, list_method, text_method
from lrviz.notation.script.names import NUMPY_NAMES, is_scheduler, names_scheduler, scheduler_at
from lrviz.notation.script.numeric import NUMPY, call_known, call_numpy
from lrviz.notation.script.operators import size
from lrviz.notation.script.reader import Reader
from lrviz.notation.script.tables import from_yaml
from lrviz.notation.script.torch_objects import (
    counts,
    dampens,
    is_optimizer,
    is_torch,
    make_loader,
    make_optimizer,
    make_schedule,
    optimizer_defaults,
    optimizer_method,
)
from lrviz.notation.script.trainers import Arguments
from lrviz.notation.script.values import (
    CONSTANTS,
    NUMBERS,
    STEPPED_TOO,
    Array,
    Builtin,
    Class,
    Dampening,
    Dotted,
    Endless,
    Function,
    Group,
    Instance,
    Length,
    Loader,
    Method,
    Opaque,
    Optimizer,
    Origin,
    Parser,
    Partial,
    Schedule,
    Scope,
    Settings,
    Super,
    Unknown,
    UnknownClass,
    find_optimizer,
    flat,
    is_scalar,
    is_scheduler_name,
    looks_like_scheduler,
    origins,
)
from lrviz.notation.source import Budget, ExpressionError, unparse
from lrviz.notation.trainers import is_trainer_class
from lrviz.schedulers import find, refused

# Functions that give their first argument again.
_PASS: Final = (
    "tqdm", "trange", "iter", "track", "deepcopy", "copy", "to", "cuda", "prefetch", "progress_bar",
)  # fmt: skip

# Classes of values by their names.
_TABLES: Final = (
    "Namespace", "SimpleNamespace", "OrderedDict", "defaultdict", "EasyDict", "edict", "DotDict", "AttrDict", "Munch",
    "ConfigDict",
)  # fmt: skip
# Functions that take arguments from the command line.
_COMMAND_LINES: Final = (
    "Fire", "fire.Fire", "tyro.cli", "simple_parsing.parse", "pyrallis.parse", "draccus.parse", "jsonargparse.CLI",
    "jsonargparse.auto_cli",
)  # fmt: skip
_SCALE: Final = 65536.0  # of a scaler of gradients, which stays as long as no gradient is infinite


def call(reader: Reader, function: Any, args: list[Any], kwargs: dict[str, Any], node: ast.Call, scope: Scope) -> Any:
    """What a call of something that is not in the script returns."""
    match function:
        case Unknown() if _is_of_module(reader, node.func, scope):
            return _dotted(reader, Dotted(node.func.attr), args, kwargs, node, scope)  # type: ignore[attr-defined]
        case Unknown(computed=True):
            return Unknown(*function.origins, *origins(args), computed=True)
        case KnownFunction():
            return call_known(reader, function, args, kwargs, node)
        case Builtin(name=name):
            return call_builtin(reader, name, args, kwargs, node, scope)
        case Dotted():
            return _dotted(reader, function, args, kwargs, node, scope)
        case Method():
            return _method(reader, function, args, kwargs, node, scope)
        case UnknownClass():
            made = Opaque(node, args, kwargs)
            values = [*args[1:], *(v for k, v in kwargs.items() if k != "optimizer")]
            if reader.examples.get(function.origins[0].text) == ["'StepLR'"]:
                spread = [v for k, v in kwargs.items() if k.startswith("**") and origins(v)]
                reader.examples |= {origins(v)[0].text: ["{'step_size': 10}"] for v in spread}
            made.origins = tuple(dict.fromkeys((*function.origins, *origins(values))))
            reader.unknown_classes.append(made)
            return made
        case Partial():
            return reader.call(function.function, [*function.args, *args], {**function.kwargs, **kwargs}, node, scope)
    return reader.not_read(node, args, kwargs)


def _is_of_module(reader: Reader, node: ast.expr, scope: Scope) -> bool:
    """Whether an expression is a class of schedulers in a module whose import is not in the script: `sched.StepLR`."""
    match node:
        case ast.Attribute(value=ast.Name(id=name), attr=last) if last[:1].isupper() and names_scheduler(last):
            return name != "self" and name not in reader.values and scope.find(name) is None
    return False


def _table(reader: Reader, name: str, values: dict[Any, Any], node: ast.Call) -> Any:
    """A namespace, dictionary or configuration with these values."""
    if name in ("Namespace", "SimpleNamespace"):
        return Instance(None, {str(key): value for key, value in values.items()})
    if name in ("OrderedDict", "defaultdict"):
        return values
    reader.add(size(values), node)
    return Settings.of(values)


def _dotted(
    reader: Reader, function: Dotted, args: list[Any], kwargs: dict[str, Any], node: ast.Call, scope: Scope
) -> Any:
    path, last = function.path, function.last
    if path in ("int", "float"):
        return call_known(reader, FUNCTIONS[path], args, kwargs, node)
    if function.module in ("math", "cmath") and isinstance(found := MATH.get(last), KnownFunction):
        return call_known(reader, found, args, kwargs, node)
    if function.module in ("numpy", *NUMPY_NAMES) and last in NUMPY:
        return call_numpy(reader, last, args, kwargs, node)
    if function.module == "torch" and last in ("tensor", "FloatTensor", "linspace", "cat", "concat"):
        return tensor_of(reader, last, args, kwargs, node)
    if last in ("ArgumentParser", "ConfigArgParser") or path == "argparse.ArgumentParser":
        return Parser()
    if last in ("HfArgumentParser", "TrlParser") and (args or kwargs):
        classes = kwargs.get("dataclass_types", args[0] if args else ())
        return Parser(dataclasses=tuple(classes) if isinstance(classes, list | tuple) else (classes,))
    if last in _TABLES or path.endswith("OmegaConf.create"):
        return _table(reader, last, {**(args[0] if args and isinstance(args[0], dict) else {}), **kwargs}, node)
    if function.module == "bisect" and last in ("bisect", "bisect_left", "bisect_right") and len(args) == 2:
        return _bisect(reader, last, args[0], args[1], node)
    if function.module == "itertools" and last in ("accumulate", "chain") and not kwargs:
        return _iterator(reader, last, args, node)
    if function.module == "itertools" and last == "count" and "start" in kwargs and not args:
        args = [kwargs.pop("start")]
    if function.module == "itertools" and last in ("count", "cycle") and not (kwargs or reader.unknown_in(args[1:])):
        return _endless(reader, last, args, node)
    if path in ("inspect.signature", "signature") and len(args) == 1 and (names := _parameters(args[0])):
        return Instance(None, {"parameters": dict.fromkeys(names)})
    if path in ("yaml.safe_load", "yaml.load") and args and isinstance(args[0], str):
        return from_yaml(reader, args[0], node)
    if last == "literal_eval" and len(args) == 1 and isinstance(args[0], str):
        return _literal(reader, args[0], node)
    if path == "json.loads" and len(args) == 1 and isinstance(args[0], str):
        return _from_json(reader, args[0], node)
    if last == "namedtuple" and len(args) == 2 and isinstance(args[0], str):
        fields = args[1].replace(",", " ").split() if isinstance(args[1], str) else reader.items(args[1]) or []
        return Class(args[0], {}, fields=tuple(map(str, fields)))
    if function.module in ("", "dataclasses") and args and _is_record(args[0]):
        if last == "replace":
            return _replaced(reader, args[0], kwargs)
        if last == "asdict" and len(args) == 1:
            return _as_dict(reader, args[0], node)
    if last == "partial" and args:
        return _partial(reader, args[0], args[1:], kwargs, node)
    if (
        last == "__init__"
        and args
        and isinstance(args[0], Instance)
        and is_scheduler(function.module.rpartition(".")[2])
    ):
        return _init_scheduler(reader, args[0], Dotted(function.module), args[1:], kwargs, node)
    if path in ("torch.optim.step", "torch.optim.lr_scheduler.step"):  # of variables that are called as the modules
        variable = Unknown(Origin(node.func.value if isinstance(node.func, ast.Attribute) else node))
        reader.event("update" if path == "torch.optim.step" else "step", variable, args, node)
        return reader.unknown(node)
    info = scheduler_at(path)
    if info is not None or (is_torch(function) and is_scheduler(last)):
        return make_schedule(reader, function, args, kwargs, node, info)
    if is_optimizer(function):
        return make_optimizer(reader, last, args, kwargs, node)
    if is_trainer_class(last):
        made = Arguments(last, node, args, kwargs)
        reader.arguments.append(made)
        return made
    if reason := refused(last, function.module):
        raise ExpressionError(f"`{last}` cannot be shown: {reason}", node=node)
    if last == "DataLoader":
        return make_loader(args, kwargs, node)
    if last == "islice" and len(args) > 1 and function.module in ("", "itertools"):
        return _islice(reader, args, node)
    if last in _PASS and args:
        inner = args[0]
        if last == "trange":
            return call_builtin(reader, "range", args, {}, node, scope)
        if isinstance(inner, list | tuple | range | dict | Loader | Length | Optimizer | Group):
            return inner
        if last in ("tqdm", "track"):
            return Length(reader.length(inner, node.args[0]), reader.item(inner), inner)
    if path in _COMMAND_LINES:  # of a function, or of a class whose fields are the options
        target = next((v for v in (*args, *kwargs.values()) if isinstance(v, Function | Class)), None)
        if isinstance(target, Function):
            return reader.call_function(target, [], {})
        if target is not None:
            return reader.instantiate(target, [], {})
    return reader.not_read(node, args, kwargs)


def _bisect(reader: Reader, name: str, items: Any, value: Any, node: ast.Call) -> Any:
    """Where a number belongs in a sorted list."""
    known = reader.items(items)
    if known is not None and all(isinstance(i, NUMBERS) for i in [*known, value]):
        return getattr(bisect, name)(known, value)
    return reader.unknown_in([items, value]) or reader.unknown(node)


def _parameters(value: Any) -> tuple[str, ...]:
    """The names of the parameters of a function of the script, or of a scheduler or an optimizer of torch."""
    match value:
        case Function():
            spec = value.node.args
            return tuple(a.arg for a in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs))
        case Class() if isinstance(make := value.find("__init__"), Function):
            return tuple(name for name in _parameters(make) if name != "self")
        case Dotted(last="__init__"):
            return ("self", *found) if (found := _parameters(Dotted(value.module))) else ()
        case Dotted() if is_scheduler(value.last) and (info := find(value.last)) is not None and info.family == "torch":
            return (
                "optimizer",
                *(p.name for p in info.parameters),
                *(("last_epoch",) if info.takes_last_epoch else ()),
            )
        case Dotted() if is_optimizer(value):
            return ("params", *optimizer_defaults(value.last).get("", ()))
    return ()


def _literal(reader: Reader, text: str, node: ast.Call) -> Any:
    """The value of a text such as `[3, 6]`."""
    try:
        budget = Budget()
        budget.check_text(text)
        tree = ast.parse(text.strip(), mode="eval")
        budget.check_tree(tree)
        value = ast.literal_eval(tree)
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        return reader.failed(node)
    reader.add(size(value), node)
    items = value if isinstance(value, list | tuple) else (value,)
    return value if all(isinstance(item, CONSTANTS) for item in items) else reader.unknown(node)


def _from_json(reader: Reader, text: str, node: ast.Call) -> Any:
    """The value of a text in JSON."""
    try:
        Budget().check_text(text)
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        return reader.raises(error, node)
    reader.add(size(value), node)
    return value


def _is_record(value: Any) -> bool:
    """Whether a value is an instance of a dataclass or of a named tuple of the script."""
    return isinstance(value, Instance) and value.cls is not None and value.cls.fields is not None


def _replaced(reader: Reader, record: Instance, kwargs: Mapping[str, Any]) -> Any:
    """A copy of an instance of a dataclass, with other values of some of its fields."""
    cls = cast(Class, record.cls)
    values = {name: record.names[name] for name in cls.fields or () if name in record.names}
    return reader.instantiate(cls, [], {**values, **kwargs})


def _as_dict(reader: Reader, value: Any, node: ast.AST) -> Any:
    """The fields of an instance of a dataclass as a dictionary, also of those inside it."""
    reader.add(1, node)
    if _is_record(value):
        return {name: _as_dict(reader, value.names.get(name), node) for name in value.cls.fields}
    if isinstance(value, dict):
        return {key: _as_dict(reader, item, node) for key, item in value.items()}
    if isinstance(value, list | tuple) and reader.taint(value) is None:
        return type(value)(_as_dict(reader, item, node) for item in value)
    return value


def _iterator(reader: Reader, name: str, args: list[Any], node: ast.Call) -> Any:
    """What `itertools.accumulate` and `chain` give, as a list."""
    lists = [reader.items(a) for a in args]
    if any(items is None for items in lists):
        return reader.not_read(node, args, {})
    known = [item for items in lists for item in items or ()]
    if name == "chain":
        return reader.checked(known, node)
    if len(args) == 1 and all(isinstance(i, NUMBERS) for i in known):
        return reader.checked([reader.checked(i, node) for i in itertools.accumulate(known)], node)
    return reader.unknown_in(known) or reader.unknown(node)


def _islice(reader: Reader, args: list[Any], node: ast.Call) -> Any:
    """What `itertools.islice` gives of a list, or of batches, of which there are taken to be as many."""
    bounds = [None, args[1]] if len(args) == 2 else args[1:4]
    if not all(b is None or (isinstance(b, int) and b >= 0) for b in bounds):
        return reader.unknown_in(bounds) or reader.unknown(node)
    if (items := reader.items(args[0])) is not None:
        return items[slice(*bounds)]
    length = reader.length(args[0], node.args[0])
    taken = range(length if isinstance(length, int) else sys.maxsize)[slice(*bounds)]
    if bounds[1] is None and not isinstance(length, int):
        return reader.unknown(node)
    return Length(len(taken), source=args[0])


def _endless(reader: Reader, name: str, args: list[Any], node: ast.Call) -> Any:
    """What `itertools.count` and `cycle` give."""
    if name == "cycle":
        items, each = reader.items(args[0]) if args else None, reader.item(args[0] if args else None)
        return Endless(partial(_repeated, items) if items else each, args[0] if args else None)
    start, step = (*args, *(0, 1)[len(args) :])[:2]
    if not all(isinstance(value, int | float) for value in (start, step)):
        return reader.not_read(node, args, {})
    return Endless(partial(_counted, start, step))


def _repeated(items: Sequence[Any], at: int) -> Any:
    return items[at % len(items)]


def _counted(start: float, step: float, at: int) -> float:
    return start + at * step


def _partial(reader: Reader, function: Any, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> Any:
    """What `functools.partial` returns."""
    if isinstance(function, Function):
        reader.add(len(function.given) + len(function.defaults), node)
        return replace(function, given=(*function.given, *args), defaults={**function.defaults, **kwargs})
    if isinstance(function, Unknown):
        return Unknown(Origin(node))
    return Partial(function, args, kwargs)


# Methods of a subclass of a scheduler that change its rates.
_OWN_RATES: Final = ("get_lr", "step", "_get_closed_form_lr")


def _init_scheduler(
    reader: Reader, instance: Instance, base: Dotted, args: list[Any], kwargs: dict[str, Any], node: ast.Call
) -> None:
    """`super().__init__(optimizer, self.factor)` of a subclass of a scheduler of torch."""
    cls = instance.cls
    if cls is not None and not any(map(cls.has, _OWN_RATES)) and is_torch(base):
        instance.scheduler = make_schedule(reader, base, args, kwargs, node)


def _method(reader: Reader, method: Any, args: list[Any], kwargs: dict[str, Any], node: ast.Call, scope: Scope) -> Any:
    owner, name = method.owner, method.name
    match owner:
        case Optimizer():
            return optimizer_method(reader, owner, name, args, kwargs, node)
        case Schedule():
            if name == "step" or (name == "step_update" and counts(owner)):
                reader.event("step", owner, [*args, *kwargs.values()], node)
                return None
            if name == "dampening" and dampens(owner):
                return Dampening(owner, node)
            return reader.scheduler_method(owner, name, node)
        case Parser():
            return parser_method(reader, owner, name, args, kwargs, node)
        case Super():
            base = next((b for b in owner.cls.bases if isinstance(b, Dotted) and is_scheduler(b.last)), None)
            if name == "__init__" and base is not None:
                _init_scheduler(reader, owner.instance, base, args, kwargs, node)
            return None
        case Instance():
            return _instance_method(reader, owner, name, args, kwargs, node, scope)
        case Unknown() if name in TEXT_METHODS:
            if name == "split":
                separator = args[0] if args and isinstance(args[0], str) else " "
                reader.example(owner, separator.join(["10", "20"]))
            return Unknown(*owner.origins)
        case Opaque() if name == "step" and STEPPED_TOO.search(owner.name):
            return reader.not_read(node, args, kwargs)
        case Unknown() if name == "get_scale" and "scaler" in unparse(node.func).lower():
            reader.notes.append("no step is taken to be skipped for infinite gradients")
            return _SCALE
        case Unknown() if name == "step":
            found = next((o for a in (*args, *kwargs.values()) if (o := find_optimizer(a)) is not None), None)
            if found is not None:  # a scaler of gradients
                reader.event("update", found, (), node)
            elif any(owner is made for made in reader.unknown_classes):
                reader.event("step", owner, [*args, *kwargs.values()], node)
            elif (inner := find_optimizer(owner)) is not None and not _wraps_scheduler(owner, node):
                reader.event("update", inner, (owner,), node)
            elif args and "scaler" in unparse(node.func).lower():
                reader.event("update", args[0], (), node)
            elif names_optimizer(node):
                reader.event("update", owner, (), node)
            else:
                reader.event("step", owner, [*args, *kwargs.values()], node)
            return reader.unknown(node)
        case str() if name in TEXT_METHODS:
            return text_method(reader, owner, name, args, kwargs, node)
        case Array():
            return array_method(reader, owner, name, args, kwargs, node)
        case list():
            return list_method(reader, owner, name, args, kwargs, node)
        case dict():
            return dict_method(reader, owner, name, args, kwargs, node)
        case tuple() if any(isinstance(item, Group) for item in owner):
            raise ExpressionError(
                "the list of parameter groups is changed, which is not followed",
                "give the groups to the optimizer, or use `add_param_group`",
                node,
            )
        case tuple() if name in ("index", "count") and len(args) == 1:
            reader.add(size(owner), node)
            return getattr(owner, name)(args[0]) if args[0] in owner else reader.unknown(node)
        case float() | int() if name == "item" and not args:
            return owner
        case _ if name == "item" and not args and is_scalar(owner):
            return owner.item()
        case float() if name == "round" and not args and hasattr(owner, "round"):  # of numpy
            return owner.round()
        case float() | int() if name in ("is_integer", "bit_length") and hasattr(owner, name) and not args:
            return getattr(owner, name)()
    return reader.not_read(node, args, kwargs)


def _wraps_scheduler(owner: Unknown, node: ast.Call) -> bool:
    """Whether what a call steps may be a scheduler, although it was given an optimizer: by a name or an argument."""
    given = flat([*owner.args, *owner.kwargs.values()]) if isinstance(owner, Opaque) else []
    variable = unparse(node.func).rpartition(".")[0]
    return looks_like_scheduler(owner) or is_scheduler_name(variable) or any(isinstance(v, Schedule) for v in given)


def names_optimizer(node: ast.Call) -> bool:
    """Whether a call is of a method of what is called an optimizer."""
    return "opt" in unparse(node.func).lower().rpartition(".")[0]


def _instance_method(
    reader: Reader,
    owner: Instance,
    name: str,
    args: list[Any],
    kwargs: dict[str, Any],
    node: ast.Call,
    scope: Scope,
) -> Any:
    if isinstance(owner, Arguments):
        owner.change(name, node)
    if name == "save_hyperparameters":
        known = {k: v for k, v in scope.names.items() if k != "self" and not k.startswith("__")}
        owner.names["hparams"] = Instance(None, {**known, **kwargs})
        if len(args) == 1 and isinstance(args[0], Instance | dict):
            owner.names["hparams"] = args[0] if isinstance(args[0], Instance) else Instance(None, dict(args[0]))
        return None
    if name == "step" and owner.cls is not None and is_scheduler_name(owner.cls.name):
        raise ExpressionError(
            f"the class `{owner.cls.name}` inherits its `step()` from a class that is not in the script",
            f"code of your own runs as `FILE.py:{owner.cls.name}`",
            node,
        )
    if name in ("_replace", "_asdict") and not args and _is_record(owner):
        return _replaced(reader, owner, kwargs) if name == "_replace" else dict(owner.names)
    if owner.cls is None and name == "get" and args and isinstance(args[0], str):
        return owner.names.get(args[0], args[1] if len(args) > 1 else None)
    return reader.not_read(node, args, kwargs)
