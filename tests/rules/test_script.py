"""The rules about the loops of scripts: their places, what is silent, and what their advice does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lrviz.cli import main
from lrviz.rules import all_rules
from tests.rules.checking import codes, findings

RULES = {rule.code: rule for rule in all_rules() if rule.code.startswith("LR7")}
OPT = "opt = SGD(p, lr=0.1)\n"
COSINE = "s = CosineAnnealingLR(opt, T_max=8)\n"
EPOCHS = "for epoch in range(8):\n"
BATCHES = "    for b in range(5):\n        opt.step()\n"


def mended(script: str, advice: str) -> str:
    """The script after what the advice says first."""
    lines = script.splitlines()

    def indent(number: int) -> str:
        return re.match(r" *", lines[number - 1])[0]  # type: ignore[index]

    match [advice, *re.findall(r"\d+", advice.split(" if ", maxsplit=1)[0])]:
        case [text, first, *rest] if text.startswith("move"):
            where, last = int(rest[0 if text.startswith("move line ") else 1]), first
            if text.startswith("move lines"):
                last = rest[0]
            moved = lines[int(first) - 1 : int(last)]
            if len(moved) == 1 and "to the end" not in text:
                moved = [indent(where) + moved[0].strip()]
            kept: list[str | None] = [*lines]
            kept[int(first) - 1 : int(last)] = [None] * len(moved)
            at = where if "below" in text else where - 1
            return "\n".join(line for line in [*kept[:at], *moved, *kept[at:]] if line is not None)
        case [text, number, *_] if text.startswith("delete"):
            return "\n".join(lines[: int(number) - 1] + lines[int(number) :])
        case [text, number, *_] if text.startswith("add"):
            added = re.findall("`(.*?)`", text)[0]
            return "\n".join([*lines[: int(number)], indent(int(number)) + added, *lines[int(number) :]])
    raise AssertionError(advice)


@pytest.mark.parametrize("code", RULES)
def test_the_advice_removes_the_finding(code: str) -> None:
    example = RULES[code].example
    (found,) = findings(example)
    after = mended(example, found.advice)
    assert after != example
    assert codes(after, "error", "warning") == [], after


# By what is probably not intended: the code and the line.
FOUND = {
    "before the loop, a note": (f"{OPT}{COSINE}s.step()\n{EPOCHS}{BATCHES}    s.step()", ["LR701 note 3"]),
    "in a function that is called first": (
        f"def adjust():\n    s.step()\n{OPT}{COSINE}{EPOCHS}    adjust()\n{BATCHES}",
        ["LR701 warning 2"],
    ),
    "created in each epoch, for its batches": (
        f"{OPT}{EPOCHS}    s = CosineAnnealingLR(opt, T_max=5)\n{BATCHES}        s.step()",
        ["LR706 note 3"],
    ),
    "in two loops, in some epochs": (
        f"{OPT}s = CosineAnnealingLR(opt, T_max=20)\n{EPOCHS}{BATCHES}        if epoch < 3:\n            s.step()\n"
        "    s.step()",
        ["LR702 note 8"],
    ),
    "one of two schedulers is never stepped": (
        f"{OPT}{COSINE}other = Adam(q, lr=1e-3)\nt = CosineAnnealingLR(other, T_max=8)\n{EPOCHS}    opt.step()\n"
        "    other.step()\n    s.step()",
        ["LR703 error 4"],
    ),
    "a rate of one group": (
        f"{OPT}s = LambdaLR(opt, lambda t: 1 - t / 8)\nopt.param_groups[0]['lr'] = 0.2\n{EPOCHS}{BATCHES}    s.step()",
        ["LR704 warning 3"],
    ),
}
SILENT = {
    "lines without a loop": OPT + COSINE,
    "a loop out of sight": f"{OPT}{COSINE}train(model, opt, s)",
    "updates out of sight": f"{OPT}{COSINE}{EPOCHS}    train(model, opt)\n    s.step()",
    "a scheduler that is handed on": f"{OPT}{COSINE}hooks = Hooks(s)\n{EPOCHS}{BATCHES}    hooks.after_epoch()",
    "a scheduler that is stepped elsewhere": f"{OPT}{COSINE}{EPOCHS}{BATCHES}    state.lr_scheduler.step()",
    "a rate that is set again": (
        f"{OPT}s = LambdaLR(opt, lambda t: 1 - t / 8)\nfor g in opt.param_groups:\n    g['lr'] = 0.1\n"
        f"{EPOCHS}{BATCHES}    s.step()"
    ),
    "a rate that the scheduler goes on from": (
        f"{OPT}s = StepLR(opt, 4)\nfor g in opt.param_groups:\n    g['lr'] = 0.2\n{EPOCHS}{BATCHES}    s.step()"
    ),
    "accumulation, both after several batches": (
        f"{OPT}s = CosineAnnealingLR(opt, T_max=16)\n{EPOCHS}    for i in range(4):\n        if (i + 1) % 2 == 0:\n"
        "            opt.step()\n            s.step()"
    ),
    "created in the first epoch": (
        f"{OPT}{EPOCHS}    if epoch == 0:\n        s = CosineAnnealingLR(opt, T_max=8)\n{BATCHES}    s.step()"
    ),
    "several runs": (
        "for seed in range(3):\n    opt = SGD(p, lr=0.1)\n    s = CosineAnnealingLR(opt, T_max=8)\n"
        "    for epoch in range(8):\n        opt.step()\n        s.step()"
    ),
    "a comment": f"{OPT}{COSINE}{EPOCHS}    s.step()  # lrviz: ignore[LR701]\n{BATCHES}",
}


def test_what_is_probably_not_intended_is_found_at_its_line(tmp_path: Path) -> None:
    path = tmp_path / "train.py"
    for name, (script, expected) in FOUND.items():
        path.write_text(script, encoding="utf-8")
        found = [f for f in findings(str(path)) if f.code.startswith("LR7")]
        assert [f"{f.code} {f.severity} {f.place.removeprefix(f'{path}:')}" for f in found] == expected, name


def test_usual_loops_and_what_is_out_of_sight_have_no_findings() -> None:
    for name, script in SILENT.items():
        assert [f for f in findings(script) if f.code.startswith("LR7")] == [], name


def test_a_figure_tells_of_the_loop_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    never = f"{OPT}s = CosineAnnealingLR(opt, T_max=40)\n{EPOCHS}{BATCHES}"
    assert main(["show", never]) == 0
    assert "LR703 `s` is created on line 2, and `s.step()` is never called" in capsys.readouterr().err
    script = f"{OPT}{COSINE}{EPOCHS}    s.step()\n{BATCHES}"
    assert main(["show", script]) == 0
    expected = "LR701 `s.step()` on line 4 comes before `optimizer.step()` on line 6: no update has the first rate; "
    assert expected in capsys.readouterr().err
