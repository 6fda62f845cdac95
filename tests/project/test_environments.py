"""The environment does not change the bytes of a render; `python -m tests.environments` runs all rows."""

from __future__ import annotations

import pytest

from tests import environments
from tests.forkserver import ForkServer

pytestmark = pytest.mark.slow


def test_an_environment_of_one_row_of_each_group_gives_the_same_bytes(forks: ForkServer) -> None:
    expected = environments.rendered(environments.Environment(), forks)
    assert list(environments.differences(environments.at_once(), expected)) == []


def test_there_are_forty_environments() -> None:
    assert len(environments.rows()) >= 40
