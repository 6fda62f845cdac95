"""User code: import it, call it, and report its exceptions with its stack frames."""

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
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from torch.optim import Optimizer

from lrviz.errors import LrvizError, SimulationError
from lrviz.notation import Lambda, SchedulerCall
from lrviz.spec import CodeCall
from lrviz.text import excerpt

# Folders of lrviz, the standard library and installed packages, whose frames are shown only if there are no others.
_LIBRARIES: Final = tuple(
    str(Path(folder)) + os.sep
    for folder in (
        str(Path(__file__).parent.parent),
        *[sysconfig.get_path(n) for n in ("stdlib", "purelib", "platlib")],
    )
)
_NOT_ASYNC: Final = "write `def` without `async`"
_METRIC: Final = re.compile(r"metric|loss|score|acc|perplexity|error|(^|_)(val|value|current)$")
_COUNT: Final = re.compile(r"step|epoch|iter|update|count|batch|^(i|it|j|k|n|t|x|idx|index|num|number|time)$")
# An amount that a step adds, which is not the number of steps: Megatron counts samples.
_AMOUNT: Final = re.compile(r"increment|delta|size|sample|token|amount|seconds")
_IMPORTED: Final[dict[str, set[str]]] = {}  # by folder: the modules in it that the user's files there imported
_folder: Final[list[Path]] = []  # the current folder before user code ran, which may change it; the last is in use


@contextlib.contextmanager
def user_code_context() -> Iterator[None]:
    """Send the output of user code to stderr, because stdout has data; restore import path and folder at the end."""
    path = list(sys.path)
    try:
        folder = Path.cwd()
    except OSError as error:
        raise SimulationError(
            "the current folder does not exist, and user code cannot run in it", "change to another folder"
        ) from error
    _folder.append(folder)
    try:
        with contextlib.redirect_stdout(sys.stderr), contextlib.chdir(folder):
            yield
    finally:
        _folder.pop()
        sys.path[:] = path


def make_scheduler(code: CodeCall, optimizer: Any) -> Any:
    """Call the user's function or class with the optimizer.

    Returns:
        Its scheduler: anything with a `step()`.

    Raises:
        SimulationError: it cannot be imported, it raises, or it does not return a scheduler.
    """
    module = _import(code.where)
    target = _attribute(module, code)
    if not callable(target):
        raise SimulationError(
            f"`{code.where}:{code.call.name}` is not a function, it is {type(target).__name__}",
            "name a function or a class that takes the optimizer",
        )
    args = [_argument(value) for value in code.call.args]
    kwargs = {name: _argument(value) for name, value in code.call.kwargs}
    try:
        inspect.signature(target).bind(optimizer, *args, **kwargs)
    except TypeError as error:
        raise SimulationError(
            f"`{code}` cannot be called: {error}",
            f"its signature is {code.call.name}{inspect.signature(target)}; the optimizer is passed first, "
            f"the rest in brackets: `{code.where}:{code.call.name}(NAME=VALUE)`",
        ) from error
    except ValueError:
        pass  # a C function without a signature: the call below fails if it must
    with user_code_errors(str(code)):
        scheduler = target(optimizer, *args, **kwargs)
    return check_scheduler(scheduler, optimizer, str(code))


def check_scheduler(scheduler: Any, optimizer: Any, name: str) -> Any:
    """Refuse an object without a `step()`, and a scheduler of another optimizer.

    Raises:
        SimulationError: it has no `step()`, or changes the rates of an optimizer that user code created.
    """
    if inspect.iscoroutine(scheduler):
        scheduler.close()  # else Python warns that nothing has awaited it
        raise SimulationError(f"`{name}` must return a scheduler, got a coroutine", _NOT_ASYNC)
    step = getattr(scheduler, "step", None)
    if inspect.iscoroutinefunction(step):  # its calls would do nothing
        raise SimulationError(f"`{name}` must return a scheduler, got one whose `step()` is `async`", _NOT_ASYNC)
    if callable(step) and not isinstance(scheduler, type):
        held = list(_held_optimizers(scheduler))
        groups = {id(group) for group in optimizer.param_groups}
        if held and not any(
            other is optimizer or any(id(group) in groups for group in other.param_groups) for other in held
        ):
            raise SimulationError(
                f"`{name}` returns a scheduler of an optimizer that it creates itself",
                "create the scheduler for the optimizer that lrviz passes as the first argument",
            )
        return scheduler
    got = "None" if scheduler is None else f"a class, {scheduler.__name__}" if isinstance(scheduler, type) else ""
    raise SimulationError(
        f"`{name}` must return a scheduler, got {got or type(scheduler).__name__}",
        "return an object with a `step()`" if scheduler is not None else "is a `return` missing at its end?",
    )


def _held_optimizers(owner: Any, depth: int = 4) -> Iterator[Any]:
    """The optimizers in the attributes of a scheduler, and in those of the schedulers that it holds."""
    attributes = [*getattr(owner, "__dict__", {}).values(), getattr(owner, "optimizer", None)]
    for value in attributes:
        for item in value if isinstance(value, list | tuple) else (value,):
            if isinstance(item, Optimizer) or isinstance(getattr(item, "param_groups", None), list):
                yield item
            elif depth and callable(getattr(item, "step", None)):
                yield from _held_optimizers(item, depth - 1)


def step_argument(scheduler: Any) -> tuple[str, str]:
    """The arguments of a scheduler's `step`, from its signature.

    Returns:
        What it needs: "nothing", "metric", or "count"; and the name of another parameter that takes a metric, such as
        in `step(epoch, metric=None)`, or "".

    Raises:
        SimulationError: it needs more than one value, or one that is neither a metric nor a count of steps.
    """
    if any(cls.__name__ == "ReduceLROnPlateau" for cls in type(scheduler).__mro__):
        return "metric", ""  # also for a subclass with `step(*args)`
    try:
        parameters = inspect.signature(scheduler.step).parameters.values()
    except (TypeError, ValueError):
        return "nothing", ""
    required = [p for p in parameters if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    by_name = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and p.default is None]
    optional = next((p.name for p in by_name if _is_metric(p.name)), "")
    if not required:
        return "nothing", optional
    if len(required) > 1 or required[0].kind is inspect.Parameter.KEYWORD_ONLY:
        names = ", ".join(p.name for p in required)
        raise SimulationError(
            f"`{type(scheduler).__name__}.step` needs {names}", "lrviz can pass nothing, a metric, or a step count"
        )
    name = required[0].name
    if _is_metric(name):
        return "metric", ""
    if not _COUNT.search(name.lower()) or _AMOUNT.search(name.lower()):
        raise SimulationError(
            f"`{type(scheduler).__name__}.step` needs `{name}`, which lrviz does not know",
            "give it a default, or return an object whose `step()` passes it; a count of steps is called "
            "`epoch` or `step`, a metric `metrics` or `loss`",
        )
    return "count", optional


def _is_metric(name: str) -> bool:
    return bool(_METRIC.search(name.lower())) and not _COUNT.search(name.lower())


@contextlib.contextmanager
def user_code_errors(name: str, step: int | None = None) -> Iterator[None]:
    """Convert an exception of user code to an error that shows its stack frames."""
    try:
        yield
    except (LrvizError, KeyboardInterrupt):
        raise
    except BaseException as error:  # SystemExit too: a script that parses its arguments when imported
        raise user_code_error(name, error, step) from error


@contextlib.contextmanager
def other_user_code_errors(name: str) -> Iterator[None]:
    """As `user_code_errors`, for a block that runs code of lrviz as well, whose exceptions are passed on."""
    try:
        yield
    except (LrvizError, KeyboardInterrupt):
        raise
    except BaseException as error:
        if not _user_frames(error):
            raise
        raise user_code_error(name, error) from error


def user_code_error(name: str, error: BaseException, step: int | None = None) -> SimulationError:
    """The error for an exception of user code, with its stack frames."""
    where = "" if step is None else f" at step {step}"
    try:
        text = " ".join(str(error).split())
    except BaseException:  # noqa: BLE001 - `__str__` is user code too
        text = ""
    message = f"{type(error).__name__}: {text}" if text else type(error).__name__
    hint = _hint(error, text) if step is None else ""
    return SimulationError(f"`{name}` raised {message}{where}", hint, _frames(error))


def _import(where: str) -> ModuleType:
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    if where.endswith(".py"):
        return _import_file(Path(where), where)
    with user_code_errors(where):
        try:
            return importlib.import_module(where)
        except ModuleNotFoundError as error:
            if error.name and (where == error.name or where.startswith(f"{error.name}.")):
                raise SimulationError(
                    f"no module `{where}`", f"for a file write its name: `{where.replace('.', '/')}.py:NAME`"
                ) from error
            raise


def _import_file(path: Path, where: str) -> ModuleType:
    found = False
    with contextlib.suppress(OSError):  # such as a path that is too long
        found = path.is_file()
    if not found:
        raise SimulationError(f"no file `{where}`", "the path is relative to the current folder")
    name = path.stem if path.stem.isidentifier() else "lrviz_user_code"
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    if spec is None or spec.loader is None:
        raise SimulationError(f"`{where}` cannot be imported")
    module = importlib.util.module_from_spec(spec)
    parent = str(path.resolve().parent)
    sys.path.insert(0, parent)  # as `python train.py` does, for imports from the same folder
    for folder, names in _IMPORTED.items():
        for other in names if folder != parent else ():
            sys.modules.pop(other, None)  # a `config` in another folder is a different module
    before, known = sys.modules.get(name), set(sys.modules)
    sys.modules[name] = module
    try:
        with user_code_errors(where):
            spec.loader.exec_module(module)
    finally:
        if before is not None:
            sys.modules[name] = before
        imported = [n for n in set(sys.modules) - known if _is_in_folder(sys.modules[n], parent)]
        _IMPORTED.setdefault(parent, set()).update(imported)
    return module


def _is_in_folder(module: ModuleType, folder: str) -> bool:
    file = getattr(module, "__file__", None) or ""
    return file.startswith(folder + os.sep) and not file.startswith(_LIBRARIES)


def _attribute(module: ModuleType, code: CodeCall) -> Any:
    target: Any = module
    path = [*code.call.module.split("."), code.call.name] if code.call.module else [code.call.name]
    for name in path:
        if not hasattr(target, name):
            import difflib

            functions = [(n, v) for n, v in vars(module).items() if callable(v) and not n.startswith("_")]
            defined = [n for n, v in functions if getattr(v, "__module__", "") == module.__name__]
            close = difflib.get_close_matches(name, [n for n, _ in functions], n=1)
            hint = f"did you mean `{code.where}:{close[0]}`?" if close else ""
            hint = hint or f"it has {', '.join(defined[:12]) or 'no functions'}"
            raise SimulationError(f"`{code.where}` has no `{name}`", hint)
        target = getattr(target, name)
    return target


def _argument(value: Any) -> Any:
    if isinstance(value, SchedulerCall):
        raise SimulationError(f"`{value}` cannot be passed to user code", "create it there")
    if isinstance(value, Lambda):
        return value.function
    return [_argument(item) for item in value] if isinstance(value, tuple) else value


def _frames(error: BaseException) -> list[str]:
    """The stack frames of user code, with one line for the position and one for the code."""
    frames = _user_frames(error) or _frames_outside_lrviz(error)[-1:]
    entries = [(f"{_relative(f.filename)}:{f.lineno} in {f.name}", f"    {f.line}") for f in frames]
    frame_lines = [entry for entry, _ in itertools.groupby(entries)][-5:]  # the frames of a recursion are all equal
    lines = [line for entry in frame_lines for line in entry]
    match error:  # an exception that user code raises itself may have other types in its attributes
        case SyntaxError(filename=str(filename), lineno=int(number), text=str(source), offset=int(offset)):
            source = source.rstrip()
            indent = len(source) - len(source.lstrip())
            shown = excerpt(source.lstrip(), max((offset or 1) - 1 - indent, 0))
            lines += [f"{_relative(filename)}:{number}", *(f"    {line}" for line in shown)]
    return lines


def _user_frames(error: BaseException) -> list[traceback.FrameSummary]:
    return [f for f in _frames_outside_lrviz(error) if not f.filename.startswith(_LIBRARIES)]


def _frames_outside_lrviz(error: BaseException) -> list[traceback.FrameSummary]:
    frames = traceback.extract_tb(error.__traceback__)
    return [f for f in frames if not f.filename.startswith((_LIBRARIES[0], "<frozen"))]


def _relative(filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(_folder[-1]) if path.is_relative_to(_folder[-1]) else path)


def _hint(error: BaseException, text: str) -> str:
    if isinstance(error, ImportError) and "relative import" in text:
        return "name a file in a package as a module: `package.module:NAME`"
    if isinstance(error, ModuleNotFoundError) and error.name and isinstance(error.name, str):
        return (
            f"install `{error.name.partition('.')[0]}` where lrviz is installed, or run lrviz from the folder it is in"
        )
    if isinstance(error, SystemExit):
        return "put the main part of the script under `if __name__ == '__main__':`"
    return ""
