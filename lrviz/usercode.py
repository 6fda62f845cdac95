"""The user's own code: import it, call it, and show its failures as the user's own, not as lrviz's."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import inspect
import itertools
import os
import re
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from lrviz.errors import LrvizError, SimulationError
from lrviz.notation import Lambda, SchedulerCall
from lrviz.spec import CodeCall

loaded = False  # whether any code of the user's has run in this process

# Whose frames are not the user's own, unless there are no others.
_NOT_OWN: Final = tuple(
    str(Path(folder)) + os.sep
    for folder in (str(Path(__file__).parent), *[sysconfig.get_path(n) for n in ("stdlib", "purelib", "platlib")])
)
_METRIC: Final = re.compile(r"metric|loss|score|acc|perplexity|error|(^|_)(val|value|current)$")
_COUNT: Final = re.compile(r"step|epoch|iter|update|count|batch")
_BROUGHT: Final[dict[str, set[str]]] = {}  # by folder: the modules that the user's files there imported from it


@contextlib.contextmanager
def guest() -> Iterator[None]:
    """Let the user's code print to stderr, for stdout carries data, and leave the import path as it was."""
    path = list(sys.path)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        sys.path[:] = path


def make(code: CodeCall, optimizer: Any) -> Any:
    """Call the user's function or class with the optimizer.

    Returns:
        Its scheduler: anything with a `step()`.

    Raises:
        SimulationError: it cannot be imported, it raises, or what it returns is no scheduler.
    """
    global loaded  # noqa: PLW0603 - it is asked once, when the process ends
    loaded = True
    module = _imported(code.where)
    target = _attribute(module, code)
    if not callable(target):
        raise SimulationError(
            f"`{code.where}:{code.call.name}` is no function, it is {type(target).__name__}",
            "name a function or a class that takes the optimizer",
        )
    arguments = [_plain(value) for value in code.call.args]
    named = {name: _plain(value) for name, value in code.call.kwargs}
    try:
        inspect.signature(target).bind(optimizer, *arguments, **named)
    except TypeError as error:
        raise SimulationError(
            f"`{code}` cannot be called so: {error}",
            f"it is {code.call.name}{inspect.signature(target)}; the optimizer comes first, "
            f"the rest in brackets: `{code.where}:{code.call.name}(NAME=VALUE)`",
        ) from error
    except ValueError:
        pass  # a callable in C without a signature; calling it will tell
    with blaming(str(code)):
        scheduler = target(optimizer, *arguments, **named)
    return checked(scheduler, str(code))


def checked(scheduler: Any, name: str) -> Any:
    """Refuse what has no `step()`.

    Raises:
        SimulationError: it has none.
    """
    if callable(getattr(scheduler, "step", None)) and not isinstance(scheduler, type):
        return scheduler
    got = "None" if scheduler is None else f"a class, {scheduler.__name__}" if isinstance(scheduler, type) else ""
    raise SimulationError(
        f"`{name}` must return a scheduler, got {got or type(scheduler).__name__}",
        "return something with a `step()`" if scheduler is not None else "is a `return` missing at its end?",
    )


def step_argument(scheduler: Any) -> str:
    """What a scheduler's `step` wants, asked of its signature: "nothing", "metric", or "count".

    Raises:
        SimulationError: it wants more than one value.
    """
    if any(cls.__name__ == "ReduceLROnPlateau" for cls in type(scheduler).__mro__):
        return "metric"  # whatever the signature of a subclass's `step(*args)` says
    try:
        parameters = inspect.signature(scheduler.step).parameters.values()
    except (TypeError, ValueError):
        return "nothing"
    wanted = [p for p in parameters if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    if not wanted:
        return "nothing"
    if len(wanted) > 1 or wanted[0].kind is inspect.Parameter.KEYWORD_ONLY:
        names = ", ".join(p.name for p in wanted)
        raise SimulationError(
            f"`{type(scheduler).__name__}.step` wants {names}", "lrviz can give nothing, a metric, or a step count"
        )
    name = wanted[0].name.lower()
    return "metric" if _METRIC.search(name) and not _COUNT.search(name) else "count"


@contextlib.contextmanager
def blaming(name: str, step: Callable[[], int] | None = None) -> Iterator[None]:
    """Turn an exception of the user's code into an error with the user's own frames."""
    try:
        yield
    except (LrvizError, KeyboardInterrupt):
        raise
    except BaseException as error:  # SystemExit too: a script that parses its arguments when imported
        where = "" if step is None else f" at step {step()}"
        text = " ".join(str(error).split())
        said = f"{type(error).__name__}: {text}" if text else type(error).__name__
        hint = _hint(error) if step is None else ""
        raise SimulationError(f"`{name}` raised {said}{where}{_frames(error)}", hint) from error


def _imported(where: str) -> ModuleType:
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    if where.endswith(".py"):
        return _from_file(Path(where), where)
    with blaming(where):
        try:
            return importlib.import_module(where)
        except ModuleNotFoundError as error:
            if error.name and (where == error.name or where.startswith(f"{error.name}.")):
                raise SimulationError(
                    f"no module `{where}`", f"for a file write its name: `{where.replace('.', '/')}.py:NAME`"
                ) from error
            raise


def _from_file(path: Path, where: str) -> ModuleType:
    if not path.is_file():
        raise SimulationError(f"no file `{where}`", "the path is relative to the current folder")
    name = path.stem if path.stem.isidentifier() else "lrviz_user_code"
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    if spec is None or spec.loader is None:
        raise SimulationError(f"`{where}` cannot be imported")
    module = importlib.util.module_from_spec(spec)
    parent = str(path.resolve().parent)
    sys.path.insert(0, parent)  # as `python train.py` does, so that the file's own imports work
    for folder, names in _BROUGHT.items():
        for other in names if folder != parent else ():
            sys.modules.pop(other, None)  # a `config` beside another file is another `config`
    before, known = sys.modules.get(name), set(sys.modules)
    sys.modules[name] = module
    try:
        with blaming(where):
            spec.loader.exec_module(module)
    finally:
        if before is not None:
            sys.modules[name] = before
        brought = [n for n in set(sys.modules) - known if _lies_in(sys.modules[n], parent)]
        _BROUGHT.setdefault(parent, set()).update(brought)
    return module


def _lies_in(module: ModuleType, folder: str) -> bool:
    file = getattr(module, "__file__", None) or ""
    return file.startswith(folder + os.sep) and not file.startswith(_NOT_OWN)


def _attribute(module: ModuleType, code: CodeCall) -> Any:
    target: Any = module
    path = [*code.call.module.split("."), code.call.name] if code.call.module else [code.call.name]
    for name in path:
        if not hasattr(target, name):
            found = [(n, v) for n, v in vars(module).items() if callable(v) and not n.startswith("_")]
            own = [n for n, v in found if getattr(v, "__module__", "") == module.__name__]
            close = _closest(name, [n for n, _ in found])
            hint = (
                f"did you mean `{code.where}:{close}`?" if close else f"it has {', '.join(own[:12]) or 'no functions'}"
            )
            raise SimulationError(f"`{code.where}` has no `{name}`", hint)
        target = getattr(target, name)
    return target


def _closest(name: str, names: list[str]) -> str | None:
    import difflib

    return next(iter(difflib.get_close_matches(name, names, n=1)), None)


def _plain(value: Any) -> Any:
    if isinstance(value, SchedulerCall):
        raise SimulationError(f"`{value}` cannot be given to your own code", "make it there")
    if isinstance(value, Lambda):
        return value.function
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _frames(error: BaseException) -> str:
    """The user's own frames, a line for the place and one for the code."""
    frames = [
        f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith((_NOT_OWN[0], "<frozen"))
    ]
    own = [f for f in frames if not f.filename.startswith(_NOT_OWN)] or frames[-1:]
    shown = [f"\n    {_shown(f.filename)}:{f.lineno} in {f.name}\n        {f.line}" for f in own]
    lines = [line for line, _ in itertools.groupby(shown)][-5:]  # a recursion's frames are all the same
    if isinstance(error, SyntaxError) and error.filename:
        source = (error.text or "").rstrip()
        indent = len(source) - len(source.lstrip())
        caret = " " * max((error.offset or 1) - 1 - indent, 0) + "^"
        lines.append(f"\n    {_shown(error.filename)}:{error.lineno}\n        {source.strip()}\n        {caret}")
    return "".join(lines)


def _shown(filename: str) -> str:
    path, here = Path(filename), Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _hint(error: BaseException) -> str:
    if isinstance(error, ImportError) and "relative import" in str(error):
        return "a file in a package is named as a module: `package.module:NAME`"
    if isinstance(error, ModuleNotFoundError) and error.name:
        return (
            f"install `{error.name.partition('.')[0]}` where lrviz is installed, or run lrviz from the folder it is in"
        )
    if isinstance(error, SystemExit):
        return "keep what a script does when run under `if __name__ == '__main__':`"
    return ""
