"""The bytes of a figure, the same every time. Part of the matplotlib room."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import numpy as np

from lrviz import style
from lrviz.backend import Figure, Line2D, Outline, agg
from lrviz.decimate import Values, keep
from lrviz.errors import OutputError, SpecError
from lrviz.look import DPI
from lrviz.style import Look

_POINTS = 2_400  # of all curves of a vector figure together
_POINTS_EACH = 300  # of one of many curves
# A point of a path, whose coordinates matplotlib writes to a millionth of a point: a hundredth is enough.
_COORDINATES = re.compile(rb"(?m)^([ML] -?\d+(?:\.\d\d?)?)\d* (-?\d+(?:\.\d\d?)?)\d* $")


class Chart(Figure):
    """A figure that knows the look it was drawn by; notebooks show it as it is."""

    def __init__(self, look: Look, **how: Any) -> None:
        super().__init__(**how)
        self.look = look

    def _repr_png_(self) -> bytes:
        return render(self, ".png")


def render(figure: Figure, suffix: str, dpi: int | None = None) -> bytes:
    """The bytes of a figure, equal for equal figures.

    Args:
        figure: What to render, as `draw` gave it or changed since.
        suffix: `.png`, `.svg` or `.pdf`.
        dpi: Dots per inch of a PNG; left out, those of the figure.

    Raises:
        OutputError: no writer for that suffix.
        SpecError: the figure's style cannot be used.
    """
    writers = {".png": _png, ".svg": _svg, ".pdf": _pdf}
    if suffix not in writers:
        raise OutputError(f"no writer for `{suffix}`", "use .png, .svg or .pdf")
    look = figure.look if isinstance(figure, Chart) else style.load("lrviz")
    own = any(look.settings is one.settings for one in style.OWN.values())
    before = figure.dpi, figure.canvas
    try:
        with style.applied(look):
            figure.dpi = dpi or figure.dpi or DPI
            return writers[suffix](figure)
    except (ValueError, TypeError, RuntimeError, KeyError) as error:
        if own:
            raise
        raise SpecError(f"cannot use this style: {error}") from error
    finally:
        figure.dpi, figure.canvas = before


def _title(figure: Figure) -> str:
    """What the figure shows, for those who cannot see it."""
    lines = [figure.get_suptitle(), *(axes.get_title(loc="left") for axes in figure.axes)]
    named = [" ".join(line.split()) for line in lines if line]
    if not named:
        named = [str(line.get_label()) for axes in figure.axes[:1] for line in axes.get_lines()]
    return "; ".join(["Learning rate schedule", *named])


def _png(figure: Figure) -> bytes:
    buffer = BytesIO()
    # Without the version in it bytes stay equal; more effort at packing takes twice the time for a fifth of the size.
    agg.FigureCanvasAgg(figure).print_png(buffer, metadata={"Software": None}, pil_kwargs={"compress_level": 1})
    return buffer.getvalue()


def _svg(figure: Figure) -> bytes:
    metadata = {"Title": _title(figure), "Date": None, "Creator": "lrviz"}
    return _COORDINATES.sub(rb"\1 \2", _saved(figure, "svg", metadata))


def _pdf(figure: Figure) -> bytes:
    metadata = {"Title": _title(figure), "CreationDate": None, "Creator": "lrviz"}
    return _saved(figure, "pdf", metadata)


def _saved(figure: Figure, kind: str, metadata: dict[str, str | None]) -> bytes:
    buffer = BytesIO()
    with _lighter(figure):
        figure.savefig(buffer, format=kind, metadata=metadata, facecolor="auto", edgecolor="auto")
    return buffer.getvalue()


@contextmanager
def _lighter(figure: Figure) -> Iterator[None]:
    """Reduce curves to what a vector figure can hold in some ten thousands of bytes, and restore them after.

    matplotlib itself leaves out the points between which a line is straight to the eye; only a curve with no such
    points, a band of a thousand cycles, has to give more.
    """
    lines = [line for axes in figure.axes for line in axes.get_lines()]
    budget = max(_POINTS // max(len(lines), 1), _POINTS_EACH)
    before: list[tuple[Line2D, Values, Values]] = []
    try:
        for line in lines:
            path = line.get_transform().transform_path(line.get_path())
            if _points(path) > budget and _points(path.cleaned(simplify=True)) > budget:
                x, y = (np.asarray(values, dtype=np.float64) for values in line.get_data(orig=False))
                before.append((line, x, y))
                kept = keep(y, budget // 4)
                line.set_data(x[kept], y[kept])
        yield
    finally:
        for line, x, y in before:
            line.set_data(x, y)


def _points(path: Outline) -> int:
    return int(np.shape(path.vertices)[0])
