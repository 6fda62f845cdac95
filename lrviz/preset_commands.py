"""The commands `lrviz presets` and `lrviz render`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrviz import output, speech
from lrviz.errors import UsageError
from lrviz.keys import FORMATS
from lrviz.numbers import count
from lrviz.options import CHECK_FORMATS
from lrviz.reading import read_choice, read_number, split

if TYPE_CHECKING:
    from lrviz.plans import Overrides
    from lrviz.preset import FigurePlan, Preset


def presets(name: str | None, values: dict[str, Any]) -> None:
    """`lrviz presets`: list them, print one, or print the schema."""
    from lrviz import shipped
    from lrviz.presetfile import read_text

    path = values["output"] or "-"
    if values["schema"]:
        from lrviz.schema import schema_text

        if name is not None:
            raise UsageError("`--schema` is the same for every preset", "`lrviz presets --schema`")
        text = schema_text()
    elif name is None:
        names = shipped.preset_names()
        width = max(map(len, names), default=0)
        text = "".join(f"{each:{width}}  {shipped.about(each)}\n" for each in names)
    else:
        text = read_text(shipped.shipped_path(name))
    output.check_target(path)
    if path == "-":
        output.write_stdout(text)
        return
    output.write_text(path, text)
    output.write_stdout(f"{path}\n")


def render(preset: str | None, values: dict[str, Any]) -> int:
    """`lrviz render`; the exit status: 1 where `--check` found a difference."""
    from lrviz.preset import chosen, load_preset
    from lrviz.shipped import find_preset

    if not preset:
        raise UsageError("`lrviz render` needs a preset", "`lrviz presets` lists those that ship, or name a .toml file")
    folder = values["output"]
    if not folder or folder == "-":
        raise UsageError("`lrviz render` needs a folder", f"such as `lrviz render {preset} -o figures`")
    formats = _formats(values["formats"])
    style = values["style"]
    if style is not None:
        from lrviz.style import check

        check(style)
    if values["prune"] and values["only"]:
        raise UsageError("`--prune` and `--only` do not go together", "prune with the whole preset")
    if not values["check"]:
        for name in ("format", "rtol"):
            if values[name] is not None:
                raise UsageError(f"`--{name}` goes with `--check`")
    elif values["prune"]:
        raise UsageError("`--check` changes nothing, and `--prune` removes files", "leave one of them out")
    way = read_choice("--format", values["format"] or "text", CHECK_FORMATS)
    rtol = _rtol(values["rtol"])
    path = find_preset(preset)
    loaded = load_preset(path, allow_code=values["allow_code"])
    figures = chosen(loaded, values["only"] or ())
    from lrviz.plans import Overrides

    overrides = Overrides(formats, style)
    if values["check"]:
        return _check(loaded, preset, path, overrides, way, rtol, values)
    _render(loaded, figures, overrides, values)
    return 0


def _render(loaded: Preset, figures: Sequence[FigurePlan], overrides: Overrides, values: dict[str, Any]) -> None:
    from lrviz.progress import progress_bar
    from lrviz.rooms import importing

    with importing():
        from lrviz import sheet

    folder, quiet = values["output"], values["quiet"]
    with progress_bar("rendering", quiet) as report:
        done = sheet.render(
            loaded,
            Path(folder),
            only=values["only"] or (),
            overrides=overrides,
            prune=values["prune"],
            report=report,
        )
    output.write_stdout("".join(f"{Path(folder) / name}\n" for name in done.files))
    if quiet:
        return
    for note in done.notes:
        speech.print_note(note)
    for name in done.removed:
        speech.print_note(f"removed `{Path(folder) / name}`")
    for name in done.leftover:
        speech.print_note(
            f"`{Path(folder) / name}` is of an earlier render; `--prune` removes it unless it was changed"
        )
    curves = sum(len(plan.runs) for plan in figures)
    speech.print_lines([f"{count(len(figures), 'figure')}, {count(curves, 'curve')} · {Path(folder) / sheet.PAGE}"])


def _check(
    loaded: Preset, named: str, path: Path, overrides: Overrides, way: str, rtol: float, values: dict[str, Any]
) -> int:
    from lrviz import driftreport
    from lrviz.progress import progress_bar
    from lrviz.rooms import importing

    with importing():
        from lrviz import drift

    with progress_bar("simulating", values["quiet"]) as report:
        found = drift.check(
            loaded, Path(values["output"]), only=values["only"] or (), overrides=overrides, rtol=rtol, report=report
        )
    shown = str(path) if named == str(path) else None
    output.write_stdout(driftreport.told(found, way, shown))
    return 0 if found.equal else 1


def _formats(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    found = tuple(dict.fromkeys(part.strip().lower().lstrip(".") for part in split(text)))
    for name in found:
        read_choice("--formats", name, FORMATS)
    return found


def _rtol(text: str | None) -> float:
    if text is None:
        return 0.0
    value = read_number("--rtol", text)
    if not 0 <= value < 1:
        raise UsageError(f"`--rtol` must be at least 0 and below 1, got {value:g}")
    return value
