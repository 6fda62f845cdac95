"""From a preset file to its figures: TOML, read strictly, and what it says of each figure's runs and look."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from lrviz.errors import SpecError, UsageError
from lrviz.given import given_name
from lrviz.keycheck import Place, blaming, check_table, short, wrong_value
from lrviz.keys import LOOK, MOST_CURVES, RUN, keys_of
from lrviz.look import FigureOptions
from lrviz.notation import parse_value
from lrviz.presetfile import parse_toml, read_text, shown_path
from lrviz.reading import read_size
from lrviz.runs import Fields, Sweep, read_runs
from lrviz.spec import CodeCall, RunSpec

_DEFAULT_FORMATS: Final = ("png", "svg")
_DEVICES: Final = frozenset({"con", "prn", "aux", "nul", *(f"{port}{i}" for port in ("com", "lpt") for i in range(10))})


@dataclass(frozen=True)
class FigurePlan:
    """One figure of a preset: what its files are called, the runs it shows, and how.

    `style` is the style as the preset names it; `look.style` may be a path beside the preset.
    """

    name: str
    runs: tuple[RunSpec, ...]
    look: FigureOptions
    style: str
    formats: tuple[str, ...]

    @property
    def title(self) -> str:
        """What the figure is called: its title, or its name."""
        return self.look.title or self.name

    @property
    def files(self) -> tuple[str, ...]:
        """The names of its files: one for each format, and the CSV."""
        return tuple(f"{self.name}.{suffix}" for suffix in (*self.formats, "csv"))


@dataclass(frozen=True)
class Preset:
    """The figures of a preset file; `folder` is what the paths in it are relative to."""

    name: str
    about: str
    figures: tuple[FigurePlan, ...]
    folder: Path


def load_preset(path: Path, *, allow_code: bool = False) -> Preset:
    """Read a preset file.

    Args:
        path: The file.
        allow_code: Whether a curve may be code of the user's own, which runs when it is simulated.

    Raises:
        UsageError: the file cannot be read, is no TOML, or a key in it is unknown, missing, or of a wrong type.
        NotationError: a scheduler cannot be read.
        SpecError: a scheduler or its run makes no sense, or the file names code and may not.
    """
    return _Reader(shown_path(path), path.parent, allow_code).preset(
        path.stem, parse_toml(read_text(path), shown_path(path))
    )


def chosen(preset: Preset, only: Sequence[str]) -> tuple[FigurePlan, ...]:
    """The figures of these names, all where there are none.

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

    shown: str
    folder: Path
    allow_code: bool

    def preset(self, name: str, data: Mapping[str, Any]) -> Preset:
        top = Place("top", f"`{self.shown}`")
        if not data.get("figure") and not set(data) - set(keys_of("top")):
            raise top.error("no figures in it", 'a figure begins with `[[figure]]` and `name = "..."`')
        check_table(top, data)
        defaults = data.get("defaults", {})
        check_table(Place("defaults", f"`{self.shown}`, [defaults]"), defaults)
        figures: list[FigurePlan] = []
        for number, table in enumerate(data["figure"], start=1):
            place = self._figure_place(number, table)
            check_table(place, table)
            self._check_name(place, table["name"], [figure.name for figure in figures])
            figures.append(self._figure(place, defaults, table))
        return Preset(name, data.get("about", ""), tuple(figures), self.folder)

    def _figure_place(self, number: int, table: Mapping[str, Any]) -> Place:
        name = table.get("name")
        called = f"`{short(name)}`" if isinstance(name, str) and name else f"{number}"
        return Place("figure", f"`{self.shown}`, [[figure]] {called}")

    def _check_name(self, place: Place, name: str, taken: list[str]) -> None:
        if name.partition(".")[0].lower() in _DEVICES:
            raise place.error("`name` is a device's on Windows", "choose another name")
        for other in taken:
            if other.lower() == name.lower():
                raise place.error(
                    f"`name` is already that of {'another figure' if other == name else f'`{other}`'}",
                    "give each figure a name of its own: its files are called by it",
                )

    def _figure(self, place: Place, defaults: Mapping[str, Any], table: Mapping[str, Any]) -> FigurePlan:
        look = {key.name: defaults[key.name] for key in LOOK if key.name in defaults}
        look |= {key.name: table[key.name] for key in LOOK if key.name in table}
        fields = Fields(prefix="", folder=self.folder, show_momentum=look.get("show") == "momentum")
        fields = self._over(self._over(fields, defaults, place), table, place)
        curves = table["curve"]
        self._check_curves(place, curves, look.get("max_curves", MOST_CURVES))
        runs: list[RunSpec] = []
        for number, curve in enumerate(curves, start=1):
            label = curve.get("label")
            called = f"`{short(label)}`" if isinstance(label, str) and label else f"{number}"
            at = Place("curve", f"{place.text}, [[figure.curve]] {called}")
            runs += self._curve(at, fields, curve)
        with blaming(place):
            return FigurePlan(
                table["name"],
                tuple(runs),
                self._look(place, look, table.get("title")),
                look.get("style", "lrviz"),
                tuple(look.get("formats", _DEFAULT_FORMATS)),
            )

    def _check_curves(self, place: Place, curves: list[dict[str, Any]], most: int) -> None:
        """Refuse too many curves before any of them is read."""
        total = 0
        for curve in curves:
            with blaming(place):
                text = curve.get("scheduler")
                total += Sweep.of(text).size if isinstance(text, str) else 1
        if total > most:
            raise place.error(
                f"{total:,} curves are too many to tell apart; the limit is {most}",
                "`max_curves` in the figure lifts it",
            )

    def _curve(self, place: Place, fields: Fields, table: Mapping[str, Any]) -> list[RunSpec]:
        check_table(place, table)
        with blaming(place):
            runs = read_runs(
                [table["scheduler"]], self._over(fields, table, place), [table.get("label", "")], MOST_CURVES * 1000
            )
        code = next((run for run in runs if isinstance(run.scheduler, CodeCall)), None)
        if code is not None and not self.allow_code:
            raise SpecError(
                f"{place.text}: `{short(str(code.scheduler))}` is code that would run",
                "`--allow-code` lets it, if you trust the preset",
            )
        return runs

    def _over(self, fields: Fields, table: Mapping[str, Any], place: Place) -> Fields:
        """Fields with those of a table in their place."""
        own = {key.name: table[key.name] for key in RUN if key.name in table and key.name != "let"}
        if isinstance(own.get("metric"), list):
            own["metric"] = ", ".join(map(repr, own["metric"]))
        elif "metric" in own:
            own["metric"] = re.sub(r"\s*\n\s*", " ", own["metric"].strip())  # an expression may span lines
        lets = dict(fields.lets)
        for name, value in table.get("let", {}).items():
            if (known := given_name(name)) is None:
                raise place.error(f"`let` gives a value to `{short(name)}`, which is no name")
            with blaming(place):
                lets[known] = parse_value(value, lets) if isinstance(value, str) else _frozen(value)
        return replace(fields.over(own), lets=lets)

    def _look(self, place: Place, values: Mapping[str, Any], title: str | None) -> FigureOptions:
        given = {name: values[name] for name in ("log", "x", "dpi", "layout", "columns") if name in values}
        if "style" in values:
            given["style"] = style_beside(values["style"], self.folder)
        if "size" in values:
            size = values["size"]
            try:
                given["size"] = read_size(size) if isinstance(size, str) else (float(size[0]), float(size[1]))
            except (UsageError, OverflowError) as error:
                raise wrong_value(place, keys_of(place.table)["size"], size) from error
        if "axes" in values:
            given["share_y"] = values["axes"] == "shared"
        return FigureOptions(**given, title=title, momentum=values.get("show") == "momentum")


def style_beside(style: str, folder: Path) -> str:
    """A style by name as it is; the path of a style file, from where the preset lies."""
    return str(folder / style) if style.endswith(".mplstyle") or "/" in style or "\\" in style else style


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
