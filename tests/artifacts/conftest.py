"""What the tests of renders share."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path

import pytest

from lrviz import figure
from lrviz.figure import Chart, FigureOptions
from lrviz.trace import Trace
from tests.artifacts.folders import TWO, render

_draw, _render_figure = figure.draw, figure.render
_figures: dict[str, Chart] = {}
_bytes: dict[tuple[int, str, int | None], bytes] = {}


@pytest.fixture
def drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw equal figures once: for tests of a folder that render the same figures many times."""

    def draw(traces: Sequence[Trace], options: FigureOptions) -> Chart:
        key = repr(([trace.spec for trace in traces], options))
        if key not in _figures:
            _figures[key] = _draw(traces, options)
        return _figures[key]

    def render(drawing: Chart, suffix: str, dpi: int | None = None) -> bytes:
        key = (id(drawing), suffix, dpi)
        if key not in _bytes:
            _bytes[key] = _render_figure(drawing, suffix, dpi)
        return _bytes[key]

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
