"""What all parts of the reading of a script share: limits, records, and values that are not known."""

from __future__ import annotations

import ast
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property, partial
from typing import Any, Final

from lrviz.notation.script.accelerate import Accelerate, accelerate_of
from lrviz.notation.script.names import names_scheduler
from lrviz.notation.script.trainers import Arguments, Trained, trainer_class
from lrviz.notation.script.trees import RATE, Functions, names_in
from lrviz.notation.script.values import (
    PREPARED,
    PREPARES,
    RATE_CHANGES,
    Array,
    Class,
    Condition,
    Dotted,
    Event,
    Function,
    Generated,
    Group,
    Instance,
    Length,
    Loader,
    Loop,
    Method,
    Opaque,
    Optimizer,
    Origin,
    Schedule,
    Scope,
    Settings,
    SomeGroup,
    Unknown,
    find_optimizer,
    flat,
    is_computed,
    is_scheduler_name,
    merge,
    origins,
)
from lrviz.notation.source import MAX_BITS, Budget, ExpressionError, unparse
from lrviz.notation.trainers import is_trainer_class

MAX_STEPS: Final = 250_000  # of reading a script: expressions, statements, and items of lists; half a second
MAX_KEPT: Final = 10_000_000  # of all long lists and arrays: 80 MB
MAX_ITEMS: Final = 100_000  # of one list, or characters of one text
_MOST_EXAMPLES: Final = 4
_LONGEST_EXAMPLE: Final = 40
SCALER: Final = re.compile(r"(loss|grad|amp)_?scaler$", re.IGNORECASE)  # names of objects that make an update
# Names of functions of the standard library and of numpy that change the list that they are given.
_CHANGERS: Final = ("heapify", "heappush", "heappop", "insort", "insort_left", "insort_right", "shuffle")
TRAINS: Final = re.compile(r"train|fit|forward|run_epoch|one_epoch")  # names of functions that may make the updates
# The events of Ignite that come before an update, and before those of an epoch.
_EVENTS: Final = {"ITERATION_STARTED": "step", "EPOCH_STARTED": "epoch"}
# Names of what holds the values of a configuration, and of functions that read one from a file.
_CONFIGURATION: Final = re.compile(
    r"self|(?:\w+_)?(?:args?|arguments|cfgs?|conf|configs?|configuration|hparams|hp|hyp|hyperparameters|opts?|options|"
    r"params|parameters|settings|flags|FLAGS|namespace|yaml)(?:_\w+)?|[CH]"
)
_WHOLE: Final = re.compile(r"args|cfg|conf|config|configuration|hparams|settings")
_LOADS: Final = re.compile(
    r"(?:yaml\.|json\.|toml\.|tomllib\.|tomli\.|OmegaConf\.)(?:safe_|full_)?loads?|(?:\w+\.)*\w*(?:load|read|get)_\w*(?:config|cfg|yaml)"
    r"|safe_load"
)


_COMPREHENSIONS: Final = (ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)


class Signal:
    """How a block ends before its last statement.

    `kind` is "return" with a value, "break", "continue" or "raise"; "maybe" if it returns the value or goes on, as
    `test` decides, which is not known; "unsure" if such a test decides whether an iteration of a loop ends. `before` is
    a "maybe" of the statements before the one that ends the block.
    """

    def __init__(self, kind: str, value: Any = None, test: Unknown | None = None) -> None:
        self.kind, self.value, self.test = kind, value, test
        self.before: Signal | None = None


def _item(items: Sequence[Any] | None, nothing: Unknown, at: int) -> Any:
    """One of some items, if there is one."""
    return items[at] if items is not None and at < len(items) else nothing


class RaisedError(Exception):
    """What Python raises in the body of a `try`, before the handler for it runs."""

    def __init__(self, handler: ast.ExceptHandler) -> None:
        super().__init__()
        self.handler = handler


def handles(handler: ast.ExceptHandler, error: Exception) -> bool:
    """Whether a handler is for an error, by the names of its types."""
    names = {"Exception"} if handler.type is None else names_in(handler.type).mentioned
    return any(kind.__name__ in names for kind in type(error).__mro__)


def joined(first: Signal | None, then: Signal | None) -> Signal | None:
    """The signal of statements that may return, and of those that follow them."""
    if first is None or then is None:
        return then or first
    test = first.test or Unknown()
    if then.kind in ("return", "maybe"):
        return Signal(then.kind, merge(first.value, then.value, test), Unknown(*origins([test, then.test])))
    both = Signal(then.kind, then.value, then.test)
    both.before = joined(first, then.before)
    return both


class Reader(ABC):
    """Reads a script once: what all parts of the reading share.

    Args:
        tree: Its syntax tree.
        values: The values of names and expressions that are given; they win over those of the script.
        defaults: The values of names that the script does not define.
        budget: The limits of what it uses.
        settings: The configuration that it reads from elsewhere; None if it is not given.
        functions: What stands in its functions, if that is known.
        starts: The names in `defaults` that it changes.
    """

    def __init__(
        self,
        tree: ast.Module,
        values: Mapping[str, Any],
        defaults: Mapping[str, Any],
        budget: Budget,
        settings: Settings | None = None,
        *,
        functions: Functions | None = None,
        starts: Collection[str] = (),
    ) -> None:
        self.starts = starts
        self.tree, self.values, self.defaults, self.budget = tree, values, defaults, budget
        self.settings = settings
        self.steps = 0
        self.limit = MAX_STEPS
        self.calls = 0
        self.kept = 0
        self.top = Scope(names={"__name__": "__main__", "__file__": Unknown(Origin("__file__", 0))})
        self.loops: list[Loop] = []
        self.repeats = False  # whether the innermost loop is read as often as it runs
        self.conditions: list[Condition] = []
        self.events: list[Event] = []
        self.schedules: list[Schedule] = []
        self.opaque: list[Opaque] = []  # calls that are given an optimizer or a scheduler, in order
        self.trainers: list[Opaque] = []  # calls of Lightning's Trainer and of Accelerator
        self.arguments: list[Arguments] = []  # of trainers of transformers
        self.attached: dict[int, tuple[str, int]] = {}  # the interval of each handler of Ignite, and its line
        self.of_command_line: list[Instance] = []  # that HfArgumentParser makes
        self.trained: list[Trained] = []  # the trainers that they are given to
        self.called: set[ast.AST] = set()  # functions that were called
        self.tested: dict[ast.If, bool | None] = {}  # what a test gave each time; None if not the same, or not known
        self.harness: list[ast.stmt] | None = None  # the loop of Lightning around a module, if it is needed
        self.counter: tuple[Instance, ...] = ()  # of the updates of a module that makes them itself
        self.accelerate: Accelerate | None = None  # the Accelerator of the script
        self.processes = 1  # of Accelerate
        self.rest: set[ast.AST] = set()  # functions of those that are called from elsewhere
        self.generators: dict[ast.AST, bool] = {}  # whether a function is a generator
        self.yielded: Generated | None = None  # by the generator that is read; None if that is not known
        self.instances: list[Instance] = []
        self.matches: dict[ast.Match, list[ast.stmt] | None] = {}  # as `if` statements
        self.notes: list[str] = []  # what is said of the script
        self.unknown_classes: list[Opaque] = []  # calls of schedulers whose class is not known
        self.examples: dict[str, list[str]] = {}  # values that an expression may have, as notation, by its text
        self.functions = functions or Functions(tree)
        self.trains = self.functions.that_call(lambda name: name == "step" or bool(SCALER.search(name)))
        self.sets = self.functions.that_call(lambda name: name == RATE)
        self.changing: dict[str, Loop] = {}  # attributes that a loop around training changes
        self.training: dict[ast.AST, bool] = {}  # whether a loop is around training
        self.indexed: dict[ast.AST, list[ast.expr]] = {}  # what the variable of a loop is an index of
        self.optimizers: list[Optimizer] = []
        self.rates: dict[Optimizer, list[Any]] = {}  # of the groups of each optimizer before they are changed
        self.named: dict[str, Optimizer] = {}  # optimizers that the script only uses, by their source
        self.handlers: Sequence[ast.ExceptHandler] = ()  # of the `try` that is read
        self.around_try = 0  # the conditions around it
        self.tainted: dict[int, tuple[Any, Unknown]] = {}  # lists and dicts that may have been changed, by id
        self.conditional: list[tuple[Any, Unknown, list[Any]]] = []  # of them, those that a condition decides on

    def __setstate__(self, state: dict[str, Any]) -> None:
        """The reader in another process, where objects have other numbers."""
        vars(self).update(state)
        self.tainted = {id(value): (value, why) for value, why in self.tainted.values()}

    # Limits

    def add(self, steps: int, node: ast.AST | None = None) -> None:
        """Count operations.

        Raises:
            ExpressionError: there are too many.
        """
        self.steps += steps
        if self.steps > self.limit:
            raise ExpressionError(
                f"the script takes over {self.limit:,} operations to read",
                "paste only the lines around the optimizer, the scheduler and the training loop",
                node,
            )

    def checked(self, value: Any, node: ast.AST) -> Any:
        """A value of the script, if it is not too large."""
        if isinstance(value, int) and value.bit_length() > MAX_BITS:
            raise ExpressionError(f"a number of {value.bit_length():,} bits is too large", node=node)
        if isinstance(value, str | list | tuple | dict | range):
            self.check_length(len(value), node)
        return value

    def check_length(self, length: int, node: ast.AST) -> None:
        """Refuse a list or text that is too long."""
        if length > MAX_ITEMS:
            raise ExpressionError(
                f"a list or text of {length:,} items is too long; {MAX_ITEMS:,} is the limit", node=node
            )
        if length > 1000:
            self.keep(length)

    def keep(self, items: int) -> None:
        """Count the items of long lists and arrays, which may be kept."""
        self.kept += items
        if self.kept > MAX_KEPT:
            raise ExpressionError(f"the lists of the script have over {MAX_KEPT:,} items", "use shorter lists")

    # Values

    def unknown(self, node: ast.AST) -> Any:
        """The value of an expression that is not read: that of the configuration, if it has one."""
        return Unknown(Origin(node)) if self.settings is None else self._setting(node, self.settings)

    def _setting(self, node: ast.AST, settings: Settings) -> Any:
        """The value of the configuration that `cfg.train.lr`, `args["lr"]` or `cfg.get("lr", 0.1)` means."""
        default: Any = None
        keys: list[Any] = []
        inner: Any = node
        while not isinstance(inner, ast.Name):
            match inner:
                case ast.Attribute(value=owner, attr=key) | ast.Subscript(value=owner, slice=ast.Constant(value=key)):
                    keys.append(key)
                case ast.Call(func=ast.Attribute(value=owner, attr="get"), args=[ast.Constant(value=key), *rest]):
                    keys.append(key)
                    if inner is node and rest:
                        default = rest[0].value if isinstance(rest[0], ast.Constant) else None
                case _:
                    return Unknown(Origin(node))
            inner = owner
        keys = [inner.id, *reversed(keys)]
        named = 0
        while named < len(keys) and isinstance(keys[named], str) and _CONFIGURATION.fullmatch(keys[named]):
            named += 1
        if named == len(keys) and not _WHOLE.fullmatch(keys[-1]):  # `opt` may be the optimizer
            return Unknown(Origin(node))
        for start in range(named if keys[:named] != ["self"] else 0, 0, -1):
            value: Any = settings
            for key in keys[start:]:
                value = value.get(key, self) if isinstance(value, Settings) else self
            if value is not self:
                return value
        return Unknown(Origin(node)) if default is None else default

    def failed(self, node: ast.AST) -> Unknown:
        """The value of an expression that Python could not compute either."""
        return Unknown(Origin(node, givable=False))

    def raises(self, error: Exception, node: ast.AST) -> Unknown:
        """The value of an expression for which Python raises an error, if no `try` around it handles that.

        Raises:
            RaisedError: one does.
        """
        if self.handlers and len(self.conditions) == self.around_try and not self.loops:
            for handler in self.handlers:
                if handles(handler, error):
                    raise RaisedError(handler)
        return Unknown(Origin(node, givable=False), computed=True)

    def truth(self, value: Any) -> Any:
        """Whether a value is true; Unknown if that is not known."""
        if isinstance(value, Unknown):
            return value
        if (why := self.taint(value)) is not None:
            return why
        if isinstance(value, Loader):
            return Unknown(Origin(value.text, value.line))
        if isinstance(value, Dotted):
            return True
        if isinstance(value, Instance) and value.cls is not None:
            tests = (value.cls.find(name) for name in ("__bool__", "__len__"))
            if (test := next((t for t in tests if isinstance(t, Function)), None)) is not None:
                return self.truth(self.call_function(test.bind(value), [], {}))
        if isinstance(value, Array):  # numpy refuses another length
            return bool(value[0]) if len(value) == 1 else Unknown(Origin("the truth of an array", givable=False))
        return bool(value)

    def merged(self, one: Any, other: Any, test: Unknown) -> Any:
        """A value that is one of two, as a test decides; what is kept of both is counted."""
        value = merge(one, other, test)
        items = value if isinstance(value, tuple) else (value,)
        self.add(sum(len(item.options) + len(item.origins) for item in items if isinstance(item, Unknown)))
        return value

    def change(self, value: Any, why: Unknown | None = None, added: Sequence[Any] = ()) -> None:
        """Note that a list or dict is changed where it is not known whether, or how, it is; `added` may be in it."""
        reason = why or next((c.value for c in self.conditions), None)
        if reason is not None:
            self.tainted[id(value)] = value, reason
            if why is None:
                self.conditional.append((value, reason, flat(added)))

    def held(self, value: Any) -> list[Any]:
        """The items of a list or dict, with those that a condition may add."""
        items = flat(value.values() if isinstance(value, dict) else value)
        return [*items, *(item for owner, _, added in self.conditional if owner is value for item in added)]

    def taint(self, value: Any) -> Unknown | None:
        """Why the items of a list or dict are not known; None if they are."""
        found = self.tainted.get(id(value))
        return found[1] if found else None

    def unknown_in(self, values: Sequence[Any]) -> Unknown | None:
        """What is not known of several values; None if all of them are."""
        found = tuple(o for value in values for o in origins(self.taint(value) or value))
        return Unknown(*found) if found or any(isinstance(v, Unknown) for v in values) else None

    def items(self, value: Any) -> list[Any] | None:
        """The items of what is iterated over; None if they are not known."""
        if self.taint(value) is not None:
            return None
        if isinstance(value, list | tuple | str | dict | range):
            if len(value) > MAX_ITEMS:
                self.add(len(value))
            self.add(len(value))
            found = list(value)
            if isinstance(value, Generated):
                value.clear()
            return found
        if isinstance(value, Array):
            self.check_length(len(value), ast.Constant(0))
            self.add(len(value))
            return value.items
        return None

    def length(self, value: Any, node: ast.expr) -> Any:
        """The number of items of what is iterated over."""
        if (why := self.taint(value)) is not None:
            return why
        if isinstance(value, list | tuple | str | dict | range | Array):
            return len(value)
        if isinstance(value, Length):
            return value.value
        if isinstance(value, Loader):
            return self.values.get(f"len({value.text})", Unknown(Origin(f"len({value.text})", value.line)))
        if isinstance(value, Opaque) and re.search(r"log|progress|track|bar", value.name):
            inside = [v for v in flat([*value.args, *value.kwargs.values()]) if isinstance(v, Loader)]
            if len(inside) == 1:
                return self.length(inside[0], node)
        if isinstance(value, Unknown) and (is_computed(value) or isinstance(node, _COMPREHENSIONS)):
            return Unknown(*value.origins)
        if isinstance(value, Unknown) and len(value.origins) == 1:  # under the name that it has outside of a function
            origin = value.origins[0]
            if isinstance(origin.node, ast.Name | ast.Attribute | ast.Subscript):
                text = f"len({origin.text})"
                return self.values.get(text, Unknown(Origin(text, node.lineno)))
        match node:
            case ast.Call(
                func=ast.Name(id="enumerate" | "tqdm" | "trange" | "iter") | ast.Attribute(), args=[inner, *_]
            ) if not isinstance(inner, ast.Constant):
                text = f"len({unparse(inner)})"
            case _:
                text = f"len({unparse(node)})"
        return self.values.get(text, Unknown(Origin(text, node.lineno)))

    def item(self, value: Any) -> Callable[[int], Any]:
        """What gives the items of what is iterated over, as far as they are known."""
        if isinstance(value, Length) and value.item is not None:
            return value.item
        return partial(_item, self.items(value), Unknown(*origins(value)))

    # Records

    def made_optimizer(self, optimizer: Optimizer) -> None:
        """Note an optimizer that is created, or that gets another group."""
        if not any(o is optimizer for o in self.optimizers):
            self.optimizers.append(optimizer)

    def made_schedule(self, schedule: Schedule) -> None:
        """Note a scheduler that is created."""
        self.schedules.append(schedule)

    def made_trainer(self, args: Sequence[Any], kwargs: Mapping[str, Any], line: int, cls: Class | None = None) -> None:
        """Note a trainer that is given arguments."""
        for value in (*args, *kwargs.values()):
            if isinstance(value, Instance) and trainer_class(value):
                self.trained.append(Trained(value, kwargs, line, cls))

    def keep_rates(self, optimizer: Optimizer) -> None:
        """Keep the rates of an optimizer that are about to be changed for the first time."""
        if optimizer not in self.rates:
            self.rates[optimizer] = [group.get("lr") for group in optimizer.groups]

    def initial_rate(self, group: Group) -> Any:
        """The rate of a parameter group before schedulers change it."""
        for optimizer, rates in self.rates.items():
            for each, rate in zip(optimizer.groups, rates, strict=False):
                if each is group:
                    return rate
        return group.get("lr")

    def add_group(self, optimizer: Optimizer, group: Group, node: ast.AST) -> None:
        """Note a parameter group that an optimizer gets; in a loop, or after a scheduler is created, it is an event."""
        if self.loops or optimizer in self.rates:
            self.keep_rates(optimizer)
            self.event("group", optimizer, (group,), node)
        elif self.conditions and group.get("lr") is not optimizer.defaults.get("lr"):  # it may not be added
            group["lr"] = Unknown(*(o for c in self.conditions for o in c.value.origins))
        optimizer.groups.append(group)
        self.made_optimizer(optimizer)

    def optimizer_of(self, value: Any) -> Optimizer | None:
        """The optimizer of a value; one that the script only uses has one group, of an unknown rate."""
        if (found := find_optimizer(value)) is not None or not isinstance(value, Unknown) or not value.origins:
            return found
        origin = value.origins[0]
        several = sorted((o for o in value.options if isinstance(o, Optimizer)), key=lambda o: o.line)
        if len(several) > 1 and not any(o.givable for o in value.origins):
            raise ExpressionError(
                f"the loop replaces the optimizer on line {several[0].line} by the one on line {several[1].line}, "
                "which is not followed",
                "paste the lines and the loop of one of them",
                several[1].node,
            )
        if origin.text not in self.named:
            rate = value.kwargs.get("lr") if isinstance(value, Opaque) else None
            own = Origin(f"{origin.text}.lr", origin.line, givable=origin.givable)
            of_run = self.values.get("lr", self.defaults.get("lr", Unknown(own)))
            group = Group({"lr": of_run if rate is None else rate})
            self.named[origin.text] = Optimizer("", [group], origin.line, variable=origin.text)
            self.made_optimizer(self.named[origin.text])
        return self.named[origin.text]

    def set_rate(self, group: Group, key: str, value: Any, node: ast.AST) -> bool:
        """Note a rate or momentum that is set by hand; whether its value must not be kept."""
        if key == "initial_lr":  # a scheduler of the script begins
            for optimizer in self.optimizers:
                if any(g is group for g in optimizer.groups):
                    self.keep_rates(optimizer)
        trained = any(e.loops and e.kind in ("update", "train") for e in self.events)
        if not self.loops and group.changes is None and not trained:
            return False
        if group.changes is None:
            for optimizer in self.optimizers:
                if any(g is group for g in optimizer.groups):
                    self.keep_rates(optimizer)
            group.changes = Unknown(Origin(RATE_CHANGES, getattr(node, "lineno", 0), givable=False))
        self.event("rate", group, (key, value), node)
        return True

    def set_some_rate(self, some: SomeGroup, key: str, value: Any, node: ast.AST) -> None:
        """Note a rate that is set of a group that is not known."""
        for group in some.groups:
            self.set_rate(group, key, value, node)

    def set_scheduler(self, schedule: Schedule, name: str, value: Any, node: ast.AST) -> None:
        """Note an attribute of a scheduler that is set."""
        self.event("attribute", schedule, (name, value), node)

    def not_read(self, node: ast.Call, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """What a call returns of a function that is not in the script."""
        if self.settings is not None:
            if _LOADS.fullmatch(unparse(node.func)):
                return self.settings
            if not isinstance(value := self._setting(node, self.settings), Unknown):
                return value
        # The keys of a text such as `cfg.lr` are the expression itself: it can be given with --let.
        opaque = Opaque(node, args, kwargs)
        name = opaque.name
        if SCALER.search(name):
            self.scaled(opaque)
        for value in args if name in _CHANGERS else ():
            self.change(value, Unknown(Origin(node, givable=False)))
        if name == "exec":
            self.notes.append(f"`exec` on line {node.lineno} is not read: what it changes is not known")
        given = flat([*args, *kwargs.values()])
        if is_scheduler_name(name) or any(isinstance(v, Optimizer | Schedule | Opaque) for v in given):
            self.opaque.append(opaque)
        if name == "add_event_handler" and len(args) > 1 and isinstance(args[1], Schedule):
            self.attach(args[1], node)
        if name in ("Trainer", "Accelerator", "Fabric") or (name == "run" and self.attached):
            self.trainers.append(opaque)
        if name.endswith("Trainer"):
            self.made_trainer(args, kwargs, node.lineno)
        if name == "Accelerator":
            self.accelerate = accelerate_of(opaque)
        if name.startswith("prepare") and self.accelerate is not None:
            self.accelerate.prepare(opaque.args)
        if PREPARES.fullmatch(name) and len(given) == 1 and isinstance(given[0], PREPARED):
            return given[0]
        if self.loops and TRAINS.search(name):
            self.event("train", opaque, given, node)
        return opaque

    def attach(self, schedule: Schedule, node: ast.Call) -> None:
        """Note the event of a trainer of Ignite that a scheduler is attached to."""
        event = unparse(node.args[0]) if node.args else ""
        if (interval := _EVENTS.get(event.rpartition(".")[2])) is None:
            raise ExpressionError(
                f"a scheduler that is attached to `{event[:60]}` is not followed",
                "attach it to Events.ITERATION_STARTED or Events.EPOCH_STARTED",
                node,
            )
        self.attached[id(schedule)] = interval, node.lineno

    def scaled(self, opaque: Opaque) -> None:
        """Note the update of a scaler that is not in the script: `loss_scaler(loss, optimizer, update_grad=...)`."""
        found = [v for v in opaque.args if isinstance(v, Optimizer)]
        if not SCALER.search(opaque.name) or len(found) != 1:
            return
        (name, flag) = next(
            ((k, v) for k, v in opaque.kwargs.items() if k in ("update_grad", "need_update")), ("", True)
        )
        test = self.truth(flag)
        if test is False:
            return
        if isinstance(test, Unknown):
            node = next(k.value for k in opaque.node.keywords if k.arg == name)
            self.conditions.append(Condition(node, test))
        self.event("update", found[0], (), opaque.node)
        if isinstance(test, Unknown):
            self.conditions.pop()

    @cached_property
    def makers(self) -> set[str]:
        """The names of functions of the script that name a scheduler or what a trainer takes, or call one that does."""
        return self.functions.that_mention(lambda name: names_scheduler(name) or is_trainer_class(name))

    def makes_scheduler(self, node: ast.AST) -> bool:
        """Whether a node names a scheduler, or a function of the script that makes one."""
        return any(names_scheduler(name) or name in self.makers for name in self.functions.names_in(node).mentioned)

    def example(self, value: Any, *examples: Any) -> None:
        """Note what an expression is compared with: texts and whole numbers that it may be."""
        if isinstance(value, Unknown) and len(value.origins) == 1:
            texts = [repr(e) for e in examples if isinstance(e, str | int) and len(str(e)) < _LONGEST_EXAMPLE]
            known = self.examples.setdefault(value.origins[0].text, [])
            known += [text for text in texts if text not in known][: _MOST_EXAMPLES - len(known)]

    def event(self, kind: str, target: Any, args: Sequence[Any], node: ast.AST) -> None:
        """Note a step, or a rate that is set."""
        conditions = list(self.conditions)
        if self.accelerate is not None and self.accelerate.condition and self.accelerate.wraps(target):
            conditions.append(self.accelerate.condition)
        self.events.append(Event(kind, target, tuple(args), tuple(self.loops), tuple(conditions), node))

    def synchronizes(self, node: ast.expr) -> Any:
        """Whether an update is made in the block of `accumulate` that is read."""
        return Unknown(Origin(node, givable=False))

    def begin_accumulation(self, node: ast.expr) -> None:
        """Begin a block of `accumulate`."""
        if self.accelerate is not None and self.loops:
            self.accelerate.begin(node, self.loops[-1].over)

    def end_accumulation(self) -> None:
        """End it."""
        if self.accelerate is not None:
            self.accelerate.condition = None

    def scheduler_attribute(self, schedule: Schedule, name: str, node: ast.expr) -> Any:
        """An attribute of a scheduler, which is known only while it runs."""
        return Method(schedule, name, node)

    def scheduler_method(self, schedule: Schedule, name: str, node: ast.Call) -> Any:
        """What a method of a scheduler returns, which is known only while it runs."""
        return self.failed(node)

    def is_of_rest(self, function: Function) -> bool:
        """Whether to read a function because it is called from elsewhere: no other has called it."""
        if function.node in self.called:
            return False
        self.rest.add(function.node)
        return True

    # What subclasses add

    @abstractmethod
    def evaluate(self, node: ast.expr, scope: Scope) -> Any:
        """The value of an expression."""

    @abstractmethod
    def attribute(self, owner: Any, name: str, node: ast.expr) -> Any:
        """An attribute of a value."""

    @abstractmethod
    def call(self, function: Any, args: list[Any], kwargs: dict[str, Any], node: ast.Call, scope: Scope) -> Any:
        """What a call returns."""

    @abstractmethod
    def call_function(self, function: Function, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Read the body of a function of the script with these arguments, and give what it returns."""

    @abstractmethod
    def instantiate(self, cls: Class, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """An instance of a class of the script."""
