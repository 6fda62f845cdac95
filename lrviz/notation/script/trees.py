"""Syntax trees of scripts: the names that they assign and call, and which blocks end early."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from lrviz.notation.source import unparse

RATE: Final = "[lr]"  # stands for the rate of a parameter group among names of functions
_CONSTRUCTORS: Final = ("__init__", "__post_init__")
_ENDS: Final = (ast.Raise, ast.Return, ast.Continue, ast.Break)


class Functions:
    """What stands in the functions and methods of a script, by their names; each function is walked once.

    `called` are the names of the functions that they call, with `RATE` if they set the rate of a parameter group,
    `mentioned` all names of functions, and `changed` the attributes and the global names that they assign.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.called: dict[str, set[str]] = {}
        self.mentioned: dict[str, set[str]] = {}
        self.changed: dict[str, tuple[set[str], set[str]]] = {}
        self.nodes: list[ast.FunctionDef | ast.AsyncFunctionDef] = []
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                self.nodes.append(node)
                self._add(node)

    def _add(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        called = self.called.setdefault(node.name, set())
        mentioned = self.mentioned.setdefault(node.name, set())
        attributes, names = self.changed.setdefault(node.name, (set(), set()))
        for child in ast.walk(node):
            match child:
                case ast.Name(id=name):
                    mentioned.add(name)
                case ast.Attribute(attr=name, ctx=context):
                    mentioned.add(name)
                    if isinstance(context, ast.Store) and node.name not in _CONSTRUCTORS:
                        attributes.add(name)
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                    called.add(name)
                case ast.Subscript() if sets_rate(child):
                    called.add(RATE)
                case ast.Global(names=others) | ast.Nonlocal(names=others):
                    names.update(others)

    def that_call(self, wanted: Callable[[str], bool]) -> set[str]:
        """Those that call a function that is wanted, or another such function."""
        return _closure(self.called, wanted)

    def that_mention(self, wanted: Callable[[str], bool]) -> set[str]:
        """Those that mention a function that is wanted, or another such function."""
        return _closure(self.mentioned, wanted)

    def changed_in(self, node: ast.AST) -> tuple[set[str], set[str]]:
        """What runs in a node, and in the functions that it calls, assigns: attributes, and global names."""
        attributes = {c.attr for c in ast.walk(node) if isinstance(c, ast.Attribute) and isinstance(c.ctx, ast.Store)}
        names: set[str] = set()
        todo, seen = called_names(node), set[str]()
        while todo:
            name = todo.pop()
            seen.add(name)
            if name in self.changed:
                attributes |= self.changed[name][0]
                names |= self.changed[name][1]
                todo |= self.called[name] - seen
        return attributes, names


def _closure(inside: Mapping[str, set[str]], wanted: Callable[[str], bool]) -> set[str]:
    found = {name for name, others in inside.items() if any(map(wanted, others))}
    while more := {name for name, others in inside.items() if name not in found and others & found}:
        found |= more
    return found


def called_names(node: ast.AST) -> set[str]:
    """The names of the functions and methods that are called in a node."""
    functions = (call.func for call in ast.walk(node) if isinstance(call, ast.Call))
    return {name for function in functions if (name := _name(function))}


def names_with_rates(node: ast.AST) -> set[str]:
    """The names of the functions that are called in a node, with `RATE` if it sets the rate of a parameter group."""
    found = called_names(node)
    if any(isinstance(child, ast.Subscript) and sets_rate(child) for child in ast.walk(node)):
        found.add(RATE)
    return found


def sets_rate(node: ast.Subscript) -> bool:
    """Whether a subscript is the rate or the momentum of a parameter group that is set."""
    key = node.slice.value if isinstance(node.slice, ast.Constant) else None
    return isinstance(node.ctx, ast.Store) and key in ("lr", "momentum", "betas", "initial_lr")


def mentioned_names(node: ast.AST) -> set[str]:
    """The names of the functions and methods that are called in a node, or passed on."""
    return {name for child in ast.walk(node) if (name := _name(child))}


def _name(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def ends(body: Sequence[ast.stmt]) -> bool:
    """Whether a block never goes on to what follows it."""
    if not body:
        return False
    last = body[-1]
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        return unparse(last.value.func) in ("exit", "quit", "sys.exit", "os._exit")
    return isinstance(last, _ENDS)


def assigned_names(node: ast.stmt) -> tuple[str, ...]:
    """The names that a statement assigns."""
    match node:
        case ast.Assign(targets=targets):
            return tuple(name for target in targets for name in stored_names(target))
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
            return stored_names(target)
    return ()


def stored_names(target: ast.expr) -> tuple[str, ...]:
    """The names of a target of an assignment or a loop."""
    match target:
        case ast.Name(id=name):
            return (name,)
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            return tuple(name for t in targets for name in stored_names(t))
        case ast.Starred(value=inner):
            return stored_names(inner)
    return ()


def assigned_in(node: ast.AST) -> list[str]:
    """The names that the statements inside another assign, without those of functions."""
    found: dict[str, None] = {}
    todo = list(ast.iter_child_nodes(node))
    while todo:
        child = todo.pop()
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        if isinstance(child, ast.stmt):
            found |= dict.fromkeys(assigned_names(child))
        if isinstance(child, ast.For | ast.AsyncFor):
            found |= dict.fromkeys(stored_names(child.target))
        todo += ast.iter_child_nodes(child)
    return list(found)


def parameter_defaults(arguments: ast.arguments) -> list[tuple[str, ast.expr]]:
    """The parameters of a function that have defaults, each with its default."""
    named = [*arguments.posonlyargs, *arguments.args]
    pairs = [
        *zip(named[len(named) - len(arguments.defaults) :], arguments.defaults, strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    return [(parameter.arg, default) for parameter, default in pairs if default is not None]


def is_generator(node: ast.AST) -> bool:
    """Whether a function yields."""
    todo: list[ast.AST] = list(ast.iter_child_nodes(node))
    while todo:
        child = todo.pop()
        if isinstance(child, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            todo += ast.iter_child_nodes(child)
    return False


class Position(ast.AST):
    """A line and column, where an error has no node of the tree to show."""

    def __init__(self, line: int, column: int = 0) -> None:
        self.lineno, self.col_offset = line, column


def assigned_lines(tree: ast.Module) -> dict[str, int]:
    """The lines of assignments to names, outside of functions."""
    return {
        target.id: statement.lineno
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }
