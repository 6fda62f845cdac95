"""Read a script as Python would run it, without running it: statements, expressions, functions and classes.

What a script imports is not there, so many values are not known. They are `Unknown`, and so is all that is computed
from them; both branches of a test that is not known are read. A loop around training is read once, with its variables
unknown; other loops are read as often as they run. All of it takes bounded time and memory.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from lrviz.notation.script.accelerate import is_accumulate
from lrviz.notation.script.names import imported
from lrviz.notation.script.numeric import starred
from lrviz.notation.script.operators import binary
from lrviz.notation.script.reader import SCALER, TRAINS, RaisedError, Signal, handles, joined
from lrviz.notation.script.targets import Targets
from lrviz.notation.script.torch_objects import has_other_arguments
from lrviz.notation.script.trees import (
    CHANGES,
    RATE,
    adds_rates,
    assigned_in,
    assigned_names,
    chain_of,
    ends,
    is_error,
    is_exit,
    only_extends,
    stored_names,
    walk,
)
from lrviz.notation.script.values import (
    CONSTANTS,
    RATE_CHANGES,
    Array,
    Class,
    Condition,
    Counter,
    Dampening,
    Dotted,
    Function,
    Group,
    Instance,
    Loader,
    Loop,
    Optimizer,
    Origin,
    Schedule,
    Scope,
    Unknown,
    UnknownGroups,
    flat,
    is_constant,
    merge,
    origins,
)
from lrviz.notation.source import ExpressionError, unparse

_MOST_OBJECTS: Final = 1_000  # optimizers, schedulers or parameter groups that a loop counts


def _of_objects(over: Any) -> bool:
    """Whether a loop runs over optimizers, schedulers or parameter groups, rather than over epochs or batches."""
    if isinstance(over, dict):
        over = list(over.values())
    if not isinstance(over, list | tuple):
        return False
    items = flat(flat(over))  # those of `enumerate(zip(...))` too
    return any(isinstance(item, Optimizer | Schedule | Group) for item in items)


def _of_texts(over: Any) -> bool:
    """Whether a loop runs over texts, such as the phases of an epoch, or tuples or a dictionary with them."""
    if not isinstance(over, list | tuple | dict) or not over or len(over) > _MOST_OBJECTS:
        return False
    return all(isinstance(i, str) or (isinstance(i, tuple) and any(isinstance(p, str) for p in i)) for i in over)


def _indexed_by(node: ast.For | ast.AsyncFor) -> list[ast.expr]:
    """The lists and dictionaries of which the variable of a loop is an index."""
    names = stored_names(node.target)
    return [
        child.value
        for child in walk(node)
        if isinstance(child, ast.Subscript) and isinstance(child.slice, ast.Name) and child.slice.id in names
        and isinstance(child.value, ast.Name | ast.Attribute)
    ]  # fmt: skip


def _passes_optimizer(node: ast.AST) -> bool:
    """Whether a call in a node is given what is called an optimizer."""
    calls = (child for child in ast.walk(node) if isinstance(child, ast.Call))
    return any(isinstance(a, ast.Name) and "opt" in a.id.lower() for call in calls for a in call.args)


def _picked(names: Mapping[str, Any], bound: Iterable[str]) -> dict[str, Any]:
    """Those of the names that are bound, with their values."""
    return {name: names[name] for name in bound if name in names}


def _restore(names: dict[str, Any], bound: Iterable[str], values: Mapping[str, Any]) -> None:
    """Give names the values that they had."""
    for name in bound:
        names.pop(name, None)
    names |= values


class Interpreter(Targets):
    """A reader of whole scripts."""

    # Statements

    def block(self, statements: Sequence[ast.stmt], scope: Scope) -> Signal | None:
        """Read statements; the signal that ends them early."""
        before: Signal | None = None
        for at, statement in enumerate(statements):
            self.add(1, statement)
            if isinstance(statement, ast.If):
                test = self.truth(self.evaluate(statement.test, scope))
                self._note_test(statement, test, scope)
                if isinstance(test, Unknown):
                    signal, done = self._either(statement, test, statements[at + 1 :], scope)
                    if done:
                        return joined(before, signal)
                else:
                    signal = self.block(statement.body if test else statement.orelse, scope)
            else:
                signal = self.statement(statement, scope)
            if signal is not None and signal.kind != "maybe":
                return joined(before, signal)
            before = joined(before, signal)
        return before

    def _either(
        self, node: ast.If, test: Unknown, rest: Sequence[ast.stmt], scope: Scope
    ) -> tuple[Signal | None, bool]:
        """Read both branches of an `if`, and what follows it if a branch returns; whether that was read."""
        every = self._every(node.test, scope)
        regular = every is not None and self._is_regular(node.test)
        condition = Condition(node.test, test, every, isinstance(node.test, ast.BoolOp), regular)
        bound = self.functions.bound_in(node)
        before = _picked(scope.names, bound)
        if ends(node.body):
            last = node.body[-1]
            if isinstance(last, ast.Return) and last.value is not None and not is_error(last.value):
                returned = self._branch(node.body, scope, condition)
                _restore(scope.names, bound, before)
                maybe = Signal("maybe", returned.value if returned is not None else None, test)
                return joined(maybe, self.block([*node.orelse, *rest], scope)), True
            if self.repeats and isinstance(last, ast.Break | ast.Continue):
                return Signal("unsure", test=test), True
            self._stops(last, condition)
            return self.block(node.orelse, scope), False
        if ends(node.orelse):
            last = node.orelse[-1]
            if not isinstance(last, ast.Return) or is_error(last.value):
                self._stops(last, condition)
                return self.block(node.body, scope), False
        first = self._branch(node.body, scope, condition)
        one = _picked(scope.names, bound)
        _restore(scope.names, bound, before)
        second = self._branch(node.orelse, scope, replace(condition, taken=False))
        other = _picked(scope.names, bound)
        signals = [s for s in (first, second) if s is not None]
        if self.repeats and any(s.kind in ("break", "continue", "unsure") for s in signals):
            return Signal("unsure", test=test), True
        if first is not None and first.kind in ("return", "raise"):
            one = other
        elif second is not None and second.kind in ("return", "raise"):
            other = one
            _restore(scope.names, bound, one)
        for name in {**one, **other}:
            missing = name not in one or name not in other
            value, alternative = one.get(name, before.get(name)), other.get(name, before.get(name))
            # A name that only one branch defines has that value wherever it is used.
            scope.names[name] = (
                (one if name in one else other)[name] if missing else self.merged(value, alternative, test)
            )
        ended = [s for s in signals if s.kind in ("return", "maybe")]
        if not ended:
            return None, False
        values = [s.value for s in ended]
        always = len(ended) == 2 and all(s.kind == "return" for s in ended)
        test = Unknown(*origins([test, *(s.test for s in ended)]))
        return Signal("return" if always else "maybe", merge(values[0], values[-1], test), test), False

    def _note_test(self, node: ast.If, test: Any, scope: Scope) -> None:
        """Note what a test gives. In a loop that is read once, a call or a list may give something else later."""
        if node not in self.tested:
            later = self.loops and any(self._may_change(n, scope) for n in walk(node.test))
            self.tested[node] = None if later or isinstance(test, Unknown) else test
        elif self.tested[node] is not test:
            self.tested[node] = None

    def _may_change(self, node: ast.AST, scope: Scope) -> bool:
        """Whether a part of a test may have another value later: all but numbers, texts and their namespaces."""
        if isinstance(node, ast.Name | ast.Attribute):
            return not isinstance(self.evaluate(node, scope), (*CONSTANTS, Instance, Class, Dotted, Unknown))
        return isinstance(node, ast.Call | ast.Subscript | ast.NamedExpr)

    def _stops(self, last: ast.stmt, condition: Condition) -> None:
        """Note a branch that stops. It is for other runs than the training that is read, unless a loop decides it.

        In a loop, a value that can be given decides it, alone or with the loop.
        """
        own = condition.value.origins
        if not (self.loops and own) or isinstance(last, ast.Raise):
            return
        by_rate = any(o.text == RATE_CHANGES or ".get_last_lr(" in o.text for o in own)
        around = (*self.conditions, condition)
        every = [o for c in around for o in c.value.origins]
        of_results = any("(" in o.text for o in every if not o.givable)  # such as a loss
        if by_rate or (not of_results and all(is_constant(o) for o in own if o.givable)):
            kind = "break" if isinstance(last, ast.Break | ast.Expr) and not by_rate else "skip"
            self.event(kind, None, [o for o in every if is_constant(o)], last)

    def _branch(self, body: Sequence[ast.stmt], scope: Scope, condition: Condition) -> Signal | None:
        self.conditions.append(condition)
        try:
            return self.block(body, scope)
        finally:
            self.conditions.pop()

    def _every(self, test: ast.expr, scope: Scope) -> Any:
        """The number N of a test such as `(i + 1) % N == 0`, of which one operand is the variable of a loop."""
        match test:
            case ast.BoolOp(op=ast.Or(), values=[first, *_]):  # or at the end of the epoch
                return self._every(first, scope)
            case ast.UnaryOp(op=ast.Not(), operand=ast.BinOp(left=left, op=ast.Mod(), right=right)):
                pass
            case ast.Compare(left=ast.BinOp(left=left, op=ast.Mod(), right=right), ops=[ast.Eq()], comparators=[_]):
                pass
            case _:
                return None
        return self.evaluate(right, scope) if isinstance(self.evaluate(left, scope), Counter) else None

    def _is_regular(self, test: ast.expr) -> bool:
        """Whether a test as those of `_every` counts the batches of an epoch from 1."""
        match test:
            case ast.BoolOp(values=[first, ast.Compare(ops=[ast.Eq()])]):
                return self._is_regular(first)
            case ast.UnaryOp(operand=ast.BinOp(left=left)):
                offset = 0
            case ast.Compare(left=ast.BinOp(left=left), comparators=[ast.Constant(value=int() as offset)]):
                pass
            case ast.Compare(
                left=ast.BinOp(left=left, right=every),
                comparators=[ast.BinOp(left=same, op=ast.Sub(), right=ast.Constant(value=1))],
            ) if unparse(every) == unparse(same):
                offset = -1
            case _:
                return False
        match left:
            case ast.BinOp(left=ast.Name(id=name), op=ast.Add(), right=ast.Constant(value=int() as more)):
                offset -= more
            case ast.Name(id=name):
                pass
            case _:
                return False
        loop = self.loops[-1] if self.loops else None
        if loop is None or not isinstance(loop.node, ast.For):
            return False
        start = self.item(loop.over)(0)
        match loop.node.target:
            case ast.Tuple(elts=[ast.Name(id=counter), *_]):
                start = start[0] if isinstance(start, tuple) and start else None
            case ast.Name(id=counter):
                pass
            case _:
                return False
        return counter == name and isinstance(start, int) and start - offset == 1

    def statement(self, node: ast.stmt, scope: Scope) -> Signal | None:
        """Read one statement that is no `if`."""
        match node:
            case ast.Expr() if is_exit(node):
                return Signal("raise")
            case ast.Expr(value=value):
                self.evaluate(value, scope)
            case ast.Assign(targets=targets, value=value):
                result = self._passed_through(node, self.evaluate(value, scope))
                for target in targets:
                    self.assign(target, result, scope)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self.assign(target, self.evaluate(value, scope), scope)
            case ast.AugAssign(target=target, op=op, value=value):
                old = self.evaluate(target, scope)
                if isinstance(old, Group):
                    raise ExpressionError(
                        "a parameter group is changed by an operator, which is not followed",
                        'write `group["lr"] = ...`',
                        node,
                    )
                self.assign(target, self._changed(old, binary(self, op, old, self.evaluate(value, scope), node)), scope)
            case ast.Return(value=value) if is_error(value):
                return Signal("raise")
            case ast.Return(value=value):
                return Signal("return", None if value is None else self.evaluate(value, scope))
            case ast.For() | ast.AsyncFor():
                return self._for(node, scope)
            case ast.While():
                return self._while(node, scope)
            case ast.With() | ast.AsyncWith():
                return self._with(node, scope)
            case ast.Try() | ast.TryStar():
                signal = self._try(node, scope)
                return self.block(node.finalbody, scope) or signal
            case ast.Assert(test=test) if self.handlers and self.truth(self.evaluate(test, scope)) is False:
                return Signal("raise")
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self.define(node, scope)
            case ast.ClassDef():
                self.define_class(node, scope)
            case ast.Import(names=aliases):
                for alias in aliases:
                    first = alias.name.partition(".")[0]
                    self.store(alias.asname or first, Dotted(alias.name if alias.asname else first), scope)
            case ast.ImportFrom(module=module, names=aliases, level=level):
                path = "." * level + (module or "")
                for alias in aliases:
                    for name in starred(path) if alias.name == "*" else (alias.name,):
                        self.store(alias.asname or name, imported(f"{path}.{name}"), scope)
            case ast.Global(names=names):
                scope.elsewhere |= dict.fromkeys(names, scope.top)
            case ast.Nonlocal(names=names):
                for name in names:
                    if scope.outer is not None and (found := scope.outer.find(name)) is not None:
                        scope.elsewhere[name] = found
            case ast.Delete(targets=targets):
                for target in targets:
                    self._delete(target, scope)
            case ast.Break():
                return Signal("break")
            case ast.Continue():
                return Signal("continue")
            case ast.Raise():
                return Signal("raise")
            case ast.Match():
                return self._match(node, scope)
        return None

    def _try(self, node: ast.Try | ast.TryStar, scope: Scope) -> Signal | None:
        """Read the body of a `try`, and the handler for what Python raises in it, as far as that is sure."""
        outer = self.handlers, self.around_try, self.repeats, len(self.schedules)
        around = self.handlers if self.around_try == len(self.conditions) else ()
        self.handlers, self.around_try = [*node.handlers, *around], len(self.conditions)
        try:
            signal = self.block(node.body, scope)
            made = self.schedules[outer[3] :]
            handler = next((h for h in node.handlers if handles(h, TypeError())), None)
            if handler is not None and any(map(has_other_arguments, made)):
                del self.schedules[outer[3] :]
                raise RaisedError(handler)
        except RaisedError as raised:
            if raised.handler not in node.handlers:
                raise
            self.handlers, self.around_try, self.repeats, _ = outer
            if raised.handler.name:
                self.store(raised.handler.name, Unknown(Origin(raised.handler, givable=False)), scope)
            return self.block(raised.handler.body, scope)
        finally:
            self.handlers, self.around_try, self.repeats, _ = outer
        if signal is not None and signal.kind == "raise" and len(node.handlers) == 1:
            return self.block(node.handlers[0].body, scope)
        return joined(signal, self.block(node.orelse, scope)) if signal is None or signal.kind == "maybe" else signal

    def _changed(self, old: Any, new: Any) -> Any:
        """The value of `old += ...`: a list or an array that has changed, or the new value."""
        if isinstance(old, list) and isinstance(new, list):
            self.change(old, added=new)
            old[:] = new
            return old
        if isinstance(old, Array) and isinstance(new, Array):
            old.data = new.data
            return old
        return new

    def _match(self, node: ast.Match, scope: Scope) -> Signal | None:
        """Read a `match` over constants as the `if` that does the same."""
        if node not in self.matches:
            self.matches[node] = chain_of(node)
        chain = self.matches[node]
        if chain is None:
            self._forget(node, scope, self.unknown(node.subject))
            return None
        return self.block(chain, scope)

    # Loops

    def _for(self, node: ast.For | ast.AsyncFor, scope: Scope) -> Signal | None:
        over = self.evaluate(node.iter, scope)
        trains = self._trains(node) and not self._is_read_as_often(node, over, scope)
        items = None if trains else self.items(over)
        if trains or (items is None and (self._sets_rates(node) or "__call__" in self.trains)):
            count = self.length(over, node.iter)
            return self._training(node, Loop(node, count, over, stored_names(node.target)), scope)
        if items is None:
            why = over if isinstance(over, Unknown) else self.unknown(node.iter)
            if self.makes_scheduler(node):  # for each of several optimizers: read once
                self.assign(node.target, Unknown(Origin(node.target)), scope)
                self.block(node.body, scope)
            self._forget(node, scope, self._with_results(why, node))
            return None
        before: Signal | None = None
        for item in items:
            self.add(1, node)
            self.assign(node.target, item, scope)
            signal = self._iteration(node, scope)
            if signal is not None and signal.kind not in ("maybe", "continue"):
                return self._after(signal, before)
            before = joined(before, signal.before if signal is not None and signal.kind == "continue" else signal)
        return joined(before, self.block(node.orelse, scope))

    @property
    def in_loop(self) -> bool:
        """Whether a loop around training is read."""
        return bool(self.loops)

    def _is_read_as_often(self, node: ast.For | ast.AsyncFor, over: Any, scope: Scope) -> bool:
        """Whether a loop runs over optimizers and the like, over their numbers, or in a loop over texts."""
        if _of_objects(over) or (self.in_loop and _of_texts(over)):
            return True
        if not isinstance(over, range | list | tuple) or len(over) > _MOST_OBJECTS:
            return False
        if node not in self.indexed:
            self.indexed[node] = _indexed_by(node)
        return any(_of_objects(self.evaluate(owner, scope)) for owner in self.indexed[node])

    def _with_results(self, why: Unknown, node: ast.AST) -> Unknown:
        """Why what a loop inside of training changes is not known: also the result of a call, such as a loss."""
        called = (n for n in walk(node) if isinstance(n, ast.Call) and self.loops)
        result = next((n for n in called if isinstance(n.func, ast.Attribute) and n.func.attr not in CHANGES), None)
        return why if result is None else Unknown(*why.origins, Origin(result, givable=False))

    def _iteration(self, node: ast.For | ast.AsyncFor | ast.While, scope: Scope) -> Signal | None:
        """Read an iteration of a loop that is read as often as it runs."""
        outer, self.repeats = self.repeats, True
        try:
            signal = self.block(node.body, scope)
        finally:
            self.repeats = outer
        if signal is not None and signal.kind == "unsure":
            self._forget(node, scope, signal.test or Unknown())
        return signal

    def _after(self, signal: Signal, before: Signal | None) -> Signal | None:
        """The signal of a loop that one in an iteration ends, after those of other iterations."""
        return joined(before, signal if signal.kind in ("return", "raise") else signal.before)

    def _with(self, node: ast.With | ast.AsyncWith, scope: Scope) -> Signal | None:
        dampening: list[Dampening] = []
        exits: list[Function] = []
        for item in node.items:
            entered = self.evaluate(item.context_expr, scope)
            if isinstance(entered, Dampening):
                self.event("step", entered.schedule, ["begin"], entered.node)
                dampening.append(entered)
            if isinstance(entered, Instance) and entered.cls is not None and "__exit__" in self.trains:
                enter, leave = (entered.cls.find(name) for name in ("__enter__", "__exit__"))
                exits += [leave.bind(entered)] if isinstance(leave, Function) else []
                entered = self.call_function(enter.bind(entered), [], {}) if isinstance(enter, Function) else entered
            if item.optional_vars is not None:
                self.assign(item.optional_vars, entered, scope)
            if is_accumulate(item.context_expr):
                self.begin_accumulation(item.context_expr)
        signal = self.block(node.body, scope)
        if any(is_accumulate(item.context_expr) for item in node.items):
            self.end_accumulation()
        for leave in reversed(exits):
            self.call_function(leave, [None, None, None], {})
        for entered in reversed(dampening):
            self.event("step", entered.schedule, ["end"], entered.node)
        return signal

    def _while(self, node: ast.While, scope: Scope) -> Signal | None:
        if self._trains(node):
            return self._training(node, Loop(node, self._while_count(node, scope)), scope)
        before: Signal | None = None
        while True:
            self.add(1, node)
            test = self.truth(self.evaluate(node.test, scope))
            if isinstance(test, Unknown):
                self._forget(node, scope, test)
                return before
            if not test:
                return joined(before, self.block(node.orelse, scope))
            signal = self._iteration(node, scope)
            if signal is not None and signal.kind not in ("maybe", "continue"):
                return self._after(signal, before)
            before = joined(before, signal.before if signal is not None and signal.kind == "continue" else signal)

    def _while_count(self, node: ast.While, scope: Scope) -> Any:
        """How often `while step < N` runs, if the loop adds 1 to `step`."""
        match node.test:
            case ast.Compare(left=ast.Name(id=name), ops=[ast.Lt() | ast.LtE() as op], comparators=[end]):
                increments = [
                    s for s in ast.walk(node) if isinstance(s, ast.AugAssign | ast.Assign) and name in assigned_names(s)
                ]
                start, last = self.evaluate(node.test.left, scope), self.evaluate(end, scope)
                match increments:
                    case [ast.AugAssign(op=ast.Add(), value=ast.Constant(value=1))]:
                        if isinstance(start, int) and isinstance(last, int):
                            return max(last - start + isinstance(op, ast.LtE), 0)
                        return Unknown(*origins(start), *origins(last))
        return Unknown(Origin(node.test, givable=False))

    def _training(self, node: ast.For | ast.AsyncFor | ast.While, loop: Loop, scope: Scope) -> Signal | None:
        """Read a loop around training once, with what it changes unknown."""
        self._begin_changes(node, loop, scope)
        changed = {name: scope.elsewhere.get(name, scope).names for name in assigned_in(node)}
        for name, names in changed.items():
            if name in self.starts and scope.find(name) is None:
                names[name] = Counter(loop, name)
            if name in names and not isinstance(names[name], Optimizer | Schedule | Loader | Function):
                names[name] = Counter(loop, name)
        for name in loop.names:
            self.store(name, Counter(loop, name), scope)
        if isinstance(node, ast.For | ast.AsyncFor) and not loop.names:
            self.assign(node.target, Counter(loop, unparse(node.target)), scope)
        self.loops.append(loop)
        outer, self.repeats = self.repeats, False
        try:
            signal = self.block(node.body, scope)
        finally:
            self.loops.pop()
            self.repeats = outer
        for name, names in changed.items():
            if isinstance(names.get(name), int | float | str | Counter):
                names[name] = Counter(loop, name)
        return signal if signal is not None and signal.kind == "return" and signal.value is None else None

    def _begin_changes(self, node: ast.AST, loop: Loop, scope: Scope) -> None:
        """Make unknown what a loop changes beside the names of its scope: attributes, global names, and items."""
        attributes, names = self.functions.changed_in(node)
        self.changing |= {name: loop for name in attributes if name not in self.changing}
        for name in names:
            for names_of in (found.names for found in {scope.find(name), scope.top} if found is not None):
                if isinstance(names_of.get(name), int | float | str):
                    names_of[name] = Counter(loop, name)
        for child in self.functions.names_in(node).items:
            match child:
                case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=key)):
                    where = scope.find(name)
                    owner = where.names.get(name) if where else None
                    if isinstance(owner, dict) and isinstance(owner.get(key), CONSTANTS) and key in owner:
                        owner[key] = Counter(loop, unparse(child))
                    elif isinstance(owner, list) and type(key) is int and -len(owner) <= key < len(owner):
                        owner[key] = Counter(loop, unparse(child)) if isinstance(owner[key], CONSTANTS) else owner[key]
                    elif isinstance(owner, Array):
                        self.change(owner, Counter(loop, unparse(child)))

    def _trains(self, node: ast.AST) -> bool:
        """Whether a loop contains a step of an optimizer or scheduler, or sets a rate and calls what may train."""
        if node not in self.training:
            called = self.functions.names_in(node).called
            steps = any(name == "step" or name in self.trains or SCALER.search(name) for name in called)
            steps = steps or ("__call__" in self.trains and _passes_optimizer(node))
            steps = steps or ("__exit__" in self.trains and any(isinstance(child, ast.With) for child in walk(node)))
            elsewhere = any(TRAINS.search(name) and name not in self.functions.inside for name in called)
            by_call = elsewhere and _passes_optimizer(node)
            self.training[node] = steps or by_call or (self._sets_rates(node) and any(map(TRAINS.search, called)))
        return self.training[node]

    def _sets_rates(self, node: ast.AST) -> bool:
        """Whether a loop sets the rates of parameter groups, or calls a function that does."""
        return any(name == RATE or name in self.sets for name in self.functions.names_in(node).called)

    def _forget(self, node: ast.stmt, scope: Scope, why: Unknown) -> None:
        """Make what a statement changes unknown, without reading it."""
        if self.functions.names_in(node).yields:
            self.yielded = None
        if adds_rates(node):
            why = UnknownGroups(*why.origins)
        for name in assigned_in(node):
            names = scope.elsewhere.get(name, scope).names
            if isinstance(names.get(name), list) and only_extends(node, name):
                self.change(names[name], why)
            else:
                names[name] = Unknown(*why.origins)
        for child in self.functions.changes_in(node):
            match child:
                case ast.Call(func=ast.Attribute(value=owner, attr="append" | "extend" | "update" | "insert")):
                    pass
                case (
                    ast.Assign(targets=[ast.Subscript(value=owner)]) | ast.AugAssign(target=ast.Subscript(value=owner))
                ):
                    pass
                case ast.Call(func=ast.Attribute(value=owner, attr="add_param_group")) if isinstance(
                    why, UnknownGroups
                ):
                    optimizer = self.evaluate(owner, scope)
                    if isinstance(optimizer, Optimizer):
                        optimizer.groups.append(Group({"lr": why}))
                    continue
                case ast.Assign(targets=[ast.Attribute(value=owner, attr=name)]):
                    instance = self.evaluate(owner, scope)
                    if isinstance(instance, Instance):
                        instance.names[name] = Unknown(*why.origins)
                    continue
                case _:
                    continue
            changed = self.evaluate(owner, scope)
            if isinstance(changed, list | dict):
                self.change(changed, why)
