"""What is left out of long scripts changes nothing of what is read."""

from __future__ import annotations

import ast
from pathlib import Path
from random import Random
from typing import Any

import pytest

from lrviz.errors import LrvizError
from lrviz.notation import read_script
from lrviz.notation.script import isolated
from lrviz.spec import Fields, read_all
from tests.benchmarks.scripts import shapes
from tests.linear import assert_linear, repeated
from tests.scripts.test_forms import FORMS
from tests.scripts.whole import WHOLE

# Lines that share names with a schedule only by way of other lines, and the milestones that they lead to.
REACHING = [
    ("other = marks\nother.append(6)", [3, 6]),
    ("def more():\n    marks.append(7)\nx = more()", [3, 7]),
    ("class Marks:\n    def add(self, to):\n        to.append(8)\nx = Marks()\ny = x.add(marks)", [3, 8]),
    ("table = {'all': marks}\nrest = table['all']\nz = rest.insert(0, 1)", [1, 3]),
    ("def more():\n    global marks\n    marks = [4]\nx = more()", [4]),
    ("x = (marks := [5])", [5]),
]
PADDING = "".join(f"NAME_{n} = str({n}) + 'x'\n" for n in range(isolated.SHORTEST))


def summary(text: str, **more: Any) -> list[Any] | str:
    """What is read of a script, or the error."""
    try:
        found = read_script(text, more, {}, whole=True)
    except LrvizError as error:
        return f"{error}"
    return [
        (
            str(f.call), f.name, f.line, f.fields, f.lines, f.notes, f.faults, f.told, f.names, f.loaders,
            [(o.text, o.line) for o in f.missing], f.program and (f.program.hand, f.program.calls, f.program.by_batch),
        )
        for f in found
    ]  # fmt: skip


def test_what_is_left_out_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [text for _, text in FORMS] + [text for text, _, _ in WHOLE.values()]
    expected = list(map(summary, texts))
    monkeypatch.setattr(isolated, "SHORTEST", 0)
    monkeypatch.setattr(isolated, "LEAST", 0)
    for text, before in zip(texts, expected, strict=True):
        assert summary(text) == before, text


def test_what_is_left_out_of_changed_scripts_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(7)
    texts = [text for _, text in FORMS] + [text for text, _, _ in WHOLE.values()] * 3
    tops = [line for text in texts for line in text.split("\n") if line and line[0] not in " )]}"]
    more = [*tops, *(lines for lines, _ in REACHING), "optimizer = None", "x = lr"]
    changed: list[tuple[str, list[Any] | str]] = []
    for _ in range(150):
        lines = random.choice(texts).split("\n")
        for _ in range(3):
            at = random.randrange(len(lines) + 1)
            if at == len(lines) or lines[at][:1] not in (" ", ")", "]", "}"):
                lines.insert(at, random.choice(more))
        changed.append(("\n".join(lines), summary("\n".join(lines))))
    monkeypatch.setattr(isolated, "SHORTEST", 0)
    monkeypatch.setattr(isolated, "LEAST", 0)
    for text, before in changed:
        if "cannot read the notation" not in before:  # what is left out may not be Python
            assert summary(text) == before, text
    assert sum(isinstance(before, list) for _, before in changed) > 50


def test_values_that_reach_the_schedule_are_read() -> None:
    for lines, marks in REACHING:
        text = f"{PADDING}marks = [3]\n{lines}\nopt = SGD(model.parameters(), lr=0.1)\ns = MultiStepLR(opt, marks)\n"
        (found,) = read_script(text, {}, {}, whole=True)
        assert str(found.call) == f"MultiStepLR({marks})", lines


def test_a_scheduler_that_no_other_line_uses_is_read() -> None:
    for lines in (
        "from torch.optim.lr_scheduler import StepLR as s\nx = s(opt, 3)",
        "import torch.optim.lr_scheduler as s\nx = s.StepLR(opt, 3)",
        "x = StepLR(opt, 3)",
        "def make(o):\n    return StepLR(o, 3)",
    ):
        (found,) = read_script(f"{PADDING}{lines}\ny = 4\n", {}, {}, whole=True)
        assert str(found.call) == "StepLR(3)", lines


def test_lines_that_do_not_matter_are_not_read() -> None:
    heavy = "".join(f"TABLE_{n} = [i * i for i in range(20_000)]\n" for n in range(30))
    (run,) = schedulers_of(f"{PADDING}{heavy}epochs = 6\nopt = SGD(model.parameters(), lr=0.1)\ns = StepLR(opt, 3)\n")
    assert run == "StepLR(3)"
    for name, text in shapes(2_000).items():
        kept = isolated.parse_linked(text, ast.parse).body
        if name in ("functions", "classes", "assignments"):
            assert len(kept) < 15, name


def schedulers_of(text: str) -> list[str]:
    """The schedulers of a script."""
    return [str(found.call) for found in read_script(text, {}, {}, whole=True)]


def test_names_of_the_run_are_read(tmp_path: Any) -> None:
    (tmp_path / "train.py").write_text(f"{PADDING}num_epochs = 7\nopt = SGD(p, lr=0.1)\ns = StepLR(opt, 3)\n")
    (run,) = read_all("train.py", Fields(folder=tmp_path))
    assert run.loop.epochs == 7


def test_statements_are_told_apart_as_by_the_parser() -> None:
    files = [*Path(ast.__file__).parent.glob("[a-d]*.py"), *Path(isolated.__file__).parent.parent.glob("**/*.py")]
    assert len(files) > 60
    for file in files:
        text = file.read_text(encoding="utf-8")
        body = ast.parse(text).body
        starts = [min([s.lineno, *(d.lineno for d in getattr(s, "decorator_list", ()))]) - 1 for s in body]
        blocks = {block.first: block for block in isolated._blocks(text)}
        assert [*blocks] == sorted({*starts}), file
        for statement, start in zip(body, starts, strict=True):
            assert (statement.end_lineno or 0) <= blocks[start].after, (file, start)
            if isinstance(statement, ast.Assign) and (bound := isolated._bound(blocks[start])):
                assert {getattr(target, "id", "") for target in statement.targets} == bound, (file, start)


def test_text_with_unusual_lines_is_read_as_by_the_parser() -> None:
    end = "opt = SGD(model.parameters(), lr=0.1)\ns = StepLR(opt, 3)\n"
    for text in ("x = '''\n", "x = '\n", "x = (\n", "x = )\n", "x = f(opt\n", "x = \\"):
        with pytest.raises(LrvizError):
            read_script(PADDING + text + end, {}, {}, whole=True)
    for text in (
        'x = """\nopt = 3\ns = 4\n"""',
        "x = (1,\n2)",
        "x = \\\n3",
        "x = '''\n4'''.format(\nopt=3)",
        "x = [')', '#']  # (\"",
        "x = 1\ry = 2",
        "x = 1; y = 2",
    ):
        assert schedulers_of(f"{PADDING}{text}\n{end}") == ["StepLR(3)"], text


def test_time_is_linear() -> None:
    def parsed(text: str) -> ast.Module:
        return isolated.parse_linked(text, lambda _: ast.Module([], []))

    pieces = ('"', "\\'", "'''", '\\"""', '"\\\n', "(", "x = (a, b)\n", "a = ", "\n", "# '", "@a\n", "def f(): 0\n")
    for piece in pieces:
        assert_linear(parsed, repeated(piece, before=PADDING), 20_000)


def test_a_chain_of_names_is_not_followed_for_long() -> None:
    chain = "".join(f"def f{n}():\n    return x{n} + x{n + 1}\n" for n in range(1_000))
    whole: list[str] = []

    def parse(text: str) -> ast.Module:
        whole.append(text)
        return ast.parse(text)

    assert len(isolated.parse_linked(f"{chain}x0\n", parse).body) == 1_001
    assert len(whole) == 1
