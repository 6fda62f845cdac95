"""The kinds of inputs. An input is made from its kind, the seed and its number alone, so that it can be made again."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random

from tests.fuzz import frameworks
from tests.fuzz.pieces import Pieces
from tests.random_runs import random_run

ROOT = Path(__file__).parent.parent.parent
WORK = "work"  # the folder that a command runs in, beside `home` and `tmp`


@dataclass(frozen=True)
class Case:
    """A command line, the files in its folder, and the file or folder that it may write."""

    words: tuple[str, ...]
    files: dict[str, str] = field(default_factory=dict)
    output: str | None = None


def make(kind: str, seed: int, number: int) -> Case:
    """The input of that kind and number."""
    return KINDS[kind](Pieces(Random(f"{seed}-{kind}-{number}")))


# One scheduler or several

NOTATIONS = [
    "cosine",
    "warm-restarts(T_0=4)",
    "SequentialLR([LinearLR(), cosine(T_max=28)], milestones=[4])",
    "LambdaLR(lr_lambda=lambda e: 2 * e)",
    "LambdaLR(opt, [lambda e: e, lambda _: 1])",
    "torch.optim.lr_scheduler.StepLR(optimizer=opt, step_size=total_steps // 4, last_epoch=-1)",
    "CyclicLR(base_lr=0.1, max_lr=1, scale_fn=None, cycle_momentum=False, mode='exp_range')",
    '{"optimizer": opt, "lr_scheduler": {"scheduler": StepLR(opt, step_size=4)}}',
    "cosine(T_max={16, 32}, eta_min={0,1e-5})",
    "cosine @ lr={1e-3,3e-4}",
    "multistep(milestones={[1,2],[3]}) @ epochs=3, lr=[a=1e-4, b=1e-3]",
    "train.py:make(warmup=total_steps // 4)",
    "C:\\code\\train.py:make",
    "plateau @ metric=exp(-epoch / 10), interval=epoch",
]
SCRIPTS = [
    "n = 4\nb = n * 2 + 1\nscheduler = StepLR(opt, step_size=b)\nfor e in range(3):\n    scheduler.step()",
    "a = LinearLR(opt)\nb = StepLR(opt, step_size=4)\ns = [a, b]\nSequentialLR(opt, schedulers=s, milestones=[4])",
    ">>> n = 2\n>>> s = StepLR(\n...     opt, step_size=n + 2\n... )",
    "import torch\nfrom torch import optim\nopt = optim.SGD(model.parameters(), lr=0.1)\ns = cosine(opt)\ns.step()",
    "    warmup = 5\n    scheduler = LambdaLR(opt, lambda e: min(e / warmup, 1.0))\n    return [opt], [scheduler]",
    "self.scheduler: LRScheduler = OneCycleLR(\n    self.opt,\n    max_lr=0.1,\n    total_steps=32,  # (all\n)",
    "f = lambda e, k=3: 0.9 ** (e // k)\nLambdaLR(optimizer, lr_lambda=[f, f])",
    "a0 = 1\na1 = a0 + a0\na2 = a1 + a1 + a0\na3 = a2 + a2 + a1 + a0\nStepLR(opt, step_size=a3)",
    "m = [2, 4, 6]\nMultiStepLR(opt, milestones=m, gamma=max(m) / 10)",
    "'lr_scheduler': StepLR(opt, step_size=4),",
]
WRITES = [
    *[["table", "--format", "csv", "-o", "-"]] * 8,
    ["table", "--format", "json", "-o", "-"],
    ["table", "--format", "md"],
    ["table"],
    ["table", "-o", "rates.tsv"],
    ["show"],
]


def command(pieces: Pieces, text: str, options: Sequence[str]) -> Case:
    """A text in a command that takes it: mostly one that writes numbers, which is quick."""
    if "{" in text or pieces.one_in(12):
        others = [pieces.scheduler_name() for _ in range(pieces.random.randint(0, 2))]
        return Case(("compare", "--format", "json", "-o", "-", text, *others, *options))
    if pieces.one_in(120):
        name = pieces.any("curve.svg", "curve.svg", "curve.png", "curve.pdf", "curve.jpg", "curve.webp")
        return Case(("plot", text, "-o", name, "--size", "3x2", *pieces.figure_option(), *options), output=name)
    first, *rest = pieces.random.choice(WRITES)
    return Case((first, text, *rest, *options), output="rates.tsv" if "rates.tsv" in rest else None)


def notation(pieces: Pieces) -> Case:
    """One scheduler in notation: made by the grammar, or a valid one that is broken."""
    options: list[str] = []
    match pieces.random.randrange(10):
        case 0 | 1 | 2 | 3:
            text = pieces.call()
        case 4:
            name, given = pieces.field()
            text = f"{pieces.call()} @ {name}={given}"
        case 5:
            text = pieces.value()
        case 6:
            run = random_run(pieces.random.randrange(100_000))
            text, options = run.line, ["--epochs", str(run.epochs), "--steps-per-epoch", str(run.steps_per_epoch)]
            text = pieces.broken(text) if pieces.one_in(2) else text
        case 7:
            text = pieces.broken(pieces.call())
        case _:
            text = pieces.broken(pieces.random.choice(NOTATIONS))
    return command(pieces, text, [*options, *pieces.options(1)])


def script(pieces: Pieces) -> Case:
    """Lines pasted from a script."""
    lines = pieces.random.choice([*SCRIPTS, (ROOT / "docs/examples/snippet.txt").read_text(encoding="utf-8")])
    match pieces.random.randrange(6):
        case 0:
            lines = f"{lines}\n{pieces.call()}"
        case 1:
            names = [pieces.any("a", "b", "n", "opt", "epochs", "math", "min", "e") for _ in range(4)]
            lines = "\n".join([*(f"{name} = {pieces.value()}" for name in names), pieces.call()])
        case 2:
            terms = pieces.random.randint(2, 40)
            sums = [f"a{i} = {' + '.join(f'a{j}' for j in range(i))}" for i in range(1, terms)]
            lines = "\n".join(["a0 = " + pieces.value(), *sums, f"StepLR(opt, step_size=a{terms - 1})"])
    if not pieces.one_in(8):
        lines = pieces.broken(lines)
    return command(pieces, lines, pieces.options(1))


def options(pieces: Pieces) -> Case:
    """A command line of any words."""
    commands = ["plot", "table", "show", "compare", "check", "code", "schedulers", "presets", "render"]
    commands += ["--help", "--version", ""]
    words = [pieces.any(*commands[:4]) if not pieces.one_in(6) else pieces.any(*commands, pieces.noise())]
    if words[0] in ("plot", "compare") and not pieces.one_in(20):
        words += ["--format", "csv", "-o", "-"]  # a figure takes long
    words += [pieces.scheduler_name() for _ in range(pieces.random.choice([0, 1, 1, 1, 1, 2]))]
    words += pieces.options(4)
    if pieces.one_in(4):
        choices = ["--size", "--dpi", "--style", "--x", "--title", "--layout", "--columns", "--axes", "--max-curves"]
        choices += ["--from", "--to", "--ylim", "--inset", "--font", "--annotate"]
        given = ["10x5", "1200", "dark", "epoch", "grid", "3", "free", "step", "1e3", pieces.value(), pieces.noise()]
        given += ["5%", "1ep", "0,1", "-1e308,1e308", "warmup", "0:50%", "ggplot,dark", "DejaVu Sans", "no,such"]
        words += [pieces.any(*choices), pieces.any(*given)]
    if pieces.one_in(6):
        name = pieces.any("a.svg", "b.csv", "d.json", "e.md", ".png", "f.tar.gz", "g.CSV", "h", pieces.noise())
        name = name.replace("/", "_").replace("~", "_")  # in this folder, and nowhere else
        return Case(("table", "StepLR(4)", "-o", name, *pieces.options(1)), output=name)
    if words[0] == "render":
        words += ["-o", "out"]
    if pieces.one_in(6):
        words.insert(pieces.random.randint(0, len(words)), pieces.long())
    pieces.random.shuffle(words) if pieces.one_in(10) else None
    return Case(tuple(words), output="*")


# Files

PRESET = """\
about = "two figures"

[defaults]
lr = 0.1
epochs = 3
steps_per_epoch = 4
formats = ["svg"]
size = [3, 2]

[defaults.let]
warmup = 5

[[figure]]
name = "candidates"
title = "Candidates for the next run"
log = true

[[figure.curve]]
label = "step"
scheduler = "MultiStepLR(optimizer, milestones=[3, 6], gamma=0.1)"
interval = "epoch"
lr = { a = 1e-4, b = 1e-3 }

[[figure.curve]]
label = "warm-up, cosine"
scheduler = \"\"\"SequentialLR(optimizer, [
    LinearLR(optimizer, start_factor=0.01, total_iters=warmup),
    CosineAnnealingLR(optimizer, T_max=total_steps - warmup),
], milestones=[warmup])\"\"\"

[[figure]]
name = "one-cycle"
show = "momentum"
layout = "grid"
max_curves = 4

[[figure.curve]]
scheduler = "onecycle(max_lr={0.4, 0.8})"
momentum = 0.9
metric = [0.9, 0.8]
"""
SMALL = """\
[[figure]]
name = "a"
formats = ["svg"]
size = [3, 2]
epochs = 2
steps_per_epoch = 2

[[figure.curve]]
scheduler = "step"
"""


@cache
def keys_of_presets() -> list[str]:
    """The keys of presets, as TOML."""
    from lrviz.presets.keys import TABLES

    return sorted({key.name for keys in TABLES.values() for key in keys})


@cache
def curves_of_presets() -> list[str]:
    """The schedulers of the shipped presets."""
    presets = [tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "presets").glob("*.toml"))]
    return [curve["scheduler"] for preset in presets for figure in preset["figure"] for curve in figure["curve"]]


def preset(pieces: Pieces) -> Case:
    """A preset that is broken."""
    match pieces.random.randrange(4):
        case 0:
            text = pieces.broken(PRESET)
        case 1:
            text = SMALL.replace('"step"', json.dumps(pieces.random.choice(curves_of_presets())))
            text = pieces.broken(text)
        case 2:
            key = pieces.random.choice(keys_of_presets())
            given = " ".join(pieces.figure_option()[1:]) if pieces.one_in(3) else pieces.value()
            shown = pieces.any(given, json.dumps(given), json.dumps(pieces.call()), f"[{given}]", f"{{ a = {given} }}")
            lines = SMALL.splitlines()
            lines.insert(pieces.random.randint(0, len(lines)), f"{key} = {shown}")
            text = "\n".join(lines)
        case _:
            text = SMALL.replace('"step"', json.dumps(pieces.value(), ensure_ascii=False))
    only = ["--only", pieces.any("a", "one-cycle", pieces.noise())] if pieces.one_in(8) else []
    return Case(("render", "p.toml", "-o", "out", *only), {"p.toml": text}, output="out")


METRICS = {
    "val.csv": "epoch,val_loss\n0,0.92\n1,0.71\n2,0.55\n3,0.54\n",
    "val.tsv": "epoch\tval_loss\n0\t0.92\n1\t0.71\n",
    "val.txt": "0.9\n0.8\n0.7\n",
    "val.json": '{"epoch": [0, 1], "val_loss": [0.9, 0.8, 0.7]}',
    "val.jsonl": '{"epoch": 0, "val_loss": 0.9}\n{"epoch": 1, "val_loss": null}\n{"epoch": 2, "val_loss": 0.7}\n',
}


def metric(pieces: Pieces) -> Case:
    """A file of metrics that is broken."""
    name = pieces.any(*METRICS)
    text = METRICS[name]
    text = pieces.broken(text) if not pieces.one_in(6) else pieces.value()
    column = pieces.any("", ":val_loss", ":val_loss", ":", f":{pieces.noise()}")
    words = ("table", "plateau", "--metric", name + column, "--format", "csv", "-o", "-", *pieces.options(1))
    return Case(words, {name: text})


STYLE = """\
# a style
figure.facecolor: "#101418"
axes.prop_cycle: cycler("color", ["#4c72b0", "55a868", "r"]) + cycler(linestyle=["-", "--", ":"])
axes.grid: True
lines.linewidth: 2.5
font.size: 9
font.family: sans-serif
xtick.major.size: 4
savefig.dpi: 100
axes.spines.top: False
"""


def style(pieces: Pieces) -> Case:
    """A style file that is broken."""
    hostile = [
        "axes.prop_cycle: cycler('color', 'a' * 3000000000)",
        "axes.prop_cycle: __import__('os').system('x')",
        "text.usetex: True",
        "backend: nosuch",
        "font.size: 1e9",
        "lines.linewidth: nan",
        f"figure.dpi: {pieces.value()}",
        f"{pieces.value()}: {pieces.value()}",
        "figure.figsize: 1e9, 1e9",
        'axes.facecolor: "#',
    ]
    text = STYLE if pieces.one_in(2) else f"{STYLE}{pieces.any(*hostile)}\n"
    text = pieces.broken(text) if not pieces.one_in(4) else text
    words = ("plot", "step", "--style", "s.mplstyle", "-o", "curve.svg", "--size", "3x2")
    return Case(words, {"s.mplstyle": text}, output="curve.svg")


@cache
def rendered() -> dict[str, str]:
    """The files of a rendered preset; rendered once, before any input is run."""
    import contextlib
    import io
    from tempfile import TemporaryDirectory

    from lrviz.cli import main

    with TemporaryDirectory() as folder, contextlib.chdir(folder):
        Path("p.toml").write_text(SMALL, encoding="utf-8")
        printed = io.TextIOWrapper(io.BytesIO())
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
            assert main(["render", "p.toml", "-o", "out"]) == 0
        files = sorted(path for path in Path().rglob("*") if path.is_file())
        return {str(path): path.read_bytes().decode() for path in files}


def manifest(pieces: Pieces) -> Case:
    """A rendered folder whose manifest, page or CSV is broken, checked or rendered again."""
    files = dict(rendered())
    name = pieces.any("out/manifest.json", "out/manifest.json", "out/manifest.json", *files)
    if name.endswith(".json") and pieces.one_in(2):
        data = json.loads(files[name])
        _change(pieces, data)
        files[name] = json.dumps(data)
    else:
        files[name] = pieces.broken(files[name])
    flags = pieces.any("", "--check", "--check", "--check --format json", "--check --rtol 1", "--prune", "--only a")
    return Case(("render", "p.toml", "-o", "out", *flags.split()), files, output="out")


def _change(pieces: Pieces, data: object) -> None:
    """Change one value somewhere in JSON."""
    hostile: list[object] = [
        *(None, True, -1, 1e308, float("nan"), float("inf"), 10**400, "", [], {}, "../x", "notes.csv", "/etc/passwd"),
        *("\n::error::x", "\x1b[31m", ["a"] * 100, {"a": {"b": {}}}, pieces.noise(), pieces.value()),
    ]
    while isinstance(data, dict | list) and data:
        key = pieces.random.choice(list(data) if isinstance(data, dict) else range(len(data)))
        inside = data[key]
        if pieces.one_in(3) or not isinstance(inside, dict | list) or not inside:
            if pieces.one_in(4):
                del data[key]
            else:
                data[key] = pieces.random.choice(hostile)
            return
        data = inside


def recipe(pieces: Pieces) -> Case:
    """A config file of a framework that is broken."""
    words, files = frameworks.recipe(pieces)
    first, *rest = pieces.random.choice(WRITES)
    words = [first, *words, *rest, *pieces.options(1)]
    return Case(tuple(words), files, output="rates.tsv" if "rates.tsv" in rest else None)


def trainer(pieces: Pieces) -> Case:
    """Arguments of a Trainer, or a scheduler of another package."""
    text, options = frameworks.trainer(pieces)
    return command(pieces, text, [*options, *pieces.options(1)])


KINDS: dict[str, Callable[[Pieces], Case]] = {
    "notation": notation,
    "script": script,
    "options": options,
    "preset": preset,
    "metric": metric,
    "style": style,
    "manifest": manifest,
    "recipe": recipe,
    "trainer": trainer,
}
