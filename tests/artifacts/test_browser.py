"""The page of a render in a real browser: wide and narrow, on light ground and on dark."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from lrviz.cli import main

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.skipif(
        not (CHROMIUM and DRIVER),
        reason="no Chromium and chromedriver here; Debian has them as chromium, chromium-driver",
    ),
]

HOSTILE = """
about = "<script>document.title = 'taken'</script>"
[[figure]]
name = "a"
title = "</title></svg><script>document.title = 'taken'</script>"
[[figure.curve]]
scheduler = "cosine"
label = "<img src='x' onerror='document.title = 1'> a_label_that_is_long_and_has_no_space_to_be_broken_at_" # and more
[[figure.curve]]
scheduler = "lambda(lr_lambda=lambda epoch: 0.95 ** epoch if epoch < 100 else 0.9 ** (epoch * epoch + 3 * epoch + 17))"
label = "two\\nlines"
"""
PAGES = {"guide": 1, "scheduler-tour": 7, "hostile": 1}  # with their figures

# Every text that is shown: its colour, and the ground behind it, as "rgb(r, g, b)".
TEXTS = """
const found = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const shown = colour => colour !== 'rgba(0, 0, 0, 0)' && colour !== 'transparent';
while (walker.nextNode()) {
  const node = walker.currentNode, element = node.parentElement;
  if (!node.data.trim() || element.closest('svg') || !element.checkVisibility()) continue;
  let ground = element;
  while (ground && !shown(getComputedStyle(ground).backgroundColor)) ground = ground.parentElement;
  found.push([node.data.trim(), getComputedStyle(element).color,
              ground ? getComputedStyle(ground).backgroundColor : 'rgb(255, 255, 255)']);
}
for (const svg of document.querySelectorAll('svg')) {
  if (!svg.checkVisibility()) continue;
  const ground = getComputedStyle(svg.querySelector('path')).fill;
  for (const glyphs of svg.querySelectorAll('g > g[transform]')) {
    if (glyphs.querySelector('use'))
      found.push(['in a figure', getComputedStyle(glyphs).fill, ground]);
  }
}
return found;
"""
FIGURES = """
return [...document.querySelectorAll('figure')].map(figure => [...figure.querySelectorAll('svg')].map(svg => {
  const box = svg.getBoundingClientRect();
  const named = svg.getAttribute('aria-labelledby').split(' ').map(id => document.getElementById(id).textContent);
  return {shown: svg.checkVisibility(), left: box.left, right: box.right, height: box.height,
          role: svg.getAttribute('role'), title: named[0], text: named[1], kind: svg.getAttribute('class')};
}));
"""


@dataclass(frozen=True)
class Screen:
    """How wide the browser is, and what its user prefers."""

    width: int
    scheme: str


OPENED = [
    pytest.param((name, Screen(width, scheme)), id=f"{name}-{width} {scheme}")
    for name in PAGES
    for width in (360, 1280)
    for scheme in ("light", "dark")
]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a render of each preset."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "hostile.toml").write_text(HOSTILE)
    for name in PAGES:
        preset = {"hostile": str(folder / "hostile.toml"), "guide": "cheatsheet"}.get(name, name)
        style = ["--style", "cheatsheet"] if name == "guide" else []
        assert main(["render", preset, "-o", str(folder / name), "--formats", "svg", "-q", *style]) == 0
    return folder


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """A browser of its own, which talks to nobody."""
    options = Options()
    options.binary_location = str(CHROMIUM)
    for flag in (
        "headless",
        "no-sandbox",
        "disable-gpu",
        "disable-dev-shm-usage",
        "disable-quic",
        "no-first-run",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
        f"user-data-dir={tmp_path_factory.mktemp('browser')}",
    ):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, Service(str(DRIVER)))
    try:
        yield driver
    finally:
        driver.quit()


@dataclass(frozen=True)
class Page:
    """A page that was opened, with what the browser logged meanwhile."""

    browser: webdriver.Chrome
    name: str
    screen: Screen
    console: list[dict[str, Any]]
    requests: list[str]

    def ask(self, script: str) -> Any:
        return self.browser.execute_script(script)


@pytest.fixture(scope="module", params=OPENED)
def page(request: pytest.FixtureRequest, browser: webdriver.Chrome, pages: Path) -> Page:
    """A page, opened on a screen, for all tests of it."""
    name, screen = request.param
    metrics = {"width": screen.width, "height": 800, "deviceScaleFactor": 1, "mobile": screen.width < 500}
    media = {"features": [{"name": "prefers-color-scheme", "value": screen.scheme}]}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    for log in ("browser", "performance"):
        browser.get_log(log)  # type: ignore[no-untyped-call] # what was before
    browser.get((pages / name / "index.html").as_uri())
    console, events = (browser.get_log(log) for log in ("browser", "performance"))  # type: ignore[no-untyped-call]
    messages = [json.loads(event["message"])["message"] for event in events]
    requests = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    return Page(browser, name, screen, console, requests)


def luminance(colour: str) -> float:
    """WCAG's relative luminance of "rgb(r, g, b)"."""
    values = [float(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


class TestPage:
    def test_nothing_is_wrong_and_nothing_is_asked_for(self, page: Page) -> None:
        assert page.console == []
        (only,) = [url for url in page.requests if not url.startswith("data:,")]
        assert only.endswith(f"/{page.name}/index.html")
        assert page.ask("return document.title").endswith(": learning-rate schedules")

    def test_it_follows_the_scheme(self, page: Page) -> None:
        ground = page.ask("return getComputedStyle(document.body).backgroundColor")
        assert (luminance(ground) < 0.1) == (page.screen.scheme == "dark")
        figure = page.ask("return getComputedStyle(document.querySelector('svg path')).fill")
        assert figure == ground

    def test_it_does_not_scroll_sideways(self, page: Page) -> None:
        assert page.ask("return innerWidth") == page.screen.width
        assert page.ask("return document.scrollingElement.scrollWidth") <= page.screen.width
        wide = (
            "return [...document.querySelectorAll('body *')].filter(e => e.checkVisibility() && !e.closest('svg') "
            "&& !e.closest('thead') && e.getBoundingClientRect().right > innerWidth + 0.5).map(e => e.outerHTML)"
        )
        assert page.ask(wide) == []

    def test_every_figure_is_visible_once_and_has_a_text(self, page: Page) -> None:
        figures = page.ask(FIGURES)
        count = PAGES[page.name]
        assert len(figures) == count
        for svgs in figures:
            (shown,) = [svg for svg in svgs if svg["shown"]]
            assert shown["kind"] == ("narrow" if page.screen.width == 360 else "wide")
            assert 0 <= shown["left"] < shown["right"] <= page.screen.width
            assert shown["right"] - shown["left"] > 0.85 * min(page.screen.width - 32, 1000)
            assert shown["height"] > 150
            assert shown["role"] == "img"
            assert shown["title"]
            assert "peak" in shown["text"]

    def test_all_text_can_be_read(self, page: Page) -> None:
        texts = page.ask(TEXTS)
        assert sum(text == "in a figure" for text, _, _ in texts) > 5
        assert sum(text != "in a figure" for text, _, _ in texts) > 5
        weak = {
            (text, ink, ground, round(contrast(ink, ground), 2))
            for text, ink, ground in texts
            if contrast(ink, ground) < 4.5
        }
        assert weak == set()

    def test_landmarks_and_headings_are_there(self, page: Page) -> None:
        count = PAGES[page.name]
        one = {"main": 1, "header": 1, "footer": 1, "h1": 1, "section": count, "h2": count, "table": count}
        for element, wanted in one.items():
            assert page.ask(f"return document.querySelectorAll('{element}').length") == wanted
        assert page.ask("return document.querySelectorAll('nav').length") == (count > 1)
        assert page.ask("return document.documentElement.lang") == "en"
        assert page.ask("return document.querySelector('.skip').hash") == "#all:figures"
        assert page.ask("return document.querySelectorAll('th[scope=row]').length") >= count
        assert page.ask("return document.querySelectorAll('script').length") == 0

    def test_notation_is_there_to_copy(self, page: Page) -> None:
        """A click selects all of it."""
        selected = page.ask("return getComputedStyle(document.querySelector('td code')).userSelect")
        assert selected == "all"
