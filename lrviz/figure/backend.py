"""Import matplotlib so that no matplotlibrc and no environment variable can break it, change figures, or run code.

In a program of the user, matplotlib reads the user's matplotlibrc, as it does without lrviz: the settings are theirs,
also for figures that lrviz does not draw. The command line has no use for them. There matplotlib reads its own defaults
only, since the current folder may hold a matplotlibrc of somebody else, and matplotlib before 3.11 runs code in it.

The other modules import matplotlib's classes from this module, which also applies styles.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from lrviz import files
from lrviz.figure.style import (
    LIGHT_PALETTE,
    MAX_STYLE_BYTES,
    RAMP,
    RAMP_ON_DARK,
    STYLES,
    MatplotlibImport,
    Style,
    config_folder,
    data_folder,
    find_style,
    setting_lines,
    style_parts,
)

_logger = logging.getLogger("matplotlib")
_FILE: Final = "matplotlibrc"
# Options of FreeType, which change the shapes of letters, and a backend, which may not exist.
_VARIABLES: Final = ("FREETYPE_PROPERTIES", "MPLBACKEND")

_CONFIG_FOLDER: Final = os.environ.get("MPLCONFIGDIR")


def made_temporary_folder() -> bool:
    """Whether matplotlib made a folder that its exit handler removes, since it cannot write to the user's."""
    return os.environ.get("MPLCONFIGDIR") != _CONFIG_FOLDER


def _import_matplotlib(*, user_settings: bool) -> None:
    """Import matplotlib, if it is not imported yet, and initialize FreeType.

    Args:
        user_settings: Whether matplotlib reads the user's matplotlibrc. One that would make the import fail is ignored.
    """
    if "matplotlib" in sys.modules:
        return
    defaults = not user_settings or not all(_is_safe(path) for path in _settings_files())
    backend = os.environ.get("MPLBACKEND")
    with (
        muted(),
        _default_settings() if defaults else environment(dict.fromkeys(_VARIABLES)),
        warnings.catch_warnings(action="ignore", category=DeprecationWarning),
    ):
        import matplotlib as mpl
        import matplotlib.ft2font
    if backend is not None:
        with suppress(ValueError):  # with an invalid name, importing matplotlib directly would have failed
            mpl.rcParams["backend"] = backend


@contextmanager
def muted() -> Iterator[None]:
    """Suppress messages of matplotlib on stderr about missing fonts, missing glyphs and ignored settings."""
    level = _logger.level
    _logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=r"(?s)Glyph .* missing from font")
            # Older matplotlib warns of scripts that it does not lay out as they are written.
            warnings.filterwarnings("ignore", message=r"Matplotlib currently does not support .* natively")
            yield
    finally:
        _logger.setLevel(level)


@contextmanager
def environment(changes: dict[str, str | None]) -> Iterator[None]:
    """Set environment variables, or remove them for None, while the context lasts."""
    before = {name: os.environ.get(name) for name in changes}
    try:
        _update(changes)
        yield
    finally:
        _update(before)


def _update(variables: dict[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@contextmanager
def _default_settings() -> Iterator[None]:
    """Let matplotlib find its own matplotlibrc, in whose folder it looks for one before it asks MATPLOTLIBRC."""
    folder = Path.cwd() if os.path.lexists(_FILE) else None
    try:
        if folder is not None:
            os.chdir(data_folder())
        with environment(dict.fromkeys(_VARIABLES) | {"MATPLOTLIBRC": str(data_folder() / _FILE)}):
            yield
    finally:
        if folder is not None:
            os.chdir(folder)


def _settings_files() -> Iterator[Path]:
    """The files that matplotlib may read while it is imported."""
    yield Path(_FILE)
    if path := os.environ.get("MATPLOTLIBRC"):
        yield Path(path)
        yield Path(path) / _FILE
    yield config_folder() / _FILE


def _is_safe(path: Path) -> bool:
    """Whether matplotlib can be imported with this file.

    It fails on bytes that are not UTF-8, on quotes that are not closed and on some locales, and waits for a pipe.
    """
    try:
        text = files.read_text(path, MAX_STYLE_BYTES)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return True
    except OSError:
        return False
    return "use_locale" not in text and None not in setting_lines(text)


_import_matplotlib(user_settings=MatplotlibImport.user_settings)
with muted(), warnings.catch_warnings(action="ignore", category=DeprecationWarning):
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


def load_style(name: str) -> Style:
    """The style of that name, with `rc_params` complete; several names with commas are combined.

    Raises:
        SpecError: there is no such style, or its file is invalid.
    """
    first, *others = style_parts(name)
    style = STYLES.get(first) or _external_style(first)
    for other in others:
        own = STYLES.get(other)
        if own is not None:
            style = replace(own, settings={**style.settings, **own.settings})
        else:
            style = _external_style(other, style)
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
    with muted(), mpl.rc_context():
        # Most settings are the defaults, which apply already; matplotlib would check each of them again.
        current: Any = mpl.rcParams  # matplotlib's stubs do not cover the types of all settings
        current.update({k: v for k, v in style.rc_params.items() if dict.get(current, k) is not v})
        yield


def _external_style(name: str, base: Style | None = None) -> Style:
    """A style of matplotlib or of the user; what it leaves open is as in `base`."""
    settings: dict[str, object] = {}
    cycle: Any = None
    if name != "default":
        from lrviz.figure.stylefile import read_style_file

        settings, cycle = read_style_file(name, find_style(name))
    if base is not None:
        palette = tuple(cycle.by_key().get("color", ())) if cycle else ()
        return replace(base, settings={**base.settings, **settings}, palette=palette or base.palette)
    cycle = cycle or mpl.rcParamsDefault["axes.prop_cycle"]
    palette = tuple(cycle.by_key().get("color", ())) or LIGHT_PALETTE
    return Style(settings, palette, ramp=RAMP_ON_DARK if _is_dark(settings.get("axes.facecolor")) else RAMP)


def _is_dark(background: Any) -> bool:
    return background not in (None, "none") and sum(to_rgb(background)) < 1
