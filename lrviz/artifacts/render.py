"""Render a preset into a folder: figures, numbers, a page, a summary, and a manifest of all files."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from lrviz import figure, formats, rules
from lrviz.artifacts.folder import Folder, open_folder
from lrviz.artifacts.manifest import (
    MANIFEST,
    MANIFEST_VERSION,
    PAGE,
    SUMMARY,
    figure_record,
    manifest_bytes,
    versions,
)
from lrviz.artifacts.ownership import JOURNAL, FileDigest, file_digest
from lrviz.artifacts.page import is_sheet, page_section, summary_section, whole_page, whole_summary
from lrviz.artifacts.sections import foreign_part, sections_of
from lrviz.errors import LrvizError, UsageError
from lrviz.files import error_reason, output_errors, read_text
from lrviz.presets import FigurePlan, Preset, chosen_figures
from lrviz.rules import Finding
from lrviz.spec import CodeCall, RunSpec
from lrviz.text import printable
from lrviz.trace import Trace

_MAX_PAGE: Final = 250_000_000  # bytes
Report = Callable[[int, int], None]
Simulate = Callable[[RunSpec, Report | None], Trace]


@dataclass(frozen=True)
class Overrides:
    """Options of the command line that override the preset: formats, and a style relative to the working folder."""

    formats: tuple[str, ...] | None = None
    style: str | None = None

    def record(self) -> dict[str, Any]:
        """The overrides for the manifest, so that a later check can use them."""
        style = None if self.style is None else figure.short_style(self.style)
        return {"formats": None if self.formats is None else list(self.formats), "style": style}


NO_OVERRIDES: Final = Overrides()


@dataclass(frozen=True)
class Rendered:
    """The result of a render: its files, files of earlier renders left or removed, and notes about the runs."""

    files: tuple[str, ...]
    leftover: tuple[str, ...]
    removed: tuple[str, ...]
    notes: tuple[str, ...]
    finding: tuple[str, str] | None  # the severity and text of the first finding about the runs


def render_preset(
    preset: Preset,
    target: Path,
    *,
    only: Sequence[str] = (),
    overrides: Overrides = NO_OVERRIDES,
    prune: bool = False,
    report: Report | None = None,
    simulate: Simulate | None = None,
) -> Rendered:
    """Render a preset into a folder; after an error the folder is unchanged.

    Args:
        preset: The preset.
        target: The folder; created if it does not exist.
        only: Names of figures to render; the files of other figures are not changed. All figures if empty.
        overrides: Options that override those of the preset.
        prune: Whether files of earlier renders that are not part of this one are removed or only listed.
        report: Called with the scheduler steps made and their total.
        simulate: Used in place of `simulation.simulate_apart`, for the runs in their order.

    Raises:
        OutputError: the folder cannot be written to, the disk is full, or lrviz did not write a file to be replaced.
        UsageError: `only` has an unknown name, or the files of other figures changed since they were rendered.
        SimulationError: torch or the user's code failed.
    """
    plans = [overridden(plan, overrides) for plan in chosen_figures(preset, only)]
    total = sum(run.loop.scheduler_calls for plan in plans for run in plan.runs)
    with open_folder(target) as folder:
        folder.check_replaceable([MANIFEST, JOURNAL, *(name for plan in plans for name in plan.files), PAGE, SUMMARY])
        others = _OtherFigures.read(folder, preset, only)
        figures, sections, summaries = dict(others.figures), dict(others.sections), dict(others.summaries)
        files: dict[str, dict[str, Any]] = dict(others.files)
        notes: list[str] = []
        checked: list[tuple[RunSpec, list[Finding]]] = []
        done = 0
        for plan in plans:
            traces = simulate_plan(plan, preset.folder, with_offset(report, done, total), simulate)
            done += sum(run.loop.scheduler_calls for run in plan.runs)
            drawn = figure.draw(traces, plan.options)
            svg = figure.render(drawn, ".svg")
            for name, digest in _stage_figure(folder, plan, drawn, svg, traces):
                files[name] = {"sha256": digest.sha256, "size": digest.size, "figure": plan.name}
            figures[plan.name] = figure_record(plan, traces) | {"options": overrides.record()}
            if drawn.notes:
                figures[plan.name]["notes"] = list(drawn.notes)
            summaries[plan.name] = summary_section(figures[plan.name])
            places = figure.places(drawn, views=is_sheet(plan.options.layout, len(drawn.axes)))
            sections[plan.name] = page_section(figures[plan.name], svg.decode("utf-8"), places, traces, plan.files)
            notes += _notes(plan, traces, drawn.notes)
            checked += [(trace.spec, rules.check_run(trace.spec, trace)) for trace in traces]
        order = [plan.name for plan in preset.figures if plan.name in figures]
        used_versions = versions()
        documents = {
            PAGE: whole_page(preset.name, preset.about, [(n, sections[n]) for n in order], figures, used_versions),
            SUMMARY: whole_summary(preset.name, preset.about, [summaries[n] for n in order], used_versions),
        }
        for name, text in documents.items():
            digest = folder.stage(name, [text])
            files[name] = {"sha256": digest.sha256, "size": digest.size}
        leftover, removed = _leftover(folder, files, prune)
        manifest = {
            "version": MANIFEST_VERSION,
            "made_by": "lrviz render",
            "preset": preset.name,
            "about": preset.about,
            "versions": used_versions,
            "figures": [figures[name] for name in order],
            "files": dict(sorted(files.items())),
            "leftover": leftover,
        }
        folder.commit(manifest_bytes(manifest), removed)
    figure_files = [name for plan in plans for name in plan.files]
    return Rendered(
        (*figure_files, PAGE, SUMMARY, MANIFEST),
        tuple(leftover),
        removed,
        tuple(dict.fromkeys(notes)),
        rules.first_finding(checked),
    )


def _stage_figure(
    folder: Folder, plan: FigurePlan, drawn: figure.Chart, svg: bytes, traces: list[Trace]
) -> Iterator[tuple[str, FileDigest]]:
    """Write a figure in its formats, and its numbers."""
    for suffix in plan.formats:
        data = svg if suffix == "svg" else figure.render(drawn, f".{suffix}", plan.options.dpi)
        yield f"{plan.name}.{suffix}", folder.stage(f"{plan.name}.{suffix}", data)
    yield f"{plan.name}.csv", folder.stage(f"{plan.name}.csv", formats.chunks(traces, "csv"))


def _notes(plan: FigurePlan, traces: Sequence[Trace], of_figure: Sequence[str]) -> Iterator[str]:
    """Notes about a figure's runs, and those of the figure itself."""
    for trace in traces:
        if trace.metric is not None and trace.spec.metric is None:
            yield f"`{plan.name}`: no metric given: a built-in loss that falls for a quarter of the run and then stalls"
        if isinstance(trace.spec.scheduler, CodeCall) and trace.metric is None and trace.spec.metric is not None:
            yield f"`{plan.name}`: `{trace.spec.scheduler}` does not use a metric"
        yield from (f"`{plan.name}`: {note}" for note in trace.spec.notes)
    yield from (f"`{plan.name}`: {note}" for note in of_figure)


def _leftover(
    folder: Folder, files: dict[str, dict[str, Any]], prune: bool
) -> tuple[dict[str, dict[str, Any]], tuple[str, ...]]:
    """The existing files of earlier renders: those to keep in the manifest, and those to remove.

    A file that changed after lrviz wrote it is the user's from then on.
    """
    digests = {name: folder.own_digest(name) for name in sorted(folder.known.keys() - files.keys() - {MANIFEST})}
    own = {name: digest for name, digest in digests.items() if digest is not None}
    if prune:
        return {}, tuple(own)
    return {name: {"sha256": digest.sha256, "size": digest.size} for name, digest in own.items()}, ()


@dataclass(frozen=True)
class _OtherFigures:
    """Figures that `only` leaves unchanged: their records and files, and their sections of page and summary."""

    figures: dict[str, dict[str, Any]]
    files: dict[str, dict[str, Any]]
    sections: dict[str, str]
    summaries: dict[str, str]

    @classmethod
    def read(cls, folder: Folder, preset: Preset, only: Sequence[str]) -> _OtherFigures:
        manifest = folder.manifest
        if not only or manifest is None:
            return cls({}, {}, {}, {})
        others = {plan.name for plan in preset.figures} - set(only)
        figures = {item["name"]: item for item in manifest["figures"] if item["name"] in others}
        if not figures:
            return cls({}, {}, {}, {})
        files = {name: item for name, item in manifest["files"].items() if item.get("figure") in figures}
        needed = files | {name: manifest["files"].get(name, {"sha256": ""}) for name in (PAGE, SUMMARY)}
        with output_errors(folder.shown):
            digests = {name: file_digest(folder.path / name) for name in needed}
        changed = [
            name
            for name, item in needed.items()
            if (digest := digests[name]) is None or digest.sha256 != item["sha256"]
        ]
        if changed:
            raise _cannot_keep(folder, f"`{changed[0]}` changed after the render")
        if manifest["versions"] != versions():
            raise _cannot_keep(folder, "other versions rendered them")
        summaries = {name: _summary_of(folder, figure) for name, figure in figures.items()}
        return cls(figures, files, _sections(folder, figures), summaries)


def _sections(folder: Folder, figures: Iterable[str]) -> dict[str, str]:
    """The sections of these figures in the page.

    Raises:
        UsageError: it cannot be read, or a section is missing or not of lrviz.
    """
    try:
        sections = sections_of(read_text(folder.path / PAGE, _MAX_PAGE))
    except OSError as error:
        raise _cannot_keep(folder, f"`{PAGE}` cannot be read: {error_reason(error)}") from error
    for name in figures:
        if name not in sections:
            raise _cannot_keep(folder, f"`{PAGE}` has no section for `{name}`")
        if (part := foreign_part(sections[name])) is not None:
            shown = printable(part, 60)
            raise _cannot_keep(folder, f"the section of `{name}` in `{PAGE}` has `{shown}`, not lrviz's")
    return {name: sections[name] for name in figures}


def _summary_of(folder: Folder, figure: dict[str, Any]) -> str:
    """A figure's section of the summary, from its record: the earlier summary may be forged.

    Raises:
        UsageError: the record is not one of lrviz.
    """
    try:
        return summary_section(figure)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        name = printable(figure["name"], 60)
        raise _cannot_keep(folder, f"the record of `{name}` in `{MANIFEST}` is not lrviz's") from error


def _cannot_keep(folder: Folder, reason: str) -> UsageError:
    return UsageError(
        f"`--only` keeps the other files in `{folder.shown}`, but {reason}", "render once without `--only`"
    )


def overridden(plan: FigurePlan, overrides: Overrides) -> FigurePlan:
    """A figure with the command line's formats and style."""
    if overrides.formats is not None:
        plan = replace(plan, formats=overrides.formats)
    if overrides.style is not None:
        plan = replace(plan, style=overrides.style, options=replace(plan.options, style=overrides.style))
    return plan


def simulate_plan(
    plan: FigurePlan, folder: Path, report: Callable[[int], None] | None = None, simulate: Simulate | None = None
) -> list[Trace]:
    """The traces of a figure; the user's code runs in the preset's folder.

    `simulate` is used in place of `simulation.simulate_apart`.

    Raises:
        SimulationError: torch or the user's code failed.
        SpecError: a run is not valid; as for `simulate`, with the figure's name.
    """
    if simulate is None:
        from lrviz import simulation

        simulate = simulation.simulate_apart
    traces, done_before = [], 0
    for run in plan.runs:

        def advance(done: int, _: int, offset: int = done_before) -> None:
            if report is not None:
                report(offset + done)

        is_code = isinstance(run.scheduler, CodeCall)
        try:
            with contextlib.chdir(folder) if is_code else contextlib.nullcontext():
                traces.append(simulate(run, advance if report else None))
        except LrvizError as error:
            raise error.at(f"figure `{plan.name}`") from error
        done_before += run.loop.scheduler_calls
    return traces


def with_offset(report: Callable[[int, int], None] | None, offset: int, total: int) -> Callable[[int], None] | None:
    """Report the progress of one figure as progress of all: `offset` steps come before it."""
    return None if report is None else lambda done: report(offset + done, total)
