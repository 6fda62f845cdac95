"""How the caller wants a figure to look, checked before anything heavy is imported."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Literal, get_args

from lrviz import style
from lrviz.errors import SpecError

XAxis = Literal["step", "epoch"]
Layout = Literal["overlay", "grid"]

DPI = 150  # of a PNG, where nobody says
MOST_PIXELS = 50_000_000
_SIDES = (1.0, 100.0)
_DPIS = (20, 1200)
_MOST_COLUMNS = 24


@dataclass(frozen=True)
class FigureOptions:
    """The look of one figure.

    `size` is width and height in inches, and `dpi` the dots per inch of a PNG; left out, lrviz chooses. `columns`
    and `share_y` say how a grid is laid out. With `momentum` a second panel shows it where the trace has it.

    Raises:
        SpecError: a style there is not, a size or resolution beyond reason, an unknown choice.
    """

    style: str = "lrviz"
    log: bool = False
    size: tuple[float, float] | None = None
    dpi: int | None = None
    title: str | None = None
    x: XAxis = "step"
    layout: Layout = "overlay"
    columns: int | None = None
    share_y: bool = True
    momentum: bool = False

    def __post_init__(self) -> None:
        _check_choice("x", self.x, get_args(XAxis))
        _check_choice("layout", self.layout, get_args(Layout))
        if self.dpi is not None and not _DPIS[0] <= self.dpi <= _DPIS[1]:
            raise SpecError(f"`dpi` must be from {_DPIS[0]} to {_DPIS[1]}, got {self.dpi}")
        if self.size is not None:
            check_size(self.size, self.dpi)
        if self.columns is not None and not 1 <= self.columns <= _MOST_COLUMNS:
            raise SpecError(f"`columns` must be from 1 to {_MOST_COLUMNS}, got {self.columns}")
        style.check(self.style)


def check_size(size: tuple[float, float], dpi: int | None = None) -> None:
    """Refuse a size in inches that is no figure, or more pixels than fit in memory with ease.

    Raises:
        SpecError: a side is out of bounds, or the two make too many pixels.
    """
    width, height = size
    shown = f"{width:g}x{height:g}"
    if not all(isfinite(side) and _SIDES[0] <= side <= _SIDES[1] for side in size):
        raise SpecError(
            f"`size` must be from {_SIDES[0]:g} to {_SIDES[1]:g} inches each way, got {shown}",
            "width and height in inches, such as 10x5",
        )
    pixels = width * height * (dpi or DPI) ** 2
    if pixels > MOST_PIXELS:
        raise SpecError(
            f"`size` {shown} at {dpi or DPI} dpi makes {pixels / 1e6:.0f} million pixels; "
            f"the most is {MOST_PIXELS // 1_000_000} million",
            "choose a smaller size or fewer dpi",
        )


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise SpecError(f"`{name}` must be {' or '.join(choices)}, got `{value}`")
