"""Python that scripts are written in has the value that Python gives it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lrviz.errors import NotationError
from lrviz.notation import read_script

# Lines that end with a value of `n`, with an empty line between them.
SNIPPETS = (Path(__file__).parent / "python.txt").read_text(encoding="utf-8").strip().split("\n\n")


def plain(value: Any) -> Any:
    """A list as the tuple that it becomes."""
    return tuple(map(plain, value)) if isinstance(value, list | tuple | range) else value


@pytest.mark.parametrize("text", SNIPPETS)
def test_a_value_is_that_of_python(text: str) -> None:
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(text, "script.py", "exec"), names)  # noqa: S102 - of this file
    (found,) = read_script(f"{text}\nStepLR(optimizer, n)", {}, {})
    assert found.missing == []
    assert found.call is not None
    assert found.call.args == (plain(names["n"]),)
    assert str(found.call.args[0]) == str(plain(names["n"]))


UNKNOWN = {
    "a required argument": (
        "import argparse\np = argparse.ArgumentParser(); p.add_argument('--n', required=True)\n"
        "p.add_argument('m')\na = p.parse_args()\nn = [a.n, a.m]",
        ["a.n", "a.m"],
    ),
    "both branches": ("if a.x:\n    n = 1\nelse:\n    n = 2", ["a.x"]),
    "a return in a branch": ("def f():\n    if a.x:\n        return 1\n    return 2\nn = f()", ["a.x"]),
    "an item of a branch": ("n = [1, 2]\nif a.x:\n    n[0] = 3", ["a.x"]),
    "a list that a branch changes": ("n = []\nif a.x:\n    n.append(3)", ["a.x"]),
    "an attribute of a branch": ("class A: pass\nb = A()\nb.n = 1\nif a.x:\n    b.n = 2\nn = b.n", ["a.x"]),
    "a loop over what is not known": ("n = []\nfor x in data:\n    n.append(x)", ["data"]),
    "a while over what is not known": ("n = 1\nwhile a.x > n:\n    n += 1", ["a.x"]),
    "a match over what is not known": ("match a.x:\n    case 1:\n        n = 1\n    case _:\n        n = 2", ["a.x"]),
    "arithmetic": ("n = a.x * 2 + b.y - len(c)", ["a.x", "b.y", "len(c)"]),
    "a comparison": ("n = 1 if a.x > 3 else 2", ["a.x"]),
    "and, or, not": ("n = (a.x and 2) or (not b.y)", ["a.x", "b.y"]),
    "a comprehension": ("n = [x for x in a.x]", ["a.x"]),
    "a condition of a comprehension": ("n = [x for x in range(3) if x > a.x]", ["a.x"]),
    "an index": ("n = [1, 2][a.x]", ["a.x"]),
    "a slice": ("n = [1, 2][: a.x]", ["a.x"]),
    "keywords": ("def f(k=1):\n    return k\nn = f(k=a.x)", ["a.x"]),
    "unpacking": ("n, m = a.x", ["n"]),
    "a function's argument": ("n = max(a.x, 3)", ["a.x"]),
    "numpy": ("import numpy as np\nn = np.cos(a.x)", ["a.x"]),
    "text": ("n = len(f'{a.x}' + a.y)", None),
    "a dictionary": ("d = dict(a.x)\nn = d['k']", None),
    "a file": ("import yaml\nwith open('c.yaml') as f:\n    cfg = yaml.safe_load(f)\nn = cfg['n']", ["cfg['n']"]),
    "a generator": ("def f():\n    while True:\n        yield 1\nn = f()", None),
    "an index of a dictionary": ("d = {}\nd[a.x] = 1\nn = d[2]", ["a.x"]),
    "an item that a loop sets": ("d = {'a': 1}\nfor k in data:\n    d['a'] = 2\nn = d['a']", ["data"]),
    "an attribute that a loop sets": (
        "class A: pass\nb = A()\nb.n = 1\nfor k in data:\n    b.n = 2\nn = b.n",
        ["data"],
    ),
    "a list that a loop fills": ("d = [1]\nfor k in data:\n    d.append(k)\nn = sum(d)", None),
    "a sum": ("n = sum(a.x)", ["a.x"]),
    "a sum of items": ("n = sum([1, a.x])", ["a.x"]),
    "a zip": ("n = [x for x, y in zip(a.x, [1])]", None),
    "a range": ("n = len(range(a.x, 5))", None),
    "a set": ("n = {a.x, 1}", ["a.x"]),
    "joined text": ("n = len('-'.join(a.x))", None),
    "a match over a class": ("x = 3\nmatch x:\n    case int():\n        n = 1", None),
    "a method of a list": ("n = [1].foo()", None),
    "a method of a dictionary": ("n = {'a': 1}.popitem()", None),
    "is": ("n = 1 if a.x is None else 2", ["a.x"]),
    "in": ("n = 1 if a.x in (1, 2) else 2", ["a.x"]),
}


@pytest.mark.parametrize(("text", "missing"), UNKNOWN.values(), ids=UNKNOWN.keys())
def test_what_is_not_known_is_asked_for(text: str, missing: list[str] | None) -> None:
    (found,) = read_script(f"{text}\nStepLR(optimizer, n)", {}, {})
    texts = [origin.text for origin in found.missing]
    assert texts
    assert missing is None or texts == missing


FAILS = [
    "n = [1]\nn[9] = 3\nn = n[9]",
    "n = [3].index(4)",
    "n = 1 / 0",
    "n = [1][5]",
    "n = {'a': 1}['b']",
    "n = (-8) ** 0.5",
    "n = 'a' + 1",
    "n = int('x')",
    "n = -'a'",
]


@pytest.mark.parametrize("text", FAILS)
def test_what_python_cannot_compute_has_no_value(text: str) -> None:
    try:
        (found,) = read_script(f"{text}\nStepLR(optimizer, n)", {}, {})
    except NotationError:
        return
    assert found.missing
