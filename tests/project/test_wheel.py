"""The wheel, built and installed alone, does its work outside the source tree: `make wheel-test`."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.wheel

Lrviz = Callable[..., "subprocess.CompletedProcess[str]"]


def run(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A command without this tree on its path."""
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    return subprocess.run(
        words, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source distribution."""
    folder = tmp_path_factory.mktemp("dist")
    built = run(sys.executable, "-m", "build", "--outdir", folder, ROOT, cwd=folder)
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def scripts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of scripts of a virtual environment that holds the wheel and what it requires, nothing else."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(folder, with_pip=True)
    scripts = folder / "bin"
    pip = (scripts / "python", "-m", "pip", "install", "--quiet", "--constraint", ROOT / "constraints.txt", wheel)
    installed = run(*pip, cwd=folder)
    assert installed.returncode == 0, installed.stderr
    return scripts


@pytest.fixture
def lrviz(scripts: Path, tmp_path: Path) -> Lrviz:
    """Runs the installed command in an empty folder."""
    return lambda *words: run(scripts / "lrviz", *words, cwd=tmp_path)


def test_the_wheel_holds_the_package_its_presets_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        metadata = {name.partition(".dist-info/")[2] for name in archive.namelist()} - {""}
    files = [path.relative_to(ROOT) for path in (ROOT / "lrviz").rglob("*") if path.is_file()]
    package = {path.as_posix() for path in files if "__pycache__" not in path.parts}
    presets = {f"lrviz/presets/{path.name}" for path in (ROOT / "presets").glob("*.toml")}
    assert "lrviz/py.typed" in package
    assert names == package | presets
    assert {"licenses/LICENSE", "entry_points.txt", "METADATA"} <= metadata


def test_nothing_for_development_is_installed(scripts: Path, tmp_path: Path) -> None:
    frozen = run(scripts / "python", "-m", "pip", "freeze", cwd=tmp_path).stdout.lower()
    assert "torch==" in frozen
    assert not [name for name in ("accelerate", "hypothesis", "mypy", "pytest", "ruff") if f"{name}==" in frozen]


def test_plot_writes_a_figure(lrviz: Lrviz, tmp_path: Path) -> None:
    done = lrviz("plot", "cosine", "--T_max", "32")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "cosine.png\n"
    assert (tmp_path / "cosine.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_table_prints_the_numbers(lrviz: Lrviz) -> None:
    done = lrviz("table", "step", "--step_size", "4", "--gamma", "0.5", "--format", "csv")
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [int(row["step"]) for row in rows] == list(range(32))
    assert [int(row["epoch"]) for row in rows] == [step // 8 for step in range(32)]
    # Halving is exact, so the formula may stand in for the recurrence here.
    assert [float(row["lr"]) for row in rows] == [1e-3 * 0.5 ** (step // 4) for step in range(32)]


def test_schedulers_lists_them_all(lrviz: Lrviz) -> None:
    done = lrviz("schedulers")
    assert done.returncode == 0, done.stderr
    for name in ("step", "cosine", "warm-restarts", "onecycle", "plateau", "sequential", "swa"):
        assert name in done.stdout


def test_render_makes_the_cheat_sheet(lrviz: Lrviz, tmp_path: Path) -> None:
    done = lrviz("render", "cheatsheet", "-o", "sheet/")
    assert done.returncode == 0, done.stderr
    with (tmp_path / "sheet" / "cheatsheet.csv").open(newline="", encoding="utf-8") as stream:
        numbers = list(csv.DictReader(stream))
    reference = json.loads((ROOT / "tests" / "data" / "cheatsheet.json").read_text(encoding="utf-8"))
    step = next(curve["lr"] for curve in reference["curves"] if curve["name"] == "StepLR")
    assert [float(row["StepLR"]) for row in numbers] == step
    assert {path.name for path in (tmp_path / "sheet").iterdir()} >= {"index.html", "summary.md", "manifest.json"}
    checked = lrviz("render", "cheatsheet", "-o", "sheet", "--check")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_presets_are_there_to_copy(lrviz: Lrviz, tmp_path: Path) -> None:
    listed = lrviz("presets").stdout.splitlines()
    assert [line.split()[0] for line in listed] == sorted(path.stem for path in (ROOT / "presets").glob("*.toml"))
    assert lrviz("presets", "fine-tuning", "-o", "my.toml").returncode == 0
    assert (tmp_path / "my.toml").read_bytes() == (ROOT / "presets" / "fine-tuning.toml").read_bytes()


def test_every_preset_ships(lrviz: Lrviz) -> None:
    done = lrviz("presets")
    assert done.returncode == 0, done.stderr
    listed = {line.split()[0] for line in done.stdout.splitlines() if line.strip()}
    assert listed == {path.stem for path in (ROOT / "presets").glob("*.toml")}


def test_a_preset_renders(lrviz: Lrviz, tmp_path: Path) -> None:
    done = lrviz("render", "cheatsheet", "-o", "sheet")
    assert done.returncode == 0, done.stderr
    assert {"index.html", "manifest.json", "summary.md"} <= {path.name for path in (tmp_path / "sheet").iterdir()}
    assert lrviz("render", "cheatsheet", "-o", "sheet", "--check").returncode == 0


def test_a_wrong_command_line_is_an_error(lrviz: Lrviz, tmp_path: Path) -> None:
    done = lrviz("plot", "cosin")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: unknown scheduler `cosin`\n")
    assert list(tmp_path.iterdir()) == []


def test_the_package_runs_as_a_module(scripts: Path, tmp_path: Path) -> None:
    done = run(scripts / "python", "-m", "lrviz", "schedulers", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "cosine" in done.stdout
