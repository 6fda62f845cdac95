"""Entering the rooms that import torch and matplotlib, as quickly as can be."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def importing() -> Iterator[None]:
    """Import inside this block.

    The imports make a million objects that stay; the collector would search them again and again, and find nothing.
    Held back meanwhile, and told afterwards to leave them alone, it costs a tenth less of the whole command.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
