"""Render a preset in forty environments, and compare the bytes: `python -m tests.environments`.

Each environment is a row of a group. `tests/project/test_environments.py` runs the first row of each group at once.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib as mpl

from tests.forkserver import ForkServer

ROOT = Path(__file__).parent.parent

PRESET = """
about = "Rates in many environments: ä 学"

[defaults]
lr = 1e-3
epochs = 4
steps_per_epoch = 8
formats = ["svg"]

[[figure]]
name = "overlay"
title = "Überblick 学"
style = "own.mplstyle"
formats = ["svg", "png"]
[[figure.curve]]
scheduler = "StepLR(step_size={4,8})"
[[figure.curve]]
scheduler = "CosineAnnealingLR(T_max=32)"

[[figure]]
name = "metric"
style = "dark"
formats = ["svg", "pdf"]
interval = "epoch"
[[figure.curve]]
scheduler = "ReduceLROnPlateau(patience=0)"
metric = "val.csv:loss"

[[figure]]
name = "grid"
layout = "grid"
show = "momentum"
log = true
[[figure.curve]]
scheduler = "OneCycleLR(max_lr=0.01, total_steps=32)"
[[figure.curve]]
scheduler = "ExponentialLR(gamma=0.9)"
"""
STYLE = "axes.prop_cycle: cycler(color=['1f4e9e', 'r', '0.5'])\nfont.family: serif\naxes.grid: True\n"
METRIC = "epoch,loss\n0,1.5\n1,1.25\n2,1.25\n3,1.3\n"
SETTINGS = b"""
# the look
lines.linewidth: 40
axes.facecolor: red
font.size: 30
svg.fonttype: none
savefig.dpi: 30
# unknown to matplotlib, wrong, and twice
no such: thing
lines.markersize: wide
nonsense
axes.grid: True
axes.grid: True
# the locale
axes.formatter.use_locale: True
# known to old versions
text.latex.unicode: True
savefig.jpeg_quality: 3
axes.color_cycle: k
"""


@dataclass(frozen=True)
class Environment:
    """What differs from the environment of the expected bytes.

    `{folder}` in a variable is the folder of the run. `files` are written to it first.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    umask: int = 0o022
    folder: str = "work"

    def with_(self, other: Environment) -> Environment:
        """Both at once."""
        plain = Environment()
        return Environment(
            {**self.variables, **other.variables},
            {**self.files, **other.files},
            self.umask if other.umask == plain.umask else other.umask,
            self.folder if other.folder == plain.folder else other.folder,
        )


def _variables(*rows: str) -> list[Environment]:
    """Rows of variables only, each as `NAME=value NAME=value`."""
    return [Environment(dict(word.split("=", 1) for word in row.split(" "))) for row in rows]


GROUPS: Mapping[str, list[Environment]] = {
    "locale": _variables(
        "LC_ALL=de_DE.UTF-8", "LC_ALL=tr_TR.UTF-8 LANGUAGE=tr", "LC_ALL=C", "LANG=ja_JP.eucJP", "LC_ALL=xx"
    ),
    "encoding": _variables(
        "PYTHONIOENCODING=ascii PYTHONUTF8=0 PYTHONCOERCECLOCALE=0", "PYTHONIOENCODING=utf-16", "PYTHONUTF8=1",
        "PYTHONIOENCODING=latin-1:replace",
    ),
    "terminal": _variables("TERM=dumb", "TERM=xterm-256color FORCE_COLOR=1", "TERM= NO_COLOR=1"),
    "columns": _variables("COLUMNS=1 LINES=1", "COLUMNS=99999", "COLUMNS=x"),
    "home": _variables("HOME=relative", "HOME={folder}/none/home", "HOME={folder}/val.csv"),
    "temporary": _variables("TMPDIR={folder}/tmp/ä-b", "TMPDIR={folder}/none"),
    "umask": [Environment(umask=umask) for umask in (0o077, 0o000)],
    "time": _variables(
        "TZ=Asia/Kathmandu SOURCE_DATE_EPOCH=0", "TZ=America/Lima SOURCE_DATE_EPOCH=xx", "TZ=:none",
        "SOURCE_DATE_EPOCH=99999999999999",
    ),
    "threads": _variables("OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1", "OMP_NUM_THREADS=7 MKL_NUM_THREADS=3"),
    "hashes": _variables("PYTHONHASHSEED=1", "PYTHONHASHSEED=4294967295"),
    "matplotlib": [
        Environment(files={"matplotlibrc": SETTINGS}),
        Environment({"MATPLOTLIBRC": "{folder}/mine", "MPLBACKEND": "nonsense"}, {"mine": SETTINGS + b'text.color: "'}),
        Environment({"MPLCONFIGDIR": "{folder}/mpl"}, {"mpl/matplotlibrc": SETTINGS}),
        Environment({"MPLBACKEND": "module://none"}, {"matplotlibrc": b"\xff\xfe\x00 lines.linewidth: 40"}),
        Environment({"MATPLOTLIBRC": "{folder}/none", "MPLBACKEND": "svg"}),
        Environment(files={"matplotlibrc": b'lines.linewidth: 40\nfont.family: "Deja'}),
    ],
    "FreeType": _variables(
        "FREETYPE_PROPERTIES=truetype:interpreter-version=35", "FREETYPE_PROPERTIES=autofitter:warping=1",
        "FREETYPE_PROPERTIES=x",
    ),
    "folder": [Environment(folder="a b ä"), Environment(folder="[x]{y}$z'")],
    "CI": _variables("CI=true GITHUB_ACTIONS=true", "PYTHONOPTIMIZE=2"),
}  # fmt: skip


def rows() -> dict[str, Environment]:
    """All environments by name."""
    return {f"{group} {i}": row for group, found in GROUPS.items() for i, row in enumerate(found, 1)}


def at_once() -> Environment:
    """The first row of each group together."""
    combined = Environment()
    for found in GROUPS.values():
        combined = combined.with_(found[0])
    return combined


def rendered(environment: Environment, forks: ForkServer | None = None) -> dict[str, str]:
    """The digest of each file of the preset, rendered by a new process in that environment, or by a fork.

    Raises:
        AssertionError: the command failed, wrote to stderr, or left something beside the figures.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, environment.folder)
        folder.mkdir()
        fill(folder, environment)
        before = set(files_of(folder))
        variables = {name: value.replace("{folder}", str(folder)) for name, value in environment.variables.items()}
        standard = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "HOME": str(folder / "home"),
            "LANG": "C.UTF-8",
        }
        all_variables = standard | {"TMPDIR": str(folder / "tmp")} | variables
        words = ["render", "preset.toml", "-q", "-o", "out"]
        if forks is not None:
            assert forks.start(words, cwd=folder, env=all_variables).wait() == 0
        else:
            outcome = subprocess.run(
                [sys.executable, "-m", "lrviz", *words],
                cwd=folder,
                env=all_variables,
                umask=environment.umask,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=300,
                check=False,
            )
            assert (outcome.returncode, outcome.stderr) == (0, b""), outcome.stderr.decode("utf-8", "replace")
        made = files_of(folder)
        figures = {name: digest for name, digest in made.items() if name.startswith("out/")}
        others = {name for name in made.keys() - before - figures.keys() if "matplotlib" not in name.split("/")}
        assert others == set(), f"left behind: {', '.join(sorted(others))}"
        return figures


def fill(folder: Path, environment: Environment) -> None:
    """Write the preset, its files and those of the environment, and a home with matplotlib's list of fonts."""
    texts = {"preset.toml": PRESET, "own.mplstyle": STYLE, "val.csv": METRIC}
    contents = {name: text.encode() for name, text in texts.items()} | dict(environment.files)
    for name, content in contents.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / "tmp" / "ä-b").mkdir(parents=True)
    caches = [folder / "home/.cache/matplotlib", folder / "relative/.cache/matplotlib"]
    caches += [folder / "mpl"] if (folder / "mpl").exists() else []
    for cache in caches:
        cache.mkdir(parents=True, exist_ok=True)
        for fonts in Path(mpl.get_cachedir()).glob("fontlist-*.json"):
            shutil.copy(fonts, cache)  # else matplotlib looks for the fonts of the system again


def files_of(folder: Path) -> dict[str, str]:
    """The digest of each file below a folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def differences(environment: Environment, expected: Mapping[str, str]) -> Iterator[str]:
    """What is wrong in an environment: files that differ, or how the command failed."""
    try:
        got = rendered(environment)
    except (AssertionError, OSError, subprocess.SubprocessError) as error:
        yield str(error).strip() or repr(error)
        return
    yield from (name for name in sorted({*got, *expected}) if got.get(name) != expected.get(name))


def main() -> int:
    """Run all environments; print the differences and their number. The status is 1 if there are any."""
    expected = rendered(Environment())
    wrong = 0
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda row: list(differences(row, expected)), rows().values())
        for name, differing in zip(rows(), found, strict=True):
            wrong += bool(differing)
            sys.stdout.write(f"{name:14} {'same' if not differing else '; '.join(differing)}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(rows())} environments, {len(expected)} files, {wrong} with differences\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
