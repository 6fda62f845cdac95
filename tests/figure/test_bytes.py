"""The bytes of figures: the same every time, whoever draws, and light at any number of steps."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from lrviz.errors import OutputError, SpecError
from lrviz.figure import FigureOptions, backend, draw, render
from lrviz.spec import TrainingLoop
from lrviz.trace import Trace
from tests.conftest import ROOT
from tests.traces import trace, two_curves

SUFFIXES = (".png", ".svg", ".pdf")


def restarts(n: int, cycles: int) -> Trace:
    one = (1 + np.cos(np.pi * np.arange(n // cycles) / (n // cycles))) / 2
    loop = TrainingLoop(epochs=100, steps_per_epoch=n // 100)
    return trace(np.tile(1e-3 * one, cycles), label=f"CosineAnnealingWarmRestarts(T_0={n // cycles})", loop=loop)


def pixels(data: bytes) -> np.ndarray:
    """The pixels of a PNG."""
    with Image.open(io.BytesIO(data)) as image:
        assert image.mode == "RGBA"
        return np.asarray(image)


OTHER = FigureOptions(style="dark", layout="grid", log=True)


@cache
def usual(suffix: str) -> bytes:
    """The bytes of two curves with the options left out."""
    return render(draw(two_curves()), suffix)


@pytest.mark.parametrize(
    ("suffix", "options"), [*[(suffix, FigureOptions()) for suffix in SUFFIXES], (".png", OTHER), (".svg", OTHER)]
)
def test_the_same_figure_has_the_same_bytes(suffix: str, options: FigureOptions) -> None:
    figure = draw(two_curves(), options)
    first = render(draw(two_curves(), options), suffix) if options is OTHER else usual(suffix)
    assert render(figure, suffix) == first
    assert render(figure, suffix) == first


def test_a_png_holds_the_pixels_that_were_drawn() -> None:
    figure = draw(two_curves())
    shown = pixels(render(figure, ".png"))
    assert shown.shape == (750, 1500, 4)
    canvas = FigureCanvasAgg(figure)
    with backend.style_applied(figure.style):
        canvas.draw()  # type: ignore[no-untyped-call]
        expected = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    np.testing.assert_array_equal(shown, expected)
    image = pytest.importorskip("PIL.Image").open(io.BytesIO(render(figure, ".png")))
    np.testing.assert_array_equal(np.asarray(image), expected)
    assert image.info["dpi"] == pytest.approx((150, 150), abs=0.1)


def test_dpi() -> None:
    figure = draw(two_curves(), FigureOptions(dpi=40))
    assert pixels(render(figure, ".png")).shape == (200, 400, 4)
    assert pixels(render(figure, ".png", 80)).shape == (400, 800, 4)
    assert pixels(render(figure, ".png")).shape == (200, 400, 4)
    assert figure.dpi == 40


@pytest.mark.parametrize("dpi", [None, 1200])
def test_a_png_of_too_many_pixels_is_refused_with_the_dpi_that_fits(dpi: int | None) -> None:
    figure = draw(two_curves(), FigureOptions(layout="grid", dpi=None if dpi else 1200))
    figure.set_size_inches(20, 8)
    with pytest.raises(SpecError, match="20x8 at 1200 dpi makes 230 million pixels") as caught:
        render(figure, ".png", dpi)
    assert caught.value.hint.startswith("at this size `dpi` can be up to 547;")
    assert render(figure, ".svg", dpi)


def test_a_png_of_a_figure_that_no_dpi_makes_small_enough() -> None:
    with pytest.raises(SpecError, match="makes 25,600 million pixels") as caught:
        render(Figure(figsize=(400, 400), dpi=400), ".png")
    assert caught.value.hint == "choose a smaller size, or SVG or PDF, which have no pixels"


@pytest.mark.parametrize("date", ["xx", "-1", "9" * 99])
def test_a_date_in_the_environment_that_is_no_number(date: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", date)
    for suffix in (".svg", ".pdf"):
        assert render(Figure(), suffix)
    assert os.environ["SOURCE_DATE_EPOCH"] == date


def test_a_suffix_that_nobody_writes() -> None:
    with pytest.raises(OutputError, match=r"no writer for `\.gif`"):
        render(draw(two_curves()), ".gif")


def test_an_svg_is_well_formed_and_says_what_it_shows() -> None:
    evil = "$\\frac{1}{2}$ <script>alert('&')</script> -- >\x0b]]>\n\ud800"
    data = render(draw([trace(np.ones(8), label=evil)]), ".svg")
    root = ET.fromstring(data)  # noqa: S314 - our own
    names = {"svg": "http://www.w3.org/2000/svg"}
    title = root.find("svg:title", names)
    assert title is not None
    assert title.text is not None
    assert title.text.startswith("Learning rate schedule; $\\frac{1}{2}$ <script>")
    assert b"<script" not in data
    assert b"<dc:date>" not in data
    assert not root.findall(".//svg:script", names)


def test_a_pdf_has_no_date_and_fonts_as_they_are() -> None:
    data = usual(".pdf")
    assert data.startswith(b"%PDF")
    assert b"CreationDate" not in data
    assert b"/TrueType" in data or b"/CIDFontType2" in data
    assert b"/Type3" not in data


@pytest.mark.parametrize("cycles", [1, 50, 500, 5000])
def test_an_svg_stays_light_at_a_million_steps(cycles: int) -> None:
    assert len(render(draw([restarts(1_000_000, cycles)]), ".svg")) < 100_000


def noisy(source: np.random.Generator, steps: int) -> Trace:
    """A run with a metric of noise, which is drawn as a line; rates with as many cycles are a band."""
    return trace(np.full(steps, 1e-3), label="noise", metric=source.random(steps))


def test_an_svg_of_noise_stays_light_and_the_figure_whole() -> None:
    figure = draw([noisy(np.random.default_rng(1), 1_000_000)])
    (line,) = figure.axes[1].get_lines()
    before = np.array(line.get_xydata())
    assert len(render(figure, ".svg")) < 100_000
    np.testing.assert_array_equal(line.get_xydata(), before)


def test_many_curves_share_the_budget() -> None:
    noise = np.random.default_rng(1)
    one = len(render(draw([noisy(noise, 100_000)]), ".svg"))
    eight = len(render(draw([noisy(noise, 100_000) for _ in range(8)]), ".svg"))
    assert eight < 1.6 * one


def test_reduction_cannot_be_seen() -> None:
    """Against a drawing of every step; a round line end can differ by a shade where cycles touch."""
    run = restarts(200_000, 50)
    figure = draw([run], FigureOptions(dpi=100))
    reduced = pixels(render(figure, ".png")).astype(int)
    (line,) = figure.axes[0].get_lines()
    steps = np.arange(200_000)
    fall = np.flatnonzero(np.diff(run.lr[:, 0]) > 5e-4) + 1
    line.set_data(np.insert(steps, fall, fall), np.insert(run.lr[:, 0], fall, run.lr[fall - 1, 0]))
    whole = pixels(render(figure, ".png")).astype(int)
    differ = np.abs(reduced - whole).max(axis=2)
    assert (differ > 60).mean() < 0.002
    assert differ.mean() < 1.0


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_callers_settings_neither_leak_in_nor_change(suffix: str) -> None:
    clean = usual(suffix)
    settings = {
        "lines.linewidth": 9.0, "axes.facecolor": "red", "savefig.dpi": 30, "savefig.bbox": "tight",
        "savefig.facecolor": "green", "svg.fonttype": "none", "svg.hashsalt": None, "pdf.fonttype": 3,
        "font.size": 30.0, "text.usetex": True, "path.simplify": False, "figure.constrained_layout.use": True,
        "axes.grid": True, "xtick.minor.visible": True, "text.hinting": "none", "axes.unicode_minus": False,
        "figure.dpi": 33.0, "legend.fontsize": 40, "axes.formatter.use_mathtext": True, "path.sketch": (5, 50, 2),
    }  # fmt: skip
    with mpl.rc_context(settings):  # type: ignore[arg-type]
        before = dict(mpl.rcParams)
        figure = draw(two_curves())
        assert dict(mpl.rcParams) == before
        assert render(figure, suffix) == clean
        assert dict(mpl.rcParams) == before
    assert render(figure, suffix) == clean


def test_a_figure_of_the_callers_own_can_be_rendered() -> None:
    figure = Figure()
    figure.add_subplot().plot([1, 2, 3])
    assert render(figure, ".png").startswith(b"\x89PNG")
    assert type(figure.canvas).__name__ == "FigureCanvasBase"


SCRIPT = """
import hashlib, sys
from lrviz.figure import draw, render
from tests.traces import two_curves
for suffix in sys.argv[1:]:
    print(hashlib.sha256(render(draw(two_curves()), suffix)).hexdigest())
assert "matplotlib.pyplot" not in sys.modules
"""


def test_a_new_process_with_settings_of_its_own_draws_the_same(tmp_path: Path) -> None:
    """`tests/environments.py` has many more environments; nothing may be said."""
    (tmp_path / "mine").write_bytes(b"\xff\xfe\x00 lines.linewidth: 40")
    drawn = run(tmp_path, SCRIPT, *SUFFIXES, MATPLOTLIBRC=str(tmp_path / "mine"), MPLBACKEND="nonsense")
    assert drawn.split() == [hashlib.sha256(usual(suffix)).hexdigest() for suffix in SUFFIXES]


def test_the_callers_own_matplotlibrc_and_backend_are_theirs_still(tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_text("lines.linewidth: 7\n", encoding="utf-8")
    script = (
        "import lrviz.figure, sys; lrviz.figure.import_matplotlib(); settings = sys.modules['matplotlib'].rcParams;"
        "print(settings['lines.linewidth'], settings._get('backend'))"
    )
    assert run(tmp_path, script, MPLBACKEND="svg") == "7.0 svg\n"


def run(folder: Path, script: str, *words: str, **environment: str) -> str:
    """What a fresh process in a folder prints to stdout; it prints nothing else."""
    outcome = subprocess.run(
        [sys.executable, "-c", script, *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (outcome.returncode, outcome.stderr) == (0, "")
    return outcome.stdout
