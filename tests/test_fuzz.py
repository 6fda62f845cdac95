"""Whatever is typed, the command line answers: with status 0, or with status 2, one clear error and nothing else.

The words are made by a grammar: pieces of what people write, mixed with pieces of what nobody should.
"""

from __future__ import annotations

import contextlib
import io
import os
import warnings
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from unicodedata import category

import pytest
import typer
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lrviz.cli import main
from lrviz.schedulers import Parameter, catalogue

# Whole numbers that make a run are kept below or far above what a run may have: a million updates are legal, and slow.
COUNTS = ["1", "2", "3", "5", "8", "1_0", "2.0", "2 + 1", "0", "-1", "2.5", "1e12", "9" * 400, "nan", "inf", "1j", ""]
NUMBERS = [
    *("0", "1", "2", "4", "8", "0.5", "1e-3", "0.1", "-1", "-0.0", "1e-320", "1e308", "-1e308", "1e400", "2**10"),
    *("nan", "inf", "-inf", "float('nan')", "1j", "0x10", "007", "1__0", "1e", "9" * 25, "9" * 5000, "1/3", "1/0"),
    *("total_steps", "total_steps // 4", "epochs * steps_per_epoch", "lr", "lr / 10", "lr[0]", "math.pi", "pi"),
    *("10**10**10", "2**1000 * 2**1000", "factorial(500)", "int(1e300)", "round(1, 10**9)", "comb(400, 200)", "-(-1)"),
    *("True", "None", "...", "not 1", "1 if lr else 2", "1 < 2 < 3", "(-8) ** 0.5", "1 << 9999", "~1", "1 or 1/0"),
]
WORDS = [
    *("'cos'", "'linear'", "'min'", "'rel'", "'exp_range'", "'triangular2'", "'cycle'", '"it\'s"', "'", '"', "'''"),
    *("[1, 2]", "[]", "[[1]]", "(1,)", "[4, 2]", "{1: 2}", "{1, 2}", "{0.1,0.2}", "{}", "{a", "}", "[x for x in y]"),
    *("lambda e: 0.9 ** e", "lambda e: 1 / e", "lambda: 1", "lambda e, k=3: e % k", "lambda *a: a", "lambda e: e.x"),
    *("lambda e: 1e308 * e", "lambda e: math.exp(e)", "lambda e: -e", "lambda e: (lambda: e)()", "lambda e: 'x' * e"),
    *(
        "__import__('os')",
        "().__class__",
        "open('x')",
        "print(1)",
        "f'{1}'",
        "b'x'",
        "x := 1",
        "*a",
        "**k",
        "yield",
        "@",
    ),
    *("optimizer", "opt", "self.optimizer", "optim.SGD(p, 0.1)", "-> 1", "# no", "\\", ";", "import os", "del x", "\t"),
]
JUNK = [
    *("\0", "\x07", "\x1b[31m", "\x1b]0;t\a", "\r\n", "\u202e", "\u2028", "\ud800", "\udcff", "\udfff\ud800", "\ufeff"),
    *(
        "\u200b",
        "é",
        "学習率",
        "🙂",
        "ﬁ",
        "١٢",
        "²",
        "\u2167",
        "Å",
        "a\u0301" * 9,
        "(" * 150,
        "[" * 90 + "]" * 90,
        "-" * 200,
    ),
    *(
        ")",
        "(",
        ",",
        ",,",
        "=",
        "==",
        ":",
        "::",
        ".",
        "..",
        "%s",
        "$x",
        "$\\frac{$",
        "<script>",
        "`",
        "&&",
        "|",
        "*",
        "~",
    ),
    *(
        "--",
        "-",
        "---",
        "--=",
        "-o",
        "-q",
        "-h",
        "-x",
        "--T_max=",
        "--no-log",
        "@file",
        "@ lr=",
        "?",
        "!",
        "''",
        " ",
        "\n",
    ),
]
NAMES = [name for info in catalogue.all_schedulers() for name in (info.short, info.name)]
OTHER_NAMES = [
    *(
        "cosin",
        "LRScheduler",
        "_LRScheduler",
        "LambdaLR.step",
        "torch.optim.lr_scheduler.StepLR",
        "os.system",
        "nosuch",
    ),
    *("optim.lr_scheduler.OneCycleLR", "x.StepLR", "nosuch.py:make", "nosuch.module:make(1)", "nosuch:", ":make", "9"),
]

LAMBDAS = [word for word in WORDS if word.startswith("lambda")]

noise = st.one_of(st.sampled_from(JUNK), st.text(st.characters(), max_size=6))
number = st.sampled_from(NUMBERS)
value = st.one_of(number, number, number, st.sampled_from(WORDS), noise)
name = st.sampled_from([*NAMES, *NAMES, *OTHER_NAMES])


def mostly(usual: st.SearchStrategy[str], *odd: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """The usual, but for one time in six."""
    return st.integers(0, 5).flatmap(lambda drawn: usual if drawn else st.one_of(odd))


def suitable(parameter: Parameter, depth: int = 0) -> st.SearchStrategy[str]:
    """A value that the parameter may take, in most cases."""
    match parameter.kind:
        case "int":
            return st.sampled_from(["1", "2", "3", "8", "total_steps", "total_steps // 4 + 1", "2 * epochs", "4.0"])
        case "float":
            return st.sampled_from(["0.1", "0.5", "0.9", "1e-3", "1", "lr", "1 / 3", "0.25 if epochs > 2 else 0.5"])
        case "bool":
            return st.sampled_from(["True", "False"])
        case "choice":
            return st.sampled_from([repr(choice) for choice in parameter.choices])
        case "milestones":
            return st.lists(st.integers(1, 9), max_size=3).map(lambda steps: str(sorted(steps)))
        case "per_group":
            return st.sampled_from(["0.1", "lr", "lr / 10", "1e-4", "[0.1, 0.2]", "0.9"])
        case "lr_lambda" | "function":
            return st.sampled_from([*LAMBDAS[:1] * 4, *LAMBDAS])
    parts = st.lists(calls(depth=depth - 1) if depth else st.sampled_from(NAMES), min_size=1, max_size=3)
    return parts.map(lambda schedulers: f"[{', '.join(schedulers)}]")


@st.composite
def calls(draw: st.DrawFn, depth: int = 2) -> str:
    """A scheduler in notation, more or less."""
    if draw(st.integers(0, 9)) == 9:
        return f"{draw(name)}({', '.join(draw(st.lists(value, max_size=4)))})"
    info = draw(st.sampled_from(catalogue.all_schedulers()))
    repeats = draw(st.integers(0, 19)) == 19
    chosen = draw(st.lists(st.sampled_from(info.parameters), max_size=4, unique=not repeats))
    if draw(st.integers(0, 9)):
        chosen += [p for p in info.parameters if p.required and not p.follows and p not in chosen]
    by_position = draw(st.integers(0, 9)) == 9
    written = []
    for parameter in sorted(chosen, key=info.parameters.index):
        given = draw(mostly(suitable(parameter, depth), value))
        written.append(given if by_position else f"{parameter.name}={given}")
    optimizer = draw(st.sampled_from(["", "", "optimizer", "self.opt"]))
    return f"{draw(st.sampled_from([info.short, info.name]))}({', '.join(filter(None, [optimizer, *written]))})"


@st.composite
def broken(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> str:
    """A text with a piece cut out, or with noise put in."""
    text = draw(texts)
    start, stop = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    return text[:start] + draw(st.one_of(noise, value, st.just(""))) + text[stop if draw(st.booleans()) else start :]


FIELDS = {
    **dict.fromkeys(("dataset_size", "batch_size"), COUNTS),  # either needs the other, so they are drawn seldom
    **dict.fromkeys(("epochs", "steps_per_epoch", "grad_accum", "num_processes"), COUNTS),
    "lr": ["0.1", "1", "1e-3,1e-4", "a=1,b=2", "[1, 2]", "a=0.1", "1e-3 * 256 / 1024", "a=,=b", "a=1,a=2", "lr"],
    "interval": ["step", "epoch", "batch"],
    "optimizer": ["SGD", "AdamW", "adam", "RAdam", "Adagrad", "LBFGS", "torch.optim.Muon", "SparseAdam", "sdg"],
    "momentum": ["0", "0.9", "0.5", "1"],
    "metric": ["1 / (1 + epoch)", "0.9,0.8,0.8", "nosuch.csv", "nosuch.csv:loss", "exp(-step)", "1,nan", "lambda e: e"],
}


@st.composite
def fields(draw: st.DrawFn) -> tuple[str, str]:
    """A field of a run and a value for it."""
    field = draw(mostly(st.sampled_from(list(FIELDS)[2:]), st.sampled_from(list(FIELDS)[:2])))
    good = COUNTS[:5] if FIELDS[field] is COUNTS else FIELDS[field]
    return field, draw(mostly(st.sampled_from(good), st.sampled_from(FIELDS[field]), noise))


@st.composite
def with_fields(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> str:
    """A text with fields of a run after an `@`."""
    given = draw(st.lists(fields(), min_size=1, max_size=2, unique_by=lambda pair: pair[0]))
    return f"{draw(texts)} @ {', '.join('='.join(pair) for pair in given)}"


scheduler = mostly(
    st.one_of(calls(), calls(), st.sampled_from(NAMES), with_fields(calls())), broken(calls()), name, noise
)


@st.composite
def option_words(draw: st.DrawFn) -> list[str]:
    """An option of the run or a parameter of some scheduler, with a value, more or less."""
    match draw(st.integers(0, 19)):
        case 16 | 17:
            return ["--let", f"{draw(st.sampled_from(['x', 'n', 'lr', '1', '']))}={draw(value)}"]
        case 18:
            return [draw(st.sampled_from(["--drop-last", "-q", "--quiet=1", "--show", "--label", "--l", "--LR=3"]))]
        case 19:
            return [draw(noise)]
        case drawn if drawn % 4 == 0:
            parameter = draw(st.sampled_from([p for info in catalogue.all_schedulers() for p in info.parameters]))
            return [f"--{parameter.name}", draw(mostly(suitable(parameter), value))]
    field, given = draw(fields())
    return [f"--{field.replace('_', '-')}", given]


def lines(*first: str, words: st.SearchStrategy[str] = scheduler, most: int = 1) -> st.SearchStrategy[list[str]]:
    """Command lines that begin so."""
    sizes = st.lists(words, min_size=1, max_size=most)
    given_options = st.lists(option_words(), max_size=2).map(lambda pairs: [word for pair in pairs for word in pair])
    return st.builds(lambda schedulers, rest: [*first, *schedulers, *rest], sizes, given_options)


@pytest.fixture(scope="module", autouse=True)
def here() -> Iterator[None]:
    """An empty folder to run in, and no home to write to."""
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch, contextlib.chdir(folder):
        patch.setenv("HOME", folder)
        patch.setattr("typer.main.get_command", cache(typer.main.get_command))  # else half of the time goes there
        yield


def run(words: Sequence[str]) -> tuple[int, str, str]:
    """The exit status, stdout and stderr of a command line; no warning may come of it."""
    out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main(words)
    out.flush()
    printed = out.buffer
    assert isinstance(printed, io.BytesIO)
    return status, printed.getvalue().decode(), err.getvalue()


def check(words: Sequence[str]) -> None:
    """Status 0 and data, or status 2 and an error; nothing that steers a terminal; no file but the one asked for."""
    status, out, err = run(words)
    files = [Path(folder) / file for folder, _, names in os.walk(".") for file in names]
    for file in files:
        file.unlink()
    assert not {category(c) for c in err.replace("\n", "")} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert "Traceback" not in err
    if status == 0:
        assert err == "" or not err.startswith("error:")
        return
    assert status == 2
    assert err.startswith("error: ")
    assert err.removeprefix("error: ").split("\n")[0].strip()
    assert out == ""
    assert files == []


SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]  # the first example imports torch


@settings(max_examples=200, suppress_health_check=SLOW)
@given(lines("table", "--format", "csv", "-o", "-"))
@example(["table", "plateau", "--metric", "nosuch\0.csv"])
@example(["table", "plateau", "--metric", "\ud800.csv"])
@example(["table", "cosine(\udcff)"])
def test_one_scheduler(words: list[str]) -> None:
    check(words)


@settings(max_examples=120, suppress_health_check=SLOW)
@given(lines("compare", "--format", "json", "-o", "-", words=scheduler, most=3))
def test_several(words: list[str]) -> None:
    check(words)


@settings(max_examples=80, suppress_health_check=SLOW)
@given(
    lines("plot", "-o", "curve.svg"),
    st.sampled_from([[], ["--log"], ["--style", "dark"], ["--style", "\ud800"], ["--x", "epoch"], ["--size", "3x2"]]),
    st.one_of(st.none(), noise, value),
)
def test_a_figure(words: list[str], look: list[str], title: str | None) -> None:
    check([*words, *look, *([] if title is None else ["--title", title, "--label", title])])


@settings(max_examples=100, suppress_health_check=SLOW)
@given(lines("show"))
def test_a_chart(words: list[str]) -> None:
    check(words)


@settings(max_examples=200, suppress_health_check=SLOW)
@given(st.lists(st.one_of(noise, name, option_words().map(lambda pair: pair[0])), min_size=1, max_size=4))
def test_no_command_at_all(words: list[str]) -> None:
    check(words)


@settings(max_examples=120, suppress_health_check=SLOW)
@given(
    st.sampled_from(["plot", "table", "show", "compare", "schedulers", "presets"]),
    st.lists(st.one_of(noise, option_words().map(lambda pair: pair[0])), max_size=3),
)
def test_no_scheduler(command: str, words: list[str]) -> None:
    check([command, *words])


@settings(max_examples=100, suppress_health_check=SLOW)
@given(
    st.one_of(noise, st.sampled_from(["a.svg", "b.csv", "c/d.json", "e.md", "-", ".png", "f.tar.gz", "g.CSV", "h"])),
    st.one_of(st.none(), noise, st.sampled_from(["csv", "json", "table", "svg"])),
)
@example("\ud800.csv", None)
def test_any_target(path: str, kind: str | None) -> None:
    name = path.replace("/", "_")  # in this folder, and nowhere else
    check(["table", "StepLR(4)", "-o", name, *([] if kind is None else ["--format", kind])])
