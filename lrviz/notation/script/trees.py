"""Syntax trees of scripts: the names that they assign and call, and which blocks end early."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from lrviz.notation.source import children, unparse

RATE: Final = "[lr]"  # stands for the rate of a parameter group among names of functions
_OF_GROUP: Final = ("lr", "momentum", "betas", "initial_lr")  # what a loop may change of a parameter group
_CONSTRUCTORS: Final = ("__init__", "__post_init__")
_BLOCKS: Final = ("body", "orelse", "finalbody", "handlers", "cases")
_MOST_RETURNS: Final = 10  # of a function that becomes one expression
_SCOPES: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_ENDS: Final = (ast.Raise, ast.Return, ast.Continue, ast.Break)
_EXITS: Final = ("sys.exit", "exit", "quit", "os._exit")


def walk(node: ast.AST) -> list[ast.AST]:
    """A node and all nodes in it, each before those inside it, without marks such as `ast.Load`."""
    found = [node]
    level = children(found)
    while level:
        found += level
        level = children(level)
    return found


@dataclass(frozen=True)
class Names:
    """The names in a node.

    `called` are those of the functions and methods that are called, with `RATE` if the rate of a parameter group is
    set, `mentioned` all names, and `attributes` and `elsewhere` the attributes and the names of outer scopes that are
    assigned. `bound` are the names that get a value. `items` are the subscripts of names that are assigned, `yields`
    has a node for each `yield`, and `steps` the calls of methods whose names begin with `step`.
    """

    called: set[str] = field(default_factory=set)
    mentioned: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    elsewhere: set[str] = field(default_factory=set)
    bound: set[str] = field(default_factory=set)
    items: list[ast.Subscript] = field(default_factory=list)
    yields: list[ast.AST] = field(default_factory=list)
    steps: list[Any] = field(default_factory=list)

    def add(self, node: ast.AST) -> None:
        """Add the names in a node."""
        mentioned, bound = self.mentioned, self.bound
        for child in walk(node):
            if type(child) is ast.Name:  # half of all nodes
                mentioned.add(child.id)
                if type(child.ctx) is not ast.Load:
                    bound.add(child.id)
            elif (read := _READ.get(type(child))) is not None:
                read(self, child)

    def read(self, node: ast.AST) -> None:
        """Add the name of one node, without what is inside it."""
        if (read := _READ.get(type(node))) is not None:
            read(self, node)

    def join(self, other: Names) -> None:
        """Add those of another node."""
        self.called.update(other.called)
        self.mentioned.update(other.mentioned)
        self.attributes.update(other.attributes)
        self.elsewhere.update(other.elsewhere)
        self.bound.update(other.bound)
        self.items.extend(other.items)
        self.yields.extend(other.yields)
        self.steps.extend(other.steps)


def _read_name(names: Names, node: Any) -> None:
    names.mentioned.add(node.id)
    if type(node.ctx) is not ast.Load:
        names.bound.add(node.id)


def _read_attribute(names: Names, node: Any) -> None:
    names.mentioned.add(node.attr)
    if type(node.ctx) is ast.Store:
        names.attributes.add(node.attr)


def _read_call(names: Names, node: Any) -> None:
    function = node.func
    if type(function) is ast.Name:
        names.called.add(function.id)
    elif type(function) is ast.Attribute:
        names.called.add(function.attr)
        if function.attr.startswith("step"):
            names.steps.append(node)
        elif function.attr == "update" and sets_rate(node):
            names.called.add(RATE)


def _read_subscript(names: Names, node: Any) -> None:
    if type(node.ctx) is ast.Store:
        if sets_rate(node):
            names.called.add(RATE)
        if isinstance(node.value, ast.Name) and isinstance(node.slice, ast.Constant):
            names.items.append(node)


def _read_elsewhere(names: Names, node: Any) -> None:
    names.elsewhere.update(node.names)


def _read_definition(names: Names, node: Any) -> None:
    if node.name:
        names.bound.add(node.name)


def _read_import(names: Names, node: Any) -> None:
    names.bound.add(node.asname or node.name.partition(".")[0])


def _read_yield(names: Names, node: Any) -> None:
    names.yields.append(node)


_READ: Final[dict[type[ast.AST], Callable[[Names, Any], None]]] = {
    ast.Name: _read_name,
    ast.Attribute: _read_attribute,
    ast.Call: _read_call,
    ast.Subscript: _read_subscript,
    ast.Global: _read_elsewhere,
    ast.Nonlocal: _read_elsewhere,
    ast.alias: _read_import,
    ast.Yield: _read_yield,
    ast.YieldFrom: _read_yield,
    **dict.fromkeys(
        (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.MatchAs, ast.MatchStar), _read_definition
    ),
}


def names_in(node: ast.AST) -> Names:
    """The names in a node."""
    found = Names()
    found.add(node)
    return found


CHANGES: Final = ("append", "extend", "update", "insert", "add_param_group")  # methods that change their object
# Nodes that have statements in them.
_COMPOUND: Final = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.If, ast.For, ast.AsyncFor, ast.While, ast.With,
    ast.AsyncWith, ast.Try, ast.TryStar, ast.Match, ast.ExceptHandler, ast.match_case, ast.Module,
)  # fmt: skip


def counted(tree: ast.AST, texts: Sequence[str]) -> list[str]:
    """Those of the names and attributes that the script adds something to: `step += 1`, `step = step + 1`."""
    found = set()
    for node in walk(tree) if texts else ():
        match node:
            case ast.AugAssign(target=target, op=ast.Add()):
                found.add(ast.unparse(target))
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.BinOp(left=ast.Name(id=same), op=ast.Add())):
                found |= {name} & {same}
    return [text for text in texts if text in found]


def only_tested(tree: ast.AST, texts: Sequence[str]) -> list[str]:
    """Those of the names and attributes that the script uses only as conditions: `if args.amp:`."""
    last = {text.rpartition(".")[2]: text for text in texts if all(map(str.isidentifier, text.split(".")))}
    tests: set[ast.AST] = set()
    found: dict[str, bool] = {}
    for node in walk(tree) if last else ():  # a condition comes before what is in it
        match node:
            case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
                tests.add(test)
            case ast.BoolOp(values=values) if node in tests:
                tests |= set(values)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                tests.add(operand)
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in last and isinstance(node.ctx, ast.Load):
                if unparse(node) == last[name]:
                    found[last[name]] = found.get(last[name], True) and node in tests
    return [text for text, is_test in found.items() if is_test]


def adds_rates(node: ast.AST) -> bool:
    """Whether what a node adds to a list may be parameter groups with rates, or what they are is not known."""
    for child in walk(node):
        match child:
            case ast.Call(
                func=ast.Attribute(attr="append" | "insert" | "extend" | "add_param_group"), args=[*_, added]
            ):
                pass
            case ast.AugAssign(op=ast.Add(), value=added):
                pass
            case ast.Constant(value="lr") | ast.keyword(arg="lr"):
                return True
            case _:
                continue
        if _may_have_rate(added):
            return True
    return False


def _may_have_rate(node: ast.expr) -> bool:
    """Whether a value may be a parameter group with a rate, or a list of some; a name is taken for a parameter."""
    match node:
        case ast.Name() | ast.Attribute() | ast.Subscript() | ast.Constant():
            return False
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return any(map(_may_have_rate, items))
        case ast.Dict(keys=keys):
            return None in keys
    return True


def only_extends(node: ast.AST, name: str) -> bool:
    """Whether all that a node assigns to a name is `name += ...`."""
    changes = [s for s in walk(node) if isinstance(s, ast.stmt) and name in assigned_names(s)]
    return all(isinstance(s, ast.AugAssign) and isinstance(s.op, ast.Add) for s in changes)


def is_exit(node: ast.stmt) -> bool:
    """Whether a statement ends the program: `sys.exit()`."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id=name))):
            return name in _EXITS
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=name))):
            return f"{module}.{name}" in _EXITS
    return False


def is_error(node: ast.expr | None) -> bool:
    """Whether a value is an error that is meant to be raised: `return NotImplementedError(...)`."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and (node.func.id.endswith(("Error", "Exception")))
    )


def chain_of(node: ast.Match) -> list[ast.stmt] | None:
    """The `if` that does what a `match` over constants does; None for patterns that are not constants."""
    chain: list[ast.stmt] = []
    for case in reversed(node.cases):
        patterns = case.pattern.patterns if isinstance(case.pattern, ast.MatchOr) else [case.pattern]
        tests: list[ast.expr] = []
        for pattern in patterns:
            match pattern:
                case ast.MatchValue(value=value):
                    tests.append(ast.Compare(node.subject, [ast.Eq()], [value]))
                case ast.MatchSingleton(value=value):
                    tests.append(ast.Compare(node.subject, [ast.Is()], [ast.Constant(value)]))
                case ast.MatchAs(pattern=None):
                    tests.append(ast.Constant(True))
                case _:
                    return None
        body = case.body
        if isinstance(case.pattern, ast.MatchAs) and case.pattern.name is not None:
            if case.guard is not None:
                return None
            body = [ast.Assign([ast.Name(case.pattern.name, ast.Store())], node.subject), *body]
        test = tests[0] if len(tests) == 1 else ast.BoolOp(ast.Or(), tests)
        if case.guard is not None:
            test = ast.BoolOp(ast.And(), [test, case.guard])
        chain = [ast.copy_location(ast.If(test, body, chain), case.pattern)]
    for part in chain:
        ast.fix_missing_locations(part)
    return chain


class Functions:
    """The names in the functions and methods of a script, `inside`, by their own; `nodes` are their definitions."""

    def __init__(self, tree: ast.Module) -> None:
        definitions = (
            node for node in all_statements(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        )
        self.nodes = sorted(definitions, key=lambda node: node.lineno)
        self.inside: dict[str, Names] = {}
        self._known: dict[ast.AST, Names] = {}
        self._changes: dict[ast.AST, list[ast.AST]] = {}
        for node in self.nodes:
            self.inside.setdefault(node.name, Names()).join(self.names_in(node))
        self._rebind = any(names.elsewhere for names in self.inside.values())

    def names_in(self, node: ast.AST) -> Names:
        """The names in a node of the script; those of its statements with others in them are found once."""
        if (known := self._known.get(node)) is not None:
            return known
        found = self._known[node] = Names()
        if not isinstance(node, _COMPOUND):
            found.add(node)
            return found
        found.read(node)
        for part in children([node]):
            if isinstance(part, _COMPOUND):
                found.join(self.names_in(part))
            else:
                found.add(part)
        return found

    def changes_in(self, node: ast.AST) -> list[ast.AST]:
        """The assignments in a node, and the calls of methods, found once; a loop may be left out many times."""
        if node not in self._changes:
            nodes = walk(node)
            self._changes[node] = [
                n
                for n in nodes
                if isinstance(n, ast.Assign | ast.AugAssign)
                or (isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr in CHANGES)
            ]
        return self._changes[node]

    def bound_in(self, node: ast.AST) -> set[str]:
        """The names to which what runs in a node gives a value, also in the functions that it calls."""
        bound = self.names_in(node).bound
        return bound | self.changed_in(node)[1] if self._rebind else bound

    def that_call(self, wanted: Callable[[str], bool]) -> set[str]:
        """Those that call a function that is wanted, or another such function."""
        return _closure({name: names.called for name, names in self.inside.items()}, wanted)

    def that_mention(self, wanted: Callable[[str], bool]) -> set[str]:
        """Those that mention a function that is wanted, or another such function."""
        return _closure({name: names.mentioned for name, names in self.inside.items()}, wanted)

    def changed_in(self, node: ast.AST) -> tuple[set[str], set[str]]:
        """What runs in a node, and in the functions that it calls, assigns: attributes, and global names."""
        own = self.names_in(node)
        attributes, names = set(own.attributes), set(own.elsewhere)
        todo, seen = set(own.called), set[str]()
        while todo:
            name = todo.pop()
            seen.add(name)
            if (inside := self.inside.get(name)) is not None:
                attributes |= inside.attributes if name not in _CONSTRUCTORS else set()
                names |= inside.elsewhere
                todo |= inside.called - seen
        return attributes, names


def _closure(inside: Mapping[str, set[str]], wanted: Callable[[str], bool]) -> set[str]:
    found = {name for name, others in inside.items() if any(map(wanted, others))}
    while more := {name for name, others in inside.items() if name not in found and others & found}:
        found |= more
    return found


def sets_rate(node: ast.AST) -> bool:
    """Whether a node sets the rate or the momentum of a parameter group: a subscript, or `group.update(lr=...)`."""
    match node:
        case ast.Call(func=ast.Attribute(attr="update"), args=[], keywords=[*keywords]):
            return any(k.arg in _OF_GROUP for k in keywords)
        case ast.Call(func=ast.Attribute(attr="update"), args=[ast.Dict(keys=keys)]):
            return any(isinstance(k, ast.Constant) and k.value in _OF_GROUP for k in keys)
    if not isinstance(node, ast.Subscript):
        return False
    key = node.slice.value if isinstance(node.slice, ast.Constant) else None
    return isinstance(node.ctx, ast.Store) and key in _OF_GROUP


def ends(body: Sequence[ast.stmt]) -> bool:
    """Whether a block never goes on to what follows it."""
    return bool(body) and (isinstance(body[-1], _ENDS) or is_exit(body[-1]))


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
    todo = _statements(node)
    while todo:
        child = todo.pop()
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if isinstance(child, ast.stmt):
            found |= dict.fromkeys(assigned_names(child))
        if isinstance(child, ast.For | ast.AsyncFor):
            found |= dict.fromkeys(stored_names(child.target))
        todo += _statements(child)
    return list(found)


def all_statements(node: ast.AST) -> list[ast.AST]:
    """The statements in a node, also those in others."""
    found = _statements(node)
    for statement in found:
        found += _statements(statement)
    return found


def _statements(node: ast.AST) -> list[ast.AST]:
    """The statements directly inside a node, and the handlers and cases that have others."""
    if not isinstance(node, _COMPOUND):
        return []
    return [child for name in _BLOCKS for child in getattr(node, name, ())]


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
    level = children([node])
    while level:
        if any(isinstance(child, ast.Yield | ast.YieldFrom) for child in level):
            return True
        level = children([child for child in level if not isinstance(child, _SCOPES)])
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


def returned_expression(body: Sequence[ast.stmt]) -> ast.expr | None:
    """What the body of a function returns as one expression, of `return` and `if` alone; None for other bodies."""
    match body:
        case [ast.Expr(value=ast.Constant()), *rest]:
            return returned_expression(rest)
        case [ast.Return(value=ast.expr() as value), *_]:
            return value
        case [ast.If(test=test, body=inner, orelse=orelse), *rest] if len(rest) < _MOST_RETURNS:
            first = returned_expression(inner)
            second = None if first is None else returned_expression([*orelse, *rest])
            return None if first is None or second is None else ast.IfExp(test, first, second)
    return None


def computes(tree: ast.Module, name: str) -> bool:
    """Whether a script assigns to a name what is no constant."""
    return any(
        isinstance(node, ast.Assign) and not isinstance(node.value, ast.Constant) and name in assigned_names(node)
        for node in all_statements(tree)
    )


def following(node: ast.FunctionDef, names: set[str]) -> set[str]:
    """Names of a function, and those whose values follow from theirs."""
    found = set(names)
    statements = [s for s in all_statements(node) if isinstance(s, ast.Assign | ast.AugAssign | ast.AnnAssign)]
    while True:
        more = {
            name
            for statement in statements
            if statement.value is not None and found & names_in(statement.value).mentioned
            for name in assigned_names(statement)
        }
        if more <= found:
            return found
        found |= more
