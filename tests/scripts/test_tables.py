"""A configuration that a script has as text in YAML is that of PyYAML, or asked for."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from lrviz.notation import read_script
from lrviz.notation.script.interpreter import Interpreter
from lrviz.notation.script.tables import from_yaml
from lrviz.notation.script.values import Unknown
from lrviz.notation.source import Budget

TEXTS: dict[str, Any] = {
    "lr: 0.1\nsteps: [3, 6]\nsched:  # of torch\n  name: StepLR\n  gamma: .5\n\nrest:\n- a b\n- 'c'\nlast: yes\n": {
        "lr": 0.1, "steps": [3, 6], "sched": {"name": "StepLR", "gamma": 0.5}, "rest": ["a b", "c"], "last": True,
    },
    "lr: 1e-3\nmin: 1.0e-5\nn: -4\nnone: ~\nempty: []\n": {
        "lr": "1e-3", "min": 1e-5, "n": -4, "none": None, "empty": [],
    },
    "a:\n    b:\n      - 1\n      - 2.\n    c: x-y\nd: \"e\"": {"a": {"b": [1, 2.0], "c": "x-y"}, "d": "e"},
    "": None,
}  # fmt: skip
OTHERS = [
    "a: {b: 1}", "a: &x 1\nb: *x", "a: |\n  text", "a: 012", "a: 1_000", "a: 1:30", "a: b: c", "- a: 1", "a: 1\n b: 2",
    "---\na: 1", "a: [1,\n 2]", "a: [,]", "a: 1\na: 2", "a:\n    b: 1\n  c: 2", "a: 'it''s'", "\ta: 1", "!x y",
    "a: -.1", "x" * 30_000,
]  # fmt: skip
CALL = ast.parse("yaml.safe_load(text)", mode="eval").body


def value(text: str) -> Any:
    assert isinstance(CALL, ast.Call)
    return from_yaml(Interpreter(ast.parse(""), {}, {}, Budget()), text, CALL)


@pytest.mark.parametrize(("text", "expected"), TEXTS.items())
def test_tables_lists_and_plain_values_are_read(text: str, expected: Any) -> None:
    assert repr(value(text)) == repr(expected)
    yaml = pytest.importorskip("yaml")
    assert repr(yaml.safe_load(text)) == repr(expected)


def test_all_else_is_not() -> None:
    assert {text: value(text) for text in OTHERS if not isinstance(value(text), Unknown)} == {}


def test_a_script_uses_its_values() -> None:
    text = 'import yaml\ncfg = yaml.safe_load("""\nsched:\n  n: 4\n  gamma: 0.5\n""")\n'
    (found,) = read_script(f"{text}s = StepLR(SGD(p, 0.1), cfg['sched']['n'], cfg['sched']['gamma'])", {}, {})
    assert str(found.call) == "StepLR(4, 0.5)"
    assert found.missing == []
