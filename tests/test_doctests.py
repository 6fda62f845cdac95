"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import lrviz

MODULES = [info.name for info in pkgutil.walk_packages(lrviz.__path__, "lrviz.") if info.name != "lrviz.__main__"]


@pytest.mark.parametrize("name", ["lrviz", *MODULES])
def test_examples(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_there_are_examples_to_try() -> None:
    module = importlib.import_module("lrviz.api")
    assert any(found.examples for found in doctest.DocTestFinder().find(module))
