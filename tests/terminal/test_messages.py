"""What a run looks like on a terminal, in a pipe, in colour and without."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrviz.spec import TrainingLoop
from lrviz.terminal import chart, messages, table
from lrviz.text import cells
from lrviz.trace import Trace
from tests.forkserver import ForkServer
from tests.screens import plain, real_terminal, screen
from tests.traces import trace

COSINE = [1e-3 * (1 + math.cos(math.pi * t / 32)) / 2 for t in range(32)]
WARMUP = [*np.linspace(1e-4, 1e-3, 10), *np.linspace(1e-3, 2.4e-6, 22)]
LOOP = TrainingLoop(epochs=4, steps_per_epoch=8)

SUMMARIES = [
    pytest.param(
        trace(COSINE, loop=LOOP),
        [
            "CosineAnnealingLR(T_max=32) · 32 steps, 4 epochs of 8 · lr 1e-3",
            "peak 1e-3 at step 0 · final 2.41e-6 · ███▇▇▆▆▅▄▄▃▂▂▂▁▁ · out/cosine.png",
        ],
        id="cosine",
    ),
    pytest.param(
        trace(WARMUP, loop=LOOP, label="mine"),
        [
            "mine · 32 steps, 4 epochs of 8 · lr 1e-3",
            "warm-up to 1e-3 at step 9 · final 2.4e-6 · ▂▃▅▆██▇▇▆▅▅▄▃▃▂▁ · out/cosine.png",
        ],
        id="warm-up",
    ),
    pytest.param(
        trace([0.1, 0.2, 0.1, 0.5], label="two humps"),
        [
            "two humps · 4 steps, 1 epoch of 4 · lr 0.5",
            "warm-up ends at step 1 · peak 0.5 at step 3 · final 0.5 · ▂▄▂█ · out/cosine.png",
        ],
        id="peak-after-warm-up",
    ),
    pytest.param(
        trace([0.05], label="one"),
        ["one · 1 step, 1 epoch of 1 · lr 0.05", "constant 0.05 · █ · out/cosine.png"],
        id="one-step",
    ),
    pytest.param(
        trace([0.0, 0.0], label="nothing"),
        ["nothing · 2 steps, 1 epoch of 2 · lr 1", "constant 0 · ▁▁ · out/cosine.png"],
        id="all-zero",
    ),
    pytest.param(
        trace([1.0] * 12, label="slow", loop=TrainingLoop(4, 8, "epoch", grad_accum=3)),
        [
            "slow · 12 updates, 4 scheduler steps, 4 epochs of 3 updates · lr 1",
            "constant 1 · ████████████ · out/cosine.png",
        ],
        id="accumulated",
    ),
    pytest.param(
        trace([1.0, 0.5], label="fast", loop=TrainingLoop(1, 2, num_processes=4)),
        [
            "fast · 2 updates, 8 scheduler steps, 1 epoch of 2 · lr 1",
            "peak 1 at step 0 · final 0.5 · █▅ · out/cosine.png",
        ],
        id="processes",
    ),
    pytest.param(
        trace([0.1, 0.05], [0.2, 0.4], label="two", names=["backbone", "head"]),
        [
            "two · 2 steps, 1 epoch of 2 · 2 groups · out/cosine.png",
            "backbone  peak 0.1 at step 0 · final 0.05 · █▅",
            "head      warm-up to 0.4 at step 1 · final 0.4 · ▅█",
        ],
        id="groups",
    ),
    pytest.param(
        trace(*([0.1 * g, 0.01 * g] for g in range(1, 10)), label="many"),
        ["many · 2 steps, 1 epoch of 2 · 9 groups · out/cosine.png", "peaks 0.1 to 0.9 · final 0.01 to 0.09"],
        id="many-groups",
    ),
]


class TestSummaryLines:
    @pytest.mark.parametrize(("run", "lines"), SUMMARIES)
    def test_lines(self, run: Trace, lines: list[str]) -> None:
        assert messages.summary_lines(run, "out/cosine.png", 100, ascii=False) == lines

    def test_a_million_steps(self) -> None:
        run = trace(np.linspace(1e-3, 0, 1_000_000).tolist(), label="long")
        assert messages.summary_lines(run, None, 100, ascii=False) == [
            "long · 1,000,000 steps, 1 epoch of 1,000,000 · lr 1e-3",
            "peak 1e-3 at step 0 · final 0 · █▇▇▆▆▆▅▅▄▄▃▃▃▂▂▁",
        ]

    @pytest.mark.parametrize(
        ("width", "lines"),
        [
            (
                70,
                [
                    "CosineAnnealingLR(T_max=32) · 32 steps, 4 epochs of 8 · lr 1e-3",
                    "peak 1e-3 at step 0 · final 2.41e-6 · █▇▆▄▂▁ · out/cosine.png",
                ],
            ),
            (
                55,
                [
                    "CosineAnnealingLR(… · 32 steps, 4 epochs of 8 · lr 1e-3",
                    "peak 1e-3 at step 0 · final 2.41e-6 · out/cosine.png",
                ],
            ),
            (
                48,
                [
                    "CosineAnnea… · 32 steps, 4 epochs of 8 · lr 1e-3",
                    "peak 1e-3 at step 0 · final 2.41e-6 · █▇▆▄▂▁",
                ],
            ),
            (40, ["CosineAnneali… · 32 steps, 4 epochs of 8", "peak 1e-3 at step 0 · final 2.41e-6"]),
            (24, ["CosineAnneal… · 32 steps", "peak 1e-3 · final 2.41e…"]),
        ],
        ids=str,
    )
    def test_narrow(self, width: int, lines: list[str]) -> None:
        assert messages.summary_lines(trace(COSINE, loop=LOOP), "out/cosine.png", width, ascii=False) == lines

    def test_counts_outlast_the_label(self) -> None:
        run = trace([1.0] * 12, loop=TrainingLoop(4, 8, "epoch", grad_accum=3))
        assert messages.summary_lines(run, None, 40)[0] == "CosineA… · 12 updates, 4 scheduler steps"

    def test_groups_in_40_columns(self) -> None:
        run = trace(COSINE, [10 * v for v in COSINE], names=["the whole backbone", "head"], loop=LOOP)
        assert messages.summary_lines(run, "x.png", 40)[1:] == [
            "the whole b…  peak 1e-3 · final 2.41e-6",
            "head          peak 0.01 · final 2.41e-5",
        ]

    def test_ascii(self) -> None:
        run = trace(COSINE, loop=LOOP, label="naïve")
        assert messages.summary_lines(run, "é.png", 100, ascii=True) == [
            r"na\xefve - 32 steps, 4 epochs of 8 - lr 1e-3",
            r"peak 1e-3 at step 0 - final 2.41e-6 - ###**++=--:...__ - \xe9.png",
        ]

    def test_a_label_cannot_steer_the_terminal(self) -> None:
        run = trace([1.0], label="\x1b]0;title\a[bold]\nx", names=["\x9b2J"])
        assert messages.summary_lines(run, "a\tb.png", 100) == [
            r"\x1b]0;title\x07[bold]\nx · 1 step, 1 epoch of 1 · lr 1",
            r"constant 1 · █ · a\tb.png",
        ]

    def test_stderr_decides_where_nothing_is_said(self, monkeypatch: pytest.MonkeyPatch) -> None:
        run = trace(COSINE, loop=LOOP)
        with screen(40, encoding="ascii") as (_, stream):
            monkeypatch.setattr(sys, "stderr", stream)
            assert messages.summary_lines(run)[0] == "CosineAnnea... - 32 steps, 4 epochs of 8"
        with screen(40, tty=False) as (_, stream):
            monkeypatch.setattr(sys, "stderr", stream)
            assert messages.summary_lines(run)[0] == "CosineAnnealingLR(T_max=32) · 32 steps, 4 epochs of 8 · lr 1e-3"

    @given(
        st.lists(st.floats(0, 1e300), min_size=1, max_size=40),
        st.text(max_size=60),
        st.integers(20, 120),
        st.booleans(),
        st.integers(1, 8),
    )
    def test_always_fits(self, curve: list[float], label: str, width: int, ascii: bool, groups: int) -> None:
        run = trace(*[curve] * groups, label=label, names=[f"{label}{i}" for i in range(groups)])
        lines = messages.summary_lines(run, label, width, ascii=ascii)
        assert len(lines) == (1 + groups if groups <= 6 else 2)
        for line in lines:
            assert cells(line) <= width
            assert line == line.strip() or label != label.strip()
            assert line.isascii() or not ascii


class TestTableInAPipe:
    def printed(self, *traces: Trace, environment: dict[str, str] | None = None) -> str:
        with screen(40, tty=False, environment=environment) as (to, stream):
            table.print_table(traces, to)
            return stream.text

    def test_one_run(self) -> None:
        assert self.printed(trace([1e-3, 0.1 + 0.2, 1e-21])) == (
            "step  epoch                   lr\n"
            "   0      0                0.001\n"
            "   1      0  0.30000000000000004\n"
            "   2      0                1e-21\n"
        )

    def test_what_is_not_there(self) -> None:
        loop = TrainingLoop(1, 2)
        runs = [
            trace([1.0, 0.5], label="a b", metric=[math.nan, 0.25], loop=loop),
            trace([2.0], label="c", momentum=[[0.9]], loop=loop),
        ]
        assert self.printed(*runs) == (
            "step  epoch  a b  metric[a b]    c  momentum[c]\n"
            "   0      0  1.0            -  2.0          0.9\n"
            "   1      0  0.5         0.25    -            -\n"
        )

    def test_forced_colour_changes_nothing(self) -> None:
        run = trace(np.linspace(1, 0, 1000).tolist())
        assert self.printed(run, environment={"FORCE_COLOR": "1"}) == self.printed(run)

    def test_every_row_of_a_long_run(self) -> None:
        curve = np.geomspace(1, 1e-9, 150_000).tolist()
        head, *lines = self.printed(trace(curve)).splitlines()
        assert head.split() == ["step", "epoch", "lr"]
        assert [float(line.split()[2]) for line in lines] == curve
        assert {len(line) for line in lines} == {len(head)}

    def test_a_label_cannot_steer_the_terminal(self) -> None:
        head = self.printed(trace([1.0], [1.0], names=["\x1b[31m", "two\nlines"])).splitlines()[0]
        assert head == r"step  epoch  lr[\x1b[31m]  lr[two\nlines]"

    def test_a_label_that_the_encoding_lacks(self) -> None:
        with screen(tty=False, encoding="ascii") as (to, stream):
            table.print_table([trace([1.0], [1.0], names=["ü", "x"])], to)
            assert stream.text.splitlines()[0] == r"step  epoch  lr[\xfc]  lr[x]"


class TestTableOnATerminal:
    def printed(self, *traces: Trace, columns: int = 80, encoding: str = "utf-8") -> str:
        with screen(columns, encoding=encoding) as (to, stream):
            table.print_table(traces, to)
            return "\n".join(line.rstrip() for line in plain(stream.text).splitlines())

    def test_one_run(self) -> None:
        assert self.printed(trace([1e-3, 0.1 + 0.2])) == (
            "step  epoch                   lr\n"
            "────────────────────────────────\n"
            "   0      0                0.001\n"
            "   1      0  0.30000000000000004"
        )

    def test_the_encoding_decides_on_the_rule(self) -> None:
        assert self.printed(trace([1.0]), encoding="ascii").splitlines()[1].strip("-") == ""

    def test_a_long_run_shows_its_ends(self) -> None:
        lines = self.printed(trace(np.linspace(1, 0, 1000).tolist())).splitlines()
        steps = [line.split()[0] for line in lines[2:-1]]
        assert steps == [*map(str, range(20)), "...", *map(str, range(980, 1000))]
        assert lines[-1] == "960 of 1,000 rows left out; `--format csv` prints all"

    def test_a_run_that_is_not_long_is_whole(self) -> None:
        assert len(self.printed(trace([1.0] * 400)).splitlines()) == 402

    @pytest.mark.parametrize("columns", [40, 80, 200])
    def test_many_columns_are_split(self, columns: int) -> None:
        curves = [[1 / (3 + g), 1 / (7 + g)] for g in range(12)]
        text = self.printed(trace(*curves, names=[f"g{i}" for i in range(12)]), columns=columns)
        assert max(map(len, text.splitlines())) <= columns
        parts = [part.splitlines() for part in text.split("\n\n")]
        assert len(parts) == {40: 11, 80: 4, 200: 2}[columns]
        heads = [name for part in parts for name in part[0].split()[1:]]
        assert heads == ["epoch", *(f"lr[g{i}]" for i in range(12))]
        assert [[float(v) for v in row] for row in zip(*curves, strict=True)] == [
            [float(v) for part in parts for v in part[2 + i].split()[1:]][1:] for i in range(2)
        ]

    def test_a_long_label_folds(self) -> None:
        label = "SequentialLR([LinearLR(start_factor=0.01, total_iters=4), CosineAnnealingLR(T_max=28)])"
        lines = self.printed(trace([1.0], label=label), trace([0.5], label="b")).splitlines()
        rule = next(i for i, line in enumerate(lines) if set(line) == {"─"})
        assert "".join("".join(line.split()) for line in lines[:rule]).replace("stepepoch", "").replace("b", "") == (
            label.replace(" ", "").replace("b", "")
        )
        assert lines[rule + 1 :] == [
            "   0      0                       1.0  0.5",
        ]

    def test_markup_and_escapes_are_text(self) -> None:
        text = self.printed(trace([1.0], [1.0], names=["[red]x[/red]", "\x1b[2J:smile:"]))
        assert r"lr[[red]x[/red]]" in text
        assert r"lr[\x1b[2J:smile:]" in text


class TestColour:
    """NO_COLOR, FORCE_COLOR, TERM and the terminal decide."""

    @pytest.mark.parametrize(
        ("tty", "environment", "coloured"),
        [
            (True, {}, True),
            (True, {"NO_COLOR": "1"}, False),
            (True, {"NO_COLOR": ""}, True),
            (True, {"TERM": "dumb"}, False),
            (False, {}, False),
            (False, {"FORCE_COLOR": "1"}, True),
            (False, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
            (False, {"CLICOLOR_FORCE": "0"}, False),
        ],
        ids=str,
    )
    def test_chart(self, tty: bool, environment: dict[str, str], coloured: bool) -> None:
        with screen(60, tty=tty, environment=environment) as (to, stream):
            chart.print_chart([trace(COSINE), trace(WARMUP)], 12, to)
            assert ("\x1b[38;5;33m" in stream.text) is coloured
            assert coloured or "\x1b" not in stream.text
            assert to.at_terminal is tty

    def test_no_colour_leaves_no_codes_for_colour_in_a_table(self) -> None:
        with screen(environment={"NO_COLOR": "1"}) as (to, stream):
            table.print_table([trace([1.0])], to)
            assert "\x1b[3" not in stream.text


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (40, 20), (200, 50)])
class TestRealTerminal:
    CODE = """
from lrviz import terminal
from tests.traces import trace
runs = [trace([1 / (t + 1) for t in range(32)], label="one"), trace([0.5] * 32, label="two")]
"""

    def test_chart_and_lines_fit_the_screen(self, columns: int, rows: int, forks: ForkServer) -> None:
        code = self.CODE + "terminal.print_chart(runs)\nprint(*terminal.summary_lines(runs[0]), sep='\\n')"
        shown = real_terminal(forks, code, columns, rows)
        lines = plain(shown).splitlines()
        assert max(map(cells, lines)) <= columns
        assert len(lines) == min(rows - 5, columns * 2 // 5) + 2
        assert "\x1b[38;5;33m" in shown

    def test_table_fits_the_screen(self, columns: int, rows: int, forks: ForkServer) -> None:
        lines = plain(real_terminal(forks, self.CODE + "terminal.print_table(runs)", columns, rows)).splitlines()
        assert max(map(cells, lines)) <= columns
        assert any("0.03125" in line.split() for line in lines)
