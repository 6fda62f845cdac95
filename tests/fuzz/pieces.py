"""What the fuzzer's inputs are made of: pieces of what people write, and pieces of what nobody should."""

from __future__ import annotations

from random import Random

from lrviz.schedulers import Parameter, catalogue

# Whole numbers that make a run are kept below or far above what a run may have.
COUNTS = ["1", "2", "3", "5", "8", "1_0", "2.0", "2 + 1", "0", "-1", "2.5", "1e12", "9" * 400, "nan", "inf", "1j", ""]
NUMBERS = [
    *("0", "1", "2", "4", "8", "0.5", "1e-3", "0.1", "-1", "-0.0", "1e-320", "1e308", "-1e308", "1e400", "2**10"),
    *("nan", "inf", "-inf", "float('nan')", "1j", "0x10", "007", "1__0", "1e", "9" * 25, "9" * 5000, "1/3", "1/0"),
    *("10%", "3ep", "0.5ep", "150%", "1.5%", "9" * 400 + "%", "9" * 400 + "ep", "1e3%", "10 %", "٣%", "0%"),
    *("total_steps", "total_steps // 4", "epochs * steps_per_epoch", "lr", "lr / 10", "lr[0]", "math.pi", "pi"),
    *("10**10**10", "2**1000 * 2**1000", "factorial(500)", "int(1e300)", "round(1, 10**9)", "comb(400, 200)", "-(-1)"),
    *("True", "None", "...", "not 1", "1 if lr else 2", "1 < 2 < 3", "(-8) ** 0.5", "1 << 9999", "~1", "1 or 1/0"),
    *("0x" + "f" * 4000, "0x" + "f" * 90, "-" + "9" * 4301, "0.5if", "1_000", "round()", "round(1, 2, 3)", "log(0)"),
    *(
        "min()",
        "max(3)",
        "min([])",
        "fsum(2)",
        "sqrt(None)",
        "float(None)",
        "int('3')",
        "'a' < 1",
        "[1] < 2",
        "gcd(2.5)",
    ),
]
WORDS = [
    *("'cos'", "'linear'", "'min'", "'rel'", "'exp_range'", "'triangular2'", "'cycle'", '"it\'s"', "'", '"', "'''"),
    *("[1, 2]", "[]", "[[1]]", "(1,)", "[4, 2]", "{1: 2}", "{1, 2}", "{0.1,0.2}", "{}", "{a", "}", "[x for x in y]"),
    *("lambda e: 0.9 ** e", "lambda e: 1 / e", "lambda: 1", "lambda e, k=3: e % k", "lambda *a: a", "lambda e: e.x"),
    *("lambda e: 1e308 * e", "lambda e: math.exp(e)", "lambda e: -e", "lambda e: (lambda: e)()", "lambda e: 'x' * e"),
    *("lambda e: round()", "lambda e: factorial(e / 2)", "lambda e: e < 'a'", "lambda e: log(e)", "lambda e: max(e)"),
    *("__import__('os')", "().__class__", "open('x')", "print(1)", "f'{1}'", "b'x'", "x := 1", "*a", "**k", "yield"),
    *("optimizer", "opt", "self.optimizer", "optim.SGD(p, 0.1)", "-> 1", "# no", "\\", ";", "import os", "del x", "\t"),
    *("{1,2}" * 30, "{1,2}" * 4000, "f\"{'''\\n'''}\"", "async def f(): pass", "@", "= {1,2}", "a.b.c", "cfg['x']"),
]
JUNK = [
    *("\0", "\x07", "\x1b[31m", "\x1b]0;t\a", "\r\n", "\u202e", "\u2028", "\ud800", "\udcff", "\udfff\ud800", "\ufeff"),
    *("\u200b", "é", "学習率", "🙂", "ﬁ", "١٢", "²", "\u2167", "Å", "a\u0301" * 9, "-" * 200, "(" * 150),
    *("[" * 90 + "]" * 90, ")", "(", ",", ",,", "=", "==", ":", "::", ".", "..", "%s", "$x", "$\\frac{$", "<script>"),
    *("`", "&&", "|", "*", "~", "--", "-", "---", "--=", "-o", "-q", "-h", "-x", "--T_max=", "--no-log", "@file"),
    *("@ lr=", "?", "!", "''", " ", "\n", "\n::error title=x::y\n", "\n::warning::", "::set-output name=a::b", "\r::x"),
    *("error: no", "\nerror: no\n", "\nhint: no", "=1+1", "+1", "@SUM(1)", "../x", "/etc/passwd", "/dev/zero", "~/x"),
]
# Of these a text is made that is long; each is repeated up to `LONGEST` characters.
LONG = [
    *" \t\n\\'\"()[]{}#@=,.:;-+a1_é",
    "a ",
    "\\'",
    "a.",
    "a=1,",
    "'a':",
    "lambda ",
    "::",
    "a,",
    "1+",
    "\n::x",
    "{1,",
]
LONGEST = 30_000
LONGEST_BROKEN = 500_000  # of a text with one change, which the next may repeat a hundred times

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
FIELDS = {
    **dict.fromkeys(("epochs", "steps_per_epoch", "grad_accum", "num_processes", "max_steps"), COUNTS),
    "accum_remainder": ["update", "drop", "carry", "keep"],
    "split_batches": ["true", "false"],
    "steps": COUNTS,
    "warmup": ["5%", "1ep", "2", "0", "total_steps // 3", "100%", "-1", "2.5", "9" * 400 + "%", "inf", ""],
    "warmup_start": ["0.1", "1", "0", "2", "nan", "1e-320"],
    "lr": ["0.1", "1", "1e-3,1e-4", "a=1,b=2", "[1, 2]", "a=0.1", "1e-3 * 256 / 1024", "a=,=b", "a=1,a=2", "lr"],
    "interval": ["step", "epoch", "batch"],
    "optimizer": ["SGD", "AdamW", "adam", "RAdam", "Adagrad", "LBFGS", "torch.optim.Muon", "SparseAdam", "sdg"],
    "momentum": ["0", "0.9", "0.5", "1"],
    "metric": ["1 / (1 + epoch)", "0.9,0.8,0.8", "nosuch.csv", "nosuch.csv:loss", "exp(-step)", "1,nan", "lambda e: e"],
    **dict.fromkeys(("dataset_size", "batch_size"), COUNTS),  # either needs the other
    "world_size": COUNTS,  # of a trainer
    "transformers": ["4.44", "5.0", "4", "6.1", "3", "x", ""],  # likewise
}

# Of a figure.
FIGURE = {
    "--from": ["0", "1", "5%", "50%", "1ep", "0.5ep", "-1", "99", "total_steps // 2"],
    "--to": ["1", "5%", "50%", "100%", "1ep", "31", "99", "total_steps // 2"],
    "--ylim": ["0,1", "1e-3,0.1", "-1e308,1e308", "0,5e-324", "1,1.0000000000000002", "1,0", "nan,inf", "1e300,1e308"],
    "--inset": ["warmup", "0:5%", "0:1ep", "1:3", "0:99", "3:1", ":", "0:1:2", "warm"],
    "--annotate": [""],
    "--log": [""],
    "--font": ["DejaVu Sans", "dejavu serif", "No Such Font", "cmr10", "a,b"],
    "--style": ["dark", "cheatsheet,dark", "ggplot,lrviz", "lrviz,", ",", "dark,no.mplstyle", "Solarize_Light2"],
    "--title": ["x" * 3_000, "a\u0301" * 300, "$x$", "two\nlines", "\u202eright", "学習率"],
    "--x": ["epoch", "step", "time"],
    "--dpi": ["20", "300", "1200", "1e3", "0"],
}


class Pieces:
    """Draws pieces; those that fit in most cases."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def one_in(self, times: int) -> bool:
        """True one time in `times`."""
        return self.random.randrange(times) == 0

    def any(self, *choices: str) -> str:
        """One of them."""
        return self.random.choice(choices)

    def noise(self) -> str:
        """Characters that no value has."""
        if self.one_in(3):
            letters = [self.random.choice([0x7F, 0x250, 0x3000, 0x10FFFF]) for _ in range(self.random.randint(0, 6))]
            return "".join(chr(self.random.randrange(most)) for most in letters)
        return self.random.choice(JUNK)

    def long(self) -> str:
        """A long text of one piece."""
        piece = self.any(*LONG)
        return piece * (self.random.randint(100, LONGEST) // len(piece))

    def value(self) -> str:
        """A number, a word or noise."""
        match self.random.randrange(24):
            case 0:
                return self.long() if self.one_in(4) else self.noise()
            case 1 | 2 | 3:
                return self.noise()
            case 4 | 5 | 6 | 7:
                return self.random.choice(WORDS)
        return self.random.choice(NUMBERS)

    def scheduler_name(self) -> str:
        """A scheduler's name, of a scheduler there is in most cases."""
        return self.random.choice(OTHER_NAMES) if self.one_in(8) else self.random.choice(NAMES)

    def suitable(self, parameter: Parameter, depth: int = 0) -> str:
        """A value that the parameter may take."""
        match parameter.kind:
            case "int":
                return self.any("1", "2", "3", "8", "total_steps", "total_steps // 4 + 1", "2 * epochs", "10%", "1ep")
            case "float":
                return self.any("0.1", "0.5", "0.9", "1e-3", "1", "lr", "1 / 3", "0.25 if epochs > 2 else 0.5")
            case "bool":
                return self.any("True", "False")
            case "choice":
                return repr(self.any(*parameter.choices))
            case "milestones":
                return str(sorted(self.random.randint(1, 9) for _ in range(self.random.randint(0, 3))))
            case "per_group":
                return self.any("0.1", "lr", "lr / 10", "1e-4", "[0.1, 0.2]", "0.9")
            case "lr_lambda" | "function":
                return self.random.choice([*LAMBDAS[:1] * 4, *LAMBDAS])
        children = [
            self.call(depth - 1) if depth else self.random.choice(NAMES) for _ in range(self.random.randint(1, 3))
        ]
        return f"[{', '.join(children)}]"

    def call(self, depth: int = 2) -> str:
        """A scheduler in notation, more or less."""
        if self.one_in(10):
            return f"{self.scheduler_name()}({', '.join(self.value() for _ in range(self.random.randint(0, 4)))})"
        info = self.random.choice(catalogue.all_schedulers())
        chosen = self.random.sample(info.parameters, self.random.randint(0, min(4, len(info.parameters))))
        if self.one_in(20):
            chosen += chosen[:1]
        if not self.one_in(10):
            chosen += [p for p in info.parameters if p.required and not p.follows and p not in chosen]
        by_position = self.one_in(10)
        written = [self.any("optimizer", "self.opt")] if self.one_in(2) else []
        for parameter in sorted(chosen, key=info.parameters.index):
            given = self.value() if self.one_in(6) else self.suitable(parameter, depth)
            written.append(given if by_position else f"{parameter.name}={given}")
        return f"{self.any(info.short, info.name)}({', '.join(written)})"

    def field(self) -> tuple[str, str]:
        """A field of a run and a value for it."""
        name = self.random.choice(list(FIELDS) if self.one_in(6) else list(FIELDS)[:-4])
        if self.one_in(8):
            return name, self.random.choice(FIELDS[name]) if self.one_in(2) else self.noise()
        return name, self.random.choice(FIELDS[name][:5] if FIELDS[name] is COUNTS else FIELDS[name])

    def option(self) -> list[str]:
        """An option of the run or a parameter of some scheduler, with a value, more or less."""
        match self.random.randrange(20):
            case 16 | 17:
                return ["--let", f"{self.any('x', 'n', 'lr', '1', '', 'cfg.x', '0.5if', 'x y')}={self.value()}"]
            case 18:
                return [self.any("--drop-last", "-q", "--quiet=1", "--show", "--label", "--l", "--LR=3", "--log")]
            case 19:
                return [self.noise()]
            case drawn if drawn % 4 == 0:
                parameter = self.random.choice([p for info in catalogue.all_schedulers() for p in info.parameters])
                return [f"--{parameter.name}", self.value() if self.one_in(6) else self.suitable(parameter)]
        name, given = self.field()
        return [f"--{name.replace('_', '-')}", given]

    def figure_option(self) -> list[str]:
        """An option of a figure with a value, more or less."""
        name = self.random.choice(list(FIGURE))
        given = self.value() if self.one_in(6) else self.random.choice(FIGURE[name])
        return [name, given] if given else [name]

    def options(self, most: int = 2) -> list[str]:
        """Up to `most` options."""
        return [word for _ in range(self.random.randint(0, most)) for word in self.option()]

    def broken(self, text: str) -> str:
        """A text with one to three changes: a piece left out, repeated, moved, replaced or added."""
        for _ in range(self.random.choice([1, 1, 1, 2, 3])):
            if len(text) > LONGEST_BROKEN:
                break
            start, stop = sorted(self.random.randint(0, len(text)) for _ in range(2))
            stop = min(stop, start + self.random.choice([1, 3, 10, 100, len(text)]))
            inside = text[start:stop]
            match self.random.randrange(8):
                case 0:
                    inside = ""
                case 1:
                    inside *= self.random.choice([2, 3, 100, max(LONGEST // (len(inside) + 1), 1)])
                case 2:
                    inside = inside[::-1]
                case 3:
                    inside = self.value()
                case 4:
                    inside += self.noise()
                case 5:
                    inside += self.value()
                case 6:
                    lines = text.splitlines(keepends=True)
                    self.random.shuffle(lines)
                    return "".join(lines)
                case _:
                    lines = text.splitlines(keepends=True) or [""]
                    at = self.random.randrange(len(lines))
                    lines[at:at] = [self.random.choice(lines)] * self.random.choice([1, 1, 2, 50])
                    text = "".join(lines)
                    continue
            text = text[:start] + inside + text[stop:]
        return text
