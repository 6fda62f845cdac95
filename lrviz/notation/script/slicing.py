"""Which statements of a script matter: those that others need, or that change the rates."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from lrviz.notation.script.trees import all_statements, is_exit, names_in, walk

_CHANGES: Final = frozenset(
    ("append", "extend", "insert", "remove", "pop", "reverse", "sort", "clear", "update", "setdefault")
)  # methods that change a list or a dictionary
_ALWAYS: Final = frozenset((
    "setattr", ".add_param_group", ".add_argument", ".set_defaults", ".save_hyperparameters",
))  # fmt: skip
_IMPLICIT: Final = frozenset(("__init__", "__enter__", "__exit__"))  # methods that the name of a class calls
_DEFINITIONS: Final = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal,
)  # fmt: skip


def slice_script(
    tree: ast.Module,
    wanted: Callable[[ast.AST], bool],
    tested: Mapping[ast.If, bool | None],
    called: Collection[ast.AST],
) -> frozenset[ast.stmt]:
    """The statements that are wanted, and those on which they depend by the names in them.

    Args:
        tree: The script.
        wanted: Whether a statement with this node in it is wanted.
        tested: What the test of an `if` always gives, if that is known: its other branch is left out.
        called: The functions that were called when the script was read: a `step()` that is not among them is that of
            another object, unless it has what is wanted.
    """
    return _Slice(tree, wanted, tested, called).kept()


@dataclass(eq=False)
class _Function:
    """A function: the names that are its own, and those that it declares as global or of a function around it."""

    number: int
    parameters: set[str]
    names: set[str] = field(default_factory=set)
    elsewhere: set[str] = field(default_factory=set)
    around: set[str] = field(default_factory=set)
    outer: _Function | None = None
    acts: bool = False  # whether it changes more than its own names


class _Slice:
    def __init__(
        self,
        tree: ast.Module,
        wanted: Callable[[ast.AST], bool],
        tested: Mapping[ast.If, bool | None],
        called: Collection[ast.AST],
    ) -> None:
        self.tree, self.tested, self.called = tree, tested, called
        self.names: set[str] = set()  # that are needed; those of attributes with a dot
        self.acting: set[str] = set()  # functions and classes whose call changes what is needed
        statements = all_statements(tree)
        self.functions = [n for n in statements if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
        self.classes = [n for n in statements if isinstance(n, ast.ClassDef)]
        self.fields = {s for cls in self.classes for s in cls.body}  # whose names are attributes too
        self.owners: dict[ast.AST, _Function | None] = {}  # the functions that statements and their heads are in
        self.own: dict[ast.AST, _Function] = {}
        self._own(tree.body, None)
        self.constructors: set[ast.stmt] = set()  # that change what is needed
        self.found: set[ast.stmt] = set()
        # Of each simple statement and head: whether it is wanted, whether it has a call, what it changes, its names,
        # and what it needs.
        self.facts: dict[ast.AST, tuple[bool, bool, set[str], set[str], set[str]]] = {}
        self.blocks: dict[ast.stmt, list[list[ast.stmt]]] = {}
        self.controls: dict[tuple[ast.stmt, bool, bool], bool] = {}
        self.wanted = wanted

    def _own(self, body: Sequence[ast.stmt], owner: _Function | None) -> None:
        """Note in which function the statements of a body are, and the names that the function gives values."""
        for node in body:
            for part in (node, *_heads(node)):
                self.owners[part] = owner
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                arguments = {argument.arg for argument in walk(node.args) if isinstance(argument, ast.arg)}
                self.own[node] = _Function(len(self.owners), arguments, outer=owner)
                self._own(node.body, self.own[node])
            elif isinstance(node, ast.ClassDef):
                self._own(node.body, owner)
            elif owner is not None and isinstance(node, ast.Global):
                owner.elsewhere |= {*node.names}
            elif owner is not None and isinstance(node, ast.Nonlocal):
                owner.around |= {*node.names}
            else:
                if owner is not None:
                    stored = (n for part in _heads(node) for n in walk(part) if isinstance(n, ast.Name))
                    owner.names |= {n.id for n in stored if not isinstance(n.ctx, ast.Load)}
                for block in _blocks(node):
                    self._own(block, owner)

    def kept(self) -> frozenset[ast.stmt]:
        """The statements that matter."""
        while True:
            before = len(self.found), len(self.names), len(self.acting)
            self._block(self.tree.body)
            for function in self.functions:
                if self._block(function.body) and self.own[function].acts:
                    self.constructors |= {function} if function.name in _IMPLICIT else set()
                    self.acting |= {f".{function.name}"} if function in self.fields else _both(function.name)
                    self.acting -= {f".{name}" for name in _IMPLICIT}  # which many classes have
                elif self.names.isdisjoint(_both(function.name)) or (
                    function.name == "step" and function not in self.called
                ):
                    continue
                self._control(function.body, returns=True)
            for cls in self.classes:
                self._block(cls.body)
                bases = {name for base in cls.bases for name in names_in(base).mentioned}
                if not self.constructors.isdisjoint(cls.body) or not self.acting.isdisjoint(bases):
                    self.acting |= _both(cls.name)
            if (len(self.found), len(self.names), len(self.acting)) == before:
                return frozenset(self.found)

    def _block(self, body: Sequence[ast.stmt]) -> bool:
        """Keep what matters of a block; whether there is any."""
        matters = [self._statement(statement) for statement in body]  # all of them are looked at
        return any(matters)

    def _statement(self, node: ast.stmt) -> bool:
        if isinstance(node, _DEFINITIONS):
            self.found.add(node)
            return False
        blocks = self._blocks(node)
        if not blocks:
            matters = self._matters(node)
        else:
            inside = [self._block(block) for block in blocks]
            matters = any(inside) or any(map(self._matters, _heads(node)))
        if matters or (not blocks and ".__init__" in self._facts(node)[3]):
            self._keep(node)
            if isinstance(node, ast.For | ast.AsyncFor | ast.While):
                self._control(node.body, returns=False)
        return matters

    def _keep(self, node: ast.stmt) -> None:
        self.found.add(node)
        for part in _heads(node):
            self.names |= self._facts(part)[4]

    def _blocks(self, node: ast.stmt) -> list[list[ast.stmt]]:
        """The blocks of a statement."""
        if node not in self.blocks:
            self.blocks[node] = list(_blocks(node))
            if isinstance(node, ast.If) and (test := self.tested.get(node)) is not None:
                self.blocks[node] = [node.body if test else node.orelse]
        return self.blocks[node]

    def _control(self, body: Sequence[ast.stmt], *, returns: bool, breaks: bool = True) -> None:
        """Keep what ends a block early, with the conditions around it; not what only ends a loop inside it."""
        for node in body:
            if self._has_control(node, returns, breaks):
                self._keep(node)
                for block in self._blocks(node):
                    self._control(block, returns=returns, breaks=breaks and not _is_body_of_loop(block, node))

    def _has_control(self, node: ast.stmt, returns: bool, breaks: bool) -> bool:
        """Whether something in a statement ends a block early."""
        key = node, returns, breaks
        if key not in self.controls:
            ends = isinstance(node, ast.Raise) or is_exit(node) or (returns and isinstance(node, ast.Return))
            ends = ends or (breaks and isinstance(node, ast.Break | ast.Continue)) or (returns and _yields(node))
            inside = (
                self._has_control(s, returns, breaks and not _is_body_of_loop(block, node))
                for block in self._blocks(node)
                for s in block
            )
            self.controls[key] = not isinstance(node, _DEFINITIONS) and (ends or any(inside))
        return self.controls[key]

    def _matters(self, node: ast.AST) -> bool:
        wanted, calls, stored, mentioned, _ = self._facts(node)
        acts = wanted or bool(mentioned & self.acting) or (calls and ".__call__" in self.acting)
        changed = stored & self.names
        if (owner := self.owners.get(node)) is not None:
            owner.acts = owner.acts or acts or not all(name.endswith(f"@{owner.number}") for name in changed)
        return acts or bool(changed)

    def _facts(self, node: ast.AST) -> tuple[bool, bool, set[str], set[str], set[str]]:
        if node not in self.facts:
            owner = self.owners.get(node)
            stored: set[str] = set()
            mentioned: set[str] = set()
            needed: set[str] = set()
            wanted = calls = False
            for child in walk(node):
                if isinstance(child, ast.Name | ast.Attribute):
                    name = child.id if isinstance(child, ast.Name) else f".{child.attr}"
                    mentioned.add(name)
                    needed |= _needs(name, owner)
                    if not isinstance(child.ctx, ast.Load):
                        wanted = wanted or self.wanted(child)
                        stored |= {name, f".{name}"} if node in self.fields else {_local(name, owner)[0]}
                    continue
                wanted = wanted or self.wanted(child)
                if isinstance(child, ast.Call):
                    calls = True
                    if isinstance(child.func, ast.Attribute) and child.func.attr in _CHANGES:
                        stored |= _changes(child.func.value, owner)
                elif isinstance(child, ast.Subscript) and not isinstance(child.ctx, ast.Load):
                    stored |= _changes(child.value, owner)
            self.facts[node] = wanted or bool(mentioned & _ALWAYS), calls, stored, mentioned, needed
        return self.facts[node]


# A name that is needed stands for the variable of a function as `name@3`, for any variable of that name as `name@*`,
# and for a parameter as `name@`: a list that is changed may be the argument of a function.


def _local(name: str, owner: _Function | None) -> tuple[str, bool]:
    """What stands for a name in a function, and whether it is a parameter."""
    while owner is not None:
        if name in owner.elsewhere:
            break
        if name not in owner.around and (name in owner.parameters or name in owner.names):
            return f"{name}@{owner.number}", name in owner.parameters
        owner = owner.outer
    return name, False


def _needs(name: str, owner: _Function | None) -> set[str]:
    local, is_parameter = _local(name, owner)
    return {local, f"{name}@*", f"{name}@"} if is_parameter else {local, f"{name}@*"}


def _changes(node: ast.expr, owner: _Function | None) -> set[str]:
    """What stands for the names of a list or a dictionary that is changed."""
    while isinstance(node, ast.Subscript):
        node = node.value
    if isinstance(node, ast.Attribute):
        first: ast.expr = node.value
        while isinstance(first, ast.Attribute | ast.Subscript):
            first = first.value
        # What is changed may be that of a scheduler, whose attributes no statement needs.
        of_object = isinstance(first, ast.Name) and first.id not in ("self", "cls")
        return {f".{node.attr}", *(_changes(first, owner) if of_object else ())}
    found: set[str] = set()
    for name in names_in(node).mentioned:
        local, is_parameter = _local(name, owner)
        found |= {f".{name}", f"{name}@*"} if is_parameter else {f".{name}", local, f"{name}@"}
    return found


def _yields(node: ast.stmt) -> bool:
    """Whether a statement gives an item of a generator."""
    value = node.value if isinstance(node, ast.Expr | ast.Assign) else None
    return isinstance(value, ast.Yield | ast.YieldFrom)


def _is_body_of_loop(block: Sequence[ast.stmt], node: ast.stmt) -> bool:
    return isinstance(node, ast.For | ast.AsyncFor | ast.While) and block is node.body


def _both(*names: str) -> set[str]:
    """Names, as those of variables and of attributes."""
    return {*names, *(f".{name}" for name in names)}


def _blocks(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The blocks of a statement."""
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if isinstance(block, list) and not isinstance(node, _DEFINITIONS):
            yield block
    for inner in (*getattr(node, "cases", ()), *getattr(node, "handlers", ())):
        yield inner.body


def _heads(node: ast.stmt) -> Iterator[ast.AST]:
    """The parts of a statement that are not in its blocks."""
    match node:
        case ast.If(test=test) | ast.While(test=test):
            yield test
        case ast.For(target=target, iter=over) | ast.AsyncFor(target=target, iter=over):
            yield target
            yield over
        case ast.With(items=items) | ast.AsyncWith(items=items):
            yield from items
        case ast.Match(subject=subject, cases=cases):
            yield subject
            yield from (case.guard for case in cases if case.guard is not None)
        case ast.Try() | ast.TryStar():
            return
        case _:
            yield node
