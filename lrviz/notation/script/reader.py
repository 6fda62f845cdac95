"""What all parts of the reading of a script share: limits, records, and values that are not known."""

from __future__ import annotations

import ast
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from lrviz.notation.script.names import is_scheduler_class
from lrviz.notation.script.trees import functions_that_reach, names_in, names_in_functions
from lrviz.notation.script.values import (
    Array,
    Class,
    Condition,
    Dotted,
    Event,
    Function,
    Instance,
    Length,
    Loader,
    Loop,
    Opaque,
    Optimizer,
    Origin,
    Schedule,
    Scope,
    Settings,
    Unknown,
    flat,
    looks_like_scheduler,
    origins,
)
from lrviz.notation.source import MAX_BITS, Budget, ExpressionError, unparse

MAX_STEPS: Final = 250_000  # of reading a script: expressions, statements, and items of lists; half a second
MAX_ITEMS: Final = 100_000  # of one list, or characters of one text
_MOST_EXAMPLES: Final = 4
_LONGEST_EXAMPLE: Final = 40
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


class Signal:
    """How a block ends before its last statement: "return" with a value, "break", "continue" or "raise"."""

    def __init__(self, kind: str, value: Any = None) -> None:
        self.kind, self.value = kind, value


class Reader(ABC):
    """Reads a script once: what all parts of the reading share.

    Args:
        tree: Its syntax tree.
        values: The values of names and expressions that are given; they win over those of the script.
        defaults: The values of names that the script does not define.
        settings: The configuration that it reads from elsewhere; None if it is not given.
    """

    def __init__(
        self,
        tree: ast.Module,
        values: Mapping[str, Any],
        defaults: Mapping[str, Any],
        budget: Budget,
        settings: Settings | None = None,
    ) -> None:
        self.tree, self.values, self.defaults, self.budget = tree, values, defaults, budget
        self.settings = settings
        self.steps = 0
        self.limit = MAX_STEPS
        self.calls = 0
        self.top = Scope(names={"__name__": "__main__", "__file__": Unknown(Origin("__file__", 0))})
        self.loops: list[Loop] = []
        self.conditions: list[Condition] = []
        self.events: list[Event] = []
        self.schedules: list[Schedule] = []
        self.opaque: list[Opaque] = []  # calls that are given an optimizer or a scheduler, in order
        self.trainers: list[Opaque] = []  # calls of Lightning's Trainer and of Accelerator
        self.called: set[ast.AST] = set()  # functions that were called
        self.generators: dict[ast.AST, bool] = {}  # whether a function is a generator
        self.instances: list[Instance] = []
        self.unknown_classes: list[Opaque] = []  # calls of schedulers whose class is not known
        self.examples: dict[str, list[str]] = {}  # values that an expression may have, as notation, by its text
        self.functions = names_in_functions(tree)
        self.trains = functions_that_reach(
            {k: v.called for k, v in self.functions.items()}, lambda name: name == "step"
        )
        self.tainted: dict[int, tuple[Any, Unknown]] = {}  # lists and dicts that may have been changed, by id

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
        if isinstance(value, Array) and len(value) != 1:  # as numpy refuses it
            return Unknown(Origin("the truth of an array", givable=False))
        return bool(value)

    def change(self, value: Any, why: Unknown | None = None) -> None:
        """Note that a list or dict is changed where it is not known whether, or how, it is."""
        reason = why or next((c.value for c in self.conditions), None)
        if reason is not None:
            self.tainted[id(value)] = value, reason

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
            return list(value)
        return None

    def length(self, value: Any, node: ast.expr) -> Any:
        """The number of items of what is iterated over."""
        if (why := self.taint(value)) is not None:
            return why
        if isinstance(value, list | tuple | str | dict | range):
            return len(value)
        if isinstance(value, Length):
            return value.value
        if isinstance(value, Loader):
            return self.values.get(f"len({value.text})", Unknown(Origin(f"len({value.text})", value.line)))
        if isinstance(value, Unknown) and len(value.origins) == 1:  # under the name that it has outside of a function
            origin = value.origins[0]
            if isinstance(origin.node, ast.Name | ast.Attribute | ast.Subscript):
                text = f"len({origin.text})"
                return self.values.get(text, Unknown(Origin(text, node.lineno)))
        match node:
            case ast.Call(
                func=ast.Name(id="enumerate" | "tqdm" | "trange" | "iter") | ast.Attribute(), args=[inner, *_]
            ):
                text = f"len({unparse(inner)})"
            case _:
                text = f"len({unparse(node)})"
        return self.values.get(text, Unknown(Origin(text, node.lineno)))

    # Records

    def not_read(self, node: ast.Call, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """What a call returns of a function that is not in the script."""
        if self.settings is not None:
            if _LOADS.fullmatch(unparse(node.func)):
                return self.settings
            if not isinstance(value := self._setting(node, self.settings), Unknown):
                return value
        # The keys of a text such as `cfg.lr` are the expression itself: it can be given with --let.
        opaque = Opaque(node, args, kwargs)
        given = flat([*args, *kwargs.values()])
        if looks_like_scheduler(opaque) or any(isinstance(v, Optimizer | Schedule | Opaque) for v in given):
            self.opaque.append(opaque)
        if opaque.name in ("Trainer", "Accelerator", "Fabric"):
            self.trainers.append(opaque)
        return opaque

    @cached_property
    def makers(self) -> set[str]:
        """The names of functions of the script that name a scheduler, or call another that does."""
        return functions_that_reach({k: v.mentioned for k, v in self.functions.items()}, is_scheduler_class)

    def makes_scheduler(self, node: ast.AST) -> bool:
        """Whether a node names a scheduler, or a function of the script that makes one."""
        return any(is_scheduler_class(name) or name in self.makers for name in names_in(node).mentioned)

    def example(self, value: Any, *examples: Any) -> None:
        """Note what an expression is compared with: texts and whole numbers that it may be."""
        if isinstance(value, Unknown) and len(value.origins) == 1:
            texts = [repr(e) for e in examples if isinstance(e, str | int) and len(str(e)) < _LONGEST_EXAMPLE]
            known = self.examples.setdefault(value.origins[0].text, [])
            known += [text for text in texts if text not in known][: _MOST_EXAMPLES - len(known)]

    def event(self, kind: str, target: Any, args: Sequence[Any], node: ast.AST) -> None:
        """Note a step, or a rate that is set."""
        self.events.append(Event(kind, target, tuple(args), tuple(self.loops), tuple(self.conditions), node))

    # What subclasses add

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
