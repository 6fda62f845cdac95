"""The files that maintain the project agree with each other: workflows, Makefile, pyproject.toml, forms, citation."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT

GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
FORMS = sorted(path for path in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([\w-]+):", MAKEFILE, re.MULTILINE))


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def jobs(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = read(path)["jobs"]
    return found


def steps(path: Path) -> Iterator[dict[str, Any]]:
    for job in jobs(path).values():
        yield from job["steps"]


def called_targets(path: Path) -> set[str]:
    """The make targets that a workflow calls, with those that a matrix lists."""
    called = set()
    for job in jobs(path).values():
        listed = job.get("strategy", {}).get("matrix", {}).get("target", [])
        for step in job["steps"]:
            for target in re.findall(r"\bmake ([\w-]+|\$\{\{ matrix\.target \}\})", step.get("run", "")):
                called |= set(listed) if "matrix" in target else {target}
    return called


def test_there_are_workflows_and_forms() -> None:
    assert [path.name for path in WORKFLOWS] == ["ci.yml", "release.yml"]
    assert [path.name for path in FORMS] == ["bug.yml", "feature.yml"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_call_targets_of_the_makefile(path: Path) -> None:
    assert called_targets(path)
    assert called_targets(path) - TARGETS == set()


def test_ci_calls_every_check() -> None:
    assert called_targets(GITHUB / "workflows" / "ci.yml") >= {
        "test",
        "lint",
        "types",
        "wheel-test",
        "test-lowest",
        "site",
    }


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned(path: Path) -> None:
    used = [step["uses"] for step in steps(path) if "uses" in step]
    assert used
    assert [action for action in used if not re.search(r"@(v\d+|release/v\d+|[0-9a-f]{40})$", action)] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_only_publishing_has_a_permission_to_write(path: Path) -> None:
    assert set((read(path)["permissions"] or {}).values()) <= {"read"}
    writing = [
        (name, permission)
        for name, job in jobs(path).items()
        for permission, access in job.get("permissions", {}).items()
        if access != "read"
    ]
    assert writing == ([("publish", "id-token")] if path.name == "release.yml" else [])


def test_releases_are_made_from_tags_alone() -> None:
    # YAML 1.1 reads the key `on` as true.
    assert read(GITHUB / "workflows" / "release.yml")[True] == {"push": {"tags": ["v*"]}}


def test_classifiers_list_the_versions_of_python_that_ci_runs() -> None:
    matrix = jobs(GITHUB / "workflows" / "ci.yml")["test"]["strategy"]["matrix"]
    listed = [c.rpartition(" ")[2] for c in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", c)]
    assert matrix["python"] == listed
    assert PROJECT["requires-python"] == f">={listed[0]}"
    assert {entry["python"] for entry in matrix["include"]} <= set(listed)


def test_ci_runs_the_lowest_torch_and_the_pinned_one() -> None:
    matrix = jobs(GITHUB / "workflows" / "ci.yml")["test"]["strategy"]["matrix"]
    versions = {*matrix["torch"], *(entry["torch"] for entry in matrix["include"])}
    (lowest,) = (r.removeprefix("torch>=") for r in PROJECT["dependencies"] if r.startswith("torch"))
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    (pinned,) = re.findall(r"^torch==(\d+\.\d+)\.\d+$", constraints, re.MULTILINE)
    assert matrix["torch"] == [pinned]
    assert {lowest, pinned, "newest"} <= versions


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_forms_have_what_github_requires(path: Path) -> None:
    form = read(path)
    assert {"name", "description", "body"} <= set(form)
    ids = [field["id"] for field in form["body"]]
    assert len(set(ids)) == len(ids)
    for field in form["body"]:
        assert field["type"] in {"textarea", "input", "dropdown", "checkboxes"}
        assert field["attributes"]["label"]


def test_other_files_of_github_are_read() -> None:
    assert set(read(GITHUB / "ISSUE_TEMPLATE" / "config.yml")) <= {"blank_issues_enabled", "contact_links"}
    updates = read(GITHUB / "dependabot.yml")
    assert updates["version"] == 2
    assert {update["package-ecosystem"] for update in updates["updates"]} == {"github-actions", "pip"}
    assert "make test" in (GITHUB / "PULL_REQUEST_TEMPLATE.md").read_text(encoding="utf-8")


def test_the_citation_is_of_this_version() -> None:
    citation = read(ROOT / "CITATION.cff")
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= set(citation)
    assert citation["version"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]
    assert citation["authors"] == PROJECT["authors"]


def test_the_makefile_describes_its_targets() -> None:
    phony = set(re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[0].split())
    assert phony == TARGETS
    described = set(re.findall(r"^#   make ([\w-]+)", MAKEFILE, re.MULTILINE))
    assert TARGETS - described == {"clean"}


def test_the_security_policy_names_tests_that_exist() -> None:
    policy = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:tests|docs)/[\w/.]+)`", policy)
    assert len(named) > 10
    assert [path for path in named if not (ROOT / path).exists()] == []
    assert [target for target in re.findall(r"`make ([\w-]+)`", policy) if target not in TARGETS] == []


def test_the_security_policy_names_options_that_exist() -> None:
    from lrviz.cli import options

    accepted = (*options.RENDER, *options.RUN, *options.SCRIPT)
    flags = {word for option in accepted for word in option.flags.split()}
    named = set(re.findall(r"`(--?[a-z-]+)`", (ROOT / "SECURITY.md").read_text(encoding="utf-8")))
    assert named >= {"--allow-code", "--allow-outside"}
    assert named <= flags


def test_the_documented_limits_of_presets_are_those_of_the_code() -> None:
    from lrviz.presets import files, keys
    from lrviz.spec import metric

    table = (ROOT / "docs" / "presets.md").read_text(encoding="utf-8")
    for limit, value in (
        ("size of the preset", f"{files.MAX_BYTES // 1000} kB"),
        ("size of a metric file", f"{metric.MAX_BYTES // 1_000_000} MB"),
        ("figures", f"{keys.MAX_FIGURES}"),
        ("curves of a figure", f"{keys.DEFAULT_MAX_CURVES}"),
        ("curves of all figures", f"{keys.TOTAL_CURVES:,}"),
        ("updates of all curves, for each parameter group", f"{keys.TOTAL_UPDATES:,}"),
    ):
        assert f"| {limit} | {value} |" in table
