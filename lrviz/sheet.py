"""A preset rendered into a folder: figures, numbers, a page, a summary, and the manifest of them all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from lrviz import export, figure, page, record
from lrviz.errors import UsageError
from lrviz.folder import MANIFEST, Folder, Written, content, opened
from lrviz.plans import AS_IT_IS, Overrides, overridden, shifted, simulate_plan
from lrviz.preset import FigurePlan, Preset, chosen
from lrviz.trace import Trace

PAGE: Final = "index.html"
SUMMARY: Final = "summary.md"
# A figure as a phone shows it, in inches.
_PHONE_WIDTH: Final = 4.4
_PHONE_HEIGHT: Final = 3.4
_PHONE_ROW: Final = 1.6
_PHONE_UNDER: Final = 0.6
_PHONE_FOOT: Final = 0.8
_PHONE_TALLEST: Final = 60.0
Report = Callable[[int, int], None]


@dataclass(frozen=True)
class Rendered:
    """What a render did: its files, those of earlier renders that it left, those it removed; and notes on the runs."""

    files: tuple[str, ...]
    leftover: tuple[str, ...]
    removed: tuple[str, ...]
    notes: tuple[str, ...]


def render(
    preset: Preset,
    target: Path,
    *,
    only: Sequence[str] = (),
    overrides: Overrides = AS_IT_IS,
    prune: bool = False,
    report: Report | None = None,
) -> Rendered:
    """Render a preset into a folder, all of it or nothing.

    Args:
        preset: What to render.
        target: The folder, made where there is none.
        only: Names of figures to render; the others stay as they are there.
        overrides: What stands in place of the preset's own words.
        prune: Whether files that earlier renders made and this one does not are removed, rather than reported.
        report: Called with the scheduler steps made and their total.

    Raises:
        OutputError: the folder cannot be written, the disk is full, or a file there is not lrviz's own.
        UsageError: there is no figure of a name in `only`, or the others are not there as they were rendered.
        SimulationError: torch or the user's code failed.
    """
    plans = [overridden(plan, overrides) for plan in chosen(preset, only)]
    total = sum(run.loop.scheduler_calls for plan in plans for run in plan.runs)
    with opened(target) as folder:
        folder.claim([*(name for plan in plans for name in plan.files), PAGE, SUMMARY, MANIFEST])
        kept = _Kept.read(folder, preset, only)
        figures, sections, summaries = dict(kept.figures), dict(kept.sections), dict(kept.summaries)
        files: dict[str, dict[str, Any]] = dict(kept.files)
        notes: list[str] = []
        done = 0
        for plan in plans:
            traces = simulate_plan(plan, preset.folder, shifted(report, done, total))
            done += sum(run.loop.scheduler_calls for run in plan.runs)
            for name, written in _stage_figure(folder, plan, traces):
                files[name] = {"sha256": written.sha256, "size": written.size, "figure": plan.name}
            figures[plan.name] = record.figure_record(plan, traces) | {"options": overrides.record()}
            summaries[plan.name] = page.summary_section(figures[plan.name])
            sections[plan.name] = page.page_section(figures[plan.name], *_for_page(plan, traces), plan.files)
            notes += _notes(plan, traces)
        order = [plan.name for plan in preset.figures if plan.name in figures]
        versions = record.versions()
        whole = {
            PAGE: page.whole_page(preset.name, preset.about, [(n, sections[n]) for n in order], figures, versions),
            SUMMARY: page.whole_summary(preset.name, preset.about, [(n, summaries[n]) for n in order], versions),
        }
        for name, text in whole.items():
            written = folder.stage(name, [text])
            files[name] = {"sha256": written.sha256, "size": written.size}
        leftover, removed = _leftover(folder, files, prune)
        manifest = {
            "version": record.VERSION,
            "made_by": "lrviz render",
            "preset": preset.name,
            "about": preset.about,
            "versions": versions,
            "figures": [figures[name] for name in order],
            "files": dict(sorted(files.items())),
            "leftover": leftover,
        }
        folder.commit(record.manifest_bytes(manifest), removed)
    written_now = [name for plan in plans for name in plan.files]
    return Rendered((*written_now, PAGE, SUMMARY, MANIFEST), tuple(leftover), removed, tuple(dict.fromkeys(notes)))


def _stage_figure(folder: Folder, plan: FigurePlan, traces: list[Trace]) -> Iterator[tuple[str, Written]]:
    """Write a figure in its formats, and its numbers."""
    drawn = figure.draw(traces, plan.look)
    for suffix in plan.formats:
        data = figure.render(drawn, f".{suffix}", plan.look.dpi)
        yield f"{plan.name}.{suffix}", folder.stage(f"{plan.name}.{suffix}", data)
    yield f"{plan.name}.csv", folder.stage(f"{plan.name}.csv", export.chunks(traces, "csv"))


def _for_page(plan: FigurePlan, traces: list[Trace]) -> tuple[str, str]:
    """The figure as SVG for the page, which has the title in a heading: for a wide screen, and for a phone."""
    wide = replace(plan.look, title=None)
    rows, columns = 1, None
    if plan.look.layout == "grid" and len(traces) > 1:
        columns = 2 if len(traces) > 3 else 1
        rows = -(-len(traces) // columns)
    under = any(trace.metric is not None or (plan.look.momentum and trace.momentum is not None) for trace in traces)
    height = (_PHONE_ROW if rows > 1 else _PHONE_HEIGHT) + _PHONE_UNDER * under
    tall = min(height * rows + _PHONE_FOOT * (rows > 1), _PHONE_TALLEST)
    narrow = replace(wide, size=(_PHONE_WIDTH, tall), columns=columns, dpi=None)
    found = [figure.render(figure.draw(traces, look), ".svg").decode("utf-8") for look in (wide, narrow)]
    return found[0], found[1]


def _notes(plan: FigurePlan, traces: Sequence[Trace]) -> Iterator[str]:
    """What is legal but odd, or good to know, about a figure's runs."""
    for trace in traces:
        if trace.metric is not None and trace.spec.metric is None:
            yield f"`{plan.name}`: no metric given: a built-in loss that falls for a quarter of the run and then stalls"
        yield from (f"`{plan.name}`: {note}" for note in trace.spec.notes)


def _leftover(
    folder: Folder, files: dict[str, dict[str, Any]], prune: bool
) -> tuple[dict[str, dict[str, Any]], tuple[str, ...]]:
    """Files of earlier renders that are still there: those to keep in the manifest, and those to remove.

    A file that has changed since lrviz wrote it is somebody's work, and stays.
    """
    leftover: dict[str, dict[str, Any]] = {}
    removed = []
    for name, known in sorted(folder.own.items()):
        if name in files or name == MANIFEST:
            continue
        found = content(folder.path / name)
        if found is None:
            continue
        if prune and found.sha256 in known:
            removed.append(name)
        else:
            leftover[name] = {"sha256": found.sha256 if found.sha256 in known else min(known), "size": found.size}
    return leftover, tuple(removed)


@dataclass(frozen=True)
class _Kept:
    """What `only` leaves as it is: records, files, and pieces of page and summary, by figure."""

    figures: dict[str, dict[str, Any]]
    files: dict[str, dict[str, Any]]
    sections: dict[str, str]
    summaries: dict[str, str]

    @classmethod
    def read(cls, folder: Folder, preset: Preset, only: Sequence[str]) -> _Kept:
        manifest = folder.manifest
        if not only or manifest is None:
            return cls({}, {}, {}, {})
        others = {plan.name for plan in preset.figures} - set(only)
        figures = {item["name"]: item for item in manifest["figures"] if item["name"] in others}
        if not figures:
            return cls({}, {}, {}, {})
        files = {name: item for name, item in manifest["files"].items() if item.get("figure") in figures}
        needed = files | {name: manifest["files"].get(name, {}) for name in (PAGE, SUMMARY)}
        changed = [
            n for n, item in needed.items() if (c := content(folder.path / n)) is None or c.sha256 != item.get("sha256")
        ]
        if changed or manifest["versions"] != record.versions():
            why = f"`{changed[0]}` is not as it was rendered" if changed else "other versions rendered it"
            raise UsageError(
                f"`--only` leaves the rest of `{folder.shown}` as it is, but {why}", "render once without `--only`"
            )
        sections = page.sections((folder.path / PAGE).read_text(encoding="utf-8"))
        summaries = page.sections((folder.path / SUMMARY).read_text(encoding="utf-8"))
        return cls(figures, files, {n: sections[n] for n in figures}, {n: summaries[n] for n in figures})
