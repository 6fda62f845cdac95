"""Notes at the foot of a figure, which explain its marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lrviz.figure.axes import LINE, MARGIN, DrawContext
from lrviz.figure.backend import mpl
from lrviz.figure.wrapping import wrap

_SCALE = 0.9  # relative to the text of a legend
_MAX_LINES = 3  # of a note


@dataclass(frozen=True)
class Notes:
    """The lines of each note and the size of their text."""

    lines: tuple[tuple[str, ...], ...]
    size: float

    @property
    def height(self) -> float:
        """The height in inches with the space below, 0 without notes."""
        return sum(map(len, self.lines)) * LINE * self.size + 0.5 * MARGIN if self.lines else 0.0

    def draw(self, context: DrawContext, left: float) -> None:
        """Draw the notes at the foot of the figure."""
        top = 0.5 * MARGIN + self.height
        for i, lines in enumerate(self.lines):
            context.figure.text(
                left, top, "\n".join(lines), fontsize=self.size, color=mpl.rcParams["xtick.color"], ha="left", va="top",
                linespacing=1.2, transform=context.figure.dpi_scale_trans, gid=f"notes-{i}" if i else "notes",
            )  # fmt: skip
            top -= len(lines) * LINE * self.size


def plan_notes(context: DrawContext, notes: Sequence[str], width: float) -> Notes:
    """Wrap notes to a width; the same note is shown once."""
    size = _SCALE * context.sizes["legend.fontsize"]
    lines = (wrap(note, width, size, context.measure, _MAX_LINES) for note in dict.fromkeys(notes))
    return Notes(tuple(map(tuple, lines)), size)
