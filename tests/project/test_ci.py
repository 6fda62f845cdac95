"""What docs/ci.md and the pre-commit hook tell people to run does what they say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT
from tests.forkserver import ForkServer

pytestmark = pytest.mark.slow

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


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory, forks: ForkServer) -> Path:
    """A repository with a preset and its render, as the page says to commit them."""
    folder = tmp_path_factory.mktemp("rendered")
    shutil.copy(ROOT / "docs" / "examples" / "schedules.toml", folder)
    assert run("git init --quiet", folder, forks.programs).returncode == 0
    done = run(SHELL, folder, forks.programs)
    assert done.returncode == 0, done.stderr
    return folder


@dataclass(frozen=True)
class Project:
    """A copy of the repository, and what runs shell lines in it."""

    folder: Path
    programs: Path

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        return run(script, self.folder, self.programs)

    def drift(self) -> None:
        path = self.folder / "schedules.toml"
        path.write_text(path.read_text(encoding="utf-8").replace("gamma=0.1", "gamma=0.2"), encoding="utf-8")


@pytest.fixture
def project(rendered: Path, tmp_path: Path, forks: ForkServer) -> Project:
    return Project(shutil.copytree(rendered, tmp_path / "project"), forks.programs)


def run(script: str, folder: Path, programs: Path) -> subprocess.CompletedProcess[str]:
    """Run shell lines as a job does, with the `lrviz` of a folder: stop at the first that fails."""
    environment = os.environ | {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
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


def test_what_is_committed_is_the_preset_and_the_render(project: Project) -> None:
    tracked = project.run("git ls-files").stdout.splitlines()
    assert "schedules.toml" in tracked
    assert "schedules/manifest.json" in tracked


def test_the_workflow_passes_where_nothing_drifted(project: Project) -> None:
    upload = GITHUB["jobs"]["schedules"]["steps"][-1]
    ran = [project.run(step["run"]) for step in steps()]
    assert [done.returncode for done in ran] == [0, 0]
    assert (project.folder / upload["with"]["path"] / "index.html").is_file()
    assert (project.folder / "step-summary.md").read_bytes() == (
        project.folder / "rendered" / "summary.md"
    ).read_bytes()


def test_the_workflow_annotates_a_drift_and_renders_all_the_same(project: Project) -> None:
    project.drift()
    check, render = steps()
    done = project.run(check["run"])
    assert done.returncode == 1
    assert done.stdout.startswith(
        "::error file=schedules.toml,title=schedule drift::`candidates`, curve `step` differs"
    )
    assert render["if"] == "always()"
    assert project.run(render["run"]).returncode == 0
    assert "`step`" in (project.folder / "step-summary.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("drifted", [False, True], ids=["equal", "drifted"])
def test_the_gitlab_job(project: Project, drifted: bool) -> None:
    if drifted:
        project.drift()
    job = GITLAB["schedules"]
    assert project.run("\n".join(job["script"])).returncode == drifted
    assert all((project.folder / path).exists() for path in job["artifacts"]["paths"])


@pytest.mark.parametrize("drifted", [False, True], ids=["equal", "drifted"])
def test_the_hook(project: Project, drifted: bool) -> None:
    hook, findings = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    use, use_findings = HOOK["repos"][0]["hooks"]
    (local,) = LOCAL_HOOK["repos"][0]["hooks"]
    assert use["id"] == hook["id"] == local["id"]
    assert use_findings["id"] == findings["id"]
    assert not findings["pass_filenames"]
    assert project.run(" ".join([findings["entry"], *use_findings["args"]])).returncode == 0
    assert {"id", "name", "entry", "language"} <= set(hook)
    assert not hook["pass_filenames"]
    if drifted:
        project.drift()
    for command in (" ".join([hook["entry"], *use["args"]]), local["entry"]):
        done = project.run(command)
        assert done.returncode == drifted, done.stderr
        assert project.run("git status --porcelain").stdout.count("??") == 0  # a check leaves nothing behind


def test_the_page_shows_the_example(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "presets.md").read_text(encoding="utf-8")
    shown = re.findall(r"^<!-- (docs/examples/\S+) -->\n```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert [path for path, _ in shown] == ["docs/examples/schedules.toml"]
    for path, block in shown:
        assert (ROOT / path).read_text(encoding="utf-8") == block
