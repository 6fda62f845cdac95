"""Figure options, styles and palettes as plain data, checked before matplotlib is imported.

A style contains every setting that matplotlib uses, so that the user's settings do not affect a figure.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.util import find_spec
from itertools import pairwise
from math import isfinite
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, get_args

from lrviz import files
from lrviz.errors import SpecError

FIGURE_FORMATS: Final = ("png", "svg", "pdf", "jpg", "webp")  # the formats of a figure, by suffix
SUFFIX = ".mplstyle"
MAX_STYLE_BYTES: Final = 200_000  # matplotlib's own file of all settings has a quarter of this
_SETTING_LINE: Final = re.compile(r'((?:[^"#]++|"[^"]*+")*+)(?:#.*)?', re.DOTALL)
Dash = tuple[float, ...]  # lengths of dashes and gaps in line widths; empty for a solid line


def _ramp(*colours: str) -> tuple[str, ...]:
    """Colours interpolated between each pair of neighbours: eight for each pair, and the last colour."""
    parts: list[list[float]] = [[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in colours]
    mixed = ([a + (b - a) * i / 8 for a, b in zip(*pair, strict=True)] for pair in pairwise(parts) for i in range(8))
    return tuple("#" + "".join(f"{round(value):02x}" for value in colour) for colour in [*mixed, parts[-1]])


# Of the same hues on both backgrounds, in equal steps to the eye, with a contrast of 3 or more.
RAMP = _ramp(
    "#3f1851", "#27306c", "#004475", "#015572", "#01656d", "#057665", "#2d855a", "#638f4f", "#90974d"
)  # fmt: skip
RAMP_ON_DARK = _ramp(
    "#8b5e9d", "#7178bd", "#4690d1", "#0ca6d5", "#0fb9cd", "#3ccbc0", "#7ad9ae", "#b1e3a0", "#e5eb9c"
)  # fmt: skip
_CONTRAST: Final = 4.5  # of text on its background, from WCAG
Rgb = tuple[float, float, float]


def luminance(rgb: Iterable[float]) -> float:
    """The relative luminance of an sRGB colour, from 0 to 1, as WCAG 2.2 defines it."""
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def readable(colour: Rgb, background: Rgb) -> Rgb:
    """The sRGB colour, darkened or lightened until text has enough contrast with its background."""
    reference = luminance(background)
    target = 0.0 if reference > 0.18 else 1.0
    text = colour
    for share in range(1, 21):
        lighter, darker = max(luminance(text), reference), min(luminance(text), reference)
        if (lighter + 0.05) / (darker + 0.05) >= _CONTRAST:
            break
        red, green, blue = (value + (target - value) * share / 20 for value in colour)
        text = red, green, blue
    return text


@dataclass(frozen=True)
class Style:
    """The style of a figure.

    `settings` are matplotlib settings that differ from its defaults, `rc_params` all of them once the style is loaded.
    Curves cycle through the colours of `palette`, and with each full cycle through `dashes`; `markers` are cycled
    through too, and drawn for runs of at most `max_markers` steps. More curves than can be named take their colours
    from `ramp`. With `cheatsheet_axes` the rate axis goes from 0 to 1.1 times the base rate, with a minor tick at every
    step.
    """

    settings: Mapping[str, object]
    palette: tuple[str, ...]
    dashes: tuple[Dash, ...] = ((), (4.0, 1.6), (1.2, 1.4))
    markers: tuple[str, ...] = ("o",)
    max_markers: int = 64
    step: str = "Step"
    epoch: str = "Epoch"
    rate: str = "Learning rate"
    per_epoch: bool = True  # show the number of steps per epoch in the label of the step axis
    cheatsheet_axes: bool = False
    ramp: tuple[str, ...] = RAMP
    rc_params: Mapping[str, object] = field(default_factory=dict, repr=False, compare=False)


# The colours of both palettes have the same hues in the same order, and a contrast of 3 or more with their background.
# They are distinguishable with colour vision deficiency, and the first five, by their lightness, in greyscale.
LIGHT_PALETTE = ("#355ca0", "#e47306", "#6a7b3a", "#bf697c", "#650fba", "#8e7dff", "#2a4517", "#7d044b")
DARK_PALETTE = ("#9ec2fc", "#e39920", "#467323", "#e5227e", "#a470f3", "#5e4df0", "#7aef78", "#df41b2")

_BASE_SETTINGS: dict[str, object] = {
    "axes.labelpad": 5.0,
    "axes.labelsize": 10.0,
    "axes.linewidth": 0.7,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 11.0,
    "font.size": 10.0,
    "grid.linewidth": 0.6,
    "legend.fontsize": 9.0,
    "lines.linewidth": 1.8,
    "lines.markersize": 4.2,
    "lines.solid_capstyle": "round",
    "xtick.labelsize": 9.0,
    "xtick.major.size": 4.0,
    "xtick.major.width": 0.7,
    "xtick.minor.size": 2.0,
    "xtick.minor.width": 0.5,
    "ytick.labelsize": 9.0,
    "ytick.major.size": 4.0,
    "ytick.major.width": 0.7,
    "ytick.minor.size": 2.0,
    "ytick.minor.width": 0.5,
}


def _colours(background: str, text: str, frame: str, grid: str) -> dict[str, object]:
    """The colour settings of a style."""
    return {
        "axes.edgecolor": frame,
        "axes.facecolor": background,
        "axes.labelcolor": text,
        "figure.facecolor": background,
        "grid.color": grid,
        "text.color": text,
        "xtick.color": frame,
        "xtick.labelcolor": text,
        "ytick.color": frame,
        "ytick.labelcolor": text,
    }


STYLES: Mapping[str, Style] = MappingProxyType(
    {
        "lrviz": Style(_BASE_SETTINGS | _colours("#ffffff", "#222222", "#666666", "#e4e4e4"), LIGHT_PALETTE),
        "dark": Style(
            _BASE_SETTINGS | _colours("#14171c", "#e6e8eb", "#8b929c", "#2b3038"), DARK_PALETTE, ramp=RAMP_ON_DARK
        ),
        "cheatsheet": Style(
            _BASE_SETTINGS
            | _colours("#ffffff", "#000000", "#000000", "#e4e4e4")
            | {"lines.linewidth": 1.5, "lines.markersize": 6.0, "axes.linewidth": 0.8},
            palette=("#000000", "#767676"),
            dashes=((), (4.0, 1.6), (1.2, 1.4), (6.0, 1.6, 1.2, 1.6)),
            markers=("o", "s", "^", "D"),
            max_markers=256,
            step="Steps",
            epoch="Epochs",
            rate="Learning Rate",
            per_epoch=False,
            cheatsheet_axes=True,
            ramp=_ramp("#000000", "#949494"),
        ),
    }
)


def data_folder() -> Path:
    """The folder of matplotlib's default settings and styles, found without importing matplotlib."""
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise ImportError("matplotlib is not installed")
    return Path(spec.origin).parent / "mpl-data"


def config_folder() -> Path:
    """The folder in which matplotlib looks for the user's settings and styles."""
    if folder := os.environ.get("MPLCONFIGDIR"):
        return Path(folder)
    if sys.platform.startswith(("linux", "freebsd")):
        return Path(os.environ.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser()) / "matplotlib"
    return Path("~/.matplotlib").expanduser()


def style_names() -> tuple[str, ...]:
    """The names of all styles: those of lrviz first, then matplotlib's and the user's."""
    return *STYLES, *sorted(set(_installed_styles()) - set(STYLES))


def _installed_styles() -> dict[str, Path]:
    """Styles of matplotlib and of the user by name; the user's take precedence, as in matplotlib."""
    folders = (data_folder() / "stylelib", config_folder() / "stylelib")
    return {
        path.stem: path for folder in folders for path in folder.glob(f"*{SUFFIX}") if not path.stem.startswith("_")
    }


class MatplotlibImport:
    """How matplotlib is imported when it is first needed: whether it reads the user's matplotlibrc."""

    user_settings = True


def setting_lines(text: str) -> list[str | None]:
    """The lines of a style file or a matplotlibrc, without comments; None where quotes are not closed."""
    matches = map(_SETTING_LINE.fullmatch, re.split(r"\r\n|\r|\n", text))
    return [match and match[1].strip() for match in matches]


def check_style(name: str) -> None:
    """Refuse a style that does not exist; the content of a style file is checked when the style is loaded.

    Raises:
        SpecError: no style of that name, or no such file.
    """
    for part in style_parts(name):
        if part not in STYLES and part != "default":
            find_style(part)


def style_parts(name: str) -> tuple[str, ...]:
    """The styles that are combined, in their order: `lrviz,mine.mplstyle`."""
    return tuple(part.strip() for part in name.split(","))


def short_style(name: str) -> str:
    """A style without the folders of its files, which differ between machines."""
    return ",".join(Path(part).name for part in style_parts(name))


def find_style(name: str) -> Path:
    """The file of a style that is not part of lrviz.

    Raises:
        SpecError: no style of that name, or no such file.
    """
    if name.endswith(SUFFIX) or "/" in name or os.sep in name:
        path = Path(name)
        with suppress(RuntimeError):  # no home directory
            path = path.expanduser()
        read_style(name, path)
        return path
    installed = _installed_styles()
    if name in installed:
        return installed[name]
    close = get_close_matches(name, [*STYLES, *installed], n=1)
    guess = f"did you mean `{close[0]}`? " if close else ""
    raise SpecError(
        f"unknown style `{name}`",
        f"{guess}styles are {', '.join(f'`{name}`' for name in STYLES)}, any of matplotlib's, or a {SUFFIX} file",
    )


def read_style(name: str, path: Path) -> str:
    """The text of a style file.

    Raises:
        SpecError: it cannot be read, is not a regular file, is too large, or is not UTF-8.
    """
    try:
        return files.read_text(path, MAX_STYLE_BYTES)
    except OSError as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else files.error_reason(error)
        raise SpecError(f"cannot read the style `{name}`: {reason}", f"give a path to a {SUFFIX} file") from error


XAxis = Literal["step", "epoch"]
# The layouts and what they show. Each but overlay is a module of this package with a function `draw`.
LAYOUTS: Final = {"overlay": "all in one panel", "grid": "a panel for each"}

DPI = 150  # of a PNG by default
# Of a PNG: 16x8 inches at 600 dpi, or the page of a journal at 800. A million pixels take 4 MB and 0.03 s, and few
# programs show an image that is much larger. SVG and PDF have no pixels.
MAX_PIXELS: Final = 48_000_000
DEFAULT_SIZE: Final = (10.0, 5.0)  # inches; an overlay with a legend, or with more panels, is higher
_SIDE_RANGE = (1.0, 100.0)
_DPI_RANGE = (20, 1200)
MAX_VALUE: Final = 1e300  # matplotlib cannot scale an axis to values outside
MIN_VALUE: Final = 1e-280  # nor to smaller ones
_MIN_RANGE: Final = 1e-5  # of a rate axis, relative to its values; the labels of its ticks have six digits
_MAX_COLUMNS = 24


@dataclass(frozen=True)
class FigureOptions:
    """The appearance of one figure.

    `size` is width and height in inches, and `dpi` the dots per inch of a PNG; left out, lrviz chooses. `columns`
    and `share_y` are the layout of a grid. With `momentum` a second panel shows the momentum of traces that have it.
    `span` are the first and the last step that are shown, and `ylim` the limits of the rate axis. `inset` are those of
    a small panel, "warmup" for the warm-up. With `annotate` the peak, the end of warm-up, reductions and the final rate
    have a short text; both are for an overlay. `font` is an installed font that comes before those of the style.
    `style` may be several with commas between them: the settings of the later ones take precedence.

    Raises:
        SpecError: an unknown style, a size or resolution out of range, an unknown choice, limits in the wrong order.
    """

    style: str = "lrviz"
    log: bool = False
    size: tuple[float, float] | None = None
    dpi: int | None = None
    title: str | None = None
    x: XAxis = "step"
    layout: str = "overlay"
    columns: int | None = None
    share_y: bool = True
    momentum: bool = False
    span: tuple[int, int] | None = None
    ylim: tuple[float, float] | None = None
    inset: tuple[int, int] | Literal["warmup"] | None = None
    annotate: bool = False
    font: str | None = None

    def __post_init__(self) -> None:
        _check_choice("x", self.x, get_args(XAxis))
        _check_choice("layout", self.layout, tuple(LAYOUTS))
        if self.dpi is not None and not _DPI_RANGE[0] <= self.dpi <= _DPI_RANGE[1]:
            raise SpecError(f"`dpi` must be from {_DPI_RANGE[0]} to {_DPI_RANGE[1]}, got {self.dpi}")
        if self.size is not None:
            check_size(self.size, self.dpi)
        elif self.dpi is not None and self.layout == "overlay" and self.style in STYLES:  # the size is known
            check_pixels(DEFAULT_SIZE, self.dpi)
        if self.ylim is not None:
            _check_ylim(self.ylim, log=self.log)
        if self.columns is not None and not 1 <= self.columns <= _MAX_COLUMNS:
            raise SpecError(f"`columns` must be from 1 to {_MAX_COLUMNS}, got {self.columns}")
        if self.layout != "overlay":
            for name in ("inset", "annotate"):
                if getattr(self, name):
                    raise SpecError(
                        f"`{name}` needs the layout overlay, got `{self.layout}`", f"leave out `{name}`, or the layout"
                    )
        check_style(self.style)


def check_size(size: tuple[float, float], dpi: int | None = None) -> None:
    """Check the size of a figure in inches.

    Raises:
        SpecError: a side is out of range, or the figure would have too many pixels.
    """
    width, height = size
    text = f"{width:g}x{height:g}"
    if not all(isfinite(side) and _SIDE_RANGE[0] <= side <= _SIDE_RANGE[1] for side in size):
        raise SpecError(
            f"`size` must be from {_SIDE_RANGE[0]:g} to {_SIDE_RANGE[1]:g} inches each way, got {text}",
            "width and height in inches, such as 10x5",
        )
    check_pixels(size, dpi)


def check_pixels(size: tuple[float, float], dpi: float | None = None) -> None:
    """Check the number of pixels of a figure as PNG.

    Raises:
        SpecError: there are too many.
    """
    width, height = size
    pixels = width * height * (dpi or DPI) ** 2
    if pixels > MAX_PIXELS:
        fits = int((MAX_PIXELS / (width * height)) ** 0.5)
        raise SpecError(
            f"`size` {width:g}x{height:g} at {dpi or DPI:g} dpi makes {pixels / 1e6:,.0f} million pixels; "
            f"the maximum is {MAX_PIXELS // 1_000_000} million",
            f"at this size `dpi` can be up to {fits}; SVG and PDF have no pixels and need no `dpi`"
            if fits >= _DPI_RANGE[0]
            else "choose a smaller size, or SVG or PDF, which have no pixels",
        )


def _check_ylim(ylim: tuple[float, float], *, log: bool) -> None:
    low, high = ylim
    hint = "two rates, the lower one first, such as 0,1e-3"
    if not (isfinite(low) and isfinite(high) and low < high):
        raise SpecError(f"`ylim` must be two different rates, the lower one first, got {low:g},{high:g}", hint)
    size = max(abs(low), abs(high))
    if size > MAX_VALUE or high - low < max(MIN_VALUE, _MIN_RANGE * size) or 0 < abs(low) < MIN_VALUE:
        raise SpecError(f"`ylim` must be limits that an axis can show, got {low!r},{high!r}", hint)
    if log and low <= 0:
        raise SpecError(f"`ylim` must be above 0 on a logarithmic axis, got {low:g},{high:g}", "such as 1e-6,1e-3")


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise SpecError(f"`{name}` must be {' or '.join(choices)}, got `{value}`")
