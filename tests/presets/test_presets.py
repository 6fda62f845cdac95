"""Preset files: what they say, what is refused and how, what ships, and the schema that editors check them by."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrviz.cli import main, options
from lrviz.errors import LrvizError
from lrviz.figure import FigureOptions
from lrviz.presets import FigurePlan, Preset, files, keys, load_preset
from lrviz.presets.checking import Place, check_table
from lrviz.presets.keys import TABLES, schema
from lrviz.simulation import simulate
from lrviz.spec import Metric, ParamGroup, TrainingLoop, read_run
from tests.conftest import ROOT, Python

Capture = pytest.CaptureFixture[str]

SHIPPED = sorted(path.stem for path in (ROOT / "presets").glob("*.toml"))
GUIDES = ("cheatsheet", "decay-strategies", "step-exponential-cosine", "scheduler-tour", "cnn-training")
OWN = ("llm-pretraining", "fine-tuning")
COSINE = '[[figure]]\nname = "a"\n[[figure.curve]]\nscheduler = "cosine"\n'


def figure(line: str) -> str:
    """A preset with a line more in its figure."""
    return COSINE.replace("name", f"{line}\nname", 1)


def load(text: str, folder: Path, **how: Any) -> Preset:
    path = folder / "p.toml"
    path.write_text(text, encoding="utf-8")
    return load_preset(path, **how)


def plan(text: str, folder: Path, **how: Any) -> FigurePlan:
    """The only figure of a preset."""
    (only,) = load(text, folder, **how).figures
    return only


class TestReading:
    def test_a_curve_is_the_run_that_the_command_line_makes(self, tmp_path: Path) -> None:
        assert plan(COSINE, tmp_path).runs == (read_run("cosine"),)

    def test_a_figure_overrides_the_defaults_and_a_curve_the_figure(self, tmp_path: Path) -> None:
        text = """
            [defaults]
            lr = 0.1
            epochs = 3
            steps_per_epoch = 5
            optimizer = "Adam"
            [[figure]]
            name = "a"
            epochs = 4
            [[figure.curve]]
            scheduler = "cosine"
            [[figure.curve]]
            scheduler = "cosine"
            epochs = 5
            lr = 0.2
            [[figure.curve]]
            scheduler = "cosine"
            dataset_size = 100
            batch_size = 8
        """
        first, second, third = plan(text, tmp_path).runs
        assert first.loop == TrainingLoop(epochs=4, steps_per_epoch=5)
        assert (first.groups, first.optimizer.name) == ((ParamGroup("", 0.1),), "Adam")
        assert second.loop == TrainingLoop(epochs=5, steps_per_epoch=5)
        assert second.groups == (ParamGroup("", 0.2),)
        assert third.loop == TrainingLoop(epochs=4, dataset_size=100, batch_size=8)

    @pytest.mark.parametrize(
        ("lr", "groups"),
        [
            pytest.param("lr = 0.1", (ParamGroup("", 0.1),), id="number"),
            pytest.param("lr = 1", (ParamGroup("", 1.0),), id="whole number"),
            pytest.param("lr = [0.1, 0.2]", (ParamGroup("", 0.1), ParamGroup("", 0.2)), id="list"),
            pytest.param("lr = {a = 0.1, b = 0.2}", (ParamGroup("a", 0.1), ParamGroup("b", 0.2)), id="table"),
        ],
    )
    def test_rates_are_a_number_a_list_or_a_table(self, tmp_path: Path, lr: str, groups: object) -> None:
        assert plan(COSINE + lr, tmp_path).runs[0].groups == groups

    def test_the_look_is_that_of_the_command_line(self, tmp_path: Path) -> None:
        text = figure(
            'title = "T"\nstyle = "dark"\nlog = true\nx = "epoch"\nsize = "8x4"\ndpi = 100\nlayout = "grid"\n'
            'columns = 2\naxes = "free"\nshow = "momentum"\nformats = ["pdf", "svg"]\nmomentum = 0.9'
        )
        found = plan(text, tmp_path)
        assert found.options == FigureOptions(
            style="dark", log=True, size=(8.0, 4.0), dpi=100, title="T", x="epoch", layout="grid", columns=2,
            share_y=False, momentum=True,
        )  # fmt: skip
        assert found.files == ("a.pdf", "a.svg", "a.csv")
        assert found.runs[0].show_momentum

    def test_png_and_svg_are_the_formats_where_none_are_named(self, tmp_path: Path) -> None:
        assert plan(COSINE, tmp_path).formats == ("png", "svg")

    def test_values_for_names_build_on_each_other(self, tmp_path: Path) -> None:
        text = '[defaults.let]\nwarmup = 5\n[[figure]]\nname = "a"\n[figure.let]\nrest = "warmup * 2"\n'
        text += '[[figure.curve]]\nscheduler = "cosine(T_max=rest + warmup)"\n[[figure.curve]]\n'
        text += 'scheduler = "multistep(milestones=all)"\nlet = {all = [3, 4]}\n'
        first, second = plan(text, tmp_path).runs
        assert str(first.scheduler) == "CosineAnnealingLR(T_max=15)"
        assert "milestones=[3, 4]" in str(second.scheduler)

    def test_braces_make_a_curve_for_each_value(self, tmp_path: Path) -> None:
        runs = plan(COSINE.replace("cosine", "cosine(T_max={16,32})"), tmp_path).runs
        assert [str(run.scheduler) for run in runs] == ["CosineAnnealingLR(T_max=16)", "CosineAnnealingLR(T_max=32)"]

    def test_a_metric_may_be_a_list_or_span_lines(self, tmp_path: Path) -> None:
        plateau = COSINE.replace("cosine", "plateau")
        assert plan(plateau + "metric = [0.5, 0.25]", tmp_path).runs[0].metric == Metric("0.5, 0.25", (0.5, 0.25))
        metric = plan(plateau + 'metric = """\n 1 if epoch < 2\n else 0.5"""', tmp_path).runs[0].metric
        assert metric is not None
        assert metric.text == "1 if epoch < 2 else 0.5"

    def test_paths_are_relative_to_the_preset(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        inside = tmp_path / "inside"
        inside.mkdir()
        (inside / "val.csv").write_text("loss\n0.5\n0.4\n")
        (inside / "own.mplstyle").write_text("lines.linewidth: 3\n")
        monkeypatch.chdir(tmp_path)
        text = figure('style = "own.mplstyle"').replace("cosine", "plateau") + 'metric = "val.csv:loss"'
        found = plan(text, inside)
        assert found.runs[0].metric == Metric("val.csv:loss", (0.5, 0.4))
        assert (found.style, found.options.style) == ("own.mplstyle", str(inside / "own.mplstyle"))

    def test_the_users_own_code_needs_leave(self, tmp_path: Path) -> None:
        text = COSINE.replace("cosine", "train.py:make(3)")
        with pytest.raises(LrvizError, match=r"`train\.py:make\(3\)` is code that would run"):
            plan(text, tmp_path)
        assert str(plan(text, tmp_path, allow_code=True).runs[0].scheduler) == "train.py:make(3)"

    def test_a_byte_order_mark_is_no_error(self, tmp_path: Path) -> None:
        assert load("\ufeff" + COSINE, tmp_path).figures[0].name == "a"


REFUSED = [
    pytest.param(
        '[[figure]]\nname = "a"\nepochs 4\n',
        "`p.toml`, line 3, column 8: expected '=' after a key in a key/value pair\n    epochs 4\n           ^",
        "text needs quotes; `lrviz presets cheatsheet` prints an example",
        id="broken TOML",
    ),
    pytest.param(
        '[[figure]]\nname = "a',
        '`p.toml`, line 2, column 10: unterminated string\n    name = "a\n             ^',
        "text needs quotes; `lrviz presets cheatsheet` prints an example",
        id="TOML that ends early",
    ),
    pytest.param(
        "a = 1\na = 2\n",
        "`p.toml`, line 2, column 6: cannot overwrite a value\n    a = 2\n         ^",
        "text needs quotes; `lrviz presets cheatsheet` prints an example",
        id="a key twice",
    ),
    pytest.param("a = " + "[" * 5000, "`p.toml`: nested too deeply", "write it in a simpler way", id="nested deeply"),
    pytest.param(
        "a = " + "9" * 5000,
        "`p.toml`: a whole number does not have 64 bits",
        "write it in a simpler way",
        id="5,000 digits",
    ),
    pytest.param(
        "", "`p.toml`: no figures in it", 'a figure begins with `[[figure]]` and `name = "..."`', id="an empty file"
    ),
    pytest.param(
        "[defaults]\nlr = 1",
        "`p.toml`: no figures in it",
        'a figure begins with `[[figure]]` and `name = "..."`',
        id="no figures",
    ),
    pytest.param(
        '[[figure]]\nname = "a"',
        "`p.toml`, [[figure]] `a`: no `[[figure.curve]]` in it",
        "a curve begins with `[[figure.curve]]`",
        id="no curves",
    ),
    pytest.param(
        '[figure]\nname = "a"',
        "`p.toml`: `figure` must be tables, such as `[[figure]]`, got a table",
        "two brackets on each side make a list of tables",
        id="one pair of brackets",
    ),
    pytest.param(
        figure("epcohs = 4"),
        "`p.toml`, [[figure]] `a`: unknown key `epcohs`",
        "did you mean `epochs`?",
        id="an unknown key",
    ),
    pytest.param(
        figure("steps-per-epoch = 4"),
        "`p.toml`, [[figure]] `a`: unknown key `steps-per-epoch`",
        "did you mean `steps_per_epoch`?",
        id="a hyphen",
    ),
    pytest.param(
        "lr = 0.1\n" + COSINE,
        "`p.toml`: unknown key `lr`",
        "`lr` belongs under [defaults] or [[figure]] or [[figure.curve]]",
        id="a key in another table",
    ),
    pytest.param(
        COSINE + "T_max = 4",
        "`p.toml`, [[figure]] `a`, [[figure.curve]] 1: unknown key `T_max`",
        "write the scheduler's parameters in its notation; a curve has "
        + ", ".join(key.name for key in TABLES["curve"]),
        id="a parameter as a key",
    ),
    pytest.param(
        figure('epochs = "ten"'),
        '`p.toml`, [[figure]] `a`: `epochs` must be a number above 0, got "ten"',
        "write numbers, true and false without quotes",
        id="a wrong type",
    ),
    pytest.param(
        figure("epochs = true"),
        "`p.toml`, [[figure]] `a`: `epochs` must be a number above 0, got true",
        "`epochs` is epochs in the run, such as 3 or 2.5",
        id="true for a number",
    ),
    pytest.param(
        figure("log = 1"),
        "`p.toml`, [[figure]] `a`: `log` must be true or false, got 1",
        "`log = true` to draw the rate on a logarithmic scale",
        id="a number for true",
    ),
    pytest.param(
        COSINE + "epochs = 2024-01-01",
        "`p.toml`, [[figure]] `a`, [[figure.curve]] 1: `epochs` must be a number above 0, got a date",
        "`epochs` is epochs in the run, such as 3 or 2.5",
        id="a date",
    ),
    pytest.param(
        figure('layout = "gird"'),
        '`p.toml`, [[figure]] `a`: `layout` must be "overlay" or "grid", got "gird"',
        'did you mean "grid"?',
        id="an unknown choice",
    ),
    pytest.param(
        figure('formats = ["gif"]'),
        "`p.toml`, [[figure]] `a`: `formats` must be a list with png, svg, pdf, jpg or webp, each once, "
        "got a list of 1",
        "`formats` is the formats to render",
        id="an unknown format",
    ),
    pytest.param(
        figure('size = "big"'),
        '`p.toml`, [[figure]] `a`: `size` must be width and height in inches, such as [10, 5] or "10x5", got "big"',
        '`size` is width and height in inches, as [10, 5] or "10x5"',
        id="no size",
    ),
    pytest.param(
        COSINE + COSINE,
        "`p.toml`, [[figure]] `a`: `name` is already used by another figure",
        "give each figure its own name: it is the name of its files",
        id="two figures of one name",
    ),
    pytest.param(
        COSINE + COSINE.replace('"a"', '"A"'),
        "`p.toml`, [[figure]] `A`: `name` is already used by `a`",
        "give each figure its own name: it is the name of its files",
        id="names that differ in case",
    ),
    *(
        pytest.param(
            COSINE.replace('"a"', written),
            f"`p.toml`, [[figure]] {place}: `name` must be a plain file name, got {shown}",
            "up to 100 letters, digits, - and _, such as `warm-up`",
            id=f"a name {written}",
        )
        for written, place, shown in (
            ('"../../etc/x"', "`../../etc/x`", '"../../etc/x"'),
            ('"/etc/x"', "`/etc/x`", '"/etc/x"'),
            ('".."', "`..`", '".."'),
            ('"a/b"', "`a/b`", '"a/b"'),
            (r'"a\\b"', r"`a\b`", r'"a\b"'),
            (r'"a\nb"', r"`a\nb`", r'"a\nb"'),
            (r'"a\u0000"', r"`a\x00`", r'"a\x00"'),
            ('".hidden"', "`.hidden`", '".hidden"'),
            ('"-o"', "`-o`", '"-o"'),
            ('""', "1", '""'),
        )
    ),
    pytest.param(
        COSINE.replace('"a"', '"Con.fig"'),
        "`p.toml`, [[figure]] `Con.fig`: `name` is a device name on Windows",
        "choose another name",
        id="a name of a device",
    ),
    pytest.param(
        "#" + "x" * 10_000_000,
        "cannot read the preset `p.toml`: it has 10,000,001 bytes; the maximum is 500,000",
        "name a .toml file",
        id="a file of 10 MB",
    ),
    pytest.param(
        '[[figure]]\nname = "a"\n' + '[[figure.curve]]\nscheduler = "cosine"\n' * 10_000,
        "`p.toml`, [[figure]] `a`: 10,000 tables `[[figure.curve]]` are too many; the limit is 1,000",
        "split it into several",
        id="10,000 curves",
    ),
    pytest.param(
        COSINE.replace("cosine", "cosine(T_max={" + ",".join(map(str, range(1, 10_001))) + "})"),
        "`p.toml`, [[figure]] `a`: 10,000 curves are too many to tell apart; the limit is 24",
        "`max_curves` in the figure raises it",
        id="a sweep of 10,000 curves",
    ),
    pytest.param(
        COSINE.replace('"cosine"', '"train.py:make"'),
        "`p.toml`, [[figure]] `a`, [[figure.curve]] 1: `train.py:make` is code that would run",
        "add `--allow-code` if you trust the preset",
        id="the user's own code",
    ),
    pytest.param(
        COSINE.replace("cosine", "plateau") + 'metric = "val.csv:loss"',
        "`p.toml`, [[figure]] `a`, [[figure.curve]] 1: no metric file `val.csv`",
        "the path is relative to the current folder",
        id="a metric file that is missing",
    ),
    pytest.param(
        COSINE.replace("cosine", "cosin"),
        "`p.toml`, [[figure]] `a`, [[figure.curve]] 1: unknown scheduler `cosin`",
        "did you mean `cosine`? `lrviz schedulers` lists them all",
        id="an unknown scheduler",
    ),
    pytest.param(
        COSINE + "lr = -1",
        "`p.toml`, [[figure]] `a`, [[figure.curve]] 1: `lr` must be a finite number above 0, got -1",
        "",
        id="a negative rate",
    ),
    pytest.param(
        figure('style = "drak"'),
        "`p.toml`, [[figure]] `a`: unknown style `drak`",
        "did you mean `dark`? styles are `lrviz`, `dark`, `cheatsheet`, any of matplotlib's, or a .mplstyle file",
        id="an unknown style",
    ),
    pytest.param(
        '[[figure]]\nname = "a"\n[[figure.curve]]\nlabel = "<b>"',
        "`p.toml`, [[figure]] `a`, [[figure.curve]] `<b>`: `scheduler` is missing",
        "`scheduler` is a short name, notation, a config file, FILE.py:NAME or package.module:NAME",
        id="no scheduler",
    ),
]


@pytest.mark.parametrize(("text", "error", "hint"), REFUSED)
def test_a_bad_preset_is_one_clear_error_and_makes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture, text: str, error: str, hint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("p.toml").write_text(text, encoding="utf-8")
    assert main(["render", "p.toml", "-o", "out"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"error: {error}\n" + (f"\nhint: {hint}\n" if hint else "")
    assert [path.name for path in tmp_path.iterdir()] == ["p.toml"]


@pytest.mark.parametrize(
    ("words", "error", "hint"),
    [
        pytest.param(
            "render",
            "`lrviz render` needs a preset",
            "`lrviz presets` lists the shipped ones, or name a .toml file",
            id="no preset",
        ),
        pytest.param(
            "render cheatsheet",
            "`lrviz render` needs a folder",
            "such as `lrviz render cheatsheet -o figures`",
            id="no folder",
        ),
        pytest.param(
            "render cheatsheet -o -",
            "`lrviz render` needs a folder",
            "such as `lrviz render cheatsheet -o figures`",
            id="stdout for a folder",
        ),
        pytest.param(
            "render cheatshet -o out",
            "no preset `cheatshet`",
            "did you mean `cheatsheet`? `lrviz presets` lists them all",
            id="a preset that there is not",
        ),
        pytest.param(
            "render my.toml -o out",
            "no preset file `my.toml`",
            "`lrviz presets` lists the shipped ones",
            id="a file that there is not",
        ),
        pytest.param(
            "render ./ -o out", "cannot read the preset `.`: it is a folder", "name a .toml file", id="a directory"
        ),
        pytest.param(
            "render cheatsheet -o out --formats png,gif",
            "`--formats` must be png, svg, pdf, jpg or webp, got `gif`",
            "",
            id="an unknown format",
        ),
        pytest.param(
            "render cheatsheet -o out --only cheat",
            "the preset has no figure `cheat`",
            "did you mean `cheatsheet`? it has cheatsheet",
            id="a figure that there is not",
        ),
        pytest.param(
            "render cheatsheet -o out --only cheatsheet --prune",
            "`--prune` cannot be used with `--only`",
            "leave one of them out",
            id="prune with only",
        ),
        pytest.param("render cheatsheet -o out --rtol 0.1", "`--rtol` needs `--check`", "", id="rtol without check"),
        pytest.param(
            "render cheatsheet -o out --check --rtol -1",
            "`--rtol` must be at least 0 and below 1, got -1",
            "",
            id="a negative rtol",
        ),
        pytest.param(
            "render cheatsheet -o out --check --format xml",
            "`--format` must be text, json or github, got `xml`",
            "",
            id="an unknown format of the check",
        ),
        pytest.param(
            "render cheatsheet -o out --check --prune",
            "`--check` changes nothing, and `--prune` removes files",
            "leave one of them out",
            id="prune with check",
        ),
        pytest.param(
            "presets nosuch", "no preset `nosuch`", "`lrviz presets` lists them all", id="presets of an unknown name"
        ),
        pytest.param(
            "presets cheatsheet --schema",
            "`--schema` is the same for every preset",
            "`lrviz presets --schema`",
            id="schema with a name",
        ),
    ],
)
def test_a_wrong_command_line_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture, words: str, error: str, hint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"error: {error}\n" + (f"\nhint: {hint}\n" if hint else "")
    assert list(tmp_path.iterdir()) == []


class TestCommand:
    def test_presets_lists_each_with_a_line(self, capsys: Capture) -> None:
        assert main(["presets"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert [line.split()[0] for line in lines] == SHIPPED
        assert all(len(line.split()) > 5 for line in lines)
        assert max(map(len, lines)) <= 80

    def test_presets_prints_the_file_as_it_is(self, capsys: Capture) -> None:
        assert main(["presets", "cheatsheet"]) == 0
        assert capsys.readouterr().out == (ROOT / "presets" / "cheatsheet.toml").read_text(encoding="utf-8")

    def test_presets_writes_a_file_to_change(self, tmp_path: Path, capsys: Capture) -> None:
        path = tmp_path / "my.toml"
        assert main(["presets", "fine-tuning", "-o", str(path)]) == 0
        assert capsys.readouterr().out == f"{path}\n"
        assert path.read_bytes() == (ROOT / "presets" / "fine-tuning.toml").read_bytes()

    def test_presets_prints_the_schema(self, capsys: Capture) -> None:
        assert main(["presets", "--schema"]) == 0
        assert json.loads(capsys.readouterr().out) == schema()

    def test_a_quick_answer_loads_no_torch(self, python: Python, tmp_path: Path) -> None:
        (tmp_path / "p.toml").write_text(figure("epochs = true"))
        lines = ["presets", "presets cheatsheet", "presets --schema", "render p.toml -o out", "render nosuch -o out"]
        code = (
            "import sys; from lrviz.cli import main\n"
            "for line in sys.argv[1:]:\n"
            "    status = main(line.split())\n"
            "    print(line, status, {'torch', 'matplotlib', 'numpy'} & set(sys.modules), 'lrviz.cli' in sys.modules)"
        )
        printed = python("-c", code, *lines).stdout.splitlines()
        found = [line for line in printed if line.endswith((" True", " False"))]
        assert found == [f"{line} {2 * line.startswith('render')} set() True" for line in lines]


class TestShipped:
    def test_they_are_those_of_the_guides_and_two_of_our_own(self) -> None:
        assert files.preset_names() == SHIPPED
        assert sorted(GUIDES + OWN) == SHIPPED

    def test_they_lie_in_the_package_or_beside_it(self, tmp_path: Path) -> None:
        package = tmp_path / "lrviz"
        package.mkdir()
        assert files.preset_folder(package) == tmp_path / "presets"
        (package / "presets").mkdir()
        assert files.preset_folder(package) == tmp_path / "presets"
        (package / "presets" / "one.toml").touch()
        assert files.preset_folder(package) == package / "presets"

    @pytest.mark.parametrize("name", SHIPPED)
    def test_each_can_be_read_and_says_what_it_is(self, name: str) -> None:
        preset = load_preset(files.shipped_path(name))
        assert preset.name == name
        assert preset.about == files.about(name) != ""
        assert not [note for figure in preset.figures for run in figure.runs for note in run.notes]

    def test_the_cheat_sheet_has_the_panels_of_the_reference_in_its_order(self) -> None:
        reference = json.loads((ROOT / "tests" / "data" / "cheatsheet.json").read_text(encoding="utf-8"))
        (sheet,) = load_preset(files.shipped_path("cheatsheet")).figures
        assert sheet.options.layout == "grid"
        assert len(sheet.runs) == 17
        for run, curve in zip(sheet.runs, reference["curves"], strict=False):
            expected = read_run(curve["scheduler"])
            assert (run.scheduler, run.loop, run.groups) == (expected.scheduler, expected.loop, expected.groups)
            assert simulate(run).lr[:, 0].tolist() == curve["lr"]
        names = [run.scheduler.name for run in sheet.runs[14:]]  # type: ignore[union-attr] # torch's own
        assert names == ["ReduceLROnPlateau", "LambdaLR", "MultiplicativeLR"]

    # The numbers that the guides give: figure, curve, and rates by epoch.
    @pytest.mark.parametrize(
        ("preset", "name", "curve", "rates"),
        [
            pytest.param("decay-strategies", "decay-strategies", 0, {0: 0.1, 29: 0.1, 30: 0.01, 60: 1e-3, 90: 1e-4},
                         id="step of the strategies"),
            pytest.param("decay-strategies", "decay-strategies", 1, {0: 0.1, 50: 0.05, 99: 2.4671981713e-05},
                         id="cosine of the strategies"),
            pytest.param("decay-strategies", "decay-strategies", 2, {0: 0.1, 10: 0.1, 30: 0.1, 70: 0.1, 20: 0.05},
                         id="restarts of the strategies"),
            pytest.param("decay-strategies", "decay-strategies", 3, {0: 0.1, 40: 0.055, 80: 0.01, 99: 0.01},
                         id="linear of the strategies"),
            pytest.param("decay-strategies", "decay-strategies", 4, {0: 0.1, 1: 0.09, 2: 0.081},
                         id="exponential of the strategies"),
            pytest.param("step-exponential-cosine", "step-exponential-cosine", 0, {0: 0.1, 10: 0.05, 49: 0.00625},
                         id="step of three"),
            pytest.param("step-exponential-cosine", "step-exponential-cosine", 1, {1: 0.09, 49: 0.1 * 0.9**49},
                         id="exponential of three"),
            pytest.param("step-exponential-cosine", "step-exponential-cosine", 2, {0: 0.1, 25: 0.001},
                         id="cosine of three"),
            pytest.param("step-exponential-cosine", "cosine-restarts", 0, {0: 0.1, 25: 0.0505}, id="one cosine"),
            pytest.param("step-exponential-cosine", "cosine-restarts", 1, {0: 0.1, 25: 0.1}, id="a restart"),
            pytest.param("step-exponential-cosine", "exponential-formula", 2, {10: 0.09, 20: 0.081}, id="formula"),
            pytest.param("scheduler-tour", "step", 0, {29: 0.1, 30: 0.01, 60: 1e-3, 90: 1e-4}, id="tour's step"),
            pytest.param("scheduler-tour", "multistep", 0, {29: 0.1, 30: 0.01, 80: 1e-3}, id="tour's multistep"),
            pytest.param("scheduler-tour", "exponential", 0, {1: 0.095}, id="tour's exponential"),
            pytest.param("scheduler-tour", "cosine", 0, {0: 0.1, 50: 0.0500005}, id="tour's cosine"),
            pytest.param("scheduler-tour", "warm-restarts", 0, {10: 0.1, 30: 0.1, 70: 0.1}, id="tour: restarts"),
            pytest.param("scheduler-tour", "plateau", 0, {36: 0.1, 37: 0.01, 72: 0.01, 73: 1e-3}, id="tour's plateau"),
            pytest.param("scheduler-tour", "onecycle", 0, {0: 4e-4, 299: 0.01, 999: 4e-8}, id="tour's onecycle"),
            pytest.param("cnn-training", "step", 0, {9: 0.01, 10: 0.005, 20: 0.0025}, id="course's step"),
            pytest.param("cnn-training", "multistep", 0, {14: 0.1, 15: 0.01, 30: 1e-3, 45: 1e-4}, id="course, steps"),
            pytest.param("cnn-training", "exponential", 0, {1: 0.0098, 99: 0.01 * 0.98**99}, id="course's exponential"),
            pytest.param("cnn-training", "cosine", 0, {0: 0.01, 20: 1e-4, 40: 0.01, 60: 1e-4}, id="course's cosine"),
            pytest.param("cnn-training", "plateau", 0, {18: 1e-3, 19: 5e-4, 36: 2.5e-4}, id="course's plateau"),
            pytest.param("cnn-training", "lambda", 0, {0: 0.01, 9: 0.0019, 10: 0.001, 29: 0.001}, id="lambda"),
            pytest.param("llm-pretraining", "llm-pretraining", 0, {0: 3e-7, 2000: 3e-4, 99999: 3e-5}, id="cosine"),
            pytest.param("llm-pretraining", "llm-pretraining", 1, {2000: 3e-4, 80000: 3e-4, 90000: 1.5e-4}, id="wsd"),
            pytest.param("llm-pretraining", "llm-pretraining", 2, {999: 1.5e-4, 1999: 3e-4, 7999: 1.5e-4}, id="root"),
            pytest.param("llm-pretraining", "llm-pretraining", 3, {2000: 3e-4, 51000: 1.5e-4}, id="linear"),
            pytest.param("fine-tuning", "warmup-linear", 0, {0: 2e-7, 300: 2e-5, 1650: 1e-5}, id="warm-up, linear"),
        ],
    )  # fmt: skip
    def test_the_figures_have_the_guides_numbers(
        self, preset: str, name: str, curve: int, rates: dict[int, float]
    ) -> None:
        figures = {figure.name: figure for figure in load_preset(files.shipped_path(preset)).figures}
        lr = simulate(figures[name].runs[curve]).lr[:, 0]
        assert {step: float(lr[step]) for step in rates} == pytest.approx(rates, rel=1e-6, abs=1e-12)

    def test_layers_have_rates_of_their_own(self) -> None:
        figures = {f.name: f for f in load_preset(files.shipped_path("cnn-training")).figures}
        trace = simulate(figures["layered-lambda"].runs[0])
        assert trace.group_names == ("conv_layers", "fc_layers")
        assert trace.lr[3].tolist() == pytest.approx([0.01 * 0.1 * 0.95**3, 0.1 * 0.5 * 0.9**3])
        figures = {f.name: f for f in load_preset(files.shipped_path("fine-tuning")).figures}
        trace = simulate(figures["layered-rates"].runs[0])
        assert trace.lr.max(axis=0).tolist() == pytest.approx([5e-6, 1e-5, 2e-5, 1e-4])

    def test_momentum_is_drawn_with_one_cycle_and_falls_as_the_rate_rises(self) -> None:
        figures = {f.name: f for f in load_preset(files.shipped_path("scheduler-tour")).figures}
        assert figures["onecycle"].options.momentum
        trace = simulate(figures["onecycle"].runs[0])
        assert trace.momentum is not None
        assert trace.momentum[:, 0].argmin() == trace.lr[:, 0].argmax()


class TestKeys:
    def test_every_option_of_the_command_line_has_its_twin(self) -> None:
        run = {option.destination for option in options.RUN}
        shown = (*options.FIGURE, *options.LAYOUT, options.SHOW_MOMENTUM)
        look = {option.destination.removesuffix("_step") for option in shown}  # `from` is a word of Python
        assert {key.name for key in keys.RUN_KEYS} == run
        figure = {key.name for key in TABLES["figure"]}
        assert look | run | {options.MAX_CURVES.destination} <= figure
        assert options.LABEL.destination in {key.name for key in TABLES["curve"]}

    def test_choices_are_those_of_the_command_line(self) -> None:
        offered = {o.destination: o.complete for o in (*options.RUN, *options.FIGURE, *options.LAYOUT)}
        for key in (*keys.RUN_KEYS, *keys.FIGURE_KEYS):
            if key.kind == "choice" and key.name != "show":
                assert key.choices == offered[key.name]


class TestSchema:
    validator = jsonschema.Draft202012Validator(schema())

    def test_it_is_a_schema(self) -> None:
        jsonschema.Draft202012Validator.check_schema(schema())

    @pytest.mark.parametrize("name", SHIPPED)
    def test_what_ships_is_valid(self, name: str) -> None:
        data = tomllib.loads((ROOT / "presets" / f"{name}.toml").read_text(encoding="utf-8"))
        assert list(self.validator.iter_errors(data)) == []

    def test_it_has_every_key_with_what_it_means(self) -> None:
        for table, found in [("top", schema()), *schema()["$defs"].items()]:
            if table != "value":
                assert list(found["properties"]) == [key.name for key in TABLES[table]]
                assert all(item["description"] for item in found["properties"].values())

    tables: tuple[keys.Table, ...] = ("defaults", "figure", "curve")
    # A value for each key, of each kind that TOML has: what the table of keys takes, the schema takes.
    values = st.one_of(
        st.booleans(),
        st.integers(-3, 2000),
        st.floats(allow_nan=False, allow_infinity=False),
        st.sampled_from(
            ["", "a", "a.b", "../x", "step", "epoch", "grid", "shared", "free", "overlay", "momentum", "svg"]
        ),
        st.lists(st.one_of(st.sampled_from(["png", "svg", "gif"]), st.floats(0, 1), st.integers(0, 3)), max_size=3),
        st.dictionaries(st.sampled_from(["a", "b"]), st.one_of(st.floats(0, 1), st.just("x"), st.lists(st.integers()))),
    )

    # TOML tells 3 from 3.0, JSON does not.
    Strict = jsonschema.validators.extend(
        jsonschema.Draft202012Validator,
        type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, v: type(v) is int),
    )

    @settings(max_examples=150)
    @given(st.data())
    def test_it_takes_what_the_reader_takes(self, data: st.DataObject) -> None:
        table = data.draw(st.sampled_from(self.tables))
        key = data.draw(st.sampled_from([key for key in TABLES[table] if key.kind != "tables"]))
        value = data.draw(self.values)
        whole = {"name": "a", "curve": [{"scheduler": "x"}]} if table == "figure" else {}
        whole |= {"scheduler": "x"} if table == "curve" else {}
        whole |= {key.name: value}
        try:
            check_table(Place(table, ""), whole)
            taken = True
        except LrvizError:
            taken = False
        part = self.Strict({"$ref": f"#/$defs/{table}", "$defs": schema()["$defs"]})
        assert part.is_valid(whole) == taken, (key.name, value)


@given(st.text(max_size=200) | st.text("[]=\"'\n#.{},figurecv", max_size=200))
def test_text_of_any_kind_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass", newline="")
    with pytest.raises(LrvizError):  # what is so short is no preset
        load_preset(path)


VALUES = st.one_of(
    st.booleans(),
    st.integers(-2, 40),
    st.just(10**400),
    st.floats(),
    st.sampled_from(["", "step", "epoch", "grid", "cosine", "a.csv", "exp(-epoch)", "1/0", "Adam", "10x5", "dark"]),
    st.text(max_size=8),
    st.lists(st.one_of(st.floats(), st.integers(), st.just(10**400), st.sampled_from(["png", "svg"])), max_size=3),
    st.dictionaries(st.text(max_size=3), st.one_of(st.floats(), st.text(max_size=5), st.just(10**400)), max_size=3),
)
SCHEDULERS = ("cosine", "step", "plateau", "onecycle", "cosine(T_max=a)", "lambda", "cosine @ lr=", "step(", "x.py:y")


def toml(value: Any) -> str:
    """A value as TOML."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value).replace("\x7f", "\\u007f")
        case list():
            return f"[{', '.join(map(toml, value))}]"
        case dict():
            return f"{{{', '.join(f'{toml(name)} = {toml(item)}' for name, item in value.items())}}}"
    return repr(value)


def lines(table: dict[str, Any]) -> str:
    return "".join(f"{name} = {toml(value)}\n" for name, value in table.items())


@st.composite
def presets(draw: st.DrawFn) -> str:
    """A preset with any values under keys that there are."""

    def some(table: keys.Table, without: tuple[str, ...] = ()) -> dict[str, Any]:
        names = [key.name for key in TABLES[table] if key.kind != "tables" and key.name not in without]
        return draw(st.dictionaries(st.sampled_from(names), VALUES, max_size=3))

    curve = {"scheduler": draw(st.sampled_from(SCHEDULERS))} | some("curve", ("scheduler",))
    figure = {"name": "a"} | some("figure", ("name",))
    return f"[defaults]\n{lines(some('defaults'))}[[figure]]\n{lines(figure)}[[figure.curve]]\n{lines(curve)}"


@settings(max_examples=150)
@given(presets())
def test_values_of_any_kind_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "values.toml"
    path.write_text(text, encoding="utf-8", errors="backslashreplace")
    try:
        preset = load_preset(path, allow_code=True)
    except LrvizError as error:
        assert error.message.startswith(f"`{path}`"[:20])  # noqa: PT017 - one of two good ends
    else:
        assert preset.figures[0].runs
