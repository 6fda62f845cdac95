"""Which statements of a script matter: those that others need, or that change the rates."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from lrviz.notation.script.trees import all_statements, is_exit, names_in, walk

_CHANGES: Final = frozenset(
    ("append", "extend", "insert", "remove", "pop", "reverse", "sort", "clear", "update", "setdefault")
)  # methods that change a list or a dictionary
_ALWAYS: Final = frozenset(("setattr", "add_param_group", "add_argument", "set_defaults", "save_hyperparameters"))
_IMPLICIT: Final = frozenset(("__init__", "__enter__", "__exit__"))  # methods that the name of a class calls
_DEFINITIONS: Final = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal,
)  # fmt: skip
_CONTROL: Final = (ast.Break, ast.Continue, ast.Return, ast.Raise)


def slice_script(tree: ast.Module, wanted: Callable[[ast.AST], bool]) -> frozenset[ast.stmt]:
    """The statements that are wanted, and those on which they depend by the names in them.

    Args:
        tree: The script.
        wanted: Whether a statement with this node in it is wanted.
    """
    return _Slice(tree, wanted).kept()


class _Slice:
    def __init__(self, tree: ast.Module, wanted: Callable[[ast.AST], bool]) -> None:
        self.tree = tree
        self.names: set[str] = set()  # that are needed, those of attributes too
        self.acting: set[str] = set()  # functions and classes whose call changes what is needed
        statements = all_statements(tree)
        self.functions = [n for n in statements if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
        self.classes = [n for n in statements if isinstance(n, ast.ClassDef)]
        self.found: set[ast.stmt] = set()
        # Of each simple statement and head: whether it is wanted, whether it has a call, what it changes and needs.
        self.facts: dict[ast.AST, tuple[bool, bool, set[str], set[str]]] = {}
        self.blocks: dict[ast.stmt, list[list[ast.stmt]]] = {}
        self.controls: dict[tuple[ast.stmt, bool], bool] = {}
        self.wanted = wanted

    def kept(self) -> frozenset[ast.stmt]:
        """The statements that matter."""
        while True:
            before = len(self.found), len(self.names), len(self.acting)
            self._block(self.tree.body)
            for function in self.functions:
                if self._block(function.body):
                    self.acting.add(function.name)
                elif function.name not in self.names:
                    continue
                self._control(function.body, returns=True)
            for cls in self.classes:
                self._block(cls.body)
                if any(s.name in _IMPLICIT & self.acting for s in cls.body if s in self.functions):
                    self.acting.add(cls.name)
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
        if matters:
            self._keep(node)
            if isinstance(node, ast.For | ast.AsyncFor | ast.While):
                self._control(node.body, returns=False)
        return matters

    def _keep(self, node: ast.stmt) -> None:
        self.found.add(node)
        for part in _heads(node):
            self.names |= self._facts(part)[3]

    def _blocks(self, node: ast.stmt) -> list[list[ast.stmt]]:
        """The blocks of a statement."""
        if node not in self.blocks:
            self.blocks[node] = list(_blocks(node))
        return self.blocks[node]

    def _control(self, body: Sequence[ast.stmt], *, returns: bool) -> None:
        """Keep what ends a block early, with the conditions around it."""
        for node in body:
            if self._has_control(node, returns):
                self._keep(node)
                for block in self._blocks(node):
                    self._control(block, returns=returns)

    def _has_control(self, node: ast.stmt, returns: bool) -> bool:
        """Whether something in a statement ends a block early."""
        if (node, returns) not in self.controls:
            ends = isinstance(node, _CONTROL) and (returns or not isinstance(node, ast.Return))
            ends = ends or is_exit(node)
            inside = (self._has_control(s, returns) for block in self._blocks(node) for s in block)
            self.controls[node, returns] = not isinstance(node, _DEFINITIONS) and (ends or any(inside))
        return self.controls[node, returns]

    def _matters(self, node: ast.AST) -> bool:
        wanted, calls, stored, mentioned = self._facts(node)
        acts = bool(mentioned & self.acting) or (calls and "__call__" in self.acting)
        return wanted or acts or bool(stored & self.names)

    def _facts(self, node: ast.AST) -> tuple[bool, bool, set[str], set[str]]:
        if node not in self.facts:
            stored: set[str] = set()
            mentioned: set[str] = set()
            wanted = calls = False
            for child in walk(node):
                if isinstance(child, ast.Name | ast.Attribute):
                    name = child.id if isinstance(child, ast.Name) else child.attr
                    mentioned.add(name)
                    if not isinstance(child.ctx, ast.Load):
                        stored.add(name)
                    continue
                wanted = wanted or self.wanted(child)
                if isinstance(child, ast.Call):
                    calls = True
                    if isinstance(child.func, ast.Attribute) and child.func.attr in _CHANGES:
                        stored |= names_in(child.func.value).mentioned
                elif isinstance(child, ast.Subscript) and not isinstance(child.ctx, ast.Load):
                    stored |= names_in(child.value).mentioned
            self.facts[node] = wanted or bool(mentioned & _ALWAYS), calls, stored, mentioned
        return self.facts[node]


def _blocks(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The blocks of a statement."""
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if isinstance(block, list) and not isinstance(node, _DEFINITIONS):
            yield block
    for case in getattr(node, "cases", ()):
        yield case.body


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
