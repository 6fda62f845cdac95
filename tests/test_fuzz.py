"""Whatever the input, lrviz ends with a status of its own, within its limits: a few inputs of every kind.

`make fuzz` runs more of them, which `tests/fuzz` makes and checks.
"""

from __future__ import annotations

import json

import pytest

from tests.conftest import ROOT
from tests.forkserver import ForkServer
from tests.fuzz.kinds import KINDS, Case, make
from tests.fuzz.running import Outcome, faults

CASE = Case(("table", "cosine"), {"a.csv": "1"}, output="out.csv")
GOOD = Outcome(2, "", "error: no\n\nhint: yes\n", 0.1)


def test_a_few_inputs_of_every_kind(forks: ForkServer) -> None:
    code = "import sys; from tests.fuzz.__main__ import main; sys.exit(main())"
    finished = forks.python(code, "--count", "10", "--seed", "3", cwd=ROOT)
    assert finished.stderr == ""
    assert finished.stdout.splitlines()[-1] == f"{10 * len(KINDS)} inputs of {len(KINDS)} kinds, seed 3: 0 faulty"
    assert finished.returncode == 0, finished.stdout


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "manifest"])  # which renders a folder first
def test_an_input_can_be_made_again(kind: str) -> None:
    inputs = [make(kind, 7, number) for number in range(20)]
    assert inputs == [make(kind, 7, number) for number in range(20)]
    assert inputs != [make(kind, 8, number) for number in range(20)]


FAULTS = [
    ("none", GOOD, []),
    ("another status", Outcome(3, "", "", 0.1), ["status 3"]),
    ("a difference without --check", Outcome(1, "", "", 0.1), ["status 1"]),
    ("too long", Outcome(0, "", "", 2.5), ["2.5 s of CPU"]),
    ("no error", Outcome(2, "", "", 0.1), ["0 lines with `error:` and status 2", "an error without a message"]),
    ("two errors", Outcome(2, "", "error: a\nerror: b\n", 0.1), ["2 lines with `error:` and status 2"]),
    ("an error and success", Outcome(0, "", "error: a\n", 0.1), ["1 lines with `error:` and status 0"]),
    ("output", Outcome(2, "x", "error: a\n", 0.1), ["an error, and output"]),
    ("a command of CI", Outcome(0, "a\n::x", "", 0.1), ["a line that begins with `::`"]),
    ("a command after a carriage return", Outcome(0, "a\r::x", "", 0.1), ["a line that begins with `::`"]),
    ("an escape", Outcome(0, "", "\x1b[31m", 0.1), ["unsafe characters on stderr: ['\\x1b']"]),
    ("a long message", Outcome(0, "", "a" * 30_000, 0.1), ["30,000 characters on stderr"]),
    ("a warning", Outcome(0, "", "", 0.1, ("A: b",)), ["the warning A: b"]),
    ("an exception", Outcome(0, "", "", 0.1, raised="ValueError: x"), ["ValueError: x"]),
    ("its file", Outcome(0, "", "", 0.1, changed=("work/out.csv",)), []),
    ("another file", Outcome(0, "", "", 0.1, changed=("work/a.csv",)), ["the file 'work/a.csv', with status 0"]),
    ("a file elsewhere", Outcome(0, "", "", 0.1, changed=("tmp/x",)), ["the file 'tmp/x', with status 0"]),
    (
        "a file of a failure",
        Outcome(2, "", GOOD.err, 0.1, changed=("work/out.csv",)),
        ["the file 'work/out.csv', with status 2"],
    ),
]


@pytest.mark.parametrize(("outcome", "found"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_faults_are_found(outcome: Outcome, found: list[str]) -> None:
    assert list(faults(CASE, outcome)) == found


# Inputs that end a fork: what the third of five does, and what is found.
ENDS = {
    "a crash": ("os.kill(os.getpid(), 11)", ["the process ended, -11"]),
    "an exit": ("os._exit(9)", ["the process ended, 9"]),
    "a loop": ("while True: pass", ["much CPU time"]),
    "a wait": ("time.sleep(99)", ["no end"]),
    "memory": ("b'x' * 10**9", ["MemoryError: "]),
}
PROGRAM = """
import json, os, sys, time
from tests.fuzz import running
from tests.fuzz.kinds import Case
running.ALLOWANCE = 1
for code in json.loads(sys.argv[1]):
    running.PATIENCE = 1 if "sleep" in code else 60
    def main(words):
        words == ("3",) and exec(code)
        return 0
    print(json.dumps(list(running.run_all([Case((str(n),)) for n in range(5)], main))))
"""


def test_an_input_that_ends_a_fork_is_named_and_the_others_run(forks: ForkServer) -> None:
    finished = forks.python(PROGRAM, json.dumps([code for code, _ in ENDS.values()]), cwd=ROOT)
    found = [json.loads(line) for line in finished.stdout.splitlines()]
    assert found == [[[3, expected]] for _, expected in ENDS.values()], finished.stderr
