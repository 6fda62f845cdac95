"""Looks, styles of matplotlib's and of the user's, and the options of a figure."""

from __future__ import annotations

import itertools
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import rcsetup
from matplotlib.colors import to_rgb

from lrviz.errors import SpecError
from lrviz.figure import FigureOptions, backend, draw, render, style
from tests.conftest import Python
from tests.traces import trace

# How the three kinds of colour blindness see linear RGB: Machado, Oliveira and Fernandes (2009), full severity.
SEEN_BY = {
    "all": np.eye(3),
    "protan": np.array([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]]),
    "deutan": np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]]),
    "tritan": np.array([[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]]),
}


def linear(colour: str) -> np.ndarray:
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of linear RGB."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ np.clip(rgb, 0, 1) / (0.9505, 1.0, 1.089)
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(one: object, other: object) -> float:
    lights = sorted(float(linear(colour) @ (0.2126, 0.7152, 0.0722)) + 0.05 for colour in (one, other))  # type: ignore[arg-type]
    return lights[1] / lights[0]


@pytest.mark.parametrize("name", ["lrviz", "dark"])
@pytest.mark.parametrize("eyes", SEEN_BY)
def test_curves_are_told_apart_by_all_eyes(name: str, eyes: str) -> None:
    colours = [lab(SEEN_BY[eyes] @ linear(colour)) for colour in style.STYLES[name].palette]
    for count, least in ((5, {"lrviz": 22.3, "dark": 29.0}), (8, {"lrviz": 22.3, "dark": 19.0})):
        for one, other in itertools.combinations(colours[:count], 2):
            assert np.linalg.norm(one - other) > least[name]


@pytest.mark.parametrize("name", ["lrviz", "dark", "cheatsheet"])
@pytest.mark.parametrize("eyes", SEEN_BY)
def test_a_ramp_goes_one_way_to_all_eyes(name: str, eyes: str) -> None:
    look = style.STYLES[name]
    light = [lab(SEEN_BY[eyes] @ linear(colour))[0] for colour in look.ramp]
    steps = np.diff(light[::8]) * np.sign(light[-1] - light[0])
    assert (steps > 2).all()


@pytest.mark.parametrize("name", ["lrviz", "dark"])
@pytest.mark.parametrize("count", [4, 8, 16])
def test_the_colours_of_a_sweep_are_equally_far_apart(name: str, count: int) -> None:
    ramp = style.STYLES[name].ramp
    colours = [lab(linear(ramp[round(i / (count - 1) * (len(ramp) - 1))])) for i in range(count)]
    distances = [float(np.linalg.norm(one - other)) for one, other in itertools.pairwise(colours)]
    assert max(distances) < 1.5 * min(distances)
    assert min(distances) > 80 / count


def test_colours_keep_their_hue_from_light_to_dark() -> None:
    light, dark = style.STYLES["lrviz"], style.STYLES["dark"]
    for one, other in zip(light.palette + light.ramp, dark.palette + dark.ramp, strict=True):
        hues = [np.degrees(np.arctan2(b, a)) for _, a, b in (lab(linear(colour)) for colour in (one, other))]
        assert abs((hues[0] - hues[1] + 180) % 360 - 180) < 32


@pytest.mark.parametrize("name", ["lrviz", "dark"])
def test_the_first_curves_are_told_apart_in_grey_print(name: str) -> None:
    lightness = sorted(lab(linear(colour))[0] for colour in style.STYLES[name].palette[:5])
    assert min(np.diff(lightness)) > 5
    lightness = sorted(lab(linear(colour))[0] for colour in style.STYLES[name].palette[:3])
    assert min(np.diff(lightness)) > 8


@pytest.mark.parametrize("name", style.STYLES)
def test_text_and_lines_stand_out_from_the_ground(name: str) -> None:
    look = style.STYLES[name]
    ground = str(look.settings["figure.facecolor"])
    for key in ("text.color", "axes.labelcolor", "xtick.labelcolor", "ytick.labelcolor"):
        assert contrast(str(look.settings[key]), ground) > 7
    for colour in (*look.palette, *look.ramp):
        assert contrast(colour, ground) >= 3
        assert contrast(style.readable(to_rgb(colour), to_rgb(ground)), ground) >= 4.5


def test_styles_are_combined(tmp_path: Path) -> None:
    path = tmp_path / "mine.mplstyle"
    path.write_text("lines.linewidth: 4\naxes.labelsize: 13\n", encoding="utf-8")
    curves = [trace([1e-3, 5e-4], label=label) for label in "ab"]
    both = draw(curves, FigureOptions(style=f"dark, {path}")).axes[0]
    dark = draw(curves, FigureOptions(style="dark")).axes[0]
    assert [line.get_color() for line in both.lines] == [line.get_color() for line in dark.lines]
    assert both.get_facecolor() == dark.get_facecolor()
    assert {line.get_linewidth() for line in both.lines} == {4.0}
    assert both.yaxis.label.get_fontsize() == 13.0
    path.write_text("axes.prop_cycle: cycler('color', ['ff0000', '00ff00'])\n", encoding="utf-8")
    recoloured = draw(curves, FigureOptions(style=f"lrviz,{path},cheatsheet")).axes[0]
    assert {str(line.get_color()) for line in recoloured.lines} <= set(style.STYLES["cheatsheet"].palette)
    recoloured = draw(curves, FigureOptions(style=f"cheatsheet,{path}")).axes[0]
    assert [to_rgb(line.get_color()) for line in recoloured.lines] == [(1, 0, 0), (0, 1, 0)]
    assert recoloured.get_xlabel() == "Steps"
    with pytest.raises(SpecError, match="unknown style `drak`"):
        FigureOptions(style="lrviz,drak")


def test_names() -> None:
    names = style.style_names()
    assert names[:3] == ("lrviz", "dark", "cheatsheet")
    assert "ggplot" in names
    assert not any(name.startswith("_") for name in names)


@pytest.mark.parametrize("name", [name for name in style.style_names() if not name.startswith("seaborn")])
def test_every_style_that_is_listed_can_be_used(name: str) -> None:
    style.check_style(name)
    before = dict(mpl.rcParams)
    assert render(draw([trace([1e-3, 5e-4], [2e-4, 1e-4])], FigureOptions(style=name, dpi=30)), ".png")
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        pytest.param("drak", "did you mean `dark`?", id="near-one-of-ours"),
        pytest.param("ggplott", "did you mean `ggplot`?", id="near-one-of-matplotlibs"),
        pytest.param("zzz", "styles are `lrviz`", id="near-none"),
        pytest.param("", "styles are `lrviz`", id="empty"),
    ],
)
def test_an_unknown_style(name: str, hint: str) -> None:
    with pytest.raises(SpecError, match=f"unknown style `{name}`") as caught:
        FigureOptions(style=name)
    assert caught.value.hint.startswith(hint)


@pytest.mark.parametrize(
    "name", ["no.mplstyle", "./nothing", "https://example.org/x.mplstyle", "a/\0.mplstyle", "/", "~x/y"]
)
def test_a_style_file_that_there_is_not(name: str) -> None:
    with pytest.raises(SpecError, match="cannot read the style"):
        style.check_style(name)


def test_a_style_of_the_users_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.mplstyle"
    path.write_text(
        "axes.prop_cycle: cycler(color=['123456', 'abcdef'])\nfigure.figsize: 6, 3\nfigure.facecolor: ffeecc\n"
        "savefig.dpi: 300\nbackend: svg\ntext.usetex: True\naxes.spines.top: True\nlines.linewidth: 3\n",
        encoding="utf-8",
    )
    figure = draw([trace([1e-3, 5e-4], [2e-4, 1e-4])], FigureOptions(style=str(path)))
    (axes,) = figure.axes
    assert [line.get_color() for line in axes.get_lines()] == ["#123456", "#abcdef"]
    assert axes.get_lines()[0].get_linewidth() == 3
    assert tuple(figure.get_size_inches()) == (6, 3)
    assert axes.spines["top"].get_visible()
    assert render(figure, ".png")
    assert not figure.axes[0].title.get_usetex()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        pytest.param(
            b"\n# a\nlines.linewidth: wide\n", "line 3: `lines.linewidth`: could not convert 'wide'", id="value"
        ),
        pytest.param(b"no.such.setting: 1\n", "line 1: not a setting of matplotlib\n", id="key"),
        pytest.param(b"line.linewidth: 1\n", "not a setting of matplotlib; did you mean `lines.linewidth`", id="near"),
        pytest.param(b"rubbish\n", "line 1: no colon", id="rubbish"),
        pytest.param(b'font.family: "Deja\n', "line 1: quotes are not closed", id="quotes"),
        pytest.param(b"font.size: 9\r\nfont.size: 9\r\n", "line 2: `font.size` is set a second time", id="twice"),
        pytest.param(b"# \n\xff\xfe\x00\n", "not text in UTF-8 at line 2", id="bytes"),
        pytest.param(b"savefig.dpi: banana\n", "`savefig.dpi`: 'banana'", id="savefig-value"),
        pytest.param(b"savefig.dpi: 1e9\n", "`savefig.dpi` is 1e[+]09, beyond 1200", id="savefig-dpi"),
        pytest.param(b"figure.figsize: 1000, 1000\n", "from 1 to 100 inches", id="figsize"),
        pytest.param(b"figure.figsize: nan, 3\n", "from 1 to 100 inches", id="figsize-nan"),
        pytest.param(b"figure.figsize: 60, 60\n", "60x60 at 150 dpi makes 81 million pixels", id="figsize-pixels"),
        pytest.param(b"font.size: 1e7\n", "beyond 200", id="font"),
        pytest.param(b"lines.linewidth: nan\n", "beyond 200", id="nan"),
        pytest.param(b"font.size: -5\n", "cannot use the style", id="negative-font"),
        pytest.param(b"font.variant: large\n", "cannot use the style .*'large'", id="found-out-when-drawing"),
        pytest.param(
            b"grid.linestyle: (0, (1e-4, 1e-4))\n", "a pattern of 0.0002 line widths, below 0.5", id="short-dashes"
        ),
        pytest.param(b"lines.dotted_pattern: 0, 0\n", "a pattern of 0 line widths, below 0.5", id="no-dashes"),
        pytest.param(b"lines.linewidth: 1e-6\n", "`lines.linewidth` is 1e-06, below 0.05", id="dashes-by-width"),
        pytest.param(b"font.size: 0\n", "cannot use the style", id="no-font"),
        pytest.param(b"font.family: " + b"a," * 101, "has 101 values; the maximum is 100", id="many-fonts"),
        pytest.param(b"axes.facecolor: " + b"(" * 9_999, "`axes.facecolor`", id="deep-literal"),
        pytest.param(b"#" * 200_001, "it has 200,001 bytes; the maximum is 200,000", id="large"),
    ],
)
def test_a_broken_style_file(content: bytes, complaint: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "broken.mplstyle"
    path.write_bytes(content)
    with pytest.raises(SpecError, match=complaint):
        render(draw([trace([1e-3, 5e-4])], FigureOptions(style=str(path))), ".png")
    assert capfd.readouterr() == ("", "")


def test_fonts_that_there_are_not_pass_in_silence(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "font.mplstyle"
    path.write_text("font.family: No Such Font\n", encoding="utf-8")
    assert render(draw([trace([1e-3, 5e-4])], FigureOptions(style=str(path))), ".png")
    assert capfd.readouterr() == ("", "")


def test_a_style_that_cannot_be_opened(tmp_path: Path) -> None:
    folder = tmp_path / "folder.mplstyle"
    folder.mkdir()
    with pytest.raises(SpecError, match="it is a folder"):
        style.check_style(str(folder))


def test_a_style_that_is_a_link_to_a_device_or_a_pipe_is_refused(tmp_path: Path) -> None:
    (tmp_path / "zero.mplstyle").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe.mplstyle")
    for name in ("zero", "pipe"):
        with pytest.raises(SpecError, match="it is not a regular file"):
            style.check_style(str(tmp_path / f"{name}.mplstyle"))


def test_a_file_that_is_no_style_is_not_quoted(tmp_path: Path) -> None:
    for secret in ("root:x:0:0:root", "password", '{"auth": "token"}', "A=token\0HOME=/root:"):
        (tmp_path / "a.mplstyle").write_text(secret, encoding="utf-8")
        with pytest.raises(SpecError) as caught:
            draw([trace([1e-3])], FigureOptions(style=str(tmp_path / "a.mplstyle")))
        assert not any(word in str(caught.value) for word in ("root:", "`root`", "password", "auth", "token", "HOME"))


CYCLES = {
    "cycler(color=['r', '0.5'])": ["r", "0.5"],
    "cycler('color', ['r', 'b'])": ["r", "b"],
    "cycler('color', 'rb')": ["r", "b"],
    "cycler(c=['r', 'b'], lw=[1, 2])": ["r", "b"],
    "cycler(color=[(1, 0, 0), 'b']) + cycler(ls=['-', ':'])": [(1, 0, 0), "b"],
    "cycler(ls=['-', ':']) * cycler(color=['r', 'b'])": ["r", "b", "r", "b"],
    "cycler(ls=['-', ':'])": [],
}


@pytest.mark.parametrize("text", CYCLES)
def test_cycles(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.mplstyle").write_text(f"axes.prop_cycle: {text}", encoding="utf-8")
    palette = list(backend.load_style(str(tmp_path / "a.mplstyle")).palette)
    assert palette == (CYCLES[text] or list(style.LIGHT_PALETTE))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param("[1, 2]", "is not written as in", id="list"),
        pytest.param("cycler", "is not written as in", id="name"),
        pytest.param("cycler(color='a' * 3_000_000_000)", "a value that is not text, a number", id="memory"),
        pytest.param(
            "cycler(color=['r'] * 3_000_000_000)", "a value that is not text, a number", id="memory-of-a-list"
        ),
        pytest.param("cycler(color=9 ** 9 ** 9 ** 9)", "a value that is not text, a number", id="time"),
        pytest.param("cycler(color=[c for c in [1]])", "a value that is not text, a number", id="comprehension"),
        pytest.param("cycler(color=open('canary', 'w'))", "a value that is not text, a number", id="call"),
        pytest.param("cycler(color=['r']).__class__", "is not written as in", id="attribute"),
        pytest.param("(lambda: cycler(color=['r']))()", "is not written as in", id="lambda"),
        pytest.param("cycler(color=['r' 'b'", "is not written as in .* without `#`", id="syntax"),
        pytest.param("cycler(color=['r'], **{})", "`axes.prop_cycle`", id="stars"),
        pytest.param("cycler(colour=['r'])", "nknown artist property: colour", id="property"),
        pytest.param("cycler(color=['r', 'b'] ) + cycler(lw=[1])", "`axes.prop_cycle`", id="unequal"),
        pytest.param("cycler(color=5)", "`axes.prop_cycle`", id="number"),
        pytest.param("cycler(color=[0.5if 1else 2])", "a value that is not text, a number", id="a-warning-of-python"),
        pytest.param("cycler(c=['r'])" + " + cycler(c=['r'])" * 9_000, "nested too deeply", id="deep"),
        pytest.param(f"cycler(color={['r'] * 1_001})", "has 1,001 elements; the maximum is 1,000", id="long"),
        pytest.param(
            f"cycler(color={['r'] * 40}) * cycler(lw={[1] * 40})", "1,600 elements; the maximum is 1,000", id="product"
        ),
    ],
)
def test_a_cycle_that_is_not_plain_is_refused(text: str, complaint: str, tmp_path: Path) -> None:
    (tmp_path / "a.mplstyle").write_text(f"font.size: 9\naxes.prop_cycle: {text}", encoding="utf-8")
    with pytest.raises(SpecError, match=f"line 2: .*{complaint}"):
        backend.load_style(str(tmp_path / "a.mplstyle"))


# Code without double underscores, which matplotlib 3.9 and 3.10 refuse, that opens a file in the current folder.
OPENS_A_FILE = (
    "cycler(color=[(q := []), q.append((q[0].gi_frame.f_back.f_back.f_builtins for _ in [1])),"
    " [*q[0]][0]['open']('canary', 'w').close()] and ['r'])"
)


@pytest.fixture
def evaluating(monkeypatch: pytest.MonkeyPatch) -> None:
    """A matplotlib that evaluates a cycle of a style, as versions before 3.11 do."""

    def validate(value: object) -> object:
        return eval(value, {"cycler": rcsetup.cycler}) if isinstance(value, str) else value  # noqa: S307

    monkeypatch.setitem(mpl.RcParams.validate, "axes.prop_cycle", validate)


@pytest.mark.usefixtures("evaluating")
def test_code_in_a_style_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As each setting."""
    monkeypatch.chdir(tmp_path)
    for key in mpl.RcParams.validate:
        Path("a.mplstyle").write_text(f"{key}: {OPENS_A_FILE}", encoding="utf-8")
        with suppress(SpecError):
            backend.load_style("a.mplstyle")
    assert [path.name for path in tmp_path.iterdir()] == ["a.mplstyle"]


@pytest.mark.usefixtures("evaluating")
def test_the_code_would_run_in_such_a_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with suppress(ValueError):
        mpl.RcParams({"axes.prop_cycle": OPENS_A_FILE})
    assert [path.name for path in tmp_path.iterdir()] == ["canary"]


def test_code_in_a_matplotlibrc_does_not_run_and_it_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, python: Python
) -> None:
    """In the current folder, named by the environment, and beside the user's styles."""
    home = tmp_path / "home"
    home.mkdir()
    for fonts in Path(mpl.get_cachedir()).glob("fontlist-*.json"):
        shutil.copy(fonts, home)  # else matplotlib looks for the fonts of the system again
    monkeypatch.setenv("MPLCONFIGDIR", str(home))
    monkeypatch.setenv("MATPLOTLIBRC", str(tmp_path / "matplotlibrc"))
    for folder in (tmp_path, home):
        (folder / "matplotlibrc").write_text(f"axes.prop_cycle: {OPENS_A_FILE}\nlines.linewidth: 7\n", encoding="utf-8")
    script = """
import sys
from pathlib import Path
from lrviz.cli import main
reads = []
sys.addaudithook(lambda event, args: event == "open" and reads.append(Path(str(args[0])).absolute()))
status = main(["plot", "cosine", "-q", "-o", "a.svg"])
mpl = sys.modules["matplotlib"]
assert {path for path in reads if path.name == "matplotlibrc"} == {Path(mpl.get_data_path(), "matplotlibrc")}
print(status, Path.cwd(), mpl.rcParams["lines.linewidth"])
"""
    outcome = python("-c", script)
    assert outcome.stderr == ""
    assert outcome.stdout == f"a.svg\n0 {tmp_path} 1.5\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.svg", "home", "matplotlibrc"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"size": (0.5, 5.0)}, "`size` must be from 1 to 100 inches each way, got 0.5x5", id="small"),
        pytest.param({"size": (10.0, 101.0)}, "`size` must be from 1 to 100 inches each way, got 10x101", id="large"),
        pytest.param({"size": (float("nan"), 5.0)}, "`size` must be", id="nan"),
        pytest.param({"size": (float("inf"), 5.0)}, "`size` must be", id="infinite"),
        pytest.param({"size": (60.0, 60.0)}, "81 million pixels; the maximum is 48 million", id="pixels"),
        pytest.param({"size": (20.0, 20.0), "dpi": 600}, "144 million pixels", id="pixels-by-dpi"),
        pytest.param(
            {"dpi": 1000}, "10x5 at 1000 dpi makes 50 million pixels; .*\n\nhint: .* `dpi` can be up to 979;", id="dpi"
        ),
        pytest.param({"ylim": (1.0, 1.0)}, "`ylim` must be two different rates", id="ylim-empty"),
        pytest.param({"ylim": (0.0, 5e-324)}, "limits that an axis can show, got 0.0,5e-324", id="ylim-small"),
        pytest.param({"ylim": (1.0, 1.0000000000000002)}, "limits that an axis can show", id="ylim-narrow"),
        pytest.param({"ylim": (1e300, 1e308)}, "limits that an axis can show", id="ylim-large"),
        pytest.param({"ylim": (1e-320, 1.0), "log": True}, "limits that an axis can show", id="ylim-log"),
        pytest.param({"dpi": 19}, "`dpi` must be from 20 to 1200, got 19", id="coarse"),
        pytest.param({"dpi": 1201}, "`dpi` must be from 20 to 1200, got 1201", id="fine"),
        pytest.param({"x": "time"}, "`x` must be step or epoch, got `time`", id="x"),
        pytest.param({"layout": "pile"}, "`layout` must be overlay or grid, got `pile`", id="layout"),
        pytest.param({"columns": 0}, "`columns` must be from 1 to 24, got 0", id="columns"),
        pytest.param({"layout": "grid", "inset": "warmup"}, "`inset` needs the layout overlay, got `grid`", id="inset"),
        pytest.param({"layout": "grid", "annotate": True}, "`annotate` needs .*\n\nhint: leave out", id="annotate"),
    ],
)
def test_options_that_make_no_figure(options: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        FigureOptions(**options)


@pytest.mark.parametrize(
    "options",
    [
        {"dpi": 979},
        {"size": (16.0, 8.0), "dpi": 600},
        {"size": (7.0, 5.0), "dpi": 1000},
        {"layout": "grid", "dpi": 1200},  # its size depends on the curves
        {"style": "ggplot", "dpi": 1200},  # may set a size
    ],
)
def test_options_of_figures_for_print(options: dict[str, Any]) -> None:
    assert FigureOptions(**options).dpi == options["dpi"]


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("ylim", [(1e-280, 1e300), (1.0, 1.00002), (1e-280, 2e-280), (1e299, 1e300)])
def test_the_widest_and_the_narrowest_limits_can_be_drawn(ylim: tuple[float, float], log: bool) -> None:
    assert render(draw([trace([1e-3, 5e-4])], FigureOptions(ylim=ylim, log=log, dpi=20)), ".png")


def test_options_and_a_check_of_the_style_load_nothing_heavy(python: Python) -> None:
    script = (
        "import sys; from lrviz.figure import FigureOptions; FigureOptions(style='ggplot')\n"
        "try: FigureOptions(style='gplot')\n"
        "except Exception as error: print(error)\n"
        "print({name.partition('.')[0] for name in sys.modules} & {'matplotlib', 'numpy', 'torch'})"
    )
    outcome = python("-c", script)
    assert "did you mean `ggplot`" in outcome.stdout
    assert outcome.stdout.endswith("set()\n")


def test_a_style_beside_the_users_settings_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "stylelib"
    folder.mkdir()
    (folder / "ours.mplstyle").write_text("lines.linewidth: 5\n", encoding="utf-8")
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path))
    assert backend.load_style("ours").settings == {"lines.linewidth": 5.0}
