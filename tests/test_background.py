"""Runs that are simulated in a second process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from lrviz import background, simulation
from lrviz.background import Background
from lrviz.errors import LrvizError, SimulationError
from lrviz.spec import RunSpec, read_run
from tests.conftest import ROOT
from tests.forkserver import ForkServer

pytestmark = pytest.mark.skipif(
    not hasattr(os, "fork") or sys.platform == "darwin", reason="runs are simulated in one process"
)
# Two groups, a momentum cycle, a metric, and the loop of a script.
LOOP = """
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(3):
    for batch in range(4):
        optimizer.step()
        for group in optimizer.param_groups:
            group["lr"] = 0.1 / (1 + epoch)
"""
RUNS = (
    "CosineAnnealingLR(T_max=32) @ lr=[0.1, 0.01]",
    "OneCycleLR(max_lr=0.1, total_steps=32)",
    "plateau @ interval=epoch",
    LOOP,
)


@pytest.fixture(autouse=True)
def useful(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a new process of lrviz: a test has imported torch."""
    monkeypatch.setattr(background, "_is_useful", lambda specs: True)


@pytest.fixture
def specs() -> list[RunSpec]:
    return [read_run(text) for text in RUNS]


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_traces_are_those_of_one_process(specs: list[RunSpec]) -> None:
    with Background(specs, report=True) as runs:
        runs.start()
        pid = runs._pid
        assert exists(pid)
        for spec in specs:
            counts: list[tuple[int, int]] = []
            found = runs.trace(spec, lambda *count, counts=counts: counts.append(count))
            expected = simulation.simulate(spec)
            assert found.spec is spec
            assert found.momentum_name == expected.momentum_name
            for name in ("lr", "momentum", "metric"):
                ours, theirs = getattr(found, name), getattr(expected, name)
                assert (ours is None) == (theirs is None), (name, spec)
                assert ours is None or np.array_equal(ours, theirs, equal_nan=True), (name, spec)
            assert counts[-1] == (counts[-1][1],) * 2
        assert runs._pid == pid
        assert "torch" in sys.modules
    assert not exists(pid)


def test_an_error_is_that_of_one_process() -> None:
    spec = read_run("LambdaLR(lr_lambda=lambda t: 1 / (5 - t))")
    with pytest.raises(SimulationError) as expected:
        simulation.simulate(spec)
    with Background([spec]) as runs:
        runs.start()
        with pytest.raises(SimulationError) as found:
            runs.trace(spec)
    assert runs._pid
    for name in ("message", "hint", "details"):
        assert getattr(found.value, name) == getattr(expected.value, name)


def test_the_process_ends_with_the_context(specs: list[RunSpec]) -> None:
    runs = Background(specs)
    with runs:
        runs.start()
        assert exists(runs._pid)
    assert not exists(runs._pid)


def ends(*_: object, **__: object) -> None:
    os._exit(1)


def sends_half(specs: object, descriptor: int, **_: object) -> None:
    os.write(descriptor, b"\x80\x05\x95\x10")
    os._exit(0)


def fails(*_: object, **__: object) -> None:
    raise BlockingIOError("no more processes")


@pytest.mark.parametrize(("name", "replaced"), [("_run", ends), ("_run", sends_half), ("_start", fails)])
def test_without_its_results_this_process_simulates(
    name: str, replaced: object, specs: list[RunSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, name, replaced)
    with Background(specs) as runs:
        runs.start()
        for spec in specs:
            assert np.array_equal(runs.trace(spec).lr, simulation.simulate(spec).lr)


@pytest.fixture
def waiting_thread() -> Iterator[None]:
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    yield
    end.set()
    thread.join()


class TestWhenItIsUseful:
    @pytest.fixture(autouse=True)
    def new_process(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.undo()
        monkeypatch.delitem(sys.modules, "torch")
        monkeypatch.setattr(background, "_processors", lambda: 2)
        monkeypatch.setattr(threading, "active_count", lambda: 1)

    def test_it_is(self, specs: list[RunSpec]) -> None:
        assert background._is_useful(specs)

    def test_not_with_user_code(self, specs: list[RunSpec]) -> None:
        assert not background._is_useful([*specs, read_run("train.py:make")])

    def test_not_for_long_runs(self, specs: list[RunSpec]) -> None:
        assert background._is_useful([read_run("cosine @ steps=900000")])
        assert not background._is_useful([read_run("cosine @ steps=900000"), read_run("cosine @ steps=200000")])

    def test_not_with_one_processor(self, specs: list[RunSpec], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(background, "_processors", lambda: 1)
        assert not background._is_useful(specs)

    def test_not_if_torch_is_imported(self, specs: list[RunSpec], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "torch", object())
        assert not background._is_useful(specs)

    def test_not_beside_another_thread(
        self, specs: list[RunSpec], monkeypatch: pytest.MonkeyPatch, waiting_thread: None
    ) -> None:
        monkeypatch.undo()
        monkeypatch.delitem(sys.modules, "torch")
        assert not background._is_useful(specs)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_lrviz_ends_both(number: int, tmp_path: Path) -> None:
    """In a new process, which has not imported torch."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    code = "from lrviz import __main__, background; background._processors = lambda: 2; __main__.run()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "plot", "cosine", "-o", "a.png"],
        env=environment, cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.exists():
        process.kill()
        process.wait()
        pytest.skip("the system does not list child processes")
    while not (found := children.read_text().split()):
        assert process.poll() is None
        time.sleep(0.001)
    process.send_signal(number)
    assert process.wait(60) == 128 + number
    assert not exists(int(found[0]))
    assert list(tmp_path.iterdir()) == []


def test_a_parent_that_ignores_the_ends_of_processes(tmp_path: Path, forks: ForkServer) -> None:
    """Python then says that there is no process to wait for, unless lrviz sets the signal back."""
    (tmp_path / "t.py").write_text("import torch\ndef make(opt): return torch.optim.lr_scheduler.StepLR(opt, 3)\n")
    code = "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN)\nfrom lrviz import __main__; __main__.run()"
    finished = forks.python(code, "show", "t.py:make", cwd=tmp_path)
    assert (finished.returncode, "Traceback" in finished.stderr) == (0, False), finished.stderr


def test_every_error_can_be_sent() -> None:
    import pickle

    error = pickle.loads(pickle.dumps(LrvizError("a message", "a hint", ["a detail"]).at("here")))  # noqa: S301
    assert (error.message, error.hint, error.details) == ("here: a message", "a hint", ("a detail",))
