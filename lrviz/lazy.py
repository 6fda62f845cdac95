"""Imports on first use (PEP 562), and imports that Ctrl-C must not interrupt."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final


def lazy(package: str, **names: Sequence[str]) -> Callable[[str], Any]:
    """Return a `__getattr__` for a package.

    Args:
        package: The `__name__` of the package.
        names: For each module of the package, the names to import from it.
    """
    modules = {name: module for module, exported in names.items() for name in exported}

    def get(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{modules[name]}"), name)

    return get


_NEEDED_BYTES: Final = 1_000_000_000  # of address space for numpy, torch and matplotlib


@contextmanager
def heavy_imports() -> Iterator[None]:
    """Import compiled packages in this block: Ctrl-C takes effect at its end.

    The initialization of a C++ library aborts the process if Python raises KeyboardInterrupt in it.

    Raises:
        MemoryError: the limit on the address space is too low; numpy's OpenBLAS would end the process with status 1.
    """
    import signal
    import threading

    _check_address_space()
    previous = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(previous):
        yield
        return
    received: list[Any] = []
    signal.signal(signal.SIGINT, lambda *signal_and_frame: received.append(signal_and_frame))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
        if received:
            previous(*received[0])


def _check_address_space() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    if resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY and "torch" not in sys.modules:
        import mmap

        try:
            mmap.mmap(-1, _NEEDED_BYTES).close()
        except OSError as error:
            raise MemoryError from error
