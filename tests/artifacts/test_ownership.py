"""Which files of a folder a render replaces and removes: those that lrviz wrote, whatever a manifest says."""

from __future__ import annotations

import hashlib
import io
import json
import os
import resource
import signal
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from PIL import Image

from lrviz.artifacts.manifest import MANIFEST
from lrviz.artifacts.ownership import JOURNAL, known_digests, own_digest
from lrviz.cli import main
from lrviz.figure import FIGURE_FORMATS
from tests.artifacts.folders import ENDS, TWO, check_whole, files, manifest, render

Capture = pytest.CaptureFixture[str]
Change = Callable[[Path], object]


def refused(capsys: Capture, *words: str) -> str:
    """The error of a render that changes nothing in the folder."""
    before = files(Path("out"))
    capsys.readouterr()
    assert main(["render", "p.toml", "-o", "out", *words]) == 2
    assert files(Path("out")) == before
    return capsys.readouterr().err


@pytest.mark.usefixtures("drawn_once")
class TestOwnFiles:
    def test_files_of_a_figure_that_is_gone_are_reported_then_removed(self, out: Path, capsys: Capture) -> None:
        (out / "mine.txt").write_text("mine")
        Path("p.toml").write_text(TWO.replace('"one"', '"uno"'))
        for _ in range(2):  # the second time nothing else has changed
            capsys.readouterr()
            render("p.toml", "-o", "out")
            notes = [line for line in capsys.readouterr().err.splitlines() if line.startswith("note")]
            assert notes == [
                f"note: `{Path('out') / name}` is from an earlier render; `--prune` removes it unless it was changed"
                for name in ("one.csv", "one.png", "one.svg")
            ]
            assert Path("out/one.png").exists()
        render("p.toml", "-o", "out", "--prune")
        assert {p.name for p in Path("out").iterdir()} == {
            "uno.png", "uno.svg", "uno.csv", "two.svg", "two.csv", "mine.txt", *ENDS,
        }  # fmt: skip
        check_whole(Path("out"))

    def test_prune_leaves_what_somebody_changed(self, out: Path) -> None:
        (out / "one.svg").write_text("edited by hand")
        Path("p.toml").write_text(TWO.replace('"one"', '"uno"'))
        render("p.toml", "-o", "out", "--prune")
        assert Path("out/one.svg").read_text() == "edited by hand"
        assert not Path("out/one.png").exists()

    @pytest.mark.parametrize("name", ["one.png", "two.csv", "index.html", "manifest.json"])
    def test_a_file_that_lrviz_did_not_write_is_never_replaced(self, here: Path, capsys: Capture, name: str) -> None:
        Path("out").mkdir()
        Path("out", name).write_text("mine")
        assert main(["render", "p.toml", "-o", "out"]) == 2
        assert capsys.readouterr().err == (
            f"error: `out/{name}` already exists, and lrviz did not write it\n\n"
            "hint: move it away, or choose another folder\n"
        )
        assert files(Path("out")) == {name: b"mine"}

    def test_a_folder_in_the_way_is_left_alone(self, here: Path, capsys: Capture) -> None:
        Path("out/one.png").mkdir(parents=True)
        assert main(["render", "p.toml", "-o", "out"]) == 2
        assert "`out/one.png` already exists" in capsys.readouterr().err

    @pytest.mark.parametrize("content", [b"mine", b""], ids=["another file", "the rendered file"])
    def test_a_link_is_neither_followed_nor_replaced(
        self, here: Path, out: Path, capsys: Capture, content: bytes
    ) -> None:
        Path("elsewhere").write_bytes(content or (out / "one.csv").read_bytes())
        (out / "one.csv").unlink()
        (out / "one.csv").symlink_to(here / "elsewhere")
        assert refused(capsys).startswith("error: `out/one.csv` already exists, and lrviz did not write it\n")

    def test_a_file_in_place_of_one_of_an_earlier_render_is_not_replaced(self, out: Path, capsys: Capture) -> None:
        Path("p.toml").write_text(TWO.replace('"one"', '"uno"'))
        render("p.toml", "-o", "out")
        (out / "one.csv").write_text("mine")
        render("p.toml", "-o", "out")
        assert (out / "one.csv").read_text() == "mine"
        Path("p.toml").write_text(TWO)
        assert refused(capsys).startswith("error: `out/one.csv` already exists, and lrviz did not write it\n")

    @pytest.mark.parametrize("name", ["one.png", "two.csv", "index.html", "summary.md"])
    def test_a_file_that_somebody_changed_is_not_replaced(self, out: Path, capsys: Capture, name: str) -> None:
        with (out / name).open("a") as stream:
            stream.write("my note")
        assert refused(capsys) == (
            f"error: `out/{name}` was changed after lrviz wrote it\n\nhint: move it away, and render again\n"
        )
        (out / name).unlink()
        render("p.toml", "-o", "out")
        check_whole(out)

    def test_all_files_that_somebody_changed_are_named(self, out: Path, capsys: Capture) -> None:
        for name in ("one.png", "one.svg", "one.csv", "two.svg", "two.csv", "index.html", "summary.md"):
            (out / name).write_text("mine")
        assert refused(capsys) == (
            "error: `out/one.png`, `out/one.svg`, `out/one.csv`, `out/two.svg`, `out/two.csv` and 2 more were changed "
            "after lrviz wrote them\n\nhint: move them away, and render again\n"
        )

    def test_a_file_that_appears_during_the_render_is_not_replaced(
        self, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
    ) -> None:
        monkeypatch.setattr("lrviz.artifacts.render.versions", lambda: Path("out/one.csv").write_text("mine") and {})
        assert main(["render", "p.toml", "-o", "out"]) == 2
        assert capsys.readouterr().err.startswith("error: `out/one.csv` already exists, and lrviz did not write it\n")
        assert files(Path("out")) == {"one.csv": b"mine"}


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG file."""
    parts = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def image(kind: str, **options: Any) -> bytes:
    """An image of another program."""
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, kind, **options)
    return buffer.getvalue()


IHDR = (b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 6, 0, 0, 0))
PHYS = (b"pHYs", struct.pack(">IIB", 5906, 5906, 1))
IDAT = (b"IDAT", zlib.compress(b"\0" * 5, 1))
IEND = (b"IEND", b"")
# Files of users with names that a figure `notes`, the page or the summary would have.
MINE = {
    "text.csv": b"a,b\n1,2\n",
    "from-1.csv": b"step,epoch,loss\n1,0,0.5\n2,0,0.25\n",
    "padded.csv": b"step,epoch,loss\n0,0,0.50\n1,0,0.25\n",
    "fewer.csv": b"step,epoch,loss\n0,0,0.5\n10,0,0.25\n",
    "words.csv": b"step,epoch,loss,note\n0,0,0.5,fine\n",
    "no-epoch.csv": b"step,loss\n0,0.5\n1,0.25\n",
    "no-rows.csv": b"step,epoch,loss\n",
    "empty.csv": b"",
    "latin.csv": b"step,epoch,\xe9\n0,0,0.5\n",
    "photo.png": png(IHDR, (b"eXIf", b"MM\0*"), IDAT, IEND),
    "plot.png": png(IHDR, (b"tEXt", b"Software\0Matplotlib"), PHYS, IDAT, IEND),
    "best.png": png(IHDR, PHYS, (b"IDAT", zlib.compress(b"\0" * 5, 9)), IEND),
    "photo.jpg": image("JPEG", quality=95, subsampling=0, exif=b"Exif\0\0II*\0\x08\0\0\0\0\0"),
    "plot.jpg": image("JPEG"),
    "small.jpg": image("JPEG", quality=95),
    "comment.jpg": image("JPEG", quality=95, subsampling=0, dpi=(150, 150), comment=b"mine"),
    "plot.webp": image("WEBP"),
    "photo.webp": image("WEBP", lossless=True, exif=b"II*\0\x08\0\0\0\0\0"),
    "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg"><title>lrviz</title></svg>',
    "paper.pdf": b"%PDF-1.5\n1 0 obj\n<< /Creator (TeX) >>\nendobj\n%%EOF\n",
}
PAGES = {
    "index.html": b'<!doctype html>\n<html lang="en">\n<p>my page</p>\n</html>\n',
    "summary.md": b"# my summary\n\nmade with care\n\nby me\n",
}
NOTES = (
    '[[figure]]\nname = "notes"\nformats = ["svg", "png", "pdf", "jpg", "webp"]\n[[figure.curve]]\n'
    'scheduler = "cosine"\n'
)


def forged(name: str, content: bytes, part: str) -> tuple[str, str]:
    """The name and the text of a manifest or a journal that lists a file with its true digest."""
    digest = hashlib.sha256(content).hexdigest()
    item = {name: {"sha256": digest, "size": len(content)}}
    if part == "journal":
        return JOURNAL, json.dumps({name: [digest]})
    if "notes" in name:
        item[name] |= {"figure": "notes"} if part == "files" else {}
    figure = {"name": "notes", "curves": [], "options": {}}
    data = {"version": 1, "made_by": "lrviz render", "figures": [figure], "versions": {}, "files": {}, "leftover": {}}
    return MANIFEST, json.dumps(data | {part: item})


@pytest.mark.usefixtures("drawn_once")
@pytest.mark.parametrize("part", ["files", "leftover", "journal"])
class TestForgedManifest:
    """A manifest of a stranger that lists a file of the user with its digest."""

    @pytest.mark.parametrize("kind", [*MINE, *PAGES])
    def test_the_file_is_not_replaced(self, here: Path, capsys: Capture, kind: str, part: str) -> None:
        name, content = (kind, PAGES[kind]) if kind in PAGES else (f"notes.{kind.rpartition('.')[2]}", MINE[kind])
        Path("out").mkdir()
        Path("out", name).write_bytes(content)
        record, text = forged(name, content, part)
        Path("out", record).write_text(text)
        Path("p.toml").write_text(NOTES)
        assert refused(capsys).startswith(f"error: `out/{name}` was changed after lrviz wrote it\n")

    @pytest.mark.parametrize("kind", MINE)
    def test_the_file_is_not_removed(self, here: Path, capsys: Capture, kind: str, part: str) -> None:
        name = f"notes.{kind.rpartition('.')[2]}"
        Path("out").mkdir()
        Path("out", name).write_bytes(MINE[kind])
        record, text = forged(name, MINE[kind], part)
        Path("out", record).write_text(text)
        Path("p.toml").write_text(NOTES.replace("notes", "other"))
        render("p.toml", "-o", "out", "--prune", "--formats", "svg")
        assert Path("out", name).read_bytes() == MINE[kind]
        capsys.readouterr()
        assert main(["render", "p.toml", "-o", "out", "--check"]) == 0
        assert f"`{name}` is unknown: no render made it\n" in capsys.readouterr().out

    @pytest.mark.parametrize("name", ["../precious", "precious", "a/notes.csv", ".notes.csv", "notes.txt", "n s.csv"])
    def test_a_name_that_no_render_gives_is_refused(self, here: Path, capsys: Capture, name: str, part: str) -> None:
        Path("out/a").mkdir(parents=True)
        Path("out", name).write_text("mine")
        record, text = forged(name, b"mine", part)
        Path("out", record).write_text(text)
        assert f"error: `out/{record}` already exists, and lrviz did not write it\n" in refused(capsys, "--prune")
        assert Path("out", name).read_text() == "mine"


def test_a_file_belongs_to_the_figure_with_its_name(out: Path, capsys: Capture) -> None:
    found = manifest(out)
    found["files"]["three.csv"] = found["files"]["one.csv"]
    (out / MANIFEST).write_text(json.dumps(found))
    assert f"`out/{MANIFEST}` already exists, and lrviz did not write it" in refused(capsys)


@pytest.mark.usefixtures("drawn_once")
def test_every_file_of_a_render_has_the_form_of_one(here: Path) -> None:
    text = f"{TWO}metric = [1.0, 0.5]\n"
    text += '[[figure]]\nname = "odd"\n[[figure.curve]]\nscheduler = "cosine"\nepochs = 2\nlabel = "two\\nlines"\n'
    text += '[[figure.curve]]\nscheduler = "onecycle"\nepochs = 3\nsteps_per_epoch = 2\nlr = { a = 1.0, b = 2.0 }\n'
    Path("p.toml").write_text(text.replace('"cosine"\nlabel', '"plateau"\nlabel', 1))
    for _ in range(2):  # the second replaces the first
        render("p.toml", "-o", "out", "--formats", ",".join(FIGURE_FORMATS))
    known = known_digests(Path("out"))
    assert [path.name for path in Path("out").iterdir() if own_digest(path, known) is None] == []


@pytest.fixture
def limits() -> Iterator[None]:
    """Half a gigabyte more of memory, and half a minute."""

    def too_long(*_: object) -> NoReturn:
        raise TimeoutError

    before, hard = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    handler = signal.signal(signal.SIGALRM, too_long)
    resource.setrlimit(resource.RLIMIT_AS, (used + 500_000_000, hard))
    signal.alarm(30)
    yield
    signal.alarm(0)
    resource.setrlimit(resource.RLIMIT_AS, (before, hard))
    signal.signal(signal.SIGALRM, handler)


def _sparse(path: Path) -> None:
    path.touch()
    os.truncate(path, 1 << 40)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="Linux alone has it")
@pytest.mark.usefixtures("drawn_once", "limits")
@pytest.mark.parametrize("name", ["one.csv", "index.html", MANIFEST, JOURNAL])
@pytest.mark.parametrize(
    "put",
    [
        pytest.param(lambda path: path.symlink_to("/dev/zero"), id="link to a device"),
        pytest.param(os.mkfifo, id="pipe"),
        pytest.param(Path.mkdir, id="folder"),
        pytest.param(_sparse, id="a terabyte"),
    ],
)
class TestEndlessFiles:
    def test_a_render_refuses_it(self, out: Path, capsys: Capture, name: str, put: Change) -> None:
        (out / name).unlink(missing_ok=True)
        put(out / name)
        assert main(["render", "p.toml", "-o", "out"]) == 2
        assert capsys.readouterr().err.startswith(f"error: `out/{name}` ")

    def test_a_check_says_what_it_is(self, out: Path, capsys: Capture, name: str, put: Change) -> None:
        (out / name).unlink(missing_ok=True)
        put(out / name)
        status = main(["render", "p.toml", "-o", "out", "--check"])
        told, err = capsys.readouterr()
        if name == MANIFEST:
            assert (status, told) == (2, "")
            assert err.startswith("error: `out` contains no render: its manifest.json is not a manifest of lrviz\n")
        elif name == JOURNAL:
            assert (status, err) == (0, "")
        else:
            assert (status, err) == (1, "")
            assert f"`{name}` changed after the render\n" in told


@pytest.mark.usefixtures("drawn_once")
class TestRecordsThatNobodyWrote:
    @pytest.mark.parametrize(
        "text",
        [
            pytest.param("[" * 100_000, id="nested"),
            pytest.param('{"a.csv": 5}', id="no list"),
            pytest.param('{"a.csv": [["b"]]}', id="a list of lists"),
            pytest.param('{"notes.txt": []}', id="another file"),
            pytest.param("\xff", id="not UTF-8"),
            pytest.param("", id="empty"),
        ],
    )
    def test_a_journal_that_is_not_of_lrviz(self, out: Path, capsys: Capture, text: str) -> None:
        (out / JOURNAL).write_text(text, encoding="latin-1")
        assert f"`out/{JOURNAL}` already exists, and lrviz did not write it" in refused(capsys)

    @pytest.mark.parametrize("part", ["figures", "curves"])
    def test_a_manifest_of_more_than_a_preset_can_have(self, out: Path, capsys: Capture, part: str) -> None:
        found = manifest(out)
        if part == "figures":
            found["figures"] += [{"name": f"x{i}", "curves": [], "options": {}} for i in range(200)]
        else:
            found["figures"][0]["curves"] *= 1001
        (out / MANIFEST).write_text(json.dumps(found))
        assert f"`out/{MANIFEST}` already exists, and lrviz did not write it" in refused(capsys)

    @pytest.mark.parametrize("name", ["mine.csv", "one.csv"])
    def test_a_journal_that_lists_no_digest(self, out: Path, name: str) -> None:
        (out / "mine.csv").write_text("mine")
        (out / JOURNAL).write_text(json.dumps({name: []}))
        render("p.toml", "-o", "out", "--prune")
        assert (out / "mine.csv").read_text() == "mine"
        assert not (out / JOURNAL).exists()

    @pytest.mark.parametrize("value", ["NaN", "Infinity", "1e999", "[" * 500 + "]" * 500], ids=lambda v: v[:9])
    @pytest.mark.parametrize("format", ["text", "json"])
    def test_a_manifest_with_values_that_json_cannot_hold(
        self, out: Path, capsys: Capture, value: str, format: str
    ) -> None:
        text = (out / MANIFEST).read_text().replace('"epochs": 2', f'"epochs": {value}')
        (out / MANIFEST).write_text(text)
        assert main(["render", "p.toml", "-o", "out", "--check", "--format", format]) == 2
        err = capsys.readouterr().err
        assert err.startswith("error: `out` contains no render: its manifest.json is not a manifest of lrviz\n")


@pytest.mark.usefixtures("drawn_once")
class TestOnly:
    """`--only` uses sections of the page and records of the manifest again."""

    def change(self, out: Path, name: str, before: bytes, after: bytes) -> None:
        """Change a file, and its digest in the manifest."""
        content = (out / name).read_bytes()
        (out / name).write_bytes(content.replace(before, after))
        assert content != (out / name).read_bytes()
        found = manifest(out)
        found["files"][name]["sha256"] = hashlib.sha256((out / name).read_bytes()).hexdigest()
        (out / MANIFEST).write_text(json.dumps(found))

    def test_a_section_that_is_missing(self, out: Path, capsys: Capture) -> None:
        self.change(out, "index.html", b"<!-- figure: two -->", b"")
        assert refused(capsys, "--only", "one") == (
            "error: `--only` keeps the other files in `out`, but `index.html` has no section for `two`\n\n"
            "hint: render once without `--only`\n"
        )

    def test_a_page_that_is_not_utf_8(self, out: Path, capsys: Capture) -> None:
        self.change(out, "index.html", b"down", b"\xff")
        reason = "`index.html` cannot be read: it is not text in UTF-8 at line "
        assert f"`--only` keeps the other files in `out`, but {reason}" in refused(capsys, "--only", "one")

    @pytest.mark.parametrize("part", [b"::error title=forged::\n<script>\n", b"\xff"])
    def test_the_summary_of_the_others_is_written_again(self, out: Path, part: bytes) -> None:
        honest = (out / "summary.md").read_bytes()
        self.change(out, "summary.md", b"\n\n##", b"\n\n" + part + b"##")
        render("p.toml", "-o", "out", "--only", "one")
        assert (out / "summary.md").read_bytes() == honest

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("summary", None),
            ("summary", [{"group": "", "peak": "1\n::error::", "peak_step": 0, "final": 0, "mean": 0}]),
            ("summary", [{"group": "", "peak": 1, "peak_step": "\n::error::", "final": 0, "mean": 0}]),
            ("epochs", "\n::error::"),
            ("lr", 7),
            ("label", None),
        ],
    )
    def test_a_record_that_is_forged(self, out: Path, capsys: Capture, key: str, value: object) -> None:
        found = manifest(out)
        found["figures"][1]["curves"][0][key] = value
        (out / MANIFEST).write_text(json.dumps(found))
        error = refused(capsys, "--only", "one")
        assert "but the record of `two` in `manifest.json` is not lrviz's" in error

    def test_a_page_with_many_sections_that_do_not_end(self, out: Path, capsys: Capture) -> None:
        self.change(out, "index.html", b"<!-- figure: two -->", b"<!-- figure: two -->\n" * 100_000)
        self.change(out, "index.html", b"<!-- end of figure: two -->", b"")
        assert "`index.html` has no section for `two`" in refused(capsys, "--only", "one")
