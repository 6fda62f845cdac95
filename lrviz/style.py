"""Looks as plain data: lrviz's own, and matplotlib's styles and style files read as such.

A look holds every setting that matplotlib draws by, so that nothing of the user's settings leaks into a figure.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lrviz.errors import SpecError

SUFFIX = ".mplstyle"
Dash = tuple[float, ...]  # lengths of stroke and gap in line widths; empty for a solid line


def _ramp(*colours: str) -> tuple[str, ...]:
    """Colours from the first to the last by way of the others, eight for each stretch and one more."""
    parts: list[list[float]] = [[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in colours]
    mixed = ([a + (b - a) * i / 8 for a, b in zip(*pair, strict=True)] for pair in pairwise(parts) for i in range(8))
    return tuple("#" + "".join(f"{round(value):02x}" for value in colour) for colour in [*mixed, parts[-1]])


# From dark to light or from light to dark as viridis goes, without the end of it that the ground would swallow.
_RAMP = _ramp("#440154", "#3b528b", "#21918c", "#5ab853")
_RAMP_ON_DARK = _ramp("#fde725", "#5ec962", "#21918c", "#4469a5")


@dataclass(frozen=True)
class Look:
    """How a figure looks.

    `settings` are matplotlib's, on top of its defaults. Curves take a colour of `palette` in turn; when all are used
    the next round has the next of `dashes`, and of `markers`, which are drawn where there are few steps. `guide` is
    the manner of the visual cheat sheet: the rate from 0 to a tenth above the base rate, a minor tick at every step.
    Curves that are too many to be named go through the colours of `ramp` from the first to the last.
    """

    settings: Mapping[str, object]
    palette: tuple[str, ...]
    dashes: tuple[Dash, ...] = ((), (4.0, 1.6), (1.2, 1.4))
    markers: tuple[str, ...] = ("o",)
    most_markers: int = 64
    step: str = "Step"
    epoch: str = "Epoch"
    rate: str = "Learning rate"
    per_epoch: bool = True  # the step axis says how many there are in an epoch
    guide: bool = False
    ramp: tuple[str, ...] = _RAMP
    complete: Mapping[str, object] = field(default_factory=dict, repr=False, compare=False)


# Curves in the order of the palettes: each of the first five is told from the others by colour-blind eyes and, by
# its lightness, in grey print.
_LIGHT = ("#1f4e9e", "#e5703a", "#56b4e0", "#55123f", "#0a8865", "#c21141", "#96c692", "#353f12")
_DARK = ("#5aa7f5", "#f5c451", "#d0316e", "#e3f6c0", "#b27233", "#456be0", "#8ebb95", "#a68bb4")

_PLAIN: dict[str, object] = {
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


def _colours(ground: str, ink: str, faint: str, grid: str) -> dict[str, object]:
    """Settings that put text and frame in `ink` and `faint` on `ground`."""
    return {
        "axes.edgecolor": faint,
        "axes.facecolor": ground,
        "axes.labelcolor": ink,
        "figure.facecolor": ground,
        "grid.color": grid,
        "text.color": ink,
        "xtick.color": faint,
        "xtick.labelcolor": ink,
        "ytick.color": faint,
        "ytick.labelcolor": ink,
    }


OWN: Mapping[str, Look] = MappingProxyType(
    {
        "lrviz": Look(_PLAIN | _colours("#ffffff", "#222222", "#666666", "#e4e4e4"), _LIGHT),
        "dark": Look(_PLAIN | _colours("#14171c", "#e6e8eb", "#8b929c", "#2b3038"), _DARK, ramp=_RAMP_ON_DARK),
        "cheatsheet": Look(
            _PLAIN
            | _colours("#ffffff", "#000000", "#000000", "#e4e4e4")
            | {"lines.linewidth": 1.5, "lines.markersize": 6.0, "axes.linewidth": 0.8},
            palette=("#000000", "#767676"),
            dashes=((), (4.0, 1.6), (1.2, 1.4), (6.0, 1.6, 1.2, 1.6)),
            markers=("o", "s", "^", "D"),
            most_markers=256,
            step="Steps",
            epoch="Epochs",
            rate="Learning Rate",
            per_epoch=False,
            guide=True,
            ramp=_ramp("#000000", "#a0a0a0"),
        ),
    }
)

# Settings that a figure of lrviz needs as they are, whatever a style says.
_FIXED: Mapping[str, object] = MappingProxyType(
    {
        "agg.path.chunksize": 0,
        "path.effects": [],
        "path.simplify": True,
        "path.simplify_threshold": 1 / 9,
        "pdf.compression": 6,
        "pdf.fonttype": 42,  # fonts embedded as they are, which publishers ask for
        "svg.fonttype": "path",  # looks the same where the font is not installed
        "svg.hashsalt": "lrviz",
        "text.parse_math": False,  # text of the user's own is data
        "text.usetex": False,
    }
)
# What a style may decide; anything else in it (backends, key bindings, files) has no bearing on a figure.
_STYLED = ("axes.", "figure.edgecolor", "figure.facecolor", "figure.figsize", "font.", "grid.", "legend.", "lines.")
_STYLED_TOO = ("path.sketch", "text.antialiased", "text.color", "text.hinting", "xtick.", "ytick.", "_internal.")
_LARGEST = 200.0  # points; a greater font or line is a slip, and takes the memory of the machine
_MOST_DPI = 1200.0


def data_folder() -> Path:
    """The folder of matplotlib's own settings and styles, found without importing matplotlib."""
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise ImportError("matplotlib is not installed")
    return Path(spec.origin).parent / "mpl-data"


def config_folder() -> Path:
    """The folder in which matplotlib looks for the user's own settings and styles."""
    if named := os.environ.get("MPLCONFIGDIR"):
        return Path(named)
    if sys.platform.startswith(("linux", "freebsd")):
        return Path(os.environ.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser()) / "matplotlib"
    return Path("~/.matplotlib").expanduser()


def names() -> tuple[str, ...]:
    """Every style that has a name: lrviz's own first, then matplotlib's and the user's."""
    return *OWN, *sorted(set(_installed()) - set(OWN))


def _installed() -> dict[str, Path]:
    """Styles of matplotlib and of the user by name; the user's win, as they do in matplotlib."""
    folders = (data_folder() / "stylelib", config_folder() / "stylelib")
    return {
        path.stem: path for folder in folders for path in folder.glob(f"*{SUFFIX}") if not path.stem.startswith("_")
    }


def check(name: str) -> None:
    """Refuse a style that there is not; what stands in a style file is looked at when it is used.

    Raises:
        SpecError: no style of that name, or no such file.
    """
    if name not in OWN and name != "default":
        _find(name)


def _find(name: str) -> Path:
    """The file of a style that is not lrviz's own."""
    if name.endswith(SUFFIX) or "/" in name or os.sep in name:
        path = Path(name)
        try:
            if path.expanduser().is_file():
                return path.expanduser()
        except (OSError, ValueError, RuntimeError):  # a name too long, a NUL in it, no home
            pass
        raise SpecError(f"cannot read the style `{name}`: no such file", f"give a path to a {SUFFIX} file")
    installed = _installed()
    if name in installed:
        return installed[name]
    close = get_close_matches(name, [*OWN, *installed], n=1)
    guess = f"did you mean `{close[0]}`? " if close else ""
    raise SpecError(
        f"unknown style `{name}`",
        f"{guess}styles are {', '.join(f'`{own}`' for own in OWN)}, any of matplotlib's, or a {SUFFIX} file",
    )


def load(name: str) -> Look:
    """The look of that name, complete with matplotlib's defaults.

    Raises:
        SpecError: there is no such style, or its file is broken.
    """
    from lrviz.backend import mpl

    look = OWN.get(name) or _foreign(name)
    # `dict.items`, since the mapping's own method warns of settings that matplotlib is about to drop.
    defaults = {k: v for k, v in dict.items(mpl.rcParamsDefault) if not k.startswith("backend")}
    return replace(look, complete=defaults | dict(look.settings) | dict(_FIXED))


def scaled(look: Look, factor: float) -> Look:
    """A loaded look with all its text, lines and marks smaller, for a small figure."""
    sizes = {key: factor * value for key, value in look.settings.items() if isinstance(value, float)}
    return replace(look, complete={**look.complete, **sizes})


@contextmanager
def applied(look: Look) -> Iterator[None]:
    """Let matplotlib draw by a look that was loaded, and by nothing else; the caller's settings come back after."""
    from lrviz.backend import mpl, muted

    settings: Any = look.complete  # of more types than matplotlib's stubs can tell apart
    with muted(), mpl.rc_context():
        mpl.rcParams.update(settings)
        yield


def _foreign(name: str) -> Look:
    """A look out of a style of matplotlib's or of the user's."""
    settings = {} if name == "default" else _read(name, _find(name))
    cycle = settings.get("axes.prop_cycle")
    if cycle is None:
        from lrviz.backend import mpl

        cycle = mpl.rcParamsDefault["axes.prop_cycle"]
    palette = tuple(cycle.by_key().get("color", ())) or _LIGHT  # type: ignore[attr-defined]
    return Look(settings, palette, ramp=_RAMP_ON_DARK if _dark(settings.get("axes.facecolor")) else _RAMP)


def _dark(ground: Any) -> bool:
    from lrviz.backend import to_rgb

    return ground not in (None, "none") and sum(to_rgb(ground)) < 1


def _read(name: str, path: Path) -> dict[str, object]:
    """The settings of a style file that have a bearing on a figure."""
    import logging

    from lrviz.backend import mpl

    complaints: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            complaint = record.getMessage().strip().partition("\n")[0]
            complaints.append(complaint.replace(repr(path), str(path)))

    logger, listener = logging.getLogger("matplotlib"), Listener(logging.WARNING)
    before = logger.level, logger.propagate
    logger.addHandler(listener)
    logger.propagate = False
    logger.setLevel(logging.WARNING)
    try:
        settings = dict(mpl.rc_params_from_file(path, use_default_template=False))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SpecError(f"cannot read the style `{name}`: {reason}") from error
    finally:
        logger.removeHandler(listener)
        logger.level, logger.propagate = before
    if complaints:
        raise SpecError(f"cannot use the style `{name}`: {complaints[0]}", "matplotlib's documentation lists settings")
    for key, value in settings.items():
        if key.startswith((*_STYLED, *_STYLED_TOO, "figure.", "savefig.")) and isinstance(value, float | int):
            most = _MOST_DPI if key.endswith("dpi") else _LARGEST
            if not (math.isfinite(value) and abs(value) <= most):
                raise SpecError(f"cannot use the style `{name}`: `{key}` is {value:g}, beyond {most:g}")
            if value < 1 and key.endswith(("font.size", "fontsize", "labelsize", "titlesize")):
                raise SpecError(f"cannot use the style `{name}`: `{key}` is {value:g}, below 1")
    return {key: value for key, value in settings.items() if key.startswith((*_STYLED, *_STYLED_TOO))}
