"""The page and the summary of a render: self-contained HTML, and Markdown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from lrviz.artifacts.svg import colour_variables, inline_svg
from lrviz.formats import code_span
from lrviz.text import format_rate, printable

_BEGIN: Final = "<!-- figure: {} -->"
_END: Final = "<!-- end of figure: {} -->"
_SECTION = re.compile(r"^<!-- figure: ([\w.-]+) -->\n(.*?)^<!-- end of figure: \1 -->$", re.DOTALL | re.MULTILINE)
_HEADINGS: Final = ("curve", "peak", "at step", "final", "mean", "warm-up until")

# The browser loads nothing and runs no scripts.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_CSS: Final = """
:root{color-scheme:light dark;--ground:#ffffff;--ink:#1c2025;--soft:#56606b;--line:#d8dce1;--code:#f2f4f6;\
--link:#1f4e9e}
@media(prefers-color-scheme:dark){:root{--ground:#14171c;--ink:#e6e8eb;--soft:#a3acb6;--line:#343b45;--code:#1e232a;\
--link:#8cbcf5}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0 auto;max-width:68rem;padding:1.5rem 1rem 3rem;background:var(--ground);color:var(--ink);
font:1rem/1.5 system-ui,sans-serif;overflow-wrap:break-word}
h1{font-size:1.75rem;line-height:1.2;margin:0}
h2{font-size:1.25rem;line-height:1.3;margin:0 0 .75rem}
header p{color:var(--soft);margin:.25rem 0 0}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;margin:1rem 0 0;padding:0}
a{color:var(--link)}
a:focus-visible{outline:2px solid var(--link);outline-offset:2px}
.skip{position:absolute;left:1rem;top:-4rem;background:var(--ground);padding:.5rem}
.skip:focus{top:.5rem}
section{border-top:1px solid var(--line);margin-top:2rem;padding-top:1.5rem}
figure{margin:0}
figure svg{height:auto;margin:0 auto;max-width:100%}
figure svg *{stroke-linejoin:round;stroke-linecap:butt}
figcaption{color:var(--soft);font-size:.875rem;margin-top:.5rem}
table{border-collapse:collapse;font-size:.875rem;margin-top:1rem;width:100%}
caption{color:var(--soft);padding-bottom:.25rem;text-align:left}
th,td{border-bottom:1px solid var(--line);padding:.4rem .75rem .4rem 0;text-align:left;vertical-align:top}
th{font-weight:600}
td{font-variant-numeric:tabular-nums;white-space:nowrap}
td.words{white-space:normal}
code{background:var(--code);border-radius:.25rem;font:.8125rem/1.5 ui-monospace,monospace;overflow-wrap:anywhere;
padding:.1rem .3rem;user-select:all;-webkit-user-select:all;white-space:pre-wrap}
footer{border-top:1px solid var(--line);color:var(--soft);font-size:.875rem;margin-top:2rem;padding-top:1rem}
figure svg.wide{display:block}
figure svg.narrow{display:none}
@media(max-width:46rem){
figure svg.wide{display:none}
figure svg.narrow{display:block}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
table,tbody,th,td,caption{display:block}
tr{border-bottom:1px solid var(--line);column-gap:2rem;display:grid;grid-template-columns:1fr 1fr;padding:.5rem 0}
th,td.words{grid-column:1/-1}
th,td{border:0;padding:.1rem 0;white-space:normal}
td:not(.words){display:flex;justify-content:space-between;gap:1rem}
td:not(.words)::before{color:var(--soft);content:attr(data-name)}
}
@media print{nav,.skip{display:none}section{break-inside:avoid}}
"""


def page_section(figure: Mapping[str, Any], wide: str, narrow: str, files: Sequence[str]) -> str:
    """One figure's section of the page: the image, its numbers, the notation to copy, and links to its files.

    Args:
        figure: Its record in the manifest.
        wide: The image as an SVG file, for a wide screen.
        narrow: The image as an SVG file, for a phone.
        files: The names of its files.
    """
    name, title, curves = figure["name"], _title(figure), figure["curves"]
    links = " · ".join(f'<a href="{escape(file)}">{escape(file.rpartition(".")[2].upper())}</a>' for file in files)
    runs = list(dict.fromkeys(_run(curve) for curve in curves))
    caption = escape(runs[0]) if len(runs) == 1 else "each curve has its own run"
    caption += "".join(f" · {escape(printable(note))}" for note in figure.get("notes", ()))
    head = "".join(f'<th scope="col" role="columnheader">{h}</th>' for h in (*_HEADINGS, "notation"))
    rows = "".join(_row(curve, same_run=len(runs) == 1) for curve in curves)
    return f"""\
<section id="{name}" aria-labelledby="{name}:heading">
<h2 id="{name}:heading">{escape(title)}</h2>
<figure>
{inline_svg(wide, name, title, _description(figure), figure["style"], "wide")}
{inline_svg(narrow, f"{name}:phone", title, _description(figure), figure["style"], "narrow")}
<figcaption>{caption} · {links}</figcaption>
</figure>
<table role="table"><caption>{len(curves)} {"curve" if len(curves) == 1 else "curves"} in numbers</caption>
<thead role="rowgroup"><tr role="row">{head}</tr></thead>
<tbody role="rowgroup">
{rows}</tbody></table>
</section>
"""


def whole_page(
    preset: str,
    about: str,
    sections: Sequence[tuple[str, str]],
    figures: Mapping[str, Mapping[str, Any]],
    versions: Mapping[str, str | None],
) -> str:
    """The page: one HTML file without scripts that loads no other files."""
    body = "".join(f"{_BEGIN.format(name)}\n{section}{_END.format(name)}\n" for name, section in sections)
    light, dark = colour_variables(body)
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
<style>{_CSS}:root{{{light}}}
@media(prefers-color-scheme:dark){{:root{{{dark}}}}}
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


def whole_summary(
    preset: str, about: str, sections: Sequence[tuple[str, str]], versions: Mapping[str, str | None]
) -> str:
    """The summary: Markdown for GitHub and GitLab."""
    body = "".join(f"{_BEGIN.format(name)}\n{section}{_END.format(name)}\n\n" for name, section in sections)
    lead = f"{code_span(printable(about))}\n\n" if about else ""
    return f"# {code_span(printable(preset))}\n\n{lead}{body}{_made_with(versions)}\n"


def sections_of(text: str) -> dict[str, str]:
    """The sections of a page or a summary, by figure name."""
    return dict(_SECTION.findall(text))


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
    items += [f"{name} {curve[name]:,}" for name in ("grad_accum", "num_processes", "batch_size") if name in curve]
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


def _row(curve: Mapping[str, Any], *, same_run: bool) -> str:
    html = ""
    notation = f"<code>{escape(_notation(curve, same_run=same_run))}</code>"
    for label, numbers in _numbers(curve):
        cells = "".join(
            f'<td role="cell" data-name="{name}">{escape(number)}</td>'
            for name, number in zip(_HEADINGS[1:], numbers, strict=True)
        )
        cells += f'<td role="cell" class="words">{notation}</td>'
        html += f'<tr role="row"><th scope="row" role="rowheader">{escape(label)}</th>{cells}</tr>\n'
        notation = ""  # once for all parameter groups
    return html


def _description(figure: Mapping[str, Any]) -> str:
    """A description of a figure for screen readers."""
    curves = [
        f"{label}: peak {numbers[0]} at step {numbers[1]}, final {numbers[2]}"
        for curve in figure["curves"]
        for label, numbers in _numbers(curve)
    ]
    return f"Learning rate of every update. {'; '.join(curves)}."
