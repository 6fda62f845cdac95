"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
import importlib

import pytest

from tests.conftest import ROOT

# To find the examples of a module takes longer than to see in its text that it has none.
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted((ROOT / "lrviz").rglob("*.py"))
    if ">>>" in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_there_are_examples_to_try() -> None:
    assert "lrviz.api" in MODULES
    module = importlib.import_module("lrviz.api")
    assert any(found.examples for found in doctest.DocTestFinder().find(module))
