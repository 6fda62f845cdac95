"""The page of a render in a real browser: wide and narrow, on light ground and on dark, with its script and without."""

from __future__ import annotations

import csv
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
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from lrviz.cli import main

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.slow,
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
DETAILS = """
[defaults]
epochs = 30
steps_per_epoch = 782
[[figure]]
name = "a"
annotate = true
inset = "0:5%"
[[figure.curve]]
scheduler = "cyclic(1e-5, 1e-4, 20)"
[[figure.curve]]
scheduler = "sequential([linear(0.01, total_iters=500), cosine(T_max=22960)], [500])"
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
for (const svg of document.querySelectorAll('svg.whole')) {
  const ground = getComputedStyle(svg.querySelector('path')).fill;
  for (const glyphs of svg.querySelectorAll('g > g[transform]')) {
    if (glyphs.querySelector('use'))
      found.push(['in a figure', getComputedStyle(glyphs).fill, ground]);
  }
}
return found;
"""
FIGURES = """
return [...document.querySelectorAll('figure')].map(figure => [...figure.querySelectorAll('svg.chart')].map(svg => {
  const box = svg.getBoundingClientRect();
  const ids = (svg.getAttribute('aria-labelledby') || '').split(' ').filter(id => id);
  const own = [svg.getAttribute('aria-label'), ''];
  const named = ids.length ? ids.map(id => document.getElementById(id).textContent) : own;
  return {shown: svg.checkVisibility({visibilityProperty: true}), left: box.left, right: box.right, top: box.top,
          height: box.height, role: svg.getAttribute('role'), title: named[0], text: named[1],
          whole: svg.matches('.whole'), panels: figure.querySelectorAll('.axes').length};
}));
"""


# For each panel of a phone the heights of the labels of its ticks that are visible.
TICKS = """
const panels = [...document.querySelectorAll('svg.panel')].filter(svg => svg.checkVisibility());
const inside = (label, box) => { const own = label.getBoundingClientRect();
  return own.width && own.left > box.left - 17 && own.right < box.right + 17 && own.top > box.top - 1
    && own.bottom < box.bottom + 1; };
const heights = (labels, box) => labels.filter(label => inside(label, box))
  .map(label => label.getBoundingClientRect().height);
if (panels.length) return panels.map(svg => { // copies are not in the document: the size of the view and the originals
  const [x, y, width, height] = svg.getAttribute('viewBox').split(' ').map(Number);
  const scale = svg.getBoundingClientRect().width / width;
  const [data] = [...svg.closest('section').querySelectorAll('script')].map(e => JSON.parse(e.textContent));
  const found = {};
  for (const axis of ['x', 'y']) {
    const own = data.panels[svg.dataset.panel].labels[axis === 'x' ? 0 : 1];
    const use = [...svg.querySelectorAll('use')].find(e => e.getAttribute('href').endsWith('-' + axis));
    const section = svg.closest('section').id;
    const from = own ? `${section}:panel-${svg.dataset.panel}-${axis}` : use.getAttribute('href').slice(1);
    const [dx, dy] = own ? [0, 0] : [use.x.baseVal.value, use.y.baseVal.value];
    found[axis] = [...document.getElementById(from).querySelectorAll('.tick .text')].map(e => e.getBBox())
      .filter(b => b.x + dx >= x && b.x + dx + b.width <= x + width)
      .filter(b => b.y + dy >= y && b.y + dy + b.height <= y + height)
      .map(b => b.height * scale);
  }
  return found;
});
return [...document.querySelectorAll('figure')].flatMap(figure => {
  const box = figure.querySelector('svg.whole').getBoundingClientRect();
  const below = [...figure.querySelectorAll('.axes')].at(-1); // the panel with the labels of the steps
  return [{x: heights([...below.querySelectorAll('.axis-x .tick .text')], box),
           y: heights([...below.querySelectorAll('.axis-y .tick .text')], box)}];
});
"""


@dataclass(frozen=True)
class Screen:
    """How wide the browser is, and what its user prefers."""

    width: int
    scheme: str


OPENED = [
    pytest.param((name, Screen(width, scheme)), id=f"{name}-{width} {scheme}")
    for name in PAGES
    for width, scheme in ((390, "light"), (390, "dark"), (1400, "light"), (1400, "dark"))
    if name == "guide" or (width == 390) == (scheme == "dark")
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
    """A page that was opened, with the messages of the browser meanwhile."""

    browser: webdriver.Chrome
    name: str
    screen: Screen
    console: list[dict[str, Any]]
    requests: list[str]

    def ask(self, script: str) -> Any:
        return self.browser.execute_script(script)


def opened(browser: webdriver.Chrome, pages: Path, name: str, screen: Screen, media: str = "") -> Page:
    """Open a page on a screen."""
    metrics = {"width": screen.width, "height": 800, "deviceScaleFactor": 1, "mobile": screen.width < 500}
    features = [{"name": "prefers-color-scheme", "value": screen.scheme}]
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})
    for log in ("browser", "performance"):
        browser.get_log(log)  # type: ignore[no-untyped-call] # what was before
    browser.get((pages / name / "index.html").as_uri())
    console, events = (browser.get_log(log) for log in ("browser", "performance"))  # type: ignore[no-untyped-call]
    messages = [json.loads(event["message"])["message"] for event in events]
    requests = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    return Page(browser, name, screen, console, requests)


@pytest.fixture(scope="module", params=OPENED)
def page(request: pytest.FixtureRequest, browser: webdriver.Chrome, pages: Path) -> Page:
    """A page, opened on a screen, for all tests of it."""
    return opened(browser, pages, *request.param)


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

    def test_every_figure_is_visible_and_has_a_text(self, page: Page) -> None:
        """Whole, or on a phone, if it is a sheet, one panel under the other."""
        figures = page.ask(FIGURES)
        assert len(figures) == PAGES[page.name]
        for svgs in figures:
            shown = [svg for svg in svgs if svg["shown"]]
            alone = page.name == "guide" and page.screen.width == 390
            assert [svg["whole"] for svg in shown] == ([False] * 18 if alone else [True])
            assert not alone or shown[0]["panels"] == 18
            for svg in shown:
                assert 0 <= svg["left"] < svg["right"] <= page.screen.width
                assert svg["right"] - svg["left"] > 0.85 * min(page.screen.width - 32, 1000)
                assert svg["height"] > (70 if alone else 150)
                assert svg["role"] == "img"
                assert svg["title"]
                assert alone or "peak" in svg["text"]
            assert [svg["top"] for svg in shown] == sorted(svg["top"] for svg in shown)

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
        assert page.ask("return document.querySelectorAll('script').length") == count + 1
        data = page.ask("return [...document.querySelectorAll('script[type]')].map(e => JSON.parse(e.textContent))")
        assert len(data) == count

    def test_notation_is_there_to_copy(self, page: Page) -> None:
        """A click selects all of it."""
        selected = page.ask("return getComputedStyle(document.querySelector('td code')).userSelect")
        assert selected == "all"


WIDE = Screen(1400, "light")
PHONE = Screen(390, "light")


def numbers(pages: Path, name: str, figure: str) -> list[list[str]]:
    """The rows of a figure's CSV, without the heading."""
    with (pages / name / f"{figure}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))[1:]


def over(page: Page, figure: str, step: float, panel: int = 0) -> ActionChains:
    """Move the pointer to a step in a panel of a figure, at half its height."""
    chart, x, y = page.browser.execute_script(
        """
        const section = document.getElementById(arguments[0]);
        const data = JSON.parse(section.querySelector('script').textContent), panel = data.panels[arguments[2]];
        const svg = [...section.querySelectorAll('svg.chart')].find(svg =>
          svg.checkVisibility({visibilityProperty: true}) && (svg.dataset.panel ?? arguments[2]) == arguments[2]);
        svg.scrollIntoView({block: 'center'});
        const value = data.x === 'epoch' ? arguments[1] / data.runs[0].per_epoch : arguments[1];
        const [left, top, width, height] = panel.box, [low, high] = panel.x;
        const point = new DOMPoint(left + (value - low) / (high - low) * width, top + height / 2)
          .matrixTransform(svg.getScreenCTM());
        const box = svg.getBoundingClientRect();
        return [svg, point.x - box.left - box.width / 2, point.y - box.top - box.height / 2];
        """,
        figure,
        step,
        panel,
    )
    return ActionChains(page.browser, duration=0).move_to_element_with_offset(chart, round(x), round(y))


def readout(page: Page, figure: str) -> list[str]:
    """The lines of the values that are shown; none if they are hidden."""
    lines: list[str] = page.browser.execute_script(
        "const box = document.getElementById(arguments[0]).querySelector('.readout');"
        "return box.hidden ? [] : [...box.children].map(e => [...e.childNodes].map(n => n.textContent).join('|'))",
        figure,
    )
    return lines


@pytest.mark.parametrize("name", PAGES)
def test_every_panel_of_a_phone_has_its_axes(browser: webdriver.Chrome, pages: Path, name: str) -> None:
    """At least two labels of each axis are inside, and as large as text has to be."""
    panels = opened(browser, pages, name, PHONE).ask(TICKS)
    assert len(panels) == (18 if name == "guide" else PAGES[name])
    for heights in panels:
        assert len(heights["x"]) >= 2, heights
        assert len(heights["y"]) >= 2, heights
        assert min(*heights["x"], *heights["y"]) >= 6  # the height of digits in a text of 9 px


class TestPointer:
    @pytest.mark.parametrize("screen", [WIDE, PHONE], ids=["wide", "phone"])
    def test_values_are_those_of_the_numbers(self, browser: webdriver.Chrome, pages: Path, screen: Screen) -> None:
        page = opened(browser, pages, "scheduler-tour", screen)
        for figure, step, extra in (("cosine", 60, ""), ("onecycle", 700, "momentum"), ("plateau", 50, "metric")):
            row = numbers(pages, "scheduler-tour", figure)[step]
            over(page, figure, step).perform()
            head, curve = readout(page, figure)
            shown = int(head.split()[1].replace(",", ""))
            assert abs(shown - step) <= 1 + len(numbers(pages, "scheduler-tour", figure)) // screen.width
            row = numbers(pages, "scheduler-tour", figure)[shown]
            assert head == f"step {shown:,} · epoch {row[1]}"
            _, name, value, *rest = curve.split("|")
            assert name
            assert float(value) == pytest.approx(float(row[2]), rel=1e-5)
            assert bool(rest) == bool(extra)
            if extra:
                assert rest[0].split()[0] == extra
                assert float(rest[0].split()[1]) == pytest.approx(float(row[3]), rel=1e-5)
            assert page.ask(f"return document.querySelectorAll('#{figure} .cross line').length") == 1 + bool(extra)

    def test_a_panel_of_a_phone_shows_its_own_curve(self, browser: webdriver.Chrome, pages: Path) -> None:
        page = opened(browser, pages, "guide", PHONE)
        rows = numbers(pages, "guide", "cheatsheet")
        over(page, "cheatsheet", 16, panel=7).perform()
        head, curve = readout(page, "cheatsheet")
        assert head == "step 16 · epoch 2"
        assert curve.split("|")[1] == "CosineAnnealingLR"
        assert float(curve.split("|")[2]) == pytest.approx(float(rows[16][9]), rel=1e-5)

    def test_text_of_users_stays_text(self, browser: webdriver.Chrome, pages: Path) -> None:
        page = opened(browser, pages, "hostile", WIDE)
        over(page, "a", 10).perform()
        assert readout(page, "a")[1].split("|")[1].startswith("<img src='x' onerror=")
        assert page.ask("return document.querySelectorAll('img').length") == 0
        assert page.ask("return document.title").endswith(": learning-rate schedules")

    def test_a_curve_is_switched_off_and_on(self, browser: webdriver.Chrome, pages: Path) -> None:
        page = opened(browser, pages, "hostile", WIDE)
        button = page.ask("return document.querySelectorAll('.legend button')[1]")
        visible = (
            "return [...document.querySelectorAll('#a [data-curve=\"1.0\"]')]"
            ".map(e => getComputedStyle(e).display !== 'none')"
        )
        assert set(page.ask(visible)) == {True}
        button.click()
        assert set(page.ask(visible)) == {False}
        assert button.get_attribute("aria-pressed") == "false"
        over(page, "a", 10).perform()
        assert len(readout(page, "a")) == 2
        button.send_keys(Keys.SPACE)
        assert set(page.ask(visible)) == {True}
        over(page, "a", 10).perform()
        assert len(readout(page, "a")) == 3

    def test_dragging_zooms_and_the_button_shows_all_again(self, browser: webdriver.Chrome, pages: Path) -> None:
        page = opened(browser, pages, "scheduler-tour", WIDE)
        figure = "return document.querySelector('#cosine .whole').innerHTML"
        before = page.ask("document.querySelectorAll('.cross').forEach(e => e.remove());" + figure)
        over(page, "cosine", 20).click_and_hold().perform()
        over(page, "cosine", 40).release().perform()
        labels = page.ask(
            "return [...document.querySelectorAll('#cosine .axis-x .zoom-tick text')].map(e => +e.textContent)"
        )
        assert len(labels) >= 3
        assert 19 <= min(labels) < max(labels) <= 41
        rates = page.ask(
            "return [...document.querySelectorAll('#cosine .axis-y .zoom-tick text')].map(e => +e.textContent)"
        )
        rows = numbers(pages, "scheduler-tour", "cosine")
        assert float(rows[40][2]) * 0.95 <= min(rates) < max(rates) <= float(rows[20][2]) * 1.05
        assert page.ask("return getComputedStyle(document.querySelector('#cosine .tick')).display") == "none"
        # The curve is where its values are: at the cross-hair.
        over(page, "cosine", 50).perform()
        dot, line = page.ask(
            "const dot = document.querySelector('#cosine .cross circle'), x = dot.cx.baseVal.value;"
            "const path = document.querySelector('#cosine .axes [data-curve] > path'), n = path.getTotalLength();"
            "let best = null; for (let i = 0; i <= 4000; i++) { const p = path.getPointAtLength(n * i / 4000);"
            "if (!best || Math.abs(p.x - x) < Math.abs(best.x - x)) best = p; }"
            "return [[x, dot.cy.baseVal.value], [best.x, best.y]]"
        )
        assert line == pytest.approx(dot, abs=1.5)
        reset = page.ask("return document.querySelector('#cosine .reset')")
        assert reset.is_displayed()
        reset.click()
        assert not reset.is_displayed()
        cleaned = (
            "document.querySelectorAll('.cross, clipPath[id$=-clip]').forEach(e => e.remove());"
            "document.querySelectorAll('[class=\"\"]').forEach(e => e.removeAttribute('class'));"
        )
        assert page.ask(cleaned + figure) == before

    def test_details_are_hidden_where_they_are_not_right(self, browser: webdriver.Chrome, pages: Path) -> None:
        (pages / "details.toml").write_text(DETAILS)
        assert main(["render", str(pages / "details.toml"), "-o", str(pages / "details"), "-q"]) == 0
        page = opened(browser, pages, "details", WIDE)
        visible = (
            "return ['top', 'inset', 'label'].map(name => [...document.querySelectorAll(`#a .whole .${name}`)]"
            ".filter(e => getComputedStyle(e).display !== 'none').length)"
        )
        before = page.ask(visible)
        assert min(before) > 0
        over(page, "a", 8000).click_and_hold().perform()
        over(page, "a", 16000).release().perform()
        assert page.ask(visible) == [0, 0, 0]
        upper, around = page.ask(
            "return [...document.querySelectorAll('#a .axes > [data-curve=\"0.0\"] > path')]"
            ".sort((one, other) => one.getBBox().height - other.getBBox().height).filter((e, i, all) => "
            "i === 0 || i === all.length - 1).map(e => { const b = e.getBBox(); return [b.x, b.x + b.width]; })"
        )
        assert around == pytest.approx(upper, abs=0.1)
        assert upper[1] - upper[0] > 1500  # three times as long as before
        page.ask("document.querySelector('#a .reset').click()")
        assert page.ask(visible) == before
        page.ask("document.querySelector('#a .legend button').click()")
        assert not page.ask(
            "return [...document.querySelectorAll('#a .whole [data-curve=\"0.0\"]')]"
            ".some(e => getComputedStyle(e).display !== 'none')"
        )
        assert opened(browser, pages, "details", PHONE).ask(visible) == [0, 0, 0]

    def test_the_keyboard_does_the_same(self, browser: webdriver.Chrome, pages: Path) -> None:
        page = opened(browser, pages, "scheduler-tour", WIDE)
        ActionChains(browser, duration=0).move_by_offset(0, 0).perform()
        plot = page.ask("return document.querySelector('#cosine .plot')")
        plot.send_keys(Keys.ARROW_RIGHT)
        assert readout(page, "cosine")[0] == "step 0 · epoch 0"
        plot.send_keys(Keys.ARROW_RIGHT)
        plot.send_keys(Keys.SHIFT, Keys.ARROW_RIGHT)
        assert readout(page, "cosine")[0] == "step 11 · epoch 11"
        plot.send_keys(Keys.END)
        assert readout(page, "cosine")[0] == "step 99 · epoch 99"
        plot.send_keys(Keys.HOME, "+", "+")
        assert page.ask("return document.querySelector('#cosine .reset').hidden") is False
        plot.send_keys(Keys.ESCAPE)
        assert page.ask("return document.querySelector('#cosine .reset').hidden") is True
        assert readout(page, "cosine") == []
        outline = page.ask("return getComputedStyle(document.querySelector('#cosine .plot')).outlineStyle")
        assert outline == "solid"  # the focus is visible

    def test_the_keys_stay_in_the_part_that_is_shown(self, browser: webdriver.Chrome, pages: Path) -> None:
        preset = 'epochs = 9\nsteps_per_epoch = 1000\n[[figure]]\nname = "a"\nfrom = "2ep"\nto = "4ep"\nlog = true\n'
        for scheduler in ("cyclic(1e-5, 1e-3, 1)", "linear(1.0, 0.0, 2500)"):
            preset += f'[[figure.curve]]\nscheduler = "{scheduler}"\n'
        (pages / "part.toml").write_text(f"[defaults]\n{preset}")
        assert main(["render", str(pages / "part.toml"), "-o", str(pages / "part"), "-q"]) == 0
        page = opened(browser, pages, "part", WIDE)
        plot = page.ask("return document.querySelector('#a .plot')")
        for key, step in ((Keys.END, 4000), (Keys.ARROW_RIGHT, 4000), (Keys.HOME, 2000), (Keys.ARROW_LEFT, 2000)):
            plot.send_keys(key)
            assert readout(page, "a")[0] == f"step {step:,} · epoch {step // 1000}"
        assert page.ask("return [...document.querySelectorAll('#a figcaption p')].map(e => e.textContent)") == [
            "Band: the range of cycles too close to be told apart",
            "Open triangle: the first rate of 0, below the logarithmic axis",
        ]
        bottom, axis = page.ask(
            "return ['#a .whole', '#a .whole .axis-x'].map(e => document.querySelector(e))"
            ".map(e => e.getBoundingClientRect().bottom)"
        )
        assert bottom - axis < 40  # no place for the notes


class TestScript:
    def test_the_theme_is_switched(self, browser: webdriver.Chrome, pages: Path) -> None:
        page = opened(browser, pages, "hostile", WIDE)
        ground = "return getComputedStyle(document.body).backgroundColor"
        curve = "return getComputedStyle(document.querySelector('.axes [data-curve] path')).stroke"
        button, light, line = page.ask("return document.querySelector('.theme')"), page.ask(ground), page.ask(curve)
        button.click()
        assert luminance(page.ask(ground)) < 0.1 < luminance(light)
        assert page.ask(curve) != line
        assert button.get_attribute("aria-pressed") == "true"
        button.click()
        assert (page.ask(ground), page.ask(curve)) == (light, line)

    def test_lines_are_copied(self, browser: webdriver.Chrome, pages: Path) -> None:
        page = opened(browser, pages, "scheduler-tour", WIDE)
        page.ask("window.copied = []; navigator.clipboard.writeText = async text => { copied.push(text); }")
        for button in page.ask("return [...document.querySelectorAll('#cosine .copy button')]"):
            browser.execute_script("arguments[0].click()", button)
        assert page.ask("return copied") == [
            "scheduler = CosineAnnealingLR(optimizer, T_max=100, eta_min=1e-6)",
            "lrviz plot 'CosineAnnealingLR(T_max=100, eta_min=1e-6)' --lr 0.1 --epochs 100 --steps-per-epoch 1 "
            "--interval epoch",
        ]

    def test_another_script_does_not_run(self, browser: webdriver.Chrome, pages: Path) -> None:
        html = (pages / "hostile" / "index.html").read_text(encoding="utf-8")
        (pages / "changed").mkdir(exist_ok=True)
        changed = html.replace("</script>\n</body>", "document.title = 'taken'</script>\n</body>")
        (pages / "changed" / "index.html").write_text(changed, encoding="utf-8")
        page = opened(browser, pages, "changed", WIDE)
        assert changed != html
        assert page.ask("return document.title") != "taken"
        assert not page.ask("return document.documentElement.classList.contains('scripted')")
        assert any("Content Security Policy" in entry["message"] for entry in page.console)

    @pytest.mark.parametrize("screen", [WIDE, PHONE], ids=["wide", "phone"])
    def test_without_scripts_the_figures_are_there(
        self, browser: webdriver.Chrome, pages: Path, screen: Screen
    ) -> None:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
        try:
            page = opened(browser, pages, "hostile", screen)
            assert page.ask("return document.querySelectorAll('button').length") == 0
            (shown,) = (svg for svgs in page.ask(FIGURES) for svg in svgs if svg["shown"])
            assert shown["height"] > 150
            legend = page.ask("return document.querySelector('.legend').checkVisibility()")
            assert legend == (screen is PHONE)  # a wide figure has labels of its own
        finally:
            browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_in_print_no_heading_stands_alone_and_no_row_is_cut(browser: webdriver.Chrome, pages: Path) -> None:
    """Pages are tried as columns, which the browser breaks by the same rules."""
    page = opened(browser, pages, "scheduler-tour", Screen(700, "dark"), media="print")
    assert page.ask("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert (
        page.ask(
            "return [...document.querySelectorAll('button, nav')].some(e => getComputedStyle(e).display !== 'none')"
        )
        is False
    )
    heads = "[...document.querySelectorAll('thead th')].filter(e => e.checkVisibility())"
    assert page.ask(f"return {heads}.filter(e => e.scrollWidth > e.clientWidth).map(e => e.textContent)") == []
    broken = """
        document.body.style.cssText = `columns:700px;column-fill:auto;column-gap:0;height:${arguments[0]}px`;
        const left = element => [...element.getClientRects()].at(-1).left; // before it is what the break left free
        const headings = [...document.querySelectorAll('h2')];
        const parts = [...document.querySelectorAll('tbody tr, figure')];
        return {cut: parts.filter(e => e.getClientRects().length > 1).length,
          alone: headings.filter(h => Math.abs(left(h) - left(h.parentElement.querySelector('figure'))) > 50).length,
          wide: parts.filter(e => e.getBoundingClientRect().width > 701).length,
          pages: new Set(headings.map(left)).size};
    """
    for height in (600, 700, 800, 900, 1000, 1100):
        found = browser.execute_script(broken, height)
        pages_used = found.pop("pages")
        assert (height, found) == (height, {"cut": 0, "alone": 0, "wide": 0})
        assert pages_used > 2
