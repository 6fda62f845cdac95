"""What docs/ci.md and the pre-commit hook tell people to run does what they say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT

TEXT = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
BLOCKS = [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)]
GITHUB, GITLAB, HOOK, LOCAL_HOOK = BLOCKS
(SHELL,) = re.findall(r"^```sh\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def steps() -> Iterator[dict[str, Any]]:
    """The workflow's own commands, without the installation."""
    yield from (
        step
        for step in GITHUB["jobs"]["schedules"]["steps"]
        if "run" in step and not step["run"].startswith("pip install")
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with a preset and its render, as the page says to commit them."""
    shutil.copy(ROOT / "docs" / "examples" / "schedules.toml", tmp_path)
    assert run("git init --quiet", tmp_path).returncode == 0
    done = run(SHELL, tmp_path)
    assert done.returncode == 0, done.stderr
    return tmp_path


def run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run shell lines as a job does: stop at the first that fails."""
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "GITHUB_STEP_SUMMARY": str(folder / "step-summary.md"),
    }
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def drift(project: Path) -> None:
    path = project / "schedules.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("gamma=0.1", "gamma=0.2"), encoding="utf-8")


def test_what_is_committed_is_the_preset_and_the_render(project: Path) -> None:
    tracked = run("git ls-files", project).stdout.splitlines()
    assert "schedules.toml" in tracked
    assert "schedules/manifest.json" in tracked


def test_the_workflow_passes_where_nothing_drifted(project: Path) -> None:
    ran = [run(step["run"], project) for step in steps()]
    assert [done.returncode for done in ran] == [0, 0]
    assert (project / "step-summary.md").read_bytes() == (project / "rendered" / "summary.md").read_bytes()


def test_the_workflow_annotates_a_drift_and_renders_all_the_same(project: Path) -> None:
    drift(project)
    check, render = steps()
    done = run(check["run"], project)
    assert done.returncode == 1
    assert done.stdout.startswith(
        "::error file=schedules.toml,title=schedule drift::`candidates`, curve `step` differs"
    )
    assert render["if"] == "always()"
    assert run(render["run"], project).returncode == 0
    assert "`step`" in (project / "step-summary.md").read_text(encoding="utf-8")


def test_what_the_workflow_uploads_is_what_it_renders(project: Path) -> None:
    upload = GITHUB["jobs"]["schedules"]["steps"][-1]
    for step in steps():
        run(step["run"], project)
    assert (project / upload["with"]["path"] / "index.html").is_file()


@pytest.mark.parametrize("drifted", [False, True], ids=["equal", "drifted"])
def test_the_gitlab_job(project: Path, drifted: bool) -> None:
    if drifted:
        drift(project)
    job = GITLAB["schedules"]
    assert run("\n".join(job["script"]), project).returncode == drifted
    assert all((project / path).exists() for path in job["artifacts"]["paths"])


@pytest.mark.parametrize("drifted", [False, True], ids=["equal", "drifted"])
def test_the_hook(project: Path, drifted: bool) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    (use,) = HOOK["repos"][0]["hooks"]
    (local,) = LOCAL_HOOK["repos"][0]["hooks"]
    assert use["id"] == hook["id"] == local["id"]
    assert {"id", "name", "entry", "language"} <= set(hook)
    assert not hook["pass_filenames"]
    if drifted:
        drift(project)
    for command in (" ".join([hook["entry"], *use["args"]]), local["entry"]):
        done = run(command, project)
        assert done.returncode == drifted, done.stderr
        assert run("git status --porcelain", project).stdout.count("??") == 0  # a check leaves nothing behind


def test_the_page_shows_the_example(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "presets.md").read_text(encoding="utf-8")
    shown = re.findall(r"^<!-- (docs/examples/\S+) -->\n```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert [path for path, _ in shown] == ["docs/examples/schedules.toml"]
    for path, block in shown:
        assert (ROOT / path).read_text(encoding="utf-8") == block
