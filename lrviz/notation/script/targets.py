"""A reader of what is assigned: names, attributes, and items of lists, dictionaries and parameter groups."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from lrviz.notation.script.definitions import Definitions
from lrviz.notation.script.trainers import Arguments
from lrviz.notation.script.values import (
    CONSTANTS,
    LIVE,
    NUMBERS,
    PREPARED,
    PREPARES,
    Array,
    Class,
    Counter,
    Function,
    Group,
    Instance,
    Loader,
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
    looks_like_scheduler,
    origins,
)
from lrviz.notation.source import unparse

_NAMED: Final = (Schedule, Optimizer, Arguments, Opaque)  # whose variable is kept


class Targets(Definitions):
    """A reader of assignments to all kinds of targets."""

    def store(self, name: str, value: Any, scope: Scope) -> None:
        """Give a name a value, unless its value is given from outside the script."""
        if name not in self.values:
            scope.elsewhere.get(name, scope).names[name] = value

    def assign(self, target: ast.expr, value: Any, scope: Scope) -> None:
        """Assign a value to a target."""
        match target:
            case ast.Name(id=name):
                if isinstance(value, _NAMED) and not value.variable and name not in self.values:
                    value.variable = name
                self.store(name, value, scope)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                self._unpack(targets, value, scope)
            case ast.Starred(value=inner):
                self.assign(inner, value, scope)
            case ast.Attribute(value=owner, attr=name):
                instance = self._object(owner, scope)
                cls = instance.cls if isinstance(instance, Instance) else None
                if cls is not None and isinstance(setter := cls.find(f"{name}.setter"), Function):
                    self.call_function(setter.bind(instance), [value], {})
                elif isinstance(instance, Instance | Class):
                    if isinstance(value, _NAMED) and not value.variable:
                        value.variable = name
                    old = instance.names.get(name, value)
                    instance.names[name] = self._weak(old, value)
                elif isinstance(instance, Settings):
                    self._set_item(instance, name, value, target)
                elif isinstance(instance, Schedule):
                    self.set_scheduler(instance, name, value, target)
            case ast.Subscript(value=owner, slice=index):
                key = self.evaluate(index, scope)
                container = self._object(owner, scope) if isinstance(key, str) else self.evaluate(owner, scope)
                if isinstance(container, Instance) and isinstance(key, str):
                    container.names[key] = self._weak(container.names.get(key, value), value)
                else:
                    self._set_item(container, key, value, target)

    def _object(self, node: ast.expr, scope: Scope) -> Any:
        """A value of which an attribute or an item is set; a name that is not known becomes an object for them."""
        value = self.evaluate(node, scope)
        if type(value) not in (Unknown, Method, Opaque) or find_optimizer(value) or looks_like_scheduler(value):
            return value
        if isinstance(value, Opaque) and (value.args or value.kwargs):
            return value
        made = Instance(Class(unparse(node), {}, (value,)))
        match node:
            case ast.Name(id=name) if name not in self.values:
                (scope.find(name) or scope.top).names[name] = made
                return made
            case ast.Attribute(value=owner, attr=name):
                outer = self._object(owner, scope)
                if isinstance(outer, Instance):
                    outer.names[name] = made
                    return made
        return value

    def _weak(self, old: Any, new: Any) -> Any:
        """The value of an attribute or item that is set where it is not known whether it is."""
        for condition in self.conditions:
            new = self.merged(old, new, condition.value)
        return new

    def _set_item(self, owner: Any, index: Any, value: Any, node: ast.expr) -> None:
        if isinstance(owner, SomeGroup) and index in LIVE:
            self.set_some_rate(owner, index, value, node)
            return
        if isinstance(owner, Group) and index in LIVE:
            if not self.set_rate(owner, index, value, node):
                owner[index] = self._weak(owner.get(index), value)
            return
        if isinstance(owner, Array):
            if isinstance(index, int) and isinstance(value, NUMBERS) and not self.conditions and not self.loops:
                with suppress(IndexError, OverflowError):
                    owner.data = owner.data.copy()
                    owner.data[index] = value
            else:
                self.change(owner, self.unknown(node))
        if isinstance(owner, dict | list):
            items: Any = owner
            if isinstance(index, Unknown) or not isinstance(index, str | int | float | bool | None):
                self.change(owner, index if isinstance(index, Unknown) else self.unknown(node))
                return
            try:
                old = items[index]
            except (KeyError, IndexError, TypeError):
                old = value
                if isinstance(value, Optimizer | Schedule):
                    self.change(owner, added=[value])
            if self.loops and isinstance(old, CONSTANTS) and isinstance(value, CONSTANTS):
                value = Counter(self.loops[-1], unparse(node))
            try:
                items[index] = self._weak(old, value)
            except (IndexError, TypeError):
                self.change(owner, self.unknown(node))
            self.checked(owner, node)

    def _delete(self, target: ast.expr, scope: Scope) -> None:
        """Delete a name, or an item of a list or dict."""
        if isinstance(target, ast.Name):
            scope.names.pop(target.id, None)
        if not isinstance(target, ast.Subscript):
            return
        owner, index = self.evaluate(target.value, scope), self.evaluate(target.slice, scope)
        if not isinstance(owner, dict | list):
            return
        self.change(owner, index if isinstance(index, Unknown) else None)
        items: Any = owner
        try:
            del items[index]
        except (KeyError, IndexError, TypeError):
            self.change(owner, self.unknown(target))

    def _unpack(self, targets: Sequence[ast.expr], value: Any, scope: Scope) -> None:
        items = self.items(value)
        starred = next((i for i, t in enumerate(targets) if isinstance(t, ast.Starred)), None)
        if items is None or (starred is None and len(items) != len(targets)) or len(items) < len(targets) - 1:
            found = origins(value)
            for target in targets:
                text = unparse(target)
                name = Origin(text, target.lineno) if text.isidentifier() and not isinstance(value, Counter) else None
                self.assign(target, Unknown(*([name] if name else found)), scope)
            return
        if starred is not None:
            rest = len(targets) - starred - 1
            end = len(items) - rest
            items = [*items[:starred], list(items[starred:end]), *items[end:]]
        for target, item in zip(targets, items, strict=True):
            self.assign(target, item, scope)

    def _passed_through(self, node: ast.Assign, value: Any) -> Any:
        """What `accelerator.prepare(model, optimizer)` returns: what it was given; of others by their names."""
        if not isinstance(value, Opaque):
            return value
        known = {
            argument.id: given
            for argument, given in zip(getattr(node.value, "args", []), value.args, strict=False)
            if isinstance(argument, ast.Name) and isinstance(given, Optimizer | Schedule | Loader | Unknown)
        }
        prepares = PREPARES.fullmatch(value.name) is not None  # gives its arguments in their order
        match node.targets[0]:
            case ast.Tuple(elts=targets):
                names = [t.id if isinstance(t, ast.Name) else "" for t in targets]
                given = value.args if prepares and len(value.args) == len(names) else [None] * len(names)
                if known.keys() & set(names) or any(isinstance(v, PREPARED) for v in given):
                    return [
                        v if isinstance(v, PREPARED) else known.get(name, Unknown(*value.origins))
                        for name, v in zip(names, given, strict=True)
                    ]
            case ast.Name(id=name) if prepares:
                return known.get(name, value)
        return value
