"""`python -m tests.fuzz --count 10000 --seed 7 [--kind notation]`: run inputs, and print those that have a fault.

An input is named by its kind and number: `--kind notation --first 1234 --count 1` with the same seed runs it alone.
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.fuzz.kinds import KINDS, make
from tests.fuzz.running import real_main, run_all

SHOWN = 2_000  # characters of an input
_BATCH = 5_000  # inputs that are kept at a time


def main() -> int:
    """The status: 0 without a fault, 1 with one."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--count", type=int, default=10_000, help="inputs of each kind")
    parser.add_argument("--seed", type=int, default=None, help="what the inputs are made from; by default the time")
    parser.add_argument("--kind", action="append", choices=list(KINDS), help="only this kind; repeatable")
    parser.add_argument("--first", type=int, default=0, help="the number of the first input")
    parser.add_argument("--print", action="store_true", help="print the inputs in place of running them")
    given = parser.parse_args()
    seed = int(time.time()) if given.seed is None else given.seed
    kinds = given.kind or list(KINDS)
    if given.print:
        for kind in kinds:
            for number in range(given.first, given.first + given.count):
                _print(repr(make(kind, seed, number)))
        return 0
    run = real_main()
    faulty = 0
    for kind in kinds:
        started, of_kind = time.monotonic(), 0
        for start in range(given.first, given.first + given.count, _BATCH):
            stop = min(start + _BATCH, given.first + given.count)
            for number, faults in run_all([make(kind, seed, at) for at in range(start, stop)], run):
                of_kind += 1
                shown = repr(make(kind, seed, start + number))
                shown = shown if len(shown) <= SHOWN else f"{shown[: SHOWN // 2]} [...] {shown[-SHOWN // 2 :]}"
                _print(f"{kind} {start + number}, seed {seed}: {'; '.join(faults)}\n    {shown}")
        seconds = time.monotonic() - started
        _print(f"{kind}: {given.count:,} inputs, {of_kind:,} faulty, {given.count / seconds:,.0f} a second")
        faulty += of_kind
    _print(f"{given.count * len(kinds):,} inputs of {len(kinds)} kinds, seed {seed}: {faulty:,} faulty")
    return 1 if faulty else 0


def _print(text: str) -> None:
    sys.stdout.write(text.encode("ascii", "backslashreplace").decode() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
