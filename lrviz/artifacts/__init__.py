"""Render a preset into a folder, or compare it with the files there.

In: `Preset` and a folder. Out: figures, numbers, a page and a manifest, or the differences from them. May import every
package except `terminal` and `cli`.
"""

from __future__ import annotations

from lrviz.artifacts.drift import check_preset
from lrviz.artifacts.manifest import PAGE
from lrviz.artifacts.render import Overrides, render_preset
from lrviz.artifacts.report import report_text

__all__ = ["PAGE", "Overrides", "check_preset", "render_preset", "report_text"]
