"""The metric that a plateau watches: files, lists and expressions; what of them is refused, and how it is told."""

from __future__ import annotations

import json
import math
import os
import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrviz.errors import LrvizError, SpecError
from lrviz.spec import TrainingLoop, metric_values, read_metric
from lrviz.spec.metric import MAX_BYTES, default_metric, metric_notes

LOOP = TrainingLoop(epochs=4, steps_per_epoch=3)
BY_EPOCH = TrainingLoop(epochs=4, steps_per_epoch=3, interval="epoch")
NAN = float("nan")


def values(text: str, loop: TrainingLoop = LOOP, folder: Path = Path()) -> list[float]:
    """What each call of the scheduler is given."""
    return metric_values(read_metric(text, loop, {"lr": 0.1}, folder), loop.scheduler_calls)


READ = [
    pytest.param("val.csv", "loss\n3\n2\n1\n", [3.0, 2.0, 1.0], id="one column"),
    pytest.param("val.csv", "3\n2\n1\n", [3.0, 2.0, 1.0], id="no header"),
    pytest.param("val.csv:b", "a,b\n0,3\n0,2\n", [3.0, 2.0], id="two columns"),
    pytest.param("val.csv:1", "0,3\n0,2\n", [3.0, 2.0], id="two columns without a header, by number"),
    pytest.param("val.csv:b c", ' a , b c \n0, "3" \n', None, id="a quote after a space"),
    pytest.param("val.csv:b c", " a , b c \n0, 3 \n", [3.0], id="spaces around"),
    pytest.param("val.csv:a:b", "a:b,c\n3,0\n", [3.0], id="a colon in the name"),
    pytest.param("val.csv:b", '"a\nx",b\n"1\n2",3\n', [3.0], id="a line end inside quotes"),
    pytest.param("val.csv:val", "step,train,val\n0,1.0,\n1,,0.5\n2,0.3,\n3,,0.2\n", [0.5, 0.2], id="cells left empty"),
    pytest.param("val.csv:b", "a,b\n0,3\n\n0\n0,2\n", [3.0, 2.0], id="short rows"),
    pytest.param("val.csv:b", "\ufeffa,b\r\n0,3\r\n", [3.0], id="as a spreadsheet saves it"),
    pytest.param("val.csv:b", "a;b\n0;3\n", [3.0], id="semicolons"),
    pytest.param("val.tsv:b", "a\tb\n0\t3\n", [3.0], id="tabs"),
    pytest.param("val.txt", "1e-3\nnan\ninf\n", [1e-3, NAN, math.inf], id="nan and inf"),
    pytest.param("loss", "3\n2\n", [3.0, 2.0], id="a file without a suffix"),
    pytest.param("val.json", "[3, 2.5]", [3.0, 2.5], id="a JSON list"),
    pytest.param("val.json", '{"loss": [3, 2]}', [3.0, 2.0], id="a JSON object with one list"),
    pytest.param("val.json:loss", '{"epoch": [0, 1], "loss": [3, 2]}', [3.0, 2.0], id="a JSON object with lists"),
    pytest.param("val.json:loss", '[{"epoch": 0, "loss": 3}, {"epoch": 1, "loss": NaN}]', [3.0, NAN], id="records"),
    pytest.param("val.json", '[{"loss": 3}, {"loss": 2}]', [3.0, 2.0], id="records of one key"),
    pytest.param(
        "log.jsonl:loss", '{"train": 1}\n\n{"loss": 3}\n{"loss": null}\n', [3.0], id="lines about other things"
    ),
    pytest.param("log.ndjson", "3\n2\n", [3.0, 2.0], id="JSON Lines of numbers"),
    pytest.param("VAL.JSON", '["3"]', [3.0], id="a number as text"),
]


@pytest.mark.parametrize(("text", "content", "expected"), READ)
def test_files(text: str, content: str, expected: list[float] | None, tmp_path: Path) -> None:
    (tmp_path / text.partition(":")[0]).write_text(content, encoding="utf-8", newline="")
    if expected is None:
        with pytest.raises(SpecError, match="has no number in `b c`"):
            read_metric(text, LOOP, {}, tmp_path)
    else:
        assert repr(list(read_metric(text, LOOP, {}, tmp_path).values)) == repr(expected)


def test_an_absolute_path(tmp_path: Path) -> None:
    (tmp_path / "val.csv").write_text("loss\n3\n", encoding="utf-8")
    assert values(f"{tmp_path}/val.csv:loss") == [3.0] * 12


REFUSED = [
    ("none.csv", None, "no metric file `none.csv`", "the path is relative to the current folder"),
    ("a.csv", "", "the metric file `a.csv` is empty", ""),
    ("a.csv", " \n\n", "the metric file `a.csv` is empty", ""),
    ("a.csv:b", "a,b\n", "the metric file `a.csv` has no values", ""),
    ("a.csv:b", "a,b\n1,\n", "the metric file `a.csv` has no values", ""),
    ("a.csv:c", "a,b\n1,2\n", "the metric file `a.csv` has no column `c`", "its columns of numbers are a, b"),
    (
        "a.csv",
        "a,b\n1,2\n",
        "the metric file `a.csv` has 2 columns",
        "name one: `a.csv:b`; its columns of numbers are a, b",
    ),
    ("a.csv:b", "a,b\n1,2\n1,x\n", "line 3 of the metric file `a.csv` has no number in `b`", ""),
    ("a.csv", "3\nx\n", "line 2 of the metric file `a.csv` has no number", ""),
    (
        "a.csv",
        "a\n" + "x" * 200_000,
        "the metric file `a.csv` is not a table: a cell has over 131,072 characters",
        "",
    ),
    (
        "a.csv",
        "x" * 200_000 + "\n1\n",
        "the metric file `a.csv` is not a table: a cell has over 131,072 characters",
        "",
    ),
    ("a.csv:b", "y" * 200_000 + ",b\n1,2\n", "the metric file `a.csv` is not a table: a cell has over 131,072 ", ""),
    ("a.json", "{", "the metric file `a.json` is not JSON: expecting property name enclosed in double quotes at ", ""),
    ("a.json", "[" * 100_000, "the metric file `a.json` is not JSON: nested too deeply", ""),
    ("a.json", "[1" + "0" * 5000 + "]", "the metric file `a.json` is not JSON: a number with thousands of digits", ""),
    ("a.json", "5", "the metric file `a.json` must contain a list of numbers, got int", ""),
    ("a.json", '{"loss": 5}', "the metric file `a.json` must contain a list of numbers, got int", ""),
    ("a.json", "[]", "the metric file `a.json` has no values", ""),
    ("a.json", "{}", "the metric file `a.json` has no values", ""),
    ("a.json", '[1, "x"]', "item 1 of the metric file `a.json` is not a number", ""),
    ("a.json", "[true]", "item 0 of the metric file `a.json` is not a number", ""),
    ("a.json", "[1" + "0" * 400 + "]", "item 0 of the metric file `a.json` is not a number", ""),
    ("a.json:b", '[{"a": 1}]', "the metric file `a.json` has no column `b`", "its columns of numbers are a"),
    ("a.jsonl:b", '{"b": 1}\n{"b": "x"}', "item 1 of the metric file `a.jsonl` is not a number", ""),
]


@pytest.mark.parametrize(("text", "content", "message", "hint"), REFUSED, ids=[m[:70] for _, _, m, _ in REFUSED])
def test_files_that_are_refused(
    text: str, content: str | None, message: str, hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / text.partition(":")[0]).write_text(content, encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        read_metric(text, LOOP, {})
    assert caught.value.message.startswith(message)
    assert len(caught.value.message) < 200
    assert caught.value.hint == hint


@pytest.mark.parametrize("suffix", ["", ":x", ":hunter2"])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("passwd", "root:hunter2:0:0:root:/root:/bin/sh\ndaemon:hunter2:1:1::/:/bin/false\n"),
        ("environ", "TOKEN=hunter2\0HOME=/root\0"),
        ("a.json", '{"auth": "hunter2", "hunter2": {"id": 5}}'),
        ("a.json", '[{"hunter2": "a", "b": "hunter2"}]'),
        ("a.json", "hunter2"),
        ("a.jsonl", '{"a": "hunter2"}\nhunter2'),
        ("a.csv", "user,hunter2,password\nme,x,hunter2\n"),
        ("a.csv", "hunter2\nhunter2\n"),
        ("a.csv", "hunter2 == !,b\n1,2\n"),
        ("key.txt", "-----BEGIN KEY-----\nhunter2\n"),
    ],
)
def test_errors_quote_no_content_of_a_file(name: str, content: str, suffix: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        read_metric(f"{name}{suffix}", LOOP, {}, tmp_path)
    shown = str(caught.value).replace(suffix.strip(":") or " ", "")  # what was typed may be shown
    assert "hunter2" not in shown
    assert "root" not in shown


def test_only_columns_of_numbers_with_plain_names_are_listed(tmp_path: Path) -> None:
    lines = ["val/loss,name,Loss (train),a=b,empty,lr-SGD", "1,x,2,3,,4", "nan,y,-inf,3,,"]
    (tmp_path / "a.csv").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        read_metric("a.csv:none", LOOP, {}, tmp_path)
    assert caught.value.hint == "its columns of numbers are val/loss, Loss (train), lr-SGD"
    records = [{"loss": 1, "name": "x", "a\n": 1, "best": True}, {"loss": None, "acc": "0.5"}]
    (tmp_path / "a.json").write_text(json.dumps(records), encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        read_metric("a.json:none", LOOP, {}, tmp_path)
    assert caught.value.hint == "its columns of numbers are loss, acc"


def test_a_link_to_a_device_or_a_pipe_is_refused(tmp_path: Path) -> None:
    (tmp_path / "zero.csv").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe.json")
    for name in ("zero.csv", "pipe.json"):
        with pytest.raises(SpecError, match=f"cannot read the metric file `{name}`: it is not a regular file"):
            read_metric(name, LOOP, {}, tmp_path)


@pytest.mark.parametrize("text", ["x" * 5000, f"{'x' * 5000}.csv", "a\0b.csv", "a\0b", "a/" * 5000 + "a.csv"])
def test_names_that_no_file_can_have(text: str) -> None:
    with pytest.raises(SpecError, match="metric"):
        read_metric(text, LOOP, {})


def test_a_path_in_a_preset_is_relative_to_the_preset(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        read_metric("none.csv", LOOP, {}, tmp_path)
    assert caught.value.hint == "the path is relative to the folder of the preset"


def test_files_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe1")
    (tmp_path / "folder.csv").mkdir()
    with (tmp_path / "huge.csv").open("wb") as huge:
        os.truncate(huge.fileno(), MAX_BYTES + 1)
    for name, message in (
        ("bytes.csv", "cannot read the metric file `bytes.csv`: it is not text in UTF-8 at line 1"),
        ("folder.csv", "cannot read the metric file `folder.csv`: it is a folder"),
        ("huge.csv", "cannot read the metric file `huge.csv`: it has 10,000,001 bytes; the maximum is 10,000,000"),
    ):
        with pytest.raises(SpecError, match=re.escape(message)):
            read_metric(name, LOOP, {}, tmp_path)


LISTS = [
    ("0.9,0.8,0.7", [0.9, 0.8] + [0.7] * 10),
    ("[0.9, 0.8, 0.7]", [0.9, 0.8] + [0.7] * 10),
    (" 1e-1 , nan,-inf ", [0.1, NAN] + [-math.inf] * 10),
    ("0.5", [0.5] * 12),
    ("0.9,0.8,", [0.9] + [0.8] * 11),
    (",".join(map(str, range(500))), [float(i) for i in range(12)]),
]


@pytest.mark.parametrize(("text", "expected"), LISTS, ids=[text[:20] for text, _ in LISTS])
def test_lists(text: str, expected: list[float]) -> None:
    assert repr(values(text)) == repr(expected)


EXPRESSIONS = [
    ("epoch", [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3], [0, 1, 2, 3]),
    ("step", list(range(12)), [2, 5, 8, 11]),
    ("epoch * 100 + step", [100 * (i // 3) + i for i in range(12)], [100 * e + 3 * e + 2 for e in range(4)]),
    (
        "exp(-epoch / 10) + 0.1",
        [math.exp(-(i // 3) / 10) + 0.1 for i in range(12)],
        [math.exp(-e / 10) + 0.1 for e in range(4)],
    ),
    ("lr * 2", [0.2] * 12, [0.2] * 4),
    ("-epoch", [0, 0, 0, -1, -1, -1, -2, -2, -2, -3, -3, -3], [0, -1, -2, -3]),
    ("(epoch)", [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3], [0, 1, 2, 3]),
    ("min(1, 0.5 if step > 5 else epoch)", [0, 0, 0, 1, 1, 1] + [0.5] * 6, [0, 1, 0.5, 0.5]),
]


@pytest.mark.parametrize(("text", "by_step", "by_epoch"), EXPRESSIONS, ids=[text for text, _, _ in EXPRESSIONS])
def test_expressions_in_epoch_and_step(text: str, by_step: list[float], by_epoch: list[float]) -> None:
    assert values(text) == by_step
    assert values(text, BY_EPOCH) == by_epoch


@pytest.mark.parametrize("name", ["call", "each", "lr_now", "body"])
@pytest.mark.parametrize("loop", [LOOP, BY_EPOCH], ids=["by step", "by epoch"])
def test_a_name_of_the_users_own_keeps_its_value(name: str, loop: TrainingLoop) -> None:
    metric = read_metric(f"1 / (1 + {name}) + 0 * epoch * step", loop, {name: 3})
    assert set(metric_values(metric, loop.scheduler_calls)) == {0.25}


def test_epochs_count_updates_when_gradients_are_accumulated() -> None:
    loop = TrainingLoop(epochs=2, steps_per_epoch=5, grad_accum=2)
    assert values("epoch", loop) == [0, 0, 0, 1, 1, 1]
    assert values("step", loop) == [0, 1, 2, 3, 4, 5]
    carried = TrainingLoop(epochs=3, steps_per_epoch=5, grad_accum=2, accum_remainder="carry")
    assert values("epoch", carried) == [0, 0, 1, 1, 1, 2, 2]
    assert values("step", replace(carried, interval="epoch")) == [1, 4, 6]


WRONG = [
    ("", "the metric is empty"),
    ("  ", "the metric is empty"),
    ("0.9,abc,0.8", "value 2 of the metric is not a number: `abc`"),
    ("loss", "cannot read the metric `loss`: unknown name `loss`"),
    ("call", "cannot read the metric `call`: unknown name `call`"),
    ("foo(epoch)", "cannot read the metric `foo(epoch)`: `foo(epoch)` is not part of the notation"),
    ("epoch.real", "cannot read the metric `epoch.real`: `epoch.real` is not part of the notation"),
    ("epoch if", "cannot read the metric `epoch if`: "),
    ("'a'", "cannot read the metric `'a'`: `'a'` is not a number"),
    ("lambda e: e", "cannot read the metric `lambda e: e`: "),
    ("__import__('os')", "cannot read the metric `__import__('os')`: "),
    ("(" * 5000, "cannot read the metric `((((("),
    ("x\x00y", "cannot read the metric `x"),
    ("1 / (epoch - 1)", "the metric `1 / (epoch - 1)` fails at call 3: division by zero"),
    ("log(epoch)", "the metric `log(epoch)` fails at call 0: "),
    ("9 ** 9 ** 9", "the metric `9 ** 9 ** 9` fails at call 0: the power"),
    ("(-1) ** 0.5", "the metric `(-1) ** 0.5` fails at call 0: "),
]


@pytest.mark.parametrize(("text", "message"), WRONG, ids=[text[:20] or "empty" for text, _ in WRONG])
def test_text_that_is_refused(text: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        values(text)
    assert caught.value.message.startswith(message)
    assert "call //" not in caught.value.message


@pytest.mark.parametrize(
    ("text", "calls", "notes"),
    [
        ("0.9,0.8", 12, ["the metric has 2 values for 12 scheduler steps: the last one is repeated"]),
        ("0.9,0.8,0.7", 4, []),  # the fourth step is not made
        ("0.9", 12, []),
        ("0.9,nan,0.8,0.7", 4, ["the metric contains NaN, which torch counts as no improvement"]),
        ("epoch", 12, []),
    ],
    ids=["short", "long enough", "a constant", "nan", "an expression"],
)
def test_what_is_said_of_a_metric(text: str, calls: int, notes: list[str]) -> None:
    assert metric_notes(read_metric(text, LOOP, {}), calls) == notes


def test_the_loss_that_stands_in() -> None:
    assert metric_values(default_metric(8), 8) == [1, 1 / 2, 1 / 3, 1 / 3, 1 / 3, 1 / 3, 1 / 3, 1 / 3]


@given(st.lists(st.floats(), min_size=1, max_size=40))
def test_any_list_of_numbers_comes_back(numbers: list[float]) -> None:
    text = ",".join(map(repr, numbers))
    assert repr(list(read_metric(text, LOOP, {}).values)) == repr(numbers)
    assert repr(list(read_metric(json.dumps(numbers).replace("Infinity", "inf"), LOOP, {}).values)) == repr(numbers)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(LrvizError):
        assert len(values(text)) == 12
