"""The description of a scheduler as plain data, and the lookup of schedulers by name.

The module of a scheduler is imported on first use.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Literal, NoReturn

from lrviz.errors import SpecError
from lrviz.schedulers import families, torch

FORMULA_LEGEND: Final = "t counts scheduler steps from 0; lr is the base rate given to the optimizer"

# The module of each scheduler by short name and by class name, in listing order.
_MODULES: Final = {
    name: f"lrviz.schedulers.torch.{module}"
    for module, class_name in torch.NAMES.items()
    for name in (module.strip("_").replace("_", "-"), class_name)
}
# Short names that stand for compositions of torch's schedulers, in listing order.
_COMPOSITIONS: Final = ("warmup-cosine", "warmup-linear", "wsd", "inverse-sqrt", "noam")
_TORCH_FILES: Final = ("optim/lr_scheduler.py", "optim/swa_utils.py")

# Last parts of the module paths of torch's schedulers; an alias of one word, as in `lr_s.StepLR`, is accepted too.
_TORCH_PATHS: Final = ("lr_scheduler", "swa_utils", "optim")

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
    "scheduler",  # one scheduler
    "options",  # a dict of names and plain values
    "numbers",  # a finite number, or a list of them
    "text",
]


class Required:
    """The type of `REQUIRED`, the default of a parameter without a default in torch."""

    def __repr__(self) -> str:
        return "required"


REQUIRED: Final = Required()


@dataclass(frozen=True)
class Parameter:
    """One parameter of a scheduler: its name and default in torch, and the limits of its value.

    `least` and `most` bound the value; with `above_least` or `below_most` the bound itself is excluded. For lists they
    bound each item. `follows` is an expression in the names of the run (`total_steps`, `epochs`, `steps_per_epoch`,
    `lr`, `interval`) that gives the value if the parameter is left out; for a `per_group` parameter it is evaluated
    once for each group, with the `lr` of that group. `instead` names other parameters that together replace this one.
    `fraction` is what torch makes of a value of a whole number that has a fraction; empty if it takes none.
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
    instead: tuple[str, ...] = ()
    fraction: str = ""

    @property
    def required(self) -> bool:
        """Whether torch has no default for it."""
        return self.default is REQUIRED

    @property
    def limits(self) -> str:
        """The limits as text, such as "at least 1" or "above 0, at most 1"; empty without limits."""
        if self.choices:
            return " or ".join((", ".join(self.choices[:-1]), self.choices[-1]))
        words = []
        if self.least is not None:
            words.append(f"{'above' if self.above_least else 'at least'} {self.least:g}")
        if self.most is not None:
            words.append(f"{'below' if self.below_most else 'at most'} {self.most:g}")
        return ", ".join(words)


@dataclass(frozen=True)
class Run:
    """The parts of a run that the checks of a scheduler use.

    `rates` is the name and the base rate of each parameter group. `steps` is the number of scheduler steps, None for a
    scheduler inside another one, which need not cover the whole run.
    """

    rates: tuple[tuple[str, float], ...]
    steps: int | None
    num_processes: int = 1

    def for_each_group(self, value: Any) -> tuple[Any, ...]:
        """The value of a `per_group` parameter for each group."""
        return value if isinstance(value, tuple) else (value,) * len(self.rates)


Values = Mapping[str, Any]


def no_check(values: Values, run: Run) -> None:
    """The default `check` of a scheduler: none."""


def no_hint(error: BaseException, values: Values) -> str:
    """The default `failure_hint` of a scheduler: no hint."""
    return ""


def no_shares(values: Values, steps: int) -> list[int]:
    """The default `shares` of a scheduler: none, so that each scheduler inside it has all steps."""
    return []


@dataclass(frozen=True)
class Scheduler:
    """One scheduler: its parameters, checks and help texts.

    `name` is the class or function in `module` that creates it. `formula` is plain text in the names of the
    parameters. `past_end` describes the rate if the run continues after the end of the schedule. `source` is the
    paper, or else the page of the documentation.

    `check` takes the values of the parameters and the run, and raises SpecError for values on which torch fails or that
    give a meaningless schedule. What is legal but probably unintended is a rule of `lrviz.rules`.
    `failure_hint` takes an exception of the scheduler and the values, and returns a hint, or an empty string.
    `shares` takes the values and the number of scheduler steps, and returns the number that each scheduler inside this
    one has, 1 or more; an empty list if each has all. `notation` is given for a short name of a composition of torch's
    schedulers: that composition, in the names of the parameters and of the run.

    For a scheduler of another package: `name` has its module path before it if the bare name is that of a scheduler of
    a package before it in the index. `needed` takes the values, and returns the names of the optional parameters that
    are needed with them. `metric_if` takes the values, and returns whether `step()` takes a metric. `build` takes the
    class or function, the optimizer, and the positional and named arguments, and returns the scheduler; None for
    `factory(optimizer, *args, **kwargs)`. `stepper` takes the scheduler and the loop, and returns what is called after
    each update, or after each epoch if the scheduler steps once an epoch, with the number of updates, or epochs, made
    so far, and the metric if it takes one: it makes the calls that a training loop makes there; None for
    `scheduler.step()`. `decides` takes the values that are given, and returns the fields of the run that follow from
    them; where the user gives another value, that is used.
    """

    short: str
    name: str
    summary: str
    parameters: tuple[Parameter, ...]
    formula: str
    use: str
    cautions: tuple[str, ...]
    source: str
    past_end: str
    module: str = "torch.optim.lr_scheduler"
    package: str = "torch"  # the name of its package for `pip install`
    example: str = ""  # notation to show if the defaults are not enough, as for a composite
    aliases: tuple[str, ...] = ()  # names in papers and other libraries: lower-case letters and digits only
    always_shown: tuple[str, ...] = ()  # parameters that titles show even if they are left out
    momentum_switch: str = ""  # the parameter that enables the momentum cycle
    rates: tuple[str, ...] = ()  # parameters that are rates, whatever the base rate is
    overwrites_rate: bool = False  # its constructor replaces the rate from which other schedulers start
    restores_rate: bool = False  # its constructor sets all groups back to their base rate
    takes_optimizer: bool = True  # a positional argument is the optimizer
    optimizer_at: int = 0  # which of the positional arguments
    positional: int | None = None  # how many of the parameters may be given by position; None for all
    takes_metric: bool = False  # step() takes a metric
    takes_last_epoch: bool = True  # its last parameter, but for `verbose` before torch 2.7, is `last_epoch`
    check: Callable[[Values, Run], None] = no_check
    failure_hint: Callable[[BaseException, Values], str] = no_hint
    shares: Callable[[Values, int], list[int]] = no_shares
    notation: str = ""
    length: str = ""  # the parameter with the steps up to the end of the schedule, for one that falls up to its end
    warmup: str = ""  # the parameter with the steps of a warm-up at its start
    counts: tuple[str, ...] = ()  # the parameters that count scheduler steps
    needed: Callable[[Values], Collection[str]] | None = None
    metric_if: Callable[[Values], bool] | None = None
    build: Callable[[Any, Any, Sequence[Any], Mapping[str, Any]], Any] | None = None
    stepper: Callable[[Any, Any], Callable[..., None]] | None = None
    decides: Callable[[Values], Mapping[str, Any]] | None = None
    returns_pair: bool = False  # the scheduler and the epochs of the run
    of_loop: tuple[str, ...] = ()  # parameters that are of the loop around it, for `build`, and not of its constructor
    standalone: bool = False  # it is no LRScheduler of torch, which SequentialLR and others need
    dampens: bool = False  # a loop steps another scheduler inside `with scheduler.dampening():`
    takes_count: bool = False  # step() takes the number of epochs, and step_update() that of updates
    step_code: Callable[[Values, Any], str] | None = None  # the call of step() in a loop, from the values and the loop
    is_handler: bool = False  # a trainer of Ignite calls it at its events

    @property
    def class_name(self) -> str:
        """The class that it is, or that its composition is."""
        return self.notation.partition("(")[0] or self.name

    @property
    def attribute(self) -> str:
        """The name of the class or function in `module`."""
        return self.name.rpartition(".")[2]

    @property
    def family(self) -> str:
        """The top-level package that it is imported from."""
        return self.module.partition(".")[0]

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of that name, or None."""
        return next((p for p in self.parameters if p.name == name), None)


@dataclass(frozen=True)
class Family:
    """The schedulers of one package other than torch.

    `package` is what is imported, `install` what `pip install` takes, `help` a paragraph about the package. `curves`
    has the rate of every update of a scheduler's example in the default run, in millionths, by short name. `refused`
    has the reason for each name of the package that cannot be shown. `environment` are variables of the environment
    that keep the package from using the network or a GPU while it is imported. `load` imports a module of the package.
    """

    package: str
    install: str
    help: str
    schedulers: tuple[Scheduler, ...]
    source: str = ""
    curves: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    load: Callable[[str], Any] = import_module

    @property
    def title(self) -> str:
        """The name of the package, which for one without a release is that of what is imported."""
        return self.package if "://" in self.install else self.install

    def find(self, name: str) -> Scheduler | None:
        """The scheduler with that short name, name, or name without its module path."""
        return next((s for s in self.schedulers if name in (s.short, s.name, s.attribute)), None)


def refuse_plateau(name: str, children: tuple[Any, ...]) -> None:
    """Refuse ReduceLROnPlateau, and what is no LRScheduler of torch, inside a composite scheduler.

    Raises:
        SpecError: one of the children is that.
    """
    if any(child.name == "ReduceLROnPlateau" for child in children):
        raise SpecError(
            f"`{name}` cannot contain `ReduceLROnPlateau`: it calls `step()` without a metric",
            "plot it on its own, or use `lrviz compare`",
        )
    for child in children:
        info = find(child.name)
        if info is not None and info.standalone:
            raise SpecError(
                f"`{name}` cannot contain `{info.name}`: it is no LRScheduler of torch", "use the warm-up of its own"
            )


def cycle_momentum_hint(error: BaseException, values: Values) -> str:
    """The hint if torch refuses `cycle_momentum` for an optimizer without momentum."""
    if "cycle_momentum" in str(error):
        return "set cycle_momentum=False, or use an optimizer with momentum such as SGD or Adam"
    return ""


@cache
def names() -> frozenset[str]:
    """Every short name and class name."""
    return frozenset({*_MODULES, *_COMPOSITIONS, *families.INDEX})


@cache
def all_schedulers() -> tuple[Scheduler, ...]:
    """Every scheduler of torch, in listing order, without the compositions."""
    return tuple(map(_load, dict.fromkeys(_MODULES.values())))


@cache
def compositions() -> tuple[Scheduler, ...]:
    """Every composition of torch's schedulers that has a short name, in listing order."""
    schedulers = {s.short: s for s in import_module("lrviz.schedulers.composed").SCHEDULERS}
    return tuple(schedulers[short] for short in _COMPOSITIONS)


def family(package: str) -> Family | None:
    """The family of a top-level package, or None.

    Raises:
        SpecError: the package brings it by an entry point, and it cannot be loaded.
    """
    if package in families.NAMES:
        found: Family = import_module(f"lrviz.schedulers.families.{package}").FAMILY
        return found
    if package in ("", "torch"):
        return None
    from lrviz.schedulers import plugins

    brought = plugins.load(package)
    for s in brought.schedulers if brought else ():
        _brought.setdefault(s.name, s)
    return brought


# The schedulers of the families that packages have brought by entry points so far, by name.
_brought: Final[dict[str, Scheduler]] = {}


def all_families() -> tuple[Family, ...]:
    """Every family, in listing order, with those of entry points at the end.

    Raises:
        SpecError: one of an entry point cannot be loaded.
    """
    return *filter(None, map(family, families.NAMES)), *_from_entry_points()


def _from_entry_points() -> tuple[Family, ...]:
    from lrviz.schedulers import plugins

    return tuple(filter(None, map(family, plugins.entry_points())))


def _load(module: str) -> Scheduler:
    scheduler: Scheduler = import_module(module).SCHEDULER
    return scheduler


def find(name: str) -> Scheduler | None:
    """The scheduler with exactly that short name or class name, else None."""
    if name in _COMPOSITIONS:
        return compositions()[_COMPOSITIONS.index(name)]
    if name in _MODULES:
        return _load(_MODULES[name])
    if name in _brought:
        return _brought[name]
    package, dash, _ = name.partition("-")  # a short name of an entry point begins with the name of its package
    found = family(families.INDEX.get(name, package if dash else ""))
    return found.find(name) if found else None


def find_imported(name: str, module: str) -> Scheduler | None:
    """The scheduler of another package than torch that a script imports from `module`, a dotted path, else None."""
    found = family(module.partition(".")[0])
    return found.find(name) if found else None


def find_spelling(name: str) -> Scheduler | None:
    """The scheduler with that short name or class name in another spelling: case, `_` and `-` do not matter."""
    folded = fold(name)
    return next((find(known) for known in names() if fold(known) == folded), None)


def takes_metric(call: Any) -> bool:
    """Whether `step()` of the scheduler that a call creates takes a metric; it has a `name`, `args` and `kwargs`."""
    info = find(call.name)
    if info is None or info.metric_if is None:
        return info is not None and info.takes_metric
    return info.metric_if(dict(zip((p.name for p in info.parameters), call.args, strict=False)) | dict(call.kwargs))


def require(name: str, module: str = "", *, has_arguments: bool = False) -> Scheduler | None:
    """The scheduler of a name as written, or None for a class of the installed torch that is not described here.

    Args:
        name: The name, in any spelling if there is no module.
        module: The path before it, such as `torch.optim.lr_scheduler`.
        has_arguments: Whether it is called with arguments, for the hint.

    Raises:
        SpecError: there is no such scheduler.
    """
    path = module.split(".") if module else []
    if path and (found := family(path[0])) is not None:
        return found.find(name) or _refuse(found, name, module)
    from_torch = len(path) <= 1 or path[-1] in _TORCH_PATHS
    info = find(name)
    if info is not None and (from_torch if info.family == "torch" else len(path) <= 1):
        return info
    if not path and (info := find_spelling(name)) is not None:
        return info
    if from_torch and name[:1].isupper() and name in installed_schedulers():
        return None
    if len(path) <= 1 and (info := next(filter(None, (found.find(name) for found in _from_entry_points())), None)):
        return info
    close = suggest(name)
    hint = f"did you mean `{close}`? " if close else ""
    hint += "`lrviz schedulers` lists them all"
    if path and path[-1] not in _TORCH_PATHS:
        hint += f"; code that is installed or in this folder runs as `{module}:{name}(...)`"
    elif has_arguments:
        hint += f"; your code runs as `FILE.py:{name}(...)`"
    raise SpecError(f"unknown scheduler `{module}.{name}`" if module else f"unknown scheduler `{name}`", hint)


def refused(name: str, module: str) -> str:
    """Why a name of a package cannot be shown; empty for one that can, and for what is no name of a family."""
    package = module.partition(".")[0]
    found = family(package) if package in families.NAMES else None
    return found.refused.get(name, "") if found else ""


def _refuse(found: Family, name: str, module: str) -> NoReturn:
    """Refuse a name of a family that has no scheduler here."""
    if name in found.refused:
        raise SpecError(f"`{module}.{name}` cannot be shown: {found.refused[name]}")
    import difflib

    plain = {fold(other): other for s in found.schedulers for other in (s.attribute, s.short)}
    close = difflib.get_close_matches(fold(name), plain, n=1)
    hint = f"did you mean `{plain[close[0]]}`? " if close else ""
    hint += f"`lrviz schedulers {found.package}` lists those of {found.install}"
    raise SpecError(f"unknown scheduler `{module}.{name}`", hint)


def fold(name: str) -> str:
    """A name in lower case, without `_` and `-`."""
    return name.lower().replace("_", "").replace("-", "")


def suggest(name: str) -> str | None:
    """The short name or class name closest to `name`; None if none is close.

    Case, `_`, `-` and a final "LR" or "Scheduler" are ignored, and names from papers and other libraries are known
    too. A CamelCase name gives the class name, any other the short name.
    """
    scheduler = _closest(_normalize(name))
    if scheduler is None:
        return None
    camel_case = not name.islower() and not name.isupper() and name.casefold() != scheduler.short
    of_function = "_" in name and "_" in scheduler.name
    return scheduler.name if camel_case or of_function else scheduler.short


def _closest(normalized: str) -> Scheduler | None:
    """The scheduler of a normalized name: by exact name, by unique prefix, or by similarity."""
    schedulers = (*all_schedulers(), *compositions())
    by_name = {_normalize(name): s for s in schedulers for name in (s.short, s.name)}
    known = {alias: s for s in schedulers for alias in s.aliases} | by_name
    if normalized in known:
        return known[normalized]
    if len(normalized) < 3:
        return None
    by_prefix = {s.short: s for name, s in by_name.items() if name.startswith(normalized)}
    if len(by_prefix) == 1:
        return next(iter(by_prefix.values()))
    import difflib

    # A short name is close to too many words: SGD is neither a misspelled sgdr nor wsd.
    candidates = [name for name in known if len(name) > (3 if name in by_name else 5)]
    in_families = {_normalize(name): name for name in families.INDEX}
    matching = [name for plain, name in in_families.items() if plain.startswith(normalized) and not by_prefix]
    if normalized in in_families or len(matching) == 1:
        return find(in_families.get(normalized) or matching[0])
    candidates += [name for name in in_families if len(name) > 3]
    close = difflib.get_close_matches(normalized, candidates, n=1, cutoff=0.65)
    if close and close[0] not in known:
        return find(in_families[close[0]])
    return known[close[0]] if close else None


def _normalize(name: str) -> str:
    """`name` in lower-case letters and digits only, without a final "scheduler" or "lr"."""
    plain = "".join(c for c in name.casefold() if c.isalnum())
    for ending in ("scheduler", "lr"):
        if len(plain) - len(ending) > 1:
            plain = plain.removesuffix(ending)
    return plain


@cache
def installed_schedulers(module: str = "") -> frozenset[str]:
    """The class names in torch's scheduler modules, read from its source: importing torch takes a second.

    Those of one module, such as `torch.optim.swa_utils`, if it is given. Empty when the source cannot be found.
    """
    files = (f"{module.removeprefix('torch.').replace('.', '/')}.py",) if module else _TORCH_FILES
    source = "\n".join(map(_torch_source, files))
    return frozenset(re.findall(r"^class ([A-Za-z]\w*)\([^)]*LR[^)]*\)", source, re.MULTILINE))


@cache
def installed_optimizers() -> frozenset[str]:
    """The optimizers that torch.optim exports, read from its source; empty when it cannot be found."""
    source = _torch_source("optim/__init__.py")
    return frozenset(re.findall(r"^from torch\.optim\.\w+ import ([A-Z]\w*)", source, re.MULTILINE)) - {"Optimizer"}


def optimizer_source(name: str) -> str:
    """The source of the module of an optimizer of torch.optim; empty when it cannot be found."""
    source = _torch_source("optim/__init__.py")
    found = re.search(rf"^from torch\.optim\.(\w+) import (?:\w+ as )?{re.escape(name)}\b", source, re.MULTILINE)
    return _torch_source(f"optim/{found[1]}.py") if found else ""


def _torch_source(file: str) -> str:
    spec = find_spec("torch")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        try:
            return (Path(folder) / file).read_text(encoding="utf-8")
        except OSError:
            continue
    return ""
