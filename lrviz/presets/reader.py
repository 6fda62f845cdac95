"""Read a preset file: the runs and the options of its figures."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from lrviz.errors import SpecError, UsageError
from lrviz.figure import FigureOptions, style_parts
from lrviz.files import check_inside, is_inside, parse_toml
from lrviz.notation import one_budget, parse_value, value_name
from lrviz.presets.checking import Place, check_table, errors_at, short, wrong_value
from lrviz.presets.files import read_preset, shown_path
from lrviz.presets.keys import (
    DEFAULT_MAX_CURVES,
    FIGURE_KEYS,
    MAX_CURVES,
    MAX_LETS,
    RUN_KEYS,
    TOTAL_CURVES,
    TOTAL_UPDATES,
    keys_of,
)
from lrviz.spec import CodeCall, Fields, RunSpec, Sweep, read_inset, read_runs, read_size, read_span, read_values

_CURVE_HEADING: Final = re.compile(r"\s*\[\[\s*figure\s*\.\s*curve\s*\]\]")
_DEFAULT_FORMATS: Final = ("png", "svg")
_DEVICES: Final = frozenset({"con", "prn", "aux", "nul", *(f"{port}{i}" for port in ("com", "lpt") for i in range(10))})


@dataclass(frozen=True)
class FigurePlan:
    """One figure of a preset: the name of its files, its runs and its options.

    `style` is the style as in the preset; `options.style` may be a path relative to the preset's folder.
    """

    name: str
    runs: tuple[RunSpec, ...]
    options: FigureOptions
    style: str
    formats: tuple[str, ...]

    @property
    def title(self) -> str:
        """The figure's title, or its name."""
        return self.options.title or self.name

    @property
    def files(self) -> tuple[str, ...]:
        """The names of its files: one for each format, and the CSV."""
        return tuple(f"{self.name}.{suffix}" for suffix in (*self.formats, "csv"))


@dataclass(frozen=True)
class Preset:
    """The figures of a preset file; paths in it are relative to `folder`."""

    name: str
    about: str
    figures: tuple[FigurePlan, ...]
    folder: Path


@one_budget()
def load_preset(
    path: Path,
    *,
    allow_code: bool = False,
    allow_outside: bool = False,
    max_curves: int = TOTAL_CURVES,
    max_updates: int = TOTAL_UPDATES,
    any_length: bool = False,
) -> Preset:
    """Read a preset file.

    Args:
        path: The file.
        allow_code: Whether a curve may be the user's code, which runs when the curve is simulated.
        allow_outside: Whether metric and style files may lie outside the folder of the preset.
        max_curves: The greatest number of curves in all figures together.
        max_updates: The greatest number of updates of all curves together, see `_updates`.
        any_length: Whether a run may be longer than its scheduler can go on for.

    Raises:
        UsageError: the file cannot be read or is not valid TOML, a key in it is unknown, missing or of a wrong type,
            or it has too many curves or updates.
        NotationError: a scheduler cannot be read.
        SpecError: a scheduler or its run is not valid, or the file names code and `allow_code` is False, or a file
            outside its folder and `allow_outside` is False.
    """
    # A link may lead to any file of the machine: errors about it must not show what it contains.
    text = read_preset(path)
    hint = "text needs quotes; `lrviz presets cheatsheet` prints an example"
    data = parse_toml(text, shown_path(path), hint, quote=is_inside(path, path.parent))
    lines = tuple(n for n, line in enumerate(text.splitlines(), start=1) if _CURVE_HEADING.match(line))
    return _Reader(
        shown_path(path), path.parent, allow_code, allow_outside, max_curves, max_updates, any_length, lines
    ).preset(path.stem, data)


def chosen_figures(preset: Preset, only: Sequence[str]) -> tuple[FigurePlan, ...]:
    """The figures with the names in `only`; all figures if it is empty.

    Raises:
        UsageError: the preset has no such figure.
    """
    names = [plan.name for plan in preset.figures]
    for name in only:
        if name not in names:
            close = difflib.get_close_matches(name, names, n=1)
            hint = f"did you mean `{close[0]}`? " if close else ""
            raise UsageError(f"the preset has no figure `{name}`", f"{hint}it has {', '.join(names[:20])}")
    return tuple(plan for plan in preset.figures if not only or plan.name in only)


@dataclass(frozen=True)
class _Reader:
    """Reads the tables of one file."""

    shown: str  # the path in errors
    folder: Path
    allow_code: bool
    allow_outside: bool
    max_curves: int
    max_updates: int
    any_length: bool
    curve_lines: tuple[int, ...]  # of what looks like the heading of a curve

    def preset(self, name: str, data: Mapping[str, Any]) -> Preset:
        top = Place("top", f"`{self.shown}`")
        if not data.get("figure") and not set(data) - set(keys_of("top")):
            raise top.error("no figures in it", 'a figure begins with `[[figure]]` and `name = "..."`')
        check_table(top, data)
        defaults = data.get("defaults", {})
        check_table(Place("defaults", f"`{self.shown}`, [defaults]"), defaults)
        names: list[str] = []
        curves = 0
        places = [self._figure_place(number, table) for number, table in enumerate(data["figure"], start=1)]
        for place, table in zip(places, data["figure"], strict=True):
            check_table(place, table)
            self._check_name(place, table["name"], names)
            names.append(table["name"])
            curves += self._count_curves(place, table, {**defaults, **table}.get("max_curves", DEFAULT_MAX_CURVES))
        if curves > self.max_curves:
            raise top.error(
                f"{curves:,} curves in all figures together; the limit is {self.max_curves:,}",
                f"split it into several, or raise the limit with `--max-curves {curves}`",
            )
        figures: list[FigurePlan] = []
        updates = lines = 0
        tables = sum(len(table["curve"]) for table in data["figure"])
        headings = iter(self.curve_lines) if tables == len(self.curve_lines) else None
        for place, table in zip(places, data["figure"], strict=True):
            figure, updates = self._figure(place, defaults, table, updates, headings)
            figures.append(figure)
            lines += sum(len(run.groups) for run in figure.runs)
            if lines > self.max_curves:
                raise place.error(
                    f"the curves up to this figure have {lines:,} parameter groups in all; "
                    f"the limit is {self.max_curves:,}",
                    "split the preset into several, or raise the limit with `--max-curves N`",
                )
        return Preset(name, data.get("about", ""), tuple(figures), self.folder)

    def _figure_place(self, number: int, table: Mapping[str, Any]) -> Place:
        name = table.get("name")
        shown = f"`{short(name)}`" if isinstance(name, str) and name else f"{number}"
        return Place("figure", f"`{self.shown}`, [[figure]] {shown}")

    def _check_name(self, place: Place, name: str, taken: list[str]) -> None:
        if name.partition(".")[0].lower() in _DEVICES:
            raise place.error("`name` is a device name on Windows", "choose another name")
        for other in taken:
            if other.lower() == name.lower():
                raise place.error(
                    f"`name` is already used by {'another figure' if other == name else f'`{other}`'}",
                    "give each figure its own name: it is the name of its files",
                )

    def _figure(
        self,
        place: Place,
        defaults: Mapping[str, Any],
        table: Mapping[str, Any],
        updates: int,
        lines: Iterator[int] | None,
    ) -> tuple[FigurePlan, int]:
        """A figure, and the updates of all curves up to its last; `updates` are those before its first."""
        values = {**defaults, **table}
        options = {key.name: values[key.name] for key in FIGURE_KEYS if key.name in values}
        fields = Fields(
            prefix="", folder=self.folder, outside=self.allow_outside, show_momentum=options.get("show") == "momentum",
            any_length=self.any_length,
        )  # fmt: skip
        fields = self._with_fields(self._with_fields(fields, defaults, place), table, place)
        runs: list[RunSpec] = []
        for number, curve in enumerate(table["curve"], start=1):
            label = curve.get("label")
            shown = f"`{short(label)}`" if isinstance(label, str) and label else f"{number}"
            at = Place("curve", f"{place.text}, [[figure.curve]] {shown}")
            new = self._curve(at, fields, curve)
            ignored = (*defaults.get("ignore", ()), *table.get("ignore", ()), *curve.get("ignore", ()))
            where = f"{self.shown}:{next(lines)}" if lines is not None else at.text.replace("`", "")
            new = [replace(run, place=where, ignored=ignored) for run in new]
            runs += new
            updates += sum(map(_updates, new))
            if updates > self.max_updates:
                raise at.error(
                    f"the curves up to this one make {updates:,} updates in all; the limit is {self.max_updates:,}",
                    "shorten the runs, or raise the limit with `--max-updates N`",
                )
        with errors_at(place):
            figure = FigurePlan(
                table["name"],
                tuple(runs),
                self._options(place, options, table.get("title"), runs),
                options.get("style", "lrviz"),
                tuple(options.get("formats", _DEFAULT_FORMATS)),
            )
        return figure, updates

    def _count_curves(self, place: Place, table: Mapping[str, Any], most: int) -> int:
        """The number of curves of a figure, before they are read; too many for the figure are refused."""
        total = 0
        for curve in table["curve"]:
            with errors_at(place):
                text = curve.get("scheduler")
                total += Sweep.of(text).size if isinstance(text, str) else 1
        if total > most:
            raise place.error(
                f"{total:,} curves are too many to tell apart; the limit is {most}",
                "`max_curves` in the figure raises it",
            )
        return total

    def _curve(self, place: Place, fields: Fields, table: Mapping[str, Any]) -> list[RunSpec]:
        check_table(place, table)
        with errors_at(place):
            runs = read_runs(
                [table["scheduler"]],
                self._with_fields(fields, table, place),
                [table.get("label", "")],
                MAX_CURVES,
            )
        code = next((run for run in runs if isinstance(run.scheduler, CodeCall)), None)
        if code is not None and not self.allow_code:
            raise SpecError(
                f"{place.text}: `{short(str(code.scheduler))}` is code that would run",
                "add `--allow-code` if you trust the preset",
            )
        return runs

    def _with_fields(self, fields: Fields, table: Mapping[str, Any], place: Place) -> Fields:
        """Fields, with those of a table replacing them."""
        values = {key.name: table[key.name] for key in RUN_KEYS if key.name in table and key.name != "let"}
        if isinstance(values.get("metric"), list):
            values["metric"] = ", ".join(map(repr, values["metric"]))
        elif "metric" in values:
            values["metric"] = re.sub(r"\s*\n\s*", " ", values["metric"].strip())  # an expression may span lines
        lets = dict(fields.lets)
        if (count := len(lets) + len(table.get("let", {}))) > MAX_LETS:
            raise place.error(f"`let` gives a value to {count:,} names; the limit is {MAX_LETS:,}")
        for name, value in table.get("let", {}).items():
            if (checked := value_name(name)) is None:
                raise place.error(f"`let` gives a value to `{short(name)}`, which is not a name")
            with errors_at(place):
                lets[checked] = parse_value(value, lets) if isinstance(value, str) else _as_tuples(value)
        settings = fields.settings
        if path := table.get("config"):
            with errors_at(place):
                if not fields.outside:
                    check_inside(self.folder / path, self.folder, f"the file `{short(path)}`")
                settings = read_values(path, "config", folder=self.folder, pipe=False)
        kind = table.get("from_kind", fields.kind)
        return replace(fields.over(values), lets=lets, settings=settings, kind=kind)

    def _options(
        self, place: Place, values: Mapping[str, Any], title: str | None, runs: Sequence[RunSpec]
    ) -> FigureOptions:
        plain = ("log", "x", "dpi", "layout", "columns", "annotate", "font")
        options = {name: values[name] for name in plain if name in values}
        options["span"] = read_span(values.get("from"), values.get("to"), runs)
        if "inset" in values:
            options["inset"] = read_inset("inset", values["inset"], runs)
        if "ylim" in values:
            try:
                options["ylim"] = (float(values["ylim"][0]), float(values["ylim"][1]))
            except OverflowError as error:
                raise wrong_value(place, keys_of(place.table)["ylim"], values["ylim"]) from error
        if "style" in values:
            options["style"] = self._style_path(place, values["style"])
        if "size" in values:
            size = values["size"]
            try:
                options["size"] = read_size(size) if isinstance(size, str) else (float(size[0]), float(size[1]))
            except (UsageError, OverflowError) as error:
                raise wrong_value(place, keys_of(place.table)["size"], size) from error
        if "axes" in values:
            options["share_y"] = values["axes"] == "shared"
        return FigureOptions(**options, title=title, momentum=values.get("show") == "momentum")

    def _style_path(self, place: Place, style: str) -> str:
        """Names of styles unchanged, and paths of style files relative to the preset's folder."""
        return ",".join(self._style_part(place, part) for part in style_parts(style))

    def _style_part(self, place: Place, style: str) -> str:
        if not style.endswith(".mplstyle") and "/" not in style and "\\" not in style:
            return style
        path = self.folder / style
        if not self.allow_outside:
            expanded = os.path.expanduser(path)  # noqa: PTH111 - Path.expanduser raises for an unknown user
            with errors_at(place):
                check_inside(Path(expanded), self.folder, f"the style file `{style}`")
        return str(path)


def _updates(run: RunSpec) -> int:
    """The updates of a run, counted for each parameter group, or its scheduler steps if more; and its metric's size."""
    size = 0 if run.metric is None else run.metric.size
    return max(run.loop.updates * len(run.groups), run.loop.scheduler_steps) + size


def _as_tuples(value: Any) -> Any:
    return tuple(map(_as_tuples, value)) if isinstance(value, list) else value
