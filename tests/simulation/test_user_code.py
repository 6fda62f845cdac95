"""Code of the user's own: what runs, what is refused, and that its failures are shown as its own."""

from __future__ import annotations

import gc
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lrviz.cli import main
from lrviz.errors import NotationError, SimulationError, UsageError
from lrviz.simulation import simulate, user_code
from lrviz.spec import Fields, read_run
from tests.conftest import shown
from tests.forkserver import ForkServer

HEAD = """\
import torch
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, StepLR

class Plain:
    def __init__(self, optimizer):
        self.optimizer = optimizer
        self.groups = optimizer.param_groups
    def step(self):
        for group in self.groups:
            group["lr"] *= 0.5

"""
HALVES = [1.0, 0.5, 0.25, 0.125]

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Writes files into an empty current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)

    def write(code: str, name: str = "train.py", head: str = HEAD) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(head + code, encoding="utf-8")
        return path

    yield write
    for name in set(sys.modules) - before:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


def rates(text: str, lr: str = "1", updates: int = 4) -> list[float]:
    """The rates of the first group."""
    trace = simulate(read_run(text, Fields({"lr": lr, "epochs": 1, "steps_per_epoch": updates})))
    return list(map(float, trace.lr[:, 0]))


def refused(text: str, lr: str = "1") -> SimulationError:
    """The error for it."""
    with pytest.raises(SimulationError) as caught:
        rates(text, lr)
    return caught.value


def test_a_factory(write: Write) -> None:
    write("def make(optimizer):\n    return Plain(optimizer)\n")
    assert rates("train.py:make") == HALVES
    assert rates("./train.py:make") == HALVES
    assert rates("train:make") == HALVES


def test_an_absolute_path(write: Write) -> None:
    path = write("", name="elsewhere/train.py")
    assert rates(f"{path}:Plain") == HALVES


@pytest.mark.parametrize("name", ["my-train.py", "1 train.py", "class.py", "random.py", "torch.py.py", "Ünïcode.py"])
def test_a_file_whose_name_is_no_module_or_anothers(name: str, write: Write) -> None:
    write("", name=name)
    random = sys.modules["random"]
    assert rates(f"{name}:Plain") == HALVES
    assert sys.modules["random"] is random


def test_a_module_in_a_package(write: Write) -> None:
    write("", "project/__init__.py", head="")
    write("FACTOR = 0.5\n", "project/settings.py", head="")
    write(
        "from .settings import FACTOR\ndef make(optimizer):\n    return LambdaLR(optimizer, lambda e: FACTOR**e)\n",
        "project/schedules.py",
    )
    assert rates("project.schedules:make") == HALVES
    error = refused("project/schedules.py:make")
    assert "relative import" in error.message
    assert error.hint == "name a file in a package as a module: `package.module:NAME`"


def test_a_path_that_is_too_long() -> None:
    path = f"{'a' * 5000}.py"
    assert refused(f"{path}:make").message.startswith("no file `aaa")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("code", "got"),
    [
        ("async def make(optimizer):\n    return Plain(optimizer)\n", "a coroutine"),
        (
            "class make(Plain):\n    async def step(self):\n        pass\n",
            "one whose `step()` is `async`",
        ),
    ],
    ids=["the function", "its step"],
)
def test_asynchronous_code_is_refused_without_a_warning(code: str, got: str, write: Write) -> None:
    write(code)
    error = refused("train.py:make")
    gc.collect()  # a coroutine that nothing has awaited warns here
    assert error.message == f"`train.py:make` must return a scheduler, got {got}"
    assert error.hint == "write `def` without `async`"


def test_modules_beside_the_file(write: Write) -> None:
    write("FACTOR = 0.5\n", "code/settings.py", head="")
    write(
        "from settings import FACTOR\ndef make(optimizer):\n    return LambdaLR(optimizer, lambda e: FACTOR**e)\n",
        "code/train.py",
    )
    assert rates("code/train.py:make") == HALVES


def test_two_folders_with_a_module_of_the_same_name(write: Write) -> None:
    for folder, factor in (("old", 0.5), ("new", 0.1)):
        write(f"FACTOR = {factor}\n", f"{folder}/settings.py", head="")
        write(
            "import settings\ndef make(optimizer):\n    return LambdaLR(optimizer, lambda e: settings.FACTOR**e)\n",
            f"{folder}/train.py",
        )
    assert rates("old/train.py:make", updates=2) == [1.0, 0.5]
    assert rates("new/train.py:make", updates=2) == [1.0, 0.1]
    assert rates("old/train.py:make", updates=2) == [1.0, 0.5]


def test_a_script_does_not_run_its_main(write: Write) -> None:
    write("if __name__ == '__main__':\n    raise SystemExit('training')\n")
    assert rates("train.py:Plain") == HALVES


def test_the_import_path_stays_as_it_was(write: Write) -> None:
    write("", name="code/train.py")
    before = list(sys.path)
    assert rates("code/train.py:Plain") == HALVES
    assert sys.path == before


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("make(0.5)", HALVES),
        ("make(gamma=0.5)", HALVES),
        ("make(gamma=0.5, every=2)", [1.0, 1.0, 0.5, 0.5]),
        ("make(1 / steps_per_epoch * 2)", HALVES),
        ("by_function(lambda e: 0.5 ** e)", HALVES),
        ("by_list([1, 2, 4, 8])", HALVES),
        ("by_list(divisors=[1, 2, 4, 8])", HALVES),
        ("Box.make(0.5)", HALVES),
        ("make(optimizer, 0.5)", HALVES),
    ],
)
def test_arguments_come_from_the_notation(call: str, expected: list[float], write: Write) -> None:
    write(
        "def make(optimizer, gamma, *, every=1):\n    return StepLR(optimizer, every, gamma)\n"
        "def by_function(optimizer, function):\n    return LambdaLR(optimizer, function)\n"
        "def by_list(optimizer, divisors):\n"
        "    assert type(divisors) is list\n"
        "    return LambdaLR(optimizer, lambda e: 1 / divisors[e])\n"
        "class Box:\n    @staticmethod\n    def make(optimizer, gamma):\n        return make(optimizer, gamma)\n"
    )
    assert rates(f"train.py:{call}") == expected


WANTED = [
    ("self", "nothing", ""),
    ("self, epoch=None", "nothing", ""),
    ("self, *args, **kwargs", "nothing", ""),
    ("self, metrics", "metric", ""),
    ("self, metric, epoch=None", "metric", ""),
    ("self, val_loss", "metric", ""),
    ("self, loss", "metric", ""),
    ("self, accuracy", "metric", ""),
    ("self, value", "metric", ""),
    ("self, current", "metric", ""),
    ("self, epoch", "count", ""),
    ("self, step", "count", ""),
    ("self, current_step", "count", ""),
    ("self, num_updates", "count", ""),
    ("self, t", "count", ""),
    ("self, metrics=None", "nothing", "metrics"),
    ("self, epoch, metric=None", "count", "metric"),
    ("self, epoch=None, *, val_loss=None", "nothing", "val_loss"),
    ("self, loss_scale=1.0", "nothing", ""),
    ("self, metric=None, /", "nothing", ""),
]


@pytest.mark.parametrize(("parameters", "wanted", "optional"), WANTED, ids=[row[0] for row in WANTED])
def test_what_a_step_wants_is_asked_of_its_signature(parameters: str, wanted: str, optional: str) -> None:
    names: dict[str, type] = {}
    exec(f"class Own:\n    def step({parameters}): pass", names)  # noqa: S102 - the lines above
    assert user_code.step_argument(names["Own"]()) == (wanted, optional)


@pytest.mark.parametrize("name", ["increment", "interval", "num_samples", "tokens", "batch_size", "step_size"])
def test_a_step_that_wants_what_lrviz_does_not_know(name: str, write: Write) -> None:
    write(f"class Samples(Plain):\n    def step(self, {name}): self.groups[0]['lr'] += {name}\n")
    error = refused("train.py:Samples")
    assert error.message == f"`Samples.step` needs `{name}`, which lrviz does not know"
    assert "`epoch` or `step`" in error.hint


OPTIONAL_METRIC = """\
class Watching(Plain):
    seen = []
    def step(self, epoch, metric=None):
        self.seen.append((epoch, metric))
        self.groups[0]["lr"] = 0.5 if metric is None else metric
"""


def test_an_optional_metric_is_passed_if_one_is_given(write: Write) -> None:
    write(OPTIONAL_METRIC)
    loop = {"lr": "1", "epochs": "1", "steps_per_epoch": "4"}
    trace = simulate(read_run("train.py:Watching", Fields({**loop, "metric": "0.3,0.2,0.1"})))
    assert trace.lr[:, 0].tolist() == [1.0, 0.3, 0.2, 0.1]
    assert trace.metric is not None
    assert trace.metric[1:].tolist() == [0.3, 0.2, 0.1]
    trace = simulate(read_run("train.py:Watching", Fields(loop)))
    assert trace.lr[:, 0].tolist() == [1.0, 0.5, 0.5, 0.5]
    assert trace.metric is None


def test_a_step_that_wants_two_things(write: Write) -> None:
    write("class Two(Plain):\n    def step(self, loss, epoch): pass\n")
    error = refused("train.py:Two")
    assert error.message == "`Two.step` needs loss, epoch"
    assert error.hint == "lrviz can pass nothing, a metric, or a step count"


RAISES = """\
def inner(number):
    raise ValueError(f"no luck\\n  with {number}")

class Raises(Plain):
    def __init__(self, optimizer):
        super().__init__(optimizer)
        self.steps = 0
    def step(self):
        self.steps += 1
        if self.steps == 3:
            inner(self.steps)
def at_once(optimizer):
    return StepLR(optimizer, "x" + 1)
def deep(optimizer):
    return deep(optimizer)
def inside_torch(optimizer):
    return LambdaLR(optimizer, [len])
class Leaves(Plain):
    def step(self): raise SystemExit(3)
"""


def test_an_exception_is_shown_with_the_users_own_frames_alone(write: Write) -> None:
    write(RAISES, head=HEAD)
    lines = (HEAD + RAISES).splitlines()
    call = lines.index("            inner(self.steps)") + 1
    place = lines.index('    raise ValueError(f"no luck\\n  with {number}")') + 1
    assert shown(refused("train.py:Raises")).splitlines() == [
        "`train.py:Raises` raised ValueError: no luck with 3 at step 3",
        f"    train.py:{call} in step",
        "        inner(self.steps)",
        f"    train.py:{place} in inner",
        '        raise ValueError(f"no luck\\n  with {number}")',
    ]


def test_an_exception_of_a_factory(write: Write) -> None:
    write(RAISES)
    message = shown(refused("train.py:at_once"))
    assert message.startswith('`train.py:at_once` raised TypeError: can only concatenate str (not "int") to str\n')
    assert "lrviz" not in message


def test_an_exception_inside_torch_is_shown_where_the_user_called_it(write: Write) -> None:
    write(RAISES)
    message = shown(refused("train.py:inside_torch"))
    assert "object of type 'int' has no len()" in message
    assert re.findall(r"(\S+):\d+ in (\w+)", message) == [("train.py", "inside_torch")]


def test_a_recursion_without_end(write: Write) -> None:
    write(RAISES)
    message = shown(refused("train.py:deep"))
    assert message.startswith("`train.py:deep` raised RecursionError: maximum recursion depth exceeded")
    assert message.count("return deep(optimizer)") == 1


def test_a_step_that_leaves_the_program(write: Write) -> None:
    write(RAISES)
    assert shown(refused("train.py:Leaves")).startswith("`train.py:Leaves` raised SystemExit: 3 at step 1\n")


def test_ctrl_c_is_passed_on(write: Write) -> None:
    write("class Slow(Plain):\n    def step(self): raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        rates("train.py:Slow")


RAISED = """\
class Unprintable(BaseException):
    def __str__(self): raise ValueError
class Raising(Plain):
    def __init__(self, optimizer, kind):
        super().__init__(optimizer)
        self.kind = kind
    def step(self):
        raise {"Unprintable": Unprintable, "GeneratorExit": GeneratorExit, "SyntaxError": SyntaxError}[self.kind](
            "no luck", ("f", "one", "two", None))
class Property(Plain):
    @property
    def step(self):
        raise ValueError("no step")
class Group(dict):
    def get(self, *args):
        raise ValueError("no rate")
class Groups(Plain):
    def step(self):
        self.optimizer.param_groups = [Group(self.groups[0])]
"""


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("Raising('Unprintable')", "Unprintable at step 1"),
        ("Raising('GeneratorExit')", "GeneratorExit: ('no luck', ('f', 'one', 'two', None)) at step 1"),
        ("Raising('SyntaxError')", "SyntaxError: no luck (f) at step 1"),
        ("Property", "ValueError: no step"),
        ("Groups", "ValueError: no rate at step 1"),
    ],
)
def test_whatever_is_raised_is_an_error_of_the_users_code(call: str, message: str, write: Write) -> None:
    write(RAISED)
    first, frame, *_ = shown(refused(f"train.py:{call}")).splitlines()
    assert first == f"`train.py:{call}` raised {message}"
    assert frame.startswith("    train.py:")


def test_a_mistake_of_lrviz_keeps_its_traceback(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError

    write("")
    monkeypatch.setattr(user_code, "step_argument", broken)
    monkeypatch.setattr(user_code, "_LIBRARIES", (*user_code._LIBRARIES, __file__))
    with pytest.raises(ZeroDivisionError):
        rates("train.py:Plain")


OWN_OPTIMIZERS = """\
def other(optimizer=None):
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
def own(optimizer):
    return StepLR(other(), 1, 0.5)
def own_plain(optimizer):
    return Plain(other())
class Wrapper:
    def __init__(self, scheduler): self.schedulers = [scheduler]
    def step(self): self.schedulers[0].step()
def own_wrapped(optimizer):
    return Wrapper(StepLR(other(), 1, 0.5))
def wrapped(optimizer):
    return Wrapper(StepLR(optimizer, 1, 0.5))
def both(optimizer):
    wrapper = Wrapper(StepLR(optimizer, 1, 0.5))
    wrapper.other = other()
    return wrapper
class Delegating(torch.optim.Optimizer):
    def __init__(self, optimizer): self.optimizer = optimizer
    @property
    def param_groups(self): return self.optimizer.param_groups
def delegating(optimizer):
    return Plain(Delegating(optimizer))
def same_groups(optimizer):
    return StepLR(torch.optim.SGD(optimizer.param_groups, lr=5.0), 1, 0.5)
class Groups:
    def __init__(self, optimizer): self.groups = optimizer.param_groups
    def step(self): self.groups[0]["lr"] *= 0.5
class Cycle(Plain):
    def __init__(self, optimizer):
        super().__init__(optimizer)
        self.itself = self
"""


@pytest.mark.parametrize("name", ["own", "own_plain", "own_wrapped"])
def test_a_scheduler_of_another_optimizer_is_refused(name: str, write: Write) -> None:
    write(OWN_OPTIMIZERS)
    error = refused(f"train.py:{name}")
    assert error.message == f"`train.py:{name}` returns a scheduler of an optimizer that it creates itself"
    assert error.hint == "create the scheduler for the optimizer that lrviz passes as the first argument"


@pytest.mark.parametrize("name", ["wrapped", "both", "delegating", "same_groups", "Groups", "Cycle"])
def test_a_wrapper_around_the_optimizer_is_not_refused(name: str, write: Write) -> None:
    write(OWN_OPTIMIZERS)
    assert rates(f"train.py:{name}") == HALVES


def test_a_folder_that_is_gone_is_an_error(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write("")
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert refused(f"{tmp_path}/train.py:Plain").message.startswith("the current folder does not exist")


def test_the_folder_stays_as_it_was(write: Write, tmp_path: Path) -> None:
    write("import os\ndef make(optimizer):\n    os.chdir('/')\n    return Plain(optimizer)\n")
    assert rates("train.py:make") == HALVES
    assert Path.cwd() == tmp_path


# On the command line, in a process of its own

NOISY = """\
import atexit, os, subprocess, sys, threading, time
print("imported")
def say(text): print(text)
def make(optimizer):
    os.write(1, b"written\\n")
    subprocess.run(["echo", "child"])
    threading.Thread(target=lambda: (time.sleep(0.1), print("late"))).start()
    atexit.register(say, "bye")
    return Plain(optimizer)
def moves(optimizer):
    os.chdir("/")
    return Plain(optimizer)
def patches(optimizer):
    StepLR.get_lr = lambda self: [0.75]
    return StepLR(optimizer, 4)
def steps(optimizer):
    return StepLR(optimizer, 4)
def closes(optimizer):
    sys.stdout.close(), sys.__stdout__.close(), sys.stderr.close(), os.close(1), os.close(2)
    return Plain(optimizer)
def prints_after_close(optimizer):
    sys.stdout.close()
    print("x")
def leaves(optimizer): os._exit(0)
def crashes(optimizer): os.kill(os.getpid(), 11)
def ends_by_a_signal_without_a_name(optimizer): os.kill(os.getpid(), 40)
def closes_all(optimizer):
    os.closerange(3, 256)
    return Plain(optimizer)
def writes_to_all(optimizer):
    for descriptor in range(3, 256):
        try: os.write(descriptor, bytes(3) + b"\\5hello")
        except OSError: pass
    return Plain(optimizer)
def writes_nothing(optimizer):
    for descriptor in range(3, 256):
        try: os.write(descriptor, bytes(4))
        except OSError: pass
    time.sleep(60)
def forks(optimizer):
    os.fork()
    return Plain(optimizer)
def leaves_a_child(optimizer):
    if os.fork() == 0:
        for descriptor in range(3): os.close(descriptor)
        for _ in range(600): os.path.exists("go") or time.sleep(0.1)
    os._exit(0)
class Interrupts(Plain):
    def step(self): raise KeyboardInterrupt
def writes_stderr(optimizer):
    for _ in range(3): print("x" * 10000), sys.stderr.write("y")
    return Plain(optimizer)
def waits(optimizer):
    try: open("started", "w").close(), time.sleep(60)
    finally: print("cleaned up")
"""
SHORT = ["--lr", "1", "--epochs", "1", "--steps-per-epoch", "3", "-q"]
CSV = "step,epoch,lr\n0,0,1.0\n1,0,0.5\n2,0,0.25\n"


def lrviz(forks: ForkServer, *words: str, line: str = "") -> subprocess.CompletedProcess[str]:
    """Run lrviz by a line of bash, in which `lrviz` is the program."""
    line = line or shlex.join(["lrviz", *words])
    return subprocess.run(
        ["bash", "-c", f'PATH="{forks.programs}:$PATH"; {line}'],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_output_of_all_kinds_goes_to_stderr(write: Write, forks: ForkServer) -> None:
    write(NOISY)
    finished = lrviz(forks, "table", "train.py:make", "--format", "csv", *SHORT)
    assert (finished.returncode, finished.stdout) == (0, CSV)
    assert finished.stderr == "imported\nwritten\nchild\nlate\nbye\n"


def test_a_folder_that_it_changes_to_does_not_move_the_output(write: Write, forks: ForkServer, tmp_path: Path) -> None:
    write(NOISY)
    finished = lrviz(forks, "table", "train.py:moves", "-o", "x.csv", *SHORT)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "x.csv\n", "imported\n")
    assert (tmp_path / "x.csv").read_text() == CSV


def test_changes_of_torch_do_not_reach_other_curves(write: Write, forks: ForkServer) -> None:
    write(NOISY)
    curves = ["train.py:patches", "train.py:steps", "StepLR(4)"]
    finished = lrviz(forks, "compare", *curves, "--format", "csv", *SHORT)
    assert finished.stdout.splitlines()[1:] == ["0,0,0.75,1.0,1.0", "1,0,0.75,1.0,1.0", "2,0,0.75,1.0,1.0"]


@pytest.mark.parametrize(
    ("name", "status", "err"),
    [
        ("closes", 0, "imported\n"),
        (
            "prints_after_close",
            2,
            "imported\nerror: `train.py:prints_after_close` raised ValueError: I/O operation on closed file.\n",
        ),
        ("leaves", 2, "imported\nerror: `train.py:leaves` ended its process with status 0 before the end of the run\n"),
        (
            "crashes",
            2,
            "imported\nerror: `train.py:crashes` ended its process by signal SIGSEGV before the end of the run\n",
        ),
        (
            "ends_by_a_signal_without_a_name",
            2,
            "imported\nerror: `train.py:ends_by_a_signal_without_a_name` ended its process by signal 40 before",
        ),
        ("closes_all", 2, "imported\nerror: `train.py:closes_all` ended its process with status 1 before the end"),
        (
            "writes_to_all",
            2,
            "imported\nerror: `train.py:writes_to_all` writes to a file descriptor that it has not opened\n",
        ),
        ("writes_nothing", 2, "imported\nerror: `train.py:writes_nothing` ended its process with status 1 before"),
        ("forks", 0, "imported\n"),
        ("Interrupts", 2, "imported\nerror: `train.py:Interrupts` raised KeyboardInterrupt\n    train.py:"),
    ],
)
def test_code_that_ends_its_process_or_closes_streams(
    name: str, status: int, err: str, write: Write, forks: ForkServer
) -> None:
    write(NOISY)
    finished = lrviz(forks, "table", f"train.py:{name}", "--format", "csv", *SHORT)
    assert (finished.returncode, finished.stdout) == (status, CSV if status == 0 else "")
    assert finished.stderr.startswith(err)
    assert "Traceback" not in finished.stderr


def test_a_child_that_it_leaves_is_not_waited_for(write: Write, forks: ForkServer) -> None:
    write(NOISY)
    finished = lrviz(forks, "table", "train.py:leaves_a_child", *SHORT)
    Path("go").touch()
    assert finished.returncode == 2
    assert finished.stderr.startswith(
        "imported\nerror: `train.py:leaves_a_child` ended its process with status 0 before"
    )


def test_a_fork_that_comes_back_sends_nothing(write: Write, forks: ForkServer) -> None:
    write(NOISY)
    long = ["--lr", "1", "--steps", "200000", "-q"]
    finished = lrviz(forks, "table", "train.py:forks", "--format", "csv", *long)
    assert (finished.returncode, finished.stderr) == (0, "imported\n")
    assert finished.stdout.count("\n") == 200_001


def test_a_full_stderr_does_not_change_the_status(write: Write, forks: ForkServer) -> None:
    write(NOISY)
    line = shlex.join(["lrviz", "table", "train.py:writes_stderr", "--format", "csv", *SHORT])
    finished = lrviz(forks, line=f"{line} 2>/dev/full")
    assert (finished.returncode, finished.stdout) == (0, CSV)


def test_ctrl_c_reaches_it(write: Write, tmp_path: Path, forks: ForkServer) -> None:
    """Ctrl-C of a terminal goes to a process group."""
    write(NOISY)
    with (tmp_path / "out").open("w+b") as out:
        streams = [out.fileno()] * 3
        process = forks.start(["table", "train.py:waits"], cwd=tmp_path, env=os.environ, streams=streams)
        wait_for(tmp_path / "started")
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait() == 130
    assert (tmp_path / "out").read_text() == "imported\ncleaned up\n"


def wait_for(path: Path) -> None:
    give_up = time.monotonic() + 60
    while not path.exists() and time.monotonic() < give_up:
        time.sleep(0.01)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_its_process_ends_with_that_of_lrviz(
    number: int, status: int, write: Write, forks: ForkServer, tmp_path: Path
) -> None:
    write(NOISY)
    ours, theirs = os.pipe()
    with Path(os.devnull).open() as null, os.fdopen(ours) as reader:
        process = forks.start(
            ["table", "train.py:waits"], cwd=tmp_path, env=os.environ, streams=[null.fileno(), theirs, theirs]
        )
        os.close(theirs)
        wait_for(tmp_path / "started")
        os.kill(process.pid, number)
        assert process.wait() == status
        assert reader.read() == "imported\n"  # until no process has the other end open


MODULES = [
    pytest.param(
        "import no_such_package.inside\n",
        "`train.py` raised ModuleNotFoundError: No module named 'no_such_package'\n"
        "    train.py:1 in <module>\n        import no_such_package.inside",
        "install `no_such_package` where lrviz is installed, or run lrviz from the folder it is in",
        id="a missing package",
    ),
    pytest.param(
        "def make(optimizer):\n    return optimizer lr\n",
        "`train.py` raised SyntaxError: invalid syntax (train.py, line 2)\n"
        "    train.py:2\n        return optimizer lr\n                         ^",
        "",
        id="a syntax error",
    ),
    pytest.param(
        "import sys\nsys.exit('usage: train.py DATA')\n",
        "`train.py` raised SystemExit: usage: train.py DATA\n    train.py:2 in <module>\n"
        "        sys.exit('usage: train.py DATA')",
        "put the main part of the script under `if __name__ == '__main__':`",
        id="sys.exit",
    ),
    pytest.param(
        "raise RuntimeError\n",
        "`train.py` raised RuntimeError\n    train.py:1 in <module>\n        raise RuntimeError",
        "",
        id="no message",
    ),
    pytest.param(
        "import json\njson.loads('{')\n",
        "`train.py` raised JSONDecodeError: "
        "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)\n"
        "    train.py:2 in <module>\n        json.loads('{')",
        "",
        id="inside the standard library",
    ),
    pytest.param(
        "make = 5\n",
        "`train.py:make` is not a function, it is int",
        "name a function or a class that takes the optimizer",
        id="no callable",
    ),
    pytest.param("", "`train.py` has no `make`", "it has no functions", id="empty"),
    pytest.param(
        "def mike(o): ...\n", "`train.py` has no `make`", "did you mean `train.py:mike`?", id="a name that is close"
    ),
    pytest.param(
        "from math import sin\ndef f(o): ...\nclass G: ...\n",
        "`train.py` has no `make`",
        "it has f, G",
        id="another name",
    ),
]


@pytest.mark.parametrize(("code", "message", "hint"), MODULES)
def test_a_file_that_cannot_be_used(code: str, message: str, hint: str, write: Write) -> None:
    write(code, head="")
    error = refused("train.py:make")
    assert (shown(error), error.hint) == (message, hint)


def test_a_script_that_parses_its_arguments(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    write(
        "import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--data', required=True)\n"
        "options = parser.parse_args([])\n",
        head="",
    )
    message = shown(refused("train.py:make"))
    assert re.findall(r"(\S+):(\d+) in", message) == [("train.py", "4")]
    assert "arguments are required: --data" in capsys.readouterr().err


RETURNS = [
    ("return None", "None", "is a `return` missing at its end?"),
    ("pass", "None", "is a `return` missing at its end?"),
    ("return Plain", "a class, Plain", "return an object with a `step()`"),
    ("return [optimizer], [Plain(optimizer)]", "tuple", "return an object with a `step()`"),
    ("return {'scheduler': Plain(optimizer)}", "dict", "return an object with a `step()`"),
    ("yield Plain(optimizer)", "generator", "return an object with a `step()`"),
    ("return optimizer.param_groups", "list", "return an object with a `step()`"),
]


@pytest.mark.parametrize(("code", "got", "hint"), RETURNS, ids=[code for code, _, _ in RETURNS])
def test_what_is_returned_must_be_a_scheduler(code: str, got: str, hint: str, write: Write) -> None:
    write(f"def make(optimizer):\n    {code}\n")
    error = refused("train.py:make")
    assert error.message == f"`train.py:make` must return a scheduler, got {got}"
    assert error.hint == hint


CALLS = [
    ("Needs", "missing a required argument: 'warmup'", "Needs(optimizer, warmup)"),
    ("Needs(1, 2)", "too many positional arguments", "Needs(optimizer, warmup)"),
    ("Needs(warm=1)", "missing a required argument: 'warmup'", "Needs(optimizer, warmup)"),
    ("nothing", "too many positional arguments", "nothing()"),
]


@pytest.mark.parametrize(("call", "reason", "signature"), CALLS, ids=[call for call, _, _ in CALLS])
def test_arguments_that_do_not_suit(call: str, reason: str, signature: str, write: Write) -> None:
    write(
        "class Needs(Plain):\n    def __init__(self, optimizer, warmup): ...\ndef nothing(): ...\n",
    )
    error = refused(f"train.py:{call}")
    name = call.partition("(")[0]
    assert error.message == f"`train.py:{call}` cannot be called: {reason}"
    assert error.hint == (
        f"its signature is {signature}; the optimizer is passed first, the rest in brackets: "
        f"`train.py:{name}(NAME=VALUE)`"
    )


def test_a_scheduler_of_the_notation_is_no_argument(write: Write) -> None:
    write("def make(optimizer, schedulers): ...\n")
    assert refused("train.py:make([cosine()])").message == "`cosine()` cannot be passed to user code"


RATES = [
    ("torch.tensor([0.5, 0.25])", "is not a number: [0.5, 0.25]"),
    ("None", "is not a number: None"),
    ("'0.5'", "is not a number: '0.5'"),
    ("'x'", "is not a number: 'x'"),
    ("1j", "is complex"),
    ("10**400", "is not a number: 1000000000"),
    ("float('nan')", "is NaN"),
    ("float('inf')", "is infinite"),
    ("-1", "is negative (-1)"),
]


@pytest.mark.parametrize(("value", "told"), RATES, ids=[value for value, _ in RATES])
def test_a_rate_that_is_none(value: str, told: str, write: Write) -> None:
    write(f"class Own(Plain):\n    def step(self):\n        self.groups[0]['lr'] = {value}\n")
    message = refused("train.py:Own").message
    assert message.startswith(f"the rate of `train.py:Own` {told}")
    assert message.endswith(" at step 1")


@pytest.mark.parametrize("value", ["torch.tensor(0.5)", "torch.tensor([0.5])", "True", "1"])
def test_a_rate_that_is_a_number_in_other_clothes(value: str, write: Write) -> None:
    write(f"class Own(Plain):\n    def step(self):\n        self.groups[0]['lr'] = {value}\n")
    assert rates("train.py:Own", lr="0.25", updates=2) == [0.25, 0.5 if "tensor" in value else 1.0]


GROUPS = [
    ("self.optimizer.add_param_group({'params': [torch.zeros(1)]})", 2),
    ("self.optimizer.param_groups.clear()", 0),
    ("self.optimizer.param_groups = self.optimizer.param_groups * 3", 3),
]


@pytest.mark.parametrize("when", ["step", "__init__"])
@pytest.mark.parametrize(("code", "count"), GROUPS, ids=["more", "none", "others"])
def test_the_number_of_groups_must_stay(code: str, count: int, when: str, write: Write) -> None:
    head = "step(self):" if when == "step" else "__init__(self, optimizer):\n        self.optimizer = optimizer"
    write(f"class Own(Plain):\n    def {head}\n        {code}\n")
    error = refused("train.py:Own")
    assert error.message == f"`train.py:Own` changes the number of parameter groups from 1 to {count}"


def test_a_rate_that_is_taken_away(write: Write) -> None:
    write("class Own(Plain):\n    def step(self):\n        self.groups[0].pop('lr', None)\n")
    assert refused("train.py:Own").message == "the rate of `train.py:Own` is not a number: None at step 1"


PLACES = [
    ("nofile.py:make", SimulationError, "no file `nofile.py`"),
    ("folder.py:make", SimulationError, "no file `folder.py`"),
    ("nopackage:make", SimulationError, "no module `nopackage`"),
    ("no.package:make", SimulationError, "no module `no.package`"),
    ("train.py", NotationError, "the class `Plain` sets the rate, and it is not shown how it is used"),
    ("train.py:", UsageError, "`train.py` needs the name of a function or class"),
    ("train.py:Plain(", NotationError, "cannot read the notation: '(' was never closed"),
    ("train.py:Plain(x=)", NotationError, "cannot read the notation"),
    ("train.py:Plain(x=unknown)", NotationError, "unknown name `unknown`"),
]


@pytest.mark.parametrize(("text", "kind", "message"), PLACES, ids=[text for text, _, _ in PLACES])
def test_a_place_that_is_none(text: str, kind: type[Exception], message: str, write: Write) -> None:
    write("")
    Path("folder.py").mkdir()
    with pytest.raises(kind, match=re.escape(message)):
        rates(text)


def test_parameters_as_options_are_refused(write: Write) -> None:
    write("")
    with pytest.raises(UsageError, match=r"`train\.py` takes its values in brackets, got `--gamma`"):
        read_run("train.py:Plain", parameters={"gamma": "0.5"})


def test_what_it_prints_does_not_mix_with_data(write: Write, capfd: pytest.CaptureFixture[str]) -> None:
    write(
        "import sys\nprint('imported')\nclass Loud(Plain):\n    def step(self):\n        super().step()\n"
        "        print('stepped')\n        sys.stdout.write('written\\n')\n",
    )
    length = ["--lr", "1", "--epochs", "1", "--steps-per-epoch", "3"]
    assert main(["table", "train.py:Loud", *length, "--format", "csv", "-q"]) == 0
    out, err = capfd.readouterr()
    assert out == CSV
    assert err == "imported\nstepped\nwritten\nstepped\nwritten\n"


def test_an_error_ends_with_two_and_nothing_written(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    write(RAISES)
    assert main(["plot", "train.py:Raises", "-o", "out/raises.png"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: `train.py:Raises` raised ValueError: no luck with 3 at step 3\n    train.py:")
    assert "Traceback" not in err
    assert not Path("out/raises.png").exists()


def test_a_figure_is_named_by_the_function(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    write("")
    assert main(["plot", "train.py:Plain", "-q"]) == 0
    assert capsys.readouterr().out == "plain.png\n"
    assert Path("plain.png").stat().st_size > 1000


def test_a_metric_that_it_watches_or_not_is_said(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    write("class ByLoss(Plain):\n    def step(self, loss):\n        super().step()\n")
    assert main(["table", "train.py:ByLoss", "--format", "csv"]) == 0
    assert "note: no metric given: a built-in loss that falls" in capsys.readouterr().err
    assert main(["table", "train.py:Plain", "--metric", "0.5", "--format", "csv"]) == 0
    assert "note: `train.py:Plain` does not use a metric\n" in capsys.readouterr().err
