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
TRANSFORMERS = """
from torch.optim.lr_scheduler import LambdaLR
def get_constant_schedule_with_warmup(optimizer, num_warmup_steps):
    return LambdaLR(optimizer, lambda step: min(1.0, step / max(1, num_warmup_steps)))
"""
RUN = "--epochs 1 --steps-per-epoch 5 --lr 1"
# What each addition makes possible: a part of the diff, a command line, and a part of what it prints.
ADDITIONS = [
    ("torch/rsqrt.py", f"table rsqrt {RUN} --format csv", "4,0,0.5\n"),
    (
        "schedulers/transformers.py",
        f"table hf-constant --num_warmup_steps 2 {RUN} --format csv",
        "0,0,0.0\n1,0,0.5\n2,0,1.0\n",
    ),
    ("formats/latex.py", f"table StepLR(4) {RUN} --format tex", "3 & 0 & 1.0 \\\\\n4 & 0 & 0.1 \\\\\n"),
    ("commands/length.py", f"length cosine {RUN}", "5\n"),
    ("figure/column.py", f"compare cosine step {RUN} --layout column -o column.svg", "column.svg\n"),
]


@pytest.mark.skipif(shutil.which("git") is None, reason="git applies the diffs")
@pytest.mark.parametrize(("part", "words", "printed"), ADDITIONS, ids=[part for part, _, _ in ADDITIONS])
def test_an_addition_is_one_file_and_one_line(part: str, words: str, printed: str, tmp_path: Path) -> None:
    (diff,) = [diff for diff in DIFFS if part in diff]
    changed = [line for line in diff.splitlines() if line.startswith("+++ ")]
    assert len(changed) == 2
    shutil.copytree(ROOT / "lrviz", tmp_path / "lrviz", ignore=shutil.ignore_patterns("__pycache__"))
    environment = os.environ | {"GIT_CEILING_DIRECTORIES": str(tmp_path.parent), "PYTHONPATH": str(tmp_path)}
    subprocess.run(["git", "apply", "-"], input=diff, text=True, cwd=tmp_path, env=environment, check=True)
    (tmp_path / "transformers").mkdir()
    (tmp_path / "transformers" / "__init__.py").touch()
    (tmp_path / "transformers" / "optimization.py").write_text(TRANSFORMERS)
    code = NEW_IN_TORCH if "torch/" in part else ""
    code += "import sys; from lrviz.cli import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, *words.split(" ")],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert printed in done.stdout
