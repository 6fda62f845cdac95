"""Run inputs in this process, in forks with limits of memory and time, and check what each one does."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import resource
import select
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from unicodedata import category

from tests.fuzz.kinds import WORK, Case

Main = Callable[[Sequence[str]], int]

SECONDS = 2.0  # of CPU for one input
ALLOWANCE = 6  # seconds of CPU, after which an input is ended
BYTES = 500_000_000  # of address space for all inputs of a batch, beyond the imports
STDERR = 20_000  # characters; a long input must not be repeated whole
_STATUSES = (0, 1, 2, 130)
_UNSAFE = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # categories of characters that steer a terminal or break a line
PATIENCE = 60.0  # seconds without a word from a fork, which then waits for something


@dataclass(frozen=True)
class Outcome:
    """What a command did: its status, or the traceback of an exception; its output; the files that it left."""

    status: int
    out: str
    err: str
    seconds: float
    warned: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()  # files that were made, changed or removed
    raised: str = ""


def faults(case: Case, outcome: Outcome) -> Iterator[str]:
    """What is wrong with the outcome, if anything."""
    if outcome.raised:
        yield outcome.raised
        return
    checks = "--check" in case.words
    if outcome.status not in _STATUSES or (outcome.status == 1 and not checks):
        yield f"status {outcome.status}"
    if outcome.seconds > SECONDS:
        yield f"{outcome.seconds:.1f} s of CPU"
    errors = sum(line.startswith("error:") for line in outcome.err.splitlines())
    if errors != (outcome.status == 2):
        yield f"{errors} lines with `error:` and status {outcome.status}"
    if outcome.status == 2 and not re.match(r"error: \S", outcome.err):
        yield "an error without a message"
    if outcome.status == 2 and outcome.out:
        yield "an error, and output"
    commands = checks and "github" in case.words  # these are lrviz's own
    texts = [outcome.err] if commands else [outcome.err, outcome.out]
    if any(re.search(r"(?:^|[\r\n\v\f\x85\u2028\u2029])::", text) for text in texts):
        yield "a line that begins with `::`"
    if unsafe := {character for character in outcome.err if category(character) in _UNSAFE} - {"\n"}:
        yield f"unsafe characters on stderr: {sorted(unsafe)}"
    if len(outcome.err) > STDERR:
        yield f"{len(outcome.err):,} characters on stderr"
    if "Traceback" in outcome.err or "memory" in outcome.err:
        yield "a traceback, or not enough memory"
    for warning in outcome.warned:
        yield f"the warning {warning}"
    for path in outcome.changed:
        inside = path.removeprefix(f"{WORK}/")
        allowed = path.startswith(f"{WORK}/") and (
            case.output in ("*", inside) or inside.startswith(f"{case.output}/") or path.startswith("home/.cache/")
        )
        if not allowed or (outcome.status == 2 and inside not in case.files and case.output != "out"):
            yield f"the file {path!r}, with status {outcome.status}"


def run(case: Case, main: Main) -> Outcome:
    """Run one input in the current folder, which is emptied before and after."""
    root = Path.cwd().parent
    _empty(root)
    for name, text in case.files.items():
        path = root / WORK / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode(errors="surrogatepass"))
    before = _contents(root)
    out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()
    status, raised = 0, ""
    started = time.process_time()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = main(case.words)
            except BaseException as error:  # noqa: BLE001 - whatever it is, it is a fault
                raised = _shown(error)
    seconds = time.process_time() - started
    with contextlib.suppress(ValueError):
        out.flush()
    printed = out.buffer
    assert isinstance(printed, io.BytesIO)
    after = _contents(root)
    changed = sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
    shown = tuple(f"{w.category.__name__}: {str(w.message)[:200]}" for w in caught)
    text = printed.getvalue().decode(errors="replace")
    return Outcome(status, text, err.getvalue(), seconds, shown, tuple(changed), raised)


def _shown(error: BaseException) -> str:
    """An exception, and the line of lrviz that it came through last."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/lrviz/" in frame.filename]
    where = f" at {frames[-1].filename.rpartition('/lrviz/')[2]}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}: {str(error)[:200]}{where}"


def _empty(root: Path) -> None:
    for folder, folders, names in os.walk(root, topdown=False):
        for name in names:
            Path(folder, name).unlink()
        for name in folders:
            path = Path(folder, name)
            if path.is_symlink():
                path.unlink()
            elif path.parent != root:
                path.rmdir()


def _contents(root: Path) -> dict[str, bytes]:
    paths = (Path(folder, name) for folder, _, names in os.walk(root) for name in names)
    return {os.fsdecode(path.relative_to(root)): path.read_bytes() for path in paths if path.is_file()}


def run_all(cases: Sequence[Case], main: Main, batch: int = 200) -> Iterator[tuple[int, list[str]]]:
    """The number of each faulty input, and its faults.

    A fork runs a batch of inputs; where it ends before its time, another one goes on after the input that ended it.
    """
    at = 0
    while at < len(cases):
        end = min(at + batch, len(cases))
        reached = at
        for number, found in _fork(cases, range(at, end), main):
            reached = number + 1
            if found:
                yield number, found
        at = max(reached, at + 1)


def _fork(cases: Sequence[Case], numbers: range, main: Main) -> Iterator[tuple[int, list[str]]]:
    """The faults of each input, until the fork ends; the last ones are of the input that has ended it."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        _work(cases, numbers, main, writer)
    os.close(writer)
    current = numbers.start
    with os.fdopen(reader, "rb", buffering=0) as pipe:
        lines = b""
        while True:
            if not select.select([pipe], [], [], PATIENCE)[0]:
                os.kill(pid, signal.SIGKILL)
            if not (got := pipe.read(65536)):
                break
            *complete, lines = (lines + got).split(b"\n")
            for line in complete:
                current, found = json.loads(line)
                yield current, found
                current += 1
    _, status = os.waitpid(pid, 0)
    if current < numbers.stop:
        code = os.waitstatus_to_exitcode(status)
        reason = {-signal.SIGXCPU: "much CPU time", -signal.SIGKILL: "no end"}.get(code, f"the process ended, {code}")
        yield current, [reason]


def _work(cases: Sequence[Case], numbers: range, main: Main, writer: int) -> None:
    """In the fork: run the inputs, report each, and end."""
    try:
        _limit(resource.RLIMIT_AS, _address_space() + BYTES)
        _limit(resource.RLIMIT_FSIZE, 50_000_000)
        _limit(resource.RLIMIT_CORE, 0)
        with TemporaryDirectory() as root:
            for name in (WORK, "home", "tmp"):
                Path(root, name).mkdir()
            os.environ.update({"HOME": str(Path(root, "home")), "TMPDIR": str(Path(root, "tmp"))})
            os.chdir(Path(root, WORK))
            for number in numbers:
                used = resource.getrusage(resource.RUSAGE_SELF)
                _limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + ALLOWANCE)
                found = list(faults(cases[number], run(cases[number], main)))
                os.write(writer, json.dumps([number, found]).encode() + b"\n")
    except BaseException:  # noqa: BLE001 - a fault of the fuzzer's own
        traceback.print_exc(file=sys.__stderr__)
        os._exit(70)
    os._exit(0)


def _limit(kind: int, value: int) -> None:
    _, most = resource.getrlimit(kind)
    resource.setrlimit(kind, (value, most))


def _address_space() -> int:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
    return int(pages) * resource.getpagesize()


def real_main() -> Main:
    """`lrviz.cli.main`, with all modules imported, and with short runs alone: a long one is legal and takes long."""
    import gc
    import importlib
    import pkgutil
    from functools import cache

    import typer

    import lrviz
    from lrviz.cli import main
    from lrviz.notation import source
    from lrviz.schedulers import all_families, is_installed
    from lrviz.spec import run, sweep

    for module in pkgutil.walk_packages(lrviz.__path__, "lrviz."):
        importlib.import_module(module.name)
    for family in all_families():
        with contextlib.suppress(Exception):  # a package that is not installed
            for info in family.schedulers if is_installed(family) else ():
                family.load(info.module)
    typer.main.get_command = cache(typer.main.get_command)  # else half of the time goes into making the options
    vars(run)["MAX_UPDATES"] = vars(sweep)["MAX_UPDATES"] = 20_000
    vars(source)["MAX_RUN_STEPS"] = 1_000_000
    gc.freeze()
    return main
