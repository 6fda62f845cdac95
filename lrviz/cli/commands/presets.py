"""`lrviz presets`: the shipped presets, and the JSON Schema of preset files."""

from __future__ import annotations

from typing import Any

from lrviz.cli import options
from lrviz.cli.options import PresetNameArgument, with_options
from lrviz.errors import UsageError
from lrviz.text import printable


@with_options(options.PRESETS)
def command(name: PresetNameArgument = None, **values: Any) -> None:
    """List the shipped presets, print one, or print the schema."""
    from lrviz import files, presets

    path = values["output"] or "-"
    if values["schema"]:
        if name is not None:
            raise UsageError("`--schema` is the same for every preset", "`lrviz presets --schema`")
        text = presets.schema_text()
    elif name is None:
        names = presets.preset_names()
        width = max(map(len, names), default=0)
        text = "".join(f"{preset_name:{width}}  {presets.about(preset_name)}\n" for preset_name in names)
    else:
        text = presets.read_preset(presets.shipped_path(name))
    files.check_target(path)
    if path == "-":
        files.write_stdout(text)
        return
    files.write_text(path, text)
    files.write_stdout(f"{printable(path)}\n")
