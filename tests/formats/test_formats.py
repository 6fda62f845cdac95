"""What is written reads back: exactly, in every format, whatever the labels."""

from __future__ import annotations

import csv
import html
import io
import json
import math
import re
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError
from itertools import zip_longest
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from lrviz import formats, simulate
from lrviz.files import encode
from lrviz.spec import TrainingLoop
from lrviz.text import printable
from lrviz.trace import Trace
from tests.traces import trace

NAN, INF = math.nan, math.inf

AWKWARD = [
    'a,b "c"',
    "two\nlines",
    "cr\r\nlf",
    "tab\there",
    "pipe | here",
    "back`tick",
    "``",
    r"\| and \\",
    "<script>alert(1)</script>",
    "$x$ ~~y~~ *z* _w_ [a](b) &amp; #1 @me",
    " spaces ",
    "step",
    "epoch",
    "naïve ± 学習率",
    "%d %s",
    "-x",
    "=HYPERLINK(1)",
    "'=1",
    "@a",
    "'quoted'",
]

rates = st.floats(min_value=0, allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def table_of(text: str, separator: str) -> list[list[str]]:
    """What Python's csv module reads, without the quotes of names that a spreadsheet would take for formulas."""
    header, *body = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    assert [name for name in header if name.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    return [[re.sub("^'(?='*[=+@-])", "", name) for name in header], *body]


def strict_json(text: str) -> dict[str, object]:
    def refuse(token: str) -> NoReturn:
        raise AssertionError(f"{token} is not JSON")

    parsed = json.loads(text, parse_constant=refuse)
    assert isinstance(parsed, dict)
    return parsed


@pytest.fixture
def versions_asked_again() -> Iterator[None]:
    """Versions of packages are not those that this process found before, nor are they kept."""
    formats.installed_version.cache_clear()
    yield
    formats.installed_version.cache_clear()


class TestShape:
    """The texts themselves, written out."""

    def test_csv(self) -> None:
        run = trace([1e-3, 7.5e-4, 5e-4, 0.1 + 0.2], loop=TrainingLoop(epochs=2, steps_per_epoch=2))
        assert formats.to_text([run], "csv") == (
            "step,epoch,lr\n0,0,0.001\n1,0,0.00075\n2,1,0.0005\n3,1,0.30000000000000004\n"
        )

    def test_tsv(self) -> None:
        assert formats.to_text([trace([1.0, 1e-21])], "tsv") == "step\tepoch\tlr\n0\t0\t1.0\n1\t0\t1e-21\n"

    def test_markdown(self) -> None:
        assert formats.to_text([trace([1e-3, 5e-4])], "md") == (
            "| step | epoch | lr |\n| ---: | ---: | ---: |\n| 0 | 0 | 0.001 |\n| 1 | 0 | 0.0005 |\n"
        )

    @pytest.mark.usefixtures("versions_asked_again")
    def test_json(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("importlib.metadata.version", {"lrviz": "1.2.3", "torch": "4.5.6"}.__getitem__)
        loop = TrainingLoop(epochs=1, steps_per_epoch=2, interval="epoch")
        runs = [
            trace([1e-3, 5e-4], loop=loop, label="a"),
            trace([1.0], [2.0], names=["x", "y"], momentum=[[0.9], [0.8]], metric=[NAN], label="b"),
        ]
        assert {"epochs": 1, "steps_per_epoch": 2, "interval": "epoch", "grad_accum": 1}.items() <= asdict(loop).items()
        assert strict_json(formats.to_text(runs, "json")) == {
            "version": 1,
            "lrviz": "1.2.3",
            "torch": "4.5.6",
            "traces": [
                {
                    "label": "a",
                    "scheduler": "CosineAnnealingLR(T_max=2)",
                    "loop": asdict(loop),
                    "step": [0, 1],
                    "epoch": [0, 0],
                    "groups": [{"name": "lr", "lr": [0.001, 0.0005]}],
                },
                {
                    "label": "b",
                    "scheduler": "CosineAnnealingLR(T_max=1)",
                    "loop": asdict(TrainingLoop(epochs=1, steps_per_epoch=1)),
                    "step": [0],
                    "epoch": [0],
                    "metric": [None],
                    "groups": [
                        {"name": "x", "lr": [1.0], "momentum": [0.9]},
                        {"name": "y", "lr": [2.0], "momentum": [0.8]},
                    ],
                },
            ],
        }

    def test_json_has_a_line_for_each_list(self) -> None:
        lines = formats.to_text([trace([1.0, 2.0]), trace([3.0], label="ü")], "json").splitlines()
        assert [line for line in lines if line.startswith('"')] == [
            '"step": [0, 1],',
            '"epoch": [0, 0],',
            '"groups": [',
            '"lr": [1.0, 2.0]}]},',
            '"step": [0],',
            '"epoch": [0],',
            '"groups": [',
            '"lr": [3.0]}]}',
        ]
        assert any('"label": "ü"' in line for line in lines)

    @pytest.mark.usefixtures("versions_asked_again")
    def test_json_from_a_tree_that_was_never_installed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def missing(name: str) -> NoReturn:
            raise PackageNotFoundError(name)

        monkeypatch.setattr("importlib.metadata.version", missing)
        parsed = strict_json(formats.to_text([trace([1.0])], "json"))
        assert (parsed["lrviz"], parsed["torch"]) == (None, None)


HEADERS = [
    pytest.param([trace([1.0])], ["step", "epoch", "lr"], id="one"),
    pytest.param([trace([1.0], names=["head"])], ["step", "epoch", "lr"], id="one-named-group"),
    pytest.param(
        [trace([1.0], [2.0], names=["body", ""])], ["step", "epoch", "lr[body]", "lr[group1]"], id="two-groups"
    ),
    pytest.param(
        [trace([1.0], [2.0], names=["a", "b"], momentum=[[0.9], [0.8]], metric=[1.0])],
        ["step", "epoch", "lr[a]", "lr[b]", "momentum[a]", "momentum[b]", "metric"],
        id="groups-momentum-metric",
    ),
    pytest.param(
        [trace([1.0], momentum=[[0.9]], momentum_name="betas[0]")], ["step", "epoch", "lr", "momentum"], id="momentum"
    ),
    pytest.param([trace([1.0], label="a"), trace([1.0], label="b")], ["step", "epoch", "a", "b"], id="two"),
    pytest.param(
        [trace([1.0], label="a", momentum=[[0.9]], metric=[0.0]), trace([1.0], [1.0], label="b", names=["x", "y"])],
        ["step", "epoch", "a", "momentum[a]", "metric[a]", "b[x]", "b[y]"],
        id="two-with-everything",
    ),
    pytest.param(
        [trace([1.0], label="a"), trace([1.0], label="a"), trace([1.0], label="a (2)"), trace([1.0], label="step")],
        ["step", "epoch", "a", "a (2)", "a (2) (2)", "step (2)"],
        id="equal-labels",
    ),
    pytest.param(
        [trace([1.0] * 4, label="a"), trace([1.0] * 4, label="b", loop=TrainingLoop(epochs=2, steps_per_epoch=2))],
        ["step", "epoch[a]", "a", "epoch[b]", "b"],
        id="other-epochs",
    ),
]


@pytest.mark.parametrize(("runs", "header"), HEADERS)
def test_column_names(runs: list[Trace], header: list[str]) -> None:
    assert table_of(formats.to_text(runs, "csv"), ",")[0] == header


@pytest.mark.parametrize(("format", "separator"), [("csv", ","), ("tsv", "\t")])
class TestReadsBack:
    @given(curve=st.lists(rates, min_size=1, max_size=50), momentum=rates)
    @example(curve=[0.0, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 0.1 + 0.2], momentum=0.9)
    def test_one_run(self, format: str, separator: str, curve: list[float], momentum: float) -> None:
        run = trace(curve, momentum=[[momentum] * len(curve)])
        _, *body = table_of(formats.to_text([run], format), separator)
        assert [int(row[0]) for row in body] == list(range(len(curve)))
        assert [int(row[1]) for row in body] == [0] * len(curve)
        assert [float(row[2]) for row in body] == curve
        assert [float(row[3]) for row in body] == [momentum] * len(curve)

    @given(first=st.lists(rates, min_size=1, max_size=20), second=st.lists(rates, min_size=1, max_size=20))
    def test_runs_of_different_length(
        self, format: str, separator: str, first: list[float], second: list[float]
    ) -> None:
        loop = TrainingLoop(epochs=1, steps_per_epoch=20)
        runs = [trace(first, label="a", loop=loop), trace(second, label="b", loop=loop)]
        _, *body = table_of(formats.to_text(runs, format), separator)
        assert [[float(v) if v else None for v in row[2:]] for row in body] == [
            list(pair) for pair in zip_longest(first, second)
        ]

    @given(label=texts)
    def test_any_label(self, format: str, separator: str, label: str) -> None:
        runs = [trace([1.0], label=label), trace([2.0], label="other " + label)]
        table = table_of(formats.to_text(runs, format), separator)
        name = printable(label)
        taken = name in ("step", "epoch")
        assert table[0] == ["step", "epoch", f"{name} (2)" if taken else name, printable("other " + label)]
        assert table[1:] == [["0", "0", "1.0", "2.0"]]

    @pytest.mark.parametrize("label", AWKWARD)
    def test_an_awkward_label(self, format: str, separator: str, label: str) -> None:
        header, _ = table_of(formats.to_text([trace([1.0], [1.0], names=["", label])], format), separator)
        assert header[3] == f"lr[{printable(label)}]"

    def test_what_a_metric_may_be(self, format: str, separator: str) -> None:
        run = trace([1.0] * 5, metric=[NAN, 0.5, INF, -INF, -0.0])
        _, *body = table_of(formats.to_text([run], format), separator)
        assert [row[3] for row in body] == ["", "0.5", "inf", "-inf", "-0.0"]

    def test_more_rows_than_one_block(self, format: str, separator: str) -> None:
        long, short = np.linspace(0, 1, 20_000), np.linspace(1, 2, 10_000)
        runs = [
            trace(long.tolist(), label="a"),
            trace(short.tolist(), label="b", metric=[NAN, *short[1:]]),
        ]
        _, *body = table_of(formats.to_text(runs, format), separator)
        assert [int(row[0]) for row in body] == list(range(20_000))
        assert [float(row[2]) for row in body] == long.tolist()
        assert [float(row[3]) for row in body[:10_000]] == short.tolist()
        assert [row[4] for row in body] == ["", *map(repr, short[1:].tolist()), *[""] * 10_000]
        assert {row[3] for row in body[10_000:]} == {""}


class TestMarkdown:
    @staticmethod
    def read(text: str) -> tuple[list[str], list[list[str]]]:
        """The table as a renderer of GitHub's Markdown shows it: HTML of the header, text of the cells."""
        page = MarkdownIt("commonmark").enable("table").render(text)
        assert page.count("<table>") == 1
        head, body = page.split("</thead>")
        rows = [re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL) for row in body.split("<tr>")[1:]]
        return re.findall(r"<th[^>]*>(.*?)</th>", head, re.DOTALL), rows

    @pytest.mark.parametrize("label", [label for label in AWKWARD if label not in ("step", "epoch")])
    def test_a_label_is_shown_as_it_is(self, label: str) -> None:
        runs = [trace([1.0, 0.5], label=label), trace([2.0], label="b")]
        header, rows = self.read(formats.to_text(runs, "md"))
        shown = re.fullmatch(r"<code>([^<]*)</code>", header[2])
        assert shown is not None
        assert html.unescape(shown[1]) == printable(label)
        assert rows == [["0", "0", "1.0", "2.0"], ["1", "0", "0.5", ""]]

    @given(label=texts)
    def test_no_label_breaks_the_table(self, label: str) -> None:
        runs = [trace([1.0], label=label), trace([2.0], label="b")]
        header, rows = self.read(formats.to_text(runs, "md"))
        assert [len(header), *map(len, rows)] == [4, 4]
        assert re.fullmatch(r"<code>[^<]*</code>", header[2])

    def test_own_names_stay_plain(self) -> None:
        assert formats.to_text([trace([1.0], momentum=[[0.9]], metric=[NAN])], "md").splitlines()[0] == (
            "| step | epoch | lr | momentum | metric |"
        )


class TestJson:
    @given(curve=st.lists(rates, min_size=1, max_size=50), label=texts)
    def test_reads_back(self, curve: list[float], label: str) -> None:
        run = strict_json(formats.to_text([trace(curve, label=label)], "json"))["traces"][0]  # type: ignore[index]
        assert run["label"] == label
        assert run["groups"] == [{"name": "lr", "lr": curve}]

    def test_what_a_metric_may_be(self) -> None:
        text = formats.to_text([trace([1.0] * 4, metric=[NAN, INF, -INF, 1e-300])], "json")
        assert strict_json(text)["traces"][0]["metric"] == [None, INF, -INF, 1e-300]  # type: ignore[index]

    def test_a_label_that_is_not_unicode(self) -> None:
        text = formats.to_text([trace([1.0], label="caf\udce9")], "json")
        assert strict_json(encode(text).decode())["traces"][0]["label"] == "caf\udce9"  # type: ignore[index]

    def test_more_numbers_than_one_block(self) -> None:
        curve = np.geomspace(1, 1e-9, 20_000).tolist()
        run = strict_json(formats.to_text([trace(curve)], "json"))["traces"][0]  # type: ignore[index]
        assert run["step"] == list(range(20_000))
        assert run["groups"][0]["lr"] == curve


@pytest.mark.parametrize("format", ["csv", "tsv", "json", "md"])
def test_pieces_are_small_and_make_up_the_text(format: str) -> None:
    runs = [trace(np.linspace(1, 0, 100_000).tolist())]
    pieces = list(formats.chunks(runs, format))
    assert "".join(pieces) == formats.to_text(runs, format)
    assert max(map(len, pieces)) < 500_000
    assert len(pieces) > 10


def test_a_trace_writes_itself(tmp_path: Path) -> None:
    run = simulate("StepLR(1)", epochs=1, steps_per_epoch=2)
    assert run.to_csv(tmp_path / "a.csv") == formats.to_text([run], "csv")
    assert run.to_json(tmp_path / "a.json") == formats.to_text([run], "json")
    assert (tmp_path / "a.csv").read_text() == run.to_csv()
    assert (tmp_path / "a.json").read_text() == run.to_json()


NAMES = [
    "-x",
    "+1",
    "=HYPERLINK(1)",
    "@a",
    "'=1",
    "''-x",
    "'quoted'",
    "a=b",
    "-1e-3",
    'x"=1',
    "\tx",
    "\uff1d1",
    "'\uff20a",
]


@pytest.mark.parametrize("separator", [",", "\t"])
def test_no_name_is_a_formula_in_a_spreadsheet(separator: str) -> None:
    runs = [trace([-1.0, 0.5], label=name) for name in NAMES]
    text = formats.to_text(runs, {",": "csv", "\t": "tsv"}[separator])
    header, *body = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    assert [name for name in header if name[0] in "=+-@\t\r\uff1d\uff0b\uff0d\uff20"] == []
    assert header[2:] == [
        "'-x", "'+1", "'=HYPERLINK(1)", "'@a", "''=1", "'''-x", "'quoted'", "a=b", "'-1e-3", 'x"=1', r"\tx",
        "'\uff1d1", "''\uff20a",
    ]  # fmt: skip
    assert [row[2:] for row in body] == [["-1.0"] * len(NAMES), ["0.5"] * len(NAMES)]  # numbers have their signs


def test_names_that_were_quoted_read_back() -> None:
    text = formats.to_text([trace([1.0], label=name) for name in NAMES], "csv")
    assert list(formats.read_columns(io.StringIO(text))) == ["step", "epoch", *map(printable, NAMES)]
    # of a version that did not quote them
    assert list(formats.read_columns(io.StringIO("step,-x\n0,1\n"))) == ["step", "-x"]


def test_a_header_longer_than_the_csv_module_reads_is_an_error() -> None:
    with pytest.raises(ValueError, match="field larger"):
        formats.read_columns(io.StringIO("step," + "x" * 200_000 + "\n0,1\n"))
