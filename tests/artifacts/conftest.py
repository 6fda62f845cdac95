"""What the tests of renders share."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path

import pytest

from lrviz import figure
from lrviz.figure import FigureOptions
from lrviz.trace import Trace
from tests.artifacts.folders import TWO, render

_draw, _render_figure = figure.draw, figure.render
_drawn: dict[str, bytes] = {}


@pytest.fixture
def drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw equal figures once: for tests of a folder that render the same figures many times."""

    def draw(traces: Sequence[Trace], options: FigureOptions) -> tuple[Sequence[Trace], FigureOptions]:
        return traces, options

    def render(drawing: tuple[Sequence[Trace], FigureOptions], suffix: str, dpi: int | None = None) -> bytes:
        traces, options = drawing
        key = repr(([trace.spec for trace in traces], options, suffix, dpi))
        if key not in _drawn:
            _drawn[key] = _render_figure(_draw(traces, options), suffix, dpi)
        return _drawn[key]

    monkeypatch.setattr(figure, "draw", draw)
    monkeypatch.setattr(figure, "render", render)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in, with a preset of two figures."""
    (tmp_path / "p.toml").write_text(TWO)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A render of that preset."""
    folder = tmp_path_factory.mktemp("two")
    with chdir(folder):
        Path("p.toml").write_text(TWO)
        render("p.toml", "-o", "out", "-q")
    return folder / "out"


@pytest.fixture
def out(two: Path, here: Path) -> Path:
    """A copy of that render beside the preset."""
    return shutil.copytree(two, here / "out")
