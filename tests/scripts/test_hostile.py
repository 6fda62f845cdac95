"""Scripts that come from anyone: nothing of them runs, and all of them are read or refused within their limits."""

from __future__ import annotations

import json
import tracemalloc
from contextlib import suppress

import pytest

from lrviz.errors import LrvizError
from lrviz.notation import read_script
from lrviz.notation.script import program, reader
from lrviz.notation.script.values import Origin, Unknown
from lrviz.simulation import simulate
from lrviz.spec import read_run
from tests.conftest import Python

END = "\nStepLR(optimizer, n)"
BOMBS = {
    "an endless loop": f"n = 1\nwhile True:\n    n += 1{END}",
    "an endless loop that is passed over": f"n = 1\nwhile 1 < 2:\n    pass{END}",
    "recursion": f"def f(x):\n    return f(x + 1)\nn = f(1){END}",
    "recursion of two": f"def f(x):\n    return g(x) + g(x)\ndef g(x):\n    return f(x)\nn = f(1){END}",
    "calls that double": "".join(f"def f{i}(x):\n    return f{i + 1}(x) + f{i + 1}(x)\n" for i in range(22))
    + f"def f22(x):\n    return 1\nn = f0(1){END}",
    "powers": f"n = 10 ** 10 ** 9{END}",
    "products": f"n = 7\nfor i in range(60):\n    n = n * n{END}",
    "shifts": f"n = 1\nfor i in range(60):\n    n = n << 8000{END}",
    "a list of many": f"n = [0] * 10 ** 10{END}",
    "a list that doubles": f"n = [0]\nfor i in range(60):\n    n = n + n{END}",
    "a list that doubles itself": f"n = [0]\nfor i in range(60):\n    n.extend(n){END}",
    "a list of lists": f"n = []\nfor i in range(60):\n    n = [n, n]\nm = n == n{END}",
    "text that doubles": f"n = 'a'\nfor i in range(60):\n    n += n{END}",
    "text that is repeated": f"n = 'a' * 10 ** 9{END}",
    "text that is replaced": f"n = 'a' * 90000\nn = n.replace('a', n){END}",
    "text that is joined": f"n = ('a' * 90000).join(['b'] * 90000){END}",
    "a format": f"n = '{{:>1000000000}}'.format(1){END}",
    "a format with a percent sign": f"n = '%1000000000d' % 1{END}",
    "a format in an f-string": f"n = f'{{1:1000000000}}'{END}",
    "comprehensions inside each other": f"n = [[[1 for a in range(999)] for b in range(999)] for c in range(999)]{END}",
    "a comprehension of three": f"n = [1 for a in range(9999) for b in range(9999) for c in range(9999)]{END}",
    "a range": f"n = list(range(10 ** 15)){END}",
    "a sum of a range": f"n = sum(range(10 ** 15)){END}",
    "a test in a range": f"n = 1.5 in range(10 ** 15){END}",
    "numpy": f"import numpy as np\nn = np.linspace(0, 1, 10 ** 10){END}",
    "numpy's range": f"import numpy as np\nn = np.arange(0, 1, 1e-12){END}",
    "zip of ranges": f"n = len(list(zip(range(10 ** 9), range(10 ** 9)))){END}",
    "a dictionary that doubles": f"n = {{}}\nfor i in range(10 ** 9):\n    n[i] = i{END}",
    "an unpacking that does not end": f"a, *b = range(10 ** 12)\nn = b{END}",
    "values that are one of many": "a, b = 1, 2\nfor i in range(10 ** 6):\n    a = b if c else x\n"
    f"    b = a if d else y{END}",
    "tuples of values that are one of many": "a = 1, 2\nfor i in range(10 ** 6):\n"
    f"    a = (a[1], x) if c else (y, a[0]){END}",
    "tuples inside tuples": "a = b = 1, 2\nfor i in range(60):\n"
    f"    a, b = (a, a) if c else (b, b), (b, a) if d else (a, b){END}",
    "texts that are read": f"n = eval('[' * 9999 + ']' * 9999){END}",
    "a text that calls itself": f"x = 'eval(x)'\nn = eval(x){END}",
    "an endless list": f"import itertools\nn = len(list(itertools.cycle([1]))){END}",
    "a function of the step": "def f(e):\n    while True:\n        e += 1\n    return e\nLambdaLR(optimizer, f)",
    **{
        f"{use} of lists": f"n = []\nm = []\nfor i in range(60):\n    n = [n, n]\n    m = [m, m]\n{use}{END}"
        for use in (
            "k = n == m",
            "k = n < m",
            "k = m in n",
            "k = max(n)",
            "a, b, c = n",
            "k = (n, 1).index(m)",
        )
    },
    "a default of lists": "n = []\nfor i in range(60):\n    n = [n, n]\n"
    "def f(e, k=n):\n    return e\nLambdaLR(optimizer, f)",
    "dictionaries that double": f"n = {{}}\nfor i in range(60):\n    n = {{'a': n, 'b': n}}\nk = sum(n){END}",
    "calls in calls": f"n = f()\nfor i in range(60):\n    n = f(n, n)\nStepLR(n, 3){END}",
    "choices that double": "a = b = StepLR(optimizer, 1)\nc = d = StepLR(optimizer, 2)\n"
    f"for i in range(60):\n    a, c = a if q else c, c if q else a{END}",
    "configurations that double": "from easydict import EasyDict\nn = {}\nfor i in range(60):\n"
    f"    n = {{'a': n, 'b': n}}\nm = EasyDict(n){END}",
    "partials of partials": "from functools import partial\ndef f(*a):\n    return 1\nfor i in range(10 ** 6):\n"
    f"    f = partial(f, i)\nn = f(){END}",
    "partials of schedulers": "from functools import partial\nf = StepLR\nfor i in range(10 ** 5):\n"
    "    f = partial(f, i)\nf(optimizer)",
    "sums of large numbers": f"from itertools import accumulate\nn = list(accumulate([1 << 8000] * 90000)){END}",
    "arrays": f"import numpy as np\na = np.arange(90000)\nfor i in range(10 ** 6):\n    a = a * 2 + 1\nn = a{END}",
    "decorators": "".join("@a\n" for _ in range(3000)) + f"def f():\n    pass\nn = 1{END}",
}
HAND = """
def adjust(optimizer, rate):
    for group in optimizer.param_groups:
        group["lr"] = rate
optimizer = torch.optim.SGD(params, lr=1.0)
scheduler = StepLR(optimizer, 3)
"""
# Loops that run: they are counted when they are read, and most are refused then.
UPDATE = "    if n:\n        optimizer.step()\n    adjust(optimizer, 1)"
LOOPS = {
    "an endless loop around training": "i = 0\nwhile True:\n    adjust(optimizer, i)\n    optimizer.step()\n    i += 1",
    "an endless loop without an update": "i = 1\nwhile i:\n    adjust(optimizer, i)\n    if i < 0:\n"
    "        optimizer.step()\n    i += 1",
    "an endless loop in a loop": "i = 1\nfor e in range(9):\n    while i:\n        i += 1\n    adjust(optimizer, i)\n"
    "    optimizer.step()",
    "an endless loop of loops": "n = 1\nwhile True:\n    for i in range(99):\n        adjust(optimizer, i)\n"
    "        if n:\n            optimizer.step()",
    "a long loop": "for e in range(10 ** 9):\n    adjust(optimizer, e)\n    optimizer.step()",
    "a longer loop": "for e in range(10 ** 4000):\n    adjust(optimizer, e)\n    optimizer.step()",
    "loops inside each other": "for a in range(10 ** 4):\n    for b in range(10 ** 4):\n        if a + b >= 0:\n"
    "            optimizer.step()\n        adjust(optimizer, 1)",
    "a list that grows with each update": "n = [0]\nfor e in range(10 ** 6):\n    n = n + n\n" + UPDATE,
    "lists in a list": "n = []\nfor e in range(10 ** 6):\n    n.append([0] * 9999)\n" + UPDATE,
    "a list that is nested deeper and deeper": "n = []\nfor e in range(10 ** 5):\n    n = [n, n]\n" + UPDATE,
    "text that grows with each update": "n = 'a'\nfor e in range(10 ** 6):\n    n += n\n" + UPDATE,
    "a number that grows with each update": "n = 3\nfor e in range(10 ** 6):\n    n = n * n\n" + UPDATE,
    "recursion of a step": "def f(e):\n    adjust(optimizer, e)\n    optimizer.step()\n    f(e + 1)\n"
    "for e in range(3):\n    f(e)",
    "arrays": "import numpy as np\nn = []\nfor e in range(10 ** 6):\n    n.append(np.zeros(10 ** 6))\n"
    "    if n:\n        optimizer.step()\n    adjust(optimizer, 1)",
    "a count without an end": "import itertools\nfor e in itertools.count():\n    adjust(optimizer, e)\n    if e < 0:\n"
    "        optimizer.step()",
    "groups in a loop": "for e in range(10 ** 6):\n    optimizer.add_param_group({'params': q})\n    optimizer.step()\n"
    "    adjust(optimizer, e)",
    "schedulers in a loop": "s = []\nfor e in range(10 ** 6):\n    s.append(StepLR(optimizer, 3))\n"
    "    optimizer.step()\n    scheduler.step()",
}
BOMBS |= {name: f"{HAND}{text}" for name, text in LOOPS.items()}


@pytest.mark.parametrize("text", LOOPS.values(), ids=LOOPS.keys())
def test_a_loop_without_end_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_STEPS", 25_000)
    monkeypatch.setattr(program, "COUNTED", 50_000)
    with pytest.raises(LrvizError):
        simulate(read_run(f"{HAND}{text}"))


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
def test_a_script_takes_limited_memory(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_STEPS", 5_000)  # a fiftieth, of time and of memory: tracemalloc makes it slow
    monkeypatch.setattr(program, "COUNTED", 4_000)
    tracemalloc.start()
    with suppress(LrvizError):
        read_run(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000_000


def test_the_sum_of_many_unknown_values_is_not_that_long() -> None:
    many = [Origin("q", line) for line in range(1, 5000)]
    assert Unknown(*many).origins == tuple(many[:100])


MISTAKES = [
    "isinstance(*[1, int])",
    "[].insert(10**30, 3)",
    "sum([1], 2, 3, 4)",
    "numpy.arange(None)",
    "numpy.arange()",
    "numpy.arange([1], [2], [3])",
    "(1.5).bit_length()",
    "(3).is_integer()",
]


@pytest.mark.parametrize("name", ["StepLR(opt, n)", "OneCycleLR(opt, 0.1, n)", "MultiStepLR(opt, [n])", "s(opt, n)"])
def test_a_number_that_no_float_holds_is_refused(name: str) -> None:
    imports = "from torch.optim.lr_scheduler import StepLR as s\n"
    with pytest.raises(LrvizError, match="has too large a number"):
        read_run(f"{imports}n = 2\nfor i in range(11):\n    n *= n\nx = {name}")


@pytest.mark.parametrize("expression", MISTAKES)
def test_a_call_that_python_refuses_has_no_value(expression: str) -> None:
    text = f"import numpy\noptimizer = torch.optim.SGD(p, lr=0.5)\nk = {expression}\nStepLR(optimizer, 3)"
    (found,) = read_script(text, {}, {})
    assert str(found.call) == "StepLR(3)"
    assert found.fields["lr"] == 0.5


ESCAPES = [
    "import os\nn = os.getpid()",
    "n = __import__('os').getpid()",
    "n = ().__class__.__bases__[0].__subclasses__().__len__()",
    "n = (lambda: 0).__globals__['__builtins__'].__len__()",
    "def f(): pass\nn = f.__code__.co_argcount",
    "n = open('/etc/passwd').fileno()",
    "n = eval('1 + 1')",
    "exec('n = 1')",
    "n = globals()['__name__'].__len__()",
    "n = getattr(1, 'real')",
    "n = 'a'.__len__()",
    "n = [].__len__()",
    "n = {}.get.__self__.__len__()",
    "import torch\nn = torch.load('x.pt')",
    "import numpy as np\nn = np.fromfile('/etc/passwd')",
    "import numpy as np\nn = np.core.os.getpid()",
    "import numpy as np\nn = np.load('/etc/passwd')",
    "n = sum.__self__.len('a')",
    "n = '{0.__class__}'.format(1).__len__()",
    "class A:\n    n = 1\nn = A.__dict__['n'].__class__(3).__index__()",
    "n = vars()['__builtins__'].__len__()",
    "n = type(1)(3).bit_length.__call__()",
    "n = eval('__import__(\"os\").getpid()')",
    "n = eval('open(\"/etc/passwd\").fileno()')",
    "import os\nn = os.__dict__['getpid']()",
    "n = [3].__getitem__.__self__.__len__()",
]


# Reads scripts, and prints of each whether its number is known and what it opened, ran or started.
READER = """
import json, sys
from lrviz.errors import LrvizError
from lrviz.notation import read_script
from lrviz.schedulers import all_families
events, found = [], []
def audit(event, args):
    if event in ("open", "exec", "os.system", "subprocess.Popen") and "lrviz" not in str(args):
        events.append(f"{event} {args}")
read_script("StepLR(optimizer, 3)", {}, {})  # all is imported by now
all_families()  # and the installed packages are searched for families, once
sys.addaudithook(audit)
for text in json.loads(sys.argv[1]):
    events.clear()
    try:
        (scheduler,) = read_script(f"{text}\\nStepLR(optimizer, n)", {}, {})
        known = not scheduler.missing
    except LrvizError:
        known = False
    found.append([known, *events])
print(json.dumps(found))
"""


def test_nothing_of_the_machine_is_reached(python: Python) -> None:
    """In a process of its own: a hook for such events cannot be removed, and slows all that follows."""
    texts = [*ESCAPES, "n = 3"]
    finished = python("-c", READER, json.dumps(texts))
    assert finished.returncode == 0, finished.stderr
    found = dict(zip(texts, json.loads(finished.stdout), strict=True))
    assert found == {text: [False] for text in ESCAPES} | {"n = 3": [True]}
