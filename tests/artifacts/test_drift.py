"""`lrviz render --check`: what differs from a render, from which step, by how much, and nothing where nothing does."""

from __future__ import annotations

import errno
import json
import os
import shutil
from contextlib import chdir
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrviz.artifacts import ownership
from lrviz.artifacts.drift import _match_curves
from lrviz.artifacts.manifest import MANIFEST
from lrviz.artifacts.ownership import JOURNAL
from lrviz.cli import main
from lrviz.trace import column_difference
from tests.artifacts.folders import TWO_SVG
from tests.forkserver import ForkServer
from tests.linear import assert_linear

Capture = pytest.CaptureFixture[str]

PRESET = TWO_SVG.replace("step(step_size=4, gamma=0.5)", "exponential(gamma=0.5)")
NOT_EQUAL = "3 curves in 2 figures: the numbers are as rendered, but `out` differs\n"


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a preset and its render in `out`."""
    folder = tmp_path_factory.mktemp("drift")
    with chdir(folder):
        write(PRESET)
        assert main(["render", "p.toml", "-o", "out", "-q"]) == 0
    return folder


@pytest.fixture
def here(rendered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in, with a preset and its render in `out`."""
    shutil.copytree(rendered, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(text: str) -> None:
    Path("p.toml").write_text(text, encoding="utf-8")


def check(capsys: Capture, *words: str, preset: str = "p.toml") -> tuple[int, str]:
    """The status and what is on stdout; stderr is empty."""
    status = main(["render", preset, "-o", "out", "--check", *words])
    out, err = capsys.readouterr()
    assert err == ""
    return status, out


def found(capsys: Capture, *words: str) -> dict[str, Any]:
    _, out = check(capsys, "--format", "json", *words)
    data: dict[str, Any] = json.loads(out)
    return data


def changed_files(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


class TestEqual:
    def test_it_says_so_and_writes_nothing(self, here: Path, capsys: Capture) -> None:
        before = changed_files(here / "out")
        assert check(capsys) == (0, "3 curves in 2 figures: all as rendered in `out`\n")
        assert changed_files(here / "out") == before

    def test_json(self, here: Path, capsys: Capture) -> None:
        assert found(capsys) == {
            "version": 1,
            "preset": "p",
            "equal": True,
            "rtol": 0.0,
            "curves": 3,
            "differences": [],
            "looks": [],
            "figures": {"missing": [], "gone": []},
            "files": {"missing": [], "altered": [], "unknown": [], "leftover": [], "unfinished": []},
            "versions": {},
        }

    def test_github(self, here: Path, capsys: Capture) -> None:
        assert check(capsys, "--format", "github") == (0, "3 curves in 2 figures: all as rendered in `out`\n")

    def test_a_comment_in_the_preset_is_no_difference(self, here: Path, capsys: Capture) -> None:
        write("# new\n" + PRESET)
        assert check(capsys)[0] == 0

    def test_only_one_figure(self, here: Path, capsys: Capture) -> None:
        write(PRESET.replace("gamma=0.5", "gamma=0.6"))
        assert check(capsys, "--only", "two") == (0, "2 curves in 1 figure: all as rendered in `out`\n")
        assert check(capsys, "--only", "one")[0] == 1

    def test_each_figure_has_options_of_its_own(self, here: Path, capsys: Capture) -> None:
        assert main(["render", "p.toml", "-o", "out", "--only", "one", "--formats", "png", "--style", "dark"]) == 0
        capsys.readouterr()
        status, out = check(capsys)
        assert status == 0
        assert out.splitlines()[0] == "`one.svg` is from an earlier render; `lrviz render --prune` removes it"

    def test_formats_and_style_are_taken_as_they_were_rendered(self, here: Path, capsys: Capture) -> None:
        assert main(["render", "p.toml", "-o", "out", "--formats", "png", "--style", "dark", "--prune"]) == 0
        capsys.readouterr()
        assert check(capsys)[0] == 0
        status, out = check(capsys, "--style", "lrviz", "--formats", "png,svg")
        assert status == 1
        assert "`one`: style was `dark`, is `lrviz`\n" in out
        assert '`one`: formats was `["png"]`, is `["png", "svg"]`\n' in out


class TestNumbers:
    def test_a_gamma_that_changed_in_a_copied_preset(self, here: Path, capsys: Capture) -> None:
        assert main(["render", "cheatsheet", "-o", "sheet", "--formats", "svg"]) == 0
        assert main(["presets", "cheatsheet", "-o", "my.toml"]) == 0
        text = Path("my.toml").read_text(encoding="utf-8")
        Path("my.toml").write_text(text.replace("ExponentialLR(gamma=0.5)", "ExponentialLR(gamma=0.6)"))
        capsys.readouterr()
        assert main(["render", "my.toml", "-o", "sheet", "--check"]) == 1
        assert capsys.readouterr().out == (
            "`cheatsheet`, curve `ExponentialLR` differs from step 1 on: rendered 0.0005, now 0.0006; "
            "greatest relative difference 0.996 at step 31\n"
            "    scheduler was `ExponentialLR(gamma=0.5)`, is `ExponentialLR(gamma=0.6)`\n"
            "1 of 17 curves in 1 figure differs from `sheet`\n"
        )

    def test_json_has_exact_values(self, here: Path, capsys: Capture) -> None:
        write(PRESET.replace("gamma=0.5", "gamma=0.75"))
        (difference,) = found(capsys)["differences"]
        assert difference == {
            "figure": "one",
            "curve": "ExponentialLR(gamma=0.75)",
            "state": "differs",
            "values": [
                {
                    "column": "lr",
                    "step": 1,
                    "rendered": 5e-4,
                    "now": 7.5e-4,
                    "greatest_relative": pytest.approx(1 - (0.5 / 0.75) ** 15),
                    "greatest_step": 15,
                    "steps": [16, 16],
                }
            ],
            "changed": {
                "label": ["ExponentialLR(gamma=0.5)", "ExponentialLR(gamma=0.75)"],
                "scheduler": ["ExponentialLR(gamma=0.5)", "ExponentialLR(gamma=0.75)"],
            },
        }

    def test_github_annotates_the_file(self, here: Path, capsys: Capture) -> None:
        write(PRESET.replace('"cosine"', '"cosine(T_max=100)"').replace('"down"', '"50 %:\\n::error::x"'))
        status, out = check(capsys, "--format", "github")
        assert status == 1
        lines = out.splitlines()
        assert len(lines) == 2
        assert lines[0].startswith(
            "::error file=p.toml,title=schedule drift::`two`, curve `50 %25:\\n::error::x` differs from step 1 on: "
        )
        assert "%0Ascheduler was `CosineAnnealingLR(T_max=16)`, is `CosineAnnealingLR(T_max=100)`" in lines[0]

    def test_a_longer_run(self, here: Path, capsys: Capture) -> None:
        write(PRESET.replace('label = "up"', 'label = "up"\nepochs = 3'))
        (difference,) = found(capsys)["differences"]
        assert difference["changed"] == {"epochs": [2, 3]}
        (values,) = difference["values"]
        assert (values["step"], values["rendered"], values["now"], values["steps"]) == (16, None, 1e-3, [16, 24])
        assert "from step 16 on: rendered no value, now 0.001; 16 steps rendered, 24 now\n" in check(capsys)[1]

    def test_a_curve_more_and_a_curve_less(self, here: Path, capsys: Capture) -> None:
        write(PRESET + '[[figure.curve]]\nscheduler = "step(step_size=4)"\nlabel = "third"\n')
        status, out = check(capsys)
        assert (status, out.splitlines()[0]) == (1, "`two`, curve `third` is new, and was not rendered")
        write(PRESET.rpartition("[[figure.curve]]")[0])
        status, out = check(capsys)
        assert (status, out.splitlines()[0]) == (1, "`two`, curve `up` was rendered, and is gone")

    def test_many_differences_are_counted(self, here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("lrviz.artifacts.report._MAX_FINDINGS", 2)
        found = json.loads((here / "out" / MANIFEST).read_bytes())
        found["figures"][0]["curves"] += [{"label": "x", "columns": []}] * 9
        (here / "out" / MANIFEST).write_text(json.dumps(found))
        for format, prefix in (("text", ""), ("github", "::notice title=schedules::")):
            capsys.readouterr()
            assert main(["render", "p.toml", "-o", "out", "--check", "--format", format]) == 1
            lines = capsys.readouterr().out.splitlines()
            assert lines[2] == f"{prefix}and 7 more; `--format json` has them all".replace(
                "title", "file=p.toml,title" if prefix else "title"
            )
            assert len(lines) == 4

    def test_another_order(self, here: Path, capsys: Capture) -> None:
        head, first, second = PRESET.rpartition('[[figure]]\nname = "two"')[2].split("[[figure.curve]]")
        start = PRESET.partition('[[figure]]\nname = "two"')
        write("[[figure.curve]]".join([start[0] + start[1] + head, second, first]))
        status, out = check(capsys)
        assert (status, out) == (1, f'`two`: order of curves was `["down", "up"]`, is `["up", "down"]`\n{NOT_EQUAL}')

    def test_groups_and_momentum_are_named(self, here: Path, capsys: Capture) -> None:
        text = PRESET + '[[figure]]\nname = "g"\nshow = "momentum"\nformats = ["svg"]\n[[figure.curve]]\n'
        text += 'lr = {a = 0.1, b = 0.2}\nscheduler = "onecycle(max_lr=[0.1, 0.2], base_momentum=0.8)"\n'
        write(text)
        assert main(["render", "p.toml", "-o", "out"]) == 0
        capsys.readouterr()
        assert check(capsys)[0] == 0
        write(text.replace("[0.1, 0.2]", "[0.1, 0.3]").replace("0.8", "0.7"))
        columns = [values["column"] for values in found(capsys)["differences"][0]["values"]]
        assert columns == ["lr of b", "momentum of a", "momentum of b"]

    def test_a_metric_that_changed_in_its_file(self, here: Path, capsys: Capture) -> None:
        Path("loss.csv").write_text("loss\n" + "0.5\n" * 8)
        text = '[[figure]]\nname = "p"\nformats = ["svg"]\n[[figure.curve]]\nscheduler = "plateau(patience=1)"\n'
        write(f'{PRESET}{text}metric = "loss.csv"\ninterval = "epoch"\nepochs = 8\n')
        assert main(["render", "p.toml", "-o", "out"]) == 0
        Path("loss.csv").write_text("loss\n" + "".join(f"{0.5 - i / 10}\n" for i in range(5)) + "0.1\n" * 3)
        capsys.readouterr()
        (difference,) = found(capsys)["differences"]
        assert [values["column"] for values in difference["values"]] == ["lr", "metric"]
        assert difference["changed"] == {}

    def test_a_tolerance(self, here: Path, capsys: Capture) -> None:
        path = Path("out/one.csv")
        lines = path.read_text().splitlines()
        assert lines[3] == "2,0,0.00025"
        lines[3] = "2,0,0.0002500000001"
        path.write_text("\n".join(lines) + "\n")
        (difference,) = found(capsys)["differences"]
        assert difference["values"][0]["greatest_relative"] == pytest.approx(4e-10)
        assert found(capsys, "--rtol", "1e-9")["differences"] == []
        assert found(capsys, "--rtol", "1e-10")["differences"] != []

    @pytest.mark.parametrize("rtol", ["0", "1e-9", "0.5"])
    def test_infinite_rates_in_the_file(self, here: Path, capsys: Capture, rtol: str) -> None:
        path = Path("out/one.csv")
        header, *rows = path.read_text().splitlines()
        path.write_text("\n".join([header, *(f"{row.rpartition(',')[0]},inf" for row in rows)]) + "\n")
        assert (
            "from step 0 on: rendered inf, now 0.001; greatest relative difference 1 at"
            in check(capsys, "--rtol", rtol)[1]
        )
        (difference,) = found(capsys, "--rtol", rtol)["differences"]
        assert (difference["values"][0]["rendered"], difference["values"][0]["greatest_relative"]) == (None, 1.0)

    def test_a_spec_that_gives_the_same_numbers(self, here: Path, capsys: Capture) -> None:
        write(PRESET.replace('"cosine"', '"cosine(eta_min=0.0)"'))
        status, out = check(capsys)
        assert status == 1
        assert out.startswith("`two`, curve `down` has the rendered numbers, but a different spec\n")


class TestFigures:
    def test_a_figure_that_was_never_rendered(self, here: Path, capsys: Capture) -> None:
        write(PRESET + '[[figure]]\nname = "new"\n[[figure.curve]]\nscheduler = "cosine"\n')
        status, out = check(capsys)
        assert (status, out.splitlines()[0]) == (1, "`new` is in the preset, and was not rendered")

    def test_a_figure_that_is_gone(self, here: Path, capsys: Capture) -> None:
        write(PRESET.partition('[[figure]]\nname = "two"')[0])
        status, out = check(capsys)
        assert (status, out.splitlines()[0]) == (1, "`two` was rendered, and is no longer in the preset")

    def test_a_look_that_changed(self, here: Path, capsys: Capture) -> None:
        write(PRESET.replace('title = "Two"', 'title = "Three"\nlog = true'))
        assert check(capsys) == (
            1,
            f"`two`: title was `Two`, is `Three`\n`two`: log was not set, is `true`\n{NOT_EQUAL}",
        )


class TestFiles:
    def test_a_file_that_is_missing(self, here: Path, capsys: Capture) -> None:
        Path("out/one.svg").unlink()
        assert check(capsys) == (1, f"`one.svg` is missing\n{NOT_EQUAL}")
        assert found(capsys)["files"]["missing"] == ["one.svg"]

    def test_numbers_that_are_missing(self, here: Path, capsys: Capture) -> None:
        Path("out/two.csv").unlink()
        assert check(capsys) == (1, f"`two.csv` is missing\n{NOT_EQUAL}")

    def test_a_file_that_was_edited(self, here: Path, capsys: Capture) -> None:
        Path("out/one.svg").write_text("mine")
        assert check(capsys) == (1, f"`one.svg` changed after the render\n{NOT_EQUAL}")

    @pytest.mark.parametrize("text", ["", "step,epoch\n", "step,epoch,lr\n1,2\n", "step,epoch,lr\na,b,c\n", "\xff\0"])
    def test_numbers_that_cannot_be_read(self, here: Path, capsys: Capture, text: str) -> None:
        Path("out/one.csv").write_text(text, encoding="latin-1")
        status, out = check(capsys)
        assert status == 1
        assert "`one.csv` changed after the render\n" in out

    def test_a_column_name_that_is_too_long_to_read(self, here: Path, capsys: Capture) -> None:
        Path("out/one.csv").write_text(f"step,epoch,{'x' * 140_000}\n0,0,1.0\n")
        status, out = check(capsys)
        assert status == 1
        assert "`one.csv` changed after the render\n" in out

    def test_a_file_that_must_not_be_read(self, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
        def denied(*_: object) -> NoReturn:
            raise PermissionError(errno.EACCES, "")

        monkeypatch.setattr(ownership, "read_chunks", denied)
        assert main(["render", "p.toml", "-o", "out", "--check"]) == 2
        assert capsys.readouterr().err == "error: cannot read `out`: permission denied\n"

    def test_files_of_a_render_that_was_not_finished_are_named(self, here: Path, capsys: Capture) -> None:
        Path("out/.lrviz-new-0123456789ab").mkdir()
        Path("out/.lrviz-new-mine").touch()
        for name in (JOURNAL, ".lrviz-0123456789abcdef"):
            Path("out", name).write_text("{}")
        status, out = check(capsys)
        names = [".lrviz-0123456789abcdef", ".lrviz-new-0123456789ab", JOURNAL]
        assert (status, out.splitlines()[:-1]) == (
            0,
            [f"`{name}` is from a render that was not finished; the next one removes it" for name in names]
            + ["`.lrviz-new-mine` is unknown: no render made it"],
        )

    def test_a_journal_that_is_not_of_lrviz_is_unknown(self, here: Path, capsys: Capture) -> None:
        Path("out", JOURNAL).write_text("mine")
        status, out = check(capsys)
        assert (status, out.splitlines()[0]) == (0, f"`{JOURNAL}` is unknown: no render made it")

    def test_a_file_that_is_unknown_is_named_and_no_difference(self, here: Path, capsys: Capture) -> None:
        Path("out/README.md").write_text("mine")
        status, out = check(capsys)
        assert (status, out.splitlines()[0]) == (0, "`README.md` is unknown: no render made it")
        assert check(capsys, "--format", "github")[1].startswith("::notice file=p.toml,title=schedules::`README.md`")

    def test_a_file_of_an_earlier_render_is_named(self, here: Path, capsys: Capture) -> None:
        write(PRESET.partition('[[figure]]\nname = "two"')[0])
        assert main(["render", "p.toml", "-o", "out"]) == 0
        capsys.readouterr()
        status, out = check(capsys)
        assert status == 0
        assert out.splitlines()[0] == "`two.csv` is from an earlier render; `lrviz render --prune` removes it"

    def test_other_versions_are_told_and_no_difference(self, here: Path, capsys: Capture) -> None:
        path = Path("out", MANIFEST)
        manifest = json.loads(path.read_text())
        now = manifest["versions"]["torch"]
        manifest["versions"]["torch"] = "1.0"
        path.write_text(json.dumps(manifest))
        assert check(capsys) == (
            0,
            f"rendered with torch 1.0, this is {now}\n3 curves in 2 figures: all as rendered in `out`\n",
        )


_CHANGED = (
    '{"version": 1, "made_by": "lrviz render", "files": %s, "leftover": {}, "versions": {}, '
    '"figures": [{"name": "a", "title": %s, "options": {}, "curves": [{"label": "a", "columns": %s}]}]}'
)


def test_curves_are_matched_in_linear_time() -> None:
    def match(curves: list[dict[str, str]]) -> list[Any]:
        return list(_match_curves(curves, [curve["label"] for curve in curves[::-1]]))

    assert_linear(match, lambda length: [{"label": str(i)} for i in range(length)], 2_000)


def test_a_reader_that_has_gone_does_not_change_the_status(here: Path, forks: ForkServer) -> None:
    write(PRESET.replace("gamma=0.5", "gamma=0.6"))
    reading, writing = os.pipe()
    os.close(reading)
    null = os.open(os.devnull, os.O_RDWR)
    words = ["render", "p.toml", "-o", "out", "--check"]
    assert forks.start(words, cwd=here, env=os.environ, streams=[null, writing, null]).wait() == 1
    os.close(writing)
    os.close(null)


class TestNoRender:
    @pytest.mark.parametrize(
        ("make", "error"),
        [
            pytest.param(lambda out: None, "`out` does not exist", id="nothing"),
            pytest.param(lambda out: out.write_text("x"), "`out` is a file, not a folder", id="a file"),
            pytest.param(lambda out: out.mkdir(), "`out` contains no render: no manifest.json in it", id="empty"),
            *(
                pytest.param(
                    lambda out, text=text: (out.mkdir(), (out / MANIFEST).write_text(text)),
                    "`out` contains no render: its manifest.json is not a manifest of lrviz",
                    id=f"a manifest of {text[:20]}{text[-30:] if len(text) < 400 else ''}",
                )
                for text in (
                    "",
                    "{",
                    "[]",
                    '{"version": 1}',
                    "[" * 10_000,
                    '{"version": 1, "made_by": "lrviz render", "files": {"../x": {"sha256": ""}}, "leftover": {}, '
                    '"figures": [], "versions": {}}',
                    *(
                        _CHANGED % change
                        for change in (
                            ('{"a.csv": {"sha256": "", "figure": []}}', '"a"', '["lr"]'),
                            ("{}", "5", '["lr"]'),
                            ("{}", '"a"', '[["lr"]]'),
                            ("{}", '"a"', "null"),
                        )
                    ),
                )
            ),
            pytest.param(
                lambda out: (out.mkdir(), (out / JOURNAL).write_text("{}")),
                "the last render into `out` was not finished",
                id="unfinished",
            ),
            pytest.param(
                lambda out: (out / JOURNAL).mkdir(parents=True),
                "`out` contains no render: no manifest.json in it",
                id="a folder with the name of a journal",
            ),
        ],
    )
    def test_it_is_an_error(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture, make: Any, error: str
    ) -> None:
        monkeypatch.chdir(tmp_path)
        write(PRESET)
        make(tmp_path / "out")
        assert main(["render", "p.toml", "-o", "out", "--check"]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err == f"error: {error}\n\nhint: `lrviz render` without `--check` renders into `out`\n"

    def test_a_render_of_another_preset(self, here: Path, capsys: Capture) -> None:
        assert main(["render", "cheatsheet", "-o", "out", "--check"]) == 2
        assert capsys.readouterr().err == (
            "error: `out` contains no render of `cheatsheet`: the figures there are `one`, `two`\n\n"
            "hint: `lrviz render` without `--check` renders into `out`\n"
        )


class TestParting:
    def test_equal_columns_do_not_part(self) -> None:
        assert column_difference("lr", np.array([1.0, 0.0]), np.array([1.0, 0.0]), 0.0) is None

    def test_a_column_that_was_not_there(self) -> None:
        parting = column_difference("lr", None, np.array([1.0]), 0.0)
        assert parting is not None
        assert (parting.step, parting.rendered, parting.now) == (0, None, 1.0)

    def test_a_value_against_none(self) -> None:
        parting = column_difference("metric", np.array([np.nan, np.nan, 3.0]), np.array([np.nan, 2.0, 3.0]), 0.0)
        assert parting is not None
        assert (parting.step, parting.now, parting.greatest) == (1, 2.0, 1.0)

    @pytest.mark.parametrize("rtol", [0.0, 0.5])
    @pytest.mark.parametrize(
        ("one", "other", "greatest"),
        [
            (np.inf, np.inf, None),
            (np.inf, -np.inf, 1.0),
            (-np.inf, 1.0, 1.0),
            (np.inf, np.nan, 1.0),
            (np.nan, np.nan, None),
            (1e308, -1e308, 1.0),
        ],
    )
    def test_values_that_are_not_finite(self, one: float, other: float, greatest: float | None, rtol: float) -> None:
        parting = column_difference("lr", np.array([one, 1.0]), np.array([other, 1.0]), rtol)
        assert (None if parting is None else parting.greatest) == greatest

    @given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=20), st.floats(0, 0.5))
    def test_as_by_hand(self, pairs: list[tuple[float, float]], rtol: float) -> None:
        differences = [abs(a - b) / max(a, b) if max(a, b) else 0.0 for a, b in pairs]
        apart = [i for i, (a, b) in enumerate(pairs) if abs(a - b) > rtol * max(a, b)]
        parting = column_difference("lr", np.array([a for a, _ in pairs]), np.array([b for _, b in pairs]), rtol)
        if not apart:
            assert parting is None
        else:
            assert parting is not None
            assert parting.step == apart[0]
            assert (parting.rendered, parting.now) == pairs[apart[0]]
            assert parting.greatest == pytest.approx(max(differences))
