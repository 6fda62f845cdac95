"""Import matplotlib so that no matplotlibrc or environment variable can break it, and apply styles to it.

The other modules import matplotlib's classes from this module.
"""

from __future__ import annotations

import logging
import math
import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lrviz.errors import SpecError
from lrviz.figure.style import LIGHT_PALETTE, RAMP, RAMP_ON_DARK, STYLES, Style, config_folder, data_folder, find_style

_logger = logging.getLogger("matplotlib")


@contextmanager
def muted() -> Iterator[None]:
    """Suppress messages of matplotlib on stderr about missing fonts, missing glyphs and ignored settings."""
    level = _logger.level
    _logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=r"(?s)Glyph .* missing from font")
            yield
    finally:
        _logger.setLevel(level)


@contextmanager
def _safe_settings() -> Iterator[None]:
    """Let matplotlib read the user's settings while it is imported, unless they would make the import fail."""
    if "matplotlib" in sys.modules:
        yield
        return
    backend = os.environ.pop("MPLBACKEND", None)
    before = None if all(_is_safe(path) for path in _settings_files()) else Path.cwd()
    if before is not None:
        os.chdir(data_folder())  # matplotlib reads the matplotlibrc of the current folder; here it is the default
    try:
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            yield
    finally:
        if before is not None:
            os.chdir(before)
        if backend is not None:
            os.environ["MPLBACKEND"] = backend
    if backend is not None:
        _keep_backend(backend)


def _settings_files() -> Iterator[Path]:
    """The files that matplotlib may read while it is imported."""
    yield Path("matplotlibrc")
    if path := os.environ.get("MATPLOTLIBRC"):
        yield Path(path)
        yield Path(path) / "matplotlibrc"
    yield config_folder() / "matplotlibrc"


def _is_safe(path: Path) -> bool:
    """Whether matplotlib can be imported with this file: it fails on bytes that are not UTF-8, and on some locales."""
    try:
        return not path.is_file() or "use_locale" not in path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False


def _keep_backend(name: str) -> None:
    """Set the backend of MPLBACKEND, for a caller that uses pyplot later."""
    try:
        mpl.rcParams["backend"] = name
    except ValueError:
        return  # with an invalid name, importing matplotlib directly would have failed


with muted(), _safe_settings():
    import matplotlib as mpl
    from matplotlib.axes import Axes
    from matplotlib.axis import XAxis, YAxis
    from matplotlib.backends import backend_agg
    from matplotlib.colors import to_rgb
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties
    from matplotlib.legend_handler import HandlerTuple
    from matplotlib.lines import Line2D
    from matplotlib.markers import TICKDOWN, TICKLEFT
    from matplotlib.path import Path as MplPath
    from matplotlib.ticker import FixedFormatter, FixedLocator, NullFormatter, NullLocator

agg: Any = backend_agg  # it has no type annotations

__all__ = [
    "TICKDOWN",
    "TICKLEFT",
    "Axes",
    "Figure",
    "FixedFormatter",
    "FixedLocator",
    "FontProperties",
    "HandlerTuple",
    "Line2D",
    "MplPath",
    "NullFormatter",
    "NullLocator",
    "XAxis",
    "YAxis",
    "agg",
    "mpl",
    "muted",
    "to_rgb",
]

# Settings that a style cannot change.
_FIXED_SETTINGS: Mapping[str, object] = MappingProxyType(
    {
        "agg.path.chunksize": 0,
        "path.effects": [],
        "path.simplify": True,
        "path.simplify_threshold": 1 / 9,
        "pdf.compression": 6,
        "pdf.fonttype": 42,  # embed TrueType fonts, as publishers require
        "svg.fonttype": "path",  # the figure does not depend on installed fonts
        "svg.hashsalt": "lrviz",
        "text.parse_math": False,  # text of the user is shown literally
        "text.usetex": False,
    }
)
# Settings that a style can change; others (backends, key bindings, files) do not affect a figure.
_STYLE_PREFIXES = (
    "axes.", "figure.edgecolor", "figure.facecolor", "figure.figsize", "font.", "grid.", "legend.", "lines.",
    "path.sketch", "text.antialiased", "text.color", "text.hinting", "xtick.", "ytick.", "_internal.",
)  # fmt: skip
_MAX_SIZE = 200.0  # points; larger fonts and lines are mistakes, and need too much memory
_MAX_DPI = 1200.0


def load_style(name: str) -> Style:
    """The style of that name, with `rc_params` complete.

    Raises:
        SpecError: there is no such style, or its file is invalid.
    """
    style = STYLES.get(name) or _external_style(name)
    # `dict.items`, because `RcParams.items` warns about deprecated settings.
    defaults = {k: v for k, v in dict.items(mpl.rcParamsDefault) if not k.startswith("backend")}
    return replace(style, rc_params=defaults | dict(style.settings) | dict(_FIXED_SETTINGS))


def scale_style(style: Style, factor: float) -> Style:
    """A loaded style with the sizes of text, lines and markers multiplied by `factor`, for a small figure."""
    sizes = {key: factor * value for key, value in style.settings.items() if isinstance(value, float)}
    return replace(style, rc_params={**style.rc_params, **sizes})


@contextmanager
def style_applied(style: Style) -> Iterator[None]:
    """Use only the settings of a loaded style while drawing; the caller's settings are restored after that."""
    settings: Any = style.rc_params  # matplotlib's stubs do not cover the types of all settings
    with muted(), mpl.rc_context():
        mpl.rcParams.update(settings)
        yield


def _external_style(name: str) -> Style:
    """A style of matplotlib or of the user."""
    settings = {} if name == "default" else _read_style_file(name, find_style(name))
    cycle = settings.get("axes.prop_cycle")
    if cycle is None:
        cycle = mpl.rcParamsDefault["axes.prop_cycle"]
    palette = tuple(cycle.by_key().get("color", ())) or LIGHT_PALETTE  # type: ignore[attr-defined]
    return Style(settings, palette, ramp=RAMP_ON_DARK if _is_dark(settings.get("axes.facecolor")) else RAMP)


def _is_dark(background: Any) -> bool:
    return background not in (None, "none") and sum(to_rgb(background)) < 1


def _read_style_file(name: str, path: Path) -> dict[str, object]:
    """The settings of a style file that affect a figure.

    Raises:
        SpecError: the file cannot be read, matplotlib logs a warning about it, or a size is out of range.
    """
    problems: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            problem = record.getMessage().strip().partition("\n")[0]
            problems.append(problem.replace(repr(path), str(path)))

    collector = Collector(logging.WARNING)
    before = _logger.level, _logger.propagate
    _logger.addHandler(collector)
    _logger.propagate = False
    _logger.setLevel(logging.WARNING)
    try:
        settings = dict(mpl.rc_params_from_file(path, use_default_template=False))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SpecError(f"cannot read the style `{name}`: {reason}") from error
    finally:
        _logger.removeHandler(collector)
        _logger.level, _logger.propagate = before
    if problems:
        raise SpecError(f"cannot use the style `{name}`: {problems[0]}", "matplotlib's documentation lists settings")
    for key, value in settings.items():
        if key.startswith((*_STYLE_PREFIXES, "figure.", "savefig.")) and isinstance(value, float | int):
            most = _MAX_DPI if key.endswith("dpi") else _MAX_SIZE
            if not (math.isfinite(value) and abs(value) <= most):
                raise SpecError(f"cannot use the style `{name}`: `{key}` is {value:g}, beyond {most:g}")
            if value < 1 and key.endswith(("font.size", "fontsize", "labelsize", "titlesize")):
                raise SpecError(f"cannot use the style `{name}`: `{key}` is {value:g}, below 1")
    return {key: value for key, value in settings.items() if key.startswith(_STYLE_PREFIXES)}
