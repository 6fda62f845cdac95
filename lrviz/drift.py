"""What a preset gives today, held against what was rendered: which curve parted, from which step, and by how much."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrviz import export, record
from lrviz.errors import UsageError
from lrviz.folder import JOURNAL, MANIFEST, content, read_manifest
from lrviz.keys import FORMATS
from lrviz.parting import Parting, columns_of, find_parting, read_columns
from lrviz.plans import AS_IT_IS, Overrides, overridden, shifted, simulate_plan
from lrviz.preset import FigurePlan, Preset, chosen
from lrviz.printable import printable
from lrviz.reasons import reason
from lrviz.stdout import encode

if TYPE_CHECKING:
    from lrviz.parting import Values
    from lrviz.trace import Trace

Change = tuple[Any, Any]  # what was rendered, and what is now; None for what is not there


@dataclass(frozen=True)
class CurveDrift:
    """How one curve differs: its numbers, and what changed in the spec behind them."""

    figure: str
    curve: str
    partings: tuple[Parting, ...]
    changed: Mapping[str, Change]
    state: str = "differs"  # or "new", or "gone"


@dataclass
class Findings:
    """What a check found."""

    preset: str
    folder: str
    rtol: float
    curves: int = 0
    figures: int = 0
    drifts: list[CurveDrift] = field(default_factory=list)
    looks: list[tuple[str, str, Change]] = field(default_factory=list)  # figure, key, change
    never_rendered: list[str] = field(default_factory=list)  # figures
    no_longer_there: list[str] = field(default_factory=list)  # figures
    missing: list[str] = field(default_factory=list)  # files
    altered: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    leftover: list[str] = field(default_factory=list)
    versions: dict[str, Change] = field(default_factory=dict)

    @property
    def equal(self) -> bool:
        """Whether all is as rendered; files that are none of the preset's, and other versions, are no difference."""
        return not any((self.drifts, self.looks, self.never_rendered, self.no_longer_there, self.missing, self.altered))


def check(
    preset: Preset,
    target: Path,
    *,
    only: Sequence[str] = (),
    overrides: Overrides = AS_IT_IS,
    rtol: float = 0.0,
    report: Callable[[int, int], None] | None = None,
) -> Findings:
    """Simulate a preset and compare with what was rendered into a folder; nothing is written.

    Args:
        preset: The preset as it is.
        target: The folder.
        only: Names of figures to check, all where there are none.
        overrides: As for `render`; what is left out is taken as it was rendered.
        rtol: The relative difference that passes as equal.
        report: Called with the scheduler steps made and their total.

    Raises:
        UsageError: the folder holds no finished render of this preset.
        SimulationError: torch or the user's code failed.
    """
    shown = printable(str(target))
    manifest = _manifest(preset, target, shown)
    plans = chosen(preset, only)
    found = Findings(preset.name, shown, rtol, sum(len(plan.runs) for plan in plans), len(plans))
    rendered = {figure["name"]: figure for figure in manifest["figures"]}
    now = record.versions()
    found.versions = {
        name: (manifest["versions"].get(name), now[name]) for name in now if manifest["versions"].get(name) != now[name]
    }
    if not only:
        found.no_longer_there = [name for name in rendered if name not in {plan.name for plan in preset.figures}]
    _check_files(found, manifest, target, only)
    total, done = sum(run.loop.scheduler_calls for plan in plans for run in plan.runs), 0
    for plan in plans:
        if plan.name not in rendered:
            found.never_rendered.append(plan.name)
            continue
        traces = simulate_plan(plan, preset.folder, shifted(report, done, total))
        done += sum(run.loop.scheduler_calls for run in plan.runs)
        _check_look(found, _as_rendered(plan, rendered[plan.name]["options"], overrides), rendered[plan.name])
        _check_curves(found, plan, traces, rendered[plan.name], target / f"{plan.name}.csv")
    return found


def _manifest(preset: Preset, target: Path, shown: str) -> dict[str, Any]:
    """The manifest of a folder that holds a render of this preset.

    Raises:
        UsageError: it holds none.
    """
    hint = f"`lrviz render` without `--check` renders into `{shown}`"
    try:
        if not target.is_dir():
            there = target.exists()
            raise UsageError(f"`{shown}` is {'a file, not a folder' if there else 'no folder'}", hint)
        manifest = read_manifest(target)
        if manifest is None:
            if (target / JOURNAL).exists():
                raise UsageError(f"the last render into `{shown}` was not finished", hint)
            why = f"its {MANIFEST} is no manifest of lrviz" if (target / MANIFEST).exists() else f"no {MANIFEST} in it"
            raise UsageError(f"`{shown}` holds no render: {why}", hint)
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else "a path cannot hold a NUL character"
        raise UsageError(f"cannot read `{shown}`: {why}") from error
    names = [figure["name"] for figure in manifest["figures"]]
    if not {plan.name for plan in preset.figures} & set(names):
        listed = ", ".join(f"`{printable(name)}`" for name in names[:5]) or "no figures"
        raise UsageError(
            f"`{shown}` holds no render of `{printable(preset.name)}`: the figures there are {listed}", hint
        )
    return manifest


def _as_rendered(plan: FigurePlan, options: Mapping[str, Any], overrides: Overrides) -> FigurePlan:
    """A figure with the formats and the style that it was rendered with on the command line."""
    plan = overridden(plan, overrides)
    formats, style = options.get("formats"), options.get("style")
    if overrides.formats is None and isinstance(formats, list) and set(map(str, formats)) <= set(FORMATS):
        plan = replace(plan, formats=tuple(formats))
    if overrides.style is None and isinstance(style, str):
        plan = replace(plan, style=style)
    return plan


def _check_files(found: Findings, manifest: Mapping[str, Any], target: Path, only: Sequence[str]) -> None:
    """Every file that was rendered is there, with the bytes that were written."""
    for name, item in manifest["files"].items():
        if only and item.get("figure") not in only:
            continue
        there = content(target / name)
        if there is None:
            found.missing.append(name)
        elif there.sha256 != item["sha256"]:
            found.altered.append(name)
    if only:
        return
    for path in sorted(target.iterdir()):
        if path.name in manifest["leftover"]:
            found.leftover.append(path.name)
        elif path.name not in manifest["files"] and path.name != MANIFEST and not path.name.startswith(".lrviz-"):
            found.unknown.append(path.name)


def _check_look(found: Findings, plan: FigurePlan, rendered: Mapping[str, Any]) -> None:
    before = {key: value for key, value in rendered.items() if key not in ("curves", "options")}
    for key, change in _changes(before, record.look_record(plan)).items():
        found.looks.append((plan.name, key, change))
    labels = [[str(curve.get("label")) for curve in rendered["curves"]], [run.label for run in plan.runs]]
    if labels[0] != labels[1] and sorted(labels[0]) == sorted(labels[1]):
        found.looks.append((plan.name, "order of curves", (labels[0], labels[1])))


def _changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Change]:
    keys = dict.fromkeys([*before, *now])
    return {key: (before.get(key), now.get(key)) for key in keys if before.get(key) != now.get(key)}


def _check_curves(
    found: Findings, plan: FigurePlan, traces: Sequence[Trace], rendered: Mapping[str, Any], path: Path
) -> None:
    """Hold the curves of a figure against its CSV and the specs in the manifest."""
    old = _old_columns(found, traces, path)
    new = columns_of(traces)
    names = record.curve_columns(traces)
    for before, at in _matched(rendered["curves"], [trace.label for trace in traces]):
        if at is None:
            found.drifts.append(CurveDrift(plan.name, str((before or {}).get("label")), (), {}, "gone"))
            continue
        label, trace = traces[at].label, traces[at]
        if before is None:
            found.drifts.append(CurveDrift(plan.name, label, (), {}, "new"))
            continue
        spec = {key: value for key, value in before.items() if key not in ("columns", "summary")}
        changed = _changes(spec, record.spec_record(trace.spec))
        partings: list[Parting] = []
        if old is not None:
            titles = _column_titles(trace)
            for title, was, name in zip(titles, [*before["columns"], *[""] * len(titles)], names[at], strict=False):
                if (parting := find_parting(title, old.get(was), new[name], found.rtol)) is not None:
                    partings.append(parting)
        if partings or changed:
            found.drifts.append(CurveDrift(plan.name, label, tuple(partings), changed))


def _column_titles(trace: Trace) -> list[str]:
    """What a trace's own columns hold, without its label."""
    groups = trace.group_names if trace.lr.shape[1] > 1 else ("",)
    titles = [f"lr of {group}" if group else "lr" for group in groups]
    if trace.momentum is not None:
        titles += [f"momentum of {group}" if group else "momentum" for group in groups]
    return titles + ["metric"] * (trace.metric is not None)


def _old_columns(found: Findings, traces: Sequence[Trace], path: Path) -> dict[str, Values] | None:
    """The numbers of a CSV by column; None where it is missing."""
    there = content(path)
    if there is None:
        return None
    digest = hashlib.sha256()
    for piece in export.chunks(traces, "csv"):
        digest.update(encode(piece))
    if digest.hexdigest() == there.sha256:  # nearly always, and quicker than to read it
        return columns_of(traces)
    try:
        return read_columns(path)
    except ValueError:
        if path.name not in found.altered:
            found.altered.append(path.name)
        return {}


def _matched(
    before: Sequence[Mapping[str, Any]], labels: Sequence[str]
) -> Iterator[tuple[Mapping[str, Any] | None, int | None]]:
    """Which curve of those rendered is which of those now: by label, and what is left in order."""
    left = list(range(len(before)))
    partner: list[int | None] = []
    for label in labels:
        at = next((i for i in left if before[i].get("label") == label), None)
        if at is not None:
            left.remove(at)
        partner.append(at)
    for now, at in enumerate(partner):
        if at is None and left:
            partner[now] = left.pop(0)
    for now, at in enumerate(partner):
        yield (None if at is None else before[at]), now
    for i in left:
        yield before[i], None
