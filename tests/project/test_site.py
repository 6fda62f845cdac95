"""The documentation site: it builds without warnings, its links resolve, and it loads nothing from the network."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import typer

import lrviz
from lrviz.cli import main
from lrviz.cli.app import app
from lrviz.schedulers import Scheduler, all_schedulers, compositions
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

# What a browser loads by itself when it shows a page; a link is followed only when it is clicked.
LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "embed": "src", "object": "data"}
LOADED_LINKS = {"stylesheet", "icon", "preload", "modulepreload", "manifest", "preconnect", "dns-prefetch"}
CSS_ADDRESS = re.compile(r"""(?:url\(|@import\s)\s*['"]?([^'")\s]+)""")


@dataclass
class Page(HTMLParser):
    """The parts of an HTML page that the tests look at."""

    path: Path
    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.ids |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        elif tag == "link" and LOADED_LINKS & set(values["rel"].split()):
            self.loaded.append(values["href"])
        elif tag in LOADED and LOADED[tag] in values:
            self.loaded.append(values[LOADED[tag]])
        self.loaded += CSS_ADDRESS.findall(values.get("style", ""))

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def words(self) -> str:
        """The text of the page with single spaces."""
        return " ".join(self.text.split())


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built by the command of `make site`."""
    pytest.importorskip("mkdocs", reason="mkdocs is in the extra `docs`, which the tests of other versions do without")
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout + done.stderr == ""
    return folder


@pytest.fixture(scope="session")
def pages(site: Path) -> dict[Path, Page]:
    """The pages of the site by path, but for the page that a server shows for a wrong address."""
    return {path: Page(path) for path in sorted(site.rglob("*.html")) if path.name != "404.html"}


def target(page: Path, link: str, site: Path) -> tuple[Path, str]:
    """The file and the anchor that a link of a page leads to."""
    parts = urlsplit(link)
    if not parts.path:
        return page, parts.fragment
    path = (page.parent / unquote(parts.path)).resolve()
    assert path.is_relative_to(site.resolve()), f"{link} in {page.name} leads out of the site"
    return path, parts.fragment


def is_remote(address: str) -> bool:
    """Whether an address is on another computer."""
    return urlsplit(address).scheme not in ("", "data") or address.startswith("//")


def test_the_reader_of_pages_sees_what_is_loaded_and_what_is_linked(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(
        """<link rel="stylesheet" href="a.css"><link rel="canonical" href="https://example.com/b">
        <script src="//example.com/c.js"></script><img src="data:,"><p id="top" style="background: url(d.png)">
        <a href="https://example.com/e">e</a><a href="#top">f</a>""",
        encoding="utf-8",
    )
    page = Page(path)
    assert page.loaded == ["a.css", "//example.com/c.js", "data:,", "d.png"]
    assert [is_remote(address) for address in page.loaded] == [False, True, False, False]
    assert (page.links, page.ids) == (["https://example.com/e", "#top"], {"top"})
    assert CSS_ADDRESS.findall("@import 'g.css'; a { background: url(\"h.png\") }") == ["g.css", "h.png"]


def test_every_page_of_docs_is_in_the_site(pages: dict[Path, Page], site: Path) -> None:
    written = {path.with_suffix(".html").name for path in (ROOT / "docs").glob("*.md")}
    assert written <= {path.relative_to(site).as_posix() for path in pages}


def test_links_and_anchors_resolve(pages: dict[Path, Page], site: Path) -> None:
    broken = []
    for path, page in pages.items():
        for link in page.links:
            if is_remote(link):
                continue
            file, anchor = target(path, link, site)
            if not file.is_file() or (anchor and anchor not in pages[file].ids):
                broken.append(f"{path.relative_to(site)}: {link}")
    assert broken == []


def test_what_pages_load_is_in_the_site(pages: dict[Path, Page], site: Path) -> None:
    remote = [(path.name, address) for path, page in pages.items() for address in page.loaded if is_remote(address)]
    assert remote == []
    missing = [
        (path.name, address)
        for path, page in pages.items()
        for address in page.loaded
        if not address.startswith("data:") and not target(path, address, site)[0].is_file()
    ]
    assert missing == []


def test_style_sheets_and_figures_load_nothing_from_the_network(site: Path) -> None:
    found = [
        address
        for path in [*site.rglob("*.css"), *site.rglob("*.svg")]
        for address in [
            *CSS_ADDRESS.findall(path.read_text(encoding="utf-8")),
            *re.findall(r'(?:href|src)="([^"]*)"', path.read_text(encoding="utf-8") if path.suffix == ".svg" else ""),
        ]
        if is_remote(address)
    ]
    assert found == []


def test_the_site_has_nothing_of_the_build_in_it(site: Path) -> None:
    assert list(site.rglob("*.py*")) == []
    assert not (site / "examples").exists()


@pytest.fixture(params=(*all_schedulers(), *compositions()), ids=lambda scheduler: scheduler.short)
def scheduler(request: pytest.FixtureRequest) -> Scheduler:
    found: Scheduler = request.param
    return found


def test_a_scheduler_has_a_page_with_what_is_known_of_it(
    scheduler: Scheduler, pages: dict[Path, Page], site: Path
) -> None:
    page = pages[site / "schedulers" / f"{scheduler.short}.html"]
    told = [
        scheduler.name,
        scheduler.summary,
        scheduler.formula,
        scheduler.notation,
        scheduler.use,
        *scheduler.cautions,
        scheduler.past_end,
        scheduler.source,
        *(text for p in scheduler.parameters for text in (p.name, p.help, p.limits)),
        *(f"{p.name} = {p.follows}" for p in scheduler.parameters if p.follows),
    ]
    assert [text for text in told if " ".join(text.split()) not in page.words] == []
    assert f"schedulers/{scheduler.short}.html" in pages[site / "schedulers.html"].links


def test_the_figure_of_a_scheduler_is_drawn_by_the_command_below_it(
    scheduler: Scheduler, pages: dict[Path, Page], site: Path, tmp_path: Path
) -> None:
    path = site / "schedulers" / f"{scheduler.short}.html"
    (command,) = re.findall(r"^lrviz plot .*$", pages[path].text, re.MULTILINE)
    for ground, style in {"light": "lrviz", "dark": "dark"}.items():
        name = f"{scheduler.short}-{ground}.svg"
        assert name in pages[path].loaded
        if (style == "dark") != (scheduler.short in ("cosine", "plateau")):
            continue  # drawn by the same line
        words = [*shlex.split(command)[1:], "-q", "--size", "9x4.5", "--style", style, "-o", str(tmp_path / name)]
        assert main(words) == 0
        assert (tmp_path / name).read_bytes() == (path.parent / name).read_bytes()


def options() -> Iterator[tuple[str, str]]:
    """The commands and their options."""
    group: Any = typer.main.get_command(app)
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        yield from ((name, flag) for p in command.params if p.param_type_name == "option" for flag in p.opts)


def test_the_reference_of_commands_is_complete(pages: dict[Path, Page], site: Path) -> None:
    page = pages[site / "reference" / "commands.html"]
    found = list(options())
    assert len(found) > 50
    assert [name for name, _ in found if f"lrviz-{name}" not in page.ids] == []
    assert [flag for _, flag in found if flag not in page.words.split(" ") and f"{flag}," not in page.words] == []


def test_the_python_reference_is_complete(pages: dict[Path, Page], site: Path) -> None:
    page = pages[site / "reference" / "python.html"]
    assert [name for name in lrviz.__all__ if f"lrviz.{name}" not in page.words] == []
    for member in ("Trace.step", "Trace.group_names", "Trace.summary(", "Trace.to_csv("):
        assert member in page.words
