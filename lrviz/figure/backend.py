"""Import matplotlib's classes, for the other modules, and apply styles to it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from lrviz.figure.importing import import_matplotlib, muted
from lrviz.figure.style import LIGHT_PALETTE, RAMP, RAMP_ON_DARK, STYLES, Style, find_style, style_parts

import_matplotlib()
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
    settings: Any = style.rc_params  # matplotlib's stubs do not cover the types of all settings
    with muted(), mpl.rc_context():
        mpl.rcParams.update(settings)
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
