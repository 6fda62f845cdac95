"""The way into matplotlib: imported here first, so that no matplotlibrc or variable can break it or make it talk.

The rest of the room takes matplotlib's classes from this module.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lrviz.style import config_folder, data_folder

_logger = logging.getLogger("matplotlib")


@contextmanager
def muted() -> Iterator[None]:
    """Keep matplotlib from writing to stderr: fonts it does not find, glyphs it does not have, settings it ignores."""
    level = _logger.level
    _logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=r"(?s)Glyph .* missing from font")
            yield
    finally:
        _logger.setLevel(level)


@contextmanager
def _sheltered() -> Iterator[None]:
    """Let matplotlib read the user's settings as it always does, unless it would fail on them."""
    if "matplotlib" in sys.modules:
        yield
        return
    backend = os.environ.pop("MPLBACKEND", None)
    before = None if all(_harmless(path) for path in _settings()) else Path.cwd()
    if before is not None:
        os.chdir(data_folder())  # a matplotlibrc in the current folder comes first, and here lies matplotlib's own
    try:
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # of settings that had their day
            yield
    finally:
        if before is not None:
            os.chdir(before)
        if backend is not None:
            os.environ["MPLBACKEND"] = backend
    if backend is not None:
        _keep_backend(backend)


def _settings() -> Iterator[Path]:
    """The files that matplotlib may read while it is imported."""
    yield Path("matplotlibrc")
    if named := os.environ.get("MATPLOTLIBRC"):
        yield Path(named)
        yield Path(named) / "matplotlibrc"
    yield config_folder() / "matplotlibrc"


def _harmless(path: Path) -> bool:
    """Whether matplotlib can be imported with these settings: it fails on bytes that are no text, and on a locale."""
    try:
        return not path.is_file() or "use_locale" not in path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False


def _keep_backend(name: str) -> None:
    """Set the backend that MPLBACKEND names, for a caller who goes on to use pyplot."""
    try:
        mpl.rcParams["backend"] = name
    except ValueError:
        return  # matplotlib alone would have refused to be imported


with muted(), _sheltered():
    import matplotlib as mpl
    from matplotlib.axes import Axes
    from matplotlib.axis import XAxis, YAxis
    from matplotlib.backends import backend_agg
    from matplotlib.colors import to_rgb
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties
    from matplotlib.legend_handler import HandlerTuple
    from matplotlib.lines import Line2D
    from matplotlib.path import Path as Outline
    from matplotlib.ticker import FixedFormatter, FixedLocator, NullFormatter, NullLocator

agg: Any = backend_agg  # which has no types

__all__ = [
    "Axes",
    "Figure",
    "FixedFormatter",
    "FixedLocator",
    "FontProperties",
    "HandlerTuple",
    "Line2D",
    "NullFormatter",
    "NullLocator",
    "Outline",
    "XAxis",
    "YAxis",
    "agg",
    "mpl",
    "muted",
    "to_rgb",
]
