"""Files of users are read only if they are regular, and up to a size; every refusal says why."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from lrviz.files import error_reason, read_bytes, read_text

MOST = 1_000


def refusal(path: str | Path, *, pipe: bool = False) -> str:
    """The words with which a file is refused."""
    try:
        read_text(path, MOST, pipe=pipe)
    except OSError as error:
        return error_reason(error)
    raise AssertionError("the file was read")


@pytest.mark.parametrize("size", [0, 1, MOST])
def test_a_file_up_to_the_limit(size: int, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * size)
    (tmp_path / "link").symlink_to(path)
    assert read_bytes(path, MOST) == read_bytes(str(tmp_path / "link"), MOST) == b"x" * size


def test_text_has_no_byte_order_mark_and_keeps_its_line_endings(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\xef\xbb\xbfa\r\nb\n")
    assert read_text(tmp_path / "file", MOST) == "a\r\nb\n"


def test_a_file_over_the_limit_is_refused_with_both_sizes(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    os.truncate(path, 5_000_000_000)
    assert refusal(path) == "it has 5,000,000,000 bytes; the maximum is 1,000"


@pytest.mark.skipif(not Path("/proc/kallsyms").exists(), reason="Linux alone has such files")
def test_a_file_whose_size_the_system_does_not_know_is_read_up_to_the_limit() -> None:
    assert Path("/proc/kallsyms").stat().st_size == 0
    assert refusal("/proc/kallsyms") == "it has more than 1,000 bytes, the maximum"


@pytest.mark.parametrize("pipe", [False, True])
@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/tty"])
def test_a_link_to_a_device_is_refused(device: str, pipe: bool, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(device)
    assert refusal(tmp_path / "link", pipe=pipe) == "it is not a regular file"


def test_a_pipe_is_refused_without_waiting_for_its_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / "pipe") == "it is not a regular file"


def test_a_pipe_in_place_of_a_file_between_check_and_opening_does_not_block(
    tmp_path: Path,
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    regular = (tmp_path / "file").stat()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "stat", lambda *_, **__: regular)
        assert refusal(tmp_path / "pipe") == "it is not a regular file"


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket may have 107 bytes
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        assert refusal("socket") == "it is not a regular file"


def test_a_pipe_that_the_caller_allows_is_read_to_its_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=[b"x" * MOST])
    writer.start()
    assert read_bytes(tmp_path / "pipe", MOST, pipe=True) == b"x" * MOST
    writer.join()


def test_a_pipe_without_an_end_is_read_up_to_the_limit() -> None:
    with subprocess.Popen(
        [sys.executable, "-S", "-c", "import os\nwhile True: os.write(1, bytes(4096))"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as writer:
        assert writer.stdout is not None
        assert refusal(f"/dev/fd/{writer.stdout.fileno()}", pipe=True) == "it has more than 1,000 bytes, the maximum"
        writer.kill()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("none", "no such file or directory", id="no file"),
        pytest.param("file/inside", "a file where a folder should be", id="below a file"),
        pytest.param("", "no such file or directory", id="empty"),
        pytest.param(".", "it is a folder", id="folder"),
        pytest.param("loop", "symbolic links form a loop", id="loop"),
        pytest.param("x" * 300, "the name is too long", id="long"),
        pytest.param("a\0b", "a path cannot hold a NUL character", id="NUL"),
        pytest.param("a\ud800b", "a path cannot hold \\ud800", id="lone surrogate"),
        pytest.param("latin", "it is not text in UTF-8 at line 2", id="Latin-1"),
    ],
)
def test_refusals(name: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    Path("latin").write_bytes(b"a\n\xe9\n")
    Path("loop").symlink_to("loop")
    assert refusal(name) == reason
