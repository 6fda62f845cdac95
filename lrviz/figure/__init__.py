"""`Trace` to a matplotlib figure and its bytes.

In: `Trace`s and `FigureOptions`. Out: a figure. The only package that imports matplotlib; may import `trace` and its
dependencies, and `files`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from lrviz.figure.style import (
    FIGURE_FORMATS,
    LAYOUTS,
    STYLES,
    FigureOptions,
    MatplotlibImport,
    Style,
    check_style,
    readable,
    short_style,
    style_parts,
)
from lrviz.lazy import lazy

if TYPE_CHECKING:
    from lrviz.figure.drawing import Chart, draw, render
    from lrviz.figure.embedding import draw_into
    from lrviz.figure.panels import PanelCurve, PanelPlace, Places, places
else:
    __getattr__ = lazy(
        __name__,
        drawing=["Chart", "draw", "render"],
        embedding=["draw_into"],
        panels=["PanelCurve", "PanelPlace", "Places", "places"],
    )

__all__ = [
    "FIGURE_FORMATS", "LAYOUTS", "STYLES", "Chart", "FigureOptions", "PanelCurve", "PanelPlace", "Places", "Style",
    "check_style", "draw", "draw_into", "import_matplotlib", "places", "readable", "render", "short_style",
    "style_parts",
]  # fmt: skip


def import_matplotlib(*, user_settings: bool = True) -> None:
    """Import matplotlib, if it is not imported yet, so that the caller can choose when.

    Args:
        user_settings: Whether matplotlib reads the user's matplotlibrc. One that would make the import fail is ignored.
    """
    MatplotlibImport.user_settings = user_settings
    import_module("lrviz.figure.backend")
