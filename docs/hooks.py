"""Pages of the site that are generated when MkDocs builds it: schedulers, commands and the Python API.

MkDocs calls the functions named `on_...`. What they take from lrviz is imported here and nowhere else.
"""

from __future__ import annotations

import contextlib
import html
import inspect
import io
import re
import shlex
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import typer
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from pygments.formatters import HtmlFormatter

import lrviz
from lrviz.cli import main
from lrviz.cli.app import app
from lrviz.schedulers import (
    FORMULA_LEGEND,
    REQUIRED,
    Parameter,
    Scheduler,
    all_families,
    all_schedulers,
    compositions,
)

# What `lrviz plot` draws for a scheduler's page, where the short name alone does not show the schedule well.
_DRAWN: Final = {
    "step": "step --gamma 0.5",
    "multistep": "multistep --milestones 8,24,28 --gamma 0.5",
    "constant": "constant --factor 0.5 --total_iters 8",
    "linear": "linear --start_factor 0.1 --total_iters 16",
    "polynomial": "polynomial --total_iters 32 --power 2",
    "cyclic": "cyclic --show momentum",
    "onecycle": "onecycle --show momentum",
    "warmup-cosine": "warmup-cosine --steps 1000",
    "warmup-linear": "warmup-linear --steps 1000",
    "wsd": "wsd --steps 1000",
    "inverse-sqrt": "inverse-sqrt --steps 1000",
    "noam": "noam --lr 1 --steps 20000",
    "plateau": 'plateau --patience 2 --factor 0.5 --metric "max(0.3, exp(-epoch / 4))" --interval epoch --epochs 16',
}
_STYLES: Final = {"light": "lrviz", "dark": "dark"}
_SCHEDULERS: Final = (*all_schedulers(), *compositions())
_PAGES: Final = {scheduler.name: f"{scheduler.short}.md" for scheduler in _SCHEDULERS}
_KINDS: Final = {
    "int": "whole number",
    "float": "number",
    "bool": "`True` or `False`",
    "choice": "text",
    "milestones": "list of whole numbers",
    "per_group": "number, or a list with one for each parameter group",
    "lr_lambda": "function, or a list with one for each parameter group",
    "function": "function",
    "schedulers": "list of schedulers",
}
_GALLERY: Final = "<!-- schedulers -->"
_FAMILIES: Final = "<!-- families -->"
_PUBLIC: Final = ("simulate", "draw", "Trace", "Summary", "RunSpec", "TrainingLoop", "ParamGroup")
_ERRORS: Final = ("LrvizError", "UsageError", "NotationError", "SpecError", "SimulationError", "OutputError")


# Events of MkDocs


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add the schedulers' pages to the navigation."""
    for section in config.nav or []:
        if "Schedulers" in section:
            section["Schedulers"] += [{s.name: f"schedulers/{s.short}.md"} for s in _SCHEDULERS]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages, their figures and the colours of code."""
    generated: dict[str, str | bytes] = {
        "assets/highlight.css": highlight_css(),
        "reference/commands.md": commands_page(),
        "reference/python.md": python_page(),
    }
    for scheduler in _SCHEDULERS:
        generated[f"schedulers/{scheduler.short}.md"] = scheduler_page(scheduler)
        for name, figure in figures(scheduler).items():
            generated[f"schedulers/{name}"] = figure
    for path, content in generated.items():
        files.append(File.generated(config, path, content=content))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the overviews of schedulers into the pages that ask for them."""
    for place, overview in ((_GALLERY, gallery), (_FAMILIES, families)):
        if place in markdown:
            markdown = markdown.replace(place, overview())
    return markdown


# Schedulers


def command(scheduler: Scheduler) -> str:
    """The command that draws the figure of a scheduler's page."""
    words = _DRAWN.get(scheduler.short) or (f'"{scheduler.example}"' if scheduler.example else scheduler.short)
    return f"lrviz plot {words}"


def figures(scheduler: Scheduler) -> dict[str, bytes]:
    """The figure of a scheduler's page, for light and for dark pages, by file name.

    Raises:
        RuntimeError: the command failed.
    """
    words = [*shlex.split(command(scheduler))[1:], "--quiet", "--size", "9x4.5", "--output"]
    drawn = {}
    with tempfile.TemporaryDirectory() as folder:
        for ground, style in _STYLES.items():
            path = Path(folder) / f"{scheduler.short}-{ground}.svg"
            with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())):  # the path of the file
                status = main([*words, str(path), "--style", style])
            if status:
                raise RuntimeError(f"`{command(scheduler)}` ended with status {status}")
            drawn[path.name] = path.read_bytes()
    return drawn


def scheduler_page(scheduler: Scheduler) -> str:
    """The page of a scheduler as Markdown."""
    sections = {
        "Formula": [*_block("text", scheduler.formula), "", f"{_prose(FORMULA_LEGEND, scheduler)}."],
        "Parameters": _table(
            ("parameter", "value", "default", "limits", "meaning"),
            (_parameter_row(scheduler, parameter) for parameter in scheduler.parameters),
        ),
        "Filled from the run": [
            "Where torch would miss an argument, these parameters are filled from the run:",
            "",
            *_block("python", "\n".join(f"{p.name} = {p.follows}" for p in scheduler.parameters if p.follows)),
        ],
        "When to use it": [_prose(scheduler.use, scheduler)],
        "Cautions": [f"- {_prose(caution, scheduler)}" for caution in scheduler.cautions],
        "Past its end": [_prose(scheduler.past_end, scheduler)],
        "Source": [_linked(scheduler.source)],
    }
    if not any(p.follows for p in scheduler.parameters):
        del sections["Filled from the run"]
    if scheduler.notation:
        about = f"`{scheduler.short}` is a short name for a composition: {_prose(scheduler.summary, scheduler)}."
        sections = {"Stands for": _block("python", scheduler.notation)} | sections
    else:
        about = f"`{scheduler.short}` is the short name of `{scheduler.module}.{scheduler.name}`. "
        about += f"It {_prose(scheduler.summary, scheduler)}."
    lines = [
        f"# {scheduler.name}",
        "",
        about,
        "",
        _images(scheduler, ""),
        "",
        "The command that draws this figure:",
        "",
        *_block("sh", command(scheduler)),
    ]
    for title, body in sections.items():
        lines += ["", f"## {title}", "", *body]
    return "\n".join(lines) + "\n"


def gallery() -> str:
    """The overview: figure, name and summary of each scheduler, with a link to its page."""
    items = [
        f"- [{_images(s, 'schedulers/')}`{s.short}`](schedulers/{s.short}.md) {_escaped(s.name)}" for s in _SCHEDULERS
    ]
    return "\n".join(["## Figures", "", '<div class="gallery" markdown="1">', "", *items, "", "</div>"])


def families() -> str:
    """The schedulers of other packages than torch: a heading and a table for each package."""
    lines = []
    for family in all_families():
        lines += [f"### {_escaped(family.install)}", "", f"{_escaped(family.help)} `pip install {family.install}`", ""]
        rows = ((f"`{s.short}`", f"`{s.attribute}`", _escaped(s.summary)) for s in family.schedulers)
        lines += [*_table(("short name", "name", "what it does"), rows), ""]
    return "\n".join(lines)


def _images(scheduler: Scheduler, folder: str) -> str:
    return "".join(
        f"![{_escaped(f'The learning rate of {scheduler.name}')}]({folder}{scheduler.short}-{ground}.svg)"
        f"{{ .{ground}-only width=648 height=324 }}"
        for ground in _STYLES
    )


def _parameter_row(scheduler: Scheduler, parameter: Parameter) -> tuple[str, ...]:
    if parameter.default is REQUIRED:
        default = "from the run" if parameter.follows else "required"
    elif isinstance(parameter.default, float):
        default = f"`{parameter.default:.6g}`"
    else:
        default = f"`{parameter.default}`"
    kind = _KINDS[parameter.kind] + (", or `None`" if parameter.optional else "")
    return f"`{parameter.name}`", kind, default, _prose(parameter.limits, scheduler), _prose(parameter.help, scheduler)


def _prose(text: str, scheduler: Scheduler) -> str:
    """Text of the catalogue as Markdown: names with `_` or `=` as code, other schedulers as links."""

    def marked(match: re.Match[str]) -> str:
        word = match[0]
        if word in _PAGES and word != scheduler.name:
            return f"[{word}]({_PAGES[word]})"
        return f"`{word}`" if set(word) & set("_=") else word

    return re.sub(r"[A-Za-z_]\w*(=\w[\w.]*\b)?", marked, _escaped(text, keep="_"))


def _linked(source: str) -> str:
    """A source as Markdown: addresses and arXiv numbers as links."""
    if source.startswith("https://"):
        return f"<{source}>"
    return re.sub(r"arXiv:(\d+\.\d+)", r"[\g<0>](https://arxiv.org/abs/\1)", _escaped(source))


# Commands


def commands_page() -> str:
    """The reference of commands, from the command line's own definition."""
    group: Any = typer.main.get_command(app)
    shown: dict[tuple[str, tuple[str, ...]], tuple[str, str]] = {}  # tables, and where each is shown first
    lines = ["# Commands", "", f"{group.help} `lrviz --version` prints the version."]
    for name in group.list_commands(None):
        found = group.get_command(None, name)
        positional = " ".join(p.metavar for p in found.params if p.param_type_name == "argument")
        lines += ["", f"## lrviz {name}", "", *_block("text", f"lrviz {name} {positional} [OPTIONS]"), "", found.help]
        panels: dict[str, list[Any]] = {}
        for parameter in found.params:
            if parameter.param_type_name != "argument":
                panels.setdefault(parameter.rich_help_panel, []).append(parameter)
        for panel, options in panels.items():
            anchor = f"{name}-{_slug(panel)}"
            table = tuple(_table(("option", "value", "default", "meaning"), map(_option_row, options)))
            first, first_anchor = shown.setdefault((panel, table), (name, anchor))
            body = table if first == name else (f"The options are those of [lrviz {first}](#{first_anchor}).",)
            lines += ["", f"### {panel} {{ #{anchor} }}", "", *body]
        if any("SCHEDULER" in p.metavar for p in found.params if p.param_type_name == "argument"):
            pages = ", ".join(f"[{s.short}](../schedulers/{s.short}.md)" for s in _SCHEDULERS)
            lines += ["", f"The parameters of the scheduler are options too, as in `--T_max 32`: {pages}."]
    return "\n".join(lines) + "\n"


def _option_row(option: Any) -> tuple[str, ...]:
    flags = ", ".join(f"`{flag}`" for flag in sorted(option.opts, key=len))
    value = f"`{option.metavar}`" if option.metavar else ""
    default = option.show_default if isinstance(option.show_default, str) else ""
    if re.fullmatch(r"[\w.-]+", default):
        default = f"`{default}`"
    meaning = option.help + (" (repeatable)" if option.multiple and "repeatable" not in option.help else "")
    return flags, value, default, _escaped(meaning)


# The Python API


def python_page() -> str:
    """The reference of the Python API, from signatures and docstrings."""
    lines = ["# Python reference", "", "[Python API](../python.md) shows how these names are used.", ""]
    for name in _PUBLIC:
        thing = getattr(lrviz, name)
        lines += [f"## lrviz.{name}", "", *_block("python", _signature(name, thing)), "", *_docstring(thing), ""]
        for title, member in _members(thing):
            lines += [f"### {title}", "", *_docstring(member), ""]
    lines += ["## Errors", "", *_table(("error", "meaning"), map(_error_row, _ERRORS)), ""]
    return "\n".join(lines)


def _error_row(name: str) -> tuple[str, ...]:
    return f"`lrviz.{name}`", (inspect.getdoc(getattr(lrviz, name)) or "").partition("\n")[0]


def _members(thing: Any) -> Iterator[tuple[str, Any]]:
    """Public properties and methods that a class of lrviz defines."""
    if not inspect.isclass(thing):
        return
    own = [vars(base) for base in reversed(thing.__mro__) if base.__module__.startswith("lrviz")]
    members = {name: member for namespace in own for name, member in namespace.items()}
    for name, member in members.items():
        if name.startswith("_") or not inspect.getdoc(member):
            continue
        if inspect.isfunction(member):
            yield f"{thing.__name__}.{name}{_arguments(member)}", member
        elif isinstance(member, property) or hasattr(member, "func"):
            yield f"{thing.__name__}.{name}", member


def _arguments(function: Any) -> str:
    names = [
        p.name if p.default is p.empty else f"{p.name}={p.default!r}"
        for p in inspect.signature(function).parameters.values()
        if p.name != "self"
    ]
    return f"({', '.join(names)})"


def _signature(name: str, thing: Any) -> str:
    """A signature with an argument on each line."""
    signature = inspect.signature(thing)
    lines, keyword_only = [], False
    for p in signature.parameters.values():
        if p.kind is p.KEYWORD_ONLY and not keyword_only:
            keyword_only = True
            lines.append("*")
        lines.append(f"{p.name}: {p.annotation}" + ("" if p.default is p.empty else f" = {p.default!r}"))
    returns = "" if inspect.isclass(thing) else f" -> {signature.return_annotation}"
    return "\n".join([f"{name}(", *(f"    {line}," for line in lines), f"){returns}"])


def _docstring(thing: Any) -> Iterator[str]:
    """A docstring in Google's style as Markdown."""
    text = inspect.getdoc(thing) or ""
    pieces = re.split(r"^(Args|Returns|Raises|Examples):\n", text, flags=re.MULTILINE)
    yield pieces[0].strip()
    for title, body in zip(pieces[1::2], pieces[2::2], strict=True):
        plain = inspect.cleandoc(body)
        yield from ("", f"**{title}**", "")
        if title == "Examples":
            yield from _block("pycon", plain)
        elif title == "Returns":
            yield plain
        else:
            for item in re.split(r"\n(?=\S)", plain):
                name, _, meaning = item.partition(":")
                yield f"- `{name}`: {' '.join(meaning.split())}"


# Markdown


def highlight_css() -> str:
    """The colours of code, for light and for dark pages."""
    light = HtmlFormatter(style="friendly").get_style_defs(".highlight")
    dark = HtmlFormatter(style="github-dark").get_style_defs('[data-bs-theme="dark"] .highlight')
    return f"{light}\n{dark}\n"


def _block(language: str, text: str) -> list[str]:
    return [f"```{language}", *text.splitlines(), "```"]


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    kept = list(rows)
    table = [f"| {' | '.join(row)} |" for row in (header, ("---",) * len(header), *kept)]
    return ['<div class="reference" markdown="1">', "", *table, "", "</div>"]


def _escaped(text: str, keep: str = "") -> str:
    """Text whose characters Markdown and HTML leave as they are."""
    special = "".join(c for c in r"\`*_[]|" if c not in keep)
    return re.sub(f"[{re.escape(special)}]", r"\\\g<0>", html.escape(text, quote=False))


def _slug(text: str) -> str:
    return re.sub(r"\W+", "-", text.lower()).strip("-")
