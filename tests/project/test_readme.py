"""The commands in README and in the pages of docs run and print what is shown below them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.forkserver import ForkServer
from tests.readme import BLOCK, PAGES, ROOT, TEXTS, commands, renewed

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("page", PAGES)
def test_console_blocks_print_what_they_show(page: str, tmp_path: Path, forks: ForkServer) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    today = renewed(text, tmp_path, forks.programs)
    shown = [pair for block in BLOCK.findall(text) for pair in commands(block)]
    printed = [pair for block in BLOCK.findall(today) for pair in commands(block)]
    assert shown, f"{page} has no console block"
    assert printed == shown


@pytest.mark.parametrize("page", TEXTS)
def test_links_lead_to_files(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if "://" not in link]
    assert links
    missing = [link for link in links if not ((ROOT / page).parent / link).is_file()]
    assert not missing


def test_python_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    from torch.optim.lr_scheduler import LinearLR

    names: dict[str, object] = {"MyScheduler": LinearLR}
    exec(compile(example, "docs/python.md", "exec"), names)  # noqa: S102 - a page of this repository
    assert Path("both.png").stat().st_size > 10_000
    assert Path("step.csv").read_text(encoding="utf-8").startswith("step,epoch,lr\n0,0,0.001\n")
