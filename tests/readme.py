"""Runs the console blocks of README and of the pages in docs.

`python -m tests.readme` replaces the output below each command with the output of today.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TEXTS = ("README.md", *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md")))
PAGES = tuple(page for page in TEXTS if BLOCK.search((ROOT / page).read_text(encoding="utf-8")))


def commands(block: str) -> Iterator[tuple[str, str]]:
    """The commands of a block, each with the output below it."""
    for piece in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = piece.partition("\n")
        yield command, output


def run(command: str, folder: Path, programs: Path) -> str:
    """What a command prints, stderr included, in a terminal of 80 columns without colour."""
    environment = {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "80",
        "LINES": "24",
    }
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())


def renewed(text: str, folder: Path, programs: Path) -> str:
    """A page with the output that its commands print today, with the `lrviz` of the folder `programs`."""
    shutil.copytree(ROOT / "docs" / "examples", folder, dirs_exist_ok=True)

    def renew(match: re.Match[str]) -> str:
        lines = [f"$ {command}\n{run(command, folder, programs)}" for command, _ in commands(match[1])]
        return f"```console\n{''.join(lines)}```"

    return BLOCK.sub(renew, text)


def main() -> None:
    """Write today's output into the pages."""
    for page in PAGES:
        path = ROOT / page
        with tempfile.TemporaryDirectory() as folder:
            text = renewed(path.read_text(encoding="utf-8"), Path(folder), Path(sys.executable).parent)
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
