"""A preset comes from anyone: it names no file outside its folder, and its size, curves and updates are limited."""

from __future__ import annotations

import os
import threading
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lrviz.cli import main
from lrviz.errors import LrvizError, UsageError
from lrviz.presets import Preset, load_preset
from tests.conftest import shown
from tests.linear import assert_linear, repeated


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a preset, in a folder with files that are not the preset's."""
    inside = tmp_path / "inside"
    inside.mkdir()
    monkeypatch.chdir(inside)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("list.json", "secret", "a.mplstyle", "list.csv"):
        (tmp_path / name).write_text("hunter2: x\nhunter2 x", encoding="utf-8")
    (inside / "link.csv").symlink_to(tmp_path / "list.csv")
    (inside / "link.mplstyle").symlink_to(tmp_path / "a.mplstyle")
    (inside / "up").symlink_to("..")
    return inside


def load(text: str, **options: Any) -> Preset:
    Path("p.toml").write_text(text, encoding="utf-8")
    return load_preset(Path("p.toml"), **options)


def refusal(text: str, **options: Any) -> LrvizError:
    with pytest.raises(LrvizError) as caught:
        load(text, **options)
    return caught.value


def figure(*curves: str, name: str = "a", more: str = "") -> str:
    lines = "".join(f"[[figure.curve]]\n{curve}\n" for curve in curves or ['scheduler = "cosine"'])
    return f'[[figure]]\nname = "{name}"\n{more}\n{lines}'


OUTSIDE_METRICS = [
    "/etc/passwd",
    "/etc/none",
    "/proc/self/environ:x",
    "../list.json:auth",
    "../secret",
    "../none.csv",
    "link.csv",
    "up/list.csv",
    "none/../../list.csv",
]
OUTSIDE_STYLES = ["/etc/passwd", "../a.mplstyle", "link.mplstyle", "up/a.mplstyle", "~/a.mplstyle", "~root/a.mplstyle"]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("metric", OUTSIDE_METRICS)
def test_a_metric_file_outside_the_folder_is_refused(metric: str) -> None:
    text = figure(f'scheduler = "plateau"\nmetric = "{metric}"')
    error = refusal(text)
    assert error.message.endswith(f"the metric file `{metric.partition(':')[0]}` is outside the folder of the preset")
    assert "--allow-outside" in error.hint
    error = refusal(text, allow_outside=True)
    assert "outside" not in str(error)
    assert "hunter2" not in str(error)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("style", OUTSIDE_STYLES)
def test_a_style_file_outside_the_folder_is_refused(style: str) -> None:
    error = refusal(figure(more=f'style = "{style}"'))
    assert error.message.endswith(f"the style file `{style}` is outside the folder of the preset")


def test_files_in_the_folder_are_read(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "val.csv").write_text("loss\n3\n2\n", encoding="utf-8")
    (folder / "b.mplstyle").write_text("lines.linewidth: 2\n", encoding="utf-8")
    (folder / "here.csv").symlink_to("sub/val.csv")
    for metric in ("sub/val.csv", "here.csv", str(folder / "sub/val.csv"), "exp(-epoch / 10)", "0.9,0.8"):
        assert load(figure(f'scheduler = "plateau"\nmetric = "{metric}"')).figures[0].runs[0].metric is not None
    for style in ("b.mplstyle", "./b.mplstyle", str(folder / "b.mplstyle"), "ggplot", "dark"):
        assert load(figure(more=f'style = "{style}"')).figures[0].style == style


def test_the_command_line_lifts_the_limit(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder.parent / "val.csv").write_text("loss\n3\n2\n", encoding="utf-8")
    Path("p.toml").write_text(figure('scheduler = "plateau"\nmetric = "../val.csv"', more='formats = ["svg"]'))
    assert main(["render", "p.toml", "-o", "out"]) == 2
    assert "`--allow-outside`" in capsys.readouterr().err
    assert main(["render", "p.toml", "-o", "out", "--allow-outside", "-q"]) == 0


def test_a_preset_that_is_a_link_to_another_folder_is_not_quoted(folder: Path) -> None:
    (folder / "p.toml").symlink_to(folder.parent / "secret")
    with pytest.raises(UsageError) as caught:
        load_preset(Path("p.toml"))
    assert caught.value.message.startswith("`p.toml`, line 1, column 8: ")
    assert "hunter2" not in str(caught.value)


@pytest.mark.usefixtures("folder")
def test_a_preset_is_a_file_or_a_pipe() -> None:
    Path("zero.toml").symlink_to("/dev/zero")
    with pytest.raises(UsageError, match=r"cannot read the preset `zero\.toml`: it is not a regular file"):
        load_preset(Path("zero.toml"))
    os.mkfifo("pipe.toml")
    writer = threading.Thread(target=Path("pipe.toml").write_text, args=[figure()])
    writer.start()
    assert load_preset(Path("pipe.toml")).figures[0].name == "a"
    writer.join()


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", "x" * 5000 + ".toml", "a\0b.toml", "\udcff", "\udcff.toml"])
def test_names_that_no_file_can_have(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", name, "-o", "out"]) == 2
    assert main(["plot", "cosine", "--style", name]) == 2
    assert main(["plot", "cosine", "--style", f"{name}.mplstyle"]) == 2
    assert capsys.readouterr().err.count("error: ") == 3


LONG_KEYS: dict[str, Callable[[int], str]] = {
    "key": lambda n: ".".join(["a"] * n) + " = 1",
    "table": lambda n: f"[{'.'.join(['a'] * n)}]",
    "tables": lambda n: f"[[{' . '.join(['a'] * n)}]]",
    "quoted": lambda n: ".".join(['"a"'] * n) + " = 1",
    "after a quote": lambda n: "# it's\n" + ".".join(["'a'", '"\\""'] * (n // 2)) + " = 1",
    "inline": lambda n: "b = {x = 1, " + ".".join(["a"] * n) + " = 1}",
    "after text": lambda n: 'b = {c = """x"""", ' + ".".join(["a"] * n) + " = 1}",
    "many": lambda n: "\n".join(".".join(["a"] * 17) + f"{i} = 1" for i in range(n // 20)),
}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("text", LONG_KEYS.values(), ids=LONG_KEYS.keys())
def test_a_key_of_many_parts_is_refused_before_it_is_parsed(text: Callable[[int], str]) -> None:
    tracemalloc.start()
    error = refusal(f"{text(20_000)}\n{figure()}")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "a key has over 16 parts" in error.message
    assert peak < 10_000_000
    assert_linear(load, text, 20_000)


SLOW: dict[str, Callable[[int], str]] = {
    "parts up to the limit": lambda n: "\n".join(".".join(["a"] * 16) + f"{i} = 1" for i in range(n // 35)),
    "letters": repeated("a"),
    "spaces": lambda n: f"a{' ' * (n // 2)}.{' ' * (n // 2)}!",
    "quotes": repeated('"'),
    "escaped quotes": repeated('\\"', '"', '"'),
    "single quotes": repeated("'"),
    "backslashes": repeated("\\", '"'),
    "dots": repeated("."),
    "quoted parts": repeated('"a".'),
    "brackets": repeated("["),
}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("text", SLOW.values(), ids=SLOW.keys())
def test_a_text_is_refused_in_linear_time(text: Callable[[int], str]) -> None:
    assert len(str(refusal(text(40_000)))) < 500
    assert_linear(load, text, 10_000)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("style", ["~nobody-of-this-name/a.mplstyle", "a/" * 4_000 + "a.mplstyle", "a/" * 100_000])
def test_a_style_path_that_leads_nowhere_is_an_error(style: str) -> None:
    assert "the style" in str(refusal(figure(more=f'style = "{style}"')))
    assert "the metric" in str(refusal(figure(f'scheduler = "plateau"\nmetric = "{style}"')))


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("key", ["style", "metric"])
def test_a_path_is_refused_in_linear_time(key: str) -> None:
    def text(length: int) -> str:
        path = "a/" * length
        return (
            figure(f'scheduler = "plateau"\nmetric = "{path}"') if key == "metric" else figure(more=f'style = "{path}"')
        )

    for length in (2_000, 50_000):
        assert_linear(load, text, length)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("number", ["9" * 5000, "0x" + "f" * 5000, "0b1" + "0" * 63, "-9223372036854775809000"])
@pytest.mark.parametrize("key", ["lr", "epochs", "dpi", "columns", "max_curves", "size", "let", "title"])
def test_integers_have_64_bits(number: str, key: str) -> None:
    value = {"let": f"{{a = {number}}}", "size": f"[{number}, 5]"}.get(key, number)
    error = refusal(figure(more=f"{key} = {value}"))
    assert shown(error) == "`p.toml`: a whole number does not have 64 bits"


@pytest.mark.usefixtures("folder")
def test_the_curves_of_all_figures_are_limited_together() -> None:
    sweep = "scheduler = 'cosine(T_max={" + ",".join(map(str, range(1, 21))) + "})'"
    text = figure(sweep, name="a") + figure(sweep, 'scheduler = "step"', name="b")
    assert sum(len(plan.runs) for plan in load(text, max_curves=41).figures) == 41
    error = refusal(text, max_curves=40)
    assert error.message == "`p.toml`: 41 curves in all figures together; the limit is 40"
    assert error.hint == "split it into several, or raise the limit with `--max-curves 41`"


@pytest.mark.usefixtures("folder")
def test_curves_are_counted_before_any_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = "scheduler = 'cosine(T_max={" + ",".join(["32"] * 100) + "}, eta_min={" + ",".join(["0"] * 10) + "})'"
    text = "".join(figure(sweep, name=f"f{i}", more="max_curves = 1000") for i in range(200))
    monkeypatch.setattr("lrviz.presets.reader.read_runs", None)
    assert "200,000 curves in all figures together; the limit is 1,000" in str(refusal(text))


@pytest.mark.usefixtures("folder")
def test_the_parameter_groups_of_all_curves_are_limited_together() -> None:
    rates = "lr = [" + ",".join(["1"] * 20) + "]\nscheduler = 'cosine(T_max={1,2})'"
    text = figure(rates, name="a") + figure(rates, name="b")
    assert len(load(text, max_curves=80).figures) == 2
    error = refusal(text, max_curves=79)
    assert error.message == (
        "`p.toml`, [[figure]] `b`: the curves up to this figure have 80 parameter groups in all; the limit is 79"
    )
    error = refusal(figure("scheduler = 'cosine'\nlr = [" + "1," * 1001 + "]"))
    assert error.message.endswith("`lr` has 1,001 rates; the limit is 1,000")


@pytest.mark.usefixtures("folder")
def test_the_names_with_values_are_limited() -> None:
    lets = "".join(f"a{i} = 1\n" for i in range(1000))
    assert load(f"[defaults.let]\n{lets}{figure()}").figures
    error = refusal(f"[defaults.let]\n{lets}{figure(more='let.b = 1')}")
    assert error.message == "`p.toml`, [[figure]] `a`: `let` gives a value to 1,001 names; the limit is 1,000"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("limit", "most", "message"),
    [("STEPS", 168, "takes over 167 operations to read"), ("NODES", 288, "has over 287 parts")],
)
def test_the_notation_of_all_curves_has_one_budget(
    limit: str, most: int, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = ""
    for name in "abc":
        text += figure(
            "scheduler = 'StepLR({1,2,3,4,5,6,7,8}, gamma=1 + 0 * max(a))'", name=name, more="let.a = [1, 2]"
        )
    for _ in range(2):  # each file has its own
        monkeypatch.setattr(f"lrviz.notation.source.MAX_ALL_{limit}", most)
        assert len(load(text).figures) == 3
    monkeypatch.setattr(f"lrviz.notation.source.MAX_ALL_{limit}", most - 1)
    assert f"`c`, [[figure.curve]] 1: the notation of all curves {message}" in str(refusal(text))


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("curve", "updates"),
    [
        ('scheduler = "cosine"\nepochs = 10\nsteps_per_epoch = 100', 1_000),
        ('scheduler = "cosine"\nepochs = 10\nsteps_per_epoch = 100\nlr = [0.1, 0.2]', 2_000),
        ('scheduler = "cosine"\nepochs = 10\nsteps_per_epoch = 100\nnum_processes = 4', 4_000),
        ('scheduler = "plateau"\nepochs = 10\nsteps_per_epoch = 100\nmetric = [3, 2, 1]', 1_003),
    ],
)
def test_the_updates_of_all_curves_are_limited_together(curve: str, updates: int) -> None:
    text = figure(curve, name="a") + figure(curve + '\nlabel = "last"', name="b")
    assert len(load(text, max_updates=2 * updates).figures) == 2
    error = refusal(text, max_updates=2 * updates - 1)
    assert error.message == (
        "`p.toml`, [[figure]] `b`, [[figure.curve]] `last`: the curves up to this one make "
        f"{2 * updates:,} updates in all; the limit is {2 * updates - 1:,}"
    )
    assert error.hint == "shorten the runs, or raise the limit with `--max-updates N`"


def test_a_metric_file_counts_each_time_it_is_read(folder: Path) -> None:
    (folder / "val.json").write_text("[" + "{}, " * 2_000 + "1]", encoding="utf-8")
    text = figure(*[f'scheduler = "plateau"\nmetric = "val.json"\nlabel = "{i}"' for i in range(5)])
    assert len(load(text, max_updates=6_000).figures[0].runs) == 5
    assert "`4`: the curves up to this one make 5,160 updates in all" in str(refusal(text, max_updates=5_000))


@pytest.mark.usefixtures("folder")
def test_the_command_line_sets_both_limits(capsys: pytest.CaptureFixture[str]) -> None:
    Path("p.toml").write_text(figure('scheduler = "cosine(T_max={8,16})"', more='formats = ["svg"]'))
    assert main(["render", "p.toml", "-o", "out", "--max-curves", "1"]) == 2
    assert main(["render", "p.toml", "-o", "out", "--max-updates", "63"]) == 2
    assert main(["render", "p.toml", "-o", "out", "--max-updates", "many"]) == 2
    assert capsys.readouterr().err.count("error: ") == 3
    assert main(["render", "p.toml", "-o", "out", "--max-curves", "2", "--max-updates", "64"]) == 0
    assert main(["render", "p.toml", "-o", "out", "--check", "--max-curves", "1"]) == 2
