"""Functions of a script in `lrviz code`: what they need comes with them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lrviz import code
from lrviz.errors import SpecError
from lrviz.simulation import resume, simulate
from lrviz.spec import Factory, Fields, RunSpec, read_all, read_run
from tests.code.test_code import resumed, trained
from tests.scripts.whole import WHOLE

HEAD = """\
import math
import numpy as np
from functools import partial
from math import cos as cosine_of, pi
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
"""
LOOP = "for epoch in range(9):\n    for i in range(4):\n        optimizer.step()\n    scheduler.step()\n"

# What stands before the scheduler, its functions, and the lines that are written before it.
FUNCTIONS: dict[str, tuple[str, str, str]] = {
    "a function": (
        "def factor(epoch: int) -> float:\n    '''How it falls.'''\n    if epoch < 3:\n        return 1\n"
        "    late = epoch - 3\n    return 0.5 ** late\n",
        "factor",
        'def factor(epoch):\n    """How it falls."""\n    if epoch < 3:\n        return 1\n'
        "    late = epoch - 3\n    return 0.5**late\n",
    ),
    "names of the script": (
        "WARMUP, RATES = 3, {'a': [1e-5, 0.5]}\ndef ramp(e):\n    return min(1, (e + 1) / WARMUP)\n"
        "def factor(e):\n    return ramp(e) * RATES['a'][1]\n",
        "factor",
        'WARMUP = 3\nRATES = {"a": [1e-5, 0.5]}\n\n\ndef ramp(e):\n    return min(1, (e + 1) / WARMUP)\n\n\n'
        'def factor(e):\n    return ramp(e) * RATES["a"][1]\n',
    ),
    "a closure for each group": (
        "def make(gamma):\n    def factor(e):\n        rate = gamma ** e\n        return rate\n    return factor\n"
        "optimizer = torch.optim.SGD([{'params': p, 'lr': 0.1}, {'params': q, 'lr': 1.0}])\n",
        "[make(0.9), make(0.8)]",
        "gamma = 0.9\ngamma_2 = 0.8\n\n\ndef factor(e):\n    rate = gamma**e\n    return rate\n\n\n"
        "def factor_2(e):\n    rate = gamma_2**e\n    return rate\n",
    ),
    "one function for two groups": (
        "def factor(e):\n    rate = 0.9 ** e\n    return rate\n"
        "optimizer = torch.optim.SGD([{'params': p, 'lr': 0.1}, {'params': q, 'lr': 1.0}])\n",
        "[factor, factor]",
        "def factor(e):\n    rate = 0.9**e\n    return rate\n",
    ),
    "defaults": (
        "N = 4\ndef factor(e, length=N, *, least=0.1):\n    return max(least, 1 - e / length)\n",
        "factor",
        "def factor(e, length=4, least=0.1):\n    return max(least, 1 - e / length)\n",
    ),
    "partial": (
        "def factor(length, e, least):\n    return max(least, 1 - e / length)\n",
        "partial(factor, 4, least=0.1)",
        "def factor(e, least=0.1):\n    return max(least, 1 - e / 4)\n",
    ),
    "imports": (
        "def factor(e):\n    return 0.5 * (1 + cosine_of(pi * e / 9)) * math.exp(-e)\n",
        "factor",
        "def factor(e):\n    return 0.5 * (1 + math.cos(math.pi * e / 9)) * math.exp(-e)\n",
    ),
    "numpy": (
        "def factor(e):\n    return np.exp(-e / 3)\n",
        "factor",
        "def factor(e):\n    return np.exp(-e / 3)\n",
    ),
    "an object": (
        "class Factor:\n    floor = 0.1\n    def __init__(self, length):\n        self.length = length\n"
        "    def __call__(self, e):\n        return max(self.floor, 1 - e / self.length)\n",
        "Factor(6)",
        "def lr_lambda(e):\n    return max(0.1, 1 - e / 6)\n",
    ),
    "a method and a namespace": (
        "class CFG:\n    length = 6\nclass Model:\n    def __init__(self):\n        self.cfg = CFG()\n"
        "    def factor(self, e):\n        return max(0.1, 1 - e / self.cfg.length) * CFG.length\n",
        "Model().factor",
        "def factor(e):\n    return max(0.1, 1 - e / 6) * 6\n",
    ),
    "a lambda that calls a function": (
        "decay = lambda e: 0.9 ** e\ndef ramp(e):\n    return min(1, e / 3)\n",
        "lambda e: ramp(e) * decay(e)",
        "def ramp(e):\n    return min(1, e / 3)\n\n\ndecay = lambda e: 0.9**e\n",
    ),
    "a function that calls itself": (
        "def factor(e):\n    return 1 if e < 2 else 0.9 * factor(e // 2)\n",
        "factor",
        "def factor(e):\n    return 1 if e < 2 else 0.9 * factor(e // 2)\n",
    ),
    "names that the code uses too": (
        "step = 3\ndef validate(e):\n    late = e + step\n    return 1 / late\n",
        "validate",
        "step_2 = 3\n\n\ndef validate_2(e):\n    late = e + step_2\n    return 1 / late\n",
    ),
    "statements": (
        "def factor(e):\n    total = 0\n    for bound in (1, 3, 5):\n        while total < bound and e > bound:\n"
        "            total += 1\n    del_me = [x for x in range(3)]\n    return 0.5 ** total if total else 1.0\n",
        "factor",
        "def factor(e):\n    total = 0\n    for bound in (1, 3, 5):\n        while total < bound and e > bound:\n"
        "            total += 1\n    del_me = [x for x in range(3)]\n    return 0.5**total if total else 1.0\n",
    ),
    "long lines": (
        "def factor(epoch):\n"
        "    a_long_name = 0.125 + (epoch + 1) * 2 if epoch < 3 else max(epoch, 5) * 0.25 + 1 / 8000\n"
        "    return 0.1 if epoch > 1000 else max(0.1, 1 - epoch / 100000.0, 0.25 * a_long_name / 1e6 + "
        "0.0 * a_long_name)\n",
        "factor",
        "def factor(epoch):\n"
        "    a_long_name = 0.125 + (epoch + 1) * 2 if epoch < 3 else max(epoch, 5) * 0.25 + 1 / 8000  # fmt: skip\n"
        "    if epoch > 1000:\n        return 0.1\n    return max(\n        0.1,\n"
        "        1 - epoch / 100000.0,\n        0.25 * a_long_name / 1000000.0 + 0.0 * a_long_name,\n    )\n",
    ),
    "a long lambda with another argument": (
        "N = 4\ndef ramp(e):\n    return min(1, (e + 1) / N)\n",
        "lambda epoch, least=N / 10: max(least, ramp(epoch) * 0.5 * (1 + math.cos(math.pi * epoch / 9)) + 0.0 * epoch)",
        "N = 4\n\n\ndef ramp(e):\n    return min(1, (e + 1) / N)\n\n\ndef lr_lambda(epoch, least=0.4):\n"
        "    return max(\n        least,\n"
        "        ramp(epoch) * 0.5 * (1 + math.cos(math.pi * epoch / 9)) + 0.0 * epoch,\n    )\n",
    ),
    "long constants": (
        "RATES = {'first': [0.5 / i for i in range(1, 13)], 'second': (1.0, 2.0)}\n"
        "def factor(e):\n    return RATES['first'][e]\n",
        "factor",
        'RATES = {\n    "first": [\n'
        + "".join(f"        {0.5 / i!r},\n" for i in range(1, 13))
        + '    ],\n    "second": (1.0, 2.0),\n}\n\n\ndef factor(e):\n    return RATES["first"][e]\n',
    ),
    "a function inside": (
        "def factor(e):\n    def half(x):\n        return x / 2\n    return half(1) ** e\n",
        "factor",
        "# fmt: off\ndef factor(e):\n\n    def half(x):\n        return x / 2\n    return half(1) ** e\n# fmt: on\n",
    ),
}
REFUSED = {
    "a name of a function outside": "def make():\n    count = 0\n    def factor(e):\n"
    "        nonlocal count\n        count = e\n"
    "        return 0.9 ** count\n    return factor\nfactor = make()\n",
    "an attribute that is set": "class F:\n    def __call__(self, e):\n        self.last = e\n        return 0.9 ** e\n"
    "factor = F()\n",
    "two functions of one name": "def make(gamma):\n    def decay(e):\n        return gamma ** e\n    return decay\n"
    "def both(one, other):\n    def factor(e):\n        return one(e) * other(e)\n    return factor\n"
    "factor = both(make(0.9), make(0.8))\n",
    "an object of the script": "parts = [model, model]\ndef factor(e):\n    return 0.9 ** len(parts)\n",
    "a counter": "count = [0]\ndef factor(e):\n    global other\n    other = 1\n    return 0.9 ** e\n",
    "numbers of numpy": "TABLE = np.linspace(1, 0, 40)\ndef factor(e):\n    return TABLE[e]\n",
    "a method of an object": "class F:\n    def half(self, e):\n        return e / 2\n    def __call__(self, e):\n"
    "        return self.half(e)\nfactor = F()\n",
}


@pytest.mark.usefixtures("stubs")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_comes_with_what_it_needs(name: str) -> None:
    before, functions, lines = FUNCTIONS[name]
    spec = read_run(f"{HEAD}{before}scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, {functions})\n{LOOP}")
    text = code.training_script(spec)
    between = text.partition("your DataLoader\n\n")[2].partition("optimizer = SGD")[0]
    assert between.strip() == lines.strip()
    rates = simulate(spec).lr.tolist()
    assert trained(text) == rates
    assert resumed(text, 20) == rates[20:]


@pytest.mark.parametrize("name", REFUSED)
def test_a_function_that_needs_its_script_is_refused(name: str) -> None:
    spec = read_run(f"{HEAD}{REFUSED[name]}scheduler = LambdaLR(optimizer, factor)\n{LOOP}")
    for write in (code.training_script, code.scheduler_lines, code.lightning_module):
        with pytest.raises(SpecError, match="uses objects of its script, and cannot be written alone"):
            write(spec)


def test_a_function_of_the_api_is_refused() -> None:
    spec = RunSpec(Factory(lambda optimizer: None))
    assert code.scheduler_line(spec) is None
    with pytest.raises(SpecError, match="<lambda>` cannot be written as code"):
        code.training_script(spec)


def test_the_loop_of_a_script_is_neither_written_nor_resumed() -> None:
    spec = read_run(
        f"{HEAD}for epoch in range(3):\n    optimizer.param_groups[0]['lr'] = 0.1 / (epoch + 1)\n    optimizer.step()"
    )
    for write in (code.training_script, code.scheduler_lines, code.lightning_module):
        with pytest.raises(SpecError, match="more ways than with one scheduler, and cannot be written as code"):
            write(spec)
    with pytest.raises(SpecError, match="cannot be stopped and resumed"):
        resume(spec, 1, "load")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("stubs")
def test_whole_scripts_are_written_anew() -> None:
    for name, (text, values, lets) in WHOLE.items():
        for spec in read_all(text, Fields(values, lets=lets)):
            assert trained(code.training_script(spec)) == simulate(spec).lr.tolist(), name


def test_the_layout_is_that_of_ruff(tmp_path: Path) -> None:
    for i, (before, functions, _) in enumerate(FUNCTIONS.values()):
        spec = read_run(f"{HEAD}{before}scheduler = LambdaLR(optimizer, {functions})\n{LOOP}")
        (tmp_path / f"{i}.py").write_text(code.training_script(spec), encoding="utf-8")
    command = [str(Path(sys.executable).parent / "ruff"), "format", "--diff", "--isolated", "--no-cache", "."]
    finished = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout
