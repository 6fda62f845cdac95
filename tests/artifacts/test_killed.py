"""A render that is stopped by a signal: every file is whole, and the next render removes what was left."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from lrviz.artifacts import folder
from lrviz.artifacts.folder import is_staging
from lrviz.artifacts.manifest import MANIFEST
from lrviz.artifacts.ownership import JOURNAL
from lrviz.cli import main
from lrviz.files import write_all
from tests.artifacts.folders import TWO_SVG, check_whole, files, render
from tests.forkserver import ForkServer, Process

pytestmark = pytest.mark.slow

OLD = TWO_SVG.replace("gamma=0.5", "gamma=0.25").replace('"two"', '"old"')
# Files of the user whose names are like those of lrviz.
MINE = {"mine.txt": b"mine", ".lrviz-new-x": b"mine", ".lrviz-new-0123456789ab": b"mine", ".lrviz-x": b"mine"}


@pytest.fixture
def old(here: Path) -> Path:
    """A render of another content, with files of the user."""
    Path("p.toml").write_text(OLD)
    render("p.toml", "-o", "old", "-q")
    Path("p.toml").write_text(TWO_SVG)
    for name, data in MINE.items():
        Path("old", name).write_bytes(data)
    return here / "old"


class Killed(BaseException):
    """Ends a render as SIGKILL does: nothing is cleaned up."""


class Stop:
    """Raises an exception before one of the changes to files of the test; after `Killed` no other change succeeds."""

    def __init__(self) -> None:
        self.left: int | None = None  # changes until then; None: do not count
        self.exception: type[BaseException] = Killed
        self.stopped_at: str | None = None
        self.checked: set[tuple[object, ...]] = set()  # states of the folder

    def audit(self, event: str, args: tuple[Any, ...]) -> None:
        """A hook for `sys.addaudithook`."""
        if self.left is None or event not in ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir"):
            return
        writes = event != "open" or args[2] & (os.O_WRONLY | os.O_RDWR)
        if writes and isinstance(args[0], str | os.PathLike) and not Path(args[0]).is_absolute():
            self.change(event)

    def change(self, event: str) -> None:
        """Count a change, and raise the exception before the last of them."""
        if self.left is None:
            return
        if self.left == 0 and (self.stopped_at is None or self.exception is Killed):
            self.stopped_at = self.stopped_at or event
            raise self.exception
        self.left = max(self.left - 1, 0)

    @contextmanager
    def after(self, changes: int, exception: type[BaseException]) -> Iterator[None]:
        """Stop after this number of changes inside the block."""
        self.left, self.exception, self.stopped_at = changes, exception, None
        try:
            yield
        finally:
            self.left = None


@pytest.fixture(scope="module")
def stop() -> Stop:
    """Stops renders in this process; the hook stays, since Python cannot remove it."""
    stop = Stop()
    sys.addaudithook(stop.audit)
    return stop


@pytest.mark.usefixtures("drawn_once")
@pytest.mark.parametrize("exception", [Killed, KeyboardInterrupt], ids=["killed", "interrupted"])
def test_at_every_change(
    old: Path,
    stop: Stop,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    exception: type[BaseException],
) -> None:
    """TERM and HUP raise KeyboardInterrupt as Ctrl-C does."""

    def write_half(stream: BinaryIO, data: bytes) -> None:
        write_all(stream, data[: len(data) // 2])
        stop.change("write")
        write_all(stream, data[len(data) // 2 :])

    monkeypatch.setattr(folder, "write_all", write_half)
    shutil.copytree(old, "fresh")
    render("p.toml", "-o", "fresh", "-q")
    before, fresh = files(old), files(Path("fresh"))
    events = []
    for number in range(200):
        target = shutil.copytree(old, Path("out"))
        with stop.after(number, exception), suppress(Killed):
            status = main(["render", "p.toml", "-o", "out", "-q"])
        if stop.stopped_at is None:
            break
        events.append(stop.stopped_at)
        assert exception is Killed or status == 130
        check(target, before, fresh, stop, capsys)
        render("p.toml", "-o", "out", "-q")
        assert files(target) == fresh
        shutil.rmtree(target)
    else:
        raise AssertionError("a render has two hundred changes")
    assert {"open", "write", "os.mkdir", "os.rename", "os.remove", "os.rmdir"} <= set(events)
    assert len(events) >= 25


def check(
    target: Path, before: dict[str, bytes], fresh: dict[str, bytes], stop: Stop, capsys: pytest.CaptureFixture[str]
) -> None:
    """The folder is as before or as after the render, or in a state that a check names; no file is torn."""
    check_whole(target)
    hidden = {p.name for p in target.iterdir() if p.name == JOURNAL or is_staging(p)}
    if stop.exception is not Killed and stop.stopped_at not in ("os.remove", "os.rmdir"):
        assert hidden <= {JOURNAL}
    there = {name: data for name, data in files(target).items() if not hidden & set(Path(name).parts)}
    assert all(data in (before.get(name), fresh.get(name)) for name, data in there.items() if name in before | fresh)
    assert MINE.items() <= there.items()
    state = (*there.items(), len(hidden), JOURNAL in hidden)
    if state in stop.checked:
        return
    stop.checked.add(state)
    capsys.readouterr()
    status = main(["render", "p.toml", "-o", "out", "--check", "-q"])
    out, err = capsys.readouterr()
    if MANIFEST not in there:
        assert (status, err.splitlines()[0]) == (2, "error: the last render into `out` was not finished")
        return
    assert (status, there) in ((1, before), (0, fresh))
    for name in hidden:
        assert f"`{name}` is from a render that was not finished; the next one removes it\n" in out


def start(target: str, forks: ForkServer, *words: str) -> Process:
    return forks.start(["render", "p.toml", "-o", target, "-q", *words], cwd=Path.cwd(), env=os.environ)


def test_killed_at_random_moments(old: Path, forks: ForkServer) -> None:
    moments = random.Random(4)
    started = time.perf_counter()
    start("timed", forks).wait()
    seconds = time.perf_counter() - started
    killed = number = 0
    while number < 4 or (not killed and number < 20):
        target = Path(f"out{number}")
        if number % 2:
            shutil.copytree(old, target)
        process = start(str(target), forks)
        # Half of them near the end, where the files are put in place.
        share = moments.uniform(0.05, 1.0) if number < 2 else moments.uniform(0.8, 1.05)
        time.sleep(share * seconds)
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
        if process.wait() == -signal.SIGKILL:
            killed += 1
        else:  # it has ended before the signal: the first render took longer, on a busy machine
            seconds *= 0.8
        if target.exists():
            check_whole(target)
        render("p.toml", "-o", str(target), "-q")  # the next one makes all of it good
        check_whole(target)
        assert {p.name for p in target.iterdir() if p.name.startswith(".")} <= set(MINE)
        number += 1
    assert killed >= 1


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_from_outside(old: Path, forks: ForkServer, name: str) -> None:
    """Sent while the new files are written: the folder is as before, and so is one that did not exist."""
    number = signal.Signals[name]
    Path("train.py").write_text(
        "import os, time\n"
        "from torch.optim.lr_scheduler import StepLR\n"
        "def make(optimizer):\n"
        f"    os.kill(os.getppid(), {int(number)})\n"  # it runs in a process of its own
        "    time.sleep(10)\n"
        "    return StepLR(optimizer, 4, 0.5)\n"
    )
    Path("p.toml").write_text(
        f'{TWO_SVG}[[figure]]\nname = "own"\nformats = ["svg"]\n[[figure.curve]]\nscheduler = "train.py:make"\n'
    )
    before = files(old)
    for target in [old] if name != "SIGTERM" else [old, Path("made/for/it")]:
        assert start(str(target), forks, "--allow-code").wait() == 128 + number
    assert files(old) == before
    assert {path.name for path in old.iterdir()} == set(before)
    assert not Path("made").exists()


class TestLeftovers:
    @pytest.mark.usefixtures("drawn_once")
    def test_a_render_removes_those_of_killed_ones_and_nothing_else(self, here: Path) -> None:
        Path("out/.lrviz-new-0123456789ab").mkdir(parents=True)
        Path("out/.lrviz-new-0123456789ab/0").write_text("half a file")
        Path("out/.lrviz-0123456789abcdef").write_text("half a file of `lrviz plot -o out/a.svg`")
        Path("out/.lrviz-new-x").mkdir()
        Path("out/.lrviz-new-x/0").write_text("mine")
        Path("out/.lrviz-new-00000000000a").mkdir()
        Path("out/.lrviz-new-00000000000a/mine").write_text("mine")
        Path("elsewhere").mkdir()
        Path("elsewhere/0").write_text("mine")
        Path("out/.lrviz-new-00000000000b").symlink_to("../elsewhere")
        Path("out/.lrviz-00000000000000aa").symlink_to("../elsewhere/0")
        render("p.toml", "-o", "out", "-q")
        hidden = {str(p.relative_to("out")) for p in Path("out").rglob("*") if ".lrviz" in str(p)}
        assert hidden == {
            ".lrviz-00000000000000aa",
            ".lrviz-new-00000000000a",
            ".lrviz-new-00000000000a/mine",
            ".lrviz-new-00000000000b",
            ".lrviz-new-x",
            ".lrviz-new-x/0",
        }
        assert Path("elsewhere/0").read_text() == "mine"

    def test_a_journal_after_a_render_that_was_all_but_finished(self, out: Path) -> None:
        (out / JOURNAL).write_text("{}")
        render("p.toml", "-o", "out")
        assert not (out / JOURNAL).exists()
