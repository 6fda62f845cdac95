"""The functions of a schedule as code: a lambda in its place, or a `def` before the scheduler."""

from __future__ import annotations

import ast
import copy
import math
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from lrviz.code.layout import INDENT, WIDTH, Brackets, Node, lay_out, list_of, literal
from lrviz.code.wrapping import wrapped
from lrviz.errors import SpecError
from lrviz.notation import Lambda
from lrviz.text import printable

_MODULES: Final = {"math": "math", "np": "numpy"}  # that functions use, by their names in the code
# What `ruff format` lays out in more ways than are known here.
_UNTOUCHED: Final = (
    ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.JoinedStr, ast.NamedExpr, ast.Slice, ast.Match,
)  # fmt: skip


class Functions:
    """The functions of one schedule: `modules` are what they import.

    Args:
        taken: The names that the code around the schedule uses.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._constants: list[str] = []
        self._definitions: list[list[str]] = []
        self.modules: set[str] = set()
        self._names: dict[str, str] = dict.fromkeys((*taken, *_MODULES), "")  # with what each is defined as
        self._known: dict[Lambda, str] = {}

    @property
    def definitions(self) -> list[list[str]]:
        """The blocks of lines before the schedule: constants, and functions."""
        return [self._constants, *self._definitions]

    def written(self, function: Lambda, parameter: str, room: int) -> str:
        """What stands for a function as an argument: the lambda, or the name of a function that is defined before.

        Args:
            function: The function.
            parameter: The parameter that it is given to, the name of a lambda that has to be defined.
            room: The characters that a lambda may have.

        Raises:
            SpecError: the source of the function is not known, since it uses objects of its script.
        """
        if function not in self._known:
            self._known[function] = self._write(function, parameter, room)
        return self._known[function]

    def definition(
        self, name: str, arguments: str, body: ast.expr, before: Iterable[str] = (), own: Iterable[str] = ()
    ) -> list[str]:
        """The lines of a function that returns the value of an expression.

        Args:
            name: The name of the function.
            arguments: Its arguments.
            body: The expression.
            before: Other lines of its body.
            own: Names that are not those of `math`.
        """
        polished = self._polished(body, {arguments, *own})
        lines = ast.unparse(ast.Module(_split_return(polished), [])).splitlines()
        fitted = [line for text in lines for line in _fitted(f"{INDENT}{text}")]
        return [f"def {name}({arguments}):", *before, *fitted]

    def _write(self, function: Lambda, parameter: str, room: int) -> str:
        if not function.whole:
            raise SpecError(
                f"`{printable(str(function), 60)}` uses objects of its script, and cannot be written alone",
                "write it as a function of numbers, or run it as `FILE.py:NAME`",
            )
        renamed: dict[str, str] = {}
        for statement in ast.parse(function.code).body:
            self._define_statement(statement, renamed, parameter)
        tree = _renamed(ast.parse(str(function), mode="eval").body, renamed)
        if not isinstance(tree, ast.Lambda):
            return ast.unparse(tree)
        # What a script imports from `math` is already written as `math.cos`.
        own = set(vars(math)) if function.code else set()
        polished = self._polished(copy.deepcopy(tree), own)
        if len(text := ast.unparse(polished)) <= room:
            return text
        name = self._free(parameter)
        own |= _stored(tree)
        self._definitions.append(self.definition(name, ast.unparse(polished.args), tree.body, own=own))
        return name

    def _define_statement(self, statement: ast.stmt, renamed: dict[str, str], parameter: str) -> None:
        """Add an assignment or a `def`, under another name if its own is taken by something else, or is `__call__`."""
        name = statement.name if isinstance(statement, ast.FunctionDef) else ast.unparse(statement.targets[0])  # type: ignore[attr-defined]
        source = ast.unparse(_renamed(statement, renamed))
        same = next((known for known, of_name in self._names.items() if of_name == source), None)
        renamed[name] = same or self._free(parameter if name.startswith("__") else name, source)
        if same is not None:
            return
        tree: Any = _renamed(statement, renamed)
        if isinstance(tree, ast.FunctionDef):
            tree.name = renamed[name]
            self._definitions.append(self._function(tree))
            return
        polished = self._polished(tree.value, set(vars(math)))
        lines = lay_out(_layout(polished), before=f"{renamed[name]} = ")
        if isinstance(tree.value, ast.Lambda):
            self._definitions.append(lines)
        else:
            self._constants += lines

    def _free(self, name: str, source: str = "") -> str:
        free = name
        while free in self._names:
            number = int(free.rpartition("_")[2]) + 1 if free != name else 2
            free = f"{name}_{number}"
        self._names[free] = source
        return free

    def _polished(self, node: Any, own: set[str]) -> Any:
        polisher = _Polished(own | _stored(node))
        node = polisher.visit(node)
        self.modules |= polisher.modules
        return node

    def _function(self, node: ast.FunctionDef) -> list[str]:
        """The lines of a `def`."""
        strange = any(isinstance(n, _UNTOUCHED) for n in ast.walk(node) if n is not node)
        texts = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
        strange |= any(set(text) & set('\n\\"') for text in texts)
        if strange:
            self._polished(copy.deepcopy(node), set(vars(math)))
            return ["# fmt: off", *ast.unparse(node).splitlines(), "# fmt: on"]
        tree = self._polished(_Split().visit(node), set(vars(math)))
        return [line for text in ast.unparse(tree).splitlines() for line in _fitted(text)]


def _renamed(tree: Any, names: dict[str, str]) -> Any:
    """The tree with other names in place of those that it does not define itself; it is changed."""
    own = _stored(tree) if isinstance(tree, ast.FunctionDef | ast.Lambda) else set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in names and node.id not in own:
            node.id = names[node.id]
    return tree


class _Split(ast.NodeTransformer):
    """Writes `return a if c else b` as a statement where it does not fit on a line."""

    def visit_Return(self, node: ast.Return) -> list[ast.stmt]:
        return _split_return(node.value) if isinstance(node.value, ast.IfExp) else [node]


def _split_return(value: ast.expr) -> list[ast.stmt]:
    if not isinstance(value, ast.IfExp) or len(ast.unparse(value)) + len("return ") <= WIDTH - 2 * len(INDENT):
        return [ast.Return(value)]
    return [ast.If(value.test, _split_return(value.body), []), *_split_return(value.orelse)]


class _Polished(ast.NodeTransformer):
    """Writes numbers, text and powers as `ruff format` does, and functions of `math` with the module's name.

    `ast.unparse` has a layout of its own, so what it would write otherwise is replaced by a name that is the text.

    Args:
        own: Names that are not those of `math`.
    """

    def __init__(self, own: set[str]) -> None:
        self.own = own
        self.modules: set[str] = set()

    def visit_Name(self, node: ast.Name) -> ast.Name:
        if node.id in _MODULES and node.id not in self.own:
            self.modules.add(_MODULES[node.id])
        if node.id in vars(math) and node.id not in self.own:
            self.modules.add("math")
            return _as_name(f"math.{node.id}", node)
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return _as_name(literal(node.value), node) if isinstance(node.value, float | str) else node

    def visit_Expr(self, node: ast.Expr) -> ast.Expr:
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):  # a docstring
            node.value = _as_name(f'"""{node.value.value.strip()}"""', node)
            return node
        self.generic_visit(node)
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        power = isinstance(node.operand, ast.BinOp) and isinstance(node.operand.op, ast.Pow)
        self.generic_visit(node)
        if power:
            node.operand = _as_name(f"({ast.unparse(node.operand)})", node)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        if not isinstance(node.op, ast.Pow):
            self.generic_visit(node)
            return node
        simple = not isinstance(node.left, ast.UnaryOp) and _is_simple(node.left) and _is_simple(node.right)
        nested = isinstance(node.left, ast.BinOp) and isinstance(node.left.op, ast.Pow)
        self.generic_visit(node)
        if nested:
            node.left = _as_name(f"({ast.unparse(node.left)})", node)
        if simple:
            return _as_name(f"{ast.unparse(node.left)}**{ast.unparse(node.right)}", node)
        if isinstance(node.right, ast.UnaryOp):  # without the brackets of `ast.unparse`
            node.right = _as_name(ast.unparse(node.right), node)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        bare = not isinstance(node.value, ast.Constant | ast.BinOp)
        node.value = self.visit(node.value) if bare else _as_name(f"({ast.unparse(self.visit(node.value))})", node)
        return node


def _as_name(text: str, node: ast.AST) -> ast.Name:
    return ast.copy_location(ast.Name(text, ast.Load()), node)


def _is_simple(node: ast.expr) -> bool:
    """Whether a power of it is written without spaces."""
    match node:
        case ast.UnaryOp(op=op, operand=operand):
            return not isinstance(op, ast.Not) and _is_simple(operand)
        case ast.Attribute(value=value):
            return _is_simple(value)
        case ast.Constant(value=value):
            return isinstance(value, int | float)
    return isinstance(node, ast.Name)


def _stored(node: ast.AST) -> set[str]:
    """The names that a function or an expression defines itself."""
    stored = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    return stored | {n.arg for n in ast.walk(node) if isinstance(n, ast.arg)}


def _layout(node: ast.expr) -> Node:
    """The layout of a constant whose parts are polished."""
    match node:
        case ast.List(elts=items):
            return list_of(map(_layout, items))
        case ast.Tuple(elts=[_, _, *_] as items):
            return Brackets("(", tuple(("", _layout(item)) for item in items), ")")
        case ast.Dict(keys=keys, values=values):
            pairs = zip(keys, values, strict=True)
            return Brackets("{", tuple((f"{ast.unparse(key)}: ", _layout(value)) for key, value in pairs if key), "}")
    return ast.unparse(node)


def _fitted(line: str) -> Iterator[str]:
    """A line of code, over several lines if it is too long."""
    text = line.lstrip()
    indent = line[: len(line) - len(text)]
    statement = re.match(r"return |\w+ = ", text)
    if len(line) <= WIDTH:
        yield line
    elif statement and (lines := wrapped(statement[0], text.removeprefix(statement[0]), indent)):
        yield from lines
    else:
        yield f"{line}  # fmt: skip"
