"""Runs `lrviz` in new processes without importing torch and matplotlib in each of them.

A server imports lrviz, and with it all that lrviz uses, once. For each command it forks: the new process, which leads a
process group, gets the caller's arguments, folder, environment and standard streams, and runs `lrviz.__main__.run`, as
the installed `lrviz` does, or Python code. Text streams are UTF-8 whatever the locale; environment variables that are
read during imports have no effect.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # each `lrviz` of a shell imports this module
    import subprocess

ROOT = Path(__file__).parent.parent
STREAMS = 3  # stdin, stdout and stderr
PATIENCE = 120  # seconds until the server must listen


class Process:
    """A running command, seen from the process that asked for it."""

    def __init__(self, connection: socket.socket) -> None:
        with connection:
            self._replies = connection.makefile("rb")
        self.pid = int(self._replies.readline())

    def wait(self) -> int:
        """Wait for the end; the exit status, or the number of the signal with a minus."""
        with self._replies:
            return int(self._replies.readline())


class ForkServer:
    """A server that listens on a socket."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def programs(self) -> Path:
        """A folder with an `lrviz` for PATH that runs through this server."""
        return self.path.parent / "bin"

    def start(
        self,
        words: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        streams: Sequence[int] | None = None,
        code: str = "",
    ) -> Process:
        """Start `lrviz WORDS`, or `code` with these words; without `streams` its standard streams are /dev/null."""
        if streams is None:
            with Path(os.devnull).open("r+b") as null:
                return self.start(words, cwd=cwd, env=env, streams=[null.fileno()] * STREAMS, code=code)
        request = json.dumps({"words": list(words), "code": code, "cwd": str(cwd), "env": dict(env)}).encode()
        connection = self._connect()
        socket.send_fds(connection, [len(request).to_bytes(8, "big")], streams)
        connection.sendall(request)
        return Process(connection)

    def python(self, code: str, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run `python -c CODE WORDS` in a folder; the finished process."""
        import subprocess
        from tempfile import TemporaryFile

        with TemporaryFile() as out, TemporaryFile() as err, Path(os.devnull).open("rb") as null:
            streams = [stream.fileno() for stream in (null, out, err)]
            status = self.start(words, cwd=cwd, env=os.environ, streams=streams, code=code).wait()
            for stream in (out, err):
                stream.seek(0)
            return subprocess.CompletedProcess(["-c", *words], status, out.read().decode(), err.read().decode())

    def _connect(self) -> socket.socket:
        """A connection, as soon as the server listens."""
        connection = socket.socket(socket.AF_UNIX)
        end = time.monotonic() + PATIENCE
        while True:
            try:
                connection.connect(str(self.path))
            except (FileNotFoundError, ConnectionRefusedError):
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)
            else:
                return connection


@contextmanager
def fork_server() -> Iterator[ForkServer]:
    """A server, for as long as the context lasts; it listens after some seconds."""
    import shlex
    import subprocess
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:  # not a folder of pytest's: a socket's path may have 107 bytes
        server = ForkServer(Path(folder, "socket"))
        server.programs.mkdir()
        client = shlex.join([sys.executable, "-I", "-S", __file__, str(server.path)])
        (server.programs / "lrviz").write_text(f'#!/bin/sh\nexec {client} "$@"\n', encoding="utf-8")
        (server.programs / "lrviz").chmod(0o755)
        process = subprocess.Popen(
            [sys.executable, __file__, "--serve", str(server.path)],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            cwd=folder,
            stdin=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C ends pytest, and pytest ends the server
        )
        with process:
            yield server
            process.communicate()  # closes stdin, which ends the server


def serve(path: str) -> None:
    """Import lrviz and fork for each connection, until stdin is closed."""
    import gc
    import importlib
    import pkgutil
    import select

    import lrviz

    for module in pkgutil.walk_packages(lrviz.__path__, "lrviz."):
        importlib.import_module(module.name)
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        while True:
            readable, _, _ = select.select([listener, sys.stdin], [], [])
            if sys.stdin in readable:
                break
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                attend(connection)
            connection.close()
            reap()
    reap()


def reap() -> None:
    """Collect the processes that have ended."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def attend(connection: socket.socket) -> None:
    """Start one command, tell its process id, wait for its end, tell its status."""
    size, streams, _, _ = socket.recv_fds(connection, 8, STREAMS)
    with connection.makefile("rb") as stream:
        request = json.loads(stream.read(int.from_bytes(size, "big")))
    pid = os.fork()
    if pid == 0:
        connection.close()
        run(request["words"], request["code"], request["cwd"], request["env"], streams)
    for descriptor in streams:
        os.close(descriptor)
    with suppress(BrokenPipeError):
        connection.sendall(b"%d\n" % pid)
        _, status = os.waitpid(pid, 0)
        connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def run(words: list[str], code: str, cwd: str, env: dict[str, str], streams: list[int]) -> None:
    """Become `lrviz WORDS`, or code."""
    os.setpgid(0, 0)
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin = os.fdopen(0, "r", encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", 1 if os.isatty(1) else -1, encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["-c" if code else "lrviz", *words]
    sys.path[0] = str(Path(sys.executable).parent)  # as in a script
    if code:
        status = 0
        try:
            exec(code, {"__name__": "__main__"})  # noqa: S102 - of a test
        except SystemExit as end:
            status = int(end.code or 0)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)  # freeing every object would take longer than most code
    from lrviz.__main__ import run as run_lrviz

    run_lrviz()


def main() -> None:
    """Serve, or run one command and end as it ends."""
    if sys.argv[1] == "--serve":
        serve(sys.argv[2])
    else:
        server = ForkServer(Path(sys.argv[1]))
        process = server.start(sys.argv[2:], cwd=Path.cwd(), env=os.environ, streams=range(STREAMS))
        status = process.wait()
        os._exit(status if status >= 0 else 128 - status)


if __name__ == "__main__":
    main()
