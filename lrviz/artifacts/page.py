"""The page and the summary of a render: self-contained HTML, and Markdown."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any, Final

from lrviz.artifacts.commands import command_line, documentation
from lrviz.artifacts.data import figure_data
from lrviz.artifacts.sections import BEGIN, END
from lrviz.artifacts.svg import colour_variables, inline_svg, panel_svg, swatch
from lrviz.code import scheduler_line
from lrviz.figure import PanelPlace, Places
from lrviz.formats import code_span
from lrviz.text import format_rate, printable
from lrviz.trace import Trace

_HEADINGS: Final = ("curve", "peak", "at step", "final", "mean", "warm-up until")

_NUMBER: Final = ' class="number"'
_FOLDER: Final = Path(__file__).parent
_CSS: Final = (_FOLDER / "page.css").read_text(encoding="utf-8")
_SCRIPT: Final = (_FOLDER / "page.js").read_text(encoding="utf-8")
_HASH: Final = b64encode(sha256(_SCRIPT.encode()).digest()).decode("ascii")
# The browser loads nothing, and runs only the script of the page.
_POLICY: Final = (
    f"default-src 'none'; script-src 'sha256-{_HASH}'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'"
)


def is_sheet(layout: str, panels: int) -> bool:
    """Whether a figure has panels beside each other, which a phone shows one under the other."""
    return layout != "overlay" and panels > 1


def page_section(
    figure: Mapping[str, Any], svg: str, places: Places, traces: Sequence[Trace], files: Sequence[str]
) -> str:
    """One figure's section of the page: the image, its data, its numbers, lines to copy, and links to its files.

    Args:
        figure: Its record in the manifest.
        svg: The image as an SVG file.
        places: Where the parts of the image are.
        traces: Its curves.
        files: The names of its files.
    """
    name, title, curves = figure["name"], _title(figure), figure["curves"]
    links = " · ".join(f'<a href="{escape(file)}">{escape(file.rpartition(".")[2].upper())}</a>' for file in files)
    runs = list(dict.fromkeys(_run(curve) for curve in curves))
    caption = escape(runs[0]) if len(runs) == 1 else "each curve has its own run"
    sheet = is_sheet(figure["layout"], len(places.panels))
    texts = dict.fromkeys((*places.notes, *map(printable, figure.get("notes", ()))))
    notes = "".join(f"<p>{escape(note)}</p>\n" for note in texts)
    cut = max(places.title - 4, 0.0), max(places.foot - 4, 0.0)
    image = inline_svg(svg, name, title, _description(figure), figure["style"], cut)
    swatches = {
        curve.key: swatch(curve, figure["style"]) for place in places.panels for curve in reversed(place.curves)
    }
    labels = [[label for label, _ in _numbers(curve)] for curve in curves]
    panels = "".join(
        panel_svg(place, i, name, _panel_title(place, labels)) for i, place in enumerate(places.panels) if sheet
    )
    kinds = {"curve": "", "to copy": ""}
    head = "".join(
        f'<th scope="col" role="columnheader"{kinds.get(heading, _NUMBER)}>{heading}</th>'
        for heading in (*_HEADINGS, "to copy")
    )
    rows = "".join(
        _row(curve, i, swatches, trace, same_run=len(runs) == 1)
        for i, (curve, trace) in enumerate(zip(curves, traces, strict=True))
    )
    return f"""\
<section id="{name}" aria-labelledby="{name}:heading">
<h2 id="{name}:heading">{escape(title)}</h2>
<figure{' class="sheet"' if sheet else ""}>
<p class="names">{_axis_names(places)}, by {figure["x"]}</p>
<div class="plot">
{image}
{panels}</div>
{_legend(labels, swatches, traces, sheet=sheet)}<figcaption>{notes}{caption} · {links}</figcaption>
</figure>
<script type="application/json" class="data">{figure_data(traces, places, labels, figure["x"], sheet=sheet)}</script>
<table role="table"><caption>{len(curves)} {"curve" if len(curves) == 1 else "curves"} in numbers</caption>
<thead role="rowgroup"><tr role="row">{head}</tr></thead>
<tbody role="rowgroup">
{rows}</tbody></table>
</section>
"""


def _axis_names(places: Places) -> str:
    """What the y axes of a figure show, from the top."""
    kinds = dict.fromkeys(curve.kind for place in places.panels for curve in place.curves)
    return ", ".join(kinds).replace("lr", "Learning rate", 1)


def _panel_title(place: PanelPlace, labels: Sequence[Sequence[str]]) -> str:
    """What a panel shows, for screen readers."""
    names = []
    for curve in place.curves:
        trace, group = map(int, curve.key.split("."))
        names.append(labels[trace][group] if curve.kind == "lr" else f"{curve.kind} of {labels[trace][group]}")
    return "; ".join(names)


def _legend(
    labels: Sequence[Sequence[str]], swatches: Mapping[str, str], traces: Sequence[Trace], *, sheet: bool
) -> str:
    """The curves of a figure to switch on and off; in a sheet the parameter groups, which its panels have in common."""
    entries: dict[str, list[str]] = {}
    for i, trace in enumerate(traces):
        for group, name in enumerate(trace.group_names):
            key = f"{i}.{group}"
            if not sheet:
                entries[key] = [key]
            elif len(trace.group_names) > 1:
                entries.setdefault(name, []).append(key)
    if len(entries) < 2:
        return ""
    items = ""
    for name, keys in entries.items():
        i, group = map(int, keys[0].split("."))
        label = printable(name) if sheet else labels[i][group]
        items += f'<li data-curves="{" ".join(keys)}">{swatches.get(keys[0], "")} {escape(label)}</li>\n'
    return f'<ul class="legend" aria-label="curves">\n{items}</ul>\n'


def whole_page(
    preset: str,
    about: str,
    sections: Sequence[tuple[str, str]],
    figures: Mapping[str, Mapping[str, Any]],
    versions: Mapping[str, str | None],
) -> str:
    """The page: one HTML file that loads no other files."""
    body = "".join(f"{BEGIN.format(name)}\n{section}{END.format(name)}\n" for name, section in sections)
    links = "".join(f'<li><a href="#{name}">{escape(_title(figures[name]))}</a></li>' for name, _ in sections)
    nav = f'<nav aria-label="figures"><ul>{links}</ul></nav>' if len(sections) > 1 else ""
    lead = f"<p>{escape(printable(about))}</p>" if about else ""
    title = escape(printable(preset))
    return f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>{title}: learning-rate schedules</title>
<link rel="icon" href="data:,">
<style>
{_CSS}:root{{{colour_variables(body)}}}
</style>
</head>
<body>
<a class="skip" href="#all:figures">skip to the figures</a>
<header>
<h1>{title}</h1>
{lead}
{nav}
</header>
<main id="all:figures">
{body}</main>
<footer>{escape(_made_with(versions))}</footer>
<script>{_SCRIPT}</script>
</body>
</html>
"""


def summary_section(figure: Mapping[str, Any]) -> str:
    """One figure's section of the summary: its curves as a table."""
    head = (*_HEADINGS, "notation")
    lines = [f"## {code_span(printable(_title(figure)))}", ""]
    runs = list(dict.fromkeys(_run(curve) for curve in figure["curves"]))
    if len(runs) == 1:
        lines.append(code_span(runs[0]))
    lines += ["", f"| {' | '.join(head)} |", "| :-- |" + " --: |" * (len(head) - 2) + " :-- |"]
    for curve in figure["curves"]:
        notation = code_span(_notation(curve, same_run=len(runs) == 1))
        for label, numbers in _numbers(curve):
            lines.append(f"| {' | '.join([code_span(label), *numbers, notation])} |")
            notation = ""
    return "\n".join(lines) + "\n"


def whole_summary(preset: str, about: str, sections: Iterable[str], versions: Mapping[str, str | None]) -> str:
    """The summary: Markdown for GitHub and GitLab."""
    body = "".join(f"{section}\n" for section in sections)
    lead = f"{code_span(printable(about))}\n\n" if about else ""
    return f"# {code_span(printable(preset))}\n\n{lead}{body}{_made_with(versions)}\n"


def _title(figure: Mapping[str, Any]) -> str:
    return printable(" ".join((figure.get("title") or figure["name"]).split()) or figure["name"])


def _made_with(versions: Mapping[str, str | None]) -> str:
    return "made with " + ", ".join(f"{name} {version}" for name, version in versions.items() if version)


def _run(curve: Mapping[str, Any]) -> str:
    """The run of a curve in one line."""
    epochs, steps = curve["epochs"], curve["steps_per_epoch"]
    rates = [f"{g['group']} {format_rate(g['lr'])}" if g["group"] else format_rate(g["lr"]) for g in curve["lr"]]
    items = [
        f"{epochs:,} {'epoch' if epochs == 1 else 'epochs'} of {steps:,} {'step' if steps == 1 else 'steps'}",
        *(["stepped once an epoch"] if curve["interval"] == "epoch" else []),
        f"lr {', '.join(rates)}",
        curve["optimizer"] + (f" with momentum {curve['momentum']:g}" if "momentum" in curve else ""),
    ]
    counts = ("max_steps", "grad_accum", "num_processes", "batch_size")
    items += [f"{name} {curve[name]:,}" for name in counts if name in curve]
    items += [f"{name} {curve[name]}" for name in ("accum_remainder", "split_batches") if name in curve]
    return printable(" · ".join(items))


def _notation(curve: Mapping[str, Any], *, same_run: bool) -> str:
    metric = f"  # metric: {curve['metric']}" if "metric" in curve else ""
    run = "" if same_run else f"  # {_run(curve)}"
    return printable(f"{curve['scheduler']}{metric}{run}")


def _numbers(curve: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """A label and the numbers, for each parameter group of a curve."""
    several = len(curve["summary"]) > 1
    label = curve["label"] if curve["label"] != curve["scheduler"] else curve["scheduler"].partition("(")[0]
    return [
        (
            printable(f"{label}: {item['group']}" if several else label),
            [
                format_rate(item["peak"]),
                f"{item['peak_step']:,}",
                format_rate(item["final"]),
                format_rate(item["mean"]),
                "-" if item["warmup_end"] is None else f"{item['warmup_end']:,}",
            ],
        )
        for item in curve["summary"]
    ]


def _row(curve: Mapping[str, Any], i: int, swatches: Mapping[str, str], trace: Trace, *, same_run: bool) -> str:
    html = ""
    words = "".join(_copies(curve, trace, same_run=same_run))
    for group, (label, numbers) in enumerate(_numbers(curve)):
        cells = "".join(
            f'<td role="cell" data-name="{name}">{escape(number)}</td>'
            for name, number in zip(_HEADINGS[1:], numbers, strict=True)
        )
        cells += f'<td role="cell" class="words">{words}</td>'
        swatch = swatches.get(f"{i}.{group}", "")
        html += f'<tr role="row"><th scope="row" role="rowheader">{swatch}{escape(label)}</th>{cells}</tr>\n'
        words = ""  # once for all parameter groups
    return html


def _copies(curve: Mapping[str, Any], trace: Trace, *, same_run: bool) -> Iterator[str]:
    """The lines of a curve to copy, and links to the documentation of its classes."""
    code, command = scheduler_line(trace.spec), command_line(trace.spec)
    notation = _notation(curve, same_run=same_run) if code is None else None
    lines = {"notation": notation, "PyTorch": code, "lrviz": command}
    for name, line in lines.items():
        if line is not None:
            yield f'<div class="copy"><span>{name}</span><code>{escape(printable(line))}</code></div>'
    pages = documentation(curve["scheduler"]) if code is not None else {}
    links = ", ".join(f'<a href="{escape(url)}" rel="noreferrer">{name}</a>' for name, url in pages.items())
    if links:
        yield f'<div class="docs">documentation: {links}</div>'


def _description(figure: Mapping[str, Any]) -> str:
    """A description of a figure for screen readers."""
    curves = [
        f"{label}: peak {numbers[0]} at step {numbers[1]}, final {numbers[2]}"
        for curve in figure["curves"]
        for label, numbers in _numbers(curve)
    ]
    return f"Learning rate of every update. {'; '.join(curves)}."
