"""The limits of one text of notation: each is passed with a clear error, and none takes long to reach."""

from __future__ import annotations

import math
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from lrviz.errors import LrvizError, NotationError
from lrviz.notation import Lambda, check_run, parse, parse_value, value_name
from lrviz.notation.functions import FUNCTIONS, MATH, Function
from lrviz.notation.source import MAX_RUN_STEPS
from lrviz.spec import Fields, Sweep, read_lets, read_run, read_runs, read_size
from lrviz.spec.values import split_commas
from tests.linear import assert_linear, repeated

LIST = f"a = [{','.join('1' * 4000)}]\n"


def refused(text: str, read: Callable[[str, dict[str, Any]], Any] = parse) -> str:
    """The first line of the error for a text."""
    with pytest.raises(NotationError) as caught:
        read(text, {})
    return caught.value.message.partition("\n")[0]


def test_a_name_is_evaluated_once() -> None:
    def sums(names: int) -> str:
        lines = [f"a{i} = {' + '.join(f'a{j}' for j in range(max(i - 9, 0), i))}\n" for i in range(1, names)]
        return f"a0 = 1\n{''.join(lines)}StepLR(a{names - 1})"

    assert parse(sums(10), {}).args == (2**8,)
    assert_linear(lambda text: parse(text, {}), sums, 12)


def test_a_name_that_is_the_argument_of_a_lambda_is_not_evaluated() -> None:
    assert str(parse("e = 1 / 0\nLambdaLR(lambda e: e)", {})) == "LambdaLR(lambda e: e)"


def test_a_list_of_schedulers_is_used_once() -> None:
    text = "s = [StepLR(opt, 4)]\na = ChainedScheduler(s)\nb = ChainedScheduler(s)\nChainedScheduler([a, b])"
    assert refused(text) == "`StepLR(opt, 4)` is used twice: torch would step the same scheduler twice"


# Texts of a length up to their limits, and beyond: by a number that makes them longer, with the error of the longest.
TOO_MUCH: dict[str, tuple[Callable[[int], str], int, str]] = {
    "a list in a lambda, many times": (
        lambda n: f"{LIST}LambdaLR(lambda e: {'+'.join(['min(a)'] * n)})",
        12,
        "a call of `min(a) + min(a) + min(a) + mi...) + min(a) + min(a) + min(a)` takes 192,095 operations; 10,000 is "
        "the limit",
    ),
    "a list in a lambda, very often": (
        lambda n: f"{LIST}LambdaLR(lambda e: min({','.join(['min(a)'] * n)}))",
        25,
        "the notation takes over 250,000 operations to read",
    ),
    "a list in other lists": (
        lambda n: f"{LIST}MultiStepLR([{','.join(['min(a)'] * n)}])",
        25,
        "the script takes over 250,000 operations to read",
    ),
    "a list of which each lambda has a copy": (
        lambda n: f"{LIST}LambdaLR([{','.join(['lambda e: min(a)'] * n)}])",
        4,
        "the notation is over 100,000 characters long when its names have their values",
    ),
    "numbers that print longer": (
        lambda n: f"MultiStepLR([{','.join(['9**100'] * n)}])",
        500,
        "the notation is over 100,000 characters long when its names have their values",
    ),
    "many statements": (lambda n: "a=1;" * n, 6_000, "the notation has over 50,000 parts"),
    "an integer of thousands of digits": (
        lambda n: f"StepLR(0x{'f' * n})",
        2_250,
        "a number of 36,000 bits is too large",
    ),
    "such an integer where no value can be": (
        lambda n: f"0x{'f' * n}.x",
        2_250,
        "a number of 36,000 bits is too large",
    ),
}


@pytest.mark.parametrize(("text", "length", "message"), TOO_MUCH.values(), ids=TOO_MUCH.keys())
def test_a_text_that_takes_too_much_is_refused_soon(text: Callable[[int], str], length: int, message: str) -> None:
    assert refused(text(4 * length)) == message
    assert_linear(lambda text: parse(text, {}), text, length // 4)


def test_a_refused_text_takes_little_memory() -> None:
    tracemalloc.start()
    refused(f"{LIST}LambdaLR(lambda e: {'+'.join(['min(a)'] * 50)})")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50_000_000


def test_a_lambda_counts_the_operations_of_a_call() -> None:
    simple, of_a_list = parse_value("lambda e: e + 1", {}), parse_value("lambda e: max(a) * e", {"a": (1,) * 100})
    assert isinstance(simple, Lambda)
    assert isinstance(of_a_list, Lambda)
    assert (simple.steps, of_a_list.steps) == (3, 103)
    assert parse("ChainedScheduler([LambdaLR([lambda e: e, lambda e: e + 1])])", {}).steps == 4


def test_a_run_of_too_many_operations_is_refused() -> None:
    check_run(100, MAX_RUN_STEPS // 100)
    with pytest.raises(NotationError, match="100,000,001 calls of a function of 100 operations take too long"):
        check_run(100, MAX_RUN_STEPS // 100 + 1)
    slow = f"LambdaLR(lambda e: max({','.join(['e'] * 500)}))"
    with pytest.raises(NotationError, match="100,000,000 calls of a function of 501 operations take too long"):
        read_run(f"{slow} @ epochs=10000, steps_per_epoch=10000")


# Long texts of one kind of character, of which a reader may search each rest again.

LONG: dict[str, Callable[[int], str]] = {
    **{f"{c!r} many times": repeated(c) for c in "()[]{}'\"#@=,.:; \t\n\\1a-+*/%<>!&|^~`$?_é"},
    "letters before a brace": repeated("a", "", "{1,2}"),
    "letters and an equals sign before a brace": repeated("a", "", " " * 300 + "= {1"),
    "spaces and a colon": repeated(" ", "", ":x"),
    "letters, spaces and a colon": repeated(" ", "a", ":x"),
    "points and a colon": repeated(".a", "a", ":x("),
    "escaped quotes": repeated("\\'", "cosine("),
    "escaped double quotes": repeated('\\"'),
    "triple quotes": repeated("'''\""),
    "lambda": repeated("lambda "),
    "brackets and commas": repeated("[],(),{},"),
    "pairs of quotes in braces": repeated("{'a':"),
    "braces with one value": repeated("{1}"),
    "braces with two values": repeated("{1,2}"),
    "braces with a name": repeated("a={1},"),
    "percentages": repeated("1%,", "StepLR(", ")"),
    "epochs": repeated("1.5ep+", "StepLR(", "1)"),
    "fields": repeated("lr=1,", "cosine @ "),
    "rates": repeated("1,", "cosine @ lr=[", "1]"),
    "groups": lambda n: "cosine @ lr=[" + ",".join(f"a{i}=1" for i in range(n // 6)) + "]",
    "arguments of one name": repeated("a=1,", "StepLR(", ")"),
    "arguments": lambda n: "StepLR(" + ",".join(f"a{i}=1" for i in range(n // 6)) + ")",
    "brackets that do not end": lambda n: "StepLR(" + "[1," * (n // 200),
}
READERS: list[Callable[[str], Any]] = [
    lambda text: read_runs([text], Fields()),
    lambda text: read_run("plateau", Fields({"metric": text})),
    lambda text: read_lets([text]),
    lambda text: read_lets([f"{text}=1"]),
    lambda text: read_lets([f"a={text}"]),
    lambda text: read_run("cosine", Fields({"lr": text})),
    lambda text: read_run("cosine", Fields({"warmup": text})),
    lambda text: read_run("cosine", parameters={"T_max": text}),
    read_size,
    split_commas,
]


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_a_long_text_is_read_or_refused_in_linear_time(text: Callable[[int], str]) -> None:
    for read in READERS:
        assert_linear(read, text, 3_000)


def test_expressions_as_names_are_found_in_a_deep_tree_soon() -> None:
    names = {"a.c": 3, "x['c']": 2}
    assert_linear(lambda text: parse(text, names), lambda n: f"StepLR([{'a' + '.b' * n}] * 9)", 22)
    assert_linear(lambda text: parse(text, names), lambda n: f"StepLR([{','.join(['a' + '.b' * 90] * n)}])", 10)
    assert parse("StepLR(x[\"c\"], a.b.c, f(x['c']))", {"a.b.c": 3, "x['c']": 2, "f(x['c'])": 4}).args == (2, 3, 4)


def test_a_name_has_a_length() -> None:
    assert value_name("a" * 200) == "a" * 200
    assert value_name("a" * 201) is None


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("text", ["0.5if", "1if 2else 3", "'\\d'.x"])
def test_no_warning_of_pythons_parser(text: str) -> None:
    value_name(text)
    for read in (lambda: parse(text, {}), lambda: read_run("plateau", Fields({"metric": text}))):
        with suppress(LrvizError):
            read()


# The functions of the notation say in lrviz's words what they take.

ARITY = [
    ("sqrt()", "`sqrt` takes a number, got no arguments"),
    ("sqrt(1, 2)", "`sqrt` takes a number, got 2 arguments"),
    ("math.cos(1, 2, 3)", "`cos` takes a number, got 3 arguments"),
    ("round()", "`round` takes a number and optional digits, got no arguments"),
    ("round(1, 2, 3)", "`round` takes a number and optional digits, got 3 arguments"),
    ("atan2(1)", "`atan2` takes two numbers, got 1 argument"),
    ("log(1, 2, 3)", "`log` takes a number and an optional base, got 3 arguments"),
    ("comb(1)", "`comb` takes two whole numbers, got 1 argument"),
    ("float()", "`float` takes a number, or text such as 'inf', got no arguments"),
    ("int()", "`int` takes a number, got no arguments"),
    ("max(3)", "`max` takes a list of numbers, or two numbers or more, got `3`"),
    ("min([])", "`min` takes a list of numbers, or two numbers or more, got []"),
    ("fsum(3)", "`fsum` takes a list of numbers, got `3`"),
    ("dist([1], 2)", "`dist` takes two lists of numbers, got `2`"),
    ("sqrt(None)", "`None` is not a number"),
    ("sqrt([1])", "`[1]` is not a number"),
    ("abs('a')", "`'a'` is not a number"),
    ("float(None)", "`float` takes a number or the text of one, got None"),
    ("float([1])", "`float` takes a number or the text of one, got [1]"),
    ("float('abc')", "`float` takes a number or the text of one, got 'abc'"),
    ("factorial(2.5)", "`factorial(2.5)` cannot be computed: `factorial` takes a whole number, got 2.5"),
    ("gcd(4, 2.0)", "`gcd(4, 2.0)` cannot be computed: `gcd` takes whole numbers, got 2.0"),
    ("ldexp(1, 0.5)", "`ldexp(1, 0.5)` cannot be computed: `ldexp` takes a number and a whole number, got 0.5"),
    ("2 * log(0) + 1", "`log(0)` cannot be computed: `log` is not defined for 0"),
    ("int(inf)", "`int(inf)` cannot be computed: `int` is not defined for float('inf')"),
    ("round(nan)", "`round(nan)` cannot be computed: `round` is not defined for float('nan')"),
    ("isqrt(-4)", "`isqrt(-4)` cannot be computed: `isqrt` is not defined for -4"),
    ("exp(1e4)", "`exp(10000.0)` cannot be computed: the result is too large"),
    ("2.0 ** 5000", "`2.0 ** 5000` cannot be computed: the result is too large"),
    ("1 / (3 - 3)", "`1 / (3 - 3)` cannot be computed: division by zero"),
    ("1 < 'a'", "`1 < 'a'` cannot be computed: 1 and 'a' have no order"),
    ("None < 1", "`None < 1` cannot be computed: None and 1 have no order"),
    ("(1 if 2 else 'a') < [1]", "`(1 if 2 else 'a') < [1]` cannot be computed: 1 and [1] have no order"),
]


@pytest.mark.parametrize(("text", "message"), ARITY, ids=[text for text, _ in ARITY])
def test_errors_are_in_the_words_of_lrviz(text: str, message: str) -> None:
    assert refused(text, parse_value) == message
    with pytest.raises(NotationError) as caught:
        parse_value(f"lambda e: {text}", {})(0)
    assert caught.value.message.partition("\n")[0] == message


def arguments(kind: str) -> Any:
    return (1, 2) if kind == "list" else 1


EVERY: dict[str, Function] = {
    **FUNCTIONS,
    **{name: function for name, function in MATH.items() if isinstance(function, Function)},
}


@pytest.mark.parametrize("name", EVERY)
def test_a_signature_takes_what_the_function_takes(name: str) -> None:
    function = EVERY[name]
    for number in range(5):
        kinds = function.signature.of(number)
        given = [arguments(kind) for kind in kinds or ["number"] * number]
        try:
            function.call(*given)
        except TypeError:
            assert kinds is None
        except (ArithmeticError, ValueError):
            assert kinds is not None or name == "int"  # of text it takes a base
        else:
            assert kinds is not None or number == 0 or name in ("nextafter",)


def test_every_function_of_math_that_gives_one_number_is_there() -> None:
    others = {"frexp", "modf", "sumprod", "fma"}
    newer = {name for name in vars(math) if name not in MATH and not name.startswith("_")} - others
    assert newer == set()


# Braces and whole runs

MANY = [
    (
        "StepLR(" + "{1,2}" * 20_000 + ")",
        "the braces in `StepLR({1,2}{1,2}{1,2}{1,2}{1,2}{1,2}{1,2}{1,2}{1,2}{1,2}{1,2}{1,2}{1,2}{1,2}{1,` make over "
        "1,000,000,000,000 curves",
    ),
    (
        f"LinearLR(total_iters={{{','.join(map(str, range(1, 1002)))}}})",
        "1,001 curves are too many to tell apart; the limit is 1,000",
    ),
    (
        f"x = '{'a' * 40_000}'\nStepLR(step_size={{{','.join(map(str, range(1, 21)))}}})",
        "the notation of 20 curves is over 300,000 characters long",
    ),
    (
        "cosine @ epochs={90000,90000}, steps_per_epoch=1000",
        "the 2 curves have over 100,000,000 rates together",
    ),
]


@pytest.mark.parametrize(("text", "message"), MANY, ids=[message[:40] for _, message in MANY])
def test_the_curves_of_a_command_have_limits_together(text: str, message: str) -> None:
    with pytest.raises(LrvizError) as caught:
        read_runs([text], Fields(), max_curves=10_000)
    assert caught.value.message == message


def test_the_size_of_a_sweep_can_be_printed() -> None:
    assert f"{Sweep.of('{1,2}' * 39).size:,}" == "549,755,813,888"


@pytest.mark.parametrize("digits", [400, 5000])
def test_numbers_of_many_digits_are_not_printed(digits: int) -> None:
    number = "9" * digits
    for values in ({"epochs": number}, {"lr": number}, {"momentum": number}, {"grad_accum": f"-{number}"}):
        with pytest.raises(LrvizError) as caught:
            read_run("cosine", Fields(values))
        assert len(str(caught.value)) < 500
    for text in (f"a={number}", f"a=0x{number}", f"a=-{number}"):
        with pytest.raises(LrvizError) as caught:
            read_lets([text])
        assert len(str(caught.value)) < 500
    with pytest.raises(LrvizError):
        read_run(f"StepLR({number})")


def test_a_short_name_in_quotes_is_text() -> None:
    assert str(parse("warm-restarts(x='a\\'warm-restarts')", {})) == 'warm-restarts(x="a\'warm-restarts")'
