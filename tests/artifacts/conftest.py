"""What the tests of renders share."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from lrviz import figure
from lrviz.figure import FigureOptions
from lrviz.trace import Trace

_draw, _render = figure.draw, figure.render
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
            _drawn[key] = _render(_draw(traces, options), suffix, dpi)
        return _drawn[key]

    monkeypatch.setattr(figure, "draw", draw)
    monkeypatch.setattr(figure, "render", render)
