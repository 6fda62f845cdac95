"""Preset files in TOML to figures and their runs.

In: a preset file. Out: `Preset`, with the `RunSpec`s and `FigureOptions` of its figures. May import `spec`, `figure`
and `files`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrviz.lazy import lazy

if TYPE_CHECKING:
    from lrviz.presets.files import about, find_preset, preset_names, read_preset, shipped_path
    from lrviz.presets.keys import MAX_CURVES, MAX_FIGURES, is_figure_name, schema_text
    from lrviz.presets.reader import FigurePlan, Preset, chosen_figures, load_preset
else:
    __getattr__ = lazy(
        __name__,
        keys=["MAX_CURVES", "MAX_FIGURES", "is_figure_name", "schema_text"],
        reader=["FigurePlan", "Preset", "chosen_figures", "load_preset"],
        files=["about", "find_preset", "preset_names", "read_preset", "shipped_path"],
    )

__all__ = [
    "MAX_CURVES", "MAX_FIGURES", "FigurePlan", "Preset", "about", "chosen_figures", "find_preset", "is_figure_name",
    "load_preset", "preset_names", "read_preset", "schema_text", "shipped_path",
]  # fmt: skip
