"""The notation: what it reads, what it prints, that the one reads the other, and what it refuses."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lrviz.errors import NotationError
from lrviz.notation import Lambda, SchedulerCall, parse, parse_value
from lrviz.text import cells, print_value
from tests.conftest import shown

NAMES: dict[str, Any] = {"total_steps": 32, "epochs": 4, "steps_per_epoch": 8, "lr": 1e-3}


def call(scheduler: str, *args: Any, module: str = "", **kwargs: Any) -> SchedulerCall:
    return SchedulerCall(scheduler, args, tuple(kwargs.items()), module)


def function(source: str) -> Lambda:
    found = parse_value(source, {})
    assert isinstance(found, Lambda)
    return found


STEP = call("StepLR", step_size=4)

READ: dict[str, tuple[str, SchedulerCall]] = {
    "a short name": ("cosine", call("cosine")),
    "a short name with a dash": ("warm-restarts", call("warm-restarts")),
    "a short name that is a keyword": ("lambda", call("lambda")),
    "a short name, called": ("warm-restarts(T_0=4)", call("warm-restarts", T_0=4)),
    "a keyword, called": ("lambda(lambda e: e)", call("lambda", function("lambda e: e"))),
    "a class name": ("StepLR", call("StepLR")),
    "no arguments": ("LinearLR()", call("LinearLR")),
    "by position": ("StepLR(4, 0.5)", call("StepLR", 4, 0.5)),
    "by name": ("StepLR(gamma=0.5, step_size=4)", call("StepLR", gamma=0.5, step_size=4)),
    "a module path": (
        "torch.optim.lr_scheduler.StepLR(4)",
        call("StepLR", 4, module="torch.optim.lr_scheduler"),
    ),
    "optimizer by position": ("StepLR(optimizer, 4)", call("StepLR", 4)),
    "optimizer by name": ("StepLR(optimizer=opt, step_size=4)", STEP),
    "optimizer of self": ("StepLR(self.optimizer, step_size=4)", STEP),
    "optimizer with a suffix": ("StepLR(optimizer_G, step_size=4)", STEP),
    "optimizer of a list": ("StepLR(self.optimizers[0], step_size=4)", STEP),
    "optimizer by method": ("StepLR(self.optimizers(), step_size=4)", STEP),
    "optimizer made there": ("StepLR(torch.optim.SGD(model.parameters(), lr=0.1), step_size=4)", STEP),
    "optimizer called opt": ("StepLR(opt, step_size=4)", STEP),
    "optimizer after the children": (
        "ChainedScheduler([StepLR(opt, step_size=4)], opt)",
        call("ChainedScheduler", (STEP,)),
    ),
    "optimizer after the children, by name": (
        "ChainedScheduler([StepLR(opt, step_size=4)], optimizer=opt)",
        call("ChainedScheduler", (STEP,)),
    ),
    "last_epoch at its default": ("StepLR(opt, step_size=4, last_epoch=-1)", STEP),
    "an assignment": ("scheduler = StepLR(opt, step_size=4)", STEP),
    "an assignment with a type": ("scheduler: LRScheduler = StepLR(opt, step_size=4)", STEP),
    "an assignment to self": ("self.scheduler = StepLR(opt, step_size=4)", STEP),
    "a return": ("return StepLR(opt, step_size=4)", STEP),
    "Lightning's return": ("return [optimizer], [StepLR(optimizer, step_size=4)]", STEP),
    "a comma at the end": ("StepLR(step_size=4),", STEP),
    "a comment at the end": ("StepLR(step_size=4)  # (four", STEP),
    "a comma and a comment": ("scheduler = StepLR(step_size=4),  # four", STEP),
    "a comma inside": ("StepLR(\n    opt,\n    step_size=4,\n)", STEP),
    "a dict's key": ("'lr_scheduler': StepLR(opt, step_size=4),", STEP),
    "a dict": ('{"scheduler": StepLR(opt, step_size=4), "interval": "step"}', STEP),
    "a dict in a dict": ('{"optimizer": opt, "lr_scheduler": {"scheduler": StepLR(opt, step_size=4)}}', STEP),
    "indented lines": ("    scheduler = StepLR(\n        opt, step_size=4\n    )", STEP),
    "lines of which the first has lost its indentation": ("n = 4\n    StepLR(opt, step_size=n)", STEP),
    "a backslash": ("StepLR(opt, \\\n step_size=4)", STEP),
    "a doctest": (">>> n = 2\n>>> s = StepLR(\n...     opt, step_size=n + 2\n... )", STEP),
    "Windows lines": ("n = 4\r\nStepLR(opt, step_size=n)\r\n", STEP),
    "a semicolon": ("n = 4; StepLR(opt, step_size=n)", STEP),
    "names of the run": ("StepLR(total_steps // steps_per_epoch, lr * 2)", call("StepLR", 4, 2e-3)),
    "names of the lines before": ("a = 2\nb = a * 2\nStepLR(opt, step_size=b)", STEP),
    "a line before wins over a name of the run": (
        "epochs = 90\nStepLR(opt, step_size=epochs)",
        call("StepLR", step_size=90),
    ),
    "the scheduler by its name": ("scheduler = StepLR(opt, step_size=4)\nscheduler", STEP),
    "the last of several": ("StepLR(opt, 2)\nStepLR(opt, step_size=4)", STEP),
    "lines of other things after it": ("s = StepLR(opt, step_size=4)\nnum_epochs = 90\nloader = DataLoader(x)", STEP),
    "imports, a loop, a step": (
        "import torch\nfrom torch import optim\ns = StepLR(opt, step_size=4)\nfor e in [1]:\n    s.step()\ns.step()",
        STEP,
    ),
    "children": (
        "SequentialLR([LinearLR(), cosine(T_max=28)], milestones=[4])",
        call("SequentialLR", (call("LinearLR"), call("cosine", T_max=28)), milestones=(4,)),
    ),
    "children without brackets": (
        "sequential([linear, warm-restarts, lambda], (4, 8))",
        call("sequential", (call("linear"), call("warm-restarts"), call("lambda")), (4, 8)),
    ),
    "children of the lines before": (
        "a = LinearLR(opt)\nb = StepLR(opt, step_size=4)\ns = [a, b]\nSequentialLR(opt, schedulers=s, milestones=[4])",
        call("SequentialLR", schedulers=(call("LinearLR"), STEP), milestones=(4,)),
    ),
    "children made in another order, where it does not count": (
        "b = StepLR(opt, step_size=4)\na = LinearLR(opt)\nSequentialLR(opt, [a, b], [4])",
        call("SequentialLR", (call("LinearLR"), STEP), (4,)),
    ),
    "children made in the order they are listed in, the last on the spot": (
        "a = LinearLR(opt)\nb = chained([a])\nchained([b, StepLR(opt, step_size=4)])",
        call("chained", (call("chained", (call("LinearLR"),)), STEP)),
    ),
    "children inside children": (
        "chained([sequential([StepLR(opt, step_size=4)], []), linear])",
        call("chained", (call("sequential", (STEP,), ()), call("linear"))),
    ),
    "a lambda": ("LambdaLR(lr_lambda=lambda e: 2 * e)", call("LambdaLR", lr_lambda=function("lambda e: 2 * e"))),
    "lambdas": (
        "LambdaLR(opt, [lambda e: e, lambda _: 1])",
        call("LambdaLR", (function("lambda e: e"), function("lambda _: 1"))),
    ),
    "a lambda of the lines before": ("f = lambda e: e\nLambdaLR(opt, f)", call("LambdaLR", function("lambda e: e"))),
    "a lambda with the run's names": (
        "LambdaLR(lambda e: e / total_steps)",
        call("LambdaLR", function("lambda e: e / 32")),
    ),
    "a lambda with names of the lines before": (
        "w = 5\nLambdaLR(opt, lambda e: min(e / w, w))",
        call("LambdaLR", function("lambda e: min(e / 5, 5)")),
    ),
    "a lambda with a default": ("LambdaLR(lambda e, k=3: e * k)", call("LambdaLR", function("lambda e: e * 3"))),
    "a lambda whose argument has a name of the run": (
        "LambdaLR(lambda epochs: epochs)",
        call("LambdaLR", function("lambda epochs: epochs")),
    ),
    "None, True, text": (
        "CyclicLR(scale_fn=None, cycle_momentum=False, mode='exp_range')",
        call("CyclicLR", scale_fn=None, cycle_momentum=False, mode="exp_range"),
    ),
    "non-ASCII": ("scheduler_é = StepLR(opt, step_size=4)  # 学習率", STEP),
}


@pytest.mark.parametrize(("text", "expected"), READ.values(), ids=READ.keys())
def test_read(text: str, expected: SchedulerCall) -> None:
    assert parse(text, NAMES) == expected


VALUES: dict[str, tuple[str, Any]] = {
    "a whole number": ("32", 32),
    "a float": ("1e-3", 1e-3),
    "underscores": ("1_000", 1000),
    "hexadecimal": ("0x10", 16),
    "arithmetic": ("-2 ** 2 + 7 // 2 % 2 - 3 / 4", -(2**2) + 7 // 2 % 2 - 3 / 4),
    "a comparison": ("1 < 2 <= 2 != 3", True),
    "a comparison that ends early": ("1 > 2 < 1 / 0", False),
    "and, or, not": ("not 0 and (0 or 5)", 5),
    "a choice": ("3 if total_steps > 5 else 1 / 0", 3),
    "functions": ("max(min(3, 5), abs(-2)) + round(2.567, 1) + int(3.9) + float(2)", 3 + 2.6 + 3 + 2.0),
    "functions of a list": ("min([4, 2, 3]) + max((1, 2))", 4),
    "math": ("math.sqrt(16) + math.pi", 4 + math.pi),
    "math without its name": ("cos(math.pi) + log10(100) + ceil(1.2)", -1.0 + 2.0 + 2),
    "factorial": ("factorial(5)", 120),
    "a list": ("[8, 24]", (8, 24)),
    "a list without brackets": ("8, 24, 28", (8, 24, 28)),
    "a comma at the end": ("8,", 8),
    "a tuple": ("(8, 24)", (8, 24)),
    "an empty list": ("[]", ()),
    "a list of arithmetic": ("[total_steps // 2, 3 * total_steps // 4]", (16, 24)),
    "text": ("'cos'", "cos"),
    "text in pieces": ("'co' 's'", "cos"),
    "infinity": ("float('inf')", math.inf),
    "None": ("None", None),
    "a scheduler in a list": ("[linear, StepLR(4)]", (call("linear"), call("StepLR", 4))),
    "a comment": ("3  # three", 3),
    "brackets": ("((3))", 3),
    "the largest whole number": (f"{2**1023 - 1}", 2**1023 - 1),
}


@pytest.mark.parametrize(("text", "expected"), VALUES.values(), ids=VALUES.keys())
def test_value(text: str, expected: Any) -> None:
    found = parse_value(text, NAMES)
    assert found == expected
    assert type(found) is type(expected)


PRINTED: dict[str, tuple[Any, str]] = {
    "a small rate": (1e-3, "1e-3"),
    "a rate with digits": (0.00025, "2.5e-4"),
    "a rate that is shorter plain": (0.0025, "0.0025"),
    "a hundredth": (0.01, "0.01"),
    "a fraction": (0.5, "0.5"),
    "a whole float": (32.0, "32.0"),
    "a large float": (1e16, "1e16"),
    "a huge float": (1e300, "1e300"),
    "the smallest float": (5e-324, "5e-324"),
    "a negative rate": (-0.00025, "-2.5e-4"),
    "a third": (1 / 3, "0.3333333333333333"),
    "zero": (0.0, "0.0"),
    "infinity": (math.inf, "float('inf')"),
    "no number": (math.nan, "float('nan')"),
    "a whole number": (10000, "10000"),
    "True": (True, "True"),
    "None": (None, "None"),
    "text": ("cos", "'cos'"),
    "text with quotes": ('it\'s "x"\n', "'it\\'s \"x\"\\n'"),
    "a list": ((8, 24), "[8, 24]"),
    "an empty list": ((), "[]"),
    "a lambda": (function("lambda e:  0.95**e"), "lambda e: 0.95 ** e"),
    "a scheduler": (call("StepLR", 4, gamma=1e-3), "StepLR(4, gamma=1e-3)"),
    "a scheduler of a module": (call("StepLR", module="torch.optim"), "torch.optim.StepLR()"),
    "a composite": (
        call("SequentialLR", schedulers=(call("linear"), call("lambda", function("lambda e: e"))), milestones=(4,)),
        "SequentialLR(schedulers=[linear(), lambda(lambda e: e)], milestones=[4])",
    ),
}


@pytest.mark.parametrize(("value", "text"), PRINTED.values(), ids=PRINTED.keys())
def test_printed(value: Any, text: str) -> None:
    assert print_value(value) == text


# Whatever is printed reads back equal.

numbers = st.floats(allow_nan=False) | st.integers(-(2**1023) + 1, 2**1023 - 1)
texts = st.text(max_size=12)
lambdas = st.sampled_from(
    [
        function("lambda e: 0.95 ** e"),
        function("lambda step: min((step + 1) ** -0.5, (step + 1) * 4000 ** -1.5)"),
        function("lambda x: (x > 3 and 2) or -x if not x else float('inf')"),
        function("lambda e: (-3) ** 2 - (1 - (2 - e)) / (e * (e / 3)) % 2"),
        function("lambda e: 1e-9 if 0 < e <= 10 != 3 else math.cos(math.pi * e) + 1e308 * 10"),
    ]
)
scalars = st.none() | st.booleans() | numbers | texts | lambdas
parameters = st.sampled_from(["T_max", "gamma", "mode", "x1", "_y", "é"])


def calls(children: st.SearchStrategy[Any]) -> st.SearchStrategy[SchedulerCall]:
    values = scalars | st.lists(scalars | children, max_size=3).map(tuple)
    return st.builds(
        lambda path, args, kwargs: SchedulerCall(path.rpartition(".")[2], args, kwargs, path.rpartition(".")[0]),
        st.sampled_from(["StepLR", "sched.OtherLR", "torch.optim.X", "cosine", "warm-restarts", "lambda"]),
        st.lists(values, max_size=3).map(tuple),
        st.dictionaries(parameters, values, max_size=3).map(lambda given: tuple(given.items())),
    )


nested_calls = st.recursive(calls(st.nothing()), calls, max_leaves=8)


@given(nested_calls)
@example(call("StepLR", -0.0))
@example(call("StepLR", 2**1023 - 1, 1.7976931348623157e308, 5e-324, 0.1 + 0.2, 1e22, 123456789.0))
@example(call("cosine", "it's", 'a "b"', "\\", "\n\r\t\0", "\ud800", "'''", "{x}", "warm-restarts", "(lambda)"))
@example(call("cosine", mode="# no comment"))
def test_what_is_printed_reads_back(scheduler: SchedulerCall) -> None:
    text = str(scheduler)
    again = parse(text, NAMES, own=True)
    assert again == scheduler
    assert str(again) == text
    assert repr(again) == repr(scheduler)  # 1 == 1.0 == True, and -0.0 == 0.0


@given(st.floats(allow_nan=False))
def test_a_printed_float_reads_back(value: float) -> None:
    assert repr(parse_value(print_value(value), {})) == repr(value)


# A lambda gives what Python's own gives.

literals = st.one_of(
    st.integers(-50, 50).map(str),
    st.floats(-100, 100).map(repr),
    st.sampled_from(["e", "e", "e", "total_steps", "lr", "math.pi", "math.e", "True", "1e-3"]),
)


def operations(inside: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} {} {})".format, inside, st.sampled_from(["+", "-", "*", "/", "//", "%", "**"]), inside),
        st.builds("({} {} {})".format, inside, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), inside),
        st.builds("({} < {} <= {})".format, inside, inside, inside),
        st.builds("({} {} {})".format, inside, st.sampled_from(["and", "or"]), inside),
        st.builds("({} and {} or {})".format, inside, inside, inside),
        st.builds("({}{})".format, st.sampled_from(["-", "+", "not ", "--"]), inside),
        st.builds("({} if {} else {})".format, inside, inside, inside),
        st.builds(
            "{}({})".format, st.sampled_from(["abs", "int", "float", "round", "sqrt", "math.exp", "cos"]), inside
        ),
        st.builds("{}({}, {})".format, st.sampled_from(["min", "max", "math.pow", "hypot"]), inside, inside),
        st.builds("round({}, {})".format, inside, st.integers(-3, 8)),
        st.builds(
            "{}([{}, {}, {}])".format, st.sampled_from(["min", "max", "math.fsum", "prod"]), inside, inside, inside
        ),
    )


expressions = st.recursive(literals, operations, max_leaves=12)


def outcome(run: Any) -> str:
    """What a function gives, or that it fails, or that lrviz refuses: powers too large, complex numbers."""
    try:
        return repr(run())
    except (ArithmeticError, ValueError, TypeError):
        return "fails"
    except NotationError:
        return "refuses"


@given(expressions, st.integers(0, 1000))
@example("e ** 0.5 if e else -0.0", 0)
@example("min(e, 0.0)", 0)
@example("round(e / 2)", 5)
@example("-e ** 2", 3)
@example("(e > 3) + True", 7)
def test_a_lambda_gives_what_python_gives(expression: str, step: int) -> None:
    try:
        ours = parse_value(f"lambda e: {expression}", NAMES)
    except NotationError as error:
        if "bits" in error.message:  # a whole number that no rate needs
            return
        raise
    found = outcome(lambda: ours(step))
    again = parse_value(str(ours), {})
    assert outcome(lambda: again(step)) == found
    if found == "refuses":
        return
    names = {**vars(math), "math": math, **NAMES}
    python = eval(f"lambda e: {expression}", names)  # noqa: S307 - arithmetic made by this test
    assert found == outcome(lambda: python(step))


# What is refused: the text, what is said of it, and where the caret points in the line that is shown.

ANOTHER_ORDER = "the schedulers of `{}` are not created in the order of the list, which changes the rates"

REFUSED: dict[str, tuple[str, str, str]] = {
    "nothing": ("", "empty notation", ""),
    "blanks": (" \n\t ", "empty notation", ""),
    "a comment alone": ("# cosine", "empty notation", ""),
    "an import alone": ("import os", "no scheduler here", "import os"),
    "a class": ("class A:\n    pass", "no scheduler here", "class A"),
    "a name that means itself": ("n = n + 1\nStepLR(n)", "unknown name `n`", "n + 1"),
    "a lookup": ("StepLR(step_size=cfg.step)", "unknown value `cfg.step`", "cfg.step"),
    "an item": ("x = 1\nStepLR(cfg['step'])", "unknown value `cfg['step']` on line 2", "cfg['step']"),
    "open": ("StepLR(open('/etc/passwd'))", "unknown value `open('/etc/passwd')`", "open("),
    "eval": ("StepLR(eval('1'))", "unknown value `eval('1')`", "eval("),
    "a dunder inside": (
        "StepLR(__import__('os').getpid())",
        "unknown value `__import__('os').getpid()`",
        "__import__",
    ),
    "a call of a dunder": ("__import__('os')", "`__import__` is not part of the notation", "__import__"),
    "an attribute of a tuple": ("().__class__", "`().__class__` is not a scheduler's name", "().__class__"),
    "an attribute of a class": ("StepLR.__init__", "`StepLR.__init__` is not part of the notation", "StepLR.__init__"),
    "an attribute of text": ("StepLR(step_size='é'.x)", "`'é'.x` is not part of the notation", "'é'.x"),
    "a lambda of the powers": ("lambda e: 9**9**9**9", "`lambda e: 9 ** 9 ** 9 ** 9` is not a scheduler", "lambda e"),
    "a power of powers": ("StepLR(9**9**9**9)", "the power 9 ** 387420489 is too large", "9**9**9)"),
    "a huge power": ("StepLR(2**2000)", "the power 2 ** 2000 is too large", "2**2000"),
    "a negative root": ("StepLR(gamma=(-1)**0.5)", "(-1) ** 0.5 is a complex number", "(-1)**0.5"),
    "a complex number": ("StepLR(4, gamma=1j)", "`1j` is not part of the notation", "1j"),
    "a division by zero": ("StepLR(4 // 0)", "`4 // 0` cannot be computed: division by zero", "4 // 0"),
    "an overflow": ("StepLR(exp(1000))", "`exp(1000)` cannot be computed: the result is too large", "exp(1000)"),
    "a root of nothing": (
        "StepLR(2 * sqrt(-1))",
        "`sqrt(-1)` cannot be computed: `sqrt` is not defined for -1",
        "sqrt(-1)",
    ),
    "a huge factorial": (
        "StepLR(factorial(10**6))",
        "`factorial` takes numbers up to 500 here, got 1000000",
        "factorial",
    ),
    "huge combinations": ("StepLR(comb(9999, 5000))", "`comb` takes numbers up to 500 here, got 9999, 5000", "comb"),
    "many digits": ("StepLR(round(1.5, -10**9))", "`round` takes up to 400 digits here, got -1000000000", "round"),
    "a product of large numbers": (
        f"StepLR({'*'.join(['9**300'] * 9)})",
        "`9 ** 300 * 9 ** 300 * 9 ** 30...** 300 * 9 ** 300 * 9 ** 300` may give an integer of over 8,192 bits",
        "9**300*",
    ),
    "a large product in a lambda": (
        f"LambdaLR(lambda e: e * prod([{', '.join(['9**300'] * 9)}]))",
        "`prod([9 ** 300, 9 ** 300, 9 *...** 300, 9 ** 300, 9 ** 300])` may give an integer of over 8,192 bits",
        "prod",
    ),
    "a number beyond floats": ("StepLR(2**1000 * 2**24)", "the power 2 ** 1000 is too large", "2**1000"),
    "a sum beyond floats": (
        "StepLR(9**323 + 9**323)",
        "the power 9 ** 323 is too large",
        "9**323",
    ),
    "a literal beyond floats": (f"StepLR({'9' * 309})", f"`{'9' * 29}...{'9' * 28}` is too large a number", "999"),
    "a number with thousands of digits": (
        f"StepLR({'9' * 5000})",
        "cannot read the notation: a number in it has thousands of digits",
        "",
    ),
    "text times a number": ("StepLR('a'*10**9)", "`'a'` is not a number", "'a'*"),
    "a number times text": ("LambdaLR(lambda e: 10**9 * 'a')", "`'a'` is not a number", "'a'"),
    "a list times a number": ("StepLR([1]*10**9)", "`[1]` is not a number", "[1]*"),
    "text that a function lets through": ("StepLR(min('ab', 'b') * 10**9)", "`'ab'` is not a number", "'ab'"),
    "a list that a function lets through": (
        "StepLR(max((1, 2), (2, 3)) * 10**9)",
        "`(1, 2)` is not a number",
        "(1, 2)",
    ),
    "text in a product": ("StepLR(prod(['a', 10**9]))", "`'a'` is not a number", "'a'"),
    "text that `or` lets through": ("LambdaLR(lambda e: (e or 'a') * 10**9)", "`'a'` is not a number", "'a'"),
    "text that a choice lets through": ("StepLR((3 if lr > 1 else 'a') * 10**9)", "`'a'` is not a number", "'a'"),
    "a lambda that gives text": ("LambdaLR(lambda e: 'a')", "`'a'` is not a number", "'a'"),
    "a lambda that gives None": ("LambdaLR(lambda e: None)", "`None` is not a number", "None"),
    "a lambda that gives a list": ("LambdaLR(lambda e: [1])", "`[1]` is not a number", "[1]"),
    "format of text": ("StepLR('%1000000000d' % 1)", "`'%1000000000d'` is not a number", "'%1000000000d'"),
    "a list in a list": ("MultiStepLR([[1, 2], 3])", "`[1, 2]` is a list inside a list", "[1, 2]"),
    "lists of lists, line by line": (
        "a=[1,1]\nb=[a,a]\nMultiStepLR(b)",
        "`MultiStepLR(b)` has a list inside a list",
        "MultiStepLR",
    ),
    "bytes": ("StepLR(b'a')", "`b'a'` is not part of the notation", "b'a'"),
    "a dict": ("StepLR({1: 2})", "`{1: 2}` is not part of the notation", "{1: 2}"),
    "an ellipsis": ("StepLR(...)", "`...` is not part of the notation", "..."),
    "a slice": ("StepLR(a[1:2])", "`a[1:2]` is not part of the notation", "a[1:2]"),
    "await": ("StepLR(await x)", "`await x` is not part of the notation", "await x"),
    "yield": ("StepLR((yield))", "`(yield)` is not part of the notation", "yield"),
    "a matrix product": ("StepLR(3 @ 4)", "`3 @ 4` is not part of the notation", "3 @ 4"),
    "a keyword of a function": ("StepLR(min(3, key=abs))", "unknown value `min(3, key=abs)`", "min("),
    "a function without arguments": (
        "StepLR(min())",
        "`min` takes a list of numbers, or two numbers or more, got no arguments",
        "min()",
    ),
    "a function that is not called": ("LambdaLR(sqrt)", "`sqrt` is a function", "sqrt"),
    "a lambda of two arguments": (
        "LambdaLR(lambda e, f: e)",
        "a lambda takes one argument here, got `lambda e, f: e`",
        "lambda",
    ),
    "a lambda without": ("LambdaLR(lambda: 1)", "a lambda takes one argument here, got `lambda: 1`", "lambda"),
    "a lambda with a star": ("LambdaLR(lambda *e: 1)", "a lambda takes one plain argument here", "lambda"),
    "an unknown name": ("StepLR(step_size=warmup)", "unknown name `warmup`", "warmup"),
    "an unknown name in a lambda": ("LambdaLR(lambda e: e / warmup)", "unknown name `warmup`", "warmup"),
    "a name given twice": ("StepLR(gamma=1, gamma=2)", "`gamma` is given twice", "gamma=2"),
    "one scheduler in two places": (
        "s = StepLR(opt, 4)\nSequentialLR(opt, [s, s], [4])",
        "`s` is used twice: torch would step the same scheduler twice",
        "SequentialLR",
    ),
    "one scheduler by two names": (
        "s = StepLR(opt, 4)\nt = s\nSequentialLR(opt, [s, t], [4])",
        "`s` is used twice: torch would step the same scheduler twice",
        "SequentialLR",
    ),
    "schedulers at once, made in another order": (
        "a = LambdaLR(opt, lambda e: 1)\nb = LinearLR(opt)\nChainedScheduler([b, a])",
        ANOTHER_ORDER.format("ChainedScheduler"),
        "ChainedScheduler",
    ),
    "schedulers at once, one made on the spot": (
        "a = LinearLR(opt)\nChainedScheduler([LambdaLR(opt, lambda e: 1), a])",
        ANOTHER_ORDER.format("ChainedScheduler"),
        "ChainedScheduler",
    ),
    "schedulers in turn, made in another order, with one that sets the rate": (
        "a = OneCycleLR(opt, 1e-3, 32)\nb = LinearLR(opt)\ns = SequentialLR(opt, [b, a], [4])",
        ANOTHER_ORDER.format("SequentialLR"),
        "SequentialLR",
    ),
    "schedulers inside schedulers, made in another order": (
        "a = LinearLR(opt)\nb = StepLR(opt, 4)\nc = SequentialLR(opt, [a], [])\nChainedScheduler([c, b])",
        ANOTHER_ORDER.format("ChainedScheduler"),
        "ChainedScheduler",
    ),
    "a number": ("32", "`32` is not a scheduler", "32"),
    "text": ("'cosine'", "`'cosine'` is not a scheduler", "'cosine'"),
    "an assigned number": ("x = 3", "`3` is not a scheduler", "3"),
    "a list of schedulers": ("[cosine, step]", "`[cosine, step]` is not a scheduler", "[cosine"),
    "a choice of schedulers": ("cosine if 1 else step", "`cosine if 1 else step` is not a scheduler", "cosine if"),
    "an item of a scheduler": ("StepLR(4)[0]", "`StepLR(4)[0]` is not a scheduler", "StepLR(4)[0]"),
    "a scheduler in a scheduler's place for a number": (
        "StepLR(cosine(3))",
        "`cosine(3)` is not part of the notation",
        "cosine(3)",
    ),
    "an open bracket": ("cosine(T_max=", "cannot read the notation: '(' was never closed", "(T_max="),
    "a closed bracket too many": ("cosine(T_max=4))", "cannot read the notation: unmatched ')'", ")"),
    "the wrong bracket": (
        "cosine(T_max=4]",
        "cannot read the notation: closing parenthesis ']' does not match opening parenthesis '('",
        "]",
    ),
    "two calls": ("StepLR(4) StepLR(5)", "cannot read the notation: invalid syntax", "StepLR(5)"),
    "a missing value": ("StepLR(step_size=", "cannot read the notation: '(' was never closed", "(step_size="),
    "a position after a name": (
        "StepLR(gamma=1, 4)",
        "cannot read the notation: positional argument follows keyword argument",
        ")",
    ),
    "a quote that does not end": (
        "CyclicLR(mode='exp)",
        "cannot read the notation: unterminated string literal (detected at line 1)",
        "'exp)",
    ),
    "a null byte": ("StepLR(\x004)", "cannot read the notation: it contains a null byte", "\\x004)"),
    "a null byte on a later line": (
        "n = 4\nStepLR(n\x00)",
        "cannot read the notation: it contains a null byte",
        "\\x00)",
    ),
    "an odd character": ("StepLR(4·5)", "cannot read the notation: invalid character '·' (U+00B7)", "·5"),
    "the second line": ("n = 4\nStepLR(n, gamma=oops)", "unknown name `oops` on line 2", "oops"),
    "the fourth line, indented": (
        "    scheduler = StepLR(\n        opt,\n        step_size=4,\n        gamma=oops,\n    )",
        "unknown name `oops`",
        "oops",
    ),
    "after non-ASCII": ("CyclicLR(mode='学習率é', max_lr=oops)", "unknown name `oops`", "oops"),
    "after non-ASCII, in Python's own parser": (
        "CyclicLR(mode='学習率é', max_lr=1 2)",
        "cannot read the notation: invalid syntax. Perhaps you forgot a comma?",
        "1 2",
    ),
    "None after non-ASCII": ("LambdaLR(lambda é: é ** None)", "`None` is not a number", "None"),
    "after non-ASCII on a later line": ("n = '学'\nStepLR(  'é', oops)", "unknown name `oops` on line 2", "oops"),
    "after a short name that is a keyword": ("lambda(3, oops)", "unknown name `oops`", "oops"),
    "after a short name with a dash": ("warm-restarts(T_0=3, x=é)", "unknown name `é`", "é"),
    "far to the right": (f"StepLR({'1 + ' * 60}oops)", "unknown name `oops`", "oops"),
    "deep brackets": ("(" * 10_000 + ")" * 10_000, "brackets are nested 10,000 deep; 100 is the limit", ""),
    "deep lists": (f"StepLR({'[' * 5000}{']' * 5000})", "brackets are nested 5,001 deep; 100 is the limit", ""),
    "open brackets": ("StepLR" + "(" * 10_000, "brackets are nested 10,000 deep; 100 is the limit", ""),
    "minus signs": (f"StepLR({'-' * 20_000}1)", "nested more than 100 levels deep", ""),
    "two hundred minus signs": (f"StepLR({'-' * 200}1)", "nested more than 100 levels deep", ""),
    "a long sum": (f"StepLR({'1+' * 30_000}1)", "nested more than 100 levels deep", ""),
    "a sum of two hundred": (f"StepLR({'1+' * 200}1)", "nested more than 100 levels deep", ""),
    "attributes without end": (f"a{'.a' * 20_000}()", "nested more than 100 levels deep", ""),
    "choices without end": (
        f"StepLR({'1 if 1 else ' * 5000}1)",
        "nested more than 100 levels deep",
        "",
    ),
    "lambdas without end": (
        f"LambdaLR({'lambda e:' * 5000}1)",
        "nested more than 100 levels deep",
        "",
    ),
    "too long": (f"StepLR({'a' * 200_000})", "the notation is 200,008 characters long; 100,000 is the limit", ""),
}


def caret(message: str) -> tuple[str, str]:
    """The first line of a message, and what its caret points at."""
    first, *lines = message.split("\n    ")
    if not lines:
        return first, ""
    line, below = lines
    assert below.strip() == "^"
    column = next(i for i in range(len(line) + 1) if cells(line[:i]) == len(below) - 1)
    return first, line[column:]


@pytest.mark.parametrize(("text", "message", "place"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(text: str, message: str, place: str) -> None:
    with pytest.raises(NotationError) as caught:
        parse(text, NAMES)
    first, pointed = caret(shown(caught.value))
    assert first == message
    assert pointed.startswith(place)
    assert bool(pointed) == bool(place)


REFUSED_VALUES: dict[str, tuple[str, str, str]] = {
    "nothing": ("", "empty value", ""),
    "a comment": ("# 3", "empty value", ""),
    "an assignment": ("x = 3", "`x = 3` is not a value", "x = 3"),
    "two lines": ("3\n4", "`4` is not a value", "4"),
    "a scheduler": ("StepLR(4)", "`StepLR(4)` is not part of the notation", "StepLR(4)"),
    "a short name": ("cosine", "unknown name `cosine`", "cosine"),
    "a function": ("math.sqrt", "`math.sqrt` is not part of the notation", "math.sqrt"),
    "a shell's word": ("$HOME", "cannot read the notation: invalid syntax", "$HOME"),
    "an address": ("https://a", "cannot read the notation: invalid syntax", "//a"),
}


@pytest.mark.parametrize(("text", "message", "place"), REFUSED_VALUES.values(), ids=REFUSED_VALUES.keys())
def test_refused_value(text: str, message: str, place: str) -> None:
    with pytest.raises(NotationError) as caught:
        parse_value(text, NAMES)
    first, pointed = caret(shown(caught.value))
    assert first == message
    assert pointed.startswith(place)


PARTS = "use numbers, lists, arithmetic, comparisons, `a if c else b`, min, max, abs, round, int, float, math"
HINTS: dict[str, tuple[str, str]] = {
    "nothing": ("", "such as `cosine` or `CosineAnnealingLR(T_max=32)`"),
    "brackets": ("cosine(T_max=min(3,4", "2 closing brackets missing; quote the whole notation in the shell"),
    "a loader": ("StepLR(len(loader))", "add --let 'len(loader)=10'"),
    "settings": (
        "StepLR(args.step_size, gamma=cfg['gamma'])",
        """add --let args.step_size=10 --let "cfg['gamma']=0.1\"""",
    ),
    "an attribute of no name": ("StepLR(().__class__)", PARTS),
    "a name": (
        "StepLR(warmup)",
        "give it a value with `--let warmup=...`, or use one of `total_steps`, `epochs`, `steps_per_epoch`, `lr`",
    ),
    "a name with a slip": (
        "StepLR(total_step)",
        "did you mean `total_steps`? give it a value with `--let total_step=...`, "
        "or use one of `total_steps`, `epochs`, `steps_per_epoch`, `lr`",
    ),
    "a function that is not called": ("LambdaLR(sqrt)", "call it: `lambda epoch: sqrt(epoch)`"),
    "one scheduler in two places": (
        "s = StepLR(opt, 4)\nChainedScheduler([s, s])",
        "create a separate scheduler for each use",
    ),
    "syntax": ("StepLR 4", "write it as in Python: `StepLR(step_size=4, gamma=0.5)`"),
}


@pytest.mark.parametrize(("text", "hint"), HINTS.values(), ids=HINTS.keys())
def test_hint(text: str, hint: str) -> None:
    with pytest.raises(NotationError) as caught:
        parse(text, NAMES)
    assert caught.value.hint == hint


def test_a_lambda_that_is_refused_late() -> None:
    late = parse_value("lambda e: 9 ** 9 ** 9 ** 9 if e else 1", {})
    assert late(0) == 1
    with pytest.raises(NotationError, match=r"^the power 9 \*\* 387420489 is too large$"):
        late(1)


def test_values_that_grow_from_line_to_line_are_refused() -> None:
    lines = ["a = 9 ** 250", *(f"{chr(98 + i)} = {chr(97 + i)} * {chr(97 + i)}" for i in range(24)), "StepLR(y)"]
    with pytest.raises(NotationError, match="a number of 12,680 bits is too large"):
        parse("\n".join(lines), {})


def test_a_name_may_be_called_like_a_function() -> None:
    scheduler = parse("LambdaLR(lambda e: min(e, min) + math.pi)", {"min": 3, "math": 4})
    assert str(scheduler) == "LambdaLR(lambda e: min(e, 3) + math.pi)"
    assert scheduler.args[0](8) == 3 + math.pi


def test_lists_keep_the_text_of_names() -> None:
    assert parse_value("'warm-restarts', 'lambda'", {}) == ("warm-restarts", "lambda")


# More Python than the notation has, in one line: the text, and the same as notation.

PYTHON = {
    "a comprehension": ("MultiStepLR(opt, [30 * i for i in range(1, 4)])", "MultiStepLR([30, 60, 90])"),
    "a comprehension with a test": ("MultiStepLR(opt, [e for e in range(9) if e % 4 == 3])", "MultiStepLR([3, 7])"),
    "a generator": ("StepLR(opt, max(x for x in (1, 5, 2)))", "StepLR(5)"),
    "a range": ("MultiStepLR(opt, milestones=range(30, 90, 30))", "MultiStepLR(milestones=[30, 60])"),
    "a list of a range": ("MultiStepLR(opt, list(range(3)))", "MultiStepLR([0, 1, 2])"),
    "a walrus": ("StepLR(opt, (x := 3))", "StepLR(3)"),
    "an f-string": ("CyclicLR(opt, 1e-4, 1e-2, mode=f'exp_{str(7)}')", "CyclicLR(1e-4, 1e-2, mode='exp_7')"),
    "star arguments": ("StepLR(opt, *[3, 0.5])", "StepLR(3, 0.5)"),
    "keywords in a dictionary": ("StepLR(opt, **{'step_size': 4, 'gamma': 0.5})", "StepLR(step_size=4, gamma=0.5)"),
    "dict()": ("StepLR(opt, **dict(step_size=4))", "StepLR(step_size=4)"),
    "bits": ("StepLR(opt, 1 << 4)", "StepLR(16)"),
    "numpy": ("CosineAnnealingLR(opt, int(np.ceil(3.2)), eta_min=np.sqrt(4))", "CosineAnnealingLR(4, eta_min=2.0)"),
    "a constant of numpy": ("StepLR(opt, np.pi)", f"StepLR({math.pi})"),
    "any name of the optimizer": ("StepLR(solver, 4)", "StepLR(4)"),
    "an attribute of the optimizer": ("StepLR(self.opt_g, step_size=4)", "StepLR(step_size=4)"),
}


@pytest.mark.parametrize(("text", "notation"), PYTHON.values(), ids=PYTHON.keys())
def test_more_python_than_the_notation_has(text: str, notation: str) -> None:
    assert parse(text, NAMES) == parse(notation, NAMES)


FUNCTIONS = {
    "a lambda of a list's item": ("LambdaLR(opt, lambda e: [1, 0.5, 0.1][min(e // 8, 2)])", [1, 1, 0.5, 0.1]),
    "a lambda inside a lambda": ("LambdaLR(opt, lambda e: (lambda x: x * 2)(e))", [0, 14, 16, 60]),
    "a sum of tests": ("LambdaLR(opt, lambda e: 0.1 ** sum(e >= m for m in [8, 20]))", [1, 1, 0.1, 0.1**2]),
    "a def": (
        "def f(e):\n    if e < 8:\n        return e / 8\n    return 1.0\nLambdaLR(opt, f)",
        [0, 7 / 8, 1, 1],
    ),
    "a def with a loop": (
        "def f(e):\n    x = 1\n    for m in [8, 20]:\n        if e >= m:\n            x *= 0.5\n    return x\n"
        "LambdaLR(opt, lr_lambda=f)",
        [1, 1, 0.5, 0.25],
    ),
    "a def inside a def": (
        "def make(n):\n    def f(e):\n        return min(1, e / n)\n    return f\nLambdaLR(opt, make(16))",
        [0, 7 / 16, 0.5, 1],
    ),
    "functools.partial": (
        "import functools\ndef f(e, n=1):\n    return e / n\nLambdaLR(opt, functools.partial(f, n=4))",
        [0, 7 / 4, 2, 7.5],
    ),
}


@pytest.mark.parametrize(("text", "values"), FUNCTIONS.values(), ids=FUNCTIONS.keys())
def test_functions_give_what_python_gives(text: str, values: list[float]) -> None:
    found = parse(text, {})
    made: Any = found.args[0] if found.args else found.get("lr_lambda")
    assert [made(e) for e in (0, 7, 8, 30)] == values
