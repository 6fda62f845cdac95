"""A preset rendered into a folder: what is there, that it repeats byte for byte, and that it is whole at any moment."""

from __future__ import annotations

import csv
import errno
import json
import os
import re
import subprocess
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.etree import ElementTree

import pytest
from matplotlib.colors import to_rgb

from lrviz import figure
from lrviz.artifacts import folder, svg
from lrviz.artifacts.folder import open_folder
from lrviz.artifacts.sections import foreign_part, sections_of
from lrviz.cli import main
from lrviz.errors import OutputError
from lrviz.figure import style
from lrviz.figure.style import STYLES
from lrviz.formats import read_columns
from lrviz.text import printable
from tests.artifacts.folders import ENDS, TWO, check_whole, files, manifest, render
from tests.conftest import ROOT
from tests.forkserver import ForkServer

Capture = pytest.CaptureFixture[str]

SHIPPED = sorted(path.stem for path in (ROOT / "presets").glob("*.toml"))


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory, forks: ForkServer) -> Callable[[str], Path]:
    """Gives the render of a preset that ships."""
    folder = tmp_path_factory.mktemp("shipped")

    @cache
    def rendered(name: str) -> Path:
        # In a separate process, which is not traced for coverage.
        assert forks.start(["render", name, "-o", name, "-q"], cwd=folder, env=os.environ).wait() == 0
        return folder / name

    return rendered


class TestRender:
    def test_the_cheat_sheet_is_one_figure_with_the_numbers_of_the_reference(
        self, shipped: Callable[[str], Path]
    ) -> None:
        sheet = shipped("cheatsheet")
        assert {p.name for p in sheet.iterdir()} == {"cheatsheet.png", "cheatsheet.svg", "cheatsheet.csv", *ENDS}
        reference = json.loads((ROOT / "tests" / "data" / "cheatsheet.json").read_text(encoding="utf-8"))
        with (sheet / "cheatsheet.csv").open(newline="") as stream:
            rows = list(csv.reader(stream))
        assert rows[0][:2] == ["step", "epoch"]
        panels = manifest(sheet)["figures"][0]["curves"]
        assert len(panels) == 17
        for panel, curve in zip(panels, reference["curves"], strict=False):
            at = rows[0].index(panel["columns"][0])
            assert [float(row[at]) for row in rows[1:]] == curve["lr"]
        check_whole(sheet)

    def test_paths_go_to_stdout_and_a_line_to_stderr(self, here: Path, capsys: Capture) -> None:
        render("p.toml", "-o", "out/deep")
        out, err = capsys.readouterr()
        names = ["one.png", "one.svg", "one.csv", "two.svg", "two.csv", "index.html", "summary.md", "manifest.json"]
        assert out.splitlines() == [str(Path("out/deep") / name) for name in names]
        assert err == f"2 figures, 3 curves · {Path('out/deep/index.html')}\n"
        assert {p.name for p in Path("out/deep").iterdir()} == set(names)

    def test_notes_name_the_figure(self, here: Path, capsys: Capture) -> None:
        Path("p.toml").write_text('[[figure]]\nname = "a"\n[[figure.curve]]\nscheduler = "plateau"\n')
        render("p.toml", "-o", "out")
        assert "note: `a`: no metric given: a built-in loss" in capsys.readouterr().err

    def test_the_manifest_says_what_is_behind_each_file(self, out: Path) -> None:
        found = manifest(out)
        assert (found["version"], found["preset"]) == (1, "p")
        assert set(found["versions"]) == {"lrviz", "torch", "matplotlib", "python"}
        assert {name: item.get("figure") for name, item in found["files"].items()} == {
            "index.html": None,
            "one.csv": "one",
            "one.png": "one",
            "one.svg": "one",
            "summary.md": None,
            "two.csv": "two",
            "two.svg": "two",
        }
        one, two = found["figures"]
        assert [curve["label"] for curve in two["curves"]] == ["down", "up"]
        (curve,) = one["curves"]
        assert curve["scheduler"] == "StepLR(step_size=4, gamma=0.5)"
        assert (curve["epochs"], curve["steps_per_epoch"], curve["interval"]) == (2, 8, "step")
        assert curve["lr"] == [{"group": "", "lr": 1e-3}]
        summary = curve["summary"][0]
        assert (summary["peak"], summary["peak_step"], summary["final"]) == (1e-3, 0, 1.25e-4)

    def test_the_manifest_has_no_time_and_no_place(self, here: Path) -> None:
        render(str(here / "p.toml"), "-o", str(here / "out"))
        for name, data in files(here / "out").items():
            assert str(here).encode() not in data, name
            assert not re.search(rb"20[2-9]\d-\d\d-\d\d", data), name

    def test_formats_and_style_of_the_command_line_win(self, here: Path) -> None:
        render("p.toml", "-o", "out", "--formats", "pdf,png", "--style", "cheatsheet")
        assert {p.name for p in Path("out").iterdir()} == {
            *(f"{name}.{suffix}" for name in ("one", "two") for suffix in ("pdf", "png", "csv")),
            *ENDS,
        }
        assert [figure["style"] for figure in manifest(Path("out"))["figures"]] == ["cheatsheet"] * 2
        render("p.toml", "-o", "plain", "--formats", "png")
        assert Path("plain/one.png").read_bytes() != Path("out/one.png").read_bytes()

    def test_a_figure_is_that_of_plot(self, out: Path) -> None:
        scheduler = ["step", "--step_size", "4", "--gamma", "0.5", "--epochs", "2", "-q", "-o"]
        assert main(["plot", *scheduler, "plot.png"]) == 0
        assert Path("plot.png").read_bytes() == (out / "one.png").read_bytes()
        assert main(["table", *scheduler, "table.csv"]) == 0
        assert Path("table.csv").read_bytes() == (out / "one.csv").read_bytes()

    def test_what_is_equal_is_not_written_again(self, out: Path) -> None:
        before = {p.name: p.stat().st_mtime_ns for p in out.iterdir()}
        render("p.toml", "-o", "out")
        assert {p.name: p.stat().st_mtime_ns for p in out.iterdir()} == before

    @pytest.mark.usefixtures("drawn_once")
    def test_only_leaves_the_others_as_they_are(self, out: Path) -> None:
        whole = files(out)
        Path("p.toml").write_text(TWO.replace("gamma=0.5", "gamma=0.6"))
        render("p.toml", "-o", "out", "--only", "one")
        check_whole(out)
        now = files(out)
        assert {name for name in now if whole[name] != now[name]} == {"one.png", "one.svg", "one.csv", *ENDS}
        parts = sections_of(now["index.html"].decode())
        assert list(parts) == ["one", "two"]
        assert parts["two"] == sections_of(whole["index.html"].decode())["two"]
        Path("p.toml").write_text(TWO)
        render("p.toml", "-o", "out", "--only", "one")
        assert files(out) == whole

    def test_only_in_an_empty_folder_is_that_figure_alone(self, here: Path) -> None:
        render("p.toml", "-o", "out", "--only", "two")
        assert {p.name for p in Path("out").iterdir()} == {"two.svg", "two.csv", *ENDS}

    @pytest.mark.usefixtures("drawn_once")
    def test_only_refuses_to_go_with_others_that_were_changed(self, out: Path, capsys: Capture) -> None:
        (out / "two.csv").write_text("mine")
        before = files(out)
        assert main(["render", "p.toml", "-o", "out", "--only", "one"]) == 2
        assert capsys.readouterr().err == (
            "error: `--only` keeps the other files in `out`, but `two.csv` changed after the render\n\n"
            "hint: render once without `--only`\n"
        )
        assert files(out) == before

    @pytest.mark.usefixtures("drawn_once")
    def test_only_refuses_to_keep_a_section_that_is_forged(self, out: Path, capsys: Capture) -> None:
        page, manifest = out / "index.html", out / "manifest.json"
        forged = page.read_text().replace("<figcaption>", '<meta http-equiv="refresh" content="0;x"><figcaption>')
        digest = sha256(page.read_bytes()).hexdigest()
        page.write_text(forged)
        record = json.loads(manifest.read_text())
        assert record["files"]["index.html"]["sha256"] == digest
        record["files"]["index.html"] |= {"sha256": sha256(forged.encode()).hexdigest(), "size": len(forged.encode())}
        manifest.write_text(json.dumps(record))
        assert main(["render", "p.toml", "-o", "out", "--only", "one"]) == 2
        assert "the section of `two` in `index.html` has `<meta>`, not lrviz's" in capsys.readouterr().err
        assert page.read_text() == forged

    def test_code_of_the_presets_own_runs_beside_it_with_leave(self, here: Path) -> None:
        inside = here / "inside"
        inside.mkdir()
        (inside / "train.py").write_text(
            "from torch.optim.lr_scheduler import StepLR\ndef make(optimizer):\n    return StepLR(optimizer, 4, 0.5)\n"
        )
        (inside / "p.toml").write_text('[[figure]]\nname = "a"\n[[figure.curve]]\nscheduler = "train.py:make"\n')
        assert main(["render", "inside/p.toml", "-o", "out"]) == 2
        render("inside/p.toml", "-o", "out", "--allow-code")
        lines = Path("out/a.csv").read_text().splitlines()
        assert lines[5] == "4,0,0.0005"
        assert Path.cwd() == here


FOREIGN = {
    '<p onclick="x()">': "onclick",
    "<iframe></iframe>": "<iframe>",
    "<script>x()</script>": "<script>",
    '<a href="javascript:x()">': 'href="javascript:x()"',
    '<a href="https://example.org/">': 'href="https://example.org/"',
    '<a href="//example.org/">': 'href="//example.org/"',
    '<svg><use href="a.svg#b">': 'href="a.svg#b"',
    '<p style="background: url(https://example.org)">': 'style="background: url(https://example.org)"',
    "<p><!-- a --></p>": "<!-- -->",
    "<svg><![CDATA[a]]>": "<![CDATA[a]>",
    '<path clip-path="url(#a)" d="M0 0">': None,
    '<a href="a.csv" rel="external">': None,
}


@pytest.mark.parametrize(("section", "part"), FOREIGN.items())
def test_a_part_of_a_section_that_lrviz_does_not_write(section: str, part: str | None) -> None:
    assert foreign_part(f"<section>{section}</section>") == part


@pytest.mark.usefixtures("drawn_once")
class TestRefusals:
    def test_a_folder_that_is_a_file(self, here: Path, capsys: Capture) -> None:
        Path("out").write_text("mine")
        assert main(["render", "p.toml", "-o", "out"]) == 2
        assert capsys.readouterr().err == "error: cannot write `out`: a file where a folder should be\n"
        assert Path("out").read_text() == "mine"

    def test_a_folder_below_a_file(self, here: Path, capsys: Capture) -> None:
        assert main(["render", "p.toml", "-o", "p.toml/out"]) == 2
        assert capsys.readouterr().err == "error: cannot write `p.toml/out`: a file where a folder should be\n"

    @pytest.mark.parametrize("target", ["theirs", "theirs/new"])
    def test_a_folder_that_may_not_be_written_to(
        self, target: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
    ) -> None:
        with TemporaryDirectory() as above:
            Path(above).chmod(0o755)
            monkeypatch.chdir(above)
            Path("theirs").mkdir(mode=0o555)
            Path("p.toml").write_text(TWO)
            render("p.toml", "-o", "ours", "-q")  # all is imported now: nobody may not be able to read the source
            capsys.readouterr()
            user = os.geteuid()
            if user == 0:
                os.seteuid(65534)  # nobody: root may write everywhere
            try:
                assert main(["render", "p.toml", "-o", target]) == 2
            finally:
                os.seteuid(user)
            assert capsys.readouterr().err == (
                f"error: cannot write `{target}`: permission denied\n\nhint: choose a folder you may write to\n"
            )
            assert list(Path("theirs").iterdir()) == []
            monkeypatch.undo()

    @pytest.mark.usefixtures("drawn_once")
    def test_a_disk_that_is_full_leaves_what_was_there(self, here: Path, capsys: Capture) -> None:
        small = here / "small"
        small.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "lrviz-test", str(small)]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("mounting a tmpfs is not permitted")
        try:
            render("p.toml", "-o", "small/out", "--formats", "svg")
            before = files(small)
            capsys.readouterr()
            assert main(["render", "cheatsheet", "-o", "small/out"]) == 2
            assert capsys.readouterr().err == (
                "error: cannot write `small/out/cheatsheet.png`: no space left on device\n\n"
                "hint: free some space, or write to another disk\n"
            )
            assert files(small) == before
            assert main(["render", "cheatsheet", "-o", "small/new"]) == 2
            assert not (small / "new").exists()
        finally:
            subprocess.run(["umount", str(small)], check=True)

    @pytest.mark.parametrize("when", ["write", "rename"])
    def test_an_error_of_the_system_is_told(
        self, out: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture, when: str
    ) -> None:
        def full(*_: Any, **__: Any) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        before = files(out)
        Path("p.toml").write_text(TWO.replace("gamma=0.5", "gamma=0.6"))
        with monkeypatch.context() as patch:
            if when == "write":
                patch.setattr(folder, "write_all", full)
            else:
                patch.setattr(Path, "replace", full)
            assert main(["render", "p.toml", "-o", "out"]) == 2
        assert "no space left on device" in capsys.readouterr().err
        assert files(out) == before

    def test_two_renders_at_once(self, here: Path, capsys: Capture) -> None:
        with open_folder(Path("out")):
            assert main(["render", "p.toml", "-o", "out"]) == 2
        assert capsys.readouterr().err == (
            "error: another render is writing to `out`\n\nhint: wait for it, or choose another folder\n"
        )

    def test_a_folder_made_in_vain_is_taken_away(self, here: Path) -> None:
        with pytest.raises(OutputError), open_folder(Path("a/b/c")):
            raise OutputError("something")
        assert not Path("a").exists()

    def test_a_nul_in_the_path(self, here: Path, capsys: Capture) -> None:
        assert main(["render", "p.toml", "-o", "out\0"]) == 2
        assert "a path cannot hold a NUL character" in capsys.readouterr().err


LABELS = ("<script>alert(1)</script>", r"$\frac{1}{2}$ | `x`", "two\nlines", "--><!-- figure: one -->", "&amp;")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A render with texts that are markup elsewhere."""
    folder = tmp_path_factory.mktemp("hostile")
    curves = "".join(
        f'[[figure.curve]]\nscheduler = "cosine(T_max={i})"\nlabel = {json.dumps(label)}\n'
        for i, label in enumerate(LABELS, start=1)
    )
    title = json.dumps("</title><img src=x onerror=alert(1)>")
    text = f'about = {title}\n[[figure]]\nname = "a"\ntitle = {title}\n{curves}'
    (folder / "p.toml").write_text(text)
    render(str(folder / "p.toml"), "-o", str(folder / "out"))
    return folder / "out"


class TestHostileText:
    def test_on_the_page_it_is_text(self, hostile: Path) -> None:
        html = (hostile / "index.html").read_text(encoding="utf-8")
        scripts = re.findall(r"<script([^>]*)>(.*?)</script>", html, re.DOTALL)
        assert [attributes for attributes, _ in scripts] == [' type="application/json" class="data"', ""]
        assert len(re.findall("<script", html)) == len(scripts)
        assert {one["name"] for one in json.loads(scripts[0][1])["series"]} == {printable(label) for label in LABELS}
        assert "<" not in scripts[0][1]
        assert "<img" not in html
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
        assert list(sections_of(html)) == ["a"]

    def test_in_an_svg_it_is_text(self, hostile: Path) -> None:
        tree = ElementTree.fromstring((hostile / "a.svg").read_bytes())  # noqa: S314 - our own
        assert not [element for element in tree.iter() if element.tag.endswith(("script", "img"))]

    def test_in_the_summary_it_is_code(self, hostile: Path) -> None:
        lines = (hostile / "summary.md").read_text(encoding="utf-8").splitlines()
        rows = [line for line in lines if line.startswith(("| `", "| <code>"))]
        assert len(rows) == len(LABELS)
        assert all(row.replace("\\|", "").count(" | ") == 6 for row in rows)
        assert not any(line.startswith(("<", "::")) for line in lines)

    def test_in_the_numbers_it_reads_back(self, hostile: Path) -> None:
        lines = (hostile / "a.csv").read_text(encoding="utf-8").splitlines(keepends=True)
        assert list(read_columns(lines))[2:] == [printable(label) for label in LABELS]


@pytest.fixture(scope="module")
def html(shipped: Callable[[str], Path]) -> str:
    """The page of a preset of seven figures."""
    return (shipped("scheduler-tour") / "index.html").read_text(encoding="utf-8")


class TestPage:
    def test_it_asks_nothing_of_anywhere(self, html: str) -> None:
        links = set(re.findall(r"(?:src|href)=\"(?!#)([^\"]*)\"", html))
        remote = {link for link in links if link.startswith("https://docs.pytorch.org/docs/stable/")}
        assert remote == set(re.findall(r"<a href=\"(https:[^\"]*)\" rel=\"noreferrer\">", html))
        assert len(remote) == 7
        assert links - remote == {
            "data:,",
            *(
                f"{name}.{suffix}"
                for name in ["step", "multistep", "exponential", "cosine", "warm-restarts", "plateau", "onecycle"]
                for suffix in ("png", "svg", "csv")
            ),
        }
        assert "http:" not in html.replace("http-equiv", "")
        assert html.count("https:") == len(re.findall(r"<a href=\"https:", html))
        assert "@import" not in html
        assert not re.search(r"url\((?!#)", html)

    def test_ids_are_each_there_once_and_links_lead_to_one(self, html: str) -> None:
        ids = re.findall(r" id=\"([^\"]*)\"", html)
        assert len(ids) == len(set(ids))
        wanted = set(re.findall(r"href=\"#([^\"]*)\"|url\(#([^)]*)\)", html.partition("<script>")[0]))
        assert {one or other for one, other in wanted} <= set(ids)
        labelled = {name for names in re.findall(r"aria-labelledby=\"([^\"]*)\"", html) for name in names.split()}
        assert labelled <= set(ids)

    def test_ids_differ_whatever_figures_are_called(self, here: Path) -> None:
        names = ("figures", "a", "a--phone", "a--heading", "a.phone")
        curve = '[[figure.curve]]\nscheduler = "cosine"\n'
        Path("p.toml").write_text("".join(f'[[figure]]\nname = "{name}"\n{curve}' for name in names))
        render("p.toml", "-o", "out", "--formats", "svg")
        ids = re.findall(r" id=\"([^\"]*)\"", Path("out/index.html").read_text(encoding="utf-8"))
        assert len(ids) == len(set(ids)) > 20

    def test_colours_have_a_value_on_either_ground(self, html: str) -> None:
        used = set(re.findall(r"var\(--i-(\w+)\)", html))
        assert len(used) > 3
        (block,) = re.findall(r":root\{(--i-[^}]*)\}", html)
        assert set(re.findall(r"--i-(\w+):light-dark\(#\1,#[0-9a-f]{6}\);", block)) == used

    @pytest.mark.parametrize("colour", ["222222", "1f4e9e", "b35628", "000000", "333333", "123456"])
    def test_what_can_be_read_on_white_has_a_twin_for_black(self, colour: str) -> None:
        (found,) = re.findall(r",(.*)\);$", svg.colour_variables(f"var(--i-{colour})"))
        contrast = (style.luminance(to_rgb(found)) + 0.05) / (style.luminance(to_rgb("#14171c")) + 0.05)
        assert contrast >= 4.5

    def test_colours_that_go_by_order_keep_it_on_black(self) -> None:
        light, dark = STYLES["lrviz"].ramp, STYLES["dark"].ramp
        variables = svg.colour_variables("".join(f"var(--i-{colour[1:]})" for colour in light))
        assert dict(re.findall(r"light-dark\((#\w+),(#\w+)\)", variables)) == dict(zip(light, dark, strict=True))


def test_a_figure_is_drawn_once_and_rendered_once_in_each_format(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[object] = []
    rendered: list[str] = []
    draw, to_bytes = figure.draw, figure.render

    def counted_draw(*args: Any) -> figure.Chart:
        drawn.append(args)
        return draw(*args)

    def counted_render(*args: Any) -> bytes:
        rendered.append(args[1])
        return to_bytes(*args)

    monkeypatch.setattr(figure, "draw", counted_draw)
    monkeypatch.setattr(figure, "render", counted_render)
    render("p.toml", "-o", "out", "--formats", "png,svg")
    assert len(drawn) == 2
    assert sorted(rendered) == [".png", ".png", ".svg", ".svg"]
    rendered.clear()
    render("p.toml", "-o", "out", "--formats", "pdf")
    assert sorted(rendered) == [".pdf", ".pdf", ".svg", ".svg"]  # the page shows the SVG
