"""`lrviz render`: render a preset into a folder, or compare it with the files there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lrviz import figure, files, presets, terminal
from lrviz.background import Background
from lrviz.cli import options, runs
from lrviz.cli.options import PresetArgument, with_options
from lrviz.errors import UsageError
from lrviz.spec import read_choice, read_count, read_number, split_commas
from lrviz.text import count, printable

if TYPE_CHECKING:
    from lrviz.presets import FigurePlan, Preset

_LIMITS: Final = ("max_curves", "max_updates")


@with_options(options.RENDER, options.QUIET)
def command(preset: PresetArgument = None, **values: Any) -> int:
    """Render, or check; the exit status is 1 if a check found a difference."""
    if not preset:
        raise UsageError(
            "`lrviz render` needs a preset", "`lrviz presets` lists the shipped ones, or name a .toml file"
        )
    folder = values["output"]
    if not folder or folder == "-":
        raise UsageError("`lrviz render` needs a folder", f"such as `lrviz render {preset} -o figures`")
    formats = _read_formats(values["formats"])
    style = values["style"]
    if style is not None:
        figure.check_style(style)
    if values["prune"] and values["only"]:
        raise UsageError("`--prune` cannot be used with `--only`", "leave one of them out")
    if not values["check"]:
        for name in ("format", "rtol"):
            if values[name] is not None:
                raise UsageError(f"`--{name}` needs `--check`")
    elif values["open"]:
        raise UsageError("`--check` renders nothing, and `--open` shows the page", "leave one of them out")
    elif values["prune"]:
        raise UsageError("`--check` changes nothing, and `--prune` removes files", "leave one of them out")
    check_format = read_choice("--format", values["format"] or "text", options.CHECK_FORMATS)
    rtol = _read_rtol(values["rtol"])
    path = presets.find_preset(preset)
    limits: dict[str, Any] = {
        n: read_count(f"--{n.replace('_', '-')}", values[n]) for n in _LIMITS if values[n] is not None
    }
    loaded = presets.load_preset(path, allow_code=values["allow_code"], allow_outside=values["allow_outside"], **limits)
    figures = presets.chosen_figures(loaded, values["only"] or ())
    if values["check"]:
        preset_file = preset if preset == str(path) else None
        return _check(loaded, preset_file, formats, check_format, rtol, values)
    _render(loaded, figures, formats, values)
    if values["open"]:
        from lrviz import artifacts

        files.open_file(Path(folder) / artifacts.PAGE)
    return 0


def _render(
    loaded: Preset, figures: Sequence[FigurePlan], formats: tuple[str, ...] | None, values: dict[str, Any]
) -> None:
    folder, quiet = values["output"], values["quiet"]
    specs = [run for plan in figures for run in plan.runs]
    runs.check_packages(specs)
    with Background(report=not quiet) as background:
        with runs.gc_paused():
            background.start(specs)
            from lrviz import artifacts

            figure.import_matplotlib(user_settings=False)
        with terminal.progress_bar("rendering", quiet) as report:
            rendered = artifacts.render_preset(
                loaded,
                Path(folder),
                only=values["only"] or (),
                overrides=artifacts.Overrides(formats, values["style"]),
                prune=values["prune"],
                report=report,
                simulate=background.trace,
            )
    files.write_stdout("".join(f"{printable(str(Path(folder) / name))}\n" for name in rendered.files))
    if quiet:
        return
    for note in rendered.notes:
        terminal.print_note(note)
    if rendered.finding is not None:
        terminal.print_finding(*rendered.finding)
    for name in rendered.removed:
        terminal.print_note(f"removed `{Path(folder) / name}`")
    for name in rendered.leftover:
        terminal.print_note(
            f"`{Path(folder) / name}` is from an earlier render; `--prune` removes it unless it was changed"
        )
    curves = sum(len(plan.runs) for plan in figures)
    terminal.print_lines(
        [f"{count(len(figures), 'figure')}, {count(curves, 'curve')} · {Path(folder) / artifacts.PAGE}"]
    )


def _check(
    loaded: Preset,
    preset_file: str | None,
    formats: tuple[str, ...] | None,
    check_format: str,
    rtol: float,
    values: dict[str, Any],
) -> int:
    with runs.gc_paused():
        from lrviz import artifacts

    with terminal.progress_bar("simulating", values["quiet"]) as report:
        findings = artifacts.check_preset(
            loaded,
            Path(values["output"]),
            only=values["only"] or (),
            overrides=artifacts.Overrides(formats, values["style"]),
            rtol=rtol,
            report=report,
        )
    try:
        files.write_stdout(artifacts.report_text(findings, check_format, preset_file))
    except BrokenPipeError:  # a reader that has gone does not change the status
        files.discard_stdout()
    return 0 if findings.equal else 1


def _read_formats(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    names = tuple(dict.fromkeys(part.strip().lower().lstrip(".") for part in split_commas(text)))
    for name in names:
        read_choice("--formats", name, figure.FIGURE_FORMATS)
    return names


def _read_rtol(text: str | None) -> float:
    if text is None:
        return 0.0
    value = read_number("--rtol", text)
    if not 0 <= value < 1:
        raise UsageError(f"`--rtol` must be at least 0 and below 1, got {value:g}")
    return value
