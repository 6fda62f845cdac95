"""What the tests of renders share."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from lrviz import figure
from lrviz.figure import Chart, FigureOptions
from lrviz.trace import Trace

_draw, _render = figure.draw, figure.render
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
            _bytes[key] = _render(drawing, suffix, dpi)
        return _bytes[key]

    monkeypatch.setattr(figure, "draw", draw)
    monkeypatch.setattr(figure, "render", render)
