"""Compare a preset with its last render: which curves differ, from which step, and by how much."""

from __future__ import annotations

import errno
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from lrviz import formats
from lrviz.artifacts.folder import is_staging
from lrviz.artifacts.manifest import MANIFEST, curve_columns, options_record, read_manifest, spec_record, versions
from lrviz.artifacts.ownership import JOURNAL, file_digest, known_digests, own_digest
from lrviz.artifacts.render import NO_OVERRIDES, Overrides, overridden, simulate_plan, with_offset
from lrviz.errors import UsageError
from lrviz.figure import FIGURE_FORMATS
from lrviz.files import encode, error_reason, is_temporary, read_bytes
from lrviz.formats import column_values, read_columns
from lrviz.presets import FigurePlan, Preset, chosen_figures
from lrviz.text import printable
from lrviz.trace import ColumnDifference, Trace, Values, column_difference

_MAX_TABLE: Final = 250_000_000  # bytes of a table whose numbers are compared

Change = tuple[Any, Any]  # the value rendered and the value now; None if it is not set


@dataclass(frozen=True)
class CurveDrift:
    """The differences of one curve: in its numbers, and in its spec."""

    figure: str
    curve: str
    differences: tuple[ColumnDifference, ...]
    changed: Mapping[str, Change]
    state: str = "differs"  # or "new", or "gone"


@dataclass
class Findings:
    """The result of a check."""

    preset: str
    folder: str
    rtol: float
    curves: int = 0
    figures: int = 0
    drifts: list[CurveDrift] = field(default_factory=list)
    options: list[tuple[str, str, Change]] = field(default_factory=list)  # figure, key, change
    never_rendered: list[str] = field(default_factory=list)  # figures
    no_longer_in_preset: list[str] = field(default_factory=list)  # figures
    missing: list[str] = field(default_factory=list)  # files
    altered: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    leftover: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)  # files of renders that were stopped
    versions: dict[str, Change] = field(default_factory=dict)

    @property
    def equal(self) -> bool:
        """Whether everything is as rendered; files that no render wrote and other versions do not count."""
        return not any(
            (self.drifts, self.options, self.never_rendered, self.no_longer_in_preset, self.missing, self.altered)
        )


def check_preset(
    preset: Preset,
    target: Path,
    *,
    only: Sequence[str] = (),
    overrides: Overrides = NO_OVERRIDES,
    rtol: float = 0.0,
    report: Callable[[int, int], None] | None = None,
) -> Findings:
    """Simulate a preset and compare it with the last render in a folder; nothing is written.

    Args:
        preset: The preset as it is now.
        target: The folder.
        only: Names of figures to check; all figures if empty.
        overrides: As for `render_preset`; formats and style default to those of the last render.
        rtol: The relative difference up to which values are equal.
        report: Called with the scheduler steps made and their total.

    Raises:
        UsageError: the folder has no finished render of this preset, or cannot be read.
        SimulationError: torch or the user's code failed.
    """
    shown = printable(str(target))
    manifest = _manifest(preset, target, shown)
    plans = chosen_figures(preset, only)
    findings = Findings(preset.name, shown, rtol, sum(len(plan.runs) for plan in plans), len(plans))
    rendered = {figure["name"]: figure for figure in manifest["figures"]}
    now = versions()
    findings.versions = {
        name: (manifest["versions"].get(name), now[name]) for name in now if manifest["versions"].get(name) != now[name]
    }
    if not only:
        findings.no_longer_in_preset = [name for name in rendered if name not in {plan.name for plan in preset.figures}]
    with _reading_errors(shown):
        _check_files(findings, manifest, target, only)
    total, done = sum(run.loop.scheduler_calls for plan in plans for run in plan.runs), 0
    for plan in plans:
        if plan.name not in rendered:
            findings.never_rendered.append(plan.name)
            continue
        traces = simulate_plan(plan, preset.folder, with_offset(report, done, total))
        done += sum(run.loop.scheduler_calls for run in plan.runs)
        _check_options(
            findings, _with_rendered_overrides(plan, rendered[plan.name]["options"], overrides), rendered[plan.name]
        )
        with _reading_errors(shown):
            _check_curves(findings, plan, traces, rendered[plan.name], target / f"{plan.name}.csv")
    return findings


def _manifest(preset: Preset, target: Path, shown: str) -> dict[str, Any]:
    """The manifest of a folder with a render of this preset.

    Raises:
        UsageError: the folder has no such render.
    """
    hint = f"`lrviz render` without `--check` renders into `{shown}`"
    with _reading_errors(shown):
        if not target.is_dir():
            problem = "is a file, not a folder" if target.exists() else "does not exist"
            raise UsageError(f"`{shown}` {problem}", hint)
        manifest = read_manifest(target)
        if manifest is None:
            if own_digest(target / JOURNAL, {}) is not None:
                raise UsageError(f"the last render into `{shown}` was not finished", hint)
            exists = (target / MANIFEST).exists()
            reason = f"its {MANIFEST} is not a manifest of lrviz" if exists else f"no {MANIFEST} in it"
            raise UsageError(f"`{shown}` contains no render: {reason}", hint)
    names = [figure["name"] for figure in manifest["figures"]]
    if not {plan.name for plan in preset.figures} & set(names):
        listed = ", ".join(f"`{printable(name)}`" for name in names[:5]) or "no figures"
        raise UsageError(
            f"`{shown}` contains no render of `{printable(preset.name)}`: the figures there are {listed}", hint
        )
    return manifest


@contextmanager
def _reading_errors(shown: str) -> Iterator[None]:
    """Turn an error of reading a file in the folder into a UsageError.

    Raises:
        UsageError: a file cannot be read.
    """
    try:
        yield
    except OSError as error:
        raise UsageError(f"cannot read `{shown}`: {error_reason(error)}") from error


def _with_rendered_overrides(plan: FigurePlan, options: Mapping[str, Any], overrides: Overrides) -> FigurePlan:
    """A figure with the formats and the style of the command line that rendered it."""
    plan = overridden(plan, overrides)
    formats, style = options.get("formats"), options.get("style")
    if overrides.formats is None and isinstance(formats, list) and set(map(str, formats)) <= set(FIGURE_FORMATS):
        plan = replace(plan, formats=tuple(formats))
    if overrides.style is None and isinstance(style, str):
        plan = replace(plan, style=style)
    return plan


def _check_files(findings: Findings, manifest: Mapping[str, Any], target: Path, only: Sequence[str]) -> None:
    """Check that every rendered file exists with the same content."""
    for name, item in manifest["files"].items():
        if only and item.get("figure") not in only:
            continue
        digest = file_digest(target / name)
        if digest is None:
            findings.missing.append(name)
        elif digest.sha256 != item["sha256"]:
            findings.altered.append(name)
    if only:
        return
    known = known_digests(target)
    for path in sorted(target.iterdir()):
        if path.name in manifest["files"] or path.name == MANIFEST:
            continue
        own = path.name in (JOURNAL, *manifest["leftover"]) and own_digest(path, known) is not None
        if own and path.name != JOURNAL:
            findings.leftover.append(path.name)
        elif own or is_staging(path) or is_temporary(path):
            findings.unfinished.append(path.name)
        else:
            findings.unknown.append(path.name)


def _check_options(findings: Findings, plan: FigurePlan, rendered: Mapping[str, Any]) -> None:
    before = {key: value for key, value in rendered.items() if key not in ("curves", "options")}
    for key, change in _changes(before, options_record(plan)).items():
        findings.options.append((plan.name, key, change))
    labels = [[str(curve.get("label")) for curve in rendered["curves"]], [run.label for run in plan.runs]]
    if labels[0] != labels[1] and sorted(labels[0]) == sorted(labels[1]):
        findings.options.append((plan.name, "order of curves", (labels[0], labels[1])))


def _changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Change]:
    keys = dict.fromkeys([*before, *now])
    return {key: (before.get(key), now.get(key)) for key in keys if before.get(key) != now.get(key)}


def _check_curves(
    findings: Findings, plan: FigurePlan, traces: Sequence[Trace], rendered: Mapping[str, Any], path: Path
) -> None:
    """Compare the curves of a figure with its CSV and with the specs in the manifest."""
    rendered_columns = _rendered_columns(findings, traces, path)
    columns = column_values(traces)
    names = curve_columns(traces)
    for before, index in _match_curves(rendered["curves"], [trace.label for trace in traces]):
        if index is None:
            findings.drifts.append(CurveDrift(plan.name, str((before or {}).get("label")), (), {}, "gone"))
            continue
        label, trace = traces[index].label, traces[index]
        if before is None:
            findings.drifts.append(CurveDrift(plan.name, label, (), {}, "new"))
            continue
        spec = {key: value for key, value in before.items() if key not in ("columns", "summary")}
        changed = _changes(spec, spec_record(trace.spec))
        differences: list[ColumnDifference] = []
        if rendered_columns is not None:
            titles = _column_titles(trace)
            for title, was, name in zip(titles, [*before["columns"], *[""] * len(titles)], names[index], strict=False):
                difference = column_difference(title, rendered_columns.get(was), columns[name], findings.rtol)
                if difference is not None:
                    differences.append(difference)
        if differences or changed:
            findings.drifts.append(CurveDrift(plan.name, label, tuple(differences), changed))


def _column_titles(trace: Trace) -> list[str]:
    """The contents of a trace's columns, without its label."""
    groups = trace.group_names if trace.lr.shape[1] > 1 else ("",)
    titles = [f"lr of {group}" if group else "lr" for group in groups]
    if trace.momentum is not None:
        titles += [f"momentum of {group}" if group else "momentum" for group in groups]
    return titles + ["metric"] * (trace.metric is not None)


def _rendered_columns(findings: Findings, traces: Sequence[Trace], path: Path) -> dict[str, Values] | None:
    """The numbers of a CSV by column; None if the file is missing."""
    digest = file_digest(path)
    if digest is None:
        return None
    expected = hashlib.sha256()
    for piece in formats.chunks(traces, "csv"):
        expected.update(encode(piece))
    if expected.hexdigest() == digest.sha256:  # the usual case, and faster than reading the file
        return column_values(traces)
    columns: dict[str, Values] = {}
    try:
        data = io.BytesIO(read_bytes(path, _MAX_TABLE))
        columns = read_columns(io.TextIOWrapper(data, encoding="utf-8", newline=""))
    except OSError as error:
        if error.errno not in (None, errno.EISDIR):  # None: not a regular file, or too large
            raise
    except ValueError:
        pass
    if not columns and path.name not in findings.altered:
        findings.altered.append(path.name)
    return columns


def _match_curves(
    before: Sequence[Mapping[str, Any]], labels: Sequence[str]
) -> Iterator[tuple[Mapping[str, Any] | None, int | None]]:
    """Pair the curves of a render with those of now: by label, and the remaining ones in order."""
    unmatched: dict[str, list[int]] = {}  # by label, the last first
    for i in reversed(range(len(before))):
        unmatched.setdefault(str(before[i].get("label")), []).append(i)
    matches = [found.pop() if (found := unmatched.get(label)) else None for label in labels]
    remaining = iter(sorted(i for found in unmatched.values() for i in found))
    for index, match in enumerate(matches):
        at = next(remaining, None) if match is None else match
        yield (None if at is None else before[at]), index
    for i in remaining:
        yield before[i], None
