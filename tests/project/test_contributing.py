"""The additions that CONTRIBUTING.md describes: each diff is applied to a copy of the package, and the result used."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow

DIFFS = re.findall(
    r"^```diff\n(.*?)^```$", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
)
NEW_IN_TORCH = """
import torch.optim.lr_scheduler as module
class RsqrtLR(module.LambdaLR):
    def __init__(self, optimizer, timescale=1):
        super().__init__(optimizer, lambda step: (timescale / max(step, timescale)) ** 0.5)
module.RsqrtLR = RsqrtLR
"""
FLOWS = """
from torch.optim.lr_scheduler import LambdaLR
def get_constant_flow(optimizer, warmup=1):
    return LambdaLR(optimizer, lambda step: min(1.0, step / max(1, warmup)))
"""
RUN = "--epochs 1 --steps-per-epoch 5 --lr 1"
# What each addition makes possible: a part of the diff, a command line, and a part of what it prints.
ADDITIONS = [
    ("torch/rsqrt.py", f"table rsqrt {RUN} --format csv", "4,0,0.5\n"),
    (
        "families/flows.py",
        f"table flows-constant --warmup 2 {RUN} --format csv",
        "0,0,0.0\n1,0,0.5\n2,0,1.0\n",
    ),
    ("formats/latex.py", f"table StepLR(4) {RUN} --format tex", "3 & 0 & 1.0 \\\\\n4 & 0 & 0.1 \\\\\n"),
    ("commands/length.py", f"length cosine {RUN}", "5\n"),
    ("rules/momentum.py", f"check step --optimizer SGD --select LR5 {RUN}", "note LR504 (no-momentum-given): SGD has"),
    ("figure/column.py", f"compare cosine step {RUN} --layout column -o column.svg", "column.svg\n"),
]
# Runs each command line in a fork with the copy of the package that has its addition; torch and matplotlib are
# imported once.
PROGRAM = f"""{NEW_IN_TORCH}
import os, sys, matplotlib.figure
for folder, words in zip(sys.argv[1::2], sys.argv[2::2]):
    if (pid := os.fork()) == 0:
        os.chdir(folder)
        sys.path[:0] = [folder, os.path.join(folder, "site")]
        for stream, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT), stream)
        if "rsqrt" not in words:
            del module.RsqrtLR
        from lrviz.cli import main
        sys.exit(main(words.split(" ")))
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


@pytest.mark.skipif(shutil.which("git") is None, reason="git applies the diffs")
def test_an_addition_is_one_file_and_one_line(tmp_path: Path) -> None:
    environment = os.environ | {"GIT_CEILING_DIRECTORIES": str(tmp_path)}
    words: list[str] = []
    for part, command, _ in ADDITIONS:
        (diff,) = [diff for diff in DIFFS if part in diff]
        changed = [line for line in diff.splitlines() if line.startswith("+++ ")]
        assert len(changed) == (1 if part.startswith("rules/") else 2)
        folder = tmp_path / str(len(words))
        shutil.copytree(ROOT / "lrviz", folder / "lrviz")  # with the compiled modules, whose sources keep their times
        subprocess.run(["git", "apply", "-"], input=diff, text=True, cwd=folder, env=environment, check=True)
        package = folder / "site" / "flows"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "schedules.py").write_text(FLOWS)
        words += [str(folder), command]
    done = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM, *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    for (_, command, printed), folder_, status in zip(ADDITIONS, words[::2], done.stdout.split(), strict=True):
        assert status == "0", (command, Path(folder_, "err").read_text())
        assert printed in Path(folder_, "out").read_text()
