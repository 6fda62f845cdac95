"""Files are written whole or not at all, and every refusal names the path and the reason."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import chdir
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, NoReturn

import pytest

from lrviz.cli import runs
from lrviz.errors import OutputError
from lrviz.files import write_text, writing
from lrviz.text import printable
from tests.conftest import ROOT

HINT = "use .png, .svg, .pdf, .jpg, .webp, .csv, .tsv, .json or .md"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to stand in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tree(folder: Path) -> dict[str, bytes | None]:
    """Every path below `folder`, with the bytes of the files."""
    return {str(p.relative_to(folder)): p.read_bytes() if p.is_file() else None for p in sorted(folder.rglob("*"))}


def run(code: str, *options: str, stdout: int | IO[str] = subprocess.PIPE) -> tuple[int, bytes | None, str]:
    """The exit status, stdout and stderr of Python code in a separate process."""
    command = [sys.executable, *options, "-c", textwrap.dedent(code)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    finished = subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, env=environment, timeout=60, check=False)
    return finished.returncode, finished.stdout, finished.stderr.decode()


class TestKindOf:
    @pytest.mark.parametrize(
        ("path", "kind"),
        [
            ("cosine.png", "png"),
            ("out/a.SVG", "svg"),
            ("a.b.pdf", "pdf"),
            ("../x.csv", "csv"),
            ("x.tsv", "tsv"),
            ("x y.json", "json"),
            (Path("x.md"), "md"),
        ],
        ids=str,
    )
    def test_suffix(self, path: str | Path, kind: str) -> None:
        assert runs.format_of(path) == kind

    @pytest.mark.parametrize(
        ("path", "message"),
        [
            ("curve.gif", "cannot write `curve.gif`: unknown format `.gif`"),
            ("a.png/curve.gif", "cannot write `a.png/curve.gif`: unknown format `.gif`"),
            ("curve.png.bak", "cannot write `curve.png.bak`: unknown format `.bak`"),
            ("curve.\x1b[31m", r"cannot write `curve.\x1b[31m`: unknown format `.\x1b[31m`"),
            ("curve", "cannot write `curve`: it has no suffix"),
            ("out.d/curve", "cannot write `out.d/curve`: it has no suffix"),
            (".png", "cannot write `.png`: it has no suffix"),
            ("curve.", "cannot write `curve.`: it has no suffix"),
            ("", "cannot write ``: it has no suffix"),
        ],
        ids=repr,
    )
    def test_refusal(self, path: str, message: str) -> None:
        with pytest.raises(OutputError) as caught:
            runs.format_of(path)
        assert (printable(caught.value.message), caught.value.hint) == (message, HINT)


LONG = "x" * 300 + ".png"
REFUSED = [
    pytest.param("", "cannot write to an empty path", "name a file, such as `curve.png`", id="empty"),
    pytest.param("a\0.png", r"cannot write `a\x00.png`: a path cannot hold a NUL character", "", id="nul"),
    pytest.param("dir", "cannot write `dir`: it is a folder", "add a file name, such as `curve.png`", id="folder"),
    pytest.param("new/", "cannot write `new/`: it is a folder", "add a file name, such as `curve.png`", id="slash"),
    pytest.param(".", "cannot write `.`: it is a folder", "add a file name, such as `curve.png`", id="dot"),
    pytest.param("a/..", "cannot write `a/..`: it is a folder", "add a file name, such as `curve.png`", id="dot-dot"),
    pytest.param("/", "cannot write `/`: it is a folder", "add a file name, such as `curve.png`", id="root"),
    pytest.param("file/a.png", "cannot write `file/a.png`: `file` is a file where a folder should be", "", id="file"),
    pytest.param(
        "file/b/c/a.png",
        "cannot write `file/b/c/a.png`: `file` is a file where a folder should be",
        "",
        id="file-above",
    ),
    pytest.param(LONG, f"cannot write `{LONG}`: the name is too long", "", id="long"),
    pytest.param(f"new/{LONG}", f"cannot write `new/{LONG}`: the name is too long", "", id="long-in-a-new-folder"),
    pytest.param(f"{LONG}/a.png", f"cannot write `{LONG}/a.png`: the name is too long", "", id="long-folder"),
    pytest.param(
        "x/" * 2100 + "a.png", f"cannot write `{'x/' * 2100}a.png`: the name is too long", "", id="long-in-all"
    ),
    *(
        pytest.param(f"/dev/fd/{n}", f"cannot write `/dev/fd/{n}`: bad file descriptor", "", id=f"{len(n)} digits")
        for n in ("9" * 4, "9" * 25, "9" * 5000)
    ),
    pytest.param("loop", "cannot write `loop`: symbolic links form a loop", "", id="circle"),
    pytest.param("loop/a", "cannot write `loop/a`: symbolic links form a loop", "", id="circle-above"),
]


class TestCheckTarget:
    @pytest.mark.parametrize(("path", "message", "hint"), REFUSED)
    def test_refused(self, folder: Path, path: str, message: str, hint: str) -> None:
        (folder / "dir").mkdir()
        (folder / "file").write_text("kept")
        (folder / "loop").symlink_to("loop")
        before = tree(folder)
        for refuse in (writing.check_target, lambda path: writing.write_text(path, "new")):
            with pytest.raises(OutputError) as caught:
                refuse(path)
            assert (caught.value.message, caught.value.hint) == (message, hint)
        assert tree(folder) == before

    @pytest.mark.parametrize("path", ["new.png", "file", "a/b/c/new.png", "link", "dangling", "-", "/dev/null", "ü.md"])
    def test_accepted_and_nothing_touched(self, folder: Path, path: str) -> None:
        (folder / "file").write_text("kept")
        (folder / "link").symlink_to("file")
        (folder / "dangling").symlink_to("elsewhere")
        before, changed = tree(folder), (folder / "file").stat().st_mtime_ns
        writing.check_target(path)
        assert tree(folder) == before
        assert (folder / "file").stat().st_mtime_ns == changed

    def test_a_deleted_working_folder(self) -> None:
        code = """
            import os, tempfile
            from lrviz.files import writing as output
            from lrviz.errors import OutputError
            gone = tempfile.mkdtemp()
            os.chdir(gone)
            os.rmdir(gone)
            try:
                output.check_target("a.png")
            except OutputError as error:
                print(error)
        """
        assert run(code) == (0, b"cannot write `a.png`: no such file or directory\n", "")

    @pytest.fixture
    def open_folder(self) -> Iterator[Path]:
        """A folder to stand in that every user may enter and write to; those of pytest are private."""
        with TemporaryDirectory() as folder, chdir(folder):
            Path(folder).chmod(0o777)
            yield Path(folder)

    def test_permissions(self, open_folder: Path) -> None:
        """What an ordinary user may not write; the check and the writing say the same, and change nothing."""
        folder = open_folder
        (folder / "locked").mkdir(mode=0o755)
        (folder / "locked" / "old.png").write_text("kept")
        (folder / "hidden").mkdir(mode=0o700)
        (folder / "protected.png").write_text("kept")
        (folder / "protected.png").chmod(0o444)
        if os.geteuid() != 0:
            (folder / "locked" / "old.png").chmod(0o444)
            (folder / "locked").chmod(0o555)
            (folder / "hidden").chmod(0o000)
        code = """
            import os
            from lrviz.files import writing as output
            from lrviz.errors import OutputError
            import encodings.unicode_escape
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            for path in "locked/new.png", "locked/sub/new.png", "locked/old.png", "hidden/a.png", "protected.png":
                for refuse in output.check_target, lambda path: output.write_text(path, "new"):
                    try:
                        refuse(path)
                    except OutputError as error:
                        print(error.message, error.hint, sep=" | ")
            output.write_text("mine.txt", "written")
        """
        before = tree(folder)
        status, printed, complaints = run(code)
        for name in ("locked", "hidden"):
            (folder / name).chmod(0o755)
        elsewhere = "choose a folder you may write to"
        writable = "make it writable with `chmod u+w`, or choose another name"
        lines = [
            f"cannot write `locked/new.png`: no permission to write in `locked` | {elsewhere}",
            f"cannot write `locked/sub/new.png`: no permission to write in `locked` | {elsewhere}",
            f"cannot write `locked/old.png`: it is write-protected | {writable}",
            f"cannot write `hidden/a.png`: permission denied | {elsewhere}",
            f"cannot write `protected.png`: it is write-protected | {writable}",
        ]
        assert (status, complaints) == (0, "")
        assert (printed or b"").decode().splitlines() == [line for line in lines for _ in range(2)]
        assert tree(folder) == before | {"mine.txt": b"written"}


class TestWriting:
    def test_text_is_utf8_with_its_own_line_ends(self, folder: Path) -> None:
        writing.write_text("a.md", "ü\r\n…\n")
        assert (folder / "a.md").read_bytes() == b"\xc3\xbc\r\n\xe2\x80\xa6\n"

    def test_pieces(self, folder: Path) -> None:
        writing.write_text(folder / "a.csv", iter(["step\n", "", "0\n"]))
        writing.write_bytes(folder / "a.bin", iter([b"\x00", b"\xff"]))
        assert tree(folder) == {"a.csv": b"step\n0\n", "a.bin": b"\x00\xff"}

    def test_a_lone_surrogate_becomes_an_escape(self, folder: Path) -> None:
        writing.write_text("a.json", '"\udcff"')
        assert (folder / "a.json").read_text() == r'"\udcff"'

    def test_missing_folders_are_made(self, folder: Path) -> None:
        writing.write_text("a/b/c.md", "new")
        assert tree(folder) == {"a": None, "a/b": None, "a/b/c.md": b"new"}

    def test_the_longest_name(self, folder: Path) -> None:
        name = "x" * (os.pathconf(folder, "PC_NAME_MAX") - 4) + ".png"
        writing.write_text(name, "new")
        assert tree(folder) == {name: b"new"}

    def test_old_content_stands_until_the_block_ends(self, folder: Path) -> None:
        (folder / "a.txt").write_text("old")
        with writing.writing("a.txt") as stream:
            stream.write(b"new")
            stream.flush()
            assert (folder / "a.txt").read_text() == "old"
        assert tree(folder) == {"a.txt": b"new"}

    @pytest.mark.parametrize("mask", [0o022, 0o077, 0o002], ids=oct)
    def test_a_new_file_honours_the_umask(self, folder: Path, mask: int) -> None:
        before = os.umask(mask)
        try:
            writing.write_text("a.txt", "new")
        finally:
            os.umask(before)
        assert stat.S_IMODE((folder / "a.txt").stat().st_mode) == 0o666 & ~mask

    @pytest.mark.parametrize("mode", [0o600, 0o664, 0o755, 0o222], ids=oct)
    def test_an_old_file_keeps_its_mode(self, folder: Path, mode: int) -> None:
        (folder / "a.txt").write_text("old")
        (folder / "a.txt").chmod(mode)
        writing.write_text("a.txt", "new")
        assert stat.S_IMODE((folder / "a.txt").stat().st_mode) == mode

    @pytest.mark.parametrize("mode", [0o4755, 0o2755, 0o1644, 0o7777], ids=oct)
    def test_an_old_file_does_not_keep_setuid_setgid_and_sticky(self, folder: Path, mode: int) -> None:
        (folder / "a.txt").write_text("old")
        (folder / "a.txt").chmod(mode)
        writing.write_text("a.txt", "new")
        assert stat.S_IMODE((folder / "a.txt").stat().st_mode) == mode & 0o777

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
    def test_an_old_file_keeps_its_owner(self, folder: Path) -> None:
        (folder / "a.txt").write_text("old")
        os.chown(folder / "a.txt", 65534, 65534)
        writing.write_text("a.txt", "new")
        assert ((folder / "a.txt").stat().st_uid, (folder / "a.txt").stat().st_gid) == (65534, 65534)

    @pytest.mark.parametrize("target", ["sub/real.txt", "sub/missing.txt"], ids=["there", "dangling"])
    def test_a_symbolic_link_stays_one(self, folder: Path, target: str) -> None:
        (folder / "sub").mkdir()
        (folder / "sub" / "real.txt").write_text("old")
        (folder / "link").symlink_to(target)
        writing.write_text("link", "new")
        assert (folder / "link").is_symlink()
        assert (folder / target).read_text() == "new"

    def test_a_device_is_written_to(self) -> None:
        writing.write_text("/dev/null", "gone")
        assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)

    def test_a_full_device(self) -> None:
        with pytest.raises(OutputError) as caught:
            writing.write_text("/dev/full", "x")
        assert caught.value.message == "cannot write `/dev/full`: no space left on device"
        assert caught.value.hint == "free some space, or write to another disk"

    def test_a_named_pipe_is_written_to(self, folder: Path) -> None:
        os.mkfifo(folder / "pipe")
        got: list[str] = []
        reader = threading.Thread(target=lambda: got.append((folder / "pipe").read_text()))
        reader.start()
        writing.write_text("pipe", "through")
        reader.join()
        assert got == ["through"]
        assert stat.S_ISFIFO((folder / "pipe").stat().st_mode)

    @pytest.mark.parametrize("path", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
    def test_an_open_descriptor_is_written_to_where_it_stands(self, folder: Path, path: str) -> None:
        code = f"""
            from lrviz.files import writing as output
            print("before")
            output.write_text({path!r}, "data\\n")
            print("after")
        """
        with (folder / "out.txt").open("w") as target:
            assert run(code, stdout=target) == (0, None, "")
        assert tree(folder) == {"out.txt": b"before\ndata\nafter\n"}


def full_disk(*_: object) -> NoReturn:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


class TestFailure:
    """Whatever happens, the old file is whole, and nothing new is left behind."""

    @pytest.mark.parametrize("fail", [full_disk, interrupt, lambda *_: 1 // 0], ids=["full", "ctrl-c", "bug"])
    @pytest.mark.parametrize(
        ("path", "where"),
        [
            *product(["old.txt", "new.txt", "made/for/it.txt", "there/made/it.txt"], ["content", "os.fsync"]),
            *product(["old.txt", "new.txt", "made/for/it.txt"], ["pathlib.Path.replace"]),
            ("old.txt", "pathlib.Path.chmod"),
        ],
    )
    def test_leaves_things_as_they_were(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, path: str, where: str, fail: Callable[..., NoReturn]
    ) -> None:
        (folder / "old.txt").write_text("old")
        (folder / "there").mkdir()
        before = tree(folder)

        def content() -> Iterator[bytes]:
            yield b"new" * 100_000
            if where == "content":
                fail()

        if where != "content":
            monkeypatch.setattr(where, fail)
        expected = {full_disk: OutputError, interrupt: KeyboardInterrupt}.get(fail, ZeroDivisionError)
        with pytest.raises(expected) as caught:
            writing.write_bytes(path, content())
        assert tree(folder) == before
        if fail is full_disk:
            assert str(caught.value) == (
                f"cannot write `{path}`: no space left on device\n\nhint: free some space, or write to another disk"
            )

    def test_folders_inside_each_other_up_to_the_longest_path(self, folder: Path) -> None:
        deep = "x/" * ((os.pathconf(folder, "PC_PATH_MAX") - len(os.fsencode(folder))) // 2 - 50)
        assert deep.count("/") > 1000
        with pytest.raises(ZeroDivisionError), writing.writing(f"{deep}a.txt"):
            1 / 0  # noqa: B018 # the division is what fails
        assert tree(folder) == {}

    @pytest.mark.parametrize("fail", [full_disk, interrupt], ids=["full", "ctrl-c"])
    def test_while_folders_are_made(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, fail: Callable[..., NoReturn]
    ) -> None:
        mkdir = Path.mkdir

        def second_fails(path: Path) -> None:
            if path.name == "b":
                fail()
            mkdir(path)

        monkeypatch.setattr(Path, "mkdir", second_fails)
        with pytest.raises((OutputError, KeyboardInterrupt)):
            writing.write_text("a/b/c/new.txt", "new")
        assert tree(folder) == {}

    def test_a_folder_that_another_process_made_stays(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        mkdir = Path.mkdir

        def made_meanwhile(path: Path) -> None:
            mkdir(path)
            mkdir(path)

        monkeypatch.setattr(Path, "mkdir", made_meanwhile)
        with pytest.raises(ZeroDivisionError), writing.writing("a/new.txt"):
            1 / 0  # noqa: B018 # the division is what fails
        assert tree(folder) == {"a": None}

    def test_a_file_that_another_process_put_in_the_way(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def put_in_the_way(path: Path) -> None:
            path.write_text("theirs")
            raise FileExistsError(errno.EEXIST, "")

        monkeypatch.setattr(Path, "mkdir", put_in_the_way)
        with pytest.raises(OutputError, match=r"^cannot write `a/new.txt`: a file where a folder should be$"):
            writing.write_text("a/new.txt", "new")
        assert tree(folder) == {"a": b"theirs"}

    def test_a_disk_that_is_really_full(self, folder: Path) -> None:
        small = folder / "small"
        small.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64k", "lrviz-test", small], capture_output=True, check=False
        )
        if mounted.returncode:
            pytest.skip("mounting a tmpfs is not permitted")
        try:
            writing.write_text(small / "old.csv", "old")
            before = tree(small)
            for path in ("old.csv", "new.csv", "made/new.csv"):
                with pytest.raises(OutputError, match="no space left on device"):
                    writing.write_bytes(small / path, (b"x" * 4096 for _ in range(100)))
                assert tree(small) == before
        finally:
            subprocess.run(["umount", small], check=True)

    def test_what_a_killed_process_left_is_removed(self, folder: Path) -> None:
        code = """
            import os, signal
            from lrviz.files import writing as output
            def content():
                yield b"new" * 100_000
                os.kill(os.getpid(), signal.SIGKILL)
            output.write_bytes("a.txt", content())
        """
        assert run(code)[0] == -signal.SIGKILL
        (left,) = tree(folder)
        assert writing.is_temporary(Path(left))
        writing.write_text("b.txt", "new")
        assert tree(folder) == {"b.txt": b"new"}

    def test_only_what_lrviz_left_is_removed(self, folder: Path) -> None:
        (folder / ".lrviz-x").write_text("mine")
        (folder / ".lrviz-0123456789abcdef0").write_text("mine")
        (folder / ".lrviz-00000000000000aa").symlink_to(".lrviz-x")
        (folder / ".lrviz-00000000000000bb").mkdir()
        os.mkfifo(folder / ".lrviz-00000000000000cc")
        before = tree(folder)
        writing.write_text("b.txt", "new")
        assert tree(folder) == before | {"b.txt": b"new"}

    def test_two_writes_at_once_do_not_disturb_each_other(self, folder: Path) -> None:
        with writing.writing("a.txt") as one, writing.writing("b.txt") as two:
            one.write(b"a")
            two.write(b"b")
            writing.write_text("c.txt", "c")
        assert tree(folder) == {"a.txt": b"a", "b.txt": b"b", "c.txt": b"c"}

    def test_a_file_that_is_removed_before_it_is_locked(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        locks = []

        def removed(stream: IO[bytes], _: int) -> None:
            locks.append(stream)
            if len(locks) == 1:
                Path(stream.name).unlink()

        monkeypatch.setattr("fcntl.flock", removed)
        writing.write_text("a.txt", "new")
        assert (tree(folder), len(locks)) == ({"a.txt": b"new"}, 2)

    @pytest.mark.parametrize(
        ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=str
    )
    def test_a_signal_while_a_command_writes(self, folder: Path, number: int, status: int) -> None:
        (folder / "a.json").write_text("old")
        code = f"""
            import os, sys
            from lrviz.__main__ import run
            from lrviz.files import writing
            fsync = os.fsync
            def stopped(descriptor):
                os.kill(os.getpid(), {int(number)})
                fsync(descriptor)
            os.fsync = stopped
            sys.argv = ["lrviz", "presets", "--schema", "-o", "a.json"]
            run()
        """
        assert run(code) == (status, b"", "")
        assert tree(folder) == {"a.json": b"old"}

    def test_ctrl_c_from_outside(self, folder: Path) -> None:
        """A real signal, in the middle of a long write."""
        (folder / "old.txt").write_text("old")
        code = """
            import os, signal
            from lrviz.files import writing as output
            def content():
                yield b"new" * 100_000
                os.kill(os.getpid(), signal.SIGINT)
                while True:
                    yield b"new"
            output.write_bytes("old.txt", content())
        """
        assert run(code)[2].endswith("KeyboardInterrupt\n")
        assert tree(folder) == {"old.txt": b"old"}

    def test_a_reader_of_a_pipe_that_has_gone(self) -> None:
        reading, writing = os.pipe()
        os.close(reading)
        with pytest.raises(BrokenPipeError):
            write_text(f"/dev/fd/{writing}", "x")
        os.close(writing)


PRELUDE = """
import sys
from lrviz.files import writing as output
from lrviz.errors import OutputError

def main():
    try:
        work()
    except OutputError as error:
        print(error.message, file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        output.discard_stdout()

"""


class TestStdout:
    @pytest.mark.parametrize("options", [[], ["-u"]], ids=["buffered", "unbuffered"])
    def test_bytes_and_text_in_order(self, options: list[str]) -> None:
        code = """
            import sys
            from lrviz.files import writing as output
            sys.stdout.reconfigure(encoding="ascii")
            print("one")
            output.write_stdout(b"\\x00\\xff")
            output.write_stdout("ü\\n")
            output.write_stdout(iter(["three\\n", b"four\\n"]))
            output.write_text("-", ["five\\n"])
            output.write_bytes("-", b"six\\n")
            print("seven")
        """
        assert run(code, *options) == (0, b"one\n\x00\xff\xc3\xbc\nthree\nfour\nfive\nsix\nseven\n", "")

    @pytest.mark.parametrize(
        "work",
        [
            'output.write_stdout("x" * 20 for _ in range(100_000))',
            'output.write_stdout("x" * 1_000_000)',
            "with output.stdout_errors(): print('x')",
        ],
        ids=["pieces", "whole", "print"],
    )
    @pytest.mark.parametrize("options", [[], ["-u"]], ids=["buffered", "unbuffered"])
    def test_a_full_disk(self, work: str, options: list[str]) -> None:
        code = f"{PRELUDE}\ndef work():\n    {work}\nmain()\n"
        with Path("/dev/full").open("w") as full:
            assert run(code, *options, stdout=full) == (2, None, "cannot write to stdout: no space left on device\n")

    def test_closed(self) -> None:
        code = f"{PRELUDE}\ndef work():\n    output.write_stdout('x')\nmain()\n"
        finished = subprocess.run(
            ["sh", "-c", 'exec "$0" -c "$1" >&-', sys.executable, code], stderr=subprocess.PIPE, text=True, check=False
        )
        assert (finished.returncode, finished.stderr) == (2, "cannot write to stdout: bad file descriptor\n")

    @pytest.mark.parametrize("options", ["", "-u"], ids=["buffered", "unbuffered"])
    def test_a_reader_that_has_gone(self, options: str) -> None:
        code = f"{PRELUDE}\ndef work():\n    output.write_stdout(f'{{i}}\\n' for i in range(10**7))\nmain()\n"
        shell = 'set -o pipefail; "$0" $2 -c "$1" | head -n 2'
        finished = subprocess.run(
            ["bash", "-c", shell, sys.executable, code, options], capture_output=True, text=True, check=False
        )
        assert (finished.returncode, finished.stdout, finished.stderr) == (0, "0\n1\n", "")

    def test_a_dash_never_makes_a_file(self, folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
        writing.write_text("-", "data")
        assert capfdbinary.readouterr().out == b"data"
        assert tree(folder) == {}
